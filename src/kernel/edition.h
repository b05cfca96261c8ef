/* Editions: reference data that comes as files (a book of the nomenclature, a tariff, exchange rates), put away unseen
 * in batches, made to count by one small transaction, and taken back by another (docs/decisions/0013).
 *
 * What the records of a file are is a kind: a row that a capability brings (kernel/capability.h .editions). */
#ifndef KERNEL_EDITION_H
#define KERNEL_EDITION_H

#include "base/date.h"
#include "codec/csv.h"
#include "kernel/fsm.h"

/* .state: "loading" -> "staged" -> "approved" -> "active" -> "withdrawn"; or "failed", "discarded". An edition that is
 * no longer "loading" and neither staged, approved nor active has no records: they are deleted in the background. */
struct edition {
	const char *id;      /* UUIDv7; NULL: there is none */
	const char *kind;    /* "nomenclature.lines" */
	const char *subject; /* what it is an edition of: "AHTN2022", "VN"; what it may be, the kind knows */
	const char *title;   /* "Decree 26/2023/ND-CP"; NULL */
	const char *state;
	date from, until;          /* counts from the day .from to .until, both inclusive; DATE_NONE: no end */
	const char *digest;        /* SHA-256 of the file, hexadecimal */
	int64_t records, warnings; /* that were put away; that were found */
	const char *imported_by, *approved_by, *activated_by, *withdrawn_by;
	int64_t imported_us, approved_us, activated_us, withdrawn_us; /* TIME_NONE */
};
struct edition_list {
	struct edition *items;
	size_t count;
};

/* One kind of reference data. */
struct edition_kind {
	const char *name, *title;    /* "nomenclature.lines"; "lines of a nomenclature" */
	const struct schema *schema; /* of one record */
	const struct rule *rules;    /* ended by a row without a code; NULL: those of form alone */
	bool four_eyes;              /* it counts only after somebody else than who imported it has approved it */

	/* From which day an edition counts if nobody says; *FROM stays DATE_NONE if there is none. NULL: it is said. */
	enum err_code (*first_day)(struct tx *tx, struct arena *arena, const struct edition *edition, date *from,
				   struct err *err);
	/* Whether there can be an edition with this .subject, .from and .until: findings, their paths members of the
	 * request ("/subject"). Asked before the file is read, and again when the edition is to count. NULL: any. */
	enum err_code (*admit)(struct tx *tx, struct arena *arena, const struct edition *edition,
			       struct findings *findings, struct err *err);
	/* What the kind remembers while it reads a file, in ARENA, which lives as long as the import. NULL: nothing. */
	enum err_code (*begin)(struct arena *arena, const struct edition *edition, void **work, struct err *err);
	/* Rules about one record that is right in its form, and what came before it, in the order of the file; pure but
	 * for WORK. Paths of findings are into the record. NUMBER counts records from 1. RECORD lives until the batch
	 * is put away. NULL: none. */
	enum err_code (*check)(void *work, int64_t number, const void *record, struct findings *findings,
			       struct err *err);
	/* Puts one record away, in the transaction of its batch, which may run again: WORK is only read. */
	enum err_code (*put)(struct tx *tx, const void *work, const struct edition *edition, int64_t number,
			     const void *record, struct err *err);
	/* After the last record, without an error so far: rules about the whole, and what follows from it is put away.
	 * A path "/records/0…" has the place of the first record. NULL: nothing. */
	enum err_code (*whole)(void *work, struct findings *findings, struct err *err);
	enum err_code (*put_whole)(struct tx *tx, const void *work, const struct edition *edition, struct err *err);
	/* Deletes at most LIMIT rows of what .put and .put_whole put away; *MORE: there may be others. */
	enum err_code (*drop)(struct tx *tx, const char *edition, int64_t limit, bool *more, struct err *err);
};

#define EDITION_BATCH       500 /* records of one transaction */
#define EDITION_FILE_MAX    ((size_t)64 << 20)
#define EDITION_RECORDS_MAX 2000000

