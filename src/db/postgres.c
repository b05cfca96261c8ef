/* PostgreSQL. Values and columns travel in binary; their types are what the server inferred, read once when a statement
 * is prepared. */
#include "db/driver_int.h"

#include <endian.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

#define BROKEN_MAX        16 /* idle connections that are found broken, one after another */
#define BACK_OFF_FIRST_US 2000
#define BACK_OFF_DOUBLED  6 /* times, to 128 ms */
/* Any constant: the nodes that share a database take it to migrate one after the other. */
#define SCHEMA_LOCK "4981536472112650"

struct postgres {
	char *url;
	struct pool *readers, *writers; /* apart, so that reports do not keep messages from being accepted */
};

struct connection {
	PGconn *handle;
	bool again; /* the transaction lost against another one: it may win when run again */
	unsigned long long names;
	struct cache cache;
};

struct prepared {
	char name[24]; /* on the server */
	int values;
	Oid type[BINDS_MAX];
};

struct postgres_cursor {
	struct cursor cursor;
	PGresult *result;
	int row; /* -1 before the first */
};

static void result_clear(PGresult **result)
{
	PQclear(*result);
}
#define result_auto __attribute__((cleanup(result_clear), unused)) PGresult *

/* --- Failures --- */

/* SQLSTATE by its longest prefix (PostgreSQL 15, appendix A). What a wrong program caused is not to be tried again, so
 * not ERR_DB. */
static const struct fault {
	const char *state;
	enum err_code code;
	bool again;
} faults[] = {
	{ "23502", ERR_INTERNAL, false }, /* not_null_violation */
	{ "23", ERR_CONFLICT, false },    /* integrity_constraint_violation */
	{ "40001", ERR_BUSY, true },      /* serialization_failure */
	{ "40P01", ERR_BUSY, true },      /* deadlock_detected */
	{ "55P03", ERR_BUSY, false },     /* lock_not_available */
	{ "53100", ERR_DISK_FULL, false },
	{ "53200", ERR_MEMORY, false },
	{ "53300", ERR_BUSY, false },    /* too_many_connections */
	{ "57014", ERR_TIMEOUT, false }, /* query_canceled */
	{ "58", ERR_IO, false },
	{ "54", ERR_LIMIT, false },
	{ "0A", ERR_INTERNAL, false },
	{ "22", ERR_INTERNAL, false },
	{ "25", ERR_INTERNAL, false },
	{ "42", ERR_INTERNAL, false },
	{ "", ERR_DB, false },
};

static const struct fault *fault_of(const char *state)
{
	const struct fault *row = faults;

	while (strncmp(state, row->state, strlen(row->state)) != 0) /* every text starts with the last one */
		row++;
	return row;
}

static bool lost(const struct connection *connection)
{
	return PQstatus(connection->handle) != CONNECTION_OK;
}

/* The primary message alone: DETAIL has values of rows. Messages of class 22 (data exception) quote the value itself.
 */
static enum err_code fault(struct connection *connection, const PGresult *result, const char *what, struct err *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (lost(connection) || !state)
		return fail(err, ERR_DB, "%s: the connection to the database failed", what);

	const struct fault *row = fault_of(state);
	connection->again = connection->again || row->again;
	if (strncmp(state, "22", 2) == 0)
		text = "a value is not what the statement takes";
	return fail(err, row->code, "%s: %s (SQLSTATE %s)", what, text ? text : "no message", state);
}

