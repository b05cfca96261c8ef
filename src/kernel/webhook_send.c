#include "kernel/webhook_int.h"

#include <inttypes.h>

#include "base/date.h"
#include "base/text.h"
#include "base/uuid.h"
#include "kernel/message_int.h"
#include "kernel/task.h"

/* Entries that are looked at in one transaction for those whose names are asked for. */
enum { SCAN = 500 };

static const struct retry_policy webhook_retry = { .first_us = WEBHOOK_FIRST_US, .max_us = WEBHOOK_BACK_OFF_US };

/* --- Taking --- */

struct taking {
	struct arena *arena;
	int64_t now_us, lease_until_us, failing_most;
	struct webhook_batch *batch;
	bool found;
};

static enum err_code due_read(struct tx *tx, void *arg, struct err *err)
{
	struct taking *taking = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_webhook_due, BINDS(BIND_INT(taking->now_us)), &query, err));
	taking->found = db_next(&query);
	return db_end(&query, err);
}

static enum err_code lease(struct tx *tx, struct taking *taking, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_webhook_lease,
		     BINDS(BIND_INT(taking->now_us), BIND_INT(taking->lease_until_us), BIND_INT(taking->failing_most)),
		     &query, err));
	taking->found = db_next(&query);
	if (taking->found)
		taking->batch->webhook = webhook_row(taking->arena, &query);
	return db_end(&query, err);
}

static bool wanted(const struct webhook *webhook, const char *event)
{
	return !*webhook->events || word_among(webhook->events, event);
}

static enum err_code take_event(struct webhook_batch *batch, const struct journal_entry *entry, struct err *err)
{
	batch->events[batch->count] = event_of(entry);
	return event_chain_add(&batch->chain, &batch->events[batch->count++], err);
}

/* A request was made of what follows the cursor, and is not taken yet: it is repeated, under its identifier, before
 * anything else goes out. */
static bool is_begun(const struct webhook *webhook)
{
	return webhook->message && webhook->batch_until > webhook->cursor;
}

/* What follows the cursor, up to where a request that was made already ends. */
static enum err_code take_next(struct tx *tx, struct taking *taking, struct err *err)
{
	struct webhook_batch *batch = taking->batch;
	const struct webhook *webhook = &batch->webhook;
	struct journal_list list;

	TRY(journal_after(tx, taking->arena, webhook->cursor, webhook->organisation, SCAN, &list, err));
	for (size_t i = 0; i < list.count && batch->count < WEBHOOK_EVENTS_MAX; i++) {
		const struct journal_entry *entry = &list.entries[i];
		if (webhook->message && entry->sequence > webhook->batch_until)
			break;
		batch->until = entry->sequence;
		if (wanted(webhook, entry->event))
			TRY(take_event(batch, entry, err));
	}
	return OK;
}

static enum err_code take_single(struct tx *tx, struct taking *taking, struct err *err)
{
	struct webhook_batch *batch = taking->batch;
	struct journal_list list;

	TRY(journal_after(tx, taking->arena, batch->after, batch->webhook.organisation, 1, &list, err));
	batch->until = batch->webhook.single;
	if (list.count == 1 && list.entries[0].sequence == batch->webhook.single)
		return take_event(batch, &list.entries[0], err);
	return OK;
}

static struct bind *claim_of(struct bind *binds, const struct webhook *webhook)
{
	binds[0] = BIND_TEXT(webhook->id);
	binds[1] = BIND_INT(webhook->attempts);
	binds[2] = BIND_INT(webhook->next_us);
	return binds;
}

/* The cursor, and which single event is done, once the batch is through. */
static struct bind cursor_behind(const struct webhook_batch *batch)
{
	return BIND_INT(batch->single ? batch->webhook.cursor : batch->until);
}

static struct bind single_done(const struct webhook_batch *batch)
{
	return batch->single ? BIND_INT(batch->webhook.single) : BIND_NULL;
}

/* What nobody asked for is passed over without a request. */
static enum err_code pass_over(struct tx *tx, struct taking *taking, struct err *err)
{
	const struct webhook_batch *batch = taking->batch;
	struct bind binds[] = { BIND_NULL,         BIND_NULL, BIND_NULL, BIND_INT(taking->now_us), cursor_behind(batch),
				single_done(batch) };

