#include "kernel/message_int.h"

#include <stdio.h>

#include "base/date.h"
#include "base/random.h"
#include "base/text.h"
#include "base/uuid.h"
#include "codec/gzip.h"
#include "crypto/digest.h"

#define REASON_MAX_BYTES 400
#define SWEEP_EVERY_US   MINUTE_US
#define SWEEP_TURN       "parked-sweep" /* the counter that holds when it is due */

static const char *const wire_kinds[] = {
	[WIRE_SENT] = "sent",
	[WIRE_RECEIVED] = "received",
	[WIRE_RECEIPT_SENT] = "receipt-sent",
	[WIRE_RECEIPT_RECEIVED] = "receipt-received",
	[WIRE_ERROR_SENT] = "error-sent",
	[WIRE_ERROR_RECEIVED] = "error-received",
};

const char *wire_kind_name(enum wire_kind kind)
{
	return wire_kinds[kind];
}

static enum wire_kind wire_kind_of(const char *name)
{
	for (size_t i = 0; i < COUNT(wire_kinds); i++)
		if (same(wire_kinds[i], name))
			return (enum wire_kind)i;
	return WIRE_SENT; /* cannot be: the table admits only these names */
}

void content_digest(struct bytes octets, char digest[static CONTENT_DIGEST_SIZE])
{
	_Static_assert(CONTENT_DIGEST_SIZE == SHA256_HEX_SIZE, "SHA-256 in hexadecimal");
	sha256_hex(octets, digest);
}

char *message_digest(struct arena *arena, const struct message_parts *parts)
{
	char hex[SHA256_HEX_SIZE];
	uint8_t *digests = arena_array(arena, parts->count, SHA256_SIZE);

	if (!digests)
		return NULL;
	for (size_t i = 0; i < parts->count; i++)
		sha256(parts->items[i].octets, digests + i * SHA256_SIZE);
	sha256_hex(bytes(digests, parts->count * SHA256_SIZE), hex);
	return arena_text(arena, hex);
}

char *message_reason(struct arena *arena, const char *reason)
{
	struct bytes all = bytes_of(reason ? reason : "");

	return arena_text_of(arena, bytes(all.data, utf8_fitting(all, REASON_MAX_BYTES)));
}

/* --- Writing --- */

/* The place in the conversation. What stands before it may be finished at this moment by a transaction that does not
 * see it yet: so it is not parked here, but by whoever takes it and finds it blocked. */
static enum err_code place_find(struct tx *tx, struct message *message, struct err *err)
{
	db_query_auto query = { 0 };

	message->position = 1;
	if (same(message->conversation, message->id)) /* it opens one */
		return OK;
	TRY(db_query(
		tx, &sql_message_last,
		BINDS(BIND_TEXT(message->conversation), BIND_TEXT(message->partner), BIND_TEXT(message->direction)),
		&query, err));
	if (db_next(&query))
		message->position = db_int(&query, 0) + 1;
	return db_end(&query, err);
}

static enum err_code row_insert(struct tx *tx, const struct message *message, const char *state, int64_t now_us,
				bool *inserted, struct err *err)
{
	int64_t changed = 0;

	TRY(db_exec(tx, &sql_message_put,
		    BINDS(BIND_TEXT(message->id), BIND_TEXT(message->direction), BIND_TEXT(message->partner),
			  BIND_TEXT(message->organisation), BIND_TEXT(message->message_id),
			  BIND_TEXT(message->conversation), BIND_TEXT(message->ref_to), BIND_TEXT(message->service),
			  BIND_TEXT(message->action), BIND_TEXT(message->original_sender),
			  BIND_TEXT(message->final_recipient), BIND_TEXT(message->document), BIND_INT(message->test),
			  BIND_TEXT(state), BIND_INT(message->created_us), BIND_INT(now_us), BIND_TEXT(message->digest),
			  BIND_INT(message->position), BIND_INT(message->next_attempt_us),
			  same(message->direction, "in") ? BIND_INT(message->accepted_us) : BIND_NULL),
		    &changed, err));
	*inserted = changed > 0;
	return OK;
}

enum err_code message_parts_put(struct tx *tx, const char *message, const struct message_parts *parts, struct err *err)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct message_part *part = &parts->items[i];
		/* An empty payload is one, too: its octets are not NULL. */
		struct bytes octets = part->octets.data ? part->octets : bytes("", 0);
		TRY(db_exec(tx, &sql_part_put,
			    BINDS(BIND_TEXT(message), BIND_INT(i + 1), BIND_TEXT(part->content_id),
				  BIND_TEXT(part->mime_type), BIND_TEXT(part->charset), BIND_INT(part->compressed),
				  BIND_BLOB(octets)),
			    NULL, err));
	}
	return OK;
}

