/* The numbers of the feed across a restore. A sequence that was given before it may be another entry's since, so what
 * comes behind it has numbers that lie ahead of all that can have been given: by the microseconds between what the
 * journal was put back to and the restore, for no node writes an entry in each of them. Numbers stay below 2^53, which
 * JSON readers count on (RFC 8259, 6), for 285 years lost in all. */
#include "base/date.h"
#include "kernel/store_int.h"

enum err_code journal_turned(struct tx *tx, int64_t since_us, int64_t now_us, struct err *err)
{
	int64_t ahead = now_us > since_us ? now_us - since_us : 1;

	return db_exec(tx, &sql_journal_turn_put, BINDS(BIND_INT(since_us), BIND_INT(now_us), BIND_INT(ahead)), NULL,
		       err);
}

static enum err_code number(struct tx *tx, const struct statement *statement, const struct bind *binds, size_t count,
			    int64_t *value, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, count, &query, err));
	*value = db_next(&query) ? db_int(&query, 0) : 0;
	return db_end(&query, err);
}

enum err_code journal_number(struct tx *tx, int64_t sequence, int64_t *number_, struct err *err)
{
	const struct bind binds[] = { BIND_INT(sequence) };
	int64_t ahead;

	TRY(number(tx, &sql_journal_turn_ahead, binds, COUNT(binds), &ahead, err));
	*number_ = sequence + ahead;
	return OK;
}

enum err_code journal_numbers(struct tx *tx, struct journal_list *list, struct err *err)
{
	db_query_auto query = { 0 };

	for (size_t i = 0; i < list->count; i++)
		list->entries[i].number = list->entries[i].sequence;
	TRY(db_query(tx, &sql_journal_turns, NO_BINDS, &query, err));
	while (db_next(&query))
		for (size_t i = 0; i < list->count; i++)
			if (list->entries[i].sequence > db_int(&query, 0))
				list->entries[i].number = list->entries[i].sequence + db_int(&query, 1);
	return db_end(&query, err);
}

/* *END: the last sequence of the turn in which NUMBER was given, *AHEAD: its distance. */
static enum err_code turn_of(struct tx *tx, int64_t given, int64_t *end, int64_t *ahead, bool *before, struct err *err)
{
	db_query_auto query = { 0 };

	*ahead = 0;
	*before = false;
	TRY(number(tx, &sql_journal_last, NO_BINDS, end, err));
	TRY(db_query(tx, &sql_journal_turns, NO_BINDS, &query, err));
	while (!*before && db_next(&query)) {
		*before = given <= db_int(&query, 0) + db_int(&query, 1);
		if (*before)
			*end = db_int(&query, 0);
		else
			*ahead = db_int(&query, 1);
	}
	return db_end(&query, err);
}

enum err_code journal_number_read(struct tx *tx, int64_t given, int64_t *sequence, struct err *err)
{
	int64_t end, ahead, go_on;
	bool before;

	TRY(turn_of(tx, given, &end, &ahead, &before, err));
	if (given - ahead <= end) {
		*sequence = given - ahead;
		return OK;
	}
	TRY(journal_number(tx, end, &go_on, err));
	return fail(err, ERR_CONFLICT,
		    "the cursor %lld is ahead of what this node has told%s: read again from after=%lld",
		    (long long)given,
		    before ? " since it was restored from a backup, and what followed was lost or is another" : "",
		    (long long)go_on);
}
