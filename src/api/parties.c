/* /api/v1/partners, /organisations, /tasks, /status, /audit, /keys */
#include <stdio.h>

#include "api/call_int.h"
#include "base/text.h"
#include "kernel/journal.h"
#include "kernel/party.h"
#include "kernel/task.h"

enum { RULE_CERTIFICATE, RULE_USE, RULE_NO_CERTIFICATE, RULE_PROFILE, RULE_ENDPOINT, RULE_TOKEN, RULE_STATE };
static const struct rule partner_rules[] = {
	[RULE_CERTIFICATE] = { .code = "PTN-001", .text = "this is no certificate: {1}" },
	[RULE_USE] = { .code = "PTN-002",
		       .text = "{1} is not a use of a certificate: sign, encrypt, tls, anchor, crl" },
	[RULE_NO_CERTIFICATE] = { .code = "PTN-003",
				  .text = "no certificate for use {1}: without it nothing can be exchanged" },
	[RULE_PROFILE] = { .code = "PTN-004", .text = "{1} is no security profile; there are {2}" },
	[RULE_ENDPOINT] = { .code = "PTN-005", .text = "{1} is no URL of an endpoint: https://HOST:PORT/as4" },
	[RULE_TOKEN] = { .code = "PTN-006", .text = "{1} is no way to name a certificate: bst, ski or issuer-serial" },
	[RULE_STATE] = { .code = "PTN-007",
			 .text = "the code of a partner is that of its state (ISO 3166 alpha-2), not {1}" },
};

struct partner_call {
	struct api_call *call;
	struct partner partner;
	struct partner_certificate *certificates;
	size_t count;
	struct partner_list list;
};

static bool use_known(const char *use)
{
	static const char *const uses[] = { "sign", "encrypt", "tls", "anchor", "crl" };
	for (size_t i = 0; i < COUNT(uses); i++)
		if (same(uses[i], use))
			return true;
	return false;
}

static enum err_code read_certificate(struct api_call *call, const struct certificate_view *view, size_t index,
				      const char *partner, struct partner_certificate *certificate, struct err *err)
{
	const char *path = arena_printf(call->arena, "/certificates/%zu", index);
	cert_auto cert = NULL;
	struct err why = { 0 };
	if (!use_known(view->use))
		finding_add(call->findings, &partner_rules[RULE_USE], path, view->use, NULL);
	if (!view->pem || cert_parse(bytes_of(view->pem), &cert, &why) != OK) {
		finding_add(call->findings, &partner_rules[RULE_CERTIFICATE], path,
			    view->pem ? why.text : "pem is missing", NULL);
		return OK;
	}
	struct bytes der = cert_der(cert);
	*certificate =
		(struct partner_certificate){ .partner = partner,
					      .use = view->use,
					      .added_us = call->now_us,
					      .until_us = TIME_NONE,
					      .fingerprint = arena_text(call->arena, cert_fingerprint(cert)),
					      .der = bytes(arena_copy(call->arena, der.data, der.size), der.size) };
	return certificate->der.data && certificate->fingerprint ? OK
								 : fail(err, ERR_MEMORY, "no memory for a certificate");
}

static enum err_code write_partner(struct tx *tx, void *arg, struct err *err)
{
	struct partner_call *p = arg;
	TRY(partner_add(tx, &p->partner, &p->call->actor, p->call->now_us, err));
	for (size_t i = 0; i < p->count; i++)
		TRY(partner_certificate_add(tx, &p->certificates[i], &p->call->actor, p->call->now_us, err));
	return OK;
}

static void need_use(struct api_call *call, const struct partner_view *view, const char *use)
{
	for (size_t i = 0; i < view->certificates_count; i++)
		if (same(view->certificates[i].use, use))
			return;
	finding_add(call->findings, &partner_rules[RULE_NO_CERTIFICATE], "/certificates", use, NULL);
}

