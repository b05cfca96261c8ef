/* National shapes by mapping files, no code: CSV, XML or JSON of a national system to a document type, and back; and
 * files of reference data to the records of an edition (kernel/edition.h), each of which is then what is called a
 * document here.
 *
 * A mapping file (data/mapping, docs/mapping.md) is rows: which column, element or member is which value of the
 * document, in which code, date format and decimal mark. One engine reads the rows in both directions. What it makes of
 * the national form is the document's JSON, so that form and rules are judged by those who judge every document.
 *
 * Nothing is lost silently: what no row reads is a warning, and a mapping that never gives a mandatory value is refused
 * when it is loaded. */
#ifndef KERNEL_MAPPING_H
#define KERNEL_MAPPING_H

#include "codec/csv.h"
#include "kernel/capability.h"

struct edition_kind;
struct mapping;
struct tree_node;

#define MAPPING_FILE_MAX       ((size_t)1 << 20)
#define MAPPING_DOCUMENT_ARENA ((size_t)256 << 20) /* of one document while it is mapped */

/* Rules, MAP-001 and on, ended by a row without a code. */
extern const struct rule mapping_rules[];

/* Reads and checks a mapping file. *MAPPING is NULL if it has errors, which are FINDINGS with paths into the file.
 * REVERSE: it must also work from the document to the national form. The mapping refers to TEXT and ARENA. */
enum err_code mapping_load(struct arena *arena, const struct kernel *kernel, struct bytes text, bool reverse,
			   const struct mapping **mapping, struct findings *findings, struct err *err) MUST_USE;
/* NULL: it is of records; and the other way. */
const struct doctype *mapping_doctype(const struct mapping *mapping);
const struct edition_kind *mapping_kind(const struct mapping *mapping);
/* The code of the one, or the name of the other. */
const char *mapping_subject(const struct mapping *mapping);
/* "csv", "xml" or "json". */
const char *mapping_format(const struct mapping *mapping);
/* Of CSV, as iconv(3) names it; NULL: UTF-8. */
const char *mapping_charset(const struct mapping *mapping);

/* --- From the national form --- */

/* A file, read from its begin twice: its form is known before anything is made of it. */
struct mapping_input {
	struct csv_source source;
	enum err_code (*rewind)(void *arg, struct err *err); /* of .source.arg */
};

/* One document of the file, for as long as the call that hands it over. */
struct mapping_document {
	struct arena *arena;
	struct bytes json;         /* of the mapping's schema, for document_check() and field_read_json() */
	struct findings *findings; /* what could not be mapped; the caller's checks may be added */
	const struct mapping *mapping;
	const struct tree_node *tree; /* for mapping_place() */
	const char *const *columns;   /* names in the file's first line, likewise */
	size_t columns_count;
};
typedef enum err_code mapping_take_fn(void *arg, const struct mapping_document *document, struct err *err);

/* Hands each document of INPUT to TAKE, in order; a failure of TAKE ends it. What is wrong with the file itself is in
 * FINDINGS; with an error among them that was found before, nothing is handed over. */
enum err_code mapping_read(const struct mapping *mapping, const struct mapping_input *input, mapping_take_fn *take,
			   void *arg, struct findings *findings, struct err *err) MUST_USE;

/* Where the source has what FINDING (about DOCUMENT) speaks of: "line 4, column "Gross weight"", or a path. "" if it
 * has no place there; NULL if the finding only follows from another one, and need not be shown. The arena's. */
const char *mapping_place(const struct mapping_document *document, const struct finding *finding);

/* Adds the findings of DOCUMENT to FINDINGS, each with its place in the source behind its text and PREFIX before its
 * path; none that only follows from another one. */
void mapping_tell(const struct mapping_document *document, const char *prefix, struct findings *findings);

/* --- To the national form --- */

struct mapping_writer;
enum err_code mapping_writer_open(const struct mapping *mapping, struct mapping_writer **writer,
				  struct err *err) MUST_USE;
void mapping_writer_close(struct mapping_writer *writer);
/* Appends the document that JSON is to OUT; of CSV the line of names before the first. With errors in FINDINGS nothing
 * is appended. */
enum err_code mapping_write(struct mapping_writer *writer, struct arena *arena, struct bytes json, struct buf *out,
			    struct findings *findings, struct err *err) MUST_USE;

#endif
