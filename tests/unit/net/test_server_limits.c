#include "net_test.h"

/* Long enough that a loaded machine does not cut an honest request, short enough to wait for. */
#define DEADLINE_US (2 * SECOND_US)

static int64_t start_us;

/* Before what the server's clock counts from: however late this thread runs again, the server is no sooner. */
static void start_clock(void)
{
	start_us = clock_monotonic_us();
}

/* The deadline has passed, and not by more than a slow machine explains. The library's clock is a coarse one. */
static void assert_cut_at_deadline(void)
{
	int64_t took_us = clock_monotonic_us() - start_us;

	if (took_us < DEADLINE_US - SECOND_US / 10 || took_us > PATIENCE_S * SECOND_US)
		fail_msg("cut after %lld ms\n", (long long)(took_us / 1000));
}

/* Sends BYTE every 100 ms until the server closes, asking now and then whether it serves others. */
static void trickle(struct bench *bench, int fd, const char *byte)
{
	bool open = true;

	for (int i = 0; open && i < PATIENCE_S * 10; i++) {
		char waste[256];
		say(fd, byte);
		sleep_ms(100);
		ssize_t got = recv(fd, waste, sizeof(waste), MSG_DONTWAIT);
		open = got > 0 || (got < 0 && errno == EAGAIN);
		if (i == 4)
			assert_int_equal(status_of(bench, "/echo"), 200);
	}
	assert_false(open);
}

static void a_sender_of_slow_headers_is_cut_while_others_are_served(void **state)
{
	struct bench bench;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .deadline_us = DEADLINE_US });
	start_clock();
	int fd = dial(&bench);
	assert_true(say(fd, "GET /echo HTTP/1.1\r\nHost: a\r\nX-Slow: "));
	trickle(&bench, fd, "x");
	assert_cut_at_deadline();
	close(fd);
	assert_int_equal(bench_counters(&bench).deadline_closed, 1);
	bench_stop(&bench);
}

static void a_sender_of_a_slow_request_line_is_cut(void **state)
{
	struct bench bench;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .deadline_us = DEADLINE_US });
	start_clock();
	int fd = dial(&bench);
	assert_true(say(fd, "GET /"));
	trickle(&bench, fd, "x");
	assert_cut_at_deadline();
	close(fd);
	bench_stop(&bench);
}

static void a_sender_of_a_slow_body_is_cut_while_others_are_served(void **state)
{
	struct bench bench;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .deadline_us = DEADLINE_US });
	start_clock();
	int fd = dial(&bench);
	assert_true(say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"));
	trickle(&bench, fd, "x");
	assert_cut_at_deadline();
	close(fd);
	assert_int_equal(bench_counters(&bench).deadline_closed, 1);
	bench_stop(&bench);
}

static void a_connection_that_says_nothing_is_closed(void **state)
{
	struct bench bench;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .deadline_us = DEADLINE_US });
	start_clock();
	int fd = dial(&bench);
	assert_true(is_closed(fd));
	assert_cut_at_deadline();
	close(fd);
	bench_stop(&bench);
}

