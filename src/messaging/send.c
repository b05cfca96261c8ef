/* The sender: drains the outbox, a round at a time. Partners take turns, so those that are down delay nobody else; one
 * that has not answered yet, or not last time, gets one exchange at a time until it answers. */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "kernel/reply.h"
#include "messaging/health_int.h"
#include "messaging/letter_int.h"
#include "messaging/pact_int.h"
#include "messaging/send_int.h"
#include "messaging/settle_int.h"
#include "messaging/uris_int.h"

/* What is stored is read into it: the parts, and every version that was sent before. */
enum { SEND_ARENA = 512 << 20 };

struct sending {
	struct messaging *messaging;
	struct arena *arena;
	struct directory *directory;
	const struct peer *peer;
	const struct message *message;
	const struct cert *recipient; /* whom it is encrypted for; NULL: it has no parts */
	const char *seat;             /* ebMS 2: of the organisation that sends */
	struct ebms2_route route;     /* ebMS 2 alone */
	struct retry_policy retry;
	struct message_parts parts;
	struct ebms_packed packed;  /* made now … */
	struct ebms_message before; /* … or sent before, and read again */
	struct wire_list wires;
	const char *content_type; /* of what is sent */
	struct bytes body;
	struct ebms_sent sent;
	struct http_answer answer;
	struct findings *findings;
	struct ebms_message reply;
	struct cert *cert; /* the reply's signer, … */
	bool verified;     /* … who is believed, and has signed it */
	bool answered;     /* the partner spoke, whatever it said */
	int64_t sent_us;   /* TIME_NONE: not this time */
	int64_t now_us;
};

static struct lane *lane_of(struct messaging *messaging, const char *partner)
{
	for (size_t i = 0; i < messaging->lanes_count; i++)
		if (same(messaging->lanes[i].partner, partner))
			return &messaging->lanes[i];
	if (messaging->lanes_count == PEERS_MAX)
		return NULL;
	struct lane *lane = &messaging->lanes[messaging->lanes_count++];
	*lane = (struct lane){ 0 };
	snprintf(lane->partner, sizeof lane->partner, "%s", partner);
	return lane;
}

/* How many exchanges may wait for partners that did not answer last time, all together: most senders stay free for the
 * others. */
static unsigned silent_limit(const struct messaging *messaging)
{
	return messaging->options.senders > 4 ? messaging->options.senders / 4 : 1;
}

/* A partner that answers gets no more than it leaves free: of several that fall silent at once each holds half of what
 * those before it left, so that some senders stay for whoever comes last. All that is as true as there are more senders
 * than partners. */
bool lane_has_room(const struct messaging *messaging, const struct lane *lane)
{
	unsigned silent = 0, busy = 0;
	for (size_t i = 0; i < messaging->lanes_count; i++) {
		busy += messaging->lanes[i].busy;
		silent += messaging->lanes[i].silent ? messaging->lanes[i].busy : 0;
	}
	if (lane->silent)
		return lane->busy == 0 && silent < silent_limit(messaging);
	if (!lane->heard)
		return lane->busy == 0;
	return lane->busy < messaging->options.slots && (busy == 0 || lane->busy + busy < messaging->options.senders);
}

/* The next partner in turn with room, which is taken. Replies and messages begin in turn: neither of them waits until
 * there are none of the other. */
static const struct peer *take_turn(struct messaging *messaging, const struct directory *directory, bool *replies_first)
{
	const struct peer *taken = NULL;
	pthread_mutex_lock(&messaging->lock);
	for (size_t tried = 0; tried < directory->count && !taken; tried++) {
		const struct peer *peer = &directory->peers[messaging->turn++ % directory->count];
		struct lane *lane = lane_of(messaging, peer->partner.code);
		if (!lane || !same(peer->partner.status, "active") || !lane_has_room(messaging, lane))
			continue;
		lane->busy++;
		*replies_first = lane->replied = !lane->replied;
		taken = peer;
	}
	pthread_mutex_unlock(&messaging->lock);
	return taken;
}

static void leave_turn(struct messaging *messaging, const char *partner, bool tried, bool answered)
{
	pthread_mutex_lock(&messaging->lock);
	struct lane *lane = lane_of(messaging, partner);
	lane->busy--;
	if (tried)
		lane->silent = !answered;
	lane->heard |= answered;
	pthread_mutex_unlock(&messaging->lock);
}

