/* The commands of documents, and of papers that stood in for them; how people read the answers. */
#include "base/text.h"
#include "customs/document/api_int.h"

/* --- Documents --- */

static const char *text(const char *value)
{
	return value ? value : "";
}

static void print_documents(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "id", 36 },     { "created", 24 }, { "way", 3 },
						 { "partner", 7 }, { "type", 22 },    { "reference", 20 },
						 { "state", 16 },  { "kept by", 12 }, { "", 4 } };
	const struct document_list_view *list = answer;
	char time[TIME_SIZE];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct document_view *d = &list->items[i];
		ROW(out, columns, d->id, when(d->created_us, time), d->direction, d->partner, d->doctype, d->reference,
		    d->state, d->organisation, d->test ? "TEST" : "");
	}
	if (!list->count)
		fprintf(out, "no documents\n");
	print_next(out, list->next, "--before");
}

/* With errors it was refused on arrival; officers are told of warnings. */
static bool print_found(FILE *out, const struct document_view *d)
{
	enum { PATHS_ARENA = 1 << 20 };
	arena_auto arena = arena_new(PATHS_ARENA);
	bool refused = false;
	for (size_t i = 0; i < d->findings_count; i++)
		refused |= same(d->findings[i].severity, "error");
	if (d->findings_count)
		fprintf(out, "%s when it came, %zu finding%s (lintas rule show CODE):\n",
			refused ? "refused" : "accepted", d->findings_count, d->findings_count == 1 ? "" : "s");
	for (size_t i = 0; i < d->findings_count; i++) {
		const struct finding_view *f = &d->findings[i];
		print_finding(out, arena, f->path, f->code, f->text, f->law);
	}
	return refused;
}

/* What is to be done about a document of ours that has not arrived as far as we know. */
static const struct {
	const char *state, *message_state, *step;
} unsent_steps[] = {
	{ "abandoned", "abandoned",
	  "no receipt says that the partner has it, and nothing more is tried. Mend the cause and send the same file again "
	  "(lintas send), which sends this document anew; with other content it needs a new reference" },
	{ "submitted", "dead",
	  "no receipt says that the partner has it, and nothing more is tried. Mend the cause, then lintas outbox retry; or "
	  "lintas outbox abandon, if it is not to be sent any more" },
	{ "submitted", "held", "it is not sent before lintas outbox release" },
	{ "submitted", "queued", "it is sent by itself" },
};

static void print_step(FILE *out, const struct document_view *d, bool refused)
{
	if (refused && same(d->state, "refused"))
		fprintf(out,
			"Next: tell the sender, who judges by the same rules; then lintas documents seen %s, which closes "
			"the task\n",
			d->id);
	if (d->effect)
		fprintf(out, "%s\n", d->effect);
	for (size_t i = 0; i < COUNT(unsent_steps); i++)
		if (same(d->state, unsent_steps[i].state) && same(d->message_state, unsent_steps[i].message_state))
			fprintf(out, "Next: %s\n", unsent_steps[i].step);
}

static void print_document(FILE *out, const void *answer)
{
	const struct document_view *d = answer;
	char time[TIME_SIZE], day[DATE_SIZE];
	fprintf(out, "%s  %s  issued %s by %s%s\n", d->doctype, text(d->reference), date_format(d->issued_on, day),
		text(d->issuer_state), d->test ? "  TEST" : "");
	fprintf(out, "  id            %s\n  state         %s\n  direction     %s, partner %s\n", d->id, text(d->state),
		d->direction, d->partner);
	fprintf(out, "  from, to      %s -> %s\n  kept by       %s\n  created       %s\n", text(d->sender),
		text(d->recipient), d->organisation, when(d->created_us, time));
	fprintf(out, "  sha-256       %s\n  message       %s, %s\n", d->digest, text(d->message),
		text(d->message_state));
	if (d->message_error && !same(d->message_state, "delivered") && !same(d->message_state, "processed"))
		fprintf(out, "  last error    %s\n", d->message_error);
	if (d->about)
		fprintf(out, "  about         %s\n", d->about);
	if (d->paper)
		fprintf(out, "  paper         accepted before it came: %s\n", d->paper);
	if (d->others != INTEGER_NONE)
		fprintf(out,
			"  others        %lld of this reference gave way: tests, refused ones, what is about it; lintas "
			"documents list --reference %s\n",
			(long long)d->others, d->reference);
	print_step(out, d, print_found(out, d));
	fprintf(out, "Next: lintas timeline %s\n", d->id);
}

