#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "connections_int.h"
#include "listen_int.h"
#include "server_load_int.h"
#include "server_pool_int.h"
#include "server_request_int.h"
#include "server_stream_int.h"

/* A refused body of at most this many bytes is read and forgotten, so that the sender reads our answer instead of a
 * reset connection, and can go on. A larger one ends the connection. */
#define DRAIN_BYTES        ((int64_t)1024 * 1024)
#define DEFAULT_BODY_BYTES ((size_t)1024 * 1024)
#define TLS_FILE_BYTES     ((size_t)1024 * 1024)
/* For the answers to requests that were refused at the end of the grace. */
#define LAST_ANSWERS_US SECOND_US

/* Forward secrecy and authenticated ciphers only (RFC 9325 4.2). */
#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-SHA1"

struct http_server {
	struct http_server_options options; /* with the defaults filled in; its pointers to files and sockets are not
					       used after the start */
	struct MHD_Daemon *daemon;
	struct connections connections;
	struct pool pool;
	struct load load;
	struct streams streams;
	int listen_fd;
	uint16_t port;
	char *unix_path;
	struct buf certificate, key, trust;

	pthread_mutex_t lock;
	pthread_cond_t fewer; /* `active` went down */
	size_t active;        /* requests given to the pool and not yet answered to the last byte */
	char complaint[200];  /* what libmicrohttpd said while it started */

	atomic_bool starting, stopping;
	atomic_int_fast64_t requests, queue_full, too_large;
};

enum stage {
	STAGE_HEADERS, /* the library has the request line */
	STAGE_BODY,    /* is being read, or passed over if there is a refusal */
	STAGE_HANDLED, /* the connection is suspended while a worker has it; then the response is there */
};

/* One request and its answer. Belongs to the library's thread, but to a worker while the connection is suspended; lives
 * until on_completed, which is after the last byte of the answer, so that nothing of the answer need be copied. */
struct exchange {
	struct job job; /* first */
	struct http_server *server;
	struct MHD_Connection *library;
	struct connection *connection;
	enum stage stage;
	bool target_valid;
	bool submitted;
	int refusal; /* 0, or the status that is sent instead of calling the handler */
	size_t passed_over;
	char problem[200]; /* the body of a refusal */
	size_t max_bytes;  /* of its body; 0: not known yet */
	struct buf body;
	struct http_request request;
	struct http_response response;
	struct stream stream;
};

/* --- Answers --- */

static void body_forget(struct exchange *exchange)
{
	buf_done(&exchange->body);
	connection_give(&exchange->server->connections, exchange->connection);
}

static void refuse(struct exchange *exchange, int status)
{
	static const struct http_header retry = { MHD_HTTP_HEADER_RETRY_AFTER, "1" };
	struct http_response *response = &exchange->response;

	*response = (struct http_response){ .status = status };
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		response->headers[0] = retry;
	if (exchange->server->options.explains) {
		int size = snprintf(exchange->problem, sizeof(exchange->problem),
				    "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d}",
				    MHD_get_reason_phrase_for((unsigned)status), status);
		if (status == MHD_HTTP_CONTENT_TOO_LARGE && exchange->max_bytes > 0)
			size += snprintf(exchange->problem + size - 1, sizeof(exchange->problem) - (size_t)size,
					 ",\"detail\":\"a body has at most %zu octets here\"}", exchange->max_bytes) -
				1;
		response->content_type = "application/problem+json";
		response->body = bytes(exchange->problem, (size_t)size);
	}
	exchange->refusal = status;
	body_forget(exchange);
	if (status == MHD_HTTP_CONTENT_TOO_LARGE)
		atomic_fetch_add(&exchange->server->too_large, 1);
}

/* Under load, what is worth least is sent away first. WHOLE: the body is there. */
static bool refuse_by_class(struct exchange *exchange, bool whole)
{
	struct http_server *server = exchange->server;
	const struct http_class *class =
		load_class(&server->load, &server->pool, server->options.arg, &exchange->request, whole);

	exchange->job.first = class && class->first;
	if (!class || !load_refuses(&server->load, &server->pool, class))
		return false;
	refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE);
	exchange->response.headers[0].value = class->retry_after;
	return true;
}