static enum err_code read_stored(struct tx *tx, void *arg, struct err *err)
{
	struct sending *s = arg;
	struct organisation sender = { 0 };
	TRY(message_parts_of(tx, s->arena, s->message->id, &s->parts, err));
	if (s->message->organisation)
		TRY(organisation_find(tx, s->arena, s->message->organisation, &sender, err));
	s->seat = sender.seat;
	return message_wires(tx, s->arena, s->message->id, &s->wires, err);
}

static const struct wire *last_sent(const struct sending *s)
{
	const struct wire *last = NULL;
	for (size_t i = 0; i < s->wires.count; i++)
		if (s->wires.items[i].kind == WIRE_SENT)
			last = &s->wires.items[i];
	return last;
}

/* Whether what was sent before says what ROUTE says now: an agreement may be replaced under its CPAId. */
static bool route_fits(const struct sending *s)
{
	const struct ebms2_route *route = &s->route;
	const struct ebms_user_message *user = &s->before.user;
	const struct ebms2_blocks *blocks = s->before.ebms2;
	return same(user->collaboration->agreement->value, route->pact->cpa->id) &&
	       same(user->collaboration->service->value, route->service->value) &&
	       same(user->collaboration->action, route->action) && same(user->parties->from->role, route->from.role) &&
	       same(user->parties->to->role, route->to.role) && blocks->sync == route->wishes.sync &&
	       blocks->ack_wanted == route->wishes.ack_wanted && blocks->ack_signed == route->wishes.ack_signed &&
	       (blocks->header.once != NULL) == route->wishes.once;
}

/* A retry sends the same bytes, as long as they still are what we would say: signed with the certificate that we use
 * now, for the one that the partner has now, by the agreed profile (AS4 profile 1.0 §3.2). Else it is signed and
 * encrypted anew, and both are kept. */
static enum err_code take_stored(struct sending *s, const struct ebms_identity *identity, bool *taken, struct err *err)
{
	const struct wire *sent = last_sent(s);
	struct findings *findings = findings_new(s->arena);
	*taken = false;
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for message %s", s->message->id);
	if (!sent || !same(sent->certificate, cert_fingerprint(identity->key->cert)))
		return OK;
	ebms_init(&s->before, s->arena, &s->messaging->limits, findings);
	TRY(ebms_read(&s->before, sent->content_type, sent->octets, err));
	if (!findings_errors(findings))
		TRY(ebms_read_security(&s->before, err));
	if (!findings_errors(findings))
		ebms_check_profile(&s->before, s->peer->profile);
	if (findings_errors(findings))
		return OK;
	if (s->recipient && !ebms_token_names(&s->before.encryption->recipient, s->recipient))
		return OK;
	if (s->route.pact && !route_fits(s))
		return OK;
	s->content_type = sent->content_type;
	s->body = sent->octets;
	s->sent = ebms_sent_as(&s->before);
	*taken = true;
	return OK;
}

static enum err_code pack_letter(struct sending *s, const struct ebms_identity *identity, struct err *err)
{
	const struct messaging_options *options = &s->messaging->options;
	const struct partner *partner = &s->peer->partner;
	const struct letter letter = { .arena = s->arena,
				       .profile = s->peer->profile,
				       .identity = identity,
				       .recipient = s->recipient,
				       .message = s->message,
				       .parts = s->parts,
				       .from = { .id = options->party_id, .type = options->party_type },
				       .to = { .id = partner->party_id, .type = partner->party_type },
				       .route = s->route.pact ? &s->route : NULL };
	TRY(letter_seal(&letter, &s->packed, &s->sent, err));
	s->content_type = s->packed.content_type;
	s->body = buf_bytes(&s->packed.body);
	return OK;
}

/* Every version sent is evidence, kept before it leaves. */
static enum err_code pack_anew(struct sending *s, const struct ebms_identity *identity, struct err *err)
{
	TRY(pack_letter(s, identity, err));
	struct wire sent = { .kind = WIRE_SENT,
			     .at_us = s->now_us,
			     .content_type = s->content_type,
			     .octets = s->body,
			     .certificate = cert_fingerprint(identity->key->cert),
			     .basis = basis_of(s->directory, NULL, identity->key->cert) };
	return outbox_sending(s->messaging->options.kernel, s->message, &sent, err);
}

