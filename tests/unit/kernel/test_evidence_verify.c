/* Tampering with what was exchanged, each by somebody who can write the database. The journal stays whole; that is
 * test_journal.c's. */
#include "fixture.h"

#include "kernel/journal.h"
#include "kernel/message.h"

static const char *const exchanged[] = {
	"<in/>", "<given/>", "--out", "EBMS:0004", "<receipt/>", "garbage", "EBMS:0009"
};

/* One message in, one out, one refused. */
static void exchange(struct kernel_fixture *fixture)
{
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m1@vn", "c1", "<in/>");
	struct wire given = fixture_wire(fixture, WIRE_RECEIPT_SENT, "<given/>");
	struct wire sent = fixture_wire(fixture, WIRE_SENT, "--out");
	struct wire error = fixture_wire(fixture, WIRE_ERROR_RECEIVED, "EBMS:0004");
	struct wire receipt = fixture_wire(fixture, WIRE_RECEIPT_RECEIVED, "<receipt/>");
	struct wire garbage = fixture_wire(fixture, WIRE_RECEIVED, "garbage");
	struct wire refusal = fixture_wire(fixture, WIRE_ERROR_SENT, "EBMS:0009");
	struct message message = fixture_put(fixture, "MY", NULL, NULL);

	delivery.receipt = given;
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	must(outbox_sending(&fixture->kernel, &message, &sent, &fixture->err));
	message = fixture_message(fixture, message.id);
	must(outbox_failed(&fixture->kernel, &message, &retry_policy_default, FAILED_ON_THE_WAY, "busy", &error,
			   fixture->clock.now_us, &fixture->err));
	must(outbox_delivered(&fixture->kernel, &message, &receipt, fixture->clock.now_us, &fixture->err));
	must(inbox_refused(&fixture->kernel, "VN", "m2@vn",
			   &(struct refused_for){ .rule = "EBMS:0009", .text = "as it is" }, &garbage, &refusal,
			   fixture->clock.now_us, &fixture->err));
}

static void seal(struct kernel_fixture *fixture)
{
	unsigned sealed;

	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 10000, &sealed, &fixture->err));
	assert_true(sealed > 0);
}

static struct evidence_proof verify(struct kernel_fixture *fixture)
{
	struct evidence_proof proof;

	must(evidence_verify(&fixture->kernel, &proof, &fixture->err));
	return proof;
}

static void expect_whole(struct kernel_fixture *fixture, int64_t wires)
{
	struct evidence_proof proof = verify(fixture);

	assert_string_equal(proof.reason, "");
	assert_string_equal(proof.broken, "");
	assert_int_equal(proof.wires, wires);
}

static void expect_broken(struct kernel_fixture *fixture, const char *reason)
{
	struct evidence_proof proof = verify(fixture);
	struct journal_proof journal;

	assert_true(strlen(proof.broken) > 0);
	if (!strstr(proof.reason, reason))
		fail_msg("\"%s\" does not say \"%s\"", proof.reason, reason);
	must(journal_verify(&fixture->kernel, &journal, &fixture->err));
	assert_int_equal(journal.broken_sequence, 0);
}

static void what_was_exchanged_is_what_the_journal_names(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	expect_whole(fixture, 0);
	exchange(fixture);
	expect_whole(fixture, COUNT(exchanged));
	seal(fixture);
	expect_whole(fixture, COUNT(exchanged));
}

