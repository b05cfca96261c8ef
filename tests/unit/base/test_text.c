#include "../unit.h"

#include "base/text.h"

/* RFC 4648 §10. */
static const struct {
	const char *plain, *base64, *hex;
} rfc4648[] = {
	{ "", "", "" },
	{ "f", "Zg==", "66" },
	{ "fo", "Zm8=", "666f" },
	{ "foo", "Zm9v", "666f6f" },
	{ "foob", "Zm9vYg==", "666f6f62" },
	{ "fooba", "Zm9vYmE=", "666f6f6261" },
	{ "foobar", "Zm9vYmFy", "666f6f626172" },
};

static void base64_and_hex_are_those_of_rfc_4648(void **state)
{
	(void)state;
	arena_auto arena = arena_new(10000);

	for (size_t i = 0; i < COUNT(rfc4648); i++) {
		struct bytes data;
		buf_auto out;
		buf_init(&out, 100);
		base64_put(&out, bytes_of(rfc4648[i].plain));
		assert_string_equal(buf_text(&out), rfc4648[i].base64);
		assert_true(base64_parse(arena, bytes_of(rfc4648[i].base64), &data));
		assert_true(bytes_same(data, bytes_of(rfc4648[i].plain)));

		buf_clear(&out);
		hex_put(&out, bytes_of(rfc4648[i].plain));
		assert_string_equal(buf_text(&out), rfc4648[i].hex);
		assert_true(hex_parse(arena, rfc4648[i].hex, &data));
		assert_true(bytes_same(data, bytes_of(rfc4648[i].plain)));
	}
}

/* RFC 3986: §2.3 (unreserved), and §2.5 for "À" and "ア"; what is reserved (§2.2) is data here, unless it may stay. */
static void what_is_not_unreserved_in_a_url_is_escaped(void **state)
{
	(void)state;
	static const struct {
		const char *plain, *also, *escaped;
	} rows[] = {
		{ "AZaz09-._~", "", "AZaz09-._~" },
		{ "\xC3\x80\xE3\x82\xA2", "", "%C3%80%E3%82%A2" },
		{ "a b/c?d=e&f%g", "", "a%20b%2Fc%3Fd%3De%26f%25g" },
		{ "/api/v1/a:b@c", "/@:", "/api/v1/a:b@c" },
	};
	buf_auto out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&out);
		percent_put(&out, rows[i].plain, rows[i].also);
		assert_string_equal(buf_text(&out), rows[i].escaped);
	}
}

static void every_byte_survives_base64_and_hex(void **state)
{
	(void)state;
	arena_auto arena = arena_new(100000);
	uint8_t all[256];

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(255 - i);
	for (size_t size = 253; size <= 256; size++) {
		struct bytes data;
		buf_auto out;
		buf_init(&out, 1000);
		base64_put(&out, bytes(all, size));
		assert_true(base64_parse(arena, buf_bytes(&out), &data));
		assert_true(bytes_same(data, bytes(all, size)));
		buf_clear(&out);
		hex_put(&out, bytes(all, size));
		assert_true(hex_parse(arena, buf_text(&out), &data));
		assert_true(bytes_same(data, bytes(all, size)));
	}
}

/* RFC 7515 appendix C, and RFC 4648 §10 without the padding. */
static void base64url_has_its_own_alphabet_and_no_padding(void **state)
{
	(void)state;
	static const uint8_t example[] = { 3, 236, 255, 224, 193 };
	buf_auto out;

	buf_init(&out, 100);
	base64url_put(&out, bytes(example, sizeof(example)));
	assert_string_equal(buf_text(&out), "A-z_4ME");
	buf_puts(&out, ".");
	base64url_put(&out, bytes_of("f"));
	buf_puts(&out, ".");
	base64url_put(&out, bytes_of("foobar"));
	base64url_put(&out, bytes_of(""));
	assert_string_equal(buf_text(&out), "A-z_4ME.Zg.Zm9vYmFy");
}