/* A message that was queued for a binding which compresses goes as it is by one that does not. */
static enum err_code expand(struct sending *s, struct err *err)
{
	bool compressed = false;
	for (size_t i = 0; i < s->parts.count; i++)
		compressed |= s->parts.items[i].compressed;
	if (!compressed)
		return OK;
	struct message *repacked = arena_copy(s->arena, s->message, sizeof *repacked);
	if (!repacked)
		return fail(err, ERR_MEMORY, "no memory for message %s", s->message->id);
	TRY(message_parts_expand(s->arena, &s->parts, err));
	TRY(outbox_repack(s->messaging->options.kernel, s->arena, repacked, &s->parts, s->now_us, err));
	s->message = repacked;
	s->wires.count = 0; /* none of these is of the new parts */
	return OK;
}

/* Sent again as the agreement says, and not oftener than it says once the partner may have it. */
static enum err_code take_route(struct sending *s, struct err *err)
{
	const char *partner = s->peer->partner.code;
	TRY(pact_route(&s->peer->pacts, partner, s->message, s->seat, s->now_us, &s->route, err));
	pact_retry(s->route.channel, &s->retry);
	return OK;
}

/* For whom, by which way, and with which key. */
static enum err_code prepare(struct sending *s, struct ebms_identity *identity, struct err *err)
{
	const struct binding *binding = s->peer->profile->binding;
	if (s->parts.count && binding->encrypts)
		TRY(peer_encrypt(s->peer, s->now_us, s->arena, &s->recipient, err));
	if (binding == &binding_ebms2)
		TRY(take_route(s, err));
	return identity_for(s->messaging, s->directory, s->peer, s->route.channel, s->now_us, identity, err);
}

static enum err_code pack(struct sending *s, const struct ebms_identity *identity, struct err *err)
{
	bool taken = false;
	if (s->route.pact)
		TRY(expand(s, err));
	TRY(take_stored(s, identity, &taken, err));
	return taken ? OK : pack_anew(s, identity, err);
}

/* Where the operator has given the partner's endpoint, that counts for all of its channels: agreements are slow to
 * change. */
static const char *endpoint_of(const struct peer *peer, const char *agreed)
{
	return peer->partner.endpoint[0] || !agreed ? peer->partner.endpoint : agreed;
}

struct posting {
	struct messaging *messaging;
	const struct peer *peer;
	const char *url, *content_type;
	struct bytes body;
	int64_t timeout_us;         /* 0: that of the setting */
	enum http_stage *failed_at; /* NULL, or set when it fails */
};

static enum err_code call_partner(const struct posting *posting, struct arena *arena, struct http_answer *answer,
				  struct err *err)
{
	const struct messaging_options *options = &posting->messaging->options;
	const char *action = posting->peer->profile->binding->soap_action;
	struct http_header headers[] = { { "Content-Type", posting->content_type }, { "SOAPAction", action } };
	struct http_call call = { .method = "POST",
				  .url = endpoint_of(posting->peer, posting->url),
				  .headers = headers,
				  .headers_count = action ? COUNT(headers) : 1,
				  .body = posting->body,
				  .tls = options->tls,
				  .allow_plain = options->allow_plain,
				  .timeout_us = posting->timeout_us ? posting->timeout_us : options->timeout_us,
				  .failed_at = posting->failed_at };
	return options->client->call(options->client, arena, &call, answer, err);
}

/* The answer must be a signal of this partner, signed with a certificate we believe, whatever it says; but for what
 * ebMS 2 lets go unsigned. */
static enum err_code read_reply(struct sending *s, struct err *err)
{
	struct ebms_message *reply = &s->reply;
	TRY(ebms_read(reply, s->answer.content_type, s->answer.body, err));
	if (findings_errors(s->findings))
		return OK;
	TRY(ebms_read_security(reply, err));
	if (findings_errors(s->findings))
		return OK;
	if (!reply->signature) {
		/* By the binding that is agreed, whatever the answer speaks. */
		if (!s->route.pact || !ebms2_may_be_unsigned(reply, s->sent.ack_signed))
			ebms_found(reply, RULE_UNSIGNED, NULL, NULL);
		return OK;
	}
	/* A repetition gets the receipt of the first acceptance, which may be older than a change of the profile, if
	 * its certificate is still believed. An error is of now; one by another profile than ours says that the partner
	 * has changed before us, or not yet, and the message waits. */
	ebms_check_profile(reply, reply->kind == KIND_RECEIPT ? peer_profile_of(s->peer, reply) : s->peer->profile);
	TRY(ebms_signer(reply, s->peer->signing, s->peer->signing_count, &s->cert, err));
	if (!s->cert)
		return OK;
	size_t before = findings_errors(s->findings);
	peer_judge(s->peer, s->cert, s->now_us, s->arena, s->findings);
	TRY(ebms_verify(reply, s->cert, err));
	s->verified = findings_errors(s->findings) == before;
	return OK;
}

