/* Routes: a row each, in the api.c of a capability or in src/api, and what the handlers of the rows are given and may
 * call. What a row says (permission, parameters, media types, status) the router enforces (src/api) and OpenAPI prints.
 *
 * A capability lists its rows, ended by one without a method, as .routes in its capability.c. */
#ifndef INTERFACE_ROUTE_H
#define INTERFACE_ROUTE_H

#include "base/findings.h"
#include "interface/view.h"
#include "kernel/kernel.h"

enum { CALL_PARAMETERS = 4, PAGE_DEFAULT = 100, PAGE_LIMIT = 500, CALL_JSON_MAX = 8 << 20 };

struct call;
struct document;
struct machine;

/* --- What may stand in a query ---
 *
 * A route names the rows of the parameters that it takes; anything else is refused, because a mistyped filter that
 * counts as none would show more than was asked for. A value that nothing can have is refused, too: an empty list would
 * say that there is nothing. */
enum query_kind {
	QUERY_TEXT,   /* any */
	QUERY_WORD,   /* one of some */
	QUERY_FLAG,   /* true, false */
	QUERY_COUNT,  /* 1 to PAGE_LIMIT */
	QUERY_CURSOR, /* a whole number that a page before it gave */
	QUERY_DIGEST, /* SHA-256, 64 hexadecimal digits */
	QUERY_DAY,    /* 2026-11-02 */
};

/* What a word may be, each once. */
struct query_words {
	struct arena *arena;
	const char *wanted; /* NULL: all are wanted */
	bool known;         /* .wanted is one of them */
	const char *list;   /* for people; NULL: there is none */
};
/* One of them is TEXT, which has no comma; again is no harm. */
void query_word(struct query_words *words, const char *text);
/* They are the states of MACHINE. */
void query_states(struct query_words *words, const struct machine *machine);

struct query_row {
	const char *name;
	enum query_kind kind;
	const char *summary;
	bool cursor; /* says where the page begins */
	/* Of QUERY_WORD: the words, separated by a space … */
	const char *among;
	/* … or what names them; by the program alone if .fixed, else also by what the node has, in TX. */
	enum err_code (*words)(struct tx *tx, const struct call *call, struct query_words *words, struct err *err);
	bool fixed;
	const char *what; /* what one of them is called: "partner" */
	const char *more; /* how there would be one more; NULL */
};
/* Those that several routes take; what one alone takes stands beside its row. */
extern const struct query_row query_organisation, query_partner, query_type, query_direction, query_before, query_limit,
	query_purpose;
/* .words of a parameter with which a page begins: an id that a page before it gave. */
enum err_code query_ids(struct tx *tx, const struct call *call, struct query_words *words, struct err *err) MUST_USE;

#define QUERY(...) ((const struct query_row *const[]){ __VA_ARGS__, NULL })
#define PAGES      &query_before, &query_limit

/* --- Rows --- */

struct route {
	const char *method, *path; /* "/api/v1/documents/{document}" */
	const char *operation;     /* operationId */
	const char *summary;
	const char *permission; /* kernel/user.h; "": whoever has logged in, for what is theirs */
	enum err_code (*handle)(struct call *call, struct err *err);
	const struct schema *request, *response; /* NULL: no body, or not JSON */
	const struct query_row *const *query;    /* QUERY(…): the parameters that it takes; NULL: none */
	int status;                              /* of success; 0: 200 */
	const char *takes, *gives;               /* media types of bodies that are not JSON; NULL: JSON or none */
	bool document;                           /* its JSON is that of a document, of any type */
	bool repeatable;                         /* takes an Idempotency-Key: what it does, it does once a key */
	bool password;                           /* whoever asks may log in with name and password */
};
bool route_takes(const struct route *route, const struct query_row *parameter);

/* --- A call: what a handler is given, and what it leaves behind --- */

/* What only the levels above can do for a call; src/api has the functions. */
struct router {
	/* HTTP, for call_query(), call_header(), call_precondition(), call_answer(), call_answer_page(): where what was
	 * MADE is found, and the NEXT page. */
	const char *(*query)(const struct call *call, const char *name);
	enum err_code (*header)(struct call *call, const char *name, const char *value, struct err *err);
	enum err_code (*precondition)(struct call *call, const void *record, struct err *err);
	enum err_code (*made)(struct call *call, const void *record, struct err *err);
	enum err_code (*next)(struct call *call, const char *next, struct err *err);
	/* The shapes of national systems (?map=), for the routes of documents: which mappings there are; takes the
	 * documents in the body; answers with DOCUMENT, whose exact bytes are ORIGINAL. */
	enum err_code (*maps)(const struct call *call, struct query_words *words, struct err *err);
	enum err_code (*take_mapped)(struct call *call, struct err *err);
	enum err_code (*give_mapped)(struct call *call, const struct document *document, struct bytes original,
				     struct err *err);
};

