/* /api/v1/audit/reads: who has read what, and for what. */
#include "api/call_int.h"
#include "customs/document/document.h"
#include "kernel/journal.h"

struct reads {
	struct call *call;
	struct journal_reads asked;
	struct journal_list list;
};

static enum err_code read_reads(struct tx *tx, void *arg, struct err *err)
{
	struct reads *reads = arg;
	struct call *call = reads->call;
	const char *name = call_query(call, "document");
	struct document document = { 0 };
	if (name)
		TRY(document_named(tx, call->arena, call->actor.organisation, name, &document, err));
	if (name && !document.id)
		return fail(err, ERR_NOT_FOUND, "there is no document %s", name);
	reads->asked.subject = document.id;
	return journal_read_by(tx, call->arena, &reads->asked, &reads->list, err);
}

static void show_entry(const void *item, void *view)
{
	*(struct event_view *)view = event_of(item);
}

enum err_code reads_list(struct call *call, struct err *err)
{
	const char *user = call_query(call, "user");
	struct reads reads = { .call = call,
			       .asked = { .actor = user ? arena_printf(call->arena, "user:%s", user) : NULL,
					  .organisation = call_organisation(call),
					  .before = call_query(call, "before"),
					  .limit = call_limit(call) } };
	if (user && !reads.asked.actor)
		return fail(err, ERR_MEMORY, "no memory for a list");
	TRY(db_read(call->kernel->db, read_reads, &reads, err));
	const struct {
		struct journal_entry *items;
		size_t count;
	} page = { reads.list.entries, reads.list.count };
	const char *next = page.count == reads.asked.limit ? page.items[page.count - 1].id : NULL;
	return call_answer_page(call, PAGE(page, event_view, show_entry, next), err);
}
