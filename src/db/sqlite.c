#include "db/sqlite_int.h"

#include <stdio.h>
#include <stdlib.h>

struct sqlite {
	char *path;
	char *vfs;
	bool memory; /* it lives in its one connection: reads queue with the writes */
	struct sqlite_connection *write_connection;
	struct writer *writer;
	struct pool *readers;
};

struct prepared {
	sqlite3_stmt *stmt;
	struct cache_slot *slot; /* NULL: not in the cache, goes with its cursor */
	int values;
	int index[BINDS_MAX]; /* SQLite's number of $1 … $n: it counts by first appearance */
};

struct sqlite_cursor {
	struct cursor cursor;
	struct prepared *prepared;
	int rc; /* of the step made ahead: SQLITE_ROW is a row not yet handed out */
};

/* --- Failures --- */

/* By extended code first, then by primary code. What a wrong program caused is not to be tried again, so not ERR_DB. */
static const struct {
	int rc;
	enum err_code code;
} faults[] = {
	{ SQLITE_CONSTRAINT_NOTNULL, ERR_INTERNAL },
	{ SQLITE_CONSTRAINT_DATATYPE, ERR_INTERNAL },
	{ SQLITE_IOERR_NOMEM, ERR_MEMORY },
	{ SQLITE_CONSTRAINT, ERR_CONFLICT },
	{ SQLITE_FULL, ERR_DISK_FULL },
	{ SQLITE_BUSY, ERR_BUSY },
	{ SQLITE_LOCKED, ERR_BUSY },
	{ SQLITE_IOERR, ERR_IO },
	{ SQLITE_CANTOPEN, ERR_IO },
	{ SQLITE_NOMEM, ERR_MEMORY },
	{ SQLITE_TOOBIG, ERR_LIMIT },
	{ SQLITE_ERROR, ERR_INTERNAL },
	{ SQLITE_MISUSE, ERR_INTERNAL },
	{ SQLITE_RANGE, ERR_INTERNAL },
};

static enum err_code code_of(int rc)
{
	for (size_t i = 0; i < COUNT(faults); i++)
		if (faults[i].rc == rc)
			return faults[i].code;
	for (size_t i = 0; i < COUNT(faults); i++)
		if (faults[i].rc == (rc & 0xFF))
			return faults[i].code;
	return ERR_DB;
}

/* SQLite's messages name tables and columns, never bound values. */
static enum err_code fault(const struct sqlite_connection *connection, int rc, const char *what, struct err *err)
{
	return fail(err, code_of(rc), "%s: %s (SQLite %d)", what, sqlite3_errmsg(connection->handle), rc);
}

/* --- Connections --- */

static void connection_close(void *arg)
{
	struct sqlite_connection *connection = arg;

	if (!connection)
		return;
	for (size_t i = 0; i < COUNT(connection->cache.slot); i++) {
		struct prepared *prepared = connection->cache.slot[i].prepared;
		if (prepared)
			sqlite3_finalize(prepared->stmt);
		free(prepared);
	}
	sqlite3_close_v2(connection->handle);
	free(connection);
}

static enum err_code pragma(struct sqlite_connection *connection, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(connection->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? OK : fault(connection, rc, sql, err);
}

/* The schema is not to be trusted (a restored file may be anyone's); "text" in double quotes is not a string, as in
 * PostgreSQL; a plan does not depend on the values, for which a statement would be compiled again at each use. */
static const struct {
	int option, value;
} configuration[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },   { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 }, { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },     { SQLITE_DBCONFIG_DQS_DDL, 0 },
	{ SQLITE_DBCONFIG_ENABLE_QPSG, 1 },
};

static enum err_code connection_configure(const struct db *db, struct sqlite_connection *connection, struct err *err)
{
	char cache[64];

	for (size_t i = 0; i < COUNT(configuration); i++) {
		int rc = sqlite3_db_config(connection->handle, configuration[i].option, configuration[i].value, NULL);
		if (rc != SQLITE_OK)
			return fault(connection, rc, "configuring SQLite", err);
	}
	int64_t timeout_ms = db->options.busy_timeout_us / 1000;
	sqlite3_busy_timeout(connection->handle, timeout_ms < INT32_MAX ? (int)timeout_ms : INT32_MAX);
	snprintf(cache, sizeof(cache), "PRAGMA cache_size=-%zu", db->options.cache_bytes / 1024); /* negative: in KiB */
	TRY(pragma(connection, cache, err));
	TRY(pragma(connection, "PRAGMA mmap_size=0", err)); /* a failed read must be an error, not SIGBUS */
	return pragma(connection, "PRAGMA synchronous=FULL", err);
}

