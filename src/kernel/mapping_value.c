/* One value, from the national form to the document's and back. */
#include <stdio.h>
#include <strings.h>

#include "base/text.h"
#include "kernel/mapping_int.h"

/* --- Days --- */

/* Y, M, D, h, m, s are digits; B is a year of the Buddhist era, as Thailand writes it (543 more); d and n are a day and
 * a month without a leading zero (one is read all the same), N the first three letters of an English month; z a zone.
 */
struct date_format {
	const char *name, *template;
};
static const struct date_format date_formats[] = {
	{ "YYYY-MM-DD", "YYYY-MM-DD" },
	{ "YYYY/MM/DD", "YYYY/MM/DD" },
	{ "YYYYMMDD", "YYYYMMDD" },
	{ "DD/MM/YYYY", "DD/MM/YYYY" },
	{ "DD-MM-YYYY", "DD-MM-YYYY" },
	{ "DD.MM.YYYY", "DD.MM.YYYY" },
	{ "D/M/YYYY", "d/n/YYYY" },
	{ "MM/DD/YYYY", "MM/DD/YYYY" },
	{ "DD-MMM-YYYY", "DD-N-YYYY" },
	{ "DD MMM YYYY", "DD N YYYY" },
	{ "DD/MM/BBBB", "DD/MM/BBBB" },
	{ "BBBBMMDD", "BBBBMMDD" },
	{ "YYYYMMDDhhmm", "YYYYMMDDhhmm" },
	{ "YYYYMMDDhhmmss", "YYYYMMDDhhmmss" },
	{ "YYYYMMDDhhmmssZ", "YYYYMMDDhhmmssz" },
	{ "DD/MM/YYYY hh:mm", "DD/MM/YYYY hh:mm" },
	{ "YYYY-MM-DD hh:mm:ss", "YYYY-MM-DD hh:mm:ss" },
	{ "RFC 3339", NULL },
};
static const char month_names[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
enum { BUDDHIST_ERA = 543, DAY_TEXT = 32 };

const struct date_format *mapping_date_format(const char *name)
{
	for (size_t i = 0; i < COUNT(date_formats); i++)
		if (same(date_formats[i].name, name))
			return &date_formats[i];
	return NULL;
}

const char *mapping_date_formats(struct arena *arena)
{
	const char *all = date_formats[0].name;

	for (size_t i = 1; all && i < COUNT(date_formats); i++)
		all = arena_printf(arena, "%s, %s", all, date_formats[i].name);
	return all;
}

/* "Z", "+hhmm" or "+hh:mm", to the end. */
static bool is_zone(const char *text)
{
	size_t digits = 0;

	if (same(text, "Z"))
		return true;
	if (*text != '+' && *text != '-')
		return false;
	for (text++; *text; text++)
		if ('0' <= *text && *text <= '9')
			digits++;
		else if (*text != ':' || digits != 2)
			return false;
	return digits == 4;
}

/* The month of which NAME begins with the three letters; 0 if there is none. */
static int month_named(const char *name)
{
	for (size_t i = 0; i < COUNT(month_names); i++)
		if (strncasecmp(month_names[i], name, 3) == 0)
			return (int)i + 1;
	return 0;
}

/* The number that LETTER of a template stands for, at *TEXT, which moves behind it; -1 if there is none. */
static int read_number_of(char letter, const char **text)
{
	size_t digits = strspn(*text, "0123456789");
	bool two = letter == 'd' || letter == 'n';
	int number = 0;

	if (letter == 'N') {
		number = month_named(*text);
		*text += number ? 3 : 0;
		return number ? number : -1;
	}
	for (size_t i = 0; i < digits && i < (two ? 2 : 1); i++)
		number = number * 10 + *(*text)++ - '0';
	return digits > 0 ? number : -1;
}

/* The number of the first of LETTERS that the template had. */
static int part(const int parts[static 128], const char *letters)
{
	while (letters[1] && !parts[(unsigned char)*letters])
		letters++;
	return parts[(unsigned char)*letters];
}

static bool day_by_template(const char *template, const char *text, date *day)
{
	int parts[128] = { 0 };

	for (; *template && *template != 'z'; template ++) {
		if (!strchr("YBMDdnNhms", *template)) {
			if (*text++ != *template)
				return false;
			continue;
		}
		int number = read_number_of(*template, &text);
		if (number < 0)
			return false;
		int *whole = &parts[(unsigned char)*template];
		*whole = *whole * 10 + number;
	}
	if (*template ? !is_zone(text) : *text != '\0')
		return false;
	int year = parts['B'] ? parts['B'] - BUDDHIST_ERA : parts['Y'];
	*day = date_of(year, part(parts, "MnN"), part(parts, "Dd"));
	return *day != DATE_NONE && parts['h'] < 24 && parts['m'] < 60 && parts['s'] <= 60;
}

/* The day is the one that the writer of the text had, in his zone. */
static bool read_day(const struct date_format *format, const char *text, date *day)
{
	int64_t time_us;
	char first[DATE_SIZE] = "";

	if (format->template)
		return day_by_template(format->template, text, day);
	if (!time_parse(text, &time_us))
		return false;
	memcpy(first, text, sizeof(first) - 1);
	return date_parse(first, day);
}

/* What the letter AT of TEMPLATE stands for, of DAY ("YYYY-MM-DD"). */
static void put_letter(struct buf *out, const char *template, size_t at, const char *day)
{
	char letter = template[at];
	size_t before = 0;
	int64_t year = 0, month = 0;

	while (before < at && template[at - before - 1] == letter)
		before++;
	int64_parse((char[]){ day[0], day[1], day[2], day[3], '\0' }, &year);
	int64_parse((char[]){ day[5], day[6], '\0' }, &month);
	if (letter == 'B') {
		char digits[24];
		snprintf(digits, sizeof(digits), "%04lld", (long long)year + BUDDHIST_ERA);
		buf_putc(out, digits[before]);
	} else if (letter == 'N') {
		buf_puts(out, month_names[(month + 11) % 12]);
	} else if (letter == 'd' || letter == 'n') {
		const char *two = day + (letter == 'd' ? 8 : 5);
		buf_put(out, two + (*two == '0'), *two == '0' ? 1 : 2);
	} else if (strchr("YMD", letter)) {
		buf_putc(out, day[(letter == 'Y' ? 0 : letter == 'M' ? 5 : 8) + before]);
	} else {
		buf_putc(out, letter == 'z' ? 'Z' : strchr("hms", letter) ? '0' : letter);
	}
}

/* The text of DAY ("YYYY-MM-DD"); NULL if it is none. */
static const char *write_day(struct arena *arena, const struct date_format *format, const char *day)
{
	buf_auto out = { 0 };
	date known;

	if (!date_parse(day, &known))
		return NULL;
	/* 9457 is the last year that has four digits in the Buddhist era, too. */
	if (format->template && strchr(format->template, 'B') && strncmp(day, "9457", 4) >= 0)
		return NULL;
	if (!format->template)
		return arena_printf(arena, "%sT00:00:00Z", day);
	buf_init(&out, DAY_TEXT);
	for (size_t i = 0; format->template[i]; i++)
		put_letter(&out, format->template, i, day);
	return out.failed ? NULL : arena_text(arena, buf_text(&out));
}

/* --- Text --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *mapping_trim(struct arena *arena, const char *text)
{
	while (is_blank(*text))
		text++;
	size_t size = strlen(text);
	if (size == 0 || !is_blank(text[size - 1]))
		return text;
	while (is_blank(text[size - 1]))
		size--;
	return arena_text_of(arena, bytes(text, size));
}

const char *mapping_separator(const char *name)
{
	static const char *const names[][2] = { { "space", " " }, { "line", "\n" }, { "tab", "\t" } };

	for (size_t i = 0; i < COUNT(names); i++)
		if (same(names[i][0], name))
			return names[i][1];
	return name;
}

size_t mapping_parts(const char *text, const char *separator)
{
	size_t count = 1;

	for (; (text = strstr(text, separator)) != NULL; text += strlen(separator))
		count++;
	return count;
}

const char *mapping_part(struct arena *arena, const char *text, const char *separator, size_t part)
{
	const char *end;

	for (; (end = strstr(text, separator)) != NULL && part > 0; part--)
		text = end + strlen(separator);
	if (part > 0)
		return NULL;
	const char *copy = end ? arena_text_of(arena, bytes(text, (size_t)(end - text))) : text;
	return copy ? mapping_trim(arena, copy) : NULL;
}

/* --- Numbers --- */

/* TEXT without the marks between thousands: none, or one before every third digit from the decimal mark. NULL if one is
 * elsewhere. */
static const char *without_marks(struct arena *arena, const char *text, char mark, char decimal)
{
	const char decimals[] = { decimal, '\0' };
	size_t sign = *text == '-' || *text == '+';
	size_t size = strcspn(text + sign, decimals), at = sign;
	char *out = arena_text(arena, text);

	if (!out || !strchr(text, mark))
		return out;
	if (text[sign] == mark)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		bool here = (size - 1 - i) % 4 == 3;
		if ((text[sign + i] == mark) != here)
			return NULL;
		if (!here)
			out[at++] = text[sign + i];
	}
	memmove(out + at, out + sign + size, strlen(out + sign + size) + 1);
	return out;
}

