/* One request on its way through the API. */
#ifndef API_CALL_INT_H
#define API_CALL_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/api.h"
#include "kernel/answer.h"
#include "kernel/capability.h"
#include "kernel/user.h"

/* Wrong passwords, by name and by address: who guesses waits, longer each time. Rows are never given up for other
 * names, so nobody can have his mistakes forgotten by making others; two names share one by chance alone, which the
 * secret SALT sees to. */
struct guard {
	pthread_mutex_t lock;
	unsigned verifying; /* passwords, now */
	int64_t refused;    /* log-ins, ever */
	uint8_t salt[16];
	struct told { /* the last line of the log */
		int64_t at_us;
		unsigned refused; /* since then */
	} nobody;                 /* of names that are nobody's */
	struct guessed {
		unsigned wrong;   /* in a row */
		int64_t until_us; /* no password is looked at before */
		struct told told;
	} rows[4096];
};

/* Who follows the event stream: NULL is a free place, the names are those of the streams. */
enum { FOLLOWERS_MAX = 64, FOLLOWERS_OF_ONE = 8 };
struct followers {
	pthread_mutex_t lock;
	const char *actors[FOLLOWERS_MAX];
};

/* How often each token has asked (rate.c): a fixed number of rows, in this process. */
struct meter;
struct meter *meter_new(void); /* NULL: no memory */
void meter_free(struct meter *meter);
/* How many requests were refused since the start. */
int64_t meter_refused(struct meter *meter);
struct rate {
	bool taken;
	int64_t window_s;       /* in which an empty bucket fills */
	int64_t left;           /* requests that may come at once */
	int64_t full_s, next_s; /* until the bucket is full again; until the next request, if this one was not taken */
};
/* One request with TOKEN, out of a bucket of BURST that gets PER_MINUTE, evenly. */
struct rate meter_take(struct meter *meter, const char *token, int64_t per_minute, int64_t burst, int64_t now_us);

/* A role that fails, by the first fault of its first thread that did. */
enum { FAULTS_MAX = 32 };
struct fault {
	const char *role;
	size_t threads;            /* that fail now; 0: it works */
	int64_t since_us, told_us; /* .told_us: when its task was opened; 0: it has none */
	char text[sizeof((struct err *)0)->text];
};
struct faults {
	pthread_mutex_t lock; /* guards what follows, but for .begun */
	struct fault items[FAULTS_MAX];
	size_t count;
	bool begun; /* of api_faults_step() */
};
void faults_init(struct faults *faults);
void faults_done(struct faults *faults);
/* Those that fail now; the arena's. */
struct fault_view;
enum err_code faults_show(struct faults *faults, struct arena *arena, struct fault_view **views, size_t *count,
			  struct err *err) MUST_USE;

struct api {
	struct api_options options;
	struct faults faults;
	struct guard guard;
	struct meter *meter;
	struct followers followers;
	_Atomic int64_t denied; /* requests, ever: 401 and 403 */
	atomic_flag verifying;  /* the journal */
	int64_t card_looked_us; /* when api_card_step() looked last; its own */
	void (*wake)(void *arg);
	void *wake_arg;
};

/* What of a call is the router's alone. */
struct asked {
	struct api *api;
	const struct http_request *request;
	struct http_response *response;
	const struct user *user; /* who has logged in; NULL over the administration socket */
	const char *token;       /* by which he has; NULL: by none */
	bool by_password;
	const char *verified; /* the hash that his password fits, when it was looked at */
	bool claimed;         /* .key is: the answer is to be kept under it */
	struct answer_key key;
};

/* --- Stages of the router, in this order --- */

/* Who asks: fills .actor and .roles. A request over the administration socket is the operator's; any other needs a
 * token, or, where the route says so, a name and password. ERR_UNAUTHENTICATED, ERR_TOO_MANY. */
enum err_code call_authenticate(struct call *call, struct err *err) MUST_USE;
/* Whether his token may ask again by now: ERR_TOO_MANY. */
enum err_code call_meter(struct call *call, struct err *err) MUST_USE;
/* Whether he may ask for this route: ERR_DENIED. */
enum err_code call_authorise(struct call *call, struct err *err) MUST_USE;
/* Whether the body says that it is what the route takes: ERR_MEDIA_TYPE. */
enum err_code call_check_type(struct call *call, struct err *err) MUST_USE;
/* Findings for parameters that the route does not take, and for values that nothing can have. */
enum err_code call_check_query(struct call *call, struct err *err) MUST_USE;