/* NULL: it cannot be sent as it is. */
static struct MHD_Response *make_answer(struct exchange *exchange)
{
	struct http_server *server = exchange->server;
	const struct http_response *response = &exchange->response;
	bool close = response->close || response->stream || atomic_load(&server->stopping);

	if (!response->stream)
		return response_make(response, NULL, close);
	struct MHD_Response *stream = stream_make(&server->streams, &exchange->stream, response->stream,
						  exchange->library, exchange->connection);
	return stream ? response_make(response, stream, close) : NULL;
}

static enum MHD_Result answer(struct exchange *exchange)
{
	struct http_server *server = exchange->server;
	const struct http_response failed = { .status = MHD_HTTP_INTERNAL_SERVER_ERROR };
	unsigned status = (unsigned)exchange->response.status;
	if (exchange->response.drop)
		return MHD_NO; /* which closes the connection */
	struct MHD_Response *made = make_answer(exchange);

	/* A handler that sets no status or an impossible header is a defect; whoever asked is not left waiting. */
	if (!made) {
		made = response_make(&failed, NULL, true);
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
	if (!made)
		return MHD_NO;
	connection_due(&server->connections, exchange->connection, clock_monotonic_us() + server->options.deadline_us);
	enum MHD_Result result = MHD_queue_response(exchange->library, status, made);
	MHD_destroy_response(made);
	return result;
}

/* --- Requests --- */

static void exchange_free(struct exchange *exchange)
{
	stream_done(&exchange->stream);
	if (exchange->response.stream && exchange->response.stream->end)
		exchange->response.stream->end(exchange->response.stream->arg);
	if (exchange->response.owned)
		buf_done(exchange->response.owned);
	body_forget(exchange);
	arena_free(exchange->request.arena);
	free(exchange);
}

/* A request whose query has more parameters than the library has room for is never told to be completed: its connection
 * is closed. */
static void exchange_abandon(struct connection *connection)
{
	if (connection->exchange)
		exchange_free(connection->exchange);
	connection->exchange = NULL;
}

static struct connection *connection_of(struct MHD_Connection *library)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(library, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* The request line is in: the earliest moment at which the library says that a request has begun. It is also the only
 * one at which the target stands as it was sent. NULL closes the connection when the headers are in. */
static void *on_target(void *arg, const char *target, struct MHD_Connection *library)
{
	struct http_server *server = arg;
	struct connection *connection = connection_of(library);

	if (connection)
		exchange_abandon(connection);
	struct exchange *exchange = connection ? calloc(1, sizeof(*exchange)) : NULL;

	if (!exchange)
		return NULL;
	exchange->server = server;
	exchange->library = library;
	exchange->connection = connection;
	exchange->request.arena = arena_new(server->options.arena_bytes);
	if (!exchange->request.arena) {
		free(exchange);
		return NULL;
	}
	exchange->target_valid = target && http_target(exchange->request.arena, target, &exchange->request);
	connection_due_by(&server->connections, connection, clock_monotonic_us() + server->options.deadline_us);
	atomic_fetch_add(&server->requests, 1);
	connection->exchange = exchange;
	return exchange;
}

/* 0, or the status of the refusal. */
static int read_head(struct exchange *exchange, const char *method, struct framing *framing)
{
	struct http_server *server = exchange->server;
	struct http_request *request = &exchange->request;

	if (!exchange->target_valid || !is_token(method))
		return MHD_HTTP_BAD_REQUEST;
	int status = headers_read(exchange->library, request, framing);
	if (status != 0)
		return status;
	request->method = arena_text(request->arena, method);
	request->peer = exchange->connection->peer;
	request->local = server->unix_path != NULL;
	if (!request->method || !certificates_read(exchange->library, request))
		return MHD_HTTP_SERVICE_UNAVAILABLE;

	status = MHD_HTTP_CONTENT_TOO_LARGE;
	size_t max = DEFAULT_BODY_BYTES;
	if (server->options.admit)
		max = server->options.admit(server->options.arg, request, &status);
	if (max == 0)
		return status;
	exchange->max_bytes = max;
	if ((uint64_t)framing->length > max)
		return MHD_HTTP_CONTENT_TOO_LARGE;

	/* A body whose length is known is written where it stays. */
	buf_init(&exchange->body, max);
	if (framing->length > 0 && !buf_reserve(&exchange->body, (size_t)framing->length))
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	return 0;
}

static enum MHD_Result begin(struct exchange *exchange, const char *method)
{
	struct framing framing = { .chunked = false };
	int status = read_head(exchange, method, &framing);

	exchange->stage = STAGE_BODY;
	if (status != 0)
		refuse(exchange, status);
	else if (!refuse_by_class(exchange, false))
		return MHD_YES;

	/* An answer before the body ends the connection. It must be one where we do not know where the body ends, and
	 * should be one where the sender waits for our word (RFC 9110 10.1.1) or has more than we care to pass over. */
	bool lost = status == MHD_HTTP_BAD_REQUEST || status == MHD_HTTP_NOT_IMPLEMENTED;
	if (!lost && !framing.expects_continue && framing.length <= DRAIN_BYTES)
		return MHD_YES;
	exchange->response.close = true;
	return answer(exchange);
}

static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *left)
{
	size_t size = *left;

	*left = 0;
	size_t most = exchange->server->options.bodies_bytes;
	if (exchange->refusal == 0 && most > 0 &&
	    !connection_take(&exchange->server->connections, exchange->connection, size, most))
		refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE);
	if (exchange->refusal == 0) {
		buf_put(&exchange->body, data, size);
		if (exchange->body.failed == OK)
			return MHD_YES;
		/* Only a chunked body gets here with ERR_LIMIT. */
		refuse(exchange,
		       exchange->body.failed == ERR_LIMIT ? MHD_HTTP_CONTENT_TOO_LARGE : MHD_HTTP_SERVICE_UNAVAILABLE);
	}
	/* The library takes no answer in the middle of a body, so a chunked one that goes on and on is cut without. */
	exchange->passed_over += size;
	return exchange->passed_over <= (size_t)DRAIN_BYTES ? MHD_YES : MHD_NO;
}

