/* Content keys on their way: RSA-OAEP (RFC 8017 §7.1) and ephemeral-static agreement with HKDF (RFC 5869, RFC 9231
 * §2.6) and AES key wrap (RFC 3394). */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>

#include "base/random.h"
#include "crypto/crypto_int.h"

#define RSA_BYTES_MAX 1024 /* RSA-8192: OpenSSL wants room for the modulus whatever comes out */
#define SHARED_MAX    32
#define KEK_MAX       32
#define SALT_BYTES    16 /* what WSS4J sends */
#define AES_WRAP_MORE 8

/* SubjectPublicKeyInfo of an agreement key: a fixed head and the point (RFC 8410 §4; RFC 5480 §2, whose point begins
 * with 4: uncompressed). No other form is taken, so that a peer's octets never reach OpenSSL's general decoders, nor is
 * its general encoder asked, which costs more than an agreement. */
static const uint8_t x25519_head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00 };
static const uint8_t p256_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
				     0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
#define SPKI_MAX 91

static const struct wrap_row {
	enum key_kind kind;
	/* Key agreement only: */
	struct bytes head;
	size_t spki_bytes, point_bytes; /* the point is the end of the SubjectPublicKeyInfo */
} rows[] = {
	[WRAP_RSA_OAEP] = { .kind = KEY_KIND_RSA },
	[WRAP_X25519_HKDF_AES] = { KEY_KIND_X25519, { x25519_head, sizeof(x25519_head) }, 44, 32 },
	[WRAP_P256_HKDF_AES] = { KEY_KIND_P256, { p256_head, sizeof(p256_head) }, SPKI_MAX, 65 },
};

static bool kek_known(unsigned kek_bytes)
{
	return kek_bytes == 16 || kek_bytes == 32;
}

bool wrapped_key_fits(const struct wrapped_key *wrapped)
{
	if ((size_t)wrapped->alg >= COUNT(rows) || wrapped->wrapped.size > WRAP_WRAPPED_MAX)
		return false;
	if (wrapped->alg == WRAP_RSA_OAEP)
		return digest_size(wrapped->digest) > 0 && digest_size(wrapped->mgf) > 0;
	return kek_known(wrapped->kek_bytes) && wrapped->originator.size <= WRAP_ORIGINATOR_MAX &&
	       wrapped->salt.size <= WRAP_SALT_MAX && wrapped->info.size <= WRAP_INFO_MAX;
}

/* --- RSA-OAEP --- */

static EVP_PKEY_CTX *oaep(EVP_PKEY *key, const struct wrapped_key *wrapped, int (*init)(EVP_PKEY_CTX *))
{
	const EVP_MD *digest = digest_md(wrapped->digest);
	const EVP_MD *mgf = digest_md(wrapped->mgf);
	EVP_PKEY_CTX *ctx = digest && mgf ? EVP_PKEY_CTX_new(key, NULL) : NULL;

	if (ctx && init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, digest) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static enum err_code rsa_wrap(struct arena *arena, EVP_PKEY *recipient, struct bytes key, struct wrapped_key *wrapped,
			      struct err *err)
{
	uint8_t out[RSA_BYTES_MAX];
	size_t size = sizeof(out);
	pkey_ctx_auto ctx = oaep(recipient, wrapped, EVP_PKEY_encrypt_init);

	if (!ctx || EVP_PKEY_encrypt(ctx, out, &size, key.data, key.size) != 1)
		return fail_openssl(err, ERR_CRYPTO, "the content key cannot be encrypted with RSA-OAEP");

	const uint8_t *copy = arena_copy(arena, out, size);
	if (!copy)
		return fail(err, ERR_MEMORY, "no memory left for a wrapped key");
	wrapped->wrapped = bytes(copy, size);
	return OK;
}

/* Why it does not open is told to nobody (Manger, CRYPTO 2001): padding, size and key are one answer. */
static enum err_code rsa_unwrap(EVP_PKEY *key, const struct wrapped_key *wrapped, uint8_t out[static CONTENT_KEY_MAX],
				size_t *size, bool *good, struct err *err)
{
	uint8_t plain[RSA_BYTES_MAX];
	size_t plain_size = sizeof(plain);
	pkey_ctx_auto ctx = oaep(key, wrapped, EVP_PKEY_decrypt_init);

	if (!ctx)
		return fail_openssl(err, ERR_CRYPTO, "RSA-OAEP cannot be set up with these digests");
	bool opened = EVP_PKEY_decrypt(ctx, plain, &plain_size, wrapped->wrapped.data, wrapped->wrapped.size) == 1;
	opened &= plain_size == content_key_size(CONTENT_AES128_GCM) ||
		  plain_size == content_key_size(CONTENT_AES256_GCM);
	if (opened) {
		memcpy(out, plain, plain_size);
		*size = plain_size;
		*good = true;
	}
	OPENSSL_cleanse(plain, sizeof(plain));
	return opened ? OK : openssl_refused(good, err);
}

/* --- Agreement --- */

/* A new key on the curve of RECIPIENT, which lends its group: making one costs more than multiplying in it. */
static EVP_PKEY *ephemeral_new(EVP_PKEY *recipient)
{
	EVP_PKEY *key = NULL;
	pkey_ctx_auto ctx = EVP_PKEY_CTX_new(recipient, NULL);

	return ctx && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_generate(ctx, &key) == 1 ? key : NULL;
}

static bool spki_write(const struct wrap_row *row, EVP_PKEY *key, uint8_t spki[static SPKI_MAX])
{
	size_t at = row->spki_bytes - row->point_bytes, size = 0;

	memcpy(spki, row->head.data, row->head.size);
	return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, spki + at, row->point_bytes,
					       &size) == 1 &&
	       size == row->point_bytes && memcmp(spki, row->head.data, row->head.size) == 0;
}