static struct settling settling_of(struct sending *s)
{
	return (struct settling){ .messaging = s->messaging,
				  .arena = s->arena,
				  .directory = s->directory,
				  .peer = s->peer,
				  .message = s->message,
				  .retry = &s->retry,
				  .signal = &s->reply,
				  .cert = s->cert,
				  .verified = s->verified,
				  .content_type = s->answer.content_type,
				  .octets = s->answer.body,
				  .sent_us = s->sent_us,
				  .now_us = s->now_us };
}

static enum err_code failed(struct sending *s, enum outbox_failure failure, bool said, const char *reason,
			    struct err *err)
{
	struct settling settling = settling_of(s);
	return settle_failed(&settling, failure, said, reason, err);
}

/* ebMS 2: the partner's server took it, and the acknowledgment comes with a request of its own; or should have come
 * now, and is asked for again as often as agreed. */
static bool is_taken(const struct sending *s)
{
	return s->route.pact && s->answer.status >= 200 && s->answer.status <= 299 && !s->answer.body.size;
}

/* What a SOAP Fault says under NAME; NULL if the answer is none. */
static const char *fault_value(struct sending *s, const char *name)
{
	const struct xml_node *text = s->reply.fault ? xml_first(s->reply.fault) : NULL;
	while (text && !same(xml_name(text), name))
		text = xml_next(text);
	return text ? xml_token(s->arena, text) : NULL;
}

/* An unknown agreement, for example. */
static const char *fault_text(struct sending *s)
{
	return fault_value(s, "faultstring");
}

/* Of an answer that is no signal. Who answers 200 has taken something, and an error of the server may come after it has
 * stored the message, or be of a machine before it that could not hand the answer on. It is not there if the request
 * was turned away (RFC 9110 §15.4, 15.5), or by a fault of the client (SOAP 1.1 §4.4.1). AS4 asks for no such care:
 * there a message is repeated as long as it waits. */
static enum outbox_failure failure_of_answer(struct sending *s)
{
	int status = s->answer.status;
	const char *code = fault_value(s, "faultcode"), *colon = code ? strchr(code, ':') : NULL;
	bool by_client = code && same(colon ? colon + 1 : code, "Client");
	bool turned_away = (status >= 300 && status <= 499) || by_client;
	return s->route.pact && !turned_away ? FAILED_AT_PARTNER : FAILED_ON_THE_WAY;
}

static enum err_code settle(struct sending *s, struct err *err)
{
	const char *partner = s->peer->partner.code;
	bool good = s->answer.status >= 200 && s->answer.status <= 299;
	if (is_taken(s))
		return outbox_waiting(s->messaging->options.kernel, s->message, &s->retry, s->now_us, err);
	if (s->answer.body.size && (good || s->route.pact))
		TRY(read_reply(s, err));
	if (!good || !s->answer.body.size) {
		const char *fault = fault_text(s);
		return failed(s, failure_of_answer(s), false,
			      arena_printf(s->arena, "%s answered HTTP status %d without a signal%s%s", partner,
					   s->answer.status, fault ? ": " : "", fault ? fault : ""),
			      err);
	}
	struct settling settling = settling_of(s);
	if (!findings_errors(s->findings))
		TRY(settle_by_signal(&settling, &s->sent, err));
	if (!findings_errors(s->findings))
		return OK;
	const struct finding *f = findings_at(s->findings, 0);
	return failed(s, failure_of_answer(s), s->reply.messaging != NULL,
		      arena_printf(s->arena, "no valid receipt from %s: %s %s", partner, f->rule->code, f->text), err);
}

