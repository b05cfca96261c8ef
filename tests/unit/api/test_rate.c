/* How often a token may ask. What is expected is counted by hand from the two settings; the headers are those of
 * draft-ietf-httpapi-ratelimit-headers-10, the answer that of RFC 6585 §4. */
#include "people.h"

#include <stdio.h>

#include "api/call_int.h"
#include "customs/registry.h"

#define NOW_US FIXTURE_NOW_US

static struct rate take(struct meter *meter, const char *token, int64_t at_us)
{
	return meter_take(meter, token, 60, 3, NOW_US + at_us);
}

static void a_burst_comes_at_once_and_then_one_each_second(void **state)
{
	struct meter *meter = meter_new();

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rate rate = take(meter, "a", 0);
		assert_true(rate.taken);
		assert_int_equal(rate.left, 2 - i);
		assert_int_equal(rate.full_s, 1 + i);
		assert_int_equal(rate.window_s, 3);
	}
	struct rate refused = take(meter, "a", SECOND_US / 2);
	assert_false(refused.taken);
	assert_int_equal(refused.next_s, 1);
	assert_false(take(meter, "a", SECOND_US - 1).taken); /* who is refused loses nothing more */
	assert_true(take(meter, "a", SECOND_US).taken);
	assert_false(take(meter, "a", SECOND_US).taken);
	for (int i = 0; i < 3; i++)
		assert_true(take(meter, "a", 10 * SECOND_US).taken); /* no more is saved up than the burst */
	assert_false(take(meter, "a", 10 * SECOND_US).taken);
	assert_int_equal(meter_refused(meter), 4);
	meter_free(meter);
}

static void a_clock_that_is_set_back_makes_nobody_wait_longer_than_an_empty_bucket(void **state)
{
	struct meter *meter = meter_new();

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(take(meter, "a", HOUR_US).taken);
	assert_int_equal(take(meter, "a", 0).next_s, 1);
	assert_true(take(meter, "a", SECOND_US).taken);
	meter_free(meter);
}

static void however_many_tokens_there_are_none_slows_another(void **state)
{
	struct meter *meter = meter_new();
	char name[32];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(take(meter, "busy", 0).taken);
	assert_false(take(meter, "busy", 0).taken);
	for (int i = 0; i < 20000; i++) { /* more than there are rows */
		snprintf(name, sizeof(name), "token %d", i);
		assert_int_equal(take(meter, name, 0).left, 2);
	}
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "late %d", i);
		for (int k = 0; k < 3; k++)
			assert_true(take(meter, name, 0).taken);
	}
	meter_free(meter);
}

/* The world's interface, with limits. */
static struct world limited(void **state, int64_t per_minute, int64_t burst)
{
	struct world world = begin(state, false);

	serve_with(&world, (struct api_options){ .requests_per_minute = per_minute, .burst = burst });
	return world;
}

static void who_asks_too_often_is_told_when_to_come_again(void **state)
{
	struct world world = limited(state, 60, 2);
	const char *dara = new_user(&world, "dara", "dft", "officer"), *other = token_of(&world, "dara").secret;

	struct answer first = get_as(&world, dara, "/api/v1/me");
	expect(first, 200, "dara");
	assert_string_equal(header_of(&first, "RateLimit-Policy"), "\"token\";q=2;w=2");
	assert_string_equal(header_of(&first, "RateLimit"), "\"token\";r=1;t=1");
	expect(get_as(&world, dara, "/api/v1/nothing"), 404, NULL); /* it was a request, too */

	struct answer refused = get_as(&world, dara, "/api/v1/me");
	expect(refused, 429, "urn:lintas:problem:too-many-requests");
	assert_string_equal(header_of(&refused, "Retry-After"), "1");
	assert_string_equal(header_of(&refused, "RateLimit"), "\"token\";r=0;t=2");
	assert_non_null(strstr(metrics(&world), "\nlintas_requests_limited_total 1\n"));

	expect(get_as(&world, other, "/api/v1/me"), 200, NULL); /* the same user's other program */
	for (int i = 0; i < 5; i++) {
		struct answer local = call(&world, "GET", "/api/v1/me", NULL, NULL);
		expect(local, 200, "operator");
		assert_null(header_of(&local, "RateLimit"));
	}
	world.fixture->clock.now_us += SECOND_US;
	expect(get_as(&world, dara, "/api/v1/me"), 200, NULL);
	expect(get_as(&world, dara, "/api/v1/me"), 429, NULL);
	end(&world);
}

static void who_is_nobody_uses_up_nothing(void **state)
{
	struct world world = limited(state, 60, 1);
	const char *dara = new_user(&world, "dara", "dft", "officer");

	for (int i = 0; i < 3; i++) {
		struct answer answer = get_as(&world, "lintas_nobody", "/api/v1/me");
		expect(answer, 401, NULL);
		assert_null(header_of(&answer, "RateLimit"));
	}
	expect(get_as(&world, dara, "/api/v1/me"), 200, NULL);
	end(&world);
}

static void without_a_limit_nobody_is_counted(void **state)
{
	struct world world = limited(state, 0, 1);
	const char *dara = new_user(&world, "dara", "dft", "officer");

	for (int i = 0; i < 3; i++) {
		struct answer answer = get_as(&world, dara, "/api/v1/me");
		expect(answer, 200, NULL);
		assert_null(header_of(&answer, "RateLimit"));
	}
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_comes_at_once_and_then_one_each_second),
		cmocka_unit_test(a_clock_that_is_set_back_makes_nobody_wait_longer_than_an_empty_bucket),
		cmocka_unit_test(however_many_tokens_there_are_none_slows_another),
		cmocka_unit_test(who_asks_too_often_is_told_when_to_come_again),
		cmocka_unit_test(who_is_nobody_uses_up_nothing),
		cmocka_unit_test(without_a_limit_nobody_is_counted),
	};
	return kernel_run("rate", tests, COUNT(tests), customs_capabilities);
}
