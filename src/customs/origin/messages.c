/* Document types of origin: their names among states, and what one does to another. */
#include "customs/document/document.h"
#include "customs/origin/origin_int.h"

/* Rule 31(2) counts three years from the date of issue, for the application and all documents related to it. Five,
 * because Singapore asks for five, the longest that a member state has published. */
#define KEPT_AS_PROOF                                                                                                  \
	{                                                                                                              \
		.years = 5, .least_years = 3, .law = "ATIGA OCP rule 31(2): at least three years from issue"           \
	}

#define FORM_D "FORM-D"

/* The codes of ORIGIN_STATUS, each. */
static const struct {
	const char *status, *event;
} status_events[] = {
	{ "8", "refuse" }, { "14", "use" }, { "15", "part-use" }, { "40", "suspend" }, { "45", "examine" },
};

const char *origin_event_of(const char *status)
{
	for (size_t i = 0; i < COUNT(status_events); i++)
		if (same(status_events[i].status, status))
			return status_events[i].event;
	return NULL;
}

/* Fires NAME in the case of the certificate that EVENT's document is about. */
static enum err_code move_certificate(struct tx *tx, const struct document_event *event, const char *name,
				      struct findings *findings, struct err *err)
{
	struct document certificate;

	TRY(document_about(tx, event, &certificate, findings, err));
	return certificate.id ? document_fire(tx, event, &certificate, name, findings, err) : OK;
}

/* --- FORM-D --- */

static const struct origin_reference no_reference = { .issued_on = DATE_NONE };

static void form_d_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct form_d *form = record;
	const struct origin_reference *about = form->replaces ? form->replaces : form->reissues;

	(void)arena;
	*key = (struct document_key){
		.reference = form->reference,
		.issuer_state = form->issuing_country,
		.issued_on = form->issued_on,
		.about = about ? about->reference : NULL,
		.about_type = about ? FORM_D : NULL,
		.about_issued_on = about ? about->issued_on : DATE_NONE,
		.about_issuer = about ? form->issuing_country : NULL,
		.counterpart = form->importing_country,
	};
}

/* OCP rule 29(4): an alteration is a new certificate, and the previous one is cancelled; the new one says so itself, so
 * that neither side can have the one without the other. A re-issue (29(1)) leaves the original as it is. */
static enum err_code form_d_issued(struct tx *tx, const struct document_event *event, struct findings *findings,
				   struct err *err)
{
	const struct form_d *form = event->record;

	return form->replaces ? move_certificate(tx, event, "replace", findings, err) : OK;
}

static enum err_code form_d_received(struct tx *tx, const struct document_event *event, struct findings *findings,
				     struct err *err)
{
	struct fsm_case clock = {
		.kernel = event->kernel,
		.arena = event->arena,
		.id = event->document,
		.organisation = event->organisation,
		.actor = actor_system,
		.now_us = event->now_us,
	};
	size_t errors = findings_errors(findings);

	TRY(form_d_issued(tx, event, findings, err));
	if (findings_errors(findings) > errors)
		return OK;
	TRY(fsm_open(tx, &form_d_clock_machine, &clock, err));
	/* Rule 30(3)(a): from the date of receipt, however late it was processed. */
	clock.now_us = event->message->accepted_us;
	return fsm_fire(tx, &form_d_clock_machine, &clock, "start", NULL, findings, err);
}

const struct doctype form_d_doctype = {
	.code = FORM_D,
	.title = "Certificate of Origin, ATIGA Form D",
	.version = "1",
	.law = "ATIGA OCP rules 26 to 31",
	.schema = &form_d_schema,
	.from_seat = "issuing-authority",
	.to_seat = "customs",
	.sample = sample_form_d,
	.keeping = KEPT_AS_PROOF,
	.check = form_d_check,
	.key = form_d_key,
	.sent_machine = &form_d_sent_machine,
	.received_machine = &form_d_received_machine,
	.on_submit = form_d_issued,
	.on_receive = form_d_received,
};

/* --- CUSTOMS-RESPONSE --- */

static void customs_response_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct customs_response *response = record;
	const struct origin_reference *about = response->certificate ? response->certificate : &no_reference;

	(void)arena;
	*key = (struct document_key){
		.reference = response->reference,
		.issuer_state = response->issuing_country,
		.issued_on = response->issued_on,
		.about = about->reference,
		.about_type = FORM_D,
		.about_issued_on = about->issued_on,
		.about_issuer = about->country,
		.counterpart = about->country,
	};
}

