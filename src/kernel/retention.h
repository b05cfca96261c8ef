/* How long what was exchanged is kept, and its deletion by rule.
 *
 * What is deleted together is one message with all that it holds: its parts, what went over the wire for it, and the
 * document that it carries, with its cases. What stays: the row of the message (by its identifier and digest a
 * duplicate is known) and the whole journal, to which the deletion adds a record. So nothing is missing from the seals,
 * and evidence_verify() tells what was deleted by rule from what is gone.
 *
 * A term counts from the last thing that happened: the document's issue, its exchange, the last step of its case. So it
 * is never shorter than a law that counts from one of them. */
#ifndef KERNEL_RETENTION_H
#define KERNEL_RETENTION_H

#include "base/date.h"
#include "kernel/kernel.h"

/* A term is calendar years and days. */
struct retention_term {
	int years, days;
};
#define RETENTION_YEARS_MAX 100

/* What is no document type but has a term, too. */
#define RETENTION_MESSAGE "MESSAGE" /* that carries no document: pings, what never became a document */
#define RETENTION_PING    "PING"    /* a test message that carries no document: pings, heartbeats; in no archive */
#define RETENTION_REFUSAL "REFUSAL" /* messages of partners that were refused, with our errors */

struct retention_rule {
	const char *type;         /* code of a document type, or one of the above */
	const char *organisation; /* ours; NULL: all that have no rule of their own */
	struct retention_term term;
};
struct retention {
	const struct retention_rule *rules; /* what differs from the defaults of the document types */
	size_t count;
	bool archived_first; /* nothing is deleted that does not stand in an archive */
	int64_t least_us;    /* no message goes sooner, whatever its term: a duplicate must get its receipt */
};

/* By which term TYPE of ORGANISATION is kept. */
struct retention_answer {
	struct retention_term term;
	const char *law; /* what the default rests on, or the rule that replaces it */
};
struct retention_answer retention_term_of(const struct kernel *kernel, const char *type, const char *organisation);
/* TYPE's rows that have terms, one after the other: document types first. *LAW and *TERM: its default; *LEAST: what a
 * law asks for (zero: none). NULL after the last. */
const char *retention_type_at(const struct kernel *kernel, size_t index, struct retention_term *term,
			      struct retention_term *least, const char **law);
/* The first instant at which what counts from FROM_US is kept no longer. */
int64_t retention_end_us(int64_t from_us, struct retention_term term);
/* "5y", "90d", "1y30d": at least a day. False if it is none of them. */
bool retention_term_parse(const char *text, struct retention_term *term);
#define RETENTION_TERM_SIZE 24
const char *retention_term_format(struct retention_term term, char text[static RETENTION_TERM_SIZE]);

/* Why something whose term is over stays all the same. */
#define RETENTION_DUE        "due" /* it does not */
#define RETENTION_UNSETTLED  "unsettled"
#define RETENTION_OPEN       "open"
#define RETENTION_REFERRED   "referred"
#define RETENTION_HELD       "held"
#define RETENTION_UNARCHIVED "not-archived"

struct retention_item {
	const char *message; /* id */
	const char *type, *document, *organisation, *partner, *direction;
	const char *reference, *issuer_state; /* NULL: no document, or one that could not be read */
	date issued_on;
	int64_t last_us;     /* from which the term counts */
	int64_t due_us;      /* when it is over */
	int64_t archived_us; /* all of it stands in an archive since; TIME_NONE: not, or not all */
	bool settled;        /* the message and the document's case are at their ends: it can be archived */
	struct retention_answer rule;
	const char *verdict;
	const char *why; /* for people; NULL if due */
};
struct retention_list {
	struct retention_item *items;
	size_t count;
	const char *next; /* the last message that was looked at, if there may be more; NULL */
};
/* Messages whose term is over at AT_US, after AFTER (an id; NULL: from the first), oldest first: looks at LOOK of those
 * that are old enough, at most. ORGANISATION NULL: all. */
enum err_code retention_list(struct kernel *kernel, struct arena *arena, const char *organisation, const char *after,
			     int64_t at_us, size_t look, struct retention_list *list, struct err *err) MUST_USE;

/* Where a walk over all that is kept stands. */
struct retention_walk {
	char after[40];
	int64_t pause_until_us; /* nothing was found: the next walk begins then */
	bool again;             /* something went that was about another document: that one may go now */
};
/* One bounded batch of a walk: deletes what is due, by ACTOR. *DONE: how many messages and refusals; *MORE: the walk
 * goes on, now. */
enum err_code retention_step(struct kernel *kernel, const struct actor *actor, int64_t now_us,
			     struct retention_walk *walk, unsigned *done, bool *more, struct err *err) MUST_USE;

/* COUNT messages stand in volume NUMBER of ARCHIVE, whose signed file has DIGEST, as they were at their .at_us.
 * Repeated, it changes nothing. ERR_NOT_FOUND for a message that is not here. */
struct retention_archived {
	const char *message;
	const char *digest; /* SHA-256 of the evidence, hexadecimal */
	int64_t at_us;
};
struct retention_volume {
	const char *archive, *digest;
	int64_t number;
	const struct retention_archived *items;
	size_t count;
};
enum err_code retention_note_volume(struct tx *tx, struct arena *arena, const struct retention_volume *volume,
				    const struct actor *actor, int64_t now_us, struct err *err) MUST_USE;

#endif
