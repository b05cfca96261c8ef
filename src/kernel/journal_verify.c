/* Recomputes the journal from its entries. Seal by seal, a few in each transaction, so that memory and snapshots stay
 * small while the node goes on; entries that came later do not disturb, because what is sealed does not change. */
#include <inttypes.h>
#include <stdio.h>

#include "crypto/digest.h"
#include "kernel/store_int.h"

#define SEALS_AT_ONCE    32
#define UNSEALED_AT_ONCE 1000

struct verify {
	struct journal_proof proof;
	int64_t number, sequence; /* of the last seal that fits, and its last entry */
	uint8_t hash[SHA256_SIZE];
	const uint8_t *known; /* a head that was written down; NULL */
	char unsealed_id[40]; /* the last unsealed entry that was seen */
	bool more;
};

static void broken(struct verify *verify, int64_t sequence, const char *format, ...) PRINTF(3, 4);
static void broken(struct verify *verify, int64_t sequence, const char *format, ...)
{
	va_list args;

	if (verify->proof.broken_sequence != 0)
		return;
	verify->proof.broken_sequence = sequence;
	va_start(args, format);
	vsnprintf(verify->proof.reason, sizeof(verify->proof.reason), format, args);
	va_end(args);
}

/* What was deleted by rule has left an entry (kernel/retention.c). */
static bool is_deletion(const struct journal_entry *entry)
{
	return same(entry->subject_type, "deletion") && same(entry->event, "deleted");
}

/* The digest of the entry in the current row, appended to DIGESTS if it is the stored one. */
static enum err_code entry_check(struct verify *verify, const struct query *query, struct journal_entry *entry,
				 bool *fits, struct buf *digests, struct err *err)
{
	uint8_t digest[SHA256_SIZE];
	arena_auto arena = arena_new((size_t)1 << 20);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to verify the journal");
	journal_row(arena, query, entry);
	verify->proof.deletions += is_deletion(entry);
	struct bytes stored = db_blob(arena, query, 13);
	TRY(journal_digest(entry, digest, err));
	*fits = bytes_same(stored, bytes(digest, sizeof(digest)));
	if (digests)
		buf_put(digests, digest, sizeof(digest));
	return OK;
}

static enum err_code entries_check(struct tx *tx, struct verify *verify, const struct seal *seal, struct buf *digests,
				   struct err *err)
{
	db_query_auto query = { 0 };
	int64_t expected = seal->first;

	TRY(db_query(tx, &sql_journal_between, BINDS(BIND_INT(seal->first), BIND_INT(seal->last)), &query, err));
	while (verify->proof.broken_sequence == 0 && db_next(&query)) {
		struct journal_entry entry;
		bool fits = false;
		TRY(entry_check(verify, &query, &entry, &fits, digests, err));
		if (entry.sequence != expected)
			broken(verify, expected, "entry %" PRId64 " is missing", expected);
		else if (!fits)
			broken(verify, expected, "entry %" PRId64 " was altered: its digest is another", expected);
		expected++;
		verify->proof.entries++;
	}
	if (verify->proof.broken_sequence != 0)
		return OK;
	TRY(db_end(&query, err));
	if (expected != seal->last + 1)
		broken(verify, expected, "entry %" PRId64 " is missing", expected);
	return OK;
}

static enum err_code seal_check(struct tx *tx, struct verify *verify, const struct seal *seal, struct err *err)
{
	uint8_t root[SHA256_SIZE], hash[SHA256_SIZE];
	buf_auto digests;

	buf_init(&digests, SEAL_ENTRIES_MAX * (size_t)SHA256_SIZE);
	if (seal->number != verify->number + 1)
		broken(verify, verify->sequence + 1, "seal %" PRId64 " is missing", verify->number + 1);
	else if (seal->first != verify->sequence + 1 || seal->last < seal->first ||
		 seal->last - seal->first >= SEAL_ENTRIES_MAX)
		broken(verify, verify->sequence + 1, "seal %" PRId64 " does not follow the one before it",
		       seal->number);
	else if (!bytes_same(seal->previous, bytes(verify->hash, SHA256_SIZE)))
		broken(verify, seal->first, "seal %" PRId64 " names another seal before it", seal->number);
	if (verify->proof.broken_sequence != 0)
		return OK;

	TRY(entries_check(tx, verify, seal, &digests, err));
	if (verify->proof.broken_sequence != 0)
		return OK;
	TRY(journal_root(buf_bytes(&digests), root, err));
	TRY(journal_seal_hash(verify->hash, seal->first, seal->last, seal->at_us, root, hash, err));
	if (!bytes_same(seal->root, bytes(root, sizeof(root))))
		broken(verify, seal->first,
		       "seal %" PRId64 " has a root that is not that of its entries %" PRId64 " to %" PRId64,
		       seal->number, seal->first, seal->last);
	else if (!bytes_same(seal->hash, bytes(hash, sizeof(hash))))
		broken(verify, seal->first,
		       "seal %" PRId64 " is not that of its time, its entries and the one before it", seal->number);
	if (verify->proof.broken_sequence != 0)
		return OK;
	memcpy(verify->hash, hash, sizeof(hash));
	verify->number = seal->number;
	verify->sequence = seal->last;
	verify->proof.seals++;
	if (verify->known && memcmp(verify->known, hash, sizeof(hash)) == 0) {
		verify->proof.known_seal = seal->number;
		verify->proof.known_at_us = seal->at_us;
	}
	return OK;
}

