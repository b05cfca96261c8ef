/* A played partner that sends: messages made by the engine of the node, and whatever a script does to them on the way.
 */
#include <time.h>

#include "base/text.h"
#include "base/uuid.h"
#include "messaging/send_int.h"
#include "messaging/simulate_int.h"
#include "messaging/uris_int.h"

enum { SENDER_ARENA = 64 << 20, TURN_ARENA = 256 << 20, EXCHANGE_ARENA = 16 << 20 };

struct sender {
	const struct simulator_mail *mail;
	const struct security_profile *profile, *other_version;
	const struct doctype *doctype;
	struct arena *arena;
	struct hand own, other;
	struct ebms_identity in_other_version;
	struct addressee addressee;
	struct script script;
	struct ebms_limits limits;
	simulated_said *said;
	void *arg;
};

/* One message, whatever becomes of it. */
struct mailing {
	struct sender *sender;
	struct arena *arena;
	struct turn turn;
	struct message message;
	int64_t number;
	struct ebms_sent sent;
};

/* --- Making --- */

/* The other binding's, by an RSA key: that is what gateways of either have. */
#define OTHER_EBMS2 "ebms2-rsa-sha256"
#define OTHER_AS4   "edelivery-1.15"

static void address(const struct mailing *m, struct letter *letter)
{
	if (m->turn.from)
		letter->from.id = m->turn.from;
	if (m->turn.to)
		letter->to.id = m->turn.to;
}

static struct ebms_party other_party(struct arena *arena, const struct ebms_party *party, const char *id)
{
	struct ebms_typed *typed = id ? arena_copy(arena, party->id, sizeof *typed) : NULL;
	if (!typed)
		return *party;
	typed->value = id;
	return (struct ebms_party){ .id = typed, .ids = 1, .role = party->role };
}

/* The agreement's way, but for what the script has otherwise. */
static struct ebms2_route way(const struct mailing *m)
{
	struct ebms2_route route = m->sender->addressee.route;
	route.from = other_party(m->arena, &route.from, m->turn.from);
	route.to = other_party(m->arena, &route.to, m->turn.to);
	if (m->turn.action)
		route.action = m->turn.action;
	return route;
}

static enum err_code pack_document(struct mailing *m, struct err *err)
{
	const struct sender *sender = m->sender;
	struct ebms2_route route;
	struct message_part part = { .content_id = "document@simulator",
				     .mime_type = "application/xml",
				     .charset = "utf-8",
				     .octets = m->turn.document };
	struct letter letter = { .arena = m->arena,
				 .profile = sender->profile,
				 .identity = m->turn.identity,
				 .recipient = sender->addressee.encrypt,
				 .message = &m->message,
				 .parts = { .items = &part, .count = 1 },
				 .from = sender->addressee.us,
				 .to = sender->addressee.them };
	if (sender->profile->binding == &binding_ebms2) {
		route = way(m);
		letter.route = &route;
	} else {
		TRY(message_parts_compress(m->arena, &letter.parts, err));
		address(m, &letter);
	}
	return letter_seal(&letter, &m->turn.packed, &m->sent, err);
}

/* What a gateway of the other version says to one that it does not know yet: a ping. */
static enum err_code pack_other_version(struct mailing *m, struct err *err)
{
	static const struct cpa none = { .id = "no-agreement" };
	static const struct pact pact = { .cpa = &none };
	static const struct ebms_typed msh_service = { .value = URI_MSH_SERVICE };
	const struct sender *sender = m->sender;
	const struct pact *agreed = &sender->addressee.pact;
	bool as4 = sender->other_version->binding == &binding_as4;
	struct letter_party us = sender->addressee.us, them = sender->addressee.them;
	if (as4) {
		us = (struct letter_party){ .id = agreed->us->ids[0].value, .type = agreed->us->ids[0].type };
		them = (struct letter_party){ .id = agreed->them->ids[0].value, .type = agreed->them->ids[0].type };
	}
	struct ebms_typed from = { .type = us.type, .value = us.id }, to = { .type = them.type, .value = them.id };
	const struct ebms2_route route = {
		.pact = &pact, .from = { .id = &from }, .to = { .id = &to }, .service = &msh_service, .action = "Ping"
	};
	const struct letter letter = { .arena = m->arena,
				       .profile = sender->other_version,
				       .identity = &sender->in_other_version,
				       .message = &m->message,
				       .from = us,
				       .to = them,
				       .route = as4 ? NULL : &route };
	m->message.service = URI_TEST_SERVICE;
	m->message.action = URI_TEST_ACTION;
	return letter_seal(&letter, &m->turn.packed, &m->sent, err);
}

