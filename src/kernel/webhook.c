#include "kernel/webhook_int.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/date.h"
#include "base/uuid.h"
#include "kernel/task.h"

struct webhook webhook_row(struct arena *arena, const struct query *query)
{
	return (struct webhook){
		.id = db_text(arena, query, 0),
		.organisation = db_text(arena, query, 1),
		.url = db_text(arena, query, 2),
		.events = db_text(arena, query, 3),
		.state = db_text(arena, query, 4),
		.reason = db_text(arena, query, 5),
		.secret = db_text(arena, query, 6),
		.key_number = db_int(query, 7),
		.old_secret = db_text(arena, query, 8),
		.old_until_us = db_time(query, 9),
		.cursor = db_int(query, 10),
		.single = db_int(query, 11),
		.message = db_text(arena, query, 12),
		.batch_until = db_int(query, 13),
		.attempts = db_int(query, 14),
		.next_us = db_int(query, 15),
		.failing_us = db_time(query, 16),
		.last_us = db_time(query, 17),
		.last_status = db_int(query, 18),
		.last_error = db_text(arena, query, 19),
		.delivered = db_int(query, 20),
		.created_us = db_int(query, 21),
		.created_by = db_text(arena, query, 22),
	};
}

enum err_code webhook_journal(struct tx *tx, const struct webhook *webhook, const char *event, const char *detail,
			      const struct actor *actor, int64_t now_us, struct err *err)
{
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = now_us,
						    .actor = actor->name,
						    .organisation = webhook->organisation,
						    .subject_type = "webhook",
						    .subject = webhook->id,
						    .event = event,
						    .detail = detail },
			   err);
}

/* --- Reading --- */

static enum err_code count_waiting(struct tx *tx, struct webhook *webhook, struct err *err)
{
	const struct bind binds[] = { BIND_INT(webhook->cursor), BIND_INT(WEBHOOK_WAITING_MAX),
				      BIND_TEXT(webhook->organisation) };
	db_query_auto query = { 0 };

	if (webhook->organisation)
		TRY(db_query(tx, &sql_webhook_waiting_organisation, binds, COUNT(binds), &query, err));
	else
		TRY(db_query(tx, &sql_webhook_waiting, binds, COUNT(binds) - 1, &query, err));
	if (db_next(&query))
		webhook->waiting = db_int(&query, 0);
	return db_end(&query, err);
}

static enum err_code complete(struct tx *tx, struct webhook *webhook, struct err *err)
{
	TRY(journal_number(tx, webhook->cursor, &webhook->cursor_number, err));
	TRY(journal_number(tx, webhook->single, &webhook->single_number, err));
	return count_waiting(tx, webhook, err);
}

enum err_code webhook_find(struct tx *tx, struct arena *arena, const char *id, struct webhook *webhook, struct err *err)
{
	struct webhook found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_webhook_get, BINDS(BIND_TEXT(id)), &query, err));
	if (db_next(&query))
		found = webhook_row(arena, &query);
	TRY(db_end(&query, err));
	if (found.id)
		TRY(complete(tx, &found, err));
	*webhook = found;
	return OK;
}

enum err_code webhook_list(struct tx *tx, struct arena *arena, const char *organisation, struct webhook_list *list,
			   struct err *err)
{
	struct webhook_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_webhook_all, BINDS(BIND_TEXT(organisation)), &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of webhooks");
		found.items[found.count++] = webhook_row(arena, &query);
	}
	TRY(db_end(&query, err));
	for (size_t i = 0; i < found.count; i++)
		TRY(complete(tx, &found.items[i], err));
	*list = found;
	return OK;
}

enum err_code webhook_deliveries(struct tx *tx, struct arena *arena, const char *id, size_t limit,
				 struct webhook_delivery_list *list, struct err *err)
{
	struct webhook_delivery_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_delivery_all, BINDS(BIND_TEXT(id), BIND_INT(limit)), &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of deliveries");
		found.items[found.count++] = (struct webhook_delivery){
			.number = db_int(&query, 0),
			.message = db_text(arena, &query, 1),
			.first = db_int(&query, 2),
			.last = db_int(&query, 3),
			.events = db_int(&query, 4),
			.attempt = db_int(&query, 5),
			.at_us = db_int(&query, 6),
			.duration_us = db_int(&query, 7),
			.status = db_int(&query, 8),
			.error = db_text(arena, &query, 9),
		};
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

/* --- Changes --- */

size_t webhook_origin(const char *url)
{
	size_t authority = strcspn(url, "/");

	authority += strspn(url + authority, "/");
	return authority + strcspn(url + authority, "/?#");
}

/* Without path and query, in which receivers hide secrets: the journal is for ever, and for more eyes. */
static enum err_code journal_receiver(struct tx *tx, const struct webhook *webhook, const char *event,
				      const struct actor *actor, int64_t now_us, struct err *err)
{
	char origin[256];

	snprintf(origin, sizeof(origin), "%.*s", (int)webhook_origin(webhook->url), webhook->url);
	return webhook_journal(tx, webhook, event, origin, actor, now_us, err);
}

enum err_code webhook_add(struct tx *tx, struct webhook *webhook, const struct actor *actor, int64_t now_us,
			  struct err *err)
{
	int64_t added = 0, cursor = -1;

