/* Answers that go on (http_stream). While there is nothing to send the connection is suspended, so that neither the
 * library's threads nor a worker wait for it; one thread asks all streams for more. */
#ifndef NET_SERVER_STREAM_INT_H
#define NET_SERVER_STREAM_INT_H

#include <microhttpd.h>
#include <pthread.h>

#include "connections_int.h"
#include "net/http.h"

struct streams {
	pthread_mutex_t lock;
	pthread_cond_t news;  /* one more waits, or the end */
	struct stream *first; /* those that wait, with nothing left to send */
	pthread_t thread;
	bool started, ending;
	struct connections *connections;
	int64_t deadline_us; /* in which a client takes what was given */
};

/* One of them. Belongs to the library's thread, but to that of the streams while it waits. */
struct stream {
	struct stream *next;
	struct streams *streams;
	const struct http_stream *source;
	struct MHD_Connection *library;
	struct connection *connection;
	struct buf out;
	size_t sent;
	int64_t due_us; /* monotonic: when it is asked again */
	bool last;      /* nothing follows .out */
};

void streams_init(struct streams *streams, struct connections *connections, int64_t deadline_us);
/* Streams end after what they are sending, and new ones at once. */
void streams_end(struct streams *streams);
void streams_done(struct streams *streams); /* after the library has stopped */

/* The answer of SOURCE, whose STREAM is filled; NULL if there is no thread or no memory for it. */
struct MHD_Response *stream_make(struct streams *streams, struct stream *stream, const struct http_stream *source,
				 struct MHD_Connection *library, struct connection *connection);
/* When the exchange is over; nothing if there was no stream. */
void stream_done(struct stream *stream);

#endif
