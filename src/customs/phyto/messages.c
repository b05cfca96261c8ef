/* Document types of phytosanitary certificates: their names among states, and what one does to another. */
#include "customs/phyto/phyto_int.h"

#define E_PHYTO "E-PHYTO"
#define LAW     "ISPM 12, Appendix 1"

static void certificate_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct phyto *phyto = record;
	const char *replaced = phyto_note_of(phyto->notes, phyto->notes_count, NOTE_REPLACED_NUMBER);
	date replaced_on = phyto_day(phyto_note_of(phyto->notes, phyto->notes_count, NOTE_REPLACED_DAY));
	date issued_on = phyto_day(phyto->issued_at);
	/* None replaces itself, as that of a system that always writes the note would. */
	bool itself = same(replaced, phyto->number) && replaced_on == issued_on;
	bool named = replaced && replaced_on != DATE_NONE && !itself;

	(void)arena;
	*key = (struct document_key){
		.reference = phyto->number,
		.issuer_state = phyto->exporting_country,
		.issued_on = issued_on,
		.about = named ? replaced : NULL,
		.about_type = named ? E_PHYTO : NULL,
		.about_issued_on = named ? replaced_on : DATE_NONE,
		.about_issuer = named ? phyto->exporting_country : NULL,
		.counterpart = phyto->importing_country,
	};
}

/* A certificate that is replaced already has nothing more to lose. */
static enum err_code move_certificate(struct tx *tx, const struct document_event *event, const char *name,
				      struct findings *missing, struct findings *findings, struct err *err)
{
	struct document certificate;

	TRY(document_about(tx, event, &certificate, missing, err));
	if (!certificate.id || same(certificate.state, "replaced"))
		return OK;
	return document_fire(tx, event, &certificate, name, findings, err);
}

/* What it replaces may have gone on paper, or to another state: then there is none here, and nothing is wrong. */
static enum err_code replaced(struct tx *tx, const struct document_event *event, struct findings *findings,
			      struct err *err)
{
	struct findings *aside = findings_new(event->arena);

	if (!event->key->about)
		return OK;
	if (!aside)
		return fail(err, ERR_MEMORY, "no memory left for a %s", E_PHYTO);
	return move_certificate(tx, event, "replace", aside, findings, err);
}

const struct doctype phyto_doctype = {
	.code = E_PHYTO,
	.title = "Electronic phytosanitary certificate",
	.version = "1",
	.law = LAW,
	.schema = &phyto_schema,
	.from_seat = "plant-health",
	.to_seat = "plant-health",
	.sample = sample_e_phyto,
	.keeping = DOCUMENT_KEPT,
	.check = phyto_check,
	.key = certificate_key,
	.sent_machine = &phyto_sent_machine,
	.received_machine = &phyto_received_machine,
	.on_submit = replaced,
	.on_receive = replaced,
};

/* It is the certificate once more, with another status: it has its number and its date. */
static void withdrawal_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct phyto *phyto = record;
	date issued_on = phyto_day(phyto->issued_at);

	(void)arena;
	*key = (struct document_key){
		.reference = phyto->number,
		.issuer_state = phyto->exporting_country,
		.issued_on = issued_on,
		.about = phyto->number,
		.about_type = E_PHYTO,
		.about_issued_on = issued_on,
		.about_issuer = phyto->exporting_country,
		.counterpart = phyto->importing_country,
	};
}

static enum err_code withdrawn(struct tx *tx, const struct document_event *event, struct findings *findings,
			       struct err *err)
{
	return move_certificate(tx, event, "withdraw", findings, findings, err);
}

const struct doctype phyto_withdrawal_doctype = {
	.code = "E-PHYTO-WITHDRAWAL",
	.title = "Withdrawal of a phytosanitary certificate",
	.version = "1",
	.law = LAW,
	.schema = &phyto_withdrawal_schema,
	.from_seat = "plant-health",
	.to_seat = "plant-health",
	.sample = sample_e_phyto_withdrawal,
	.keeping = DOCUMENT_KEPT,
	.check = phyto_check,
	.key = withdrawal_key,
	.sent_machine = &document_sent_machine,
	.received_machine = &document_received_machine,
	.on_submit = withdrawn,
	.on_receive = withdrawn,
};
