/* What a backup is, and writing one. */
#include "kernel/backup_int.h"

#include <errno.h>
#include <unistd.h>

#include "base/text.h"
#include "kernel/store_int.h"

#define PROGRESS_ROWS 1000
#define TEXT_MAX      1000

#define HEAD_TEXT(member, name, least)                                                                                 \
	FIELD_TEXT(struct backup_head, member, .json = name, .min = (least), .max_length = TEXT_MAX)
#define HEAD_INT(member, name)  FIELD_INT(struct backup_head, member, .json = name, .min = 1)
#define HEAD_TIME(member, name) FIELD_TIME(struct backup_head, member, .json = name, .min = 1)
static const struct field head_rows[] = {
	HEAD_TEXT(format, "format", 1),
	HEAD_INT(schema, "schema"),
	HEAD_TEXT(program, "program", 1),
	HEAD_TEXT(state, "state", 1),
	HEAD_TEXT(node, "node", 1),
	HEAD_TEXT(database, "database", 1),
	HEAD_TIME(at_us, "at"),
	HEAD_INT(last_us, "lastUs"), /* a JSON time has milliseconds */
	HEAD_INT(seal, "seal"),
	HEAD_TEXT(hash, "hash", 0),
	FIELD_FLAG(struct backup_head, keys, .json = "keys", .min = 1),
};
static const struct fields head_fields = FIELDS(struct backup_head, head_rows);
const struct schema backup_head_schema = { .name = "backup", .fields = &head_fields };

bool backup_name_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	for (;;) {
		size_t part = strspn(name, letters);
		if (part == 0 || part > 255 || name[0] == '.')
			return false;
		name += part;
		if (*name == '\0')
			return true;
		if (*name++ != '/')
			return false;
	}
}

struct writing {
	struct backup_plan *plan;
	struct backup_summary *summary;
	struct arena *arena;
	struct envelope *envelope;
	struct buf record;
	struct sha256_run all, table;
	const char *name;
	int64_t rows;
	uint64_t bytes;
	int fd;
};

static void number_put(struct buf *out, uint64_t number, int octets)
{
	for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8)
		buf_putc(out, (char)(number >> shift & 0xFFU));
}

static void value_put(struct buf *out, const struct bind *value)
{
	static const char letters[] = { [BIND_NULL_] = 'N', [BIND_INT_] = 'I', [BIND_TEXT_] = 'T', [BIND_BLOB_] = 'B' };

	buf_putc(out, letters[value->kind]);
	if (value->kind == BIND_INT_) {
		number_put(out, (uint64_t)value->number, 8);
	} else if (value->kind != BIND_NULL_) {
		number_put(out, value->value.size, 4); /* the record's maximum is far below */
		buf_put_bytes(out, value->value);
	}
}

static enum err_code record_write(struct writing *writing, enum backup_record type, const struct bind *values,
				  size_t count, struct err *err)
{
	struct buf *record = &writing->record;

	buf_clear(record);
	buf_putc(record, (char)type);
	number_put(record, 0, 4);
	for (size_t i = 0; i < count; i++)
		value_put(record, &values[i]);
	TRY(buf_check(record, "a row of the backup", err));
	size_t size = record->size - RECORD_HEAD_SIZE;
	for (int i = 0; i < 4; i++)
		record->data[1 + i] = (uint8_t)(size >> (24 - 8 * i));
	sha256_put(&writing->all, buf_bytes(record));
	if (type == RECORD_ROW)
		sha256_put(&writing->table, buf_bytes(record));
	writing->bytes += record->size;
	return envelope_put(writing->envelope, buf_bytes(record), err);
}

static void report(const struct writing *writing)
{
	const struct backup_plan *plan = writing->plan;

	if (plan->progress)
		plan->progress(plan->progress_arg, writing->name, writing->rows, writing->bytes);
}

static enum err_code row_write(void *arg, const struct bind *values, size_t count, struct err *err)
{
	struct writing *writing = arg;

	TRY(record_write(writing, RECORD_ROW, values, count, err));
	if (++writing->rows % PROGRESS_ROWS == 0)
		report(writing);
	return OK;
}

static enum err_code table_write(struct tx *tx, struct writing *writing, const struct db_table *table, struct err *err)
{
	struct bind values[RECORD_VALUES_MAX] = { BIND_TEXT(table->name) };
	uint8_t digest[SHA256_SIZE];
	size_t count = 1;

	for (size_t i = 0; i < table->columns_count; i++) {
		values[count++] = BIND_TEXT(table->columns[i].name);
		values[count++] = BIND_INT(table->columns[i].type);
	}
	writing->name = table->name;
	writing->rows = 0;
	sha256_begin(&writing->table);
	report(writing);
	TRY(record_write(writing, RECORD_TABLE, values, count, err));
	TRY(db_table_rows(tx, table, row_write, writing, err));
	sha256_end(&writing->table, digest);
	writing->summary->tables++;
	writing->summary->rows += writing->rows;
	const struct bind end[] = { BIND_INT(writing->rows), BIND_BLOB(bytes(digest, sizeof(digest))) };
	return record_write(writing, RECORD_TABLE_END, end, COUNT(end), err);
}