static enum err_code pack(struct mailing *m, struct err *err)
{
	buf_done(&m->turn.packed.body);
	TRY(m->turn.other_version ? pack_other_version(m, err) : pack_document(m, err));
	if (m->turn.act->after)
		m->turn.act->after(&m->turn);
	return OK;
}

static enum err_code name_message(struct mailing *m, struct err *err)
{
	const struct sender *sender = m->sender;
	const struct addressee *addressee = &sender->addressee;
	const struct doctype *doctype = sender->doctype;
	int64_t now_us = clock_now_us(sender->mail->kernel->clock);
	char uuid[UUID_SIZE];
	uuid_new(uuid, now_us);
	m->message = (struct message){
		.id = arena_text(m->arena, uuid),
		.message_id = arena_printf(m->arena, "%s@simulator", uuid),
		.service = SERVICE_DOCUMENTS,
		.action = m->turn.action ? m->turn.action : doctype->code,
		.original_sender = arena_printf(m->arena, "%s:%s", sender->mail->party_id, doctype->from_seat),
		.final_recipient = arena_printf(m->arena, "%s:%s", addressee->state, doctype->to_seat),
		.created_us = m->turn.now_us
	};
	m->message.conversation = m->message.id;
	if (!m->message.id || !m->message.message_id || !m->message.original_sender || !m->message.final_recipient)
		return fail(err, ERR_MEMORY, "no memory for a message");
	return OK;
}

/* --- What comes back --- */

struct exchange {
	const struct mailing *mailing;
	struct arena *arena;
	struct simulated result;
	struct http_answer answer;
	struct ebms_message reply;
	struct findings *findings;
	struct cert *cert;
};

static bool is_known(const struct addressee *addressee, const struct cert *cert)
{
	for (size_t i = 0; i < addressee->signing_count; i++)
		if (bytes_same(cert_der(addressee->signing[i]), cert_der(cert)))
			return true;
	return addressee->signing_count == 0;
}

static enum err_code verify_reply(struct exchange *x, struct err *err)
{
	const struct sender *sender = x->mailing->sender;
	const struct addressee *addressee = &sender->addressee;
	struct ebms_message *reply = &x->reply;
	if (!reply->signature) {
		if (!ebms2_may_be_unsigned(reply, x->mailing->sent.ack_signed))
			ebms_found(reply, RULE_UNSIGNED, NULL, NULL);
		return OK;
	}
	ebms_check_profile(reply, x->mailing->turn.other_version ? sender->other_version : sender->profile);
	TRY(ebms_signer(reply, addressee->signing, addressee->signing_count, &x->cert, err));
	if (!x->cert)
		return OK;
	if (!is_known(addressee, x->cert))
		ebms_found(reply, RULE_UNTRUSTED, "it is none that --card or --sign gives for signatures", NULL);
	return ebms_verify(reply, x->cert, err);
}

static enum err_code read_reply(struct exchange *x, struct err *err)
{
	TRY(ebms_read(&x->reply, x->answer.content_type, x->answer.body, err));
	if (findings_errors(x->findings))
		return OK;
	TRY(ebms_read_security(&x->reply, err));
	if (findings_errors(x->findings))
		return OK;
	TRY(verify_reply(x, err));
	if (x->reply.kind == KIND_RECEIPT)
		ebms_check_sent(&x->reply, x->mailing->message.message_id, &x->mailing->sent);
	else if (x->reply.kind != KIND_ERROR && x->reply.kind != KIND_PONG)
		ebms_found(&x->reply, RULE_NO_RECEIPT, "it is a message", NULL);
	return OK;
}

