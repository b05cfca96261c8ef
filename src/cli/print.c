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

void print_message_line(FILE *out, const void *answer)
{
	const struct message_view *m = answer;
	fprintf(out, "%s  %s to %s: %s\nNext: lintas timeline %s\n", m->id, action(m), m->partner, m->state, m->id);
}

/* What one can do about a message that is not at its end. */
static const struct {
	const char *state, *verb, *effect;
} message_steps[] = {
	{ "queued", "retry", "sends it now" },
	{ "queued", "hold", "keeps it from being sent" },
	{ "held", "release", "sends it after all" },
	{ "held", "abandon", "gives it up for good" },
	{ "dead", "retry", "sends it again, when the cause is mended" },
	{ "dead", "abandon", "gives it up for good; what follows it goes on" },
	{ "received", "retry", "processes it now" },
	{ "failed", "retry", "processes it again, when the cause is mended" },
	{ "failed", "abandon", "gives it up for good; what follows it goes on" },
};

static void print_message_times(FILE *out, const struct message_view *m)
{
	char time[TIME_SIZE];
	fprintf(out, "  created       %s\n", when(m->created_us, time));
	if (m->accepted_us != TIME_NONE)
		fprintf(out, "  accepted      %s\n", when(m->accepted_us, time));
	if (m->settled_us != TIME_NONE)
		fprintf(out, "  settled       %s\n", when(m->settled_us, time));
	fprintf(out, "  attempts      %lld", (long long)m->attempts);
	if (m->next_attempt_us != TIME_NONE)
		fprintf(out, ", next %s", when(m->next_attempt_us, time));
	fprintf(out, "\n");
	if (m->last_error)
		fprintf(out, "  last error    %s\n", m->last_error);
}

static void print_belongings(FILE *out, const struct message_view *m)
{
	char time[TIME_SIZE];
	for (size_t i = 0; i < m->parts_count; i++) {
		const struct part_view *p = &m->parts[i];
		fprintf(out, "  part %zu        %s, %s, %lld bytes%s\n                sha-256 %s\n", i + 1,
			text(p->content_id), text(p->mime_type), (long long)p->bytes,
			p->compressed ? " compressed" : "", p->digest);
	}
	for (size_t i = 0; i < m->wires_count; i++) {
		const struct wire_view *w = &m->wires[i];
		fprintf(out, "  %-16s %s, %lld bytes\n                sha-256 %s\n", w->kind, when(w->at_us, time),
			(long long)w->bytes, w->digest);
		if (w->certificate)
			fprintf(out, "                signed by %s, sha-256 %s\n",
				w->signer ? w->signer : "a certificate that is not kept", w->certificate);
	}
}

void print_message_whole(FILE *out, const void *answer)
{
	const struct message_view *m = answer;
	bool sent = same(m->direction, "out");
	fprintf(out, "%s  %s %s %s: %s%s\n", m->id, action(m), sent ? "to" : "from", m->partner, m->state,
		m->test ? "  TEST" : "");
	fprintf(out, "  ebMS id       %s\n  conversation  %s, message %lld\n", m->message_id, m->conversation,
		(long long)m->position);
	if (m->document)
		fprintf(out, "  document      %s\n", m->document);
	if (m->organisation)
		fprintf(out, "  %s          %s\n", sent ? "of  " : "for ", m->organisation);
	print_message_times(out, m);
	print_belongings(out, m);
	for (size_t i = 0; i < COUNT(message_steps); i++)
		if (same(m->state, message_steps[i].state))
			fprintf(out, "Next: lintas outbox %s %s %s\n", message_steps[i].verb, m->id,
				message_steps[i].effect);
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

/* From so many days before its end a certificate is to be renewed: authorities and partners take their time. */
enum { RENEW_DAYS = 60 };

static void print_active_key(FILE *out, const struct key_view *k, int64_t now_us)
{
	char from[TIME_SIZE];
	fprintf(out, "%-8s %s (%s), ", k->use, k->id, k->type);
	if (k->not_before_us > now_us)
		fprintf(out, "valid from %s\n", when(k->not_before_us, from));
	else if (k->days_left < 0)
		fprintf(out, "EXPIRED: it is used for nothing; roll it over now (lintas help key new)\n");
	else
		fprintf(out, "%lld day%s left%s\n", (long long)k->days_left, k->days_left == 1 ? "" : "s",
			k->days_left < RENEW_DAYS ? ": ROLL IT OVER NOW (lintas help key new)" : "");
}

static void print_status_keys(FILE *out, const struct status_view *s)
{
	static const struct {
		const char *use, *without;
	} uses[] = {
		{ "sign", "nothing can be sent or acknowledged" },
		{ "decrypt", "nothing can be received" },
		{ "tls", "the node cannot start" },
	};
	if (s->keys_fault)
		fprintf(out, "keys     CANNOT BE READ: %s\n", s->keys_fault);
	for (size_t u = 0; u < COUNT(uses) && !s->keys_fault; u++) {
		size_t active = 0;
		for (size_t i = 0; i < s->keys_count; i++) {
			const struct key_view *k = &s->keys[i];
			if (!same(k->use, uses[u].use))
				continue;
			if (same(k->status, "active")) {
				print_active_key(out, k, s->now_us);
				active++;
			} else if (same(k->status, "damaged")) {
				fprintf(out, "%-8s %s DAMAGED: its files cannot be read\n", k->use, k->id);
			}
		}
		if (!active && !(s->plain && same(uses[u].use, "tls")))
			fprintf(out, "%-8s NO ACTIVE KEY: %s; lintas key new --use %s\n", uses[u].use, uses[u].without,
				uses[u].use);
	}
}

static void print_status_disk(FILE *out, const struct status_view *s)
{
	const double mb = 1 << 20;
	if (s->disk_free_bytes != INTEGER_NONE)
		fprintf(out, "disk     %.0f MB free; below %.0f MB nothing is taken%s\n",
			(double)s->disk_free_bytes / mb, (double)s->disk_reserve_bytes / mb,
			s->disk_free_bytes < s->disk_reserve_bytes ? ": MAKE ROOM NOW" : "");
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
		if (same(p->status, "suspended"))
			fprintf(out, "   SUSPENDED");
		if (p->oldest_queued_us != TIME_NONE)
			fprintf(out, "   waiting since %s", when(p->oldest_queued_us, time));
		fprintf(out, "\n");
	}
	print_status_keys(out, s);
	print_status_disk(out, s);
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
	if (p->broken_wire)
		fprintf(out, "EVIDENCE BROKEN: %s\n", text(p->evidence_reason));
	else if (p->evidence)
		fprintf(out, "%lld stored messages, receipts and errors are what the journal names\n",
			(long long)p->wires);
}

bool proof_good(const void *answer)
{
	const struct proof_view *p = answer;
	return !p->broken_sequence && !p->broken_wire;
}
