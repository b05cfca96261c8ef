#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/date.h"
#include "kernel/journal.h"

/* A capability that takes messages: it keeps what it was given, and its "documents" say what it shall answer. */
static const struct rule test_rules[] = { { "TST-001", "a test", NULL, SEVERITY_ERROR }, { 0 } };

static const struct statement noted = { "test.note", "INSERT INTO counter (name, value) VALUES ($1, 1)" };
static const struct statement notes = { "test.notes", "SELECT count(*) FROM counter WHERE name = $1" };

static _Atomic unsigned texts_read;

static enum err_code read_text(struct kernel *kernel, struct arena *arena, const struct message *message,
			       const struct message_parts *parts, int64_t now_us, const void **read, struct err *err)
{
	(void)kernel, (void)message, (void)now_us;
	texts_read++;
	if (bytes_same(parts->items[0].octets, bytes_of("illegible")))
		return fail(err, ERR_INTERNAL, "this document cannot be read");
	*read = arena_text_of(arena, parts->items[0].octets);
	return OK;
}

static enum err_code process(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct message *message,
			     const void *read, int64_t now_us, struct findings *findings, struct err *err)
{
	(void)kernel, (void)now_us;
	TRY(db_exec(tx, &noted, BINDS(BIND_TEXT(message->message_id)), NULL, err));
	if (same(read, "poison"))
		return fail(err, ERR_INTERNAL, "this document is poison");
	if (same(read, "busy"))
		return fail(err, ERR_BUSY, "not now");
	if (same(read, "wrong"))
		finding_add(findings, &test_rules[0], "", NULL, NULL);
	return arena ? OK : fail(err, ERR_INTERNAL, "no arena");
}

static const struct intake intake = { .read = read_text, .process = process };
static const struct capability capability = { .name = "test", .intake = &intake };
static const struct capability *const capabilities[] = { &capability, NULL };

static unsigned step(struct kernel_fixture *fixture, unsigned limit)
{
	unsigned done;

	must(inbox_step(&fixture->kernel, fixture->clock.now_us, limit, &done, &fixture->err));
	return done;
}

static struct message accepted(struct kernel_fixture *fixture, const char *message_id, const char *conversation,
			       const char *text)
{
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", message_id, conversation, text);

	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	return delivery.message;
}

static int64_t count(struct kernel_fixture *fixture, const struct statement *statement)
{
	return fixture_int(fixture, statement, NO_BINDS);
}

static const struct statement messages = { "test.messages", "SELECT count(*) FROM message" };
static const struct statement wires = { "test.wires", "SELECT count(*) FROM wire" };
static const struct statement parts = { "test.parts", "SELECT count(*) FROM message_part" };
static const struct statement tasks = { "test.tasks",
					"SELECT count(*) FROM task WHERE state = 'open' AND kind = 'document-failed'" };

/* AS4 profile 1.0 §3.2: a duplicate gets the receipt of the first acceptance, not a new one. */
static void a_duplicate_gets_the_first_receipt_again(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery first = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");
	struct wire receipt, again;

	assert_int_equal(fixture_accept(fixture, &first, &receipt), INBOX_ACCEPTED);
	fixture->clock.now_us += HOUR_US;
	struct inbox_delivery second = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");
	assert_false(bytes_same(first.receipt.octets, second.receipt.octets));
	assert_int_equal(fixture_accept(fixture, &second, &again), INBOX_DUPLICATE);
	assert_true(bytes_same(again.octets, first.receipt.octets));
	assert_string_equal(again.content_type, "application/soap+xml");
	assert_int_equal(count(fixture, &messages), 1);
	assert_int_equal(count(fixture, &wires), 2);
	assert_int_equal(count(fixture, &parts), 1);
}

static enum err_code answers_nothing(void *arg, const struct wire *receipt, bool *answered, struct err *err)
{
	(void)arg, (void)err;
	assert_int_equal(receipt->kind, WIRE_RECEIPT_SENT);
	*answered = false;
	return OK;
}

static void compress(struct kernel_fixture *fixture, struct inbox_delivery *delivery)
{
	must(message_parts_compress(fixture->arena, &delivery->parts, &fixture->err));
	assert_true(delivery->parts.items[0].compressed);
}

