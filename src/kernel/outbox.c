#include "kernel/message_int.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/uuid.h"
#include "codec/gzip.h"

#define WORK_ARENA_BYTES ((size_t)1 << 20)
#define PART_MAX_BYTES   ((size_t)256 << 20)
/* Half the time of 4, and a twentieth more octets, of which each is encrypted, hashed and stored. */
#define GZIP_LEVEL 1
/* gzip adds 18 octets of its own and XML of this size hardly shrinks by more. */
#define COMPRESS_MIN_BYTES 128
/* Rows that are looked at in vain before a claim gives its turn to another. */
#define CLAIM_ROUNDS 8

/* --- Putting --- */

/* Media that are compressed in themselves. */
static bool is_packed(const char *mime_type)
{
	static const char *const packed[] = { "application/gzip", "application/zip", "application/pdf", "image/jpeg",
					      "image/png" };

	for (size_t i = 0; i < COUNT(packed); i++)
		if (same(packed[i], mime_type))
			return true;
	return false;
}

static enum err_code part_compress(struct arena *arena, struct message_part *part, struct err *err)
{
	if (part->compressed || part->octets.size < COMPRESS_MIN_BYTES || is_packed(part->mime_type))
		return OK;

	buf_auto out;
	buf_init(&out, PART_MAX_BYTES);
	TRY(gzip_compress(part->octets, GZIP_LEVEL, &out, err));
	/* What shrinks too much is sent as it is: a receiver would take it for a bomb. */
	if (out.size >= part->octets.size || part->octets.size / PART_MAX_RATIO >= out.size)
		return OK;
	const void *copy = arena_copy(arena, out.data, out.size);
	if (!copy)
		return fail(err, ERR_MEMORY, "no memory left for a part of %zu octets", out.size);
	part->octets = bytes(copy, out.size);
	part->compressed = true;
	return OK;
}

enum err_code message_parts_compress(struct arena *arena, struct message_parts *parts, struct err *err)
{
	for (size_t i = 0; i < parts->count; i++)
		TRY(part_compress(arena, &parts->items[i], err));
	return OK;
}

enum err_code message_parts_expand(struct arena *arena, struct message_parts *parts, struct err *err)
{
	for (size_t i = 0; i < parts->count; i++) {
		struct message_part *part = &parts->items[i];
		TRY(message_part_plain(arena, part, PART_MAX_BYTES, &part->octets, err));
		part->compressed = false;
	}
	return OK;
}

/* Compression is of the AS4 profile (§3.1); ebMS 2 has no word for it. */
static enum err_code parts_suit(struct tx *tx, struct arena *arena, const char *partner, struct message_parts *parts,
				struct err *err)
{
	db_query_auto query = { 0 };

	if (parts->count == 0)
		return OK;
	TRY(db_query(tx, &sql_partner_binding, BINDS(BIND_TEXT(partner)), &query, err));
	bool plain = db_next(&query) && same(db_text(arena, &query, 0), "ebms2");
	TRY(db_end(&query, err));
	return plain ? message_parts_expand(arena, parts, err) : message_parts_compress(arena, parts, err);
}

