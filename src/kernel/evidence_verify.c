/* Whether the stored evidence is what the journal speaks of, in both directions: every wire is named, with its payloads
 * and what its signature was believed by, by an entry, and for every entry about a message that names octets a wire is
 * there. (Of a refusal the octets may rightly not be kept.) A few rows in each transaction, one wire in memory at a
 * time; what came later does not disturb, because a wire and its entry are written together. */
#include <inttypes.h>
#include <stdio.h>

#include "crypto/digest.h"
#include "kernel/message_int.h"

#define WIRES_AT_ONCE   100
#define BYTES_AT_ONCE   ((size_t)16 << 20)
#define ENTRIES_AT_ONCE 1000
/* A bound, not a need: no wire is longer than [exchange] max-message may be, 256 MiB, or than what a sender builds. */
#define WIRE_ARENA_BYTES    ((size_t)512 << 20)
#define ENTRIES_ARENA_BYTES ((size_t)1 << 20)

#define CURSOR_SIZE 40

struct walk {
	struct evidence_proof proof;
	char wire[CURSOR_SIZE], entry[CURSOR_SIZE]; /* the last wire and the last unsealed entry that were seen */
	char basis[SHA256_HEX_SIZE];                /* the last one that was seen */
	int64_t sequence;                           /* of the last sealed entry that was seen */
	bool more;
};

static void broken(struct walk *walk, const char *id, const char *format, ...) PRINTF(3, 4);
static void broken(struct walk *walk, const char *id, const char *format, ...)
{
	va_list args;

	if (walk->proof.broken[0])
		return;
	walk->more = false;
	snprintf(walk->proof.broken, sizeof(walk->proof.broken), "%s", *id ? id : "(no id)");
	va_start(args, format);
	vsnprintf(walk->proof.reason, sizeof(walk->proof.reason), format, args);
	va_end(args);
}

/* Never NULL: what cannot be read fails the transaction, as db_end() will tell. */
static const char *text_of(struct arena *arena, const struct query *query, int column)
{
	const char *text = db_text(arena, query, column);

	return text ? text : "";
}

/* Goes on after ID; one that is not as long as ours is no place to go on from. */
static void cursor_set(struct walk *walk, char cursor[static CURSOR_SIZE], const char *id)
{
	if (strlen(id) >= CURSOR_SIZE)
		broken(walk, id, "\"%.60s\" is no id that a node gives", id);
	else
		memcpy(cursor, id, strlen(id) + 1);
}

/* --- From the wires to the journal --- */

/* Whether the record of WIRE is that of its octets, whose digest it has, and of its message's parts: those that are
 * stored, or those that it was packed with before. */
static enum err_code record_check(struct tx *tx, struct arena *arena, const struct wire *wire, const char *message,
				  bool *fits, struct err *err)
{
	bool is_message = message && (wire->kind == WIRE_SENT || wire->kind == WIRE_RECEIVED);
	char record[SHA256_HEX_SIZE];
	struct message_parts parts = { 0 };

	if (is_message)
		TRY(message_parts_of(tx, arena, message, &parts, err));
	for (int64_t packing = 1;; packing++) {
		const char *digest = message_digest(arena, &parts);
		if (!digest)
			return fail(err, ERR_MEMORY, "no memory left to verify the evidence");
		wire_record(wire, is_message ? digest : NULL, record);
		*fits = same(record, wire->record);
		if (*fits || !is_message)
			return OK;
		TRY(message_parts_before(tx, arena, message, packing, &parts, err));
		if (parts.count == 0)
			return OK;
	}
}

/* The wire after the last one; its size is added to *SIZE. */
static enum err_code wire_check(struct tx *tx, struct walk *walk, size_t *size, struct err *err)
{
	char digest[SHA256_HEX_SIZE];
	bool fits;
	db_query_auto query = { 0 };
	arena_auto arena = arena_new(WIRE_ARENA_BYTES);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to verify the evidence");
	TRY(db_query(tx, &sql_evidence_wire, BINDS(BIND_TEXT(walk->wire), BIND_INT(walk->proof.wires)), &query, err));
	walk->more = db_next(&query);
	if (!walk->more)
		return db_end(&query, err);
	struct wire wire = wire_row(arena, &query);
	const char *id = text_of(arena, &query, 5), *message = db_text(arena, &query, 9);
	bool named = db_int(&query, 10) != 0;
	TRY(db_end(&query, err));

