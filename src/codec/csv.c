#include "codec/csv.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

enum { CHUNK = 65536, TAIL = 8 /* octets of a character that the next chunk completes */, GROWTH = 4 };

#define NO_ICONV ((iconv_t)-1) /* what iconv_open returns when it cannot */

enum csv_rule { NOT_UTF8, NOT_CHARSET, NUL_OCTET, STRAY_QUOTE, AFTER_QUOTE, NOT_CLOSED, BARE_CR, TOO_LONG, TOO_MANY };

const struct rule csv_rules[] = {
	[NOT_UTF8] = { .code = "CSV-001",
		       .text = "{1}: {2} is not UTF-8; a file in a national encoding needs a mapping that names it "
			       "(csv, charset)" },
	[NOT_CHARSET] = { .code = "CSV-002", .text = "{1}: {2} is no character of the charset that the mapping names" },
	[NUL_OCTET] = { .code = "CSV-003", .text = "{1}: a NUL; this is not text in the charset that was expected" },
	[STRAY_QUOTE] = { .code = "CSV-004",
			  .text = "{1}: a quotation mark inside a cell that does not begin with one (RFC 4180 2.5)" },
	[AFTER_QUOTE] = { .code = "CSV-005",
			  .text = "{1}: text behind the closing quotation mark; inside, it is doubled (RFC 4180 2.7)" },
	[NOT_CLOSED] = { .code = "CSV-006", .text = "{1}: the quotation mark that opens this cell is never closed" },
	[BARE_CR] = { .code = "CSV-007", .text = "{1}: a carriage return without a line feed (RFC 4180 2.1)" },
	[TOO_LONG] = { .code = "CSV-008", .text = "{1}: a record of more than {2} bytes" },
	[TOO_MANY] = { .code = "CSV-009", .text = "{1}: a record of more than {2} cells" },
	{ 0 },
};

struct csv_reader {
	struct csv_dialect dialect;
	struct csv_source source;
	iconv_t iconv; /* NO_ICONV: the source is UTF-8 */
	bool ended, broken, begun;
	bool stop[256]; /* ends a run of plain characters */

	uint8_t raw[CHUNK + TAIL]; /* as read; what is not converted yet */
	size_t raw_size;
	uint64_t raw_offset; /* of raw[0] in the source */

	uint8_t chunk[GROWTH * (CHUNK + TAIL)]; /* well-formed UTF-8 without NUL */
	size_t at, size;
	size_t chunk_line; /* at its end */
	size_t line;       /* at .at */

	struct buf text; /* the record's cells, each ended by NUL */
	size_t starts[CSV_CELLS_MAX];
	struct csv_cell cells[CSV_CELLS_MAX];
	size_t count;
};

static void find(struct csv_reader *reader, enum csv_rule rule, const char *place, const char *second,
		 struct findings *findings)
{
	reader->broken = true;
	finding_add(findings, &csv_rules[rule], "", place, second);
}

static void find_at_line(struct csv_reader *reader, enum csv_rule rule, size_t line, size_t limit,
			 struct findings *findings)
{
	char place[32], number[24];

	snprintf(place, sizeof(place), "line %zu", line);
	snprintf(number, sizeof(number), "%zu", limit);
	find(reader, rule, place, number, findings);
}

/* RULE about the octet raw[AT]; the LINE on which it stands. */
static void find_octet(struct csv_reader *reader, enum csv_rule rule, size_t at, size_t line, struct findings *findings)
{
	char place[64], octet[8];

	snprintf(place, sizeof(place), "line %zu, byte %llu of the file", line,
		 (unsigned long long)(reader->raw_offset + at + 1));
	snprintf(octet, sizeof(octet), "0x%02X", reader->raw[at]);
	find(reader, rule, place, octet, findings);
}

static size_t lines_in(const uint8_t *data, size_t size)
{
	size_t lines = 0;

	for (const uint8_t *end = data + size; (data = memchr(data, '\n', (size_t)(end - data))) != NULL; data++)
		lines++;
	return lines;
}

/* How many octets of RAW are whole, well-formed characters. */
static size_t utf8_run(const struct csv_reader *reader)
{
	size_t at = 0;

	while (at < reader->raw_size) {
		size_t length = 1;
		if (reader->raw[at] >= 0x80)
			length = utf8_first(bytes(reader->raw + at, reader->raw_size - at));
		if (length == 0 || reader->raw[at] == '\0')
			break;
		at += length;
	}
	return at;
}

static void drop_raw(struct csv_reader *reader, size_t used)
{
	memmove(reader->raw, reader->raw + used, reader->raw_size - used);
	reader->raw_size -= used;
	reader->raw_offset += used;
}

