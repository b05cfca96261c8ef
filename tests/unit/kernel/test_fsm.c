#include "fixture.h"

#include "kernel/fsm.h"

#define DAYS        10
#define EXPIRE_DAYS 5 /* after the reminder */

static bool odd_day(const struct fsm_case *fsm_case, struct findings *findings)
{
	static const struct rule rule = { "TST-010", "not on an even day", "Law 1", SEVERITY_ERROR };

	if (fsm_case->now_us / DAY_US % 2 == 1)
		return true;
	finding_add(findings, &rule, "", NULL, NULL);
	return false;
}

static const struct statement emitted = { "test.emitted", "INSERT INTO counter (name, value) VALUES ($1, 1)" };
static const struct statement emissions = { "test.emissions", "SELECT count(*) FROM counter WHERE name = $1" };

static enum err_code emit(struct tx *tx, const struct fsm_case *fsm_case, struct err *err)
{
	return db_exec(tx, &emitted, BINDS(BIND_TEXT(fsm_case->id)), NULL, err);
}

static enum err_code emit_then_fail(struct tx *tx, const struct fsm_case *fsm_case, struct err *err)
{
	TRY(emit(tx, fsm_case, err));
	return fail(err, ERR_INTERNAL, "the emission failed");
}

/* Longer than struct err keeps, and cut by it within a character. */
static enum err_code emit_long_failure(struct tx *tx, const struct fsm_case *fsm_case, struct err *err)
{
	(void)tx;
	buf_auto text;
	buf_init(&text, 1024);
	for (size_t i = 0; i < sizeof(err->text) / 2; i++)
		buf_puts(&text, "à");
	return fail(err, ERR_INTERNAL, "%s: %s", fsm_case->id, buf_text(&text));
}

static const struct fsm_timer answer_timer = { "answer", "overdue", DAYS, "Law 2" };
static const struct fsm_timer failing_timer = { "failing", "broken", DAYS, "Law 2" };
static const struct fsm_timer long_timer = { "long", "long", DAYS, "Law 2" };
static const struct fsm_timer remind_timer = { "remind", "remind", DAYS, "Law 3" };
static const struct fsm_timer expire_timer = { "expire", "expire", EXPIRE_DAYS, "Law 3" };
static const char *const final[] = { "closed", "late", NULL };
static const struct fsm_row rows[] = {
	{ .from = "open", .event = "ask", .guard = odd_day, .to = "asked", .law = "Law 1" },
	{ .from = "open", .event = "pick", .guard = odd_day, .to = "odd" },
	{ .from = "open", .event = "pick", .to = "even" },
	{ .from = "open", .event = "emit", .to = "emitted", .emit = emit },
	{ .from = "open", .event = "broken", .to = "emitted", .emit = emit_then_fail },
	{ .from = "open", .event = "wait", .to = "waiting", .timer = &answer_timer },
	{ .from = "open", .event = "wait-badly", .to = "open", .timer = &failing_timer },
	{ .from = "open", .event = "wait-long", .to = "open", .timer = &long_timer },
	{ .from = "open", .event = "long", .to = "emitted", .emit = emit_long_failure },
	{ .from = "open", .event = "warn", .to = "warned", .timer = &remind_timer },
	{ .from = "warned", .event = "remind", .to = "reminded", .timer = &expire_timer },
	{ .from = "reminded", .event = "expire", .to = "late", .law = "Law 3" },
	{ .from = "waiting", .event = "note", .to = "waiting" },
	{ .from = "waiting", .event = "answer", .to = "closed" },
	{ .from = "waiting", .event = "overdue", .to = "late", .law = "Law 2" },
	{ 0 },
};
static const struct machine machine = {
	.name = "test.case", .title = "A test", .initial = "open", .final = final, .rows = rows
};
static const struct machine *const machines[] = { &machine, NULL };
static const struct capability capability = { .name = "test", .machines = machines };
static const struct capability *const capabilities[] = { &capability, NULL };

