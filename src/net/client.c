#include "client_int.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/text.h"

#define MAX_HEADER_BYTES ((size_t)64 * 1024)
/* Under the 30 s after which our own servers close: a connection that is about to close is not taken for a request. */
#define MAX_AGE_SECONDS        20L
#define DEFAULT_CONNECT_US     (10 * SECOND_US)
#define DEFAULT_TIMEOUT_US     (90 * SECOND_US)
#define DEFAULT_RESPONSE_BYTES ((size_t)1024 * 1024)

struct client {
	struct http_client seam; /* first */
	struct handles handles;
	atomic_bool cancelled;
};

/* One call under way. */
struct transfer {
	const struct http_call *call;
	const atomic_bool *cancelled;
	CURL *curl;
	struct curl_slist *headers;
	struct buf body, head;
	size_t gone;               /* octets of the body, where it breaks off */
	char origin[ORIGIN_BYTES]; /* "https://host:port", with the socket if there is one: what shares connections */
	char peer[ORIGIN_BYTES];   /* for error texts: "host:port" */
	char detail[CURL_ERROR_SIZE]; /* libcurl's own words */
	bool kept_out;                /* by .reach, from at least one address */
};

/* --- What is asked for --- */

static enum err_code url_part(CURLU *url, CURLUPart part, char *text, size_t size, struct err *err)
{
	char *value = NULL;
	CURLUcode code = curl_url_get(url, part, &value, CURLU_DEFAULT_PORT);
	int written = code == CURLUE_OK ? snprintf(text, size, "%s", value) : -1;

	curl_free(value);
	if (written < 0 || (size_t)written >= size)
		return fail(err, ERR_INVALID, "the URL lacks a host or its host is too long");
	return OK;
}

static enum err_code url_read(struct transfer *transfer, CURLU *url, struct err *err)
{
	const struct http_call *call = transfer->call;
	char scheme[16], host[256], port[16];
	char *user = NULL;

	if (!call->url || curl_url_set(url, CURLUPART_URL, call->url, 0) != CURLUE_OK)
		return fail(err, ERR_INVALID, "\"%s\" is not a URL: write https://host:port/path",
			    call->url ? call->url : "");
	/* Secrets do not belong into URLs, which end in logs. */
	if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK) {
		curl_free(user);
		return fail(err, ERR_INVALID, "the URL has a user name in it: take it out");
	}
	TRY(url_part(url, CURLUPART_SCHEME, scheme, sizeof(scheme), err));
	TRY(url_part(url, CURLUPART_HOST, host, sizeof(host), err));
	TRY(url_part(url, CURLUPART_PORT, port, sizeof(port), err));
	if (!same(scheme, "https") && !(same(scheme, "http") && call->allow_plain))
		return fail(err, ERR_CONFIG, "%s://%s:%s is refused: the URL must begin with https://", scheme, host,
			    port);

	snprintf(transfer->peer, sizeof(transfer->peer), "%s:%s", host, port);
	if (call->unix_path)
		snprintf(transfer->peer, sizeof(transfer->peer), "%s", call->unix_path);
	int written = snprintf(transfer->origin, sizeof(transfer->origin), "%s://%s:%s %s%s", scheme, host, port,
			       call->unix_path ? call->unix_path : "", call->reach ? "kept in reach" : "");
	if (written < 0 || (size_t)written >= sizeof(transfer->origin))
		return fail(err, ERR_INVALID, "the socket path %s is too long", call->unix_path);
	return OK;
}

static enum err_code url_check(struct transfer *transfer, struct err *err)
{
	CURLU *url = curl_url();

	if (!url)
		return fail(err, ERR_MEMORY, "no memory for a URL");
	enum err_code code = url_read(transfer, url, err);
	curl_url_cleanup(url);
	return code;
}

bool http_url_begins(const char *url, const char *scheme)
{
	size_t length = strlen(scheme);

	return starts_with(url, scheme) && url[length] && !strchr("/:?#@", url[length]) &&
	       ascii_printable(bytes_of(url)) && !strpbrk(url, " \\\"<>");
}

bool http_url_valid(const char *text)
{
	char host[256], port[16];
	struct err unused;
	CURLU *url = curl_url();
	bool valid = url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		     url_part(url, CURLUPART_HOST, host, sizeof(host), &unused) == OK &&
		     url_part(url, CURLUPART_PORT, port, sizeof(port), &unused) == OK && !same(port, "0");

	curl_url_cleanup(url);
	return valid;
}

