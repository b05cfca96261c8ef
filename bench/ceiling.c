/* How many exchanges a second OpenSSL alone could do on this machine: per exchange the private and public key
 * operations that a profile asks for, and nothing else.
 *
 *   message  sender:   sign (private), wrap the content key (public; agreement: make an ephemeral key, derive)
 *            receiver: verify (public), unwrap the content key (private; agreement: derive)
 *   receipt  receiver: sign (private)         sender: verify (public)
 *
 * usage: ceiling PROFILE SECONDS THREADS
 * Prints exchanges a second of all threads together, and the processor time of one in microseconds. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

enum { SIGNED_BYTES = 2048 /* about a SignedInfo of ours */, KEY_BYTES = 16, OUT_MAX = 512, THREADS_MAX = 256 };

struct profile {
	const char *name;
	const char *sign_type, *sign_group, *digest; /* digest NULL: the algorithm brings its own */
	const char *wrap_type, *wrap_group;          /* the type RSA: transport; NULL: nothing is encrypted */
};
static const struct profile profiles[] = {
	{ "edelivery-1.15", "RSA", NULL, "SHA256", "RSA", NULL },
	{ "edelivery-2.0", "ED25519", NULL, NULL, "X25519", NULL },
	{ "ecdsa-p256", "EC", "P-256", "SHA256", "EC", "P-256" },
	{ "ebms2-rsa-sha256", "RSA", NULL, "SHA256", NULL, NULL },
};

static const struct profile *profile;
static EVP_PKEY *sign_key, *wrap_key;
static EVP_MD *digest;
static atomic_bool stop;

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "ceiling: OpenSSL: %s\n", what);
	exit(1);
}

static EVP_PKEY *key_new(const char *type, const char *group)
{
	EVP_PKEY *key = group                      ? EVP_PKEY_Q_keygen(NULL, NULL, type, group)
			: strcmp(type, "RSA") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048)
						   : EVP_PKEY_Q_keygen(NULL, NULL, type);
	must(key != NULL, "a key");
	return key;
}

static void sign_and_verify(EVP_MD_CTX *context, const uint8_t *data)
{
	uint8_t signature[OUT_MAX];
	size_t size = sizeof signature;
	EVP_MD_CTX_reset(context);
	must(EVP_DigestSignInit(context, NULL, digest, NULL, sign_key) == 1 &&
		     EVP_DigestSign(context, signature, &size, data, SIGNED_BYTES) == 1,
	     "signing");
	EVP_MD_CTX_reset(context);
	must(EVP_DigestVerifyInit(context, NULL, digest, NULL, sign_key) == 1 &&
		     EVP_DigestVerify(context, signature, size, data, SIGNED_BYTES) == 1,
	     "verifying");
}

/* RSA-OAEP with SHA-256, as eDelivery 1.15 has it. */
static EVP_PKEY_CTX *oaep(int (*init)(EVP_PKEY_CTX *))
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(wrap_key, NULL);
	must(context && init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
		     EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1,
	     "OAEP");
	return context;
}

static void transport(const uint8_t *key)
{
	uint8_t wrapped[OUT_MAX], opened[OUT_MAX];
	size_t wrapped_size = sizeof wrapped, opened_size = sizeof opened;
	EVP_PKEY_CTX *context = oaep(EVP_PKEY_encrypt_init);
	must(EVP_PKEY_encrypt(context, wrapped, &wrapped_size, key, KEY_BYTES) == 1, "wrapping");
	EVP_PKEY_CTX_free(context);
	context = oaep(EVP_PKEY_decrypt_init);
	must(EVP_PKEY_decrypt(context, opened, &opened_size, wrapped, wrapped_size) == 1 && opened_size == KEY_BYTES,
	     "unwrapping");
	EVP_PKEY_CTX_free(context);
}

static void derive(EVP_PKEY *own, EVP_PKEY *peer)
{
	uint8_t secret[OUT_MAX];
	size_t size = sizeof secret;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
	must(context && EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer_ex(context, peer, 0) == 1 &&
		     EVP_PKEY_derive(context, secret, &size) == 1,
	     "deriving");
	EVP_PKEY_CTX_free(context);
}

static void agreement(void)
{
	EVP_PKEY *ephemeral = key_new(profile->wrap_type, profile->wrap_group);
	derive(ephemeral, wrap_key);
	derive(wrap_key, ephemeral);
	EVP_PKEY_free(ephemeral);
}

static void *work(void *arg)
{
	int64_t *exchanges = arg;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const uint8_t key[KEY_BYTES] = { 1 };
	uint8_t data[SIGNED_BYTES] = { 0 };
	must(context != NULL, "a context");
	while (!stop) {
		sign_and_verify(context, data); /* the message */
		if (profile->wrap_type && strcmp(profile->wrap_type, "RSA") == 0)
			transport(key);
		else if (profile->wrap_type)
			agreement();
		sign_and_verify(context, data); /* the receipt */
		++*exchanges;
	}
	EVP_MD_CTX_free(context);
	return NULL;
}

static double now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void measure(double seconds, size_t threads)
{
	static struct {
		_Alignas(64) int64_t exchanges;
	} counts[THREADS_MAX];
	pthread_t ids[THREADS_MAX];
	const struct timespec pause = { .tv_sec = (time_t)seconds,
					.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
	int64_t sum = 0;
	double began = now(), cpu_before = cpu_seconds();
	for (size_t i = 0; i < threads; i++)
		must(pthread_create(&ids[i], NULL, work, &counts[i].exchanges) == 0, "a thread");
	nanosleep(&pause, NULL);
	stop = true;
	for (size_t i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		sum += counts[i].exchanges;
	}
	double took = now() - began, cpu = cpu_seconds() - cpu_before;
	printf("%.1f %.1f\n", (double)sum / took, cpu / (double)sum * 1e6);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 4 && i < sizeof profiles / sizeof profiles[0]; i++)
		if (strcmp(profiles[i].name, argv[1]) == 0)
			profile = &profiles[i];
	double seconds = profile ? strtod(argv[2], NULL) : 0;
	size_t threads = profile ? strtoul(argv[3], NULL, 10) : 0;
	if (!(seconds > 0) || threads < 1 || threads > THREADS_MAX) {
		fprintf(stderr, "usage: ceiling PROFILE SECONDS THREADS\n");
		return 2;
	}
	sign_key = key_new(profile->sign_type, profile->sign_group);
	wrap_key = profile->wrap_type ? key_new(profile->wrap_type, profile->wrap_group) : NULL;
	digest = profile->digest ? EVP_MD_fetch(NULL, profile->digest, NULL) : NULL;
	measure(seconds, threads);
	EVP_MD_free(digest);
	EVP_PKEY_free(sign_key);
	EVP_PKEY_free(wrap_key);
	return 0;
}
