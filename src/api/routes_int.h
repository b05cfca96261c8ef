/* Tables of routes of the node itself, by subject; each is ended by a row without a method. routes.c lists them. */
#ifndef API_ROUTES_INT_H
#define API_ROUTES_INT_H

#include "api/call_int.h"
#include "kernel/archive.h"

extern const struct route message_routes[], national_routes[], partner_routes[], user_routes[], record_routes[],
	reference_routes[], node_routes[];

#endif
