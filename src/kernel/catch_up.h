/* Catching up: a node that was restored from a backup gets back from its partners what was exchanged with them since.
 * docs/catch-up.md describes the protocol, decision 0010 says why it is this one.
 *
 *   us                                     the partner
 *   catch-up-request {since}          ->
 *                                     <-   catch-up-page: what was acknowledged between us since, in its order
 *   catch-up-fetch {messages}         ->   (what of it we lack)
 *                                     <-   catch-up-return, one each: the octets, the receipt, the payloads
 *
 * All are messages of SERVICE_CONTINUITY in one conversation, each with its receipt and its retries, so a crash on
 * either side is none of their business. What is returned is believed for the two signatures on it, one of them our
 * own, never for who returns it. A message that we had sent is delivered again as it was, with its document; one that
 * we had received is processed as when it came, and nothing is sent on account of it.
 *
 * Only kernel/inbox.c and the messaging (for the signatures) call what stands below "Between the two". */
#ifndef KERNEL_CATCH_UP_H
#define KERNEL_CATCH_UP_H

#include "kernel/capability.h"

#define CATCH_UP_REQUEST "catch-up-request"
#define CATCH_UP_PAGE    "catch-up-page"
#define CATCH_UP_FETCH   "catch-up-fetch"
#define CATCH_UP_RETURN  "catch-up-return"

/* How far back a partner may ask: a backup older than a week is no accident of the night, and operators talk first. */
#define CATCH_UP_WINDOW_US (7 * DAY_US)
/* A request, a fetch: each counts. 20000 are 300000 messages. */
#define CATCH_UP_REQUESTS_A_DAY 20000
#define CATCH_UP_BYTES_A_DAY    (INT64_C(8) << 30)
/* So much earlier than the loss is asked for: the clocks of the two sides may differ. */
#define CATCH_UP_SKEW_US (10 * MINUTE_US)
/* For so long what is new waits for what is lost; then a partner that does not answer holds up nothing any more. */
#define CATCH_UP_HOLD_US DAY_US
/* Of one partner, in one catch-up. */
#define CATCH_UP_ITEMS_MAX 300000

struct catch_up {
	const char *id, *partner;
	const char *conversation; /* NULL: the first request could not be put */
	int64_t since_us, begun_us;
	const char *begun_by; /* actor */
	int64_t hold_until_us;
	const char *state;  /* "open", "done", "refused" (the partner does not give anything back), "ended" (by an
			       operator) */
	int64_t settled_us; /* TIME_NONE */
	const char *reason; /* why it was refused, or what is to be asked for by other means; NULL */
	int64_t wanted, recovered, known, refused, unavailable; /* messages that the partner has listed */
};
struct catch_up_list {
	struct catch_up *items;
	size_t count;
};

/* Once when a node starts, before anything is exchanged: if its database was made by backup_restore() begins with each
 * active partner, from what the backup knew last on, of the last seven days. From then on what partners send waits for
 * what is lost. It is done once, however many instances start, and the restore is settled when all of them are. */
enum err_code catch_up_resume(struct kernel *kernel, int64_t now_us, struct err *err) MUST_USE;
/* The restore that is not settled yet. */
struct recovery_state {
	int64_t restored_us, backup_us; /* TIME_NONE: there is none */
	bool asking;                    /* a catch-up is open */
};
enum err_code catch_up_recovery(struct tx *tx, struct recovery_state *recovery, struct err *err) MUST_USE;

/* The same for a database that was put back by other means, or with a partner once more. Begins with each active
 * partner, or with PARTNER alone; *BEGUN: with how many. One that is open with a partner goes on, and is not begun
 * again (ERR_CONFLICT if PARTNER is named). ERR_NOT_FOUND if there is no such partner. */
struct catch_up_order {
	int64_t since_us;    /* the time of the backup */
	const char *partner; /* NULL: all */
	struct actor actor;
};
enum err_code catch_up_begin(struct kernel *kernel, const struct catch_up_order *order, int64_t now_us, unsigned *begun,
			     struct err *err) MUST_USE;
/* An operator ends an open one: what waits goes on without the rest. ERR_NOT_FOUND if none is open with PARTNER. */
enum err_code catch_up_end(struct kernel *kernel, const char *partner, const struct actor *actor, int64_t now_us,
			   struct err *err) MUST_USE;
/* Newest first. PARTNER NULL: all. */
enum err_code catch_up_list(struct tx *tx, struct arena *arena, const char *partner, size_t limit,
			    struct catch_up_list *list, struct err *err) MUST_USE;
/* Messages that a partner listed and did not return as they were: to be asked for by other means. At most LIMIT. */
struct catch_up_left {
	const char *direction, *message_id, *action, *state, *reason;
};
struct catch_up_left_list {
	struct catch_up_left *items;
	size_t count;
};
enum err_code catch_up_left(struct tx *tx, struct arena *arena, const char *id, size_t limit,
			    struct catch_up_left_list *list, struct err *err) MUST_USE;
/* Once a minute: one whose request was refused for good, or given up, is refused, and holds up nothing any more. */
enum err_code catch_up_watch(struct kernel *kernel, int64_t now_us, struct err *err) MUST_USE;

/* --- Between the two --- */

/* Whether there is such an action of SERVICE_CONTINUITY. */
bool catch_up_is_action(const char *service, const char *action);
/* A message as the answering side lists or returns it. "sent", "received": by that side. */
struct catch_up_item {
	const char *direction, *message_id, *digest, *conversation, *action;
};
/* Octets of the answering side's evidence; they are the parts that follow the note, in this order. */
struct catch_up_wire {
	const char *kind; /* as wire_kind_name() */
	const char *content_type;
};
/* The first part of all four. Each has .id; the request .since_us, and where it goes on .after and .after_us; the page
 * .items, .next and .next_us, or .refused; the fetch .items; the return one item, .last, and its wires or
 * .unavailable. */
struct catch_up_note {
	const char *id;
	int64_t since_us; /* TIME_NONE */
	const char *after, *next;
	int64_t after_us, next_us; /* INTEGER_NONE */
	const char *refused, *unavailable;
	bool last; /* of those that answer a fetch */
	struct catch_up_item *items;
	size_t items_count;
	struct catch_up_wire *wires;
	size_t wires_count;
};
extern const struct schema catch_up_note_schema;

/* What was returned, judged: .refused says why it is not believed. Else all that follows is proved. */
struct catch_up_evidence {
	const char *refused;
	bool in; /* we had received it */
	/* .document: the id that it may have had; .accepted_us: when we acknowledged it, of one that we had received */
	struct message message;
	struct message_parts parts;
	struct wire wire, receipt;
	const void *read; /* of the intake */
	int64_t at_us;    /* when it had its effect here: it was accepted, or put in the outbox */
	int64_t delivered_us;
};
/* What MESSAGE, of SERVICE_CONTINUITY, asks for or brings. EVIDENCE: of a return, else NULL. */
enum err_code catch_up_take(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct message *message,
			    const struct catch_up_note *note, const struct catch_up_evidence *evidence, int64_t now_us,
			    struct err *err) MUST_USE;
/* The intake of documents' own reading of what was returned; NULL: it carries nothing. */
enum err_code catch_up_read(struct kernel *kernel, struct arena *arena, struct catch_up_evidence *evidence,
			    struct err *err) MUST_USE;

#endif
