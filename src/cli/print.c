/* What people read. Scripts take --json. */
#include "base/text.h"
#include "cli/cli_int.h"

static const char *text(const char *value)
{
	return value ? value : "";
}

static const char *when(int64_t time_us, char buffer[static TIME_SIZE])
{
	if (time_us == TIME_NONE)
		return "-";
	time_format(time_us, buffer);
	buffer[10] = ' '; /* "2026-11-02 03:10:04.123Z": the T is for machines */
	return buffer;
}

static void print_next(FILE *out, const char *next, const char *option)
{
	if (next)
		fprintf(out, "More: %s %s\n", option, next);
}

void print_documents(FILE *out, const void *answer)
{
	const struct document_list_view *list = answer;
	char time[TIME_SIZE];
	for (size_t i = 0; i < list->count; i++) {
		const struct document_view *d = &list->items[i];
		fprintf(out, "%s  %s  %-3s %-3s %-22s %-20s %-16s %s%s\n", d->id, when(d->created_us, time),
			d->direction, d->partner, d->doctype, text(d->reference), text(d->state), text(d->organisation),
			d->test ? "  TEST" : "");
	}
	if (!list->count)
		fprintf(out, "no documents\n");
	print_next(out, list->next, "--before");
}

void print_document(FILE *out, const void *answer)
{
	const struct document_view *d = answer;
	char time[TIME_SIZE], day[DATE_SIZE];
	fprintf(out, "%s  %s  issued %s by %s%s\n", d->doctype, text(d->reference), date_format(d->issued_on, day),
		text(d->issuer_state), d->test ? "  TEST" : "");
	fprintf(out, "  id            %s\n  state         %s\n  direction     %s, partner %s\n", d->id, text(d->state),
		d->direction, d->partner);
	fprintf(out, "  from, to      %s -> %s\n  kept by       %s\n  since         %s\n", text(d->sender),
		text(d->recipient), d->organisation, when(d->created_us, time));
	fprintf(out, "  sha-256       %s\n  message       %s\n", d->digest, text(d->message));
	if (d->about)
		fprintf(out, "  about         %s\n", d->about);
	fprintf(out, "Next: lintas timeline %s\n", d->id);
}

/* The identifiers of the ebMS test service are URIs; people call it a ping. */
static const char *action(const struct message_view *m)
{
	return ends_with(m->action, "/200704/test") ? "PING" : m->action;
}

void print_messages(FILE *out, const void *answer)
{
	const struct message_list_view *list = answer;
	char time[TIME_SIZE];
	for (size_t i = 0; i < list->count; i++) {
		const struct message_view *m = &list->items[i];
		fprintf(out, "%s  %s  %-3s %-22s %-10s", m->id, when(m->created_us, time), m->partner, action(m),
			m->state);
		bool settled =
			same(m->state, "delivered") || same(m->state, "processed"); /* an old fault is history then */
		if (m->attempts > 1)
			fprintf(out, " attempt %lld", (long long)m->attempts);
		if (m->next_attempt_us != TIME_NONE && m->attempts)
			fprintf(out, ", next %s", when(m->next_attempt_us, time));
		fprintf(out, "%s\n", m->test ? "  TEST" : "");
		if (m->last_error && !settled)
			fprintf(out, "    %s\n", m->last_error);
	}
	if (!list->count)
		fprintf(out, "no messages\n");
	print_next(out, list->next, "--before");
}

void print_message(FILE *out, const void *answer)
{
	const struct message_view *m = answer;
	fprintf(out, "%s  %s to %s: %s\nNext: lintas timeline %s\n", m->id, action(m), m->partner, m->state, m->id);
}

static void print_event_rows(FILE *out, const struct event_list_view *list, bool with_sequence)
{
	char time[TIME_SIZE];
	for (size_t i = 0; i < list->count; i++) {
		const struct event_view *e = &list->items[i];
		if (with_sequence)
			fprintf(out, "%8lld  ", (long long)e->sequence);
		fprintf(out, "  %s  %-18s %-16s %-9s %s%s%s%s", when(e->at_us, time), e->event, e->actor,
			e->subject_type, e->to_state ? "-> " : "", text(e->to_state), e->detail ? "  " : "",
			text(e->detail));
		fprintf(out, "%s%s\n", with_sequence ? "  " : "", with_sequence ? e->subject : "");
	}
}

void print_timeline(FILE *out, const void *answer)
{
	print_event_rows(out, answer, false);
}

void print_events(FILE *out, const void *answer)
{
	const struct event_list_view *list = answer;
	print_event_rows(out, list, true);
	print_next(out, list->next, "--after");
}

void print_partners(FILE *out, const void *answer)
{
	const struct partner_list_view *list = answer;
	for (size_t i = 0; i < list->count; i++) {
		const struct partner_view *p = &list->items[i];
		fprintf(out, "%-4s %-10s %-16s %-40s %s\n", p->code, text(p->status), p->profile, p->endpoint, p->name);
	}
	if (!list->count)
		fprintf(out, "no partners; see lintas help partner add\n");
}

