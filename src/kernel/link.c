#include "kernel/link.h"

#include <stdlib.h>

#include "base/date.h"
#include "kernel/journal.h"
#include "kernel/store_int.h"

#define BEAT_ARENA_BYTES ((size_t)1 << 16)

enum { HURRIED_MAX = 10000 }; /* messages at once, when a link is down no more */

/* A link as its row has it. */
struct link_row {
	struct link link;
	struct bytes delays;
};

/* A partner with which nothing was exchanged has no row. */
static struct link_row link_row(struct arena *arena, const struct query *query)
{
	bool known = !db_null(query, 1);
	const char *state = known ? db_text(arena, query, 1) : LINK_UNKNOWN;

	return (struct link_row){
		.link = { .partner = db_text(arena, query, 0),
			  .state = state,
			  .observed = state,
			  .since_us = db_time(query, 2),
			  .heard_us = db_time(query, 3),
			  .answered_us = db_time(query, 4),
			  .receipt_us = db_time(query, 5),
			  .failures = db_int(query, 6),
			  .failing_us = db_time(query, 7),
			  .reason = db_text(arena, query, 8),
			  .median_ms = INTEGER_NONE,
			  .p99_ms = INTEGER_NONE },
		.delays = db_blob(arena, query, 9),
	};
}

/* --- Round trips --- */

enum { DELAY_SIZE = 4 };

static uint32_t delay_at(struct bytes delays, size_t index)
{
	const uint8_t *at = delays.data + index * DELAY_SIZE;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int ascending(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return (one > other) - (one < other);
}

/* The smallest of the last COUNT of DELAYS that so many of a hundred do not exceed (nearest rank). */
static int64_t percentile(struct bytes delays, size_t count, unsigned percent)
{
	uint32_t sorted[LINK_DELAYS];
	size_t all = delays.size / DELAY_SIZE;

	if (count > all)
		count = all;
	if (count == 0 || count > LINK_DELAYS)
		return INTEGER_NONE;
	for (size_t i = 0; i < count; i++)
		sorted[i] = delay_at(delays, all - count + i);
	qsort(sorted, count, sizeof *sorted, ascending);
	return sorted[(count * percent + 99) / 100 - 1];
}

/* The last LINK_DELAYS of those before and those that were seen. */
static struct bytes delays_with(struct bytes before, const struct link_seen *seen,
				uint8_t room[static 2 * LINK_DELAYS * DELAY_SIZE])
{
	size_t size = before.size < LINK_DELAYS * DELAY_SIZE ? before.size : LINK_DELAYS * DELAY_SIZE;

	if (size > 0)
		memcpy(room, before.data + before.size - size, size);
	for (size_t i = 0; i < seen->delays_count; i++) {
		int64_t ms = seen->delays_ms[i] < 0            ? 0
			     : seen->delays_ms[i] > UINT32_MAX ? UINT32_MAX
							       : seen->delays_ms[i];
		for (int shift = 24; shift >= 0; shift -= 8)
			room[size++] = (uint8_t)((uint64_t)ms >> shift);
	}
	size_t kept = size < LINK_DELAYS * DELAY_SIZE ? size : LINK_DELAYS * DELAY_SIZE;
	return bytes(room + size - kept, kept);
}

/* --- Telling --- */

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b; /* TIME_NONE is before all others */
}

/* Another process may have told meanwhile: what an answer is older than still counts. */
static void add_seen(struct link *link, const struct link_seen *seen)
{
	link->heard_us = later(link->heard_us, seen->heard_us);
	link->answered_us = later(link->answered_us, seen->answered_us);
	link->receipt_us = later(link->receipt_us, seen->receipt_us);
	if (seen->answered_us != TIME_NONE && seen->answered_us >= link->failing_us) {
		link->failures = 0;
		link->failing_us = TIME_NONE;
		link->reason = NULL;
	}
	if (seen->failures && seen->failing_us >= link->answered_us) {
		link->failing_us = link->failures ? link->failing_us : seen->failing_us;
		link->failures += seen->failures;
		link->reason = seen->reason;
	}
}

