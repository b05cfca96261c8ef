/* The inspector: separate verdicts for each stage. The messages are those of the other tests here, whose right and
 * wrong ones are checked against standards and by other programs; collected ones are judged as their provenance says.
 */
#include "world.h"

#include <iconv.h>

#include "base/date.h"
#include "base/text.h"
#include "codec/gzip.h"
#include "messaging/messaging.h"
#include "messaging/uris_int.h"

#define PAYLOAD_MAX ((size_t)1 << 20)

static const struct inspected_verdict *of_stage(const struct inspection *inspection, const char *stage)
{
	for (size_t i = 0; i < inspection->verdicts_count; i++)
		if (same(inspection->verdicts[i].stage, stage))
			return &inspection->verdicts[i];
	fail_msg("no verdict for %s", stage);
	return NULL;
}

static bool finds(const struct inspection *inspection, const char *code)
{
	for (size_t i = 0; i < inspection->findings_count; i++)
		if (same(inspection->findings[i].code, code))
			return true;
	return false;
}

static struct inspection inspected(const struct inspect_options *options)
{
	struct inspection inspection = { 0 };
	struct err err = { 0 };

	if (messaging_inspect(world.arena, options, &inspection, &err) != OK)
		fail_msg("%s", err.text);
	return inspection;
}

/* As an HTTP client saved it: header block and body. */
static struct bytes file_of(const struct wire_copy *wire)
{
	const char *head =
		arena_printf(world.arena, "POST /as4 HTTP/1.1\r\nContent-Type: %s\r\n\r\n", wire->content_type);
	size_t length = strlen(head), size = length + wire->body.size;
	uint8_t *file = arena_array(world.arena, size, 1);

	assert_non_null(file);
	memcpy(file, head, length);
	memcpy(file + length, wire->body.data, wire->body.size);
	return bytes(file, size);
}

static struct inspect_options options_for(struct bytes file)
{
	return (struct inspect_options){ .file = file, .max_payload_bytes = PAYLOAD_MAX, .at_us = PKI_NOW };
}

static void each_profile_is_verified_with_certificate_and_key(void **state)
{
	static const char *const names[] = { "edelivery-1.15", "edelivery-2.0", "ecdsa-p256" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct letter letter;
		struct wire_copy wire;
		letter_init(&letter, names[i], TOKEN_SKI, 2, true);
		letter_pack(&letter, &wire);
		struct inspect_options options = options_for(file_of(&wire));
		struct cert *believed[] = { letter.identity.key->cert };
		options.believed = believed;
		options.believed_count = 1;
		options.keys = world.keys;
		options.own = &world.own;
		options.profile = names[i];
		struct inspection report = inspected(&options);
		assert_string_equal(report.verdict, INSPECT_VERIFIED);
		assert_int_equal(report.findings_count, 0);
		assert_string_equal(report.kind, "user message");
		assert_string_equal(report.message_id, letter.info.message_id);
		assert_string_equal(report.token, "ski");
		assert_int_equal(report.parts_count, 2);
		assert_true(report.parts[1].is_signed && report.parts[1].encrypted && report.parts[1].compressed);
		assert_non_null(report.parts[1].digest);
		assert_string_equal(report.fingerprint, cert_fingerprint(letter.identity.key->cert));
		assert_string_equal(report.profiles, names[i]);
		assert_int_equal(report.references_count, 4);
		for (size_t k = 0; k < report.references_count; k++)
			assert_string_equal(report.references[k].computed, report.references[k].stated);
		buf_done(&wire.body);
	}
}

