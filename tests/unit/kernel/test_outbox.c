#include "fixture.h"

#include <pthread.h>

#include "base/date.h"
#include "kernel/fsm.h"
#include "kernel/journal.h"
#include "kernel/task.h"

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
	struct wire wire = fixture_wire(fixture, WIRE_RECEIPT_RECEIVED, receipt);

	must(outbox_delivered(&fixture->kernel, message, &wire, fixture->clock.now_us, &fixture->err));
}

static void fail_attempt(struct kernel_fixture *fixture, const struct message *message, bool permanent)
{
	must(outbox_failed(&fixture->kernel, message, &retry_policy_default,
			   permanent ? FAILED_FOR_GOOD : FAILED_ON_THE_WAY, "EBMS:0101 from the partner", NULL,
			   fixture->clock.now_us, &fixture->err));
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

static void two_thousand_behind_a_dead_letter_delay_nobody(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message first = fixture_put(fixture, "VN", NULL, NULL);
	struct message_list list = claim(fixture, "VN");
	struct message second = fixture_put(fixture, "VN", first.conversation, NULL);
	int64_t next_us;

	assert_int_equal(claim(fixture, "VN").count, 0);
	fixture_copies(fixture, second.id, 2000, false);
	fail_attempt(fixture, &list.items[0], true);
	/* Nothing is due, so nobody needs to look. */
	must(outbox_next_us(&fixture->kernel, &next_us, &fixture->err));
	assert_true(next_us == TIME_NONE);
	fixture->clock.now_us += HOUR_US;
	struct message other = fixture_put(fixture, "VN", NULL, NULL);
	struct message partner = fixture_put(fixture, "MY", NULL, NULL);
	list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, other.id);
	list = claim(fixture, "MY");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, partner.id);
}

static unsigned tick(struct kernel_fixture *fixture)
{
	unsigned done;

	must(fsm_timers_step(&fixture->kernel, fixture->clock.now_us, 10, &done, &fixture->err));
	return done;
}

static void what_is_parked_behind_nothing_is_woken_within_a_minute(void **state)
{
	static const struct statement park = { "test.park", "UPDATE message SET next_attempt_us = $2 WHERE id = $1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message first = fixture_put(fixture, "VN", NULL, NULL);
	struct message second = fixture_put(fixture, "VN", first.conversation, NULL);
	struct message third = fixture_put(fixture, "VN", first.conversation, NULL);
	struct message_list list = claim(fixture, "VN");

	tick(fixture);
	deliver(fixture, &list.items[0], "<receipt/>");
	fixture_exec(fixture, &park, BINDS(BIND_TEXT(second.id), BIND_INT(MESSAGE_PARKED_US)));
	fixture->clock.now_us += MINUTE_US - 1;
	tick(fixture);
	assert_int_equal(claim(fixture, "VN").count, 0);
	fixture->clock.now_us += 1;
	tick(fixture);
	assert_true(fixture_message(fixture, third.id).next_attempt_us == MESSAGE_PARKED_US);
	list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, second.id);
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

static void a_restart_frees_only_what_was_in_hand(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fixture_put(fixture, "VN", NULL, NULL);
	struct message_list list = claim(fixture, "VN");
	struct message in_hand = fixture_put(fixture, "VN", NULL, NULL);
	assert_int_equal(claim(fixture, "VN").count, 1);
	assert_true(list.items[0].claimed);
	fail_attempt(fixture, &list.items[0], false);
	struct message backed_off = fixture_message(fixture, list.items[0].id);
	assert_false(backed_off.claimed);
	must(outbox_resume(&fixture->kernel, fixture->clock.now_us, &fixture->err));
	assert_true(fixture_message(fixture, backed_off.id).next_attempt_us == backed_off.next_attempt_us);
	list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, in_hand.id);
}

