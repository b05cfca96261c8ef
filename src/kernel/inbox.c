#include "kernel/message_int.h"

#include <pthread.h>
#include <stdio.h>

#include "base/date.h"
#include "base/random.h"
#include "base/uuid.h"
#include "kernel/capability.h"
#include "kernel/reply.h"

#define WORK_ARENA_BYTES    ((size_t)1 << 20)
#define PROCESS_ARENA_BYTES ((size_t)512 << 20)
#define STEP_MAX            1000
/* Messages that are read together, until so much was read of them, and processed in one transaction. */
#define BATCH_MAX   16
#define BATCH_BYTES ((size_t)8 << 20)
/* As the outbox's default, but a fault of our own is looked at sooner. */
static const struct retry_policy process_retry = {
	.first_us = SECOND_US,
	.max_us = 5 * MINUTE_US,
};

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
	/* It came before, as this message of ours, with another digest: whether the content is another, too, is found
	 * out between two runs, because no other writer shall wait for that. */
	const char *to_compare;
	bool compared, same_content;
};

static enum err_code partner_actor(struct arena *arena, const char *partner, struct actor *actor, struct err *err)
{
	*actor = actor_partner(arena, partner);
	return actor->name ? OK : fail(err, ERR_MEMORY, "no memory left for a message from %s", partner);
}

/* What is stored of the same message id; .id is NULL if it was never accepted. */
struct known {
	const char *id, *digest;
	bool deleted; /* its term was over (kernel/retention.h), and its receipt went with it */
};
static enum err_code known_read(struct tx *tx, struct acceptance *acceptance, struct known *known, struct err *err)
{
	db_query_auto query = { 0 };

	*known = (struct known){ 0 };
	TRY(db_query(tx, &sql_message_known,
		     BINDS(BIND_TEXT(acceptance->message.message_id), BIND_TEXT(acceptance->message.partner)), &query,
		     err));
	if (db_next(&query)) {
		known->id = db_text(acceptance->arena, &query, 0);
		known->digest = db_text(acceptance->arena, &query, 1);
		known->deleted = db_int(&query, 2) != 0;
	}
	return db_end(&query, err);
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

/* SIGNAL goes out later, with a request of its own. */
static enum err_code reply_later(struct tx *tx, const char *partner, const char *ref_to, const char *kind,
				 const struct wire *signal, int64_t now_us, struct err *err)
{
	return reply_put(tx,
			 &(struct reply){ .partner = partner,
					  .ref_to = ref_to,
					  .kind = kind,
					  .content_type = signal->content_type,
					  .octets = signal->octets },
			 now_us, err);
}

static enum err_code receipt_later(struct tx *tx, const struct acceptance *acceptance, struct err *err)
{
	const struct message *message = &acceptance->message;

	if (!acceptance->delivery->reply_later)
		return OK;
	return reply_later(tx, message->partner, message->message_id, "receipt", &acceptance->receipt,
			   acceptance->now_us, err);
}

/* What was deleted is still known, and is not taken a second time; but there is no receipt left to give. */
static enum err_code seen_before(struct tx *tx, struct acceptance *acceptance, const struct known *known,
				 struct err *err)
{
	bool repacked = !same(known->digest, acceptance->message.digest);
	const struct repetition repetition = {
		.delivery = acceptance->delivery,
		.id = known->id,
		.repacked = repacked,
		.received = acceptance->received,
		.given = acceptance->given,
		.now_us = acceptance->now_us,
	};

	if (known->deleted) {
		acceptance->outcome = repacked ? INBOX_ALTERED : INBOX_TOO_OLD;
		return refused_journal(tx, acceptance, known->id, repacked ? "altered-duplicate" : "too-old", err);
	}
	if (repacked && !acceptance->compared) {
		acceptance->to_compare = known->id;
		return OK;
	}
	if (repacked && !acceptance->same_content) {
		acceptance->outcome = INBOX_ALTERED;
		return refused_journal(tx, acceptance, known->id, "altered-duplicate", err);
	}
	acceptance->outcome = INBOX_DUPLICATE;
	TRY(repeated_receipt(tx, acceptance->arena, &repetition, &acceptance->receipt, err));
	return receipt_later(tx, acceptance, err);
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
	TRY(receipt_later(tx, acceptance, err));
	return wire_journal(tx, message, &acceptance->given, NULL, acceptance->now_us, err);
}

/* The insertion itself says whether the id is new, so that of two deliveries at once only one is accepted. A known id
 * gets its receipt even when it is old: the sender may have lost it all that time. */
static enum err_code accept_run(struct tx *tx, void *arg, struct err *err)
{
	struct acceptance *acceptance = arg;
	struct message *message = &acceptance->message;
	struct known known;
	bool too_old = message->created_us < acceptance->now_us - acceptance->delivery->window_us;
	bool inserted = false;

