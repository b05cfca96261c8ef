/* What became of a dropped file: kept in the database when it is done, and written beside it for its system. */
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "national/drop_int.h"

enum { TEXT_MAX = 65536 };
#define TEXT(s, m, name, ...) FIELD_TEXT(struct s, m, .json = name, .max_length = TEXT_MAX, __VA_ARGS__)

static const struct field finding_rows[] = {
	TEXT(drop_finding, code, "code", .min = 1),         TEXT(drop_finding, path, "path", .min = 0),
	TEXT(drop_finding, text, "text", .min = 1),         TEXT(drop_finding, law, "law", .min = 0),
	TEXT(drop_finding, severity, "severity", .min = 1),
};
static const struct fields finding = FIELDS(struct drop_finding, finding_rows);

static const struct field document_rows[] = {
	FIELD_INT(struct drop_document, number, .json = "number", .min = 1),
	TEXT(drop_document, reference, "reference", .min = 0),
	TEXT(drop_document, id, "id", .min = 0),
	TEXT(drop_document, message, "message", .min = 0),
	TEXT(drop_document, state, "state", .min = 0),
	FIELD_TIME(struct drop_document, since_us, .json = "since"),
	FIELD_FLAG(struct drop_document, repeated, .json = "repeated"),
	FIELD_LIST(struct drop_document, findings, findings_count, struct drop_finding, finding, .json = "findings",
		   .max = DROP_FINDINGS_MAX),
};
static const struct fields document = FIELDS(struct drop_document, document_rows);

static const struct field report_rows[] = {
	TEXT(drop_report, file, "file", .min = 1),
	TEXT(drop_report, folder, "folder", .min = 0),
	TEXT(drop_report, organisation, "organisation", .min = 1),
	TEXT(drop_report, id, "id", .min = 1),
	TEXT(drop_report, digest, "sha256", .min = 1),
	FIELD_TIME(struct drop_report, taken_us, .json = "taken", .min = 1),
	FIELD_INT(struct drop_report, refused, .json = "refused", .min = 1),
	FIELD_INT(struct drop_report, findings_total, .json = "findingsTotal", .min = 1),
	FIELD_LIST(struct drop_report, findings, findings_count, struct drop_finding, finding, .json = "findings",
		   .max = DROP_FINDINGS_MAX),
	FIELD_LIST(struct drop_report, documents, documents_count, struct drop_document, document, .json = "documents",
		   .max = DROP_DOCUMENTS_MAX),
};
static const struct fields report_fields = FIELDS(struct drop_report, report_rows);

const struct schema drop_report_schema = { .name = "dropReport", .fields = &report_fields };

enum err_code drop_report_find(struct arena *arena, struct drop_report *report, const struct findings *findings,
			       struct drop_finding **list, size_t *count, struct err *err)
{
	size_t kept = 0;

	while (findings_at(findings, kept) && report->findings_total + (int64_t)kept < DROP_FINDINGS_MAX)
		kept++;
	struct drop_finding *items = arena_array(arena, kept + 1, sizeof(*items));
	for (size_t i = 0; items && i < kept; i++) {
		const struct finding *f = findings_at(findings, i);
		items[i] = (struct drop_finding){
			.code = f->rule->code,
			.path = arena_text(arena, f->path),
			.text = arena_text(arena, f->text),
			.law = arena_text(arena, f->law),
			.severity = severity_name(f->rule->severity),
		};
		if (!items[i].path || !items[i].text)
			items = NULL;
	}
	if (!items)
		return fail(err, ERR_MEMORY, "no memory for the findings about a dropped file");
	report->findings_total += (int64_t)findings_count(findings);
	*list = items;
	*count = kept;
	return OK;
}

enum err_code drop_report_read(struct arena *arena, const char *text, struct drop_report *report, struct err *err)
{
	struct findings *findings = findings_new(arena);

	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for what became of a dropped file");
	TRY(field_read_json(arena, &drop_report_schema, bytes_of(text), NULL, report, findings, err));
	return findings_errors(findings) ? fail(err, ERR_INTERNAL, "what became of a dropped file cannot be read: %s",
						findings_at(findings, 0)->text)
					 : OK;
}

/* --- For people --- */

static void tell_finding(struct arena *arena, struct buf *out, const struct drop_finding *f)
{
	const char *path = f->path && *f->path ? finding_path_for_people(arena, f->path) : "";

	buf_printf(out, "  %-9s %s%s%s", f->code, path ? path : "", path && *path ? "  " : "", f->text);
	if (f->law)
		buf_printf(out, " (%s)", f->law);
	buf_puts(out, same(f->severity, "warning") ? " [warning]\n" : "\n");
}

void drop_report_tell(struct arena *arena, struct buf *out, const struct drop_report *report)
{
	buf_printf(out, "%zu document%s, %lld refused\n", report->documents_count,
		   report->documents_count == 1 ? "" : "s", (long long)report->refused);
	for (size_t i = 0; i < report->findings_count; i++)
		tell_finding(arena, out, &report->findings[i]);
	for (size_t i = 0; i < report->documents_count; i++) {
		const struct drop_document *d = &report->documents[i];
		if (d->findings_count || !d->id)
			buf_printf(out, "document %lld%s%s: %s\n", (long long)d->number, d->reference ? ", " : "",
				   d->reference ? d->reference : "", d->id ? "sent" : "refused");
		for (size_t k = 0; k < d->findings_count; k++)
			tell_finding(arena, out, &d->findings[k]);
	}
	if (report->findings_total > DROP_FINDINGS_MAX)
		buf_printf(out, "and more: there are %lld findings in all\n", (long long)report->findings_total);
}

/* --- The receipt --- */

struct receipt {
	struct arena *arena;
	const struct drop_file *file;
	struct drop_state *states;
	size_t states_count;
};

static enum err_code read_states(struct tx *tx, void *arg, struct err *err)
{
	struct receipt *receipt = arg;

	return drop_states(tx, receipt->arena, receipt->file->id, &receipt->states, &receipt->states_count, err);
}

enum err_code drop_receipt_write(const struct national_drop *drop, struct arena *arena, int organisation,
				 const struct drop_file *file, struct err *err)
{
	struct receipt receipt = { .arena = arena, .file = file };
	struct drop_report report;
	const char *name = arena_printf(arena, "%s.json", file->id);
	fd_auto folder = drop_folder_open(organisation, "receipts", true);
	buf_auto out = { 0 };

	if (!name)
		return fail(err, ERR_MEMORY, "no memory for a receipt");
	if (folder < 0)
		return fail(err, ERR_IO, "cannot open the folder \"receipts\" of %s", file->organisation);
	TRY(drop_report_read(arena, file->report, &report, err));
	TRY(db_read(drop->kernel->db, read_states, &receipt, err));
	/* Both are in the order of the documents in the file; those that were refused have no state. */
	for (size_t i = 0, s = 0; i < report.documents_count && s < receipt.states_count; i++) {
		if (report.documents[i].number != receipt.states[s].number)
			continue;
		report.documents[i].state = receipt.states[s].state;
		report.documents[i].since_us = receipt.states[s++].since_us;
	}
	buf_init(&out, DROP_REPORT_MAX * 2);
	field_put_json(&out, &drop_report_schema, &report);
	buf_putc(&out, '\n');
	TRY(buf_check(&out, "a receipt", err));
	return drop_file_write(folder, name, buf_bytes(&out), err);
}
