/* Which addresses a call may go to. Who lets others name the URL (a webhook) keeps them out of his own networks: what
 * is judged is the address that is connected to, after the name was resolved, so that a name which changes its mind
 * between a check and the connection (DNS rebinding) gains nothing. */
#ifndef NET_REACH_H
#define NET_REACH_H

#include "base/arena.h"

/* IPv4 stands as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
struct reach_network {
	uint8_t address[16];
	unsigned bits;
};

struct reach {
	bool everywhere_public;               /* all that is globally reachable by the registries of IANA (RFC 6890) */
	const struct reach_network *networks; /* and these, whatever they are */
	size_t count;
};

#define REACH_NETWORKS_MAX 64

/* "10.20.0.0/16, fd00:1::/32" or "none" as .networks, the arena's; .everywhere_public stays. False if it is neither:
 * each address is numeric, and has no bits beyond its prefix. */
bool reach_parse(struct arena *arena, const char *text, struct reach *reach);

struct sockaddr;
/* What is no Internet address is not allowed; nor is an IPv6 address that stands for one of IPv4 (mapped, NAT64, 6to4,
 * Teredo), unless it is in a network that is. */
bool reach_allows(const struct reach *reach, const struct sockaddr *address);

/* This machine alone. */
extern const struct reach reach_loopback;

#endif
