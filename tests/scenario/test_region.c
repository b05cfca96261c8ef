/* A region of three nodes that exchange documents on a network that is calm, stormy, cut off, or wrong about the time.
 */
#include "letter.h"
#include "region.h"

#include <stdlib.h>

#include "base/text.h"

#define SEEDS_DEFAULT 25
#define HEAL_US       (6 * HOUR_US)

static struct region *region; /* freed even if a test fails in between */

static int let_go(void **state)
{
	(void)state;
	if (region)
		region_free(region);
	region = NULL;
	return 0;
}

static struct region *start(struct region_options options)
{
	region = region_new(&options);
	return region;
}

static struct document found(struct region_node *node, const char *direction, const char *doctype)
{
	struct document_list list = region_documents(node, direction);

	for (size_t i = 0; i < list.count; i++)
		if (same(list.items[i].doctype, doctype))
			return list.items[i];
	region_fail(node->region, "%s has no %s", node->state, doctype);
	return (struct document){ 0 };
}

/* --- A calm network --- */

static void cross(enum region_ebms2 ebms2, unsigned requests)
{
	struct region *r =
		start((struct region_options){ .seed = 1, .odds = odds_calm, .on_disk = true, .ebms2 = ebms2 });
	struct region_node *th = &r->nodes[TH], *vn = &r->nodes[VN];
	date day = region_today(th);

	region_submit(th, "dft", paper_form_d(r, "TH", "VN", 1, day));
	region_run(r, MINUTE_US);
	assert_string_equal(found(th, "out", "FORM-D").state, "transmitted");
	assert_string_equal(found(vn, "in", "FORM-D").state, "received");
	assert_string_equal(found(vn, "in", "FORM-D").organisation, "customs");
	assert_string_equal(found(vn, "in", "FORM-D").reference, "TH-VN 00001");

	region_submit(vn, "customs", paper_response(r, "TH", "VN", 1, day, day));
	region_drain(r, HOUR_US);
	assert_string_equal(found(th, "out", "FORM-D").state, "utilised");
	assert_string_equal(found(vn, "in", "FORM-D").state, "utilised");
	assert_string_equal(found(th, "in", "CUSTOMS-RESPONSE").about, found(th, "out", "FORM-D").id);
	assert_string_equal(found(th, "in", "CUSTOMS-RESPONSE").organisation, "dft");
	region_check(r);
	assert_int_equal(r->requests, requests);
	let_go(NULL);
}

/* Whatever the binding: where answers come with requests of their own there are twice as many. */
static void a_certificate_and_its_response_cross_and_move_the_case_on_both_sides(void **state)
{
	(void)state;
	cross(REGION_AS4, 2);
	cross(REGION_EBMS2_SYNC, 2);
	cross(REGION_EBMS2_ASYNC, 4);
}

/* Every profile and every way to name a certificate, there and back. */
static void ping_all(enum region_ebms2 ebms2)
{
	struct region *r = start((struct region_options){ .seed = 2, .odds = odds_calm, .ebms2 = ebms2 });
	struct actor officer = { .name = "operator" };

	for (size_t i = 0; i < NODES; i++)
		for (size_t k = 0; k < NODES; k++) {
			const char *id = NULL;
			if (i == k)
				continue;
			region_must(r, messaging_ping(r->nodes[i].messaging, r->arena, r->nodes[k].state, &officer,
						      r->now_us, &id, &r->err));
			region_drain(r, HOUR_US);
			assert_string_equal(region_message(&r->nodes[i], id).state, "delivered");
		}
	region_check(r);
	let_go(NULL);
}

static void every_pair_of_nodes_can_ping_each_other(void **state)
{
	(void)state;
	ping_all(REGION_AS4);
	ping_all(REGION_EBMS2_SYNC);
	ping_all(REGION_EBMS2_ASYNC);
}

/* --- A stormy network --- */

/* A certificate in each direction, and half of them cancelled at once: two messages of one conversation. */
static void submit_all(struct region *r, unsigned *number)
{
	for (size_t i = 0; i < NODES; i++)
		for (size_t k = 0; k < NODES; k++) {
			const char *from = r->nodes[i].state, *to = r->nodes[k].state;
			date day = region_today(&r->nodes[i]);
			if (i == k)
				continue;
			++*number;
			region_submit(&r->nodes[i], "dft", paper_form_d(r, from, to, *number, day));
			if (*number % 2 == 0)
				region_submit(&r->nodes[i], "dft", paper_cancellation(r, from, to, *number, day, day));
		}
}