/* A condition is refused where nobody looks at it: ERR_PRECONDITION. */
enum err_code call_check_conditions(const struct call *call, struct err *err) MUST_USE;
/* Takes the Idempotency-Key, if there is one; ANSWERED: the request was answered before, and is now as it was then. A
 * finding, if the key is another request's. */
enum err_code call_claim(struct call *call, bool *answered, struct err *err) MUST_USE;
/* After the handler: names the version that is shown; 304 if the caller has it already. */
enum err_code call_validate(struct call *call, struct err *err) MUST_USE;
/* At the end: keeps the answer under the key if something was DONE; else the key is free again. */
void call_settle(struct call *call, bool done);

/* --- For handlers --- */

/* A name and a password, wherever they are tried. */
struct login {
	const char *name, *password;
	const char *hash;        /* what the password has to fit; NULL: nothing does */
	const struct user *user; /* whose name it is; NULL: nobody's */
};
/* Whether the password is the right one. Wrong ones are counted, told in the log and, when the name has to wait for the
 * next one, in the journal: ERR_TOO_MANY while it waits. */
enum err_code call_password(struct call *call, const struct login *login, bool *right, struct err *err) MUST_USE;
/* How many were refused since the start. */
int64_t call_logins_refused(struct api *api);

/* What the interface does for handlers; interface/route.h explains the members. */
extern const struct router api_router;
enum err_code check_precondition(struct call *call, const void *record, struct err *err) MUST_USE;
/* Says where what was made, RECORD of the route's response schema, is found, if there is a route for it. */
enum err_code call_locate(struct call *call, const void *record, struct err *err) MUST_USE;
/* Whether what it answers are pages. */
bool route_pages(const struct route *route);
/* The route that shows one of what ROUTE makes; NULL if it makes nothing, or there is no such route. */
const struct route *route_of_made(const struct route *route);

/* The id of the message that NAME means: its id or its document's, eb:MessageId, or a reference that only one document
 * has. ERR_NOT_FOUND. */
enum err_code call_message(struct call *call, const char *name, const char **id, struct err *err) MUST_USE;

/* A cursor of tasks is the id of the last one, behind this if it was done: the open ones come first, and one that is
 * done meanwhile must not take the page with it. */
#define TASK_CURSOR_DONE "done:"

/* The words that PARAMETER takes, with ", " between them; NULL if that depends on the node's data. The arena's. */
const char *query_fixed_words(struct arena *arena, struct kernel *kernel, const struct query_row *parameter);
/* Parameters that routes of the node itself take. */
extern const struct query_row query_state, query_user, query_evidence, query_head, query_serial, query_after,
	query_until, query_after_name, query_after_id, query_task_before, query_at, query_document;

