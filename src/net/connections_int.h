/* The open connections of a server: how many there may be, and when each is cut.
 *
 * libmicrohttpd's own timeout is one of inactivity: whoever sends a byte a second never meets it. Here every connection
 * has a moment at which one thread shuts its socket down, whatever was sent in between; the library then sees the end
 * of the stream and closes. A descriptor is only touched between connection_opened and connection_closed, under the
 * lock, so that one which was closed and handed out again is never hit. */
#ifndef NET_CONNECTIONS_INT_H
#define NET_CONNECTIONS_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/err.h"

#define DUE_NEVER INT64_MAX

struct connection {
	struct connection *next, *previous;
	int fd;
	int64_t due_us;      /* monotonic; DUE_NEVER while the handler has the request */
	uint8_t address[16]; /* who counts as one peer, see connections.c; zero for a local socket */
	char peer[64];       /* "192.0.2.1:4711", "[2001:db8::1]:4711", "unix" */
	size_t body_bytes;   /* of the request's body that have come and are kept */
	void *exchange;      /* of the server: begun, and not told to be completed */
};

struct connections {
	pthread_mutex_t lock;
	pthread_cond_t sooner; /* a connection is due before wake_us, or the end */
	pthread_t thread;
	struct connection *first;
	int64_t wake_us;
	bool ending;
	unsigned count, max, max_per_address;
	atomic_int_fast64_t refused, cut;
};

/* Starts the thread that cuts. */
enum err_code connections_start(struct connections *connections, unsigned max, unsigned max_per_address,
				struct err *err) MUST_USE;
/* After the last connection was closed. */
void connections_stop(struct connections *connections);
unsigned connections_count(struct connections *connections);

/* May ADDRESS connect? Counts the refusal. Several accepting threads may together exceed the maximum by their number.
 */
bool connections_admit(struct connections *connections, const struct sockaddr *address);
/* NULL: no memory. */
struct connection *connection_opened(struct connections *connections, int fd, const struct sockaddr *address,
				     int64_t due_us);
/* Before the descriptor is closed. Frees CONNECTION. */
void connection_closed(struct connections *connections, struct connection *connection);

/* Takes BYTES more of a body, unless all bodies then have more than MAX bytes, or those of this peer more than a
 * quarter of it, so that no peer keeps the others out. What is only promised by a length counts for nothing. */
bool connection_take(struct connections *connections, struct connection *connection, size_t bytes, size_t max);
/* Bytes of all bodies, now. */
size_t connections_bodies(struct connections *connections);
/* The body is not kept any more. */
void connection_give(struct connections *connections, struct connection *connection);

void connection_due(struct connections *connections, struct connection *connection, int64_t due_us);
/* The same, but never later than it was. */
void connection_due_by(struct connections *connections, struct connection *connection, int64_t due_us);

#endif
