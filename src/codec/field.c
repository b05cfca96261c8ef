#include "codec/field_int.h"

#include <stdio.h>

#include "base/text.h"

#define PATH_SIZE 1024            /* tables are a few levels deep */
#define NAME_SIZE 96              /* longest name in a path */
#define CLIP_SIZE (NAME_SIZE + 1) /* longest piece of the input that a finding repeats, with the NUL */

const struct rule field_rules[] = {
	[FIELD_MISSING] = { "FLD-001", "\"{1}\" is missing{2}", NULL, SEVERITY_ERROR },
	[FIELD_TOO_OFTEN] = { "FLD-002", "\"{1}\" is given too often, at most {2} allowed", NULL, SEVERITY_ERROR },
	[FIELD_UNEXPECTED] = { "FLD-003", "\"{1}\" is not expected here", NULL, SEVERITY_ERROR },
	[FIELD_OUT_OF_ORDER] = { "FLD-004", "\"{1}\" is out of order", NULL, SEVERITY_ERROR },
	[FIELD_WRONG_FORM] = { "FLD-005", "\"{1}\" is not {2}", NULL, SEVERITY_ERROR },
	[FIELD_TOO_LONG] = { "FLD-006", "\"{1}\" is longer than {2} characters", NULL, SEVERITY_ERROR },
	[FIELD_OFF_PATTERN] = { "FLD-007", "\"{1}\" does not match the pattern {2}", NULL, SEVERITY_ERROR },
	[FIELD_UNKNOWN_CODE] = { "FLD-008", "\"{1}\" is not in the code list {2}", NULL, SEVERITY_ERROR },
	[FIELD_STRAY_TEXT] = { "FLD-009", "text stands between the elements, where none is expected", NULL,
			       SEVERITY_ERROR },
	[FIELD_BAD_CHARACTER] = { "FLD-010", "\"{1}\" has control characters or is not UTF-8", NULL, SEVERITY_ERROR },
	[FIELD_UNEXPECTED_ATTRIBUTE] = { "FLD-011", "the attribute \"{1}\" is not expected here", NULL,
					 SEVERITY_ERROR },
	[FIELD_WRONG_JSON_TYPE] = { "FLD-012", "\"{1}\" must be {2}", NULL, SEVERITY_ERROR },
	[FIELD_JSON_DUPLICATE] = { "FLD-013", "a member is given twice at {1}", NULL, SEVERITY_ERROR },
	{ 0 },
};

/* --- Kinds --- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Readers trim, so white space at the ends would not survive a journey; records filled in C must not have it. */
static bool parse_text(const char *text, void *member)
{
	size_t size = strlen(text);

	if (size == 0 || is_space(text[0]) || is_space(text[size - 1]))
		return false;
	*(const char **)member = text;
	return true;
}

static bool parse_code(const char *text, void *member)
{
	return !strpbrk(text, "\t\n\r") && parse_text(text, member);
}

static const char *format_text(const struct field *row, const void *member, char scratch[static FIELD_VALUE_SIZE])
{
	(void)row;
	(void)scratch;
	return *(const char *const *)member;
}

static void clear_pointer(void *member)
{
	*(void **)member = NULL;
}

static bool parse_decimal(const char *text, void *member)
{
	return decimal_parse(text, member);
}

static const char *format_decimal(const struct field *row, const void *member, char scratch[static FIELD_VALUE_SIZE])
{
	(void)row;
	return decimal_format(*(const struct decimal *)member, scratch);
}

static void clear_decimal(void *member)
{
	*(struct decimal *)member = decimal_none();
}

/* INTEGER_NONE is no value that a document could send. */
static bool parse_integer(const char *text, void *member)
{
	int64_t value;

	if (!int64_parse(text, &value) || value == INTEGER_NONE)
		return false;
	*(int64_t *)member = value;
	return true;
}