/* XML Schema part 2 §3.2.16: white space may stand between the characters of xs:base64Binary. */
/* RFC 7515 appendix C and §2: no padding, no line breaks, no other characters. */
static void base64url_is_read_as_it_is_written_and_not_otherwise(void **state)
{
	static const uint8_t example[] = { 3, 236, 255, 224, 193 };
	static const char *const bad[] = { "A-z_4ME=", "A+z/4ME", "A-z_ 4ME", "A-z_4", "A-z_4MF" };
	arena_auto arena = arena_new(4096);
	struct bytes data;

	(void)state;
	assert_true(base64url_parse(arena, bytes_of("A-z_4ME"), &data));
	assert_true(bytes_same(data, bytes(example, sizeof(example))));
	assert_true(base64url_parse(arena, bytes_of(""), &data));
	assert_int_equal(data.size, 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(base64url_parse(arena, bytes_of(bad[i]), &data));
}

static void xml_white_space_between_is_no_base64_fault(void **state)
{
	(void)state;
	arena_auto arena = arena_new(10000);
	struct bytes data;

	assert_true(base64_parse(arena, bytes_of("\n\t Zm9v\r\nYg = = \n"), &data));
	assert_true(bytes_same(data, bytes_of("foob")));
	assert_true(base64_parse(arena, bytes_of(" \n"), &data));
	assert_int_equal(data.size, 0);
}

/* RFC 4648 §3.3 (foreign characters), §3.2 (padding), §3.5 (spare bits that are not zero). */
static void what_is_not_strictly_base64_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = { "Z",        "Zg",   "Zg=",  "Zg===",  "Zm8",         "Zm8==", "Zm9v=",
					     "Zm9v====", "=",    "==",   "====",   "Zh==",        "Zm9=",  "Zg==Zg==",
					     "Zg=a",     "Zm-v", "Zm_v", "Zm9v\v", "Zm9v\xC2\xA0" };
	arena_auto arena = arena_new(10000);
	struct bytes data = bytes("untouched", 9);

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(base64_parse(arena, bytes_of(wrong[i]), &data));
	assert_false(base64_parse(arena, bytes("Zm\0v", 4), &data));
	assert_int_equal(data.size, 9);
}

static void a_full_arena_or_buffer_fails_the_conversion(void **state)
{
	(void)state;
	arena_auto arena = arena_new(2);
	struct bytes data;
	buf_auto out;

	assert_false(base64_parse(arena, bytes_of("Zm9v"), &data));
	assert_false(hex_parse(arena, "666f6f", &data));
	buf_init(&out, 3);
	base64_put(&out, bytes_of("f"));
	assert_int_equal(buf_check(&out, "text", NULL), ERR_LIMIT);
	buf_clear(&out);
	hex_put(&out, bytes_of("fo"));
	assert_int_equal(buf_check(&out, "text", NULL), ERR_LIMIT);
}

static void hex_is_read_in_both_cases_and_in_pairs(void **state)
{
	(void)state;
	static const char *const wrong[] = { "6", "666", "6g", "g6", " 66", "66 ", "0x66", "6:", "6`", "6@", "6/" };
	arena_auto arena = arena_new(1000);
	struct bytes data;

	assert_true(hex_parse(arena, "aAfF09", &data));
	assert_true(bytes_same(data, bytes("\xAA\xFF\x09", 3)));
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(hex_parse(arena, wrong[i], &data));
}

/* The bounds of the rows of table 3-7, Unicode 15 §3.9. */
static void well_formed_utf8_is_valid(void **state)
{
	(void)state;
	static const char *const valid[] = {
		"",
		"\x01",
		"\x7F",
		"\xC2\x80",
		"\xDF\xBF",
		"\xE0\xA0\x80",
		"\xE0\xBF\xBF",
		"\xE1\x80\x80",
		"\xEC\xBF\xBF",
		"\xED\x80\x80",
		"\xED\x9F\xBF",
		"\xEE\x80\x80",
		"\xEF\xBF\xBF",
		"\xF0\x90\x80\x80",
		"\xF0\xBF\xBF\xBF",
		"\xF1\x80\x80\x80",
		"\xF3\xBF\xBF\xBF",
		"\xF4\x80\x80\x80",
		"\xF4\x8F\xBF\xBF",
		"กรมศุลกากร, Hải quan, ພາສີ",
	};

	for (size_t i = 0; i < COUNT(valid); i++)
		assert_true(utf8_valid(bytes_of(valid[i])));
}

