/* A server with a handler that shows what it got, and sockets that say what an ordinary client would not. Loopback
 * only. */
#ifndef NET_TEST_H
#define NET_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* base/err.h has a word of the same name. */
#undef fail
#undef fail_msg
#define fail_msg(...)                                                                                                  \
	do {                                                                                                           \
		print_error(__VA_ARGS__);                                                                              \
		_fail(__FILE__, __LINE__);                                                                             \
	} while (0)

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/http.h"

#define MIB ((size_t)1024 * 1024)

/* What a test waits for has an end, so that a broken server fails it and does not hang it. On a loaded machine nothing
 * is quick; below the 30 s after which a server closes what is idle, so that this is not taken for what was asked for.
 */
#define PATIENCE_S 25

/* --- What handlers wait for --- */

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int inside; /* handlers that are waiting or have waited */
	bool open;
};

#define GATE_CLOSED                                                                                                    \
	{                                                                                                              \
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                                 \
	}

static inline struct timespec patience_ends(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_S;
	return end;
}

static inline void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->open = true;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

/* A handler goes in and waits until the gate is open, or until COUNT handlers are inside (0: only the gate counts). */
static inline bool gate_pass(struct gate *gate, int count)
{
	const struct timespec end = patience_ends();
	int code = 0;

	pthread_mutex_lock(&gate->lock);
	gate->inside++;
	pthread_cond_broadcast(&gate->changed);
	while (code == 0 && !gate->open && (count == 0 || gate->inside < count))
		code = pthread_cond_timedwait(&gate->changed, &gate->lock, &end);
	pthread_mutex_unlock(&gate->lock);
	return code == 0;
}

static inline bool gate_wait_inside(struct gate *gate, int count)
{
	const struct timespec end = patience_ends();
	int code = 0;

	pthread_mutex_lock(&gate->lock);
	while (code == 0 && gate->inside < count)
		code = pthread_cond_timedwait(&gate->changed, &gate->lock, &end);
	pthread_mutex_unlock(&gate->lock);
	return code == 0;
}

/* --- The handler --- */

struct bench {
	struct gate gate;
	struct http_server *server;
	char url[64];
};

static inline void answer_text(const struct http_request *request, struct http_response *response, const char *text)
{
	response->content_type = "text/plain";
	response->body = bytes_of(text ? arena_text(request->arena, text) : "(absent)");
}

static inline void handle_large(const struct http_request *request, struct http_response *response)
{
	struct buf *owned = arena_alloc(request->arena, sizeof(*owned));

	buf_init(owned, 16 * MIB);
	memset(buf_reserve(owned, 16 * MIB), 'x', 16 * MIB);
	buf_grown(owned, 16 * MIB);
	response->content_type = "application/octet-stream";
	response->owned = owned;
}

static inline void handle(void *arg, const struct http_request *request, struct http_response *response)
{
	struct bench *bench = arg;

	response->status = 200;
	response->headers[0] = (struct http_header){ "X-Method", request->method };
	response->headers[1] = (struct http_header){ "X-Peer", request->peer };
	if (starts_with(request->path, "/echo") || same(request->path, "/upload")) {
		response->content_type = "application/octet-stream";
		response->body = request->body;
	} else if (same(request->path, "/query")) {
		answer_text(request, response, http_query(request, "name"));
	} else if (same(request->path, "/header")) {
		answer_text(request, response, http_header(request, "x-TEST"));
	} else if (starts_with(request->path, "/path")) {
		answer_text(request, response, request->path);
	} else if (same(request->path, "/local")) {
		answer_text(request, response, request->local ? "local" : "remote");
	} else if (same(request->path, "/gate")) {
		answer_text(request, response, gate_pass(&bench->gate, 0) ? "passed" : "waited too long");
	} else if (same(request->path, "/meet")) {
		answer_text(request, response, gate_pass(&bench->gate, 2) ? "met" : "alone");
	} else if (same(request->path, "/known")) {
		response->status = 304;
		response->body = bytes_of("what the caller has already");
	} else if (same(request->path, "/large")) {
		handle_large(request, response);
	} else if (same(request->path, "/certificate")) {
		response->content_type = "application/octet-stream";
		response->body = request->peer_certificate;
	} else if (same(request->path, "/chain")) {
		response->content_type = "application/octet-stream";
		response->body = request->peer_chain;
	} else if (same(request->path, "/moved")) {
		response->status = 302;
		response->headers[2] = (struct http_header){ "Location", "/echo" };
	} else if (same(request->path, "/cached")) {
		response->headers[2] = (struct http_header){ "cache-control", "max-age=60" };
	} else if (same(request->path, "/nothing")) {
		response->status = 0;
	} else if (same(request->path, "/injection")) {
		response->headers[2] = (struct http_header){ "X-Bad", "a\r\nX-Injected: b" };
	} else {
		response->status = 404;
	}
}