static const char *format_integer(const struct field *row, const void *member, char scratch[static FIELD_VALUE_SIZE])
{
	int64_t value = *(const int64_t *)member;

	(void)row;
	if (value == INTEGER_NONE)
		return NULL;
	snprintf(scratch, FIELD_VALUE_SIZE, "%lld", (long long)value);
	return scratch;
}

static void clear_integer(void *member)
{
	*(int64_t *)member = INTEGER_NONE;
}

static bool parse_flag(const char *text, void *member)
{
	bool yes = same(text, "true") || same(text, "1"); /* XSD part 2 §3.2.2.1 */

	if (!yes && !same(text, "false") && !same(text, "0"))
		return false;
	*(bool *)member = yes;
	return true;
}

static const char *format_flag(const struct field *row, const void *member, char scratch[static FIELD_VALUE_SIZE])
{
	(void)scratch;
	if (*(const bool *)member)
		return "true";
	return row->min > 0 ? "false" : NULL;
}

static void clear_flag(void *member)
{
	*(bool *)member = false;
}

static bool parse_day(const char *text, void *member)
{
	return date_parse(text, member);
}

static const char *format_day(const struct field *row, const void *member, char scratch[static FIELD_VALUE_SIZE])
{
	(void)row;
	return date_format(*(const date *)member, scratch);
}

static void clear_day(void *member)
{
	*(date *)member = DATE_NONE;
}

static bool parse_time(const char *text, void *member)
{
	return time_parse(text, member);
}

static const char *format_time(const struct field *row, const void *member, char scratch[static FIELD_VALUE_SIZE])
{
	(void)row;
	return time_format(*(const int64_t *)member, scratch);
}

static void clear_time(void *member)
{
	*(int64_t *)member = TIME_NONE;
}

#define DECIMAL_FORM "[+-]?[0-9]+(\\.[0-9]{1,18})?"
#define DAY_FORM     "[0-9]{4}-[0-9]{2}-[0-9]{2}"
#define TIME_FORM    DAY_FORM "T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"

static const struct field_kind_row kinds[] = {
	[FIELD_KIND_TEXT] = {
		.wanted = "text without white space at its ends",
		.parse = parse_text, .format = format_text, .clear = clear_pointer, .text = true,
		.xsd_name = "Text", .xsd_base = "xs:string", .xsd_pattern = "\\s*[^\\s\\p{Cc}]([^\\p{Cc}]|\\s)*",
		.json_type = "string", .json_wanted = "a JSON string", .json_pattern = "[^ \\t\\r\\n]",
	},
	[FIELD_KIND_CODE] = {
		.wanted = "a code on one line, without white space at its ends",
		.parse = parse_code, .format = format_text, .clear = clear_pointer, .text = true,
		.xsd_name = "Code", .xsd_base = "xs:token", .xsd_pattern = "[^\\p{Cc}]+",
		.json_type = "string", .json_wanted = "a JSON string", .json_pattern = "[^ \\t\\r\\n]",
	},
	[FIELD_KIND_DECIMAL] = {
		.wanted = "a decimal number such as 12.50",
		.parse = parse_decimal, .format = format_decimal, .clear = clear_decimal,
		.xsd_name = "Decimal", .xsd_base = "xs:decimal", .xsd_pattern = DECIMAL_FORM, .digits = 34,
		.json_type = "string", .json_wanted = "a JSON string with a decimal number",
		.json_pattern = "^" DECIMAL_FORM "$",
	},
	[FIELD_KIND_INTEGER] = {
		.wanted = "a whole number",
		.parse = parse_integer, .format = format_integer, .clear = clear_integer,
		.xsd_name = "Integer", .xsd_base = "xs:long", .xsd_pattern = "-?[0-9]+",
		.json_type = "integer", .json_wanted = "a JSON integer", .json_format = "int64",
	},
	[FIELD_KIND_FLAG] = {
		.wanted = "true or false",
		.parse = parse_flag, .format = format_flag, .clear = clear_flag,
		.xsd_name = "Flag", .xsd_base = "xs:boolean",
		.json_type = "boolean", .json_wanted = "true or false",
	},
	[FIELD_KIND_DAY] = {
		.wanted = "a day such as 2026-11-02",
		.parse = parse_day, .format = format_day, .clear = clear_day,
		.xsd_name = "Day", .xsd_base = "xs:date", .xsd_pattern = DAY_FORM,
		.json_type = "string", .json_wanted = "a JSON string with a day", .json_format = "date",
		.json_pattern = "^" DAY_FORM "$",
	},
	[FIELD_KIND_TIME] = {
		.wanted = "an instant with its zone such as 2026-11-02T03:10:04Z",
		.parse = parse_time, .format = format_time, .clear = clear_time,
		.xsd_name = "Time", .xsd_base = "xs:dateTime", .xsd_pattern = TIME_FORM,
		.json_type = "string", .json_wanted = "a JSON string with an instant", .json_format = "date-time",
		.json_pattern = "^" TIME_FORM "$",
	},
	[FIELD_KIND_GROUP] = { .clear = clear_pointer, .json_type = "object", .json_wanted = "a JSON object" },
	[FIELD_KIND_LIST] = { .clear = clear_pointer, .json_type = "array", .json_wanted = "a JSON array" },
	[FIELD_KIND_NODE] = { .clear = clear_pointer },
};

