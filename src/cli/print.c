/* What people read. Scripts take --json. */
#include "base/text.h"
#include "cli/cli_int.h"

static const char *text(const char *value)
{
	return value ? value : "";
}

enum { NUMBER_SIZE = 24 };
static const char *number(int64_t value, char buffer[static NUMBER_SIZE])
{
	snprintf(buffer, NUMBER_SIZE, "%lld", (long long)value);
	return buffer;
}

/* The identifiers of the ebMS test service are URIs; people call it a ping. */
static const char *action(const struct message_view *m)
{
	return ends_with(m->action, "/200704/test") ? "PING" : m->action;
}

/* How the sending stands: "attempt 3, next 2026-…". Settled ones are history. */
static const char *attempts(const struct message_view *m, char *buffer, size_t size)
{
	char time[TIME_SIZE], count[NUMBER_SIZE + 8] = "", next[TIME_SIZE + 8] = "";
	if (m->attempts > 1)
		snprintf(count, sizeof count, "attempt %lld", (long long)m->attempts);
	if (m->next_attempt_us != TIME_NONE && m->attempts)
		snprintf(next, sizeof next, "%snext %s", *count ? ", " : "", when(m->next_attempt_us, time));
	snprintf(buffer, size, "%s%s", count, next);
	return buffer;
}

/* It is where it was to go: an error of the way there is history. */
static bool arrived(const struct message_view *m)
{
	return same(m->state, "delivered") || same(m->state, "processed");
}

void print_messages(FILE *out, const void *answer)
{
	enum { ERROR_INDENT = 4 };
	static const struct column columns[] = { { "id", 36 },    { "created", 24 }, { "partner", 7 }, { "action", 22 },
						 { "state", 10 }, { "", 4 },         { "", 0 } };
	const struct message_list_view *list = answer;
	char time[TIME_SIZE], sending[80];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct message_view *m = &list->items[i];
		ROW(out, columns, m->id, when(m->created_us, time), m->partner, action(m), m->state,
		    m->test ? "TEST" : "", attempts(m, sending, sizeof sending));
		if (m->last_error && !arrived(m))
			print_folded(out, m->last_error, ERROR_INDENT);
	}
	if (!list->count)
		fprintf(out, "no messages\n");
	print_next(out, list->next, "--before");
}

/* What has gone to nobody, and holds here. */
static void print_effect(FILE *out, const struct message_view *m)
{
	if (m->effect)
		fprintf(out, "%s\n", m->effect);
	if (m->effect && same(m->state, "abandoned"))
		fprintf(out,
			"Next: to tell %s, send the same file again (lintas send); or tell it by other means, then lintas "
			"documents seen %s\n",
			m->partner, text(m->document));
}

void print_message_line(FILE *out, const void *answer)
{
	const struct message_view *m = answer;
	fprintf(out, "%s  %s to %s: %s\n", m->id, action(m), m->partner, m->state);
	print_effect(out, m);
	fprintf(out, "Next: lintas timeline %s\n", m->id);
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
		fprintf(out, "  %-13s %s\n", arrived(m) ? "error before" : "last error", m->last_error);
}

/* How many wires from FIRST on say the same once more, as errors to each attempt do: of these the last is shown.
 * --json has them all. */
static size_t alike(const struct message_view *m, size_t first)
{
	const struct wire_view *w = &m->wires[first];
	size_t count = 1;
	while (first + count < m->wires_count && same(m->wires[first + count].kind, w->kind) &&
	       same(m->wires[first + count].certificate, w->certificate))
		count++;
	return count;
}

static void print_wire(FILE *out, const struct wire_view *w, size_t count)
{
	char time[TIME_SIZE];
	fprintf(out, "  %-16s ", w->kind);
	if (count > 1)
		fprintf(out, "%zu times, last ", count);
	fprintf(out, "%s, %lld bytes\n                sha-256 %s\n", when(w->at_us, time), (long long)w->bytes,
		w->digest);
	if (w->certificate)
		fprintf(out, "                signed by %s, sha-256 %s\n",
			w->signer ? w->signer : "a certificate that is not kept", w->certificate);
}