static enum err_code connection_open(struct db *db, struct sqlite_connection **connection, struct err *err)
{
	const struct sqlite *sqlite = db->state;
	struct sqlite_connection *new = calloc(1, sizeof(*new));

	if (!new)
		return fail(err, ERR_MEMORY, "no memory left for a database connection");
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int rc = sqlite3_open_v2(sqlite->path, &new->handle, flags, sqlite->vfs);
	enum err_code code = rc == SQLITE_OK ? connection_configure(db, new, err) : fault(new, rc, sqlite->path, err);
	if (code != OK) {
		connection_close(new);
		return code;
	}
	*connection = new;
	return OK;
}

static enum err_code reader_open(struct db *db, void **connection, struct err *err)
{
	struct sqlite_connection *new;

	TRY(connection_open(db, &new, err));
	enum err_code code = pragma(new, "PRAGMA query_only=ON", err);
	if (code != OK) {
		connection_close(new);
		return code;
	}
	*connection = new;
	return OK;
}

/* --- Prepared statements --- */

static void prepared_free(struct prepared *prepared)
{
	sqlite3_finalize(prepared->stmt);
	free(prepared);
}

static enum err_code values_resolve(struct prepared *prepared, const struct statement *statement, struct err *err)
{
	char name[16];

	prepared->values = sqlite3_bind_parameter_count(prepared->stmt);
	if (prepared->values > BINDS_MAX)
		return fail(err, ERR_INTERNAL, "%s: more than %d values", statement->name, BINDS_MAX);
	for (int i = 0; i < prepared->values; i++) {
		snprintf(name, sizeof(name), "$%d", i + 1);
		prepared->index[i] = sqlite3_bind_parameter_index(prepared->stmt, name);
		if (prepared->index[i] == 0)
			return fail(err, ERR_INTERNAL, "%s: takes %d values, but not %s", statement->name,
				    prepared->values, name);
	}
	return OK;
}

static enum err_code prepare_into(struct sqlite_connection *connection, const struct statement *statement,
				  struct prepared *prepared, struct err *err)
{
	buf_auto sql;
	const char *tail;

	buf_init(&sql, SQL_MAX_BYTES);
	TRY(sql_expand(DB_SQLITE, statement, &sql, err));
	int rc = sqlite3_prepare_v3(connection->handle, buf_text(&sql), -1, SQLITE_PREPARE_PERSISTENT, &prepared->stmt,
				    &tail);
	if (rc != SQLITE_OK)
		return fault(connection, rc, statement->name, err);
	if (!prepared->stmt || tail[strspn(tail, " \t\r\n;")] != '\0')
		return fail(err, ERR_INTERNAL, "%s: is not exactly one statement", statement->name);
	return values_resolve(prepared, statement, err);
}

/* From the cache; anew if it is not there, and outside the cache while a cursor stands on the cached one. */
static enum err_code prepared_take(struct sqlite_connection *connection, const struct statement *statement,
				   struct prepared **prepared, struct err *err)
{
	struct cache_slot *slot = cache_find(&connection->cache, statement);

	if (slot && !slot->busy) {
		slot->busy = true;
		*prepared = slot->prepared;
		return OK;
	}

	struct prepared *new = calloc(1, sizeof(*new));
	if (!new)
		return fail(err, ERR_MEMORY, "%s: no memory left to prepare it", statement->name);
	enum err_code code = prepare_into(connection, statement, new, err);
	if (code != OK) {
		prepared_free(new);
		return code;
	}
	new->slot = slot ? NULL : cache_room(&connection->cache, statement);
	if (new->slot) {
		if (new->slot->statement)
			prepared_free(new->slot->prepared);
		cache_put(&connection->cache, new->slot, statement, new);
		new->slot->busy = true;
	}
	*prepared = new;
	return OK;
}

static void prepared_give(struct prepared *prepared)
{
	if (!prepared->slot) {
		prepared_free(prepared);
		return;
	}
	sqlite3_reset(prepared->stmt);
	sqlite3_clear_bindings(prepared->stmt); /* they point to memory of the caller */
	prepared->slot->busy = false;
}

