#include "server_stream_int.h"

#include "base/clock.h"

#define OUT_MAX_BYTES ((size_t)4 << 20) /* of one asking */
#define BLOCK_BYTES   16384

void streams_init(struct streams *streams, struct connections *connections, int64_t deadline_us)
{
	pthread_condattr_t monotonic;

	*streams = (struct streams){ .connections = connections, .deadline_us = deadline_us };
	pthread_mutex_init(&streams->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&streams->news, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

/* --- The thread that asks --- */

/* The one that is due first; at the end all are. */
static struct stream **earliest(struct streams *streams)
{
	struct stream **best = &streams->first;

	for (struct stream **each = &streams->first; *each; each = &(*each)->next)
		if ((*each)->due_us < (*best)->due_us)
			best = each;
	return best;
}

/* Waits for one that is due, and takes it out. NULL: there is no more, and there will be none. */
static struct stream *take(struct streams *streams)
{
	struct stream *taken = NULL;

	pthread_mutex_lock(&streams->lock);
	while (!taken && (streams->first || !streams->ending)) {
		struct stream **next = earliest(streams);
		if (!*next) {
			pthread_cond_wait(&streams->news, &streams->lock);
		} else if (streams->ending || (*next)->due_us <= clock_monotonic_us()) {
			taken = *next;
			*next = taken->next;
		} else {
			const struct timespec until = { .tv_sec = (time_t)((*next)->due_us / SECOND_US),
							.tv_nsec = (long)((*next)->due_us % SECOND_US * 1000) };
			pthread_cond_timedwait(&streams->news, &streams->lock, &until);
		}
	}
	if (taken)
		taken->last = streams->ending;
	pthread_mutex_unlock(&streams->lock);
	return taken;
}

/* False if the streams end: then the caller keeps STREAM. */
static bool put_back(struct streams *streams, struct stream *stream)
{
	pthread_mutex_lock(&streams->lock);
	bool goes_on = !streams->ending;
	if (goes_on) {
		stream->next = streams->first;
		streams->first = stream;
		pthread_cond_signal(&streams->news);
	}
	pthread_mutex_unlock(&streams->lock);
	return goes_on;
}

static void *ask(void *arg)
{
	struct streams *streams = arg;

	for (struct stream *stream = take(streams); stream; stream = take(streams)) {
		int64_t again_us = SECOND_US;
		buf_clear(&stream->out);
		stream->sent = 0;
		if (!stream->last)
			stream->last = !stream->source->more(stream->source->arg, &stream->out, &again_us);
		/* What does not fit, or has no memory, ends it: half an event would not be understood. */
		if (stream->out.failed != OK) {
			buf_clear(&stream->out);
			stream->last = true;
		}
		stream->due_us = clock_monotonic_us() + again_us;
		if (stream->out.size == 0 && !stream->last && put_back(streams, stream))
			continue;
		connection_due(streams->connections, stream->connection, clock_monotonic_us() + streams->deadline_us);
		MHD_resume_connection(stream->library);
	}
	return NULL;
}

static bool start(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	if (!streams->started && !streams->ending)
		streams->started = pthread_create(&streams->thread, NULL, ask, streams) == 0;
	bool started = streams->started;
	pthread_mutex_unlock(&streams->lock);
	return started;
}

void streams_end(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	streams->ending = true;
	bool started = streams->started;
	streams->started = false;
	pthread_cond_signal(&streams->news);
	pthread_mutex_unlock(&streams->lock);
	if (started)
		pthread_join(streams->thread, NULL);
}

void streams_done(struct streams *streams)
{
	pthread_cond_destroy(&streams->news);
	pthread_mutex_destroy(&streams->lock);
}

/* --- What the library reads --- */

static ssize_t read_stream(void *arg, uint64_t position, char *to, size_t room)
{
	struct stream *stream = arg;
	size_t left = stream->out.size - stream->sent;

	(void)position;
	if (left > 0) {
		size_t size = left < room ? left : room;
		memcpy(to, stream->out.data + stream->sent, size);
		stream->sent += size;
		return (ssize_t)size;
	}
	if (stream->last)
		return MHD_CONTENT_READER_END_OF_STREAM;
	connection_due(stream->streams->connections, stream->connection, DUE_NEVER);
	MHD_suspend_connection(stream->library); /* before the other thread can resume it */
	if (put_back(stream->streams, stream))
		return 0;
	stream->last = true;
	connection_due(stream->streams->connections, stream->connection,
		       clock_monotonic_us() + stream->streams->deadline_us);
	MHD_resume_connection(stream->library);
	return 0;
}

struct MHD_Response *stream_make(struct streams *streams, struct stream *stream, const struct http_stream *source,
				 struct MHD_Connection *library, struct connection *connection)
{
	if (!start(streams))
		return NULL;
	*stream = (struct stream){ .streams = streams, .source = source, .library = library, .connection = connection };
	buf_init(&stream->out, OUT_MAX_BYTES);
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream, NULL);
}

void stream_done(struct stream *stream)
{
	if (!stream->streams)
		return;
	buf_done(&stream->out);
	stream->streams = NULL;
}
