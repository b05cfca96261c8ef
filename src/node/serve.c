/* `lintas serve`: the node and its keys process, from start to graceful stop. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "kernel/message.h"
#include "node/overload_int.h"

enum { KEY_SOCKETS_MAX = 64, SMALL_BODY = 1 << 16, GREATEST_BODIES = 16, INTERFACE_BODIES = 8 /* at a time */ };
/* A bound, not a reserve. What needs most is evidence: the files of an answer of ANSWER_MAX (api/api.c). */
#define REQUEST_ARENA ((size_t)192 << 20)
#define STOP_GRACE_US (10 * SECOND_US)

struct serving {
	struct node node;
	struct roles *roles;
	struct http_server *gateway, *administration, *interface;
	struct http_tls tls, interface_tls;
	struct http_class classes[OVERLOAD_CLASSES];
	pid_t keys_process;
	atomic_bool ready;
	int64_t started_us;
};

enum err_code node_tls(struct arena *arena, const struct config *config, struct http_tls *tls, struct err *err)
{
	struct key_list keys;
	const char *id = NULL, *directory = config_path(arena, config, "keys");
	if (!directory)
		return fail(err, ERR_MEMORY, "no memory for the node");
	TRY(keystore_list(directory, &keys, err));
	for (size_t i = 0; i < keys.count; i++)
		if (keys.keys[i].use == KEY_USE_TLS && keys.keys[i].status == KEY_ACTIVE)
			id = arena_text(arena, keys.keys[i].id);
	key_list_done(&keys);
	if (!id)
		return fail(err, ERR_KEY,
			    "there is no active TLS key: lintas key new --use tls, then csr and install; "
			    "for a trial on one machine set [gateway] plain = yes");
	*tls = (struct http_tls){ .certificate_file = arena_printf(arena, "%s/%s/certificate.pem", directory, id),
				  .key_file = arena_printf(arena, "%s/%s/key.pem", directory, id),
				  .trust_file = config_path(arena, config, config->trust_file) };
	if (!tls->certificate_file || !tls->key_file || !tls->trust_file)
		return fail(err, ERR_MEMORY, "no memory for the node");
	return OK;
}

/* As many descriptors as the settings let strangers use, and ours: a node that runs out of them cannot open the files
 * of its database either. The usual soft limit is 1024. */
static enum err_code reserve_descriptors(const struct config *c, struct err *err)
{
	struct rlimit limit;
	TRY(node_descriptors(c, &limit, err));
	return setrlimit(RLIMIT_NOFILE, &limit) == 0
		       ? OK
		       : fail(err, ERR_IO, "cannot raise the limit of open files: %s", strerror(errno));
}

/* All that keeps the node from starting, at once; what it starts without, it says. */
static enum err_code require_all(struct arena *arena, const struct config *c, struct findings *findings,
				 struct err *err)
{
	struct findings *found = findings_new(arena);
	const struct finding *finding;
	if (!found)
		return fail(err, ERR_MEMORY, "no memory to check %s", c->directory);
	enum err_code code = node_check(arena, c, found, err);
	if (code != OK || findings_errors(found))
		findings_append(findings, found);
	if (code != OK)
		return code;
	if (findings_errors(found))
		return fail(err, ERR_CONFIG,
			    "%s does not start before this is mended; lintas config check -d %s looks again",
			    c->directory, c->directory);
	for (size_t i = 0; (finding = findings_at(found, i)); i++)
		LOG(LOG_WARN, "node.without", LOG_TEXT("finding", finding->rule->code),
		    LOG_TEXT("text", finding->text));
	return OK;
}

/* The keys process: no network, no database, no other descriptor than its sockets. It ends when the node closes them.
 */
static void keys_main(const char *directory, const int *sockets, size_t count)
{
	struct err err = { 0 };
	prctl(PR_SET_NAME, "lintas-keys");
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	enum err_code code = keys_serve(directory, sockets, count, &err);
	if (code != OK)
		LOG(LOG_ERROR, "keys.failed", LOG_ERR(&err));
	_exit(err_row(code)->exit_status);
}