static enum err_code seals_read(struct tx *tx, struct arena *arena, int64_t after,
				struct seal seals[static SEALS_AT_ONCE], size_t *count, struct err *err)
{
	db_query_auto query = { 0 };

	*count = 0;
	TRY(db_query(tx, &sql_seal_after, BINDS(BIND_INT(after), BIND_INT(SEALS_AT_ONCE)), &query, err));
	while (*count < SEALS_AT_ONCE && db_next(&query))
		seal_row(arena, &query, &seals[(*count)++]);
	return db_end(&query, err);
}

/* Nothing may have a sequence that no seal gave; both numbers come from one snapshot. */
static enum err_code strangers_check(struct tx *tx, struct verify *verify, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_journal_counts, NO_BINDS, &query, err));
	bool found = db_next(&query);
	int64_t sealed = found ? db_int(&query, 0) : 0;
	verify->proof.unsealed = found ? db_int(&query, 1) : 0;
	TRY(db_end(&query, err));
	if (sealed != verify->proof.entries)
		broken(verify, verify->sequence + 1, "%" PRId64 " entries have a sequence, the seals cover %" PRId64,
		       sealed, verify->proof.entries);
	return OK;
}

static enum err_code verify_seals(struct tx *tx, void *arg, struct err *err)
{
	struct verify *state = arg, verify = *state;
	struct seal seals[SEALS_AT_ONCE];
	size_t count;
	arena_auto arena = arena_new((size_t)1 << 20);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to verify the journal");
	TRY(seals_read(tx, arena, verify.number, seals, &count, err));
	for (size_t i = 0; i < count && verify.proof.broken_sequence == 0; i++)
		TRY(seal_check(tx, &verify, &seals[i], err));
	verify.more = count == SEALS_AT_ONCE && verify.proof.broken_sequence == 0;
	if (!verify.more && verify.proof.broken_sequence == 0)
		TRY(strangers_check(tx, &verify, err));
	*state = verify; /* at the end, because the transaction may run again */
	return OK;
}

/* What is not sealed yet has its digest already. */
static enum err_code verify_unsealed(struct tx *tx, void *arg, struct err *err)
{
	struct verify *state = arg, verify = *state;
	db_query_auto query = { 0 };
	size_t seen = 0;

	TRY(db_query(tx, &sql_journal_unsealed, BINDS(BIND_TEXT(state->unsealed_id), BIND_INT(UNSEALED_AT_ONCE)),
		     &query, err));
	while (db_next(&query)) {
		struct journal_entry entry;
		bool fits = false;
		arena_auto arena = arena_new(256);
		if (!arena)
			return fail(err, ERR_MEMORY, "no memory left to verify the journal");
		const char *id = db_text(arena, &query, 0);
		/* A longer one is not ours, and no place to go on from. */
		bool whole = id && strlen(id) < sizeof(verify.unsealed_id);
		snprintf(verify.unsealed_id, sizeof(verify.unsealed_id), "%s", id ? id : "");
		TRY(entry_check(&verify, &query, &entry, &fits, NULL, err));
		if (!fits || !whole)
			broken(&verify, verify.sequence + 1, "the entry %s, not sealed yet, was altered",
			       verify.unsealed_id);
		seen++;
	}
	TRY(db_end(&query, err));
	verify.more = seen == UNSEALED_AT_ONCE && verify.proof.broken_sequence == 0;
	*state = verify;
	return OK;
}

static void hash_text(const uint8_t hash[static SHA256_SIZE], char text[static JOURNAL_HASH_SIZE])
{
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
}

/* KNOWN may be NULL. */
static enum err_code verify_all(struct kernel *kernel, const uint8_t *known, struct journal_proof *proof,
				struct err *err)
{
	struct verify verify = { .known = known };
	char text[JOURNAL_HASH_SIZE];

	do {
		TRY(db_read(kernel->db, verify_seals, &verify, err));
	} while (verify.more);
	if (verify.number > 0)
		hash_text(verify.hash, verify.proof.head);
	if (known && verify.proof.known_seal == 0) {
		hash_text(known, text);
		broken(&verify, verify.sequence + 1, "no seal has the head %s: the journal was cut or rewritten", text);
	}
	while (verify.proof.broken_sequence == 0) {
		TRY(db_read(kernel->db, verify_unsealed, &verify, err));
		if (!verify.more)
			break;
	}
	*proof = verify.proof;
	return OK;
}

enum err_code journal_verify(struct kernel *kernel, struct journal_proof *proof, struct err *err)
{
	return verify_all(kernel, NULL, proof, err);
}

enum err_code journal_verify_known(struct kernel *kernel, const uint8_t known[static SHA256_SIZE],
				   struct journal_proof *proof, struct err *err)
{
	return verify_all(kernel, known, proof, err);
}