static void take_utf8(struct csv_reader *reader, struct findings *findings)
{
	size_t run = utf8_run(reader), left = reader->raw_size - run;
	size_t lines = lines_in(reader->raw, run);

	if (left > 0 && (reader->ended || left >= 4 || reader->raw[run] == '\0')) {
		find_octet(reader, reader->raw[run] == '\0' ? NUL_OCTET : NOT_UTF8, run, reader->chunk_line + lines,
			   findings);
		return;
	}
	memcpy(reader->chunk, reader->raw, run);
	reader->size = run;
	drop_raw(reader, run);
}

static enum err_code take_converted(struct csv_reader *reader, struct findings *findings, struct err *err)
{
	char *from = (char *)reader->raw, *to = (char *)reader->chunk;
	size_t left = reader->raw_size, room = sizeof(reader->chunk);
	size_t converted = iconv(reader->iconv, &from, &left, &to, &room);
	int failed = converted == (size_t)-1 ? errno : 0;
	const uint8_t *nul;

	reader->size = sizeof(reader->chunk) - room;
	if (failed == E2BIG)
		return fail(err, ERR_LIMIT, "%s grows to more than %d times its size in UTF-8", reader->dialect.charset,
			    GROWTH);
	/* glibc counts characters that it could not convert exactly; none may be. */
	bool cut = failed == EINVAL && (reader->ended || left >= TAIL);
	if (failed == EILSEQ || cut || (!failed && converted > 0)) {
		find_octet(reader, NOT_CHARSET, left > 0 ? reader->raw_size - left : 0,
			   reader->chunk_line + lines_in(reader->chunk, reader->size), findings);
		return OK;
	}
	nul = memchr(reader->chunk, '\0', reader->size);
	if (nul)
		find_at_line(reader, NUL_OCTET,
			     reader->chunk_line + lines_in(reader->chunk, (size_t)(nul - reader->chunk)), 0, findings);
	drop_raw(reader, reader->raw_size - left);
	return OK;
}

/* More characters into the chunk; none at the end, and after a finding. */
static enum err_code fill(struct csv_reader *reader, struct findings *findings, struct err *err)
{
	reader->at = reader->size = 0;
	while (!reader->broken && reader->at == reader->size && (!reader->ended || reader->raw_size > 0)) {
		size_t got = 0;
		if (!reader->ended)
			TRY(reader->source.read(reader->source.arg, reader->raw + reader->raw_size,
						sizeof(reader->raw) - reader->raw_size, &got, err));
		reader->ended = reader->ended || got == 0;
		reader->raw_size += got;
		if (reader->iconv != NO_ICONV)
			TRY(take_converted(reader, findings, err));
		else
			take_utf8(reader, findings);
		bool mark = !reader->begun && reader->size >= 3 && memcmp(reader->chunk, "\xEF\xBB\xBF", 3) == 0;
		reader->at = mark ? 3 : 0;
		reader->begun = reader->begun || reader->size > 0;
		reader->chunk_line += lines_in(reader->chunk, reader->size);
	}
	if (reader->broken)
		reader->at = reader->size = 0;
	return OK;
}

/* The next character, not taken; -1 at the end. */
static enum err_code peek(struct csv_reader *reader, int *c, struct findings *findings, struct err *err)
{
	if (reader->at == reader->size)
		TRY(fill(reader, findings, err));
	*c = reader->at < reader->size ? reader->chunk[reader->at] : -1;
	return OK;
}

static void take(struct csv_reader *reader)
{
	reader->line += reader->chunk[reader->at] == '\n';
	reader->at++;
}

/* The characters up to the next that means something, or to the end of the chunk. */
static void take_run(struct csv_reader *reader)
{
	size_t start = reader->at;

	while (reader->at < reader->size && !reader->stop[reader->chunk[reader->at]])
		reader->at++;
	buf_put(&reader->text, reader->chunk + start, reader->at - start);
}

/* After the opening quotation mark: all up to the closing one. */
static enum err_code read_quoted(struct csv_reader *reader, struct findings *findings, struct err *err)
{
	size_t line = reader->line;
	int c;

	for (;;) {
		TRY(peek(reader, &c, findings, err));
		if (c < 0) {
			if (!reader->broken)
				find_at_line(reader, NOT_CLOSED, line, 0, findings);
			return OK;
		}
		if (c != reader->dialect.quote) {
			size_t before = reader->at;
			take_run(reader);
			if (reader->at == before) {
				buf_putc(&reader->text, (char)c);
				take(reader);
			}
			if (reader->text.failed != OK)
				return OK;
			continue;
		}
		take(reader);
		TRY(peek(reader, &c, findings, err));
		if (c != reader->dialect.quote || c < 0)
			return OK;
		buf_putc(&reader->text, (char)c);
		take(reader);
		if (reader->text.failed != OK)
			return OK;
	}
}

