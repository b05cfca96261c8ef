/* A message that a partner gives back is believed if all this holds:
 *  - who we take for its sender signed it, header and payloads, and it is from one of the two of us to the other;
 *  - who we take for its receiver acknowledged exactly that, and signed the acknowledgment if the message asked for it
 *    or the agreement does;
 *  - the one of the two signatures that is ours is by a key that is ours, in use or retired.
 * Nobody can make the one without us, nor the other without the partner: so neither the one who returns it, nor the one
 * who gets it back, can change it or make it up. */
#include "base/text.h"
#include "kernel/capability.h"
#include "messaging/catch_up_int.h"

enum { OWN_MAX = 64 };

struct judging {
	const struct catch_up_proof *proof;
	struct catch_up_evidence *evidence;
	bool in;                      /* we had received it */
	size_t receipt;               /* of the note's wires; .wires_count: none */
	const struct bytes *payloads; /* behind the wires */
	size_t payloads_count;
	struct findings *findings; /* of the version at hand */
	struct ebms_message message, acknowledgment;
	struct cert *signer, *acknowledger;
};

static void found(struct ebms_message *message, enum ebms_rule_name rule, const char *what, const char *which)
{
	finding_add(message->findings, ebms_rule(rule), "", what, which);
}

/* A certificate of ours is ours whether it is in use, retired or over: the signature was made in time, or the partner
 * would not have taken it. */
static enum err_code own_signer(struct judging *j, struct ebms_message *message, struct cert **cert, struct err *err)
{
	const struct key_list *own = &j->proof->directory->own;
	struct cert *certs[OWN_MAX] = { NULL };
	size_t count = 0;
	for (size_t i = 0; i < own->count && count < OWN_MAX; i++)
		if (own->keys[i].use == KEY_USE_SIGN && own->keys[i].cert)
			certs[count++] = own->keys[i].cert;
	TRY(ebms_signer(message, certs, count, cert, err));
	for (size_t i = 0; i < count && *cert; i++)
		if (bytes_same(cert_der(certs[i]), cert_der(*cert)))
			return OK;
	if (*cert)
		found(message, RULE_UNTRUSTED, "it is by no key of ours", NULL);
	return OK;
}

/* Believed now, or when it was received: it may have ended since. */
static enum err_code their_signer(struct judging *j, struct ebms_message *message, int64_t at_us, struct cert **cert,
				  struct err *err)
{
	const struct catch_up_proof *proof = j->proof;
	struct findings *now = findings_new(proof->arena);
	if (!now)
		return fail(err, ERR_MEMORY, "no memory for what %s returned", proof->peer->partner.code);
	TRY(ebms_signer(message, proof->peer->signing, proof->peer->signing_count, cert, err));
	if (!*cert)
		return OK;
	peer_judge(proof->peer, *cert, proof->now_us, proof->arena, now);
	if (findings_errors(now))
		peer_judge(proof->peer, *cert, at_us, proof->arena, message->findings);
	return OK;
}

/* Reads MESSAGE, and verifies who speaks. OURS: it must be us. */
static enum err_code verify(struct judging *j, struct ebms_message *message, size_t wire, bool ours, int64_t at_us,
			    struct cert **cert, struct err *err)
{
	const struct catch_up_proof *proof = j->proof;
	TRY(ebms_read(message, proof->note->wires[wire].content_type, proof->parts[wire], err));
	if (!findings_errors(message->findings))
		TRY(ebms_read_security(message, err));
	if (findings_errors(message->findings) || !message->signature)
		return OK;
	/* What was agreed then may not be what is agreed now. */
	ebms_check_profile(message, peer_profile_of(proof->peer, message));
	TRY(ours ? own_signer(j, message, cert, err) : their_signer(j, message, at_us, cert, err));
	return findings_errors(message->findings) ? OK : ebms_verify(message, *cert, err);
}

/* --- The acknowledgment --- */

static int64_t acknowledged_us(const struct judging *j)
{
	const struct ebms_message_info *info = j->acknowledgment.signal.info;
	return info ? info->timestamp_us : j->proof->now_us;
}

