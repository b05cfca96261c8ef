/* What people write, against the whole of AHTN 2022. Which line is right is the tariff's own text. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "book.h"

#define ARENA_MAX ((size_t)1 << 30)

static struct arena *book_arena;
static struct search_engine *engine;

static int setup(void **state)
{
	const char *data = getenv("LINTAS_DATA");
	char folder[4096];
	struct search_segment *segment = NULL;
	struct err err = { .text = "" };

	(void)state;
	snprintf(folder, sizeof(folder), "%s/tariff", data ? data : SOURCE_ROOT "/../shared/data");
	if (access(folder, R_OK) != 0)
		return 0;
	book_arena = arena_new(ARENA_MAX);
	struct book book = book_read(book_arena, folder, SOURCE_ROOT "/data/nomenclature/synonyms.csv", false);
	if (search_segment_build(&book.source, &segment, &err) != OK || search_engine_new(&engine, &err) != OK)
		return -1;
	return search_engine_swap(engine, segment, &err) == OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	search_engine_free(engine);
	arena_free(book_arena);
	return 0;
}

/* The place from 1 of the first hit that begins with CODE; 0: none. */
static size_t place_of(const char *text, const char *code)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct search_query query = { .text = bytes_of(text), .digits = 8, .most = 20 };
	struct search_result result;
	struct err err = { .text = "" };

	if (!engine)
		skip();
	assert_int_equal(search_run(engine, &query, arena, &result, &err), OK);
	for (size_t i = 0; i < result.count; i++)
		if (starts_with(result.hits[i].code, code))
			return i + 1;
	return 0;
}

static void hom_mali_rice_is_milled_rice_first(void **state)
{
	(void)state;
	assert_int_equal(place_of("hom mali rice", "10063040"), 1);
}

static void gao_thom_is_fragrant_rice_and_no_perfume(void **state)
{
	(void)state;
	size_t place = place_of("gao thom", "10063070");
	assert_true(place >= 1 && place <= 3);
	assert_int_equal(place_of("gao thom", "3303"), 0);
}

static void a_misspelt_laptop_is_one(void **state)
{
	(void)state;
	assert_int_equal(place_of("lap top computr 14 inch", "84713020"), 1);
}

/* 8711.60: cycles with an electric motor for propulsion. */
static void an_electric_bicycle_in_vietnamese_without_diacritics_is_in_8711(void **state)
{
	(void)state;
	size_t place = place_of("xe dap dien", "871160");
	assert_true(place >= 1 && place <= 3);
}

static void an_electric_bicycle_in_indonesian_is_in_8711(void **state)
{
	(void)state;
	size_t place = place_of("sepeda listrik", "871160");
	assert_true(place >= 1 && place <= 3);
}

static void acetic_acid_is_found_by_its_name(void **state)
{
	(void)state;
	assert_int_equal(place_of("acetic acid", "291521"), 1);
}

static void a_dotted_code_is_its_line(void **state)
{
	(void)state;
	assert_int_equal(place_of("1006.30.40", "10063040"), 1);
	assert_int_equal(place_of("1006.30", "10063030"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hom_mali_rice_is_milled_rice_first),
		cmocka_unit_test(gao_thom_is_fragrant_rice_and_no_perfume),
		cmocka_unit_test(a_misspelt_laptop_is_one),
		cmocka_unit_test(an_electric_bicycle_in_vietnamese_without_diacritics_is_in_8711),
		cmocka_unit_test(an_electric_bicycle_in_indonesian_is_in_8711),
		cmocka_unit_test(acetic_acid_is_found_by_its_name),
		cmocka_unit_test(a_dotted_code_is_its_line),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
