/* The interface as OpenAPI 3.1, printed from the rows by which it works: routes, query parameters, field tables and the
 * table of faults. Here is only what rows do not say. */
#include <stdio.h>

#include "api/call_int.h"
#include "base/text.h"
#include "codec/json.h"

enum { SCHEMAS_MAX = 128 };

struct printing {
	struct json_writer json;
	struct arena *arena;
	struct kernel *kernel;
	const struct schema *schemas[SCHEMAS_MAX]; /* each once, in the order in which they come up */
	bool closed[SCHEMAS_MAX];                  /* those of requests; answers may get further members */
	size_t schemas_count, doctypes_from;       /* document types are the last */
	const char *fault;                         /* what the rows lack */
};

static bool reads(const struct route *route)
{
	return same(route->method, "GET");
}

static bool is_versioned(const struct route *route)
{
	return same(route->method, "PATCH");
}

static bool takes_body(const struct route *route)
{
	return route->request || route->takes;
}

static bool is_named(const struct route *route)
{
	return strchr(route->path, '{') != NULL;
}

static bool may_conflict(const struct route *route)
{
	return !reads(route) || is_named(route);
}

static bool is_checked(const struct route *route)
{
	return takes_body(route) || route->query || !reads(route);
}

static bool is_repeatable(const struct route *route)
{
	return route->repeatable;
}

static bool makes(const struct route *route)
{
	return route_of_made(route);
}

static bool always(const struct route *route)
{
	(void)route;
	return true;
}

/* --- Parts that are told once --- */

/* Headers of requests. */
static const struct {
	const char *name, *summary;
	bool (*applies)(const struct route *route);
	int max_length;
	const char *pattern;
} header_rows[] = {
	{ "Idempotency-Key",
	  "A key of the caller's choice for this request alone: 1 to 255 visible ASCII characters. The same request with the "
	  "same key is answered as it was, and done once; the answer is kept for [interface] answers-kept (24 h). What was "
	  "refused leaves its key to the mended request. Another request with the key is refused (422), the same one while "
	  "it is worked on is told to wait (409).",
	  is_repeatable, 255, "^[!-~]+$" },
	{ "If-Match", "The ETag of what was read: the change is made only if that is still so (else 412).",
	  is_versioned, 0, NULL },
	{ "If-None-Match", "ETags of what the caller has: if one is current, the answer is 304 without a body.", reads,
	  0, NULL },
};

/* Headers of answers. */
static const struct {
	const char *name, *summary;
} answer_rows[] = {
	{ "ETag", "Strong, and made of the body." },
	{ "Link", "rel=\"next\": the request for the next page (RFC 8288); absent behind the last." },
	{ "Location", "Where what was made is found." },
	{ "Idempotency-Replayed", "true: this is the answer that was given before." },
	{ "Retry-After", "Seconds after which to try again." },
	{ "RateLimit-Policy",
	  "How often this token may ask (draft-ietf-httpapi-ratelimit-headers-10): q requests at once, which it has back "
	  "after w seconds, evenly. Absent where nothing is counted." },
	{ "RateLimit", "How many requests of this token are left (r), and after how many seconds all are (t)." },
	{ "WWW-Authenticate", "How to say who one is." },
};

/* Faults of routes; which header the answer has. */
static const struct {
	enum err_code code;
	bool (*applies)(const struct route *route);
	const char *header;
} fault_rows[] = {
	{ ERR_SYNTAX, takes_body, NULL },     { ERR_UNAUTHENTICATED, always, "WWW-Authenticate" },
	{ ERR_DENIED, always, NULL },         { ERR_NOT_FOUND, is_named, NULL },
	{ ERR_CONFLICT, may_conflict, NULL }, { ERR_PRECONDITION, is_versioned, NULL },
	{ ERR_LIMIT, takes_body, NULL },      { ERR_MEDIA_TYPE, takes_body, NULL },
	{ ERR_INVALID, is_checked, NULL },    { ERR_TOO_MANY, always, "Retry-After" },
	{ ERR_BUSY, always, "Retry-After" },
};

