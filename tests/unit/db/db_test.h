/* The same tests on both drivers: a row a driver, each test with an empty database of its own. */
#ifndef DB_TEST_H
#define DB_TEST_H

#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "db/db.h"

struct fixture {
	enum db_kind kind;
	bool skip;
	char directory[64]; /* SQLite */
	char schema[64];    /* PostgreSQL: the programs of one run share the server */
	char url[512];
	struct db *db;
	struct err err;
	struct arena *arena;
};

#define must(call) assert_int_equal_text_((call), fixture->err.text, __FILE__, __LINE__)
static inline void assert_int_equal_text_(enum err_code code, const char *text, const char *file, int line)
{
	if (code != OK) {
		print_error("%s: %s\n", err_row(code)->name, text);
		_fail(file, line);
	}
}

struct script {
	const char *sql;
};

static inline enum err_code script_run(struct tx *tx, void *arg, struct err *err)
{
	const struct statement statement = { "script", ((const struct script *)arg)->sql };

	return db_exec(tx, &statement, NO_BINDS, NULL, err);
}

/* On a database of its own: the statement is not static, and what is prepared is kept by its address. */
static inline enum err_code script_at(const char *url, const char *sql, struct err *err)
{
	struct script script = { sql };
	struct db *db;

	TRY(db_open(url, NULL, &db, err));
	enum err_code code = db_write(db, script_run, &script, err);
	db_close(db);
	return code;
}

static inline void schema_set(struct fixture *fixture)
{
	const char *url = getenv("LINTAS_TEST_POSTGRES");
	char sql[160];

	if (!url || !*url) {
		fixture->skip = true;
		return;
	}
	snprintf(fixture->schema, sizeof(fixture->schema), "test_%d", (int)getpid());
	snprintf(sql, sizeof(sql), "DROP SCHEMA IF EXISTS %s CASCADE", fixture->schema);
	must(script_at(url, sql, &fixture->err));
	snprintf(sql, sizeof(sql), "CREATE SCHEMA %s", fixture->schema);
	must(script_at(url, sql, &fixture->err));
	/* The name tells this program's sessions from those of others that run at the same time. */
	snprintf(fixture->url, sizeof(fixture->url), "%s&application_name=%s&options=-csearch_path%%3D%s", url,
		 fixture->schema, fixture->schema);
}

static inline void directory_set(struct fixture *fixture)
{
	const char *temporary = getenv("TMPDIR");

	snprintf(fixture->directory, sizeof(fixture->directory), "%s/lintas-db.XXXXXX",
		 temporary && strlen(temporary) < 40 ? temporary : "/tmp");
	assert_non_null(mkdtemp(fixture->directory));
	snprintf(fixture->url, sizeof(fixture->url), "sqlite:%s/test.db", fixture->directory);
}

static inline int fixture_open(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->kind = *(const enum db_kind *)*state;
	*state = fixture;
	if (fixture->kind == DB_SQLITE)
		directory_set(fixture);
	else
		schema_set(fixture);
	fixture->arena = arena_new(64U << 20);
	assert_non_null(fixture->arena);
	if (!fixture->skip)
		must(db_open(fixture->url, NULL, &fixture->db, &fixture->err));
	return 0;
}

static inline int fixture_close(void **state)
{
	static const char *const suffix[] = { "", "-wal", "-shm" };
	struct fixture *fixture = *state;
	char text[600];

	db_close(fixture->db);
	arena_free(fixture->arena);
	for (size_t i = 0; i < COUNT(suffix) && fixture->directory[0]; i++) {
		snprintf(text, sizeof(text), "%s/test.db%s", fixture->directory, suffix[i]);
		unlink(text);
	}
	if (fixture->directory[0])
		rmdir(fixture->directory);
	if (fixture->schema[0]) {
		snprintf(text, sizeof(text), "DROP SCHEMA %s CASCADE", fixture->schema);
		must(script_at(getenv("LINTAS_TEST_POSTGRES"), text, &fixture->err));
	}
	free(fixture);
	return 0;
}

static inline struct fixture *fixture_of(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->skip)
		skip();
	return fixture;
}

/* Closes the fixture's database and opens it with other options. */
static inline void fixture_reopen(struct fixture *fixture, const struct db_options *options)
{
	db_close(fixture->db);
	fixture->db = NULL;
	must(db_open(fixture->url, options, &fixture->db, &fixture->err));
}

static inline int run_on(enum db_kind kind, const char *name, const struct CMUnitTest *tests, size_t count)
{
	static enum db_kind kinds[] = { DB_SQLITE, DB_POSTGRES };
	struct CMUnitTest *copy = calloc(count, sizeof(*copy));
	char group[64];

	if (!copy)
		return 1;
	for (size_t i = 0; i < count; i++)
		copy[i] = (struct CMUnitTest){ tests[i].name, tests[i].test_func, fixture_open, fixture_close,
					       &kinds[kind] };
	snprintf(group, sizeof(group), "%s on %s", name, kind == DB_SQLITE ? "SQLite" : "PostgreSQL");
	int failed = _cmocka_run_group_tests(group, copy, count, NULL, NULL);
	free(copy);
	return failed;
}

static inline int run_on_both(const char *name, const struct CMUnitTest *tests, size_t count)
{
	const char *url = getenv("LINTAS_TEST_POSTGRES");

	if (!url || !*url)
		fputs("SKIPPED: no PostgreSQL (run tests/postgres.sh COMMAND)\n", stderr);
	return run_on(DB_SQLITE, name, tests, count) + run_on(DB_POSTGRES, name, tests, count);
}

#endif
