/* The side that still has what the other has lost: what it acknowledged, or has a receipt for, it lists and returns. Of
 * messages with the very partner that asks, whose signature the request has, and of no other. */
#include "kernel/catch_up_int.h"

#include "base/date.h"
#include "base/uuid.h"

/* What one fetch is answered with; the rest is asked for again. */
#define FETCH_MAX_BYTES ((size_t)24 << 20)
/* A return must fit into a message of the partner. */
#define RETURN_MAX_BYTES ((size_t)28 << 20)
#define RETURN_MAX_PARTS 22
/* A message waits for no longer, so what was delivered since then is not older than that. */
#define WAITED_US (61 * DAY_US)

/* --- How much may be asked --- */

static enum err_code cost_add(struct tx *tx, const char *partner, int64_t now_us, int64_t requests, int64_t bytes_sent,
			      const char **refused, struct err *err)
{
	db_query_auto query = { 0 };
	bool over = false;

	TRY(db_query(
		tx, &sql_catch_up_cost,
		BINDS(BIND_TEXT(partner), BIND_INT(date_of_time(now_us)), BIND_INT(requests), BIND_INT(bytes_sent)),
		&query, err));
	if (db_next(&query))
		over = db_int(&query, 0) > CATCH_UP_REQUESTS_A_DAY || db_int(&query, 1) > CATCH_UP_BYTES_A_DAY;
	if (over)
		*refused = "more was asked for than is given back in a day; begin again tomorrow";
	return db_end(&query, err);
}

struct answering {
	struct kernel *kernel;
	struct arena *arena;
	const struct message *message; /* that asks */
	const struct catch_up_note *note;
	int64_t now_us;
};

static enum err_code answer(struct tx *tx, const struct answering *a, const char *action,
			    const struct catch_up_note *note, const struct message_parts *parts, struct err *err)
{
	return catch_up_put(tx,
			    &(struct catch_up_letter){ .kernel = a->kernel,
						       .arena = a->arena,
						       .partner = a->message->partner,
						       .conversation = a->message->conversation,
						       .ref_to = a->message->message_id,
						       .action = action,
						       .note = note,
						       .parts = parts ? parts->items : NULL,
						       .parts_count = parts ? parts->count : 0,
						       .now_us = a->now_us },
			    NULL, err);
}

static enum err_code note_served(struct tx *tx, const struct answering *a, const char *event, const char *detail,
				 struct err *err)
{
	const struct actor actor = actor_partner(a->arena, a->message->partner);

	if (!actor.name || !detail)
		return fail(err, ERR_MEMORY, "no memory left to answer %s", a->message->partner);
	return catch_up_journal(tx, a->note->id, actor.name, event, detail, a->now_us, err);
}

/* --- The list --- */

static enum err_code inventory(struct tx *tx, const struct answering *a, struct catch_up_note *page, struct err *err)
{
	const struct catch_up_note *asked = a->note;
	bool goes_on = asked->after && asked->after_us != INTEGER_NONE;
	char oldest[UUID_SIZE];
	db_query_auto query = { 0 };
	int64_t at_us = 0;
	const char *id = NULL;

	uuid_floor(oldest, asked->since_us - WAITED_US);
	TRY(db_query(tx, &sql_catch_up_inventory,
		     BINDS(BIND_TEXT(a->message->partner), BIND_TEXT(oldest), BIND_TEXT(SERVICE_DOCUMENTS),
			   BIND_INT(asked->since_us), BIND_INT(goes_on ? asked->after_us : 0),
			   BIND_TEXT(goes_on ? asked->after : ""), BIND_INT(CATCH_UP_PAGE_ITEMS + 1)),
		     &query, err));
	while (db_next(&query)) {
		if (page->items_count == CATCH_UP_PAGE_ITEMS) {
			page->next = id;
			page->next_us = at_us;
			break;
		}
		id = db_text(a->arena, &query, 0);
		at_us = db_int(&query, 6);
		page->items[page->items_count++] = (struct catch_up_item){
			.direction = same(db_text(a->arena, &query, 1), "in") ? "received" : "sent",
			.message_id = db_text(a->arena, &query, 2),
			.digest = db_text(a->arena, &query, 3),
			.conversation = db_text(a->arena, &query, 4),
			.action = db_text(a->arena, &query, 5),
		};
	}
	return db_end(&query, err);
}

enum err_code catch_up_asked(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct message *message,
			     const struct catch_up_note *note, int64_t now_us, struct err *err)
{
	const struct answering a = { kernel, arena, message, note, now_us };
	struct catch_up_note page = {
		.id = note->id, .since_us = TIME_NONE, .after_us = INTEGER_NONE, .next_us = INTEGER_NONE
	};
	char since[TIME_SIZE];

	page.items = arena_array(arena, CATCH_UP_PAGE_ITEMS, sizeof(*page.items));
	if (!page.items)
		return fail(err, ERR_MEMORY, "no memory left to answer %s", message->partner);
	TRY(cost_add(tx, message->partner, now_us, 1, 0, &page.refused, err));
	if (note->since_us == TIME_NONE || note->since_us < now_us - CATCH_UP_WINDOW_US - 2 * CATCH_UP_SKEW_US)
		page.refused = "what was exchanged more than seven days ago is not given back";
	if (!page.refused)
		TRY(inventory(tx, &a, &page, err));
	TRY(answer(tx, &a, CATCH_UP_PAGE, &page, NULL, err));
	return note_served(tx, &a, page.refused ? "catch-up-denied" : "catch-up-listed",
			   page.refused ? page.refused
					: arena_printf(arena, "%zu messages since %s", page.items_count,
						       time_format(note->since_us, since)),
			   err);
}

