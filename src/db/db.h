/* One database interface, two drivers (SQLite, PostgreSQL), one SQL text for both.
 *
 * SQL stands in `struct statement` rows, in store.c files alone. Placeholders are $1 … $n; dialect tokens are
 * {skip_locked}, {i64}, {blob}, {strict} (after the columns of CREATE TABLE), {iso}X{/iso} (the time X
 * as text, "2026-11-02T03:10:04.123Z"). Types: text, 64-bit integer, blob, NULL;
 * booleans are integers 0 and 1; time is microseconds UTC. PostgreSQL infers the types of values and columns, and what
 * is none of these is refused when the statement is prepared: CAST(sum(x) AS {i64}), CAST($1 AS {i64}) + 1.
 *
 * Writing: db_write() runs a function in a transaction and returns only when it is durable. On SQLite one writer thread
 * runs the waiting functions and commits once for all of them (group commit): the function runs on that thread, with
 * the caller's ARG, while the caller waits, so nothing of it may be thread-local. On PostgreSQL each caller has a
 * connection. A function that fails is rolled back alone. It may run again (serialisation failure, full disk, another
 * of its group failed), so it sets what it hands out and never adds to it, and has no other effect outside the
 * transaction. A commit whose outcome is unknown is ERR_COMMIT_UNCERTAIN: re-read by idempotency key, never assume.
 *
 * Any failure inside a transaction (a conflict, a column read as what it is not, an arena that is full) fails the
 * transaction: later statements fail with it, and db_write() or db_read() returns it even if the function returns OK.
 * Where a conflict is expected the SQL says ON CONFLICT. Begin no transaction inside another of the same database: that
 * is refused. */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"

struct db;
struct tx;
struct cursor;

/* Static: prepared statements are kept by its address. */
struct statement {
	const char *name; /* "outbox.due": unique in the program */
	const char *sql;  /* one statement */
};

struct statements { /* the rows of one store.c */
	const struct statement *const *row;
	size_t count;
};

enum bind_kind { BIND_NULL_, BIND_INT_, BIND_TEXT_, BIND_BLOB_ };
struct bind {
	enum bind_kind kind;
	int64_t number;
	struct bytes value;
};
#define BIND_INT(number_) ((struct bind){ .kind = BIND_INT_, .number = (int64_t)(number_) })
#define BIND_TEXT(text_)  db_bind_text(text_)  /* NULL binds NULL */
#define BIND_BLOB(bytes_) db_bind_blob(bytes_) /* .data NULL binds NULL */
#define BIND_TIME(us_)    db_bind_time(us_)    /* TIME_NONE binds NULL */
#define BIND_NULL         ((struct bind){ .kind = BIND_NULL_ })
static inline struct bind db_bind_text(const char *text)
{
	return text ? (struct bind){ .kind = BIND_TEXT_, .value = bytes_of(text) } : BIND_NULL;
}
static inline struct bind db_bind_time(int64_t time_us)
{
	return time_us != TIME_NONE ? BIND_INT(time_us) : BIND_NULL;
}
static inline struct bind db_bind_blob(struct bytes value)
{
	return value.data ? (struct bind){ .kind = BIND_BLOB_, .value = value } : BIND_NULL;
}
/* The values of $1 … $n; what they point to must live until the call returns (db_exec) or the query is closed. */
#define BINDS(...)                                                                                                     \
	(const struct bind[]){ __VA_ARGS__ }, sizeof((const struct bind[]){ __VA_ARGS__ }) / sizeof(struct bind)
#define NO_BINDS NULL, 0

struct db_options {
	size_t cache_bytes;      /* page cache of one connection; 0 for the default, 8 MiB */
	unsigned readers;        /* connections for db_read; 0 for the default, 4 */
	unsigned writers;        /* PostgreSQL: connections for db_write; 0 for the default, 8 */
	int64_t busy_timeout_us; /* waiting for a lock or a connection, or to win against others, then ERR_BUSY;
				    0 for the default, 10 s */
	int64_t reserve_bytes; /* SQLite: with less free on its file system db_write is ERR_DISK_FULL; 0: no reserve */
	const char *vfs;       /* SQLite: virtual file system, for faults in tests; NULL for the system's */
};

/* What a setting may say: "sqlite:PATH", "postgresql://…" or "postgres://…", without control characters. */
bool db_url_valid(const char *url);
/* The path of an SQLite database, as it stands in URL; NULL: it is another one. */
const char *db_url_file(const char *url);
/* URL: a file path or "sqlite:PATH" (":memory:" is allowed for tests), or "postgresql://…". Does not migrate. */
enum err_code db_open(const char *url, const struct db_options *options, struct db **db, struct err *err) MUST_USE;
void db_close(struct db *db); /* waits for running transactions; NULL is fine */

typedef enum err_code db_fn(struct tx *tx, void *arg, struct err *err);
enum err_code db_write(struct db *db, db_fn *run, void *arg, struct err *err) MUST_USE;
/* A consistent snapshot; writing statements fail. */
enum err_code db_read(struct db *db, db_fn *run, void *arg, struct err *err) MUST_USE;
/* ERR_DISK_FULL while db_write would be, because the reserve is reached. */
enum err_code db_reserve_check(const struct db *db, struct err *err) MUST_USE;

/* --- Inside a transaction --- */

/* Runs a statement that returns no rows. *CHANGED (may be NULL): how many rows it inserted, updated or deleted. A
 * violated unique, check or foreign key constraint is ERR_CONFLICT. */
enum err_code db_exec(struct tx *tx, const struct statement *statement, const struct bind *binds, size_t count,
		      int64_t *changed, struct err *err) MUST_USE;

