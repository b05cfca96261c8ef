/* /api/v1/documents */
#include "api/call_int.h"
#include "base/clock.h"
#include "base/text.h"
#include "customs/document/document.h"

static void show(const void *item, void *view)
{
	const struct document *d = item;
	*(struct document_view *)view = (struct document_view){
		.id = d->id,
		.organisation = d->organisation,
		.doctype = d->doctype,
		.direction = d->direction,
		.partner = d->partner,
		.issuer_state = d->issuer_state,
		.reference = d->reference,
		.issued_on = d->issued_on,
		.state = d->state,
		.sender = d->sender,
		.recipient = d->recipient,
		.digest = d->digest,
		.message = d->message,
		.conversation = d->conversation,
		.about = d->about,
		.paper = d->paper,
		.test = d->test,
		.created_us = d->created_us,
		.others = INTEGER_NONE,
	};
}

static enum err_code submit_one(struct api_call *call, struct err *err)
{
	struct document_request request = {
		.organisation = call_organisation(call),
		.doctype = call_query(call, "type"),
		.partner = call_query(call, "partner"),
		.text = call->request->body,
		.test = call_flag(call, "test"),
		.actor = call->actor,
		.now_us = call->now_us,
	};
	struct document_result result = { 0 };
	TRY(document_submit(call->kernel, call->arena, &request, call->findings, &result, err));
	if (findings_errors(call->findings))
		return OK;
	struct submit_view view = {
		.id = result.id, .message = result.message, .repeated = result.repeated, .refused = INTEGER_NONE
	};
	return call_answer(call, &view, err);
}

enum err_code documents_submit(struct api_call *call, struct err *err)
{
	return call_query(call, "map") ? maps_submit(call, err) : submit_one(call, err);
}

struct listing {
	struct api_call *call;
	struct document_filter filter;
	struct document_list list;
};

static enum err_code list(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;
	return document_list(tx, listing->call->arena, &listing->filter, &listing->list, err);
}

/* When the day begins that the parameter names, or begins MORE days later; 0: it names none. Before 1970 is as good as
 * its beginning, from when on there may be documents. */
static int64_t day_of(const struct api_call *call, const char *parameter, int more)
{
	const char *text = call_query(call, parameter);
	date day;
	if (!text || !date_parse(text, &day))
		return 0;
	return day + more > 0 ? (day + more) * DAY_US : 1;
}

enum err_code documents_list(struct api_call *call, struct err *err)
{
	struct listing listing = { .call = call,
				   .filter = { .organisation = call_organisation(call),
					       .doctype = call_query(call, "type"),
					       .direction = call_query(call, "direction"),
					       .partner = call_query(call, "partner"),
					       .reference = call_query(call, "reference"),
					       .state = call_query(call, "state"),
					       .since_us = day_of(call, "since", 0),
					       .end_us = day_of(call, "until", 1),
					       .before = call_query(call, "before"),
					       .limit = call_limit(call) } };
	TRY(db_read(call->kernel->db, list, &listing, err));
	const struct document_list *page = &listing.list;
	bool more = page->count == listing.filter.limit;
	return call_answer_page(call, PAGE(*page, document_view, show, more ? page->items[page->count - 1].id : NULL),
				err);
}

struct finding_one {
	struct api_call *call;
	struct document document;
	struct bytes original;
	bool with_original;
	/* What one document is shown with. */
	struct document_finding_list findings;
	struct message message;
	const char *effect;
};

static enum err_code find_one(struct tx *tx, void *arg, struct err *err)
{
	struct finding_one *one = arg;
	struct api_call *call = one->call;
	TRY(document_named(tx, call->arena, call->actor.organisation, call->parameters[0], &one->document, err));
	if (!one->document.id)
		return fail(
			err, ERR_NOT_FOUND,
			"there is no document %s; lintas documents list (GET /api/v1/documents) shows what there is",
			call->parameters[0]);
	return one->with_original ? document_original(tx, call->arena, &one->document, &one->original, err) : OK;
}

