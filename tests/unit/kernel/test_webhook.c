/* Who is told what, and when: bounds and order as kernel/webhook.h states them. */
#include "fixture.h"
#include "kernel/webhook.h"

#include "base/date.h"
#include "kernel/task.h"

#define LEASE_US   MINUTE_US
#define GIVE_UP_US (3 * DAY_US)

struct work {
	struct kernel_fixture *fixture;
	struct webhook webhook;
	struct webhook_list list;
	struct webhook_delivery_list deliveries;
	struct task_list tasks;
	const char *organisation, *event;
	int64_t after, single;
	int count;
	enum err_code (*change)(struct tx *tx, const struct webhook *webhook, const struct actor *actor, int64_t now_us,
				struct err *err);
};

/* --- What happens --- */

static enum err_code happen_run(struct tx *tx, void *arg, struct err *err)
{
	const struct work *work = arg;

	for (int i = 0; i < work->count; i++)
		TRY(journal_put(tx,
				&(struct journal_entry){ .at_us = work->fixture->clock.now_us,
							 .actor = "system",
							 .organisation = work->organisation,
							 .subject_type = "document",
							 .subject = "d",
							 .event = work->event },
				err));
	return OK;
}

/* COUNT sealed events of ORGANISATION. */
static void happen(struct kernel_fixture *fixture, const char *organisation, const char *event, int count)
{
	struct work work = { .fixture = fixture, .organisation = organisation, .event = event, .count = count };
	unsigned sealed;

	must(db_write(fixture->kernel.db, happen_run, &work, &fixture->err));
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 10000, &sealed, &fixture->err));
}

static enum err_code add_run(struct tx *tx, void *arg, struct err *err)
{
	struct work *work = arg;

	return webhook_add(tx, &work->webhook, &fixture_actor, work->fixture->clock.now_us, err);
}

static enum err_code try_add(struct kernel_fixture *fixture, const char *id, const char *organisation,
			     const char *events)
{
	struct work work = { .fixture = fixture,
			     .webhook = { .id = id,
					  .organisation = organisation,
					  .url = "https://erp.example/secret-path?token=x",
					  .events = events,
					  .secret = "whsec_AAAA",
					  .cursor_number = -1 } };

	return db_write(fixture->kernel.db, add_run, &work, &fixture->err);
}

/* At the end of the journal, in which it stands itself. */
static void add(struct kernel_fixture *fixture, const char *id, const char *organisation, const char *events)
{
	unsigned sealed;

	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 10000, &sealed, &fixture->err));
	must(try_add(fixture, id, organisation, events));
}

/* --- Sending --- */

static bool take_of(struct kernel_fixture *fixture, int64_t failing_most, struct webhook_batch *batch)
{
	bool found;

	must(webhook_take(&fixture->kernel, fixture->arena, fixture->clock.now_us, LEASE_US, failing_most, batch,
			  &found, &fixture->err));
	return found;
}

/* The next request; what is passed over is passed over. */
static struct webhook_batch taken(struct kernel_fixture *fixture)
{
	struct webhook_batch batch = { .count = 0 };

	while (batch.count == 0)
		if (!take_of(fixture, 1, &batch))
			fail_msg("nothing is due");
	return batch;
}

static bool nothing_is_due(struct kernel_fixture *fixture)
{
	struct webhook_batch batch = { .count = 0 };

	while (take_of(fixture, 1, &batch))
		if (batch.count)
			return false;
	return true;
}

static void settle(struct kernel_fixture *fixture, const struct webhook_batch *batch, int64_t status, const char *error)
{
	const struct webhook_outcome outcome = { .status = status,
						 .error = error,
						 .for_good = status == 410,
						 .at_us = fixture->clock.now_us,
						 .duration_us = 1000 };

	must(webhook_settle(&fixture->kernel, batch, &outcome, GIVE_UP_US, &fixture->err));
}

/* --- Looking --- */

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct work *work = arg;
	struct kernel_fixture *fixture = work->fixture;

	TRY(webhook_find(tx, fixture->arena, work->webhook.id, &work->webhook, err));
	TRY(webhook_list(tx, fixture->arena, work->organisation, &work->list, err));
	TRY(webhook_deliveries(tx, fixture->arena, "a", 1000, &work->deliveries, err));
	return task_list(tx, fixture->arena, NULL, NULL, 100, &work->tasks, err);
}

