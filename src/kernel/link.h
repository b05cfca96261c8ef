/* The link with a partner: whether what we send is answered, how long that takes, and what was announced of it.
 *
 * Messaging sees each exchange and tells what it saw every few seconds; several processes on one database tell into one
 * row. A link is judged by answers to what we send, because what a partner sends us says nothing of the other way. */
#ifndef KERNEL_LINK_H
#define KERNEL_LINK_H

#include "kernel/kernel.h"

#define LINK_UNKNOWN "unknown" /* nothing was exchanged yet */
#define LINK_UP      "up"
#define LINK_SLOW    "slow" /* the median of the last LINK_RECENT round trips is longer than the policy's */
#define LINK_DOWN    "down" /* so many attempts in a row got no answer that says that we are understood */
/* States of a link that a partner has announced; else as above. */
#define LINK_OUTAGE      "outage"
#define LINK_MAINTENANCE "maintenance"

/* A link that is down for longer than is agreed: an officer asks the partner. Its subject is the partner. */
#define TASK_LINK "link"

enum { LINK_DELAYS = 64, LINK_RECENT = 5, LINK_FAILURES = 3 /* in a row: it is down */ };

/* What one process saw since it told last. Times are TIME_NONE if it did not happen. */
struct link_seen {
	const char *partner;
	int64_t heard_us;    /* something of the partner's, believed */
	int64_t answered_us; /* it answered us, if only with a signed error */
	int64_t receipt_us;  /* with a receipt or pong */
	int64_t failing_us;  /* the first attempt without an answer since then, … */
	int64_t failures;    /* … and how many there were */
	const char *reason;  /* of the last; NULL */
	int64_t delays_ms[LINK_DELAYS];
	size_t delays_count;
};

#define LINK_NOTICE_OUTAGE      "outage"
#define LINK_NOTICE_MAINTENANCE "maintenance"
#define LINK_NOTICE_RESTORED    "restored"

struct link_notice {
	const char *id; /* of the document that carries it */
	const char *partner;
	const char *direction; /* "out": we announced it to the partner; "in": it announced it to us */
	const char *kind;
	int64_t from_us, until_us;
	const char *text;
	int64_t at_us;    /* when it was given */
	int64_t ended_us; /* by its end, or by a later notice; TIME_NONE: it counts */
};
struct link_notice_list {
	struct link_notice *items;
	size_t count;
};

struct link {
	const char *partner;
	const char *state; /* as announced, while that counts; else as observed */
	const char *observed;
	int64_t since_us;                          /* of the observed state */
	int64_t heard_us, answered_us, receipt_us; /* TIME_NONE: never */
	int64_t failures, failing_us;              /* in a row; TIME_NONE: none */
	const char *reason;                        /* of the last failure, if there are; NULL */
	int64_t median_ms, p99_ms;                 /* of the last LINK_DELAYS round trips; INTEGER_NONE: none */
	const struct link_notice *notice;          /* of the partner's, that counts now; NULL */
	const struct link_notice *coming;          /* of the partner's, that will; NULL */
};
struct link_list {
	struct link *items; /* by partner; each has one */
	size_t count;
};

/* How a link has changed. */
struct link_change {
	const char *from, *to; /* the same: not */
};
/* Adds SEEN to the partner's row, and judges it. SLOW_US: from there on it is slow. A change of state is journalled,
 * "link-up", "link-slow" or "link-down", with the reason. When it is down no more, messages that have not reached the
 * partner and wait for their next attempt are due at once. */
enum err_code link_tell(struct tx *tx, struct arena *arena, const struct link_seen *seen, int64_t slow_us,
			int64_t now_us, struct link_change *change, struct err *err) MUST_USE;
/* As they stand at NOW_US. All in ARENA. */
enum err_code link_list(struct tx *tx, struct arena *arena, int64_t now_us, struct link_list *list,
			struct err *err) MUST_USE;

/* --- Heartbeats --- */

struct link_beat {
	const char *partner;
	const char *ping;    /* eb:MessageId whose answer comes later; NULL: it comes at once */
	int64_t interval_us; /* while the partner answers, */
	int64_t hurried_us;  /* while it does not */
	/* Out. */
	bool claimed;    /* it is ours to send now: no other process does */
	bool unanswered; /* the one before was not answered */
	int64_t next_us; /* when to ask again, whether it was claimed or not */
};
/* Whether a heartbeat is due: the partner has not answered for so long, and nobody sends one. */
enum err_code link_beat(struct kernel *kernel, struct link_beat *beat, int64_t now_us, struct err *err) MUST_USE;
/* The answer to PING has come. *SENT_US: when it was sent; TIME_NONE: it is no heartbeat that is awaited. */
enum err_code link_beat_answered(struct kernel *kernel, const char *partner, const char *ping, int64_t *sent_us,
				 struct err *err) MUST_USE;

/* --- Notices --- */

enum { LINK_NOTICES_SHOWN = 500 };

/* Keeps NOTICE. One of the same partner, direction and kind whose time meets its gives way to it. "restored" ends all
 * that have begun by its .from_us, and counts for nothing itself. Journalled: "notice-given", "notice-received". */
enum err_code link_notice_put(struct tx *tx, const struct link_notice *notice, const struct actor *actor,
			      int64_t now_us, struct err *err) MUST_USE;
/* Newest first; OPEN: only those that count, or will. */
enum err_code link_notices(struct tx *tx, struct arena *arena, bool open, struct link_notice_list *list,
			   struct err *err) MUST_USE;
/* Ends what is past its end; journalled. *ENDED: how many. */
enum err_code link_notices_end(struct kernel *kernel, int64_t now_us, unsigned *ended, struct err *err) MUST_USE;

#endif
