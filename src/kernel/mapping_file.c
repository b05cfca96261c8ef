/* The mapping file as it is written; docs/mapping.md explains each member. */
#include "kernel/mapping_int.h"

#define TEXT(s, m, name, ...) FIELD_TEXT(struct s, m, .json = name, .max_length = MAPPING_TEXT_MAX, __VA_ARGS__)

static const struct field condition_rows[] = {
	TEXT(mapping_condition, column, "column", .min = 1, .label = "column"),
	TEXT(mapping_condition, is, "is", .min = 1, .label = "what stands there"),
};
static const struct fields condition = FIELDS(struct mapping_condition, condition_rows);

static const struct field name_rows[] = { TEXT(mapping_name, name, "name", .min = 1, .label = "name") };
static const struct fields name = FIELDS(struct mapping_name, name_rows);

static const struct field csv_rows[] = {
	TEXT(mapping_csv, delimiter, "delimiter", .pattern = "[,;|:^~]|tab", .label = "delimiter"),
	TEXT(mapping_csv, quote, "quote", .pattern = "[\"']|none", .label = "quotation mark"),
	TEXT(mapping_csv, charset, "charset", .pattern = "[A-Za-z0-9._:-]+", .label = "charset"),
	TEXT(mapping_csv, line_end, "lineEnd", .pattern = "crlf|lf", .label = "line end"),
	TEXT(mapping_csv, formulas, "formulas", .pattern = "text|keep", .label = "what a spreadsheet would calculate"),
	FIELD_FLAG(struct mapping_csv, headless, .json = "headless", .label = "no line of names"),
	FIELD_LIST(struct mapping_csv, columns, columns_count, struct mapping_name, name, .json = "column",
		   .max = CSV_CELLS_MAX, .label = "columns"),
};
static const struct fields csv = FIELDS(struct mapping_csv, csv_rows);

static const struct field namespace_rows[] = {
	TEXT(tree_namespace, prefix, "prefix", .pattern = "[A-Za-z_][A-Za-z0-9_.-]*", .label = "prefix"),
	TEXT(tree_namespace, name, "name", .min = 1, .label = "namespace"),
};
static const struct fields namespace = FIELDS(struct tree_namespace, namespace_rows);

static const struct field ignored_rows[] = {
	TEXT(mapping_ignored, from, "from", .min = 1, .label = "what is not read"),
	TEXT(mapping_ignored, why, "why", .min = 1, .label = "reason"),
};
static const struct fields ignored = FIELDS(struct mapping_ignored, ignored_rows);

static const struct field list_rows[] = {
	TEXT(mapping_repeat, to, "to", .min = 1, .label = "list of the document"),
	TEXT(mapping_repeat, from, "from", .label = "what is repeated in the source"),
	TEXT(mapping_repeat, key, "key", .label = "column whose values tell items apart"),
	TEXT(mapping_repeat, split, "split", .label = "separator of items inside a value"),
	FIELD_INT(struct mapping_repeat, numbered, .json = "numbered", .label = "number of numbered columns"),
	FIELD_INT(struct mapping_repeat, fixed, .json = "fixed", .label = "number of items that rows name"),
	FIELD_GROUP(struct mapping_repeat, where, struct mapping_condition, condition, .json = "where",
		    .label = "lines that count"),
};
static const struct fields list = FIELDS(struct mapping_repeat, list_rows);

