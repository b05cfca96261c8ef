/* Cards. The signature is judged by an oracle of its own: Python's standard library takes the JWS apart (RFC 7515
 * §7.2.2) and OpenSSL's command verifies it. Which card is refused for what follows from docs/onboarding.md, RFC 7515
 * and the rules' own law; bad ones are made here by signing what is wrong. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "messaging/jws_int.h"
#include "messaging/messaging_int.h"

#define US   "urn:our:party"
#define THEY "urn:their:party"

static void must_be_ok(enum err_code code, const struct err *err)
{
	if (code != OK)
		fail_msg("%s", err->text);
}

static const char *base64_of(struct cert *cert)
{
	buf_auto out;

	buf_init(&out, 65536);
	base64_put(&out, cert_der(cert));
	return arena_text(world.arena, buf_text(&out));
}

/* A card that is right, of TH, which speaks the RSA profile; its rows are a test's to change. */
struct sample {
	struct card card;
	struct card_party party;
	struct card_endpoint endpoints[2];
	struct card_binding bindings[2];
	struct card_certificate certificates[4];
	struct card_document documents[2];
	const struct key_info *key; /* that signs */
};

static void sample_init(struct sample *s, enum key_type type)
{
	const struct key_info *sign = world_key(&world.own, KEY_USE_SIGN, type);
	bool rsa = type == KEY_RSA_2048;
	const char *profile = rsa ? "edelivery-1.15" : type == KEY_P256 ? "ecdsa-p256" : "edelivery-2.0";
	const struct key_info *decrypt = world_recipient(&world.own, profile_find(profile));

	*s = (struct sample){
		.key = sign,
		.party = { .code = "TH", .id = THEY, .name = "Thai Customs" },
		.endpoints = { { "as4", "https://asw.th.example:8443/as4" } },
		.bindings = { { "as4", profile } },
		.certificates = { { "sign", base64_of(sign->cert) },
				  { "encrypt", base64_of(decrypt->cert) },
				  { "tls", base64_of(sign->cert) } },
		.documents = { { .type = "FORM-D",
				 .version = "1",
				 .sends = true,
				 .receives = true,
				 .from = DATE_NONE } },
	};
	s->card = (struct card){ .version = CARD_VERSION,
				 .serial = 7,
				 .issued_us = PKI_NOW - DAY_US,
				 .until_us = PKI_NOW + 100 * DAY_US,
				 .party = &s->party,
				 .endpoints = s->endpoints,
				 .endpoints_count = 1,
				 .bindings = s->bindings,
				 .bindings_count = 1,
				 .certificates = s->certificates,
				 .certificates_count = 3,
				 .documents = s->documents,
				 .documents_count = 1 };
}

static const char *sign_text(const struct key_info *key, const char *payload)
{
	struct err err = { 0 };
	buf_auto out;

	buf_init(&out, 1 << 20);
	must_be_ok(jws_put(world.keys, key, CARD_TYPE, bytes_of(payload), &out, &err), &err);
	return arena_text(world.arena, buf_text(&out));
}

static const char *payload_of(const struct sample *s)
{
	buf_auto out;

	buf_init(&out, 1 << 20);
	field_put_json(&out, &card_schema, &s->card);
	return arena_text(world.arena, buf_text(&out));
}

static const char *signed_sample(const struct sample *s)
{
	return sign_text(s->key, payload_of(s));
}

static struct card_reading reading_of(const char *text)
{
	return (struct card_reading){
		.text = bytes_of(text), .party_id = US, .held_serial = INTEGER_NONE, .now_us = PKI_NOW
	};
}

/* The codes of all findings, with a blank behind each. */
static const char *codes(const struct card_reading *reading, struct card *card)
{
	struct findings *findings = findings_new(world.arena);
	struct err err = { 0 };
	const char *list = "";

	must_be_ok(messaging_card_read(world.arena, reading, card, findings, &err), &err);
	for (size_t i = 0; findings_at(findings, i); i++)
		list = arena_printf(world.arena, "%s%s ", list, findings_at(findings, i)->rule->code);
	return list;
}

static void expect_codes(const struct card_reading *reading, const char *expected)
{
	struct card card;
	assert_string_equal(codes(reading, &card), expected);
}

