/* Between the files of the SQLite driver. */
#ifndef DB_SQLITE_INT_H
#define DB_SQLITE_INT_H

#include <sqlite3.h>

#include "db/driver_int.h"

struct sqlite_connection {
	sqlite3 *handle;
	struct cache cache;
};

/* Runs a statement without values and rows (BEGIN, SAVEPOINT …). *RC (may be NULL): SQLite's extended result code. */
enum err_code sqlite_run(struct sqlite_connection *connection, const struct statement *statement, int *rc,
			 struct err *err) MUST_USE;

/* The writer thread. It uses CONNECTION until writer_stop(), which runs what is waiting, then returns. */
struct writer;
enum err_code writer_start(struct db *db, struct sqlite_connection *connection, struct writer **writer,
			   struct err *err) MUST_USE;
void writer_stop(struct writer *writer); /* NULL is fine */
enum err_code writer_run(struct writer *writer, enum tx_mode mode, db_fn *run, void *arg, struct err *err) MUST_USE;

#endif
