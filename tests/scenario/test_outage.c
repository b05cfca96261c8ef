/* Three weeks without TH, by each binding: its gateway is announced to be away for one and stays away for three, while
 * its offices go on. VN's officers take paper. Then everything that waited comes, once, and settles the papers. TH's
 * own systems give it what to send all the while. Pauses are hours here, so that the test is short; LINTAS_SEEDS: those
 * of a node as it is installed. */
#include "region.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "customs/link/link.h"

enum { DAYS = 20 };
#define AWAY_US      (DAYS * DAY_US + 12 * HOUR_US) /* a message is given up after 21 days */
#define ANNOUNCED_US (7 * DAY_US)

static struct region *region;
static struct region_node *th, *vn;

static void begin(enum region_ebms2 ebms2)
{
	bool whole = getenv("LINTAS_SEEDS") != NULL;

	region = region_new(&(struct region_options){
		.seed = 1,
		.odds = odds_calm,
		.ebms2 = ebms2,
		.ebms2_interval_us = HOUR_US,
		.retry_max_us = whole ? 0 : 4 * HOUR_US,
		.health = { .heartbeat_us = whole ? 10 * MINUTE_US : 6 * HOUR_US, .alarm_us = HOUR_US } });
	th = &region->nodes[TH];
	vn = &region->nodes[VN];
}

/* --- The office of VN --- */

struct office {
	const char *reference;
	date issued_on;
	struct paper paper;
	struct paper_list papers;
	struct link_list links;
	struct findings *findings;
};

static enum err_code accept_run(struct tx *tx, void *arg, struct err *err)
{
	struct office *office = arg;
	const struct actor actor = { .name = "user:officer", .organisation = "customs" };

	office->findings = findings_new(region->arena);
	office->paper = (struct paper){ .organisation = "customs",
					.partner = "TH",
					.doctype = "FORM-D",
					.reference = office->reference,
					.issued_on = office->issued_on,
					.issuer = "dft", /* by ebMS 2 the twin says its seat alone */
					.reason = "the gateway of TH is away" };
	return paper_accept(&vn->kernel, tx, region->arena, &office->paper, &actor, clock_now_us(&vn->clock.clock),
			    office->findings, err);
}

static struct paper accept_paper(unsigned number, date issued_on)
{
	struct office office = { .reference = arena_printf(region->arena, "TH-VN %05u", number),
				 .issued_on = issued_on };

	region_must(region, db_write(vn->kernel.db, accept_run, &office, &region->err));
	assert_null(findings_at(office.findings, 0));
	return office.paper;
}

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct office *office = arg;
	const struct paper_filter all = { .limit = 100 };

	TRY(link_list(tx, region->arena, clock_now_us(&vn->clock.clock), &office->links, err));
	return paper_list(tx, region->arena, &all, &office->papers, err);
}

static struct office look(void)
{
	struct office office = { 0 };

	region_must(region, db_read(vn->kernel.db, look_run, &office, &region->err));
	return office;
}

static const char *link_with_th(void)
{
	struct office office = look();

	for (size_t i = 0; i < office.links.count; i++)
		if (same(office.links.items[i].partner, "TH"))
			return office.links.items[i].state;
	return "none";
}

/* --- Three weeks --- */

static void announce(int64_t until_us)
{
	static const char *const partners[] = { "VN" };
	struct findings *findings = findings_new(region->arena);
	struct notice_result result;
	const struct notice_request request = { .organisation = "customs",
						.kind = LINK_NOTICE_MAINTENANCE,
						.text = "another building",
						.from_us = TIME_NONE,
						.until_us = until_us - until_us % 1000,
						.partners = partners,
						.count = 1,
						.actor = { .name = "operator" },
						.now_us = region->now_us };

	region_must(region, notice_send(&th->kernel, region->arena, &request, findings, &result, &region->err));
	assert_int_equal(findings_errors(findings), 0);
	region_drain(region, HOUR_US);
	assert_string_equal(link_with_th(), LINK_MAINTENANCE);
	struct document notice = region_documents(th, "out").items[0];
	struct submitted *submitted = &region->submitted[region->submitted_count++];
	submitted->node = th;
	snprintf(submitted->document, sizeof(submitted->document), "%s", notice.id);
	snprintf(submitted->message, sizeof(submitted->message), "%s", notice.message);
	snprintf(submitted->digest, sizeof(submitted->digest), "%s", notice.digest);
}