/* A race for the place in the conversation does not come here: on SQLite there is one writer, and PostgreSQL fails the
 * transaction that could not see the winner, which is then run again. */
enum err_code message_insert(struct tx *tx, struct message *message, const struct message_parts *parts,
			     const char *state, int64_t now_us, bool *inserted, struct err *err)
{
	struct message put = *message;

	put.next_attempt_us = now_us;
	TRY(place_find(tx, &put, err));
	TRY(message_insert_at(tx, &put, parts, state, now_us, inserted, err));
	message->position = put.position;
	return OK;
}

enum err_code message_insert_at(struct tx *tx, const struct message *message, const struct message_parts *parts,
				const char *state, int64_t now_us, bool *inserted, struct err *err)
{
	TRY(row_insert(tx, message, state, now_us, inserted, err));
	return *inserted ? message_parts_put(tx, message->id, parts, err) : OK;
}

static const char *or_none(const char *text)
{
	return text ? text : "-";
}

void wire_record(const struct wire *wire, const char *parts, char record[static CONTENT_DIGEST_SIZE])
{
	enum { RECORD_MAX = 640 }; /* four digests, a number, and the words */
	char lines[RECORD_MAX];
	bool is_message = wire->kind == WIRE_SENT || wire->kind == WIRE_RECEIVED;
	int size = snprintf(lines, sizeof(lines), "kind %s\nat %lld\noctets %s\nsigner %s\nbasis %s\nparts %s\n",
			    wire_kinds[wire->kind], (long long)wire->at_us, wire->digest, or_none(wire->certificate),
			    or_none(wire->basis ? wire->basis->id : NULL), or_none(is_message ? parts : NULL));

	/* A text that is no digest of ours may be longer: it is cut, and then fits nothing. */
	content_digest(bytes(lines, size < RECORD_MAX ? (size_t)size : RECORD_MAX - 1), record);
}

struct wire wire_digested(const struct wire *wire, const char *parts, struct wire_room *room)
{
	struct wire digested = *wire;

	if (!digested.octets.data)
		digested.octets = bytes("", 0); /* an empty blob, not NULL */
	content_digest(digested.octets, room->digest);
	digested.digest = room->digest;
	wire_record(&digested, parts, room->record);
	digested.record = room->record;
	return digested;
}

enum err_code wire_insert(struct tx *tx, const char *message, const char *partner, const struct wire *wire,
			  char id[static UUID_SIZE], int64_t now_us, struct err *err)
{
	id_new(id, now_us);
	if (wire->basis)
		TRY(basis_keep(tx, wire->basis, err));
	return db_exec(tx, &sql_wire_put,
		       BINDS(BIND_TEXT(id), BIND_TEXT(message), BIND_TEXT(partner), BIND_TEXT(wire_kinds[wire->kind]),
			     BIND_INT(wire->at_us), BIND_TEXT(wire->content_type ? wire->content_type : ""),
			     BIND_BLOB(wire->octets), BIND_TEXT(wire->digest), BIND_TEXT(wire->record),
			     BIND_TEXT(wire->certificate), BIND_TEXT(wire->basis ? wire->basis->id : NULL)),
		       NULL, err);
}

enum err_code wire_journal(struct tx *tx, const struct message *message, const struct wire *wire, const char *detail,
			   int64_t now_us, struct err *err)
{
	return journal_put(
		tx,
		&(struct journal_entry){ .at_us = now_us,
					 .actor = actor_system.name,
					 .organisation = message->organisation,
					 .subject_type = "message",
					 .subject = message->id,
					 /* Whether it got there is what the receipt says. */
					 .event = wire->kind == WIRE_SENT ? "signed" : wire_kinds[wire->kind],
					 .detail = detail,
					 .content = wire->record },
		err);
}

bool message_is_link_test(const struct message *message)
{
	return message->test && message->message_id && ends_with(message->message_id, MESSAGE_LINK_TEST);
}

enum err_code message_became(struct tx *tx, const char *message, const char *document, const char *organisation,
			     struct err *err)
{
	return db_exec(tx, &sql_message_document_set,
		       BINDS(BIND_TEXT(message), BIND_TEXT(document), BIND_TEXT(organisation)), NULL, err);
}

