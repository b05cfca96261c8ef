/* Values, failures and snapshots. Expected values are what was put in, or what the two databases' manuals say. */
#include "db_test.h"

#include <pthread.h>

static const struct statement create = {
	"test.create",
	"CREATE TABLE item (id {i64} PRIMARY KEY, number {i64}, label TEXT UNIQUE, body {blob}, CHECK (number <> 13)) {strict}",
};
static const struct statement create_part = { "test.create_part",
					      "CREATE TABLE part (item {i64} NOT NULL REFERENCES item(id)) {strict}" };
static const struct statement put = { "test.put",
				      "INSERT INTO item (id, number, label, body) VALUES ($1, $2, $3, $4)" };
static const struct statement put_part = { "test.put_part", "INSERT INTO part (item) VALUES ($1)" };
static const struct statement put_if_new = {
	"test.put_if_new", "INSERT INTO item (id, number) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"
};
static const struct statement get = { "test.get", "SELECT number, label, body, id FROM item WHERE id = $1" };
static const struct statement list = { "test.list",
				       "SELECT id FROM item WHERE id > $1 ORDER BY id LIMIT $2 {skip_locked}" };
static const struct statement raise = { "test.raise", "UPDATE item SET number = $2 WHERE id >= $1" };
static const struct statement upsert = {
	/* $2 appears before $1, and twice: SQLite numbers by first appearance */
	"test.upsert",
	"INSERT INTO item (number, id) VALUES ($2, $1) ON CONFLICT (id) DO UPDATE SET number = $2 RETURNING id, number"
};
static const struct statement count_all = { "test.count", "SELECT count(*) FROM item" };

static enum err_code make_tables(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	TRY(db_exec(tx, &create, NO_BINDS, NULL, err));
	return db_exec(tx, &create_part, NO_BINDS, NULL, err);
}

static struct fixture *with_tables(void **state)
{
	struct fixture *fixture = fixture_of(state);

	must(db_write(fixture->db, make_tables, NULL, &fixture->err));
	return fixture;
}

struct moment {
	int64_t at_us;
	date on;
};

struct row {
	int64_t id, number;
	bool number_null;
	const char *label;
	struct bytes body;
	struct arena *arena;
};

static enum err_code put_row(struct tx *tx, void *arg, struct err *err)
{
	const struct row *row = arg;

	return db_exec(tx, &put,
		       BINDS(BIND_INT(row->id), row->number_null ? BIND_NULL : BIND_INT(row->number),
			     BIND_TEXT(row->label), BIND_BLOB(row->body)),
		       NULL, err);
}

static enum err_code get_row(struct tx *tx, void *arg, struct err *err)
{
	struct row *row = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &get, BINDS(BIND_INT(row->id)), &query, err));
	if (!db_next(&query))
		return fail(err, ERR_NOT_FOUND, "no row");
	row->number = db_int(&query, 0);
	row->number_null = db_null(&query, 0);
	row->label = db_text(row->arena, &query, 1);
	row->body = db_blob(row->arena, &query, 2);
	return db_end(&query, err);
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

static void assert_comes_back(struct fixture *fixture, struct row row)
{
	struct row found = { .id = row.id, .arena = fixture->arena };

	must(db_write(fixture->db, put_row, &row, &fixture->err));
	must(db_read(fixture->db, get_row, &found, &fixture->err));
	assert_int_equal(found.number_null, row.number_null);
	assert_true(found.number == row.number);
	assert_true(same(found.label, row.label));
	assert_int_equal(found.body.data == NULL, row.body.data == NULL);
	assert_int_equal(found.body.size, row.body.size);
	assert_true(bytes_same(found.body, row.body));
}

