/* Duty expressions: what is read, what is written, what is refused and where. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "customs/tariff/tariff.h"

struct reading {
	struct arena *arena;
	struct findings *findings;
	const struct tariff_duty *duty;
};

static struct reading reading_of(const char *text)
{
	struct reading reading = { .arena = arena_new((size_t)1 << 20) };
	bool full = false;

	assert_non_null(reading.arena);
	reading.findings = findings_new(reading.arena);
	assert_non_null(reading.findings);
	reading.duty = tariff_duty_parse(reading.arena, text, "/duty", reading.findings, &full);
	assert_false(full);
	return reading;
}

static void must_be_written(const char *text, const char *expected)
{
	struct reading reading = reading_of(text);
	buf_auto out = { 0 };

	buf_init(&out, 4096);
	if (!reading.duty)
		fail_msg("%s: %s", text, findings_at(reading.findings, 0)->text);
	tariff_duty_format(reading.duty, &out);
	assert_string_equal(buf_text(&out), expected);
	assert_int_equal(findings_count(reading.findings), 0);
	arena_free(reading.arena);
}

/* The grammar in tariff.h. */
static void the_one_form_is_written_as_it_was_read(void **state)
{
	(void)state;
	static const char *const forms[] = {
		"free",
		"excluded",
		"20%",
		"0%",
		"33.3%",
		"450 IDR/KGM",
		"1.5 GBP/ASV/HLT",
		"88 SGD/LPA",
		"5% + 16 SGD/LTR",
		"max(20%, 450 IDR/KGM)",
		"min(5% + 1 USD/KGM, 10%)",
		"max(min(10%, 2 USD/KGM), 1 USD/NMB) + 3%",
		"0.00000001 USD/TNE",
		"999999999999 VND/C62",
	};

	for (size_t i = 0; i < COUNT(forms); i++)
		must_be_written(forms[i], forms[i]);
}

