/* Documents in national shapes, by the mappings of the node: ?map= */
#include "api/call_int.h"
#include "base/text.h"

/* Each is a transaction of its own, and somebody waits for the answer. */
enum { DOCUMENTS_MAX = 500 };

enum { RULE_ONE_WAY, RULE_TOO_MANY, RULE_TYPE };
const struct rule map_call_rules[] = {
	[RULE_ONE_WAY] = { .code = "API-010", .text = "the mapping {1} works one way only: {2}" },
	[RULE_TOO_MANY] = { .code = "API-011",
			    .text = "there are {1} documents in the file, and one request takes 500: cut the file, or drop it "
				    "into a folder (docs/drop.md)" },
	[RULE_TYPE] = { .code = "API-012", .text = "the mapping {1} is of {2}" },
	{ 0 },
};

static const struct national_mapping *mapping_of(const struct call *call)
{
	return national_mapping_find(call->asked->api->options.mappings, call_query(call, "map"));
}

enum err_code maps_names(const struct call *call, struct query_words *words, struct err *err)
{
	const struct national_mapping *mapping;
	(void)err;
	for (size_t i = 0; (mapping = national_mapping_at(call->asked->api->options.mappings, i)); i++)
		query_word(words, mapping->name);
	return OK;
}

struct submitting {
	struct call *call;
	struct submitted_view *views;
	size_t count, room, refused;
	struct findings *of_file;    /* as a whole */
	struct findings *of_refused; /* with the document's number in the path, if there are several */
};

/* FINDINGS as they are answered, kept beyond the document that they are of. */
static enum err_code keep_findings(struct arena *arena, const struct findings *findings, struct finding_view **views,
				   size_t *count, struct err *err)
{
	size_t kept = 0;

	while (findings_at(findings, kept))
		kept++;
	struct finding_view *shown = arena_array(arena, kept + 1, sizeof *shown);
	for (size_t i = 0; shown && i < kept; i++) {
		const struct finding *f = findings_at(findings, i);
		shown[i] = (struct finding_view){
			.code = f->rule->code,
			.path = arena_text(arena, f->path),
			.text = arena_text(arena, f->text),
			.law = arena_text(arena, f->law),
			.severity = severity_name(f->rule->severity),
		};
		if (!shown[i].path || !shown[i].text)
			shown = NULL;
	}
	if (!shown)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	*views = shown;
	*count = kept;
	return OK;
}

static enum err_code keep_view(struct submitting *submitting, const struct national_result *result, struct err *err)
{
	struct arena *arena = submitting->call->arena;
	struct submitted_view *view = &submitting->views[submitting->count++];

	*view = (struct submitted_view){ .number = (int64_t)result->number,
					 .reference = arena_text(arena, result->reference),
					 .id = arena_text(arena, result->result.id),
					 .message = arena_text(arena, result->result.message),
					 .repeated = result->result.repeated };
	return keep_findings(arena, result->findings, &view->findings, &view->findings_count, err);
}

/* Of one that is refused, for the problem that answers if all are. */
static void keep_refused(struct submitting *submitting, const struct national_result *result)
{
	struct arena *arena = submitting->call->arena;
	bool several = submitting->room > 1;

	submitting->refused++;
	for (size_t i = 0; findings_at(result->findings, i); i++) {
		const struct finding *f = findings_at(result->findings, i);
		const char *path =
			several ? arena_printf(arena, "/documents/%zu%s", result->number - 1, f->path) : f->path;
		finding_restate(submitting->of_refused, f, path, f->text);
	}
}

static enum err_code take(void *arg, const struct national_result *result, struct err *err)
{
	struct submitting *submitting = arg;

	if (submitting->count == submitting->room)
		return fail(err, ERR_INTERNAL, "the file has more documents than it had");
	TRY(keep_view(submitting, result, err));
	if (!result->result.id)
		keep_refused(submitting, result);
	return OK;
}

/* The body must be what the mapping reads; who says nothing of it is believed. */
static void check_media(struct call *call, const struct national_mapping *mapping)
{
	const char *header = http_header(call->asked->request, "Content-Type"), *format = mapping_format(mapping->in);
	size_t size = header ? strcspn(header, "; \t") : 0;
	size_t length = strlen(format);

	if (!header || !*header || (size >= length && strncasecmp(header + size - length, format, length) == 0))
		return;
	finding_add(call->findings, &map_call_rules[RULE_TYPE], "/map", mapping->name, format);
}

/* All refused is a request refused: 422, and nothing was done. */
static enum err_code submit_all(struct submitting *submitting, const struct national_request *request, struct err *err)
{
	TRY(national_submit(request, submitting->call->arena, take, submitting->of_file, err));
	if (submitting->refused < submitting->count)
		return OK;
	findings_append(submitting->call->findings, submitting->of_refused);
	findings_append(submitting->call->findings, submitting->of_file);
	return OK;
}

