/* Wrong passwords: who guesses waits, and who manages the users can see it, in the log, the metrics and the journal. */
#include <arpa/inet.h>

#include "api/call_int.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/password.h"
#include "kernel/journal.h"

/* Passwords are looked at one at a time (crypto/password.h): who waits for that holds a thread of the server, and
 * strangers must not hold them all. */
enum { GUESSES_FREE = 5, ADDRESS_FREE = 20, VERIFYING_MOST = 4 };
#define GUESS_FIRST_US SECOND_US
#define GUESS_MOST_US  (15 * MINUTE_US)
#define TELL_EVERY_US  MINUTE_US

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

/* The first FREE are mistakes of people; from then on the wait doubles. */
static int64_t guess_pause_us(unsigned wrong, unsigned free)
{
	int64_t pause_us = wrong < free ? 0 : GUESS_FIRST_US;
	for (unsigned i = free; i < wrong && pause_us < GUESS_MOST_US; i++)
		pause_us *= 2;
	return pause_us < GUESS_MOST_US ? pause_us : GUESS_MOST_US;
}

/* What a guess is counted under. */
struct guesser {
	const char *key;
	unsigned free;
	struct guessed *row;
};
enum { BY_NAME, BY_ADDRESS, GUESSERS };

/* Counts a guess as wrong before it is looked at, so that many at a time are no way around the wait; *WRONG: how many
 * there are of the name in a row. Returns how long one of the two has to wait, and then nothing is counted. */
static int64_t guess_begin(struct guard *guard, struct guesser by[static GUESSERS], int64_t now_us, unsigned *wrong)
{
	int64_t wait_us = 0;
	pthread_mutex_lock(&guard->lock);
	for (size_t i = 0; i < GUESSERS; i++) {
		struct guessed *row = by[i].row = guessed_row(guard, by[i].key);
		if (row->until_us > now_us + GUESS_MOST_US) /* the clock was set back */
			row->until_us = now_us + GUESS_MOST_US;
		if (row->until_us - now_us > wait_us)
			wait_us = row->until_us - now_us;
	}
	for (size_t i = 0; i < GUESSERS && wait_us == 0; i++) {
		struct guessed *row = by[i].row;
		row->until_us = now_us + guess_pause_us(++row->wrong, by[i].free);
	}
	*wrong = by[BY_NAME].row->wrong;
	pthread_mutex_unlock(&guard->lock);
	return wait_us;
}

static void guess_forget(struct guard *guard, const struct guesser by[static GUESSERS])
{
	pthread_mutex_lock(&guard->lock);
	for (size_t i = 0; i < GUESSERS; i++) {
		by[i].row->wrong = 0;
		by[i].row->until_us = 0;
	}
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

/* --- So that it is seen --- */

/* Counts one that was refused. Returns how many there were since the last line of the log, once a minute for a user,
 * and for all names that are nobody's together; 0: no line now. */
static unsigned count_refused(struct guard *guard, const struct login *login, int64_t now_us)
{
	pthread_mutex_lock(&guard->lock);
	struct told *told = login->user ? &guessed_row(guard, login->name)->told : &guard->nobody;
	unsigned refused = ++told->refused;
	guard->refused++;
	if (told->at_us <= now_us && now_us - told->at_us < TELL_EVERY_US)
		refused = 0;
	else
		*told = (struct told){ .at_us = now_us };
	pthread_mutex_unlock(&guard->lock);
	return refused;
}

/* A name that is nobody's stays out of the log: people type their password there. */
static void tell_refused(struct call *call, const struct login *login)
{
	unsigned refused = count_refused(&call->asked->api->guard, login, call->now_us);
	if (refused)
		LOG(LOG_WARN, "api.login-refused", LOG_TEXT("user", login->user ? login->user->name : NULL),
		    LOG_TEXT("peer", call->asked->request->peer), LOG_INT("refused", refused));
}

struct waiting {
	struct call *call;
	const struct user *user;
	const char *detail;
};

static enum err_code write_waiting(struct tx *tx, void *arg, struct err *err)
{
	const struct waiting *waiting = arg;
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = waiting->call->now_us,
						    .actor = "stranger",
						    .organisation = waiting->user->organisation,
						    .subject_type = "user",
						    .subject = waiting->user->name,
						    .event = "log-in-refused",
						    .detail = waiting->detail },
			   err);
}

