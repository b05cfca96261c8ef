/* The event feed as it grows: server-sent events (WHATWG HTML, 9.2), and the digests by which whoever follows it knows
 * that nothing is missing (kernel/event.h; docs/webhooks.md). */
#include <inttypes.h>
#include <stdio.h>

#include "api/call_int.h"
#include "base/log.h"
#include "base/text.h"

#define POLL_US         (SECOND_US / 2)
#define HEARTBEAT_US    (15 * SECOND_US)    /* shorter than any proxy's patience */
#define STEP_BYTES      ((size_t)8 << 20)   /* a page of events */
#define EVENT_BYTES     ((size_t)128 << 10) /* of one event's JSON */
#define DIGEST_SPAN_MAX 100000              /* events behind one digest that is asked for */

enum { AT_A_TIME = 100 }; /* events, and those of one digest */

/* One who follows. Lives in the arena of the request, of which everything is known until the end. */
struct following {
	struct api *api;
	const struct http_request *request;
	const struct route *route;
	const char *organisation, *actor;
	struct http_stream stream;
	struct event_chain chain;
	int64_t cursor;       /* a sequence */
	int64_t heartbeat_us; /* monotonic: when something is said at the latest */
	size_t place;         /* among the followers */
};

/* --- How many there may be --- */

/* False if all places are taken, or those of ACTOR. */
static bool take_place(struct api *api, const char *actor, size_t *place)
{
	struct followers *followers = &api->followers;
	size_t mine = 0, vacant = FOLLOWERS_MAX;
	pthread_mutex_lock(&followers->lock);
	for (size_t i = 0; i < FOLLOWERS_MAX; i++) {
		mine += followers->actors[i] && same(followers->actors[i], actor);
		vacant = !followers->actors[i] && vacant == FOLLOWERS_MAX ? i : vacant;
	}
	bool taken = vacant < FOLLOWERS_MAX && mine < FOLLOWERS_OF_ONE;
	if (taken)
		followers->actors[vacant] = actor;
	pthread_mutex_unlock(&followers->lock);
	*place = vacant;
	return taken;
}

static void end_following(void *arg)
{
	const struct following *f = arg;
	pthread_mutex_lock(&f->api->followers.lock);
	f->api->followers.actors[f->place] = NULL;
	pthread_mutex_unlock(&f->api->followers.lock);
}

/* --- What is sent --- */

/* A token may have ended meanwhile, and a role been taken away. */
static bool still_may(const struct following *f, struct arena *arena)
{
	struct err err = { 0 };
	struct http_response response = { 0 };
	struct asked asked = { .api = f->api, .request = f->request, .response = &response };
	struct call call = { .router = &api_router,
			     .asked = &asked,
			     .kernel = f->api->options.kernel,
			     .arena = arena,
			     .route = f->route,
			     .now_us = clock_now_us(f->api->options.kernel->clock) };
	return call_authenticate(&call, &err) == OK && call_authorise(&call, &err) == OK;
}

struct page_read {
	struct arena *arena;
	int64_t after;
	const char *organisation;
	size_t limit;
	struct journal_list list;
};

static enum err_code read_page(struct tx *tx, void *arg, struct err *err)
{
	struct page_read *page = arg;
	return journal_after(tx, page->arena, page->after, page->organisation, page->limit, &page->list, err);
}

static void put_digest(struct following *f, struct buf *out)
{
	char hex[SHA256_HEX_SIZE];
	const struct event_digest_view view = event_digest_of(&f->chain, hex);
	if (!f->chain.count)
		return;
	buf_puts(out, "event: digest\ndata: ");
	field_put_json(out, &event_digest_schema, &view);
	buf_puts(out, "\n\n");
	event_chain_begin(&f->chain, f->chain.until);
}

static enum err_code put_event(struct following *f, const struct event_view *event, struct buf *out, struct err *err)
{
	buf_auto json;
	buf_init(&json, EVENT_BYTES);
	field_put_json(&json, &event_schema, event);
	TRY(buf_check(&json, "an event", err));
	TRY(event_chain_add(&f->chain, event, err));
	buf_printf(out, "id: %" PRId64 "\ndata: ", event->sequence);
	buf_put_bytes(out, buf_bytes(&json));
	buf_puts(out, "\n\n");
	if (f->chain.count == AT_A_TIME)
		put_digest(f, out);
	return OK;
}

/* FULL: there may be more. */
static enum err_code put_page(struct following *f, struct arena *arena, struct buf *out, bool *full, struct err *err)
{
	struct page_read page = {
		.arena = arena, .after = f->cursor, .organisation = f->organisation, .limit = AT_A_TIME
	};
	TRY(db_read(f->api->options.kernel->db, read_page, &page, err));
	for (size_t i = 0; i < page.list.count; i++) {
		const struct event_view event = event_of(&page.list.entries[i]);
		TRY(put_event(f, &event, out, err));
		f->cursor = page.list.entries[i].sequence;
	}
	*full = page.list.count == AT_A_TIME;
	return OK;
}

