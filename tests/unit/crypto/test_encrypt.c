#include "../unit.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/text.h"
#include "pki.h"
#include "support.h"

/* D. McGrew, J. Viega, The Galois/Counter Mode of Operation, appendix B, test cases 3 and 15 (no additional data). */
#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_IV  "cafebabefacedbaddecaf888"
#define GCM_PLAIN                                                                                                      \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
static const struct {
	enum content_alg alg;
	const char *key, *sealed;
} gcm_cases[] = {
	{ CONTENT_AES128_GCM, GCM_KEY,
	  GCM_IV "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
		 "1ba30b396a0aac973d58e091473f5985"
		 "4d5c2af327cd64a62cf35abd2ba6fab4" },
	{ CONTENT_AES256_GCM, GCM_KEY GCM_KEY,
	  GCM_IV "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
		 "c5f61e6393ba7a0abcc9f662898015ad"
		 "b094dac5d93471bdec1a502270e3cc6c" },
};

static void the_published_gcm_cases_open(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(gcm_cases); i++) {
		uint8_t key[32], sealed[100], plain[64];
		bool good = false;
		buf_auto out = { 0 };
		struct bytes expected = octets(GCM_PLAIN, plain, sizeof(plain));

		buf_init(&out, 1000);
		assert_int_equal(octets(gcm_cases[i].key, key, sizeof(key)).size, content_key_size(gcm_cases[i].alg));
		struct bytes value = octets(gcm_cases[i].sealed, sealed, sizeof(sealed));
		assert_int_equal(content_decrypt(gcm_cases[i].alg, key, value, &out, &good, NULL), OK);
		assert_true(good);
		assert_true(bytes_same(buf_bytes(&out), expected));
	}
}

static void no_changed_octet_opens_and_nothing_is_shown(void **state)
{
	(void)state;
	uint8_t key[32], sealed[100];
	buf_auto out = { 0 };

	buf_init(&out, 1000);
	buf_puts(&out, "before");
	octets(gcm_cases[0].key, key, sizeof(key));
	struct bytes value = octets(gcm_cases[0].sealed, sealed, sizeof(sealed));
	for (size_t i = 0; i < value.size; i++) {
		bool good = true;
		sealed[i] ^= 0x80U;
		assert_int_equal(content_decrypt(CONTENT_AES128_GCM, key, value, &out, &good, NULL), OK);
		assert_false(good);
		assert_string_equal(buf_text(&out), "before");
		assert_int_equal(out.data[out.size + 1], 0); /* the plain text is gone from the room behind */
		sealed[i] ^= 0x80U;
	}
	for (size_t size = 0; size < value.size; size++) {
		bool good = true;
		assert_int_equal(content_decrypt(CONTENT_AES128_GCM, key, bytes(sealed, size), &out, &good, NULL), OK);
		assert_false(good);
	}
	assert_int_equal(out.size, 6);
}

static void content_comes_back_and_no_iv_comes_twice(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 100000 };
	static const enum content_alg algs[] = { CONTENT_AES128_GCM, CONTENT_AES256_GCM };
	uint8_t *plain = test_calloc(1, 100000);

	for (size_t i = 0; i < COUNT(sizes) * COUNT(algs); i++) {
		enum content_alg alg = algs[i % 2];
		struct bytes in = bytes(plain, sizes[i / 2]);
		uint8_t key[CONTENT_KEY_MAX];
		bool good = false;
		buf_auto first = { 0 };
		buf_auto second = { 0 };
		buf_auto out = { 0 };

		buf_init(&first, 200000);
		buf_init(&second, 200000);
		buf_init(&out, 200000);
		assert_int_equal(content_key_new(alg, key, NULL), OK);
		assert_int_equal(content_encrypt(alg, key, in, &first, NULL), OK);
		assert_int_equal(content_encrypt(alg, key, in, &second, NULL), OK);
		assert_int_equal(first.size, 12 + in.size + 16);
		assert_memory_not_equal(first.data, second.data, 12);
		assert_int_equal(content_decrypt(alg, key, buf_bytes(&second), &out, &good, NULL), OK);
		assert_true(good);
		assert_true(bytes_same(buf_bytes(&out), in));
	}
	test_free(plain);
}

static void content_beyond_the_buffers_bound_is_refused(void **state)
{
	(void)state;
	uint8_t key[CONTENT_KEY_MAX];
	struct err err = { 0 };
	buf_auto out = { 0 };

	buf_init(&out, 12 + 16 + 3);
	assert_int_equal(content_key_new(CONTENT_AES128_GCM, key, NULL), OK);
	assert_int_equal(content_encrypt(CONTENT_AES128_GCM, key, bytes_of("four"), &out, &err), ERR_LIMIT);
	assert_int_equal(out.size, 0);
}

