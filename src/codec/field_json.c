#include <jansson.h>
#include <stdio.h>

#include "base/text.h"
#include "codec/field_int.h"
#include "codec/json.h"

/* --- Reading --- */

static const struct field *member_row(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++)
		if (same(fields->row[i].json, name))
			return &fields->row[i];
	return NULL;
}

/* The text of a scalar, so that JSON values pass the same checks as XML's. Arena's; NULL without memory. */
static const char *scalar_text(struct field_context *context, const struct field *row, json_t *value)
{
	const char *text;

	if (json_is_string(value)) {
		struct bytes all = bytes(json_string_value(value), json_string_length(value));
		text = arena_text_of(context->arena, field_kind(row)->text ? field_trim(all) : all);
	} else if (json_is_boolean(value)) {
		text = json_is_true(value) ? "true" : "false";
	} else {
		text = arena_printf(context->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	}
	if (!text)
		context->no_memory = true;
	return text;
}

static const char *type_name(const json_t *value)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "object", [JSON_ARRAY] = "array",  [JSON_STRING] = "string", [JSON_INTEGER] = "integer",
		[JSON_REAL] = "number",   [JSON_TRUE] = "boolean", [JSON_FALSE] = "boolean", [JSON_NULL] = "null",
	};

	return names[json_typeof(value)];
}

/* False, with a finding about ROW, if VALUE has not the JSON type of KIND. */
static bool has_type(struct field_context *context, const struct field *row, enum field_kind kind,
		     const struct field_path *path, const json_t *value)
{
	const struct field_kind_row *wanted = field_kind_of(kind);

	if (same(type_name(value), wanted->json_type))
		return true;
	field_find(context, FIELD_WRONG_JSON_TYPE, row, path, field_label(row), wanted->json_wanted);
	return false;
}

static void read_object(struct field_context *context, const struct fields *fields, json_t *object,
			const struct field_path *path, void *record);

/* A group is read like the only item of a list. */
static void read_items(struct field_context *context, const struct field *row, const struct field_path *path,
		       json_t *value, void *record)
{
	bool list = row->kind == FIELD_KIND_LIST;
	size_t count = field_count(context, row, path, list ? json_array_size(value) : 1);
	char *items = count > 0 ? field_items_new(context, row, count, record) : NULL;

	for (size_t i = 0; items && i < count; i++) {
		struct field_path item = { .up = path, .index = i };
		const struct field_path *here = list ? &item : path;
		json_t *object = list ? json_array_get(value, i) : value;
		if (has_type(context, row, FIELD_KIND_GROUP, here, object))
			read_object(context, row->fields, object, here, items + i * row->fields->size);
	}
}

static void read_member(struct field_context *context, const struct field *row, const struct field_path *path,
			json_t *value, void *record)
{
	if (!value) {
		field_count(context, row, path, 0);
		return;
	}
	if (!has_type(context, row, row->kind, path, value))
		return;
	if (row->fields) {
		read_items(context, row, path, value, record);
		return;
	}

	const char *text = scalar_text(context, row, value);
	if (text && *text)
		field_take(context, row, path, text, field_member_of(row, record));
	else if (text)
		field_count(context, row, path, 0);
}

/* Recurses as deep as the table. */
static void read_object(struct field_context *context, const struct fields *fields, json_t *object,
			const struct field_path *up, void *record)
{
	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
		if (!member_row(fields, json_object_iter_key(at)))
			field_find_stranger(context, FIELD_UNEXPECTED, up, json_object_iter_key(at));

	for (size_t i = 0; i < fields->count; i++) {
		const struct field *row = &fields->row[i];
		struct field_path path = { .up = up, .name = row->json };
		if (row->json)
			read_member(context, row, &path, json_object_get(object, row->json), record);
	}
}

/* jansson stops behind the number that it cannot hold; RFC 8259 §6 lets implementations limit numbers. */
static void find_overflow(struct field_context *context, struct bytes text, const json_error_t *error)
{
	size_t end = error->position > 0 && (size_t)error->position < text.size ? (size_t)error->position : text.size;
	size_t start = end;
	char wanted[96];

	while (start > 0 && text.data[start - 1] != '\0' && strchr("0123456789+-.eE", text.data[start - 1]))
		start--;
	const char *number = arena_text_of(context->arena, bytes(text.data + start, end - start));
	if (!number)
		context->no_memory = true;
	snprintf(wanted, sizeof(wanted), "a number that can be held (line %d, column %d)", error->line, error->column);
	field_find(context, FIELD_WRONG_FORM, NULL, NULL, number ? number : "", wanted);
}

