/* How well and how fast src/search finds tariff codes, on descriptions that others have labelled; beside it, on the
 * same rows, plain BM25 (plain.h).
 *
 * usage: classify DATA SYNONYMS PART [FILE]
 *
 * DATA: the folder of the CSV files; SYNONYMS: a CSV file with the columns words,means. PART:
 *   book FILE        labelled rows against the book alone
 *   aliases FILE     the same, with the examples of train_synthetic_hs6_examples.csv as notes of the book
 *   precedents FILE  five folds; the precedents of a row are those of the other folds
 *   speed            how long a build and a search take, and what they hold
 *   ask              answers each line of standard input
 * Prints a line of JSON for what was counted. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "book.h"
#include "plain.h"
#include "search/segment_int.h"

enum { FOLDS = 5, DEPTHS = 4, LEVELS = 4, MOST = 60, PRECEDENTS_WANTED = 100000 };
#define DATA_MAX ((size_t)3 << 30)

static const size_t depths[DEPTHS] = { 1, 3, 5, 10 };
static const size_t levels[LEVELS] = { 2, 4, 6, 8 };

/* --- labelled rows --- */

struct labelled {
	const char *id, *language, *code;
	struct bytes text;
	char answer[9]; /* at most eight digits */
	uint64_t fold;
	bool eight; /* the code is of AHTN: eight digits can be judged */
};

struct rows {
	struct labelled *rows;
	size_t count;
};

static struct rows labelled_read(struct arena *arena, const char *data, const char *name)
{
	struct sheet sheet = sheet_read(arena, data, name);
	struct rows rows = { .rows = arena_array(arena, sheet.count, sizeof(*rows.rows)) };
	size_t text = column(&sheet, "text"), hs6 = column(&sheet, "hs6"), code = column(&sheet, "code");

	for (size_t i = 1; i < sheet.count; i++) {
		const char **row = sheet.rows[i];
		bool eight = starts_with(row[column(&sheet, "code_system")], "VN") && strlen(row[code]) == 8;
		if (strlen(row[hs6]) != 6)
			continue;
		struct labelled *one = &rows.rows[rows.count++];
		*one = (struct labelled){ .id = row[0],
					  .language = row[column(&sheet, "lang")],
					  .text = bytes_of(row[text]),
					  .eight = eight };
		snprintf(one->answer, sizeof(one->answer), "%s", eight ? row[code] : row[hs6]);
		one->code = one->answer;
		one->fold = term_hash(row[text], NULL) / 7 % FOLDS;
	}
	return rows;
}

/* --- counting --- */

struct counts {
	size_t rows[LEVELS], right[LEVELS][DEPTHS];
};

static void count_codes(struct counts *counts, const struct labelled *row, const char *const *codes, size_t count,
			size_t level)
{
	char seen[MOST][9];
	size_t different = 0, digits = levels[level];

	counts->rows[level]++;
	for (size_t i = 0; i < count && different < MOST; i++) {
		bool again = false;
		for (size_t j = 0; j < different && !again; j++)
			again = strncmp(seen[j], codes[i], digits) == 0;
		if (again)
			continue;
		if (strncmp(codes[i], row->answer, digits) == 0) {
			for (size_t d = 0; d < DEPTHS; d++)
				counts->right[level][d] += different < depths[d];
			return;
		}
		snprintf(seen[different++], sizeof(seen[0]), "%.8s", codes[i]);
	}
}

struct tally {
	struct counts search, plain;
	size_t unseen, judged;
	double seconds;
};

/* Of this thread's own time, which others on the machine do not stretch: a search waits for nothing. */
static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
	return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static void ask_engine(struct search_engine *engine, struct tally *tally, const struct labelled *row, size_t digits)
{
	arena_auto arena = arena_new(SEARCH_SEGMENT_MAX);
	struct search_query query = { .text = row->text, .digits = (int)digits, .most = MOST };
	struct search_result result;
	struct err err;
	const char *codes[SEARCH_HITS_MAX];

	double start = now();
	if (search_run(engine, &query, arena, &result, &err) != OK)
		die("search", &err);
	tally->seconds += now() - start;
	for (size_t i = 0; i < result.count; i++)
		codes[i] = result.hits[i].code;
	for (size_t level = digits == 8 ? 3 : 0; level < (digits == 8 ? 4 : 3); level++)
		count_codes(&tally->search, row, codes, result.count, level);
}

static void ask_plain(struct plain *plain, struct tally *tally, const struct labelled *row)
{
	const char *codes[MOST];
	size_t count = plain_run(plain, row->text, 6, MOST, codes);

	for (size_t level = 0; level < 3; level++)
		count_codes(&tally->plain, row, codes, count, level);
	if (!row->eight)
		return;
	count = plain_run(plain, row->text, 8, MOST, codes);
	count_codes(&tally->plain, row, codes, count, 3);
}

