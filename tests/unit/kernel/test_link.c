#include "kernel/link.h"

#include "base/date.h"
#include "fixture.h"
#include "kernel/journal.h"
#include "kernel/message.h"

#define SLOW_US (10 * SECOND_US)

struct world {
	struct kernel_fixture *fixture;
	struct link_seen seen;
	struct link_change change;
	struct link_notice notice;
	struct link_list links;
	struct link_notice_list notices;
	struct journal_list journal;
};

static const struct link_seen nothing_seen = { .partner = "VN",
					       .heard_us = TIME_NONE,
					       .answered_us = TIME_NONE,
					       .receipt_us = TIME_NONE,
					       .failing_us = TIME_NONE };

static enum err_code tell_run(struct tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	struct kernel_fixture *fixture = world->fixture;

	return link_tell(tx, fixture->arena, &world->seen, SLOW_US, fixture->clock.now_us, &world->change, err);
}

static enum err_code read_run(struct tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	struct kernel_fixture *fixture = world->fixture;

	TRY(link_list(tx, fixture->arena, fixture->clock.now_us, &world->links, err));
	TRY(link_notices(tx, fixture->arena, false, &world->notices, err));
	return journal_of(tx, fixture->arena, "VN", 100, &world->journal, err);
}

static enum err_code announce_run(struct tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;

	return link_notice_put(tx, &world->notice, &fixture_actor, world->fixture->clock.now_us, err);
}

static void tell(struct world *world)
{
	struct kernel_fixture *fixture = world->fixture;

	must(db_write(fixture->kernel.db, tell_run, world, &fixture->err));
}

static struct link look(struct world *world)
{
	struct kernel_fixture *fixture = world->fixture;

	must(db_read(fixture->kernel.db, read_run, world, &fixture->err));
	for (size_t i = 0; i < world->links.count; i++)
		if (same(world->links.items[i].partner, "VN"))
			return world->links.items[i];
	fail_msg("there is no link with VN");
	return (struct link){ 0 };
}

static void answer(struct world *world, int64_t at_us, int64_t delay_ms)
{
	world->seen = nothing_seen;
	world->seen.heard_us = world->seen.answered_us = world->seen.receipt_us = at_us;
	world->seen.delays_ms[world->seen.delays_count++] = delay_ms;
	tell(world);
}

static void fail_times(struct world *world, int64_t at_us, int64_t failures, const char *reason)
{
	world->seen = nothing_seen;
	world->seen.failing_us = at_us;
	world->seen.failures = failures;
	world->seen.reason = reason;
	tell(world);
}

static void announce(struct world *world, const char *id, const char *kind, int64_t from_us, int64_t until_us)
{
	struct kernel_fixture *fixture = world->fixture;

	world->notice = (struct link_notice){ .id = id,
					      .partner = "VN",
					      .direction = "in",
					      .kind = kind,
					      .from_us = from_us,
					      .until_us = until_us,
					      .text = "a new switch" };
	must(db_write(fixture->kernel.db, announce_run, world, &fixture->err));
}

static size_t entries(struct world *world, const char *event)
{
	size_t count = 0;

	look(world);
	for (size_t i = 0; i < world->journal.count; i++)
		count += same(world->journal.entries[i].event, event);
	return count;
}

static void each_partner_has_a_link_before_anything_is_exchanged(void **state)
{
	struct world world = { .fixture = kernel_fixture_of(state) };
	struct link link = look(&world);

	assert_int_equal(world.links.count, 2); /* MY and VN */
	assert_string_equal(link.state, LINK_UNKNOWN);
	assert_true(link.heard_us == TIME_NONE && link.receipt_us == TIME_NONE && link.median_ms == INTEGER_NONE);
}

/* Nearest rank: of 1 to 64 the 32nd and the 64th; what came before the last 64 is forgotten. */
static void of_the_last_64_round_trips_the_median_and_the_99th_of_100_are_told(void **state)
{
	struct world world = { .fixture = kernel_fixture_of(state) };
	int64_t now_us = world.fixture->clock.now_us;

	answer(&world, now_us, 60000);
	for (int64_t ms = 64; ms >= 1; ms--)
		answer(&world, now_us, ms);
	struct link link = look(&world);
	assert_int_equal(link.median_ms, 32);
	assert_int_equal(link.p99_ms, 64);
	/* Hours, and what no partner takes: kept as they are, as long as 32 bits hold them. */
	answer(&world, now_us, INT64_C(1) << 40);
	assert_int_equal(look(&world).p99_ms, UINT32_MAX);
}

