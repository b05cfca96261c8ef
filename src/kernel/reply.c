#include "kernel/reply.h"

#include <stdio.h>

#include "base/date.h"
#include "base/uuid.h"
#include "kernel/message_int.h"

#define WORK_ARENA_BYTES ((size_t)1 << 20)
/* That are too old, in one claim; the next one goes on. */
#define DROPS_MAX 100

static const struct retry_policy reply_retry = { .first_us = 5 * SECOND_US, .max_us = 5 * MINUTE_US };

enum err_code reply_put(struct tx *tx, const struct reply *reply, int64_t now_us, struct err *err)
{
	char id[UUID_SIZE];

	id_new(id, now_us);
	TRY(db_exec(tx, &sql_reply_put,
		    BINDS(BIND_TEXT(id), BIND_TEXT(reply->partner), BIND_TEXT(reply->ref_to), BIND_TEXT(reply->kind),
			  BIND_TEXT(reply->content_type), BIND_BLOB(reply->octets), BIND_INT(now_us)),
		    NULL, err));
	if (same(reply->kind, "receipt"))
		TRY(db_exec(tx, &sql_reply_overtaken, BINDS(BIND_TEXT(reply->partner), BIND_TEXT(reply->ref_to)), NULL,
			    err));
	return db_exec(tx, &sql_reply_make_room, BINDS(BIND_TEXT(reply->partner), BIND_INT(REPLIES_MAX)), NULL, err);
}

/* --- Giving up --- */

/* Unless it was put again, or another has it. */
static enum err_code drop(struct tx *tx, const struct reply *reply, int64_t *mine, struct err *err)
{
	return db_exec(tx, &sql_reply_drop,
		       BINDS(BIND_TEXT(reply->id), BIND_INT(reply->attempts), BIND_INT(reply->next_attempt_us)), mine,
		       err);
}

struct reply_failure {
	const struct reply *reply;
	const char *reason;
	int64_t now_us;
};

/* In the timeline of the message that it answers, if we have that. */
static enum err_code give_up(struct tx *tx, const struct reply_failure *failure, struct err *err)
{
	const struct reply *reply = failure->reply;
	arena_auto arena = arena_new(WORK_ARENA_BYTES);
	const char *reason = arena ? message_reason(arena, failure->reason) : NULL;
	const char *detail = reason ? arena_printf(arena, "%s to %s: %s", reply->kind, reply->partner, reason) : NULL;
	db_query_auto query = { 0 };

	if (!detail)
		return fail(err, ERR_MEMORY, "no memory left for the end of a reply to %s", reply->partner);
	TRY(db_query(tx, &sql_message_known, BINDS(BIND_TEXT(reply->ref_to), BIND_TEXT(reply->partner)), &query, err));
	const char *message = db_next(&query) ? db_text(arena, &query, 0) : NULL;
	TRY(db_end(&query, err));
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = failure->now_us,
						    .actor = actor_system.name,
						    .subject_type = "message",
						    .subject = message ? message : reply->ref_to,
						    .event = "reply-given-up",
						    .detail = detail },
			   err);
}

static enum err_code drop_and_tell(struct tx *tx, const struct reply_failure *failure, struct err *err)
{
	int64_t mine = 0;

	TRY(drop(tx, failure->reply, &mine, err));
	return mine ? give_up(tx, failure, err) : OK;
}

static bool is_over(const struct reply *reply, int64_t now_us)
{
	return now_us - reply->created_us >= REPLY_TIME_US;
}

/* --- Claiming --- */

struct reply_claim {
	struct arena *arena;
	const char *partner, *instance;
	int64_t now_us, lease_until_us;
	struct reply reply;
	bool found;
};

static enum err_code due_read(struct tx *tx, void *arg, struct err *err)
{
	struct reply_claim *claim = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_reply_due, BINDS(BIND_TEXT(claim->partner), BIND_INT(claim->now_us)), &query, err));
	claim->found = db_next(&query);
	return db_end(&query, err);
}

