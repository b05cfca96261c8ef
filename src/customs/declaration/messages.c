/* Document types of the declaration: their names among states, and what one does to another. */
#include "customs/declaration/declaration_int.h"

#define ACDD "ACDD"

static enum err_code move_declaration(struct tx *tx, const struct document_event *event, const char *name,
				      struct findings *findings, struct err *err)
{
	struct document declaration;

	TRY(document_about(tx, event, &declaration, findings, err));
	return declaration.id ? document_fire(tx, event, &declaration, name, findings, err) : OK;
}

static const struct acdd_reference no_reference = { .declared_on = DATE_NONE };

static void acdd_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct acdd *acdd = record;

	(void)arena;
	*key = (struct document_key){
		.reference = acdd->declaration,
		.issuer_state = acdd->exporting_country,
		.issued_on = acdd->declared_on,
		.about_issued_on = DATE_NONE,
		.counterpart = acdd->importing_country,
	};
}

const struct doctype acdd_doctype = {
	.code = ACDD,
	.title = "ASEAN Customs Declaration Document",
	.version = "1",
	.law = "ACDD Message Implementation Guide",
	.schema = &acdd_schema,
	.from_seat = "customs",
	.to_seat = "customs",
	.sample = sample_acdd,
	.keeping = DOCUMENT_KEPT,
	.check = acdd_check,
	.key = acdd_key,
	.sent_machine = &acdd_sent_machine,
	.received_machine = &acdd_received_machine,
};

static void response_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct acdd_response *response = record;
	const struct acdd_reference *about = response->about ? response->about : &no_reference;

	(void)arena;
	*key = (struct document_key){
		.reference = response->reference,
		.issuer_state = response->issuing_country,
		.issued_on = response->issued_on,
		.about = about->declaration,
		.about_type = ACDD,
		.about_issued_on = about->declared_on,
		.about_issuer = about->country,
		.counterpart = about->country,
	};
}

static enum err_code responded(struct tx *tx, const struct document_event *event, struct findings *findings,
			       struct err *err)
{
	const struct acdd_response *response = event->record;

	return move_declaration(tx, event, same(response->function, "01") ? "accept" : "reject", findings, err);
}

const struct doctype acdd_response_doctype = {
	.code = "ACDD-RESPONSE",
	.title = "Customs response to an ACDD",
	.version = "1",
	.law = "ACDD Message Implementation Guide",
	.schema = &acdd_response_schema,
	.from_seat = "customs",
	.to_seat = "customs",
	.sample = sample_acdd_response,
	.keeping = DOCUMENT_KEPT,
	.check = acdd_response_check,
	.key = response_key,
	.sent_machine = &document_sent_machine,
	.received_machine = &document_received_machine,
	.on_submit = responded,
	.on_receive = responded,
};

static void cancellation_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct acdd_cancellation *cancellation = record;
	const struct acdd_reference *about = cancellation->about ? cancellation->about : &no_reference;

	(void)arena;
	*key = (struct document_key){
		.reference = cancellation->reference,
		.issuer_state = cancellation->exporting_country,
		.issued_on = cancellation->issued_on,
		.about = about->declaration,
		.about_type = ACDD,
		.about_issued_on = about->declared_on,
		.about_issuer = cancellation->exporting_country,
		.counterpart = cancellation->importing_country,
	};
}

static enum err_code cancelled(struct tx *tx, const struct document_event *event, struct findings *findings,
			       struct err *err)
{
	return move_declaration(tx, event, "cancel", findings, err);
}

const struct doctype acdd_cancellation_doctype = {
	.code = "ACDD-CANCELLATION",
	.title = "Cancellation of an ACDD",
	.version = "1",
	.law = "ACDD Message Implementation Guide",
	.schema = &acdd_cancellation_schema,
	.from_seat = "customs",
	.to_seat = "customs",
	.sample = sample_acdd_cancellation,
	.keeping = DOCUMENT_KEPT,
	.check = acdd_cancellation_check,
	.key = cancellation_key,
	.sent_machine = &document_sent_machine,
	.received_machine = &document_received_machine,
	.on_submit = cancelled,
	.on_receive = cancelled,
};