const struct field_kind_row *field_kind_of(enum field_kind kind)
{
	return &kinds[kind];
}

/* --- Findings --- */

/* "/name" with the escapes of RFC 6901 §3, or "/index". Returns its size; the name has at most NAME_SIZE bytes. */
static size_t put_segment(char out[static 2 * NAME_SIZE + 2], const struct field_path *path)
{
	size_t size = 0;

	if (!path->name)
		return (size_t)snprintf(out, 2 * NAME_SIZE + 2, "/%zu", path->index);
	if (!path->name[0])
		return 0;
	out[size++] = '/';
	for (const char *c = path->name; *c && size < 2 * NAME_SIZE; c++) {
		if (*c == '~' || *c == '/')
			out[size++] = '~';
		out[size++] = *c == '~' ? '0' : *c == '/' ? '1' : *c;
	}
	return size;
}

/* Filled from the end, since a path knows only what is outside of it. */
static const char *path_text(const struct field_path *path, char buffer[static PATH_SIZE])
{
	char *at = buffer + PATH_SIZE - 1;

	*at = '\0';
	for (; path; path = path->up) {
		char segment[2 * NAME_SIZE + 2];
		size_t size = put_segment(segment, path);
		if (size > (size_t)(at - buffer))
			return ""; /* too deep to say: the document as a whole */
		at -= size;
		memcpy(at, segment, size);
	}
	return at;
}

/* Findings are shown on terminals and written to logs, and a value may be megabytes. */
static const char *clip(const char *text, char buffer[static CLIP_SIZE])
{
	static const char more[] = "...";
	size_t size = strlen(text);

	if (size >= CLIP_SIZE) {
		size = CLIP_SIZE - sizeof(more);
		while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80) /* not inside a character */
			size--;
		memcpy(buffer + size, more, sizeof(more));
	} else {
		buffer[size] = '\0';
	}
	for (size_t i = 0; i < size; i++)
		buffer[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i];
	return buffer;
}

void field_find(struct field_context *context, enum field_rule rule, const struct field *row,
		const struct field_path *path, const char *first, const char *second)
{
	char place[PATH_SIZE];
	char shown[CLIP_SIZE];

	finding_add_law(context->findings, &field_rules[rule], path_text(path, place), row ? row->law : NULL,
			clip(first, shown), second);
}

