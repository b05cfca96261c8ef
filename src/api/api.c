/* The router: finds the row, runs its handler, and turns faults and findings into problems (RFC 9457). */
#include <stdio.h>
#include <stdlib.h>

#include "api/call_int.h"
#include "base/log.h"
#include "base/text.h"

/* The greatest answer is a folder of evidence: a message on the wire, its payloads as signed and in plain, each up to
 * what the configuration lets in (32 MB and 20 MB unless it says otherwise), and what was sent again. */
enum { ANSWER_MAX = 192 << 20, JSON_MAX = 8 << 20 };

enum { RULE_LIMIT };
static const struct rule api_rules[] = {
	[RULE_LIMIT] = { .code = "API-001", .text = "limit is a whole number from 1 to {1}" },
};

enum err_code api_new(const struct api_options *options, struct api **api, struct err *err)
{
	struct api *new = calloc(1, sizeof *new);
	if (!new)
		return fail(err, ERR_MEMORY, "no memory for the interface");
	new->options = *options;
	*api = new;
	return OK;
}

void api_free(struct api *api)
{
	free(api);
}

void api_on_change(struct api *api, void (*wake)(void *arg), void *arg)
{
	api->wake = wake;
	api->wake_arg = arg;
}

/* Compares segment by segment; {name} takes any one segment. */
static bool path_matches(struct api_call *call, const char *pattern, const char *path)
{
	size_t taken = 0;
	while (*pattern && *path) {
		size_t p = strcspn(pattern + 1, "/") + 1, q = strcspn(path + 1, "/") + 1;
		if (pattern[1] == '{') {
			if (q == 1 || taken == CALL_PARAMETERS)
				return false;
			call->parameters[taken++] = arena_text_of(call->arena, bytes(path + 1, q - 1));
		} else if (p != q || memcmp(pattern, path, p) != 0) {
			return false;
		}
		pattern += p;
		path += q;
	}
	return !*pattern && !*path;
}

static enum err_code find_route(struct api_call *call, struct err *err)
{
	bool path_known = false;
	for (size_t i = 0; api_route_at(i); i++) {
		const struct route *route = api_route_at(i);
		if (!path_matches(call, route->path, call->request->path))
			continue;
		path_known = true;
		if (same(route->method, call->request->method)) {
			call->route = route;
			return OK;
		}
	}
	if (path_known)
		return fail(err, ERR_METHOD, "%s does not know %s", call->request->path, call->request->method);
	return fail(err, ERR_NOT_FOUND, "there is no %s", call->request->path);
}

enum err_code call_read(struct api_call *call, void *record, struct err *err)
{
	if (call->request->body.size > JSON_MAX)
		return fail(err, ERR_LIMIT, "a body of %zu bytes is more than %d", call->request->body.size, JSON_MAX);
	return field_read_json(call->arena, call->route->request, call->request->body, call->kernel->lists, record,
			       call->findings, err);
}

enum err_code call_answer(struct api_call *call, const void *record, struct err *err)
{
	field_put_json(call->out, call->route->response, record);
	return buf_check(call->out, "the answer", err);
}

/* What all LIST_VIEWs are, whatever their items. */
LIST_VIEW(any_list_view, void);
_Static_assert(sizeof(struct any_list_view) == sizeof(struct document_list_view), "lists are of one shape");

enum err_code call_answer_page(struct api_call *call, const struct page *page, struct err *err)
{
	char *views = arena_array(call->arena, page->count + 1, page->view_size);
	if (!views)
		return fail(err, ERR_MEMORY, "no memory for a page");
	for (size_t i = 0; i < page->count; i++)
		page->show((const char *)page->items + i * page->item_size, views + i * page->view_size);
	struct any_list_view list = { .items = views, .count = page->count, .next = page->next };
	return call_answer(call, &list, err);
}

const char *call_query(const struct api_call *call, const char *name)
{
	return http_query(call->request, name);
}

size_t call_limit(struct api_call *call)
{
	const char *text = call_query(call, "limit");
	int64_t limit = PAGE_DEFAULT;
	if (text && (!int64_parse(text, &limit) || limit < 1 || limit > PAGE_LIMIT)) {
		finding_add(call->findings, &api_rules[RULE_LIMIT], "/limit",
			    arena_printf(call->arena, "%d", PAGE_LIMIT), NULL);
		limit = PAGE_DEFAULT;
	}
	return (size_t)limit;
}

static enum err_code put_problem(struct api_call *call, enum err_code code, const struct err *why, struct err *err)
{
	const struct err_row *row = err_row(code);
	size_t count = 0;
	while (findings_at(call->findings, count))
		count++;
	struct finding_view *views = arena_array(call->arena, count + 1, sizeof *views);
	if (!views)
		return fail(err, ERR_MEMORY, "no memory for a problem");
	for (size_t i = 0; i < count; i++) {
		const struct finding *f = findings_at(call->findings, i);
		views[i] =
			(struct finding_view){ .code = f->rule->code,
					       .path = f->path,
					       .text = f->text,
					       .law = f->law,
					       .severity = f->rule->severity == SEVERITY_ERROR ? "error" : "warning" };
	}
	struct problem_view problem = { .type = arena_printf(call->arena, "urn:lintas:problem:%s", row->problem),
					.title = row->meaning,
					.status = row->http_status,
					.detail = why && why->text[0] ? why->text : NULL,
					.findings = views,
					.findings_count = count };
	buf_clear(call->out);
	call->status = row->http_status;
	call->content_type = "application/problem+json";
	field_put_json(call->out, &problem_schema, &problem);
	return buf_check(call->out, "a problem", err);
}

/* A filter that cannot be read must not count as none. */
static bool query_readable(const char *query)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	for (const char *c = query; *c; c++)
		if (*c == '%' && (!c[1] || !strchr(digits, c[1]) || !c[2] || !strchr(digits, c[2])))
			return false;
	return true;
}

static enum err_code run(struct api_call *call, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = find_route(call, &why);
	if (code == OK && !query_readable(call->request->query))
		code = fail(&why, ERR_SYNTAX, "the query has a %% that two hexadecimal digits do not follow");
	if (code == OK)
		code = call->route->handle(call, &why);
	if (code == OK && findings_errors(call->findings) > 0)
		code = ERR_INVALID;
	if (code == OK)
		return OK;
	if (err_row(code)->http_status >= 500)
		LOG(LOG_ERROR, "api.failed", LOG_TEXT("path", call->request->path), LOG_ERR(&why));
	return put_problem(call, code, &why, err);
}

void api_handle(void *arg, const struct http_request *request, struct http_response *response)
{
	struct api *api = arg;
	struct err err = { 0 };
	struct buf *out = arena_alloc(request->arena, sizeof *out);
	struct api_call call = { .api = api,
				 .kernel = api->options.kernel,
				 .arena = request->arena,
				 .request = request,
				 .response = response,
				 .actor = { .name = "operator" },
				 .now_us = clock_now_us(api->options.kernel->clock),
				 .status = 200,
				 .content_type = "application/json",
				 .out = out,
				 .findings = findings_new(request->arena) };
	*response = (struct http_response){ .status = 500 };
	if (!out || !call.findings)
		return;
	buf_init(out, ANSWER_MAX);
	if (run(&call, &err) != OK) {
		LOG(LOG_ERROR, "api.failed", LOG_TEXT("path", request->path), LOG_ERR(&err));
		buf_done(out);
		return;
	}
	response->status = call.status;
	response->content_type = out->size ? call.content_type : NULL;
	response->owned = out;
	if (api->wake && !same(request->method, "GET"))
		api->wake(api->wake_arg);
}
