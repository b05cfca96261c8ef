/* Digests and constant-time comparison. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/bytes.h"
#include "base/err.h"

enum digest {
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512,
	DIGEST_SHA1
}; /* SHA-1: recognised, to be refused, or for partners whom an operator excepts, and OAEP of old peers */
#define DIGEST_MAX      64
#define SHA256_SIZE     32
#define SHA256_HEX_SIZE 65

size_t digest_size(enum digest digest);
enum err_code digest_of(enum digest digest, struct bytes data, uint8_t out[static DIGEST_MAX],
			struct err *err) MUST_USE;

void sha256(struct bytes data, uint8_t out[static SHA256_SIZE]);
/* A SHA-256 in hexadecimal, lower case. */
void hex_of(const uint8_t digest[static SHA256_SIZE], char out[static SHA256_HEX_SIZE]);
void sha256_hex(struct bytes data, char out[static SHA256_HEX_SIZE]);

/* SHA-256 of what comes piece by piece; a copy goes on by itself. */
struct sha256_run {
	uint64_t state[16]; /* OpenSSL's */
};
void sha256_begin(struct sha256_run *run);
void sha256_put(struct sha256_run *run, struct bytes piece);
void sha256_end(const struct sha256_run *run, uint8_t out[static SHA256_SIZE]); /* of all so far */

#define HMAC_SHA256_SIZE 32
/* RFC 2104. */
enum err_code hmac_sha256(struct bytes key, struct bytes data, uint8_t out[static HMAC_SHA256_SIZE],
			  struct err *err) MUST_USE;

#endif
