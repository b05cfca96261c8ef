/* The activation matrix. What is expected is the text of kernel/activation.h and ATIGA OCP rule 27(2): a state may
 * declare what it takes no part in. The day is FIXTURE_NOW_US's, 2026-11-02. */
#include "fixture.h"

#include "base/date.h"
#include "kernel/activation.h"
#include "kernel/journal.h"
#include "kernel/party.h"

static const struct doctype form_d = { .code = "FORM-D", .version = "1" }, acdd = { .code = "ACDD", .version = "2" };
static const struct doctype *const doctypes[] = { &form_d, &acdd, NULL };
static const struct capability papers = { .name = "papers", .doctypes = doctypes };
static const struct capability *const capabilities[] = { &papers, NULL };

#define LAW "notice 12/2026 to the ASEAN Secretariat"

static date day(int year, int month, int day_of_month)
{
	return date_of(year, month, day_of_month);
}

/* One of the calls of activation.h, in a transaction of its own. */
struct call {
	struct kernel_fixture *fixture;
	struct activation row;
	bool test;
	date day;
	struct findings *findings;
	struct activation_list list, declared;
	struct activation_verdict verdict;
	struct journal_list journal;
	int64_t revision;
};

static enum err_code put_run(struct tx *tx, void *arg, struct err *err)
{
	struct call *call = arg;
	struct kernel_fixture *fixture = call->fixture;

	call->findings = findings_new(fixture->arena);
	assert_non_null(call->findings);
	return activation_put(&fixture->kernel, tx, fixture->arena, &call->row, &fixture_actor, fixture->clock.now_us,
			      call->findings, err);
}

static enum err_code declare_run(struct tx *tx, void *arg, struct err *err)
{
	struct call *call = arg;
	struct kernel_fixture *fixture = call->fixture;

	call->findings = findings_new(fixture->arena);
	assert_non_null(call->findings);
	return activation_declare(tx, fixture->arena, "VN", &call->declared, &fixture_actor, fixture->clock.now_us,
				  call->findings, err);
}

static enum err_code judge_run(struct tx *tx, void *arg, struct err *err)
{
	struct call *call = arg;

	return activation_judge(tx, call->fixture->arena, &call->row, call->test, call->day, &call->verdict, err);
}

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct call *call = arg;
	struct arena *arena = call->fixture->arena;

	TRY(activation_list(tx, arena, call->row.partner, &call->list, err));
	TRY(journal_of(tx, arena, "VN", 100, &call->journal, err));
	return partner_revision(tx, &call->revision, err);
}

static struct findings *found(struct kernel_fixture *fixture, struct activation row)
{
	struct call call = { .fixture = fixture, .row = row };

	must(db_write(fixture->kernel.db, put_run, &call, &fixture->err));
	return call.findings;
}

/* Codes of the findings, "ACT-001 ACT-002"; "" if it was written. */
static const char *put(struct kernel_fixture *fixture, struct activation row)
{
	const struct findings *findings = found(fixture, row);
	const char *codes = "";

	for (size_t i = 0; findings_at(findings, i); i++)
		codes = arena_printf(fixture->arena, "%s%s%s", codes, *codes ? " " : "",
				     findings_at(findings, i)->rule->code);
	return codes;
}

static struct activation row_of(const char *document, const char *direction, const char *state, date from_day)
{
	return (struct activation){ .partner = "VN",
				    .document = document,
				    .direction = direction,
				    .state = state,
				    .from_day = from_day,
				    .law = same(state, ACTIVATION_OPTED_OUT) ? LAW : NULL };
}

static void must_put(struct kernel_fixture *fixture, const char *document, const char *direction, const char *state,
		     date from_day)
{
	assert_string_equal(put(fixture, row_of(document, direction, state, from_day)), "");
}

static struct activation_verdict judge_as(struct kernel_fixture *fixture, const char *partner, const char *document,
					  const char *direction, bool test, date on)
{
	struct call call = { .fixture = fixture,
			     .row = { .partner = partner,
				      .document = document,
				      .direction = direction,
				      .version = same(document, "ACDD") ? "2" : "1" },
			     .test = test,
			     .day = on };

	must(db_read(fixture->kernel.db, judge_run, &call, &fixture->err));
	return call.verdict;
}

