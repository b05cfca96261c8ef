/* Listening sockets. */
#ifndef NET_LISTEN_INT_H
#define NET_LISTEN_INT_H

#include <stdint.h>

#include "base/err.h"

/* ADDRESS is numeric ("127.0.0.1", "::"); PORT 0 takes a free one. BOUND gets the port. */
enum err_code listen_tcp(const char *address, uint16_t port, int *fd, uint16_t *bound, struct err *err) MUST_USE;
/* A socket file of mode 0600. One that a dead process left behind is replaced; one somebody listens on is ERR_CONFLICT.
 */
enum err_code listen_unix(const char *path, int *fd, struct err *err) MUST_USE;

#endif