static void every_kind_of_value_comes_back_as_it_went_in(void **state)
{
	struct fixture *fixture = with_tables(state);

	assert_comes_back(fixture, (struct row){ .id = 1, .number = INT64_MIN, .label = "", .body = bytes("", 0) });
	assert_comes_back(fixture,
			  (struct row){ .id = 2, .number = INT64_MAX, .label = "ລາວ", .body = bytes("a\0b\xff", 4) });
	assert_comes_back(fixture,
			  (struct row){ .id = 3, .number = -1, .label = "{i64} $1 'quoted'", .body = bytes("\0", 1) });
	assert_comes_back(fixture, (struct row){ .id = 4, .number_null = true });
	assert_comes_back(fixture, (struct row){ .id = INT64_MIN, .number = 0 });
}

static void a_body_of_four_megabytes_comes_back_as_it_went_in(void **state)
{
	struct fixture *fixture = with_tables(state);
	const size_t size = 4U << 20;
	uint8_t *body = malloc(size);

	assert_non_null(body);
	for (size_t i = 0; i < size; i++)
		body[i] = (uint8_t)(i * 2654435761U >> 13);
	assert_comes_back(fixture, (struct row){ .id = 1, .body = bytes(body, size) });
	free(body);
}

static enum err_code upsert_twice(struct tx *tx, void *arg, struct err *err)
{
	int64_t *found = arg;

	for (int i = 0; i < 2; i++) {
		db_query_auto query = { 0 };
		TRY(db_query(tx, &upsert, BINDS(BIND_INT(5), BIND_INT(70 + i)), &query, err));
		while (db_next(&query)) {
			found[0] = db_int(&query, 0);
			found[1] = db_int(&query, 1);
		}
		TRY(db_end(&query, err));
	}
	return OK;
}

static void a_placeholder_means_its_number_wherever_it_stands(void **state)
{
	struct fixture *fixture = with_tables(state);
	int64_t found[2] = { 0 };

	must(db_write(fixture->db, upsert_twice, found, &fixture->err));
	assert_int_equal(found[0], 5);
	assert_int_equal(found[1], 71);
}

static enum err_code upsert_unread(struct tx *tx, void *arg, struct err *err)
{
	db_query_auto query = { 0 };

	(void)arg;
	TRY(db_query(tx, &upsert, BINDS(BIND_INT(5), BIND_INT(7)), &query, err));
	return db_end(&query, err);
}

static void what_a_query_changes_is_done_even_if_its_rows_are_not_read(void **state)
{
	struct fixture *fixture = with_tables(state);

	must(db_write(fixture->db, upsert_unread, NULL, &fixture->err));
	assert_int_equal(rows_in(fixture), 1);
}

static enum err_code count_changes(struct tx *tx, void *arg, struct err *err)
{
	int64_t *changed = arg;

	for (int64_t id = 1; id <= 3; id++)
		TRY(db_exec(tx, &put_if_new, BINDS(BIND_INT(id), BIND_INT(0)), NULL, err));
	TRY(db_exec(tx, &raise, BINDS(BIND_INT(2), BIND_INT(9)), &changed[0], err));
	TRY(db_exec(tx, &raise, BINDS(BIND_INT(99), BIND_INT(9)), &changed[1], err));
	TRY(db_exec(tx, &put_if_new, BINDS(BIND_INT(3), BIND_INT(1)), &changed[2], err));
	return db_exec(tx, &put_if_new, BINDS(BIND_INT(4), BIND_INT(1)), &changed[3], err);
}

static void a_statement_tells_how_many_rows_it_changed(void **state)
{
	struct fixture *fixture = with_tables(state);
	int64_t changed[4] = { -1, -1, -1, -1 };

	must(db_write(fixture->db, count_changes, changed, &fixture->err));
	assert_int_equal(changed[0], 2);
	assert_int_equal(changed[1], 0);
	assert_int_equal(changed[2], 0);
	assert_int_equal(changed[3], 1);
}

/* --- Failures --- */

