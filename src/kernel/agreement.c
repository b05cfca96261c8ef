#include "kernel/agreement.h"

#include "base/date.h"
#include "kernel/party.h"
#include "kernel/store_int.h"

/* More than the text of any agreement may have, and of a partner. */
#define LOOK_ARENA_BYTES ((size_t)16 << 20)
#define NAME_ARENA_BYTES ((size_t)64 << 10)

static struct agreement agreement_row(struct arena *arena, const struct query *query)
{
	return (struct agreement){
		.partner = db_text(arena, query, 0),
		.id = db_text(arena, query, 1),
		.text = db_blob(arena, query, 2),
		.terms = db_text(arena, query, 3),
		.added_us = db_int(query, 4),
		.until_us = db_time(query, 5),
	};
}

/* The first row of STATEMENT, and its version; 0 if there is none. */
static enum err_code find(struct tx *tx, struct arena *arena, const struct statement *statement,
			  const struct bind *binds, size_t count, struct agreement *agreement, int64_t *version,
			  struct err *err)
{
	struct agreement found = { 0 };
	int64_t number = 0;
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, count, &query, err));
	if (db_next(&query)) {
		found = agreement_row(arena, &query);
		number = db_int(&query, 6);
	}
	TRY(db_end(&query, err));
	*agreement = found;
	*version = number;
	return OK;
}

static enum err_code current(struct tx *tx, struct arena *arena, const char *id, struct agreement *agreement,
			     int64_t *version, struct err *err)
{
	return find(tx, arena, &sql_agreement_get, BINDS(BIND_TEXT(id)), agreement, version, err);
}

static enum err_code agreement_journal(struct tx *tx, const struct agreement *agreement, const char *event,
				       const struct actor *actor, int64_t now_us, struct err *err)
{
	char digest[CONTENT_DIGEST_SIZE];
	arena_auto arena = arena_new(NAME_ARENA_BYTES);
	const char *detail = arena ? arena_printf(arena, "%s with %s", agreement->id, agreement->partner) : NULL;

	if (!detail)
		return fail(err, ERR_MEMORY, "no memory left for agreement %.80s", agreement->id);
	content_digest(agreement->text, digest);
	return partner_journal(tx,
			       &(struct journal_entry){ .at_us = now_us,
							.actor = actor->name,
							.organisation = actor->organisation,
							.subject_type = "agreement",
							.subject = agreement->id,
							.event = event,
							.detail = detail,
							.content = digest },
			       err);
}

enum err_code agreement_put(struct tx *tx, const struct agreement *agreement, const struct actor *actor, int64_t now_us,
			    struct err *err)
{
	arena_auto arena = arena_new(LOOK_ARENA_BYTES);
	struct partner partner;
	struct agreement before;
	int64_t version;

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for agreement %.80s", agreement->id);
	TRY(partner_find(tx, arena, agreement->partner, &partner, err));
	if (!partner.code)
		return fail(err, ERR_NOT_FOUND, "there is no partner \"%.40s\"", agreement->partner);
	TRY(current(tx, arena, agreement->id, &before, &version, err));
	if (before.id && !same(before.partner, agreement->partner))
		return fail(err, ERR_CONFLICT,
			    "the agreement \"%.80s\" is one with %s: agree with %s on another CPAId, because messages "
			    "name their agreement by it",
			    agreement->id, before.partner, agreement->partner);
	TRY(db_exec(tx, &sql_agreement_put,
		    BINDS(BIND_TEXT(agreement->id), BIND_INT(version + 1), BIND_TEXT(agreement->partner),
			  BIND_BLOB(agreement->text), BIND_TEXT(agreement->terms), BIND_INT(now_us),
			  BIND_TIME(agreement->until_us)),
		    NULL, err));
	return agreement_journal(tx, agreement, before.id ? "replaced" : "added", actor, now_us, err);
}

enum err_code agreement_withdraw(struct tx *tx, const char *id, const struct actor *actor, int64_t now_us,
				 struct err *err)
{
	arena_auto arena = arena_new(LOOK_ARENA_BYTES);
	struct agreement agreement;
	int64_t version;

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for agreement %.80s", id);
	TRY(current(tx, arena, id, &agreement, &version, err));
	if (!agreement.id)
		return fail(err, ERR_NOT_FOUND, "there is no agreement \"%.80s\"", id);
	if (agreement.until_us != TIME_NONE && agreement.until_us <= now_us)
		return OK;
	TRY(db_exec(tx, &sql_agreement_end, BINDS(BIND_TEXT(id), BIND_INT(version), BIND_INT(now_us)), NULL, err));
	return agreement_journal(tx, &agreement, "withdrawn", actor, now_us, err);
}

enum err_code agreement_list(struct tx *tx, struct arena *arena, const char *partner, struct agreement_list *list,
			     struct err *err)
{
	const struct bind binds[] = { BIND_TEXT(partner) };
	struct agreement_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, partner ? &sql_agreement_of : &sql_agreement_all, binds, partner ? 1 : 0, &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of agreements");
		found.items[found.count++] = agreement_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code agreement_find(struct tx *tx, struct arena *arena, const char *id, struct agreement *agreement,
			     struct err *err)
{
	int64_t version;

	return current(tx, arena, id, agreement, &version, err);
}

enum err_code agreement_at(struct tx *tx, struct arena *arena, const char *id, int64_t at_us,
			   struct agreement *agreement, struct err *err)
{
	int64_t version;

	return find(tx, arena, &sql_agreement_at, BINDS(BIND_TEXT(id), BIND_INT(at_us)), agreement, &version, err);
}