bool http_url_reached(const char *text, const struct reach *reach)
{
	static const struct addrinfo numbers = { .ai_flags = AI_NUMERICHOST };
	char host[256];
	struct err unused;
	struct addrinfo *found = NULL;
	CURLU *url = curl_url();
	bool read = url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		    url_part(url, CURLUPART_HOST, host, sizeof(host), &unused) == OK;

	curl_url_cleanup(url);
	if (!read)
		return false;
	size_t size = strlen(host);
	bool bracketed = size > 2 && host[0] == '[' && host[size - 1] == ']';
	host[bracketed ? size - 1 : size] = '\0';
	if (getaddrinfo(host + bracketed, NULL, &numbers, &found) != 0)
		return true;
	bool allowed = reach_allows(reach, found->ai_addr);
	freeaddrinfo(found);
	return allowed;
}

/* --- Headers --- */

static bool put_line(struct transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);

	if (longer)
		transfer->headers = longer;
	return longer != NULL;
}

/* libcurl sends a line as it is: a line break in a value would begin another header. */
static bool is_header(const struct http_header *header)
{
	if (!header->name || !header->value || !is_token(header->name))
		return false;
	for (const char *c = header->value; *c != '\0'; c++)
		if (((uint8_t)*c < 0x20 && *c != '\t') || *c == 0x7f)
			return false;
	return true;
}

static enum err_code put_headers(struct transfer *transfer, struct err *err)
{
	const struct http_call *call = transfer->call;
	bool typed = false;

	for (size_t i = 0; i < call->headers_count; i++) {
		const struct http_header *header = &call->headers[i];
		if (!is_header(header))
			return fail(err, ERR_INVALID, "the HTTP header %s is not allowed",
				    header->name ? header->name : "");
		typed = typed || same_ignoring_case(header->name, "Content-Type");

		buf_auto line;
		buf_init(&line, MAX_HEADER_BYTES);
		/* "Name;" is how libcurl is told to send an empty value. */
		buf_puts(&line, header->name);
		buf_puts(&line, header->value[0] != '\0' ? ": " : ";");
		buf_puts(&line, header->value);
		TRY(buf_check(&line, "HTTP header", err));
		if (!put_line(transfer, buf_text(&line)))
			return fail(err, ERR_MEMORY, "no memory for HTTP headers");
	}
	/* No waiting for "100 Continue", which many servers never send; and no type that nobody gave. */
	if (!put_line(transfer, "Expect:") || (!typed && !put_line(transfer, "Content-Type:")))
		return fail(err, ERR_MEMORY, "no memory for HTTP headers");
	return OK;
}

/* --- What comes back --- */

static size_t take(struct buf *buf, const char *data, size_t size)
{
	buf_put(buf, data, size);
	return buf->failed == OK ? size : 0; /* 0 ends the transfer */
}

static size_t on_body(char *data, size_t one, size_t size, void *arg)
{
	struct transfer *transfer = arg;

	(void)one; /* always 1 (CURLOPT_WRITEFUNCTION) */
	return size == 0 ? 0 : take(&transfer->body, data, size);
}

static size_t on_head(char *data, size_t one, size_t size, void *arg)
{
	struct transfer *transfer = arg;

	(void)one;
	/* An interim answer such as 100 Continue comes before the one that counts. */
	if (size >= 5 && memcmp(data, "HTTP/", 5) == 0)
		buf_clear(&transfer->head);
	return take(&transfer->head, data, size);
}

/* --- Options --- */

#define SET(option, value) (curl_easy_setopt(curl, option, value) == CURLE_OK)

static long milliseconds(int64_t us, int64_t otherwise_us)
{
	int64_t ms = ((us > 0 ? us : otherwise_us) + 999) / 1000;

	return ms < INT_MAX ? (long)ms : INT_MAX;
}

/* Not more of the body than is to go out; asked again, it ends the connection. */
static size_t on_part(char *data, size_t one, size_t size, void *arg)
{
	struct transfer *transfer = arg;
	const struct http_call *call = transfer->call;
	size_t left = call->break_after - transfer->gone, taken = one * size < left ? one * size : left;

	if (taken == 0)
		return CURL_READFUNC_ABORT;
	memcpy(data, call->body.data + transfer->gone, taken);
	transfer->gone += taken;
	return taken;
}

