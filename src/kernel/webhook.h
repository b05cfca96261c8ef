/* Webhooks: systems that are told what happened, each with its own place in the journal. Here is what is stored and who
 * may take it in hand; national/ makes the requests.
 *
 * Delivered at least once, and in the order of the journal: what a receiver has not taken stands before all that
 * follows it, for this receiver alone. A request is repeated as it was, under the same identifier. */
#ifndef KERNEL_WEBHOOK_H
#define KERNEL_WEBHOOK_H

#include "kernel/event.h"

#define WEBHOOKS_MAX        64  /* of a node: each is asked about every second */
#define WEBHOOKS_OF_ONE     16  /* of an organisation, which so leaves room to others */
#define WEBHOOK_EVENTS_MAX  100 /* in one request */
#define WEBHOOK_DELIVERIES  200 /* that are remembered of each */
#define WEBHOOK_FIRST_US    (5 * SECOND_US)
#define WEBHOOK_BACK_OFF_US HOUR_US /* longest pause between attempts */
#define WEBHOOK_OVERLAP_US  (30 * DAY_US)

struct webhook {
	const char *id;
	const char *organisation; /* whose events; NULL: all, for the node's operators */
	const char *url;
	const char *events;     /* names, separated by a space; "": all */
	const char *state;      /* "active", "paused" */
	const char *reason;     /* why it is paused; NULL */
	const char *secret;     /* "whsec_" and base64; never shown but when it is made */
	int64_t key_number;     /* of the secret: it counts from 1 */
	const char *old_secret; /* signs, too, until .old_until_us; NULL */
	int64_t old_until_us;
	int64_t cursor; /* taken by the receiver up to this sequence; what leaves the node are numbers (journal.h) */
	int64_t single; /* this one goes out once more before what was not begun; 0: none */
	/* webhook_find and webhook_list alone: */
	int64_t cursor_number, single_number; /* as readers know them; 0 for no .single */
	int64_t waiting;     /* sealed events behind the cursor, up to WEBHOOK_WAITING_MAX, whatever their names */
	const char *message; /* identifier of the request that is not taken yet; NULL */
	int64_t batch_until; /* where that ends; 0: it is about .single */
	int64_t attempts, next_us;
	int64_t failing_us, last_us; /* TIME_NONE */
	int64_t last_status;         /* 0: no answer came */
	const char *last_error;
	int64_t delivered; /* requests that were taken, ever */
	int64_t created_us;
	const char *created_by;
};
#define WEBHOOK_WAITING_MAX 1000

struct webhook_list {
	struct webhook *items;
	size_t count;
};

/* Adds it at the end of the journal, or behind .cursor_number if that is not negative (ERR_CONFLICT as
 * journal_number_read()), and notes it in the journal. .id and .created_us are given. ERR_LIMIT beyond WEBHOOKS_MAX and
 * WEBHOOKS_OF_ONE. */
enum err_code webhook_add(struct tx *tx, struct webhook *webhook, const struct actor *actor, int64_t now_us,
			  struct err *err) MUST_USE;
/* .id is NULL if there is none. */
enum err_code webhook_find(struct tx *tx, struct arena *arena, const char *id, struct webhook *webhook,
			   struct err *err) MUST_USE;
/* Of ORGANISATION (NULL: all), newest first; they are at most WEBHOOKS_MAX. */
enum err_code webhook_list(struct tx *tx, struct arena *arena, const char *organisation, struct webhook_list *list,
			   struct err *err) MUST_USE;

/* Changes by ACTOR, each an entry of the journal. WEBHOOK is as it was found. */
enum err_code webhook_remove(struct tx *tx, const struct webhook *webhook, const struct actor *actor, int64_t now_us,
			     struct err *err) MUST_USE;
enum err_code webhook_pause(struct tx *tx, const struct webhook *webhook, const struct actor *actor, int64_t now_us,
			    struct err *err) MUST_USE;
/* Goes on where it stopped, at once; closes its task. */
enum err_code webhook_resume(struct tx *tx, const struct webhook *webhook, const struct actor *actor, int64_t now_us,
			     struct err *err) MUST_USE;
/* SECRET from now on; the one before signs, too, until UNTIL_US. */
enum err_code webhook_rotate(struct tx *tx, const struct webhook *webhook, const char *secret, int64_t until_us,
			     const struct actor *actor, int64_t now_us, struct err *err) MUST_USE;
/* Delivers everything behind the number AFTER again, or, if SINGLE is not 0, that one event before going on; what was
 * sent and is not taken yet comes before it, for a repetition keeps its identifier.
 * ERR_CONFLICT as journal_number_read(), ERR_NOT_FOUND if SINGLE is no event of this webhook's. */
enum err_code webhook_redeliver(struct tx *tx, struct arena *arena, const struct webhook *webhook, int64_t after,
				int64_t single, const struct actor *actor, int64_t now_us, struct err *err) MUST_USE;

/* --- Sending --- */

/* What one request carries. */
struct webhook_batch {
	struct webhook webhook;
	struct event_view events[WEBHOOK_EVENTS_MAX];
	bool single;   /* it is of the webhook's .single, and moves no cursor */
	size_t count;  /* 0: nothing to send, but there may be more to look at */
	int64_t after; /* the sequence behind which it begins; for a single event the one before it. .chain has numbers
			*/
	int64_t until;
	struct event_chain chain; /* over .events */
};

/* Takes one that is due in hand, until LEASE_US later. Of those that fail already, or took two seconds for their last
 * request, at most FAILING_MOST are in hand at a time, so that the rest of the senders is there for receivers that
 * answer. */
enum err_code webhook_take(struct kernel *kernel, struct arena *arena, int64_t now_us, int64_t lease_us,
			   int64_t failing_most, struct webhook_batch *batch, bool *found, struct err *err) MUST_USE;

struct webhook_outcome {
	int64_t status;    /* of the answer; 0: none came */
	const char *error; /* NULL: the receiver took it */
	bool for_good;     /* trying again does not help: the receiver wants no more (410), or no request can be made */
	int64_t at_us, duration_us;
};
/* What became of it: goes on, later, or not at all once nothing was taken for GIVE_UP_US; then an officer has a task.
 * Nothing if it was changed, or taken by another, meanwhile. */
enum err_code webhook_settle(struct kernel *kernel, const struct webhook_batch *batch,
			     const struct webhook_outcome *outcome, int64_t give_up_us, struct err *err) MUST_USE;

/* As if it had not been taken in hand, for who learned nothing of the receiver: it is due at NOW_US, and no attempt was
 * made. */
enum err_code webhook_give_back(struct kernel *kernel, const struct webhook_batch *batch, int64_t now_us,
				struct err *err) MUST_USE;

struct webhook_delivery {
	int64_t number, first, last, events, attempt, at_us, duration_us, status;
	const char *message, *error;
};
struct webhook_delivery_list {
	struct webhook_delivery *items;
	size_t count;
};
/* Newest first, at most LIMIT. */
enum err_code webhook_deliveries(struct tx *tx, struct arena *arena, const char *id, size_t limit,
				 struct webhook_delivery_list *list, struct err *err) MUST_USE;

#endif
