/* /api/v1/partners/{code}/agreements: what is agreed with a partner for ebMS 2 (its CPAs), and what we propose.
 *
 * An import is one decision: the partner, its binding, its certificates and the agreement are there together, or
 * nothing is, and then the answer says all that is wrong. */
#include "kernel/agreement.h"

#include "api/partner_int.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "kernel/activation.h"

enum { AGREEMENTS_MAX = 64, TERMS_MAX_BYTES = 1 << 20, PROPOSAL_MAX = 4 << 20, PROPOSED_DAYS = 730 };

/* clang-format off */
enum { RULE_TEXT, RULE_OTHER_PARTNER, RULE_PINNED, RULE_TAKEN, RULE_PROFILE, RULE_TOO_MANY, RULE_BINDING,
       RULE_OPTED_OUT };
const struct rule agreement_rules[] = {
	[RULE_TEXT]    = { .code = "AGR-020", .text = "this is no CPA: give its XML, or the base64 of it" },
	[RULE_OTHER_PARTNER] = { .code = "AGR-021", .law = "CPPA 2.0, PartyId",
		.text = "the other party of the CPA, {1}, is partner {2}: import it for that one" },
	[RULE_PINNED]  = { .code = "AGR-022", .text = "two partners cannot have one certificate: {1}", .law = "CPPA 2.0, Certificate" },
	[RULE_TAKEN]   = { .code = "AGR-023", .text = "{1}", .law = "CPPA 2.0, cpaid" },
	[RULE_PROFILE] = { .code = "AGR-024",
		.text = "the agreement {1}, which is in force, needs another security profile, {2}: withdraw it first, or agree on one profile" },
	[RULE_TOO_MANY] = { .code = "AGR-025", .text = "there are {1} agreements with this partner already: no more can be kept" },
	[RULE_BINDING] = { .code = "AGR-026", .severity = SEVERITY_WARNING,
		.text = "from now on everything goes to {1} by ebMS 2: messages are signed, and TLS alone keeps them secret" },
	[RULE_OPTED_OUT] = { .code = "AGR-027", .severity = SEVERITY_WARNING, .law = "ATIGA OCP rule 27(2)",
		.text = "{1} is in the CPA, and is not exchanged all the same: {2}" },
	{ 0 },
};
/* clang-format on */

/* One import, or one look. */
struct agreement_call {
	struct partner_call partner; /* first, so that the transaction finds both */
	struct agreement_import_view wanted;
	struct agreement agreement;
	struct agreed agreed;
	struct agreement_list list;
	const char *id;
	bool trial;
	bool tried; /* the trial went as far as the commit */
};

static enum err_code not_there(const struct agreement_call *a, struct err *err)
{
	return fail(err, ERR_NOT_FOUND,
		    "there is no agreement %s with %s; lintas partner agreements %s "
		    "(GET /api/v1/partners/%s/agreements) shows those that there are",
		    a->id, a->partner.code, a->partner.code, a->partner.code);
}

/* --- What is shown --- */

static bool is_withdrawn(const struct agreement *agreement, int64_t now_us)
{
	return agreement->until_us != TIME_NONE && agreement->until_us <= now_us;
}

static const char *state_of(const struct agreement *agreement, const struct agreed *agreed, int64_t now_us)
{
	if (is_withdrawn(agreement, now_us))
		return "withdrawn";
	if (!agreed->us)
		return "unusable";
	return now_us < agreed->start_us ? "future" : now_us > agreed->end_us ? "ended" : "in-force";
}

/* What has become of it since it was imported is told with it. Of one that is withdrawn nothing is wrong any more. */
static enum err_code show(struct call *call, const struct agreement *agreement, const struct partner *partner,
			  struct agreement_view *view, struct err *err)
{
	struct terms *terms = arena_alloc(call->arena, sizeof *terms);
	struct findings *findings = findings_new(call->arena);
	char *digest = arena_alloc(call->arena, SHA256_HEX_SIZE);
	if (!terms || !findings || !digest)
		return fail(err, ERR_MEMORY, "no memory for an agreement");
	if (agreement->terms)
		TRY(field_read_json(call->arena, &terms_schema, bytes_of(agreement->terms), NULL, terms, findings,
				    err));
	const struct agreement_reading reading = { .text = agreement->text,
						   .terms = terms,
						   .partner_id = partner->party_id,
						   .partner_type = partner->party_type,
						   .now_us = call->now_us };
	*view = (struct agreement_view){ .partner = agreement->partner,
					 .digest = digest,
					 .added_us = agreement->added_us,
					 .withdrawn_us = agreement->until_us,
					 .terms = terms };
	sha256_hex(agreement->text, digest);
	TRY(messaging_agreement_read(call->asked->api->options.messaging, call->arena, &reading, &view->agreed,
				     findings, err));
	view->id = agreement->id;
	view->state = state_of(agreement, &view->agreed, call->now_us);
	if (is_withdrawn(agreement, call->now_us))
		return OK;
	return call_show_findings(call, findings, &view->findings, &view->findings_count, err);
}

