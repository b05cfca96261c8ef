/* Which parts are compressed before they are sent. */
#include "fixture.h"

#define SIZE ((size_t)1 << 20)

/* Like a list of goods: much of each line is that of the line before. */
static struct bytes goods(struct arena *arena)
{
	struct buf *text = arena_alloc(arena, sizeof(*text));

	assert_non_null(text);
	buf_init(text, SIZE);
	for (int i = 0; i < 100; i++)
		buf_printf(text, "<Item><Number>%d</Number><Mass>%d.50</Mass></Item>\n", i, i * 7919 % 1000);
	const void *copy = arena_copy(arena, text->data, text->size);
	size_t size = text->size;
	buf_done(text);
	return bytes(copy, size);
}

static struct message_part compressed(struct kernel_fixture *fixture, const char *mime_type, struct bytes octets)
{
	struct message_part part = { .mime_type = mime_type, .octets = octets };

	must(message_parts_compress(fixture->arena, &(struct message_parts){ &part, 1 }, &fixture->err));
	return part;
}

static void text_is_compressed_and_expands_to_itself(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct bytes text = goods(fixture->arena);
	struct message_part part = compressed(fixture, "application/xml", text);
	struct bytes plain;

	assert_true(part.compressed);
	assert_true(part.octets.size < text.size);
	must(message_part_plain(fixture->arena, &part, SIZE, &plain, &fixture->err));
	assert_true(bytes_same(plain, text));
}

static void what_is_packed_or_short_is_sent_as_it_is(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct bytes text = goods(fixture->arena);

	assert_false(compressed(fixture, "application/pdf", text).compressed);
	assert_false(compressed(fixture, "application/xml", bytes_of("<a/>")).compressed);
}

/* A megabyte of blanks shrinks a thousandfold: whoever expands it must refuse it (codec/gzip.h), so it goes as it is.
 */
static void what_would_be_taken_for_a_bomb_is_sent_as_it_is(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	uint8_t *blanks = arena_alloc(fixture->arena, SIZE);
	struct bytes plain;

	assert_non_null(blanks);
	memset(blanks, ' ', SIZE);
	struct message_part part = compressed(fixture, "application/xml", bytes(blanks, SIZE));
	assert_false(part.compressed);
	assert_int_equal(part.octets.size, SIZE);
	must(message_part_plain(fixture->arena, &part, SIZE, &plain, &fixture->err));
	assert_int_equal(plain.size, SIZE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_compressed_and_expands_to_itself),
		cmocka_unit_test(what_is_packed_or_short_is_sent_as_it_is),
		cmocka_unit_test(what_would_be_taken_for_a_bomb_is_sent_as_it_is),
	};
	return kernel_run("parts", tests, COUNT(tests), NULL);
}
