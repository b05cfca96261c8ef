/* What a driver gives to the front (db.c), and what both drivers share: the pool of connections, the cache of prepared
 * statements. */
#ifndef DB_DRIVER_INT_H
#define DB_DRIVER_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "db/db.h"

enum tx_mode {
	TX_READ,
	TX_WRITE,
	TX_SCHEMA, /* a write that no other transaction of this mode overlaps, on any node, and that sees what they did
		    */
};

struct tx {
	struct db *db;
	void *connection; /* the driver's */
	enum tx_mode mode;
	enum err_code failed; /* of the first failure; from then on the transaction can only be rolled back */
	struct err err;
	unsigned open_cursors;
	struct tx *outer; /* of this thread, of another database */
};

struct cursor { /* the first member of a driver's cursor */
	struct tx *tx;
	const struct statement *statement;
};

enum column_kind { COLUMN_NULL, COLUMN_INT, COLUMN_TEXT, COLUMN_BLOB, COLUMN_OTHER };
struct column {
	enum column_kind kind;
	int64_t number;
	struct bytes value; /* until the next row */
};

struct db_driver {
	enum db_kind kind;
	enum err_code (*open)(struct db *db, const char *url, struct err *err);
	void (*close)(struct db *db); /* also after a failed open */
	/* Runs RUN through tx_run() in a transaction of MODE and ends it. */
	enum err_code (*transact)(struct db *db, enum tx_mode mode, db_fn *run, void *arg, struct err *err);

	enum err_code (*prepare)(struct tx *tx, const struct statement *statement, struct err *err);
	enum err_code (*exec)(struct tx *tx, const struct statement *statement, const struct bind *binds, size_t count,
			      int64_t *changed, struct err *err);
	enum err_code (*script)(struct tx *tx, const char *sql, struct err *err); /* SQL that runs once: not prepared */
	/* Each row of SQL, one at a time in memory. No other statement may run in TX meanwhile. */
	enum err_code (*stream)(struct tx *tx, const char *sql, db_row_fn *each, void *arg, struct err *err);
	/* The statement's effects are done when this returns, whether or not its rows are read. */
	enum err_code (*query)(struct tx *tx, const struct statement *statement, const struct bind *binds, size_t count,
			       struct cursor **cursor, struct err *err);
	enum err_code (*next)(struct cursor *cursor, bool *row, struct err *err);
	struct column (*column)(const struct cursor *cursor, int column); /* COLUMN_OTHER if there is no such column */
	void (*end)(struct cursor *cursor);
};

extern const struct db_driver sqlite_driver, postgres_driver;

struct db {
	const struct db_driver *driver;
	struct db_options options; /* with the defaults filled in */
	char *directory;           /* the reserve is of its file system; NULL: the disk is not ours to measure */
	void *state;               /* the driver's */
	pthread_mutex_t mutex;     /* guards what follows */
	pthread_cond_t idle;
	unsigned active; /* transactions */
	bool closing;
	_Atomic int64_t commits, transactions, waiting;
};

/* Runs RUN in TX. A failed statement, an unreadable column or a query left open fails the transaction whatever RUN
 * says. */
enum err_code tx_run(struct tx *tx, db_fn *run, void *arg, struct err *err) MUST_USE;
enum err_code db_transact(struct db *db, enum tx_mode mode, db_fn *run, void *arg, struct err *err) MUST_USE;
void db_count(struct db *db, int64_t transactions); /* one commit of so many */

/* Inside a TX_SCHEMA transaction: from nothing to SCHEMA, and from where the database is to the newest. */
enum err_code migrate_inside(struct tx *tx, const struct migration *migrations, size_t count, int target,
			     struct err *err) MUST_USE;

/* What a driver's column is as a value that can be bound; FALSE if it is of another kind. */
bool column_bind(const struct column *column, struct bind *value);

/* SQL with the tokens of the dialect replaced. */
#define SQL_MAX_BYTES (1U << 20)
enum err_code sql_expand(enum db_kind kind, const struct statement *statement, struct buf *sql,
			 struct err *err) MUST_USE;

/* $1 … $64: more in one statement is an error. */
#define BINDS_MAX 64

/* --- Connections, opened when first needed, at most MAX --- */

struct pool;
typedef enum err_code pool_open_fn(struct db *db, void **connection, struct err *err);
struct pool *pool_new(struct db *db, unsigned max, pool_open_fn *open); /* NULL out of memory */
/* Waits for a free one as long as the busy timeout, then fails with ERR_BUSY. */
enum err_code pool_take(struct pool *pool, void **connection, struct err *err) MUST_USE;
/* CONNECTION NULL: it broke and the caller closed it. */
void pool_give(struct pool *pool, void *connection);
/* All must have been given back. */
void pool_free(struct pool *pool, void (*close)(void *connection));

/* --- Prepared statements of one connection: 4-way set associative by the statement's address, the least recently used
 * goes --- */

#define CACHE_SETS 128
#define CACHE_WAYS 4
struct cache_slot {
	const struct statement *statement; /* NULL: free */
	void *prepared;                    /* the driver's */
	uint64_t used;
	bool busy; /* a cursor stands on it */
};
struct cache {
	uint64_t tick;
	struct cache_slot slot[CACHE_SETS * CACHE_WAYS];
};
/* The slot that holds STATEMENT, or NULL. */
struct cache_slot *cache_find(struct cache *cache, const struct statement *statement);
/* The slot that STATEMENT should take, free or holding what must first be thrown out; NULL if all that it may take are
 * busy. */
struct cache_slot *cache_room(struct cache *cache, const struct statement *statement);
void cache_put(struct cache *cache, struct cache_slot *slot, const struct statement *statement, void *prepared);

#endif