static enum err_code answer(struct agreement_call *a, struct err *err)
{
	struct agreement_view view;
	TRY(show(a->partner.call, &a->agreement, &a->partner.partner, &view, err));
	return call_answer(a->partner.call, &view, err);
}

/* --- Import --- */

static void found(struct agreement_call *a, int rule, const char *path, const char *first, const char *second)
{
	finding_add(a->partner.findings, &agreement_rules[rule], path, first, second);
}

/* JSON holds text; whoever wants each byte kept, or writes UTF-16, gives base64. */
static void take_text(struct agreement_call *a)
{
	struct arena *arena = a->partner.call->arena;
	const char *given = a->wanted.cpa;
	struct bytes decoded;
	if (strchr(given, '<'))
		a->agreement.text = bytes_of(given);
	else if (base64_parse(arena, bytes_of(given), &decoded) && decoded.size)
		a->agreement.text = decoded;
	else
		finding_add(a->partner.call->findings, &agreement_rules[RULE_TEXT], "/cpa", NULL, NULL);
}

static enum err_code find_partner(struct tx *tx, void *arg, struct err *err)
{
	struct partner_call *p = arg;
	return partner_find(tx, p->call->arena, p->code, &p->partner, err);
}

/* The partner's certificates of the CPA, as rows that would be pinned. */
static enum err_code take_certificates(struct agreement_call *a, struct err *err)
{
	struct partner_call *p = &a->partner;
	const struct agreed *agreed = &a->agreed;
	p->added = arena_array(p->call->arena, agreed->certificates_count + 1, sizeof *p->added);
	if (!p->added)
		return fail(err, ERR_MEMORY, "no memory for certificates");
	for (size_t i = 0; i < agreed->certificates_count; i++) {
		const struct agreed_certificate *c = &agreed->certificates[i];
		struct partner_certificate *row = &p->added[p->added_count];
		if (!same(c->side, "them"))
			continue;
		*row = (struct partner_certificate){
			.partner = p->code, .use = c->use, .added_us = p->call->now_us, .until_us = TIME_NONE
		};
		TRY(partner_take_certificate(p->call, c->der, "/cpa", row, err));
		p->added_count += row->der.data != NULL;
	}
	return OK;
}

/* Only what is needed of the exception is kept: it must not wait for a weaker agreement. */
static enum err_code take_terms(struct agreement_call *a, struct terms *terms, struct err *err)
{
	buf_auto json;
	buf_init(&json, TERMS_MAX_BYTES);
	terms->sha1 = terms->sha1 && a->agreed.sha1;
	field_put_json(&json, &terms_schema, terms);
	TRY(buf_check(&json, "the terms", err));
	a->agreement.terms = arena_text(a->partner.call->arena, buf_text(&json));
	return a->agreement.terms ? OK : fail(err, ERR_MEMORY, "no memory for the terms");
}

/* What the partner is from now on. One that is there keeps its name and token, and the endpoint that an operator gave
 * for this binding. */
static void make_partner(struct agreement_call *a)
{
	struct partner_call *p = &a->partner;
	const struct agreed_party *them = a->agreed.them;
	struct partner *partner = &p->partner;
	bool changes = partner->code && !same(partner->binding, BINDING_EBMS2);
	if (!partner->code)
		*partner = (struct partner){ .code = p->code,
					     .name = them->name,
					     .party_id = them->id,
					     .party_type = them->type ? them->type : "",
					     .endpoint = "",
					     .token = "bst",
					     .status = "active" };
	if (changes) {
		found(a, RULE_BINDING, "", partner->code, NULL);
		partner->endpoint = "";
	}
	partner->name = a->wanted.name ? a->wanted.name : partner->name;
	partner->profile = a->agreed.profile;
	partner->binding = BINDING_EBMS2;
}

