/* Papers that officers accept while a partner is down, and the electronic twins that come later. The node is TH, the
 * partner VN. What must hold: ATIGA OCP rule 26(1), both formats have equivalent legal effect, so one of them counts,
 * once. */
#include "node.h"

#include "base/clock.h"

#define VN_FORM_D "VN-TH 26/02/00006" /* form-d/good-third-country.xml, issued on 2 November 2026 by VN:moit */

static const struct statement tasks = { "test.tasks", "SELECT count(*) FROM task WHERE state = 'open' AND kind = $1" };
static const struct statement all_tasks = { "test.all-tasks",
					    "SELECT count(*) FROM task WHERE $1 = '' AND state = 'open'" };
static const struct statement noted = { "test.noted",
					"SELECT count(*) FROM journal WHERE event = 'twin-of-paper' AND subject = $1"
					" AND detail LIKE 'electronic twin of paper accepted on 2026-11-02 %'" };
/* As docs/views.md says how to count what was presented: papers, and documents that are nobody's twin. */
static const struct statement presented = {
	"test.presented", "SELECT (SELECT count(*) FROM paper WHERE reference = $1) + (SELECT count(*) FROM document"
			  " WHERE reference = $1 AND refused = 0 AND NOT EXISTS"
			  " (SELECT 1 FROM paper WHERE paper.document = document.id))"
};

struct accepting {
	struct kernel_fixture *fixture;
	struct paper paper;
	struct findings *findings;
};

static enum err_code accept_run(struct tx *tx, void *arg, struct err *err)
{
	struct accepting *a = arg;

	a->findings = findings_new(a->fixture->arena);
	return paper_accept(&a->fixture->kernel, tx, a->fixture->arena, &a->paper, &fixture_actor,
			    a->fixture->clock.now_us, a->findings, err);
}

static struct paper the_paper(void)
{
	return (struct paper){ .organisation = "customs",
			       .partner = "VN",
			       .doctype = "FORM-D",
			       .reference = VN_FORM_D,
			       .issued_on = date_of(2026, 11, 2),
			       .reason = "the gateway of VN is down" };
}

static const char *accept_paper(struct kernel_fixture *fixture, struct paper paper)
{
	struct accepting a = { .fixture = fixture, .paper = paper };

	must(db_write(fixture->kernel.db, accept_run, &a, &fixture->err));
	return codes_of(fixture->arena, a.findings);
}

struct looking {
	struct arena *arena;
	struct paper_filter filter;
	struct paper_list list;
};

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *l = arg;

	return paper_list(tx, l->arena, &l->filter, &l->list, err);
}

static struct paper_list papers(struct kernel_fixture *fixture, bool open)
{
	struct looking l = { .arena = fixture->arena, .filter = { .open = open, .limit = 10 } };

	must(db_read(fixture->kernel.db, look_run, &l, &fixture->err));
	return l.list;
}

static struct paper only_paper(struct kernel_fixture *fixture)
{
	struct paper_list list = papers(fixture, false);

	assert_int_equal(list.count, 1);
	return list.items[0];
}

static struct document twin_arrives(struct kernel_fixture *fixture, const char *message_id)
{
	fixture->clock.now_us += 21 * DAY_US; /* three weeks without a gateway, as in June 2021 */
	return arrive(fixture, message_id, "FORM-D", "TH:customs",
		      sample(fixture->arena, "form-d/good-third-country.xml"));
}

static void a_paper_waits_for_its_twin_and_is_listed(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	assert_string_equal(accept_paper(fixture, the_paper()), "");
	assert_int_equal(papers(fixture, true).count, 1);
	struct paper paper = only_paper(fixture);
	assert_string_equal(paper.state, "accepted");
	assert_string_equal(paper.accepted_by, fixture_actor.name);
	assert_null(paper.document);
	assert_true(paper.accepted_us == FIXTURE_NOW_US);
	assert_int_equal(count_of(fixture, &all_tasks, ""), 0);
}

static void the_twin_settles_it_and_adds_nothing(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	assert_string_equal(accept_paper(fixture, the_paper()), "");
	struct document twin = twin_arrives(fixture, "m-1@vn");
	struct paper paper = only_paper(fixture);
	assert_string_equal(paper.state, "settled");
	assert_string_equal(paper.document, twin.id);
	assert_true(paper.twin_us == fixture->clock.now_us);
	assert_string_equal(document_called(fixture, VN_FORM_D).paper, paper.id);
	assert_int_equal(count_of(fixture, &noted, twin.id), 1);
	assert_int_equal(count_of(fixture, &all_tasks, ""), 0);
	assert_int_equal(papers(fixture, true).count, 0);
	assert_int_equal(count_of(fixture, &presented, VN_FORM_D), 1);
}

static void a_twin_that_differs_makes_one_task(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct paper paper = the_paper();

	paper.issued_on = date_of(2026, 11, 1);
	paper.issuer = "another";
	assert_string_equal(accept_paper(fixture, paper), "");
	twin_arrives(fixture, "m-1@vn");
	assert_string_equal(only_paper(fixture).state, "differing");
	assert_int_equal(count_of(fixture, &tasks, "paper-differs"), 1);
	assert_int_equal(papers(fixture, true).count, 1);
	assert_int_equal(count_of(fixture, &presented, VN_FORM_D), 1);
}

struct closing {
	struct kernel_fixture *fixture;
	struct paper paper;
	struct findings *findings;
};

