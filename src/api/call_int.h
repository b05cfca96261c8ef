/* One request on its way through the API. */
#ifndef API_CALL_INT_H
#define API_CALL_INT_H

#include "api/api.h"
#include "kernel/capability.h"

enum { CALL_PARAMETERS = 4, PAGE_DEFAULT = 100, PAGE_LIMIT = 500 };

struct api {
	struct api_options options;
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
	struct actor actor;
	int64_t now_us;
	struct buf *out;          /* the body */
	int status;               /* 200 unless set */
	const char *content_type; /* application/json unless set */
};

/* Reads the JSON body into RECORD by the route's request schema; findings for what is wrong with it. */
enum err_code call_read(struct api_call *call, void *record, struct err *err) MUST_USE;
/* Answers with RECORD by the route's response schema. */
enum err_code call_answer(struct api_call *call, const void *record, struct err *err) MUST_USE;
/* The query parameter NAME, or NULL. */
const char *call_query(const struct api_call *call, const char *name);
/* The page size asked for: ?limit=, 1 to PAGE_LIMIT; a finding if it is something else. */
size_t call_limit(struct api_call *call);
/* Findings for the values of ?direction=, ?state=, ?partner=, ?organisation= and ?type= that nothing can have. */
enum err_code call_filters(struct api_call *call, struct err *err) MUST_USE;

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

/* Handlers, by subject. */
enum err_code documents_submit(struct api_call *call, struct err *err);
enum err_code documents_list(struct api_call *call, struct err *err);
enum err_code documents_get(struct api_call *call, struct err *err);
enum err_code documents_original(struct api_call *call, struct err *err);
enum err_code documents_seen(struct api_call *call, struct err *err);
enum err_code messages_list(struct api_call *call, struct err *err);
enum err_code messages_get(struct api_call *call, struct err *err);
enum err_code messages_decide(struct api_call *call, struct err *err);
enum err_code messages_ping(struct api_call *call, struct err *err);
enum err_code evidence_export(struct api_call *call, struct err *err);
enum err_code timeline_get(struct api_call *call, struct err *err);
enum err_code events_list(struct api_call *call, struct err *err);
enum err_code partners_add(struct api_call *call, struct err *err);
enum err_code partners_list(struct api_call *call, struct err *err);
enum err_code partners_get(struct api_call *call, struct err *err);
enum err_code partners_change(struct api_call *call, struct err *err);
enum err_code partners_suspend(struct api_call *call, struct err *err);
enum err_code partners_resume(struct api_call *call, struct err *err);
enum err_code partners_certify(struct api_call *call, struct err *err);
enum err_code partners_withdraw(struct api_call *call, struct err *err);
enum err_code organisations_add(struct api_call *call, struct err *err);
enum err_code organisations_list(struct api_call *call, struct err *err);
enum err_code tasks_list(struct api_call *call, struct err *err);
enum err_code strangers_list(struct api_call *call, struct err *err);
enum err_code status_get(struct api_call *call, struct err *err);
enum err_code journal_check(struct api_call *call, struct err *err);
enum err_code keys_reread(struct api_call *call, struct err *err);

#endif
