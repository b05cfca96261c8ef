#include "../unit.h"

#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/date.h"

/* The C library's timegm() is the oracle, over the whole calendar and daily around the years that we live in. */
static void every_day_is_that_of_the_c_library(void **state)
{
	(void)state;
	for (date day = -719162; day <= 2932896; day += day > -30000 && day < 60000 ? 1 : 13) {
		time_t seconds = (time_t)day * 86400;
		struct tm tm;
		char text[DATE_SIZE], expected[64];
		date parsed = DATE_NONE;

		assert_non_null(gmtime_r(&seconds, &tm));
		strftime(expected, sizeof(expected), "%Y-%m-%d", &tm);
		if (tm.tm_year + 1900 < 1000) /* %Y is not padded */
			continue;
		assert_string_equal(date_format(day, text), expected);
		assert_int_equal(date_of(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday), day);
		assert_true(date_parse(text, &parsed));
		assert_int_equal(parsed, day);
	}
}

/* Python: date(y, m, d).toordinal() - date(1970, 1, 1).toordinal() */
static void the_calendar_begins_and_ends_where_four_digits_do(void **state)
{
	(void)state;
	char text[DATE_SIZE];

	assert_int_equal(date_of(1, 1, 1), -719162);
	assert_int_equal(date_of(9999, 12, 31), 2932896);
	assert_int_equal(date_of(476, 9, 4), -545425);
	assert_string_equal(date_format(-719162, text), "0001-01-01");
	assert_string_equal(date_format(-545425, text), "0476-09-04");
	assert_string_equal(date_format(2932896, text), "9999-12-31");
	assert_string_equal(date_format(-719163, text), "");
	assert_string_equal(date_format(2932897, text), "");
	assert_string_equal(date_format(INT32_MAX, text), "");
	assert_string_equal(date_format(DATE_NONE, text), "");
}

static void a_day_that_does_not_exist_is_none(void **state)
{
	(void)state;
	static const int wrong[][3] = { { 2023, 2, 29 }, { 1900, 2, 29 }, { 2100, 2, 29 }, { 2026, 4, 31 },
					{ 2026, 0, 1 },  { 2026, 13, 1 }, { 2026, 1, 0 },  { 2026, 1, 32 },
					{ 0, 1, 1 },     { 10000, 1, 1 }, { -5, 1, 1 },    { 2026, -1, 1 },
					{ 2026, 1, -1 } };

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(date_of(wrong[i][0], wrong[i][1], wrong[i][2]), DATE_NONE);
	assert_int_equal(date_of(2000, 2, 29), 11016); /* Python, as above */
}

static void what_is_not_exactly_a_date_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = { "",
					     "2026",
					     "2026-11",
					     "2026-11-2",
					     "2026-1-02",
					     "26-11-02",
					     "2026-11-02 ",
					     " 2026-11-02",
					     "2026/11/02",
					     "20261102",
					     "2026-11-02Z",
					     "2026-13-01",
					     "2026-02-30",
					     "0000-01-01",
					     "+2026-11-02",
					     "-2026-11-02",
					     "12026-11-02",
					     "2026-11-0a",
					     "2026-W45-1" };
	date day = 5;

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(date_parse(wrong[i], &day));
	assert_false(date_parse(NULL, &day));
	assert_int_equal(day, 5);
	assert_true(date_parse("2026-11-02", &day));
	assert_int_equal(day, 20759); /* Python, as above */
}