/* TEXT could not be loaded: either it is no JSON (a fault), or it has a member twice (a finding; RFC 8259 §4 leaves
 * open which one counts, so neither does), or a number that is too big (a finding). */
static enum err_code refuse(struct field_context *context, struct bytes text, const json_error_t *error,
			    struct err *err)
{
	char place[64];

	switch ((int)json_error_code(error)) {
	case json_error_duplicate_key:
		snprintf(place, sizeof(place), "line %d, column %d", error->line, error->column);
		field_find(context, FIELD_JSON_DUPLICATE, NULL, NULL, place, NULL);
		return OK;
	case json_error_numeric_overflow:
		find_overflow(context, text, error);
		return OK;
	case json_error_out_of_memory:
		return fail(err, ERR_MEMORY, "no memory left for the JSON text");
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return fail(err, ERR_SYNTAX, "U+0000 at line %d, column %d: it is part of no text", error->line,
			    error->column);
	default:
		return fail(err, ERR_SYNTAX, "not JSON at line %d, column %d: %s", error->line, error->column,
			    error->text);
	}
}

enum err_code field_read_json(struct arena *arena, const struct schema *schema, struct bytes text,
			      const struct code_lists *lists, void *record, struct findings *findings, struct err *err)
{
	struct field_context context = { .arena = arena, .schema = schema, .lists = lists, .findings = findings };
	json_error_t error;

	if (!json_is_bounded(text))
		return fail(err, ERR_LIMIT, "JSON of more than %zu values", JSON_VALUES_MAX);
	/* jansson refuses what follows the value and nests at most 2048 deep; U+0000 it refuses, too. */
	json_t *json = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!json) {
		TRY(refuse(&context, text, &error, err));
		field_clear(schema->fields, record);
		return context.no_memory ? fail(err, ERR_MEMORY, "no memory left to read %s", schema->name) : OK;
	}

	field_clear(schema->fields, record);
	if (json_is_object(json))
		read_object(&context, schema->fields, json, NULL, record);
	else
		field_find(&context, FIELD_WRONG_JSON_TYPE, NULL, NULL, schema->name,
			   field_kind_of(FIELD_KIND_GROUP)->json_wanted);
	json_decref(json);
	return context.no_memory ? fail(err, ERR_MEMORY, "no memory left to read %s", schema->name) : OK;
}

/* --- Writing --- */

/* SEPARATOR stands before the first of several, a comma before the others. */
static void put_name(struct buf *out, char *separator, const char *name)
{
	buf_putc(out, *separator);
	*separator = ',';
	json_quote(out, name);
	buf_putc(out, ':');
}

static void put_object(struct buf *out, const struct fields *fields, const void *record);

static void put_items(struct buf *out, const struct field *row, const char *items, size_t count)
{
	bool list = row->kind == FIELD_KIND_LIST;

	if (list)
		buf_putc(out, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		put_object(out, row->fields, items + i * row->fields->size);
	}
	if (list)
		buf_putc(out, ']');
}

static void put_member(struct buf *out, char *separator, const struct field *row, const void *record)
{
	char scratch[FIELD_VALUE_SIZE];

	if (row->fields) {
		size_t count;
		const char *items = field_items(row, record, &count);
		/* An empty list says that there is none; whoever reads pages need not ask whether it is there. */
		if (count == 0 && row->kind != FIELD_KIND_LIST)
			return;
		put_name(out, separator, row->json);
		put_items(out, row, items, count);
		return;
	}

	const char *text = field_text(row, record, scratch);
	if (!text)
		return;
	put_name(out, separator, row->json);
	if (same(field_kind(row)->json_type, "string"))
		json_quote(out, text);
	else
		buf_puts(out, text);
}

static void put_object(struct buf *out, const struct fields *fields, const void *record)
{
	char separator = '{';

	for (size_t i = 0; i < fields->count; i++)
		if (fields->row[i].json)
			put_member(out, &separator, &fields->row[i], record);
	buf_puts(out, separator == '{' ? "{}" : "}");
}

void field_put_json(struct buf *out, const struct schema *schema, const void *record)
{
	put_object(out, schema->fields, record);
}