static void print_belongings(FILE *out, const struct message_view *m)
{
	for (size_t i = 0; i < m->parts_count; i++) {
		const struct part_view *p = &m->parts[i];
		fprintf(out, "  part %zu        %s, %s, %lld bytes%s\n                sha-256 %s\n", i + 1,
			text(p->content_id), text(p->mime_type), (long long)p->bytes,
			p->compressed ? " compressed" : "", p->digest);
	}
	for (size_t i = 0, count; i < m->wires_count; i += count) {
		count = alike(m, i);
		print_wire(out, &m->wires[i + count - 1], count);
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
	print_effect(out, m);
	for (size_t i = 0; i < COUNT(message_steps); i++)
		if (same(m->state, message_steps[i].state))
			fprintf(out, "Next: lintas outbox %s %s %s\n", message_steps[i].verb, m->id,
				message_steps[i].effect);
}

/* "-> queued": the state that the subject reached with the event. */
static const char *reached(const struct event_view *e, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s%s", e->to_state ? "-> " : "", text(e->to_state));
	return buffer;
}

void print_timeline(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "  time", 26 },  { "event", 21 }, { "by", 16 },
						 { "subject", 12 }, { "state", 0 },  { "", 0 } };
	const struct event_list_view *list = answer;
	char time[TIME_SIZE], at[TIME_SIZE + 2], state[80];
	print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct event_view *e = &list->items[i];
		snprintf(at, sizeof at, "  %s", when(e->at_us, time));
		ROW(out, columns, at, e->event, e->actor, e->subject_type, reached(e, state, sizeof state), e->detail);
	}
}

void print_reads(FILE *out, const void *answer)
{
	static const struct column columns[] = {
		{ "time", 24 }, { "by", 20 }, { "subject", 12 }, { "", 38 }, { "", 0 }
	};
	const struct event_list_view *list = answer;
	char time[TIME_SIZE];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct event_view *e = &list->items[i];
		ROW(out, columns, when(e->at_us, time), e->actor, e->subject_type, e->subject, e->detail);
	}
	if (!list->count)
		fprintf(out, "nothing was read\n");
	print_next(out, list->next, "--before");
}

void print_events(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "sequence", -8 }, { "time", 24 }, { "event", 21 }, { "by", 16 },
						 { "subject", 12 },  { "", 36 },     { "state", 0 },  { "", 0 } };
	const struct event_list_view *list = answer;
	char time[TIME_SIZE], sequence[NUMBER_SIZE], state[80];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct event_view *e = &list->items[i];
		ROW(out, columns, number(e->sequence, sequence), when(e->at_us, time), e->event, e->actor,
		    e->subject_type, e->subject, reached(e, state, sizeof state), e->detail);
	}
	if (!list->count)
		fprintf(out, "no events\n");
	print_next(out, list->next, "--after");
}

void print_partners(FILE *out, const void *answer)
{
	static const struct column columns[] = {
		{ "code", 4 }, { "status", 10 }, { "profile", 16 }, { "endpoint", 40 }, { "name", 0 }
	};
	const struct partner_list_view *list = answer;
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct partner_view *p = &list->items[i];
		ROW(out, columns, p->code, p->status, p->profile, p->endpoint ? p->endpoint : "(as agreed)", p->name);
	}
	if (!list->count)
		fprintf(out, "no partners; see lintas help partner add\n");
}

static bool by_ebms2(const struct partner_view *p)
{
	return same(messaging_profile_binding(p->profile), BINDING_EBMS2);
}

static void print_partner_whole(FILE *out, const struct partner_view *p)
{
	char from[TIME_SIZE], to[TIME_SIZE];
	fprintf(out, "%s  %s (%s)\n  party         %s (%s)\n  endpoint      %s\n  security      %s, ", p->code, p->name,
		text(p->status), p->party_id, text(p->party_type), p->endpoint ? p->endpoint : "as its agreement says",
		p->profile);
	if (by_ebms2(p))
		fprintf(out, "ebMS 2: messages are signed, TLS alone keeps them secret\n");
	else
		fprintf(out, "certificate named by %s\n", text(p->token));
	for (size_t i = 0; i < p->certificates_count; i++) {
		const struct certificate_view *c = &p->certificates[i];
		fprintf(out, "  %-13s %s\n                %s to %s\n                sha-256 %s\n", c->use,
			text(c->subject), when(c->not_before_us, from), when(c->not_after_us, to),
			text(c->fingerprint));
		if (c->withdrawn_us != TIME_NONE)
			fprintf(out, "                withdrawn %s\n", when(c->withdrawn_us, from));
	}
}

