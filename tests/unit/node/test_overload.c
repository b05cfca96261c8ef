/* Which class a request is of. The actions are those of ebMS 2.0 §6, §8 and ebMS 3.0 §5.2.2.8; whole messages are those
 * that other programs made (docs/interop.md). */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "node/config.h"
#include "node/overload_int.h"

enum { LIST, REPEATED, OTHER, WATCH, SETTLE }; /* as they are refused */

struct asked {
	const char *method, *target, *type, *key, *body;
	size_t by_headers, whole;
};

static void assert_class(http_classify *classify, const struct asked *row)
{
	arena_auto arena = arena_new((size_t)1 << 20);
	struct http_header headers[2];
	struct http_request request = { .arena = arena, .method = row->method, .headers = headers };

	assert_true(http_target(arena, row->target, &request));
	if (row->type)
		headers[request.headers_count++] = (struct http_header){ "Content-Type", row->type };
	if (row->key)
		headers[request.headers_count++] = (struct http_header){ "Idempotency-Key", row->key };
	size_t before = classify(NULL, &request, false);
	request.body = bytes_of(row->body ? row->body : "");
	size_t after = classify(NULL, &request, true);
	if (before != row->by_headers || after != row->whole)
		fail_msg("%s %s (%s): %zu, %zu", row->method, row->target, row->body ? row->body : "", before, after);
}

#define SOAP_11 "text/xml"
#define SOAP_12 "multipart/related; boundary=b; type=\"application/soap+xml\""
#define TEST    "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/test"

static void the_gateway_tells_what_settles_from_what_comes_again(void **state)
{
	static const struct asked rows[] = {
		{ "POST", "/ebms", SOAP_11, NULL, "<eb:Action>Acknowledgment</eb:Action>", SETTLE, SETTLE },
		{ "POST", "/ebms", SOAP_11, NULL, "<eb:Action>MessageError</eb:Action>", SETTLE, SETTLE },
		{ "POST", "/ebms", SOAP_11, NULL, "<e:Action>Pong</e:Action>", SETTLE, SETTLE },
		{ "POST", "/as4", SOAP_11, NULL, "<e:Action>StatusResponse</e:Action>", SETTLE, SETTLE },
		{ "POST", "/ebms", SOAP_11, NULL, "<eb:Action>Ping</eb:Action>", SETTLE, LIST },
		{ "POST", "/ebms", SOAP_11, NULL, "<eb:Action>StatusRequest</eb:Action>", SETTLE, LIST },
		{ "POST", "/ebms", SOAP_11, NULL, "<eb:Action>FORM-D</eb:Action>", SETTLE, REPEATED },
		{ "POST", "/ebms", SOAP_11, NULL,
		  "<eb:Action>FORM-D</eb:Action> an attachment: <eb:Action>Acknowledgment</eb:Action>", SETTLE,
		  REPEATED },
		{ "POST", "/as4", SOAP_12, NULL, "<eb:Action>FORM-D</eb:Action>", REPEATED, REPEATED },
		{ "POST", "/as4", SOAP_12, NULL, "<eb:Action>" TEST "</eb:Action>", REPEATED, LIST },
		/* what is not understood is no answer of anybody */
		{ "POST", "/as4", SOAP_11, NULL, "", SETTLE, REPEATED },
		{ "POST", "/as4", SOAP_11, NULL, "<eb:Action>", SETTLE, REPEATED },
		{ "POST", "/as4", SOAP_11, NULL, "<eb:Action>Acknowledgment", SETTLE, REPEATED },
		{ "GET", "/health/live", NULL, NULL, NULL, WATCH, WATCH },
		{ "GET", "/health/ready", NULL, NULL, NULL, WATCH, WATCH },
		{ "GET", "/metrics", NULL, NULL, NULL, WATCH, WATCH },
		{ "GET", "/favicon.ico", NULL, NULL, NULL, LIST, LIST },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_class(overload_gateway, &rows[i]);
}

/* The body of a recorded file, behind its headers. */
static struct bytes recorded(struct arena *arena, const char *name)
{
	static const size_t max = (size_t)1 << 20;
	const char *root = getenv("LINTAS_SOURCE");
	const char *path = arena_printf(arena, "%s/tests/interop/%s", root ? root : ".", name);
	uint8_t *data = arena_alloc(arena, max);
	FILE *file = fopen(path, "rb");

	if (!file)
		fail_msg("cannot open %s", path);
	size_t size = fread(data, 1, max, file);
	fclose(file);
	uint8_t *end = memmem(data, size, "\r\n\r\n", 4);
	assert_non_null(end);
	return bytes(end + 4, size - (size_t)(end + 4 - data));
}

static void what_others_send_is_told_apart(void **state)
{
	static const struct {
		const char *name;
		size_t class;
	} rows[] = {
		{ "ebms2/recorded/signal-acknowledgment.ebms2", SETTLE },
		{ "ebms2/recorded/signal-error.ebms2", SETTLE },
		{ "ebms2/recorded/signal-pong.ebms2", SETTLE },
		{ "ebms2/recorded/signal-status-response.ebms2", SETTLE },
		{ "ebms2/recorded/hermes-1-async.ebms2", REPEATED },
		{ "ebms2/recorded/specification-3-sync.ebms2", REPEATED },
		{ "ebms2/recorded/prefix-1-sync.ebms2", REPEATED },
		{ "as4/recorded/edelivery-1.15/message.as4", REPEATED },
		{ "as4/recorded/edelivery-2.0/message.as4", REPEATED },
	};
	arena_auto arena = arena_new((size_t)32 << 20);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct http_request request = {
			.arena = arena, .method = "POST", .path = "/ebms", .body = recorded(arena, rows[i].name)
		};
		size_t class = overload_gateway(NULL, &request, true);
		if (class != rows[i].class)
			fail_msg("%s: %zu", rows[i].name, class);
	}
}