/* --- Submissions --- */

static bool nothing_refused(const void *answer)
{
	const struct submit_view *s = answer;
	return s->refused == INTEGER_NONE || s->refused == 0;
}

static void print_submitted(FILE *out, struct arena *arena, const struct submitted_view *d)
{
	fprintf(out, "%4lld  %-36s  %s%s\n", (long long)d->number, d->id ? d->id : "refused",
		d->reference ? d->reference : "", d->repeated ? "  (submitted before: nothing was sent again)" : "");
	for (size_t i = 0; i < d->findings_count; i++) {
		const struct finding_view *f = &d->findings[i];
		print_finding(out, arena, f->path ? f->path : "", f->code, f->text, f->law);
	}
}

static void print_submit(FILE *out, const void *answer)
{
	enum { ARENA_BYTES = 8 << 20 };
	const struct submit_view *s = answer;
	arena_auto arena = arena_new(ARENA_BYTES);
	if (s->id) {
		fprintf(out, "%s\n", s->id); /* alone, for scripts */
		fprintf(stderr, "%sNext: lintas timeline %s\n",
			s->repeated ? "It was submitted before: nothing was sent again.\n" : "", s->id);
	}
	for (size_t i = 0; arena && i < s->documents_count; i++)
		print_submitted(out, arena, &s->documents[i]);
	for (size_t i = 0; arena && i < s->findings_count; i++)
		print_finding(out, arena, "", s->findings[i].code, s->findings[i].text, s->findings[i].law);
	if (s->documents_count)
		fprintf(out, "%zu document%s, %lld refused\n", s->documents_count, s->documents_count == 1 ? "" : "s",
			(long long)s->refused);
}

/* --- Papers --- */

enum { COUNT_SIZE = 24 };

static enum err_code run_paper_accept(struct invocation *in, struct err *err)
{
	const char *issued_on = option_value(in, "--issued-on");
	struct new_paper_view view = { .partner = option_value(in, "--partner"),
				       .doctype = option_value(in, "--type"),
				       .reference = option_value(in, "--reference"),
				       .organisation = option_value(in, "--organisation"),
				       .issuer = option_value(in, "--issuer"),
				       .reason = option_value(in, "--reason"),
				       .issued_on = DATE_NONE };
	if (!date_parse(issued_on, &view.issued_on))
		return fail(err, ERR_USAGE, "--issued-on is like 2026-11-20, not %s", issued_on);
	return remote_run_with(in, &new_paper_schema, &view, err);
}

static enum err_code run_paper_close(struct invocation *in, struct err *err)
{
	struct paper_close_view view = { .reason = option_value(in, "--reason") };
	return remote_run_with(in, &paper_close_schema, &view, err);
}

static const char *days(const struct paper_view *p, char buffer[static COUNT_SIZE])
{
	snprintf(buffer, COUNT_SIZE, "%lld", (long long)p->age_days);
	return buffer;
}

static void print_papers(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "accepted", 24 }, { "days", -4 },      { "state", 9 },
						 { "type", 10 },     { "reference", 20 }, { "issued", 10 },
						 { "partner", 7 },   { "paper", 36 },     { "electronic twin", 36 },
						 { "link then", 0 } };
	const struct paper_list_view *list = answer;
	char time[TIME_SIZE], day[DATE_SIZE], count[COUNT_SIZE];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct paper_view *p = &list->items[i];
		ROW(out, columns, when(p->accepted_us, time), days(p, count), p->state, p->doctype, p->reference,
		    date_format(p->issued_on, day), p->partner, p->id, p->document ? p->document : "has not come",
		    p->link ? p->link : "");
	}
	if (!list->count)
		fprintf(out, "no papers\n");
	if (list->next)
		fprintf(out, "more: --before %s\n", list->next);
}

