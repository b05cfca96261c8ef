/* Signals of ebMS 2.0 that come with a request of their own: acknowledgments and errors about what we sent (§6.3,
 * §4.2), and the services of a message handler (§8): ping and status. */
#include "base/log.h"
#include "base/text.h"
#include "kernel/reply.h"
#include "messaging/health_int.h"
#include "messaging/receive_int.h"
#include "messaging/send_int.h"
#include "messaging/settle_int.h"

static void found(struct receiving *r, const char *what, const char *which)
{
	ebms_found(&r->message, RULE_ACKNOWLEDGMENT, what, which);
}

/* --- About what we sent --- */

enum { LOOK_ARENA = 512 << 20 }; /* every version that was sent, as the sender has it */

struct looking {
	struct receiving *r;
	struct arena *arena;
	const char *about; /* eb:MessageId */
	struct message message;
	struct wire_list wires;
};

static enum err_code look(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;
	struct arena *arena = looking->arena;
	TRY(message_find_out(tx, arena, looking->r->peer->partner.code, looking->about, &looking->message, err));
	if (!looking->message.id)
		return OK;
	return message_wires(tx, arena, looking->message.id, &looking->wires, err);
}

/* By one of the versions that were sent: an acknowledgment repeats the digests of the one that it saw, signed if that
 * one asked for it. */
static enum err_code settle_version(struct receiving *r, const struct settling *settling, const struct wire *sent,
				    struct err *err)
{
	struct findings *aside = findings_new(r->arena);
	struct ebms_message version;
	if (!aside)
		return fail(err, ERR_MEMORY, "no memory for a signal");
	ebms_init(&version, r->arena, &r->messaging->limits, aside);
	enum err_code code = ebms_read(&version, sent->content_type, sent->octets, err);
	if (code == OK && version.binding)
		code = ebms_read_security(&version, err);
	const struct ebms_sent as = version.signature ? ebms_sent_as(&version) : (struct ebms_sent){ 0 };
	if (code == OK && version.signature)
		code = settle_by_signal(settling, &as, err);
	else if (code == OK)
		found(r, "speaks of a version that cannot be read any more:", settling->message->message_id);
	ebms_done(&version);
	return code;
}

static enum err_code settle(struct receiving *r, struct looking *looking, struct err *err)
{
	struct retry_policy retry = r->messaging->options.retry;
	struct ebms2_route route;
	struct err unused;
	/* Of a message that no agreement carries any more, as of any other. */
	if (pact_route(&r->peer->pacts, r->peer->partner.code, &looking->message, NULL, r->now_us, &route, &unused) ==
	    OK)
		pact_retry(route.channel, &retry);
	struct settling settling = { .messaging = r->messaging,
				     .arena = r->arena,
				     .directory = r->directory,
				     .peer = r->peer,
				     .message = &looking->message,
				     .retry = &retry,
				     .signal = &r->message,
				     .cert = r->cert,
				     .verified = r->cert != NULL, /* or it was turned away before */
				     .content_type = http_header(r->request, "Content-Type"),
				     .octets = r->request->body,
				     .sent_us = looking->message.reached_us,
				     .now_us = r->now_us };
	bool known = false;
	for (size_t i = looking->wires.count; i-- > 0;) {
		if (looking->wires.items[i].kind != WIRE_SENT)
			continue;
		struct findings *aside = findings_new(r->arena);
		if (!aside)
			return fail(err, ERR_MEMORY, "no memory for a signal");
		r->message.findings = aside;
		enum err_code code = settle_version(r, &settling, &looking->wires.items[i], err);
		r->message.findings = r->findings;
		if (code != OK || !findings_errors(aside))
			return code;
		if (!known)
			findings_append(r->findings, aside);
		known = true;
	}
	if (!known)
		found(r, "speaks of a message that was not sent yet:", looking->about);
	return OK;
}

