/* The case of a certificate on both sides, and the clock of its rejection. Rule numbers: ATIGA OCP (Annex 8). */
#include "customs/origin/origin_int.h"

#include "kernel/task.h"

#define OCP "ATIGA OCP rule "

/* A proof of origin is valid for twelve months from its issue (rule 14), and what became of it is told within that time
 * (rule 30(2)). Rule 14 has exceptions, so the state stays what it is, and a late response still counts. */
#define RESTS .rest_months = 12, .rest_law = OCP "14, 30(2)"

static const char *const ended[] = { "utilised", "cancelled", "replaced", NULL };

/* What a customs response does, whichever side we are: the importing side moves when it sends one, the issuing side
 * when it receives it. EMIT settles the clock of the importing side. */
/* clang-format off */
#define ANSWERS(from, prefix, emit, law)                                           \
	{ from, "examine",  NULL, prefix "under-examination", NULL, NULL, law },   \
	{ from, "suspend",  NULL, prefix "suspended",         NULL, NULL, law },   \
	{ from, "part-use", NULL, "partly-utilised",          emit, NULL, law },   \
	{ from, "use",      NULL, "utilised",                 emit, NULL, law },   \
	{ from, "refuse",   NULL, prefix "refused",           emit, NULL, OCP "30(3)(a)" }

/* As long as nobody has claimed preference with it, it may also be withdrawn. */
#define UNUSED(from, emit, law)                                                    \
	ANSWERS(from, "", emit, law),                                              \
	{ from, "cancel",   NULL, "cancelled",                emit, NULL, OCP "29(4)" }, \
	{ from, "replace",  NULL, "replaced",                 emit, NULL, OCP "29(4)" }

/* Once a part was used, what is examined, suspended or refused is the remainder: states of their own, because the use
 * cannot be undone by withdrawing the certificate. */
#define REMAINDER "remainder-"
#define USED(from, emit, law) ANSWERS(from, REMAINDER, emit, law)

/* Both sides, from the first response on. A refused one is assessed again on the issuing authority's clarification. */
#define RESPONDED(emit)                                                            \
	UNUSED("under-examination", emit, OCP "30(2)"),                            \
	UNUSED("suspended", emit, OCP "18(c)"),                                    \
	UNUSED("refused", emit, OCP "30(4)"),                                      \
	USED("partly-utilised", emit, OCP "30(2)"),                                \
	USED(REMAINDER "under-examination", emit, OCP "30(2)"),                    \
	USED(REMAINDER "suspended", emit, OCP "18(c)"),                            \
	USED(REMAINDER "refused", emit, OCP "30(4)")
/* clang-format on */

/* A response may overtake our receipt; the receipt then changes nothing. */
static const struct fsm_row sent_rows[] = {
	DOCUMENT_SENDING(OCP "1(e)"),
	UNUSED("submitted", NULL, OCP "30(2)"),
	UNUSED("abandoned", NULL, OCP "30(2)"),
	UNUSED("transmitted", NULL, OCP "30(2)"),
	RESPONDED(NULL),
	{ 0 },
};

const struct machine form_d_sent_machine = {
	.name = "form-d.sent",
	.title = "e-Form D at the issuing side",
	.initial = "submitted",
	.final = ended,
	RESTS,
	.rows = sent_rows,
};

/* --- The clock --- */

static struct task clock_task(const struct fsm_case *fsm_case, const char *text)
{
	return (struct task){
		.organisation = fsm_case->organisation, .kind = "clock", .subject = fsm_case->id, .text = text
	};
}

static enum err_code remind(struct tx *tx, const struct fsm_case *fsm_case, struct err *err)
{
	struct task task = clock_task(
		fsm_case, "This e-Form D arrived 45 days ago and has no customs response yet. If it is rejected, the "
			  "response must reach the issuing authority within 60 days of receipt: 15 days are left");

	return task_open(tx, &task, fsm_case->now_us, err);
}

static enum err_code complain(struct tx *tx, const struct fsm_case *fsm_case, struct err *err)
{
	struct task task = clock_task(
		fsm_case, "This e-Form D arrived 60 days ago and has no customs response. The period in which a "
			  "rejection must be sent is over; respond now and say why it is late");

	TRY(task_close(tx, fsm_case->id, "clock", fsm_case->now_us, err));
	return task_open(tx, &task, fsm_case->now_us, err);
}

static enum err_code put_away(struct tx *tx, const struct fsm_case *fsm_case, struct err *err)
{
	return task_close(tx, fsm_case->id, "clock", fsm_case->now_us, err);
}

/* Rule 30(3)(a): sixty days from the date of receipt, whatever the officers do in between; so it is a case of its own.
 */
static const struct fsm_timer reminder = { "rejection-reminder", "remind", 45, OCP "30(3)(a)" };
static const struct fsm_timer deadline = { "rejection-deadline", "expire", 15, OCP "30(3)(a)" };

static const char *const settled[] = { "settled", NULL };
static const struct fsm_row clock_rows[] = {
	{ "opened", "start", NULL, "running", NULL, &reminder, OCP "30(3)(a)" },
	{ "running", "remind", NULL, "reminded", remind, &deadline, OCP "30(3)(a)" },
	{ "reminded", "expire", NULL, "expired", complain, NULL, OCP "30(3)(a)" },
	{ "running", "settle", NULL, "settled", NULL, NULL, NULL },
	{ "reminded", "settle", NULL, "settled", put_away, NULL, NULL },
	{ "expired", "settle", NULL, "settled", put_away, NULL, NULL },
	{ 0 },
};

const struct machine form_d_clock_machine = {
	.name = "form-d.clock",
	.title = "Sixty days in which an e-Form D may be rejected",
	.subject_type = "clock",
	.initial = "opened",
	.final = settled,
	RESTS,
	.rows = clock_rows,
};

/* --- The importing side --- */

static enum err_code settle(struct tx *tx, const struct fsm_case *fsm_case, struct err *err)
{
	const char *state;
	struct findings *aside = findings_new(fsm_case->arena);

	if (!aside)
		return fail(err, ERR_MEMORY, "no memory left to settle the clock of %s", fsm_case->id);
	TRY(fsm_state(tx, fsm_case->arena, form_d_clock_machine.name, fsm_case->id, &state, err));
	if (!state || same(state, "settled"))
		return OK; /* a part was used before */
	return fsm_fire(tx, &form_d_clock_machine, fsm_case, "settle", NULL, aside, err);
}

static const struct fsm_row received_rows[] = {
	DOCUMENT_SEEN, UNUSED("received", settle, OCP "30(2)"), UNUSED("seen", settle, OCP "30(2)"), RESPONDED(settle),
	{ 0 },
};

const struct machine form_d_received_machine = {
	.name = "form-d.received",
	.title = "e-Form D at the importing side",
	.initial = "received",
	.final = ended,
	RESTS,
	.rows = received_rows,
};