static bool set_body(CURL *curl, struct transfer *transfer)
{
	const struct bytes body = transfer->call->body;

	if (transfer->call->break_after > 0)
		return SET(CURLOPT_READFUNCTION, on_part) && SET(CURLOPT_READDATA, transfer);
	return SET(CURLOPT_POSTFIELDS, body.size > 0 ? (const char *)body.data : "");
}

static bool set_method(CURL *curl, struct transfer *transfer)
{
	const struct http_call *call = transfer->call;
	bool carries = call->body.size > 0 || same(call->method, "POST") || same(call->method, "PUT");

	if (same(call->method, "HEAD"))
		return SET(CURLOPT_NOBODY, 1L);
	if (!carries)
		return SET(CURLOPT_HTTPGET, 1L) && SET(CURLOPT_CUSTOMREQUEST, call->method);
	return SET(CURLOPT_POST, 1L) && SET(CURLOPT_CUSTOMREQUEST, call->method) &&
	       SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.size) && set_body(curl, transfer);
}

static bool set_tls(CURL *curl, const struct http_tls *tls)
{
	bool set = SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
		   SET(CURLOPT_SSL_VERIFYHOST, 2L);

	/* The directory of the system's authorities would be trusted beside our file. That is read for each connection:
	 * the authority of a new partner needs no restart. */
	if (set && tls && tls->trust_file)
		set = SET(CURLOPT_CAINFO, tls->trust_file) && SET(CURLOPT_CAPATH, NULL) &&
		      SET(CURLOPT_CA_CACHE_TIMEOUT, 0L);
	if (set && tls && tls->certificate_file)
		set = SET(CURLOPT_SSLCERT, tls->certificate_file) && SET(CURLOPT_SSLKEY, tls->key_file);
	return set;
}

static bool set_limits(CURL *curl, const struct http_call *call)
{
	return SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(call->connect_timeout_us, DEFAULT_CONNECT_US)) &&
	       SET(CURLOPT_TIMEOUT_MS, milliseconds(call->timeout_us, DEFAULT_TIMEOUT_US)) &&
	       SET(CURLOPT_MAXCONNECTS, 1L) && SET(CURLOPT_MAXAGE_CONN, MAX_AGE_SECONDS);
}

static bool set_transport(CURL *curl, const struct http_call *call)
{
	/* A proxy is configuration of ours, not of whatever the environment says. */
	return SET(CURLOPT_URL, call->url) && SET(CURLOPT_PATH_AS_IS, 1L) &&
	       SET(CURLOPT_PROTOCOLS_STR, call->allow_plain ? "http,https" : "https") &&
	       SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_PROXY, "") &&
	       SET(CURLOPT_TCP_NODELAY, 1L) && SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(CURLOPT_USERAGENT, "lintas/" LINTAS_VERSION) &&
	       (!call->unix_path || SET(CURLOPT_UNIX_SOCKET_PATH, call->unix_path));
}

/* Before each connection, with the address that it goes to. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *transfer = arg;

	(void)purpose;
	if (reach_allows(transfer->call->reach, &to->addr))
		return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	transfer->kept_out = true;
	return CURL_SOCKET_BAD;
}

static bool set_reach(CURL *curl, struct transfer *transfer)
{
	return !transfer->call->reach ||
	       (SET(CURLOPT_OPENSOCKETFUNCTION, on_socket) && SET(CURLOPT_OPENSOCKETDATA, transfer));
}

/* libcurl asks at least once a second. */
static int on_progress(void *arg, curl_off_t to_come, curl_off_t came, curl_off_t to_go, curl_off_t went)
{
	const struct transfer *transfer = arg;
	(void)to_come;
	(void)came;
	(void)to_go;
	(void)went;
	return atomic_load(transfer->cancelled);
}