static void print_agreement_needed(FILE *out, const struct partner_view *p)
{
	if (by_ebms2(p))
		fprintf(out,
			"By ebMS 2 nothing is sent or taken without an agreement: lintas partner agreements %s shows those "
			"that there are,\nlintas partner import FILE --partner %s adds one, lintas partner propose %s "
			"writes one\n",
			p->code, p->code, p->code);
}

static void print_partner_next(FILE *out, const struct partner_view *p)
{
	if (same(p->status, "suspended"))
		fprintf(out, "Next: lintas partner resume %s exchanges with it again\n", p->code);
	else
		fprintf(out, "Next: compare the fingerprints with the partner by another way, then lintas ping %s\n",
			p->code);
	print_agreement_needed(out, p);
}

/* After a change that brought no certificate there is nothing to compare. */
void print_partner(FILE *out, const void *answer)
{
	print_partner_whole(out, answer);
	print_partner_next(out, answer);
}

void print_partner_with(FILE *out, const struct partner_view *p, const struct link_view *link)
{
	print_partner_whole(out, p);
	print_link(out, link);
	print_partner_next(out, p);
}

void print_partner_changed(FILE *out, const void *answer)
{
	const struct partner_view *p = answer;
	print_partner_whole(out, p);
	if (same(p->status, "suspended"))
		fprintf(out, "Next: lintas partner resume %s exchanges with it again\n", p->code);
	else
		fprintf(out, "Next: lintas ping %s\n", p->code);
	print_agreement_needed(out, p);
}

void print_organisation(FILE *out, const void *answer)
{
	const struct organisation_view *o = answer;
	fprintf(out, "%s  %s\n  seat          %s\n", o->code, o->name, o->seat);
}

void print_organisations(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "code", 16 }, { "seat", 18 }, { "name", 0 } };
	const struct organisation_list_view *list = answer;
	print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++)
		ROW(out, columns, list->items[i].code, list->items[i].seat, list->items[i].name);
}

static const char *log_in(const struct user_view *u)
{
	return u->password ? "password" : "tokens only";
}

/* Who is of no organisation is of the node itself. */
static const char *organisation_of(const struct user_view *u)
{
	return u->organisation ? u->organisation : "(node)";
}

void print_users(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "name", 16 },         { "status", 8 }, { "log-in", 11 },
						 { "organisation", 12 }, { "roles", 24 }, { "title", 0 } };
	const struct user_list_view *list = answer;
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct user_view *u = &list->items[i];
		ROW(out, columns, u->name, u->status, log_in(u), organisation_of(u), u->roles, u->title);
	}
	if (!list->count)
		fprintf(out, "no users; see lintas help user add\n");
	print_next(out, list->next, "--after");
}

static void print_user_whole(FILE *out, const struct user_view *u)
{
	fprintf(out, "%s  %s (%s)\n  log-in        %s\n  organisation  %s\n  roles         %s\n", u->name, u->title,
		u->status, log_in(u), organisation_of(u), text(u->roles));
}

static void print_user_next(FILE *out, const struct user_view *u)
{
	if (same(u->status, "disabled"))
		fprintf(out, "Next: lintas user enable %s lets it in again\n", u->name);
	else if (u->password)
		fprintf(out, "Next: %s logs in with name and password; lintas token new --user %s, for a program\n",
			u->name, u->name);
	else
		fprintf(out,
			"There is no password: tokens alone let %s in\n"
			"Next: lintas token new --user %s, for a program; lintas user password %s, for a person\n",
			u->name, u->name, u->name);
}

void print_user(FILE *out, const void *answer)
{
	print_user_whole(out, answer);
	print_user_next(out, answer);
}