static struct work look(struct kernel_fixture *fixture, const char *id)
{
	struct work work = { .fixture = fixture, .webhook = { .id = id } };

	must(db_read(fixture->kernel.db, look_run, &work, &fixture->err));
	return work;
}

static enum err_code change_run(struct tx *tx, void *arg, struct err *err)
{
	struct work *work = arg;
	const struct webhook *webhook = &work->webhook;
	int64_t now_us = work->fixture->clock.now_us;

	if (work->change)
		return work->change(tx, webhook, &fixture_actor, now_us, err);
	return webhook_redeliver(tx, work->fixture->arena, webhook, work->after, work->single, &fixture_actor, now_us,
				 err);
}

static void change(struct kernel_fixture *fixture, const char *id,
		   enum err_code (*what)(struct tx *, const struct webhook *, const struct actor *, int64_t,
					 struct err *))
{
	struct work work = look(fixture, id);

	work.change = what;
	must(db_write(fixture->kernel.db, change_run, &work, &fixture->err));
}

static enum err_code redeliver(struct kernel_fixture *fixture, const char *id, int64_t after, int64_t single)
{
	struct work work = look(fixture, id);

	work.after = after;
	work.single = single;
	return db_write(fixture->kernel.db, change_run, &work, &fixture->err);
}

/* --- Tests --- */

static void what_happens_is_delivered_in_order_and_once(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	happen(fixture, "customs", "issued", 150);
	struct webhook_batch first = taken(fixture);
	assert_int_equal(first.count, WEBHOOK_EVENTS_MAX);
	assert_int_equal(first.chain.count, WEBHOOK_EVENTS_MAX);
	settle(fixture, &first, 200, NULL);
	fixture->clock.now_us += SECOND_US;
	struct webhook_batch second = taken(fixture);
	assert_int_equal(second.after, first.until);
	assert_int_equal(second.events[0].sequence, first.events[first.count - 1].sequence + 1);
	assert_string_not_equal(second.webhook.message, first.webhook.message);
	settle(fixture, &second, 204, NULL);
	fixture->clock.now_us += SECOND_US;
	assert_true(nothing_is_due(fixture));
	struct work work = look(fixture, "a");
	assert_int_equal(first.count + second.count, 151); /* and that it was added */
	assert_int_equal(work.webhook.waiting, 0);
	assert_int_equal(work.webhook.delivered, 2);
}

static void what_was_not_taken_is_repeated_as_it_was(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	happen(fixture, "customs", "issued", 3);
	struct webhook_batch first = taken(fixture);
	settle(fixture, &first, 500, "the receiver answered 500");
	assert_true(nothing_is_due(fixture));
	happen(fixture, "customs", "issued", 5); /* which must not slip into the same request */
	fixture->clock.now_us += WEBHOOK_FIRST_US + SECOND_US;
	struct webhook_batch again = taken(fixture);
	assert_string_equal(again.webhook.message, first.webhook.message);
	assert_int_equal(again.count, first.count);
	assert_int_equal(again.until, first.until);
	assert_memory_equal(again.chain.link, first.chain.link, sizeof(first.chain.link));
	settle(fixture, &again, 200, NULL);
	fixture->clock.now_us += SECOND_US;
	assert_int_equal(taken(fixture).count, 5);
}

static void an_organisation_gets_its_own_events(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "issued");
	happen(fixture, "dft", "issued", 4);
	happen(fixture, NULL, "issued", 4);
	assert_true(nothing_is_due(fixture));
	happen(fixture, "customs", "issued", 1);
	assert_int_equal(taken(fixture).count, 1);
	add(fixture, "all", NULL, "issued");
	happen(fixture, "dft", "issued", 2);
	assert_int_equal(taken(fixture).count, 2);
}

static void what_was_not_asked_for_is_passed_over(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "issued received");
	happen(fixture, "customs", "read", 700); /* more than are looked at in one transaction */
	happen(fixture, "customs", "issue", 1);
	happen(fixture, "customs", "received", 1);
	struct webhook_batch batch = taken(fixture);
	assert_int_equal(batch.count, 1);
	assert_string_equal(batch.events[0].event, "received");
}