/* With a point, without marks between thousands; NULL if it is no number. */
static const char *read_number(struct arena *arena, const struct mapping_row *row, const char *text)
{
	char decimal = row->decimal ? row->decimal[0] : '.';
	struct decimal value;

	if (row->thousands)
		text = without_marks(arena, text, mapping_separator(row->thousands)[0], decimal);
	char *out = arena_text(arena, text);
	if (!out || (decimal != '.' && strchr(out, '.')))
		return NULL;
	for (char *c = out; *c; c++)
		if (*c == decimal)
			*c = '.';
	return decimal_parse(out, &value) ? out : NULL;
}

static const char *write_number(struct arena *arena, const struct mapping_row *row, const char *text)
{
	char *out = arena_text(arena, text);

	for (char *c = out; c && *c && row->decimal; c++)
		if (*c == '.')
			*c = row->decimal[0];
	return out;
}

/* --- Codes --- */

bool mapping_table_has(const struct mapping_table *table, const char *text)
{
	for (size_t i = 0; i < table->codes_count; i++)
		if (same(table->codes[i].from, text))
			return true;
	return false;
}

static const char *code_read(const struct mapping_table *table, const char *text)
{
	for (size_t i = 0; i < table->codes_count; i++)
		if (same(table->codes[i].from, text))
			return table->codes[i].to;
	return table->open ? text : NULL;
}

