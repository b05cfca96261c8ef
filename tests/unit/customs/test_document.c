/* Submitting, finding and seeing documents. The node is TH, with the organisations customs and dft. */
#include "node.h"

static const struct statement queued = { "test.queued",
					 "SELECT count(*) FROM message WHERE state = 'queued' AND action = $1" };
static const struct statement rows = { "test.documents", "SELECT count(*) FROM document WHERE doctype = $1" };

static void a_document_is_kept_sent_and_has_a_case(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct submitted sent = submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	struct document document = document_called(fixture, "D2026-0045678");
	struct message message = fixture_message(fixture, sent.result.message);

	assert_string_equal(sent.codes, "");
	assert_string_equal(document.id, sent.result.id);
	assert_string_equal(document.state, "submitted");
	assert_string_equal(document.machine, "form-d.sent");
	assert_string_equal(document.issuer_state, "TH");
	assert_int_equal(document.issued_on, date_of(2026, 11, 2));
	assert_string_equal(message.document, document.id);
	assert_string_equal(message.action, "FORM-D");
	assert_string_equal(message.service, DOCUMENT_SERVICE);
	assert_string_equal(message.original_sender, "TH:dft");
	assert_string_equal(message.final_recipient, "VN:customs");
}

struct reading {
	struct arena *arena;
	struct document document;
	struct bytes original;
};

static enum err_code original_run(struct tx *tx, void *arg, struct err *err)
{
	struct reading *reading = arg;

	return document_original(tx, reading->arena, &reading->document, &reading->original, err);
}

static struct bytes original_of(struct kernel_fixture *fixture, const char *reference)
{
	struct reading reading = { .arena = fixture->arena, .document = document_called(fixture, reference) };

	must(db_read(fixture->kernel.db, original_run, &reading, &fixture->err));
	return reading.original;
}

/* OCP rule 26(1): what has legal effect is what was submitted, to the last blank. */
static void xml_is_kept_byte_for_byte(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");

	submit(fixture, "dft", text);
	assert_true(bytes_same(original_of(fixture, "D2026-0045678"), bytes_of(text)));
}

static void json_becomes_canonical_xml(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *json =
		"{\"reference\":\"C-1\",\"issueDate\":\"2026-11-02\",\"issuingCountry\":\"TH\",\"importingCountry\":\"VN\","
		"\"certificate\":{\"reference\":\"D2026-0045678\",\"issueDate\":\"2026-11-02\"},\"reason\":\"called off\"}";

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	assert_string_equal(submit_as(fixture, "dft", NULL, NULL, json, false).codes, "DOC-017");
	assert_string_equal(submit_as(fixture, "dft", "CANCELLATION", NULL, json, false).codes, "");
	assert_true(bytes_same(
		original_of(fixture, "C-1"),
		bytes_of("<Cancellation xmlns=\"urn:lintas:document:cancellation:1\">"
			 "<FunctionalReferenceID>C-1</FunctionalReferenceID><IssueDate>2026-11-02</IssueDate>"
			 "<IssueCountryID>TH</IssueCountryID><ImportCountryID>VN</ImportCountryID>"
			 "<ReferencedCertificateOfOrigin><ID>D2026-0045678</ID><IssueDate>2026-11-02</IssueDate>"
			 "</ReferencedCertificateOfOrigin><ChangeReasonText>called off</ChangeReasonText>"
			 "</Cancellation>")));
	assert_string_equal(document_called(fixture, "D2026-0045678").state, "cancelled");
}

static void the_same_bytes_are_the_same_document(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");
	struct submitted first = submit(fixture, "dft", text), again = submit(fixture, "dft", text);

	assert_false(first.result.repeated);
	assert_true(again.result.repeated);
	assert_string_equal(again.result.id, first.result.id);
	assert_int_equal(count_of(fixture, &queued, "FORM-D"), 1);
}

