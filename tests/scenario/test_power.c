/* Power cuts and failing disks: what a node acknowledged it still has, and nothing is done twice.
 *
 * Acknowledged is a document of which document_submit() said OK, a message for which the gateway answered with a
 * receipt, a delivery of which outbox_delivered() said OK. After each power cut region_power_cut() compares the last
 * two with what the disk kept; region_check() compares all three in the end.
 *
 * LINTAS_SEEDS: how many seeds each test runs. LINTAS_STEP=1: an exchange is cut at each of its operations, not only
 * at some all over it. The last line is the result, a JSON object. */
#include "power.h"
#include "region.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "kernel/journal.h"
#include "pki.h"

#define SEEDS_DEFAULT 2
#define HEAL_US       (12 * HOUR_US)
/* One of so many by chance, so that a storm has some cuts of each node: of operations; of commits, which have about
 * forty operations; of checkpoints, of which there is one for some commits. */
#define CUT_WITHIN        700
#define COMMIT_WITHIN     40
#define CHECKPOINT_WITHIN 10
/* More than the log has pages, or a node that reads it from its beginning when it starts would never come up. */
#define READ_WITHIN 150

static struct region *region;    /* freed even if a test fails in between */
static struct power_tally tally; /* of all tests; its members are atomic */
static unsigned submitted_again, found_again;

/* STATE NULL: between two stories, so that what is there in the end is of a story that failed. */
static int let_go(void **state)
{
	if (region && state)
		print_error("LINTAS_SEED=%llu\n", (unsigned long long)region->options.seed);
	if (region)
		region_free(region);
	region = NULL;
	return 0;
}

static struct region *start(uint64_t seed, struct odds odds)
{
	region = region_new(&(struct region_options){ .seed = seed, .odds = odds, .disks = &tally });
	return region;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	int64_t value;

	return text && int64_parse(text, &value) && value > 0 ? (uint64_t)value : otherwise;
}

/* Each test has a million seeds of its own, so that one that failed is found again by LINTAS_SEED alone. */
#define SEEDS_MAX 1000000

typedef void story(uint64_t seed);

/* Runs STORY for the first COUNT seeds after FIRST, or for the one of LINTAS_SEED if it is one of this test. */
static void for_seeds(uint64_t first, uint64_t count, story *run)
{
	uint64_t only = setting("LINTAS_SEED", 0);

	if (only && (only < first || only >= first + SEEDS_MAX))
		return;
	for (uint64_t seed = only ? only : first + 1; seed <= (only ? only : first + count); seed++) {
		run(seed);
		let_go(NULL);
	}
}

static uint64_t seeds(void)
{
	return setting("LINTAS_SEEDS", SEEDS_DEFAULT);
}

/* --- What the nodes do --- */

static unsigned number_of(size_t from, size_t to)
{
	return (unsigned)(from * NODES + to + 1);
}

static void submit_all(struct region *r, date day)
{
	for (size_t i = 0; i < NODES; i++)
		for (size_t k = 0; k < NODES; k++)
			if (i != k)
				region_submit(
					&r->nodes[i], "dft",
					paper_form_d(r, r->nodes[i].state, r->nodes[k].state, number_of(i, k), day));
}

/* The importing side answers the certificate FROM sent, if it has come and is not answered yet. */
static void respond(struct region *r, size_t from, size_t to, date day)
{
	struct region_node *node = &r->nodes[to];
	struct document_list list = region_documents(node, "in");

	for (size_t i = 0; i < list.count; i++) {
		const struct document *document = &list.items[i];
		if (same(document->doctype, "FORM-D") && same(document->state, "received") &&
		    same(document->partner, r->nodes[from].state))
			region_submit(node, "customs",
				      paper_response(r, document->partner, node->state, number_of(from, to), day,
						     region_today(node)));
	}
}

static void respond_all(struct region *r, date day)
{
	for (size_t i = 0; i < NODES; i++)
		for (size_t k = 0; k < NODES; k++)
			if (i != k)
				respond(r, i, k, day);
}

/* --- What befalls them --- */

static void befall(struct region *r, const struct power_plan *plan)
{
	for (size_t i = 0; i < NODES; i++)
		power_plan(r->nodes[i].power, plan);
}

static void heal(struct region *r)
{
	befall(r, NULL);
	r->odds = odds_calm;
	region_run(r, 2 * MINUTE_US); /* so that who is down is up again */
	region_drain(r, HEAL_US);
}

static void check_node(struct region_node *node)
{
	struct region *r = node->region;
	struct evidence_proof proof;

	region_must(r, evidence_verify(&node->kernel, &proof, &r->err));
	if (proof.broken[0])
		region_fail(r, "the evidence of %s: %s of %s", node->state, proof.reason, proof.broken);
	power_check(node->power, arena_printf(r->arena, "%s.db", node->state));
}