/* The first worker hangs until its lease is over; what it says then is not about the second one's attempt. */
static void a_worker_that_lost_its_claim_decides_nothing(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	struct message_list lost = claim(fixture, "VN");

	fixture->clock.now_us += LEASE_US;
	struct message_list list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	for (int permanent = 0; permanent <= 1; permanent++) {
		fail_attempt(fixture, &lost.items[0], permanent);
		struct message now = fixture_message(fixture, message.id);
		assert_string_equal(now.state, "queued");
		assert_true(now.next_attempt_us == fixture->clock.now_us + LEASE_US);
		assert_null(now.last_error);
		assert_int_equal(tasks_open(fixture, message.id), 0);
	}
	fail_attempt(fixture, &list.items[0], true);
	assert_string_equal(fixture_message(fixture, message.id).state, "dead");

	/* An officer's retry begins to count anew: the same number is not the same claim. */
	bool allowed;
	fixture->clock.now_us += SECOND_US;
	decide(fixture, &message, "retry", &allowed);
	assert_int_equal(claim(fixture, "VN").items[0].attempts, lost.items[0].attempts);
	fail_attempt(fixture, &lost.items[0], true);
	assert_string_equal(fixture_message(fixture, message.id).state, "queued");
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

static void abandoning_a_dead_letter_lets_its_conversation_go_on(void **state)
{
	static const struct statement told = {
		"test.abandoned",
		"SELECT count(*) FROM journal WHERE subject = $1 AND event = 'abandon' AND to_state = 'abandoned'"
		" AND actor = 'user:somchai'"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message first = fixture_put(fixture, "VN", NULL, NULL);
	struct message second = fixture_put(fixture, "VN", first.conversation, NULL);
	struct message_list list = claim(fixture, "VN");
	bool allowed;

	fail_attempt(fixture, &list.items[0], true);
	assert_int_equal(claim(fixture, "VN").count, 0);
	decide(fixture, &first, "abandon", &allowed);
	assert_true(allowed);
	assert_string_equal(fixture_message(fixture, first.id).state, "abandoned");
	assert_true(fixture_message(fixture, first.id).settled_us == fixture->clock.now_us);
	assert_int_equal(tasks_open(fixture, first.id), 0);
	assert_int_equal(fixture_int(fixture, &told, BINDS(BIND_TEXT(first.id))), 1);
	list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, second.id);
	decide(fixture, &first, "retry", &allowed);
	assert_false(allowed);
}

static void a_held_message_can_be_abandoned_and_a_queued_one_not(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message first = fixture_put(fixture, "VN", NULL, NULL);
	struct message second = fixture_put(fixture, "VN", first.conversation, NULL);
	bool allowed;

	decide(fixture, &first, "abandon", &allowed);
	assert_false(allowed);
	decide(fixture, &first, "hold", &allowed);
	decide(fixture, &first, "abandon", &allowed);
	assert_true(allowed);
	struct message_list list = claim(fixture, "VN");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, second.id);
}

