/* Backups: a whole node in one file that only the holders of certain keys can read, taken while it runs, and restored
 * on either database.
 *
 * Outside it is crypto/envelope.h. Inside are records: a letter, the size of what follows (4 octets, big-endian), and
 * values, each a letter (N null, I integer, T text, B octets), then 8 octets (I) or a size of 4 octets and as many (T,
 * B):
 *
 *   H  text: JSON of struct backup_head                                           once, first
 *   F  text: name, octets: content                                                a file of the node's directory
 *   T  text: name, then for each column text: name, integer: enum db_type         a table; its rows and its end follow
 *   R  the values of the columns                                                  a row
 *   E  integer: rows, octets: SHA-256 over the records R                          the end of a table
 *   Z  integer: tables, integer: rows, octets: SHA-256 over all before            once, last: nothing was cut off
 *
 * All tables are of one snapshot, so a backup is a moment of the node, whatever runs meanwhile. */
#ifndef KERNEL_BACKUP_H
#define KERNEL_BACKUP_H

#include "crypto/envelope.h"
#include "kernel/kernel.h"

#define BACKUP_RECORD_MAX                                                                                              \
	((size_t)320 << 20)                 /* a message on the wire has at most 256 MiB, see [exchange] max-message */
#define BACKUP_FILES_MAX ((size_t)16 << 20) /* of all files together */

struct backup_head {
	const char *format;   /* BACKUP_FORMAT */
	int64_t schema;       /* of the tables */
	const char *program;  /* the version that wrote it */
	const char *state;    /* of the node */
	const char *node;     /* its name */
	const char *database; /* "sqlite" or "postgresql" */
	int64_t at_us;        /* of the snapshot */
	int64_t last_us;      /* of the newest entry of the journal */
	int64_t seal;         /* the last of the journal; 0: none */
	const char *hash;     /* of it, hexadecimal; NULL: none */
	bool keys;            /* the private keys are in it */
};
#define BACKUP_FORMAT "lintas backup 1"

struct backup_file {
	const char *name; /* relative to the node's directory, "keys/sign-1/key.pem" */
	struct bytes content;
};
/* True for names that cannot leave the directory: parts of letters, digits, '.', '_', '-' that do not begin with '.'.
 */
bool backup_name_valid(const char *name);

struct backup_summary {
	int64_t tables, rows;
	struct envelope_facts file;
};
/* Called before each table, and now and then in it. */
typedef void backup_progress(void *arg, const char *table, int64_t rows, uint64_t bytes);

/* --- Writing --- */
struct backup_plan {
	struct db *db;
	struct backup_head head; /* .program, .state, .node, .keys; the rest is filled in */
	const struct backup_file *files;
	size_t files_count;
	const struct bytes *recipients; /* certificates */
	size_t recipients_count;
	backup_progress *progress; /* NULL: none */
	void *progress_arg;
	const struct clock *clock;
};
/* Writes a backup into FD, a new file, which is not synced. PLAN's head is complete then, its texts being ARENA's. */
enum err_code backup_write(int fd, struct arena *arena, struct backup_plan *plan, struct backup_summary *summary,
			   struct err *err) MUST_USE;

/* --- Reading --- */
struct backup_contents {
	struct backup_head head;
	struct backup_file *files;
	size_t files_count;
	struct backup_summary summary;
};
/* Reads FD to its end and verifies all that can be without a database; writes nothing. Every refusal of
 * envelope_open(), and ERR_SYNTAX for what is inside. CONTENTS is ARENA's. */
enum err_code backup_read(int fd, struct bytes key, struct arena *arena, struct backup_contents *contents,
			  struct err *err) MUST_USE;
/* Fills DB, which has no table yet (ERR_CONFLICT), with what backup_read() found in FD, in one transaction: all of it
 * or nothing. ERR_CONFIG: its schema is newer than this program's; an older one is brought up. The journal's next entry
 * says that the node was restored, and from what; what was in hand is due at once; a row of "recovery" says since when
 * messages are missing. RECOVERY: its id. ARENA must outlive DB. */
enum err_code backup_restore(struct db *db, int fd, struct bytes key, struct arena *arena,
			     const struct backup_contents *contents, const struct actor *actor, int64_t now_us,
			     char recovery[static 37], struct err *err) MUST_USE;

/* --- The records, for the above and for the fuzz target --- */
struct backup_handler { /* what one is NULL for is passed over */
	enum err_code (*head)(void *arg, const struct backup_head *head, struct err *err);
	enum err_code (*file)(void *arg, const struct backup_file *file, struct err *err);
	enum err_code (*table)(void *arg, const struct db_table *table, struct err *err);
	enum err_code (*row)(void *arg, const struct bind *values, size_t count, struct err *err);
	void *arg;
};
/* What they are given lives until they return. */
struct backup_reader;
struct backup_reader *backup_reader_new(const struct backup_handler *handler); /* NULL out of memory */
enum err_code backup_reader_put(struct backup_reader *reader, struct bytes piece, struct err *err) MUST_USE;
/* ERR_SYNTAX if the end record was not the last. */
enum err_code backup_reader_end(struct backup_reader *reader, struct backup_summary *summary, struct err *err) MUST_USE;
void backup_reader_free(struct backup_reader *reader); /* NULL is fine */

#endif