static void a_violated_constraint_is_a_conflict_and_quotes_no_value(void **state)
{
	struct fixture *fixture = with_tables(state);
	struct row first = { .id = 1, .number = 4711, .label = "D2026-0045678" };
	struct row broken[] = {
		{ .id = 1, .label = "other" },         /* primary key */
		{ .id = 2, .label = "D2026-0045678" }, /* unique */
		{ .id = 3, .number = 13 },             /* check */
	};

	must(db_write(fixture->db, put_row, &first, &fixture->err));
	for (size_t i = 0; i < COUNT(broken); i++) {
		assert_int_equal(db_write(fixture->db, put_row, &broken[i], &fixture->err), ERR_CONFLICT);
		assert_non_null(strstr(fixture->err.text, "test.put"));
		assert_null(strstr(fixture->err.text, "D2026"));
	}
	assert_int_equal(rows_in(fixture), 1);
}

static enum err_code put_orphan(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return db_exec(tx, &put_part, BINDS(BIND_INT(99)), NULL, err);
}

static enum err_code put_part_of_nothing(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return db_exec(tx, &put_part, BINDS(BIND_NULL), NULL, err);
}

static void a_foreign_key_is_kept(void **state)
{
	struct fixture *fixture = with_tables(state);

	assert_int_equal(db_write(fixture->db, put_orphan, NULL, &fixture->err), ERR_CONFLICT);
}

static void null_where_none_may_be_is_a_fault_of_the_program(void **state)
{
	struct fixture *fixture = with_tables(state);

	assert_int_equal(db_write(fixture->db, put_part_of_nothing, NULL, &fixture->err), ERR_INTERNAL);
}

static enum err_code ignore_conflict(struct tx *tx, void *arg, struct err *err)
{
	struct row row = { .id = 7 }, again = { .id = 7 }, other = { .id = 8 };

	TRY(put_row(tx, &row, err));
	*(enum err_code *)arg = put_row(tx, &again, NULL);
	if (put_row(tx, &other, NULL) != ERR_CONFLICT)
		return fail(err, ERR_INTERNAL, "a failed transaction went on");
	return OK;
}

static void a_transaction_that_ignores_a_conflict_fails_all_the_same(void **state)
{
	struct fixture *fixture = with_tables(state);
	enum err_code inside = OK;

	assert_int_equal(db_write(fixture->db, ignore_conflict, &inside, &fixture->err), ERR_CONFLICT);
	assert_int_equal(inside, ERR_CONFLICT);
	assert_int_equal(rows_in(fixture), 0);
}

static enum err_code put_and_refuse(struct tx *tx, void *arg, struct err *err)
{
	TRY(put_row(tx, arg, err));
	return fail(err, ERR_DENIED, "not today");
}

static void a_function_that_fails_leaves_nothing_and_keeps_its_words(void **state)
{
	struct fixture *fixture = with_tables(state);
	struct row row = { .id = 1 };

	assert_int_equal(db_write(fixture->db, put_and_refuse, &row, &fixture->err), ERR_DENIED);
	assert_string_equal(fixture->err.text, "not today");
	assert_int_equal(rows_in(fixture), 0);
}

static void a_reading_transaction_cannot_write(void **state)
{
	struct fixture *fixture = with_tables(state);
	struct row row = { .id = 1 };

	assert_int_equal(db_read(fixture->db, put_row, &row, &fixture->err), ERR_INTERNAL);
	assert_int_equal(rows_in(fixture), 0);
}

static enum err_code nested_write(struct tx *tx, void *arg, struct err *err)
{
	struct fixture *fixture = arg;
	struct row row = { .id = 1 };

	(void)tx;
	return db_write(fixture->db, put_row, &row, err);
}

static enum err_code nested_read(struct tx *tx, void *arg, struct err *err)
{
	struct fixture *fixture = arg;
	int64_t count;

	(void)tx;
	return db_read(fixture->db, count_rows, &count, err);
}

