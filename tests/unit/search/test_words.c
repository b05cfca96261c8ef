/* Expected values: Unicode (NFKC, case folding), the spelling of each language, and where its words end. */
#include "../unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "search/words_int.h"

/* "text|plain" of each word of TEXT, with spaces; "~" before a little one, "!" before an excluded one. */
static const char *read_as(const char *text)
{
	static char told[4096];
	word_reader_auto reader = NULL;
	struct words words;
	struct err err;
	buf_auto out = { 0 };

	buf_init(&out, sizeof(told));
	assert_int_equal(word_reader_new(&reader, &err), OK);
	assert_int_equal(words_read(reader, bytes_of(text), SEARCH_TEXT_MAX, &words, &err), OK);
	for (size_t i = 0; i < words.count; i++) {
		const struct word *word = &words.words[i];
		buf_printf(&out, "%s%s%s%s", i ? " " : "", word->little ? "~" : "", word->excluded ? "!" : "",
			   word->text);
		if (strcmp(word->text, word->plain) != 0)
			buf_printf(&out, "|%s", word->plain);
	}
	snprintf(told, sizeof(told), "%s", buf_text(&out));
	return told;
}

static void case_and_width_are_folded(void **state)
{
	(void)state;
	assert_string_equal(read_as("LAPTOP ＬＡＰＴＯＰ ﬁlm"), "laptop laptop film");
	assert_string_equal(read_as("Straße"),
			    "strasse|strass"); /* folded in full, status F of CaseFolding.txt; a last -e is an ending */
}

static void diacritics_stay_in_the_text_and_leave_the_plain_word(void **state)
{
	(void)state;
	assert_string_equal(read_as("gạo thơm"), "gạo|gao thơm|thom");
	assert_string_equal(read_as("Đường"), "đường|duong");
	/* the same letters, decomposed */
	assert_string_equal(read_as("ga\xCC\xA3o"), "gạo|gao");
}

static void english_plurals_and_endings_come_off_the_plain_word(void **state)
{
	(void)state;
	assert_string_equal(read_as("tyres boxes berries"), "tyres|tyre boxes|box berries|berry");
	assert_string_equal(read_as("glass chassis gas"), "glass chassis gas");
	assert_string_equal(read_as("roasted grinding"), "roasted|roast grinding|grind");
}

static void numbers_and_letters_are_words_of_their_own(void **state)
{
	(void)state;
	assert_string_equal(read_as("14inch 300g 2,5kg"), "14 inch 300 g 2.5 kg");
	assert_string_equal(read_as("8471.30.20"), "8471.30.20");
	assert_string_equal(read_as("w/ T-shirt"), "~w t shirt");
}

static void what_the_goods_are_not_is_marked_to_the_end_of_its_clause(void **state)
{
	(void)state;
	assert_string_equal(read_as("Horses; other than pure-bred; asses"),
			    "horses|hors ~other ~than !pure !bred asses|ass");
}

/* Word boundaries of the dictionaries of ICU; each phrase is two words to a reader of the language. */
static void scripts_without_spaces_are_cut_into_words(void **state)
{
	static const struct {
		const char *text, *words;
	} phrases[] = {
		{ "ข้าวหอมมะลิไทย", "ข้าว" }, /* Thai: jasmine rice of Thailand begins with rice */
		{ "ເຂົ້າຈ້າວລາວ", "ເຂົ້າຈ້າວ" }, /* Lao: rice that is not glutinous, of Laos */
		{ "អង្ករផ្កាម្លិះ", "អង្ករ" },  /* Khmer: rice, jasmine */
		{ "ဆန်နှင့်ဆီ", "ဆန်" },         /* Burmese: rice and oil */
		{ "汽车零件", "汽车" },    /* Chinese: car parts */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(phrases); i++) {
		const char *words = read_as(phrases[i].text);
		size_t first = strcspn(words, " |");
		if (first != strlen(phrases[i].words) || strncmp(words, phrases[i].words, first) != 0)
			fail_msg("%s is read as: %s", phrases[i].text, words);
		if (!strchr(words, ' '))
			fail_msg("%s is one word", words);
	}
}

static void octets_that_are_no_text_are_no_words_and_no_fault(void **state)
{
	(void)state;
	assert_string_equal(read_as("rice \xFF\xFE tea"), "rice tea");
	assert_string_equal(read_as("... --- !!! \xF0\x9F\x8D\x9A"), "");
	assert_string_equal(read_as(""), "");
}

static void a_text_is_cut_at_its_bound_whatever_it_grows_into(void **state)
{
	static char text[SEARCH_TEXT_MAX * 2 + 1];
	word_reader_auto reader = NULL;
	struct words words;
	struct err err;

	(void)state;
	/* U+FDFA becomes eighteen letters, four words */
	for (size_t i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "\xEF\xB7\xBA", 4);
	assert_int_equal(word_reader_new(&reader, &err), OK);
	assert_int_equal(words_read(reader, bytes_of(text), sizeof(text), &words, &err), OK);
	assert_true(words.count > 0);
	memset(text, 'a', sizeof(text) - 1);
	assert_int_equal(words_read(reader, bytes_of(text), sizeof(text), &words, &err), OK);
	assert_int_equal(words.count, 1);
	assert_true(strlen(words.words[0].text) < WORD_BYTES_MAX);
	for (size_t i = 0; i + 1 < sizeof(text); i++)
		text[i] = i % 2 ? ' ' : 'a';
	assert_int_equal(words_read(reader, bytes_of(text), sizeof(text), &words, &err), OK);
	assert_int_equal(words.count, SEARCH_TEXT_MAX / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_and_width_are_folded),
		cmocka_unit_test(diacritics_stay_in_the_text_and_leave_the_plain_word),
		cmocka_unit_test(english_plurals_and_endings_come_off_the_plain_word),
		cmocka_unit_test(numbers_and_letters_are_words_of_their_own),
		cmocka_unit_test(what_the_goods_are_not_is_marked_to_the_end_of_its_clause),
		cmocka_unit_test(scripts_without_spaces_are_cut_into_words),
		cmocka_unit_test(octets_that_are_no_text_are_no_words_and_no_fault),
		cmocka_unit_test(a_text_is_cut_at_its_bound_whatever_it_grows_into),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