/* "<uuid>@lintas-th": RFC 5322 msg-id without its brackets, as ebMS 3 §5.2.2.1 wants eb:MessageId. */
static char *message_id_of(struct arena *arena, const char *uuid, const char *state)
{
	char *id = arena_printf(arena, "%s@lintas-%s", uuid, state);

	for (char *at = id; at && *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return id;
}

enum err_code outbox_put(struct kernel *kernel, struct tx *tx, struct arena *arena, struct message *message,
			 struct message_parts *parts, const struct actor *actor, int64_t now_us, struct err *err)
{
	char uuid[UUID_SIZE];
	bool inserted;

	TRY(parts_suit(tx, arena, message->partner, parts, err));
	id_new(uuid, now_us);

	struct message put = *message;
	put.direction = "out";
	put.id = arena_text(arena, uuid);
	put.message_id = message_id_of(arena, uuid, kernel->state);
	put.conversation = message->conversation ? message->conversation : put.id;
	put.digest = message_digest(arena, parts);
	put.state = message_out_machine.initial;
	put.created_us = put.next_attempt_us = now_us;
	put.attempts = 0;
	put.accepted_us = put.settled_us = put.reached_us = TIME_NONE;
	put.last_error = NULL;
	const char *detail = arena_printf(arena, "%s to %s", put.action, put.partner);
	if (!put.id || !put.message_id || !put.digest || !detail)
		return fail(err, ERR_MEMORY, "no memory left for a message to %s", put.partner);

	TRY(message_insert(tx, &put, parts, put.state, now_us, &inserted, err));
	if (!inserted)
		return fail(err, ERR_CONFLICT, "the message id %s is taken", put.message_id);
	struct fsm_case fsm_case = message_case(kernel, arena, &put, actor, now_us, detail);
	TRY(fsm_open(tx, &message_out_machine, &fsm_case, err));
	*message = put;
	return OK;
}

/* --- Claiming --- */

struct claim {
	struct arena *arena;
	const char *partner;
	const char *instance;
	int64_t now_us, lease_until_us;
	unsigned limit;
	bool due;
	struct message_list list;
	size_t looked_at;
};

/* One round: what is due, of which the parked ones are left out. */
static enum err_code claim_round(struct tx *tx, struct claim *claim, struct err *err)
{
	db_query_auto query = { 0 };

	claim->looked_at = 0;
	TRY(db_query(tx, &sql_message_lease,
		     BINDS(BIND_TEXT(claim->partner), BIND_INT(claim->now_us), BIND_INT(claim->limit),
			   BIND_INT(claim->lease_until_us), BIND_TEXT(claim->instance)),
		     &query, err));
	while (db_next(&query)) {
		struct message_list *list = &claim->list;
		claim->looked_at++;
		list->items = list_grow(claim->arena, list->items, list->count, sizeof(*list->items));
		if (!list->items)
			return fail(err, ERR_MEMORY, "no memory left for the messages to %s", claim->partner);
		list->items[list->count] = message_row(claim->arena, &query);
		if (list->items[list->count].next_attempt_us == claim->lease_until_us)
			list->count++;
	}
	return db_end(&query, err);
}

static enum err_code claim_run(struct tx *tx, void *arg, struct err *err)
{
	struct claim *claim = arg;

	claim->list = (struct message_list){ 0 };
	for (int i = 0; i < CLAIM_ROUNDS && claim->list.count == 0; i++) {
		TRY(claim_round(tx, claim, err));
		if (claim->looked_at < claim->limit)
			break;
	}
	return OK;
}

static enum err_code due_read(struct tx *tx, void *arg, struct err *err)
{
	struct claim *claim = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_message_due, BINDS(BIND_TEXT(claim->partner), BIND_INT(claim->now_us)), &query, err));
	claim->due = db_next(&query);
	return db_end(&query, err);
}

/* Version 7 ids grow with time: this is the order in which the messages were put. */
static int older_first(const void *a, const void *b)
{
	return strcmp(((const struct message *)a)->id, ((const struct message *)b)->id);
}

enum err_code outbox_claim(struct kernel *kernel, struct arena *arena, const char *partner, int64_t now_us,
			   int64_t lease_us, unsigned limit, struct message_list *list, struct err *err)
{
	struct claim claim = {
		.arena = arena,
		.partner = partner,
		.instance = kernel->instance,
		.now_us = now_us,
		.lease_until_us = now_us + lease_us,
		.limit = limit,
	};
	/* Most looks find nothing, and what only reads does not stand in line for the writer. */
	TRY(db_read(kernel->db, due_read, &claim, err));
	if (claim.due)
		TRY(db_write(kernel->db, claim_run, &claim, err));
	if (claim.list.count > 1)
		qsort(claim.list.items, claim.list.count, sizeof(*claim.list.items), older_first);
	*list = claim.list;
	return OK;
}