static void a_transaction_inside_another_is_refused_rather_than_waiting_for_itself(void **state)
{
	struct fixture *fixture = with_tables(state);

	assert_int_equal(db_write(fixture->db, nested_write, fixture, &fixture->err), ERR_INTERNAL);
	assert_int_equal(db_write(fixture->db, nested_read, fixture, &fixture->err), ERR_INTERNAL);
	assert_int_equal(db_read(fixture->db, nested_write, fixture, &fixture->err), ERR_INTERNAL);
	assert_int_equal(db_read(fixture->db, nested_read, fixture, &fixture->err), ERR_INTERNAL);
	assert_int_equal(rows_in(fixture), 0);
}

static enum err_code write_elsewhere(struct tx *tx, void *arg, struct err *err)
{
	struct db *other = arg;
	struct err inner;

	(void)tx;
	if (db_write(other, make_tables, NULL, &inner) != OK)
		return fail(err, inner.code, "%s", inner.text);
	return OK;
}

static void another_database_may_be_written_inside_a_transaction(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct db *other;

	must(db_open(":memory:", NULL, &other, &fixture->err));
	must(db_write(fixture->db, write_elsewhere, other, &fixture->err));
	db_close(other);
}

static enum err_code bind_too_few(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return db_exec(tx, &put, BINDS(BIND_INT(1)), NULL, err);
}

static enum err_code exec_a_query(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return db_exec(tx, &count_all, NO_BINDS, NULL, err);
}

static enum err_code run_nonsense(struct tx *tx, void *arg, struct err *err)
{
	static const struct statement nonsense = { "test.nonsense", "SELEC 1" };

	(void)arg;
	return db_exec(tx, &nonsense, NO_BINDS, NULL, err);
}

static enum err_code run_unknown_token(struct tx *tx, void *arg, struct err *err)
{
	static const struct statement unknown = { "test.unknown_token", "CREATE TABLE t (a {i32})" };

	(void)arg;
	return db_exec(tx, &unknown, NO_BINDS, NULL, err);
}

static enum err_code leave_open(struct tx *tx, void *arg, struct err *err)
{
	return db_query(tx, &count_all, NO_BINDS, arg, err);
}

static void a_wrong_use_is_a_fault_that_is_not_tried_again(void **state)
{
	struct fixture *fixture = with_tables(state);
	static const struct {
		db_fn *run;
		const char *named;
	} wrong[] = {
		{ bind_too_few, "test.put" },
		{ exec_a_query, "test.count" },
		{ run_nonsense, "test.nonsense" },
		{ run_unknown_token, "test.unknown_token" },
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(db_write(fixture->db, wrong[i].run, NULL, &fixture->err), ERR_INTERNAL);
		assert_non_null(strstr(fixture->err.text, wrong[i].named));
	}
	assert_false(err_row(ERR_INTERNAL)->transient);
}

static enum err_code leave_open_and_drop(struct tx *tx, void *arg, struct err *err)
{
	struct query query = { 0 };
	enum err_code code = leave_open(tx, &query, err);

	if (code == OK && db_next(&query))
		*(int64_t *)arg = db_int(&query, 0);
	db_query_drop(&query);
	return code;
}

static void a_query_that_is_dropped_half_read_does_no_harm(void **state)
{
	struct fixture *fixture = with_tables(state);
	int64_t count = -1;

	must(db_read(fixture->db, leave_open_and_drop, &count, &fixture->err));
	assert_int_equal(count, 0);
	must(db_read(fixture->db, leave_open_and_drop, &count, &fixture->err));
}

static enum err_code get_moment(struct tx *tx, void *arg, struct err *err)
{
	struct moment *moment = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &get, BINDS(BIND_INT(1)), &query, err));
	if (!db_next(&query))
		return fail(err, ERR_NOT_FOUND, "no row");
	moment->at_us = db_time(&query, 0);
	moment->on = db_day(&query, 1);
	return db_end(&query, err);
}

