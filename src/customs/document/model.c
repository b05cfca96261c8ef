/* Reads a document: its content decides whether it is XML or JSON. And the field tables of what the routes take and
 * answer. */
#include "customs/document/document_int.h"

#include "codec/xml.h"
#include "customs/document/api_int.h"

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

/* --- What the routes take and answer --- */

static const struct field document_rows[] = {
	FIELD_TEXT(struct document_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct document_view, organisation, .json = "organisation", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct document_view, doctype, .json = "doctype", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct document_view, direction, .json = "direction", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct document_view, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct document_view, issuer_state, .json = "issuerState", .max_length = TEXT_MAX,
		   .label = "state that issued it, ISO 3166 alpha-2"),
	FIELD_TEXT(struct document_view, reference, .json = "reference", .max_length = TEXT_MAX,
		   .label = "reference, as its issuer wrote it"),
	FIELD_DAY(struct document_view, issued_on, .json = "issuedOn"),
	FIELD_TEXT(struct document_view, state, .json = "state", .max_length = TEXT_MAX),
	FIELD_TEXT(struct document_view, sender, .json = "sender", .max_length = TEXT_MAX,
		   .label = "STATE:ORGANISATION"),
	FIELD_TEXT(struct document_view, recipient, .json = "recipient", .max_length = TEXT_MAX,
		   .label = "STATE:ORGANISATION"),
	FIELD_TEXT(struct document_view, digest, .json = "digest", .min = 1, .max_length = TEXT_MAX,
		   .label = "SHA-256 of the original, hexadecimal"),
	FIELD_TEXT(struct document_view, message, .json = "message", .max_length = TEXT_MAX,
		   .label = "id of the message that carries it"),
	FIELD_TEXT(struct document_view, conversation, .json = "conversation", .max_length = TEXT_MAX),
	FIELD_TEXT(struct document_view, about, .json = "about", .max_length = TEXT_MAX,
		   .label = "id of the document that it answers, cancels or replaces"),
	FIELD_TEXT(struct document_view, paper, .json = "paper", .max_length = TEXT_MAX,
		   .label = "id of the paper that was accepted in its place before it came"),
	FIELD_FLAG(struct document_view, test, .json = "test", .min = 1),
	FIELD_TIME(struct document_view, created_us, .json = "created", .min = 1),
	FIELD_INT(
		struct document_view, others, .json = "others",
		.label = "how many documents of the same reference gave way to it, when it was asked for by reference"),
	FIELD_TEXT(struct document_view, message_state, .json = "messageState", .max_length = TEXT_MAX,
		   .label = "state of the message that carries it"),
	FIELD_TEXT(struct document_view, message_error, .json = "messageError", .max_length = TEXT_MAX,
		   .label = "why the last attempt to send or process that message failed"),
	FIELD_TEXT(struct document_view, effect, .json = "effect", .max_length = TEXT_MAX,
		   .label = "what it did here, if it has not gone: the partner does not know of that"),
	FIELD_LIST(struct document_view, findings, findings_count, struct finding_view, finding_fields,
		   .json = "findings", .max = PAGE_MAX,
		   .label = "findings (what was found in a received document: why it was refused)"),
};
enum { DOCUMENT_BELONGINGS = 5 }; /* the last rows, which lists leave out */
static const struct fields whole_document_fields = FIELDS(struct document_view, document_rows);
static const struct fields document_fields = { .row = document_rows,
					       .count = COUNT(document_rows) - DOCUMENT_BELONGINGS,
					       .size = sizeof(struct document_view) };

static const struct field paper_rows[] = {
	FIELD_TEXT(struct paper_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct paper_view, organisation, .json = "organisation", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct paper_view, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct paper_view, doctype, .json = "type", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct paper_view, reference, .json = "reference", .min = 1, .max_length = TEXT_MAX),
	FIELD_DAY(struct paper_view, issued_on, .json = "issuedOn", .min = 1),
	FIELD_TEXT(struct paper_view, issuer, .json = "issuer", .max_length = TEXT_MAX),
	FIELD_TEXT(struct paper_view, reason, .json = "reason", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct paper_view, link, .json = "link", .max_length = TEXT_MAX,
		   .label = "link (with the partner, as it stood when the paper was accepted)"),
	FIELD_TEXT(struct paper_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX,
		   .label = "accepted, differing, settled or closed"),
	FIELD_TEXT(struct paper_view, closed_because, .json = "closedBecause", .max_length = TEXT_MAX,
		   .label = "what an officer found who closed it"),
	FIELD_TEXT(struct paper_view, accepted_by, .json = "acceptedBy", .min = 1, .max_length = TEXT_MAX),
	FIELD_TIME(struct paper_view, accepted_us, .json = "accepted", .min = 1),
	FIELD_TEXT(struct paper_view, document, .json = "document", .max_length = TEXT_MAX,
		   .label = "id of the electronic twin, once it has come"),
	FIELD_TIME(struct paper_view, twin_us, .json = "twinCame"),
	FIELD_INT(struct paper_view, age_days, .json = "ageDays", .min = 1,
		  .label = "whole days since it was accepted, until its twin came"),
	FIELD_LIST(struct paper_view, findings, findings_count, struct finding_view, finding_fields, .json = "findings",
		   .max = PAGE_MAX, .label = "findings (warnings, when it is accepted)"),
};
static const struct fields paper_fields = FIELDS(struct paper_view, paper_rows);

