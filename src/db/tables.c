/* Whole tables, by what the catalogue of the database says of them: a table that a migration adds needs nothing here.
 */
#include "db/driver_int.h"

#include "base/text.h"

#define TABLES_MAX 256

/* name, column, type */
static const struct statement columns_of[] = {
	[DB_SQLITE] = { "tables.columns",
			"SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'"
			" AND substr(t.name, 1, 7) <> 'sqlite_' AND t.name <> 'lintas_migration' ORDER BY t.name, c.cid" },
	[DB_POSTGRES] = { "tables.columns",
			  "SELECT CAST(t.relname AS TEXT), CAST(c.attname AS TEXT), CAST(y.typname AS TEXT)"
			  " FROM pg_catalog.pg_class t JOIN pg_catalog.pg_attribute c ON c.attrelid = t.oid"
			  " JOIN pg_catalog.pg_type y ON y.oid = c.atttypid"
			  " WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p')"
			  " AND NOT t.relispartition AND c.attnum > 0 AND NOT c.attisdropped AND c.attgenerated = ''"
			  " AND t.relname <> 'lintas_migration' ORDER BY t.relname COLLATE \"C\", c.attnum" },
};
static const struct statement any_table[] = {
	[DB_SQLITE] = { "tables.any", "SELECT count(*) FROM sqlite_schema" },
	[DB_POSTGRES] = { "tables.any", "SELECT count(*) FROM pg_catalog.pg_class"
					" WHERE relnamespace = current_schema()::regnamespace" },
};
/* PostgreSQL alone: SQLite has a switch for all. Table and constraint, quoted where they must be. */
static const struct statement references = {
	"tables.references",
	"SELECT CAST(conrelid::regclass AS TEXT), quote_ident(conname) FROM pg_catalog.pg_constraint WHERE contype = 'f'"
	" AND conparentid = 0 AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"
};

static const struct {
	const char *name; /* as either catalogue writes it */
	enum db_type type;
} types[] = { { "INTEGER", DB_INT }, { "int8", DB_INT },  { "TEXT", DB_TEXT },
	      { "text", DB_TEXT },   { "BLOB", DB_BLOB }, { "bytea", DB_BLOB } };

static enum err_code type_of(const char *table, const char *name, enum db_type *type, struct err *err)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		if (same(types[i].name, name)) {
			*type = types[i].type;
			return OK;
		}
	}
	return fail(err, ERR_INTERNAL, "table %s has a column of type %s, which is no integer, text or bytes", table,
		    name);
}

static enum err_code column_add(struct arena *arena, struct db_tables *tables, const char *table, const char *name,
				const char *type, struct err *err)
{
	struct db_table *last = tables->count > 0 ? &tables->items[tables->count - 1] : NULL;

	if (!last || !same(last->name, table)) {
		if (tables->count == TABLES_MAX)
			return fail(err, ERR_LIMIT, "the database has more than %d tables", TABLES_MAX);
		last = &tables->items[tables->count];
		*last = (struct db_table){ .name = table,
					   .columns = arena_array(arena, DB_COLUMNS_MAX, sizeof(*last->columns)) };
		if (!last->columns)
			return fail(err, ERR_MEMORY, "no memory left for the columns of table %s", table);
		tables->count++;
	}
	if (last->columns_count == DB_COLUMNS_MAX)
		return fail(err, ERR_LIMIT, "table %s has more than %d columns", table, DB_COLUMNS_MAX);
	struct db_column *column = &last->columns[last->columns_count];
	TRY(type_of(table, type, &column->type, err));
	column->name = name;
	last->columns_count++;
	return OK;
}

/* A name in SQL. */
static void name_put(struct buf *sql, const char *name)
{
	buf_putc(sql, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_putc(sql, '"');
		buf_putc(sql, *name);
	}
	buf_putc(sql, '"');
}

static void columns_put(struct buf *sql, const struct db_table *table)
{
	for (size_t i = 0; i < table->columns_count; i++) {
		buf_puts(sql, i > 0 ? ", " : "");
		name_put(sql, table->columns[i].name);
	}
}

static enum err_code put_prepare(struct arena *arena, struct db_table *table, struct err *err)
{
	buf_auto sql;

	buf_init(&sql, SQL_MAX_BYTES);
	buf_puts(&sql, "INSERT INTO ");
	name_put(&sql, table->name);
	buf_puts(&sql, " (");
	columns_put(&sql, table);
	buf_puts(&sql, ") VALUES (");
	for (size_t i = 1; i <= table->columns_count; i++)
		buf_printf(&sql, "%s$%zu", i > 1 ? ", " : "", i);
	buf_puts(&sql, ")");
	TRY(buf_check(&sql, table->name, err));
	table->put = (struct statement){ table->name, arena_text(arena, buf_text(&sql)) };
	return table->put.sql ? OK : fail(err, ERR_MEMORY, "no memory left for table %s", table->name);
}

/* Migrations are our own text, in which a table begins so; COUNT 0: all are wanted. */
static bool is_made_by(const struct migration *migrations, size_t count, const char *table)
{
	static const char begin[] = "CREATE TABLE ";
	size_t length = strlen(table);

	for (size_t i = 0; i < count; i++)
		for (const char *at = migrations[i].sql; (at = strstr(at, begin));) {
			at += sizeof(begin) - 1;
			if (strncmp(at, table, length) == 0 && at[length] == ' ')
				return true;
		}
	return count == 0;
}

