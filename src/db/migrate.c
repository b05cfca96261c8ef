/* Schema migrations. Which were applied stands in lintas_migration, in the database itself. */
#include "db/driver_int.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

#define CHECKSUM_SIZE     17
#define APPLIED_MAX_BYTES (1U << 20)

static const struct statement table_create = {
	"migration.create",
	"CREATE TABLE IF NOT EXISTS lintas_migration (number {i64} PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
	" applied_us {i64} NOT NULL) {strict}",
};
static const struct statement table_exists[] = {
	[DB_SQLITE] = { "migration.exists",
			"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'lintas_migration'" },
	[DB_POSTGRES] = { "migration.exists",
			  "SELECT CASE WHEN to_regclass('lintas_migration') IS NULL THEN 0 ELSE 1 END" },
};
static const struct statement applied_list = {
	"migration.list", "SELECT number, checksum, applied_us FROM lintas_migration ORDER BY number"
};
static const struct statement applied_put = {
	"migration.put",
	"INSERT INTO lintas_migration (number, name, checksum, applied_us) VALUES ($1, $2, $3, $4)",
};
static const struct statement applied_drop = { "migration.drop", "DELETE FROM lintas_migration WHERE number = $1" };

struct plan {
	const struct migration *migrations;
	int count;
	int target;
	int applied;
	int64_t *applied_us; /* COUNT of them; NULL: nobody asks */
};

/* FNV-1a, 64 bits, of the text with its tokens: the same on both databases. It is against accidents, not against
 * attackers. */
static void checksum(const char *sql, char text[static CHECKSUM_SIZE])
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);

	for (; *sql; sql++)
		hash = (hash ^ (uint8_t)*sql) * UINT64_C(0x100000001B3);
	snprintf(text, CHECKSUM_SIZE, "%016" PRIx64, hash);
}

static enum err_code numbers_check(const struct migration *migrations, size_t count, struct err *err)
{
	if (count > INT32_MAX)
		return fail(err, ERR_LIMIT, "too many migrations");
	for (size_t i = 0; i < count; i++)
		if (migrations[i].number != (int)i + 1)
			return fail(err, ERR_INTERNAL, "migration %d (%s) stands where %zu should",
				    migrations[i].number, migrations[i].name, i + 1);
	return OK;
}

static enum err_code applied_check(const struct plan *plan, int64_t number, const char *found, struct err *err)
{
	char expected[CHECKSUM_SIZE];

	if (number > plan->count)
		return fail(err, ERR_CONFIG,
			    "the database has migration %" PRId64
			    ", this program knows %d: a newer one made it. Run the "
			    "newer program; to return to this one, stop the node and let the newer program go back "
			    "first: lintas db migrate --to %d",
			    number, plan->count, plan->count);
	if (number != plan->applied + 1)
		return fail(err, ERR_CONFIG, "the database lacks migration %d, but has %" PRId64, plan->applied + 1,
			    number);

	const struct migration *migration = &plan->migrations[plan->applied];
	checksum(migration->sql, expected);
	if (!same(found, expected))
		return fail(err, ERR_CONFIG,
			    "migration %d (%s) was applied with another text: its checksum is %s, here %s",
			    migration->number, migration->name, found ? found : "missing", expected);
	return OK;
}

static enum err_code record_exists(struct tx *tx, bool *exists, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &table_exists[db_kind(tx->db)], NO_BINDS, &query, err));
	*exists = db_next(&query) && db_int(&query, 0) == 1;
	return db_end(&query, err);
}

enum err_code db_schema(struct tx *tx, int *number, struct err *err)
{
	db_query_auto query = { 0 };
	bool exists = false;

	TRY(record_exists(tx, &exists, err));
	*number = 0;
	if (!exists)
		return OK;
	TRY(db_query(tx, &applied_list, NO_BINDS, &query, err));
	while (db_next(&query))
		*number = (int)db_int(&query, 0);
	return db_end(&query, err);
}

/* Fills plan->applied, after a check of what is there. */
static enum err_code applied_load(struct tx *tx, struct plan *plan, struct err *err)
{
	arena_auto arena = arena_new(APPLIED_MAX_BYTES);
	db_query_auto query = { 0 };
	bool exists = false;

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to read the applied migrations");
	TRY(record_exists(tx, &exists, err));
	plan->applied = 0;
	if (!exists)
		return OK;

	TRY(db_query(tx, &applied_list, NO_BINDS, &query, err));
	while (db_next(&query)) {
		TRY(applied_check(plan, db_int(&query, 0), db_text(arena, &query, 1), err));
		if (plan->applied_us)
			plan->applied_us[plan->applied] = db_int(&query, 2);
		plan->applied++;
	}
	return db_end(&query, err);
}

static enum err_code plan_load(struct tx *tx, void *arg, struct err *err)
{
	return applied_load(tx, arg, err);
}

/* The way of MIGRATION in one direction. */
static const char *text_of(const struct migration *migration, bool back)
{
	return back ? migration->back : migration->sql;
}

/* Each statement of EXPANDED by itself, so that a failure names it. EXPANDED is cut up. */
static enum err_code statements_run(struct tx *tx, const struct migration *migration, bool back, char *expanded,
				    struct err *err)
{
	int number = 0;

	for (char *next, *sql = expanded; sql; sql = next) {
		next = strstr(sql, ";\n");
		if (next) {
			*next = '\0';
			next += 2;
		}
		number++;
		struct err why;
		enum err_code code = tx->db->driver->script(tx, sql, &why);
		if (code != OK)
			return fail(err, code, "migration %d (%s)%s, statement %d: %s", migration->number,
				    migration->name, back ? " back" : "", number, why.text);
	}
	return OK;
}

