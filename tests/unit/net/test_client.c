#include "net_test.h"

struct setting {
	struct bench bench;
	struct arena *arena;
	struct http_client *client;
	struct http_answer answer;
	struct err err;
};

static int set_up(void **state)
{
	struct setting *setting = calloc(1, sizeof(*setting));

	bench_start_with(&setting->bench, (struct http_server_options){ .workers = 2 });
	setting->arena = arena_new(64 * MIB);
	setting->client = http_client_new();
	*state = setting;
	return 0;
}

static int tear_down(void **state)
{
	struct setting *setting = *state;

	bench_stop(&setting->bench);
	http_client_free(setting->client);
	arena_free(setting->arena);
	free(setting);
	return 0;
}

static struct http_call call_to(struct setting *setting, const char *target)
{
	return (struct http_call){
		.method = "GET",
		.url = arena_printf(setting->arena, "%s%s", setting->bench.url, target),
		.allow_plain = true,
	};
}

static enum err_code call(struct setting *setting, struct http_call call)
{
	setting->answer = (struct http_answer){ .status = -1 };
	return setting->client->call(setting->client, setting->arena, &call, &setting->answer, &setting->err);
}

static void any_status_is_an_answer(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(call(setting, call_to(setting, "/unknown")), OK);
	assert_int_equal(setting->answer.status, 404);
	assert_string_equal(setting->answer.content_type, "");
	assert_int_equal(setting->answer.body.size, 0);
	assert_true(starts_with(text_of(setting->arena, setting->answer.headers), "HTTP/1.1 404 "));
	assert_true(ends_with(text_of(setting->arena, setting->answer.headers), "\r\n\r\n"));
}

static void redirects_are_not_followed(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(call(setting, call_to(setting, "/moved")), OK);
	assert_int_equal(setting->answer.status, 302);
	assert_string_equal(answer_header(setting->arena, &setting->answer, "Location"), "/echo");
}

static void plain_http_must_be_allowed(void **state)
{
	struct setting *setting = *state;
	struct http_call plain = call_to(setting, "/echo");

	plain.allow_plain = false;
	assert_int_equal(call(setting, plain), ERR_CONFIG);
	assert_non_null(strstr(setting->err.text, "https://"));
	assert_int_equal(setting->answer.status, -1); /* untouched */
	assert_int_equal(bench_counters(&setting->bench).requests, 0);
}

static void only_sound_urls_are_called(void **state)
{
	static const struct {
		const char *url;
		enum err_code code;
	} rows[] = {
		{ NULL, ERR_INVALID },
		{ "", ERR_INVALID },
		{ "/path", ERR_INVALID },
		{ "http://", ERR_INVALID },
		{ "http://127.0.0.1:99999/", ERR_INVALID },
		{ "http://user:secret@127.0.0.1/", ERR_INVALID },
		{ "ftp://127.0.0.1/", ERR_CONFIG },
		{ "file:///etc/passwd", ERR_INVALID },
		{ "gopher://127.0.0.1/", ERR_CONFIG },
	};
	struct setting *setting = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct http_call odd = { .method = "GET", .url = rows[i].url, .allow_plain = true };
		enum err_code code = call(setting, odd);
		if (code != rows[i].code)
			fail_msg("%s: %s\n", rows[i].url, err_row(code)->name);
		assert_null(strstr(setting->err.text, "secret@"));
	}
}

/* RFC 9112 11.1 (response splitting, and its like in requests). */
static void a_header_cannot_smuggle_another(void **state)
{
	static const struct http_header rows[] = {
		{ "X-A", "a\r\nX-B: b" }, { "X-A", "a\nb" }, { "X-A: b\r\nX-B", "b" },
		{ "X A", "b" },           { "", "b" },       { NULL, "b" },
		{ "X-A", NULL },
	};
	struct setting *setting = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_call odd = call_to(setting, "/echo");
		odd.headers = &rows[i];
		odd.headers_count = 1;
		assert_int_equal(call(setting, odd), ERR_INVALID);
	}
	struct http_call odd = call_to(setting, "/echo");
	odd.method = "GET / HTTP/1.1\r\nX";
	assert_int_equal(call(setting, odd), ERR_INVALID);
	assert_int_equal(bench_counters(&setting->bench).requests, 0);
}

