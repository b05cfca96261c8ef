/* `lintas partner test`: what works between a partner and us, what does not, and whose it is to mend.
 *
 * One ping shows everything up to the signed receipt: name, connection, TLS, clocks. Then comes a message that must be
 * refused, because who takes everything checks nothing, and at last the business that there will be. */
#include "base/text.h"
#include "kernel/activation.h"
#include "messaging/health_int.h"
#include "messaging/partner_test_int.h"
#include "messaging/uris_int.h"

enum { PROBE_ARENA = 64 << 20, LATER_ARENA = 1 << 20 };
#define EXCHANGE_US (10 * SECOND_US)
#define ALL_US      (60 * SECOND_US) /* after which nothing more is begun */
#define NOT_AGREED  "partner-test-not-agreed"

struct testing {
	struct messaging *messaging;
	struct arena *arena; /* of the report */
	struct directory *directory;
	const struct peer *peer;
	struct partner_test *test;
	int64_t began_us; /* monotonic */
	/* Of the document type that is asked about. */
	const struct doctype *doctype;
	struct organisation sender;
	struct activation_verdict activation;
	const char *unsent; /* why a sample could not be sent; NULL */
	/* What they have told us of themselves. */
	struct partner_card held, waits;
	const char *card_endpoint; /* if we use another; NULL */
};

/* --- Steps --- */

static struct partner_test_step *begin_step(struct testing *t, const char *name, const char *proves)
{
	struct partner_test_step *step = &t->test->steps[t->test->steps_count++];
	*step = (struct partner_test_step){ .name = name, .proves = proves, .verdict = PARTNER_TEST_PASSED };
	return step;
}

/* What was found lives with the probe: the report takes copies. */
static void conclude(struct testing *t, struct partner_test_step *step, struct diagnosis diagnosis)
{
	step->found = diagnosis.found ? arena_text(t->arena, diagnosis.found) : NULL;
	if (diagnosis.untried)
		step->verdict = PARTNER_TEST_SKIPPED;
	if (!diagnosis.side)
		return;
	step->verdict = t->test->verdict = PARTNER_TEST_FAILED;
	step->side = diagnosis.side;
	step->mend = diagnosis.mend ? arena_text(t->arena, diagnosis.mend) : NULL;
}

static void skip(struct partner_test_step *step, const char *why)
{
	step->verdict = PARTNER_TEST_SKIPPED;
	step->found = why;
}

/* --- Their card --- */

static enum err_code cards_run(struct tx *tx, void *arg, struct err *err)
{
	struct testing *t = arg;
	const char *partner = t->peer->partner.code;
	TRY(partner_card_find(tx, t->arena, partner, CARD_PENDING, &t->waits, err));
	return partner_card_find(tx, t->arena, partner, CARD_HELD, &t->held, err);
}

/* A card that has ended since is not looked into for anything but this: where they said that they are. */
static enum err_code look_at_cards(struct testing *t, struct err *err)
{
	const struct partner *partner = &t->peer->partner;
	struct card card = { 0 };
	struct findings *ignored = findings_new(t->arena);
	if (!ignored)
		return fail(err, ERR_MEMORY, "no memory to test the link with %s", partner->code);
	TRY(db_read(t->messaging->options.kernel->db, cards_run, t, err));
	if (!t->held.partner || !*partner->endpoint)
		return OK; /* by ebMS 2 the agreement says where */
	const struct card_reading reading = { .text = t->held.octets,
					      .held_serial = INTEGER_NONE,
					      .now_us = t->test->at_us };
	TRY(messaging_card_read(t->arena, &reading, &card, ignored, err));
	const char *said = messaging_card_endpoint(&card, t->peer->profile->binding->name);
	t->card_endpoint = said && !same(said, partner->endpoint) ? said : NULL;
	return OK;
}

/* --- Messages --- */

static const char *why_unanswered(const struct probe *probe)
{
	struct diagnosis way = diagnose_way(probe);
	return way.side ? way.found : diagnose_answer(probe).found;
}