/* "… (MSG-030, eDelivery AS4 1.15 §3.2.4)": nodes of this kind name the rule that was broken. */
static const char *rule_in(struct arena *arena, const char *text)
{
	static const char form[] = "AAA-000";
	const size_t length = sizeof form - 1;
	const char *found = NULL;
	for (const char *at = text; at && *at; at++) {
		size_t fits = 0;
		while (fits < length && (form[fits] == 'A'   ? at[fits] >= 'A' && at[fits] <= 'Z'
					 : form[fits] == '0' ? at[fits] >= '0' && at[fits] <= '9'
							     : at[fits] == form[fits]))
			fits++;
		if (fits == length)
			found = at;
	}
	return found ? arena_text_of(arena, bytes(found, length)) : NULL;
}

static void judge_reply(struct exchange *x)
{
	struct probe_answer said = { .said_us = TIME_NONE, .findings = x->findings };
	const struct finding *wrong = findings_at(x->findings, 0);
	struct simulated *result = &x->result;
	probe_read(x->arena, x->mailing->message.message_id, &x->reply, x->cert, &said);
	result->signer = said.signer;
	if (wrong) {
		result->outcome = SIMULATED_WRONG;
		result->rule = wrong->rule->code;
		result->text = wrong->text;
	} else if (said.kind == KIND_ERROR) {
		result->outcome = SIMULATED_REFUSED;
		result->error = said.error;
		result->text = said.text;
		result->rule = rule_in(x->arena, said.text);
	} else {
		result->outcome = SIMULATED_ACCEPTED;
	}
}

static enum err_code judge_answer(struct exchange *x, struct err *err)
{
	const struct sender *sender = x->mailing->sender;
	bool good = x->answer.status >= 200 && x->answer.status <= 299, empty = x->answer.body.size == 0;
	x->result.status = x->answer.status;
	if (empty && good && sender->profile->binding == &binding_ebms2) {
		x->result.outcome = SIMULATED_TAKEN;
		return OK;
	}
	if (empty && good)
		ebms_found(&x->reply, RULE_NO_RECEIPT, "it is empty", NULL);
	if (!empty)
		TRY(read_reply(x, err));
	if (good || x->reply.header_read)
		judge_reply(x);
	else
		x->result.outcome = SIMULATED_TURNED;
	return OK;
}

/* --- Sending --- */

/* By a connection of its own: on one that was kept the client sends again by itself when the other side has hung up. */
static enum err_code call(struct exchange *x, struct err *err)
{
	const struct mailing *m = x->mailing;
	const struct simulator_mail *mail = m->sender->mail;
	const struct security_profile *profile = m->turn.other_version ? m->sender->other_version : m->sender->profile;
	const char *action = profile->binding->soap_action;
	const struct bytes body = buf_bytes(&m->turn.packed.body);
	const struct http_header headers[] = { { "Content-Type", m->turn.packed.content_type },
					       { "SOAPAction", action } };
	const struct http_call post = { .method = "POST",
					.url = m->sender->addressee.url,
					.headers = headers,
					.headers_count = action ? COUNT(headers) : 1,
					.body = body,
					.tls = mail->tls,
					.allow_plain = mail->allow_plain,
					.break_after = m->turn.breaks ? body.size / 2 : 0 };
	struct http_client *client = http_client_new();
	if (!client)
		return fail(err, ERR_MEMORY, "no memory to send a message");
	enum err_code code = client->call(client, x->arena, &post, &x->answer, err);
	http_client_free(client);
	return code;
}

