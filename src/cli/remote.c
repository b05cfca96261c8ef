/* Commands that are calls of the interface: over the administration socket of the running node, or in this process. */
#include "cli/cli_int.h"

#include <ctype.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

/* As the interface has them: see ANSWER_MAX in api/api.c, and administration in node/serve.c. */
enum { ANSWER_MAX = 192 << 20, REQUEST_ARENA = 192 << 20 };

static enum err_code call_socket(struct invocation *in, const char *socket, const char *method, const char *path,
				 struct bytes body, struct http_answer *answer, struct err *err)
{
	struct http_client *client = http_client_new();
	if (!client)
		return fail(err, ERR_MEMORY, "no memory for a call");
	struct http_call call = { .method = method,
				  .url = arena_printf(in->arena, "http://lintas%s", path),
				  .unix_path = socket,
				  .body = body,
				  .allow_plain = true,
				  .timeout_us = HOUR_US, /* verifying a long journal takes its time */
				  .max_response_bytes = ANSWER_MAX };
	enum err_code code = client->call(client, in->arena, &call, answer, err);
	http_client_free(client);
	return code;
}

static enum err_code call_here(struct invocation *in, const char *method, const char *path, struct bytes body,
			       struct http_answer *answer, struct err *err)
{
	struct node node;
	log_setup(LOG_WARN, NULL);
	TRY(node_open(in->arena, in->directory, &node, in->findings, err));
	arena_auto arena = arena_new(REQUEST_ARENA);
	struct http_request request = { .arena = arena, .method = method, .body = body, .peer = "unix", .local = true };
	struct http_response response = { 0 };
	enum err_code code = OK;
	if (!arena)
		code = fail(err, ERR_MEMORY, "no memory for a call");
	else if (!http_target(arena, path, &request))
		code = fail(err, ERR_USAGE, "%s is nothing that can be asked for", path);
	else
		api_handle(node.api, &request, &response);
	if (code == OK) {
		struct bytes content = response.owned ? buf_bytes(response.owned) : response.body;
		*answer = (struct http_answer){
			.status = response.status,
			.content_type = arena_text(in->arena, response.content_type ? response.content_type : ""),
			.body = bytes(arena_copy(in->arena, content.data, content.size), content.size)
		};
		if (response.owned)
			buf_done(response.owned);
	}
	node_close(&node);
	return code;
}

static enum err_code code_of_status(int status)
{
	for (enum err_code code = OK + 1; code < ERR_COUNT; code++)
		if (err_row(code)->http_status == status)
			return code;
	return ERR_INTERNAL;
}

/* Whether OPTION, "--party-type", fills MEMBER of the body: "partyType"; "--role" fills "roles", "--expires"
 * "expiresIn",
 * "--party" "partyId". One with a query is no part of it. */
static bool fills(const struct option *option, const char *member)
{
	static const char *const endings[] = { "", "s", "In", "Id" };
	if (option->query)
		return false;
	for (const char *c = option->name; *c; c++)
		if (*c != '-' && tolower((unsigned char)*c) != tolower((unsigned char)*member++))
			return false;
	for (size_t i = 0; i < COUNT(endings); i++)
		if (same(member, endings[i]))
			return true;
	return false;
}

/* The option that PATH, "/certificates/0" or "/roles", came from; else PATH. Of the query the findings API-… alone
 * speak: "/type" of any other is a place in the document that was sent. */
static const char *place_of(const struct invocation *in, const char *path, const char *code)
{
	const char *last = path ? strrchr(path, '/') : NULL;
	int64_t index = 0;
	if (last && last != path && int64_parse(last + 1, &index) && index >= 0 && (size_t)index < in->places_count)
		return in->places[index];
	for (const struct option *o = in->command->options; last == path && last && o && o->name; o++)
		if (fills(o, path + 1) || (starts_with(code, "API-") && same(o->query, path + 1)))
			return o->name;
	return path;
}

/* Those with SEVERITY; how many there are. */
static size_t print_problem(struct invocation *in, const struct problem_view *problem, const char *severity, bool print)
{
	size_t count = 0;
	for (size_t i = 0; i < problem->findings_count; i++) {
		const struct finding_view *f = &problem->findings[i];
		if (!same(f->severity, severity))
			continue;
		count++;
		if (print)
			print_finding(stderr, in->arena, place_of(in, f->path, f->code), f->code, f->text, f->law);
	}
	return count;
}

/* A problem as people read it: what was refused, every finding, and what to do next. */
static enum err_code report_problem(struct invocation *in, const struct http_answer *answer, struct err *err)
{
	struct problem_view problem;
	struct findings *findings = findings_new(in->arena);
	struct err why = { 0 };
	enum err_code code = code_of_status(answer->status);
	if (in->json) {
		fwrite(answer->body.data, 1, answer->body.size, stdout);
		putchar('\n');
		return code;
	}
	if (!findings ||
	    field_read_json(in->arena, &problem_schema, answer->body, NULL, &problem, findings, &why) != OK ||
	    !problem.title)
		return fail(err, code, "the node answered with status %d", answer->status);
	const char *next = answer->status == 404 ? in->command->missing : NULL;
	if (!problem.findings_count)
		return fail(err, code, "%s%s%s", problem.detail ? problem.detail : problem.title, next ? "; " : "",
			    next ? next : "");
	size_t errors = print_problem(in, &problem, "error", false);
	fprintf(stderr, "refused: %zu finding%s, nothing was done\n", errors, errors == 1 ? "" : "s");
	print_problem(in, &problem, "error", true);
	if (errors < problem.findings_count)
		fprintf(stderr, "and, what would not stop it:\n");
	print_problem(in, &problem, "warning", true);
	return code;
}