	const char *kind = wire_kind_name(wire.kind);
	sha256_hex(wire.octets, digest);
	bool whole = same(digest, wire.digest);
	wire.digest = digest;
	TRY(record_check(tx, arena, &wire, message, &fits, err));
	if (!whole)
		broken(walk, id, "wire %s (%s) was altered: its octets have another digest", id, kind);
	else if (!fits)
		broken(walk, id, "wire %s (%s) was altered: its kind, time, signer, basis or payloads", id, kind);
	else if (!named)
		broken(walk, id, "wire %s (%s) was altered or added: no entry of the journal names it", id, kind);
	cursor_set(walk, walk->wire, id);
	walk->proof.wires++;
	*size += wire.octets.size;
	return OK;
}

static enum err_code wires_run(struct tx *tx, void *arg, struct err *err)
{
	struct walk *state = arg, walk = *state;
	size_t size = 0;

	walk.more = true;
	for (int i = 0; i < WIRES_AT_ONCE && size < BYTES_AT_ONCE && walk.more; i++)
		TRY(wire_check(tx, &walk, &size, err));
	*state = walk; /* at the end, because the transaction may run again */
	return OK;
}

/* --- What signatures were believed by --- */

/* The basis after the last one: its items are those that its id names, and have the digests that they are called by. */
static enum err_code basis_run(struct tx *tx, void *arg, struct err *err)
{
	struct walk *state = arg, walk = *state;
	char digest[SHA256_HEX_SIZE];
	struct basis basis;
	db_query_auto query = { 0 };
	arena_auto arena = arena_new(WIRE_ARENA_BYTES);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to verify the evidence");
	TRY(db_query(tx, &sql_evidence_basis, BINDS(BIND_TEXT(walk.basis)), &query, err));
	walk.more = db_next(&query);
	const char *id = walk.more ? text_of(arena, &query, 0) : NULL;
	TRY(db_end(&query, err));
	if (id) {
		TRY(basis_find(tx, arena, id, &basis, err));
		const char *made = basis_id(arena, basis.items, basis.count);
		if (!same(made, id))
			broken(&walk, id, "basis %s was altered: its certificates and lists are others", id);
		for (size_t i = 0; i < basis.count; i++) {
			sha256_hex(basis.items[i].der, digest);
			if (!same(digest, basis.items[i].fingerprint))
				broken(&walk, id, "%s %s was altered", basis.items[i].kind, basis.items[i].fingerprint);
		}
		if (strlen(id) < sizeof(walk.basis))
			memcpy(walk.basis, id, strlen(id) + 1);
	}
	*state = walk; /* at the end, because the transaction may run again */
	return OK;
}

/* --- From the journal to the wires --- */

enum { UNKEPT = 1, UNKEPT_BY_RULE = 2 }; /* JOURNAL_UNKEPT */

static enum err_code entries_check(struct walk *walk, struct query *query, struct err *err)
{
	size_t seen = 0;
	arena_auto arena = arena_new(ENTRIES_ARENA_BYTES);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to verify the evidence");
	for (; !walk->proof.broken[0] && db_next(query); seen++) {
		walk->proof.deleted += db_int(query, 4) == UNKEPT_BY_RULE;
		if (db_int(query, 4) == UNKEPT) {
			const char *message = text_of(arena, query, 2), *event = text_of(arena, query, 3);
			broken(walk, message, "message %s: the octets that the journal names for \"%s\" are gone",
			       message, event);
		} else if (db_null(query, 1)) {
			cursor_set(walk, walk->entry, text_of(arena, query, 0));
		} else {
			walk->sequence = db_int(query, 1);
		}
	}
	TRY(db_end(query, err));
	walk->more = seen == ENTRIES_AT_ONCE && !walk->proof.broken[0];
	return OK;
}

static enum err_code unsealed_run(struct tx *tx, void *arg, struct err *err)
{
	struct walk *state = arg, walk = *state;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_evidence_unsealed, BINDS(BIND_TEXT(state->entry), BIND_INT(ENTRIES_AT_ONCE)), &query,
		     err));
	TRY(entries_check(&walk, &query, err));
	*state = walk;
	return OK;
}

static enum err_code sealed_run(struct tx *tx, void *arg, struct err *err)
{
	struct walk *state = arg, walk = *state;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_evidence_sealed, BINDS(BIND_INT(state->sequence), BIND_INT(ENTRIES_AT_ONCE)), &query,
		     err));
	TRY(entries_check(&walk, &query, err));
	*state = walk;
	return OK;
}

enum err_code evidence_verify(struct kernel *kernel, struct evidence_proof *proof, struct err *err)
{
	/* The sealed last: what is sealed meanwhile is seen there, if it was not before. */
	static db_fn *const runs[] = { wires_run, basis_run, unsealed_run, sealed_run };
	struct walk walk = { 0 };

	for (size_t i = 0; i < COUNT(runs); i++) {
		walk.more = !walk.proof.broken[0];
		while (walk.more)
			TRY(db_read(kernel->db, runs[i], &walk, err));
	}
	*proof = walk.proof;
	return OK;
}
