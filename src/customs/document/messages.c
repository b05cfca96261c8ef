/* Received messages become documents. What is wrong with a document never troubles the exchange: it is kept as refused,
 * and officers have a task. */
#include <stdio.h>

#include "base/uuid.h"
#include "customs/document/document_int.h"
#include "kernel/journal.h"
#include "kernel/party.h"
#include "kernel/task.h"

#define REFUSAL_LINES 20 /* findings of one document that the journal shows */
#define TASK_FINDINGS 3  /* … and that its task names */

struct arrival {
	struct kernel *kernel;
	struct arena *arena;
	const struct message *message;
	const struct doctype *doctype;
	const struct document_reading *reading;
	const char *digest;
	struct organisation organisation;
	char id[UUID_SIZE];
	struct actor actor;
	int64_t now_us;
	struct findings *findings;
	size_t errors; /* that there were before */
};

static bool refused(const struct arrival *arrival)
{
	return findings_errors(arrival->findings) > arrival->errors;
}

static void find(const struct arrival *arrival, enum document_rule rule, const char *first, const char *second)
{
	finding_add_law(arrival->findings, &document_rules[rule], "", arrival->doctype->law, first, second);
}

/* "VN:customs": the code of an organisation here, or a seat. */
static enum err_code find_recipient(struct tx *tx, struct arrival *arrival, struct err *err)
{
	const char *recipient = arrival->message->final_recipient;
	const char *colon = recipient ? strchr(recipient, ':') : NULL;
	const char *names[] = { arrival->message->organisation, colon ? colon + 1 : recipient };

	for (size_t i = 0; i < COUNT(names); i++) {
		struct organisation organisation = { 0 };
		if (names[i])
			TRY(organisation_find(tx, arrival->arena, names[i], &organisation, err));
		if (organisation.code && same(organisation.seat, arrival->doctype->to_seat)) {
			arrival->organisation = organisation;
			return OK;
		}
	}
	return organisation_of_seat(tx, arrival->arena, arrival->doctype->to_seat, &arrival->organisation, err);
}

/* A partner speaks for its own state, and to ours. What could not be read has its own finding. */
static void check_states(const struct arrival *arrival)
{
	const struct document_key *key = &arrival->reading->key;

	if (key->issuer_state && !same(key->issuer_state, arrival->message->partner))
		find(arrival, DOCUMENT_WRONG_ISSUER, key->issuer_state, arrival->message->partner);
	if (key->counterpart && !same(key->counterpart, arrival->kernel->state))
		find(arrival, DOCUMENT_WRONG_COUNTERPART, key->counterpart, arrival->kernel->state);
}

/* *KNOWN.id is set if these bytes are kept already, which a re-transmission may bring about (ATIGA OCP rule 29(3)). */
static enum err_code check_name(struct tx *tx, const struct arrival *arrival, struct document *known, struct err *err)
{
	const struct document_key *key = &arrival->reading->key;
	char day[DATE_SIZE];

	TRY(store_by_name(tx, arrival->arena,
			  &(struct document_name){ .direction = "in",
						   .organisation = arrival->organisation.code,
						   .doctype = arrival->doctype->code,
						   .issuer_state = key->issuer_state,
						   .reference = key->reference,
						   .issued_on = key->issued_on,
						   .test = arrival->message->test },
			  known, err));
	if (known->id && !same(known->digest, arrival->digest)) {
		find(arrival, DOCUMENT_KEY_USED, key->reference, date_format(key->issued_on, day));
		known->id = NULL;
	}
	return OK;
}

static enum err_code note(struct tx *tx, const struct arrival *arrival, const char *type, const char *subject,
			  const char *event, const char *detail, const char *law, struct err *err)
{
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = arrival->now_us,
						    .actor = arrival->actor.name,
						    .organisation = arrival->organisation.code,
						    .subject_type = type,
						    .subject = subject,
						    .event = event,
						    .detail = detail,
						    .law = law },
			   err);
}

