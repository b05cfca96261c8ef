/* What is deleted when its term is over, and what never is. The node is TH, the partner VN. Terms: ATIGA OCP rule 31(2)
 * asks for three years from issue; the default is five. Dates of ends are calendar years, counted by hand. */
#include "node.h"

#include "base/clock.h"
#include "kernel/hold.h"
#include "kernel/journal.h"
#include "kernel/retention.h"

static const struct statement parts = { "test.parts", "SELECT count(*) FROM message_part" };
static const struct statement wires = { "test.wires", "SELECT count(*) FROM wire" };
static const struct statement cases = { "test.cases", "SELECT count(*) FROM fsm_case" };
static const struct statement timers = { "test.timers", "SELECT count(*) FROM fsm_timer" };
static const struct statement refusals = { "test.refusals", "SELECT count(*) FROM refusal" };
static const struct statement deletions = {
	"test.deletions", "SELECT count(*) FROM journal WHERE subject_type = 'deletion' AND event = $1"
};

#define VN_FORM_D "VN-TH 26/02/00006"
static const struct actor system_actor = { .name = "system" };

/* Midnight of a day. */
static int64_t at(int year, int month, int day)
{
	return (int64_t)date_of(year, month, day) * DAY_US;
}

/* Walks until there is nothing left to do. Returns how many messages and refusals were deleted. */
static unsigned sweep(struct kernel_fixture *fixture, int64_t now_us)
{
	struct retention_walk walk = { .pause_until_us = 0 };
	unsigned done, all = 0;
	bool more = true;

	for (int i = 0; more; i++) {
		assert_true(i < 1000);
		must(retention_step(&fixture->kernel, &system_actor, now_us, &walk, &done, &more, &fixture->err));
		all += done;
	}
	return all;
}

static struct retention_list due(struct kernel_fixture *fixture, int64_t at_us)
{
	struct retention_list list;

	must(retention_list(&fixture->kernel, fixture->arena, NULL, NULL, at_us, 1000, &list, &fixture->err));
	return list;
}

/* The verdict over the message that carries DOCUMENT; NULL: its term is not over. */
static const char *verdict(struct kernel_fixture *fixture, int64_t at_us, const char *document)
{
	struct retention_list list = due(fixture, at_us);

	for (size_t i = 0; i < list.count; i++)
		if (same(list.items[i].document, document))
			return list.items[i].verdict;
	return NULL;
}

/* The audit finds nothing wrong, and says how much was deleted by rule. */
static void expect_whole(struct kernel_fixture *fixture, int64_t deleted)
{
	struct journal_proof proof;
	struct evidence_proof evidence;
	unsigned sealed;

	for (int pass = 0; pass < 2; pass++) {
		must(journal_verify(&fixture->kernel, &proof, &fixture->err));
		assert_string_equal(proof.reason, "");
		assert_int_equal(proof.broken_sequence, 0);
		assert_int_equal(proof.deletions, deleted);
		must(evidence_verify(&fixture->kernel, &evidence, &fixture->err));
		assert_string_equal(evidence.reason, "");
		assert_string_equal(evidence.broken, "");
		must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 10000, &sealed, &fixture->err));
	}
}

static void deliver(struct kernel_fixture *fixture, const char *id)
{
	struct message message = fixture_message(fixture, id);
	struct wire sent = fixture_wire(fixture, WIRE_SENT, arena_printf(fixture->arena, "--sent %s", id));
	struct wire receipt =
		fixture_wire(fixture, WIRE_RECEIPT_RECEIVED, arena_printf(fixture->arena, "<receipt of=\"%s\"/>", id));

	must(outbox_sending(&fixture->kernel, &message, &sent, &fixture->err));
	must(outbox_delivered(&fixture->kernel, &message, &receipt, fixture->clock.now_us, &fixture->err));
}

/* A certificate of 2 November 2026 from VN, and our response that it was used up (status 14). */
struct pair {
	const char *certificate, *response; /* documents */
	const char *received, *sent;        /* their messages */
};