/* All is as it must be; and is so after a power cut of every node, when nothing was under way any more. */
static void finish(struct region *r)
{
	heal(r);
	region_check(r);
	for (size_t i = 0; i < NODES; i++)
		region_power_cut(&r->nodes[i]);
	heal(r);
	region_check(r);
	for (size_t i = 0; i < NODES; i++)
		check_node(&r->nodes[i]);
	submitted_again += r->submitted_again;
	found_again += r->found_again;
}

/* Certificates and responses between all nodes while PLAN is on; each node is stopped and started once, so that
 * it also happens while a database is closed. */
static void storm(struct region *r, const struct power_plan *plan)
{
	date day = region_today(&r->nodes[TH]);

	befall(r, plan);
	submit_all(r, day);
	for (size_t i = 0; i < NODES; i++) {
		region_run(r, 5 * MINUTE_US);
		respond_all(r, day);
		region_outage(&r->nodes[i], MINUTE_US);
	}
	region_run(r, HOUR_US);
	respond_all(r, day);
	heal(r);
	respond_all(r, day);
	finish(r);
	assert_int_equal(r->submitted_count, 2 * NODES * (NODES - 1));
}

/* --- Power cuts --- */

static void cut_in_storm(uint64_t seed)
{
	static const struct power_plan plan = { .on = { [POWER_CUT].within = CUT_WITHIN,
							[POWER_CUT_IN_COMMIT].within = COMMIT_WITHIN,
							[POWER_CUT_IN_CHECKPOINT].within = CHECKPOINT_WITHIN } };

	storm(start(seed, odds_storm), &plan);
}

static void a_power_cut_at_any_time_loses_nothing_that_was_acknowledged(void **state)
{
	(void)state;
	for_seeds(0, seeds(), cut_in_storm);
}

/* One certificate from TH to VN, and its response back. */
static void short_story(struct region *r)
{
	date day = region_today(&r->nodes[TH]);

	region_submit(&r->nodes[TH], "dft", paper_form_d(r, "TH", "VN", number_of(TH, VN), day));
	region_run(r, 3 * MINUTE_US);
	respond(r, TH, VN, day);
	region_drain(r, HEAL_US);
	befall(r, NULL);
	respond(r, TH, VN, day);
	finish(r);
	assert_int_equal(r->submitted_count, 2);
}

/* The power of NODE is cut at operation AT; 0: never. Returns how many operations there were. */
static uint64_t cut_once(uint64_t seed, size_t node, unsigned at)
{
	struct region *r = start(seed, odds_calm);
	struct power *power = r->nodes[node].power;
	uint64_t before = power_operations(power);

	power_plan(power, &(struct power_plan){ .on[POWER_CUT].at = at });
	short_story(r);
	return power_operations(power) - before;
}

#define SENDER_SEEDS   (1 * SEEDS_MAX)
#define RECEIVER_SEEDS (2 * SEEDS_MAX)

static void cut_sender(uint64_t seed)
{
	cut_once(seed, TH, (unsigned)(seed - SENDER_SEEDS));
}

static void cut_receiver(uint64_t seed)
{
	cut_once(seed, VN, (unsigned)(seed - RECEIVER_SEEDS));
}

/* At every LINTAS_STEPth of its operations; without, at twice as many as there are seeds, evenly spread. */
static void cut_all_over(uint64_t first, size_t node, story *run)
{
	if (setting("LINTAS_SEED", 0)) {
		for_seeds(first, 1, run);
		return;
	}
	uint64_t all = cut_once(first, node, 0), spread = all / (2 * seeds()), cuts = 0;
	uint64_t step = setting("LINTAS_STEP", spread > 0 ? spread : 1);

	let_go(NULL);
	for (uint64_t at = step; at <= all; at += step, cuts++) {
		run(first + at);
		let_go(NULL);
	}
	print_message("%llu cuts, of which the last at operation %llu of %llu\n", (unsigned long long)cuts,
		      (unsigned long long)(cuts * step), (unsigned long long)all);
}

static void a_power_cut_of_the_sender_anywhere_in_an_exchange_loses_nothing(void **state)
{
	(void)state;
	cut_all_over(SENDER_SEEDS, TH, cut_sender);
}

static void a_power_cut_of_the_receiver_anywhere_in_an_exchange_loses_nothing(void **state)
{
	(void)state;
	cut_all_over(RECEIVER_SEEDS, VN, cut_receiver);
}

