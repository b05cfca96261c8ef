/* A partner that is played. It reads and answers with the engine of the node, but believes whoever comes and keeps
 * nothing: what it is for are the answers that a right partner never gives. */
#include "base/log.h"
#include "base/text.h"
#include "messaging/ebms2_int.h"
#include "messaging/simulate_int.h"
#include "messaging/uris_int.h"

#include <stdlib.h>
#include <time.h>

enum { SIMULATOR_ARENA = 8 << 20, PLAY_ARENA = 64 << 20 };

struct hand { /* by which it signs */
	struct keys *keys;
	struct key_list list;
	struct ebms_identity identity;
};
struct simulator {
	struct simulator_options options;
	const struct security_profile *profile;
	struct arena *arena;
	struct hand own, other; /* .other.keys NULL: there is none */
	struct ebms_limits limits;
	pthread_mutex_t lock; /* guards what follows */
	struct script script;
	int64_t away_until_us; /* monotonic */
};

/* One request. */
struct play {
	struct simulator *simulator;
	const struct http_request *request;
	struct http_response *response;
	struct arena *arena;
	const struct script_row *row; /* a copy; NULL: none applies */
	struct ebms_message message;
	struct findings *findings;
	struct ebms_packed packed;
	struct ebms_answering answering;
};

/* --- Acts --- */

struct act {
	const char *name;
	void (*before)(struct play *play);                         /* the answer is made; NULL: nothing */
	enum err_code (*make)(struct play *play, struct err *err); /* instead of the right answer; NULL */
	void (*after)(struct play *play);                          /* it is made; NULL: nothing */
};

static void wait_so_long(struct play *play)
{
	struct timespec pause = { .tv_sec = (time_t)(play->row->seconds > 0 ? play->row->seconds : 0) };
	nanosleep(&pause, NULL);
}

static void shift_clock(struct play *play)
{
	play->answering.now_us += play->row->seconds * SECOND_US;
}

static void take_other_key(struct play *play)
{
	if (play->simulator->other.keys)
		play->answering.identity = &play->simulator->other.identity;
}

static void speak_of_another(struct play *play)
{
	play->answering.ref_to = "another-message@simulator";
}

static enum err_code refuse_by(struct play *play, enum ebms_rule_name rule, const char *first, const char *second,
			       struct err *err)
{
	struct findings *findings = findings_new(play->arena);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for an error");
	finding_add(findings, ebms_rule(rule), "", first, second);
	return ebms_pack_error(play->arena, &play->answering, findings, &play->packed, err);
}

static enum err_code refuse_as_told(struct play *play, struct err *err)
{
	return refuse_by(play, play->row->rule, "as the script says", "", err);
}

/* What a gateway of the other version says to an envelope that it does not know. */
static enum err_code speak_old_version(struct play *play, struct err *err)
{
	static const char soap11[] =
		"<soap:Envelope xmlns:soap=\"" NS_SOAP11 "\"><soap:Body><soap:Fault><faultcode>"
		"soap:VersionMismatch</faultcode><faultstring>this is an ebMS 2.0 gateway: SOAP 1.1 "
		"is expected</faultstring></soap:Fault></soap:Body></soap:Envelope>";
	static const char soap12[] =
		"<env:Envelope xmlns:env=\"" NS_SOAP12
		"\"><env:Body><env:Fault><env:Code><env:Value>env:VersionMismatch"
		"</env:Value></env:Code><env:Reason><env:Text xml:lang=\"en\">SOAP 1.2 is expected</env:Text></env:Reason>"
		"</env:Fault></env:Body></env:Envelope>";
	bool as4 = play->simulator->profile->binding == &binding_as4;
	(void)err;
	buf_init(&play->packed.body, sizeof soap11 + sizeof soap12);
	buf_puts(&play->packed.body, as4 ? soap11 : soap12);
	play->packed.content_type = as4 ? MIME_SOAP11 : MIME_SOAP12;
	play->response->status = 500;
	return OK;
}

static enum err_code say_nothing(struct play *play, struct err *err)
{
	(void)err;
	play->response->status = same(play->row->act, "status") ? (int)play->row->status : 204;
	return OK;
}

static void hang_up(struct play *play)
{
	play->response->drop = true;
}

static void go_away(struct play *play)
{
	struct simulator *simulator = play->simulator;
	pthread_mutex_lock(&simulator->lock);
	simulator->away_until_us = clock_monotonic_us() + play->row->seconds * SECOND_US;
	pthread_mutex_unlock(&simulator->lock);
	hang_up(play);
}

/* The byte in the middle of what it says. */
static void corrupt(struct play *play)
{
	struct buf *body = &play->packed.body;
	if (body->size)
		body->data[body->size / 2] ^= 1;
}

