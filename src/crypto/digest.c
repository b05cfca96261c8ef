/* SHA256_Init and its like cannot fail and need no memory, which sha256() promises; EVP can and does. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/digest.h"

#include <limits.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/buf.h"
#include "crypto/crypto_int.h"

static const struct digest_row {
	size_t size;
	const EVP_MD *(*md)(void);
} rows[] = {
	[DIGEST_SHA256] = { 32, EVP_sha256 },
	[DIGEST_SHA384] = { 48, EVP_sha384 },
	[DIGEST_SHA512] = { 64, EVP_sha512 },
	[DIGEST_SHA1] = { 20, EVP_sha1 },
};

const EVP_MD *digest_md(enum digest digest)
{
	return (size_t)digest < COUNT(rows) ? rows[digest].md() : NULL;
}

size_t digest_size(enum digest digest)
{
	return (size_t)digest < COUNT(rows) ? rows[digest].size : 0;
}

enum err_code digest_of(enum digest digest, struct bytes data, uint8_t out[static DIGEST_MAX], struct err *err)
{
	uint8_t value[EVP_MAX_MD_SIZE];
	const EVP_MD *md = digest_md(digest);

	if (!md)
		return fail(err, ERR_INTERNAL, "there is no digest %d", (int)digest);
	if (EVP_Digest(data.data, data.size, value, NULL, md, NULL) != 1)
		return fail_openssl(err, ERR_CRYPTO, "the digest cannot be computed");
	memcpy(out, value, rows[digest].size);
	return OK;
}

void sha256(struct bytes data, uint8_t out[static SHA256_SIZE])
{
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	SHA256_Update(&ctx, data.data, data.size);
	SHA256_Final(out, &ctx);
}

_Static_assert(sizeof(struct sha256_run) >= sizeof(SHA256_CTX), "there is room for OpenSSL's");

void sha256_begin(struct sha256_run *run)
{
	SHA256_Init((SHA256_CTX *)(void *)run->state);
}

void sha256_put(struct sha256_run *run, struct bytes piece)
{
	SHA256_Update((SHA256_CTX *)(void *)run->state, piece.data, piece.size);
}

void sha256_end(const struct sha256_run *run, uint8_t out[static SHA256_SIZE])
{
	struct sha256_run copy = *run;

	SHA256_Final(out, (SHA256_CTX *)(void *)copy.state);
}

void hex_of(const uint8_t digest[static SHA256_SIZE], char out[static SHA256_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_SIZE; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 0x0FU];
	}
	out[SHA256_HEX_SIZE - 1] = '\0';
}

void sha256_hex(struct bytes data, char out[static SHA256_HEX_SIZE])
{
	uint8_t value[SHA256_SIZE];

	sha256(data, value);
	hex_of(value, out);
}

enum err_code hmac_sha256(struct bytes key, struct bytes data, uint8_t out[static HMAC_SHA256_SIZE], struct err *err)
{
	unsigned size = 0;

	if (key.size > INT_MAX || !HMAC(EVP_sha256(), key.data, (int)key.size, data.data, data.size, out, &size) ||
	    size != HMAC_SHA256_SIZE)
		return fail_openssl(err, ERR_CRYPTO, "the HMAC cannot be computed");
	return OK;
}
