#include "base/date.h"

#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"

#define YEAR_MIN 1
#define YEAR_MAX 9999

struct civil {
	int year;
	int month;
	int day;
};

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_length(int year, int month)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : lengths[month - 1];
}

/* Proleptic Gregorian, in eras of 400 years that begin on 1 March, so that the leap day is the last of its year
 * (H. Hinnant, chrono-Compatible Low-Level Date Algorithms). 719468 days lie between 0000-03-01 and 1970-01-01. */
static date days_from_civil(struct civil civil)
{
	int year = civil.month <= 2 ? civil.year - 1 : civil.year;
	int era = year / 400;
	int year_of_era = year - era * 400;
	int day_of_year = (153 * (civil.month + (civil.month > 2 ? -3 : 9)) + 2) / 5 + civil.day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static struct civil civil_from_days(date day)
{
	int shifted = day + 719468;
	int era = shifted / 146097;
	int day_of_era = shifted - era * 146097;
	int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month = (5 * day_of_year + 2) / 153;
	struct civil civil = {
		.year = year_of_era + era * 400,
		.month = month < 10 ? month + 3 : month - 9,
		.day = day_of_year - (153 * month + 2) / 5 + 1,
	};

	if (civil.month <= 2)
		civil.year++;
	return civil;
}

date date_of(int year, int month, int day)
{
	if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12)
		return DATE_NONE;
	if (day < 1 || day > month_length(year, month))
		return DATE_NONE;
	return days_from_civil((struct civil){ year, month, day });
}

/* 0001-01-01 to 9999-12-31: what four digits can say. */
static bool in_calendar(int64_t day)
{
	return day >= -719162 && day <= 2932896;
}

/* Reads COUNT digits and moves *TEXT behind them. */
static bool take_number(const char **text, int count, int *number)
{
	int sum = 0;

	for (int i = 0; i < count; i++) {
		char c = (*text)[i];
		if (c < '0' || c > '9')
			return false;
		sum = sum * 10 + (c - '0');
	}
	*text += count;
	*number = sum;
	return true;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool take_date(const char **text, date *day)
{
	int year, month, day_of_month;

	if (!take_number(text, 4, &year) || !take_char(text, '-') || !take_number(text, 2, &month) ||
	    !take_char(text, '-') || !take_number(text, 2, &day_of_month))
		return false;
	*day = date_of(year, month, day_of_month);
	return *day != DATE_NONE;
}

bool date_parse(const char *text, date *day)
{
	date parsed;

	if (!text || !take_date(&text, &parsed) || *text != '\0')
		return false;
	*day = parsed;
	return true;
}

static void put_number(char *to, int number, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		to[i] = (char)('0' + number % 10);
		number /= 10;
	}
}

const char *date_format(date day, char buffer[static DATE_SIZE])
{
	if (!in_calendar(day)) {
		buffer[0] = '\0';
		return buffer;
	}

	struct civil civil = civil_from_days(day);
	put_number(buffer, civil.year, 4);
	buffer[4] = '-';
	put_number(buffer + 5, civil.month, 2);
	buffer[7] = '-';
	put_number(buffer + 8, civil.day, 2);
	buffer[10] = '\0';
	return buffer;
}

date date_add_months(date day, int months)
{
	if (!in_calendar(day))
		return DATE_NONE;

	struct civil civil = civil_from_days(day);
	int64_t month = (int64_t)civil.year * 12 + civil.month - 1 + months;
	if (month < YEAR_MIN * 12 || month >= (YEAR_MAX + 1) * 12)
		return DATE_NONE;

	civil.year = (int)(month / 12);
	civil.month = (int)(month % 12) + 1;
	int last = month_length(civil.year, civil.month);
	if (civil.day > last)
		civil.day = last;
	return days_from_civil(civil);
}

static int64_t day_number(int64_t time_us)
{
	return time_us / DAY_US - (time_us % DAY_US < 0 ? 1 : 0);
}

date date_of_time(int64_t time_us)
{
	int64_t day = day_number(time_us);

	return in_calendar(day) ? (date)day : DATE_NONE;
}

/* "hh:mm:ss". A leap second (60) is refused: our time scale has none, and no two systems agree where it would go. */
static bool take_clock(const char **text, int64_t *time_us)
{
	int hour, minute, second;

	if (!take_number(text, 2, &hour) || !take_char(text, ':') || !take_number(text, 2, &minute) ||
	    !take_char(text, ':') || !take_number(text, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	*time_us = hour * HOUR_US + minute * MINUTE_US + second * SECOND_US;
	return true;
}

/* Nothing, or a point and one to nine digits. */
static bool take_fraction(const char **text, int64_t *fraction_us)
{
	int64_t unit = SECOND_US;
	int digit, count = 0;

	*fraction_us = 0;
	if (!take_char(text, '.'))
		return true;
	for (; take_number(text, 1, &digit); count++) {
		unit /= 10;
		*fraction_us += digit * unit;
	}
	return count >= 1 && count <= 9;
}

static bool take_offset(const char **text, int64_t *offset_us)
{
	int hour, minute;
	int sign = **text == '-' ? -1 : 1;

	*offset_us = 0;
	if (take_char(text, 'Z'))
		return true;
	if (!take_char(text, '+') && !take_char(text, '-'))
		return false;
	if (!take_number(text, 2, &hour) || !take_char(text, ':') || !take_number(text, 2, &minute))
		return false;
	*offset_us = sign * (hour * HOUR_US + minute * MINUTE_US);
	return hour <= 23 && minute <= 59;
}

bool time_parse(const char *text, int64_t *time_us)
{
	date day;
	int64_t of_day, fraction, offset;

	if (!text || !take_date(&text, &day) || !take_char(&text, 'T') || !take_clock(&text, &of_day))
		return false;
	if (!take_fraction(&text, &fraction) || !take_offset(&text, &offset) || *text != '\0')
		return false;

	int64_t result = day * DAY_US + of_day + fraction - offset;
	if (!in_calendar(day_number(result)))
		return false;
	*time_us = result;
	return true;
}

const char *time_format(int64_t time_us, char buffer[static TIME_SIZE])
{
	date day = date_of_time(time_us);

	if (day == DATE_NONE) {
		buffer[0] = '\0';
		return buffer;
	}

	int ms = (int)((time_us - day * DAY_US) / 1000);
	date_format(day, buffer);
	buffer[10] = 'T';
	put_number(buffer + 11, ms / 3600000, 2);
	buffer[13] = ':';
	put_number(buffer + 14, ms / 60000 % 60, 2);
	buffer[16] = ':';
	put_number(buffer + 17, ms / 1000 % 60, 2);
	buffer[19] = '.';
	put_number(buffer + 20, ms % 1000, 3);
	buffer[23] = 'Z';
	buffer[24] = '\0';
	return buffer;
}
