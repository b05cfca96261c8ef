#include "../unit.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pki.h"
#include "support.h"

#define SOCKETS 2

/* One key directory for all tests. */
static struct {
	char *directory;
	struct pki *root;
	struct arena *arena;
	pid_t child; /* the key process of the running test; 0: none */
} world;

static void install(enum key_use use, enum key_type type, const char *expected_id)
{
	struct key_info info;

	pki_key_install(world.directory, use, type, world.root, &info);
	assert_string_equal(info.id, expected_id);
}

static int world_new(void **state)
{
	struct key_info info;

	(void)state;
	world.directory = pki_directory_new();
	world.arena = arena_new(16 << 20);
	world.root = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=Root", .authority = true });
	install(KEY_USE_SIGN, KEY_RSA_2048, "sign-1");
	install(KEY_USE_SIGN, KEY_P256, "sign-2");
	install(KEY_USE_SIGN, KEY_ED25519, "sign-3");
	install(KEY_USE_SIGN, KEY_P256, "sign-4");
	assert_int_equal(keystore_retire(world.directory, "sign-4", NULL), OK);
	assert_int_equal(keystore_new(world.directory, KEY_USE_SIGN, KEY_P256, &info, NULL), OK); /* sign-5, pending */
	install(KEY_USE_DECRYPT, KEY_RSA_2048, "decrypt-1");
	install(KEY_USE_DECRYPT, KEY_X25519, "decrypt-2");
	install(KEY_USE_DECRYPT, KEY_P256, "decrypt-3");
	assert_int_equal(keystore_retire(world.directory, "decrypt-3", NULL), OK);
	install(KEY_USE_TLS, KEY_RSA_2048, "tls-1");
	return 0;
}

static int world_free(void **state)
{
	(void)state;
	pki_free(world.root);
	arena_free(world.arena);
	pki_directory_free(world.directory);
	return 0;
}

/* --- Every test of this part runs twice: in the process, and asking the key process --- */

static int keys_local(void **state)
{
	struct keys *keys = NULL;

	assert_int_equal(keys_open(world.directory, &keys, NULL), OK);
	*state = keys;
	return 0;
}

/* Forks a key process that serves COUNT sockets; the node's ends go to NODE. */
static void child_start(int *node, size_t count)
{
	int theirs[SOCKETS];

	for (size_t i = 0; i < count; i++) {
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		node[i] = pair[0];
		theirs[i] = pair[1];
	}
	world.child = fork();
	assert_true(world.child >= 0);
	if (world.child == 0) {
		struct err err = { 0 };
		for (size_t i = 0; i < count; i++)
			close(node[i]);
		_exit(keys_serve(world.directory, theirs, count, &err) == OK ? 0 : 1);
	}
	for (size_t i = 0; i < count; i++)
		close(theirs[i]);
}