static enum err_code close_run(struct tx *tx, void *arg, struct err *err)
{
	struct closing *c = arg;

	c->findings = findings_new(c->fixture->arena);
	return paper_close(&c->fixture->kernel, tx, c->fixture->arena, &c->paper, "looked into", &fixture_actor,
			   c->fixture->clock.now_us, c->findings, err);
}

static const char *close_paper(struct kernel_fixture *fixture)
{
	struct closing c = { .fixture = fixture, .paper = only_paper(fixture) };

	must(db_write(fixture->kernel.db, close_run, &c, &fixture->err));
	return codes_of(fixture->arena, c.findings);
}

static void an_officer_closes_what_differs_and_its_task(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct paper paper = the_paper();

	paper.issued_on = date_of(2026, 11, 1);
	assert_string_equal(accept_paper(fixture, paper), "");
	twin_arrives(fixture, "m-1@vn");
	assert_string_equal(close_paper(fixture), "");
	assert_string_equal(only_paper(fixture).state, "closed");
	assert_int_equal(count_of(fixture, &tasks, "paper-differs"), 0);
	assert_string_equal(close_paper(fixture), "FSM-001");
}

/* Closed because nobody expected it any more: it is linked, so that it is not counted, and nobody is asked again. */
static void a_twin_after_closing_is_linked_and_asks_nobody(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct paper paper = the_paper();

	paper.issued_on = date_of(2026, 11, 1);
	assert_string_equal(accept_paper(fixture, paper), "");
	assert_string_equal(close_paper(fixture), "");
	struct document twin = twin_arrives(fixture, "m-1@vn");
	assert_string_equal(only_paper(fixture).document, twin.id);
	assert_string_equal(only_paper(fixture).state, "closed");
	assert_int_equal(count_of(fixture, &all_tasks, ""), 0);
}

static void a_reference_is_accepted_once(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	assert_string_equal(accept_paper(fixture, the_paper()), "");
	assert_string_equal(accept_paper(fixture, the_paper()), "PAP-002");
	assert_string_equal(close_paper(fixture), "");
	assert_string_equal(accept_paper(fixture, the_paper()), "PAP-002");
}

static void no_paper_is_accepted_when_the_electronic_one_is_here(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct paper paper = the_paper();

	arrive(fixture, "m-1@vn", "FORM-D", "TH:customs", sample(fixture->arena, "form-d/good-third-country.xml"));
	paper.issued_on = date_of(2026, 10, 30); /* whatever the officer reads there */
	assert_string_equal(accept_paper(fixture, paper), "PAP-003");
	assert_int_equal(papers(fixture, false).count, 0);
}

/* It is accepted all the same: of the partner's own systems a link says nothing. */
static void who_accepts_paper_while_the_link_is_up_is_told(void **state)
{
	static const struct statement up = { "test.link-up",
					     "INSERT INTO link (partner, state, since_us, failures, delays, beat_us)"
					     " VALUES ($1, 'up', $2, 0, $3, 0)" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fixture_exec(fixture, &up,
		     BINDS(BIND_TEXT(the_paper().partner), BIND_INT(FIXTURE_NOW_US - DAY_US), BIND_BLOB(bytes_of(""))));
	assert_string_equal(accept_paper(fixture, the_paper()), "PAP-004");
	assert_string_equal(only_paper(fixture).state, "accepted");
	assert_non_null(strstr(only_paper(fixture).link, "up since "));
}

static void what_is_wrong_with_a_paper_is_said_at_once(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct paper paper = the_paper();

	paper.organisation = "dft"; /* issues certificates, receives none */
	paper.partner = "KH";
	paper.issued_on = date_of(2026, 12, 1);
	assert_string_equal(accept_paper(fixture, paper), "PAP-001 DOC-008 DOC-001");
	paper = the_paper();
	paper.organisation = "dft";
	assert_string_equal(accept_paper(fixture, paper), "PAP-001");
	paper.organisation = "nobody";
	paper.doctype = "FORM-X";
	assert_string_equal(accept_paper(fixture, paper), "DOC-004 DOC-006");
}

/* A test is no business, and what is refused has not used its name. */
static void tests_and_refused_documents_are_no_twins(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = sample(fixture->arena, "form-d/good-third-country.xml");

	assert_string_equal(accept_paper(fixture, the_paper()), "");
	struct document refused = arrive(fixture, "m-1@vn", "FORM-D", "TH:customs",
					 with(fixture->arena, text, "<ImportCountryID>TH", "<ImportCountryID>MY"));
	assert_string_equal(refused.state, "refused");
	assert_string_equal(only_paper(fixture).state, "accepted");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_paper_waits_for_its_twin_and_is_listed),
		cmocka_unit_test(the_twin_settles_it_and_adds_nothing),
		cmocka_unit_test(a_twin_that_differs_makes_one_task),
		cmocka_unit_test(an_officer_closes_what_differs_and_its_task),
		cmocka_unit_test(a_twin_after_closing_is_linked_and_asks_nobody),
		cmocka_unit_test(a_reference_is_accepted_once),
		cmocka_unit_test(no_paper_is_accepted_when_the_electronic_one_is_here),
		cmocka_unit_test(who_accepts_paper_while_the_link_is_up_is_told),
		cmocka_unit_test(what_is_wrong_with_a_paper_is_said_at_once),
		cmocka_unit_test(tests_and_refused_documents_are_no_twins),
	};

	return kernel_run("customs/paper", tests, COUNT(tests), customs_capabilities);
}
