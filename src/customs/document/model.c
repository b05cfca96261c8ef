/* Reads a document: its content decides whether it is XML or JSON. */
#include "customs/document/document_int.h"

#include "codec/xml.h"

/* A byte order mark and white space say nothing. */
static struct bytes without_leading_space(struct bytes text)
{
	static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };

	if (text.size >= sizeof(mark) && memcmp(text.data, mark, sizeof(mark)) == 0) {
		text.data += sizeof(mark);
		text.size -= sizeof(mark);
	}
	while (text.size > 0 && text.data[0] && strchr(" \t\r\n", text.data[0])) {
		text.data++;
		text.size--;
	}
	return text;
}

char document_first(struct bytes text)
{
	text = without_leading_space(text);
	return text.size > 0 ? (char)text.data[0] : '\0';
}

static void find(struct findings *findings, enum document_rule rule, const char *first, const char *second)
{
	finding_add(findings, &document_rules[rule], "", first, second);
}

/* The type whose root element NODE is, or has the name of. */
static const struct doctype *doctype_of_root(const struct kernel *kernel, const struct xml_node *node)
{
	const struct doctype *named = NULL, *doctype;

	for (size_t i = 0; (doctype = doctype_at(kernel, i)); i++) {
		if (field_is_root(doctype->schema, node))
			return doctype;
		if (same(xml_name(node), doctype->schema->root))
			named = doctype;
	}
	return named;
}

/* What is wrong with the input is a finding; what we could not do is a fault. */
static bool input_fault(enum err_code code)
{
	return code == ERR_SYNTAX || code == ERR_LIMIT || code == ERR_INVALID;
}

static void *record_new(struct arena *arena, const struct doctype *doctype, struct err *err)
{
	void *record = arena_alloc(arena, doctype->schema->fields->size);

	if (!record)
		(void)fail(err, ERR_MEMORY, "no memory left to read a %s", doctype->code);
	return record;
}

static enum err_code read_xml(const struct kernel *kernel, struct arena *arena, const struct doctype *wanted,
			      struct bytes text, struct document_reading *reading, struct findings *findings,
			      struct err *err)
{
	xml_doc_auto doc = NULL;
	struct err cause = { 0 };
	struct xml_limits limits = xml_limits_default;
	limits.without_blanks = true;
	enum err_code code = xml_parse(arena, text, &limits, &doc, &cause);

	if (input_fault(code)) {
		find(findings, DOCUMENT_UNREADABLE, cause.text, NULL);
		return OK;
	}
	if (code != OK)
		return fail(err, code, "%s", cause.text);

	const struct doctype *doctype = doctype_of_root(kernel, xml_root(doc));
	if (!doctype) {
		find(findings, DOCUMENT_UNKNOWN_TYPE, xml_name(xml_root(doc)), NULL);
		return OK;
	}
	if (!same(xml_namespace(xml_root(doc)), doctype->schema->ns)) {
		find(findings, DOCUMENT_OTHER_NAMESPACE, xml_namespace(xml_root(doc)), doctype->schema->ns);
		return OK;
	}
	if (wanted && wanted != doctype) {
		find(findings, DOCUMENT_OTHER_TYPE, doctype->code, wanted->code);
		return OK;
	}

	void *record = record_new(arena, doctype, err);
	if (!record)
		return ERR_MEMORY;
	if (!field_read_xml(arena, doctype->schema, xml_root(doc), kernel->lists, record, findings))
		return fail(err, ERR_MEMORY, "no memory left to read a %s", doctype->code);
	*reading = (struct document_reading){ .doctype = doctype, .record = record, .original = text };
	return OK;
}

static enum err_code canonical(struct arena *arena, const struct doctype *doctype, const void *record,
			       struct bytes *original, struct err *err)
{
	buf_auto xml;

	buf_init(&xml, DOCUMENT_MAX_BYTES);
	field_put_xml(&xml, doctype->schema, record);
	TRY(buf_check(&xml, "document", err));

	const void *copy = arena_copy(arena, xml.data, xml.size);
	if (!copy)
		return fail(err, ERR_MEMORY, "no memory left to write a %s", doctype->code);
	*original = bytes(copy, xml.size);
	return OK;
}

static enum err_code read_json(const struct kernel *kernel, struct arena *arena, const struct doctype *doctype,
			       struct bytes text, struct document_reading *reading, struct findings *findings,
			       struct err *err)
{
	struct err cause = { 0 };
	struct document_reading read = { .doctype = doctype };

	if (!doctype) {
		find(findings, DOCUMENT_NO_TYPE, doctype_codes(kernel, arena), NULL);
		return OK;
	}
	if (doctype->schema->foreign) {
		find(findings, DOCUMENT_FOREIGN, doctype->code, doctype->schema->ns);
		return OK;
	}
	void *record = record_new(arena, doctype, err);
	if (!record)
		return ERR_MEMORY;

	size_t errors = findings_errors(findings);
	enum err_code code = field_read_json(arena, doctype->schema, text, kernel->lists, record, findings, &cause);
	if (input_fault(code)) {
		find(findings, DOCUMENT_UNREADABLE, cause.text, NULL);
		return OK;
	}
	if (code != OK)
		return fail(err, code, "%s", cause.text);
	/* A record with findings has holes and is never sent: it needs no XML. */
	if (findings_errors(findings) == errors)
		TRY(canonical(arena, doctype, record, &read.original, err));
	read.record = record;
	*reading = read;
	return OK;
}

enum err_code document_read(const struct kernel *kernel, struct arena *arena, const char *doctype_code,
			    struct bytes text, date today, struct document_reading *reading, struct findings *findings,
			    struct err *err)
{
	const struct doctype *wanted = doctype_code ? doctype_find(kernel, doctype_code) : NULL;
	struct bytes content = without_leading_space(text);
	struct document_reading read = { 0 };

	if (doctype_code && !wanted)
		find(findings, DOCUMENT_UNKNOWN_TYPE, doctype_code, NULL);
	else if (text.size > DOCUMENT_MAX_BYTES)
		find(findings, DOCUMENT_UNREADABLE, "it is larger than 16 MiB", NULL);
	else if (content.size > 0 && content.data[0] == '<')
		TRY(read_xml(kernel, arena, wanted, text, &read, findings, err));
	else if (content.size > 0 && content.data[0] == '{')
		TRY(read_json(kernel, arena, wanted, content, &read, findings, err));
	else if (content.size == 0)
		find(findings, DOCUMENT_UNREADABLE, "it is empty", NULL);
	else if (content.data[0] == '[')
		find(findings, DOCUMENT_UNREADABLE, "it is a list; a document is one object, {…}", NULL);
	else
		find(findings, DOCUMENT_UNREADABLE,
		     "it begins with neither < nor {; a file in a national shape, such as CSV, needs its mapping (?map= in the "
		     "request, --map of the command)",
		     NULL);

	/* Of a record with holes, too: what can be read says by which name officers find it, and between whom it is. */
	read.key.issued_on = read.key.about_issued_on = DATE_NONE;
	if (read.record)
		read.doctype->key(arena, read.record, &read.key);
	if (read.record && read.doctype->check)
		read.doctype->check(read.record, today, findings);
	*reading = read;
	return OK;
}

enum err_code document_check(const struct kernel *kernel, struct arena *arena, const char *doctype_code,
			     struct bytes text, date today, const struct doctype **doctype, const void **record,
			     struct findings *findings, struct err *err)
{
	struct document_reading reading;

	TRY(document_read(kernel, arena, doctype_code, text, today, &reading, findings, err));
	*doctype = reading.doctype;
	*record = reading.record;
	return OK;
}
