/* The routes of documents, and of papers that stood in for them. */
#include "base/clock.h"
#include "base/text.h"
#include "customs/document/api_int.h"

/* --- Parameters of their queries --- */

/* Of machines of documents, as they are sent or received: not of a clock, a paper. */
static enum err_code document_states(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	const struct capability *const *all = call->kernel->capabilities;
	(void)tx, (void)err;
	for (size_t c = 0; all[c]; c++)
		for (size_t i = 0; all[c]->machines && all[c]->machines[i]; i++) {
			const struct machine *machine = all[c]->machines[i];
			if (!machine->subject_type || same(machine->subject_type, "document"))
				query_states(words, machine);
		}
	return OK;
}

static enum err_code mappings(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	(void)tx;
	return call->router->maps(call, words, err);
}

/* clang-format off */
static const struct query_row
	query_reference = { .name = "reference", .kind = QUERY_TEXT,
			    .summary = "reference of the document, as its issuer wrote it" },
	query_state = { .name = "state", .kind = QUERY_WORD, .summary = "state of the document's case",
			.words = document_states, .fixed = true, .what = "state of a document" },
	query_since = { .name = "since", .kind = QUERY_DAY, .summary = "sent or received here on this day, UTC, or later" },
	query_until = { .name = "until", .kind = QUERY_DAY,
			.summary = "sent or received here on this day, UTC, or before" },
	query_test = { .name = "test", .kind = QUERY_FLAG, .summary = "mark it as a test: no business follows from it" },
	query_map = { .name = "map", .kind = QUERY_WORD,
		      .summary = "a mapping of this node: in the national shape that it says", .words = mappings,
		      .what = "mapping", .more = "the setting [national] mappings names their folder" },
	query_open = { .name = "open", .kind = QUERY_FLAG,
		       .summary = "only what waits: for its electronic twin, or for an officer" };
/* clang-format on */

/* --- Documents --- */

static void show_document(const void *item, void *view)
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