	return db_exec(tx, &sql_webhook_passed, claim_of(binds, &batch->webhook), COUNT(binds), NULL, err);
}

static enum err_code name(struct tx *tx, struct taking *taking, struct err *err)
{
	const struct webhook_batch *batch = taking->batch;
	struct webhook *webhook = &taking->batch->webhook;
	char id[UUID_SIZE];

	if (webhook->message)
		return OK;
	id_new(id, taking->now_us);
	webhook->message = arena_printf(taking->arena, "msg_%s", id);
	if (!webhook->message)
		return fail(err, ERR_MEMORY, "no memory left for the events of a webhook");
	return db_exec(tx, &sql_webhook_name,
		       BINDS(BIND_TEXT(webhook->id), BIND_TEXT(webhook->message),
			     batch->single ? BIND_NULL : BIND_INT(batch->until)),
		       NULL, err);
}

static enum err_code take_run(struct tx *tx, void *arg, struct err *err)
{
	struct taking *taking = arg;
	struct webhook_batch *batch = taking->batch;
	int64_t number;

	*batch = (struct webhook_batch){ .count = 0 };
	TRY(lease(tx, taking, err));
	if (!taking->found)
		return OK;
	batch->single = batch->webhook.single && !is_begun(&batch->webhook);
	batch->after = batch->single ? batch->webhook.single - 1 : batch->webhook.cursor;
	batch->until = batch->after;
	TRY(journal_number(tx, batch->after, &number, err));
	event_chain_begin(&batch->chain, number);
	TRY(batch->single ? take_single(tx, taking, err) : take_next(tx, taking, err));
	TRY(journal_number(tx, batch->until, &batch->chain.until, err));
	return batch->count ? name(tx, taking, err) : pass_over(tx, taking, err);
}

enum err_code webhook_take(struct kernel *kernel, struct arena *arena, int64_t now_us, int64_t lease_us,
			   int64_t failing_most, struct webhook_batch *batch, bool *found, struct err *err)
{
	struct taking taking = { .arena = arena,
				 .now_us = now_us,
				 .lease_until_us = now_us + lease_us,
				 .failing_most = failing_most,
				 .batch = batch };

	/* Most looks find nothing, and what only reads does not stand in line for the writer. */
	TRY(db_read(kernel->db, due_read, &taking, err));
	if (taking.found)
		TRY(db_write(kernel->db, take_run, &taking, err));
	*found = taking.found;
	return OK;
}

/* --- Settling --- */

struct settling {
	const struct webhook_batch *batch;
	const struct webhook_outcome *outcome;
	int64_t give_up_us;
};

static enum err_code remember(struct tx *tx, const struct settling *settling, struct err *err)
{
	const struct webhook_batch *batch = settling->batch;
	const struct webhook_outcome *outcome = settling->outcome;
	const char *id = batch->webhook.id;

	TRY(db_exec(tx, &sql_delivery_put,
		    BINDS(BIND_TEXT(id), BIND_TEXT(batch->webhook.message), BIND_INT(batch->events[0].sequence),
			  BIND_INT(batch->events[batch->count - 1].sequence), BIND_INT(batch->count),
			  BIND_INT(batch->webhook.attempts + 1), BIND_INT(outcome->at_us),
			  BIND_INT(outcome->duration_us), outcome->status ? BIND_INT(outcome->status) : BIND_NULL,
			  BIND_TEXT(outcome->error)),
		    NULL, err));
	return db_exec(tx, &sql_delivery_make_room, BINDS(BIND_TEXT(id), BIND_INT(WEBHOOK_DELIVERIES)), NULL, err);
}

static enum err_code taken(struct tx *tx, const struct settling *settling, struct err *err)
{
	const struct webhook_outcome *outcome = settling->outcome;
	struct bind binds[] = { BIND_NULL,
				BIND_NULL,
				BIND_NULL,
				BIND_INT(outcome->at_us + outcome->duration_us),
				cursor_behind(settling->batch),
				BIND_INT(outcome->status),
				single_done(settling->batch) };