/* What our messages meet here is seen of the link as anything else is (docs/health.md). That one who must refuse takes
 * a message says nothing of it: of silence only the ping's counts. */
static void tell_link(const struct probe *probe, bool is_ping)
{
	const struct probe_answer *answer = &probe->answer;
	const char *partner = probe->peer->partner.code;
	struct messaging *messaging = probe->messaging;
	bool believed = answer->read && answer->fingerprint && !findings_errors(answer->findings);
	int64_t now_us = clock_now_us(messaging->options.kernel->clock);
	if (probe->unsent || probe->cut_off)
		return; /* ours: a key, an agreement, the end of this process */
	if (believed && (answer->kind == KIND_RECEIPT || answer->kind == KIND_PONG))
		health_receipt(messaging, partner, probe->answered_us - probe->sent_us, now_us);
	else if (believed && answer->about)
		health_answered(messaging, partner, now_us);
	else if (is_ping)
		health_failed(messaging, partner, why_unanswered(probe), now_us);
}

typedef void judging(struct testing *t, const struct probe *probe, void *arg);

/* Sends MESSAGE with PARTS (NULL: none), and lets JUDGE see what came of it. */
static enum err_code try_message(struct testing *t, struct message *message, struct message_part *part,
				 const char *action, judging *judge, void *arg, struct err *err)
{
	arena_auto arena = arena_new(PROBE_ARENA);
	arena_auto later = arena_new(LATER_ARENA);
	if (!arena || !later)
		return fail(err, ERR_MEMORY, "no memory to test the link with %s", t->peer->partner.code);
	TRY(probe_message(t->messaging, arena, t->peer, t->sender.code ? t->sender.code : "customs",
			  t->doctype ? t->doctype->to_seat : "customs", message, err));
	struct probe probe = { .messaging = t->messaging,
			       .arena = arena,
			       .later = later,
			       .directory = t->directory,
			       .peer = t->peer,
			       .message = message,
			       .seat = t->sender.seat ? t->sender.seat : "customs",
			       .parts = { .items = part, .count = part ? 1 : 0 },
			       .action = action,
			       .timeout_us = EXCHANGE_US,
			       .card_endpoint = t->card_endpoint,
			       .card_waits = t->waits.partner != NULL };
	TRY(send_probe(&probe, err));
	tell_link(&probe, !part && !action);
	judge(t, &probe, arg);
	return OK;
}

/* --- The way and the ping --- */

enum { SETTINGS, CONNECTION, TLS, CLOCK, PING, REFUSAL, STEPS };
static const struct {
	const char *name, *proves;
} step_rows[] = {
	[SETTINGS] = { "settings", "we have a key, a profile and, for ebMS 2, an agreement to speak by" },
	[CONNECTION] = { "connection", "the name is known, and somebody listens there" },
	[TLS] = { "tls", "the server is the one that we believe, and takes our certificate" },
	[CLOCK] = { "clock", "both clocks tell the same time" },
	[PING] = { "ping", "they know us, believe our signature, and sign a receipt that we believe" },
	[REFUSAL] = { "refusal", "they refuse what is not agreed, and say which rule it breaks" },
};
static const int step_of_stage[] = {
	[HTTP_BEFORE] = SETTINGS, [HTTP_NAME] = CONNECTION, [HTTP_CONNECTION] = CONNECTION,
	[HTTP_TLS_PERIOD] = TLS,  [HTTP_TLS_ISSUER] = TLS,  [HTTP_TLS_SERVER] = TLS,
	[HTTP_TLS] = TLS,         [HTTP_EXCHANGE] = PING,   [HTTP_ANSWER] = PING,
};

static bool is_client_refused(const struct probe *probe)
{
	return !probe->answer.read && (probe->http.status == 401 || probe->http.status == 403);
}

/* The step at which it ended; STEPS: there is an answer to look at. */
static int ended_at(const struct probe *probe)
{
	if (probe->unsent)
		return SETTINGS;
	if (probe->unanswered)
		return step_of_stage[probe->failed_at];
	return is_client_refused(probe) ? TLS : STEPS;
}

