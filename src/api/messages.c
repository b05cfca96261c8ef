/* /api/v1/messages, /timeline, /events */
#include <stdlib.h>

#include "api/call_int.h"
#include "base/text.h"
#include "customs/document/document.h"
#include "kernel/journal.h"

static void show(const void *item, void *view)
{
	const struct message *m = item;
	*(struct message_view *)view = (struct message_view){
		.id = m->id,
		.direction = m->direction,
		.partner = m->partner,
		.organisation = m->organisation,
		.message_id = m->message_id,
		.conversation = m->conversation,
		.position = m->position,
		.action = m->action,
		.document = m->document,
		.state = m->state,
		.attempts = m->attempts,
		.created_us = m->created_us,
		.accepted_us = m->accepted_us,
		.settled_us = m->settled_us,
		.last_error = m->last_error,
		.test = m->test,
		.next_attempt_us = same(m->state, "queued") && !m->claimed && m->next_attempt_us != MESSAGE_PARKED_US
					   ? m->next_attempt_us
					   : TIME_NONE,
	};
}

struct listing {
	struct call *call;
	struct message_filter filter;
	struct message_list list;
};

static enum err_code list(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;
	return message_list(tx, listing->call->arena, &listing->filter, &listing->list, err);
}

enum err_code messages_list(struct call *call, struct err *err)
{
	struct listing listing = { .call = call,
				   .filter = { .direction = call_query(call, "direction"),
					       .partner = call_query(call, "partner"),
					       .organisation = call_organisation(call),
					       .state = call_query(call, "state"),
					       .before = call_query(call, "before"),
					       .limit = call_limit(call) } };
	TRY(db_read(call->kernel->db, list, &listing, err));
	const struct message_list *page = &listing.list;
	bool more = page->count == listing.filter.limit;
	return call_answer_page(call, PAGE(*page, message_view, show, more ? page->items[page->count - 1].id : NULL),
				err);
}

/* What people name in one way or another: a message, and the document that it carries; .id is NULL if there is none. */
struct subject {
	struct message message;
	struct document document;
};

/* Whether MESSAGE, which carries DOCUMENT as far as that may be seen, may be. One that brought a document is for the
 * eyes of whoever keeps that, whomever its sender had addressed. */
static bool may_see(const struct call *call, const struct message *message, const struct document *document)
{
	if (call->actor.organisation && message->document)
		return document->id != NULL;
	return call_sees(call, message->organisation);
}

/* By the id of the message or document, by eb:MessageId, or by a reference that only one document has. What another
 * organisation keeps is not there. */
static enum err_code find_subject(struct tx *tx, const struct call *call, const char *name, struct subject *subject,
				  struct err *err)
{
	const char *organisation = call->actor.organisation;
	struct message message;
	*subject = (struct subject){ 0 };
	TRY(message_find(tx, call->arena, name, &message, err));
	if (message.document)
		TRY(document_find(tx, call->arena, organisation, message.document, &subject->document, err));
	if (message.id && may_see(call, &message, &subject->document)) {
		subject->message = message;
		return OK;
	}
	TRY(document_named(tx, call->arena, organisation, name, &subject->document, err));
	return subject->document.message
		       ? message_find(tx, call->arena, subject->document.message, &subject->message, err)
		       : OK;
}

struct finding_one {
	struct call *call;
	const char *name;
	struct message message;
	bool id_alone; /* what the message holds is not looked at */
	struct message_look look;
	const char *effect;
};

static enum err_code find_one(struct tx *tx, void *arg, struct err *err)
{
	struct finding_one *one = arg;
	struct subject subject;
	TRY(find_subject(tx, one->call, one->name, &subject, err));
	if (!subject.message.id)
		return fail(err, ERR_NOT_FOUND,
			    "there is no message %s; lintas outbox list and lintas inbox list (GET /api/v1/messages) "
			    "show what there is",
			    one->name);
	one->message = subject.message;
	if (one->id_alone)
		return OK;
	TRY(message_effect(tx, one->call->kernel, one->call->arena, &one->message, &one->effect, err));
	return message_look(tx, one->call->arena, one->message.id, &one->look, err);
}