static void three_failures_in_a_row_are_down_and_one_answer_is_up(void **state)
{
	struct world world = { .fixture = kernel_fixture_of(state) };
	int64_t now_us = world.fixture->clock.now_us;

	answer(&world, now_us, 40);
	assert_string_equal(world.change.to, LINK_UP);
	fail_times(&world, now_us + 1, 2, "it refuses connections");
	assert_string_equal(look(&world).state, LINK_UP);
	fail_times(&world, now_us + 2, 1, "its name is not known");
	struct link link = look(&world);
	assert_string_equal(link.state, LINK_DOWN);
	assert_int_equal(link.since_us, now_us + 1);
	assert_string_equal(link.reason, "its name is not known");
	assert_int_equal(link.failures, 3);
	answer(&world, now_us + 3, 40);
	link = look(&world);
	assert_string_equal(link.state, LINK_UP);
	assert_int_equal(link.since_us, now_us + 3);
	assert_null(link.reason);
	assert_int_equal(entries(&world, "link-up"), 2);
	assert_int_equal(entries(&world, "link-down"), 1);
}

/* Of two processes the one that was answered later is right, whichever tells first. */
static struct message claimed(struct world *world)
{
	struct kernel_fixture *fixture = world->fixture;
	struct message_list list;

	must(outbox_claim(&fixture->kernel, fixture->arena, "VN", fixture->clock.now_us, MINUTE_US, 1, &list,
			  &fixture->err));
	assert_int_equal(list.count, 1);
	return list.items[0];
}

/* docs/health.md. What the partner may have already is sent again at the interval that is agreed (ebMS 2.0 §6.4.6), and
 * not sooner because it answers something else. */
static void what_did_not_reach_a_partner_that_was_down_is_due_when_it_answers(void **state)
{
	struct world world = { .fixture = kernel_fixture_of(state) };
	struct kernel_fixture *fixture = world.fixture;
	static const enum outbox_failure failures[] = { FAILED_ON_THE_WAY, FAILED_AT_PARTNER };
	struct message messages[COUNT(failures)];

	fixture_put(fixture, "VN", NULL, NULL);
	fixture_put(fixture, "VN", NULL, NULL);
	for (size_t i = 0; i < COUNT(failures); i++) {
		messages[i] = claimed(&world);
		must(outbox_failed(&fixture->kernel, &messages[i], NULL, failures[i], "connection refused", NULL,
				   fixture->clock.now_us, &fixture->err));
		messages[i] = fixture_message(fixture, messages[i].id);
		assert_true(messages[i].next_attempt_us > fixture->clock.now_us);
	}
	fail_times(&world, fixture->clock.now_us, LINK_FAILURES, "connection refused");
	assert_true(fixture_message(fixture, messages[0].id).next_attempt_us == messages[0].next_attempt_us);
	answer(&world, ++fixture->clock.now_us, 40);
	assert_true(fixture_message(fixture, messages[0].id).next_attempt_us == fixture->clock.now_us);
	assert_true(fixture_message(fixture, messages[1].id).next_attempt_us == messages[1].next_attempt_us);
}

static void an_answer_that_is_told_late_does_not_undo_a_newer_failure(void **state)
{
	struct world world = { .fixture = kernel_fixture_of(state) };
	int64_t now_us = world.fixture->clock.now_us;

	answer(&world, now_us, 40);
	fail_times(&world, now_us + 10, 3, "it is silent");
	answer(&world, now_us + 5, 40);
	assert_string_equal(look(&world).state, LINK_DOWN);
	fail_times(&world, now_us + 4, 3, "it was silent");
	assert_int_equal(look(&world).since_us, now_us + 10);
	answer(&world, now_us + 20, 40);
	assert_string_equal(look(&world).state, LINK_UP);
	/* A failure of before that answer says nothing of now. */
	fail_times(&world, now_us + 15, 3, "it was silent");
	assert_string_equal(look(&world).state, LINK_UP);
}

static void what_half_of_the_last_five_exceed_is_slow(void **state)
{
	struct world world = { .fixture = kernel_fixture_of(state) };
	int64_t now_us = world.fixture->clock.now_us;

	for (int i = 0; i < 5; i++)
		answer(&world, now_us, 40);
	answer(&world, now_us, 10001);
	answer(&world, now_us, 10001);
	assert_string_equal(look(&world).state, LINK_UP);
	answer(&world, now_us, 10001);
	assert_string_equal(look(&world).state, LINK_SLOW);
	assert_int_equal(entries(&world, "link-slow"), 1);
}

