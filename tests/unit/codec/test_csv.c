/* Oracle: the module csv of Python in its strict mode, for what is read and for what is written; iconv for charsets. */
#include "files.h"

#include "base/text.h"
#include "codec/csv.h"

enum { OUT_MAX = 4 << 20 };

/* Octets that are handed over in pieces, so that every state of the reader is met at the end of one. */
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

static void put_cell(struct buf *out, const char *cell)
{
	buf_putc(out, '[');
	buf_puts(out, cell);
	buf_putc(out, ']');
}

/* Records as "[cell][cell]" and a line end; behind them the code of a finding. */
static void read_all(struct bytes text, size_t piece, const struct csv_dialect *dialect, struct buf *out, char *found,
		     size_t found_size)
{
	arena_auto arena = arena_new(1 << 20);
	struct findings *findings = findings_new(arena);
	struct pieces pieces = { text, piece };
	struct csv_record record;
	csv_reader_auto reader = NULL;
	struct err err = { 0 };

	buf_init(out, OUT_MAX);
	assert_int_equal(csv_open(dialect, (struct csv_source){ read_piece, &pieces }, &reader, &err), OK);
	do {
		assert_int_equal(csv_next(reader, &record, findings, &err), OK);
		for (size_t i = 0; i < record.count; i++)
			put_cell(out, record.cells[i].text);
		buf_puts(out, record.count ? "\n" : "");
	} while (record.count);
	const struct finding *finding = findings_at(findings, 0);
	snprintf(found, found_size, "%s%s%s", finding ? finding->rule->code : "", finding ? " " : "",
		 finding ? finding->text : "");
	/* After a finding nothing more is read. */
	assert_int_equal(csv_next(reader, &record, findings, &err), OK);
	assert_int_equal(record.count, 0);
	assert_true(findings_count(findings) <= 1);
}

static const struct csv_dialect comma = { .delimiter = ',', .quote = '"' };

static void assert_reads(const char *text, const char *expected)
{
	for (size_t piece = 1; piece <= 9; piece += 4) {
		char found[200];
		buf_auto out;
		read_all(bytes_of(text), piece, &comma, &out, found, sizeof(found));
		assert_string_equal(found, "");
		assert_string_equal(buf_text(&out), expected);
	}
}

/* RFC 4180 2.1 to 2.7, its own examples. */
static void the_examples_of_the_standard_are_read(void **state)
{
	(void)state;
	assert_reads("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", "[aaa][bbb][ccc]\n[zzz][yyy][xxx]\n");
	assert_reads("aaa,bbb,ccc\r\nzzz,yyy,xxx", "[aaa][bbb][ccc]\n[zzz][yyy][xxx]\n");
	assert_reads("\"aaa\",\"bbb\",\"ccc\"\r\nzzz,yyy,xxx", "[aaa][bbb][ccc]\n[zzz][yyy][xxx]\n");
	assert_reads("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx", "[aaa][b\r\nbb][ccc]\n[zzz][yyy][xxx]\n");
	assert_reads("\"aaa\",\"b\"\"bb\",\"ccc\"", "[aaa][b\"bb][ccc]\n");
	assert_reads(" a , b\n", "[ a ][ b]\n"); /* 2.4: spaces are part of a field */
}

static void a_byte_order_mark_and_empty_lines_are_no_cells(void **state)
{
	(void)state;
	assert_reads("\xEF\xBB\xBF"
		     "a,b\n\n\r\n1,2\n\n",
		     "[a][b]\n[1][2]\n");
	assert_reads("", "");
	assert_reads("\n", "");
	assert_reads("\"\"\n", "[]\n");
	assert_reads(",\n", "[][]\n");
}

/* Each row: what is wrong, and where. */
static void what_the_standard_leaves_undefined_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *finding;
	} rows[] = {
		{ "a\n1,b\"c\n", "CSV-004 line 2: " },
		{ "a\n\"b\"c\n", "CSV-005 line 2: " },
		{ "a\n\"b\" \n", "CSV-005 line 2: " },
		{ "a\n\"b\n\n", "CSV-006 line 2: " },
		{ "a\n\"", "CSV-006 line 2: " },
		{ "a\rb\n", "CSV-007 line 1: " },
		{ "a\r", "CSV-007 line 1: " },
		{ "a\nb\xE1\n", "CSV-001 line 2, byte 4 of the file: 0xE1 " },
		{ "a\nb,\xE0\xB8", "CSV-001 line 2, byte 5 of the file: 0xE0 " },
		{ "\xC0\xAF", "CSV-001 line 1, byte 1 of the file: 0xC0 " },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t piece = 1; piece <= 64; piece *= 8) {
			char found[200];
			buf_auto out;
			read_all(bytes_of(rows[i].text), piece, &comma, &out, found, sizeof(found));
			if (!starts_with(found, rows[i].finding))
				fail_msg("row %zu: %s", i, found);
		}
	char found[200];
	buf_auto out;
	read_all(bytes("a\0b", 3), 3, &comma, &out, found, sizeof(found));
	assert_true(starts_with(found, "CSV-003 line 1, byte 2 of the file"));
}