static struct activation_verdict judge(struct kernel_fixture *fixture, const char *document, const char *direction,
				       date on)
{
	return judge_as(fixture, "VN", document, direction, false, on);
}

static struct call look(struct kernel_fixture *fixture, const char *partner)
{
	struct call call = { .fixture = fixture, .row = { .partner = partner } };

	must(db_read(fixture->kernel.db, look_run, &call, &fixture->err));
	return call;
}

static void without_a_row_everything_is_exchanged(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	assert_false(judge(fixture, "FORM-D", "in", day(2026, 11, 2)).refused);
	assert_false(judge(fixture, "ACDD", "out", day(2026, 11, 2)).refused);
	assert_int_equal(look(fixture, NULL).list.count, 0);
}

static void an_activation_counts_from_its_day_on_and_makes_its_type_explicit(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "FORM-D", "out", ACTIVATION_ACTIVE, day(2027, 1, 1));
	struct activation_verdict before = judge(fixture, "FORM-D", "out", day(2026, 12, 31));
	assert_true(before.refused);
	assert_false(before.opted_out);
	assert_string_equal(before.text, "FORM-D to VN is active from 2027-01-01");
	assert_false(judge(fixture, "FORM-D", "out", day(2027, 1, 1)).refused);
	assert_string_equal(judge(fixture, "FORM-D", "in", day(2027, 1, 1)).text, "FORM-D from VN is not activated");
	/* Of another type, and with another partner, nothing was said. */
	assert_false(judge(fixture, "ACDD", "in", day(2026, 11, 2)).refused);
	assert_false(judge_as(fixture, "MY", "FORM-D", "in", false, day(2026, 11, 2)).refused);
}

static void an_opt_out_ends_what_it_names_from_its_day_on_and_nothing_else(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "ACDD", "in", ACTIVATION_OPTED_OUT, day(2027, 3, 1));
	assert_false(judge(fixture, "ACDD", "in", day(2026, 11, 2)).refused);
	assert_false(judge(fixture, "ACDD", "in", day(2027, 2, 28)).refused);
	struct activation_verdict out = judge(fixture, "ACDD", "in", day(2027, 3, 1));
	assert_true(out.refused && out.opted_out);
	assert_string_equal(out.text, "ACDD from VN is opted out since 2027-03-01");
	assert_string_equal(out.law, LAW);
	assert_false(judge(fixture, "ACDD", "out", day(2027, 3, 1)).refused);
}

/* What is opted out of is not taken for a test either; what is not activated yet is there to be tested. */
static void a_test_passes_until_a_type_is_activated_but_not_what_is_opted_out(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "FORM-D", NULL, ACTIVATION_ACTIVE, day(2027, 1, 1));
	must_put(fixture, "ACDD", NULL, ACTIVATION_OPTED_OUT, DATE_NONE);
	assert_false(judge_as(fixture, "VN", "FORM-D", "in", true, day(2026, 11, 2)).refused);
	assert_true(judge_as(fixture, "VN", "FORM-D", "in", false, day(2026, 11, 2)).refused);
	assert_true(judge_as(fixture, "VN", "ACDD", "in", true, day(2026, 11, 2)).refused);
}

/* Without a day it is today. */
static void one_row_lasts_until_the_next_begins(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "FORM-D", "in", ACTIVATION_ACTIVE, DATE_NONE);
	must_put(fixture, "FORM-D", "in", ACTIVATION_OPTED_OUT, day(2027, 1, 1));
	must_put(fixture, "FORM-D", "in", ACTIVATION_ACTIVE, day(2027, 7, 1));
	struct activation_list list = look(fixture, "VN").list;
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[0].from_day, day(2026, 11, 2));
	assert_int_equal(list.items[0].until_day, day(2026, 12, 31));
	assert_int_equal(list.items[1].until_day, day(2027, 6, 30));
	assert_int_equal(list.items[2].until_day, DATE_NONE);
	assert_string_equal(list.items[2].decided_by, fixture_actor.name);
	assert_true(list.items[2].decided_us == FIXTURE_NOW_US);
	assert_true(judge(fixture, "FORM-D", "in", day(2027, 6, 30)).refused);
	assert_false(judge(fixture, "FORM-D", "in", day(2027, 7, 1)).refused);
}

