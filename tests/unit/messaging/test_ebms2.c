/* ebMS 2.0: what we pack opens, is valid and signed by the rule; what would cost too much is refused. */
#include "ebms2_world.h"
#include "messaging/uris_int.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- Round trip --- */

static const struct ebms2_wishes all_wishes[] = {
	{ 0 },
	{ .sync = true },
	{ .ack_wanted = true, .once = true },
	{ .ack_wanted = true, .ack_signed = true, .once = true },
	{ .sync = true, .ack_wanted = true, .ack_signed = true, .once = true },
};
static const size_t all_counts[] = { 0, 1, 3 };

static void what_is_packed_opens_with_the_same_wishes_and_octets(void **state)
{
	(void)state;
	for (size_t w = 0; w < COUNT(all_wishes); w++)
		for (size_t c = 0; c < COUNT(all_counts); c++) {
			struct letter2 letter;
			struct wire_copy wire;
			struct opening opening;
			letter2_init(&letter, all_counts[c]);
			letter.wishes = all_wishes[w];
			letter2_pack(&letter, &wire);
			open_wire(&opening, &wire);
			opening_must_pass(&opening);
			const struct ebms_message *message = &opening.message;
			const struct ebms2_blocks *blocks = message->ebms2;
			assert_int_equal(message->kind, KIND_USER_MESSAGE);
			assert_string_equal(message->user.info->message_id, letter.base.info.message_id);
			assert_true(message->user.info->timestamp_us == letter.base.info.timestamp_us);
			assert_string_equal(message->user.collaboration->agreement->value, "vn-th-1");
			assert_int_equal(blocks->sync, letter.wishes.sync);
			assert_int_equal(blocks->ack_wanted, letter.wishes.ack_wanted);
			assert_int_equal(blocks->ack_signed, letter.wishes.ack_signed);
			assert_int_equal(blocks->header.once != NULL, letter.wishes.once);
			assert_int_equal(message->parts_count, letter.base.count);
			for (size_t i = 0; i < letter.base.count; i++)
				assert_true(bytes_same(message->parts[i].octets, letter.base.payloads[i].octets));
			assert_int_equal(wire.references_count, letter.base.count + 1);
			opening_done(&opening);
			buf_done(&wire.body);
		}
}

/* --- Oracles --- */

/* The folder of the OASIS schemas; NULL, and said aloud, if it is not there. */
static const char *schemas(void)
{
	const char *root = getenv("LINTAS_DATA");
	const char *path = root ? arena_printf(world.arena, "%s/asw/ebms2", root) : NULL;

	if (path && access(path, R_OK) == 0)
		return path;
	print_message("SKIPPED: no schemas of ebMS 2 (set LINTAS_DATA to the folder of the collection)\n");
	return NULL;
}

static const char *envelope_of(const struct buf *body)
{
	return text_copy(body, "<soap:Envelope", "</soap:Envelope>");
}

static void must_be_valid(const char *files, const char *schema, const char *what, const char *envelope)
{
	oracle_put(files, "message.xml", bytes_of(envelope));
	if (oracle_run(files, "xmllint --nonet --noout --schema '%s/envelope-and-header.xsd' message.xml", schema) != 0)
		fail_msg("%s is not valid: %.*s", what, 2000, (const char *)oracle_get(files, "out").data);
}

/* One schema that brings in both: SOAP's own lets anything stand in Header and Body if its schema is known. */
static void put_schema(const char *files, const char *folder)
{
	oracle_put(files, "envelope-and-header.xsd",
		   bytes_of(arena_printf(world.arena,
					 "<schema xmlns=\"http://www.w3.org/2001/XMLSchema\">"
					 "<import namespace=\"" NS_SOAP11 "\" schemaLocation=\"%s/envelope.xsd\"/>"
					 "<import namespace=\"" NS_EBMS2 "\" schemaLocation=\"%s/msg-header-2_0.xsd\"/>"
					 "</schema>",
					 folder, folder)));
}

