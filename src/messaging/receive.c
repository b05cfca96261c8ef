/* The gateway: from the bytes of a partner to a durable message and a signed receipt, failing closed in every branch.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "kernel/catch_up.h"
#include "messaging/health_int.h"
#include "messaging/receive_int.h"
#include "messaging/uris_int.h"

enum { RECEIVE_ARENA = 24 << 20 };

static void found(struct receiving *r, enum ebms_rule_name rule, const char *first, const char *second)
{
	finding_add(r->findings, ebms_rule(rule), "", first, second);
}

static bool clean(const struct receiving *r)
{
	return findings_errors(r->findings) == 0;
}

/* The answer's bytes move to the request, whose server frees them after sending. */
enum err_code receiving_answer(struct receiving *r, const char *content_type, struct buf *body, struct err *err)
{
	struct buf *owned = arena_alloc(r->request->arena, sizeof *owned);
	const char *type = arena_text(r->request->arena, content_type);
	if (!owned || !type)
		return fail(err, ERR_MEMORY, "no memory for an answer");
	*owned = *body;
	*body = (struct buf){ 0 };
	r->response->status = 200;
	r->response->content_type = type;
	r->response->owned = owned;
	return OK;
}

static void turn_away(struct receiving *r, int status)
{
	const struct finding *finding = findings_at(r->findings, 0);
	stranger_note(r->messaging, r->request->peer, finding, r->now_us);
	r->response->status = status;
	r->response->close = true;
}

static const char *message_id_of(const struct receiving *r)
{
	return r->message.user.info ? r->message.user.info->message_id : NULL;
}

/* ebMS 2: the answer goes out later, with a request of its own. */
bool receiving_answers_later(const struct receiving *r)
{
	return r->message.ebms2 && !r->message.ebms2->sync;
}

void receiving_accept(struct receiving *r)
{
	r->response->status = 204;
}

/* An answer to something of ours, which is never answered itself: errors about errors have no end. */
static bool is_answer(const struct receiving *r)
{
	switch (r->message.kind) {
	case KIND_USER_MESSAGE:
	case KIND_PULL_REQUEST:
	case KIND_PING:
	case KIND_STATUS_REQUEST:
		return false;
	case KIND_RECEIPT:
	case KIND_ERROR:
	case KIND_PONG:
	case KIND_STATUS_RESPONSE:
		return true;
	}
	return true;
}

/* Whether the refusal can be said in the words in which the message came. ebMS 2 names what it is about, or nothing. */
static bool is_answerable(const struct receiving *r)
{
	const struct binding *spoken = r->message.binding, *agreed = r->authenticated->profile->binding;
	if (spoken && spoken != agreed)
		return false;
	return agreed == &binding_as4 || (r->message.unit_read && !is_answer(r));
}

struct ebms_answering receiving_answering(struct receiving *r, const struct peer *peer,
					  const struct ebms_identity *identity)
{
	return (struct ebms_answering){ .profile = peer->profile,
					.identity = identity,
					.received = &r->message,
					.ref_to = message_id_of(r),
					.frame = &r->message.user,
					.now_us = r->now_us };
}

/* Signals are signed as our channel for them says. */
enum err_code receiving_identity(struct receiving *r, const struct peer *peer, const char *signal,
				 struct ebms_identity *identity, struct err *err)
{
	const struct cpa_channel *channel = r->pact ? cpa_signal_channel(r->pact->us, signal) : NULL;
	return identity_for(r->messaging, r->directory, peer, channel, r->now_us, identity, err);
}

static struct wire wire_received(const struct receiving *r)
{
	return (struct wire){ .kind = WIRE_RECEIVED,
			      .at_us = r->now_us,
			      .octets = r->request->body,
			      .content_type = http_header(r->request, "Content-Type"),
			      .certificate = r->cert ? cert_fingerprint(r->cert) : NULL,
			      .basis = r->cert ? basis_of(r->directory, r->peer, r->cert) : NULL };
}

