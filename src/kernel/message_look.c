/* A message as one looks at it: what belongs to it, without the octets, which may be long. */
#include "kernel/capability.h"
#include "kernel/message_int.h"

/* One part at a time is read for its digest. */
#define PART_ARENA_BYTES ((size_t)300 << 20)

static enum err_code part_head(struct arena *arena, const struct query *query, struct part_head *head, struct err *err)
{
	arena_auto octets_arena = arena_new(PART_ARENA_BYTES);

	if (!octets_arena)
		return fail(err, ERR_MEMORY, "no memory left for a part");
	struct bytes octets = db_blob(octets_arena, query, 4);
	*head = (struct part_head){
		.content_id = db_text(arena, query, 0),
		.mime_type = db_text(arena, query, 1),
		.compressed = db_int(query, 3) != 0,
		.bytes = (int64_t)octets.size,
	};
	content_digest(octets, head->digest);
	return OK;
}

static enum err_code parts_look(struct tx *tx, struct arena *arena, const char *id, struct message_look *look,
				struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_part_all, BINDS(BIND_TEXT(id)), &query, err));
	while (db_next(&query)) {
		look->parts = list_grow(arena, look->parts, look->parts_count, sizeof(*look->parts));
		if (!look->parts)
			return fail(err, ERR_MEMORY, "no memory left for the parts of message %s", id);
		TRY(part_head(arena, &query, &look->parts[look->parts_count++], err));
	}
	return db_end(&query, err);
}

static enum err_code wires_look(struct tx *tx, struct arena *arena, const char *id, struct message_look *look,
				struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_wire_heads, BINDS(BIND_TEXT(id)), &query, err));
	while (db_next(&query)) {
		look->wires = list_grow(arena, look->wires, look->wires_count, sizeof(*look->wires));
		if (!look->wires)
			return fail(err, ERR_MEMORY, "no memory left for the evidence of message %s", id);
		look->wires[look->wires_count++] = (struct wire_head){
			.kind = db_text(arena, &query, 0),
			.at_us = db_int(&query, 1),
			.bytes = db_int(&query, 2),
			.digest = db_text(arena, &query, 3),
			.certificate = db_text(arena, &query, 4),
			.signer = db_blob(arena, &query, 5),
		};
	}
	return db_end(&query, err);
}

enum err_code message_look(struct tx *tx, struct arena *arena, const char *id, struct message_look *look,
			   struct err *err)
{
	struct message_look found = { 0 };

	TRY(parts_look(tx, arena, id, &found, err));
	TRY(wires_look(tx, arena, id, &found, err));
	*look = found;
	return OK;
}

enum err_code message_effect(struct tx *tx, const struct kernel *kernel, struct arena *arena,
			     const struct message *message, const char **effect, struct err *err)
{
	const struct keeper *keeper = keeper_of(kernel);
	bool waits = same(message->state, "dead") || same(message->state, "held") || same(message->state, "abandoned");

	*effect = NULL;
	if (!keeper || !message->document || same(message->direction, "in") || !waits)
		return OK;
	return keeper->effect(tx, arena, message->document, effect, err);
}
