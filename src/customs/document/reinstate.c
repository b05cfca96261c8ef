/* A document that we had submitted, lost, and get back from whoever received it (kernel/catch_up.h). */
#include "base/uuid.h"
#include "customs/document/document_int.h"

struct reinstatement {
	struct kernel *kernel;
	struct arena *arena;
	const struct message *message;
	const struct document_reading *reading;
	const char *digest;
	int64_t now_us; /* when it was submitted */
	struct findings *findings;
};

/* Whoever submitted it again meanwhile has made it anew: one document under one name. */
static enum err_code find_known(struct tx *tx, const struct reinstatement *r, struct document *known, struct err *err)
{
	const struct document_key *key = &r->reading->key;
	char day[DATE_SIZE];

	TRY(store_by_name(tx, r->arena,
			  &(struct document_name){ .direction = "out",
						   .organisation = r->message->organisation,
						   .doctype = r->reading->doctype->code,
						   .issuer_state = key->issuer_state,
						   .reference = key->reference,
						   .issued_on = key->issued_on,
						   .test = r->message->test },
			  known, err));
	if (known->id && !same(known->digest, r->digest))
		finding_add_law(r->findings, &document_rules[DOCUMENT_KEY_USED], "", r->reading->doctype->law,
				key->reference, date_format(key->issued_on, day));
	return OK;
}

static enum err_code find_about(struct tx *tx, const struct reinstatement *r, struct document *about, struct err *err)
{
	const struct document_key *key = &r->reading->key;

	*about = (struct document){ 0 };
	if (!key->about)
		return OK;
	return store_by_name(tx, r->arena,
			     &(struct document_name){ .organisation = r->message->organisation,
						      .partner = r->message->partner,
						      .doctype = key->about_type,
						      .issuer_state = key->about_issuer,
						      .reference = key->about,
						      .issued_on = key->about_issued_on,
						      .test = r->message->test },
			     about, err);
}

/* What it does to others it did then, too; what has changed in the meantime and does not take it any more stays. */
static enum err_code act(struct tx *tx, const struct reinstatement *r, const struct document *document,
			 const struct actor *actor, struct err *err)
{
	const struct doctype *doctype = r->reading->doctype;
	struct document_event event = { .kernel = r->kernel,
					.arena = r->arena,
					.document = document->id,
					.organisation = document->organisation,
					.partner = document->partner,
					.record = r->reading->record,
					.key = &r->reading->key,
					.message = r->message,
					.actor = *actor,
					.now_us = r->now_us };

	return doctype->on_submit ? doctype->on_submit(tx, &event, r->findings, err) : OK;
}

static enum err_code keep(struct tx *tx, const struct reinstatement *r, const char *id, struct err *err)
{
	const struct document_key *key = &r->reading->key;
	const struct doctype *doctype = r->reading->doctype;
	const struct message *message = r->message;
	const struct actor actor = actor_partner(r->arena, message->partner);
	struct document about;

	TRY(find_about(tx, r, &about, err));
	const struct document document = { .id = id,
					   .organisation = message->organisation,
					   .doctype = doctype->code,
					   .version = doctype->version,
					   .direction = "out",
					   .partner = message->partner,
					   .issuer_state = key->issuer_state,
					   .reference = key->reference,
					   .issued_on = key->issued_on,
					   .sender = message->original_sender,
					   .recipient = message->final_recipient,
					   .digest = r->digest,
					   .message = message->id,
					   .part = 1,
					   .conversation = message->conversation,
					   .test = message->test,
					   .created_us = r->now_us,
					   .about = about.id,
					   .machine = doctype->sent_machine->name };
	struct fsm_case fsm_case = { .kernel = r->kernel,
				     .arena = r->arena,
				     .id = id,
				     .organisation = document.organisation,
				     .actor = actor,
				     .now_us = r->now_us,
				     .detail = arena_printf(r->arena, "%s %s to %s", document.doctype,
							    document.reference, document.recipient) };
	if (!actor.name || !fsm_case.detail)
		return fail(err, ERR_MEMORY, "no memory left for a %s", document.doctype);
	TRY(store_put(tx, &document, false, err));
	TRY(fsm_open(tx, doctype->sent_machine, &fsm_case, err));
	return act(tx, r, &document, &actor, err);
}

enum err_code document_reinstate(struct kernel *kernel, struct tx *tx, struct arena *arena,
				 const struct message *message, const void *read, int64_t now_us, const char **document,
				 struct findings *findings, struct err *err)
{
	const struct intake_reading *intake = read;
	const struct reinstatement r = { .kernel = kernel,
					 .arena = arena,
					 .message = message,
					 .reading = &intake->reading,
					 .digest = intake->digest,
					 .now_us = now_us,
					 .findings = findings };
	struct document known, taken;
	char *id = arena_alloc(arena, UUID_SIZE);
	const char *had = *document;

	if (!id)
		return fail(err, ERR_MEMORY, "no memory left for a %s", message->action);
	*document = NULL;
	findings_append(findings, intake->findings);
	if (!intake->reading.record || findings_errors(intake->findings))
		return OK;
	TRY(find_known(tx, &r, &known, err));
	if (known.id) {
		*document = same(known.digest, r.digest) ? known.id : NULL;
		return OK;
	}
	uuid_new(id, now_us);
	if (had) {
		TRY(store_by_id(tx, arena, NULL, had, &taken, err));
		if (!taken.id)
			memcpy(id, had, UUID_SIZE);
	}
	TRY(keep(tx, &r, id, err));
	*document = id;
	return OK;
}