/* Whose submission met a power cut does not know what became of it, and submits again. */
static void cut_submissions(uint64_t seed)
{
	enum { TIMES = 18 };
	struct region *r = start(seed, odds_calm);
	struct region_node *th = &r->nodes[TH];
	date day = region_today(th);

	for (unsigned i = 1; i <= TIMES; i++) {
		struct power_plan plan = { .kept = POWER_KEPT_NONE + i % 3 };
		if (plan.kept == POWER_KEPT_ALL)
			plan.on[POWER_CUT_IN_COMMIT].at = 1;
		else
			plan.on[POWER_CUT].at = 2 * i;
		power_plan(th->power, &plan);
		region_submit(th, "dft", paper_form_d(r, "TH", "VN", i, day));
		power_plan(th->power, NULL);
		region_power_cut(th);
	}
	region_expect(r, region_messages(th, "out", NULL).count == TIMES);
	region_expect(r, r->found_again > 0 && r->submitted_again > r->found_again);
	finish(r);
}

static void a_document_submitted_again_after_a_power_cut_is_sent_once(void **state)
{
	(void)state;
	for_seeds(3 * SEEDS_MAX, (seeds() + 1) / 2, cut_submissions);
}

/* --- Power cuts while there is no database yet --- */

#define MAKING_SEEDS (6 * SEEDS_MAX)

static struct {
	char *directory; /* NULL: nothing is being made */
	struct power *power;
} making;

static int making_let_go(void **state)
{
	(void)state;
	power_free(making.power);
	if (making.directory)
		pki_directory_free(making.directory);
	making.directory = NULL;
	making.power = NULL;
	return 0;
}

static void making_start(uint64_t seed)
{
	char disk[160];

	making.directory = pki_directory_new();
	snprintf(disk, sizeof(disk), "%s/disk", making.directory);
	making.power = power_new("making", disk, seed, &tally);
}

/* Opens the database, brings its schema to the last migration unless it is only LOOKED at, and closes it. */
static enum err_code make(bool looked, struct migration_status *status, struct err *err)
{
	struct db_options options = { .readers = 1, .vfs = power_vfs(making.power) };
	struct db *db = NULL;
	char path[240];

	snprintf(path, sizeof(path), "%s/making.db", power_directory(making.power));
	enum err_code code = db_open(path, &options, &db, err);
	if (code == OK)
		code = db_migrate(db, kernel_migrations, kernel_migrations_count, looked, status, NULL, err);
	db_close(db);
	return code;
}

static void expect_made(bool looked)
{
	struct migration_status status;
	struct err err = { 0 };

	if (make(looked, &status, &err) != OK)
		fail_msg("a database that met a power cut when it was made: %s", err.text);
	assert_int_equal(status.pending, 0);
}

/* False, and nothing was tested, if there are less than AT operations. */
static bool cut_making_at(uint64_t seed, unsigned at)
{
	struct power_plan plan = { .kept = POWER_KEPT_NONE + (seed + at) % 3, .on[POWER_CUT].at = at };
	struct migration_status status;
	struct err err = { 0 };

	making_start(seed);
	power_plan(making.power, &plan);
	bool made = make(false, &status, &err) == OK, cut = power_is_off(making.power);
	if (!made && !cut)
		fail_msg("no database is made without a power cut either: %s", err.text);
	if (cut) {
		power_restore(making.power);
		power_plan(making.power, NULL);
		if (made)
			expect_made(true);
		expect_made(false);
		power_cut(making.power);
		power_restore(making.power);
		expect_made(true);
	}
	making_let_go(NULL);
	return cut;
}

static void cut_making(uint64_t seed)
{
	unsigned at = 1;

	print_message("LINTAS_SEED=%llu: ", (unsigned long long)seed);
	while (cut_making_at(seed, at))
		at++;
	print_message("a cut at each of %u operations\n", at - 1);
}

static void a_power_cut_at_each_operation_of_making_a_database_leaves_one_that_can_be_made(void **state)
{
	enum { ENOUGH = 12 }; /* of each operation all that can be left, and of that some by other chances */
	uint64_t count = (seeds() + 1) / 2;

	(void)state;
	for_seeds(MAKING_SEEDS, count < ENOUGH ? count : ENOUGH, cut_making);
}

/* --- Disks that fail --- */

/* Not acknowledged is what a failing sync was to make durable; what was acknowledged after it is durable all the same,
 * although no sync will ever say what became of the first. */
static void cut_after_failed_sync(uint64_t seed)
{
	struct region *r = start(seed, odds_calm);
	struct region_node *th = &r->nodes[TH];
	date day = region_today(th);

	for (unsigned i = 1; i <= 6; i++) {
		power_plan(th->power, &(struct power_plan){ .on[POWER_FAILED_SYNC].at = 1 + i % 2 });
		region_submit(th, "dft", paper_form_d(r, "TH", "VN", i, day));
		region_submit(th, "dft", paper_form_d(r, "TH", "LA", i, day));
		region_power_cut(th);
		region_run(r, 2 * MINUTE_US);
	}
	finish(r);
	region_expect(r, r->submitted_again >= 3); /* the second sync may be that of a checkpoint */
}

