/* Two bindings behind one outbox: ebMS 2 has no compression, and a partner may change its binding while messages wait.
 */
#include "fixture.h"

#include "base/date.h"
#include "kernel/journal.h"
#include "kernel/message.h"
#include "kernel/party.h"

#define TEXT_MAX  ((size_t)1 << 16)
#define PARTS_MAX 2

/* Like a list of goods, which shrinks. */
static struct bytes goods(struct kernel_fixture *fixture)
{
	buf_auto text;

	buf_init(&text, TEXT_MAX);
	for (int i = 0; i < 100; i++)
		buf_printf(&text, "<Item><Number>%d</Number><Mass>%d.50</Mass></Item>\n", i, i * 7919 % 1000);
	const void *copy = arena_copy(fixture->arena, text.data, text.size);
	assert_non_null(copy);
	return bytes(copy, text.size);
}

struct bind_call {
	struct kernel_fixture *fixture;
	const char *code, *binding;
	struct partner partner;
};

static enum err_code bind_run(struct tx *tx, void *arg, struct err *err)
{
	struct bind_call *call = arg;
	struct kernel_fixture *fixture = call->fixture;

	TRY(partner_find(tx, fixture->arena, call->code, &call->partner, err));
	call->partner.binding = call->binding;
	TRY(partner_change(tx, &call->partner, &fixture_actor, fixture->clock.now_us, err));
	return partner_find(tx, fixture->arena, call->code, &call->partner, err);
}

static enum err_code try_bind(struct kernel_fixture *fixture, const char *binding, struct partner *partner)
{
	struct bind_call call = { .fixture = fixture, .code = "VN", .binding = binding };
	enum err_code code = db_write(fixture->kernel.db, bind_run, &call, &fixture->err);

	*partner = call.partner;
	return code;
}

static void bind_to(struct kernel_fixture *fixture, const char *binding)
{
	struct partner unused;

	must(try_bind(fixture, binding, &unused));
}

static void a_partner_has_a_binding_and_as4_if_none_is_named(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct partner partner;

	must(try_bind(fixture, NULL, &partner)); /* added without one, too */
	assert_string_equal(partner.binding, "as4");
	must(try_bind(fixture, "ebms2", &partner));
	assert_string_equal(partner.binding, "ebms2");
	assert_int_equal(try_bind(fixture, "ebms3", &partner), ERR_CONFLICT);
}

struct work {
	struct kernel_fixture *fixture;
	struct message message;
	struct message_parts parts, before;
	struct message_part part[PARTS_MAX];
	struct wire_list wires;
	int64_t packing;
};

static enum err_code put_run(struct tx *tx, void *arg, struct err *err)
{
	struct work *work = arg;
	struct kernel_fixture *fixture = work->fixture;
	struct message message = { .partner = "VN", .organisation = "customs", .service = "asw", .action = "FORM-D" };
	struct message_part part[PARTS_MAX];
	struct message_parts parts = { part, work->parts.count };

	memcpy(part, work->part, sizeof(part));
	TRY(outbox_put(&fixture->kernel, tx, fixture->arena, &message, &parts, &fixture_actor, fixture->clock.now_us,
		       err));
	work->message = message;
	return OK;
}

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct work *work = arg;
	struct arena *arena = work->fixture->arena;
	const char *id = work->message.id;

	TRY(message_parts_of(tx, arena, id, &work->parts, err));
	TRY(message_parts_before(tx, arena, id, work->packing, &work->before, err));
	return message_wires(tx, arena, id, &work->wires, err);
}

/* A message with the goods and a text that is too short to shrink. */
static struct work put(struct kernel_fixture *fixture, bool compress_first)
{
	struct work work = {
		.fixture = fixture,
		.part = { { .content_id = "goods", .mime_type = "application/xml", .octets = goods(fixture) },
			  { .content_id = "note", .mime_type = "text/plain", .octets = bytes_of("short") } },
	};

	work.parts = (struct message_parts){ work.part, PARTS_MAX };
	if (compress_first)
		must(message_parts_compress(fixture->arena, &work.parts, &fixture->err));
	assert_int_equal(work.part[0].compressed, compress_first);
	must(db_write(fixture->kernel.db, put_run, &work, &fixture->err));
	return work;
}

/* The parts as they are stored, and those of PACKING. */
static void look(struct work *work, int64_t packing)
{
	struct kernel_fixture *fixture = work->fixture;

	work->packing = packing;
	must(db_read(fixture->kernel.db, look_run, work, &fixture->err));
}

