/* From what libmicrohttpd read to a struct http_request; from a struct http_response to what it sends. */
#ifndef NET_SERVER_REQUEST_INT_H
#define NET_SERVER_REQUEST_INT_H

#include <microhttpd.h>

#include "http_int.h"

/* Bytes of a request line with its headers; more is 431. */
#define HEADER_BYTES ((size_t)32 * 1024)

/* How a request's body comes. */
struct framing {
	bool chunked;
	bool expects_continue;
	int64_t length; /* 0 if there is none or it is chunked */
};

/* Copies the headers into the request's arena and judges the framing (RFC 9112 6). Returns 0 or the status that refuses
 * it. */
int headers_read(struct MHD_Connection *connection, struct http_request *request, struct framing *framing);

/* The certificates of a TLS client, if it gave any. False: the arena is full. */
bool certificates_read(struct MHD_Connection *connection, struct http_request *request);

/* The answer, whose body is not copied; NULL if it cannot be sent as it is. STREAM: the body that goes on, which
 * belongs to the answer then; NULL. */
struct MHD_Response *response_make(const struct http_response *response, struct MHD_Response *stream, bool close);

#endif