static enum err_code submit_one(struct call *call, struct err *err)
{
	struct document_request request = {
		.organisation = call_organisation(call),
		.doctype = call_query(call, "type"),
		.partner = call_query(call, "partner"),
		.text = call->body,
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

static enum err_code documents_submit(struct call *call, struct err *err)
{
	return call_query(call, "map") ? call->router->take_mapped(call, err) : submit_one(call, err);
}

struct listing {
	struct call *call;
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
static int64_t day_of(const struct call *call, const char *parameter, int more)
{
	const char *text = call_query(call, parameter);
	date day;
	if (!text || !date_parse(text, &day))
		return 0;
	return day + more > 0 ? (day + more) * DAY_US : 1;
}

static enum err_code documents_list(struct call *call, struct err *err)
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
	return call_answer_page(
		call, PAGE(*page, document_view, show_document, more ? page->items[page->count - 1].id : NULL), err);
}

struct finding_one {
	struct call *call;
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
	struct call *call = one->call;
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

static enum err_code show_whole(struct call *call, const struct finding_one *one, struct document_view *view,
				struct err *err)
{
	const struct document_finding_list *found = &one->findings;
	show_document(&one->document, view);
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

static enum err_code documents_get(struct call *call, struct err *err)
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

static enum err_code documents_original(struct call *call, struct err *err)
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
static enum err_code documents_content(struct call *call, struct err *err)
{
	struct finding_one one = { .call = call, .with_original = true };
	if (call_query(call, "map")) {
		TRY(db_read(call->kernel->db, find_one, &one, err));
		return call->router->give_mapped(call, &one.document, one.original, err);
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

static enum err_code documents_seen(struct call *call, struct err *err)
{
	struct finding_one one = { .call = call };
	TRY(db_read(call->kernel->db, find_one, &one, err));
	TRY(document_seen(call->kernel, call->arena, one.document.organisation, one.document.id, &call->actor,
			  call->now_us, call->findings, err));
	return findings_errors(call->findings) ? OK : documents_get(call, err);
}

/* --- Papers: what officers accepted while the electronic document could not come --- */

struct paper_call {
	struct call *call;
	struct paper paper;
	const char *reason;        /* of closing */
	struct findings *findings; /* of this run of the transaction, which may be repeated */
	struct paper_filter filter;
	struct paper_list list;
};

static struct paper_view paper_view_of(const struct paper *p, int64_t now_us)
{
	int64_t until_us = p->twin_us != TIME_NONE ? p->twin_us : now_us;
	return (struct paper_view){ .id = p->id,
				    .organisation = p->organisation,
				    .partner = p->partner,
				    .doctype = p->doctype,
				    .reference = p->reference,
				    .issued_on = p->issued_on,
				    .issuer = p->issuer,
				    .reason = p->reason,
				    .link = p->link,
				    .state = p->state,
				    .closed_because = p->closed_because,
				    .accepted_by = p->accepted_by,
				    .accepted_us = p->accepted_us,
				    .document = p->document,
				    .twin_us = p->twin_us,
				    .age_days = until_us > p->accepted_us ? (until_us - p->accepted_us) / DAY_US : 0 };
}

static enum err_code begin(struct paper_call *p, struct err *err)
{
	p->findings = findings_new(p->call->arena);
	return p->findings ? OK : fail(err, ERR_MEMORY, "no memory for the findings");
}

/* ERR_INVALID if there are findings, so that nothing stays; settle() knows that it is none. */
static enum err_code refuse(const struct paper_call *p, struct err *err)
{
	return findings_errors(p->findings) ? fail(err, ERR_INVALID, "the paper is refused") : OK;
}

static enum err_code settle(struct paper_call *p, db_fn *write, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = db_write(p->call->kernel->db, write, p, &why);
	if (p->findings)
		findings_append(p->call->findings, p->findings);
	if (code == OK || findings_errors(p->call->findings))
		return OK;
	*err = why;
	return code;
}

static enum err_code write_paper(struct tx *tx, void *arg, struct err *err)
{
	struct paper_call *p = arg;
	struct call *call = p->call;
	TRY(begin(p, err));
	TRY(paper_accept(call->kernel, tx, call->arena, &p->paper, &call->actor, call->now_us, p->findings, err));
	return refuse(p, err);
}

/* Who works for an organisation accepts for that one; it need not be said, and no other can be. */
static const char *organisation_of(const struct call *call, const char *named)
{
	return named ? named : call->actor.organisation;
}

static enum err_code papers_accept(struct call *call, struct err *err)
{
	struct new_paper_view view;
	struct paper_call p = { .call = call };
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	const char *organisation = organisation_of(call, view.organisation);
	if (!organisation)
		return fail(err, ERR_USAGE, "say which organisation of this node accepts the paper (organisation)");
	if (!call_sees(call, organisation))
		return fail(err, ERR_DENIED, "you work for %s, and accept nothing for %s", call->actor.organisation,
			    organisation);
	p.paper = (struct paper){ .organisation = organisation,
				  .partner = view.partner,
				  .doctype = view.doctype,
				  .reference = view.reference,
				  .issued_on = view.issued_on,
				  .issuer = view.issuer,
				  .reason = view.reason };
	TRY(settle(&p, write_paper, err));
	if (findings_errors(call->findings))
		return OK;
	struct paper_view answer = paper_view_of(&p.paper, call->now_us);
	TRY(call_show_findings(call, call->findings, &answer.findings, &answer.findings_count, err));
	return call_answer(call, &answer, err);
}

static enum err_code read_paper(struct tx *tx, void *arg, struct err *err)
{
	struct paper_call *p = arg;
	struct call *call = p->call;
	TRY(paper_named(tx, call->arena, call->actor.organisation, call->parameters[0], &p->paper, err));
	return p->paper.id ? OK
			   : fail(err, ERR_NOT_FOUND,
				  "there is no paper %s; lintas paper list (GET /api/v1/papers) shows what there is",
				  call->parameters[0]);
}

static enum err_code papers_get(struct call *call, struct err *err)
{
	struct paper_call p = { .call = call };
	TRY(db_read(call->kernel->db, read_paper, &p, err));
	struct paper_view view = paper_view_of(&p.paper, call->now_us);
	return call_answer(call, &view, err);
}

static enum err_code write_close(struct tx *tx, void *arg, struct err *err)
{
	struct paper_call *p = arg;
	struct call *call = p->call;
	TRY(begin(p, err));
	TRY(read_paper(tx, p, err));
	TRY(paper_close(call->kernel, tx, call->arena, &p->paper, p->reason, &call->actor, call->now_us, p->findings,
			err));
	TRY(refuse(p, err));
	return read_paper(tx, p, err);
}

static enum err_code papers_close(struct call *call, struct err *err)
{
	struct paper_close_view view;
	struct paper_call p = { .call = call };
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	p.reason = view.reason;
	TRY(settle(&p, write_close, err));
	if (findings_errors(call->findings))
		return OK;
	struct paper_view answer = paper_view_of(&p.paper, call->now_us);
	return call_answer(call, &answer, err);
}

static enum err_code read_papers(struct tx *tx, void *arg, struct err *err)
{
	struct paper_call *p = arg;
	return paper_list(tx, p->call->arena, &p->filter, &p->list, err);
}

/* Papers are shown as of the request's time. */
struct papers_shown {
	struct paper_view *items;
	size_t count;
};
static void show_paper(const void *item, void *view)
{
	*(struct paper_view *)view = *(const struct paper_view *)item;
}

static enum err_code papers_list(struct call *call, struct err *err)
{
	struct paper_call p = { .call = call,
				.filter = { .organisation = call_organisation(call),
					    .partner = call_query(call, "partner"),
					    .open = call_flag(call, "open"),
					    .before = call_query(call, "before"),
					    .limit = call_limit(call) } };
	TRY(db_read(call->kernel->db, read_papers, &p, err));
	struct papers_shown page = { .items = arena_array(call->arena, p.list.count, sizeof *page.items) };
	if (!page.items)
		return fail(err, ERR_MEMORY, "no memory for the list of papers");
	for (size_t i = 0; i < p.list.count; i++)
		page.items[page.count++] = paper_view_of(&p.list.items[i], call->now_us);
	bool more = page.count == p.filter.limit;
	return call_answer_page(call, PAGE(page, paper_view, show_paper, more ? page.items[page.count - 1].id : NULL),
				err);
}

/* --- Rows --- */

const struct route document_routes[] = {
	{ .method = "POST",
	  .path = "/api/v1/documents",
	  .operation = "submitDocument",
	  .summary = "Submit a document (XML or JSON) to a partner",
	  .permission = "documents.submit",
	  .handle = documents_submit,
	  .takes = "application/xml, text/xml, application/json, text/csv",
	  .document = true,
	  .response = &submit_schema,
	  .query = QUERY(&query_partner, &query_organisation, &query_type, &query_test, &query_map),
	  .repeatable = true,
	  .status = 202 },
	{ .method = "GET",
	  .path = "/api/v1/documents",
	  .operation = "listDocuments",
	  .summary = "Documents, newest first",
	  .permission = "documents.read",
	  .handle = documents_list,
	  .response = &document_list_schema,
	  .query = QUERY(&query_direction, &query_partner, &query_organisation, &query_type, &query_reference, PAGES,
			 &query_state, &query_since, &query_until) },
	{ .method = "GET",
	  .path = "/api/v1/documents/{document}",
	  .operation = "getDocument",
	  .summary = "One document by its id or reference",
	  .permission = "documents.read",
	  .handle = documents_get,
	  .response = &document_schema,
	  .query = QUERY(&query_purpose) },
	{ .method = "GET",
	  .path = "/api/v1/documents/{document}/original",
	  .operation = "getDocumentOriginal",
	  .summary = "The exact bytes that were signed",
	  .permission = "documents.read",
	  .handle = documents_original,
	  .gives = "application/xml",
	  .query = QUERY(&query_purpose) },
	{ .method = "GET",
	  .path = "/api/v1/documents/{document}/content",
	  .operation = "getDocumentContent",
	  .summary = "What the document says, in the JSON form of its type",
	  .permission = "documents.read",
	  .handle = documents_content,
	  .gives = "application/json",
	  .document = true,
	  .query = QUERY(&query_map, &query_purpose) },
	{ .method = "POST",
	  .path = "/api/v1/documents/{document}/seen",
	  .operation = "markDocumentSeen",
	  .summary = "An officer has opened the document",
	  .permission = "documents.handle",
	  .handle = documents_seen,
	  .response = &document_schema },
	{ .method = "POST",
	  .path = "/api/v1/papers",
	  .operation = "acceptPaper",
	  .summary = "An officer has accepted a paper, because the electronic document could not come",
	  .permission = "documents.handle",
	  .handle = papers_accept,
	  .request = &new_paper_schema,
	  .response = &paper_schema,
	  .repeatable = true,
	  .status = 201 },
	{ .method = "GET",
	  .path = "/api/v1/papers",
	  .operation = "listPapers",
	  .summary = "Papers that were accepted, newest first",
	  .permission = "documents.read",
	  .handle = papers_list,
	  .response = &paper_list_schema,
	  .query = QUERY(&query_partner, &query_organisation, PAGES, &query_open) },
	{ .method = "GET",
	  .path = "/api/v1/papers/{paper}",
	  .operation = "getPaper",
	  .summary = "One paper that was accepted, by its id or reference",
	  .permission = "documents.read",
	  .handle = papers_get,
	  .response = &paper_schema },
	{ .method = "POST",
	  .path = "/api/v1/papers/{paper}/close",
	  .operation = "closePaper",
	  .summary = "Nothing more is to be done about a paper whose twin differs, or will not come",
	  .permission = "documents.handle",
	  .handle = papers_close,
	  .request = &paper_close_schema,
	  .response = &paper_schema },
	{ 0 },
};
