/* Backups of a node with messages, documents of every kind of value, on both databases. What is restored is compared
 * row by row with what was backed up; the records are read by a reader of our own only where openssl has opened the
 * file (tests/e2e/backup.py). */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "kernel/backup.h"
#include "kernel/journal.h"
#include "kernel/message.h"
#include "pki.h"

#define ROWS_MAX 4096

struct keys {
	struct buf cert, key;
};
static struct keys *recipient(void)
{
	static struct keys keys;

	if (!keys.key.data) {
		pki_auto pki = pki_issue(&(struct pki_spec){ .subject = "/CN=backup" });
		buf_init(&keys.cert, 65536);
		buf_init(&keys.key, 65536);
		pki_cert_pem(pki, &keys.cert);
		pki_key_pem(pki, &keys.key);
	}
	return &keys;
}

/* --- What is in a database, whatever order its rows come in --- */

struct rows {
	uint8_t digest[ROWS_MAX][SHA256_SIZE];
	size_t count;
	const char *table;
	const char *without; /* a table that is not looked at; NULL */
};

static enum err_code row_add(void *arg, const struct bind *values, size_t count, struct err *err)
{
	struct rows *rows = arg;
	struct sha256_run run;

	(void)err;
	assert_true(rows->count < ROWS_MAX);
	sha256_begin(&run);
	sha256_put(&run, bytes(rows->table, strlen(rows->table) + 1));
	for (size_t i = 0; i < count; i++) {
		const uint64_t head[] = { (uint64_t)values[i].kind, (uint64_t)values[i].number, values[i].value.size };
		sha256_put(&run, bytes(head, sizeof(head)));
		sha256_put(&run, values[i].value);
	}
	sha256_end(&run, rows->digest[rows->count++]);
	return OK;
}

static int row_order(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_SIZE);
}

struct look {
	struct rows *rows;
	struct arena *arena;
};

static enum err_code rows_look(struct tx *tx, void *arg, struct err *err)
{
	const struct look *look = arg;
	struct db_tables tables;

	look->rows->count = 0;
	TRY(db_tables(tx, look->arena, &tables, err));
	for (size_t i = 0; i < tables.count; i++) {
		look->rows->table = tables.items[i].name;
		if (!same(look->rows->table, look->rows->without))
			TRY(db_table_rows(tx, &tables.items[i], row_add, look->rows, err));
	}
	qsort(look->rows->digest, look->rows->count, SHA256_SIZE, row_order);
	return OK;
}

static void rows_of(struct kernel_fixture *fixture, struct db *db, struct rows *rows)
{
	struct look look = { rows, fixture->arena };

	must(db_read(db, rows_look, &look, &fixture->err));
}

/* --- A node --- */

static const struct statement editions[] = {
	{ "test.edition",
	  "INSERT INTO edition (id, kind, subject, state, from_day, digest, records, warnings, imported_by, imported_us,"
	  " touched_us, turn, swept) VALUES ('e1', 'tariff.rates', 'VN', 'active', 1, 'aa', 1, 1, 'nok', 1, 1, 1, 0)" },
	{ "test.edition_warning",
	  "INSERT INTO edition_warning (edition, number, code, place, text) VALUES ('e1', 1, 'X-001', '', 'x')" },
};

static void populate(struct kernel_fixture *fixture)
{
	static const struct statement odd = {
		"test.odd",
		"INSERT INTO message_part (message, number, content_id, mime_type, charset, compressed, octets)"
		" VALUES ($1, $2, $3, 'a/b', NULL, 0, $4)"
	};
	const struct message first = fixture_put(fixture, "VN", NULL, "doc-1");

	fixture_put(fixture, "MY", NULL, NULL);
	/* The ends of the integers, no octets at all, every octet, and letters beyond the first plane. */
	uint8_t all[256];
	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	fixture_exec(fixture, &odd,
		     BINDS(BIND_TEXT(first.id), BIND_INT(INT64_MIN), BIND_TEXT(""), BIND_BLOB(bytes("", 0))));
	fixture_exec(fixture, &odd,
		     BINDS(BIND_TEXT(first.id), BIND_INT(INT64_MAX), BIND_TEXT("ผู้ส่งออก 𝄞 ' \" ;\n"),
			   BIND_BLOB(bytes(all, sizeof(all)))));
	for (size_t i = 0; i < COUNT(editions); i++)
		fixture_exec(fixture, &editions[i], NO_BINDS);
	unsigned sealed = 0;
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 100, &sealed, &fixture->err));
	assert_true(sealed > 0);
}

