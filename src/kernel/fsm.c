#include "kernel/fsm.h"

#include "base/uuid.h"
#include "kernel/capability.h"
#include "kernel/store_int.h"

#define ALLOWED_MAX_BYTES 1024

const struct rule fsm_rules[] = {
	{ "FSM-001", "\"{1}\" is not possible in state {2}", NULL, SEVERITY_ERROR },
	{ 0 },
};

/* --- State and history --- */

enum err_code fsm_state(struct tx *tx, struct arena *arena, const char *machine, const char *id, const char **state,
			struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_case_get, BINDS(BIND_TEXT(id), BIND_TEXT(machine)), &query, err));
	const char *found = db_next(&query) ? db_text(arena, &query, 0) : NULL;
	TRY(db_end(&query, err));
	*state = found;
	return OK;
}

static enum err_code state_get(struct tx *tx, const struct machine *machine, const struct fsm_case *fsm_case,
			       const char **state, struct err *err)
{
	db_query_auto query = { 0 };
	const char *found = fsm_case->state;

	if (found) {
		*state = found;
		return OK;
	}
	if (machine->get) {
		TRY(db_query(tx, machine->get, BINDS(BIND_TEXT(fsm_case->id)), &query, err));
		found = db_next(&query) ? db_text(fsm_case->arena, &query, 0) : NULL;
		TRY(db_end(&query, err));
	} else {
		TRY(fsm_state(tx, fsm_case->arena, machine->name, fsm_case->id, &found, err));
	}
	if (!found)
		return fail(err, ERR_NOT_FOUND, "\"%s\" is not a case of %s", fsm_case->id, machine->name);
	*state = found;
	return OK;
}

/* The old state is part of the condition: who comes second writes nothing. */
static enum err_code state_set(struct tx *tx, const struct machine *machine, const struct fsm_case *fsm_case,
			       const char *from, const char *to, struct err *err)
{
	const struct bind binds[] = { BIND_TEXT(fsm_case->id), BIND_TEXT(to), BIND_INT(fsm_case->now_us),
				      BIND_TEXT(from), BIND_TEXT(machine->name) };
	int64_t changed = 0;

	TRY(db_exec(tx, machine->set ? machine->set : &sql_case_set, binds, machine->set ? 4 : COUNT(binds), &changed,
		    err));
	if (changed != 1)
		return fail(err, ERR_BUSY, "%s \"%s\" has just left the state \"%s\"", machine->name, fsm_case->id,
			    from);
	return OK;
}

static enum err_code history_put(struct tx *tx, const struct machine *machine, const struct fsm_case *fsm_case,
				 const char *event, const char *from, const char *to, const char *law, struct err *err)
{
	struct journal_entry entry = {
		.at_us = fsm_case->now_us,
		.actor = fsm_case->actor.name,
		.organisation = fsm_case->organisation,
		.subject_type = machine->subject_type ? machine->subject_type : "document",
		.subject = fsm_case->id,
		.event = event,
		.from_state = from,
		.to_state = to,
		.detail = fsm_case->detail,
		.law = law,
		.content = fsm_case->content,
	};
	return journal_put(tx, &entry, err);
}

enum err_code fsm_open(struct tx *tx, const struct machine *machine, const struct fsm_case *fsm_case, struct err *err)
{
	int64_t changed = 1;

	if (!machine->set)
		TRY(db_exec(tx, &sql_case_put,
			    BINDS(BIND_TEXT(fsm_case->id), BIND_TEXT(machine->name), BIND_TEXT(machine->initial),
				  BIND_INT(fsm_case->now_us)),
			    &changed, err));
	if (changed != 1)
		return fail(err, ERR_CONFLICT, "%s \"%s\" is open already", machine->name, fsm_case->id);
	return history_put(tx, machine, fsm_case, machine->initial, NULL, machine->initial, NULL, err);
}

/* --- Timers --- */

/* A timer waits only in a state that a row with a timer has led to. */
static bool may_wait(const struct machine *machine, const char *state)
{
	for (const struct fsm_row *row = machine->rows; row->from; row++)
		if (row->timer && same(row->to, state))
			return true;
	return false;
}

/* A row that stays in its state and starts no timer lets a running one run. */
static enum err_code timers_move(struct tx *tx, const struct machine *machine, const struct fsm_case *fsm_case,
				 const struct fsm_row *row, struct err *err)
{
	char id[UUID_SIZE];
	int64_t from_us = fsm_case->counts_from_us ? fsm_case->counts_from_us : fsm_case->now_us;

	if (same(row->from, row->to) && !row->timer)
		return OK;
	if (may_wait(machine, row->from))
		TRY(db_exec(tx, &sql_timer_cancel, BINDS(BIND_TEXT(fsm_case->id), BIND_TEXT(machine->name)), NULL,
			    err));
	if (!row->timer)
		return OK;
	id_new(id, fsm_case->now_us);
	return db_exec(tx, &sql_timer_put,
		       BINDS(BIND_TEXT(id), BIND_TEXT(machine->name), BIND_TEXT(fsm_case->id),
			     BIND_TEXT(fsm_case->organisation), BIND_TEXT(row->timer->name),
			     BIND_TEXT(row->timer->event), BIND_INT(from_us + row->timer->days * DAY_US)),
		       NULL, err);
}

