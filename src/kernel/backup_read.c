/* The records of a backup, as they come: strict, in bounded memory, one record at a time. */
#include "kernel/backup_int.h"

#include <stdlib.h>

#include "base/text.h"

#define RECORD_ARENA_BYTES ((size_t)1 << 20) /* texts of a head, a table or a file's name */
#define TABLES_MAX         256

struct backup_reader {
	struct backup_handler handler;
	struct buf record; /* as far as it has come */
	struct sha256_run all, rows_digest;
	struct arena *arena;       /* of the record at hand */
	struct arena *table_arena; /* of the table at hand; NULL: we are in none */
	struct db_table table;
	int64_t rows; /* of it */
	struct backup_summary summary;
	bool begun, tables_begun, ended;
};

struct values {
	struct bind value[RECORD_VALUES_MAX];
	size_t count;
};

static enum err_code broken(const char *why, struct err *err)
{
	return fail(err, ERR_SYNTAX, "the content is no backup of lintas, or another version's: %s", why);
}

static uint64_t number_of(const uint8_t *data, int octets)
{
	uint64_t number = 0;

	for (int i = 0; i < octets; i++)
		number = number << 8 | data[i];
	return number;
}

/* --- Values --- */

static enum err_code value_read(struct bytes *left, struct bind *value, struct err *err)
{
	uint8_t letter = left->data[0];
	size_t head = letter == 'N' ? 1 : letter == 'I' ? 9 : 5;

	if (left->size < head)
		return broken("a value is cut short", err);
	uint64_t size = head == 5 ? number_of(left->data + 1, 4) : 0;
	const struct bytes octets = bytes(left->data + head, (size_t)size);
	if (size > left->size - head)
		return broken("a value is longer than its record", err);
	*left = bytes(left->data + head + size, left->size - head - (size_t)size);
	switch (letter) {
	case 'N':
		*value = BIND_NULL;
		return OK;
	case 'I':
		*value = BIND_INT((int64_t)number_of(octets.data - 8, 8));
		return OK;
	case 'T':
		*value = (struct bind){ .kind = BIND_TEXT_, .value = octets };
		/* No database holds a text with a NUL. */
		return utf8_valid(octets) && !memchr(octets.data, 0, octets.size) ? OK
										  : broken("a text is not UTF-8", err);
	case 'B':
		*value = (struct bind){ .kind = BIND_BLOB_, .value = octets };
		return OK;
	default:
		return broken("a value is of an unknown kind", err);
	}
}

static enum err_code values_read(struct bytes record, struct values *values, struct err *err)
{
	struct bytes left = bytes(record.data + RECORD_HEAD_SIZE, record.size - RECORD_HEAD_SIZE);

	values->count = 0;
	while (left.size > 0) {
		if (values->count == RECORD_VALUES_MAX)
			return broken("a record has too many values", err);
		TRY(value_read(&left, &values->value[values->count], err));
		values->count++;
	}
	return OK;
}

/* KINDS: a letter a value, of those in the format's description. */
static enum err_code expect(const struct values *values, const char *kinds, struct err *err)
{
	static const char letters[] = { [BIND_NULL_] = 'N', [BIND_INT_] = 'I', [BIND_TEXT_] = 'T', [BIND_BLOB_] = 'B' };

	bool good = values->count == strlen(kinds);
	for (size_t i = 0; good && i < values->count; i++)
		good = letters[values->value[i].kind] == kinds[i];
	return good ? OK : broken("a record has other values than its kind", err);
}

static const char *text_of(struct arena *arena, const struct bind *value)
{
	return arena_text_of(arena, value->value);
}

/* --- Records --- */

static enum err_code head_take(struct backup_reader *reader, const struct values *values, struct err *err)
{
	struct findings *findings = findings_new(reader->arena);
	struct backup_head head;

	TRY(expect(values, "T", err));
	if (reader->begun)
		return broken("it has two heads", err);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory left for the head of the backup");
	TRY(field_read_json(reader->arena, &backup_head_schema, values->value[0].value, NULL, &head, findings, err));
	if (findings_errors(findings) > 0)
		return broken(findings_at(findings, 0) ? findings_at(findings, 0)->text : "its head", err);
	if (!same(head.format, BACKUP_FORMAT))
		return fail(err, ERR_SYNTAX, "it is \"%s\", and this program reads \"%s\"", head.format, BACKUP_FORMAT);
	reader->begun = true;
	return reader->handler.head ? reader->handler.head(reader->handler.arg, &head, err) : OK;
}

