#include "../unit.h"

#include <pthread.h>

#include "crypto/password.h"

/* The first stands in the test suite of the reference implementation (github.com/P-H-C/phc-winner-argon2, src/test.c);
 * the others are what its program prints, Debian's argon2 0~20171227: printf PASSWORD | argon2 SALT -id -t T -k M -p P
 * -l 32 -e, at our parameters, those of RFC 9106 §4 for little memory, and those of least memory that OWASP names. */
static const struct {
	const char *password, *hash;
} reference[] = {
	{ "password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc" },
	{ "correct horse battery staple",
	  "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gy5SuVm5Z7Vw7keB9se9p87QGcomaseB/S2U1OhTsM0" },
	{ "differentpassword",
	  "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$TAHkRat82NXZfbDN8lhifGUYLyzyRCJl3wUZ3TOEbxU" },
	{ "password", "$argon2id$v=19$m=7168,t=5,p=1$c29tZXNhbHQ$sAavOVT9lSsX4jeV2ZNRLaH3wKMRpC4uYGTwtpTA7JE" },
};

static bool is_right(const char *hash, const char *password)
{
	struct err err = { 0 };
	bool right = false;

	assert_int_equal(password_verify(hash, password, &right, &err), OK);
	return right;
}

static void hashes_of_the_reference_implementation_are_verified(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(reference); i++) {
		assert_true(is_right(reference[i].hash, reference[i].password));
		assert_false(is_right(reference[i].hash, "passwore"));
	}
}

static void a_password_and_no_other_has_its_hash(void **state)
{
	(void)state;
	static const char *const others[] = { "Hai Phong, pier ", "hai Phong, pier 7", "Hai Phong, pier 77", "" };
	arena_auto arena = arena_new(10000);
	struct err err;
	const char *hash;

	assert_int_equal(password_hash(arena, "Hai Phong, pier 7", &hash, &err), OK);
	assert_true(is_right(hash, "Hai Phong, pier 7"));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(is_right(hash, others[i]));
}

/* OWASP Password Storage Cheat Sheet: m=19456 (19 MiB), t=2, p=1. RFC 9106 §4: a salt of 128 bits and a tag of 256,
 * which in base64 without padding are 22 and 43 digits. */
static void a_hash_names_its_parameters_and_has_a_salt_of_its_own(void **state)
{
	(void)state;
	static const char start[] = "$argon2id$v=19$m=19456,t=2,p=1$";
	arena_auto arena = arena_new(10000);
	struct err err;
	const char *one, *two;

	assert_int_equal(password_hash(arena, "the same password", &one, &err), OK);
	assert_int_equal(password_hash(arena, "the same password", &two, &err), OK);
	assert_string_not_equal(one, two);
	assert_memory_equal(one, start, sizeof(start) - 1);
	assert_memory_not_equal(one + sizeof(start) - 1, two + sizeof(start) - 1, 22);
	assert_int_equal(strlen(one), sizeof(start) - 1 + 22 + 1 + 43);
}

static enum err_code hash_of(const char *unit, size_t count)
{
	arena_auto arena = arena_new(10000);
	char text[1100] = "";
	const char *hash = "untouched";
	struct err err = { 0 };

	assert_true(strlen(unit) * count < sizeof(text));
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * strlen(unit), unit, strlen(unit) + 1);
	enum err_code code = password_hash(arena, text, &hash, &err);
	assert_int_equal(code == OK, strcmp(hash, "untouched") != 0);
	if (code == OK)
		assert_true(is_right(hash, text));
	return code;
}

/* NIST SP 800-63B 5.1.1.2: each Unicode code point is one character. KO KAI has three octets. */
static void length_is_in_characters_and_has_bounds(void **state)
{
	(void)state;
	assert_int_equal(hash_of("a", 11), ERR_INVALID);
	assert_int_equal(hash_of("a", 12), OK);
	assert_int_equal(hash_of("a", 256), OK);
	assert_int_equal(hash_of("a", 257), ERR_INVALID);
	assert_int_equal(hash_of("\xE0\xB8\x81", 11), ERR_INVALID);
	assert_int_equal(hash_of("\xE0\xB8\x81", 12), OK);
	assert_int_equal(hash_of("\xE0\xB8\x81", 256), OK);
	assert_int_equal(hash_of("\xE0\xB8\x81", 257), ERR_INVALID);
	assert_int_equal(hash_of("\xFF", 12), ERR_INVALID);
	assert_int_equal(hash_of("", 1), ERR_INVALID);
}

static void nobody_has_a_right_password(void **state)
{
	(void)state;
	char endless[2000];

	assert_false(is_right(NULL, "password"));
	assert_false(is_right(NULL, ""));
	memset(endless, 'a', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_false(is_right(reference[0].hash, endless));
	assert_false(is_right(NULL, endless));
}

/* Each differs from a hash that is verified in one place. */
static void a_hash_that_costs_nothing_or_too_much_is_refused(void **state)
{
	(void)state;
#define TAG "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	static const char *const hashes[] = {
		"",
		"$argon2id$v=19$",
		"$argon2id$v=19$m=65536,t=2,p=1",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ",
		"$argon2id$v=19$m=65536,t=2,p=1$$" TAG,
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPP",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPP*",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$" TAG "A",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZ*NhbHQ$" TAG,
		"$argon2id$v=19$m=65536,t=2,p=1x$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=,t=2,p=1$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=+65536,t=2,p=1$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=7167,t=2,p=1$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=65537,t=2,p=1$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=4294967296,t=2,p=1$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=4294975488,t=2,p=1$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=65536,t=6,p=1$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=65536,t=2,p=0$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=65536,t=2,p=5$c29tZXNhbHQ$" TAG,
		"$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$" TAG,
		"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$" TAG,
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQc29tZXNhbHQc29tZXNhbHQc29tZXNhbHQc29tZXNhbHQc29tZXNhbHQ"
		"c29tZXNhbHQc29tZXNhbHQc29tZXNhbHQ$" TAG,
	};

	assert_true(is_right("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$" TAG, "password"));
	for (size_t i = 0; i < COUNT(hashes); i++) {
		struct err err = { 0 };
		bool right = true;
		if (password_verify(hashes[i], "password", &right, &err) != ERR_INTERNAL)
			fail_msg("\"%s\" was not refused", hashes[i]);
		assert_true(right); /* untouched */
	}
#undef TAG
}

static void *guess(void *arg)
{
	bool *good = arg;

	*good = is_right(reference[1].hash, reference[1].password) && !is_right(reference[1].hash, "another one");
	return NULL;
}

static void many_who_log_in_at_once_all_get_their_answer(void **state)
{
	(void)state;
	enum { THREADS = 8 };
	pthread_t threads[THREADS];
	bool good[THREADS] = { false };

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, guess, &good[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(good[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_of_the_reference_implementation_are_verified),
		cmocka_unit_test(a_password_and_no_other_has_its_hash),
		cmocka_unit_test(a_hash_names_its_parameters_and_has_a_salt_of_its_own),
		cmocka_unit_test(length_is_in_characters_and_has_bounds),
		cmocka_unit_test(nobody_has_a_right_password),
		cmocka_unit_test(a_hash_that_costs_nothing_or_too_much_is_refused),
		cmocka_unit_test(many_who_log_in_at_once_all_get_their_answer),
	};
	return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
