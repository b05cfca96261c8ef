#include "../unit.h"

#include <stdlib.h>

#include "db/driver_int.h"

#define MANY (4 * CACHE_SETS * CACHE_WAYS)

static struct statement statements[MANY];

static int cache_make(void **state)
{
	*state = calloc(1, sizeof(struct cache));
	return *state ? 0 : -1;
}

static int cache_drop(void **state)
{
	free(*state);
	return 0;
}

static void put(struct cache *cache, const struct statement *statement)
{
	struct cache_slot *slot = cache_room(cache, statement);

	assert_non_null(slot);
	cache_put(cache, slot, statement, NULL);
}

static void what_was_put_is_found_by_its_address(void **state)
{
	struct cache *cache = *state;

	assert_null(cache_find(cache, &statements[0]));
	put(cache, &statements[0]);
	put(cache, &statements[1]);
	assert_ptr_equal(cache_find(cache, &statements[0])->statement, &statements[0]);
	assert_ptr_equal(cache_find(cache, &statements[1])->statement, &statements[1]);
	assert_null(cache_find(cache, &statements[2]));
}

/* The statements that share a set with the first one: putting it fills the set, whatever the hash is. */
static size_t neighbours(const struct statement *of, const struct statement **found, size_t max)
{
	struct cache *empty = calloc(1, sizeof(*empty));
	size_t count = 0;

	assert_non_null(empty);
	struct cache_slot *set = cache_room(empty, of);
	for (size_t i = 0; i < MANY && count < max; i++)
		if (cache_room(empty, &statements[i]) == set)
			found[count++] = &statements[i];
	free(empty);
	return count;
}

static void a_full_set_gives_up_the_least_recently_used(void **state)
{
	struct cache *cache = *state;
	const struct statement *set[CACHE_WAYS + 1];

	assert_int_equal(neighbours(&statements[0], set, CACHE_WAYS + 1), CACHE_WAYS + 1);
	for (size_t i = 0; i < CACHE_WAYS; i++)
		put(cache, set[i]);
	assert_non_null(cache_find(cache, set[0])); /* used: now the second is the oldest */
	assert_ptr_equal(cache_room(cache, set[CACHE_WAYS])->statement, set[1]);
}

static void a_slot_with_an_open_cursor_is_never_given_up(void **state)
{
	struct cache *cache = *state;
	const struct statement *set[CACHE_WAYS + 1];

	assert_int_equal(neighbours(&statements[0], set, CACHE_WAYS + 1), CACHE_WAYS + 1);
	for (size_t i = 0; i < CACHE_WAYS; i++) {
		put(cache, set[i]);
		cache_find(cache, set[i])->busy = true;
	}
	assert_null(cache_room(cache, set[CACHE_WAYS]));
	cache_find(cache, set[2])->busy = false;
	assert_ptr_equal(cache_room(cache, set[CACHE_WAYS])->statement, set[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_put_is_found_by_its_address, cache_make, cache_drop),
		cmocka_unit_test_setup_teardown(a_full_set_gives_up_the_least_recently_used, cache_make, cache_drop),
		cmocka_unit_test_setup_teardown(a_slot_with_an_open_cursor_is_never_given_up, cache_make, cache_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