static enum err_code show_wire(struct arena *arena, const struct wire_head *wire, struct wire_view *view,
			       struct err *err)
{
	cert_auto signer = NULL;
	struct err ignored;
	*view = (struct wire_view){ .kind = wire->kind,
				    .at_us = wire->at_us,
				    .bytes = wire->bytes,
				    .digest = wire->digest,
				    .certificate = wire->certificate };
	if (!wire->signer.data || cert_parse(wire->signer, &signer, &ignored) != OK)
		return OK;
	view->signer = arena_text(arena, cert_subject(signer));
	return view->signer ? OK : fail(err, ERR_MEMORY, "no memory for a message");
}

static enum err_code show_look(struct arena *arena, const struct message_look *look, struct message_view *view,
			       struct err *err)
{
	view->parts = arena_array(arena, look->parts_count + 1, sizeof *view->parts);
	view->wires = arena_array(arena, look->wires_count + 1, sizeof *view->wires);
	if (!view->parts || !view->wires)
		return fail(err, ERR_MEMORY, "no memory for a message");
	for (size_t i = 0; i < look->parts_count; i++)
		view->parts[i] = (struct part_view){ .content_id = look->parts[i].content_id,
						     .mime_type = look->parts[i].mime_type,
						     .digest = look->parts[i].digest,
						     .bytes = look->parts[i].bytes,
						     .compressed = look->parts[i].compressed };
	for (size_t i = 0; i < look->wires_count; i++)
		TRY(show_wire(arena, &look->wires[i], &view->wires[i], err));
	view->parts_count = look->parts_count;
	view->wires_count = look->wires_count;
	return OK;
}

static enum err_code answer_message(struct call *call, const char *name, struct err *err)
{
	struct finding_one one = { .call = call, .name = name };
	struct message_view view;
	TRY(db_read(call->kernel->db, find_one, &one, err));
	show(&one.message, &view);
	view.effect = one.effect;
	TRY(show_look(call->arena, &one.look, &view, err));
	return call_answer(call, &view, err);
}

enum err_code call_message(struct call *call, const char *name, const char **id, struct err *err)
{
	struct finding_one one = { .call = call, .name = name, .id_alone = true };
	TRY(db_read(call->kernel->db, find_one, &one, err));
	*id = one.message.id;
	return OK;
}

enum err_code messages_get(struct call *call, struct err *err)
{
	return answer_message(call, call->parameters[0], err);
}

enum err_code messages_decide(struct call *call, struct err *err)
{
	struct finding_one one = { .call = call, .name = call->parameters[0] };
	const char *decision = strrchr(call->route->path, '/') + 1;
	TRY(db_read(call->kernel->db, find_one, &one, err));
	TRY(outbox_decide(call->kernel, one.message.id, decision, &call->actor, call->now_us, call->findings, err));
	return findings_errors(call->findings) ? OK : answer_message(call, one.message.id, err);
}

enum err_code messages_ping(struct call *call, struct err *err)
{
	const char *id = NULL;
	TRY(messaging_ping(call->asked->api->options.messaging, call->arena, call->parameters[0], &call->actor,
			   call->now_us, &id, err));
	return answer_message(call, id, err);
}

/* Blocks this worker for as long as the partner takes, up to a minute. */
enum err_code partners_test(struct call *call, struct err *err)
{
	struct partner_test test;
	if (!call->asked->api->options.running)
		return fail(err, ERR_BUSY, "a partner is tested by the running node: start it with lintas serve");
	TRY(messaging_partner_test(call->asked->api->options.messaging, call->arena, call->parameters[0], &test, err));
	return call_answer(call, &test, err);
}

