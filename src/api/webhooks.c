/* /api/v1/webhooks: who is told what happens, by signed requests (national/national.h). */
#include "api/call_int.h"
#include "base/uuid.h"
#include "kernel/party.h"
#include "kernel/webhook.h"

enum { DAY_S = 24 * 60 * 60, OVERLAP_MOST_S = 30 * DAY_S };

enum { RULE_ORGANISATION, RULE_OVERLAP, RULE_WHICH, RULE_CURSOR };
const struct rule webhook_call_rules[] = {
	[RULE_ORGANISATION] = { .code = "WHK-005",
				.text = "{1} is not an organisation whose events you may have: give yours, or none" },
	[RULE_OVERLAP] = { .code = "WHK-006", .text = "the overlap is 0 to 2592000 seconds (30 days)" },
	[RULE_WHICH] = { .code = "WHK-007",
			 .text = "give either after, a cursor, or event, the sequence of one event" },
	[RULE_CURSOR] = { .code = "WHK-008",
			  .text = "{1} is a sequence of the journal, a whole number that is not negative" },
	{ 0 },
};

/* One of them on its way through a request. */
struct hook_call {
	struct call *call;
	struct webhook webhook;
	struct webhook_list list;
	struct webhook_delivery_list deliveries;
	const char *secret;
	int64_t overlap_us, after, single;
	enum err_code (*change)(struct tx *tx, struct hook_call *hook, struct err *err);
};

static int64_t or_none(int64_t number)
{
	return number ? number : INTEGER_NONE;
}

static void show_webhook(const void *item, void *view)
{
	const struct webhook *w = item;
	bool active = same(w->state, "active");
	*(struct webhook_view *)view = (struct webhook_view){
		.id = w->id,
		.organisation = w->organisation,
		.url = w->url,
		.events = w->events,
		.state = w->state,
		.reason = w->reason,
		.key = w->key_number,
		.old_until_us = w->old_secret ? w->old_until_us : TIME_NONE,
		.cursor = w->cursor_number,
		.waiting = w->waiting,
		.single = or_none(w->single_number),
		.attempts = w->attempts,
		.next_us = active && w->attempts ? w->next_us : TIME_NONE,
		.failing_us = w->failing_us,
		.last_us = w->last_us,
		.last_status = or_none(w->last_status),
		.last_error = w->last_error,
		.delivered = w->delivered,
		.created_us = w->created_us,
		.created_by = w->created_by,
	};
}

/* What another organisation has is not there. */
static enum err_code find(struct tx *tx, struct hook_call *hook, struct err *err)
{
	const char *id = hook->call->parameters[0];
	TRY(webhook_find(tx, hook->call->arena, id, &hook->webhook, err));
	if (hook->webhook.id && call_sees(hook->call, hook->webhook.organisation))
		return OK;
	return fail(err, ERR_NOT_FOUND,
		    "there is no webhook %s; lintas webhook list (GET /api/v1/webhooks) shows what there is", id);
}

static enum err_code read_run(struct tx *tx, void *arg, struct err *err)
{
	return find(tx, arg, err);
}

/* Found, changed and found again; what is removed is shown as it was. */
static enum err_code change_run(struct tx *tx, void *arg, struct err *err)
{
	struct hook_call *hook = arg;
	struct webhook before;
	TRY(find(tx, hook, err));
	before = hook->webhook;
	TRY(hook->change(tx, hook, err));
	TRY(webhook_find(tx, hook->call->arena, before.id, &hook->webhook, err));
	if (!hook->webhook.id)
		hook->webhook = before;
	return OK;
}

static enum err_code change(struct hook_call *hook, struct err *err)
{
	struct webhook_view view;
	TRY(db_write(hook->call->kernel->db, change_run, hook, err));
	show_webhook(&hook->webhook, &view);
	view.secret = hook->secret;
	return call_answer(hook->call, &view, err);
}

/* --- Adding --- */

