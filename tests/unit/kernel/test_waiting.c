/* Messages whose acknowledgment comes later, with a request of the partner's own (ebMS 2.0, syncReplyMode none). */
#include "fixture.h"

#include "base/date.h"
#include "kernel/message.h"

#define LEASE_US    (2 * MINUTE_US)
#define INTERVAL_US (5 * MINUTE_US)

/* Five minutes between transmissions, three retries: ebMS 2.0 §6.5.4 resends "at most Retries times", and a last
 * interval is left for the acknowledgment of the last one. */
static const struct retry_policy agreed = {
	.first_us = INTERVAL_US,
	.max_us = INTERVAL_US,
	.give_up_us = 21 * DAY_US,
	.answer_us = 4 * INTERVAL_US,
	.given_up = "DeliveryFailure",
};

static struct message_list claim_all(struct kernel_fixture *fixture)
{
	struct message_list list;

	must(outbox_claim(&fixture->kernel, fixture->arena, "VN", fixture->clock.now_us, LEASE_US, 10, &list,
			  &fixture->err));
	return list;
}

/* The only message that is due. */
static struct message claim(struct kernel_fixture *fixture)
{
	struct message_list list = claim_all(fixture);

	assert_int_equal(list.count, 1);
	return list.items[0];
}

static void wait_for(struct kernel_fixture *fixture, const struct message *message, const struct retry_policy *policy)
{
	must(outbox_waiting(&fixture->kernel, message, policy, fixture->clock.now_us, &fixture->err));
}

static void fail_attempt(struct kernel_fixture *fixture, const struct message *message, bool permanent)
{
	must(outbox_failed(&fixture->kernel, message, &agreed, permanent, "HTTP status 503", NULL,
			   fixture->clock.now_us, &fixture->err));
}

static void acknowledge(struct kernel_fixture *fixture, const struct message *message)
{
	struct wire wire = fixture_wire(fixture, WIRE_RECEIPT_RECEIVED, "<eb:Acknowledgment/>");

	must(outbox_delivered(&fixture->kernel, message, &wire, fixture->clock.now_us, &fixture->err));
}

static void decide(struct kernel_fixture *fixture, const struct message *message, const char *event)
{
	struct findings *findings = findings_new(fixture->arena);

	assert_non_null(findings);
	must(outbox_decide(&fixture->kernel, message->id, event, &fixture_actor, fixture->clock.now_us, findings,
			   &fixture->err));
	assert_int_equal(findings_count(findings), 0);
}

static int64_t tasks_with(struct kernel_fixture *fixture, const char *text)
{
	static const struct statement open_tasks = {
		"test.tasks",
		"SELECT count(*) FROM task WHERE kind = 'dead-letter' AND state = 'open' AND text LIKE '%' || $1 || '%'"
	};

	return fixture_int(fixture, &open_tasks, BINDS(BIND_TEXT(text)));
}

/* A message whose first transmission is taken now. */
static struct message taken(struct kernel_fixture *fixture)
{
	fixture_put(fixture, "VN", NULL, NULL);
	struct message message = claim(fixture);
	assert_true(message.reached_us == TIME_NONE);
	wait_for(fixture, &message, &agreed);
	return fixture_message(fixture, message.id);
}

static void what_was_taken_is_sent_again_after_each_interval(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	int64_t start_us = fixture->clock.now_us;
	struct message message = taken(fixture);

	for (int i = 1; i <= 3; i++) {
		assert_string_equal(message.state, "queued");
		assert_false(message.claimed);
		assert_true(message.next_attempt_us == start_us + i * INTERVAL_US);
		assert_true(message.reached_us == start_us);
		fixture->clock.now_us = message.next_attempt_us - 1;
		assert_int_equal(claim_all(fixture).count, 0);
		fixture->clock.now_us++;
		message = claim(fixture);
		assert_int_equal(message.attempts, i + 1);
		assert_true(message.reached_us == start_us);
		wait_for(fixture, &message, &agreed);
		message = fixture_message(fixture, message.id);
	}
	assert_int_equal(tasks_with(fixture, ""), 0);
}

