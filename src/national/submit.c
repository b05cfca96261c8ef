/* Documents in a national shape: mapped, judged, submitted, each by itself; and the other way. */
#include <stdio.h>

#include "base/text.h"
#include "customs/document/document.h"
#include "national/national.h"

struct submitting {
	const struct national_request *request;
	national_take_fn *take;
	size_t number;
};
/* The part of a document_request that speaks of one document of many. */
struct also {
	const struct national_request *request;
	size_t number;
};

/* The octets of the request, read twice. */
struct octets {
	struct bytes all;
	size_t at;
};

static enum err_code read_octets(void *arg, void *to, size_t room, size_t *got, struct err *err)
{
	struct octets *octets = arg;
	size_t left = octets->all.size - octets->at;

	(void)err;
	*got = left < room ? left : room;
	if (*got > 0)
		memcpy(to, octets->all.data + octets->at, *got);
	octets->at += *got;
	return OK;
}

static enum err_code rewind_octets(void *arg, struct err *err)
{
	(void)err;
	((struct octets *)arg)->at = 0;
	return OK;
}

static enum err_code keep_also(struct tx *tx, void *arg, const struct document_result *result, struct err *err)
{
	const struct also *also = arg;

	return also->request->also(tx, also->request->arg, also->number, result, err);
}

static enum err_code submit(const struct national_request *request, struct arena *arena, size_t number,
			    const char *doctype, struct bytes text, struct findings *findings,
			    struct document_result *result, struct err *err)
{
	struct also also = { request, number };
	const struct document_request document = {
		.organisation = request->organisation,
		.doctype = doctype,
		.partner = request->partner,
		.text = text,
		.test = request->test,
		.actor = request->actor,
		.now_us = request->now_us,
		.also = request->also ? keep_also : NULL,
		.also_arg = &also,
	};

	return document_submit(request->kernel, arena, &document, findings, result, err);
}

/* What could not be mapped is judged all the same, so that all is said at once; but it is not submitted. */
static enum err_code judge(const struct national_request *request, const struct mapping_document *document,
			   struct document_result *result, struct err *err)
{
	const char *code = mapping_doctype(request->mapping->in)->code;
	const struct doctype *doctype = NULL;
	const void *record = NULL;
	struct document_key key = { 0 };

	TRY(document_check(request->kernel, document->arena, code, document->json, document_today(request->now_us),
			   &doctype, &record, document->findings, err));
	if (doctype && record)
		doctype->key(document->arena, record, &key);
	*result = (struct document_result){ .reference = key.reference };
	return OK;
}

static enum err_code take_mapped(void *arg, const struct mapping_document *document, struct err *err)
{
	struct submitting *submitting = arg;
	const struct national_request *request = submitting->request;
	struct national_result result = { .arena = document->arena, .number = ++submitting->number };
	bool skip = false;

	if (request->skip)
		TRY(request->skip(request->arg, result.number, &skip, err));
	if (skip)
		return OK;
	if (findings_errors(document->findings))
		TRY(judge(request, document, &result.result, err));
	else
		TRY(submit(request, document->arena, result.number, mapping_doctype(request->mapping->in)->code,
			   document->json, document->findings, &result.result, err));
	result.reference = result.result.reference;
	/* Each with its place in the file: who mends it looks there. */
	struct findings *findings = findings_new(document->arena);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for the findings of a document");
	mapping_tell(document, "", findings);
	result.findings = findings;
	return submitting->take(request->arg, &result, err);
}

static enum err_code submit_plain(const struct national_request *request, struct arena *arena, national_take_fn *take,
				  struct err *err)
{
	struct findings *findings = findings_new(arena);
	struct national_result result = { .arena = arena, .number = 1, .findings = findings };
	bool skip = false;

	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for a document");
	if (request->skip)
		TRY(request->skip(request->arg, 1, &skip, err));
	if (skip)
		return OK;
	TRY(submit(request, arena, 1, request->doctype, request->text, findings, &result.result, err));
	result.reference = result.result.reference;
	return take(request->arg, &result, err);
}

enum err_code national_submit(const struct national_request *request, struct arena *arena, national_take_fn *take,
			      struct findings *findings, struct err *err)
{
	struct submitting submitting = { .request = request, .take = take };
	struct octets octets = { .all = request->text };
	const struct mapping_input input = { { read_octets, &octets }, rewind_octets };

	if (!request->mapping)
		return submit_plain(request, arena, take, err);
	return mapping_read(request->mapping->in, &input, take_mapped, &submitting, findings, err);
}

static enum err_code count_one(void *arg, const struct mapping_document *document, struct err *err)
{
	(void)document;
	(void)err;
	++*(size_t *)arg;
	return OK;
}

enum err_code national_count(const struct national_request *request, size_t *count, struct findings *findings,
			     struct err *err)
{
	struct octets octets = { .all = request->text };
	const struct mapping_input input = { { read_octets, &octets }, rewind_octets };

	*count = 1;
	if (!request->mapping)
		return OK;
	*count = 0;
	return mapping_read(request->mapping->in, &input, count_one, count, findings, err);
}

/* --- To the national shape --- */

enum { JSON_MAX = 64 << 20 };

/* Errors of form: what a document says may have become wrong since it was received (it expired), and it is mapped all
 * the same; what could not be read is not. */
static bool has_holes(const struct findings *findings)
{
	for (size_t i = 0; findings_at(findings, i); i++)
		if (starts_with(findings_at(findings, i)->rule->code, "FLD-"))
			return true;
	return false;
}

enum err_code national_write(struct kernel *kernel, struct arena *arena, const struct national_mapping *mapping,
			     const struct document *document, struct bytes original, struct buf *out,
			     struct findings *findings, struct err *err)
{
	struct findings *aside = findings_new(arena);
	const struct doctype *doctype = NULL;
	const void *record = NULL;
	struct mapping_writer *writer;
	buf_auto json = { 0 };

	if (!aside)
		return fail(err, ERR_MEMORY, "no memory for a document");
	TRY(document_check(kernel, arena, document->doctype, original, document_today(document->created_us), &doctype,
			   &record, aside, err));
	if (!record || has_holes(aside))
		return fail(
			err, ERR_CONFLICT,
			"the document breaks rules of its form, so not all of it can be read; its original is shown "
			"as it came");
	buf_init(&json, JSON_MAX);
	field_put_json(&json, doctype->schema, record);
	TRY(buf_check(&json, "a document", err));
	TRY(mapping_writer_open(mapping->out, &writer, err));
	enum err_code code = mapping_write(writer, arena, buf_bytes(&json), out, findings, err);
	mapping_writer_close(writer);
	return code;
}

const char *national_media_type(struct arena *arena, const struct national_mapping *mapping)
{
	static const char *const rows[][2] = { { "xml", "application/xml" }, { "json", "application/json" } };
	const char *charset = mapping_charset(mapping->in);

	for (size_t i = 0; i < COUNT(rows); i++)
		if (same(mapping_format(mapping->in), rows[i][0]))
			return rows[i][1];
	return arena_printf(arena, "text/csv; charset=%s", charset ? charset : "utf-8");
}
