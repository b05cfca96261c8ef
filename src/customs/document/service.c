/* What our side does with documents: submits, finds, reads, sees. Receiving is in messages.c. */
#include "base/uuid.h"
#include "customs/document/document_int.h"
#include "kernel/activation.h"
#include "kernel/journal.h"
#include "kernel/party.h"
#include "kernel/task.h"

/* --- Submitting --- */

struct submission {
	struct kernel *kernel;
	struct arena *arena;
	const struct document_request *request;
	struct document_reading reading;
	bool broken;              /* it breaks rules already, and is judged further only so that all is said at once */
	struct message_part part; /* the original, compressed */
	char digest[CONTENT_DIGEST_SIZE];
	/* Made anew each time the transaction runs. */
	const char *organisation; /* ours, that sends */
	struct findings *findings;
	struct document document;
	struct document_result result;
	bool refused;
};

static void find(struct submission *submission, enum document_rule rule, const char *path, const char *first,
		 const char *second)
{
	finding_add_law(submission->findings, &document_rules[rule], path, submission->reading.doctype->law, first,
			second);
}

/* Of this node's organisations and partners no agreement says anything. */
static void find_ours(struct submission *submission, enum document_rule rule, const char *first, const char *second)
{
	finding_add(submission->findings, &document_rules[rule], "", first, second);
}

static struct message_part part_of(struct bytes original)
{
	return (struct message_part){ .mime_type = "application/xml", .octets = original };
}

/* A document on its way into the outbox, for the first time or once more. */
struct sending {
	struct kernel *kernel;
	struct arena *arena;
	const struct document *document;
	struct message_part part; /* the original */
	const char *conversation; /* NULL: one of its own */
	const char *ref_to;       /* eb:MessageId of what it answers, or of what asks for it; NULL */
	const struct actor *actor;
	int64_t now_us;
};

static enum err_code put_out(struct tx *tx, const struct sending *sending, struct message *message, struct err *err)
{
	const struct document *document = sending->document;
	struct message_part part = sending->part;

	part.content_id = arena_printf(sending->arena, "%s@%s", document->id, sending->kernel->state);
	*message = (struct message){
		.partner = document->partner,
		.organisation = document->organisation,
		.conversation = sending->conversation,
		.ref_to = sending->ref_to,
		.service = DOCUMENT_SERVICE,
		.action = document->doctype,
		.original_sender = document->sender,
		.final_recipient = document->recipient,
		.document = document->id,
		.test = document->test,
	};
	if (!part.content_id)
		return fail(err, ERR_MEMORY, "no memory left to send %s", document->id);
	return outbox_put(sending->kernel, tx, sending->arena, message, &(struct message_parts){ &part, 1 },
			  sending->actor, sending->now_us, err);
}

/* The stored original once more. */
static enum err_code put_out_again(struct tx *tx, struct sending sending, struct message *message, struct err *err)
{
	struct bytes original;

	TRY(document_original(tx, sending.arena, sending.document, &original, err));
	sending.part = part_of(original);
	return put_out(tx, &sending, message, err);
}

/* The organisation that was named, or the only one with the seat that sends such documents. */
static enum err_code find_sender(struct tx *tx, struct submission *submission, struct organisation *organisation,
				 struct err *err)
{
	const char *named = submission->request->organisation, *seat = submission->reading.doctype->from_seat;
	struct err why = { 0 };

	if (named) {
		TRY(organisation_find(tx, submission->arena, named, organisation, err));
		if (!organisation->code)
			find_ours(submission, DOCUMENT_NO_ORGANISATION, named, NULL);
		else if (!same(organisation->seat, seat))
			find(submission, DOCUMENT_WRONG_SEAT, "", organisation->code, seat);
		return OK;
	}
	*organisation = (struct organisation){ 0 };
	enum err_code code = organisation_of_seat(tx, submission->arena, seat, organisation, &why);
	if (code == ERR_NOT_FOUND || code == ERR_CONFLICT) {
		find_ours(submission, code == ERR_CONFLICT ? DOCUMENT_SEVERAL_SEATS : DOCUMENT_NO_ORGANISATION, seat,
			  NULL);
		return OK;
	}
	if (code != OK)
		*err = why;
	return code;
}