/* Where the journal stands in this snapshot: whoever restores it can say which seal came with it. */
static enum err_code journal_look(struct tx *tx, struct arena *arena, struct backup_head *head, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_backup_last, NO_BINDS, &query, err));
	if (db_next(&query) && !db_null(&query, 0))
		head->last_us = db_int(&query, 0);
	TRY(db_end(&query, err));
	TRY(db_query(tx, &sql_seal_last, NO_BINDS, &query, err));
	if (db_next(&query)) {
		char *hash = arena_alloc(arena, SHA256_HEX_SIZE);
		struct bytes octets = db_blob(arena, &query, 2);
		if (!hash || octets.size != SHA256_SIZE)
			return fail(err, ERR_INTERNAL,
				    "the last seal of the journal cannot be read: lintas audit verify");
		hex_of(octets.data, hash);
		head->seal = db_int(&query, 0);
		head->hash = hash;
	}
	return db_end(&query, err);
}

static enum err_code head_write(struct tx *tx, struct writing *writing, struct err *err)
{
	struct backup_head *head = &writing->plan->head;
	int schema = 0;
	buf_auto json;

	buf_init(&json, 64 * TEXT_MAX);
	TRY(db_schema(tx, &schema, err));
	if (schema < 1 || (size_t)schema > kernel_migrations_count)
		return fail(err, ERR_CONFIG,
			    "the database has schema %d, and this program backs up 1 to %zu: use the one "
			    "that made it, or lintas db migrate",
			    schema, kernel_migrations_count);
	head->format = BACKUP_FORMAT;
	head->schema = schema;
	head->database = db_kind(writing->plan->db) == DB_SQLITE ? "sqlite" : "postgresql";
	head->at_us = clock_now_us(writing->plan->clock);
	head->last_us = head->at_us;
	head->seal = 0;
	head->hash = NULL;
	TRY(journal_look(tx, writing->arena, head, err));
	field_put_json(&json, &backup_head_schema, head);
	TRY(buf_check(&json, "the head of the backup", err));
	const struct bind values[] = { BIND_TEXT(buf_text(&json)) };
	return record_write(writing, RECORD_HEAD, values, COUNT(values), err);
}

static enum err_code end_write(struct writing *writing, struct err *err)
{
	uint8_t digest[SHA256_SIZE];

	sha256_end(&writing->all, digest);
	const struct bind values[] = { BIND_INT(writing->summary->tables), BIND_INT(writing->summary->rows),
				       BIND_BLOB(bytes(digest, sizeof(digest))) };
	TRY(record_write(writing, RECORD_END, values, COUNT(values), err));
	return envelope_end(writing->envelope, &writing->summary->file, err);
}

static enum err_code snapshot_write(struct tx *tx, struct writing *writing, struct err *err)
{
	const struct backup_plan *plan = writing->plan;
	struct db_tables tables;

	TRY(head_write(tx, writing, err));
	for (size_t i = 0; i < plan->files_count; i++) {
		const struct bytes content = plan->files[i].content;
		const struct bind values[] = { BIND_TEXT(plan->files[i].name),
					       BIND_BLOB(content.data ? content : bytes("", 0)) };
		TRY(record_write(writing, RECORD_FILE, values, COUNT(values), err));
	}
	/* A table of somebody else would make the backup one that cannot be restored. */
	TRY(db_tables_of(tx, kernel_migrations, (size_t)plan->head.schema, writing->arena, &tables, err));
	for (size_t i = 0; i < tables.count; i++)
		TRY(table_write(tx, writing, &tables.items[i], err));
	return end_write(writing, err);
}

/* db_read() may run this again, so what an earlier run wrote is cut off. */
static enum err_code backup_run(struct tx *tx, void *arg, struct err *err)
{
	struct writing *writing = arg;
	const struct backup_plan *plan = writing->plan;

	envelope_free(writing->envelope);
	writing->envelope = NULL;
	writing->bytes = 0;
	*writing->summary = (struct backup_summary){ 0 };
	sha256_begin(&writing->all);
	if (ftruncate(writing->fd, 0) != 0 || lseek(writing->fd, 0, SEEK_SET) != 0)
		return fail(err, ERR_IO, "the file of the backup cannot be begun: %s", strerror(errno));
	TRY(envelope_new(writing->fd, plan->recipients, plan->recipients_count, &writing->envelope, err));
	return snapshot_write(tx, writing, err);
}

enum err_code backup_write(int fd, struct arena *arena, struct backup_plan *plan, struct backup_summary *summary,
			   struct err *err)
{
	struct writing writing = { .plan = plan, .summary = summary, .arena = arena, .fd = fd };

	buf_init(&writing.record, BACKUP_RECORD_MAX);
	enum err_code code = db_read(plan->db, backup_run, &writing, err);
	envelope_free(writing.envelope);
	buf_done(&writing.record);
	return code;
}