static void pauses_grow_to_an_hour_and_then_it_is_given_up_with_a_task(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	int64_t began_us = fixture->clock.now_us, longest_us = 0;
	unsigned attempts = 0;

	add(fixture, "a", "customs", "");
	happen(fixture, "customs", "issued", 1);
	while (same(look(fixture, "a").webhook.state, "active")) {
		struct webhook_batch batch = taken(fixture);
		settle(fixture, &batch, 0, "nobody answers");
		attempts++;
		struct webhook now = look(fixture, "a").webhook;
		int64_t pause_us = now.next_us - fixture->clock.now_us;
		assert_true(pause_us > 0 && pause_us <= WEBHOOK_BACK_OFF_US + SECOND_US);
		longest_us = pause_us > longest_us ? pause_us : longest_us;
		fixture->clock.now_us = now.next_us;
	}
	assert_true(longest_us > WEBHOOK_BACK_OFF_US / 2);
	assert_true(fixture->clock.now_us - began_us >= GIVE_UP_US);
	assert_in_range(attempts, 72, 200); /* an hour at most, half of it at least */
	struct work work = look(fixture, "a");
	assert_non_null(strstr(work.webhook.reason, "nobody answers"));
	assert_int_equal(work.tasks.count, 1);
	assert_string_equal(work.tasks.items[0].subject, "a");
	assert_string_equal(work.tasks.items[0].organisation, "customs");
	assert_null(strstr(work.tasks.items[0].text, "token=x")); /* the path may be a secret */
	fixture->clock.now_us += DAY_US;
	assert_true(nothing_is_due(fixture));

	change(fixture, "a", webhook_resume);
	assert_string_equal(look(fixture, "a").tasks.items[0].state, "done");
	struct webhook_batch batch = taken(fixture);
	assert_int_equal(batch.count, 2); /* nothing was lost */
	settle(fixture, &batch, 500, "still broken");
	assert_string_equal(look(fixture, "a").webhook.state, "active"); /* the days count anew */
}

static void who_wants_no_more_is_paused_at_once(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	happen(fixture, "customs", "issued", 1);
	struct webhook_batch batch = taken(fixture);
	settle(fixture, &batch, 410, "the receiver answered 410");
	assert_string_equal(look(fixture, "a").webhook.state, "paused");
}

static void those_that_fail_leave_senders_to_the_others(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct webhook_batch batch, failing;

	add(fixture, "a", "customs", "issued");
	add(fixture, "b", "customs", "issued");
	happen(fixture, "customs", "issued", 1);
	for (int i = 0; i < 2; i++) {
		batch = taken(fixture);
		settle(fixture, &batch, 500, "broken");
	}
	add(fixture, "c", "customs", "issued");
	happen(fixture, "customs", "issued", 1);
	fixture->clock.now_us += MINUTE_US;
	unsigned broken = 0, whole = 0;
	while (take_of(fixture, 1, &batch)) {
		broken += batch.webhook.attempts > 0;
		whole += batch.count > 0 && batch.webhook.attempts == 0;
		failing = batch.webhook.attempts > 0 ? batch : failing;
	}
	assert_int_equal(broken, 1); /* the other one waits, though it is due */
	assert_int_equal(whole, 1);
	settle(fixture, &failing, 500, "broken");
	assert_true(take_of(fixture, 1, &batch));
	assert_true(batch.webhook.attempts > 0);
}

static void those_that_are_slow_leave_senders_to_the_others(void **state)
{
	const struct webhook_outcome late = { .status = 200, .duration_us = 10 * SECOND_US };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct webhook_batch batch = { .count = 0 };

	for (int i = 0; i < 4; i++)
		add(fixture, arena_printf(fixture->arena, "slow%d", i), "customs", "");
	happen(fixture, "customs", "issued", 1);
	for (int i = 0; i < 4; i++) {
		struct webhook_outcome outcome = late;
		batch = taken(fixture);
		outcome.at_us = fixture->clock.now_us;
		must(webhook_settle(&fixture->kernel, &batch, &outcome, GIVE_UP_US, &fixture->err));
	}
	fixture->clock.now_us += MINUTE_US;
	happen(fixture, "customs", "issued", 1);
	assert_string_equal(taken(fixture).webhook.id, "slow0");
	assert_false(take_of(fixture, 1, &batch));
	add(fixture, "fast", "dft", "");
	happen(fixture, "dft", "issued", 1);
	assert_string_equal(taken(fixture).webhook.id, "fast");
	assert_true(take_of(fixture, 2, &batch));
	assert_string_equal(batch.webhook.id, "slow1");
	assert_false(take_of(fixture, 2, &batch));
}