static int scratch(void)
{
	char path[] = "/tmp/lintas-backup.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static int backed_up_with(struct kernel_fixture *fixture, const struct backup_file *files, size_t count,
			  struct backup_plan *plan, struct backup_summary *summary)
{
	static struct bytes certificate;
	int fd = scratch();

	certificate = buf_bytes(&recipient()->cert);
	*plan = (struct backup_plan){ .db = fixture->kernel.db,
				      .head = { .program = "0.2.0", .state = "TH", .node = "Test" },
				      .files = files,
				      .files_count = count,
				      .recipients = &certificate,
				      .recipients_count = 1,
				      .clock = fixture->kernel.clock };
	must(backup_write(fd, fixture->arena, plan, summary, &fixture->err));
	return fd;
}

static int backed_up(struct kernel_fixture *fixture, struct backup_plan *plan, struct backup_summary *summary)
{
	static const struct backup_file files[] = { { "lintas.conf", { (const uint8_t *)"[node]\n", 7 } },
						    { "keys/sign-1/status", { (const uint8_t *)"", 0 } } };

	return backed_up_with(fixture, files, COUNT(files), plan, summary);
}

/* A database of either kind without any table; ":memory:", or a schema of the server; NULL without one. */
static struct db *empty_database(struct kernel_fixture *fixture, enum db_kind kind)
{
	const char *url = kind == DB_SQLITE ? ":memory:" : fixture_beside(fixture);
	struct db *db = NULL;

	if (url)
		must(db_open(url, NULL, &db, &fixture->err));
	return db;
}

static const struct actor operator= { .name = "operator" };

/* --- Tests --- */

static void what_a_backup_says_of_itself_is_what_is_in_it(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct backup_plan plan;
	struct backup_summary summary;
	struct backup_contents contents;
	struct journal_proof proof;

	populate(fixture);
	int fd = backed_up(fixture, &plan, &summary);
	must(backup_read(fd, buf_bytes(&recipient()->key), fixture->arena, &contents, &fixture->err));
	must(journal_verify(&fixture->kernel, &proof, &fixture->err));
	assert_int_equal(contents.head.schema, (int)kernel_migrations_count);
	assert_int_equal(contents.head.seal, proof.seals);
	assert_string_equal(contents.head.hash, proof.head);
	assert_string_equal(contents.head.state, "TH");
	assert_int_equal(contents.summary.tables, summary.tables);
	assert_int_equal(contents.summary.rows, summary.rows);
	assert_string_equal(contents.summary.file.digest, summary.file.digest);
	assert_int_equal(contents.files_count, 2);
	assert_string_equal(contents.files[0].name, "lintas.conf");
	assert_memory_equal(contents.files[0].content.data, "[node]\n", 7);
	assert_int_equal(contents.files[1].content.size, 0);
	close(fd);
}

/* Two settings may name one file, and backups were made with both. */
static void a_file_that_comes_twice_is_one_and_two_that_differ_are_refused(void **state)
{
	static const struct backup_file files[] = { { "lintas.conf", { (const uint8_t *)"[node]\n", 7 } },
						    { "trust.pem", { (const uint8_t *)"one", 3 } },
						    { "trust.pem", { (const uint8_t *)"one", 3 } },
						    { "trust.pem", { (const uint8_t *)"two", 3 } } };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct backup_plan plan;
	struct backup_summary summary;
	struct backup_contents contents;

	int twice = backed_up_with(fixture, files, 3, &plan, &summary);
	must(backup_read(twice, buf_bytes(&recipient()->key), fixture->arena, &contents, &fixture->err));
	assert_int_equal(contents.files_count, 2);
	assert_memory_equal(contents.files[1].content.data, "one", 3);
	int differ = backed_up_with(fixture, files, 4, &plan, &summary);
	assert_int_equal(backup_read(differ, buf_bytes(&recipient()->key), fixture->arena, &contents, &fixture->err),
			 ERR_SYNTAX);
	assert_non_null(strstr(fixture->err.text, "two files trust.pem that differ"));
	close(twice);
	close(differ);
}