static void ill_formed_utf8_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"\x80", /* a continuation alone */
		"\xBF",
		"\xC0\x80", /* overlong NUL */
		"\xC1\xBF", /* overlong */
		"\xC2",     /* cut */
		"\xC2\x7F",
		"\xC2\xC0",
		"\xE0\x9F\xBF", /* overlong */
		"\xE1\x80",     /* cut */
		"\xE1\x80\x7F",
		"\xE1\x80\xC0",
		"\xED\xA0\x80",     /* U+D800, a surrogate */
		"\xED\xBF\xBF",     /* U+DFFF */
		"\xF0\x8F\xBF\xBF", /* overlong */
		"\xF1\x80\x80",     /* cut */
		"\xF4\x90\x80\x80", /* U+110000 */
		"\xF5\x80\x80\x80",
		"\xF8\x88\x80\x80\x80",
		"\xFE",
		"\xFF",
		"a\xC3!",
	};

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(utf8_valid(bytes_of(wrong[i])));
	assert_false(utf8_valid(bytes("a\0b", 3)));
}

static void the_first_character_is_measured_in_bytes(void **state)
{
	(void)state;
	assert_int_equal(utf8_first(bytes_of("ab")), 1);
	assert_int_equal(utf8_first(bytes_of("é!")), 2);
	assert_int_equal(utf8_first(bytes_of("ก!")), 3);
	assert_int_equal(utf8_first(bytes_of("\xF0\x9F\x9A\xA2!")), 4);
	assert_int_equal(utf8_first(bytes_of("\xC3!")), 0);
	assert_int_equal(utf8_first(bytes_of("")), 0);
}

static void what_fits_is_whole_letters(void **state)
{
	(void)state;
	assert_int_equal(utf8_fitting(bytes_of("abc"), 9), 3);
	assert_int_equal(utf8_fitting(bytes_of("abc"), 2), 2);
	assert_int_equal(utf8_fitting(bytes_of("aก!"), 5), 5);
	assert_int_equal(utf8_fitting(bytes_of("aก!"), 4), 4);
	assert_int_equal(utf8_fitting(bytes_of("aก!"), 3), 1);
	assert_int_equal(utf8_fitting(bytes_of("a\xC3!"), 3), 1);
	assert_int_equal(utf8_fitting(bytes_of(""), 3), 0);
}

/* ASCII: 0x20 to 0x7E. */
static void printable_ascii_has_neither_control_characters_nor_other_letters(void **state)
{
	(void)state;
	assert_true(ascii_printable(bytes_of("")));
	assert_true(ascii_printable(bytes_of(" Fresh durian, 12.50 ~")));
	for (unsigned c = 0; c < 256; c++) {
		uint8_t text[40];
		memset(text, 'a', sizeof(text));
		text[c % sizeof(text)] = (uint8_t)c;
		assert_int_equal(ascii_printable(bytes(text, sizeof(text))), c >= 0x20 && c <= 0x7E);
	}
}

static void length_counts_characters(void **state)
{
	(void)state;
	assert_int_equal(utf8_length(""), 0);
	assert_int_equal(utf8_length("customs"), 7);
	assert_int_equal(utf8_length("ศุลกากร"), 7); /* ศ ุ ล ก า ก ร: the vowel sign is a code point */
	assert_int_equal(utf8_length("\xF0\x9F\x9A\xA2"), 1);
}

static void integers_are_read_within_their_range(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "007", 7 },
		{ "-42", -42 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
	};
	static const char *const wrong[] = { "",
					     "-",
					     "+1",
					     " 1",
					     "1 ",
					     "1.0",
					     "1e3",
					     "0x1",
					     "--1",
					     "9223372036854775808",
					     "-9223372036854775809",
					     "92233720368547758070",
					     "1,000",
					     "\xD9\xA1" };
	int64_t value = 99;

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(int64_parse(wrong[i], &value));
	assert_false(int64_parse(NULL, &value));
	assert_true(value == 99);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(int64_parse(rows[i].text, &value));
		assert_true(value == rows[i].value);
	}
}

static void beginnings_and_ends_are_recognised(void **state)
{
	(void)state;
	assert_true(starts_with("urn:asean", "urn:"));
	assert_true(starts_with("x", ""));
	assert_false(starts_with("ur", "urn:"));
	assert_true(ends_with("a.xml", ".xml"));
	assert_true(ends_with("x", ""));
	assert_false(ends_with("xml", ".xml"));
	assert_false(ends_with("a.xmL", ".xml"));
}