/* The importing side answers what has come, and was not cancelled. */
static void respond_all(struct region *r)
{
	for (size_t i = 0; i < NODES; i++) {
		struct document_list list = region_documents(&r->nodes[i], "in");
		for (size_t k = 0; k < list.count; k++) {
			const struct document *document = &list.items[k];
			int64_t number;
			if (!same(document->doctype, "FORM-D") || !same(document->state, "received"))
				continue;
			const char *digits = strchr(document->reference, ' ') + 1;
			while (*digits == '0')
				digits++;
			assert_true(int64_parse(digits, &number));
			if (number % 2 == 0)
				continue;
			region_submit(&r->nodes[i], "customs",
				      paper_response(r, document->partner, r->nodes[i].state, (unsigned)number,
						     document->issued_on, region_today(&r->nodes[i])));
		}
	}
}

/* What a season has in store is drawn from its seed: clocks up to ten minutes wrong, and a node that is away for up to
 * two weeks while its partners go on; a third each the bindings of TH and VN; every fourth season it is started anew
 * from its files then. The storm rages until all have worked for half an hour with it, so that all meet it. */
static uint64_t storm(uint64_t seed)
{
	struct region *r = start((struct region_options){ .seed = seed,
							  .odds = odds_storm,
							  .on_disk = seed % 4 == 0,
							  .retry_max_us = 4 * HOUR_US,
							  .ebms2 = (enum region_ebms2)(seed % 3),
							  .ebms2_interval_us = HOUR_US });
	unsigned number = 0;
	int64_t away_us = (int64_t)(seed * 7919 % (14 * 24)) * HOUR_US;

	for (size_t i = 0; i < NODES; i++)
		r->nodes[i].clock.skew_us = ((int64_t)(seed * (i + 3) * 31 % 21) - 10) * MINUTE_US;
	submit_all(r, &number);
	region_run(r, 10 * MINUTE_US);
	region_outage(&r->nodes[seed % NODES], away_us);
	respond_all(r);
	region_run(r, 10 * MINUTE_US);
	respond_all(r);
	region_run(r, away_us);
	respond_all(r);
	region_run(r, 10 * MINUTE_US);
	r->odds = odds_calm;
	region_drain(r, HEAL_US);
	respond_all(r);
	region_drain(r, HEAL_US);
	region_check(r);
	assert_int_equal(r->submitted_count, 6 + 3 + 3); /* certificates, cancellations, responses */
	uint64_t trace = r->trace;
	region_free(r);
	region = NULL;
	return trace;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	int64_t value;

	return text && int64_parse(text, &value) && value > 0 ? (uint64_t)value : otherwise;
}

static void nothing_is_lost_or_done_twice_on_a_network_that_loses_repeats_and_reorders(void **state)
{
	(void)state;
	uint64_t only = setting("LINTAS_SEED", 0), first = only ? only : setting("LINTAS_FIRST", 1);
	uint64_t count = only ? 1 : setting("LINTAS_SEEDS", SEEDS_DEFAULT);

	for (uint64_t seed = first; seed < first + count; seed++)
		storm(seed);
}

static void a_seed_repeats_its_run(void **state)
{
	(void)state;
	uint64_t first = storm(4711);

	assert_true(first == storm(4711));
	assert_true(first != storm(4712));
}

/* So that the storm is known to be one. */
static void the_storm_meets_every_kind_of_fate(void **state)
{
	(void)state;
	struct region *r = start((struct region_options){ .seed = 3, .odds = odds_storm });
	unsigned number = 0;

	for (unsigned i = 0; i < 3; i++) {
		submit_all(r, &number);
		region_run(r, HOUR_US);
	}
	r->odds = odds_calm;
	region_drain(r, HEAL_US);
	region_check(r);
	assert_true(r->lost > 0 && r->late > 0 && r->repeated > 0 && r->answers_lost > 0);
	assert_true(r->requests > r->submitted_count);
	struct messaging_counters counters;
	int64_t duplicates = 0;
	for (size_t i = 0; i < NODES; i++) {
		messaging_counters(r->nodes[i].messaging, &counters);
		duplicates += counters.duplicates;
	}
	assert_true(duplicates > 0);
}

/* --- An outage --- */

/* Two weeks is less than the 21 days after which a message is given up. Attempts are four hours apart here, so that the
 * test is short. */
