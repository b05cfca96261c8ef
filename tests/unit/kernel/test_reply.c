#include "fixture.h"
#include "kernel/reply.h"

#include <pthread.h>

#include "base/date.h"
#include "kernel/journal.h"
#include "kernel/party.h"

#define LEASE_US (2 * MINUTE_US)

struct putting {
	struct kernel_fixture *fixture;
	struct reply reply;
	int count; /* with ref_to "1" to "COUNT", or .reply once */
};

static enum err_code put_run(struct tx *tx, void *arg, struct err *err)
{
	const struct putting *putting = arg;
	struct reply reply = putting->reply;

	for (int i = 1; i <= putting->count; i++) {
		reply.ref_to = arena_printf(putting->fixture->arena, "%d", i);
		TRY(reply_put(tx, &reply, putting->fixture->clock.now_us, err));
	}
	return putting->count ? OK : reply_put(tx, &reply, putting->fixture->clock.now_us, err);
}

static void put_many(struct kernel_fixture *fixture, const char *partner, const char *ref_to, const char *kind,
		     const char *text, int count)
{
	struct putting putting = { fixture,
				   { .partner = partner,
				     .ref_to = ref_to,
				     .kind = kind,
				     .content_type = "text/xml",
				     .octets = bytes_of(text) },
				   count };

	static const struct statement speak = { "test.speak", "UPDATE partner SET binding = 'ebms2'" };

	fixture_exec(fixture, &speak, NO_BINDS);
	must(db_write(fixture->kernel.db, put_run, &putting, &fixture->err));
}

static void put(struct kernel_fixture *fixture, const char *partner, const char *ref_to, const char *kind,
		const char *text)
{
	put_many(fixture, partner, ref_to, kind, text, 0);
}

/* False if none is due. */
static bool claim(struct kernel_fixture *fixture, const char *partner, struct reply *reply)
{
	bool found;

	must(reply_claim(&fixture->kernel, fixture->arena, partner, fixture->clock.now_us, LEASE_US, reply, &found,
			 &fixture->err));
	return found;
}

static struct reply claimed(struct kernel_fixture *fixture, const char *partner)
{
	struct reply reply;

	assert_true(claim(fixture, partner, &reply));
	return reply;
}

static bool is_due(struct kernel_fixture *fixture, const char *partner)
{
	struct reply unused;

	return claim(fixture, partner, &unused);
}

static void fail_attempt(struct kernel_fixture *fixture, const struct reply *reply)
{
	must(reply_failed(&fixture->kernel, reply, "HTTP status 503", fixture->clock.now_us, &fixture->err));
}

static int64_t next_us(struct kernel_fixture *fixture)
{
	int64_t found;

	must(outbox_next_us(&fixture->kernel, &found, &fixture->err));
	return found;
}

static const struct statement replies = { "test.replies", "SELECT count(*) FROM reply" };
static const struct statement given_up = {
	"test.given-up", "SELECT count(*) FROM journal WHERE event = 'reply-given-up' AND subject = $1"
			 " AND detail = $2"
};

static int64_t count(struct kernel_fixture *fixture)
{
	return fixture_int(fixture, &replies, NO_BINDS);
}

static void replies_go_out_in_their_order_each_to_its_partner(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static const char *const kinds[] = { "receipt", "error", "pong", "status" };

	for (size_t i = 0; i < COUNT(kinds); i++)
		put(fixture, "VN", "m1@vn", kinds[i], kinds[i]);
	put(fixture, "MY", "m1@my", "receipt", "<my/>");
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct reply reply = claimed(fixture, "VN");
		assert_string_equal(reply.kind, kinds[i]);
		assert_string_equal(reply.partner, "VN");
		assert_string_equal(reply.ref_to, "m1@vn");
		assert_string_equal(reply.content_type, "text/xml");
		assert_true(bytes_same(reply.octets, bytes_of(kinds[i])));
		assert_int_equal(reply.attempts, 1);
		assert_true(reply.created_us == fixture->clock.now_us);
		must(reply_done(&fixture->kernel, &reply, &fixture->err));
	}
	assert_false(is_due(fixture, "VN"));
	assert_int_equal(count(fixture), 1);
	assert_true(bytes_same(claimed(fixture, "MY").octets, bytes_of("<my/>")));
}

static void looking_in_vain_writes_nothing(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	int64_t transactions = db_counters(fixture->kernel.db).transactions;

	assert_false(is_due(fixture, "VN"));
	assert_true(db_counters(fixture->kernel.db).transactions == transactions);
}