static enum err_code find_organisation(struct tx *tx, const struct hook_call *hook, struct err *err)
{
	const char *code = hook->webhook.organisation;
	struct organisation_list list;
	if (!code || hook->call->actor.organisation)
		return OK;
	TRY(organisation_list(tx, hook->call->arena, &list, err));
	for (size_t i = 0; i < list.count; i++)
		if (same(list.items[i].code, code))
			return OK;
	return fail(err, ERR_NOT_FOUND, "there is no organisation %s; lintas organisation list shows them", code);
}

static enum err_code add_run(struct tx *tx, void *arg, struct err *err)
{
	struct hook_call *hook = arg;
	const struct call *call = hook->call;
	struct webhook webhook = hook->webhook;
	TRY(find_organisation(tx, hook, err));
	return webhook_add(tx, &webhook, &call->actor, call->now_us, err);
}

static enum err_code read_back(struct tx *tx, void *arg, struct err *err)
{
	struct hook_call *hook = arg;
	return webhook_find(tx, hook->call->arena, hook->webhook.id, &hook->webhook, err);
}

enum err_code webhooks_add(struct call *call, struct err *err)
{
	struct hook_call hook = { .call = call };
	struct new_webhook_view asked;
	struct webhook_view view;
	char id[UUID_SIZE];
	TRY(call_read(call, &asked, err));
	if (findings_errors(call->findings))
		return OK;
	const char *mine = call->actor.organisation;
	uuid_new(id, call->now_us);
	hook.webhook = (struct webhook){ .id = arena_text(call->arena, id),
					 .organisation = asked.organisation ? asked.organisation : mine,
					 .url = asked.url,
					 .events = asked.events ? asked.events : "",
					 .secret = webhook_secret_new(call->arena),
					 .cursor_number = asked.after == INTEGER_NONE ? -1 : asked.after };
	const struct api_options *options = &call->asked->api->options;
	webhook_check(call->kernel, call->arena, &hook.webhook,
		      &(struct webhook_policy){ .allow_plain = options->plain, .reach = options->webhook_reach },
		      call->findings);
	if (mine && !same(hook.webhook.organisation, mine))
		finding_add(call->findings, &webhook_call_rules[RULE_ORGANISATION], "/organisation", asked.organisation,
			    NULL);
	if (asked.after != INTEGER_NONE && asked.after < 0)
		finding_add(call->findings, &webhook_call_rules[RULE_CURSOR], "/after", "after", NULL);
	if (findings_errors(call->findings))
		return OK;
	if (!hook.webhook.id || !hook.webhook.secret)
		return fail(err, ERR_MEMORY, "no memory for a webhook");
	const char *secret = hook.webhook.secret;
	TRY(db_write(call->kernel->db, add_run, &hook, err));
	TRY(db_read(call->kernel->db, read_back, &hook, err));
	show_webhook(&hook.webhook, &view);
	view.secret = secret;
	return call_answer(call, &view, err);
}

/* --- Reading --- */

static enum err_code list_run(struct tx *tx, void *arg, struct err *err)
{
	struct hook_call *hook = arg;
	return webhook_list(tx, hook->call->arena, call_organisation(hook->call), &hook->list, err);
}

enum err_code webhooks_list(struct call *call, struct err *err)
{
	struct hook_call hook = { .call = call };
	TRY(db_read(call->kernel->db, list_run, &hook, err));
	return call_answer_page(call, PAGE(hook.list, webhook_view, show_webhook, NULL), err);
}

enum err_code webhooks_get(struct call *call, struct err *err)
{
	struct hook_call hook = { .call = call };
	struct webhook_view view;
	TRY(db_read(call->kernel->db, read_run, &hook, err));
	show_webhook(&hook.webhook, &view);
	return call_answer(call, &view, err);
}

static void show_delivery(const void *item, void *view)
{
	const struct webhook_delivery *d = item;
	*(struct webhook_delivery_view *)view = (struct webhook_delivery_view){ .at_us = d->at_us,
										.message = d->message,
										.attempt = d->attempt,
										.first = d->first,
										.last = d->last,
										.events = d->events,
										.duration_ms = d->duration_us / 1000,
										.status = or_none(d->status),
										.error = d->error };
}

