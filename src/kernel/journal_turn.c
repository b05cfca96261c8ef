/* Cursors of the feed across a restore. A sequence that was given before it may be another entry's since, so a cursor
 * is the sequence and, above it, the turn of the journal that it was read in. */
#include "base/date.h"
#include "kernel/store_int.h"

#define TURN_SHIFT 40
#define SEQUENCE   ((INT64_C(1) << TURN_SHIFT) - 1)
/* In so many microseconds no node is restored twice; 23 bits of these last until 2129. */
#define TURN_US (10 * MINUTE_US)

#define TURN       "journal-turn"       /* 0 until the first restore */
#define TURN_HEAD  "journal-turn-head"  /* the last sequence that is the same before and after it */
#define TURN_SINCE "journal-turn-since" /* the backup's time */

static enum err_code get(struct tx *tx, const char *name, int64_t *value, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_counter_get, BINDS(BIND_TEXT(name)), &query, err));
	*value = db_next(&query) ? db_int(&query, 0) : 0;
	return db_end(&query, err);
}

static enum err_code set(struct tx *tx, const char *name, int64_t value, struct err *err)
{
	return db_exec(tx, &sql_counter_set, BINDS(BIND_TEXT(name), BIND_INT(value)), NULL, err);
}

static enum err_code number(struct tx *tx, const struct statement *statement, const struct bind *binds, size_t count,
			    int64_t *value, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, count, &query, err));
	*value = db_next(&query) ? db_int(&query, 0) : 0;
	return db_end(&query, err);
}

enum err_code journal_turned(struct tx *tx, int64_t since_us, int64_t now_us, struct err *err)
{
	const struct bind since[] = { BIND_INT(since_us) };
	int64_t before_us, head;

	TRY(get(tx, TURN_SINCE, &before_us, err));
	if (before_us == since_us)
		return OK;
	TRY(number(tx, &sql_seal_until, since, COUNT(since), &head, err));
	TRY(set(tx, TURN_SINCE, since_us, err));
	TRY(set(tx, TURN_HEAD, head, err));
	return set(tx, TURN, now_us / TURN_US, err);
}

enum err_code journal_cursor(struct tx *tx, int64_t sequence, int64_t *cursor, struct err *err)
{
	int64_t turn;

	TRY(get(tx, TURN, &turn, err));
	*cursor = turn << TURN_SHIFT | sequence;
	return OK;
}

enum err_code journal_cursor_read(struct tx *tx, int64_t cursor, int64_t *sequence, struct err *err)
{
	int64_t turn, head, last;

	TRY(get(tx, TURN, &turn, err));
	TRY(get(tx, TURN_HEAD, &head, err));
	TRY(number(tx, &sql_journal_last, NO_BINDS, &last, err));
	bool other_turn = cursor >> TURN_SHIFT != turn;
	int64_t end = other_turn ? head : last;
	if ((cursor & SEQUENCE) > end)
		return fail(err, ERR_CONFLICT,
			    "the cursor %lld is ahead of what this node has told%s: read again from after=%lld",
			    (long long)cursor,
			    other_turn
				    ? " since it was restored from a backup, and what followed was lost or is another"
				    : "",
			    (long long)(turn << TURN_SHIFT | end));
	*sequence = cursor & SEQUENCE;
	return OK;
}
