/* What a transaction does may be done again, because another one of its group failed: nobody notices. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/date.h"
#include "kernel/message_int.h"

struct writing {
	struct kernel_fixture *fixture;
	enum err_code (*write)(struct writing *writing);
	const char *message;
	struct findings *findings;
	int64_t waiting; /* for so many others */
	atomic_bool begun;
	enum err_code code;
	struct err err;
	pthread_t thread;
};

enum { PATIENCE_MS = 10000 }; /* so that a test that cannot succeed ends */

static void pause_ms(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static bool comes_to_wait(struct db *db, int64_t count)
{
	for (int i = 0; i < PATIENCE_MS && db_counters(db).waiting < count; i++)
		pause_ms();
	return db_counters(db).waiting >= count;
}

static enum err_code hold_run(struct tx *tx, void *arg, struct err *err)
{
	struct writing *writing = arg;

	(void)tx;
	writing->begun = true;
	if (comes_to_wait(writing->fixture->kernel.db, writing->waiting))
		return OK;
	return fail(err, ERR_TIMEOUT, "nobody waits");
}

static enum err_code hold(struct writing *writing)
{
	return db_write(writing->fixture->kernel.db, hold_run, writing, &writing->err);
}

static enum err_code fail_run(struct tx *tx, void *arg, struct err *err)
{
	(void)tx, (void)arg;
	return fail(err, ERR_NOT_FOUND, "there is nothing here");
}

static enum err_code failing(struct writing *writing)
{
	return db_write(writing->fixture->kernel.db, fail_run, writing, &writing->err);
}

static enum err_code release(struct writing *writing)
{
	return outbox_decide(&writing->fixture->kernel, writing->message, "release", &fixture_actor,
			     writing->fixture->clock.now_us, writing->findings, &writing->err);
}

static void *run(void *arg)
{
	struct writing *writing = arg;

	writing->code = writing->write(writing);
	return NULL;
}

static void start(struct writing *writing)
{
	assert_int_equal(pthread_create(&writing->thread, NULL, run, writing), 0);
}

static void a_decision_that_is_made_again_is_refused_once(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct db *db = fixture->kernel.db;

	if (db_kind(db) == DB_POSTGRES) /* where each has a transaction of its own */
		skip();
	struct message message = fixture_put(fixture, "VN", NULL, NULL);
	struct writing first = { .fixture = fixture, .write = hold, .waiting = 2 };
	struct writing decision = {
		.fixture = fixture, .write = release, .message = message.id, .findings = findings_new(fixture->arena)
	};
	struct writing last = { .fixture = fixture, .write = failing };

	start(&first); /* the two others are taken together when it is done */
	for (int i = 0; i < PATIENCE_MS && !first.begun; i++)
		pause_ms();
	start(&decision);
	assert_true(comes_to_wait(db, 1));
	start(&last);
	struct writing *const all[] = { &first, &decision, &last };
	for (size_t i = 0; i < COUNT(all); i++)
		assert_int_equal(pthread_join(all[i]->thread, NULL), 0);
	assert_int_equal(first.code, OK);
	assert_int_equal(decision.code, OK);
	assert_int_equal(last.code, ERR_NOT_FOUND);
	assert_int_equal(findings_count(decision.findings), 1); /* what is queued cannot be released */
}

/* --- One is finished, while another transaction parks the next --- */

struct meeting {
	struct kernel_fixture *fixture;
	const struct message *first;
	unsigned runs;
};

static struct message_list claim(struct kernel_fixture *fixture)
{
	struct message_list list;

	must(outbox_claim(&fixture->kernel, fixture->arena, "VN", fixture->clock.now_us, MINUTE_US, 10, &list,
			  &fixture->err));
	return list;
}

static void *park_next(void *arg)
{
	struct meeting *meeting = arg;
	struct kernel_fixture *fixture = meeting->fixture;
	struct message_list list;
	struct err err;
	arena_auto arena = arena_new(1 << 20);

	return outbox_claim(&fixture->kernel, arena, "VN", fixture->clock.now_us, MINUTE_US, 10, &list, &err) == OK
		       ? NULL
		       : arg;
}

static enum err_code finish_first(struct tx *tx, void *arg, struct err *err)
{
	static const struct statement done = { "test.done", "UPDATE message SET state = 'delivered' WHERE id = $1" };
	struct meeting *meeting = arg;
	pthread_t thread;
	void *failed = NULL;

	TRY(db_exec(tx, &done, BINDS(BIND_TEXT(meeting->first->id)), NULL, err));
	if (meeting->runs++ == 0) { /* what this transaction sees is settled; the other one sees the first still open */
		assert_int_equal(pthread_create(&thread, NULL, park_next, meeting), 0);
		assert_int_equal(pthread_join(thread, &failed), 0);
		assert_null(failed);
	}
	return message_wake(tx, meeting->first, meeting->fixture->clock.now_us, err);
}

static void nothing_stays_parked_behind_what_is_finished_at_the_same_time(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	if (fixture->kind != DB_POSTGRES) /* SQLite has one writer */
		skip();
	struct message first = fixture_put(fixture, "VN", NULL, NULL);
	assert_int_equal(claim(fixture).count, 1);
	struct message second = fixture_put(fixture, "VN", first.conversation, NULL);
	struct meeting meeting = { fixture, &first, 0 };

	must(db_write(fixture->kernel.db, finish_first, &meeting, &fixture->err));
	assert_int_equal(meeting.runs, 2);
	struct message_list list = claim(fixture);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].id, second.id);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decision_that_is_made_again_is_refused_once),
		cmocka_unit_test(nothing_stays_parked_behind_what_is_finished_at_the_same_time),
	};
	return kernel_run("again", tests, COUNT(tests), NULL);
}
