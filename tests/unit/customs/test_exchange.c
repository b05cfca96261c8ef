/* What documents do to each other, at both sides of an exchange. The node is TH, the partner VN. */
#include "node.h"

#include "base/clock.h"
#include "customs/origin/origin_int.h"

static const struct statement tasks = { "test.tasks", "SELECT count(*) FROM task WHERE state = 'open' AND kind = $1" };
static const struct statement queued = { "test.queued",
					 "SELECT count(*) FROM message WHERE state = 'queued' AND action = $1" };
static const struct statement events = { "test.events", "SELECT count(*) FROM journal WHERE event = $1" };

/* How often the journal has a finding of this rule. */
static int64_t found(struct kernel_fixture *fixture, const char *code)
{
	static const struct statement statement = { "test.found", "SELECT count(*) FROM journal WHERE event = 'finding'"
								  " AND substr(detail, 1, 7) = $1" };

	return count_of(fixture, &statement, code);
}

#define VN_FORM_D "VN-TH 26/02/00006"
#define TH_FORM_D "D2026-0045678"

/* A certificate from VN, as our customs received it. */
static struct document certificate_from_vn(struct kernel_fixture *fixture)
{
	return arrive(fixture, "m-1@vn", "FORM-D", "TH:customs",
		      sample(fixture->arena, "form-d/good-third-country.xml"));
}

/* Our customs' response to it: STATUS, with no items. */
static const char *response_to_vn(struct kernel_fixture *fixture, const char *reference, const char *status)
{
	return arena_printf(
		fixture->arena,
		"<CustomsResponse xmlns=\"urn:lintas:document:customs-response:1\"><FunctionalReferenceID>%s"
		"</FunctionalReferenceID><IssueDate>2026-11-02</IssueDate><IssueCountryID>TH</IssueCountryID>"
		"<ReferencedCertificateOfOrigin><ID>" VN_FORM_D "</ID><IssueDate>2026-11-02</IssueDate>"
		"<IssueCountryID>VN</IssueCountryID></ReferencedCertificateOfOrigin><StatusCode>%s</StatusCode>"
		"<StatusReasonText>Example reason</StatusReasonText></CustomsResponse>",
		reference, status);
}

static const char *cancellation_of_vn(struct kernel_fixture *fixture, size_t number)
{
	return arena_printf(
		fixture->arena,
		"<Cancellation xmlns=\"urn:lintas:document:cancellation:1\"><FunctionalReferenceID>VN-CNL-%zu"
		"</FunctionalReferenceID><IssueDate>2026-11-02</IssueDate><IssueCountryID>VN</IssueCountryID>"
		"<ImportCountryID>TH</ImportCountryID><ReferencedCertificateOfOrigin><ID>" VN_FORM_D
		"</ID><IssueDate>2026-11-02</IssueDate></ReferencedCertificateOfOrigin>"
		"<ChangeReasonText>Example reason</ChangeReasonText></Cancellation>",
		number);
}

static const char *clock_state(struct kernel_fixture *fixture, const char *document);

static void a_certificate_arrives_and_its_clock_runs(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct document document = certificate_from_vn(fixture);

	assert_string_equal(document.reference, VN_FORM_D);
	assert_string_equal(document.organisation, "customs");
	assert_string_equal(document.direction, "in");
	assert_string_equal(document.machine, "form-d.received");
	assert_string_equal(document.state, "received");
	assert_string_equal(document.sender, "VN:customs");
	assert_string_equal(clock_state(fixture, document.id), "running");
}

struct state_query {
	struct arena *arena;
	const char *machine, *id, *state;
};

static enum err_code state_run(struct tx *tx, void *arg, struct err *err)
{
	struct state_query *query = arg;

	return fsm_state(tx, query->arena, query->machine, query->id, &query->state, err);
}

static const char *clock_state(struct kernel_fixture *fixture, const char *document)
{
	struct state_query query = { fixture->arena, "form-d.clock", document, NULL };

	must(db_read(fixture->kernel.db, state_run, &query, &fixture->err));
	return query.state;
}

