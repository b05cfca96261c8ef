/* One request on its way through the API. */
#ifndef API_CALL_INT_H
#define API_CALL_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/api.h"
#include "kernel/answer.h"
#include "kernel/capability.h"
#include "kernel/user.h"

enum { CALL_PARAMETERS = 4, PAGE_DEFAULT = 100, PAGE_LIMIT = 500, JSON_MAX = 8 << 20 };

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

struct api_call {
	struct api *api;
	struct kernel *kernel;
	struct arena *arena;
	const struct http_request *request;
	struct http_response *response;
	const struct route *route;
	const char *parameters[CALL_PARAMETERS]; /* of the path, in order */
	struct findings *findings;               /* with errors in it, the answer is a problem 422 that lists them */
	struct actor actor;      /* .organisation: it sees what that one keeps, NULL: everything that the routes show */
	const char *roles;       /* NULL: whoever may open the administration socket may do everything */
	const struct user *user; /* who has logged in; NULL over the administration socket */
	const char *token;       /* by which he has; NULL: by none */
	bool by_password;
	const char *verified; /* the hash that his password fits, when it was looked at */
	bool claimed;         /* .key is: the answer is to be kept under it */
	struct answer_key key;
	int64_t now_us;
	struct buf *out;          /* the body */
	int status;               /* the route's unless set */
	const char *content_type; /* application/json unless set */
};

/* --- Stages of the router, in this order --- */

/* Who asks: fills .actor and .roles. A request over the administration socket is the operator's; any other needs a
 * token, or, where the route says so, a name and password. ERR_UNAUTHENTICATED, ERR_TOO_MANY. */
enum err_code call_authenticate(struct api_call *call, struct err *err) MUST_USE;
/* Whether his token may ask again by now: ERR_TOO_MANY. */
enum err_code call_meter(struct api_call *call, struct err *err) MUST_USE;
/* Whether he may ask for this route: ERR_DENIED. */
enum err_code call_authorise(struct api_call *call, struct err *err) MUST_USE;
/* Whether the body says that it is what the route takes: ERR_MEDIA_TYPE. */
enum err_code call_check_type(struct api_call *call, struct err *err) MUST_USE;
/* Findings for parameters that the route does not take, and for values that nothing can have. */
enum err_code call_check_query(struct api_call *call, struct err *err) MUST_USE;

/* A condition is refused where nobody looks at it: ERR_PRECONDITION. */
enum err_code call_check_conditions(const struct api_call *call, struct err *err) MUST_USE;
/* Takes the Idempotency-Key, if there is one; ANSWERED: the request was answered before, and is now as it was then. A
 * finding, if the key is another request's. */
enum err_code call_claim(struct api_call *call, bool *answered, struct err *err) MUST_USE;
/* After the handler: names the version that is shown; 304 if the caller has it already. */
enum err_code call_validate(struct api_call *call, struct err *err) MUST_USE;
/* At the end: keeps the answer under the key if something was DONE; else the key is free again. */
void call_settle(struct api_call *call, bool done);

/* --- For handlers --- */

/* One more header of the answer. VALUE: the arena's or for ever; NULL: there was no memory for it. */
enum err_code call_header(struct api_call *call, const char *name, const char *value, struct err *err) MUST_USE;
/* In the transaction of a change, before it: RECORD, what the route answers with, is what If-Match says, if it says
 * something. ERR_PRECONDITION. */
enum err_code call_precondition(struct api_call *call, const void *record, struct err *err) MUST_USE;

/* Whether what ORGANISATION keeps (NULL: the node) is for the eyes of whoever asks. */
bool call_sees(const struct api_call *call, const char *organisation);
/* Notes in the journal that whoever asks is shown what SUBJECT says, and for what: once for each purpose, however often
 * he comes back, so that a program which follows the feed and reads what it names comes to an end. With HEAD nobody is
 * shown anything. A full disk keeps no officer from what he has to read: then the log alone names him. */
enum err_code call_shown(const struct api_call *call, const char *subject_type, const char *subject,
			 const char *organisation, struct err *err) MUST_USE;
/* Whether whoever asks has PERMISSION, for what the route's own does not say. */
bool call_may(const struct api_call *call, const char *permission);
/* A name and a password, wherever they are tried. */
struct login {
	const char *name, *password;
	const char *hash;        /* what the password has to fit; NULL: nothing does */
	const struct user *user; /* whose name it is; NULL: nobody's */
};
/* Whether the password is the right one. Wrong ones are counted, told in the log and, when the name has to wait for the
 * next one, in the journal: ERR_TOO_MANY while it waits. */
