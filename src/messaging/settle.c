/* Receipts and errors: what becomes of the message that they are about. */
#include "messaging/settle_int.h"

#include "base/log.h"
#include "base/text.h"
#include "messaging/health_int.h"
#include "messaging/uris_int.h"

/* Errors about this very message, which the same bytes will meet again. Any other, also one that we do not know, may
 * pass: a peer that answers a repetition with an error of its own must not make a dead letter of what it has, and one
 * that does not believe our certificate or lacks the key (EBMS:0101, 0102) may be in the middle of a roll-over. */
static bool permanent_error(const struct ebms_error *error)
{
	const struct ebms_error_row *row = ebms_error_find(error->code);
	return row && row->final;
}

/* The error must name our message: one about another, mixed up on the way, says nothing of this one. A warning (ebMS 2)
 * says that the partner goes on. */
static const struct ebms_error *error_about(const struct ebms_message *reply, const char *message_id)
{
	const struct ebms_signal *signal = &reply->signal;
	for (size_t i = 0; reply->kind == KIND_ERROR && i < signal->errors_count; i++)
		if (!same(signal->errors[i].severity, "Warning") &&
		    (same(signal->errors[i].ref_to, message_id) ||
		     (signal->info && same(signal->info->ref_to, message_id))))
			return &signal->errors[i];
	return NULL;
}

/* What was learnt of an attempt is written once more if the database went away meanwhile: else the message would wait
 * for the end of its lease. A second writing moves nothing. */
static bool again(enum err_code code)
{
	return code != OK && err_row(code)->transient;
}

static struct wire wire_of(const struct settling *s, enum wire_kind kind)
{
	return (struct wire){ .kind = kind,
			      .at_us = s->now_us,
			      .content_type = s->content_type,
			      .octets = s->octets,
			      .certificate = s->cert ? cert_fingerprint(s->cert) : NULL,
			      .basis = s->cert ? basis_of(s->directory, s->peer, s->cert) : NULL };
}

enum err_code settle_failed(const struct settling *s, enum outbox_failure failure, bool said, const char *reason,
			    struct err *err)
{
	struct kernel *kernel = s->messaging->options.kernel;
	struct wire answer = wire_of(s, WIRE_ERROR_RECEIVED);
	const struct wire *kept = said ? &answer : NULL;
	s->messaging->failed_attempts++;
	if (said && s->verified)
		health_answered(s->messaging, s->peer->partner.code, s->now_us);
	else if (s->sent_us != TIME_NONE) /* else it is ours: a key, an agreement */
		health_failed(s->messaging, s->peer->partner.code, reason, s->now_us);
	LOG(LOG_WARN, "message.not-delivered", LOG_TEXT("partner", s->peer->partner.code),
	    LOG_TEXT("message", s->message->id), LOG_TEXT("why", reason), LOG_INT("attempt", s->message->attempts));
	enum err_code code = outbox_failed(kernel, s->message, s->retry, failure, reason, kept, s->now_us, err);
	if (again(code))
		code = outbox_failed(kernel, s->message, s->retry, failure, reason, kept, s->now_us, err);
	return code;
}

static enum err_code delivered(const struct settling *s, struct err *err)
{
	struct kernel *kernel = s->messaging->options.kernel;
	struct wire receipt = wire_of(s, WIRE_RECEIPT_RECEIVED);
	enum err_code code = outbox_delivered(kernel, s->message, &receipt, s->now_us, err);
	if (again(code))
		code = outbox_delivered(kernel, s->message, &receipt, s->now_us, err);
	/* A posted acknowledgment may come again. */
	if (code == OK && !same(s->message->state, "delivered")) {
		s->messaging->delivered++;
		health_receipt(s->messaging, s->peer->partner.code,
			       s->sent_us == TIME_NONE ? TIME_NONE : s->now_us - s->sent_us, s->now_us);
	}
	return code;
}

/* An error that nobody signed (ebMS 2 gateways do not) may be anybody's word: it is shown, and the message is tried
 * again. */
static enum err_code refused(const struct settling *s, const struct ebms_error *error, struct err *err)
{
	const char *text = error->description_text ? error->description_text : "";
	const char *reason =
		arena_printf(s->arena, "refused by %s%s: %s %s (%s)", s->peer->partner.code,
			     s->cert ? "" : ", unsigned", error->code, text, error->detail ? error->detail : "");
	bool believed = s->cert && permanent_error(error);
	return settle_failed(s, believed ? FAILED_FOR_GOOD : FAILED_ON_THE_WAY, true, reason, err);
}

enum err_code settle_by_signal(const struct settling *s, const struct ebms_sent *sent, struct err *err)
{
	const char *id = s->message->message_id;
	struct ebms_message *signal = s->signal;
	const struct ebms_error *error = error_about(signal, id);
	if (error)
		return refused(s, error, err);
	if (signal->kind == KIND_PONG && ebms_is_ping(s->message->service, s->message->action) &&
	    same(signal->signal.info->ref_to, id))
		return delivered(s, err);
	ebms_check_sent(signal, id, sent);
	return findings_errors(signal->findings) ? OK : delivered(s, err);
}
