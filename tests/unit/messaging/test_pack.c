/* What we write, judged by our own reader, by the OASIS schema, and by programs that share no code with us. */
#include "world.h"

#include <stdio.h>

#include "messaging/uris_int.h"

static char *files; /* of the oracles */

/* lxml is often there for the system's Python alone. */
static const char *const pythons[] = { "python3", "/usr/bin/python3" };

static int files_new(void **state)
{
	files = pki_directory_new();
	return world_begin(state);
}

static int files_free(void **state)
{
	pki_directory_free(files);
	return world_end(state);
}

static void put_cert(const struct cert *cert, const char *name)
{
	oracle_put(files, "cert.der", cert_der(cert));
	assert_int_equal(oracle_run(files, "openssl x509 -inform der -in cert.der -out %s", name), 0);
}

/* --- Round trip --- */

static void open_and_compare(const struct letter *letter, const struct wire_copy *wire)
{
	struct opening opening;

	opening_run(&opening, letter->profile, &ebms_limits_default, wire->content_type, buf_bytes(&wire->body));
	opening_must_pass(&opening);
	assert_int_equal(opening.message.kind, KIND_USER_MESSAGE);
	assert_string_equal(opening.message.user.info->message_id, letter->info.message_id);
	assert_string_equal(opening.message.user.properties->property[0].value, letter->property[0].value);
	assert_int_equal(opening.message.signature->token.kind, letter->identity.token);
	assert_true(bytes_same(cert_der(opening.cert), cert_der(letter->identity.key->cert)));
	assert_int_equal(opening.message.parts_count, letter->count);
	for (size_t i = 0; i < letter->count; i++) {
		const struct ebms_part *part = &opening.message.parts[i];
		assert_string_equal(part->content_id, letter->payloads[i].content_id);
		assert_true(bytes_same(part->octets, letter->payloads[i].octets));
		assert_int_equal(part->compressed, letter->payloads[i].compressed);
		assert_string_equal(part->mime_type, letter->payloads[i].mime_type);
	}
	assert_int_equal(wire->references_count, letter->count + 2);
	opening_done(&opening);
}

static void what_is_packed_opens_with_the_same_octets_in_every_profile_of_as4(void **state)
{
	static const enum ebms_token_kind tokens[] = { TOKEN_BST, TOKEN_SKI, TOKEN_ISSUER_SERIAL };
	static const size_t counts[] = { 0, 1, 3 };

	(void)state;
	for (size_t p = 0; profile_at(p) && profile_at(p)->binding == &binding_as4; p++)
		for (size_t i = 0; i < COUNT(tokens) * COUNT(counts) * 2; i++) {
			struct letter letter;
			struct wire_copy wire;
			letter_init(&letter, profile_at(p)->name, tokens[i / 2 % 3], counts[i / 6], i % 2 == 0);
			letter_pack(&letter, &wire);
			open_and_compare(&letter, &wire);
			buf_done(&wire.body);
		}
}