/* Both sides: the response speaks of items that the certificate has, and moves its case. */
static enum err_code customs_responded(struct tx *tx, const struct document_event *event, struct findings *findings,
				       struct err *err)
{
	const struct customs_response *response = event->record;
	size_t errors = findings_errors(findings);
	struct document certificate;
	const void *form;

	TRY(document_about(tx, event, &certificate, findings, err));
	if (!certificate.id)
		return OK;
	TRY(document_record(tx, event->kernel, event->arena, &certificate, &form, err));
	customs_response_check_against(response, form, findings);
	if (findings_errors(findings) > errors)
		return OK;
	return document_fire(tx, event, &certificate, origin_event_of(response->status), findings, err);
}

const struct doctype customs_response_doctype = {
	.code = "CUSTOMS-RESPONSE",
	.title = "Customs response to an e-Form D",
	.version = "1",
	.law = "ATIGA OCP rule 30(2) and (3)",
	.schema = &customs_response_schema,
	.from_seat = "customs",
	.to_seat = "issuing-authority",
	.sample = sample_customs_response,
	.keeping = KEPT_AS_PROOF,
	.check = customs_response_check,
	.key = customs_response_key,
	.sent_machine = &document_sent_machine,
	.received_machine = &document_received_machine,
	.on_submit = customs_responded,
	.on_receive = customs_responded,
};

/* --- CANCELLATION --- */

static void cancellation_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct origin_cancellation *cancellation = record;
	const struct origin_reference *about = cancellation->certificate ? cancellation->certificate : &no_reference;

	(void)arena;
	*key = (struct document_key){
		.reference = cancellation->reference,
		.issuer_state = cancellation->issuing_country,
		.issued_on = cancellation->issued_on,
		.about = about->reference,
		.about_type = FORM_D,
		.about_issued_on = about->issued_on,
		.about_issuer = cancellation->issuing_country,
		.counterpart = cancellation->importing_country,
	};
}

static enum err_code cancelled(struct tx *tx, const struct document_event *event, struct findings *findings,
			       struct err *err)
{
	return move_certificate(tx, event, "cancel", findings, err);
}

const struct doctype origin_cancellation_doctype = {
	.code = "CANCELLATION",
	.title = "Cancellation of an e-Form D",
	.version = "1",
	.law = "ATIGA OCP rule 29(4)",
	.schema = &origin_cancellation_schema,
	.from_seat = "issuing-authority",
	.to_seat = "customs",
	.sample = sample_cancellation,
	.keeping = KEPT_AS_PROOF,
	.check = origin_cancellation_check,
	.key = cancellation_key,
	.sent_machine = &document_sent_machine,
	.received_machine = &document_received_machine,
	.on_submit = cancelled,
	.on_receive = cancelled,
};

/* --- RETRANSMISSION-REQUEST --- */

static void retransmission_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct retransmission_request *request = record;
	const struct origin_reference *about = request->certificate ? request->certificate : &no_reference;

	(void)arena;
	*key = (struct document_key){
		.reference = request->reference,
		.issuer_state = request->issuing_country,
		.issued_on = request->issued_on,
		.about = about->reference,
		.about_type = FORM_D,
		.about_issued_on = about->issued_on,
		.about_issuer = about->country,
		.counterpart = about->country,
	};
}

/* OCP rule 29(3). Whoever asks has lost it, so only the side that is asked needs to have it. What is no longer valid is
 * not sent again as if it were. */
static enum err_code retransmission_asked(struct tx *tx, const struct document_event *event, struct findings *findings,
					  struct err *err)
{
	struct document certificate;

	TRY(document_about(tx, event, &certificate, findings, err));
	if (!certificate.id)
		return OK;
	if (same(certificate.state, "cancelled") || same(certificate.state, "replaced")) {
		origin_find_withdrawn(&certificate, findings);
		return OK;
	}
	return document_send_again(tx, event, &certificate, err);
}

const struct doctype retransmission_doctype = {
	.code = "RETRANSMISSION-REQUEST",
	.title = "Request to send an e-Form D again",
	.version = "1",
	.law = "ATIGA OCP rule 29(3)",
	.schema = &retransmission_schema,
	.from_seat = "customs",
	.to_seat = "issuing-authority",
	.sample = sample_retransmission_request,
	.keeping = KEPT_AS_PROOF,
	.check = retransmission_check,
	.key = retransmission_key,
	.sent_machine = &document_sent_machine,
	.received_machine = &document_received_machine,
	.on_receive = retransmission_asked,
};
