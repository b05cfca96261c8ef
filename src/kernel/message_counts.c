/* How the exchange with each partner stands, without counting all that ever was.
 *
 * Open messages are counted as they are: there are few, and an index holds just them. A message is done once, for ever:
 * nothing leaves a final state, and the move into it leaves one entry in the journal, in the same transaction. So the
 * tallies are a sum over the journal up to a sequence; what is behind it, or not sealed yet, is counted on top.
 *
 * That is exact whatever the clocks say and however late a transaction commits, because a sequence is given to what is
 * committed, in turns and without gaps (journal.h): nothing can appear below one that was seen. Tallies and their
 * sequence move in one transaction, and a reader sees both, and the journal, in one snapshot: each entry is counted
 * once. Counters moved by the messages' own transactions would let all of them wait for the same rows. */
#include "base/date.h"
#include "kernel/message_int.h"

#define TALLY_ARENA_BYTES ((size_t)1 << 20)
#define TALLY_COUNTER     "message-tally"

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
			.status = db_text(arena, &query, 1),
			.oldest_queued_us = db_time(&query, 2),
			.last_receipt_us = db_time(&query, 3),
			.refused = db_int(&query, 4),
		};
	}
	return db_end(&query, err);
}

static void count_add(struct exchange_counts_list *list, const char *partner, const char *state, int64_t count)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < COUNT(columns); k++)
			if (same(list->items[i].partner, partner) && same(columns[k].state, state))
				*(int64_t *)(void *)((char *)&list->items[i] + columns[k].offset) += count;
}

/* Adds what STATEMENT counts: partner, state, how many. */
static enum err_code counts_add(struct tx *tx, struct arena *arena, const struct statement *statement,
				const struct bind *binds, size_t binds_count, struct exchange_counts_list *list,
				struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, binds_count, &query, err));
	while (db_next(&query))
		count_add(list, db_text(arena, &query, 0), db_text(arena, &query, 1), db_int(&query, 2));
	return db_end(&query, err);
}

static enum err_code int_read(struct tx *tx, const struct statement *statement, const struct bind *binds,
			      size_t binds_count, int64_t *value, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, binds_count, &query, err));
	*value = db_next(&query) ? db_int(&query, 0) : 0;
	return db_end(&query, err);
}

enum err_code message_counts(struct tx *tx, struct arena *arena, struct exchange_counts_list *list, struct err *err)
{
	struct exchange_counts_list found = { 0 };
	int64_t tallied = 0;

	TRY(partners_read(tx, arena, &found, err));
	TRY(int_read(tx, &sql_counter_get, BINDS(BIND_TEXT(TALLY_COUNTER)), &tallied, err));
	TRY(counts_add(tx, arena, &sql_message_count_open, NO_BINDS, &found, err));
	TRY(counts_add(tx, arena, &sql_message_tally_get, NO_BINDS, &found, err));
	TRY(counts_add(tx, arena, &sql_message_count_sealed, BINDS(BIND_INT(tallied), BIND_INT(INT64_MAX)), &found,
		       err));
	TRY(counts_add(tx, arena, &sql_message_count_unsealed, NO_BINDS, &found, err));
	*list = found;
	return OK;
}

/* --- The tallies --- */

struct tally {
	int64_t from, to, sealed; /* sequences: tallied before, tallied now, the last there is */
	unsigned limit;
};

static enum err_code tally_read(struct tx *tx, void *arg, struct err *err)
{
	struct tally *tally = arg;

	TRY(int_read(tx, &sql_counter_get, BINDS(BIND_TEXT(TALLY_COUNTER)), &tally->from, err));
	TRY(int_read(tx, &sql_journal_last, NO_BINDS, &tally->sealed, err));
	tally->to = tally->sealed - tally->from > tally->limit ? tally->from + tally->limit : tally->sealed;
	return OK;
}

struct tally_row {
	const char *partner, *state;
	int64_t messages;
};

static enum err_code tally_grow(struct tx *tx, struct arena *arena, const struct tally *tally, struct err *err)
{
	struct tally_row *rows = NULL;
	size_t count = 0;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_message_count_sealed, BINDS(BIND_INT(tally->from), BIND_INT(tally->to)), &query, err));
	while (db_next(&query)) {
		rows = list_grow(arena, rows, count, sizeof(*rows));
		if (!rows)
			return fail(err, ERR_MEMORY, "no memory left for the tallies of messages");
		rows[count++] =
			(struct tally_row){ db_text(arena, &query, 0), db_text(arena, &query, 1), db_int(&query, 2) };
	}
	TRY(db_end(&query, err));
	for (size_t i = 0; i < count; i++)
		TRY(db_exec(tx, &sql_message_tally_grow,
			    BINDS(BIND_TEXT(rows[i].partner), BIND_TEXT(rows[i].state), BIND_INT(rows[i].messages)),
			    NULL, err));
	return OK;
}

/* Whoever moves the counter has the turn. */
static enum err_code tally_run(struct tx *tx, void *arg, struct err *err)
{
	const struct tally *tally = arg;
	int64_t changed = 0;
	arena_auto arena = arena_new(TALLY_ARENA_BYTES);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the tallies of messages");
	TRY(db_exec(tx, &sql_counter_turn, BINDS(BIND_TEXT(TALLY_COUNTER), BIND_INT(tally->to), BIND_INT(tally->from)),
		    &changed, err));
	return changed ? tally_grow(tx, arena, tally, err) : OK;
}

enum err_code message_tally_step(struct kernel *kernel, unsigned limit, bool *more, struct err *err)
{
	struct tally tally = { .limit = limit };

	/* Looking first costs no commit while nothing happens. */
	TRY(db_read(kernel->db, tally_read, &tally, err));
	if (tally.to > tally.from)
		TRY(db_write(kernel->db, tally_run, &tally, err));
	*more = tally.to < tally.sealed;
	return OK;
}
