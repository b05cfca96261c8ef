/* Messages that come again. A partner that has changed its binding meanwhile packs its message anew: what was
 * compressed in AS4 is plain in ebMS 2. It is the same message, and its sender looks for a receipt of what it signed
 * last. */
#include "base/uuid.h"
#include "codec/gzip.h"
#include "crypto/digest.h"
#include "kernel/message_int.h"

/* What is stored is read into it. */
#define STORED_ARENA_BYTES ((size_t)512 << 20)
#define PART_MAX_BYTES     ((size_t)256 << 20)

/* --- What it says --- */

static enum err_code plain_digest(const struct message_part *part, char digest[static CONTENT_DIGEST_SIZE],
				  struct err *err)
{
	if (!part->compressed) {
		content_digest(part->octets, digest);
		return OK;
	}
	buf_auto plain;
	buf_init(&plain, PART_MAX_BYTES);
	TRY(gzip_expand(part->octets, PART_MAX_RATIO, &plain, err));
	content_digest(buf_bytes(&plain), digest);
	return OK;
}

struct comparison {
	const char *id;
	const struct message_parts *parts;
	bool is_same;
};

static enum err_code compare(struct tx *tx, void *arg, struct err *err)
{
	struct comparison *comparison = arg;
	struct message_parts stored;
	char digest[CONTENT_DIGEST_SIZE], other[CONTENT_DIGEST_SIZE];
	arena_auto arena = arena_new(STORED_ARENA_BYTES);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for a repetition of message %s", comparison->id);
	TRY(message_parts_of(tx, arena, comparison->id, &stored, err));
	comparison->is_same = stored.count == comparison->parts->count;
	for (size_t i = 0; i < stored.count && comparison->is_same; i++) {
		TRY(plain_digest(&stored.items[i], digest, err));
		TRY(plain_digest(&comparison->parts->items[i], other, err));
		comparison->is_same = same(digest, other);
	}
	return OK;
}

enum err_code repeated_content(struct kernel *kernel, const char *id, const struct message_parts *parts, bool *is_same,
			       struct err *err)
{
	struct comparison comparison = { .id = id, .parts = parts };

	TRY(db_read(kernel->db, compare, &comparison, err));
	*is_same = comparison.is_same;
	return OK;
}

/* --- What it gets --- */

struct receipts {
	struct wire *items;
	size_t count;
};

static enum err_code receipts_read(struct tx *tx, struct arena *arena, const char *id, struct receipts *receipts,
				   struct err *err)
{
	db_query_auto query = { 0 };

	*receipts = (struct receipts){ 0 };
	TRY(db_query(tx, &sql_wire_receipts, BINDS(BIND_TEXT(id)), &query, err));
	while (db_next(&query)) {
		receipts->items = list_grow(arena, receipts->items, receipts->count, sizeof(*receipts->items));
		if (!receipts->items)
			return fail(err, ERR_MEMORY, "no memory left for the receipts of message %s", id);
		receipts->items[receipts->count++] = wire_row(arena, &query);
	}
	TRY(db_end(&query, err));
	return receipts->count ? OK : fail(err, ERR_INTERNAL, "message %s was accepted without a receipt", id);
}

static enum err_code parts_keep(struct tx *tx, const struct repetition *repetition, struct err *err)
{
	const struct message_parts *parts = &repetition->delivery->parts;
	int64_t packing = 1;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_part_next_packing, BINDS(BIND_TEXT(repetition->id)), &query, err));
	if (db_next(&query))
		packing = db_int(&query, 0);
	TRY(db_end(&query, err));
	for (size_t i = 0; i < parts->count; i++) {
		const struct message_part *part = &parts->items[i];
		struct bytes octets = part->octets.data ? part->octets : bytes("", 0);
		TRY(db_exec(tx, &sql_part_put_before,
			    BINDS(BIND_TEXT(repetition->id), BIND_INT(packing), BIND_INT(i + 1),
				  BIND_TEXT(part->content_id), BIND_TEXT(part->mime_type), BIND_TEXT(part->charset),
				  BIND_INT(part->compressed), BIND_BLOB(octets)),
			    NULL, err));
	}
	return OK;
}

/* A receipt is evidence together with what it repeats, so that is kept as well. */
static enum err_code version_keep(struct tx *tx, const struct repetition *repetition, struct err *err)
{
	const struct wire *const wires[] = { &repetition->received, &repetition->given };
	struct message message = repetition->delivery->message;
	char id[UUID_SIZE];

	message.id = repetition->id;
	if (repetition->repacked)
		TRY(parts_keep(tx, repetition, err));
	for (size_t i = 0; i < COUNT(wires); i++) {
		TRY(wire_insert(tx, message.id, message.partner, wires[i], id, repetition->now_us, err));
		TRY(wire_journal(tx, &message, wires[i], "again, and otherwise than before", repetition->now_us, err));
	}
	return OK;
}

enum err_code repeated_receipt(struct tx *tx, struct arena *arena, const struct repetition *repetition,
			       struct wire *receipt, struct err *err)
{
	const struct inbox_delivery *delivery = repetition->delivery;
	struct receipts receipts;

	TRY(receipts_read(tx, arena, repetition->id, &receipts, err));
	for (size_t i = 0; i < receipts.count; i++) {
		bool answered = true;
		if (delivery->answered)
			TRY(delivery->answered(delivery->arg, &receipts.items[i], &answered, err));
		if (answered) {
			*receipt = receipts.items[i];
			return OK;
		}
	}
	/* Whoever signs the same content over and over shall not fill the disk with it. */
	if (receipts.count >= VERSIONS_KEPT) {
		*receipt = receipts.items[0];
		return OK;
	}
	TRY(version_keep(tx, repetition, err));
	*receipt = delivery->receipt;
	return OK;
}