/* A seat's name and an organisation's code both find the organisation. */
static void the_seat_finds_the_organisation(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *response = sample(fixture->arena, "customs-response/good-refused.xml");

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	assert_string_equal(
		arrive(fixture, "m-2@vn", "CUSTOMS-RESPONSE", "TH:issuing-authority", response).organisation, "dft");
}

static void a_response_moves_the_certificate_at_the_issuing_side(void **state)
{
	static const struct {
		const char *sample, *state;
	} rows[] = {
		{ "customs-response/good-partly.xml", "partly-utilised" },
		{ "customs-response/good-refused.xml", "remainder-refused" }, /* OCP rule 30(3)(a) */
		{ "customs-response/good-utilised.xml", "utilised" },         /* assessed again, rule 30(4) */
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct document response = arrive(fixture, arena_printf(fixture->arena, "m-%zu@vn", i),
						  "CUSTOMS-RESPONSE", "TH:dft", sample(fixture->arena, rows[i].sample));
		struct document certificate = document_called(fixture, TH_FORM_D);
		assert_string_equal(response.state, "received");
		assert_string_equal(response.about, certificate.id);
		assert_string_equal(certificate.state, rows[i].state);
	}
}

/* The importing side moves when it sends the response, which goes to whoever issued the certificate, and the clock
 * stops. */
static void a_response_goes_to_the_issuer_and_stops_the_clock(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct document certificate = certificate_from_vn(fixture);
	struct submitted response = submit(fixture, "customs", response_to_vn(fixture, "TH-RSP-1", "45"));
	struct message message = fixture_message(fixture, response.result.message);

	assert_string_equal(response.codes, "");
	assert_string_equal(message.final_recipient, "VN:customs"); /* who sent it, not the seat */
	assert_string_equal(message.conversation, certificate.conversation);
	assert_string_equal(message.ref_to, "m-1@vn");
	assert_string_equal(document_called(fixture, VN_FORM_D).state, "under-examination");
	assert_string_equal(clock_state(fixture, certificate.id), "running");

	assert_string_equal(submit(fixture, "customs", response_to_vn(fixture, "TH-RSP-2", "8")).codes, "");
	assert_string_equal(document_called(fixture, VN_FORM_D).state, "refused");
	assert_string_equal(clock_state(fixture, certificate.id), "settled");
	assert_string_equal(submit(fixture, "customs", response_to_vn(fixture, "TH-RSP-3", "14")).codes, "");
	assert_string_equal(document_called(fixture, VN_FORM_D).state, "utilised");
	assert_string_equal(submit(fixture, "customs", response_to_vn(fixture, "TH-RSP-4", "8")).codes, "FSM-001");
}

static void timers(struct kernel_fixture *fixture, int days)
{
	unsigned done;

	fixture->clock.now_us = FIXTURE_NOW_US + days * DAY_US;
	must(fsm_timers_step(&fixture->kernel, fixture->clock.now_us, 10, &done, &fixture->err));
}

/* OCP rule 30(3)(a): sixty days from the date of receipt, also when officers look at it in between. */
static void an_unanswered_certificate_becomes_a_task_before_the_sixty_days_end(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct document certificate = certificate_from_vn(fixture);
	struct findings *findings = findings_new(fixture->arena);

	timers(fixture, 44);
	assert_int_equal(count_of(fixture, &tasks, "clock"), 0);
	must(document_seen(&fixture->kernel, fixture->arena, "customs", certificate.id, &fixture_actor,
			   fixture->clock.now_us, findings, &fixture->err));
	timers(fixture, 45);
	assert_int_equal(count_of(fixture, &tasks, "clock"), 1);
	assert_string_equal(clock_state(fixture, certificate.id), "reminded");
	timers(fixture, 59);
	assert_string_equal(clock_state(fixture, certificate.id), "reminded");
	timers(fixture, 60);
	assert_string_equal(clock_state(fixture, certificate.id), "expired");
	assert_int_equal(count_of(fixture, &tasks, "clock"), 1);
	assert_string_equal(submit(fixture, "customs", response_to_vn(fixture, "TH-RSP-1", "8")).codes, "");
	assert_int_equal(count_of(fixture, &tasks, "clock"), 0);
}