static inline size_t admit(void *arg, const struct http_request *request, int *status)
{
	(void)arg;
	if (same(request->path, "/forbidden")) {
		*status = 403;
		return 0;
	}
	return same(request->path, "/upload") ? 20 * MIB : 64 * 1024;
}

static inline void bench_start_with(struct bench *bench, struct http_server_options options)
{
	struct err err = { 0 };

	*bench = (struct bench){ .gate = GATE_CLOSED };
	if (!options.address && !options.unix_path)
		options.address = "127.0.0.1";
	options.handler = handle;
	options.admit = admit;
	options.arg = bench;
	if (http_server_start(&options, &bench->server, &err) != OK)
		fail_msg("the server does not start: %s\n", err.text);
	snprintf(bench->url, sizeof(bench->url), "%s://127.0.0.1:%u", options.tls ? "https" : "http",
		 http_server_port(bench->server));
}

static inline void bench_stop(struct bench *bench)
{
	gate_open(&bench->gate);
	http_server_stop(bench->server, 5 * SECOND_US);
}

static inline struct http_server_counters bench_counters(struct bench *bench)
{
	struct http_server_counters counters;

	http_server_counters(bench->server, &counters);
	return counters;
}

static inline void sleep_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* Waits at most PATIENCE_S until the counter at OFFSET in the counters is COUNT. */
static inline bool bench_counts(struct bench *bench, size_t offset, int64_t count)
{
	for (int i = 0; i < PATIENCE_S * 50; i++) {
		struct http_server_counters counters = bench_counters(bench);
		int64_t now;
		memcpy(&now, (const char *)&counters + offset, sizeof(now));
		if (now == count)
			return true;
		sleep_ms(20);
	}
	return false;
}

static inline bool bench_has_connections(struct bench *bench, int64_t count)
{
	return bench_counts(bench, offsetof(struct http_server_counters, connections), count);
}

/* So many requests are where only a worker takes them from. */
static inline bool bench_has_queued(struct bench *bench, int64_t count)
{
	return bench_counts(bench, offsetof(struct http_server_counters, queued), count);
}

/* --- Calls through the client --- */

static inline enum err_code ask(struct http_client *client, struct arena *arena, struct bench *bench,
				const char *method, const char *target, struct bytes body, struct http_answer *answer,
				struct err *err)
{
	const struct http_call call = {
		.method = method,
		.url = arena_printf(arena, "%s%s", bench->url, target),
		.body = body,
		.allow_plain = true,
		.timeout_us = 20 * SECOND_US,
		.max_response_bytes = 32 * MIB,
	};

	return client->call(client, arena, &call, answer, err);
}

/* One GET with a client of its own, for whoever only wants to know that the server serves. */
static inline int status_of(struct bench *bench, const char *target)
{
	struct http_client *client = http_client_new();
	arena_auto arena = arena_new(MIB);
	struct http_answer answer = { 0 };
	struct err err = { 0 };
	enum err_code code = ask(client, arena, bench, "GET", target, bytes(NULL, 0), &answer, &err);

	http_client_free(client);
	return code == OK ? answer.status : -(int)code;
}

static inline const char *text_of(struct arena *arena, struct bytes body)
{
	return arena_text_of(arena, body);
}

/* A header of an answer's raw block, in lower or any case; "" if absent. */
static inline const char *answer_header(struct arena *arena, const struct http_answer *answer, const char *name)
{
	const char *head = arena_text_of(arena, answer->headers);
	const char *found = strcasestr(head, arena_printf(arena, "\r\n%s: ", name));

	if (!found)
		return "";
	found += strlen(name) + 4;
	return arena_text_of(arena, bytes(found, strcspn(found, "\r\n")));
}

/* --- Bare sockets --- */

static inline int dial(struct bench *bench)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(http_server_port(bench->server)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline bool say(int fd, const char *text)
{
	return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* Reads until the head of an answer is whole or the other side closes; the status, or 0 without one. */
static inline int read_status(int fd)
{
	char head[4096] = "";
	size_t size = 0;

	while (size < sizeof(head) - 1 && !strstr(head, "\r\n\r\n")) {
		ssize_t got = recv(fd, head + size, 1, 0);
		if (got <= 0)
			break;
		size += (size_t)got;
		head[size] = '\0';
	}
	if (!starts_with(head, "HTTP/1.1 "))
		return 0;
	head[12] = '\0';
	int64_t status = 0;
	return int64_parse(head + 9, &status) ? (int)status : 0;
}

/* True if the other side has closed, within PATIENCE_S; what it still sent is passed over. */
static inline bool is_closed(int fd)
{
	char waste[4096];
	ssize_t got;

	while ((got = recv(fd, waste, sizeof(waste), 0)) > 0)
		;
	return got == 0 || errno == ECONNRESET;
}

static inline int status_of_raw(struct bench *bench, const char *request)
{
	int fd = dial(bench);

	assert_true(say(fd, request));
	int status = read_status(fd);
	close(fd);
	return status;
}

#endif
