#include "messaging/profile_int.h"

#include "messaging/binding_int.h"

static const struct security_profile profiles[] = {
	{ .name = "edelivery-1.15",
	  .binding = &binding_as4,
	  .title = "eDelivery AS4 1.15 common profile: RSA",
	  .source = "eDelivery AS4 1.15 §3.2.4",
	  .signature = SIG_RSA_SHA256,
	  .digest = DIGEST_SHA256,
	  .content = CONTENT_AES128_GCM,
	  .wrap = WRAP_RSA_OAEP,
	  .wrap_digest = DIGEST_SHA256,
	  .wrap_mgf = DIGEST_SHA256 },
	{ .name = "edelivery-2.0",
	  .binding = &binding_as4,
	  .title = "eDelivery AS4 2.0 common profile: Ed25519 and X25519",
	  .source = "eDelivery AS4 2.0, common usage profile",
	  .signature = SIG_ED25519,
	  .digest = DIGEST_SHA256,
	  .content = CONTENT_AES128_GCM,
	  .wrap = WRAP_X25519_HKDF_AES,
	  .kek_bytes = 16 },
	{ .name = "ecdsa-p256",
	  .binding = &binding_as4,
	  .title = "eDelivery AS4 2.0 alternative profile: ECDSA and ECDH on P-256",
	  .source = "eDelivery AS4 2.0, alternative elliptic curve profile",
	  .signature = SIG_ECDSA_P256_SHA256,
	  .digest = DIGEST_SHA256,
	  .content = CONTENT_AES128_GCM,
	  .wrap = WRAP_P256_HKDF_AES,
	  .kek_bytes = 16 },
	{ .name = "ebms2-rsa-sha256",
	  .binding = &binding_ebms2,
	  .title = "ebMS 2.0 under a CPA: RSA signatures, confidentiality by TLS alone",
	  .source = "ISO/TS 15000-2; CPPA 2.0",
	  .signature = SIG_RSA_SHA256,
	  .digest = DIGEST_SHA256 },
	{ .name = "ebms2-rsa-sha1",
	  .binding = &binding_ebms2,
	  .title = "ebMS 2.0 under a CPA that demands SHA-1: for a partner whom an operator has excepted",
	  .source = "ISO/TS 15000-2; CPPA 2.0",
	  .signature = SIG_RSA_SHA1,
	  .digest = DIGEST_SHA1 },
};

const struct security_profile *profile_at(size_t index)
{
	return index < COUNT(profiles) ? &profiles[index] : NULL;
}

const struct security_profile *profile_find(const char *name)
{
	for (size_t i = 0; i < COUNT(profiles); i++)
		if (same(profiles[i].name, name))
			return &profiles[i];
	return NULL;
}

struct uri_row {
	const char *uri;
	unsigned value;
};

/* Weaker algorithms are known by name, so that a refusal can say which one was met; no profile names them. */
static const struct uri_row signatures[] = {
	{ "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", SIG_RSA_SHA256 },
	{ "http://www.w3.org/2000/09/xmldsig#rsa-sha1", SIG_RSA_SHA1 },
	{ "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", SIG_RSA_SHA384 },
	{ "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", SIG_RSA_SHA512 },
	{ "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", SIG_ECDSA_P256_SHA256 },
	{ "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519", SIG_ED25519 },
};
static const struct uri_row digests[] = {
	{ "http://www.w3.org/2001/04/xmlenc#sha256", DIGEST_SHA256 },
	{ "http://www.w3.org/2001/04/xmldsig-more#sha384", DIGEST_SHA384 },
	{ "http://www.w3.org/2001/04/xmlenc#sha512", DIGEST_SHA512 },
	{ "http://www.w3.org/2000/09/xmldsig#sha1", DIGEST_SHA1 },
};
static const struct uri_row mgfs[] = {
	{ "http://www.w3.org/2009/xmlenc11#mgf1sha256", DIGEST_SHA256 },
	{ "http://www.w3.org/2009/xmlenc11#mgf1sha384", DIGEST_SHA384 },
	{ "http://www.w3.org/2009/xmlenc11#mgf1sha512", DIGEST_SHA512 },
	{ "http://www.w3.org/2009/xmlenc11#mgf1sha1", DIGEST_SHA1 },
};
static const struct uri_row contents[] = {
	{ "http://www.w3.org/2009/xmlenc11#aes128-gcm", CONTENT_AES128_GCM },
	{ "http://www.w3.org/2009/xmlenc11#aes256-gcm", CONTENT_AES256_GCM },
};
static const struct uri_row key_wraps[] = {
	{ "http://www.w3.org/2001/04/xmlenc#kw-aes128", 16 },
	{ "http://www.w3.org/2001/04/xmlenc#kw-aes256", 32 },
};

static const char *uri_of(const struct uri_row *rows, size_t count, unsigned value)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].value == value)
			return rows[i].uri;
	return NULL;
}

static bool uri_find(const struct uri_row *rows, size_t count, const char *uri, unsigned *value)
{
	for (size_t i = 0; i < count; i++)
		if (same(rows[i].uri, uri)) {
			*value = rows[i].value;
			return true;
		}
	return false;
}

#define URI_TABLE(uri_name, find_name, type, rows)                                                                     \
	const char *uri_name(type value)                                                                               \
	{                                                                                                              \
		return uri_of(rows, COUNT(rows), value);                                                               \
	}                                                                                                              \
	bool find_name(const char *uri, type *value)                                                                   \
	{                                                                                                              \
		unsigned found;                                                                                        \
		if (!uri_find(rows, COUNT(rows), uri, &found))                                                         \
			return false;                                                                                  \
		*value = (type)found;                                                                                  \
		return true;                                                                                           \
	}

URI_TABLE(sig_uri, sig_find, enum sig_alg, signatures)
URI_TABLE(digest_uri, digest_find, enum digest, digests)
URI_TABLE(mgf_uri, mgf_find, enum digest, mgfs)
URI_TABLE(content_uri, content_find, enum content_alg, contents)
URI_TABLE(key_wrap_uri, key_wrap_find, unsigned, key_wraps)