static int value_bind(sqlite3_stmt *stmt, int index, const struct bind *bind)
{
	const void *data = bind->value.data;

	switch (bind->kind) {
	case BIND_INT_:
		return sqlite3_bind_int64(stmt, index, bind->number);
	case BIND_TEXT_:
		return sqlite3_bind_text64(stmt, index, data, bind->value.size, SQLITE_STATIC, SQLITE_UTF8);
	case BIND_BLOB_:
		return sqlite3_bind_blob64(stmt, index, data, bind->value.size, SQLITE_STATIC);
	case BIND_NULL_:
		break;
	}
	return sqlite3_bind_null(stmt, index);
}

static enum err_code values_bind(const struct sqlite_connection *connection, const struct prepared *prepared,
				 const struct statement *statement, const struct bind *binds, size_t count,
				 struct err *err)
{
	if (count != (size_t)prepared->values)
		return fail(err, ERR_INTERNAL, "%s: takes %d values, not %zu", statement->name, prepared->values,
			    count);
	for (size_t i = 0; i < count; i++) {
		int rc = value_bind(prepared->stmt, prepared->index[i], &binds[i]);
		if (rc != SQLITE_OK)
			return fault(connection, rc, statement->name, err);
	}
	return OK;
}

/* Ready to step; given back by the caller. A reader's connection refuses to write by itself, the shared one of
 * ":memory:" does not. */
static enum err_code prepared_bound(const struct tx *tx, const struct statement *statement, const struct bind *binds,
				    size_t count, struct prepared **prepared, struct err *err)
{
	struct sqlite_connection *connection = tx->connection;
	struct prepared *taken;

	TRY(prepared_take(connection, statement, &taken, err));
	enum err_code code;
	if (tx->mode == TX_READ && !sqlite3_stmt_readonly(taken->stmt))
		code = fail(err, ERR_INTERNAL, "%s: writes in a transaction that reads", statement->name);
	else
		code = values_bind(connection, taken, statement, binds, count, err);
	if (code != OK) {
		prepared_give(taken);
		return code;
	}
	*prepared = taken;
	return OK;
}

enum err_code sqlite_run(struct sqlite_connection *connection, const struct statement *statement, int *rc,
			 struct err *err)
{
	struct prepared *prepared;

	if (rc)
		*rc = SQLITE_ERROR;
	TRY(prepared_take(connection, statement, &prepared, err));
	int result = sqlite3_step(prepared->stmt);
	if (rc)
		*rc = result;
	enum err_code code = result == SQLITE_DONE ? OK : fault(connection, result, statement->name, err);
	prepared_give(prepared);
	return code;
}

/* --- The driver --- */

static enum err_code sqlite_prepare(struct tx *tx, const struct statement *statement, struct err *err)
{
	struct prepared *prepared;

	TRY(prepared_take(tx->connection, statement, &prepared, err));
	prepared_give(prepared);
	return OK;
}

static enum err_code sqlite_exec(struct tx *tx, const struct statement *statement, const struct bind *binds,
				 size_t count, int64_t *changed, struct err *err)
{
	struct sqlite_connection *connection = tx->connection;
	struct prepared *prepared;

	TRY(prepared_bound(tx, statement, binds, count, &prepared, err));
	enum err_code code = OK;
	if (sqlite3_column_count(prepared->stmt) > 0) {
		code = fail(err, ERR_INTERNAL, "%s: returns rows, so it is a query", statement->name);
	} else {
		int rc = sqlite3_step(prepared->stmt);
		if (rc == SQLITE_DONE)
			*changed = sqlite3_changes64(connection->handle);
		else
			code = fault(connection, rc, statement->name, err);
	}
	prepared_give(prepared);
	return code;
}