static void a_day(unsigned day)
{
	bool announced = day * DAY_US<ANNOUNCED_US - DAY_US, past = day * DAY_US> ANNOUNCED_US;
	date today = region_today(th);

	region_submit(th, "dft", paper_form_d(region, "TH", "VN", 10 + day, today));
	region_submit(vn, "dft", paper_form_d(region, "VN", "TH", 100 + day, today));
	region_run(region, DAY_US / 2);
	struct paper paper = accept_paper(10 + day, today);
	if (announced)
		assert_true(starts_with(paper.link, "maintenance, announced, since "));
	if (past)
		assert_true(starts_with(paper.link, "down since "));
	region_run(region, DAY_US / 2);
	assert_int_equal(region_counts(vn, "TH").queued, day + 1);
	if (announced || past)
		assert_int_equal(region_open_tasks(vn, TASK_LINK), past ? 1 : 0);
	assert_int_equal(region_open_tasks(vn, "dead-letter"), 0);
	assert_int_equal(region_open_tasks(th, "dead-letter"), 0);
}

/* What is on paper and electronic is one: by reference, not by how often it was written down. */
static void must_be_settled(void)
{
	struct office office = look();

	assert_int_equal(office.papers.count, DAYS);
	for (size_t i = 0; i < office.papers.count; i++) {
		const struct paper *paper = &office.papers.items[i];
		if (!same(paper->state, "settled") || !paper->document || paper->twin_us < th->down_until_us)
			region_fail(region, "paper %s is %s", paper->reference, paper->state);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(paper->document, office.papers.items[k].document);
	}
	assert_int_equal(region_open_tasks(vn, "paper-differs"), 0);
}

static size_t certificates_at(struct region_node *node, const char *from)
{
	struct document_list list = region_documents(node, "in");
	size_t count = 0;

	for (size_t i = 0; i < list.count; i++)
		count += same(list.items[i].doctype, "FORM-D") && same(list.items[i].partner, from);
	return count;
}

static void three_weeks_without(enum region_ebms2 ebms2)
{
	begin(ebms2);
	region_run(region, HOUR_US);
	announce(region->now_us + ANNOUNCED_US);
	region_outage(th, AWAY_US);
	for (unsigned day = 0; day < DAYS; day++)
		a_day(day);
	assert_string_equal(link_with_th(), LINK_DOWN);
	assert_int_equal(certificates_at(vn, "TH"), 0);
	region_run(region, th->down_until_us - region->now_us);
	region_run(region, 6 * HOUR_US);
	region_drain(region, DAY_US);
	region_check(region);
	must_be_settled();
	assert_string_equal(link_with_th(), LINK_UP);
	assert_int_equal(region_open_tasks(vn, TASK_LINK), 0);
	assert_int_equal(certificates_at(vn, "TH"), DAYS);
	assert_int_equal(certificates_at(th, "VN"), DAYS);
	assert_int_equal(region_open_tasks(vn, "dead-letter") + region_open_tasks(th, "dead-letter"), 0);
	region_free(region);
}

static void by_as4(void **state)
{
	(void)state;
	three_weeks_without(REGION_AS4);
}

static void by_ebms2_with_signals_at_once(void **state)
{
	(void)state;
	three_weeks_without(REGION_EBMS2_SYNC);
}

static void by_ebms2_with_signals_later(void **state)
{
	(void)state;
	three_weeks_without(REGION_EBMS2_ASYNC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_ebms2_with_signals_later),
		cmocka_unit_test(by_ebms2_with_signals_at_once),
		cmocka_unit_test(by_as4),
	};
	return cmocka_run_group_tests_name("three weeks without a partner, and what was done on paper meanwhile", tests,
					   NULL, NULL);
}
