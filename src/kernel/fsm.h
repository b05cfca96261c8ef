/* State machines as rows. fsm_fire() is the only function that writes a state; in the same transaction it writes the
 * journal and calls the row's emit function, so that a state, its history and what it sends cannot come apart. */
#ifndef KERNEL_FSM_H
#define KERNEL_FSM_H

#include "base/findings.h"
#include "kernel/kernel.h"

struct fsm_case {
	struct kernel *kernel;
	struct arena *arena;
	const char *id;           /* the case: the id of the document, message, … that it belongs to */
	const char *organisation; /* ours; NULL for the node's own */
	struct actor actor;
	int64_t now_us;
	/* From when a clock that is started counts, if not from now_us: when the clock before it ran out may be long
	 * ago if the node was down, and a period of the law does not wait for it. 0: from now_us. */
	int64_t counts_from_us;
	const char *state;   /* as the caller has read it in this transaction; NULL: it is read */
	const char *detail;  /* for the journal; NULL */
	const char *content; /* for the journal: SHA-256 of what moved the case, hexadecimal; NULL */
	const void *context; /* for guards and emit functions of the machine's own capability; NULL */
};

typedef bool fsm_guard(const struct fsm_case *fsm_case, struct findings *findings);
typedef enum err_code fsm_emit(struct tx *tx, const struct fsm_case *fsm_case, struct err *err);

/* After DAYS in the state that the row leads to, EVENT is fired. */
struct fsm_timer {
	const char *name;
	const char *event;
	int days;
	const char *law;
};

struct fsm_row {
	const char *from, *event;
	fsm_guard *guard; /* NULL: always */
	const char *to;
	fsm_emit *emit;                /* NULL: nothing */
	const struct fsm_timer *timer; /* NULL: none */
	const char *law;
};

struct machine {
	const char *name; /* "form-d.received" */
	const char *title;
	const char *initial;
	const char *const *final;   /* NULL-terminated */
	const struct fsm_row *rows; /* ended by a row without .from */
	const char *subject_type;   /* of its cases in the journal; NULL: "document" */
	/* So many months after its last step a case is at rest, whatever its state: nothing that the law knows can
	 * follow any more. So what nobody used, answered or looked at can be deleted once its term is over
	 * (kernel/retention.h). 0: it never rests. */
	int rest_months;
	const char *rest_law; /* or why then, where no public text says it */
	/* Where the state is kept if not in the table of cases; both or none. The owner of such a row inserts it in
	 * .initial. .get: $1 id -> state.  .set: $1 id, $2 the new state, $3 now, $4 the state that it must have;
	 * touches one row or none. */
	const struct statement *get, *set;
};

/* Opens the case in the machine's initial state, which is also the event in the journal. ERR_CONFLICT if it is open
 * already. */
enum err_code fsm_open(struct tx *tx, const struct machine *machine, const struct fsm_case *fsm_case,
		       struct err *err) MUST_USE;

/* First matching row wins. No row: a finding (FSM-001) that lists what is allowed, and nothing is written; the same,
 * after what the guards found, if they refuse every matching row. A guard must be pure: it may be asked twice. *TO (may
 * be NULL): the new state, NULL if refused. ERR_NOT_FOUND if the case is not open; ERR_BUSY if somebody else moved it
 * at the same time. */
enum err_code fsm_fire(struct tx *tx, const struct machine *machine, const struct fsm_case *fsm_case, const char *event,
		       const char **to, struct findings *findings, struct err *err) MUST_USE;

/* The state of a case, arena's; NULL if it is not open. */
enum err_code fsm_state(struct tx *tx, struct arena *arena, const char *machine, const char *id, const char **state,
			struct err *err) MUST_USE;

/* Fires EVENT in every case of FSM_CASE->id, whatever its machine, that accepts it; a case that does not is left alone.
 */
enum err_code fsm_fire_all(struct tx *tx, const struct fsm_case *fsm_case, const char *event, struct err *err) MUST_USE;

/* Timers that are due: fires up to LIMIT of them, each in its own transaction, once. *DONE says how many. A case that
 * no longer accepts the event is left alone. A transient fault is tried again a minute later; any other leaves the
 * timer failed, with a task. A clock that a timer's event starts counts from when that timer was due. Once a minute
 * messages that were left parked behind nothing are woken, too. */
enum err_code fsm_timers_step(struct kernel *kernel, int64_t now_us, unsigned limit, unsigned *done,
			      struct err *err) MUST_USE;

/* The machine as a Markdown table and a Mermaid diagram. */
void fsm_put_markdown(struct buf *out, const struct machine *machine);

extern const struct rule fsm_rules[];

#endif
