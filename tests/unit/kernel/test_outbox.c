#include "fixture.h"

#include <pthread.h>

#include "base/date.h"
#include "kernel/journal.h"

#define LEASE_US (2 * MINUTE_US)

static struct message_list claim(struct kernel_fixture *fixture, const char *partner)
{
	struct message_list list;

	must(outbox_claim(&fixture->kernel, fixture->arena, partner, fixture->clock.now_us, LEASE_US, 10, &list,
			  &fixture->err));
	return list;
}

static void deliver(struct kernel_fixture *fixture, const struct message *message, const char *receipt)
{
	struct wire wire = { WIRE_RECEIPT_RECEIVED, fixture->clock.now_us, "application/soap+xml", bytes_of(receipt),
			     "cc" };

	must(outbox_delivered(&fixture->kernel, message, &wire, fixture->clock.now_us, &fixture->err));
}

static void fail_attempt(struct kernel_fixture *fixture, const struct message *message, bool permanent)
{
	must(outbox_failed(&fixture->kernel, message, &retry_policy_default, permanent, "EBMS:0101 from the partner",
			   NULL, fixture->clock.now_us, &fixture->err));
}

/* *ALLOWED says whether the machine accepted it. */
static void decide(struct kernel_fixture *fixture, const struct message *message, const char *event, bool *allowed)
{
	struct findings *findings = findings_new(fixture->arena);

	assert_non_null(findings);
	must(outbox_decide(&fixture->kernel, message->id, event, &fixture_actor, fixture->clock.now_us, findings,
			   &fixture->err));
	*allowed = findings_count(findings) == 0;
}

static int64_t tasks_open(struct kernel_fixture *fixture, const char *subject)
{
	static const struct statement open_tasks = {
		"test.tasks", "SELECT count(*) FROM task WHERE subject = $1 AND state = 'open'"
	};

	return fixture_int(fixture, &open_tasks, BINDS(BIND_TEXT(subject)));
}

static int64_t wires(struct kernel_fixture *fixture, const char *message)
{
	static const struct statement count = { "test.wires", "SELECT count(*) FROM wire WHERE message = $1" };

	return fixture_int(fixture, &count, BINDS(BIND_TEXT(message)));
}

static void what_is_put_has_an_id_a_conversation_and_a_place(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message first = fixture_put(fixture, "VN", NULL, NULL);
	struct message second = fixture_put(fixture, "VN", first.conversation, NULL);
	struct message other = fixture_put(fixture, "MY", NULL, NULL);

	assert_int_equal(first.position, 1);
	assert_int_equal(second.position, 2);
	assert_int_equal(other.position, 1);
	assert_string_not_equal(first.conversation, other.conversation);
	assert_string_equal(first.message_id + 36, "@lintas-th");
	assert_string_equal(fixture_message(fixture, first.message_id).id, first.id);
	assert_string_equal(fixture_message(fixture, first.id).state, "queued");
}

/* The digest of one part "<doc/>": sha256(sha256("<doc/>")), computed with coreutils:
 * printf '<doc/>' | sha256sum | cut -c1-64 | xxd -r -p | sha256sum */
static void the_digest_covers_the_parts(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);

	assert_string_equal(message.digest, "51b810b07723c2a6bbf0383ce9f583cd571209c817506aa07349c29202b492d1");
}

static void a_conversation_goes_out_in_order(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message first = fixture_put(fixture, "VN", NULL, NULL);
	struct message second = fixture_put(fixture, "VN", first.conversation, NULL);
	struct message other = fixture_put(fixture, "VN", NULL, NULL);

	struct message_list list = claim(fixture, "VN");
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].id, first.id);
	assert_string_equal(list.items[1].id, other.id);
	assert_int_equal(list.items[0].attempts, 1);
	assert_int_equal(claim(fixture, "VN").count, 0);

	deliver(fixture, &list.items[0], "<receipt/>");
	list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, second.id);
}

static void a_dead_message_holds_its_conversation_and_no_other(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message first = fixture_put(fixture, "VN", NULL, NULL);
	struct message second = fixture_put(fixture, "VN", first.conversation, NULL);
	struct message_list list = claim(fixture, "VN");

	fail_attempt(fixture, &list.items[0], true);
	assert_string_equal(fixture_message(fixture, first.id).state, "dead");
	assert_int_equal(tasks_open(fixture, first.id), 1);

	struct message other = fixture_put(fixture, "VN", NULL, NULL);
	fixture->clock.now_us += DAY_US;
	list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, other.id);

	bool allowed;
	decide(fixture, &first, "retry", &allowed);
	assert_true(allowed);
	assert_int_equal(tasks_open(fixture, first.id), 0);
	list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, first.id);
	deliver(fixture, &list.items[0], "<receipt/>");
	list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, second.id);
}

