#include "../unit.h"

#include <string.h>

#include "base/bytes.h"
#include "base/decimal.h"

static struct decimal number(const char *text)
{
	struct decimal value;

	if (!decimal_parse(text, &value))
		fail_msg("not a number: %s", text);
	return value;
}

static void assert_number(struct decimal value, const char *expected)
{
	char text[DECIMAL_SIZE];

	assert_string_equal(decimal_format(value, text), expected);
}

static void numbers_print_as_they_were_written(void **state)
{
	(void)state;
	static const struct {
		const char *text, *printed;
	} rows[] = {
		{ "0", "0" },
		{ "12.50", "12.50" },
		{ "-0.005", "-0.005" },
		{ "+7", "7" },
		{ "007.10", "7.10" },
		{ "-0", "0" },
		{ "-0.00", "0.00" },
		{ "00000000000000000000000000000000000000000000000000001", "1" },
		{ "9999999999999999999999999999999999", "9999999999999999999999999999999999" },
		{ "-1234567890123456.789012345678901234", "-1234567890123456.789012345678901234" },
		{ "0.000000000000000001", "0.000000000000000001" },
		{ "0.000000000000000000", "0.000000000000000000" },
		{ "1000000000000000000000000000000000", "1000000000000000000000000000000000" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_number(number(rows[i].text), rows[i].printed);
}

static void what_is_not_a_plain_number_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"-",
		"+",
		".",
		"-.",
		".5",
		"5.",
		"1.2.3",
		"1e3",
		"1E3",
		"NaN",
		"Infinity",
		"inf",
		" 1",
		"1 ",
		"1,5",
		"1 000",
		"0x10",
		"--1",
		"+-1",
		"1-",
		"\xD9\xA1",
		"12345678901234567890123456789012345",  /* 35 digits */
		"1234567890123456789.0123456789012345", /* 35 digits */
		"0.0000000000000000001",                /* 19 places */
		"0.0000000000000000000",
	};
	struct decimal value = decimal_of(7);

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(decimal_parse(wrong[i], &value));
	assert_false(decimal_parse(NULL, &value));
	assert_number(value, "7");
}

static void none_differs_from_every_number(void **state)
{
	(void)state;
	char text[DECIMAL_SIZE] = "x";

	assert_false(decimal_given(decimal_none()));
	assert_string_equal(decimal_format(decimal_none(), text), "");
	assert_true(decimal_given(decimal_of(0)));
	assert_false(decimal_given(decimal_add(decimal_none(), decimal_of(1))));
	assert_false(decimal_given(decimal_mul(decimal_of(0), decimal_none())));
	assert_false(decimal_given(decimal_round(decimal_none(), 2)));
}

static void zeroed_memory_is_the_number_zero(void **state)
{
	(void)state;
	struct decimal zero;

	memset(&zero, 0, sizeof(zero));
	assert_true(decimal_given(zero));
	assert_number(zero, "0");
	assert_int_equal(decimal_compare(zero, decimal_of(0)), 0);
	assert_number(decimal_add(zero, number("1.50")), "1.50");
}

static void integers_become_decimals(void **state)
{
	(void)state;
	assert_number(decimal_of(0), "0");
	assert_number(decimal_of(-42), "-42");
	assert_number(decimal_of(1000), "1000");
	assert_number(decimal_of(INT64_MAX), "9223372036854775807");
	assert_number(decimal_of(INT64_MIN), "-9223372036854775808");
}