/* --- Firing --- */

/* The first row that matches and whose guard agrees; what guards find goes to FINDINGS. */
static const struct fsm_row *row_find(const struct machine *machine, const struct fsm_case *fsm_case, const char *state,
				      const char *event, struct findings *findings)
{
	for (const struct fsm_row *row = machine->rows; row->from; row++)
		if (same(row->from, state) && same(row->event, event) &&
		    (!row->guard || row->guard(fsm_case, findings)))
			return row;
	return NULL;
}

/* True if an earlier row of the same state has the same event. */
static bool listed(const struct machine *machine, const struct fsm_row *row)
{
	for (const struct fsm_row *earlier = machine->rows; earlier < row; earlier++)
		if (same(earlier->from, row->from) && same(earlier->event, row->event))
			return true;
	return false;
}

static void refuse(const struct machine *machine, const struct fsm_case *fsm_case, const char *state, const char *event,
		   struct findings *findings)
{
	buf_auto allowed;

	buf_init(&allowed, ALLOWED_MAX_BYTES);
	/* Asked again for its findings: on the first way through it was not known that no later row would agree. */
	row_find(machine, fsm_case, state, event, findings);
	for (const struct fsm_row *row = machine->rows; row->from; row++)
		if (same(row->from, state) && !listed(machine, row))
			buf_printf(&allowed, "%s%s", allowed.size > 0 ? ", " : "", row->event);
	finding_add(findings, &fsm_rules[0], "", event,
		    allowed.size > 0
			    ? arena_printf(fsm_case->arena, "%s; possible there is: %s", state, buf_text(&allowed))
			    : arena_printf(fsm_case->arena, "%s, which is the end", state));
}

enum err_code fsm_fire(struct tx *tx, const struct machine *machine, const struct fsm_case *fsm_case, const char *event,
		       const char **to, struct findings *findings, struct err *err)
{
	const char *state = NULL;
	struct findings *aside = findings_new(fsm_case->arena);

	if (!aside)
		return fail(err, ERR_MEMORY, "no memory left to move %s", fsm_case->id);
	TRY(state_get(tx, machine, fsm_case, &state, err));

	const struct fsm_row *row = row_find(machine, fsm_case, state, event, aside);
	if (!row) {
		refuse(machine, fsm_case, state, event, findings);
	} else {
		TRY(state_set(tx, machine, fsm_case, row->from, row->to, err));
		TRY(timers_move(tx, machine, fsm_case, row, err));
		TRY(history_put(tx, machine, fsm_case, event, row->from, row->to, row->law, err));
		struct fsm_case moved = *fsm_case;
		moved.state = NULL; /* it has left that one, and other machines have their own */
		if (row->emit)
			TRY(row->emit(tx, &moved, err));
	}
	if (to)
		*to = row ? row->to : NULL;
	return OK;
}

struct open_case {
	const char *machine, *state;
};

static enum err_code cases_of(struct tx *tx, struct arena *arena, const char *id, struct open_case **cases,
			      size_t *count, struct err *err)
{
	db_query_auto query = { 0 };
	struct open_case *found = NULL;
	size_t n = 0;

	TRY(db_query(tx, &sql_case_all, BINDS(BIND_TEXT(id)), &query, err));
	while (db_next(&query)) {
		found = list_grow(arena, found, n, sizeof(*found));
		if (!found)
			return fail(err, ERR_MEMORY, "no memory left for the cases of %s", id);
		found[n++] = (struct open_case){ db_text(arena, &query, 0), db_text(arena, &query, 1) };
	}
	TRY(db_end(&query, err));
	*cases = found;
	*count = n;
	return OK;
}

enum err_code fsm_fire_all(struct tx *tx, const struct fsm_case *fsm_case, const char *event, struct err *err)
{
	struct open_case *cases = NULL;
	size_t count = 0;
	struct findings *aside = findings_new(fsm_case->arena);

	if (!aside)
		return fail(err, ERR_MEMORY, "no memory left to move %s", fsm_case->id);
	TRY(cases_of(tx, fsm_case->arena, fsm_case->id, &cases, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct machine *machine = machine_find(fsm_case->kernel, cases[i].machine);
		struct fsm_case in_state = *fsm_case;
		in_state.state = cases[i].state;
		if (machine && row_find(machine, &in_state, in_state.state, event, aside))
			TRY(fsm_fire(tx, machine, &in_state, event, NULL, aside, err));
	}
	return OK;
}