/* Whether the partner takes such documents by now, and has not opted out of them. */
static enum err_code check_activation(struct tx *tx, struct submission *submission, struct err *err)
{
	const struct doctype *doctype = submission->reading.doctype;
	const struct document_request *request = submission->request;
	const struct activation cell = { .partner = submission->document.partner,
					 .document = doctype->code,
					 .direction = "out",
					 .version = doctype->version };
	struct activation_verdict verdict;

	TRY(activation_judge(tx, submission->arena, &cell, request->test, date_of_time(request->now_us), &verdict,
			     err));
	if (verdict.refused)
		finding_add_law(submission->findings,
				&document_rules[verdict.opted_out ? DOCUMENT_OPTED_OUT : DOCUMENT_NOT_ACTIVATED], "",
				verdict.law, verdict.text, NULL);
	return OK;
}

/* What is real waits until the next agreement is imported; a test under one that there never was would wait as long. */
static void check_trial(const struct submission *submission, const char *partner)
{
	const struct doctype *doctype = submission->reading.doctype;
	const struct document_request *request = submission->request;
	const struct carrier *carrier = submission->kernel->carrier;

	if (request->test && carrier &&
	    !carrier->carries(carrier->arg, partner, doctype->code, doctype->from_seat, true, request->now_us))
		finding_add(submission->findings, &document_rules[DOCUMENT_NO_TRIAL], "", partner, doctype->code);
}

static enum err_code check_partner(struct tx *tx, struct submission *submission, struct err *err)
{
	const char *named = submission->document.partner;
	struct partner partner;

	TRY(partner_find(tx, submission->arena, named, &partner, err));
	TRY(check_activation(tx, submission, err));
	if (!partner.code)
		find_ours(submission, DOCUMENT_NO_PARTNER, named, NULL);
	else if (!same(partner.status, "active"))
		find_ours(submission, DOCUMENT_PARTNER_SUSPENDED, partner.code, partner.status);
	else
		check_trial(submission, partner.code);
	return OK;
}

/* Who sends to whom: the organisation's seat, the partner, and what the document itself says of both states. A state
 * that could not be read has its own finding, and what depends on it is not judged. */
static enum err_code check_parties(struct tx *tx, struct submission *submission, struct err *err)
{
	const struct document_request *request = submission->request;
	const struct document_key *key = &submission->reading.key;
	struct organisation organisation;

	submission->document.partner = request->partner ? request->partner : key->counterpart;
	TRY(find_sender(tx, submission, &organisation, err));
	submission->organisation = organisation.code;
	if (submission->document.partner)
		TRY(check_partner(tx, submission, err));
	if (key->issuer_state && !same(key->issuer_state, submission->kernel->state))
		find(submission, DOCUMENT_WRONG_ISSUER, "", key->issuer_state, submission->kernel->state);
	if (key->counterpart && !same(key->counterpart, submission->document.partner))
		find(submission, DOCUMENT_WRONG_COUNTERPART, "", key->counterpart, submission->document.partner);
	return OK;
}

/* An officer had given its message up; who submits it again wants it sent after all, in a conversation of its own,
 * because the old one went on without it. */
static enum err_code send_abandoned(struct tx *tx, struct submission *submission, const struct document *known,
				    struct message *message, struct err *err)
{
	const struct document_request *request = submission->request;
	const struct sending again = {
		.kernel = submission->kernel,
		.arena = submission->arena,
		.document = known,
		.actor = &request->actor,
		.now_us = request->now_us,
	};

	TRY(put_out_again(tx, again, message, err));
	TRY(store_message_set(tx, known->id, message->id, err));
	struct fsm_case fsm_case = {
		.kernel = submission->kernel,
		.arena = submission->arena,
		.id = known->id,
		.organisation = known->organisation,
		.actor = request->actor,
		.now_us = request->now_us,
	};
	/* Its case may have gone on by an answer that proved that the partner has it. */
	TRY(fsm_fire_all(tx, &fsm_case, "submit", err));
	TRY(task_close(tx, known->id, TASK_ABANDONED, request->now_us, err));
	return journal_put(
		tx,
		&(struct journal_entry){
			.at_us = request->now_us,
			.actor = request->actor.name,
			.organisation = known->organisation,
			.subject_type = "document",
			.subject = known->id,
			.event = "submitted-again",
			.detail = arena_printf(submission->arena, "message %s had been abandoned", known->message) },
		err);
}

