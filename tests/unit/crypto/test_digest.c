#include "../unit.h"

#include "crypto/digest.h"
#include "support.h"

/* FIPS 180-2 appendix A to C: the message "abc". */
static void digests_of_abc_are_those_of_fips_180(void **state)
{
	(void)state;
	static const struct {
		enum digest digest;
		const char *hex;
	} rows[] = {
		{ DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ DIGEST_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ DIGEST_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
				 "8086072ba1e7cc2358baeca134c825a7" },
		{ DIGEST_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
				 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t out[DIGEST_MAX], expected[DIGEST_MAX];
		struct bytes value = octets(rows[i].hex, expected, sizeof(expected));
		assert_int_equal(digest_size(rows[i].digest), value.size);
		assert_int_equal(digest_of(rows[i].digest, bytes_of("abc"), out, NULL), OK);
		assert_memory_equal(out, value.data, value.size);
	}
}

/* FIPS 180-2 B.1, and the digest of nothing. */
static void sha_256_in_hexadecimal_is_lower_case(void **state)
{
	(void)state;
	char hex[SHA256_HEX_SIZE];

	sha256_hex(bytes_of("abc"), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex(bytes(NULL, 0), hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231 4.2, 4.3 and 4.7: a short key, a key of text, and one longer than a block. */
static void hmac_sha_256_is_that_of_rfc_4231(void **state)
{
	(void)state;
	uint8_t short_key[20], long_key[131], out[HMAC_SHA256_SIZE], expected[HMAC_SHA256_SIZE];
	memset(short_key, 0x0b, sizeof(short_key));
	memset(long_key, 0xaa, sizeof(long_key));
	const struct {
		struct bytes key, data;
		const char *hex;
	} rows[] = {
		{ bytes(short_key, sizeof(short_key)), bytes_of("Hi There"),
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ bytes_of("Jefe"), bytes_of("what do ya want for nothing?"),
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ bytes(long_key, sizeof(long_key)), bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"),
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes value = octets(rows[i].hex, expected, sizeof(expected));
		assert_int_equal(hmac_sha256(rows[i].key, rows[i].data, out, NULL), OK);
		assert_memory_equal(out, value.data, HMAC_SHA256_SIZE);
	}
}

static void an_unknown_digest_is_refused_and_nothing_is_written(void **state)
{
	(void)state;
	uint8_t out[DIGEST_MAX] = { 7 };
	struct err err = { 0 };

	assert_int_equal(digest_of((enum digest)99, bytes_of("abc"), out, &err), ERR_INTERNAL);
	assert_int_equal(out[0], 7);
	assert_int_equal(digest_size((enum digest)99), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_of_abc_are_those_of_fips_180),
		cmocka_unit_test(sha_256_in_hexadecimal_is_lower_case),
		cmocka_unit_test(hmac_sha_256_is_that_of_rfc_4231),
		cmocka_unit_test(an_unknown_digest_is_refused_and_nothing_is_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