static void records_have_a_greatest_length_and_number_of_cells(void **state)
{
	(void)state;
	char found[200];
	buf_auto long_one, wide, out, out_too;

	buf_init(&long_one, 2 * CSV_RECORD_MAX);
	buf_init(&wide, 2 * CSV_CELLS_MAX);
	buf_puts(&long_one, "a\n");
	for (size_t i = 0; i <= CSV_RECORD_MAX; i++)
		buf_putc(&long_one, 'x');
	read_all(buf_bytes(&long_one), 65536, &comma, &out, found, sizeof(found));
	assert_true(starts_with(found, "CSV-008 line 2: "));
	for (size_t i = 0; i < CSV_CELLS_MAX; i++)
		buf_putc(&wide, ',');
	read_all(buf_bytes(&wide), 65536, &comma, &out_too, found, sizeof(found));
	assert_true(starts_with(found, "CSV-009 line 1: "));
}

#define PYTHON_READ                                                                                                    \
	"python3 -c 'import csv,sys,io\n"                                                                              \
	"rows=csv.reader(io.TextIOWrapper(sys.stdin.buffer,encoding=\"utf-8-sig\",newline=\"\"),strict=True)\n"        \
	"for r in rows:\n"                                                                                             \
	"  if r: sys.stdout.write(\"\".join(\"[\"+c+\"]\" for c in r)+\"\\n\")'"

/* A generator of files that are right: cells of all sorts, quoted where they must be and sometimes where not. */
static void put_right_file(struct buf *text, unsigned seed)
{
	static const char *const cells[] = { "",    "a",   "\"\"", "\"a,b\"",  "\"x\ny\"", "\"q\"\"q\"",
					     "กรม", " b ", "1.5",  "\"\r\n\"", "\"\"\"\"", "é" };
	static const char *const ends[] = { "\n", "\r\n" };

	for (unsigned line = 0; line < 400; line++) {
		for (unsigned c = 0; c < 1 + (seed + line) % 7; c++) {
			seed = seed * 1103515245U + 12345U;
			buf_puts(text, c ? "," : "");
			buf_puts(text, cells[(seed >> 16) % COUNT(cells)]);
		}
		buf_puts(text, ends[(seed >> 20) % 2]);
	}
}

static void what_python_reads_strictly_is_read_the_same(void **state)
{
	(void)state;
	arena_auto arena = arena_new(8 << 20);

	for (unsigned seed = 1; seed <= 5; seed++) {
		char found[200];
		struct bytes expected;
		buf_auto text, out;
		buf_init(&text, OUT_MAX);
		put_right_file(&text, seed);
		if (!oracle(arena, PYTHON_READ, buf_bytes(&text), &expected)) {
			print_message("SKIPPED: python3 is not installed\n");
			skip();
		}
		read_all(buf_bytes(&text), 4096, &comma, &out, found, sizeof(found));
		assert_string_equal(found, "");
		assert_int_equal(out.size, expected.size);
		assert_memory_equal(out.data, expected.data, out.size);
	}
}

static void put_record(struct csv_writer *writer, struct buf *out, const char *const *cells, size_t count)
{
	size_t bad;

	assert_true(csv_put(writer, out, cells, count, &bad));
}

static void python_reads_what_is_written(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	static const char *const rows[][3] = { { "a", "b,c", "d\"e" }, { "", "\r\n", " x" }, { "กรม", NULL, "\"" } };
	struct csv_writer *writer;
	struct bytes read;
	struct err err;
	buf_auto out;

	buf_init(&out, OUT_MAX);
	assert_int_equal(csv_writer_open(&comma, &writer, &err), OK);
	for (size_t i = 0; i < COUNT(rows); i++)
		put_record(writer, &out, rows[i], 3);
	put_record(writer, &out, &(const char *){ "" }, 1);
	csv_writer_close(writer);
	if (!oracle(arena, PYTHON_READ, buf_bytes(&out), &read)) {
		print_message("SKIPPED: python3 is not installed\n");
		skip();
	}
	assert_bytes(read, "[a][b,c][d\"e]\n[][\r\n][ x]\n[กรม][][\"]\n[]\n");
	buf_clear(&out);
	assert_int_equal(csv_writer_open(&comma, &writer, &err), OK);
	put_record(writer, &out, &(const char *){ "\xEF\xBB\xBF" }, 1);
	csv_writer_close(writer);
	assert_string_equal(buf_text(&out), "\"\xEF\xBB\xBF\"\r\n"); /* not a byte order mark */
}