	if (!too_old)
		TRY(message_insert(tx, message, &acceptance->delivery->parts, message->state, acceptance->now_us,
				   &inserted, err));
	if (inserted)
		return evidence_put(tx, acceptance, err);

	TRY(known_read(tx, acceptance, &known, err));
	if (known.id)
		return seen_before(tx, acceptance, &known, err);
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
	message->settled_us = message->reached_us = TIME_NONE;
	message->accepted_us = message->next_attempt_us = now_us;
	message->digest = message_digest(arena, &delivery->parts);
	if (!message->id || !message->digest)
		return fail(err, ERR_MEMORY, "no memory left for a message from %s", message->partner);
	acceptance.received = wire_digested(&delivery->received, message->digest, &received);
	acceptance.given = wire_digested(&delivery->receipt, message->digest, &given);
	TRY(db_write(kernel->db, accept_run, &acceptance, err));
	if (acceptance.to_compare) {
		TRY(repeated_content(kernel, acceptance.to_compare, &delivery->parts, &acceptance.same_content, err));
		acceptance.compared = true;
		TRY(db_write(kernel->db, accept_run, &acceptance, err));
	}
	delivery->message = *message;
	*outcome = acceptance.outcome;
	if (acceptance.outcome == INBOX_ACCEPTED || acceptance.outcome == INBOX_DUPLICATE)
		*receipt = acceptance.receipt;
	return OK;
}

/* --- Refusing --- */

struct refusal {
	const char *partner, *message_id;
	const struct refused_for *why;
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
	snprintf(detail, sizeof(detail), "%s: %s", refusal->partner, refusal->why->rule);
	return journal_put(
		tx,
		&(struct journal_entry){ .at_us = refusal->now_us,
					 .actor = actor_system.name,
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

	if (refusal->why->later && refusal->message_id && refusal->error.digest)
		TRY(reply_later(tx, refusal->partner, refusal->message_id, "error", &refusal->error, refusal->now_us,
				err));
	TRY(cost_add(tx, refusal->partner, refusal->now_us, one, &today, err));
	if (today.refusals > REFUSALS_KEPT_A_DAY)
		return OK;
	bool keep = today.bytes <= REFUSAL_BYTES_KEPT_A_DAY;
	id_new(id, refusal->now_us);
	TRY(refused_wire(tx, refusal, id, &refusal->received, keep, received, err));
	TRY(refused_wire(tx, refusal, id, &refusal->error, keep, error, err));
	return db_exec(tx, &sql_refusal_put,
		       BINDS(BIND_TEXT(id), BIND_TEXT(refusal->partner), BIND_TEXT(refusal->message_id),
			     BIND_TEXT(refusal->why->rule), BIND_INT(refusal->now_us),
			     BIND_TEXT(*received ? received : NULL), BIND_TEXT(*error ? error : NULL),
			     BIND_TEXT(refusal->why->text)),
		       NULL, err);
}

enum err_code inbox_refused(struct kernel *kernel, const char *partner, const char *message_id,
			    const struct refused_for *why, const struct wire *received, const struct wire *error,
			    int64_t now_us, struct err *err)
{
	struct wire_room received_room, error_room;
	struct refusal refusal = { .partner = partner, .message_id = message_id, .why = why, .now_us = now_us };

	if (received)
		refusal.received = wire_digested(received, NULL, &received_room);
	if (error)
		refusal.error = wire_digested(error, NULL, &error_room);
	return db_write(kernel->db, refused_run, &refusal, err);
}

/* --- Processing --- */

/* A message at hand. */
struct item {
	const char *id;
	struct message message; /* when it was read; .id NULL: it was not */
	struct message_parts parts;
	const struct intake *intake;
	const void *read;       /* of the intake; NULL: it has no payload */
	bool looked;            /* it was due and could be read: .parts and .read are it */
	bool gone;              /* another worker has finished it: there is nothing to write */
	bool processed, parked; /* by the transaction */
	struct err cause;       /* why it failed; code OK: it did not */
};

struct inbox_work {
	struct kernel *kernel;
	struct arena *arena; /* of the step */
	int64_t now_us;
	unsigned limit;
	const char **ids;
	size_t count;
	struct inbox_work *next; /* of another processor */
};

struct batch {
	struct inbox_work *work;
	struct arena *arena; /* what is read is in it */
	struct item items[BATCH_MAX];
	size_t count;
};

const struct intake *intake_of(const struct kernel *kernel, const struct message *message)
{
	if (same(message->service, SERVICE_CONTINUITY))
		return kernel->continuity;
	for (const struct capability *const *capability = kernel->capabilities; *capability; capability++)
		if ((*capability)->intake)
			return (*capability)->intake;
	return NULL;
}

/* --- What is due --- */

/* Guards .inbox_work of all kernels and, while they are in such a list, the .ids that it holds: what one processor has
 * in hand no other reads. Of other processes on the same database "message_take" decides. */
static pthread_mutex_t in_hand_mutex = PTHREAD_MUTEX_INITIALIZER;

static size_t in_hand_count(const struct kernel *kernel)
{
	size_t count = 0;

	for (const struct inbox_work *work = kernel->inbox_work; work; work = work->next)
		count += work->count;
	return count;
}

static bool in_hand(const struct kernel *kernel, const char *id)
{
	for (const struct inbox_work *work = kernel->inbox_work; work; work = work->next)
		for (size_t i = 0; i < work->count; i++)
			if (same(work->ids[i], id))
				return true;
	return false;
}

struct partner_codes {
	const char **items;
	size_t count;
};

/* Those of whom something is due, the one that has waited longest first. */
static enum err_code partners_read(struct tx *tx, const struct inbox_work *work, struct partner_codes *partners,
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

/* Several processes may work on one PostgreSQL. Each begins elsewhere among what is due, or all would read the same in
 * vain but one; the order of a conversation does not depend on it. */
static bool processes_share(const struct kernel *kernel)
{
	return db_kind(kernel->db) == DB_POSTGRES;
}

static enum err_code received_of(struct tx *tx, struct inbox_work *work, const char *partner, size_t share,
				 struct err *err)
{
	size_t ahead = processes_share(work->kernel) ? share : 0, before = work->count;
	const struct bind binds[] = { BIND_INT(work->now_us), BIND_INT(share + ahead + in_hand_count(work->kernel)),
				      BIND_TEXT(partner) };
	size_t full = before + share + ahead;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_message_received, binds, COUNT(binds), &query, err));
	while (work->count < full && db_next(&query)) {
		const char *id = db_text(work->arena, &query, 0);
		if (!id || in_hand(work->kernel, id))
			continue;
		work->ids = list_grow(work->arena, work->ids, work->count, sizeof(*work->ids));
		if (!work->ids)
			return fail(err, ERR_MEMORY, "no memory left for the received messages");
		work->ids[work->count++] = id;
	}
	if (work->count > before + share) {
		size_t spare = work->count - before - share, skipped = (size_t)random_below(spare + 1);
		memmove(&work->ids[before], &work->ids[before + skipped], share * sizeof(*work->ids));
		work->count = before + share;
	}
	return db_end(&query, err);
}

static enum err_code received_read(struct tx *tx, void *arg, struct err *err)
{
	struct inbox_work *work = arg;
	struct partner_codes partners;