struct work {
	struct kernel_fixture *fixture;
	const char *event; /* NULL: open */
	const char *to;
	struct findings *findings;
	const char *state;
};

static struct fsm_case case_of(struct kernel_fixture *fixture)
{
	return (struct fsm_case){
		.kernel = &fixture->kernel,
		.arena = fixture->arena,
		.id = "case-1",
		.organisation = "customs",
		.actor = fixture_actor,
		.now_us = fixture->clock.now_us,
	};
}

static enum err_code work_run(struct tx *tx, void *arg, struct err *err)
{
	struct work *work = arg;
	struct fsm_case fsm_case = case_of(work->fixture);

	if (!work->event)
		return fsm_open(tx, &machine, &fsm_case, err);
	return fsm_fire(tx, &machine, &fsm_case, work->event, &work->to, work->findings, err);
}

static enum err_code state_run(struct tx *tx, void *arg, struct err *err)
{
	struct work *work = arg;

	return fsm_state(tx, work->fixture->arena, "test.case", "case-1", &work->state, err);
}

static enum err_code try_fire(struct kernel_fixture *fixture, const char *event, struct work *work)
{
	*work = (struct work){ fixture, event, "untouched", findings_new(fixture->arena), NULL };
	return db_write(fixture->kernel.db, work_run, work, &fixture->err);
}

static struct work fire(struct kernel_fixture *fixture, const char *event)
{
	struct work work;

	must(try_fire(fixture, event, &work));
	return work;
}

static const char *state_of(struct kernel_fixture *fixture)
{
	struct work work = { .fixture = fixture };

	must(db_read(fixture->kernel.db, state_run, &work, &fixture->err));
	return work.state;
}

static int64_t history(struct kernel_fixture *fixture)
{
	static const struct statement entries = { "test.history",
						  "SELECT count(*) FROM journal WHERE subject = 'case-1'" };

	return fixture_int(fixture, &entries, NO_BINDS);
}

static void on_an_odd_day(struct kernel_fixture *fixture)
{
	if (fixture->clock.now_us / DAY_US % 2 == 0)
		fixture->clock.now_us += DAY_US;
}

static void on_an_even_day(struct kernel_fixture *fixture)
{
	if (fixture->clock.now_us / DAY_US % 2 == 1)
		fixture->clock.now_us += DAY_US;
}

static void a_case_is_opened_once_in_the_initial_state(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct work work;

	assert_null(state_of(fixture));
	assert_int_equal(try_fire(fixture, "emit", &work), ERR_NOT_FOUND);
	fire(fixture, NULL);
	assert_string_equal(state_of(fixture), "open");
	assert_int_equal(history(fixture), 1);
	assert_int_equal(try_fire(fixture, NULL, &work), ERR_CONFLICT);
}

static void the_first_row_whose_guard_agrees_wins(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fire(fixture, NULL);
	on_an_odd_day(fixture);
	assert_string_equal(fire(fixture, "pick").to, "odd");
}

static void a_guard_that_refuses_leaves_the_word_to_the_next_row(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fire(fixture, NULL);
	on_an_even_day(fixture);
	struct work work = fire(fixture, "pick");
	assert_string_equal(work.to, "even");
	assert_int_equal(findings_count(work.findings), 0);
}

static void a_refusing_guard_tells_why_and_writes_nothing(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fire(fixture, NULL);
	on_an_even_day(fixture);
	struct work work = fire(fixture, "ask");
	assert_null(work.to);
	assert_int_equal(findings_count(work.findings), 2);
	assert_string_equal(findings_at(work.findings, 0)->rule->code, "TST-010");
	assert_string_equal(findings_at(work.findings, 1)->rule->code, "FSM-001");
	assert_string_equal(state_of(fixture), "open");
	assert_int_equal(history(fixture), 1);
}