static void judge_ping(struct testing *t, const struct probe *probe, void *arg)
{
	int end = ended_at(probe);
	(void)arg;
	for (int i = SETTINGS; i <= PING; i++) {
		struct partner_test_step *step = begin_step(t, step_rows[i].name, step_rows[i].proves);
		if (i == end)
			conclude(t, step, is_client_refused(probe) ? diagnose_answer(probe) : diagnose_way(probe));
		else if (i > end || (i == CLOCK && end == PING))
			skip(step, "not tried: an answer is needed");
		else if (i == TLS && probe->plain)
			skip(step, "plain HTTP: nothing is encrypted on the way, and nobody shows a certificate");
		else if (i == SETTINGS && probe->cpa)
			step->found = arena_text(t->arena, probe->cpa);
		else if (i == CLOCK)
			conclude(t, step, diagnose_clock(probe));
		else if (i == PING)
			conclude(t, step, diagnose_answer(probe));
	}
}

static bool passed(const struct testing *t, int step)
{
	return same(t->test->steps[step].verdict, PARTNER_TEST_PASSED);
}

static enum err_code test_ping(struct testing *t, struct err *err)
{
	struct message ping = { .service = URI_TEST_SERVICE, .action = URI_TEST_ACTION };
	if (same(t->peer->partner.status, "active"))
		return try_message(t, &ping, NULL, NULL, judge_ping, NULL, err);
	struct partner_test_step *step = begin_step(t, step_rows[SETTINGS].name, step_rows[SETTINGS].proves);
	conclude(t, step,
		 (struct diagnosis){ .found = "the exchange is suspended",
				     .side = PARTNER_TEST_US,
				     .mend = "resume it: lintas partner resume" });
	return OK;
}

/* --- What must be refused --- */

static void judge_refusal(struct testing *t, const struct probe *probe, void *arg)
{
	struct diagnosis way = diagnose_way(probe);
	conclude(t, arg, way.side ? way : diagnose_refusal(probe));
}

/* By the way of a ping, which an agreement has without a document type. */
static enum err_code test_refusal(struct testing *t, struct err *err)
{
	bool as4 = t->peer->profile->binding == &binding_as4;
	struct partner_test_step *step = begin_step(t, step_rows[REFUSAL].name, step_rows[REFUSAL].proves);
	struct message wrong = { .service = as4 ? SERVICE_DOCUMENTS : URI_TEST_SERVICE,
				 .action = as4 ? NOT_AGREED : URI_TEST_ACTION };
	return try_message(t, &wrong, NULL, NOT_AGREED, judge_refusal, step, err);
}

/* --- What will be exchanged --- */

static void judge_sample(struct testing *t, const struct probe *probe, void *arg)
{
	struct diagnosis way = diagnose_way(probe);
	struct partner_test_step *step = arg;
	if (probe->unsent && t->peer->profile->binding == &binding_ebms2)
		skip(step, arena_text(t->arena, probe->unsent)); /* it knows tests by an agreement for them alone */
	else if (probe->unsent && same(probe->unsent, t->unsent))
		skip(step, "not tried: for the same cause as the one above");
	else
		conclude(t, step, way.side ? way : diagnose_answer(probe));
	if (probe->unsent)
		t->unsent = arena_text(t->arena, probe->unsent);
}

static enum err_code look_at_type(struct tx *tx, void *arg, struct err *err)
{
	struct testing *t = arg;
	struct kernel *kernel = t->messaging->options.kernel;
	const struct activation cell = { .partner = t->peer->partner.code,
					 .document = t->doctype->code,
					 .direction = "out",
					 .version = t->doctype->version };
	struct organisation_list list;
	t->sender = (struct organisation){ 0 };
	TRY(organisation_list(tx, t->arena, &list, err));
	for (size_t i = 0; i < list.count; i++)
		if (same(list.items[i].seat, t->doctype->from_seat))
			t->sender = list.items[i];
	return activation_judge(tx, t->arena, &cell, false, date_of_time(clock_now_us(kernel->clock)), &t->activation,
				err);
}

