/* Field tables: a struct's fields as rows, and what follows from the rows.
 *
 * From one table come strict XML reading and canonical XML writing, JSON both ways, validation with all findings, XSD
 * and the OpenAPI schema. A row with a wrong member type does not compile. A table may name a C function elsewhere; it
 * never holds an expression.
 *
 *   static const struct field invoice_fields[] = {
 *           FIELD_TEXT(struct invoice, number, .json = "number", .xml = "ID", .min = 1, .max_length = 35),
 *           FIELD_DAY (struct invoice, date,   .json = "date",   .xml = "IssueDate", .min = 1),
 *   };
 *   static const struct fields invoice = FIELDS(struct invoice, invoice_fields);
 *   FIELD_LIST(struct form, invoices, invoices_count, struct invoice, invoice, .json = "invoice", .xml = "Invoice",
 * .max = 20),
 *
 * Everything read lives in the caller's arena. Absent values: text NULL, day DATE_NONE, time TIME_NONE, decimal
 * decimal_none(), integer INTEGER_NONE, flag false, group NULL. */
#ifndef CODEC_FIELD_H
#define CODEC_FIELD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/decimal.h"
#include "base/findings.h"

struct xml_node;
struct json_writer;
struct field;

#define INTEGER_NONE INT64_MIN

enum field_kind {
	FIELD_KIND_TEXT,    /* const char *: free text, UTF-8, no control characters but tab and line ends */
	FIELD_KIND_CODE,    /* const char *: a value of the code list .list */
	FIELD_KIND_DECIMAL, /* struct decimal; XML and JSON text in plain notation (a JSON string, never a number) */
	FIELD_KIND_INTEGER, /* int64_t */
	FIELD_KIND_FLAG,    /* bool; absent is false, and false is not written unless .min is 1 */
	FIELD_KIND_DAY,     /* date: YYYY-MM-DD */
	FIELD_KIND_TIME,    /* int64_t microseconds UTC: RFC 3339 */
	FIELD_KIND_GROUP,   /* T *: one struct with its own table */
	FIELD_KIND_LIST,    /* T * and size_t: many of them */
	FIELD_KIND_NODE,    /* const struct xml_node *: XML kept as it is, for the caller to look into; not in JSON, not
			       written */
};

struct fields {
	const struct field *row;
	size_t count;
	size_t size; /* of the struct */
	bool open;   /* XML: elements and attributes of other namespaces than the schema's are left out, also attributes
			of the values in it: nobody reads them */
};

struct field {
	enum field_kind kind;
	bool attribute;      /* XML: an attribute rather than an element; no namespace unless the schema is qualified */
	bool content;        /* XML: the element's own text (beside attributes); at most one row of a table */
	size_t offset;       /* of the member */
	size_t count_offset; /* FIELD_KIND_LIST: of the member that counts */
	const char *json;    /* NULL: not in JSON */
	const char *xml;     /* local name, in the schema's namespace; NULL: not in XML */
	unsigned min, max;   /* occurrences; .max 0 means 1 */
	unsigned max_length; /* characters of text and codes; 0 means FIELD_TEXT_LENGTH */
	const char *pattern; /* POSIX extended regular expression for the whole text, of what XSD and ECMA 262 share: no
				[:class:] */
	const char *list;    /* code list, e.g. "ISO3166" */
	const char *label;   /* for people, English */
	const char *law;     /* the provision that asks for it */
	const struct fields *fields; /* of a group or list */
};

#define FIELD_TEXT_LENGTH 512
#define FIELD_ROWS_MAX    256 /* of one table; a longer one does not compile */

/* Zero if MEMBER has TYPE, else the program does not compile. */
#define FIELD_CHECK_(s, m, type)                                                                                       \
	(0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((s *)0)->m), type) ? 1 : -1]))
#define FIELD_(kind_, s, m, type, ...)                                                                                 \
	{                                                                                                              \
		.kind = kind_, .offset = offsetof(s, m) + FIELD_CHECK_(s, m, type), __VA_ARGS__                        \
	}