/* What the one binding compresses goes plain by the other: the content counts, and the receipt is of today. */
static void what_comes_again_packed_otherwise_is_a_duplicate(void **state)
{
	static const struct statement before = { "test.before", "SELECT count(*) FROM message_part_before" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = arena_printf(fixture->arena, "%0512d", 7),
		   *other = arena_printf(fixture->arena, "%0512d", 8);
	struct inbox_delivery first = fixture_delivery(fixture, "VN", "m1@vn", "c1", text);
	struct evidence_proof proof;
	struct wire receipt;

	compress(fixture, &first);
	assert_int_equal(fixture_accept(fixture, &first, NULL), INBOX_ACCEPTED);
	for (int i = 1; i < 2 * VERSIONS_KEPT; i++) {
		bool kept = i < VERSIONS_KEPT;
		fixture->clock.now_us += HOUR_US;
		struct inbox_delivery again = fixture_delivery(fixture, "VN", "m1@vn", "c1", text);
		again.answered = answers_nothing;
		assert_int_equal(fixture_accept(fixture, &again, &receipt), INBOX_DUPLICATE);
		assert_true(bytes_same(receipt.octets, kept ? again.receipt.octets : first.receipt.octets));
	}
	assert_int_equal(count(fixture, &messages), 1);
	assert_int_equal(count(fixture, &parts), 1);
	assert_int_equal(count(fixture, &before), VERSIONS_KEPT - 1);
	assert_int_equal(count(fixture, &wires), 2 * VERSIONS_KEPT);
	must(evidence_verify(&fixture->kernel, &proof, &fixture->err));
	assert_string_equal(proof.broken, "");

	struct inbox_delivery altered = fixture_delivery(fixture, "VN", "m1@vn", "c1", other);
	assert_int_equal(fixture_accept(fixture, &altered, NULL), INBOX_ALTERED);
	compress(fixture, &altered);
	assert_int_equal(fixture_accept(fixture, &altered, NULL), INBOX_ALTERED);
	altered.parts.count = 0;
	assert_int_equal(fixture_accept(fixture, &altered, NULL), INBOX_ALTERED);
}

static void the_same_id_with_other_payload_is_refused(void **state)
{
	static const struct statement told = { "test.told",
					       "SELECT count(*) FROM journal WHERE event = 'altered-duplicate'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery first = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");
	struct inbox_delivery second = fixture_delivery(fixture, "VN", "m1@vn", "c1", "two");
	struct inbox_delivery other = fixture_delivery(fixture, "MY", "m1@vn", "c1", "two");

	assert_int_equal(fixture_accept(fixture, &first, NULL), INBOX_ACCEPTED);
	assert_int_equal(fixture_accept(fixture, &second, NULL), INBOX_ALTERED);
	assert_int_equal(count(fixture, &messages), 1);
	assert_int_equal(count(fixture, &wires), 2);
	assert_int_equal(count(fixture, &told), 1);
	/* Another partner's ids are its own. */
	assert_int_equal(fixture_accept(fixture, &other, NULL), INBOX_ACCEPTED);
}

static void entries_of_altered_and_old_messages_are_kept_up_to_a_number(void **state)
{
	static const struct statement told = {
		"test.told", "SELECT count(*) FROM journal WHERE event IN ('altered-duplicate', 'too-old')"
	};
	static const struct statement full = { "test.entries-full", "UPDATE refusal_day SET entries = $1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery first = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");
	struct inbox_delivery altered = fixture_delivery(fixture, "VN", "m1@vn", "c1", "two");
	struct inbox_delivery old = fixture_delivery(fixture, "VN", "m2@vn", "c1", "two");

	old.message.created_us -= 2 * old.window_us;
	assert_int_equal(fixture_accept(fixture, &first, NULL), INBOX_ACCEPTED);
	assert_int_equal(fixture_accept(fixture, &altered, NULL), INBOX_ALTERED);
	fixture_exec(fixture, &full, BINDS(BIND_INT(REFUSALS_KEPT_A_DAY - 1)));
	assert_int_equal(fixture_accept(fixture, &old, NULL), INBOX_TOO_OLD);
	assert_int_equal(count(fixture, &told), 2);
	assert_int_equal(fixture_accept(fixture, &old, NULL), INBOX_TOO_OLD);
	assert_int_equal(fixture_accept(fixture, &altered, NULL), INBOX_ALTERED);
	assert_int_equal(count(fixture, &told), 2);
	fixture->clock.now_us += DAY_US;
	assert_int_equal(fixture_accept(fixture, &altered, NULL), INBOX_ALTERED);
	assert_int_equal(count(fixture, &told), 3);
}

static void a_message_older_than_the_window_is_refused(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");

	delivery.message.created_us = fixture->clock.now_us - delivery.window_us - 1;
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_TOO_OLD);
	assert_int_equal(count(fixture, &messages), 0);
	delivery.message.created_us++;
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
}