static enum err_code file_take(struct backup_reader *reader, const struct values *values, struct err *err)
{
	TRY(expect(values, "TB", err));
	const struct backup_file file = { text_of(reader->arena, &values->value[0]), values->value[1].value };
	if (!file.name)
		return fail(err, ERR_MEMORY, "no memory left for the name of a file");
	if (reader->tables_begun || !backup_name_valid(file.name))
		return broken("a file is where none may be", err);
	return reader->handler.file ? reader->handler.file(reader->handler.arg, &file, err) : OK;
}

static enum err_code columns_take(struct backup_reader *reader, const struct values *values, struct err *err)
{
	struct db_table *table = &reader->table;

	if (values->count < 3 || values->count % 2 == 0)
		return broken("a table has no columns", err);
	*table = (struct db_table){ .name = text_of(reader->table_arena, &values->value[0]),
				    .columns = arena_array(reader->table_arena, values->count / 2,
							   sizeof(*table->columns)),
				    .columns_count = values->count / 2 };
	for (size_t i = 0; table->columns && i < table->columns_count; i++) {
		const struct bind *name = &values->value[1 + 2 * i], *type = &values->value[2 + 2 * i];
		if (name->kind != BIND_TEXT_ || type->kind != BIND_INT_ || type->number < DB_INT ||
		    type->number > DB_BLOB)
			return broken("a column is no name and type", err);
		table->columns[i] =
			(struct db_column){ text_of(reader->table_arena, name), (enum db_type)type->number };
		if (!table->columns[i].name)
			return fail(err, ERR_MEMORY, "no memory left for a column");
	}
	return table->name && table->columns ? OK : fail(err, ERR_MEMORY, "no memory left for a table");
}

static enum err_code table_take(struct backup_reader *reader, const struct values *values, struct err *err)
{
	if (reader->table_arena || values->value[0].kind != BIND_TEXT_ || reader->summary.tables == TABLES_MAX)
		return broken("a table begins where none may", err);
	reader->table_arena = arena_new(RECORD_ARENA_BYTES);
	if (!reader->table_arena)
		return fail(err, ERR_MEMORY, "no memory left for a table");
	reader->tables_begun = true;
	reader->rows = 0;
	sha256_begin(&reader->rows_digest);
	TRY(columns_take(reader, values, err));
	return reader->handler.table ? reader->handler.table(reader->handler.arg, &reader->table, err) : OK;
}

static enum err_code row_take(struct backup_reader *reader, const struct values *values, struct err *err)
{
	static const enum bind_kind kinds[] = { [DB_INT] = BIND_INT_, [DB_TEXT] = BIND_TEXT_, [DB_BLOB] = BIND_BLOB_ };

	if (!reader->table_arena || values->count != reader->table.columns_count)
		return broken("a row is not of its table", err);
	for (size_t i = 0; i < values->count; i++) {
		enum bind_kind kind = values->value[i].kind;
		if (kind != BIND_NULL_ && kind != kinds[reader->table.columns[i].type])
			return broken("a value is not of its column", err);
	}
	sha256_put(&reader->rows_digest, buf_bytes(&reader->record));
	reader->rows++;
	return reader->handler.row ? reader->handler.row(reader->handler.arg, values->value, values->count, err) : OK;
}

static bool digest_is(const struct bind *value, const struct sha256_run *run)
{
	uint8_t digest[SHA256_SIZE];

	sha256_end(run, digest);
	return bytes_same(value->value, bytes(digest, sizeof(digest)));
}

static enum err_code table_end_take(struct backup_reader *reader, const struct values *values, struct err *err)
{
	TRY(expect(values, "IB", err));
	if (!reader->table_arena)
		return broken("a table ends that did not begin", err);
	if (values->value[0].number != reader->rows || !digest_is(&values->value[1], &reader->rows_digest))
		return fail(err, ERR_INVALID, "table %s has not the rows that were put into it: the backup is damaged",
			    reader->table.name);
	arena_free(reader->table_arena);
	reader->table_arena = NULL;
	reader->summary.tables++;
	reader->summary.rows += reader->rows;
	return OK;
}

