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
/* What is busy is so for moments, a full disk until somebody makes room. */
#define RETRY_AFTER_S "5"

enum err_code api_new(const struct api_options *options, struct api **api, struct err *err)
{
	struct api *new = calloc(1, sizeof *new);
	if (!new)
		return fail(err, ERR_MEMORY, "no memory for the interface");
	new->options = *options;
	new->meter = meter_new();
	if (!new->meter) {
		free(new);
		return fail(err, ERR_MEMORY, "no memory for the interface");
	}
	pthread_mutex_init(&new->guard.lock, NULL);
	pthread_mutex_init(&new->followers.lock, NULL);
	faults_init(&new->faults);
	random_bytes(new->guard.salt, sizeof new->guard.salt);
	atomic_flag_clear(&new->verifying);
	*api = new;
	return OK;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	faults_done(&api->faults);
	pthread_mutex_destroy(&api->followers.lock);
	pthread_mutex_destroy(&api->guard.lock);
	meter_free(api->meter);
	free(api);
}

void api_on_change(struct api *api, void (*wake)(void *arg), void *arg)
{
	api->wake = wake;
	api->wake_arg = arg;
}

/* Compares segment by segment, each decoded by itself, so that a reference may hold a '/'; {name} takes any one that is
 * not empty. */
static bool path_matches(struct call *call, const char *pattern, const char *path)
{
	size_t taken = 0;
	while (*pattern && *path) {
		size_t p = strcspn(pattern + 1, "/") + 1, q = strcspn(path + 1, "/") + 1;
		const char *segment = http_segment(call->arena, bytes(path + 1, q - 1));
		if (!segment)
			return false;
		if (pattern[1] == '{') {
			if (!*segment || taken == CALL_PARAMETERS)
				return false;
			call->parameters[taken++] = segment;
		} else if (!bytes_same(bytes(pattern + 1, p - 1), bytes_of(segment))) {
			return false;
		}
		pattern += p;
		path += q;
	}
	return !*pattern && !*path;
}

/* HEAD is GET whose body is not sent (RFC 9110 9.3.2); the server leaves that out. */
static bool route_knows(const struct route *route, const char *method)
{
	return same(route->method, same(method, "HEAD") ? "GET" : method);
}

/* Sets .route, NULL if there is none. */
static void find_route(struct call *call)
{
	for (size_t i = 0; !call->route && api_route_at(i); i++)
		if (route_knows(api_route_at(i), call->method) &&
		    path_matches(call, api_route_at(i)->path, call->asked->request->raw_path))
			call->route = api_route_at(i);
}

enum api_worth api_worth(const struct http_request *request)
{
	struct asked asked = { .request = request };
	struct call call = { .asked = &asked, .arena = request->arena, .method = request->method };
	find_route(&call);
	const struct route *route = call.route;
	if (!route)
		return API_LISTS;
	if (same(route->permission, "status.read"))
		return API_WATCHES;
	if (same(route->method, "GET") && (route_pages(route) || route_takes(route, &query_limit)))
		return API_LISTS;
	return route->repeatable && http_header(request, "Idempotency-Key") ? API_REPEATED : API_ASKED;
}

/* The methods that there are for the path, as Allow names them (RFC 9110 15.5.6); "" if there is no such path. */
static enum err_code refuse_route(struct call *call, struct err *err)
{
	enum { METHODS_MAX = 256 };
	buf_auto allow;
	buf_init(&allow, METHODS_MAX);
	for (size_t i = 0; api_route_at(i); i++)
		if (path_matches(call, api_route_at(i)->path, call->asked->request->raw_path))
			buf_printf(&allow, "%s%s", allow.size ? ", " : "",
				   route_knows(api_route_at(i), "HEAD") ? "GET, HEAD" : api_route_at(i)->method);
	if (!allow.size)
		return fail(err, ERR_NOT_FOUND, "there is no %s", call->asked->request->path);
	TRY(buf_check(&allow, "the methods", err));
	TRY(call_header(call, "Allow", arena_text(call->arena, buf_text(&allow)), err));
	return fail(err, ERR_METHOD, "%s does not know %s, but %s", call->asked->request->path, call->method,
		    buf_text(&allow));
}

static enum err_code put_header(struct call *call, const char *name, const char *value, struct err *err)
{
	struct http_header *headers = call->asked->response->headers;
	size_t count = 0;
	while (count < COUNT(call->asked->response->headers) && headers[count].name)
		count++;
	if (!value || count == COUNT(call->asked->response->headers))
		return fail(err, ERR_MEMORY, "no room for the header %s", name);
	headers[count] = (struct http_header){ name, value };
	return OK;
}

