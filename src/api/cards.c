/* /api/v1/cards: what partners say of themselves.
 *
 * The first card of a state adds the partner, once a person has compared the fingerprint of who signed it. A later one
 * must be signed by a certificate that is pinned for the partner, and waits until an operator has seen what it changes.
 */
#include "kernel/card.h"

#include "api/card_own_int.h"
#include "api/partner_int.h"
#include "base/text.h"

enum { OVERLAP_DAYS = 7, FACTS_MAX = 1000 };

/* clang-format off */
enum { RULE_NO_FINGERPRINT, RULE_NO_PROFILE, RULE_ENDPOINT };
const struct rule card_import_rules[] = {
	[RULE_NO_FINGERPRINT] = { .code = "CARD-020",
		.text = "no fingerprint is given: have the partner read that of its card by phone (lintas card prints it) and give it with --fingerprint" },
	[RULE_NO_PROFILE] = { .code = "CARD-022",
		.text = "no security profile of the card ({1}) can be used: make keys of that kind (lintas help key new), or ask for another card" },
	[RULE_ENDPOINT]   = { .code = "CARD-024", .text = "the card has no endpoint for {1}, by which is exchanged with this partner" },
	{ 0 },
};
/* clang-format on */

/* What there is to say of a partner, to be compared. */
struct fact {
	const char *what, *text;
};
struct facts {
	struct fact *items;
	size_t count;
};

struct card_call {
	struct partner_call partner; /* first, so that the transaction finds both */
	struct card_import_view wanted;
	struct bytes text;
	struct card card;
	struct partner_card held, pending, decided;
	int64_t revision;
	bool asked;                       /* the request itself was right */
	bool known;                       /* there is such a partner */
	struct partner before;            /* it, without the card */
	struct activation_list matrix;    /* its rows, without the card */
	struct partner_certificate *rows; /* the card's certificates */
	size_t rows_count;
};

static enum err_code no_memory(struct err *err)
{
	return fail(err, ERR_MEMORY, "no memory for a card");
}

static void found(struct findings *findings, int rule, const char *path, const char *first, const char *second)
{
	finding_add(findings, &card_import_rules[rule], path, first, second);
}

/* --- What a card changes --- */

static enum err_code add_fact(struct facts *facts, const char *what, const char *text, struct err *err)
{
	if (!text)
		return no_memory(err);
	if (*text && facts->count < FACTS_MAX)
		facts->items[facts->count++] = (struct fact){ what, text };
	return OK;
}

static enum err_code certificate_facts(struct card_call *c, const struct partner_certificate *rows, size_t count,
				       struct facts *facts, struct err *err)
{
	struct arena *arena = c->partner.call->arena;
	for (size_t i = 0; i < count; i++) {
		struct err why;
		cert_auto cert = NULL;
		if (!partner_is_pin(&rows[i]) || !partner_certificate_live(&rows[i], c->partner.call->now_us))
			continue;
		bool read = cert_cached(rows[i].der, &cert, &why) == OK;
		TRY(add_fact(facts, "certificate",
			     arena_printf(arena, "%s %s %s", rows[i].use, rows[i].fingerprint,
					  read ? cert_subject(cert) : "(unreadable)"),
			     err));
	}
	return OK;
}

static enum err_code card_facts(struct card_call *c, const struct card *card, struct facts *facts, struct err *err)
{
	struct arena *arena = c->partner.call->arena;
	char day[DATE_SIZE];
	for (size_t i = 0; i < card->organisations_count; i++) {
		const struct card_organisation *o = &card->organisations[i];
		TRY(add_fact(facts, "organisation", arena_printf(arena, "%s (%s) %s", o->code, o->seat, o->name), err));
	}
	for (size_t i = 0; i < card->documents_count; i++) {
		const struct card_document *d = &card->documents[i];
		TRY(add_fact(facts, "document",
			     arena_printf(arena, "%s version %s, %s, %s%s%s", d->type, d->version,
					  d->sends ? "sends" : "does not send",
					  d->receives ? "receives" : "does not receive",
					  d->from == DATE_NONE ? "" : ", from ", date_format(d->from, day)),
			     err));
	}
	for (size_t i = 0; i < card->opt_outs_count; i++) {
		const struct card_opt_out *o = &card->opt_outs[i];
		TRY(add_fact(facts, "opt-out",
			     arena_printf(arena, "%s since %s (%s)", o->document, date_format(o->since, day), o->law),
			     err));
	}
	return OK;
}