static void what_is_put_again_is_due_now_and_is_one(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	put(fixture, "VN", "m1@vn", "receipt", "<one/>");
	struct reply first = claimed(fixture, "VN");
	fail_attempt(fixture, &first);
	assert_false(is_due(fixture, "VN"));
	fixture->clock.now_us += SECOND_US;
	put(fixture, "VN", "m1@vn", "receipt", "<two/>");
	assert_int_equal(count(fixture), 1);
	struct reply again = claimed(fixture, "VN");
	assert_true(bytes_same(again.octets, bytes_of("<two/>")));
	assert_int_equal(again.attempts, 1);
	assert_true(again.created_us == fixture->clock.now_us);
	/* Another partner's message may have the same id. */
	put(fixture, "MY", "m1@vn", "receipt", "<three/>");
	assert_int_equal(count(fixture), 2);
}

/* While the first is on its way; whoever sends that has nothing to say of the second. */
static void what_is_put_again_while_it_is_sent_is_sent_again(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	put(fixture, "VN", "m1@vn", "receipt", "<one/>");
	struct reply first = claimed(fixture, "VN");
	fixture->clock.now_us += SECOND_US;
	put(fixture, "VN", "m1@vn", "receipt", "<one/>");
	fail_attempt(fixture, &first);
	struct reply second = claimed(fixture, "VN");
	fixture->clock.now_us += SECOND_US;
	put(fixture, "VN", "m1@vn", "receipt", "<one/>");
	must(reply_done(&fixture->kernel, &second, &fixture->err));
	assert_true(is_due(fixture, "VN"));
}

/* What was refused, mended and then accepted: the error that still waits would undo the receipt at the partner. */
static void a_receipt_takes_away_the_error_that_waits(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	put(fixture, "VN", "m1@vn", "error", "<error/>");
	put(fixture, "VN", "m2@vn", "error", "<other/>");
	put(fixture, "VN", "m1@vn", "receipt", "<one/>");
	assert_int_equal(count(fixture), 2);
	assert_true(bytes_same(claimed(fixture, "VN").octets, bytes_of("<other/>")));
	assert_true(bytes_same(claimed(fixture, "VN").octets, bytes_of("<one/>")));
}

static void a_lease_that_ends_gives_the_reply_to_the_next_worker(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	put(fixture, "VN", "m1@vn", "receipt", "<one/>");
	struct reply lost = claimed(fixture, "VN");
	assert_true(next_us(fixture) == fixture->clock.now_us + LEASE_US);
	fixture->clock.now_us += LEASE_US - 1;
	assert_false(is_due(fixture, "VN"));
	fixture->clock.now_us++;
	struct reply reply = claimed(fixture, "VN");
	assert_int_equal(reply.attempts, 2);
	fail_attempt(fixture, &lost);
	assert_true(next_us(fixture) == fixture->clock.now_us + LEASE_US);
}

#define WORKERS 4
#define WAITING 20

struct worker {
	struct kernel_fixture *fixture;
	struct arena *arena;
	int taken;
	enum err_code code;
	struct err err;
};

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct kernel_fixture *fixture = worker->fixture;
	struct reply reply;
	bool found = true;

	while (worker->code == OK && found) {
		worker->code = reply_claim(&fixture->kernel, worker->arena, "VN", fixture->clock.now_us, LEASE_US,
					   &reply, &found, &worker->err);
		worker->taken += worker->code == OK && found;
	}
	return NULL;
}

static void workers_at_once_take_each_reply_once(void **state)
{
	static const struct statement once = { "test.once", "SELECT count(*) FROM reply WHERE attempts = 1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct worker workers[WORKERS] = { 0 };
	pthread_t threads[WORKERS];
	int taken = 0;

	put_many(fixture, "VN", NULL, "receipt", "<one/>", WAITING);
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .fixture = fixture, .arena = arena_new((size_t)1 << 20) };
		assert_non_null(workers[i].arena);
		assert_int_equal(pthread_create(&threads[i], NULL, worker_main, &workers[i]), 0);
	}
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(threads[i], NULL);
		arena_free(workers[i].arena);
		taken += workers[i].taken;
	}
	for (int i = 0; i < WORKERS; i++)
		if (workers[i].code != OK)
			fail_msg("worker %d: %s", i, workers[i].err.text);
	assert_int_equal(fixture_int(fixture, &once, NO_BINDS), WAITING);
	assert_int_equal(taken, WAITING);
}

