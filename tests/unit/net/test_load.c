/* A server that has more to do than it can: who is sent away, in which order. */
#include "net_test.h"

#define WAITING_MAX 8

enum { LIST, REPEATED, OTHER, WATCH, SETTLE };
static const struct http_class classes[] = {
	[LIST] = { "list", 25, "5", false },   [REPEATED] = { "repeated", 50, "30", false },
	[OTHER] = { "other", 75, "6", false }, [WATCH] = { "watch", 0, "7", false },
	[SETTLE] = { "settle", 0, "8", true },
};

/* By the path; a message says what it is by its body. */
static size_t classify(void *arg, const struct http_request *request, bool whole)
{
	(void)arg;
	if (same(request->path, "/echo/message"))
		return !whole || bytes_same(request->body, bytes_of("settles")) ? SETTLE : REPEATED;
	for (size_t i = 0; i < COUNT(classes); i++)
		if (ends_with(request->path, classes[i].name))
			return i;
	return OTHER;
}

struct order {
	struct bench bench; /* first */
	char paths[256];    /* of the requests, as they are worked on; by one worker */
};

static void handle_in_order(void *arg, const struct http_request *request, struct http_response *response)
{
	struct order *order = arg;

	handle(&order->bench, request, response);
	size_t size = strlen(order->paths);
	snprintf(order->paths + size, sizeof(order->paths) - size, "%s ", strrchr(request->path, '/') + 1);
}

/* One worker, which is busy until the gate opens. */
static int start(struct order *order, int64_t longest_wait_us)
{
	struct err err = { 0 };

	*order = (struct order){ .bench.gate = GATE_CLOSED };
	const struct http_server_options options = { .address = "127.0.0.1",
						     .workers = 1,
						     .max_queue = WAITING_MAX,
						     .longest_wait_us = longest_wait_us,
						     .classes = classes,
						     .classes_count = COUNT(classes),
						     .classify = classify,
						     .handler = handle_in_order,
						     .arg = order };
	assert_int_equal(http_server_start(&options, &order->bench.server, &err), OK);
	snprintf(order->bench.url, sizeof(order->bench.url), "http://127.0.0.1:%u",
		 http_server_port(order->bench.server));
	int fd = dial(&order->bench);
	assert_true(say(fd, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(gate_wait_inside(&order->bench.gate, 1));
	return fd;
}

static int send_one(struct order *order, const char *path, const char *body)
{
	char text[256];
	int fd = dial(&order->bench);

	snprintf(text, sizeof(text), "POST /echo/%s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", path,
		 strlen(body), body);
	assert_true(say(fd, text));
	return fd;
}

/* It waits, as the COUNTth. */
static int waits(struct order *order, const char *path, const char *body, int count)
{
	int fd = send_one(order, path, body);

	assert_true(bench_has_queued(&order->bench, count));
	return fd;
}

static void refused(struct order *order, const char *path, const char *body, const char *retry_after)
{
	struct http_client *client = http_client_new();
	arena_auto arena = arena_new(MIB);
	struct http_answer answer = { 0 };
	struct err err = { 0 };
	const char *target = arena_printf(arena, "/echo/%s", path);

	assert_int_equal(ask(client, arena, &order->bench, "POST", target, bytes_of(body), &answer, &err), OK);
	assert_int_equal(answer.status, 503);
	assert_string_equal(answer_header(arena, &answer, "Retry-After"), retry_after);
	http_client_free(client);
}

static void what_costs_least_to_repeat_is_refused_first_and_what_settles_never(void **state)
{
	struct order order;
	int fds[16];
	size_t count = 0;

	(void)state;
	fds[count++] = start(&order, HOUR_US);
	fds[count++] = waits(&order, "list", "", 1); /* 1 of 8: 12 % */
	fds[count++] = waits(&order, "message", "brings", 2);
	refused(&order, "list", "", "5"); /* 25 % */
	fds[count++] = waits(&order, "repeated", "", 3);
	fds[count++] = waits(&order, "message", "brings", 4);
	refused(&order, "message", "brings", "30"); /* 50 %: its body tells what it is */
	refused(&order, "repeated", "", "30");
	refused(&order, "list", "", "5");
	fds[count++] = waits(&order, "other", "", 5);
	fds[count++] = waits(&order, "other", "", 6);
	refused(&order, "other", "", "6"); /* 75 % */
	fds[count++] = waits(&order, "message", "settles", 7);
	fds[count++] = waits(&order, "watch", "", 8);
	refused(&order, "watch", "", "1"); /* 100 %: the queue is full */
	fds[count++] = waits(&order, "message", "settles", 9);
	fds[count++] = waits(&order, "settle", "", 10);

	struct http_server_counters counters = bench_counters(&order.bench);
	assert_int_equal(counters.load, 125);
	assert_int_equal(counters.refused[LIST], 2);
	assert_int_equal(counters.refused[REPEATED], 2);
	assert_int_equal(counters.refused[OTHER], 1);
	assert_int_equal(counters.refused[WATCH], 0);
	assert_int_equal(counters.refused[SETTLE], 0);
	assert_int_equal(counters.queue_full, 1);

	gate_open(&order.bench.gate);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(read_status(fds[i]), 200);
		close(fds[i]);
	}
	/* What settles went first, in the order in which it came. */
	assert_string_equal(order.paths,
			    "gate message message settle list message repeated message other other watch ");
	assert_int_equal(bench_counters(&order.bench).load, 0);
	fds[0] = send_one(&order, "list", "");
	assert_int_equal(read_status(fds[0]), 200);
	close(fds[0]);
	bench_stop(&order.bench);
}

static void few_that_wait_long_are_a_load_too(void **state)
{
	struct order order;

	(void)state;
	int gate = start(&order, SECOND_US / 10);
	int other = waits(&order, "settle", "", 1); /* 1 of 8 */
	for (int i = 0; i < PATIENCE_S * 50 && bench_counters(&order.bench).load < 100; i++)
		sleep_ms(20);
	refused(&order, "list", "", "5");
	refused(&order, "other", "", "6");
	int watch = waits(&order, "watch", "", 2); /* there is room */
	gate_open(&order.bench.gate);
	assert_int_equal(read_status(gate), 200);
	assert_int_equal(read_status(other), 200);
	assert_int_equal(read_status(watch), 200);
	close(gate);
	close(other);
	close(watch);
	bench_stop(&order.bench);
}

/* RFC 9110 10.1.1: who waits for our word sends no body in vain. */
static void who_asks_before_sending_a_body_is_refused_without_it(void **state)
{
	struct order order;

	(void)state;
	int gate = start(&order, HOUR_US);
	int first = waits(&order, "repeated", "", 1), second = waits(&order, "repeated", "", 2);
	assert_int_equal(status_of_raw(&order.bench, "POST /echo/list HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n"
						     "Expect: 100-continue\r\n\r\n"),
			 503);
	gate_open(&order.bench.gate);
	assert_int_equal(read_status(gate), 200);
	assert_int_equal(read_status(first), 200);
	assert_int_equal(read_status(second), 200);
	close(gate);
	close(first);
	close(second);
	bench_stop(&order.bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_costs_least_to_repeat_is_refused_first_and_what_settles_never),
		cmocka_unit_test(few_that_wait_long_are_a_load_too),
		cmocka_unit_test(who_asks_before_sending_a_body_is_refused_without_it),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