/* OCP rule 30(3)(a): the date of receipt is when we stored it, not when somebody got round to processing it. */
static void the_sixty_days_begin_with_the_receipt(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m-1@vn", "m-1@vn",
							  sample(fixture->arena, "form-d/good-third-country.xml"));
	unsigned done;

	delivery.message.action = "FORM-D";
	delivery.message.organisation = NULL;
	delivery.message.final_recipient = "TH:customs";
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	fixture->clock.now_us = FIXTURE_NOW_US + 10 * DAY_US;
	must(inbox_step(&fixture->kernel, fixture->clock.now_us, 10, &done, &fixture->err));
	struct document certificate = document_called(fixture, VN_FORM_D);
	assert_string_equal(clock_state(fixture, certificate.id), "running");
	timers(fixture, 44);
	assert_string_equal(clock_state(fixture, certificate.id), "running");
	timers(fixture, 45);
	assert_string_equal(clock_state(fixture, certificate.id), "reminded");
	timers(fixture, 60);
	assert_string_equal(clock_state(fixture, certificate.id), "expired");
}

/* Overleaf note 9, OCP rule 16(3). */
static void a_response_speaks_of_the_items_of_the_certificate(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *used = sample(fixture->arena, "customs-response/good-utilised.xml");
	const char *part = sample(fixture->arena, "customs-response/good-partly.xml");
	struct document document;

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	document = arrive(fixture, "m-1@vn", "CUSTOMS-RESPONSE", "TH:dft",
			  with(fixture->arena, used, "<SequenceNumeric>3", "<SequenceNumeric>4"));
	assert_string_equal(document.state, "refused");
	assert_int_equal(found(fixture, "RSP-007"), 1);
	assert_string_equal(document_called(fixture, TH_FORM_D).state, "submitted");
	document = arrive(fixture, "m-2@vn", "CUSTOMS-RESPONSE", "TH:dft",
			  with(fixture->arena, part, "<StatusCode>15", "<StatusCode>14"));
	assert_string_equal(document.state, "refused");
	assert_int_equal(found(fixture, "RSP-009"), 1);
	assert_int_equal(count_of(fixture, &tasks, "document-refused"), 2);
}

/* OCP rule 29(4): the new certificate cancels the previous one, at both sides. */
static void a_replacement_cancels_the_previous_certificate(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *replacing = sample(fixture->arena, "form-d/good-replacement.xml");

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	struct submitted sent = submit(fixture, "dft", replacing);
	assert_string_equal(sent.codes, "");
	assert_string_equal(document_called(fixture, TH_FORM_D).state, "replaced");
	assert_string_equal(document_called(fixture, "D2026-0045679").about, document_called(fixture, TH_FORM_D).id);
	assert_string_equal(fixture_message(fixture, sent.result.message).conversation,
			    document_called(fixture, TH_FORM_D).conversation);

	const char *ours = sample(fixture->arena, "form-d/good-third-country.xml");
	const char *theirs = with(fixture->arena, with(fixture->arena, ours, VN_FORM_D, "VN-NEW"),
				  "  <InvoiceReferencedDocument>\n    <ID>VD",
				  "<ReplacedProofOfOrigin><ID>" VN_FORM_D
				  "</ID><IssueDate>2026-11-02</IssueDate></ReplacedProofOfOrigin>"
				  "<InvoiceReferencedDocument><ID>VD");
	struct document old = certificate_from_vn(fixture);
	struct document new = arrive(fixture, "m-9@vn", "FORM-D", "TH:customs", theirs);
	assert_string_equal(new.state, "received");
	assert_string_equal(document_called(fixture, VN_FORM_D).state, "replaced");
	assert_string_equal(clock_state(fixture, old.id), "settled");
	assert_string_equal(clock_state(fixture, new.id), "running");
}