/* What the receiver does is no fault of ours; what we cannot do is. */
static enum err_code exchange(struct exchange *x, struct err *err)
{
	struct err why = { 0 };
	int64_t began_us = clock_monotonic_us();
	x->result.at_us = clock_now_us(x->mailing->sender->mail->kernel->clock);
	enum err_code code = call(x, &why);
	x->result.took_ms = (clock_monotonic_us() - began_us) / (SECOND_US / 1000);
	if (code == OK)
		return judge_answer(x, err);
	if (code != ERR_NET && code != ERR_TIMEOUT && code != ERR_LIMIT)
		return fail(err, code, "%s", why.text);
	x->result.outcome = SIMULATED_UNANSWERED;
	x->result.text = arena_text(x->arena, why.text);
	return OK;
}

static enum err_code exchange_begin(struct exchange *x, const struct mailing *m, int64_t copy, struct err *err)
{
	*x = (struct exchange){ .mailing = m,
				.arena = arena_new(EXCHANGE_ARENA),
				.result = { .number = m->number,
					    .copy = copy,
					    .act = m->turn.row ? m->turn.act->name : NULL,
					    .action = m->message.action,
					    .message_id = m->message.message_id,
					    .status = INTEGER_NONE } };
	if (x->arena)
		x->findings = findings_new(x->arena);
	if (!x->findings)
		return fail(err, ERR_MEMORY, "no memory for an answer");
	ebms_init(&x->reply, x->arena, &m->sender->limits, x->findings);
	return OK;
}

static void exchange_end(struct exchange *x)
{
	if (x->findings)
		ebms_done(&x->reply);
	cert_unref(x->cert);
	arena_free(x->arena);
}

static enum err_code send_copy(const struct mailing *m, int64_t copy, struct err *err)
{
	struct exchange x;
	enum err_code code = exchange_begin(&x, m, copy, err);
	if (code == OK)
		code = exchange(&x, err);
	if (code == OK)
		m->sender->said(m->sender->arg, &x.result);
	exchange_end(&x);
	return code;
}

struct race {
	struct exchange exchange;
	struct err err;
	enum err_code code;
};

static void *run(void *arg)
{
	struct race *race = arg;
	race->code = exchange(&race->exchange, &race->err);
	return NULL;
}

/* The same message twice, neither of them first. */
static enum err_code send_both(const struct mailing *m, struct err *err)
{
	struct race races[2] = { 0 };
	pthread_t other;
	enum err_code code = exchange_begin(&races[0].exchange, m, 1, err);
	if (code == OK)
		code = exchange_begin(&races[1].exchange, m, 2, err);
	if (code == OK && pthread_create(&other, NULL, run, &races[1]) != 0)
		code = fail(err, ERR_MEMORY, "no thread to send a message twice at once");
	if (code == OK) {
		run(&races[0]);
		pthread_join(other, NULL);
	}
	for (size_t i = 0; i < COUNT(races); i++) {
		if (code == OK && races[i].code != OK)
			code = fail(err, races[i].code, "%s", races[i].err.text);
		if (code == OK)
			m->sender->said(m->sender->arg, &races[i].exchange.result);
		exchange_end(&races[i].exchange);
	}
	return code;
}

static void rest(int64_t pause_us)
{
	const struct timespec pause = { .tv_sec = (time_t)(pause_us > 0 ? pause_us / SECOND_US : 0) };
	nanosleep(&pause, NULL);
}

/* White space after its end: the document is the same, its octets are not. */
static enum err_code lengthen(struct mailing *m, struct err *err)
{
	struct bytes *document = &m->turn.document;
	uint8_t *longer = arena_alloc(m->arena, document->size + 1);
	if (!longer)
		return fail(err, ERR_MEMORY, "no memory for a document");
	memcpy(longer, document->data, document->size);
	longer[document->size] = '\n';
	*document = bytes(longer, document->size + 1);
	return OK;
}