static enum err_code next_read(struct tx *tx, void *arg, struct err *err)
{
	int64_t *next_us = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_message_next, NO_BINDS, &query, err));
	*next_us = db_next(&query) ? db_time(&query, 0) : TIME_NONE;
	return db_end(&query, err);
}

enum err_code outbox_next_us(struct kernel *kernel, int64_t *next_us, struct err *err)
{
	int64_t found = TIME_NONE;

	TRY(db_read(kernel->db, next_read, &found, err));
	*next_us = found;
	return OK;
}

struct resumption {
	const char *instance;
	int64_t now_us;
};

static enum err_code resume_run(struct tx *tx, void *arg, struct err *err)
{
	const struct resumption *resumption = arg;

	TRY(db_exec(tx, &sql_message_resume, BINDS(BIND_INT(resumption->now_us), BIND_TEXT(resumption->instance)), NULL,
		    err));
	return db_exec(tx, &sql_reply_resume, BINDS(BIND_INT(resumption->now_us), BIND_TEXT(resumption->instance)),
		       NULL, err);
}

enum err_code outbox_resume(struct kernel *kernel, int64_t now_us, struct err *err)
{
	struct resumption resumption = { .instance = kernel->instance, .now_us = now_us };

	return db_write(kernel->db, resume_run, &resumption, err);
}

/* --- Sending --- */

struct attempt {
	struct kernel *kernel;
	const struct message *message;
	struct wire wire; /* .digest is NULL if there is none to keep */
	int64_t now_us;
	const struct retry_policy *policy;
	enum outbox_failure failure;
	const char *reason; /* NULL: the partner's server took it, and will answer */
};

static enum err_code wire_keep(struct tx *tx, const struct attempt *attempt, struct err *err)
{
	char id[UUID_SIZE];

	if (!attempt->wire.digest)
		return OK;
	return wire_insert(tx, attempt->message->id, attempt->message->partner, &attempt->wire, id, attempt->now_us,
			   err);
}

static enum err_code notes_full(struct tx *tx, const struct attempt *attempt, bool *full, struct err *err)
{
	const struct wire *wire = &attempt->wire;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_wire_count, BINDS(BIND_TEXT(attempt->message->id), BIND_TEXT(wire_kind_name(wire->kind))),
		     &query, err));
	/* Of what we sent ourselves nothing may be missing. */
	*full = db_next(&query) && db_int(&query, 0) >= NOTES_KEPT_A_MESSAGE && wire->kind != WIRE_SENT;
	return db_end(&query, err);
}

/* With an entry of its own. Once, however often it is noted: who does not know whether a commit went through says it
 * again. */
static enum err_code wire_note(struct tx *tx, const struct attempt *attempt, const char *detail, struct err *err)
{
	const struct wire *wire = &attempt->wire;
	db_query_auto query = { 0 };

	if (!wire->digest)
		return OK;
	TRY(db_query(tx, &sql_wire_known, BINDS(BIND_TEXT(attempt->message->id), BIND_TEXT(wire->digest)), &query,
		     err));
	bool known = db_next(&query), full = false;
	TRY(db_end(&query, err));
	TRY(notes_full(tx, attempt, &full, err));
	if (known || full)
		return OK;
	TRY(wire_keep(tx, attempt, err));
	return wire_journal(tx, attempt->message, wire, detail, attempt->now_us, err);
}

static enum err_code sending_run(struct tx *tx, void *arg, struct err *err)
{
	return wire_note(tx, arg, NULL, err);
}

enum err_code outbox_sending(struct kernel *kernel, const struct message *message, const struct wire *sent,
			     struct err *err)
{
	struct wire_room room;
	struct attempt attempt = {
		.kernel = kernel,
		.message = message,
		.wire = wire_digested(sent, message->digest, &room),
		.now_us = sent->at_us,
	};

	return db_write(kernel->db, sending_run, &attempt, err);
}