/* The key process ends by itself, and well, once the node's ends are closed. */
static void child_end(void)
{
	int status = -1;

	assert_int_equal(waitpid(world.child, &status, 0), world.child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	world.child = 0;
}

static int keys_remote(void **state)
{
	int node[SOCKETS];
	struct keys *keys = NULL;

	child_start(node, SOCKETS);
	assert_int_equal(keys_connect(node, SOCKETS, &keys, NULL), OK);
	assert_int_equal(keys_reload(keys, NULL),
			 OK); /* it has begun: what a test changes now, it has not read at its start */
	*state = keys;
	return 0;
}

static int keys_end(void **state)
{
	keys_free(*state);
	if (world.child > 0)
		child_end();
	return 0;
}

static struct cert *certificate(const char *id)
{
	char path[64];
	buf_auto pem = { 0 };
	struct cert *cert = NULL;

	buf_init(&pem, 65536);
	snprintf(path, sizeof(path), "%s/certificate.pem", id);
	assert_true(file_get(world.directory, path, &pem));
	assert_int_equal(cert_parse(buf_bytes(&pem), &cert, NULL), OK);
	return cert;
}

static void integer_put(struct buf *out, const uint8_t *scalar)
{
	size_t skipped = 0;

	while (skipped < 31 && scalar[skipped] == 0)
		skipped++;
	bool negative = (scalar[skipped] & 0x80U) != 0;
	buf_putc(out, 0x02);
	buf_putc(out, (char)(32 - skipped + negative));
	if (negative)
		buf_putc(out, '\0');
	buf_put(out, scalar + skipped, 32 - skipped);
}

/* r and s as SEQUENCE of INTEGERs, which the openssl program wants. */
static void ecdsa_der(struct bytes raw, struct buf *der)
{
	buf_auto inner = { 0 };

	assert_int_equal(raw.size, 64);
	buf_init(&inner, 100);
	integer_put(&inner, raw.data);
	integer_put(&inner, raw.data + 32);
	buf_putc(der, 0x30);
	buf_putc(der, (char)inner.size);
	buf_put_bytes(der, buf_bytes(&inner));
}

static void signatures_verify_in_the_openssl_program(void **state)
{
	static const struct {
		const char *id;
		enum sig_alg alg;
		const char *check;
	} rows[] = {
		{ "sign-1", SIG_RSA_SHA256, "dgst -sha256 -verify public.pem -signature value data" },
		{ "sign-1", SIG_RSA_SHA384, "dgst -sha384 -verify public.pem -signature value data" },
		{ "sign-1", SIG_RSA_SHA512, "dgst -sha512 -verify public.pem -signature value data" },
		{ "sign-1", SIG_RSA_SHA1, "dgst -sha1 -verify public.pem -signature value data" },
		{ "sign-2", SIG_ECDSA_P256_SHA256, "dgst -sha256 -verify public.pem -signature value data" },
		{ "sign-3", SIG_ED25519, "pkeyutl -verify -pubin -inkey public.pem -rawin -in data -sigfile value" },
	};
	const struct bytes data = bytes_of("<ds:SignedInfo>...</ds:SignedInfo>");

	file_put(world.directory, "data", data);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_auto value = { 0 };
		buf_auto der = { 0 };
		buf_init(&value, 4096);
		buf_init(&der, 4096);
		assert_int_equal(keys_sign(*state, rows[i].id, rows[i].alg, data, &value, NULL), OK);
		if (rows[i].alg == SIG_ECDSA_P256_SHA256)
			ecdsa_der(buf_bytes(&value), &der);
		file_put(world.directory, "value", der.size > 0 ? buf_bytes(&der) : buf_bytes(&value));
		assert_int_equal(openssl_run(world.directory,
					     "x509 -in %s/certificate.pem -noout -pubkey -out public.pem", rows[i].id),
				 0);
		assert_int_equal(openssl_run(world.directory, "%s", rows[i].check), 0);

		cert_auto cert = certificate(rows[i].id);
		bool good = false;
		assert_int_equal(signature_verify(rows[i].alg, cert, data, buf_bytes(&value), &good, NULL), OK);
		assert_true(good);
	}
}

static void a_signature_is_appended(void **state)
{
	buf_auto value = { 0 };

	buf_init(&value, 4096);
	buf_puts(&value, "before");
	assert_int_equal(keys_sign(*state, "sign-3", SIG_ED25519, bytes(NULL, 0), &value, NULL), OK);
	assert_int_equal(value.size, 6 + 64);
	assert_memory_equal(value.data, "before", 6);
}

static void what_a_key_may_not_do_is_refused(void **state)
{
	static const struct {
		const char *id;
		enum sig_alg alg;
		enum err_code code;
	} rows[] = {
		{ "sign-4", SIG_ECDSA_P256_SHA256, ERR_DENIED }, /* retired */
		{ "sign-5", SIG_ECDSA_P256_SHA256, ERR_DENIED }, /* pending */
		{ "decrypt-1", SIG_RSA_SHA256, ERR_DENIED },
		{ "decrypt-3", SIG_ECDSA_P256_SHA256, ERR_DENIED },
		{ "tls-1", SIG_RSA_SHA256, ERR_DENIED },
		{ "sign-2", SIG_RSA_SHA256, ERR_KEY }, /* of another kind */
		{ "sign-2", SIG_ED25519, ERR_KEY },
		{ "sign-2", SIG_RSA_SHA1, ERR_KEY },
		{ "decrypt-1", SIG_RSA_SHA1, ERR_DENIED },
		{ "sign-9", SIG_RSA_SHA256, ERR_KEY },
		{ "", SIG_RSA_SHA256, ERR_KEY },
		{ "../../etc/ssl/private", SIG_RSA_SHA256, ERR_KEY },
		{ "a-name-that-is-longer-than-any-key-can-have", SIG_RSA_SHA256, ERR_KEY },
	};
	buf_auto value = { 0 };

	buf_init(&value, 4096);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = { 0 };
		assert_int_equal(keys_sign(*state, rows[i].id, rows[i].alg, bytes_of("x"), &value, &err), rows[i].code);
		assert_int_equal(err.code, rows[i].code);
		assert_true(err.text[0] != '\0');
		assert_int_equal(value.size, 0);
	}
}

