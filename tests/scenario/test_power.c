/* Power cuts and failing disks: what a node acknowledged it still has, and nothing is done twice; by both bindings, and
 * while a node that was restored catches up.
 *
 * Acknowledged is a document of which document_submit() said OK, a message for which the gateway answered with a
 * receipt, a delivery of which outbox_delivered() said OK. After each power cut region_power_cut() compares the last
 * two with what the disk kept; region_check() compares all three in the end.
 *
 * LINTAS_SEEDS: how many seeds each test runs. LINTAS_STEP=1: an exchange, a catch-up and the making of a database are
 * cut at each of their operations, not only at some all over them. The last line is the result, a JSON object. */
#include "power.h"
#include "region.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "kernel/catch_up.h"
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

static struct region *start(uint64_t seed, struct odds odds, enum region_ebms2 ebms2)
{
	region = region_new(&(struct region_options){ .seed = seed, .odds = odds, .ebms2 = ebms2, .disks = &tally });
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

	storm(start(seed, odds_storm, REGION_AS4 + seed % 3), &plan);
}

static void a_power_cut_at_any_time_loses_nothing_that_was_acknowledged(void **state)
{
	(void)state;
	for_seeds(0, seeds(), cut_in_storm);
}

/* --- Power cuts anywhere in a story --- */

/* What a story begins with is the same for each of its cuts. */
static struct {
	int64_t since_us;
	char before_the_loss[200];
} lost_hour;

static void nothing_before(struct region *r, struct region_moment *moment)
{
	*moment = region_moment(r);
}

/* One certificate from TH to VN, and its response back. */
static void exchange(struct region *r)
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

static void issue(struct region *r, size_t from, size_t to, unsigned number)
{
	struct region_node *node = &r->nodes[from];

	region_submit(node, "dft", paper_form_d(r, node->state, r->nodes[to].state, number, region_today(node)));
}

/* TH is put back to its backup, as a restore leaves it: it asks for what is missing when it is started. */
static void an_hour_lost(struct region *r, struct region_moment *moment)
{
	struct region_node *th = &r->nodes[TH];
	date day = region_today(th);

	issue(r, TH, VN, number_of(TH, VN));
	issue(r, VN, TH, number_of(VN, TH));
	region_drain(r, HEAL_US);
	lost_hour.since_us = r->now_us;
	const char *backup = region_backup(th);
	region_run(r, HOUR_US);
	respond(r, TH, VN, day);
	respond(r, VN, TH, day);
	issue(r, TH, VN, number_of(TH, VN) + NODES * NODES);
	issue(r, VN, TH, number_of(VN, TH) + NODES * NODES);
	issue(r, LA, TH, number_of(LA, TH));
	region_drain(r, HEAL_US);
	*moment = region_moment(r);
	memcpy(lost_hour.before_the_loss, moment->files[TH], sizeof(lost_hour.before_the_loss));
	snprintf(moment->files[TH], sizeof(moment->files[TH]), "%s", backup);
	region_sql_in(
		r, backup,
		arena_printf(r->arena,
			     "INSERT INTO recovery (id, since_us, restored_us, backup_us, backup, seal, head, state)"
			     " VALUES ('restore', %lld, %lld, %lld, 'backup', 0, NULL, 'open')",
			     (long long)lost_hour.since_us, (long long)moment->now_us, (long long)lost_hour.since_us));
}

struct recovering {
	struct region *region;
	struct catch_up_list list;
	struct recovery_state state;
};

static enum err_code recovery_read(struct tx *tx, void *arg, struct err *err)
{
	enum { MORE_THAN_THERE_ARE = 100 };
	struct recovering *recovering = arg;

	TRY(catch_up_list(tx, recovering->region->arena, NULL, MORE_THAN_THERE_ARE, &recovering->list, err));
	return catch_up_recovery(tx, &recovering->state, err);
}