/* The request for the next page: this one with another cursor (RFC 8288). */
static enum err_code put_link(struct call *call, const char *next, struct err *err)
{
	enum { LINK_MAX = 8192 };
	buf_auto link;
	buf_init(&link, LINK_MAX);
	buf_putc(&link, '<');
	buf_puts(&link, call->route->path); /* lists have no names in theirs */
	char separator = '?';
	for (const struct query_row *const *row = call->route->query; row && *row; row++) {
		const char *value = (*row)->cursor ? next : call_query(call, (*row)->name);
		if (!value)
			continue;
		buf_printf(&link, "%c%s=", separator, (*row)->name);
		percent_put(&link, value, "");
		separator = '&';
	}
	buf_puts(&link, ">; rel=\"next\"");
	TRY(buf_check(&link, "the link to the next page", err));
	return call_header(call, "Link", arena_text(call->arena, buf_text(&link)), err);
}

static const char *query_value(const struct call *call, const char *name)
{
	return http_query(call->asked->request, name);
}

const struct router api_router = {
	.query = query_value,
	.header = put_header,
	.precondition = check_precondition,
	.made = call_locate,
	.next = put_link,
	.maps = maps_names,
	.take_mapped = maps_submit,
	.give_mapped = maps_content,
};

static enum err_code put_problem(struct call *call, enum err_code code, const struct err *why, struct err *err)
{
	const struct err_row *row = err_row(code);
	struct finding_view *views = NULL;
	size_t count = 0;
	TRY(call_show_findings(call, call->findings, &views, &count, err));
	/* What a fault of ours says is for whoever runs the node: it names its files and figures. */
	bool told = row->http_status < 500 || (call->actor.name && call_may(call, "status.read"));
	struct problem_view problem = { .type = arena_printf(call->arena, "urn:lintas:problem:%s", row->problem),
					.title = row->meaning,
					.status = row->http_status,
					.detail = told && why && why->text[0] ? why->text : NULL,
					.findings = views,
					.findings_count = count };
	buf_clear(call->out);
	if (row->http_status == 503)
		TRY(call_header(call, "Retry-After", RETRY_AFTER_S, err));
	call->status = row->http_status;
	call->content_type = "application/problem+json";
	field_put_json(call->out, &problem_schema, &problem);
	return buf_check(call->out, "a problem", err);
}

static enum err_code run(struct call *call, struct err *err)
{
	find_route(call);
	TRY(call_authenticate(call, err)); /* before anything is told of what there is */
	TRY(call_meter(call, err));
	if (!call->route)
		return refuse_route(call, err);
	TRY(call_authorise(call, err));
	TRY(call_check_type(call, err));
	TRY(call_check_query(call, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(call_check_conditions(call, err));
	bool answered;
	TRY(call_claim(call, &answered, err));
	if (answered || findings_errors(call->findings))
		return OK;
	call->status = call->route->status ? call->route->status : call->status;
	TRY(call->route->handle(call, err));
	return findings_errors(call->findings) ? OK : call_validate(call, err);
}

static enum err_code run_or_explain(struct call *call, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = run(call, &why);
	if (code == OK && findings_errors(call->findings))
		code = ERR_INVALID;
	call->asked->api->denied += code == ERR_UNAUTHENTICATED || code == ERR_DENIED;
	/* While the node is stopped it is the operator's own command, who has the answer before him. */
	if (err_row(code)->http_status >= 500 && call->asked->api->options.running)
		LOG(LOG_ERROR, "api.failed", LOG_TEXT("path", call->asked->request->path), LOG_ERR(&why));
	enum err_code told = code == OK ? OK : put_problem(call, code, &why, err);
	call_settle(call, told == OK && code == OK);
	return told;
}

void api_handle(void *arg, const struct http_request *request, struct http_response *response)
{
	struct api *api = arg;
	struct err err = { 0 };
	struct buf *out = arena_alloc(request->arena, sizeof *out);
	struct asked asked = { .api = api, .request = request, .response = response };
	struct call call = { .router = &api_router,
			     .asked = &asked,
			     .kernel = api->options.kernel,
			     .arena = request->arena,
			     .method = request->method,
			     .body = request->body,
			     .purposes = api->options.purposes,
			     .purpose_required = api->options.purpose_required,
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
	bool has_body = (out->size && call.status != 304) || response->stream;
	response->content_type = has_body ? call.content_type : NULL;
	response->owned = out;
	if (api->wake && call.route && call.status < 400 && !same(call.route->method, "GET"))
		api->wake(api->wake_arg);
}
