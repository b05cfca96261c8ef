/* /api/v1/catch-ups */
#include "api/call_int.h"
#include "base/text.h"
#include "kernel/catch_up.h"

enum { LEFT_MAX = 100, LISTED_MAX = 50, OPEN_MAX = 256 };

static const struct field left_rows[] = {
	FIELD_TEXT(struct catch_up_left_view, direction, .json = "direction", .min = 1, .label = "direction (ours)"),
	FIELD_TEXT(struct catch_up_left_view, message_id, .json = "messageId", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct catch_up_left_view, action, .json = "action", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct catch_up_left_view, state, .json = "state", .min = 1,
		   .label = "state (refused: what came is not believed; unavailable)"),
	FIELD_TEXT(struct catch_up_left_view, reason, .json = "reason", .max_length = TEXT_MAX),
};
static const struct fields left_fields = FIELDS(struct catch_up_left_view, left_rows);

#define CATCH_UP_TEXT(member, name, least)                                                                             \
	FIELD_TEXT(struct catch_up_view, member, .json = (name), .min = (least), .max_length = TEXT_MAX)
#define CATCH_UP_COUNT(member, name, label_)                                                                           \
	FIELD_INT(struct catch_up_view, member, .json = (name), .min = 1, .label = (label_))

static const struct field rows[] = {
	CATCH_UP_TEXT(id, "id", 1),
	CATCH_UP_TEXT(partner, "partner", 1),
	FIELD_TEXT(struct catch_up_view, state, .json = "state", .min = 1,
		   .label = "state (open; done; refused: the partner gives nothing back; ended: by an operator)"),
	CATCH_UP_TEXT(reason, "reason", 0),
	FIELD_TIME(struct catch_up_view, since_us, .json = "since", .min = 1),
	FIELD_TIME(struct catch_up_view, begun_us, .json = "begun", .min = 1),
	CATCH_UP_TEXT(begun_by, "begunBy", 1),
	FIELD_TIME(struct catch_up_view, hold_until_us, .json = "holdUntil", .min = 1,
		   .label = "holdUntil (so long what is new waits for what is lost)"),
	FIELD_TIME(struct catch_up_view, settled_us, .json = "settled"),
	CATCH_UP_COUNT(wanted, "wanted", "wanted (listed by the partner and not back yet)"),
	CATCH_UP_COUNT(recovered, "recovered", NULL),
	CATCH_UP_COUNT(known, "known", "known (it was not lost)"),
	CATCH_UP_COUNT(refused, "refused", "refused (what was returned is not believed)"),
	CATCH_UP_COUNT(unavailable, "unavailable", NULL),
	FIELD_LIST(struct catch_up_view, left, left_count, struct catch_up_left_view, left_fields, .json = "left",
		   .max = LEFT_MAX, .label = "left (to be asked for by other means)"),
};
const struct fields catch_up_fields = FIELDS(struct catch_up_view, rows);

static const struct field list_rows[] = {
	FIELD_LIST(struct catch_up_list_view, items, count, struct catch_up_view, catch_up_fields, .json = "items",
		   .max = LISTED_MAX),
	FIELD_TEXT(struct catch_up_list_view, next, .json = "next", .label = "cursor of the next page"),
};
static const struct fields list_fields = FIELDS(struct catch_up_list_view, list_rows);
const struct schema catch_up_list_schema = {
	.name = "catchUpList", .root = "catchUpList", .ns = "", .prefix = "", .fields = &list_fields
};

static const struct field new_rows[] = {
	FIELD_TIME(struct new_catch_up_view, since_us, .json = "since", .min = 1,
		   .label = "since (the time of the backup)"),
	FIELD_TEXT(struct new_catch_up_view, partner, .json = "partner",
		   .label = "partner (absent: all that are active)"),
};
static const struct fields new_fields = FIELDS(struct new_catch_up_view, new_rows);
const struct schema new_catch_up_schema = {
	.name = "newCatchUp", .root = "newCatchUp", .ns = "", .prefix = "", .fields = &new_fields
};