static void two_weeks_without_a_node_delay_its_messages_and_nobody_elses(void **state)
{
	(void)state;
	struct region *r = start(
		(struct region_options){ .seed = 5, .odds = odds_calm, .on_disk = true, .retry_max_us = 4 * HOUR_US });
	struct region_node *th = &r->nodes[TH], *la = &r->nodes[LA], *vn = &r->nodes[VN];
	date first_day = region_today(th);

	region_submit(vn, "dft", paper_form_d(r, "VN", "TH", 1, first_day));
	region_outage(vn, 14 * DAY_US);
	region_submit(th, "dft", paper_form_d(r, "TH", "VN", 2, first_day));
	region_submit(la, "dft", paper_form_d(r, "LA", "VN", 3, first_day));
	for (unsigned day = 0; day < 13; day++) {
		date today = region_today(th);
		region_submit(th, "dft", paper_form_d(r, "TH", "LA", 10 + day, today));
		region_run(r, 5 * MINUTE_US);
		region_submit(la, "customs", paper_response(r, "TH", "LA", 10 + day, today, region_today(la)));
		region_run(r, DAY_US - 5 * MINUTE_US);
		assert_int_equal(region_counts(th, "LA").queued, 0);
		assert_int_equal(region_counts(th, "LA").delivered, day + 1);
		assert_int_equal(region_counts(th, "VN").queued, 1);
	}
	region_submit(th, "dft", paper_cancellation(r, "TH", "VN", 2, first_day, region_today(th)));
	region_run(r, DAY_US);
	region_drain(r, 2 * DAY_US);
	region_check(r);
	assert_string_equal(found(vn, "in", "CANCELLATION").partner, "TH");
	assert_int_equal(region_open_tasks(th, "dead-letter"), 0);
}

/* Each node in turn stops for a while and starts again from its files, while the storm goes on. */
static void nodes_that_stop_and_start_again_in_a_storm_lose_nothing(void **state)
{
	(void)state;
	struct region *r = start((struct region_options){ .seed = 8, .odds = odds_storm, .on_disk = true });
	unsigned number = 0;

	submit_all(r, &number);
	for (size_t i = 0; i < NODES; i++) {
		region_run(r, 3 * MINUTE_US);
		region_outage(&r->nodes[i], 10 * MINUTE_US);
		region_run(r, 5 * MINUTE_US);
		respond_all(r); /* also where the node is down: its officers work on its database */
	}
	r->odds = odds_calm;
	region_drain(r, HEAL_US);
	region_check(r);
}

/* Claimed, and then the process is gone: what comes after it on the same directory does not wait for the lease to end.
 */
static void a_node_that_dies_while_it_sends_sends_when_it_is_back(void **state)
{
	(void)state;
	struct region *r = start((struct region_options){ .seed = 9, .odds = odds_calm, .on_disk = true });
	struct region_node *th = &r->nodes[TH];
	struct message_list claimed;
	struct document_result sent = region_submit(th, "dft", paper_form_d(r, "TH", "VN", 1, region_today(th)));

	region_must(r, outbox_claim(&th->kernel, r->arena, "VN", r->now_us, DAY_US, 4, &claimed, &r->err));
	assert_int_equal(claimed.count, 1);
	region_outage(th, MINUTE_US);
	region_run(r, 2 * MINUTE_US);
	assert_string_equal(region_message(th, sent.message).state, "delivered");
	region_drain(r, HOUR_US);
	region_check(r);
}

/* --- Clocks --- */

static void clocks_ten_minutes_apart_do_not_matter(void **state)
{
	(void)state;
	static const int64_t skews[][NODES] = {
		{ 10 * MINUTE_US, -10 * MINUTE_US, 0 },
		{ -10 * MINUTE_US, 0, 10 * MINUTE_US },
		{ 0, 10 * MINUTE_US, -10 * MINUTE_US },
	};

	for (size_t i = 0; i < COUNT(skews); i++) {
		struct region *r = start((struct region_options){ .seed = 100 + i, .odds = odds_storm });
		unsigned number = 0;
		for (size_t k = 0; k < NODES; k++)
			r->nodes[k].clock.skew_us = skews[i][k];
		submit_all(r, &number);
		region_run(r, HOUR_US);
		respond_all(r);
		r->odds = odds_calm;
		region_drain(r, HEAL_US);
		region_check(r);
		let_go(NULL);
	}
}

/* A day ahead while messages wait and arrive, then right again. What was put off to the wrong day waits for it; nothing
 * is lost, nothing is done twice. */
static void a_clock_that_jumps_a_day_and_back_loses_nothing(void **state)
{
	(void)state;
	struct region *r = start((struct region_options){ .seed = 6, .odds = odds_storm });
	struct region_node *th = &r->nodes[TH];
	unsigned number = 0;
	date day = region_today(th);

	submit_all(r, &number);
	region_run(r, 2 * MINUTE_US);
	r->clock_jumped = true;
	th->clock.skew_us = DAY_US;
	region_run(r, 10 * MINUTE_US);
	region_submit(&r->nodes[VN], "dft", paper_form_d(r, "VN", "TH", 90, day));
	region_submit(th, "dft", paper_form_d(r, "TH", "LA", 91, day));
	region_run(r, 10 * MINUTE_US);
	th->clock.skew_us = 0;
	region_run(r, 10 * MINUTE_US);
	region_submit(th, "dft", paper_form_d(r, "TH", "VN", 92, day));
	r->odds = odds_calm;
	region_drain(r, 3 * DAY_US);
	region_check(r);
}

