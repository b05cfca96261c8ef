/* What reading an edition and deciding on it share. */
#ifndef KERNEL_EDITION_INT_H
#define KERNEL_EDITION_INT_H

#include "kernel/edition.h"

/* Events of edition_machine that nobody decides. */
#define EDITION_STAGE "stage"
#define EDITION_FAIL  "fail"

enum edition_rule_code {
	EDITION_NO_SUBJECT,
	EDITION_DAYS,
	EDITION_NO_DAY,
	EDITION_TOO_LARGE,
	EDITION_TOO_MANY,
	EDITION_OTHER_MAPPING,
	EDITION_SAME_EYES,
	EDITION_NOT_APPROVED,
};

/* What guards look at. */
struct edition_case {
	const struct edition *edition;
	const struct edition_kind *kind;
};
/* The case of EDITION in ARENA, which must be there as long as it; .detail tells what it is, and REASON if not NULL. */
struct fsm_case edition_case_of(struct kernel *kernel, struct arena *arena, const struct edition_case *about,
				const struct actor *actor, int64_t now_us, const char *reason);

/* The current row of a query of EDITION_COLUMNS. */
struct edition edition_row(struct arena *arena, const struct query *query);
/* .subject, .from and .until, and what the kind says of them. */
enum err_code edition_admit(struct tx *tx, struct arena *arena, const struct edition_kind *kind,
			    const struct edition *edition, struct findings *findings, struct err *err) MUST_USE;
/* Ends the reading of EDITION, whatever the reason: nothing of it will count. */
enum err_code edition_fail(struct kernel *kernel, struct arena *arena, const struct edition *edition,
			   const struct actor *actor, int64_t now_us, const char *reason, struct err *err) MUST_USE;
/* Deletes at most LIMIT rows of a gone edition of KIND. */
enum err_code edition_drop(struct kernel *kernel, const struct edition_kind *kind, const char *id, int64_t limit,
			   bool *more, struct err *err) MUST_USE;

#endif
