/* The gateway: from the bytes of a partner to a durable message and a signed receipt, failing closed in every branch.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "messaging/messaging_int.h"
#include "messaging/uris_int.h"

enum { RECEIVE_ARENA = 24 << 20 };

struct receiving {
	struct messaging *messaging;
	const struct http_request *request;
	struct http_response *response;
	struct arena *arena;
	struct directory *directory;
	struct findings *findings;
	struct ebms_message message;
	const struct peer *tls_peer;      /* whose TLS client certificate it was; NULL */
	const struct peer *peer;          /* who the message says it is from; NULL */
	const struct peer *authenticated; /* who it is proved to be from: by signature or TLS; NULL: a stranger */
	struct cert *cert;                /* the signer's */
	int64_t now_us;
	const char *organisation; /* ours, for whom it is */
	bool stored;              /* something new is to be processed */
};

static void found(struct receiving *r, enum ebms_rule_name rule, const char *first, const char *second)
{
	finding_add(r->findings, ebms_rule(rule), "", first, second);
}

static bool clean(const struct receiving *r)
{
	return findings_errors(r->findings) == 0;
}

/* The answer's bytes move to the request, whose server frees them after sending. */
static enum err_code answer(struct receiving *r, const char *content_type, struct buf *body, struct err *err)
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

/* A stranger costs us a counter and a place in a ring, and a line of log a second for all of them: no signature, no
 * row, no text that tells it what to try next. */
static void turn_away(struct receiving *r, int status)
{
	struct messaging *messaging = r->messaging;
	const struct finding *finding = findings_at(r->findings, 0);
	const char *rule = finding ? finding->rule->code : "", *text = finding ? finding->text : "";
	pthread_mutex_lock(&messaging->lock);
	struct stranger *stranger = &messaging->strangers[messaging->strangers_seen++ % STRANGERS_KEPT];
	stranger->at_us = r->now_us;
	snprintf(stranger->peer, sizeof stranger->peer, "%s", r->request->peer ? r->request->peer : "");
	snprintf(stranger->rule, sizeof stranger->rule, "%s", rule);
	snprintf(stranger->text, sizeof stranger->text, "%s", text);
	bool log =
		r->now_us - messaging->strangers_logged_us >= SECOND_US || r->now_us < messaging->strangers_logged_us;
	if (log)
		messaging->strangers_logged_us = r->now_us;
	pthread_mutex_unlock(&messaging->lock);
	long long total = ++messaging->strangers_total;
	if (log)
		LOG(LOG_WARN, "message.turned-away", LOG_TEXT("peer", r->request->peer), LOG_TEXT("rule", rule),
		    LOG_TEXT("why", text), LOG_INT("so_far", total));
	r->response->status = status;
	r->response->close = true;
}

static const char *message_id_of(const struct receiving *r)
{
	return r->message.kind == KIND_USER_MESSAGE && r->message.user.info ? r->message.user.info->message_id : NULL;
}

