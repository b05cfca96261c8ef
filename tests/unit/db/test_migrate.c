#include "db_test.h"

#include <pthread.h>

static const struct migration migrations[] = {
	{ .number = 1,
	  .name = "ports",
	  .sql = "CREATE TABLE port (code TEXT PRIMARY KEY, opened_us {i64}) {strict};\n"
		 "INSERT INTO port (code) VALUES ('VNHPH');\n" },
	{ .number = 2,
	  .name = "seals",
	  .sql = "CREATE TABLE seal (number TEXT PRIMARY KEY, picture {blob}) {strict}",
	  .back = "DROP TABLE seal",
	  .lost = "pictures of seals" },
	{ .number = 3,
	  .name = "more ports",
	  .sql = "INSERT INTO port (code) VALUES ('THLCH');\nALTER TABLE port ADD COLUMN depth {i64}",
	  .back = "ALTER TABLE port DROP COLUMN depth;\nDELETE FROM port WHERE code = 'THLCH'" },
};
static const struct migration broken[] = {
	{ .number = 1, .name = "ports", .sql = "CREATE TABLE port (code TEXT PRIMARY KEY)" },
	{ .number = 2,
	  .name = "broken",
	  .sql = "INSERT INTO port (code) VALUES ('VNHPH');\nINSERT INTO nothing VALUES (1);\n" },
};

static const struct statement ports = { "test.ports", "SELECT count(*) FROM port" };
static const struct statement recorded = { "test.recorded",
					   "SELECT number, name, checksum FROM lintas_migration ORDER BY number" };

static enum err_code count_ports(struct tx *tx, void *arg, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &ports, NO_BINDS, &query, err));
	int64_t count = db_next(&query) ? db_int(&query, 0) : -1;
	TRY(db_end(&query, err));
	*(int64_t *)arg = count;
	return OK;
}

static int64_t ports_in(struct fixture *fixture)
{
	int64_t count = -1;

	must(db_read(fixture->db, count_ports, &count, &fixture->err));
	return count;
}

static void the_schema_comes_to_the_last_migration_and_stays_there(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct migration_status status = { -1, -1 };

	for (int i = 0; i < 2; i++) {
		must(db_migrate(fixture->db, migrations, 3, false, &status, NULL, &fixture->err));
		assert_int_equal(status.applied, 3);
		assert_int_equal(status.pending, 0);
		assert_int_equal(ports_in(fixture), 2);
	}
}

static void later_migrations_are_added_to_earlier_ones(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct migration_status status;

	must(db_migrate(fixture->db, migrations, 1, false, &status, NULL, &fixture->err));
	assert_int_equal(status.applied, 1);
	assert_int_equal(ports_in(fixture), 1);
	must(db_migrate(fixture->db, migrations, 3, false, &status, NULL, &fixture->err));
	assert_int_equal(ports_in(fixture), 2);
}

struct record {
	int count;
	char *name, *sum;
	struct arena *arena;
};

static enum err_code read_record(struct tx *tx, void *arg, struct err *err)
{
	struct record *record = arg;
	db_query_auto query = { 0 };

	record->count = 0;
	TRY(db_query(tx, &recorded, NO_BINDS, &query, err));
	while (db_next(&query)) {
		record->count++;
		record->name = db_text(record->arena, &query, 1);
		record->sum = db_text(record->arena, &query, 2);
	}
	return db_end(&query, err);
}

/* The checksum of the text was computed by a Python program that gives the vectors of draft-eastlake-fnv, appendix C
 * ("a" is af63dc4c8601ec8c, "foobar" is 85944171f73967e8); that of no text is the offset basis. */
static void a_migration_is_recorded_with_its_checksum(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct record record = { .arena = fixture->arena };
	const struct migration two[] = { { .number = 1, .name = "nothing", .sql = "" },
					 { .number = 2, .name = "a table", .sql = "CREATE TABLE a (b TEXT)" } };

	must(db_migrate(fixture->db, two, 1, false, NULL, NULL, &fixture->err));
	must(db_read(fixture->db, read_record, &record, &fixture->err));
	assert_int_equal(record.count, 1);
	assert_string_equal(record.name, "nothing");
	assert_string_equal(record.sum, "cbf29ce484222325");
	must(db_migrate(fixture->db, two, 2, false, NULL, NULL, &fixture->err));
	must(db_read(fixture->db, read_record, &record, &fixture->err));
	assert_int_equal(record.count, 2);
	assert_string_equal(record.name, "a table");
	assert_string_equal(record.sum, "cef500731362adae");
}