static void what_was_planned_is_taken_back_and_stays_on_record(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "FORM-D", "out", ACTIVATION_ACTIVE, DATE_NONE);
	must_put(fixture, "FORM-D", "out", ACTIVATION_OPTED_OUT, day(2027, 1, 1));
	must_put(fixture, "FORM-D", "out", ACTIVATION_NOT_YET, day(2027, 1, 1));
	assert_string_equal(judge(fixture, "FORM-D", "out", day(2027, 2, 1)).text,
			    "FORM-D to VN is not activated since 2027-01-01");
	must_put(fixture, "FORM-D", "out", ACTIVATION_ACTIVE, day(2027, 1, 1));
	assert_false(judge(fixture, "FORM-D", "out", day(2026, 12, 31)).refused);
	assert_false(judge(fixture, "FORM-D", "out", day(2027, 1, 1)).refused);
	struct activation_list list = look(fixture, "VN").list;
	assert_int_equal(list.count, 4);
	assert_true(list.items[1].until_day < list.items[1].from_day);
	assert_true(list.items[2].until_day < list.items[2].from_day);
}

static void an_activation_can_be_brought_forward(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "FORM-D", "out", ACTIVATION_ACTIVE, day(2027, 3, 1));
	must_put(fixture, "FORM-D", "out", ACTIVATION_ACTIVE, day(2027, 1, 1));
	assert_true(judge(fixture, "FORM-D", "out", day(2026, 12, 31)).refused);
	assert_false(judge(fixture, "FORM-D", "out", day(2027, 1, 1)).refused);
	assert_false(judge(fixture, "FORM-D", "out", day(2027, 3, 1)).refused);
}

static void what_would_overlap_another_plan_is_refused_until_that_is_taken_back(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "FORM-D", "in", ACTIVATION_ACTIVE, DATE_NONE);
	must_put(fixture, "FORM-D", "in", ACTIVATION_OPTED_OUT, day(2027, 6, 1));
	assert_string_equal(put(fixture, row_of("FORM-D", "in", ACTIVATION_ACTIVE, day(2027, 3, 1))), "ACT-007");
	assert_string_equal(put(fixture, row_of("FORM-D", "in", ACTIVATION_ACTIVE, day(2027, 6, 1))), "ACT-007");
	must_put(fixture, "FORM-D", "in", ACTIVATION_NOT_YET, day(2027, 6, 1));
	must_put(fixture, "FORM-D", "in", ACTIVATION_ACTIVE, day(2027, 6, 1));
}

/* The advice is a command line as docs/commands.md has it: done as it stands, it lets the other be put. */
static void the_advice_of_an_overlap_is_a_command_that_takes_the_other_back(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "FORM-D", "in", ACTIVATION_OPTED_OUT, day(2027, 6, 1));
	const struct findings *findings = found(fixture, row_of("FORM-D", "in", ACTIVATION_ACTIVE, day(2027, 3, 1)));
	assert_string_equal(findings_at(findings, 0)->text,
			    "FORM-D from VN is opted out from 2027-06-01, and the two would overlap: take that back "
			    "first (lintas partner deactivate VN FORM-D --direction in --from 2027-06-01)");
}

/* What a card says of ACDD: from the partner from AFTER on, and to it since BEFORE; DATE_NONE: not opted out. */
static void declare(struct kernel_fixture *fixture, date after, date before)
{
	struct activation rows[2];
	struct call call = { .fixture = fixture, .declared = { .items = rows } };

	if (after != DATE_NONE)
		rows[call.declared.count++] = row_of("ACDD", "in", ACTIVATION_OPTED_OUT, after);
	if (before != DATE_NONE)
		rows[call.declared.count++] = row_of("ACDD", "out", ACTIVATION_OPTED_OUT, before);
	for (size_t i = 0; i < call.declared.count; i++) {
		rows[i].version = "2";
		rows[i].until_day = DATE_NONE;
		rows[i].declared = true;
	}
	must(db_write(fixture->kernel.db, declare_run, &call, &fixture->err));
	assert_int_equal(findings_count(call.findings), 0);
}

