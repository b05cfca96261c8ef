#include "base/text.h"

#include <strings.h>

/* RFC 4648 §4 and §5. */
#define BASE64_62 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char base64_alphabet[] = BASE64_62 "+/", base64url_alphabet[] = BASE64_62 "-_";
/* The value of a character and one, so that what is not in the alphabet is 0. */
static const uint8_t base64_value_1[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
	['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

static void base64_put_as(struct buf *out, struct bytes data, const char *alphabet, bool padded)
{
	if (data.size > SIZE_MAX / 4 - 2) {
		out->failed = out->failed == OK ? ERR_LIMIT : out->failed;
		return;
	}

	size_t size = (data.size + 2) / 3 * 4;
	uint8_t *to = buf_reserve(out, size);
	if (!to)
		return;

	for (size_t i = 0; i < data.size; i += 3) {
		size_t left = data.size - i;
		uint32_t word = (uint32_t)data.data[i] << 16;
		if (left > 1)
			word |= (uint32_t)data.data[i + 1] << 8;
		if (left > 2)
			word |= data.data[i + 2];
		*to++ = (uint8_t)alphabet[word >> 18];
		*to++ = (uint8_t)alphabet[word >> 12 & 63];
		*to++ = left > 1 ? (uint8_t)alphabet[word >> 6 & 63] : '=';
		*to++ = left > 2 ? (uint8_t)alphabet[word & 63] : '=';
	}
	buf_grown(out, padded ? size : size - (3 - data.size % 3) % 3);
}

void base64_put(struct buf *out, struct bytes data)
{
	base64_put_as(out, data, base64_alphabet, true);
}

void base64url_put(struct buf *out, struct bytes data)
{
	base64_put_as(out, data, base64url_alphabet, false);
}

static bool xml_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bits that no byte takes must be zero (RFC 4648 §3.5), or two texts would stand for the same bytes. */
static bool base64_end(size_t digits, size_t padding, uint32_t word)
{
	switch (digits % 4) {
	case 0:
		return padding == 0;
	case 2:
		return padding == 2 && (word & 0xF) == 0;
	case 3:
		return padding == 1 && (word & 0x3) == 0;
	default:
		return false;
	}
}

bool base64_parse(struct arena *arena, struct bytes text, struct bytes *data)
{
	uint8_t *to = arena_alloc(arena, text.size / 4 * 3 + 3);
	size_t size = 0, digits = 0, padding = 0;
	uint32_t word = 0;

	if (!to)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		uint8_t value_1 = base64_value_1[c];
		if (xml_white(c))
			continue;
		if (c == '=' && padding < 2) {
			padding++;
			continue;
		}
		if (value_1 == 0 || padding > 0)
			return false;
		word = word << 6 | (uint32_t)(value_1 - 1);
		/* The second digit of four completes the first byte, the third the second, the fourth the third. */
		size_t place = digits++ % 4;
		if (place > 0)
			to[size++] = (uint8_t)(word >> (6 - 2 * place) & 0xFF);
	}
	if (!base64_end(digits, padding, word))
		return false;
	*data = bytes(to, size);
	return true;
}

bool base64url_parse(struct arena *arena, struct bytes text, struct bytes *data)
{
	size_t padding = (4 - text.size % 4) % 4;
	uint8_t *standard = arena_array(arena, text.size + padding, 1);

	if (!standard)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		if (c == '+' || c == '/' || c == '=' || xml_white(c))
			return false;
		standard[i] = c == '-' ? '+' : c == '_' ? '/' : c;
	}
	memset(standard + text.size, '=', padding);
	return base64_parse(arena, bytes(standard, text.size + padding), data);
}

void hex_put(struct buf *out, struct bytes data)
{
	if (data.size > SIZE_MAX / 2) {
		out->failed = out->failed == OK ? ERR_LIMIT : out->failed;
		return;
	}

	uint8_t *to = buf_reserve(out, data.size * 2);
	if (!to)
		return;
	for (size_t i = 0; i < data.size; i++) {
		to[2 * i] = (uint8_t) "0123456789abcdef"[data.data[i] >> 4];
		to[2 * i + 1] = (uint8_t) "0123456789abcdef"[data.data[i] & 0xF];
	}
	buf_grown(out, data.size * 2);
}

void percent_put(struct buf *out, const char *text, const char *also)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
			     strchr("-._~", *c) || strchr(also, *c);
		buf_printf(out, plain ? "%c" : "%%%02X", *c);
	}
}

#define MASK "***"

/* Where "password=" of a query begins in TEXT, with what may stand before it ("sslpassword="); NULL. */
static const char *find_password(const char *text)
{
	static const char word[] = "password=";
	for (; *text; text++)
		if (strncasecmp(text, word, sizeof word - 1) == 0)
			return text + sizeof word - 1;
	return NULL;
}

