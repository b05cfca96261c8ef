#include "kernel/refusal.h"

#include "codec/field.h"
#include "kernel/message_int.h"

static int64_t bytes_kept(const struct query *query, int column)
{
	return db_null(query, column) ? INTEGER_NONE : db_int(query, column);
}

enum err_code refusal_list(struct tx *tx, struct arena *arena, const char *partner, const char *before, size_t limit,
			   struct refusal_list *list, struct err *err)
{
	const struct bind binds[] = { BIND_TEXT(before ? before : ID_END), BIND_INT(limit), BIND_TEXT(partner) };
	struct refusal_list found = { 0 };
	db_query_auto query = { 0 };

	if (partner)
		TRY(db_query(tx, &sql_refusal_of_partner, binds, COUNT(binds), &query, err));
	else
		TRY(db_query(tx, &sql_refusal_any, binds, COUNT(binds) - 1, &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of refusals");
		found.items[found.count++] = (struct refusal){
			.id = db_text(arena, &query, 0),
			.partner = db_text(arena, &query, 1),
			.message_id = db_text(arena, &query, 2),
			.rule = db_text(arena, &query, 3),
			.at_us = db_int(&query, 4),
			.received_bytes = bytes_kept(&query, 5),
			.error_bytes = bytes_kept(&query, 6),
			.text = db_text(arena, &query, 7),
		};
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code refusal_wire(struct tx *tx, struct arena *arena, const char *id, enum wire_kind kind, struct wire *wire,
			   struct err *err)
{
	struct wire found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_refusal_wire, BINDS(BIND_TEXT(id), BIND_TEXT(wire_kind_name(kind))), &query, err));
	if (db_next(&query))
		found = wire_row(arena, &query);
	TRY(db_end(&query, err));
	*wire = found;
	return OK;
}