/* ATIGA OCP rule 27(2): whoever declares takes no part, whatever we had planned with him. */
static void what_the_partner_declares_counts_whatever_we_had_planned(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "ACDD", "in", ACTIVATION_OPTED_OUT, day(2026, 12, 1));
	must_put(fixture, "ACDD", "in", ACTIVATION_ACTIVE, day(2027, 3, 1));
	declare(fixture, day(2027, 1, 1), DATE_NONE);
	assert_true(judge(fixture, "ACDD", "in", day(2027, 3, 1)).opted_out);
	assert_false(judge(fixture, "ACDD", "out", day(2027, 3, 1)).refused);
}

/* Said again it is no news: nothing is written, and directories need not be read anew. */
static void what_is_declared_twice_is_kept_once(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	declare(fixture, day(2027, 1, 1), day(2025, 1, 1));
	struct call before = look(fixture, "VN");
	assert_int_equal(before.list.count, 2);
	assert_int_equal(before.list.items[1].from_day, day(2026, 11, 2)); /* nothing begins in the past */
	fixture->clock.now_us += 90 * DAY_US;
	declare(fixture, day(2027, 1, 1), day(2025, 1, 1));
	struct call after = look(fixture, "VN");
	assert_int_equal(after.list.count, 2);
	assert_true(after.revision == before.revision);
	assert_int_equal(after.journal.count, before.journal.count);
	/* Of the other types, and of the days before, nothing is said. */
	assert_false(judge(fixture, "ACDD", "in", day(2026, 12, 31)).refused);
	assert_false(judge(fixture, "FORM-D", "in", day(2027, 1, 1)).refused);
}

static void what_is_declared_no_more_ends_and_what_we_decided_counts_again(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "ACDD", "in", ACTIVATION_ACTIVE, DATE_NONE);
	declare(fixture, day(2026, 11, 2), day(2027, 1, 1));
	fixture->clock.now_us += 10 * DAY_US;
	must_put(fixture, "ACDD", "in", ACTIVATION_NOT_YET, day(2027, 6, 1));
	declare(fixture, DATE_NONE, DATE_NONE);
	assert_true(judge(fixture, "ACDD", "in", day(2026, 11, 11)).opted_out);
	assert_false(judge(fixture, "ACDD", "in", day(2026, 11, 12)).refused);
	assert_true(judge(fixture, "ACDD", "in", day(2027, 6, 1)).refused);
	assert_false(judge(fixture, "ACDD", "out", day(2027, 1, 1)).opted_out); /* taken back */
	struct call after = look(fixture, "VN");
	const struct journal_entry *entry = &after.journal.entries[after.journal.count - 2];
	assert_string_equal(entry->event, "opt-out-ended");
	assert_string_equal(entry->detail, "ACDD in, version 2, from 2026-11-12: its card has it no more, and what we "
					   "decided counts again");
	assert_string_equal(entry->law, LAW);
}

static void another_day_or_declaration_takes_the_place_of_the_one_before(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	declare(fixture, day(2026, 11, 2), DATE_NONE);
	declare(fixture, day(2027, 1, 1), DATE_NONE);
	assert_false(judge(fixture, "ACDD", "in", day(2026, 12, 31)).refused);
	assert_true(judge(fixture, "ACDD", "in", day(2027, 1, 1)).opted_out);
	declare(fixture, day(2027, 2, 1), DATE_NONE);
	assert_false(judge(fixture, "ACDD", "in", day(2027, 1, 31)).refused);
	assert_true(judge(fixture, "ACDD", "in", day(2027, 2, 1)).opted_out);
}

/* It begins when the partner's card has it no more. */
static void whoever_decides_beneath_a_declared_opt_out_is_told_which(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	declare(fixture, day(2026, 11, 2), DATE_NONE);
	must_put(fixture, "ACDD", "in", ACTIVATION_ACTIVE, DATE_NONE);
	assert_true(judge(fixture, "ACDD", "in", day(2026, 11, 2)).opted_out);
	struct activation_list list = look(fixture, "VN").list;
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[1].note,
			    "counts after the partner's card ends the opt-out of 2026-11-02 (" LAW ")");
}

