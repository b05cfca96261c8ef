/* A file as an operator hands it over: HTTP headers or none, then a multipart body, strict and lenient. */
#include "codec/mime.h"
#include "fuzz.h"

static void read_as(struct arena *arena, const char *type, struct bytes body, bool lenient)
{
	struct mime_limits limits = mime_limits_default;
	struct mime_message message;
	struct err err;

	limits.lenient = lenient;
	if (mime_parse(arena, type, body, &limits, &message, &err) != OK)
		return;
	MUST(message.count > 0 && message.count <= limits.max_parts && message.root < message.count);
	for (size_t i = 0; i < message.count; i++) {
		const struct mime_part *part = &message.parts[i];
		struct bytes decoded;
		MUST(part->body.data >= body.data && part->body.data + part->body.size <= body.data + body.size);
		if (mime_body(arena, part, &decoded, &err) == OK)
			MUST(decoded.size <= part->body.size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena_auto arena = arena_new(16 << 20);
	struct bytes headers;
	struct bytes body;

	if (!arena)
		return 0;
	mime_split_http(bytes(data, size), &headers, &body);
	MUST(headers.size + body.size == size);
	const char *type = mime_header(arena, headers, "content-type");
	if (!type)
		type = mime_guess_content_type(arena, body);
	if (!type)
		return 0;
	mime_parameter(arena, type, "type");
	read_as(arena, type, body, false);
	read_as(arena, type, body, true);
	return 0;
}
