/* What is SQLite's alone: its settings, and failures of the disk, made by a virtual file system that fails when it is
 * told to. */
#include "db_test.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

static const struct statement create = { "test.create", "CREATE TABLE t (id {i64} PRIMARY KEY, body {blob}) {strict}" };
static const struct statement put = { "test.put", "INSERT INTO t (id, body) VALUES ($1, $2)" };
static const struct statement count_all = { "test.count", "SELECT count(*) FROM t" };

static enum err_code make_table(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return db_exec(tx, &create, NO_BINDS, NULL, err);
}

static enum err_code put_one(struct tx *tx, void *arg, struct err *err)
{
	return db_exec(tx, &put, BINDS(BIND_INT(*(const int64_t *)arg), BIND_NULL), NULL, err);
}

static enum err_code count_rows(struct tx *tx, void *arg, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &count_all, NO_BINDS, &query, err));
	int64_t count = db_next(&query) ? db_int(&query, 0) : -1;
	TRY(db_end(&query, err));
	*(int64_t *)arg = count;
	return OK;
}

static int64_t rows_in(struct fixture *fixture)
{
	int64_t count = -1;

	must(db_read(fixture->db, count_rows, &count, &fixture->err));
	return count;
}

/* --- Settings --- */

/* The values are those of https://www.sqlite.org/pragma.html: synchronous 2 is FULL. */
static const struct {
	struct statement statement;
	int64_t expected;
} settings[] = {
	{ { "test.synchronous", "PRAGMA synchronous" }, 2 },
	{ { "test.foreign_keys", "PRAGMA foreign_keys" }, 1 },
	{ { "test.trusted_schema", "PRAGMA trusted_schema" }, 0 },
	{ { "test.cache_size", "PRAGMA cache_size" }, -1024 },
};

static enum err_code check_settings(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	for (size_t i = 0; i < COUNT(settings); i++) {
		db_query_auto query = { 0 };
		TRY(db_query(tx, &settings[i].statement, NO_BINDS, &query, err));
		if (!db_next(&query) || db_int(&query, 0) != settings[i].expected)
			return fail(err, ERR_INVALID, "%s is %lld", settings[i].statement.name,
				    (long long)db_int(&query, 0));
		TRY(db_end(&query, err));
	}
	return OK;
}

static enum err_code check_mode(struct tx *tx, void *arg, struct err *err)
{
	static const struct statement mode = { "test.mode", "PRAGMA journal_mode" };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &mode, NO_BINDS, &query, err));
	if (!db_next(&query) || !same(db_text(arg, &query, 0), "wal"))
		return fail(err, ERR_INVALID, "the journal mode is another");
	return db_end(&query, err);
}

static void a_connection_syncs_at_every_commit_and_keeps_foreign_keys(void **state)
{
	struct fixture *fixture = fixture_of(state);

	fixture_reopen(fixture, &(struct db_options){ .cache_bytes = 1U << 20 });
	must(db_write(fixture->db, check_settings, NULL, &fixture->err));
	must(db_read(fixture->db, check_settings, NULL, &fixture->err));
	must(db_write(fixture->db, check_mode, fixture->arena, &fixture->err));
}

static enum err_code quote_doubly(struct tx *tx, void *arg, struct err *err)
{
	static const struct statement doubly = { "test.doubly", "SELECT \"no such column\"" };
	db_query_auto query = { 0 };

	(void)arg;
	return db_query(tx, &doubly, NO_BINDS, &query, err);
}

static void a_name_in_double_quotes_is_never_taken_for_text(void **state)
{
	struct fixture *fixture = fixture_of(state);

	assert_int_equal(db_read(fixture->db, quote_doubly, NULL, &fixture->err), ERR_INTERNAL);
}