/* Before any thread is started and anything else is opened, so that the child inherits neither. */
static enum err_code start_keys(struct arena *arena, struct serving *s, struct err *err)
{
	int ours[KEY_SOCKETS_MAX], theirs[KEY_SOCKETS_MAX];
	size_t count = (size_t)s->node.config.key_sockets;
	const char *directory = config_path(arena, &s->node.config, "keys");
	if (!directory)
		return fail(err, ERR_MEMORY, "no memory for the keys process");
	for (size_t i = 0; i < count; i++) {
		int pair[2];
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
			return fail(err, ERR_IO, "cannot make a socket pair for the keys process: %s", strerror(errno));
		ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	s->keys_process = fork();
	if (s->keys_process < 0)
		return fail(err, ERR_IO, "cannot start the keys process: %s", strerror(errno));
	for (size_t i = 0; i < count; i++)
		close(s->keys_process == 0 ? ours[i] : theirs[i]);
	if (s->keys_process == 0) {
		close(s->node.lock);
		keys_main(directory, theirs, count);
	}
	enum err_code code = keys_connect(ours, count, &s->node.keys, err);
	for (size_t i = 0; code != OK && i < count; i++)
		close(ours[i]); /* or the child would wait for ever */
	return code;
}

static void answer_text(const struct http_request *request, struct http_response *response, int status,
			const char *text)
{
	(void)request;
	response->status = status;
	response->content_type = "text/plain; charset=utf-8";
	response->body = bytes_of(text);
}

/* Figures tell who our partners are and how much flows: not for strangers. Who monitors from elsewhere fetches through
 * an agent here. */
static bool from_this_machine(const struct http_request *request)
{
	return starts_with(request->peer, "127.") || starts_with(request->peer, "[::1]:");
}

/* Ready is who can read, and has room to take something in. Why not is told here alone. */
static void answer_ready(struct serving *s, const struct http_request *request, struct http_response *response)
{
	struct err err = { 0 };
	int64_t next_us;
	enum err_code code = s->ready ? outbox_next_us(&s->node.kernel, &next_us, &err) : ERR_BUSY;
	if (code == OK)
		code = db_reserve_check(s->node.kernel.db, &err);
	const char *why = code != OK && from_this_machine(request)
				  ? arena_printf(request->arena, "not ready: %s\n", err_row(code)->meaning)
				  : NULL;
	answer_text(request, response, code == OK ? 200 : 503, code == OK ? "ready\n" : why ? why : "not ready\n");
}

/* What strangers do to the gateway before anybody knows who they are. */
static void put_gateway_metrics(const struct http_server *gateway, struct buf *out)
{
	struct http_server_counters now;
	http_server_counters(gateway, &now);
	const struct {
		const char *name, *kind, *help;
		int64_t value;
	} rows[] = {
		{ "lintas_http_connections", "gauge", "Connections to the gateway.", now.connections },
		{ "lintas_http_requests_total", "counter", "Requests whose first line was read.", now.requests },
		{ "lintas_http_connections_refused_total", "counter", "Connections over a limit.",
		  now.refused_connections },
		{ "lintas_http_connections_cut_total", "counter", "Connections cut at their deadline.",
		  now.deadline_closed },
		{ "lintas_http_queue_full_total", "counter", "Requests sent away because too many waited.",
		  now.queue_full },
		{ "lintas_http_too_large_total", "counter", "Requests whose body was too large.", now.too_large },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", rows[i].name, rows[i].help, rows[i].name,
			   rows[i].kind, rows[i].name, (long long)rows[i].value);
}

static void put_load(const struct serving *s, struct buf *out)
{
	static const char *const names[] = { "gateway", "interface" };
	struct http_server_counters counters[COUNT(names)];
	http_server_counters(s->gateway, &counters[0]);
	if (s->interface)
		http_server_counters(s->interface, &counters[1]);
	overload_put_metrics(names, counters, s->interface ? 2 : 1, out);
}

static void answer_metrics(struct serving *s, const struct http_request *request, struct http_response *response)
{
	enum { METRICS_MAX = 4 << 20 };
	struct err err = { 0 };
	struct buf *out = arena_alloc(request->arena, sizeof *out);
	response->status = 503;
	if (!out)
		return;
	buf_init(out, METRICS_MAX);
	response->owned = out;
	if (!s->ready)
		return;
	put_gateway_metrics(s->gateway, out);
	put_load(s, out);
	if (api_put_metrics(s->node.api, out, &err) != OK)
		return;
	response->status = 200;
	response->content_type = "text/plain; version=0.0.4; charset=utf-8";
}

/* One endpoint by two names: a message says itself what it is. */
static bool is_endpoint(const struct http_request *request)
{
	return same(request->path, "/as4") || same(request->path, "/ebms");
}

/* What the outside may reach: the endpoint for messages, and what monitoring asks. */
static void gateway_handle(void *arg, const struct http_request *request, struct http_response *response)
{
	struct serving *s = arg;
	bool get = same(request->method, "GET");
	if (is_endpoint(request) && same(request->method, "POST")) {
		unsigned news = messaging_receive(s->node.messaging, request, response);
		if (news & MESSAGING_TO_PROCESS)
			roles_received(s->roles);
		if (news & MESSAGING_TO_SEND)
			roles_to_send(s->roles);
	} else if (is_endpoint(request)) {
		answer_text(request, response, 405, "AS4 and ebMS 2 messages are posted here\n");
		response->headers[0] = (struct http_header){ "Allow", "POST" };
	} else if (get && same(request->path, "/health/live")) {
		answer_text(request, response, 200, "live\n");
	} else if (get && same(request->path, "/health/ready")) {
		answer_ready(s, request, response);
	} else if (get && same(request->path, "/metrics") && from_this_machine(request)) {
		answer_metrics(s, request, response);
	} else {
		answer_text(request, response, 404, "not here\n");
	}
}

static size_t gateway_admit(void *arg, const struct http_request *request, int *status)
{
	struct serving *s = arg;
	*status = 413;
	if (is_endpoint(request) && same(request->method, "POST"))
		return messaging_admit(s->node.messaging, request, status);
	return SMALL_BODY;
}

/* Whoever sends more than a log-in has logged in. Only then is the token looked up here, before its body is read. */
static size_t interface_admit(void *arg, const struct http_request *request, int *status)
{
	struct serving *s = arg;
	const char *length = http_header(request, "Content-Length");
	int64_t bytes = 0;
	bool small = (length && int64_parse(length, &bytes) && bytes <= SMALL_BODY) ||
		     (!length && !http_header(request, "Transfer-Encoding"));
	if (small)
		return SMALL_BODY;
	*status = 401;
	if (!request->local && !api_knows(s->node.api, request))
		return 0;
	*status = 413;
	return (size_t)s->node.config.max_payload_bytes;
}

static void interface_handle(void *arg, const struct http_request *request, struct http_response *response)
{
	struct serving *s = arg;
	api_handle(s->node.api, request, response);
}

/* Why SECTION's port cannot be listened on is mended by its settings: they are named. */
static enum err_code start_server(const char *section, const struct http_server_options *options,
				  struct http_server **server, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = http_server_start(options, server, &why);
	return code == OK ? OK : fail(err, code, "[%s] address and port: %s", section, why.text);
}

/* One connection has one request at a time, so no more can wait than there are connections. */
static size_t max_waiting(const struct config *c, int64_t connections)
{
	return (size_t)(c->max_waiting < connections ? c->max_waiting : connections);
}

/* The same interface on the network: by our TLS key, with no certificate asked of who comes with a token. */
static enum err_code start_interface(struct serving *s, struct err *err)
{
	const struct config *c = &s->node.config;
	s->interface_tls =
		(struct http_tls){ .certificate_file = s->tls.certificate_file, .key_file = s->tls.key_file };
	const struct http_server_options options = {
		.address = c->interface_address,
		.port = (uint16_t)c->interface_port,
		.tls = c->plain ? NULL : &s->interface_tls,
		.workers = (unsigned)c->workers,
		.max_connections = (unsigned)c->interface_connections,
		.max_connections_per_address = (unsigned)c->interface_connections_per_address,
		.max_queue = max_waiting(c, c->interface_connections),
		.longest_wait_us = c->longest_wait_us,
		.classes = s->classes,
		.classes_count = COUNT(s->classes),
		.classify = overload_interface,
		.bodies_bytes = INTERFACE_BODIES * (size_t)c->max_payload_bytes,
		.arena_bytes = REQUEST_ARENA,
		.deadline_us = c->request_deadline_us,
		.explains = true,
		.admit = interface_admit,
		.handler = interface_handle,
		.arg = s,
	};
	return c->interface_port ? start_server("interface", &options, &s->interface, err) : OK;
}

static enum err_code start_servers(struct arena *arena, struct serving *s, struct err *err)
{
	const struct config *c = &s->node.config;
	struct http_server_options administration = {
		.unix_path = config_path(arena, c, "admin.sock"),
		.workers = 4,
		.max_connections = 64,
		.arena_bytes = REQUEST_ARENA,
		.explains = true,
		.admit = interface_admit,
		.handler = interface_handle,
		.arg = s,
	};
	struct http_server_options gateway = {
		.address = c->address,
		.port = (uint16_t)c->port,
		.tls = c->plain ? NULL : &s->tls,
		.io_threads = (unsigned)c->io_threads,
		.workers = (unsigned)c->workers,
		.max_connections = (unsigned)c->max_connections,
		.max_connections_per_address = (unsigned)c->max_connections_per_address,
		.max_queue = max_waiting(c, c->max_connections),
		.longest_wait_us = c->longest_wait_us,
		.classes = s->classes,
		.classes_count = COUNT(s->classes),
		.classify = overload_gateway,
		.bodies_bytes = GREATEST_BODIES * (size_t)c->max_message_bytes,
		.deadline_us = c->request_deadline_us,
		.admit = gateway_admit,
		.handler = gateway_handle,
		.arg = s,
	};
	overload_classes(c, s->classes);
	TRY(http_server_start(&administration, &s->administration, err));
	TRY(start_interface(s, err));
	return start_server("gateway", &gateway, &s->gateway, err);
}

/* On a disk without room the node starts all the same, to be read: what was in hand comes back when its claim ends. */
static enum err_code resume(struct serving *s, struct err *err)
{
	enum err_code code = outbox_resume(&s->node.kernel, s->started_us, err);
	if (code != ERR_DISK_FULL)
		return code;
	LOG(LOG_WARN, "outbox.not-resumed", LOG_ERR(err));
	return OK;
}

static enum err_code start(struct arena *arena, struct serving *s, const char *directory, struct findings *findings,
			   struct err *err)
{
	enum log_level level = LOG_INFO;
	TRY(node_read_config(arena, directory, &s->node.config, findings, err));
	if (log_level_parse(s->node.config.log_level, &level))
		log_setup(level, s->node.config.state);
	TRY(node_lock(arena, directory, &s->node.lock, err));
	TRY(require_all(arena, &s->node.config, findings, err));
	TRY(reserve_descriptors(&s->node.config, err));
	TRY(start_keys(arena, s, err));
	struct api_options api = { .running = true, .started_us = s->started_us };
	if (!s->node.config.plain)
		TRY(node_tls(arena, &s->node.config, &s->tls, err));
	TRY(node_assemble(arena, &s->node, s->node.config.plain ? NULL : &s->tls, &api, findings, err));
	TRY(resume(s, err));
	TRY(roles_start(&s->node, &s->roles, err));
	api_on_change(s->node.api, roles_to_send, s->roles);
	TRY(start_servers(arena, s, err));
	s->ready = true;
	return OK;
}

/* In the order in which nothing is lost: no new requests, running ones end, roles end their step, the database closes,
 * the keys go last. */
static void stop(struct serving *s)
{
	s->ready = false;
	http_server_stop(s->gateway, STOP_GRACE_US);
	http_server_stop(s->interface, STOP_GRACE_US);
	http_server_stop(s->administration, STOP_GRACE_US);
	if (s->node.client)
		http_client_cancel(
			s->node.client); /* an exchange that waits for an answer is made again after the start */
	roles_stop(s->roles);
	node_close(&s->node);
	if (s->keys_process > 0)
		waitpid(s->keys_process, NULL, 0);
}

/* Until somebody asks us to stop, or the keys process is gone: without it nothing can be signed, and who supervises us
 * starts us anew. */
static enum err_code wait_for_end(struct serving *s, const sigset_t *signals, struct err *err)
{
	for (;;) {
		int number = 0;
		if (sigwait(signals, &number) != 0)
			continue;
		if (number != SIGCHLD) {
			LOG(LOG_INFO, "node.stopping", LOG_INT("signal", number));
			return OK;
		}
		int status = 0;
		if (waitpid(s->keys_process, &status, WNOHANG) == s->keys_process) {
			s->keys_process = -1;
			return fail(err, ERR_KEY, "the keys process ended unasked (status %d)", status);
		}
	}
}

static void log_ready(const struct config *c, int64_t start_us)
{
	enum { OF_INTERFACE = 2 }; /* left out if it is not on the network */
	const struct log_field fields[] = {
		LOG_TEXT("name", c->name),
		LOG_TEXT("address", c->address),
		LOG_INT("port", c->port),
		LOG_INT("start_us", start_us),
		LOG_TEXT("interface_address", c->interface_address),
		LOG_INT("interface_port", c->interface_port),
	};
	log_write(LOG_INFO, "node.ready", fields, COUNT(fields) - (c->interface_port ? 0 : OF_INTERFACE));
}

/* Each message takes some hundred kilobytes and gives them back. glibc hands them to the kernel at once, which clears
 * them for the next message; so it keeps a few megabytes, in a few heaps that all threads share. */
static void keep_freed_memory(void)
{
	enum { HEAPS = 8, KEPT_OF_EACH = 2 << 20, LARGE = 1 << 20 };
	mallopt(M_ARENA_MAX, HEAPS);
	mallopt(M_TRIM_THRESHOLD, KEPT_OF_EACH);
	mallopt(M_MMAP_THRESHOLD, LARGE);
}

enum err_code node_serve(struct arena *arena, const char *directory, struct findings *findings, struct err *err)
{
	struct serving s = { .node = { .lock = -1 }, .started_us = clock_now_us(&clock_system) };
	int64_t began_us = clock_monotonic_us();
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	keep_freed_memory();

	enum err_code code = start(arena, &s, directory, findings, err);
	if (code == OK) {
		log_ready(&s.node.config, clock_monotonic_us() - began_us);
		code = wait_for_end(&s, &signals, err);
	}
	stop(&s);
	if (code == OK)
		LOG(LOG_INFO, "node.stopped", LOG_TEXT("directory", directory));
	return code;
}
