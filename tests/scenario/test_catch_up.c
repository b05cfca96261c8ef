/* The lost hour: a node is put back to its backup, and gets back from its partners what was exchanged since. The oracle
 * is a copy of its database from just before the loss. */
#include "region.h"

#include "kernel/catch_up.h"

static struct region *region; /* freed even if a test fails in between */
static struct region_node *th, *la, *vn;
static unsigned number;

static int let_go(void **state)
{
	(void)state;
	if (region)
		region_free(region);
	region = NULL;
	return 0;
}

static void begin(enum region_ebms2 ebms2)
{
	let_go(NULL);
	region = region_new(&(struct region_options){ .seed = 1, .odds = odds_calm, .on_disk = true, .ebms2 = ebms2 });
	th = &region->nodes[TH];
	la = &region->nodes[LA];
	vn = &region->nodes[VN];
	number = 0;
}

static const enum region_ebms2 bindings[] = { REGION_AS4, REGION_EBMS2_SYNC, REGION_EBMS2_ASYNC };

static void issue(struct region_node *from, struct region_node *to, unsigned which)
{
	region_submit(from, "dft", paper_form_d(region, from->state, to->state, which, region_today(from)));
}

static void respond(struct region_node *from, struct region_node *to, unsigned which)
{
	region_submit(to, "customs",
		      paper_response(region, from->state, to->state, which, region_today(from), region_today(to)));
}

static void cancel(struct region_node *from, struct region_node *to, unsigned which)
{
	region_submit(
		from, "dft",
		paper_cancellation(region, from->state, to->state, which, region_today(from), region_today(from)));
}

static void ask_again(struct region_node *from, struct region_node *to, unsigned which)
{
	region_submit(
		to, "customs",
		paper_retransmission(region, from->state, to->state, which, region_today(from), region_today(to)));
}

/* An hour of every kind of thing, between TH and both others, in both directions. What was issued an hour ago is
 * answered in this one. */
static void an_hour(void)
{
	struct region_node *others[] = { la, vn };
	unsigned before = number;

	for (size_t i = 0; i < COUNT(others); i++) {
		unsigned first = number;
		issue(th, others[i], first + 1);
		issue(others[i], th, first + 2);
		issue(th, others[i], first + 3);
		issue(others[i], th, first + 4);
		issue(th, others[i], first + 5);
		issue(others[i], th, first + 6);
		issue(la, vn, first + 7);
		number += 10;
		region_run(region, 10 * MINUTE_US);
		respond(th, others[i], first + 1);
		respond(others[i], th, first + 2);
		cancel(th, others[i], first + 3);
		cancel(others[i], th, first + 4);
		region_run(region, 10 * MINUTE_US);
		ask_again(others[i], th, first + 6);
		ask_again(th, others[i], first + 5);
		region_run(region, 5 * MINUTE_US);
		if (before >= 20) {
			respond(th, others[i], first + 5 - 20);
			respond(others[i], th, first + 6 - 20);
		}
		region_run(region, 5 * MINUTE_US);
	}
}

static unsigned catch_up(struct region_node *node, int64_t since_us, const char *partner)
{
	const struct catch_up_order order = { .since_us = since_us,
					      .partner = partner,
					      .actor = { .name = "operator" } };
	unsigned begun = 0;

	region_must(region, catch_up_begin(&node->kernel, &order, region->now_us, &begun, &region->err));
	return begun;
}

struct listing {
	struct catch_up_list list;
};

static enum err_code list_run(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;

	return catch_up_list(tx, region->arena, NULL, 100, &listing->list, err);
}

static struct catch_up state_of(struct region_node *node, const char *partner)
{
	struct listing listing;

	region_must(region, db_read(node->kernel.db, list_run, &listing, &region->err));
	for (size_t i = 0; i < listing.list.count; i++)
		if (same(listing.list.items[i].partner, partner))
			return listing.list.items[i];
	region_fail(region, "%s does not catch up with %s", node->state, partner);
	return (struct catch_up){ 0 };
}

static void must_be_done(struct region_node *node, const char *partner)
{
	struct catch_up c = state_of(node, partner);

	if (!same(c.state, "done") || c.wanted + c.refused + c.unavailable != 0 || c.recovered == 0)
		region_fail(region,
			    "the catch-up of %s with %s is %s (%s): %lld wanted, %lld recovered, %lld known, %lld "
			    "refused, %lld unavailable",
			    node->state, partner, c.state, c.reason ? c.reason : "", (long long)c.wanted,
			    (long long)c.recovered, (long long)c.known, (long long)c.refused, (long long)c.unavailable);
}

/* --- All comes back --- */

static void an_hour_is_lost_and_comes_back(enum region_ebms2 ebms2)
{
	begin(ebms2);
	an_hour();
	int64_t since_us = region->now_us;
	const char *backup = region_backup(th);
	an_hour();
	region_drain(region, HOUR_US);
	const char *before_the_loss = region_backup(th);

	region_restore(th, backup);
	size_t left = region_messages(th, NULL, NULL).count;
	assert_int_equal(catch_up(th, since_us, NULL), 2);
	region_drain(region, HOUR_US);
	must_be_done(th, "LA");
	must_be_done(th, "VN");
	assert_true(region_messages(th, NULL, NULL).count > left);
	region_compare(th, before_the_loss);
	region_check(region);

	an_hour();
	region_drain(region, HOUR_US);
	region_check(region);
}

static void what_was_exchanged_in_the_lost_hour_is_again_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bindings); i++)
		an_hour_is_lost_and_comes_back(bindings[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_was_exchanged_in_the_lost_hour_is_again_as_it_was, let_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