static bool set_callbacks(CURL *curl, struct transfer *transfer)
{
	return SET(CURLOPT_HTTPHEADER, transfer->headers) && SET(CURLOPT_WRITEFUNCTION, on_body) &&
	       SET(CURLOPT_WRITEDATA, transfer) && SET(CURLOPT_HEADERFUNCTION, on_head) &&
	       SET(CURLOPT_HEADERDATA, transfer) && SET(CURLOPT_ERRORBUFFER, transfer->detail) &&
	       SET(CURLOPT_XFERINFOFUNCTION, on_progress) && SET(CURLOPT_XFERINFODATA, transfer) &&
	       SET(CURLOPT_NOPROGRESS, 0L) &&
	       (transfer->call->cut_response || SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->body.max_bytes));
}

static enum err_code set_options(struct transfer *transfer, struct err *err)
{
	const struct http_call *call = transfer->call;

	TRY(put_headers(transfer, err));
	if (!set_transport(transfer->curl, call) || !set_limits(transfer->curl, call) ||
	    !set_tls(transfer->curl, call->tls) || !set_callbacks(transfer->curl, transfer) ||
	    !set_method(transfer->curl, transfer) || !set_reach(transfer->curl, transfer))
		return fail(err, ERR_MEMORY, "no memory for a request to %s", transfer->peer);
	return OK;
}

/* --- Failures --- */

/* Of OpenSSL's results of a verification, which libcurl hands up; the numbers of x509_vfy.h. */
enum {
	VERIFY_NOT_YET_VALID = 9,
	VERIFY_EXPIRED = 10,
	VERIFY_SELF_SIGNED = 18,
	VERIFY_SELF_SIGNED_IN_CHAIN = 19,
	VERIFY_NO_ISSUER = 20,
	VERIFY_NO_ISSUER_OF_LEAF = 21
};

/* First matching row wins. The text is "<what> <host:port>: <check> (<libcurl's words>)". */
static const struct {
	CURLcode code;
	int cause; /* errno of the connection, or of a certificate's verification the result; 0: any */
	enum err_code err;
	enum http_stage stage;
	const char *what, *check;
} failures[] = {
	/* clang-format off */
	{ CURLE_COULDNT_CONNECT,          ECONNREFUSED, ERR_NET,     HTTP_CONNECTION, "connection refused by",
	  "is the other side running?" },
	{ CURLE_COULDNT_CONNECT,          ENOENT,       ERR_NET,     HTTP_CONNECTION, "there is no socket",
	  "is the node running?" },
	{ CURLE_COULDNT_CONNECT,          0,            ERR_NET,     HTTP_CONNECTION, "no connection to",
	  "is the other side running, and do the firewalls between let us through?" },
	{ CURLE_COULDNT_RESOLVE_HOST,     0,            ERR_NET,     HTTP_NAME,       "the name is not known of",
	  "check the address and the name service" },
	{ CURLE_OPERATION_TIMEDOUT,       0,            ERR_TIMEOUT, HTTP_EXCHANGE,   "no whole answer in time from",
	  "is the other side overloaded or cut off?" },
	{ CURLE_ABORTED_BY_CALLBACK,      0,            ERR_BUSY,    HTTP_EXCHANGE,   "this node is stopping and gave up waiting for",
	  "it is sent again after the start" },
	{ CURLE_PEER_FAILED_VERIFICATION, VERIFY_EXPIRED, ERR_NET,   HTTP_TLS_PERIOD, "no trust in the TLS certificate of",
	  "it has expired" },
	{ CURLE_PEER_FAILED_VERIFICATION, VERIFY_NOT_YET_VALID, ERR_NET, HTTP_TLS_PERIOD, "no trust in the TLS certificate of",
	  "it is not valid yet" },
	{ CURLE_PEER_FAILED_VERIFICATION, VERIFY_SELF_SIGNED, ERR_NET, HTTP_TLS_ISSUER, "no trust in the TLS certificate of",
	  "no authority in the trust file has issued it" },
	{ CURLE_PEER_FAILED_VERIFICATION, VERIFY_SELF_SIGNED_IN_CHAIN, ERR_NET, HTTP_TLS_ISSUER,
	  "no trust in the TLS certificate of", "no authority in the trust file has issued it" },
	{ CURLE_PEER_FAILED_VERIFICATION, VERIFY_NO_ISSUER, ERR_NET, HTTP_TLS_ISSUER, "no trust in the TLS certificate of",
	  "no authority in the trust file has issued it" },
	{ CURLE_PEER_FAILED_VERIFICATION, VERIFY_NO_ISSUER_OF_LEAF, ERR_NET, HTTP_TLS_ISSUER,
	  "no trust in the TLS certificate of", "no authority in the trust file has issued it" },
	{ CURLE_PEER_FAILED_VERIFICATION, 0,            ERR_NET,     HTTP_TLS_SERVER, "no trust in the TLS certificate of",
	  "does it name the host, and is it one for servers?" },
	{ CURLE_SSL_CERTPROBLEM,          0,            ERR_CONFIG,  HTTP_BEFORE,     "our TLS certificate or key is not usable for",
	  "check the certificate and key files" },
	{ CURLE_SSL_CACERT_BADFILE,       0,            ERR_CONFIG,  HTTP_BEFORE,     "the trust file is not usable for",
	  "check that it exists and is PEM" },
	{ CURLE_SSL_CONNECT_ERROR,        0,            ERR_NET,     HTTP_TLS,        "no TLS with",
	  "does it speak TLS 1.2 or later there, and does it take our certificate?" },
	{ CURLE_GOT_NOTHING,              0,            ERR_NET,     HTTP_EXCHANGE,   "no answer before the end of the connection to",
	  "ask the other side what its log says" },
	{ CURLE_PARTIAL_FILE,             0,            ERR_NET,     HTTP_EXCHANGE,   "half an answer from",
	  "the connection broke: try again" },
	{ CURLE_SEND_ERROR,               0,            ERR_NET,     HTTP_EXCHANGE,   "not all could be sent to",
	  "the connection broke: try again" },
	{ CURLE_RECV_ERROR,               0,            ERR_NET,     HTTP_EXCHANGE,   "nothing more could be received from",
	  "the connection broke, or it refuses our certificate" },
	{ CURLE_FILESIZE_EXCEEDED,        0,            ERR_LIMIT,   HTTP_EXCHANGE,   "the answer is too large of",
	  "it was not read" },
	{ CURLE_OUT_OF_MEMORY,            0,            ERR_MEMORY,  HTTP_BEFORE,     "no memory for an exchange with",
	  "try again later" },
	/* clang-format on */
};