static enum err_code take_answer(struct receiving *r, struct err *err)
{
	arena_auto arena = arena_new(LOOK_ARENA);
	struct looking looking = { .r = r, .arena = arena, .about = r->message.signal.info->ref_to };
	bool beat = false;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a signal");
	TRY(db_read(r->messaging->options.kernel->db, look, &looking, err));
	if (!looking.message.id && probe_came(r->messaging, r->peer, &r->message, r->cert)) {
		receiving_accept(r);
		return OK;
	}
	if (!looking.message.id)
		TRY(health_signal(r->messaging, r->peer, &r->message, r->now_us, &beat, err));
	if (beat) {
		receiving_accept(r);
		return OK;
	}
	if (!looking.message.id) {
		found(r, "speaks of no message of ours:", looking.about);
		return OK;
	}
	TRY(settle(r, &looking, err));
	if (!findings_errors(r->findings))
		receiving_accept(r);
	return OK;
}

/* --- What we are asked --- */

static enum err_code find_asked(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;
	const char *partner = looking->r->peer->partner.code;
	return message_find_in(tx, looking->r->arena, partner, looking->about, &looking->message, err);
}

/* §8.1.2.1. What another partner sent is none of the asker's business. */
static enum err_code status_of(struct receiving *r, const char *about, struct ebms2_status *status, struct err *err)
{
	struct looking looking = { .r = r, .about = about };
	TRY(db_read(r->messaging->options.kernel->db, find_asked, &looking, err));
	const struct message *m = &looking.message;
	bool known = m->id != NULL;
	*status = (struct ebms2_status){ .status = !known                         ? "NotRecognized"
						   : !same(m->state, "processed") ? "Received"
										  : "Processed",
					 .ref_to = about,
					 .timestamp_us = known ? m->accepted_us : TIME_NONE };
	return OK;
}

static enum err_code put_reply(struct tx *tx, void *arg, struct err *err)
{
	const struct reply *reply = arg;
	return reply_put(tx, reply, reply->created_us, err);
}

static enum err_code respond(struct receiving *r, const char *kind, struct ebms_packed *packed, struct err *err)
{
	if (!receiving_answers_later(r))
		return receiving_answer(r, packed->content_type, &packed->body, err);
	struct reply reply = { .partner = r->peer->partner.code,
			       .ref_to = r->message.user.info->message_id,
			       .kind = kind,
			       .content_type = packed->content_type,
			       .octets = buf_bytes(&packed->body),
			       .created_us = r->now_us };
	TRY(db_write(r->messaging->options.kernel->db, put_reply, &reply, err));
	r->news |= MESSAGING_TO_SEND;
	receiving_accept(r);
	return OK;
}

static enum err_code pack_response(struct receiving *r, const struct ebms_answering *answering,
				   struct ebms_packed *packed, struct err *err)
{
	struct ebms2_status status;
	if (r->message.kind == KIND_PING)
		return ebms2_pack_pong(r->arena, answering, packed, err);
	TRY(status_of(r, r->message.ebms2->status.ref_to, &status, err));
	return ebms2_pack_status(r->arena, answering, &status, packed, err);
}

static enum err_code serve(struct receiving *r, const char *signal, const char *kind, struct err *err)
{
	struct ebms_identity identity;
	struct ebms_packed packed = { 0 };
	TRY(receiving_identity(r, r->peer, signal, &identity, err));
	struct ebms_answering answering = receiving_answering(r, r->peer, &identity);
	enum err_code code = pack_response(r, &answering, &packed, err);
	if (code == OK)
		code = respond(r, kind, &packed, err);
	buf_done(&packed.body);
	return code;
}

enum err_code receiving_signal(struct receiving *r, struct err *err)
{
	switch (r->message.kind) {
	case KIND_PING:
		return serve(r, "Pong", "pong", err);
	case KIND_STATUS_REQUEST:
		return serve(r, "StatusResponse", "status", err);
	case KIND_STATUS_RESPONSE:
		LOG(LOG_INFO, "message.status", LOG_TEXT("partner", r->peer->partner.code),
		    LOG_TEXT("message_id", r->message.ebms2->status.ref_to),
		    LOG_TEXT("status", r->message.ebms2->status.status));
		receiving_accept(r);
		return OK;
	case KIND_RECEIPT:
	case KIND_ERROR:
	case KIND_PONG:
		return take_answer(r, err);
	case KIND_USER_MESSAGE:
	case KIND_PULL_REQUEST:
		break;
	}
	return fail(err, ERR_INTERNAL, "a message of this kind is no signal");
}