/* From each database onto each. */
static void what_is_restored_is_row_for_row_what_was_backed_up(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static struct rows before, after;
	struct backup_plan plan;
	struct backup_summary summary;
	struct backup_contents contents;
	static const struct statement forget[] = { { "test.forget1", "DELETE FROM recovery" },
						   { "test.forget2", "DELETE FROM journal WHERE event = 'restored'" },
						   { "test.forget3", "DELETE FROM journal_turn" } };

	populate(fixture);
	rows_of(fixture, fixture->kernel.db, &before);
	int fd = backed_up(fixture, &plan, &summary);
	assert_int_equal(summary.rows, before.count);
	must(backup_read(fd, buf_bytes(&recipient()->key), fixture->arena, &contents, &fixture->err));
	for (enum db_kind kind = DB_SQLITE; kind <= DB_POSTGRES; kind++) {
		struct kernel_fixture other = { .arena = fixture->arena };
		char recovery[37];
		if (!(other.kernel.db = empty_database(fixture, kind)))
			continue;
		must(backup_restore(other.kernel.db, fd, buf_bytes(&recipient()->key), fixture->arena, &contents,
				    &operator, FIXTURE_NOW_US + 5, recovery, &fixture->err));
		for (size_t i = 0; i < COUNT(forget); i++)
			fixture_exec(&other, &forget[i], NO_BINDS);
		rows_of(fixture, other.kernel.db, &after);
		assert_int_equal(after.count, before.count);
		assert_memory_equal(after.digest, before.digest, before.count * SHA256_SIZE);
		db_close(other.kernel.db);
	}
	close(fd);
}

static void a_restore_is_the_next_entry_of_the_journal_and_breaks_no_seal(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static const struct statement marks = { "test.marks", "SELECT count(*) FROM recovery WHERE state = 'open'"
							      " AND since_us = $1 AND restored_us = $2" };
	static const struct statement claim = { "test.claim", "UPDATE message SET claimed_by = 'one', next_attempt_us ="
							      " CAST($1 AS {i64}) + 60000000 WHERE direction = 'out'" };
	static const struct statement due = { "test.due", "SELECT count(*) FROM message WHERE claimed_by IS NULL"
							  " AND next_attempt_us = $1 AND state = 'queued'" };
	struct backup_plan plan;
	struct backup_summary summary;
	struct backup_contents contents;
	struct journal_proof proof;
	struct kernel_fixture other = { .arena = fixture->arena };
	char recovery[37];
	unsigned sealed = 0;

	populate(fixture);
	fixture_exec(fixture, &claim, BINDS(BIND_INT(FIXTURE_NOW_US)));
	int fd = backed_up(fixture, &plan, &summary);
	must(backup_read(fd, buf_bytes(&recipient()->key), fixture->arena, &contents, &fixture->err));
	other.kernel = fixture->kernel;
	other.kernel.db = empty_database(fixture, DB_SQLITE);
	must(backup_restore(other.kernel.db, fd, buf_bytes(&recipient()->key), fixture->arena, &contents, &operator,
			    FIXTURE_NOW_US + 5, recovery, &fixture->err));
	must(journal_seal_step(&other.kernel, FIXTURE_NOW_US + 6, 100, &sealed, &fixture->err));
	assert_int_equal(sealed, 1);
	uint8_t known[32];
	for (size_t i = 0; i < sizeof(known); i++)
		assert_int_equal(sscanf(contents.head.hash + 2 * i, "%2hhx", &known[i]), 1);
	must(journal_verify_known(&other.kernel, known, &proof, &fixture->err));
	assert_int_equal(proof.broken_sequence, 0);
	assert_int_equal(proof.known_seal, contents.head.seal);
	assert_int_equal(proof.seals, contents.head.seal + 1);
	assert_int_equal(
		fixture_int(&other, &marks, BINDS(BIND_INT(contents.head.last_us), BIND_INT(FIXTURE_NOW_US + 5))), 1);
	assert_int_equal(fixture_int(&other, &due, BINDS(BIND_INT(FIXTURE_NOW_US + 5))), 2);
	db_close(other.kernel.db);
	close(fd);
}

