/* A disk that loses its power, or fails otherwise, under SQLite: a VFS over the system's that knows at any time what of
 * a node's files would be there after a power cut.
 *
 * Of every file it keeps the durable image (what it held at its last sync) and the changes since. A cut leaves the
 * image with none of these changes, with all, or with some: of each write none, all, or any of its sectors, in any
 * order. The name of a file is durable with its first sync, for which SQLite's unix VFS syncs the directory, and with
 * it what was unlinked there; else an unlinking is durable at once or not, as chance has it. The index of the log
 * (-shm) is memory, and gone.
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
	POWER_CUT,          /* of operations: from this one on nothing reaches the disk, until power_restore() */
	POWER_CUT_IN_SYNC,  /* of syncs: in this one */
	POWER_FAILED_SYNC,  /* of syncs: it fails, and what it should have made durable no later one does, although it
			       can be read: Linux marks pages clean whose writing failed */
	POWER_FAILED_WRITE, /* of writes: it fails after some of its sectors */
	POWER_FULL,         /* of writes: it and a few that follow find no room */
	POWER_FAILED_READ,  /* of reads */
	POWER_FAULTS
};

/* When a fault strikes, counted in what it concerns, from when the plan is given. Nothing, where both are 0. */
struct power_plan {
	struct {
		unsigned at;     /* this one, once */
		unsigned within; /* one of so many by chance, and again and again */
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
/* Where the files are: another folder after each power_restore(). */
const char *power_directory(const struct power *power);

/* Replaces the plan; NULL: nothing befalls the disk any more. */
void power_plan(struct power *power, const struct power_plan *plan);
/* While paused, nothing befalls the disk and no operation counts: somebody looks at it who is not part of the story. */
void power_pause(struct power *power, bool paused);
/* The power fails now, between two operations. */
void power_cut(struct power *power);
bool power_is_off(struct power *power);
/* The power is back: the files are what a cut leaves of them. All must have been closed; ends the test if not. */
void power_restore(struct power *power);

/* How many operations there were, and how many calls of any kind were made to fail. */
uint64_t power_operations(struct power *power);
uint64_t power_faults(struct power *power);

/* Ends the test if SQLite finds that the database NAME in the directory is damaged: its structure, its foreign keys. */
void power_check(struct power *power, const char *name);

const char *power_kind_name(enum power_kind kind);
const char *power_operation_name(enum power_operation operation);
const char *power_fault_name(enum power_fault fault);

#endif
