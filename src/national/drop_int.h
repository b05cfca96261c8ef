/* Inside the drop folders: files, receipts, and what is done with them. */
#ifndef NATIONAL_DROP_INT_H
#define NATIONAL_DROP_INT_H

#include <sys/stat.h>

#include "base/fd.h"
#include "kernel/drop.h"
#include "national/national.h"

enum {
	DROP_TAKE_MAX = 8,          /* files of one folder in a step */
	DROP_LOOK_MAX = 100000,     /* entries of a folder that are looked at */
	DROP_SORT_MAX = 1000,       /* of which the oldest are taken */
	DROP_DOCUMENTS_MAX = 10000, /* of one file */
	DROP_FINDINGS_MAX = 2000,   /* that a receipt tells of one file */
	DROP_FEED_MAX = 100,        /* entries of the journal in a step */
	DROP_TEXT_MAX = 1024,       /* a name of 255 octets, percent-encoded */
	DROP_WAYS = 2,
};
#define DROP_REPORT_MAX ((size_t)16 << 20)
#define DROP_ARENA      ((size_t)256 << 20)

/* --- Folders: never out of them, never through a link --- */

/* The folder NAME inside FOLDER, -1 if there is none or it is something else (errno). MAKE: if it is missing. */
int drop_folder_open(int folder, const char *name, bool make);

/* What the entry NAME of FOLDER is. NULL: a file that will be taken, .ready if it has not changed for a while; "": one
 * that is nobody's business, as names that begin with a point. Else why it is not taken. */
struct drop_entry {
	const char *name;
	struct timespec changed;
	bool ready;
};
const char *drop_entry_look(const struct national_drop *drop, int folder, const char *name, int64_t now_us,
			    struct drop_entry *entry);
/* The files in FOLDER that are ready, the oldest first. */
enum err_code drop_folder_ready(const struct national_drop *drop, struct arena *arena, int folder, int64_t now_us,
				struct drop_entry **entries, size_t *count, struct err *err) MUST_USE;
/* The octets of the file NAME, at most MAX + 1 of them, and which file it was. *CHANGES: it is being written: later. */
enum err_code drop_file_read(struct arena *arena, int folder, const char *name, size_t max, struct bytes *text,
			     struct stat *file, bool *changes, struct err *err) MUST_USE;
/* Whole or not at all: written aside, synchronised, then given its name. */
enum err_code drop_file_write(int folder, const char *name, struct bytes content, struct err *err) MUST_USE;
/* FILE, that was read as NAME, from FROM to KEPT in TO. If another one has its name by now, that stays where it is. */
enum err_code drop_file_move(int from, const char *name, int to, const char *kept, const struct stat *file,
			     struct err *err) MUST_USE;
/* NAME as people and JSON can have it: percent-encoded where it is not UTF-8 or would change a terminal. */
const char *drop_name_shown(struct arena *arena, const char *name);

/* --- What became of a file: the report in the database, the receipt beside --- */

struct drop_finding {
	const char *code, *path, *text, *law, *severity;
};
struct drop_document {
	int64_t number;
	const char *reference, *id, *message, *state;
	int64_t since_us;
	bool repeated;
	struct drop_finding *findings;
	size_t findings_count;
};
struct drop_report {
	const char *file, *folder, *organisation, *id, *digest;
	int64_t taken_us, refused, findings_total;
	struct drop_finding *findings; /* of the file as a whole */
	size_t findings_count;
	struct drop_document *documents;
	size_t documents_count;
};
extern const struct schema drop_report_schema;
/* Appends FINDINGS, of which REPORT keeps so many. */
enum err_code drop_report_find(struct arena *arena, struct drop_report *report, const struct findings *findings,
			       struct drop_finding **list, size_t *count, struct err *err) MUST_USE;
enum err_code drop_report_read(struct arena *arena, const char *text, struct drop_report *report,
			       struct err *err) MUST_USE;
/* What is wrong, for people. */
void drop_report_tell(struct arena *arena, struct buf *out, const struct drop_report *report);
/* receipts/ID.json of FILE, with the states that its documents have now. */
enum err_code drop_receipt_write(const struct national_drop *drop, struct arena *arena, int organisation,
				 const struct drop_file *file, struct err *err) MUST_USE;

/* --- Both directions --- */

/* Where files are put, and what a file's folder is called in the database and in receipts: behind the prefix is a
 * mapping, a document type, or nothing. */
struct drop_way {
	const char *name, *prefix;
	bool test;   /* what comes there is sent as a test */
	bool always; /* it is made if it is missing */
};
extern const struct drop_way drop_ways[DROP_WAYS];

enum err_code drop_take_folder(const struct national_drop *drop, const char *organisation, int root,
			       const struct drop_way *way, const char *name, int64_t now_us, unsigned *done,
			       struct err *err) MUST_USE;
enum err_code drop_give(const struct national_drop *drop, const char *organisation, int root, unsigned *done,
			struct err *err) MUST_USE;

#endif
