/* What the routes of the nomenclature take and answer; the commands read and print it. */
#ifndef NOMENCLATURE_API_INT_H
#define NOMENCLATURE_API_INT_H

#include "customs/nomenclature/nomenclature_int.h"
#include "interface/command.h"
#include "interface/route.h"

struct version_view {
	const char *code, *title, *base, *law;
	date from, until;
	int64_t digits;
	bool national;
	bool in_force; /* today */
	int64_t lines; /* of its book today; 0: there is none */
};
LIST_VIEW(version_list_view, struct version_view);

/* One line, as it stands in a list or above another one. */
struct line_view {
	const char *code;     /* as books print it; NULL: a group */
	int64_t depth;        /* 0 chapter, 1 heading, then one a dash */
	const char *text;     /* NULL: nobody knows it */
	const char *language; /* of the text */
	const char *origin;   /* book_origin_name() */
	const char *unit;
	int64_t below;            /* how many lines are below it */
	const char *first, *last; /* codes below it, if it has none; NULL */
};
LIST_VIEW(line_list_view, struct line_view);

struct note_view {
	const char *kind, *place, *number, *language, *title, *text, *version, *source;
	bool cut;
};
struct correlated_view {
	const char *code, *text;
	int64_t of, collapsed;
	bool inferred, missing;
};
struct correlation_view {
	const char *from_version, *from_code, *to_version, *relationship, *apart, *through, *why;
	bool person;
	struct correlated_view *items;
	size_t count;
};

/* One line with all that is to be known of it. */
struct book_line_view {
	const char *version, *version_title, *edition, *edition_title, *base;
	date day, edition_from, from, until;
	bool in_force;
	const char *code, *text, *language, *section, *section_title, *origin, *unit, *unit_basis;
	bool national;
	struct line_view *path;
	size_t path_count;
	struct line_view *children;
	size_t children_count;
	struct line_view *siblings;
	size_t siblings_count;
	struct note_view *notes;
	size_t notes_count;
	struct correlation_view *changes; /* from and to the versions before and after */
	size_t changes_count;
};

extern const struct schema version_schema, version_list_schema, line_list_schema, book_line_schema,
	correlation_view_schema;

extern const struct route nomenclature_routes[];
extern const struct command nomenclature_commands[];

#endif