static void print_paper(FILE *out, const void *answer)
{
	const struct paper_view *p = answer;
	char time[TIME_SIZE], day[DATE_SIZE], count[COUNT_SIZE];
	fprintf(out, "%s  %s  issued %s by %s%s%s, on PAPER\n", p->doctype, p->reference,
		date_format(p->issued_on, day), p->partner, p->issuer ? ":" : "", p->issuer ? p->issuer : "");
	fprintf(out, "  id            %s\n  state         %s\n  accepted      %s by %s for %s\n", p->id, p->state,
		when(p->accepted_us, time), p->accepted_by, p->organisation);
	fprintf(out, "  because       %s\n", p->reason);
	if (p->link)
		fprintf(out, "  link          %s\n", p->link);
	if (p->document)
		fprintf(out, "  twin          %s, came %s, after %s days\n", p->document, when(p->twin_us, time),
			days(p, count));
	else
		fprintf(out, "  twin          has not come, for %s days\n", days(p, count));
	if (p->closed_because)
		fprintf(out, "  closed        %s\n", p->closed_because);
	for (size_t i = 0; i < p->findings_count; i++)
		fprintf(out, "warning: %s  %s\n", p->findings[i].code, p->findings[i].text);
	fprintf(out, "Next: lintas timeline %s\n", p->id);
	if (p->document)
		fprintf(out, "      lintas timeline %s of its twin\n", p->document);
}

/* --- Rows --- */

