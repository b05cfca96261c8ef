#include "../unit.h"

#include <string.h>

#include "base/bytes.h"
#include "base/random.h"
#include "base/uuid.h"

/* RFC 9562 appendix A.6: 2022-02-22T19:22:22.00Z, 017F22E2-79B0-7CC3-98C4-DC0C0C07398F. */
#define RFC_TIME_US INT64_C(1645557742000000)
#define RFC_UUID    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

static void a_new_uuid_begins_with_the_time_of_rfc_9562(void **state)
{
	(void)state;
	char uuid[UUID_SIZE];

	uuid_new(uuid, RFC_TIME_US);
	assert_memory_equal(uuid, RFC_UUID, 15); /* 48 bits of time, version 7 */
	assert_true(uuid_valid(uuid));
}

static void version_and_variant_are_set_whatever_the_randomness(void **state)
{
	(void)state;
	char uuid[UUID_SIZE];

	for (int i = 0; i < 1000; i++) {
		uuid_new(uuid, RFC_TIME_US);
		assert_int_equal(uuid[14], '7');
		assert_non_null(strchr("89ab", uuid[19]));
		assert_true(uuid_valid(uuid));
	}
}

static void uuids_of_later_milliseconds_sort_later(void **state)
{
	(void)state;
	char before[UUID_SIZE], after[UUID_SIZE];

	uuid_new(before, 0);
	for (int64_t us = 1000; us < INT64_C(250000000000000000); us = us * 3 + 1000) {
		uuid_new(after, us);
		assert_true(strcmp(before, after) < 0);
		memcpy(before, after, sizeof(before));
	}
}

static void uuids_of_one_instant_differ(void **state)
{
	(void)state;
	char first[UUID_SIZE], second[UUID_SIZE];

	uuid_new(first, RFC_TIME_US);
	uuid_new(second, RFC_TIME_US);
	assert_string_not_equal(first, second);
}

static void a_simulation_repeats_its_uuids(void **state)
{
	(void)state;
	char first[UUID_SIZE], second[UUID_SIZE];

	random_simulate(7);
	uuid_new(first, RFC_TIME_US);
	random_simulate(7);
	uuid_new(second, RFC_TIME_US);
	random_real();
	assert_string_equal(first, second);
}

static void only_the_lower_case_text_form_is_valid(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
		"017f22e2079b0-7cc3-98c4-dc0c0c07398f",
		"017f22e-279b0-7cc3-98c4-dc0c0c07398f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
		"{017f22e2-79b0-7cc3-98c4-dc0c0c07398}",
		"017f22e279b07cc398c4dc0c0c07398f",
	};

	assert_true(uuid_valid(RFC_UUID));
	assert_true(uuid_valid("919108f7-52d1-4320-9bac-f847db4148a8")); /* version 4, appendix A.3 */
	assert_false(uuid_valid(NULL));
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(uuid_valid(wrong[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_uuid_begins_with_the_time_of_rfc_9562),
		cmocka_unit_test(version_and_variant_are_set_whatever_the_randomness),
		cmocka_unit_test(uuids_of_later_milliseconds_sort_later),
		cmocka_unit_test(uuids_of_one_instant_differ),
		cmocka_unit_test(a_simulation_repeats_its_uuids),
		cmocka_unit_test(only_the_lower_case_text_form_is_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