/* What stands in a path. */
static const struct {
	const char *name, *summary, *format;
} path_rows[] = {
	{ "id", "Its id, as lists show it.", "uuid" },
	{ "document",
	  "Id of the document, or a reference: of what has it, a test, what was refused on arrival, and what is about "
	  "another one give way; 409 if several are left.",
	  NULL },
	{ "message", "Id of the message or of its document, eb:MessageId, or a reference, as of {document}.", NULL },
	{ "subject", "The same, or the id of whatever else has entries in the journal.", NULL },
	{ "code", "Code of the partner: that of its state, ISO 3166 alpha-2.", NULL },
	{ "agreement", "CPAId of the agreement.", NULL },
	{ "fingerprint", "SHA-256 of the certificate or list, in hexadecimal, as the partner shows it.", NULL },
	{ "name", "Name of the user.", NULL },
	{ "paper", "Its id, as the list of papers shows it, or a reference that one paper alone has (else 409).",
	  NULL },
	{ "refusal", "Its id, as the list of refusals shows it.", "uuid" },
	{ "webhook", "Its id, as the list of webhooks shows it.", "uuid" },
	{ "edition", "Its id, as the list of editions shows it.", "uuid" },
};

static const struct {
	int status;
	const char *summary;
} success_rows[] = {
	{ 200, "Done" },
	{ 201, "Made" },
	{ 202, "Taken in; what follows from it is told by its state" },
	{ 204, "Done; there is nothing to tell" },
};

static void put_reference(struct printing *p, const char *name, const char *where, const char *what)
{
	char reference[256];
	snprintf(reference, sizeof reference, "#/components/%s/%s", where, what);
	json_open(&p->json, name, '{');
	json_put_text(&p->json, "$ref", reference);
	json_close(&p->json, '}');
}

/* --- Schemas --- */

static void add_schema(struct printing *p, const struct schema *schema, bool closed)
{
	size_t i = 0;
	while (i < p->schemas_count && p->schemas[i] != schema)
		i++;
	if (!schema || i == SCHEMAS_MAX) {
		p->fault = schema ? "more schemas than SCHEMAS_MAX" : p->fault;
		return;
	}
	p->schemas[i] = schema;
	p->closed[i] |= closed;
	p->schemas_count += i == p->schemas_count;
}

static void collect_schemas(struct printing *p)
{
	const struct doctype *doctype;
	add_schema(p, &problem_schema, false);
	for (size_t i = 0; api_route_at(i); i++) {
		if (api_route_at(i)->request)
			add_schema(p, api_route_at(i)->request, true);
		add_schema(p, api_route_at(i)->response, false);
	}
	p->doctypes_from = p->schemas_count;
	for (size_t i = 0; (doctype = doctype_at(p->kernel, i)); i++)
		add_schema(p, doctype->schema, true);
}

static void put_schemas(struct printing *p)
{
	json_open(&p->json, "schemas", '{');
	for (size_t i = 0; i < p->schemas_count; i++) {
		const struct schema_options options = { .closed = p->closed[i],
							.lists = p->kernel->lists,
							.named = p->schemas,
							.named_count = p->schemas_count,
							.reference = "#/components/schemas/" };
		field_put_json_schema(&p->json, p->schemas[i]->name, p->schemas[i], &options);
	}
	json_close(&p->json, '}');
}

/* --- Parameters --- */

static void open_parameter(struct printing *p, const char *component, const char *name, const char *place,
			   const char *summary)
{
	json_open(&p->json, component, '{');
	json_put_text(&p->json, "name", name);
	json_put_text(&p->json, "in", place);
	if (same(place, "path"))
		json_put_flag(&p->json, "required", true);
	json_put_text(&p->json, "description", summary);
	json_open(&p->json, "schema", '{');
}

static void close_parameter(struct printing *p)
{
	json_close(&p->json, '}');
	json_close(&p->json, '}');
}