static enum MHD_Result submit(struct exchange *exchange)
{
	struct http_server *server = exchange->server;

	exchange->request.body = buf_bytes(&exchange->body);
	if (exchange->refusal == 0 && !refuse_by_class(exchange, true) &&
	    (atomic_load(&server->stopping) || !pool_reserve(&server->pool, exchange->job.first))) {
		atomic_fetch_add(&server->queue_full, 1);
		refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE);
	}
	if (exchange->refusal != 0)
		return answer(exchange);

	exchange->stage = STAGE_HANDLED;
	exchange->submitted = true;
	pthread_mutex_lock(&server->lock);
	server->active++;
	pthread_mutex_unlock(&server->lock);
	connection_due(&server->connections, exchange->connection, DUE_NEVER);
	MHD_suspend_connection(exchange->library); /* before a worker can resume it */
	pool_push(&server->pool, &exchange->job);
	return MHD_YES;
}

/* Called with the headers, with each part of the body, at its end, and after MHD_resume_connection. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *library, const char *url, const char *method,
				  const char *version, const char *data, size_t *size, void **context)
{
	struct exchange *exchange = *context;

	(void)arg, (void)library, (void)url, (void)version;
	if (!exchange)
		return MHD_NO;
	switch (exchange->stage) {
	case STAGE_HEADERS:
		return begin(exchange, method);
	case STAGE_BODY:
		return *size == 0 ? submit(exchange) : take_body(exchange, data, size);
	case STAGE_HANDLED:
		return answer(exchange);
	}
	return MHD_NO;
}

static void on_completed(void *arg, struct MHD_Connection *library, void **context,
			 enum MHD_RequestTerminationCode reason)
{
	struct http_server *server = arg;
	struct exchange *exchange = *context;

	(void)library, (void)reason;
	if (!exchange)
		return;
	*context = NULL;

	/* When the next request's first byte comes is not told before its line is whole: idle_us until it comes, and
	 * the deadline from there on. */
	connection_due(&server->connections, exchange->connection,
		       clock_monotonic_us() + server->options.idle_us + server->options.deadline_us);
	bool submitted = exchange->submitted;
	exchange_abandon(exchange->connection);
	if (submitted) {
		pthread_mutex_lock(&server->lock);
		server->active--;
		pthread_cond_signal(&server->fewer);
		pthread_mutex_unlock(&server->lock);
	}
}