enum err_code message_wake(struct tx *tx, const struct message *message, int64_t now_us, struct err *err)
{
	return db_exec(tx, &sql_message_wake,
		       BINDS(BIND_TEXT(message->conversation), BIND_TEXT(message->partner),
			     BIND_TEXT(message->direction), BIND_INT(now_us)),
		       NULL, err);
}

static enum err_code sweep_read(struct tx *tx, void *arg, struct err *err)
{
	int64_t *due_us = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_counter_get, BINDS(BIND_TEXT(SWEEP_TURN)), &query, err));
	*due_us = db_next(&query) ? db_int(&query, 0) : 0;
	return db_end(&query, err);
}

struct sweep {
	int64_t now_us, due_us;
};

/* Whoever moves the counter has the turn. */
static enum err_code sweep_run(struct tx *tx, void *arg, struct err *err)
{
	const struct sweep *sweep = arg;
	int64_t changed = 0;

	TRY(db_exec(tx, &sql_counter_turn,
		    BINDS(BIND_TEXT(SWEEP_TURN), BIND_INT(sweep->now_us + SWEEP_EVERY_US), BIND_INT(sweep->due_us)),
		    &changed, err));
	return changed ? db_exec(tx, &sql_message_sweep, BINDS(BIND_INT(sweep->now_us)), NULL, err) : OK;
}

enum err_code message_sweep(struct kernel *kernel, int64_t now_us, struct err *err)
{
	struct sweep sweep = { .now_us = now_us };

	TRY(db_read(kernel->db, sweep_read, &sweep.due_us, err));
	/* A time that is too far ahead was set before somebody turned the clock back. */
	if (sweep.due_us > now_us && sweep.due_us <= now_us + SWEEP_EVERY_US)
		return OK;
	return db_write(kernel->db, sweep_run, &sweep, err);
}

const struct retry_policy retry_policy_default = {
	.first_us = 5 * SECOND_US,
	.max_us = 30 * MINUTE_US,
	.give_up_us = 21 * DAY_US,
};

int64_t message_back_off_us(const struct retry_policy *policy, int64_t attempts)
{
	int64_t delay = policy->first_us < policy->max_us ? policy->first_us : policy->max_us;

	for (int64_t i = 1; i < attempts && delay < policy->max_us; i++)
		delay = delay > policy->max_us / 2 ? policy->max_us : 2 * delay;
	return delay - (int64_t)random_below((uint64_t)(delay / 2) + 1);
}

/* --- Reading --- */

struct message message_row(struct arena *arena, const struct query *query)
{
	return (struct message){
		.id = db_text(arena, query, 0),
		.direction = db_text(arena, query, 1),
		.partner = db_text(arena, query, 2),
		.organisation = db_text(arena, query, 3),
		.message_id = db_text(arena, query, 4),
		.conversation = db_text(arena, query, 5),
		.position = db_int(query, 6),
		.ref_to = db_text(arena, query, 7),
		.service = db_text(arena, query, 8),
		.action = db_text(arena, query, 9),
		.original_sender = db_text(arena, query, 10),
		.final_recipient = db_text(arena, query, 11),
		.document = db_text(arena, query, 12),
		.test = db_int(query, 13) != 0,
		.state = db_text(arena, query, 14),
		.created_us = db_int(query, 15),
		.next_attempt_us = db_int(query, 16),
		.attempts = db_int(query, 17),
		.settled_us = db_time(query, 18),
		.last_error = db_text(arena, query, 19),
		.digest = db_text(arena, query, 20),
		.accepted_us = db_time(query, 21),
		.claimed = db_int(query, 22) != 0,
		.reached_us = db_time(query, 23),
	};
}

struct wire wire_row(struct arena *arena, const struct query *query)
{
	struct basis *basis = db_null(query, 7) ? NULL : arena_alloc(arena, sizeof(*basis));

	if (basis)
		*basis = (struct basis){ .id = db_text(arena, query, 7) };
	return (struct wire){
		.kind = wire_kind_of(db_text(arena, query, 0)),
		.at_us = db_int(query, 1),
		.content_type = db_text(arena, query, 2),
		.octets = db_blob(arena, query, 3),
		.certificate = db_text(arena, query, 4),
		.id = db_text(arena, query, 5),
		.digest = db_text(arena, query, 6),
		.record = db_text(arena, query, 8),
		.basis = basis,
	};
}

