/* `lintas ping` and `lintas partner test`: does the exchange with a partner work, now? If not, whose is it to mend? */
#include "cli/cli_int.h"

#include <time.h>

#include "base/text.h"

#define LOOK_FIRST_US (SECOND_US / 20)
#define LOOK_MAX_US   (SECOND_US / 2)

enum { WAIT_DEFAULT = 30, WAIT_MAX = 3600 };

static const struct wire_view *last_wire(const struct message_view *m, const char *kind)
{
	const struct wire_view *last = NULL;
	for (size_t i = 0; i < m->wires_count; i++)
		if (same(m->wires[i].kind, kind))
			last = &m->wires[i];
	return last;
}

/* What is sent again as it was is kept once: its time is that of the first attempt. */
static void print_delivered(FILE *out, const struct message_view *m, const struct partner_view *p)
{
	const struct wire_view *sent = last_wire(m, "sent"), *receipt = last_wire(m, "receipt-received");
	if (sent && receipt && m->attempts == 1)
		fprintf(out, "%s answered in %.3f s\n", m->partner,
			(double)(receipt->at_us - sent->at_us) / (double)SECOND_US);
	else
		fprintf(out, "%s answered at attempt %lld, %.3f s after the first was due\n", m->partner,
			(long long)m->attempts, (double)(m->settled_us - m->created_us) / (double)SECOND_US);
	if (receipt)
		fprintf(out, "  receipt       signed (%s) by %s\n  certificate   sha-256 %s\n", p->profile,
			receipt->signer ? receipt->signer : "a certificate that is not kept",
			receipt->certificate ? receipt->certificate : "-");
}

/* The last that came of it is a signed error of the partner's: what is wrong has been said, whether it is sent again or
 * not. One that nobody signed may be anybody's word ("refused by TH, unsigned: …"). */
static bool is_refused(const struct message_view *m)
{
	static const char words[] = "refused by ";
	const char *who = m->last_error && starts_with(m->last_error, words) ? m->last_error + strlen(words) : NULL;
	return who && starts_with(who, m->partner) && who[strlen(m->partner)] == ':';
}

static void print_waiting(FILE *out, const struct message_view *m, const struct partner_view *p, bool running)
{
	char next[TIME_SIZE];
	bool tried = m->next_attempt_us == TIME_NONE; /* this moment: its outcome is not known yet */
	const char *so_far = is_refused(m) ? "refused" : "not delivered yet";
	if (same(p->status, "suspended"))
		fprintf(out, "not sent: %s is suspended\nNext: lintas partner resume %s; the ping is sent then\n",
			m->partner, m->partner);
	else if (!running)
		fprintf(out, "not sent: the node is stopped\nNext: lintas serve; it sends the ping then\n");
	else if (m->last_error && tried)
		fprintf(out,
			"%s, attempt %lld runs; the one before: %s\n"
			"Next: mend the cause; lintas outbox show %s tells what came of it\n",
			so_far, (long long)m->attempts, m->last_error, m->id);
	else if (m->last_error)
		fprintf(out,
			"%s after %lld attempt%s: %s\n"
			"Next: mend the cause; the ping is sent again %s, or now with lintas outbox retry %s\n",
			so_far, (long long)m->attempts, m->attempts == 1 ? "" : "s", m->last_error,
			when(m->next_attempt_us, next), m->id);
	else
		fprintf(out, "%s has not answered yet\nNext: lintas outbox show %s\n", m->partner, m->id);
}

void print_ping(FILE *out, const struct message_view *m, const struct partner_view *p, bool running)
{
	if (same(m->state, "delivered"))
		print_delivered(out, m, p);
	else if (same(m->state, "queued"))
		print_waiting(out, m, p, running);
	else if (m->last_error)
		fprintf(out, "refused for good: %s\nNext: lintas outbox show %s\n", m->last_error, m->id);
	else
		fprintf(out, "%s by an officer\nNext: lintas timeline %s\n", m->state, m->id);
}

enum err_code ping_outcome(const struct message_view *m)
{
	if (same(m->state, "delivered"))
		return OK;
	return same(m->state, "queued") && !is_refused(m) ? ERR_BUSY : ERR_INVALID;
}

static void rest(int64_t pause_us)
{
	struct timespec pause = { .tv_sec = (time_t)(pause_us / SECOND_US),
				  .tv_nsec = (long)(pause_us % SECOND_US * 1000) };
	nanosleep(&pause, NULL);
}