static void case_is_ignored_for_ascii_letters_only(void **state)
{
	(void)state;
	assert_true(same_ignoring_case("Content-TYPE", "content-type"));
	assert_false(same_ignoring_case("content", "content-type"));
	assert_false(same_ignoring_case("content-type", "content"));
	assert_false(same_ignoring_case("É", "é"));
	assert_false(same_ignoring_case("@[", "`{"));
	assert_true(same_ignoring_case(NULL, NULL));
	assert_false(same_ignoring_case(NULL, ""));
}

static void words_are_taken_one_by_one_and_whole(void **state)
{
	const char *words = "  issued receipt-verified ", *none = NULL;
	struct bytes word;

	(void)state;
	assert_true(word_among(words, "issued"));
	assert_true(word_among(words, "receipt-verified"));
	assert_false(word_among(words, "receipt"));
	assert_false(word_among(words, "issued receipt-verified"));
	assert_false(word_among("", ""));
	assert_false(word_among(NULL, "issued"));
	assert_true(word_next(&words, &word));
	assert_true(bytes_same(word, bytes_of("issued")));
	assert_true(word_next(&words, &word));
	assert_false(word_next(&words, &word));
	assert_false(word_next(&none, &word));
}

/* RFC 3986 3.2.1 and, for the query, libpq's connection URIs. */
static void a_password_in_a_url_is_masked(void **state)
{
	static const char *const texts[][2] = {
		{ "postgresql://db:5432/lintas", "postgresql://db:5432/lintas" },
		{ "postgresql://lintas@db:5432/lintas", "postgresql://lintas@db:5432/lintas" },
		{ "postgresql://lintas:s3cret@db:5432/lintas", "postgresql://lintas:***@db:5432/lintas" },
		{ "postgresql://:s3cret@db", "postgresql://:***@db" },
		{ "postgresql://lintas:s/3?c@ret@db/x", "postgresql://lintas:***@db/x" },
		{ "postgresql:///x?user=a&password=s3cret&sslpassword=other&port=1",
		  "postgresql:///x?user=a&password=***&sslpassword=***&port=1" },
		{ "postgresql://u:s3cret@db/x?PassWord=s3cret", "postgresql://u:***@db/x?PassWord=***" },
		{ "mysql:u:s3cret@db", "mysql:***@db" },
		{ "host=db password=s3cret user=lintas", "host=db password=***" },
		{ "sqlite:lintas.db", "sqlite:lintas.db" },
		{ "", "" },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(texts); i++) {
		buf_auto out;
		buf_init(&out, 256);
		url_put_masked(&out, texts[i][0]);
		assert_string_equal(buf_text(&out), texts[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64url_is_read_as_it_is_written_and_not_otherwise),
		cmocka_unit_test(base64_and_hex_are_those_of_rfc_4648),
		cmocka_unit_test(what_is_not_unreserved_in_a_url_is_escaped),
		cmocka_unit_test(every_byte_survives_base64_and_hex),
		cmocka_unit_test(base64url_has_its_own_alphabet_and_no_padding),
		cmocka_unit_test(xml_white_space_between_is_no_base64_fault),
		cmocka_unit_test(what_is_not_strictly_base64_is_refused),
		cmocka_unit_test(a_full_arena_or_buffer_fails_the_conversion),
		cmocka_unit_test(hex_is_read_in_both_cases_and_in_pairs),
		cmocka_unit_test(well_formed_utf8_is_valid),
		cmocka_unit_test(ill_formed_utf8_is_refused),
		cmocka_unit_test(the_first_character_is_measured_in_bytes),
		cmocka_unit_test(what_fits_is_whole_letters),
		cmocka_unit_test(printable_ascii_has_neither_control_characters_nor_other_letters),
		cmocka_unit_test(length_counts_characters),
		cmocka_unit_test(integers_are_read_within_their_range),
		cmocka_unit_test(beginnings_and_ends_are_recognised),
		cmocka_unit_test(case_is_ignored_for_ascii_letters_only),
		cmocka_unit_test(a_password_in_a_url_is_masked),
		cmocka_unit_test(words_are_taken_one_by_one_and_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