/* What the document makes of what became of its message is its machine's business. OF is the message's case. */
static enum err_code document_fire(struct tx *tx, const struct message *message, const struct fsm_case *of,
				   const char *event, struct err *err)
{
	struct fsm_case fsm_case = *of;

	if (!message->document)
		return OK;
	fsm_case.id = message->document;
	fsm_case.detail = message->message_id;
	return fsm_fire_all(tx, &fsm_case, event, err);
}

static enum err_code document_delivered(struct tx *tx, const struct attempt *attempt, struct arena *arena,
					struct err *err)
{
	const struct fsm_case fsm_case =
		message_case(attempt->kernel, arena, attempt->message, &actor_system, attempt->now_us, NULL);

	return document_fire(tx, attempt->message, &fsm_case, MESSAGE_DELIVERED, err);
}

/* The message is settled already. What arrives after it was abandoned proves that the partner has it all the same. */
static enum err_code late_receipt(struct tx *tx, const struct attempt *attempt, struct arena *arena, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_message_state, BINDS(BIND_TEXT(attempt->message->id)), &query, err));
	bool abandoned = db_next(&query) && same(db_text(arena, &query, 0), "abandoned");
	TRY(db_end(&query, err));
	if (!abandoned)
		return OK;
	TRY(wire_note(tx, attempt, NULL, err));
	if (attempt->message->document)
		TRY(task_close(tx, attempt->message->document, TASK_ABANDONED, attempt->now_us, err));
	return document_delivered(tx, attempt, arena, err);
}

static enum err_code delivered_run(struct tx *tx, void *arg, struct err *err)
{
	const struct attempt *attempt = arg;
	const char *to;
	arena_auto arena = arena_new(WORK_ARENA_BYTES);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the receipt of message %s", attempt->message->id);
	struct fsm_case fsm_case =
		message_case(attempt->kernel, arena, attempt->message, &actor_system, attempt->now_us, NULL);
	fsm_case.content = attempt->wire.record;
	TRY(message_fire(tx, &fsm_case, &message_out_machine, MESSAGE_DELIVERED, &to, err));
	if (!to)
		return late_receipt(tx, attempt, arena, err);
	TRY(wire_keep(tx, attempt, err));
	TRY(message_wake(tx, attempt->message, attempt->now_us, err));
	TRY(task_close(tx, attempt->message->id, TASK_DEAD_LETTER, attempt->now_us, err));
	return document_delivered(tx, attempt, arena, err);
}

enum err_code outbox_delivered(struct kernel *kernel, const struct message *message, const struct wire *receipt,
			       int64_t now_us, struct err *err)
{
	struct wire_room room;
	struct attempt attempt = {
		.kernel = kernel,
		.message = message,
		.wire = wire_digested(receipt, message->digest, &room),
		.now_us = now_us,
	};

	return db_write(kernel->db, delivered_run, &attempt, err);
}

enum err_code message_delivered(struct tx *tx, struct kernel *kernel, const struct message *message,
				const struct wire *receipt, int64_t now_us, struct err *err)
{
	struct attempt attempt = { .kernel = kernel, .message = message, .wire = *receipt, .now_us = now_us };

	return delivered_run(tx, &attempt, err);
}

enum err_code message_wire_note(struct tx *tx, const struct message *message, const struct wire *wire, int64_t now_us,
				struct err *err)
{
	return wire_note(tx, &(struct attempt){ .message = message, .wire = *wire, .now_us = now_us }, NULL, err);
}

/* --- Packing anew --- */

struct repacking {
	const struct message *message;
	const struct message_parts *parts;
	const char *digest, *detail;
	int64_t now_us;
};

/* The entry has its digest in words: as its content it would name a wire. */
static enum err_code repack_run(struct tx *tx, void *arg, struct err *err)
{
	const struct repacking *repacking = arg;
	const struct message *message = repacking->message;
	int64_t changed = 0;