/* A fault ends the stream: whoever follows comes again, with the cursor that he has. */
static bool more(void *arg, struct buf *out, int64_t *again_us)
{
	struct following *f = arg;
	struct err err = { 0 };
	arena_auto arena = arena_new(STEP_BYTES);
	int64_t now_us = clock_monotonic_us();
	bool beat = now_us >= f->heartbeat_us, full = false;
	if (!arena || (beat && !still_may(f, arena)))
		return false;
	if (put_page(f, arena, out, &full, &err) != OK) {
		LOG(LOG_ERROR, "stream.failed", LOG_TEXT("actor", f->actor), LOG_ERR(&err));
		buf_clear(out);
		return false;
	}
	if (beat) {
		put_digest(f, out);
		buf_puts(out, ": still here\n\n");
		f->heartbeat_us = now_us + HEARTBEAT_US;
	}
	/* Who is behind waits for no clock; streams are asked in the order in which they are due, so none for him. */
	*again_us = full ? 0 : POLL_US;
	return true;
}

/* --- Requests --- */

struct cursor_reading {
	int64_t number, sequence;
};

static enum err_code cursor_run(struct tx *tx, void *arg, struct err *err)
{
	struct cursor_reading *reading = arg;
	return journal_number_read(tx, reading->number, &reading->sequence, err);
}

static enum err_code cursor_read(struct call *call, int64_t number, int64_t *sequence, struct err *err)
{
	struct cursor_reading reading = { .number = number };
	TRY(db_read(call->kernel->db, cursor_run, &reading, err));
	*sequence = reading.sequence;
	return OK;
}

/* Who comes again says where he was (WHATWG HTML 9.2.4), in place of where he began. */
static enum err_code begin_at(struct call *call, int64_t *cursor, struct err *err)
{
	const char *last = http_header(call->asked->request, "Last-Event-ID");
	const char *after = last && *last ? last : call_query(call, "after");
	if (after && (!int64_parse(after, cursor) || *cursor < 0))
		return fail(err, ERR_USAGE, "Last-Event-ID is the id of an event of this stream, not %s", after);
	return OK;
}

/* Nothing happens on a stopped node: a page, and that is all. */
static enum err_code answer_once(struct call *call, struct following *f, struct err *err)
{
	bool full;
	TRY(put_page(f, call->arena, call->out, &full, err));
	put_digest(f, call->out);
	buf_puts(call->out, ": the node is stopped, come again behind the last id\n\n");
	return buf_check(call->out, "the stream", err);
}

enum err_code events_stream(struct call *call, struct err *err)
{
	int64_t after = 0;
	struct following *f = arena_alloc(call->arena, sizeof *f);
	if (!f)
		return fail(err, ERR_MEMORY, "no memory for a stream");
	*f = (struct following){ .api = call->asked->api,
				 .request = call->asked->request,
				 .route = call->route,
				 .organisation = call_organisation(call),
				 .actor = call->actor.name,
				 .heartbeat_us = clock_monotonic_us() + HEARTBEAT_US };
	f->stream = (struct http_stream){ .more = more, .end = end_following, .arg = f };
	TRY(begin_at(call, &after, err));
	TRY(cursor_read(call, after, &f->cursor, err));
	event_chain_begin(&f->chain, after);
	call->content_type = "text/event-stream";
	if (!call->asked->api->options.running)
		return answer_once(call, f, err);
	if (same(call->method, "HEAD"))
		return OK;
	if (!take_place(call->asked->api, f->actor, &f->place))
		return fail(err, ERR_BUSY, "%d streams are open, or %d of %s: close one, or read GET /api/v1/events",
			    FOLLOWERS_MAX, FOLLOWERS_OF_ONE, f->actor);
	call->asked->response->stream = &f->stream;
	return OK;
}

/* Page by page, each in a transaction of its own: what is sealed does not change. */
static enum err_code chain_up(struct call *call, struct event_chain *chain, int64_t after, int64_t until,
			      struct err *err)
{
	for (bool on = true; on;) {
		arena_auto arena = arena_new(STEP_BYTES);
		struct page_read page = {
			.arena = arena, .after = after, .organisation = call_organisation(call), .limit = PAGE_LIMIT
		};
		if (!arena)
			return fail(err, ERR_MEMORY, "no memory for a digest");
		TRY(db_read(call->kernel->db, read_page, &page, err));
		on = page.list.count == PAGE_LIMIT;
		for (size_t i = 0; i < page.list.count; i++) {
			const struct event_view event = event_of(&page.list.entries[i]);
			if (event.sequence > until)
				return OK;
			if (chain->count == DIGEST_SPAN_MAX)
				return fail(
					err, ERR_LIMIT,
					"there are more than %d events between the cursors: ask for digests of parts",
					DIGEST_SPAN_MAX);
			TRY(event_chain_add(chain, &event, err));
			after = page.list.entries[i].sequence;
		}
	}
	return OK;
}

enum err_code events_digest(struct call *call, struct err *err)
{
	const char *after = call_query(call, "after"), *until = call_query(call, "until");
	int64_t from = 0, to = INT64_MAX, sequence;
	struct event_chain chain;
	char hex[SHA256_HEX_SIZE];
	if ((after && !int64_parse(after, &from)) || (until && !int64_parse(until, &to)))
		return fail(err, ERR_INTERNAL, "the cursors %s and %s were not checked", after, until);
	TRY(cursor_read(call, from, &sequence, err));
	event_chain_begin(&chain, from);
	TRY(chain_up(call, &chain, sequence, to, err));
	const struct event_digest_view view = event_digest_of(&chain, hex);
	return call_answer(call, &view, err);
}
