/* The figures of the exchange. The oracle is a count of all rows, which is what they replace. */
#include "fixture.h"

#include <pthread.h>

#include "kernel/fsm.h"
#include "kernel/journal.h"
#include "kernel/message.h"

struct reading {
	struct kernel_fixture *fixture;
	struct arena *arena;
	struct exchange_counts_list list;
	struct exchange_counts expected[2];
};

static const struct {
	const char *state;
	size_t offset;
} columns[] = {
	{ "queued", offsetof(struct exchange_counts, queued) },
	{ "held", offsetof(struct exchange_counts, held) },
	{ "dead", offsetof(struct exchange_counts, dead) },
	{ "delivered", offsetof(struct exchange_counts, delivered) },
	{ "received", offsetof(struct exchange_counts, received) },
	{ "processed", offsetof(struct exchange_counts, processed) },
	{ "failed", offsetof(struct exchange_counts, failed) },
	{ "abandoned", offsetof(struct exchange_counts, abandoned) },
};

static int64_t *figure(struct exchange_counts *counts, size_t column)
{
	return (int64_t *)(void *)((char *)counts + columns[column].offset);
}

/* Both in one snapshot. */
static enum err_code read_run(struct tx *tx, void *arg, struct err *err)
{
	static const struct statement all = { "test.counts",
					      "SELECT partner, state, count(*) FROM message GROUP BY partner, state" };
	struct reading *r = arg;
	db_query_auto query = { 0 };

	memset(r->expected, 0, sizeof(r->expected));
	TRY(message_counts(tx, r->arena, &r->list, err));
	TRY(db_query(tx, &all, NO_BINDS, &query, err));
	while (db_next(&query))
		for (size_t i = 0; i < COUNT(columns); i++)
			if (same(columns[i].state, db_text(r->arena, &query, 1)))
				*figure(&r->expected[same(db_text(r->arena, &query, 0), "VN")], i) = db_int(&query, 2);
	return db_end(&query, err);
}

/* Fails the test unless the figures are those of the rows; the answer is that of VN. */
static struct exchange_counts agreed(struct kernel_fixture *fixture, struct arena *arena)
{
	struct reading r = { .fixture = fixture, .arena = arena };

	must(db_read(fixture->kernel.db, read_run, &r, &fixture->err));
	assert_int_equal(r.list.count, 2);
	assert_string_equal(r.list.items[1].partner, "VN");
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < COUNT(columns); k++)
			if (*figure(&r.list.items[i], k) != *figure(&r.expected[i], k))
				fail_msg("%s %s: %lld, but there are %lld", r.list.items[i].partner, columns[k].state,
					 (long long)*figure(&r.list.items[i], k),
					 (long long)*figure(&r.expected[i], k));
	return r.list.items[1];
}

static void seal(struct kernel_fixture *fixture, unsigned limit)
{
	unsigned sealed;

	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, limit, &sealed, &fixture->err));
}

static bool tally(struct kernel_fixture *fixture, unsigned limit)
{
	bool more = false;

	must(message_tally_step(&fixture->kernel, limit, &more, &fixture->err));
	return more;
}

static struct message claim(struct kernel_fixture *fixture, const char *partner)
{
	struct message_list list;

	must(outbox_claim(&fixture->kernel, fixture->arena, partner, fixture->clock.now_us, MINUTE_US, 1, &list,
			  &fixture->err));
	assert_int_equal(list.count, 1);
	return list.items[0];
}

static void deliver(struct kernel_fixture *fixture, const char *partner)
{
	struct message message = claim(fixture, partner);
	struct wire receipt = { .kind = WIRE_RECEIPT_RECEIVED,
				.at_us = fixture->clock.now_us,
				.content_type = "application/soap+xml",
				.octets = bytes_of("<receipt/>"),
				.certificate = "cc" };

	must(outbox_delivered(&fixture->kernel, &message, &receipt, fixture->clock.now_us, &fixture->err));
}