static void signal_bytes(struct ebms_message *received, enum ebms_kind kind, struct buf *body)
{
	struct ebms_identity identity = { .keys = world.keys,
					  .key = world_key(&world.own, KEY_USE_SIGN, KEY_RSA_2048),
					  .token = TOKEN_BST };
	struct ebms_answering answering = { .profile = profile_find("ebms2-rsa-sha256"),
					    .identity = &identity,
					    .received = received,
					    .ref_to = received->user.info->message_id,
					    .frame = &received->user,
					    .now_us = PKI_NOW };
	const struct ebms2_status status = { .status = "Received", .ref_to = "x@y", .timestamp_us = PKI_NOW };
	struct findings *findings = findings_new(world.arena);
	struct ebms_packed packed = { 0 };
	struct err err = { 0 };

	finding_add(findings, ebms_rule(RULE_ACTION), "", "<a> & \"b\"", "c");
	enum err_code code = kind == KIND_RECEIPT ? ebms_pack_receipt(world.arena, &answering, &packed, &err)
			     : kind == KIND_ERROR ? ebms_pack_error(world.arena, &answering, findings, &packed, &err)
			     : kind == KIND_PONG  ? ebms2_pack_pong(world.arena, &answering, &packed, &err)
						  : ebms2_pack_status(world.arena, &answering, &status, &packed, &err);
	if (code != OK)
		fail_msg("not packed: %s", err.text);
	*body = packed.body;
}

/* OASIS msg-header-2_0.xsd (2.0c) and the schema of SOAP 1.1, by libxml2's validator. */
static void everything_that_is_written_is_valid_by_the_schemas_of_oasis(void **state)
{
	static const enum ebms_kind signals[] = { KIND_RECEIPT, KIND_ERROR, KIND_PONG, KIND_STATUS_RESPONSE };
	const char *schema = schemas();
	(void)state;
	char *files = pki_directory_new();

	if (!schema || !oracle_there(files, "xmllint --version")) {
		pki_directory_free(files);
		skip();
	}
	put_schema(files, schema);
	for (size_t w = 0; w < COUNT(all_wishes); w++) {
		struct letter2 letter;
		struct wire_copy wire;
		struct opening opening;
		letter2_init(&letter, all_counts[w % 3]);
		letter.wishes = all_wishes[w];
		letter2_pack(&letter, &wire);
		must_be_valid(files, files, "a message", envelope_of(&wire.body));
		open_wire(&opening, &wire);
		for (size_t k = 0; k < COUNT(signals); k++) {
			struct buf body;
			signal_bytes(&opening.message, signals[k], &body);
			must_be_valid(files, files, "a signal", envelope_of(&body));
			buf_done(&body);
		}
		opening_done(&opening);
		buf_done(&wire.body);
	}
	/* The oracle can say no. */
	oracle_put(files, "message.xml",
		   bytes_of("<e:Envelope xmlns:e=\"" NS_SOAP11 "\"><e:Header><eb:MessageHeader xmlns:eb=\"" NS_EBMS2
			    "\"/></e:Header><e:Body/></e:Envelope>"));
	assert_int_not_equal(
		oracle_run(files, "xmllint --nonet --noout --schema '%s/envelope-and-header.xsd' message.xml", files),
		0);
	pki_directory_free(files);
}

static const char *own_pem(void)
{
	buf_auto text;

	buf_init(&text, 65536);
	buf_puts(&text, "-----BEGIN CERTIFICATE-----\n");
	base64_put(&text, cert_der(world_key(&world.own, KEY_USE_SIGN, KEY_RSA_2048)->cert));
	buf_puts(&text, "\n-----END CERTIFICATE-----\n");
	const char *line = arena_text_of(world.arena, buf_bytes(&text)), *begin = strchr(line, '\n') + 1;
	buf_auto folded;
	buf_init(&folded, 65536);
	buf_puts(&folded, "-----BEGIN CERTIFICATE-----\n");
	while (*begin != '\n') {
		size_t size = strcspn(begin, "\n");
		size = size < 64 ? size : 64;
		buf_put(&folded, begin, size);
		buf_puts(&folded, "\n");
		begin += size;
	}
	buf_puts(&folded, "-----END CERTIFICATE-----\n");
	return arena_text_of(world.arena, buf_bytes(&folded));
}