static enum err_code put_moment(struct tx *tx, void *arg, struct err *err)
{
	const struct moment *moment = arg;
	char day[DATE_SIZE];

	return db_exec(tx, &put,
		       BINDS(BIND_INT(1), BIND_TIME(moment->at_us),
			     BIND_TEXT(moment->on == DATE_NONE ? NULL : date_format(moment->on, day)), BIND_NULL),
		       NULL, err);
}

static void assert_moment(struct fixture *fixture, struct moment moment)
{
	struct moment found = { 0 };

	must(db_write(fixture->db, put_moment, &moment, &fixture->err));
	must(db_read(fixture->db, get_moment, &found, &fixture->err));
	assert_true(found.at_us == moment.at_us);
	assert_int_equal(found.on, moment.on);
}

static void a_time_and_a_day_come_back(void **state)
{
	assert_moment(with_tables(state), (struct moment){ .at_us = 0, .on = date_of(2028, 2, 29) });
}

static void no_time_and_no_day_come_back_as_none(void **state)
{
	assert_moment(with_tables(state), (struct moment){ .at_us = TIME_NONE, .on = DATE_NONE });
}

struct misreading {
	struct arena *arena;
	int column;
	enum { AS_INT, AS_TEXT, AS_BLOB, AS_DAY } as;
};

static enum err_code misread(struct tx *tx, void *arg, struct err *err)
{
	const struct misreading *misreading = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &get, BINDS(BIND_INT(1)), &query, err));
	if (!db_next(&query))
		return fail(err, ERR_NOT_FOUND, "no row");
	if (misreading->as == AS_INT && db_int(&query, misreading->column) != 0)
		return fail(err, ERR_INVALID, "it reads as a number");
	if (misreading->as == AS_TEXT && db_text(misreading->arena, &query, misreading->column))
		return fail(err, ERR_INVALID, "it reads as text");
	if (misreading->as == AS_BLOB && db_blob(misreading->arena, &query, misreading->column).data)
		return fail(err, ERR_INVALID, "it reads as bytes");
	if (misreading->as == AS_DAY && db_day(&query, misreading->column) != DATE_NONE)
		return fail(err, ERR_INVALID, "it reads as a day");
	return OK;
}

static void a_column_read_as_what_it_is_not_fails_the_transaction(void **state)
{
	struct fixture *fixture = with_tables(state);
	struct row row = { .id = 1, .number = 5, .label = "5", .body = bytes("5", 1) };
	struct misreading wrong[] = {
		{ fixture->arena, 0, AS_TEXT }, { fixture->arena, 0, AS_BLOB }, { fixture->arena, 1, AS_INT },
		{ fixture->arena, 2, AS_TEXT }, { fixture->arena, 4, AS_INT },  { fixture->arena, -1, AS_INT },
		{ fixture->arena, 1, AS_DAY },
	};

	must(db_write(fixture->db, put_row, &row, &fixture->err));
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(db_read(fixture->db, misread, &wrong[i], &fixture->err), ERR_INTERNAL);
}

static void an_arena_too_small_for_a_column_fails_the_transaction(void **state)
{
	struct fixture *fixture = with_tables(state);
	arena_auto small = arena_new(16);
	struct row row = { .id = 1, .label = "longer than sixteen bytes" };
	struct misreading reading = { small, 1, AS_TEXT };

	must(db_write(fixture->db, put_row, &row, &fixture->err));
	assert_int_equal(db_read(fixture->db, misread, &reading, &fixture->err), ERR_MEMORY);
}

/* --- Cursors, snapshots, closing --- */

static enum err_code put_ten(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	for (int64_t id = 1; id <= 10; id++)
		TRY(db_exec(tx, &put_if_new, BINDS(BIND_INT(id), BIND_INT(0)), NULL, err));
	return OK;
}

static enum err_code count_pairs(struct tx *tx, void *arg, struct err *err)
{
	db_query_auto outer = { 0 };
	int64_t pairs = 0;