/* Takes out the element between START and END, which an envelope has once. */
static void cut(struct buf *body, const char *start, const char *end)
{
	char *text = (char *)body->data;
	char *from = text ? strstr(text, start) : NULL, *to = from ? strstr(from, end) : NULL;
	if (!to)
		return;
	to += strlen(end);
	memmove(from, to, (size_t)(text + body->size - to) + 1);
	body->size -= (size_t)(to - from);
}

static void take_signature_out(struct play *play)
{
	cut(&play->packed.body, "<wsse:Security ", "</wsse:Security>");
	cut(&play->packed.body, "<ds:Signature ", "</ds:Signature>");
}

static const struct act acts[] = {
	/* clang-format off */
	{ "receipt",       NULL,             NULL,              NULL },
	{ "delay",         wait_so_long,     NULL,              NULL },
	{ "clock",         shift_clock,      NULL,              NULL },
	{ "other-key",     take_other_key,   NULL,              NULL },
	{ "wrong-receipt", speak_of_another, NULL,              NULL },
	{ "unsigned",      NULL,             NULL,              take_signature_out },
	{ "corrupt",       NULL,             NULL,              corrupt },
	{ "refuse",        NULL,             refuse_as_told,    NULL },
	{ "old-version",   NULL,             speak_old_version, NULL },
	{ "status",        NULL,             say_nothing,       NULL },
	{ "close",         NULL,             say_nothing,       hang_up },
	{ "away",          NULL,             say_nothing,       go_away },
	/* clang-format on */
};

static const struct act *act_find(const char *name)
{
	for (size_t i = 0; i < COUNT(acts); i++)
		if (same(acts[i].name, name))
			return &acts[i];
	return NULL;
}

bool act_known(const char *name)
{
	return act_find(name) != NULL;
}

/* --- The right answer --- */

static bool is_ping(const struct play *play)
{
	const struct ebms_collaboration *collaboration = play->message.user.collaboration;
	return play->message.kind == KIND_PING || ebms_is_ping(collaboration->service->value, collaboration->action);
}

static const char *action_of(const struct play *play)
{
	return is_ping(play) ? "ping" : play->message.user.collaboration->action;
}

static enum err_code answer_rightly(struct play *play, struct err *err)
{
	const struct simulator_options *options = &play->simulator->options;
	const struct ebms_user_message *user = &play->message.user;
	const struct ebms_collaboration *collaboration = user->collaboration;
	if (options->party_id && !same(user->parties->to->id->value, options->party_id))
		return refuse_by(play, RULE_TO_PARTY, user->parties->to->id->value, NULL, err);
	if (options->cpa && !same(collaboration->agreement ? collaboration->agreement->value : NULL, options->cpa))
		return refuse_by(play, RULE_NO_AGREEMENT,
				 collaboration->agreement ? collaboration->agreement->value : "", NULL, err);
	if (play->message.kind == KIND_PING)
		return ebms2_pack_pong(play->arena, &play->answering, &play->packed, err);
	if (!is_ping(play) && !doctype_find(options->kernel, collaboration->action))
		return refuse_by(play, RULE_ACTION, collaboration->service->value, collaboration->action, err);
	if (!play->message.signature)
		return refuse_by(play, RULE_UNSIGNED, NULL, NULL, err);
	return ebms_pack_receipt(play->arena, &play->answering, &play->packed, err);
}

/* --- A request --- */

static void take_row(struct play *play)
{
	struct simulator *simulator = play->simulator;
	pthread_mutex_lock(&simulator->lock);
	play->row = script_next(&simulator->script, action_of(play));
	pthread_mutex_unlock(&simulator->lock);
}

static enum err_code give(struct play *play, struct err *err)
{
	struct http_response *response = play->response;
	TRY(buf_check(&play->packed.body, "an answer", err));
	if (!play->packed.body.size)
		return OK;
	struct buf *owned = arena_alloc(play->request->arena, sizeof *owned);
	response->content_type = arena_text(play->request->arena, play->packed.content_type);
	if (!owned || !response->content_type)
		return fail(err, ERR_MEMORY, "no memory for an answer");
	*owned = play->packed.body;
	play->packed.body = (struct buf){ 0 };
	response->owned = owned;
	return OK;
}

static enum err_code act_by(struct play *play, const struct act *act, struct err *err)
{
	play->response->status = 200;
	if (act->before)
		act->before(play);
	TRY(act->make ? act->make(play, err) : answer_rightly(play, err));
	if (act->after)
		act->after(play);
	LOG(LOG_INFO, "simulator.played", LOG_TEXT("message", play->answering.ref_to),
	    LOG_TEXT("action", action_of(play)), LOG_TEXT("do", act->name));
	return give(play, err);
}