/* A known partner learns which rule its message broke, signed; the refusal is kept with the bytes. */
static enum err_code refuse(struct receiving *r, struct err *err)
{
	struct ebms_identity identity;
	struct ebms_packed packed = { 0 };
	const struct finding *first = findings_at(r->findings, 0);
	const char *message_id = message_id_of(r);
	TRY(identity_for(r->messaging, r->directory, r->authenticated, r->now_us, &identity, err));
	struct ebms_answering answering = { .profile = r->authenticated->profile,
					    .identity = &identity,
					    .received = &r->message,
					    .ref_to = message_id,
					    .now_us = r->now_us };
	enum err_code code = ebms_pack_error(r->arena, &answering, r->findings, &packed, err);
	if (code == OK) {
		struct wire received = { .kind = WIRE_RECEIVED,
					 .at_us = r->now_us,
					 .octets = r->request->body,
					 .content_type = http_header(r->request, "Content-Type"),
					 .certificate = r->cert ? cert_fingerprint(r->cert) : NULL,
					 .basis = r->cert ? basis_of(r->directory, r->authenticated, r->cert) : NULL };
		struct wire error = { .kind = WIRE_ERROR_SENT,
				      .at_us = r->now_us,
				      .octets = buf_bytes(&packed.body),
				      .content_type = packed.content_type,
				      .certificate = cert_fingerprint(identity.key->cert),
				      .basis = basis_of(r->directory, NULL, identity.key->cert) };
		code = inbox_refused(r->messaging->options.kernel, r->authenticated->partner.code, message_id,
				     first->rule->code, &received, &error, r->now_us, err);
	}
	if (code == OK)
		code = answer(r, packed.content_type, &packed.body, err);
	buf_done(&packed.body);
	if (code != OK)
		return code;
	r->messaging->refused++;
	LOG(LOG_WARN, "message.refused", LOG_TEXT("partner", r->authenticated->partner.code),
	    LOG_TEXT("message_id", message_id), LOG_TEXT("rule", first->rule->code), LOG_TEXT("why", first->text));
	return code;
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
	const struct ebms_typed *from = r->message.user.parties->from->id;
	r->peer = directory_party(r->directory, from->value, from->type);
	if (!r->peer) {
		found(r, RULE_UNKNOWN_PARTY, from->value, NULL);
	} else if (r->tls_peer && r->tls_peer != r->peer) {
		found(r, RULE_ANOTHER_S_NAME, from->value, r->tls_peer->partner.code);
		r->peer = NULL;
	}
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

static bool is_ping(const struct ebms_collaboration *collaboration)
{
	return same(collaboration->service->value, URI_TEST_SERVICE) && same(collaboration->action, URI_TEST_ACTION);
}

static enum err_code find_recipient(struct tx *tx, void *arg, struct err *err)
{
	struct receiving *r = arg;
	const char *recipient = ebms_property(r->message.user.properties, "finalRecipient");
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

/* The P-Mode: to us, a service that we give, properties and payloads as agreed, for a seat that we have. */
static enum err_code check_agreement(struct receiving *r, struct err *err)
{
	const struct messaging_options *options = &r->messaging->options;
	const struct ebms_typed *to = r->message.user.parties->to->id;
	const struct ebms_collaboration *collaboration = r->message.user.collaboration;
	bool ping = is_ping(collaboration);
	if (!same(r->peer->partner.status, "active"))
		found(r, RULE_SUSPENDED, r->peer->partner.code, NULL);
	if (!same(to->value, options->party_id) || !same(to->type ? to->type : "", options->party_type))
		found(r, RULE_TO_PARTY, to->value, NULL);
	if (!ping && (!same(collaboration->service->value, SERVICE_DOCUMENTS) ||
		      !doctype_find(options->kernel, collaboration->action)))
		found(r, RULE_ACTION, collaboration->service->value, collaboration->action);
	check_identification(r);
	check_content(r, ping);
	if (!clean(r))
		return OK;
	TRY(db_read(options->kernel->db, find_recipient, r, err));
	if (!r->organisation)
		found(r, RULE_RECIPIENT, ebms_property(r->message.user.properties, "finalRecipient"), NULL);
	return OK;
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
			     .service = user->collaboration->service->value,
			     .action = user->collaboration->action,
			     .original_sender = ebms_property(user->properties, "originalSender"),
			     .final_recipient = ebms_property(user->properties, "finalRecipient"),
			     .test = same(ebms_property(user->properties, "test"), "true"),
			     .created_us = user->info->timestamp_us },
		.parts = { .items = parts, .count = r->message.parts_count },
		.received = { .kind = WIRE_RECEIVED,
			      .at_us = r->now_us,
			      .content_type = http_header(r->request, "Content-Type"),
			      .octets = r->request->body,
			      .certificate = cert_fingerprint(r->cert),
			      .basis = basis_of(r->directory, r->peer, r->cert) },
		.window_us = r->messaging->options.duplicate_window_us,
	};
	return OK;
}

/* Persist, then acknowledge: the receipt is signed first, stored with the message in one durable step, and only then
 * sent. A duplicate gets the receipt of the first acceptance, so that one delivery has one proof. */
static enum err_code accept(struct receiving *r, struct err *err)
{
	struct ebms_identity identity;
	struct ebms_packed packed = { 0 };
	struct inbox_delivery delivery;
	enum inbox_outcome outcome = INBOX_ALTERED;
	struct wire receipt = { 0 };
	TRY(fill_delivery(r, &delivery, err));
	TRY(identity_for(r->messaging, r->directory, r->peer, r->now_us, &identity, err));
	struct ebms_answering answering = { .profile = r->peer->profile,
					    .identity = &identity,
					    .received = &r->message,
					    .ref_to = message_id_of(r),
					    .now_us = r->now_us };
	enum err_code code = ebms_pack_receipt(r->arena, &answering, &packed, err);
	if (code == OK) {
		delivery.receipt = (struct wire){ .kind = WIRE_RECEIPT_SENT,
						  .at_us = r->now_us,
						  .content_type = packed.content_type,
						  .octets = buf_bytes(&packed.body),
						  .certificate = cert_fingerprint(identity.key->cert),
						  .basis = basis_of(r->directory, NULL, identity.key->cert) };
		code = inbox_accept(r->messaging->options.kernel, r->arena, &delivery, r->now_us, &outcome, &receipt,
				    err);
	}
	if (code == OK && outcome == INBOX_ACCEPTED) {
		r->messaging->accepted++;
		r->stored = true;
		code = answer(r, packed.content_type, &packed.body, err);
	} else if (code == OK && outcome == INBOX_DUPLICATE) {
		r->messaging->duplicates++;
		buf_clear(&packed.body);
		buf_put_bytes(&packed.body, receipt.octets);
		code = buf_check(&packed.body, "a stored receipt", err);
		if (code == OK)
			code = answer(r, receipt.content_type, &packed.body, err);
	} else if (code == OK) {
		found(r, outcome == INBOX_TOO_OLD ? RULE_TOO_OLD : RULE_ALTERED, delivery.message.message_id, NULL);
	}
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
	if (r->message.unit_read && r->message.kind != KIND_USER_MESSAGE) {
		/* Signals come back in the answer to what we sent; one that is posted belongs to nothing, and is never
		 * answered, whatever else is wrong with it. */
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
		TRY(accept(r, err));
	return clean(r) ? OK : conclude(r, err);
}

bool messaging_receive(struct messaging *messaging, const struct http_request *request, struct http_response *response)
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
	return r.stored;
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