static void what_was_abandoned_is_sent_when_it_is_submitted_again(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");
	struct submitted first = submit(fixture, "dft", text);
	struct findings *findings = findings_new(fixture->arena);
	static const char *const decisions[] = { "hold", "abandon" };

	for (size_t i = 0; i < COUNT(decisions); i++)
		must(outbox_decide(&fixture->kernel, first.result.message, decisions[i], &fixture_actor,
				   fixture->clock.now_us, findings, &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	assert_string_equal(document_called(fixture, "D2026-0045678").state, "abandoned");
	struct submitted again = submit(fixture, "dft", text), third = submit(fixture, "dft", text);
	assert_false(again.result.repeated);
	assert_string_equal(again.result.id, first.result.id);
	assert_string_not_equal(again.result.message, first.result.message);
	assert_true(third.result.repeated);
	assert_string_equal(document_called(fixture, "D2026-0045678").state, "submitted");
	assert_string_equal(third.result.message, again.result.message);
	assert_int_equal(count_of(fixture, &queued, "FORM-D"), 1);
	assert_true(bytes_same(original_of(fixture, "D2026-0045678"), bytes_of(text)));
	struct message message = fixture_message(fixture, again.result.message);
	must(outbox_delivered(&fixture->kernel, &message, &(struct wire){ .kind = WIRE_RECEIPT_RECEIVED },
			      fixture->clock.now_us, &fixture->err));
	assert_string_equal(document_called(fixture, "D2026-0045678").state, "transmitted");
}

/* The partner had it, and said so when nobody waited for it any more. */
static void a_receipt_that_comes_after_all_shows_that_the_document_arrived(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct findings *findings = findings_new(fixture->arena);
	static const char *const decisions[] = { "hold", "abandon" };
	struct submitted sent = submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));

	for (size_t i = 0; i < COUNT(decisions); i++)
		must(outbox_decide(&fixture->kernel, sent.result.message, decisions[i], &fixture_actor,
				   fixture->clock.now_us, findings, &fixture->err));
	struct message message = fixture_message(fixture, sent.result.message);
	must(outbox_delivered(&fixture->kernel, &message, &(struct wire){ .kind = WIRE_RECEIPT_RECEIVED },
			      fixture->clock.now_us, &fixture->err));
	assert_string_equal(fixture_message(fixture, sent.result.message).state, "abandoned");
	assert_string_equal(document_called(fixture, "D2026-0045678").state, "transmitted");
}

/* OCP rule 29(4): an alteration is a new certificate. */
static void another_content_needs_another_reference(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");

	submit(fixture, "dft", text);
	struct submitted altered = submit(fixture, "dft", with(fixture->arena, text, "1200", "1100"));
	assert_string_equal(altered.codes, "DOC-012");
	assert_null(altered.result.id);
	assert_int_equal(count_of(fixture, &rows, "FORM-D"), 1);
}

/* Its name is the issuer's; whom it is for is content. */
static void the_same_reference_for_another_partner_is_altered_content(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");
	const char *to_my = with(fixture->arena, text, "<ImportCountryID>VN", "<ImportCountryID>MY");

	assert_string_equal(submit(fixture, "dft", text).codes, "");
	assert_string_equal(submit(fixture, "dft", to_my).codes, "DOC-012");
	assert_int_equal(count_of(fixture, &rows, "FORM-D"), 1);
}

static void submitted_twice_at_once_it_is_one_document(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");

	for (int round = 0; round < 10; round++) {
		struct at_once workers[AT_ONCE];
		size_t first = 0;
		const char *reference = arena_printf(fixture->arena, "D2026-10%02d", round);
		all_at_once(fixture, with(fixture->arena, text, "D2026-0045678", reference), workers);
		for (size_t i = 0; i < AT_ONCE; i++) {
			assert_int_equal(workers[i].findings, 0);
			assert_string_equal(workers[i].result.id, workers[0].result.id);
			first += !workers[i].result.repeated;
		}
		assert_int_equal(first, 1);
	}
	assert_int_equal(count_of(fixture, &rows, "FORM-D"), 10);
	assert_int_equal(count_of(fixture, &queued, "FORM-D"), 10);
}