/* OCP rule 29(1) lets an exporter apply for it; 29(4) alone cancels. The original stays as it is, at both sides. */
static void a_reissue_names_its_original_and_leaves_it_alone(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *ours =
		with(fixture->arena, sample(fixture->arena, "form-d/good-reissue.xml"), "D2025-0045000", TH_FORM_D);
	const char *theirs =
		with(fixture->arena, sample(fixture->arena, "form-d/good-third-country.xml"), VN_FORM_D, "VN-AGAIN");

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	struct submitted sent =
		submit(fixture, "dft", with(fixture->arena, ours, "<IssueDate>2025-11-02", "<IssueDate>2026-11-02"));
	assert_string_equal(sent.codes, "");
	struct document original = document_called(fixture, TH_FORM_D);
	assert_string_equal(document_called(fixture, "D2026-0045700").about, original.id);
	assert_string_equal(original.state, "submitted");

	struct document old = certificate_from_vn(fixture);
	struct document again = arrive(fixture, "m-9@vn", "FORM-D", "TH:customs",
				       with(fixture->arena, theirs, "  <InvoiceReferencedDocument>\n    <ID>VD",
					    "<ReissuedProofOfOrigin><ID>" VN_FORM_D
					    "</ID><IssueDate>2026-11-02</IssueDate></ReissuedProofOfOrigin>"
					    "<InvoiceReferencedDocument><ID>VD"));
	assert_string_equal(again.state, "received");
	assert_string_equal(again.about, old.id);
	assert_string_equal(document_called(fixture, VN_FORM_D).state, "received");
	assert_string_equal(clock_state(fixture, old.id), "running");
	assert_string_equal(clock_state(fixture, again.id), "running");
}

/* What has been used cannot be withdrawn any more. */
static void a_used_certificate_is_not_cancelled(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	arrive(fixture, "m-1@vn", "CUSTOMS-RESPONSE", "TH:dft",
	       sample(fixture->arena, "customs-response/good-utilised.xml"));
	assert_string_equal(submit(fixture, "dft", sample(fixture->arena, "cancellation/good-cancellation.xml")).codes,
			    "FSM-001");
	assert_string_equal(document_called(fixture, TH_FORM_D).state, "utilised");
}

/* Nor after a part was used, whatever the responses say of the remainder; at both sides. */
static void a_partly_used_certificate_is_never_withdrawn(void **state)
{
	static const struct {
		const char *status, *state;
	} rows[] = {
		{ "45", "remainder-under-examination" },
		{ "40", "remainder-suspended" },
		{ "8", "remainder-refused" },
		{ "15", "partly-utilised" },
		{ "8", "remainder-refused" },
		{ "45", "remainder-under-examination" },
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *part = sample(fixture->arena, "customs-response/good-refused.xml");
	const char *cancellation = sample(fixture->arena, "cancellation/good-cancellation.xml");
	const char *replacing = sample(fixture->arena, "form-d/good-replacement.xml");

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	arrive(fixture, "m-0@vn", "CUSTOMS-RESPONSE", "TH:dft",
	       sample(fixture->arena, "customs-response/good-partly.xml"));
	certificate_from_vn(fixture);
	assert_string_equal(submit(fixture, "customs", response_to_vn(fixture, "TH-RSP-0", "15")).codes, "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *reference = arena_printf(fixture->arena, "RSP-%zu", i);
		const char *text =
			with(fixture->arena, with(fixture->arena, part, "VN-RSP-3", reference), "<StatusCode>8",
			     arena_printf(fixture->arena, "<StatusCode>%s", rows[i].status));
		arrive(fixture, arena_printf(fixture->arena, "r-%zu@vn", i), "CUSTOMS-RESPONSE", "TH:dft", text);
		assert_string_equal(document_called(fixture, TH_FORM_D).state, rows[i].state);
		assert_string_equal(submit(fixture, "dft", cancellation).codes, "FSM-001");
		assert_string_equal(submit(fixture, "dft", replacing).codes, "FSM-001");

		submit(fixture, "customs", response_to_vn(fixture, reference, rows[i].status));
		assert_string_equal(document_called(fixture, VN_FORM_D).state, rows[i].state);
		struct document withdrawal = arrive(fixture, arena_printf(fixture->arena, "w-%zu@vn", i),
						    "CANCELLATION", "TH:customs", cancellation_of_vn(fixture, i));
		assert_string_equal(withdrawal.state, "refused");
		assert_string_equal(document_called(fixture, VN_FORM_D).state, rows[i].state);
	}
	assert_int_equal(found(fixture, "FSM-001"), COUNT(rows));
}

/* OCP rule 30(2): within the validity, which for a back-to-back certificate is that of its earliest original (11(1)(c)
 * and (e)); a rejection has its own period. */
static void a_late_response_is_warned_about_unless_it_rejects(void **state)
{
	static const struct {
		const char *date, *status;
		bool late;
	} rows[] = {
		{ "2027-11-02", "14", false },
		{ "2027-11-03", "14", true },
		{ "2027-11-03", "8", false },
	};
	struct origin_reference originals[] = { { "MY-2", date_of(2026, 11, 2), "MY" },
						{ "MY-1", date_of(2026, 10, 1), "MY" } };
	struct form_d form = { .issued_on = date_of(2026, 11, 2), .items_count = 1 };
	arena_auto arena = arena_new((size_t)1 << 20);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct customs_response response = { .status = rows[i].status };
		struct findings *findings = findings_new(arena);
		assert_true(date_parse(rows[i].date, &response.issued_on));
		customs_response_check_against(&response, &form, findings);
		assert_string_equal(codes_of(arena, findings), rows[i].late ? "RSP-006" : "");
		assert_int_equal(findings_errors(findings), 0);
	}
	struct customs_response response = { .status = "14", .issued_on = date_of(2027, 10, 2) };
	struct findings *findings = findings_new(arena);
	form.originals = originals;
	form.originals_count = 1;
	customs_response_check_against(&response, &form, findings);
	assert_string_equal(codes_of(arena, findings), "");
	form.originals_count = 2;
	customs_response_check_against(&response, &form, findings);
	assert_string_equal(codes_of(arena, findings), "RSP-006");
}