static enum err_code send_turn(struct mailing *m, struct err *err)
{
	TRY(pack(m, err));
	if (m->turn.repeated == AT_ONCE)
		return send_both(m, err);
	TRY(send_copy(m, 1, err));
	if (m->turn.repeated == ONCE)
		return OK;
	if (m->turn.repeated == ALTERED) {
		TRY(lengthen(m, err));
		TRY(pack(m, err));
	}
	rest(m->turn.pause_us);
	return send_copy(m, 2, err);
}

static enum err_code stay_away(const struct mailing *m)
{
	const struct simulated nothing = { .number = m->number,
					   .copy = 1,
					   .act = m->turn.act->name,
					   .action = m->message.action,
					   .message_id = m->message.message_id,
					   .outcome = SIMULATED_UNSENT,
					   .status = INTEGER_NONE,
					   .at_us = clock_now_us(m->sender->mail->kernel->clock) };
	m->sender->said(m->sender->arg, &nothing);
	rest(m->turn.away_us);
	return OK;
}

static enum err_code take_turn(struct sender *sender, int64_t number, struct err *err)
{
	arena_auto arena = arena_new(TURN_ARENA);
	const struct script_row *row = script_next(&sender->script, sender->doctype->code);
	struct mailing m = { .sender = sender,
			     .arena = arena,
			     .number = number,
			     .turn = { .row = row,
				       .act = row ? act_find(row->act) : &act_right,
				       .identity = &sender->own.identity,
				       .other = &sender->other.identity,
				       .document = sender->mail->document,
				       .now_us = clock_now_us(sender->mail->kernel->clock) } };
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a message");
	if (m.turn.act->before)
		m.turn.act->before(&m.turn);
	TRY(name_message(&m, err));
	enum err_code code = m.turn.away_us ? stay_away(&m) : send_turn(&m, err);
	buf_done(&m.turn.packed.body);
	return code;
}

/* --- All of it --- */

static enum err_code open_hands(struct sender *sender, struct err *err)
{
	const struct simulator_mail *mail = sender->mail;
	bool ebms2 = sender->profile->binding == &binding_ebms2;
	TRY(hand_open(mail->keys_directory, sender->profile, &sender->own, err));
	if (mail->other_keys_directory)
		TRY(hand_open(mail->other_keys_directory, sender->profile, &sender->other, err));
	sender->other_version = profile_find(ebms2 ? OTHER_AS4 : OTHER_EBMS2);
	return script_does(&sender->script, "old-version")
		       ? hand_identity(&sender->own, sender->other_version, &sender->in_other_version, err)
		       : OK;
}

static enum err_code prepare(struct sender *sender, struct findings *findings, struct err *err)
{
	const struct simulator_mail *mail = sender->mail;
	sender->profile = simulated_profile(mail->profile, findings);
	sender->doctype = doctype_find(mail->kernel, mail->doctype);
	if (mail->doctype && !sender->doctype)
		simulate_found(findings, SIM_DOCTYPE, "", mail->doctype, NULL);
	if (mail->script.size)
		TRY(script_read(sender->arena, mail->script, SIDE_SENDS, mail->other_keys_directory != NULL,
				&sender->script, findings, err));
	if (sender->profile)
		TRY(addressee_find(sender->arena, mail, sender->profile, &sender->addressee, findings, err));
	return findings_errors(findings) ? OK : open_hands(sender, err);
}

enum err_code simulator_send(const struct simulator_mail *mail, simulated_said *said, void *arg,
			     struct findings *findings, struct err *err)
{
	arena_auto arena = arena_new(SENDER_ARENA);
	struct sender sender = {
		.mail = mail, .arena = arena, .limits = ebms_limits_default, .said = said, .arg = arg
	};
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a played partner");
	enum err_code code = prepare(&sender, findings, err);
	for (int64_t i = 1; code == OK && !findings_errors(findings) && i <= mail->count; i++)
		code = take_turn(&sender, i, err);
	addressee_done(&sender.addressee);
	hand_close(&sender.own);
	hand_close(&sender.other);
	return code;
}
