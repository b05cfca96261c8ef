#include "kernel/message_int.h"

#include <stdio.h>

#include "base/date.h"
#include "base/random.h"
#include "base/uuid.h"
#include "kernel/capability.h"

#define WORK_ARENA_BYTES    ((size_t)1 << 20)
#define PROCESS_ARENA_BYTES ((size_t)512 << 20)
#define STEP_MAX            1000
/* As the outbox's default, but a fault of our own is looked at sooner. */
static const struct retry_policy process_retry = {
	.first_us = SECOND_US,
	.max_us = 5 * MINUTE_US,
};

static const struct actor system_actor = { .name = "system" };

/* --- Accepting --- */

struct acceptance {
	struct kernel *kernel;
	struct arena *arena;
	struct inbox_delivery *delivery;
	struct message message;      /* as it is stored */
	struct wire received, given; /* and the message's bytes, and its receipt's */
	int64_t now_us;
	enum inbox_outcome outcome;
	struct wire receipt;
};

static enum err_code partner_actor(struct arena *arena, const char *partner, struct actor *actor, struct err *err)
{
	*actor = (struct actor){ .name = arena_printf(arena, "partner:%s", partner) };
	return actor->name ? OK : fail(err, ERR_MEMORY, "no memory left for a message from %s", partner);
}

/* The stored id and digest of the same message id; NULL if it was never accepted. */
static enum err_code known_read(struct tx *tx, struct acceptance *acceptance, const char **id, const char **digest,
				struct err *err)
{
	db_query_auto query = { 0 };

	*id = *digest = NULL;
	TRY(db_query(tx, &sql_message_known,
		     BINDS(BIND_TEXT(acceptance->message.message_id), BIND_TEXT(acceptance->message.partner)), &query,
		     err));
	if (db_next(&query)) {
		*id = db_text(acceptance->arena, &query, 0);
		*digest = db_text(acceptance->arena, &query, 1);
	}
	return db_end(&query, err);
}

static enum err_code receipt_read(struct tx *tx, struct acceptance *acceptance, const char *id, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_wire_receipt, BINDS(BIND_TEXT(id)), &query, err));
	bool found = db_next(&query);
	if (found)
		acceptance->receipt = wire_row(acceptance->arena, &query);
	TRY(db_end(&query, err));
	return found ? OK : fail(err, ERR_INTERNAL, "message %s was accepted without a receipt", id);
}

/* What a partner's mistakes cost us today, after this one. */
struct cost {
	int64_t refusals, bytes, entries;
};

static enum err_code cost_add(struct tx *tx, const char *partner, int64_t now_us, struct cost one, struct cost *today,
			      struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_refusal_count,
		     BINDS(BIND_TEXT(partner), BIND_INT(date_of_time(now_us)), BIND_INT(one.refusals),
			   BIND_INT(one.bytes), BIND_INT(one.entries)),
		     &query, err));
	if (db_next(&query))
		*today = (struct cost){ db_int(&query, 0), db_int(&query, 1), db_int(&query, 2) };
	return db_end(&query, err);
}

static enum err_code refused_journal(struct tx *tx, const struct acceptance *acceptance, const char *subject,
				     const char *event, struct err *err)
{
	struct actor actor;
	struct cost today = { 0 };

	TRY(cost_add(tx, acceptance->message.partner, acceptance->now_us, (struct cost){ .entries = 1 }, &today, err));
	if (today.entries > REFUSALS_KEPT_A_DAY)
		return OK;
	TRY(partner_actor(acceptance->arena, acceptance->message.partner, &actor, err));
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = acceptance->now_us,
						    .actor = actor.name,
						    .organisation = acceptance->message.organisation,
						    .subject_type = "message",
						    .subject = subject,
						    .event = event },
			   err);
}

static enum err_code seen_before(struct tx *tx, struct acceptance *acceptance, const char *id, const char *digest,
				 struct err *err)
{
	if (same(digest, acceptance->message.digest)) {
		acceptance->outcome = INBOX_DUPLICATE;
		return receipt_read(tx, acceptance, id, err);
	}
	acceptance->outcome = INBOX_ALTERED;
	return refused_journal(tx, acceptance, id, "altered-duplicate", err);
}

static enum err_code evidence_put(struct tx *tx, struct acceptance *acceptance, struct err *err)
{
	const struct message *message = &acceptance->message;
	struct actor actor;
	char id[UUID_SIZE];

