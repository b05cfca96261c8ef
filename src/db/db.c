#include "db/driver_int.h"

#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/text.h"

#define DEFAULT_CACHE_BYTES     ((size_t)8 << 20)
#define DEFAULT_READERS         4
#define DEFAULT_WRITERS         8
#define DEFAULT_BUSY_TIMEOUT_US INT64_C(10000000)

/* The transactions that this thread is inside of, innermost first. A second one on the same database would wait for
 * itself: for the writer thread, for the last connection of a pool or for a row lock. Thread-local, so there is nothing
 * to guard. */
static _Thread_local struct tx *innermost;

static const struct {
	const char *prefix;
	bool keep; /* the prefix belongs to what the driver gets */
	const struct db_driver *driver;
} schemes[] = {
	{ "postgresql://", true, &postgres_driver },
	{ "postgres://", true, &postgres_driver },
	{ "sqlite:", false, &sqlite_driver },
	{ "", true, &sqlite_driver }, /* a path, as tests have it; no setting is one: db_url_valid() */
};

static const struct db_driver *driver_of(const char **url)
{
	size_t i = 0;

	while (!starts_with(*url, schemes[i].prefix)) /* every text starts with the last one */
		i++;
	if (!schemes[i].keep)
		*url += strlen(schemes[i].prefix);
	return schemes[i].driver;
}