/* ATIGA OCP rule 14 and its like count calendar months. Python: date.fromisoformat(from) + relativedelta(months=n) */
static void months_later_is_the_same_day_or_the_last_of_the_month(void **state)
{
	(void)state;
	static const struct {
		const char *from;
		int months;
		const char *to;
	} rows[] = {
		{ "2026-11-02", 12, "2027-11-02" },  { "2024-02-29", 12, "2025-02-28" },
		{ "2026-01-31", 1, "2026-02-28" },   { "2024-01-31", 1, "2024-02-29" },
		{ "2026-10-31", 1, "2026-11-30" },   { "2026-12-15", 1, "2027-01-15" },
		{ "2026-03-31", -1, "2026-02-28" },  { "2026-01-15", -1, "2025-12-15" },
		{ "2026-01-15", 0, "2026-01-15" },   { "2000-02-29", 1200, "2100-02-28" },
		{ "2026-05-31", -25, "2024-04-30" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		date from;
		char text[DATE_SIZE];
		assert_true(date_parse(rows[i].from, &from));
		assert_string_equal(date_format(date_add_months(from, rows[i].months), text), rows[i].to);
	}
	assert_int_equal(date_add_months(DATE_NONE, 1), DATE_NONE);
	assert_int_equal(date_add_months(date_of(9999, 12, 1), 1), DATE_NONE);
	assert_int_equal(date_add_months(date_of(1, 1, 1), -1), DATE_NONE);
	assert_int_equal(date_add_months(date_of(2026, 1, 1), INT32_MAX), DATE_NONE);
	assert_int_equal(date_add_months(date_of(2026, 1, 1), INT32_MIN), DATE_NONE);
}

static void an_instant_falls_in_its_utc_day(void **state)
{
	(void)state;
	assert_int_equal(date_of_time(0), 0);
	assert_int_equal(date_of_time(DAY_US - 1), 0);
	assert_int_equal(date_of_time(DAY_US), 1);
	assert_int_equal(date_of_time(-1), -1);
	assert_int_equal(date_of_time(-DAY_US), -1);
	assert_int_equal(date_of_time(-DAY_US - 1), -2);
	assert_int_equal(date_of_time(TIME_NONE), DATE_NONE);
	assert_int_equal(date_of_time(INT64_MAX), DATE_NONE);
}

/* RFC 3339 §5.8, and Python: datetime.fromisoformat(text).timestamp() * 10**6 */
static void instants_of_rfc_3339_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t time_us;
	} rows[] = {
		{ "1985-04-12T23:20:50.52Z", INT64_C(482196050520000) },
		{ "1996-12-19T16:39:57-08:00", INT64_C(851042397000000) },
		{ "1937-01-01T12:00:27.87+00:20", INT64_C(-1041337172130000) },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:00-00:00", 0 },
		{ "1969-12-31T23:59:59.999999Z", -1 },
		{ "2026-11-02T10:10:04.123456+07:00", INT64_C(1793589004123456) },
		{ "2026-11-02T03:10:04.123456789Z", INT64_C(1793589004123456) },
		{ "2026-11-02T03:10:04.1Z", INT64_C(1793589004100000) },
		{ "2024-02-29T23:59:59+23:59", INT64_C(1709164859000000) },
		{ "0001-01-01T00:00:00Z", INT64_C(-62135596800000000) },
		{ "9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999) },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t time_us = 7;
		assert_true(time_parse(rows[i].text, &time_us));
		assert_true(time_us == rows[i].time_us);
	}
}

static void what_is_not_exactly_an_instant_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"2026-11-02",
		"2026-11-02T03:10:04", /* no zone: xs:dateTime allows it, but it is no instant */
		"2026-11-02t03:10:04Z",
		"2026-11-02T03:10:04z",
		"2026-11-02 03:10:04Z",
		"2026-11-02T03:10Z",
		"2026-11-02T3:10:04Z",
		"2026-11-02T24:00:00Z",
		"2026-11-02T23:60:00Z",
		"2016-12-31T23:59:60Z", /* a leap second that was */
		"2026-11-02T03:10:04.Z",
		"2026-11-02T03:10:04,5Z",
		"2026-11-02T03:10:04.1234567890Z",
		"2026-11-02T03:10:04+7",
		"2026-11-02T03:10:04+0700",
		"2026-11-02T03:10:04+07",
		"2026-11-02T03:10:04+24:00",
		"2026-11-02T03:10:04+07:60",
		"2026-11-02T03:10:04Z ",
		" 2026-11-02T03:10:04Z",
		"2026-11-02T03:10:04ZZ",
		"2026-02-29T03:10:04Z",
		"0001-01-01T00:00:00+00:01", /* before the calendar begins */
		"9999-12-31T23:59:59-00:01",
	};
	int64_t time_us = 7;

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(time_parse(wrong[i], &time_us));
	assert_false(time_parse(NULL, &time_us));
	assert_true(time_us == 7);
}

static void instants_are_written_in_utc_with_milliseconds(void **state)
{
	(void)state;
	char text[TIME_SIZE];

	assert_string_equal(time_format(INT64_C(1793589004123456), text), "2026-11-02T03:10:04.123Z");
	assert_string_equal(time_format(INT64_C(482196050520000), text), "1985-04-12T23:20:50.520Z");
	assert_string_equal(time_format(0, text), "1970-01-01T00:00:00.000Z");
	assert_string_equal(time_format(-1, text), "1969-12-31T23:59:59.999Z");
	assert_string_equal(time_format(INT64_C(253402300799999999), text), "9999-12-31T23:59:59.999Z");
	assert_string_equal(time_format(INT64_C(253402300800000000), text), "");
	assert_string_equal(time_format(INT64_MAX, text), "");
	assert_string_equal(time_format(TIME_NONE, text), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_is_that_of_the_c_library),
		cmocka_unit_test(the_calendar_begins_and_ends_where_four_digits_do),
		cmocka_unit_test(a_day_that_does_not_exist_is_none),
		cmocka_unit_test(what_is_not_exactly_a_date_is_refused),
		cmocka_unit_test(months_later_is_the_same_day_or_the_last_of_the_month),
		cmocka_unit_test(an_instant_falls_in_its_utc_day),
		cmocka_unit_test(instants_of_rfc_3339_are_read),
		cmocka_unit_test(what_is_not_exactly_an_instant_is_refused),
		cmocka_unit_test(instants_are_written_in_utc_with_milliseconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
