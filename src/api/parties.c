/* /api/v1/organisations, /tasks, /strangers, /status, /audit, /keys */
#include <stdio.h>

#include "api/call_int.h"
#include "base/text.h"
#include "kernel/journal.h"
#include "kernel/party.h"
#include "kernel/task.h"

struct seat_call {
	struct api_call *call;
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

enum err_code organisations_add(struct api_call *call, struct err *err)
{
	struct organisation_view view;
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	struct seat_call s = { .call = call,
			       .organisation = { .code = view.code, .seat = view.seat, .name = view.name } };
	TRY(db_write(call->kernel->db, write_organisation, &s, err));
	call->status = 201;
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

enum err_code organisations_list(struct api_call *call, struct err *err)
{
	struct seat_call s = { .call = call };
	TRY(db_read(call->kernel->db, read_organisations, &s, err));
	return call_answer_page(call, PAGE(s.list, organisation_view, show_organisation, NULL), err);
}

struct task_call {
	struct api_call *call;
	size_t limit;
	struct task_list list;
};

static enum err_code read_tasks(struct tx *tx, void *arg, struct err *err)
{
	struct task_call *t = arg;
	return task_list(tx, t->call->arena, call_query(t->call, "organisation"), t->limit, &t->list, err);
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

enum err_code tasks_list(struct api_call *call, struct err *err)
{
	struct task_call t = { .call = call, .limit = call_limit(call) };
	if (findings_errors(call->findings))
		return OK;
	TRY(db_read(call->kernel->db, read_tasks, &t, err));
	return call_answer_page(call, PAGE(t.list, task_view, show_task, NULL), err);
}

static void show_stranger(const void *item, void *view)
{
	const struct messaging_stranger *s = item;
	*(struct stranger_view *)view =
		(struct stranger_view){ .at_us = s->at_us, .address = s->peer, .rule = s->rule, .text = s->text };
}

enum err_code strangers_list(struct api_call *call, struct err *err)
{
	size_t limit = call_limit(call);
	struct messaging_strangers list = { 0 };
	if (findings_errors(call->findings))
		return OK;
	TRY(messaging_strangers(call->api->options.messaging, call->arena, limit, &list, err));
	return call_answer_page(call, PAGE(list, stranger_view, show_stranger, NULL), err);
}

struct status_call {
	struct kernel *kernel;
	struct arena *arena;
	struct exchange_counts_list counts;
	int64_t open_tasks;
};

static enum err_code read_status(struct tx *tx, void *arg, struct err *err)
{
	struct status_call *s = arg;
	TRY(message_counts(tx, s->arena, &s->counts, err));
	return task_count(tx, NULL, &s->open_tasks, err);
}

static enum err_code fill_status(struct api *api, struct arena *arena, struct status_view *view, struct err *err)
{
	struct status_call s = { .kernel = api->options.kernel, .arena = arena };
	struct messaging_counters counters;
	TRY(db_read(s.kernel->db, read_status, &s, err));
	messaging_counters(api->options.messaging, &counters);
	*view = (struct status_view){ .name = api->options.node_name,
				      .state = s.kernel->state,
				      .version = api->options.version,
				      .running = api->options.running,
				      .now_us = clock_now_us(s.kernel->clock),
				      .started_us = api->options.running ? api->options.started_us : TIME_NONE,
				      .strangers = counters.strangers,
				      .partners_count = s.counts.count };
	view->partners = arena_array(arena, s.counts.count + 1, sizeof *view->partners);
	if (!view->partners)
		return fail(err, ERR_MEMORY, "no memory for the status");
	for (size_t i = 0; i < s.counts.count; i++) {
		const struct exchange_counts *c = &s.counts.items[i];
		view->partners[i] = (struct partner_status_view){ .partner = c->partner,
								  .queued = c->queued,
								  .held = c->held,
								  .dead = c->dead,
								  .delivered = c->delivered,
								  .received = c->received,
								  .processed = c->processed,
								  .failed = c->failed,
								  .refused = c->refused,
								  .oldest_queued_us = c->oldest_queued_us,
								  .last_receipt_us = c->last_receipt_us };
	}
	view->open_tasks = s.open_tasks;
	return OK;
}

enum err_code status_get(struct api_call *call, struct err *err)
{
	struct status_view view;
	TRY(fill_status(call->api, call->arena, &view, err));
	return call_answer(call, &view, err);
}

/* One row a figure: name, kind, help, and where it stands. */
enum metric_kind { COUNTER, GAUGE };
static const struct metric {
	const char *name, *help;
	enum metric_kind kind;
	size_t offset;
} partner_metrics[] = {
	{ "lintas_messages_queued", "Messages waiting to be sent.", GAUGE,
	  offsetof(struct partner_status_view, queued) },
	{ "lintas_messages_held", "Messages held by an officer.", GAUGE, offsetof(struct partner_status_view, held) },
	{ "lintas_messages_dead", "Messages given up; each has a task.", GAUGE,
	  offsetof(struct partner_status_view, dead) },
	{ "lintas_messages_delivered_total", "Messages with a verified receipt.", COUNTER,
	  offsetof(struct partner_status_view, delivered) },
	{ "lintas_messages_received", "Messages received and not yet processed.", GAUGE,
	  offsetof(struct partner_status_view, received) },
	{ "lintas_messages_processed_total", "Messages received and processed.", COUNTER,
	  offsetof(struct partner_status_view, processed) },
	{ "lintas_messages_failed", "Messages whose processing failed; each has a task.", GAUGE,
	  offsetof(struct partner_status_view, failed) },
	{ "lintas_messages_refused_total", "Messages refused with a signed error.", COUNTER,
	  offsetof(struct partner_status_view, refused) },
};

enum err_code api_put_metrics(struct api *api, struct buf *out, struct err *err)
{
	enum { METRICS_ARENA = 4 << 20 };
	arena_auto arena = arena_new(METRICS_ARENA);
	struct status_view view;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for the metrics");
	TRY(fill_status(api, arena, &view, err));
	for (size_t i = 0; i < COUNT(partner_metrics); i++) {
		const struct metric *m = &partner_metrics[i];
		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name,
			   m->kind == COUNTER ? "counter" : "gauge");
		for (size_t k = 0; k < view.partners_count; k++) {
			int64_t value;
			memcpy(&value, (const char *)&view.partners[k] + m->offset, sizeof value);
			buf_printf(out, "%s{partner=\"%s\"} %lld\n", m->name, view.partners[k].partner,
				   (long long)value);
		}
	}
	buf_puts(
		out,
		"# HELP lintas_oldest_queued_seconds Age of the oldest message waiting.\n# TYPE lintas_oldest_queued_seconds gauge\n");
	for (size_t k = 0; k < view.partners_count; k++) {
		int64_t since = view.partners[k].oldest_queued_us;
		buf_printf(out, "lintas_oldest_queued_seconds{partner=\"%s\"} %lld\n", view.partners[k].partner,
			   since == TIME_NONE ? 0LL : (long long)((view.now_us - since) / SECOND_US));
	}
	buf_printf(
		out,
		"# HELP lintas_strangers_total Requests turned away without an answer.\n# TYPE lintas_strangers_total counter\n"
		"lintas_strangers_total %lld\n# HELP lintas_tasks_open Tasks that wait for an officer.\n# TYPE lintas_tasks_open gauge\n"
		"lintas_tasks_open %lld\n",
		(long long)view.strangers, (long long)view.open_tasks);
	return buf_check(out, "the metrics", err);
}

enum err_code journal_check(struct api_call *call, struct err *err)
{
	struct journal_proof proof;
	TRY(journal_verify(call->kernel, &proof, err));
	struct proof_view view = { .entries = proof.entries,
				   .seals = proof.seals,
				   .unsealed = proof.unsealed,
				   .broken_sequence = proof.broken_sequence,
				   .head = proof.head,
				   .reason = proof.reason };
	return call_answer(call, &view, err);
}

enum err_code keys_reread(struct api_call *call, struct err *err)
{
	call->status = 204;
	return messaging_refresh(call->api->options.messaging, true, err);
}