static void what_is_missing_is_undecided_and_said(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	letter_init(&letter, "edelivery-1.15", TOKEN_BST, 1, true);
	letter_pack(&letter, &wire);
	struct inspect_options options = options_for(file_of(&wire));
	struct inspection report = inspected(&options);
	assert_string_equal(report.verdict, INSPECT_UNDECIDED);
	assert_int_equal(report.findings_count, 0);
	assert_string_equal(of_stage(&report, "profile")->verdict, INSPECT_VERIFIED);
	static const char *const open_stages[] = { "signature", "trust", "decryption", "expansion" };
	for (size_t i = 0; i < COUNT(open_stages); i++) {
		assert_string_equal(of_stage(&report, open_stages[i])->verdict, INSPECT_UNDECIDED);
		assert_non_null(of_stage(&report, open_stages[i])->why);
	}
	assert_null(report.parts[0].digest);
	assert_string_equal(report.signature_value, INSPECT_VERIFIED);
	assert_string_equal(report.references[0].verdict, INSPECT_VERIFIED);
	assert_string_equal(report.references[2].verdict, INSPECT_UNDECIDED);
	buf_done(&wire.body);
}

/* The signature is right, the message as agreed; only nobody believes the certificate, or not at that time. */
static void trust_is_a_verdict_of_its_own(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 0, false);
	letter_pack(&letter, &wire);
	struct inspect_options options = options_for(file_of(&wire));
	struct cert *another[] = { world_signer(&world.foreign, letter.profile)->cert };
	options.believed = another;
	options.believed_count = 1;
	struct inspection report = inspected(&options);
	assert_string_equal(report.verdict, INSPECT_REFUSED);
	assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_VERIFIED);
	assert_string_equal(of_stage(&report, "trust")->verdict, INSPECT_REFUSED);
	assert_true(finds(&report, "CRT-001"));

	struct cert *right[] = { letter.identity.key->cert };
	options.believed = right;
	assert_string_equal(inspected(&options).verdict, INSPECT_VERIFIED);
	options.at_us = PKI_TO + DAY_US;
	report = inspected(&options);
	assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_VERIFIED);
	assert_true(finds(&report, "CRT-003"));
	buf_done(&wire.body);
}

static void one_octet_changes_the_verdict_of_its_stage_alone(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	letter_init(&letter, "edelivery-2.0", TOKEN_BST, 0, false);
	letter_pack(&letter, &wire);
	text_replace(&wire.body, letter.collaboration.conversation, "another");
	struct inspect_options options = options_for(file_of(&wire));
	struct cert *believed[] = { letter.identity.key->cert };
	options.believed = believed;
	options.believed_count = 1;
	struct inspection report = inspected(&options);
	assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_REFUSED);
	assert_true(finds(&report, "MSG-041"));
	assert_string_equal(report.findings[0].ebms, "EBMS:0101");
	static const char *const right[] = { "MIME", "header", "profile", "trust" };
	for (size_t i = 0; i < COUNT(right); i++)
		assert_string_equal(of_stage(&report, right[i])->verdict, INSPECT_VERIFIED);
	buf_done(&wire.body);
}

/* The right key, as an operator has it in a file; a wrong one leaves the payload closed, and that is a refusal. */
static void a_key_from_a_file_opens_the_payloads(void **state)
{
	struct letter letter;
	struct wire_copy wire;
	struct err err = { 0 };

	(void)state;
	for (int wrong = 0; wrong < 2; wrong++) {
		letter_init(&letter, "edelivery-2.0", TOKEN_BST, 1, true);
		const char *directory = wrong ? world.foreign_directory : world.directory;
		const struct key_list *list = wrong ? &world.foreign : &world.own;
		const struct key_info *info = world_recipient(list, letter.profile);
		struct bytes pem = oracle_get(directory, arena_printf(world.arena, "%s/key.pem", info->id));
		letter_pack(&letter, &wire);
		struct inspect_options options = options_for(file_of(&wire));
		struct key_list given;
		assert_int_equal(keys_of_pem(pem, &options.keys, &given, &err), OK);
		options.own = &given;
		struct inspection report = inspected(&options);
		assert_string_equal(of_stage(&report, "decryption")->verdict,
				    wrong ? INSPECT_REFUSED : INSPECT_VERIFIED);
		if (!wrong)
			assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_VERIFIED);
		keys_free(options.keys);
		key_list_done(&given);
		buf_done(&wire.body);
	}
	struct keys *keys;
	struct key_list given;
	assert_int_equal(keys_of_pem(bytes_of("no key"), &keys, &given, &err), ERR_KEY);
}

