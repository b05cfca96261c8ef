#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/date.h"
#include "crypto/trust_int.h"

#define LIST_MAX_BYTES (16u << 20)

struct trust *trust_new(const struct trust_policy *policy)
{
	struct trust *trust = calloc(1, sizeof(*trust));

	if (!trust)
		return NULL;
	trust->policy = *policy;
	trust->signers = calloc(1, sizeof(*trust->signers));
	if (trust->signers)
		pthread_mutex_init(&trust->signers->lock, NULL);
	trust->store = X509_STORE_new();
	trust->anchors = sk_X509_new_null();
	trust->intermediates = sk_X509_new_null();
	trust->issuers = sk_X509_new_null();
	if (trust->signers && trust->store && trust->anchors && trust->intermediates && trust->issuers)
		return trust;
	trust_free(trust);
	ERR_clear_error();
	return NULL;
}

void trust_free(struct trust *trust)
{
	if (!trust)
		return;
	for (size_t i = 0; i < trust->list_count; i++)
		X509_CRL_free(trust->lists[i].crl);
	sk_X509_pop_free(trust->anchors, X509_free);
	sk_X509_pop_free(trust->intermediates, X509_free);
	sk_X509_pop_free(trust->issuers, X509_free);
	X509_STORE_free(trust->store);
	if (trust->signers)
		pthread_mutex_destroy(&trust->signers->lock);
	free(trust->signers);
	free(trust);
}

enum err_code trust_pin(struct trust *trust, const struct cert *cert, struct err *err)
{
	if (trust->pin_count == PINS_MAX)
		return fail(err, ERR_LIMIT, "there are %d pinned certificates already", PINS_MAX);
	memcpy(trust->pins[trust->pin_count++], cert_digest(cert), SHA256_SIZE);
	return OK;
}

static enum err_code keep_cert(STACK_OF(X509) * certs, const struct cert *cert, struct err *err)
{
	if (sk_X509_num(certs) >= CERTS_MAX)
		return fail(err, ERR_LIMIT, "there are %d certificates of one kind already", CERTS_MAX);
	if (X509_add_cert(certs, cert_x509(cert), X509_ADD_FLAG_UP_REF) != 1)
		return fail_openssl(err, ERR_MEMORY, "no memory left for a certificate");
	return OK;
}

/* X509_check_ca: 1 says so itself; 3 is a self-signed certificate from before version 3. */
static bool is_authority(X509 *x509)
{
	int ca = X509_check_ca(x509);

	return ca == 1 || ca == 3;
}

enum err_code trust_anchor(struct trust *trust, const struct cert *anchor, struct err *err)
{
	X509 *x509 = cert_x509(anchor);
	bool root = is_authority(x509) && X509_self_signed(x509, 1) == 1;

	ERR_clear_error();
	if (!root)
		return fail(err, ERR_KEY, "%s is not a self-signed certification authority; pin it, or name its root",
			    cert_subject(anchor));
	TRY(keep_cert(trust->anchors, anchor, err));
	if (X509_STORE_add_cert(trust->store, x509) != 1)
		return fail_openssl(err, ERR_MEMORY, "no memory left for an anchor");
	return OK;
}

enum err_code trust_intermediate(struct trust *trust, const struct cert *cert, struct err *err)
{
	if (!is_authority(cert_x509(cert)))
		return fail(err, ERR_KEY, "%s is not a certification authority", cert_subject(cert));
	return keep_cert(trust->intermediates, cert, err);
}

enum err_code trust_issuer(struct trust *trust, const struct cert *cert, struct err *err)
{
	X509 *x509 = cert_x509(cert);

	if (!is_authority(x509) || (X509_get_key_usage(x509) & KU_CRL_SIGN) == 0)
		return fail(err, ERR_KEY, "%s is not a certification authority that signs revocation lists",
			    cert_subject(cert));
	return keep_cert(trust->issuers, cert, err);
}

/* A critical extension changes what the absence of a serial number means (delta, indirect, partial lists: RFC 5280
 * §5.2); on an entry, whose serial number it is (§5.3). Such a list cannot clear anybody. */