static void a_known_message_gets_its_receipt_however_old_it_is(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");
	struct wire receipt;

	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	fixture->clock.now_us += 60 * DAY_US;
	assert_int_equal(fixture_accept(fixture, &delivery, &receipt), INBOX_DUPLICATE);
	assert_true(bytes_same(receipt.octets, delivery.receipt.octets));
}

struct evidence {
	struct arena *arena;
	const char *id;
	struct wire_list wires;
	struct message_parts parts;
};

static enum err_code evidence_run(struct tx *tx, void *arg, struct err *err)
{
	struct evidence *evidence = arg;

	TRY(message_wires(tx, evidence->arena, evidence->id, &evidence->wires, err));
	return message_parts_of(tx, evidence->arena, evidence->id, &evidence->parts, err);
}

static void what_went_over_the_wire_is_kept_in_order(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = accepted(fixture, "m1@vn", "c1", "one");
	struct evidence evidence = { .arena = fixture->arena, .id = message.id };

	must(db_read(fixture->kernel.db, evidence_run, &evidence, &fixture->err));
	assert_int_equal(evidence.wires.count, 2);
	assert_int_equal(evidence.wires.items[0].kind, WIRE_RECEIVED);
	assert_string_equal(evidence.wires.items[0].certificate, "aa");
	assert_int_equal(evidence.wires.items[1].kind, WIRE_RECEIPT_SENT);
	assert_int_equal(evidence.parts.count, 1);
	assert_true(bytes_same(evidence.parts.items[0].octets, bytes_of("one")));
	assert_null(evidence.parts.items[0].charset);
}

static void a_conversation_is_processed_in_order_in_one_step(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message first = accepted(fixture, "m1@vn", "c1", "one");
	struct message second = accepted(fixture, "m2@vn", "c1", "two");
	struct message third = accepted(fixture, "m3@vn", "c1", "three");

	assert_int_equal(first.position, 1);
	assert_int_equal(third.position, 3);
	assert_int_equal(step(fixture, 1), 1);
	assert_string_equal(fixture_message(fixture, first.id).state, "processed");
	assert_string_equal(fixture_message(fixture, second.id).state, "received");
	assert_int_equal(step(fixture, 10), 2);
	assert_string_equal(fixture_message(fixture, third.id).state, "processed");
	assert_int_equal(step(fixture, 10), 0);
}

static void a_poisoned_document_holds_only_its_conversation(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message poison = accepted(fixture, "m1@vn", "c1", "poison");
	struct message after = accepted(fixture, "m2@vn", "c1", "one");
	struct message other = accepted(fixture, "m3@vn", "c2", "one");

	assert_int_equal(step(fixture, 10), 1);
	assert_string_equal(fixture_message(fixture, poison.id).state, "failed");
	assert_string_equal(fixture_message(fixture, poison.id).last_error, "this document is poison");
	assert_string_equal(fixture_message(fixture, after.id).state, "received");
	assert_string_equal(fixture_message(fixture, other.id).state, "processed");
	assert_int_equal(count(fixture, &tasks), 1);
	/* What the capability had written went with the transaction. */
	assert_int_equal(fixture_int(fixture, &notes, BINDS(BIND_TEXT("m1@vn"))), 0);
	assert_int_equal(fixture_int(fixture, &notes, BINDS(BIND_TEXT("m3@vn"))), 1);
	fixture->clock.now_us += DAY_US;
	assert_int_equal(step(fixture, 10), 0);
}

static struct message accepted_from(struct kernel_fixture *fixture, const char *partner, const char *message_id)
{
	struct inbox_delivery delivery = fixture_delivery(fixture, partner, message_id, "c9", "one");

	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	return delivery.message;
}