static struct wire wire_given(const struct receiving *r, enum wire_kind kind, const struct ebms_identity *identity,
			      const struct ebms_packed *packed)
{
	bool is_signed = packed->references != NULL;
	return (struct wire){ .kind = kind,
			      .at_us = r->now_us,
			      .octets = buf_bytes(&packed->body),
			      .content_type = packed->content_type,
			      .certificate = is_signed ? cert_fingerprint(identity->key->cert) : NULL,
			      .basis = is_signed ? basis_of(r->directory, NULL, identity->key->cert) : NULL };
}

static void log_refusal(struct receiving *r, const struct finding *first)
{
	r->messaging->refused++;
	LOG(LOG_WARN, "message.refused", LOG_TEXT("partner", r->authenticated->partner.code),
	    LOG_TEXT("message_id", message_id_of(r)), LOG_TEXT("rule", first->rule->code),
	    LOG_TEXT("why", first->text));
}

static enum err_code refuse_in_words(struct receiving *r, const struct finding *first, struct err *err)
{
	struct ebms_identity identity;
	struct ebms_packed packed = { 0 };
	struct kernel *kernel = r->messaging->options.kernel;
	const char *partner = r->authenticated->partner.code;
	const struct refused_for why = { first->rule->code, first->text, receiving_answers_later(r) };
	TRY(receiving_identity(r, r->authenticated, "MessageError", &identity, err));
	struct ebms_answering answering = receiving_answering(r, r->authenticated, &identity);
	enum err_code code = ebms_pack_error(r->arena, &answering, r->findings, &packed, err);
	if (code == OK) {
		struct wire received = wire_received(r), error = wire_given(r, WIRE_ERROR_SENT, &identity, &packed);
		code = inbox_refused(kernel, partner, message_id_of(r), &why, &received, &error, r->now_us, err);
	}
	if (code == OK && why.later) {
		r->news |= MESSAGING_TO_SEND;
		receiving_accept(r);
	} else if (code == OK)
		code = receiving_answer(r, packed.content_type, &packed.body, err);
	buf_done(&packed.body);
	return code;
}

/* What may itself be a Fault, or an answer, is never answered by one: two ends could go on for ever. */
static bool may_be_told(const struct receiving *r)
{
	static const char word[] = "Fault";
	struct bytes body = r->request->body;
	bool answer = r->message.unit_read && is_answer(r);
	return !answer && !(body.size && memmem(body.data, body.size, word, sizeof word - 1));
}

/* Whom TLS has named, in words that every SOAP node can read. The status stays 400: SOAP 1.1 over HTTP has 500 for it,
 * upon which gateways of ebMS 2 send the same message again and again. */
static enum err_code refuse_by_fault(struct receiving *r, const struct finding *first, struct err *err)
{
	const struct binding *spoken = r->message.binding, *agreed = r->authenticated->profile->binding;
	const struct refused_for why = { first->rule->code, first->text, .later = false };
	struct ebms_packed packed = { 0 };
	enum err_code code = soap_fault_pack((spoken ? spoken : agreed) == &binding_as4 ? FAULT_SOAP12 : FAULT_SOAP11,
					     first, &packed, err);
	if (code == OK) {
		struct wire received = wire_received(r), fault = wire_given(r, WIRE_ERROR_SENT, NULL, &packed);
		code = inbox_refused(r->messaging->options.kernel, r->authenticated->partner.code, message_id_of(r),
				     &why, &received, &fault, r->now_us, err);
	}
	if (code == OK)
		code = receiving_answer(r, packed.content_type, &packed.body, err);
	if (code == OK)
		r->response->status = 400;
	buf_done(&packed.body);
	return code;
}

/* A known partner learns which rule its message broke, signed; the refusal is kept with the bytes. */
static enum err_code refuse(struct receiving *r, struct err *err)
{
	const struct finding *first = findings_at(r->findings, 0);
	if (is_answerable(r)) {
		TRY(refuse_in_words(r, first, err));
	} else if (may_be_told(r)) {
		TRY(refuse_by_fault(r, first, err));
	} else {
		const struct refused_for why = { first->rule->code, first->text, .later = false };
		struct wire received = wire_received(r);
		TRY(inbox_refused(r->messaging->options.kernel, r->authenticated->partner.code, message_id_of(r), &why,
				  &received, NULL, r->now_us, err));
		r->response->status = 400;
	}
	log_refusal(r, first);
	return OK;
}