static void altered_octets_of_any_wire_are_found(void **state)
{
	static const struct statement alter = { "test.octets", "UPDATE wire SET octets = $2 WHERE octets = $1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct bytes abc = bytes_of("abc");

	exchange(fixture);
	for (size_t i = 0; i < COUNT(exchanged); i++) {
		struct bytes octets = bytes_of(exchanged[i]);
		fixture_exec(fixture, &alter, BINDS(BIND_BLOB(octets), BIND_BLOB(abc)));
		expect_broken(fixture, "its octets have another digest");
		fixture_exec(fixture, &alter, BINDS(BIND_BLOB(abc), BIND_BLOB(octets)));
	}
	expect_whole(fixture, COUNT(exchanged));
}

/* The digest beside the octets fits them again: SHA-256("abc") of FIPS 180-2, B.1. */
static void altered_octets_with_their_digest_are_found(void **state)
{
	static const struct statement alter = { "test.both",
						"UPDATE wire SET octets = $2, digest = $3 WHERE octets = $1" };
	static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	exchange(fixture);
	seal(fixture);
	for (size_t i = COUNT(exchanged); i-- > 0;) {
		struct bytes octets = bytes_of(exchanged[i]);
		char original[CONTENT_DIGEST_SIZE];
		content_digest(octets, original);
		fixture_exec(fixture, &alter, BINDS(BIND_BLOB(octets), BIND_BLOB(bytes_of("abc")), BIND_TEXT(abc)));
		expect_broken(fixture, "its kind, time, signer, basis or payloads");
		fixture_exec(fixture, &alter,
			     BINDS(BIND_BLOB(bytes_of("abc")), BIND_BLOB(octets), BIND_TEXT(original)));
	}
	expect_whole(fixture, COUNT(exchanged));
}

static void an_altered_digest_of_a_wire_is_found(void **state)
{
	static const struct statement alter = { "test.digest", "UPDATE wire SET digest = '00' WHERE kind = 'sent'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	exchange(fixture);
	fixture_exec(fixture, &alter, NO_BINDS);
	expect_broken(fixture, "another digest");
}

/* Whoever alters the record with it is found by the journal, which names the old one. */
static void all_that_belongs_to_a_wire_is_proved(void **state)
{
	static const struct statement keep = { "test.keep", "CREATE TABLE kept AS SELECT * FROM wire" };
	static const struct statement restore = {
		"test.restore", "UPDATE wire SET kind = kept.kind, at_us = kept.at_us, certificate = kept.certificate,"
				" basis = kept.basis, record = kept.record FROM kept WHERE kept.id = wire.id"
	};
	static const struct statement alterations[] = {
		{ "test.kind", "UPDATE wire SET kind = 'received' WHERE kind = 'receipt-sent'" },
		{ "test.at", "UPDATE wire SET at_us = at_us + 1 WHERE kind = 'receipt-received'" },
		{ "test.signer", "UPDATE wire SET certificate = 'bb' WHERE kind = 'receipt-received'" },
		{ "test.no-signer", "UPDATE wire SET certificate = NULL WHERE kind = 'sent'" },
		{ "test.basis", "UPDATE wire SET basis = 'another' WHERE kind = 'receipt-received'" },
		{ "test.record", "UPDATE wire SET record = digest WHERE kind = 'receipt-received'" },
		/* Not restored. */
		{ "test.parts", "UPDATE message_part SET octets = CAST(content_id AS {blob})" },
		{ "test.no-parts", "DELETE FROM message_part" },
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	exchange(fixture);
	fixture_exec(fixture, &keep, NO_BINDS);
	for (size_t i = 0; i < COUNT(alterations); i++) {
		fixture_exec(fixture, &alterations[i], NO_BINDS);
		expect_broken(fixture, "its kind, time, signer, basis or payloads");
		fixture_exec(fixture, &restore, NO_BINDS);
	}
}

static void an_altered_certificate_or_list_is_found(void **state)
{
	static const struct statement credential = {
		"test.credential", "INSERT INTO credential (fingerprint, kind, der, since_us) VALUES ($1, 'crl', $2, 0)"
	};
	static const struct statement basis = { "test.basis-put",
						"INSERT INTO basis (id, number, credential) VALUES ($1, 1, $2)" };
	static const struct statement alter = { "test.der", "UPDATE credential SET der = $1" };
	static const struct statement remove = { "test.basis-gone", "UPDATE basis SET id = 'another'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct bytes der = bytes_of("a list"), other = bytes_of("another");
	char fingerprint[CONTENT_DIGEST_SIZE];

	content_digest(der, fingerprint);
	struct credential item = { "crl", fingerprint, der };
	fixture_exec(fixture, &credential, BINDS(BIND_TEXT(fingerprint), BIND_BLOB(der)));
	fixture_exec(fixture, &basis, BINDS(BIND_TEXT(basis_id(fixture->arena, &item, 1)), BIND_TEXT(fingerprint)));
	expect_whole(fixture, 0);
	fixture_exec(fixture, &alter, BINDS(BIND_BLOB(other)));
	expect_broken(fixture, fingerprint);
	fixture_exec(fixture, &alter, BINDS(BIND_BLOB(der)));
	fixture_exec(fixture, &remove, NO_BINDS);
	expect_broken(fixture, "its certificates and lists are others");
}

static void a_removed_wire_of_a_message_is_found(void **state)
{
	static const struct statement removal = { "test.remove", "DELETE FROM wire WHERE kind = 'receipt-received'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	exchange(fixture);
	fixture_exec(fixture, &removal, NO_BINDS);
	expect_broken(fixture, "\"delivered\" are gone");
	seal(fixture);
	expect_broken(fixture, "\"delivered\" are gone");
}

static void a_wire_moved_to_another_message_is_found(void **state)
{
	static const struct statement move = {
		"test.move",
		"UPDATE wire SET message = (SELECT id FROM message WHERE direction = 'in') WHERE kind = 'sent'"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	exchange(fixture);
	fixture_exec(fixture, &move, NO_BINDS);
	expect_broken(fixture, "its kind, time, signer, basis or payloads");
}

static void a_wire_that_was_never_exchanged_is_found(void **state)
{
	static const struct statement insertion = {
		"test.insert",
		"INSERT INTO wire (id, message, partner, kind, at_us, content_type, octets, digest, record,"
		" certificate) SELECT 'forged', message, partner, 'received', at_us, content_type, octets, digest,"
		" digest, certificate FROM wire"
		" WHERE kind = 'sent'"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	exchange(fixture);
	fixture_exec(fixture, &insertion, NO_BINDS);
	expect_broken(fixture, "was altered");
	assert_string_equal(verify(fixture).broken, "forged");
}

static void a_removed_refusal_is_found_by_its_wires(void **state)
{
	static const struct statement removal = { "test.refusal", "DELETE FROM refusal" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	exchange(fixture);
	fixture_exec(fixture, &removal, NO_BINDS);
	expect_broken(fixture, "no entry of the journal names it");
}

/* Beyond REFUSAL_BYTES_KEPT_A_DAY a refusal keeps no octets, and its entries still name them. */
static void octets_of_a_refusal_that_were_not_kept_are_not_missed(void **state)
{
	static const struct statement used = { "test.used", "UPDATE refusal_day SET bytes = $1" };
	static const struct statement named = {
		"test.named", "SELECT count(*) FROM journal WHERE subject_type = 'refusal' AND content IS NOT NULL"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct wire garbage = fixture_wire(fixture, WIRE_RECEIVED, "more garbage");

	exchange(fixture);
	fixture_exec(fixture, &used, BINDS(BIND_INT(REFUSAL_BYTES_KEPT_A_DAY)));
	must(inbox_refused(&fixture->kernel, "VN", "m3@vn",
			   &(struct refused_for){ .rule = "EBMS:0009", .text = "as it is" }, &garbage, NULL,
			   fixture->clock.now_us, &fixture->err));
	assert_int_equal(fixture_int(fixture, &named, NO_BINDS), 3);
	expect_whole(fixture, COUNT(exchanged));
}

/* Ids by which the walk would skip a wire, or not come to its end. */
static void ids_that_no_node_gives_do_not_hide_a_wire(void **state)
{
	static const struct statement rename = { "test.rename", "UPDATE wire SET id = $1 WHERE kind = 'sent'" };
	static const struct statement alter = { "test.alter", "UPDATE wire SET octets = $1 WHERE kind = 'sent'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	exchange(fixture);
	fixture_exec(fixture, &rename, BINDS(BIND_TEXT("0123456789012345678901234567890123456789")));
	expect_broken(fixture, "is no id");
	fixture_exec(fixture, &rename, BINDS(BIND_TEXT("")));
	expect_whole(fixture, COUNT(exchanged));
	fixture_exec(fixture, &alter, BINDS(BIND_BLOB(bytes_of("abc"))));
	expect_broken(fixture, "another digest");
}

/* More wires and entries than one transaction looks at. */
static void the_last_of_many_is_looked_at_too(void **state)
{
	enum { MANY = 520 };
	static const struct statement removal = { "test.last",
						  "DELETE FROM wire WHERE id = (SELECT max(id) FROM wire)" };
	static const struct statement alter = { "test.alter-last",
						"UPDATE wire SET octets = $1 WHERE id = (SELECT max(id) FROM wire)" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	for (int i = 0; i < MANY; i++) {
		const char *id = arena_printf(fixture->arena, "m%d@vn", i);
		struct inbox_delivery delivery = fixture_delivery(fixture, "VN", id, id, id);
		assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	}
	expect_whole(fixture, 2 * MANY);
	fixture_exec(fixture, &removal, NO_BINDS);
	expect_broken(fixture, "are gone");
	seal(fixture);
	expect_broken(fixture, "are gone");
	fixture_exec(fixture, &alter, BINDS(BIND_BLOB(bytes_of("abc"))));
	expect_broken(fixture, "another digest");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_exchanged_is_what_the_journal_names),
		cmocka_unit_test(altered_octets_of_any_wire_are_found),
		cmocka_unit_test(altered_octets_with_their_digest_are_found),
		cmocka_unit_test(an_altered_digest_of_a_wire_is_found),
		cmocka_unit_test(all_that_belongs_to_a_wire_is_proved),
		cmocka_unit_test(an_altered_certificate_or_list_is_found),
		cmocka_unit_test(a_removed_wire_of_a_message_is_found),
		cmocka_unit_test(a_wire_moved_to_another_message_is_found),
		cmocka_unit_test(a_wire_that_was_never_exchanged_is_found),
		cmocka_unit_test(a_removed_refusal_is_found_by_its_wires),
		cmocka_unit_test(octets_of_a_refusal_that_were_not_kept_are_not_missed),
		cmocka_unit_test(ids_that_no_node_gives_do_not_hide_a_wire),
		cmocka_unit_test(the_last_of_many_is_looked_at_too),
	};
	return kernel_run("evidence_verify", tests, COUNT(tests), NULL);
}