static enum err_code post(struct sending *s, int64_t timeout_us, enum http_stage *failed_at, struct err *err)
{
	const struct posting posting = { .messaging = s->messaging,
					 .peer = s->peer,
					 .url = s->route.endpoint,
					 .content_type = s->content_type,
					 .body = s->body,
					 .timeout_us = timeout_us,
					 .failed_at = failed_at };
	return call_partner(&posting, s->arena, &s->answer, err);
}

/* The end of this process cut it off, which says nothing of the partner: it goes again at once after the start. What an
 * ebMS 2 partner may have counts all the same: it is sent no more often than agreed (ebMS 2.0 §6.5.4). */
static enum err_code give_back(struct sending *s, enum http_stage failed_at, struct err *err)
{
	struct kernel *kernel = s->messaging->options.kernel;
	if (s->route.pact && failed_at == HTTP_ANSWER)
		return outbox_waiting(kernel, s->message, &s->retry, s->now_us, err);
	return outbox_give_back(kernel, s->message, s->now_us, err);
}

static enum err_code exchange(struct sending *s, struct err *err)
{
	struct kernel *kernel = s->messaging->options.kernel;
	struct ebms_identity identity;
	struct err why = { 0 };
	/* A client that cannot say how far it came may have come that far. */
	enum http_stage failed_at = HTTP_ANSWER;
	enum err_code code = db_read(kernel->db, read_stored, s, &why);
	if (code == OK)
		code = prepare(s, &identity, &why);
	/* Before it is packed: what is not sent any more is no version. */
	if (code == OK && outbox_unanswered(s->message, &s->retry))
		return failed(s, FAILED_UNSENT, false,
			      arena_printf(s->arena, "%s has not acknowledged it, sent as often as agreed",
					   s->peer->partner.code),
			      err);
	if (code == OK)
		code = pack(s, &identity, &why);
	if (code != OK)
		return failed(s, FAILED_UNSENT, false, why.text, err);
	s->sent_us = clock_now_us(kernel->clock);
	code = post(s, 0, &failed_at, &why);
	s->now_us = clock_now_us(kernel->clock);
	if (code == ERR_BUSY)
		return give_back(s, failed_at, err);
	if (code != OK)
		return failed(s, s->route.pact && failed_at == HTTP_ANSWER ? FAILED_AT_PARTNER : FAILED_ON_THE_WAY,
			      false, why.text, err);
	s->answered = true;
	return settle(s, err);
}

static enum err_code send_one(struct messaging *messaging, struct directory *directory, const struct peer *peer,
			      const struct message *message, int64_t now_us, bool *answered, struct err *err)
{
	arena_auto arena = arena_new(SEND_ARENA);
	struct sending s = { .messaging = messaging,
			     .arena = arena,
			     .directory = directory,
			     .peer = peer,
			     .message = message,
			     .retry = messaging->options.retry,
			     .sent_us = TIME_NONE,
			     .now_us = now_us };
	if (arena)
		s.findings = findings_new(arena);
	if (!s.findings)
		return fail(err, ERR_MEMORY, "no memory to send message %s", message->id);
	ebms_init(&s.reply, arena, &messaging->limits, s.findings);
	enum err_code code = exchange(&s, err);
	ebms_done(&s.reply);
	ebms_done(&s.before);
	cert_unref(s.cert);
	buf_done(&s.packed.body);
	*answered = s.answered;
	return code;
}

/* --- Probes --- */

static bool names(const struct ebms_message *reply, const struct ebms_error *error, const char *message_id)
{
	return same(error->ref_to, message_id) || (reply->signal.info && same(reply->signal.info->ref_to, message_id));
}

void probe_read(struct arena *arena, const char *about, const struct ebms_message *reply, const struct cert *cert,
		struct probe_answer *answer)
{
	const struct ebms_signal *signal = &reply->signal;
	const struct ebms_error *error = reply->kind == KIND_ERROR ? signal->errors : NULL;
	const struct ebms_message_info *info = signal->info ? signal->info : reply->user.info;
	answer->binding = reply->binding ? reply->binding->name : NULL;
	answer->read = reply->header_read;
	answer->kind = reply->kind;
	if (reply->header_read && info)
		answer->said_us = info->timestamp_us;
	if (reply->header_read && error && signal->errors_count) {
		answer->about = names(reply, error, about);
		answer->error = arena_text(arena, error->code);
		answer->text = arena_printf(arena, "%s%s%s", error->description_text ? error->description_text : "",
					    error->detail ? " / " : "", error->detail ? error->detail : "");
	}
	if (cert) {
		answer->signer = arena_text(arena, cert_subject(cert));
		answer->fingerprint = arena_text(arena, cert_fingerprint(cert));
	}
}