/* One cell, up to its delimiter or line end; *QUOTED if it was. */
static enum err_code read_cell(struct csv_reader *reader, bool *quoted, struct findings *findings, struct err *err)
{
	int c;

	TRY(peek(reader, &c, findings, err));
	*quoted = c >= 0 && c == (unsigned char)reader->dialect.quote;
	if (*quoted) {
		take(reader);
		return read_quoted(reader, findings, err);
	}
	while (c >= 0 && !reader->stop[c] && reader->text.failed == OK) {
		take_run(reader);
		TRY(peek(reader, &c, findings, err));
	}
	if (c >= 0 && c == (unsigned char)reader->dialect.quote)
		find_at_line(reader, STRAY_QUOTE, reader->line, 0, findings);
	return OK;
}

/* What stands behind a cell: *MORE if another follows in this record. */
static enum err_code read_separator(struct csv_reader *reader, bool quoted, bool *more, struct findings *findings,
				    struct err *err)
{
	size_t line = reader->line;
	int c;

	*more = false;
	TRY(peek(reader, &c, findings, err));
	if (c < 0)
		return OK;
	if (c == (unsigned char)reader->dialect.delimiter) {
		take(reader);
		*more = true;
		return OK;
	}
	if (c == '\r') {
		take(reader);
		TRY(peek(reader, &c, findings, err));
		if (c != '\n' && !reader->broken)
			find_at_line(reader, BARE_CR, line, 0, findings);
	}
	if (c == '\n')
		take(reader);
	else if (quoted && !reader->broken)
		find_at_line(reader, AFTER_QUOTE, line, 0, findings);
	return OK;
}

/* One line's cells; *BLANK if it is an empty line. */
static enum err_code read_record(struct csv_reader *reader, bool *blank, struct findings *findings, struct err *err)
{
	size_t line = reader->line;
	bool quoted = false, more = true;

	buf_clear(&reader->text);
	reader->count = 0;
	while (more && !reader->broken) {
		if (reader->count == CSV_CELLS_MAX) {
			find_at_line(reader, TOO_MANY, line, CSV_CELLS_MAX, findings);
			break;
		}
		reader->cells[reader->count].line = reader->line;
		reader->starts[reader->count++] = reader->text.size;
		TRY(read_cell(reader, &quoted, findings, err));
		buf_putc(&reader->text, '\0');
		if (reader->text.failed == ERR_LIMIT)
			find_at_line(reader, TOO_LONG, line, CSV_RECORD_MAX, findings);
		else
			TRY(buf_check(&reader->text, "a record", err));
		if (!reader->broken)
			TRY(read_separator(reader, quoted, &more, findings, err));
	}
	*blank = reader->count == 1 && reader->text.size == 1 && !quoted;
	return OK;
}

enum err_code csv_next(struct csv_reader *reader, struct csv_record *record, struct findings *findings, struct err *err)
{
	bool blank = true;
	size_t line = 0;
	int c = 0;

	*record = (struct csv_record){ 0 };
	while (blank && !reader->broken) {
		TRY(peek(reader, &c, findings, err));
		if (c < 0)
			return OK;
		line = reader->line;
		TRY(read_record(reader, &blank, findings, err));
	}
	if (reader->broken)
		return OK;
	for (size_t i = 0; i < reader->count; i++)
		reader->cells[i].text = buf_text(&reader->text) + reader->starts[i];
	*record = (struct csv_record){ .cells = reader->cells, .count = reader->count, .line = line };
	return OK;
}

static enum err_code open_iconv(const char *to, const char *from, const char *charset, iconv_t *opened, struct err *err)
{
	iconv_t iconv = iconv_open(to, from);

	if (iconv == NO_ICONV)
		return fail(err, errno == ENOMEM ? ERR_MEMORY : ERR_INVALID,
			    "the charset %s is not known here; iconv --list shows the names", charset);
	*opened = iconv;
	return OK;
}

static bool converts(const char *to, const char *from)
{
	struct err unknown;
	iconv_t iconv = NO_ICONV;

	if (open_iconv(to, from, from, &iconv, &unknown) != OK)
		return false;
	iconv_close(iconv);
	return true;
}

bool csv_charset_known(const char *charset)
{
	return converts("UTF-8", charset) && converts(charset, "UTF-8");
}

enum err_code csv_open(const struct csv_dialect *dialect, struct csv_source source, struct csv_reader **reader,
		       struct err *err)
{
	iconv_t iconv = NO_ICONV;

