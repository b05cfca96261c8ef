#include "kernel/credential.h"

#include "crypto/digest.h"
#include "kernel/message_int.h"

#define FINGERPRINTS_MAX_BYTES ((size_t)1 << 16)

char *basis_id(struct arena *arena, const struct credential *items, size_t count)
{
	char hex[SHA256_HEX_SIZE];
	struct err err;
	buf_auto fingerprints;

	buf_init(&fingerprints, FINGERPRINTS_MAX_BYTES);
	for (size_t i = 0; i < count; i++)
		buf_puts(&fingerprints, items[i].fingerprint);
	if (buf_check(&fingerprints, "the basis of a signature", &err) != OK)
		return NULL;
	sha256_hex(buf_bytes(&fingerprints), hex);
	return arena_text(arena, hex);
}

enum err_code credential_keep(struct tx *tx, const struct credential *credential, int64_t now_us, struct err *err)
{
	return db_exec(tx, &sql_credential_put,
		       BINDS(BIND_TEXT(credential->fingerprint), BIND_TEXT(credential->kind),
			     BIND_BLOB(credential->der), BIND_INT(now_us)),
		       NULL, err);
}

static enum err_code is_there(struct tx *tx, const struct statement *statement, const char *id, bool *there,
			      struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, BINDS(BIND_TEXT(id)), &query, err));
	bool found = db_next(&query);
	TRY(db_end(&query, err));
	*there = found;
	return OK;
}

enum err_code credential_known(struct tx *tx, const char *fingerprint, bool *known, struct err *err)
{
	return is_there(tx, &sql_credential_known, fingerprint, known, err);
}

/* Nearly always it is there: thousands of signatures are judged alike. */
enum err_code basis_keep(struct tx *tx, const struct basis *basis, struct err *err)
{
	bool known;

	TRY(is_there(tx, &sql_basis_known, basis->id, &known, err));
	for (size_t i = 0; !known && i < basis->count; i++)
		TRY(db_exec(tx, &sql_basis_put,
			    BINDS(BIND_TEXT(basis->id), BIND_INT(i + 1), BIND_TEXT(basis->items[i].fingerprint)), NULL,
			    err));
	return OK;
}

enum err_code basis_find(struct tx *tx, struct arena *arena, const char *id, struct basis *basis, struct err *err)
{
	struct basis found = { .id = id };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_basis_items, BINDS(BIND_TEXT(id)), &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the basis of a signature");
		found.items[found.count++] = (struct credential){
			.kind = db_text(arena, &query, 0),
			.fingerprint = db_text(arena, &query, 1),
			.der = db_blob(arena, &query, 2),
		};
	}
	TRY(db_end(&query, err));
	*basis = found;
	return OK;
}

enum err_code wire_basis(struct tx *tx, struct arena *arena, const struct wire *wire, struct basis *basis,
			 struct err *err)
{
	if (!wire->basis) {
		*basis = (struct basis){ 0 };
		return OK;
	}
	return basis_find(tx, arena, wire->basis->id, basis, err);
}