enum err_code call_password(struct api_call *call, const struct login *login, bool *right, struct err *err) MUST_USE;
/* How many were refused since the start. */
int64_t call_logins_refused(struct api *api);

/* Reads the JSON body into RECORD by the route's request schema; findings for what is wrong with it. */
enum err_code call_read(struct api_call *call, void *record, struct err *err) MUST_USE;
/* Says where what was made, RECORD of the route's response schema, is found, if there is a route for it. */
enum err_code call_locate(struct api_call *call, const void *record, struct err *err) MUST_USE;
/* The route that shows one of what ROUTE makes; NULL if it makes nothing, or there is no such route. */
const struct route *route_of_made(const struct route *route);
/* Answers with RECORD by the route's response schema. */
enum err_code call_answer(struct api_call *call, const void *record, struct err *err) MUST_USE;
/* FINDINGS as they are answered. The arena's. */
enum err_code call_show_findings(struct api_call *call, const struct findings *findings, struct finding_view **views,
				 size_t *count, struct err *err) MUST_USE;
/* The query parameter NAME, or NULL. */
const char *call_query(const struct api_call *call, const char *name);
bool call_flag(const struct api_call *call, const char *name);
/* ?limit=, or PAGE_DEFAULT. */
size_t call_limit(const struct api_call *call);
/* Whose things are asked for: those of the asker's organisation, or of ?organisation=; NULL: of all. */
const char *call_organisation(const struct api_call *call);

/* The id of the message that NAME means: its id or its document's, eb:MessageId, or a reference that only one document
 * has. ERR_NOT_FOUND. */
enum err_code call_message(struct api_call *call, const char *name, const char **id, struct err *err) MUST_USE;

/* A page of an answer: COUNT items as they were read, each shown by SHOW. NEXT: cursor of the next page, or NULL. The
 * route's response schema is a LIST_VIEW. */
struct page {
	const void *items;
	size_t count, item_size, view_size;
	void (*show)(const void *item, void *view);
	const char *next;
};
enum err_code call_answer_page(struct api_call *call, const struct page *page, struct err *err) MUST_USE;
/* The items of LIST (a struct with .items and .count), shown by SHOW as VIEW. */
#define PAGE(list, view, show_, next_)                                                                                 \
	(&(struct page){ .items = (list).items,                                                                        \
			 .count = (list).count,                                                                        \
			 .item_size = sizeof *(list).items,                                                            \
			 .view_size = sizeof(struct view),                                                             \
			 .show = (show_),                                                                              \
			 .next = (next_) })

/* A cursor of tasks is the id of the last one, behind this if it was done: the open ones come first, and one that is
 * done meanwhile must not take the page with it. */
#define TASK_CURSOR_DONE "done:"

/* The words that the parameter BIT takes, with ", " between them; NULL if that depends on the node's data. The arena's.
 */
const char *query_words(struct arena *arena, struct kernel *kernel, enum query_bit bit);

/* Handlers, by subject. */
enum err_code documents_submit(struct api_call *call, struct err *err);
enum err_code documents_list(struct api_call *call, struct err *err);
enum err_code documents_get(struct api_call *call, struct err *err);
enum err_code documents_original(struct api_call *call, struct err *err);
enum err_code documents_content(struct api_call *call, struct err *err);
enum err_code documents_seen(struct api_call *call, struct err *err);
/* Of a route with ?map=, which is given: in the national shape. */
enum err_code maps_submit(struct api_call *call, struct err *err);
enum err_code maps_content(struct api_call *call, const struct document *document, struct bytes original,
			   struct err *err);