void print_user_password(FILE *out, const void *answer)
{
	print_user_whole(out, answer);
	fprintf(out, "The tokens made before let nobody in any more\n");
	print_user_next(out, answer);
}

void print_token(FILE *out, const void *answer)
{
	const struct token_view *t = answer;
	char time[TIME_SIZE];
	bool revoked = t->revoked_us != TIME_NONE;
	fprintf(out, "%s  %s\n  user          %s\n  roles         %s\n  %-13s %s\n", t->id, text(t->title), t->user,
		text(t->roles), revoked ? "revoked" : "until", when(revoked ? t->revoked_us : t->expires_us, time));
}

void print_new_token(FILE *out, const void *answer)
{
	const struct token_view *t = answer;
	char time[TIME_SIZE];
	fprintf(out, "%s\n", text(t->secret));
	fprintf(stderr,
		"This is told once: keep it where only %s reads it. It lets in as %s (%s) until %s.\n"
		"Next: send it as Authorization: Bearer SECRET; lintas token revoke %s ends it\n",
		t->user, t->user, t->roles, when(t->expires_us, time), t->id);
}

void print_tokens(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "id", 36 }, { "user", 16 },  { "until", 24 },
						 { "", 7 },    { "roles", 24 }, { "title", 0 } };
	const struct token_list_view *list = answer;
	char time[TIME_SIZE];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct token_view *t = &list->items[i];
		bool revoked = t->revoked_us != TIME_NONE;
		ROW(out, columns, t->id, t->user, when(revoked ? t->revoked_us : t->expires_us, time),
		    revoked ? "REVOKED" : "", t->roles, t->title);
	}
	if (!list->count)
		fprintf(out, "no tokens; see lintas help token new\n");
	print_next(out, list->next, "--before");
}

void print_roles(FILE *out, const void *answer)
{
	enum { PERMISSIONS_INDENT = 6 };
	static const struct column columns[] = { { "role", 14 }, { "for users of", 16 }, { "", 0 } };
	const struct role_list_view *list = answer;
	print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct role_view *r = &list->items[i];
		ROW(out, columns, r->name, r->node ? "the node" : "an organisation", r->title);
		print_folded(out, r->permissions, PERMISSIONS_INDENT);
	}
}

void print_tasks(FILE *out, const void *answer)
{
	enum { TEXT_INDENT = 6 };
	static const struct column columns[] = { { "since", 24 }, { "kind", 16 }, { "for", 12 }, { "about", 0 } };
	const struct task_list_view *list = answer;
	char time[TIME_SIZE];
	size_t done = 0, shown = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct task_view *t = &list->items[i];
		done += same(t->state, "done");
		if (same(t->state, "done"))
			continue;
		if (!shown++)
			print_heads(out, columns, COUNT(columns));
		ROW(out, columns, when(t->created_us, time), t->kind, t->organisation, t->subject);
		print_folded(out, t->text, TEXT_INDENT);
	}
	if (!shown)
		fprintf(out, "nothing to do\n");
	if (done)
		fprintf(out, "%zu done (--json shows them)\n", done);
	else
		print_next(out, list->next, "--before");
}

void print_strangers(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "time", 24 }, { "address", 24 }, { "rule", 8 }, { "why", 0 } };
	const struct stranger_list_view *list = answer;
	char time[TIME_SIZE];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct stranger_view *s = &list->items[i];
		ROW(out, columns, when(s->at_us, time), s->address, s->rule, s->text);
	}
	if (!list->count)
		fprintf(out, "nobody was turned away since the node was started\n");
}

void print_refusals(FILE *out, const void *answer)
{
	static const struct column columns[] = {
		{ "refusal", 36 }, { "time", 24 }, { "partner", 7 }, { "rule", 9 }, { "eb:MessageId", 0 }
	};
	enum { REASON_INDENT = 6 };
	const struct refusal_list_view *list = answer;
	char time[TIME_SIZE];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct refusal_view *r = &list->items[i];
		ROW(out, columns, r->id, when(r->at_us, time), r->partner, r->rule, r->message_id);
		if (r->text)
			print_folded(out, r->text, REASON_INDENT);
		if (r->received_bytes == INTEGER_NONE)
			fprintf(out, "      its bytes are not kept: too many came from %s on that day\n", r->partner);
	}
	if (list->count)
		fprintf(out,
			"Next: lintas refusal received REFUSAL > FILE; lintas as4 inspect FILE shows what is in it. What is agreed "
			"with the partner it does not know: that was judged here, as it says above\n");
	else
		fprintf(out, "no message of a partner was refused\n");
	print_next(out, list->next, "--before");
}