/* The kinds of all capabilities; NULL after the last. */
const struct edition_kind *edition_kind_at(const struct kernel *kernel, size_t index);
const struct edition_kind *edition_kind_find(const struct kernel *kernel, const char *name);
/* "nomenclature.lines, tariff.rates"; the arena's. */
const char *edition_kind_names(const struct kernel *kernel, struct arena *arena);

extern const struct rule edition_rules[]; /* EDN-001 and on */
extern const struct machine edition_machine;

struct mapping;
struct edition_request {
	const struct edition_kind *kind;
	const char *subject, *title;
	date from, until;
	const struct mapping *mapping; /* how the file is read; of the kind's schema */
	struct bytes file;
	struct actor actor;
	int64_t now_us;
	/* NULL: none. Called from time to time with the records that are read so far, for who waits. */
	void (*progress)(void *arg, int64_t records);
	void *progress_arg;
};
/* Reads a file into a new edition, which is then "staged". With an error in FINDINGS there is none: EDITION->id is
 * NULL, and what was put away is deleted before this returns or, if the node stops meanwhile, after the next start. A
 * file with the digest of an edition of the same kind and subject that is staged, approved or active is that one:
 * *REPEATED. */
enum err_code edition_import(struct kernel *kernel, struct arena *arena, const struct edition_request *request,
			     struct edition *edition, bool *repeated, struct findings *findings,
			     struct err *err) MUST_USE;

/* What is done to an edition: "approve", "activate", "withdraw" (a rollback), "discard"; findings if its state, or
 * whoever asks (four eyes), does not allow it. "activate" with a day in FROM counts from that day (DATE_NONE: as it was
 * imported). REASON is for the journal; NULL. */
enum err_code edition_decide(struct kernel *kernel, struct arena *arena, const char *id, const char *event, date from,
			     const struct actor *actor, const char *reason, int64_t now_us, struct edition *edition,
			     struct findings *findings, struct err *err) MUST_USE;

/* What was found in the file of an edition that is there all the same, in the order of the file. */
struct edition_warning {
	const char *code, *place; /* .place: "/records[3]/rate" */
	const char *text, *law;   /* .text: behind it "; at line 4, column "rate"" if it stands there; .law: NULL */
};
struct edition_warnings {
	struct edition_warning *items;
	size_t count;
};
enum err_code edition_warnings(struct tx *tx, struct arena *arena, const char *id, struct edition_warnings *warnings,
			       struct err *err) MUST_USE;

/* By id; .id NULL: there is none. */
enum err_code edition_get(struct tx *tx, struct arena *arena, const char *id, struct edition *edition,
			  struct err *err) MUST_USE;
/* Newest first; NULL: of any kind, subject, state. BEFORE: older than this id (paging); NULL. */
enum err_code edition_list(struct tx *tx, struct arena *arena, const char *kind, const char *subject, const char *state,
			   const char *before, size_t limit, struct edition_list *list, struct err *err) MUST_USE;
/* The one that counts on DAY; .id NULL: none does. */
enum err_code edition_on(struct tx *tx, struct arena *arena, const char *kind, const char *subject, date day,
			 struct edition *edition, struct err *err) MUST_USE;
/* All of a kind that count on some day from FROM to UNTIL, by subject and first day. */
enum err_code edition_between(struct tx *tx, struct arena *arena, const char *kind, date from, date until,
			      struct edition_list *list, struct err *err) MUST_USE;
/* Changes whenever another edition of any kind counts: what a snapshot is as new as. Cheap. */
enum err_code edition_serial(struct tx *tx, int64_t *serial, struct err *err) MUST_USE;

/* A worker's step: deletes rows of an edition that is gone, up to LIMIT in one transaction; *DONE: 0 if there were
 * none. What was loading when the node stopped fails first: what no batch was put away of for EDITION_LATE_US. */
#define EDITION_LATE_US (5 * MINUTE_US)
enum err_code edition_sweep_step(struct kernel *kernel, int64_t now_us, unsigned limit, unsigned *done,
				 struct err *err) MUST_USE;

#endif