static void a_dry_run_shows_the_sql_of_this_database_and_changes_nothing(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct migration_status status = { -1, -1 };
	buf_auto sql;

	buf_init(&sql, 65536);
	must(db_migrate(fixture->db, migrations, 1, false, NULL, NULL, &fixture->err));
	must(db_migrate(fixture->db, migrations, 3, true, &status, &sql, &fixture->err));
	assert_int_equal(status.applied, 1);
	assert_int_equal(status.pending, 2);
	assert_null(strstr(buf_text(&sql), "VNHPH")); /* has run */
	assert_non_null(strstr(buf_text(&sql), "THLCH"));
	assert_non_null(strstr(buf_text(&sql), fixture->kind == DB_SQLITE ? "picture BLOB" : "picture BYTEA"));
	assert_int_equal(ports_in(fixture), 1);
}

static void a_dry_run_on_an_empty_database_makes_no_table(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct migration_status status = { -1, -1 };
	struct record record = { .arena = fixture->arena };

	must(db_migrate(fixture->db, migrations, 3, true, &status, NULL, &fixture->err));
	assert_int_equal(status.applied, 0);
	assert_int_equal(status.pending, 3);
	assert_int_equal(db_read(fixture->db, read_record, &record, &fixture->err), ERR_INTERNAL); /* no such table */
}

static void a_migration_whose_text_changed_is_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct migration changed[3];

	memcpy(changed, migrations, sizeof(changed));
	changed[1].sql = "CREATE TABLE seal (number TEXT)";
	must(db_migrate(fixture->db, migrations, 2, false, NULL, NULL, &fixture->err));
	assert_int_equal(db_migrate(fixture->db, changed, 3, false, NULL, NULL, &fixture->err), ERR_CONFIG);
	assert_non_null(strstr(fixture->err.text, "seals"));
	assert_int_equal(ports_in(fixture), 1);
}

static void a_database_of_a_newer_program_is_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);

	must(db_migrate(fixture->db, migrations, 3, false, NULL, NULL, &fixture->err));
	assert_int_equal(db_migrate(fixture->db, migrations, 2, false, NULL, NULL, &fixture->err), ERR_CONFIG);
	assert_non_null(strstr(fixture->err.text, "lintas db migrate --to 2"));
	assert_int_equal(db_migrate(fixture->db, migrations, 2, true, NULL, NULL, &fixture->err), ERR_CONFIG);
	assert_int_equal(db_migrate_to(fixture->db, migrations, 2, 1, false, NULL, NULL, &fixture->err), ERR_CONFIG);
	assert_int_equal(ports_in(fixture), 2);
}

static void a_schema_goes_back_and_up_again(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct migration_status status;

	must(db_migrate(fixture->db, migrations, 3, false, NULL, NULL, &fixture->err));
	for (int target = 2; target >= 1; target--) {
		must(db_migrate_to(fixture->db, migrations, 3, target, false, &status, NULL, &fixture->err));
		assert_int_equal(status.applied, target);
		assert_int_equal(status.pending, 3 - target);
		assert_int_equal(ports_in(fixture), 1);
	}
	must(db_migrate_to(fixture->db, migrations, 3, 2, false, &status, NULL, &fixture->err));
	assert_int_equal(status.applied, 2);
	assert_int_equal(ports_in(fixture), 1);
	must(db_migrate(fixture->db, migrations, 3, false, &status, NULL, &fixture->err));
	assert_int_equal(ports_in(fixture), 2);
}

static void a_dry_run_shows_the_way_back_and_changes_nothing(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct migration_status status;
	buf_auto sql;

	buf_init(&sql, 65536);
	must(db_migrate(fixture->db, migrations, 3, false, NULL, NULL, &fixture->err));
	must(db_migrate_to(fixture->db, migrations, 3, 1, true, &status, &sql, &fixture->err));
	const char *third = strstr(buf_text(&sql), "-- migration 3: more ports, back\nALTER TABLE port DROP");
	assert_non_null(third);
	assert_non_null(strstr(third, "-- migration 2: seals, back\nDROP TABLE seal"));
	assert_int_equal(status.applied, 3);
	assert_int_equal(ports_in(fixture), 2);
}

static void where_there_is_no_way_back_nothing_is_changed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct migration_status status;

	must(db_migrate(fixture->db, migrations, 3, false, NULL, NULL, &fixture->err));
	assert_int_equal(db_migrate_to(fixture->db, migrations, 3, 0, false, NULL, NULL, &fixture->err), ERR_CONFIG);
	assert_non_null(strstr(fixture->err.text, "the oldest schema to go back to is 1"));
	assert_int_equal(db_migrate_to(fixture->db, migrations, 3, 4, false, NULL, NULL, &fixture->err), ERR_USAGE);
	assert_int_equal(db_migrate_to(fixture->db, migrations, 3, -1, false, NULL, NULL, &fixture->err), ERR_USAGE);
	must(db_migrate(fixture->db, migrations, 3, true, &status, NULL, &fixture->err));
	assert_int_equal(status.applied, 3);
}