void print_partner(FILE *out, const void *answer)
{
	const struct partner_view *p = answer;
	char from[TIME_SIZE], to[TIME_SIZE];
	fprintf(out,
		"%s  %s (%s)\n  party         %s (%s)\n  endpoint      %s\n  security      %s, certificate named by %s\n",
		p->code, p->name, text(p->status), p->party_id, text(p->party_type), p->endpoint, p->profile,
		text(p->token));
	for (size_t i = 0; i < p->certificates_count; i++) {
		const struct certificate_view *c = &p->certificates[i];
		fprintf(out, "  %-13s %s\n                %s to %s\n                sha-256 %s\n", c->use,
			text(c->subject), when(c->not_before_us, from), when(c->not_after_us, to),
			text(c->fingerprint));
		if (c->withdrawn_us != TIME_NONE)
			fprintf(out, "                withdrawn %s\n", when(c->withdrawn_us, from));
	}
	if (same(p->status, "suspended"))
		fprintf(out, "Next: lintas partner resume %s exchanges with it again\n", p->code);
	else
		fprintf(out, "Next: compare the fingerprints with the partner by another way, then lintas ping %s\n",
			p->code);
}

void print_organisation(FILE *out, const void *answer)
{
	const struct organisation_view *o = answer;
	fprintf(out, "%-16s %-18s %s\n", o->code, o->seat, o->name);
}

void print_organisations(FILE *out, const void *answer)
{
	const struct organisation_list_view *list = answer;
	for (size_t i = 0; i < list->count; i++)
		print_organisation(out, &list->items[i]);
}

void print_tasks(FILE *out, const void *answer)
{
	const struct task_list_view *list = answer;
	char time[TIME_SIZE];
	size_t done = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct task_view *t = &list->items[i];
		done += same(t->state, "done");
		if (!same(t->state, "done"))
			fprintf(out, "%s  %-16s %-12s %s\n      %s\n", when(t->created_us, time), t->kind,
				text(t->organisation), t->subject, t->text);
	}
	if (done == list->count)
		fprintf(out, "nothing to do\n");
	if (done)
		fprintf(out, "%zu done (--json shows them)\n", done);
}

void print_strangers(FILE *out, const void *answer)
{
	const struct stranger_list_view *list = answer;
	char time[TIME_SIZE];
	for (size_t i = 0; i < list->count; i++) {
		const struct stranger_view *s = &list->items[i];
		fprintf(out, "%s  %-24s %-8s %s\n", when(s->at_us, time), text(s->address), text(s->rule),
			text(s->text));
	}
	if (!list->count)
		fprintf(out, "nobody was turned away since the node was started\n");
}

void print_status(FILE *out, const void *answer)
{
	const struct status_view *s = answer;
	char time[TIME_SIZE], receipt[TIME_SIZE];
	fprintf(out, "%s (%s), version %s, %s\n", s->name, s->state, s->version, s->running ? "running" : "stopped");
	fprintf(out, "%-8s %8s %6s %6s %10s %10s %8s %8s   %-24s\n", "partner", "queued", "held", "dead", "delivered",
		"processed", "failed", "refused", "last receipt");
	for (size_t i = 0; i < s->partners_count; i++) {
		const struct partner_status_view *p = &s->partners[i];
		fprintf(out, "%-8s %8lld %6lld %6lld %10lld %10lld %8lld %8lld   %-24s", p->partner,
			(long long)p->queued, (long long)p->held, (long long)p->dead, (long long)p->delivered,
			(long long)p->processed, (long long)p->failed, (long long)p->refused,
			when(p->last_receipt_us, receipt));
		if (p->oldest_queued_us != TIME_NONE)
			fprintf(out, "   waiting since %s", when(p->oldest_queued_us, time));
		fprintf(out, "\n");
	}
	fprintf(out, "%lld open task%s, %lld stranger%s turned away\n", (long long)s->open_tasks,
		s->open_tasks == 1 ? "" : "s", (long long)s->strangers, s->strangers == 1 ? "" : "s");
}

void print_submit(FILE *out, const void *answer)
{
	const struct submit_view *s = answer;
	fprintf(out, "%s%s\nNext: lintas timeline %s\n", s->id,
		s->repeated ? "  (submitted before: nothing was sent again)" : "", s->id);
}

void print_proof(FILE *out, const void *answer)
{
	const struct proof_view *p = answer;
	if (p->broken_sequence)
		fprintf(out, "BROKEN at %lld: %s\n", (long long)p->broken_sequence, text(p->reason));
	else
		fprintf(out,
			"%lld entries in %lld seals are whole; %lld not sealed yet\nhead %s\n"
			"Write the head down outside the node: it proves all before it.\n",
			(long long)p->entries, (long long)p->seals, (long long)p->unsealed, text(p->head));
}
