#include "kernel/card.h"

#include "base/date.h"
#include "kernel/journal.h"
#include "kernel/store_int.h"
#include "kernel/task.h"

enum err_code partner_card_find(struct tx *tx, struct arena *arena, const char *partner, const char *state,
				struct partner_card *card, struct err *err)
{
	struct partner_card found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_card_get, BINDS(BIND_TEXT(partner), BIND_TEXT(state)), &query, err));
	if (db_next(&query))
		found = (struct partner_card){ .partner = db_text(arena, &query, 0),
					       .serial = db_int(&query, 1),
					       .octets = db_blob(arena, &query, 2),
					       .state = db_text(arena, &query, 3),
					       .at_us = db_int(&query, 4),
					       .by = db_text(arena, &query, 5) };
	TRY(db_end(&query, err));
	*card = found;
	return OK;
}

/* The one that was in STATE makes room. */
static enum err_code replace(struct tx *tx, const char *partner, const char *state, const struct actor *actor,
			     int64_t now_us, struct err *err)
{
	return db_exec(tx, &sql_card_state,
		       BINDS(BIND_TEXT(partner), BIND_TEXT(state), BIND_TEXT(CARD_REPLACED), BIND_INT(now_us),
			     BIND_TEXT(actor->name)),
		       NULL, err);
}

enum err_code partner_card_put(struct tx *tx, const struct partner_card *card, const char *task_text,
			       const struct actor *actor, int64_t now_us, struct err *err)
{
	char digest[CONTENT_DIGEST_SIZE];
	bool pending = same(card->state, CARD_PENDING);

	TRY(task_close(tx, card->partner, TASK_CARD, now_us, err));
	TRY(replace(tx, card->partner, CARD_PENDING, actor, now_us, err));
	if (same(card->state, CARD_HELD))
		TRY(replace(tx, card->partner, CARD_HELD, actor, now_us, err));
	TRY(db_exec(tx, &sql_card_put,
		    BINDS(BIND_TEXT(card->partner), BIND_INT(card->serial), BIND_BLOB(card->octets),
			  BIND_TEXT(card->state), BIND_INT(now_us), BIND_TEXT(actor->name)),
		    NULL, err));
	if (pending)
		TRY(task_open(tx, &(struct task){ .kind = TASK_CARD, .subject = card->partner, .text = task_text },
			      now_us, err));
	content_digest(card->octets, digest);
	return partner_journal(tx,
			       &(struct journal_entry){ .at_us = now_us,
							.actor = actor->name,
							.organisation = actor->organisation,
							.subject_type = "partner",
							.subject = card->partner,
							.event = pending                            ? "card-received"
								 : same(card->state, CARD_REJECTED) ? "card-rejected"
												    : "card-held",
							.content = digest },
			       err);
}

enum err_code own_card_find(struct tx *tx, struct arena *arena, const char *instance, const char **digest,
			    struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_own_card_get, BINDS(BIND_TEXT(instance)), &query, err));
	const char *found = db_next(&query) ? db_text(arena, &query, 0) : NULL;
	TRY(db_end(&query, err));
	*digest = found;
	return OK;
}

enum err_code own_card_set(struct tx *tx, const char *instance, const char *digest, int64_t now_us, struct err *err)
{
	return db_exec(tx, &sql_own_card_set, BINDS(BIND_TEXT(instance), BIND_TEXT(digest), BIND_INT(now_us)), NULL,
		       err);
}