static enum err_code run(struct connection *connection, const char *sql, const char *what, struct err *err)
{
	result_auto result = PQexec(connection->handle, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
		return OK;
	return fault(connection, result, what, err);
}

/* --- Connections --- */

static void notice_drop(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

static void connection_close(void *arg)
{
	struct connection *connection = arg;

	for (size_t i = 0; i < COUNT(connection->cache.slot); i++)
		free(connection->cache.slot[i].prepared);
	PQfinish(connection->handle);
	free(connection);
}

/* Of a URL that it does not understand libpq says which part, and that may be the password. */
static enum err_code unreachable(const struct db *db, const struct connection *connection, struct err *err)
{
	const struct postgres *postgres = db->state;
	const char *text = PQerrorMessage(connection->handle);
	bool tried = starts_with(text, "connection to server") ||
		     (starts_with(text, "could not translate host name") && !strchr(text, '@'));
	buf_auto shown;
	buf_init(&shown, 4096);
	url_put_masked(&shown, postgres->url);
	if (!tried && (shown.failed || !same(buf_text(&shown), postgres->url)))
		return fail(err, ERR_CONFIG,
			    "cannot connect to the database: its URL is wrong, and what libpq says of it is not shown, "
			    "for there is a password in it (in a URL %%, /, ?, # and @ of a password are %%25, %%2F, "
			    "%%3F, %%23 and %%40)");
	return fail(err, ERR_DB, "cannot connect to the database: %.*s", (int)strcspn(text, "\n"), text);
}

static enum err_code connection_configure(const struct db *db, struct connection *connection, struct err *err)
{
	char sql[256];

	if (lost(connection))
		return unreachable(db, connection, err);
	PQsetNoticeReceiver(connection->handle, notice_drop, NULL);
	/* A commit that is answered must be durable; a setting that promises more than "on" stays. */
	int size = snprintf(sql, sizeof(sql),
			    "SELECT set_config('lock_timeout', '%" PRId64 "', false),"
			    " CASE WHEN current_setting('synchronous_commit') = 'off'"
			    " THEN set_config('synchronous_commit', 'on', false) END",
			    db->options.busy_timeout_us / 1000);
	if (size < 0 || (size_t)size >= sizeof(sql))
		return fail(err, ERR_INTERNAL, "the settings of a connection do not fit");
	return run(connection, sql, "settings", err);
}

static enum err_code connection_open(struct db *db, void **connection, struct err *err)
{
	const struct postgres *postgres = db->state;
	struct connection *new = calloc(1, sizeof(*new));
	/* What stands before "dbname" may be overridden by the URL, what stands after may not. */
	const char *const names[] = { "connect_timeout", "tcp_user_timeout", "fallback_application_name",
				      "dbname",          "client_encoding",  NULL };
	const char *const values[] = { "10", "30000", "lintas", postgres->url, "UTF8", NULL };

	if (!new)
		return fail(err, ERR_MEMORY, "no memory left for a database connection");
	new->handle = PQconnectdbParams(names, values, true);
	enum err_code code = connection_configure(db, new, err);
	if (code != OK) {
		connection_close(new);
		return code;
	}
	*connection = new;
	return OK;
}

/* --- Prepared statements --- */

/* pg_type.oid of the types that the server gives to what the SQL of this program says; they are fixed for all time. */
enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_VARCHAR = 1043
};

static enum column_kind kind_of(Oid type)
{
	static const struct {
		Oid type;
		enum column_kind kind;
	} kinds[] = {
		{ OID_INT8, COLUMN_INT }, { OID_TEXT, COLUMN_TEXT }, { OID_BYTEA, COLUMN_BLOB },
		{ OID_INT4, COLUMN_INT }, { OID_BOOL, COLUMN_INT },  { OID_VARCHAR, COLUMN_TEXT },
		{ OID_INT2, COLUMN_INT }, { OID_NAME, COLUMN_TEXT },
	};

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].type == type)
			return kinds[i].kind;
	return COLUMN_OTHER;
}

/* Refused here and not when a value happens to be too large, so that preparing all statements finds it. */
static enum err_code types_check(const PGresult *description, const struct statement *statement,
				 struct prepared *prepared, struct err *err)
{
	prepared->values = PQnparams(description);
	if (prepared->values > BINDS_MAX)
		return fail(err, ERR_INTERNAL, "%s: more than %d values", statement->name, BINDS_MAX);
	for (int i = 0; i < prepared->values; i++) {
		Oid type = PQparamtype(description, i);
		if (type != OID_INT8 && type != OID_TEXT && type != OID_VARCHAR && type != OID_BYTEA)
			return fail(
				err, ERR_INTERNAL,
				"%s: $%d would be of type %u, which is no 64-bit integer, text or bytes: CAST($%d AS …)",
				statement->name, i + 1, type, i + 1);
		prepared->type[i] = type;
	}
	for (int i = 0; i < PQnfields(description); i++)
		if (kind_of(PQftype(description, i)) == COLUMN_OTHER)
			return fail(err, ERR_INTERNAL,
				    "%s: column %d is of type %u, which is no integer, text or bytes: CAST(%s AS …)",
				    statement->name, i, PQftype(description, i), PQfname(description, i));
	return OK;
}

