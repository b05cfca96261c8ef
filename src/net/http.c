#include "http_int.h"

#include "base/text.h"

const char *http_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->headers_count; i++)
		if (same_ignoring_case(request->headers[i].name, name))
			return request->headers[i].value;
	return NULL;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20U;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next byte, or -1 if its escape is malformed. */
static int next_byte(struct bytes *text, bool plus)
{
	uint8_t c = text->data[0];
	size_t used = 1;
	int value = plus && c == '+' ? ' ' : c;

	if (c == '%') {
		int high = text->size > 2 ? hex_digit(text->data[1]) : -1;
		int low = text->size > 2 ? hex_digit(text->data[2]) : -1;
		if (high < 0 || low < 0)
			return -1;
		value = high * 16 + low;
		used = 3;
	}
	*text = bytes(text->data + used, text->size - used);
	return value;
}

char *percent_decode(struct arena *arena, struct bytes text, bool plus)
{
	char *decoded = arena_alloc(arena, text.size + 1);
	size_t size = 0;

	if (!decoded)
		return NULL;
	while (text.size > 0) {
		int c = next_byte(&text, plus);
		if (c <= 0)
			return NULL;
		decoded[size++] = (char)c;
	}
	decoded[size] = '\0';
	return utf8_valid(bytes(decoded, size)) ? decoded : NULL;
}

static bool name_is(struct bytes encoded, const char *name)
{
	while (encoded.size > 0) {
		int c = next_byte(&encoded, true);
		if (c <= 0 || (uint8_t)*name++ != c)
			return false;
	}
	return *name == '\0';
}

/* application/x-www-form-urlencoded: name=value pairs between '&'. */
const char *http_query(const struct http_request *request, const char *name)
{
	const char *at = request->query;

	while (*at != '\0') {
		size_t pair = strcspn(at, "&");
		size_t length = strcspn(at, "=&");
		size_t value = length < pair ? length + 1 : pair;
		if (pair > 0 && name_is(bytes(at, length), name))
			return percent_decode(request->arena, bytes(at + value, pair - value), true);
		at += pair;
		if (*at == '&')
			at++;
	}
	return NULL;
}

bool is_token(const char *text)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
		bool digit = *text >= '0' && *text <= '9';
		if (!letter && !digit && !strchr(others, *text))
			return false;
	}
	return true;
}
