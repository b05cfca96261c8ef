/* The JSON Schema (2020-12, the dialect of OpenAPI 3.1) of a field table: what the reader accepts and the writer
 * writes, as far as a schema can say it. */
#include "codec/field_int.h"
#include "codec/json.h"

struct printing {
	struct json_writer *json;
	const struct schema_options *options;
	const struct fields *whole; /* of the schema that is printed: no reference to itself */
};

/* A member NAME whose text has to be put together first. */
static void put_whole(struct json_writer *json, const char *name, const struct buf *whole)
{
	json_put_text(json, name, buf_text(whole));
	if (whole->failed != OK && json->out->failed == OK)
		json->out->failed = whole->failed;
}

static void put_codes(const struct printing *printing, const struct field *row)
{
	const struct code_lists *lists = printing->options->lists;
	const char *code;
	buf_auto meanings;

	buf_init(&meanings, 4096);
	field_put_codes(&meanings, lists, row);
	put_whole(printing->json, "description", &meanings);
	json_open(printing->json, "enum", '[');
	for (size_t i = 0; (code = field_code_at(lists, row, i)); i++)
		json_put_text(printing->json, NULL, code);
	json_close(printing->json, ']');
}

/* The row's own pattern is the one that forms show; the kind's holds as well. */
static void put_patterns(struct json_writer *json, const struct field *row)
{
	const char *of_kind = field_kind(row)->json_pattern;

	if (!row->pattern || !of_kind) {
		json_put_text(json, "pattern", of_kind);
		return;
	}
	buf_auto whole;
	buf_init(&whole, 4096);
	buf_printf(&whole, "^(%s)$", row->pattern);
	put_whole(json, "pattern", &whole);
	json_open(json, "allOf", '[');
	json_open(json, NULL, '{');
	json_put_text(json, "pattern", of_kind);
	json_close(json, '}');
	json_close(json, ']');
}

static void put_object(const struct printing *printing, const struct fields *fields);

/* A group, or an item of a list: its table, or the name of the schema that has that table. */
static void put_struct(const struct printing *printing, const struct fields *fields)
{
	const struct schema_options *options = printing->options;
	buf_auto reference;

	buf_init(&reference, 1024);
	for (size_t i = 0; i < options->named_count; i++) {
		const struct schema *named = options->named[i];
		if (named->fields != fields || fields == printing->whole)
			continue;
		buf_printf(&reference, "%s%s", options->reference, named->name);
		json_put_text(printing->json, "$ref", buf_text(&reference));
		return;
	}
	put_object(printing, fields);
}

static void put_list(const struct printing *printing, const struct field *row)
{
	json_put_number(printing->json, "minItems", row->min);
	json_put_number(printing->json, "maxItems", field_max(row));
	json_open(printing->json, "items", '{');
	put_struct(printing, row->fields);
	json_close(printing->json, '}');
}

static void put_row(const struct printing *printing, const struct field *row)
{
	const struct field_kind_row *kind = field_kind(row);
	struct json_writer *json = printing->json;

	json_open(json, row->json, '{');
	json_put_text(json, "title", row->label);
	json_put_text(json, "x-law", row->law);
	json_put_text(json, "x-code-list", row->list);
	if (row->kind == FIELD_KIND_GROUP) {
		put_struct(printing, row->fields);
	} else {
		json_put_text(json, "type", kind->json_type);
		json_put_text(json, "format", kind->json_format);
		if (row->kind == FIELD_KIND_LIST)
			put_list(printing, row);
		else if (field_code_at(printing->options->lists, row, 0))
			put_codes(printing, row);
		else
			put_patterns(json, row);
		/* What is written is as long as it is: the bound is the reader's. */
		if (kind->text && printing->options->closed)
			json_put_number(json, "maxLength", field_max_length(row));
	}
	json_close(json, '}');
}

static void put_required(struct json_writer *json, const struct fields *fields)
{
	bool some = false;

	for (size_t i = 0; i < fields->count; i++) {
		const struct field *row = &fields->row[i];
		if (!row->json || row->min == 0)
			continue;
		if (!some)
			json_open(json, "required", '[');
		json_put_text(json, NULL, row->json);
		some = true;
	}
	if (some)
		json_close(json, ']');
}

/* Recurses as deep as the table. */
static void put_object(const struct printing *printing, const struct fields *fields)
{
	struct json_writer *json = printing->json;

	json_put_text(json, "type", "object");
	if (printing->options->closed)
		json_put_flag(json, "additionalProperties", false);
	put_required(json, fields);
	json_open(json, "properties", '{');
	for (size_t i = 0; i < fields->count; i++)
		if (fields->row[i].json)
			put_row(printing, &fields->row[i]);
	json_close(json, '}');
}

void field_put_json_schema(struct json_writer *json, const char *name, const struct schema *schema,
			   const struct schema_options *options)
{
	const struct printing printing = { .json = json, .options = options, .whole = schema->fields };

	json_open(json, name, '{');
	json_put_text(json, "title", schema->name);
	put_object(&printing, schema->fields);
	json_close(json, '}');
}