	TRY(partner_actor(acceptance->arena, message->partner, &actor, err));
	struct fsm_case fsm_case = message_case(acceptance->kernel, acceptance->arena, message, &actor,
						acceptance->now_us, message->action);
	fsm_case.content = acceptance->received.record;
	TRY(wire_insert(tx, message->id, message->partner, &acceptance->received, id, acceptance->now_us, err));
	TRY(fsm_open(tx, &message_in_machine, &fsm_case, err));
	TRY(wire_insert(tx, message->id, message->partner, &acceptance->given, id, acceptance->now_us, err));
	acceptance->outcome = INBOX_ACCEPTED;
	acceptance->receipt = acceptance->delivery->receipt;
	return wire_journal(tx, message, &acceptance->given, NULL, acceptance->now_us, err);
}

/* The insertion itself says whether the id is new, so that of two deliveries at once only one is accepted. A known id
 * gets its receipt even when it is old: the sender may have lost it all that time. */
static enum err_code accept_run(struct tx *tx, void *arg, struct err *err)
{
	struct acceptance *acceptance = arg;
	struct message *message = &acceptance->message;
	const char *id = NULL, *digest = NULL;
	bool too_old = message->created_us < acceptance->now_us - acceptance->delivery->window_us;
	bool inserted = false;

	if (!too_old)
		TRY(message_insert(tx, message, &acceptance->delivery->parts, message->state, acceptance->now_us,
				   &inserted, err));
	if (inserted)
		return evidence_put(tx, acceptance, err);

	TRY(known_read(tx, acceptance, &id, &digest, err));
	if (id)
		return seen_before(tx, acceptance, id, digest, err);
	if (!too_old)
		return fail(err, ERR_BUSY, "message %.80s is being stored by another worker", message->message_id);
	acceptance->outcome = INBOX_TOO_OLD;
	return refused_journal(tx, acceptance, message->message_id, "too-old", err);
}

enum err_code inbox_accept(struct kernel *kernel, struct arena *arena, struct inbox_delivery *delivery, int64_t now_us,
			   enum inbox_outcome *outcome, struct wire *receipt, struct err *err)
{
	char uuid[UUID_SIZE];
	struct acceptance acceptance = {
		.kernel = kernel,
		.arena = arena,
		.delivery = delivery,
		.message = delivery->message,
		.now_us = now_us,
	};
	struct message *message = &acceptance.message;
	struct wire_room received, given;

	id_new(uuid, now_us);
	message->id = arena_text(arena, uuid);
	message->direction = "in";
	message->state = message_in_machine.initial;
	message->settled_us = TIME_NONE;
	message->accepted_us = message->next_attempt_us = now_us;
	message->digest = message_digest(arena, &delivery->parts);
	if (!message->id || !message->digest)
		return fail(err, ERR_MEMORY, "no memory left for a message from %s", message->partner);
	acceptance.received = wire_digested(&delivery->received, message->digest, &received);
	acceptance.given = wire_digested(&delivery->receipt, message->digest, &given);
	TRY(db_write(kernel->db, accept_run, &acceptance, err));
	delivery->message = *message;
	*outcome = acceptance.outcome;
	if (acceptance.outcome == INBOX_ACCEPTED || acceptance.outcome == INBOX_DUPLICATE)
		*receipt = acceptance.receipt;
	return OK;
}

/* --- Refusing --- */

struct refusal {
	const char *partner, *message_id, *rule;
	struct wire received, error; /* .digest is NULL if there is none */
	int64_t now_us;
};

/* One of the two wires: kept if it may be, and in the journal in any case. ID becomes "" if it is not kept. */
static enum err_code refused_wire(struct tx *tx, const struct refusal *refusal, const char *refusal_id,
				  const struct wire *wire, bool keep, char id[static UUID_SIZE], struct err *err)
{
	char detail[80];

	id[0] = '\0';
	if (!wire->digest)
		return OK;
	if (keep)
		TRY(wire_insert(tx, NULL, refusal->partner, wire, id, refusal->now_us, err));
	snprintf(detail, sizeof(detail), "%s: %s", refusal->partner, refusal->rule);
	return journal_put(
		tx,
		&(struct journal_entry){ .at_us = refusal->now_us,
					 .actor = "system",
					 .subject_type = "refusal",
					 .subject = refusal_id,
					 .event = wire->kind == WIRE_RECEIVED ? "refused" : wire_kind_name(wire->kind),
					 .detail = detail,
					 .content = wire->record },
		err);
}