static void a_card_says_to_its_reader_what_its_writer_put_in(void **state)
{
	static const enum key_type types[] = { KEY_RSA_2048, KEY_P256, KEY_ED25519 };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct sample sample;
		struct card card;
		sample_init(&sample, types[i]);
		struct card_reading reading = reading_of(signed_sample(&sample));
		assert_string_equal(codes(&reading, &card), "");
		assert_int_equal(card.serial, 7);
		assert_string_equal(card.party->id, THEY);
		assert_string_equal(card.certificates[1].certificate, sample.certificates[1].certificate);
		assert_true(card.documents[0].receives);
		assert_string_equal(card.fingerprint, cert_fingerprint(sample.key->cert));
	}
}

/* --- The oracle --- */

static int run_oracle(const char *card)
{
	char path[] = "/tmp/lintas-card-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, card, strlen(card)), (ssize_t)strlen(card));
	close(fd);
	int status = system(arena_printf(world.arena, "python3 -I '%s' '%s'", JWS_ORACLE, path));
	unlink(path);
	return status;
}

static void somebody_else_s_program_verifies_a_card_of_each_kind_of_key(void **state)
{
	static const enum key_type types[] = { KEY_RSA_2048, KEY_P256, KEY_ED25519 };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct sample sample;
		sample_init(&sample, types[i]);
		assert_int_equal(run_oracle(signed_sample(&sample)), 0);
	}
}

/* --- What is refused --- */

static const char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	if (!at)
		fail_msg("nothing to replace: %s in %s", from, text);
	return arena_printf(world.arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* In what is signed: the signature is right, the card is not. */
static const struct mutation {
	const char *from, *to, *codes;
} mutations[] = {
	{ "\"version\":1", "\"version\":2", "CARD-002 " },
	{ "\"id\":\"" THEY "\"", "\"id\":\"" US "\"", "CARD-003 " },
	{ "\"validUntil\":\"2027", "\"validUntil\":\"2026-11-01T00:00:00Z\",\"x\":\"", "FLD-" },
	{ "https://asw.th", "http://asw.th", "CARD-015 " },
	{ "https://asw.th.example:8443/as4", "https://", "CARD-015 " },
	{ "\"use\":\"tls\"", "\"use\":\"sign\"", "CARD-014 " },
	{ "\"use\":\"encrypt\"", "\"use\":\"tls\"", "CARD-014 " },
	{ "\"binding\":\"as4\",\"profile\":\"edelivery-1.15\"",
	  "\"binding\":\"ebms2\",\"profile\":\"ebms2-rsa-sha256\"", "CARD-016 " },
	{ "\"profile\":\"edelivery-1.15\"", "\"profile\":\"edelivery-9\"", "CARD-018 " },
	{ "\"serial\":7", "\"serial\":\"seven\"", "FLD-" },
	{ "\"code\":\"TH\"", "\"code\":\"Thailand\"", "FLD-" },
	{ "{\"version\"", "{\"unknown\":1,\"version\"", "FLD-" },
	{ "{\"version\"", "[\"version\"", "CARD-001 " },
};

static void each_fault_of_a_card_is_found_by_its_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mutations); i++) {
		struct sample sample;
		struct card card;
		sample_init(&sample, KEY_RSA_2048);
		const char *payload = replaced(payload_of(&sample), mutations[i].from, mutations[i].to);
		struct card_reading reading = reading_of(sign_text(sample.key, payload));
		const char *found = codes(&reading, &card);
		if (!strstr(found, mutations[i].codes))
			fail_msg("%s: \"%s\", not %s", mutations[i].to, found, mutations[i].codes);
	}
}

static void a_card_is_judged_by_the_clock(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample, KEY_RSA_2048);
	struct card_reading reading = reading_of(signed_sample(&sample));
	reading.now_us = sample.card.until_us;
	expect_codes(&reading, "CARD-005 ");
	reading.now_us = sample.card.issued_us - 4 * MINUTE_US; /* clocks differ */
	expect_codes(&reading, "");
	reading.now_us = sample.card.issued_us - 6 * MINUTE_US;
	expect_codes(&reading, "CARD-006 ");
	sample.card.until_us = sample.card.issued_us;
	reading = reading_of(signed_sample(&sample));
	expect_codes(&reading, "CARD-005 CARD-007 ");
}

static void a_card_that_is_no_newer_than_the_one_held_is_refused(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample, KEY_RSA_2048);
	struct card_reading reading = reading_of(signed_sample(&sample));
	reading.held_serial = 6;
	expect_codes(&reading, "");
	reading.held_serial = 7;
	expect_codes(&reading, "CARD-004 ");
	reading.held_serial = 8;
	expect_codes(&reading, "CARD-004 ");
}

