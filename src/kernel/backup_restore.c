/* Reading a backup, and filling a database from it. */
#include "kernel/backup_int.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/date.h"
#include "base/uuid.h"
#include "kernel/journal.h"
#include "kernel/store_int.h"

#define FILES_MAX 1024

static enum err_code piece_put(void *arg, struct bytes piece, struct err *err)
{
	return backup_reader_put(arg, piece, err);
}

/* Hands the records of FD to HANDLER; OK only if all of it is as it was written. */
static enum err_code records_read(int fd, struct bytes key, const struct backup_handler *handler,
				  struct backup_summary *summary, struct err *err)
{
	struct backup_reader *reader = backup_reader_new(handler);
	struct backup_summary read = { 0 };

	if (!reader)
		return fail(err, ERR_MEMORY, "no memory left to read a backup");
	enum err_code code = envelope_open(fd, key, piece_put, reader, &read.file, err);
	if (code == OK)
		code = backup_reader_end(reader, &read, err);
	backup_reader_free(reader);
	if (code == OK)
		*summary = read;
	return code;
}

/* --- Looking --- */

struct looking {
	struct arena *arena;
	struct backup_contents *contents;
	size_t files_bytes;
};

static enum err_code head_keep(void *arg, const struct backup_head *head, struct err *err)
{
	struct looking *looking = arg;
	struct backup_head *kept = &looking->contents->head;

	*kept = *head;
	kept->format = BACKUP_FORMAT;
	kept->program = arena_text(looking->arena, head->program);
	kept->state = arena_text(looking->arena, head->state);
	kept->node = arena_text(looking->arena, head->node);
	kept->database = arena_text(looking->arena, head->database);
	kept->hash = arena_text(looking->arena, head->hash);
	if (!kept->program || !kept->state || !kept->node || !kept->database || (head->hash && !kept->hash))
		return fail(err, ERR_MEMORY, "no memory left for the head of the backup");
	return OK;
}

static enum err_code file_keep(void *arg, const struct backup_file *file, struct err *err)
{
	struct looking *looking = arg;
	struct backup_contents *contents = looking->contents;

	for (size_t i = 0; i < contents->files_count; i++) {
		if (!same(contents->files[i].name, file->name))
			continue;
		/* There are backups in which a file that two settings name stands twice. */
		if (bytes_same(contents->files[i].content, file->content))
			return OK;
		return fail(err, ERR_SYNTAX, "the backup has two files %.200s that differ: take another backup",
			    file->name);
	}
	looking->files_bytes += file->content.size;
	if (contents->files_count == FILES_MAX || looking->files_bytes > BACKUP_FILES_MAX)
		return fail(err, ERR_LIMIT, "the backup has more files than a node has");
	struct backup_file *kept = &contents->files[contents->files_count];
	kept->name = arena_text(looking->arena, file->name);
	kept->content = bytes(arena_copy(looking->arena, file->content.data, file->content.size), file->content.size);
	if (!kept->name || !kept->content.data)
		return fail(err, ERR_MEMORY, "no memory left for the files of the backup");
	contents->files_count++;
	return OK;
}

enum err_code backup_read(int fd, struct bytes key, struct arena *arena, struct backup_contents *contents,
			  struct err *err)
{
	struct backup_contents found = { .files = arena_array(arena, FILES_MAX, sizeof(*found.files)) };
	struct looking looking = { .arena = arena, .contents = &found };
	const struct backup_handler handler = { .head = head_keep, .file = file_keep, .arg = &looking };

	if (!found.files)
		return fail(err, ERR_MEMORY, "no memory left to read a backup");
	TRY(records_read(fd, key, &handler, &found.summary, err));
	*contents = found;
	return OK;
}

/* --- Filling --- */

struct filling {
	int fd;
	struct bytes key;
	struct arena *arena;
	const struct backup_contents *contents;
	const struct actor *actor;
	int64_t now_us;
	char recovery[UUID_SIZE];
	struct tx *tx;
	struct db_tables tables;
	size_t filled;
	bool *begun; /* by table */
	const struct db_table *table;
	size_t place[DB_COLUMNS_MAX]; /* of the backup's columns in the table's */
};

static const struct db_table *table_find(const struct db_tables *tables, const char *name)
{
	for (size_t i = 0; i < tables->count; i++)
		if (same(tables->items[i].name, name))
			return &tables->items[i];
	return NULL;
}

static bool column_place(const struct db_table *table, const struct db_column *column, size_t *place)
{
	for (size_t i = 0; i < table->columns_count; i++) {
		if (same(table->columns[i].name, column->name) && table->columns[i].type == column->type) {
			*place = i;
			return true;
		}
	}
	return false;
}

/* A migration that was changed after it was published, or a schema that somebody changed by hand. */
static enum err_code other_schema(const char *table, const struct backup_head *head, struct err *err)
{
	return fail(err, ERR_CONFIG,
		    "table %.60s of the backup is not that of schema %" PRId64 " here: restore it with lintas %.40s",
		    table, head->schema, head->program);
}