static enum err_code deallocate(struct connection *connection, const struct prepared *prepared, struct err *err)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "DEALLOCATE %s", prepared->name);
	return run(connection, sql, "deallocate", err);
}

static enum err_code prepare_on_server(struct connection *connection, const struct statement *statement,
				       struct prepared *prepared, struct err *err)
{
	buf_auto sql;

	buf_init(&sql, SQL_MAX_BYTES);
	TRY(sql_expand(DB_POSTGRES, statement, &sql, err));
	result_auto made = PQprepare(connection->handle, prepared->name, buf_text(&sql), 0, NULL);
	if (PQresultStatus(made) != PGRES_COMMAND_OK)
		return fault(connection, made, statement->name, err);
	result_auto description = PQdescribePrepared(connection->handle, prepared->name);
	if (PQresultStatus(description) != PGRES_COMMAND_OK)
		return fault(connection, description, statement->name, err);

	enum err_code code = types_check(description, statement, prepared, err);
	if (code != OK)
		(void)!deallocate(connection, prepared, NULL); /* what was found first is what counts */
	return code;
}

static enum err_code prepared_get(struct connection *connection, const struct statement *statement,
				  struct prepared **prepared, struct err *err)
{
	struct cache_slot *slot = cache_find(&connection->cache, statement);

	if (slot) {
		*prepared = slot->prepared;
		return OK;
	}
	slot = cache_room(&connection->cache, statement);
	struct prepared *new = slot ? calloc(1, sizeof(*new)) : NULL;
	if (!new)
		return fail(err, ERR_MEMORY, "%s: no memory left to prepare it", statement->name);
	snprintf(new->name, sizeof(new->name), "s%llu", ++connection->names);

	enum err_code code = prepare_on_server(connection, statement, new, err);
	if (code == OK && slot->statement)
		code = deallocate(connection, slot->prepared, err);
	if (code != OK) {
		free(new);
		return code;
	}
	free(slot->prepared); /* NULL if the slot was free */
	cache_put(&connection->cache, slot, statement, new);
	*prepared = new;
	return OK;
}

/* --- Statements --- */

struct values {
	const char *data[BINDS_MAX];
	int size[BINDS_MAX];
	int format[BINDS_MAX];
	uint64_t number[BINDS_MAX]; /* in network order */
};

static bool fits(enum bind_kind kind, Oid type)
{
	switch (kind) {
	case BIND_INT_:
		return type == OID_INT8;
	case BIND_TEXT_:
		return type == OID_TEXT || type == OID_VARCHAR;
	case BIND_BLOB_:
		return type == OID_BYTEA;
	case BIND_NULL_:
		break;
	}
	return true;
}

static enum err_code values_fill(struct values *values, const struct prepared *prepared,
				 const struct statement *statement, const struct bind *binds, size_t count,
				 struct err *err)
{
	if (count != (size_t)prepared->values)
		return fail(err, ERR_INTERNAL, "%s: takes %d values, not %zu", statement->name, prepared->values,
			    count);
	for (size_t i = 0; i < count; i++) {
		const struct bind *bind = &binds[i];
		if (!fits(bind->kind, prepared->type[i]))
			return fail(err, ERR_INTERNAL, "%s: $%zu is of another kind than the value given",
				    statement->name, i + 1);
		if (bind->value.size > INT32_MAX)
			return fail(err, ERR_LIMIT, "%s: $%zu is larger than 2 GiB", statement->name, i + 1);
		values->format[i] = 1;
		values->number[i] = htobe64((uint64_t)bind->number);
		values->data[i] =
			bind->kind == BIND_INT_ ? (const char *)&values->number[i] : (const char *)bind->value.data;
		values->size[i] = bind->kind == BIND_INT_ ? (int)sizeof(uint64_t) : (int)bind->value.size;
	}
	return OK;
}