static enum err_code conclude(struct receiving *r, struct err *err)
{
	if (r->authenticated)
		return refuse(r, err);
	turn_away(r, 400);
	return OK;
}

/* The TLS certificate, if there is one, names the partner; judged by the same function as signatures. */
static const struct peer *tls_peer_of(const struct directory *directory, struct arena *arena, struct bytes der,
				      int64_t now_us)
{
	struct err err = { 0 };
	cert_auto cert = NULL;
	if (!der.size || cert_cached(der, &cert, &err) != OK)
		return NULL;
	for (size_t i = 0; i < directory->count; i++) {
		const struct peer *peer = &directory->peers[i];
		struct findings *reasons = findings_new(arena);
		for (size_t k = 0; k < peer->tls_count; k++)
			if (reasons && bytes_same(cert_der(peer->tls[k]), cert_der(cert)) &&
			    cert_judge(cert, NULL, 0, CERT_USE_TLS_CLIENT, peer->trust, now_us, reasons))
				return peer;
	}
	return NULL;
}

/* Who says it sent this, and whether that is a partner of ours. */
static void identify_by_header(struct receiving *r)
{
	const struct ebms_party *party = r->message.user.parties->from;
	const struct ebms_typed *from = party->id;
	r->peer = directory_party(r->directory, from->value, from->type);
	for (size_t i = 1; i < party->ids && !r->peer; i++)
		r->peer = directory_party(r->directory, party->id[i].value, party->id[i].type);
	if (r->peer && r->message.ebms2)
		r->pact = pact_find(&r->peer->pacts, r->message.user.collaboration->agreement->value);
	if (!r->peer) {
		found(r, RULE_UNKNOWN_PARTY, from->value, NULL);
	} else if (r->tls_peer && r->tls_peer != r->peer) {
		found(r, RULE_ANOTHER_S_NAME, from->value, r->tls_peer->partner.code);
		r->peer = NULL;
		r->pact = NULL;
	}
}

/* Of what comes unsigned TLS says who sent it; without, where the configuration takes plain HTTP for a trial on one
 * machine, it is taken as said. Whether an acknowledgment may be, the message says that it is about: signals.c. */
static void check_unsigned(struct receiving *r)
{
	bool known = r->tls_peer == r->peer || !r->messaging->options.require_client_certificate;
	if (!known || !ebms2_may_be_unsigned(&r->message, false))
		found(r, RULE_UNSIGNED, NULL, NULL);
	else
		r->authenticated = r->peer;
}

/* Signature and signer decide who this is; the profile decides whether it is as agreed. The first is found out even
 * when the second fails, so that a partner with a wrong setting gets a signed answer. */
static enum err_code authenticate(struct receiving *r, struct err *err)
{
	struct ebms_message *message = &r->message;
	size_t before = findings_errors(r->findings);
	TRY(ebms_read_security(message, err));
	if (findings_errors(r->findings) != before)
		return OK;
	ebms_check_profile(message, r->peer->profile);
	if (!message->signature) {
		check_unsigned(r);
		return OK;
	}

	before = findings_errors(r->findings);
	TRY(ebms_signer(message, r->peer->signing, r->peer->signing_count, &r->cert, err));
	if (r->cert)
		peer_judge(r->peer, r->cert, r->now_us, r->arena, r->findings);
	if (findings_errors(r->findings) == before)
		TRY(ebms_verify(message, r->cert, err));
	if (findings_errors(r->findings) == before)
		r->authenticated = r->peer;
	return OK;
}

/* The payloads' octets: opened, compared with what was signed, expanded once. */
static enum err_code open_payloads(struct receiving *r, struct err *err)
{
	struct ebms_message *message = &r->message;
	TRY(ebms_decrypt(message, r->messaging->options.keys, &r->directory->own, err));
	if (clean(r))
		TRY(ebms_verify_parts(message, err));
	if (clean(r))
		TRY(ebms_expand(message, err));
	return OK;
}

