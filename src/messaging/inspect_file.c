/* What tools, proxies and mail programs leave around the bytes of a message. */
#include "base/text.h"
#include "codec/gzip.h"
#include "messaging/inspect_int.h"
#include "messaging/uris_int.h"

enum { FILE_MAX_RATIO = 200 };

static enum err_code took_off(struct arena *arena, struct inspect_file *opened, const char *what, struct err *err)
{
	const char *before = opened->taken_off;
	opened->taken_off = before ? arena_printf(arena, "%s, %s", before, what) : what;
	return opened->taken_off ? OK : fail(err, ERR_MEMORY, "no memory to look at the message");
}

static bool begins(struct bytes text, const char *with)
{
	return text.size >= strlen(with) && memcmp(text.data, with, strlen(with)) == 0;
}

/* --- UTF-16 --- */

static void put_character(uint8_t **to, uint32_t c)
{
	static const uint8_t marks[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	unsigned size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (unsigned i = size; i > 1; i--, c >>= 6)
		(*to)[i - 1] = (uint8_t)(0x80 | (c & 0x3F));
	(*to)[0] = (uint8_t)(size == 1 ? c : marks[size] | c);
	*to += size;
}

/* The character at *AT of UTF-16, which it moves on. A surrogate alone becomes what it is: no XML, and refused as such.
 */
static uint32_t next_character(struct bytes in, size_t *at, bool little)
{
	uint32_t units[2] = { 0, 0 };

	for (size_t k = 0; k < 2 && *at + 2 * k + 1 < in.size; k++) {
		const uint8_t *octets = in.data + *at + 2 * k;
		units[k] = little ? octets[0] | (uint32_t)octets[1] << 8 : octets[1] | (uint32_t)octets[0] << 8;
	}
	bool pair = (units[0] & 0xFC00) == 0xD800 && (units[1] & 0xFC00) == 0xDC00;
	*at += pair ? 4 : 2;
	return pair ? 0x10000 + ((units[0] & 0x3FF) << 10) + (units[1] & 0x3FF) : units[0];
}

/* Windows tools save text so. The XML declaration goes: it may name the encoding that the text had before or has now,
 * and no signature covers it. */
static enum err_code take_off_utf16(struct arena *arena, struct inspect_file *opened, struct err *err)
{
	struct bytes in = opened->body;
	bool little = begins(in, "\xFF\xFE");

	if (!little && !begins(in, "\xFE\xFF"))
		return OK;
	uint8_t *text = arena_array(arena, in.size / 2 * 3 + 1, 1), *to = text;
	if (!text)
		return fail(err, ERR_MEMORY, "no memory to look at the message");
	for (size_t at = 2; at + 1 < in.size;)
		put_character(&to, next_character(in, &at, little));
	struct bytes plain = bytes(text, (size_t)(to - text));
	const uint8_t *end = begins(plain, "<?xml") ? memmem(text, plain.size, "?>", 2) : NULL;
	opened->body = end ? bytes(end + 2, (size_t)(to - end) - 2) : plain;
	return took_off(arena, opened, "UTF-16", err);
}

/* --- HTTP --- */

/* A byte order mark, and blank lines, unless an XML document begins after them: that they make wrong. */
static struct bytes without_blanks(struct bytes text)
{
	struct bytes inner = text;

	if (inner.size >= 3 && memcmp(inner.data, "\xEF\xBB\xBF", 3) == 0)
		inner = bytes(inner.data + 3, inner.size - 3);
	while (inner.size && strchr(" \t\r\n", inner.data[0]) && inner.data[0])
		inner = bytes(inner.data + 1, inner.size - 1);
	return inner.size && inner.data[0] != '<' ? inner : text;
}

/* "100 Continue" stands before the answer that counts. */
static enum err_code take_off_headers(struct arena *arena, struct inspect_file *opened, struct bytes *headers,
				      struct err *err)
{
	opened->body = without_blanks(opened->body);
	do {
		mime_split_http(opened->body, headers, &opened->body);
	} while (headers->size && begins(opened->body, "HTTP/"));
	return headers->size ? took_off(arena, opened, "HTTP headers", err) : OK;
}

/* The size line of a chunk at *AT, RFC 9112 §7.1: hexadecimal, extensions, line end (tools save it as LF, too). */
static bool chunk_size(struct bytes in, size_t *at, size_t *size)
{
	static const char digits[] = "0123456789abcdef";
	size_t begin = *at;

	*size = 0;
	for (; *at < in.size && *at - begin < 8; ++*at) {
		char c = (char)in.data[*at];
		const char *digit = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;
		if (!digit)
			break;
		*size = *size * 16 + (size_t)(digit - digits);
	}
	const uint8_t *end = *at < in.size ? memchr(in.data + *at, '\n', in.size - *at) : NULL;
	bool good = *at > begin && end && strchr(";\r\n ", in.data[*at]) && in.data[*at];
	if (good)
		*at = (size_t)(end - in.data) + 1;
	return good;
}

/* Most tools that keep the headers have taken the chunks apart already: only what is chunks throughout is. */
static enum err_code take_off_chunks(struct arena *arena, struct inspect_file *opened, struct err *err)
{
	struct bytes in = opened->body;
	size_t at = 0, size, count = 0;
	uint8_t *text = NULL;

	for (;;) {
		if (!chunk_size(in, &at, &size))
			return OK;
		if (size == 0)
			break;
		if (size > in.size - at)
			return OK;
		if (!text && !(text = arena_array(arena, in.size, 1)))
			return fail(err, ERR_MEMORY, "no memory to look at the message");
		memcpy(text + count, in.data + at, size);
		count += size;
		at += size;
		at += at < in.size && in.data[at] == '\r';
		at += at < in.size && in.data[at] == '\n';
	}
	if (!text)
		return OK;
	opened->body = bytes(text, count);
	return took_off(arena, opened, "chunks", err);
}

static enum err_code take_off_gzip(struct arena *arena, struct inspect_file *opened, size_t max_bytes, struct err *err)
{
	struct err why = { 0 };
	buf_auto plain;

	buf_init(&plain, max_bytes);
	if (!begins(opened->body, "\x1F\x8B"))
		return OK;
	enum err_code code = gzip_expand(opened->body, FILE_MAX_RATIO, &plain, &why);
	if (code == ERR_SYNTAX || code == ERR_LIMIT)
		return OK; /* it stays as it is, and is no message */
	if (code == OK) {
		const void *copy = arena_copy(arena, plain.data, plain.size);
		if (!copy)
			return fail(err, ERR_MEMORY, "no memory to look at the message");
		opened->body = bytes(copy, plain.size);
		return took_off(arena, opened, "gzip", err);
	}
	*err = why;
	return code;
}

/* --- Envelopes and packages --- */

static bool is_name(uint8_t c)
{
	return c > ' ' && !strchr("<>/=\"'&", c);
}

/* Whether "prefix:Envelope" or "Envelope" ends at AT; *BEGIN is where it begins. */
static bool names_envelope(struct bytes body, size_t at, size_t *begin)
{
	static const char name[] = "Envelope";
	size_t length = sizeof name - 1;

	if (at < length || memcmp(body.data + at - length, name, length) != 0)
		return false;
	for (*begin = at - length; *begin > 0 && is_name(body.data[*begin - 1]);)
		--*begin;
	return *begin == at - length || body.data[at - length - 1] == ':';
}

/* Where the first start tag of an Envelope begins; .size if there is none. */
static size_t envelope_begin(struct bytes body)
{
	size_t begin;

	for (size_t at = 1; at < body.size; at++)
		if (!is_name(body.data[at]) && names_envelope(body, at, &begin) && begin > 0 &&
		    body.data[begin - 1] == '<')
			return begin - 1;
	return body.size;
}

/* What is left of a broken package. */
struct bytes inspect_envelope(struct bytes body)
{
	size_t first = envelope_begin(body), last = 0, begin;

	for (size_t at = first + 1; at < body.size; at++)
		if (body.data[at] == '>' && names_envelope(body, at, &begin) && begin >= 2 &&
		    body.data[begin - 1] == '/' && body.data[begin - 2] == '<')
			last = at + 1;
	return last > first ? bytes(body.data + first, last - first) : (struct bytes){ 0 };
}

/* PEM and Markdown begin with "--", too: a boundary has header lines below it. */
static bool begins_package(struct arena *arena, struct bytes body)
{
	const uint8_t *end = begins(body, "--") ? memchr(body.data, '\n', body.size) : NULL;
	struct bytes headers = { 0 }, rest;

	if (!end)
		return false;
	mime_split_http(bytes(end + 1, body.size - (size_t)(end - body.data) - 1), &headers, &rest);
	return mime_header(arena, headers, "Content-Type") != NULL;
}

/* A header that names no boundary helps nobody; the body does. */
static const char *type_for(struct arena *arena, const char *header, struct bytes body)
{
	const char *guessed = mime_guess_content_type(arena, body);
	const uint8_t *old = memmem(body.data, body.size, NS_SOAP11, strlen(NS_SOAP11));
	const uint8_t *new = memmem(body.data, body.size, NS_SOAP12, strlen(NS_SOAP12));
	bool is_soap11 = old && (!new || old < new);
	struct err err;
	const char *type;

	if (!header)
		return guessed ? guessed : is_soap11 ? MIME_SOAP11 : MIME_SOAP12;
	if (guessed && mime_media_type(arena, header, &type, &err) == OK && same(type, "multipart/related") &&
	    !mime_parameter(arena, header, "boundary"))
		return guessed;
	return header;
}

enum err_code inspect_file_open(struct arena *arena, struct bytes file, size_t max_bytes, struct inspect_file *opened,
				struct err *err)
{
	struct inspect_file found = { .body = file };
	struct bytes headers = { 0 };
	const char *type;

	TRY(take_off_utf16(arena, &found, err));
	TRY(take_off_headers(arena, &found, &headers, err));
	TRY(take_off_chunks(arena, &found, err));
	TRY(take_off_gzip(arena, &found, max_bytes, err));
	type = mime_header(arena, headers, "Content-Type");
	found.content_type = type_for(arena, type, found.body);
	found.is_message = type || begins_package(arena, found.body) || envelope_begin(found.body) < found.body.size;
	*opened = found;
	return OK;
}