static enum err_code execute(struct connection *connection, const struct statement *statement, const struct bind *binds,
			     size_t count, PGresult **result, struct err *err)
{
	struct prepared *prepared;
	struct values values;

	TRY(prepared_get(connection, statement, &prepared, err));
	TRY(values_fill(&values, prepared, statement, binds, count, err));
	PGresult *answer = PQexecPrepared(connection->handle, prepared->name, (int)count, values.data, values.size,
					  values.format, 1);
	ExecStatusType status = PQresultStatus(answer);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		enum err_code code = fault(connection, answer, statement->name, err);
		PQclear(answer);
		return code;
	}
	*result = answer;
	return OK;
}

static enum err_code postgres_prepare(struct tx *tx, const struct statement *statement, struct err *err)
{
	struct prepared *prepared;

	return prepared_get(tx->connection, statement, &prepared, err);
}

static enum err_code postgres_exec(struct tx *tx, const struct statement *statement, const struct bind *binds,
				   size_t count, int64_t *changed, struct err *err)
{
	result_auto result = NULL;

	TRY(execute(tx->connection, statement, binds, count, &result, err));
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		return fail(err, ERR_INTERNAL, "%s: returns rows, so it is a query", statement->name);
	if (!int64_parse(PQcmdTuples(result), changed)) /* "" after what touches no rows */
		*changed = 0;
	return OK;
}

static enum err_code postgres_script(struct tx *tx, const char *sql, struct err *err)
{
	return run(tx->connection, sql, "script", err);
}

static enum err_code postgres_query(struct tx *tx, const struct statement *statement, const struct bind *binds,
				    size_t count, struct cursor **cursor, struct err *err)
{
	struct postgres_cursor *new = calloc(1, sizeof(*new));

	if (!new)
		return fail(err, ERR_MEMORY, "%s: no memory left for a query", statement->name);
	new->cursor = (struct cursor){ .tx = tx, .statement = statement };
	new->row = -1;
	/* All rows at once: they are bounded by a LIMIT in the SQL, and another statement may run while they are read.
	 */
	enum err_code code = execute(tx->connection, statement, binds, count, &new->result, err);
	if (code != OK) {
		free(new);
		return code;
	}
	*cursor = &new->cursor;
	return OK;
}

static enum err_code postgres_next(struct cursor *cursor, bool *row, struct err *err)
{
	struct postgres_cursor *self = (struct postgres_cursor *)cursor;

	(void)err;
	*row = self->row + 1 < PQntuples(self->result);
	self->row += *row;
	return OK;
}

static void postgres_end(struct cursor *cursor)
{
	struct postgres_cursor *self = (struct postgres_cursor *)cursor;

	PQclear(self->result);
	free(self);
}

/* Two's complement in network order, of 1 (boolean), 2, 4 or 8 bytes. */
static int64_t number_of(const uint8_t *data, int size)
{
	uint64_t number = size > 1 && data[0] & 0x80 ? UINT64_MAX : 0;

	for (int i = 0; i < size; i++)
		number = number << 8 | data[i];
	return (int64_t)number;
}

static struct column postgres_column(const struct cursor *cursor, int column)
{
	const struct postgres_cursor *self = (const struct postgres_cursor *)cursor;

	if (column < 0 || column >= PQnfields(self->result) || self->row < 0 || self->row >= PQntuples(self->result))
		return (struct column){ .kind = COLUMN_OTHER };
	if (PQgetisnull(self->result, self->row, column))
		return (struct column){ .kind = COLUMN_NULL };

	const void *data = PQgetvalue(self->result, self->row, column);
	int size = PQgetlength(self->result, self->row, column);
	enum column_kind kind = kind_of(PQftype(self->result, column));
	if (kind == COLUMN_INT)
		return (struct column){ .kind = kind, .number = number_of(data, size) };
	return (struct column){ .kind = kind, .value = bytes(data, (size_t)size) };
}