/* A receipt is compared with what was sent. */
static enum err_code read_probe(struct sending *s, struct probe *probe, struct err *err)
{
	probe->taken = is_taken(s);
	if (!s->answer.body.size)
		return OK;
	TRY(read_reply(s, err));
	if (s->reply.header_read && s->reply.kind == KIND_RECEIPT)
		ebms_check_sent(&s->reply, s->message->message_id, &s->sent);
	const char *fault = fault_text(s);
	probe->fault = fault ? arena_text(probe->arena, fault) : NULL;
	probe_read(probe->arena, s->message->message_id, &s->reply, s->cert, &probe->answer);
	return OK;
}

static enum err_code post_probe(struct sending *s, struct probe *probe, struct err *err)
{
	const struct clock *clock = s->messaging->options.kernel->clock;
	struct err why = { 0 };
	probe->sent_us = clock_now_us(clock);
	enum err_code code = post(s, probe->timeout_us, &probe->failed_at, &why);
	s->now_us = probe->answered_us = clock_now_us(clock);
	if (code != OK) {
		probe->unanswered = arena_text(probe->arena, why.text);
		probe->cut_off = code == ERR_BUSY;
		return OK;
	}
	probe->http = s->answer;
	return read_probe(s, probe, err);
}

static enum err_code post_and_wait(struct sending *s, struct probe *probe, struct err *err)
{
	struct awaited awaited = { .arena = probe->later, .findings = findings_new(probe->later), .sent = s->sent };
	if (!awaited.findings)
		return fail(err, ERR_MEMORY, "no memory to test the link with %s", s->peer->partner.code);
	probe_await(&awaited, probe);
	enum err_code code = post_probe(s, probe, err);
	if (code == OK && probe->taken && probe_wait(&awaited)) {
		probe->taken = false;
		probe->answered_us = clock_now_us(s->messaging->options.kernel->clock);
		probe->answer = awaited.answer;
	}
	probe_forget(&awaited);
	return code;
}

static enum err_code exchange_probe(struct sending *s, struct probe *probe, struct err *err)
{
	static const struct ebms_typed documents = { .value = SERVICE_DOCUMENTS };
	struct ebms_identity identity;
	struct err why = { 0 };
	enum err_code code = prepare(s, &identity, &why);
	if (code == OK && s->route.pact && probe->action) {
		s->route.service = &documents;
		s->route.action = probe->action;
	}
	probe->sent_us = s->now_us;
	const char *url = endpoint_of(s->peer, s->route.endpoint);
	probe->plain = url && starts_with(url, "http:");
	probe->cpa = s->route.pact ? arena_text(probe->arena, s->route.pact->cpa->id) : NULL;
	if (code == OK)
		code = pack_letter(s, &identity, &why);
	if (code != OK) {
		probe->unsent = arena_text(probe->arena, why.text);
		return OK;
	}
	return s->route.pact && !s->route.wishes.sync && probe->later ? post_and_wait(s, probe, err)
								      : post_probe(s, probe, err);
}

enum err_code send_probe(struct probe *probe, struct err *err)
{
	struct sending s = { .messaging = probe->messaging,
			     .arena = probe->arena,
			     .directory = probe->directory,
			     .peer = probe->peer,
			     .message = probe->message,
			     .seat = probe->seat,
			     .parts = probe->parts,
			     .findings = findings_new(probe->arena),
			     .now_us = clock_now_us(probe->messaging->options.kernel->clock) };
	if (!s.findings)
		return fail(err, ERR_MEMORY, "no memory to test the link with %s", probe->peer->partner.code);
	probe->answer = (struct probe_answer){ .said_us = TIME_NONE, .findings = s.findings };
	ebms_init(&s.reply, probe->arena, &probe->messaging->limits, s.findings);
	enum err_code code = exchange_probe(&s, probe, err);
	ebms_done(&s.reply);
	cert_unref(s.cert);
	buf_done(&s.packed.body);
	return code;
}

/* --- Replies --- */

