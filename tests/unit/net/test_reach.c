/* Expected values: the special-purpose address registries of IANA, as RFC 6890 and the RFCs of each block say. */
#include "net_test.h"

#include <netdb.h>

#include "net/reach.h"

static bool allows(const struct reach *reach, const char *address)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;

	if (getaddrinfo(address, "443", &hints, &found) != 0)
		fail_msg("%s is no address\n", address);
	bool allowed = reach_allows(reach, found->ai_addr);
	freeaddrinfo(found);
	return allowed;
}

static void only_public_addresses_are_public(void **state)
{
	static const struct reach everywhere = { .everywhere_public = true };
	static const struct {
		const char *address;
		bool allowed;
	} rows[] = {
		{ "8.8.8.8", true },
		{ "1.1.1.1", true },
		{ "172.15.255.255", true },
		{ "172.32.0.0", true },
		{ "100.63.255.255", true },
		{ "100.128.0.0", true },
		{ "223.255.255.255", true },
		{ "2606:4700:4700::1111", true },
		{ "2400:cb00::1", true },
		{ "0.0.0.0", false },
		{ "0.1.2.3", false },
		{ "10.0.0.1", false },
		{ "10.255.255.255", false },
		{ "100.64.0.1", false },
		{ "100.127.255.255", false },
		{ "127.0.0.1", false },
		{ "127.255.255.254", false },
		{ "169.254.169.254", false }, /* instance metadata */
		{ "172.16.0.1", false },
		{ "172.31.255.255", false },
		{ "192.0.0.1", false },
		{ "192.0.2.1", false },
		{ "192.168.1.1", false },
		{ "198.18.0.1", false },
		{ "198.19.255.255", false },
		{ "198.51.100.1", false },
		{ "203.0.113.1", false },
		{ "224.0.0.1", false },
		{ "239.255.255.255", false },
		{ "240.0.0.1", false },
		{ "255.255.255.255", false },
		{ "::", false },
		{ "::1", false },
		{ "::ffff:8.8.8.8", false }, /* mapped: nobody needs it, and it hides an IPv4 address */
		{ "::ffff:127.0.0.1", false },
		{ "::ffff:10.0.0.1", false },
		{ "::127.0.0.1", false },
		{ "64:ff9b::7f00:1", false }, /* NAT64 */
		{ "64:ff9b::808:808", false },
		{ "64:ff9b:1::a00:1", false },
		{ "100::1", false },
		{ "2001::1", false }, /* Teredo */
		{ "2001:db8::1", false },
		{ "2002:7f00:1::", false }, /* 6to4 */
		{ "3fff::1", false },
		{ "fc00::1", false },
		{ "fd12:3456:789a::1", false },
		{ "fe80::1", false },
		{ "fec0::1", false },
		{ "ff02::1", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (allows(&everywhere, rows[i].address) != rows[i].allowed)
			fail_msg("%s is %sallowed\n", rows[i].address, rows[i].allowed ? "not " : "");
}

static void named_networks_are_allowed_and_nothing_beside_them(void **state)
{
	arena_auto arena = arena_new(MIB);
	struct reach reach = { 0 };

	(void)state;
	assert_true(reach_parse(arena, "10.20.0.0/16, fd00:20::/32 192.168.7.9/32", &reach));
	assert_int_equal(reach.count, 3);
	assert_true(allows(&reach, "10.20.0.1"));
	assert_true(allows(&reach, "10.20.255.255"));
	assert_true(allows(&reach, "fd00:20::1"));
	assert_true(allows(&reach, "192.168.7.9"));
	assert_false(allows(&reach, "10.21.0.0"));
	assert_false(allows(&reach, "10.19.255.255"));
	assert_false(allows(&reach, "fd00:21::1"));
	assert_false(allows(&reach, "192.168.7.8"));
	assert_false(allows(&reach, "8.8.8.8")); /* nobody said that all public ones are */
	reach.everywhere_public = true;
	assert_true(allows(&reach, "8.8.8.8"));
	assert_false(allows(&reach, "10.21.0.0"));
}

static void this_machine_is_its_loopback(void **state)
{
	(void)state;
	assert_true(allows(&reach_loopback, "127.0.0.1"));
	assert_true(allows(&reach_loopback, "127.9.9.9"));
	assert_true(allows(&reach_loopback, "::1"));
	assert_false(allows(&reach_loopback, "8.8.8.8"));
	assert_false(allows(&reach_loopback, "10.0.0.1"));
	assert_false(allows(&reach_loopback, "::2"));
}

static void only_networks_are_read_as_networks(void **state)
{
	static const char *const wrong[] = {
		"10.0.0.0",     "10.0.0.0/33",    "10.0.0.0/-1",  "10.0.0.1/8",  "10.0.0/8",     "fd00::1/64",
		"fd00::/129",   "example.com",    "/8",           "10.0.0.0/",   "10.0.0.0/8;x", "none, x",
		"10.0.0.0/8/8", "::ffff:0:0/08x", "0x0a.0.0.0/8", "10.0.0.0/+8",
	};
	struct reach reach = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		arena_auto arena = arena_new(MIB);
		if (reach_parse(arena, wrong[i], &reach))
			fail_msg("\"%s\" is read\n", wrong[i]);
	}
	arena_auto arena = arena_new(MIB);
	assert_true(reach_parse(arena, "none", &reach));
	assert_int_equal(reach.count, 0);
	assert_true(reach_parse(arena, "0.0.0.0/0, ::/0", &reach));
	assert_true(allows(&reach, "127.0.0.1"));
	assert_true(allows(&reach, "fd00::1"));
}

static void a_local_socket_is_no_address(void **state)
{
	const struct sockaddr local = { .sa_family = AF_UNIX };

	(void)state;
	assert_false(reach_allows(&reach_loopback, &local));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_public_addresses_are_public),
		cmocka_unit_test(named_networks_are_allowed_and_nothing_beside_them),
		cmocka_unit_test(this_machine_is_its_loopback),
		cmocka_unit_test(only_networks_are_read_as_networks),
		cmocka_unit_test(a_local_socket_is_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