static void a_test_does_not_use_the_name_of_what_is_real(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");

	assert_string_equal(
		submit_as(fixture, "dft", NULL, NULL, with(fixture->arena, text, "1200", "1100"), true).codes, "");
	assert_string_equal(submit(fixture, "dft", text).codes, "");
	assert_int_equal(count_of(fixture, &rows, "FORM-D"), 2);
}

static enum err_code add_authority(struct tx *tx, void *arg, struct err *err)
{
	const struct organisation second = { .code = "second",
					     .seat = "issuing-authority",
					     .name = "Another authority" };

	(void)arg;
	return organisation_add(tx, &second, &fixture_actor, FIXTURE_NOW_US, err);
}

static void the_only_organisation_with_the_seat_need_not_be_named(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");

	assert_string_equal(submit(fixture, NULL, text).codes, "");
	assert_string_equal(document_called(fixture, "D2026-0045678").organisation, "dft");
	assert_int_equal(db_write(fixture->kernel.db, add_authority, NULL, &fixture->err), OK);
	assert_string_equal(submit(fixture, NULL, with(fixture->arena, text, "D2026-0045678", "D2026-2")).codes,
			    "DOC-016");
}

static void who_may_not_send_it_does_not(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");
	const char *to_la = with(fixture->arena, text, "<ImportCountryID>VN", "<ImportCountryID>LA");
	const char *from_vn = sample(fixture->arena, "form-d/good-third-country.xml");

	assert_string_equal(submit(fixture, "nobody", text).codes, "DOC-006");
	assert_string_equal(submit(fixture, "customs", text).codes, "DOC-007");
	assert_string_equal(submit(fixture, "dft", to_la).codes, "DOC-008");
	assert_string_equal(submit_as(fixture, "dft", NULL, "MY", text, false).codes, "DOC-011");
	assert_string_equal(submit_as(fixture, "dft", NULL, "VN", from_vn, false).codes, "DOC-010 DOC-011");
	assert_int_equal(count_of(fixture, &queued, "FORM-D"), 0);
	assert_int_equal(count_of(fixture, &rows, "FORM-D"), 0);
}

/* The document's own faults do not hide those of its way. */
static void all_that_can_be_said_is_said_at_once(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text =
		with(fixture->arena, sample(fixture->arena, "form-d/good-ordinary.xml"), ">480.00<", ">400.00<");

	assert_string_equal(submit(fixture, "customs", text).codes, "FRM-014 COD-003 DOC-007");
	assert_string_equal(
		submit(fixture, "dft", with(fixture->arena, text, "<ImportCountryID>VN", "<ImportCountryID>LA")).codes,
		"FRM-014 COD-003 DOC-008");
	/* What cannot be read hides what does not depend on it neither, and makes nothing up: the mass was given. */
	assert_string_equal(submit(fixture, "customs", with(fixture->arena, text, ">400.00<", ">4OO<")).codes,
			    "FLD-005 DOC-007");
	assert_string_equal(
		submit_as(fixture, "dft", NULL, "MY", with(fixture->arena, text, ">400.00<", ">4OO<"), false).codes,
		"FLD-005 DOC-011");
	/* Of a state that is none it is not said that it is no partner. */
	assert_string_equal(
		submit(fixture, "dft", with(fixture->arena, text, "<ImportCountryID>VN", "<ImportCountryID>Q1")).codes,
		"FLD-008 FRM-014 COD-003");
	assert_int_equal(count_of(fixture, &rows, "FORM-D"), 0);
}

