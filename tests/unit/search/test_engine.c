/* A small book, in the words of AHTN 2022. */
#include "../unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "search/search.h"

enum { ARENA_MAX = 64 << 20 };

#define TEXTS(...)                                                                                                     \
	(const struct search_text[])                                                                                   \
	{                                                                                                              \
		__VA_ARGS__                                                                                            \
	}
#define OWN(value)                                                                                                     \
	{                                                                                                              \
		SEARCH_OWN,                                                                                            \
		{                                                                                                      \
			(const uint8_t *)(value), sizeof(value) - 1                                                    \
		}                                                                                                      \
	}
#define UP(value)                                                                                                      \
	{                                                                                                              \
		SEARCH_HEADING,                                                                                        \
		{                                                                                                      \
			(const uint8_t *)(value), sizeof(value) - 1                                                    \
		}                                                                                                      \
	}

static const struct search_line lines[] = {
	{ "09011110", TEXTS(OWN("Arabica"), UP("Coffee, whether or not roasted or decaffeinated")), 2 },
	{ "10063040", TEXTS(OWN("Hom Mali rice"), OWN("Gạo Hom Mali"), UP("Rice")), 3 },
	{ "10063070", TEXTS(OWN("Other fragrant rice"), OWN("Gạo thơm khác"), UP("Rice")), 3 },
	{ "33030000", TEXTS(OWN("Perfumes and toilet waters"), OWN("Nước hoa và nước thơm")), 2 },
	{ "84713020",
	  TEXTS(OWN("Laptops including notebooks and subnotebooks"), UP("Automatic data processing machines")), 2 },
	{ "84713090", TEXTS(OWN("Other"), UP("Automatic data processing machines")), 2 },
	{ "85171300", TEXTS(OWN("Smartphones"), UP("Telephone sets")), 2 },
};
static const struct search_synonym synonyms[] = { { "cell phone", "smartphones" } };

static const struct search_source book = {
	.lines = lines, .line_count = COUNT(lines), .synonyms = synonyms, .synonym_count = COUNT(synonyms)
};

struct asking {
	struct arena *arena;
	struct search_result result;
};

static struct search_engine *engine_of(const struct search_source *source)
{
	struct search_segment *segment = NULL;
	struct search_engine *engine = NULL;
	struct err err = { .text = "" };

	if (search_segment_build(source, &segment, &err) != OK || search_engine_new(&engine, &err) != OK ||
	    search_engine_swap(engine, segment, &err) != OK)
		fail_msg("%s", err.text);
	return engine;
}

static struct search_result asked(struct search_engine *engine, struct arena *arena, const char *text, int digits,
				  const char *owner)
{
	const char *owners[] = { owner };
	struct search_query query = {
		.text = bytes_of(text), .digits = digits, .most = 10, .owners = owners, .owner_count = owner ? 1 : 0
	};
	struct search_result result = { .count = 99 };
	struct err err = { .text = "" };

	if (search_run(engine, &query, arena, &result, &err) != OK)
		fail_msg("%s", err.text);
	return result;
}

static void assert_first(struct search_engine *engine, const char *text, int digits, const char *code)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct search_result result = asked(engine, arena, text, digits, NULL);

	if (result.count == 0 || !same(result.hits[0].code, code))
		fail_msg("\"%s\" finds %s, not %s", text, result.count ? result.hits[0].code : "nothing", code);
}

static void words_find_their_line_with_the_words_that_matched(void **state)
{
	struct search_engine *engine = engine_of(&book);
	arena_auto arena = arena_new(ARENA_MAX);

	(void)state;
	struct search_result result = asked(engine, arena, "Fragrant RICE of Siam", 8, NULL);
	assert_string_equal(result.hits[0].code, "10063070");
	assert_string_equal(result.hits[0].words, "fragrant rice");
	assert_null(result.hits[0].precedent);
	assert_null(result.meant);
	assert_true(result.hits[0].score > result.hits[1].score && result.hits[0].score <= 1);
	search_engine_free(engine);
}