/* Of LIST what the partner's card declares: which of our matrix is opted out by it. */
static enum err_code matrix_facts(struct card_call *c, const struct activation_list *list, struct facts *facts,
				  struct err *err)
{
	struct call *call = c->partner.call;
	date today = date_of_time(call->now_us);
	char from[DATE_SIZE];
	for (size_t i = 0; i < list->count; i++) {
		const struct activation *row = &list->items[i];
		bool later = row->from_day > today;
		if (row->declared && row->until_day == DATE_NONE)
			TRY(add_fact(facts, "opted out",
				     arena_printf(call->arena, "%s %s%s%s (%s)", row->document, row->direction,
						  later ? " from " : "", later ? date_format(row->from_day, from) : "",
						  row->law),
				     err));
	}
	return OK;
}

static bool among(const struct facts *facts, const struct fact *fact)
{
	for (size_t i = 0; i < facts->count; i++)
		if (same(facts->items[i].what, fact->what) && same(facts->items[i].text, fact->text))
			return true;
	return false;
}

/* What was said before, by the card that is held and by what an operator has added. */
static enum err_code facts_before(struct card_call *c, struct facts *facts, struct err *err)
{
	struct call *call = c->partner.call;
	struct card held = { 0 };
	struct findings *ignored = findings_new(call->arena);
	const struct card_reading reading = { .text = c->held.octets,
					      .held_serial = INTEGER_NONE,
					      .now_us = call->now_us };
	if (!ignored)
		return no_memory(err);
	if (c->held.partner)
		TRY(messaging_card_read(call->arena, &reading, &held, ignored, err));
	TRY(certificate_facts(c, c->partner.kept.items, c->partner.kept.count, facts, err));
	if (c->known) {
		TRY(add_fact(facts, "endpoint", c->before.endpoint, err));
		TRY(add_fact(facts, "profile", c->before.profile, err));
	}
	TRY(card_facts(c, &held, facts, err));
	return matrix_facts(c, &c->matrix, facts, err);
}

static enum err_code facts_after(struct card_call *c, struct facts *facts, struct err *err)
{
	const struct partner *partner = &c->partner.partner;
	struct activation_list declared;
	TRY(certificate_facts(c, c->rows, c->rows_count, facts, err));
	if (c->known) {
		TRY(add_fact(facts, "endpoint", partner->endpoint ? partner->endpoint : "", err));
		TRY(add_fact(facts, "profile", partner->profile ? partner->profile : "", err));
	}
	/* Without a card before it there is nothing to compare with, and the card itself is shown. */
	if (c->held.partner)
		TRY(card_facts(c, &c->card, facts, err));
	TRY(card_opt_outs_of(&c->partner, &c->card, &declared, err));
	return matrix_facts(c, &declared, facts, err);
}

static enum err_code show_changes(struct card_call *c, struct card_view *view, struct err *err)
{
	struct arena *arena = c->partner.call->arena;
	struct facts before = { .items = arena_array(arena, FACTS_MAX, sizeof *before.items) };
	struct facts after = { .items = arena_array(arena, FACTS_MAX, sizeof *after.items) };
	view->changes = arena_array(arena, 2 * (size_t)FACTS_MAX, sizeof *view->changes);
	if (!before.items || !after.items || !view->changes)
		return no_memory(err);
	TRY(facts_before(c, &before, err));
	TRY(facts_after(c, &after, err));
	for (size_t i = 0; i < before.count && view->changes_count < FACTS_MAX; i++)
		if (!among(&after, &before.items[i]))
			view->changes[view->changes_count++] =
				(struct card_change_view){ before.items[i].what, before.items[i].text, NULL };
	for (size_t i = 0; i < after.count && view->changes_count < FACTS_MAX; i++)
		if (!among(&before, &after.items[i]))
			view->changes[view->changes_count++] =
				(struct card_change_view){ after.items[i].what, NULL, after.items[i].text };
	return OK;
}

