#include "../unit.h"

#include "base/text.h"
#include "customs/registry.h"
#include "national/webhook_int.h"

#define MIB ((size_t)1 << 20)

/* The vector that the reference implementations of Standard Webhooks are tested with. */
static void a_signature_is_that_of_the_specification(void **state)
{
	static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	static const char expected[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
	arena_auto arena = arena_new(MIB);
	struct err err = { 0 };
	buf_auto out;

	(void)state;
	buf_init(&out, 1000);
	for (int i = 0; i < 2; i++)
		assert_int_equal(webhook_sign(arena, secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
					      bytes_of("{\"test\": 2432232314}"), &out, &err),
				 OK);
	assert_string_equal(buf_text(&out), arena_printf(arena, "%s %s", expected, expected));
}

static void a_damaged_secret_signs_nothing(void **state)
{
	static const char *const damaged[] = { "", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64" };
	arena_auto arena = arena_new(MIB);
	struct err err = { 0 };
	buf_auto out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < COUNT(damaged); i++) {
		assert_int_equal(webhook_sign(arena, damaged[i], "msg", "1", bytes_of("{}"), &out, &err), ERR_INTERNAL);
		assert_null(strstr(err.text, "MfKQ"));
	}
	assert_int_equal(out.size, 0);
}

/* Standard Webhooks: 24 to 64 octets. */
static void secrets_are_long_and_differ(void **state)
{
	arena_auto arena = arena_new(MIB);
	struct bytes octets;

	(void)state;
	const char *one = webhook_secret_new(arena), *other = webhook_secret_new(arena);
	assert_string_not_equal(one, other);
	assert_memory_equal(one, "whsec_", 6);
	assert_true(base64_parse(arena, bytes_of(one + 6), &octets));
	assert_int_equal(octets.size, 32);
}

static const struct kernel kernel = { .capabilities = customs_capabilities };

static const char *found(struct arena *arena, const char *url, const char *events, bool allow_plain)
{
	struct findings *findings = findings_new(arena);

	webhook_check(&kernel, arena, &(struct webhook){ .url = url, .events = events },
		      &(struct webhook_policy){ .allow_plain = allow_plain }, findings);
	return findings_count(findings) ? findings_at(findings, 0)->rule->code : "";
}

/* RFC 6890, and the ways in which inet_aton(3) reads a number. */
static void where_no_call_would_go_is_told_when_it_is_added(void **state)
{
	static const struct reach_network ours[] = { { { [10] = 0xff, [11] = 0xff, [12] = 10, [13] = 20 }, 112 } };
	static const struct reach reach = { .everywhere_public = true, .networks = ours, .count = COUNT(ours) };
	static const struct {
		const char *url, *finding;
	} rows[] = {
		{ "https://10.0.0.1/", "WHK-012" },
		{ "https://10.20.0.1/", "" },
		{ "https://127.1:8443/x", "WHK-012" },
		{ "https://0x7f000001/", "WHK-012" },
		{ "https://2130706433/", "WHK-012" },
		{ "https://[::1]/", "WHK-012" },
		{ "https://[::ffff:127.0.0.1]/", "WHK-012" },
		{ "https://[fd00::1]:8443/", "WHK-012" },
		{ "https://169.254.169.254/latest", "WHK-012" },
		{ "https://8.8.8.8/", "" },
		{ "https://[2606:4700::1]/", "" },
		{ "https://erp.customs.example/", "" }, /* judged when it is connected to */
		{ "https://10.0.0.1.example/", "" },
	};
	arena_auto arena = arena_new(MIB);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct findings *findings = findings_new(arena);
		webhook_check(&kernel, arena, &(struct webhook){ .url = rows[i].url, .events = "" },
			      &(struct webhook_policy){ .reach = &reach }, findings);
		const char *code = findings_count(findings) ? findings_at(findings, 0)->rule->code : "";
		if (!same(code, rows[i].finding))
			fail_msg("%s: %s", rows[i].url, code);
	}
}