static void diacritics_may_be_missing_and_count_when_there(void **state)
{
	struct search_engine *engine = engine_of(&book);

	(void)state;
	assert_first(engine, "gao thom", 8, "10063070");
	assert_first(engine, "gạo thơm", 8, "10063070");
	assert_first(engine, "nước thơm", 8, "33030000");
	search_engine_free(engine);
}

static void misspellings_and_divided_words_are_understood_and_said(void **state)
{
	struct search_engine *engine = engine_of(&book);
	arena_auto arena = arena_new(ARENA_MAX);

	(void)state;
	assert_first(engine, "lap top", 8, "84713020");
	assert_first(engine, "procesing machins", 6, "847130");
	assert_string_equal(asked(engine, arena, "perfums", 6, NULL).hits[0].code, "330300");
	assert_string_equal(asked(engine, arena, "smrtphone", 6, NULL).meant, "smartphon");
	search_engine_free(engine);
}

static void synonyms_lead_to_the_words_of_the_tariff(void **state)
{
	struct search_engine *engine = engine_of(&book);

	(void)state;
	assert_first(engine, "cell phone", 6, "851713");
	assert_first(engine, "cellphones", 6, "851713");
	search_engine_free(engine);
}

static void a_code_whole_or_in_part_with_or_without_dots_finds_itself(void **state)
{
	struct search_engine *engine = engine_of(&book);
	arena_auto arena = arena_new(ARENA_MAX);
	static const char *const ways[] = { "84713020", "8471.30.20", "8471 30 20", " 8471.3020 ", "8471.30.20 rice" };

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++)
		assert_first(engine, ways[i], 8, "84713020");
	struct search_result result = asked(engine, arena, "8471", 8, NULL);
	assert_int_equal(result.count, 2);
	assert_string_equal(result.hits[1].code, "84713090");
	assert_int_equal(asked(engine, arena, "9999", 8, NULL).count, 0);
	search_engine_free(engine);
}

static void nothing_but_punctuation_finds_nothing(void **state)
{
	struct search_engine *engine = engine_of(&book);
	arena_auto arena = arena_new(ARENA_MAX);

	(void)state;
	assert_int_equal(asked(engine, arena, "", 6, NULL).count, 0);
	assert_int_equal(asked(engine, arena, " .,;!? -- ()", 6, NULL).count, 0);
	search_engine_free(engine);
}

static void an_engine_without_a_book_finds_nothing(void **state)
{
	struct search_engine *engine = NULL;
	struct err err;
	arena_auto arena = arena_new(ARENA_MAX);

	(void)state;
	assert_int_equal(search_engine_new(&engine, &err), OK);
	assert_int_equal(asked(engine, arena, "rice", 6, NULL).count, 0);
	search_engine_free(engine);
}

/* --- precedents --- */

#define PRECEDENT(id, code, owner, value)                                                                              \
	{                                                                                                              \
		id, code, owner,                                                                                       \
		{                                                                                                      \
			(const uint8_t *)(value), sizeof(value) - 1                                                    \
		}                                                                                                      \
	}

static const struct search_precedent precedents[] = {
	PRECEDENT("r1", "84713020", NULL, "MacBook Air M2 13 inch silver"),
	PRECEDENT("r2", "85171300", NULL, "Galaxy S24 handset dual sim"),
	PRECEDENT("p1", "33030000", "importer-a", "Zephyrine no. 5 bottle 50 ml"),
	PRECEDENT("p2", "09011110", "importer-b", "Zephyrine no. 5 bottle 50 ml"),
};

