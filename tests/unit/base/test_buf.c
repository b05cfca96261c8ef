#include "../unit.h"

#include "base/buf.h"

#ifdef UNDER_ASAN
/* The system refuses what is absurdly large; so shall AddressSanitizer, instead of ending the program. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
#endif

static void what_is_put_is_there_and_ends_with_nul(void **state)
{
	(void)state;
	buf_auto buf;

	buf_init(&buf, 1000);
	assert_string_equal(buf_text(&buf), "");
	buf_puts(&buf, "Lin");
	buf_putc(&buf, 't');
	buf_put(&buf, "as\0", 3);
	buf_put_bytes(&buf, bytes(NULL, 0));
	buf_printf(&buf, "%s=%d", "n", 42);
	assert_int_equal(buf.size, 11);
	assert_memory_equal(buf.data, "Lintas\0n=42", 12);
	assert_int_equal(buf_check(&buf, "line", NULL), OK);
}

static void a_buffer_grows_over_many_appends(void **state)
{
	(void)state;
	buf_auto buf;

	buf_init(&buf, 100000);
	for (int i = 0; i < 100000; i++)
		buf_putc(&buf, (char)('a' + i % 26));
	assert_int_equal(buf_check(&buf, "text", NULL), OK);
	assert_int_equal(buf.size, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	assert_int_equal(buf.data[100000], 0);
}

static void the_maximum_holds_to_the_byte(void **state)
{
	(void)state;
	struct err err = { 0 };
	buf_auto buf;

	buf_init(&buf, 5);
	buf_puts(&buf, "12345");
	assert_int_equal(buf_check(&buf, "receipt", &err), OK);
	buf_putc(&buf, '6');
	assert_int_equal(buf_check(&buf, "receipt", &err), ERR_LIMIT);
	assert_non_null(strstr(err.text, "receipt"));
	assert_non_null(strstr(err.text, "5 bytes"));
	assert_string_equal(buf_text(&buf), "12345");
}

static void after_a_failure_nothing_more_goes_in(void **state)
{
	(void)state;
	buf_auto buf;

	buf_init(&buf, 5);
	buf_puts(&buf, "123456");
	buf_puts(&buf, "1");
	buf_printf(&buf, "%d", 2);
	assert_null(buf_reserve(&buf, 1));
	assert_int_equal(buf.size, 0);
	assert_int_equal(buf_check(&buf, "line", NULL), ERR_LIMIT);
}

static void a_cleared_buffer_starts_again_with_the_same_maximum(void **state)
{
	(void)state;
	buf_auto buf;

	buf_init(&buf, 3);
	buf_puts(&buf, "abc");
	buf_puts(&buf, "d");
	buf_clear(&buf);
	assert_string_equal(buf_text(&buf), "");
	buf_puts(&buf, "xyz");
	assert_int_equal(buf_check(&buf, "line", NULL), OK);
	assert_string_equal(buf_text(&buf), "xyz");
	buf_puts(&buf, "!");
	assert_int_equal(buf_check(&buf, "line", NULL), ERR_LIMIT);
}

static void reserved_room_counts_when_it_is_used(void **state)
{
	(void)state;
	buf_auto buf;

	buf_init(&buf, 10);
	uint8_t *to = buf_reserve(&buf, 10);
	assert_non_null(to);
	memcpy(to, "0123", 4);
	assert_int_equal(buf.size, 0);
	buf_grown(&buf, 4);
	assert_string_equal(buf_text(&buf), "0123");
	assert_non_null(buf_reserve(&buf, 6));
	assert_null(buf_reserve(&buf, 7));
	assert_int_equal(buf_check(&buf, "line", NULL), ERR_LIMIT);
}

static void a_buffer_that_is_done_takes_nothing_until_initialised(void **state)
{
	(void)state;
	struct buf buf;

	buf_init(&buf, 100);
	buf_puts(&buf, "x");
	buf_done(&buf);
	buf_puts(&buf, "y");
	assert_int_equal(buf_check(&buf, "line", NULL), ERR_LIMIT);
	buf_init(&buf, 100);
	buf_puts(&buf, "z");
	assert_string_equal(buf_text(&buf), "z");
	buf_done(&buf);
	assert_null(buf.data);
}

static void a_system_without_memory_is_told_from_a_limit(void **state)
{
	(void)state;
	struct err err = { 0 };
	buf_auto buf;

	buf_init(&buf, SIZE_MAX);
	buf_puts(&buf, "kept");
	assert_null(buf_reserve(&buf, SIZE_MAX / 4));
	assert_int_equal(buf_check(&buf, "attachment", &err), ERR_MEMORY);
	assert_non_null(strstr(err.text, "attachment"));
	assert_string_equal(buf_text(&buf), "kept");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_is_there_and_ends_with_nul),
		cmocka_unit_test(a_buffer_grows_over_many_appends),
		cmocka_unit_test(the_maximum_holds_to_the_byte),
		cmocka_unit_test(after_a_failure_nothing_more_goes_in),
		cmocka_unit_test(a_cleared_buffer_starts_again_with_the_same_maximum),
		cmocka_unit_test(reserved_room_counts_when_it_is_used),
		cmocka_unit_test(a_buffer_that_is_done_takes_nothing_until_initialised),
		cmocka_unit_test(a_system_without_memory_is_told_from_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
