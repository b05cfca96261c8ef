#include "search/words_int.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#include "base/text.h"
#include "search/segment_int.h"

/* A UTF-16 unit becomes at most GROWTH by NFKC (U+FDFA); texts double at most, but for such letters. A word of one
 * letter takes a separator too, so that there are at most half as many words as units. */
enum {
	GROWTH = 18,
	UNITS_MAX = SEARCH_TEXT_MAX * 2,
	WORDS_MAX = UNITS_MAX / 2,
	POOL_BYTES = UNITS_MAX * 8, /* TEXT and PLAIN of all words */
	MARKS_FIRST = 0xC0,
	MARKS_LAST = 0x1EFF, /* Latin with diacritics ends with the Vietnamese letters */
};

/* --- tables --- */

/* clang-format off */
/* Words that say nothing about goods, as the languages of the book and of most queries have them. Folded, sorted. */
static const char *const little_words[] = {
	"a", "an", "and", "atau", "by", "các", "cho", "của", "dan", "dari", "dengan", "for", "from", "hoặc", "in", "into", "is", "it",
	"its", "lain", "loại", "n", "nos", "of", "on", "or", "other", "others", "pc", "pcs", "s", "than", "that", "the", "their",
	"these", "this", "thuộc", "to", "untuk", "và", "với", "w", "was", "whether", "which", "with", "yang",
};
/* What follows, to the end of its clause, is what the goods are not (or need not be). Folded; the last word of the cue. */
static const char *const excluding_words[] = {
	"except", "excl", "excluding", "kecuali", "not", "selain", "than", "trừ",
};
/* Little words by which Indonesian and Malay are known: they have no diacritics. */
static const char *const asian_words[] = { "atau", "dan", "dari", "dengan", "untuk", "yang" };
/* clang-format on */

static UChar32 plain_table[MARKS_LAST + 1 - MARKS_FIRST];
static pthread_once_t plain_once = PTHREAD_ONCE_INIT;

/* Letters with a stroke have no decomposition. */
static const struct {
	UChar32 from, to;
} strokes[] = { { 0x111, 'd' }, { 0x142, 'l' }, { 0xF8, 'o' }, { 0x131, 'i' }, { 0x127, 'h' }, { 0x167, 't' } };

static void plain_fill(void)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *nfd = unorm2_getNFDInstance(&status);

	for (UChar32 c = MARKS_FIRST; c <= MARKS_LAST; c++) {
		UChar parts[8];
		UErrorCode one = U_ZERO_ERROR;
		int32_t length = U_SUCCESS(status) ? unorm2_getDecomposition(nfd, c, parts, COUNT(parts), &one) : -1;
		bool latin = length > 1 && parts[0] < 0x80;
		plain_table[c - MARKS_FIRST] = latin ? (UChar32)parts[0] : c;
	}
	for (size_t i = 0; i < COUNT(strokes); i++)
		plain_table[strokes[i].from - MARKS_FIRST] = strokes[i].to;
}

static UChar32 plain_of(UChar32 c)
{
	return c >= MARKS_FIRST && c <= MARKS_LAST ? plain_table[c - MARKS_FIRST] : c;
}

/* --- the reader --- */

struct word_reader {
	const UNormalizer2 *fold; /* ICU's own */
	UBreakIterator *breaks;   /* opened by the first text that needs it: that takes a millisecond */
	UChar raw[UNITS_MAX];
	UChar units[UNITS_MAX];
	struct word words[WORDS_MAX];
	char pool[POOL_BYTES];
	size_t count, used;
	bool excluding, joined, named_first;
};

enum err_code word_reader_new(struct word_reader **reader, struct err *err)
{
	UErrorCode status = U_ZERO_ERROR;
	struct word_reader *made = malloc(sizeof(*made));

	if (!made)
		return fail(err, ERR_MEMORY, "no memory to read words");
	made->fold = unorm2_getNFKCCasefoldInstance(&status);
	made->breaks = NULL;
	if (U_FAILURE(status)) {
		free(made);
		return fail(err, ERR_INTERNAL, "ICU has no normalisation: %s", u_errorName(status));
	}
	pthread_once(&plain_once, plain_fill);
	*reader = made;
	return OK;
}