static const char *response_xml(struct kernel_fixture *fixture)
{
	return arena_printf(
		fixture->arena,
		"<CustomsResponse xmlns=\"urn:lintas:document:customs-response:1\"><FunctionalReferenceID>"
		"TH-R-1</FunctionalReferenceID><IssueDate>2026-11-02</IssueDate><IssueCountryID>TH"
		"</IssueCountryID><ReferencedCertificateOfOrigin><ID>" VN_FORM_D "</ID><IssueDate>2026-11-02"
		"</IssueDate><IssueCountryID>VN</IssueCountryID></ReferencedCertificateOfOrigin><StatusCode>14"
		"</StatusCode><StatusReasonText>Example reason</StatusReasonText></CustomsResponse>");
}

static struct pair certificate_and_response(struct kernel_fixture *fixture)
{
	struct document certificate = arrive(fixture, "m-1@vn", "FORM-D", "TH:customs",
					     sample(fixture->arena, "form-d/good-third-country.xml"));
	struct submitted response = submit(fixture, "customs", response_xml(fixture));

	assert_string_equal(response.codes, "");
	return (struct pair){ certificate.id, response.result.id, certificate.message, response.result.message };
}

static void what_is_settled_goes_when_its_term_is_over_and_the_audit_stays_whole(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct pair pair = certificate_and_response(fixture);

	deliver(fixture, pair.sent);
	assert_int_equal(fixture_int(fixture, &parts, NO_BINDS), 2);
	assert_int_equal(fixture_int(fixture, &wires, NO_BINDS), 4);
	assert_int_equal(due(fixture, at(2031, 11, 1)).count, 0);
	assert_int_equal(sweep(fixture, at(2031, 11, 1)), 0);
	/* The response is about the certificate, and goes first. */
	assert_string_equal(verdict(fixture, at(2031, 11, 3), pair.response), RETENTION_DUE);
	assert_string_equal(verdict(fixture, at(2031, 11, 3), pair.certificate), RETENTION_REFERRED);
	assert_int_equal(sweep(fixture, at(2031, 11, 3)), 2);
	assert_int_equal(fixture_int(fixture, &parts, NO_BINDS), 0);
	assert_int_equal(fixture_int(fixture, &wires, NO_BINDS), 0);
	assert_int_equal(fixture_int(fixture, &cases, NO_BINDS), 0);
	assert_int_equal(fixture_int(fixture, &timers, NO_BINDS), 0);
	assert_int_equal(documents(fixture, (struct document_filter){ 0 }).count, 0);
	assert_int_equal(count_of(fixture, &deletions, "deleted"), 2);
	assert_int_equal(count_of(fixture, &deletions, "document-deleted"), 2);
	expect_whole(fixture, 2);
	assert_int_equal(sweep(fixture, at(2040, 1, 1)), 0);
}

/* The same octets gone, and no entry that says so. */
static void what_somebody_deletes_by_himself_is_still_found(void **state)
{
	static const struct statement removal = { "test.remove", "DELETE FROM wire WHERE message = $1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct pair pair = certificate_and_response(fixture);
	struct evidence_proof evidence;

	fixture_exec(fixture, &removal, BINDS(BIND_TEXT(pair.received)));
	must(evidence_verify(&fixture->kernel, &evidence, &fixture->err));
	assert_string_equal(evidence.broken, pair.received);
	assert_non_null(strstr(evidence.reason, "are gone"));
}

static void what_is_not_at_its_end_stays(void **state)
{
	static const struct retention_rule rules[] = { { "FORM-D", NULL, { .days = 200 } } };
	static const struct retention retention = { .rules = rules, .count = COUNT(rules) };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct document certificate = arrive(fixture, "m-1@vn", "FORM-D", "TH:customs",
					     sample(fixture->arena, "form-d/good-third-country.xml"));
	struct submitted sent = submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));

	fixture->kernel.retention = &retention;
	assert_string_equal(verdict(fixture, at(2027, 11, 1), certificate.id), RETENTION_OPEN);
	assert_string_equal(verdict(fixture, at(2050, 1, 1), sent.result.id), RETENTION_UNSETTLED);
	assert_int_equal(sweep(fixture, at(2027, 11, 1)), 0);
	assert_int_equal(fixture_int(fixture, &parts, NO_BINDS), 2);
}