	work->ids = NULL;
	work->count = 0;
	TRY(partners_read(tx, work, &partners, err));
	size_t share = partners.count > 0 ? work->limit / partners.count : 0;
	for (size_t i = 0; i < partners.count && work->count < work->limit; i++)
		TRY(received_of(tx, work, partners.items[i], share > 0 ? share : 1, err));
	return OK;
}

static enum err_code hand_take(struct inbox_work *work, struct err *err)
{
	struct kernel *kernel = work->kernel;

	pthread_mutex_lock(&in_hand_mutex);
	enum err_code code = db_read(kernel->db, received_read, work, err);
	if (code == OK) {
		work->next = kernel->inbox_work;
		kernel->inbox_work = work;
	}
	pthread_mutex_unlock(&in_hand_mutex);
	return code;
}

static void hand_give(struct inbox_work *work)
{
	struct inbox_work **at = &work->kernel->inbox_work;

	pthread_mutex_lock(&in_hand_mutex);
	while (*at != work)
		at = &(*at)->next;
	*at = work->next;
	pthread_mutex_unlock(&in_hand_mutex);
}

/* --- Reading one --- */

struct loading {
	struct batch *batch;
	struct item *item;
	bool blocked;
};

static enum err_code load_run(struct tx *tx, void *arg, struct err *err)
{
	struct loading *loading = arg;
	struct item *item = loading->item;
	struct arena *arena = loading->batch->arena;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_message_load, BINDS(BIND_TEXT(item->id)), &query, err));
	item->gone = !db_next(&query);
	if (!item->gone) {
		item->message = message_row(arena, &query);
		loading->blocked = db_int(&query, MESSAGE_COLUMNS_COUNT) != 0;
	}
	TRY(db_end(&query, err));
	return item->gone || loading->blocked ? OK : message_parts_of(tx, arena, item->id, &item->parts, err);
}

