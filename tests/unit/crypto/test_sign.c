#include "../unit.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "pki.h"
#include "support.h"

/* A certificate for the public key whose SubjectPublicKeyInfo is SPKI; anybody may have issued it. */
static struct pki *certificate_for(struct bytes spki)
{
	buf_auto pem = { 0 };
	pki_auto root = pki_issue(&(struct pki_spec){ .subject = "/CN=root", .authority = true });

	buf_init(&pem, 65536);
	buf_puts(&pem, "-----BEGIN PUBLIC KEY-----\n");
	base64_put(&pem, spki);
	buf_puts(&pem, "\n-----END PUBLIC KEY-----\n");
	return pki_issue(&(struct pki_spec){ .subject = "/CN=signer", .issuer = root, .public_key = buf_bytes(&pem) });
}

static bool verifies(enum sig_alg alg, const struct pki *signer, struct bytes data, struct bytes signature)
{
	bool good = true;
	struct err err = { 0 };

	assert_int_equal(signature_verify(alg, pki_cert(signer), data, signature, &good, &err), OK);
	return good;
}

/* SubjectPublicKeyInfo heads: RFC 8410 §4, RFC 5480 §2. */
#define ED25519_HEAD "302a300506032b6570032100"
#define P256_HEAD    "3059301306072a8648ce3d020106082a8648ce3d03010703420004"

/* RFC 8032 §7.1, test 2. */
static void the_ed25519_signature_of_rfc_8032_verifies(void **state)
{
	(void)state;
	uint8_t key[64], signature[80], message[4];
	struct bytes spki = octets(ED25519_HEAD "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", key,
				   sizeof(key));
	struct bytes value = octets("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
				    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
				    signature, sizeof(signature));
	pki_auto signer = certificate_for(spki);

	assert_true(verifies(SIG_ED25519, signer, octets("72", message, sizeof(message)), value));
	assert_false(verifies(SIG_ED25519, signer, octets("73", message, sizeof(message)), value));
}

#define R_OF_SAMPLE "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
#define S_OF_SAMPLE "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"

static struct pki *signer_of_rfc_6979(void)
{
	uint8_t key[100];

	return certificate_for(octets(P256_HEAD "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
						"7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
				      key, sizeof(key)));
}

/* RFC 6979 appendix A.2.5, SHA-256, message "sample": r and s as XML Signature writes them. */
static void the_ecdsa_signature_of_rfc_6979_verifies_as_r_and_s(void **state)
{
	(void)state;
	uint8_t raw[64], longer[80];
	struct bytes value = octets(R_OF_SAMPLE S_OF_SAMPLE, raw, sizeof(raw));
	pki_auto signer = signer_of_rfc_6979();

	assert_true(verifies(SIG_ECDSA_P256_SHA256, signer, bytes_of("sample"), value));
	assert_false(verifies(SIG_ECDSA_P256_SHA256, signer, bytes_of("sampled"), value));
	/* The same as DER is another format: XML Signature 1.1 §6.4.3 does not know it. */
	assert_false(verifies(SIG_ECDSA_P256_SHA256, signer, bytes_of("sample"),
			      octets("3046022100" R_OF_SAMPLE "022100" S_OF_SAMPLE, longer, sizeof(longer))));
	assert_false(verifies(SIG_ECDSA_P256_SHA256, signer, bytes_of("sample"), bytes(raw, 63)));
	assert_false(verifies(SIG_ECDSA_P256_SHA256, signer, bytes_of("sample"),
			      octets(R_OF_SAMPLE S_OF_SAMPLE "00", longer, sizeof(longer))));
	assert_false(verifies(SIG_ECDSA_P256_SHA256, signer, bytes_of("sample"), bytes(NULL, 0)));
}

static void no_changed_octet_of_a_signature_passes(void **state)
{
	(void)state;
	uint8_t raw[64];
	struct bytes value = octets(R_OF_SAMPLE S_OF_SAMPLE, raw, sizeof(raw));
	pki_auto signer = signer_of_rfc_6979();

	for (size_t i = 0; i < sizeof(raw); i++) {
		raw[i] ^= 0x01U;
		assert_false(verifies(SIG_ECDSA_P256_SHA256, signer, bytes_of("sample"), value));
		raw[i] ^= 0x01U;
	}
	memset(raw, 0, sizeof(raw)); /* CVE-2022-21449 */
	assert_false(verifies(SIG_ECDSA_P256_SHA256, signer, bytes_of("sample"), value));
}

static void an_algorithm_does_not_take_another_kind_of_key(void **state)
{
	(void)state;
	uint8_t raw[64];
	struct bytes value = octets(R_OF_SAMPLE S_OF_SAMPLE, raw, sizeof(raw));
	pki_auto p256 = signer_of_rfc_6979();
	pki_auto p384 = pki_issue(&(struct pki_spec){ .subject = "/CN=other", .key = "p384" });
	static const enum sig_alg others[] = { SIG_RSA_SHA256, SIG_RSA_SHA384, SIG_RSA_SHA512, SIG_ED25519,
					       SIG_RSA_SHA1 };

	for (size_t i = 0; i < COUNT(others); i++) {
		assert_int_not_equal(sig_alg_key(others[i]), KEY_KIND_P256);
		assert_false(verifies(others[i], p256, bytes_of("sample"), value));
	}
	assert_int_equal(sig_alg_key(SIG_ECDSA_P256_SHA256), KEY_KIND_P256);
	assert_false(verifies(SIG_ECDSA_P256_SHA256, p384, bytes_of("sample"), value));
}

