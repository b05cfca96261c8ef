/* HTTP: a server with bounded everything, and a client. TLS on both; certificates are handed up as bytes and judged by
 * crypto/.
 *
 * The server reads requests on its own threads and runs the handler on a pool of workers, so that a handler may block
 * (on a disk, on a key). What an outsider controls is limited: connections, header and body sizes, and the time a
 * request may take from its first byte to its last, whatever the sender does in between (a byte a second does not
 * help). */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "net/reach.h"

struct http_header {
	const char *name, *value;
};

struct http_request {
	struct arena *arena;  /* of this request; the handler's answer may live in it */
	const char *method;   /* "GET"; a token (RFC 9110 9.1), so it can be repeated in any answer */
	const char *path;     /* decoded, without the query; always begins with '/' */
	const char *raw_path; /* as it stood: an encoded '/' belongs to its segment */
	const char *query;    /* as it stood, without '?'; UTF-8; "" if none */
	const struct http_header *headers;
	size_t headers_count;
	struct bytes body;
	const char *peer;              /* address and port, "unix" for a local socket */
	bool local;                    /* came over the administration socket */
	struct bytes peer_certificate; /* DER of the TLS client certificate, not judged; empty if none */
	struct bytes peer_chain;       /* further certificates, DER one after another; empty if none */
};

/* A body that goes on (chunked), on a connection that closes after it. */
struct http_stream {
	/* Appends what is to be sent now to OUT; nothing: ask again in *AGAIN_US, which is a second unless set. False:
	 * nothing follows that. Called when all before was sent, by one thread for all streams of the server, which so
	 * must not block; not again once the server stops. */
	bool (*more)(void *arg, struct buf *out, int64_t *again_us);
	void (*end)(void *arg); /* once for each stream that a handler answered with, at the latest when the server has
				   stopped; before the request's arena is freed */
	void *arg;
};

struct http_response {
	int status;
	const char *content_type; /* NULL: no body; 304 has none, but the length of the one that is not sent */
	struct bytes body;        /* must live until the request's arena is freed, or in `owned` */
	struct buf *owned; /* NULL, or a buffer in the request's arena whose memory the server frees (buf_done) after
			      sending */
	const struct http_stream *stream; /* NULL, or the body, in the request's arena */
	struct http_header headers[8];    /* further ones; unused rows have name NULL */
	bool close;                       /* close the connection after the answer */
	bool drop;                        /* close it without an answer: for a partner that is played */
};

/* A header's value by name in any case; NULL if absent. */
const char *http_header(const struct http_request *request, const char *name);
/* A query parameter, percent-decoded, in the request's arena; NULL if absent. */
const char *http_query(const struct http_request *request, const char *name);

/* Splits a request TARGET, which may be in absolute form (RFC 9112 3.2.2), into REQUEST's .path, .raw_path and .query.
 * False: it is malformed. */
bool http_target(struct arena *arena, const char *target, struct http_request *request);
/* One segment of .raw_path, decoded; the arena's, NULL if that is full. */
const char *http_segment(struct arena *arena, struct bytes segment);

typedef void http_handler(void *arg, const struct http_request *request, struct http_response *response);
/* Called for every request when its headers are in and before its body is read, on a thread that must not block: the
 * greatest body the request may have. 0 refuses it: the answer is *STATUS (413 unless set), the handler is not called.
 * A larger body is 413. */
typedef size_t http_admit(void *arg, const struct http_request *request, int *status);

/* What requests are worth while more come than can be worked on. The load of a server is the greater of two
 * percentages: of max_queue, those that wait for a worker; of longest_wait_us, how long the oldest of them has. */
enum { HTTP_CLASSES_MAX = 8 };
struct http_class {
	const char *name;
	int64_t refused_at;      /* the load from which it is answered 503; 0: not before max_queue is reached */
	const char *retry_after; /* seconds, of that answer */
	bool first; /* never refused while the server runs, and taken before all others: it ends work that is begun */
};
/* The class of REQUEST, an index. Called under load alone: with the headers (WHOLE false), then with the body, on a
 * thread that must not block. What the headers do not tell is in doubt the class that is refused last. */
typedef size_t http_classify(void *arg, const struct http_request *request, bool whole);

struct http_tls {
	const char *certificate_file; /* PEM, leaf first */
	const char *key_file;
	const char *trust_file; /* PEM of the authorities whose client certificates are asked for; NULL: none asked */
};

