/* Bodies of requests and answers: their media type, and where what was made is found. */
#include "api/call_int.h"
#include "base/text.h"
#include "customs/document/document.h"

/* --- What is taken --- */

/* Of RFC 9110 8.3.1, without its parameters: JSON and XML say themselves in which characters they are. */
static struct bytes essence(const char *type)
{
	struct bytes name = bytes(type, strcspn(type, ";"));
	while (name.size && strchr(" \t", name.data[name.size - 1]))
		name.size--;
	return name;
}

static bool has_syntax(const char *type, const char *syntax)
{
	const char *end = strrchr(type, '+') ? strrchr(type, '+') : strchr(type, '/');
	return end && same_ignoring_case(end + 1, syntax);
}

/* Whether TYPE is TAKEN, or has its suffix: "application/problem+json" is application/json (RFC 6839 3.1, RFC 7303). */
static bool type_is(const char *type, const char *taken)
{
	return same_ignoring_case(type, taken) || (strchr(type, '+') && has_syntax(type, strchr(taken, '/') + 1));
}

/* Documents say by their beginning what they are. Who says something else of it would be surprised, here or at another
 * reader. */
static enum err_code check_beginning(const struct call *call, const char *type, struct err *err)
{
	static const struct {
		char first;
		const char *syntax, *type;
	} rows[] = { { '<', "xml", "application/xml" }, { '{', "json", "application/json" } };
	char first = document_first(call->body);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (first == rows[i].first && !has_syntax(type, rows[i].syntax))
			return fail(err, ERR_MEDIA_TYPE,
				    "the body begins with %c, so it is no %s: send it with the header Content-Type: %s",
				    rows[i].first, type, rows[i].type);
	return OK;
}

/* A body without a type is taken for what is asked for. With another, it would be read against the word of whoever sent
 * it: most often what curl says of its own accord. */
enum err_code call_check_type(struct call *call, struct err *err)
{
	const struct route *route = call->route;
	const char *types = route->takes ? route->takes : route->request ? "application/json" : NULL;
	const char *header = http_header(call->asked->request, "Content-Type");
	if (!types || !call->body.size || !header || !*header)
		return OK;
	const char *type = arena_text_of(call->arena, essence(header));
	for (const char *c = types; *c; c += strspn(c, ", ")) {
		size_t size = strcspn(c, ",");
		const char *taken = arena_text_of(call->arena, bytes(c, size));
		if (!type || !taken)
			return fail(err, ERR_MEMORY, "no memory for a request");
		if (type_is(type, taken))
			return call->route->document ? check_beginning(call, type, err) : OK;
		c += size;
	}
	return fail(err, ERR_MEDIA_TYPE, "%s takes no %s: send the body with the header Content-Type: %s%s",
		    route->operation, type, route->takes ? "TYPE, which is one of " : "", types);
}

/* --- What is answered --- */

static const char *member_of(const struct schema *schema, const void *record, struct bytes name)
{
	for (size_t i = 0; i < schema->fields->count; i++) {
		const struct field *row = &schema->fields->row[i];
		const char *value;
		if (row->kind != FIELD_KIND_TEXT || !bytes_same(bytes_of(row->json), name))
			continue;
		memcpy(&value, (const char *)record + row->offset, sizeof value);
		return value;
	}
	return NULL;
}

/* What the route of one thing names it by: the member "code" for "/api/v1/partners/{code}", else its id. */
static const char *name_of(const struct route *item, const struct schema *schema, const void *record)
{
	struct bytes name = bytes_of(strrchr(item->path, '{') + 1);
	name.size--;
	const char *value = member_of(schema, record, name);
	return value ? value : member_of(schema, record, bytes_of("id"));
}

enum err_code call_locate(struct call *call, const void *record, struct err *err)
{
	enum { LOCATION_MAX = 1024 };
	const struct route *item = route_of_made(call->route);
	const char *name = item ? name_of(item, call->route->response, record) : NULL;
	if (!name)
		return OK;
	buf_auto location;
	buf_init(&location, LOCATION_MAX);
	buf_printf(&location, "%s/", call->asked->request->raw_path);
	percent_put(&location, name, "");
	TRY(buf_check(&location, "where it is", err));
	return call_header(call, "Location", arena_text(call->arena, buf_text(&location)), err);
}