/* One with each partner, however often TH was started anew in it, and each got all that there was. */
static void check_recovery(struct region *r)
{
	struct recovering recovering = { .region = r };
	int64_t recovered = 0;

	region_must(r, db_read(r->nodes[TH].kernel.db, recovery_read, &recovering, &r->err));
	region_expect(r, recovering.list.count == 2 && recovering.state.restored_us == TIME_NONE);
	for (size_t i = 0; i < recovering.list.count; i++) {
		const struct catch_up *c = &recovering.list.items[i];
		if (!same(c->state, "done") || c->wanted + c->refused + c->unavailable != 0)
			region_fail(r, "the catch-up with %s is %s: %lld wanted, %lld refused, %lld unavailable",
				    c->partner, c->state, (long long)c->wanted, (long long)c->refused,
				    (long long)c->unavailable);
		recovered += c->recovered;
	}
	region_expect(r, recovered == 5);
}

static void catch_up(struct region *r)
{
	region_run(r, 3 * MINUTE_US);
	region_drain(r, HEAL_US);
	befall(r, NULL);
	heal(r);
	check_recovery(r);
	region_compare(&r->nodes[TH], lost_hour.before_the_loss);
	finish(r);
	check_recovery(r);
	region_compare(&r->nodes[TH], lost_hour.before_the_loss);
}

/* Each has seeds of its own: the first one and at which operation of NODE's disk the cut falls. */
static const struct cut_story {
	const char *what;
	uint64_t first;
	size_t node;
	enum region_ebms2 ebms2;
	void (*begin)(struct region *r, struct region_moment *moment);
	void (*play)(struct region *r);
} cut_stories[] = {
	{ "the sender, AS4", 1 * SEEDS_MAX, TH, REGION_AS4, nothing_before, exchange },
	{ "the receiver, AS4", 2 * SEEDS_MAX, VN, REGION_AS4, nothing_before, exchange },
	{ "the sender, ebMS 2", 7 * SEEDS_MAX, TH, REGION_EBMS2_ASYNC, nothing_before, exchange },
	{ "the receiver, ebMS 2", 8 * SEEDS_MAX, VN, REGION_EBMS2_ASYNC, nothing_before, exchange },
	{ "who catches up, AS4", 9 * SEEDS_MAX, TH, REGION_AS4, an_hour_lost, catch_up },
	{ "who gives back, AS4", 10 * SEEDS_MAX, VN, REGION_AS4, an_hour_lost, catch_up },
	{ "who catches up, ebMS 2", 11 * SEEDS_MAX, TH, REGION_EBMS2_ASYNC, an_hour_lost, catch_up },
	{ "who gives back, ebMS 2", 12 * SEEDS_MAX, VN, REGION_EBMS2_ASYNC, an_hour_lost, catch_up },
};

/* The nodes are started, and WHERE is played; the power is cut at operation AT; 0: never. Returns how many operations
 * there were. */
static uint64_t cut_once(struct region *r, const struct region_moment *moment, const struct cut_story *where,
			 uint64_t at)
{
	struct power *power = r->nodes[where->node].power;

	region_rewind(r, moment, where->first + at);
	uint64_t before = power_operations(power);
	power_plan(power, &(struct power_plan){ .on[POWER_CUT].at = (unsigned)at });
	region_wake(r);
	where->play(r);
	return power_operations(power) - before;
}

/* At every LINTAS_STEPth operation; without, at twice as many as there are seeds, evenly spread. */
static void cut_all_over(const struct cut_story *where)
{
	uint64_t only = setting("LINTAS_SEED", 0), cuts = 0;
	struct region_moment moment;

	if (only && (only < where->first || only >= where->first + SEEDS_MAX))
		return;
	struct region *r = start(where->first, odds_calm, where->ebms2);
	where->begin(r, &moment);
	if (only) {
		cut_once(r, &moment, where, only - where->first);
		let_go(NULL);
		return;
	}
	uint64_t all = cut_once(r, &moment, where, 0), spread = all / (2 * seeds());
	uint64_t step = setting("LINTAS_STEP", spread > 0 ? spread : 1);

	for (uint64_t at = step; at <= all; at += step, cuts++)
		cut_once(r, &moment, where, at);
	print_message("%s: %llu cuts, of which the last at operation %llu of %llu\n", where->what,
		      (unsigned long long)cuts, (unsigned long long)(cuts * step), (unsigned long long)all);
	let_go(NULL);
}