static enum err_code refused_run(struct tx *tx, void *arg, struct err *err)
{
	const struct refusal *refusal = arg;
	char id[UUID_SIZE], received[UUID_SIZE], error[UUID_SIZE];
	struct cost today = { 0 },
		    one = { .refusals = 1,
			    .bytes = (int64_t)refusal->received.octets.size + (int64_t)refusal->error.octets.size };

	TRY(cost_add(tx, refusal->partner, refusal->now_us, one, &today, err));
	if (today.refusals > REFUSALS_KEPT_A_DAY)
		return OK;
	bool keep = today.bytes <= REFUSAL_BYTES_KEPT_A_DAY;
	id_new(id, refusal->now_us);
	TRY(refused_wire(tx, refusal, id, &refusal->received, keep, received, err));
	TRY(refused_wire(tx, refusal, id, &refusal->error, keep, error, err));
	return db_exec(tx, &sql_refusal_put,
		       BINDS(BIND_TEXT(id), BIND_TEXT(refusal->partner), BIND_TEXT(refusal->message_id),
			     BIND_TEXT(refusal->rule), BIND_INT(refusal->now_us),
			     BIND_TEXT(*received ? received : NULL), BIND_TEXT(*error ? error : NULL)),
		       NULL, err);
}

enum err_code inbox_refused(struct kernel *kernel, const char *partner, const char *message_id, const char *rule,
			    const struct wire *received, const struct wire *error, int64_t now_us, struct err *err)
{
	struct refusal refusal = { .partner = partner, .message_id = message_id, .rule = rule, .now_us = now_us };
	struct wire_room received_room, error_room;

	if (received)
		refusal.received = wire_digested(received, NULL, &received_room);
	if (error)
		refusal.error = wire_digested(error, NULL, &error_room);
	return db_write(kernel->db, refused_run, &refusal, err);
}

/* --- Processing --- */

struct work {
	struct kernel *kernel;
	struct arena *arena; /* of the step */
	const struct intake *intake;
	int64_t now_us;
	unsigned limit;
	const char **ids;
	size_t count;
	/* The message at hand. */
	const char *id;
	struct arena *reading; /* what the three below are in */
	struct message_parts parts;
	const void *read;
	int64_t attempts; /* of it, when it was read; -1: it was not */
	bool looked;      /* it was due and could be read: .parts, and .read unless it has none, are it */
	bool gone;        /* another worker has finished it: there is nothing to write */
	bool processed, parked;
	struct err cause;
};

static const struct intake *intake_of(const struct kernel *kernel)
{
	for (const struct capability *const *capability = kernel->capabilities; *capability; capability++)
		if ((*capability)->intake)
			return (*capability)->intake;
	return NULL;
}

struct partner_codes {
	const char **items;
	size_t count;
};

/* Those of whom something is due, the one that has waited longest first. */
static enum err_code partners_read(struct tx *tx, const struct work *work, struct partner_codes *partners,
				   struct err *err)
{
	db_query_auto query = { 0 };

	*partners = (struct partner_codes){ 0 };
	TRY(db_query(tx, &sql_message_received_partners, BINDS(BIND_INT(work->now_us)), &query, err));
	while (db_next(&query)) {
		partners->items = list_grow(work->arena, partners->items, partners->count, sizeof(*partners->items));
		if (!partners->items)
			return fail(err, ERR_MEMORY, "no memory left for the partners of received messages");
		partners->items[partners->count++] = db_text(work->arena, &query, 0);
	}
	return db_end(&query, err);
}

static enum err_code received_of(struct tx *tx, struct work *work, const char *partner, size_t limit, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_message_received, BINDS(BIND_INT(work->now_us), BIND_INT(limit), BIND_TEXT(partner)),
		     &query, err));
	while (db_next(&query)) {
		work->ids = list_grow(work->arena, work->ids, work->count, sizeof(*work->ids));
		if (!work->ids)
			return fail(err, ERR_MEMORY, "no memory left for the received messages");
		work->ids[work->count++] = db_text(work->arena, &query, 0);
	}
	return db_end(&query, err);
}

static enum err_code received_read(struct tx *tx, void *arg, struct err *err)
{
	struct work *work = arg;
	struct partner_codes partners;

	work->ids = NULL;
	work->count = 0;
	TRY(partners_read(tx, work, &partners, err));
	size_t share = partners.count > 0 ? work->limit / partners.count : 0;
	for (size_t i = 0; i < partners.count && work->count < work->limit; i++)
		TRY(received_of(tx, work, partners.items[i], share > 0 ? share : 1, err));
	return OK;
}