void print_keys(FILE *out, const struct key_list_view *list)
{
	static const struct column columns[] = {
		{ "key", 12 }, { "use", 8 }, { "state", 9 }, { "type", 9 }, { "", 0 }
	};
	char from[TIME_SIZE], to[TIME_SIZE];
	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct key_view *k = &list->items[i];
		const char *without = same(k->status, "pending") ? "no certificate yet" : "its files cannot be read";
		ROW(out, columns, k->id, k->use, k->status, k->type, k->subject ? k->subject : without);
		if (k->fingerprint)
			fprintf(out, "      %s to %s\n      sha-256 %s\n", when(k->not_before_us, from),
				when(k->not_after_us, to), k->fingerprint);
	}
	if (!list->count)
		fprintf(out, "no keys; see lintas help key new\n");
}

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
			k->days_left < MESSAGING_RENEW_DAYS ? ": ROLL IT OVER NOW (lintas help key new)" : "");
}

/* PENDING: a key of this use that waits for its certificate, or NULL. */
static void print_missing_key(FILE *out, const char *use, const char *without, const struct key_view *pending)
{
	fprintf(out, "%-8s NO ACTIVE KEY: %s; ", use, without);
	if (pending)
		fprintf(out,
			"%s waits for its certificate: lintas key csr %s --subject NAME, "
			"then lintas key install %s --certificate FILE\n",
			pending->id, pending->id, pending->id);
	else
		fprintf(out, "lintas key new --use %s\n", use);
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
		const struct key_view *pending = NULL;
		size_t active = 0;
		for (size_t i = 0; i < s->keys_count; i++) {
			const struct key_view *k = &s->keys[i];
			if (!same(k->use, uses[u].use))
				continue;
			pending = same(k->status, "pending") ? k : pending;
			active += same(k->status, "active");
			if (same(k->status, "active"))
				print_active_key(out, k, s->now_us);
			else if (same(k->status, "damaged"))
				fprintf(out, "%-8s %s DAMAGED: its files cannot be read\n", k->use, k->id);
		}
		if (!active && !(s->plain && same(uses[u].use, "tls")))
			print_missing_key(out, uses[u].use, uses[u].without, pending);
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

static void print_credential(FILE *out, const struct credential_view *c)
{
	enum { ADVICE_INDENT = 4 };
	char time[TIME_SIZE];
	fprintf(out, "  %-8s %s, ", c->use, c->subject);
	if (same(c->state, CREDENTIAL_FUTURE))
		fprintf(out, "valid from %s", when(c->not_before_us, time));
	else if (same(c->state, CREDENTIAL_REFUSED))
		fprintf(out, "REFUSED");
	else if (same(c->use, "crl"))
		fprintf(out, "next list by %s%s", when(c->not_after_us, time),
			same(c->state, CREDENTIAL_LATE) ? ", LATE" : "");
	else
		fprintf(out, "%lld day%s left", (long long)c->days_left, c->days_left == 1 ? "" : "s");
	bool weak = same(c->state, CREDENTIAL_WEAK);
	fprintf(out, "%s%s\n", weak ? ": SHA-1" : "", c->alarm ? ": ALARM" : "");
	if (c->alarm || weak)
		print_folded(out, text(c->advice), ADVICE_INDENT);
}

static void print_links(FILE *out, const struct status_view *s)
{
	static const struct column columns[] = { { "partner", 8 }, { "queued", -8 },     { "held", -6 },
						 { "dead", -6 },   { "delivered", -10 }, { "processed", -10 },
						 { "failed", -8 }, { "refused", -8 },    { "last receipt", 24 },
						 { "", 0 } };
	char receipt[TIME_SIZE], since[TIME_SIZE], figures[7][NUMBER_SIZE], note[80];
	print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < s->partners_count; i++) {
		const struct partner_status_view *p = &s->partners[i];
		bool suspended = same(p->status, "suspended"), waits = p->oldest_queued_us != TIME_NONE;
		snprintf(note, sizeof note, "%s%s%s%s", suspended ? "SUSPENDED" : "", suspended && waits ? "   " : "",
			 waits ? "waiting since " : "", waits ? when(p->oldest_queued_us, since) : "");
		ROW(out, columns, p->partner, number(p->queued, figures[0]), number(p->held, figures[1]),
		    number(p->dead, figures[2]), number(p->delivered, figures[3]), number(p->processed, figures[4]),
		    number(p->failed, figures[5]), number(p->refused, figures[6]), when(p->last_receipt_us, receipt),
		    note);
		print_link_line(out, p->link, waits);
		for (size_t k = 0; k < p->credentials_count; k++)
			print_credential(out, &p->credentials[k]);
	}
}