static void more_than_a_signed_info_can_be_is_not_signed(void **state)
{
	const size_t most = 1 << 20;
	uint8_t *data = test_calloc(1, most + 1);
	struct err err = { 0 };
	buf_auto value = { 0 };

	buf_init(&value, 4096);
	assert_int_equal(keys_sign(*state, "sign-3", SIG_ED25519, bytes(data, most + 1), &value, &err), ERR_LIMIT);
	assert_int_equal(value.size, 0);
	assert_int_equal(keys_sign(*state, "sign-3", SIG_ED25519, bytes(data, most), &value, &err), OK);
	test_free(data);
}

static const struct {
	const char *id;
	struct wrapped_key spec;
} recipients[] = {
	{ "decrypt-1", { .alg = WRAP_RSA_OAEP, .digest = DIGEST_SHA256, .mgf = DIGEST_SHA256 } },
	{ "decrypt-1", { .alg = WRAP_RSA_OAEP, .digest = DIGEST_SHA1, .mgf = DIGEST_SHA1 } },
	{ "decrypt-2", { .alg = WRAP_X25519_HKDF_AES, .kek_bytes = 16 } },
	{ "decrypt-2", { .alg = WRAP_X25519_HKDF_AES, .kek_bytes = 32 } },
	{ "decrypt-3", { .alg = WRAP_P256_HKDF_AES, .kek_bytes = 16 } }, /* retired: may still open */
};

static struct wrapped_key wrapped_for(size_t row, struct bytes key)
{
	struct wrapped_key wrapped = recipients[row].spec;
	cert_auto cert = certificate(recipients[row].id);

	wrapped.info = bytes_of("info");
	assert_int_equal(key_wrap(world.arena, cert, key, &wrapped, NULL), OK);
	return wrapped;
}

static void opens(struct keys *keys, const char *id, const struct wrapped_key *wrapped, struct bytes expected)
{
	uint8_t key[CONTENT_KEY_MAX] = { 0 };
	size_t size = 0;
	bool good = false;

	assert_int_equal(keys_unwrap(keys, id, wrapped, key, &size, &good, NULL), OK);
	assert_true(good);
	assert_int_equal(size, expected.size);
	assert_memory_equal(key, expected.data, size);
}

/* Refused without a word why, and nothing handed out. */
static void stays_shut(struct keys *keys, const char *id, const struct wrapped_key *wrapped)
{
	static const uint8_t nothing[CONTENT_KEY_MAX];
	uint8_t key[CONTENT_KEY_MAX] = { 0 };
	size_t size = 77;
	bool good = true;
	struct err err = { 0 };

	assert_int_equal(keys_unwrap(keys, id, wrapped, key, &size, &good, &err), OK);
	assert_false(good);
	assert_int_equal(size, 77);
	assert_int_equal(err.text[0], '\0');
	assert_memory_equal(key, nothing, sizeof(nothing));
}

static void a_wrapped_key_opens(void **state)
{
	uint8_t key[CONTENT_KEY_MAX];

	for (size_t i = 0; i < COUNT(recipients); i++) {
		for (size_t size = 16; size <= 32; size += 16) {
			assert_int_equal(content_key_new(CONTENT_AES256_GCM, key, NULL), OK);
			struct wrapped_key wrapped = wrapped_for(i, bytes(key, size));
			opens(*state, recipients[i].id, &wrapped, bytes(key, size));
		}
	}
}

