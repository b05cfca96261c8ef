/* Scripts of a played partner, and the dates of HTTP. Expected values: docs/simulator.md; RFC 9110 5.6.7. */
#include "../unit.h"

#include "base/text.h"
#include "messaging/partner_test_int.h"
#include "messaging/simulate_int.h"

static struct arena *arena;
static struct findings *findings;
static struct script script;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(1 << 20);
	findings = findings_new(arena);
	return findings ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void read_script(const char *text)
{
	struct err err = { 0 };
	assert_int_equal(script_read(arena, bytes_of(text), SIDE_ANSWERS, true, &script, findings, &err), OK);
}

static void must_find(const char *text, const char *code, const char *path)
{
	read_script(text);
	const struct finding *finding = findings_at(findings, 0);
	assert_non_null(finding);
	assert_string_equal(finding->rule->code, code);
	assert_string_equal(finding->path, path);
}

static const char *act_for(const char *action)
{
	const struct script_row *row = script_next(&script, action);
	return row ? row->act : "as it should";
}

static void a_row_waits_for_after_and_lasts_for_times(void **state)
{
	(void)state;
	read_script("{\"rows\":[{\"on\":\"FORM-D\",\"after\":1,\"times\":2,\"do\":\"close\"}]}");
	assert_int_equal(findings_count(findings), 0);
	assert_string_equal(act_for("FORM-D"), "as it should");
	assert_string_equal(act_for("ping"), "as it should");
	assert_string_equal(act_for("FORM-D"), "close");
	assert_string_equal(act_for("FORM-D"), "close");
	assert_string_equal(act_for("FORM-D"), "as it should");
}

static void the_first_row_that_applies_counts_and_any_is_every_message(void **state)
{
	(void)state;
	read_script(
		"{\"rows\":[{\"on\":\"ping\",\"times\":1,\"do\":\"unsigned\"},{\"on\":\"any\",\"do\":\"corrupt\"}]}");
	assert_string_equal(act_for("ping"), "unsigned");
	assert_string_equal(act_for("ping"), "corrupt");
	assert_string_equal(act_for("ACDD"), "corrupt");
}

static void an_act_that_there_is_not_is_found(void **state)
{
	(void)state;
	must_find("{\"rows\":[{\"on\":\"any\",\"do\":\"close\"},{\"on\":\"any\",\"do\":\"dance\"}]}", "SIM-001",
		  "/rows/1");
}

static void an_error_that_there_is_not_is_found(void **state)
{
	(void)state;
	must_find("{\"rows\":[{\"on\":\"any\",\"do\":\"refuse\",\"error\":\"EBMS:9999\"}]}", "SIM-002", "/rows/0");
}

static void a_delay_without_seconds_is_found(void **state)
{
	(void)state;
	must_find("{\"rows\":[{\"on\":\"any\",\"do\":\"delay\"}]}", "SIM-003", "/rows/0");
}

static void a_status_that_is_none_is_found(void **state)
{
	(void)state;
	must_find("{\"rows\":[{\"on\":\"any\",\"do\":\"status\",\"status\":99}]}", "SIM-004", "/rows/0");
}

static void an_error_is_named_by_our_rule_or_by_the_code_of_either_version(void **state)
{
	(void)state;
	read_script("{\"rows\":[{\"on\":\"a\",\"do\":\"refuse\",\"error\":\"MSG-080\"},"
		    "{\"on\":\"b\",\"do\":\"refuse\",\"error\":\"EBMS:0102\"},"
		    "{\"on\":\"c\",\"do\":\"refuse\",\"error\":\"TimeToLiveExpired\"}]}");
	assert_int_equal(findings_count(findings), 0);
	assert_int_equal(script_next(&script, "a")->rule, RULE_TO_PARTY);
	assert_int_equal(script_next(&script, "b")->rule, RULE_DECRYPTION);
}

