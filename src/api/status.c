/* /api/v1/status, and the same as metrics: how the node and its links stand. */
#include <sys/statvfs.h>

#include "api/link_int.h"
#include "kernel/catch_up.h"
#include "kernel/task.h"

struct status_call {
	struct kernel *kernel;
	struct arena *arena;
	int64_t now_us;
	struct exchange_counts_list counts;
	struct link_list links;
	int64_t open_tasks;
	struct recovery_state recovery;
	struct catch_up_list_view catch_ups;
};

static enum err_code read_status(struct tx *tx, void *arg, struct err *err)
{
	struct status_call *s = arg;
	TRY(message_counts(tx, s->arena, &s->counts, err));
	TRY(link_list(tx, s->arena, s->now_us, &s->links, err));
	TRY(catch_up_recovery(tx, &s->recovery, err));
	TRY(catch_ups_open(tx, s->arena, &s->catch_ups, err));
	return task_count(tx, NULL, &s->open_tasks, err);
}

/* --- Keys --- */

static int64_t whole_days(int64_t us)
{
	return us / DAY_US - (us % DAY_US < 0);
}

struct key_view key_view_of(const struct key_info *key, int64_t now_us)
{
	struct key_view view = { .id = key->id,
				 .use = key_use_name(key->use),
				 .type = key_type_name(key->type),
				 .status = key_status_name(key->status),
				 .not_before_us = TIME_NONE,
				 .not_after_us = TIME_NONE,
				 .days_left = INTEGER_NONE };
	if (key->cert) {
		view.subject = cert_subject(key->cert);
		view.fingerprint = cert_fingerprint(key->cert);
		view.not_before_us = cert_not_before_us(key->cert);
		view.not_after_us = cert_not_after_us(key->cert);
		view.days_left = whole_days(view.not_after_us - now_us);
	}
	return view;
}

static bool copy_text(struct arena *arena, const char **text)
{
	const char *copy = arena_text(arena, *text);
	bool copied = copy || !*text;
	*text = copy;
	return copied;
}

static enum err_code copy_keys(const struct key_list *list, struct arena *arena, struct status_view *view,
			       struct err *err)
{
	view->keys = arena_array(arena, list->count + 1, sizeof *view->keys);
	bool copied = view->keys != NULL;
	for (size_t i = 0; copied && i < list->count; i++) {
		if (list->keys[i].status == KEY_RETIRED)
			continue;
		struct key_view key = key_view_of(&list->keys[i], view->now_us);
		copied = copy_text(arena, &key.id) && copy_text(arena, &key.subject) &&
			 copy_text(arena, &key.fingerprint);
		view->keys[view->keys_count++] = key;
	}
	return copied ? OK : fail(err, ERR_MEMORY, "no memory for the status");
}

/* A key directory that cannot be read is one of the troubles that a status is for. */
static enum err_code fill_keys(const struct api *api, struct arena *arena, struct status_view *view, struct err *err)
{
	struct key_list list;
	struct err why = { 0 };
	if (!api->options.keys_directory)
		return OK;
	if (keystore_list(api->options.keys_directory, &list, &why) != OK) {
		view->keys_fault = arena_text(arena, why.text);
		return view->keys_fault ? OK : fail(err, ERR_MEMORY, "no memory for the status");
	}
	enum err_code code = copy_keys(&list, arena, view, err);
	key_list_done(&list);
	return code;
}

/* --- What partners are believed by --- */

static enum err_code fill_credentials(const struct api *api, struct arena *arena, struct status_view *view,
				      struct err *err)
{
	struct messaging_credentials all;
	TRY(messaging_credentials(api->options.messaging, arena, view->now_us, &all, err));
	struct credential_view *views = arena_array(arena, all.count + 1, sizeof *views);
	if (!views)
		return fail(err, ERR_MEMORY, "no memory for the status");
	for (size_t p = 0, used = 0; p < view->partners_count; p++) {
		struct partner_status_view *partner = &view->partners[p];
		partner->credentials = &views[used];
		for (size_t i = 0; i < all.count; i++) {
			const struct messaging_credential *c = &all.items[i];
			if (!same(c->partner, partner->partner))
				continue;
			partner->credentials[partner->credentials_count++] =
				(struct credential_view){ .use = c->use,
							  .subject = c->subject,
							  .fingerprint = c->fingerprint,
							  .not_before_us = c->not_before_us,
							  .not_after_us = c->not_after_us,
							  .days_left = whole_days(c->not_after_us - view->now_us),
							  .state = c->state,
							  .advice = c->advice,
							  .alarm = c->alarm };
		}
		used += partner->credentials_count;
	}
	return OK;
}