static struct bytes changed(struct bytes of, size_t at)
{
	uint8_t *copy = arena_copy(world.arena, of.data, of.size);

	assert_non_null(copy);
	copy[at] ^= 0x01U;
	return bytes(copy, of.size);
}

static void a_wrapped_key_that_was_changed_stays_shut(void **state)
{
	const uint8_t key[16] = "sixteen octets..";

	for (size_t i = 0; i < COUNT(recipients); i++) {
		const struct wrapped_key wrapped = wrapped_for(i, bytes(key, 16));
		struct wrapped_key bad = wrapped;
		bad.wrapped = changed(wrapped.wrapped, 3);
		stays_shut(*state, recipients[i].id, &bad);
		bad.wrapped = bytes(wrapped.wrapped.data, wrapped.wrapped.size - 1);
		stays_shut(*state, recipients[i].id, &bad);
		bad.wrapped = bytes(NULL, 0);
		stays_shut(*state, recipients[i].id, &bad);
		if (wrapped.alg == WRAP_RSA_OAEP)
			continue;
		bad = wrapped;
		bad.salt = changed(wrapped.salt, 0);
		stays_shut(*state, recipients[i].id, &bad);
		bad = wrapped;
		bad.info = bytes_of("other");
		stays_shut(*state, recipients[i].id, &bad);
		bad = wrapped;
		bad.kek_bytes = wrapped.kek_bytes == 16 ? 32 : 16;
		stays_shut(*state, recipients[i].id, &bad);
		bad.kek_bytes = 24;
		stays_shut(*state, recipients[i].id, &bad);
	}
}

/* RSA-OAEP with other digests than were used; a key of another kind; a content key of no known size. */
static void a_key_wrapped_otherwise_stays_shut(void **state)
{
	const uint8_t key[16] = "sixteen octets..";
	struct wrapped_key wrapped = wrapped_for(0, bytes(key, 16));

	stays_shut(*state, "decrypt-2", &wrapped);
	stays_shut(*state, "decrypt-3", &wrapped);
	wrapped.mgf = DIGEST_SHA1;
	stays_shut(*state, "decrypt-1", &wrapped);
	wrapped.mgf = (enum digest)9;
	stays_shut(*state, "decrypt-1", &wrapped);
	wrapped.alg = (enum wrap_alg)9;
	stays_shut(*state, "decrypt-1", &wrapped);
	wrapped = wrapped_for(2, bytes(key, 16));
	stays_shut(*state, "decrypt-1", &wrapped);
}

/* P-256: coordinates that are zero, not below p (SEC 1 §2.3.4, step 2.2), the one octet of infinity padded to a
 * point's length; and the point itself in the hybrid form, which RFC 5480 §2.2 forbids. */
static void hostile_points_of_p256_stay_shut(struct keys *keys, const struct wrapped_key *good)
{
	enum { POINT = 91 - 65, X = POINT + 1, Y = X + 32 };
	uint8_t spki[91];
	struct wrapped_key bad = *good;

	assert_int_equal(good->originator.size, sizeof(spki));
	bad.originator = bytes(spki, sizeof(spki));
	for (size_t i = 0; i < 5; i++) {
		memcpy(spki, good->originator.data, sizeof(spki));
		if (i == 0)
			memset(spki + X, 0, 64);
		else if (i == 1)
			memset(spki + X, 0xff, 32);
		else if (i == 2)
			memset(spki + Y, 0xff, 32);
		else if (i == 3)
			memset(spki + POINT, 0, 65);
		else
			spki[POINT] = 6 + (spki[sizeof(spki) - 1] & 1U);
		stays_shut(keys, "decrypt-3", &bad);
	}
}

/* All points of small order and their equals above p (D. J. Bernstein, cr.yp.to/ecdh.html#validate): each agrees on
 * zero with every key (RFC 7748 §6.1). */
static void points_of_small_order_stay_shut(struct keys *keys, const struct wrapped_key *good)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t spki[44];
	struct wrapped_key bad = *good;

	assert_int_equal(good->originator.size, sizeof(spki));
	memcpy(spki, good->originator.data, sizeof(spki));
	bad.originator = bytes(spki, sizeof(spki));
	for (size_t i = 0; i < COUNT(points); i++) {
		assert_int_equal(octets(points[i], spki + 12, 32).size, 32);
		stays_shut(keys, "decrypt-2", &bad);
	}
}

