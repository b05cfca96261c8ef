#include "files.h"

#include <limits.h>

#include "codec/gzip.h"

static const char sentence[] = "The goods left Bangkok on 2 November 2026.";

static struct bytes packed_by_gzip(struct arena *arena, const char *text)
{
	struct bytes packed = { 0 };

	if (!oracle(arena, "gzip -c", bytes_of(text), &packed)) {
		print_message("SKIPPED: the gzip program is not installed\n");
		skip();
	}
	return packed;
}

static void assert_expand(struct bytes packed, unsigned ratio, size_t max_bytes, enum err_code expected)
{
	struct err err = { 0 };
	buf_auto out = { 0 };

	buf_init(&out, max_bytes);
	buf_puts(&out, "kept");
	assert_int_equal(gzip_expand(packed, ratio, &out, &err), expected);
	if (expected != OK) {
		assert_bytes(buf_bytes(&out), "kept");
		assert_string_not_equal(err.text, "");
	}
}

/* Oracle: the gzip program. */
static void gzip_reads_what_we_write(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct err err;
	for (int level = 1; level <= 12; level++) {
		buf_auto packed = { 0 };
		struct bytes plain = { 0 };
		buf_init(&packed, 4096);
		assert_int_equal(gzip_compress(bytes_of(sentence), level, &packed, &err), OK);
		if (!oracle(arena, "gzip -dc", buf_bytes(&packed), &plain)) {
			assert_int_not_equal(system("gzip --version >/dev/null 2>&1"), 0);
			print_message("SKIPPED: the gzip program is not installed\n");
			skip();
		}
		assert_bytes(plain, sentence);
	}
}

static void we_read_what_gzip_writes(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct err err;
	buf_auto out = { 0 };

	buf_init(&out, 4096);
	assert_int_equal(gzip_expand(packed_by_gzip(arena, sentence), 10, &out, &err), OK);
	assert_bytes(buf_bytes(&out), sentence);
}

static void nothing_is_something_that_can_be_packed(void **state)
{
	(void)state;
	struct err err;
	buf_auto packed = { 0 };
	buf_auto out = { 0 };

	buf_init(&packed, 64);
	buf_init(&out, 64);
	assert_int_equal(gzip_compress(bytes(NULL, 0), 6, &packed, &err), OK);
	assert_int_equal(gzip_expand(buf_bytes(&packed), 10, &out, &err), OK);
	assert_int_equal(out.size, 0);
}

/* RFC 1952 §2.2: a file is a series of members. */
static void members_are_joined(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct err err;
	buf_auto two = { 0 };
	buf_auto out = { 0 };

	buf_init(&two, 4096);
	buf_init(&out, 4096);
	buf_put_bytes(&two, packed_by_gzip(arena, "Port Klang "));
	buf_put_bytes(&two, packed_by_gzip(arena, ""));
	buf_put_bytes(&two, packed_by_gzip(arena, "to Tanjung Priok"));
	assert_int_equal(gzip_expand(buf_bytes(&two), 10, &out, &err), OK);
	assert_bytes(buf_bytes(&out), "Port Klang to Tanjung Priok");
}

static void what_is_cut_is_refused_at_every_length(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct bytes whole = packed_by_gzip(arena, sentence);

	for (size_t size = 0; size < whole.size; size++)
		assert_expand(bytes(whole.data, size), 10, 4096, ERR_SYNTAX);
	assert_expand(whole, 10, 4096, OK);
}

static void no_changed_bit_changes_what_comes_out(void **state)
{
	(void)state;
	arena_auto arena = arena_new(4 << 20);
	struct bytes whole = packed_by_gzip(arena, sentence);

	for (size_t bit = 8 * 10; bit < 8 * whole.size; bit++) { /* the header of ten bytes has no check */
		uint8_t *copy = arena_copy(arena, whole.data, whole.size);
		struct err err;
		buf_auto out = { 0 };
		buf_init(&out, 4096);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		/* Bits that only fill the last byte of the compressed data mean nothing. */
		if (gzip_expand(bytes(copy, whole.size), 10, &out, &err) == OK)
			assert_bytes(buf_bytes(&out), sentence);
	}
}