/* A partner has one profile, so what is in force beside this must be content with it. */
static enum err_code check_others(struct agreement_call *a, struct err *err)
{
	struct call *call = a->partner.call;
	bool there = false;
	for (size_t i = 0; i < a->list.count; i++) {
		const struct agreement *other = &a->list.items[i];
		struct agreement_view view;
		there = there || same(other->id, a->agreement.id);
		if (same(other->id, a->agreement.id) || is_withdrawn(other, call->now_us))
			continue;
		TRY(show(call, other, &a->partner.partner, &view, err));
		bool counts = same(view.state, "in-force") || same(view.state, "future");
		if (counts && !same(view.agreed.profile, a->agreed.profile))
			found(a, RULE_PROFILE, "/cpa", other->id, view.agreed.profile);
	}
	if (!there && a->list.count >= AGREEMENTS_MAX)
		found(a, RULE_TOO_MANY, "", arena_printf(call->arena, "%d", AGREEMENTS_MAX), NULL);
	return OK;
}

/* All that the partner would have pinned, with what it has. */
static enum err_code check_certificates(struct agreement_call *a, struct err *err)
{
	struct partner_call *p = &a->partner;
	struct partner_certificate_list all = { .items = arena_array(p->call->arena, p->kept.count + p->added_count + 1,
								     sizeof *all.items) };
	if (!all.items)
		return fail(err, ERR_MEMORY, "no memory for certificates");
	for (size_t i = 0; i < p->kept.count; i++)
		all.items[all.count++] = p->kept.items[i];
	for (size_t i = 0; i < p->added_count; i++)
		all.items[all.count++] = p->added[i];
	for (size_t i = 0; i < p->added_count; i++)
		TRY(partner_check_addition(p, &all, &p->added[i],
					   same(p->added[i].use, "sign") ? p->partner.profile : NULL, "/cpa", err));
	partner_need_tls(p, &all);
	return partner_check_authority(p, p->added, p->added_count, "/cpa", err);
}

static enum err_code check_import(struct tx *tx, struct agreement_call *a, bool new, struct err *err)
{
	struct partner_call *p = &a->partner;
	struct partner known = { 0 };
	if (new)
		TRY(partner_need_room(tx, p, err));
	else
		TRY(partner_certificates(tx, p->call->arena, p->code, &p->kept, err));
	TRY(agreement_list(tx, p->call->arena, p->code, &a->list, err));
	if (!a->agreed.them)
		return OK; /* and a finding of the call says so */
	make_partner(a);
	TRY(partner_find_party(tx, p->call->arena, p->partner.party_id, p->partner.party_type, &known, err));
	if (known.code && !same(known.code, p->code))
		found(a, RULE_OTHER_PARTNER, "/cpa", p->partner.party_id, known.code);
	if (!p->partner.profile)
		return OK; /* the same */
	partner_check(p);
	TRY(check_others(a, err));
	return check_certificates(a, err);
}

/* What another partner has already is at fault in the CPA. It is told with all else. */
static enum err_code conflict_or_fault(struct agreement_call *a, enum err_code code, int rule, const struct err *why,
				       struct err *err)
{
	if (code == ERR_CONFLICT)
		found(a, rule, "/cpa", why->text, NULL);
	else if (code != OK)
		*err = *why;
	return code == ERR_CONFLICT ? OK : code;
}

static bool is_pinned(const struct partner_call *p, const struct partner_certificate *row)
{
	for (size_t i = 0; i < p->kept.count; i++)
		if (same(p->kept.items[i].use, row->use) && same(p->kept.items[i].fingerprint, row->fingerprint) &&
		    partner_certificate_live(&p->kept.items[i], p->call->now_us))
			return true;
	return false;
}

static enum err_code put_import(struct tx *tx, struct agreement_call *a, bool new, struct err *err)
{
	struct partner_call *p = &a->partner;
	const struct actor *actor = &p->call->actor;
	struct err why = { 0 };
	TRY((new ? partner_add : partner_change)(tx, &p->partner, actor, p->call->now_us, err));
	if (new)
		TRY(activation_inherit(tx, p->call->arena, p->code, actor, p->call->now_us, p->findings, err));
	for (size_t i = 0; i < p->added_count; i++) {
		enum err_code code = OK;
		if (!is_pinned(p, &p->added[i]))
			code = partner_certificate_add(tx, &p->added[i], actor, p->call->now_us, &why);
		TRY(conflict_or_fault(a, code, RULE_PINNED, &why, err));
	}
	enum err_code code = agreement_put(tx, &a->agreement, actor, p->call->now_us, &why);
	return conflict_or_fault(a, code, RULE_TAKEN, &why, err);
}

