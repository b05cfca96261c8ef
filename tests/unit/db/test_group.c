/* Group commit, and many threads at once. */
#include "db_test.h"

#include <pthread.h>

#define THREADS 8
#define WRITES  25 /* each */

static const struct statement create = { "test.create", "CREATE TABLE entry (id {i64} PRIMARY KEY) {strict}" };
static const struct statement create_sum = { "test.create_sum",
					     "CREATE TABLE total (id {i64} PRIMARY KEY, sum {i64} NOT NULL) {strict}" };
static const struct statement put_sum = { "test.put_sum", "INSERT INTO total (id, sum) VALUES (1, 0)" };
static const struct statement put = { "test.put", "INSERT INTO entry (id) VALUES ($1)" };
static const struct statement count_all = { "test.count", "SELECT count(*) FROM entry" };
static const struct statement get_sum = { "test.get_sum", "SELECT sum FROM total WHERE id = 1" };
static const struct statement set_sum = { "test.set_sum", "UPDATE total SET sum = $1 WHERE id = 1" };

static enum err_code make_tables(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	TRY(db_exec(tx, &create, NO_BINDS, NULL, err));
	TRY(db_exec(tx, &create_sum, NO_BINDS, NULL, err));
	return db_exec(tx, &put_sum, NO_BINDS, NULL, err);
}

static enum err_code one_number(struct tx *tx, const struct statement *statement, int64_t *number, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, NO_BINDS, &query, err));
	int64_t found = db_next(&query) ? db_int(&query, 0) : -1;
	TRY(db_end(&query, err));
	*number = found;
	return OK;
}

static enum err_code count_entries(struct tx *tx, void *arg, struct err *err)
{
	return one_number(tx, &count_all, arg, err);
}

static enum err_code read_sum(struct tx *tx, void *arg, struct err *err)
{
	return one_number(tx, &get_sum, arg, err);
}

static enum err_code put_entry(struct tx *tx, void *arg, struct err *err)
{
	return db_exec(tx, &put, BINDS(BIND_INT(*(const int64_t *)arg)), NULL, err);
}

/* A lost update shows in the sum: read, then write what was read and one. */
static enum err_code add_one(struct tx *tx, void *arg, struct err *err)
{
	int64_t sum = 0;

	(void)arg;
	TRY(one_number(tx, &get_sum, &sum, err));
	return db_exec(tx, &set_sum, BINDS(BIND_INT(sum + 1)), NULL, err);
}

struct worker {
	pthread_t thread;
	struct db *db;
	pthread_barrier_t *start;
	int64_t first;
	db_fn *run;
	int done, conflicts, busy, other;
	bool twice; /* every second entry is one that is there already */
};

static void *work(void *arg)
{
	struct worker *worker = arg;

	pthread_barrier_wait(worker->start);
	for (int i = 0; i < WRITES; i++) {
		int64_t id = worker->twice && i % 2 ? 0 : worker->first + i;
		struct err err;
		switch ((int)db_write(worker->db, worker->run, &id, &err)) {
		case OK:
			worker->done++;
			break;
		case ERR_CONFLICT:
			worker->conflicts++;
			break;
		case ERR_BUSY:
			worker->busy++;
			break;
		default:
			print_error("%s\n", err.text);
			worker->other++;
		}
	}
	return NULL;
}

static struct worker run_together(struct fixture *fixture, db_fn *run, bool twice)
{
	struct worker worker[THREADS] = { 0 }, sum = { 0 };
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		worker[i] = (struct worker){
			.db = fixture->db, .start = &start, .first = 1 + i * WRITES, .run = run, .twice = twice
		};
		assert_int_equal(pthread_create(&worker[i].thread, NULL, work, &worker[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(worker[i].thread, NULL);
		sum.done += worker[i].done;
		sum.conflicts += worker[i].conflicts;
		sum.busy += worker[i].busy;
		sum.other += worker[i].other;
	}
	pthread_barrier_destroy(&start);
	return sum;
}

static struct fixture *with_tables(void **state)
{
	struct fixture *fixture = fixture_of(state);

	must(db_write(fixture->db, make_tables, NULL, &fixture->err));
	return fixture;
}

static int64_t entries_in(struct fixture *fixture)
{
	int64_t count = -1;

	must(db_read(fixture->db, count_entries, &count, &fixture->err));
	return count;
}

static void waiting_writes_share_a_commit_on_sqlite_and_none_is_lost(void **state)
{
	struct fixture *fixture = with_tables(state);
	struct db_counters before = db_counters(fixture->db);
	struct worker sum = run_together(fixture, put_entry, false);
	struct db_counters after = db_counters(fixture->db);

	assert_int_equal(sum.done, THREADS * WRITES);
	assert_int_equal(entries_in(fixture), THREADS * WRITES);
	assert_int_equal(after.transactions - before.transactions, THREADS * WRITES);
	if (fixture->kind == DB_SQLITE)
		assert_true(after.commits - before.commits < THREADS * WRITES);
	else
		assert_int_equal(after.commits - before.commits, THREADS * WRITES);
}

static void a_write_that_fails_among_others_is_rolled_back_alone(void **state)
{
	struct fixture *fixture = with_tables(state);
	int64_t id = 0;

	must(db_write(fixture->db, put_entry, &id, &fixture->err));
	struct worker sum = run_together(fixture, put_entry, true);
	/* 25 writes of a thread: 13 with an even index are new, 12 with an odd one are there already. */
	assert_int_equal(sum.done, THREADS * 13);
	assert_int_equal(sum.conflicts, THREADS * 12);
	assert_int_equal(sum.other + sum.busy, 0);
	assert_int_equal(entries_in(fixture), 1 + THREADS * 13);
}

/* Snapshot isolation lets the first committer win: a loser must run again, and a write that gave up must not have been
 * counted. */
static void no_update_is_lost_between_writers_that_read_first(void **state)
{
	struct fixture *fixture = with_tables(state);
	struct worker sum = run_together(fixture, add_one, false);
	int64_t found = -1;

	must(db_read(fixture->db, read_sum, &found, &fixture->err));
	assert_int_equal(found, sum.done);
	assert_int_equal(sum.done + sum.busy, THREADS * WRITES);
	assert_true(sum.done > THREADS * WRITES / 2);
	if (fixture->kind == DB_SQLITE)
		assert_int_equal(sum.busy, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_writes_share_a_commit_on_sqlite_and_none_is_lost),
		cmocka_unit_test(a_write_that_fails_among_others_is_rolled_back_alone),
		cmocka_unit_test(no_update_is_lost_between_writers_that_read_first),
	};

	return run_on_both("group commit", tests, COUNT(tests));
}
