/* Which of our keys signs: docs/operations.md, "The key ceremony". */
#include "world.h"

#include "messaging/messaging_int.h"

/* An authority that dates certificates from midnight gives two on one day the same beginning. */
static void of_two_certificates_that_begin_together_the_later_key_s_is_used(void **state)
{
	const struct key_info *key = world_key(&world.own, KEY_USE_SIGN, KEY_P256);
	struct key_info keys[] = { *key, *key, *key };
	struct directory directory = { .own = { .keys = keys, .count = COUNT(keys) } };

	(void)state;
	assert_ptr_equal(directory_key(&directory, KEY_USE_SIGN, cert_key_kind(key->cert), PKI_NOW), &keys[2]);
	keys[2].status = KEY_RETIRED;
	assert_ptr_equal(directory_key(&directory, KEY_USE_SIGN, cert_key_kind(key->cert), PKI_NOW), &keys[1]);
	keys[1].status = KEY_PENDING;
	assert_ptr_equal(directory_key(&directory, KEY_USE_SIGN, cert_key_kind(key->cert), PKI_NOW), &keys[0]);
	assert_null(directory_key(&directory, KEY_USE_DECRYPT, cert_key_kind(key->cert), PKI_NOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_certificates_that_begin_together_the_later_key_s_is_used),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