static void whoever_ends_an_opt_out_is_told_which(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "FORM-D", "in", ACTIVATION_OPTED_OUT, DATE_NONE);
	must_put(fixture, "FORM-D", NULL, ACTIVATION_NOT_YET, DATE_NONE);
	struct activation_list list = look(fixture, "VN").list;
	size_t noted = 0;
	for (size_t i = 0; i < list.count; i++) {
		if (!same(list.items[i].state, ACTIVATION_NOT_YET))
			continue;
		bool in = same(list.items[i].direction, "in");
		noted += in;
		if (in)
			assert_string_equal(list.items[i].note, "ends the opt-out of 2026-11-02 (" LAW ")");
		else
			assert_null(list.items[i].note);
	}
	assert_int_equal(noted, 1);
}

static void what_is_so_already_is_refused_but_the_other_direction_is_put(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must_put(fixture, "FORM-D", "in", ACTIVATION_ACTIVE, DATE_NONE);
	assert_string_equal(put(fixture, row_of("FORM-D", "in", ACTIVATION_ACTIVE, day(2027, 1, 1))), "ACT-008");
	must_put(fixture, "FORM-D", NULL, ACTIVATION_ACTIVE, DATE_NONE);
	assert_int_equal(look(fixture, "VN").list.count, 2);
	assert_false(judge(fixture, "FORM-D", "out", day(2026, 11, 2)).refused);
}

static void all_that_is_wrong_is_said_at_once_and_nothing_is_written(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct call before = look(fixture, NULL);

	assert_string_equal(put(fixture, (struct activation){ .partner = "VN",
							      .document = "LETTER",
							      .direction = "up",
							      .state = "maybe",
							      .from_day = day(2026, 11, 1) }),
			    "ACT-001 ACT-003 ACT-004 ACT-005");
	assert_string_equal(put(fixture, (struct activation){ .partner = "VN",
							      .document = "FORM-D",
							      .version = "9",
							      .state = ACTIVATION_OPTED_OUT,
							      .from_day = DATE_NONE }),
			    "ACT-002 ACT-006");
	struct call after = look(fixture, NULL);
	assert_int_equal(after.list.count, 0);
	assert_true(after.revision == before.revision);
	assert_int_equal(after.journal.count, before.journal.count);
}

static void every_row_is_in_the_journal_of_its_partner_and_directories_are_read_anew(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct call before = look(fixture, NULL);

	must_put(fixture, "ACDD", "out", ACTIVATION_OPTED_OUT, DATE_NONE);
	struct call after = look(fixture, NULL);
	assert_true(after.revision > before.revision);
	/* The opt-out, and what goes on: the other direction. */
	assert_int_equal(after.journal.count, before.journal.count + 2);
	const struct journal_entry *goes_on = &after.journal.entries[before.journal.count], *out = goes_on + 1;
	assert_string_equal(goes_on->event, "activated");
	assert_string_equal(goes_on->detail, "ACDD in, version 2, from 2026-11-02: as before the first row");
	assert_string_equal(out->subject_type, "partner");
	assert_string_equal(out->event, "opted-out");
	assert_string_equal(out->detail, "ACDD out, version 2, from 2026-11-02");
	assert_string_equal(out->law, LAW);
	assert_string_equal(out->actor, fixture_actor.name);
}

static void the_rows_of_a_partner_that_there_is_not_are_not_kept(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct call call = { .fixture = fixture, .row = row_of("FORM-D", "in", ACTIVATION_ACTIVE, DATE_NONE) };

	call.row.partner = "XX";
	assert_int_equal(db_write(fixture->kernel.db, put_run, &call, &fixture->err), ERR_CONFLICT);
}