/* --- Key wrapping: the openssl program opens what we wrapped --- */

static const char content_key_hex[] = "000102030405060708090a0b0c0d0e0f";

static void put_key(const char *directory, const struct pki *pki)
{
	buf_auto pem = { 0 };

	buf_init(&pem, 65536);
	pki_key_pem(pki, &pem);
	file_put(directory, "key.pem", buf_bytes(&pem));
}

static void get_hex(const char *directory, const char *name, char *hex, size_t room)
{
	buf_auto content = { 0 };
	buf_auto text = { 0 };

	buf_init(&content, 8192);
	buf_init(&text, room - 1);
	assert_true(file_get(directory, name, &content));
	hex_put(&text, buf_bytes(&content));
	assert_int_equal(text.failed, OK);
	memcpy(hex, buf_text(&text), text.size + 1);
}

static void a_key_wrapped_with_rsa_oaep_opens_in_the_openssl_program(void **state)
{
	(void)state;
	static const struct {
		enum digest digest, mgf;
		const char *digest_name, *mgf_name;
	} rows[] = {
		{ DIGEST_SHA256, DIGEST_SHA256, "sha256", "sha256" },
		{ DIGEST_SHA256, DIGEST_SHA1, "sha256", "sha1" }, /* Holodeck: MGF element absent */
		{ DIGEST_SHA512, DIGEST_SHA384, "sha512", "sha384" },
		{ DIGEST_SHA1, DIGEST_SHA1, "sha1", "sha1" },
	};
	arena_auto arena = arena_new(1 << 20);
	char *directory = pki_directory_new();
	pki_auto recipient = pki_issue(&(struct pki_spec){ .subject = "/CN=rsa", .key = "rsa-2048" });
	uint8_t key[32];
	struct bytes content_key = octets(content_key_hex, key, sizeof(key));

	put_key(directory, recipient);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char hex[100];
		struct wrapped_key wrapped = { .alg = WRAP_RSA_OAEP, .digest = rows[i].digest, .mgf = rows[i].mgf };
		assert_int_equal(key_wrap(arena, pki_cert(recipient), content_key, &wrapped, NULL), OK);
		assert_int_equal(wrapped.wrapped.size, 256);
		file_put(directory, "wrapped", wrapped.wrapped);
		assert_int_equal(
			openssl_run(
				directory,
				"pkeyutl -decrypt -inkey key.pem -in wrapped -out opened -pkeyopt rsa_padding_mode:oaep "
				"-pkeyopt rsa_oaep_md:%s -pkeyopt rsa_mgf1_md:%s",
				rows[i].digest_name, rows[i].mgf_name),
			0);
		get_hex(directory, "opened", hex, sizeof(hex));
		assert_string_equal(hex, content_key_hex);
	}
	pki_directory_free(directory);
}

/* A recipient whose private key is in DIRECTORY/key.pem. "p256-compressed": its certificate has the point in the form
 * that RFC 5480 §2.2 lets an authority choose. */
static struct pki *recipient_new(const char *directory, const char *kind, const struct pki *root)
{
	struct pki_spec spec = { .subject = "/CN=agrees", .key = kind, .issuer = root };
	buf_auto public_pem = { 0 };