struct asked;
struct call {
	const struct router *router;
	struct asked *asked; /* the router's own: HTTP, and how whoever asks has logged in */
	const struct route *route;
	struct kernel *kernel;
	struct arena *arena;
	const char *method;                      /* of the request: HEAD runs the handler of GET */
	const char *parameters[CALL_PARAMETERS]; /* of the path, in order */
	struct bytes body;
	struct actor actor;    /* .organisation: it sees what that one keeps, NULL: everything that the routes show */
	const char *roles;     /* NULL: whoever may open the administration socket may do everything */
	const char *purposes;  /* for which documents are read here, with ", " between them; NULL: none are known */
	bool purpose_required; /* nothing of a document is shown that the journal does not say */
	int64_t now_us;
	/* The handler's to fill. */
	struct findings *findings; /* with errors in it, the answer is a problem 422 that lists them */
	struct buf *out;           /* the body of the answer */
	int status;                /* the route's unless set */
	const char *content_type;  /* application/json unless set */
};

/* --- What is asked for --- */

/* The query parameter NAME, as it was checked; NULL. The arena's. */
const char *call_query(const struct call *call, const char *name);
bool call_flag(const struct call *call, const char *name);
/* ?limit=, or PAGE_DEFAULT. */
size_t call_limit(const struct call *call);
/* Whose things are asked for: those of the asker's organisation, or of ?organisation=; NULL: of all. */
const char *call_organisation(const struct call *call);
/* Reads the JSON body into RECORD by the route's request schema; findings for what is wrong with it. */
enum err_code call_read(struct call *call, void *record, struct err *err) MUST_USE;
/* In the transaction of a change, before it: RECORD, what the route answers with, is what If-Match says, if it says
 * something. ERR_PRECONDITION. */
enum err_code call_precondition(struct call *call, const void *record, struct err *err) MUST_USE;

/* --- Who asks --- */

/* Whether what ORGANISATION keeps (NULL: the node) is for the eyes of whoever asks. */
bool call_sees(const struct call *call, const char *organisation);
/* Whether whoever asks has PERMISSION, for what the route's own does not say. */
bool call_may(const struct call *call, const char *permission);
/* Notes in the journal that whoever asks is shown what SUBJECT says, and for what: once for each purpose, however often
 * he comes back, so that a program which follows the feed and reads what it names comes to an end. With HEAD nobody is
 * shown anything. A full disk keeps no officer from what he has to read, and then the log alone names him; where the
 * purpose is required, so is the journal: ERR_DISK_FULL. */
enum err_code call_shown(const struct call *call, const char *subject_type, const char *subject,
			 const char *organisation, struct err *err) MUST_USE;

/* --- What is answered --- */

/* Answers with RECORD by the route's response schema. */
enum err_code call_answer(struct call *call, const void *record, struct err *err) MUST_USE;
/* FINDINGS as they are answered. The arena's. */
enum err_code call_show_findings(struct call *call, const struct findings *findings, struct finding_view **views,
				 size_t *count, struct err *err) MUST_USE;
/* One more header of the answer. VALUE: the arena's or for ever; NULL: there was no memory for it. */
enum err_code call_header(struct call *call, const char *name, const char *value, struct err *err) MUST_USE;

/* A page of an answer: COUNT items as they were read, each shown by SHOW. NEXT: cursor of the next page, or NULL. The
 * route's response schema is a LIST_VIEW. */
struct page {
	const void *items;
	size_t count, item_size, view_size;
	void (*show)(const void *item, void *view);
	const char *next;
};
enum err_code call_answer_page(struct call *call, const struct page *page, struct err *err) MUST_USE;
/* The items of LIST (a struct with .items and .count), shown by SHOW as VIEW. */
#define PAGE(list, view, show_, next_)                                                                                 \
	(&(struct page){ .items = (list).items,                                                                        \
			 .count = (list).count,                                                                        \
			 .item_size = sizeof *(list).items,                                                            \
			 .view_size = sizeof(struct view),                                                             \
			 .show = (show_),                                                                              \
			 .next = (next_) })

#endif
