/* libcurl handles with the connection they keep alive. */
#ifndef NET_CLIENT_INT_H
#define NET_CLIENT_INT_H

#include <curl/curl.h>
#include <pthread.h>

#include "http_int.h"

#define ORIGIN_BYTES 384

/* A handle that nobody uses, and where its connection leads. */
struct idle_handle {
	CURL *curl; /* NULL: the place is free */
	char origin[ORIGIN_BYTES];
	int64_t since_us;
};

struct handles {
	pthread_mutex_t lock;
	struct idle_handle idle[32]; /* the most connections that are kept open for later */
};

void handles_init(struct handles *handles);
void handles_done(struct handles *handles);
/* The handle last used for ORIGIN, or a new one; without any option set. NULL: no memory. */
CURL *handles_take(struct handles *handles, const char *origin);
void handles_put(struct handles *handles, const char *origin, CURL *curl);

#endif