/* A password with "/", "?" or "@" in it as it is makes a wrong URL, and is one no less: it goes on to the last "@". */
void url_put_masked(struct buf *out, const char *text)
{
	const char *scheme = strstr(text, "://"), *at = strrchr(text, '@');
	const char *colon = strchr(scheme ? scheme + strlen("://") : text, ':');
	if (at && colon && colon < at) {
		buf_put(out, text, (size_t)(colon + 1 - text));
		buf_puts(out, MASK);
		text = at;
	}
	for (const char *secret; (secret = find_password(text)); text = secret + strcspn(secret, "&")) {
		buf_put(out, text, (size_t)(secret - text));
		buf_puts(out, MASK);
	}
	buf_puts(out, text);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_parse(struct arena *arena, const char *text, struct bytes *data)
{
	size_t size = strlen(text);
	uint8_t *to = size % 2 == 0 ? arena_alloc(arena, size / 2) : NULL;

	if (!to)
		return false;
	for (size_t i = 0; i < size / 2; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	*data = bytes(to, size / 2);
	return true;
}

/* Unicode 15, table 3-7 "Well-Formed UTF-8 Byte Sequences": the range of the first byte, that of the second, the
 * length. */
static const struct {
	uint8_t first, last;
	uint8_t second_min, second_max;
	uint8_t size;
} utf8_rows[] = {
	{ 0x01, 0x7F, 0x00, 0x00, 1 }, /* NUL is well formed, but no text of ours has it */
	{ 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 },
	{ 0xE1, 0xEC, 0x80, 0xBF, 3 }, { 0xED, 0xED, 0x80, 0x9F, 3 }, /* above are the surrogates */
	{ 0xEE, 0xEF, 0x80, 0xBF, 3 }, { 0xF0, 0xF0, 0x90, 0xBF, 4 },
	{ 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
};

size_t utf8_first(struct bytes text)
{
	if (text.size == 0)
		return 0;
	for (size_t r = 0; r < COUNT(utf8_rows); r++) {
		if (text.data[0] < utf8_rows[r].first || text.data[0] > utf8_rows[r].last)
			continue;

		size_t size = utf8_rows[r].size;
		if (text.size < size)
			return 0;
		if (size > 1 && (text.data[1] < utf8_rows[r].second_min || text.data[1] > utf8_rows[r].second_max))
			return 0;
		for (size_t i = 2; i < size; i++)
			if ((text.data[i] & 0xC0) != 0x80)
				return 0;
		return size;
	}
	return 0;
}

size_t utf8_fitting(struct bytes text, size_t most)
{
	size_t kept = 0, step;

	while ((step = utf8_first(bytes(text.data + kept, text.size - kept))) > 0 && kept + step <= most)
		kept += step;
	return kept;
}

bool ascii_printable(struct bytes text)
{
	bool other = false;

	/* No early way out, so that the compiler takes many bytes at a time. */
	for (size_t i = 0; i < text.size; i++)
		other |= text.data[i] < 0x20 || text.data[i] > 0x7E;
	return !other;
}

bool utf8_valid(struct bytes text)
{
	while (text.size > 0) {
		size_t size = utf8_first(text);
		if (size == 0)
			return false;
		text = bytes(text.data + size, text.size - size);
	}
	return true;
}

size_t utf8_length(const char *text)
{
	size_t length = 0;

	for (; *text; text++)
		length += ((uint8_t)*text & 0xC0) != 0x80;
	return length;
}

bool int64_parse(const char *text, int64_t *value)
{
	bool negative = text && *text == '-';
	const char *digit = negative ? text + 1 : text;
	int64_t sum = 0;

	if (!digit || *digit == '\0')
		return false;
	for (; *digit; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		int n = *digit - '0';
		/* Towards the sign, because INT64_MIN has no positive counterpart. */
		if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, negative ? -n : n, &sum))
			return false;
	}
	*value = sum;
	return true;
}

bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ends_with(const char *text, const char *suffix)
{
	size_t size = strlen(text), end = strlen(suffix);

	return size >= end && memcmp(text + size - end, suffix, end) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool same_ignoring_case(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

bool word_next(const char **words, struct bytes *word)
{
	const char *from = *words ? *words + strspn(*words, " ") : "";

	*word = bytes(from, strcspn(from, " "));
	*words = from + word->size;
	return word->size > 0;
}

bool word_among(const char *words, const char *word)
{
	struct bytes each;

	while (word_next(&words, &each))
		if (bytes_same(each, bytes_of(word)))
			return true;
	return false;
}

size_t text_edits(const char *a, const char *b)
{
	size_t row[TEXT_EDITS_FAR], width = strlen(b);

	if (width >= TEXT_EDITS_FAR || strlen(a) >= TEXT_EDITS_FAR)
		return TEXT_EDITS_FAR;
	for (size_t i = 0; i <= width; i++)
		row[i] = i;
	for (; *a; a++) {
		size_t diagonal = row[0]++;
		for (size_t i = 1; i <= width; i++) {
			size_t other = diagonal + (*a != b[i - 1]);
			size_t one_more = (row[i] < row[i - 1] ? row[i] : row[i - 1]) + 1;
			diagonal = row[i];
			row[i] = other < one_more ? other : one_more;
		}
	}
	return row[width];
}
