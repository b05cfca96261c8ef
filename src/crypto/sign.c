#include "crypto/sign.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "crypto/crypto_int.h"

#define P256_SCALAR   32
#define ECDSA_DER_MAX 80   /* two INTEGERs of at most 33 octets, with their headers */
#define NO_DIGEST     (-1) /* Ed25519 takes the message itself (RFC 8032) */

static const struct sig_row {
	const char *name;
	enum key_kind kind;
	int digest;
} rows[] = {
	[SIG_RSA_SHA256] = { "RSA with SHA-256", KEY_KIND_RSA, DIGEST_SHA256 },
	[SIG_RSA_SHA384] = { "RSA with SHA-384", KEY_KIND_RSA, DIGEST_SHA384 },
	[SIG_RSA_SHA512] = { "RSA with SHA-512", KEY_KIND_RSA, DIGEST_SHA512 },
	[SIG_ECDSA_P256_SHA256] = { "ECDSA on P-256 with SHA-256", KEY_KIND_P256, DIGEST_SHA256 },
	[SIG_ED25519] = { "Ed25519", KEY_KIND_ED25519, NO_DIGEST },
	[SIG_RSA_SHA1] = { "RSA with SHA-1", KEY_KIND_RSA, DIGEST_SHA1 },
};

bool sig_alg_known(unsigned alg)
{
	return alg < COUNT(rows);
}

enum key_kind sig_alg_key(enum sig_alg alg)
{
	return sig_alg_known(alg) ? rows[alg].kind : KEY_KIND_OTHER;
}

const char *sig_alg_name(enum sig_alg alg)
{
	return sig_alg_known(alg) ? rows[alg].name : "an unknown algorithm";
}

EVP_MD_CTX *signature_context(enum sig_alg alg, EVP_PKEY *key,
			      int (*init)(EVP_MD_CTX *, EVP_PKEY_CTX **, const EVP_MD *, ENGINE *, EVP_PKEY *))
{
	const struct sig_row *row = &rows[alg];
	const EVP_MD *md = row->digest == NO_DIGEST ? NULL : digest_md((enum digest)row->digest);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx && init(ctx, NULL, md, NULL, key) == 1)
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

/* XML Signature 1.1 §6.4.3: r and s, 32 octets each. Returns the size of the DER form, 0 if there is none. */
static size_t ecdsa_to_der(struct bytes raw, uint8_t der[static ECDSA_DER_MAX])
{
	if (raw.size != 2 * P256_SCALAR)
		return 0;

	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw.data, P256_SCALAR, NULL);
	BIGNUM *s = BN_bin2bn(raw.data + P256_SCALAR, P256_SCALAR, NULL);
	if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(pair);
		return 0;
	}
	int size = i2d_ECDSA_SIG(pair, &der);
	ECDSA_SIG_free(pair);
	return size > 0 ? (size_t)size : 0;
}

static bool ecdsa_from_der(struct bytes der, uint8_t raw[static 2 * P256_SCALAR])
{
	const uint8_t *at = der.data;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.size);
	bool good = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, P256_SCALAR) == P256_SCALAR &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + P256_SCALAR, P256_SCALAR) == P256_SCALAR;

	ECDSA_SIG_free(pair);
	return good;
}

enum err_code signature_verify(enum sig_alg alg, const struct cert *cert, struct bytes data, struct bytes signature,
			       bool *good, struct err *err)
{
	uint8_t der[ECDSA_DER_MAX];

	if (!sig_alg_known(alg))
		return fail(err, ERR_INTERNAL, "there is no signature algorithm %d", (int)alg);
	if (cert_key_kind(cert) != rows[alg].kind)
		return openssl_refused(good, err);
	if (alg == SIG_ECDSA_P256_SHA256) {
		size_t size = ecdsa_to_der(signature, der);
		if (size == 0)
			return openssl_refused(good, err);
		signature = bytes(der, size);
	}

	const EVP_MD_CTX *verifier = cert_verifier(cert, alg);
	md_ctx_auto ctx = verifier ? EVP_MD_CTX_new() : NULL;
	if (!ctx || EVP_MD_CTX_copy_ex(ctx, verifier) != 1)
		return fail_openssl(err, ERR_CRYPTO, "the signature cannot be checked");
	if (EVP_DigestVerify(ctx, signature.data, signature.size, data.data, data.size) != 1)
		return openssl_refused(good, err);
	*good = true;
	return OK;
}

enum err_code signature_make(enum sig_alg alg, EVP_MD_CTX *signer, struct bytes data, struct buf *signature,
			     struct err *err)
{
	uint8_t value[SIGNATURE_MAX];
	uint8_t raw[2 * P256_SCALAR];
	size_t size = sizeof(value);

	if (EVP_DigestSign(signer, value, &size, data.data, data.size) != 1)
		return fail_openssl(err, ERR_CRYPTO, "the signature cannot be made");
	if (alg != SIG_ECDSA_P256_SHA256) {
		buf_put(signature, value, size);
	} else {
		if (!ecdsa_from_der(bytes(value, size), raw))
			return fail_openssl(err, ERR_CRYPTO, "the signature cannot be written");
		buf_put(signature, raw, sizeof(raw));
	}
	return buf_check(signature, "signature", err);
}
