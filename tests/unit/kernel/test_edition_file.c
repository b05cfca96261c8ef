/* Files of reference data, with a kind of the test's own: one is seen whole or not at all, whatever is wrong with it
 * and whatever happens meanwhile. */
#include "edition_play.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Findings --- */

static void all_that_is_wrong_comes_at_once_with_its_line_and_nothing_is_seen(void **state)
{
	struct play play = begin(state);

	import_text(&play, &trial_rates, "CODE,LEVEL\n1,x\n2,\n2,1\n,2\n1234567890123,\n");
	assert_nothing(&play, "MAP-027; TRL-001; FLD-001; FLD-006; TRL-002");
	assert_string_equal(findings_at(play.findings, 1)->text, "2 comes twice; at line 4, column \"CODE\"");
	assert_string_equal(findings_at(play.findings, 1)->path, "/records/2/code");
	assert_string_equal(findings_at(play.findings, 1)->law, "article 2");
	assert_non_null(strstr(findings_at(play.findings, 0)->text, "; at line 2, column \"LEVEL\""));
	assert_non_null(strstr(findings_at(play.findings, 2)->text, "; at line 5"));
	assert_string_equal(newest(&play)->state, "failed");
	assert_string_equal(play.journal.entries[1].event, "fail");
	assert_string_equal(play.journal.entries[1].detail, "trial.rates VN from 2026-11-02: 4 errors");
}

static void what_is_said_of_the_whole_has_its_line_too(void **state)
{
	struct play play = begin(state);

	import_text(&play, &trial_rates, "CODE,LEVEL\n1,\n2,\n1,\n");
	assert_nothing(&play, "TRL-003");
	assert_string_equal(findings_at(play.findings, 0)->text, "the last is 1, as the first is; at line 4");
}

static void warnings_are_kept_with_the_edition(void **state)
{
	struct play play = begin(state);

	import_text(&play, &trial_rates, "CODE,LEVEL,MORE\n1,1,\n2,2,x\n3,3,\n");
	assert_string_equal(codes(&play), "TRL-002; TRL-002; MAP-034");
	assert_string_equal(newest(&play)->state, "staged");
	assert_int_equal(play.list.items[0].warnings, 3);
	assert_int_equal(play.warnings.count, 3);
	assert_string_equal(play.warnings.items[1].code, "TRL-002");
	assert_string_equal(play.warnings.items[1].place, "/records[3]/level");
	assert_string_equal(play.warnings.items[1].text, "the level 3 is odd; at line 4, column \"LEVEL\"");
	assert_null(play.warnings.items[1].law);
}

struct broken {
	const char *text, *codes;
};

static void a_broken_file_is_refused_and_says_where(void **state)
{
	struct play play = begin(state);
	static const struct broken files[] = {
		{ "", "MAP-036" },
		{ "CODE,LEVEL\n", "MAP-036" },
		{ "CODE,LEVEL\n1,\n\"2,\n", "CSV-006" },      /* a quotation mark that is never closed */
		{ "CODE,LEVEL\n1,\n2", "MAP-022" },           /* cut short */
		{ "CODE,LEVEL\n1,\n\xC3\x28,\n", "CSV-001" }, /* not UTF-8 */
		{ "CODE,LEVEL\n1,\n2,\xE1\xBA", "CSV-001" },  /* cut inside a character */
		{ "CODE\n1\n", "MAP-020" },
		{ "CODE,LEVEL,LEVEL\n1,,\n", "MAP-021" },
		{ "CODE,LEVEL\n1,,\n2,\n3,,,\n", "MAP-022; MAP-022" },
	};

	for (size_t i = 0; i < COUNT(files); i++) {
		import_text(&play, &trial_rates, files[i].text);
		assert_nothing(&play, files[i].codes);
	}
	assert_non_null(strstr(findings_at(play.findings, 1)->text, "line 4"));
}

static void a_byte_order_mark_and_either_line_end_are_the_same_file(void **state)
{
	struct play play = begin(state);

	import_text(&play, &trial_rates,
		    "\xEF\xBB\xBF"
		    "CODE,LEVEL\r\n1,2\r\n2,4\n\r\n3,");
	assert_string_equal(codes(&play), "");
	assert_int_equal(play.edition.records, 3);
	assert_int_equal(records(&play), 3);
}

