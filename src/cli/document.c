/* Documents, as people read them. */
#include "base/text.h"
#include "cli/cli_int.h"

static const char *text(const char *value)
{
	return value ? value : "";
}

void print_documents(FILE *out, const void *answer)
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

void print_document(FILE *out, const void *answer)
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