/* Points that would tell something of the key: not on the curve (P-256), of small order (X25519), of another curve. */
static void a_hostile_ephemeral_key_stays_shut(void **state)
{
	const uint8_t key[16] = "sixteen octets..";
	uint8_t compressed[60];
	struct wrapped_key x25519 = wrapped_for(2, bytes(key, 16)), p256 = wrapped_for(4, bytes(key, 16));
	struct wrapped_key bad = p256;

	bad.originator = changed(p256.originator, p256.originator.size - 1);
	stays_shut(*state, "decrypt-3", &bad);
	bad.originator = bytes(p256.originator.data, p256.originator.size - 1);
	stays_shut(*state, "decrypt-3", &bad);
	bad.originator = x25519.originator;
	stays_shut(*state, "decrypt-3", &bad);
	/* RFC 5480 §2.2 lets us refuse compressed points. */
	bad.originator = octets("3039301306072a8648ce3d020106082a8648ce3d030107032200"
				"0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
				compressed, sizeof(compressed));
	stays_shut(*state, "decrypt-3", &bad);
	hostile_points_of_p256_stay_shut(*state, &p256);
	points_of_small_order_stay_shut(*state, &x25519);
	bad = x25519;
	bad.originator = p256.originator;
	stays_shut(*state, "decrypt-2", &bad);
	bad.originator = bytes(NULL, 0);
	stays_shut(*state, "decrypt-2", &bad);
}

static void oversized_parts_stay_shut(void **state)
{
	static const uint8_t large[5000];
	const uint8_t key[16] = "sixteen octets..";
	const struct wrapped_key wrapped = wrapped_for(2, bytes(key, 16));
	struct wrapped_key bad[4] = { wrapped, wrapped, wrapped, wrapped };

	bad[0].originator = bad[1].salt = bad[2].info = bad[3].wrapped = bytes(large, sizeof(large));
	for (size_t i = 0; i < COUNT(bad); i++)
		stays_shut(*state, "decrypt-2", &bad[i]);
	opens(*state, "decrypt-2", &wrapped, bytes(key, 16)); /* and the sockets are in step */
}

static void only_decryption_keys_open(void **state)
{
	static const char *const ids[] = { "sign-1", "tls-1", "sign-5" };
	const uint8_t key[16] = "sixteen octets..";
	const struct wrapped_key wrapped = wrapped_for(0, bytes(key, 16));
	uint8_t out[CONTENT_KEY_MAX];
	size_t size;
	bool good;

	for (size_t i = 0; i < COUNT(ids); i++) {
		struct err err = { 0 };
		assert_int_equal(keys_unwrap(*state, ids[i], &wrapped, out, &size, &good, &err), ERR_DENIED);
	}
}

static void a_key_that_was_added_is_known_after_a_reload(void **state)
{
	struct key_info info;
	struct err err = { 0 };
	buf_auto value = { 0 };

	buf_init(&value, 4096);
	pki_key_install(world.directory, KEY_USE_SIGN, KEY_ED25519, world.root, &info);
	assert_int_equal(keys_sign(*state, info.id, SIG_ED25519, bytes_of("x"), &value, &err), ERR_KEY);
	assert_int_equal(keys_reload(*state, &err), OK);
	assert_int_equal(keys_sign(*state, info.id, SIG_ED25519, bytes_of("x"), &value, &err), OK);
	assert_int_equal(keystore_retire(world.directory, info.id, &err), OK);
	assert_int_equal(keys_reload(*state, &err), OK);
	assert_int_equal(keys_sign(*state, info.id, SIG_ED25519, bytes_of("x"), &value, &err), ERR_DENIED);
}