void word_reader_free(struct word_reader *reader)
{
	if (!reader)
		return;
	ubrk_close(reader->breaks);
	free(reader);
}

/* ICU's macros for the next two convert silently, which our warnings refuse. */
static UChar32 unit_next(const UChar *units, int32_t length, int32_t *at)
{
	UChar32 c = units[(*at)++];

	if (c >= 0xD800 && c < 0xDC00 && *at < length && units[*at] >= 0xDC00 && units[*at] < 0xE000)
		c = ((c - 0xD800) << 10) + (units[(*at)++] - 0xDC00) + 0x10000;
	return c;
}

static size_t letter_put(char *to, UChar32 c)
{
	size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const int first[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

	for (size_t i = size - 1; i > 0; i--, c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3F));
	to[0] = (char)(first[size] | c);
	return size;
}

static bool among(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

/* Takes an English plural off: "boxes", "berries", "tyres", not "glass", "gas", "chassis". */
static void plural_off(char *word)
{
	size_t length = strlen(word);

	if (length < 4 || word[length - 1] != 's' || strchr("sui", word[length - 2]))
		return;
	word[--length] = '\0';
	if (length > 3 && ends_with(word, "ie")) {
		memcpy(word + length - 2, "y", 2);
	} else if (length > 3 && (ends_with(word, "xe") || ends_with(word, "she") || ends_with(word, "che") ||
				  ends_with(word, "sse"))) {
		word[length - 1] = '\0';
	}
}

/* Takes "-ing", "-ed" and a last "-e" off what is long enough to remain a word: "grinding", "roasted", "machine". */
static void ending_off(char *word)
{
	size_t length = strlen(word);

	if (length >= 7 && ends_with(word, "ing"))
		word[length -= 3] = '\0';
	else if (length >= 6 && ends_with(word, "ed"))
		word[length -= 2] = '\0';
	if (length >= 5 && word[length - 1] == 'e')
		word[length - 1] = '\0';
}

/* The word of UNITS, at most as much of it as WORD_BYTES_MAX holds. False when there is no more room. */
static bool word_put(struct word_reader *reader, const UChar *units, int32_t length, bool number)
{
	if (reader->count == WORDS_MAX || sizeof(reader->pool) - reader->used < 2 * (WORD_BYTES_MAX + 1))
		return false;
	char *text = reader->pool + reader->used, *plain = text + WORD_BYTES_MAX + 1;
	size_t text_size = 0, plain_size = 0;
	for (int32_t at = 0; at < length && text_size < WORD_BYTES_MAX - U8_MAX_LENGTH;) {
		UChar32 c = unit_next(units, length, &at);
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		text_size += letter_put(text + text_size, c);
		if (!(c >= 0x300 && c <= 0x36F)) /* a mark that has no composed form */
			plain_size += letter_put(plain + plain_size, plain_of(c));
	}
	text[text_size] = plain[plain_size] = '\0';
	if (text_size == 0)
		return true;
	char *end = text + text_size + 1;
	memmove(end, plain, plain_size + 1);
	plain = end;
	bool accented = strcmp(text, plain) != 0;
	if (!number && !accented) {
		plural_off(plain);
		ending_off(plain);
	}
	reader->used += text_size + 1 + plain_size + 1;
	bool cue = !number && among(text, excluding_words, COUNT(excluding_words));
	reader->words[reader->count++] = (struct word){
		.text = text,
		.plain = plain,
		.number = number,
		.accented = accented,
		.little = cue || among(text, little_words, COUNT(little_words)),
		.excluded = reader->excluding,
		.after = reader->joined,
	};
	reader->excluding |= cue;
	reader->named_first |= accented || among(text, asian_words, COUNT(asian_words));
	reader->joined = true;
	return true;
}

/* --- boundaries --- */

enum letter { NONE, LETTER, DIGIT, RUN };

/* RUN: of a script that writes no spaces between words. */
static enum letter letter_of(UChar32 c)
{
	if (c < 0x80)
		return isalpha((int)c) ? LETTER : isdigit((int)c) ? DIGIT : NONE;
	if (c < 0x250)
		return u_isalpha(c) ? LETTER : NONE;
	if (u_isdigit(c))
		return DIGIT;
	int8_t type = u_charType(c);
	if (!u_isalpha(c) && type != U_NON_SPACING_MARK && type != U_COMBINING_SPACING_MARK)
		return NONE;
	return u_getIntPropertyValue(c, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT ||
			       u_hasBinaryProperty(c, UCHAR_IDEOGRAPHIC)
		       ? RUN
		       : LETTER;
}

/* Words of a run without spaces, by ICU's dictionary of its script. */
static bool run_put(struct word_reader *reader, const UChar *units, int32_t length)
{
	UErrorCode status = U_ZERO_ERROR;

	reader->named_first = true;
	if (!reader->breaks)
		reader->breaks = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
	if (U_SUCCESS(status))
		ubrk_setText(reader->breaks, units, length, &status);
	if (U_FAILURE(status))
		return word_put(reader, units, length, false);
	int32_t from = ubrk_first(reader->breaks);
	for (int32_t to; (to = ubrk_next(reader->breaks)) != UBRK_DONE; from = to)
		if (!word_put(reader, units + from, to - from, false))
			return false;
	return true;
}

/* The end of what begins at FROM and is of one kind; a number goes on through "." or "," to the next digit. */
static int32_t end_of(const UChar *units, int32_t length, int32_t from, enum letter kind)
{
	int32_t at = from;

	while (at < length) {
		int32_t next = at;
		UChar32 c = unit_next(units, length, &next);
		bool point =
			kind == DIGIT && (c == '.' || c == ',') && next < length && letter_of(units[next]) == DIGIT;
		if (!point && letter_of(c) != kind)
			break;
		at = next;
	}
	return at;
}

static void split(struct word_reader *reader, UChar *units, int32_t length)
{
	reader->excluding = reader->joined = false;
	for (int32_t at = 0; at < length;) {
		int32_t next = at;
		UChar32 c = unit_next(units, length, &next);
		enum letter kind = letter_of(c);
		if (kind == NONE) {
			if (c == ';' || c == ')' || c == '.' || c == '>')
				reader->excluding = false;
			if (!u_isspace(c) && c != '-' && c != '\'')
				reader->joined = false;
			at = next;
			continue;
		}
		next = end_of(units, length, at, kind);
		for (int32_t i = at; kind == DIGIT && i < next; i++)
			if (units[i] == ',')
				units[i] = '.';
		if (kind == RUN ? !run_put(reader, units + at, next - at)
				: !word_put(reader, units + at, next - at, kind == DIGIT))
			return;
		at = next;
	}
}

float word_place(const struct words *words, size_t at)
{
	if (words->named_first)
		return 1 + weights.named_first / (1 + weights.fading * (float)at);
	return 1;
}

enum err_code words_read(struct word_reader *reader, struct bytes text, size_t most_bytes, struct words *words,
			 struct err *err)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t length = 0;
	bool ascii = true;

	if (most_bytes > SEARCH_TEXT_MAX)
		most_bytes = SEARCH_TEXT_MAX;
	if (text.size > most_bytes)
		text.size = most_bytes;
	reader->count = reader->used = 0;
	reader->named_first = false;
	for (size_t i = 0; i < text.size && ascii; i++)
		ascii = text.data[i] < 0x80;
	UChar *units = reader->raw;
	if (ascii) {
		for (size_t i = 0; i < text.size; i++)
			units[length++] = (UChar)tolower(text.data[i]);
	} else {
		u_strFromUTF8WithSub(units, UNITS_MAX, &length, (const char *)text.data, (int32_t)text.size, ' ', NULL,
				     &status);
		units = reader->units;
		int32_t folded = U_SUCCESS(status) ? unorm2_normalize(reader->fold, reader->raw, length, units,
								      UNITS_MAX, &status)
						   : 0;
		if (status == U_BUFFER_OVERFLOW_ERROR) { /* of ligatures of whole sentences: as many as surely fit */
			status = U_ZERO_ERROR;
			folded = unorm2_normalize(reader->fold, reader->raw, UNITS_MAX / GROWTH, units, UNITS_MAX,
						  &status);
		}
		length = folded;
		if (U_FAILURE(status))
			return fail(err, ERR_INTERNAL, "ICU cannot fold a text: %s", u_errorName(status));
	}
	split(reader, units, length);
	*words = (struct words){ reader->words, reader->count, reader->named_first };
	return OK;
}