	TRY(db_query(tx, &list, BINDS(BIND_INT(0), BIND_INT(100)), &outer, err));
	while (db_next(&outer)) {
		db_query_auto inner = { 0 };
		TRY(db_query(tx, &list, BINDS(BIND_INT(db_int(&outer, 0)), BIND_INT(100)), &inner, err));
		while (db_next(&inner))
			pairs++;
		TRY(db_end(&inner, err));
	}
	TRY(db_end(&outer, err));
	*(int64_t *)arg = pairs;
	return OK;
}

/* Ten rows: 9 + 8 + … + 0 = 45 pairs of a row and a later one. */
static void a_statement_can_be_used_again_while_its_rows_are_being_read(void **state)
{
	struct fixture *fixture = with_tables(state);
	int64_t pairs = 0;

	must(db_write(fixture->db, put_ten, NULL, &fixture->err));
	for (int i = 0; i < 2; i++) {
		must(db_write(fixture->db, count_pairs, &pairs, &fixture->err));
		assert_int_equal(pairs, 45);
	}
}

static void *write_in_between(void *arg)
{
	struct fixture *fixture = arg;
	struct row row = { .id = 2 };

	return db_write(fixture->db, put_row, &row, NULL) == OK ? fixture : NULL;
}

static enum err_code read_twice(struct tx *tx, void *arg, struct err *err)
{
	struct fixture *fixture = arg;
	int64_t before = -1, after = -1;
	pthread_t writer;
	void *written = NULL;

	TRY(count_rows(tx, &before, err));
	if (pthread_create(&writer, NULL, write_in_between, fixture) != 0)
		return fail(err, ERR_MEMORY, "no thread");
	pthread_join(writer, &written);
	if (!written)
		return fail(err, ERR_INVALID, "the writer did not get through beside the reader");
	TRY(count_rows(tx, &after, err));
	return before == 1 && after == 1 ? OK : fail(err, ERR_INVALID, "the snapshot moved");
}

static void a_reader_sees_one_snapshot_while_a_writer_commits(void **state)
{
	struct fixture *fixture = with_tables(state);
	struct row row = { .id = 1 };

	must(db_write(fixture->db, put_row, &row, &fixture->err));
	must(db_read(fixture->db, read_twice, fixture, &fixture->err));
	assert_int_equal(rows_in(fixture), 2);
}

struct slow {
	pthread_mutex_t mutex;
	pthread_cond_t begun;
	bool has_begun;
	struct fixture *fixture;
	enum err_code code;
};

static enum err_code write_slowly(struct tx *tx, void *arg, struct err *err)
{
	struct slow *slow = arg;
	struct row row = { .id = 1 };

	pthread_mutex_lock(&slow->mutex);
	slow->has_begun = true;
	pthread_cond_signal(&slow->begun);
	pthread_mutex_unlock(&slow->mutex);
	usleep(100000);
	return put_row(tx, &row, err);
}

static void *slow_main(void *arg)
{
	struct slow *slow = arg;

	slow->code = db_write(slow->fixture->db, write_slowly, slow, NULL);
	return NULL;
}

static void closing_waits_for_a_running_transaction(void **state)
{
	struct fixture *fixture = with_tables(state);
	struct slow slow = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, fixture, ERR_INTERNAL };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, slow_main, &slow), 0);
	pthread_mutex_lock(&slow.mutex);
	while (!slow.has_begun)
		pthread_cond_wait(&slow.begun, &slow.mutex);
	pthread_mutex_unlock(&slow.mutex);
	fixture_reopen(fixture, NULL);
	pthread_join(thread, NULL);
	assert_int_equal(slow.code, OK);
	assert_int_equal(rows_in(fixture), 1);
}

