/* Clocks of cases. A timer is taken and its event fired in one transaction, so that it fires once however many workers
 * look. */
#include "base/clock.h"
#include "kernel/capability.h"
#include "kernel/message_int.h"

#define TIMER_ARENA_BYTES ((size_t)16 << 20)
#define TASK_ARENA_BYTES  ((size_t)16 << 10)
#define TIMER_LATER_US    MINUTE_US

struct timer {
	const char *id, *machine, *case_id, *organisation, *name, *event;
	int64_t due_us;
};

struct timer_work {
	struct kernel *kernel;
	struct arena *arena;
	int64_t now_us;
	unsigned limit;
	struct timer *timers;
	size_t count;
	const struct timer *timer; /* the one at hand */
	struct err cause;
	bool fired;
};

static enum err_code timers_due(struct tx *tx, void *arg, struct err *err)
{
	struct timer_work *work = arg;
	db_query_auto query = { 0 };

	work->timers = NULL;
	work->count = 0;
	TRY(db_query(tx, &sql_timer_due, BINDS(BIND_INT(work->now_us), BIND_INT(work->limit)), &query, err));
	while (db_next(&query)) {
		work->timers = list_grow(work->arena, work->timers, work->count, sizeof(*work->timers));
		if (!work->timers)
			return fail(err, ERR_MEMORY, "no memory left for the timers that are due");
		work->timers[work->count++] = (struct timer){
			.id = db_text(work->arena, &query, 0),
			.machine = db_text(work->arena, &query, 1),
			.case_id = db_text(work->arena, &query, 2),
			.organisation = db_text(work->arena, &query, 3),
			.name = db_text(work->arena, &query, 4),
			.event = db_text(work->arena, &query, 5),
			.due_us = db_int(&query, 6),
		};
	}
	return db_end(&query, err);
}

static enum err_code timer_fire(struct tx *tx, void *arg, struct err *err)
{
	struct timer_work *work = arg;
	const struct timer *timer = work->timer;
	arena_auto arena = arena_new(TIMER_ARENA_BYTES);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	const struct machine *machine = machine_find(work->kernel, timer->machine);
	int64_t changed = 0;

	work->fired = false;
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory left for the timer %s", timer->name);
	if (!machine)
		return fail(err, ERR_INTERNAL, "no machine \"%s\" for the timer %s", timer->machine, timer->name);
	TRY(db_exec(tx, &sql_timer_done, BINDS(BIND_TEXT(timer->id), BIND_TEXT("fired")), &changed, err));
	if (changed == 0)
		return OK;

	struct fsm_case fsm_case = {
		.kernel = work->kernel,
		.arena = arena,
		.id = timer->case_id,
		.organisation = timer->organisation,
		.actor = actor_system,
		.now_us = work->now_us,
		.counts_from_us = timer->due_us,
		.detail = timer->name,
	};
	TRY(fsm_fire(tx, machine, &fsm_case, timer->event, NULL, findings, err));
	work->fired = true;
	return OK;
}

static enum err_code timer_later(struct tx *tx, void *arg, struct err *err)
{
	const struct timer_work *work = arg;

	return db_exec(tx, &sql_timer_later, BINDS(BIND_TEXT(work->timer->id), BIND_INT(work->now_us + TIMER_LATER_US)),
		       NULL, err);
}

static enum err_code timer_set_aside(struct tx *tx, void *arg, struct err *err)
{
	const struct timer_work *work = arg;
	const struct timer *timer = work->timer;
	arena_auto arena = arena_new(TASK_ARENA_BYTES);
	const char *reason = arena ? message_reason(arena, work->cause.text) : NULL;
	const char *text = reason ? arena_printf(arena,
						 "The clock \"%s\" ran out, but \"%s\" could not be done: %s. Do it by "
						 "hand; see lintas timeline %s",
						 timer->name, timer->event, reason, timer->case_id)
				  : NULL;

	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for a task");
	TRY(db_exec(tx, &sql_timer_done, BINDS(BIND_TEXT(timer->id), BIND_TEXT("failed")), NULL, err));
	return task_open(
		tx,
		&(struct task){
			.organisation = timer->organisation, .kind = "clock", .subject = timer->case_id, .text = text },
		work->now_us, err);
}

/* After the transaction that failed has gone. Where not even a task can be opened the timer waits, so that it does not
 * stand before the others. */
static enum err_code timer_failed(struct timer_work *work, struct err *err)
{
	struct err aside = { 0 };

	if (err_row(work->cause.code)->transient)
		return db_write(work->kernel->db, timer_later, work, err);
	enum err_code code = db_write(work->kernel->db, timer_set_aside, work, err);
	if (code != OK)
		(void)!db_write(work->kernel->db, timer_later, work, &aside); /* the first fault is the one to tell */
	return code;
}

/* What fails is told at the end: the other timers are not its business. */
enum err_code fsm_timers_step(struct kernel *kernel, int64_t now_us, unsigned limit, unsigned *done, struct err *err)
{
	arena_auto arena = arena_new(TIMER_ARENA_BYTES);
	struct timer_work work = { .kernel = kernel, .arena = arena, .now_us = now_us, .limit = limit };
	unsigned fired = 0;
	struct err first = { 0 };

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the timers that are due");
	TRY(db_read(kernel->db, timers_due, &work, err));
	for (size_t i = 0; i < work.count; i++) {
		struct err fault = { 0 };
		work.timer = &work.timers[i];
		if (db_write(kernel->db, timer_fire, &work, &work.cause) == OK)
			fired += work.fired;
		else if (timer_failed(&work, &fault) != OK && first.code == OK)
			first = fault;
	}
	TRY(message_sweep(kernel, now_us, err));
	if (first.code != OK) {
		*err = first;
		return first.code;
	}
	*done = fired;
	return OK;
}
