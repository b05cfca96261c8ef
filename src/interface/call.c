/* What handlers call, whatever they are about. */
#include "base/log.h"
#include "base/text.h"
#include "interface/route.h"
#include "kernel/journal.h"
#include "kernel/user.h"

bool route_takes(const struct route *route, const struct query_row *parameter)
{
	for (const struct query_row *const *row = route->query; row && *row; row++)
		if (*row == parameter)
			return true;
	return false;
}

/* --- What is asked for --- */

const char *call_query(const struct call *call, const char *name)
{
	return call->router->query(call, name);
}

bool call_flag(const struct call *call, const char *name)
{
	return same(call_query(call, name), "true");
}

size_t call_limit(const struct call *call)
{
	int64_t limit = PAGE_DEFAULT;
	const char *text = call_query(call, "limit");
	return text && int64_parse(text, &limit) ? (size_t)limit : PAGE_DEFAULT;
}

const char *call_organisation(const struct call *call)
{
	return call->actor.organisation ? call->actor.organisation : call_query(call, "organisation");
}

/* {"name":…,"title":…}: what a body has at least. */
static enum err_code ask_for_body(struct call *call, struct err *err)
{
	enum { EXAMPLE_MAX = 256 };
	const struct fields *fields = call->route->request->fields;
	buf_auto example;
	buf_init(&example, EXAMPLE_MAX);
	for (size_t i = 0; i < fields->count; i++)
		if (fields->row[i].min)
			buf_printf(&example, "%s\"%s\":…", example.size ? "," : "", fields->row[i].json);
	return fail(err, ERR_SYNTAX, "a JSON body is needed, at least {%s}", buf_text(&example));
}

enum err_code call_read(struct call *call, void *record, struct err *err)
{
	if (call->body.size > CALL_JSON_MAX)
		return fail(err, ERR_LIMIT, "a body of %zu bytes is more than %d", call->body.size, CALL_JSON_MAX);
	if (!call->body.size)
		return ask_for_body(call, err);
	return field_read_json(call->arena, call->route->request, call->body, call->kernel->lists, record,
			       call->findings, err);
}

enum err_code call_precondition(struct call *call, const void *record, struct err *err)
{
	return call->router->precondition(call, record, err);
}

/* --- Who asks --- */

bool call_may(const struct call *call, const char *permission)
{
	return !call->roles || roles_permit(call->roles, permission);
}

bool call_sees(const struct call *call, const char *organisation)
{
	return !call->actor.organisation || same(call->actor.organisation, organisation);
}

struct showing {
	const struct call *call;
	const char *subject_type, *subject, *organisation, *purpose;
	bool known;
};

/* ATIGA Annex 8, rule 31(4): what a certificate says is used for its purpose alone; so it is told which that was. */
static const char *purpose_of(const struct call *call)
{
	const char *purpose = call_query(call, "purpose");
	if (!route_takes(call->route, &query_purpose))
		return NULL;
	return purpose ? arena_printf(call->arena, "purpose: %s", purpose) : "purpose: not stated";
}

static enum err_code shown_before(struct tx *tx, void *arg, struct err *err)
{
	struct showing *showing = arg;
	return journal_has(tx, showing->subject, "read", showing->call->actor.name, showing->purpose, &showing->known,
			   err);
}

static enum err_code note_shown(struct tx *tx, void *arg, struct err *err)
{
	struct showing *showing = arg;
	TRY(shown_before(tx, showing, err));
	if (showing->known)
		return OK;
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = showing->call->now_us,
						    .actor = showing->call->actor.name,
						    .organisation = showing->organisation,
						    .subject_type = showing->subject_type,
						    .subject = showing->subject,
						    .event = "read",
						    .detail = showing->purpose },
			   err);
}

enum err_code call_shown(const struct call *call, const char *subject_type, const char *subject,
			 const char *organisation, struct err *err)
{
	struct showing showing = { call, subject_type, subject, organisation, purpose_of(call), false };
	if (same(call->method, "HEAD"))
		return OK;
	TRY(db_read(call->kernel->db, shown_before, &showing, err));
	if (showing.known)
		return OK;
	enum err_code code = db_write(call->kernel->db, note_shown, &showing, err);
	if (code != ERR_DISK_FULL)
		return code;
	if (call->purpose_required)
		return fail(err, ERR_DISK_FULL,
			    "the disk is full, so who reads this cannot be journalled, and [interface] "
			    "purpose-required = yes keeps it back until it can");
	LOG(LOG_WARN, "api.read-not-journalled", LOG_TEXT(subject_type, subject), LOG_TEXT("actor", call->actor.name),
	    LOG_TEXT("organisation", organisation ? organisation : ""), LOG_TEXT("why", showing.purpose));
	return OK;
}

/* --- What is answered --- */

enum err_code call_header(struct call *call, const char *name, const char *value, struct err *err)
{
	return call->router->header(call, name, value, err);
}

enum err_code call_answer(struct call *call, const void *record, struct err *err)
{
	TRY(call->router->made(call, record, err));
	field_put_json(call->out, call->route->response, record);
	return buf_check(call->out, "the answer", err);
}

/* What all LIST_VIEWs are, whatever their items. */
LIST_VIEW(any_list_view, void);

enum err_code call_answer_page(struct call *call, const struct page *page, struct err *err)
{
	char *views = arena_array(call->arena, page->count + 1, page->view_size);
	if (!views)
		return fail(err, ERR_MEMORY, "no memory for a page");
	for (size_t i = 0; i < page->count; i++)
		page->show((const char *)page->items + i * page->item_size, views + i * page->view_size);
	struct any_list_view list = { .items = views, .count = page->count, .next = page->next };
	if (page->next)
		TRY(call->router->next(call, page->next, err));
	return call_answer(call, &list, err);
}

enum err_code call_show_findings(struct call *call, const struct findings *findings, struct finding_view **views,
				 size_t *count, struct err *err)
{
	size_t kept = 0;
	while (findings_at(findings, kept))
		kept++;
	struct finding_view *shown = arena_array(call->arena, kept + 1, sizeof *shown);
	if (!shown)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	for (size_t i = 0; i < kept; i++) {
		const struct finding *f = findings_at(findings, i);
		shown[i] = (struct finding_view){ .code = f->rule->code,
						  .path = f->path,
						  .text = f->text,
						  .law = f->law,
						  .severity = severity_name(f->rule->severity) };
	}
	*views = shown;
	*count = kept;
	return OK;
}