static struct inspection inspected_by(const struct letter *letter, struct bytes file)
{
	struct inspect_options options = options_for(file);
	struct cert *believed[] = { letter->identity.key->cert };

	options.believed = believed;
	options.believed_count = 1;
	options.keys = world.keys;
	options.own = &world.own;
	return inspected(&options);
}

/* --- Files as tools leave them --- */

static struct bytes framed(const char *head, struct bytes body, const char *tail)
{
	size_t before = strlen(head), after = strlen(tail), size = before + body.size + after;
	uint8_t *file = arena_array(world.arena, size + 1, 1);

	memcpy(file, head, before);
	memcpy(file + before, body.data, body.size);
	memcpy(file + before + body.size, tail, after);
	return bytes(file, size);
}

/* By the C library's converter, with a byte order mark. */
static struct bytes utf16(struct bytes text, const char *order)
{
	size_t room = text.size * 2, left = room, size = text.size;
	char *wide = arena_array(world.arena, room, 1), *to = wide, *from = arena_copy(world.arena, text.data, size);
	iconv_t converter = iconv_open(order, "UTF-8");

	assert_int_equal(iconv(converter, &from, &size, &to, &left), 0);
	iconv_close(converter);
	return framed(same(order, "UTF-16LE") ? "\xFF\xFE" : "\xFE\xFF", bytes(wide, room - left), "");
}

/* RFC 9112 §7.1, with an extension and a trailer. */
static struct bytes chunked(struct bytes body)
{
	size_t half = body.size / 2;
	const char *first = arena_printf(world.arena, "Transfer-Encoding: chunked\r\n\r\n%zx;a=b\r\n", half);
	const char *second = arena_printf(world.arena, "\r\n%zX\r\n", body.size - half);
	struct bytes rest = framed(second, bytes(body.data + half, body.size - half), "\r\n0\r\nTrailer: x\r\n\r\n");

	return framed(arena_text_of(world.arena, framed(first, bytes(body.data, half), "")), rest, "");
}

static struct bytes gzipped(struct bytes body)
{
	buf_auto packed;

	buf_init(&packed, 1 << 20);
	assert_int_equal(gzip_compress(body, 6, &packed, NULL), OK);
	return framed("HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Encoding: gzip\r\n\r\n",
		      bytes(arena_copy(world.arena, packed.data, packed.size), packed.size), "");
}

static void a_message_is_known_in_whatever_it_was_saved(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	letter_init(&letter, "edelivery-2.0", TOKEN_ISSUER_SERIAL, 0, false);
	letter_pack(&letter, &wire);
	struct bytes body = buf_bytes(&wire.body);
	struct bytes status = framed("HTTP/1.1 200 OK\nContent-Type: application/soap+xml\n\n", body, "");
	const struct {
		const char *taken_off;
		struct bytes file;
	} rows[] = {
		{ NULL, body },
		{ NULL, framed("", body, "\n") },
		{ NULL, framed("\xEF\xBB\xBF", body, "") },
		{ "HTTP headers", status },
		{ "HTTP headers", framed("\xEF\xBB\xBF\r\n", status, "") },
		{ "HTTP headers", framed("HTTP/1.1 100 Continue\r\n\r\n", status, "") },
		{ "HTTP headers", framed("Content-Type: application/soap+xml;\r\n\tcharset=UTF-8\r\n\r\n", body, "") },
		{ "HTTP headers, chunks", chunked(body) },
		{ "HTTP headers, gzip", gzipped(body) },
		{ "UTF-16", utf16(body, "UTF-16LE") },
		{ "UTF-16", utf16(body, "UTF-16BE") },
		{ "UTF-16, HTTP headers", utf16(status, "UTF-16LE") },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct inspection report = inspected_by(&letter, rows[i].file);
		if (!same(report.verdict, INSPECT_VERIFIED) || !same(report.taken_off, rows[i].taken_off))
			fail_msg("row %zu: %s, %s: %s", i, report.verdict, report.taken_off ? report.taken_off : "-",
				 report.findings_count ? report.findings[0].text : "");
	}
	buf_done(&wire.body);
}