struct http_server_options {
	const char *address;                  /* "127.0.0.1", "::1", "0.0.0.0" */
	uint16_t port;                        /* 0: any free one; see http_server_port */
	const char *unix_path;                /* instead of address and port; the file gets mode 0600 */
	const struct http_tls *tls;           /* NULL: plain */
	unsigned io_threads;                  /* 0: 1 */
	unsigned workers;                     /* 0: 16 */
	unsigned max_connections;             /* 0: 1024 */
	unsigned max_connections_per_address; /* 0: 256 */
	size_t max_queue;                     /* requests waiting for a worker, beyond which 503; 0: 1024 */
	size_t arena_bytes;                   /* 0: 4 MiB */
	size_t bodies_bytes; /* of all requests' bodies at a time, beyond which 503, and a quarter of it of one address;
				0: no bound */
	int64_t deadline_us; /* from the first byte of a request (or connecting) to its last, and again for its answer;
				0: 60 s */
	int64_t idle_us;     /* of a connection on which nothing moves; 0: 30 s; rounded up to seconds */
	bool explains; /* what is refused before the handler gets a body, too (RFC 9457, of the status alone), but for
			  what the library itself refuses: 414, 431 */
	http_admit *admit;                /* NULL: 1 MiB for everybody */
	const struct http_class *classes; /* lives as long as the server; NULL: all are alike */
	size_t classes_count;             /* at most HTTP_CLASSES_MAX */
	http_classify *classify;
	int64_t longest_wait_us; /* for a worker; 0: 20 s */
	http_handler *handler;
	void *arg;
};

struct http_server;
enum err_code http_server_start(const struct http_server_options *options, struct http_server **server,
				struct err *err) MUST_USE;
uint16_t http_server_port(const struct http_server *server);
/* Stops accepting, lets accepted requests end (at most GRACE_US), refuses those still waiting with 503, closes. A
 * handler that runs on beyond that is waited for: it uses ARG and its request. NULL is fine. */
void http_server_stop(struct http_server *server, int64_t grace_us);

struct http_server_counters {
	int64_t requests, refused_connections, deadline_closed, queue_full, too_large;
	int64_t refused[HTTP_CLASSES_MAX];    /* for their class, under load; those of queue_full are no part of it */
	int64_t load;                         /* now, in percent */
	int64_t connections, queued, working; /* now: open; requests that wait for a worker; workers that have one */
	int64_t body_bytes;                   /* now: of the bodies that are kept */
};
void http_server_counters(const struct http_server *server, struct http_server_counters *counters);

/* --- Client --- */

/* How far a call came. */
enum http_stage {
	HTTP_BEFORE,     /* it is not one that can be made: the URL, our files */
	HTTP_NAME,       /* the host's name is not known */
	HTTP_CONNECTION, /* refused, or nobody answers */
	HTTP_TLS_PERIOD, /* its certificate has expired, or does not count yet */
	HTTP_TLS_ISSUER, /* none of the trusted authorities has issued its certificate */
	HTTP_TLS_SERVER, /* its certificate is not believed for another cause: the name of the host, the use */
	HTTP_TLS,        /* no handshake; also TLS 1.2 without a certificate that the server takes */
	HTTP_EXCHANGE,   /* connected: not all of the request went out */
	HTTP_ANSWER      /* all of it may have: what came back is no whole answer */
};

struct http_call {
	const char *method;    /* "POST" */
	const char *url;       /* "https://host:port/path"; "http://" only if allow_plain */
	const char *unix_path; /* connect there instead of to the URL's host */
	const struct http_header *headers;
	size_t headers_count;
	struct bytes body;
	const struct http_tls *tls; /* our certificate and whom we trust */
	bool allow_plain;
	int64_t connect_timeout_us; /* 0: 10 s */
	int64_t timeout_us;         /* of the whole exchange; 0: 90 s */
	size_t max_response_bytes;  /* 0: 1 MiB */
	bool cut_response;          /* what is longer is not read on, and that is no fault */
	const struct reach *reach;  /* where it may go; NULL: anywhere. Else ERR_DENIED */
	size_t break_after; /* the connection ends once so many octets of the body have gone: for a partner that is
			       played. 0: it does not */
	enum http_stage *failed_at; /* NULL, or set when the call fails */
};

struct http_answer {
	int status;
	const char *content_type; /* arena's; "" if absent */
	struct bytes body;        /* arena's */
	struct bytes headers;     /* the raw header block; arena's */
};

/* The seam: messaging posts through one of these; a simulation gives its own. */
struct http_client {
	enum err_code (*call)(struct http_client *client, struct arena *arena, const struct http_call *call,
			      struct http_answer *answer, struct err *err);
};

/* The real one: keeps connections alive, thread safe. Redirects are not followed. Any HTTP status is an answer;
 * ERR_NET, ERR_TIMEOUT, ERR_LIMIT (response too large) are faults, whose text says what to check; ERR_BUSY is that of a
 * call which http_client_cancel() ended, and says nothing of the other side. */
struct http_client *http_client_new(void);
void http_client_free(struct http_client *client);
/* Whether URL begins with SCHEME ("https://") and the name or number of a host, and has nothing in it by which a reader
 * of headers, JSON or a command line would take its end elsewhere (RFC 3986 2: printable ASCII without blanks, quotes,
 * angle brackets and backslashes). */
bool http_url_begins(const char *url, const char *scheme);
/* Whether calls can be made to it, if it is answered there: libcurl can read it, and its port is one. */
bool http_url_valid(const char *url);
struct reach;
/* Whether calls to URL may go where its host says by number, in any way that libcurl takes for one ("127.1"): what a
 * name stands for is judged when it is connected to. */
bool http_url_reached(const char *url, const struct reach *reach);
/* For the end of the process: calls under way and later ones fail within about a second (ERR_BUSY). */
void http_client_cancel(struct http_client *client);

#endif