/* As the agreement says that it is under; an error about one that we do not have goes where any other would. */
static const char *signal_endpoint(const struct peer *peer, const struct ebms_message *signal)
{
	const struct ebms_collaboration *under = signal->unit_read && signal->ebms2 ? signal->user.collaboration : NULL;
	const struct pact *pact = under ? pact_find(&peer->pacts, under->agreement->value) : NULL;
	if (!pact && peer->pacts.count)
		pact = &peer->pacts.items[0];
	return pact ? pact_signal_endpoint(pact, under ? under->action : "") : NULL;
}

/* A signal that answers later. Who has lost one asks again, so it is sent until a server has taken it, and no more. */
static enum err_code send_reply(struct messaging *messaging, const struct peer *peer, struct arena *arena,
				const struct reply *reply, bool *answered, struct err *err)
{
	struct kernel *kernel = messaging->options.kernel;
	struct ebms_message signal;
	struct http_answer answer = { 0 };
	struct err why = { 0 };
	struct findings *findings = findings_new(arena);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for a reply to %s", peer->partner.code);
	ebms_init(&signal, arena, &messaging->limits, findings);
	enum err_code code = ebms_read(&signal, reply->content_type, reply->octets, &why);
	const struct posting posting = { .messaging = messaging,
					 .peer = peer,
					 .url = signal_endpoint(peer, &signal),
					 .content_type = reply->content_type,
					 .body = reply->octets };
	if (code == OK)
		code = call_partner(&posting, arena, &answer, &why);
	ebms_done(&signal);
	*answered = code == OK;
	if (code == ERR_BUSY)
		return reply_give_back(kernel, reply, clock_now_us(kernel->clock), err);
	if (code == OK && answer.status >= 200 && answer.status <= 299)
		return reply_done(kernel, reply, err);
	const char *reason = code != OK ? why.text : arena_printf(arena, "HTTP status %d", answer.status);
	return reply_failed(kernel, reply, reason, clock_now_us(kernel->clock), err);
}

static enum err_code send_replies(struct messaging *messaging, const struct peer *peer, struct arena *arena,
				  int64_t now_us, int64_t lease_us, unsigned *done, bool *answered, struct err *err)
{
	struct reply reply;
	bool found = false;
	if (peer->profile->binding != &binding_ebms2)
		return OK;
	TRY(reply_claim(messaging->options.kernel, arena, peer->partner.code, now_us, lease_us, &reply, &found, err));
	if (!found)
		return OK;
	++*done;
	return send_reply(messaging, peer, arena, &reply, answered, err);
}

/* One at a time: whoever claimed several would let them wait behind a partner that does not answer. */
static enum err_code send_due(struct messaging *messaging, struct directory *directory, const struct peer *peer,
			      bool replies_first, int64_t now_us, unsigned *done, bool *answered, struct err *err)
{
	enum { CLAIM_ARENA = 8 << 20 };
	struct message_list due = { 0 };
	arena_auto arena = arena_new(CLAIM_ARENA);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory to read the outbox");
	/* The lease must outlast the exchange, or another worker would send the message a second time. */
	int64_t lease_us = messaging->options.timeout_us * 2;
	if (replies_first)
		TRY(send_replies(messaging, peer, arena, now_us, lease_us, done, answered, err));
	if (*done)
		return OK;
	TRY(outbox_claim(messaging->options.kernel, arena, peer->partner.code, now_us, lease_us, 1, &due, err));
	for (size_t i = 0; i < due.count; i++, ++*done)
		TRY(send_one(messaging, directory, peer, &due.items[i], now_us, answered, err));
	if (!*done && !replies_first)
		TRY(send_replies(messaging, peer, arena, now_us, lease_us, done, answered, err));
	return *done ? OK : health_beat(messaging, directory, peer, now_us, done, answered, err);
}

enum err_code messaging_send_step(struct messaging *messaging, int64_t now_us, unsigned *done, struct err *err)
{
	*done = 0;
	enum err_code code = OK;
	struct directory *directory = directory_get(messaging);
	for (size_t turns = 0; turns < directory->count && *done == 0 && code == OK; turns++) {
		bool answered = false, replies_first = false;
		const struct peer *peer = take_turn(messaging, directory, &replies_first);
		if (!peer)
			break;
		code = send_due(messaging, directory, peer, replies_first, now_us, done, &answered, err);
		leave_turn(messaging, peer->partner.code, *done > 0, answered);
	}
	directory_release(directory);
	return code;
}