static void a_database_in_memory_reads_and_writes_but_a_reader_does_not_write(void **state)
{
	struct fixture *fixture = fixture_of(state);
	int64_t id = 1;

	db_close(fixture->db);
	fixture->db = NULL;
	must(db_open(":memory:", NULL, &fixture->db, &fixture->err));
	must(db_write(fixture->db, make_table, NULL, &fixture->err));
	must(db_write(fixture->db, put_one, &id, &fixture->err));
	assert_int_equal(rows_in(fixture), 1);
	id = 2;
	assert_int_equal(db_read(fixture->db, put_one, &id, &fixture->err), ERR_INTERNAL);
	assert_int_equal(rows_in(fixture), 1);
}

static void a_database_that_cannot_be_opened_is_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct db *db = NULL;
	char url[128];

	assert_int_equal(db_open("", NULL, &db, &fixture->err), ERR_CONFIG);
	assert_int_equal(db_open("sqlite:", NULL, &db, &fixture->err), ERR_CONFIG);
	assert_int_equal(db_open("/no/such/folder/test.db", NULL, &db, &fixture->err), ERR_IO);
	assert_int_equal(db_open(fixture->url, &(struct db_options){ .vfs = "no such" }, &db, &fixture->err),
			 ERR_INTERNAL);

	snprintf(url, sizeof(url), "%s/test.db-wal", fixture->directory);
	FILE *file = fopen(url, "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("this is no database ", file);
	fclose(file);
	assert_int_equal(db_open(url, NULL, &db, &fixture->err), ERR_DB);
	assert_null(db);
}

static void below_the_disk_reserve_nothing_is_written_but_all_is_read(void **state)
{
	struct fixture *fixture = fixture_of(state);
	int64_t id = 1;

	must(db_write(fixture->db, make_table, NULL, &fixture->err));
	fixture_reopen(fixture, &(struct db_options){ .reserve_bytes = INT64_MAX });
	assert_int_equal(db_write(fixture->db, put_one, &id, &fixture->err), ERR_DISK_FULL);
	assert_int_equal(rows_in(fixture), 0);
	fixture_reopen(fixture, &(struct db_options){ .reserve_bytes = 1 });
	must(db_write(fixture->db, put_one, &id, &fixture->err));
}