static void as4_is_compressed_and_ebms2_is_not(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct bytes plain = goods(fixture);

	for (int compress_first = 0; compress_first <= 1; compress_first++) {
		bind_to(fixture, "as4");
		struct work work = put(fixture, compress_first);
		look(&work, 1);
		assert_true(work.parts.items[0].compressed);
		assert_true(work.parts.items[0].octets.size < plain.size);
		assert_string_equal(work.message.digest, message_digest(fixture->arena, &work.parts));

		bind_to(fixture, "ebms2");
		work = put(fixture, compress_first);
		look(&work, 1);
		assert_int_equal(work.parts.count, PARTS_MAX);
		for (size_t i = 0; i < PARTS_MAX; i++)
			assert_false(work.parts.items[i].compressed);
		assert_true(bytes_same(work.parts.items[0].octets, plain));
		assert_true(bytes_same(work.parts.items[1].octets, bytes_of("short")));
		assert_string_equal(work.message.digest, message_digest(fixture->arena, &work.parts));
		assert_string_equal(fixture_message(fixture, work.message.id).digest, work.message.digest);
	}
}

/* --- A change of the binding while a message waits --- */

static struct message claim(struct kernel_fixture *fixture)
{
	struct message_list list;

	must(outbox_claim(&fixture->kernel, fixture->arena, "VN", fixture->clock.now_us, MINUTE_US, 1, &list,
			  &fixture->err));
	assert_int_equal(list.count, 1);
	return list.items[0];
}

static void send_text(struct kernel_fixture *fixture, const struct message *message, const char *text)
{
	struct wire wire = fixture_wire(fixture, WIRE_SENT, text);

	must(outbox_sending(&fixture->kernel, message, &wire, &fixture->err));
}

static void fail_attempt(struct kernel_fixture *fixture, const struct message *message)
{
	must(outbox_failed(&fixture->kernel, message, NULL, FAILED_ON_THE_WAY, "busy", NULL, fixture->clock.now_us,
			   &fixture->err));
	fixture->clock.now_us = fixture_message(fixture, message->id).next_attempt_us;
}

static enum err_code repack(struct kernel_fixture *fixture, struct message *message, const struct message_parts *parts)
{
	return outbox_repack(&fixture->kernel, fixture->arena, message, parts, fixture->clock.now_us, &fixture->err);
}

static struct evidence_proof verify(struct kernel_fixture *fixture)
{
	struct evidence_proof proof;

	must(evidence_verify(&fixture->kernel, &proof, &fixture->err));
	return proof;
}