/* The peer's public key, on the curve of OWN. NULL: not in our form, or its point is not on the curve. */
static EVP_PKEY *originator_key(const struct wrap_row *row, EVP_PKEY *own, struct bytes spki)
{
	if (spki.size != row->spki_bytes || memcmp(spki.data, row->head.data, row->head.size) != 0)
		return NULL;

	EVP_PKEY *key = EVP_PKEY_new();
	if (key && EVP_PKEY_copy_parameters(key, own) == 1 &&
	    EVP_PKEY_set1_encoded_public_key(key, spki.data + spki.size - row->point_bytes, row->point_bytes) == 1)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* A P-256 point was validated when it was decoded, here or with its certificate: coordinates below p, on the curve, and
 * 65 octets are not the point at infinity. That is partial validation (NIST SP 800-56A rev. 3 §5.6.2.3.4), and all of
 * it on a curve with cofactor 1; set_peer would multiply by the order besides. For X25519 nothing is to be validated
 * but the result: zero is refused (RFC 7748 §6.1). */
static bool agree(EVP_PKEY *own, EVP_PKEY *peer, uint8_t shared[static SHARED_MAX])
{
	size_t size = SHARED_MAX;
	pkey_ctx_auto ctx = EVP_PKEY_CTX_new(own, NULL);

	return ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
	       EVP_PKEY_derive(ctx, shared, &size) == 1 && size == SHARED_MAX;
}

static bool hkdf(const struct wrapped_key *wrapped, uint8_t shared[static SHARED_MAX], uint8_t *kek)
{
	char digest[] = "SHA256";
	uint8_t salt[WRAP_SALT_MAX], info[WRAP_INFO_MAX]; /* OpenSSL's parameters are not const */
	size_t count = 0;
	OSSL_PARAM params[5];

	params[count++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	params[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, shared, SHARED_MAX);
	if (wrapped->salt.size > 0) {
		memcpy(salt, wrapped->salt.data, wrapped->salt.size);
		params[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, wrapped->salt.size);
	}
	if (wrapped->info.size > 0) {
		memcpy(info, wrapped->info.data, wrapped->info.size);
		params[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, wrapped->info.size);
	}
	params[count] = OSSL_PARAM_construct_end();

	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool done = ctx && EVP_KDF_derive(ctx, kek, wrapped->kek_bytes, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done;
}

/* The key-encryption key that OWN and PEER agree on. */
static bool derive_kek(const struct wrapped_key *wrapped, EVP_PKEY *own, EVP_PKEY *peer, uint8_t kek[static KEK_MAX])
{
	uint8_t shared[SHARED_MAX];
	bool done = agree(own, peer, shared) && hkdf(wrapped, shared, kek);

	OPENSSL_cleanse(shared, sizeof(shared));
	return done;
}

/* RFC 3394 in either direction. OUT has room for what comes out and a block more. */
static bool aes_wrap(const uint8_t *kek, unsigned kek_bytes, bool wrapping, struct bytes in, uint8_t *out,
		     size_t *out_size)
{
	const EVP_CIPHER *cipher = kek_bytes == 16 ? EVP_aes_128_wrap() : EVP_aes_256_wrap();
	int size = 0, more = 0;
	cipher_ctx_auto ctx = EVP_CIPHER_CTX_new();

	if (!ctx)
		return false;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_CipherInit_ex(ctx, cipher, NULL, kek, NULL, wrapping) != 1 ||
	    EVP_CipherUpdate(ctx, out, &size, in.data, (int)in.size) != 1 ||
	    EVP_CipherFinal_ex(ctx, out + size, &more) != 1)
		return false;
	*out_size = (size_t)(size + more);
	return true;
}

static enum err_code agreement_wrap(struct arena *arena, EVP_PKEY *recipient, struct bytes key,
				    struct wrapped_key *wrapped, struct err *err)
{
	const struct wrap_row *row = &rows[wrapped->alg];
	uint8_t kek[KEK_MAX], out[CONTENT_KEY_MAX + 2 * AES_WRAP_MORE], spki[SPKI_MAX];
	size_t size = 0;
	struct wrapped_key new = *wrapped;

	if (!kek_known(wrapped->kek_bytes) || wrapped->info.size > WRAP_INFO_MAX)
		return fail(err, ERR_INTERNAL, "keys are wrapped with 16 or 32 octets and at most %d of info",
			    WRAP_INFO_MAX);
	uint8_t *salt = arena_alloc(arena, SALT_BYTES);
	if (!salt)
		return fail(err, ERR_MEMORY, "no memory left for a wrapped key");
	random_bytes(salt, SALT_BYTES);
	new.salt = bytes(salt, SALT_BYTES);

	pkey_auto ephemeral = ephemeral_new(recipient);
	bool done = ephemeral && spki_write(row, ephemeral, spki) && derive_kek(&new, ephemeral, recipient, kek) &&
		    aes_wrap(kek, new.kek_bytes, true, key, out, &size);
	OPENSSL_cleanse(kek, sizeof(kek));
	if (!done)
		return fail_openssl(err, ERR_CRYPTO, "no key can be agreed with the recipient's certificate");

	new.originator = bytes(arena_copy(arena, spki, row->spki_bytes), row->spki_bytes);
	new.wrapped = bytes(arena_copy(arena, out, size), size);
	if (!new.originator.data || !new.wrapped.data)
		return fail(err, ERR_MEMORY, "no memory left for a wrapped key");
	*wrapped = new;
	return OK;
}

static enum err_code agreement_unwrap(EVP_PKEY *key, const struct wrapped_key *wrapped,
				      uint8_t out[static CONTENT_KEY_MAX], size_t *size, bool *good, struct err *err)
{
	uint8_t kek[KEK_MAX], plain[CONTENT_KEY_MAX + 2 * AES_WRAP_MORE];
	size_t plain_size = 0;

	if (wrapped->wrapped.size > CONTENT_KEY_MAX + AES_WRAP_MORE)
		return openssl_refused(good, err);

	pkey_auto peer = originator_key(&rows[wrapped->alg], key, wrapped->originator);
	bool opened = peer && derive_kek(wrapped, key, peer, kek) &&
		      aes_wrap(kek, wrapped->kek_bytes, false, wrapped->wrapped, plain, &plain_size) &&
		      (plain_size == content_key_size(CONTENT_AES128_GCM) ||
		       plain_size == content_key_size(CONTENT_AES256_GCM));
	if (opened) {
		memcpy(out, plain, plain_size);
		*size = plain_size;
		*good = true;
	}
	OPENSSL_cleanse(kek, sizeof(kek));
	OPENSSL_cleanse(plain, sizeof(plain));
	return opened ? OK : openssl_refused(good, err);
}

/* --- Both --- */

enum err_code key_wrap(struct arena *arena, const struct cert *recipient, struct bytes key, struct wrapped_key *wrapped,
		       struct err *err)
{
	if ((size_t)wrapped->alg >= COUNT(rows) || cert_key_kind(recipient) != rows[wrapped->alg].kind)
		return fail(err, ERR_KEY,
			    "the recipient's certificate has another kind of key than the algorithm needs");
	if (key.size != content_key_size(CONTENT_AES128_GCM) && key.size != content_key_size(CONTENT_AES256_GCM))
		return fail(err, ERR_INTERNAL, "there is no content key of %zu octets", key.size);
	return wrapped->alg == WRAP_RSA_OAEP ? rsa_wrap(arena, cert_key(recipient), key, wrapped, err)
					     : agreement_wrap(arena, cert_key(recipient), key, wrapped, err);
}

enum err_code key_unwrap(EVP_PKEY *key, enum key_kind kind, const struct wrapped_key *wrapped,
			 uint8_t out[static CONTENT_KEY_MAX], size_t *size, bool *good, struct err *err)
{
	if (!wrapped_key_fits(wrapped) || kind != rows[wrapped->alg].kind)
		return openssl_refused(good, err);
	return wrapped->alg == WRAP_RSA_OAEP ? rsa_unwrap(key, wrapped, out, size, good, err)
					     : agreement_unwrap(key, wrapped, out, size, good, err);
}
