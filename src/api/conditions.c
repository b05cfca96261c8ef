/* Versions of what is shown: entity tags, and requests that depend on them (RFC 9110 8.8.3 and 13). A tag is made of
 * the answer itself, so it is strong, and the same on every machine that serves one database. */
#include <stdio.h>

#include "api/call_int.h"
#include "base/text.h"
#include "crypto/digest.h"

enum { TAG_DIGITS = 32, TAG_SIZE = TAG_DIGITS + sizeof "\"\"" };

static void tag_of(struct bytes body, char tag[static TAG_SIZE])
{
	char hex[SHA256_HEX_SIZE];
	sha256_hex(body, hex);
	snprintf(tag, TAG_SIZE, "\"%.*s\"", TAG_DIGITS, hex);
}

/* Whether the field value LIST names TAG, or any ("*"). WEAK: by the weak comparison (8.8.3.2). What is no list of tags
 * names none. */
static bool list_names(const char *list, const char *tag, bool weak)
{
	if (same(list, "*"))
		return true;
	for (const char *c = list + strspn(list, ", \t"); *c; c += strspn(c, ", \t")) {
		bool is_weak = starts_with(c, "W/");
		c += is_weak ? 2 : 0;
		size_t size = *c == '"' ? strcspn(c + 1, "\"") + 2 : 0;
		if (size == 0 || c[size - 1] != '"')
			return false;
		if ((weak || !is_weak) && bytes_same(bytes(c, size), bytes_of(tag)))
			return true;
		c += size;
	}
	return false;
}

static enum err_code has_changed(struct err *err)
{
	return fail(err, ERR_PRECONDITION,
		    "it is not as If-Match says, nothing was done: read it again, and decide anew");
}

enum err_code check_precondition(struct call *call, const void *record, struct err *err)
{
	const char *wanted = http_header(call->asked->request, "If-Match");
	char tag[TAG_SIZE];
	buf_auto now;
	buf_init(&now, CALL_JSON_MAX);
	if (!wanted)
		return OK;
	field_put_json(&now, call->route->response, record);
	TRY(buf_check(&now, "what is to be changed", err));
	tag_of(buf_bytes(&now), tag);
	return list_names(wanted, tag, false) ? OK : has_changed(err);
}

/* A condition that nobody would look at must not be taken as met. */
enum err_code call_check_conditions(const struct call *call, struct err *err)
{
	bool reads = same(call->route->method, "GET"), looked_at = reads || same(call->route->method, "PATCH");
	if (!reads && http_header(call->asked->request, "If-None-Match"))
		return fail(err, ERR_USAGE, "%s takes no If-None-Match: send it without", call->route->operation);
	if (looked_at || !http_header(call->asked->request, "If-Match"))
		return OK;
	return fail(err, ERR_PRECONDITION, "%s has no version: send it without If-Match", call->route->operation);
}

enum err_code call_validate(struct call *call, struct err *err)
{
	bool reads = same(call->route->method, "GET");
	char tag[TAG_SIZE];
	if ((!reads && !same(call->route->method, "PATCH")) || call->status != 200 || !call->out->size)
		return OK;
	tag_of(buf_bytes(call->out), tag);
	TRY(call_header(call, "ETag", arena_text(call->arena, tag), err));
	if (!reads)
		return OK;
	/* Of traders and officers: for whoever asked alone, and never shown again without asking (RFC 9111 5.2.2). */
	TRY(call_header(call, "Cache-Control", "private, no-cache", err));
	const char *wanted = http_header(call->asked->request, "If-Match");
	const char *known = http_header(call->asked->request, "If-None-Match");
	if (wanted && !list_names(wanted, tag, false))
		return has_changed(err);
	if (known && list_names(known, tag, true))
		call->status = 304;
	return OK;
}