	TRY(db_exec(tx, &sql_message_repack,
		    BINDS(BIND_TEXT(message->id), BIND_INT(message->attempts), BIND_INT(message->next_attempt_us),
			  BIND_TEXT(repacking->digest)),
		    &changed, err));
	if (changed == 0)
		return fail(err, ERR_CONFLICT,
			    "message %s cannot be packed anew: it is settled or held, or another worker has it",
			    message->id);
	TRY(db_exec(tx, &sql_part_keep, BINDS(BIND_TEXT(message->id)), NULL, err));
	TRY(db_exec(tx, &sql_part_drop, BINDS(BIND_TEXT(message->id)), NULL, err));
	TRY(message_parts_put(tx, message->id, repacking->parts, err));
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = repacking->now_us,
						    .actor = actor_system.name,
						    .organisation = message->organisation,
						    .subject_type = "message",
						    .subject = message->id,
						    .event = "repacked",
						    .detail = repacking->detail },
			   err);
}

enum err_code outbox_repack(struct kernel *kernel, struct arena *arena, struct message *message,
			    const struct message_parts *parts, int64_t now_us, struct err *err)
{
	struct repacking repacking = {
		.message = message,
		.parts = parts,
		.digest = message_digest(arena, parts),
		.now_us = now_us,
	};

	repacking.detail = arena_printf(arena, "payload digest %s, before %s", repacking.digest ? repacking.digest : "",
					message->digest);
	if (!repacking.digest || !repacking.detail)
		return fail(err, ERR_MEMORY, "no memory left to pack message %s anew", message->id);
	TRY(db_write(kernel->db, repack_run, &repacking, err));
	message->digest = repacking.digest;
	return OK;
}

/* --- An attempt that settles nothing --- */

bool outbox_unanswered(const struct message *message, const struct retry_policy *policy)
{
	return policy->tries > 0 && message->reached_us != TIME_NONE && message->attempts > policy->tries;
}

/* Once the partner may have it, it is sent as the agreement says, whatever becomes of an attempt. */
static int64_t next_attempt_us(const struct attempt *attempt)
{
	const struct retry_policy *policy = attempt->policy;
	const struct message *message = attempt->message;
	bool agreed = policy->tries > 0 && message->reached_us != TIME_NONE;

	return attempt->now_us + (attempt->failure == FAILED_AT_PARTNER || agreed
					  ? policy->first_us
					  : message_back_off_us(policy, message->attempts));
}

struct put_off {
	bool mine; /* the claim was the attempt's */
	int64_t queued_us, reached_us;
};

static enum err_code put_off(struct tx *tx, const struct attempt *attempt, const char *reason, struct put_off *row,
			     struct err *err)
{
	const struct message *message = attempt->message;
	bool reached = attempt->failure == FAILED_AT_PARTNER, unsent = attempt->failure == FAILED_UNSENT;
	db_query_auto query = { 0 };

	*row = (struct put_off){ 0 };
	TRY(db_query(tx, &sql_message_later,
		     BINDS(BIND_TEXT(message->id), BIND_INT(message->attempts), BIND_INT(message->next_attempt_us),
			   BIND_INT(next_attempt_us(attempt)), BIND_TEXT(attempt->reason ? reason : NULL),
			   reached ? BIND_INT(attempt->now_us) : BIND_NULL, BIND_INT(unsent)),
		     &query, err));
	if (db_next(&query))
		*row = (struct put_off){ true, db_int(&query, 0), db_time(&query, 1) };
	return db_end(&query, err);
}

static enum err_code dead_letter(struct tx *tx, const struct attempt *attempt, struct arena *arena, const char *reason,
				 struct err *err)
{
	const struct message *message = attempt->message;
	const char *to;

