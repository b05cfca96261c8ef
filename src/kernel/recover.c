/* Making a message that was lost as it was. Its times are those of then, because the periods of the law run from them;
 * that it was recovered, when and from whom, is an entry of its own. */
#include "base/date.h"
#include "base/text.h"
#include "base/uuid.h"
#include "kernel/catch_up_int.h"
#include "kernel/party.h"

struct recovery {
	struct kernel *kernel;
	struct arena *arena;
	const struct catch_up *catch_up;
	const struct catch_up_evidence *evidence;
	struct message message; /* as it is stored */
	struct wire wire, receipt;
	struct wire_room wire_room, receipt_room;
	struct actor actor; /* the partner */
	struct findings *findings;
	bool blocked; /* something open stands before it in its conversation */
	int64_t now_us;
};

/* Behind what was in the conversation before the loss, and before what came into it since. */
static enum err_code place_find(struct tx *tx, struct recovery *r, struct err *err)
{
	struct message *m = &r->message;
	const struct bind binds[] = { BIND_TEXT(m->conversation), BIND_TEXT(m->partner), BIND_TEXT(m->direction),
				      BIND_INT(r->catch_up->begun_us) };
	db_query_auto query = { 0 };

	TRY(db_exec(tx, &sql_message_make_way, binds, COUNT(binds), NULL, err));
	TRY(db_query(tx, &sql_message_last_before, binds, COUNT(binds), &query, err));
	if (db_next(&query)) {
		m->position = db_int(&query, 0) + 1;
		r->blocked = db_int(&query, 1) != 0;
	}
	m->next_attempt_us = r->evidence->at_us;
	return db_end(&query, err);
}

static enum err_code put_message(struct tx *tx, struct recovery *r, const struct machine *machine, struct err *err)
{
	const struct catch_up_evidence *evidence = r->evidence;
	bool inserted = false;

	r->message.state = machine->initial;
	TRY(place_find(tx, r, err));
	TRY(message_insert_at(tx, &r->message, &evidence->parts, machine->initial, evidence->at_us, &inserted, err));
	return inserted ? OK
			: fail(err, ERR_BUSY, "message %.80s is being stored by another worker", r->message.message_id);
}

static enum err_code note_recovered(struct tx *tx, const struct recovery *r, struct err *err)
{
	const char *detail =
		arena_printf(r->arena, "given back by %s, catch-up %s", r->message.partner, r->catch_up->id);

	if (!detail)
		return fail(err, ERR_MEMORY, "no memory left for message %s", r->message.id);
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = r->now_us,
						    .actor = r->actor.name,
						    .organisation = r->message.organisation,
						    .subject_type = "message",
						    .subject = r->message.id,
						    .event = "recovered",
						    .detail = detail },
			   err);
}

/* "TH:dft", or "TH:issuing-authority": the organisation, or the only one with the seat. .code NULL: neither. */
static enum err_code find_organisation(struct tx *tx, const struct recovery *r, const char *address,
				       struct organisation *organisation, struct err *err)
{
	const char *colon = address ? strchr(address, ':') : NULL, *name = colon ? colon + 1 : address;
	struct err why = { 0 };

	*organisation = (struct organisation){ 0 };
	if (!name)
		return OK;
	TRY(organisation_find(tx, r->arena, name, organisation, err));
	if (organisation->code)
		return OK;
	enum err_code code = organisation_of_seat(tx, r->arena, name, organisation, &why);
	if (code == OK || code == ERR_NOT_FOUND || code == ERR_CONFLICT)
		return OK;
	*err = why;
	return code;
}

/* --- What we had received --- */

static enum err_code process(struct tx *tx, struct recovery *r, struct err *err)
{
	const struct intake *intake = intake_of(r->kernel, &r->message);
	int64_t at_us = r->evidence->at_us;
	struct fsm_case fsm_case = message_case(r->kernel, r->arena, &r->message, &actor_system, at_us, NULL);

	if (intake && r->evidence->read)
		TRY(intake->process(r->kernel, tx, r->arena, &r->message, r->evidence->read, at_us, r->findings, err));
	return message_fire(tx, &fsm_case, &message_in_machine, MESSAGE_PROCESSED, NULL, err);
}

static enum err_code recover_in(struct tx *tx, struct recovery *r, struct err *err)
{
	struct message *m = &r->message;
	char id[UUID_SIZE], unused[UUID_SIZE];
	struct organisation organisation;

	/* Its own id nobody else knew. */
	id_new(id, r->evidence->at_us);
	m->id = arena_text(r->arena, id);
	m->accepted_us = r->evidence->at_us;
	if (!m->id)
		return fail(err, ERR_MEMORY, "no memory left for message %s", m->message_id);
	TRY(find_organisation(tx, r, m->final_recipient, &organisation, err));
	m->organisation = organisation.code;
	TRY(put_message(tx, r, &message_in_machine, err));
	struct fsm_case fsm_case = message_case(r->kernel, r->arena, m, &r->actor, r->evidence->at_us, m->action);
	fsm_case.content = r->wire.record;
	TRY(wire_insert(tx, m->id, m->partner, &r->wire, unused, r->now_us, err));
	TRY(fsm_open(tx, &message_in_machine, &fsm_case, err));
	TRY(wire_insert(tx, m->id, m->partner, &r->receipt, unused, r->now_us, err));
	TRY(wire_journal(tx, m, &r->receipt, NULL, r->evidence->at_us, err));
	TRY(note_recovered(tx, r, err));
	return r->blocked ? OK : process(tx, r, err);
}

