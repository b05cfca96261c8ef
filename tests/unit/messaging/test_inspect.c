/* The inspector: separate verdicts for each stage. The messages are those of the other tests here, whose right and
 * wrong ones are checked against standards and by other programs; collected ones are judged as their provenance says.
 */
#include "world.h"

#include "base/date.h"
#include "base/text.h"
#include "messaging/messaging.h"

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
	assert_true(finds(&report, "AS4-041"));
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

int main(void)
{
#define INSPECTING(test) cmocka_unit_test_setup_teardown(test, world_arena_new, world_arena_free)
	static const struct CMUnitTest tests[] = {
		INSPECTING(each_profile_is_verified_with_certificate_and_key),
		INSPECTING(what_is_missing_is_undecided_and_said),
		INSPECTING(trust_is_a_verdict_of_its_own),
		INSPECTING(one_octet_changes_the_verdict_of_its_stage_alone),
		INSPECTING(a_key_from_a_file_opens_the_payloads),
		INSPECTING(what_is_no_message_is_refused_and_never_a_fault),
		INSPECTING(collected_signatures_verify_at_their_time),
	};

	return cmocka_run_group_tests_name("inspect", tests, world_begin, world_end);
}