/* The message, if it is still received and no other worker has it; else .id is NULL. */
static enum err_code take(struct tx *tx, const struct work *work, struct arena *arena, struct message *message,
			  struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_message_take, BINDS(BIND_TEXT(work->id)), &query, err));
	*message = db_next(&query) ? message_row(arena, &query) : (struct message){ 0 };
	return db_end(&query, err);
}

static enum err_code is_blocked(struct tx *tx, const struct message *message, bool *blocked, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_message_before,
		     BINDS(BIND_TEXT(message->conversation), BIND_TEXT(message->partner), BIND_TEXT(message->direction),
			   BIND_INT(message->position)),
		     &query, err));
	*blocked = db_next(&query);
	return db_end(&query, err);
}

/* What the document's rules found, in one line for the journal. */
static const char *findings_line(struct arena *arena, const struct findings *findings)
{
	const struct finding *first = findings_at(findings, 0);

	return first ? arena_printf(arena, "%zu findings, first %s", findings_count(findings), first->rule->code)
		     : NULL;
}

static enum err_code process_one(struct tx *tx, struct work *work, struct arena *arena, const struct message *message,
				 struct err *err)
{
	struct findings *findings = findings_new(arena);

	if (!findings)
		return fail(err, ERR_MEMORY, "no memory left for message %s", message->id);
	if (work->read)
		TRY(work->intake->process(work->kernel, tx, arena, message, work->read, work->now_us, findings, err));

	struct fsm_case fsm_case =
		message_case(work->kernel, arena, message, &system_actor, work->now_us, findings_line(arena, findings));
	TRY(message_fire(tx, &fsm_case, &message_in_machine, MESSAGE_PROCESSED, NULL, err));
	TRY(message_wake(tx, message, work->now_us, err));
	work->processed = true;
	return OK;
}

static enum err_code process_run(struct tx *tx, void *arg, struct err *err)
{
	struct work *work = arg;
	struct message message;
	bool blocked;
	arena_auto arena = arena_new(PROCESS_ARENA_BYTES);

	work->processed = work->parked = false;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for message %s", work->id);
	TRY(take(tx, work, arena, &message, err));
	if (!message.id)
		return OK;
	TRY(is_blocked(tx, &message, &blocked, err));
	work->parked = blocked;
	if (blocked)
		return db_exec(tx, &sql_message_park, BINDS(BIND_TEXT(message.id)), NULL, err);
	/* Not as it was when it was read: whoever has retried or failed it meanwhile leaves it for the next look. */
	if (!work->looked || message.attempts != work->attempts)
		return OK;
	return process_one(tx, work, arena, &message, err);
}

struct loading {
	struct work *work;
	struct message message;
	bool blocked;
};

static enum err_code load_run(struct tx *tx, void *arg, struct err *err)
{
	struct loading *loading = arg;
	struct work *work = loading->work;

	TRY(message_find(tx, work->reading, work->id, &loading->message, err));
	if (!same(loading->message.state, message_in_machine.initial))
		return OK;
	TRY(is_blocked(tx, &loading->message, &loading->blocked, err));
	return loading->blocked ? OK : message_parts_of(tx, work->reading, work->id, &work->parts, err);
}

/* What can be said of the message before its transaction. One that waits behind another, or that another worker has
 * finished, is not read. A message without payload is a ping: it ends with its receipt, no business sees it. */
static enum err_code read_one(struct work *work, struct err *err)
{
	struct loading loading = { .work = work };

	if (!work->intake)
		return fail(err, ERR_CONFIG, "no capability of this node takes messages in");
	TRY(db_read(work->kernel->db, load_run, &loading, err));
	work->gone = !same(loading.message.state, message_in_machine.initial);
	work->looked = !work->gone && !loading.blocked;
	if (!work->looked)
		return OK;
	work->attempts = loading.message.attempts;
	if (work->parts.count == 0)
		return OK;
	return work->intake->read(work->kernel, work->reading, &loading.message, &work->parts, work->now_us,
				  &work->read, err);
}

static enum err_code look_at(struct work *work, struct err *err)
{
	work->attempts = -1;
	work->read = NULL;
	work->parts = (struct message_parts){ 0 };
	work->processed = work->parked = work->looked = work->gone = false;
	TRY(read_one(work, err));
	return work->gone ? OK : db_write(work->kernel->db, process_run, work, err);
}

