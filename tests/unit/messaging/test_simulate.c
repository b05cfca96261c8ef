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
	assert_int_equal(script_read(arena, bytes_of(text), &script, findings, &err), OK);
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

static void what_is_no_json_is_a_fault(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(script_read(arena, bytes_of("{\"rows\":["), &script, findings, &err), ERR_SYNTAX);
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
		TEST(what_is_no_json_is_a_fault),
		TEST(the_date_of_an_answer_is_read_whatever_the_case_of_its_name),
		TEST(a_date_of_another_form_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