/* ATIGA OCP rule 14: it is valid for twelve months; nobody used, refused or even looked at it. */
static void a_certificate_that_nobody_used_goes_when_its_term_is_over(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct document certificate = arrive(fixture, "m-1@vn", "FORM-D", "TH:customs",
					     sample(fixture->arena, "form-d/good-third-country.xml"));

	assert_string_equal(certificate.state, "received");
	assert_null(verdict(fixture, at(2031, 11, 1), certificate.id));
	assert_string_equal(verdict(fixture, at(2031, 11, 3), certificate.id), RETENTION_DUE);
	assert_int_equal(sweep(fixture, at(2031, 11, 3)), 1);
	expect_whole(fixture, 1);
}

/* A file of a drop folder stays known by its name and digest, so that it is never taken twice. */
static void a_document_that_came_by_a_drop_folder_goes_like_any(void **state)
{
	static const struct statement file = {
		"test.file", "INSERT INTO drop_file (id, organisation, folder, name, digest, taken_us)"
			     " VALUES ('f', 'customs', '', 'r.xml', 'aa', 1)"
	};
	static const struct statement document = {
		"test.document", "INSERT INTO drop_document (file, number, document) VALUES ('f', 1, $1)"
	};
	static const struct statement files = { "test.files", "SELECT count(*) FROM drop_file" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct pair pair = certificate_and_response(fixture);

	deliver(fixture, pair.sent);
	fixture_exec(fixture, &file, NO_BINDS);
	fixture_exec(fixture, &document, BINDS(BIND_TEXT(pair.response)));
	assert_int_equal(sweep(fixture, at(2031, 11, 3)), 2);
	assert_int_equal(fixture_int(fixture, &files, NO_BINDS), 1);
	expect_whole(fixture, 2);
}

/* --- Holds --- */

struct holding {
	struct kernel_fixture *fixture;
	struct hold hold;
	const char *lift;
	enum err_code expected;
};

static enum err_code hold_run(struct tx *tx, void *arg, struct err *err)
{
	struct holding *h = arg;
	struct kernel_fixture *fixture = h->fixture;
	struct actor operator= { .name = "operator" };

	if (!h->lift)
		return hold_put(tx, fixture->arena, &h->hold, &operator, fixture->clock.now_us, err);
	return hold_lift(tx, fixture->arena, h->lift, &operator, fixture->clock.now_us, &h->hold, err);
}

static const char *place(struct kernel_fixture *fixture, const char *kind, const char *subject, int64_t until_us)
{
	struct holding h = { .fixture = fixture,
			     .hold = { .kind = kind, .subject = subject, .reason = "court", .until_us = until_us } };

	must(db_write(fixture->kernel.db, hold_run, &h, &fixture->err));
	return h.hold.id;
}

static void lift(struct kernel_fixture *fixture, const char *id)
{
	struct holding h = { .fixture = fixture, .lift = id };

	must(db_write(fixture->kernel.db, hold_run, &h, &fixture->err));
	assert_int_equal(db_write(fixture->kernel.db, hold_run, &h, &fixture->err), ERR_CONFLICT);
}

static void what_is_held_stays_until_it_is_lifted(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct pair pair = certificate_and_response(fixture);
	const struct {
		const char *kind, *subject;
	} rows[] = {
		{ HOLD_DOCUMENT, pair.certificate }, /* and what is about it */
		{ HOLD_PARTNER, "VN" },
		{ HOLD_ORGANISATION, "customs" },
	};

	deliver(fixture, pair.sent);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *id = place(fixture, rows[i].kind, rows[i].subject, TIME_NONE);
		assert_string_equal(verdict(fixture, at(2032, 1, 1), pair.response), RETENTION_HELD);
		assert_int_equal(sweep(fixture, at(2032, 1, 1)), 0);
		lift(fixture, id);
	}
	place(fixture, HOLD_PARTNER, "MY", TIME_NONE);
	place(fixture, HOLD_ORGANISATION, "dft", TIME_NONE);
	assert_int_equal(sweep(fixture, at(2032, 1, 1)), 2);
	expect_whole(fixture, 2);
}

static void a_hold_with_an_end_ends_by_itself(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct pair pair = certificate_and_response(fixture);

	deliver(fixture, pair.sent);
	place(fixture, HOLD_DOCUMENT, pair.certificate, at(2033, 6, 1));
	assert_int_equal(sweep(fixture, at(2033, 5, 31)), 0);
	assert_int_equal(sweep(fixture, at(2033, 6, 1)), 2);
}