/* The document, in the state in which its machine opens. */
static enum err_code keep(struct tx *tx, const struct arrival *arrival, const struct machine *machine, struct err *err)
{
	const struct message *message = arrival->message;
	const struct document_key *key = &arrival->reading->key;
	struct document about = { 0 };
	struct document document = {
		.id = arrival->id,
		.organisation = arrival->organisation.code,
		.doctype = arrival->doctype->code,
		.version = arrival->doctype->version,
		.direction = "in",
		.partner = message->partner,
		.issuer_state = key->issuer_state,
		.reference = key->reference,
		.issued_on = arrival->reading->record ? key->issued_on : DATE_NONE,
		.sender = message->original_sender,
		.recipient = message->final_recipient,
		.digest = arrival->digest,
		.message = message->id,
		.part = 1,
		.conversation = message->conversation,
		.test = message->test,
		.created_us = arrival->now_us,
		.machine = machine->name,
	};
	struct fsm_case fsm_case = {
		.kernel = arrival->kernel,
		.arena = arrival->arena,
		.id = arrival->id,
		.organisation = arrival->organisation.code,
		.actor = arrival->actor,
		.now_us = arrival->now_us,
		.detail = arena_printf(arrival->arena, "%s %s from %s", document.doctype,
				       key->reference ? key->reference : "(unread)",
				       message->original_sender ? message->original_sender : message->partner),
	};

	if (key->about)
		TRY(store_by_name(tx, arrival->arena,
				  &(struct document_name){ .organisation = arrival->organisation.code,
							   .partner = message->partner,
							   .doctype = key->about_type,
							   .issuer_state = key->about_issuer,
							   .reference = key->about,
							   .issued_on = key->about_issued_on,
							   .test = message->test },
				  &about, err));
	document.about = about.id;
	TRY(store_put(tx, &document, machine == &document_refused_machine, err));
	TRY(fsm_open(tx, machine, &fsm_case, err));
	if (machine != &document_refused_machine)
		TRY(paper_meet(arrival->kernel, tx, arrival->arena, &document, &arrival->actor, arrival->now_us,
			       arrival->findings, err));
	return store_findings_put(tx, arrival->id, arrival->findings, err);
}

/* "FRM-014 at /goodsItem/2/grossMass": the rule and the place, not what stood there, which may be personal. Journal and
 * tasks outlive the document; the words are kept with it. */
static const char *place_of(const struct arrival *arrival, const struct finding *finding)
{
	return arena_printf(arrival->arena, "%s at %s", finding->rule->code,
			    *finding->path ? finding->path : "the document");
}

static enum err_code note_findings(struct tx *tx, const struct arrival *arrival, const char *type, const char *subject,
				   struct err *err)
{
	for (size_t i = 0; i < REFUSAL_LINES && findings_at(arrival->findings, i); i++) {
		const struct finding *finding = findings_at(arrival->findings, i);
		TRY(note(tx, arrival, type, subject, "finding", place_of(arrival, finding), finding->law, err));
	}
	return OK;
}

static enum err_code tell_officers(struct tx *tx, const struct arrival *arrival, struct err *err)
{
	size_t count = findings_count(arrival->findings), told = 0;
	const struct finding *finding;
	const char *places = "";

	for (; places && told < TASK_FINDINGS && (finding = findings_at(arrival->findings, told)); told++)
		places = arena_printf(arrival->arena, "%s%s%s", places, told ? "; " : "", place_of(arrival, finding));
	const char *text = arena_printf(
		arrival->arena,
		"%s %s from %s was refused, %zu finding%s: %s%s. lintas documents show %s has them in words: tell the "
		"sender, who judges by the same rules, then lintas documents seen %s",
		arrival->doctype->code,
		arrival->reading->key.reference ? arrival->reading->key.reference : "(reference not read)",
		arrival->message->partner, count, count == 1 ? "" : "s", places ? places : "",
		told < count ? "; …" : "", arrival->id, arrival->id);

	if (!places || !text)
		return fail(err, ERR_MEMORY, "no memory left for the findings of a %s", arrival->doctype->code);
	return task_open(tx,
			 &(struct task){ .organisation = arrival->organisation.code,
					 .kind = "document-refused",
					 .subject = arrival->id,
					 .text = text },
			 arrival->now_us, err);
}

static enum err_code keep_refused(struct tx *tx, const struct arrival *arrival, struct err *err)
{
	TRY(keep(tx, arrival, &document_refused_machine, err));
	TRY(note_findings(tx, arrival, "document", arrival->id, err));
	return tell_officers(tx, arrival, err);
}