static enum err_code find_recipient(struct tx *tx, struct receiving *r, struct err *err)
{
	const char *recipient = r->understood.final_recipient;
	const char *state = r->messaging->options.kernel->state;
	size_t state_length = strlen(state);
	if (!recipient || strncmp(recipient, state, state_length) != 0 || recipient[state_length] != ':')
		return OK;
	const char *seat = recipient + state_length + 1;
	struct organisation organisation;
	TRY(organisation_find(tx, r->arena, seat, &organisation, err));
	if (!organisation.code) {
		enum err_code code = organisation_of_seat(tx, r->arena, seat, &organisation, err);
		if (code == ERR_NOT_FOUND || code == ERR_CONFLICT)
			return OK;
		if (code != OK)
			return code;
	}
	r->organisation = organisation.code;
	return OK;
}

/* Whether the document type is activated with the partner, and not opted out of. */
static enum err_code judge_activation(struct tx *tx, struct receiving *r, struct err *err)
{
	const struct doctype *doctype = doctype_find(r->messaging->options.kernel, r->understood.action);
	const char *partner = r->peer->partner.code;
	if (!doctype)
		return OK; /* a ping */
	const struct activation cell = {
		.partner = partner, .document = doctype->code, .direction = "in", .version = doctype->version
	};
	return activation_judge(tx, r->arena, &cell, r->understood.test, date_of_time(r->now_us), &r->activation, err);
}

static enum err_code look_up(struct tx *tx, void *arg, struct err *err)
{
	struct receiving *r = arg;
	TRY(find_recipient(tx, r, err));
	return judge_activation(tx, r, err);
}

/* A value that the agreement does not have, or has as WANTED (NULL: must be absent). */
static void check_agreed(struct receiving *r, const char *what, const char *value, const char *wanted)
{
	if (!same(value, wanted))
		finding_add(r->findings, ebms_rule(RULE_NOT_AGREED), "", what, value ? value : "(absent)");
}

/* eDelivery AS4 1.15 §3.1: a message belongs to an agreement by parties with their roles, service, action and agreement
 * reference. */
static void check_identification(struct receiving *r)
{
	const struct ebms_user_message *user = &r->message.user;
	const struct ebms_collaboration *collaboration = user->collaboration;
	check_agreed(r, "the role of the sender", user->parties->from->role, URI_ROLE_INITIATOR);
	check_agreed(r, "the role of the receiver", user->parties->to->role, URI_ROLE_RESPONDER);
	check_agreed(r, "the type of the service", collaboration->service->type, NULL);
	check_agreed(r, "the agreement reference", collaboration->agreement ? collaboration->agreement->value : NULL,
		     NULL);
	if (user->mpc)
		check_agreed(r, "the message partition channel", user->mpc, URI_DEFAULT_MPC);
}

/* What an action needs: properties that keep agencies addressable, and payloads, or none for a ping. */
static void check_content(struct receiving *r, bool ping)
{
	const struct ebms_user_message *user = &r->message.user;
	static const char *const properties[] = { "originalSender", "finalRecipient" };
	for (size_t i = 0; i < COUNT(properties); i++)
		if (!ebms_property(user->properties, properties[i]))
			found(r, RULE_PROPERTY, properties[i], "is missing");
	if (ping != (r->message.parts_count == 0))
		found(r, RULE_PAYLOADS, user->collaboration->action, ping ? "no payload" : "at least one payload");
}

static bool is_taken_in(const struct kernel *kernel, const char *service, const char *action)
{
	return (same(service, SERVICE_DOCUMENTS) && doctype_find(kernel, action)) ||
	       catch_up_is_action(service, action);
}

/* The P-Mode: to us, a service that we give, properties and payloads as agreed. */
static void check_p_mode(struct receiving *r)
{
	const struct messaging_options *options = &r->messaging->options;
	const struct ebms_user_message *user = &r->message.user;
	const struct ebms_typed *to = user->parties->to->id;
	bool ping = ebms_is_ping(user->collaboration->service->value, user->collaboration->action);
	if (!same(to->value, options->party_id) || !same(to->type ? to->type : "", options->party_type))
		found(r, RULE_TO_PARTY, to->value, NULL);
	if (!ping && !is_taken_in(options->kernel, user->collaboration->service->value, user->collaboration->action))
		found(r, RULE_ACTION, user->collaboration->service->value, user->collaboration->action);
	check_identification(r);
	check_content(r, ping);
	r->understood = (struct understood){ .service = user->collaboration->service->value,
					     .action = user->collaboration->action,
					     .original_sender = ebms_property(user->properties, "originalSender"),
					     .final_recipient = ebms_property(user->properties, "finalRecipient"),
					     .test = ping || same(ebms_property(user->properties, "test"), "true") };
}