/* One or two failures may be chance: until there are more it stays as it was. */
static const char *judge(const struct link *link, struct bytes delays, int64_t slow_us)
{
	int64_t median_ms = percentile(delays, LINK_RECENT, 50);

	if (link->failures >= LINK_FAILURES)
		return LINK_DOWN;
	if (link->failures || link->answered_us == TIME_NONE)
		return link->observed;
	return delays.size >= LINK_RECENT * DELAY_SIZE && median_ms > slow_us / 1000 ? LINK_SLOW : LINK_UP;
}

static enum err_code journal_change(struct tx *tx, struct arena *arena, const struct link *link, const char *from,
				    int64_t since_us, int64_t now_us, struct err *err)
{
	char time[TIME_SIZE];
	const char *detail = link->reason;

	if (same(from, LINK_DOWN) && since_us != TIME_NONE)
		detail = arena_printf(arena, "it was down since %s", time_format(since_us, time));
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = now_us,
						    .actor = actor_system.name,
						    .subject_type = "partner",
						    .subject = link->partner,
						    .event = same(link->observed, LINK_DOWN)   ? "link-down"
							     : same(link->observed, LINK_SLOW) ? "link-slow"
											       : "link-up",
						    .from_state = from,
						    .to_state = link->observed,
						    .detail = detail },
			   err);
}

static enum err_code get_row(struct tx *tx, struct arena *arena, const char *partner, int64_t now_us,
			     struct link_row *row, struct link_beat *beat, struct err *err)
{
	static const uint8_t nothing[1];
	db_query_auto query = { 0 };

	TRY(db_exec(tx, &sql_link_new, BINDS(BIND_TEXT(partner), BIND_INT(now_us), BIND_BLOB(bytes(nothing, 0))), NULL,
		    err));
	TRY(db_query(tx, &sql_link_get, BINDS(BIND_TEXT(partner)), &query, err));
	bool found = db_next(&query);
	if (found) {
		*row = link_row(arena, &query);
		beat->next_us = db_int(&query, 10);
		beat->unanswered = !db_null(&query, 11);
	}
	TRY(db_end(&query, err));
	return found ? OK : fail(err, ERR_NOT_FOUND, "there is no link with %s", partner);
}

enum err_code link_tell(struct tx *tx, struct arena *arena, const struct link_seen *seen, int64_t slow_us,
			int64_t now_us, struct link_change *change, struct err *err)
{
	uint8_t room[2 * LINK_DELAYS * DELAY_SIZE];
	struct link_row row = { 0 };
	struct link_beat unused;

	TRY(get_row(tx, arena, seen->partner, now_us, &row, &unused, err));
	struct link *link = &row.link;
	struct bytes delays = delays_with(row.delays, seen, room);
	const char *from = link->observed;
	int64_t before_us = link->since_us;
	add_seen(link, seen);
	link->observed = judge(link, delays, slow_us);
	if (!same(from, link->observed)) {
		link->since_us = same(link->observed, LINK_DOWN) ? link->failing_us : link->answered_us;
		TRY(journal_change(tx, arena, link, from, before_us, now_us, err));
	}
	/* What waits need not wait for its own next attempt: the cause is mended. */
	if (same(from, LINK_DOWN) && !same(link->observed, LINK_DOWN))
		TRY(db_exec(tx, &sql_message_hurry,
			    BINDS(BIND_TEXT(link->partner), BIND_INT(now_us), BIND_INT(HURRIED_MAX)), NULL, err));
	*change = (struct link_change){ from, link->observed };
	return db_exec(tx, &sql_link_set,
		       BINDS(BIND_TEXT(link->partner), BIND_TEXT(link->observed), BIND_INT(link->since_us),
			     BIND_TIME(link->heard_us), BIND_TIME(link->answered_us), BIND_TIME(link->receipt_us),
			     BIND_INT(link->failures), BIND_TIME(link->failing_us), BIND_TEXT(link->reason),
			     BIND_BLOB(delays)),
		       NULL, err);
}

