/* A disk that loses its power, or fails otherwise, under SQLite: a VFS over the system's that knows at any time what of
 * a node's files would be there after a power cut.
 *
 * Of every file it keeps the durable image (what it held at its last sync) and the changes since. A cut leaves the
 * image with none of these changes, with all, or with some: of each write none, all, or any of its sectors of 512
 * octets, in any order. The index of the log (-shm) is memory, and gone.
 *
 * The name of a file, and that one was unlinked, is durable when the directory was synced, by which every name in it
 * becomes so; else as chance has it. When that happens is SQLite's doing: its unix VFS syncs the directory with the
 * first sync of a journal or log that it made, and with an unlinking if asked to, but never for the database itself.
 *
 * The assumption: a write that does not come to its end harms no octet beside it (SQLITE_IOCAP_POWERSAFE_OVERWRITE).
 * SQLite's unix VFS takes that for granted unless it is configured otherwise, and so every node does; SQLite is told
 * the same here, and nothing else that the system may find out of the disk below: no write of several pages is atomic.
 * A disk that breaks the promise is not simulated. SQLite would pad its log if it were told of one, but that is no full
 * remedy: the last frame of the padding is not synced to its end, and after a second cut, or a failed sync, what was
 * committed may be gone.
 *
 * An operation is a write, a sync, a truncation, an opening or a deletion of a file of the node's directory. What has
 * no name (temporary files) fails when there is no power, but is not counted: it is nobody's the next time.
 *
 * Memory: of each of a database's files (there are at most four) at most 64 MiB, then the disk is full; and 8192
 * changes of a page or less, then the oldest are written back, as a kernel does. May be used by any number of threads.
 */
#ifndef SCENARIO_POWER_H
#define SCENARIO_POWER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum power_operation { POWER_WRITE, POWER_SYNC, POWER_TRUNCATE, POWER_OPEN, POWER_DELETE, POWER_OPERATIONS };
enum power_kind { POWER_DB, POWER_WAL, POWER_JOURNAL, POWER_KINDS };

enum power_fault {
	POWER_CUT,               /* of operations: from this one on nothing reaches the disk, until power_restore() */
	POWER_CUT_IN_COMMIT,     /* of syncs of the log: in this one */
	POWER_CUT_IN_CHECKPOINT, /* of syncs of the database: in this one */
	POWER_FAILED_SYNC,       /* of syncs: it fails, and what it should have made durable no later one does, although
				    it can be read: Linux marks pages clean whose writing failed */
	POWER_FAILED_WRITE,      /* of writes: it fails after some of its sectors */
	POWER_FULL,              /* of writes: it and a few that follow find no room */
	POWER_FAILED_READ,       /* of reads */
	POWER_FAULTS
};

/* Of the changes since the last sync, what a cut leaves. */
enum power_kept { POWER_KEPT_BY_CHANCE, POWER_KEPT_NONE, POWER_KEPT_ALL, POWER_KEPT_SOME };

struct power_plan {
	enum power_kept kept;
	struct {
		unsigned at;     /* the fault strikes at this one of what it concerns, once; 0: not so */
		unsigned within; /* it strikes at one of so many by chance, and again and again; 0: not so */
	} on[POWER_FAULTS];
};

/* What the disks of a test met; added to by each of them. */
struct power_tally {
	_Atomic unsigned struck[POWER_FAULTS];
	_Atomic unsigned cuts[POWER_KINDS][POWER_OPERATIONS]; /* the operation that a cut fell on */
};

struct power;

/* A disk for the database of node NAME, empty, below DIRECTORY (which is made). NULL as a disk is one that never fails,
 * for all calls but power_vfs() and power_directory(). */
struct power *power_new(const char *name, const char *directory, uint64_t seed, struct power_tally *tally);
void power_free(struct power *power);
/* For db_options.vfs. Connections move the log into the database after 40 pages instead of 1000, so that a short test
 * has many checkpoints. */
const char *power_vfs(const struct power *power);
/* Where the files are: another folder after each power_restore() and power_load(). */
const char *power_directory(const struct power *power);

/* Replaces the plan; NULL: nothing befalls the disk any more. */
void power_plan(struct power *power, const struct power_plan *plan);
/* While paused, nothing befalls the disk and no operation counts: somebody looks at it who is not part of the story. */
void power_pause(struct power *power, bool paused);
/* The power fails now, between two operations. */
void power_cut(struct power *power);
bool power_is_off(struct power *power);
/* The power is back: the files are what a cut leaves of them. All must have been closed; ends the program if not. Ends
 * the test if SQLite cannot make a sound database of them. */
void power_restore(struct power *power);
/* The disk is another one, which holds the file at PATH as its database NAME and nothing else; chance is SEED's, and
 * nothing is planned. All files must have been closed; ends the program if not. */
void power_load(struct power *power, const char *name, const char *path, uint64_t seed);

/* How many operations there were, and how many calls of any kind were made to fail. */
uint64_t power_operations(struct power *power);
uint64_t power_faults(struct power *power);

/* Ends the test if SQLite finds that the database NAME in the directory is damaged: its structure, its foreign keys. */
void power_check(struct power *power, const char *name);
/* The same of the file at PATH. RECOVER: with what its log or journal says. */
void power_check_file(const char *path, bool recover);

const char *power_kind_name(enum power_kind kind);
const char *power_operation_name(enum power_operation operation);
const char *power_fault_name(enum power_fault fault);

#endif