/* Whether a node answers at its socket. A socket file that nobody listens on was left by a node that was killed. */
static bool node_listens(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	if (length >= sizeof address.sun_path)
		return false;
	memcpy(address.sun_path, path, length + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool listens = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
	if (fd >= 0)
		close(fd);
	return listens;
}

bool remote_running(struct invocation *in)
{
	const char *socket = arena_printf(in->arena, "%s/admin.sock", in->directory);
	return socket && node_listens(socket);
}

enum err_code remote_call(struct invocation *in, const char *method, const char *path, struct bytes body,
			  struct http_answer *answer, struct err *err)
{
	const char *socket = arena_printf(in->arena, "%s/admin.sock", in->directory);
	if (!socket || !path)
		return fail(err, ERR_MEMORY, "no memory for a call");
	bool listens = node_listens(socket);
	/* Who watches a running node must not take the place of one that is being started anew. */
	if (!listens && in->running_only)
		return fail(err, ERR_BUSY, "the node was stopped meanwhile; lintas status shows when it is back");
	if (listens)
		TRY(call_socket(in, socket, method, path, body, answer, err));
	else
		TRY(call_here(in, method, path, body, answer, err));
	return answer->status >= 400 ? report_problem(in, answer, err) : OK;
}

/* The row's path with arguments and options filled in. */
static enum err_code fill_path(struct invocation *in, struct buf *out, struct err *err)
{
	size_t argument = 0;
	for (const char *c = in->command->path; *c; c++) {
		if (c[0] == '{' && c[1] == '}') {
			percent_put(out, in->arguments[argument++], "@:");
			c++;
		} else {
			buf_putc(out, *c);
		}
	}
	char separator = strchr(in->command->path, '?') ? '&' : '?';
	for (size_t i = 0; in->command->options && in->command->options[i].name; i++) {
		if (!in->command->options[i].query || !in->values[i])
			continue;
		buf_printf(out, "%c%s=", separator, in->command->options[i].query);
		percent_put(out, in->command->options[i].value ? in->values[i] : "true", "@:");
		separator = '&';
	}
	return buf_check(out, "the call", err);
}

enum err_code remote_answer(struct invocation *in, struct bytes body, struct http_answer *answer, struct err *err)
{
	buf_auto path;
	buf_init(&path, 65536);
	TRY(fill_path(in, &path, err));
	return remote_call(in, in->command->method, buf_text(&path), body, answer, err);
}

static void print_raw(const struct invocation *in, const struct http_answer *answer)
{
	fwrite(answer->body.data, 1, answer->body.size, stdout);
	if (in->json)
		putchar('\n');
}

enum err_code remote_read(struct invocation *in, const struct schema *schema, const struct http_answer *answer,
			  void *view, struct err *err)
{
	struct findings *findings = findings_new(in->arena);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for the answer");
	TRY(field_read_json(in->arena, schema, answer->body, NULL, view, findings, err));
	if (findings_errors(findings))
		return fail(err, ERR_INTERNAL, "the node's answer is not understood: is it of another version? (%s)",
			    findings_at(findings, 0)->text);
	return OK;
}

enum err_code remote_row(struct invocation *in, struct bytes body, struct err *err)
{
	struct http_answer answer = { 0 };
	bool raw = in->json || !in->command->print;
	TRY(remote_answer(in, body, &answer, err));
	if (raw)
		print_raw(in, &answer);
	if (raw && !in->command->good)
		return OK;
	void *view = arena_alloc(in->arena, in->command->answer->fields->size);
	if (!view)
		return fail(err, ERR_MEMORY, "no memory for the answer");
	TRY(remote_read(in, in->command->answer, &answer, view, err));
	if (!raw)
		in->command->print(stdout, view);
	if (!raw && in->command->sends && !remote_running(in))
		printf("The node is stopped: nothing is sent until lintas serve runs\n");
	return !in->command->good || in->command->good(view) ? OK : ERR_INVALID;
}

/* The feed always names a cursor, for who waits for what comes; a person is told of more if there may be some. */
enum err_code run_events(struct invocation *in, struct err *err)
{
	struct http_answer answer = { 0 };
	struct event_list_view view;
	int64_t limit = PAGE_DEFAULT;
	const char *text = option_value(in, "--limit");
	TRY(remote_answer(in, bytes(NULL, 0), &answer, err));
	if (in->json) {
		print_raw(in, &answer);
		return OK;
	}
	TRY(remote_read(in, &event_list_schema, &answer, &view, err));
	if (text && !int64_parse(text, &limit))
		return fail(err, ERR_INTERNAL, "the limit %s was not checked", text);
	if ((int64_t)view.count < limit)
		view.next = NULL;
	print_events(stdout, &view);
	return OK;
}