struct listing {
	struct call *call;
	const char *partner;
	struct catch_up_view *items;
	size_t count;
};

static struct catch_up_view view_of(const struct catch_up *c)
{
	return (struct catch_up_view){ .id = c->id,
				       .partner = c->partner,
				       .state = c->state,
				       .reason = c->reason,
				       .begun_by = c->begun_by,
				       .since_us = c->since_us,
				       .begun_us = c->begun_us,
				       .hold_until_us = c->hold_until_us,
				       .settled_us = c->settled_us,
				       .wanted = c->wanted,
				       .recovered = c->recovered,
				       .known = c->known,
				       .refused = c->refused,
				       .unavailable = c->unavailable };
}

static enum err_code show(struct tx *tx, struct listing *listing, const struct catch_up *c, struct err *err)
{
	struct arena *arena = listing->call->arena;
	struct catch_up_left_list left;
	TRY(catch_up_left(tx, arena, c->id, LEFT_MAX, &left, err));
	struct catch_up_left_view *views = arena_array(arena, left.count + 1, sizeof *views);
	if (!views)
		return fail(err, ERR_MEMORY, "no memory for the list of catch-ups");
	for (size_t i = 0; i < left.count; i++)
		views[i] = (struct catch_up_left_view){ .direction = left.items[i].direction,
							.message_id = left.items[i].message_id,
							.action = left.items[i].action,
							.state = left.items[i].state,
							.reason = left.items[i].reason };
	struct catch_up_view view = view_of(c);
	view.left = views;
	view.left_count = left.count;
	listing->items[listing->count++] = view;
	return OK;
}

/* The newest of a partner is the open one, if one is. */
enum err_code catch_ups_open(struct tx *tx, struct arena *arena, struct catch_up_list_view *open, struct err *err)
{
	struct catch_up_list all;
	TRY(catch_up_list(tx, arena, NULL, OPEN_MAX, &all, err));
	struct catch_up_view *views = arena_array(arena, all.count + 1, sizeof *views);
	if (!views)
		return fail(err, ERR_MEMORY, "no memory for the open catch-ups");
	*open = (struct catch_up_list_view){ .items = views };
	for (size_t i = 0; i < all.count; i++)
		if (same(all.items[i].state, "open"))
			views[open->count++] = view_of(&all.items[i]);
	return OK;
}

static enum err_code list(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;
	struct catch_up_list found;
	listing->count = 0;
	TRY(catch_up_list(tx, listing->call->arena, listing->partner, LISTED_MAX, &found, err));
	listing->items = arena_array(listing->call->arena, found.count + 1, sizeof *listing->items);
	if (!listing->items)
		return fail(err, ERR_MEMORY, "no memory for the list of catch-ups");
	for (size_t i = 0; i < found.count; i++)
		TRY(show(tx, listing, &found.items[i], err));
	return OK;
}

static enum err_code answer(struct call *call, const char *partner, struct err *err)
{
	struct listing listing = { .call = call, .partner = partner };
	TRY(db_read(call->kernel->db, list, &listing, err));
	return call_answer(call, &(struct catch_up_list_view){ .items = listing.items, .count = listing.count }, err);
}

enum err_code catch_ups_list(struct call *call, struct err *err)
{
	return answer(call, call_query(call, "partner"), err);
}

enum err_code catch_ups_begin(struct call *call, struct err *err)
{
	struct new_catch_up_view view;
	unsigned begun;
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	const struct catch_up_order order = { .since_us = view.since_us,
					      .partner = view.partner,
					      .actor = call->actor };
	TRY(catch_up_begin(call->kernel, &order, clock_now_us(call->kernel->clock), &begun, err));
	return answer(call, view.partner, err);
}

enum err_code catch_ups_end(struct call *call, struct err *err)
{
	TRY(catch_up_end(call->kernel, call->parameters[0], &call->actor, clock_now_us(call->kernel->clock), err));
	return answer(call, call->parameters[0], err);
}
