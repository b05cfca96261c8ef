/* What is PostgreSQL's alone: transactions that lose against others, connections that are lost, types that it infers.
 */
#include "db_test.h"

static const struct statement create = { "test.create", "CREATE TABLE t (id {i64} PRIMARY KEY, n {i64} NOT NULL)" };
static const struct statement put = { "test.put", "INSERT INTO t (id, n) VALUES ($1, $2)" };
static const struct statement get = { "test.get", "SELECT n FROM t WHERE id = $1" };
static const struct statement set = { "test.set", "UPDATE t SET n = $2 WHERE id = $1" };
static const struct statement hang_up = { "test.hang_up", "SELECT pg_terminate_backend(pg_backend_pid())" };
/* The other connections of this program. */
static const struct statement hang_up_others = {
	"test.hang_up_others",
	"SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
	" AND application_name = current_setting('application_name') AND query LIKE $1 || '%'"
};

static enum err_code make_table(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	TRY(db_exec(tx, &create, NO_BINDS, NULL, err));
	return db_exec(tx, &put, BINDS(BIND_INT(1), BIND_INT(0)), NULL, err);
}

static struct fixture *with_table(void **state)
{
	struct fixture *fixture = fixture_of(state);

	must(db_write(fixture->db, make_table, NULL, &fixture->err));
	return fixture;
}

static enum err_code read_n(struct tx *tx, void *arg, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &get, BINDS(BIND_INT(1)), &query, err));
	int64_t n = db_next(&query) ? db_int(&query, 0) : -1;
	TRY(db_end(&query, err));
	*(int64_t *)arg = n;
	return OK;
}

static int64_t n_in(struct fixture *fixture)
{
	int64_t n = -1;

	must(db_read(fixture->db, read_n, &n, &fixture->err));
	return n;
}

static enum err_code set_n(struct tx *tx, void *arg, struct err *err)
{
	return db_exec(tx, &set, BINDS(BIND_INT(1), BIND_INT(*(const int64_t *)arg)), NULL, err);
}

struct race {
	struct db *other;
	int runs, races;
};

/* Between its read and its write another transaction changes the row, as often as RACES says. */
static enum err_code add_ten(struct tx *tx, void *arg, struct err *err)
{
	struct race *race = arg;
	int64_t n = 0, hundred = 100;

	TRY(read_n(tx, &n, err));
	if (race->runs++ < race->races)
		TRY(db_write(race->other, set_n, &hundred, err));
	n += 10;
	return set_n(tx, &n, err);
}

static void a_transaction_that_lost_against_another_runs_again_on_what_that_left(void **state)
{
	struct fixture *fixture = with_table(state);
	struct race race = { .races = 12 };

	must(db_open(fixture->url, NULL, &race.other, &fixture->err));
	must(db_write(fixture->db, add_ten, &race, &fixture->err));
	assert_int_equal(race.runs, 13);
	assert_int_equal(n_in(fixture), 110);
	db_close(race.other);
}

static void a_transaction_that_always_loses_ends_as_busy(void **state)
{
	struct fixture *fixture = with_table(state);
	struct race race = { .races = INT32_MAX };

	fixture_reopen(fixture, &(struct db_options){ .busy_timeout_us = 300000 });
	must(db_open(fixture->url, NULL, &race.other, &fixture->err));
	assert_int_equal(db_write(fixture->db, add_ten, &race, &fixture->err), ERR_BUSY);
	assert_int_equal(n_in(fixture), 100);
	db_close(race.other);
}

static enum err_code run_query(struct tx *tx, const struct statement *statement, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, NO_BINDS, &query, err));
	return db_end(&query, err);
}

static enum err_code set_and_hang_up(struct tx *tx, void *arg, struct err *err)
{
	TRY(set_n(tx, arg, err));
	return run_query(tx, &hang_up, err);
}

static void a_connection_lost_before_the_commit_is_a_failure_that_may_be_tried_again(void **state)
{
	struct fixture *fixture = with_table(state);
	int64_t n = 5;

	assert_int_equal(db_write(fixture->db, set_and_hang_up, &n, &fixture->err), ERR_DB);
	assert_true(err_row(ERR_DB)->transient);
	assert_int_equal(n_in(fixture), 0);
	must(db_write(fixture->db, set_n, &n, &fixture->err));
	assert_int_equal(n_in(fixture), 5);
}

static const struct statement hanging_function = {
	"test.hanging_function",
	"CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS"
	" 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(9); RETURN NULL; END'",
};
static const struct statement hanging_trigger = {
	"test.hanging_trigger",
	"CREATE CONSTRAINT TRIGGER hang_up AFTER UPDATE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hang_up()",
};

static enum err_code make_trigger(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	TRY(db_exec(tx, &hanging_function, NO_BINDS, NULL, err));
	return db_exec(tx, &hanging_trigger, NO_BINDS, NULL, err);
}

/* A deferred trigger runs inside COMMIT. */
static void a_connection_lost_during_the_commit_leaves_the_outcome_uncertain(void **state)
{
	struct fixture *fixture = with_table(state);
	int64_t n = 5;

	must(db_write(fixture->db, make_trigger, NULL, &fixture->err));
	assert_int_equal(db_write(fixture->db, set_n, &n, &fixture->err), ERR_COMMIT_UNCERTAIN);
	assert_int_equal(n_in(fixture), 0);
}

static enum err_code hang_up_idle(struct tx *tx, void *arg, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &hang_up_others, BINDS(BIND_TEXT("COMMIT")), &query, err));
	int count = 0;
	while (db_next(&query))
		count++;
	TRY(db_end(&query, err));
	*(int *)arg = count;
	return OK;
}