static void a_precedent_answers_for_a_brand_and_is_named(void **state)
{
	struct search_source source = book;
	arena_auto arena = arena_new(ARENA_MAX);

	(void)state;
	source.precedents = precedents;
	source.precedent_count = COUNT(precedents);
	struct search_engine *engine = engine_of(&source);
	struct search_result result = asked(engine, arena, "macbook 13", 8, NULL);
	assert_string_equal(result.hits[0].code, "84713020");
	assert_string_equal(result.hits[0].precedent, "r1");
	assert_string_equal(result.hits[0].words, "macbook 13");
	search_engine_free(engine);
}

static void a_precedent_of_another_owner_neither_shows_nor_counts(void **state)
{
	struct search_source source = book;
	arena_auto arena = arena_new(ARENA_MAX);

	(void)state;
	source.precedents = precedents;
	source.precedent_count = COUNT(precedents);
	struct search_engine *engine = engine_of(&source);
	assert_int_equal(asked(engine, arena, "zephyrine", 8, NULL).count, 0);
	assert_null(asked(engine, arena, "zephyrin", 8, "importer-c").meant); /* nor is it a correction */
	struct search_result a = asked(engine, arena, "zephyrine", 8, "importer-a");
	assert_int_equal(a.count, 1);
	assert_string_equal(a.hits[0].code, "33030000");
	assert_string_equal(a.hits[0].precedent, "p1");
	assert_string_equal(asked(engine, arena, "zephyrine", 8, "importer-b").hits[0].precedent, "p2");
	search_engine_free(engine);
}

static void what_is_added_is_found_at_once_beside_what_was_built(void **state)
{
	struct search_engine *engine = engine_of(&book);
	arena_auto arena = arena_new(ARENA_MAX);
	struct err err;

	(void)state;
	assert_int_equal(asked(engine, arena, "galaxy", 8, NULL).count, 0);
	assert_int_equal(search_engine_add(engine, precedents, 1, &err), OK);
	assert_int_equal(search_engine_add(engine, precedents + 1, 1, &err), OK);
	assert_first(engine, "galaxy", 8, "85171300");
	assert_first(engine, "macbook", 8, "84713020");
	assert_first(engine, "hom mali rice", 8, "10063040");
	search_engine_free(engine);
}

static void equal_texts_are_one_precedent_and_nearly_equal_ones_no_majority(void **state)
{
	struct search_precedent many[40];
	struct search_source source = book;

	(void)state;
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct search_precedent)PRECEDENT("x", "85171300", NULL, "Galaxy case leather black");
	many[0] = (struct search_precedent)PRECEDENT("y", "33030000", NULL, "Galaxy scent");
	source.precedents = many;
	source.precedent_count = COUNT(many);
	struct search_engine *engine = engine_of(&source);
	assert_first(engine, "galaxy scent", 8, "33030000");
	search_engine_free(engine);
}

/* --- bounds --- */

static void a_query_of_a_megabyte_is_cut(void **state)
{
	struct search_engine *engine = engine_of(&book);
	arena_auto arena = arena_new(ARENA_MAX);
	char *text = malloc((1 << 20) + 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 1 << 20; i += 8)
		memcpy(text + i, "perfume ", 8);
	text[1 << 20] = '\0';
	assert_string_equal(asked(engine, arena, text, 6, NULL).hits[0].code, "330300");
	free(text);
	search_engine_free(engine);
}

static void too_little_memory_fails_the_search_alone(void **state)
{
	struct search_engine *engine = engine_of(&book);
	arena_auto arena = arena_new(1024);
	struct search_query query = { .text = bytes_of("rice"), .digits = 6, .most = 5 };
	struct search_result result = { .count = 77 };
	struct err err;

	(void)state;
	assert_int_equal(search_run(engine, &query, arena, &result, &err), ERR_MEMORY);
	assert_int_equal(result.count, 77);
	assert_first(engine, "rice fragrant", 8, "10063070");
	search_engine_free(engine);
}