static void the_interface_goes_by_the_rows_of_its_routes(void **state)
{
	static const struct asked rows[] = {
		{ "GET", "/api/v1/documents?limit=5", NULL, NULL, NULL, LIST, LIST },
		{ "GET", "/api/v1/events", NULL, NULL, NULL, LIST, LIST },
		{ "GET", "/api/v1/events/stream", NULL, NULL, NULL, LIST, LIST },
		{ "GET", "/api/v1/nothing", NULL, NULL, NULL, LIST, LIST },
		{ "POST", "/api/v1/documents", "application/xml", "k", "<x/>", REPEATED, REPEATED },
		{ "POST", "/api/v1/documents", "application/xml", NULL, "<x/>", OTHER, OTHER },
		{ "GET", "/api/v1/documents/D2026-1", NULL, NULL, NULL, OTHER, OTHER },
		{ "POST", "/api/v1/messages/m/release", NULL, "k", NULL, OTHER, OTHER }, /* no route of keys */
		{ "POST", "/api/v1/tokens", NULL, NULL, NULL, OTHER, OTHER },
		{ "GET", "/api/v1/status", NULL, NULL, NULL, WATCH, WATCH },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_class(overload_interface, &rows[i]);
}

static void the_thresholds_are_those_of_the_configuration(void **state)
{
	static const struct config config = { .refuse_lists = 10, .refuse_repeated = 20, .refuse_others = 30 };
	static const int64_t expected[] = { 10, 20, 30, 0, 0 };
	struct http_class classes[OVERLOAD_CLASSES];

	(void)state;
	overload_classes(&config, classes);
	for (size_t i = 0; i < OVERLOAD_CLASSES; i++) {
		assert_int_equal(classes[i].refused_at, expected[i]);
		assert_int_equal(classes[i].first, i == SETTLE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_gateway_tells_what_settles_from_what_comes_again),
		cmocka_unit_test(what_others_send_is_told_apart),
		cmocka_unit_test(the_interface_goes_by_the_rows_of_its_routes),
		cmocka_unit_test(the_thresholds_are_those_of_the_configuration),
	};

	return cmocka_run_group_tests_name("overload", tests, NULL, NULL);
}
