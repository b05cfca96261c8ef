/* /api/v1/papers: what officers accepted on paper while the electronic document could not come. */
#include "api/call_int.h"
#include "base/clock.h"
#include "customs/document/document.h"

struct paper_call {
	struct api_call *call;
	struct paper paper;
	const char *reason;        /* of closing */
	struct findings *findings; /* of this run of the transaction, which may be repeated */
	struct paper_filter filter;
	struct paper_list list;
};

static struct paper_view view_of(const struct paper *p, int64_t now_us)
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
	struct api_call *call = p->call;
	TRY(begin(p, err));
	TRY(paper_accept(call->kernel, tx, call->arena, &p->paper, &call->actor, call->now_us, p->findings, err));
	return refuse(p, err);
}

/* Who works for an organisation accepts for that one; it need not be said, and no other can be. */
static const char *organisation_of(const struct api_call *call, const char *named)
{
	return named ? named : call->actor.organisation;
}

enum err_code papers_accept(struct api_call *call, struct err *err)
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
	struct paper_view answer = view_of(&p.paper, call->now_us);
	TRY(call_show_findings(call, call->findings, &answer.findings, &answer.findings_count, err));
	return call_answer(call, &answer, err);
}

static enum err_code read_paper(struct tx *tx, void *arg, struct err *err)
{
	struct paper_call *p = arg;
	struct api_call *call = p->call;
	TRY(paper_named(tx, call->arena, call->actor.organisation, call->parameters[0], &p->paper, err));
	return p->paper.id ? OK
			   : fail(err, ERR_NOT_FOUND,
				  "there is no paper %s; lintas paper list (GET /api/v1/papers) shows what there is",
				  call->parameters[0]);
}

enum err_code papers_get(struct api_call *call, struct err *err)
{
	struct paper_call p = { .call = call };
	TRY(db_read(call->kernel->db, read_paper, &p, err));
	struct paper_view view = view_of(&p.paper, call->now_us);
	return call_answer(call, &view, err);
}

static enum err_code write_close(struct tx *tx, void *arg, struct err *err)
{
	struct paper_call *p = arg;
	struct api_call *call = p->call;
	TRY(begin(p, err));
	TRY(read_paper(tx, p, err));
	TRY(paper_close(call->kernel, tx, call->arena, &p->paper, p->reason, &call->actor, call->now_us, p->findings,
			err));
	TRY(refuse(p, err));
	return read_paper(tx, p, err);
}

enum err_code papers_close(struct api_call *call, struct err *err)
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
	struct paper_view answer = view_of(&p.paper, call->now_us);
	return call_answer(call, &answer, err);
}

static enum err_code read_papers(struct tx *tx, void *arg, struct err *err)
{
	struct paper_call *p = arg;
	return paper_list(tx, p->call->arena, &p->filter, &p->list, err);
}

/* Papers are shown as of the request's time. */
struct shown {
	struct paper_view *items;
	size_t count;
};
static void show(const void *item, void *view)
{
	*(struct paper_view *)view = *(const struct paper_view *)item;
}

enum err_code papers_list(struct api_call *call, struct err *err)
{
	struct paper_call p = { .call = call,
				.filter = { .organisation = call_organisation(call),
					    .partner = call_query(call, "partner"),
					    .open = call_flag(call, "open"),
					    .before = call_query(call, "before"),
					    .limit = call_limit(call) } };
	TRY(db_read(call->kernel->db, read_papers, &p, err));
	struct shown page = { .items = arena_array(call->arena, p.list.count, sizeof *page.items) };
	if (!page.items)
		return fail(err, ERR_MEMORY, "no memory for the list of papers");
	for (size_t i = 0; i < p.list.count; i++)
		page.items[page.count++] = view_of(&p.list.items[i], call->now_us);
	bool more = page.count == p.filter.limit;
	return call_answer_page(call, PAGE(page, paper_view, show, more ? page.items[page.count - 1].id : NULL), err);
}