static void a_database_that_holds_anything_is_left_as_it_is(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static struct rows before, after;
	struct backup_plan plan;
	struct backup_summary summary;
	struct backup_contents contents;
	char recovery[37];

	populate(fixture);
	int fd = backed_up(fixture, &plan, &summary);
	must(backup_read(fd, buf_bytes(&recipient()->key), fixture->arena, &contents, &fixture->err));
	rows_of(fixture, fixture->kernel.db, &before);
	assert_int_equal(backup_restore(fixture->kernel.db, fd, buf_bytes(&recipient()->key), fixture->arena, &contents,
					&operator, FIXTURE_NOW_US, recovery, &fixture->err),
			 ERR_CONFLICT);
	rows_of(fixture, fixture->kernel.db, &after);
	assert_int_equal(after.count, before.count);
	assert_memory_equal(after.digest, before.digest, before.count * SHA256_SIZE);
	close(fd);
}

static void a_backup_of_a_newer_schema_is_refused_and_an_older_one_is_brought_up(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct backup_plan plan;
	struct backup_summary summary;
	struct backup_contents contents;
	struct migration_status status;
	struct kernel_fixture other = { .arena = fixture->arena };
	char recovery[37];

	populate(fixture);
	must(db_migrate_to(fixture->kernel.db, kernel_migrations, kernel_migrations_count, 2, false, NULL, NULL,
			   &fixture->err));
	int fd = backed_up(fixture, &plan, &summary);
	must(backup_read(fd, buf_bytes(&recipient()->key), fixture->arena, &contents, &fixture->err));
	assert_int_equal(contents.head.schema, 2);
	other.kernel.db = empty_database(fixture, DB_SQLITE);
	contents.head.schema = (int64_t)kernel_migrations_count + 1;
	assert_int_equal(backup_restore(other.kernel.db, fd, buf_bytes(&recipient()->key), fixture->arena, &contents,
					&operator, FIXTURE_NOW_US, recovery, &fixture->err),
			 ERR_CONFIG);
	assert_non_null(strstr(fixture->err.text, "restore it with lintas 0.2.0 or newer"));
	contents.head.schema = 2;
	must(backup_restore(other.kernel.db, fd, buf_bytes(&recipient()->key), fixture->arena, &contents, &operator,
			    FIXTURE_NOW_US, recovery, &fixture->err));
	must(db_migrate(other.kernel.db, kernel_migrations, kernel_migrations_count, true, &status, NULL,
			&fixture->err));
	assert_int_equal(status.pending, 0);
	db_close(other.kernel.db);
	close(fd);
}

/* Somebody who reads the views may make a table beside ours. */
static void a_table_of_somebody_else_is_not_in_the_backup_which_is_restored_all_the_same(void **state)
{
	static const struct statement foreign[] = {
		{ "test.foreign", "CREATE TABLE report (day VARCHAR(20), share REAL)" },
		{ "test.foreign_like", "CREATE TABLE messag (id TEXT)" },
		{ "test.foreign_row", "INSERT INTO report VALUES ('monday', 0.5)" },
	};
	static const struct statement drop[] = { { "test.drop", "DROP TABLE report" },
						 { "test.drop2", "DROP TABLE messag" } };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static struct rows before, after;
	struct backup_plan plan;
	struct backup_summary summary;
	struct backup_contents contents;
	char recovery[37];

	populate(fixture);
	rows_of(fixture, fixture->kernel.db, &before);
	for (size_t i = 0; i < COUNT(foreign); i++)
		fixture_exec(fixture, &foreign[i], NO_BINDS);
	int fd = backed_up(fixture, &plan, &summary);
	for (size_t i = 0; i < COUNT(drop); i++)
		fixture_exec(fixture, &drop[i], NO_BINDS);
	must(backup_read(fd, buf_bytes(&recipient()->key), fixture->arena, &contents, &fixture->err));
	assert_int_equal(contents.summary.rows, before.count);
	struct db *db = empty_database(fixture, DB_SQLITE);
	must(backup_restore(db, fd, buf_bytes(&recipient()->key), fixture->arena, &contents, &operator, FIXTURE_NOW_US,
			    recovery, &fixture->err));
	rows_of(fixture, db, &after);
	assert_int_equal(after.count, before.count + 3); /* the journal's entry, its turn, and the recovery */
	db_close(db);
	close(fd);
}

/* --- Schemas --- */

extern const char text_schema_2_sql[]; /* tests/data: rows in every table of 0.1.0 */

