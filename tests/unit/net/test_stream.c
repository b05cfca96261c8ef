/* Answers that go on. What the client reads is chunked (RFC 9112 7.1). */
#include <stdatomic.h>

#include "net_test.h"

/* Streams of one test: each gives .parts of "part\n", with pauses in which it has nothing, then goes on without
 * anything to say, or ends. */
struct source {
	struct http_server *server;
	int parts;
	bool goes_on;
	size_t filling; /* behind each */
	atomic_int asked, ended;
};

struct following {
	struct source *source;
	int given;
	bool paused;
	struct http_stream stream;
};

static bool more(void *arg, struct buf *out, int64_t *again_us)
{
	struct following *f = arg;

	atomic_fetch_add(&f->source->asked, 1);
	*again_us = SECOND_US / 100;
	f->paused = !f->paused;
	if (f->paused)
		return true;
	if (f->given == f->source->parts)
		return f->source->goes_on;
	f->given++;
	buf_puts(out, "part\n");
	uint8_t *filling = f->source->filling ? buf_reserve(out, f->source->filling) : NULL;
	if (filling) {
		memset(filling, 'x', f->source->filling);
		buf_grown(out, f->source->filling);
	}
	return true;
}

static void end(void *arg)
{
	atomic_fetch_add(&((struct following *)arg)->source->ended, 1);
}

static void handle_stream(void *arg, const struct http_request *request, struct http_response *response)
{
	struct following *f = arena_alloc(request->arena, sizeof(*f));

	*f = (struct following){ .source = arg, .stream = { .more = more, .end = end, .arg = f } };
	*response = (struct http_response){ .status = 200, .content_type = "text/event-stream", .stream = &f->stream };
}

static void start(struct source *source)
{
	const struct http_server_options options = {
		.address = "127.0.0.1", .workers = 1, .handler = handle_stream, .arg = source
	};
	struct err err = { 0 };

	if (http_server_start(&options, &source->server, &err) != OK)
		fail_msg("%s\n", err.text);
}

static int follow(struct source *source)
{
	struct bench bench = { .server = source->server };
	int fd = dial(&bench);

	assert_true(say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_int_equal(read_status(fd), 200);
	return fd;
}

/* Reads until TEXT came, or to the end; whether it came. */
static bool reads(int fd, const char *text)
{
	char got[4096] = "";

	for (size_t size = 0; size < sizeof(got) - 1 && !strstr(got, text); size++) {
		if (recv(fd, got + size, 1, 0) <= 0)
			return false;
		got[size + 1] = '\0';
	}
	return strstr(got, text) != NULL;
}

static bool becomes(atomic_int *counter, int value)
{
	for (int i = 0; i < PATIENCE_S * 50 && atomic_load(counter) != value; i++)
		sleep_ms(20);
	return atomic_load(counter) == value;
}

static void a_stream_is_sent_part_by_part_and_ends(void **state)
{
	struct source source = { .parts = 3 };

	(void)state;
	start(&source);
	int fd = follow(&source);
	assert_true(reads(fd, "part\n\r\n5\r\npart\n\r\n5\r\npart\n\r\n0\r\n\r\n"));
	assert_true(is_closed(fd));
	assert_true(becomes(&source.ended, 1));
	close(fd);
	http_server_stop(source.server, 0);
	assert_int_equal(atomic_load(&source.ended), 1);
}

/* With one worker: it is not one that waits. */
static void streams_that_wait_hold_no_worker(void **state)
{
	enum { STREAMS = 20 };
	struct source source = { .parts = 1, .goes_on = true };
	int fds[STREAMS];

	(void)state;
	start(&source);
	for (size_t i = 0; i < STREAMS; i++)
		fds[i] = follow(&source);
	for (size_t i = 0; i < STREAMS; i++)
		assert_true(reads(fds[i], "part\n"));
	http_server_stop(source.server, PATIENCE_S * SECOND_US);
	for (size_t i = 0; i < STREAMS; i++) {
		assert_true(reads(fds[i], "0\r\n\r\n")); /* a clean end, not a broken connection */
		assert_true(is_closed(fds[i]));
		close(fds[i]);
	}
	assert_int_equal(atomic_load(&source.ended), STREAMS);
}

static void who_goes_away_is_forgotten(void **state)
{
	struct source source = { .parts = INT32_MAX, .goes_on = true };

	(void)state;
	start(&source);
	int fd = follow(&source);
	assert_true(reads(fd, "part\n"));
	close(fd);
	assert_true(becomes(&source.ended, 1));
	http_server_stop(source.server, 0);
}

/* Larger than any socket buffer: it is sent in pieces, and asked for again only when all is out. */
static void a_client_that_does_not_read_is_not_asked_for(void **state)
{
	struct source source = { .parts = INT32_MAX, .goes_on = true, .filling = 3 * MIB };

	(void)state;
	start(&source);
	int fd = follow(&source);
	int asked = -1;
	for (int i = 0; i < PATIENCE_S && asked != atomic_load(&source.asked); i++) {
		asked = atomic_load(&source.asked);
		sleep_ms(1000);
	}
	assert_int_equal(asked, atomic_load(&source.asked)); /* stands still */
	close(fd);
	assert_true(becomes(&source.ended, 1));
	http_server_stop(source.server, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_is_sent_part_by_part_and_ends),
		cmocka_unit_test(streams_that_wait_hold_no_worker),
		cmocka_unit_test(who_goes_away_is_forgotten),
		cmocka_unit_test(a_client_that_does_not_read_is_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
