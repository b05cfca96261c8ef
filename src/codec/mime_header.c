/* Header lines and their parameters (RFC 5322 §2.2, RFC 2045 §5.1), strict: no comments, no charset of RFC 2231. */
#include "base/text.h"
#include "codec/mime_int.h"

bool mime_is_token(char c)
{
	return c > ' ' && c < 0x7F && !strchr("()<>@,;:\\\"/[]?=", c);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool mime_named(struct bytes name, const char *wanted)
{
	if (name.size != strlen(wanted))
		return false;
	for (size_t i = 0; i < name.size; i++)
		if (lower((char)name.data[i]) != lower(wanted[i]))
			return false;
	return true;
}

char *mime_lower(struct arena *arena, struct bytes text)
{
	char *copy = arena_text_of(arena, text);

	for (char *c = copy; c && *c; c++)
		*c = lower(*c);
	return copy;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes mime_trim(struct bytes text)
{
	while (text.size > 0 && is_space(text.data[0]))
		text = bytes(text.data + 1, text.size - 1);
	while (text.size > 0 && is_space(text.data[text.size - 1]))
		text.size--;
	return text;
}

/* --- lines --- */

/* Cuts the next line off, without its end. */
static enum mime_line next_line(struct mime_headers *headers, struct bytes *line)
{
	struct bytes rest = headers->rest;
	const uint8_t *end = rest.size > 0 ? memchr(rest.data, '\n', rest.size) : NULL;

	if (!end)
		return MIME_LINE_CUT;
	size_t size = (size_t)(end - rest.data);
	headers->rest = bytes(end + 1, rest.size - size - 1);
	if (size > 0 && rest.data[size - 1] == '\r')
		size--;
	else if (!headers->lf)
		return MIME_LINE_MALFORMED;
	*line = bytes(rest.data, size);
	return size > 0 ? MIME_LINE_HEADER : MIME_LINE_END;
}

/* Eight-bit characters are left alone: some products write file names so. */
static bool has_control(struct bytes line)
{
	for (size_t i = 0; i < line.size; i++)
		if ((line.data[i] < ' ' && line.data[i] != '\t') || line.data[i] == 0x7F)
			return true;
	return false;
}

enum mime_line mime_next_header(struct mime_headers *headers, struct mime_header_line *header)
{
	struct bytes line;
	enum mime_line kind = next_line(headers, &line);

	if (kind != MIME_LINE_HEADER)
		return kind;
	if (has_control(line))
		return MIME_LINE_MALFORMED;

	size_t name_size = 0;
	while (name_size < line.size && mime_is_token((char)line.data[name_size]))
		name_size++;
	if (name_size == 0 || name_size == line.size || line.data[name_size] != ':')
		return MIME_LINE_MALFORMED;

	const uint8_t *value = line.data + name_size + 1;
	const uint8_t *end = line.data + line.size;
	while (headers->rest.size > 0 && mime_is_blank((char)headers->rest.data[0])) {
		struct bytes more;
		kind = next_line(headers, &more);
		if (kind != MIME_LINE_HEADER)
			return kind == MIME_LINE_CUT ? kind : MIME_LINE_MALFORMED;
		if (has_control(more))
			return MIME_LINE_MALFORMED;
		end = more.data + more.size;
	}
	*header = (struct mime_header_line){ .name = bytes(line.data, name_size),
					     .value = bytes(value, (size_t)(end - value)) };
	return MIME_LINE_HEADER;
}

char *mime_unfold(struct arena *arena, struct bytes value)
{
	struct bytes inner = mime_trim(value);
	char *text = arena_alloc(arena, inner.size + 1);
	char *to = text;

	for (size_t i = 0; text && i < inner.size; i++)
		if (inner.data[i] != '\r' && inner.data[i] != '\n')
			*to++ = (char)inner.data[i];
	return text;
}

/* --- parameters --- */

static const char *skip_blanks(const char *at)
{
	while (mime_is_blank(*at))
		at++;
	return at;
}

/* The end of the quoted string that begins at AT, behind the closing quote; NULL if there is none. */
static const char *quoted_end(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && *++at == '\0')
			return NULL;
	return *at ? at + 1 : NULL;
}

struct parameter {
	struct bytes name;
	struct bytes value; /* with its quotes */
};

/* Reads "; name=value" at *AT. MIME_ABSENT at the end of the header; a semicolon that ends it is common and harmless.
 */
static enum mime_found next_parameter(const char **at, struct parameter *parameter)
{
	const char *name = skip_blanks(*at);

	if (*name == ';')
		name = skip_blanks(name + 1);
	else if (*name)
		return MIME_MALFORMED;
	if (!*name)
		return MIME_ABSENT;

	const char *end = name;
	while (mime_is_token(*end))
		end++;
	parameter->name = bytes(name, (size_t)(end - name));
	const char *value = skip_blanks(end);
	if (end == name || *value != '=')
		return MIME_MALFORMED;

	value = skip_blanks(value + 1);
	end = value;
	if (*value == '"')
		end = quoted_end(value);
	else
		/* Products write boundary and type values with "=", "/" and ":" that should stand in quotes. */
		while (*end && *end != ';' && *end != '"' && !mime_is_blank(*end))
			end++;
	if (!end || end == value)
		return MIME_MALFORMED;
	parameter->value = bytes(value, (size_t)(end - value));
	*at = end;
	return MIME_FOUND;
}

static char *unquote(struct arena *arena, struct bytes value)
{
	if (value.data[0] != '"')
		return arena_text_of(arena, value);

	char *text = arena_alloc(arena, value.size);
	char *to = text;
	for (size_t i = 1; text && i + 1 < value.size; i++) {
		if (value.data[i] == '\\')
			i++;
		*to++ = (char)value.data[i];
	}
	return text;
}

static const char *parameters_of(const char *header)
{
	return header + strcspn(header, ";");
}

enum mime_found mime_find_parameter(struct arena *arena, const char *header, const char *name, const char **value)
{
	const char *at = parameters_of(header);
	struct parameter parameter;
	struct bytes found = { 0 };
	enum mime_found state;

	while ((state = next_parameter(&at, &parameter)) == MIME_FOUND) {
		if (!mime_named(parameter.name, name))
			continue;
		if (found.data)
			return MIME_TWICE;
		found = parameter.value;
	}
	if (state != MIME_ABSENT || !found.data)
		return state;
	const char *text = unquote(arena, found);
	if (!text)
		return MIME_NO_MEMORY;
	*value = text;
	return MIME_FOUND;
}

const char *mime_parameter(struct arena *arena, const char *header, const char *name)
{
	const char *value = NULL;

	return mime_find_parameter(arena, header, name, &value) == MIME_FOUND ? value : NULL;
}

enum err_code mime_media_type(struct arena *arena, const char *header, const char **type, struct err *err)
{
	struct bytes name = mime_trim(bytes(header, (size_t)(parameters_of(header) - header)));
	size_t slashes = 0;

	for (size_t i = 0; i < name.size; i++) {
		bool slash = name.data[i] == '/';
		slashes += slash;
		if ((slash && (i == 0 || i + 1 == name.size)) || (!slash && !mime_is_token((char)name.data[i])))
			slashes = 2;
	}
	if (slashes != 1)
		return fail(err, ERR_SYNTAX, "\"%.100s\" is not a media type", header);

	const char *text = mime_lower(arena, name);
	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for a media type");
	*type = text;
	return OK;
}

/* --- HTTP header blocks in files --- */

/* "POST /as4 HTTP/1.1" or "HTTP/1.1 200 OK". */
static bool is_http_start(struct bytes line)
{
	static const char version[] = "HTTP/";
	const uint8_t *found = memmem(line.data, line.size, version, sizeof(version) - 1);

	return found && !has_control(line) && (found == line.data || found[-1] == ' ');
}

/* The header lines at the head of ALL; *STARTED tells whether a request or status line was skipped. */
static struct mime_headers headers_of(struct bytes all, bool *started)
{
	struct mime_headers headers = { .rest = all, .lf = true };
	struct mime_headers next = headers;
	struct bytes line;

	*started = next_line(&next, &line) == MIME_LINE_HEADER && is_http_start(line);
	return *started ? next : headers;
}

void mime_split_http(struct bytes all, struct bytes *headers, struct bytes *body)
{
	bool any;
	struct mime_headers lines = headers_of(all, &any);
	struct mime_header_line header;
	enum mime_line kind;

	*headers = bytes(all.data, 0);
	*body = all;
	/* A boundary line may look like a header: "--uuid:7f3c". */
	if (all.size >= 2 && memcmp(all.data, "--", 2) == 0)
		return;
	while ((kind = mime_next_header(&lines, &header)) == MIME_LINE_HEADER)
		any = true;
	if (kind != MIME_LINE_END || !any)
		return;
	*headers = bytes(all.data, all.size - lines.rest.size);
	*body = lines.rest;
}

const char *mime_header(struct arena *arena, struct bytes headers, const char *name)
{
	bool started;
	struct mime_headers lines = headers_of(headers, &started);
	struct mime_header_line header;
	struct bytes found = { 0 };

	while (mime_next_header(&lines, &header) == MIME_LINE_HEADER) {
		if (!mime_named(header.name, name))
			continue;
		if (found.data)
			return NULL;
		found = header.value;
	}
	return found.data ? mime_unfold(arena, found) : NULL;
}
