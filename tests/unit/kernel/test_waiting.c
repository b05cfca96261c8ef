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
	.tries = 4,
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

static void fail_attempt(struct kernel_fixture *fixture, const struct message *message, enum outbox_failure failure)
{
	must(outbox_failed(&fixture->kernel, message, &agreed, failure, "HTTP status 503", NULL, fixture->clock.now_us,
			   &fixture->err));
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

/* One that was sent as often as agreed, in vain: as it was claimed then. */
static struct message given_up(struct kernel_fixture *fixture)
{
	struct message message = taken(fixture);

	for (;;) {
		fixture->clock.now_us = message.next_attempt_us;
		message = claim(fixture);
		if (outbox_unanswered(&message, &agreed))
			break;
		wait_for(fixture, &message, &agreed);
		message = fixture_message(fixture, message.id);
	}
	fail_attempt(fixture, &message, FAILED_UNSENT);
	assert_string_equal(fixture_message(fixture, message.id).state, "dead");
	return message;
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
		if (outbox_unanswered(&message, &agreed))
			break;
		sent++;
		wait_for(fixture, &message, &agreed);
		message = fixture_message(fixture, message.id);
	}
	assert_int_equal(sent, 4);
	assert_true(fixture->clock.now_us == FIXTURE_NOW_US + 4 * INTERVAL_US);
	must(outbox_failed(&fixture->kernel, &message, &agreed, FAILED_UNSENT, NULL, NULL, fixture->clock.now_us,
			   &fixture->err));
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "dead");
	assert_string_equal(message.last_error,
			    "the partner may have it since 2026-11-02T00:00:00.000Z, and has not acknowledged it");
	assert_int_equal(tasks_with(fixture, "DeliveryFailure: the partner may have it since 2026-11-02"), 1);
}

/* Sent again as soon as the node is up, and then as often as it was not sent yet: what ran meanwhile is only the clock.
 */
static void while_the_node_is_down_no_try_is_lost(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = taken(fixture);

	fixture->clock.now_us += 10 * DAY_US;
	for (int i = 2; i <= 4; i++) {
		message = claim(fixture);
		assert_int_equal(message.attempts, i);
		assert_false(outbox_unanswered(&message, &agreed));
		wait_for(fixture, &message, &agreed);
		message = fixture_message(fixture, message.id);
		assert_string_equal(message.state, "queued");
		assert_true(message.next_attempt_us == fixture->clock.now_us + INTERVAL_US);
		fixture->clock.now_us = message.next_attempt_us;
	}
	message = claim(fixture);
	assert_true(outbox_unanswered(&message, &agreed));
}

/* A key that is missing here, for example. */
static void what_does_not_leave_us_is_no_try(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = taken(fixture);

	for (int i = 0; i < 10; i++) {
		fixture->clock.now_us = message.next_attempt_us;
		message = claim(fixture);
		assert_int_equal(message.attempts, 2);
		assert_false(outbox_unanswered(&message, &agreed));
		fail_attempt(fixture, &message, FAILED_UNSENT);
		message = fixture_message(fixture, message.id);
		assert_string_equal(message.state, "queued");
		assert_true(message.next_attempt_us == fixture->clock.now_us + INTERVAL_US);
	}
}

/* It went out whole, and no answer came, or one that says nothing: the partner may have it, and the tries before, when
 * nobody was there, count for nothing. */
static void what_the_partner_may_have_is_counted_from_then_on(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = { 0 };

	fixture_put(fixture, "VN", NULL, NULL);
	for (int i = 1; i <= 9; i++) {
		message = claim(fixture);
		assert_int_equal(message.attempts, i);
		fail_attempt(fixture, &message, i < 9 ? FAILED_ON_THE_WAY : FAILED_AT_PARTNER);
		message = fixture_message(fixture, message.id);
		assert_int_equal(message.reached_us == TIME_NONE, i < 9);
		if (i < 9)
			fixture->clock.now_us = message.next_attempt_us;
	}
	int64_t reached_us = fixture->clock.now_us;
	assert_int_equal(message.attempts, 1);
	assert_true(message.reached_us == reached_us);
	assert_string_equal(message.last_error, "HTTP status 503");
	for (int i = 2; i <= 4; i++) {
		assert_true(message.next_attempt_us == fixture->clock.now_us + INTERVAL_US);
		fixture->clock.now_us = message.next_attempt_us;
		message = claim(fixture);
		assert_false(outbox_unanswered(&message, &agreed));
		fail_attempt(fixture, &message, i % 2 ? FAILED_AT_PARTNER : FAILED_ON_THE_WAY);
		message = fixture_message(fixture, message.id);
		assert_true(message.reached_us == reached_us);
	}
	fixture->clock.now_us = message.next_attempt_us;
	message = claim(fixture);
	assert_true(outbox_unanswered(&message, &agreed));
	fail_attempt(fixture, &message, FAILED_UNSENT);
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
	assert_false(outbox_unanswered(&message, &agreed));
	fail_attempt(fixture, &message, FAILED_ON_THE_WAY);
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "queued");
	assert_true(message.reached_us == TIME_NONE);
}

