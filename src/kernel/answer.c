#include "kernel/answer.h"

#include "kernel/store_int.h"

/* More than one, so that a rush of keys is gone again after as many requests and fewer. */
enum { SWEPT_AT_ONCE = 20 };

/* What stands under a key that was not to be had. */
static enum err_code look(struct tx *tx, struct arena *arena, const struct answer_key *key, enum answer_state *state,
			  struct kept_answer *answer, struct err *err)
{
	db_query_auto query = { 0 };
	enum answer_state found = ANSWER_UNDER_WAY;
	struct kept_answer kept = { 0 };

	TRY(db_query(tx, &sql_answer_get, BINDS(BIND_TEXT(key->actor), BIND_TEXT(key->key)), &query, err));
	if (db_next(&query)) {
		if (!bytes_same(db_blob(arena, &query, 0), bytes(key->request, sizeof(key->request))))
			found = ANSWER_OTHER;
		else if (!db_null(&query, 1))
			found = ANSWER_KEPT;
		kept = (struct kept_answer){ .status = (int)db_int(&query, 1),
					     .content_type = db_text(arena, &query, 2),
					     .body = db_blob(arena, &query, 3) };
	}
	TRY(db_end(&query, err));
	*state = found;
	*answer = kept;
	return OK;
}

enum err_code answer_claim(struct tx *tx, struct arena *arena, const struct answer_key *key, enum answer_state *state,
			   struct kept_answer *answer, struct err *err)
{
	int64_t now_us = key->claimed_us, taken;

	TRY(db_exec(tx, &sql_answer_sweep, BINDS(BIND_INT(now_us), BIND_INT(SWEPT_AT_ONCE)), NULL, err));
	TRY(db_exec(tx, &sql_answer_claim,
		    BINDS(BIND_TEXT(key->actor), BIND_TEXT(key->key),
			  BIND_BLOB(bytes(key->request, sizeof(key->request))), BIND_INT(now_us),
			  BIND_INT(now_us + ANSWER_CLAIM_US)),
		    &taken, err));
	if (taken == 0)
		return look(tx, arena, key, state, answer, err);
	TRY(db_exec(tx, &sql_answer_make_room, BINDS(BIND_TEXT(key->actor), BIND_INT(ANSWER_KEYS_MAX)), NULL, err));
	*state = ANSWER_NEW;
	*answer = (struct kept_answer){ 0 };
	return OK;
}

enum err_code answer_keep(struct tx *tx, const struct answer_key *key, const struct kept_answer *answer,
			  int64_t until_us, struct err *err)
{
	return db_exec(tx, &sql_answer_keep,
		       BINDS(BIND_TEXT(key->actor), BIND_TEXT(key->key), BIND_INT(key->claimed_us),
			     BIND_INT(answer->status), BIND_TEXT(answer->content_type), BIND_BLOB(answer->body),
			     BIND_INT(until_us)),
		       NULL, err);
}

enum err_code answer_drop(struct tx *tx, const struct answer_key *key, struct err *err)
{
	return db_exec(tx, &sql_answer_drop,
		       BINDS(BIND_TEXT(key->actor), BIND_TEXT(key->key), BIND_INT(key->claimed_us)), NULL, err);
}