	buf_init(&public_pem, 65536);
	if (!same(kind, "p256-compressed")) {
		struct pki *recipient = pki_issue(&spec);
		put_key(directory, recipient);
		return recipient;
	}
	assert_int_equal(openssl_run(directory, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem"),
			 0);
	assert_int_equal(openssl_run(directory, "ec -in key.pem -pubout -conv_form compressed -out public.pem"), 0);
	assert_true(file_get(directory, "public.pem", &public_pem));
	spec.key = NULL;
	spec.public_key = buf_bytes(&public_pem);
	return pki_issue(&spec);
}

/* Agreement, derivation and unwrapping, each by a command of the openssl program. */
static void open_agreed(const char *kind, enum wrap_alg alg, size_t originator_size, unsigned kek_bytes,
			const char *info)
{
	arena_auto arena = arena_new(1 << 20);
	char *directory = pki_directory_new();
	char shared[100], kek[100], opened[100], salt[100], info_hex[100];
	uint8_t key[32];
	buf_auto text = { 0 };
	pki_auto root = pki_issue(&(struct pki_spec){ .subject = "/CN=root", .authority = true });
	pki_auto recipient = recipient_new(directory, kind, root);
	struct wrapped_key wrapped = { .alg = alg, .kek_bytes = kek_bytes, .info = bytes_of(info) };

	buf_init(&text, 1000);
	assert_int_equal(
		key_wrap(arena, pki_cert(recipient), octets(content_key_hex, key, sizeof(key)), &wrapped, NULL), OK);
	assert_int_equal(wrapped.originator.size, originator_size);
	assert_int_equal(wrapped.salt.size, 16);
	file_put(directory, "originator.der", wrapped.originator);
	file_put(directory, "wrapped", wrapped.wrapped);
	file_put(directory, "salt", wrapped.salt);
	file_put(directory, "info", wrapped.info);
	get_hex(directory, "salt", salt, sizeof(salt));
	get_hex(directory, "info", info_hex, sizeof(info_hex));

	assert_int_equal(openssl_run(directory, "pkey -pubin -inform DER -in originator.der -out originator.pem"), 0);
	assert_int_equal(openssl_run(directory, "pkeyutl -derive -inkey key.pem -peerkey originator.pem -out shared"),
			 0);
	get_hex(directory, "shared", shared, sizeof(shared));
	assert_int_equal(
		openssl_run(
			directory,
			"kdf -binary -out kek -keylen %u -kdfopt digest:SHA256 -kdfopt hexkey:%s -kdfopt hexsalt:%s %s%s HKDF",
			kek_bytes, shared, salt, *info ? "-kdfopt hexinfo:" : "", info_hex),
		0);
	get_hex(directory, "kek", kek, sizeof(kek));
	assert_int_equal(openssl_run(directory,
				     "enc -d -id-aes%u-wrap -K %s -iv A6A6A6A6A6A6A6A6 -in wrapped -out opened",
				     kek_bytes * 8, kek),
			 0);
	get_hex(directory, "opened", opened, sizeof(opened));
	assert_string_equal(opened, content_key_hex);
	pki_directory_free(directory);
}

/* Sizes of SubjectPublicKeyInfo: RFC 8410 §4, RFC 5480 §2 with an uncompressed point. */
static void a_key_wrapped_by_agreement_opens_in_the_openssl_program(void **state)
{
	(void)state;
	open_agreed("x25519", WRAP_X25519_HKDF_AES, 44, 16, "");
	open_agreed("x25519", WRAP_X25519_HKDF_AES, 44, 32, "lintas");
	open_agreed("p256", WRAP_P256_HKDF_AES, 91, 16, "lintas");
	open_agreed("p256", WRAP_P256_HKDF_AES, 91, 32, "");
	open_agreed("p256-compressed", WRAP_P256_HKDF_AES, 91, 16, "");
}

static void a_key_is_not_wrapped_for_a_certificate_of_another_kind(void **state)
{
	(void)state;
	static const enum wrap_alg algs[] = { WRAP_RSA_OAEP, WRAP_X25519_HKDF_AES };
	arena_auto arena = arena_new(1 << 20);
	pki_auto recipient = pki_issue(&(struct pki_spec){ .subject = "/CN=p256", .key = "p256" });
	uint8_t key[16] = { 0 };
	struct err err;

	for (size_t i = 0; i < COUNT(algs); i++) {
		struct wrapped_key wrapped = { .alg = algs[i], .kek_bytes = 16 };
		assert_int_equal(key_wrap(arena, pki_cert(recipient), bytes(key, 16), &wrapped, &err), ERR_KEY);
		assert_null(wrapped.wrapped.data);
	}
	struct wrapped_key wrapped = { .alg = WRAP_P256_HKDF_AES, .kek_bytes = 24 };
	assert_int_equal(key_wrap(arena, pki_cert(recipient), bytes(key, 16), &wrapped, &err), ERR_INTERNAL);
	wrapped.kek_bytes = 16;
	assert_int_equal(key_wrap(arena, pki_cert(recipient), bytes(key, 15), &wrapped, &err), ERR_INTERNAL);
	arena_auto small = arena_new(8);
	assert_int_equal(key_wrap(small, pki_cert(recipient), bytes(key, 16), &wrapped, &err), ERR_MEMORY);
	assert_null(wrapped.wrapped.data);
}

/* --- A published message of xmlsec, opened with a key directory --- */

/* PKCS#8 of an X25519 key, RFC 8410 §7. */
#define X25519_PRIVATE_HEAD "302e020100300506032b656e04220420"

static void put_private_key(const char *directory, struct bytes raw)
{
	uint8_t head[16];
	buf_auto pem = { 0 };
	buf_auto der = { 0 };

	buf_init(&der, 100);
	buf_init(&pem, 1000);
	buf_put_bytes(&der, octets(X25519_PRIVATE_HEAD, head, sizeof(head)));
	buf_put_bytes(&der, raw);
	buf_puts(&pem, "-----BEGIN PRIVATE KEY-----\n");
	base64_put(&pem, buf_bytes(&der));
	buf_puts(&pem, "\n-----END PRIVATE KEY-----\n");
	file_put(directory, "key.pem", buf_bytes(&pem));
}

/* The directory as keystore_new and keystore_install leave it, with this private key. */
static char *keystore_with(struct bytes raw)
{
	char entry[512];
	char *directory = pki_directory_new();
	buf_auto public_pem = { 0 };
	buf_auto cert_pem = { 0 };
	pki_auto root = pki_issue(&(struct pki_spec){ .subject = "/CN=root", .authority = true });

	buf_init(&public_pem, 65536);
	buf_init(&cert_pem, 65536);
	snprintf(entry, sizeof(entry), "%s/decrypt-1", directory);
	assert_int_equal(mkdir(entry, 0700), 0);
	put_private_key(entry, raw);
	file_put(entry, "status", bytes_of("pending x25519\n"));
	snprintf(entry, sizeof(entry), "%s/decrypt-1/key.pem", directory);
	assert_int_equal(chmod(entry, 0600), 0);
	assert_int_equal(keystore_public(directory, "decrypt-1", &public_pem, NULL), OK);
	pki_auto leaf = pki_issue(
		&(struct pki_spec){ .subject = "/CN=recipient", .issuer = root, .public_key = buf_bytes(&public_pem) });
	pki_cert_pem(leaf, &cert_pem);
	assert_int_equal(keystore_install(directory, "decrypt-1", buf_bytes(&cert_pem), NULL), OK);
	return directory;
}

/* X25519, HKDF-SHA256 with the salt of the file, AES-256 key wrap, AES-128-GCM. The originator's public key is named in
 * the file
 * ("originator-key-name") and published beside it as xdh-x25519-first-pubkey.pem. */
static void xmlsecs_message_for_x25519_opens(void **state)
{
	(void)state;
	static const char originator_base64[] = "MCowBQYDK2VuAyEAHOehiXYHNLPexJK+tOfFPg7+2lL9CmbY+f31kAL4uhg=";
	buf_auto file = { 0 };
	buf_auto plain = { 0 };
	buf_auto raw_hex = { 0 };
	buf_auto out = { 0 };
	uint8_t raw[32], key[CONTENT_KEY_MAX];
	struct wrapped_key wrapped = { .alg = WRAP_X25519_HKDF_AES, .kek_bytes = 32 };
	struct keys *keys = NULL;
	size_t size = 0;
	bool good = false;

	buf_init(&file, 65536);
	buf_init(&plain, 65536);
	buf_init(&raw_hex, 65536);
	buf_init(&out, 65536);
	sample_get("crypto-vectors/enc_xdh_x25519_hkdf_sha256_kw_aes256_aes128gcm.xml", &file);
	sample_get("crypto-vectors/enc_xdh_x25519_hkdf_sha256_kw_aes256_aes128gcm.data", &plain);
	sample_get("crypto-vectors/xdh-x25519-second-key.hex", &raw_hex);
	arena_auto arena = arena_new(1 << 20);
	raw_hex.data[64] = '\0'; /* without the end of the line */
	char *directory = keystore_with(octets(buf_text(&raw_hex), raw, sizeof(raw)));

	wrapped.salt = base64_between(arena, buf_bytes(&file), "<dsig-more:Salt>", "</dsig-more:Salt>");
	wrapped.wrapped = base64_between(arena, buf_bytes(&file), "<xenc:CipherValue>", "</xenc:CipherValue>");
	assert_true(base64_parse(arena, bytes_of(originator_base64), &wrapped.originator));
	assert_int_equal(keys_open(directory, &keys, NULL), OK);
	assert_int_equal(keys_unwrap(keys, "decrypt-1", &wrapped, key, &size, &good, NULL), OK);
	assert_true(good);
	assert_int_equal(size, 16);

	const char *content = strstr(strstr(buf_text(&file), "</xenc:EncryptedKey>"), "<xenc:CipherData>");
	struct bytes sealed = base64_between(arena, bytes_of(content), "<xenc:CipherValue>", "</xenc:CipherValue>");
	assert_int_equal(content_decrypt(CONTENT_AES128_GCM, key, sealed, &out, &good, NULL), OK);
	assert_true(good);
	/* EncryptedData of Type Element: the element alone, so that the file's XML declaration and last line end are
	 * not in it. */
	assert_true(out.size > 200);
	assert_non_null(memmem(plain.data, plain.size, out.data, out.size));
	keys_free(keys);
	pki_directory_free(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_gcm_cases_open),
		cmocka_unit_test(no_changed_octet_opens_and_nothing_is_shown),
		cmocka_unit_test(content_comes_back_and_no_iv_comes_twice),
		cmocka_unit_test(content_beyond_the_buffers_bound_is_refused),
		cmocka_unit_test(a_key_wrapped_with_rsa_oaep_opens_in_the_openssl_program),
		cmocka_unit_test(a_key_wrapped_by_agreement_opens_in_the_openssl_program),
		cmocka_unit_test(a_key_is_not_wrapped_for_a_certificate_of_another_kind),
		cmocka_unit_test(xmlsecs_message_for_x25519_opens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