static void put_path_parameter(struct printing *p, struct bytes name)
{
	size_t i = 0;
	while (i < COUNT(path_rows) && !bytes_same(bytes_of(path_rows[i].name), name))
		i++;
	if (i == COUNT(path_rows)) {
		p->fault = "a row for a parameter of a path";
		return;
	}
	open_parameter(p, NULL, path_rows[i].name, "path", path_rows[i].summary);
	json_put_text(&p->json, "type", "string");
	json_put_text(&p->json, "format", path_rows[i].format);
	if (!path_rows[i].format) /* what the server refuses before anything looks at the path: http_target() */
		json_put_text(&p->json, "pattern", "^[^\\u0000-\\u001f\\u007f]+$");
	close_parameter(p);
}

/* LIST: words with ", " between them. */
static void put_words(struct printing *p, const char *list)
{
	json_put_text(&p->json, "type", "string");
	if (!list)
		return;
	json_open(&p->json, "enum", '[');
	for (const char *c = list; *c; c += strspn(c, ", ")) {
		size_t size = strcspn(c, ",");
		const char *word = arena_text_of(p->arena, bytes(c, size));
		p->fault = word ? p->fault : "memory";
		json_put_text(&p->json, NULL, word);
		c += size;
	}
	json_close(&p->json, ']');
}

static void put_number_schema(struct printing *p, int64_t least, int64_t most, int64_t usual)
{
	json_put_text(&p->json, "type", "integer");
	json_put_number(&p->json, "minimum", least);
	if (most)
		json_put_number(&p->json, "maximum", most);
	if (usual)
		json_put_number(&p->json, "default", usual);
}

static void put_query_parameter(struct printing *p, const struct query_row *row)
{
	open_parameter(p, NULL, row->name, "query", row->summary);
	switch (row->kind) {
	case QUERY_TEXT:
		json_put_text(&p->json, "type", "string");
		break;
	case QUERY_WORD:
		put_words(p, query_fixed_words(p->arena, p->kernel, row));
		break;
	case QUERY_FLAG:
		json_put_text(&p->json, "type", "boolean");
		json_put_flag(&p->json, "default", false);
		break;
	case QUERY_COUNT:
		put_number_schema(p, 1, PAGE_LIMIT, PAGE_DEFAULT);
		break;
	case QUERY_CURSOR:
		put_number_schema(p, 0, 0, 0);
		break;
	case QUERY_DAY:
		json_put_text(&p->json, "type", "string");
		json_put_text(&p->json, "format", "date");
		break;
	case QUERY_DIGEST:
		json_put_text(&p->json, "type", "string");
		json_put_text(&p->json, "pattern", "^[0-9A-Fa-f]{64}$");
		break;
	}
	close_parameter(p);
}

static void put_parameters(struct printing *p, const struct route *route)
{
	json_open(&p->json, "parameters", '[');
	for (const char *c = route->path; (c = strchr(c, '{')); c++)
		put_path_parameter(p, bytes(c + 1, strcspn(c + 1, "}")));
	for (const struct query_row *const *row = route->query; row && *row; row++)
		put_query_parameter(p, *row);
	for (size_t i = 0; i < COUNT(header_rows); i++)
		if (header_rows[i].applies(route))
			put_reference(p, NULL, "parameters", header_rows[i].name);
	json_close(&p->json, ']');
}

/* --- Bodies --- */

/* Whose JSON a body is. What others define is shown as JSON, and taken as their XML alone. */
enum documents { NO_DOCUMENT, DOCUMENT_OF_OURS, ANY_DOCUMENT };

static bool is_listed(const struct printing *p, size_t index, enum documents document)
{
	return document == ANY_DOCUMENT || (document == DOCUMENT_OF_OURS && !p->schemas[index]->foreign);
}