static void a_later_card_is_believed_of_pinned_certificates_alone(void **state)
{
	struct sample sample;
	const char *pins[1];

	(void)state;
	sample_init(&sample, KEY_RSA_2048);
	struct card_reading reading = reading_of(signed_sample(&sample));
	pins[0] = cert_fingerprint(sample.key->cert);
	reading.pinned = pins;
	expect_codes(&reading, "CARD-008 ");
	reading.pinned_count = 1;
	expect_codes(&reading, "");
	pins[0] = cert_fingerprint(world_key(&world.own, KEY_USE_SIGN, KEY_P256)->cert);
	expect_codes(&reading, "CARD-008 ");
}

/* Else the fingerprint that was compared would say nothing of the keys that are then used. */
static void a_card_signed_by_a_certificate_that_is_not_in_it_is_refused(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample, KEY_RSA_2048);
	sample.key = world_key(&world.own, KEY_USE_SIGN, KEY_P256);
	struct card_reading reading = reading_of(signed_sample(&sample));
	expect_codes(&reading, "CARD-009 ");
}

static void a_fingerprint_is_compared_as_people_read_it(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample, KEY_RSA_2048);
	struct card_reading reading = reading_of(signed_sample(&sample));
	const char *whole = cert_fingerprint(sample.key->cert);
	reading.fingerprint = whole;
	expect_codes(&reading, "");
	reading.fingerprint = arena_printf(world.arena, "%.4s %.4s:%.4s-%.4s", whole, whole + 4, whole + 8, whole + 12);
	expect_codes(&reading, "");
	reading.fingerprint = arena_printf(world.arena, "%.15s", whole);
	expect_codes(&reading, "CARD-019 ");
	reading.fingerprint = arena_printf(world.arena, "%s0", whole);
	expect_codes(&reading, "CARD-019 ");
	reading.fingerprint = arena_printf(world.arena, "%.15s%c", whole, whole[15] == '0' ? '1' : '0');
	expect_codes(&reading, "CARD-010 ");
	reading.fingerprint = "0123456789abcdefg";
	expect_codes(&reading, "CARD-019 ");
}

/* --- The envelope --- */

struct forged {
	const char *header; /* JSON; %s: the certificate */
	const char *codes;
};

static const char *forge(const struct key_info *key, enum sig_alg alg, const char *header, const char *payload)
{
	buf_auto input, value, out;
	struct err err = { 0 };

	buf_init(&input, 1 << 20);
	buf_init(&value, 4096);
	buf_init(&out, 1 << 20);
	base64url_put(&input, bytes_of(header));
	size_t header_size = input.size;
	buf_putc(&input, '.');
	base64url_put(&input, bytes_of(payload));
	must_be_ok(keys_sign(world.keys, key->id, alg, buf_bytes(&input), &value, &err), &err);
	buf_printf(&out, "{\"payload\":\"%s\",\"protected\":\"%.*s\",\"signature\":\"",
		   buf_text(&input) + header_size + 1, (int)header_size, buf_text(&input));
	base64url_put(&out, buf_bytes(&value));
	buf_puts(&out, "\"}");
	return arena_text(world.arena, buf_text(&out));
}

static void a_header_that_does_not_fit_is_refused(void **state)
{
	static const struct forged rows[] = {
		{ "{\"alg\":\"RS256\",\"typ\":\"lintas-card+json\",\"x5c\":[\"%s\"]}", "" },
		{ "{\"alg\":\"RS256\",\"typ\":\"lintas-card+json\",\"kid\":\"1\",\"x5c\":[\"%s\"]}",
		  "" }, /* 4: ignored */
		{ "{\"alg\":\"none\",\"typ\":\"lintas-card+json\",\"x5c\":[\"%s\"]}", "JWS-005 " },
		{ "{\"alg\":\"HS256\",\"typ\":\"lintas-card+json\",\"x5c\":[\"%s\"]}", "JWS-005 " },
		{ "{\"alg\":\"RS512\",\"typ\":\"lintas-card+json\",\"x5c\":[\"%s\"]}", "JWS-005 " },
		{ "{\"typ\":\"lintas-card+json\",\"x5c\":[\"%s\"]}", "JWS-005 " },
		{ "{\"alg\":\"ES256\",\"typ\":\"lintas-card+json\",\"x5c\":[\"%s\"]}", "JWS-006 " },
		{ "{\"alg\":\"EdDSA\",\"typ\":\"lintas-card+json\",\"x5c\":[\"%s\"]}", "JWS-006 " },
		{ "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5c\":[\"%s\"]}", "JWS-004 " },
		{ "{\"alg\":\"RS256\",\"x5c\":[\"%s\"]}", "JWS-004 " },
		{ "{\"alg\":\"RS256\",\"typ\":\"lintas-card+json\",\"crit\":[\"b64\"],\"b64\":false,\"x5c\":[\"%s\"]}",
		  "JWS-009 " },
	};
	struct sample sample;

	(void)state;
	sample_init(&sample, KEY_RSA_2048);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *header = replaced(rows[i].header, "%s", sample.certificates[0].certificate);
		struct card_reading reading =
			reading_of(forge(sample.key, SIG_RSA_SHA256, header, payload_of(&sample)));
		expect_codes(&reading, rows[i].codes);
	}
}