/* ALL: over what came before this record. */
static enum err_code end_take(struct backup_reader *reader, const struct values *values, struct err *err)
{
	TRY(expect(values, "IIB", err));
	if (reader->table_arena)
		return broken("it ends inside a table", err);
	if (values->value[0].number != reader->summary.tables || values->value[1].number != reader->summary.rows ||
	    !digest_is(&values->value[2], &reader->all))
		return fail(err, ERR_INVALID, "the backup has not the tables that were put into it: it is damaged");
	reader->ended = true;
	return OK;
}

static const struct {
	enum backup_record type;
	enum err_code (*take)(struct backup_reader *reader, const struct values *values, struct err *err);
} records[] = {
	{ RECORD_ROW, row_take },   { RECORD_TABLE, table_take }, { RECORD_TABLE_END, table_end_take },
	{ RECORD_HEAD, head_take }, { RECORD_FILE, file_take },   { RECORD_END, end_take },
};

/* The whole record that is in the buffer. */
static enum err_code record_take(struct backup_reader *reader, struct err *err)
{
	const struct bytes record = buf_bytes(&reader->record);
	struct values values = { 0 };

	TRY(values_read(record, &values, err));
	for (size_t i = 0; i < COUNT(records); i++) {
		if (records[i].type != record.data[0])
			continue;
		arena_auto arena = records[i].type == RECORD_ROW ? NULL : arena_new(RECORD_ARENA_BYTES);
		reader->arena = arena;
		if (!arena && records[i].type != RECORD_ROW)
			return fail(err, ERR_MEMORY, "no memory left for a record");
		TRY(records[i].take(reader, &values, err));
		sha256_put(&reader->all, record);
		buf_clear(&reader->record);
		return OK;
	}
	return broken("a record is of an unknown kind", err);
}

static enum err_code head_check(const struct backup_reader *reader, size_t size, struct err *err)
{
	if (reader->ended)
		return broken("it goes on behind its end", err);
	if (!reader->begun && reader->record.data[0] != RECORD_HEAD)
		return broken("it has no head", err);
	if (size > BACKUP_RECORD_MAX - RECORD_HEAD_SIZE)
		return broken("a record is larger than any can be", err);
	return OK;
}

enum err_code backup_reader_put(struct backup_reader *reader, struct bytes piece, struct err *err)
{
	while (piece.size > 0) {
		size_t have = reader->record.size, wanted = RECORD_HEAD_SIZE;
		if (have >= RECORD_HEAD_SIZE)
			wanted += (size_t)number_of(reader->record.data + 1, 4);
		size_t taken = wanted - have < piece.size ? wanted - have : piece.size;
		buf_put(&reader->record, piece.data, taken);
		TRY(buf_check(&reader->record, "a record of the backup", err));
		piece = bytes(piece.data + taken, piece.size - taken);
		if (reader->record.size < RECORD_HEAD_SIZE)
			return OK;
		size_t size = (size_t)number_of(reader->record.data + 1, 4);
		if (have < RECORD_HEAD_SIZE)
			TRY(head_check(reader, size, err));
		if (reader->record.size == RECORD_HEAD_SIZE + size)
			TRY(record_take(reader, err));
	}
	return OK;
}

enum err_code backup_reader_end(struct backup_reader *reader, struct backup_summary *summary, struct err *err)
{
	if (reader->ended && reader->record.size > 0)
		return broken("it goes on behind its end", err);
	if (!reader->ended)
		return fail(err, ERR_SYNTAX,
			    "the backup is cut short: the program that wrote it did not come to its end");
	summary->tables = reader->summary.tables;
	summary->rows = reader->summary.rows;
	return OK;
}

struct backup_reader *backup_reader_new(const struct backup_handler *handler)
{
	struct backup_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->handler = *handler;
	buf_init(&reader->record, BACKUP_RECORD_MAX);
	sha256_begin(&reader->all);
	return reader;
}

void backup_reader_free(struct backup_reader *reader)
{
	if (!reader)
		return;
	arena_free(reader->table_arena);
	buf_done(&reader->record);
	free(reader);
}