static void a_restart_frees_the_replies_of_its_own_instance_alone(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	put(fixture, "VN", "m1@vn", "receipt", "<one/>");
	claimed(fixture, "VN");
	fixture->kernel.instance = "another";
	must(outbox_resume(&fixture->kernel, fixture->clock.now_us, &fixture->err));
	assert_false(is_due(fixture, "VN"));
	fixture->kernel.instance = "one";
	must(outbox_resume(&fixture->kernel, fixture->clock.now_us, &fixture->err));
	struct reply reply = claimed(fixture, "VN");
	/* What had failed keeps its back-off. */
	fail_attempt(fixture, &reply);
	must(outbox_resume(&fixture->kernel, fixture->clock.now_us, &fixture->err));
	assert_false(is_due(fixture, "VN"));
}

/* reply.h: 5 s, doubling to 5 min; jitter takes up to half (message_int.h). */
static void back_off_doubles_within_its_bounds(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	int64_t delay_us = 5 * SECOND_US;

	put(fixture, "VN", "m1@vn", "receipt", "<one/>");
	for (int i = 0; i < 10; i++) {
		struct reply reply = claimed(fixture, "VN");
		fail_attempt(fixture, &reply);
		int64_t due_us = next_us(fixture);
		assert_in_range((uintmax_t)(due_us - fixture->clock.now_us), (uintmax_t)(delay_us / 2),
				(uintmax_t)delay_us);
		fixture->clock.now_us = due_us;
		delay_us = delay_us * 2 < 5 * MINUTE_US ? delay_us * 2 : 5 * MINUTE_US;
	}
}

static void a_reply_is_given_up_after_a_day_with_an_entry(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *detail = "pong to VN: HTTP status 503";

	put(fixture, "VN", "ping@vn", "pong", "<pong/>");
	fixture->clock.now_us += DAY_US - 1;
	struct reply reply = claimed(fixture, "VN");
	fixture->clock.now_us++;
	fail_attempt(fixture, &reply);
	assert_int_equal(count(fixture), 0);
	assert_true(next_us(fixture) == TIME_NONE);
	assert_int_equal(fixture_int(fixture, &given_up, BINDS(BIND_TEXT("ping@vn"), BIND_TEXT(detail))), 1);
	fail_attempt(fixture, &reply); /* said again, because the commit was uncertain */
	assert_int_equal(fixture_int(fixture, &given_up, BINDS(BIND_TEXT("ping@vn"), BIND_TEXT(detail))), 1);
}

/* As after a week without this node: none of what was current then goes out now. */
static void what_waited_for_longer_than_a_day_is_dropped_when_it_is_due(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *detail = "pong to VN: it waited for longer than a day";

	put_many(fixture, "VN", NULL, "pong", "<pong/>", 20);
	fixture->clock.now_us += DAY_US - 1;
	put(fixture, "VN", "new@vn", "receipt", "<one/>");
	fixture->clock.now_us++;
	assert_string_equal(claimed(fixture, "VN").ref_to, "new@vn");
	assert_int_equal(count(fixture), 1);
	assert_int_equal(fixture_int(fixture, &given_up, BINDS(BIND_TEXT("20"), BIND_TEXT(detail))), 1);
	assert_false(is_due(fixture, "VN"));
}

static enum err_code change_run(struct tx *tx, void *arg, struct err *err)
{
	struct kernel_fixture *fixture = arg;
	struct partner partner;

	TRY(partner_find(tx, fixture->arena, "VN", &partner, err));
	partner.binding = same(partner.binding, "as4") ? "ebms2" : "as4";
	return partner_change(tx, &partner, &fixture_actor, fixture->clock.now_us, err);
}

