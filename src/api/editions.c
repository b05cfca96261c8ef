/* /api/v1/editions: reference data that comes as files (docs/decisions/0013). */
#include "kernel/edition.h"

#include "api/call_int.h"
#include "base/text.h"
#include "codec/mime.h"
#include "interface/edition.h"
#include "kernel/mapping.h"

enum { RULE_NO_MAP, RULE_TWO_PARTS, RULE_ORDER, RULE_DOCUMENTS };
const struct rule edition_call_rules[] = {
	[RULE_NO_MAP] = { .code = "API-061",
			  .text = "say how the file is read: map=NAME of a mapping of this node, or a body of two parts, the mapping "
				  "first" },
	[RULE_TWO_PARTS] = { .code = "API-062",
			     .text = "the body has {1} parts; it takes two, the mapping and the file" },
	[RULE_ORDER] = { .code = "API-063", .text = "give map=NAME or a body of two parts, not both" },
	[RULE_DOCUMENTS] = { .code = "API-064", .text = "the mapping is of {1}, which is no reference data" },
	{ 0 },
};

struct edition_call {
	struct call *call;
	struct edition edition;
	struct edition_list list;
	struct edition_warnings warnings;
};

static void show(const void *item, void *view)
{
	const struct edition *e = item;

	*(struct edition_view *)view = (struct edition_view){
		.id = e->id,
		.kind = e->kind,
		.subject = e->subject,
		.title = e->title,
		.state = e->state,
		.from = e->from,
		.until = e->until,
		.digest = e->digest,
		.records = e->records,
		.warnings = e->warnings,
		.imported_by = e->imported_by,
		.imported_us = e->imported_us,
		.approved_by = e->approved_by,
		.approved_us = e->approved_us,
		.activated_by = e->activated_by,
		.activated_us = e->activated_us,
		.withdrawn_by = e->withdrawn_by,
		.withdrawn_us = e->withdrawn_us,
	};
}

/* --- Reading --- */

static enum err_code read_list(struct tx *tx, void *arg, struct err *err)
{
	struct edition_call *e = arg;
	const struct call *call = e->call;

	return edition_list(tx, call->arena, call_query(call, "kind"), call_query(call, "subject"),
			    call_query(call, "state"), call_query(call, "before"), call_limit(call), &e->list, err);
}

enum err_code editions_list(struct call *call, struct err *err)
{
	struct edition_call e = { .call = call };

	TRY(db_read(call->kernel->db, read_list, &e, err));
	bool more = e.list.count == call_limit(call);
	return call_answer_page(call, PAGE(e.list, edition_view, show, more ? e.list.items[e.list.count - 1].id : NULL),
				err);
}

static enum err_code read_one(struct tx *tx, void *arg, struct err *err)
{
	struct edition_call *e = arg;
	const char *id = e->edition.id ? e->edition.id : e->call->parameters[0];

	TRY(edition_get(tx, e->call->arena, id, &e->edition, err));
	if (!e->edition.id)
		return fail(err, ERR_NOT_FOUND,
			    "there is no edition %s; lintas edition list (GET /api/v1/editions) shows what there is",
			    id);
	return edition_warnings(tx, e->call->arena, id, &e->warnings, err);
}

/* The edition with what was found in its file. */
static enum err_code answer(struct edition_call *e, bool repeated, struct err *err)
{
	struct call *call = e->call;
	struct edition_view view;

	show(&e->edition, &view);
	view.repeated = repeated;
	view.findings = arena_array(call->arena, e->warnings.count, sizeof *view.findings);
	if (!view.findings)
		return fail(err, ERR_MEMORY, "no memory for an edition");
	for (; view.findings_count < e->warnings.count; view.findings_count++) {
		const struct edition_warning *w = &e->warnings.items[view.findings_count];
		view.findings[view.findings_count] =
			(struct finding_view){ .code = w->code,
					       .path = w->place,
					       .text = w->text,
					       .law = w->law,
					       .severity = severity_name(SEVERITY_WARNING) };
	}
	return call_answer(call, &view, err);
}

enum err_code editions_get(struct call *call, struct err *err)
{
	struct edition_call e = { .call = call };

	TRY(db_read(call->kernel->db, read_one, &e, err));
	return answer(&e, false, err);
}

/* --- Deciding --- */

