#include "../unit.h"

#include <pthread.h>
#include <string.h>

#include "base/random.h"

static int real_again(void **state)
{
	(void)state;
	random_real();
	return 0;
}

/* SplitMix64 from the state 1234567: the published outputs of the reference implementation (S. Vigna, splitmix64.c). */
static const uint64_t from_1234567[] = { UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
					 UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
					 UINT64_C(16408922859458223821) };

static void a_simulation_gives_the_generators_bytes(void **state)
{
	(void)state;
	uint8_t data[21];

	random_simulate(1234567);
	random_bytes(data, sizeof(data));
	for (size_t i = 0; i < sizeof(data); i++)
		assert_int_equal(data[i], from_1234567[i / 8] >> (8 * (i % 8)) & 0xFF);
}

/* 2^64 mod (2^63 + 1) = 2^63 - 1: the first two words are smaller and are drawn again; the third, less the bound,
 * remains. */
static void words_that_would_make_the_choice_uneven_are_drawn_again(void **state)
{
	(void)state;
	random_simulate(1234567);
	assert_true(random_below((UINT64_C(1) << 63) + 1) == UINT64_C(594119895343594614));
	assert_true(random_below(UINT64_C(1000)) == 431);
}

static void a_choice_stays_below_its_bound_and_reaches_every_value(void **state)
{
	(void)state;
	unsigned seen[7] = { 0 };

	random_simulate(42);
	assert_true(random_below(0) == 0);
	assert_true(random_below(1) == 0);
	for (int i = 0; i < 7000; i++) {
		uint64_t n = random_below(7);
		assert_true(n < 7);
		seen[n]++;
	}
	/* Five standard deviations (√(7000·1/7·6/7) ≈ 29) around 1000. */
	for (size_t i = 0; i < 7; i++)
		assert_in_range(seen[i], 854, 1146);
}

static void *draw(void *to)
{
	random_bytes(to, 16);
	return NULL;
}

static void a_simulation_concerns_only_its_thread(void **state)
{
	(void)state;
	uint8_t other[16], mine[16];
	pthread_t thread;

	random_simulate(1234567);
	assert_int_equal(pthread_create(&thread, NULL, draw, other), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	draw(mine);
	assert_int_equal(mine[0], from_1234567[0] & 0xFF);
	assert_memory_not_equal(mine, other, 16);
}

static void the_systems_randomness_does_not_repeat(void **state)
{
	(void)state;
	uint8_t first[32] = { 0 }, second[32] = { 0 };

	random_bytes(first, sizeof(first));
	random_bytes(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));

	random_simulate(1234567);
	random_bytes(first, sizeof(first));
	random_real();
	random_bytes(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
}

/* More than getrandom(2) gives uninterrupted (256 bytes); a run of zeros says that a part was left out. */
static void a_large_request_is_filled_to_its_end(void **state)
{
	(void)state;
	static uint8_t data[100000];
	size_t zeros = 0;

	random_bytes(data, sizeof(data));
	for (size_t i = 0; i < sizeof(data); i++) {
		zeros = data[i] == 0 ? zeros + 1 : 0;
		assert_true(zeros < 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_simulation_gives_the_generators_bytes, real_again),
		cmocka_unit_test_teardown(words_that_would_make_the_choice_uneven_are_drawn_again, real_again),
		cmocka_unit_test_teardown(a_choice_stays_below_its_bound_and_reaches_every_value, real_again),
		cmocka_unit_test_teardown(a_simulation_concerns_only_its_thread, real_again),
		cmocka_unit_test_teardown(the_systems_randomness_does_not_repeat, real_again),
		cmocka_unit_test_teardown(a_large_request_is_filled_to_its_end, real_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