/* iconv(1) makes the file. */
static void a_file_in_the_charset_that_is_named_is_converted(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	static const char text[] = "ชื่อ,จำนวน\nบริษัท ตัวอย่าง จำกัด,๑๒\n";
	static const char *const charsets[] = { "windows-874", "TIS-620", "UTF-16" };
	struct bytes file;

	for (size_t i = 0; i < COUNT(charsets); i++) {
		const struct csv_dialect dialect = { .delimiter = ',', .quote = '"', .charset = charsets[i] };
		char found[200];
		buf_auto out;
		assert_true(
			oracle(arena, arena_printf(arena, "iconv -f UTF-8 -t %s", charsets[i]), bytes_of(text), &file));
		for (size_t piece = 1; piece < 70000; piece += 60000) {
			read_all(file, piece, &dialect, &out, found, sizeof(found));
			assert_string_equal(found, "");
			assert_string_equal(buf_text(&out), "[ชื่อ][จำนวน]\n[บริษัท ตัวอย่าง จำกัด][๑๒]\n");
			buf_done(&out);
		}
		buf_init(&out, 1);
	}
	/* Without the name it is refused, with the place of the first octet. */
	char found[200];
	buf_auto out;
	assert_true(oracle(arena, "iconv -f UTF-8 -t windows-874", bytes_of("a\nชื่อ\n"), &file));
	read_all(file, 65536, &comma, &out, found, sizeof(found));
	assert_true(starts_with(found, "CSV-001 line 2, byte 3 of the file: 0xAA is not UTF-8"));
}

/* 0xDB has no character in windows-874. */
static void an_octet_that_the_charset_does_not_have_is_refused(void **state)
{
	(void)state;
	const struct csv_dialect thai = { .delimiter = ',', .quote = '"', .charset = "windows-874" };
	const struct csv_dialect none = { .delimiter = ',', .quote = '"', .charset = "no-such-charset" };
	struct csv_reader *reader;
	char found[200];
	struct err err;
	buf_auto out;

	read_all(bytes_of("a\n\xAA\xDB"), 65536, &thai, &out, found, sizeof(found));
	assert_true(starts_with(found, "CSV-002 line 2, byte 4 of the file: 0xDB"));
	assert_int_equal(csv_open(&none, (struct csv_source){ read_piece, NULL }, &reader, &err), ERR_INVALID);
}

static void a_cell_that_cannot_be_said_is_not_written(void **state)
{
	(void)state;
	const struct csv_dialect bare = { .delimiter = '|', .quote = '\0' };
	const struct csv_dialect thai = { .delimiter = ',', .quote = '"', .charset = "windows-874", .lf = true };
	struct csv_writer *writer;
	struct err err;
	size_t bad = 99;
	buf_auto out;

	buf_init(&out, OUT_MAX);
	assert_int_equal(csv_writer_open(&bare, &writer, &err), OK);
	assert_true(csv_put(writer, &out, (const char *const[]){ "a", "b\"c" }, 2, &bad));
	assert_false(csv_put(writer, &out, (const char *const[]){ "a", "b|c" }, 2, &bad));
	assert_int_equal(bad, 1);
	csv_writer_close(writer);
	assert_string_equal(buf_text(&out), "a|b\"c\r\n");

	buf_clear(&out);
	assert_int_equal(csv_writer_open(&thai, &writer, &err), OK);
	assert_true(csv_put(writer, &out, (const char *const[]){ "ก", "a,b" }, 2, &bad));
	assert_false(csv_put(writer, &out, (const char *const[]){ "Đ", "b" }, 2, &bad));
	assert_int_equal(bad, 0);
	csv_writer_close(writer);
	assert_string_equal(buf_text(&out), "\xA1,\"a,b\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_standard_are_read),
		cmocka_unit_test(a_byte_order_mark_and_empty_lines_are_no_cells),
		cmocka_unit_test(what_the_standard_leaves_undefined_is_refused),
		cmocka_unit_test(records_have_a_greatest_length_and_number_of_cells),
		cmocka_unit_test(what_python_reads_strictly_is_read_the_same),
		cmocka_unit_test(python_reads_what_is_written),
		cmocka_unit_test(a_file_in_the_charset_that_is_named_is_converted),
		cmocka_unit_test(an_octet_that_the_charset_does_not_have_is_refused),
		cmocka_unit_test(a_cell_that_cannot_be_said_is_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