/* The CPA: the same. */
static void check_cpa(struct receiving *r)
{
	const struct kernel *kernel = r->messaging->options.kernel;
	struct ebms_message *message = &r->message;
	if (!r->pact) {
		found(r, RULE_NO_AGREEMENT, message->user.collaboration->agreement->value, NULL);
		return;
	}
	pact_understand(r->pact, r->peer->partner.code, kernel->state, message, r->now_us, &r->understood);
	if (r->understood.action && !is_taken_in(kernel, r->understood.service, r->understood.action))
		found(r, RULE_ACTION, message->user.collaboration->service->value, r->understood.action);
}

/* What is agreed, and for whom it is. */
static enum err_code check_terms(struct receiving *r, struct err *err)
{
	if (r->message.ebms2)
		check_cpa(r);
	else
		check_p_mode(r);
	if (!clean(r) || r->message.kind != KIND_USER_MESSAGE)
		return OK;
	TRY(db_read(r->messaging->options.kernel->db, look_up, r, err));
	if (!r->organisation)
		found(r, RULE_RECIPIENT, r->understood.final_recipient, NULL);
	if (r->activation.refused) {
		const struct rule *rule = ebms_rule(RULE_NOT_ACTIVATED);
		finding_add_law(r->findings, rule, "", r->activation.law ? r->activation.law : rule->law,
				r->activation.text, NULL);
	}
	return OK;
}

/* What was accepted is not judged again by what is agreed now: its sender has lost our receipt, and would take the
 * refusal for the fate of its message (ebMS 2.0 §6.5.5: the first response is sent again, whatever has expired). */
static enum err_code recall(struct tx *tx, void *arg, struct err *err)
{
	struct receiving *r = arg;
	struct message known;
	TRY(message_find_in(tx, r->arena, r->peer->partner.code, message_id_of(r), &known, err));
	if (!known.id)
		return OK;
	r->findings = r->message.findings = findings_new(r->arena);
	if (!r->findings)
		return fail(err, ERR_MEMORY, "no memory for a repetition");
	r->organisation = known.organisation;
	r->understood = (struct understood){ .service = known.service,
					     .action = known.action,
					     .original_sender = known.original_sender,
					     .final_recipient = known.final_recipient,
					     .test = known.test };
	return OK;
}

static enum err_code check_agreement(struct receiving *r, struct err *err)
{
	/* What it says about ours is true, suspended or not. All else waits, repetitions as well: a partner may be
	 * suspended because others have its keys, and to them we confirm nothing. */
	if (!same(r->peer->partner.status, "active") && !is_answer(r)) {
		found(r, RULE_SUSPENDED, r->peer->partner.code, NULL);
		return OK;
	}
	TRY(check_terms(r, err));
	if (clean(r) || r->message.kind != KIND_USER_MESSAGE)
		return OK;
	return db_read(r->messaging->options.kernel->db, recall, r, err);
}

/* In the words of today, and of what was signed today: the sender compares it with that, and knows no other binding
 * than the one that is agreed. */
static enum err_code is_answered_by(void *arg, const struct wire *receipt, bool *answered, struct err *err)
{
	const struct receiving *r = arg;
	const struct ebms_message *message = &r->message;
	const struct ebms_sent sent = ebms_sent_as(message);
	struct findings *aside = findings_new(r->arena);
	struct ebms_message signal;
	if (!aside)
		return fail(err, ERR_MEMORY, "no memory for a repetition");
	ebms_init(&signal, r->arena, &r->messaging->limits, aside);
	enum err_code code = ebms_read(&signal, receipt->content_type, receipt->octets, err);
	if (code == OK && !findings_errors(aside))
		code = ebms_read_security(&signal, err);
	*answered = code == OK && !findings_errors(aside) && signal.binding == message->binding;
	if (*answered) {
		ebms_check_sent(&signal, message_id_of(r), &sent);
		*answered = !findings_errors(aside);
	}
	ebms_done(&signal);
	return code;
}

