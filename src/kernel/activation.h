/* The activation matrix: which document types are exchanged with a partner, in which direction and version, from which
 * day on.
 *
 * Exchange is switched on pair by pair, and a state may declare what it takes no part in (ATIGA OCP rule 27(2)). A
 * type without a row is exchanged with the partner, both ways, as far as this node knows it. The first row of a type
 * makes it explicit: what no row covers is not activated from then on. If that first row ends something, rows for what
 * goes on are put with it, because who opts out of one direction has said nothing of the other.
 *
 * The rows of a cell (partner, type, direction, version) never overlap: one lasts until the next begins. Over them lie
 * the opt-outs that the partner declares on its card: while they last they count, and what we decided beside them
 * counts again when they end. Days are days of UTC, so that they are the same for both sides.
 *
 * What this state has opted out of with every partner is the state's own, and stands on its card. Who is merely new
 * does not undo that: a partner that is added begins with it (activation_inherit). */
#ifndef KERNEL_ACTIVATION_H
#define KERNEL_ACTIVATION_H

#include "kernel/kernel.h"
#include "kernel/party.h"

#define ACTIVATION_ACTIVE    "active"
#define ACTIVATION_OPTED_OUT "opted-out"
#define ACTIVATION_NOT_YET   "not-yet" /* not activated, or no longer: tests alone pass, which is what they are for */

struct activation {
	const char *partner, *document;
	const char *direction; /* "in": from the partner, "out": to it */
	const char *version;   /* of the document type */
	const char *state;     /* one of the three above */
	date from_day;
	date until_day;   /* the last day; before .from_day: it was taken back before it began; DATE_NONE: open */
	const char *law;  /* what it rests on; an opt-out always has one */
	const char *note; /* NULL */
	const char *decided_by;
	int64_t decided_us;
	const char *id; /* NULL before it is kept */
	bool declared;  /* by the partner on its card: an opt-out, and no decision of ours */
};
struct activation_list {
	struct activation *items;
	size_t count;
};
#define ACTIVATIONS_MAX 1000 /* rows of a partner, those that are over too */

/* Puts WANTED, which ends what is open in its cell. .direction NULL: both; .version NULL: the one that this node has;
 * .from_day DATE_NONE: today. A row of state not-yet takes back all that was to begin on its day or later. Findings
 * (ACT-001 …) for what cannot be, all at once, and then nothing is written. */
enum err_code activation_put(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct activation *wanted,
			     const struct actor *actor, int64_t now_us, struct findings *findings,
			     struct err *err) MUST_USE;
/* DECLARED is all that PARTNER opts out of by its card, each with its type of document, direction, version, day and
 * law; what is there already stays, and what is missing ends with yesterday, or is taken back. Our own rows stay as
 * they are. A finding (ACT-009), and nothing is written, if that would be too many. */
enum err_code activation_declare(struct tx *tx, struct arena *arena, const char *partner,
				 const struct activation_list *declared, const struct actor *actor, int64_t now_us,
				 struct findings *findings, struct err *err) MUST_USE;

/* What this state takes no part in: with each of .partners but .except (NULL: with each), .rows has an opt-out of ours
 * that counts on .day, or, if .planned, later. */
struct activation_stance {
	const struct activation_list *rows;
	const struct partner_list *partners;
	const char *except;
	date day;
	bool planned;
};
/* Of those opt-outs the one that begins last; NULL: it takes part with somebody, or there is nobody. */
const struct activation *activation_state_opt_out(const struct activation_stance *stance, const char *document,
						  const char *direction);
/* PARTNER, who has just been added, begins with what this state has opted out of with every other partner. A warning
 * (ACT-010) for each type of which that is so. */
enum err_code activation_inherit(struct tx *tx, struct arena *arena, const char *partner, const struct actor *actor,
				 int64_t now_us, struct findings *findings, struct err *err) MUST_USE;

/* Rows by partner, type, direction, version and day, those that are over too. PARTNER NULL: of all. */
enum err_code activation_list(struct tx *tx, struct arena *arena, const char *partner, struct activation_list *list,
			      struct err *err) MUST_USE;
/* Whether ROW counts on DAY. */
bool activation_covers(const struct activation *row, date day);

struct activation_verdict {
	bool refused;
	bool opted_out;   /* else it is not activated, and a test would pass */
	const char *text; /* "ACDD from TH is opted out since 2026-11-02"; NULL unless refused */
	const char *law;  /* of the opt-out; NULL */
	const char *note; /* of the opt-out; NULL */
};
/* Whether a document, TEST or not, may be exchanged on DAY. Texts are the arena's. */
enum err_code activation_judge(struct tx *tx, struct arena *arena, const struct activation *cell, bool test, date day,
			       struct activation_verdict *verdict, struct err *err) MUST_USE;

/* ACT-001 and on, ended by a row without a code. */
extern const struct rule activation_rules[];

#endif
