/* Inside the mapping engine: the file as it is written, the same resolved against the schema that it is of, and what
 * both directions share. */
#ifndef KERNEL_MAPPING_INT_H
#define KERNEL_MAPPING_INT_H

#include "codec/tree.h"
#include "kernel/mapping.h"

#define MAPPING_DOCUMENT_MAX ((size_t)16 << 20) /* as JSON */

enum {
	MAPPING_ROWS_MAX = 2000,
	MAPPING_LISTS_MAX = 20,
	MAPPING_NESTED_MAX = 4, /* lists inside each other */
	MAPPING_NUMBERED_MAX = 50,
	MAPPING_FIXED_MAX = 200,
	MAPPING_PARTS_MAX = 20,    /* of one text */
	MAPPING_STEPS_MAX = 16,    /* of one path */
	MAPPING_TEXT_MAX = 256,    /* characters of a path or column name */
	MAPPING_LINES_MAX = 20000, /* of one document in CSV */
	MAPPING_ITEMS_MAX = 20000, /* of one list */
	MAPPING_DOCUMENTS_MAX = 1 << 20,
};

/* --- The file: docs/mapping.md explains each member --- */

struct mapping_condition {
	const char *column, *is;
};

struct mapping_row {
	const char *to, *from, *constant, *preset, *table, *except, *suffix, *date, *decimal, *thousands, *join, *split;
	int64_t part;
	const char *given, *missing;
	bool only, required, otherwise, number;
};

struct mapping_repeat {
	const char *to, *from, *key, *split;
	int64_t numbered, fixed;
	struct mapping_condition *where;
};

struct mapping_code {
	const char *from, *to;
	bool read_only;
};

struct mapping_table {
	const char *name;
	bool open;
	struct mapping_code *codes;
	size_t codes_count;
};

struct mapping_name {
	const char *name;
};

struct mapping_csv {
	const char *delimiter, *quote, *charset, *line_end, *formulas;
	bool headless;
	struct mapping_name *columns;
	size_t columns_count;
};

struct mapping_ignored {
	const char *from, *why;
};

struct mapping_file {
	const char *title, *doctype, *records, *format, *each, *key;
	struct mapping_csv *csv;
	struct mapping_condition *begin, *where;
	struct tree_namespace *namespaces;
	struct mapping_ignored *ignored;
	struct mapping_repeat *lists;
	struct mapping_row *rows;
	struct mapping_table *tables;
	size_t namespaces_count, ignored_count, lists_count, rows_count, tables_count;
};
extern const struct schema mapping_schema;

/* --- Resolved --- */

struct mapping_step {
	const char *ns, *name;
	bool attribute;
	bool item;     /* each element of a JSON list, */
	size_t number; /* or this one of a list that is fixed, from 1; 0 */
	/* [NAME=VALUE]: only nodes with that inside; NULL: any. */
	const char *test_ns, *test, *value;
	bool test_attribute;
};
struct mapping_path {
	const struct mapping_step *steps;
	size_t count;
};

#define MAPPING_NO_COLUMN SIZE_MAX

struct mapping_rule {
	const struct mapping_row *row;
	size_t list;            /* whose item the value is of; 0: the document */
	struct mapping_path to; /* from that item */
	struct mapping_path absolute_to;
	const struct field *field; /* NULL: the row gives no value */
	bool fixed;                /* every group between the item and the value is mandatory */
	size_t number;             /* of the only item of a fixed list that it is of; 0: of each */
	const struct mapping_table *table, *except;
	const struct date_format *date;
	size_t parts; /* that rows make of the same source */
	/* Of XML and JSON: from the node of the list .from_list. Of CSV: one column, or as many as are numbered. */
	size_t from_list, given_list, missing_list;
	struct mapping_path from, given, missing;
	const size_t *columns;
	size_t given_column, missing_column;
};

struct mapping_list {
	const struct mapping_repeat *row; /* NULL: the document */
	size_t up;
	struct mapping_path to;   /* from the item of .up */
	struct mapping_path from; /* from the node of .up; empty if the list is not repeated in the source by itself */
	struct mapping_path absolute_to, absolute_from;
	const struct field *field; /* NULL: the document */
	const char *split;
	const struct mapping_condition *where;
	size_t key, where_column;
	size_t numbered; /* columns, of this list or of one around it; 0 */
	size_t fixed;    /* items that rows name by number; 0: it is another kind of list */
};

