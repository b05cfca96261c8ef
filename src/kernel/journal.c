#include "kernel/journal.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/uuid.h"
#include "crypto/digest.h"
#include "kernel/store_int.h"

#define ENTRY_MAX_BYTES 16384

/* --- Digests --- */

static void put_length(struct buf *out, uint64_t length)
{
	uint8_t octets[8];

	for (int i = 0; i < 8; i++)
		octets[i] = (uint8_t)(length >> (56 - 8 * i));
	buf_put(out, octets, sizeof(octets));
}

static void put_text(struct buf *out, const char *text)
{
	put_length(out, text ? strlen(text) : UINT64_MAX);
	buf_put_bytes(out, bytes_of(text));
}

enum err_code journal_digest(const struct journal_entry *entry, uint8_t digest[static 32], struct err *err)
{
	char at[24];
	buf_auto out;

	snprintf(at, sizeof(at), "%" PRId64, entry->at_us);
	buf_init(&out, ENTRY_MAX_BYTES);
	const char *const fields[] = {
		entry->id,           at,
		entry->actor,        entry->organisation,
		entry->subject_type, entry->subject,
		entry->event,        entry->from_state,
		entry->to_state,     entry->detail,
		entry->law,          entry->content,
	};
	for (size_t i = 0; i < COUNT(fields); i++)
		put_text(&out, fields[i]);
	TRY(buf_check(&out, "journal entry", err));
	sha256(buf_bytes(&out), digest);
	return OK;
}

enum err_code journal_seal_hash(const uint8_t previous[static 32], int64_t first, int64_t last, int64_t at_us,
				const uint8_t root[static 32], uint8_t hash[static 32], struct err *err)
{
	buf_auto out;

	buf_init(&out, 256);
	buf_put(&out, previous, SHA256_SIZE);
	buf_printf(&out, "%" PRId64 "\n%" PRId64 "\n%" PRId64 "\n", first, last, at_us);
	buf_put(&out, root, SHA256_SIZE);
	TRY(buf_check(&out, "journal seal", err));
	sha256(buf_bytes(&out), hash);
	return OK;
}

/* --- Entries --- */

enum err_code journal_put(struct tx *tx, const struct journal_entry *given, struct err *err)
{
	char id[UUID_SIZE];
	uint8_t digest[SHA256_SIZE];
	struct journal_entry entry = *given;

	id_new(id, entry.at_us);
	entry.id = id;
	TRY(journal_digest(&entry, digest, err));
	return db_exec(tx, &sql_journal_put,
		       BINDS(BIND_TEXT(id), BIND_INT(entry.at_us), BIND_TEXT(entry.actor),
			     BIND_TEXT(entry.organisation), BIND_TEXT(entry.subject_type), BIND_TEXT(entry.subject),
			     BIND_TEXT(entry.event), BIND_TEXT(entry.from_state), BIND_TEXT(entry.to_state),
			     BIND_TEXT(entry.detail), BIND_TEXT(entry.law), BIND_TEXT(entry.content),
			     BIND_BLOB(bytes(digest, sizeof(digest)))),
		       NULL, err);
}

enum err_code journal_has(struct tx *tx, const char *subject, const char *event, const char *actor, const char *detail,
			  bool *has, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_journal_has,
		     BINDS(BIND_TEXT(subject), BIND_TEXT(event), BIND_TEXT(actor), BIND_TEXT(detail ? detail : "")),
		     &query, err));
	bool found = db_next(&query);
	TRY(db_end(&query, err));
	*has = found;
	return OK;
}

void journal_row(struct arena *arena, const struct query *query, struct journal_entry *entry)
{
	*entry = (struct journal_entry){
		.id = db_text(arena, query, 0),
		.at_us = db_int(query, 1),
		.actor = db_text(arena, query, 2),
		.organisation = db_text(arena, query, 3),
		.subject_type = db_text(arena, query, 4),
		.subject = db_text(arena, query, 5),
		.event = db_text(arena, query, 6),
		.from_state = db_text(arena, query, 7),
		.to_state = db_text(arena, query, 8),
		.detail = db_text(arena, query, 9),
		.law = db_text(arena, query, 10),
		.content = db_text(arena, query, 11),
		.sequence = db_int(query, 12),
	};
}