static enum err_code fill_delivery(struct receiving *r, struct inbox_delivery *delivery, struct err *err)
{
	const struct ebms_user_message *user = &r->message.user;
	struct message_part *parts = arena_array(r->arena, r->message.parts_count + 1, sizeof *parts);
	if (!parts)
		return fail(err, ERR_MEMORY, "no memory for a message");
	for (size_t i = 0; i < r->message.parts_count; i++) {
		const struct ebms_part *part = &r->message.parts[i];
		parts[i] = (struct message_part){ .content_id = part->content_id,
						  .charset = part->charset,
						  .compressed = part->compressed,
						  .mime_type = part->mime_type ? part->mime_type : part->type,
						  .octets = part->octets };
	}
	*delivery = (struct inbox_delivery){
		.message = { .direction = "in",
			     .partner = r->peer->partner.code,
			     .organisation = r->organisation,
			     .message_id = user->info->message_id,
			     .conversation = user->collaboration->conversation,
			     .ref_to = user->info->ref_to,
			     .service = r->understood.service,
			     .action = r->understood.action,
			     .original_sender = r->understood.original_sender,
			     .final_recipient = r->understood.final_recipient,
			     .test = r->understood.test,
			     .created_us = user->info->timestamp_us },
		.parts = { .items = parts, .count = r->message.parts_count },
		.received = wire_received(r),
		.answered = is_answered_by,
		.arg = r,
		.reply_later = receiving_answers_later(r),
		.window_us = r->messaging->options.duplicate_window_us,
	};
	return OK;
}

/* The stored one, so that one delivery has one proof. */
static enum err_code answer_again(struct receiving *r, struct ebms_packed *packed, const struct wire *receipt,
				  struct err *err)
{
	buf_clear(&packed->body);
	buf_put_bytes(&packed->body, receipt->octets);
	TRY(buf_check(&packed->body, "a stored receipt", err));
	return receiving_answer(r, receipt->content_type, &packed->body, err);
}

static enum err_code answer_accepted(struct receiving *r, const struct inbox_delivery *delivery,
				     enum inbox_outcome outcome, struct ebms_packed *packed, const struct wire *receipt,
				     struct err *err)
{
	switch (outcome) {
	case INBOX_ACCEPTED:
		r->messaging->accepted++;
		r->news |= MESSAGING_TO_PROCESS;
		break;
	case INBOX_DUPLICATE:
		r->messaging->duplicates++;
		break;
	case INBOX_TOO_OLD:
		found(r, RULE_TOO_OLD, delivery->message.message_id, NULL);
		return OK;
	case INBOX_ALTERED:
		found(r, RULE_ALTERED, delivery->message.message_id, NULL);
		return OK;
	}
	if (receiving_answers_later(r)) {
		r->news |= MESSAGING_TO_SEND;
		receiving_accept(r);
		return OK;
	}
	/* It may be this very one, where none of those that were given before answers it. */
	if (outcome == INBOX_DUPLICATE && receipt->octets.data != buf_bytes(&packed->body).data)
		return answer_again(r, packed, receipt, err);
	return receiving_answer(r, packed->content_type, &packed->body, err);
}

/* Persist, then acknowledge: the receipt is signed first, stored with the message in one durable step, and only then
 * sent. */
static enum err_code accept(struct receiving *r, struct err *err)
{
	struct ebms_identity identity;
	struct ebms_packed packed = { 0 };
	struct inbox_delivery delivery;
	enum inbox_outcome outcome = INBOX_ALTERED;
	struct wire receipt = { 0 };
	TRY(fill_delivery(r, &delivery, err));
	TRY(receiving_identity(r, r->peer, "Acknowledgment", &identity, err));
	struct ebms_answering answering = receiving_answering(r, r->peer, &identity);
	enum err_code code = ebms_pack_receipt(r->arena, &answering, &packed, err);
	if (code == OK) {
		delivery.receipt = wire_given(r, WIRE_RECEIPT_SENT, &identity, &packed);
		code = inbox_accept(r->messaging->options.kernel, r->arena, &delivery, r->now_us, &outcome, &receipt,
				    err);
	}
	if (code == OK)
		code = answer_accepted(r, &delivery, outcome, &packed, &receipt, err);
	buf_done(&packed.body);
	return code;
}