/* --- What we had sent --- */

/* "<id>@lintas-th", as outbox_put() made it, so that what names the message elsewhere names it again. */
static const char *id_of(const struct recovery *r)
{
	const char *message_id = r->evidence->message.message_id, *at = strchr(message_id, '@');
	const char *own = arena_printf(r->arena, "@lintas-%s", r->kernel->state);
	char id[UUID_SIZE];

	if (own && at && at - message_id == UUID_SIZE - 1 && same_ignoring_case(at, own))
		return arena_text_of(r->arena, bytes(message_id, UUID_SIZE - 1));
	id_new(id, r->evidence->at_us);
	return arena_text(r->arena, id);
}

static enum err_code reinstate_document(struct tx *tx, struct recovery *r, struct err *err)
{
	const struct intake *intake = intake_of(r->kernel, &r->message);
	const char *document = r->evidence->message.document;

	r->message.document = NULL;
	if (message_is_link_test(&r->message) || !intake || !intake->reinstate || !r->evidence->read)
		return OK;
	TRY(intake->reinstate(r->kernel, tx, r->arena, &r->message, r->evidence->read, r->evidence->at_us, &document,
			      r->findings, err));
	r->message.document = document;
	return db_exec(tx, &sql_message_reinstated, BINDS(BIND_TEXT(r->message.id), BIND_TEXT(document)), NULL, err);
}

static enum err_code recover_out(struct tx *tx, struct recovery *r, struct err *err)
{
	const struct catch_up_evidence *evidence = r->evidence;
	struct message *m = &r->message, here;
	struct organisation sender;

	TRY(message_find_out(tx, r->arena, m->partner, m->message_id, &here, err));
	if (here.id) {
		*m = here; /* it was in the backup, not yet delivered */
		TRY(message_wire_note(tx, m, &r->wire, evidence->at_us, err));
	} else {
		m->id = id_of(r);
		TRY(find_organisation(tx, r, m->original_sender, &sender, err));
		m->organisation = sender.code;
		m->original_sender = arena_printf(r->arena, "%s:%s", r->kernel->state, sender.code ? sender.code : "");
		if (!m->id || !m->organisation || !m->original_sender)
			return fail(err, m->id ? ERR_CONFIG : ERR_MEMORY,
				    "no organisation of this node sent message %.80s (%.80s)", m->message_id,
				    evidence->message.original_sender ? evidence->message.original_sender : "");
		TRY(put_message(tx, r, &message_out_machine, err));
		struct fsm_case fsm_case = message_case(r->kernel, r->arena, m, &r->actor, evidence->at_us,
							arena_printf(r->arena, "%s to %s", m->action, m->partner));
		TRY(fsm_open(tx, &message_out_machine, &fsm_case, err));
		TRY(message_wire_note(tx, m, &r->wire, evidence->at_us, err));
		TRY(reinstate_document(tx, r, err));
	}
	TRY(note_recovered(tx, r, err));
	return message_delivered(tx, r->kernel, m, &r->receipt, evidence->delivered_us, err);
}

/* --- Either --- */

/* What came back meanwhile by itself, from a partner that had no receipt yet, is known by now. */
static enum err_code is_here(struct tx *tx, const struct recovery *r, bool *here, struct err *err)
{
	const struct message *m = &r->message;
	struct message found;

	TRY((r->evidence->in ? message_find_in : message_find_out)(tx, r->arena, m->partner, m->message_id, &found,
								   err));
	*here = found.id && (r->evidence->in || same(found.state, "delivered"));
	return OK;
}

enum err_code catch_up_recover(struct kernel *kernel, struct tx *tx, struct arena *arena,
			       const struct catch_up *catch_up, const struct catch_up_evidence *evidence,
			       int64_t now_us, const char **state, const char **reason, struct err *err)
{
	struct recovery r = { .kernel = kernel,
			      .arena = arena,
			      .catch_up = catch_up,
			      .evidence = evidence,
			      .message = evidence->message,
			      .actor = actor_partner(arena, catch_up->partner),
			      .findings = findings_new(arena),
			      .now_us = now_us };
	bool here;

	if (!r.actor.name || !r.findings)
		return fail(err, ERR_MEMORY, "no memory left for message %s", evidence->message.message_id);
	if (evidence->at_us > catch_up->begun_us) {
		*state = ITEM_REFUSED;
		*reason = "it is of a time after the loss";
		return OK;
	}
	r.wire = wire_digested(&evidence->wire, evidence->message.digest, &r.wire_room);
	r.receipt = wire_digested(&evidence->receipt, evidence->message.digest, &r.receipt_room);
	r.message.direction = evidence->in ? "in" : "out";
	r.message.recovered = true;
	r.message.settled_us = r.message.reached_us = TIME_NONE;
	r.message.attempts = 0;
	TRY(is_here(tx, &r, &here, err));
	*state = here ? ITEM_KNOWN : ITEM_RECOVERED;
	*reason = here ? "it came back by itself" : NULL;
	if (here)
		return OK;
	return evidence->in ? recover_in(tx, &r, err) : recover_out(tx, &r, err);
}