/* Of a call that ran out of time libcurl says when it was connected, and when TLS stood. */
static enum http_stage stage_of_timeout(const struct transfer *transfer)
{
	curl_off_t connected = 0, secured = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_CONNECT_TIME_T, &connected);
	curl_easy_getinfo(transfer->curl, CURLINFO_APPCONNECT_TIME_T, &secured);
	if (connected == 0)
		return HTTP_CONNECTION;
	return secured == 0 && starts_with(transfer->origin, "https:") ? HTTP_TLS : HTTP_EXCHANGE;
}

/* As far as libcurl knows: to the socket. */
static bool all_went_out(const struct transfer *transfer)
{
	curl_off_t body = 0;
	long head = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_REQUEST_SIZE, &head);
	curl_easy_getinfo(transfer->curl, CURLINFO_SIZE_UPLOAD_T, &body);
	return head > 0 && (size_t)body >= transfer->call->body.size;
}

static void note_stage(const struct transfer *transfer, CURLcode code, enum http_stage stage)
{
	if (!transfer->call->failed_at)
		return;
	if (all_went_out(transfer))
		*transfer->call->failed_at = HTTP_ANSWER;
	else
		*transfer->call->failed_at = code == CURLE_OPERATION_TIMEDOUT ? stage_of_timeout(transfer) : stage;
}

static enum err_code failed(const struct transfer *transfer, CURLcode code, struct err *err)
{
	long cause = 0;

	if (transfer->kept_out && code == CURLE_COULDNT_CONNECT) {
		note_stage(transfer, code, HTTP_CONNECTION);
		return fail(err, ERR_DENIED, "%s is at an address to which calls may not go: private, or special",
			    transfer->peer);
	}

	/* A full buffer ended the transfer: its own words are better. */
	TRY(buf_check(&transfer->body, "answer", err));
	TRY(buf_check(&transfer->head, "answer's header block", err));

