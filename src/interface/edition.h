/* Editions of reference data over the interface and by commands: what every capability that brings a kind of them
 * (kernel/edition.h) needs for a command of its own. The routes are those of /api/v1/editions (src/api/editions.c). */
#ifndef INTERFACE_EDITION_H
#define INTERFACE_EDITION_H

#include <stdio.h>

#include "base/err.h"
#include "interface/view.h"

struct edition_view {
	const char *id, *kind, *subject, *title, *state, *digest;
	date from, until;
	int64_t records, warnings;
	const char *imported_by, *approved_by, *activated_by, *withdrawn_by;
	int64_t imported_us, approved_us, activated_us, withdrawn_us;
	bool repeated;
	struct finding_view *findings; /* of its file; not in lists */
	size_t findings_count;
};
LIST_VIEW(edition_list_view, struct edition_view);
extern const struct schema edition_schema, edition_list_schema;

void print_editions(FILE *out, const void *answer);
void print_edition(FILE *out, const void *answer);
/* The same with the first of its warnings alone. */
void print_imported_edition(FILE *out, const void *answer);

struct invocation;
/* Runs a row that calls POST /api/v1/editions, with the file that is its first argument. By --mapping FILE, or, with
 * --map NAME, by a mapping of the node. Who waits for longer than a second is told so. */
enum err_code run_edition_import(struct invocation *invocation, struct err *err);
/* The same by MAPPING, the text of a mapping file; .data NULL: the query names one. */
enum err_code edition_import_by(struct invocation *invocation, struct bytes mapping, struct err *err) MUST_USE;

#endif