/* WS-Security SwA 1.1 §5.4.2: what is signed of XML is its canonical form, of text its form with CRLF. */
static void a_part_that_is_not_compressed_is_signed_as_its_media_type_says(void **state)
{
	static const struct {
		const char *type, *text;
	} rows[] = {
		{ "application/xml", "<?xml version='1.0'?>\n<!-- not signed --><form b='2'  a='1'><goods/></form>\n" },
		{ "application/vnd.example+xml", "<form xmlns:x='urn:x'\n><x:goods /></form>" },
		{ "text/plain", "first line\nsecond line\r\n\nlast line" },
		{ "application/json", "{\n}\n" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct letter letter;
		struct wire_copy wire;
		letter_init(&letter, "ecdsa-p256", TOKEN_BST, 1, false);
		letter_part(&letter, 0, rows[i].type, bytes_of(rows[i].text));
		letter_pack(&letter, &wire);
		open_and_compare(&letter, &wire);
		buf_done(&wire.body);
	}
}

static void two_messages_share_no_boundary_no_key_and_no_ciphertext(void **state)
{
	struct letter letter;
	struct wire_copy first, second;

	(void)state;
	letter_init(&letter, "edelivery-2.0", TOKEN_BST, 1, true);
	letter_pack(&letter, &first);
	letter_pack(&letter, &second);
	assert_string_not_equal(first.content_type, second.content_type);
	assert_string_not_equal(text_copy(&first.body, "<xenc:CipherValue>", "</"),
				text_copy(&second.body, "<xenc:CipherValue>", "</"));
	for (size_t i = 0; i < first.references_count; i++)
		assert_true(bytes_same(first.references[i].value, second.references[i].value));
	buf_done(&first.body);
	buf_done(&second.body);
}

/* --- Schema and canonical form --- */

static const char *const schema_files[][2] = {
	{ "xml.xsd",
	  "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"http://www.w3.org/XML/1998/namespace\">"
	  "<xs:attribute name=\"lang\" type=\"xs:language\"/></xs:schema>" },
	{ "soap11.xsd", "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" "
			"targetNamespace=\"http://schemas.xmlsoap.org/soap/envelope/\">"
			"<xs:attribute name=\"mustUnderstand\" type=\"xs:boolean\"/></xs:schema>" },
	/* The OASIS schema imports these without saying where they are. */
	{ "all.xsd",
	  "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">"
	  "<xs:import namespace=\"http://www.w3.org/XML/1998/namespace\" schemaLocation=\"xml.xsd\"/>"
	  "<xs:import namespace=\"" NS_EBMS3 "\" schemaLocation=\"ebms-header-3_0-200704.xsd\"/></xs:schema>" },
};

static bool schema_there(void)
{
	const char *samples = collection();

	if (!samples || !oracle_there(files, "xmllint --version"))
		return false;
	assert_int_equal(oracle_run(files, "cp '%s'/schemas/*.xsd .", samples), 0);
	for (size_t i = 0; i < COUNT(schema_files); i++)
		oracle_put(files, schema_files[i][0], bytes_of(schema_files[i][1]));
	return true;
}

static void must_be_valid(const struct buf *body)
{
	oracle_put(files, "header.xml", bytes_of(text_copy(body, "<eb:Messaging", "</eb:Messaging>")));
	if (oracle_run(files, "xmllint --nonet --noout --schema all.xsd header.xml") != 0)
		fail_msg("not valid: %s", arena_text_of(world.arena, oracle_get(files, "out")));
}

/* A receipt for, and an error about, the message that LETTER is. */
static void pack_receipt(const struct letter *letter, const struct wire_copy *wire, struct ebms_packed *packed)
{
	struct opening opening;

	opening_run(&opening, letter->profile, &ebms_limits_default, wire->content_type, buf_bytes(&wire->body));
	opening_must_pass(&opening);
	const struct ebms_answering answering = { .profile = letter->profile,
						  .identity = &letter->identity,
						  .received = &opening.message,
						  .ref_to = opening.message.user.info->message_id,
						  .now_us = PKI_NOW };
	assert_int_equal(ebms_pack_receipt(world.arena, &answering, packed, NULL), OK);
	opening_done(&opening);
}

static void pack_error(const struct letter *letter, const char *ref_to, struct ebms_packed *packed)
{
	struct findings *findings = findings_new(world.arena);

	finding_add(findings, ebms_rule(RULE_DIGEST), "", "cid:<a> & \"b\"", NULL);
	finding_add(findings, ebms_rule(RULE_DECOMPRESSION), "", "part", "cut");
	const struct ebms_answering answering = {
		.profile = letter->profile, .identity = &letter->identity, .ref_to = ref_to, .now_us = PKI_NOW
	};
	assert_int_equal(ebms_pack_error(world.arena, &answering, findings, packed, NULL), OK);
}

static void every_header_that_we_write_is_valid_by_the_oasis_schema(void **state)
{
	struct letter letter;
	struct wire_copy wire;
	struct ebms_packed receipt = { 0 }, error = { 0 }, lost = { 0 };

	(void)state;
	if (!schema_there())
		skip();
	for (size_t count = 0; count <= 3; count++) {
		letter_init(&letter, "ecdsa-p256", TOKEN_BST, count, count % 2 == 0);
		letter_pack(&letter, &wire);
		must_be_valid(&wire.body);
		if (count < 3)
			buf_done(&wire.body);
	}
	pack_receipt(&letter, &wire, &receipt);
	must_be_valid(&receipt.body);
	pack_error(&letter, letter.info.message_id, &error);
	must_be_valid(&error.body);
	pack_error(&letter, NULL, &lost);
	must_be_valid(&lost.body);

	/* And the schema does refuse. */
	text_replace(&error.body, " severity=\"failure\"", "");
	oracle_put(files, "header.xml", bytes_of(text_copy(&error.body, "<eb:Messaging", "</eb:Messaging>")));
	assert_int_not_equal(oracle_run(files, "xmllint --nonet --noout --schema all.xsd header.xml"), 0);
	buf_done(&wire.body);
	buf_done(&receipt.body);
	buf_done(&error.body);
	buf_done(&lost.body);
}

static void must_be_canonical(const struct buf *body)
{
	static const char *const ends[][2] = { { "<eb:Messaging", "</eb:Messaging>" },
					       { "<env:Body", "</env:Body>" },
					       { "<ds:SignedInfo", "</ds:SignedInfo>" } };
	for (size_t i = 0; i < COUNT(ends); i++) {
		const char *written = text_copy(body, ends[i][0], ends[i][1]);
		oracle_put(files, "subtree.xml", bytes_of(written));
		assert_int_equal(oracle_run(files, "xmllint --nonet --exc-c14n subtree.xml"), 0);
		assert_string_equal(arena_text_of(world.arena, oracle_get(files, "out")), written);
	}
}

static void what_we_sign_is_written_in_canonical_form(void **state)
{
	struct letter letter;
	struct wire_copy wire;
	struct ebms_packed receipt = { 0 }, error = { 0 };

	(void)state;
	if (!oracle_there(files, "xmllint --version"))
		skip();
	letter_init(&letter, "edelivery-1.15", TOKEN_ISSUER_SERIAL, 3, true);
	letter.property[1].value = "tab \t, line end \n, return \r, ]]> & <&amp;> \" '";
	letter.service.type = "\"<&>\" \t\n\r";
	letter_pack(&letter, &wire);
	must_be_canonical(&wire.body);
	pack_receipt(&letter, &wire, &receipt);
	must_be_canonical(&receipt.body);
	pack_error(&letter, "a\"b&c<d", &error);
	must_be_canonical(&error.body);
	buf_done(&wire.body);
	buf_done(&receipt.body);
	buf_done(&error.body);
}

/* --- Signatures, by others --- */

/* xmlsec1 resolves identifiers only of elements that it is told of. */
#define ID_ATTRIBUTES "--id-attr:Id " NS_EBMS3 ":Messaging --id-attr:Id " NS_SOAP12 ":Body"

static void pack_bare(const char *profile, struct letter *letter, struct wire_copy *wire)
{
	letter_init(letter, profile, TOKEN_BST, 0, false);
	letter_pack(letter, wire);
	oracle_put(files, "message.xml", buf_bytes(&wire->body));
	put_cert(letter->identity.key->cert, "cert.pem");
}

static const char *const xmlsec_profiles[] = { "edelivery-1.15", "ecdsa-p256" }; /* 1.2 knows no Ed25519 */

static void xmlsec1_verifies_what_we_signed(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	if (!oracle_there(files, "xmlsec1 --version"))
		skip();
	for (size_t i = 0; i < COUNT(xmlsec_profiles); i++) {
		pack_bare(xmlsec_profiles[i], &letter, &wire);
		if (oracle_run(files, "xmlsec1 --verify " ID_ATTRIBUTES " --pubkey-cert-pem cert.pem message.xml") != 0)
			fail_msg("%s: %s", xmlsec_profiles[i], arena_text_of(world.arena, oracle_get(files, "out")));
		text_replace(&wire.body, "FORM-D", "FORM-E");
		oracle_put(files, "message.xml", buf_bytes(&wire.body));
		assert_int_not_equal(
			oracle_run(files, "xmlsec1 --verify " ID_ATTRIBUTES " --pubkey-cert-pem cert.pem message.xml"),
			0);
		buf_done(&wire.body);
	}
}

static void we_verify_what_xmlsec1_signed(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	if (!oracle_there(files, "xmlsec1 --version"))
		skip();
	for (size_t i = 0; i < COUNT(xmlsec_profiles); i++) {
		struct opening opening;
		pack_bare(xmlsec_profiles[i], &letter, &wire);
		/* The template: another message, without a digest or value of ours. */
		text_replace(&wire.body, "FORM-D", "FORM-AK");
		text_cut(&wire.body, "<ds:SignatureValue>", "</ds:SignatureValue>");
		text_replace(&wire.body, "</ds:SignedInfo>", "</ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>");
		while (text_has(&wire.body, "<ds:DigestValue>")) {
			text_cut(&wire.body, "<ds:DigestValue>", "</ds:DigestValue>");
			text_replace(&wire.body, "</ds:DigestMethod></ds:Reference>",
				     "</ds:DigestMethod><ds:DigestValue/></ds:Reference>");
		}
		oracle_put(files, "template.xml", buf_bytes(&wire.body));
		if (oracle_run(files,
			       "xmlsec1 --sign " ID_ATTRIBUTES
			       " --privkey-pem '%s/%s/key.pem' --output signed.xml template.xml",
			       world.directory, letter.identity.key->id) != 0)
			fail_msg("%s: %s", xmlsec_profiles[i], arena_text_of(world.arena, oracle_get(files, "out")));
		opening_run(&opening, letter.profile, &ebms_limits_default, wire.content_type,
			    oracle_get(files, "signed.xml"));
		opening_must_pass(&opening);
		assert_string_equal(opening.message.user.collaboration->action, "FORM-AK");
		opening_done(&opening);
		buf_done(&wire.body);
	}
}

static const char *python_there(void)
{
	for (size_t i = 0; i < COUNT(pythons); i++)
		if (oracle_run(files, "%s -c 'import lxml.etree'", pythons[i]) == 0)
			return pythons[i];
	print_message("SKIPPED: no python3 with lxml\n");
	return NULL;
}

static void must_be_rederived(const char *python, const struct letter *letter, const struct wire_copy *wire)
{
	const char *boundary = mime_parameter(world.arena, wire->content_type, "boundary");
	const char *arguments = "";

	oracle_put(files, "message", buf_bytes(&wire->body));
	put_cert(letter->identity.key->cert, "cert.pem");
	for (size_t i = 0; i < letter->count; i++) {
		const struct ebms_payload *payload = &letter->payloads[i];
		oracle_put(files, arena_printf(world.arena, "part-%zu", i), payload->octets);
		arguments = arena_printf(world.arena, "%s %s %s part-%zu", arguments, payload->content_id,
					 payload->compressed ? "application/gzip" : payload->mime_type, i);
	}
	if (oracle_run(files, "%s '" AS4_ORACLE "' message %s cert.pem%s", python, boundary ? boundary : "-",
		       arguments) != 0)
		fail_msg("%s: %s", letter->profile->name, arena_text_of(world.arena, oracle_get(files, "out")));
}

static void every_digest_and_signature_value_is_rederived_without_our_code(void **state)
{
	const char *python = python_there();
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	if (!python)
		skip();
	for (size_t p = 0; profile_at(p) && profile_at(p)->binding == &binding_as4; p++) {
		letter_init(&letter, profile_at(p)->name, TOKEN_SKI, 3, true);
		letter_part(&letter, 1, "application/xml",
			    bytes_of("<?xml version='1.0'?>\n<form b='2'  a='1'><goods/></form>\n"));
		letter_part(&letter, 2, "text/plain", bytes_of("first line\nsecond line\r\nlast line"));
		letter_pack(&letter, &wire);
		must_be_rederived(python, &letter, &wire);
		buf_done(&wire.body);
	}
	/* The witness does say no. */
	pack_bare("ecdsa-p256", &letter, &wire);
	must_be_rederived(python, &letter, &wire);
	text_replace(&wire.body, "FORM-D", "FORM-E");
	oracle_put(files, "message", buf_bytes(&wire.body));
	assert_int_equal(oracle_run(files, "%s '" AS4_ORACLE "' message - cert.pem", python), 1);
	buf_done(&wire.body);
}

/* --- Errors --- */

static void an_error_signal_says_what_was_found_to_whom_it_is_sent(void **state)
{
	struct letter letter;
	struct ebms_packed packed = { 0 };
	struct opening opening;

	(void)state;
	letter_init(&letter, "edelivery-2.0", TOKEN_SKI, 0, false);
	pack_error(&letter, "lost@th.example", &packed);
	opening_run(&opening, letter.profile, &ebms_limits_default, packed.content_type, buf_bytes(&packed.body));
	opening_must_pass(&opening);
	assert_int_equal(opening.message.kind, KIND_ERROR);
	const struct ebms_signal *signal = &opening.message.signal;
	assert_string_equal(signal->info->ref_to, "lost@th.example");
	assert_int_equal(signal->errors_count, 2);
	/* ebMS 3.0 core §6.7.2; AS4 profile 1.0 §3.6 */
	assert_string_equal(signal->errors[0].code, "EBMS:0101");
	assert_string_equal(signal->errors[0].short_description, "FailedAuthentication");
	assert_string_equal(signal->errors[0].ref_to, "lost@th.example");
	assert_string_equal(signal->errors[0].description_text, "the digest of cid:<a> & \"b\" is not the signed one");
	assert_string_equal(signal->errors[1].code, "EBMS:0303");
	opening_done(&opening);
	buf_done(&packed.body);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_arena_new, world_arena_free)
	const struct CMUnitTest tests[] = {
		TEST(what_is_packed_opens_with_the_same_octets_in_every_profile_of_as4),
		TEST(a_part_that_is_not_compressed_is_signed_as_its_media_type_says),
		TEST(two_messages_share_no_boundary_no_key_and_no_ciphertext),
		TEST(every_header_that_we_write_is_valid_by_the_oasis_schema),
		TEST(what_we_sign_is_written_in_canonical_form),
		TEST(xmlsec1_verifies_what_we_signed),
		TEST(we_verify_what_xmlsec1_signed),
		TEST(every_digest_and_signature_value_is_rederived_without_our_code),
		TEST(an_error_signal_says_what_was_found_to_whom_it_is_sent),
	};
	return cmocka_run_group_tests(tests, files_new, files_free);
}