static enum err_code migration_expand(enum db_kind kind, const struct migration *migration, bool back, struct buf *sql,
				      struct err *err)
{
	return sql_expand(kind, &(struct statement){ migration->name, text_of(migration, back) }, sql, err);
}

static enum err_code migration_run(struct tx *tx, const struct migration *migration, bool back, struct err *err)
{
	buf_auto sql;

	buf_init(&sql, SQL_MAX_BYTES);
	TRY(migration_expand(db_kind(tx->db), migration, back, &sql, err));
	return sql.data ? statements_run(tx, migration, back, (char *)sql.data, err) : OK;
}

/* What is applied is read again in each transaction: another node may have been faster. */
static enum err_code next_apply(struct tx *tx, void *arg, struct err *err)
{
	struct plan *plan = arg;
	char sum[CHECKSUM_SIZE];

	TRY(applied_load(tx, plan, err));
	if (plan->applied >= plan->target)
		return OK;

	const struct migration *migration = &plan->migrations[plan->applied];
	TRY(migration_run(tx, migration, false, err));
	checksum(migration->sql, sum);
	TRY(db_exec(tx, &applied_put,
		    BINDS(BIND_INT(migration->number), BIND_TEXT(migration->name), BIND_TEXT(sum),
			  BIND_INT(clock_now_us(&clock_system))),
		    NULL, err));
	plan->applied++;
	return OK;
}

static enum err_code last_undo(struct tx *tx, void *arg, struct err *err)
{
	struct plan *plan = arg;

	TRY(applied_load(tx, plan, err));
	if (plan->applied <= plan->target)
		return OK;

	const struct migration *migration = &plan->migrations[plan->applied - 1];
	TRY(migration_run(tx, migration, true, err));
	TRY(db_exec(tx, &applied_drop, BINDS(BIND_INT(migration->number)), NULL, err));
	plan->applied--;
	return OK;
}

static enum err_code record_create(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return db_exec(tx, &table_create, NO_BINDS, NULL, err);
}

static enum err_code plan_check(const struct plan *plan, struct err *err)
{
	for (int i = plan->applied; i > plan->target; i--)
		if (!plan->migrations[i - 1].back)
			return fail(
				err, ERR_CONFIG,
				"there is no way back behind migration %d (%s); the oldest schema to go back to is %d",
				i, plan->migrations[i - 1].name, i);
	return OK;
}

static enum err_code plan_print(enum db_kind kind, const struct plan *plan, struct buf *sql, struct err *err)
{
	bool back = plan->target < plan->applied;

	for (int at = plan->applied; at != plan->target; at += back ? -1 : 1) {
		const struct migration *migration = &plan->migrations[back ? at - 1 : at];
		buf_printf(sql, "-- migration %d: %s%s\n", migration->number, migration->name, back ? ", back" : "");
		TRY(migration_expand(kind, migration, back, sql, err));
		buf_puts(sql, "\n");
	}
	return buf_check(sql, "SQL of the migrations", err);
}

static enum err_code plan_run(struct db *db, struct plan *plan, struct err *err)
{
	if (plan->applied < plan->target)
		TRY(db_transact(db, TX_SCHEMA, record_create, NULL, err));
	while (plan->applied < plan->target)
		TRY(db_transact(db, TX_SCHEMA, next_apply, plan, err));
	while (plan->applied > plan->target)
		TRY(db_transact(db, TX_SCHEMA, last_undo, plan, err));
	return OK;
}

enum err_code migrate_inside(struct tx *tx, const struct migration *migrations, size_t count, int target,
			     struct err *err)
{
	struct plan plan = { .migrations = migrations, .target = target };

	TRY(numbers_check(migrations, count, err));
	plan.count = (int)count;
	TRY(record_create(tx, NULL, err));
	do
		TRY(next_apply(tx, &plan, err));
	while (plan.applied < target);
	return OK;
}

enum err_code db_migrate_to(struct db *db, const struct migration *migrations, size_t count, int target, bool dry_run,
			    struct migration_status *status, struct buf *sql, struct err *err)
{
	struct plan plan = { .migrations = migrations, .target = target };

	TRY(numbers_check(migrations, count, err));
	plan.count = (int)count;
	if (target < 0 || target > plan.count)
		return fail(err, ERR_USAGE, "this program knows the schemas 0 to %d, not %d", plan.count, target);
	TRY(db_read(db, plan_load, &plan, err));
	TRY(plan_check(&plan, err));
	if (dry_run && sql)
		TRY(plan_print(db_kind(db), &plan, sql, err));
	if (!dry_run)
		TRY(plan_run(db, &plan, err));
	if (status)
		*status = (struct migration_status){ .applied = plan.applied, .pending = plan.count - plan.applied };
	return OK;
}

enum err_code db_migrate(struct db *db, const struct migration *migrations, size_t count, bool dry_run,
			 struct migration_status *status, struct buf *sql, struct err *err)
{
	TRY(numbers_check(migrations, count, err));
	return db_migrate_to(db, migrations, count, (int)count, dry_run, status, sql, err);
}

enum err_code db_migration_times(struct db *db, const struct migration *migrations, size_t count, int64_t *applied_us,
				 struct err *err)
{
	struct plan plan = { .migrations = migrations, .applied_us = applied_us };

	TRY(numbers_check(migrations, count, err));
	plan.count = (int)count;
	TRY(db_read(db, plan_load, &plan, err));
	for (int i = plan.applied; i < plan.count; i++)
		applied_us[i] = 0;
	return OK;
}
