/* How much a server has to do, and whom it sends away for that. */
#ifndef NET_SERVER_LOAD_INT_H
#define NET_SERVER_LOAD_INT_H

#include <stdatomic.h>

#include "http_int.h"
#include "server_pool_int.h"

struct load {
	const struct http_class *classes;
	size_t count;
	http_classify *classify;
	int64_t longest_wait_us, max_waiting;
	atomic_int_fast64_t refused[HTTP_CLASSES_MAX];
};

/* OPTIONS with their defaults. */
void load_init(struct load *load, const struct http_server_options *options);
int64_t load_percent(const struct load *load, struct pool *pool);
/* The class of REQUEST, with ARG of the server; NULL while there is no load, or no classes. */
const struct http_class *load_class(const struct load *load, struct pool *pool, void *arg,
				    const struct http_request *request, bool whole);
/* Whether CLASS is to be sent away now; counted if so. */
bool load_refuses(struct load *load, struct pool *pool, const struct http_class *class);

#endif