static void a_connection_between_requests_is_closed_when_idle(void **state)
{
	struct bench bench;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .idle_us = DEADLINE_US });
	int fd = dial(&bench);
	start_clock();
	assert_true(say(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_int_equal(read_status(fd), 200);
	assert_true(is_closed(fd));
	assert_cut_at_deadline();
	close(fd);
	bench_stop(&bench);
}

static void the_second_request_of_a_connection_has_a_deadline_too(void **state)
{
	struct bench bench;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .deadline_us = DEADLINE_US });
	int fd = dial(&bench);
	assert_true(say(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_int_equal(read_status(fd), 200);
	sleep_ms(DEADLINE_US / 1000 + 200); /* idle is not slow: the deadline counts from the request on */
	start_clock();
	assert_true(say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"));
	trickle(&bench, fd, "x");
	assert_cut_at_deadline();
	close(fd);
	bench_stop(&bench);
}

static void a_slow_handler_is_not_a_slow_sender(void **state)
{
	struct bench bench;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .deadline_us = DEADLINE_US, .idle_us = DEADLINE_US });
	int fd = dial(&bench);
	assert_true(say(fd, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(gate_wait_inside(&bench.gate, 1));
	sleep_ms(DEADLINE_US / 1000 + 1200);
	gate_open(&bench.gate);
	assert_int_equal(read_status(fd), 200);
	close(fd);
	assert_int_equal(bench_counters(&bench).deadline_closed, 0);
	bench_stop(&bench);
}

static void a_reader_who_takes_nothing_is_cut(void **state)
{
	struct bench bench;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .deadline_us = DEADLINE_US });
	int fd = dial(&bench);
	assert_true(say(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(bench_counts(&bench, offsetof(struct http_server_counters, deadline_closed), 1));
	assert_true(bench_has_connections(&bench, 0));
	close(fd);
	bench_stop(&bench);
}

static void beyond_the_queue_requests_are_sent_away_at_once(void **state)
{
	struct bench bench;
	int waiting[2];

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .workers = 1, .max_queue = 1 });
	for (int i = 0; i < 2; i++) {
		waiting[i] = dial(&bench);
		assert_true(say(waiting[i], "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n"));
		if (i == 0)
			assert_true(gate_wait_inside(&bench.gate, 1)); /* the worker has it: the second one waits */
	}
	assert_true(bench_has_queued(&bench, 1));

	struct http_client *client = http_client_new();
	arena_auto arena = arena_new(MIB);
	struct http_answer answer;
	struct err err;
	assert_int_equal(ask(client, arena, &bench, "GET", "/echo", bytes(NULL, 0), &answer, &err), OK);
	assert_int_equal(answer.status, 503);
	assert_string_equal(answer_header(arena, &answer, "Retry-After"), "1");
	assert_int_equal(bench_counters(&bench).queue_full, 1);

	gate_open(&bench.gate);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(read_status(waiting[i]), 200);
		close(waiting[i]);
	}
	assert_int_equal(ask(client, arena, &bench, "GET", "/echo", bytes(NULL, 0), &answer, &err), OK);
	assert_int_equal(answer.status, 200);
	http_client_free(client);
	bench_stop(&bench);
}

/* From 127.0.0.LAST, so that it counts as another peer. */
static int dial_from(struct bench *bench, uint32_t last)
{
	const struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + last) };
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(http_server_port(bench->server)),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

enum { GREAT_BODY = 900000 };
static const char great_head[] = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n";

static bool bench_keeps(struct bench *bench, int64_t bytes)
{
	return bench_counts(bench, offsetof(struct http_server_counters, body_bytes), bytes);
}

/* Sends a great body but for its last octet. KEPT: what the server then keeps of all. */
static void stall(struct bench *bench, int fd, struct bytes body, int64_t kept)
{
	assert_true(say(fd, great_head));
	assert_int_equal(send(fd, body.data, body.size - 1, MSG_NOSIGNAL), body.size - 1);
	assert_true(bench_keeps(bench, kept));
}

static int status_of_great(struct bench *bench, struct bytes body)
{
	struct http_client *client = http_client_new();
	struct http_answer answer;
	struct err err;
	arena_auto arena = arena_new(4 * MIB);

	assert_int_equal(ask(client, arena, bench, "POST", "/upload", body, &answer, &err), OK);
	http_client_free(client);
	return answer.status;
}

/* Many connections, each with a great body that never ends, get a bounded part of the memory, and one peer a quarter of
 * it; who only promises a great body keeps nobody out. */