static enum err_code read_acknowledgment(struct judging *j, struct err *err)
{
	struct ebms_message *a = &j->acknowledgment;
	TRY(verify(j, a, j->receipt, j->in, j->proof->now_us, &j->acknowledger, err));
	if (!findings_errors(a->findings) && (a->kind != KIND_RECEIPT || !a->signal.info))
		found(a, RULE_RECEIPT, "is", "something else");
	return OK;
}

/* What was agreed counts, not what the message asks for: its sender may have made it up, and the acknowledgment too. */
static bool signature_agreed(const struct judging *j)
{
	const struct ebms_user_message *user = &j->message.user;
	const struct pact *pact = pact_find(&j->proof->peer->pacts, user->collaboration->agreement->value);
	const struct cpa_action *action =
		pact ? cpa_action_of(j->in ? pact->them : pact->us, true, user->parties->from->role,
				     user->collaboration->service, user->collaboration->action)
		     : NULL;
	return action && action->channel->ack_signed == CPA_ALWAYS;
}

static void check_acknowledgment(struct judging *j)
{
	struct ebms_message *a = &j->acknowledgment;
	const struct ebms_message *m = &j->message;
	bool must_be_signed = !m->ebms2 || m->ebms2->ack_signed || signature_agreed(j);
	a->findings = j->findings;
	if (must_be_signed && !a->signature)
		found(a, RULE_UNSIGNED, NULL, NULL);
	ebms_check_receipt(a, m->user.info->message_id, m->signature->references,
			   must_be_signed ? m->signature->count : 0);
}

/* --- The message --- */

static bool is_us(const struct judging *j, const struct ebms_party *party)
{
	const struct messaging_options *options = &j->proof->messaging->options;
	bool us = false;
	for (size_t i = 0; i < (party->ids ? party->ids : 1); i++)
		us = us || (same(party->id[i].value, options->party_id) &&
			    same(party->id[i].type ? party->id[i].type : "", options->party_type));
	return us;
}

static bool is_them(const struct judging *j, const struct ebms_party *party)
{
	bool them = false;
	for (size_t i = 0; i < (party->ids ? party->ids : 1); i++)
		them = them ||
		       directory_party(j->proof->directory, party->id[i].value, party->id[i].type) == j->proof->peer;
	return them;
}

static void check_parties(struct judging *j)
{
	struct ebms_message *m = &j->message;
	const struct ebms_party *from = m->user.parties->from, *to = m->user.parties->to;
	if (!(j->in ? is_them(j, from) && is_us(j, to) : is_us(j, from) && is_them(j, to)))
		found(m, RULE_NOT_AGREED, "sender and receiver",
		      arena_printf(m->arena, "%s, %s", from->id->value, to->id->value));
	if (!same(m->user.info->message_id, j->proof->note->items[0].message_id))
		found(m, RULE_NOT_AGREED, "the message id", m->user.info->message_id);
}

/* What it is in the words of the node; .action NULL: nothing that is exchanged here. */
static struct understood understand(struct judging *j)
{
	const struct ebms_user_message *user = &j->message.user;
	const char *state = j->proof->messaging->options.kernel->state, *partner = j->proof->peer->partner.code;
	if (!j->message.ebms2)
		return (struct understood){ .service = user->collaboration->service->value,
					    .action = user->collaboration->action,
					    .original_sender = ebms_property(user->properties, "originalSender"),
					    .final_recipient = ebms_property(user->properties, "finalRecipient"),
					    .test = same(ebms_property(user->properties, "test"), "true") };
	const struct pact *pact = pact_find(&j->proof->peer->pacts, user->collaboration->agreement->value);
	if (!pact)
		return (struct understood){ 0 };
	struct arena *arena = j->proof->arena;
	const char *from = pact_seat(&pact->terms, user->parties->from->role);
	const char *to = pact_seat(&pact->terms, user->parties->to->role);
	return (struct understood){ .service = SERVICE_DOCUMENTS,
				    .action = pact_document(&pact->terms, user->collaboration->service,
							    user->collaboration->action),
				    .original_sender = arena_printf(arena, "%s:%s", j->in ? partner : state, from),
				    .final_recipient = arena_printf(arena, "%s:%s", j->in ? state : partner, to),
				    .test = pact->terms.test };
}

