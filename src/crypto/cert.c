#include "crypto/cert.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/text.h"
#include "crypto/crypto_int.h"

/* Real ones are below 4 kB; post-quantum ones would be about 20 kB. */
#define CERT_MAX_BYTES 65536

struct cert {
	atomic_size_t refs;
	X509 *x509;
	EVP_PKEY *key; /* x509's */
	enum key_kind kind;
	_Atomic(EVP_MD_CTX *) *verifiers; /* by algorithm; each made when it is first asked for */
	unsigned bits;
	int64_t not_before_us, not_after_us;
	uint8_t digest[SHA256_SIZE];
	char fingerprint[SHA256_HEX_SIZE];
	char *subject, *issuer, *serial;
	size_t der_size;
	uint8_t der[];
};

static const struct {
	const char *type;
	const char *group; /* NULL: the type says it all */
	enum key_kind kind;
} kinds[] = {
	{ "RSA", NULL, KEY_KIND_RSA },
	{ "EC", "prime256v1", KEY_KIND_P256 },
	{ "ED25519", NULL, KEY_KIND_ED25519 },
	{ "X25519", NULL, KEY_KIND_X25519 },
};

/* A curve given by its parameters may be one that only looks like P-256 (CVE-2020-0601): the name must be written. */
static bool is_group(EVP_PKEY *key, const char *group)
{
	char name[64];
	int from_parameters = 0;

	return EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) == 1 && same(name, group) &&
	       EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &from_parameters) == 1 &&
	       from_parameters == 0;
}

enum key_kind key_kind_of(EVP_PKEY *key)
{
	for (size_t i = 0; key && i < COUNT(kinds); i++)
		if (EVP_PKEY_is_a(key, kinds[i].type) == 1 && (!kinds[i].group || is_group(key, kinds[i].group)))
			return kinds[i].kind;
	return KEY_KIND_OTHER;
}

static char *copy_text(struct bytes text)
{
	return strndup(text.size > 0 ? (const char *)text.data : "", text.size);
}

/* UTF-8 as people write their names; where the certificate holds octets that are none, escaped. */
static char *name_text(const X509_NAME *name)
{
	static const unsigned long flags[] = { XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB,
					       XN_FLAG_RFC2253 };

	for (size_t i = 0; i < COUNT(flags); i++) {
		bio_auto out = BIO_new(BIO_s_mem());
		if (!out || X509_NAME_print_ex(out, name, 0, flags[i]) < 0)
			return NULL;
		if (utf8_valid(bio_bytes(out)))
			return copy_text(bio_bytes(out));
	}
	return strdup("");
}

static char *serial_text(const X509 *x509)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
	char *decimal = number ? BN_bn2dec(number) : NULL;
	char *text = decimal ? strdup(decimal) : NULL;

	OPENSSL_free(decimal);
	BN_free(number);
	return text;
}

static void cert_free(struct cert *cert)
{
	free(cert->subject);
	free(cert->issuer);
	free(cert->serial);
	for (size_t i = 0; cert->verifiers && i < SIG_ALGS; i++)
		EVP_MD_CTX_free(atomic_load(&cert->verifiers[i]));
	free(cert->verifiers);
	X509_free(cert->x509);
	free(cert);
}

/* Exactly one DER certificate: what is re-encoded must be what came, or two texts would be one certificate. */
static enum err_code decode(struct bytes der, X509 **x509, struct err *err)
{
	const uint8_t *at = der.data;
	uint8_t *again = NULL;
	X509 *decoded = d2i_X509(NULL, &at, (long)der.size);

	if (!decoded)
		return fail_openssl(err, ERR_SYNTAX, "the certificate cannot be read");

	int size = i2d_X509(decoded, &again);
	bool exact = size > 0 && bytes_same(bytes(again, (size_t)size), der);
	OPENSSL_free(again);
	if (!exact) {
		X509_free(decoded);
		return fail_openssl(err, ERR_SYNTAX, "the certificate is not DER, or something follows it");
	}
	/* Extensions are decoded now, so that threads which share the certificate only read. */
	X509_check_purpose(decoded, -1, 0);
	ERR_clear_error();
	*x509 = decoded;
	return OK;
}

static enum err_code read_properties(struct cert *cert, struct err *err)
{
	cert->not_before_us = asn1_time_us(X509_get0_notBefore(cert->x509));
	cert->not_after_us = asn1_time_us(X509_get0_notAfter(cert->x509));
	if (cert->not_before_us == TIME_NONE || cert->not_after_us == TIME_NONE)
		return fail(err, ERR_SYNTAX, "the certificate has no readable period of validity");
	cert->subject = name_text(X509_get_subject_name(cert->x509));
	cert->issuer = name_text(X509_get_issuer_name(cert->x509));
	cert->serial = serial_text(cert->x509);
	cert->verifiers = calloc(SIG_ALGS, sizeof(*cert->verifiers));
	if (!cert->subject || !cert->issuer || !cert->serial || !cert->verifiers)
		return fail_openssl(err, ERR_MEMORY, "no memory left for a certificate");

	cert->key = X509_get0_pubkey(cert->x509);
	cert->kind = key_kind_of(cert->key);
	cert->bits = cert->key ? (unsigned)EVP_PKEY_get_bits(cert->key) : 0;
	ERR_clear_error(); /* a key that OpenSSL does not know is of another kind, which is no fault */
	return OK;
}

enum err_code cert_parse_der(struct bytes der, const uint8_t digest[static SHA256_SIZE], struct cert **cert,
			     struct err *err)
{
	X509 *x509 = NULL;