static void bodies_beyond_their_sum_are_refused_until_others_have_gone(void **state)
{
	enum { MOST_OF_IT = GREAT_BODY - 1 };
	struct bench bench;
	int others[4];
	arena_auto arena = arena_new(4 * MIB);
	const struct bytes body = bytes(arena_array(arena, GREAT_BODY, 1), GREAT_BODY);

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .bodies_bytes = 4 * GREAT_BODY + GREAT_BODY / 2 });
	int promising = dial(&bench), stalling = dial(&bench);
	assert_true(say(promising, great_head));
	assert_int_equal(status_of_great(&bench, body), 200);
	stall(&bench, stalling, body, MOST_OF_IT);
	assert_int_equal(status_of_great(&bench, body), 503);
	close(stalling);
	assert_true(bench_keeps(&bench, 0));
	assert_int_equal(status_of_great(&bench, body), 200);

	for (uint32_t i = 0; i < COUNT(others); i++) {
		assert_true(bench_keeps(&bench, (int64_t)i * MOST_OF_IT));
		others[i] = dial_from(&bench, 2 + i);
		stall(&bench, others[i], body, (int64_t)(i + 1) * MOST_OF_IT);
	}
	assert_int_equal(status_of_great(&bench, body), 503);
	close(others[0]);
	assert_true(bench_keeps(&bench, 3 * MOST_OF_IT));
	assert_int_equal(status_of_great(&bench, body), 200);
	for (size_t i = 1; i < COUNT(others); i++)
		close(others[i]);
	close(promising);
	bench_stop(&bench);
}

static void connections_over_the_limit_are_closed_at_once(void **state)
{
	const struct http_server_options rows[] = {
		{ .max_connections = 2 },
		{ .max_connections_per_address = 2 },
		{ .max_connections = 2, .io_threads = 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bench bench;
		bench_start_with(&bench, rows[i]);
		int first = dial(&bench), second = dial(&bench);
		assert_true(bench_has_connections(&bench, 2));

		int third = dial(&bench);
		assert_true(is_closed(third));
		assert_int_equal(bench_counters(&bench).refused_connections, 1);
		close(third);
		assert_true(say(second, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
		assert_int_equal(read_status(second), 200);

		close(first);
		assert_true(bench_has_connections(&bench, 1));
		assert_int_equal(status_of(&bench, "/echo"), 200);
		close(second);
		bench_stop(&bench);
	}
}

/* Many connections that come, end or are cut at the same time: a descriptor that was closed and given out again is
 * never the one that is shut down, which an honest request would notice. */
static void cutting_never_hits_another_connection(void **state)
{
	const int64_t deadline_us = SECOND_US / 5;
	struct bench bench;

	(void)state;
	bench_start_with(&bench, (struct http_server_options){ .deadline_us = deadline_us, .io_threads = 2 });
	for (int round = 0; round < 100; round++) {
		int silent = dial(&bench);
		start_clock();
		int honest = dial(&bench);
		sleep_ms(round % 8);
		bool served = say(honest, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n") && read_status(honest) == 200;
		assert_true(served || clock_monotonic_us() - start_us >= deadline_us); /* by its own deadline, then */
		close(honest);
		if (round % 2)
			close(silent);
		else if (round % 10 == 0) {
			assert_true(is_closed(silent));
			close(silent);
		} else
			shutdown(silent, SHUT_WR), close(silent);
	}
	bench_stop(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sender_of_slow_headers_is_cut_while_others_are_served),
		cmocka_unit_test(a_sender_of_a_slow_request_line_is_cut),
		cmocka_unit_test(a_sender_of_a_slow_body_is_cut_while_others_are_served),
		cmocka_unit_test(a_connection_that_says_nothing_is_closed),
		cmocka_unit_test(a_connection_between_requests_is_closed_when_idle),
		cmocka_unit_test(the_second_request_of_a_connection_has_a_deadline_too),
		cmocka_unit_test(a_slow_handler_is_not_a_slow_sender),
		cmocka_unit_test(a_reader_who_takes_nothing_is_cut),
		cmocka_unit_test(beyond_the_queue_requests_are_sent_away_at_once),
		cmocka_unit_test(bodies_beyond_their_sum_are_refused_until_others_have_gone),
		cmocka_unit_test(connections_over_the_limit_are_closed_at_once),
		cmocka_unit_test(cutting_never_hits_another_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
