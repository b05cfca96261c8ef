#include "codec/mime.h"

#include "base/text.h"
#include "codec/mime_int.h"

const struct mime_limits mime_limits_default = {
	.max_parts = 64,
	.max_headers = 32,
	.max_header_bytes = 4096,
	.lenient = false,
};

/* --- boundaries --- */

#define BOUNDARY_MAX 70 /* RFC 2046 §5.1.1 */

static bool is_boundary(struct bytes text)
{
	if (text.size == 0 || text.size > BOUNDARY_MAX || text.data[text.size - 1] == ' ')
		return false;
	for (size_t i = 0; i < text.size; i++) {
		char c = (char)text.data[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && (c == '\0' || !strchr("'()+_,-./:=? ", c)))
			return false;
	}
	return true;
}

/* Walks over the boundary lines of a body, each byte being looked at a bounded number of times. */
struct splitter {
	struct bytes body;
	size_t at;                        /* from here on nothing was searched yet */
	char delimiter[BOUNDARY_MAX + 3]; /* "--" and the boundary */
	size_t delimiter_size;
	bool lf_allowed;
	bool style_known; /* the first boundary line was seen, */
	bool lf;          /* and it ended with LF alone */
};

enum boundary_line { BOUNDARY_NONE, BOUNDARY_PART, BOUNDARY_END };

/* True if a line may begin at POS. *START is where the line end before it begins: that belongs to the boundary. */
static bool begins_line(const struct splitter *s, size_t pos, size_t *start)
{
	*start = pos;
	if (pos == 0)
		return true;
	if (s->body.data[pos - 1] != '\n')
		return false;
	bool crlf = pos >= 2 && s->body.data[pos - 2] == '\r';
	bool lf = s->style_known ? s->lf : s->lf_allowed && !crlf;
	*start = lf ? pos - 1 : pos - 2;
	return lf || crlf;
}

/* How long the line end at POS is; 0 if there is none of the kind that the body uses. */
static size_t line_end_size(const struct splitter *s, size_t pos)
{
	const uint8_t *data = s->body.data;
	bool lf_counts = s->style_known ? s->lf : s->lf_allowed;

	if (s->body.size - pos >= 2 && data[pos] == '\r' && data[pos + 1] == '\n')
		return 2;
	return s->body.size - pos >= 1 && data[pos] == '\n' && lf_counts ? 1 : 0;
}

/* Judges what follows the delimiter at POS: "--" or nothing, blanks (RFC 2046: transport padding), then a line end. The
 * last boundary may also end the body. *AFTER is behind the line end. */
static enum boundary_line ends_line(struct splitter *s, size_t pos, size_t *after)
{
	const uint8_t *data = s->body.data;
	size_t size = s->body.size;
	enum boundary_line kind = BOUNDARY_PART;

	if (size - pos >= 2 && data[pos] == '-' && data[pos + 1] == '-') {
		kind = BOUNDARY_END;
		pos += 2;
	}
	while (pos < size && mime_is_blank((char)data[pos]))
		pos++;

	size_t line_end = line_end_size(s, pos);
	if (line_end == 0 && (kind == BOUNDARY_PART || pos < size))
		return BOUNDARY_NONE;
	if (!s->style_known && line_end > 0) {
		s->style_known = true;
		s->lf = line_end == 1;
	}
	*after = pos + line_end;
	return kind;
}

/* Finds the next boundary line. *START is where the content before it ends. A boundary inside a line is content. */
static enum boundary_line next_boundary(struct splitter *s, size_t *start)
{
	while (s->at < s->body.size) {
		const uint8_t *from = s->body.data + s->at;
		const uint8_t *found = memmem(from, s->body.size - s->at, s->delimiter, s->delimiter_size);
		if (!found)
			break;
		size_t pos = (size_t)(found - s->body.data);
		s->at = pos + s->delimiter_size;
		size_t after = s->body.size;
		if (!begins_line(s, pos, start))
			continue;
		enum boundary_line kind = ends_line(s, s->at, &after);
		if (kind == BOUNDARY_NONE)
			continue;
		s->at = after;
		return kind;
	}
	s->at = s->body.size;
	return BOUNDARY_NONE;
}

/* --- parts --- */

/* The headers of a part that count; all others are skipped. */
struct known_headers {
	const char *type;
	const char *id;
	const char *encoding;
};

static const struct {
	const char *name;
	size_t offset;
} known_headers[] = {
	{ "Content-Type", offsetof(struct known_headers, type) },
	{ "Content-ID", offsetof(struct known_headers, id) },
	{ "Content-Transfer-Encoding", offsetof(struct known_headers, encoding) },
};

static enum err_code keep_header(struct arena *arena, const struct mime_header_line *header,
				 struct known_headers *known, struct err *err)
{
	for (size_t i = 0; i < COUNT(known_headers); i++) {
		if (!mime_named(header->name, known_headers[i].name))
			continue;
		const char **value = (const char **)(void *)((char *)known + known_headers[i].offset);
		if (*value)
			return fail(err, ERR_SYNTAX, "a part has two %s headers", known_headers[i].name);
		*value = mime_unfold(arena, header->value);
		if (!*value)
			return fail(err, ERR_MEMORY, "no memory left for the headers of a part");
	}
	return OK;
}