static const struct option send_options[] = {
	{ "--to", "PARTNER", "the partner; by default the state that the document is meant for", "partner", false },
	{ "--from", "SEAT", "the organisation of ours that sends; needed if several could", "organisation", false },
	{ "--type", "TYPE", "document type of a JSON file; XML says it itself", "type", false },
	{ "--test", NULL, "mark it as a test: no business follows from it", "test", false },
	{ "--map", "NAME", "the file is in the national shape that this mapping of the node says", "map", false },
	{ 0 },
};
static const struct option content_options[] = {
	{ "--map", "NAME", "in the national shape that this mapping of the node says", "map", false },
	{ "--purpose", "CODE", "for what it is read, such as risk-analysis: it stands in the timeline", "purpose",
	  false },
	{ 0 },
};
static const struct option read_options[] = {
	{ "--purpose", "CODE", "for what it is read, such as risk-analysis: it stands in the timeline", "purpose",
	  false },
	{ 0 },
};
static const struct option list_options[] = {
	{ "--partner", "PARTNER", "only of this partner", "partner", false },
	{ "--organisation", "SEAT", "only of this organisation of ours", "organisation", false },
	{ "--type", "TYPE", "only this document type", "type", false },
	{ "--direction", "in|out", "only received or sent ones", "direction", false },
	{ "--reference", "TEXT", "only with this reference", "reference", false },
	{ "--state", "NAME", "only in this state, such as received, refused or abandoned", "state", false },
	{ "--since", "DATE", "only what was sent or received here on this day, UTC, or later", "since", false },
	{ "--until", "DATE", "only what was sent or received here on this day, UTC, or before", "until", false },
	{ "--before", "ID", "older than this one: the next page", "before", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
static const struct option paper_options[] = {
	{ "--partner", "PARTNER", "whose state issued it", NULL, true },
	{ "--type", "TYPE", "document type", NULL, true },
	{ "--reference", "TEXT", "as it stands on the paper", NULL, true },
	{ "--issued-on", "DATE", "its date of issue", NULL, true },
	{ "--organisation", "SEAT", "ours, that accepts it (without: that of whoever asks)", NULL, false },
	{ "--issuer", "CODE", "the organisation there that issued it, to compare with the electronic one", NULL,
	  false },
	{ "--reason", "TEXT", "why on paper", NULL, true },
	{ 0 },
};
static const struct option paper_list_options[] = {
	{ "--open", NULL, "only what waits: for its electronic twin, or for an officer", "open", false },
	{ "--partner", "PARTNER", "only of this partner", "partner", false },
	{ "--organisation", "SEAT", "only of this organisation of ours", "organisation", false },
	{ "--before", "ID", "older than this one: the next page", "before", false },
	{ "--limit", "N", "at most so many (100)", "limit", false },
	{ 0 },
};
static const struct option paper_close_options[] = { { "--reason", "TEXT", "what was found", NULL, true }, { 0 } };

const struct command document_commands[] = {
	{ .words = "send",
	  .arguments = "FILE",
	  .summary = "check a document (-: standard input), sign it and send it to a partner",
	  .options = send_options,
	  .example =
		  "lintas send form-d.xml --to VN\nlintas send response.json --type CUSTOMS-RESPONSE --from customs\n"
		  "lintas send application.csv --map ministry-form-d",
	  .run = remote_run_file,
	  .method = "POST",
	  .path = "/api/v1/documents",
	  .answer = &submit_schema,
	  .print = print_submit,
	  .good = nothing_refused,
	  .sends = true },
	{ .words = "documents list",
	  .summary = "documents, newest first",
	  .options = list_options,
	  .example = "lintas documents list --direction in\nlintas documents list --state refused --since 2026-11-01",
	  .method = "GET",
	  .path = "/api/v1/documents",
	  .answer = &document_list_schema,
	  .print = print_documents },
	{ .words = "documents show",
	  .arguments = "DOCUMENT",
	  .summary = "one document, by id or reference",
	  .options = read_options,
	  .example = "lintas documents show 0192f3c4-…\nlintas documents show D2026-0045678",
	  .method = "GET",
	  .path = "/api/v1/documents/{}",
	  .answer = &document_schema,
	  .print = print_document },
	{ .words = "documents original",
	  .text_alone = true,
	  .arguments = "DOCUMENT",
	  .summary = "the exact bytes that were signed, to standard output",
	  .options = read_options,
	  .example = "lintas documents original 0192f3c4-… --purpose verification > form-d.xml",
	  .method = "GET",
	  .path = "/api/v1/documents/{}/original" },
	{ .words = "documents content",
	  .text_alone = true,
	  .arguments = "DOCUMENT",
	  .summary = "what the document says, as JSON or in a national shape, to standard output",
	  .options = content_options,
	  .example = "lintas documents content 0192f3c4-… > form-d.json\n"
		     "lintas documents content 0192f3c4-… --map customs-form-d > form-d.csv",
	  .method = "GET",
	  .path = "/api/v1/documents/{}/content" },
	{ .words = "documents seen",
	  .arguments = "DOCUMENT",
	  .summary = "note that an officer has opened a received document",
	  .example = "lintas documents seen 0192f3c4-…",
	  .method = "POST",
	  .path = "/api/v1/documents/{}/seen",
	  .answer = &document_schema,
	  .print = print_document },
	{ .words = "paper accept",
	  .summary = "note that an officer accepted a paper, because the electronic document could not come",
	  .options = paper_options,
	  .example = "lintas paper accept --partner TH --type FORM-D --reference D2026-0045678 --issued-on 2026-11-20 "
		     "--organisation customs --reason \"the gateway of TH is down\"",
	  .run = run_paper_accept,
	  .method = "POST",
	  .path = "/api/v1/papers",
	  .answer = &paper_schema,
	  .print = print_paper },
	{ .words = "paper list",
	  .summary = "papers that were accepted, newest first, with their age and their electronic twins",
	  .options = paper_list_options,
	  .example = "lintas paper list --open",
	  .method = "GET",
	  .path = "/api/v1/papers",
	  .answer = &paper_list_schema,
	  .print = print_papers },
	{ .words = "paper show",
	  .arguments = "PAPER",
	  .summary = "one paper that was accepted, by id or reference",
	  .example = "lintas paper show 0192f3c4-…\nlintas paper show D2026-0045678",
	  .method = "GET",
	  .path = "/api/v1/papers/{}",
	  .answer = &paper_schema,
	  .print = print_paper },
	{ .words = "paper close",
	  .arguments = "PAPER",
	  .summary = "nothing more is to be done about a paper whose twin differs, or will not come",
	  .options = paper_close_options,
	  .example = "lintas paper close 0192f3c4-… --reason \"the date was misread; the goods are the same\"",
	  .run = run_paper_close,
	  .method = "POST",
	  .path = "/api/v1/papers/{}/close",
	  .answer = &paper_schema,
	  .print = print_paper },
	{ 0 },
};