/* A body that is no record of ours. */
static void put_media_type(struct printing *p, const char *type, enum documents document)
{
	json_open(&p->json, type, '{');
	if (same(type, "application/json")) {
		json_open(&p->json, "schema", '{');
		json_put_text(&p->json, "type", "object");
		if (document)
			json_open(&p->json, "oneOf", '[');
		for (size_t i = p->doctypes_from; i < p->schemas_count; i++)
			if (is_listed(p, i, document))
				put_reference(p, NULL, "schemas", p->schemas[i]->name);
		if (document)
			json_close(&p->json, ']');
		json_close(&p->json, '}');
	} else if (same(type, "text/csv")) {
		json_open(&p->json, "schema", '{');
		json_put_text(&p->json, "type", "string");
		json_put_text(&p->json, "pattern", "^\\s*[^\\s<{]"); /* else it is XML or JSON: check_beginning() */
		json_close(&p->json, '}');
	}
	json_close(&p->json, '}');
}

/* A record by its SCHEMA, or TYPES, media types with ", " between them. */
static void put_content(struct printing *p, const struct schema *schema, const char *types, enum documents document)
{
	json_open(&p->json, "content", '{');
	if (schema) {
		json_open(&p->json, "application/json", '{');
		put_reference(p, "schema", "schemas", schema->name);
		json_close(&p->json, '}');
	}
	for (const char *c = types; c && *c; c += strspn(c, ", ")) {
		size_t size = strcspn(c, ",");
		const char *type = arena_text_of(p->arena, bytes(c, size));
		p->fault = type ? p->fault : "memory";
		put_media_type(p, type, document);
		c += size;
	}
	json_close(&p->json, '}');
}

static void put_request(struct printing *p, const struct route *route)
{
	if (!takes_body(route))
		return;
	json_open(&p->json, "requestBody", '{');
	json_put_flag(&p->json, "required", true);
	if (route->takes)
		json_put_text(
			&p->json, "description",
			"A document of one of the types. XML, by its schema in schema/xsd, says itself which, and is "
			"kept byte for byte; JSON is read by the type in the query and kept as canonical XML. A "
			"type whose XML others define (E-PHYTO) is taken as that XML alone.");
	put_content(p, route->request, route->takes, route->document ? DOCUMENT_OF_OURS : NO_DOCUMENT);
	json_close(&p->json, '}');
}

static void put_headers(struct printing *p, const struct route *route)
{
	const struct {
		const char *name;
		bool there;
	} headers[] = {
		{ "ETag", reads(route) || is_versioned(route) },
		{ "Link", route_pages(route) },
		{ "Location", makes(route) },
		{ "Idempotency-Replayed", route->repeatable },
		{ "RateLimit-Policy", true },
		{ "RateLimit", true },
	};
	bool some = false;
	for (size_t i = 0; i < COUNT(headers); i++) {
		if (!headers[i].there)
			continue;
		if (!some)
			json_open(&p->json, "headers", '{');
		put_reference(p, headers[i].name, "headers", headers[i].name);
		some = true;
	}
	if (some)
		json_close(&p->json, '}');
}

static void put_success(struct printing *p, const struct route *route)
{
	int status = route->status ? route->status : 200;
	char name[16];
	size_t i = 0;
	while (i < COUNT(success_rows) && success_rows[i].status != status)
		i++;
	if (i == COUNT(success_rows)) {
		p->fault = "a row for a status of success";
		return;
	}
	snprintf(name, sizeof name, "%d", status);
	json_open(&p->json, name, '{');
	json_put_text(&p->json, "description", success_rows[i].summary);
	put_headers(p, route);
	if (route->response || route->gives)
		put_content(p, route->response, route->gives,
			    route->gives && route->document ? ANY_DOCUMENT : NO_DOCUMENT);
	json_close(&p->json, '}');
}

static void put_responses(struct printing *p, const struct route *route)
{
	char name[16];
	json_open(&p->json, "responses", '{');
	put_success(p, route);
	if (reads(route))
		put_reference(p, "304", "responses", "not-modified");
	for (size_t i = 0; i < COUNT(fault_rows); i++) {
		const struct err_row *row = err_row(fault_rows[i].code);
		if (!fault_rows[i].applies(route))
			continue;
		snprintf(name, sizeof name, "%d", row->http_status);
		put_reference(p, name, "responses", row->problem);
	}
	put_reference(p, "default", "responses", "problem");
	json_close(&p->json, '}');
}