static void what_follows_the_last_member_is_refused(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	static const char *const tails[] = { "x", "garbage that is longer than a header and a trailer" };

	for (size_t i = 0; i < COUNT(tails); i++) {
		buf_auto data = { 0 };
		buf_init(&data, 4096);
		buf_put_bytes(&data, packed_by_gzip(arena, sentence));
		buf_puts(&data, tails[i]);
		assert_expand(buf_bytes(&data), 10, 4096, ERR_SYNTAX);
	}
	assert_expand(bytes_of("this is no gzip data at all, however long it is"), 10, 4096, ERR_SYNTAX);
}

static void a_bomb_is_stopped_by_its_ratio(void **state)
{
	(void)state;
	struct err err;
	static uint8_t zeros[1 << 20];
	buf_auto packed = { 0 };

	buf_init(&packed, 1 << 20);
	assert_int_equal(gzip_compress(bytes(zeros, sizeof(zeros)), 9, &packed, &err), OK);
	assert_true(packed.size < sizeof(zeros) / 500);
	assert_expand(buf_bytes(&packed), 200, 2 << 20, ERR_LIMIT);
	assert_expand(buf_bytes(&packed), 2000, 2 << 20, OK);
	assert_expand(buf_bytes(&packed), UINT_MAX, 2 << 20, OK);
}

/* The size that the trailer claims is a lie: nobody may believe it. */
static void many_small_members_are_one_bomb(void **state)
{
	(void)state;
	struct err err;
	static uint8_t zeros[60000];
	buf_auto packed = { 0 };

	buf_init(&packed, 1 << 20);
	for (int i = 0; i < 100; i++)
		assert_int_equal(gzip_compress(bytes(zeros, sizeof(zeros)), 9, &packed, &err), OK);
	assert_expand(buf_bytes(&packed), 100, 64 << 20, ERR_LIMIT);
	assert_expand(buf_bytes(&packed), 2000, 64 << 20, OK);
}

static void a_small_output_is_not_judged_by_its_ratio(void **state)
{
	(void)state;
	struct err err;
	static uint8_t zeros[64 << 10];
	buf_auto packed = { 0 };

	buf_init(&packed, 4096);
	assert_int_equal(gzip_compress(bytes(zeros, sizeof(zeros)), 9, &packed, &err), OK);
	assert_expand(buf_bytes(&packed), 1, 1 << 20, OK);
}

static void the_buffer_bounds_what_comes_out(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct bytes packed = packed_by_gzip(arena, sentence);

	assert_expand(packed, 10, strlen("kept") + strlen(sentence), OK);
	assert_expand(packed, 10, strlen("kept") + strlen(sentence) - 1, ERR_LIMIT);
	assert_expand(packed, 10, strlen("kept"), ERR_LIMIT);
}

static void the_buffer_bounds_what_is_packed(void **state)
{
	(void)state;
	struct err err;
	buf_auto packed = { 0 };

	buf_init(&packed, 30);
	assert_int_equal(gzip_compress(bytes_of(sentence), 6, &packed, &err), ERR_LIMIT);
	assert_int_equal(packed.size, 0);
	buf_done(&packed);
	/* Zeros shrink into a buffer that is far smaller than what other input of that size would need. */
	static uint8_t zeros[60000];
	buf_init(&packed, 1000);
	assert_int_equal(gzip_compress(bytes(zeros, sizeof(zeros)), 6, &packed, &err), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzip_reads_what_we_write),
		cmocka_unit_test(we_read_what_gzip_writes),
		cmocka_unit_test(nothing_is_something_that_can_be_packed),
		cmocka_unit_test(members_are_joined),
		cmocka_unit_test(what_is_cut_is_refused_at_every_length),
		cmocka_unit_test(no_changed_bit_changes_what_comes_out),
		cmocka_unit_test(what_follows_the_last_member_is_refused),
		cmocka_unit_test(a_bomb_is_stopped_by_its_ratio),
		cmocka_unit_test(many_small_members_are_one_bomb),
		cmocka_unit_test(a_small_output_is_not_judged_by_its_ratio),
		cmocka_unit_test(the_buffer_bounds_what_comes_out),
		cmocka_unit_test(the_buffer_bounds_what_is_packed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
