#include "../unit.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/text.h"
#include "pki.h"
#include "support.h"

/* A certificate that was issued elsewhere, by AS4.NET's authors; the values were read with `openssl x509 -text`, and
 * the fingerprint is that of the sample's provenance. */
static void a_certificate_of_another_stack_is_read(void **state)
{
	(void)state;
	buf_auto der = { 0 };
	buf_auto ski = { 0 };
	cert_auto cert = NULL;

	buf_init(&der, 65536);
	buf_init(&ski, 100);
	sample_get("keys/AccessPointA.cer", &der);
	assert_int_equal(cert_parse(buf_bytes(&der), &cert, NULL), OK);
	assert_true(starts_with(cert_fingerprint(cert), "cbc0ea2a586b8244"));
	assert_string_equal(cert_subject(cert), "CN=AccessPointA");
	assert_string_equal(cert_issuer(cert), "CN=AccessPointA");
	assert_string_equal(cert_serial(cert), "8207205864034169939");
	assert_int_equal(cert_key_kind(cert), KEY_KIND_RSA);
	assert_int_equal(cert_key_bits(cert), 2048);
	assert_int_equal(cert_not_before_us(cert), date_of(2016, 11, 15) * DAY_US);
	assert_int_equal(cert_not_after_us(cert), date_of(2066, 11, 15) * DAY_US);
	hex_put(&ski, cert_ski(cert));
	assert_string_equal(buf_text(&ski), "55d8b515ea0a7adc2f11894daaf6fda943c08a7b");
	assert_true(cert_issuer_matches(cert, "CN=AccessPointA"));
	assert_true(bytes_same(cert_der(cert), buf_bytes(&der)));
}

static void kinds_of_keys_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *key;
		enum key_kind kind;
		unsigned bits;
	} rows[] = {
		{ "rsa-1024", KEY_KIND_RSA, 1024 },
		{ "p256", KEY_KIND_P256, 256 },
		{ "p384", KEY_KIND_OTHER, 384 },
		{ "ed25519", KEY_KIND_ED25519, 256 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		pki_auto pki = pki_issue(&(struct pki_spec){ .subject = "/CN=key", .key = rows[i].key });
		assert_int_equal(cert_key_kind(pki_cert(pki)), rows[i].kind);
		assert_int_equal(cert_key_bits(pki_cert(pki)), rows[i].bits);
	}
	pki_auto authority = pki_issue(&(struct pki_spec){ .subject = "/CN=root", .authority = true });
	pki_auto agreement =
		pki_issue(&(struct pki_spec){ .subject = "/CN=key", .key = "x25519", .issuer = authority });
	assert_int_equal(cert_key_kind(pki_cert(agreement)), KEY_KIND_X25519);
}

static void pem_and_der_are_the_same_certificate(void **state)
{
	(void)state;
	buf_auto pem = { 0 };
	cert_auto cert = NULL;
	pki_auto pki = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=one" });

	buf_init(&pem, 65536);
	buf_puts(&pem, "What people write above it is no part of it.\n");
	pki_cert_pem(pki, &pem);
	assert_int_equal(cert_parse(buf_bytes(&pem), &cert, NULL), OK);
	assert_string_equal(cert_fingerprint(cert), cert_fingerprint(pki_cert(pki)));
}

static void refused(struct bytes text, enum err_code code)
{
	struct cert *cert = NULL;
	struct err err = { 0 };

	assert_int_equal(cert_parse(text, &cert, &err), code);
	assert_null(cert);
	assert_true(err.text[0] != '\0');
}

static void two_certificates_are_not_one(void **state)
{
	(void)state;
	buf_auto pem = { 0 };
	pki_auto pki = pki_issue(&(struct pki_spec){ .subject = "/CN=one" });

	buf_init(&pem, 65536);
	pki_cert_pem(pki, &pem);
	pki_cert_pem(pki, &pem);
	refused(buf_bytes(&pem), ERR_LIMIT);
}

static void a_private_key_is_no_certificate(void **state)
{
	(void)state;
	buf_auto pem = { 0 };
	pki_auto pki = pki_issue(&(struct pki_spec){ .subject = "/CN=one" });

	buf_init(&pem, 65536);
	pki_key_pem(pki, &pem);
	refused(buf_bytes(&pem), ERR_SYNTAX);
}

static void whatever_is_cut_or_has_more_is_refused(void **state)
{
	(void)state;
	buf_auto longer = { 0 };
	pki_auto pki = pki_issue(&(struct pki_spec){ .subject = "/CN=one" });
	struct bytes der = cert_der(pki_cert(pki));

	for (size_t size = 0; size < der.size; size++) {
		uint8_t *cut = test_malloc(size + 1); /* exactly so large that a sanitizer sees the octet too many */
		memcpy(cut, der.data, size);
		refused(bytes(cut, size), ERR_SYNTAX);
		test_free(cut);
	}
	buf_init(&longer, 65536);
	buf_put_bytes(&longer, der);
	buf_putc(&longer, '\0');
	refused(buf_bytes(&longer), ERR_SYNTAX);
	refused(bytes_of("not a certificate"), ERR_SYNTAX);
	refused(bytes(NULL, 0), ERR_SYNTAX);
}