static enum err_code receive(struct receiving *r, struct err *err)
{
	r->tls_peer = tls_peer_of(r->directory, r->arena, r->request->peer_certificate, r->now_us);
	if (r->messaging->options.require_client_certificate && !r->tls_peer) {
		found(r, RULE_UNTRUSTED, "no client certificate of a partner in the TLS handshake", NULL);
		turn_away(r, 403);
		return OK;
	}
	r->authenticated = r->tls_peer;
	TRY(ebms_read(&r->message, http_header(r->request, "Content-Type"), r->request->body, err));
	if (r->message.unit_read && !r->message.ebms2 && r->message.kind != KIND_USER_MESSAGE) {
		/* Signals of AS4 come back in the answer to what we sent; one that is posted belongs to nothing, and is
		 * never answered, whatever else is wrong with it. */
		found(r, RULE_RECEIPT, "or error was not asked for:", "it came as a request");
		turn_away(r, 400);
		return OK;
	}
	/* What is wrong with payloads alone (MSG-018) does not hide who speaks: a partner is told. */
	if (r->message.header_read)
		identify_by_header(r);
	if (r->peer)
		TRY(authenticate(r, err));
	if (clean(r))
		TRY(open_payloads(r, err));
	if (clean(r))
		TRY(check_agreement(r, err));
	if (clean(r))
		TRY(r->message.kind == KIND_USER_MESSAGE ? accept(r, err) : receiving_signal(r, err));
	return clean(r) ? OK : conclude(r, err);
}

unsigned messaging_receive(struct messaging *messaging, const struct http_request *request,
			   struct http_response *response)
{
	struct err err = { 0 };
	enum err_code code = ERR_MEMORY;
	arena_auto arena = arena_new(RECEIVE_ARENA);
	struct receiving r = { .messaging = messaging,
			       .request = request,
			       .response = response,
			       .arena = arena,
			       .now_us = clock_now_us(messaging->options.kernel->clock) };
	if (arena)
		r.findings = findings_new(arena);
	if (r.findings) {
		r.directory = directory_get(messaging);
		ebms_init(&r.message, arena, &messaging->limits, r.findings);
		code = receive(&r, &err);
		if (r.peer && r.authenticated == r.peer)
			health_heard(messaging, r.peer->partner.code, r.now_us);
		ebms_done(&r.message);
		cert_unref(r.cert);
		directory_release(r.directory);
	}
	if (code != OK) {
		/* Our fault, not the partner's: it will send again. */
		LOG(LOG_ERROR, "message.not-taken", LOG_TEXT("peer", request->peer), LOG_ERR(&err));
		*response = (struct http_response){ .status = err_row(code)->http_status >= 500 ? 503 : 500,
						    .close = true,
						    .headers = { { "Retry-After", "30" } } };
	}
	return r.news;
}

size_t messaging_admit(struct messaging *messaging, const struct http_request *request, int *status)
{
	struct receiving r = { .messaging = messaging,
			       .request = request,
			       .response = &(struct http_response){ 0 },
			       .arena = request->arena,
			       .findings = findings_new(request->arena),
			       .now_us = clock_now_us(messaging->options.kernel->clock) };
	if (!messaging->options.require_client_certificate)
		return messaging->options.max_message_bytes;
	struct directory *directory = directory_get(messaging);
	const struct peer *peer = tls_peer_of(directory, r.arena, request->peer_certificate, r.now_us);
	directory_release(directory);
	if (peer)
		return messaging->options.max_message_bytes;
	*status = 403;
	if (r.findings) {
		found(&r, RULE_UNTRUSTED, "no client certificate of a partner in the TLS handshake", NULL);
		turn_away(&r, *status);
	}
	return 0;
}