static enum err_code repeat(struct tx *tx, struct submission *submission, const struct document *known, struct err *err)
{
	struct message message;

	submission->result = (struct document_result){ .id = known->id, .message = known->message, .repeated = true };
	TRY(message_find(tx, submission->arena, known->message, &message, err));
	if (!same(message.state, "abandoned"))
		return OK;
	TRY(send_abandoned(tx, submission, known, &message, err));
	submission->result = (struct document_result){ .id = known->id, .message = message.id };
	return OK;
}

/* The same bytes again are the same document; other bytes under its name are refused. Whoever it went to: a partner is
 * no part of a document's name. */
static enum err_code check_name(struct tx *tx, struct submission *submission, struct err *err)
{
	const struct document_key *key = &submission->reading.key;
	const struct document_name name = {
		.direction = "out",
		.organisation = submission->organisation,
		.doctype = submission->reading.doctype->code,
		.issuer_state = key->issuer_state,
		.reference = key->reference,
		.issued_on = key->issued_on,
		.test = submission->request->test,
	};
	struct document known;
	char day[DATE_SIZE];

	TRY(store_by_name(tx, submission->arena, &name, &known, err));
	if (known.id && same(known.digest, submission->digest))
		return repeat(tx, submission, &known, err);
	if (known.id)
		find(submission, DOCUMENT_KEY_USED, "", key->reference, date_format(key->issued_on, day));
	return OK;
}

static enum err_code find_about(struct tx *tx, struct submission *submission, struct document *about, struct err *err)
{
	const struct document_key *key = &submission->reading.key;

	*about = (struct document){ 0 };
	if (!key->about)
		return OK;
	return store_by_name(tx, submission->arena,
			     &(struct document_name){ .organisation = submission->organisation,
						      .partner = submission->document.partner,
						      .doctype = key->about_type,
						      .issuer_state = key->about_issuer,
						      .reference = key->about,
						      .issued_on = key->about_issued_on,
						      .test = submission->request->test },
			     about, err);
}

/* Puts the original in the outbox. What is about another document goes to whoever has that one, in the same
 * conversation. */
static enum err_code send(struct tx *tx, struct submission *submission, const struct document *about,
			  struct message *message, struct err *err)
{
	struct arena *arena = submission->arena;
	struct document *document = &submission->document;
	struct message cause = { 0 };
	bool answers = about->id && same(about->direction, "in");

	if (answers)
		TRY(message_find(tx, arena, about->message, &cause, err));
	document->sender = arena_printf(arena, "%s:%s", submission->kernel->state, document->organisation);
	document->recipient =
		about->id ? (answers ? about->sender : about->recipient)
			  : arena_printf(arena, "%s:%s", document->partner, submission->reading.doctype->to_seat);
	if (!document->sender || !document->recipient)
		return fail(err, ERR_MEMORY, "no memory left to send a %s", document->doctype);

	const struct sending sending = {
		.kernel = submission->kernel,
		.arena = arena,
		.document = document,
		.part = submission->part,
		.conversation = about->conversation,
		.ref_to = cause.message_id,
		.actor = &submission->request->actor,
		.now_us = submission->request->now_us,
	};
	return put_out(tx, &sending, message, err);
}

static enum err_code keep(struct tx *tx, struct submission *submission, struct err *err)
{
	const struct document_request *request = submission->request;
	const struct document_reading *reading = &submission->reading;
	struct document *document = &submission->document;
	struct document about;
	struct message message;
	char *id = arena_alloc(submission->arena, UUID_SIZE);