/* One row, as single-row mode gives it. */
static enum err_code row_stream(PGresult *result, db_row_fn *each, void *arg, struct err *err)
{
	const struct postgres_cursor cursor = { .result = result, .row = 0 };
	struct bind values[BINDS_MAX];
	int columns = PQnfields(result);

	if (columns > BINDS_MAX)
		return fail(err, ERR_LIMIT, "a table has more than %d columns", BINDS_MAX);
	for (int i = 0; i < columns; i++) {
		struct column column = postgres_column(&cursor.cursor, i);
		if (!column_bind(&column, &values[i]))
			return fail(err, ERR_INTERNAL, "column %s is no integer, text or bytes", PQfname(result, i));
	}
	return each(arg, values, (size_t)columns, err);
}

/* Without this the server would send the rest of the table, to be thrown away. */
static void stream_stop(struct connection *connection)
{
	char why[256];
	PGcancel *cancel = PQgetCancel(connection->handle);

	if (cancel)
		(void)!PQcancel(cancel, why, sizeof(why));
	PQfreeCancel(cancel);
}

static enum err_code postgres_stream(struct tx *tx, const char *sql, db_row_fn *each, void *arg, struct err *err)
{
	struct connection *connection = tx->connection;
	enum err_code code = OK;
	PGresult *result;

	if (PQsendQueryParams(connection->handle, sql, 0, NULL, NULL, NULL, NULL, 1) != 1 ||
	    PQsetSingleRowMode(connection->handle) != 1)
		return fail(err, ERR_DB, "reading a table: the connection to the database failed");
	while ((result = PQgetResult(connection->handle)) != NULL) {
		ExecStatusType status = PQresultStatus(result);
		enum err_code before = code;
		if (code == OK && status == PGRES_SINGLE_TUPLE)
			code = row_stream(result, each, arg, err);
		else if (code == OK && status != PGRES_TUPLES_OK)
			code = fault(connection, result, "reading a table", err);
		PQclear(result);
		if (before == OK && code != OK)
			stream_stop(connection);
	}
	return code;
}

/* --- Transactions --- */