static enum err_code answer(struct submitting *submitting, struct err *err)
{
	struct submit_view view = { .documents = submitting->views,
				    .documents_count = submitting->count,
				    .refused = (int64_t)submitting->refused };

	TRY(keep_findings(submitting->call->arena, submitting->of_file, &view.findings, &view.findings_count, err));
	return call_answer(submitting->call, &view, err);
}

/* What the request says of itself, and how many documents there are, before the first is sent. */
static enum err_code look_first(struct submitting *submitting, const struct national_request *request, struct err *err)
{
	struct call *call = submitting->call;
	const char *type = call_query(call, "type"), *code = mapping_doctype(request->mapping->in)->code;
	struct findings *first = findings_new(call->arena);

	if (!first)
		return fail(err, ERR_MEMORY, "no memory for the file");
	check_media(call, request->mapping);
	if (type && !same(type, code))
		finding_add(call->findings, &map_call_rules[RULE_TYPE], "/type", request->mapping->name, code);
	if (findings_errors(call->findings))
		return OK;
	TRY(national_count(request, &submitting->room, first, err));
	if (submitting->room > DOCUMENTS_MAX)
		finding_add(first, &map_call_rules[RULE_TOO_MANY], "",
			    arena_printf(call->arena, "%zu", submitting->room), NULL);
	if (findings_errors(first))
		findings_append(call->findings, first);
	submitting->views = arena_array(call->arena, submitting->room + 1, sizeof *submitting->views);
	return submitting->views ? OK : fail(err, ERR_MEMORY, "no memory for the file");
}

enum err_code maps_submit(struct call *call, struct err *err)
{
	const struct national_mapping *mapping = mapping_of(call);
	struct submitting submitting = { .call = call,
					 .of_refused = findings_new(call->arena),
					 .of_file = findings_new(call->arena) };
	const struct national_request request = {
		.kernel = call->kernel,
		.mapping = mapping,
		.organisation = call_organisation(call),
		.partner = call_query(call, "partner"),
		.text = call->body,
		.test = call_flag(call, "test"),
		.actor = call->actor,
		.now_us = call->now_us,
		.arg = &submitting,
	};

	if (!mapping || !submitting.of_refused || !submitting.of_file)
		return fail(err, ERR_MEMORY, "no memory for the file");
	TRY(look_first(&submitting, &request, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(submit_all(&submitting, &request, err));
	return findings_errors(call->findings) ? OK : answer(&submitting, err);
}

enum err_code maps_content(struct call *call, const struct document *document, struct bytes original, struct err *err)
{
	const struct national_mapping *mapping = mapping_of(call);
	struct findings *findings = findings_new(call->arena);

	if (!mapping || !findings)
		return fail(err, ERR_MEMORY, "no memory for a document");
	if (!mapping->out)
		finding_add(call->findings, &map_call_rules[RULE_ONE_WAY], "/map", mapping->name,
			    mapping->one_way_reason);
	else if (!same(mapping_doctype(mapping->in)->code, document->doctype))
		finding_add(call->findings, &map_call_rules[RULE_TYPE], "/map", mapping->name,
			    mapping_doctype(mapping->in)->code);
	if (findings_errors(call->findings))
		return OK;
	TRY(national_write(call->kernel, call->arena, mapping, document, original, call->out, findings, err));
	if (findings_errors(findings)) {
		findings_append(call->findings, findings);
		return OK;
	}
	TRY(call_shown(call, "document", document->id, document->organisation, err));
	/* What has no place in the national form is not lost without a word. */
	if (findings_count(findings))
		TRY(call_header(call, "Lintas-Left-Out", arena_printf(call->arena, "%zu", findings_count(findings)),
				err));
	call->content_type = national_media_type(call->arena, mapping);
	return call->content_type ? buf_check(call->out, "the document", err)
				  : fail(err, ERR_MEMORY, "no memory for a document");
}

static void show_drop(const void *item, void *view)
{
	const struct national_drop_look *look = item;
	*(struct drop_view *)view = (struct drop_view){ .organisation = look->organisation,
							.taken = look->taken,
							.waiting = look->waiting,
							.entries = (struct drop_entry_view *)look->entries,
							.entries_count = look->entries_count };
}
_Static_assert(sizeof(struct drop_entry_view) == sizeof(struct national_drop_entry), "they are shown as they are");

enum err_code drop_list(struct call *call, struct err *err)
{
	const struct national_drop *drop = call->asked->api->options.drop;
	struct {
		struct national_drop_look *items;
		size_t count;
	} looks = { 0 };
	if (drop)
		TRY(national_drop_look(drop, call->arena, call->now_us, &looks.items, &looks.count, err));
	return call_answer_page(call, PAGE(looks, drop_view, show_drop, NULL), err);
}