	if (!id)
		return fail(err, ERR_MEMORY, "no memory left to keep a %s", reading->doctype->code);
	uuid_new(id, request->now_us);
	*document = (struct document){
		.id = id,
		.organisation = submission->organisation,
		.doctype = reading->doctype->code,
		.version = reading->doctype->version,
		.direction = "out",
		.partner = document->partner,
		.issuer_state = reading->key.issuer_state,
		.reference = reading->key.reference,
		.issued_on = reading->key.issued_on,
		.digest = submission->digest,
		.part = 1,
		.test = request->test,
		.created_us = request->now_us,
		.machine = reading->doctype->sent_machine->name,
	};
	TRY(find_about(tx, submission, &about, err));
	TRY(send(tx, submission, &about, &message, err));
	document->about = about.id;
	document->message = message.id;
	document->conversation = message.conversation;
	TRY(store_put(tx, document, false, err));

	struct fsm_case fsm_case = {
		.kernel = submission->kernel,
		.arena = submission->arena,
		.id = id,
		.organisation = document->organisation,
		.actor = request->actor,
		.now_us = request->now_us,
		.detail = arena_printf(submission->arena, "%s %s to %s", document->doctype, document->reference,
				       document->recipient),
	};
	TRY(fsm_open(tx, reading->doctype->sent_machine, &fsm_case, err));
	submission->result = (struct document_result){ .id = id, .message = message.id };
	if (!reading->doctype->on_submit)
		return OK;

	struct document_event event = {
		.kernel = submission->kernel,
		.arena = submission->arena,
		.document = id,
		.organisation = document->organisation,
		.partner = document->partner,
		.record = reading->record,
		.key = &reading->key,
		.message = &message,
		.actor = request->actor,
		.now_us = request->now_us,
	};
	return reading->doctype->on_submit(tx, &event, submission->findings, err);
}

static enum err_code submit(struct tx *tx, void *arg, struct err *err)
{
	struct submission *submission = arg;

	submission->document = (struct document){ 0 };
	submission->result = (struct document_result){ 0 };
	submission->refused = false;
	submission->findings = findings_new(submission->arena);
	if (!submission->findings)
		return fail(err, ERR_MEMORY, "no memory left to submit a document");

	TRY(check_parties(tx, submission, err));
	/* Whether its name is free, and what it does to others, is judged of a document that can be kept: a part of a
	 * name is another name. */
	if (submission->broken)
		return OK;
	if (findings_errors(submission->findings) == 0)
		TRY(check_name(tx, submission, err));
	if (findings_errors(submission->findings) == 0 && !submission->result.id)
		TRY(keep(tx, submission, err));
	if (findings_errors(submission->findings) == 0)
		return submission->request->also
			       ? submission->request->also(tx, submission->request->also_arg, &submission->result, err)
			       : OK;
	/* A fault, so that nothing of it stays; document_submit() knows that it is none. */
	submission->refused = true;
	return fail(err, ERR_INVALID, "the document is refused");
}

enum err_code document_submit(struct kernel *kernel, struct arena *arena, const struct document_request *request,
			      struct findings *findings, struct document_result *result, struct err *err)
{
	struct submission submission = { .kernel = kernel, .arena = arena, .request = request };
	size_t errors = findings_errors(findings);

	TRY(document_read(kernel, arena, request->doctype, request->text, document_today(request->now_us),
			  &submission.reading, findings, err));
	const struct doctype *doctype = submission.reading.doctype;
	if (doctype && doctype->sent_by && !request->own)
		finding_add(findings, &document_rules[DOCUMENT_NOT_SUBMITTED], "", doctype->code, doctype->sent_by);
	submission.broken = findings_errors(findings) > errors;
	if (submission.broken) {
		if (doctype) {
			TRY(db_read(kernel->db, submit, &submission, err));
			findings_append(findings, submission.findings);
		}
		*result = (struct document_result){ .reference = submission.reading.key.reference };
		return OK;
	}
	content_digest(submission.reading.original, submission.digest);
	submission.part = part_of(submission.reading.original);
	TRY(message_parts_compress(arena, &(struct message_parts){ &submission.part, 1 }, err));