/* OCP rule 29(3). */
static void a_lost_certificate_is_sent_again_as_it_was(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *request = sample(fixture->arena, "retransmission-request/good-request.xml");

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	assert_int_equal(count_of(fixture, &queued, "FORM-D"), 1);
	assert_string_equal(arrive(fixture, "m-1@vn", "RETRANSMISSION-REQUEST", "TH:dft", request).state, "received");
	assert_int_equal(count_of(fixture, &queued, "FORM-D"), 2);

	static const struct statement digests = { "test.digests",
						  "SELECT count(DISTINCT digest) FROM message WHERE action = $1" };
	assert_int_equal(count_of(fixture, &digests, "FORM-D"), 1);
}

/* What was cancelled is not sent again as if it were valid. */
static void a_cancelled_certificate_is_not_sent_again(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *request = sample(fixture->arena, "retransmission-request/good-request.xml");

	submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));
	assert_string_equal(submit(fixture, "dft", sample(fixture->arena, "cancellation/good-cancellation.xml")).codes,
			    "");
	assert_string_equal(arrive(fixture, "m-1@vn", "RETRANSMISSION-REQUEST", "TH:dft", request).state, "refused");
	assert_int_equal(found(fixture, "RTR-002"), 1);
	assert_int_equal(count_of(fixture, &queued, "FORM-D"), 1);
}

static void the_same_certificate_again_changes_nothing(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-third-country.xml");

	certificate_from_vn(fixture);
	assert_null(arrive(fixture, "m-2@vn", "FORM-D", "TH:customs", text).id);
	assert_int_equal(documents(fixture, (struct document_filter){ 0 }).count, 1);
	assert_int_equal(count_of(fixture, &events, "received-again"), 1);
}

/* VN does not speak for others, what is meant for others is none of ours, and nothing is altered under its name. */
static void received_twice_at_once_it_is_one_document(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-third-country.xml");

	for (int round = 0; round < 5; round++) {
		struct at_once workers[AT_ONCE];
		const char *again = with(fixture->arena, text, VN_FORM_D, arena_printf(fixture->arena, "VN-%d", round));
		for (int i = 0; i < AT_ONCE; i++) {
			const char *id = arena_printf(fixture->arena, "m-%d-%d@vn", round, i);
			struct inbox_delivery delivery = fixture_delivery(fixture, "VN", id, id, again);
			delivery.message.action = "FORM-D";
			delivery.message.organisation = NULL;
			delivery.message.final_recipient = "TH:customs";
			assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
		}
		all_at_once(fixture, NULL, workers);
	}
	/* A transient fault is tried again a little later. */
	unsigned done;
	must(inbox_step(&fixture->kernel, fixture->clock.now_us + DAY_US, 100, &done, &fixture->err));
	assert_int_equal(documents(fixture, (struct document_filter){ 0 }).count, 5);
	assert_int_equal(count_of(fixture, &events, "received-again"), 5 * (AT_ONCE - 1));
}