static void what_waits_is_packed_anew_for_the_new_binding(void **state)
{
	static const struct statement told = {
		"test.told",
		"SELECT count(*) FROM journal WHERE subject = $1 AND event = 'repacked' AND content IS NULL"
		" AND detail = $2"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct work work = put(fixture, false);
	struct message message = claim(fixture);
	const char *before = message.digest;

	look(&work, 1);
	must(message_parts_expand(fixture->arena, &work.parts, &fixture->err));
	must(repack(fixture, &message, &work.parts));
	assert_string_not_equal(message.digest, before);
	look(&work, 1);
	assert_int_equal(work.parts.count, PARTS_MAX);
	assert_false(work.parts.items[0].compressed);
	assert_true(bytes_same(work.parts.items[0].octets, goods(fixture)));
	assert_string_equal(work.parts.items[1].content_id, "note");
	assert_string_equal(message_digest(fixture->arena, &work.parts), message.digest);
	assert_int_equal(work.before.count, 0); /* it was never sent */
	struct message now = fixture_message(fixture, message.id);
	assert_string_equal(now.digest, message.digest);
	assert_string_equal(now.state, "queued");
	assert_true(now.next_attempt_us == message.next_attempt_us);
	const char *detail = arena_printf(fixture->arena, "payload digest %s, before %s", message.digest, before);
	assert_int_equal(fixture_int(fixture, &told, BINDS(BIND_TEXT(message.id), BIND_TEXT(detail))), 1);
}

/* Three versions, the first two of which prove other octets than those that are stored now. */
static void what_was_sent_before_stays_proved_by_its_own_parts(void **state)
{
	static const struct statement forge = { "test.forge",
						"UPDATE message_part_before SET octets = CAST(content_id AS {blob})" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct work work = put(fixture, false);
	struct message message = claim(fixture);
	const char *digests[3] = { message.digest };

	send_text(fixture, &message, "--as4");
	for (int i = 1; i < 3; i++) {
		fail_attempt(fixture, &message);
		message = claim(fixture);
		look(&work, 1);
		must(i == 1 ? message_parts_expand(fixture->arena, &work.parts, &fixture->err)
			    : message_parts_compress(fixture->arena, &work.parts, &fixture->err));
		work.parts.items[1].octets = bytes_of(i == 1 ? "shorter" : "shortest");
		must(repack(fixture, &message, &work.parts));
		digests[i] = message.digest;
		send_text(fixture, &message, i == 1 ? "--ebms2" : "--as4 again");
	}
	for (int64_t packing = 1; packing <= 2; packing++) {
		look(&work, packing);
		assert_int_equal(work.before.count, PARTS_MAX);
		assert_int_equal(work.before.items[0].compressed, packing == 1);
		assert_string_equal(message_digest(fixture->arena, &work.before), digests[packing - 1]);
	}
	look(&work, 3);
	assert_int_equal(work.before.count, 0);
	assert_int_equal(work.wires.count, 3);
	struct evidence_proof proof = verify(fixture);
	assert_string_equal(proof.reason, "");
	assert_int_equal(proof.wires, 3);
	fixture_exec(fixture, &forge, NO_BINDS);
	assert_non_null(strstr(verify(fixture).reason, "was altered"));
}

static void what_is_settled_or_in_other_hands_is_not_packed_anew(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct work work = put(fixture, false);
	struct message lost = claim(fixture);
	const char *digest = lost.digest;
	struct wire receipt = fixture_wire(fixture, WIRE_RECEIPT_RECEIVED, "<receipt/>");

	fixture->clock.now_us += MINUTE_US;
	struct message message = claim(fixture);
	look(&work, 1);
	must(message_parts_expand(fixture->arena, &work.parts, &fixture->err));
	assert_int_equal(repack(fixture, &lost, &work.parts), ERR_CONFLICT);
	must(outbox_delivered(&fixture->kernel, &message, &receipt, fixture->clock.now_us, &fixture->err));
	assert_int_equal(repack(fixture, &message, &work.parts), ERR_CONFLICT);
	assert_string_equal(lost.digest, digest);
	assert_string_equal(message.digest, digest);
	look(&work, 1);
	assert_true(work.parts.items[0].compressed);
	assert_string_equal(fixture_message(fixture, message.id).digest, digest);
}

/* --- Whose message it is --- */

struct finding_out {
	struct arena *arena;
	const char *partner, *message_id;
	struct message message;
};

static enum err_code find_out_run(struct tx *tx, void *arg, struct err *err)
{
	struct finding_out *find = arg;

	return message_find_out(tx, find->arena, find->partner, find->message_id, &find->message, err);
}

static const char *found_out(struct kernel_fixture *fixture, const char *partner, const char *message_id)
{
	struct finding_out find = { .arena = fixture->arena, .partner = partner, .message_id = message_id };

	must(db_read(fixture->kernel.db, find_out_run, &find, &fixture->err));
	return find.message.id;
}

/* An acknowledgment names what it acknowledges by an id that others can use, too. */
static void what_we_sent_is_told_from_what_came_with_the_same_id(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message ours = fixture_put(fixture, "VN", NULL, NULL);
	struct inbox_delivery theirs = fixture_delivery(fixture, "VN", ours.message_id, "c1", "one");
	struct inbox_delivery others = fixture_delivery(fixture, "MY", "m1@my", "c1", "one");

	assert_int_equal(fixture_accept(fixture, &theirs, NULL), INBOX_ACCEPTED);
	assert_int_equal(fixture_accept(fixture, &others, NULL), INBOX_ACCEPTED);
	assert_string_equal(found_out(fixture, "VN", ours.message_id), ours.id);
	assert_null(found_out(fixture, "MY", ours.message_id)); /* it was not sent to MY */
	assert_null(found_out(fixture, "MY", "m1@my"));         /* it came */
	assert_null(found_out(fixture, "VN", ours.id));         /* an id of ours is not on the wire */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partner_has_a_binding_and_as4_if_none_is_named),
		cmocka_unit_test(as4_is_compressed_and_ebms2_is_not),
		cmocka_unit_test(what_waits_is_packed_anew_for_the_new_binding),
		cmocka_unit_test(what_was_sent_before_stays_proved_by_its_own_parts),
		cmocka_unit_test(what_is_settled_or_in_other_hands_is_not_packed_anew),
		cmocka_unit_test(what_we_sent_is_told_from_what_came_with_the_same_id),
	};
	return kernel_run("binding", tests, COUNT(tests), NULL);
}
