#include "kernel/catch_up_int.h"

#include "base/uuid.h"
#include "kernel/party.h"

#define NOTE_MAX_BYTES ((size_t)256 << 10)

bool catch_up_is_action(const char *service, const char *action)
{
	static const char *const actions[] = { CATCH_UP_REQUEST, CATCH_UP_PAGE, CATCH_UP_FETCH, CATCH_UP_RETURN };
	bool known = false;

	for (size_t i = 0; i < COUNT(actions); i++)
		known = known || same(actions[i], action);
	return known && same(service, SERVICE_CONTINUITY);
}

static const struct field item_rows[] = {
	FIELD_TEXT(struct catch_up_item, direction, .json = "direction", .min = 1, .pattern = "sent|received",
		   .label = "by the side that answers"),
	FIELD_TEXT(struct catch_up_item, message_id, .json = "messageId", .min = 1, .max_length = 255),
	FIELD_TEXT(struct catch_up_item, digest, .json = "digest", .pattern = "[0-9a-f]{64}",
		   .label = "SHA-256 over the SHA-256 of each payload as signed"),
	FIELD_TEXT(struct catch_up_item, conversation, .json = "conversation", .max_length = 255),
	FIELD_TEXT(struct catch_up_item, action, .json = "action", .max_length = 255),
};
static const struct fields item_fields = FIELDS(struct catch_up_item, item_rows);

static const struct field wire_rows[] = {
	FIELD_TEXT(struct catch_up_wire, kind, .json = "kind", .min = 1,
		   .pattern = "sent|received|receipt-sent|receipt-received"),
	FIELD_TEXT(struct catch_up_wire, content_type, .json = "contentType", .min = 1),
};
static const struct fields wire_fields = FIELDS(struct catch_up_wire, wire_rows);

static const struct field note_rows[] = {
	FIELD_TEXT(struct catch_up_note, id, .json = "catchUp", .min = 1, .max_length = 64),
	FIELD_TIME(struct catch_up_note, since_us, .json = "since"),
	FIELD_TEXT(struct catch_up_note, after, .json = "after", .max_length = 255),
	FIELD_INT(struct catch_up_note, after_us, .json = "afterTime"),
	FIELD_TEXT(struct catch_up_note, next, .json = "next", .max_length = 255),
	FIELD_INT(struct catch_up_note, next_us, .json = "nextTime"),
	FIELD_TEXT(struct catch_up_note, refused, .json = "refused"),
	FIELD_TEXT(struct catch_up_note, unavailable, .json = "unavailable"),
	FIELD_FLAG(struct catch_up_note, last, .json = "last"),
	FIELD_LIST(struct catch_up_note, items, items_count, struct catch_up_item, item_fields, .json = "messages",
		   .max = CATCH_UP_PAGE_ITEMS),
	FIELD_LIST(struct catch_up_note, wires, wires_count, struct catch_up_wire, wire_fields, .json = "wires",
		   .max = 16),
};
static const struct fields note_fields = FIELDS(struct catch_up_note, note_rows);

const struct schema catch_up_note_schema = {
	.name = "CatchUp", .root = "CatchUp", .ns = "", .prefix = "", .fields = &note_fields
};

/* From customs to customs, as a ping: it is the business of the two nodes. */
static enum err_code put_parts(struct tx *tx, const struct catch_up_letter *letter, struct message_parts *parts,
			       const char **conversation, struct err *err)
{
	struct organisation customs = { 0 };
	struct message message = {
		.partner = letter->partner,
		.conversation = letter->conversation,
		.ref_to = letter->ref_to,
		.service = SERVICE_CONTINUITY,
		.action = letter->action,
		.final_recipient = arena_printf(letter->arena, "%s:customs", letter->partner),
	};

	TRY(organisation_of_seat(tx, letter->arena, organisation_seat(0), &customs, err));
	message.organisation = customs.code;
	message.original_sender = arena_printf(letter->arena, "%s:%s", letter->kernel->state, customs.code);
	if (!message.original_sender || !message.final_recipient)
		return fail(err, ERR_MEMORY, "no memory left for a %s", letter->action);
	TRY(outbox_put(letter->kernel, tx, letter->arena, &message, parts, &actor_system, letter->now_us, err));
	if (conversation)
		*conversation = message.conversation;
	return OK;
}

enum err_code catch_up_put(struct tx *tx, const struct catch_up_letter *letter, const char **conversation,
			   struct err *err)
{
	char uuid[UUID_SIZE];
	buf_auto text;
	struct message_part *parts = arena_array(letter->arena, letter->parts_count + 1, sizeof(*parts));

	buf_init(&text, NOTE_MAX_BYTES);
	field_put_json(&text, &catch_up_note_schema, letter->note);
	TRY(buf_check(&text, "the note of a catch-up", err));
	id_new(uuid, letter->now_us);
	const void *copy = arena_copy(letter->arena, text.data, text.size);
	if (!copy || !parts)
		return fail(err, ERR_MEMORY, "no memory left for a %s", letter->action);
	parts[0] = (struct message_part){ .mime_type = "application/json", .octets = bytes(copy, text.size) };
	for (size_t i = 0; i < letter->parts_count; i++)
		parts[1 + i] = letter->parts[i];
	for (size_t i = 0; i <= letter->parts_count; i++) {
		parts[i].content_id = arena_printf(letter->arena, "%s-%zu@%s", uuid, i, letter->kernel->state);
		if (!parts[i].content_id)
			return fail(err, ERR_MEMORY, "no memory left for a %s", letter->action);
	}
	return put_parts(tx, letter, &(struct message_parts){ parts, letter->parts_count + 1 }, conversation, err);
}

enum err_code catch_up_journal(struct tx *tx, const char *id, const char *actor, const char *event, const char *detail,
			       int64_t now_us, struct err *err)
{
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = now_us,
						    .actor = actor,
						    .subject_type = "catch-up",
						    .subject = id,
						    .event = event,
						    .detail = detail },
			   err);
}
