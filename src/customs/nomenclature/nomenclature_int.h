/* Inside nomenclature/: records of the editions, the tree that is made of them, rules. */
#ifndef NOMENCLATURE_INT_H
#define NOMENCLATURE_INT_H

#include "customs/nomenclature/nomenclature.h"
#include "kernel/edition.h"

/* --- What the program knows by itself (data/nomenclature) --- */

struct versions_row {
	const char *code, *title, *base, *from, *until, *digits, *law;
};
extern const struct versions_row nomenclature_versions_rows[];
extern const size_t nomenclature_versions_rows_count;
/* The INDEXth shipped version; false after the last. */
bool version_shipped(size_t index, struct nomenclature_version *version);

/* --- Records of the editions --- */

struct line_record {
	const char *version; /* of which the line is, in a file of several; NULL */
	const char *code;    /* as the file writes it; NULL: a group */
	const char *kind;    /* "line", "group": its code only says where it stands; NULL: a line if it has a code */
	int64_t dashes;      /* before the text; INTEGER_NONE: by the length of the code */
	struct nomenclature_texts *text;
	struct nomenclature_texts *path; /* from the heading to the line itself, if the file repeats it */
	size_t path_count;
	const char *unit, *section;
	bool national;
};
struct note_record {
	const char *kind, *place, *codes, *number, *language, *title, *text, *source;
	bool cut;
};
struct correlation_record {
	const char *from_version, *from_code, *to_version, *to_code, *relationship;
};
struct unit_record {
	const char *code, *unit, *basis;
};
extern const struct schema line_schema, note_schema, correlation_schema, unit_schema;

extern const struct edition_kind *const nomenclature_kinds[];
extern const struct edition_kind lines_kind, headings_kind, notes_kind, correlation_kind, units_kind;

/* --- Rules --- */

enum nomenclature_rule {
	NOM_NO_CODE,
	NOM_TOO_LONG,
	NOM_TWICE,
	NOM_DISORDER,
	NOM_NO_TEXT,
	NOM_GROUP_DASHES,
	NOM_PATH_DASHES,
	NOM_LOST,
	NOM_MADE,
	NOM_SECTION,
	NOM_NO_VERSION,
	NOM_OTHER_DAYS,
	NOM_NO_SUBJECT,
	NOM_VERSION_FORM,
	NOM_VERSION_SHIPPED,
	NOM_NO_BASE,
	NOM_BASE_DIGITS,
	NOM_VERSION_DAYS,
	NOM_PLACE,
	NOM_NO_PLACE,
	NOM_SAME_VERSION,
	NOM_UNKNOWN_CODE,
	NOM_NO_TABLE,
	NOM_SHORT,
};
extern const struct rule nomenclature_rules[];

/* What the international version of VERSION is: the HS below it. */
const struct nomenclature_version *version_root(const struct nomenclature_version_list *versions, const char *code);
/* Pure. VERSIONS: all that there are. */
void version_check(const struct nomenclature_version *version, const struct nomenclature_version_list *versions,
		   struct findings *findings);
const struct nomenclature_version *version_among(const struct nomenclature_version_list *versions, const char *code);
bool section_known(const char *section);
/* "VN2023": a state of ISO 3166-1 and a year. */
bool is_national_name(const char *code);
/* The day nearest to AS_OF on which VERSION is in force. */

date version_day(const struct nomenclature_version *version, date as_of);
/* "HS2022" of "2022" and of "HS2022": the HS is named by its year, too. The arena's. */
const char *version_named(struct arena *arena, const char *text);
/* Whether SUBJECT is of VERSION: "HS2022", and "HS2022.notes-en", one of several parts side by side. */
bool subject_is_of(const char *subject, const char *version);
/* Subheadings from which so many others are taken are collapsed: those of waste take from everywhere. */
#define CORRELATION_COLLAPSES 100

/* What the kinds remember while they read a file, and their rules about one record and those before it
 * (rules_records.c). */
enum err_code lines_begin(struct arena *arena, const struct edition *edition, void **work, struct err *err);
enum err_code lines_check(void *work, int64_t number, const void *record, struct findings *findings, struct err *err);
enum err_code records_begin(struct arena *arena, const struct edition *edition, void **work, struct err *err);
enum err_code notes_check(void *work, int64_t number, const void *record, struct findings *findings, struct err *err);
enum err_code correlation_check(void *work, int64_t number, const void *record, struct findings *findings,
				struct err *err);
enum err_code units_check(void *work, int64_t number, const void *record, struct findings *findings, struct err *err);
/* Whether the record, of a file of several versions, is of another one than SUBJECT. */
bool line_is_of_another(const struct line_record *record, const char *subject);
/* Whether there can be an edition with these days of VERSION (NULL: there is none), for the SUBJECT of KIND. */
void subject_check(const struct edition *edition, const struct nomenclature_version *version, bool parts,
		   struct findings *findings);

/* --- The tree: lines in the order of the book, of records in the order of the file (rules_tree.c) --- */

/* A line that may stand above lines of the file: of the edition of headings, sorted by code. */
struct upper_line {
	const char *code; /* digits */
	int64_t dashes;
	const struct nomenclature_texts *texts;
	const char *unit;
};