static void a_writer_elsewhere_is_waited_for_and_then_reported_as_busy(void **state)
{
	struct fixture *fixture = fixture_of(state);
	sqlite3 *other = NULL;
	int64_t id = 1;

	must(db_write(fixture->db, make_table, NULL, &fixture->err));
	fixture_reopen(fixture, &(struct db_options){ .busy_timeout_us = 20000 });
	assert_int_equal(sqlite3_open(fixture->url + strlen("sqlite:"), &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(db_write(fixture->db, put_one, &id, &fixture->err), ERR_BUSY);
	assert_int_equal(rows_in(fixture), 0);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	must(db_write(fixture->db, put_one, &id, &fixture->err));
}

/* --- A batch whose jobs are known: the first job holds the writer until the others have queued behind it --- */

struct job {
	pthread_t thread;
	struct fixture *fixture;
	db_fn *run;
	int64_t id;
	int runs;
	pthread_mutex_t *gate;
	atomic_bool at_gate;
	enum err_code code;
	struct err err;
};

static enum err_code wait_at_gate(struct tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;

	(void)tx;
	(void)err;
	atomic_store(&job->at_gate, true);
	pthread_mutex_lock(job->gate);
	pthread_mutex_unlock(job->gate);
	return OK;
}

static void *job_main(void *arg)
{
	struct job *job = arg;

	job->code = db_write(job->fixture->db, job->run, job, &job->err);
	return NULL;
}

static void run_batch(struct fixture *fixture, struct job *jobs, size_t count)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct job first = { .fixture = fixture, .run = wait_at_gate, .gate = &gate };

	pthread_mutex_lock(&gate);
	assert_int_equal(pthread_create(&first.thread, NULL, job_main, &first), 0);
	while (!atomic_load(&first.at_gate))
		usleep(1000);
	for (size_t i = 0; i < count; i++) {
		jobs[i].fixture = fixture;
		assert_int_equal(pthread_create(&jobs[i].thread, NULL, job_main, &jobs[i]), 0);
		while (db_counters(fixture->db).waiting < (int64_t)i + 1)
			usleep(1000); /* so that they queue in this order */
	}
	pthread_mutex_unlock(&gate);
	pthread_join(first.thread, NULL);
	for (size_t i = 0; i < count; i++)
		pthread_join(jobs[i].thread, NULL);
}

static enum err_code put_job(struct tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;

	job->runs++;
	return put_one(tx, &job->id, err);
}

static void what_waits_behind_a_write_is_committed_together(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct job jobs[] = { { .run = put_job, .id = 1 }, { .run = put_job, .id = 2 }, { .run = put_job, .id = 3 } };

	must(db_write(fixture->db, make_table, NULL, &fixture->err));
	struct db_counters before = db_counters(fixture->db);
	run_batch(fixture, jobs, COUNT(jobs));
	struct db_counters after = db_counters(fixture->db);
	assert_int_equal(after.commits - before.commits, 2); /* that of the job at the gate, and theirs */
	assert_int_equal(after.transactions - before.transactions, 4);
	assert_int_equal(rows_in(fixture), 3);
}

static enum err_code put_orphan(struct tx *tx, void *arg, struct err *err)
{
	static const struct statement orphan = { "test.orphan", "INSERT INTO child (parent) VALUES (99)" };

	(void)arg;
	return db_exec(tx, &orphan, NO_BINDS, NULL, err);
}

static enum err_code make_child(struct tx *tx, void *arg, struct err *err)
{
	static const struct statement child = {
		"test.child",
		"CREATE TABLE child (parent {i64} REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED) {strict}"
	};

	(void)arg;
	return db_exec(tx, &child, NO_BINDS, NULL, err);
}

static void a_deferred_foreign_key_fails_its_own_transaction_and_no_other(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct job jobs[] = { { .run = put_job, .id = 1 }, { .run = put_orphan }, { .run = put_job, .id = 3 } };

	must(db_write(fixture->db, make_table, NULL, &fixture->err));
	must(db_write(fixture->db, make_child, NULL, &fixture->err));
	run_batch(fixture, jobs, COUNT(jobs));
	assert_int_equal(jobs[0].code, OK);
	assert_int_equal(jobs[1].code, ERR_CONFLICT);
	assert_int_equal(jobs[2].code, OK);
	assert_int_equal(rows_in(fixture), 2);
}

/* --- A disk that fails: the system's VFS, whose log files refuse the next write or sync when told --- */

static struct {
	sqlite3_vfs vfs;
	sqlite3_vfs *real;
	sqlite3_io_methods methods;
	const sqlite3_io_methods *real_methods;
	_Atomic int fail_write, fail_sync; /* the result code of the next one */
} faulty;

static int faulty_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
	int rc = faulty.fail_write;

	faulty.fail_write = SQLITE_OK;
	return rc != SQLITE_OK ? rc : faulty.real_methods->xWrite(file, data, size, offset);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
	int rc = faulty.fail_sync;

	faulty.fail_sync = SQLITE_OK;
	return rc != SQLITE_OK ? rc : faulty.real_methods->xSync(file, flags);
}

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	int rc = faulty.real->xOpen(vfs, name, file, flags, out_flags);

	if (rc == SQLITE_OK && (flags & SQLITE_OPEN_WAL)) {
		faulty.real_methods = file->pMethods;
		faulty.methods = *file->pMethods;
		faulty.methods.xWrite = faulty_write;
		faulty.methods.xSync = faulty_sync;
		file->pMethods = &faulty.methods;
	}
	return rc;
}

static struct fixture *on_a_faulty_disk(void **state, const struct db_options *given)
{
	struct fixture *fixture = fixture_of(state);
	struct db_options options = *given;

	faulty.real = sqlite3_vfs_find(NULL);
	faulty.vfs = *faulty.real;
	faulty.vfs.zName = "faulty";
	faulty.vfs.xOpen = faulty_open;
	assert_int_equal(sqlite3_vfs_register(&faulty.vfs, 0), SQLITE_OK);
	options.vfs = "faulty";
	fixture_reopen(fixture, &options);
	must(db_write(fixture->db, make_table, NULL, &fixture->err));
	return fixture;
}