static void counts_print(const char *name, const struct counts *counts)
{
	printf("\"%s\": {", name);
	for (size_t level = 0; level < LEVELS; level++) {
		printf("%s\"%zu\": [", level ? ", " : "", levels[level]);
		for (size_t d = 0; d < DEPTHS; d++)
			printf("%s%.2f", d ? ", " : "",
			       counts->rows[level]
				       ? 100.0 * (double)counts->right[level][d] / (double)counts->rows[level]
				       : -1);
		printf("]");
	}
	printf("}");
}

static void tally_print(const char *part, const char *name, const char *language, const struct tally *tally)
{
	printf("{\"part\": \"%s\", \"set\": \"%s\", \"lang\": \"%s\", \"rows\": %zu, \"unseen\": %.2f, \"ms\": %.3f, ",
	       part, name, language, tally->search.rows[2],
	       tally->judged ? 100.0 * (double)tally->unseen / (double)tally->judged : 0,
	       1e3 * tally->seconds / (double)tally->search.rows[2]);
	counts_print("search", &tally->search);
	printf(", ");
	counts_print("plain", &tally->plain);
	printf("}\n");
}

static struct search_segment *built(const struct search_source *source)
{
	struct search_segment *segment = NULL;
	struct err err;

	if (search_segment_build(source, &segment, &err) != OK)
		die("build", &err);
	return segment;
}

static struct search_engine *engine_of(const struct search_source *source)
{
	struct search_engine *engine = NULL;
	struct err err;

	if (search_engine_new(&engine, &err) != OK || search_engine_swap(engine, built(source), &err) != OK)
		die("engine", &err);
	return engine;
}

/* --- parts --- */

static void part_book(struct arena *arena, const char *data, const char *synonyms, const char *name, bool aliases)
{
	struct book book = book_read(arena, data, synonyms, aliases);
	struct search_engine *engine = engine_of(&book.source);
	struct plain *plain = plain_new();
	struct rows rows = labelled_read(arena, data, name);
	struct tally tally = { .seconds = 0 };
	bool vietnamese = rows.count && same(rows.rows[0].language, "vi");

	for (size_t i = 0; i < book.source.line_count; i++)
		plain_add(plain, book.source.lines[i].code,
			  bytes_of(vietnamese ? book.vietnamese[i] : book.english[i]));
	for (size_t i = 0; i < rows.count; i++) {
		ask_engine(engine, &tally, &rows.rows[i], 6);
		if (rows.rows[i].eight)
			ask_engine(engine, &tally, &rows.rows[i], 8);
		ask_plain(plain, &tally, &rows.rows[i]);
	}
	tally_print(aliases ? "aliases" : "book", name, vietnamese ? "vi" : "en", &tally);
	plain_free(plain);
	search_engine_free(engine);
}

static bool is_seen(const struct rows *rows, const struct labelled *row)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->rows[i].fold != row->fold && same(rows->rows[i].answer, row->answer))
			return true;
	return false;
}

static void fold_run(struct arena *arena, const struct book *book, const struct rows *rows, uint64_t fold,
		     struct tally *tally)
{
	struct search_precedent *precedents = arena_array(arena, rows->count, sizeof(*precedents));
	struct search_source source = book->source;
	struct plain *plain = plain_new();

	for (size_t i = 0; i < rows->count; i++) {
		const struct labelled *row = &rows->rows[i];
		if (row->fold == fold)
			continue;
		precedents[source.precedent_count++] =
			(struct search_precedent){ .id = row->id, .code = row->code, .text = row->text };
		plain_add(plain, row->code, row->text);
	}
	source.precedents = precedents;
	struct search_engine *engine = engine_of(&source);
	for (size_t i = 0; i < rows->count; i++) {
		const struct labelled *row = &rows->rows[i];
		if (row->fold != fold)
			continue;
		ask_engine(engine, tally, row, 6);
		if (row->eight)
			ask_engine(engine, tally, row, 8);
		ask_plain(plain, tally, row);
		tally->judged++;
		tally->unseen += !is_seen(rows, row);
	}
	search_engine_free(engine);
	plain_free(plain);
}

static void part_precedents(struct arena *arena, const char *data, const char *synonyms, const char *name)
{
	struct book book = book_read(arena, data, synonyms, false);
	struct rows rows = labelled_read(arena, data, name);
	struct tally tally = { .seconds = 0 };

	for (uint64_t fold = 0; fold < FOLDS; fold++)
		fold_run(arena, &book, &rows, fold, &tally);
	tally_print("precedents", name, rows.count ? rows.rows[0].language : "", &tally);
}

