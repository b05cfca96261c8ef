#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "crypto/crypto_int.h"

#define IV_BYTES    12
#define TAG_BYTES   16
#define CONTENT_MAX ((size_t)INT_MAX - IV_BYTES - TAG_BYTES) /* OpenSSL counts in int */

static const struct {
	size_t key_bytes;
	const EVP_CIPHER *(*cipher)(void);
} rows[] = {
	[CONTENT_AES128_GCM] = { 16, EVP_aes_128_gcm },
	[CONTENT_AES256_GCM] = { 32, EVP_aes_256_gcm },
};

size_t content_key_size(enum content_alg alg)
{
	return (size_t)alg < COUNT(rows) ? rows[alg].key_bytes : 0;
}

enum err_code content_key_new(enum content_alg alg, uint8_t key[static CONTENT_KEY_MAX], struct err *err)
{
	uint8_t new[CONTENT_KEY_MAX];

	if (RAND_priv_bytes(new, (int)content_key_size(alg)) != 1)
		return fail_openssl(err, ERR_CRYPTO, "there is no randomness for a content key");
	memcpy(key, new, content_key_size(alg));
	OPENSSL_cleanse(new, sizeof(new));
	return OK;
}

/* PLAIN to IV ‖ ciphertext ‖ tag at TO. */
static bool seal(enum content_alg alg, const uint8_t *key, struct bytes plain, uint8_t *to)
{
	uint8_t *cipher = to + IV_BYTES;
	int size = 0;
	cipher_ctx_auto ctx = EVP_CIPHER_CTX_new();

	return ctx && RAND_bytes(to, IV_BYTES) == 1 &&
	       EVP_EncryptInit_ex(ctx, rows[alg].cipher(), NULL, key, to) == 1 &&
	       (plain.size == 0 || EVP_EncryptUpdate(ctx, cipher, &size, plain.data, (int)plain.size) == 1) &&
	       EVP_EncryptFinal_ex(ctx, cipher + size, &size) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, cipher + plain.size) == 1;
}

void content_key_forget(uint8_t key[static CONTENT_KEY_MAX])
{
	OPENSSL_cleanse(key, CONTENT_KEY_MAX);
}

enum err_code content_encrypt(enum content_alg alg, const uint8_t *key, struct bytes plain, struct buf *out,
			      struct err *err)
{
	if (plain.size > CONTENT_MAX)
		return fail(err, ERR_LIMIT, "the content is larger than %zu bytes", CONTENT_MAX);

	size_t size = IV_BYTES + plain.size + TAG_BYTES;
	uint8_t *to = buf_reserve(out, size);
	if (!to)
		return buf_check(out, "encrypted content", err);
	if (!seal(alg, key, plain, to)) {
		to[0] = '\0';
		return fail_openssl(err, ERR_CRYPTO, "the content cannot be encrypted");
	}
	buf_grown(out, size);
	return OK;
}

/* SEALED without IV and tag to TO; *FITS says whether the tag was right. False if it could not be found out. */
static bool open_sealed(enum content_alg alg, const uint8_t *key, struct bytes sealed, uint8_t *to, bool *fits)
{
	const uint8_t *cipher = sealed.data + IV_BYTES;
	size_t cipher_size = sealed.size - IV_BYTES - TAG_BYTES;
	uint8_t tag[TAG_BYTES];
	int size = 0;
	cipher_ctx_auto ctx = EVP_CIPHER_CTX_new();

	memcpy(tag, cipher + cipher_size, TAG_BYTES);
	if (!ctx || EVP_DecryptInit_ex(ctx, rows[alg].cipher(), NULL, key, sealed.data) != 1 ||
	    (cipher_size > 0 && EVP_DecryptUpdate(ctx, to, &size, cipher, (int)cipher_size) != 1) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1)
		return false;
	*fits = EVP_DecryptFinal_ex(ctx, to + size, &size) == 1;
	return true;
}

enum err_code content_decrypt(enum content_alg alg, const uint8_t *key, struct bytes sealed, struct buf *out,
			      bool *good, struct err *err)
{
	bool fits = false;

	if (sealed.size < IV_BYTES + TAG_BYTES)
		return openssl_refused(good, err);
	if (sealed.size > CONTENT_MAX)
		return fail(err, ERR_LIMIT, "the encrypted content is larger than %zu bytes", CONTENT_MAX);

	size_t size = sealed.size - IV_BYTES - TAG_BYTES;
	uint8_t *to = buf_reserve(out, size);
	if (!to)
		return buf_check(out, "decrypted content", err);
	bool done = open_sealed(alg, key, sealed, to, &fits);
	if (!done || !fits) {
		OPENSSL_cleanse(to, size + 1); /* nothing of it may be seen; the buffer's NUL stands again */
		return done ? openssl_refused(good, err)
			    : fail_openssl(err, ERR_CRYPTO, "the content cannot be decrypted");
	}
	buf_grown(out, size);
	*good = true;
	return OK;
}