static void a_lease_that_ends_gives_the_events_to_the_next(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	happen(fixture, "customs", "issued", 1);
	struct webhook_batch lost = taken(fixture);
	assert_true(nothing_is_due(fixture));
	fixture->clock.now_us += LEASE_US + 1;
	struct webhook_batch found = taken(fixture);
	assert_string_equal(found.webhook.message, lost.webhook.message);
	settle(fixture, &lost, 500, "came too late"); /* who lost it decides nothing any more */
	assert_int_equal(look(fixture, "a").webhook.attempts, 0);
	settle(fixture, &found, 200, NULL);
	assert_int_equal(look(fixture, "a").webhook.delivered, 1);
}

static void all_behind_a_cursor_is_delivered_again(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	happen(fixture, "customs", "issued", 5);
	struct webhook_batch first = taken(fixture);
	assert_int_equal(redeliver(fixture, "a", first.after, 0), OK); /* while it is in hand */
	settle(fixture, &first, 200, NULL);
	assert_int_equal(look(fixture, "a").webhook.cursor, first.after);
	struct webhook_batch again = taken(fixture);
	assert_int_equal(again.after, first.after);
	assert_string_not_equal(again.webhook.message, first.webhook.message); /* or the receiver would drop it */
}

static void one_event_goes_out_again_before_the_rest(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	happen(fixture, "customs", "issued", 5);
	struct webhook_batch first = taken(fixture);
	settle(fixture, &first, 200, NULL);
	fixture->clock.now_us += SECOND_US;
	happen(fixture, "customs", "issued", 1);
	int64_t wanted = first.events[2].sequence;
	assert_int_equal(redeliver(fixture, "a", 0, wanted), OK);
	assert_int_equal(redeliver(fixture, "a", 0, wanted), ERR_CONFLICT);
	struct webhook_batch single = taken(fixture);
	assert_int_equal(single.count, 1);
	assert_int_equal(single.events[0].sequence, wanted);
	settle(fixture, &single, 200, NULL);
	fixture->clock.now_us += SECOND_US;
	struct webhook_batch next = taken(fixture);
	assert_int_equal(next.after, first.until); /* the cursor stayed */
}

/* Or the receiver, which may have it, would take it for another (Standard Webhooks 1.0: webhook-id is the same for each
 * attempt). */
static void one_event_that_is_asked_for_leaves_a_begun_request_as_it_was(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	happen(fixture, "customs", "issued", 5);
	struct webhook_batch begun = taken(fixture);
	settle(fixture, &begun, 500, "the answer was lost");
	int64_t wanted = begun.events[1].sequence;
	assert_int_equal(redeliver(fixture, "a", 0, wanted), OK);
	happen(fixture, "customs", "issued", 1);
	struct webhook_batch again = taken(fixture);
	assert_string_equal(again.webhook.message, begun.webhook.message);
	assert_int_equal(again.count, begun.count);
	settle(fixture, &again, 500, "still broken");
	fixture->clock.now_us += HOUR_US;
	again = taken(fixture);
	assert_string_equal(again.webhook.message, begun.webhook.message);
	settle(fixture, &again, 200, NULL);
	fixture->clock.now_us += SECOND_US;

	struct webhook_batch single = taken(fixture);
	assert_int_equal(single.count, 1);
	assert_int_equal(single.events[0].sequence, wanted);
	assert_string_not_equal(single.webhook.message, begun.webhook.message);
	settle(fixture, &single, 500, "broken again");
	fixture->clock.now_us += MINUTE_US;
	struct webhook_batch single_again = taken(fixture);
	assert_string_equal(single_again.webhook.message, single.webhook.message);
	settle(fixture, &single_again, 200, NULL);
	fixture->clock.now_us += SECOND_US;
	struct webhook_batch next = taken(fixture);
	assert_int_equal(next.after, begun.until);
	assert_int_equal(next.count, 2); /* and that it was asked for */
}

static void one_event_that_is_asked_for_waits_for_a_request_in_hand(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	happen(fixture, "customs", "issued", 5);
	struct webhook_batch in_hand = taken(fixture);
	assert_int_equal(redeliver(fixture, "a", 0, in_hand.events[2].sequence), OK);
	assert_true(nothing_is_due(fixture));
	settle(fixture, &in_hand, 200, NULL);
	assert_int_equal(look(fixture, "a").webhook.delivered, 1);
	fixture->clock.now_us += SECOND_US;
	struct webhook_batch single = taken(fixture);
	assert_int_equal(single.count, 1);
	assert_int_equal(single.events[0].sequence, in_hand.events[2].sequence);
	settle(fixture, &single, 200, NULL);
	fixture->clock.now_us += SECOND_US;
	assert_true(nothing_is_due(fixture));
}