/* One of the versions that were sent: .findings say why it is not the one. */
static enum err_code judge_version(struct judging *j, size_t wire, struct err *err)
{
	struct ebms_message *m = &j->message;
	TRY(verify(j, m, wire, !j->in, acknowledged_us(j), &j->signer, err));
	if (findings_errors(j->findings))
		return OK;
	if (m->kind != KIND_USER_MESSAGE || !m->signature) {
		found(m, RULE_UNSIGNED, NULL, NULL);
		return OK;
	}
	check_parties(j);
	TRY(ebms_take_parts(m, j->payloads, j->payloads_count, err));
	if (!findings_errors(j->findings))
		TRY(ebms_verify_parts(m, err));
	if (!findings_errors(j->findings))
		check_acknowledgment(j);
	return OK;
}

/* --- What is kept --- */

static const struct basis *basis_copy(struct arena *arena, const struct basis *basis)
{
	struct basis *copy = basis ? arena_copy(arena, basis, sizeof *basis) : NULL;
	if (!copy)
		return NULL;
	copy->id = arena_text(arena, basis->id);
	copy->items = arena_array(arena, basis->count, sizeof *copy->items);
	for (size_t i = 0; copy->items && i < copy->count; i++) {
		const struct credential *from = &basis->items[i];
		const void *der = from->der.size ? arena_copy(arena, from->der.data, from->der.size) : NULL;
		copy->items[i] = (struct credential){ .kind = from->kind,
						      .fingerprint = arena_text(arena, from->fingerprint),
						      .der = bytes(der, der ? from->der.size : 0) };
	}
	return copy->id && copy->items ? copy : NULL;
}

static struct wire wire_of(const struct judging *j, size_t i, enum wire_kind kind, const struct cert *cert, bool ours)
{
	const struct catch_up_proof *proof = j->proof;
	return (struct wire){ .kind = kind,
			      .at_us = acknowledged_us(j),
			      .content_type = proof->note->wires[i].content_type,
			      .octets = proof->parts[i],
			      .certificate = cert ? arena_text(proof->arena, cert_fingerprint(cert)) : NULL,
			      .basis = cert ? basis_copy(proof->arena,
							 basis_of(proof->directory, ours ? NULL : proof->peer, cert))
					    : NULL };
}

/* A document's part is named after it: "<id>@TH". */
static const char *document_of(const struct judging *j)
{
	enum { ID_LENGTH = 36 };
	const char *name = j->message.parts_count ? j->message.parts[0].content_id : NULL;
	const char *at = name ? strchr(name, '@') : NULL;
	if (!at || at - name != ID_LENGTH || !same(at + 1, j->proof->messaging->options.kernel->state))
		return NULL;
	return arena_text_of(j->proof->arena, bytes(name, ID_LENGTH));
}

static enum err_code keep_parts(const struct judging *j, struct message_parts *parts, struct err *err)
{
	const struct ebms_message *m = &j->message;
	parts->items = arena_array(j->proof->arena, m->parts_count + 1, sizeof *parts->items);
	if (!parts->items)
		return fail(err, ERR_MEMORY, "no memory for what %s returned", j->proof->peer->partner.code);
	parts->count = m->parts_count;
	for (size_t i = 0; i < m->parts_count; i++) {
		const struct ebms_part *part = &m->parts[i];
		parts->items[i] = (struct message_part){ .content_id = part->content_id,
							 .charset = part->charset,
							 .compressed = part->compressed,
							 .mime_type = part->mime_type ? part->mime_type : part->type,
							 .octets = part->octets };
	}
	return OK;
}

