/* Who may use the interface: people and programs, the roles that they have, and the tokens by which they come.
 *
 * A user belongs to an organisation and sees what that organisation keeps, or to the node itself and sees of all
 * organisations where their messages stand, but no document.
 * What a role may is rows; a route names one permission (interface/route.h). Every change here is an entry of the
 * journal.
 */
#ifndef KERNEL_USER_H
#define KERNEL_USER_H

#include "kernel/kernel.h"

/* --- Roles: rows --- */

struct permission {
	const char *name;  /* "documents.read" */
	const char *title; /* for people */
};
const struct permission *permission_at(size_t index); /* NULL after the last */

struct role {
	const char *name; /* "officer" */
	const char *title;
	const char *permissions; /* names, separated by a space */
	bool node;               /* for users of the node itself; the others are for users of an organisation */
};
const struct role *role_at(size_t index); /* NULL after the last */
const struct role *role_find(const char *name);
/* Whether one of ROLES (names, separated by a space) has PERMISSION. */
bool roles_permit(const char *roles, const char *permission);

/* --- Users --- */

struct user {
	const char *name;         /* unique in the node; [a-z0-9][a-z0-9._-]{1,63} */
	const char *organisation; /* NULL: of the node itself */
	const char *title;        /* what people call them */
	const char *roles;        /* names, separated by a space; at least one */
	const char *status;       /* "active", "disabled" */
	bool password;            /* whether one is set; without, only tokens let them in */
	int64_t created_us;
};
struct user_list {
	struct user *items;
	size_t count;
};

/* Findings (USR-001 …) for a name, a role or an organisation that cannot be, all at once, and then nothing is written;
 * ERR_CONFLICT for a name that there is. .status NULL: active. PASSWORD_HASH: from password_hash (crypto/password.h),
 * or NULL. */
enum err_code user_add(struct tx *tx, struct arena *arena, const struct user *user, const char *password_hash,
		       const struct actor *actor, int64_t now_us, struct findings *findings, struct err *err) MUST_USE;
/* Title, roles and status; what is NULL stays. Disabling revokes the user's tokens. ERR_NOT_FOUND. */
enum err_code user_change(struct tx *tx, struct arena *arena, const struct user *user, const struct actor *actor,
			  int64_t now_us, struct findings *findings, struct err *err) MUST_USE;
/* Revokes the user's tokens, too. ERR_NOT_FOUND. */
enum err_code user_set_password(struct tx *tx, const char *name, const char *password_hash, const struct actor *actor,
				int64_t now_us, struct err *err) MUST_USE;
/* Of ORGANISATION (NULL: all), by name, after the name AFTER (NULL: from the first), at most LIMIT. */
enum err_code user_list(struct tx *tx, struct arena *arena, const char *organisation, const char *after, size_t limit,
			struct user_list *list, struct err *err) MUST_USE;
/* .name is NULL if there is none. *PASSWORD_HASH: the arena's, NULL if none is set; may be NULL if not wanted. */
enum err_code user_find(struct tx *tx, struct arena *arena, const char *name, struct user *user,
			const char **password_hash, struct err *err) MUST_USE;

/* --- Tokens: what a program, or a person who has logged in, sends with each request --- */

struct token {
	const char *id;
	const char *user;
	const char *title; /* what it is for: "ERP of the export desk" */
	const char *roles; /* a part of the user's; what the user loses the token loses, too */
	int64_t created_us, expires_us;
	int64_t revoked_us; /* TIME_NONE */
};
struct token_list {
	struct token *items;
	size_t count;
};

/* TOKEN: .user, .title, .roles (NULL: all of the user's), .expires_us (how soon and how late is the caller's rule).
 * *SECRET ("lintas_…", 256 random bits) is told this once: only its SHA-256 is kept. Findings for roles that the user
 * does not have, one who is disabled or has 100 that live; ERR_NOT_FOUND for the user. Those of the user that have
 * ended are forgotten. */
enum err_code token_new(struct tx *tx, struct arena *arena, struct token *token, const char **secret,
			const struct actor *actor, int64_t now_us, struct findings *findings, struct err *err) MUST_USE;
/* .id is NULL if there is none. */
enum err_code token_find(struct tx *tx, struct arena *arena, const char *id, struct token *token,
			 struct err *err) MUST_USE;
enum err_code token_revoke(struct tx *tx, struct arena *arena, const char *id, const struct actor *actor,
			   int64_t now_us, struct err *err) MUST_USE;
/* Newest first; of one USER (NULL: of all); below the id BEFORE (NULL: from the newest). */
enum err_code token_list(struct tx *tx, struct arena *arena, const char *user, const char *before, size_t limit,
			 struct token_list *list, struct err *err) MUST_USE;
/* Whose SECRET is, and with which roles (those that token and user both have, "" if none): *USER.name is NULL if
 * nobody's, expired, revoked, or of a user who is disabled. */
enum err_code token_user(struct tx *tx, struct arena *arena, const char *secret, int64_t now_us, struct user *user,
			 struct err *err) MUST_USE;

extern const struct rule user_rules[];

#endif