static enum err_code find_whole(struct tx *tx, void *arg, struct err *err)
{
	struct finding_one *one = arg;
	struct arena *arena = one->call->arena;
	TRY(find_one(tx, one, err));
	TRY(message_find(tx, arena, one->document.message, &one->message, err));
	TRY(message_effect(tx, one->call->kernel, arena, &one->message, &one->effect, err));
	return document_findings(tx, arena, one->document.id, &one->findings, err);
}

static enum err_code show_whole(struct api_call *call, const struct finding_one *one, struct document_view *view,
				struct err *err)
{
	const struct document_finding_list *found = &one->findings;
	show(&one->document, view);
	view->others = one->document.others ? one->document.others : INTEGER_NONE;
	view->message_state = one->message.state;
	view->message_error = one->message.last_error;
	view->effect = one->effect;
	view->findings = arena_array(call->arena, found->count + 1, sizeof *view->findings);
	if (!view->findings)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	for (size_t i = 0; i < found->count; i++) {
		const struct document_finding *f = &found->items[i];
		view->findings[view->findings_count++] = (struct finding_view){
			.code = f->code, .path = f->path, .text = f->text, .law = f->law, .severity = f->severity
		};
	}
	return OK;
}

enum err_code documents_get(struct api_call *call, struct err *err)
{
	struct finding_one one = { .call = call };
	TRY(db_read(call->kernel->db, find_whole, &one, err));
	/* This much of it stands in every list, but for what was found, which may repeat what is in it. It is a read,
	 * too, if he says for what. */
	if (call_query(call, "purpose") || one.findings.count > 0)
		TRY(call_shown(call, "document", one.document.id, one.document.organisation, err));
	struct document_view view;
	TRY(show_whole(call, &one, &view, err));
	return call_answer(call, &view, err);
}

enum err_code documents_original(struct api_call *call, struct err *err)
{
	struct finding_one one = { .call = call, .with_original = true };
	TRY(db_read(call->kernel->db, find_one, &one, err));
	TRY(call_shown(call, "document", one.document.id, one.document.organisation, err));
	call->content_type = "application/xml";
	buf_put_bytes(call->out, one.original);
	return buf_check(call->out, "the original", err);
}

/* Form alone decides what is in the record; what breaks another rule is there to be read. */
static bool has_holes(const struct findings *findings)
{
	const struct finding *finding;
	for (size_t i = 0; (finding = findings_at(findings, i)); i++)
		if (starts_with(finding->rule->code, "FLD-"))
			return true;
	return false;
}

/* What was refused on arrival may be unreadable in part, and then half of it would pass for the whole. */
enum err_code documents_content(struct api_call *call, struct err *err)
{
	struct finding_one one = { .call = call, .with_original = true };
	if (call_query(call, "map")) {
		TRY(db_read(call->kernel->db, find_one, &one, err));
		return maps_content(call, &one.document, one.original, err);
	}
	struct findings *aside = findings_new(call->arena);
	const struct doctype *doctype;
	const void *record;
	if (!aside)
		return fail(err, ERR_MEMORY, "no memory for a document");
	TRY(db_read(call->kernel->db, find_one, &one, err));
	TRY(document_check(call->kernel, call->arena, one.document.doctype, one.original,
			   document_today(one.document.created_us), &doctype, &record, aside, err));
	if (!record || has_holes(aside))
		return fail(
			err, ERR_CONFLICT,
			"the document breaks rules of its form, so not all of it can be read; its original is shown as "
			"it came");
	TRY(call_shown(call, "document", one.document.id, one.document.organisation, err));
	field_put_json(call->out, doctype->schema, record);
	return buf_check(call->out, "the document", err);
}

enum err_code documents_seen(struct api_call *call, struct err *err)
{
	struct finding_one one = { .call = call };
	TRY(db_read(call->kernel->db, find_one, &one, err));
	TRY(document_seen(call->kernel, call->arena, one.document.organisation, one.document.id, &call->actor,
			  call->now_us, call->findings, err));
	return findings_errors(call->findings) ? OK : documents_get(call, err);
}
