/* Who asks, and what he may. */
#include <string.h>
#include <strings.h>

#include "api/call_int.h"
#include "base/log.h"
#include "base/text.h"
#include "kernel/journal.h"

/* --- Credentials --- */

struct asking {
	struct call *call;
	const char *name; /* of a user, or NULL */
	const char *secret;
	struct user *user;
	const char *hash;
};

static enum err_code find_by_token(struct tx *tx, void *arg, struct err *err)
{
	struct asking *asking = arg;
	return token_user(tx, asking->call->arena, asking->secret, asking->call->now_us, asking->user, err);
}

static enum err_code find_by_name(struct tx *tx, void *arg, struct err *err)
{
	struct asking *asking = arg;
	return user_find(tx, asking->call->arena, asking->name, asking->user, &asking->hash, err);
}

/* A route that takes a password asks for one (RFC 9110 15.5.2: a 401 names what would do), but only who sent nothing.
 * To who did, Basic is not named again: a browser would then show a window of its own over the console's "name or
 * password is wrong", and over a page whose token has ended. CHALLENGE: RFC 6750 3. */
#define BEARER         "Bearer realm=\"lintas\""
#define BEARER_INVALID BEARER ", error=\"invalid_token\""
#define BASIC          "Basic realm=\"lintas\", charset=\"UTF-8\"" /* RFC 7617 2.1 */

static enum err_code refuse(struct call *call, const char *challenge, const char *text, struct err *err)
{
	TRY(call_header(call, "WWW-Authenticate", challenge, err));
	return fail(err, ERR_UNAUTHENTICATED, "%s", text);
}

static enum err_code admit(struct asking *asking, struct err *err)
{
	struct call *call = asking->call;
	const struct user *user = asking->user;
	call->actor = (struct actor){ .name = arena_printf(call->arena, "user:%s", user->name),
				      .organisation = user->organisation };
	call->asked->user = user;
	call->roles = user->roles;
	return call->actor.name ? OK : fail(err, ERR_MEMORY, "no memory for a request");
}

static enum err_code by_token(struct asking *asking, struct err *err)
{
	TRY(db_read(asking->call->kernel->db, find_by_token, asking, err));
	asking->call->asked->token = asking->user->name ? asking->secret : NULL;
	return asking->user->name ? admit(asking, err)
				  : refuse(asking->call, BEARER_INVALID,
					   "this token is nobody's, or has ended; POST /api/v1/tokens with name and "
					   "password makes one",
					   err);
}

/* White space at the ends is no part of a password, as it is none of a text in JSON, by which passwords are set. */
static char *trim(char *text)
{
	static const char white[] = " \t\r\n";
	text += strspn(text, white);
	size_t length = strlen(text);
	while (length && strchr(white, text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/* CREDENTIALS: base64 of NAME:PASSWORD (RFC 7617). */
static bool split_basic(struct asking *asking, const char *credentials)
{
	struct bytes plain;
	if (!base64_parse(asking->call->arena, bytes_of(credentials), &plain) || !utf8_valid(plain))
		return false;
	char *text = arena_text_of(asking->call->arena, plain);
	char *colon = text ? strchr(text, ':') : NULL;
	if (!colon)
		return false;
	*colon = '\0';
	asking->name = text;
	asking->secret = trim(colon + 1);
	return true;
}

/* Whoever is refused is told the same, whether the name, the password or the user's status is why. */
static enum err_code by_password(struct asking *asking, const char *credentials, struct err *err)
{
	struct call *call = asking->call;
	bool right = false;
	if (!split_basic(asking, credentials))
		return refuse(call, BEARER, "Basic is followed by base64 of NAME:PASSWORD in UTF-8 (RFC 7617)", err);
	TRY(db_read(call->kernel->db, find_by_name, asking, err));
	bool active = asking->user->name && same(asking->user->status, "active");
	const struct login login = { .name = asking->name,
				     .password = asking->secret,
				     .hash = active ? asking->hash : NULL,
				     .user = asking->user->name ? asking->user : NULL };
	TRY(call_password(call, &login, &right, err));
	call->asked->by_password = right;
	call->asked->verified = login.hash;
	return right ? admit(asking, err) : refuse(call, BEARER, "name or password is wrong", err);
}

/* What follows SCHEME ("Bearer ") in the request; NULL: it comes by another one, or by none. */
static const char *credentials(const struct http_request *request, const char *scheme)
{
	const char *header = http_header(request, "Authorization");
	size_t length = strlen(scheme);
	return header && strncasecmp(header, scheme, length) == 0 ? header + length : NULL;
}

enum err_code call_authenticate(struct call *call, struct err *err)
{
	if (call->asked->request->local) {
		call->actor = (struct actor){ .name = "operator" };
		return OK;
	}
	struct asking asking = { .call = call, .user = arena_alloc(call->arena, sizeof *asking.user) };
	if (!asking.user)
		return fail(err, ERR_MEMORY, "no memory for a request");
	const char *name_password = credentials(call->asked->request, "Basic ");
	asking.secret = credentials(call->asked->request, "Bearer ");
	if (asking.secret)
		return by_token(&asking, err);
	if (name_password)
		return by_password(&asking, name_password, err);
	bool silent = !http_header(call->asked->request, "Authorization");
	return refuse(
		call, call->route && call->route->password && silent ? BEARER ", " BASIC : BEARER,
		"send a token: Authorization: Bearer lintas_…; POST /api/v1/tokens with name and password makes one",
		err);
}

/* --- Permission --- */

enum err_code call_authorise(struct call *call, struct err *err)
{
	const char *permission = call->route->permission;
	if (call->asked->by_password && !call->route->password)
		return fail(
			err, ERR_DENIED,
			"a password is for POST /api/v1/tokens alone; send the token that it makes with each request");
	if (!*permission || call_may(call, permission))
		return OK;
	return fail(err, ERR_DENIED, "%s needs the permission %s, which %s does not have with the roles: %s",
		    call->route->operation, permission, call->actor.name, call->roles);
}

bool api_knows(struct api *api, const struct http_request *request)
{
	struct err ignored = { 0 };
	struct user user = { 0 };
	struct asked asked = { .api = api };
	struct call call = { .asked = &asked,
			     .kernel = api->options.kernel,
			     .arena = request->arena,
			     .now_us = clock_now_us(api->options.kernel->clock) };
	struct asking asking = { .call = &call, .secret = credentials(request, "Bearer "), .user = &user };
	return asking.secret && db_read(call.kernel->db, find_by_token, &asking, &ignored) == OK && user.name;
}