static void a_certificate_that_is_not_the_partners_is_refused(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *theirs = sample(fixture->arena, "form-d/good-third-country.xml");
	struct document refused =
		arrive(fixture, "m-1@vn", "FORM-D", "TH:customs", sample(fixture->arena, "form-d/good-ordinary.xml"));

	assert_string_equal(refused.state, "refused");
	assert_string_equal(refused.machine, "document.refused");
	assert_int_equal(found(fixture, "DOC-010"), 1);
	assert_int_equal(found(fixture, "DOC-011"), 1);
	assert_int_equal(count_of(fixture, &tasks, "document-refused"), 1);

	arrive(fixture, "m-2@vn", "FORM-D", "TH:customs", theirs);
	refused = arrive(fixture, "m-3@vn", "FORM-D", "TH:customs", with(fixture->arena, theirs, "18.75", "18.70"));
	assert_string_equal(refused.state, "refused");
	assert_int_equal(found(fixture, "DOC-012"), 1);
}

/* What can be read is, so that its officers find it by its name; and all that is wrong is said at once. */
static void what_breaks_a_rule_is_kept_under_its_name(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");
	struct document refused =
		arrive(fixture, "m-1@vn", "FORM-D", "TH:customs", with(fixture->arena, text, ">480.00<", ">400.00<"));

	assert_string_equal(refused.state, "refused");
	assert_string_equal(refused.reference, "D2026-0045678");
	assert_int_equal(found(fixture, "FRM-014"), 1);
	assert_int_equal(found(fixture, "DOC-010"), 1);
	assert_int_equal(found(fixture, "DOC-011"), 1);
}

struct naming {
	struct kernel_fixture *fixture;
	const char *name;
	struct document document;
};

static enum err_code name_one(struct tx *tx, void *arg, struct err *err)
{
	struct naming *naming = arg;

	return document_named(tx, naming->fixture->arena, "customs", naming->name, &naming->document, err);
}

/* The partner mends what was refused and sends it again, under the same name. */
static void a_reference_names_what_is_valid_before_what_was_refused_or_a_test(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *good = sample(fixture->arena, "form-d/good-third-country.xml");
	struct naming naming = { .fixture = fixture, .name = VN_FORM_D };

	struct document refused =
		arrive(fixture, "m-1@vn", "FORM-D", "TH:customs", with(fixture->arena, good, ">18.75<", ">1.75<"));
	assert_string_equal(refused.state, "refused");
	must(db_read(fixture->kernel.db, name_one, &naming, &fixture->err));
	assert_string_equal(naming.document.id, refused.id);

	struct document received = arrive(fixture, "m-2@vn", "FORM-D", "TH:customs", good);
	must(db_read(fixture->kernel.db, name_one, &naming, &fixture->err));
	assert_string_equal(naming.document.id, received.id);

	naming.name = refused.id;
	must(db_read(fixture->kernel.db, name_one, &naming, &fixture->err));
	assert_string_equal(naming.document.id, refused.id);

	assert_int_equal(naming.document.others, 0);

	arrive(fixture, "m-3@vn", "FORM-D", "TH:customs", with(fixture->arena, good, ">18.75<", ">1.75<"));
	naming.name = VN_FORM_D;
	must(db_read(fixture->kernel.db, name_one, &naming, &fixture->err));
	assert_string_equal(naming.document.id, received.id);
	assert_int_equal(naming.document.others, 2); /* and whoever asks is told */
}

static void what_cannot_be_read_is_kept_and_shown_to_officers(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct document refused = arrive(fixture, "m-1@vn", "FORM-D", "TH:customs", "<CertificateOfOrigin");
	struct findings *findings = findings_new(fixture->arena);

	assert_string_equal(refused.state, "refused");
	assert_null(refused.reference);
	assert_int_equal(refused.issued_on, DATE_NONE);
	assert_int_equal(count_of(fixture, &tasks, "document-refused"), 1);
	must(document_seen(&fixture->kernel, fixture->arena, "customs", refused.id, &fixture_actor,
			   fixture->clock.now_us, findings, &fixture->err));
	assert_int_equal(count_of(fixture, &tasks, "document-refused"), 0);
}