/* As when the program is killed between the two: each step is a transaction. */
static void a_way_back_that_stopped_half_way_is_resumed(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct migration_status status;
	struct migration stuck[3];

	memcpy(stuck, migrations, sizeof(stuck));
	stuck[1].back = "DELETE FROM port;\nDROP TABLE nothing";
	must(db_migrate(fixture->db, migrations, 3, false, NULL, NULL, &fixture->err));
	assert_int_equal(db_migrate_to(fixture->db, stuck, 3, 1, false, NULL, NULL, &fixture->err), ERR_INTERNAL);
	assert_non_null(strstr(fixture->err.text, "migration 2 (seals) back, statement 2"));
	must(db_migrate(fixture->db, migrations, 3, true, &status, NULL, &fixture->err));
	assert_int_equal(status.applied, 2);
	assert_int_equal(ports_in(fixture), 1);
	must(db_migrate_to(fixture->db, migrations, 3, 1, false, &status, NULL, &fixture->err));
	assert_int_equal(status.applied, 1);
}

static void when_each_migration_was_applied_is_told(void **state)
{
	struct fixture *fixture = fixture_of(state);
	int64_t at_us[3] = { -1, -1, -1 };

	must(db_migration_times(fixture->db, migrations, 3, at_us, &fixture->err));
	assert_true(at_us[0] == 0 && at_us[1] == 0 && at_us[2] == 0);
	must(db_migrate_to(fixture->db, migrations, 3, 2, false, NULL, NULL, &fixture->err));
	must(db_migration_times(fixture->db, migrations, 3, at_us, &fixture->err));
	assert_true(at_us[0] > 0 && at_us[1] >= at_us[0] && at_us[2] == 0);
}

static void a_migration_that_fails_leaves_nothing_of_itself_and_keeps_the_earlier_ones(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct migration_status status = { -1, -1 };

	assert_int_equal(db_migrate(fixture->db, broken, 2, false, NULL, NULL, &fixture->err), ERR_INTERNAL);
	assert_non_null(strstr(fixture->err.text, "migration 2 (broken), statement 2"));
	assert_int_equal(ports_in(fixture), 0);
	must(db_migrate(fixture->db, broken, 2, true, &status, NULL, &fixture->err));
	assert_int_equal(status.applied, 1);
}

static void numbers_with_a_gap_are_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);

	assert_int_equal(db_migrate(fixture->db, &migrations[1], 2, false, NULL, NULL, &fixture->err), ERR_INTERNAL);
}

struct node {
	pthread_t thread;
	const char *url;
	pthread_barrier_t *start;
	enum err_code code;
	struct err err;
};

static void *node_main(void *arg)
{
	struct node *node = arg;
	struct db *db = NULL;

	node->code = db_open(node->url, NULL, &db, &node->err);
	pthread_barrier_wait(node->start);
	if (node->code == OK)
		node->code = db_migrate(db, migrations, 3, false, NULL, NULL, &node->err);
	db_close(db);
	return NULL;
}

static void nodes_that_migrate_at_once_do_it_once(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct node node[4] = { 0 };
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, COUNT(node));
	for (size_t i = 0; i < COUNT(node); i++) {
		node[i].url = fixture->url;
		node[i].start = &start;
		assert_int_equal(pthread_create(&node[i].thread, NULL, node_main, &node[i]), 0);
	}
	for (size_t i = 0; i < COUNT(node); i++) {
		pthread_join(node[i].thread, NULL);
		if (node[i].code != OK)
			print_error("%s\n", node[i].err.text);
		assert_int_equal(node[i].code, OK);
	}
	pthread_barrier_destroy(&start);
	assert_int_equal(ports_in(fixture), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schema_comes_to_the_last_migration_and_stays_there),
		cmocka_unit_test(later_migrations_are_added_to_earlier_ones),
		cmocka_unit_test(a_migration_is_recorded_with_its_checksum),
		cmocka_unit_test(a_dry_run_shows_the_sql_of_this_database_and_changes_nothing),
		cmocka_unit_test(a_dry_run_on_an_empty_database_makes_no_table),
		cmocka_unit_test(a_migration_whose_text_changed_is_refused),
		cmocka_unit_test(a_database_of_a_newer_program_is_refused),
		cmocka_unit_test(a_schema_goes_back_and_up_again),
		cmocka_unit_test(a_dry_run_shows_the_way_back_and_changes_nothing),
		cmocka_unit_test(where_there_is_no_way_back_nothing_is_changed),
		cmocka_unit_test(a_way_back_that_stopped_half_way_is_resumed),
		cmocka_unit_test(when_each_migration_was_applied_is_told),
		cmocka_unit_test(a_migration_that_fails_leaves_nothing_of_itself_and_keeps_the_earlier_ones),
		cmocka_unit_test(numbers_with_a_gap_are_refused),
		cmocka_unit_test(nodes_that_migrate_at_once_do_it_once),
	};

	return run_on_both("migrate", tests, COUNT(tests));
}