	return db_exec(tx, &sql_webhook_delivered, claim_of(binds, &settling->batch->webhook), COUNT(binds), NULL, err);
}

/* Nobody is told any more, until a person has looked. */
static enum err_code give_up(struct tx *tx, const struct settling *settling, struct err *err)
{
	enum { TEXTS_BYTES = 8192 };
	const struct webhook *webhook = &settling->batch->webhook;
	const struct webhook_outcome *outcome = settling->outcome;
	char since[TIME_SIZE];
	arena_auto arena = arena_new(TEXTS_BYTES);
	const char *reason = !arena ? NULL
			     : outcome->for_good
				     ? outcome->error
				     : arena_printf(arena, "nothing was taken since %s: %s",
						    time_format(webhook->failing_us, since), outcome->error);
	const char *text =
		reason ? arena_printf(arena,
				      "webhook %s to %.*s is paused: %s. When that is mended, \"lintas webhook resume "
				      "%s\" delivers what has waited; \"lintas webhook remove %s\" ends it",
				      webhook->id, (int)webhook_origin(webhook->url), webhook->url, reason, webhook->id,
				      webhook->id)
		       : NULL;

	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for the end of a webhook");
	TRY(db_exec(tx, &sql_webhook_pause, BINDS(BIND_TEXT(webhook->id), BIND_TEXT(reason)), NULL, err));
	TRY(task_open(tx,
		      &(struct task){ .organisation = webhook->organisation,
				      .kind = WEBHOOK_TASK,
				      .subject = webhook->id,
				      .text = text },
		      outcome->at_us, err));
	return webhook_journal(tx, webhook, "given-up", reason, &actor_system, outcome->at_us, err);
}

static enum err_code not_taken(struct tx *tx, const struct settling *settling, struct err *err)
{
	const struct webhook *webhook = &settling->batch->webhook;
	const struct webhook_outcome *outcome = settling->outcome;
	int64_t now_us = outcome->at_us + outcome->duration_us, mine = 0;
	struct bind binds[] = { BIND_NULL,
				BIND_NULL,
				BIND_NULL,
				BIND_INT(now_us + message_back_off_us(&webhook_retry, webhook->attempts + 1)),
				BIND_INT(now_us),
				outcome->status ? BIND_INT(outcome->status) : BIND_NULL,
				BIND_TEXT(outcome->error) };
	bool over = outcome->for_good ||
		    (webhook->failing_us != TIME_NONE && now_us - webhook->failing_us >= settling->give_up_us);

	TRY(db_exec(tx, &sql_webhook_later, claim_of(binds, webhook), COUNT(binds), &mine, err));
	return mine && over ? give_up(tx, settling, err) : OK;
}

static enum err_code settle_run(struct tx *tx, void *arg, struct err *err)
{
	const struct settling *settling = arg;

	TRY(remember(tx, settling, err));
	return settling->outcome->error ? not_taken(tx, settling, err) : taken(tx, settling, err);
}

enum err_code webhook_settle(struct kernel *kernel, const struct webhook_batch *batch,
			     const struct webhook_outcome *outcome, int64_t give_up_us, struct err *err)
{
	struct settling settling = { batch, outcome, give_up_us };

	return db_write(kernel->db, settle_run, &settling, err);
}

struct giving_back {
	const struct webhook *webhook;
	int64_t now_us;
};

static enum err_code give_back_run(struct tx *tx, void *arg, struct err *err)
{
	const struct giving_back *back = arg;
	struct bind binds[] = { BIND_NULL, BIND_NULL, BIND_NULL, BIND_INT(back->now_us) };

	return db_exec(tx, &sql_webhook_give_back, claim_of(binds, back->webhook), COUNT(binds), NULL, err);
}

enum err_code webhook_give_back(struct kernel *kernel, const struct webhook_batch *batch, int64_t now_us,
				struct err *err)
{
	struct giving_back back = { &batch->webhook, now_us };

	return db_write(kernel->db, give_back_run, &back, err);
}