enum err_code message_list(struct tx *tx, struct arena *arena, const struct message_filter *filter,
			   struct message_list *list, struct err *err)
{
	const struct bind binds[] = {
		BIND_TEXT(filter->direction),    BIND_TEXT(filter->partner),
		BIND_TEXT(filter->organisation), BIND_TEXT(filter->before ? filter->before : ID_END),
		BIND_INT(filter->limit),         BIND_TEXT(filter->state)
	};
	struct message_list found = { 0 };
	db_query_auto query = { 0 };

	/* Most messages are done: the newest of those are found soonest from the end, the few others by their state. */
	bool few = filter->state && !same(filter->state, "delivered") && !same(filter->state, "processed");
	const struct statement *way = few                    ? &sql_message_in_state
				      : filter->partner      ? &sql_message_of_partner
				      : filter->organisation ? &sql_message_of_organisation
							     : &sql_message_any;
	TRY(db_query(tx, way, binds, COUNT(binds), &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of messages");
		found.items[found.count++] = message_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code message_find(struct tx *tx, struct arena *arena, const char *id, struct message *message, struct err *err)
{
	const struct statement *const ways[] = { &sql_message_get, &sql_message_by_message_id };
	struct message found = { 0 };

	for (size_t i = 0; i < COUNT(ways) && !found.id; i++) {
		db_query_auto query = { 0 };
		TRY(db_query(tx, ways[i], BINDS(BIND_TEXT(id)), &query, err));
		if (db_next(&query))
			found = message_row(arena, &query);
		TRY(db_end(&query, err));
	}
	*message = found;
	return OK;
}

static enum err_code find_of(struct tx *tx, struct arena *arena, const struct statement *way, const char *partner,
			     const char *message_id, struct message *message, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, way, BINDS(BIND_TEXT(message_id), BIND_TEXT(partner)), &query, err));
	struct message found = db_next(&query) ? message_row(arena, &query) : (struct message){ 0 };
	TRY(db_end(&query, err));
	*message = found;
	return OK;
}

enum err_code message_find_out(struct tx *tx, struct arena *arena, const char *partner, const char *message_id,
			       struct message *message, struct err *err)
{
	return find_of(tx, arena, &sql_message_out, partner, message_id, message, err);
}

enum err_code message_find_in(struct tx *tx, struct arena *arena, const char *partner, const char *message_id,
			      struct message *message, struct err *err)
{
	return find_of(tx, arena, &sql_message_in, partner, message_id, message, err);
}

static enum err_code parts_read(struct tx *tx, struct arena *arena, const struct statement *statement,
				const struct bind *binds, size_t count, struct message_parts *parts, struct err *err)
{
	struct message_parts found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, count, &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the parts of a message");
		found.items[found.count++] = (struct message_part){
			.content_id = db_text(arena, &query, 0),
			.mime_type = db_text(arena, &query, 1),
			.charset = db_text(arena, &query, 2),
			.compressed = db_int(&query, 3) != 0,
			.octets = db_blob(arena, &query, 4),
		};
	}
	TRY(db_end(&query, err));
	*parts = found;
	return OK;
}

enum err_code message_parts_of(struct tx *tx, struct arena *arena, const char *id, struct message_parts *parts,
			       struct err *err)
{
	return parts_read(tx, arena, &sql_part_all, BINDS(BIND_TEXT(id)), parts, err);
}

enum err_code message_parts_before(struct tx *tx, struct arena *arena, const char *id, int64_t packing,
				   struct message_parts *parts, struct err *err)
{
	return parts_read(tx, arena, &sql_part_before, BINDS(BIND_TEXT(id), BIND_INT(packing)), parts, err);
}

enum err_code message_wires(struct tx *tx, struct arena *arena, const char *id, struct wire_list *list, struct err *err)
{
	struct wire_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_wire_all, BINDS(BIND_TEXT(id)), &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the evidence of message %s", id);
		found.items[found.count++] = wire_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code message_part_plain(struct arena *arena, const struct message_part *part, size_t max_bytes,
				 struct bytes *plain, struct err *err)
{
	if (!part->compressed) {
		if (part->octets.size > max_bytes)
			return fail(err, ERR_LIMIT, "a part has %zu octets, more than %zu", part->octets.size,
				    max_bytes);
		*plain = part->octets;
		return OK;
	}

	buf_auto out;
	buf_init(&out, max_bytes);
	TRY(gzip_expand(part->octets, PART_MAX_RATIO, &out, err));
	const void *copy = arena_copy(arena, buf_text(&out), out.size);
	if (!copy)
		return fail(err, ERR_MEMORY, "no memory left for a part of %zu octets", out.size);
	*plain = bytes(copy, out.size);
	return OK;
}
