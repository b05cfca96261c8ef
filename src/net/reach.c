#include "net/reach.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/text.h"

enum { MAPPED_BITS = 96, ADDRESS_BITS = 128 };

/* clang-format off */
#define V4(a, b, c, d, bits_) { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d }, MAPPED_BITS + (bits_) }
#define V6(a, b, c, bits_) { { (a) >> 8, (a) & 0xff, (b) >> 8, (b) & 0xff, (c) >> 8, (c) & 0xff }, bits_ }
/* clang-format on */

static const struct reach_network mapped = V4(0, 0, 0, 0, 0);
/* All of IPv6 that is given out as global unicast (IANA, IPv6 Global Unicast Address Assignments). */
static const struct reach_network global_v6 = V6(0x2000, 0, 0, 3);

/* IANA's special-purpose address registries: not globally reachable, or a way to IPv4 addresses. What lies outside
 * 2000::/3 (loopback, ULA, link-local, multicast, NAT64 64:ff9b::/96 and 64:ff9b:1::/48) needs no row. */
static const struct reach_network special[] = {
	V4(0, 0, 0, 0, 8),         /* "this network", RFC 791 */
	V4(10, 0, 0, 0, 8),        /* private, RFC 1918 */
	V4(100, 64, 0, 0, 10),     /* shared by carriers (CGNAT), RFC 6598 */
	V4(127, 0, 0, 0, 8),       /* loopback, RFC 1122 */
	V4(169, 254, 0, 0, 16),    /* link-local, RFC 3927; instance metadata of clouds */
	V4(172, 16, 0, 0, 12),     /* private, RFC 1918 */
	V4(192, 0, 0, 0, 24),      /* protocol assignments, RFC 6890 */
	V4(192, 0, 2, 0, 24),      /* documentation, RFC 5737 */
	V4(192, 88, 99, 0, 24),    /* 6to4 relays, RFC 7526 */
	V4(192, 168, 0, 0, 16),    /* private, RFC 1918 */
	V4(198, 18, 0, 0, 15),     /* benchmarks, RFC 2544 */
	V4(198, 51, 100, 0, 24),   /* documentation, RFC 5737 */
	V4(203, 0, 113, 0, 24),    /* documentation, RFC 5737 */
	V4(224, 0, 0, 0, 4),       /* multicast, RFC 5771 */
	V4(240, 0, 0, 0, 4),       /* reserved, and broadcast, RFC 1112 */
	V6(0x2001, 0, 0, 23),      /* protocol assignments, Teredo among them, RFC 2928 */
	V6(0x2001, 0x0db8, 0, 32), /* documentation, RFC 3849 */
	V6(0x2002, 0, 0, 16),      /* 6to4, RFC 3056 */
	V6(0x3fff, 0, 0, 20),      /* documentation, RFC 9637 */
};

static const struct reach_network loopback[] = {
	V4(127, 0, 0, 0, 8),
	{ { [15] = 1 }, ADDRESS_BITS },
};
const struct reach reach_loopback = { .networks = loopback, .count = COUNT(loopback) };

static bool within(const struct reach_network *network, const uint8_t address[16])
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;
	unsigned differ = rest ? (unsigned)(network->address[whole] ^ address[whole]) >> (8 - rest) : 0;

	return memcmp(network->address, address, whole) == 0 && differ == 0;
}

static bool within_any(const struct reach_network *networks, size_t count, const uint8_t address[16])
{
	for (size_t i = 0; i < count; i++)
		if (within(&networks[i], address))
			return true;
	return false;
}

bool reach_allows(const struct reach *reach, const struct sockaddr *to)
{
	uint8_t address[16];

	if (to->sa_family == AF_INET) {
		memcpy(address, mapped.address, sizeof(address));
		memcpy(address + MAPPED_BITS / 8, &((const struct sockaddr_in *)(const void *)to)->sin_addr, 4);
	} else if (to->sa_family == AF_INET6) {
		memcpy(address, &((const struct sockaddr_in6 *)(const void *)to)->sin6_addr, sizeof(address));
	} else {
		return false;
	}
	if (within_any(reach->networks, reach->count, address))
		return true;
	bool global = to->sa_family == AF_INET || within(&global_v6, address);
	return reach->everywhere_public && global && !within_any(special, COUNT(special), address);
}

/* --- The text of a setting --- */

static bool bits_are_zero_beyond(const struct reach_network *network)
{
	for (unsigned bit = network->bits; bit < ADDRESS_BITS; bit++)
		if (network->address[bit / 8] & (0x80U >> bit % 8))
			return false;
	return true;
}

static bool network_parse(char *text, struct reach_network *network)
{
	char *slash = strchr(text, '/');
	int64_t bits = 0;

	if (!slash || !int64_parse(slash + 1, &bits) || bits < 0)
		return false;
	*slash = '\0';
	*network = mapped;
	int64_t most = 32, before = MAPPED_BITS;
	if (inet_pton(AF_INET, text, network->address + MAPPED_BITS / 8) != 1) {
		most = ADDRESS_BITS;
		before = 0;
		if (inet_pton(AF_INET6, text, network->address) != 1)
			return false;
	}
	network->bits = (unsigned)(before + (bits <= most ? bits : 0));
	return bits <= most && bits_are_zero_beyond(network);
}

bool reach_parse(struct arena *arena, const char *text, struct reach *reach)
{
	static const char separators[] = ", \t";
	struct reach_network *networks = arena_array(arena, REACH_NETWORKS_MAX, sizeof(*networks));
	size_t count = 0;

	if (!networks)
		return false;
	for (text += strspn(text, separators); *text && !same(text, "none"); text += strspn(text, separators)) {
		size_t size = strcspn(text, separators);
		char *one = arena_text_of(arena, bytes(text, size));
		if (!one || count == REACH_NETWORKS_MAX || !network_parse(one, &networks[count++]))
			return false;
		text += size;
	}
	reach->networks = networks;
	reach->count = count;
	return true;
}