/* Of an open table a code that would be read as another one cannot be written. */
static const char *code_write(const struct mapping_table *table, const char *text)
{
	for (size_t i = 0; i < table->codes_count; i++)
		if (!table->codes[i].read_only && same(table->codes[i].to, text))
			return table->codes[i].from;
	return table->open && same(code_read(table, text), text) ? text : NULL;
}

/* --- Cells and literals --- */

/* Where a spreadsheet takes a cell for a formula, in Latin and in full width. */
static bool begins_formula(const char *text)
{
	static const char *const marks[] = { "=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠" };

	for (size_t i = 0; i < COUNT(marks); i++)
		if (starts_with(text, marks[i]))
			return true;
	return false;
}

/* With a sign before them numbers are what they are. */
static bool is_signed_number(const char *text)
{
	const char *digits = text + (*text == '-' || *text == '+');

	return *digits && digits[strspn(digits, "0123456789.,")] == '\0' && digits[strcspn(digits, "0123456789")];
}

/* An apostrophe that stands there already gets another one before it, so that one is taken away again. */
const char *mapping_formula_guard(struct arena *arena, const char *text)
{
	const char *behind = text + strspn(text, "'");

	if (!begins_formula(behind) || (behind == text && is_signed_number(text)))
		return text;
	return arena_printf(arena, "'%s", text);
}

const char *mapping_formula_open(const char *text)
{
	return *text == '\'' && begins_formula(text + strspn(text, "'")) ? text + 1 : text;
}