static long peak_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* The memory of the file itself is the caller's. */
static void a_line_without_end_and_a_file_without_end_are_refused(void **state)
{
	struct play play = begin(state);
	struct kernel_fixture *fixture = play.fixture;
	const size_t sizes[] = { EDITION_FILE_MAX - 1, (size_t)200 << 20 };
	static const char *const expected[] = { "CSV-008", "EDN-004" };
	static const char head[] = "CODE,LEVEL\n1,\n";

	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint8_t *file = malloc(sizes[i]);
		assert_non_null(file);
		memset(file, '7', sizes[i]);
		memcpy(file, head, sizeof(head) - 1);
		long before = peak_kb();
		struct edition_request request = request_of(&play, &trial_rates, bytes(file, sizes[i]));
		import_request(&play, &request);
		must(play.code);
		assert_nothing(&play, expected[i]);
#ifndef UNDER_ASAN
		assert_true(peak_kb() - before < 64 << 10);
#else
		(void)before;
#endif
		free(file);
	}
}

static void a_million_findings_are_counted_and_a_thousand_kept(void **state)
{
	struct play play = begin(state);
	struct kernel_fixture *fixture = play.fixture;
	const size_t lines =
#ifdef UNDER_ASAN
		20000;
#else
		1000000;
#endif
	buf_auto file;

	buf_init(&file, EDITION_FILE_MAX);
	buf_puts(&file, "CODE,LEVEL\n");
	for (size_t i = 0; i < lines; i++)
		buf_printf(&file, "%zu,x\n", i);
	struct edition_request request = request_of(&play, &trial_rates, buf_bytes(&file));
	long before = peak_kb();
	import_request(&play, &request);
	must(play.code);
	assert_int_equal(findings_count(play.findings), lines);
	assert_non_null(findings_at(play.findings, FINDINGS_MAX - 1));
	assert_null(findings_at(play.findings, FINDINGS_MAX));
	assert_int_equal(records(&play), 0);
#ifndef UNDER_ASAN
	assert_true(peak_kb() - before < 64 << 10);
#else
	(void)before;
#endif
}

static void a_thousand_warnings_hide_no_error(void **state)
{
	struct play play = begin(state);
	struct kernel_fixture *fixture = play.fixture;
	buf_auto file;

	buf_init(&file, EDITION_FILE_MAX);
	buf_puts(&file, "CODE,LEVEL\n");
	for (int i = 0; i < 1500; i++)
		buf_printf(&file, "%d,1\n", i);
	buf_puts(&file, ",1\n");
	struct edition_request request = request_of(&play, &trial_rates, buf_bytes(&file));
	import_request(&play, &request);
	must(play.code);
	assert_string_equal(findings_at(play.findings, 0)->rule->code, "FLD-001");
	assert_int_equal(findings_errors(play.findings), 1);
	assert_int_equal(records(&play), 0);
}

/* --- Real shapes --- */

/* A file of the checkout, or of the inputs; NULL if the variable is not set. */
static struct bytes file_of(struct kernel_fixture *fixture, const char *variable, const char *name)
{
	const char *root = getenv(variable);
	FILE *file = root ? fopen(arena_printf(fixture->arena, "%s/%s", root, name), "rbe") : NULL;
	uint8_t *to = arena_alloc(fixture->arena, 8 << 20);
	size_t size = file ? fread(to, 1, 8 << 20, file) : 0;

	if (file)
		fclose(file);
	return bytes(file ? to : NULL, size);
}

/* The first block of LANGUAGE in the page behind the heading "Records"; the next ones by NUMBER. */
static const char *block_of(struct kernel_fixture *fixture, struct bytes page, const char *language, int number)
{
	const char *fence = arena_printf(fixture->arena, "```%s\n", language);
	const char *text = arena_text_of(fixture->arena, page), *at = strstr(text, "\n## Records\n");

	assert_non_null(at);
	for (int i = 0; i <= number; i++) {
		at = strstr(at, fence);
		assert_non_null(at);
		at += strlen(fence);
	}
	return arena_text_of(fixture->arena, bytes(at, (size_t)(strstr(at, "```") - at)));
}

static enum err_code keep_json(void *arg, const struct mapping_document *document, struct err *err)
{
	struct buf *all = arg;

	assert_int_equal(findings_count(document->findings), 0);
	buf_put_bytes(all, document->json);
	buf_putc(all, '\n');
	return buf_check(all, "the records", err);
}

struct text_source {
	struct bytes text;
	size_t at;
};

static enum err_code read_text(void *arg, void *to, size_t room, size_t *got, struct err *err)
{
	struct text_source *source = arg;
	size_t left = source->text.size - source->at;

	(void)err;
	*got = left < room ? left : room;
	memcpy(to, source->text.data + source->at, *got);
	source->at += *got;
	return OK;
}

