/* What every handler may rely on, whatever came over the wire. */
#ifndef FUZZ_REQUEST_H
#define FUZZ_REQUEST_H

#include "net/http.h"

void request_check(const struct http_request *request);

#endif