static void only_receivers_that_can_be_are_taken(void **state)
{
	static const struct {
		const char *url, *finding, *on_trial;
	} rows[] = {
		{ "https://erp.customs.example/lintas", "", "" },
		{ "https://erp.customs.example:8443/a/b?c=d@e", "", "" },
		{ "https://[2001:db8::1]/", "", "" },
		{ "http://127.0.0.1:8000/", "WHK-002", "" },
		{ "http://localhost/x", "WHK-002", "" },
		{ "http://[::1]:8000/", "WHK-002", "" },
		{ "http://10.0.0.9/x", "WHK-002", "WHK-010" },
		{ "http://localhost.example/x", "WHK-002", "WHK-010" },
		{ "http://127.0.0.1.example/x", "WHK-002", "WHK-010" },
		{ "http://[::2]/", "WHK-002", "WHK-010" },
		{ "http://erp.customs.example/", "WHK-002", "WHK-010" },
		{ "", "WHK-001", "WHK-001" },
		{ "https://", "WHK-001", "WHK-001" },
		{ "https:///path", "WHK-001", "WHK-001" },
		{ "https://:443/", "WHK-001", "WHK-001" },
		{ "ftp://erp.customs.example/", "WHK-001", "WHK-001" },
		{ "https://erp.customs.example:99999/secret", "WHK-001", "WHK-001" },
		{ "https://erp.customs.example:0/", "WHK-001", "WHK-001" },
		{ "https://erp.customs.example:https/", "WHK-001", "WHK-001" },
		{ "https://[2001:db8::1/", "WHK-001", "WHK-001" },
		{ "HTTPS://erp.customs.example/", "WHK-001", "WHK-001" },
		{ "https://erp customs/", "WHK-001", "WHK-001" },
		{ "https://erp\r\nX-Header: 1/", "WHK-001", "WHK-001" },
		{ "https://erp\\@inside/", "WHK-001", "WHK-001" },
		{ "https://kh\xc3\xb4ng.example/", "WHK-001", "WHK-001" },
		{ "https://user:password@erp.customs.example/", "WHK-003", "WHK-003" },
		{ "https://erp.customs.example@inside/", "WHK-003", "WHK-003" },
		{ "https://erp.customs.example/#x", "WHK-003", "WHK-003" },
	};
	arena_auto arena = arena_new(MIB);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!same(found(arena, rows[i].url, "", false), rows[i].finding))
			fail_msg("%s: %s", rows[i].url, found(arena, rows[i].url, "", false));
		assert_string_equal(found(arena, rows[i].url, "", true), rows[i].on_trial);
	}
	char *longest = arena_alloc(arena, 4000);
	memset(longest, 'x', 3000);
	memcpy(longest, "https://", 8);
	assert_string_equal(found(arena, longest, "", false), "WHK-001");
}

static void names_are_those_that_events_have(void **state)
{
	static const char url[] = "https://erp.customs.example/";
	arena_auto arena = arena_new(MIB);
	struct findings *findings = findings_new(arena);

	(void)state;
	assert_string_equal(found(arena, url, "received receipt-received card-held", false), "");
	assert_string_equal(found(arena, url, " received  part-use ", false), "");
	assert_string_equal(found(arena, url, "Received", false), "WHK-004");
	assert_string_equal(found(arena, url, "received;refused", false), "WHK-004");
	assert_string_equal(found(arena, url, "received\nrefused", false), "WHK-004");
	assert_string_equal(found(arena, url, "receive", false), "WHK-004");
	webhook_check_events(&kernel, arena, "received nonsense transmited receved", findings);
	assert_int_equal(findings_count(findings), 3);
	assert_string_equal(findings_at(findings, 0)->text,
			    "\"nonsense\" is no name of an event: lintas webhook events (docs/events.md) lists all");
	assert_non_null(strstr(findings_at(findings, 2)->text, "near to it are received"));
}

/* Every name that a step of a machine or the journal's own table has is taken. */
static void every_name_that_is_listed_is_taken(void **state)
{
	struct event_walk walk = { 0 };
	struct event_name name;
	size_t count = 0;

	(void)state;
	for (; event_name_next(&kernel, &walk, &name); count++) {
		arena_auto arena = arena_new(MIB);
		assert_true(*name.subject_type && *name.means);
		assert_string_equal(found(arena, "https://erp.customs.example/", name.name, false), "");
	}
	assert_true(count > 50);
}

/* Who adds a webhook does not choose how long the node works on it: known names ask for no near ones, and what is asked
 * is bounded. */
static void names_are_few_and_each_stands_once(void **state)
{
	static const char url[] = "https://erp.customs.example/";
	arena_auto arena = arena_new(MIB);
	struct findings *findings = findings_new(arena), *twice = findings_new(arena);
	struct event_name name = { 0 };
	struct event_walk walk = { 0 };
	buf_auto many, most;
	size_t count = 0;

	(void)state;
	buf_init(&many, 4000);
	buf_init(&most, 4000);
	for (size_t i = 0; i < 900; i++)
		buf_puts(&many, "q ");
	webhook_check_events(&kernel, arena, buf_text(&many), findings);
	assert_int_equal(findings_count(findings), 1);
	assert_string_equal(findings_at(findings, 0)->rule->code, "WHK-009");
	webhook_check_events(&kernel, arena, "refused received refused refused", twice);
	assert_int_equal(findings_count(twice), 2);
	assert_string_equal(findings_at(twice, 0)->rule->code, "WHK-011");
	assert_non_null(strstr(findings_at(twice, 0)->text, "\"refused\" stands twice"));
	while (event_name_next(&kernel, &walk, &name)) {
		if (word_among(buf_text(&most), name.name))
			continue;
		buf_printf(&most, "%s ", name.name);
		if (++count == WEBHOOK_NAMES_MAX)
			assert_string_equal(found(arena, url, buf_text(&most), false), "");
		if (count == WEBHOOK_NAMES_MAX + 1)
			assert_string_equal(found(arena, url, buf_text(&most), false), "WHK-009");
	}
	assert_true(count > WEBHOOK_NAMES_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_is_that_of_the_specification),
		cmocka_unit_test(a_damaged_secret_signs_nothing),
		cmocka_unit_test(secrets_are_long_and_differ),
		cmocka_unit_test(where_no_call_would_go_is_told_when_it_is_added),
		cmocka_unit_test(only_receivers_that_can_be_are_taken),
		cmocka_unit_test(names_are_those_that_events_have),
		cmocka_unit_test(names_are_few_and_each_stands_once),
		cmocka_unit_test(every_name_that_is_listed_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
