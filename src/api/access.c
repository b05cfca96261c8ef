/* Who asks, and what he may. */
#include <string.h>
#include <strings.h>

#include "api/call_int.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/password.h"

/* --- Wrong passwords --- */

/* Passwords are looked at one at a time (crypto/password.h): who waits for that holds a thread of the server, and
 * strangers must not hold them all. */
enum { GUESSES_FREE = 5, VERIFYING_MOST = 4 };
#define GUESS_FIRST_US SECOND_US
#define GUESS_MOST_US  (15 * MINUTE_US)

static struct guessed *guessed_row(struct guard *guard, const char *name)
{
	uint8_t digest[SHA256_SIZE];
	buf_auto salted;
	buf_init(&salted, sizeof guard->salt + strlen(name));
	buf_put(&salted, guard->salt, sizeof guard->salt);
	buf_puts(&salted, name);
	sha256(buf_bytes(&salted), digest);
	return &guard->rows[((size_t)digest[0] << 8 | digest[1]) % COUNT(guard->rows)];
}

/* The first few are mistakes of a person; from then on the wait doubles. */
static int64_t guess_pause_us(unsigned wrong)
{
	int64_t pause_us = wrong < GUESSES_FREE ? 0 : GUESS_FIRST_US;
	for (unsigned i = GUESSES_FREE; i < wrong && pause_us < GUESS_MOST_US; i++)
		pause_us *= 2;
	return pause_us < GUESS_MOST_US ? pause_us : GUESS_MOST_US;
}

/* Counts a guess as wrong before it is looked at, so that many at a time are no way around the wait. Returns how long
 * NAME has to wait, and then nothing is counted. */
static int64_t guess_begin(struct guard *guard, const char *name, int64_t now_us)
{
	pthread_mutex_lock(&guard->lock);
	struct guessed *row = guessed_row(guard, name);
	if (row->until_us > now_us + GUESS_MOST_US) /* the clock was set back */
		row->until_us = now_us + GUESS_MOST_US;
	int64_t wait_us = row->until_us > now_us ? row->until_us - now_us : 0;
	if (!wait_us)
		row->until_us = now_us + guess_pause_us(++row->wrong);
	pthread_mutex_unlock(&guard->lock);
	return wait_us;
}

static void guess_forget(struct guard *guard, const char *name)
{
	pthread_mutex_lock(&guard->lock);
	*guessed_row(guard, name) = (struct guessed){ 0 };
	pthread_mutex_unlock(&guard->lock);
}

static bool verifying_begin(struct guard *guard)
{
	pthread_mutex_lock(&guard->lock);
	bool room = guard->verifying < VERIFYING_MOST;
	guard->verifying += room;
	pthread_mutex_unlock(&guard->lock);
	return room;
}

static void verifying_end(struct guard *guard)
{
	pthread_mutex_lock(&guard->lock);
	guard->verifying--;
	pthread_mutex_unlock(&guard->lock);
}

static enum err_code verify(struct api_call *call, const char *name, const char *hash, const char *password,
			    bool *right, struct err *err)
{
	struct guard *guard = &call->api->guard;
	int64_t wait_us = guess_begin(guard, name, call->now_us);
	if (wait_us > 0) {
		const char *seconds =
			arena_printf(call->arena, "%lld", (long long)((wait_us + SECOND_US - 1) / SECOND_US));
		TRY(call_header(call, "Retry-After", seconds, err));
		return fail(err, ERR_TOO_MANY, "too many wrong passwords for this name; try again in %s s", seconds);
	}
	TRY(password_verify(hash, password, right, err));
	if (*right)
		guess_forget(guard, name);
	return OK;
}

enum err_code call_password(struct api_call *call, const char *name, const char *hash, const char *password,
			    bool *right, struct err *err)
{
	struct guard *guard = &call->api->guard;
	if (!verifying_begin(guard)) {
		TRY(call_header(call, "Retry-After", "1", err));
		return fail(err, ERR_TOO_MANY, "many are logging in at this moment; try again in a second");
	}
	enum err_code code = verify(call, name, hash, password, right, err);
	verifying_end(guard);
	return code;
}

/* --- Credentials --- */

struct asking {
	struct api_call *call;
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

/* Basic is taken, but not asked for: a browser would show a window of its own over the console. CHALLENGE: RFC 6750 §3.
 */
static enum err_code refuse(struct api_call *call, const char *challenge, struct err *err)
{
	TRY(call_header(call, "WWW-Authenticate", challenge, err));
	return fail(
		err, ERR_UNAUTHENTICATED,
		"send a token: Authorization: Bearer lintas_…; POST /api/v1/tokens with name and password makes one");
}

static enum err_code admit(struct asking *asking, struct err *err)
{
	struct api_call *call = asking->call;
	const struct user *user = asking->user;
	call->actor = (struct actor){ .name = arena_printf(call->arena, "user:%s", user->name),
				      .organisation = user->organisation };
	call->user = user;
	call->roles = user->roles;
	return call->actor.name ? OK : fail(err, ERR_MEMORY, "no memory for a request");
}

static enum err_code by_token(struct asking *asking, struct err *err)
{
	TRY(db_read(asking->call->kernel->db, find_by_token, asking, err));
	return asking->user->name ? admit(asking, err)
				  : refuse(asking->call, "Bearer realm=\"lintas\", error=\"invalid_token\"", err);
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

static enum err_code by_password(struct asking *asking, const char *credentials, struct err *err)
{
	struct api_call *call = asking->call;
	bool right = false;
	if (!split_basic(asking, credentials))
		return refuse(call, "Bearer realm=\"lintas\"", err);
	TRY(db_read(call->kernel->db, find_by_name, asking, err));
	bool active = asking->user->name && same(asking->user->status, "active");
	TRY(call_password(call, asking->name, active ? asking->hash : NULL, asking->secret, &right, err));
	call->by_password = right;
	return right ? admit(asking, err) : refuse(call, "Bearer realm=\"lintas\"", err);
}

enum err_code call_authenticate(struct api_call *call, struct err *err)
{
	static const char bearer[] = "Bearer ", basic[] = "Basic ";
	if (call->request->local) {
		call->actor = (struct actor){ .name = "operator" };
		return OK;
	}
	struct asking asking = { .call = call, .user = arena_alloc(call->arena, sizeof *asking.user) };
	if (!asking.user)
		return fail(err, ERR_MEMORY, "no memory for a request");
	const char *header = http_header(call->request, "Authorization");
	if (header && strncasecmp(header, bearer, sizeof bearer - 1) == 0) {
		asking.secret = header + sizeof bearer - 1;
		return by_token(&asking, err);
	}
	if (header && strncasecmp(header, basic, sizeof basic - 1) == 0)
		return by_password(&asking, header + sizeof basic - 1, err);
	return refuse(call, "Bearer realm=\"lintas\"", err);
}

/* --- Permission --- */

bool call_may(const struct api_call *call, const char *permission)
{
	return !call->roles || roles_permit(call->roles, permission);
}

enum err_code call_authorise(struct api_call *call, struct err *err)
{
	const char *permission = call->route->permission;
	if (call->by_password && !call->route->password)
		return fail(
			err, ERR_DENIED,
			"a password is for POST /api/v1/tokens alone; send the token that it makes with each request");
	if (!*permission || call_may(call, permission))
		return OK;
	return fail(err, ERR_DENIED, "%s needs the permission %s, which %s does not have with the roles: %s",
		    call->route->operation, permission, call->actor.name, call->roles);
}

bool call_sees(const struct api_call *call, const char *organisation)
{
	return !call->actor.organisation || same(call->actor.organisation, organisation);
}