/* CARD NULL: it was only looked at. */
static enum err_code answer(struct card_call *c, const struct partner_card *card, struct err *err)
{
	struct call *call = c->partner.call;
	struct card_view view = { .partner = c->partner.code,
				  .at_us = TIME_NONE,
				  .signer = c->card.signer,
				  .fingerprint = c->card.fingerprint,
				  .profile = c->partner.partner.profile,
				  .card = c->card.party ? &c->card : NULL };
	if (card) {
		view.state = card->state;
		view.at_us = card->at_us;
		view.by = card->by;
	}
	bool decided_against = card && same(card->state, CARD_REJECTED); /* then it changes nothing */
	if (c->card.party && !decided_against && !findings_errors(call->findings))
		TRY(show_changes(c, &view, err));
	TRY(call_show_findings(call, call->findings, &view.findings, &view.findings_count, err));
	return call_answer(call, &view, err);
}

/* --- Reading --- */

static enum err_code load(struct tx *tx, void *arg, struct err *err)
{
	struct card_call *c = arg;
	struct partner_call *p = &c->partner;
	struct arena *arena = p->call->arena;
	struct card_known known;
	TRY(partner_revision(tx, &c->revision, err));
	TRY(messaging_card_known(tx, arena, p->code, &known, err));
	TRY(activation_list(tx, arena, p->code, &c->matrix, err));
	p->partner = known.partner;
	p->kept = known.kept;
	c->held = known.held;
	c->pending = known.pending;
	c->known = p->partner.code != NULL;
	c->before = p->partner;
	return OK;
}

/* Against what is held of its partner, which is nothing before the card has said whose it is. */
static enum err_code read_with(struct card_call *c, struct findings *findings, struct err *err)
{
	struct call *call = c->partner.call;
	const struct card_known known = {
		.partner = c->before, .kept = c->partner.kept, .held = c->held, .pending = c->pending
	};
	return messaging_card_judge(call->asked->api->options.messaging, call->arena, &known, c->text,
				    c->wanted.fingerprint, call->now_us, &c->card, findings, err);
}

static enum err_code take_rows(struct card_call *c, struct err *err)
{
	struct call *call = c->partner.call;
	c->rows = arena_array(call->arena, c->card.certificates_count + 1, sizeof *c->rows);
	if (!c->rows)
		return no_memory(err);
	for (size_t i = 0; i < c->card.certificates_count; i++) {
		struct partner_certificate *row = &c->rows[c->rows_count++];
		cert_auto cert = NULL;
		*row = (struct partner_certificate){ .partner = c->partner.code,
						     .use = c->card.certificates[i].use,
						     .added_us = call->now_us,
						     .until_us = TIME_NONE };
		TRY(messaging_card_certificate(call->arena, &c->card.certificates[i], &cert, err));
		TRY(partner_take_certificate(call, cert_der(cert), "/certificates", row, err));
	}
	return OK;
}

/* --- What the partner is then --- */

static const char *offered(struct card_call *c)
{
	const char *list = "";
	for (size_t i = 0; list && i < c->card.bindings_count; i++)
		list = arena_printf(c->partner.call->arena, "%s%s%s", list, i ? ", " : "", c->card.bindings[i].profile);
	return list;
}

static bool offers(const struct card *card, const char *profile)
{
	for (size_t i = 0; profile && i < card->bindings_count; i++)
		if (same(card->bindings[i].profile, profile))
			return true;
	return false;
}

/* A partner keeps its profile while the card offers it. */
static const char *choose_profile(struct card_call *c)
{
	const struct partner_call *p = &c->partner;
	const char *profile = c->wanted.profile ? c->wanted.profile : p->partner.profile;
	if (offers(&c->card, profile))
		return profile;
	return c->wanted.profile
		       ? NULL
		       : messaging_card_profile(p->call->asked->api->options.messaging, &c->card, p->call->now_us);
}

/* Who it is; one that is there keeps its name. */
static void take_party(struct card_call *c)
{
	struct partner_call *p = &c->partner;
	struct partner *partner = &p->partner;
	const struct card_party *party = c->card.party;
	if (!c->known)
		*partner = (struct partner){ .code = p->code,
					     .name = c->wanted.name ? c->wanted.name : party->name,
					     .party_id = party->id,
					     .party_type = party->type ? party->type : "",
					     .token = "bst",
					     .status = "active" };
}