/* The page's tables of what each side does. */
static const char *const answers[] = { "receipt",   "delay",   "clock",       "refuse", "wrong-receipt", "unsigned",
				       "other-key", "corrupt", "old-version", "status", "close",         "away" };
static const char *const sends[] = { "send",         "delay",       "duplicate",    "at-once",
				     "altered",      "half",        "clock",        "unsigned",
				     "other-key",    "corrupt",     "wrong-sender", "wrong-receiver",
				     "wrong-action", "old-version", "close",        "away" };

static bool is_among(const char *act, const char *const *acts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (same(act, acts[i]))
			return true;
	return false;
}

/* What is found of a row with this act, and all that any needs. */
static const char *found_for(const char *act, enum side side, bool other_keys)
{
	struct err err = { 0 };
	struct findings *fresh = findings_new(arena);
	const char *text =
		arena_printf(arena, "{\"rows\":[{\"on\":\"any\",\"do\":\"%s\",\"seconds\":1,\"status\":500}]}", act);
	assert_int_equal(script_read(arena, bytes_of(text), side, other_keys, &script, fresh, &err), OK);
	const struct finding *finding = findings_at(fresh, 0);
	return finding ? finding->rule->code : "nothing";
}

static void each_side_takes_its_own_acts_and_says_whose_the_others_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		const char *expected = is_among(answers[i], sends, COUNT(sends)) ? "nothing" : "SIM-005";
		assert_string_equal(found_for(answers[i], SIDE_ANSWERS, true), "nothing");
		assert_string_equal(found_for(answers[i], SIDE_SENDS, true), expected);
	}
	for (size_t i = 0; i < COUNT(sends); i++) {
		const char *expected = is_among(sends[i], answers, COUNT(answers)) ? "nothing" : "SIM-005";
		assert_string_equal(found_for(sends[i], SIDE_SENDS, true), "nothing");
		assert_string_equal(found_for(sends[i], SIDE_ANSWERS, true), expected);
	}
}

static void other_keys_must_be_there_to_sign_with(void **state)
{
	(void)state;
	assert_string_equal(found_for("other-key", SIDE_SENDS, false), "SIM-003");
	assert_string_equal(found_for("other-key", SIDE_ANSWERS, false), "SIM-003");
	assert_string_equal(found_for("unsigned", SIDE_SENDS, false), "nothing");
}

static void a_repetition_needs_no_seconds_and_takes_them(void **state)
{
	(void)state;
	struct err err = { 0 };
	static const char text[] = "{\"rows\":[{\"on\":\"any\",\"do\":\"duplicate\",\"times\":1},"
				   "{\"on\":\"any\",\"do\":\"duplicate\",\"seconds\":5}]}";
	assert_int_equal(script_read(arena, bytes_of(text), SIDE_SENDS, false, &script, findings, &err), OK);
	assert_int_equal(findings_count(findings), 0);
	assert_true(script_does(&script, "duplicate"));
	assert_false(script_does(&script, "close"));
	for (int i = 0; i < 2; i++) {
		struct turn turn = { .row = script_next(&script, "FORM-D") };
		act_find(turn.row->act)->before(&turn);
		assert_int_equal(turn.repeated, AGAIN);
		assert_int_equal(turn.pause_us, i * 5 * SECOND_US);
	}
}

static struct turn made(const char *body)
{
	struct turn turn = { 0 };
	buf_init(&turn.packed.body, 1024);
	buf_puts(&turn.packed.body, body);
	return turn;
}

static void must_make(const char *act, const char *body, const char *expected)
{
	struct turn turn = made(body);
	act_find(act)->after(&turn);
	assert_string_equal(buf_text(&turn.packed.body), expected);
	assert_int_equal(turn.packed.body.size, strlen(expected));
	buf_done(&turn.packed.body);
}