struct book_level {
	char code[CODE_SIZE];
	char place[CODE_SIZE]; /* code of the first line below it */
	enum book_origin origin;
	const struct nomenclature_texts *texts;
	const void *source; /* the line of the base or of the headings that it is */
	uint32_t index;
};

struct book_tree {
	struct arena *arena; /* of what is emitted */
	const struct nomenclature_version *version;
	const struct book *base; /* NULL */
	const struct upper_line *upper;
	size_t upper_count;
	bool texts; /* lines have their texts; else only what tells groups apart is kept */
	/* Takes each line, its .end not yet known; what it refers to lives as long as the arena. */
	void (*emit)(void *arg, const struct book_line *line);
	void *arg;
	struct book_level open[BOOK_DEPTH_MAX];
	struct nomenclature_texts path[BOOK_DEPTH_MAX]; /* of the last record that had one */
	unsigned depth;                                 /* how many are open */
	uint32_t count;
	char last[CODE_SIZE]; /* the last code of the file */
	bool full;            /* the arena was: nothing that followed is in it */
};
/* Adds a record, and before it what is missing above it. RECORD's code has been parsed into CODE ("": a group). */
void book_tree_add(struct book_tree *tree, const struct line_record *record, const char *code);
/* Copies into ARENA each text that is not yet the one of KEPT. False: no memory. */
bool texts_keep(struct arena *arena, struct nomenclature_texts *kept, const struct nomenclature_texts *texts);
/* Depth of a line by its code alone. */
unsigned book_tree_depth(const char *code);
/* Whether a heading's line is the title of a sub-chapter ("I. CHEMICAL ELEMENTS"), which some books print with the code
 * that follows it. */
bool line_is_title(const struct line_record *record, const char *code);

/* --- Correlation (rules_correlation.c) --- */

struct pair {
	const char *from_version, *from, *to_version, *to; /* interned */
};
struct correlation_book {
	struct shared shared;            /* first */
	const struct pair *forth, *back; /* the same rows, sorted by from and by to */
	size_t count;
};
/* Sorts ROWS, and a copy of them, for lookup. False: no memory. */
bool correlation_sort(struct correlation_book *book, struct arena *arena, struct pair *rows, size_t count);
/* What the rows say of the subheading CODE: items without text. Through MIDDLE if no table is about the two (NULL: one
 * is). False: no memory. */
bool correlation_look(const struct correlation_book *rows, struct arena *arena, const char *from_version,
		      const char *code, const char *middle, const char *to_version, bool all,
		      struct correlation *correlation);
/* Whether a row is about both versions, in either direction. */
bool correlation_about(const struct correlation_book *rows, const char *from_version, const char *to_version);

/* --- What is said of a line (rules_look.c) --- */

/* Whether NOTE governs the line of CODE, or, of a GIR, any. */
bool note_governs(const struct book_note *note, const char *code);
/* Lines near CODE, which is not there: those that begin as it does, as far as any do. At most MOST; how many. */
size_t book_near(const struct book *book, const char *code, uint32_t *lines, size_t most);
/* The versions before and after VERSION of its own kind (AHTN of AHTN, a state's of that state's); NULL. */
void version_neighbours(const struct nomenclature_version_list *versions, const char *version, const char **before,
			const char **after);
/* What is meant by "current": this STATE's version in force on DAY, else the AHTN, else the HS; NULL: none is. */
const char *version_current(const struct nomenclature_version_list *versions, const char *state, date day);

/* --- Shared ones (service_shelf.c) --- */

/* Makes one in an arena of BYTES_MAX, of SIZE, which begins with a struct shared. NULL: no memory. */
void *shared_new(size_t bytes_max, size_t size);
void shared_close(const struct shared *shared);
/* ITEMS with room for one more; what it had before stays in the arena. NULL: no memory. */
void *array_with_room(struct arena *arena, void *items, size_t count, size_t *room, size_t size);
/* The one with KEY, which the caller closes; NULL: there is none. */
const void *shelf_find(const char *key);
/* Keeps it while there is room. */
void shelf_put(const struct shared *shared);

/* --- Store --- */

extern const struct statements nomenclature_statements;

enum err_code store_versions(struct tx *tx, struct arena *arena, struct nomenclature_version_list *list,
			     struct err *err);
enum err_code store_version_put(struct tx *tx, const struct nomenclature_version *version, const struct actor *actor,
				int64_t now_us, struct err *err);
/* Records of all kinds are kept alike: as JSON, in the order of the file. */
enum err_code store_record_put(struct tx *tx, const char *edition, int64_t number, const struct schema *schema,
			       const void *record, struct err *err);
enum err_code store_records_drop(struct tx *tx, const char *edition, int64_t limit, bool *more, struct err *err);
/* Calls EACH with every record of EDITION in order; RECORD lives until it returns. */
typedef enum err_code record_fn(void *arg, int64_t number, const void *record, struct arena *scratch, struct err *err);
enum err_code store_records(struct tx *tx, const char *edition, const struct schema *schema, size_t record_bytes,
			    record_fn *each, void *arg, struct err *err);

#endif