static void a_package_is_known_in_whatever_it_was_saved(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	letter_init(&letter, "edelivery-1.15", TOKEN_BST, 2, true);
	letter_pack(&letter, &wire);
	struct bytes body = buf_bytes(&wire.body);
	const struct bytes rows[] = {
		body,
		framed("\r\n", body, "\r\nepilogue"),
		framed("Content-Type: multipart/related; type=\"application/soap+xml\"\r\n\r\n", body, ""),
		framed(arena_printf(world.arena, "MIME-Version: 1.0\r\nContent-Type: %s\r\n\r\npreamble\r\n",
				    wire.content_type),
		       body, ""),
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct inspection report = inspected_by(&letter, rows[i]);
		if (!same(report.verdict, INSPECT_VERIFIED) || report.parts_count != 2)
			fail_msg("row %zu: %s: %s", i, report.verdict,
				 report.findings_count ? report.findings[0].text : "");
	}
	buf_done(&wire.body);
}

/* RFC 2046 §5.1.1: without its last boundary a package was cut. Whose it is can be said all the same. */
static void of_a_broken_package_the_envelope_is_told(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	letter_init(&letter, "edelivery-1.15", TOKEN_BST, 1, true);
	letter_pack(&letter, &wire);
	struct inspection report = inspected_by(&letter, bytes(wire.body.data, wire.body.size - 60));
	assert_string_equal(report.verdict, INSPECT_REFUSED);
	assert_string_equal(of_stage(&report, "MIME")->verdict, INSPECT_REFUSED);
	assert_string_equal(of_stage(&report, "header")->verdict, INSPECT_VERIFIED);
	assert_string_equal(of_stage(&report, "profile")->verdict, INSPECT_UNDECIDED);
	assert_string_equal(report.message_id, letter.info.message_id);
	assert_string_equal(report.signature_value, INSPECT_VERIFIED);
	assert_string_equal(report.references[0].verdict, INSPECT_VERIFIED);
	assert_string_equal(report.references[1].verdict, INSPECT_VERIFIED);
	assert_string_equal(report.references[2].verdict, INSPECT_UNDECIDED);
	buf_done(&wire.body);
}

static void another_media_type_is_refused_and_looked_behind(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	for (size_t parts = 0; parts < 2; parts++) {
		letter_init(&letter, "ecdsa-p256", TOKEN_BST, parts, true);
		letter_pack(&letter, &wire);
		struct inspection report = inspected_by(
			&letter, framed("Content-Type: application/xml\r\n\r\n", buf_bytes(&wire.body), ""));
		assert_int_equal(report.findings_count, 1);
		assert_true(finds(&report, "MSG-002"));
		assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_VERIFIED);
		assert_int_equal(report.parts_count, parts);
		buf_done(&wire.body);
	}
}

static void a_soap_fault_is_told(void **state)
{
	(void)state;
	struct inspect_options options = options_for(
		bytes_of("<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Header/><e:Body><e:Fault>"
			 "<e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text xml:lang=\"en\">no security"
			 "</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>"));
	struct inspection report = inspected(&options);
	assert_string_equal(report.verdict, INSPECT_REFUSED);
	assert_null(report.kind);
	assert_string_equal(report.fault_code, "e:Sender");
	assert_string_equal(report.fault_reason, "no security");
	options = options_for(bytes_of(
		"<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header/><e:Body><e:Fault>"
		"<faultcode>e:Client</faultcode><faultstring>no agreement</faultstring></e:Fault></e:Body>"
		"</e:Envelope>"));
	report = inspected(&options);
	assert_string_equal(report.verdict, INSPECT_REFUSED);
	assert_string_equal(report.fault_code, "e:Client");
	assert_string_equal(report.fault_reason, "no agreement");
}

/* --- What is not of the profile can be right all the same --- */