	if (webhook->cursor_number >= 0)
		TRY(journal_number_read(tx, webhook->cursor_number, &cursor, err));
	TRY(db_exec(tx, &sql_webhook_put,
		    BINDS(BIND_TEXT(webhook->id), BIND_TEXT(webhook->organisation), BIND_TEXT(webhook->url),
			  BIND_TEXT(webhook->events), BIND_TEXT(webhook->secret), BIND_INT(cursor), BIND_INT(now_us),
			  BIND_TEXT(actor->name), BIND_INT(WEBHOOKS_MAX), BIND_INT(WEBHOOKS_OF_ONE)),
		    &added, err));
	if (added == 0)
		return fail(
			err, ERR_LIMIT,
			"this node has %d webhooks already, or %d of this organisation: remove one that nobody needs",
			WEBHOOKS_MAX, WEBHOOKS_OF_ONE);
	return journal_receiver(tx, webhook, "added", actor, now_us, err);
}

enum err_code webhook_remove(struct tx *tx, const struct webhook *webhook, const struct actor *actor, int64_t now_us,
			     struct err *err)
{
	TRY(db_exec(tx, &sql_webhook_forget, BINDS(BIND_TEXT(webhook->id)), NULL, err));
	TRY(db_exec(tx, &sql_webhook_drop, BINDS(BIND_TEXT(webhook->id)), NULL, err));
	TRY(task_close(tx, webhook->id, WEBHOOK_TASK, now_us, err));
	return journal_receiver(tx, webhook, "removed", actor, now_us, err);
}

enum err_code webhook_pause(struct tx *tx, const struct webhook *webhook, const struct actor *actor, int64_t now_us,
			    struct err *err)
{
	char reason[128];

	if (same(webhook->state, "paused"))
		return OK;
	snprintf(reason, sizeof(reason), "by %s", actor->name);
	TRY(db_exec(tx, &sql_webhook_pause, BINDS(BIND_TEXT(webhook->id), BIND_TEXT(reason)), NULL, err));
	return webhook_journal(tx, webhook, "paused", reason, actor, now_us, err);
}

enum err_code webhook_resume(struct tx *tx, const struct webhook *webhook, const struct actor *actor, int64_t now_us,
			     struct err *err)
{
	TRY(db_exec(tx, &sql_webhook_resume, BINDS(BIND_TEXT(webhook->id), BIND_INT(now_us)), NULL, err));
	TRY(task_close(tx, webhook->id, WEBHOOK_TASK, now_us, err));
	return webhook_journal(tx, webhook, "resumed", NULL, actor, now_us, err);
}

enum err_code webhook_rotate(struct tx *tx, const struct webhook *webhook, const char *secret, int64_t until_us,
			     const struct actor *actor, int64_t now_us, struct err *err)
{
	char detail[128], until[TIME_SIZE];

	snprintf(detail, sizeof(detail), "key %" PRId64 "; the one before signs until %s", webhook->key_number + 1,
		 time_format(until_us, until));
	TRY(db_exec(tx, &sql_webhook_rotate, BINDS(BIND_TEXT(webhook->id), BIND_TEXT(secret), BIND_INT(until_us)), NULL,
		    err));
	return webhook_journal(tx, webhook, "secret-rotated", detail, actor, now_us, err);
}

/* Behind the end of the journal nothing would be delivered until that is reached. */
static enum err_code find_event(struct tx *tx, struct arena *arena, const struct webhook *webhook, int64_t number,
				int64_t *sequence, struct err *err)
{
	struct journal_list list;
	int64_t found;

	TRY(journal_number_read(tx, number, &found, err));
	TRY(journal_after(tx, arena, found - 1, webhook->organisation, 1, &list, err));
	if (list.count == 0 || list.entries[0].number != number)
		return fail(err, ERR_NOT_FOUND, "there is no event %" PRId64 " that this webhook could deliver",
			    number);
	*sequence = found;
	return OK;
}

enum err_code webhook_redeliver(struct tx *tx, struct arena *arena, const struct webhook *webhook, int64_t after,
				int64_t single, const struct actor *actor, int64_t now_us, struct err *err)
{
	char detail[64];
	int64_t sequence;

	TRY(single ? find_event(tx, arena, webhook, single, &sequence, err)
		   : journal_number_read(tx, after, &sequence, err));
	if (single && webhook->single)
		return fail(err, ERR_CONFLICT,
			    "event %" PRId64 " is waiting to be delivered again: ask for the next when it is through",
			    webhook->single_number);
	snprintf(detail, sizeof(detail), single ? "event %" PRId64 : "after %" PRId64, single ? single : after);
	TRY(db_exec(tx, single ? &sql_webhook_single : &sql_webhook_seek,
		    BINDS(BIND_TEXT(webhook->id), BIND_INT(sequence), BIND_INT(now_us)), NULL, err));
	return webhook_journal(tx, webhook, "redelivery-asked", detail, actor, now_us, err);
}