static enum err_code deliveries_run(struct tx *tx, void *arg, struct err *err)
{
	struct hook_call *hook = arg;
	TRY(find(tx, hook, err));
	return webhook_deliveries(tx, hook->call->arena, hook->webhook.id, call_limit(hook->call), &hook->deliveries,
				  err);
}

enum err_code webhooks_deliveries(struct call *call, struct err *err)
{
	struct hook_call hook = { .call = call };
	TRY(db_read(call->kernel->db, deliveries_run, &hook, err));
	return call_answer_page(call, PAGE(hook.deliveries, webhook_delivery_view, show_delivery, NULL), err);
}

/* --- Changing --- */

static enum err_code do_remove(struct tx *tx, struct hook_call *hook, struct err *err)
{
	return webhook_remove(tx, &hook->webhook, &hook->call->actor, hook->call->now_us, err);
}

static enum err_code do_pause(struct tx *tx, struct hook_call *hook, struct err *err)
{
	return webhook_pause(tx, &hook->webhook, &hook->call->actor, hook->call->now_us, err);
}

static enum err_code do_resume(struct tx *tx, struct hook_call *hook, struct err *err)
{
	return webhook_resume(tx, &hook->webhook, &hook->call->actor, hook->call->now_us, err);
}

static enum err_code do_rotate(struct tx *tx, struct hook_call *hook, struct err *err)
{
	return webhook_rotate(tx, &hook->webhook, hook->secret, hook->call->now_us + hook->overlap_us,
			      &hook->call->actor, hook->call->now_us, err);
}

static enum err_code do_redeliver(struct tx *tx, struct hook_call *hook, struct err *err)
{
	const struct call *call = hook->call;
	return webhook_redeliver(tx, call->arena, &hook->webhook, hook->after, hook->single, &call->actor, call->now_us,
				 err);
}

enum err_code webhooks_remove(struct call *call, struct err *err)
{
	return change(&(struct hook_call){ .call = call, .change = do_remove }, err);
}

enum err_code webhooks_pause(struct call *call, struct err *err)
{
	return change(&(struct hook_call){ .call = call, .change = do_pause }, err);
}

enum err_code webhooks_resume(struct call *call, struct err *err)
{
	return change(&(struct hook_call){ .call = call, .change = do_resume }, err);
}

enum err_code webhooks_rotate(struct call *call, struct err *err)
{
	struct webhook_rotation_view asked;
	TRY(call_read(call, &asked, err));
	int64_t overlap_s = asked.overlap_s == INTEGER_NONE ? DAY_S : asked.overlap_s;
	if (overlap_s < 0 || overlap_s > OVERLAP_MOST_S)
		finding_add(call->findings, &webhook_call_rules[RULE_OVERLAP], "/overlap", NULL, NULL);
	if (findings_errors(call->findings))
		return OK;
	struct hook_call hook = { .call = call,
				  .change = do_rotate,
				  .secret = webhook_secret_new(call->arena),
				  .overlap_us = overlap_s * SECOND_US };
	return hook.secret ? change(&hook, err) : fail(err, ERR_MEMORY, "no memory for a secret");
}

enum err_code webhooks_redeliver(struct call *call, struct err *err)
{
	struct webhook_redelivery_view asked;
	TRY(call_read(call, &asked, err));
	if (findings_errors(call->findings))
		return OK;
	bool after = asked.after != INTEGER_NONE, event = asked.event != INTEGER_NONE;
	if (after == event)
		finding_add(call->findings, &webhook_call_rules[RULE_WHICH], "", NULL, NULL);
	else if ((after && asked.after < 0) || (event && asked.event < 1))
		finding_add(call->findings, &webhook_call_rules[RULE_CURSOR], after ? "/after" : "/event",
			    after ? "after" : "event", NULL);
	if (findings_errors(call->findings))
		return OK;
	return change(&(struct hook_call){ .call = call,
					   .change = do_redeliver,
					   .after = after ? asked.after : 0,
					   .single = event ? asked.event : 0 },
		      err);
}