static enum err_code sqlite_script(struct tx *tx, const char *sql, struct err *err)
{
	struct sqlite_connection *connection = tx->connection;
	int rc = sqlite3_exec(connection->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? OK : fault(connection, rc, "script", err);
}

static enum err_code sqlite_query(struct tx *tx, const struct statement *statement, const struct bind *binds,
				  size_t count, struct cursor **cursor, struct err *err)
{
	struct sqlite_cursor *new = calloc(1, sizeof(*new));

	if (!new)
		return fail(err, ERR_MEMORY, "%s: no memory left for a query", statement->name);
	new->cursor = (struct cursor){ .tx = tx, .statement = statement };
	enum err_code code = prepared_bound(tx, statement, binds, count, &new->prepared, err);
	if (code != OK) {
		free(new);
		return code;
	}
	/* The first step does all that INSERT … RETURNING changes, and finds its conflicts, as PostgreSQL does here. */
	new->rc = sqlite3_step(new->prepared->stmt);
	if (new->rc != SQLITE_ROW &&new->rc != SQLITE_DONE) {
		code = fault(tx->connection, new->rc, statement->name, err);
		prepared_give(new->prepared);
		free(new);
		return code;
	}
	*cursor = &new->cursor;
	return OK;
}

static enum err_code sqlite_next(struct cursor *cursor, bool *row, struct err *err)
{
	struct sqlite_cursor *self = (struct sqlite_cursor *)cursor;

	if (self->rc == SQLITE_OK)
		self->rc = sqlite3_step(self->prepared->stmt);
	if (self->rc == SQLITE_DONE) {
		*row = false;
		return OK;
	}
	if (self->rc != SQLITE_ROW)
		return fault(cursor->tx->connection, self->rc, cursor->statement->name, err);
	self->rc = SQLITE_OK;
	*row = true;
	return OK;
}

static void sqlite_end(struct cursor *cursor)
{
	struct sqlite_cursor *self = (struct sqlite_cursor *)cursor;

	prepared_give(self->prepared);
	free(self);
}

static struct column sqlite_column(const struct cursor *cursor, int column)
{
	sqlite3_stmt *stmt = ((const struct sqlite_cursor *)cursor)->prepared->stmt;

	if (column < 0 || column >= sqlite3_data_count(stmt))
		return (struct column){ .kind = COLUMN_OTHER };

	int type = sqlite3_column_type(stmt, column);
	if (type == SQLITE_INTEGER)
		return (struct column){ .kind = COLUMN_INT, .number = sqlite3_column_int64(stmt, column) };
	if (type == SQLITE_NULL)
		return (struct column){ .kind = COLUMN_NULL };
	if (type != SQLITE_TEXT && type != SQLITE_BLOB)
		return (struct column){ .kind = COLUMN_OTHER };

	const void *data = sqlite3_column_blob(stmt, column); /* before the size, as SQLite asks */
	int size = sqlite3_column_bytes(stmt, column);
	if (!data && size > 0) /* no memory */
		return (struct column){ .kind = COLUMN_OTHER };
	return (struct column){ .kind = type == SQLITE_TEXT ? COLUMN_TEXT : COLUMN_BLOB,
				.value = bytes(data, (size_t)size) };
}

static enum err_code rows_stream(struct tx *tx, struct sqlite_cursor *cursor, db_row_fn *each, void *arg,
				 struct err *err)
{
	sqlite3_stmt *stmt = cursor->prepared->stmt;
	int rc, columns = sqlite3_column_count(stmt);
	struct bind values[BINDS_MAX];

	if (columns > BINDS_MAX)
		return fail(err, ERR_LIMIT, "a table has more than %d columns", BINDS_MAX);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (int i = 0; i < columns; i++) {
			struct column column = sqlite_column(&cursor->cursor, i);
			if (!column_bind(&column, &values[i]))
				return fail(err, ERR_INTERNAL, "column %s is no integer, text or bytes",
					    sqlite3_column_name(stmt, i));
		}
		TRY(each(arg, values, (size_t)columns, err));
	}
	return rc == SQLITE_DONE ? OK : fault(tx->connection, rc, "reading a table", err);
}

static enum err_code sqlite_stream(struct tx *tx, const char *sql, db_row_fn *each, void *arg, struct err *err)
{
	struct sqlite_connection *connection = tx->connection;
	struct prepared prepared = { 0 };
	struct sqlite_cursor cursor = { .prepared = &prepared };

	int rc = sqlite3_prepare_v2(connection->handle, sql, -1, &prepared.stmt, NULL);
	if (rc != SQLITE_OK)
		return fault(connection, rc, "reading a table", err);
	enum err_code code = rows_stream(tx, &cursor, each, arg, err);
	sqlite3_finalize(prepared.stmt);
	return code;
}

/* WAL, or the promise of readers beside a writer is empty; a file system without shared memory cannot do it. */
static enum err_code log_mode_set(struct sqlite_connection *connection, struct err *err)
{
	static const struct statement wal = { "journal mode", "PRAGMA journal_mode=WAL" };
	struct prepared *prepared;