/* --- Status --- */

static void fill_disk(const struct api *api, struct status_view *view)
{
	struct statvfs disk;
	bool measured = api->options.disk_path && statvfs(api->options.disk_path, &disk) == 0;
	view->disk_free_bytes = measured ? (int64_t)(disk.f_bavail * disk.f_frsize) : INTEGER_NONE;
	view->disk_reserve_bytes = measured ? api->options.disk_reserve_bytes : INTEGER_NONE;
}

static enum err_code fill_links(const struct status_call *s, struct status_view *view, struct err *err)
{
	struct link_view *links = arena_array(s->arena, view->partners_count + 1, sizeof *links);
	if (!links)
		return fail(err, ERR_MEMORY, "no memory for the status");
	for (size_t i = 0; i < view->partners_count; i++) {
		const struct link *link = link_with(&s->links, view->partners[i].partner);
		if (!link)
			return fail(err, ERR_INTERNAL, "partner %s has no link", view->partners[i].partner);
		link_show(link, &links[i]);
		view->partners[i].link = &links[i];
	}
	return OK;
}

static enum err_code fill_status(struct api *api, struct arena *arena, struct status_view *view, struct err *err)
{
	struct kernel *kernel = api->options.kernel;
	struct status_call s = { .kernel = kernel, .arena = arena, .now_us = clock_now_us(kernel->clock) };
	struct messaging_counters counters;
	TRY(db_read(s.kernel->db, read_status, &s, err));
	messaging_counters(api->options.messaging, &counters);
	*view = (struct status_view){ .name = api->options.node_name,
				      .state = s.kernel->state,
				      .version = api->options.version,
				      .running = api->options.running,
				      .now_us = s.now_us,
				      .started_us = api->options.running ? api->options.started_us : TIME_NONE,
				      .strangers = counters.strangers,
				      .open_tasks = s.open_tasks,
				      .plain = api->options.plain,
				      .restored_us = s.recovery.restored_us,
				      .backup_us = s.recovery.backup_us,
				      .catch_ups = s.catch_ups.items,
				      .catch_ups_count = s.catch_ups.count,
				      .partners_count = s.counts.count };
	view->partners = arena_array(arena, s.counts.count + 1, sizeof *view->partners);
	if (!view->partners)
		return fail(err, ERR_MEMORY, "no memory for the status");
	for (size_t i = 0; i < s.counts.count; i++) {
		const struct exchange_counts *c = &s.counts.items[i];
		view->partners[i] = (struct partner_status_view){ .partner = c->partner,
								  .status = c->status,
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
	TRY(fill_links(&s, view, err));
	fill_disk(api, view);
	TRY(fill_credentials(api, arena, view, err));
	TRY(faults_show(&api->faults, arena, &view->faults, &view->faults_count, err));
	return fill_keys(api, arena, view, err);
}

enum err_code status_get(struct call *call, struct err *err)
{
	struct status_view view;
	TRY(fill_status(call->asked->api, call->arena, &view, err));
	return call_answer(call, &view, err);
}

/* --- Metrics --- */

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

static void put_head(struct buf *out, const char *name, const char *help, enum metric_kind kind)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind == COUNTER ? "counter" : "gauge");
}

static void put_partners(struct buf *out, const struct status_view *view)
{
	for (size_t i = 0; i < COUNT(partner_metrics); i++) {
		const struct metric *m = &partner_metrics[i];
		put_head(out, m->name, m->help, m->kind);
		for (size_t k = 0; k < view->partners_count; k++) {
			int64_t value;
			memcpy(&value, (const char *)&view->partners[k] + m->offset, sizeof value);
			buf_printf(out, "%s{partner=\"%s\"} %lld\n", m->name, view->partners[k].partner,
				   (long long)value);
		}
	}
	put_head(out, "lintas_oldest_queued_seconds", "Age of the oldest message waiting.", GAUGE);
	for (size_t k = 0; k < view->partners_count; k++) {
		int64_t since = view->partners[k].oldest_queued_us;
		buf_printf(out, "lintas_oldest_queued_seconds{partner=\"%s\"} %lld\n", view->partners[k].partner,
			   since == TIME_NONE ? 0LL : (long long)((view->now_us - since) / SECOND_US));
	}
	put_head(out, "lintas_partner_suspended", "1: nothing is exchanged until the partner is resumed.", GAUGE);
	for (size_t k = 0; k < view->partners_count; k++)
		buf_printf(out, "lintas_partner_suspended{partner=\"%s\"} %d\n", view->partners[k].partner,
			   same(view->partners[k].status, "suspended"));
}

