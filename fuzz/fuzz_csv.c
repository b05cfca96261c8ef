/* A CSV file of a national system. What is read is written, and is the same when it is read again. The first octet says
 * which dialect it is, and in which pieces the file comes. */
#include "base/bytes.h"
#include "codec/csv.h"
#include "fuzz.h"

#define ARENA_MAX   ((size_t)8 << 20)
#define WRITTEN_MAX ((size_t)64 << 20)

struct pieces {
	struct bytes left;
	size_t size;
};

static enum err_code read_piece(void *arg, void *to, size_t room, size_t *got, struct err *err)
{
	struct pieces *pieces = arg;
	size_t size = pieces->size < room ? pieces->size : room;

	(void)err;
	*got = size < pieces->left.size ? size : pieces->left.size;
	if (*got)
		memcpy(to, pieces->left.data, *got);
	pieces->left = bytes(pieces->left.data + *got, pieces->left.size - *got);
	return OK;
}

static const struct csv_dialect dialects[] = {
	{ .delimiter = ',', .quote = '"' },
	{ .delimiter = ';', .quote = '\'', .lf = true },
	{ .delimiter = '\t', .quote = '\0' },
	{ .delimiter = ',', .quote = '"', .charset = "windows-874" },
	{ .delimiter = ',', .quote = '"', .charset = "UTF-16" },
};

/* Writes every record of TEXT, in DIALECT but UTF-8; false if TEXT has a finding. */
static bool copy(const struct csv_dialect *dialect, struct bytes text, size_t piece, struct buf *out)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	struct csv_dialect plain = *dialect;
	struct pieces pieces = { text, piece };
	struct csv_writer *writer = NULL;
	csv_reader_auto reader = NULL;
	struct err err = { 0 };
	const char *cells[CSV_CELLS_MAX];
	size_t bad;

	plain.charset = NULL;
	if (!findings || csv_writer_open(&plain, &writer, &err) != OK)
		return false;
	enum err_code code = csv_open(dialect, (struct csv_source){ read_piece, &pieces }, &reader, &err);
	for (struct csv_record record = { .count = 1 }; code == OK && record.count;) {
		code = csv_next(reader, &record, findings, &err);
		MUST(code == OK || code == ERR_MEMORY || code == ERR_LIMIT);
		MUST(record.count <= CSV_CELLS_MAX && (findings_count(findings) == 0 || record.count == 0));
		for (size_t i = 0; i < record.count; i++)
			cells[i] = record.cells[i].text;
		if (record.count)
			MUST(csv_put(writer, out, cells, record.count, &bad) || !dialect->quote);
	}
	csv_writer_close(writer);
	return code == OK && findings_count(findings) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	buf_auto once = { 0 }, twice = { 0 };

	if (size == 0)
		return 0;
	struct csv_dialect dialect = dialects[data[0] % COUNT(dialects)];
	buf_init(&once, WRITTEN_MAX);
	buf_init(&twice, WRITTEN_MAX);
	if (!copy(&dialect, bytes(data + 1, size - 1), 1 + data[0] / COUNT(dialects) * 97, &once) || !dialect.quote)
		return 0;
	dialect.charset = NULL;
	/* A cell may have grown by its quotation marks, beyond what one record may be. */
	if (copy(&dialect, buf_bytes(&once), 4096, &twice))
		MUST(once.failed || twice.failed || bytes_same(buf_bytes(&once), buf_bytes(&twice)));
	return 0;
}