static void show_event(const void *item, void *view)
{
	*(struct event_view *)view = event_of(item);
}

static enum err_code answer_events(struct call *call, const struct journal_list *list, const char *next,
				   struct err *err)
{
	struct page page = { .items = list->entries,
			     .count = list->count,
			     .item_size = sizeof *list->entries,
			     .view_size = sizeof(struct event_view),
			     .show = show_event,
			     .next = next };
	return call_answer_page(call, &page, err);
}

struct events {
	struct call *call;
	int64_t after; /* the cursor */
	size_t limit;
	struct journal_list list;
};

static enum err_code events_after(struct tx *tx, void *arg, struct err *err)
{
	struct events *events = arg;
	int64_t sequence;
	TRY(journal_number_read(tx, events->after, &sequence, err));
	return journal_after(tx, events->call->arena, sequence, call_organisation(events->call), events->limit,
			     &events->list, err);
}

enum err_code events_list(struct call *call, struct err *err)
{
	struct events events = { .call = call, .limit = call_limit(call) };
	const char *after = call_query(call, "after");
	if (after && !int64_parse(after, &events.after))
		return fail(err, ERR_INTERNAL, "the cursor %s was not checked", after);
	TRY(db_read(call->kernel->db, events_after, &events, err));
	const struct journal_list *list = &events.list;
	const char *next = list->count
				   ? arena_printf(call->arena, "%lld", (long long)list->entries[list->count - 1].number)
				   : NULL;
	return answer_events(call, list, next, err);
}

static int by_time(const void *a, const void *b)
{
	const struct journal_entry *x = a, *y = b;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* The entries of ITS that whoever asks may see: all about what his organisation keeps, else its own. */
static size_t add_entries(const struct call *call, bool kept, const struct journal_list *its, struct journal_entry *all)
{
	size_t count = 0;
	for (size_t i = 0; i < its->count; i++)
		if (kept || call_sees(call, its->entries[i].organisation))
			all[count++] = its->entries[i];
	return count;
}

/* A document's timeline is its own and that of the message that carries it, whichever of the two was asked for: one
 * story for people. What is neither may have entries all the same: a partner, a key. */
static enum err_code timeline(struct tx *tx, void *arg, struct err *err)
{
	struct events *events = arg;
	struct call *call = events->call;
	const char *name = call->parameters[0];
	struct journal_list lists[2] = { { 0 }, { 0 } };
	struct subject subject;
	struct paper paper = { 0 };
	TRY(find_subject(tx, call, name, &subject, err));
	const char *ids[2] = { subject.message.id, subject.document.id };
	bool kept = ids[0] || ids[1];
	if (!kept)
		TRY(paper_named(tx, call->arena, call->actor.organisation, name, &paper, err));
	if (!kept)
		ids[0] = paper.id ? paper.id : name;
	for (size_t i = 0; i < COUNT(ids); i++)
		if (ids[i])
			TRY((kept ? journal_of : journal_of_partner)(tx, call->arena, ids[i], events->limit, &lists[i],
								     err));
	struct journal_entry *all = arena_array(call->arena, lists[0].count + lists[1].count + 1, sizeof *all);
	if (!all)
		return fail(err, ERR_MEMORY, "no memory for a timeline");
	size_t count = add_entries(call, kept, &lists[0], all);
	count += add_entries(call, kept, &lists[1], all + count);
	if (!count)
		return fail(err, ERR_NOT_FOUND, "nothing is known of %s", name);
	qsort(all, count, sizeof *all, by_time);
	events->list = (struct journal_list){ .entries = all, .count = count };
	return OK;
}

enum err_code timeline_get(struct call *call, struct err *err)
{
	struct events events = { .call = call, .limit = PAGE_LIMIT };
	TRY(db_read(call->kernel->db, timeline, &events, err));
	return answer_events(call, &events.list, NULL, err);
}
