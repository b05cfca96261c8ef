/* Expected digests: Python's hashlib, over what kernel/event.h says. */
#include "../unit.h"

#include "kernel/event.h"

#define AT_US INT64_C(1793577600123000) /* 2026-11-02T00:00:00.123Z */

static const struct event_view whole = { .at_us = AT_US,
					 .sequence = 7,
					 .actor = "user:somchai",
					 .organisation = "customs",
					 .subject_type = "document",
					 .subject = "d1",
					 .event = "issued",
					 .to_state = "issued",
					 .detail = "Gửi, ไทย",
					 .law = "rule 14(1)",
					 .content = "ab" };
static const struct event_view bare = { .at_us = AT_US + 877000,
					.sequence = 9,
					.actor = "system",
					.subject_type = "message",
					.subject = "m1",
					.event = "queued",
					.from_state = "a",
					.to_state = "b" };

static void a_chain_is_that_of_the_oracle(void **state)
{
	struct event_chain chain;
	struct err err = { 0 };
	char hex[SHA256_HEX_SIZE];

	(void)state;
	event_chain_begin(&chain, 5);
	assert_int_equal(event_chain_add(&chain, &whole, &err), OK);
	assert_string_equal(event_digest_of(&chain, hex).digest,
			    "8568efff0e7f4596144e723207ef50c44590bcbc2eb0960c11f0e0843021bc31");
	assert_int_equal(event_chain_add(&chain, &bare, &err), OK);
	struct event_digest_view view = event_digest_of(&chain, hex);
	assert_string_equal(view.digest, "176d8a195ba15c005d3153f810292fe0bb6a83ad418a059b87efa009b408c339");
	assert_int_equal(view.after, 5);
	assert_int_equal(view.until, 9);
	assert_int_equal(view.count, 2);
}

/* The lengths keep what is in one value out of the next. */
static void values_do_not_run_into_each_other(void **state)
{
	struct event_view one = bare, other = bare;
	struct event_chain a, b;
	struct err err = { 0 };

	(void)state;
	one.subject_type = "messa";
	one.subject = "ge2:m1";
	other.subject_type = "message2:";
	other.subject = "m1";
	event_chain_begin(&a, 0);
	event_chain_begin(&b, 0);
	assert_int_equal(event_chain_add(&a, &one, &err), OK);
	assert_int_equal(event_chain_add(&b, &other, &err), OK);
	assert_memory_not_equal(a.link, b.link, sizeof(a.link));
}

static void an_event_beyond_the_bound_is_a_fault(void **state)
{
	enum { LENGTH = 70000 };
	struct event_view large = bare;
	struct event_chain chain;
	struct err err = { 0 };
	static char text[LENGTH + 1];

	(void)state;
	memset(text, 'x', LENGTH);
	large.detail = text;
	event_chain_begin(&chain, 0);
	assert_int_equal(event_chain_add(&chain, &large, &err), ERR_LIMIT);
	assert_int_equal(chain.count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_is_that_of_the_oracle),
		cmocka_unit_test(values_do_not_run_into_each_other),
		cmocka_unit_test(an_event_beyond_the_bound_is_a_fault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
