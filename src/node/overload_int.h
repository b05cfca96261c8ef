/* Who is sent away first when more comes than the node can work on. */
#ifndef NODE_OVERLOAD_INT_H
#define NODE_OVERLOAD_INT_H

#include "node/node_int.h"

enum { OVERLOAD_CLASSES = 5 };

/* The classes with the thresholds of CONFIG. */
void overload_classes(const struct config *config, struct http_class classes[static OVERLOAD_CLASSES]);
/* An http_classify each. */
size_t overload_gateway(void *arg, const struct http_request *request, bool whole);
size_t overload_interface(void *arg, const struct http_request *request, bool whole);
/* Of COUNT servers, by their names. */
void overload_put_metrics(const char *const *servers, const struct http_server_counters *counters, size_t count,
			  struct buf *out);

#endif