/* --- Terms --- */

static void an_organisation_s_own_term_counts_for_it_alone(void **state)
{
	static const struct retention_rule rules[] = { { "CUSTOMS-RESPONSE", NULL, { .years = 4 } },
						       { "CUSTOMS-RESPONSE", "customs", { .years = 7 } },
						       { "FORM-D", "dft", { .years = 3 } } };
	static const struct retention retention = { .rules = rules, .count = COUNT(rules) };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct retention_answer answer;
	struct pair pair;

	fixture->kernel.retention = &retention;
	pair = certificate_and_response(fixture);
	deliver(fixture, pair.sent);
	assert_null(verdict(fixture, at(2033, 11, 1), pair.response));
	assert_string_equal(verdict(fixture, at(2033, 11, 3), pair.response), RETENTION_DUE);
	answer = retention_term_of(&fixture->kernel, "CUSTOMS-RESPONSE", "dft");
	assert_int_equal(answer.term.years, 4);
	answer = retention_term_of(&fixture->kernel, "FORM-D", "customs");
	assert_int_equal(answer.term.years, 5);
	assert_non_null(strstr(answer.law, "rule 31(2)"));
}

/* 29 February 2028 + 5 years is 28 February 2033: calendar years, as an authority counts them. */
static void years_are_calendar_years(void **state)
{
	(void)state;
	assert_int_equal(retention_end_us(at(2028, 2, 29), (struct retention_term){ .years = 5 }), at(2033, 2, 28));
	assert_int_equal(retention_end_us(at(2026, 11, 2), (struct retention_term){ .years = 1, .days = 30 }),
			 at(2027, 12, 2));
}