static void a_refused_connection_says_what_to_check(void **state)
{
	struct setting *setting = *state;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	/* A port that is bound but not listened on refuses. */
	int bound = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(bound, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(bound, (struct sockaddr *)&address, &size), 0);
	const char *peer = arena_printf(setting->arena, "127.0.0.1:%u", ntohs(address.sin_port));
	enum http_stage stage = HTTP_ANSWER;
	const struct http_call refused = {
		.method = "GET",
		.url = arena_printf(setting->arena, "http://%s/", peer),
		.allow_plain = true,
		.failed_at = &stage,
	};
	assert_int_equal(call(setting, refused), ERR_NET);
	assert_non_null(strstr(setting->err.text, arena_printf(setting->arena, "connection refused by %s", peer)));
	assert_non_null(strstr(setting->err.text, "is the other side running?"));
	assert_int_equal(stage, HTTP_CONNECTION);
	close(bound);
}

static void an_unknown_name_says_what_to_check(void **state)
{
	struct setting *setting = *state;
	const struct http_call unknown = { .method = "GET",
					   .url = "http://node.invalid/",
					   .allow_plain = true }; /* RFC 6761 6.4 */

	assert_int_equal(call(setting, unknown), ERR_NET);
	assert_non_null(strstr(setting->err.text, "node.invalid"));
}

static void an_answer_over_the_bound_is_not_read(void **state)
{
	struct setting *setting = *state;
	struct http_call large = call_to(setting, "/large");

	large.max_response_bytes = MIB;
	assert_int_equal(call(setting, large), ERR_LIMIT);
	assert_int_equal(setting->answer.status, -1);

	struct http_call exact = call_to(setting, "/echo");
	exact.method = "POST";
	exact.body = bytes_of("12345678");
	exact.max_response_bytes = 8;
	assert_int_equal(call(setting, exact), OK);
	exact.max_response_bytes = 7;
	assert_int_equal(call(setting, exact), ERR_LIMIT);
}

static void an_answer_that_does_not_fit_the_arena_is_a_fault(void **state)
{
	struct setting *setting = *state;
	struct http_call large = call_to(setting, "/large");
	enum http_stage stage = HTTP_BEFORE;
	arena_auto arena = arena_new(MIB);

	large.max_response_bytes = 32 * MIB;
	large.failed_at = &stage;
	assert_int_equal(setting->client->call(setting->client, arena, &large, &setting->answer, &setting->err),
			 ERR_MEMORY);
	assert_int_equal(stage, HTTP_ANSWER);
}

/* Whoever has taken the connection and reads nothing: what fits into the buffers between has gone out as far as anybody
 * can tell, and more has not. */
static void what_did_not_go_out_whole_is_told_apart(void **state)
{
	struct setting *setting = *state;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	enum http_stage stage = HTTP_BEFORE;
	void *large = calloc(1, 64 * MIB);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_non_null(large);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	struct http_call post = {
		.method = "POST",
		.url = arena_printf(setting->arena, "http://127.0.0.1:%u/", ntohs(address.sin_port)),
		.body = bytes_of("x"),
		.allow_plain = true,
		.timeout_us = SECOND_US,
		.failed_at = &stage,
	};
	assert_int_equal(call(setting, post), ERR_TIMEOUT);
	assert_int_equal(stage, HTTP_ANSWER);
	post.body = bytes(large, 64 * MIB);
	assert_int_equal(call(setting, post), ERR_TIMEOUT);
	assert_int_equal(stage, HTTP_EXCHANGE);
	free(large);
	close(fd);
}

static void an_exchange_ends_when_its_time_is_up(void **state)
{
	struct setting *setting = *state;
	struct http_call slow = call_to(setting, "/gate");
	int64_t start_us = clock_monotonic_us();

	slow.timeout_us = 300 * 1000;
	assert_int_equal(call(setting, slow), ERR_TIMEOUT);
	int64_t took_us = clock_monotonic_us() - start_us;
	assert_true(took_us >= 299 * 1000 && took_us < PATIENCE_S * SECOND_US);
}