static void codes_that_are_none_and_too_many_additions_are_refused(void **state)
{
	struct search_engine *engine = engine_of(&book);
	struct search_precedent *many = calloc(SEARCH_DELTA_MAX + 1, sizeof(*many));
	struct search_precedent wrong = precedents[0];
	struct err err;

	(void)state;
	wrong.code = "84.71";
	assert_int_equal(search_engine_add(engine, &wrong, 1, &err), ERR_INVALID);
	assert_non_null(many);
	for (size_t i = 0; i <= SEARCH_DELTA_MAX; i++)
		many[i] = precedents[1];
	assert_int_equal(search_engine_add(engine, many, SEARCH_DELTA_MAX + 1, &err), ERR_LIMIT);
	assert_int_equal(search_engine_add(engine, many, SEARCH_DELTA_MAX, &err), OK);
	assert_int_equal(search_engine_add(engine, many, 1, &err), ERR_LIMIT);
	assert_first(engine, "galaxy", 8, "85171300");
	free(many);
	search_engine_free(engine);
}

/* --- threads --- */

struct readers {
	struct search_engine *engine;
	atomic_bool stop;
	atomic_size_t searches, wrong;
};

static void *read_on(void *arg)
{
	struct readers *readers = arg;

	while (!atomic_load(&readers->stop)) {
		arena_auto arena = arena_new(ARENA_MAX);
		struct search_query query = { .text = bytes_of("fragrant rice galaxy"), .digits = 8, .most = 10 };
		struct search_result result = { .count = 0 };
		struct err err;
		bool found = search_run(readers->engine, &query, arena, &result, &err) == OK;
		for (size_t i = 0; found && i < result.count; i++)
			if (same(result.hits[i].code, "10063070"))
				break;
			else if (i + 1 == result.count)
				found = false;
		atomic_fetch_add(&readers->wrong, !found || result.count == 0);
		atomic_fetch_add(&readers->searches, 1);
	}
	return NULL;
}

/* Each search sees one whole state: the line of the book is there before, while and after anything is swapped. */
static void searches_go_on_while_segments_are_swapped_and_precedents_added(void **state)
{
	struct readers readers = { .engine = engine_of(&book) };
	pthread_t threads[4];
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers), 0);
	for (size_t i = 0; i < 60 || atomic_load(&readers.searches) < 200; i++) {
		struct search_segment *segment = NULL;
		assert_int_equal(search_engine_add(readers.engine, &precedents[1], 1, &err), OK);
		assert_int_equal(search_segment_build(&book, &segment, &err), OK);
		assert_int_equal(search_engine_swap(readers.engine, segment, &err), OK);
	}
	atomic_store(&readers.stop, true);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&readers.wrong), 0);
	search_engine_free(readers.engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_find_their_line_with_the_words_that_matched),
		cmocka_unit_test(diacritics_may_be_missing_and_count_when_there),
		cmocka_unit_test(misspellings_and_divided_words_are_understood_and_said),
		cmocka_unit_test(synonyms_lead_to_the_words_of_the_tariff),
		cmocka_unit_test(a_code_whole_or_in_part_with_or_without_dots_finds_itself),
		cmocka_unit_test(nothing_but_punctuation_finds_nothing),
		cmocka_unit_test(an_engine_without_a_book_finds_nothing),
		cmocka_unit_test(a_precedent_answers_for_a_brand_and_is_named),
		cmocka_unit_test(a_precedent_of_another_owner_neither_shows_nor_counts),
		cmocka_unit_test(what_is_added_is_found_at_once_beside_what_was_built),
		cmocka_unit_test(equal_texts_are_one_precedent_and_nearly_equal_ones_no_majority),
		cmocka_unit_test(a_query_of_a_megabyte_is_cut),
		cmocka_unit_test(too_little_memory_fails_the_search_alone),
		cmocka_unit_test(codes_that_are_none_and_too_many_additions_are_refused),
		cmocka_unit_test(searches_go_on_while_segments_are_swapped_and_precedents_added),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