/* The fourth interval is for the acknowledgment of the fourth transmission: there is no fifth. */
static void what_is_not_acknowledged_in_its_time_is_dead_without_another_transmission(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = taken(fixture);
	unsigned sent = 1;

	for (;;) {
		fixture->clock.now_us = message.next_attempt_us;
		message = claim(fixture);
		if (outbox_unanswered(&message, &agreed, fixture->clock.now_us))
			break;
		sent++;
		wait_for(fixture, &message, &agreed);
		message = fixture_message(fixture, message.id);
	}
	assert_int_equal(sent, 4);
	assert_true(fixture->clock.now_us == FIXTURE_NOW_US + 4 * INTERVAL_US);
	must(outbox_failed(&fixture->kernel, &message, &agreed, false, NULL, NULL, fixture->clock.now_us,
			   &fixture->err));
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "dead");
	assert_string_equal(
		message.last_error,
		"the partner's server took it on 2026-11-02T00:00:00.000Z and it was not acknowledged since");
	assert_int_equal(tasks_with(fixture, "DeliveryFailure: the partner's server took it on 2026-11-02"), 1);
}

static void who_waits_beyond_the_time_gives_up_all_the_same(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	taken(fixture);
	fixture->clock.now_us += 4 * INTERVAL_US;
	struct message message = claim(fixture);
	wait_for(fixture, &message, &agreed);
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "dead");
	assert_non_null(message.last_error);
	assert_int_equal(tasks_with(fixture, "not acknowledged since"), 1);
}

static void the_end_of_the_time_comes_before_the_next_interval(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct retry_policy odd = agreed;

	odd.answer_us = INTERVAL_US + MINUTE_US;
	fixture_put(fixture, "VN", NULL, NULL);
	struct message message = claim(fixture);
	wait_for(fixture, &message, &odd);
	fixture->clock.now_us += INTERVAL_US;
	message = claim(fixture);
	wait_for(fixture, &message, &odd);
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "queued");
	assert_true(message.next_attempt_us == FIXTURE_NOW_US + odd.answer_us);
}

static void a_failure_after_it_was_taken_counts_in_the_same_time(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	taken(fixture);
	fixture->clock.now_us += INTERVAL_US;
	struct message message = claim(fixture);
	fail_attempt(fixture, &message, false);
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "queued");
	assert_string_equal(message.last_error, "HTTP status 503");
	assert_true(message.reached_us == FIXTURE_NOW_US);
	fixture->clock.now_us = FIXTURE_NOW_US + 4 * INTERVAL_US;
	message = claim(fixture);
	fail_attempt(fixture, &message, false);
	assert_string_equal(fixture_message(fixture, message.id).state, "dead");
	assert_int_equal(tasks_with(fixture, "the last attempt: HTTP status 503"), 1);
}

static void what_never_reached_its_partner_is_tried_until_it_is_given_up(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fixture_put(fixture, "VN", NULL, NULL);
	struct message message = claim(fixture);
	fixture->clock.now_us += 20 * DAY_US;
	message = claim(fixture);
	assert_false(outbox_unanswered(&message, &agreed, fixture->clock.now_us));
	fail_attempt(fixture, &message, false);
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "queued");
	assert_true(message.reached_us == TIME_NONE);
}

static void without_a_limit_it_is_sent_again_until_it_is_given_up(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct retry_policy patient = agreed;

	patient.answer_us = 0;
	taken(fixture);
	fixture->clock.now_us += 21 * DAY_US - 1;
	struct message message = claim(fixture);
	assert_false(outbox_unanswered(&message, &patient, fixture->clock.now_us));
	wait_for(fixture, &message, &patient);
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "queued");
	assert_true(message.next_attempt_us == fixture->clock.now_us + INTERVAL_US);
	fixture->clock.now_us = message.next_attempt_us;
	message = claim(fixture);
	wait_for(fixture, &message, &patient);
	assert_string_equal(fixture_message(fixture, message.id).state, "dead");
}

/* The task is that of the permanent failure: the partner has spoken. */
static void a_refusal_for_good_is_not_called_silence(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	taken(fixture);
	fixture->clock.now_us += INTERVAL_US;
	struct message message = claim(fixture);
	fail_attempt(fixture, &message, true);
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "dead");
	assert_string_equal(message.last_error, "HTTP status 503");
	assert_int_equal(tasks_with(fixture, "refused for good: HTTP status 503"), 1);
}

static void an_answer_forgets_the_failure_before_it(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fixture_put(fixture, "VN", NULL, NULL);
	struct message message = claim(fixture);
	fail_attempt(fixture, &message, false);
	fixture->clock.now_us = fixture_message(fixture, message.id).next_attempt_us;
	message = claim(fixture);
	assert_string_equal(message.last_error, "HTTP status 503");
	wait_for(fixture, &message, &agreed);
	message = fixture_message(fixture, message.id);
	assert_null(message.last_error);
	assert_true(message.reached_us == fixture->clock.now_us);
}