static void filled_as_by_0_1_0(struct kernel_fixture *fixture, struct db *db)
{
	struct kernel_fixture at = { .kernel.db = db, .arena = fixture->arena };
	char *text = arena_text(fixture->arena, strstr(text_schema_2_sql, "\nINSERT"));

	must(db_migrate_to(db, kernel_migrations, kernel_migrations_count, 2, false, NULL, NULL, &fixture->err));
	for (char *next, *sql = text; *sql && strcmp(sql, "\n") != 0; sql = next) {
		next = strstr(sql, ";\n");
		assert_non_null(next);
		*next = '\0';
		next += 2;
		struct statement *statement = arena_alloc(fixture->arena, sizeof(*statement));
		*statement = (struct statement){ "test.old", sql };
		fixture_exec(&at, statement, NO_BINDS);
	}
}

static enum err_code tables_full(struct tx *tx, void *arg, struct err *err)
{
	struct look *look = arg;
	struct db_tables tables;

	TRY(db_tables(tx, look->arena, &tables, err));
	for (size_t i = 0; i < tables.count; i++) {
		size_t before = look->rows->count;
		look->rows->table = tables.items[i].name;
		TRY(db_table_rows(tx, &tables.items[i], row_add, look->rows, err));
		if (look->rows->count == before)
			return fail(err, ERR_INTERNAL, "%s has no row in tests/data/schema_2.sql",
				    tables.items[i].name);
	}
	return OK;
}

/* The tables, columns, indexes and checks: a text a line. */
struct text_ask {
	const struct statement *statement;
	struct arena *arena;
	const char *text;
};

static enum err_code text_ask(struct tx *tx, void *arg, struct err *err)
{
	struct text_ask *ask = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, ask->statement, NO_BINDS, &query, err));
	ask->text = db_next(&query) ? db_text(ask->arena, &query, 0) : NULL;
	return db_end(&query, err);
}

static const char *shape_of(struct kernel_fixture *fixture, struct db *db)
{
	static const struct statement shapes[] = {
		[DB_SQLITE] = { "test.shape",
				"SELECT group_concat(line, '\n') FROM (SELECT t.type || ' ' || t.name || ' ' ||"
				" t.tbl_name || ' ' || COALESCE((SELECT group_concat(c.name || ' ' || c.type)"
				" FROM pragma_table_info(t.name) c), '') AS line FROM sqlite_schema t ORDER BY 1)" },
		[DB_POSTGRES] = { "test.shape",
				  "SELECT string_agg(line, E'\n' ORDER BY line) FROM (SELECT indexdef AS line"
				  " FROM pg_indexes WHERE schemaname = current_schema() UNION ALL"
				  " SELECT conrelid::regclass::text || ' ' || pg_get_constraintdef(oid)"
				  " FROM pg_constraint WHERE connamespace = current_schema()::regnamespace"
				  " UNION ALL SELECT table_name || ' ' || column_name || ' ' || data_type"
				  " || ' ' || is_nullable FROM information_schema.columns"
				  " WHERE table_schema = current_schema()) AS lines" },
	};
	struct text_ask ask = { &shapes[db_kind(db)], fixture->arena, NULL };

	must(db_read(db, text_ask, &ask, &fixture->err));
	assert_non_null(ask.text);
	return ask.text;
}

/* Each step is a transaction of its own: to stop between two is to be interrupted there. */
static void a_database_of_0_1_0_goes_up_and_back_and_is_what_it_was(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static struct rows before, after;
	struct look look = { &after, fixture->arena };
	const int newest = (int)kernel_migrations_count;
	struct db *db = empty_database(fixture, fixture->kind);

	filled_as_by_0_1_0(fixture, db);
	after.count = 0;
	must(db_read(db, tables_full, &look, &fixture->err));
	rows_of(fixture, db, &before);
	const char *shape = shape_of(fixture, db);
	for (int round = 0; round < 2; round++) {
		for (int schema = 3; schema <= newest; schema++)
			must(db_migrate_to(db, kernel_migrations, kernel_migrations_count, round ? newest : schema,
					   false, NULL, NULL, &fixture->err));
		for (int schema = newest - 1; schema >= 2; schema--)
			must(db_migrate_to(db, kernel_migrations, kernel_migrations_count, round ? 2 : schema, false,
					   NULL, NULL, &fixture->err));
		rows_of(fixture, db, &after);
		assert_int_equal(after.count, before.count);
		assert_memory_equal(after.digest, before.digest, before.count * SHA256_SIZE);
		assert_string_equal(shape_of(fixture, db), shape);
	}
	db_close(db);
}