/* More than one claim looks at, all waiting behind one dead letter. */
static void many_held_messages_do_not_hide_one_that_can_go(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message first = fixture_put(fixture, "VN", NULL, NULL);
	struct message_list list = claim(fixture, "VN");

	for (int i = 0; i < 35; i++)
		fixture_put(fixture, "VN", first.conversation, NULL);
	fail_attempt(fixture, &list.items[0], true);
	struct message other = fixture_put(fixture, "VN", NULL, NULL);
	fixture->clock.now_us += HOUR_US;
	list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, other.id);
}

static void a_partner_that_is_down_delays_nobody_else(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	for (int i = 0; i < 20; i++)
		fixture_put(fixture, "VN", NULL, NULL);
	struct message_list list = claim(fixture, "VN");
	for (size_t i = 0; i < list.count; i++)
		fail_attempt(fixture, &list.items[i], false);
	struct message good = fixture_put(fixture, "MY", NULL, NULL);
	list = claim(fixture, "MY");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, good.id);
}

static void a_lease_that_ends_gives_the_message_to_the_next_worker(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	int64_t next_us;

	must(outbox_next_us(&fixture->kernel, &next_us, &fixture->err));
	assert_true(next_us == TIME_NONE);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	must(outbox_next_us(&fixture->kernel, &next_us, &fixture->err));
	assert_true(next_us == fixture->clock.now_us);
	assert_int_equal(claim(fixture, "VN").count, 1);
	must(outbox_next_us(&fixture->kernel, &next_us, &fixture->err));
	assert_true(next_us == fixture->clock.now_us + LEASE_US);
	fixture->clock.now_us += LEASE_US - 1;
	assert_int_equal(claim(fixture, "VN").count, 0);
	fixture->clock.now_us += 1;
	struct message_list list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, message.id);
	assert_int_equal(list.items[0].attempts, 2);
}

/* A process that starts knows that the one before it on this instance is dead; of other machines it knows nothing. */
static void a_restart_voids_the_claims_of_its_own_instance_alone(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);

	assert_int_equal(claim(fixture, "VN").count, 1);
	fixture->kernel.instance = "another";
	must(outbox_resume(&fixture->kernel, fixture->clock.now_us, &fixture->err));
	assert_int_equal(claim(fixture, "VN").count, 0);
	fixture->kernel.instance = "one";
	must(outbox_resume(&fixture->kernel, fixture->clock.now_us, &fixture->err));
	struct message_list list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, message.id);
}

/* message.h: 5 s, doubling to 30 min, of which jitter takes up to half. */
static void back_off_doubles_within_its_bounds(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	int64_t delay_us = 5 * SECOND_US;

	for (int i = 0; i < 15; i++) {
		struct message_list list = claim(fixture, "VN");
		assert_int_equal(list.count, 1);
		fail_attempt(fixture, &list.items[0], false);
		struct message now = fixture_message(fixture, message.id);
		assert_string_equal(now.state, "queued");
		assert_in_range((uintmax_t)(now.next_attempt_us - fixture->clock.now_us), (uintmax_t)(delay_us / 2),
				(uintmax_t)delay_us);
		assert_string_equal(now.last_error, "EBMS:0101 from the partner");
		fixture->clock.now_us = now.next_attempt_us;
		delay_us = delay_us * 2 < 30 * MINUTE_US ? delay_us * 2 : 30 * MINUTE_US;
	}
}

static void a_message_is_given_up_after_21_days_with_a_task(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	bool allowed;

	fixture->clock.now_us += 21 * DAY_US - 1;
	struct message_list list = claim(fixture, "VN");
	fail_attempt(fixture, &list.items[0], false);
	assert_string_equal(fixture_message(fixture, message.id).state, "queued");
	fixture->clock.now_us += HOUR_US;
	list = claim(fixture, "VN");
	fail_attempt(fixture, &list.items[0], false);
	assert_string_equal(fixture_message(fixture, message.id).state, "dead");
	assert_true(fixture_message(fixture, message.id).settled_us == fixture->clock.now_us);
	assert_int_equal(tasks_open(fixture, message.id), 1);

	/* After an officer's retry its time begins anew. */
	decide(fixture, &message, "retry", &allowed);
	assert_true(allowed);
	list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	fail_attempt(fixture, &list.items[0], false);
	assert_string_equal(fixture_message(fixture, message.id).state, "queued");
}