/* RFC 3986: 3.2 for where the host is, 2 for what no URL has in it unescaped. */
static void a_url_begins_with_its_scheme_and_a_host(void **state)
{
	static const char *const good[] = { "https://a", "https://asw.th.example:8443/as4?x=1",
					    "https://[2001:db8::1]/" };
	static const char *const bad[] = { "",
					   "https://",
					   "https:///as4",
					   "https://:443/",
					   "https://?x",
					   "https://#x",
					   "https://@a/",
					   "http://a/",
					   "HTTPS://a/",
					   "https://a b/",
					   "https://a\t/",
					   "https://a\r\nX: 1",
					   "https://a\"",
					   "https://a<b>",
					   "https://a\\b",
					   "https://kh\xc3\xb4ng.example/" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(http_url_begins(good[i], "https://"));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(http_url_begins(bad[i], "https://"));
}

/* Whoever waits for an answer then knows that it is not the server which failed. */
static void the_end_of_the_process_ends_an_exchange(void **state)
{
	struct setting *setting = *state;

	http_client_cancel(setting->client);
	assert_int_equal(call(setting, call_to(setting, "/gate")), ERR_BUSY);
}

/* --- Servers that misbehave --- */

struct odd_server {
	int fd;
	const char *says;
	size_t repeat; /* how often it says the last part again */
	pthread_t thread;
	char url[64];
};

static void *misbehave(void *arg)
{
	struct odd_server *odd = arg;
	int fd = accept(odd->fd, NULL, NULL);
	char waste[4096];

	recv(fd, waste, sizeof(waste), 0);
	say(fd, odd->says);
	for (size_t i = 0; i < odd->repeat && say(fd, "X-More: 0123456789012345678901234567890123456789\r\n"); i++)
		;
	shutdown(fd, SHUT_WR);
	while (recv(fd, waste, sizeof(waste), 0) > 0)
		;
	close(fd);
	return NULL;
}

static void odd_start(struct odd_server *odd, const char *says, size_t repeat)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	*odd = (struct odd_server){ .says = says, .repeat = repeat, .fd = socket(AF_INET, SOCK_STREAM, 0) };
	assert_int_equal(bind(odd->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(odd->fd, 1), 0);
	assert_int_equal(getsockname(odd->fd, (struct sockaddr *)&address, &size), 0);
	snprintf(odd->url, sizeof(odd->url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
	assert_int_equal(pthread_create(&odd->thread, NULL, misbehave, odd), 0);
}

static enum err_code ask_odd(struct setting *setting, const char *says, size_t repeat, size_t max)
{
	struct odd_server odd;

	enum http_stage stage = HTTP_BEFORE;

	odd_start(&odd, says, repeat);
	const struct http_call to_odd = {
		.method = "POST",
		.url = odd.url,
		.body = bytes_of("x"),
		.allow_plain = true,
		.timeout_us = 10 * SECOND_US,
		.max_response_bytes = max,
		.failed_at = &stage,
	};
	struct http_client *client = http_client_new();
	setting->answer = (struct http_answer){ .status = -1 };
	enum err_code code = client->call(client, setting->arena, &to_odd, &setting->answer, &setting->err);
	http_client_free(client); /* closes, so that the thread ends */
	pthread_join(odd.thread, NULL);
	close(odd.fd);
	if (code != OK)
		assert_int_equal(stage, HTTP_ANSWER);
	return code;
}

static void servers_that_misbehave_are_faults(void **state)
{
	static const struct {
		const char *says;
		size_t repeat, max;
		enum err_code code;
	} rows[] = {
		{ "HTTP/1.1 200 OK\r\n\r\nuntil the end", 0, 0, OK },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, 0, OK },
		{ "HTTP/1.1 200 OK\r\n\r\nuntil the end", 0, 5, ERR_LIMIT },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n0\r\n\r\n", 0, 7, ERR_LIMIT },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 0, 0, ERR_NET },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n1234", 0, 0, ERR_NET },
		{ "HTTP/1.1 200 OK\r\n", 4000, 0, ERR_LIMIT },
		{ "", 0, 0, ERR_NET },
		{ "SSH-2.0-OpenSSH\r\n", 0, 0, ERR_NET },
	};
	struct setting *setting = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		enum err_code code = ask_odd(setting, rows[i].says, rows[i].repeat, rows[i].max);
		if (code != rows[i].code)
			fail_msg("row %zu: %s (%s)\n", i, err_row(code)->name, code == OK ? "" : setting->err.text);
	}
}