static void make_partner(struct card_call *c)
{
	struct partner_call *p = &c->partner;
	struct partner *partner = &p->partner;
	take_party(c);
	const char *profile = choose_profile(c);
	if (!profile) {
		found(p->call->findings, RULE_NO_PROFILE, "/bindings", offered(c), NULL);
		return;
	}
	partner->profile = profile;
	partner->binding = messaging_profile_binding(profile);
	const char *endpoint = messaging_card_endpoint(&c->card, partner->binding);
	/* Of ebMS 2, what the agreement says goes before. */
	bool agreed = c->known && same(partner->binding, BINDING_EBMS2) && !*partner->endpoint;
	partner->endpoint = agreed || !endpoint ? "" : endpoint;
	if (!endpoint)
		found(p->call->findings, RULE_ENDPOINT, "/endpoints", partner->binding, NULL);
}

static bool has_row(const struct partner_certificate *rows, size_t count, const struct partner_certificate *row,
		    int64_t now_us)
{
	for (size_t i = 0; i < count; i++)
		if (same(rows[i].use, row->use) && same(rows[i].fingerprint, row->fingerprint) &&
		    partner_certificate_live(&rows[i], now_us))
			return true;
	return false;
}

/* All that there would be, so that no limit is passed later. */
static enum err_code check_plan(struct card_call *c, struct err *err)
{
	struct partner_call *p = &c->partner;
	struct partner_certificate_list all = { .items = arena_array(p->call->arena, p->kept.count + c->rows_count + 1,
								     sizeof *all.items) };
	if (!all.items)
		return no_memory(err);
	for (size_t i = 0; i < p->kept.count; i++)
		all.items[all.count++] = p->kept.items[i];
	for (size_t i = 0; i < c->rows_count; i++)
		all.items[all.count++] = c->rows[i];
	p->findings = p->call->findings;
	partner_check(p);
	if (messaging_profile_is_weak(p->partner.profile) && !same(c->before.profile, p->partner.profile))
		partner_found_weak(p);
	for (size_t i = 0; i < c->rows_count; i++)
		TRY(partner_check_addition(p, &all, &c->rows[i], NULL, "/certificates", err));
	partner_need_tls(p, &all);
	return partner_check_authority(p, c->rows, c->rows_count, "/certificates", err);
}

/* Reads the card against what is there, and plans. With errors among the findings nothing may be written. */
static enum err_code plan(struct card_call *c, struct err *err)
{
	struct partner_call *p = &c->partner;
	TRY(read_with(c, p->call->findings, err));
	if (findings_errors(p->call->findings))
		return OK;
	TRY(take_rows(c, err));
	make_partner(c);
	return findings_errors(p->call->findings) ? OK : check_plan(c, err);
}

/* Reads what is asked and the card in it, by what the card itself says; *READ false: it says not even whose it is, or
 * the request is wrong. */
static enum err_code look(struct card_call *c, bool *read, struct err *err)
{
	struct call *call = c->partner.call;
	struct findings *first = findings_new(call->arena);
	*read = false;
	if (!first)
		return no_memory(err);
	TRY(call_read(call, &c->wanted, err));
	c->asked = !findings_errors(call->findings);
	if (!c->asked)
		return OK;
	c->text = bytes_of(c->wanted.card);
	TRY(read_with(c, first, err));
	*read = c->card.party && c->card.party->code;
	if (!*read) {
		findings_append(call->findings, first);
		return OK;
	}
	c->partner.code = c->card.party->code;
	TRY(db_read(call->kernel->db, load, c, err));
	return plan(c, err);
}

enum err_code cards_check(struct call *call, struct err *err)
{
	struct card_call c = { .partner = { .call = call } };
	bool read;
	TRY(look(&c, &read, err));
	if (!c.asked)
		return OK;
	TRY(answer(&c, NULL, err));
	/* The card is judged, not the request: what is wrong with it is the answer. */
	call->findings = findings_new(call->arena);
	return call->findings ? OK : no_memory(err);
}

/* --- Writing --- */

/* Findings speak of places in the card; a problem speaks of the request, where the card is one member at PLACE. */
static enum err_code refuse(struct call *call, const char *place, struct err *err)
{
	static const char *const members[] = { "/fingerprint", "/name", "/profile" };
	struct findings *moved = findings_new(call->arena);
	if (!moved)
		return no_memory(err);
	for (size_t i = 0; findings_at(call->findings, i); i++) {
		const struct finding *f = findings_at(call->findings, i);
		struct rule *rule = arena_alloc(call->arena, sizeof *rule);
		bool member = false;
		if (!rule)
			return no_memory(err);
		for (size_t m = 0; m < COUNT(members); m++)
			member = member || same(f->path, members[m]);
		*rule = (struct rule){ f->rule->code, "{1}", f->law, f->rule->severity };
		finding_add(moved, rule, member ? f->path : place,
			    member || !*f->path ? f->text : arena_printf(call->arena, "%s: %s", f->path, f->text),
			    NULL);
	}
	call->findings = moved;
	return OK;
}