/* Aleksey Sanin's xmlsec evaluates the XPath that we only match. */
static void xmlsec_verifies_what_has_no_parts_and_refuses_it_when_it_is_changed(void **state)
{
	(void)state;
	char *files = pki_directory_new();
	static const char command[] = "xmlsec1 --verify --pubkey-cert-pem cert.pem message.xml";

	if (!oracle_there(files, "xmlsec1 --version")) {
		pki_directory_free(files);
		skip();
	}
	oracle_put(files, "cert.pem", bytes_of(own_pem()));
	for (size_t w = 0; w < COUNT(all_wishes); w++) {
		struct letter2 letter;
		struct wire_copy wire;
		letter2_init(&letter, 0);
		letter.wishes = all_wishes[w];
		letter2_pack(&letter, &wire);
		oracle_put(files, "message.xml", buf_bytes(&wire.body));
		if (oracle_run(files, "%s", command) != 0)
			fail_msg("xmlsec1: %s", (const char *)oracle_get(files, "out").data);
		text_replace(&wire.body, "vn-th-1", "vn-th-2");
		oracle_put(files, "message.xml", buf_bytes(&wire.body));
		assert_int_not_equal(oracle_run(files, "%s", command), 0);
		buf_done(&wire.body);
	}
	pki_directory_free(files);
}

/* The measured rule of the envelope's digest: canonical XML of it without its ds:Signature and without eb:SyncReply,
 * which is of a left-out actor; and the digest of a part is that of its octets. By xmllint and openssl. */
static void xmllint_and_openssl_come_to_the_same_digests(void **state)
{
	(void)state;
	char *files = pki_directory_new();

	if (!oracle_there(files, "xmllint --version") || !oracle_there(files, "openssl version")) {
		pki_directory_free(files);
		skip();
	}
	for (size_t w = 0; w < COUNT(all_wishes); w++) {
		struct letter2 letter;
		struct wire_copy wire;
		struct buf envelope;
		letter2_init(&letter, 3);
		letter.wishes = all_wishes[w];
		letter2_pack(&letter, &wire);
		buf_init(&envelope, 1 << 20);
		buf_puts(&envelope, envelope_of(&wire.body));
		text_cut(&envelope, "<ds:Signature ", "</ds:Signature>");
		if (letter.wishes.sync)
			text_cut(&envelope, "<eb:SyncReply", "</eb:SyncReply>");
		oracle_put(files, "plain.xml", buf_bytes(&envelope));
		assert_int_equal(oracle_run(files, "sh -c 'xmllint --c14n plain.xml >0'"), 0);
		for (size_t i = 0; i < 3; i++)
			oracle_put(files, arena_printf(world.arena, "%zu", i + 1), letter.base.payloads[i].octets);
		for (size_t i = 0; i < wire.references_count; i++) {
			assert_int_equal(oracle_run(files, "sh -c 'openssl dgst -sha256 -binary %zu >digest'", i), 0);
			assert_true(bytes_same(oracle_get(files, "digest"), wire.references[i].value));
		}
		buf_done(&envelope);
		buf_done(&wire.body);
	}
	pki_directory_free(files);
}

/* --- Parts --- */

/* An empty part has a digest like any other (FIPS 180-4: that of no octets begins with 47DEQ). */
static void a_part_that_was_emptied_on_the_way_is_refused_in_every_encoding(void **state)
{
	static const char *const encodings[] = { "binary", "8bit", "7bit", "base64" };

	(void)state;
	for (size_t i = 0; i < COUNT(encodings); i++)
		for (int honest = 0; honest < 2; honest++) {
			struct letter2 letter;
			struct wire_copy wire;
			struct opening opening;
			letter2_init(&letter, 1);
			letter_part(&letter.base, 0, "text/plain", honest ? bytes("", 0) : bytes_of("goods"));
			letter2_pack(&letter, &wire);
			if (!honest)
				text_replace(&wire.body, "\r\n\r\ngoods", "\r\n\r\n");
			/* Of the part, which is the last. */
			size_t at = text_at(&wire.body, "part-1@th.example>");
			struct buf tail = { .max_bytes = 1 << 20 };
			buf_put(&tail, wire.body.data + at, wire.body.size - at);
			wire.body.size = at;
			size_t before = text_at(&wire.body, "soap@lintas");
			(void)before;
			if (text_has(&tail, "Content-Transfer-Encoding: binary"))
				text_replace(&tail, "Content-Transfer-Encoding: binary",
					     arena_printf(world.arena, "Content-Transfer-Encoding: %s", encodings[i]));
			buf_put_bytes(&wire.body, buf_bytes(&tail));
			buf_done(&tail);
			open_wire(&opening, &wire);
			if (honest)
				opening_must_pass(&opening);
			else
				assert_string_equal(opening_rule(&opening), ebms_rule(RULE_DIGEST)->code);
			assert_int_equal(opening.step, honest ? PASSED : PARTS);
			opening_done(&opening);
			buf_done(&wire.body);
		}
}