static void a_held_message_waits_for_its_release(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	bool allowed;

	decide(fixture, &message, "release", &allowed);
	assert_false(allowed);
	decide(fixture, &message, "hold", &allowed);
	assert_true(allowed);
	fixture->clock.now_us += DAY_US;
	assert_int_equal(claim(fixture, "VN").count, 0);
	decide(fixture, &message, "release", &allowed);
	assert_true(allowed);
	assert_int_equal(claim(fixture, "VN").count, 1);
}

static void an_event_of_the_machine_is_no_decision(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	struct findings *findings = findings_new(fixture->arena);

	assert_int_equal(outbox_decide(&fixture->kernel, message.id, "delivered", &fixture_actor, fixture->clock.now_us,
				       findings, &fixture->err),
			 ERR_USAGE);
	assert_int_equal(outbox_decide(&fixture->kernel, "nothing", "hold", &fixture_actor, fixture->clock.now_us,
				       findings, &fixture->err),
			 ERR_NOT_FOUND);
	assert_string_equal(fixture_message(fixture, message.id).state, "queued");
}

static void a_message_is_delivered_once(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	struct wire sent = { WIRE_SENT, fixture->clock.now_us, "multipart/related", bytes_of("--x"), "dd" };
	struct message_list list = claim(fixture, "VN");

	must(outbox_sending(&fixture->kernel, &list.items[0], &sent, &fixture->err));
	deliver(fixture, &list.items[0], "<first/>");
	int64_t settled_us = fixture->clock.now_us;
	fixture->clock.now_us += SECOND_US;
	deliver(fixture, &list.items[0], "<second/>");
	message = fixture_message(fixture, message.id);
	assert_string_equal(message.state, "delivered");
	assert_true(message.settled_us == settled_us);
	assert_int_equal(wires(fixture, message.id), 2);
}

/* The receipt of an attempt that was thought lost. */
static void a_late_receipt_settles_a_dead_message(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	struct message_list list = claim(fixture, "VN");

	fail_attempt(fixture, &list.items[0], true);
	assert_int_equal(tasks_open(fixture, message.id), 1);
	deliver(fixture, &list.items[0], "<late/>");
	assert_string_equal(fixture_message(fixture, message.id).state, "delivered");
	assert_int_equal(tasks_open(fixture, message.id), 0);
}

/* --- The document's case --- */

static const char *const final[] = { "transmitted", NULL };
static const struct fsm_row rows[] = {
	{ .from = "issued", .event = "delivered", .to = "transmitted" },
	{ 0 },
};
static const struct machine document_machine = { "test.sent", "A test", "issued", final, rows, NULL, NULL, NULL };
static const struct machine *const machines[] = { &document_machine, NULL };
static const struct capability capability = { .name = "test", .machines = machines };
static const struct capability *const capabilities[] = { &capability, NULL };

static enum err_code open_run(struct tx *tx, void *arg, struct err *err)
{
	struct kernel_fixture *fixture = arg;

	return fsm_open(tx, &document_machine,
			&(struct fsm_case){ .kernel = &fixture->kernel,
					    .arena = fixture->arena,
					    .id = "document-1",
					    .organisation = "customs",
					    .actor = fixture_actor,
					    .now_us = fixture->clock.now_us },
			err);
}