static enum err_code begin(struct tx *tx, struct card_call *c, struct err *err)
{
	struct partner_call *p = &c->partner;
	int64_t revision;
	p->findings = findings_new(p->call->arena);
	if (!p->findings)
		return no_memory(err);
	TRY(partner_revision(tx, &revision, err));
	return revision == c->revision
		       ? OK
		       : fail(err, ERR_CONFLICT, "partners were changed meanwhile, so look at the card again");
}

static enum err_code check_keys(struct tx *tx, struct card_call *c, struct err *err)
{
	struct partner_call *p = &c->partner;
	TRY(messaging_card_keys(tx, p->call->arena, p->code, &c->card, p->call->now_us, p->findings, err));
	return partner_refuse(p, err);
}

static enum err_code put_certificates(struct tx *tx, struct card_call *c, struct err *err)
{
	struct partner_call *p = &c->partner;
	for (size_t i = 0; i < c->rows_count; i++)
		if (!has_row(p->kept.items, p->kept.count, &c->rows[i], p->call->now_us))
			TRY(partner_certificate_add(tx, &c->rows[i], &p->call->actor, p->call->now_us, err));
	return OK;
}

/* What is on its way may still be signed by the old one, and be encrypted for it. */
static enum err_code end_certificates(struct tx *tx, struct card_call *c, struct err *err)
{
	struct partner_call *p = &c->partner;
	int64_t now_us = p->call->now_us, until_us = now_us + OVERLAP_DAYS * DAY_US;
	for (size_t i = 0; i < p->kept.count; i++) {
		struct partner_certificate row = p->kept.items[i];
		bool ends_before = row.until_us != TIME_NONE && row.until_us <= until_us;
		if (!partner_is_pin(&row) || !partner_certificate_live(&row, now_us) || ends_before ||
		    has_row(c->rows, c->rows_count, &row, now_us))
			continue;
		row.until_us = until_us;
		TRY(partner_certificate_add(tx, &row, &p->call->actor, now_us, err));
	}
	return OK;
}

static enum err_code put_card(struct tx *tx, struct card_call *c, const char *state, struct err *err)
{
	struct partner_call *p = &c->partner;
	c->decided = (struct partner_card){ .partner = p->code,
					    .serial = c->card.serial,
					    .octets = c->text,
					    .state = state,
					    .at_us = p->call->now_us,
					    .by = p->call->actor.name };
	return partner_card_put(tx, &c->decided, NULL, &p->call->actor, p->call->now_us, err);
}

static enum err_code apply(struct tx *tx, struct card_call *c, struct err *err)
{
	struct partner_call *p = &c->partner;
	struct partner there = { 0 };
	TRY(partner_find_party(tx, p->call->arena, p->partner.party_id, p->partner.party_type, &there, err));
	if (there.code && !same(there.code, p->code))
		return fail(err, ERR_CONFLICT, "%s is the party of partner %s already", p->partner.party_id,
			    there.code);
	TRY((c->known ? partner_change : partner_add)(tx, &p->partner, &p->call->actor, p->call->now_us, err));
	if (!c->known)
		TRY(activation_inherit(tx, p->call->arena, p->code, &p->call->actor, p->call->now_us, p->findings,
				       err));
	TRY(put_certificates(tx, c, err));
	TRY(end_certificates(tx, c, err));
	TRY(card_opt_outs_apply(tx, p, &c->card, err));
	return put_card(tx, c, CARD_HELD, err);
}

static enum err_code write_import(struct tx *tx, void *arg, struct err *err)
{
	struct card_call *c = arg;
	struct partner_call *p = &c->partner;
	TRY(begin(tx, c, err));
	TRY(check_keys(tx, c, err));
	if (c->known)
		return messaging_card_wait(tx, p->call->arena, p->code, &c->card, c->text, &p->call->actor,
					   p->call->now_us, &c->decided, err);
	TRY(partner_need_room(tx, p, err));
	return apply(tx, c, err);
}