/* --- Operations --- */

/* What an operation is about: "documents" of "/api/v1/documents/{document}". The arena's. */
static const char *tag_of(struct printing *p, const struct route *route)
{
	static const char prefix[] = "/api/v1/";
	const char *from = route->path + (starts_with(route->path, prefix) ? sizeof prefix - 1 : 0);
	const char *tag = arena_text_of(p->arena, bytes(from, strcspn(from, "/.")));
	p->fault = tag ? p->fault : "memory";
	return tag;
}

static void put_scheme(struct printing *p, const char *name)
{
	json_open(&p->json, NULL, '{');
	json_open(&p->json, name, '[');
	json_close(&p->json, ']');
	json_close(&p->json, '}');
}

static void put_operation(struct printing *p, const struct route *route)
{
	char method[16] = "";
	for (size_t i = 0; i + 1 < sizeof method && route->method[i]; i++)
		method[i] = (char)(route->method[i] | 0x20);
	json_open(&p->json, method, '{');
	json_put_text(&p->json, "operationId", route->operation);
	json_put_text(&p->json, "summary", route->summary);
	json_open(&p->json, "tags", '[');
	json_put_text(&p->json, NULL, tag_of(p, route));
	json_close(&p->json, ']');
	json_put_text(&p->json, "x-permission", route->permission);
	if (route->password) {
		json_open(&p->json, "security", '[');
		put_scheme(p, "bearer");
		put_scheme(p, "basic");
		json_close(&p->json, ']');
	}
	put_parameters(p, route);
	put_request(p, route);
	put_responses(p, route);
	json_close(&p->json, '}');
}

static bool came_before(size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (same(api_route_at(i)->path, api_route_at(index)->path))
			return true;
	return false;
}

static void put_paths(struct printing *p)
{
	json_open(&p->json, "paths", '{');
	for (size_t i = 0; api_route_at(i); i++) {
		if (came_before(i))
			continue;
		json_open(&p->json, api_route_at(i)->path, '{');
		for (size_t j = i; api_route_at(j); j++)
			if (same(api_route_at(j)->path, api_route_at(i)->path))
				put_operation(p, api_route_at(j));
		json_close(&p->json, '}');
	}
	json_close(&p->json, '}');
}

/* --- The whole --- */

static void put_info(struct printing *p, const char *version)
{
	json_open(&p->json, "info", '{');
	json_put_text(&p->json, "title", "Lintas");
	json_put_text(&p->json, "summary", "The interface of a customs cooperation node");
	json_put_text(
		&p->json, "description",
		"Answers are JSON; what was refused is a problem (RFC 9457) with all findings at once, each with its "
		"rule, its place (a JSON Pointer into the body, or /NAME of a query parameter) and its law. A later "
		"version may add members to answers; members and parameters that are not described here are refused "
		"in requests. x-permission names what the caller's roles must permit; \"\": whoever has logged in, for "
		"what is theirs.");
	json_put_text(&p->json, "version", version);
	json_open(&p->json, "license", '{');
	json_put_text(&p->json, "name", "Apache License 2.0");
	json_put_text(&p->json, "identifier", "Apache-2.0");
	json_close(&p->json, '}');
	json_close(&p->json, '}');
	json_open(&p->json, "servers", '[');
	json_open(&p->json, NULL, '{');
	json_put_text(&p->json, "url", "/");
	json_put_text(
		&p->json, "description",
		"The node that this was fetched from: HTTPS at the address and port of [interface] in its lintas.conf.");
	json_close(&p->json, '}');
	json_close(&p->json, ']');
	json_open(&p->json, "security", '[');
	put_scheme(p, "bearer");
	json_close(&p->json, ']');
}