static void without_a_limit_it_is_sent_again_until_it_is_given_up(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct retry_policy patient = agreed;

	patient.tries = 0;
	taken(fixture);
	fixture->clock.now_us += 21 * DAY_US - 1;
	struct message message = claim(fixture);
	assert_false(outbox_unanswered(&message, &patient));
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
	fail_attempt(fixture, &message, FAILED_FOR_GOOD);
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
	fail_attempt(fixture, &message, FAILED_ON_THE_WAY);
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
		fail_attempt(fixture, &message, FAILED_ON_THE_WAY);
		fail_attempt(fixture, &message, FAILED_FOR_GOOD);
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

	struct message message = given_up(fixture);
	wait_for(fixture, &message, &agreed); /* said again, because the commit was uncertain */
	assert_string_equal(fixture_message(fixture, message.id).state, "dead");
	acknowledge(fixture, &message);
	assert_string_equal(fixture_message(fixture, message.id).state, "delivered");
	assert_int_equal(tasks_with(fixture, ""), 0);
}

/* A partner may post errors about what is settled for as long as it likes, each signed anew. */
static void what_is_said_of_a_settled_message_is_kept_up_to_a_number(void **state)
{
	static const struct statement kept = { "test.kept", "SELECT count(*) FROM wire WHERE kind = 'error-received'" };
	static const struct statement told = { "test.told",
					       "SELECT count(*) FROM journal WHERE event = 'error-received'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = taken(fixture);

	acknowledge(fixture, &message);
	message = fixture_message(fixture, message.id);
	for (int i = 0; i < NOTES_KEPT_A_MESSAGE + 5; i++) {
		struct wire error = fixture_wire(fixture, WIRE_ERROR_RECEIVED,
						 arena_printf(fixture->arena, "<eb:ErrorList n='%d'/>", i));
		must(outbox_failed(&fixture->kernel, &message, &agreed, FAILED_FOR_GOOD, "no", &error,
				   fixture->clock.now_us, &fixture->err));
	}
	assert_string_equal(fixture_message(fixture, message.id).state, "delivered");
	assert_int_equal(fixture_int(fixture, &kept, NO_BINDS), NOTES_KEPT_A_MESSAGE);
	assert_int_equal(fixture_int(fixture, &told, NO_BINDS), NOTES_KEPT_A_MESSAGE);
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

	struct message message = given_up(fixture);
	decide(fixture, &message, "retry");
	message = claim(fixture);
	assert_true(message.reached_us == TIME_NONE);
	assert_false(outbox_unanswered(&message, &agreed));
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
		cmocka_unit_test(while_the_node_is_down_no_try_is_lost),
		cmocka_unit_test(what_does_not_leave_us_is_no_try),
		cmocka_unit_test(what_the_partner_may_have_is_counted_from_then_on),
		cmocka_unit_test(what_never_reached_its_partner_is_tried_until_it_is_given_up),
		cmocka_unit_test(without_a_limit_it_is_sent_again_until_it_is_given_up),
		cmocka_unit_test(a_refusal_for_good_is_not_called_silence),
		cmocka_unit_test(an_answer_forgets_the_failure_before_it),
		cmocka_unit_test(an_acknowledgment_that_overtakes_the_answer_stands),
		cmocka_unit_test(an_acknowledgment_that_comes_late_settles_a_dead_message),
		cmocka_unit_test(what_is_said_of_a_settled_message_is_kept_up_to_a_number),
		cmocka_unit_test(who_lost_the_claim_says_nothing_of_the_other_attempt),
		cmocka_unit_test(after_an_officers_retry_its_time_begins_anew),
	};
	return kernel_run("waiting", tests, COUNT(tests), NULL);
}