static void deliveries_are_remembered_up_to_their_number(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	for (int i = 0; i < WEBHOOK_DELIVERIES + 20; i++) {
		happen(fixture, "customs", "issued", 1);
		struct webhook_batch batch = taken(fixture);
		settle(fixture, &batch, 200, NULL);
		fixture->clock.now_us += SECOND_US;
	}
	struct work work = look(fixture, "a");
	assert_int_equal(work.deliveries.count, WEBHOOK_DELIVERIES);
	assert_true(work.deliveries.items[0].last > work.deliveries.items[1].last); /* newest first */
}

static void what_is_removed_is_gone_with_what_was_remembered(void **state)
{
	static const struct statement left = { "test.left", "SELECT count(*) FROM webhook_delivery" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	happen(fixture, "customs", "issued", 1);
	struct webhook_batch batch = taken(fixture);
	settle(fixture, &batch, 200, NULL);
	change(fixture, "a", webhook_remove);
	assert_null(look(fixture, "a").webhook.id);
	assert_int_equal(fixture_int(fixture, &left, NO_BINDS), 0);
	settle(fixture, &batch, 200, NULL); /* a request that was under way leaves nothing behind */
	assert_int_equal(fixture_int(fixture, &left, NO_BINDS), 0);
}

static void a_node_has_so_many_and_no_more(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	for (int i = 0; i < WEBHOOKS_MAX; i++) {
		must(try_add(fixture, arena_printf(fixture->arena, "%d", i), i < WEBHOOKS_OF_ONE ? "customs" : NULL,
			     ""));
		if (i + 1 == WEBHOOKS_OF_ONE)
			assert_int_equal(try_add(fixture, "one more", "customs", ""), ERR_LIMIT);
	}
	assert_int_equal(try_add(fixture, "more", NULL, ""), ERR_LIMIT);
	struct work work = { .fixture = fixture, .organisation = "customs", .webhook = { .id = "0" } };
	must(db_read(fixture->kernel.db, look_run, &work, &fixture->err));
	assert_int_equal(work.list.count, WEBHOOKS_OF_ONE);
}

static void the_journal_has_no_secret(void **state)
{
	static const struct statement told = {
		"test.told", "SELECT count(*) FROM journal WHERE detail LIKE '%whsec%' OR detail LIKE '%token=%'"
	};
	static const struct statement added = {
		"test.added",
		"SELECT count(*) FROM journal WHERE subject_type = 'webhook' AND detail = 'https://erp.example'"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	add(fixture, "a", "customs", "");
	change(fixture, "a", webhook_pause);
	change(fixture, "a", webhook_remove);
	assert_int_equal(fixture_int(fixture, &told, NO_BINDS), 0);
	assert_int_equal(fixture_int(fixture, &added, NO_BINDS), 2); /* and removed */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happens_is_delivered_in_order_and_once),
		cmocka_unit_test(what_was_not_taken_is_repeated_as_it_was),
		cmocka_unit_test(an_organisation_gets_its_own_events),
		cmocka_unit_test(what_was_not_asked_for_is_passed_over),
		cmocka_unit_test(pauses_grow_to_an_hour_and_then_it_is_given_up_with_a_task),
		cmocka_unit_test(who_wants_no_more_is_paused_at_once),
		cmocka_unit_test(those_that_fail_leave_senders_to_the_others),
		cmocka_unit_test(those_that_are_slow_leave_senders_to_the_others),
		cmocka_unit_test(a_lease_that_ends_gives_the_events_to_the_next),
		cmocka_unit_test(all_behind_a_cursor_is_delivered_again),
		cmocka_unit_test(one_event_goes_out_again_before_the_rest),
		cmocka_unit_test(one_event_that_is_asked_for_leaves_a_begun_request_as_it_was),
		cmocka_unit_test(one_event_that_is_asked_for_waits_for_a_request_in_hand),
		cmocka_unit_test(deliveries_are_remembered_up_to_their_number),
		cmocka_unit_test(what_is_removed_is_gone_with_what_was_remembered),
		cmocka_unit_test(a_node_has_so_many_and_no_more),
		cmocka_unit_test(the_journal_has_no_secret),
	};
	return kernel_run("webhook", tests, COUNT(tests), NULL);
}
