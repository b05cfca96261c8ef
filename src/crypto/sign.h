/* Signatures and encryption as XML Signature and XML Encryption use them, without the XML. */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "base/buf.h"
#include "crypto/cert.h"

enum sig_alg {
	SIG_RSA_SHA256,
	SIG_RSA_SHA384,
	SIG_RSA_SHA512,
	SIG_ECDSA_P256_SHA256,
	SIG_ED25519,
	SIG_RSA_SHA1, /* collisions can be computed: only for partners whom an operator excepts */
};

/* The key kind an algorithm needs: a signature is refused if the certificate has another. */
enum key_kind sig_alg_key(enum sig_alg alg);

/* *GOOD says whether SIGNATURE (RSA PKCS#1 v1.5; ECDSA raw r‖s; Ed25519) over DATA was made by CERT's key. Failing to
 * verify is not a fault: faults are only what stopped us from finding out. */
enum err_code signature_verify(enum sig_alg alg, const struct cert *cert, struct bytes data, struct bytes signature,
			       bool *good, struct err *err) MUST_USE;

/* --- Content encryption: AES-GCM, 12 octets IV ‖ ciphertext ‖ 16 octets tag (XML Encryption 1.1 §5.2.4) --- */
enum content_alg { CONTENT_AES128_GCM, CONTENT_AES256_GCM };
#define CONTENT_KEY_MAX 32
size_t content_key_size(enum content_alg alg);
/* From OpenSSL's generator, also in a simulation: a key that a seed repeats is none. */
enum err_code content_key_new(enum content_alg alg, uint8_t key[static CONTENT_KEY_MAX], struct err *err) MUST_USE;
void content_key_forget(uint8_t key[static CONTENT_KEY_MAX]); /* overwrites it, also under optimisation */
enum err_code content_encrypt(enum content_alg alg, const uint8_t *key, struct bytes plain, struct buf *out,
			      struct err *err) MUST_USE;
/* *GOOD false: the tag does not fit (OUT is then left as it was). */
enum err_code content_decrypt(enum content_alg alg, const uint8_t *key, struct bytes sealed, struct buf *out,
			      bool *good, struct err *err) MUST_USE;

/* --- Key transport and agreement --- */
enum wrap_alg {
	WRAP_RSA_OAEP,        /* XML Encryption 1.1 rsa-oaep, or 1.0 rsa-oaep-mgf1p: .digest and .mgf say which */
	WRAP_X25519_HKDF_AES, /* X25519, HKDF with HMAC-SHA256, AES key wrap */
	WRAP_P256_HKDF_AES,   /* ECDH-ES on P-256, the same */
};

struct wrapped_key {
	enum wrap_alg alg;
	enum digest digest, mgf; /* RSA-OAEP */
	struct bytes originator; /* agreement: the ephemeral public key, DER SubjectPublicKeyInfo */
	struct bytes salt, info; /* HKDF */
	unsigned kek_bytes;      /* of the AES key wrap: 16 or 32 */
	struct bytes wrapped;
};

/* Wraps KEY for the holder of RECIPIENT. In: .alg, .digest, .mgf, .info, .kek_bytes; out (arena's): .originator, .salt
 * (16 random octets), .wrapped. */
enum err_code key_wrap(struct arena *arena, const struct cert *recipient, struct bytes key, struct wrapped_key *wrapped,
		       struct err *err) MUST_USE;

#endif