/* --- A dead letter --- */

static bool refuse(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
		   struct http_answer *answer)
{
	const struct wire *error = arg;

	(void)to, (void)arena, (void)call;
	*answer = (struct http_answer){ .status = 200, .content_type = error->content_type, .body = error->octets };
	return true;
}

/* VN answers the message of DOCUMENT with a signed error about the message itself. */
static void refuse_for_good(struct region *r, const struct document_result *document)
{
	struct letter letter = letter_new(r, 99);

	letter.keys = letter.from = "TH";
	letter.encrypt_for = letter.to = "VN";
	letter.message_id = region_message(&r->nodes[TH], document->message).message_id;
	struct wire error = letter_error(r, &letter, "VN", RULE_ACTION);
	r->intercept = refuse;
	r->intercept_arg = &error;
	region_settle(r);
	r->intercept = NULL;
}

static void a_dead_letter_holds_its_conversation_until_an_officer_retries(void **state)
{
	(void)state;
	struct region *r = start((struct region_options){ .seed = 7, .odds = odds_calm });
	struct region_node *th = &r->nodes[TH], *vn = &r->nodes[VN];
	date day = region_today(th);
	struct actor officer = { .name = "user:officer", .organisation = "dft" };
	struct findings *findings = findings_new(r->arena);

	struct document_result first = region_submit(th, "dft", paper_form_d(r, "TH", "VN", 1, day));
	refuse_for_good(r, &first);
	assert_string_equal(region_message(th, first.message).state, "dead");
	assert_int_equal(region_open_tasks(th, "dead-letter"), 1);
	assert_int_equal(region_messages(vn, "in", NULL).count, 0);

	struct document_result behind = region_submit(th, "dft", paper_cancellation(r, "TH", "VN", 1, day, day));
	struct document_result beside = region_submit(th, "dft", paper_form_d(r, "TH", "VN", 2, day));
	region_run(r, 3 * HOUR_US);
	assert_string_equal(region_message(th, behind.message).conversation,
			    region_message(th, first.message).conversation);
	assert_string_equal(region_message(th, first.message).state, "dead");
	assert_string_equal(region_message(th, behind.message).state, "queued");
	assert_int_equal(region_message(th, behind.message).attempts, 0);
	assert_string_equal(region_message(th, beside.message).state, "delivered");

	region_must(r, outbox_decide(&th->kernel, first.message, "retry", &officer, clock_now_us(&th->clock.clock),
				     findings, &r->err));
	assert_int_equal(findings_count(findings), 0);
	region_drain(r, HOUR_US);
	assert_int_equal(region_open_tasks(th, "dead-letter"), 0);
	assert_string_equal(found(vn, "in", "CANCELLATION").partner, "TH");
	region_check(r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_certificate_and_its_response_cross_and_move_the_case_on_both_sides, let_go),
		cmocka_unit_test_teardown(every_pair_of_nodes_can_ping_each_other, let_go),
		cmocka_unit_test_teardown(nothing_is_lost_or_done_twice_on_a_network_that_loses_repeats_and_reorders,
					  let_go),
		cmocka_unit_test_teardown(a_seed_repeats_its_run, let_go),
		cmocka_unit_test_teardown(the_storm_meets_every_kind_of_fate, let_go),
		cmocka_unit_test_teardown(two_weeks_without_a_node_delay_its_messages_and_nobody_elses, let_go),
		cmocka_unit_test_teardown(nodes_that_stop_and_start_again_in_a_storm_lose_nothing, let_go),
		cmocka_unit_test_teardown(a_node_that_dies_while_it_sends_sends_when_it_is_back, let_go),
		cmocka_unit_test_teardown(clocks_ten_minutes_apart_do_not_matter, let_go),
		cmocka_unit_test_teardown(a_clock_that_jumps_a_day_and_back_loses_nothing, let_go),
		cmocka_unit_test_teardown(a_dead_letter_holds_its_conversation_until_an_officer_retries, let_go),
	};

	/* A part of a long run: its seeds alone. */
	static const struct CMUnitTest seasons[] = { cmocka_unit_test_teardown(
		nothing_is_lost_or_done_twice_on_a_network_that_loses_repeats_and_reorders, let_go) };

	if (getenv("LINTAS_FIRST"))
		return cmocka_run_group_tests_name("seasons", seasons, NULL, NULL);
	return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
