#include <stdatomic.h>

#include "net_test.h"

struct stopping {
	struct bench *bench;
	int64_t grace_us;
	atomic_bool stopped;
	pthread_t thread;
};

static void *stop_server(void *arg)
{
	struct stopping *stopping = arg;

	http_server_stop(stopping->bench->server, stopping->grace_us);
	atomic_store(&stopping->stopped, true);
	return NULL;
}

static void stop_beside(struct stopping *stopping, struct bench *bench, int64_t grace_us)
{
	*stopping = (struct stopping){ .bench = bench, .grace_us = grace_us };
	assert_int_equal(pthread_create(&stopping->thread, NULL, stop_server, stopping), 0);
}

/* A refusal needs no worker, so asking waits for nobody while the stop has not begun. */
static bool stop_began(struct bench *bench)
{
	for (int i = 0; i < PATIENCE_S * 50; i++) {
		if (status_of(bench, "/forbidden") == -(int)ERR_NET)
			return true;
		sleep_ms(20);
	}
	return false;
}

static void stopping_nothing_is_fine(void **state)
{
	(void)state;
	http_server_stop(NULL, 0);
}

static void a_running_handler_ends_and_its_answer_is_sent(void **state)
{
	struct bench bench;
	struct stopping stopping;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .workers = 2 });
	int fd = dial(&bench);
	int silent = dial(&bench);
	assert_true(say(fd, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(gate_wait_inside(&bench.gate, 1));

	stop_beside(&stopping, &bench, PATIENCE_S * SECOND_US);
	assert_true(stop_began(&bench));
	assert_false(atomic_load(&stopping.stopped));
	gate_open(&bench.gate);
	assert_int_equal(read_status(fd), 200);
	assert_true(is_closed(fd));
	pthread_join(stopping.thread, NULL);
	assert_true(is_closed(silent));
	close(fd);
	close(silent);
}

static void a_request_that_waits_is_still_served_within_the_grace(void **state)
{
	struct bench bench;
	struct stopping stopping;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .workers = 1 });
	int running = dial(&bench), waiting = dial(&bench);
	assert_true(say(running, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(gate_wait_inside(&bench.gate, 1));
	assert_true(say(waiting, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(bench_has_queued(&bench, 1));

	stop_beside(&stopping, &bench, PATIENCE_S * SECOND_US);
	assert_true(stop_began(&bench));
	gate_open(&bench.gate);
	assert_int_equal(read_status(running), 200);
	assert_int_equal(read_status(waiting), 200);
	pthread_join(stopping.thread, NULL);
	close(running);
	close(waiting);
}

static void who_connects_after_the_stop_began_is_refused(void **state)
{
	struct bench bench;
	struct stopping stopping;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .workers = 2 });
	int fd = dial(&bench);
	assert_true(say(fd, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(gate_wait_inside(&bench.gate, 1));
	stop_beside(&stopping, &bench, PATIENCE_S * SECOND_US);
	assert_true(stop_began(&bench));
	assert_int_equal(status_of(&bench, "/echo"), -(int)ERR_NET); /* and stays so */
	gate_open(&bench.gate);
	pthread_join(stopping.thread, NULL);
	close(fd);
}

static void after_the_grace_waiting_requests_get_503(void **state)
{
	struct bench bench;
	struct stopping stopping;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .workers = 1 });
	int running = dial(&bench), waiting = dial(&bench);
	assert_true(say(running, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(gate_wait_inside(&bench.gate, 1));
	assert_true(say(waiting, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(bench_has_queued(&bench, 1));

	stop_beside(&stopping, &bench, SECOND_US);
	assert_int_equal(read_status(waiting), 503);
	assert_false(atomic_load(&stopping.stopped)); /* the handler still uses its request */
	gate_open(&bench.gate);
	assert_int_equal(read_status(running), 200);
	pthread_join(stopping.thread, NULL);
	close(running);
	close(waiting);
}

static void *ask_until_refused(void *arg)
{
	struct bench *bench = arg;

	for (int i = 0; i < 2000; i++)
		if (status_of(bench, "/echo") != 200)
			break;
	return NULL;
}

/* Nothing is asserted but that it ends, without a leak or a race for the sanitizers to see. */
static void stopping_under_load_ends(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		struct bench bench;
		pthread_t threads[4];
		bench_start_with(&bench, (struct http_server_options){ .workers = 3, .io_threads = 2 });
		for (size_t i = 0; i < COUNT(threads); i++)
			assert_int_equal(pthread_create(&threads[i], NULL, ask_until_refused, &bench), 0);
		sleep_ms(100);
		bench_stop(&bench);
		for (size_t i = 0; i < COUNT(threads); i++)
			pthread_join(threads[i], NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stopping_nothing_is_fine),
		cmocka_unit_test(a_running_handler_ends_and_its_answer_is_sent),
		cmocka_unit_test(a_request_that_waits_is_still_served_within_the_grace),
		cmocka_unit_test(who_connects_after_the_stop_began_is_refused),
		cmocka_unit_test(after_the_grace_waiting_requests_get_503),
		cmocka_unit_test(stopping_under_load_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
