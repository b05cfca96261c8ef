/* How the exchange with each partner stands. */
#include "base/date.h"
#include "kernel/message_int.h"

static const struct {
	const char *state;
	size_t offset;
} columns[] = {
	{ "queued", offsetof(struct exchange_counts, queued) },
	{ "held", offsetof(struct exchange_counts, held) },
	{ "dead", offsetof(struct exchange_counts, dead) },
	{ "delivered", offsetof(struct exchange_counts, delivered) },
	{ "received", offsetof(struct exchange_counts, received) },
	{ "processed", offsetof(struct exchange_counts, processed) },
	{ "failed", offsetof(struct exchange_counts, failed) },
	{ "abandoned", offsetof(struct exchange_counts, abandoned) },
};

static enum err_code partners_read(struct tx *tx, struct arena *arena, struct exchange_counts_list *list,
				   struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_message_count_partner, NO_BINDS, &query, err));
	while (db_next(&query)) {
		list->items = list_grow(arena, list->items, list->count, sizeof(*list->items));
		if (!list->items)
			return fail(err, ERR_MEMORY, "no memory left for the counts of messages");
		list->items[list->count++] = (struct exchange_counts){
			.partner = db_text(arena, &query, 0),
			.oldest_queued_us = db_null(&query, 1) ? TIME_NONE : db_int(&query, 1),
			.last_receipt_us = db_null(&query, 2) ? TIME_NONE : db_int(&query, 2),
			.refused = db_int(&query, 3),
		};
	}
	return db_end(&query, err);
}

static void count_put(struct exchange_counts_list *list, const char *partner, const char *state, int64_t count)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < COUNT(columns); k++)
			if (same(list->items[i].partner, partner) && same(columns[k].state, state))
				*(int64_t *)(void *)((char *)&list->items[i] + columns[k].offset) = count;
}

enum err_code message_counts(struct tx *tx, struct arena *arena, struct exchange_counts_list *list, struct err *err)
{
	struct exchange_counts_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(partners_read(tx, arena, &found, err));
	TRY(db_query(tx, &sql_message_count, NO_BINDS, &query, err));
	while (db_next(&query))
		count_put(&found, db_text(arena, &query, 0), db_text(arena, &query, 1), db_int(&query, 2));
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}