static const struct field new_paper_rows[] = {
	FIELD_TEXT(struct new_paper_view, partner, .json = "partner", .min = 1,
		   .label = "partner (whose state issued it)"),
	FIELD_TEXT(struct new_paper_view, doctype, .json = "type", .min = 1, .label = "document type"),
	FIELD_TEXT(struct new_paper_view, reference, .json = "reference", .min = 1,
		   .label = "reference, as it stands on the paper"),
	FIELD_DAY(struct new_paper_view, issued_on, .json = "issuedOn", .min = 1, .label = "date of issue"),
	FIELD_TEXT(struct new_paper_view, organisation, .json = "organisation",
		   .label = "organisation (that accepts it; who logs in: his own)"),
	FIELD_TEXT(struct new_paper_view, issuer, .json = "issuer",
		   .label = "issuer (code of the organisation there, to compare with the electronic one)"),
	FIELD_TEXT(struct new_paper_view, reason, .json = "reason", .min = 1, .label = "why on paper"),
};
static const struct fields new_paper_fields = FIELDS(struct new_paper_view, new_paper_rows);

static const struct field paper_close_rows[] = {
	FIELD_TEXT(struct paper_close_view, reason, .json = "reason", .min = 1, .label = "what was found"),
};
static const struct fields paper_close_fields = FIELDS(struct paper_close_view, paper_close_rows);

static const struct field submitted_rows[] = {
	FIELD_INT(struct submitted_view, number, .json = "number", .min = 1, .label = "place in the file, from 1"),
	FIELD_TEXT(struct submitted_view, reference, .json = "reference", .max_length = TEXT_MAX),
	FIELD_TEXT(struct submitted_view, id, .json = "id", .max_length = TEXT_MAX,
		   .label = "id of the document; missing if it was refused"),
	FIELD_TEXT(struct submitted_view, message, .json = "message", .max_length = TEXT_MAX,
		   .label = "id of the message that carries it"),
	FIELD_FLAG(struct submitted_view, repeated, .json = "repeated", .min = 1,
		   .label = "the same was submitted before: nothing was sent now"),
	FIELD_LIST(struct submitted_view, findings, findings_count, struct finding_view, finding_fields,
		   .json = "findings", .max = PAGE_MAX),
};
static const struct fields submitted_fields = FIELDS(struct submitted_view, submitted_rows);

static const struct field submit_rows[] = {
	FIELD_TEXT(struct submit_view, id, .json = "id", .max_length = TEXT_MAX,
		   .label = "id of the document; missing where there may be several, with ?map="),
	FIELD_TEXT(struct submit_view, message, .json = "message", .max_length = TEXT_MAX,
		   .label = "id of the message that carries it"),
	FIELD_FLAG(struct submit_view, repeated, .json = "repeated", .min = 1,
		   .label = "the same was submitted before: nothing was sent now"),
	FIELD_INT(struct submit_view, refused, .json = "refused", .label = "documents of the file that were refused"),
	FIELD_LIST(struct submit_view, documents, documents_count, struct submitted_view, submitted_fields,
		   .json = "documents", .max = PAGE_MAX, .label = "each document of a file in a national shape"),
	FIELD_LIST(struct submit_view, findings, findings_count, struct finding_view, finding_fields,
		   .json = "findings", .max = PAGE_MAX, .label = "warnings about the file as a whole"),
};
static const struct fields submit_fields = FIELDS(struct submit_view, submit_rows);

const struct schema document_schema = SCHEMA("document", whole_document_fields);
const struct schema paper_schema = SCHEMA("paper", paper_fields);
const struct schema new_paper_schema = SCHEMA("newPaper", new_paper_fields);
const struct schema paper_close_schema = SCHEMA("paperClose", paper_close_fields);
const struct schema submit_schema = SCHEMA("submit", submit_fields);
LIST_SCHEMA(document)
LIST_SCHEMA(paper)