static const struct field row_rows[] = {
	TEXT(mapping_row, to, "to", .label = "value of the document"),
	TEXT(mapping_row, from, "from", .label = "value of the source"),
	FIELD_TEXT(struct mapping_row, constant, .json = "constant", .label = "constant"),
	FIELD_TEXT(struct mapping_row, preset, .json = "default", .label = "default"),
	TEXT(mapping_row, table, "table", .label = "table of codes"),
	FIELD_FLAG(struct mapping_row, only, .json = "only", .label = "only what is in the table"),
	TEXT(mapping_row, except, "except", .label = "table of what is no value here"),
	TEXT(mapping_row, suffix, "suffix", .label = "what stands behind the value"),
	TEXT(mapping_row, date, "date", .label = "form of dates"),
	TEXT(mapping_row, decimal, "decimal", .pattern = "[.,]", .label = "decimal mark"),
	TEXT(mapping_row, thousands, "thousands", .pattern = "[.,']|space", .label = "mark between thousands"),
	TEXT(mapping_row, join, "join", .label = "joined by"),
	TEXT(mapping_row, split, "split", .label = "separator of parts"),
	FIELD_INT(struct mapping_row, part, .json = "part", .label = "part"),
	TEXT(mapping_row, given, "if", .label = "only if given"),
	TEXT(mapping_row, missing, "unless", .label = "unless given"),
	FIELD_FLAG(struct mapping_row, required, .json = "required", .label = "required"),
	FIELD_FLAG(struct mapping_row, otherwise, .json = "otherwise", .label = "if no row before gave it"),
	FIELD_FLAG(struct mapping_row, number, .json = "number", .label = "a number of JSON"),
};
static const struct fields row = FIELDS(struct mapping_row, row_rows);

static const struct field code_rows[] = {
	FIELD_TEXT(struct mapping_code, from, .json = "from", .min = 1, .label = "national code"),
	FIELD_TEXT(struct mapping_code, to, .json = "to", .min = 1, .label = "code of the document"),
	FIELD_FLAG(struct mapping_code, read_only, .json = "readOnly", .label = "read, never written"),
};
static const struct fields code = FIELDS(struct mapping_code, code_rows);

static const struct field table_rows[] = {
	TEXT(mapping_table, name, "name", .min = 1, .label = "name"),
	FIELD_FLAG(struct mapping_table, open, .json = "open", .label = "other codes stay as they are"),
	FIELD_LIST(struct mapping_table, codes, codes_count, struct mapping_code, code, .json = "code", .min = 1,
		   .max = 2000, .label = "codes"),
};
static const struct fields table = FIELDS(struct mapping_table, table_rows);

static const struct field file_rows[] = {
	TEXT(mapping_file, title, "title", .min = 1, .label = "title"),
	TEXT(mapping_file, doctype, "documentType", .label = "document type"),
	TEXT(mapping_file, records, "records", .label = "kind of records"),
	TEXT(mapping_file, format, "format", .min = 1, .pattern = "csv|xml|json", .label = "format"),
	FIELD_GROUP(struct mapping_file, csv, struct mapping_csv, csv, .json = "csv", .label = "form of the CSV"),
	TEXT(mapping_file, each, "each", .label = "path of each document"),
	TEXT(mapping_file, key, "key", .label = "column whose values tell documents apart"),
	FIELD_GROUP(struct mapping_file, begin, struct mapping_condition, condition, .json = "begin",
		    .label = "first line of each document"),
	FIELD_GROUP(struct mapping_file, where, struct mapping_condition, condition, .json = "where",
		    .label = "lines of the document's own values"),
	FIELD_LIST(struct mapping_file, namespaces, namespaces_count, struct tree_namespace, namespace,
		   .json = "namespace", .max = 20, .label = "namespaces"),
	FIELD_LIST(struct mapping_file, ignored, ignored_count, struct mapping_ignored, ignored, .json = "ignore",
		   .max = 500, .label = "what is not read"),
	FIELD_LIST(struct mapping_file, lists, lists_count, struct mapping_repeat, list, .json = "list",
		   .max = MAPPING_LISTS_MAX - 1, .label = "lists"),
	FIELD_LIST(struct mapping_file, rows, rows_count, struct mapping_row, row, .json = "row", .min = 1,
		   .max = MAPPING_ROWS_MAX, .label = "rows"),
	FIELD_LIST(struct mapping_file, tables, tables_count, struct mapping_table, table, .json = "table", .max = 50,
		   .label = "tables of codes"),
};
static const struct fields file = FIELDS(struct mapping_file, file_rows);

const struct schema mapping_schema = { .name = "mapping", .fields = &file };