static void what_is_corrupted_is_the_payload_and_without_one_the_middle(void **state)
{
	(void)state;
	must_make("corrupt", "--b\r\nA: b\r\n\r\n<env/>\r\n--b\r\nA: b\r\n\r\npay\r\n--b--\r\n",
		  "--b\r\nA: b\r\n\r\n<env/>\r\n--b\r\nA: b\r\n\r\nqay\r\n--b--\r\n");
	must_make("corrupt", "abcde", "abbde"); /* 'c' is 0x63, 'b' 0x62 */
	must_make("corrupt", "", "");
	must_make("corrupt", "--b\r\n\r\n", "--b\f\n\r\n"); /* a part that is not there: '\r' is 0x0d, '\f' 0x0c */
}

static void an_unsigned_message_keeps_what_is_encrypted(void **state)
{
	(void)state;
	must_make("unsigned",
		  "<h><wsse:Security x=\"1\"><xenc:EncryptedKey Id=\"k\"/><wsse:BinarySecurityToken >t"
		  "</wsse:BinarySecurityToken><ds:Signature x=\"1\">s</ds:Signature></wsse:Security></h>",
		  "<h><wsse:Security x=\"1\"><xenc:EncryptedKey Id=\"k\"/></wsse:Security></h>");
	must_make("unsigned", "<h><wsse:Security x=\"1\"><ds:Signature x=\"1\">s</ds:Signature></wsse:Security></h>",
		  "<h></h>");
	must_make("unsigned", "<h><ds:Signature x=\"1\">s</ds:Signature></h>", "<h></h>");
	must_make("unsigned", "<h></h>", "<h></h>");
}

static void what_is_no_json_is_a_fault(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(script_read(arena, bytes_of("{\"rows\":["), SIDE_BOTH, true, &script, findings, &err),
			 ERR_SYNTAX);
}

/* RFC 9110 5.6.7 has this date; it is 784111777 s after 1970 (date -u -d). */
static void the_date_of_an_answer_is_read_whatever_the_case_of_its_name(void **state)
{
	(void)state;
	static const char *const headers[] = {
		"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
		"HTTP/1.1 200 OK\r\nServer: x\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
	};
	for (size_t i = 0; i < COUNT(headers); i++)
		assert_int_equal(http_date_of(bytes_of(headers[i])), INT64_C(784111777) * SECOND_US);
}

static void a_date_of_another_form_is_none(void **state)
{
	(void)state;
	static const char *const headers[] = {
		"",
		"\r\nDate: Sunday, 06-Nov-94 08:49:37 GMT\r\n\r\n",
		"\r\nDate: Sun, 06 Nov 1994 08:49:37 CET\r\n\r\n",
		"\r\nDate: Sun, 31 Feb 1994 08:49:37 GMT\r\n\r\n",
		"\r\nDate: Sun, 06 Nov 1994 08:4",
	};
	for (size_t i = 0; i < COUNT(headers); i++)
		assert_int_equal(http_date_of(bytes_of(headers[i])), TIME_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_row_waits_for_after_and_lasts_for_times),
		TEST(the_first_row_that_applies_counts_and_any_is_every_message),
		TEST(an_act_that_there_is_not_is_found),
		TEST(an_error_that_there_is_not_is_found),
		TEST(a_delay_without_seconds_is_found),
		TEST(a_status_that_is_none_is_found),
		TEST(an_error_is_named_by_our_rule_or_by_the_code_of_either_version),
		TEST(each_side_takes_its_own_acts_and_says_whose_the_others_are),
		TEST(other_keys_must_be_there_to_sign_with),
		TEST(a_repetition_needs_no_seconds_and_takes_them),
		TEST(what_is_corrupted_is_the_payload_and_without_one_the_middle),
		TEST(an_unsigned_message_keeps_what_is_encrypted),
		TEST(what_is_no_json_is_a_fault),
		TEST(the_date_of_an_answer_is_read_whatever_the_case_of_its_name),
		TEST(a_date_of_another_form_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