static enum err_code retry_later(struct tx *tx, const struct work *work, const struct message *message,
				 const char *reason, struct err *err)
{
	int64_t delay_us = message_back_off_us(&process_retry, message->attempts + 1);

	return db_exec(tx, &sql_message_retry_in,
		       BINDS(BIND_TEXT(message->id), BIND_INT(work->now_us + delay_us), BIND_TEXT(reason)), NULL, err);
}

static enum err_code fail_for_good(struct tx *tx, const struct work *work, struct arena *arena,
				   const struct message *message, const char *reason, struct err *err)
{
	struct fsm_case fsm_case = message_case(work->kernel, arena, message, &system_actor, work->now_us, reason);
	const char *text = arena_printf(
		arena,
		"%s from %s was received but could not be processed: %s. What follows it in its conversation "
		"waits. Look at \"lintas timeline %s\"; when the cause is mended, \"lintas outbox retry %s\"; if it "
		"is not to be processed at all, \"lintas outbox abandon %s\"",
		message->action, message->partner, reason, message->id, message->id, message->id);

	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for a task");
	TRY(db_exec(tx, &sql_message_error, BINDS(BIND_TEXT(message->id), BIND_TEXT(reason)), NULL, err));
	TRY(message_fire(tx, &fsm_case, &message_in_machine, MESSAGE_FAILED, NULL, err));
	return task_open(tx,
			 &(struct task){ .organisation = message->organisation,
					 .kind = TASK_DOCUMENT_FAILED,
					 .subject = message->id,
					 .text = text },
			 work->now_us, err);
}

/* After the transaction that failed has gone: what becomes of the message, unless another worker had it meanwhile. */
static enum err_code failed_run(struct tx *tx, void *arg, struct err *err)
{
	const struct work *work = arg;
	struct message message;
	arena_auto arena = arena_new(WORK_ARENA_BYTES);
	const char *reason = arena ? message_reason(arena, work->cause.text) : NULL;

	if (!reason)
		return fail(err, ERR_MEMORY, "no memory left for the failure of message %s", work->id);
	TRY(take(tx, work, arena, &message, err));
	if (!message.id || (work->attempts >= 0 && message.attempts != work->attempts))
		return OK;
	if (err_row(work->cause.code)->transient)
		return retry_later(tx, work, &message, reason, err);
	return fail_for_good(tx, work, arena, &message, reason, err);
}

/* One look at what is due. What a message wakes is due in the next one. *MOVED: what will not be due then, whatever
 * became of it. */
static enum err_code round_run(struct work *work, unsigned *processed, unsigned *moved, struct err *err)
{
	*processed = *moved = 0;
	TRY(db_read(work->kernel->db, received_read, work, err));
	/* Several processors see the same list: each begins elsewhere, or all would read the same message at once. The
	 * order of a conversation does not depend on it. */
	size_t first = work->count > 1 ? (size_t)random_below(work->count) : 0;
	for (size_t k = 0; k < work->count; k++) {
		size_t i = (first + k) % work->count;
		arena_auto reading = arena_new(PROCESS_ARENA_BYTES);
		if (!reading)
			return fail(err, ERR_MEMORY, "no memory left for message %s", work->ids[i]);
		work->id = work->ids[i];
		work->reading = reading;
		bool failed = look_at(work, &work->cause) != OK;
		if (failed)
			TRY(db_write(work->kernel->db, failed_run, work, err));
		*processed += !failed && work->processed;
		*moved += failed || work->processed || work->parked;
	}
	return OK;
}

enum err_code inbox_step(struct kernel *kernel, int64_t now_us, unsigned limit, unsigned *done, struct err *err)
{
	unsigned total = 0, looked_at = 0, processed, moved;

	if (limit > STEP_MAX)
		limit = STEP_MAX;
	do {
		arena_auto arena = arena_new(WORK_ARENA_BYTES);
		struct work work = {
			.kernel = kernel,
			.arena = arena,
			.intake = intake_of(kernel),
			.now_us = now_us,
			.limit = limit - total,
		};
		if (!arena)
			return fail(err, ERR_MEMORY, "no memory left for the received messages");
		TRY(round_run(&work, &processed, &moved, err));
		total += processed;
		looked_at += moved;
	} while (moved > 0 && total < limit && looked_at < STEP_MAX);
	*done = total;
	return OK;
}