static void run(struct job *job)
{
	struct exchange *exchange = (struct exchange *)job;

	exchange->server->options.handler(exchange->server->options.arg, &exchange->request, &exchange->response);
	MHD_resume_connection(exchange->library);
}

static void drop(struct job *job)
{
	struct exchange *exchange = (struct exchange *)job;

	refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE);
	MHD_resume_connection(exchange->library);
}

/* --- Connections --- */

static enum MHD_Result on_accept(void *arg, const struct sockaddr *address, socklen_t size)
{
	struct http_server *server = arg;

	(void)size;
	if (atomic_load(&server->stopping))
		return MHD_NO;
	return connections_admit(&server->connections, address) ? MHD_YES : MHD_NO;
}

/* CLOSED comes before the library closes the descriptor. */
static void on_connection(void *arg, struct MHD_Connection *library, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = arg;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*context) {
			exchange_abandon(*context);
			connection_closed(&server->connections, *context);
		}
		*context = NULL;
		return;
	}

	static const struct sockaddr local = { .sa_family = AF_UNIX };
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(library, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *address = MHD_get_connection_info(library, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *peer =
		address && address->client_addr && !server->unix_path ? address->client_addr : &local;
	*context = connection_opened(&server->connections, fd->connect_fd, peer,
				     clock_monotonic_us() + server->options.deadline_us);
	/* Without memory for its deadline it does not stay. */
	if (!*context)
		shutdown(fd->connect_fd, SHUT_RDWR);
}

/* --- Start and stop --- */

__attribute__((format(printf, 2, 0))) static void on_complaint(void *arg, const char *format, va_list args)
{
	struct http_server *server = arg;

	/* Later ones tell what outsiders did wrong. */
	if (!atomic_load(&server->starting))
		return;
	pthread_mutex_lock(&server->lock);
	if (server->complaint[0] == '\0') {
		vsnprintf(server->complaint, sizeof(server->complaint), format, args);
		server->complaint[strcspn(server->complaint, "\n")] = '\0';
	}
	pthread_mutex_unlock(&server->lock);
}

/* NUL-terminated, as the library wants it. */
static enum err_code read_file(const char *path, struct buf *into, struct err *err)
{
	fd_auto fd = open(path, O_RDONLY | O_CLOEXEC);

	buf_init(into, TLS_FILE_BYTES);
	if (fd < 0 || !fd_read_all(fd, into))
		return fail(err, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
	if (into->size == 0)
		return fail(err, ERR_CONFIG, "%s is empty", path);
	return buf_check(into, path, err);
}

static enum err_code read_tls(struct http_server *server, const struct http_tls *tls, struct err *err)
{
	if (!tls)
		return OK;
	if (!tls->certificate_file || !tls->key_file)
		return fail(err, ERR_CONFIG, "a TLS server needs a certificate file and a key file");
	TRY(read_file(tls->certificate_file, &server->certificate, err));
	TRY(read_file(tls->key_file, &server->key, err));
	return tls->trust_file ? read_file(tls->trust_file, &server->trust, err) : OK;
}

static enum err_code start_listening(struct http_server *server, struct err *err)
{
	const struct http_server_options *options = &server->options;

	if (!options->unix_path)
		return listen_tcp(options->address, options->port, &server->listen_fd, &server->port, err);

	char *path = strdup(options->unix_path);
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for a socket path");
	enum err_code code = listen_unix(path, &server->listen_fd, err);
	if (code == OK)
		server->unix_path = path; /* ours to remove from here on */
	else
		free(path);
	return code;
}

static unsigned idle_seconds(int64_t us)
{
	int64_t seconds = us / SECOND_US + (us % SECOND_US != 0);

	return seconds < 86400 ? (unsigned)seconds : 86400;
}

static struct MHD_Daemon *start_daemon(struct http_server *server)
{
	const struct http_server_options *options = &server->options;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem more[6];
	size_t count = 0;

	if (options->io_threads > 1)
		more[count++] =
			(struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)options->io_threads, NULL };
	if (options->tls) {
		flags |= MHD_USE_TLS;
		more[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate.data };
		more[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, server->key.data };
		more[count++] =
			(struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES };
		if (server->trust.data)
			more[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_TRUST, 0, server->trust.data };
	}
	more[count] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };

	/* The library divides its limit among its threads, and at it leaves clients waiting in the backlog. Ours
	 * refuses and counts; so the library's is where it is never met. */
	unsigned limit = (options->max_connections + options->io_threads) * options->io_threads;
	/* clang-format off */
	return MHD_start_daemon(flags, 0, on_accept, server, on_request, server,
		MHD_OPTION_EXTERNAL_LOGGER, on_complaint, server, /* first, as documented */
		MHD_OPTION_LISTEN_SOCKET, server->listen_fd,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_BYTES,
		MHD_OPTION_CONNECTION_LIMIT, limit,
		MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds(options->idle_us),
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_ARRAY, more,
		MHD_OPTION_END);
	/* clang-format on */
}

