/* A partner that is played. It reads and answers with the engine of the node, but believes whoever comes and keeps
 * nothing: what it is for are the answers that a right partner never gives. */
#include "base/log.h"
#include "base/text.h"
#include "messaging/ebms2_int.h"
#include "messaging/simulate_int.h"
#include "messaging/uris_int.h"

#include <stdlib.h>

enum { SIMULATOR_ARENA = 8 << 20, PLAY_ARENA = 64 << 20 };

struct simulator {
	struct simulator_options options;
	const struct security_profile *profile;
	struct arena *arena;
	struct hand own, other;
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
	struct ebms_message message;
	struct findings *findings;
	struct turn turn;
	struct ebms_answering answering;
};

static enum err_code refuse_by(struct play *play, enum ebms_rule_name rule, const char *first, const char *second,
			       struct err *err)
{
	struct findings *findings = findings_new(play->arena);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for an error");
	finding_add(findings, ebms_rule(rule), "", first, second);
	return ebms_pack_error(play->arena, &play->answering, findings, &play->turn.packed, err);
}

/* What a gateway of the other version says to an envelope that it does not know. */
static void speak_old_version(struct play *play)
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
	buf_init(&play->turn.packed.body, sizeof soap11 + sizeof soap12);
	buf_puts(&play->turn.packed.body, as4 ? soap11 : soap12);
	play->turn.packed.content_type = as4 ? MIME_SOAP11 : MIME_SOAP12;
	play->response->status = 500;
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
		return ebms2_pack_pong(play->arena, &play->answering, &play->turn.packed, err);
	if (!is_ping(play) && !doctype_find(options->kernel, collaboration->action))
		return refuse_by(play, RULE_ACTION, collaboration->service->value, collaboration->action, err);
	if (!play->message.signature)
		return refuse_by(play, RULE_UNSIGNED, NULL, NULL, err);
	return ebms_pack_receipt(play->arena, &play->answering, &play->turn.packed, err);
}

/* --- A request --- */

static void take_row(struct play *play)
{
	struct simulator *simulator = play->simulator;
	struct turn *turn = &play->turn;
	pthread_mutex_lock(&simulator->lock);
	turn->row = script_next(&simulator->script, action_of(play));
	pthread_mutex_unlock(&simulator->lock);
	turn->act = turn->row ? act_find(turn->row->act) : &act_right;
	turn->identity = &simulator->own.identity;
	turn->other = &simulator->other.identity;
	turn->ref_to = play->message.user.info->message_id;
	turn->now_us = clock_now_us(simulator->options.kernel->clock);
}

static void go_away(struct simulator *simulator, int64_t away_us)
{
	pthread_mutex_lock(&simulator->lock);
	simulator->away_until_us = clock_monotonic_us() + away_us;
	pthread_mutex_unlock(&simulator->lock);
}

static enum err_code give(struct play *play, struct err *err)
{
	struct http_response *response = play->response;
	TRY(buf_check(&play->turn.packed.body, "an answer", err));
	if (!play->turn.packed.body.size)
		return OK;
	struct buf *owned = arena_alloc(play->request->arena, sizeof *owned);
	response->content_type = arena_text(play->request->arena, play->turn.packed.content_type);
	if (!owned || !response->content_type)
		return fail(err, ERR_MEMORY, "no memory for an answer");
	*owned = play->turn.packed.body;
	play->turn.packed.body = (struct buf){ 0 };
	response->owned = owned;
	return OK;
}

static enum err_code make_answer(struct play *play, struct err *err)
{
	const struct turn *turn = &play->turn;
	play->answering = (struct ebms_answering){ .profile = play->simulator->profile,
						   .identity = turn->identity,
						   .received = &play->message,
						   .ref_to = turn->ref_to,
						   .frame = &play->message.user,
						   .now_us = turn->now_us };
	play->response->status = 200;
	if (turn->refuses)
		return refuse_by(play, turn->row->rule, "as the script says", "", err);
	if (!turn->other_version)
		return answer_rightly(play, err);
	speak_old_version(play);
	return OK;
}

static enum err_code answer(struct play *play, struct err *err)
{
	struct turn *turn = &play->turn;
	if (turn->act->before)
		turn->act->before(turn);
	play->response->status = turn->status ? (int)turn->status : 204;
	play->response->drop = turn->breaks || turn->away_us;
	if (turn->away_us)
		go_away(play->simulator, turn->away_us);
	if (!turn->status && !play->response->drop)
		TRY(make_answer(play, err));
	if (turn->act->after)
		turn->act->after(turn);
	LOG(LOG_INFO, "simulator.played", LOG_TEXT("message", turn->ref_to), LOG_TEXT("action", action_of(play)),
	    LOG_TEXT("do", turn->act->name));
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
		/* A signal about something that was sent elsewhere: by ebMS 2 with requests of their own. */
		const struct ebms_error *error = message->signal.errors_count ? message->signal.errors : NULL;
		LOG(LOG_INFO, "simulator.heard",
		    LOG_TEXT("about", message->signal.info ? message->signal.info->ref_to : NULL),
		    LOG_TEXT("error", error ? error->code : NULL),
		    LOG_TEXT("text", error ? error->description_text : NULL));
		play->response->status = 204;
		return OK;
	}
	TRY(ebms_read_security(message, err));
	if (findings_errors(play->findings))
		return OK;
	take_row(play);
	return answer(play, err);
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
		buf_done(&play.turn.packed.body);
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

static enum err_code fill_simulator(struct simulator *simulator, struct findings *findings, struct err *err)
{
	const struct simulator_options *options = &simulator->options;
	const char *others = options->other_keys_directory;
	if (!simulator->arena)
		return fail(err, ERR_MEMORY, "no memory for a played partner");
	simulator->profile = simulated_profile(options->profile, findings);
	if (options->script.size)
		TRY(script_read(simulator->arena, options->script, SIDE_ANSWERS, others != NULL, &simulator->script,
				findings, err));
	if (findings_errors(findings))
		return OK;
	TRY(hand_open(options->keys_directory, simulator->profile, &simulator->own, err));
	return others ? hand_open(others, simulator->profile, &simulator->other, err) : OK;
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
	hand_close(&simulator->own);
	hand_close(&simulator->other);
	arena_free(simulator->arena);
	pthread_mutex_destroy(&simulator->lock);
	free(simulator);
}
