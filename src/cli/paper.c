/* Papers that were accepted while the electronic document could not come. */
#include <stdio.h>

#include "cli/cli_int.h"

enum { COUNT_SIZE = 24 };

enum err_code run_paper_accept(struct invocation *in, struct err *err)
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

enum err_code run_paper_close(struct invocation *in, struct err *err)
{
	struct paper_close_view view = { .reason = option_value(in, "--reason") };
	return remote_run_with(in, &paper_close_schema, &view, err);
}

static const char *days(const struct paper_view *p, char buffer[static COUNT_SIZE])
{
	snprintf(buffer, COUNT_SIZE, "%lld", (long long)p->age_days);
	return buffer;
}

void print_papers(FILE *out, const void *answer)
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

void print_paper(FILE *out, const void *answer)
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