struct mapping {
	const struct mapping_file *file;
	const struct schema *schema;
	const struct doctype *doctype;   /* NULL: it is of records */
	const struct edition_kind *kind; /* NULL: it is of documents */
	bool csv, xml;
	struct csv_dialect dialect;
	bool formulas; /* cells that a spreadsheet would calculate stay as they are */
	const struct tree_namespace *namespaces;
	size_t namespaces_count;
	struct mapping_rule *rules;
	size_t rules_count;
	struct mapping_list *lists; /* the document first; a list after the one that it stands in */
	size_t lists_count;
	const struct mapping_path *ignored;
	size_t ignored_count;
	const char **columns; /* that rows name, each once */
	bool *optional;       /* whether a file may lack it */
	size_t columns_count;
	size_t key, begin; /* columns */
};

enum mapping_rule_code {
	MAPPING_NO_DOCTYPE,
	MAPPING_BAD_PATH,
	MAPPING_NO_FIELD,
	MAPPING_NO_LIST,
	MAPPING_TWICE,
	MAPPING_NO_TABLE,
	MAPPING_NO_DATE,
	MAPPING_MISPLACED,
	MAPPING_MANDATORY,
	MAPPING_ONE_WAY,
	MAPPING_AMBIGUOUS,
	MAPPING_NO_SOURCE,
	MAPPING_NO_CHARSET,
	MAPPING_COLUMN_MISSING,
	MAPPING_COLUMN_TWICE,
	MAPPING_CELLS,
	MAPPING_DISAGREE,
	MAPPING_APART,
	MAPPING_NOT_IN_TABLE,
	MAPPING_NOT_DAY,
	MAPPING_NOT_NUMBER,
	MAPPING_NOT_FLAG,
	MAPPING_REQUIRED,
	MAPPING_OTHER_VALUE,
	MAPPING_SEVERAL,
	MAPPING_PARTS,
	MAPPING_UNEVEN,
	MAPPING_UNREAD,
	MAPPING_LINE_UNREAD,
	MAPPING_EMPTY,
	MAPPING_TOO_MANY,
	MAPPING_SEPARATOR_INSIDE,
	MAPPING_CANNOT_SAY,
	MAPPING_TOO_MANY_ITEMS,
	MAPPING_LOST,
	MAPPING_SAME_KEY,
	MAPPING_TWO_VALUES,
	MAPPING_NO_KIND,
	MAPPING_BAD_NUMBER,
	MAPPING_NO_SUFFIX,
};

/* --- Paths --- */
/* False with a finding at PLACE if TEXT is no path. XML has prefixes, JSON has the escapes of RFC 6901, "*" and "[3]".
 */
bool mapping_path_parse(struct arena *arena, const char *text, bool xml, const struct tree_namespace *namespaces,
			size_t namespaces_count, const char *place, struct mapping_path *path,
			struct findings *findings);
/* PATH begins with all steps of HEAD. */
bool mapping_path_within(const struct mapping_path *path, const struct mapping_path *head);
struct mapping_path mapping_path_behind(struct mapping_path path, size_t steps);
/* The first node at PATH below NODE, or the next after AFTER. */
struct tree_node *mapping_node(struct tree_node *node, struct mapping_path path, const struct tree_node *after);
/* The node at PATH, made where it is missing; the last step is made anew if it is an ITEM. NULL without memory. */
struct tree_node *mapping_node_make(struct arena *arena, struct tree_node *node, struct mapping_path path, bool anew);
/* Where NODE stands, as a JSON Pointer; for people with [n]. */
const char *mapping_node_path(struct arena *arena, const struct tree_node *node);

/* --- Values --- */
const struct date_format *mapping_date_format(const char *name);
const char *mapping_date_formats(struct arena *arena); /* all, for a finding */

/* TEXT of the national form as the document has it, and back. NULL, with a finding about RULE's value of ITEM (a node
 * of the document), if it cannot be said. */
const char *mapping_value_read(struct arena *arena, const struct mapping_rule *rule, const struct tree_node *item,
			       const char *text, struct findings *findings);
const char *mapping_value_write(struct arena *arena, const struct mapping_rule *rule, const struct tree_node *item,
				const char *text, struct findings *findings);
/* A finding about that value. */
void mapping_find_value(struct arena *arena, struct findings *findings, enum mapping_rule_code code,
			const struct mapping_rule *rule, const struct tree_node *item, const char *first,
			const char *second);