enum err_code papers_accept(struct api_call *call, struct err *err);
enum err_code papers_list(struct api_call *call, struct err *err);
enum err_code papers_get(struct api_call *call, struct err *err);
enum err_code papers_close(struct api_call *call, struct err *err);
enum err_code messages_list(struct api_call *call, struct err *err);
enum err_code messages_get(struct api_call *call, struct err *err);
enum err_code messages_decide(struct api_call *call, struct err *err);
enum err_code messages_ping(struct api_call *call, struct err *err);
enum err_code partners_test(struct api_call *call, struct err *err);
enum err_code evidence_export(struct api_call *call, struct err *err);
enum err_code timeline_get(struct api_call *call, struct err *err);
enum err_code events_list(struct api_call *call, struct err *err);
enum err_code events_stream(struct api_call *call, struct err *err);
enum err_code events_digest(struct api_call *call, struct err *err);
enum err_code webhooks_add(struct api_call *call, struct err *err);
enum err_code webhooks_list(struct api_call *call, struct err *err);
enum err_code webhooks_get(struct api_call *call, struct err *err);
enum err_code webhooks_remove(struct api_call *call, struct err *err);
enum err_code webhooks_pause(struct api_call *call, struct err *err);
enum err_code webhooks_resume(struct api_call *call, struct err *err);
enum err_code webhooks_rotate(struct api_call *call, struct err *err);
enum err_code webhooks_redeliver(struct api_call *call, struct err *err);
enum err_code webhooks_deliveries(struct api_call *call, struct err *err);
enum err_code partners_add(struct api_call *call, struct err *err);
enum err_code partners_list(struct api_call *call, struct err *err);
enum err_code partners_get(struct api_call *call, struct err *err);
enum err_code partners_change(struct api_call *call, struct err *err);
enum err_code partners_suspend(struct api_call *call, struct err *err);
enum err_code partners_resume(struct api_call *call, struct err *err);
enum err_code partners_certify(struct api_call *call, struct err *err);
enum err_code partners_withdraw(struct api_call *call, struct err *err);
enum err_code notices_send(struct api_call *call, struct err *err);
enum err_code notices_list(struct api_call *call, struct err *err);
enum err_code links_get(struct api_call *call, struct err *err);
enum err_code cards_own(struct api_call *call, struct err *err);
enum err_code cards_check(struct api_call *call, struct err *err);
enum err_code cards_import(struct api_call *call, struct err *err);
enum err_code cards_get(struct api_call *call, struct err *err);
enum err_code cards_approve(struct api_call *call, struct err *err);
enum err_code cards_reject(struct api_call *call, struct err *err);
enum err_code agreements_import(struct api_call *call, struct err *err);
enum err_code agreements_check(struct api_call *call, struct err *err);
enum err_code agreements_list(struct api_call *call, struct err *err);
enum err_code agreements_get(struct api_call *call, struct err *err);
enum err_code agreements_original(struct api_call *call, struct err *err);
enum err_code agreements_withdraw(struct api_call *call, struct err *err);
enum err_code agreements_propose(struct api_call *call, struct err *err);
enum err_code activations_list(struct api_call *call, struct err *err);
enum err_code activations_of(struct api_call *call, struct err *err);
enum err_code activations_put(struct api_call *call, struct err *err);
enum err_code organisations_add(struct api_call *call, struct err *err);
enum err_code organisations_list(struct api_call *call, struct err *err);
enum err_code tasks_list(struct api_call *call, struct err *err);
enum err_code strangers_list(struct api_call *call, struct err *err);
enum err_code refusals_list(struct api_call *call, struct err *err);
enum err_code refusals_received(struct api_call *call, struct err *err);
enum err_code refusals_error(struct api_call *call, struct err *err);
enum err_code catch_ups_list(struct api_call *call, struct err *err);
/* Those that are open, without what is left of them. */
enum err_code catch_ups_open(struct tx *tx, struct arena *arena, struct catch_up_list_view *open,
			     struct err *err) MUST_USE;
enum err_code catch_ups_begin(struct api_call *call, struct err *err);
enum err_code catch_ups_end(struct api_call *call, struct err *err);
enum err_code status_get(struct api_call *call, struct err *err);
enum err_code journal_check(struct api_call *call, struct err *err);
enum err_code reads_list(struct api_call *call, struct err *err);
enum err_code keys_reread(struct api_call *call, struct err *err);
enum err_code holds_put(struct api_call *call, struct err *err);
enum err_code holds_list(struct api_call *call, struct err *err);
enum err_code holds_lift(struct api_call *call, struct err *err);
enum err_code retention_due(struct api_call *call, struct err *err);
enum err_code retention_run(struct api_call *call, struct err *err);
enum err_code archives_sign(struct api_call *call, struct err *err);
enum err_code archives_note(struct api_call *call, struct err *err);
enum err_code openapi_get(struct api_call *call, struct err *err);
enum err_code users_add(struct api_call *call, struct err *err);
enum err_code users_list(struct api_call *call, struct err *err);
enum err_code users_get(struct api_call *call, struct err *err);
enum err_code users_change(struct api_call *call, struct err *err);
enum err_code users_password(struct api_call *call, struct err *err);
enum err_code tokens_add(struct api_call *call, struct err *err);
enum err_code tokens_list(struct api_call *call, struct err *err);
enum err_code tokens_revoke(struct api_call *call, struct err *err);
enum err_code roles_list(struct api_call *call, struct err *err);
enum err_code drop_list(struct api_call *call, struct err *err);
enum err_code me_get(struct api_call *call, struct err *err);

#endif