static const char *profiles(struct arena *arena)
{
	const char *list = "";
	for (size_t i = 0; list && messaging_profile_at(i); i++)
		list = arena_printf(arena, "%s%s%s", list, i ? ", " : "", messaging_profile_at(i));
	return list;
}

/* What would leave the node with a partner that it cannot use. */
static void check_partner(struct api_call *call, const struct partner *partner)
{
	if (!messaging_profile_known(partner->profile))
		finding_add(call->findings, &partner_rules[RULE_PROFILE], "/profile", partner->profile,
			    profiles(call->arena));
	if (!starts_with(partner->endpoint, "https://") && !starts_with(partner->endpoint, "http://"))
		finding_add(call->findings, &partner_rules[RULE_ENDPOINT], "/endpoint", partner->endpoint, NULL);
	if (!same(partner->token, "bst") && !same(partner->token, "ski") && !same(partner->token, "issuer-serial"))
		finding_add(call->findings, &partner_rules[RULE_TOKEN], "/token", partner->token, NULL);
	if (!call->kernel->lists->known(call->kernel->lists, "ISO3166", partner->code))
		finding_add(call->findings, &partner_rules[RULE_STATE], "/code", partner->code, NULL);
}

enum err_code partners_add(struct api_call *call, struct err *err)
{
	struct partner_view view;
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	struct partner_call p = { .call = call, .count = view.certificates_count };
	p.partner = (struct partner){ .code = view.code,
				      .name = view.name,
				      .party_id = view.party_id,
				      .endpoint = view.endpoint,
				      .party_type = view.party_type ? view.party_type : "",
				      .profile = view.profile,
				      .token = view.token ? view.token : "bst",
				      .status = view.status ? view.status : "active" };
	p.certificates = arena_array(call->arena, p.count + 1, sizeof *p.certificates);
	if (!p.certificates)
		return fail(err, ERR_MEMORY, "no memory for a partner");
	check_partner(call, &p.partner);
	need_use(call, &view, "sign");
	need_use(call, &view, "encrypt");
	for (size_t i = 0; i < p.count; i++)
		TRY(read_certificate(call, &view.certificates[i], i, view.code, &p.certificates[i], err));
	if (findings_errors(call->findings))
		return OK;
	TRY(db_write(call->kernel->db, write_partner, &p, err));
	TRY(messaging_refresh(call->api->options.messaging, true, err));
	call->status = 201;
	call->parameters[0] = view.code;
	return partners_get(call, err);
}

static enum err_code show_certificate(struct api_call *call, const struct partner_certificate *row,
				      struct certificate_view *view, struct err *err)
{
	cert_auto cert = NULL;
	TRY(cert_parse(row->der, &cert, err));
	*view = (struct certificate_view){ .use = row->use,
					   .fingerprint = row->fingerprint,
					   .subject = arena_text(call->arena, cert_subject(cert)),
					   .not_before_us = cert_not_before_us(cert),
					   .not_after_us = cert_not_after_us(cert) };
	return OK;
}

static struct partner_view view_of(const struct partner *p)
{
	return (struct partner_view){ .code = p->code,
				      .name = p->name,
				      .party_id = p->party_id,
				      .party_type = p->party_type,
				      .endpoint = p->endpoint,
				      .profile = p->profile,
				      .token = p->token,
				      .status = p->status };
}

static enum err_code read_partner(struct tx *tx, void *arg, struct err *err)
{
	struct partner_call *p = arg;
	struct partner_certificate_list list;
	TRY(partner_find(tx, p->call->arena, p->call->parameters[0], &p->partner, err));
	if (!p->partner.code)
		return fail(err, ERR_NOT_FOUND, "there is no partner %s; see lintas partner list",
			    p->call->parameters[0]);
	TRY(partner_certificates(tx, p->call->arena, p->partner.code, &list, err));
	p->certificates = list.items;
	p->count = list.count;
	return OK;
}