enum err_code db_tables_of(struct tx *tx, const struct migration *migrations, size_t count, struct arena *arena,
			   struct db_tables *tables, struct err *err)
{
	struct db_tables found = { .items = arena_array(arena, TABLES_MAX, sizeof(*found.items)) };
	db_query_auto query = { 0 };

	if (!found.items)
		return fail(err, ERR_MEMORY, "no memory left for the tables");
	TRY(db_query(tx, &columns_of[db_kind(tx->db)], NO_BINDS, &query, err));
	while (db_next(&query)) {
		const char *table = db_text(arena, &query, 0), *column = db_text(arena, &query, 1);
		const char *type = db_text(arena, &query, 2);
		if (!table || !column || !type)
			break; /* db_end() says why */
		if (is_made_by(migrations, count, table))
			TRY(column_add(arena, &found, table, column, type, err));
	}
	TRY(db_end(&query, err));
	for (size_t i = 0; i < found.count; i++)
		TRY(put_prepare(arena, &found.items[i], err));
	*tables = found;
	return OK;
}

enum err_code db_tables(struct tx *tx, struct arena *arena, struct db_tables *tables, struct err *err)
{
	return db_tables_of(tx, NULL, 0, arena, tables, err);
}

enum err_code db_table_rows(struct tx *tx, const struct db_table *table, db_row_fn *each, void *arg, struct err *err)
{
	buf_auto sql;

	buf_init(&sql, SQL_MAX_BYTES);
	buf_puts(&sql, "SELECT ");
	columns_put(&sql, table);
	buf_puts(&sql, " FROM ");
	name_put(&sql, table->name);
	TRY(buf_check(&sql, table->name, err));
	return tx->db->driver->stream(tx, buf_text(&sql), each, arg, err);
}

enum err_code db_table_put(struct tx *tx, const struct db_table *table, const struct bind *values, size_t count,
			   struct err *err)
{
	return db_exec(tx, &table->put, values, count, NULL, err);
}

/* --- Filling --- */

struct fill {
	const struct migration *migrations;
	size_t count;
	int schema;
	db_fn *load, *loaded;
	void *arg;
};

static enum err_code require_empty(struct tx *tx, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &any_table[db_kind(tx->db)], NO_BINDS, &query, err));
	bool empty = db_next(&query) && db_int(&query, 0) == 0;
	TRY(db_end(&query, err));
	if (!empty)
		return fail(err, ERR_CONFLICT,
			    "the database is not empty, and nothing in it is overwritten: give one without any table");
	return OK;
}

static enum err_code tables_empty(struct tx *tx, struct arena *arena, struct err *err)
{
	struct db_tables tables;
	buf_auto sql;

	buf_init(&sql, SQL_MAX_BYTES);
	TRY(db_tables(tx, arena, &tables, err));
	for (size_t i = 0; i < tables.count; i++) {
		buf_clear(&sql);
		buf_puts(&sql, "DELETE FROM ");
		name_put(&sql, tables.items[i].name);
		TRY(buf_check(&sql, "SQL", err));
		TRY(tx->db->driver->script(tx, buf_text(&sql), err));
	}
	return OK;
}

/* Makes the checks of what rows say of each other wait, or makes them now and as they were. In SQLite the switch lasts
 * for the transaction, at whose end the writer checks. */
static enum err_code references_defer(struct tx *tx, struct arena *arena, bool defer, struct err *err)
{
	db_query_auto query = { 0 };
	buf_auto sql;

	buf_init(&sql, SQL_MAX_BYTES);
	if (db_kind(tx->db) == DB_SQLITE)
		return defer ? tx->db->driver->script(tx, "PRAGMA defer_foreign_keys=ON", err) : OK;
	if (!defer)
		buf_puts(&sql, "SET CONSTRAINTS ALL IMMEDIATE;");
	TRY(db_query(tx, &references, NO_BINDS, &query, err));
	while (db_next(&query)) {
		const char *table = db_text(arena, &query, 0), *name = db_text(arena, &query, 1);
		if (table && name)
			buf_printf(&sql, "ALTER TABLE %s ALTER CONSTRAINT %s %s;", table, name,
				   defer ? "DEFERRABLE INITIALLY DEFERRED" : "NOT DEFERRABLE");
	}
	TRY(db_end(&query, err));
	TRY(buf_check(&sql, "SQL", err));
	return tx->db->driver->script(tx, buf_text(&sql), err);
}

static enum err_code fill_run(struct tx *tx, void *arg, struct err *err)
{
	const struct fill *fill = arg;
	arena_auto arena = arena_new(SQL_MAX_BYTES * 4);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to fill a database");
	TRY(require_empty(tx, err));
	TRY(migrate_inside(tx, fill->migrations, fill->count, fill->schema, err));
	TRY(references_defer(tx, arena, true, err));
	TRY(tables_empty(tx, arena, err));
	TRY(fill->load(tx, fill->arg, err));
	TRY(references_defer(tx, arena, false, err));
	TRY(migrate_inside(tx, fill->migrations, fill->count, (int)fill->count, err));
	return fill->loaded(tx, fill->arg, err);
}

enum err_code db_fill(struct db *db, const struct migration *migrations, size_t count, int schema, db_fn *load,
		      db_fn *loaded, void *arg, struct err *err)
{
	struct fill fill = { migrations, count, schema, load, loaded, arg };

	if (schema < 1 || (size_t)schema > count)
		return fail(err, ERR_CONFIG, "this program knows the schemas 1 to %zu, not %d", count, schema);
	return db_transact(db, TX_SCHEMA, fill_run, &fill, err);
}