static enum err_code entries_read(struct tx *tx, struct arena *arena, const struct statement *statement,
				  const struct bind *binds, size_t binds_count, struct journal_list *list,
				  struct err *err)
{
	struct journal_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, binds_count, &query, err));
	while (db_next(&query)) {
		found.entries = list_grow(arena, found.entries, found.count, sizeof(*found.entries));
		if (!found.entries)
			return fail(err, ERR_MEMORY, "no memory left for journal entries");
		journal_row(arena, &query, &found.entries[found.count++]);
	}
	TRY(db_end(&query, err));
	TRY(journal_numbers(tx, &found, err));
	*list = found;
	return OK;
}

enum err_code journal_of(struct tx *tx, struct arena *arena, const char *subject, size_t limit,
			 struct journal_list *list, struct err *err)
{
	return entries_read(tx, arena, &sql_journal_subject, BINDS(BIND_TEXT(subject), BIND_INT(limit)), list, err);
}

enum err_code journal_said(struct tx *tx, struct arena *arena, const char *subject, const char *detail,
			   struct journal_list *list, struct err *err)
{
	return entries_read(tx, arena, &sql_journal_said, BINDS(BIND_TEXT(subject), BIND_TEXT(detail)), list, err);
}

enum err_code journal_of_partner(struct tx *tx, struct arena *arena, const char *partner, size_t limit,
				 struct journal_list *list, struct err *err)
{
	return entries_read(tx, arena, &sql_journal_partner, BINDS(BIND_TEXT(partner), BIND_INT(limit)), list, err);
}

enum err_code journal_after(struct tx *tx, struct arena *arena, int64_t after, const char *organisation, size_t limit,
			    struct journal_list *list, struct err *err)
{
	if (organisation)
		return entries_read(tx, arena, &sql_journal_feed_organisation,
				    BINDS(BIND_INT(after), BIND_INT(limit), BIND_TEXT(organisation)), list, err);
	return entries_read(tx, arena, &sql_journal_feed, BINDS(BIND_INT(after), BIND_INT(limit)), list, err);
}

enum err_code journal_read_by(struct tx *tx, struct arena *arena, const struct journal_reads *asked,
			      struct journal_list *list, struct err *err)
{
	const char *actor = asked->actor ? asked->actor : "", *before = asked->before ? asked->before : "";
	const char *organisation = asked->organisation ? asked->organisation : "";

	if (asked->subject)
		return entries_read(tx, arena, &sql_reads_of,
				    BINDS(BIND_TEXT(asked->subject), BIND_TEXT(actor), BIND_TEXT(organisation),
					  BIND_TEXT(before), BIND_INT(asked->limit)),
				    list, err);
	if (asked->actor)
		return entries_read(
			tx, arena, &sql_reads_by,
			BINDS(BIND_TEXT(actor), BIND_TEXT(organisation), BIND_TEXT(before), BIND_INT(asked->limit)),
			list, err);
	return entries_read(tx, arena, &sql_reads_all,
			    BINDS(BIND_TEXT(organisation), BIND_TEXT(before), BIND_INT(asked->limit)), list, err);
}

/* --- Sealing --- */

struct seal_work {
	int64_t now_us;
	unsigned limit;
	unsigned sealed;
	bool waiting;
};

static enum err_code any_waiting(struct tx *tx, void *arg, struct err *err)
{
	struct seal_work *work = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_journal_waiting, NO_BINDS, &query, err));
	work->waiting = db_next(&query);
	return db_end(&query, err);
}

/* The last seal, or what stands for it before the first. */
static enum err_code seal_last(struct tx *tx, int64_t *number, int64_t *sequence, uint8_t hash[static SHA256_SIZE],
			       struct err *err)
{
	db_query_auto query = { 0 };
	arena_auto arena = arena_new(1024);
	struct bytes found = { 0 };

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to seal the journal");
	*number = *sequence = 0;
	memset(hash, 0, SHA256_SIZE);
	TRY(db_query(tx, &sql_seal_last, NO_BINDS, &query, err));
	if (db_next(&query)) {
		*number = db_int(&query, 0);
		*sequence = db_int(&query, 1);
		found = db_blob(arena, &query, 2);
	}
	TRY(db_end(&query, err));
	if (*number > 0 && found.size != SHA256_SIZE)
		return fail(err, ERR_INTERNAL, "seal %" PRId64 " of the journal is damaged", *number);
	if (*number > 0)
		memcpy(hash, found.data, SHA256_SIZE);
	return OK;
}

