/* What the files of catching up share. */
#ifndef KERNEL_CATCH_UP_INT_H
#define KERNEL_CATCH_UP_INT_H

#include "kernel/catch_up.h"
#include "kernel/message_int.h"

#define CATCH_UP_PAGE_ITEMS  200
#define CATCH_UP_FETCH_ITEMS 16

#define CATCH_UP_OPEN    "open"
#define CATCH_UP_DONE    "done"
#define CATCH_UP_REFUSED "refused"
#define CATCH_UP_ENDED   "ended"
#define ITEM_WANTED      "wanted"
#define ITEM_RECOVERED   "recovered"
#define ITEM_KNOWN       "known"
#define ITEM_REFUSED     "refused"
#define ITEM_UNAVAILABLE "unavailable"

/* A note on its way, with the parts that follow it. */
struct catch_up_letter {
	struct kernel *kernel;
	struct arena *arena;
	const char *partner, *conversation, *ref_to; /* the latter two may be NULL */
	const char *action;
	const struct catch_up_note *note;
	const struct message_part *parts;
	size_t parts_count;
	int64_t now_us;
};
/* *CONVERSATION (may be NULL): the one that it is in. */
enum err_code catch_up_put(struct tx *tx, const struct catch_up_letter *letter, const char **conversation,
			   struct err *err) MUST_USE;
/* An entry of the journal about the catch-up ID, by ACTOR. */
enum err_code catch_up_journal(struct tx *tx, const char *id, const char *actor, const char *event, const char *detail,
			       int64_t now_us, struct err *err) MUST_USE;

/* The answering side. */
enum err_code catch_up_asked(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct message *message,
			     const struct catch_up_note *note, int64_t now_us, struct err *err) MUST_USE;
enum err_code catch_up_fetched(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct message *message,
			       const struct catch_up_note *note, int64_t now_us, struct err *err) MUST_USE;

/* Makes what EVIDENCE proves as it was. *STATE: of its item, *REASON: NULL, or why it is not recovered. */
enum err_code catch_up_recover(struct kernel *kernel, struct tx *tx, struct arena *arena,
			       const struct catch_up *catch_up, const struct catch_up_evidence *evidence,
			       int64_t now_us, const char **state, const char **reason, struct err *err) MUST_USE;

#endif