static enum err_code table_begin(void *arg, const struct db_table *table, struct err *err)
{
	struct filling *filling = arg;
	const struct db_table *ours = table_find(&filling->tables, table->name);
	bool taken[DB_COLUMNS_MAX] = { false };

	/* One that comes twice would stand for one that does not come. */
	if (!ours || filling->begun[ours - filling->tables.items] || ours->columns_count != table->columns_count)
		return other_schema(table->name, &filling->contents->head, err);
	for (size_t i = 0; i < table->columns_count; i++) {
		size_t *place = &filling->place[i];
		if (!column_place(ours, &table->columns[i], place) || taken[*place])
			return other_schema(table->name, &filling->contents->head, err);
		taken[*place] = true;
	}
	filling->begun[ours - filling->tables.items] = true;
	filling->table = ours;
	filling->filled++;
	return OK;
}

static enum err_code row_fill(void *arg, const struct bind *values, size_t count, struct err *err)
{
	const struct filling *filling = arg;
	struct bind ordered[DB_COLUMNS_MAX];

	for (size_t i = 0; i < count; i++)
		ordered[filling->place[i]] = values[i];
	return db_table_put(filling->tx, filling->table, ordered, count, err);
}

static enum err_code tables_fill(struct tx *tx, void *arg, struct err *err)
{
	struct filling *filling = arg;
	struct backup_handler handler = { .table = table_begin, .row = row_fill, .arg = filling };
	struct backup_summary summary;

	filling->tx = tx;
	filling->filled = 0;
	TRY(db_tables(tx, filling->arena, &filling->tables, err));
	filling->begun = arena_array(filling->arena, filling->tables.count, sizeof(*filling->begun));
	if (!filling->begun)
		return fail(err, ERR_MEMORY, "no memory left to fill a database");
	TRY(records_read(filling->fd, filling->key, &handler, &summary, err));
	if (!same(summary.file.digest, filling->contents->summary.file.digest))
		return fail(err, ERR_CONFLICT, "the file of the backup was changed while it was read");
	if (filling->filled != filling->tables.count)
		return other_schema("(one that is missing)", &filling->contents->head, err);
	return OK;
}

/* The restore is an event of the journal like any other: its next entry, in the very transaction. */
static enum err_code restored_note(struct tx *tx, void *arg, struct err *err)
{
	struct filling *filling = arg;
	const struct backup_contents *contents = filling->contents;
	const struct backup_head *head = &contents->head;
	char at[TIME_SIZE], detail[240];

	id_new(filling->recovery, filling->now_us);
	snprintf(detail, sizeof(detail), "from a backup of %s, seal %" PRId64 " %s", time_format(head->at_us, at),
		 head->seal, head->hash ? head->hash : "(none)");
	const struct journal_entry entry = { .at_us = filling->now_us,
					     .actor = filling->actor->name,
					     .organisation = filling->actor->organisation,
					     .subject_type = "node",
					     .subject = filling->recovery,
					     .event = "restored",
					     .detail = detail,
					     .content = contents->summary.file.digest };
	TRY(journal_put(tx, &entry, err));
	TRY(journal_turned(tx, head->at_us, filling->now_us, err));
	/* Whoever had it in hand had it on another machine. A message goes out with the id and digests that it had: a
	 * partner that has it answers with the receipt that it gave then. */
	TRY(db_exec(tx, &sql_restored_message, BINDS(BIND_INT(filling->now_us)), NULL, err));
	TRY(db_exec(tx, &sql_restored_reply, BINDS(BIND_INT(filling->now_us)), NULL, err));
	return db_exec(tx, &sql_recovery_put,
		       BINDS(BIND_TEXT(filling->recovery), BIND_INT(head->last_us), BIND_INT(filling->now_us),
			     BIND_INT(head->at_us), BIND_TEXT(contents->summary.file.digest), BIND_INT(head->seal),
			     BIND_TEXT(head->hash)),
		       NULL, err);
}

enum err_code backup_restore(struct db *db, int fd, struct bytes key, struct arena *arena,
			     const struct backup_contents *contents, const struct actor *actor, int64_t now_us,
			     char recovery[static 37], struct err *err)
{
	struct filling filling = {
		.fd = fd, .key = key, .arena = arena, .contents = contents, .actor = actor, .now_us = now_us
	};
	const struct backup_head *head = &contents->head;

	if (head->schema < 1 || head->schema > (int64_t)kernel_migrations_count)
		return fail(err, ERR_CONFIG,
			    "the backup has schema %" PRId64
			    ", this program knows %zu: restore it with lintas %.40s or newer, "
			    "which made it",
			    head->schema, kernel_migrations_count, head->program);
	TRY(db_fill(db, kernel_migrations, kernel_migrations_count, (int)head->schema, tables_fill, restored_note,
		    &filling, err));
	memcpy(recovery, filling.recovery, sizeof(filling.recovery));
	return OK;
}