bool db_url_valid(const char *url)
{
	for (const char *c = url; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	for (size_t i = 0; *schemes[i].prefix; i++)
		if (starts_with(url, schemes[i].prefix))
			return url[strlen(schemes[i].prefix)] != '\0';
	return false;
}

const char *db_url_file(const char *url)
{
	bool file = *url && driver_of(&url) == &sqlite_driver;
	return file ? url : NULL;
}

static struct db_options options_filled(const struct db_options *given)
{
	struct db_options options = given ? *given : (struct db_options){ 0 };

	if (options.cache_bytes == 0)
		options.cache_bytes = DEFAULT_CACHE_BYTES;
	if (options.readers == 0)
		options.readers = DEFAULT_READERS;
	if (options.writers == 0)
		options.writers = DEFAULT_WRITERS;
	if (options.busy_timeout_us == 0)
		options.busy_timeout_us = DEFAULT_BUSY_TIMEOUT_US;
	return options;
}

static void db_free(struct db *db)
{
	db->driver->close(db);
	pthread_cond_destroy(&db->idle);
	pthread_mutex_destroy(&db->mutex);
	free(db->directory);
	free(db);
}

enum err_code db_open(const char *url, const struct db_options *options, struct db **db, struct err *err)
{
	struct db *new = calloc(1, sizeof(*new));

	if (!new)
		return fail(err, ERR_MEMORY, "no memory left to open the database");
	pthread_mutex_init(&new->mutex, NULL);
	pthread_cond_init(&new->idle, NULL);
	new->options = options_filled(options);
	new->driver = driver_of(&url);

	enum err_code code = new->driver->open(new, url, err);
	if (code != OK) {
		db_free(new);
		return code;
	}
	*db = new;
	return OK;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	pthread_mutex_lock(&db->mutex);
	db->closing = true;
	while (db->active > 0)
		pthread_cond_wait(&db->idle, &db->mutex);
	pthread_mutex_unlock(&db->mutex);
	db_free(db);
}

enum db_kind db_kind(const struct db *db)
{
	return db->driver->kind;
}

struct db_counters db_counters(const struct db *db)
{
	return (struct db_counters){ .commits = db->commits, .transactions = db->transactions, .waiting = db->waiting };
}

void db_count(struct db *db, int64_t transactions)
{
	db->commits++;
	db->transactions += transactions;
}

/* --- Transactions --- */

#define MIB 1048576.0

enum err_code db_reserve_check(const struct db *db, struct err *err)
{
	struct statvfs disk;
	uint64_t free_bytes;

	if (!db->directory || db->options.reserve_bytes <= 0)
		return OK;
	if (statvfs(db->directory, &disk) != 0)
		return fail(err, ERR_IO, "cannot measure the free space at %s: %m", db->directory);
	/* f_bavail, not f_bfree: what only root may use is not ours. */
	if (__builtin_mul_overflow((uint64_t)disk.f_bavail, (uint64_t)disk.f_frsize, &free_bytes))
		return OK;
	if (free_bytes < (uint64_t)db->options.reserve_bytes)
		return fail(
			err, ERR_DISK_FULL,
			"%.0f MB are free at %s, less than the reserve of %.0f MB ([disk] reserve): make room there",
			(double)free_bytes / MIB, db->directory, (double)db->options.reserve_bytes / MIB);
	return OK;
}

static enum err_code db_enter(struct db *db, struct err *err)
{
	for (const struct tx *tx = innermost; tx; tx = tx->outer)
		if (tx->db == db)
			return fail(err, ERR_INTERNAL, "a transaction was begun inside another of the same database");

	pthread_mutex_lock(&db->mutex);
	bool closing = db->closing;
	if (!closing)
		db->active++;
	pthread_mutex_unlock(&db->mutex);
	return closing ? fail(err, ERR_BUSY, "the database is being closed") : OK;
}

static void db_leave(struct db *db)
{
	pthread_mutex_lock(&db->mutex);
	if (--db->active == 0)
		pthread_cond_broadcast(&db->idle);
	pthread_mutex_unlock(&db->mutex);
}

enum err_code db_transact(struct db *db, enum tx_mode mode, db_fn *run, void *arg, struct err *err)
{
	if (mode != TX_READ)
		TRY(db_reserve_check(db, err));
	TRY(db_enter(db, err));
	enum err_code code = db->driver->transact(db, mode, run, arg, err);
	db_leave(db);
	return code;
}

enum err_code db_write(struct db *db, db_fn *run, void *arg, struct err *err)
{
	return db_transact(db, TX_WRITE, run, arg, err);
}

enum err_code db_read(struct db *db, db_fn *run, void *arg, struct err *err)
{
	return db_transact(db, TX_READ, run, arg, err);
}

enum err_code tx_run(struct tx *tx, db_fn *run, void *arg, struct err *err)
{
	tx->outer = innermost;
	innermost = tx;
	enum err_code code = run(tx, arg, err);
	innermost = tx->outer;

	if (code == OK && tx->failed == OK && tx->open_cursors > 0)
		code = fail(err, ERR_INTERNAL, "a transaction left %u queries open", tx->open_cursors);
	if (code == OK && tx->failed != OK) {
		code = tx->failed;
		if (err)
			*err = tx->err;
	}
	return code;
}

/* --- Statements --- */

/* A driver's failure goes to tx->err: it is the transaction's, even when the caller drops it. */
static enum err_code tx_outcome(struct tx *tx, enum err_code code, struct err *err)
{
	if (code != OK && tx->failed == OK)
		tx->failed = code;
	if (code != OK && err)
		*err = tx->err;
	return code;
}

enum err_code db_exec(struct tx *tx, const struct statement *statement, const struct bind *binds, size_t count,
		      int64_t *changed, struct err *err)
{
	int64_t rows = 0;

	if (tx->failed != OK)
		return tx_outcome(tx, tx->failed, err);
	TRY(tx_outcome(tx, tx->db->driver->exec(tx, statement, binds, count, &rows, &tx->err), err));
	if (changed)
		*changed = rows;
	return OK;
}

enum err_code db_query(struct tx *tx, const struct statement *statement, const struct bind *binds, size_t count,
		       struct query *query, struct err *err)
{
	if (tx->failed != OK)
		return tx_outcome(tx, tx->failed, err);
	if (query->cursor)
		return tx_outcome(tx, fail(&tx->err, ERR_INTERNAL, "%s: the query is still open", statement->name),
				  err);
	TRY(tx_outcome(tx, tx->db->driver->query(tx, statement, binds, count, &query->cursor, &tx->err), err));
	tx->open_cursors++;
	return OK;
}

bool db_next(struct query *query)
{
	struct tx *tx = query->cursor ? query->cursor->tx : NULL;
	bool row = false;

	if (!tx || tx->failed != OK)
		return false;
	return tx_outcome(tx, tx->db->driver->next(query->cursor, &row, &tx->err), NULL) == OK && row;
}

void db_query_drop(struct query *query)
{
	if (!query->cursor)
		return;

	struct tx *tx = query->cursor->tx;
	tx->open_cursors--;
	tx->db->driver->end(query->cursor);
	query->cursor = NULL;
}

enum err_code db_end(struct query *query, struct err *err)
{
	struct tx *tx = query->cursor ? query->cursor->tx : NULL;

	if (!tx)
		return OK;
	db_query_drop(query);
	return tx_outcome(tx, tx->failed, err);
}

/* --- Columns --- */

static void column_fail(const struct query *query, int column, const char *wanted)
{
	struct cursor *cursor = query->cursor;

	tx_outcome(cursor->tx,
		   fail(&cursor->tx->err, ERR_INTERNAL, "%s: column %d is not %s", cursor->statement->name, column,
			wanted),
		   NULL);
}

/* Which kinds a reader takes: what SQLite would convert and PostgreSQL would not must fail on both. */
static struct column column_of(const struct query *query, int column, const char *wanted, unsigned kinds)
{
	const struct column none = { .kind = COLUMN_NULL };
	struct cursor *cursor = query->cursor;

	if (!cursor)
		return none;
	struct column value = cursor->tx->db->driver->column(cursor, column);
	if (value.kind == COLUMN_NULL || (kinds & 1U << value.kind))
		return value;
	column_fail(query, column, wanted);
	return none;
}

static void column_no_memory(const struct query *query, int column, size_t size)
{
	struct cursor *cursor = query->cursor;

	tx_outcome(cursor->tx,
		   fail(&cursor->tx->err, ERR_MEMORY, "%s: no memory left for the %zu bytes of column %d",
			cursor->statement->name, size, column),
		   NULL);
}

int64_t db_int(const struct query *query, int column)
{
	return column_of(query, column, "an integer", 1U << COLUMN_INT).number;
}

int64_t db_time(const struct query *query, int column)
{
	return db_null(query, column) ? TIME_NONE : db_int(query, column);
}

date db_day(const struct query *query, int column)
{
	struct column value = column_of(query, column, "text", 1U << COLUMN_TEXT);
	char text[DATE_SIZE] = "";
	date day = DATE_NONE;

	if (value.kind == COLUMN_NULL)
		return DATE_NONE;
	if (value.value.size < sizeof(text))
		memcpy(text, value.value.data, value.value.size);
	if (!date_parse(text, &day))
		column_fail(query, column, "a day");
	return day;
}

bool db_null(const struct query *query, int column)
{
	return column_of(query, column, "there", 1U << COLUMN_INT | 1U << COLUMN_TEXT | 1U << COLUMN_BLOB).kind ==
	       COLUMN_NULL;
}

char *db_text(struct arena *arena, const struct query *query, int column)
{
	struct column value = column_of(query, column, "text", 1U << COLUMN_TEXT);

	if (value.kind == COLUMN_NULL)
		return NULL;
	char *text = arena_text_of(arena, value.value);
	if (!text)
		column_no_memory(query, column, value.value.size);
	return text;
}

struct bytes db_blob(struct arena *arena, const struct query *query, int column)
{
	struct column value = column_of(query, column, "bytes", 1U << COLUMN_TEXT | 1U << COLUMN_BLOB);

	if (value.kind == COLUMN_NULL)
		return bytes(NULL, 0);
	void *copy = arena_copy(arena, value.value.data, value.value.size);
	if (!copy)
		column_no_memory(query, column, value.value.size);
	return bytes(copy, copy ? value.value.size : 0);
}

bool column_bind(const struct column *column, struct bind *value)
{
	/* Bytes that are there but none need an address, or they would be bound as NULL. */
	const struct bytes octets = column->value.data ? column->value : bytes("", 0);

	if (column->kind == COLUMN_NULL)
		*value = BIND_NULL;
	else if (column->kind == COLUMN_INT)
		*value = BIND_INT(column->number);
	else if (column->kind == COLUMN_TEXT)
		*value = (struct bind){ .kind = BIND_TEXT_, .value = octets };
	else if (column->kind == COLUMN_BLOB)
		*value = (struct bind){ .kind = BIND_BLOB_, .value = octets };
	return column->kind != COLUMN_OTHER;
}

/* --- SQL text --- */

static const struct {
	const char *name;
	const char *text[2]; /* by enum db_kind */
} tokens[] = {
	{ "{skip_locked}", { [DB_SQLITE] = "", [DB_POSTGRES] = "FOR UPDATE SKIP LOCKED" } }, /* SQLite has one writer */
	{ "{i64}", { [DB_SQLITE] = "INTEGER", [DB_POSTGRES] = "BIGINT" } },
	{ "{blob}", { [DB_SQLITE] = "BLOB", [DB_POSTGRES] = "BYTEA" } },
	{ "{strict}", { [DB_SQLITE] = "STRICT", [DB_POSTGRES] = "" } },
	/* Whole milliseconds, so that both cut as time_format() does; NULL stays NULL. */
	{ "{iso}",
	  { [DB_SQLITE] = "strftime('%Y-%m-%dT%H:%M:%fZ', (", [DB_POSTGRES] = "to_char(TIMESTAMP '1970-01-01' + (" } },
	{ "{/iso}",
	  { [DB_SQLITE] = " / 1000) / 1000.0, 'unixepoch')",
	    [DB_POSTGRES] = " / 1000) * INTERVAL '1 millisecond', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')" } },
};

/* A brace before a letter opens a token; any other ('{}' in JSON) is itself. Returns what follows. */
static const char *token_put(enum db_kind kind, const char *at, struct buf *sql)
{
	for (size_t i = 0; i < COUNT(tokens); i++) {
		if (starts_with(at, tokens[i].name)) {
			buf_puts(sql, tokens[i].text[kind]);
			return at + strlen(tokens[i].name);
		}
	}
	if (at[1] >= 'a' && at[1] <= 'z')
		return NULL;
	buf_putc(sql, *at);
	return at + 1;
}

enum err_code sql_expand(enum db_kind kind, const struct statement *statement, struct buf *sql, struct err *err)
{
	for (const char *at = statement->sql; *at;) {
		size_t plain = strcspn(at, "{");
		buf_put(sql, at, plain);
		at += plain;
		if (*at == '{' && !(at = token_put(kind, at, sql)))
			return fail(err, ERR_INTERNAL, "%s: unknown token in the SQL", statement->name);
	}
	return buf_check(sql, statement->name, err);
}

static enum err_code prepare_rows(struct tx *tx, void *arg, struct err *err)
{
	const struct statements *statements = arg;

	for (size_t i = 0; i < statements->count; i++)
		TRY(tx_outcome(tx, tx->db->driver->prepare(tx, statements->row[i], &tx->err), err));
	return OK;
}

enum err_code db_prepare_all(struct db *db, const struct statements *statements, struct err *err)
{
	struct statements rows = *statements;

	return db_read(db, prepare_rows, &rows, err);
}
