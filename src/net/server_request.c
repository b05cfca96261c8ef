#include "server_request_int.h"

#include <gnutls/gnutls.h>

#include "base/text.h"

/* --- The request target --- */

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((uint8_t)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* A path that climbs is never meant well: clients resolve dots before they send (RFC 3986 5.2.4). */
static bool climbs(const char *path)
{
	for (const char *at = path; at; at = strchr(at + 1, '/'))
		if (starts_with(at, "/..") && (at[3] == '/' || at[3] == '\0'))
			return true;
	return false;
}

/* The path of "http://host/path"; TARGET itself if it is not in that form. */
static const char *after_authority(const char *target)
{
	if (*target == '/')
		return target;

	const char *host = strstr(target, "://");
	if (!host || (!starts_with(target, "http://") && !starts_with(target, "https://")))
		return target;
	size_t length = strcspn(host + 3, "/?");
	return host[3 + length] == '/' ? host + 3 + length : "/";
}

bool http_target(struct arena *arena, const char *target, struct http_request *request)
{
	const char *start = after_authority(target);
	size_t length = strcspn(start, "?");

	/* A URI is ASCII (RFC 3986 2); what clients send of other letters as they are is at least text, so that any
	 * answer can repeat it. */
	if (*start != '/' || has_control(target) || !utf8_valid(bytes_of(target)))
		return false;
	char *decoded = percent_decode(arena, bytes(start, length), false);
	char *raw = arena_text_of(arena, bytes(start, length));
	char *rest = arena_text(arena, start[length] == '?' ? start + length + 1 : "");
	if (!decoded || !raw || !rest || has_control(decoded) || climbs(decoded))
		return false;
	request->path = decoded;
	request->raw_path = raw;
	request->query = rest;
	return true;
}

const char *http_segment(struct arena *arena, struct bytes segment)
{
	return percent_decode(arena, segment, false);
}

/* --- Headers --- */

struct reading {
	struct arena *arena;
	struct http_header *headers;
	size_t count, room;
	int status; /* 0 while all is well */
};

static enum MHD_Result read_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct reading *reading = arg;
	struct http_header *header = &reading->headers[reading->count];

	(void)kind;
	/* "Content-Length : 5" must be refused (RFC 9112 5.1): a proxy before us may read it otherwise. */
	if (!name || !is_token(name) || reading->count == reading->room) {
		reading->status = MHD_HTTP_BAD_REQUEST;
		return MHD_NO;
	}
	header->name = arena_text(reading->arena, name);
	header->value = arena_text(reading->arena, value ? value : "");
	if (!header->name || !header->value) {
		reading->status = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
		return MHD_NO;
	}
	reading->count++;
	return MHD_YES;
}

static size_t count_headers(const struct http_request *request, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < request->headers_count; i++)
		count += same_ignoring_case(request->headers[i].name, name);
	return count;
}

/* Two readings of where a request ends let one request hide in another (RFC 9112 11.2): what is ambiguous is refused.
 */
static int framing_judge(const struct http_request *request, struct framing *framing)
{
	const char *length = http_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *coding = http_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	const char *expect = http_header(request, MHD_HTTP_HEADER_EXPECT);

	if (count_headers(request, MHD_HTTP_HEADER_CONTENT_LENGTH) > 1 ||
	    count_headers(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) > 1 ||
	    count_headers(request, MHD_HTTP_HEADER_HOST) > 1 || (length && coding))
		return MHD_HTTP_BAD_REQUEST;
	if (coding && !same_ignoring_case(coding, "chunked"))
		return MHD_HTTP_NOT_IMPLEMENTED;
	if (expect && !same_ignoring_case(expect, "100-continue"))
		return MHD_HTTP_EXPECTATION_FAILED;

	*framing = (struct framing){ .chunked = coding != NULL, .expects_continue = expect != NULL };
	if (length && (!int64_parse(length, &framing->length) || framing->length < 0))
		return MHD_HTTP_BAD_REQUEST;
	return 0;
}

int headers_read(struct MHD_Connection *connection, struct http_request *request, struct framing *framing)
{
	int count = MHD_get_connection_values(connection, MHD_HEADER_KIND, NULL, NULL);
	struct reading reading = { .arena = request->arena, .room = count > 0 ? (size_t)count : 0 };

	reading.headers = arena_array(request->arena, reading.room, sizeof(*reading.headers));
	if (!reading.headers)
		return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	MHD_get_connection_values(connection, MHD_HEADER_KIND, read_header, &reading);
	request->headers = reading.headers;
	request->headers_count = reading.count;
	return reading.status != 0 ? reading.status : framing_judge(request, framing);
}

/* --- Certificates --- */

bool certificates_read(struct MHD_Connection *connection, struct http_request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	unsigned count = 0;
	size_t size = 0;

	if (!info || !info->tls_session)
		return true;
	const gnutls_datum_t *list = gnutls_certificate_get_peers(info->tls_session, &count);
	if (!list || count == 0)
		return true;

	for (unsigned i = 0; i < count; i++)
		size += list[i].size;
	uint8_t *all = arena_alloc(request->arena, size);
	if (!all)
		return false;
	for (size_t i = 0, at = 0; i < count; at += list[i].size, i++)
		memcpy(all + at, list[i].data, list[i].size);
	request->peer_certificate = bytes(all, list[0].size);
	if (count > 1)
		request->peer_chain = bytes(all + list[0].size, size - list[0].size);
	return true;
}

/* --- The answer --- */

/* Unless the handler says otherwise. Answers carry traders' data, so no cache keeps them (RFC 9111 5.2.2.5), and no
 * browser guesses another type. */
static const struct http_header default_headers[] = {
	{ MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
};

static bool has_header(const struct http_response *response, const char *name)
{
	for (size_t i = 0; i < COUNT(response->headers) && response->headers[i].name; i++)
		if (same_ignoring_case(response->headers[i].name, name))
			return true;
	return false;
}

static bool put_header(struct MHD_Response *made, const char *name, const char *value)
{
	/* The library refuses line breaks in either, so that no value can end the header block. */
	return MHD_add_response_header(made, name, value) == MHD_YES;
}

static bool put_headers(struct MHD_Response *made, const struct http_response *response, bool close)
{
	bool done = !response->content_type || put_header(made, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type);

	for (size_t i = 0; done && i < COUNT(response->headers) && response->headers[i].name; i++)
		done = put_header(made, response->headers[i].name, response->headers[i].value);
	for (size_t i = 0; done && i < COUNT(default_headers); i++)
		if (!has_header(response, default_headers[i].name))
			done = put_header(made, default_headers[i].name, default_headers[i].value);
	return done && (!close || put_header(made, MHD_HTTP_HEADER_CONNECTION, "close"));
}

struct MHD_Response *response_make(const struct http_response *response, struct MHD_Response *stream, bool close)
{
	struct bytes body = response->owned ? buf_bytes(response->owned) : response->body;

	if (response->status < 200 || response->status > 599) {
		if (stream)
			MHD_destroy_response(stream);
		return NULL;
	}
	/* The library sends no body with 304, but says its length, which must be that of the body (RFC 9110 8.6). */
	if (!response->content_type && response->status != MHD_HTTP_NOT_MODIFIED)
		body = bytes(NULL, 0);

	/* The library takes a pointer to what it does not change. */
	struct MHD_Response *made = stream ? stream
					   : MHD_create_response_from_buffer(body.size, (void *)(uintptr_t)body.data,
									     MHD_RESPMEM_PERSISTENT);
	if (made && !put_headers(made, response, close)) {
		MHD_destroy_response(made);
		return NULL;
	}
	return made;
}