static bool carried_before(const struct agreed *agreed, size_t index)
{
	const struct agreed_action *action = &agreed->actions[index];
	for (size_t i = 0; i < index; i++)
		if (same(agreed->actions[i].document, action->document) &&
		    same(agreed->actions[i].direction, action->direction))
			return true;
	return false;
}

/* The matrix goes before the agreement: who has agreed on an action may think that it is exchanged by that. */
static enum err_code warn_of_opt_outs(struct tx *tx, struct agreement_call *a, struct err *err)
{
	const struct call *call = a->partner.call;
	for (size_t i = 0; i < a->agreed.actions_count; i++) {
		const struct agreed_action *action = &a->agreed.actions[i];
		const struct doctype *type = action->document ? doctype_find(call->kernel, action->document) : NULL;
		struct activation_verdict verdict;
		if (!type || carried_before(&a->agreed, i))
			continue;
		const struct activation cell = { .partner = a->partner.code,
						 .document = type->code,
						 .direction = action->direction,
						 .version = type->version };
		TRY(activation_judge(tx, call->arena, &cell, false, date_of_time(call->now_us), &verdict, err));
		if (verdict.opted_out)
			found(a, RULE_OPTED_OUT, "", type->code,
			      arena_printf(call->arena, "%s (%s)", verdict.text, verdict.law));
	}
	return OK;
}

static enum err_code write_import(struct tx *tx, void *arg, struct err *err)
{
	struct agreement_call *a = arg;
	struct partner_call *p = &a->partner;
	p->kept.count = 0;
	p->findings = findings_new(p->call->arena);
	if (!p->findings)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	TRY(find_partner(tx, p, err));
	bool new = !p->partner.code;
	TRY(check_import(tx, a, new, err));
	bool complete = a->agreed.profile && !findings_errors(p->call->findings) && !findings_errors(p->findings);
	if (complete)
		TRY(put_import(tx, a, new, err));
	if (complete)
		TRY(warn_of_opt_outs(tx, a, err));
	TRY(partner_refuse(p, err));
	if (!complete)
		return fail(err, ERR_INVALID, "nothing is changed");
	a->tried = a->trial;
	return a->tried ? fail(err, ERR_INVALID, "a trial is not written") : OK;
}

static enum err_code read_import(struct agreement_call *a, struct err *err)
{
	struct call *call = a->partner.call;
	struct terms *terms = a->wanted.terms ? a->wanted.terms : arena_alloc(call->arena, sizeof *terms);
	TRY(db_read(call->kernel->db, find_partner, &a->partner, err));
	const struct partner *partner = &a->partner.partner;
	const struct agreement_reading reading = { .text = a->agreement.text,
						   .terms = terms,
						   .partner_id = partner->code ? partner->party_id : NULL,
						   .partner_type = partner->party_type,
						   .now_us = call->now_us };
	if (!terms)
		return fail(err, ERR_MEMORY, "no memory for the terms");
	TRY(messaging_agreement_read(call->asked->api->options.messaging, call->arena, &reading, &a->agreed,
				     call->findings, err));
	a->agreement.id = a->agreed.id;
	TRY(take_terms(a, terms, err));
	return take_certificates(a, err);
}

/* As it is, or, after a trial, as it would be; with what was said of it on the way. */
static enum err_code answer_import(struct agreement_call *a, struct err *err)
{
	struct call *call = a->partner.call;
	struct agreement_view view;
	a->agreement.added_us = a->tried ? TIME_NONE : call->now_us;
	TRY(show(call, &a->agreement, &a->partner.partner, &view, err));
	TRY(call_show_findings(call, call->findings, &view.findings, &view.findings_count, err));
	return call_answer(call, &view, err);
}

static enum err_code import(struct call *call, bool trial, struct err *err)
{
	struct agreement_call a = { .partner = { .call = call, .code = call->parameters[0] },
				    .agreement = { .partner = call->parameters[0], .until_us = TIME_NONE },
				    .trial = trial };
	TRY(call_read(call, &a.wanted, err));
	if (findings_errors(call->findings))
		return OK;
	take_text(&a);
	if (findings_errors(call->findings))
		return OK;
	TRY(read_import(&a, err));
	if (!a.agreed.id)
		return OK; /* what is no CPA says nothing of the partner */
	enum err_code code = partner_write(&a.partner, write_import, err);
	if (code != OK && !a.tried)
		return findings_errors(call->findings) && code == ERR_INVALID ? OK : code;
	return answer_import(&a, err);
}