	bool refused = attempt->failure == FAILED_FOR_GOOD;
	if (!refused && attempt->policy->given_up)
		reason = arena_printf(arena, "%s: %s", attempt->policy->given_up, reason);
	if (!reason)
		return fail(err, ERR_MEMORY, "no memory left for a task");
	struct fsm_case fsm_case =
		message_case(attempt->kernel, arena, message, &actor_system, attempt->now_us, reason);
	TRY(message_fire(tx, &fsm_case, &message_out_machine, MESSAGE_GIVEN_UP, &to, err));
	if (!to)
		return OK;
	/* Nothing follows from a ping, and who sent it is told. */
	if (message->test && !message->document)
		return message_fire(tx, &fsm_case, &message_out_machine, MESSAGE_ABANDON, NULL, err);
	struct message dead = *message;
	const char *effect;
	dead.state = to;
	TRY(message_effect(tx, attempt->kernel, arena, &dead, &effect, err));
	const char *text = arena_printf(
		arena,
		"%s to %s was %s: %s. What follows it in its conversation waits. Look at "
		"\"lintas timeline %s\"; when the cause is mended, \"lintas outbox retry %s\"; if "
		"it is not to be sent any more, \"lintas outbox abandon %s\"%s%s",
		message->action, message->partner, refused ? "refused for good" : "given up, because its time ran out",
		reason, message->id, message->id, message->id, effect ? ". " : "", effect ? effect : "");
	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for a task");
	return task_open(tx,
			 &(struct task){ .organisation = message->organisation,
					 .kind = TASK_DEAD_LETTER,
					 .subject = message->id,
					 .text = text },
			 attempt->now_us, err);
}

/* What there is to say of a message that its partner may have had for long. */
static enum err_code silence(struct tx *tx, const struct attempt *attempt, struct arena *arena, int64_t reached_us,
			     const char **reason, struct err *err)
{
	char at[TIME_SIZE];
	const char *said = **reason ? arena_printf(arena, "; the last attempt: %s", *reason) : "";
	const char *text = said ? arena_printf(arena, "the partner may have it since %s, and has not acknowledged it%s",
					       time_format(reached_us, at), said)
				: NULL;

	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for a task");
	*reason = text;
	return db_exec(tx, &sql_message_error, BINDS(BIND_TEXT(attempt->message->id), BIND_TEXT(text)), NULL, err);
}

static enum err_code unsettled_run(struct tx *tx, void *arg, struct err *err)
{
	const struct attempt *attempt = arg;
	const struct retry_policy *policy = attempt->policy;
	struct put_off row;
	bool refused = attempt->failure == FAILED_FOR_GOOD;
	arena_auto arena = arena_new(WORK_ARENA_BYTES);
	const char *reason = arena ? message_reason(arena, attempt->reason) : NULL;

	if (!reason)
		return fail(err, ERR_MEMORY, "no memory left for the failure of message %s", attempt->message->id);
	TRY(wire_note(tx, attempt, reason, err));
	TRY(put_off(tx, attempt, reason, &row, err));
	if (!row.mine)
		return OK;
	if (!refused && attempt->now_us - row.queued_us < policy->give_up_us &&
	    !outbox_unanswered(attempt->message, policy))
		return OK;
	if (!refused && row.reached_us != TIME_NONE)
		TRY(silence(tx, attempt, arena, row.reached_us, &reason, err));
	return dead_letter(tx, attempt, arena, reason, err);
}

enum err_code outbox_failed(struct kernel *kernel, const struct message *message, const struct retry_policy *policy,
			    enum outbox_failure failure, const char *reason, const struct wire *answer, int64_t now_us,
			    struct err *err)
{
	struct attempt attempt = {
		.kernel = kernel,
		.message = message,
		.now_us = now_us,
		.policy = policy ? policy : &retry_policy_default,
		.failure = failure,
		.reason = reason,
	};
	struct wire_room room;

	if (answer)
		attempt.wire = wire_digested(answer, message->digest, &room);
	return db_write(kernel->db, unsettled_run, &attempt, err);
}

enum err_code outbox_waiting(struct kernel *kernel, const struct message *message, const struct retry_policy *policy,
			     int64_t now_us, struct err *err)
{
	struct attempt attempt = {
		.kernel = kernel, .message = message, .now_us = now_us, .policy = policy, .failure = FAILED_AT_PARTNER
	};

	return db_write(kernel->db, unsettled_run, &attempt, err);
}

struct giving_back {
	const struct message *message;
	int64_t now_us;
};