static void give_up(struct kernel_fixture *fixture, const char *partner)
{
	struct message message = claim(fixture, partner);

	must(outbox_failed(&fixture->kernel, &message, NULL, FAILED_FOR_GOOD, "no", NULL, fixture->clock.now_us,
			   &fixture->err));
}

static void decide(struct kernel_fixture *fixture, const char *message, const char *event)
{
	struct findings *findings = findings_new(fixture->arena);

	must(outbox_decide(&fixture->kernel, message, event, &fixture_actor, fixture->clock.now_us, findings,
			   &fixture->err));
	assert_int_equal(findings_count(findings), 0);
}

static void put_and_deliver(struct kernel_fixture *fixture)
{
	fixture_put(fixture, "VN", NULL, NULL);
	deliver(fixture, "VN");
}
static void put_only(struct kernel_fixture *fixture)
{
	fixture_put(fixture, "MY", NULL, NULL);
}
static void deliver_what_was_put(struct kernel_fixture *fixture)
{
	deliver(fixture, "MY");
}
static void give_up_and_abandon(struct kernel_fixture *fixture)
{
	struct message message = fixture_put(fixture, "VN", NULL, NULL);

	give_up(fixture, "VN");
	decide(fixture, message.id, "abandon");
}
/* Given up, then sent again: "dead" is an end that is left. */
static void give_up_and_deliver_after_all(struct kernel_fixture *fixture)
{
	struct message message = fixture_put(fixture, "VN", NULL, NULL);

	give_up(fixture, "VN");
	seal(fixture, 100);
	tally(fixture, 100);
	decide(fixture, message.id, "retry");
	deliver(fixture, "VN");
}
static void hold(struct kernel_fixture *fixture)
{
	decide(fixture, fixture_put(fixture, "VN", NULL, NULL).id, "hold");
}
static void receive(struct kernel_fixture *fixture)
{
	static int count;
	const char *id = arena_printf(fixture->arena, "%d@vn", count++);
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", id, id, "<doc/>");

	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
}
static void receive_and_process(struct kernel_fixture *fixture)
{
	unsigned done;

	receive(fixture);
	must(inbox_step(&fixture->kernel, fixture->clock.now_us, 10, &done, &fixture->err));
	assert_true(done > 0);
}
static void seal_some(struct kernel_fixture *fixture)
{
	seal(fixture, 3);
}
static void seal_all(struct kernel_fixture *fixture)
{
	seal(fixture, 1000);
}
static void tally_some(struct kernel_fixture *fixture)
{
	tally(fixture, 2);
}
static void tally_all(struct kernel_fixture *fixture)
{
	assert_false(tally(fixture, 1000));
}
/* As when it is set right, or read on another machine. */
static void turn_the_clock_back(struct kernel_fixture *fixture)
{
	fixture->clock.now_us -= DAY_US;
}
static void turn_the_clock_on(struct kernel_fixture *fixture)
{
	fixture->clock.now_us += 3 * DAY_US;
}

static enum err_code read_any(struct kernel *kernel, struct arena *arena, const struct message *message,
			      const struct message_parts *parts, int64_t now_us, const void **read, struct err *err)
{
	(void)kernel, (void)arena, (void)parts, (void)now_us, (void)err;
	*read = message;
	return OK;
}
static enum err_code process_any(struct kernel *kernel, struct tx *tx, struct arena *arena,
				 const struct message *message, const void *read, int64_t now_us,
				 struct findings *findings, struct err *err)
{
	(void)kernel, (void)tx, (void)arena, (void)message, (void)read, (void)now_us, (void)findings, (void)err;
	return OK;
}
static const struct intake any = { .read = read_any, .process = process_any };
static const struct capability taker = { .name = "taker", .intake = &any };
static const struct capability *const capabilities[] = { &taker, NULL };