static void a_refusal_lists_what_is_possible(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fire(fixture, NULL);
	struct work work = fire(fixture, "answer");
	assert_null(work.to);
	assert_string_equal(
		findings_at(work.findings, 0)->text,
		"\"answer\" is not possible in state open; possible there is: ask, pick, emit, broken, wait, "
		"wait-badly, wait-long, long, warn");
	fire(fixture, "wait");
	fire(fixture, "answer");
	work = fire(fixture, "ask");
	assert_string_equal(findings_at(work.findings, 0)->text,
			    "\"ask\" is not possible in state closed, which is the end");
}

static void an_emission_that_fails_takes_the_state_with_it(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct work work;

	fire(fixture, NULL);
	assert_int_equal(try_fire(fixture, "broken", &work), ERR_INTERNAL);
	assert_string_equal(state_of(fixture), "open");
	assert_int_equal(history(fixture), 1);
	assert_int_equal(fixture_int(fixture, &emissions, BINDS(BIND_TEXT("case-1"))), 0);
	fire(fixture, "emit");
	assert_string_equal(state_of(fixture), "emitted");
	assert_int_equal(history(fixture), 2);
	assert_int_equal(fixture_int(fixture, &emissions, BINDS(BIND_TEXT("case-1"))), 1);
}

static unsigned tick(struct kernel_fixture *fixture)
{
	unsigned done;

	must(fsm_timers_step(&fixture->kernel, fixture->clock.now_us, 10, &done, &fixture->err));
	return done;
}

static void a_timer_fires_once_when_its_days_are_over(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fire(fixture, NULL);
	fire(fixture, "wait");
	fixture->clock.now_us += DAYS * DAY_US - 1;
	fire(fixture, "note"); /* stays in the state, so the clock runs on */
	assert_int_equal(tick(fixture), 0);
	fixture->clock.now_us += 1;
	assert_int_equal(tick(fixture), 1);
	assert_string_equal(state_of(fixture), "late");
	assert_int_equal(history(fixture), 4);
	assert_int_equal(tick(fixture), 0);
	assert_int_equal(history(fixture), 4);
}