static void cut_stories_of(void (*play)(struct region *r))
{
	for (size_t i = 0; i < COUNT(cut_stories); i++)
		if (cut_stories[i].play == play)
			cut_all_over(&cut_stories[i]);
}

static void a_power_cut_of_either_side_anywhere_in_an_exchange_loses_nothing(void **state)
{
	(void)state;
	cut_stories_of(exchange);
}

static void a_power_cut_of_either_side_anywhere_in_a_catch_up_loses_nothing_that_was_exchanged(void **state)
{
	(void)state;
	cut_stories_of(catch_up);
}

/* Whose submission met a power cut does not know what became of it, and submits again. */
static void cut_submissions(uint64_t seed)
{
	enum { TIMES = 18 };
	struct region *r = start(seed, odds_calm, REGION_AS4);
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

/* AT 0: never. Returns how many operations there were until then. */
static uint64_t cut_making_at(uint64_t seed, unsigned at)
{
	struct power_plan plan = { .kept = POWER_KEPT_NONE + (seed + at) % 3, .on[POWER_CUT].at = at };
	struct migration_status status;
	struct err err = { 0 };

	making_start(seed);
	power_plan(making.power, &plan);
	bool made = make(false, &status, &err) == OK, cut = power_is_off(making.power);
	uint64_t operations = power_operations(making.power);
	if (!made && !cut)
		fail_msg("no database is made without a power cut either: %s", err.text);
	assert_int_equal(cut, at > 0);
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
	return operations;
}

/* At each of the first and last operations: until there is a database with its first migration in it, and when it is
 * closed. The others are like them, and each cut costs to make a database again: these are cut at every LINTAS_STEPth.
 */
static void cut_making(uint64_t seed)
{
	enum { FIRST = 70, LAST = 20, STEP = 24 };
	unsigned all = (unsigned)cut_making_at(seed, 0), step = (unsigned)setting("LINTAS_STEP", STEP), cuts = 0;

	print_message("LINTAS_SEED=%llu: ", (unsigned long long)seed);
	for (unsigned at = 1; at <= all; at++)
		if (at <= FIRST || at > all - LAST || at % step == 0) {
			cut_making_at(seed, at);
			cuts++;
		}
	print_message("%u cuts at %u operations\n", cuts, all);
}

static void a_power_cut_anywhere_in_the_making_of_a_database_leaves_one_that_can_be_made(void **state)
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
	struct region *r = start(seed, odds_calm, REGION_AS4);
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
	storm(start(seed, odds_storm, REGION_AS4 + seed % 3), &troubles[seed % COUNT(troubles)]);
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
		cmocka_unit_test_teardown(a_power_cut_of_either_side_anywhere_in_an_exchange_loses_nothing, let_go),
		cmocka_unit_test_teardown(
			a_power_cut_of_either_side_anywhere_in_a_catch_up_loses_nothing_that_was_exchanged, let_go),
		cmocka_unit_test_teardown(a_document_submitted_again_after_a_power_cut_is_sent_once, let_go),
		cmocka_unit_test_teardown(a_power_cut_anywhere_in_the_making_of_a_database_leaves_one_that_can_be_made,
					  making_let_go),
		cmocka_unit_test_teardown(after_a_failed_sync_only_what_is_durable_is_acknowledged, let_go),
		cmocka_unit_test_teardown(nodes_whose_disks_fail_go_on_and_lose_nothing_that_was_acknowledged, let_go),
		cmocka_unit_test(every_fault_struck_and_cuts_fell_on_every_kind_of_operation), /* last */
	};
	int broken = cmocka_run_group_tests_name("power", tests, NULL, NULL);

	print_result(broken);
	return broken;
}