/* Handlers, by subject. */
/* Of a route with ?map=, which is given: in the national shape. */
enum err_code maps_names(const struct call *call, struct query_words *words, struct err *err);
enum err_code maps_submit(struct call *call, struct err *err);
enum err_code maps_content(struct call *call, const struct document *document, struct bytes original, struct err *err);
enum err_code messages_list(struct call *call, struct err *err);
enum err_code messages_get(struct call *call, struct err *err);
enum err_code messages_decide(struct call *call, struct err *err);
enum err_code messages_ping(struct call *call, struct err *err);
enum err_code partners_test(struct call *call, struct err *err);
enum err_code evidence_export(struct call *call, struct err *err);
enum err_code timeline_get(struct call *call, struct err *err);
enum err_code events_list(struct call *call, struct err *err);
enum err_code events_stream(struct call *call, struct err *err);
enum err_code events_digest(struct call *call, struct err *err);
enum err_code webhooks_add(struct call *call, struct err *err);
enum err_code webhooks_list(struct call *call, struct err *err);
enum err_code webhooks_get(struct call *call, struct err *err);
enum err_code webhooks_remove(struct call *call, struct err *err);
enum err_code webhooks_pause(struct call *call, struct err *err);
enum err_code webhooks_resume(struct call *call, struct err *err);
enum err_code webhooks_rotate(struct call *call, struct err *err);
enum err_code webhooks_redeliver(struct call *call, struct err *err);
enum err_code webhooks_deliveries(struct call *call, struct err *err);
enum err_code partners_add(struct call *call, struct err *err);
enum err_code partners_list(struct call *call, struct err *err);
enum err_code partners_get(struct call *call, struct err *err);
enum err_code partners_change(struct call *call, struct err *err);
enum err_code partners_suspend(struct call *call, struct err *err);
enum err_code partners_resume(struct call *call, struct err *err);
enum err_code partners_certify(struct call *call, struct err *err);
enum err_code partners_withdraw(struct call *call, struct err *err);
enum err_code notices_send(struct call *call, struct err *err);
enum err_code notices_list(struct call *call, struct err *err);
enum err_code links_get(struct call *call, struct err *err);
enum err_code cards_own(struct call *call, struct err *err);
enum err_code cards_check(struct call *call, struct err *err);
enum err_code cards_import(struct call *call, struct err *err);
enum err_code cards_get(struct call *call, struct err *err);
enum err_code cards_approve(struct call *call, struct err *err);
enum err_code cards_reject(struct call *call, struct err *err);
enum err_code agreements_import(struct call *call, struct err *err);
enum err_code agreements_check(struct call *call, struct err *err);
enum err_code agreements_list(struct call *call, struct err *err);
enum err_code agreements_get(struct call *call, struct err *err);
enum err_code agreements_original(struct call *call, struct err *err);
enum err_code agreements_withdraw(struct call *call, struct err *err);
enum err_code agreements_propose(struct call *call, struct err *err);
enum err_code activations_list(struct call *call, struct err *err);
enum err_code activations_of(struct call *call, struct err *err);
enum err_code activations_put(struct call *call, struct err *err);
enum err_code organisations_add(struct call *call, struct err *err);
enum err_code organisations_list(struct call *call, struct err *err);
enum err_code tasks_list(struct call *call, struct err *err);
enum err_code strangers_list(struct call *call, struct err *err);
enum err_code refusals_list(struct call *call, struct err *err);
enum err_code refusals_received(struct call *call, struct err *err);
enum err_code refusals_error(struct call *call, struct err *err);
enum err_code catch_ups_list(struct call *call, struct err *err);
/* Those that are open, without what is left of them. */
enum err_code catch_ups_open(struct tx *tx, struct arena *arena, struct catch_up_list_view *open,
			     struct err *err) MUST_USE;
enum err_code catch_ups_begin(struct call *call, struct err *err);
enum err_code catch_ups_end(struct call *call, struct err *err);
enum err_code status_get(struct call *call, struct err *err);
enum err_code journal_check(struct call *call, struct err *err);
enum err_code reads_list(struct call *call, struct err *err);
enum err_code keys_reread(struct call *call, struct err *err);
enum err_code editions_import(struct call *call, struct err *err);
enum err_code editions_list(struct call *call, struct err *err);
enum err_code editions_get(struct call *call, struct err *err);
enum err_code editions_decide(struct call *call, struct err *err);
enum err_code holds_put(struct call *call, struct err *err);
enum err_code holds_list(struct call *call, struct err *err);
enum err_code holds_lift(struct call *call, struct err *err);
enum err_code retention_due(struct call *call, struct err *err);
enum err_code retention_run(struct call *call, struct err *err);
enum err_code archives_sign(struct call *call, struct err *err);
enum err_code archives_note(struct call *call, struct err *err);
enum err_code openapi_get(struct call *call, struct err *err);
enum err_code users_add(struct call *call, struct err *err);
enum err_code users_list(struct call *call, struct err *err);
enum err_code users_get(struct call *call, struct err *err);
enum err_code users_change(struct call *call, struct err *err);
enum err_code users_password(struct call *call, struct err *err);
enum err_code tokens_add(struct call *call, struct err *err);
enum err_code tokens_list(struct call *call, struct err *err);
enum err_code tokens_revoke(struct call *call, struct err *err);
enum err_code roles_list(struct call *call, struct err *err);
enum err_code drop_list(struct call *call, struct err *err);
enum err_code me_get(struct call *call, struct err *err);

#endif