struct reading_findings {
	struct kernel_fixture *fixture;
	const char *id;
	struct document_finding_list list;
};

static enum err_code read_findings(struct tx *tx, void *arg, struct err *err)
{
	struct reading_findings *r = arg;
	return document_findings(tx, r->fixture->arena, r->id, &r->list, err);
}

static enum err_code drop_document(struct tx *tx, void *arg, struct err *err)
{
	const struct reading_findings *r = arg;
	return document_capability.keeper->drop(tx, r->id, err);
}

static void why_a_document_was_refused_is_kept_in_words_with_it_alone(void **state)
{
	static const struct statement said = {
		"test.said",
		"SELECT count(*) FROM task WHERE text LIKE '%FRM-014 at /goodsItem/0/grossMass;%' AND text LIKE '%documents seen%'"
	};
	static const struct statement told = { "test.told",
					       "SELECT count(*) FROM task WHERE text LIKE '%gross mass 4%'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-ordinary.xml");
	struct document refused =
		arrive(fixture, "m-1@vn", "FORM-D", "TH:customs", with(fixture->arena, text, ">480.00<", ">400.00<"));
	struct reading_findings r = { .fixture = fixture, .id = refused.id };

	must(db_read(fixture->kernel.db, read_findings, &r, &fixture->err));
	assert_int_equal(r.list.count, 4);
	assert_string_equal(r.list.items[0].code, "FRM-014");
	assert_string_equal(r.list.items[0].path, "/goodsItem/0/grossMass");
	assert_string_equal(r.list.items[0].text, "gross mass 400.00 is less than the net mass 432.50");
	assert_string_equal(r.list.items[0].law, "ATIGA Annex 7, box 9");
	assert_string_equal(r.list.items[0].severity, "error");
	assert_string_equal(r.list.items[1].severity, "warning");
	assert_int_equal(fixture_int(fixture, &said, NULL, 0), 1);
	assert_int_equal(fixture_int(fixture, &told, NULL, 0), 0);

	must(db_write(fixture->kernel.db, drop_document, &r, &fixture->err));
	must(db_read(fixture->kernel.db, read_findings, &r, &fixture->err));
	assert_int_equal(r.list.count, 0);
}

/* Its name is known although its form is broken, and what does not depend on the broken part is judged. */
static void what_is_broken_in_form_is_kept_under_its_name_and_judged(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct document refused =
		arrive(fixture, "m-1@vn", "FORM-D", "TH:customs",
		       with(fixture->arena, sample(fixture->arena, "form-d/good-ordinary.xml"), ">480.00<", ">4OO<"));
	struct reading_findings r = { .fixture = fixture, .id = refused.id };

	assert_string_equal(refused.reference, "D2026-0045678");
	must(db_read(fixture->kernel.db, read_findings, &r, &fixture->err));
	assert_int_equal(r.list.count, 3);
	assert_string_equal(r.list.items[0].code, "FLD-005");
	assert_string_equal(r.list.items[1].code, "DOC-010");
	assert_string_equal(r.list.items[2].code, "DOC-011");
}

static void a_message_of_two_parts_is_no_document(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", "m-1@vn", "m-1@vn",
							  sample(fixture->arena, "form-d/good-third-country.xml"));
	struct message_part parts[2] = { delivery.parts.items[0], delivery.parts.items[0] };
	unsigned done;

	parts[1].content_id = "other";
	delivery.parts = (struct message_parts){ parts, 2 };
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
	must(inbox_step(&fixture->kernel, fixture->clock.now_us, 10, &done, &fixture->err));
	assert_string_equal(documents(fixture, (struct document_filter){ 0 }).items[0].state, "refused");
	assert_int_equal(found(fixture, "DOC-014"), 1);
}