enum err_code journal_digests(struct tx *tx, int64_t first, int64_t last, struct buf *digests, struct err *err)
{
	db_query_auto query = { 0 };
	arena_auto arena = arena_new(SEAL_ENTRIES_MAX * (size_t)256);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the digests of a seal");
	TRY(db_query(tx, &sql_journal_digests, BINDS(BIND_INT(first), BIND_INT(last)), &query, err));
	while (db_next(&query)) {
		struct bytes digest = db_blob(arena, &query, 0);
		if (digest.size != SHA256_SIZE)
			return fail(err, ERR_INTERNAL, "a digest of the journal from entry %" PRId64 " on is damaged",
				    first);
		buf_put_bytes(digests, digest);
	}
	TRY(db_end(&query, err));
	return buf_check(digests, "digests of a seal", err);
}

void seal_row(struct arena *arena, const struct query *query, struct seal *seal)
{
	*seal = (struct seal){
		.number = db_int(query, 0),
		.first = db_int(query, 1),
		.last = db_int(query, 2),
		.previous = db_blob(arena, query, 3),
		.root = db_blob(arena, query, 4),
		.hash = db_blob(arena, query, 5),
		.at_us = db_int(query, 6),
	};
}

static enum err_code seal_run(struct tx *tx, void *arg, struct err *err)
{
	struct seal_work *work = arg;
	int64_t number = 0, last = 0, placed = 0;
	uint8_t previous[SHA256_SIZE], root[SHA256_SIZE], hash[SHA256_SIZE];
	buf_auto digests;

	work->sealed = 0;
	buf_init(&digests, SEAL_ENTRIES_MAX * (size_t)SHA256_SIZE);
	/* The lock of this row is what makes sealers take turns, so that no sequence is given out below one that was
	 * seen. */
	TRY(db_exec(tx, &sql_counter_grow, BINDS(BIND_TEXT("journal-sealer")), NULL, err));
	TRY(seal_last(tx, &number, &last, previous, err));
	TRY(db_exec(tx, &sql_journal_place, BINDS(BIND_INT(last), BIND_INT(work->limit)), &placed, err));
	if (placed == 0)
		return OK;
	TRY(journal_digests(tx, last + 1, INT64_MAX, &digests, err));
	if (digests.size != (size_t)placed * SHA256_SIZE)
		return fail(err, ERR_INTERNAL, "the journal has entries after sequence %" PRId64 " that no seal covers",
			    last);
	TRY(journal_root(buf_bytes(&digests), root, err));
	TRY(journal_seal_hash(previous, last + 1, last + placed, work->now_us, root, hash, err));
	TRY(db_exec(tx, &sql_seal_put,
		    BINDS(BIND_INT(number + 1), BIND_INT(last + 1), BIND_INT(last + placed),
			  BIND_BLOB(bytes(previous, SHA256_SIZE)), BIND_BLOB(bytes(root, SHA256_SIZE)),
			  BIND_BLOB(bytes(hash, SHA256_SIZE)), BIND_INT(work->now_us)),
		    NULL, err));
	work->sealed = (unsigned)placed;
	return OK;
}

enum err_code journal_seal_step(struct kernel *kernel, int64_t now_us, unsigned limit, unsigned *sealed,
				struct err *err)
{
	struct seal_work work = { .now_us = now_us, .limit = limit < SEAL_ENTRIES_MAX ? limit : SEAL_ENTRIES_MAX };

	/* Looking first costs no commit while nothing happens. */
	TRY(db_read(kernel->db, any_waiting, &work, err));
	if (work.waiting)
		TRY(db_write(kernel->db, seal_run, &work, err));
	*sealed = work.sealed;
	return OK;
}