static void a_reload_that_fails_leaves_the_keys_as_they_were(void **state)
{
	struct err err = { 0 };
	buf_auto key = { 0 };
	buf_auto value = { 0 };

	buf_init(&key, 65536);
	buf_init(&value, 4096);
	assert_true(file_get(world.directory, "sign-1/key.pem", &key));
	file_put(world.directory, "sign-1/key.pem", bytes_of("rubbish"));
	assert_int_equal(keys_reload(*state, &err), ERR_KEY);
	assert_non_null(strstr(err.text, "sign-1"));
	file_put(world.directory, "sign-1/key.pem", buf_bytes(&key));
	assert_int_equal(keys_sign(*state, "sign-1", SIG_RSA_SHA256, bytes_of("x"), &value, &err), OK);
}

/* Whatever is broken of it, the others go on. */
static void a_damaged_retired_key_stops_nobody_else(void **state)
{
	static const char *const files[] = { "decrypt-3/key.pem", "decrypt-3/certificate.pem", "decrypt-3/status" };
	const uint8_t key[16] = { 1 };
	const struct wrapped_key wrapped = wrapped_for(2, bytes(key, 16));
	uint8_t out[CONTENT_KEY_MAX];
	size_t size;
	bool good;

	for (size_t i = 0; i < COUNT(files); i++) {
		struct err err = { 0 };
		buf_auto whole = { 0 };
		buf_auto value = { 0 };
		buf_init(&whole, 65536);
		buf_init(&value, 4096);
		assert_true(file_get(world.directory, files[i], &whole));
		file_put(world.directory, files[i], bytes_of("rubbish"));
		assert_int_equal(keys_reload(*state, &err), OK);
		assert_int_equal(keys_sign(*state, "sign-1", SIG_RSA_SHA256, bytes_of("x"), &value, &err), OK);
		assert_int_equal(keys_unwrap(*state, "decrypt-3", &wrapped, out, &size, &good, &err), ERR_DENIED);
		assert_non_null(strstr(err.text, "damaged"));
		file_put(world.directory, files[i], buf_bytes(&whole));
		assert_int_equal(keys_reload(*state, &err), OK);
	}
}

struct worker {
	pthread_t thread;
	struct keys *keys;
	const struct cert *cert;
	unsigned number;
	int good;
};

static void *sign_many(void *arg)
{
	struct worker *worker = arg;

	for (int i = 0; i < 20; i++) {
		char text[32];
		bool good = false;
		buf_auto value = { 0 };
		buf_init(&value, 4096);
		snprintf(text, sizeof(text), "%u/%d", worker->number, i);
		if (keys_sign(worker->keys, "sign-2", SIG_ECDSA_P256_SHA256, bytes_of(text), &value, NULL) == OK &&
		    signature_verify(SIG_ECDSA_P256_SHA256, worker->cert, bytes_of(text), buf_bytes(&value), &good,
				     NULL) == OK)
			worker->good += good;
		if (i % 7 == 0 && keys_reload(worker->keys, NULL) != OK)
			worker->good = -1000;
	}
	return NULL;
}

/* More threads than sockets; every answer belongs to its question. */
static void many_threads_share_the_keys(void **state)
{
	struct worker workers[6];
	cert_auto cert = certificate("sign-2");

	for (unsigned i = 0; i < COUNT(workers); i++) {
		workers[i] = (struct worker){ .keys = *state, .cert = cert, .number = i };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, sign_many, &workers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(workers); i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].good, 20);
	}
}

/* --- The protocol --- */

/* A request to sign "data" with sign-3, as keys_wire.c describes it. */
static const char sign_request[] = "\x00"
				   "\x00\x00\x00\x06"
				   "sign-3"
				   "\x04"
				   "\x00\x00\x00\x04"
				   "data";

static void answered(struct keys *local, struct bytes request, struct buf *answer)
{
	uint8_t *exact = test_malloc(request.size + 1); /* so that a sanitizer sees the octet too many */

	if (request.size > 0)
		memcpy(exact, request.data, request.size);
	buf_clear(answer);
	keys_answer(local, bytes(exact, request.size), answer);
	assert_int_equal(answer->failed, OK);
	assert_true(answer->size > 0);
	test_free(exact);
}