static void an_officer_sees_a_document_once(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct document certificate = certificate_from_vn(fixture);
	struct findings *findings = findings_new(fixture->arena);

	for (int i = 0; i < 2; i++)
		must(document_seen(&fixture->kernel, fixture->arena, "customs", certificate.id, &fixture_actor,
				   fixture->clock.now_us, findings, &fixture->err));
	assert_string_equal(document_called(fixture, VN_FORM_D).state, "seen");
	assert_int_equal(count_of(fixture, &events, "seen"), 1);
	assert_int_equal(document_seen(&fixture->kernel, fixture->arena, "dft", certificate.id, &fixture_actor,
				       fixture->clock.now_us, findings, &fixture->err),
			 ERR_NOT_FOUND);
}

/* Who marks the wrong document is told so; nothing was noted of it. */
static void only_received_documents_are_marked_as_seen(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct findings *findings = findings_new(fixture->arena);

	assert_string_equal(submit(fixture, "customs", sample(fixture->arena, "acdd/good-sea.xml")).codes, "");
	struct document sent = document_called(fixture, "TH-EXP-2026-900001");
	assert_int_equal(document_seen(&fixture->kernel, fixture->arena, "customs", sent.id, &fixture_actor,
				       fixture->clock.now_us, findings, &fixture->err),
			 ERR_CONFLICT);
	assert_int_equal(count_of(fixture, &events, "seen"), 0);
}

static void an_acdd_is_accepted_and_may_still_be_cancelled(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	assert_string_equal(submit(fixture, "customs", sample(fixture->arena, "acdd/good-sea.xml")).codes, "");
	arrive(fixture, "m-1@vn", "ACDD-RESPONSE", "TH:customs",
	       sample(fixture->arena, "acdd-response/good-accepted.xml"));
	assert_string_equal(document_called(fixture, "TH-EXP-2026-900001").state, "accepted");
	assert_string_equal(
		submit(fixture, "customs", sample(fixture->arena, "acdd-cancellation/good-cancellation.xml")).codes,
		"");
	assert_string_equal(document_called(fixture, "TH-EXP-2026-900001").state, "cancelled");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_arrives_and_its_clock_runs),
		cmocka_unit_test(the_seat_finds_the_organisation),
		cmocka_unit_test(a_response_moves_the_certificate_at_the_issuing_side),
		cmocka_unit_test(a_response_goes_to_the_issuer_and_stops_the_clock),
		cmocka_unit_test(an_unanswered_certificate_becomes_a_task_before_the_sixty_days_end),
		cmocka_unit_test(the_sixty_days_begin_with_the_receipt),
		cmocka_unit_test(a_response_speaks_of_the_items_of_the_certificate),
		cmocka_unit_test(a_replacement_cancels_the_previous_certificate),
		cmocka_unit_test(a_reissue_names_its_original_and_leaves_it_alone),
		cmocka_unit_test(a_used_certificate_is_not_cancelled),
		cmocka_unit_test(a_partly_used_certificate_is_never_withdrawn),
		cmocka_unit_test(a_late_response_is_warned_about_unless_it_rejects),
		cmocka_unit_test(a_lost_certificate_is_sent_again_as_it_was),
		cmocka_unit_test(a_cancelled_certificate_is_not_sent_again),
		cmocka_unit_test(the_same_certificate_again_changes_nothing),
		cmocka_unit_test(received_twice_at_once_it_is_one_document),
		cmocka_unit_test(a_certificate_that_is_not_the_partners_is_refused),
		cmocka_unit_test(what_breaks_a_rule_is_kept_under_its_name),
		cmocka_unit_test(a_reference_names_what_is_valid_before_what_was_refused_or_a_test),
		cmocka_unit_test(what_cannot_be_read_is_kept_and_shown_to_officers),
		cmocka_unit_test(why_a_document_was_refused_is_kept_in_words_with_it_alone),
		cmocka_unit_test(what_is_broken_in_form_is_kept_under_its_name_and_judged),
		cmocka_unit_test(a_message_of_two_parts_is_no_document),
		cmocka_unit_test(an_officer_sees_a_document_once),
		cmocka_unit_test(only_received_documents_are_marked_as_seen),
		cmocka_unit_test(an_acdd_is_accepted_and_may_still_be_cancelled),
	};

	return kernel_run("customs/exchange", tests, COUNT(tests), customs_capabilities);
}