static void other_spellings_are_read_into_the_one_form(void **state)
{
	(void)state;
	static const struct {
		const char *text, *form;
	} rows[] = {
		{ " 20 % ", "20%" },
		{ "020.50%", "20.5%" },
		{ "0.00%", "0%" },
		{ "FREE", "free" },
		{ "Excluded", "excluded" },
		{ "450 idr per kgm", "450 IDR/KGM" },
		{ "450IDR/KGM", "450 IDR/KGM" },
		{ "5%+16 SGD / LTR", "5% + 16 SGD/LTR" },
		{ "(5% + (3% + 2%))", "5% + 3% + 2%" },
		{ "MAX( 20%,450 IDR/KGM )", "max(20%, 450 IDR/KGM)" },
		{ "max((5% + 1 USD/KGM), 7%)", "max(5% + 1 USD/KGM, 7%)" },
		{ "((((20%))))", "20%" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		must_be_written(rows[i].text, rows[i].form);
}

static void what_is_no_duty_is_refused_with_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *code, *part; /* of the sentence */
	} rows[] = {
		{ "", "TRF-001", "no duty" },
		{ "  ", "TRF-001", "no duty" },
		{ "20", "TRF-002", "character 3, the end" },
		{ "20% 5%", "TRF-002", "character 5, \"5\"" },
		{ "twenty", "TRF-002", "character 1, \"twenty\"" },
		{ "5% +", "TRF-002", "character 5, the end" },
		{ "450 IDR KGM", "TRF-002", "character 9, \"KGM\"" },
		{ "450 IDR/", "TRF-002", "character 9" },
		{ "max(5%, 3%", "TRF-002", "character 11" },
		{ "5,5%", "TRF-003", "\"5,5\" at character 1" },
		{ "3% + 1.000,50 IDR/KGM", "TRF-003", "\"1.000,50\" at character 6" },
		{ "5..5%", "TRF-004", "\"5..5\" at character 1" },
		{ "5.%", "TRF-004", "\"5.\"" },
		{ ".5%", "TRF-004", "\".5\"" },
		{ "-5%", "TRF-005", "character 1" },
		{ "5% + -3%", "TRF-005", "character 6" },
		{ "4 XYZ/KGM", "TRF-006", "\"XYZ\" at character 3" },
		{ "4 RUPIAH/KGM", "TRF-006", "\"RUPIAH\"" },
		{ "450 IDR/B34", "TRF-007", "\"B34\" at character 9" },
		{ "450 IDR/KG", "TRF-007", "\"KG\"" },
		{ "max(1%, max(1%, max(1%, max(1%, max(1%, max(1%, max(1%, max(1%, max(1%, 2%)))))))))", "TRF-008",
		  "8 deep" },
		{ "((((((((((20%))))))))))", "TRF-008", "8 deep" },
		{ "1 GBP/KGM/LTR/HLT", "TRF-009", "two units" },
		{ "free + 5%", "TRF-010", "\"free\" at character 1" },
		{ "max(5%, excluded)", "TRF-010", "\"excluded\" at character 9" },
		{ "max(5%)", "TRF-011", "\"max\" at character 1" },
		{ "1000000000000%", "TRF-012", "character 1" },
		{ "0.000000001%", "TRF-012", "character 1" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reading reading = reading_of(rows[i].text);
		assert_null(reading.duty);
		assert_int_equal(findings_count(reading.findings), 1);
		const struct finding *finding = findings_at(reading.findings, 0);
		assert_string_equal(finding->path, "/duty");
		if (!same(finding->rule->code, rows[i].code) || !strstr(finding->text, rows[i].part))
			fail_msg("%s: %s %s", rows[i].text, finding->rule->code, finding->text);
		arena_free(reading.arena);
	}
}

static void a_duty_without_end_is_refused(void **state)
{
	(void)state;
	char text[2048];
	size_t size = 0;

	for (size_t i = 0; i < 70; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s1%%", i ? "+" : "");
	struct reading many = reading_of(text);
	assert_null(many.duty);
	assert_string_equal(findings_at(many.findings, 0)->rule->code, "TRF-009");
	arena_free(many.arena);

	memset(text, ' ', 600);
	memcpy(text + 600, "5%", 3);
	struct reading longer = reading_of(text);
	assert_null(longer.duty);
	assert_string_equal(findings_at(longer.findings, 0)->rule->code, "TRF-009");
	arena_free(longer.arena);
}

/* The digits of "⁻³", and the sign. */
static int exponent_of(const char *text)
{
	static const char *const digits[] = { "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹" };
	bool below = starts_with(text, "⁻");
	int exponent = 0;

	for (const char *at = text + (below ? strlen("⁻") : 0); *at;) {
		size_t digit = 0;
		while (digit < COUNT(digits) && !starts_with(at, digits[digit]))
			digit++;
		if (digit == COUNT(digits))
			break;
		exponent = exponent * 10 + (int)digit;
		at += strlen(digits[digit]);
	}
	return below ? -exponent : exponent;
}

/* Rec 20 itself, as the collected list has it: "10⁻³ m³", "3,785 412 x 10⁻³ m³", "kg". */
static struct decimal factor_of(const char *text)
{
	const char *times = strstr(text, " x 10"), *power = times                     ? times + 5
							    : starts_with(text, "10") ? text + 2
										      : NULL;
	char number[64] = "1";
	size_t size = 0;
	struct decimal value;

	if (power && *power >= '0' && *power <= '9')
		power = NULL; /* 100 */
	if (!power || times)
		for (const char *at = text; *at && strchr("0123456789, ", *at); at++)
			if (*at != ' ' && size + 1 < sizeof(number))
				number[size++] = *at == ',' ? '.' : *at;
	number[size ? size : 1] = '\0';
	assert_true(decimal_parse(number, &value));
	return power ? decimal_shift(value, exponent_of(power)) : value;
}

/* Each line of data/tariff/units.csv has what Rec 20 says, and the factor that follows from it. */
static void factors_are_those_of_rec_20(void **state)
{
	(void)state;
	const char *root = getenv("LINTAS_SOURCE");
	char path[512], line[512];
	size_t seen = 0;

	snprintf(path, sizeof(path), "%s/data/tariff/units.csv", root ? root : ".");
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char *cells[5] = { line };
		size_t count = 1;
		struct decimal factor;
		line[strcspn(line, "\r\n")] = '\0';
		for (char *c = line; *c && count < 5; c++)
			if (*c == ',') {
				*c = '\0';
				cells[count++] = c + 1;
			}
		if (*line == '#' || count < 5 || same(cells[0], "code"))
			continue;
		char *given = cells[4] + (*cells[4] == '"');
		if (!strchr("0123456789kmJWs", *given) || strstr(given, "litre"))
			continue; /* in words */
		assert_true(decimal_parse(cells[2], &factor));
		struct decimal expected = factor_of(given);
		if (strstr(given, " mg"))
			expected = decimal_shift(expected, -6);
		seen++;
		if (decimal_compare(factor, expected) != 0)
			fail_msg("%s is %s of %s", cells[0], cells[2], given);
	}
	fclose(file);
	assert_true(seen > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_form_is_written_as_it_was_read),
		cmocka_unit_test(other_spellings_are_read_into_the_one_form),
		cmocka_unit_test(what_is_no_duty_is_refused_with_its_place),
		cmocka_unit_test(a_duty_without_end_is_refused),
		cmocka_unit_test(factors_are_those_of_rec_20),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