static void a_request_that_is_cut_or_has_more_is_refused(void **state)
{
	const size_t size = sizeof(sign_request) - 1;
	struct keys *keys = NULL;
	buf_auto answer = { 0 };

	(void)state;
	buf_init(&answer, 4096);
	assert_int_equal(keys_open(world.directory, &keys, NULL), OK);
	answered(keys, bytes(sign_request, size), &answer);
	assert_int_equal(answer.data[0], 0);
	assert_int_equal(answer.size, 1 + 4 + 64);
	for (size_t cut = 0; cut < size; cut++) {
		answered(keys, bytes(sign_request, cut), &answer);
		assert_int_equal(answer.data[0], 2);
		assert_int_equal(answer.data[1], ERR_SYNTAX);
	}
	answered(keys, bytes(sign_request, size + 1), &answer); /* with the NUL behind it */
	assert_int_equal(answer.data[1], ERR_SYNTAX);
	answered(keys, bytes("\x07", 1), &answer); /* no such operation */
	assert_int_equal(answer.data[1], ERR_SYNTAX);
	keys_free(keys);
}

static void a_frame_without_bound_ends_its_socket_only(void **state)
{
	static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 0x00 };
	int node[SOCKETS];
	uint8_t octet;
	struct keys *keys = NULL;
	struct err err = { 0 };
	buf_auto value = { 0 };

	(void)state;
	buf_init(&value, 4096);
	child_start(node, SOCKETS);
	assert_int_equal(send(node[1], huge, sizeof(huge), MSG_NOSIGNAL), sizeof(huge));
	assert_true(recv(node[1], &octet, 1, 0) <= 0); /* closed, or reset as an octet was left unread */
	assert_int_equal(keys_connect(node, SOCKETS, &keys, &err), OK);
	/* The pool gives the closed socket first: that request fails, the next goes through the other. */
	assert_int_equal(keys_sign(keys, "sign-3", SIG_ED25519, bytes_of("x"), &value, &err), ERR_IO);
	assert_int_equal(keys_sign(keys, "sign-3", SIG_ED25519, bytes_of("x"), &value, &err), OK);
	keys_free(keys);
	child_end();
}

static void a_frame_in_pieces_is_answered_and_two_at_once_are_not(void **state)
{
	const size_t size = sizeof(sign_request) - 1;
	const uint8_t length[4] = { 0, 0, 0, (uint8_t)size };
	const size_t answer_size = 4 + 1 + 4 + 64;
	uint8_t octet;
	uint8_t answer[128];
	int node[SOCKETS];
	buf_auto frames = { 0 };

	(void)state;
	buf_init(&frames, 1000);
	for (int i = 0; i < 2; i++) {
		buf_put(&frames, length, sizeof(length));
		buf_put(&frames, sign_request, size);
	}
	child_start(node, SOCKETS);
	for (size_t i = 0; i < frames.size / 2; i++)
		assert_int_equal(send(node[0], frames.data + i, 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(node[0], answer, answer_size, MSG_WAITALL), answer_size);
	assert_int_equal(answer[4], 0);
	assert_int_equal(send(node[0], frames.data, frames.size, MSG_NOSIGNAL), frames.size);
	assert_true(recv(node[0], &octet, 1, 0) <= 0);
	close(node[0]);
	close(node[1]);
	child_end();
}

/* Answers as a key process would never give them: the reading side does not believe them, either. */
static void answers_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *frame;
		size_t size;
		enum err_code code;
	} rows[] = {
#define FRAME(text) text, sizeof(text) - 1
		{ FRAME("\x00\x00\x00\x01\x00"), ERR_INTERNAL }, /* done, but no signature */
		{ FRAME("\x00\x00\x00\x01\x01"), ERR_INTERNAL }, /* a signature is never "not good" */
		{ FRAME("\x00\x00\x00\x01\x09"), ERR_INTERNAL }, /* no such status */
		{ FRAME("\x00\x00\x00\x00"), ERR_INTERNAL },     /* nothing */
		{ FRAME("\x00\x00\x00\x06\x02\x00\x00\x00\x00\x00"), ERR_INTERNAL }, /* a fault that says OK */
		{ FRAME("\x00\x00\x00\x06\x02\xf0\x00\x00\x00\x00"), ERR_INTERNAL }, /* a fault that we do not know */
		{ FRAME("\x00\x00\x00\x06\x00\x00\x00\x00\x00x"), ERR_INTERNAL },    /* something behind the field */
		{ FRAME("\xff\xff\xff\xff"), ERR_LIMIT },                            /* a frame without bound */
		{ FRAME("\x00\x00\x00\x10half"), ERR_IO },                           /* an end in the middle */
		{ FRAME("\x00\x00\x00\x01\x01\x00\x00\x00\x01\x01"), ERR_IO },       /* two answers */
		{ FRAME(""), ERR_IO },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int pair[2];
		struct keys *keys = NULL;
		struct err err = { 0 };
		buf_auto value = { 0 };

		buf_init(&value, 4096);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		assert_int_equal(write(pair[1], rows[i].frame, rows[i].size), rows[i].size);
		assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
		assert_int_equal(keys_connect(pair, 1, &keys, &err), OK);
		assert_int_equal(keys_sign(keys, "sign-3", SIG_ED25519, bytes_of("x"), &value, &err), rows[i].code);
		assert_int_equal(value.size, 0);
		/* Nothing more is there to be read, so every further request fails, too, and does not wait for ever. */
		assert_int_equal(keys_sign(keys, "sign-3", SIG_ED25519, bytes_of("x"), &value, &err), ERR_IO);
		assert_int_equal(keys_sign(keys, "sign-3", SIG_ED25519, bytes_of("x"), &value, &err), ERR_IO);
		assert_non_null(strstr(err.text, "gone"));
		keys_free(keys);
		close(pair[1]);
	}
}