static enum err_code rewind_text(void *arg, struct err *err)
{
	(void)err;
	((struct text_source *)arg)->at = 0;
	return OK;
}

static void the_example_of_the_documentation_is_what_it_says(void **state)
{
	struct play play = begin(state);
	struct kernel_fixture *fixture = play.fixture;
	const struct bytes page = file_of(fixture, "LINTAS_SOURCE", "docs/mapping.md");
	buf_auto json;

	if (!page.data)
		skip();
	const char *csv = block_of(fixture, page, "csv", 0);
	struct edition_request request = request_of(&play, &trial_rates, bytes_of(csv));
	struct text_source source = { bytes_of(csv), 0 };
	const struct mapping_input input = { { read_text, &source }, rewind_text };
	request.mapping = mapping_in(fixture, block_of(fixture, page, "json", 0));
	import_request(&play, &request);
	must(play.code);
	assert_string_equal(codes(&play), "");
	assert_int_equal(play.edition.records, 3);
	buf_init(&json, 65536);
	must(mapping_read(request.mapping, &input, keep_json, &json, play.findings, &fixture->err));
	const char *second = strchr(buf_text(&json), '\n') + 1;
	assert_string_equal(arena_text_of(fixture->arena, bytes(second, 1 + strcspn(second, "\n"))),
			    block_of(fixture, page, "json", 1));
}

/* The ASEAN nomenclature of 2022 in three languages: 11,552 lines. */
static void a_book_of_a_nomenclature_goes_in_as_it_is(void **state)
{
	struct play play = begin(state);
	struct kernel_fixture *fixture = play.fixture;
	struct bytes book = file_of(fixture, "LINTAS_DATA", "tariff/ahtn2022.csv");
	static const char mapping[] =
		"{\"title\":\"AHTN\",\"records\":\"trial.rates\",\"format\":\"csv\",\"list\":["
		"{\"to\":\"/text\",\"fixed\":3}],\"row\":[{\"to\":\"/code\",\"from\":\"code\"},"
		"{\"to\":\"/text/[1]/language\",\"constant\":\"en\"},{\"to\":\"/text/[1]/text\",\"from\":\"desc_en\"},"
		"{\"to\":\"/text/[2]/language\",\"constant\":\"id\"},{\"to\":\"/text/[2]/text\",\"from\":\"desc_id\"},"
		"{\"to\":\"/text/[3]/language\",\"constant\":\"vi\"},{\"to\":\"/text/[3]/text\",\"from\":\"desc_vi\"}],"
		"\"ignore\":[{\"from\":\"dash_level\",\"why\":\"x\"},{\"from\":\"hs6\",\"why\":\"x\"},{\"from\":\"heading\",\"why\":\"x\"},"
		"{\"from\":\"chapter\",\"why\":\"x\"},{\"from\":\"path_en\",\"why\":\"x\"},"
		"{\"from\":\"missing_levels\",\"why\":\"x\"},{\"from\":\"id_national_ch98\",\"why\":\"x\"}]}";

	if (!book.data)
		skip();
	struct edition_request request = request_of(&play, &trial_rates, book);
	request.mapping = mapping_in(fixture, mapping);
	int64_t begun_us = clock_monotonic_us();
	import_request(&play, &request);
	must(play.code);
	print_message("%d records in %d ms\n", (int)play.edition.records,
		      (int)((clock_monotonic_us() - begun_us) / 1000));
	assert_string_equal(codes(&play), "");
	assert_int_equal(records(&play), 11552);
}

/* --- Interruptions --- */

static void what_fails_in_the_middle_leaves_nothing(void **state)
{
	struct play play = begin(state);
	struct edition_request request =
		request_of(&play, &trial_rates, bytes_of(many(play.fixture, 2 * EDITION_BATCH)));

	trial_fails_at = EDITION_BATCH + 10;
	import_request(&play, &request);
	assert_int_equal(play.code, ERR_IO);
	assert_int_equal(records(&play), 0);
	assert_string_equal(newest(&play)->state, "failed");
	trial_fails_at = 0;
	import_request(&play, &request);
	assert_int_equal(play.code, OK);
	assert_false(play.repeated);
	assert_int_equal(records(&play), 2 * EDITION_BATCH);
}