/* --- The messages --- */

struct returning {
	struct message_part parts[RETURN_MAX_PARTS];
	struct catch_up_wire wires[RETURN_MAX_PARTS];
	size_t wires_count, count, bytes;
	const char *unavailable;
};

static void put_part(struct returning *r, const struct message_part *part)
{
	if (r->count == RETURN_MAX_PARTS) {
		r->unavailable = "it has more parts than a message that returns it may have";
		return;
	}
	r->parts[r->count++] = *part;
	r->bytes += part->octets.size;
	if (r->bytes > RETURN_MAX_BYTES)
		r->unavailable = "it is larger than a message that returns it may be";
}

/* Of a message that was received: what came, and the receipt that it got. Of one that was sent: each version, and the
 * receipt for one of them. */
static void put_wires(struct returning *r, const struct message *message, const struct wire_list *wires)
{
	bool in = same(message->direction, "in");

	for (size_t i = 0; i < wires->count && !r->unavailable; i++) {
		const struct wire *wire = &wires->items[i];
		bool wanted = in ? wire->kind == WIRE_RECEIVED || wire->kind == WIRE_RECEIPT_SENT
				 : wire->kind == WIRE_SENT || wire->kind == WIRE_RECEIPT_RECEIVED;
		if (!wanted)
			continue;
		put_part(r, &(struct message_part){ .mime_type = "application/octet-stream", .octets = wire->octets });
		if (!r->unavailable)
			r->wires[r->wires_count++] =
				(struct catch_up_wire){ wire_kind_name(wire->kind), wire->content_type };
	}
}

/* The payloads as they were signed: what went over the wire is encrypted for one of the two, and not for the other. */
static void put_payloads(struct returning *r, const struct message_parts *parts)
{
	for (size_t i = 0; i < parts->count && !r->unavailable; i++)
		put_part(r, &(struct message_part){ .mime_type = "application/octet-stream",
						    .octets = parts->items[i].octets.data ? parts->items[i].octets
											  : bytes("", 0) });
}

static enum err_code collect(struct tx *tx, const struct answering *a, const struct catch_up_item *item,
			     struct returning *r, struct err *err)
{
	const char *partner = a->message->partner;
	struct message message;
	struct message_parts payloads;
	struct wire_list wires;

	TRY((same(item->direction, "received") ? message_find_in : message_find_out)(tx, a->arena, partner,
										     item->message_id, &message, err));
	if (!message.id || !same(message.service, SERVICE_DOCUMENTS)) {
		r->unavailable = "no such message was exchanged with you";
		return OK;
	}
	TRY(message_wires(tx, a->arena, message.id, &wires, err));
	if (wires.count == 0) { /* kernel/retention.h: only the row of the message stays */
		r->unavailable = "its term is over here, and what was kept of it is deleted";
		return OK;
	}
	TRY(message_parts_of(tx, a->arena, message.id, &payloads, err));
	put_wires(r, &message, &wires);
	put_payloads(r, &payloads);
	return OK;
}

static enum err_code return_one(struct tx *tx, const struct answering *a, size_t i, bool last, size_t *sent,
				struct err *err)
{
	struct returning *r = arena_alloc(a->arena, sizeof(*r));

	if (!r)
		return fail(err, ERR_MEMORY, "no memory left to answer %s", a->message->partner);
	struct catch_up_note note = { .id = a->note->id,
				      .since_us = TIME_NONE,
				      .after_us = INTEGER_NONE,
				      .next_us = INTEGER_NONE,
				      .items = &a->note->items[i],
				      .items_count = 1,
				      .last = last };
	TRY(collect(tx, a, &a->note->items[i], r, err));
	note.unavailable = r->unavailable;
	if (r->unavailable)
		r->count = r->wires_count = 0;
	note.wires = r->wires;
	note.wires_count = r->wires_count;
	*sent += r->bytes;
	return answer(tx, a, CATCH_UP_RETURN, &note, &(struct message_parts){ r->parts, r->count }, err);
}

enum err_code catch_up_fetched(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct message *message,
			       const struct catch_up_note *note, int64_t now_us, struct err *err)
{
	const struct answering a = { kernel, arena, message, note, now_us };
	const char *refused = NULL;
	size_t sent = 0, count = note->items_count < CATCH_UP_FETCH_ITEMS ? note->items_count : CATCH_UP_FETCH_ITEMS;
	size_t i = 0;

	TRY(cost_add(tx, message->partner, now_us, 1, 0, &refused, err));
	if (refused) {
		const struct catch_up_note page = { .id = note->id,
						    .since_us = TIME_NONE,
						    .after_us = INTEGER_NONE,
						    .next_us = INTEGER_NONE,
						    .refused = refused };
		TRY(answer(tx, &a, CATCH_UP_PAGE, &page, NULL, err));
		return note_served(tx, &a, "catch-up-denied", refused, err);
	}
	for (; i < count && sent < FETCH_MAX_BYTES; i++)
		TRY(return_one(tx, &a, i, i + 1 == count, &sent, err));
	/* What did not fit is asked for again, after a word that no more comes. */
	if (i < count) {
		const struct catch_up_note end = { .id = note->id,
						   .since_us = TIME_NONE,
						   .after_us = INTEGER_NONE,
						   .next_us = INTEGER_NONE,
						   .last = true };
		TRY(answer(tx, &a, CATCH_UP_RETURN, &end, NULL, err));
	}
	TRY(cost_add(tx, message->partner, now_us, 0, (int64_t)sent, &refused, err));
	return note_served(tx, &a, "catch-up-returned", arena_printf(arena, "%zu messages", i), err);
}