/* What can be said of the message before its transaction. One that waits behind another, or that another worker has
 * finished, is not read. A message without payload is a ping: it ends with its receipt, no business sees it. */
static enum err_code item_read(struct batch *batch, struct item *item, struct err *err)
{
	const struct inbox_work *work = batch->work;
	struct loading loading = { .batch = batch, .item = item };

	TRY(db_read(work->kernel->db, load_run, &loading, err));
	item->looked = !item->gone && !loading.blocked;
	if (!item->looked || item->parts.count == 0)
		return OK;
	item->intake = intake_of(work->kernel, &item->message);
	if (!item->intake)
		return fail(err, ERR_CONFIG, "nobody at this node takes messages of %s in", item->message.service);
	return item->intake->read(work->kernel, batch->arena, &item->message, &item->parts, work->now_us, &item->read,
				  err);
}

/* --- Processing what was read --- */

/* Whether the message is still received and no other worker has it. */
struct taken {
	bool found, blocked;
	int64_t attempts;
};

static enum err_code take(struct tx *tx, const struct item *item, struct taken *taken, struct err *err)
{
	db_query_auto query = { 0 };

	*taken = (struct taken){ 0 };
	TRY(db_query(tx, &sql_message_take, BINDS(BIND_TEXT(item->id)), &query, err));
	if (db_next(&query))
		*taken = (struct taken){ true, db_int(&query, 1) != 0, db_int(&query, 0) };
	return db_end(&query, err);
}

/* What the document's rules found, in one line for the journal. */
static const char *findings_line(struct arena *arena, const struct findings *findings)
{
	const struct finding *first = findings_at(findings, 0);

	return first ? arena_printf(arena, "%zu findings, first %s", findings_count(findings), first->rule->code)
		     : NULL;
}

static enum err_code item_process(struct tx *tx, const struct inbox_work *work, struct item *item, struct err *err)
{
	const struct message *message = &item->message;
	arena_auto arena = arena_new(PROCESS_ARENA_BYTES);
	struct findings *findings = arena ? findings_new(arena) : NULL;

	if (!findings)
		return fail(err, ERR_MEMORY, "no memory left for message %s", item->id);
	if (item->read)
		TRY(item->intake->process(work->kernel, tx, arena, message, item->read, work->now_us, findings, err));

	struct fsm_case fsm_case =
		message_case(work->kernel, arena, message, &actor_system, work->now_us, findings_line(arena, findings));
	fsm_case.state = message_in_machine.initial; /* or it could not have been taken */
	TRY(message_fire(tx, &fsm_case, &message_in_machine, MESSAGE_PROCESSED, NULL, err));
	TRY(message_wake(tx, message, work->now_us, err));
	item->processed = true;
	return OK;
}

static enum err_code item_run(struct tx *tx, const struct inbox_work *work, struct item *item, struct err *err)
{
	struct taken taken;

	item->processed = item->parked = false;
	TRY(take(tx, item, &taken, err));
	if (!taken.found)
		return OK;
	item->parked = taken.blocked;
	if (taken.blocked)
		return db_exec(tx, &sql_message_park, BINDS(BIND_TEXT(item->id)), NULL, err);
	/* Not as it was when it was read: whoever has retried or failed it meanwhile leaves it for the next look. */
	if (!item->looked || taken.attempts != item->message.attempts)
		return OK;
	return item_process(tx, work, item, err);
}

/* Items FIRST to END of a batch, in one transaction. */
struct stretch {
	struct batch *batch;
	size_t first, end;
};

static bool to_process(const struct item *item)
{
	return item->cause.code == OK && !item->gone;
}

static enum err_code process_run(struct tx *tx, void *arg, struct err *err)
{
	const struct stretch *stretch = arg;

	for (size_t i = stretch->first; i < stretch->end; i++)
		if (to_process(&stretch->batch->items[i]))
			TRY(item_run(tx, stretch->batch->work, &stretch->batch->items[i], err));
	return OK;
}

/* --- Failing --- */

static enum err_code retry_later(struct tx *tx, const struct inbox_work *work, const struct message *message,
				 const char *reason, struct err *err)
{
	int64_t delay_us = message_back_off_us(&process_retry, message->attempts + 1);

	return db_exec(tx, &sql_message_retry_in,
		       BINDS(BIND_TEXT(message->id), BIND_INT(work->now_us + delay_us), BIND_TEXT(reason)), NULL, err);
}

