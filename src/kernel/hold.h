/* Legal holds: what an authority, a court or an audit still needs is not deleted, whatever its term. A hold is on one
 * document (and all that speaks about it), on all that was exchanged with a partner, or on all that an organisation
 * keeps. Placing and lifting are in the journal, and no hold is ever removed. */
#ifndef KERNEL_HOLD_H
#define KERNEL_HOLD_H

#include "kernel/kernel.h"

#define HOLD_DOCUMENT     "document"
#define HOLD_PARTNER      "partner"
#define HOLD_ORGANISATION "organisation"

struct hold {
	const char *id;           /* UUIDv7; given by hold_put() */
	const char *kind;         /* one of the above */
	const char *subject;      /* id of the document, code of the partner or organisation */
	const char *organisation; /* ours, whose hold it is: on a partner it holds what that one keeps; NULL: of all */
	const char *reason;
	const char *placed_by;
	int64_t placed_us;
	int64_t until_us;      /* it ends by itself; TIME_NONE: when it is lifted */
	const char *lifted_by; /* NULL */
	int64_t lifted_us;     /* TIME_NONE */
};
struct hold_list {
	struct hold *items;
	size_t count;
};

/* Writes HOLD as of NOW_US; the caller has checked that its subject exists. */
enum err_code hold_put(struct tx *tx, struct arena *arena, struct hold *hold, const struct actor *actor, int64_t now_us,
		       struct err *err) MUST_USE;
/* ERR_NOT_FOUND if ACTOR's organisation has none with this id; ERR_CONFLICT if it was lifted before. */
enum err_code hold_lift(struct tx *tx, struct arena *arena, const char *id, const struct actor *actor, int64_t now_us,
			struct hold *hold, struct err *err) MUST_USE;
/* Newest first, at most LIMIT older than BEFORE (an id; NULL: any). ORGANISATION NULL: all. */
enum err_code hold_list(struct tx *tx, struct arena *arena, const char *organisation, const char *before, size_t limit,
			struct hold_list *list, struct err *err) MUST_USE;
/* Whether HOLD counts at AT_US. */
bool hold_counts(const struct hold *hold, int64_t at_us);

/* A hold that counts at AT_US on what ORGANISATION exchanged with PARTNER: on DOCUMENT or on what that is ABOUT (either
 * may be NULL), the partner or the organisation. HOLD->id is NULL if there is none. */
struct hold_question {
	const char *document, *about, *partner, *organisation;
	int64_t at_us;
};
enum err_code hold_find(struct tx *tx, struct arena *arena, const struct hold_question *question, struct hold *hold,
			struct err *err) MUST_USE;

#endif