/* A query: while (db_next(&query)) … db_int(&query, 0); then db_end(), which tells how it ended.
 *   db_query_auto query = { 0 };
 *   TRY(db_query(tx, &stmt_due, BINDS(BIND_INT(now)), &query, err));
 *   while (db_next(&query)) …
 *   TRY(db_end(&query, err)); */
struct query {
	struct cursor *cursor; /* NULL: not open */
};
enum err_code db_query(struct tx *tx, const struct statement *statement, const struct bind *binds, size_t count,
		       struct query *query, struct err *err) MUST_USE;
bool db_next(struct query *query);
enum err_code db_end(struct query *query, struct err *err) MUST_USE;
void db_query_drop(struct query *query);
#define db_query_auto __attribute__((cleanup(db_query_drop), unused)) struct query

/* Columns of the current row, from 0. NULL reads as 0, NULL text, bytes without data (an empty blob has data). Text and
 * bytes are copied into the arena. A column of another kind, or a full arena, reads as NULL and fails the transaction;
 * db_end() says so. */
int64_t db_int(const struct query *query, int column);
int64_t db_time(const struct query *query, int column); /* NULL reads as TIME_NONE */
date db_day(const struct query *query, int column);     /* "2026-11-02"; NULL reads as DATE_NONE */
bool db_null(const struct query *query, int column);
char *db_text(struct arena *arena, const struct query *query, int column);
struct bytes db_blob(struct arena *arena, const struct query *query, int column);

/* --- Schema --- */

struct migration {
	int number; /* 1, 2, … without gaps */
	const char *name;
	const char *sql;  /* statements separated by ";\n", with dialect tokens */
	const char *back; /* what undoes it, in the same form; NULL: there is no way back behind it */
	const char *lost; /* one sentence for people: what the way back takes away */
};
struct migration_status {
	int applied; /* highest applied number */
	int pending; /* known and not applied */
};
/* Brings the schema to the last migration, each in its transaction, with its checksum; refuses (ERR_CONFIG) a database
 * that has migrations we do not know or one whose checksum differs. Several nodes may do it at once. STATUS (may be
 * NULL) is filled; DRY_RUN changes nothing and, if SQL is not NULL, appends what would run. */
enum err_code db_migrate(struct db *db, const struct migration *migrations, size_t count, bool dry_run,
			 struct migration_status *status, struct buf *sql, struct err *err) MUST_USE;
/* The same, to migration TARGET (0 to COUNT), upwards or, by the rows' .back, backwards: ERR_CONFIG, and nothing is
 * changed, if one on the way has none. What was interrupted is resumed by calling it again. */
enum err_code db_migrate_to(struct db *db, const struct migration *migrations, size_t count, int target, bool dry_run,
			    struct migration_status *status, struct buf *sql, struct err *err) MUST_USE;
/* When each of MIGRATIONS was applied, in microseconds UTC, into COUNT places of APPLIED_US; 0: it is not. Refuses what
 * db_migrate() refuses. */
enum err_code db_migration_times(struct db *db, const struct migration *migrations, size_t count, int64_t *applied_us,
				 struct err *err) MUST_USE;

/* The highest applied migration, 0 before the first. */
enum err_code db_schema(struct tx *tx, int *number, struct err *err) MUST_USE;

/* --- Whole tables, for backups --- */

enum db_type { DB_INT, DB_TEXT, DB_BLOB };
struct db_column {
	const char *name;
	enum db_type type;
};
struct db_table {
	const char *name;
	struct db_column *columns;
	size_t columns_count;
	struct statement put; /* for db_table_put() */
};
struct db_tables {
	struct db_table *items; /* by name */
	size_t count;
};
#define DB_COLUMNS_MAX 64 /* of one table */
/* Every table of the database as its catalogue has it, but the record of migrations. */
enum err_code db_tables(struct tx *tx, struct arena *arena, struct db_tables *tables, struct err *err) MUST_USE;
/* Those alone that COUNT migrations make: what somebody else has put into the same database is not ours. */
enum err_code db_tables_of(struct tx *tx, const struct migration *migrations, size_t count, struct arena *arena,
			   struct db_tables *tables, struct err *err) MUST_USE;
/* Calls EACH with every row, one at a time in memory; VALUES live until it returns. It runs no statement itself. */
typedef enum err_code db_row_fn(void *arg, const struct bind *values, size_t count, struct err *err);
enum err_code db_table_rows(struct tx *tx, const struct db_table *table, db_row_fn *each, void *arg,
			    struct err *err) MUST_USE;
/* Inserts a row. TABLE is one of db_tables(), whose arena must outlive the database's connections. */
enum err_code db_table_put(struct tx *tx, const struct db_table *table, const struct bind *values, size_t count,
			   struct err *err) MUST_USE;

/* Fills a database that has no table yet (ERR_CONFLICT) in one transaction: makes schema SCHEMA, empties its tables,
 * runs LOAD, which fills them in any order, checks what rows say of each other, brings the schema to the newest, and
 * runs LOADED. Nothing of it stays if any of it fails. */
enum err_code db_fill(struct db *db, const struct migration *migrations, size_t count, int schema, db_fn *load,
		      db_fn *loaded, void *arg, struct err *err) MUST_USE;

/* Prepares every statement; for the contract test. */
enum err_code db_prepare_all(struct db *db, const struct statements *statements, struct err *err) MUST_USE;

enum db_kind { DB_SQLITE, DB_POSTGRES };
enum db_kind db_kind(const struct db *db);
/* How many times the disk was asked to make something durable, and how many transactions those commits carried. */
struct db_counters {
	int64_t commits, transactions;
	int64_t waiting; /* SQLite: writes in the queue of the writer thread, now */
};
struct db_counters db_counters(const struct db *db);

#endif
