#include "kernel/hold.h"

#include "base/date.h"
#include "base/uuid.h"
#include "kernel/store_int.h"

#define ID_LAST "z" /* sorts after every id */

static struct hold hold_row(struct arena *arena, const struct query *query)
{
	return (struct hold){
		.id = db_text(arena, query, 0),
		.kind = db_text(arena, query, 1),
		.subject = db_text(arena, query, 2),
		.organisation = db_text(arena, query, 3),
		.reason = db_text(arena, query, 4),
		.placed_by = db_text(arena, query, 5),
		.placed_us = db_int(query, 6),
		.until_us = db_time(query, 7),
		.lifted_by = db_text(arena, query, 8),
		.lifted_us = db_time(query, 9),
	};
}

/* The reason stays in the row of the hold: what a court asks for is not for everybody who reads the feed. */
static enum err_code note(struct tx *tx, struct arena *arena, const struct hold *hold, const struct actor *actor,
			  const char *event, int64_t now_us, struct err *err)
{
	const char *detail = arena_printf(arena, "hold %s on %s %s", hold->id, hold->kind, hold->subject);

	if (!detail)
		return fail(err, ERR_MEMORY, "no memory left for a hold");
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = now_us,
						    .actor = actor->name,
						    .organisation = hold->organisation,
						    .subject_type = "hold",
						    .subject = hold->subject,
						    .event = event,
						    .detail = detail },
			   err);
}

enum err_code hold_put(struct tx *tx, struct arena *arena, struct hold *hold, const struct actor *actor, int64_t now_us,
		       struct err *err)
{
	char id[UUID_SIZE];
	struct hold placed = *hold;

	id_new(id, now_us);
	placed.id = arena_text(arena, id);
	placed.placed_by = actor->name;
	placed.placed_us = now_us;
	placed.lifted_by = NULL;
	placed.lifted_us = TIME_NONE;
	if (!placed.id)
		return fail(err, ERR_MEMORY, "no memory left for a hold");
	/* A deletion that has begun ends first; one that begins later sees the hold. */
	TRY(db_exec(tx, &sql_counter_grow, BINDS(BIND_TEXT("retention")), NULL, err));
	TRY(db_exec(tx, &sql_hold_put,
		    BINDS(BIND_TEXT(placed.id), BIND_TEXT(placed.kind), BIND_TEXT(placed.subject),
			  BIND_TEXT(placed.organisation), BIND_TEXT(placed.reason), BIND_TEXT(placed.placed_by),
			  BIND_INT(placed.placed_us), BIND_TIME(placed.until_us)),
		    NULL, err));
	TRY(note(tx, arena, &placed, actor, "hold-placed", now_us, err));
	*hold = placed;
	return OK;
}

static enum err_code hold_get(struct tx *tx, struct arena *arena, const char *id, struct hold *hold, struct err *err)
{
	struct hold found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_hold_get, BINDS(BIND_TEXT(id)), &query, err));
	if (db_next(&query))
		found = hold_row(arena, &query);
	TRY(db_end(&query, err));
	*hold = found;
	return OK;
}

enum err_code hold_lift(struct tx *tx, struct arena *arena, const char *id, const struct actor *actor, int64_t now_us,
			struct hold *hold, struct err *err)
{
	struct hold found;
	char lifted[TIME_SIZE];
	int64_t changed = 0;

	TRY(hold_get(tx, arena, id, &found, err));
	if (!found.id || (actor->organisation && !same(found.organisation, actor->organisation)))
		return fail(err, ERR_NOT_FOUND,
			    "there is no hold %s; lintas hold list (GET /api/v1/holds) shows what there is", id);
	TRY(db_exec(tx, &sql_hold_lift, BINDS(BIND_TEXT(id), BIND_TEXT(actor->name), BIND_INT(now_us)), &changed, err));
	if (changed == 0)
		return fail(err, ERR_CONFLICT, "the hold %s was lifted by %s at %s already", id, found.lifted_by,
			    time_format(found.lifted_us, lifted));
	TRY(note(tx, arena, &found, actor, "hold-lifted", now_us, err));
	found.lifted_by = actor->name;
	found.lifted_us = now_us;
	*hold = found;
	return OK;
}

enum err_code hold_list(struct tx *tx, struct arena *arena, const char *organisation, const char *before, size_t limit,
			struct hold_list *list, struct err *err)
{
	struct hold_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_hold_all,
		     BINDS(BIND_TEXT(organisation), BIND_TEXT(before ? before : ID_LAST), BIND_INT(limit)), &query,
		     err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of holds");
		found.items[found.count++] = hold_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

bool hold_counts(const struct hold *hold, int64_t at_us)
{
	return hold->lifted_us == TIME_NONE && (hold->until_us == TIME_NONE || hold->until_us > at_us);
}

enum err_code hold_find(struct tx *tx, struct arena *arena, const struct hold_question *question, struct hold *hold,
			struct err *err)
{
	struct hold found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_hold_on,
		     BINDS(BIND_TEXT(question->document), BIND_TEXT(question->about), BIND_TEXT(question->partner),
			   BIND_TEXT(question->organisation), BIND_INT(question->at_us)),
		     &query, err));
	if (db_next(&query))
		found = hold_row(arena, &query);
	TRY(db_end(&query, err));
	*hold = found;
	return OK;
}
