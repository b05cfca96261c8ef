/* What the files of net/ share. */
#ifndef NET_HTTP_INT_H
#define NET_HTTP_INT_H

#include "net/http.h"

/* RFC 3986 2.1; PLUS: '+' is a space (forms). NULL if an escape is malformed, the result is not UTF-8 or has a NUL, or
 * the arena is full. */
char *percent_decode(struct arena *arena, struct bytes text, bool plus);

/* A method or a header's name: an RFC 9110 5.6.2 token. */
bool is_token(const char *text);

#endif