void field_find_stranger(struct field_context *context, enum field_rule rule, const struct field_path *path,
			 const char *name)
{
	struct field_path here = { .up = path, .name = name };
	char shown[CLIP_SIZE];

	/* A name that cannot be shown as it is would make a pointer to something else. */
	field_find(context, rule, NULL, same(clip(name, shown), name) ? &here : path, name, NULL);
}

static void find_number(struct field_context *context, enum field_rule rule, const struct field *row,
			const struct field_path *path, unsigned number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	field_find(context, rule, row, path, field_label(row), text);
}

/* --- Checks --- */

size_t field_count(struct field_context *context, const struct field *row, const struct field_path *path, size_t count)
{
	char least[40] = "";

	if (row->min > 1)
		snprintf(least, sizeof(least), ", at least %u are needed", row->min);
	if (count < row->min)
		field_find(context, FIELD_MISSING, row, path, field_label(row), least);
	if (count <= field_max(row))
		return count;
	find_number(context, FIELD_TOO_OFTEN, row, path, field_max(row));
	return field_max(row);
}

/* C0 but tab and line ends, DEL, C1, and the two non-characters that XML 1.0 §2.2 excludes. TEXT is valid UTF-8. */
static bool has_control_character(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if ((*c < 0x20 && !is_space((char)*c)) || *c == 0x7F)
			return true;
		if (*c == 0xC2 && c[1] < 0xA0)
			return true;
		if (*c == 0xEF && c[1] == 0xBF && c[2] >= 0xBE)
			return true;
	}
	return false;
}

static bool characters_pass(struct field_context *context, const struct field *row, const struct field_path *path,
			    const char *text)
{
	if (ascii_printable(bytes_of(text)) || (utf8_valid(bytes_of(text)) && !has_control_character(text)))
		return true;
	field_find(context, FIELD_BAD_CHARACTER, row, path, field_label(row), NULL);
	return false;
}

static bool length_passes(struct field_context *context, const struct field *row, const struct field_path *path,
			  const char *text)
{
	/* A text has at most as many characters as bytes. */
	if (!field_kind(row)->text || strlen(text) <= field_max_length(row) ||
	    utf8_length(text) <= field_max_length(row))
		return true;
	find_number(context, FIELD_TOO_LONG, row, path, field_max_length(row));
	return false;
}

static bool pattern_passes(struct field_context *context, const struct field *row, const struct field_path *path,
			   const char *text)
{
	if (!row->pattern || field_matches(row->pattern, text, &context->no_memory))
		return true;
	field_find(context, FIELD_OFF_PATTERN, row, path, text, row->pattern);
	return false;
}

const char *field_code_at(const struct code_lists *lists, const struct field *row, size_t index)
{
	enum { FEW = 32 };

	if (!row->list || !lists || !lists->at || lists->at(lists, row->list, FEW))
		return NULL;
	return lists->at(lists, row->list, index);
}

const char *field_code_name(const struct code_lists *lists, const struct field *row, const char *code)
{
	return lists && lists->name ? lists->name(lists, row->list, code) : NULL;
}

void field_put_codes(struct buf *out, const struct code_lists *lists, const struct field *row)
{
	const char *code;

	for (size_t i = 0; (code = field_code_at(lists, row, i)); i++) {
		const char *name = field_code_name(lists, row, code);
		buf_printf(out, "%s%s%s%s", i > 0 ? "; " : "", code, name ? ": " : "", name ? name : "");
	}
}

static bool code_passes(struct field_context *context, const struct field *row, const struct field_path *path,
			const char *text)
{
	enum { CODES_SIZE = 4096 };

	if (!row->list || !context->lists || context->lists->known(context->lists, row->list, text))
		return true;
	buf_auto codes;
	buf_init(&codes, CODES_SIZE);
	buf_puts(&codes, row->list);
	if (field_code_at(context->lists, row, 0)) {
		buf_puts(&codes, " (");
		field_put_codes(&codes, context->lists, row);
		buf_putc(&codes, ')');
	}
	field_find(context, FIELD_UNKNOWN_CODE, row, path, text, buf_text(&codes));
	return false;
}