static void the_header_block_is_that_of_the_last_answer(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(
		ask_odd(setting,
			"HTTP/1.1 100 Continue\r\nX-No: 1\r\n\r\nHTTP/1.1 201 Created\r\nX-Yes: 1\r\nContent-Length: 0\r\n\r\n",
			0, 0),
		OK);
	assert_int_equal(setting->answer.status, 201);
	assert_string_equal(text_of(setting->arena, setting->answer.headers),
			    "HTTP/1.1 201 Created\r\nX-Yes: 1\r\nContent-Length: 0\r\n\r\n");
}

/* A server that restarted, or closed an idle connection, is asked again on a new one. */
static void a_connection_that_died_meanwhile_is_replaced(void **state)
{
	struct setting *setting = *state;
	struct bench bench;

	bench_start_with(&bench, (struct http_server_options){ .idle_us = SECOND_US });
	struct http_call again = {
		.method = "POST",
		.url = arena_printf(setting->arena, "%s/echo", bench.url),
		.body = bytes_of("x"),
		.allow_plain = true,
	};
	assert_int_equal(call(setting, again), OK);
	assert_true(bench_has_connections(&bench, 0));
	assert_int_equal(call(setting, again), OK);
	assert_int_equal(setting->answer.status, 200);
	bench_stop(&bench);
}

static void a_proxy_of_the_environment_is_not_used(void **state)
{
	struct setting *setting = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	enum err_code code = call(setting, call_to(setting, "/echo"));
	unsetenv("http_proxy");
	assert_int_equal(code, OK);
}

/* Only the address that is connected to counts, by whatever name it was found. */
static void who_is_kept_out_of_a_network_does_not_connect_to_it(void **state)
{
	static const struct reach everywhere = { .everywhere_public = true };
	struct setting *setting = *state;
	struct http_call kept_out = call_to(setting, "/echo");
	unsigned port = http_server_port(setting->bench.server);

	kept_out.reach = &everywhere;
	assert_int_equal(call(setting, kept_out), ERR_DENIED);
	assert_non_null(strstr(setting->err.text, "calls may not go"));
	kept_out.url = arena_printf(setting->arena, "http://localhost:%u/echo", port);
	assert_int_equal(call(setting, kept_out), ERR_DENIED);
	kept_out.url = arena_printf(setting->arena, "http://[::ffff:127.0.0.1]:%u/echo", port);
	assert_int_equal(call(setting, kept_out), ERR_DENIED);
	kept_out.url = arena_printf(setting->arena, "http://2130706433:%u/echo", port); /* 127.0.0.1 as one number */
	assert_int_equal(call(setting, kept_out), ERR_DENIED);
	assert_int_equal(bench_counters(&setting->bench).requests, 0);
	kept_out = call_to(setting, "/echo");
	kept_out.reach = &reach_loopback;
	assert_int_equal(call(setting, kept_out), OK);
}

/* A connection that somebody opened who may go anywhere is not lent to who may not. */
static void a_kept_connection_is_no_way_round(void **state)
{
	static const struct reach everywhere = { .everywhere_public = true };
	struct setting *setting = *state;
	struct http_call kept_out = call_to(setting, "/echo");

	assert_int_equal(call(setting, kept_out), OK);
	kept_out.reach = &everywhere;
	assert_int_equal(call(setting, kept_out), ERR_DENIED);
}

static void an_answer_that_may_be_cut_is_cut(void **state)
{
	struct setting *setting = *state;
	struct http_call cut = call_to(setting, "/large");

	cut.max_response_bytes = 1000;
	cut.cut_response = true;
	assert_int_equal(call(setting, cut), OK);
	assert_int_equal(setting->answer.status, 200);
	assert_true(setting->answer.body.size <= 1000);
	assert_int_equal(call(setting, call_to(setting, "/echo")), OK); /* on another connection */
}

