/* Security profiles as rows, and the identifiers of algorithms. */
#ifndef MESSAGING_PROFILE_INT_H
#define MESSAGING_PROFILE_INT_H

#include "crypto/keys.h"

struct binding;

struct security_profile {
	const char *name; /* as in the partner's record */
	const struct binding *binding;
	const char *title, *source;
	enum sig_alg signature;
	enum digest digest;
	enum content_alg content;
	enum wrap_alg wrap;                /* and what follows, if the binding encrypts */
	enum digest wrap_digest, wrap_mgf; /* RSA-OAEP */
	unsigned kek_bytes;                /* agreement */
};

/* NULL if there is none of this name. */
const struct security_profile *profile_find(const char *name);
const struct security_profile *profile_at(size_t index); /* NULL after the last */

/* URI <-> algorithm, one table a kind. *_find: false if the URI is not known. */
const char *sig_uri(enum sig_alg alg);
bool sig_find(const char *uri, enum sig_alg *alg);
const char *digest_uri(enum digest digest);
bool digest_find(const char *uri, enum digest *digest);
const char *mgf_uri(enum digest digest);
bool mgf_find(const char *uri, enum digest *digest);
const char *content_uri(enum content_alg alg);
bool content_find(const char *uri, enum content_alg *alg);
const char *key_wrap_uri(unsigned kek_bytes);
bool key_wrap_find(const char *uri, unsigned *kek_bytes);

#define URI_RSA_OAEP       "http://www.w3.org/2009/xmlenc11#rsa-oaep"
#define URI_RSA_OAEP_MGF1P "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
#define URI_X25519         "http://www.w3.org/2021/04/xmldsig-more#x25519"
#define URI_ECDH_ES        "http://www.w3.org/2009/xmlenc11#ECDH-ES"
#define URI_HKDF           "http://www.w3.org/2021/04/xmldsig-more#hkdf"
#define URI_HMAC_SHA256    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"

#endif