static void delivery_moves_the_case_of_the_document(void **state)
{
	static const struct statement moved = {
		"test.case", "SELECT count(*) FROM fsm_case WHERE id = 'document-1' AND state = 'transmitted'"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(db_write(fixture->kernel.db, open_run, fixture, &fixture->err));
	fixture_put(fixture, "VN", NULL, "document-1");
	struct message_list list = claim(fixture, "VN");
	assert_int_equal(fixture_int(fixture, &moved, NO_BINDS), 0);
	deliver(fixture, &list.items[0], "<receipt/>");
	assert_int_equal(fixture_int(fixture, &moved, NO_BINDS), 1);
}

#define WRITERS 4
#define PUTS    10

struct writer {
	struct kernel_fixture *fixture;
	struct arena *arena;
	struct err err;
	enum err_code code;
};

static enum err_code writer_put(struct tx *tx, void *arg, struct err *err)
{
	struct writer *writer = arg;
	struct message_part part = { .content_id = "doc",
				     .mime_type = "application/xml",
				     .octets = bytes_of("<doc/>") };
	struct message_parts parts = { &part, 1 };
	struct message message = {
		.partner = "VN", .organisation = "customs", .conversation = "c1", .service = "asw", .action = "FORM-D"
	};

	return outbox_put(&writer->fixture->kernel, tx, writer->arena, &message, &parts, &fixture_actor,
			  writer->fixture->clock.now_us, err);
}

static void *writer_main(void *arg)
{
	struct writer *writer = arg;
	unsigned sealed;

	for (int i = 0; i < PUTS && writer->code == OK; i++) {
		writer->code = db_write(writer->fixture->kernel.db, writer_put, writer, &writer->err);
		/* Every writer seals, too: sealers must not get into each other's way. A lost race may be tried again.
		 */
		enum err_code code = journal_seal_step(&writer->fixture->kernel, writer->fixture->clock.now_us, 3,
						       &sealed, &writer->err);
		if (code != OK && !err_row(code)->transient)
			writer->code = code;
	}
	return NULL;
}

static void writers_at_once_get_places_without_gaps(void **state)
{
	static const struct statement places = { "test.places",
						 "SELECT max(position) FROM message WHERE conversation = 'c1'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct writer writers[WRITERS] = { 0 };
	pthread_t threads[WRITERS];
	struct journal_proof proof;

	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ .fixture = fixture, .arena = arena_new((size_t)16 << 20) };
		assert_int_equal(pthread_create(&threads[i], NULL, writer_main, &writers[i]), 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		arena_free(writers[i].arena);
	}
	for (int i = 0; i < WRITERS; i++)
		if (writers[i].code != OK)
			fail_msg("writer %d: %s", i, writers[i].err.text);
	assert_int_equal(fixture_int(fixture, &places, NO_BINDS), WRITERS * PUTS);
	must(journal_verify(&fixture->kernel, &proof, &fixture->err));
	assert_int_equal(proof.broken_sequence, 0);
	assert_true(proof.entries + proof.unsealed >= WRITERS * PUTS);
}

struct counts {
	struct arena *arena;
	struct exchange_counts_list list;
};

static enum err_code counts_run(struct tx *tx, void *arg, struct err *err)
{
	struct counts *counts = arg;

	return message_counts(tx, counts->arena, &counts->list, err);
}

static void the_exchange_is_counted_by_partner(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct counts counts = { .arena = fixture->arena };

	fixture_put(fixture, "VN", NULL, NULL);
	struct message_list list = claim(fixture, "VN");
	fixture->clock.now_us += SECOND_US;
	fixture_put(fixture, "VN", NULL, NULL);
	fixture_put(fixture, "VN", NULL, NULL);
	deliver(fixture, &list.items[0], "<receipt/>");
	must(db_read(fixture->kernel.db, counts_run, &counts, &fixture->err));
	assert_int_equal(counts.list.count, 2);
	assert_string_equal(counts.list.items[0].partner, "MY");
	assert_int_equal(counts.list.items[0].queued, 0);
	assert_true(counts.list.items[0].oldest_queued_us == TIME_NONE);
	assert_int_equal(counts.list.items[1].queued, 2);
	assert_int_equal(counts.list.items[1].delivered, 1);
	assert_true(counts.list.items[1].oldest_queued_us == fixture->clock.now_us);
	assert_true(counts.list.items[1].last_receipt_us == fixture->clock.now_us);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_has_an_id_a_conversation_and_a_place),
		cmocka_unit_test(the_digest_covers_the_parts),
		cmocka_unit_test(a_conversation_goes_out_in_order),
		cmocka_unit_test(a_dead_message_holds_its_conversation_and_no_other),
		cmocka_unit_test(many_held_messages_do_not_hide_one_that_can_go),
		cmocka_unit_test(a_partner_that_is_down_delays_nobody_else),
		cmocka_unit_test(a_lease_that_ends_gives_the_message_to_the_next_worker),
		cmocka_unit_test(a_restart_voids_the_claims_of_its_own_instance_alone),
		cmocka_unit_test(back_off_doubles_within_its_bounds),
		cmocka_unit_test(a_message_is_given_up_after_21_days_with_a_task),
		cmocka_unit_test(a_held_message_waits_for_its_release),
		cmocka_unit_test(an_event_of_the_machine_is_no_decision),
		cmocka_unit_test(a_message_is_delivered_once),
		cmocka_unit_test(a_late_receipt_settles_a_dead_message),
		cmocka_unit_test(delivery_moves_the_case_of_the_document),
		cmocka_unit_test(writers_at_once_get_places_without_gaps),
		cmocka_unit_test(the_exchange_is_counted_by_partner),
	};
	return kernel_run("outbox", tests, COUNT(tests), capabilities);
}
