/* Calendar days and instants (ISO 8601 / RFC 3339), strict: what is not exactly of the form is refused. */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* Days since 1970-01-01 in the calendar of whoever wrote the date. */
typedef int32_t date;
#define DATE_NONE INT32_MIN
#define DATE_SIZE 11 /* "2026-11-02" with the NUL */

#define TIME_NONE INT64_MIN
#define TIME_SIZE 28 /* "2026-11-02T03:10:04.123456Z" with the NUL */

/* DATE_NONE if there is no such day. */
date date_of(int year, int month, int day);
/* Strict "YYYY-MM-DD", years 0001 to 9999. False if it is anything else. */
bool date_parse(const char *text, date *day);
/* Returns BUFFER; "" for DATE_NONE. */
const char *date_format(date day, char buffer[static DATE_SIZE]);
/* The same day MONTHS later; the last day of the month if that month is shorter (31 January + 1 = 28 or 29 February).
 */
date date_add_months(date day, int months);
/* The UTC day in which the instant falls. */
date date_of_time(int64_t time_us);

/* RFC 3339 with "Z" or an offset (xs:dateTime without a zone is refused), up to nine fraction digits (cut to
 * microseconds). */
bool time_parse(const char *text, int64_t *time_us);
/* UTC with milliseconds: "2026-11-02T03:10:04.123Z". Returns BUFFER; "" for TIME_NONE. */
const char *time_format(int64_t time_us, char buffer[static TIME_SIZE]);

#endif