/* Reads the header block of a part; *BODY is what follows it. */
static enum err_code read_headers(struct arena *arena, struct bytes part, bool lf, const struct mime_limits *limits,
				  struct known_headers *known, struct bytes *body, struct err *err)
{
	struct mime_headers lines = { .rest = part, .lf = lf };
	struct mime_header_line header;
	unsigned count = 0;
	enum mime_line kind;

	while ((kind = mime_next_header(&lines, &header)) == MIME_LINE_HEADER) {
		if (++count > limits->max_headers)
			return fail(err, ERR_LIMIT, "a part has more than %u headers", limits->max_headers);
		if (header.name.size + header.value.size > limits->max_header_bytes)
			return fail(err, ERR_LIMIT, "a header of a part is longer than %zu bytes",
				    limits->max_header_bytes);
		TRY(keep_header(arena, &header, known, err));
	}
	if (kind == MIME_LINE_CUT)
		return fail(err, ERR_SYNTAX, "the headers of a part do not end with an empty line");
	if (kind == MIME_LINE_MALFORMED)
		return fail(err, ERR_SYNTAX, "header %u of a part is malformed", count + 1);
	*body = lines.rest;
	return OK;
}

/* "<id>" or, as some products write, "id"; both become "id" (RFC 2392 §2). */
static enum err_code read_content_id(struct arena *arena, const char *value, const char **id, struct err *err)
{
	struct bytes text = mime_trim(bytes_of(value));

	if (text.size >= 2 && text.data[0] == '<' && text.data[text.size - 1] == '>')
		text = bytes(text.data + 1, text.size - 2);
	const char *copy = arena_text_of(arena, text);
	if (!copy)
		return fail(err, ERR_MEMORY, "no memory left for a Content-ID");
	if (!*copy || copy[strcspn(copy, " \t<>")] != '\0')
		return fail(err, ERR_SYNTAX, "\"%.100s\" is not a Content-ID", value);
	*id = copy;
	return OK;
}

static enum err_code read_encoding(struct arena *arena, const char *value, const char **encoding, struct err *err)
{
	static const char *const supported[] = { "binary", "8bit", "7bit", "base64" };
	const char *lower = mime_lower(arena, mime_trim(bytes_of(value)));

	if (!lower)
		return fail(err, ERR_MEMORY, "no memory left for a transfer encoding");
	for (size_t i = 0; i < COUNT(supported); i++) {
		if (!same(lower, supported[i]))
			continue;
		*encoding = supported[i];
		return OK;
	}
	return fail(err, ERR_SYNTAX, "the Content-Transfer-Encoding \"%.100s\" is not supported", value);
}

static enum err_code read_part(struct arena *arena, struct bytes raw, bool lf, const struct mime_limits *limits,
			       struct mime_part *part, struct err *err)
{
	struct known_headers known = { 0 };

	*part = (struct mime_part){ .content_type = "", .content_type_full = "", .encoding = "binary" };
	TRY(read_headers(arena, raw, lf, limits, &known, &part->body, err));
	if (known.type) {
		part->content_type_full = known.type;
		TRY(mime_media_type(arena, known.type, &part->content_type, err));
	}
	if (starts_with(part->content_type, "multipart/"))
		return fail(err, ERR_SYNTAX, "a part is itself %s, which is not allowed", part->content_type);
	if (known.id)
		TRY(read_content_id(arena, known.id, &part->content_id, err));
	if (known.encoding)
		TRY(read_encoding(arena, known.encoding, &part->encoding, err));
	return OK;
}

/* --- the message --- */

/* The parameter NAME, or NULL if it is absent. One that is given twice is refused: two readers might take different
 * ones. */
static enum err_code parameter(struct arena *arena, const char *header, const char *name, const char **value,
			       struct err *err)
{
	const char *found = NULL;

	switch (mime_find_parameter(arena, header, name, &found)) {
	case MIME_ABSENT:
	case MIME_FOUND:
		break;
	case MIME_TWICE:
		return fail(err, ERR_SYNTAX, "the Content-Type has the parameter %s twice", name);
	case MIME_MALFORMED:
		return fail(err, ERR_SYNTAX, "the parameters of the Content-Type are malformed: \"%.150s\"", header);
	case MIME_NO_MEMORY:
		return fail(err, ERR_MEMORY, "no memory left for a Content-Type");
	}
	*value = found;
	return OK;
}

static enum err_code open_splitter(struct arena *arena, const char *content_type, struct bytes body, bool lenient,
				   struct splitter *splitter, struct err *err)
{
	const char *type;
	const char *boundary;

