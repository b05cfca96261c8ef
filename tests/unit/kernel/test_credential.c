#include "fixture.h"

#include "base/date.h"
#include "base/text.h"
#include "kernel/journal.h"
#include "kernel/party.h"

/* What happens to a partner's certificate, as its DER "leaf"; and a list "list" of whoever issued it. */
static struct credential leaf = { "certificate", "aa11", { 0 } }, list_of_it = { "crl", "bb22", { 0 } };

static enum err_code keep_run(struct tx *tx, void *arg, struct err *err)
{
	const struct kernel_fixture *fixture = arg;

	leaf.der = bytes_of("leaf");
	list_of_it.der = bytes_of("list");
	TRY(credential_keep(tx, &leaf, fixture->clock.now_us, err));
	TRY(credential_keep(tx, &leaf, fixture->clock.now_us, err)); /* again: nothing */
	return credential_keep(tx, &list_of_it, fixture->clock.now_us, err);
}

struct look {
	struct kernel_fixture *fixture;
	const char *message;
	struct wire_list wires;
	struct basis bases[8];
	struct journal_list journal;
};

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct look *look = arg;
	struct arena *arena = look->fixture->arena;

	TRY(message_wires(tx, arena, look->message, &look->wires, err));
	assert_in_range(look->wires.count, 1, COUNT(look->bases));
	for (size_t i = 0; i < look->wires.count; i++)
		TRY(wire_basis(tx, arena, &look->wires.items[i], &look->bases[i], err));
	return journal_of(tx, arena, look->message, 100, &look->journal, err);
}

static struct look looked_at(struct kernel_fixture *fixture, const char *message)
{
	struct look look = { .fixture = fixture, .message = message };

	must(db_read(fixture->kernel.db, look_run, &look, &fixture->err));
	return look;
}

static struct basis basis_with(struct kernel_fixture *fixture, struct credential *items, size_t count)
{
	struct basis basis = { .id = basis_id(fixture->arena, items, count), .items = items, .count = count };

	assert_non_null(basis.id);
	return basis;
}

static void what_a_signature_was_believed_by_is_kept_with_it(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct wire receipt;

	must(db_write(fixture->kernel.db, keep_run, fixture, &fixture->err));
	struct credential items[] = { leaf, list_of_it };
	struct basis both = basis_with(fixture, items, 2), alone = basis_with(fixture, items, 1);
	assert_string_not_equal(both.id, alone.id);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");
	delivery.received.basis = &both;
	delivery.receipt.basis = &alone;
	assert_int_equal(fixture_accept(fixture, &delivery, &receipt), INBOX_ACCEPTED);
	/* Judged alike a second time. */
	delivery = fixture_delivery(fixture, "VN", "m2@vn", "c2", "two");
	delivery.received.basis = &both;
	assert_int_equal(fixture_accept(fixture, &delivery, &receipt), INBOX_ACCEPTED);

	struct look look = looked_at(fixture, delivery.message.id);
	assert_int_equal(look.bases[0].count, 2);
	assert_string_equal(look.bases[0].items[0].fingerprint, "aa11");
	assert_true(bytes_same(look.bases[0].items[0].der, bytes_of("leaf")));
	assert_string_equal(look.bases[0].items[1].kind, "crl");
	assert_true(bytes_same(look.bases[0].items[1].der, bytes_of("list")));
	assert_int_equal(look.bases[1].count, 0); /* not said, so not made up */
}

static void a_credential_that_is_not_kept_cannot_be_named(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct credential unknown = { "certificate", "cc33", { 0 } };
	struct basis basis = basis_with(fixture, &unknown, 1);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");
	enum inbox_outcome outcome;
	struct wire receipt;

	delivery.received.basis = &basis;
	assert_int_equal(inbox_accept(&fixture->kernel, fixture->arena, &delivery, fixture->clock.now_us, &outcome,
				      &receipt, &fixture->err),
			 ERR_CONFLICT);
}

/* How many entries name the record of the wire with TEXT. */
static size_t entries_about(const struct look *look, const char *event, const char *text)
{
	const char *record = NULL;
	size_t count = 0;

	for (size_t i = 0; i < look->wires.count; i++)
		if (bytes_same(look->wires.items[i].octets, bytes_of(text)))
			record = look->wires.items[i].record;
	assert_non_null(record);
	for (size_t i = 0; i < look->journal.count; i++)
		count += same(look->journal.entries[i].event, event) && same(look->journal.entries[i].content, record);
	return count;
}