	if (der.size > CERT_MAX_BYTES)
		return fail(err, ERR_LIMIT, "the certificate is larger than %d bytes", CERT_MAX_BYTES);
	TRY(decode(der, &x509, err));

	struct cert *new = calloc(1, sizeof(*new) + der.size);
	if (!new) {
		X509_free(x509);
		return fail(err, ERR_MEMORY, "no memory left for a certificate");
	}
	atomic_init(&new->refs, 1);
	new->x509 = x509;
	new->der_size = der.size;
	memcpy(new->der, der.data, der.size);
	memcpy(new->digest, digest, SHA256_SIZE);
	sha256_hex(der, new->fingerprint);

	enum err_code code = read_properties(new, err);
	if (code != OK) {
		cert_free(new);
		return code;
	}
	*cert = new;
	return OK;
}

static enum err_code parse_block(void *arg, struct bytes der, struct err *err)
{
	uint8_t digest[SHA256_SIZE];

	sha256(der, digest);
	return cert_parse_der(der, digest, arg, err);
}

enum err_code cert_parse(struct bytes text, struct cert **cert, struct err *err)
{
	struct cert *parsed = NULL;

	if (text.size > 2 * CERT_MAX_BYTES)
		return fail(err, ERR_LIMIT, "the certificate is larger than %d bytes", CERT_MAX_BYTES);

	enum err_code code = is_der(text) ? parse_block(&parsed, text, err)
					  : pem_blocks(text, "CERTIFICATE", 1, parse_block, &parsed, err);
	if (code != OK) {
		cert_unref(parsed);
		return code;
	}
	*cert = parsed;
	return OK;
}

struct cert *cert_ref(struct cert *cert)
{
	atomic_fetch_add(&cert->refs, 1);
	return cert;
}

void cert_unref(struct cert *cert)
{
	if (cert && atomic_fetch_sub(&cert->refs, 1) == 1)
		cert_free(cert);
}

X509 *cert_x509(const struct cert *cert)
{
	return cert->x509;
}

EVP_PKEY *cert_key(const struct cert *cert)
{
	return cert->key;
}

const EVP_MD_CTX *cert_verifier(const struct cert *cert, enum sig_alg alg)
{
	EVP_MD_CTX *found = atomic_load(&cert->verifiers[alg]);

	if (found)
		return found;
	EVP_MD_CTX *made = signature_context(alg, cert->key, EVP_DigestVerifyInit);
	if (made && !atomic_compare_exchange_strong(&cert->verifiers[alg], &found, made))
		EVP_MD_CTX_free(made); /* another thread was first, and FOUND is its */
	else
		found = made;
	return found;
}

const uint8_t *cert_digest(const struct cert *cert)
{
	return cert->digest;
}

struct bytes cert_der(const struct cert *cert)
{
	return bytes(cert->der, cert->der_size);
}

const char *cert_fingerprint(const struct cert *cert)
{
	return cert->fingerprint;
}

const char *cert_subject(const struct cert *cert)
{
	return cert->subject;
}

const char *cert_issuer(const struct cert *cert)
{
	return cert->issuer;
}

const char *cert_serial(const struct cert *cert)
{
	return cert->serial;
}

struct bytes cert_ski(const struct cert *cert)
{
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(cert->x509);

	return ski ? bytes(ASN1_STRING_get0_data(ski), (size_t)ASN1_STRING_length(ski)) : bytes(NULL, 0);
}

enum key_kind cert_key_kind(const struct cert *cert)
{
	return cert->kind;
}

unsigned cert_key_bits(const struct cert *cert)
{
	return cert->bits;
}

bool cert_same_key(const struct cert *cert, const struct cert *other)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert->x509), *others = X509_get0_pubkey(other->x509);
	bool equal = key && others && EVP_PKEY_eq(key, others) == 1;

	ERR_clear_error();
	return equal;
}

int64_t cert_not_before_us(const struct cert *cert)
{
	return cert->not_before_us;
}

int64_t cert_not_after_us(const struct cert *cert)
{
	return cert->not_after_us;
}

/* X509_NAME_cmp compares the canonical DER of RFC 5280 §7.1: UTF-8 whatever the string type, case and runs of blanks
 * folded. */
bool cert_issuer_matches(const struct cert *cert, const char *text)
{
	name_auto name = name_parse(text, V_ASN1_UTF8STRING);
	bool same_name = name && X509_NAME_cmp(name, X509_get_issuer_name(cert->x509)) == 0;

	ERR_clear_error();
	return same_name;
}

/* --- Among others --- */

enum { AMONG_MAX = 10000 };

struct among {
	const struct cert *cert;
	bool issued;
};

static enum err_code among_block(void *arg, struct bytes der, struct err *err)
{
	struct among *among = arg;
	cert_auto other = NULL;
	X509 *x509 = among->cert->x509;

	TRY(parse_block(&other, der, err));
	if (same(other->fingerprint, among->cert->fingerprint) ||
	    (X509_check_issued(other->x509, x509) == X509_V_OK &&
	     X509_verify(x509, X509_get0_pubkey(other->x509)) == 1))
		among->issued = true;
	ERR_clear_error();
	return OK;
}

enum err_code cert_issued_among(const struct cert *cert, struct bytes text, bool *issued, struct err *err)
{
	struct among among = { .cert = cert };

	TRY(pem_blocks(text, "CERTIFICATE", AMONG_MAX, among_block, &among, err));
	*issued = among.issued;
	return OK;
}