static void a_part_in_base64_is_signed_as_its_octets(void **state)
{
	struct letter2 letter;
	struct wire_copy wire;
	struct opening opening;

	(void)state;
	letter2_init(&letter, 1);
	letter_part(&letter.base, 0, "text/plain", bytes_of("goods"));
	letter2_pack(&letter, &wire);
	text_replace(&wire.body, "\r\n\r\ngoods", "\r\n\r\nZ29v\r\nZHM=");
	for (int i = 0; i < 2; i++) { /* of the root, which is binary, and of the part */
		size_t at = text_at(&wire.body, "Content-Transfer-Encoding: binary");
		if (i == 0) {
			wire.body.data[at] = 'X';
			continue;
		}
		text_replace(&wire.body, "Content-Transfer-Encoding: binary", "Content-Transfer-Encoding: base64");
	}
	text_replace(&wire.body, "Xontent-Transfer-Encoding", "Content-Transfer-Encoding");
	open_wire(&opening, &wire);
	opening_must_pass(&opening);
	assert_true(bytes_same(opening.message.parts[0].octets, bytes_of("goods")));
	opening_done(&opening);
	buf_done(&wire.body);
}

/* --- Limits --- */

#define AFTER_HEADER "</eb:MessageHeader>"

static void put_times(struct buf *out, unsigned times, const char *text)
{
	for (unsigned i = 0; i < times; i++)
		buf_puts(out, text);
}

static void xml_is_refused(const char *what, const char *from, const char *to)
{
	struct wire_copy wire;
	struct opening opening;

	wrong_pack(NULL, &wire);
	text_replace(&wire.body, from, to);
	open_wire(&opening, &wire);
	if (opening.step != READING || !same(opening_rule(&opening), ebms_rule(RULE_XML)->code))
		fail_msg("%s: at step %d by %s", what, opening.step, opening_rule(&opening));
	opening_done(&opening);
	buf_done(&wire.body);
}

static const char *repeated(const char *before, unsigned times, const char *text, const char *behind)
{
	buf_auto out;

	buf_init(&out, (size_t)8 << 20);
	buf_puts(&out, before);
	put_times(&out, times, text);
	buf_puts(&out, behind);
	return arena_text_of(world.arena, buf_bytes(&out));
}

static void what_would_cost_too_much_is_refused_while_it_is_read(void **state)
{
	(void)state;
	xml_is_refused("a DTD", "<soap:Envelope ", "<!DOCTYPE x><soap:Envelope ");
	xml_is_refused("an entity", "<soap:Envelope ",
		       "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><soap:Envelope ");
	xml_is_refused("an entity that nobody declared", "FORM-D<", "&goods;<");
	xml_is_refused("an instruction", AFTER_HEADER, AFTER_HEADER "<?x y?>");
	xml_is_refused("depth", AFTER_HEADER, repeated(AFTER_HEADER, 40, "<x>", repeated("", 40, "</x>", "")));
	xml_is_refused("elements", AFTER_HEADER, repeated(AFTER_HEADER, 5000, "<x/>", ""));
	xml_is_refused("a value", AFTER_HEADER, repeated(AFTER_HEADER "<x y=\"", 20000, "y", "\"/>"));
	xml_is_refused("size", AFTER_HEADER, repeated(AFTER_HEADER, 1 << 20, " ", ""));
	buf_auto attributes;
	buf_init(&attributes, 1 << 20);
	for (int i = 0; i < 40; i++)
		buf_printf(&attributes, " a%d=\"\"", i);
	xml_is_refused(
		"attributes", AFTER_HEADER,
		arena_printf(world.arena, AFTER_HEADER "<x%s/>", arena_text_of(world.arena, buf_bytes(&attributes))));
	/* Inclusive C14N of a stranger's envelope costs their square, for each element. */
	attributes.size = 0;
	for (int i = 0; i < NAMESPACES_MAX; i++)
		buf_printf(&attributes, "%s xmlns:n%d=\"urn:%d\"", i % 16 == 0 ? "<x" : "", i, i),
			buf_puts(&attributes, i % 16 == 15 ? ">" : "");
	buf_puts(&attributes, "</x></x></x>");
	xml_is_refused(
		"namespaces", AFTER_HEADER,
		arena_printf(world.arena, AFTER_HEADER "%s", arena_text_of(world.arena, buf_bytes(&attributes))));
}