/* The text is that of message.h; its digest was made with Python's hashlib. */
static void a_record_speaks_of_all_that_belongs_to_a_wire(void **state)
{
	struct basis basis = { .id = "b1" };
	struct wire wire = { .kind = WIRE_RECEIVED, .at_us = 1793588400000000, .digest = "d1", .certificate = "c1" };
	char record[CONTENT_DIGEST_SIZE];

	(void)state;
	wire_record(&wire, "p1", record);
	assert_string_equal(record, "03c67ac6efa0c25a6d340c6046acf7499468078c674b68cf7543f2de55be92f8");
	wire.basis = &basis;
	wire.kind = WIRE_RECEIPT_SENT; /* a receipt has no parts of its own */
	wire_record(&wire, "p1", record);
	assert_string_equal(record, "6bc5aeda2af07b1e3e66f74f2054cc08de5fb2325f4a9af07b7ecb564c577152");
}

static void every_wire_has_an_entry_in_the_journal_that_names_its_digest(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	struct wire sent = fixture_wire(fixture, WIRE_SENT, "what we sent"),
		    refusal = fixture_wire(fixture, WIRE_ERROR_RECEIVED, "not now"),
		    receipt = fixture_wire(fixture, WIRE_RECEIPT_RECEIVED, "we have it");
	struct message_list claimed;

	must(outbox_claim(&fixture->kernel, fixture->arena, "VN", fixture->clock.now_us, MINUTE_US, 1, &claimed,
			  &fixture->err));
	must(outbox_sending(&fixture->kernel, &claimed.items[0], &sent, &fixture->err));
	must(outbox_failed(&fixture->kernel, &claimed.items[0], NULL, FAILED_ON_THE_WAY, "busy", &refusal,
			   fixture->clock.now_us, &fixture->err));
	must(outbox_delivered(&fixture->kernel, &claimed.items[0], &receipt, fixture->clock.now_us, &fixture->err));
	struct look look = looked_at(fixture, message.id);
	assert_int_equal(entries_about(&look, "signed", "what we sent"), 1);
	assert_int_equal(entries_about(&look, "error-received", "not now"), 1);
	assert_int_equal(entries_about(&look, "delivered", "we have it"), 1);

	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m1@vn", "c1", "one");
	struct wire given;
	assert_int_equal(fixture_accept(fixture, &delivery, &given), INBOX_ACCEPTED);
	look = looked_at(fixture, delivery.message.id);
	assert_int_equal(entries_about(&look, "received", "one"), 1);
	assert_int_equal(look.wires.count, 2);
	const struct journal_entry *last = &look.journal.entries[look.journal.count - 1];
	assert_string_equal(last->event, "receipt-sent");
	assert_string_equal(last->content, look.wires.items[1].record);
}

static enum err_code certify_run(struct tx *tx, void *arg, struct err *err)
{
	const struct kernel_fixture *fixture = arg;
	struct partner_certificate certificate = { .partner = "VN",
						   .use = "crl",
						   .fingerprint = "dd44",
						   .der = bytes_of("a list"),
						   .until_us = fixture->clock.now_us };

	TRY(partner_certificate_add(tx, &certificate, &fixture_actor, fixture->clock.now_us, err));
	bool known = false;
	TRY(credential_known(tx, "dd44", &known, err));
	assert_true(known);
	return OK;
}

static void a_partners_certificate_is_kept_for_ever(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(db_write(fixture->kernel.db, certify_run, fixture, &fixture->err));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_signature_was_believed_by_is_kept_with_it),
		cmocka_unit_test(a_credential_that_is_not_kept_cannot_be_named),
		cmocka_unit_test(a_record_speaks_of_all_that_belongs_to_a_wire),
		cmocka_unit_test(every_wire_has_an_entry_in_the_journal_that_names_its_digest),
		cmocka_unit_test(a_partners_certificate_is_kept_for_ever),
	};

	return kernel_run("credential", tests, COUNT(tests), NULL);
}
