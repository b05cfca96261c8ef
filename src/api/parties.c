/* /api/v1/organisations, /tasks, /strangers, /audit, /keys */
#include "api/call_int.h"
#include "base/text.h"
#include "kernel/journal.h"
#include "kernel/own_key.h"
#include "kernel/party.h"
#include "kernel/task.h"

struct seat_call {
	struct call *call;
	struct organisation organisation;
	struct organisation_list list;
};

static enum err_code write_organisation(struct tx *tx, void *arg, struct err *err)
{
	struct seat_call *s = arg;
	struct organisation known;
	TRY(organisation_find(tx, s->call->arena, s->organisation.code, &known, err));
	if (known.code)
		return fail(err, ERR_CONFLICT, "there is an organisation %s already: %s", known.code, known.name);
	return organisation_add(tx, &s->organisation, &s->call->actor, s->call->now_us, err);
}

enum err_code organisations_add(struct call *call, struct err *err)
{
	struct organisation_view view;
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	struct seat_call s = { .call = call,
			       .organisation = { .code = view.code, .seat = view.seat, .name = view.name } };
	TRY(db_write(call->kernel->db, write_organisation, &s, err));
	return call_answer(call, &view, err);
}

static enum err_code read_organisations(struct tx *tx, void *arg, struct err *err)
{
	struct seat_call *s = arg;
	return organisation_list(tx, s->call->arena, &s->list, err);
}

static void show_organisation(const void *item, void *view)
{
	const struct organisation *o = item;
	*(struct organisation_view *)view =
		(struct organisation_view){ .code = o->code, .seat = o->seat, .name = o->name };
}

/* One page: an administrator adds each, and a node has a handful. */
enum err_code organisations_list(struct call *call, struct err *err)
{
	struct seat_call s = { .call = call };
	TRY(db_read(call->kernel->db, read_organisations, &s, err));
	return call_answer_page(call, PAGE(s.list, organisation_view, show_organisation, NULL), err);
}

struct task_call {
	struct call *call;
	const struct task *after;
	size_t limit;
	struct task_list list;
};

static enum err_code read_tasks(struct tx *tx, void *arg, struct err *err)
{
	struct task_call *t = arg;
	return task_list(tx, t->call->arena, call_organisation(t->call), t->after, t->limit, &t->list, err);
}

static void show_task(const void *item, void *view)
{
	const struct task *t = item;
	*(struct task_view *)view = (struct task_view){ .id = t->id,
							.organisation = t->organisation,
							.kind = t->kind,
							.subject = t->subject,
							.text = t->text,
							.state = t->state,
							.created_us = t->created_us,
							.done_us = t->done_us };
}

enum err_code tasks_list(struct call *call, struct err *err)
{
	struct task_call t = { .call = call, .limit = call_limit(call) };
	struct task after = { .state = "open" };
	const char *before = call_query(call, "before"), *next = NULL;
	if (before) {
		bool done = starts_with(before, TASK_CURSOR_DONE);
		after.state = done ? "done" : "open";
		after.id = before + (done ? strlen(TASK_CURSOR_DONE) : 0);
		t.after = &after;
	}
	TRY(db_read(call->kernel->db, read_tasks, &t, err));
	if (t.list.count == t.limit) {
		const struct task *last = &t.list.items[t.list.count - 1];
		next = arena_printf(call->arena, "%s%s", same(last->state, "done") ? TASK_CURSOR_DONE : "", last->id);
	}
	return call_answer_page(call, PAGE(t.list, task_view, show_task, next), err);
}

static void show_stranger(const void *item, void *view)
{
	const struct messaging_stranger *s = item;
	*(struct stranger_view *)view =
		(struct stranger_view){ .at_us = s->at_us, .address = s->peer, .rule = s->rule, .text = s->text };
}

/* One page: the messaging keeps the last few alone. */
enum err_code strangers_list(struct call *call, struct err *err)
{
	size_t limit = call_limit(call);
	struct messaging_strangers list = { 0 };
	TRY(messaging_strangers(call->asked->api->options.messaging, call->arena, limit, &list, err));
	return call_answer_page(call, PAGE(list, stranger_view, show_stranger, NULL), err);
}

static enum err_code verify(struct call *call, const uint8_t *head, struct journal_proof *proof,
			    struct evidence_proof *evidence, struct err *err)
{
	if (head)
		TRY(journal_verify_known(call->kernel, head, proof, err));
	else
		TRY(journal_verify(call->kernel, proof, err));
	return call_flag(call, "evidence") ? evidence_verify(call->kernel, evidence, err) : OK;
}

/* It reads all that there is: several at a time would leave no worker for anything else. */
static enum err_code verify_alone(struct call *call, const uint8_t *head, struct journal_proof *proof,
				  struct evidence_proof *evidence, struct err *err)
{
	if (atomic_flag_test_and_set(&call->asked->api->verifying))
		return fail(err, ERR_BUSY, "the journal is being verified for somebody else; try again later");
	enum err_code code = verify(call, head, proof, evidence, err);
	atomic_flag_clear(&call->asked->api->verifying);
	return code;
}

enum err_code journal_check(struct call *call, struct err *err)
{
	struct journal_proof proof;
	struct evidence_proof evidence = { 0 };
	const char *head = call_query(call, "head");
	struct bytes known = { 0 };
	if (head && !hex_parse(call->arena, head, &known))
		return fail(err, ERR_MEMORY, "no memory for a head");
	TRY(verify_alone(call, head ? known.data : NULL, &proof, &evidence, err));
	struct proof_view view = { .entries = proof.entries,
				   .seals = proof.seals,
				   .unsealed = proof.unsealed,
				   .deletions = proof.deletions,
				   .broken_sequence = proof.broken_sequence,
				   .head = proof.head,
				   .reason = proof.reason,
				   .known_seal = proof.known_seal ? proof.known_seal : INTEGER_NONE,
				   .known_us = proof.known_seal ? proof.known_at_us : TIME_NONE,
				   .evidence = call_flag(call, "evidence"),
				   .wires = evidence.wires,
				   .deleted_wires = evidence.deleted,
				   .broken_wire = *evidence.broken ? evidence.broken : NULL,
				   .evidence_reason = *evidence.reason ? evidence.reason : NULL };
	return call_answer(call, &view, err);
}

enum err_code keys_reread(struct call *call, struct err *err)
{
	const char *directory = call->asked->api->options.keys_directory;
	TRY(messaging_refresh(call->asked->api->options.messaging, true, err));
	return directory ? own_keys_note(call->kernel, directory, &call->actor, call->now_us, err) : OK;
}
