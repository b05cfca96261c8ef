/* Years pass for a region in virtual time, over both bindings: each node deletes by its own clock what is over, and
 * both journals stay whole. Term: ATIGA OCP rule 31(2), by default five years. */
#include "region.h"

#include "customs/document/document.h"
#include "kernel/journal.h"
#include "kernel/retention.h"

#define YEARS(n) ((n)*366 * DAY_US)

static struct region *region;

static int let_go(void **state)
{
	(void)state;
	if (region)
		region_free(region);
	region = NULL;
	return 0;
}

static void see_all(struct region_node *node)
{
	const struct actor officer = { .name = "user:officer" };
	struct document_list list = region_documents(node, "in");

	for (size_t i = 0; i < list.count; i++) {
		struct findings *findings = findings_new(region->arena);
		region_must(region,
			    document_seen(&node->kernel, region->arena, list.items[i].organisation, list.items[i].id,
					  &officer, clock_now_us(&node->clock.clock), findings, &region->err));
	}
}

static unsigned sweep(struct region_node *node)
{
	static const struct actor system_ = { .name = "system" };
	struct retention_walk walk = { .pause_until_us = 0 };
	unsigned done, all = 0;
	bool more = true;

	for (int i = 0; more; i++) {
		region_expect(region, i < 100);
		region_must(region, retention_step(&node->kernel, &system_, clock_now_us(&node->clock.clock), &walk,
						   &done, &more, &region->err));
		all += done;
	}
	return all;
}

static void expect_whole(struct region_node *node, int64_t deleted)
{
	struct journal_proof proof;
	struct evidence_proof evidence;

	region_must(region, journal_verify(&node->kernel, &proof, &region->err));
	assert_string_equal(proof.reason, "");
	assert_int_equal(proof.deletions, deleted);
	region_must(region, evidence_verify(&node->kernel, &evidence, &region->err));
	assert_string_equal(evidence.reason, "");
	region_expect(region, deleted == 0 || evidence.deleted > 0);
}

static void exchange(struct region_node *th, struct region_node *vn)
{
	date day = region_today(th);

	region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, day));
	region_drain(region, DAY_US);
	region_submit(th, "dft", paper_cancellation(region, "TH", "VN", 1, day, day));
	region_drain(region, DAY_US);
	region_check(region);
	see_all(vn);
}

static void after_five_years_both_sides_have_deleted_and_prove_it(void **state)
{
	static const enum region_ebms2 modes[] = { REGION_AS4, REGION_EBMS2_SYNC };

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		region = region_new(&(struct region_options){ .seed = 7, .odds = odds_calm, .ebms2 = modes[i] });
		struct region_node *th = &region->nodes[TH], *vn = &region->nodes[VN];
		exchange(th, vn);
		region->now_us += YEARS(4);
		assert_int_equal(sweep(th) + sweep(vn), 0);
		region->now_us += YEARS(2);
		assert_int_equal(sweep(th), 2);
		expect_whole(th, 2);
		/* Each deletes by its own rule: what is VN's is still there. */
		expect_whole(vn, 0);
		assert_int_equal(region_documents(vn, "in").count, 2);
		assert_int_equal(sweep(vn), 2);
		expect_whole(vn, 2);
		assert_int_equal(region_documents(vn, "in").count, 0);
		assert_int_equal(region_messages(vn, "in", "processed").count, 2);
		let_go(NULL);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(after_five_years_both_sides_have_deleted_and_prove_it, let_go),
	};
	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
