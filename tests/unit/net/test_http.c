#include "net_test.h"

static struct http_request request_of(struct arena *arena, const char *query)
{
	static const struct http_header headers[] = {
		{ "Content-Type", "text/xml" },
		{ "X-Empty", "" },
		{ "X-Twice", "first" },
		{ "X-Twice", "second" },
	};

	return (struct http_request){
		.arena = arena, .query = query, .headers = headers, .headers_count = COUNT(headers)
	};
}

/* RFC 9110 5.1: field names are case-insensitive. */
static void a_header_is_found_in_any_case(void **state)
{
	struct http_request request = request_of(NULL, "");

	(void)state;
	assert_string_equal(http_header(&request, "content-TYPE"), "text/xml");
	assert_string_equal(http_header(&request, "x-empty"), "");
	assert_string_equal(http_header(&request, "X-Twice"), "first");
	assert_null(http_header(&request, "Content"));
	assert_null(http_header(&request, "Content-Type-Options"));
}

/* WHATWG URL 5.1 (application/x-www-form-urlencoded parsing): '+' is a space, %XX a byte. */
static void a_query_parameter_is_decoded(void **state)
{
	arena_auto arena = arena_new(4096);
	struct http_request request =
		request_of(arena, "a=1&b=x+y%2Bz&na%6De=%E1%9E%80&empty=&flag&b=again&&c=%3D%26=");

	(void)state;
	assert_string_equal(http_query(&request, "a"), "1");
	assert_string_equal(http_query(&request, "b"), "x y+z");
	assert_string_equal(http_query(&request, "name"), "\xE1\x9E\x80"); /* U+1780 KHMER LETTER KA */
	assert_string_equal(http_query(&request, "empty"), "");
	assert_string_equal(http_query(&request, "flag"), "");
	assert_string_equal(http_query(&request, "c"), "=&=");
	assert_null(http_query(&request, "nam"));
	assert_null(http_query(&request, "names"));
	assert_null(http_query(&request, ""));
}

static void a_malformed_query_parameter_counts_as_absent(void **state)
{
	static const char *const values[] = { "a=%", "a=%4", "a=%4g", "a=%00", "a=x%00y", "a=%C3", "a=%ED%A0%80" };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		arena_auto arena = arena_new(4096);
		struct http_request request = request_of(arena, values[i]);
		assert_null(http_query(&request, "a"));
	}
}

static void a_full_arena_gives_no_parameter(void **state)
{
	arena_auto arena = arena_new(4);
	struct http_request request = request_of(arena, "a=12345678");

	(void)state;
	assert_null(http_query(&request, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_found_in_any_case),
		cmocka_unit_test(a_query_parameter_is_decoded),
		cmocka_unit_test(a_malformed_query_parameter_counts_as_absent),
		cmocka_unit_test(a_full_arena_gives_no_parameter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
