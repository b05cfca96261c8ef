#include "../unit.h"

#include <stdio.h>

#include "base/arena.h"

#ifdef UNDER_ASAN
#include <sanitizer/asan_interface.h>

/* The system refuses what is absurdly large; so shall AddressSanitizer, instead of ending the program. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
#endif

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	uint8_t *before = NULL;
	size_t before_size = 0;

	for (size_t size = 1; size < 400; size++) {
		uint8_t *data = arena_alloc(arena, size);
		assert_non_null(data);
		assert_int_equal((uintptr_t)data % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(data[i], 0);
		memset(data, (int)(size & 0xFF), size);
		for (size_t i = 0; i < before_size; i++)
			assert_int_equal(before[i], before_size & 0xFF);
		before = data;
		before_size = size;
	}
}

static void the_bound_counts_the_bytes_asked_for(void **state)
{
	(void)state;
	arena_auto arena = arena_new(100);

	assert_non_null(arena_alloc(arena, 60));
	assert_int_equal(arena_used(arena), 60);
	assert_null(arena_alloc(arena, 41));
	assert_int_equal(arena_used(arena), 60);
	assert_non_null(arena_alloc(arena, 40));
	assert_null(arena_alloc(arena, 1));
}

static void nothing_is_asked_for_and_a_pointer_is_given(void **state)
{
	(void)state;
	arena_auto arena = arena_new(0);

	assert_non_null(arena_alloc(arena, 0));
	assert_non_null(arena_copy(arena, NULL, 0));
	assert_int_equal(arena_used(arena), 0);
}

static void large_memory_does_not_disturb_small_memory(void **state)
{
	(void)state;
	arena_auto arena = arena_new(8 << 20);
	char *small[64];

	for (size_t i = 0; i < 64; i++) {
		small[i] = arena_printf(arena, "item %zu", i);
		uint8_t *large = arena_alloc(arena, 100000);
		assert_non_null(small[i]);
		assert_non_null(large);
		memset(large, 0xFF, 100000);
	}
	for (size_t i = 0; i < 64; i++) {
		char expected[32];
		snprintf(expected, sizeof(expected), "item %zu", i);
		assert_string_equal(small[i], expected);
	}
}

static void sizes_that_overflow_are_refused(void **state)
{
	(void)state;
	arena_auto arena = arena_new(SIZE_MAX);

	assert_null(arena_array(arena, SIZE_MAX / 2, 3));
	assert_null(arena_array(arena, SIZE_MAX, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX - 32));
	assert_int_equal(arena_used(arena), 0);
	assert_non_null(arena_array(arena, 3, 5));
	assert_int_equal(arena_used(arena), 15);
}

static void a_system_without_memory_fails_the_allocation_only(void **state)
{
	(void)state;
	arena_auto arena = arena_new(SIZE_MAX);

	assert_null(arena_alloc(arena, SIZE_MAX / 4));
	assert_int_equal(arena_used(arena), 0);
	assert_non_null(arena_alloc(arena, 10));
}

static void texts_are_copied_with_their_end(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1000);
	char original[] = "Hải Phòng";
	char *copy = arena_text(arena, original);

	original[0] = 'X';
	assert_string_equal(copy, "Hải Phòng");
	assert_string_equal(arena_text_of(arena, bytes("abcdef", 3)), "abc");
	assert_string_equal(arena_text_of(arena, bytes(NULL, 0)), "");
	assert_null(arena_text(arena, NULL));
	assert_string_equal(arena_printf(arena, "%s-%03d", "D2026", 7), "D2026-007");
}

static void texts_beyond_the_bound_are_refused(void **state)
{
	(void)state;
	arena_auto arena = arena_new(4);

	assert_null(arena_text(arena, "four"));
	assert_null(arena_text_of(arena, bytes_of("four")));
	assert_null(arena_printf(arena, "%d", 1234));
	assert_null(arena_copy(arena, "12345", 5));
	assert_string_equal(arena_text(arena, "abc"), "abc");
}

static void freeing_nothing_is_fine(void **state)
{
	(void)state;
	arena_auto none = NULL;

	arena_free(NULL);
	assert_null(none);
}

static void an_overrun_is_seen_under_address_sanitizer(void **state)
{
	(void)state;
#ifdef UNDER_ASAN
	arena_auto arena = arena_new(1 << 20);
	for (size_t size = 1; size < 20000; size = size * 3 + 1) {
		uint8_t *data = arena_alloc(arena, size);
		assert_non_null(data);
		assert_null(__asan_region_is_poisoned(data, size));
		assert_true(__asan_address_is_poisoned(data + size));
		assert_non_null(arena_alloc(arena, 1));
		assert_true(__asan_address_is_poisoned(data + size));
	}
#else
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(the_bound_counts_the_bytes_asked_for),
		cmocka_unit_test(nothing_is_asked_for_and_a_pointer_is_given),
		cmocka_unit_test(large_memory_does_not_disturb_small_memory),
		cmocka_unit_test(sizes_that_overflow_are_refused),
		cmocka_unit_test(a_system_without_memory_fails_the_allocation_only),
		cmocka_unit_test(texts_are_copied_with_their_end),
		cmocka_unit_test(texts_beyond_the_bound_are_refused),
		cmocka_unit_test(freeing_nothing_is_fine),
		cmocka_unit_test(an_overrun_is_seen_under_address_sanitizer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