/* RSA by `openssl dgst -sign`. */
static void rsa_signatures_of_the_openssl_program_verify(void **state)
{
	(void)state;
	static const struct {
		enum sig_alg alg;
		const char *digest;
	} rows[] = {
		{ SIG_RSA_SHA256, "sha256" },
		{ SIG_RSA_SHA384, "sha384" },
		{ SIG_RSA_SHA512, "sha512" },
		{ SIG_RSA_SHA1, "sha1" },
	};
	char *directory = pki_directory_new();
	buf_auto key = { 0 };
	pki_auto signer = pki_issue(&(struct pki_spec){ .subject = "/CN=rsa", .key = "rsa-2048" });

	buf_init(&key, 65536);
	pki_key_pem(signer, &key);
	file_put(directory, "key.pem", buf_bytes(&key));
	file_put(directory, "data", bytes_of("signed elsewhere"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_auto value = { 0 };
		buf_init(&value, 4096);
		assert_int_equal(openssl_run(directory, "dgst -%s -sign key.pem -out value data", rows[i].digest), 0);
		assert_true(file_get(directory, "value", &value));
		for (size_t k = 0; k < COUNT(rows); k++)
			assert_int_equal(verifies(rows[k].alg, signer, bytes_of("signed elsewhere"), buf_bytes(&value)),
					 i == k);
		assert_false(
			verifies(rows[i].alg, signer, bytes_of("signed elsewhere"), bytes(value.data, value.size - 1)));
	}
	/* PSS is another algorithm. */
	buf_auto value = { 0 };
	buf_init(&value, 4096);
	assert_int_equal(
		openssl_run(directory, "dgst -sha256 -sigopt rsa_padding_mode:pss -sign key.pem -out value data"), 0);
	assert_true(file_get(directory, "value", &value));
	assert_false(verifies(SIG_RSA_SHA256, signer, bytes_of("signed elsewhere"), buf_bytes(&value)));
	pki_directory_free(directory);
}

/* Apache Santuario's Ed25519 signatures. SignedInfo stands in the file as exclusive canonicalisation leaves it, but for
 * the namespace declaration that the element inherits; so does the Assertion as inclusive does. */
static void must_verify_but_for_the_digest(const char *file_name, bool digest_is_right)
{
	static const char begin[] = "<ds:SignedInfo>", end[] = "</ds:SignedInfo>";
	static const char assertion[] = "<Assertion", assertion_end[] = "</Assertion>";
	buf_auto file = { 0 };
	buf_auto info = { 0 };
	buf_auto content = { 0 };
	uint8_t digest[DIGEST_MAX];
	cert_auto cert = NULL;
	bool good = false;

	buf_init(&file, 65536);
	buf_init(&info, 65536);
	buf_init(&content, 65536);
	sample_get(file_name, &file);
	arena_auto arena = arena_new(1 << 20);
	const char *from = strstr(buf_text(&file), begin), *to = strstr(buf_text(&file), end);
	assert_true(from && to);
	buf_puts(&info, "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">");
	buf_put(&info, from + strlen(begin), (size_t)(to - from) - strlen(begin) + strlen(end));
	struct bytes value = base64_between(arena, buf_bytes(&file), "<ds:SignatureValue>", "</ds:SignatureValue>");
	struct bytes der = base64_between(arena, buf_bytes(&file), "<ds:X509Certificate>", "</ds:X509Certificate>");
	assert_int_equal(cert_parse(der, &cert, NULL), OK);
	assert_int_equal(cert_key_kind(cert), KEY_KIND_ED25519);
	assert_int_equal(signature_verify(SIG_ED25519, cert, buf_bytes(&info), value, &good, NULL), OK);
	assert_true(good);
	info.data[info.size / 2] ^= 0x01U;
	assert_int_equal(signature_verify(SIG_ED25519, cert, buf_bytes(&info), value, &good, NULL), OK);
	assert_false(good);

	from = strstr(buf_text(&file), assertion), to = strstr(buf_text(&file), assertion_end);
	assert_true(from && to);
	buf_puts(&content, "<Assertion xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"");
	buf_put(&content, from + strlen(assertion), (size_t)(to - from) - strlen(assertion) + strlen(assertion_end));
	assert_int_equal(digest_of(DIGEST_SHA1, buf_bytes(&content), digest, NULL), OK);
	assert_int_equal(bytes_same(bytes(digest, digest_size(DIGEST_SHA1)),
				    base64_between(arena, buf_bytes(&file), "<ds:DigestValue>", "</ds:DigestValue>")),
			 digest_is_right);
}

static void santuarios_ed25519_signature_verifies(void **state)
{
	(void)state;
	must_verify_but_for_the_digest("crypto-vectors/envelopingSignatureEd25519.xml", true);
}

/* Provenance: "SignatureValue verifies, the Reference digest must fail". */
static void santuarios_altered_content_has_another_digest_than_was_signed(void **state)
{
	(void)state;
	must_verify_but_for_the_digest("crypto-vectors/envelopingInvalidSignatureEd25519.xml", false);
}

/* xmlsec's Ed25519 signature with DEREncodedKeyValue; inclusive C14N 1.0 opens the empty elements. */
static void xmlsecs_ed25519_signature_verifies(void **state)
{
	(void)state;
	static const char begin[] = "<SignedInfo>", end[] = "</SignedInfo>";
	buf_auto file = { 0 };
	buf_auto info = { 0 };

	buf_init(&file, 65536);
	buf_init(&info, 65536);
	sample_get("crypto-vectors/enveloping-sha256-eddsa-ed25519-der-encoded-key-value.xml", &file);
	arena_auto arena = arena_new(1 << 20);
	const char *from = strstr(buf_text(&file), begin), *to = strstr(buf_text(&file), end);
	assert_true(from && to);
	buf_puts(&info, "<SignedInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">");
	const char *open = NULL; /* the element that was opened last */
	for (const char *at = from + strlen(begin); at < to + strlen(end); at++) {
		if (*at == '<')
			open = at + 1;
		if (at[0] == '/' && at[1] == '>') {
			buf_puts(&info, "></");
			buf_put(&info, open, strcspn(open, " >"));
		} else {
			buf_putc(&info, *at);
		}
	}
	struct bytes value = base64_between(arena, buf_bytes(&file), "<SignatureValue>", "</SignatureValue>");
	pki_auto signer = certificate_for(base64_between(arena, buf_bytes(&file),
							 "xmlns:dsig11=\"http://www.w3.org/2009/xmldsig11#\">",
							 "</dsig11:DEREncodedKeyValue>"));
	assert_true(verifies(SIG_ED25519, signer, buf_bytes(&info), value));
	info.data[info.size / 2] ^= 0x01U;
	assert_false(verifies(SIG_ED25519, signer, buf_bytes(&info), value));
}

/* So that whatever is collected next is tested, or it is said why not. */
static void every_collected_vector_is_accounted_for(void **state)
{
	static const struct {
		const char *file, *how;
	} rows[] = {
		{ "envelopingSignatureEd25519.xml", "here" },
		{ "envelopingInvalidSignatureEd25519.xml", "here" },
		{ "enveloping-sha256-eddsa-ed25519-der-encoded-key-value.xml", "here" },
		{ "enc_xdh_x25519_hkdf_sha256_kw_aes256_aes128gcm.xml", "test_encrypt.c" },
		{ "enc_xdh_x25519_hkdf_sha256_kw_aes256_aes128gcm.data", "test_encrypt.c" },
		{ "xdh-x25519-second-key.hex", "test_encrypt.c" },
		{ "enc_ecdh_p256_hkdf_sha256_kw_aes256_aes128gcm.xml", "not tested: the recipient's key is not there" },
		{ "enc_ecdh_p256_hkdf_sha256_kw_aes256_aes128gcm.data", "not tested: the plain text of that one" },
	};
	char directory[512], path[600];
	size_t without = 0;
	const struct dirent *entry;

	(void)state;
	snprintf(path, sizeof(path), "%s/crypto-vectors", samples(directory, sizeof(directory)));
	for (size_t i = 0; i < COUNT(rows); i++) {
		char file[800];
		snprintf(file, sizeof(file), "%s/%s", path, rows[i].file);
		if (access(file, R_OK) != 0)
			fail_msg("%s is not there (%s)", file, rows[i].how);
	}
	DIR *folder = opendir(path);
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		size_t i = 0;
		while (i < COUNT(rows) && !same(rows[i].file, entry->d_name))
			i++;
		if (i < COUNT(rows) || entry->d_name[0] == '.')
			continue;
		print_error("%s/%s has no row: test it, and say here where, or why not\n", path, entry->d_name);
		without++;
	}
	closedir(folder);
	assert_int_equal(without, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ed25519_signature_of_rfc_8032_verifies),
		cmocka_unit_test(the_ecdsa_signature_of_rfc_6979_verifies_as_r_and_s),
		cmocka_unit_test(no_changed_octet_of_a_signature_passes),
		cmocka_unit_test(an_algorithm_does_not_take_another_kind_of_key),
		cmocka_unit_test(rsa_signatures_of_the_openssl_program_verify),
		cmocka_unit_test(santuarios_ed25519_signature_verifies),
		cmocka_unit_test(santuarios_altered_content_has_another_digest_than_was_signed),
		cmocka_unit_test(xmlsecs_ed25519_signature_verifies),
		cmocka_unit_test(every_collected_vector_is_accounted_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