static void numbers_compare_by_value(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{ "12.5", "12.50", 0 },
		{ "0", "-0.00", 0 },
		{ "1", "2", -1 },
		{ "2", "1", 1 },
		{ "-1", "1", -1 },
		{ "-1", "-2", 1 },
		{ "0.1", "0.09999", 1 },
		{ "9999999999999999999999999999999999", "1", 1 },
		{ "0.000000000000000001", "0", 1 },
		{ "100", "99.999999999999999999", 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(decimal_compare(number(rows[i].a), number(rows[i].b)), rows[i].order);
}

/* Python: getcontext().prec = 34; getcontext().rounding = ROUND_HALF_UP; format(Decimal(a) + Decimal(b), 'f').
 * A negative zero is written without its sign. */
static void sums_and_products_are_those_of_pythons_decimal(void **state)
{
	(void)state;
	static const struct {
		struct decimal (*operation)(struct decimal a, struct decimal b);
		const char *a, *b, *result;
	} rows[] = {
		{ decimal_add, "0.1", "0.2", "0.3" },
		{ decimal_add, "12.50", "0.5", "13.00" },
		{ decimal_add, "1", "-1.00", "0.00" },
		{ decimal_add, "-7.25", "2.5", "-4.75" },
		{ decimal_add, "9999999999999999999999999999999999", "0.4", "9999999999999999999999999999999999" },
		{ decimal_add, "1234567890123456.789012345678901234", "0.000000000000000006",
		  "1234567890123456.789012345678901240" },
		{ decimal_add, "999999999999999999999999999999.9999", "0.0001", "1000000000000000000000000000000.000" },
		{ decimal_add, "1000000000000000000000000000000000", "0.25", "1000000000000000000000000000000000" },
		{ decimal_add, "1000000000000000000000000000000000", "0.5", "1000000000000000000000000000000001" },
		{ decimal_sub, "0.3", "0.1", "0.2" },
		{ decimal_sub, "1", "0.999999999999999999", "0.000000000000000001" },
		{ decimal_sub, "12.5", "12.50", "0.00" },
		{ decimal_sub, "-3", "-3", "0" },
		{ decimal_sub, "0", "5.10", "-5.10" },
		{ decimal_sub, "100", "0.01", "99.99" },
		{ decimal_mul, "1.10", "1.10", "1.2100" },
		{ decimal_mul, "-2", "3.5", "-7.0" },
		{ decimal_mul, "0", "-4", "0" },
		{ decimal_mul, "19.99", "3", "59.97" },
		{ decimal_mul, "0.000000000000000001", "0.000000000000000001",
		  "0.000000000000000000000000000000000001" },
		{ decimal_mul, "123456789.123456789", "987654321.987654321", "121932631356500531.3472031691126353" },
		{ decimal_mul, "9999999999999999", "9999999999999999", "99999999999999980000000000000001" },
		{ decimal_mul, "1234567890.12345678", "0.07", "86419752.3086419746" },
		{ decimal_mul, "3333333333333333333", "0.3333333333333333", "1111111111111110999.888888888888889" },
		{ decimal_mul, "12345678901234567.89", "98765432109876543.21", "1219326311370217952237463801111264" },
		{ decimal_mul, "99999999999999999.5", "1.00000000000000001", "100000000000000000.5000000000000000" },
		{ decimal_mul, "-0.5", "0.5", "-0.25" },
		{ decimal_mul, "1500.00", "0.125", "187.50000" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_number(rows[i].operation(number(rows[i].a), number(rows[i].b)), rows[i].result);
}

/* Python: format(Decimal(a).quantize(Decimal((0, (1,), -places)), ROUND_HALF_UP), 'f'), with a precision of 34. */
static void rounding_is_half_up_as_pythons(void **state)
{
	(void)state;
	static const struct {
		const char *number;
		int places;
		const char *result;
	} rows[] = {
		{ "2.5", 0, "3" },
		{ "-2.5", 0, "-3" },
		{ "2.4999", 0, "2" },
		{ "1.005", 2, "1.01" },
		{ "-1.005", 2, "-1.01" },
		{ "0.5", 0, "1" },
		{ "0.4", 0, "0" },
		{ "-0.4", 0, "0" },
		{ "12.5", 3, "12.500" },
		{ "1250", -2, "1300" },
		{ "1249", -2, "1200" },
		{ "999.995", 2, "1000.00" },
		{ "0.000000000000000005", 17, "0.00000000000000001" },
		{ "7", 0, "7" },
		{ "9999999999999999999999999999999999", 0, "9999999999999999999999999999999999" },
		{ "999999999999999999999999999999999.5", 0, "1000000000000000000000000000000000" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_number(decimal_round(number(rows[i].number), rows[i].places), rows[i].result);
}

/* Python: getcontext().prec = 34; getcontext().rounding = ROUND_HALF_UP; format(Decimal(a) / Decimal(b), 'f'), of more
 * than 36 places .quantize(Decimal((0, (1,), -36))). */
static void quotients_are_those_of_pythons_decimal(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b, *result;
	} rows[] = {
		{ "1", "3", "0.3333333333333333333333333333333333" },
		{ "36", "12", "3" },
		{ "2", "3", "0.6666666666666666666666666666666667" },
		{ "-7", "8", "-0.875" },
		{ "450", "0.001", "450000" },
		{ "1", "7", "0.1428571428571428571428571428571429" },
		{ "10000000000000000000000000000000", "0.1", "100000000000000000000000000000000" },
		{ "5.10", "1.7", "3.0" },
		{ "0", "5", "0" },
		{ "-1", "3", "-0.3333333333333333333333333333333333" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_number(decimal_div(number(rows[i].a), number(rows[i].b)), rows[i].result);
	assert_false(decimal_given(decimal_div(number("1"), decimal_of(0))));
	assert_false(decimal_given(decimal_div(decimal_of(0), decimal_of(0))));
}

/* Python: (Decimal(a) / Decimal(unit)).quantize(Decimal(1), mode) * Decimal(unit), without the sign of a zero. */
static void rounding_to_a_unit_is_pythons_in_each_mode(void **state)
{
	(void)state;
	static const struct {
		const char *number, *unit;
		enum decimal_rounding mode;
		const char *result;
	} rows[] = {
		{ "1234500", "1000", DECIMAL_HALF_UP, "1235000" },
		{ "1234500", "1000", DECIMAL_HALF_EVEN, "1234000" },
		{ "1234500", "1000", DECIMAL_UP, "1235000" },
		{ "1234500", "1000", DECIMAL_DOWN, "1234000" },
		{ "1233500", "1000", DECIMAL_HALF_UP, "1234000" },
		{ "1233500", "1000", DECIMAL_HALF_EVEN, "1234000" },
		{ "1233500", "1000", DECIMAL_UP, "1234000" },
		{ "1233500", "1000", DECIMAL_DOWN, "1233000" },
		{ "1233400", "1000", DECIMAL_HALF_UP, "1233000" },
		{ "1233400", "1000", DECIMAL_HALF_EVEN, "1233000" },
		{ "1233400", "1000", DECIMAL_UP, "1234000" },
		{ "1233400", "1000", DECIMAL_DOWN, "1233000" },
		{ "2.5", "1", DECIMAL_HALF_UP, "3" },
		{ "2.5", "1", DECIMAL_HALF_EVEN, "2" },
		{ "2.5", "1", DECIMAL_UP, "3" },
		{ "2.5", "1", DECIMAL_DOWN, "2" },
		{ "-2.5", "1", DECIMAL_HALF_UP, "-3" },
		{ "-2.5", "1", DECIMAL_HALF_EVEN, "-2" },
		{ "-2.5", "1", DECIMAL_UP, "-3" },
		{ "-2.5", "1", DECIMAL_DOWN, "-2" },
		{ "0.025", "0.05", DECIMAL_HALF_UP, "0.05" },
		{ "0.025", "0.05", DECIMAL_HALF_EVEN, "0.00" },
		{ "0.025", "0.05", DECIMAL_UP, "0.05" },
		{ "0.025", "0.05", DECIMAL_DOWN, "0.00" },
		{ "1.005", "0.01", DECIMAL_HALF_UP, "1.01" },
		{ "1.005", "0.01", DECIMAL_HALF_EVEN, "1.00" },
		{ "1.005", "0.01", DECIMAL_UP, "1.01" },
		{ "1.005", "0.01", DECIMAL_DOWN, "1.00" },
		{ "-1.001", "0.01", DECIMAL_HALF_UP, "-1.00" },
		{ "-1.001", "0.01", DECIMAL_HALF_EVEN, "-1.00" },
		{ "-1.001", "0.01", DECIMAL_UP, "-1.01" },
		{ "-1.001", "0.01", DECIMAL_DOWN, "-1.00" },
		{ "3000", "1000", DECIMAL_HALF_UP, "3000" },
		{ "3000", "1000", DECIMAL_HALF_EVEN, "3000" },
		{ "3000", "1000", DECIMAL_UP, "3000" },
		{ "3000", "1000", DECIMAL_DOWN, "3000" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_number(decimal_round_to(number(rows[i].number), number(rows[i].unit), rows[i].mode),
			      rows[i].result);
	assert_false(decimal_given(decimal_round_to(number("1"), decimal_of(0), DECIMAL_UP)));
	assert_false(decimal_given(decimal_round_to(decimal_none(), decimal_of(1), DECIMAL_UP)));
}

static void zeros_at_the_end_of_a_fraction_are_trimmed(void **state)
{
	(void)state;
	assert_number(decimal_trim(number("12.50")), "12.5");
	assert_number(decimal_trim(number("0.00")), "0");
	assert_number(decimal_trim(number("-20.000")), "-20");
	assert_number(decimal_trim(number("1000")), "1000");
	assert_number(decimal_trim(number("0.050")), "0.05");
	assert_false(decimal_given(decimal_trim(decimal_none())));
}

static void the_point_moves_without_another_digit_changing(void **state)
{
	(void)state;
	assert_number(decimal_shift(number("5"), -2), "0.05");
	assert_number(decimal_shift(number("12.50"), -2), "0.1250");
	assert_number(decimal_shift(number("12.50"), 1), "125.0");
	assert_number(decimal_shift(number("12.50"), 4), "125000");
	assert_number(decimal_shift(number("-7"), 2), "-700");
	assert_false(decimal_given(decimal_shift(number("9999999999999999999999999999999999"), 1)));
}

static void rounding_adds_only_the_zeros_that_fit(void **state)
{
	(void)state;
	assert_number(decimal_round(number("9999999999999999999999999999999999"), 2),
		      "9999999999999999999999999999999999");
	assert_number(decimal_round(number("1"), INT32_MAX), "1");
	assert_number(decimal_round(number("0"), INT32_MAX), "0.000000000000000000000000000000000000");
	assert_number(decimal_round(number("12"), INT32_MIN), "0");
}

static void a_result_too_large_for_34_digits_is_none(void **state)
{
	(void)state;
	struct decimal most = number("9999999999999999999999999999999999");

	assert_false(decimal_given(decimal_add(most, decimal_of(1))));
	assert_false(decimal_given(decimal_sub(decimal_of(-1), most)));
	assert_false(decimal_given(decimal_mul(most, most)));
	assert_false(decimal_given(decimal_round(most, -1)));
	assert_number(decimal_sub(most, decimal_of(1)), "9999999999999999999999999999999998");
}

static void the_smallest_results_keep_36_places(void **state)
{
	(void)state;
	struct decimal least = number("0.000000000000000001");
	struct decimal product = decimal_mul(least, least);

	assert_number(product, "0.000000000000000000000000000000000001");
	assert_number(decimal_mul(product, number("-0.5")), "-0.000000000000000000000000000000000001");
	assert_number(decimal_mul(product, number("0.4")), "0.000000000000000000000000000000000000");
	assert_number(decimal_mul(number("-9999999999999999.999999999999999999"), least),
		      "-0.009999999999999999999999999999999999");
	for (int i = 0; i < 300; i++)
		product = decimal_mul(product, least);
	assert_number(product, "0.000000000000000000000000000000000000");
}

/* Each bit set alone, and all: whatever a broken record held, the text stays in its buffer. */
static void any_memory_prints_within_the_buffer(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 128; bit++) {
		struct decimal flipped = { .w = { 12345, 0 } };
		struct decimal inverse = { .w = { UINT64_MAX, UINT64_MAX } };
		char text[DECIMAL_SIZE + 1];
		flipped.w[bit / 64] ^= UINT64_C(1) << bit % 64;
		inverse.w[bit / 64] ^= UINT64_C(1) << bit % 64;
		text[DECIMAL_SIZE] = '!';
		assert_true(strlen(decimal_format(flipped, text)) < DECIMAL_SIZE);
		assert_true(strlen(decimal_format(inverse, text)) < DECIMAL_SIZE);
		assert_int_equal(text[DECIMAL_SIZE], '!');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_print_as_they_were_written),
		cmocka_unit_test(what_is_not_a_plain_number_is_refused),
		cmocka_unit_test(none_differs_from_every_number),
		cmocka_unit_test(zeroed_memory_is_the_number_zero),
		cmocka_unit_test(integers_become_decimals),
		cmocka_unit_test(numbers_compare_by_value),
		cmocka_unit_test(sums_and_products_are_those_of_pythons_decimal),
		cmocka_unit_test(rounding_is_half_up_as_pythons),
		cmocka_unit_test(quotients_are_those_of_pythons_decimal),
		cmocka_unit_test(rounding_to_a_unit_is_pythons_in_each_mode),
		cmocka_unit_test(zeros_at_the_end_of_a_fraction_are_trimmed),
		cmocka_unit_test(the_point_moves_without_another_digit_changing),
		cmocka_unit_test(rounding_adds_only_the_zeros_that_fit),
		cmocka_unit_test(a_result_too_large_for_34_digits_is_none),
		cmocka_unit_test(the_smallest_results_keep_36_places),
		cmocka_unit_test(any_memory_prints_within_the_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