static void what_was_written_is_there_after_opening_again(void **state)
{
	struct fixture *fixture = with_tables(state);
	struct row row = { .id = 1, .label = "kept" }, found = { .id = 1, .arena = fixture->arena };

	must(db_write(fixture->db, put_row, &row, &fixture->err));
	fixture_reopen(fixture, NULL);
	must(db_read(fixture->db, get_row, &found, &fixture->err));
	assert_string_equal(found.label, "kept");
}

static void all_statements_can_be_prepared_and_a_broken_one_is_named(void **state)
{
	struct fixture *fixture = with_tables(state);
	static const struct statement broken = { "test.broken", "SELECT nothing FROM item" };
	static const struct statement *const good[] = { &put, &get, &list, &raise, &upsert, &count_all };
	static const struct statement *const bad[] = { &put, &broken };

	must(db_prepare_all(fixture->db, &(struct statements){ good, COUNT(good) }, &fixture->err));
	assert_int_equal(db_prepare_all(fixture->db, &(struct statements){ bad, COUNT(bad) }, &fixture->err),
			 ERR_INTERNAL);
	assert_non_null(strstr(fixture->err.text, "test.broken"));
}

static void more_statements_than_the_cache_holds_all_work(void **state)
{
	struct fixture *fixture = with_tables(state);
	enum { MANY = 700 };
	static char sql[MANY][64];
	static struct statement statement[MANY];
	static const struct statement *row[MANY];

	for (int i = 0; i < MANY; i++) {
		snprintf(sql[i], sizeof(sql[i]), "SELECT id + %d FROM item WHERE id = $1", i);
		statement[i] = (struct statement){ "test.many", sql[i] };
		row[i] = &statement[i];
	}
	for (int i = 0; i < 2; i++)
		must(db_prepare_all(fixture->db, &(struct statements){ row, MANY }, &fixture->err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_value_comes_back_as_it_went_in),
		cmocka_unit_test(a_body_of_four_megabytes_comes_back_as_it_went_in),
		cmocka_unit_test(a_placeholder_means_its_number_wherever_it_stands),
		cmocka_unit_test(what_a_query_changes_is_done_even_if_its_rows_are_not_read),
		cmocka_unit_test(a_statement_tells_how_many_rows_it_changed),
		cmocka_unit_test(a_violated_constraint_is_a_conflict_and_quotes_no_value),
		cmocka_unit_test(a_foreign_key_is_kept),
		cmocka_unit_test(null_where_none_may_be_is_a_fault_of_the_program),
		cmocka_unit_test(a_transaction_that_ignores_a_conflict_fails_all_the_same),
		cmocka_unit_test(a_function_that_fails_leaves_nothing_and_keeps_its_words),
		cmocka_unit_test(a_reading_transaction_cannot_write),
		cmocka_unit_test(a_transaction_inside_another_is_refused_rather_than_waiting_for_itself),
		cmocka_unit_test(another_database_may_be_written_inside_a_transaction),
		cmocka_unit_test(a_wrong_use_is_a_fault_that_is_not_tried_again),
		cmocka_unit_test(a_query_that_is_dropped_half_read_does_no_harm),
		cmocka_unit_test(a_time_and_a_day_come_back),
		cmocka_unit_test(no_time_and_no_day_come_back_as_none),
		cmocka_unit_test(a_column_read_as_what_it_is_not_fails_the_transaction),
		cmocka_unit_test(an_arena_too_small_for_a_column_fails_the_transaction),
		cmocka_unit_test(a_statement_can_be_used_again_while_its_rows_are_being_read),
		cmocka_unit_test(a_reader_sees_one_snapshot_while_a_writer_commits),
		cmocka_unit_test(closing_waits_for_a_running_transaction),
		cmocka_unit_test(what_was_written_is_there_after_opening_again),
		cmocka_unit_test(all_statements_can_be_prepared_and_a_broken_one_is_named),
		cmocka_unit_test(more_statements_than_the_cache_holds_all_work),
	};

	return run_on_both("db", tests, COUNT(tests));
}
