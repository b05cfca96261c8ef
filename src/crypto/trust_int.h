/* What a trust holds; built by trust.c, read by judge.c. */
#ifndef CRYPTO_TRUST_INT_H
#define CRYPTO_TRUST_INT_H

#include <pthread.h>

#include "crypto/crypto_int.h"

#define PINS_MAX  256
#define CERTS_MAX 256 /* anchors, and as many intermediates, and as many issuers of lists */
#define LISTS_MAX 64

struct list {
	X509_CRL *crl;
	int64_t this_update_us, next_update_us;
};

/* Who was found to have signed which list, and which pinned certificate, so that each signature is checked once. The
 * only part of a trust that changes after it is built. */
struct signer {
	bool known;
	uint8_t digest[SHA256_SIZE]; /* of the certificate of who signed */
};
struct signers {
	pthread_mutex_t lock;
	struct signer of_lists[LISTS_MAX], of_pins[PINS_MAX];
};

struct trust {
	struct trust_policy policy;
	uint8_t pins[PINS_MAX][SHA256_SIZE];
	size_t pin_count;
	X509_STORE *store; /* the anchors, for path building */
	STACK_OF(X509) * anchors, *intermediates, *issuers;
	struct list lists[LISTS_MAX];
	size_t list_count;
	struct signers *signers;
};

/* For people; ARENA's. NULL out of memory. */
const char *list_issuer(struct arena *arena, const struct list *list);

/* From CERT to what issued it, as far as TRUST knows. The caller frees the stack and what is in it; NULL out of memory.
 */
STACK_OF(X509) * trust_path(const struct cert *cert, const struct trust *trust);

#endif