/* After a failed start the library has closed the socket that it was given, or not, depending on how far it came. The
 * inode tells whether the descriptor still is that socket. */
static void close_if_still(int fd, ino_t inode)
{
	struct stat now;

	if (fstat(fd, &now) == 0 && S_ISSOCK(now.st_mode) && now.st_ino == inode)
		close(fd);
}

static enum err_code start_serving(struct http_server *server, struct err *err)
{
	struct stat socket_stat;

	if (fstat(server->listen_fd, &socket_stat) != 0)
		return fail(err, ERR_IO, "the listening socket is lost: %s", strerror(errno));
	atomic_store(&server->starting, true);
	server->daemon = start_daemon(server);
	atomic_store(&server->starting, false);
	if (server->daemon)
		return OK;
	close_if_still(server->listen_fd, socket_stat.st_ino);
	server->listen_fd = -1;

	const char *complaint = server->complaint[0] != '\0' ? server->complaint : "no reason given";
	if (server->options.tls)
		return fail(err, ERR_CONFIG, "the TLS server does not start: do %s and %s belong together? (%s)",
			    server->options.tls->certificate_file, server->options.tls->key_file, complaint);
	return fail(err, ERR_IO, "the HTTP server does not start: %s", complaint);
}

static void server_free(struct http_server *server)
{
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	if (server->unix_path)
		unlink(server->unix_path);
	free(server->unix_path);
	if (server->key.data)
		explicit_bzero(server->key.data, server->key.size);
	buf_done(&server->key);
	buf_done(&server->certificate);
	buf_done(&server->trust);
	streams_done(&server->streams);
	pthread_cond_destroy(&server->fewer);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

static void fill_defaults(struct http_server_options *options)
{
	options->io_threads = options->io_threads ? options->io_threads : 1;
	options->workers = options->workers ? options->workers : 16;
	options->max_connections = options->max_connections ? options->max_connections : 1024;
	options->max_connections_per_address =
		options->max_connections_per_address ? options->max_connections_per_address : 256;
	options->max_queue = options->max_queue ? options->max_queue : 1024;
	options->arena_bytes = options->arena_bytes ? options->arena_bytes : (size_t)4 * 1024 * 1024;
	options->longest_wait_us = options->longest_wait_us ? options->longest_wait_us : 20 * SECOND_US;
	options->deadline_us = options->deadline_us ? options->deadline_us : 60 * SECOND_US;
	options->idle_us = options->idle_us ? options->idle_us : 30 * SECOND_US;
}

static enum err_code check_options(const struct http_server_options *options, struct err *err)
{
	if (!options->handler)
		return fail(err, ERR_INTERNAL, "an HTTP server needs a handler");
	if (options->classes_count > HTTP_CLASSES_MAX || (options->classes && !options->classify))
		return fail(err, ERR_INTERNAL, "at most %d classes of requests, and who tells them apart",
			    HTTP_CLASSES_MAX);
	if (options->io_threads > 64 || options->workers > 1024 || options->max_connections > 65536)
		return fail(err, ERR_CONFIG,
			    "at most 64 reading threads, 1024 workers and 65536 connections are possible");
	if (options->deadline_us < 0 || options->idle_us < 0)
		return fail(err, ERR_CONFIG, "deadlines of connections cannot be negative");
	return OK;
}

static enum err_code start_parts(struct http_server *server, struct err *err)
{
	const struct http_server_options *options = &server->options;

	TRY(read_tls(server, options->tls, err));
	TRY(start_listening(server, err));
	TRY(pool_start(&server->pool, options->workers, options->max_queue, run, err));
	enum err_code code = connections_start(&server->connections, options->max_connections,
					       options->max_connections_per_address, err);
	if (code == OK) {
		code = start_serving(server, err);
		if (code != OK)
			connections_stop(&server->connections);
	}
	if (code != OK) {
		pool_stop(&server->pool, drop);
		pool_done(&server->pool);
	}
	return code;
}

enum err_code http_server_start(const struct http_server_options *options, struct http_server **server, struct err *err)
{
	pthread_condattr_t monotonic;

	TRY(check_options(options, err));
	struct http_server *started = calloc(1, sizeof(*started));
	if (!started)
		return fail(err, ERR_MEMORY, "no memory for an HTTP server");
	started->options = *options;
	started->listen_fd = -1;
	fill_defaults(&started->options);
	load_init(&started->load, &started->options);
	pthread_mutex_init(&started->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&started->fewer, &monotonic);
	pthread_condattr_destroy(&monotonic);
	streams_init(&started->streams, &started->connections, started->options.deadline_us);

	enum err_code code = start_parts(started, err);
	if (code != OK) {
		server_free(started);
		return code;
	}
	*server = started;
	return OK;
}

uint16_t http_server_port(const struct http_server *server)
{
	return server->port;
}

static void wait_for_answers(struct http_server *server, int64_t at_most_us)
{
	int64_t end_us = clock_monotonic_us() + (at_most_us > 0 ? at_most_us : 0);
	struct timespec end = { .tv_sec = end_us / SECOND_US, .tv_nsec = end_us % SECOND_US * 1000 };

	pthread_mutex_lock(&server->lock);
	while (server->active > 0 && pthread_cond_timedwait(&server->fewer, &server->lock, &end) == 0)
		;
	pthread_mutex_unlock(&server->lock);
}

void http_server_stop(struct http_server *server, int64_t grace_us)
{
	if (!server)
		return;

	/* Who connects from now on is turned away by on_accept, not left in the backlog. MHD_quiesce_daemon is for
	 * that, but it and the library's threads race to take the socket out of epoll, and who loses ends the process.
	 */
	atomic_store(&server->stopping, true);
	streams_end(&server->streams);
	wait_for_answers(server, grace_us);

	/* Workers resume their connection before they end, and the library must not be stopped while one is suspended.
	 */
	pool_stop(&server->pool, drop);
	wait_for_answers(server, LAST_ANSWERS_US);
	MHD_stop_daemon(server->daemon);
	server->listen_fd = -1; /* the library has closed it */
	connections_stop(&server->connections);
	pool_done(&server->pool);
	server_free(server);
}

void http_server_counters(const struct http_server *server, struct http_server_counters *counters)
{
	/* Counting takes the locks of the list and of the queue, which is no change that a caller sees. */
	struct connections *connections = (struct connections *)(uintptr_t)&server->connections;
	struct pool *pool = (struct pool *)(uintptr_t)&server->pool;
	int64_t oldest_us;
	size_t idle;

	*counters = (struct http_server_counters){
		.requests = atomic_load(&server->requests),
		.refused_connections = atomic_load(&connections->refused),
		.deadline_closed = atomic_load(&connections->cut),
		.queue_full = atomic_load(&server->queue_full),
		.too_large = atomic_load(&server->too_large),
		.connections = connections_count(connections),
		.body_bytes = (int64_t)connections_bodies(connections),
		.queued = (int64_t)pool_waiting(pool, &oldest_us, &idle),
		.load = load_percent(&server->load, pool),
	};
	counters->working = (int64_t)(server->options.workers - idle);
	for (size_t i = 0; i < HTTP_CLASSES_MAX; i++)
		counters->refused[i] = atomic_load(&server->load.refused[i]);
}