enum err_code cards_import(struct call *call, struct err *err)
{
	struct card_call c = { .partner = { .call = call } };
	bool read;
	TRY(look(&c, &read, err));
	if (!c.asked)
		return OK;
	if (read && !c.known && !c.wanted.fingerprint)
		found(call->findings, RULE_NO_FINGERPRINT, "/fingerprint", NULL, NULL);
	if (findings_errors(call->findings))
		return refuse(call, "/card", err);
	enum err_code code = partner_write(&c.partner, write_import, err);
	if (code == ERR_INVALID && findings_errors(call->findings))
		return refuse(call, "/card", err);
	return code == OK ? answer(&c, &c.decided, err) : code;
}

/* --- One that is here --- */

static enum err_code load_of(struct call *call, struct card_call *c, struct err *err)
{
	*c = (struct card_call){ .partner = { .call = call, .code = call->parameters[0] } };
	TRY(db_read(call->kernel->db, load, c, err));
	if (!c->known)
		return fail(err, ERR_NOT_FOUND, "there is no partner %s; lintas partner list shows who there is",
			    c->partner.code);
	return OK;
}

/* What comes over the wire takes the place of what waited: only what a person has seen is decided. */
static enum err_code check_looked_at(const struct card_call *c, struct err *err)
{
	const struct call *call = c->partner.call;
	const char *serial = call_query(call, "serial");
	int64_t number;
	if (!serial || (int64_parse(serial, &number) && number == c->pending.serial))
		return OK;
	return fail(err, ERR_CONFLICT,
		    "the card of %s that waits is %lld, not %s: look at it again (lintas partner card %s)",
		    c->partner.code, (long long)c->pending.serial, serial, c->partner.code);
}

static enum err_code need_pending(struct card_call *c, struct err *err)
{
	const char *code = c->partner.code;
	if (!c->pending.partner)
		return fail(err, ERR_NOT_FOUND, "no card of %s waits; lintas partner import FILE takes one in", code);
	c->text = c->pending.octets;
	return check_looked_at(c, err);
}

enum err_code cards_get(struct call *call, struct err *err)
{
	struct card_call c;
	TRY(load_of(call, &c, err));
	const struct partner_card card = c.pending.partner ? c.pending : c.held;
	if (!card.partner)
		return fail(err, ERR_NOT_FOUND, "there is no card of %s; lintas partner import FILE takes one in",
			    c.partner.code);
	c.text = card.octets;
	if (!c.pending.partner)
		c.held.partner = NULL; /* it is not older than itself */
	TRY(plan(&c, err));
	c.held = c.pending.partner ? c.held : card;
	TRY(answer(&c, &card, err));
	call->findings = findings_new(call->arena);
	return call->findings ? OK : no_memory(err);
}

static enum err_code write_approval(struct tx *tx, void *arg, struct err *err)
{
	TRY(begin(tx, arg, err));
	TRY(check_keys(tx, arg, err));
	return apply(tx, arg, err);
}

enum err_code cards_approve(struct call *call, struct err *err)
{
	struct card_call c;
	TRY(load_of(call, &c, err));
	TRY(need_pending(&c, err));
	TRY(plan(&c, err));
	if (findings_errors(call->findings))
		return refuse(call, "", err);
	enum err_code code = partner_write(&c.partner, write_approval, err);
	if (code == ERR_INVALID && findings_errors(call->findings))
		return refuse(call, "", err);
	return code == OK ? answer(&c, &c.decided, err) : code;
}

static enum err_code write_rejection(struct tx *tx, void *arg, struct err *err)
{
	TRY(begin(tx, arg, err));
	return put_card(tx, arg, CARD_REJECTED, err);
}

/* Also one that has become wrong meanwhile: nothing of it is looked at but its serial. */
enum err_code cards_reject(struct call *call, struct err *err)
{
	struct card_call c;
	struct findings *ignored = findings_new(call->arena);
	if (!ignored)
		return no_memory(err);
	TRY(load_of(call, &c, err));
	TRY(need_pending(&c, err));
	TRY(read_with(&c, ignored, err));
	c.card.serial = c.pending.serial;
	TRY(partner_write(&c.partner, write_rejection, err));
	return answer(&c, &c.decided, err);
}