enum err_code partners_get(struct api_call *call, struct err *err)
{
	struct partner_call p = { .call = call };
	TRY(db_read(call->kernel->db, read_partner, &p, err));
	struct partner_view view = view_of(&p.partner);
	view.certificates = arena_array(call->arena, p.count + 1, sizeof *view.certificates);
	if (!view.certificates)
		return fail(err, ERR_MEMORY, "no memory for a partner");
	for (size_t i = 0; i < p.count; i++)
		if (!same(p.certificates[i].use, "crl"))
			TRY(show_certificate(call, &p.certificates[i], &view.certificates[view.certificates_count++],
					     err));
	return call_answer(call, &view, err);
}

static enum err_code read_partners(struct tx *tx, void *arg, struct err *err)
{
	struct partner_call *p = arg;
	return partner_list(tx, p->call->arena, &p->list, err);
}

enum err_code partners_list(struct api_call *call, struct err *err)
{
	struct partner_call p = { .call = call };
	TRY(db_read(call->kernel->db, read_partners, &p, err));
	struct partner_list_view view = {
		.count = p.list.count, .items = arena_array(call->arena, p.list.count + 1, sizeof(struct partner_view))
	};
	if (!view.items)
		return fail(err, ERR_MEMORY, "no memory for a page");
	for (size_t i = 0; i < view.count; i++)
		view.items[i] = view_of(&p.list.items[i]);
	return call_answer(call, &view, err);
}

struct seat_call {
	struct api_call *call;
	struct organisation organisation;
	struct organisation_list list;
};

static enum err_code write_organisation(struct tx *tx, void *arg, struct err *err)
{
	struct seat_call *s = arg;
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

enum err_code organisations_list(struct api_call *call, struct err *err)
{
	struct seat_call s = { .call = call };
	TRY(db_read(call->kernel->db, read_organisations, &s, err));
	struct organisation_list_view view = { .count = s.list.count,
					       .items = arena_array(call->arena, s.list.count + 1,
								    sizeof(struct organisation_view)) };
	if (!view.items)
		return fail(err, ERR_MEMORY, "no memory for a page");
	for (size_t i = 0; i < view.count; i++) {
		const struct organisation *o = &s.list.items[i];
		view.items[i] = (struct organisation_view){ .code = o->code, .seat = o->seat, .name = o->name };
	}
	return call_answer(call, &view, err);
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

enum err_code tasks_list(struct api_call *call, struct err *err)
{
	struct task_call t = { .call = call, .limit = call_limit(call) };
	if (findings_errors(call->findings))
		return OK;
	TRY(db_read(call->kernel->db, read_tasks, &t, err));
	struct task_list_view view = { .count = t.list.count,
				       .items = arena_array(call->arena, t.list.count + 1, sizeof(struct task_view)) };
	if (!view.items)
		return fail(err, ERR_MEMORY, "no memory for a page");
	for (size_t i = 0; i < view.count; i++) {
		const struct task *task = &t.list.items[i];
		view.items[i] = (struct task_view){ .id = task->id,
						    .organisation = task->organisation,
						    .kind = task->kind,
						    .subject = task->subject,
						    .text = task->text,
						    .state = task->state,
						    .created_us = task->created_us,
						    .done_us = task->done_us };
	}
	return call_answer(call, &view, err);
}

struct status_call {
	struct kernel *kernel;
	struct arena *arena;
	struct exchange_counts_list counts;
	struct task_list tasks;
};

static enum err_code read_status(struct tx *tx, void *arg, struct err *err)
{
	struct status_call *s = arg;
	TRY(message_counts(tx, s->arena, &s->counts, err));
	return task_list(tx, s->arena, NULL, PAGE_LIMIT, &s->tasks, err);
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
	for (size_t i = 0; i < s.tasks.count; i++)
		view->open_tasks += same(s.tasks.items[i].state, "open");
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