/* A value that nothing here can compute is neither right nor wrong: never "verified". */
static void an_unknown_algorithm_leaves_the_signature_open(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{ "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "http://www.w3.org/2000/09/xmldsig#dsa-sha1" },
		{ "CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#",
		  "CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct letter letter;
		struct wire_copy wire;
		letter_init(&letter, "ecdsa-p256", TOKEN_BST, 0, false);
		letter_pack(&letter, &wire);
		text_replace(&wire.body, rows[i].from, rows[i].to);
		struct inspection report = inspected_by(&letter, file_of(&wire));
		assert_string_equal(of_stage(&report, "profile")->verdict, INSPECT_REFUSED);
		assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_UNDECIDED);
		assert_string_equal(report.signature_value, INSPECT_UNDECIDED);
		assert_non_null(report.signature_why);
		assert_null(report.profiles);
		buf_done(&wire.body);
	}
}

/* WSS4J and others put a Timestamp into wsse:Security; the closed profile knows none. */
static void a_security_header_of_another_shape_has_a_signature_all_the_same(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_SKI, 1, true);
	letter_pack(&letter, &wire);
	text_replace(&wire.body, "<ds:Signature ", "<wsu:Timestamp><wsu:Created/></wsu:Timestamp><ds:Signature ");
	struct inspection report = inspected_by(&letter, file_of(&wire));
	assert_true(finds(&report, "MSG-031"));
	assert_string_equal(of_stage(&report, "profile")->verdict, INSPECT_REFUSED);
	assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_VERIFIED);
	assert_string_equal(of_stage(&report, "decryption")->verdict, INSPECT_VERIFIED);
	buf_done(&wire.body);
}

/* WS-Security 1.1 §7.3: SHA-1 of the certificate. Not agreed by any profile; whose it is can be found out. */
static void a_thumbprint_is_refused_and_followed(void **state)
{
	struct letter letter;
	struct wire_copy wire;
	uint8_t digest[DIGEST_MAX];
	buf_auto text;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_SKI, 0, false);
	letter_pack(&letter, &wire);
	assert_int_equal(digest_of(DIGEST_SHA1, cert_der(letter.identity.key->cert), digest, NULL), OK);
	buf_init(&text, 256);
	buf_puts(&text, "ValueType=\"" URI_THUMBPRINT "\">");
	base64_put(&text, bytes(digest, digest_size(DIGEST_SHA1)));
	buf_puts(&text, "</wsse:KeyIdentifier>");
	text_replace(&wire.body, text_copy(&wire.body, "ValueType=\"" URI_X509_SKI, "</wsse:KeyIdentifier>"),
		     buf_text(&text));
	struct inspection report = inspected_by(&letter, file_of(&wire));
	assert_true(finds(&report, "MSG-031"));
	assert_string_equal(report.token, "thumbprint");
	assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_VERIFIED);
	buf_done(&wire.body);
}

/* Nobody handed the certificate over: that is no fault of the message. */
static void a_certificate_that_is_only_named_is_asked_for(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_ISSUER_SERIAL, 0, false);
	letter_pack(&letter, &wire);
	struct inspect_options options = options_for(file_of(&wire));
	struct inspection report = inspected(&options);
	assert_int_equal(report.findings_count, 0);
	assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_UNDECIDED);
	assert_non_null(strstr(report.token_names, cert_serial(letter.identity.key->cert)));
	struct cert *another[] = { world_signer(&world.foreign, letter.profile)->cert };
	options.believed = another;
	options.believed_count = 1;
	report = inspected(&options);
	assert_true(finds(&report, "MSG-042"));
	buf_done(&wire.body);
}

/* Its type then stands in wsse:Security alone, of which nothing is left when the report is read. */
static void a_part_without_properties_has_its_type(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 1, false);
	letter.part[0].properties = NULL;
	letter_pack(&letter, &wire);
	struct inspection report = inspected_by(&letter, file_of(&wire));
	assert_string_equal(report.parts[0].mime_type, letter.payloads[0].mime_type);
	assert_string_equal(report.parts[0].encryption, "http://www.w3.org/2009/xmlenc11#aes128-gcm");
	buf_done(&wire.body);
}

