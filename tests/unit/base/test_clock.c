#include "../unit.h"

#include <time.h>

#include "base/clock.h"

/* time(2) is the oracle; it may lag behind by a tick of the kernel's coarse clock. */
static void the_systems_clock_tells_the_time_of_the_machine(void **state)
{
	(void)state;
	time_t before = time(NULL);
	int64_t now_us = clock_now_us(&clock_system);
	time_t after = time(NULL);

	assert_true(now_us >= (int64_t)before * SECOND_US);
	assert_true(now_us < ((int64_t)after + 2) * SECOND_US);
}

static void the_monotonic_clock_goes_on_and_never_back(void **state)
{
	(void)state;
	int64_t first = clock_monotonic_us();
	int64_t last = first;

	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_monotonic_us();
		assert_true(now >= last);
		last = now;
	}
	assert_true(last - first >= 2000);
}

struct skewed {
	struct clock clock;
	int64_t us;
};

static int64_t skewed_now_us(const struct clock *clock)
{
	return ((const struct skewed *)clock)->us;
}

static void a_simulated_node_has_its_own_time(void **state)
{
	(void)state;
	struct skewed skewed = { .clock.now_us = skewed_now_us, .us = 3 * DAY_US };

	assert_true(clock_now_us(&skewed.clock) == INT64_C(259200000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_systems_clock_tells_the_time_of_the_machine),
		cmocka_unit_test(the_monotonic_clock_goes_on_and_never_back),
		cmocka_unit_test(a_simulated_node_has_its_own_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