static void the_cache_gives_the_same_certificate_again(void **state)
{
	(void)state;
	cert_auto first = NULL;
	cert_auto second = NULL;
	pki_auto pki = pki_issue(&(struct pki_spec){ .subject = "/CN=cached" });

	assert_int_equal(cert_cached(cert_der(pki_cert(pki)), &first, NULL), OK);
	assert_int_equal(cert_cached(cert_der(pki_cert(pki)), &second, NULL), OK);
	assert_ptr_equal(first, second);
	assert_string_equal(cert_fingerprint(first), cert_fingerprint(pki_cert(pki)));
}

static void more_certificates_than_the_cache_holds_are_read_all_the_same(void **state)
{
	(void)state;
	cert_auto held = NULL;
	pki_auto root = pki_issue(&(struct pki_spec){ .subject = "/CN=many", .authority = true });

	assert_int_equal(cert_cached(cert_der(pki_cert(root)), &held, NULL), OK);
	for (int i = 0; i < 600; i++) {
		cert_auto cert = NULL;
		pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=leaf", .issuer = root });
		assert_int_equal(cert_cached(cert_der(pki_cert(leaf)), &cert, NULL), OK);
		assert_string_equal(cert_fingerprint(cert), cert_fingerprint(pki_cert(leaf)));
	}
	assert_string_equal(cert_subject(held), "CN=many"); /* whoever holds one keeps it */
}

static void what_cannot_be_read_is_not_cached(void **state)
{
	(void)state;
	struct cert *cert = NULL;
	struct err err;

	assert_int_equal(cert_cached(bytes_of("0\x82rubbish"), &cert, &err), ERR_SYNTAX);
	assert_null(cert);
}

/* One issuer as Java, .NET, OpenSSL, RFC 2253 and RFC 4514 write it; 2.5.4.97 is the attribute that broke Bouncy
 * Castle. */
static void an_issuer_is_known_however_it_is_written(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"CN=Root \\+ Co\\, Ltd,2.5.4.97=VATVN-0100,O=T\xe1\xbb\x95ng c\xe1\xbb\xa5"
		"c,C=VN",
		"CN=\"Root + Co, Ltd\", organizationIdentifier=VATVN-0100, O=T\xe1\xbb\x95ng c\xe1\xbb\xa5"
		"c, C=VN",
		"cn = Root \\2b Co\\2C Ltd ; OID.2.5.4.97=VATVN-0100;o=T\\E1\\BB\\95ng c\\e1\\bb\\a5c;c=VN",
		/* the value of 2.5.4.97 as DER: UTF8String, then PrintableString */
		"CN=Root \\+ Co\\, Ltd,2.5.4.97=#0c0a56415456"
		"4e2d30313030,O=T\xe1\xbb\x95ng c\xe1\xbb\xa5"
		"c,C=VN",
		"CN=Root \\+ Co\\, Ltd,2.5.4.97=#130a56415456"
		"4e2d30313030,O=T\xe1\xbb\x95ng c\xe1\xbb\xa5"
		"c,C=VN",
		"CN=root  \\+  co\\, ltd,ORGANIZATIONIDENTIFIER=vatvn-0100,O=T\xe1\xbb\x95ng c\xe1\xbb\xa5"
		"c,C=vn",
	};
	pki_auto root = pki_issue(&(struct pki_spec){
		.subject = "/C=VN/O=T\xe1\xbb\x95ng c\xe1\xbb\xa5"
			   "c/organizationIdentifier=VATVN-0100/CN=Root + Co, Ltd",
		.authority = true,
	});

	for (size_t i = 0; i < COUNT(texts); i++) {
		print_message("%s\n", texts[i]);
		assert_true(cert_issuer_matches(pki_cert(root), texts[i]));
	}
	/* What we write ourselves is read again. */
	assert_true(cert_issuer_matches(pki_cert(root), cert_issuer(pki_cert(root))));
}

static void another_name_is_another_issuer(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"CN=Root",
		"C=VN,O=Customs,CN=Root", /* the order of the DER, not of RFC 4514 */
		"CN=Root,O=Customs",
		"CN=Root,O=Customs,C=VN,C=VN",
		"CN=Root+O=Customs,C=VN",
		"CN=Root,O=Customs,C=TH",
		"CN=Root,OU=Customs,C=VN",
		"CN=Root,O=Customs,C=VN,",
		"CN=Root,O=Customs,C=VN\\",
		"CN=\"Root,O=Customs,C=VN",
		"CN=#zz,O=Customs,C=VN",
		"CN=#0c05526f6f74,O=Customs,C=VN", /* DER that says five octets and has four */
		"CN=Root,O=Customs,C=VN junk",
		"9.9.9=Root,O=Customs,C=VN",
		"=Root,O=Customs,C=VN",
	};
	pki_auto root = pki_issue(&(struct pki_spec){ .subject = "/C=VN/O=Customs/CN=Root", .authority = true });

	assert_true(cert_issuer_matches(pki_cert(root), "CN=Root,O=Customs,C=VN"));
	for (size_t i = 0; i < COUNT(texts); i++) {
		print_message("%s\n", texts[i]);
		assert_false(cert_issuer_matches(pki_cert(root), texts[i]));
	}
	assert_false(cert_issuer_matches(pki_cert(root), NULL));
}