static void without_its_certificate_nothing_is_verified(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"RS256\",\"typ\":\"lintas-card+json\"}",
		"{\"alg\":\"RS256\",\"typ\":\"lintas-card+json\",\"x5c\":[]}",
		"{\"alg\":\"RS256\",\"typ\":\"lintas-card+json\",\"x5c\":\"AAAA\"}",
		"{\"alg\":\"RS256\",\"typ\":\"lintas-card+json\",\"x5c\":[\"AAAA\"]}",
		"{\"alg\":\"RS256\",\"typ\":\"lintas-card+json\",\"x5c\":[\"?\"]}",
	};
	struct sample sample;

	(void)state;
	sample_init(&sample, KEY_RSA_2048);
	for (size_t i = 0; i < COUNT(headers); i++) {
		struct card_reading reading =
			reading_of(forge(sample.key, SIG_RSA_SHA256, headers[i], payload_of(&sample)));
		expect_codes(&reading, "JWS-007 ");
	}
}

static void a_changed_octet_anywhere_is_seen(void **state)
{
	static const char *const members[] = { "\"payload\":\"", "\"signature\":\"" };
	struct sample sample;

	(void)state;
	sample_init(&sample, KEY_P256);
	const char *good = signed_sample(&sample);
	for (size_t i = 0; i < COUNT(members); i++) {
		struct card card;
		char *bad = arena_text(world.arena, good);
		char *at = strstr(bad, members[i]) + strlen(members[i]) + 40;
		*at = *at == 'A' ? 'B' : 'A';
		struct card_reading reading = reading_of(bad);
		assert_non_null(strstr(codes(&reading, &card), "JWS-008 "));
	}
}

static void what_is_no_signed_json_is_refused(void **state)
{
	static const struct {
		const char *text, *codes;
	} rows[] = {
		{ "", "JWS-001 " },
		{ "<CollaborationProtocolAgreement/>", "JWS-001 " },
		{ "{\"payload\":\"e30\",\"protected\":\"e30\"}", "FLD-" },
		{ "{\"payload\":\"e30=\",\"protected\":\"e30\",\"signature\":\"AA\"}", "JWS-002 " },
		{ "{\"payload\":\"e30\",\"protected\":\"AAAA\",\"signature\":\"AA\"}", "JWS-003 " },
		{ "{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":\"AA\",\"header\":{}}", "FLD-" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct card card;
		struct card_reading reading = reading_of(rows[i].text);
		const char *found = codes(&reading, &card);
		if (!strstr(found, rows[i].codes))
			fail_msg("%s: \"%s\", not %s", rows[i].text, found, rows[i].codes);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_arena_new, world_arena_free)
	const struct CMUnitTest tests[] = {
		TEST(a_card_says_to_its_reader_what_its_writer_put_in),
		TEST(somebody_else_s_program_verifies_a_card_of_each_kind_of_key),
		TEST(each_fault_of_a_card_is_found_by_its_rule),
		TEST(a_card_is_judged_by_the_clock),
		TEST(a_card_that_is_no_newer_than_the_one_held_is_refused),
		TEST(a_later_card_is_believed_of_pinned_certificates_alone),
		TEST(a_card_signed_by_a_certificate_that_is_not_in_it_is_refused),
		TEST(a_fingerprint_is_compared_as_people_read_it),
		TEST(a_header_that_does_not_fit_is_refused),
		TEST(without_its_certificate_nothing_is_verified),
		TEST(a_changed_octet_anywhere_is_seen),
		TEST(what_is_no_signed_json_is_refused),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