/* A receiver reads 30 references, as Java does: 25 parts fit, and one more is refused. */
static void twenty_five_parts_are_taken_and_no_more(void **state)
{
	enum { MOST = 25 };
	(void)state;
	for (size_t count = MOST; count <= MOST + 1; count++) {
		struct letter2 letter;
		struct wire_copy wire;
		struct opening opening;
		struct ebms_payload payloads[MOST + 1];
		letter2_init(&letter, 0);
		for (size_t i = 0; i < count; i++)
			payloads[i] = (struct ebms_payload){ .content_id = arena_printf(world.arena, "p%zu@x", i),
							     .mime_type = "text/plain",
							     .octets = bytes_of("goods") };
		struct ebms_packed packed = { 0 };
		const struct ebms_letter packing = { .profile = letter.base.profile,
						     .identity = &letter.base.identity,
						     .user = &letter.base.user,
						     .payloads = payloads,
						     .count = count,
						     .wishes = &letter.wishes };
		assert_int_equal(ebms_pack_user(world.arena, &packing, &packed, NULL), OK);
		wire = (struct wire_copy){ .content_type = packed.content_type, .body = packed.body };
		open_wire(&opening, &wire);
		if (count == MOST)
			opening_must_pass(&opening);
		else
			assert_int_equal(opening.step, READING);
		opening_done(&opening);
		buf_done(&wire.body);
	}
}

/* What an acknowledgment repeats of a message is bounded by the message, not by what is declared around each reference.
 */
static void a_message_full_of_namespaces_can_be_acknowledged(void **state)
{
	enum { MOST = 25, SIZE = 30000 };
	struct letter2 letter;
	struct ebms_payload payloads[MOST];
	struct ebms_packed packed = { 0 };
	struct forgery forgery = forgery_new();
	struct opening opening;
	struct buf acknowledgment;
	const char *name = repeated("urn:", SIZE, "x", "");

	(void)state;
	letter2_init(&letter, 0);
	for (size_t i = 0; i < MOST; i++)
		payloads[i] = (struct ebms_payload){ .content_id = arena_printf(world.arena, "p%zu@x", i),
						     .mime_type = "text/plain",
						     .octets = bytes_of("goods") };
	const struct ebms_letter packing = { .profile = letter.base.profile,
					     .identity = &letter.base.identity,
					     .user = &letter.base.user,
					     .payloads = payloads,
					     .count = MOST,
					     .wishes = &letter.wishes };
	assert_int_equal(ebms_pack_user(world.arena, &packing, &packed, NULL), OK);
	struct wire_copy wire = { .content_type = packed.content_type, .body = packed.body };
	wire.body.max_bytes = (size_t)32 << 20;
	text_replace(&wire.body, "<soap:Envelope",
		     arena_printf(world.arena, "<soap:Envelope xmlns:a=\"%.15000s\" xmlns:b=\"%.15000s\"", name, name));
	text_replace(&wire.body, "<soap:Header",
		     arena_printf(world.arena, "<soap:Header xmlns:c=\"%.15000s\" xmlns:d=\"%.15000s\"", name, name));
	forge_sign(&forgery, &wire.body);
	open_wire(&opening, &wire);
	opening_must_pass(&opening);
	signal_bytes(&opening.message, KIND_RECEIPT, &acknowledgment);
	assert_true(acknowledgment.size < wire.body.size);
	buf_done(&acknowledgment);
	opening_done(&opening);
	buf_done(&wire.body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_arena_new, world_arena_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_packed_opens_with_the_same_wishes_and_octets),
		TEST(everything_that_is_written_is_valid_by_the_schemas_of_oasis),
		TEST(xmlsec_verifies_what_has_no_parts_and_refuses_it_when_it_is_changed),
		TEST(xmllint_and_openssl_come_to_the_same_digests),
		TEST(a_part_that_was_emptied_on_the_way_is_refused_in_every_encoding),
		TEST(a_part_in_base64_is_signed_as_its_octets),
		TEST(what_would_cost_too_much_is_refused_while_it_is_read),
		TEST(a_message_full_of_namespaces_can_be_acknowledged),
		TEST(twenty_five_parts_are_taken_and_no_more),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