	TRY(prepared_take(connection, &wal, &prepared, err));
	int rc = sqlite3_step(prepared->stmt);
	const char *mode = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(prepared->stmt, 0) : NULL;
	enum err_code code = OK;
	if (rc != SQLITE_ROW)
		code = fault(connection, rc, wal.name, err);
	else if (!same(mode, "wal") && !same(mode, "memory"))
		code = fail(err, ERR_CONFIG, "the file system of the database cannot do write-ahead logging");
	prepared_give(prepared);
	return code;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static enum err_code sqlite_open(struct db *db, const char *url, struct err *err)
{
	struct sqlite *sqlite = calloc(1, sizeof(*sqlite));

	if (!sqlite)
		return fail(err, ERR_MEMORY, "no memory left to open the database");
	db->state = sqlite;
	if (*url == '\0')
		return fail(err, ERR_CONFIG, "the database has no path"); /* SQLite would make a temporary one */
	sqlite->path = strdup(url);
	sqlite->vfs = db->options.vfs ? strdup(db->options.vfs) : NULL;
	sqlite->memory = same(url, ":memory:");
	db->directory = sqlite->memory ? NULL : directory_of(url);
	sqlite->readers = pool_new(db, db->options.readers, reader_open);
	if (!sqlite->path || (db->options.vfs && !sqlite->vfs) || (!sqlite->memory && !db->directory) ||
	    !sqlite->readers)
		return fail(err, ERR_MEMORY, "no memory left to open the database");

	TRY(connection_open(db, &sqlite->write_connection, err));
	TRY(log_mode_set(sqlite->write_connection, err));
	/* 16 MiB of log before it is moved into the database: the pages that all writes touch are then moved once for
	 * many. After a burst the log shrinks again. */
	TRY(pragma(sqlite->write_connection, "PRAGMA wal_autocheckpoint=4000", err));
	TRY(pragma(sqlite->write_connection, "PRAGMA journal_size_limit=67108864", err));
	return writer_start(db, sqlite->write_connection, &sqlite->writer, err);
}

static void sqlite_close(struct db *db)
{
	struct sqlite *sqlite = db->state;

	if (!sqlite)
		return;
	writer_stop(sqlite->writer);
	pool_free(sqlite->readers, connection_close);
	connection_close(sqlite->write_connection); /* the last one: moves the log into the database */
	free(sqlite->path);
	free(sqlite->vfs);
	free(sqlite);
}

static enum err_code read_run(struct db *db, struct sqlite_connection *connection, db_fn *run, void *arg,
			      struct err *err)
{
	static const struct statement begin = { "begin", "BEGIN" }, end = { "end", "ROLLBACK" };
	struct tx tx = { .db = db, .connection = connection, .mode = TX_READ };

	TRY(sqlite_run(connection, &begin, NULL, err));
	enum err_code code = tx_run(&tx, run, arg, err);
	/* There is nothing to keep, and a rollback cannot be busy. SQLite may have done it after a failed read. */
	if (!sqlite3_get_autocommit(connection->handle)) {
		enum err_code ended = sqlite_run(connection, &end, NULL, code == OK ? err : NULL);
		if (code == OK)
			code = ended;
	}
	return code;
}

static enum err_code sqlite_transact(struct db *db, enum tx_mode mode, db_fn *run, void *arg, struct err *err)
{
	struct sqlite *sqlite = db->state;
	void *connection;

	if (mode != TX_READ || sqlite->memory)
		return writer_run(sqlite->writer, mode, run, arg,
				  err); /* BEGIN IMMEDIATE excludes every other writer */

	TRY(pool_take(sqlite->readers, &connection, err));
	enum err_code code = read_run(db, connection, run, arg, err);
	pool_give(sqlite->readers, connection);
	return code;
}

const struct db_driver sqlite_driver = {
	.kind = DB_SQLITE,
	.open = sqlite_open,
	.close = sqlite_close,
	.transact = sqlite_transact,
	.prepare = sqlite_prepare,
	.exec = sqlite_exec,
	.script = sqlite_script,
	.stream = sqlite_stream,
	.query = sqlite_query,
	.next = sqlite_next,
	.column = sqlite_column,
	.end = sqlite_end,
};