	enum err_code code = db_write(kernel->db, submit, &submission, err);
	if (code != OK && !submission.refused)
		return code;
	findings_append(findings, submission.findings);
	*result = code == OK ? submission.result : (struct document_result){ 0 };
	result->reference = submission.reading.key.reference;
	return OK;
}

/* --- Finding and reading --- */

enum err_code document_list(struct tx *tx, struct arena *arena, const struct document_filter *filter,
			    struct document_list *list, struct err *err)
{
	return store_list(tx, arena, filter, list, err);
}

enum err_code document_find(struct tx *tx, struct arena *arena, const char *organisation, const char *id,
			    struct document *document, struct err *err)
{
	return store_by_id(tx, arena, organisation, id, document, err);
}

static enum err_code find_valid(struct tx *tx, struct arena *arena, const char *organisation, const char *reference,
				const char *valid, struct document *document, struct err *err)
{
	enum { TWO_AND_ONE = 3 };
	const struct document_filter filter = {
		.organisation = organisation, .reference = reference, .valid = valid, .limit = TWO_AND_ONE
	};
	struct document_list list;

	TRY(store_list(tx, arena, &filter, &list, err));
	/* A withdrawal that has the reference of what it withdraws gives way to it; newest first, so it stands before.
	 */
	if (list.count > 1 && same(list.items[0].about, list.items[1].id)) {
		list.items++;
		list.count--;
	}
	if (list.count > 1)
		return fail(err, ERR_CONFLICT,
			    "several documents have the reference %s, among them %s and %s: name one by its id",
			    reference, list.items[0].id, list.items[1].id);
	if (list.count == 1)
		*document = list.items[0];
	return OK;
}

enum err_code document_named(struct tx *tx, struct arena *arena, const char *organisation, const char *name,
			     struct document *document, struct err *err)
{
	static const char *const valid[] = { "0", "1", NULL };

	TRY(store_by_id(tx, arena, organisation, name, document, err));
	if (document->id)
		return OK;
	for (size_t i = 0; !document->id && i < COUNT(valid); i++)
		TRY(find_valid(tx, arena, organisation, name, valid[i], document, err));
	if (!document->id)
		return OK;
	TRY(store_count(tx, organisation, name, &document->others, err));
	document->others--;
	return OK;
}

enum err_code document_original(struct tx *tx, struct arena *arena, const struct document *document,
				struct bytes *original, struct err *err)
{
	struct message_parts parts;

	TRY(message_parts_of(tx, arena, document->message, &parts, err));
	if (document->part < 1 || (size_t)document->part > parts.count)
		return fail(err, ERR_NOT_FOUND, "message %s has no part %lld", document->message,
			    (long long)document->part);
	return message_part_plain(arena, &parts.items[document->part - 1], DOCUMENT_MAX_BYTES, original, err);
}

enum err_code document_record(struct tx *tx, struct kernel *kernel, struct arena *arena,
			      const struct document *document, const void **record, struct err *err)
{
	struct bytes original;
	struct document_reading reading;
	struct findings *aside = findings_new(arena);

	if (!aside)
		return fail(err, ERR_MEMORY, "no memory left to read a %s", document->doctype);
	TRY(document_original(tx, arena, document, &original, err));
	TRY(document_read(kernel, arena, document->doctype, original, document_today(document->created_us), &reading,
			  aside, err));
	if (!reading.record)
		return fail(err, ERR_INTERNAL, "the stored %s %s cannot be read", document->doctype, document->id);
	*record = reading.record;
	return OK;
}

struct seeing {
	struct kernel *kernel;
	struct arena *arena;
	const char *organisation, *id;
	const struct actor *actor;
	int64_t now_us;
	struct findings *findings;
};

/* Of what we sent there is nothing to see; but what was abandoned may have been settled with the partner by other
 * means. */
static enum err_code settle_abandoned(struct tx *tx, const struct seeing *seeing, const struct document *document,
				      struct err *err)
{
	if (!same(document->state, "abandoned"))
		return fail(err, ERR_CONFLICT,
			    "%s was sent by us: only received documents are marked as seen, and what was abandoned",
			    document->reference);
	TRY(journal_put(tx,
			&(struct journal_entry){ .at_us = seeing->now_us,
						 .actor = seeing->actor->name,
						 .organisation = document->organisation,
						 .subject_type = "document",
						 .subject = document->id,
						 .event = "seen",
						 .detail = "after it was abandoned" },
			err));
	return task_close(tx, document->id, TASK_ABANDONED, seeing->now_us, err);
}