static int by_time(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double resident_mb(void)
{
	char line[64] = "";
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (file && fgets(line, sizeof(line), file))
		pages = strtol(strchr(line, ' '), NULL, 10);
	if (file)
		fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

/* A hundred thousand precedents: all labelled rows, and each once more beside another row's text, as long as needed. */
static struct search_precedent *many(struct arena *arena, const char *data, struct rows *rows)
{
	static const char *const names[] = { "labelled_vn_declarations.csv", "labelled_vn_broker.csv",
					     "labelled_chitchats_declared.csv", "labelled_uk_fpo_parcels.csv",
					     "labelled_uk_search_refs.csv" };
	struct search_precedent *precedents = arena_array(arena, PRECEDENTS_WANTED, sizeof(*precedents));

	rows->rows = arena_array(arena, PRECEDENTS_WANTED, sizeof(*rows->rows));
	for (size_t i = 0; i < COUNT(names); i++) {
		struct rows more = labelled_read(arena, data, names[i]);
		memcpy(rows->rows + rows->count, more.rows, more.count * sizeof(*more.rows));
		rows->count += more.count;
	}
	for (size_t i = 0; i < PRECEDENTS_WANTED; i++) {
		const struct labelled *row = &rows->rows[i % rows->count], *other = &rows->rows[i * 7919 % rows->count];
		struct bytes text =
			i < rows->count ? row->text
					: bytes_of(arena_printf(arena, "%.60s %s", other->text.data, row->text.data));
		precedents[i] = (struct search_precedent){ .id = row->id, .code = row->code, .text = text };
	}
	return precedents;
}

static void part_speed(struct arena *arena, const char *data, const char *synonyms)
{
	struct book book = book_read(arena, data, synonyms, false);
	struct rows rows = { .count = 0 };

	book.source.precedents = many(arena, data, &rows);
	book.source.precedent_count = PRECEDENTS_WANTED;
	double before_mb = resident_mb(), start = now();
	struct search_segment *segment = built(&book.source);
	double build = now() - start, held = resident_mb() - before_mb;
	struct search_engine *engine = NULL;
	struct err err;
	if (search_engine_new(&engine, &err) != OK || search_engine_swap(engine, segment, &err) != OK)
		die("engine", &err);
	size_t count = 0;
	double *times = arena_array(arena, rows.count, sizeof(*times));
	for (size_t i = 0; i < rows.count; i += 11) {
		struct tally tally = { .seconds = 0 };
		ask_engine(engine, &tally, &rows.rows[i], 6);
		times[count++] = tally.seconds;
	}
	qsort(times, count, sizeof(*times), by_time);
	printf("{\"part\": \"speed\", \"lines\": %zu, \"precedents\": %d, \"build_s\": %.3f, \"resident_mb\": %.1f, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"searches\": %zu}\n",
	       book.source.line_count, PRECEDENTS_WANTED, build, held, 1e3 * times[count / 2],
	       1e3 * times[count * 99 / 100], count);
	search_engine_free(engine);
}

static void part_ask(struct arena *arena, const char *data, const char *synonyms)
{
	struct book book = book_read(arena, data, synonyms, false);
	struct search_engine *engine = engine_of(&book.source);
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		arena_auto one = arena_new(SEARCH_SEGMENT_MAX);
		struct search_query query = { .text = bytes_of(line), .digits = 8, .most = 8 };
		struct search_result result;
		struct err err;
		if (search_run(engine, &query, one, &result, &err) != OK)
			die("search", &err);
		printf("== %s%s%s\n", line, result.meant ? "meant: " : "", result.meant ? result.meant : "");
		for (size_t i = 0; i < result.count; i++) {
			size_t at = 0;
			while (at < book.source.line_count && !same(book.source.lines[at].code, result.hits[i].code))
				at++;
			printf("  %s %.3f [%s] %s\n", result.hits[i].code, result.hits[i].score, result.hits[i].words,
			       at < book.source.line_count ? book.english[at] : "");
		}
	}
	search_engine_free(engine);
}

int main(int argc, char **argv)
{
	arena_auto arena = arena_new(DATA_MAX);

	if (argc < 4 || !arena) {
		fprintf(stderr, "usage: classify DATA SYNONYMS book|aliases|precedents|speed|ask [FILE]\n");
		return 2;
	}
	if (same(argv[3], "speed"))
		part_speed(arena, argv[1], argv[2]);
	else if (same(argv[3], "ask"))
		part_ask(arena, argv[1], argv[2]);
	else if (same(argv[3], "precedents"))
		part_precedents(arena, argv[1], argv[2], argv[4]);
	else
		part_book(arena, argv[1], argv[2], argv[4], same(argv[3], "aliases"));
	return 0;
}