static void a_connection_that_broke_while_idle_is_replaced_unseen(void **state)
{
	struct fixture *fixture = with_table(state);
	struct db *other;
	int64_t n = 5;
	int count = 0;

	assert_int_equal(n_in(fixture), 0);
	must(db_open(fixture->url, NULL, &other, &fixture->err));
	must(db_write(other, hang_up_idle, &count, &fixture->err));
	db_close(other);
	assert_true(count >= 2); /* the reader's and the writer's */
	must(db_write(fixture->db, set_n, &n, &fixture->err));
	assert_int_equal(n_in(fixture), 5);
}

static void a_type_that_is_not_of_the_interface_is_refused_when_the_statement_is_prepared(void **state)
{
	static const struct {
		struct statement statement;
		enum err_code code;
	} rows[] = {
		{ { "test.sum", "SELECT sum(n) FROM t" }, ERR_INTERNAL }, /* sum(bigint) is numeric */
		{ { "test.sum_cast", "SELECT CAST(sum(n) AS {i64}) FROM t" }, OK },
		{ { "test.add", "SELECT n FROM t WHERE id = $1 + 1" }, ERR_INTERNAL }, /* $1 is a 32-bit integer */
		{ { "test.add_cast", "SELECT n FROM t WHERE id = CAST($1 AS {i64}) + 1" }, OK },
		{ { "test.now", "SELECT now()" }, ERR_INTERNAL },
		{ { "test.truth", "SELECT n = 0 FROM t" }, OK },
	};
	struct fixture *fixture = with_table(state);

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct statement *const row[] = { &rows[i].statement };
		enum err_code code = db_prepare_all(fixture->db, &(struct statements){ row, 1 }, &fixture->err);
		assert_int_equal(code, rows[i].code);
		if (code != OK)
			assert_non_null(strstr(fixture->err.text, rows[i].statement.name));
	}
}

struct numbers {
	int64_t small, large, truth, negative;
};

/* smallint, integer and boolean come in fewer bytes than eight. */
static enum err_code read_numbers(struct tx *tx, void *arg, struct err *err)
{
	static const struct statement narrow = {
		"test.narrow",
		"SELECT CAST(-2 AS SMALLINT), CAST(2147483647 AS INTEGER), true, CAST(-2147483648 AS INTEGER)"
	};
	struct numbers *numbers = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &narrow, NO_BINDS, &query, err));
	if (db_next(&query))
		*numbers =
			(struct numbers){ db_int(&query, 0), db_int(&query, 1), db_int(&query, 2), db_int(&query, 3) };
	return db_end(&query, err);
}

static void narrow_integers_and_booleans_read_as_integers(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct numbers numbers = { 0 };

	must(db_read(fixture->db, read_numbers, &numbers, &fixture->err));
	assert_int_equal(numbers.small, -2);
	assert_int_equal(numbers.large, INT32_MAX);
	assert_int_equal(numbers.truth, 1);
	assert_true(numbers.negative == INT32_MIN);
}

static enum err_code bind_wrongly(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return db_exec(tx, &set, BINDS(BIND_INT(1), BIND_TEXT("4711")), NULL, err);
}

static void a_value_of_another_kind_is_refused_and_not_quoted(void **state)
{
	struct fixture *fixture = with_table(state);

	assert_int_equal(db_write(fixture->db, bind_wrongly, NULL, &fixture->err), ERR_INTERNAL);
	assert_null(strstr(fixture->err.text, "4711"));
}

static void a_server_that_is_not_there_is_a_failure_that_may_be_tried_again(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct db *db = NULL;

	assert_int_equal(
		db_open("postgresql:///postgres?host=/no/such/folder&password=secret", NULL, &db, &fixture->err),
		ERR_DB);
	assert_null(strstr(fixture->err.text, "secret"));
	assert_null(db);
}

/* Of a URL that is wrong libpq tells the part that it does not understand. */
static void a_password_that_makes_the_url_wrong_is_not_told(void **state)
{
	static const char *const urls[] = { "postgresql://lintas:secret/1@db/x", "postgresql://lintas:secret%zz@db/x",
					    "postgresql://lintas:no@secret@db/x" };
	struct fixture *fixture = fixture_of(state);
	struct db *db = NULL;

	for (size_t i = 0; i < COUNT(urls); i++) {
		assert_int_equal(db_open(urls[i], NULL, &db, &fixture->err), ERR_CONFIG);
		assert_null(strstr(fixture->err.text, "secret"));
		assert_non_null(strstr(fixture->err.text, "%2F"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transaction_that_lost_against_another_runs_again_on_what_that_left),
		cmocka_unit_test(a_transaction_that_always_loses_ends_as_busy),
		cmocka_unit_test(a_connection_lost_before_the_commit_is_a_failure_that_may_be_tried_again),
		cmocka_unit_test(a_connection_lost_during_the_commit_leaves_the_outcome_uncertain),
		cmocka_unit_test(a_connection_that_broke_while_idle_is_replaced_unseen),
		cmocka_unit_test(a_type_that_is_not_of_the_interface_is_refused_when_the_statement_is_prepared),
		cmocka_unit_test(narrow_integers_and_booleans_read_as_integers),
		cmocka_unit_test(a_value_of_another_kind_is_refused_and_not_quoted),
		cmocka_unit_test(a_password_that_makes_the_url_wrong_is_not_told),
		cmocka_unit_test(a_server_that_is_not_there_is_a_failure_that_may_be_tried_again),
	};

	return run_on(DB_POSTGRES, "postgres", tests, COUNT(tests));
}