/* The record of the commit may be whole in the log: nobody can say that the write did not happen. */
static void a_commit_whose_sync_fails_is_uncertain(void **state)
{
	struct fixture *fixture = on_a_faulty_disk(state, &(struct db_options){ 0 });
	struct job jobs[] = { { .run = put_job, .id = 1 }, { .run = put_job, .id = 2 } };
	int64_t id = 3;
	struct db_counters before = db_counters(fixture->db);

	for (size_t i = 0; i < COUNT(jobs); i++) {
		faulty.fail_sync = SQLITE_IOERR_FSYNC;
		assert_int_equal(db_write(fixture->db, put_job, &jobs[i], &fixture->err), ERR_COMMIT_UNCERTAIN);
	}
	assert_int_equal(db_counters(fixture->db).commits, before.commits);
	must(db_write(fixture->db, put_one, &id, &fixture->err));
	assert_int_equal(rows_in(fixture), 1);
}

static void a_commit_on_a_full_disk_is_undone_and_said_so(void **state)
{
	struct fixture *fixture = on_a_faulty_disk(state, &(struct db_options){ 0 });
	int64_t id = 1;

	faulty.fail_write = SQLITE_FULL;
	assert_int_equal(db_write(fixture->db, put_one, &id, &fixture->err), ERR_DISK_FULL);
	assert_int_equal(rows_in(fixture), 0);
	must(db_write(fixture->db, put_one, &id, &fixture->err));
	assert_int_equal(rows_in(fixture), 1);
}

static enum err_code put_on_failing_disk(struct tx *tx, void *arg, struct err *err)
{
	static uint8_t body[4096];

	(void)arg;
	faulty.fail_write = SQLITE_IOERR_WRITE;
	for (int64_t id = 1000; id < 1200;
	     id++) /* more than the page cache holds, so that it is written before the commit */
		TRY(db_exec(tx, &put, BINDS(BIND_INT(id), BIND_BLOB(bytes(body, sizeof(body)))), NULL, err));
	return OK;
}

/* SQLite gives up the whole transaction after a failed write, also what the jobs before it did: they must run again. */
static void a_write_that_loses_the_transaction_is_the_only_one_that_fails(void **state)
{
	struct fixture *fixture = on_a_faulty_disk(state, &(struct db_options){ .cache_bytes = 65536 });
	struct job jobs[] = { { .run = put_job, .id = 1 },
			      { .run = put_on_failing_disk },
			      { .run = put_job, .id = 3 } };

	run_batch(fixture, jobs, COUNT(jobs));
	assert_int_equal(jobs[0].code, OK);
	assert_int_equal(jobs[0].runs, 2);
	assert_int_equal(jobs[1].code, ERR_IO);
	assert_int_equal(jobs[2].code, OK);
	assert_int_equal(rows_in(fixture), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_syncs_at_every_commit_and_keeps_foreign_keys),
		cmocka_unit_test(a_name_in_double_quotes_is_never_taken_for_text),
		cmocka_unit_test(a_database_in_memory_reads_and_writes_but_a_reader_does_not_write),
		cmocka_unit_test(a_database_that_cannot_be_opened_is_refused),
		cmocka_unit_test(below_the_disk_reserve_nothing_is_written_but_all_is_read),
		cmocka_unit_test(a_writer_elsewhere_is_waited_for_and_then_reported_as_busy),
		cmocka_unit_test(what_waits_behind_a_write_is_committed_together),
		cmocka_unit_test(a_deferred_foreign_key_fails_its_own_transaction_and_no_other),
		cmocka_unit_test(a_commit_whose_sync_fails_is_uncertain),
		cmocka_unit_test(a_commit_on_a_full_disk_is_undone_and_said_so),
		cmocka_unit_test(a_write_that_loses_the_transaction_is_the_only_one_that_fails),
	};

	return run_on(DB_SQLITE, "sqlite", tests, COUNT(tests));
}