static enum err_code fail_for_good(struct tx *tx, const struct inbox_work *work, struct arena *arena,
				   const struct message *message, const char *reason, struct err *err)
{
	struct fsm_case fsm_case = message_case(work->kernel, arena, message, &actor_system, work->now_us, reason);
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

struct failure {
	const struct inbox_work *work;
	const struct item *item;
};

/* After the transaction that failed has gone: what becomes of the message, unless another worker had it meanwhile. */
static enum err_code failed_run(struct tx *tx, void *arg, struct err *err)
{
	const struct failure *failure = arg;
	const struct item *item = failure->item;
	struct message message;
	struct taken taken;
	arena_auto arena = arena_new(WORK_ARENA_BYTES);
	const char *reason = arena ? message_reason(arena, item->cause.text) : NULL;

	if (!reason)
		return fail(err, ERR_MEMORY, "no memory left for the failure of message %s", item->id);
	TRY(take(tx, item, &taken, err));
	if (!taken.found || (item->message.id && taken.attempts != item->message.attempts))
		return OK;
	TRY(message_find(tx, arena, item->id, &message, err));
	if (err_row(item->cause.code)->transient)
		return retry_later(tx, failure->work, &message, reason, err);
	return fail_for_good(tx, failure->work, arena, &message, reason, err);
}

/* All of them at once; if that fails each by itself, so that it is the bad one alone that fails. If not even that can
 * be written, the database is gone, and the others wait. */
static enum err_code batch_process(struct batch *batch, struct err *err)
{
	struct db *db = batch->work->kernel->db;
	struct err unused;
	bool together = batch->count > 1 &&
			db_write(db, process_run, &(struct stretch){ batch, 0, batch->count }, &unused) == OK;

	for (size_t i = 0; i < batch->count; i++) {
		struct item *item = &batch->items[i];
		struct err cause = { 0 };
		if (!together && to_process(item) &&
		    db_write(db, process_run, &(struct stretch){ batch, i, i + 1 }, &cause) != OK)
			item->cause = cause;
		if (item->cause.code != OK)
			TRY(db_write(db, failed_run, &(struct failure){ batch->work, item }, err));
	}
	return OK;
}

/* --- A step --- */

struct progress {
	unsigned processed;
	unsigned moved; /* what will not be due in the next round, whatever became of it */
};

/* Reads from FIRST on as much as goes together. */
static void batch_read(struct batch *batch, size_t first)
{
	while (batch->count < BATCH_MAX && first + batch->count < batch->work->count &&
	       arena_used(batch->arena) < BATCH_BYTES) {
		struct item *item = &batch->items[batch->count];
		struct err cause = { 0 };
		*item = (struct item){ .id = batch->work->ids[first + batch->count++] };
		if (item_read(batch, item, &cause) != OK)
			item->cause = cause;
	}
}

static enum err_code batch_run(struct inbox_work *work, size_t *first, struct progress *progress, struct err *err)
{
	arena_auto arena = arena_new(PROCESS_ARENA_BYTES);
	struct batch batch = { .work = work, .arena = arena };

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for message %s", work->ids[*first]);
	batch_read(&batch, *first);
	TRY(batch_process(&batch, err));
	for (size_t i = 0; i < batch.count; i++) {
		const struct item *item = &batch.items[i];
		bool failed = item->cause.code != OK;
		progress->processed += !failed && item->processed;
		progress->moved += failed || item->processed || item->parked;
	}
	*first += batch.count;
	return OK;
}

/* One look at what is due. What a message wakes is due in the next one. */
static enum err_code round_run(struct inbox_work *work, struct progress *progress, struct err *err)
{
	enum err_code code = OK;

	TRY(hand_take(work, err));
	for (size_t first = 0; first < work->count && code == OK;)
		code = batch_run(work, &first, progress, err);
	hand_give(work);
	return code;
}

enum err_code inbox_step(struct kernel *kernel, int64_t now_us, unsigned limit, unsigned *done, struct err *err)
{
	struct progress total = { 0 }, progress;

	if (limit > STEP_MAX)
		limit = STEP_MAX;
	do {
		arena_auto arena = arena_new(WORK_ARENA_BYTES);
		struct inbox_work work = {
			.kernel = kernel,
			.arena = arena,
			.now_us = now_us,
			.limit = limit - total.processed,
		};
		if (!arena)
			return fail(err, ERR_MEMORY, "no memory left for the received messages");
		progress = (struct progress){ 0 };
		TRY(round_run(&work, &progress, err));
		total.processed += progress.processed;
		total.moved += progress.moved;
	} while (progress.moved > 0 && total.processed < limit && total.moved < STEP_MAX);
	*done = total.processed;
	return OK;
}