/* On its way back the answer to our request is overtaken by the acknowledgment. */
static void an_acknowledgment_that_overtakes_the_answer_stands(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static const char *const before[] = { "queued", "held" };

	for (size_t i = 0; i < COUNT(before); i++) {
		fixture_put(fixture, "VN", NULL, NULL);
		struct message message = claim(fixture);
		if (same(before[i], "held"))
			decide(fixture, &message, "hold");
		assert_string_equal(fixture_message(fixture, message.id).state, before[i]);
		acknowledge(fixture, &message);
		struct message settled = fixture_message(fixture, message.id);
		assert_string_equal(settled.state, "delivered");
		fixture->clock.now_us += SECOND_US;
		wait_for(fixture, &message, &agreed);
		fail_attempt(fixture, &message, false);
		fail_attempt(fixture, &message, true);
		struct message now = fixture_message(fixture, message.id);
		assert_string_equal(now.state, "delivered");
		assert_true(now.settled_us == settled.settled_us);
		assert_true(now.next_attempt_us == settled.next_attempt_us);
		assert_true(now.reached_us == TIME_NONE);
		assert_null(now.last_error);
		assert_int_equal(tasks_with(fixture, ""), 0);
	}
}

static void an_acknowledgment_that_comes_late_settles_a_dead_message(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	taken(fixture);
	fixture->clock.now_us += 4 * INTERVAL_US;
	struct message message = claim(fixture);
	wait_for(fixture, &message, &agreed);
	assert_string_equal(fixture_message(fixture, message.id).state, "dead");
	wait_for(fixture, &message, &agreed); /* said again, because the commit was uncertain */
	assert_string_equal(fixture_message(fixture, message.id).state, "dead");
	acknowledge(fixture, &message);
	assert_string_equal(fixture_message(fixture, message.id).state, "delivered");
	assert_int_equal(tasks_with(fixture, ""), 0);
}

static void who_lost_the_claim_says_nothing_of_the_other_attempt(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fixture_put(fixture, "VN", NULL, NULL);
	struct message lost = claim(fixture);
	fixture->clock.now_us += LEASE_US;
	struct message message = claim(fixture);
	wait_for(fixture, &lost, &agreed);
	struct message now = fixture_message(fixture, message.id);
	assert_true(now.claimed);
	assert_true(now.next_attempt_us == message.next_attempt_us);
	assert_true(now.reached_us == TIME_NONE);
}

static void after_an_officers_retry_its_time_begins_anew(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	taken(fixture);
	fixture->clock.now_us += 4 * INTERVAL_US;
	struct message message = claim(fixture);
	wait_for(fixture, &message, &agreed);
	decide(fixture, &message, "retry");
	message = claim(fixture);
	assert_true(message.reached_us == TIME_NONE);
	assert_false(outbox_unanswered(&message, &agreed, fixture->clock.now_us));
	wait_for(fixture, &message, &agreed);
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "queued");
	assert_true(message.reached_us == fixture->clock.now_us);
	/* What waits is sent now, and counts from now. */
	fixture->clock.now_us += MINUTE_US;
	decide(fixture, &message, "retry");
	assert_true(claim(fixture).reached_us == TIME_NONE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_taken_is_sent_again_after_each_interval),
		cmocka_unit_test(what_is_not_acknowledged_in_its_time_is_dead_without_another_transmission),
		cmocka_unit_test(who_waits_beyond_the_time_gives_up_all_the_same),
		cmocka_unit_test(the_end_of_the_time_comes_before_the_next_interval),
		cmocka_unit_test(a_failure_after_it_was_taken_counts_in_the_same_time),
		cmocka_unit_test(what_never_reached_its_partner_is_tried_until_it_is_given_up),
		cmocka_unit_test(without_a_limit_it_is_sent_again_until_it_is_given_up),
		cmocka_unit_test(a_refusal_for_good_is_not_called_silence),
		cmocka_unit_test(an_answer_forgets_the_failure_before_it),
		cmocka_unit_test(an_acknowledgment_that_overtakes_the_answer_stands),
		cmocka_unit_test(an_acknowledgment_that_comes_late_settles_a_dead_message),
		cmocka_unit_test(who_lost_the_claim_says_nothing_of_the_other_attempt),
		cmocka_unit_test(after_an_officers_retry_its_time_begins_anew),
	};
	return kernel_run("waiting", tests, COUNT(tests), NULL);
}