static void put_security_scheme(struct printing *p, const char *name, const char *summary)
{
	json_open(&p->json, name, '{');
	json_put_text(&p->json, "type", "http");
	json_put_text(&p->json, "scheme", name);
	json_put_text(&p->json, "description", summary);
	json_close(&p->json, '}');
}

static void put_problem_response(struct printing *p, const char *name, const char *summary, const char *header)
{
	json_open(&p->json, name, '{');
	json_put_text(&p->json, "description", summary);
	if (header) {
		json_open(&p->json, "headers", '{');
		put_reference(p, header, "headers", header);
		json_close(&p->json, '}');
	}
	json_open(&p->json, "content", '{');
	json_open(&p->json, "application/problem+json", '{');
	put_reference(p, "schema", "schemas", problem_schema.name);
	json_close(&p->json, '}');
	json_close(&p->json, '}');
	json_close(&p->json, '}');
}

static void put_shared_responses(struct printing *p)
{
	json_open(&p->json, "responses", '{');
	json_open(&p->json, "not-modified", '{');
	json_put_text(&p->json, "description", "The caller has it already");
	json_open(&p->json, "headers", '{');
	put_reference(p, "ETag", "headers", "ETag");
	json_close(&p->json, '}');
	json_close(&p->json, '}');
	put_problem_response(p, "problem", "Another problem", NULL);
	for (size_t i = 0; i < COUNT(fault_rows); i++) {
		const struct err_row *row = err_row(fault_rows[i].code);
		put_problem_response(p, row->problem, row->meaning, fault_rows[i].header);
	}
	json_close(&p->json, '}');
}

static void put_shared_headers(struct printing *p)
{
	json_open(&p->json, "parameters", '{');
	for (size_t i = 0; i < COUNT(header_rows); i++) {
		open_parameter(p, header_rows[i].name, header_rows[i].name, "header", header_rows[i].summary);
		json_put_text(&p->json, "type", "string");
		if (header_rows[i].max_length)
			json_put_number(&p->json, "maxLength", header_rows[i].max_length);
		json_put_text(&p->json, "pattern", header_rows[i].pattern);
		close_parameter(p);
	}
	json_close(&p->json, '}');
	json_open(&p->json, "headers", '{');
	for (size_t i = 0; i < COUNT(answer_rows); i++) {
		json_open(&p->json, answer_rows[i].name, '{');
		json_put_text(&p->json, "description", answer_rows[i].summary);
		json_open(&p->json, "schema", '{');
		json_put_text(&p->json, "type", "string");
		json_close(&p->json, '}');
		json_close(&p->json, '}');
	}
	json_close(&p->json, '}');
}

static void put_components(struct printing *p)
{
	json_open(&p->json, "components", '{');
	put_schemas(p);
	put_shared_responses(p);
	put_shared_headers(p);
	json_open(&p->json, "securitySchemes", '{');
	put_security_scheme(p, "bearer", "A token, made by POST /api/v1/tokens.");
	put_security_scheme(p, "basic", "Name and password (RFC 7617), to make a token and for nothing else.");
	json_close(&p->json, '}');
	json_close(&p->json, '}');
}

enum err_code api_put_openapi(struct arena *arena, struct kernel *kernel, const char *version, struct buf *out,
			      struct err *err)
{
	struct printing *p = arena_alloc(arena, sizeof *p);
	if (!p)
		return fail(err, ERR_MEMORY, "no memory for the description of the interface");
	*p = (struct printing){ .json = { .out = out }, .arena = arena, .kernel = kernel };
	collect_schemas(p);
	json_open(&p->json, NULL, '{');
	json_put_text(&p->json, "openapi", "3.1.0");
	put_info(p, version);
	put_paths(p);
	put_components(p);
	json_close(&p->json, '}');
	buf_putc(out, '\n');
	if (p->fault)
		return fail(err, ERR_INTERNAL, "the description of the interface lacks %s", p->fault);
	return buf_check(out, "the description of the interface", err);
}

enum err_code openapi_get(struct call *call, struct err *err)
{
	return api_put_openapi(call->arena, call->kernel, call->asked->api->options.version, call->out, err);
}