static enum err_code lease(struct tx *tx, struct reply_claim *claim, struct err *err)
{
	struct arena *arena = claim->arena;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_reply_lease,
		     BINDS(BIND_TEXT(claim->partner), BIND_INT(claim->now_us), BIND_INT(claim->lease_until_us),
			   BIND_TEXT(claim->instance)),
		     &query, err));
	claim->found = db_next(&query);
	if (claim->found)
		claim->reply = (struct reply){
			.id = db_text(arena, &query, 0),
			.partner = db_text(arena, &query, 1),
			.ref_to = db_text(arena, &query, 2),
			.kind = db_text(arena, &query, 3),
			.content_type = db_text(arena, &query, 4),
			.octets = db_blob(arena, &query, 5),
			.attempts = db_int(&query, 6),
			.next_attempt_us = db_int(&query, 7),
			.created_us = db_int(&query, 8),
		};
	return db_end(&query, err);
}

static enum err_code claim_run(struct tx *tx, void *arg, struct err *err)
{
	struct reply_claim *claim = arg;

	for (int i = 0; i < DROPS_MAX; i++) {
		TRY(lease(tx, claim, err));
		if (!claim->found || !is_over(&claim->reply, claim->now_us))
			return OK;
		TRY(drop_and_tell(
			tx, &(struct reply_failure){ &claim->reply, "it waited for longer than a day", claim->now_us },
			err));
	}
	claim->found = false;
	return OK;
}

enum err_code reply_claim(struct kernel *kernel, struct arena *arena, const char *partner, int64_t now_us,
			  int64_t lease_us, struct reply *reply, bool *found, struct err *err)
{
	struct reply_claim claim = {
		.arena = arena,
		.partner = partner,
		.instance = kernel->instance,
		.now_us = now_us,
		.lease_until_us = now_us + lease_us,
	};

	/* Most looks find nothing, and what only reads does not stand in line for the writer. */
	TRY(db_read(kernel->db, due_read, &claim, err));
	if (claim.found)
		TRY(db_write(kernel->db, claim_run, &claim, err));
	if (claim.found)
		*reply = claim.reply;
	*found = claim.found;
	return OK;
}

/* --- Afterwards --- */

static enum err_code done_run(struct tx *tx, void *arg, struct err *err)
{
	return drop(tx, arg, NULL, err);
}

enum err_code reply_done(struct kernel *kernel, const struct reply *reply, struct err *err)
{
	struct reply done = *reply;

	return db_write(kernel->db, done_run, &done, err);
}

static enum err_code failed_run(struct tx *tx, void *arg, struct err *err)
{
	const struct reply_failure *failure = arg;
	const struct reply *reply = failure->reply;
	int64_t next_us = failure->now_us + message_back_off_us(&reply_retry, reply->attempts);

	if (is_over(reply, failure->now_us))
		return drop_and_tell(tx, failure, err);
	return db_exec(tx, &sql_reply_later,
		       BINDS(BIND_TEXT(reply->id), BIND_INT(reply->attempts), BIND_INT(reply->next_attempt_us),
			     BIND_INT(next_us)),
		       NULL, err);
}

enum err_code reply_failed(struct kernel *kernel, const struct reply *reply, const char *reason, int64_t now_us,
			   struct err *err)
{
	struct reply_failure failure = { reply, reason, now_us };

	return db_write(kernel->db, failed_run, &failure, err);
}

static enum err_code give_back_run(struct tx *tx, void *arg, struct err *err)
{
	const struct reply_failure *back = arg;
	const struct reply *reply = back->reply;

	return db_exec(tx, &sql_reply_give_back,
		       BINDS(BIND_TEXT(reply->id), BIND_INT(reply->attempts), BIND_INT(reply->next_attempt_us),
			     BIND_INT(back->now_us)),
		       NULL, err);
}

enum err_code reply_give_back(struct kernel *kernel, const struct reply *reply, int64_t now_us, struct err *err)
{
	struct reply_failure back = { .reply = reply, .now_us = now_us };

	return db_write(kernel->db, give_back_run, &back, err);
}

enum err_code reply_drop_all(struct tx *tx, const char *partner, int64_t now_us, struct err *err)
{
	char detail[80];
	int64_t dropped = 0;

	TRY(db_exec(tx, &sql_reply_drop_all, BINDS(BIND_TEXT(partner)), &dropped, err));
	if (dropped == 0)
		return OK;
	snprintf(detail, sizeof(detail), "%lld, because its binding has changed", (long long)dropped);
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = now_us,
						    .actor = actor_system.name,
						    .subject_type = "partner",
						    .subject = partner,
						    .event = "replies-given-up",
						    .detail = detail },
			   err);
}
