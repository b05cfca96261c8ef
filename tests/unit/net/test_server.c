#include "net_test.h"

struct setting {
	struct bench bench;
	struct http_client *client;
	struct arena *arena;
	struct http_answer answer;
	struct err err;
};

static int set_up(void **state)
{
	struct setting *setting = calloc(1, sizeof(*setting));

	bench_start_with(&setting->bench, (struct http_server_options){ .workers = 4, .io_threads = 2 });
	setting->client = http_client_new();
	setting->arena = arena_new(128 * MIB);
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

static void must_ask(struct setting *setting, const char *method, const char *target, struct bytes body)
{
	if (ask(setting->client, setting->arena, &setting->bench, method, target, body, &setting->answer,
		&setting->err) != OK)
		fail_msg("%s %s: %s\n", method, target, setting->err.text);
}

static const char *said(struct setting *setting)
{
	return text_of(setting->arena, setting->answer.body);
}

static const char *header(struct setting *setting, const char *name)
{
	return answer_header(setting->arena, &setting->answer, name);
}

static void a_get_is_answered_by_the_handler(void **state)
{
	struct setting *setting = *state;

	must_ask(setting, "GET", "/path/%E1%9E%80%20a", bytes(NULL, 0));
	assert_int_equal(setting->answer.status, 200);
	assert_string_equal(setting->answer.content_type, "text/plain");
	assert_string_equal(said(setting), "/path/\xE1\x9E\x80 a");
	assert_string_equal(header(setting, "X-Method"), "GET");

	must_ask(setting, "GET", "/query?x=1&name=a%26b", bytes(NULL, 0));
	assert_string_equal(said(setting), "a&b");
	must_ask(setting, "GET", "/unknown", bytes(NULL, 0));
	assert_int_equal(setting->answer.status, 404);
	assert_int_equal(setting->answer.body.size, 0);
}

static void methods_arrive_as_they_were_sent(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS" };
	struct setting *setting = *state;

	for (size_t i = 0; i < COUNT(methods); i++) {
		must_ask(setting, methods[i], "/echo", bytes(NULL, 0));
		assert_int_equal(setting->answer.status, 200);
		assert_string_equal(header(setting, "X-Method"), methods[i]);
	}
}

static void a_body_comes_back_byte_for_byte(void **state)
{
	static const uint8_t body[] = "first\0second\r\n\r\n\xff";
	struct setting *setting = *state;

	must_ask(setting, "POST", "/echo", bytes(body, sizeof(body)));
	assert_int_equal(setting->answer.body.size, sizeof(body));
	assert_memory_equal(setting->answer.body.data, body, sizeof(body));
}

static void twenty_mebibytes_pass_both_ways(void **state)
{
	struct setting *setting = *state;
	uint8_t *body = malloc(20 * MIB);

	assert_non_null(body);
	for (size_t i = 0; i < 20 * MIB; i++)
		body[i] = (uint8_t)(i * 31 >> 7);
	must_ask(setting, "POST", "/upload", bytes(body, 20 * MIB));
	bool equal = bytes_same(setting->answer.body, bytes(body, 20 * MIB));
	free(body);
	assert_int_equal(setting->answer.status, 200);
	assert_true(equal);
}

static void an_answer_in_an_owned_buffer_is_sent_and_freed(void **state)
{
	struct setting *setting = *state;

	must_ask(setting, "GET", "/large", bytes(NULL, 0));
	assert_int_equal(setting->answer.body.size, 16 * MIB);
	assert_int_equal(setting->answer.body.data[16 * MIB - 1], 'x');
}

/* RFC 9112 7.1: chunk sizes are hexadecimal, extensions are ignored, a zero chunk ends. */
static void a_chunked_body_is_put_together(void **state)
{
	struct setting *setting = *state;
	int fd = dial(&setting->bench);
	char text[512] = "";

	assert_true(
		say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"));
	assert_true(say(fd, "5;x=y\r\nhello\r\n"));
	sleep_ms(50);
	assert_true(say(fd, "C\r\n, this world\r\n0\r\n\r\n"));
	for (size_t size = 0; size < sizeof(text) - 1;) {
		ssize_t got = recv(fd, text + size, sizeof(text) - 1 - size, 0);
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	close(fd);
	assert_true(starts_with(text, "HTTP/1.1 200 "));
	assert_true(ends_with(text, "\r\n\r\nhello, this world"));
}

static void header_names_are_found_in_any_case(void **state)
{
	struct setting *setting = *state;
	const struct http_header sent[] = { { "X-Test", "value with; marks" }, { "X-Other", "" } };
	const struct http_call call = {
		.method = "GET",
		.url = arena_printf(setting->arena, "%s/header", setting->bench.url),
		.allow_plain = true,
		.headers = sent,
		.headers_count = 2,
	};

	assert_int_equal(setting->client->call(setting->client, setting->arena, &call, &setting->answer, &setting->err),
			 OK);
	assert_string_equal(said(setting), "value with; marks");
}

/* RFC 9110 10.1.1: the interim answer comes before the body is sent. */
static void who_expects_100_continue_gets_it(void **state)
{
	struct setting *setting = *state;
	int fd = dial(&setting->bench);

	assert_true(say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
	assert_int_equal(read_status(fd), 100);
	assert_true(say(fd, "hello"));
	assert_int_equal(read_status(fd), 200);
	close(fd);
}

/* The counter is of the whole server: one row of it speaks for each refused body. */
static void a_body_that_is_too_large_is_refused_before_it_is_sent(void **state)
{
	struct setting *setting = *state;
	int fd = dial(&setting->bench);

	assert_true(say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\nExpect: 100-continue\r\n\r\n"));
	assert_int_equal(read_status(fd), 413);
	assert_true(is_closed(fd));
	close(fd);

	/* Without Expect as well: not one byte of the gigabyte was sent. */
	fd = dial(&setting->bench);
	assert_true(say(fd, "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n"));
	assert_int_equal(read_status(fd), 413);
	assert_true(is_closed(fd));
	close(fd);
	assert_int_equal(bench_counters(&setting->bench).too_large, 2);
}

static void a_body_that_is_a_little_too_large_is_refused_and_the_connection_kept(void **state)
{
	struct setting *setting = *state;
	uint8_t *body = calloc(1, 64 * 1024 + 1);

	assert_non_null(body);
	must_ask(setting, "POST", "/echo", bytes(body, 64 * 1024));
	assert_int_equal(setting->answer.status, 200);
	char *peer = arena_text(setting->arena, header(setting, "X-Peer"));
	must_ask(setting, "POST", "/echo", bytes(body, 64 * 1024 + 1));
	assert_int_equal(setting->answer.status, 413);
	must_ask(setting, "POST", "/echo", bytes(body, 1));
	assert_string_equal(header(setting, "X-Peer"), peer);
	free(body);
}

/* RFC 9457 4.2.1: about:blank, whose title is the status's phrase. The AS4 endpoint tells strangers nothing. */
static void a_refusal_is_explained_where_programs_ask(void **state)
{
	struct setting *setting = *state;
	uint8_t *body = calloc(1, 64 * 1024 + 1);

	assert_non_null(body);
	must_ask(setting, "POST", "/echo", bytes(body, 64 * 1024 + 1));
	assert_int_equal(setting->answer.status, 413);
	assert_int_equal(setting->answer.body.size, 0);
	assert_string_equal(setting->answer.content_type, "");
	bench_stop(&setting->bench);
	bench_start_with(&setting->bench, (struct http_server_options){ .explains = true });
	must_ask(setting, "POST", "/echo", bytes(body, 64 * 1024 + 1));
	assert_int_equal(setting->answer.status, 413);
	assert_string_equal(setting->answer.content_type, "application/problem+json");
	assert_true(bytes_same(setting->answer.body,
			       bytes_of("{\"type\":\"about:blank\",\"title\":\"Content Too Large\",\"status\":413,"
					"\"detail\":\"a body has at most 65536 octets here\"}")));
	free(body);
}

static void a_chunked_body_that_is_too_large_is_refused(void **state)
{
	struct setting *setting = *state;
	char chunk[1024 + 1];
	int fd = dial(&setting->bench);

	memset(chunk, 'x', 1024);
	chunk[1024] = '\0';
	assert_true(say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
	for (int i = 0; i < 65; i++)
		assert_true(say(fd, "400\r\n") && say(fd, chunk) && say(fd, "\r\n"));
	assert_true(say(fd, "0\r\n\r\n"));
	assert_int_equal(read_status(fd), 413);
	close(fd);
}

static void a_chunked_body_without_end_is_cut(void **state)
{
	struct setting *setting = *state;
	char chunk[64 * 1024 + 1];
	int fd = dial(&setting->bench);
	bool taken = true;

	memset(chunk, 'x', sizeof(chunk) - 1);
	chunk[sizeof(chunk) - 1] = '\0';
	assert_true(say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
	for (int i = 0; taken && i < 1024; i++) /* 64 MiB at most */
		taken = say(fd, "10000\r\n") && say(fd, chunk) && say(fd, "\r\n");
	assert_false(taken);
	close(fd);
}

static void what_is_not_admitted_never_reaches_the_handler(void **state)
{
	struct setting *setting = *state;

	must_ask(setting, "POST", "/forbidden", bytes_of("body"));
	assert_int_equal(setting->answer.status, 403);
	assert_string_equal(header(setting, "X-Method"), "");
	must_ask(setting, "GET", "/forbidden", bytes(NULL, 0));
	assert_int_equal(setting->answer.status, 403);
}

/* RFC 9112 6.1, 6.3 and 5.1: what two readers could take for requests of different lengths. RFC 9112 3.2: one Host. */
static void ambiguous_framing_is_refused(void **state)
{
	static const struct {
		const char *request;
		int status;
	} rows[] = {
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		  400 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", 400 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", 400 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501 },
		{ "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
		{ "GET /echo HTTP/1.1\r\n\r\n", 400 },
		{ "G\xff\x45T /echo HTTP/1.1\r\nHost: a\r\n\r\n", 400 },  /* a method is a token (RFC 9110 9.1) */
		{ "GET /echo?a\xff=1 HTTP/1.1\r\nHost: a\r\n\r\n", 400 }, /* a URI is text (RFC 3986 2) */
		{ "GET /echo HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417 },
		{ "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
	};
	struct setting *setting = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		int status = status_of_raw(&setting->bench, rows[i].request);
		if (status != rows[i].status)
			fail_msg("row %zu: %d, not %d\n", i, status, rows[i].status);
	}
}

static void a_path_that_climbs_or_hides_is_refused(void **state)
{
	static const struct {
		const char *target;
		int status;
	} rows[] = {
		{ "/path/../echo", 400 },   { "/..", 400 },           { "/path/%2e%2E/x", 400 },
		{ "/path/..%2Fx", 400 },    { "/path%00", 400 },      { "/path%0a", 400 },
		{ "/path%7f", 400 },        { "/path%4", 400 },       { "/path%zz", 400 },
		{ "/path%FF", 400 },        { "echo", 400 },          { "/path/..x/x..", 200 },
		{ "/path/.../x", 200 },     { "http://a/path", 200 }, { "/path?../..", 200 },
		{ "/query?name=%00", 200 },
	};
	struct setting *setting = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char request[256];
		snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", rows[i].target);
		int status = status_of_raw(&setting->bench, request);
		if (status != rows[i].status)
			fail_msg("%s: %d, not %d\n", rows[i].target, status, rows[i].status);
	}
}

static void a_header_block_over_its_bound_is_refused(void **state)
{
	struct setting *setting = *state;
	int fd = dial(&setting->bench);
	char line[1024];

	memset(line, 'x', sizeof(line));
	memcpy(line, "X-Long: ", 8);
	memcpy(line + sizeof(line) - 3, "\r\n", 3);
	assert_true(say(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n"));
	for (int i = 0; i < 64; i++) /* 64 KiB, twice the bound */
		say(fd, line);
	say(fd, "\r\n");
	int status = read_status(fd);
	close(fd);
	assert_true(status == 431 || status == 413);
}

/* The library gives up on such a request after it has begun: LeakSanitizer sees whether anything of it stays. */
static void a_query_of_more_parameters_than_there_is_room_for_is_refused(void **state)
{
	enum { PARAMETERS = 800 };
	struct setting *setting = *state;
	char request[4096] = "GET /echo?";

	for (size_t i = 0, end = strlen(request); i < PARAMETERS; i++, end += 2)
		memcpy(request + end, "a&", 3);
	strcat(request, " HTTP/1.1\r\nHost: a\r\n\r\n");
	int status = status_of_raw(&setting->bench, request);
	assert_true(status == 0 || status >= 400); /* 0: closed without an answer */
	must_ask(setting, "GET", "/echo", bytes(NULL, 0));
}

static void answers_are_not_cached_unless_the_handler_says_so(void **state)
{
	struct setting *setting = *state;

	must_ask(setting, "GET", "/echo", bytes(NULL, 0));
	assert_string_equal(header(setting, "Cache-Control"), "no-store");
	assert_string_equal(header(setting, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(header(setting, "Server"), "");
	must_ask(setting, "GET", "/cached", bytes(NULL, 0));
	assert_string_equal(header(setting, "Cache-Control"), "max-age=60");
}

/* RFC 9110 8.6: the length of what a 200 would send; 15.4.5: and nothing behind the head, so the next answer follows.
 */
static void a_304_tells_the_length_of_what_it_does_not_send(void **state)
{
	struct setting *setting = *state;
	char text[2048] = "";
	size_t size = 0;
	int fd = dial(&setting->bench);

	assert_true(say(
		fd, "GET /known HTTP/1.1\r\nHost: a\r\n\r\nGET /no HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
	for (ssize_t n; size < sizeof(text) - 1 && (n = read(fd, text + size, sizeof(text) - 1 - size)) > 0;)
		size += (size_t)n;
	close(fd);
	char *end = strstr(text, "\r\n\r\n");
	assert_non_null(end);
	assert_true(starts_with(text, "HTTP/1.1 304 "));
	assert_true(starts_with(end + 4, "HTTP/1.1 404 "));
	*end = '\0';
	assert_non_null(strstr(text, "Content-Length: 27"));
	assert_null(strstr(text, "\r\nContent-Type:"));
}

static void a_handler_without_a_valid_answer_is_a_500(void **state)
{
	struct setting *setting = *state;

	must_ask(setting, "GET", "/nothing", bytes(NULL, 0));
	assert_int_equal(setting->answer.status, 500);
	must_ask(setting, "GET", "/injection", bytes(NULL, 0));
	assert_int_equal(setting->answer.status, 500);
	assert_string_equal(header(setting, "X-Injected"), "");
}

static void a_connection_is_used_again(void **state)
{
	struct setting *setting = *state;

	must_ask(setting, "GET", "/echo", bytes(NULL, 0));
	char *peer = arena_text(setting->arena, header(setting, "X-Peer"));
	assert_true(starts_with(peer, "127.0.0.1:"));
	for (int i = 0; i < 10; i++) {
		must_ask(setting, "POST", "/echo", bytes_of("x"));
		assert_string_equal(header(setting, "X-Peer"), peer);
	}
	struct http_server_counters counters = bench_counters(&setting->bench);
	assert_int_equal(counters.connections, 1);
	assert_int_equal(counters.requests, 11);
}

static void requests_in_one_packet_are_answered_in_order(void **state)
{
	struct setting *setting = *state;
	int fd = dial(&setting->bench);

	assert_true(say(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\nGET /no HTTP/1.1\r\nHost: a\r\n\r\n"
			    "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_int_equal(read_status(fd), 200);
	assert_int_equal(read_status(fd), 404);
	assert_int_equal(read_status(fd), 200);
	close(fd);
}

static void *ask_to_meet(void *arg)
{
	struct setting *setting = arg;
	arena_auto arena = arena_new(MIB);
	struct http_answer answer;
	struct err err;

	if (ask(setting->client, arena, &setting->bench, "GET", "/meet", bytes(NULL, 0), &answer, &err) != OK)
		return NULL;
	return bytes_same(answer.body, bytes_of("met")) ? setting : NULL;
}

static void handlers_run_at_the_same_time(void **state)
{
	struct setting *setting = *state;
	pthread_t threads[2];
	void *met[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_to_meet, setting), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], &met[i]);
	assert_non_null(met[0]);
	assert_non_null(met[1]);
}

static void *ask_often(void *arg)
{
	struct setting *setting = arg;

	for (int i = 0; i < 50; i++) {
		arena_auto arena = arena_new(MIB);
		struct http_answer answer;
		struct err err;
		const char *text = arena_printf(arena, "request %d", i);
		if (ask(setting->client, arena, &setting->bench, "POST", "/echo", bytes_of(text), &answer, &err) !=
			    OK ||
		    !bytes_same(answer.body, bytes_of(text)))
			return NULL;
	}
	return setting;
}

static void many_clients_each_get_their_own_answers(void **state)
{
	struct setting *setting = *state;
	pthread_t threads[8];
	size_t right = 0;

	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, setting), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *result;
		pthread_join(threads[i], &result);
		right += result != NULL;
	}
	assert_int_equal(right, COUNT(threads));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_get_is_answered_by_the_handler),
		TEST(methods_arrive_as_they_were_sent),
		TEST(a_body_comes_back_byte_for_byte),
		TEST(twenty_mebibytes_pass_both_ways),
		TEST(an_answer_in_an_owned_buffer_is_sent_and_freed),
		TEST(a_chunked_body_is_put_together),
		TEST(header_names_are_found_in_any_case),
		TEST(who_expects_100_continue_gets_it),
		TEST(a_body_that_is_too_large_is_refused_before_it_is_sent),
		TEST(a_body_that_is_a_little_too_large_is_refused_and_the_connection_kept),
		TEST(a_refusal_is_explained_where_programs_ask),
		TEST(a_chunked_body_that_is_too_large_is_refused),
		TEST(a_chunked_body_without_end_is_cut),
		TEST(what_is_not_admitted_never_reaches_the_handler),
		TEST(ambiguous_framing_is_refused),
		TEST(a_path_that_climbs_or_hides_is_refused),
		TEST(a_header_block_over_its_bound_is_refused),
		TEST(a_query_of_more_parameters_than_there_is_room_for_is_refused),
		TEST(answers_are_not_cached_unless_the_handler_says_so),
		TEST(a_handler_without_a_valid_answer_is_a_500),
		TEST(a_304_tells_the_length_of_what_it_does_not_send),
		TEST(a_connection_is_used_again),
		TEST(requests_in_one_packet_are_answered_in_order),
		TEST(handlers_run_at_the_same_time),
		TEST(many_clients_each_get_their_own_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
