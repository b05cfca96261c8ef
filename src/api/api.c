/* The router: finds the row, runs its handler, and turns faults and findings into problems (RFC 9457). */
#include <stdio.h>
#include <stdlib.h>

#include "api/call_int.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"

/* The greatest answer is a folder of evidence: a message on the wire, its payloads as signed and in plain, each up to
 * what the configuration lets in (32 MB and 20 MB unless it says otherwise), and what was sent again. */
enum { ANSWER_MAX = 192 << 20 };

enum err_code api_new(const struct api_options *options, struct api **api, struct err *err)
{
	struct api *new = calloc(1, sizeof *new);
	if (!new)
		return fail(err, ERR_MEMORY, "no memory for the interface");
	new->options = *options;
	pthread_mutex_init(&new->guard.lock, NULL);
	random_bytes(new->guard.salt, sizeof new->guard.salt);
	*api = new;
	return OK;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	pthread_mutex_destroy(&api->guard.lock);
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

enum err_code call_header(struct api_call *call, const char *name, const char *value, struct err *err)
{
	struct http_header *headers = call->response->headers;
	size_t count = 0;
	while (count < COUNT(call->response->headers) && headers[count].name)
		count++;
	if (!value || count == COUNT(call->response->headers))
		return fail(err, ERR_MEMORY, "no room for the header %s", name);
	headers[count] = (struct http_header){ name, value };
	return OK;
}

/* The request for the next page: this one with another cursor (RFC 8288). */
static enum err_code put_link(struct api_call *call, const char *next, struct err *err)
{
	enum { LINK_MAX = 8192 };
	buf_auto link;
	buf_init(&link, LINK_MAX);
	buf_putc(&link, '<');
	percent_put(&link, call->request->path, "/");
	char separator = '?';
	for (size_t i = 0; api_query_at(i); i++) {
		const struct query_row *row = api_query_at(i);
		bool taken = call->route->query & row->bit;
		const char *value = !taken ? NULL : row->bit & QUERY_CURSORS ? next : call_query(call, row->name);
		if (!value)
			continue;
		buf_printf(&link, "%c%s=", separator, row->name);
		percent_put(&link, value, "");
		separator = '&';
	}
	buf_puts(&link, ">; rel=\"next\"");
	TRY(buf_check(&link, "the link to the next page", err));
	return call_header(call, "Link", arena_text(call->arena, buf_text(&link)), err);
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
	if (page->next)
		TRY(put_link(call, page->next, err));
	return call_answer(call, &list, err);
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

static enum err_code run(struct api_call *call, struct err *err)
{
	TRY(call_authenticate(call, err));
	TRY(find_route(call, err));
	TRY(call_authorise(call, err));
	TRY(call_check_query(call, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(call_check_conditions(call, err));
	bool answered;
	TRY(call_claim(call, &answered, err));
	if (answered)
		return OK;
	call->status = call->route->status ? call->route->status : call->status;
	TRY(call->route->handle(call, err));
	return findings_errors(call->findings) ? OK : call_validate(call, err);
}

static enum err_code run_or_explain(struct api_call *call, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = run(call, &why);
	bool found = findings_errors(call->findings) > 0;
	if (code == OK && found)
		code = ERR_INVALID;
	if (err_row(code)->http_status >= 500)
		LOG(LOG_ERROR, "api.failed", LOG_TEXT("path", call->request->path), LOG_ERR(&why));
	enum err_code told = code == OK ? OK : put_problem(call, code, &why, err);
	call_settle(call, told == OK && (code == OK || (code == ERR_INVALID && found)));
	return told;
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
				 .now_us = clock_now_us(api->options.kernel->clock),
				 .status = 200,
				 .content_type = "application/json",
				 .out = out,
				 .findings = findings_new(request->arena) };
	*response = (struct http_response){ .status = 500 };
	if (!out || !call.findings)
		return;
	buf_init(out, ANSWER_MAX);
	if (run_or_explain(&call, &err) != OK) {
		LOG(LOG_ERROR, "api.failed", LOG_TEXT("path", request->path), LOG_ERR(&err));
		buf_done(out);
		return;
	}
	response->status = call.status;
	response->content_type = out->size && call.status != 304 ? call.content_type : NULL;
	response->owned = out;
	if (api->wake && !same(request->method, "GET"))
		api->wake(api->wake_arg);
}
