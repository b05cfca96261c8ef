/* The sender: drains the outbox, a round at a time. Partners take turns, so those that are down delay nobody else; one
 * that has not answered yet, or not last time, gets one exchange at a time until it answers. */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "kernel/journal.h"
#include "messaging/messaging_int.h"
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
	struct message_parts parts;
	struct ebms_packed packed;  /* made now … */
	struct ebms_message before; /* … or sent before, and read again */
	struct wire_list wires;
	const char *content_type; /* of what is sent */
	struct bytes body;
	const struct ebms_reference *references; /* what the receipt must repeat */
	size_t references_count;
	struct http_answer answer;
	struct findings *findings;
	struct ebms_message reply;
	struct cert *cert; /* the reply's signer */
	bool answered;     /* the partner spoke, whatever it said */
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

/* The next partner in turn with room, which is taken. */
static const struct peer *take_turn(struct messaging *messaging, const struct directory *directory)
{
	const struct peer *taken = NULL;
	pthread_mutex_lock(&messaging->lock);
	for (size_t tried = 0; tried < directory->count && !taken; tried++) {
		const struct peer *peer = &directory->peers[messaging->turn++ % directory->count];
		struct lane *lane = lane_of(messaging, peer->partner.code);
		if (!lane || !same(peer->partner.status, "active") || !lane_has_room(messaging, lane))
			continue;
		lane->busy++;
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

struct header {
	struct ebms_message_info info;
	struct ebms_typed from_id, to_id, service;
	struct ebms_party from, to;
	struct ebms_party_info parties;
	struct ebms_collaboration collaboration;
	struct ebms_typed property[4];
	struct ebms_properties properties;
	struct ebms_payload_info payload;
	struct ebms_user_message user;
};

static enum err_code fill_parts(const struct sending *s, struct header *header, struct ebms_payload **payloads,
				struct err *err)
{
	size_t count = s->parts.count;
	struct ebms_part_info *parts = arena_array(s->arena, count + 1, sizeof *parts);
	struct ebms_properties *properties = arena_array(s->arena, count + 1, sizeof *properties);
	struct ebms_typed *property = arena_array(s->arena, (count + 1) * PART_PROPERTIES_MAX, sizeof *property);
	struct ebms_payload *payload = arena_array(s->arena, count + 1, sizeof *payload);
	if (!parts || !properties || !property || !payload)
		return fail(err, ERR_MEMORY, "no memory for message %s", s->message->id);
	for (size_t i = 0; i < count; i++) {
		const struct message_part *part = &s->parts.items[i];
		struct ebms_typed *p = &property[i * PART_PROPERTIES_MAX];
		size_t n = 0;
		p[n++] = (struct ebms_typed){ .name = "MimeType", .value = part->mime_type };
		if (part->charset)
			p[n++] = (struct ebms_typed){ .name = "CharacterSet", .value = part->charset };
		if (part->compressed)
			p[n++] = (struct ebms_typed){ .name = "CompressionType", .value = MIME_GZIP };
		properties[i] = (struct ebms_properties){ .property = p, .count = n };
		parts[i] = (struct ebms_part_info){ .href = arena_printf(s->arena, "cid:%s", part->content_id),
						    .properties = &properties[i] };
		payload[i] = (struct ebms_payload){ .content_id = part->content_id,
						    .mime_type = part->mime_type,
						    .charset = part->charset,
						    .compressed = part->compressed,
						    .octets = part->octets };
	}
	header->payload = (struct ebms_payload_info){ .part = parts, .count = count };
	*payloads = payload;
	return OK;
}

/* Two-corner, with originalSender and finalRecipient always set (eDelivery AS4 1.15 §5): agencies stay addressable
 * behind the nodes. */
static void fill_header(const struct sending *s, struct header *h)
{
	const struct message *m = s->message;
	const struct messaging_options *options = &s->messaging->options;
	size_t n = 0;
	h->info = (struct ebms_message_info){ .timestamp_us = m->created_us,
					      .message_id = m->message_id,
					      .ref_to = m->ref_to };
	h->from_id = (struct ebms_typed){ .type = options->party_type[0] ? options->party_type : NULL,
					  .value = options->party_id };
	h->to_id = (struct ebms_typed){ .type = s->peer->partner.party_type[0] ? s->peer->partner.party_type : NULL,
					.value = s->peer->partner.party_id };
	h->from = (struct ebms_party){ .id = &h->from_id, .role = URI_ROLE_INITIATOR };
	h->to = (struct ebms_party){ .id = &h->to_id, .role = URI_ROLE_RESPONDER };
	h->parties = (struct ebms_party_info){ .from = &h->from, .to = &h->to };
	h->service = (struct ebms_typed){ .value = m->service };
	h->collaboration = (struct ebms_collaboration){ .service = &h->service,
							.action = m->action,
							.conversation = m->conversation };
	h->property[n++] = (struct ebms_typed){ .name = "originalSender", .value = m->original_sender };
	h->property[n++] = (struct ebms_typed){ .name = "finalRecipient", .value = m->final_recipient };
	if (m->test)
		h->property[n++] = (struct ebms_typed){ .name = "test", .value = "true" };
	h->properties = (struct ebms_properties){ .property = h->property, .count = n };
	h->user = (struct ebms_user_message){ .info = &h->info,
					      .parties = &h->parties,
					      .collaboration = &h->collaboration,
					      .properties = &h->properties,
					      .payload = h->payload.count ? &h->payload : NULL };
}

static enum err_code read_stored(struct tx *tx, void *arg, struct err *err)
{
	struct sending *s = arg;
	TRY(message_parts_of(tx, s->arena, s->message->id, &s->parts, err));
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
	if (s->parts.count && !ebms_token_names(&s->before.encryption->recipient, s->recipient))
		return OK;
	s->content_type = sent->content_type;
	s->body = sent->octets;
	s->references = s->before.signature->references;
	s->references_count = s->before.signature->count;
	*taken = true;
	return OK;
}

/* Every version sent is evidence, kept before it leaves. */
static enum err_code pack_anew(struct sending *s, const struct ebms_identity *identity, struct err *err)
{
	struct header header = { 0 };
	struct ebms_payload *payloads = NULL;
	TRY(fill_parts(s, &header, &payloads, err));
	fill_header(s, &header);
	struct ebms_letter letter = { .profile = s->peer->profile,
				      .identity = identity,
				      .recipient = s->recipient,
				      .user = &header.user,
				      .payloads = payloads,
				      .count = s->parts.count };
	TRY(ebms_pack_user(s->arena, &letter, &s->packed, err));
	s->content_type = s->packed.content_type;
	s->body = buf_bytes(&s->packed.body);
	s->references = s->packed.references;
	s->references_count = s->packed.references_count;
	struct wire sent = { .kind = WIRE_SENT,
			     .at_us = s->now_us,
			     .content_type = s->content_type,
			     .octets = s->body,
			     .certificate = cert_fingerprint(identity->key->cert),
			     .basis = basis_of(s->directory, NULL, identity->key->cert) };
	return outbox_sending(s->messaging->options.kernel, s->message, &sent, err);
}

static enum err_code pack(struct sending *s, struct err *err)
{
	struct ebms_identity identity;
	bool taken = false;
	TRY(db_read(s->messaging->options.kernel->db, read_stored, s, err));
	if (s->parts.count)
		TRY(peer_encrypt(s->peer, s->now_us, s->arena, &s->recipient, err));
	TRY(identity_for(s->messaging, s->directory, s->peer, s->now_us, &identity, err));
	TRY(take_stored(s, &identity, &taken, err));
	return taken ? OK : pack_anew(s, &identity, err);
}

static enum err_code post(struct sending *s, struct err *err)
{
	const struct messaging_options *options = &s->messaging->options;
	struct http_header headers[] = { { "Content-Type", s->content_type } };
	struct http_call call = { .method = "POST",
				  .url = s->peer->partner.endpoint,
				  .headers = headers,
				  .headers_count = COUNT(headers),
				  .body = s->body,
				  .tls = options->tls,
				  .allow_plain = options->allow_plain,
				  .timeout_us = options->timeout_us };
	return options->client->call(options->client, s->arena, &call, &s->answer, err);
}

/* A repetition gets the receipt of the first acceptance, which may be older than a change of the profile: any profile
 * of ours will do for it, if its certificate is still believed. An error is of now; one by another profile than ours
 * says that the partner has changed before us, or not yet, and the message waits. */
static const struct security_profile *profile_for(const struct sending *s)
{
	const struct ebms_message *reply = &s->reply;
	const struct security_profile *profile = s->peer->profile;
	for (size_t i = 0; reply->kind == KIND_RECEIPT && profile_at(i); i++)
		if (reply->signature->alg_known && profile_at(i)->signature == reply->signature->alg)
			profile = profile_at(i);
	return profile;
}

/* The answer must be a signal of this partner, signed with a certificate we believe, whatever it says. */
static enum err_code read_reply(struct sending *s, struct err *err)
{
	struct ebms_message *reply = &s->reply;
	TRY(ebms_read(reply, s->answer.content_type, s->answer.body, err));
	if (findings_errors(s->findings))
		return OK;
	TRY(ebms_read_security(reply, err));
	if (findings_errors(s->findings))
		return OK;
	ebms_check_profile(reply, profile_for(s));
	TRY(ebms_signer(reply, s->peer->signing, s->peer->signing_count, &s->cert, err));
	if (!s->cert)
		return OK;
	peer_judge(s->peer, s->cert, s->now_us, s->arena, s->findings);
	return ebms_verify(reply, s->cert, err);
}

/* Errors about this very message, which the same bytes will meet again. Any other, also one that we do not know, may
 * pass: a peer that answers a repetition with an error of its own must not make a dead letter of what it has, and one
 * that does not believe our certificate or lacks the key (EBMS:0101, 0102) may be in the middle of a roll-over. */
static bool permanent_error(const struct ebms_error *error)
{
	static const char *const final[] = { "EBMS:0001", "EBMS:0003", "EBMS:0007", "EBMS:0009",
					     "EBMS:0010", "EBMS:0011", "EBMS:0103", "EBMS:0303" };
	for (size_t i = 0; i < COUNT(final); i++)
		if (same(error->code, final[i]))
			return true;
	return false;
}

/* The signed error must name our message: one about another, mixed up on the way, says nothing of this one. */
static const struct ebms_error *error_about(const struct ebms_message *reply, const char *message_id)
{
	const struct ebms_signal *signal = &reply->signal;
	for (size_t i = 0; reply->kind == KIND_ERROR && i < signal->errors_count; i++)
		if (same(signal->errors[i].ref_to, message_id) ||
		    (signal->info && same(signal->info->ref_to, message_id)))
			return &signal->errors[i];
	return NULL;
}

/* What was learnt of an attempt is written once more if the database went away meanwhile: else the message would wait
 * for the end of its lease. A second writing moves nothing. */
static bool again(enum err_code code)
{
	return code != OK && err_row(code)->transient;
}

static enum err_code settle_failed(struct sending *s, bool permanent, const char *reason, struct err *err)
{
	struct wire answer = { .kind = WIRE_ERROR_RECEIVED,
			       .at_us = s->now_us,
			       .content_type = s->answer.content_type,
			       .octets = s->answer.body,
			       .certificate = s->cert ? cert_fingerprint(s->cert) : NULL,
			       .basis = s->cert ? basis_of(s->directory, s->peer, s->cert) : NULL };
	s->messaging->failed_attempts++;
	LOG(LOG_WARN, "message.not-delivered", LOG_TEXT("partner", s->peer->partner.code),
	    LOG_TEXT("message", s->message->id), LOG_TEXT("why", reason), LOG_INT("attempt", s->message->attempts));
	const struct retry_policy *retry = &s->messaging->options.retry;
	const struct wire *said = s->reply.messaging ? &answer : NULL;
	enum err_code code =
		outbox_failed(s->messaging->options.kernel, s->message, retry, permanent, reason, said, s->now_us, err);
	if (again(code))
		code = outbox_failed(s->messaging->options.kernel, s->message, retry, permanent, reason, said,
				     s->now_us, err);
	return code;
}

static enum err_code settle(struct sending *s, struct err *err)
{
	if (s->answer.status < 200 || s->answer.status > 299 || !s->answer.body.size)
		return settle_failed(s, false,
				     arena_printf(s->arena, "%s answered HTTP status %d without a signal",
						  s->peer->partner.code, s->answer.status),
				     err);
	TRY(read_reply(s, err));
	const struct ebms_error *error =
		findings_errors(s->findings) ? NULL : error_about(&s->reply, s->message->message_id);
	if (error) {
		const char *text = error->description_text ? error->description_text : "";
		return settle_failed(s, permanent_error(error),
				     arena_printf(s->arena, "refused by %s: %s %s (%s)", s->peer->partner.code,
						  error->code, text, error->detail ? error->detail : ""),
				     err);
	}
	if (!findings_errors(s->findings))
		ebms_check_receipt(&s->reply, s->message->message_id, s->references, s->references_count);
	if (findings_errors(s->findings)) {
		const struct finding *f = findings_at(s->findings, 0);
		return settle_failed(s, false,
				     arena_printf(s->arena, "no valid receipt from %s: %s %s", s->peer->partner.code,
						  f->rule->code, f->text),
				     err);
	}
	struct wire receipt = { .kind = WIRE_RECEIPT_RECEIVED,
				.at_us = s->now_us,
				.content_type = s->answer.content_type,
				.octets = s->answer.body,
				.certificate = cert_fingerprint(s->cert),
				.basis = basis_of(s->directory, s->peer, s->cert) };
	enum err_code code = outbox_delivered(s->messaging->options.kernel, s->message, &receipt, s->now_us, err);
	if (again(code))
		code = outbox_delivered(s->messaging->options.kernel, s->message, &receipt, s->now_us, err);
	if (code != OK)
		return code;
	s->messaging->delivered++;
	return OK;
}

static enum err_code exchange(struct sending *s, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = pack(s, &why);
	if (code == OK)
		code = post(s, &why);
	s->now_us = clock_now_us(s->messaging->options.kernel->clock);
	if (code != OK)
		return settle_failed(s, false, why.text, err);
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

/* One at a time: whoever claimed several would let them wait behind a partner that does not answer. */
static enum err_code send_due(struct messaging *messaging, struct directory *directory, const struct peer *peer,
			      int64_t now_us, unsigned *done, bool *answered, struct err *err)
{
	enum { CLAIM_ARENA = 1 << 20 };
	struct message_list due = { 0 };
	arena_auto arena = arena_new(CLAIM_ARENA);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory to read the outbox");
	/* The lease must outlast the exchange, or another worker would send the message a second time. */
	int64_t lease_us = messaging->options.timeout_us * 2;
	TRY(outbox_claim(messaging->options.kernel, arena, peer->partner.code, now_us, lease_us, 1, &due, err));
	for (size_t i = 0; i < due.count; i++, ++*done)
		TRY(send_one(messaging, directory, peer, &due.items[i], now_us, answered, err));
	return OK;
}

enum err_code messaging_send_step(struct messaging *messaging, int64_t now_us, unsigned *done, struct err *err)
{
	*done = 0;
	enum err_code code = OK;
	struct directory *directory = directory_get(messaging);
	for (size_t turns = 0; turns < directory->count && *done == 0 && code == OK; turns++) {
		bool answered = false;
		const struct peer *peer = take_turn(messaging, directory);
		if (!peer)
			break;
		code = send_due(messaging, directory, peer, now_us, done, &answered, err);
		leave_turn(messaging, peer->partner.code, *done > 0, answered);
	}
	directory_release(directory);
	return code;
}

struct pinging {
	struct messaging *messaging;
	struct arena *arena;
	const char *partner;
	const struct actor *actor;
	int64_t now_us;
	struct message message;
};

static enum err_code put_ping(struct tx *tx, void *arg, struct err *err)
{
	struct pinging *p = arg;
	struct kernel *kernel = p->messaging->options.kernel;
	struct partner partner;
	struct organisation customs;
	struct message_parts none = { 0 };
	TRY(partner_find(tx, p->arena, p->partner, &partner, err));
	if (!partner.code)
		return fail(err, ERR_NOT_FOUND, "there is no partner %s; see lintas partner list", p->partner);
	TRY(organisation_of_seat(tx, p->arena, "customs", &customs, err));
	p->message = (struct message){ .partner = partner.code,
				       .organisation = customs.code,
				       .service = URI_TEST_SERVICE,
				       .action = URI_TEST_ACTION,
				       .test = true,
				       .original_sender = arena_printf(p->arena, "%s:%s", kernel->state, customs.code),
				       .final_recipient = arena_printf(p->arena, "%s:customs", partner.code) };
	return outbox_put(kernel, tx, p->arena, &p->message, &none, p->actor, p->now_us, err);
}

enum err_code messaging_ping(struct messaging *messaging, struct arena *arena, const char *partner,
			     const struct actor *actor, int64_t now_us, const char **id, struct err *err)
{
	struct pinging pinging = {
		.messaging = messaging, .arena = arena, .partner = partner, .actor = actor, .now_us = now_us
	};
	TRY(db_write(messaging->options.kernel->db, put_ping, &pinging, err));
	*id = pinging.message.id;
	return OK;
}

enum err_code messaging_strangers(struct messaging *messaging, struct arena *arena, size_t limit,
				  struct messaging_strangers *list, struct err *err)
{
	struct messaging_stranger *items = arena_array(arena, STRANGERS_KEPT, sizeof *items);
	struct stranger *copy = arena_array(arena, STRANGERS_KEPT, sizeof *copy);
	if (!items || !copy)
		return fail(err, ERR_MEMORY, "no memory for the list of strangers");
	pthread_mutex_lock(&messaging->lock);
	size_t seen = messaging->strangers_seen;
	memcpy(copy, messaging->strangers, sizeof messaging->strangers);
	pthread_mutex_unlock(&messaging->lock);
	size_t count = seen < STRANGERS_KEPT ? seen : STRANGERS_KEPT;
	count = count < limit ? count : limit;
	for (size_t i = 0; i < count; i++) {
		const struct stranger *s = &copy[(seen - 1 - i) % STRANGERS_KEPT];
		items[i] = (struct messaging_stranger){
			.at_us = s->at_us, .peer = s->peer, .rule = s->rule, .text = s->text
		};
	}
	*list = (struct messaging_strangers){ .items = items, .count = count };
	return OK;
}