static void leaving_the_state_stops_its_timer(void **state)
{
	static const struct statement waiting = { "test.waiting",
						  "SELECT count(*) FROM fsm_timer WHERE state = 'waiting'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fire(fixture, NULL);
	fire(fixture, "wait");
	assert_int_equal(fixture_int(fixture, &waiting, NO_BINDS), 1);
	fire(fixture, "answer");
	assert_int_equal(fixture_int(fixture, &waiting, NO_BINDS), 0);
	fixture->clock.now_us += 2 * DAYS * DAY_US;
	assert_int_equal(tick(fixture), 0);
	assert_string_equal(state_of(fixture), "closed");
}

static void a_timer_whose_event_fails_for_good_becomes_a_task(void **state)
{
	static const struct statement tasks = {
		"test.tasks",
		"SELECT count(*) FROM task WHERE kind = 'clock' AND subject = 'case-1' AND organisation = 'customs'"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fire(fixture, NULL);
	fire(fixture, "wait-badly");
	fixture->clock.now_us += DAYS * DAY_US;
	assert_int_equal(tick(fixture), 0);
	assert_int_equal(fixture_int(fixture, &tasks, NO_BINDS), 1);
	assert_string_equal(state_of(fixture), "open");
	fixture->clock.now_us += DAY_US;
	assert_int_equal(tick(fixture), 0);
	assert_int_equal(fixture_int(fixture, &tasks, NO_BINDS), 1);
}

/* The node is down from before the reminder until four days after it: what expires on day 15 does so on day 15. */
static void a_clock_counts_from_when_the_one_before_it_was_due(void **state)
{
	static const struct statement reminded = {
		"test.reminded", "SELECT at_us FROM journal WHERE subject = 'case-1' AND event = 'remind'"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fire(fixture, NULL);
	fire(fixture, "warn");
	fixture->clock.now_us += (DAYS + EXPIRE_DAYS - 1) * DAY_US;
	assert_int_equal(tick(fixture), 1);
	assert_string_equal(state_of(fixture), "reminded");
	assert_true(fixture_int(fixture, &reminded, NO_BINDS) == fixture->clock.now_us);
	fixture->clock.now_us += DAY_US - 1;
	assert_int_equal(tick(fixture), 0);
	fixture->clock.now_us += 1;
	assert_int_equal(tick(fixture), 1);
	assert_string_equal(state_of(fixture), "late");
}

/* The bad timer is of a machine that is gone, and its task cannot be opened because its organisation is. */
static void a_timer_that_cannot_even_become_a_task_stops_no_other(void **state)
{
	static const struct statement bad = {
		"test.bad",
		"INSERT INTO fsm_timer (id, machine, case_id, organisation, name, event, due_us, next_us, state)"
		" VALUES ('0', 'gone', 'case-0', 'gone', 'bad', 'bad', 0, 0, 'waiting')"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	unsigned done;

	fire(fixture, NULL);
	fire(fixture, "wait");
	fixture_exec(fixture, &bad, NO_BINDS);
	fixture->clock.now_us += DAYS * DAY_US;
	assert_int_equal(fsm_timers_step(&fixture->kernel, fixture->clock.now_us, 2, &done, &fixture->err),
			 ERR_CONFLICT);
	assert_string_equal(state_of(fixture), "late");
	/* It does not come first each time either. */
	assert_int_equal(tick(fixture), 0);
}

static void the_reason_in_a_task_is_cut_between_characters(void **state)
{
	static const struct statement whole = {
		"test.whole", "SELECT count(*) FROM task WHERE kind = 'clock' AND text LIKE '%àà. Do it by hand%'"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fire(fixture, NULL);
	fire(fixture, "wait-long");
	fixture->clock.now_us += DAYS * DAY_US;
	assert_int_equal(tick(fixture), 0);
	assert_int_equal(fixture_int(fixture, &whole, NO_BINDS), 1);
}

/* The form is Markdown (GFM tables) and Mermaid's stateDiagram-v2. */
static void a_machine_is_printed_as_a_table_and_a_diagram(void **state)
{
	buf_auto out;

	(void)state;
	buf_init(&out, 8192);
	fsm_put_markdown(&out, &machine);
	const char *const expected[] = {
		"## test.case\n",
		"\n| from | event | condition | to | clock | law |\n|---|---|---|---|---|---|\n",
		"\n| open | ask | yes | asked |  | Law 1 |\n",
		"\n| open | wait |  | waiting | answer: overdue after 10 days | Law 2 |\n",
		"\n```mermaid\nstateDiagram-v2\n",
		"\n    [*] --> open\n",
		"\n    waiting --> closed : answer\n",
		"\n    late --> [*]\n",
	};
	for (size_t i = 0; i < COUNT(expected); i++)
		if (!strstr(buf_text(&out), expected[i]))
			fail_msg("\"%s\" is not in %s", expected[i], buf_text(&out));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_case_is_opened_once_in_the_initial_state),
		cmocka_unit_test(the_first_row_whose_guard_agrees_wins),
		cmocka_unit_test(a_guard_that_refuses_leaves_the_word_to_the_next_row),
		cmocka_unit_test(a_refusing_guard_tells_why_and_writes_nothing),
		cmocka_unit_test(a_refusal_lists_what_is_possible),
		cmocka_unit_test(an_emission_that_fails_takes_the_state_with_it),
		cmocka_unit_test(a_timer_fires_once_when_its_days_are_over),
		cmocka_unit_test(leaving_the_state_stops_its_timer),
		cmocka_unit_test(a_timer_whose_event_fails_for_good_becomes_a_task),
		cmocka_unit_test(a_clock_counts_from_when_the_one_before_it_was_due),
		cmocka_unit_test(a_timer_that_cannot_even_become_a_task_stops_no_other),
		cmocka_unit_test(the_reason_in_a_task_is_cut_between_characters),
		cmocka_unit_test(a_machine_is_printed_as_a_table_and_a_diagram),
	};
	return kernel_run("fsm", tests, COUNT(tests), capabilities);
}