static enum err_code keep(struct judging *j, size_t wire, struct err *err)
{
	struct catch_up_evidence *e = j->evidence;
	const struct ebms_user_message *user = &j->message.user;
	struct understood understood = understand(j);
	if (!same(understood.service, SERVICE_DOCUMENTS) ||
	    !doctype_find(j->proof->messaging->options.kernel, understood.action)) {
		e->refused = "it carries no document type of this node, or its agreement is not here";
		return OK;
	}
	TRY(keep_parts(j, &e->parts, err));
	*e = (struct catch_up_evidence){
		.in = j->in,
		.message = { .partner = arena_text(j->proof->arena, j->proof->peer->partner.code),
			     .message_id = user->info->message_id,
			     .conversation = user->collaboration->conversation,
			     .ref_to = user->info->ref_to,
			     .service = understood.service,
			     .action = understood.action,
			     .original_sender = understood.original_sender,
			     .final_recipient = understood.final_recipient,
			     .document = j->in ? NULL : document_of(j),
			     .test = understood.test,
			     .created_us = user->info->timestamp_us,
			     .accepted_us = TIME_NONE,
			     .digest = message_digest(j->proof->arena, &e->parts) },
		.parts = e->parts,
		.wire = wire_of(j, wire, j->in ? WIRE_RECEIVED : WIRE_SENT, j->signer, !j->in),
		.receipt = wire_of(j, j->receipt, j->in ? WIRE_RECEIPT_SENT : WIRE_RECEIPT_RECEIVED, j->acknowledger,
				   j->in),
		.at_us = j->in ? acknowledged_us(j) : user->info->timestamp_us,
		.delivered_us = acknowledged_us(j),
	};
	if (!j->in)
		e->wire.at_us = e->at_us;
	return e->message.digest && e->message.partner
		       ? OK
		       : fail(err, ERR_MEMORY, "no memory for what %s returned", j->proof->peer->partner.code);
}

/* --- All of it --- */

static const char *reason_of(const struct judging *j, const struct findings *findings)
{
	const struct finding *f = findings_at(findings, 0);
	const char *text = f ? arena_printf(j->proof->arena, "%s %s", f->rule->code, f->text) : NULL;
	return text ? text : "it cannot be verified";
}

static bool is_kind(const struct judging *j, size_t i, enum wire_kind sent, enum wire_kind received)
{
	return same(j->proof->note->wires[i].kind, wire_kind_name(j->in ? sent : received));
}

static enum err_code judge_versions(struct judging *j, struct err *err)
{
	const struct catch_up_note *note = j->proof->note;
	for (size_t i = note->wires_count; i-- > 0;) {
		if (!is_kind(j, i, WIRE_SENT, WIRE_RECEIVED))
			continue;
		j->findings = findings_new(j->proof->arena);
		if (!j->findings)
			return fail(err, ERR_MEMORY, "no memory for what %s returned", j->proof->peer->partner.code);
		ebms_init(&j->message, j->proof->arena, &j->proof->messaging->limits, j->findings);
		enum err_code code = judge_version(j, i, err);
		j->evidence->refused = findings_errors(j->findings) ? reason_of(j, j->findings) : NULL;
		if (code == OK && !j->evidence->refused)
			code = keep(j, i, err);
		bool done = code != OK || !findings_errors(j->findings);
		ebms_done(&j->message);
		cert_unref(j->signer);
		j->signer = NULL;
		if (done)
			return code;
	}
	return OK;
}

static enum err_code judge(struct judging *j, struct err *err)
{
	struct findings *findings = findings_new(j->proof->arena);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for what %s returned", j->proof->peer->partner.code);
	ebms_init(&j->acknowledgment, j->proof->arena, &j->proof->messaging->limits, findings);
	TRY(read_acknowledgment(j, err));
	if (findings_errors(findings)) {
		j->evidence->refused = reason_of(j, findings);
		return OK;
	}
	return judge_versions(j, err);
}

enum err_code catch_up_prove(const struct catch_up_proof *proof, struct catch_up_evidence *evidence, struct err *err)
{
	const struct catch_up_note *note = proof->note;
	struct judging j = { .proof = proof, .evidence = evidence };
	*evidence = (struct catch_up_evidence){ .refused = "it has no message, or no receipt" };
	if (note->items_count != 1 || note->wires_count > proof->parts_count)
		return OK;
	j.in = same(note->items[0].direction, "sent");
	j.payloads = proof->parts + note->wires_count;
	j.payloads_count = proof->parts_count - note->wires_count;
	for (j.receipt = 0; j.receipt < note->wires_count; j.receipt++)
		if (is_kind(&j, j.receipt, WIRE_RECEIPT_RECEIVED, WIRE_RECEIPT_SENT))
			break;
	if (j.receipt == note->wires_count)
		return OK;
	enum err_code code = judge(&j, err);
	ebms_done(&j.acknowledgment);
	cert_unref(j.acknowledger);
	return code;
}