static bool has_critical_extension(X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);

	if (X509_CRL_get_ext_by_critical(crl, 1, -1) >= 0)
		return true;
	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++)
		if (X509_REVOKED_get_ext_by_critical(sk_X509_REVOKED_value(entries, i), 1, -1) >= 0)
			return true;
	return false;
}

static enum err_code decode_list(void *arg, struct bytes der, struct err *err)
{
	X509_CRL **crl = arg;
	const uint8_t *at = der.data;
	X509_CRL *decoded = d2i_X509_CRL(NULL, &at, (long)der.size);

	if (!decoded || at != der.data + der.size) {
		X509_CRL_free(decoded);
		return fail_openssl(err, ERR_SYNTAX, "the revocation list cannot be read");
	}
	*crl = decoded;
	return OK;
}

static enum err_code check_list(const struct list *list, struct err *err)
{
	if (list->this_update_us == TIME_NONE || list->next_update_us == TIME_NONE)
		return fail(err, ERR_INVALID,
			    "the revocation list does not say when it is replaced (RFC 5280 5.1.2.5)");
	if (has_critical_extension(list->crl))
		return fail(err, ERR_INVALID, "the revocation list is partial or indirect (a critical extension)");
	return OK;
}

static enum err_code read_list(struct bytes text, struct list *list, struct err *err)
{
	if (text.size > LIST_MAX_BYTES)
		return fail(err, ERR_LIMIT, "the revocation list is larger than %u bytes", LIST_MAX_BYTES);

	struct list read = { 0 };
	enum err_code code = is_der(text) ? decode_list(&read.crl, text, err)
					  : pem_blocks(text, "X509 CRL", 1, decode_list, &read.crl, err);
	if (code == OK) {
		read.this_update_us = asn1_time_us(X509_CRL_get0_lastUpdate(read.crl));
		read.next_update_us = asn1_time_us(X509_CRL_get0_nextUpdate(read.crl));
		code = check_list(&read, err);
	}
	if (code != OK) {
		X509_CRL_free(read.crl);
		return code;
	}
	*list = read;
	return OK;
}

enum err_code trust_crl(struct trust *trust, struct bytes text, struct err *err)
{
	if (trust->list_count == LISTS_MAX)
		return fail(err, ERR_LIMIT, "there are %d revocation lists already", LISTS_MAX);
	TRY(read_list(text, &trust->lists[trust->list_count], err));
	trust->list_count++;
	return OK;
}

const char *list_issuer(struct arena *arena, const struct list *list)
{
	bio_auto bio = BIO_new(BIO_s_mem());
	bool named = bio && X509_NAME_print_ex(bio, X509_CRL_get_issuer(list->crl), 0, XN_FLAG_RFC2253) >= 0;

	return named ? arena_text_of(arena, bio_bytes(bio)) : NULL;
}

static enum err_code describe_list(struct arena *arena, const struct list *list, struct crl_info *info, struct err *err)
{
	uint8_t *der = NULL;
	int size = i2d_X509_CRL(list->crl, &der);
	struct crl_info read = { .issuer = list_issuer(arena, list),
				 .this_update_us = list->this_update_us,
				 .next_update_us = list->next_update_us };

	if (size > 0)
		read.der = bytes(arena_copy(arena, der, (size_t)size), (size_t)size);
	OPENSSL_free(der);
	if (!read.issuer || !read.der.data)
		return fail_openssl(err, ERR_MEMORY, "no memory left for a revocation list");
	sha256_hex(read.der, read.fingerprint);
	*info = read;
	return OK;
}

enum err_code crl_read(struct arena *arena, struct bytes text, struct crl_info *info, struct err *err)
{
	struct list list = { 0 };

	TRY(read_list(text, &list, err));
	enum err_code code = describe_list(arena, &list, info, err);
	X509_CRL_free(list.crl);
	return code;
}

bool crl_signed_by(struct bytes der, const struct cert *authority)
{
	const uint8_t *at = der.data;
	X509 *x509 = cert_x509(authority);
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.size);
	bool signed_by = crl && X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(x509)) == 0 &&
			 X509_CRL_verify(crl, X509_get0_pubkey(x509)) == 1;

	X509_CRL_free(crl);
	ERR_clear_error();
	return signed_by;
}