static void so_many_rows_are_kept_of_a_partner_and_no_more(void **state)
{
	static const struct statement fill = {
		"test.fill",
		"INSERT INTO activation (id, partner, document, direction, version, state, from_day, until_day, decided_by,"
		" decided_us) VALUES ($1, 'VN', 'FORM-D', 'in', '1', 'active', 0, 0, 'test', 0)"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	for (int i = 0; i < ACTIVATIONS_MAX; i++) {
		const char *id = arena_printf(fixture->arena, "%d", i);
		fixture_exec(fixture, &fill, BINDS(BIND_TEXT(id)));
	}
	assert_string_equal(put(fixture, row_of("FORM-D", "in", ACTIVATION_ACTIVE, DATE_NONE)), "ACT-009");
}

static enum err_code inherit_run(struct tx *tx, void *arg, struct err *err)
{
	struct call *call = arg;
	struct kernel_fixture *fixture = call->fixture;

	call->findings = findings_new(fixture->arena);
	assert_non_null(call->findings);
	return activation_inherit(tx, fixture->arena, "MY", &fixture_actor, fixture->clock.now_us, call->findings, err);
}

/* The declaration is the state's, for what it names: one direction, from a day to come. Of anything else nothing was
 * said. MY is the one that has just been added; VN is every other. */
static void a_new_partner_begins_with_what_is_opted_out_with_every_other(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct call call = { .fixture = fixture };
	const date before = day(2026, 12, 31), then = day(2027, 1, 1);

	must_put(fixture, "ACDD", "in", ACTIVATION_OPTED_OUT, then);
	must_put(fixture, "FORM-D", NULL, ACTIVATION_NOT_YET, DATE_NONE);
	must(db_write(fixture->kernel.db, inherit_run, &call, &fixture->err));
	assert_int_equal(findings_count(call.findings), 1);
	assert_string_equal(findings_at(call.findings, 0)->rule->code, "ACT-010");
	assert_int_equal(findings_errors(call.findings), 0);
	assert_false(judge_as(fixture, "MY", "ACDD", "in", false, before).refused);
	struct activation_verdict verdict = judge_as(fixture, "MY", "ACDD", "in", false, then);
	assert_true(verdict.opted_out);
	assert_string_equal(verdict.law, LAW);
	assert_false(judge_as(fixture, "MY", "ACDD", "out", false, then).refused);
	assert_false(judge_as(fixture, "MY", "FORM-D", "in", false, then).refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_row_everything_is_exchanged),
		cmocka_unit_test(an_activation_counts_from_its_day_on_and_makes_its_type_explicit),
		cmocka_unit_test(an_opt_out_ends_what_it_names_from_its_day_on_and_nothing_else),
		cmocka_unit_test(a_test_passes_until_a_type_is_activated_but_not_what_is_opted_out),
		cmocka_unit_test(one_row_lasts_until_the_next_begins),
		cmocka_unit_test(what_was_planned_is_taken_back_and_stays_on_record),
		cmocka_unit_test(an_activation_can_be_brought_forward),
		cmocka_unit_test(what_would_overlap_another_plan_is_refused_until_that_is_taken_back),
		cmocka_unit_test(the_advice_of_an_overlap_is_a_command_that_takes_the_other_back),
		cmocka_unit_test(what_the_partner_declares_counts_whatever_we_had_planned),
		cmocka_unit_test(what_is_declared_twice_is_kept_once),
		cmocka_unit_test(what_is_declared_no_more_ends_and_what_we_decided_counts_again),
		cmocka_unit_test(another_day_or_declaration_takes_the_place_of_the_one_before),
		cmocka_unit_test(whoever_decides_beneath_a_declared_opt_out_is_told_which),
		cmocka_unit_test(whoever_ends_an_opt_out_is_told_which),
		cmocka_unit_test(what_is_so_already_is_refused_but_the_other_direction_is_put),
		cmocka_unit_test(all_that_is_wrong_is_said_at_once_and_nothing_is_written),
		cmocka_unit_test(every_row_is_in_the_journal_of_its_partner_and_directories_are_read_anew),
		cmocka_unit_test(the_rows_of_a_partner_that_there_is_not_are_not_kept),
		cmocka_unit_test(a_new_partner_begins_with_what_is_opted_out_with_every_other),
		cmocka_unit_test(so_many_rows_are_kept_of_a_partner_and_no_more),
	};

	return kernel_run("activation", tests, COUNT(tests), capabilities);
}