/* What is lost and not back. */
static void print_recovery(FILE *out, const struct status_view *s)
{
	char restored[TIME_SIZE], backup[TIME_SIZE];
	if (s->restored_us != TIME_NONE)
		fprintf(out, "RESTORED %s from a backup of %s: what was exchanged since is asked back from partners\n",
			when(s->restored_us, restored), when(s->backup_us, backup));
	for (size_t i = 0; i < s->catch_ups_count; i++) {
		const struct catch_up_view *c = &s->catch_ups[i];
		fprintf(out,
			"catching up with %s: %lld back, %lld to come, %lld not to be had; what is new waits at most "
			"until %s\n",
			c->partner, (long long)c->recovered, (long long)c->wanted,
			(long long)(c->refused + c->unavailable), when(c->hold_until_us, restored));
	}
}

void print_status(FILE *out, const void *answer)
{
	const struct status_view *s = answer;
	char since[TIME_SIZE];
	fprintf(out, "%s (%s), version %s, %s\n", s->name, s->state, s->version, s->running ? "running" : "stopped");
	print_recovery(out, s);
	for (size_t i = 0; i < s->faults_count; i++)
		fprintf(out, "FAILS since %s: %s: %s\n", when(s->faults[i].since_us, since), s->faults[i].role,
			s->faults[i].text);
	print_links(out, s);
	print_status_keys(out, s);
	print_status_disk(out, s);
	fprintf(out, "%lld open task%s, %lld stranger%s turned away\n", (long long)s->open_tasks,
		s->open_tasks == 1 ? "" : "s", (long long)s->strangers, s->strangers == 1 ? "" : "s");
}

void print_proof(FILE *out, const void *answer)
{
	const struct proof_view *p = answer;
	char time[TIME_SIZE];
	if (p->broken_sequence)
		fprintf(out, "BROKEN at %lld: %s\n", (long long)p->broken_sequence, text(p->reason));
	else
		fprintf(out, "%lld entries in %lld seals are whole; %lld not sealed yet\n", (long long)p->entries,
			(long long)p->seals, (long long)p->unsealed);
	if (p->deletions)
		fprintf(out, "%lld messages and refusals were deleted by rule; each left its record\n",
			(long long)p->deletions);
	if (p->known_seal != INTEGER_NONE)
		fprintf(out, "the head that you gave is that of seal %lld, of %s\n", (long long)p->known_seal,
			when(p->known_us, time));
	if (!p->broken_sequence && !p->head)
		fprintf(out, "There is no seal yet, so no head: the running node seals within seconds.\n");
	else if (!p->broken_sequence)
		fprintf(out, "head %s\nWrite the head down outside the node: it proves all before it.\n",
			text(p->head));
	if (p->broken_wire)
		fprintf(out, "EVIDENCE BROKEN: %s\n", text(p->evidence_reason));
	else if (p->evidence)
		fprintf(out, "%lld stored messages, receipts and errors are what the journal names\n",
			(long long)p->wires);
	if (p->evidence && p->deleted_wires)
		fprintf(out, "%lld more that it names were deleted by rule\n", (long long)p->deleted_wires);
}

bool proof_good(const void *answer)
{
	const struct proof_view *p = answer;
	return !p->broken_sequence && !p->broken_wire;
}
