/* Inside codec/: what the readers, the writers, the printers of schemas and the check of field tables share.
 *
 * Functions here recurse over tables, whose depth their authors bound; never over the input. */
#ifndef CODEC_FIELD_INT_H
#define CODEC_FIELD_INT_H

#include "codec/field.h"

/* Rows of field_rules, in their order. */
enum field_rule {
	FIELD_MISSING,
	FIELD_TOO_OFTEN,
	FIELD_UNEXPECTED,
	FIELD_OUT_OF_ORDER,
	FIELD_WRONG_FORM,
	FIELD_TOO_LONG,
	FIELD_OFF_PATTERN,
	FIELD_UNKNOWN_CODE,
	FIELD_STRAY_TEXT,
	FIELD_BAD_CHARACTER,
	FIELD_UNEXPECTED_ATTRIBUTE,
	FIELD_WRONG_JSON_TYPE,
	FIELD_JSON_DUPLICATE,
};

#define FIELD_VALUE_SIZE DECIMAL_SIZE /* longest text of a value that is not text itself, with the NUL */

/* A kind of field: all that differs between kinds. Groups, lists and nodes have no parse and no format. */
struct field_kind_row {
	const char *wanted; /* completes "... is not" */
	/* Sets MEMBER from TEXT (which outlives it) or returns false. */
	bool (*parse)(const char *text, void *member);
	/* The member's text, in SCRATCH or not; NULL or "" if there is nothing to write. */
	const char *(*format)(const struct field *row, const void *member, char scratch[static FIELD_VALUE_SIZE]);
	void (*clear)(void *member); /* makes it absent */
	bool text;                   /* has a length; JSON trims it, too */
	const char *xsd_name;        /* of the simple type that our XSD declares, */
	const char *xsd_base;        /* on this built-in type */
	const char *xsd_pattern;
	unsigned digits; /* xs:totalDigits */
	const char *json_type;
	const char *json_wanted; /* completes "... must be" */
	const char *json_format;
	const char *json_pattern; /* ECMA 262 */
};
const struct field_kind_row *field_kind_of(enum field_kind kind);
static inline const struct field_kind_row *field_kind(const struct field *row)
{
	return field_kind_of(row->kind);
}

/* Where we are, from the inside to the outside. Rendered only when there is a finding. */
struct field_path {
	const struct field_path *up;
	const char *name; /* NULL: INDEX of a list; "": no step, as of an element's own text without a JSON name */
	size_t index;
};

struct field_context {
	struct arena *arena; /* of what is read; NULL in field_check */
	const struct schema *schema;
	const struct code_lists *lists;
	struct findings *findings;
	bool no_memory;
};

/* Adds a finding. FIRST may come from the input: it is shortened and freed of control characters. ROW may be NULL. */
void field_find(struct field_context *context, enum field_rule rule, const struct field *row,
		const struct field_path *path, const char *first, const char *second);
/* The same about NAME, which stands in the input at PATH and has no row there. */
void field_find_stranger(struct field_context *context, enum field_rule rule, const struct field_path *path,
			 const char *name);

static inline unsigned field_max(const struct field *row)
{
	return row->max ? row->max : 1;
}
static inline unsigned field_max_length(const struct field *row)
{
	return row->max_length ? row->max_length : FIELD_TEXT_LENGTH;
}
static inline const char *field_path_name(const struct field *row)
{
	return row->json ? row->json : row->xml ? row->xml : "";
}
static inline const char *field_label(const struct field *row)
{
	return row->label ? row->label : field_path_name(row);
}
static inline bool field_is_element(const struct field *row)
{
	return row->xml && !row->attribute && !row->content;
}

/* The row that is the element's own text, or NULL. */
const struct field *field_content(const struct fields *fields);

static inline const void *field_member(const struct field *row, const void *record)
{
	return (const char *)record + row->offset;
}
static inline void *field_member_of(const struct field *row, void *record)
{
	return (char *)record + row->offset;
}

/* The text of a value, in SCRATCH or not. NULL if it is absent or ROW is no value. */
const char *field_text(const struct field *row, const void *record, char scratch[static FIELD_VALUE_SIZE]);

/* Makes all fields of RECORD absent. */
void field_clear(const struct fields *fields, void *record);

/* Finds too few and too many. Returns how many of the COUNT are to be read. */
size_t field_count(struct field_context *context, const struct field *row, const struct field_path *path, size_t count);

/* The INDEXth code of ROW's list, if that has so few that all can be told wherever it is named (a hundred would hide
 * the form); else NULL. */
const char *field_code_at(const struct code_lists *lists, const struct field *row, size_t index);
/* What CODE of ROW's list means; NULL if nobody says. */
const char *field_code_name(const struct code_lists *lists, const struct field *row, const char *code);
/* "14: used up; 15: used in part", of a list that has few; else nothing. */
void field_put_codes(struct buf *out, const struct code_lists *lists, const struct field *row);

/* Sets MEMBER from TEXT (not empty, outliving the record) if TEXT passes every check of ROW, else finds and clears it.
 * So a value in a record that was read has passed its row. */
void field_take(struct field_context *context, const struct field *row, const struct field_path *path, const char *text,
		void *member);

/* A group's or list's structs: the first and how many; those of a list follow each other in row->fields->size steps. */
const char *field_items(const struct field *row, const void *record, size_t *count);
/* COUNT cleared structs for the group or list ROW of RECORD; NULL (and context->no_memory) without memory. */
char *field_items_new(struct field_context *context, const struct field *row, size_t count, void *record);

/* What the table FIELDS names inside NODE, an element of others' XML, into RECORD, which is cleared (codec/field.h). */
void field_read_foreign(struct field_context *context, const struct fields *fields, const struct xml_node *node,
			const struct field_path *up, void *record);

/* TEXT without XML's white space (XML 1.0 §2.3) at both ends. */
struct bytes field_trim(struct bytes text);

/* True if the whole TEXT matches PATTERN. False, too, if PATTERN is no regular expression: a broken row passes nothing.
 * *NO_MEMORY is set if that was why. */
bool field_matches(const char *pattern, const char *text, bool *no_memory);

#endif