static enum err_code give_back_run(struct tx *tx, void *arg, struct err *err)
{
	const struct giving_back *back = arg;
	const struct message *message = back->message;

	return db_exec(tx, &sql_message_give_back,
		       BINDS(BIND_TEXT(message->id), BIND_INT(message->attempts), BIND_INT(message->next_attempt_us),
			     BIND_INT(back->now_us)),
		       NULL, err);
}

enum err_code outbox_give_back(struct kernel *kernel, const struct message *message, int64_t now_us, struct err *err)
{
	struct giving_back back = { message, now_us };

	return db_write(kernel->db, give_back_run, &back, err);
}

/* --- An officer's decision --- */

struct decision {
	struct kernel *kernel;
	const char *message, *event;
	const struct actor *actor;
	int64_t now_us;
	struct arena *arena;
	struct findings *findings; /* of this run, it may not be the first */
};

/* The document is given up with its message; what it did here goes on to hold, until its partner learns of it. */
static enum err_code document_abandon(struct tx *tx, const struct decision *decision, const struct message *message,
				      const struct fsm_case *of, struct err *err)
{
	struct message abandoned = *message;
	const char *effect;

	abandoned.state = "abandoned";
	TRY(document_fire(tx, message, of, MESSAGE_ABANDON, err));
	TRY(message_effect(tx, decision->kernel, decision->arena, &abandoned, &effect, err));
	if (!effect)
		return OK;
	const char *text = arena_printf(
		decision->arena,
		"%s to %s was abandoned. %s. To tell %s, submit the same file again (\"lintas send\"); if it "
		"is told by other means, \"lintas documents seen %s\" closes this task",
		message->action, message->partner, effect, message->partner, message->document);
	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for a task");
	return task_open(tx,
			 &(struct task){ .organisation = message->organisation,
					 .kind = TASK_ABANDONED,
					 .subject = message->document,
					 .text = text },
			 decision->now_us, err);
}

static enum err_code decide_run(struct tx *tx, void *arg, struct err *err)
{
	struct decision *decision = arg;
	struct arena *arena = decision->arena;
	struct message message;
	const char *to;

	decision->findings = findings_new(arena);
	if (!decision->findings)
		return fail(err, ERR_MEMORY, "no memory left for message %s", decision->message);
	TRY(message_find(tx, arena, decision->message, &message, err));
	if (!message.id)
		return fail(err, ERR_NOT_FOUND, "there is no message \"%.80s\"", decision->message);

	struct fsm_case fsm_case =
		message_case(decision->kernel, arena, &message, decision->actor, decision->now_us, NULL);
	const struct machine *machine = same(message.direction, "in") ? &message_in_machine : &message_out_machine;
	TRY(fsm_fire(tx, machine, &fsm_case, decision->event, &to, decision->findings, err));
	bool abandoned = same(decision->event, MESSAGE_ABANDON);
	if (!to || (!abandoned && !same(decision->event, MESSAGE_RETRY)))
		return OK;
	if (abandoned)
		TRY(message_wake(tx, &message, decision->now_us, err));
	if (abandoned && machine == &message_out_machine)
		TRY(document_abandon(tx, decision, &message, &fsm_case, err));
	return task_close(tx, message.id, NULL, decision->now_us, err);
}

static bool is_decision(const char *event)
{
	return same(event, "hold") || same(event, "release") || same(event, MESSAGE_RETRY) ||
	       same(event, MESSAGE_ABANDON);
}

enum err_code outbox_decide(struct kernel *kernel, const char *message, const char *event, const struct actor *actor,
			    int64_t now_us, struct findings *findings, struct err *err)
{
	arena_auto arena = arena_new(WORK_ARENA_BYTES);
	struct decision decision = { kernel, message, event, actor, now_us, arena, NULL };

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for message %s", message);
	if (!is_decision(event))
		return fail(err, ERR_USAGE, "\"%.40s\" is not a decision: hold, release, retry or abandon", event);
	TRY(db_write(kernel->db, decide_run, &decision, err));
	findings_append(findings, decision.findings);
	return OK;
}