/* What later programs have written by the time somebody goes back; names are those of tests/data/schema_2.sql. */
static const struct statement later[] = {
	{ "test.recovery", "INSERT INTO recovery (id, since_us, restored_us, backup_us, backup, seal, head, state)"
			   " VALUES ('r1', 1, 2, 3, 'aa', 4, NULL, 'open')" },
	{ "test.webhook",
	  "INSERT INTO webhook (id, organisation, url, events, state, secret, key_number, cursor, attempts, next_us, in_hand,"
	  " delivered, created_us, created_by) VALUES ('w1', 'dft', 'https://x', '*', 'active', 's', 1, 0, 0, 1, 0, 0, 1, 'nok')" },
	{ "test.webhook_delivery",
	  "INSERT INTO webhook_delivery (webhook, number, message, first_sequence, last_sequence,"
	  " events, attempt, at_us, duration_us) VALUES ('w1', 1, 'm', 1, 1, 1, 1, 1, 1)" },
	{ "test.deleted", "UPDATE message SET archived_us = 1, deleted_us = 2" },
	{ "test.hold", "INSERT INTO legal_hold (id, kind, subject, organisation, reason, placed_by, placed_us)"
		       " VALUES ('h1', 'partner', 'VN', 'dft', 'court', 'nok', 1)" },
	{ "test.volume", "INSERT INTO archive_volume (digest, archive, number, messages, noted_us)"
			 " VALUES ('aa', 'a1', 1, 1, 1)" },
	{ "test.drop_file", "INSERT INTO drop_file (id, organisation, folder, name, digest, taken_us)"
			    " VALUES ('f1', 'dft', '', 'a.xml', 'aa', 1)" },
	{ "test.drop_document",
	  "INSERT INTO drop_document (file, number, document) SELECT 'f1', 1, min(id) FROM document" },
	{ "test.drop_cursor", "INSERT INTO drop_cursor (organisation, sequence) VALUES ('dft', 1)" },
	{ "test.paper",
	  "INSERT INTO paper (id, organisation, partner, doctype, reference, issued_on, reason, accepted_by,"
	  " accepted_us, document) SELECT 'p1', 'customs', 'VN', 'FORM-D', 'R-1', '2026-11-01', 'outage', 'nok',"
	  " 1, min(id) FROM document" },
	{ "test.paper_case",
	  "INSERT INTO fsm_case (id, machine, state, since_us) VALUES ('p1', 'paper', 'accepted', 1)" },
	{ "test.link", "INSERT INTO link (partner, state, since_us, failures, delays, beat_us)"
		       " VALUES ('VN', 'up', 1, 0, CAST('' AS {blob}), 1)" },
	{ "test.notice", "INSERT INTO link_notice (id, partner, direction, kind, from_us, until_us, text, at_us)"
			 " VALUES ('n1', 'VN', 'in', 'outage', 1, 2, '', 1)" },
	{ "test.own_card", "INSERT INTO own_card (instance, digest, at_us) VALUES ('one', 'aa', 1)" },
	{ "test.catch_up", "INSERT INTO catch_up (id, partner, since_us, begun_us, begun_by, hold_until_us, state)"
			   " VALUES ('c1', 'VN', 1, 2, 'nok', 3, 'open')" },
	{ "test.catch_up_item",
	  "INSERT INTO catch_up_item (catch_up, number, direction, message_id, digest, conversation,"
	  " action, state, asked) VALUES ('c1', 1, 'in', 'm', 'aa', 'c', 'FORM-D', 'wanted', 0)" },
	{ "test.catch_up_day", "INSERT INTO catch_up_day (partner, day, requests, bytes) VALUES ('VN', 1, 1, 1)" },
	{ "test.turn", "UPDATE counter SET value = 9 WHERE name = 'journal-turn'" },
};

/* Through the views as well, which would forbid to change what they read. */
static void rows_of_later_programs_go_with_the_way_back_and_those_of_0_1_0_stay(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static struct rows before, after;
	struct db *db = empty_database(fixture, fixture->kind);
	struct kernel_fixture at = { .kernel.db = db, .arena = fixture->arena };

	filled_as_by_0_1_0(fixture, db);
	rows_of(fixture, db, &before);
	for (int round = 0; round < 2; round++) {
		must(db_migrate(db, kernel_migrations, kernel_migrations_count, false, NULL, NULL, &fixture->err));
		for (size_t i = 0; i < COUNT(later); i++)
			fixture_exec(&at, &later[i], NO_BINDS);
		for (size_t i = 0; i < COUNT(editions); i++)
			fixture_exec(&at, &editions[i], NO_BINDS);
		must(db_migrate_to(db, kernel_migrations, kernel_migrations_count, 2, false, NULL, NULL,
				   &fixture->err));
		rows_of(fixture, db, &after);
		assert_int_equal(after.count, before.count);
		assert_memory_equal(after.digest, before.digest, before.count * SHA256_SIZE);
	}
	db_close(db);
}