/* Sizes and numbers beyond the parser's bounds. */
/* RFC 9525 6.3: dNSName and iPAddress of the subjectAltName, a "*" for one label; the subject's CN is no name. */
static void a_host_is_named_by_the_subject_alt_name_alone(void **state)
{
	pki_auto named = pki_issue(&(struct pki_spec){ .subject = "/CN=cn.example",
						       .names = "DNS:asw.vn.example,DNS:*.gov.example,IP:192.0.2.7" });
	pki_auto unnamed = pki_issue(&(struct pki_spec){ .subject = "/CN=cn.example" });
	(void)state;

	assert_true(cert_names_host(pki_cert(named), "asw.vn.example"));
	assert_true(cert_names_host(pki_cert(named), "ASW.vn.example"));
	assert_true(cert_names_host(pki_cert(named), "asw.gov.example"));
	assert_false(cert_names_host(pki_cert(named), "a.asw.gov.example"));
	assert_true(cert_names_host(pki_cert(named), "192.0.2.7"));
	assert_false(cert_names_host(pki_cert(named), "192.0.2.8"));
	assert_false(cert_names_host(pki_cert(named), "cn.example"));
	assert_false(cert_names_host(pki_cert(unnamed), "cn.example"));
}

/* Of several authorities one after another, as in a file by which TLS is believed. */
static void who_issued_a_certificate_is_found_among_others(void **state)
{
	pki_auto one = pki_issue(&(struct pki_spec){ .subject = "/CN=authority", .authority = true });
	pki_auto other = pki_issue(&(struct pki_spec){ .subject = "/CN=authority", .authority = true });
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=leaf", .issuer = other });
	struct err err;
	bool issued = true;
	buf_auto text;
	(void)state;

	buf_init(&text, 1 << 16);
	pki_cert_pem(one, &text); /* of the same name, with another key */
	assert_int_equal(cert_issued_among(pki_cert(leaf), buf_bytes(&text), &issued, &err), OK);
	assert_false(issued);
	pki_cert_pem(other, &text);
	assert_int_equal(cert_issued_among(pki_cert(leaf), buf_bytes(&text), &issued, &err), OK);
	assert_true(issued);
	assert_int_equal(cert_issued_among(pki_cert(leaf), bytes_of("none"), &issued, &err), ERR_SYNTAX);
}

static void names_without_end_are_refused(void **state)
{
	(void)state;
	buf_auto text = { 0 };
	pki_auto root = pki_issue(&(struct pki_spec){ .subject = "/CN=Root", .authority = true });

	buf_init(&text, 65536);
	buf_puts(&text, "CN=");
	for (int i = 0; i < 3000; i++)
		buf_putc(&text, 'a');
	assert_false(cert_issuer_matches(pki_cert(root), buf_text(&text)));
	buf_clear(&text);
	for (int i = 0; i < 100; i++)
		buf_puts(&text, "CN=a,");
	buf_puts(&text, "CN=a");
	assert_false(cert_issuer_matches(pki_cert(root), buf_text(&text)));
	buf_clear(&text);
	for (int i = 0; i < 100; i++)
		buf_puts(&text, "1.2.");
	buf_puts(&text, "3=a");
	assert_false(cert_issuer_matches(pki_cert(root), buf_text(&text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_of_another_stack_is_read),
		cmocka_unit_test(kinds_of_keys_are_told_apart),
		cmocka_unit_test(pem_and_der_are_the_same_certificate),
		cmocka_unit_test(two_certificates_are_not_one),
		cmocka_unit_test(a_private_key_is_no_certificate),
		cmocka_unit_test(whatever_is_cut_or_has_more_is_refused),
		cmocka_unit_test(the_cache_gives_the_same_certificate_again),
		cmocka_unit_test(more_certificates_than_the_cache_holds_are_read_all_the_same),
		cmocka_unit_test(what_cannot_be_read_is_not_cached),
		cmocka_unit_test(an_issuer_is_known_however_it_is_written),
		cmocka_unit_test(another_name_is_another_issuer),
		cmocka_unit_test(a_host_is_named_by_the_subject_alt_name_alone),
		cmocka_unit_test(who_issued_a_certificate_is_found_among_others),
		cmocka_unit_test(names_without_end_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