void field_take(struct field_context *context, const struct field *row, const struct field_path *path, const char *text,
		void *member)
{
	const struct field_kind_row *kind = field_kind(row);

	if (characters_pass(context, row, path, text)) {
		/* The length goes before the pattern: it bounds the matcher's work. */
		if (!kind->parse(text, member))
			field_find(context, FIELD_WRONG_FORM, row, path, text, kind->wanted);
		else if (length_passes(context, row, path, text) && pattern_passes(context, row, path, text) &&
			 code_passes(context, row, path, text))
			return;
	}
	kind->clear(member);
}

static void check_record(struct field_context *context, const struct fields *fields, const void *record,
			 const struct field_path *up);

static void check_items(struct field_context *context, const struct field *row, const void *record,
			const struct field_path *path)
{
	size_t count;
	const char *items = field_items(row, record, &count);

	count = field_count(context, row, path, count);
	for (size_t i = 0; i < count; i++) {
		struct field_path item = { .up = path, .index = i };
		check_record(context, row->fields, items + i * row->fields->size,
			     row->kind == FIELD_KIND_LIST ? &item : path);
	}
}

static void check_record(struct field_context *context, const struct fields *fields, const void *record,
			 const struct field_path *up)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct field *row = &fields->row[i];
		struct field_path path = { .up = up, .name = field_path_name(row) };
		char scratch[FIELD_VALUE_SIZE];
		union {
			const char *text;
			struct decimal number;
			int64_t integer;
			date day;
			bool flag;
		} value;

		if (row->fields) {
			check_items(context, row, record, &path);
		} else if (row->kind != FIELD_KIND_NODE) {
			const char *text = field_text(row, record, scratch);
			if (text)
				field_take(context, row, &path, text, &value);
			else
				field_count(context, row, &path, 0);
		}
	}
}

void field_check(const struct schema *schema, const void *record, const struct code_lists *lists,
		 struct findings *findings)
{
	struct field_context context = { .schema = schema, .lists = lists, .findings = findings };

	check_record(&context, schema->fields, record, NULL);
}

/* --- Records --- */

const char *field_text(const struct field *row, const void *record, char scratch[static FIELD_VALUE_SIZE])
{
	const struct field_kind_row *kind = field_kind(row);
	const char *text = kind->format ? kind->format(row, field_member(row, record), scratch) : NULL;

	return text && *text ? text : NULL;
}

void field_clear(const struct fields *fields, void *record)
{
	memset(record, 0, fields->size); /* counts, and members that are no fields */
	for (size_t i = 0; i < fields->count; i++)
		field_kind(&fields->row[i])->clear(field_member_of(&fields->row[i], record));
}

const struct field *field_content(const struct fields *fields)
{
	for (size_t i = 0; i < fields->count; i++)
		if (fields->row[i].content)
			return &fields->row[i];
	return NULL;
}

const char *field_items(const struct field *row, const void *record, size_t *count)
{
	const char *items = *(const char *const *)field_member(row, record);

	*count = items ? 1 : 0;
	if (items && row->kind == FIELD_KIND_LIST)
		*count = *(const size_t *)(const void *)((const char *)record + row->count_offset);
	return items;
}

char *field_items_new(struct field_context *context, const struct field *row, size_t count, void *record)
{
	char *items = arena_array(context->arena, count, row->fields->size);

	if (!items) {
		context->no_memory = true;
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		field_clear(row->fields, items + i * row->fields->size);
	*(void **)field_member_of(row, record) = items;
	if (row->kind == FIELD_KIND_LIST)
		*(size_t *)(void *)((char *)record + row->count_offset) = count;
	return items;
}

struct bytes field_trim(struct bytes text)
{
	while (text.size > 0 && is_space((char)text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size > 0 && is_space((char)text.data[text.size - 1]))
		text.size--;
	return text;
}
