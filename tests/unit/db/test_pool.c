#include "../unit.h"

#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/driver_int.h"

static int opened, closed;
static enum err_code next_open = OK;

static enum err_code open_one(struct db *db, void **connection, struct err *err)
{
	(void)db;
	if (next_open != OK)
		return fail(err, next_open, "not now");
	opened++;
	*connection = &opened;
	return OK;
}

static void close_one(void *connection)
{
	assert_ptr_equal(connection, &opened);
	closed++;
}

static struct db db;

static int pool_make(void **state)
{
	opened = closed = 0;
	next_open = OK;
	db.options.busy_timeout_us = 60000000;
	*state = pool_new(&db, 2, open_one);
	return *state ? 0 : -1;
}

static void a_connection_is_opened_when_needed_and_used_again(void **state)
{
	struct pool *pool = *state;
	void *connection;

	assert_int_equal(opened, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pool_take(pool, &connection, NULL), OK);
		pool_give(pool, connection);
	}
	assert_int_equal(opened, 1);
	pool_free(pool, close_one);
	assert_int_equal(closed, 1);
}

static void beyond_the_maximum_a_taker_waits_and_is_then_told_to_come_again(void **state)
{
	struct pool *pool = *state;
	void *connection[3];
	struct err err;

	db.options.busy_timeout_us = 100000;
	assert_int_equal(pool_take(pool, &connection[0], &err), OK);
	assert_int_equal(pool_take(pool, &connection[1], &err), OK);
	int64_t before_us = clock_monotonic_us();
	assert_int_equal(pool_take(pool, &connection[2], &err), ERR_BUSY);
	assert_true(clock_monotonic_us() - before_us >= 100000);
	pool_give(pool, connection[0]);
	pool_give(pool, connection[1]);
	pool_free(pool, close_one);
}

static void *give_soon(void *arg)
{
	usleep(20000);
	pool_give(arg, &opened);
	return NULL;
}

static void a_taker_that_waits_gets_what_is_given_back(void **state)
{
	struct pool *pool = *state;
	void *connection[3];
	pthread_t thread;

	assert_int_equal(pool_take(pool, &connection[0], NULL), OK);
	assert_int_equal(pool_take(pool, &connection[1], NULL), OK);
	assert_int_equal(pthread_create(&thread, NULL, give_soon, pool), 0);
	assert_int_equal(pool_take(pool, &connection[2], NULL), OK);
	pthread_join(thread, NULL);
	assert_int_equal(opened, 2);
	pool_give(pool, connection[1]);
	pool_give(pool, connection[2]);
	pool_free(pool, close_one);
	assert_int_equal(closed, 2);
}

static void a_broken_connection_and_one_that_could_not_be_opened_make_room_for_another(void **state)
{
	struct pool *pool = *state;
	void *connection[2];
	struct err err;

	assert_int_equal(pool_take(pool, &connection[0], &err), OK);
	pool_give(pool, NULL);
	next_open = ERR_DB;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pool_take(pool, &connection[0], &err), ERR_DB);
	next_open = OK;
	assert_int_equal(pool_take(pool, &connection[0], &err), OK);
	assert_int_equal(pool_take(pool, &connection[1], &err), OK);
	assert_int_equal(opened, 3);
	pool_give(pool, connection[0]);
	pool_give(pool, connection[1]);
	pool_free(pool, close_one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_connection_is_opened_when_needed_and_used_again, pool_make),
		cmocka_unit_test_setup(beyond_the_maximum_a_taker_waits_and_is_then_told_to_come_again, pool_make),
		cmocka_unit_test_setup(a_taker_that_waits_gets_what_is_given_back, pool_make),
		cmocka_unit_test_setup(a_broken_connection_and_one_that_could_not_be_opened_make_room_for_another,
				       pool_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
