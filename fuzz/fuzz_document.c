/* A document as a partner or a trader's system sends it, in XML or JSON: form and rules, as at submission and at
 * arrival. One that passes is written, and is the same when it is read again. */
#include "codec/xml.h"
#include "customs/document/document.h"
#include "customs/registry.h"
#include "fuzz.h"
#include "kernel/codelist.h"

#define ARENA_MAX   ((size_t)64 << 20)
#define WRITTEN_MAX ((size_t)16 << 20)

static const void *judge(struct arena *arena, const char *code, struct bytes text, const struct doctype **doctype,
			 size_t *count)
{
	const struct kernel kernel = { .lists = codelists(), .capabilities = customs_capabilities, .state = "TH" };
	struct findings *findings = findings_new(arena);
	const void *record = NULL;
	struct err err = { 0 };

	if (!findings)
		return NULL;
	enum err_code outcome =
		document_check(&kernel, arena, code, text, date_of(2026, 11, 2), doctype, &record, findings, &err);
	MUST(outcome == OK || outcome == ERR_MEMORY);
	*count = findings_errors(findings);
	return outcome == OK ? record : NULL;
}

typedef void put_fn(struct buf *out, const struct schema *schema, const void *record);

/* RECORD, written by PUT and read again, is the document XML. */
static void must_survive(struct arena *arena, const struct doctype *doctype, const void *record, put_fn *put,
			 struct bytes xml)
{
	const struct doctype *again_type;
	buf_auto written, again_xml;
	size_t count;

	buf_init(&written, WRITTEN_MAX);
	buf_init(&again_xml, WRITTEN_MAX);
	put(&written, doctype->schema, record);
	MUST(written.failed == OK || written.failed == ERR_MEMORY);
	if (written.failed != OK || written.size > DOCUMENT_MAX_BYTES)
		return;
	const void *again = judge(arena, doctype->code, buf_bytes(&written), &again_type, &count);
	if (!again)
		return;
	MUST(count == 0 && again_type == doctype);
	field_put_xml(&again_xml, doctype->schema, again);
	MUST(again_xml.failed == ERR_MEMORY || bytes_same(buf_bytes(&again_xml), xml));
}

static void must_be_canonical(struct bytes xml)
{
	buf_auto canonical;
	struct err err = { 0 };

	buf_init(&canonical, WRITTEN_MAX);
	enum err_code code = xml_c14n_document(xml, &xml_limits_default, &canonical, &err);
	MUST(code == ERR_MEMORY || (code == OK && bytes_same(buf_bytes(&canonical), xml)));
}

static void try(const char *code, struct bytes text)
{
	arena_auto arena = arena_new(ARENA_MAX);
	const struct doctype *doctype = NULL;
	size_t errors = 0;
	const void *record = arena ? judge(arena, code, text, &doctype, &errors) : NULL;
	struct document_key key;
	buf_auto xml = { 0 };

	if (!record || errors > 0)
		return;
	doctype->key(arena, record, &key);
	MUST(key.reference && key.issuer_state && key.issued_on != DATE_NONE && key.counterpart);
	if (doctype->schema->foreign)
		return; /* others' XML is kept, not written */
	buf_init(&xml, WRITTEN_MAX);
	field_put_xml(&xml, doctype->schema, record);
	MUST(xml.failed == OK || xml.failed == ERR_MEMORY);
	if (xml.failed != OK)
		return;
	must_be_canonical(buf_bytes(&xml));
	must_survive(arena, doctype, record, field_put_xml, buf_bytes(&xml));
	must_survive(arena, doctype, record, field_put_json, buf_bytes(&xml));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes(data, size);

	try(NULL, text);
	if (size == 0 || data[0] != '{')
		return 0;
	/* JSON does not say which type of document it is. */
	for (const struct capability *const *c = customs_capabilities; *c; c++)
		for (const struct doctype *const *d = (*c)->doctypes; d && *d; d++)
			try((*d)->code, text);
	return 0;
}