static enum err_code see(struct tx *tx, void *arg, struct err *err)
{
	struct seeing *seeing = arg;
	struct document document;

	TRY(store_by_id(tx, seeing->arena, seeing->organisation, seeing->id, &document, err));
	if (!document.id)
		return fail(err, ERR_NOT_FOUND, "there is no document %s", seeing->id);

	const struct machine *machine = machine_find(seeing->kernel, document.machine);
	if (!machine)
		return fail(err, ERR_INTERNAL, "no machine \"%s\" for the document %s", document.machine, document.id);
	if (same(document.direction, "out"))
		return settle_abandoned(tx, seeing, &document, err);
	if (!same(document.state, machine->initial))
		return OK; /* seen before */

	struct fsm_case fsm_case = {
		.kernel = seeing->kernel,
		.arena = seeing->arena,
		.id = document.id,
		.organisation = document.organisation,
		.actor = *seeing->actor,
		.now_us = seeing->now_us,
	};
	seeing->findings = findings_new(seeing->arena);
	if (!seeing->findings)
		return fail(err, ERR_MEMORY, "no memory left for the document %s", document.id);
	TRY(fsm_fire(tx, machine, &fsm_case, "seen", NULL, seeing->findings, err));
	return task_close(tx, document.id, "document-refused", seeing->now_us, err);
}

enum err_code document_seen(struct kernel *kernel, struct arena *arena, const char *organisation, const char *id,
			    const struct actor *actor, int64_t now_us, struct findings *findings, struct err *err)
{
	struct seeing seeing = { kernel, arena, organisation, id, actor, now_us, NULL };

	TRY(db_write(kernel->db, see, &seeing, err));
	if (seeing.findings)
		findings_append(findings, seeing.findings);
	return OK;
}

/* --- For other capabilities --- */

enum err_code document_about(struct tx *tx, const struct document_event *event, struct document *about,
			     struct findings *findings, struct err *err)
{
	const struct document_key *key = event->key;
	struct document found = { 0 };
	char day[DATE_SIZE];

	if (key->about)
		TRY(store_by_name(tx, event->arena,
				  &(struct document_name){ .organisation = event->organisation,
							   .partner = event->partner,
							   .doctype = key->about_type,
							   .issuer_state = key->about_issuer,
							   .reference = key->about,
							   .issued_on = key->about_issued_on,
							   .test = event->message->test },
				  &found, err));
	if (!found.id)
		finding_add(findings, &document_rules[DOCUMENT_ABOUT_UNKNOWN], "", key->about,
			    date_format(key->about_issued_on, day));
	*about = found;
	return OK;
}

enum err_code document_fire(struct tx *tx, const struct document_event *event, const struct document *about,
			    const char *event_name, struct findings *findings, struct err *err)
{
	const struct machine *machine = machine_find(event->kernel, about->machine);
	struct fsm_case fsm_case = {
		.kernel = event->kernel,
		.arena = event->arena,
		.id = about->id,
		.organisation = about->organisation,
		.actor = event->actor,
		.now_us = event->now_us,
		.detail = document_cause(event->arena, event->document),
	};

	if (!machine)
		return fail(err, ERR_INTERNAL, "no machine \"%s\" for the document %s", about->machine, about->id);
	return fsm_fire(tx, machine, &fsm_case, event_name, NULL, findings, err);
}

enum err_code document_send_again(struct tx *tx, const struct document_event *event, const struct document *document,
				  struct err *err)
{
	const struct sending again = {
		.kernel = event->kernel,
		.arena = event->arena,
		.document = document,
		.ref_to = event->message->message_id,
		.actor = &event->actor,
		.now_us = event->now_us,
	};
	struct message message;

	/* It was sent when this was received the first time. */
	if (event->message->recovered)
		return OK;
	return put_out_again(tx, again, &message, err);
}
