/* Notices: what a node announces of itself. */
#include <stdio.h>

#include "base/date.h"
#include "kernel/journal.h"
#include "kernel/link.h"
#include "kernel/store_int.h"

#define END_ARENA_BYTES ((size_t)1 << 20)

static struct link_notice notice_row(struct arena *arena, const struct query *query)
{
	return (struct link_notice){
		.id = db_text(arena, query, 0),
		.partner = db_text(arena, query, 1),
		.direction = db_text(arena, query, 2),
		.kind = db_text(arena, query, 3),
		.from_us = db_int(query, 4),
		.until_us = db_int(query, 5),
		.text = db_text(arena, query, 6),
		.at_us = db_int(query, 7),
		.ended_us = db_time(query, 8),
	};
}

static enum err_code journal_notice(struct tx *tx, const struct link_notice *notice, const char *event,
				    const struct actor *actor, int64_t now_us, struct err *err)
{
	char from[TIME_SIZE], until[TIME_SIZE], detail[160];
	bool restored = same(notice->kind, LINK_NOTICE_RESTORED);

	time_format(notice->from_us, from);
	time_format(notice->until_us, until);
	snprintf(detail, sizeof detail, "%s from %s%s%s", notice->kind, from, restored ? "" : " until ",
		 restored ? "" : until);
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = now_us,
						    .actor = actor->name,
						    .subject_type = "partner",
						    .subject = notice->partner,
						    .event = event,
						    .detail = detail },
			   err);
}

enum err_code link_notice_put(struct tx *tx, const struct link_notice *notice, const struct actor *actor,
			      int64_t now_us, struct err *err)
{
	bool restored = same(notice->kind, LINK_NOTICE_RESTORED), sent = same(notice->direction, "out");

	TRY(db_exec(tx, &sql_notice_replace,
		    BINDS(BIND_TEXT(notice->partner), BIND_TEXT(notice->direction), BIND_INT(now_us),
			  BIND_TEXT(restored ? NULL : notice->kind), BIND_INT(restored ? 0 : notice->from_us),
			  BIND_INT(restored ? notice->from_us + 1 : notice->until_us)),
		    NULL, err));
	TRY(db_exec(tx, &sql_notice_put,
		    BINDS(BIND_TEXT(notice->id), BIND_TEXT(notice->partner), BIND_TEXT(notice->direction),
			  BIND_TEXT(notice->kind), BIND_INT(notice->from_us), BIND_INT(notice->until_us),
			  BIND_TEXT(notice->text), BIND_INT(now_us), restored ? BIND_INT(now_us) : BIND_NULL),
		    NULL, err));
	return journal_notice(tx, notice, sent ? "notice-given" : "notice-received", actor, now_us, err);
}

enum err_code link_notices(struct tx *tx, struct arena *arena, bool open, struct link_notice_list *list,
			   struct err *err)
{
	struct link_notice_list found = { .items = arena_array(arena, LINK_NOTICES_SHOWN, sizeof *found.items) };
	db_query_auto query = { 0 };

	if (!found.items)
		return fail(err, ERR_MEMORY, "no memory left for the notices");
	TRY(db_query(tx, &sql_notice_all, BINDS(BIND_INT(open), BIND_INT(LINK_NOTICES_SHOWN)), &query, err));
	while (db_next(&query) && found.count < LINK_NOTICES_SHOWN)
		found.items[found.count++] = notice_row(arena, &query);
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

struct ending {
	int64_t now_us;
	bool due;
	unsigned ended;
};

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct ending *ending = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_notice_is_past, BINDS(BIND_INT(ending->now_us)), &query, err));
	ending->due = db_next(&query);
	return db_end(&query, err);
}

static enum err_code end_run(struct tx *tx, void *arg, struct err *err)
{
	struct ending *ending = arg;
	struct link_notice_list list = { 0 };
	arena_auto arena = arena_new(END_ARENA_BYTES);
	db_query_auto query = { 0 };

	ending->ended = 0;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the notices");
	TRY(db_query(tx, &sql_notice_past, BINDS(BIND_INT(ending->now_us)), &query, err));
	while (db_next(&query)) {
		list.items = list_grow(arena, list.items, list.count, sizeof(*list.items));
		if (!list.items)
			return fail(err, ERR_MEMORY, "no memory left for the notices");
		list.items[list.count++] = notice_row(arena, &query);
	}
	TRY(db_end(&query, err));
	for (size_t i = 0; i < list.count; i++)
		TRY(journal_notice(tx, &list.items[i], "notice-ended", &actor_system, ending->now_us, err));
	ending->ended = (unsigned)list.count;
	return OK;
}

enum err_code link_notices_end(struct kernel *kernel, int64_t now_us, unsigned *ended, struct err *err)
{
	struct ending ending = { .now_us = now_us };

	TRY(db_read(kernel->db, look_run, &ending, err));
	if (ending.due)
		TRY(db_write(kernel->db, end_run, &ending, err));
	*ended = ending.ended;
	return OK;
}