/* One entry each time that a user's name begins to wait, so the waits bound them. */
static enum err_code note_waiting(struct call *call, const struct login *login, unsigned wrong, struct err *err)
{
	int64_t pause_us = guess_pause_us(wrong, GUESSES_FREE);
	if (!login->user || !pause_us)
		return OK;
	struct waiting waiting = { .call = call,
				   .user = login->user,
				   .detail = arena_printf(call->arena,
							  "%u wrong passwords in a row; none is looked at for %lld s",
							  wrong, (long long)(pause_us / SECOND_US)) };
	if (!waiting.detail)
		return fail(err, ERR_MEMORY, "no memory for a request");
	return db_write(call->kernel->db, write_waiting, &waiting, err);
}

int64_t call_logins_refused(struct api *api)
{
	pthread_mutex_lock(&api->guard.lock);
	int64_t refused = api->guard.refused;
	pthread_mutex_unlock(&api->guard.lock);
	return refused;
}

/* --- Looking at one --- */

/* Where it comes from, as a row's name, which no user has. An IPv6 site has a /64 (RFC 6177). */
static const char *address_of(const struct call *call)
{
	char host[INET6_ADDRSTRLEN + 1];
	const char *peer = call->asked->request->peer, *end = strrchr(peer, ':');
	struct in6_addr v6;
	size_t length = end && *peer == '[' ? (size_t)(end - peer) : 0;
	if (length < 3 || length - 2 >= sizeof host)
		return arena_printf(call->arena, "@%.*s", end ? (int)(end - peer) : 0, peer);
	memcpy(host, peer + 1, length - 2);
	host[length - 2] = '\0';
	if (inet_pton(AF_INET6, host, &v6) != 1)
		return "@";
	memset(&v6.s6_addr[8], 0, 8);
	return arena_printf(call->arena, "@%s", inet_ntop(AF_INET6, &v6, host, sizeof host) ? host : "");
}

/* A name waits for who guesses its password, an address for who tries one name after another: whoever does either must
 * not keep others from logging in. */
static enum err_code verify(struct call *call, const struct login *login, bool *right, struct err *err)
{
	struct guard *guard = &call->asked->api->guard;
	struct guesser by[GUESSERS] = {
		[BY_NAME] = { login->name, GUESSES_FREE, NULL }, [BY_ADDRESS] = { address_of(call), ADDRESS_FREE, NULL }
	};
	unsigned wrong;
	if (!by[BY_ADDRESS].key)
		return fail(err, ERR_MEMORY, "no memory for a request");
	int64_t wait_us = guess_begin(guard, by, call->now_us, &wrong);
	if (wait_us > 0) {
		const char *seconds =
			arena_printf(call->arena, "%lld", (long long)((wait_us + SECOND_US - 1) / SECOND_US));
		tell_refused(call, login);
		TRY(call_header(call, "Retry-After", seconds, err));
		return fail(err, ERR_TOO_MANY,
			    "too many wrong passwords for this name, or from this address; try again in %s s", seconds);
	}
	TRY(password_verify(login->hash, login->password, right, err));
	if (*right) {
		guess_forget(guard, by);
		return OK;
	}
	tell_refused(call, login);
	return note_waiting(call, login, wrong, err);
}

enum err_code call_password(struct call *call, const struct login *login, bool *right, struct err *err)
{
	struct guard *guard = &call->asked->api->guard;
	if (!verifying_begin(guard)) {
		TRY(call_header(call, "Retry-After", "1", err));
		return fail(err, ERR_TOO_MANY, "many are logging in at this moment; try again in a second");
	}
	enum err_code code = verify(call, login, right, err);
	verifying_end(guard);
	return code;
}