static void a_receipt_of_an_abandoned_message_is_kept_as_evidence(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	struct message_list list = claim(fixture, "VN");
	bool allowed;

	decide(fixture, &message, "hold", &allowed);
	decide(fixture, &message, "abandon", &allowed);
	deliver(fixture, &list.items[0], "<late/>");
	assert_string_equal(fixture_message(fixture, message.id).state, "abandoned");
	assert_int_equal(wires(fixture, message.id), 1);
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
	struct wire sent = fixture_wire(fixture, WIRE_SENT, "--x");
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
static const struct machine document_machine = { "test.sent", "A test", "issued", final, rows, .get = NULL };
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

struct task_counts {
	int64_t all, customs, dft;
};

static enum err_code task_counts_run(struct tx *tx, void *arg, struct err *err)
{
	struct task_counts *counts = arg;

	TRY(task_count(tx, NULL, &counts->all, err));
	TRY(task_count(tx, "customs", &counts->customs, err));
	return task_count(tx, "dft", &counts->dft, err);
}

static void open_tasks_are_counted_by_organisation(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct task_counts counts;
	bool allowed;

	fixture_put(fixture, "VN", NULL, NULL);
	fixture_put(fixture, "VN", NULL, NULL);
	struct message_list list = claim(fixture, "VN");
	for (size_t i = 0; i < list.count; i++)
		fail_attempt(fixture, &list.items[i], true);
	must(db_read(fixture->kernel.db, task_counts_run, &counts, &fixture->err));
	assert_int_equal(counts.all, 2);
	assert_int_equal(counts.customs, 2);
	assert_int_equal(counts.dft, 0);
	decide(fixture, &list.items[0], "retry", &allowed);
	must(db_read(fixture->kernel.db, task_counts_run, &counts, &fixture->err));
	assert_int_equal(counts.all, 1);
}

struct listing {
	struct arena *arena;
	struct message_filter filter;
	struct message_list list;
};

static enum err_code listing_run(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;

	return message_list(tx, listing->arena, &listing->filter, &listing->list, err);
}

static struct message_list listed(struct kernel_fixture *fixture, struct message_filter filter)
{
	struct listing listing = { .arena = fixture->arena, .filter = filter };

	must(db_read(fixture->kernel.db, listing_run, &listing, &fixture->err));
	return listing.list;
}

static void messages_are_listed_page_by_page(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message put[3];

	for (size_t i = 0; i < COUNT(put); i++) {
		put[i] = fixture_put(fixture, "VN", NULL, NULL);
		fixture_put(fixture, "MY", NULL, NULL);
	}
	const struct message_filter filters[] = {
		{ .partner = "VN" },
		{ .partner = "VN", .organisation = "customs" },
		{ .partner = "VN", .direction = "out", .state = "queued" },
	};
	for (size_t i = 0; i < COUNT(filters); i++) {
		struct message_filter filter = filters[i];
		filter.limit = 2;
		struct message_list list = listed(fixture, filter);
		assert_int_equal(list.count, 2);
		assert_string_equal(list.items[0].id, put[2].id);
		assert_string_equal(list.items[1].id, put[1].id);
		filter.before = put[1].id;
		list = listed(fixture, filter);
		assert_int_equal(list.count, 1);
		assert_string_equal(list.items[0].id, put[0].id);
	}
	assert_int_equal(listed(fixture, (struct message_filter){ .organisation = "customs", .limit = 10 }).count, 6);
	assert_int_equal(listed(fixture, (struct message_filter){ .organisation = "dft", .limit = 10 }).count, 0);
	assert_int_equal(listed(fixture, (struct message_filter){ .limit = 4 }).count, 4);
}

struct plan {
	struct arena *arena;
	const struct statement *statement;
	size_t binds;
	const char *details; /* one step after another */
};

static enum err_code plan_run(struct tx *tx, void *arg, struct err *err)
{
	struct plan *plan = arg;
	struct bind binds[8];
	db_query_auto query = { 0 };

	for (size_t i = 0; i < plan->binds; i++)
		binds[i] = BIND_NULL;
	plan->details = "";
	TRY(db_query(tx, plan->statement, binds, plan->binds, &query, err));
	while (db_next(&query))
		plan->details = arena_printf(plan->arena, "%s%s\n", plan->details, db_text(plan->arena, &query, 3));
	return db_end(&query, err);
}

static const char *sql_of(const char *name)
{
	for (size_t i = 0; i < kernel_statements.count; i++)
		if (same(kernel_statements.row[i]->name, name))
			return kernel_statements.row[i]->sql;
	fail_msg("no statement %s", name);
	return NULL;
}

/* SQLite's EXPLAIN QUERY PLAN: how each table is searched. */
static void lists_and_claims_use_their_indexes(void **state)
{
	static const struct {
		const char *name;
		size_t binds;
		const char *search;
	} expected[] = {
		{ "kernel.message_of_partner", 6, "message_of_partner (partner=? AND id<?)" },
		{ "kernel.message_of_organisation", 6, "message_of_organisation (organisation=? AND id<?)" },
		{ "kernel.message_any", 6, "(id<?)" },
		{ "kernel.message_lease", 5, "message_queued (partner=? AND next_attempt_us<?)" },
		{ "kernel.message_received", 3, "message_received (partner=? AND next_attempt_us<?)" },
		{ "kernel.message_received_partners", 1, "message_received (partner=?)" },
		{ "kernel.message_next", 0, "message_queued (partner=?)" },
		{ "kernel.message_next", 0, "reply_due (partner=?)" },
		{ "kernel.reply_lease", 4, "reply_due (partner=? AND next_attempt_us<?)" },
		{ "kernel.reply_make_room", 2, "reply_of_partner (partner=? AND number<?)" },
		{ "kernel.message_sweep", 1, "INDEX message_parked" },
		{ "kernel.message_take", 1,
		  "message_open (conversation=? AND partner=? AND direction=? AND position<?)" },
		{ "kernel.message_last", 3, "(conversation=? AND partner=? AND direction=?)" },
		{ "kernel.message_count_open", 0, "message_state (state=?)" },
		{ "kernel.task_count", 0, "(state=?" },
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct statement explain[COUNT(expected)];

	if (fixture->kind != DB_SQLITE)
		return;
	for (size_t i = 0; i < COUNT(expected); i++) {
		explain[i] = (struct statement){ expected[i].name, arena_printf(fixture->arena, "EXPLAIN QUERY PLAN %s",
										sql_of(expected[i].name)) };
		struct plan plan = { fixture->arena, &explain[i], expected[i].binds, "" };
		must(db_write(fixture->kernel.db, plan_run, &plan, &fixture->err));
		if (!strstr(plan.details, expected[i].search) || strstr(plan.details, "SCAN message\n"))
			fail_msg("%s: %s", expected[i].name, plan.details);
	}
	db_close(fixture->kernel.db); /* before the statements, which it keeps by their address */
	fixture->kernel.db = NULL;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_has_an_id_a_conversation_and_a_place),
		cmocka_unit_test(the_digest_covers_the_parts),
		cmocka_unit_test(a_conversation_goes_out_in_order),
		cmocka_unit_test(a_dead_message_holds_its_conversation_and_no_other),
		cmocka_unit_test(two_thousand_behind_a_dead_letter_delay_nobody),
		cmocka_unit_test(what_is_parked_behind_nothing_is_woken_within_a_minute),
		cmocka_unit_test(a_partner_that_is_down_delays_nobody_else),
		cmocka_unit_test(a_lease_that_ends_gives_the_message_to_the_next_worker),
		cmocka_unit_test(a_restart_voids_the_claims_of_its_own_instance_alone),
		cmocka_unit_test(a_restart_frees_only_what_was_in_hand),
		cmocka_unit_test(a_worker_that_lost_its_claim_decides_nothing),
		cmocka_unit_test(back_off_doubles_within_its_bounds),
		cmocka_unit_test(a_message_is_given_up_after_21_days_with_a_task),
		cmocka_unit_test(a_held_message_waits_for_its_release),
		cmocka_unit_test(abandoning_a_dead_letter_lets_its_conversation_go_on),
		cmocka_unit_test(a_held_message_can_be_abandoned_and_a_queued_one_not),
		cmocka_unit_test(a_receipt_of_an_abandoned_message_is_kept_as_evidence),
		cmocka_unit_test(an_event_of_the_machine_is_no_decision),
		cmocka_unit_test(a_message_is_delivered_once),
		cmocka_unit_test(a_late_receipt_settles_a_dead_message),
		cmocka_unit_test(delivery_moves_the_case_of_the_document),
		cmocka_unit_test(writers_at_once_get_places_without_gaps),
		cmocka_unit_test(the_exchange_is_counted_by_partner),
		cmocka_unit_test(open_tasks_are_counted_by_organisation),
		cmocka_unit_test(messages_are_listed_page_by_page),
		cmocka_unit_test(lists_and_claims_use_their_indexes),
	};
	return kernel_run("outbox", tests, COUNT(tests), capabilities);
}
