/* The schema of the database: what is applied, and the ways to another. */
#include <unistd.h>

#include "base/text.h"
#include "cli/cli_int.h"

enum { SQL_PRINTED_MAX = 8 << 20 };

/* All or nothing on the command line; an older schema than the database's needs --anyway, because rows go with it. */
static enum err_code target_of(struct invocation *in, int *target, struct err *err)
{
	const char *text = option_value(in, "--to");
	int64_t number = (int64_t)kernel_migrations_count;
	if (text && (!int64_parse(text, &number) || number < 0 || number > (int64_t)kernel_migrations_count))
		return fail(err, ERR_USAGE, "--to is the number of a schema that this program knows, 0 to %zu, not %s",
			    kernel_migrations_count, text);
	*target = (int)number;
	return OK;
}

static enum err_code warn_of_loss(struct invocation *in, int applied, int target, struct err *err)
{
	for (int number = applied; number > target; number--) {
		const struct migration *migration = &kernel_migrations[number - 1];
		fprintf(stderr, "going back behind %d (%s) loses: %s\n", number, migration->name,
			migration->lost ? migration->lost : "");
	}
	if (applied > target && !option_value(in, "--anyway"))
		return fail(err, ERR_USAGE,
			    "nothing was changed: make a backup (lintas backup), then go back with --anyway");
	return OK;
}

/* UNDONE: how many migrations the target is behind the database. */
static enum err_code migrate(struct invocation *in, struct db *db, bool dry_run, struct migration_status *status,
			     int *undone, struct buf *sql, struct err *err)
{
	int target = 0;
	TRY(target_of(in, &target, err));
	/* What cannot be done is found before anybody is asked to agree to it. */
	TRY(db_migrate_to(db, kernel_migrations, kernel_migrations_count, target, true, status, sql, err));
	*undone = status->applied > target ? status->applied - target : 0;
	if (dry_run)
		return OK;
	TRY(warn_of_loss(in, status->applied, target, err));
	buf_clear(sql);
	return db_migrate_to(db, kernel_migrations, kernel_migrations_count, target, false, status, sql, err);
}

enum err_code run_db_migrate(struct invocation *in, struct err *err)
{
	struct config config;
	struct db *db = NULL;
	struct migration_status status = { 0 };
	bool dry_run = option_value(in, "--dry-run") != NULL;
	buf_auto sql;
	buf_init(&sql, SQL_PRINTED_MAX);
	TRY(right_config(in, &config, err));
	int lock = -1, undone = 0;
	if (!dry_run)
		TRY(node_lock(in->arena, in->directory, &lock, err));
	enum err_code code = node_open_database(in->arena, &config, &db, err);
	if (code == OK)
		code = migrate(in, db, dry_run, &status, &undone, &sql, err);
	db_close(db);
	if (lock >= 0)
		close(lock);
	if (code != OK)
		return code;
	if (in->json)
		return json_migration(dry_run, &status, buf_text(&sql), err);
	fputs(buf_text(&sql), stdout);
	int count = dry_run && undone ? undone : status.pending;
	printf("%sschema %d, %d migration%s %s\n", dry_run ? "-- " : "", status.applied, count, count == 1 ? "" : "s",
	       !dry_run ? "left"
	       : undone ? "to undo"
			: "to run");
	return OK;
}

static void print_schema(const int64_t *applied_us)
{
	char at[TIME_SIZE];
	size_t applied = 0;
	for (size_t i = 0; i < kernel_migrations_count; i++) {
		const struct migration *m = &kernel_migrations[i];
		applied += applied_us[i] != 0;
		printf("%4d  %-20s  %-24s  %s\n", m->number, m->name,
		       applied_us[i] ? time_format(applied_us[i], at) : "not applied",
		       m->back ? m->lost : "no way back");
	}
	printf("schema %zu of %zu%s\n", applied, kernel_migrations_count,
	       applied < kernel_migrations_count ? ": lintas db migrate brings it up" : "");
}

enum err_code run_db_schema(struct invocation *in, struct err *err)
{
	struct config config;
	struct db *db = NULL;
	int64_t *applied_us = arena_array(in->arena, kernel_migrations_count, sizeof *applied_us);
	if (!applied_us)
		return fail(err, ERR_MEMORY, "no memory for the migrations");
	TRY(right_config(in, &config, err));
	TRY(node_open_database(in->arena, &config, &db, err));
	enum err_code code = db_migration_times(db, kernel_migrations, kernel_migrations_count, applied_us, err);
	db_close(db);
	if (code != OK)
		return code;
	if (in->json)
		return json_schema(in, applied_us, err);
	print_schema(applied_us);
	return OK;
}