static void after_a_failed_sync_only_what_is_durable_is_acknowledged(void **state)
{
	(void)state;
	for_seeds(4 * SEEDS_MAX, seeds(), cut_after_failed_sync);
}

/* Each seed has one of these. */
static const struct power_plan troubles[] = {
	{ .on = { [POWER_FAILED_SYNC].within = COMMIT_WITHIN,
		  [POWER_FAILED_READ].within = READ_WITHIN,
		  [POWER_CUT].within = 2 * CUT_WITHIN } },
	{ .on = { [POWER_FAILED_WRITE].within = CUT_WITHIN / 2,
		  [POWER_FULL].within = CUT_WITHIN / 2,
		  [POWER_CUT_IN_COMMIT].within = 2 * COMMIT_WITHIN } },
};

static void trouble_in_storm(uint64_t seed)
{
	storm(start(seed, odds_storm), &troubles[seed % COUNT(troubles)]);
}

static void nodes_whose_disks_fail_go_on_and_lose_nothing_that_was_acknowledged(void **state)
{
	(void)state;
	for_seeds(5 * SEEDS_MAX, seeds(), trouble_in_storm);
}

/* --- That all this was a test --- */

/* Where cuts must have fallen. */
static const struct {
	enum power_kind kind;
	enum power_operation operation;
} expected_cuts[] = {
	{ POWER_DB, POWER_OPEN },      { POWER_DB, POWER_WRITE },       { POWER_DB, POWER_SYNC },
	{ POWER_WAL, POWER_OPEN },     { POWER_WAL, POWER_WRITE },      { POWER_WAL, POWER_SYNC },
	{ POWER_WAL, POWER_DELETE },   { POWER_JOURNAL, POWER_OPEN },   { POWER_JOURNAL, POWER_WRITE },
	{ POWER_JOURNAL, POWER_SYNC }, { POWER_JOURNAL, POWER_DELETE },
};

static void every_fault_struck_and_cuts_fell_on_every_kind_of_operation(void **state)
{
	(void)state;
	for (enum power_fault i = 0; i < POWER_FAULTS; i++)
		print_message("%s: %u\n", power_fault_name(i), tally.struck[i]);
	for (enum power_kind kind = 0; kind < POWER_KINDS; kind++)
		for (enum power_operation i = 0; i < POWER_OPERATIONS; i++)
			print_message("cuts, %s of the %s: %u\n", power_operation_name(i), power_kind_name(kind),
				      tally.cuts[kind][i]);
	print_message("submitted again: %u, of which were there: %u\n", submitted_again, found_again);
	if (setting("LINTAS_SEED", 0) || seeds() < SEEDS_DEFAULT)
		return; /* a few seeds need not meet everything */
	for (enum power_fault i = 0; i < POWER_FAULTS; i++)
		assert_true(tally.struck[i] > 0);
	for (size_t i = 0; i < COUNT(expected_cuts); i++)
		assert_true(tally.cuts[expected_cuts[i].kind][expected_cuts[i].operation] > 0);
}

static void print_result(int broken)
{
	printf("{\"power\": \"sqlite\", \"seeds\": %llu", (unsigned long long)seeds());
	for (enum power_fault i = 0; i < POWER_FAULTS; i++) {
		char name[32];
		snprintf(name, sizeof(name), "%s", power_fault_name(i));
		for (char *at = name; *at; at++)
			*at = *at == ' ' ? '_' : *at;
		printf(", \"%s\": %u", name, tally.struck[i]);
	}
	printf(", \"submitted_again\": %u, \"broken\": %d, \"ok\": %s}\n", submitted_again, broken,
	       broken ? "false" : "true");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_power_cut_at_any_time_loses_nothing_that_was_acknowledged, let_go),
		cmocka_unit_test_teardown(a_power_cut_of_the_sender_anywhere_in_an_exchange_loses_nothing, let_go),
		cmocka_unit_test_teardown(a_power_cut_of_the_receiver_anywhere_in_an_exchange_loses_nothing, let_go),
		cmocka_unit_test_teardown(a_document_submitted_again_after_a_power_cut_is_sent_once, let_go),
		cmocka_unit_test_teardown(
			a_power_cut_at_each_operation_of_making_a_database_leaves_one_that_can_be_made, making_let_go),
		cmocka_unit_test_teardown(after_a_failed_sync_only_what_is_durable_is_acknowledged, let_go),
		cmocka_unit_test_teardown(nodes_whose_disks_fail_go_on_and_lose_nothing_that_was_acknowledged, let_go),
		cmocka_unit_test(every_fault_struck_and_cuts_fell_on_every_kind_of_operation), /* last */
	};
	int broken = cmocka_run_group_tests_name("power", tests, NULL, NULL);

	print_result(broken);
	return broken;
}