/* A message that asks for an answer; what it says of itself is believed. */
static enum err_code play_message(struct play *play, struct err *err)
{
	struct ebms_message *message = &play->message;
	play->response->status = 400;
	TRY(ebms_read(message, http_header(play->request, "Content-Type"), play->request->body, err));
	if (!message->header_read || findings_errors(play->findings))
		return OK;
	if (message->kind != KIND_USER_MESSAGE && message->kind != KIND_PING) {
		play->response->status = 204; /* a signal about something that was sent elsewhere */
		return OK;
	}
	TRY(ebms_read_security(message, err));
	if (findings_errors(play->findings))
		return OK;
	play->answering = (struct ebms_answering){ .profile = play->simulator->profile,
						   .identity = &play->simulator->own.identity,
						   .received = message,
						   .ref_to = message->user.info->message_id,
						   .frame = &message->user,
						   .now_us = clock_now_us(play->simulator->options.kernel->clock) };
	take_row(play);
	return act_by(play, play->row ? act_find(play->row->act) : &acts[0], err);
}

void simulator_handle(void *arg, const struct http_request *request, struct http_response *response)
{
	struct simulator *simulator = arg;
	struct err err = { 0 };
	enum err_code code = ERR_MEMORY;
	arena_auto arena = arena_new(PLAY_ARENA);
	struct play play = { .simulator = simulator, .request = request, .response = response, .arena = arena };
	if (arena)
		play.findings = findings_new(arena);
	if (play.findings) {
		ebms_init(&play.message, arena, &simulator->limits, play.findings);
		code = play_message(&play, &err);
		ebms_done(&play.message);
		buf_done(&play.packed.body);
	}
	if (play.findings && findings_errors(play.findings))
		LOG(LOG_WARN, "simulator.not-understood", LOG_TEXT("rule", findings_at(play.findings, 0)->rule->code),
		    LOG_TEXT("why", findings_at(play.findings, 0)->text));
	if (code == OK)
		return;
	LOG(LOG_ERROR, "simulator.failed", LOG_ERR(&err));
	*response = (struct http_response){ .status = 500, .close = true };
}

int64_t simulator_away_us(struct simulator *simulator)
{
	pthread_mutex_lock(&simulator->lock);
	int64_t left_us = simulator->away_until_us - clock_monotonic_us();
	pthread_mutex_unlock(&simulator->lock);
	return left_us > 0 ? left_us : 0;
}

/* --- Its life --- */

static enum err_code open_hand(const char *directory, const struct security_profile *profile, struct hand *hand,
			       struct err *err)
{
	TRY(keys_open(directory, &hand->keys, err));
	TRY(keystore_list(directory, &hand->list, err));
	hand->identity = (struct ebms_identity){ .keys = hand->keys, .token = TOKEN_BST };
	for (size_t i = 0; i < hand->list.count; i++) {
		const struct key_info *key = &hand->list.keys[i];
		if (key->use == KEY_USE_SIGN && key->status == KEY_ACTIVE &&
		    cert_key_kind(key->cert) == sig_alg_key(profile->signature))
			hand->identity.key = key;
	}
	if (!hand->identity.key)
		return fail(err, ERR_KEY,
			    "%s has no active signing key for profile %s: lintas key new, csr and install", directory,
			    profile->name);
	return OK;
}

static void close_hand(struct hand *hand)
{
	keys_free(hand->keys);
	key_list_done(&hand->list);
}

static enum err_code fill_simulator(struct simulator *simulator, struct findings *findings, struct err *err)
{
	const struct simulator_options *options = &simulator->options;
	simulator->profile = profile_find(options->profile);
	if (!simulator->profile)
		return fail(err, ERR_USAGE, "there is no security profile %s", options->profile);
	if (!simulator->arena)
		return fail(err, ERR_MEMORY, "no memory for a played partner");
	if (options->script.size)
		TRY(script_read(simulator->arena, options->script, &simulator->script, findings, err));
	TRY(open_hand(options->keys_directory, simulator->profile, &simulator->own, err));
	return options->other_keys_directory
		       ? open_hand(options->other_keys_directory, simulator->profile, &simulator->other, err)
		       : OK;
}

enum err_code simulator_new(const struct simulator_options *options, struct simulator **simulator,
			    struct findings *findings, struct err *err)
{
	struct simulator *new = calloc(1, sizeof *new);
	if (!new)
		return fail(err, ERR_MEMORY, "no memory for a played partner");
	new->options = *options;
	new->limits = ebms_limits_default;
	new->arena = arena_new(SIMULATOR_ARENA);
	pthread_mutex_init(&new->lock, NULL);
	enum err_code code = fill_simulator(new, findings, err);
	if (code != OK || findings_errors(findings)) {
		simulator_free(new);
		new = NULL;
	}
	*simulator = new;
	return code;
}

void simulator_free(struct simulator *simulator)
{
	if (!simulator)
		return;
	close_hand(&simulator->own);
	close_hand(&simulator->other);
	arena_free(simulator->arena);
	pthread_mutex_destroy(&simulator->lock);
	free(simulator);
}
