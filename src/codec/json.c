#include "codec/json.h"

#include "base/text.h"

/* RFC 8259 §7. */
void json_quote(struct buf *out, const char *text)
{
	if (!utf8_valid(bytes_of(text)) && out->failed == OK)
		out->failed = ERR_SYNTAX;
	buf_putc(out, '"');
	for (const char *c = text; *c;) {
		const char *run = c;
		while ((unsigned char)*c >= 0x20 && *c != '"' && *c != '\\')
			c++;
		buf_put(out, run, (size_t)(c - run));
		if (*c == '"' || *c == '\\')
			buf_printf(out, "\\%c", *c++);
		else if (*c)
			buf_printf(out, "\\u%04x", (unsigned)*c++);
	}
	buf_putc(out, '"');
}

/* Behind the string that begins at TEXT's octet AT. */
static size_t behind_string(struct bytes text, size_t at)
{
	for (at++; at < text.size && text.data[at] != '"'; at++)
		at += text.data[at] == '\\';
	return at + 1;
}

bool json_is_bounded(struct bytes text)
{
	size_t values = 1; /* what is opened has one more than there are commas in it */

	for (size_t at = 0; at < text.size && values <= JSON_VALUES_MAX;) {
		uint8_t c = text.data[at];
		values += c == ',' || c == '[' || c == '{';
		at = c == '"' ? behind_string(text, at) : at + 1;
	}
	return values <= JSON_VALUES_MAX;
}

static void put_line(struct json_writer *json)
{
	buf_putc(json->out, '\n');
	for (int i = 0; i < json->depth; i++)
		buf_putc(json->out, '\t');
}

static void put_name(struct json_writer *json, const char *name)
{
	if (json->some)
		buf_putc(json->out, ',');
	if (json->depth > 0)
		put_line(json);
	json->some = true;
	if (!name)
		return;
	json_quote(json->out, name);
	buf_puts(json->out, ": ");
}

void json_open(struct json_writer *json, const char *name, char bracket)
{
	put_name(json, name);
	buf_putc(json->out, bracket);
	json->depth++;
	json->some = false;
}

void json_close(struct json_writer *json, char bracket)
{
	json->depth--;
	if (json->some)
		put_line(json);
	buf_putc(json->out, bracket);
	json->some = true;
}

void json_put_text(struct json_writer *json, const char *name, const char *text)
{
	if (!text)
		return;
	put_name(json, name);
	json_quote(json->out, text);
}

void json_put_number(struct json_writer *json, const char *name, int64_t number)
{
	put_name(json, name);
	buf_printf(json->out, "%lld", (long long)number);
}

void json_put_flag(struct json_writer *json, const char *name, bool flag)
{
	put_name(json, name);
	buf_puts(json->out, flag ? "true" : "false");
}