static void what_is_no_message_is_refused_and_never_a_fault(void **state)
{
	static const char *const files[] = {
		"", "garbage", "<x/>", "--b\r\n\r\n", "POST / HTTP/1.1\r\nContent-Type: multipart/related\r\n\r\n--x",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct inspect_options options = options_for(bytes_of(files[i]));
		struct inspection report = inspected(&options);
		assert_string_equal(report.verdict, INSPECT_REFUSED);
		assert_true(report.findings_count > 0);
	}
}

/* A file of another kind is told as such: nothing in it was verified, and no parser's complaint leads astray. */
static void a_file_that_holds_no_message_is_told_as_such(void **state)
{
	static const char *const files[] = {
		"# A page\n\n---\n\n* about AS4 and its Envelope\n",
		"-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUZ\n-----END CERTIFICATE-----\n",
		"--- a/file\n+++ b/file\n",
		"<formD><reference>D-1</reference></formD>",
		"\x7F\x45\x4C\x46",
		"",
	};
	static const char *const stages[] = { "header", "profile", "signature", "trust", "decryption", "expansion" };

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct inspect_options options = options_for(bytes_of(files[i]));
		struct inspection report = inspected(&options);
		assert_null(report.media_type);
		assert_int_equal(report.findings_count, 1);
		assert_non_null(strstr(report.findings[0].text, "neither a MIME package nor a SOAP envelope"));
		assert_string_equal(of_stage(&report, "MIME")->verdict, INSPECT_REFUSED);
		for (size_t k = 0; k < COUNT(stages); k++) {
			assert_string_equal(of_stage(&report, stages[k])->verdict, INSPECT_UNDECIDED);
			assert_non_null(strstr(of_stage(&report, stages[k])->why, "not reached"));
		}
	}
}

/* What is compressed, and what belongs to the message, stands in the header: without one nothing is verified of it. */
static void behind_a_header_that_cannot_be_read_no_payload_is_verified(void **state)
{
	(void)state;
	struct inspect_options options = options_for(
		bytes_of("<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Header/><e:Body/>"
			 "</e:Envelope>"));
	struct inspection report = inspected(&options);
	assert_string_equal(of_stage(&report, "header")->verdict, INSPECT_REFUSED);
	assert_string_equal(of_stage(&report, "decryption")->verdict, INSPECT_UNDECIDED);
	assert_string_equal(of_stage(&report, "expansion")->verdict, INSPECT_UNDECIDED);
	assert_non_null(strstr(of_stage(&report, "expansion")->why, "not reached"));
}

/* rsa-sha384 (RFC 6931 §2.3.3) is known here, and agreed in no profile. */
static void algorithms_of_no_profile_leave_the_profile_open(void **state)
{
	(void)state;
	if (!collection())
		skip();
	struct inspect_options options =
		options_for(oracle_get(collection(), "negative/8.1.22-message.gcm-tag-mismatch.as4"));
	struct inspection report = inspected(&options);
	assert_null(report.profiles);
	assert_string_equal(of_stage(&report, "profile")->verdict, INSPECT_UNDECIDED);
	assert_non_null(strstr(of_stage(&report, "profile")->why, "--profile"));
	assert_string_equal(report.signature_value, INSPECT_UNDECIDED);
	assert_non_null(strstr(report.signature_why, "--certificate"));
	options.profile = "edelivery-1.15";
	report = inspected(&options);
	assert_string_equal(of_stage(&report, "profile")->verdict, INSPECT_REFUSED);
	assert_true(finds(&report, "MSG-032"));
}

/* PROVENANCE.md of the collection: "PASS" are those whose signature verifies; within the validity of their
 * certificates.
 */