bool mapping_json_literal(const char *text)
{
	static const char digits[] = "0123456789";

	if (same(text, "true") || same(text, "false"))
		return true;
	text += *text == '-';
	size_t whole = strspn(text, digits);
	if (whole == 0 || (whole > 1 && *text == '0'))
		return false;
	text += whole;
	if (*text == '.') {
		size_t part = strspn(text + 1, digits);
		if (part == 0)
			return false;
		text += 1 + part;
	}
	return *text == '\0';
}

/* --- Values --- */

/* TEXT without the SUFFIX behind it, and blanks between them; NULL if it has no such end. */
static const char *without_suffix(struct arena *arena, const char *text, const char *suffix)
{
	size_t size = strlen(text), end = strlen(suffix);

	if (size <= end || !same(text + size - end, suffix))
		return NULL;
	const char *value = arena_text_of(arena, bytes(text, size - end));
	return value ? mapping_trim(arena, value) : NULL;
}

static const char *read_flag(const char *text)
{
	if (same(text, "1") || same(text, "true"))
		return "true";
	return same(text, "0") || same(text, "false") ? "false" : NULL;
}

/* How TEXT, which is not empty, is written in the document's JSON; else *CODE says what is wrong. */
static const char *read_kind(struct arena *arena, const struct mapping_rule *rule, const char *text,
			     enum mapping_rule_code *code)
{
	char day_text[DATE_SIZE];
	int64_t integer;
	date day;

	if (!rule->field)
		return text;
	switch ((int)rule->field->kind) {
	case FIELD_KIND_DAY:
		*code = MAPPING_NOT_DAY;
		if (!rule->date)
			return text;
		return read_day(rule->date, text, &day) ? arena_text(arena, date_format(day, day_text)) : NULL;
	case FIELD_KIND_INTEGER:
		*code = MAPPING_NOT_NUMBER;
		text = read_number(arena, rule->row, text);
		return text && int64_parse(text, &integer) ? arena_printf(arena, "%lld", (long long)integer) : NULL;
	case FIELD_KIND_DECIMAL:
		*code = MAPPING_NOT_NUMBER;
		return read_number(arena, rule->row, text);
	case FIELD_KIND_FLAG:
		*code = MAPPING_NOT_FLAG;
		return read_flag(text);
	default:
		return text;
	}
}

const char *mapping_value_read(struct arena *arena, const struct mapping_rule *rule, const struct tree_node *item,
			       const char *text, struct findings *findings)
{
	const char *suffix = rule->row->suffix, *bare = suffix ? without_suffix(arena, text, suffix) : text;
	enum mapping_rule_code code = bare ? MAPPING_NOT_IN_TABLE : MAPPING_NO_SUFFIX;
	const char *coded = bare && rule->table ? code_read(rule->table, bare) : bare;
	const char *value = coded ? read_kind(arena, rule, coded, &code) : NULL;
	const char *wanted = code == MAPPING_NOT_IN_TABLE ? rule->row->table
			     : code == MAPPING_NO_SUFFIX  ? suffix
			     : code == MAPPING_NOT_DAY    ? rule->row->date
			     : rule->row->decimal         ? rule->row->decimal
							  : ".";

	if (!value)
		mapping_find_value(arena, findings, code, rule, item, text, wanted);
	return value;
}

const char *mapping_value_write(struct arena *arena, const struct mapping_rule *rule, const struct tree_node *item,
				const char *text, struct findings *findings)
{
	const char *value = text;
	bool day = rule->field && rule->field->kind == FIELD_KIND_DAY && rule->date;

	if (day)
		value = write_day(arena, rule->date, text);
	else if (rule->field && rule->field->kind == FIELD_KIND_DECIMAL)
		value = write_number(arena, rule->row, text);
	if (value && rule->table)
		value = code_write(rule->table, value);
	else if (!value)
		mapping_find_value(arena, findings, day ? MAPPING_NOT_DAY : MAPPING_NOT_NUMBER, rule, item, text,
				   day ? rule->row->date : ".");
	if (rule->table && !value)
		mapping_find_value(arena, findings, MAPPING_NOT_IN_TABLE, rule, item, text, rule->row->table);
	return value && rule->row->suffix ? arena_printf(arena, "%s%s", value, rule->row->suffix) : value;
}