	if (dialect->charset)
		TRY(open_iconv("UTF-8", dialect->charset, dialect->charset, &iconv, err));
	struct csv_reader *opened = calloc(1, sizeof(*opened));
	if (!opened) {
		if (iconv != NO_ICONV)
			iconv_close(iconv);
		return fail(err, ERR_MEMORY, "no memory left to read records");
	}
	opened->dialect = *dialect;
	opened->source = source;
	opened->iconv = iconv;
	opened->line = opened->chunk_line = 1;
	opened->stop[(unsigned char)dialect->delimiter] = true;
	opened->stop['\r'] = opened->stop['\n'] = true;
	if (dialect->quote)
		opened->stop[(unsigned char)dialect->quote] = true;
	buf_init(&opened->text, CSV_RECORD_MAX);
	*reader = opened;
	return OK;
}

void csv_close(struct csv_reader *reader)
{
	if (!reader)
		return;
	if (reader->iconv != NO_ICONV)
		iconv_close(reader->iconv);
	buf_done(&reader->text);
	free(reader);
}

/* --- Writing --- */

struct csv_writer {
	struct csv_dialect dialect;
	iconv_t iconv;
};

enum err_code csv_writer_open(const struct csv_dialect *dialect, struct csv_writer **writer, struct err *err)
{
	iconv_t iconv = NO_ICONV;

	if (dialect->charset)
		TRY(open_iconv(dialect->charset, "UTF-8", dialect->charset, &iconv, err));
	struct csv_writer *opened = malloc(sizeof(*opened));
	if (!opened) {
		if (iconv != NO_ICONV)
			iconv_close(iconv);
		return fail(err, ERR_MEMORY, "no memory left to write records");
	}
	*opened = (struct csv_writer){ .dialect = *dialect, .iconv = iconv };
	*writer = opened;
	return OK;
}

void csv_writer_close(struct csv_writer *writer)
{
	if (!writer)
		return;
	if (writer->iconv != NO_ICONV)
		iconv_close(writer->iconv);
	free(writer);
}

static bool put_converted(struct csv_writer *writer, struct buf *out, struct bytes text)
{
	char *from = (char *)(uintptr_t)text.data; /* iconv reads it only */
	size_t left = text.size, room = GROWTH * (text.size + TAIL), whole = room;

	if (writer->iconv == NO_ICONV) {
		buf_put_bytes(out, text);
		return true;
	}
	char *to = (char *)buf_reserve(out, room);
	if (!to)
		return true; /* the buffer's failure says it */
	size_t converted = iconv(writer->iconv, &from, &left, &to, &room);
	buf_grown(out, whole - room);
	return converted == 0 && left == 0;
}

/* Where the record would be read otherwise without quotation marks. */
static bool must_quote(const struct csv_dialect *dialect, const char *cell, bool alone)
{
	const char special[] = { dialect->delimiter, '\r', '\n', dialect->quote, '\0' };

	/* A byte order mark would be one at the begin of a file. */
	return *cell ? cell[strcspn(cell, special)] != '\0' || starts_with(cell, "\xEF\xBB\xBF") : alone;
}

/* Or where a reader that trims cells would change it. */
static bool needs_quotes(const struct csv_dialect *dialect, const char *cell, bool alone)
{
	size_t size = strlen(cell);

	return must_quote(dialect, cell, alone) ||
	       (size > 0 && (strchr(" \t", cell[0]) || strchr(" \t", cell[size - 1])));
}

static bool put_cell(struct csv_writer *writer, struct buf *out, const char *cell, bool alone)
{
	const char quote[] = { writer->dialect.quote, '\0' };

	if (!*quote && must_quote(&writer->dialect, cell, alone))
		return false;
	if (!*quote || !needs_quotes(&writer->dialect, cell, alone))
		return put_converted(writer, out, bytes_of(cell));
	bool put = put_converted(writer, out, bytes_of(quote));
	while (put && *cell) {
		size_t length = strcspn(cell, quote);
		length += cell[length] == *quote;
		put = put_converted(writer, out, bytes(cell, length)) &&
		      (cell[length - 1] != *quote || put_converted(writer, out, bytes_of(quote)));
		cell += length;
	}
	return put && put_converted(writer, out, bytes_of(quote));
}

bool csv_put(struct csv_writer *writer, struct buf *out, const char *const *cells, size_t count, size_t *bad)
{
	const char delimiter[] = { writer->dialect.delimiter, '\0' };
	size_t before = out->size;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			put_converted(writer, out, bytes_of(delimiter));
		if (put_cell(writer, out, cells[i] ? cells[i] : "", count == 1))
			continue;
		out->size = before;
		if (out->data)
			out->data[before] = '\0';
		*bad = i;
		return false;
	}
	put_converted(writer, out, bytes_of(writer->dialect.lf ? "\n" : "\r\n"));
	return true;
}