static const char *const begin_sql[] = {
	[TX_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	[TX_WRITE] = "BEGIN ISOLATION LEVEL REPEATABLE READ",
	/* READ COMMITTED: a snapshot taken before the wait for the lock would miss what the other node did meanwhile.
	 */
	[TX_SCHEMA] = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = 0;"
		      " SELECT pg_advisory_xact_lock(" SCHEMA_LOCK ")",
};

/* With an answer (a deferred constraint, a serialisation failure) the transaction is undone. Not so when the connection
 * or the server goes down, or says itself that it does not know. */
static bool outcome_known(const struct connection *connection, const char *state)
{
	static const char *const unknown[] = { "08", "40003", "57P" };

	if (!state || lost(connection))
		return false;
	for (size_t i = 0; i < COUNT(unknown); i++)
		if (starts_with(state, unknown[i]))
			return false;
	return true;
}

static enum err_code commit(struct db *db, struct connection *connection, enum tx_mode mode, struct err *err)
{
	result_auto result = PQexec(connection->handle, "COMMIT");
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (PQresultStatus(result) == PGRES_COMMAND_OK) {
		/* A transaction that had failed is rolled back by COMMIT; tx_run() ought to have known. */
		if (!same(PQcmdStatus(result), "COMMIT"))
			return fail(err, ERR_INTERNAL, "a failed transaction was to be committed");
		if (mode != TX_READ)
			db_count(db, 1);
		return OK;
	}
	if (mode != TX_READ && !outcome_known(connection, state))
		return fail(err, ERR_COMMIT_UNCERTAIN, "the connection to the database was lost during a commit");
	return fault(connection, result, "commit", err);
}

static enum err_code transact_on(struct db *db, struct connection *connection, enum tx_mode mode, db_fn *fn, void *arg,
				 struct err *err)
{
	struct tx tx = { .db = db, .connection = connection, .mode = mode };

	enum err_code code = tx_run(&tx, fn, arg, err);
	if (code == OK)
		return commit(db, connection, mode, err);
	/* A rollback that fails leaves a connection that is not idle; it is closed then. */
	(void)!run(connection, "ROLLBACK", "rollback", NULL);
	return code;
}

/* A connection of the pool in a transaction. One that broke while it was idle (the server was restarted) is replaced:
 * nothing was begun. */
static enum err_code begun_take(struct pool *pool, enum tx_mode mode, struct connection **connection, struct err *err)
{
	enum err_code code = OK;

	for (unsigned tries = 0; tries < BROKEN_MAX; tries++) {
		void *taken;
		TRY(pool_take(pool, &taken, err));
		*connection = taken;
		(*connection)->again = false;
		code = run(*connection, begin_sql[mode], "begin", err);
		if (code == OK)
			return OK;
		bool broken = lost(*connection);
		connection_close(taken);
		pool_give(pool, NULL);
		if (!broken)
			break;
	}
	return code;
}

/* Full jitter: whoever lost against each other should not meet again. */
static void back_off(int attempt)
{
	int doubled = attempt < BACK_OFF_DOUBLED ? attempt : BACK_OFF_DOUBLED;
	int64_t pause_us = (int64_t)random_below((uint64_t)BACK_OFF_FIRST_US << doubled);
	struct timespec pause = { .tv_sec = (time_t)(pause_us / 1000000),
				  .tv_nsec = (long)(pause_us % 1000000 * 1000) };

	nanosleep(&pause, NULL);
}

/* Who loses tries again for as long as he would wait for a lock: how often one loses depends on how many write and how
 * slow the disk is, so a number of attempts would be too small somewhere. */
static enum err_code postgres_transact(struct db *db, enum tx_mode mode, db_fn *fn, void *arg, struct err *err)
{
	struct postgres *postgres = db->state;
	struct pool *pool = mode == TX_READ ? postgres->readers : postgres->writers;
	int64_t end_us = clock_monotonic_us() + db->options.busy_timeout_us;

	for (int attempt = 0;; attempt++) {
		struct connection *connection;
		TRY(begun_take(pool, mode, &connection, err));
		enum err_code code = transact_on(db, connection, mode, fn, arg, err);
		bool again = code != OK && connection->again;
		bool idle = PQtransactionStatus(connection->handle) == PQTRANS_IDLE;
		if (!idle)
			connection_close(connection);
		pool_give(pool, idle ? connection : NULL);
		if (!again || clock_monotonic_us() >= end_us)
			return code;
		back_off(attempt);
	}
}

static enum err_code postgres_open(struct db *db, const char *url, struct err *err)
{
	struct postgres *postgres = calloc(1, sizeof(*postgres));
	void *connection;

	if (!postgres)
		return fail(err, ERR_MEMORY, "no memory left to open the database");
	db->state = postgres;
	postgres->url = strdup(url);
	postgres->readers = pool_new(db, db->options.readers, connection_open);
	postgres->writers = pool_new(db, db->options.writers, connection_open);
	if (!postgres->url || !postgres->readers || !postgres->writers)
		return fail(err, ERR_MEMORY, "no memory left to open the database");

	/* A wrong URL is to be found now. */
	TRY(pool_take(postgres->writers, &connection, err));
	pool_give(postgres->writers, connection);
	return OK;
}

static void postgres_close(struct db *db)
{
	struct postgres *postgres = db->state;

	if (!postgres)
		return;
	pool_free(postgres->readers, connection_close);
	pool_free(postgres->writers, connection_close);
	free(postgres->url);
	free(postgres);
}

const struct db_driver postgres_driver = {
	.kind = DB_POSTGRES,
	.open = postgres_open,
	.close = postgres_close,
	.transact = postgres_transact,
	.prepare = postgres_prepare,
	.exec = postgres_exec,
	.script = postgres_script,
	.stream = postgres_stream,
	.query = postgres_query,
	.next = postgres_next,
	.column = postgres_column,
	.end = postgres_end,
};
