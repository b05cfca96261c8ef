#include <pthread.h>

#include "crypto/crypto_int.h"

#define SETS 64
#define WAYS 4 /* 256 certificates: more than the partners and intermediates of a region */

/* Process-wide because certificates come to every thread; immutable values, behind one lock that is held for a few
 * comparisons. A stranger's certificates can push others out of a set, which costs time and nothing else. */
static struct {
	pthread_mutex_t lock;
	uint64_t ticks;
	struct place {
		struct cert *cert;
		uint64_t used;
	} sets[SETS][WAYS];
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A digest is evenly spread: its first octet chooses the set. */
static struct place *set_of(const uint8_t *digest)
{
	return cache.sets[digest[0] % SETS];
}

/* With the lock held. A new reference, or NULL. */
static struct cert *find(const uint8_t *digest)
{
	struct place *set = set_of(digest);

	for (size_t i = 0; i < WAYS; i++) {
		if (!set[i].cert || memcmp(cert_digest(set[i].cert), digest, SHA256_SIZE) != 0)
			continue;
		set[i].used = ++cache.ticks;
		return cert_ref(set[i].cert);
	}
	return NULL;
}

/* With the lock held. Returns what has to give way. */
static struct cert *put(struct cert *cert)
{
	struct place *set = set_of(cert_digest(cert));
	struct place *oldest = &set[0];

	for (size_t i = 1; i < WAYS; i++)
		if (set[i].used < oldest->used)
			oldest = &set[i];

	struct cert *leaving = oldest->cert;
	*oldest = (struct place){ .cert = cert_ref(cert), .used = ++cache.ticks };
	return leaving;
}

enum err_code cert_cached(struct bytes der, struct cert **cert, struct err *err)
{
	uint8_t digest[SHA256_SIZE];
	struct cert *leaving = NULL;

	sha256(der, digest);
	pthread_mutex_lock(&cache.lock);
	struct cert *found = find(digest);
	pthread_mutex_unlock(&cache.lock);
	if (found) {
		*cert = found;
		return OK;
	}

	struct cert *decoded = NULL; /* outside the lock: decoding takes long */
	TRY(cert_parse_der(der, digest, &decoded, err));
	pthread_mutex_lock(&cache.lock);
	found = find(digest);
	if (!found)
		leaving = put(decoded);
	pthread_mutex_unlock(&cache.lock);

	cert_unref(leaving);
	if (found)
		cert_unref(decoded);
	*cert = found ? found : decoded;
	return OK;
}