struct reader {
	int fd;
	struct buf came;
};

static void *read_all(void *arg)
{
	struct reader *reader = arg;
	int fd = accept(reader->fd, NULL, NULL);
	char part[4096];
	ssize_t got;

	while ((got = recv(fd, part, sizeof(part), 0)) > 0)
		buf_put(&reader->came, part, (size_t)got);
	close(fd);
	return NULL;
}

/* What the other side gets before its connection ends: the head, which speaks of all of it, and so much of the body. */
static void must_get(struct setting *setting, size_t size, size_t broken_after)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	struct reader reader = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
	pthread_t thread;
	char *body = malloc(size);

	assert_non_null(body);
	memset(body, 'x', size);
	buf_init(&reader.came, 2 * MIB);
	assert_int_equal(bind(reader.fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(reader.fd, 1), 0);
	assert_int_equal(getsockname(reader.fd, (struct sockaddr *)&address, &length), 0);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
	const struct http_call post = {
		.method = "POST",
		.url = arena_printf(setting->arena, "http://127.0.0.1:%u/", ntohs(address.sin_port)),
		.body = bytes(body, size),
		.allow_plain = true,
		.break_after = broken_after,
	};
	assert_int_equal(call(setting, post), ERR_NET);
	pthread_join(thread, NULL);
	const char *head_end = strstr(buf_text(&reader.came), "\r\n\r\n");
	assert_non_null(head_end);
	assert_int_equal(reader.came.size - (size_t)(head_end + 4 - buf_text(&reader.came)), broken_after);
	assert_non_null(strstr(buf_text(&reader.came), arena_printf(setting->arena, "Content-Length: %zu\r\n", size)));
	assert_non_null(
		strstr(setting->err.text, arena_printf(setting->arena, "ended after %zu octets", broken_after)));
	buf_done(&reader.came);
	close(reader.fd);
	free(body);
}

static void a_request_that_breaks_off_ends_where_it_was_told(void **state)
{
	must_get(*state, 1000, 500);
	must_get(*state, MIB, MIB - 1);
}

/* More hosts than handles are kept for. */
static void many_partners_are_served_in_turn(void **state)
{
	struct setting *setting = *state;

	for (int i = 0; i < 80; i++) {
		struct http_call partner = call_to(setting, "/echo");
		partner.url = arena_printf(setting->arena, "http://127.0.%d.1:%u/echo", i % 40,
					   http_server_port(setting->bench.server));
		/* Only 127.0.0.1 is listened on; the others are refused, which must cost nothing but the answer. */
		assert_int_equal(call(setting, partner), i % 40 == 0 ? OK : ERR_NET);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_status_is_an_answer),
		TEST(redirects_are_not_followed),
		TEST(plain_http_must_be_allowed),
		TEST(only_sound_urls_are_called),
		TEST(a_header_cannot_smuggle_another),
		TEST(a_refused_connection_says_what_to_check),
		TEST(an_unknown_name_says_what_to_check),
		TEST(an_answer_over_the_bound_is_not_read),
		TEST(an_answer_that_does_not_fit_the_arena_is_a_fault),
		TEST(what_did_not_go_out_whole_is_told_apart),
		TEST(an_exchange_ends_when_its_time_is_up),
		TEST(a_url_begins_with_its_scheme_and_a_host),
		TEST(the_end_of_the_process_ends_an_exchange),
		TEST(servers_that_misbehave_are_faults),
		TEST(the_header_block_is_that_of_the_last_answer),
		TEST(a_connection_that_died_meanwhile_is_replaced),
		TEST(a_proxy_of_the_environment_is_not_used),
		TEST(many_partners_are_served_in_turn),
		TEST(who_is_kept_out_of_a_network_does_not_connect_to_it),
		TEST(a_kept_connection_is_no_way_round),
		TEST(an_answer_that_may_be_cut_is_cut),
		TEST(a_request_that_breaks_off_ends_where_it_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