/* docs/simulator.md: what `lintas partner test` sends is judged, becomes no document, and is nobody's task. */
static void a_sample_of_a_link_test_is_judged_and_leaves_nothing(void **state)
{
	static const struct statement of_kind = { "test.entries", "SELECT count(*) FROM journal WHERE event = $1" };
	static const struct statement open_tasks = { "test.tasks", "SELECT count(*) FROM task WHERE kind = $1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *good = doctype_sample(fixture->arena, doctype_find(&fixture->kernel, "RETRANSMISSION-REQUEST"),
					  &(struct sample_names){ "VN", "TH", fixture->clock.now_us });

	assert_null(arrive_as(fixture, "1@lintas-test", "RETRANSMISSION-REQUEST", "TH:dft", good, true).id);
	assert_int_equal(count_of(fixture, &of_kind, "finding"), 0);
	assert_null(arrive_as(fixture, "2@lintas-test", "FORM-D", "TH:customs",
			      sample(fixture->arena, "form-d/good-ordinary.xml"), true)
			    .id);
	assert_int_equal(count_of(fixture, &of_kind, "finding"), 2);
	assert_int_equal(documents(fixture, (struct document_filter){ .direction = "in" }).count, 0);
	assert_int_equal(count_of(fixture, &open_tasks, "document-refused"), 0);
}

/* Whoever calls what is real so has said nothing. */
static void what_is_real_is_no_sample_whatever_its_message_is_called(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	assert_non_null(arrive(fixture, "3@lintas-test", "FORM-D", "TH:customs",
			       sample(fixture->arena, "form-d/good-third-country.xml"))
				.id);
}

