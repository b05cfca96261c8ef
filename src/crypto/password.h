/* Passwords: Argon2id (RFC 9106), in the encoded form that names its own parameters. */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/arena.h"
#include "base/err.h"

/* In characters. Length alone makes a password good (NIST SP 800-63B 5.1.1: no rules of composition; at most, so that
 * hashing is bounded). */
enum { PASSWORD_MIN = 12, PASSWORD_MAX = 256 };

/* "$argon2id$v=19$m=19456,t=2,p=1$…", the arena's. Takes about 20 ms and 19 MiB; one at a time in the process.
 * ERR_INVALID for a password that is too short or too long. */
enum err_code password_hash(struct arena *arena, const char *password, const char **hash, struct err *err) MUST_USE;
/* HASH NULL: nobody's; takes as long, so that time does not tell whether there is such a user. */
enum err_code password_verify(const char *hash, const char *password, bool *right, struct err *err) MUST_USE;

#endif
