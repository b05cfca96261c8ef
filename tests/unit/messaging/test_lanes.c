/* Which partners get a sender. Partners are down together when a line is cut, and at every start none has answered. */
#include "world.h"

#include <stdlib.h>

#include "messaging/messaging_int.h"

enum { LANES = 10 };

/* As many exchanges as begin while nobody answers: partners take turns until none has room. */
static void take_all(struct messaging *messaging)
{
	bool taken = true;

	while (taken) {
		taken = false;
		for (size_t i = 0; i < messaging->lanes_count; i++) {
			struct lane *lane = &messaging->lanes[i];
			if (!lane_has_room(messaging, lane))
				continue;
			lane->busy++;
			taken = true;
		}
	}
}

static unsigned busy_of(const struct messaging *messaging)
{
	unsigned busy = 0;

	for (size_t i = 0; i < messaging->lanes_count; i++)
		busy += messaging->lanes[i].busy;
	return busy;
}

static struct messaging *with(unsigned senders, unsigned slots, size_t lanes, bool heard, bool silent)
{
	struct messaging *messaging = calloc(1, sizeof(*messaging));

	assert_non_null(messaging);
	messaging->options.senders = senders;
	messaging->options.slots = slots;
	messaging->lanes_count = lanes;
	for (size_t i = 0; i < lanes; i++)
		messaging->lanes[i] = (struct lane){ .heard = heard, .silent = silent };
	return messaging;
}

static void one_partner_gets_half_of_the_senders_and_no_more_than_its_slots(void **state)
{
	(void)state;
	static const struct {
		unsigned senders, slots, busy;
	} rows[] = { { 32, 16, 16 }, { 32, 4, 4 }, { 8, 16, 4 }, { 4, 16, 2 }, { 1, 16, 1 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct messaging *messaging = with(rows[i].senders, rows[i].slots, 1, true, false);
		take_all(messaging);
		assert_int_equal(messaging->lanes[0].busy, rows[i].busy);
		free(messaging);
	}
}

/* The first to hang holds half, the next a quarter, and so on. */
static void of_those_that_fall_silent_together_none_takes_the_last_sender(void **state)
{
	(void)state;
	for (size_t hanging = 1; hanging <= 4; hanging++) {
		struct messaging *messaging = with(32, 16, hanging + 1, true, false);
		for (size_t i = 0; i < hanging; i++)
			while (lane_has_room(messaging, &messaging->lanes[i]))
				messaging->lanes[i].busy++;
		assert_true(lane_has_room(messaging, &messaging->lanes[hanging]));
		free(messaging);
	}
}

static void who_has_not_answered_yet_gets_one_exchange(void **state)
{
	(void)state;
	struct messaging *messaging = with(32, 16, LANES, false, false);

	take_all(messaging);
	assert_int_equal(busy_of(messaging), LANES);
	messaging->lanes[0].heard = true;
	assert_true(lane_has_room(messaging, &messaging->lanes[0]));
	free(messaging);
}

static void those_that_did_not_answer_last_time_get_a_quarter_together(void **state)
{
	(void)state;
	struct messaging *messaging = with(32, 16, LANES, true, true);

	take_all(messaging);
	assert_int_equal(busy_of(messaging), 8);
	for (size_t i = 0; i < LANES; i++)
		assert_true(messaging->lanes[i].busy <= 1);
	messaging->lanes[0].silent = false;
	assert_true(lane_has_room(messaging, &messaging->lanes[0]));
	free(messaging);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_partner_gets_half_of_the_senders_and_no_more_than_its_slots),
		cmocka_unit_test(of_those_that_fall_silent_together_none_takes_the_last_sender),
		cmocka_unit_test(who_has_not_answered_yet_gets_one_exchange),
		cmocka_unit_test(those_that_did_not_answer_last_time_get_a_quarter_together),
	};
	return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