/* A finding about LIST of ITEM as a whole. */
void mapping_find_list(struct arena *arena, struct findings *findings, enum mapping_rule_code code,
		       const struct mapping_list *list, const struct tree_node *item, const char *first,
		       const char *second);
/* ";" itself; "space", "line", "tab" by name. */
const char *mapping_separator(const char *name);
/* The PARTth of TEXT, from 0; NULL if there are fewer. Without white space around it. */
const char *mapping_part(struct arena *arena, const char *text, const char *separator, size_t part);
size_t mapping_parts(const char *text, const char *separator);
/* Whether TABLE has TEXT among the codes of the source. */
bool mapping_table_has(const struct mapping_table *table, const char *text);
/* TEXT without white space at its ends; TEXT itself if it has none there. */
const char *mapping_trim(struct arena *arena, const char *text);
/* TEXT as a cell that no spreadsheet calculates (a partner's "=HYPERLINK(…)" is text here, and not code there): with an
 * apostrophe before it if it needs one, as OWASP says of CSV injection; and back. */
const char *mapping_formula_guard(struct arena *arena, const char *text);
const char *mapping_formula_open(const char *text);
/* A number of JSON (RFC 8259 6), or true or false. */
bool mapping_json_literal(const char *text);

/* --- From the national form --- */

struct mapping_text {
	const char *text; /* trimmed; NULL if there is none */
	const void *node;
	size_t line, column;
};
/* Whether something stands at a condition, looked at from BASE. */
struct mapping_seen {
	const void *base;
	bool there;
};
/* What one row found, for the items that find the same again: looking once more for each of them would take as long as
 * the list is, squared. */
struct mapping_memo {
	const void *base; /* XML, JSON: from where .outer was found */
	struct mapping_text outer;
	struct mapping_text whole; /* of which items are parts, */
	const char *rest;          /* and what is left of it behind the last of them */
	struct mapping_seen given, missing;
};
struct mapping_run {
	const struct mapping *mapping;
	const struct mapping_source_kind *kind;
	const void *source; /* the kind's */
	struct arena *arena;
	struct findings *findings;
	struct mapping_memo *memos; /* by row */
	bool no_memory;
};
/* The document, or the item of a list, on both sides. */
struct mapping_context {
	const struct mapping_context *up;
	size_t list;
	struct tree_node *item;   /* of the document */
	struct tree_node *node;   /* of an XML or JSON source */
	const size_t *lines;      /* of a CSV source: which of its lines */
	size_t lines_count, line; /* the number of the first in the file */
	size_t number;            /* of numbered columns, from 1; 0 */
	size_t fixed;             /* of the item of a fixed list, from 1; 0 */
	bool split;               /* the item is a part of its texts: */
	size_t part;              /* from 0 */
};
/* What the two kinds of sources do differently. */
struct mapping_source_kind {
	struct mapping_text (*text)(struct mapping_run *run, const struct mapping_context *context,
				    const struct mapping_rule *rule);
	/* Whether there is anything in the column or at the path of a condition. */
	bool (*has)(struct mapping_run *run, const struct mapping_context *context, size_t list, size_t column,
		    struct mapping_path path, struct mapping_seen *seen);
	/* The items of LIST, which is not split, in CONTEXT; the arena's, without .item. */
	struct mapping_context *(*items)(struct mapping_run *run, const struct mapping_context *context, size_t list,
					 size_t *count);
};

void mapping_find(struct findings *findings, enum mapping_rule_code code, const char *path, const char *law,
		  const char *first, const char *second);
/* The list directly inside LIST in which the list INNER stands; 0 if it stands elsewhere, or is LIST. */
size_t mapping_list_towards(const struct mapping *mapping, size_t list, size_t inner);
/* Fills the document from CONTEXT, that of list 0, and hands it over. */
enum err_code mapping_hand_over(struct mapping_run *run, struct mapping_context *context, const char *const *columns,
				size_t columns_count, mapping_take_fn *take, void *arg, struct err *err) MUST_USE;

enum err_code mapping_read_csv(const struct mapping *mapping, const struct mapping_input *input, mapping_take_fn *take,
			       void *arg, struct findings *findings, struct err *err) MUST_USE;
enum err_code mapping_read_tree(const struct mapping *mapping, const struct mapping_input *input, mapping_take_fn *take,
				void *arg, struct findings *findings, struct err *err) MUST_USE;

/* --- To the national form --- */
struct mapping_writer {
	const struct mapping *mapping;
	struct csv_writer *csv;
	bool begun;
	struct buf key; /* of the last document */
};
#endif
