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

/* Two objects of the same certificate begin together; they stand in the order in which they were added. */
static void of_two_certificates_that_begin_together_the_one_that_came_last_is_encrypted_for(void **state)
{
	const struct security_profile *profile = profile_find("ecdsa-p256");
	const struct key_info *key = world_recipient(&world.own, profile);
	struct peer peer = { .profile = profile, .encrypt_count = 2 };
	const struct cert *chosen = NULL;
	struct err err = { 0 };

	(void)state;
	peer.trust = trust_new(&(struct trust_policy){ 0 });
	assert_non_null(peer.trust);
	for (size_t i = 0; i < peer.encrypt_count; i++)
		assert_int_equal(cert_parse(cert_der(key->cert), &peer.encrypt[i], &err), OK);
	assert_int_equal(trust_pin(peer.trust, peer.encrypt[0], &err), OK);
	assert_int_equal(peer_encrypt(&peer, PKI_NOW, world.arena, &chosen, &err), OK);
	assert_ptr_equal(chosen, peer.encrypt[1]);
	for (size_t i = 0; i < peer.encrypt_count; i++)
		cert_unref(peer.encrypt[i]);
	trust_free(peer.trust);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_certificates_that_begin_together_the_later_key_s_is_used),
		cmocka_unit_test_setup_teardown(
			of_two_certificates_that_begin_together_the_one_that_came_last_is_encrypted_for,
			world_arena_new, world_arena_free),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