static void the_figures_are_those_of_the_rows_whenever_they_are_tallied(void **state)
{
	static void (*const steps[])(struct kernel_fixture * fixture) = {
		put_and_deliver,
		put_only,
		receive_and_process,
		seal_some,
		tally_some,
		deliver_what_was_put,
		give_up_and_abandon,
		seal_all,
		turn_the_clock_back,
		put_and_deliver,
		receive,
		tally_some,
		tally_all,
		turn_the_clock_on,
		give_up_and_deliver_after_all,
		hold,
		seal_all,
		turn_the_clock_back,
		receive_and_process,
		tally_all,
		tally_all,
		seal_some,
		put_and_deliver,
		seal_all,
		tally_all,
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct exchange_counts vn = { 0 };

	for (size_t i = 0; i < COUNT(steps); i++) {
		steps[i](fixture);
		vn = agreed(fixture, fixture->arena);
	}
	assert_int_equal(vn.delivered, 4);
	assert_int_equal(vn.processed, 3);
	assert_int_equal(vn.abandoned, 1);
	assert_int_equal(vn.held, 1);
}

static void what_is_tallied_is_not_read_again(void **state)
{
	static const struct statement forget = { "test.forget",
						 "UPDATE journal SET to_state = 'lost' WHERE to_state = 'delivered'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	put_and_deliver(fixture);
	put_and_deliver(fixture);
	seal_all(fixture);
	tally_all(fixture);
	fixture_exec(fixture, &forget, NO_BINDS);
	assert_int_equal(agreed(fixture, fixture->arena).delivered, 2);
}

/* What the tallies rest on: a message is done once. */
static void nothing_leaves_a_state_that_is_tallied(void **state)
{
	const struct machine *const machines[] = { &message_out_machine, &message_in_machine };
	(void)state;

	for (size_t i = 0; i < COUNT(machines); i++)
		for (const char *const *final = machines[i]->final; *final; final++) {
			assert_true(same(*final, "delivered") || same(*final, "processed") ||
				    same(*final, "abandoned"));
			for (const struct fsm_row *row = machines[i]->rows; row->from; row++)
				assert_string_not_equal(row->from, *final);
		}
}

/* --- At once --- */

enum { TALLIERS = 3, ROUNDS = 40 };

struct tallier {
	struct kernel_fixture *fixture;
	enum err_code code;
	struct err err;
};

/* PostgreSQL may refuse one of two that meet; a role tries again in its next round. */
static void *tallier_main(void *arg)
{
	struct tallier *t = arg;
	unsigned sealed;
	bool more;

	for (int i = 0; i < ROUNDS; i++) {
		enum err_code code =
			journal_seal_step(&t->fixture->kernel, t->fixture->clock.now_us, 2, &sealed, &t->err);
		if (code == OK)
			code = message_tally_step(&t->fixture->kernel, 3, &more, &t->err);
		if (code != OK && code != ERR_BUSY)
			t->code = code;
	}
	return NULL;
}

static void nodes_that_tally_at_once_count_each_message_once(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct tallier talliers[TALLIERS];
	pthread_t threads[TALLIERS];

	for (size_t i = 0; i < TALLIERS; i++) {
		talliers[i] = (struct tallier){ .fixture = fixture };
		assert_int_equal(pthread_create(&threads[i], NULL, tallier_main, &talliers[i]), 0);
	}
	for (int i = 0; i < ROUNDS; i++) {
		put_and_deliver(fixture);
		agreed(fixture, fixture->arena);
	}
	for (size_t i = 0; i < TALLIERS; i++) {
		pthread_join(threads[i], NULL);
		if (talliers[i].code != OK)
			fail_msg("tallier %zu: %s", i, talliers[i].err.text);
	}
	seal_all(fixture);
	tally_all(fixture);
	assert_int_equal(agreed(fixture, fixture->arena).delivered, ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_figures_are_those_of_the_rows_whenever_they_are_tallied),
		cmocka_unit_test(what_is_tallied_is_not_read_again),
		cmocka_unit_test(nothing_leaves_a_state_that_is_tallied),
		cmocka_unit_test(nodes_that_tally_at_once_count_each_message_once),
	};
	return kernel_run("counts", tests, COUNT(tests), capabilities);
}