static void a_heartbeat_is_sent_by_one_process_when_the_partner_was_silent_for_so_long(void **state)
{
	struct world world = { .fixture = kernel_fixture_of(state) };
	struct kernel_fixture *fixture = world.fixture;
	int64_t now_us = fixture->clock.now_us, sent_us;
	const struct link_beat asked = { .partner = "VN", .ping = "1@th", .interval_us = 600, .hurried_us = 150 };
	struct link_beat beat = asked, other = asked;

	answer(&world, now_us, 40);
	must(link_beat(&fixture->kernel, &beat, now_us + 599, &fixture->err));
	assert_false(beat.claimed);
	assert_int_equal(beat.next_us, now_us + 600);
	beat = asked;
	must(link_beat(&fixture->kernel, &beat, now_us + 600, &fixture->err));
	assert_true(beat.claimed && !beat.unanswered);
	must(link_beat(&fixture->kernel, &other, now_us + 600, &fixture->err));
	assert_false(other.claimed);
	/* It is not answered: once more, soon. */
	beat = asked;
	must(link_beat(&fixture->kernel, &beat, now_us + 750, &fixture->err));
	assert_true(beat.claimed && beat.unanswered);
	must(link_beat_answered(&fixture->kernel, "VN", "2@th", &sent_us, &fixture->err));
	assert_true(sent_us == TIME_NONE);
	must(link_beat_answered(&fixture->kernel, "MY", "1@th", &sent_us, &fixture->err));
	assert_true(sent_us == TIME_NONE);
	must(link_beat_answered(&fixture->kernel, "VN", "1@th", &sent_us, &fixture->err));
	assert_int_equal(sent_us, now_us + 750);
	must(link_beat_answered(&fixture->kernel, "VN", "1@th", &sent_us, &fixture->err));
	assert_true(sent_us == TIME_NONE); /* once */
}

static void an_announced_maintenance_is_the_state_of_the_link_until_its_end(void **state)
{
	struct world world = { .fixture = kernel_fixture_of(state) };
	struct kernel_fixture *fixture = world.fixture;
	int64_t now_us = fixture->clock.now_us;
	unsigned ended;

	answer(&world, now_us, 40);
	announce(&world, "1", LINK_NOTICE_MAINTENANCE, now_us + 100, now_us + 200);
	announce(&world, "2", LINK_NOTICE_MAINTENANCE, now_us + 500, now_us + 600);
	struct link link = look(&world);
	assert_string_equal(link.state, LINK_UP);
	assert_int_equal(link.coming->from_us, now_us + 100);
	fixture->clock.now_us = now_us + 100;
	fail_times(&world, now_us + 100, 5, "it is silent");
	link = look(&world);
	assert_string_equal(link.state, LINK_MAINTENANCE);
	assert_string_equal(link.observed, LINK_DOWN);
	assert_int_equal(link.notice->until_us, now_us + 200);
	must(link_notices_end(&fixture->kernel, now_us + 199, &ended, &fixture->err));
	assert_int_equal(ended, 0);
	fixture->clock.now_us = now_us + 200;
	must(link_notices_end(&fixture->kernel, now_us + 200, &ended, &fixture->err));
	assert_int_equal(ended, 1);
	assert_string_equal(look(&world).state, LINK_DOWN);
	assert_int_equal(entries(&world, "notice-ended"), 1);
}

static void who_is_restored_ends_what_has_begun_and_not_what_is_planned(void **state)
{
	struct world world = { .fixture = kernel_fixture_of(state) };
	int64_t now_us = world.fixture->clock.now_us;

	answer(&world, now_us, 40);
	announce(&world, "1", LINK_NOTICE_OUTAGE, now_us, now_us + 1000);
	announce(&world, "2", LINK_NOTICE_MAINTENANCE, now_us + 5000, now_us + 6000);
	assert_string_equal(look(&world).state, LINK_OUTAGE);
	announce(&world, "3", LINK_NOTICE_RESTORED, now_us, now_us);
	struct link link = look(&world);
	assert_string_equal(link.state, LINK_UP);
	assert_int_equal(link.coming->from_us, now_us + 5000);
}

/* Who corrects the time of a maintenance announces it anew: the two meet. */
static void a_notice_takes_the_place_of_one_whose_time_it_meets(void **state)
{
	struct world world = { .fixture = kernel_fixture_of(state) };
	int64_t now_us = world.fixture->clock.now_us;

	announce(&world, "1", LINK_NOTICE_MAINTENANCE, now_us + 100, now_us + 200);
	announce(&world, "2", LINK_NOTICE_MAINTENANCE, now_us + 150, now_us + 300);
	struct link link = look(&world);
	assert_int_equal(link.coming->from_us, now_us + 150);
	assert_int_equal(world.notices.count, 2);
	assert_int_equal(entries(&world, "notice-received"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_partner_has_a_link_before_anything_is_exchanged),
		cmocka_unit_test(of_the_last_64_round_trips_the_median_and_the_99th_of_100_are_told),
		cmocka_unit_test(three_failures_in_a_row_are_down_and_one_answer_is_up),
		cmocka_unit_test(what_did_not_reach_a_partner_that_was_down_is_due_when_it_answers),
		cmocka_unit_test(an_answer_that_is_told_late_does_not_undo_a_newer_failure),
		cmocka_unit_test(what_half_of_the_last_five_exceed_is_slow),
		cmocka_unit_test(a_heartbeat_is_sent_by_one_process_when_the_partner_was_silent_for_so_long),
		cmocka_unit_test(an_announced_maintenance_is_the_state_of_the_link_until_its_end),
		cmocka_unit_test(who_is_restored_ends_what_has_begun_and_not_what_is_planned),
		cmocka_unit_test(a_notice_takes_the_place_of_one_whose_time_it_meets),
	};

	return kernel_run("link", tests, COUNT(tests), NULL);
}