static void put_credentials(struct buf *out, const struct status_view *view)
{
	static const char *const states[] = { CREDENTIAL_ENDING, CREDENTIAL_LATE, CREDENTIAL_REFUSED };
	put_head(out, "lintas_certificate_not_after_seconds",
		 "When a partner's certificate ends, or its revocation list (use crl) is to be replaced; Unix time.",
		 GAUGE);
	for (size_t p = 0; p < view->partners_count; p++)
		for (size_t i = 0; i < view->partners[p].credentials_count; i++) {
			const struct credential_view *c = &view->partners[p].credentials[i];
			if (!c->fingerprint) /* an agreement's */
				continue;
			buf_printf(out,
				   "lintas_certificate_not_after_seconds{partner=\"%s\",use=\"%s\",fingerprint=\"%s\"} "
				   "%lld\n",
				   view->partners[p].partner, c->use, c->fingerprint,
				   (long long)(c->not_after_us / SECOND_US));
		}
	put_head(out, "lintas_trust_alarms",
		 "Certificates, lists and agreements of a partner that an operator must see to; each has a task.",
		 GAUGE);
	for (size_t p = 0; p < view->partners_count; p++)
		for (size_t s = 0; s < COUNT(states); s++) {
			int64_t count = 0;
			for (size_t i = 0; i < view->partners[p].credentials_count; i++) {
				const struct credential_view *c = &view->partners[p].credentials[i];
				count += c->alarm && same(c->state, states[s]);
			}
			buf_printf(out, "lintas_trust_alarms{partner=\"%s\",state=\"%s\"} %lld\n",
				   view->partners[p].partner, states[s], (long long)count);
		}
}

static void put_keys(struct buf *out, const struct status_view *view)
{
	put_head(out, "lintas_key_days_left", "Days until the certificate of an active key ends; negative: it has.",
		 GAUGE);
	for (size_t i = 0; i < view->keys_count; i++)
		if (same(view->keys[i].status, "active"))
			buf_printf(out, "lintas_key_days_left{use=\"%s\",key=\"%s\"} %lld\n", view->keys[i].use,
				   view->keys[i].id, (long long)view->keys[i].days_left);
}

static void put_node(struct buf *out, struct api *api, const struct status_view *view)
{
	const struct {
		const char *name, *help;
		enum metric_kind kind;
		int64_t value;
	} figures[] = {
		{ "lintas_strangers_total", "Requests turned away without an answer.", COUNTER, view->strangers },
		{ "lintas_logins_failed_total", "Log-ins refused: a wrong name or password, or too many of them.",
		  COUNTER, call_logins_refused(api) },
		{ "lintas_requests_denied_total", "Requests of the interface that were answered with 401 or 403.",
		  COUNTER, api->denied },
		{ "lintas_requests_limited_total", "Requests of the interface that came too often for their token.",
		  COUNTER, meter_refused(api->meter) },
		{ "lintas_tasks_open", "Tasks that wait for an officer.", GAUGE, view->open_tasks },
		{ "lintas_disk_free_bytes", "Free on the file system of the database.", GAUGE, view->disk_free_bytes },
		{ "lintas_disk_reserve_bytes", "With less free nothing is taken any more.", GAUGE,
		  view->disk_reserve_bytes },
	};
	for (size_t i = 0; i < COUNT(figures); i++) {
		if (figures[i].value == INTEGER_NONE)
			continue;
		put_head(out, figures[i].name, figures[i].help, figures[i].kind);
		buf_printf(out, "%s %lld\n", figures[i].name, (long long)figures[i].value);
	}
}

enum err_code api_put_metrics(struct api *api, struct buf *out, struct err *err)
{
	enum { METRICS_ARENA = 64 << 20 };
	arena_auto arena = arena_new(METRICS_ARENA);
	struct status_view view;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for the metrics");
	TRY(fill_status(api, arena, &view, err));
	put_partners(out, &view);
	link_put_metrics(out, &view);
	put_credentials(out, &view);
	put_keys(out, &view);
	put_node(out, api, &view);
	return buf_check(out, "the metrics", err);
}