#define FIELD_TEXT(s, m, ...) FIELD_(FIELD_KIND_TEXT, s, m, const char *, __VA_ARGS__)
#define FIELD_CODE(s, m, ...) FIELD_(FIELD_KIND_CODE, s, m, const char *, __VA_ARGS__)
#define FIELD_DEC(s, m, ...)  FIELD_(FIELD_KIND_DECIMAL, s, m, struct decimal, __VA_ARGS__)
#define FIELD_INT(s, m, ...)  FIELD_(FIELD_KIND_INTEGER, s, m, int64_t, __VA_ARGS__)
#define FIELD_FLAG(s, m, ...) FIELD_(FIELD_KIND_FLAG, s, m, bool, __VA_ARGS__)
#define FIELD_DAY(s, m, ...)  FIELD_(FIELD_KIND_DAY, s, m, date, __VA_ARGS__)
#define FIELD_TIME(s, m, ...) FIELD_(FIELD_KIND_TIME, s, m, int64_t, __VA_ARGS__)
#define FIELD_NODE(s, m, ...) FIELD_(FIELD_KIND_NODE, s, m, const struct xml_node *, __VA_ARGS__)
/* TABLE is a `struct fields`; FIELDS() makes one of an array of rows, FIELDS_OPEN() one that is open. */
#define FIELD_GROUP(s, m, type, table, ...) FIELD_(FIELD_KIND_GROUP, s, m, type *, .fields = &(table), __VA_ARGS__)
#define FIELD_LIST(s, m, n, type, table, ...)                                                                          \
	FIELD_(FIELD_KIND_LIST, s, m, type *, .count_offset = offsetof(s, n) + FIELD_CHECK_(s, n, size_t),             \
	       .fields = &(table), __VA_ARGS__)
#define FIELDS_(s, rows, open_)                                                                                        \
	{                                                                                                              \
		.row = (rows), .count = COUNT(rows) + 0 * sizeof(char[COUNT(rows) <= FIELD_ROWS_MAX ? 1 : -1]),        \
		.size = sizeof(s), .open = (open_)                                                                     \
	}
#define FIELDS(s, rows)      FIELDS_(s, rows, false)
#define FIELDS_OPEN(s, rows) FIELDS_(s, rows, true)

/* A prefix of paths, see struct schema. */
struct field_namespace {
	const char *prefix, *ns;
};

/* A document: its table, its XML root and namespace. */
struct schema {
	const char *name;   /* "FORM-D" */
	const char *root;   /* local name of the root element */
	const char *ns;     /* namespace of all elements */
	const char *prefix; /* that we write; "" for the default namespace */
	bool qualified;     /* attributes stand in NS, as in ebMS 2.0 and CPPA 2.0, so .prefix is not ""; also read
			       without a namespace, as many send them */
	const struct fields *fields;
	/* XML that others define, and whose octets are kept: rows say where in it a value stands, and nobody writes it
	 * anew (codec/field_foreign.c). The prefixes of the paths, ended by a row without .prefix; NULL: the XML is
	 * ours. */
	const struct field_namespace *foreign;
	const char *where, *is; /* of several foreign ones with one root: this one has the text IS at the path WHERE */
};

/* Where codes are looked up; the lists themselves are dated data of kernel/. */
struct code_lists {
	bool (*known)(const struct code_lists *lists, const char *list, const char *code);
	/* The INDEXth code; NULL after the last, and of a list that is a form. May be NULL: nothing is enumerated. */
	const char *(*at)(const struct code_lists *lists, const char *list, size_t index);
	/* What CODE means, for people; NULL if the list does not say. May be NULL: none does. */
	const char *(*name)(const struct code_lists *lists, const char *list, const char *code);
};

/* Rules of form that the engine itself finds, FLD-001 and on, ended by a row without a code. */
extern const struct rule field_rules[];