/* --- The records --- */

static enum err_code piece_keep(void *arg, struct bytes plain, struct err *err)
{
	(void)err;
	buf_put_bytes(arg, plain);
	return OK;
}

static enum err_code records_read(struct bytes records, size_t piece, struct err *err)
{
	const struct backup_handler handler = { 0 };
	struct backup_reader *reader = backup_reader_new(&handler);
	struct backup_summary summary;
	enum err_code code = OK;

	assert_non_null(reader);
	for (size_t at = 0; code == OK && at < records.size; at += piece)
		code = backup_reader_put(
			reader, bytes(records.data + at, piece < records.size - at ? piece : records.size - at), err);
	if (code == OK)
		code = backup_reader_end(reader, &summary, err);
	backup_reader_free(reader);
	return code;
}

/* Whoever has the certificate can make a file that opens: the records are not believed either. */
static void records_that_were_cut_or_altered_are_refused(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct backup_plan plan;
	struct backup_summary summary;
	struct err err;
	buf_auto records;

	populate(fixture);
	int fd = backed_up(fixture, &plan, &summary);
	buf_init(&records, 16U << 20);
	must(envelope_open(fd, buf_bytes(&recipient()->key), piece_keep, &records, NULL, &fixture->err));
	for (size_t piece = 1; piece < records.size; piece = piece * 5 + 2)
		assert_int_equal(records_read(buf_bytes(&records), piece, &err), OK);
	for (size_t size = 0; size < records.size; size += 13)
		assert_int_equal(records_read(bytes(records.data, size), 4096, &err), ERR_SYNTAX);
	for (size_t i = 0; i < records.size; i += 7) {
		records.data[i] ^= 0x01;
		enum err_code code = records_read(buf_bytes(&records), 4096, &err);
		assert_true(code == ERR_SYNTAX || code == ERR_INVALID);
		records.data[i] ^= 0x01;
	}
	buf_putc(&records, 'R');
	assert_int_equal(records_read(buf_bytes(&records), 4096, &err), ERR_SYNTAX);
	buf_put(&records, "\0\0\0\0", 4);
	assert_int_equal(records_read(buf_bytes(&records), 4096, &err), ERR_SYNTAX);
	close(fd);
}

static void a_name_that_leaves_the_directory_is_none(void **state)
{
	static const char *const good[] = { "lintas.conf", "keys/sign-1/key.pem", "A_b-9.pem" };
	static const char *const bad[] = { "",   "/etc/passwd", "../x", "a/../b", "a//b",
					   "a/", ".hidden",     "a/.b", "a b",    "ä" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(backup_name_valid(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(backup_name_valid(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_backup_says_of_itself_is_what_is_in_it),
		cmocka_unit_test(a_file_that_comes_twice_is_one_and_two_that_differ_are_refused),
		cmocka_unit_test(what_is_restored_is_row_for_row_what_was_backed_up),
		cmocka_unit_test(a_restore_is_the_next_entry_of_the_journal_and_breaks_no_seal),
		cmocka_unit_test(a_database_that_holds_anything_is_left_as_it_is),
		cmocka_unit_test(a_table_of_somebody_else_is_not_in_the_backup_which_is_restored_all_the_same),
		cmocka_unit_test(a_backup_of_a_newer_schema_is_refused_and_an_older_one_is_brought_up),
		cmocka_unit_test(a_database_of_0_1_0_goes_up_and_back_and_is_what_it_was),
		cmocka_unit_test(rows_of_later_programs_go_with_the_way_back_and_those_of_0_1_0_stay),
		cmocka_unit_test(records_that_were_cut_or_altered_are_refused),
		cmocka_unit_test(a_name_that_leaves_the_directory_is_none),
	};
	int failed = kernel_run("backup", tests, COUNT(tests), NULL);

	buf_done(&recipient()->cert);
	buf_done(&recipient()->key);
	return failed;
}