static void nothing_goes_to_a_suspended_partner(void **state)
{
	static const struct statement suspend = { "test.suspend",
						  "UPDATE partner SET status = 'suspended' WHERE code = $1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fixture_exec(fixture, &suspend, BINDS(BIND_TEXT("VN")));
	struct submitted refused = submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	assert_string_equal(refused.codes, "DOC-009");
	assert_null(findings_at(refused.findings, 0)->law); /* ours alone: no agreement says so */
}

static bool for_real_alone(void *arg, const char *partner, const char *type, const char *seat, bool test,
			   int64_t now_us)
{
	(void)arg;
	(void)now_us;
	assert_string_equal(partner, "VN");
	assert_string_equal(type, "FORM-D");
	assert_string_equal(seat, "issuing-authority");
	return !test;
}

/* By ebMS 2 a message names its agreement (ISO/TS 15000-2, CPAId), which is for trials or is not. */
static void a_test_that_no_agreement_carries_is_not_taken(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct carrier carrier = { for_real_alone, NULL }, *before = fixture->kernel.carrier;
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");

	fixture->kernel.carrier = &carrier;
	assert_string_equal(submit_as(fixture, "dft", NULL, "VN", text, true).codes, "DOC-023");
	assert_int_equal(count_of(fixture, &rows, "FORM-D"), 0);
	assert_string_equal(submit(fixture, "dft", text).codes, "");
	fixture->kernel.carrier = before;
}

/* OCP rule 27(2): a declared opt-out is for tests, too; what is only not activated yet is there to be tested. */
static void nothing_goes_that_is_opted_out_of_or_not_activated_yet(void **state)
{
	static const struct statement put = {
		"test.activation",
		"INSERT INTO activation (id, partner, document, direction, version, state, from_day, law, decided_by, decided_us)"
		" VALUES ('1', 'VN', 'FORM-D', 'out', '1', 'opted-out', 0, 'a note to the Secretariat', 'test', 0)"
	};
	static const struct statement set = { "test.activation-set", "UPDATE activation SET state = $1" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");

	fixture_exec(fixture, &put, NO_BINDS);
	struct submitted refused = submit(fixture, "dft", text);
	assert_string_equal(refused.codes, "DOC-019");
	assert_string_equal(findings_at(refused.findings, 0)->law, "a note to the Secretariat");
	assert_string_equal(submit_as(fixture, "dft", NULL, "VN", text, true).codes, "DOC-019");

	fixture_exec(fixture, &set, BINDS(BIND_TEXT("not-yet")));
	assert_string_equal(submit(fixture, "dft", text).codes, "DOC-020");
	assert_int_equal(count_of(fixture, &rows, "FORM-D"), 0);
	assert_string_equal(submit_as(fixture, "dft", NULL, "VN", text, true).codes, "");
}

static void what_is_no_document_is_said_so(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	assert_string_equal(submit(fixture, "dft", "").codes, "DOC-003");
	assert_string_equal(submit(fixture, "dft", "reference;date").codes, "DOC-003");
	assert_string_equal(submit_as(fixture, "dft", "FORM-X", NULL, "<x/>", false).codes, "DOC-004");
	assert_string_equal(submit(fixture, "dft", "<x/>").codes, "DOC-004");
	assert_string_equal(submit(fixture, "dft", "[]").codes, "DOC-003");
	assert_string_equal(
		submit(fixture, "dft", "<CertificateOfOrigin xmlns=\"urn:lintas:document:form-d:2\"/>").codes,
		"DOC-018");
	assert_string_equal(submit_as(fixture, "dft", "FORM-D", NULL, "{", false).codes, "DOC-003");
}

/* A certificate that was never sent cannot be cancelled; nothing of the attempt stays. */
static void a_refusal_by_what_it_is_about_leaves_nothing(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	assert_string_equal(submit(fixture, "dft", sample(fixture->arena, "cancellation/good-cancellation.xml")).codes,
			    "DOC-013");
	assert_int_equal(count_of(fixture, &queued, "CANCELLATION"), 0);
	assert_int_equal(count_of(fixture, &rows, "CANCELLATION"), 0);
}

static void an_organisation_sees_its_own_documents_only(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	submit(fixture, "customs", sample(fixture->arena, "acdd/good-sea.xml"));
	assert_int_equal(documents(fixture, (struct document_filter){ .organisation = "dft" }).count, 1);
	assert_int_equal(documents(fixture, (struct document_filter){ .organisation = "customs" }).count, 1);
	assert_int_equal(documents(fixture, (struct document_filter){ .organisation = "other" }).count, 0);

	struct document_list all = documents(fixture, (struct document_filter){ 0 });
	assert_int_equal(all.count, 2);
	assert_int_equal(documents(fixture, (struct document_filter){ .limit = 1 }).count, 1);
	assert_string_equal(documents(fixture, (struct document_filter){ .before = all.items[0].id }).items[0].id,
			    all.items[1].id);
	assert_int_equal(documents(fixture, (struct document_filter){ .doctype = "ACDD", .partner = "VN" }).count, 1);
	assert_int_equal(documents(fixture, (struct document_filter){ .direction = "in" }).count, 0);
}

static void lists_are_of_a_state_and_of_days(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *form_d = sample(fixture->arena, "form-d/good-ordinary.xml");
	int64_t day_us = FIXTURE_NOW_US - FIXTURE_NOW_US % DAY_US;

	const char *first = submit(fixture, "dft", form_d).result.id;
	fixture->clock.now_us = day_us + DAY_US; /* the next day begins */
	const char *second = submit(fixture, "customs", sample(fixture->arena, "acdd/good-sea.xml")).result.id;

	struct document_filter today = { .since_us = day_us, .end_us = day_us + DAY_US };
	assert_int_equal(documents(fixture, today).count, 1);
	assert_string_equal(documents(fixture, today).items[0].id, first);
	struct document_filter since = { .since_us = day_us + DAY_US };
	assert_int_equal(documents(fixture, since).count, 1);
	assert_string_equal(documents(fixture, since).items[0].id, second);

	struct document_filter submitted = { .state = "submitted" };
	assert_int_equal(documents(fixture, submitted).count, 2);
	submitted.organisation = "dft";
	assert_int_equal(documents(fixture, submitted).count, 1);
	submitted.since_us = day_us + DAY_US;
	assert_int_equal(documents(fixture, submitted).count, 0);
	assert_int_equal(documents(fixture, (struct document_filter){ .state = "transmitted" }).count, 0);
}

struct plan {
	struct arena *arena;
	const struct statement *explain;
	size_t binds;
	const char *details;
};

static enum err_code plan_run(struct tx *tx, void *arg, struct err *err)
{
	enum { BINDS_MAX = 10 };
	struct plan *plan = arg;
	struct bind binds[BINDS_MAX];
	db_query_auto query = { 0 };

	for (size_t i = 0; i < plan->binds; i++)
		binds[i] = BIND_TEXT("");
	TRY(db_query(tx, plan->explain, binds, plan->binds, &query, err));
	while (db_next(&query))
		plan->details = arena_printf(plan->arena, "%s%s\n", plan->details, db_text(plan->arena, &query, 3));
	return db_end(&query, err);
}

/* SQLite's EXPLAIN QUERY PLAN: lists run along an index, newest first without sorting. */
static void lists_run_along_their_indices(void **state)
{
	static const struct {
		const char *name;
		size_t binds;
		const char *search;
	} expected[] = {
		{ "document.all", 8, "SEARCH document USING INDEX sqlite_autoindex_document_1 (id>? AND id<?)" },
		{ "document.of-organisation", 9, "document_of_organisation (organisation=? AND id>? AND id<?)" },
		{ "document.in-state", 9, "fsm_case_in_state (state=? AND id>? AND id<?)" },
		{ "document.in-state-of-organisation", 10,
		  "document_of_organisation (organisation=? AND id>? AND id<?)" },
		{ "document.of-reference", 2, "document_reference (reference=?)" },
		{ "document.paper-by-reference", 2, "paper_reference (reference=?)" },
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct statements *statements = document_capability.statements;
	struct statement explain[COUNT(expected)];

	if (fixture->kind != DB_SQLITE)
		return;
	for (size_t i = 0; i < COUNT(expected); i++) {
		const char *sql = NULL;
		for (size_t k = 0; k < statements->count; k++)
			if (same(statements->row[k]->name, expected[i].name))
				sql = statements->row[k]->sql;
		assert_non_null(sql);
		explain[i] = (struct statement){ expected[i].name,
						 arena_printf(fixture->arena, "EXPLAIN QUERY PLAN %s", sql) };
		struct plan plan = { fixture->arena, &explain[i], expected[i].binds, "" };
		must(db_write(fixture->kernel.db, plan_run, &plan, &fixture->err));
		if (!strstr(plan.details, expected[i].search) || strstr(plan.details, "TEMP B-TREE"))
			fail_msg("%s: %s", expected[i].name, plan.details);
	}
	db_close(fixture->kernel.db); /* before the statements, which it keeps by their address */
	fixture->kernel.db = NULL;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_kept_sent_and_has_a_case),
		cmocka_unit_test(xml_is_kept_byte_for_byte),
		cmocka_unit_test(json_becomes_canonical_xml),
		cmocka_unit_test(the_same_bytes_are_the_same_document),
		cmocka_unit_test(what_was_abandoned_is_sent_when_it_is_submitted_again),
		cmocka_unit_test(a_receipt_that_comes_after_all_shows_that_the_document_arrived),
		cmocka_unit_test(another_content_needs_another_reference),
		cmocka_unit_test(the_same_reference_for_another_partner_is_altered_content),
		cmocka_unit_test(submitted_twice_at_once_it_is_one_document),
		cmocka_unit_test(a_test_does_not_use_the_name_of_what_is_real),
		cmocka_unit_test(the_only_organisation_with_the_seat_need_not_be_named),
		cmocka_unit_test(who_may_not_send_it_does_not),
		cmocka_unit_test(all_that_can_be_said_is_said_at_once),
		cmocka_unit_test(a_sample_of_a_link_test_is_judged_and_leaves_nothing),
		cmocka_unit_test(what_is_real_is_no_sample_whatever_its_message_is_called),
		cmocka_unit_test(nothing_goes_to_a_suspended_partner),
		cmocka_unit_test(a_test_that_no_agreement_carries_is_not_taken),
		cmocka_unit_test(nothing_goes_that_is_opted_out_of_or_not_activated_yet),
		cmocka_unit_test(what_is_no_document_is_said_so),
		cmocka_unit_test(a_refusal_by_what_it_is_about_leaves_nothing),
		cmocka_unit_test(an_organisation_sees_its_own_documents_only),
		cmocka_unit_test(lists_are_of_a_state_and_of_days),
		cmocka_unit_test(lists_run_along_their_indices),
	};

	return kernel_run("customs/document", tests, COUNT(tests), customs_capabilities);
}