static void what_cannot_be_deleted_at_once_is_deleted_later(void **state)
{
	struct play play = begin(state);
	struct kernel_fixture *fixture = play.fixture;
	const char *text =
		arena_printf(fixture->arena, "%s1234567890123,\n", many(fixture, EDITION_BATCH)); /* too long a code */
	unsigned done;

	trial_fails_at = -1;
	import_text(&play, &trial_rates, text);
	assert_string_equal(codes(&play), "FLD-006");
	assert_int_equal(records(&play), EDITION_BATCH);
	trial_fails_at = 0;
	must(edition_sweep_step(&fixture->kernel, FIXTURE_NOW_US, 2 * EDITION_BATCH, &done, &fixture->err));
	assert_int_equal(records(&play), 0);
}

static void die(int64_t number)
{
	if (number == EDITION_BATCH + 10)
		_exit(7);
}

/* In a process of its own, which ends in the middle of the second batch. */
static void import_and_die(struct kernel_fixture *fixture)
{
	struct play play = { .fixture = fixture };
	struct kernel kernel = fixture->kernel;

	if (db_open(fixture->url, NULL, &kernel.db, &fixture->err) != OK)
		_exit(1);
	trial_at_put = die;
	struct edition_request request = request_of(&play, &trial_rates, bytes_of(many(fixture, 2 * EDITION_BATCH)));
	fixture->kernel.db = kernel.db;
	import_request(&play, &request);
	_exit(2);
}

static void what_was_loading_when_the_node_stopped_is_deleted_after_the_next_start(void **state)
{
	struct play play = begin(state);
	struct kernel_fixture *fixture = play.fixture;
	unsigned done;
	int status;

	db_close(fixture->kernel.db);
	fixture->kernel.db = NULL;
	pid_t child = fork();
	if (child == 0)
		import_and_die(fixture);
	assert_true(waitpid(child, &status, 0) == child);
	assert_int_equal(WEXITSTATUS(status), 7);
	must(db_open(fixture->url, NULL, &fixture->kernel.db, &fixture->err));
	assert_string_equal(newest(&play)->state, "loading");
	assert_int_equal(records(&play), EDITION_BATCH);
	must(edition_sweep_step(&fixture->kernel, FIXTURE_NOW_US + EDITION_LATE_US, 1000, &done, &fixture->err));
	assert_int_equal(done, 0);
	for (int i = 0; i < 2; i++) {
		must(edition_sweep_step(&fixture->kernel, FIXTURE_NOW_US + EDITION_LATE_US + 1, 1000, &done,
					&fixture->err));
		assert_int_equal(done, 1);
	}
	assert_string_equal(newest(&play)->state, "failed");
	assert_int_equal(records(&play), 0);
}

static void sweep_between(void *arg, int64_t read)
{
	struct kernel_fixture *fixture = arg;
	unsigned done;

	if (read == 1000)
		must(edition_sweep_step(&fixture->kernel, fixture->clock.now_us + 2 * EDITION_LATE_US, 1000, &done,
					&fixture->err));
}

static void one_that_another_node_gave_up_is_not_staged(void **state)
{
	struct play play = begin(state);
	struct edition_request request =
		request_of(&play, &trial_rates, bytes_of(many(play.fixture, 5 * EDITION_BATCH)));

	request.progress = sweep_between;
	request.progress_arg = play.fixture;
	import_request(&play, &request);
	assert_int_equal(play.code, ERR_CONFLICT);
	assert_string_equal(newest(&play)->state, "failed");
	assert_int_equal(records(&play), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_wrong_comes_at_once_with_its_line_and_nothing_is_seen),
		cmocka_unit_test(what_is_said_of_the_whole_has_its_line_too),
		cmocka_unit_test(warnings_are_kept_with_the_edition),
		cmocka_unit_test(a_broken_file_is_refused_and_says_where),
		cmocka_unit_test(a_byte_order_mark_and_either_line_end_are_the_same_file),
		cmocka_unit_test(a_line_without_end_and_a_file_without_end_are_refused),
		cmocka_unit_test(a_million_findings_are_counted_and_a_thousand_kept),
		cmocka_unit_test(a_thousand_warnings_hide_no_error),
		cmocka_unit_test(the_example_of_the_documentation_is_what_it_says),
		cmocka_unit_test(a_book_of_a_nomenclature_goes_in_as_it_is),
		cmocka_unit_test(what_fails_in_the_middle_leaves_nothing),
		cmocka_unit_test(what_cannot_be_deleted_at_once_is_deleted_later),
		cmocka_unit_test(what_was_loading_when_the_node_stopped_is_deleted_after_the_next_start),
		cmocka_unit_test(one_that_another_node_gave_up_is_not_staged),
	};
	static const struct capability *const capabilities[] = { &trial_capability, NULL };

	return kernel_run("edition_file", tests, COUNT(tests), capabilities);
}