static void sockets_that_keep_no_stream_are_refused(void **state)
{
	int pair[2];
	struct keys *keys = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(keys_connect(pair, 2, &keys, &err), ERR_CONFIG);
	assert_int_equal(keys_connect(pair, 0, &keys, &err), ERR_CONFIG);
	assert_int_equal(keys_serve(world.directory, pair, 2, &err), ERR_CONFIG);
	assert_null(keys);
	close(pair[0]);
	close(pair[1]);
}

static void keys_that_are_not_there_cannot_be_served(void **state)
{
	char path[512];
	int pair[2];
	struct keys *keys = NULL;
	struct err err = { 0 };

	(void)state;
	snprintf(path, sizeof(path), "%s/nowhere", world.directory);
	assert_int_equal(keys_open(path, &keys, &err), ERR_NOT_FOUND);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(keys_serve(path, pair, 2, &err), ERR_NOT_FOUND);
	assert_int_equal(close(pair[0]) + close(pair[1]), 0); /* still the caller's */
}

int main(void)
{
#define BOTH(test)                                                                                                     \
	{ #test " (in the process)", test, keys_local, keys_end, NULL },                                               \
	{                                                                                                              \
#test " (asking the key process)", test, keys_remote, keys_end, NULL                                   \
	}
	const struct CMUnitTest tests[] = {
		BOTH(signatures_verify_in_the_openssl_program),
		BOTH(a_signature_is_appended),
		BOTH(what_a_key_may_not_do_is_refused),
		BOTH(more_than_a_signed_info_can_be_is_not_signed),
		BOTH(a_wrapped_key_opens),
		BOTH(a_wrapped_key_that_was_changed_stays_shut),
		BOTH(a_key_wrapped_otherwise_stays_shut),
		BOTH(a_hostile_ephemeral_key_stays_shut),
		BOTH(oversized_parts_stay_shut),
		BOTH(only_decryption_keys_open),
		BOTH(a_key_that_was_added_is_known_after_a_reload),
		BOTH(a_reload_that_fails_leaves_the_keys_as_they_were),
		BOTH(a_damaged_retired_key_stops_nobody_else),
		BOTH(many_threads_share_the_keys),
		cmocka_unit_test(a_request_that_is_cut_or_has_more_is_refused),
		cmocka_unit_test(a_frame_without_bound_ends_its_socket_only),
		cmocka_unit_test(a_frame_in_pieces_is_answered_and_two_at_once_are_not),
		cmocka_unit_test(answers_that_are_none_are_refused),
		cmocka_unit_test(sockets_that_keep_no_stream_are_refused),
		cmocka_unit_test(keys_that_are_not_there_cannot_be_served),
	};
	return cmocka_run_group_tests(tests, world_new, world_free);
}