	TRY(mime_media_type(arena, content_type, &type, err));
	if (!same(type, "multipart/related"))
		return fail(err, ERR_SYNTAX, "the Content-Type is %.100s, not multipart/related", type);
	TRY(parameter(arena, content_type, "boundary", &boundary, err));
	if (!boundary)
		return fail(err, ERR_SYNTAX, "the Content-Type has no boundary");
	if (!is_boundary(bytes_of(boundary)))
		return fail(err, ERR_SYNTAX, "\"%.100s\" is not a boundary (RFC 2046)", boundary);

	*splitter = (struct splitter){ .body = body, .lf_allowed = lenient };
	memcpy(splitter->delimiter, "--", 2);
	splitter->delimiter_size = 2 + strlen(boundary);
	memcpy(splitter->delimiter + 2, boundary, strlen(boundary));
	return OK;
}

static enum err_code read_parts(struct arena *arena, struct splitter *splitter, const struct mime_limits *limits,
				struct mime_message *message, struct err *err)
{
	size_t end;
	enum boundary_line line = next_boundary(splitter, &end);

	if (line == BOUNDARY_NONE)
		return fail(err, ERR_SYNTAX, "no line of the body is the boundary \"%s\"", splitter->delimiter);
	while (line == BOUNDARY_PART) {
		size_t begin = splitter->at;
		line = next_boundary(splitter, &end);
		if (line == BOUNDARY_NONE)
			return fail(err, ERR_SYNTAX, "the end boundary is missing: the body was cut short");
		if (message->count == limits->max_parts)
			return fail(err, ERR_LIMIT, "the message has more than %u parts", limits->max_parts);
		/* Two boundary lines in a row share a line end: then the part is empty, not of negative size. */
		struct bytes part = bytes(splitter->body.data + begin, end > begin ? end - begin : 0);
		TRY(read_part(arena, part, splitter->lf, limits, &message->parts[message->count], err));
		message->count++;
	}
	if (message->count == 0)
		return fail(err, ERR_SYNTAX, "the message has no parts");
	return OK;
}

static const struct mime_part *part_by_id(const struct mime_message *message, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (message->parts[i].content_id && same(message->parts[i].content_id, id))
			return &message->parts[i];
	return NULL;
}

static enum err_code check_ids(const struct mime_message *message, struct err *err)
{
	for (size_t i = 1; i < message->count; i++) {
		const char *id = message->parts[i].content_id;
		if (id && part_by_id(message, i, id))
			return fail(err, ERR_SYNTAX, "two parts have the Content-ID \"%.100s\"", id);
	}
	return OK;
}

/* RFC 2387 §3.2: `start` names the root by its Content-ID; without it the first part is the root. */
static enum err_code find_root(struct arena *arena, const char *content_type, struct mime_message *message,
			       struct err *err)
{
	const char *start;
	const char *id;

	TRY(parameter(arena, content_type, "start", &start, err));
	if (!start)
		return OK;
	TRY(read_content_id(arena, start, &id, err));
	const struct mime_part *root = part_by_id(message, message->count, id);
	if (!root)
		return fail(err, ERR_SYNTAX, "no part has the Content-ID \"%.100s\" of the start parameter", id);
	message->root = (size_t)(root - message->parts);
	return OK;
}

enum err_code mime_parse(struct arena *arena, const char *content_type, struct bytes body,
			 const struct mime_limits *limits, struct mime_message *message, struct err *err)
{
	struct splitter splitter;
	struct mime_message found = { .parts = arena_array(arena, limits->max_parts, sizeof(struct mime_part)) };

	if (!found.parts)
		return fail(err, ERR_MEMORY, "no memory left for the parts of a message");
	TRY(open_splitter(arena, content_type, body, limits->lenient, &splitter, err));
	TRY(read_parts(arena, &splitter, limits, &found, err));
	TRY(check_ids(&found, err));
	TRY(find_root(arena, content_type, &found, err));
	*message = found;
	return OK;
}

enum err_code mime_body(struct arena *arena, const struct mime_part *part, struct bytes *body, struct err *err)
{
	if (!same(part->encoding, "base64")) {
		*body = part->body;
		return OK;
	}
	if (!base64_parse(arena, part->body, body))
		return fail(err, ERR_SYNTAX, "a part of type %.100s is not base64, or too large", part->content_type);
	return OK;
}

const char *mime_guess_content_type(struct arena *arena, struct bytes body)
{
	static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };

	if (body.size >= sizeof(mark) && memcmp(body.data, mark, sizeof(mark)) == 0)
		body = bytes(body.data + sizeof(mark), body.size - sizeof(mark));
	body = mime_trim(body);
	if (body.size < 2 || memcmp(body.data, "--", 2) != 0)
		return NULL;

	const uint8_t *end = memchr(body.data, '\n', body.size);
	if (!end)
		return NULL;
	struct bytes boundary = mime_trim(bytes(body.data + 2, (size_t)(end - body.data) - 2));
	if (!is_boundary(boundary))
		return NULL;
	/* No boundary holds a quote or a backslash. */
	return arena_printf(arena, "multipart/related; boundary=\"%.*s\"", (int)boundary.size,
			    (const char *)boundary.data);
}