static void two_thousand_behind_a_failed_one_delay_nobody(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	accepted(fixture, "m1@vn", "c1", "poison");
	struct message after = accepted(fixture, "m2@vn", "c1", "one");
	assert_int_equal(step(fixture, 4), 0);
	assert_true(fixture_message(fixture, after.id).next_attempt_us == MESSAGE_PARKED_US);
	fixture_copies(fixture, after.id, 2000, false);
	assert_int_equal(step(fixture, 4), 0);
	fixture->clock.now_us += HOUR_US;
	struct message other = accepted(fixture, "m3@vn", "c2", "one");
	struct message partner = accepted_from(fixture, "MY", "m4@my");
	assert_int_equal(step(fixture, 4), 2);
	assert_string_equal(fixture_message(fixture, other.id).state, "processed");
	assert_string_equal(fixture_message(fixture, partner.id).state, "processed");
	assert_string_equal(fixture_message(fixture, after.id).state, "received");
}

/* They are due although they are blocked, as after a decision or a race. */
static void what_is_due_in_vain_is_parked_in_one_step(void **state)
{
	static const struct statement due = { "test.due", "UPDATE message SET next_attempt_us = $1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	accepted(fixture, "m1@vn", "c1", "poison");
	struct message after = accepted(fixture, "m2@vn", "c1", "one");
	fixture_copies(fixture, after.id, 100, false);
	assert_int_equal(step(fixture, 4), 0);
	fixture_exec(fixture, &due, BINDS(BIND_INT(fixture->clock.now_us)));
	fixture->clock.now_us++;
	struct message other = accepted(fixture, "m3@vn", "c2", "one");
	assert_int_equal(step(fixture, 4), 1);
	assert_string_equal(fixture_message(fixture, other.id).state, "processed");
}

static void a_flood_from_one_partner_does_not_starve_another(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message first = accepted(fixture, "m1@vn", "c1", "one");

	fixture_copies(fixture, first.id, 2000, true);
	fixture->clock.now_us += SECOND_US;
	struct message partner = accepted_from(fixture, "MY", "m2@my");
	assert_int_equal(step(fixture, 4), 4);
	assert_string_equal(fixture_message(fixture, partner.id).state, "processed");
}

struct processor {
	pthread_t thread;
	struct kernel_fixture *fixture;
	struct err err;
	enum err_code code;
};

static void *process_all(void *arg)
{
	struct processor *processor = arg;
	unsigned done = 1;

	while (processor->code == OK && done > 0)
		processor->code = inbox_step(&processor->fixture->kernel, processor->fixture->clock.now_us, 4, &done,
					     &processor->err);
	return NULL;
}

static void processors_at_once_read_no_message_twice(void **state)
{
	static const struct statement open = { "test.open", "SELECT count(*) FROM message WHERE state = 'received'" };
	enum { MESSAGES = 40 };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct processor processors[4];

	for (int i = 0; i < MESSAGES; i++)
		accepted(fixture, arena_printf(fixture->arena, "m%d@vn", i), arena_printf(fixture->arena, "c%d", i),
			 "one");
	texts_read = 0;
	for (size_t i = 0; i < COUNT(processors); i++) {
		processors[i] = (struct processor){ .fixture = fixture };
		assert_int_equal(pthread_create(&processors[i].thread, NULL, process_all, &processors[i]), 0);
	}
	for (size_t i = 0; i < COUNT(processors); i++) {
		pthread_join(processors[i].thread, NULL);
		assert_int_equal(processors[i].code, OK);
	}
	assert_int_equal(count(fixture, &open), 0);
	assert_int_equal(texts_read, MESSAGES);
}

static void what_is_due_together_is_processed_in_one_transaction(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	accepted(fixture, "m1@vn", "c1", "one");
	accepted(fixture, "m2@vn", "c2", "two");
	accepted(fixture, "m3@vn", "c3", "three");
	int64_t before = db_counters(fixture->kernel.db).transactions;
	assert_int_equal(step(fixture, 10), 3);
	assert_int_equal(db_counters(fixture->kernel.db).transactions - before, 1);
}

static void abandoning_a_failed_message_lets_its_conversation_go_on(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message poison = accepted(fixture, "m1@vn", "c1", "poison");
	struct message after = accepted(fixture, "m2@vn", "c1", "one");
	struct findings *findings = findings_new(fixture->arena);

	assert_int_equal(step(fixture, 10), 0);
	assert_int_equal(count(fixture, &tasks), 1);
	must(outbox_decide(&fixture->kernel, poison.id, "abandon", &fixture_actor, fixture->clock.now_us, findings,
			   &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	assert_string_equal(fixture_message(fixture, poison.id).state, "abandoned");
	assert_int_equal(count(fixture, &tasks), 0);
	assert_int_equal(step(fixture, 10), 1);
	assert_string_equal(fixture_message(fixture, after.id).state, "processed");
	/* It is at its end. */
	must(outbox_decide(&fixture->kernel, poison.id, "retry", &fixture_actor, fixture->clock.now_us, findings,
			   &fixture->err));
	assert_int_equal(findings_count(findings), 1);
}

/* The sender's clock may be wrong or its message long under way: legal periods run from receipt. */
static void a_message_tells_when_it_was_accepted(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");

	delivery.message.created_us = fixture->clock.now_us - 3 * DAY_US;
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	assert_true(delivery.message.accepted_us == fixture->clock.now_us);
	struct message stored = fixture_message(fixture, delivery.message.id);
	assert_true(stored.accepted_us == fixture->clock.now_us);
	assert_true(stored.created_us == fixture->clock.now_us - 3 * DAY_US);
}

static void an_officer_can_have_a_failed_message_processed_again(void **state)
{
	static const struct statement mend = { "test.mend",
					       "UPDATE message_part SET octets = CAST('mended' AS {blob})" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message poison = accepted(fixture, "m1@vn", "c1", "poison");
	struct findings *findings = findings_new(fixture->arena);

	assert_int_equal(step(fixture, 10), 0);
	fixture_exec(fixture, &mend, NO_BINDS);
	must(outbox_decide(&fixture->kernel, poison.id, "retry", &fixture_actor, fixture->clock.now_us, findings,
			   &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	assert_int_equal(count(fixture, &tasks), 0);
	assert_int_equal(step(fixture, 10), 1);
	assert_string_equal(fixture_message(fixture, poison.id).state, "processed");
}

static void a_transient_fault_is_tried_again_later(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message busy = accepted(fixture, "m1@vn", "c1", "busy");

	assert_int_equal(step(fixture, 10), 0);
	struct message now = fixture_message(fixture, busy.id);
	assert_string_equal(now.state, "received");
	assert_int_equal(now.attempts, 1);
	assert_true(now.next_attempt_us > fixture->clock.now_us);
	assert_int_equal(step(fixture, 10), 0);
	assert_int_equal(fixture_message(fixture, busy.id).attempts, 1);
	fixture->clock.now_us = now.next_attempt_us;
	assert_int_equal(step(fixture, 10), 0);
	assert_int_equal(fixture_message(fixture, busy.id).attempts, 2);
	assert_int_equal(count(fixture, &tasks), 0);
}

static void a_refused_document_is_a_processed_message(void **state)
{
	static const struct statement told = {
		"test.told",
		"SELECT count(*) FROM journal WHERE event = 'processed' AND detail LIKE '1 findings%TST-001'"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message wrong = accepted(fixture, "m1@vn", "c1", "wrong");

	assert_int_equal(step(fixture, 10), 1);
	assert_string_equal(fixture_message(fixture, wrong.id).state, "processed");
	assert_int_equal(count(fixture, &told), 1);
}

static void refusals_are_kept_up_to_a_number_and_counted_beyond(void **state)
{
	static const struct statement kept = { "test.kept", "SELECT count(*) FROM refusal" };
	static const struct statement counted = { "test.counted", "SELECT refusals FROM refusal_day" };
	static const struct statement full = { "test.full", "UPDATE refusal_day SET refusals = $1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct wire received = fixture_wire(fixture, WIRE_RECEIVED, "garbage");
	struct wire error = fixture_wire(fixture, WIRE_ERROR_SENT, "EBMS:0009");

	must(inbox_refused(&fixture->kernel, "VN", "m1@vn",
			   &(struct refused_for){ .rule = "EBMS:0009", .text = "as it is" }, &received, &error,
			   fixture->clock.now_us, &fixture->err));
	assert_int_equal(count(fixture, &kept), 1);
	assert_int_equal(count(fixture, &wires), 2);
	fixture_exec(fixture, &full, BINDS(BIND_INT(REFUSALS_KEPT_A_DAY)));
	must(inbox_refused(&fixture->kernel, "VN", NULL,
			   &(struct refused_for){ .rule = "EBMS:0009", .text = "as it is" }, &received, NULL,
			   fixture->clock.now_us, &fixture->err));
	assert_int_equal(count(fixture, &kept), 1);
	assert_int_equal(count(fixture, &wires), 2);
	assert_int_equal(count(fixture, &counted), REFUSALS_KEPT_A_DAY + 1);
}

static void beyond_their_bytes_refusals_are_kept_without_them(void **state)
{
	static const struct statement kept = {
		"test.kept-bare",
		"SELECT count(*) FROM refusal WHERE received IS NULL AND error IS NULL AND rule = 'EBMS:0009'"
		" AND message_id = 'm2@vn'"
	};
	static const struct statement used = { "test.used", "UPDATE refusal_day SET bytes = $1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct wire received = fixture_wire(fixture, WIRE_RECEIVED, "garbage");
	struct wire error = fixture_wire(fixture, WIRE_ERROR_SENT, "EBMS:0009");

	must(inbox_refused(&fixture->kernel, "VN", "m0@vn",
			   &(struct refused_for){ .rule = "EBMS:0009", .text = "as it is" }, &received, &error,
			   fixture->clock.now_us, &fixture->err));
	/* Sixteen octets: these still fit. */
	fixture_exec(fixture, &used, BINDS(BIND_INT(REFUSAL_BYTES_KEPT_A_DAY - 16)));
	must(inbox_refused(&fixture->kernel, "VN", "m1@vn",
			   &(struct refused_for){ .rule = "EBMS:0009", .text = "as it is" }, &received, &error,
			   fixture->clock.now_us, &fixture->err));
	assert_int_equal(count(fixture, &wires), 4);
	must(inbox_refused(&fixture->kernel, "VN", "m2@vn",
			   &(struct refused_for){ .rule = "EBMS:0009", .text = "as it is" }, &received, &error,
			   fixture->clock.now_us, &fixture->err));
	assert_int_equal(count(fixture, &wires), 4);
	assert_int_equal(count(fixture, &kept), 1);
	/* Another partner has its own. */
	must(inbox_refused(&fixture->kernel, "MY", "m2@my",
			   &(struct refused_for){ .rule = "EBMS:0009", .text = "as it is" }, &received, &error,
			   fixture->clock.now_us, &fixture->err));
	assert_int_equal(count(fixture, &wires), 6);
}

static void a_message_that_cannot_be_read_fails_with_a_task(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message illegible = accepted(fixture, "m1@vn", "c1", "illegible");

	accepted(fixture, "m2@vn", "c2", "two");
	assert_int_equal(step(fixture, 10), 1);
	assert_string_equal(fixture_message(fixture, illegible.id).state, "failed");
	assert_string_equal(fixture_message(fixture, illegible.id).last_error, "this document cannot be read");
	assert_int_equal(count(fixture, &tasks), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duplicate_gets_the_first_receipt_again),
		cmocka_unit_test(what_comes_again_packed_otherwise_is_a_duplicate),
		cmocka_unit_test(the_same_id_with_other_payload_is_refused),
		cmocka_unit_test(entries_of_altered_and_old_messages_are_kept_up_to_a_number),
		cmocka_unit_test(a_message_older_than_the_window_is_refused),
		cmocka_unit_test(a_known_message_gets_its_receipt_however_old_it_is),
		cmocka_unit_test(what_went_over_the_wire_is_kept_in_order),
		cmocka_unit_test(a_conversation_is_processed_in_order_in_one_step),
		cmocka_unit_test(a_message_that_cannot_be_read_fails_with_a_task),
		cmocka_unit_test(a_poisoned_document_holds_only_its_conversation),
		cmocka_unit_test(two_thousand_behind_a_failed_one_delay_nobody),
		cmocka_unit_test(what_is_due_in_vain_is_parked_in_one_step),
		cmocka_unit_test(a_flood_from_one_partner_does_not_starve_another),
		cmocka_unit_test(processors_at_once_read_no_message_twice),
		cmocka_unit_test(what_is_due_together_is_processed_in_one_transaction),
		cmocka_unit_test(abandoning_a_failed_message_lets_its_conversation_go_on),
		cmocka_unit_test(a_message_tells_when_it_was_accepted),
		cmocka_unit_test(an_officer_can_have_a_failed_message_processed_again),
		cmocka_unit_test(a_transient_fault_is_tried_again_later),
		cmocka_unit_test(a_refused_document_is_a_processed_message),
		cmocka_unit_test(refusals_are_kept_up_to_a_number_and_counted_beyond),
		cmocka_unit_test(beyond_their_bytes_refusals_are_kept_without_them),
	};
	return kernel_run("inbox", tests, COUNT(tests), capabilities);
}