/* --- XML (codec/field_xml.c) ---
 *
 * Reads NODE (the root) into RECORD (SCHEMA's struct, which the caller provides). Strict: elements in the order of the
 * rows, each as often as its row says, no attribute that is not a row, nothing else but what a table is open for, no
 * text between elements. All findings at once, their paths being JSON Pointers with the JSON names (XML names where a
 * row has no JSON name). White space at the ends is no part of a value; an empty value is an absent one. A value with a
 * finding is read as absent, so that what is in RECORD has passed its row. All of RECORD is overwritten (members that
 * are no fields become zero). False only out of memory; whether the document is right is in FINDINGS. LISTS may be
 * NULL: codes unchecked. */
bool field_read_xml(struct arena *arena, const struct schema *schema, const struct xml_node *node,
		    const struct code_lists *lists, void *record, struct findings *findings) MUST_USE;

/* Whether NODE is the root element of such a document. */
bool field_is_root(const struct schema *schema, const struct xml_node *node);

/* --- XML of others (codec/field_foreign.c) ---
 *
 * With a schema that is .foreign, field_read_xml() takes what its rows name and passes over the rest: other elements,
 * attributes, languages, signatures, whatever their order. The .xml of a row is a path from the element that its table
 * is about, "ram:IssueDateTime/udt:DateTimeString"; its last step may be "@unitCode", an attribute without a namespace;
 * "." is the element's own text. An empty value is an absent one, and so is a group, or one of a list, whose element is
 * empty: senders write every element of a form. Occurrences, lengths, patterns, codes and paths of findings are those
 * of any other table. A table takes time as its rows times what is inside its element. field_put_xml() and
 * field_put_xsd() are not for it.
 */

/* Appends RECORD as an XML document without declaration, already in exclusive canonical form (no white space between
 * elements). Absent values are left out; RECORD is not checked, see field_check(). field_put_xml_children writes only
 * what is inside the root element, for callers who write that element themselves. */
void field_put_xml(struct buf *out, const struct schema *schema, const void *record);
void field_put_xml_children(struct buf *out, const struct schema *schema, const void *record);

/* The W3C XML Schema of SCHEMA: what field_read_xml accepts with LISTS, as far as XSD 1.0 can say it (codes of a long
 * list are any text of their length; what a table is open for comes last). The documentation of each field has its JSON
 * name, of which findings' paths are made. */
void field_put_xsd(struct buf *out, const struct schema *schema, const struct code_lists *lists);

/* --- JSON (codec/field_json.c) ---
 *
 * Reads a JSON text as field_read_xml reads XML; unknown members are findings, and so is a member given twice, which
 * leaves RECORD empty. ERR_SYNTAX if TEXT is not JSON, ERR_MEMORY out of memory. */
enum err_code field_read_json(struct arena *arena, const struct schema *schema, struct bytes text,
			      const struct code_lists *lists, void *record, struct findings *findings,
			      struct err *err) MUST_USE;
void field_put_json(struct buf *out, const struct schema *schema, const void *record);

/* --- JSON Schema (codec/field_openapi.c) ---
 *
 * Of SCHEMA, as the member NAME (NULL: alone): 2020-12, the dialect of OpenAPI 3.1. A text that is empty is no value,
 * so the schema has none. */
struct schema_options {
	bool closed; /* further members are refused, as field_read_json refuses them; else a later version may add some
		      */
	const struct code_lists *lists;    /* whose short lists are enumerated; NULL */
	const struct schema *const *named; /* the table of one of these is not repeated, but referred to, */
	size_t named_count;
	const char *reference; /* by this and its name: "#/components/schemas/" */
};
void field_put_json_schema(struct json_writer *json, const char *name, const struct schema *schema,
			   const struct schema_options *options);

/* --- Validation (codec/field.c) ---
 * What the readers check about occurrences, lengths, patterns and codes, for a RECORD that was filled in C. */
void field_check(const struct schema *schema, const void *record, const struct code_lists *lists,
		 struct findings *findings);

#endif
