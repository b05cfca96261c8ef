/* What a judgement stands on, by name: for evidence, which shows it years later. */
#include <openssl/err.h>

#include "crypto/trust_int.h"

/* A path and the signers of lists beside it, and the lists. */
#define GROUNDS_MAX (CERTS_MAX + LISTS_MAX)

struct gathered {
	struct cert_ground items[GROUNDS_MAX];
	size_t count;
};

static void put_digest(const uint8_t digest[static SHA256_SIZE], bool list, struct gathered *grounds)
{
	struct cert_ground ground = { .list = list };

	hex_of(digest, ground.fingerprint);
	for (size_t i = 0; i < grounds->count; i++)
		if (memcmp(grounds->items[i].fingerprint, ground.fingerprint, sizeof(ground.fingerprint)) == 0)
			return;
	if (grounds->count < GROUNDS_MAX)
		grounds->items[grounds->count++] = ground;
}

static bool put_cert(const X509 *x509, struct gathered *grounds)
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (X509_digest(x509, EVP_sha256(), digest, NULL) != 1)
		return false;
	put_digest(digest, false, grounds);
	return true;
}

/* Who may have signed a list for X509, and the lists. */
static bool put_revocation(const struct trust *trust, const X509 *x509, struct gathered *grounds)
{
	const X509_NAME *name = X509_get_issuer_name(x509);
	uint8_t digest[EVP_MAX_MD_SIZE];

	for (int i = 0; i < sk_X509_num(trust->issuers); i++) {
		const X509 *issuer = sk_X509_value(trust->issuers, i);
		if (X509_NAME_cmp(X509_get_subject_name(issuer), name) == 0 && !put_cert(issuer, grounds))
			return false;
	}
	for (size_t i = 0; i < trust->list_count; i++) {
		const X509_CRL *crl = trust->lists[i].crl;
		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), name) != 0)
			continue;
		if (X509_CRL_digest(crl, EVP_sha256(), digest, NULL) != 1)
			return false;
		put_digest(digest, true, grounds);
	}
	return true;
}

enum err_code cert_grounds(const struct cert *cert, const struct trust *trust, struct arena *arena,
			   struct cert_grounds *grounds, struct err *err)
{
	struct gathered found = { .count = 0 };
	STACK_OF(X509) *path = trust_path(cert, trust);
	bool good = path != NULL;

	for (int i = 0; good && i < sk_X509_num(path); i++)
		good = put_cert(sk_X509_value(path, i), &found);
	for (int i = 0; good && i < sk_X509_num(path); i++)
		good = put_revocation(trust, sk_X509_value(path, i), &found);
	sk_X509_pop_free(path, X509_free);
	struct cert_ground *items = good ? arena_copy(arena, found.items, found.count * sizeof(*items)) : NULL;
	if (!items)
		return fail_openssl(err, ERR_MEMORY, "no memory left for what a certificate is judged by");
	*grounds = (struct cert_grounds){ .items = items, .count = found.count };
	return OK;
}