/* Looks at the message until it is settled or refused, or the time is over. Every answer stays in the arena: with the
 * pauses above there are a few thousand small ones at most. */
static enum err_code wait_for(struct invocation *in, int64_t wait_us, struct message_view *m,
			      struct http_answer *answer, struct err *err)
{
	int64_t until_us = clock_monotonic_us() + wait_us, pause_us = LOOK_FIRST_US;
	const char *path = arena_printf(in->arena, "/api/v1/messages/%s", m->id);
	while (same(m->state, "queued") && !is_refused(m) && clock_monotonic_us() < until_us) {
		rest(pause_us);
		pause_us = 2 * pause_us < LOOK_MAX_US ? 2 * pause_us : LOOK_MAX_US;
		TRY(remote_call(in, "GET", path, bytes(NULL, 0), answer, err));
		TRY(remote_read(in, &message_schema, answer, m, err));
	}
	return OK;
}

static enum err_code partner_of(struct invocation *in, struct partner_view *p, struct err *err)
{
	struct http_answer answer = { 0 };
	TRY(remote_call(in, "GET", arena_printf(in->arena, "/api/v1/partners/%s", in->arguments[0]), bytes(NULL, 0),
			&answer, err));
	return remote_read(in, &partner_schema, &answer, p, err);
}

enum err_code run_ping(struct invocation *in, struct err *err)
{
	struct http_answer answer = { 0 };
	struct message_view m;
	struct partner_view p;
	const char *text = option_value(in, "--wait");
	int64_t wait = WAIT_DEFAULT;
	if (text && (!int64_parse(text, &wait) || wait < 0 || wait > WAIT_MAX))
		return fail(err, ERR_USAGE, "--wait is a number of seconds from 0 to %d, not %s", WAIT_MAX, text);
	bool running = remote_running(in);
	in->running_only = running;
	TRY(remote_answer(in, bytes(NULL, 0), &answer, err));
	TRY(remote_read(in, &message_schema, &answer, &m, err));
	TRY(partner_of(in, &p, err));
	if (running && !same(p.status, "suspended"))
		TRY(wait_for(in, wait * SECOND_US, &m, &answer, err));
	if (in->json)
		printf("%.*s\n", (int)answer.body.size, (const char *)answer.body.data);
	else
		print_ping(stdout, &m, &p, running);
	return ping_outcome(&m);
}

/* --- lintas partner test --- */

void print_partner_test(FILE *out, const void *answer)
{
	const struct partner_test *test = answer;
	char at[TIME_SIZE];
	unsigned failed = 0, samples = 0;
	const char *why = NULL; /* the first reason why a sample was left out */
	fprintf(out, "%s by %s, %s, %s\n", test->partner, test->profile, test->endpoint ? test->endpoint : "as agreed",
		when(test->at_us, at));
	for (size_t i = 0; i < test->steps_count; i++) {
		const struct partner_test_step *step = &test->steps[i];
		fprintf(out, "  %-8s %-30s %s\n", step->verdict, step->name, step->found ? step->found : step->proves);
		bool sample = starts_with(step->name, "sample ");
		samples += sample && same(step->verdict, PARTNER_TEST_PASSED);
		why = sample && !why && same(step->verdict, PARTNER_TEST_SKIPPED) ? step->found : why;
		if (!step->side)
			continue;
		failed++;
		fprintf(out, "           %s to mend:\n", same(step->side, PARTNER_TEST_US) ? "OURS" : "THEIRS");
		print_folded(out, step->mend, 11);
	}
	if (failed)
		fprintf(out, "%u step%s failed: mend, and test again with lintas partner test %s\n", failed,
			failed == 1 ? "" : "s", test->partner);
	else if (samples)
		fprintf(out, "all that was tried works\n");
	else
		fprintf(out, "the link works; no document was tried%s%s\n", why ? ": " : "", why ? why : "");
}

enum err_code run_partner_test(struct invocation *in, struct err *err)
{
	struct http_answer answer = { 0 };
	struct partner_test test;
	TRY(remote_answer(in, bytes(NULL, 0), &answer, err));
	TRY(remote_read(in, in->command->answer, &answer, &test, err));
	if (in->json)
		printf("%.*s\n", (int)answer.body.size, (const char *)answer.body.data);
	else
		print_partner_test(stdout, &test);
	return same(test.verdict, PARTNER_TEST_PASSED) ? OK : ERR_BUSY;
}