/* Whoever speaks another binding now understands none of them. */
static void replies_end_with_the_binding_that_they_speak(void **state)
{
	static const struct statement told = { "test.told",
					       "SELECT count(*) FROM journal WHERE event = 'replies-given-up'"
					       " AND subject = 'VN' AND detail LIKE '3, %'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	put_many(fixture, "VN", NULL, "pong", "<pong/>", 3);
	put(fixture, "MY", "m1@my", "receipt", "<my/>");
	must(db_write(fixture->kernel.db, change_run, fixture, &fixture->err));
	assert_false(is_due(fixture, "VN"));
	assert_int_equal(count(fixture), 1);
	assert_int_equal(fixture_int(fixture, &told, NO_BINDS), 1);
	must(db_write(fixture->kernel.db, change_run, fixture, &fixture->err));
	assert_int_equal(fixture_int(fixture, &told, NO_BINDS), 1);
	assert_true(is_due(fixture, "MY"));
}

static void beyond_their_number_the_oldest_make_room(void **state)
{
	static const struct statement oldest = { "test.oldest", "SELECT count(*) FROM reply WHERE ref_to IN ('1', '2')"
								" AND partner = 'VN'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	put(fixture, "MY", "1", "receipt", "<my/>");
	put_many(fixture, "VN", NULL, "receipt", "<one/>", REPLIES_MAX);
	assert_int_equal(count(fixture), REPLIES_MAX + 1);
	assert_int_equal(fixture_int(fixture, &oldest, NO_BINDS), 2);
	put(fixture, "VN", "m1@vn", "receipt", "<new/>");
	assert_int_equal(count(fixture), REPLIES_MAX + 1);
	assert_int_equal(fixture_int(fixture, &oldest, NO_BINDS), 1);
	put(fixture, "VN", "m1@vn", "receipt", "<new/>"); /* it counts as new, and needs room no more */
	assert_int_equal(fixture_int(fixture, &oldest, NO_BINDS), 0);
	assert_int_equal(count(fixture), REPLIES_MAX);
	assert_true(is_due(fixture, "MY"));
}

/* --- With what it answers --- */

static enum inbox_outcome deliver(struct kernel_fixture *fixture, const char *message_id, const char *text, bool later)
{
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", message_id, "c1", text);

	delivery.reply_later = later;
	return fixture_accept(fixture, &delivery, NULL);
}

static void an_accepted_message_gets_its_receipt_later_if_that_is_agreed(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");

	delivery.reply_later = true;
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	assert_int_equal(deliver(fixture, "m2@vn", "two", false), INBOX_ACCEPTED);
	assert_int_equal(count(fixture), 1);
	struct reply reply = claimed(fixture, "VN");
	assert_string_equal(reply.kind, "receipt");
	assert_string_equal(reply.ref_to, "m1@vn");
	assert_string_equal(reply.content_type, "application/soap+xml");
	assert_true(bytes_same(reply.octets, delivery.receipt.octets));
}

/* ebMS 2.0 §6.5.5: the first response that was stored is sent again, unchanged. */
static void a_duplicate_gets_the_stored_receipt_later(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	assert_int_equal(deliver(fixture, "m1@vn", "one", true), INBOX_ACCEPTED);
	struct reply first = claimed(fixture, "VN");
	must(reply_done(&fixture->kernel, &first, &fixture->err));
	fixture->clock.now_us += HOUR_US;
	assert_int_equal(deliver(fixture, "m1@vn", "one", true), INBOX_DUPLICATE);
	struct reply again = claimed(fixture, "VN");
	assert_true(bytes_same(again.octets, first.octets));
	assert_string_equal(again.ref_to, "m1@vn");
}

static void what_is_not_accepted_gets_no_receipt(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery old = fixture_delivery(fixture, "VN", "m2@vn", "c1", "two");

	assert_int_equal(deliver(fixture, "m1@vn", "one", false), INBOX_ACCEPTED);
	assert_int_equal(deliver(fixture, "m1@vn", "altered", true), INBOX_ALTERED);
	old.reply_later = true;
	old.message.created_us -= 2 * old.window_us;
	assert_int_equal(fixture_accept(fixture, &old, NULL), INBOX_TOO_OLD);
	assert_int_equal(count(fixture), 0);
}

/* The message is not accepted if its receipt cannot be put: the partner would wait for ever. */
static void a_message_and_its_reply_are_stored_together_or_not_at_all(void **state)
{
	static const struct statement messages = { "test.messages", "SELECT count(*) FROM message" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");
	enum inbox_outcome outcome;
	struct wire receipt;

	delivery.reply_later = true;
	delivery.receipt.content_type = NULL; /* a wire may lack it, a reply may not */
	assert_int_not_equal(inbox_accept(&fixture->kernel, fixture->arena, &delivery, fixture->clock.now_us, &outcome,
					  &receipt, &fixture->err),
			     OK);
	assert_int_equal(fixture_int(fixture, &messages, NO_BINDS), 0);
	assert_int_equal(count(fixture), 0);
}

static void the_end_of_a_receipt_stands_in_the_timeline_of_its_message(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");

	delivery.reply_later = true;
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	fixture->clock.now_us += DAY_US - 1;
	struct reply reply = claimed(fixture, "VN");
	fixture->clock.now_us++;
	fail_attempt(fixture, &reply);
	assert_int_equal(
		fixture_int(fixture, &given_up,
			    BINDS(BIND_TEXT(delivery.message.id), BIND_TEXT("receipt to VN: HTTP status 503"))),
		1);
	/* The partner is still without it, and says so by sending again. */
	assert_int_equal(deliver(fixture, "m1@vn", "one", true), INBOX_DUPLICATE);
	assert_true(is_due(fixture, "VN"));
}

static void refuse(struct kernel_fixture *fixture, const char *message_id, const char *error)
{
	struct wire received = fixture_wire(fixture, WIRE_RECEIVED, "garbage");
	struct wire sent = fixture_wire(fixture, WIRE_ERROR_SENT, error);

	must(inbox_refused(&fixture->kernel, "VN", message_id, &(struct refused_for){ "MSG-010", "as it is", true },
			   &received, &sent, fixture->clock.now_us, &fixture->err));
}

static void an_error_goes_out_later_and_is_kept_as_evidence(void **state)
{
	static const struct statement kept = { "test.kept", "SELECT count(*) FROM refusal WHERE error IS NOT NULL" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	refuse(fixture, "m1@vn", "<eb:ErrorList/>");
	assert_int_equal(fixture_int(fixture, &kept, NO_BINDS), 1);
	struct reply reply = claimed(fixture, "VN");
	assert_string_equal(reply.kind, "error");
	assert_string_equal(reply.ref_to, "m1@vn");
	assert_true(bytes_same(reply.octets, bytes_of("<eb:ErrorList/>")));
}

static void an_error_that_can_name_no_message_is_kept_but_not_sent(void **state)
{
	static const struct statement kept = { "test.kept", "SELECT count(*) FROM refusal WHERE error IS NOT NULL" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	refuse(fixture, NULL, "<eb:ErrorList/>");
	assert_int_equal(fixture_int(fixture, &kept, NO_BINDS), 1);
	assert_int_equal(count(fixture), 0);
}

static void a_refusal_that_is_only_counted_is_answered_all_the_same(void **state)
{
	static const struct statement full = { "test.full", "UPDATE refusal_day SET refusals = $1" };
	static const struct statement kept = { "test.refusals", "SELECT count(*) FROM refusal" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	refuse(fixture, "m1@vn", "<eb:ErrorList/>");
	fixture_exec(fixture, &full, BINDS(BIND_INT(REFUSALS_KEPT_A_DAY)));
	refuse(fixture, "m2@vn", "<eb:ErrorList/>");
	assert_int_equal(fixture_int(fixture, &kept, NO_BINDS), 1);
	assert_int_equal(count(fixture), 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_go_out_in_their_order_each_to_its_partner),
		cmocka_unit_test(looking_in_vain_writes_nothing),
		cmocka_unit_test(what_is_put_again_is_due_now_and_is_one),
		cmocka_unit_test(what_is_put_again_while_it_is_sent_is_sent_again),
		cmocka_unit_test(a_receipt_takes_away_the_error_that_waits),
		cmocka_unit_test(a_lease_that_ends_gives_the_reply_to_the_next_worker),
		cmocka_unit_test(workers_at_once_take_each_reply_once),
		cmocka_unit_test(a_restart_frees_the_replies_of_its_own_instance_alone),
		cmocka_unit_test(back_off_doubles_within_its_bounds),
		cmocka_unit_test(a_reply_is_given_up_after_a_day_with_an_entry),
		cmocka_unit_test(what_waited_for_longer_than_a_day_is_dropped_when_it_is_due),
		cmocka_unit_test(replies_end_with_the_binding_that_they_speak),
		cmocka_unit_test(beyond_their_number_the_oldest_make_room),
		cmocka_unit_test(an_accepted_message_gets_its_receipt_later_if_that_is_agreed),
		cmocka_unit_test(a_duplicate_gets_the_stored_receipt_later),
		cmocka_unit_test(what_is_not_accepted_gets_no_receipt),
		cmocka_unit_test(a_message_and_its_reply_are_stored_together_or_not_at_all),
		cmocka_unit_test(the_end_of_a_receipt_stands_in_the_timeline_of_its_message),
		cmocka_unit_test(an_error_goes_out_later_and_is_kept_as_evidence),
		cmocka_unit_test(an_error_that_can_name_no_message_is_kept_but_not_sent),
		cmocka_unit_test(a_refusal_that_is_only_counted_is_answered_all_the_same),
	};
	return kernel_run("reply", tests, COUNT(tests), NULL);
}