enum err_code agreements_import(struct call *call, struct err *err)
{
	return import(call, false, err);
}

enum err_code agreements_check(struct call *call, struct err *err)
{
	return import(call, true, err);
}

/* --- One and all --- */

static enum err_code read_agreement(struct tx *tx, void *arg, struct err *err)
{
	struct agreement_call *a = arg;
	TRY(partner_read(tx, &a->partner, err));
	TRY(agreement_find(tx, a->partner.call->arena, a->id, &a->agreement, err));
	return same(a->agreement.partner, a->partner.code) ? OK : not_there(a, err);
}

static struct agreement_call look_at(struct call *call)
{
	return (struct agreement_call){ .partner = { .call = call, .code = call->parameters[0] },
					.id = call->parameters[1] };
}

enum err_code agreements_get(struct call *call, struct err *err)
{
	struct agreement_call a = look_at(call);
	TRY(db_read(call->kernel->db, read_agreement, &a, err));
	return answer(&a, err);
}

enum err_code agreements_original(struct call *call, struct err *err)
{
	struct agreement_call a = look_at(call);
	TRY(db_read(call->kernel->db, read_agreement, &a, err));
	call->content_type = "application/xml";
	buf_put_bytes(call->out, a.agreement.text);
	return buf_check(call->out, "the CPA", err);
}

static enum err_code write_withdrawal(struct tx *tx, void *arg, struct err *err)
{
	struct agreement_call *a = arg;
	struct partner_call *p = &a->partner;
	TRY(read_agreement(tx, a, err));
	if (is_withdrawn(&a->agreement, p->call->now_us))
		return fail(err, ERR_CONFLICT, "agreement %s is withdrawn already", a->id);
	TRY(agreement_withdraw(tx, a->id, &p->call->actor, p->call->now_us, err));
	return agreement_find(tx, p->call->arena, a->id, &a->agreement, err);
}

enum err_code agreements_withdraw(struct call *call, struct err *err)
{
	struct agreement_call a = look_at(call);
	TRY(partner_write(&a.partner, write_withdrawal, err));
	return answer(&a, err);
}

static enum err_code read_agreements(struct tx *tx, void *arg, struct err *err)
{
	struct agreement_call *a = arg;
	TRY(partner_read(tx, &a->partner, err));
	return agreement_list(tx, a->partner.call->arena, a->partner.code, &a->list, err);
}

static void show_line(const void *item, void *view)
{
	*(struct agreement_view *)view = *(const struct agreement_view *)item;
}

/* One page: there are AGREEMENTS_MAX of them and fewer. */
enum err_code agreements_list(struct call *call, struct err *err)
{
	struct agreement_call a = look_at(call);
	struct agreement_list_view page = { 0 };
	TRY(db_read(call->kernel->db, read_agreements, &a, err));
	page.items = arena_array(call->arena, a.list.count + 1, sizeof *page.items);
	if (!page.items)
		return fail(err, ERR_MEMORY, "no memory for the agreements");
	for (; page.count < a.list.count; page.count++)
		TRY(show(call, &a.list.items[page.count], &a.partner.partner, &page.items[page.count], err));
	return call_answer_page(call, PAGE(page, agreement_view, show_line, NULL), err);
}

/* --- What we propose --- */

enum err_code agreements_propose(struct call *call, struct err *err)
{
	struct agreement_offer_view view;
	buf_auto xml;
	buf_init(&xml, PROPOSAL_MAX);
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	int64_t from_us = view.start_us != TIME_NONE ? view.start_us : call->now_us - call->now_us % DAY_US;
	const struct agreement_offer offer = { .partner = call->parameters[0],
					       .id = view.id,
					       .name = view.name ? view.name : call->asked->api->options.node_name,
					       .endpoint = view.endpoint,
					       .partner_endpoint = view.partner_endpoint,
					       .documents = view.documents,
					       .agreed = view.agreed,
					       .sync = view.sync,
					       .start_us = from_us,
					       .end_us = view.end_us != TIME_NONE ? view.end_us
										  : from_us + PROPOSED_DAYS * DAY_US,
					       .retries = view.retries,
					       .retry_interval_s = view.retry_interval_s,
					       .persist_s = view.persist_s };
	TRY(messaging_agreement_write(call->asked->api->options.messaging, call->arena, &offer, call->now_us, &xml,
				      call->findings, err));
	if (findings_errors(call->findings))
		return OK;
	call->content_type = "application/xml";
	buf_put_bytes(call->out, buf_bytes(&xml));
	return buf_check(call->out, "the CPA", err);
}
