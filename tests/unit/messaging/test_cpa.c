/* Looking up in a CPA, and what is written in it. */
#include "agreement.h"

#include "base/text.h"
#include "messaging/messaging.h"

static void what_is_not_agreed_is_not_found(void **state)
{
	const struct cpa *cpa = read_good(good());
	const struct cpa_party *vn = cpa_party_of(cpa, "urn:asean:customs:vn", "");
	const struct ebms_typed service = { .value = "urn:asean:asw:form-d" };
	const struct ebms_typed empty = { .type = "", .value = "urn:asean:asw:form-d" };
	const struct ebms_typed typed = { .type = "urn:services", .value = "urn:asean:asw:form-d" };

	(void)state;
	assert_non_null(vn);
	assert_null(cpa_party_of(cpa, "urn:asean:customs:vn", "urn:asean:customs"));
	assert_null(cpa_party_of(cpa, "TH-0001", NULL));
	assert_non_null(cpa_action_of(vn, true, "Exporter", &service, "Submit"));
	assert_non_null(cpa_action_of(vn, true, "Exporter", &empty, "Submit"));
	assert_null(cpa_action_of(vn, true, "Exporter", &typed, "Submit"));
	assert_null(cpa_action_of(vn, false, "Exporter", &service, "Submit"));
	assert_null(cpa_action_of(vn, true, "Importer", &service, "Submit"));
	assert_null(cpa_action_of(vn, true, "Exporter", &service, "submit"));
	assert_true(cpa_same(&service, &empty));
	assert_false(cpa_same(&service, &typed));
}

/* --- The small things --- */

/* XML Schema part 2 §3.2.6, with its examples; years and months, and signs, are not for us. */
static void durations_are_those_of_xml_schema_without_years_and_months(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} durations[] = {
		{ "P3DT10H30M", 3 * DAY_US + 10 * HOUR_US + 30 * MINUTE_US },
		{ "PT1004199059S", -1 }, /* ten digits: 32 years */
		{ "PT130S", 130 * SECOND_US },
		{ "PT2M10S", 130 * SECOND_US },
		{ "P1DT2S", DAY_US + 2 * SECOND_US },
		{ "PT1.5S", 1500000 },
		{ "PT0.0000019S", 1 },
		{ "PT0S", 0 },
		{ "P0D", 0 },
		{ "PT36H", 36 * HOUR_US },
		{ "P3650D", 3650 * DAY_US },
		{ "P3650DT1S", -1 },
		{ "P3651D", -1 },
		{ "P1Y2M3DT5H20M30.123S", -1 },
		{ "P1Y", -1 },
		{ "P1M", -1 },
		{ "-P1D", -1 },
		{ "+P1D", -1 },
		{ "P", -1 },
		{ "PT", -1 },
		{ "P1DT", -1 },
		{ "P1", -1 },
		{ "P1S", -1 },
		{ "PT1D", -1 },
		{ "PT1M1H", -1 },
		{ "PT1S1S", -1 },
		{ "PT1.5M", -1 },
		{ "PT1.S", -1 },
		{ "PT.5S", -1 },
		{ "PT1.5S1S", -1 },
		{ "P1W", -1 },
		{ "1D", -1 },
		{ "p1d", -1 },
		{ "P1D ", -1 },
		{ "P999999999D", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(durations); i++) {
		int64_t us = -1;
		bool good_one = cpa_duration_parse(durations[i].text, &us);
		if (good_one != (durations[i].us >= 0) || us != durations[i].us)
			fail_msg("%s", durations[i].text);
	}
	assert_false(cpa_duration_parse(NULL, &(int64_t){ 0 }));
}

static void a_duration_is_written_as_it_is_read(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} durations[] = {
		{ 0, "PT0S" },
		{ 1, "PT0.000001S" },
		{ 1500000, "PT1.500000S" },
		{ 130 * SECOND_US, "PT2M10S" },
		{ DAY_US, "P1D" },
		{ DAY_US + SECOND_US, "P1DT1S" },
		{ 3 * DAY_US + 10 * HOUR_US + 30 * MINUTE_US, "P3DT10H30M" },
	};
	char text[CPA_DURATION_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(durations); i++) {
		int64_t us = -1;
		assert_string_equal(cpa_duration_format(durations[i].us, text), durations[i].text);
		assert_true(cpa_duration_parse(text, &us));
		assert_int_equal(us, durations[i].us);
	}
}

/* A name may hold anything that XML may; a place is printed. */
static void a_name_in_a_place_is_printable_and_short(void **state)
{
	char label[CPA_LABEL_SIZE];
	const char *long_name = "กรมศุลกากร กรมศุลกากร กรมศุลกากร กรมศุลกากร";

	(void)state;
	assert_string_equal(cpa_label(label, "a\tb\nc\x7f"), "a?b?c?");
	cpa_label(label, long_name);
	assert_true(strlen(label) <= 64 && strlen(label) > 60);
	assert_true(utf8_valid(bytes_of(label)));
	assert_true(starts_with(long_name, label));
	assert_string_equal(cpa_label(label, NULL), "");
}

static void rules_are_numbered_one_after_the_other(void **state)
{
	(void)state;
	for (size_t i = 0; cpa_rules[i].code; i++) {
		char code[32];
		snprintf(code, sizeof(code), "CPA-%03zu", i + 1);
		assert_string_equal(cpa_rules[i].code, code);
		assert_true(cpa_rules[i].text[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_agreed_is_not_found),
		TEST(durations_are_those_of_xml_schema_without_years_and_months),
		TEST(a_duration_is_written_as_it_is_read),
		TEST(a_name_in_a_place_is_printable_and_short),
		TEST(rules_are_numbered_one_after_the_other),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