/* What the document does to others comes first: if that is refused, nothing of it was written. */
static enum err_code act(struct tx *tx, const struct arrival *arrival, struct err *err)
{
	struct document_event event = {
		.kernel = arrival->kernel,
		.arena = arrival->arena,
		.document = arrival->id,
		.organisation = arrival->organisation.code,
		.partner = arrival->message->partner,
		.record = arrival->reading->record,
		.key = &arrival->reading->key,
		.message = arrival->message,
		.actor = arrival->actor,
		.now_us = arrival->now_us,
	};

	return arrival->doctype->on_receive ? arrival->doctype->on_receive(tx, &event, arrival->findings, err) : OK;
}

static enum err_code process(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct message *message,
			     const void *read, int64_t now_us, struct findings *findings, struct err *err)
{
	const struct intake_reading *intake = read;
	struct document known = { 0 };
	struct arrival arrival = {
		.kernel = kernel,
		.arena = arena,
		.message = message,
		.doctype = intake->doctype,
		.reading = &intake->reading,
		.digest = intake->digest,
		.actor = actor_partner(arena, message->partner),
		.now_us = now_us,
		.findings = findings,
		.errors = findings_errors(findings),
	};

	if (!arrival.actor.name)
		return fail(err, ERR_MEMORY, "no memory left for a %s", message->action);
	findings_append(findings, intake->findings);
	uuid_new(arrival.id, now_us);
	TRY(find_recipient(tx, &arrival, err));
	check_states(&arrival);
	if (message_is_link_test(message)) {
		TRY(message_became(tx, message->id, NULL, arrival.organisation.code, err));
		return note_findings(tx, &arrival, "message", message->id, err);
	}
	if (!refused(&arrival))
		TRY(check_name(tx, &arrival, &known, err));
	TRY(message_became(tx, message->id, known.id ? known.id : arrival.id, arrival.organisation.code, err));
	if (known.id)
		return note(tx, &arrival, "document", known.id, "received-again", message->message_id, NULL, err);
	if (!refused(&arrival))
		TRY(act(tx, &arrival, err));
	return refused(&arrival) ? keep_refused(tx, &arrival, err)
				 : keep(tx, &arrival, arrival.doctype->received_machine, err);
}

/* --- Reading --- */

static void find_unread(const struct intake_reading *intake, enum document_rule rule, const char *what)
{
	finding_add_law(intake->findings, &document_rules[rule], "", intake->doctype->law, what, NULL);
}

static enum err_code read_part(const struct kernel *kernel, struct arena *arena, const struct message_parts *parts,
			       int64_t now_us, struct intake_reading *intake, struct err *err)
{
	struct bytes plain = { 0 };
	struct err cause = { 0 };
	char count[24];

	content_digest(plain, intake->digest);
	snprintf(count, sizeof(count), "%zu", parts->count);
	if (parts->count != 1) {
		find_unread(intake, DOCUMENT_NO_PART, count);
		if (parts->count == 0)
			return OK;
	}

	enum err_code code = message_part_plain(arena, &parts->items[0], DOCUMENT_MAX_BYTES, &plain, &cause);
	if (code == ERR_SYNTAX || code == ERR_LIMIT) {
		find_unread(intake, DOCUMENT_UNREADABLE, cause.text);
		return OK;
	}
	if (code != OK)
		return fail(err, code, "%s", cause.text);
	content_digest(plain, intake->digest);
	return document_read(kernel, arena, intake->doctype->code, plain, document_today(now_us), &intake->reading,
			     intake->findings, err);
}

static enum err_code read_message(struct kernel *kernel, struct arena *arena, const struct message *message,
				  const struct message_parts *parts, int64_t now_us, const void **read, struct err *err)
{
	struct intake_reading *intake = arena_alloc(arena, sizeof(*intake));

	if (!intake)
		return fail(err, ERR_MEMORY, "no memory left for a %s", message->action);
	*intake = (struct intake_reading){
		.doctype = doctype_find(kernel, message->action),
		.findings = findings_new(arena),
	};
	if (!intake->doctype)
		return fail(err, ERR_INVALID, "\"%s\" is no document type of this node", message->action);
	if (!intake->findings)
		return fail(err, ERR_MEMORY, "no memory left for a %s", message->action);
	TRY(read_part(kernel, arena, parts, now_us, intake, err));
	*read = intake;
	return OK;
}

const struct intake document_intake = { .read = read_message, .process = process, .reinstate = document_reinstate };