static void collected_signatures_verify_at_their_time(void **state)
{
	static const struct {
		const char *file, *at;
	} rows[] = {
		{ "positive/governikus.as4in", "2022-03-07T18:00:00Z" },
		{ "positive/dataport1-mustunderstand.as4in", NULL },
		{ "positive/TestReceipt12.xml", NULL },
		{ "positive/as4-multihop-message.as4", "2016-11-18T10:00:00Z" },
	};

	(void)state;
	if (!collection())
		skip();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct inspect_options options = options_for(oracle_get(collection(), rows[i].file));
		struct inspection report = inspected(&options);
		assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_VERIFIED);
		options.at_us = report.timestamp_us;
		if (rows[i].at)
			assert_true(time_parse(rows[i].at, &options.at_us));
		assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_VERIFIED);
		report = inspected(&options);
		assert_false(finds(&report, "CRT-003"));
		assert_string_not_equal(of_stage(&report, "trust")->verdict, INSPECT_VERIFIED); /* nobody was named */
	}
}

/* PROVENANCE.md: SignatureValue, Messaging and Body verify; the attachments stay closed, or were not stored. */
static void of_collected_sealed_messages_the_envelope_verifies(void **state)
{
	static const struct {
		const char *file;
		size_t attachments;
	} rows[] = {
		{ "envelope-only/phase4-dump-raw.as4out", 1 },
		{ "envelope-only/rssbus_message.as4", 1 },
		{ "envelope-only/as4_flame_envelope.as4", 2 },
	};

	(void)state;
	if (!collection())
		skip();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct inspect_options options = options_for(oracle_get(collection(), rows[i].file));
		struct inspection report = inspected(&options);
		assert_string_equal(report.signature_value, INSPECT_VERIFIED);
		assert_string_equal(of_stage(&report, "signature")->verdict, INSPECT_UNDECIDED);
		assert_string_equal(of_stage(&report, "decryption")->verdict, INSPECT_UNDECIDED);
		assert_true(report.header_signed && report.body_signed);
		size_t closed = 0;
		for (size_t k = 0; k < report.references_count; k++) {
			bool envelope = same(report.references[k].covers, "Messaging") ||
					same(report.references[k].covers, "Body");
			assert_string_equal(report.references[k].verdict,
					    envelope ? INSPECT_VERIFIED : INSPECT_UNDECIDED);
			closed += !envelope;
		}
		assert_int_equal(closed, rows[i].attachments);
	}
}

int main(void)
{
#define INSPECTING(test) cmocka_unit_test_setup_teardown(test, world_arena_new, world_arena_free)
	static const struct CMUnitTest tests[] = {
		INSPECTING(each_profile_is_verified_with_certificate_and_key),
		INSPECTING(what_is_missing_is_undecided_and_said),
		INSPECTING(trust_is_a_verdict_of_its_own),
		INSPECTING(one_octet_changes_the_verdict_of_its_stage_alone),
		INSPECTING(a_key_from_a_file_opens_the_payloads),
		INSPECTING(a_message_is_known_in_whatever_it_was_saved),
		INSPECTING(a_package_is_known_in_whatever_it_was_saved),
		INSPECTING(of_a_broken_package_the_envelope_is_told),
		INSPECTING(another_media_type_is_refused_and_looked_behind),
		INSPECTING(a_soap_fault_is_told),
		INSPECTING(an_unknown_algorithm_leaves_the_signature_open),
		INSPECTING(a_security_header_of_another_shape_has_a_signature_all_the_same),
		INSPECTING(a_thumbprint_is_refused_and_followed),
		INSPECTING(a_certificate_that_is_only_named_is_asked_for),
		INSPECTING(a_part_without_properties_has_its_type),
		INSPECTING(what_is_no_message_is_refused_and_never_a_fault),
		INSPECTING(a_file_that_holds_no_message_is_told_as_such),
		INSPECTING(behind_a_header_that_cannot_be_read_no_payload_is_verified),
		INSPECTING(algorithms_of_no_profile_leave_the_profile_open),
		INSPECTING(collected_signatures_verify_at_their_time),
		INSPECTING(of_collected_sealed_messages_the_envelope_verifies),
	};

	return cmocka_run_group_tests_name("inspect", tests, world_begin, world_end);
}