static void a_term_is_years_and_days(void **state)
{
	static const char *const wrong[] = { "",    "5",   "y",    "0y",   "0d",   "5m",   "5y ",
					     " 5y", "-1y", "5d5y", "101y", "5y5y", "1e1y", "999999d" };
	struct retention_term term = { 7, 7 };
	char text[RETENTION_TERM_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(retention_term_parse(wrong[i], &term));
	assert_int_equal(term.years, 7);
	assert_true(retention_term_parse("1y30d", &term));
	assert_int_equal(term.years, 1);
	assert_int_equal(term.days, 30);
	assert_string_equal(retention_term_format(term, text), "1y30d");
	assert_true(retention_term_parse("90d", &term));
	assert_string_equal(retention_term_format(term, text), "90d");
}

/* --- Archives, duplicates, refusals --- */

struct noting {
	struct kernel_fixture *fixture;
	struct retention_volume volume;
};

static enum err_code note_run(struct tx *tx, void *arg, struct err *err)
{
	struct noting *n = arg;

	return retention_note_volume(tx, n->fixture->arena, &n->volume, &system_actor, n->fixture->clock.now_us, err);
}

static void nothing_goes_that_is_in_no_archive_where_that_is_asked_for(void **state)
{
	static const struct retention retention = { .archived_first = true };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct pair pair = certificate_and_response(fixture);
	struct retention_archived items[] = { { pair.sent, "aa", at(2031, 12, 1) },
					      { pair.received, "bb", at(2031, 12, 1) } };
	struct noting n = { fixture, { .archive = "a", .digest = "d", .number = 1, .items = items, .count = 2 } };

	fixture->kernel.retention = &retention;
	deliver(fixture, pair.sent);
	assert_string_equal(verdict(fixture, at(2032, 1, 1), pair.response), RETENTION_UNARCHIVED);
	assert_int_equal(sweep(fixture, at(2032, 1, 1)), 0);
	must(db_write(fixture->kernel.db, note_run, &n, &fixture->err));
	must(db_write(fixture->kernel.db, note_run, &n, &fixture->err)); /* as after a crash: nothing twice */
	assert_int_equal(fixture_int(fixture,
				     &(const struct statement){
					     "test.archived", "SELECT count(*) FROM journal WHERE event = 'archived'" },
				     NO_BINDS),
			 2);
	assert_int_equal(sweep(fixture, at(2032, 1, 1)), 2);
	expect_whole(fixture, 2);
}

/* What went over the wire after the archive was written is not in it. */
static void what_came_after_the_archive_keeps_a_message(void **state)
{
	static const struct retention retention = { .archived_first = true };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct pair pair = certificate_and_response(fixture);
	struct retention_archived item = { pair.sent, "aa", FIXTURE_NOW_US - 1 };
	struct noting n = { fixture, { .archive = "a", .digest = "d", .number = 1, .items = &item, .count = 1 } };

	fixture->kernel.retention = &retention;
	deliver(fixture, pair.sent);
	must(db_write(fixture->kernel.db, note_run, &n, &fixture->err));
	assert_string_equal(verdict(fixture, at(2032, 1, 1), pair.response), RETENTION_UNARCHIVED);
}

static void a_duplicate_of_what_was_deleted_is_known_and_not_taken_again(void **state)
{
	static const struct statement messages = { "test.messages",
						   "SELECT count(*) FROM message WHERE direction = 'in'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct pair pair = certificate_and_response(fixture);
	struct inbox_delivery again;

	deliver(fixture, pair.sent);
	assert_int_equal(sweep(fixture, at(2032, 1, 1)), 2);
	fixture->clock.now_us = at(2032, 1, 2);
	again = fixture_delivery(fixture, "VN", "m-1@vn", "m-1@vn",
				 sample(fixture->arena, "form-d/good-third-country.xml"));
	assert_int_equal(fixture_accept(fixture, &again, NULL), INBOX_TOO_OLD);
	again = fixture_delivery(fixture, "VN", "m-1@vn", "m-1@vn", "<other/>");
	assert_int_equal(fixture_accept(fixture, &again, NULL), INBOX_ALTERED);
	assert_int_equal(fixture_int(fixture, &messages, NO_BINDS), 1);
	expect_whole(fixture, 2);
}

static void refusals_go_after_their_term_but_not_those_of_a_held_partner(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct wire garbage = fixture_wire(fixture, WIRE_RECEIVED, "garbage");
	struct wire error = fixture_wire(fixture, WIRE_ERROR_SENT, "EBMS:0009");
	const char *hold;

	for (int i = 0; i < 40; i++)
		must(inbox_refused(&fixture->kernel, "VN", arena_printf(fixture->arena, "r-%d@vn", i),
				   &(struct refused_for){ .rule = "EBMS:0009", .text = "as it is" }, &garbage, &error,
				   fixture->clock.now_us, &fixture->err));
	assert_int_equal(sweep(fixture, at(2027, 11, 1)), 0);
	hold = place(fixture, HOLD_PARTNER, "VN", TIME_NONE);
	assert_int_equal(sweep(fixture, at(2027, 11, 4)), 0);
	lift(fixture, hold);
	assert_int_equal(sweep(fixture, at(2027, 11, 4)), 40);
	assert_int_equal(fixture_int(fixture, &refusals, NO_BINDS), 0);
	assert_int_equal(fixture_int(fixture, &wires, NO_BINDS), 0);
	expect_whole(fixture, 40);
}

/* Those of a held partner do not stand before those of others. */
static void a_held_partner_s_refusals_keep_no_other_s(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct wire garbage = fixture_wire(fixture, WIRE_RECEIVED, "garbage");
	struct wire error = fixture_wire(fixture, WIRE_ERROR_SENT, "EBMS:0009");
	struct holding by_customs = { .fixture = fixture,
				      .hold = { .kind = HOLD_PARTNER,
						.subject = "VN",
						.organisation = "customs",
						.reason = "court",
						.until_us = TIME_NONE } };

	for (int i = 0; i < 40; i++)
		must(inbox_refused(&fixture->kernel, i < 30 ? "VN" : "MY", arena_printf(fixture->arena, "r-%d@vn", i),
				   &(struct refused_for){ .rule = "EBMS:0009", .text = "as it is" }, &garbage, &error,
				   fixture->clock.now_us, &fixture->err));
	must(db_write(fixture->kernel.db, hold_run, &by_customs, &fixture->err));
	assert_int_equal(sweep(fixture, at(2027, 11, 4)), 10);
	assert_int_equal(fixture_int(fixture, &refusals, NO_BINDS), 30);
	expect_whole(fixture, 10);
}

/* There may be one every ten minutes: they go soon, and into no archive. */
static void pings_go_after_three_months_without_an_archive(void **state)
{
	static const struct retention retention = { .archived_first = true, .least_us = 60 * DAY_US };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message ping = fixture_put(fixture, "VN", NULL, NULL);

	fixture_exec(
		fixture,
		&(const struct statement){ "test.ping", "UPDATE message SET test = 1, action = 'ping' WHERE id = $1" },
		BINDS(BIND_TEXT(ping.id)));
	deliver(fixture, ping.id);
	fixture->kernel.retention = &retention;
	assert_int_equal(sweep(fixture, FIXTURE_NOW_US + 89 * DAY_US), 0);
	assert_string_equal(due(fixture, FIXTURE_NOW_US + 91 * DAY_US).items[0].type, RETENTION_PING);
	assert_int_equal(sweep(fixture, FIXTURE_NOW_US + 91 * DAY_US), 1);
	expect_whole(fixture, 1);
}

/* A partner that sends again must get its receipt, whatever the terms are. */
static void nothing_goes_while_a_duplicate_would_get_its_receipt(void **state)
{
	static const struct retention retention = { .least_us = 3650 * DAY_US };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct message message = fixture_put(fixture, "VN", NULL, NULL);

	deliver(fixture, message.id);
	fixture->kernel.retention = &retention;
	assert_int_equal(sweep(fixture, FIXTURE_NOW_US + 3649 * DAY_US), 0);
	assert_int_equal(sweep(fixture, FIXTURE_NOW_US + 3651 * DAY_US), 1);
}

/* More than a step looks at, and more than it deletes. */
static void a_long_walk_goes_in_bounded_steps(void **state)
{
	static const struct statement kept = { "test.kept", "SELECT count(*) FROM message WHERE deleted_us IS NULL" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct retention_walk walk = { .pause_until_us = 0 };
	unsigned done;
	bool more;

	for (int i = 0; i < 50; i++) {
		struct message message = fixture_put(fixture, i % 2 ? "VN" : "MY", NULL, NULL);
		deliver(fixture, message.id);
	}
	must(retention_step(&fixture->kernel, &system_actor, at(2032, 1, 1), &walk, &done, &more, &fixture->err));
	assert_int_equal(done, 16);
	assert_true(more);
	assert_int_equal(sweep(fixture, at(2032, 1, 1)), 34);
	assert_int_equal(fixture_int(fixture, &kept, NO_BINDS), 0);
	must(retention_step(&fixture->kernel, &system_actor, at(2032, 1, 1), &walk, &done, &more, &fixture->err));
	expect_whole(fixture, 50);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_settled_goes_when_its_term_is_over_and_the_audit_stays_whole),
		cmocka_unit_test(what_somebody_deletes_by_himself_is_still_found),
		cmocka_unit_test(what_is_not_at_its_end_stays),
		cmocka_unit_test(what_is_held_stays_until_it_is_lifted),
		cmocka_unit_test(a_hold_with_an_end_ends_by_itself),
		cmocka_unit_test(an_organisation_s_own_term_counts_for_it_alone),
		cmocka_unit_test(years_are_calendar_years),
		cmocka_unit_test(a_term_is_years_and_days),
		cmocka_unit_test(nothing_goes_that_is_in_no_archive_where_that_is_asked_for),
		cmocka_unit_test(what_came_after_the_archive_keeps_a_message),
		cmocka_unit_test(a_duplicate_of_what_was_deleted_is_known_and_not_taken_again),
		cmocka_unit_test(refusals_go_after_their_term_but_not_those_of_a_held_partner),
		cmocka_unit_test(a_certificate_that_nobody_used_goes_when_its_term_is_over),
		cmocka_unit_test(a_document_that_came_by_a_drop_folder_goes_like_any),
		cmocka_unit_test(a_held_partner_s_refusals_keep_no_other_s),
		cmocka_unit_test(pings_go_after_three_months_without_an_archive),
		cmocka_unit_test(nothing_goes_while_a_duplicate_would_get_its_receipt),
		cmocka_unit_test(a_long_walk_goes_in_bounded_steps),
	};

	return kernel_run("retention", tests, COUNT(tests), customs_capabilities);
}