static date day_of(const struct call *call, const char *name)
{
	const char *text = call_query(call, name);
	date day = DATE_NONE;

	return text && date_parse(text, &day) ? day : DATE_NONE;
}

/* The event is the last step of the path. */
enum err_code editions_decide(struct call *call, struct err *err)
{
	struct edition_call e = { .call = call };

	TRY(edition_decide(call->kernel, call->arena, call->parameters[0], strrchr(call->route->path, '/') + 1,
			   day_of(call, "from"), &call->actor, call_query(call, "reason"), call->now_us, &e.edition,
			   call->findings, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(db_read(call->kernel->db, read_one, &e, err));
	return answer(&e, false, err);
}

/* --- Importing --- */

/* The mapping in the first of two parts, and the file in the second. */
static enum err_code read_parts(struct call *call, const char *type, struct edition_request *request, struct err *err)
{
	struct mime_message message;
	struct bytes mapping;

	if (call_query(call, "map")) {
		finding_add(call->findings, &edition_call_rules[RULE_ORDER], "/map", NULL, NULL);
		return OK;
	}
	TRY(mime_parse(call->arena, type, call->body, &mime_limits_default, &message, err));
	if (message.count != 2) {
		finding_add(call->findings, &edition_call_rules[RULE_TWO_PARTS], "",
			    arena_printf(call->arena, "%zu", message.count), NULL);
		return OK;
	}
	TRY(mime_body(call->arena, &message.parts[0], &mapping, err));
	TRY(mime_body(call->arena, &message.parts[1], &request->file, err));
	if (mapping.size > MAPPING_FILE_MAX)
		return fail(err, ERR_LIMIT, "a mapping of %zu bytes is more than %zu", mapping.size, MAPPING_FILE_MAX);
	return mapping_load(call->arena, call->kernel, mapping, false, &request->mapping, call->findings, err);
}

static enum err_code read_request(struct call *call, struct edition_request *request, struct err *err)
{
	const char *name = call_query(call, "map"), *kind = call_query(call, "kind");
	const char *type = http_header(call->asked->request, "Content-Type");

	/* Who sends two parts and does not say so is understood by how they begin. */
	if (!type || !*type)
		type = mime_guess_content_type(call->arena, call->body);
	request->file = call->body;
	if (type && starts_with(type, "multipart/")) {
		TRY(read_parts(call, type, request, err));
	} else if (name) {
		const struct national_mapping *mapping =
			national_records_find(call->asked->api->options.mappings, name);
		request->mapping = mapping ? mapping->in : NULL;
	} else {
		finding_add(call->findings, &edition_call_rules[RULE_NO_MAP], "/map", NULL, NULL);
	}
	if (request->mapping)
		request->kind = kind ? edition_kind_find(call->kernel, kind) : mapping_kind(request->mapping);
	if (request->mapping && !mapping_kind(request->mapping))
		finding_add(call->findings, &edition_call_rules[RULE_DOCUMENTS], "/map",
			    mapping_subject(request->mapping), NULL);
	return OK;
}

enum err_code editions_import(struct call *call, struct err *err)
{
	struct edition_call e = { .call = call };
	struct edition_request request = {
		.subject = call_query(call, "subject"),
		.title = call_query(call, "title"),
		.from = day_of(call, "from"),
		.until = day_of(call, "until"),
		.actor = call->actor,
		.now_us = call->now_us,
	};
	bool repeated = false, activate = call_flag(call, "activate");

	if (activate && !call_may(call, "reference.approve"))
		return fail(err, ERR_DENIED, "who lets an edition count needs the permission reference.approve");
	TRY(read_request(call, &request, err));
	if (findings_errors(call->findings))
		return OK;
	if (!request.kind || !request.mapping)
		return fail(err, ERR_INTERNAL, "a mapping or a kind that was checked is not there");
	TRY(edition_import(call->kernel, call->arena, &request, &e.edition, &repeated, call->findings, err));
	if (activate && !findings_errors(call->findings) && !same(e.edition.state, "active"))
		TRY(edition_decide(call->kernel, call->arena, e.edition.id, "activate", DATE_NONE, &call->actor, NULL,
				   call->now_us, &e.edition, call->findings, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(db_read(call->kernel->db, read_one, &e, err));
	if (repeated)
		call->status = 200;
	return answer(&e, repeated, err);
}
