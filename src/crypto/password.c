#include "crypto/password.h"

#include <argon2.h>
#include <pthread.h>

#include "base/random.h"
#include "base/text.h"

/* Argon2id with 19 MiB and two passes in one lane: the OWASP Password Storage Cheat Sheet. RFC 9106 §4 recommends 64
 * MiB and three passes, but says to take what the machine can give to each call: here that is a node of a few users
 * that accepts messages meanwhile. Salt and tag are those of RFC 9106 §4. */
#define MEMORY_KIB 19456
#define PASSES     2
#define LANES      1
#define SALT_BYTES 16
#define TAG_BYTES  32

#define TEXT_(x)   #x
#define TEXT_OF(x) TEXT_(x)
#define SCHEME     "$argon2id$v=19$m="
#define PARAMETERS SCHEME TEXT_OF(MEMORY_KIB) ",t=" TEXT_OF(PASSES) ",p=" TEXT_OF(LANES) "$"

/* Nobody's: salt and tag are zero octets, and no password is known that has this tag. */
#define NOBODY PARAMETERS "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

enum { ENCODED_MAX = 160, SALT_DIGITS_MIN = 11, TAG_DIGITS = 43 }; /* 8 octets, and 32, in base64 */

/* One at a time: many who log in at once wait for each other, instead of taking 19 MiB each. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static enum err_code argon2_failed(int result, struct err *err)
{
	if (result == ARGON2_MEMORY_ALLOCATION_ERROR)
		return fail(err, ERR_MEMORY, "no memory left to hash a password");
	return fail(err, ERR_CRYPTO, "the password cannot be hashed: %s", argon2_error_message(result));
}

/* A Unicode code point counts as one character (NIST SP 800-63B 5.1.1.2). */
static enum err_code check_length(const char *password, struct err *err)
{
	if (!utf8_valid(bytes_of(password)))
		return fail(err, ERR_INVALID, "the password is not UTF-8");
	size_t length = utf8_length(password);
	if (length < PASSWORD_MIN || length > PASSWORD_MAX)
		return fail(err, ERR_INVALID, "a password has %d to %d characters, not %zu", PASSWORD_MIN, PASSWORD_MAX,
			    length);
	return OK;
}

enum err_code password_hash(struct arena *arena, const char *password, const char **hash, struct err *err)
{
	uint8_t salt[SALT_BYTES];
	char encoded[ENCODED_MAX];

	TRY(check_length(password, err));
	random_bytes(salt, sizeof(salt));
	pthread_mutex_lock(&one_at_a_time);
	int result = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password, strlen(password), salt, sizeof(salt),
					   TAG_BYTES, encoded, sizeof(encoded));
	pthread_mutex_unlock(&one_at_a_time);
	if (result != ARGON2_OK)
		return argon2_failed(result, err);
	const char *copy = arena_text(arena, encoded);
	if (!copy)
		return fail(err, ERR_MEMORY, "no memory left for the hash of a password");
	*hash = copy;
	return OK;
}

/* --- Verifying --- */

/* Between the least memory that OWASP names and the parameters of RFC 9106 §4 for little memory. What is outside was
 * not written by us, and would cost nothing to guess at or too much to verify. */
static const struct parameter {
	const char *before;
	uint32_t min, max;
} parameters[] = {
	{ SCHEME, 7168, 65536 },
	{ ",t=", 1, 5 },
	{ ",p=", 1, 4 },
};

/* Digits at *TEXT, which moves behind them; none, or too many, is beyond MAX. */
static bool number_within(const char **text, uint32_t min, uint32_t max)
{
	uint32_t value = 0;
	const char *at = *text;

	while (*at >= '0' && *at <= '9' && value <= max)
		value = 10 * value + (uint32_t)(*at++ - '0');
	*text = at;
	return value >= min && value <= max;
}

static bool is_reasonable(const char *hash)
{
	const char *at = hash;

	for (size_t i = 0; i < COUNT(parameters); i++) {
		const struct parameter *row = &parameters[i];
		if (!starts_with(at, row->before))
			return false;
		at += strlen(row->before);
		if (!number_within(&at, row->min, row->max))
			return false;
	}
	const char *tag = strrchr(at, '$');
	return *at == '$' && tag - at > SALT_DIGITS_MIN && strlen(tag + 1) == TAG_DIGITS && strlen(hash) < ENCODED_MAX;
}

enum err_code password_verify(const char *hash, const char *password, bool *right, struct err *err)
{
	enum { BYTES_MAX = 4 * PASSWORD_MAX }; /* longer than any that was ever hashed */
	const char *known = hash ? hash : NOBODY;
	size_t size = strlen(password);
	int result = ARGON2_DECODING_FAIL;

	if (size > BYTES_MAX) {
		*right = false;
		return OK;
	}
	if (is_reasonable(known)) {
		pthread_mutex_lock(&one_at_a_time);
		result = argon2id_verify(known, password, size);
		pthread_mutex_unlock(&one_at_a_time);
	}
	if (result == ARGON2_DECODING_FAIL)
		return fail(err, ERR_INTERNAL, "the stored hash of a password is damaged: set the password anew");
	if (result != ARGON2_OK && result != ARGON2_VERIFY_MISMATCH)
		return argon2_failed(result, err);
	*right = hash && result == ARGON2_OK;
	return OK;
}