static enum err_code try_sample(struct testing *t, struct partner_test_step *step, struct err *err)
{
	struct message message = { .service = SERVICE_DOCUMENTS, .action = t->doctype->code };
	struct message_part part = { .content_id = "sample@lintas",
				     .mime_type = "application/xml",
				     .charset = "utf-8" };
	const struct sample_names names = { .from = t->messaging->options.kernel->state,
					    .to = t->peer->partner.code, /* that of its state */
					    .at_us = t->test->at_us };
	const char *text = doctype_sample(t->arena, t->doctype, &names);
	if (!text)
		return fail(err, ERR_MEMORY, "no memory for a sample of %s", t->doctype->code);
	part.octets = bytes_of(text);
	return try_message(t, &message, &part, NULL, judge_sample, step, err);
}

/* An opt-out names what it rests on, and whose card it came with. */
static const char *why_not_exchanged(struct testing *t)
{
	const struct activation_verdict *v = &t->activation;
	return arena_printf(t->arena, "%s%s%s%s%s", v->text, v->law ? ": " : "", v->law ? v->law : "",
			    v->note ? ", " : "", v->note ? v->note : "");
}

static enum err_code test_sample(struct testing *t, struct err *err)
{
	const struct doctype *doctype = t->doctype;
	struct partner_test_step *step = begin_step(t, arena_printf(t->arena, "sample %s", doctype->code),
						    "they take this document type from us");
	TRY(db_read(t->messaging->options.kernel->db, look_at_type, t, err));
	if (t->activation.refused)
		skip(step, why_not_exchanged(t));
	else if (!t->sender.code)
		skip(step, arena_printf(t->arena, "no organisation here is %s, which sends it", doctype->from_seat));
	else if (clock_monotonic_us() - t->began_us > ALL_US)
		skip(step, "not tried: the steps before took all the time that there was");
	else
		return try_sample(t, step, err);
	return OK;
}

static enum err_code test_samples(struct testing *t, struct err *err)
{
	const struct kernel *kernel = t->messaging->options.kernel;
	for (size_t i = 0; (t->doctype = doctype_at(kernel, i)); i++)
		TRY(test_sample(t, err));
	return OK;
}

/* --- The whole --- */

static enum err_code run_steps(struct testing *t, struct err *err)
{
	const struct partner *partner = &t->peer->partner;
	struct partner_test *test = t->test;
	test->partner = arena_text(t->arena, partner->code);
	test->endpoint = arena_text(t->arena, partner->endpoint);
	test->profile = t->peer->profile->name;
	test->binding = t->peer->profile->binding->name;
	test->verdict = PARTNER_TEST_PASSED;
	test->at_us = clock_now_us(t->messaging->options.kernel->clock);
	test->steps = arena_array(t->arena, STEPS + doctype_count(t->messaging->options.kernel), sizeof *test->steps);
	if (!test->partner || !test->endpoint || !test->steps)
		return fail(err, ERR_MEMORY, "no memory to test the link with %s", partner->code);
	TRY(look_at_cards(t, err));
	TRY(test_ping(t, err));
	if (test->steps_count <= PING || !passed(t, PING))
		return OK; /* what follows would fail for the same cause */
	TRY(test_refusal(t, err));
	return test_samples(t, err);
}

enum err_code messaging_partner_test(struct messaging *messaging, struct arena *arena, const char *partner,
				     struct partner_test *test, struct err *err)
{
	struct partner_test made = { 0 };
	TRY(messaging_refresh(messaging, false, err));
	struct testing t = { .messaging = messaging,
			     .arena = arena,
			     .directory = directory_get(messaging),
			     .test = &made,
			     .began_us = clock_monotonic_us() };
	t.peer = directory_peer(t.directory, partner);
	enum err_code code =
		t.peer ? run_steps(&t, err)
		       : fail(err, ERR_NOT_FOUND, "there is no partner %s; see lintas partner list", partner);
	directory_release(t.directory);
	if (code == OK)
		*test = made;
	return code;
}