	curl_easy_getinfo(transfer->curl,
			  code == CURLE_PEER_FAILED_VERIFICATION ? CURLINFO_SSL_VERIFYRESULT : CURLINFO_OS_ERRNO,
			  &cause);
	const char *detail = transfer->detail[0] != '\0' ? transfer->detail : curl_easy_strerror(code);
	for (size_t i = 0; i < COUNT(failures); i++)
		if (failures[i].code == code && (failures[i].cause == 0 || failures[i].cause == cause)) {
			note_stage(transfer, code, failures[i].stage);
			return fail(err, failures[i].err, "%s %s: %s (%s)", failures[i].what, transfer->peer,
				    failures[i].check, detail);
		}
	return fail(err, ERR_NET, "the exchange with %s failed: %s", transfer->peer, detail);
}

/* --- The call --- */

static enum err_code keep(const struct transfer *transfer, struct arena *arena, struct http_answer *answer,
			  struct err *err)
{
	long status = 0;
	const char *type = NULL;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_TYPE, &type);
	const char *kept_type = arena_text(arena, type ? type : "");
	const uint8_t *body = arena_copy(arena, transfer->body.data, transfer->body.size);
	const uint8_t *head = arena_copy(arena, transfer->head.data, transfer->head.size);
	if (!kept_type || !body || !head)
		return fail(err, ERR_MEMORY, "no room for the answer of %s (%zu bytes)", transfer->peer,
			    transfer->body.size);

	*answer = (struct http_answer){
		.status = (int)status,
		.content_type = kept_type,
		.body = bytes(body, transfer->body.size),
		.headers = bytes(head, transfer->head.size),
	};
	return OK;
}

static enum err_code exchange(struct transfer *transfer, struct arena *arena, struct http_answer *answer,
			      struct err *err)
{
	TRY(set_options(transfer, err));
	CURLcode code = curl_easy_perform(transfer->curl);
	if (code == CURLE_WRITE_ERROR && transfer->call->cut_response && transfer->body.failed == ERR_LIMIT)
		code = CURLE_OK;
	note_stage(transfer, code, HTTP_EXCHANGE);
	if (code == CURLE_ABORTED_BY_CALLBACK && transfer->gone > 0)
		return fail(err, ERR_NET, "the connection to %s was ended after %zu octets of the body", transfer->peer,
			    transfer->gone);
	return code == CURLE_OK ? keep(transfer, arena, answer, err) : failed(transfer, code, err);
}

static size_t response_bytes(const struct http_call *call)
{
	size_t max = call->max_response_bytes > 0 ? call->max_response_bytes : DEFAULT_RESPONSE_BYTES;

	return max < (size_t)INT64_MAX ? max : (size_t)INT64_MAX; /* curl_off_t is signed */
}

static enum err_code client_call(struct http_client *seam, struct arena *arena, const struct http_call *call,
				 struct http_answer *answer, struct err *err)
{
	struct client *client = (struct client *)seam;
	struct transfer transfer = { .call = call, .cancelled = &client->cancelled };

	if (call->failed_at)
		*call->failed_at = HTTP_BEFORE;
	if (!call->method || !is_token(call->method))
		return fail(err, ERR_INVALID, "an HTTP request needs a method");
	TRY(url_check(&transfer, err));
	transfer.curl = handles_take(&client->handles, transfer.origin);
	if (!transfer.curl)
		return fail(err, ERR_MEMORY, "no memory for a request to %s", transfer.peer);
	buf_init(&transfer.body, response_bytes(call));
	buf_init(&transfer.head, MAX_HEADER_BYTES);

	enum err_code code = exchange(&transfer, arena, answer, err);
	curl_slist_free_all(transfer.headers);
	buf_done(&transfer.body);
	buf_done(&transfer.head);
	handles_put(&client->handles, transfer.origin, transfer.curl);
	return code;
}

/* libcurl's own state of the process, which is set up once whichever thread comes first (curl_global_init(3)). */
static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_code;

static void global_init(void)
{
	global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct http_client *http_client_new(void)
{
	pthread_once(&global_once, global_init);
	struct client *client = global_code == CURLE_OK ? calloc(1, sizeof(*client)) : NULL;

	if (!client)
		return NULL;
	client->seam.call = client_call;
	handles_init(&client->handles);
	return &client->seam;
}

void http_client_cancel(struct http_client *seam)
{
	atomic_store(&((struct client *)seam)->cancelled, true);
}

void http_client_free(struct http_client *seam)
{
	struct client *client = (struct client *)seam;

	if (!client)
		return;
	handles_done(&client->handles);
	free(client);
}