/* --- Reading --- */

/* What the partner has announced, and that counts at NOW_US or will next. */
static void take_notices(struct link *link, const struct link_notice_list *notices, int64_t now_us)
{
	for (size_t i = 0; i < notices->count; i++) {
		const struct link_notice *notice = &notices->items[i];
		if (!same(notice->partner, link->partner) || !same(notice->direction, "in") ||
		    notice->until_us <= now_us)
			continue;
		if (notice->from_us <= now_us)
			link->notice = link->notice ? link->notice : notice;
		else if (!link->coming || notice->from_us < link->coming->from_us)
			link->coming = notice;
	}
	if (link->notice)
		link->state = link->notice->kind;
}

enum err_code link_list(struct tx *tx, struct arena *arena, int64_t now_us, struct link_list *list, struct err *err)
{
	struct link_list found = { 0 };
	struct link_notice_list notices;
	db_query_auto query = { 0 };

	TRY(link_notices(tx, arena, true, &notices, err));
	TRY(db_query(tx, &sql_link_all, NO_BINDS, &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the links");
		struct link_row row = link_row(arena, &query);
		row.link.median_ms = percentile(row.delays, LINK_DELAYS, 50);
		row.link.p99_ms = percentile(row.delays, LINK_DELAYS, 99);
		take_notices(&row.link, &notices, now_us);
		found.items[found.count++] = row.link;
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

/* --- Heartbeats --- */

struct beating {
	struct link_beat *beat;
	struct link_beat out;
	int64_t now_us;
};

static enum err_code beat_run(struct tx *tx, void *arg, struct err *err)
{
	struct beating *b = arg;
	struct link_row row = { 0 };
	arena_auto arena = arena_new(BEAT_ARENA_BYTES);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for a heartbeat");
	b->out = *b->beat;
	b->out.claimed = false;
	TRY(get_row(tx, arena, b->out.partner, b->now_us, &row, &b->out, err));
	int64_t quiet_us = row.link.answered_us == TIME_NONE || row.link.failures
				   ? INT64_MIN
				   : row.link.answered_us + b->out.interval_us;
	b->out.next_us = later(b->out.next_us, quiet_us);
	if (b->out.next_us > b->now_us)
		return OK;
	b->out.claimed = true;
	/* Once it is answered, the answer says when the next is due. */
	b->out.next_us = b->now_us + b->out.hurried_us;
	return db_exec(tx, &sql_link_beat,
		       BINDS(BIND_TEXT(b->out.partner), BIND_INT(b->out.next_us), BIND_TEXT(b->out.ping),
			     b->out.ping ? BIND_INT(b->now_us) : BIND_NULL),
		       NULL, err);
}

enum err_code link_beat(struct kernel *kernel, struct link_beat *beat, int64_t now_us, struct err *err)
{
	struct beating beating = { .beat = beat, .now_us = now_us };

	TRY(db_write(kernel->db, beat_run, &beating, err));
	*beat = beating.out;
	return OK;
}

struct answering {
	const char *partner, *ping;
	int64_t sent_us;
};

static enum err_code answered_run(struct tx *tx, void *arg, struct err *err)
{
	struct answering *answering = arg;
	db_query_auto query = { 0 };

	answering->sent_us = TIME_NONE;
	TRY(db_query(tx, &sql_link_answered, BINDS(BIND_TEXT(answering->partner), BIND_TEXT(answering->ping)), &query,
		     err));
	if (db_next(&query))
		answering->sent_us = db_int(&query, 0);
	return db_end(&query, err);
}

enum err_code link_beat_answered(struct kernel *kernel, const char *partner, const char *ping, int64_t *sent_us,
				 struct err *err)
{
	struct answering answering = { .partner = partner, .ping = ping };

	TRY(db_write(kernel->db, answered_run, &answering, err));
	*sent_us = answering.sent_us;
	return OK;
}
