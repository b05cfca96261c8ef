/* The watch over what partners are believed by: certificates that end, lists that nobody replaces; and over agreements
 * that end, or rest on SHA-1. The status shows all of it; what an operator must see to is a task, and so it is with our
 * own certificates (watch_own.c). */
#include "base/date.h"
#include "base/log.h"
#include "base/text.h"
#include "kernel/catch_up.h"
#include "kernel/task.h"
#include "messaging/health_int.h"
#include "messaging/watch_int.h"

enum { WATCH_ARENA = 64 << 20 };
#define TASK_TRUST "trust"

static const struct use {
	const char *name;
	enum cert_use use;
	size_t certs, count; /* in struct peer */
	const char *without; /* what a partner with no such certificate comes to */
} uses[] = {
	{ "sign", CERT_USE_SIGN, offsetof(struct peer, signing), offsetof(struct peer, signing_count),
	  "its messages and receipts are refused" },
	{ "encrypt", CERT_USE_DECRYPT, offsetof(struct peer, encrypt), offsetof(struct peer, encrypt_count),
	  "what is to be sent to it waits" },
	{ "tls", CERT_USE_TLS_CLIENT, offsetof(struct peer, tls), offsetof(struct peer, tls_count),
	  "its connections are refused" },
};

static struct cert *const *certs_of(const struct peer *peer, const struct use *use, size_t *count)
{
	memcpy(count, (const char *)peer + use->count, sizeof *count);
	return (struct cert *const *)(const void *)((const char *)peer + use->certs);
}

struct watch {
	struct arena *arena;
	int64_t now_us;
	struct messaging_credential *items;
	size_t count;
};

/* --- Certificates --- */

/* What mends a certificate that is refused: the next one, unless only its revocation list is what is missing, or
 * whoever could say that the list is right. */
static const struct remedy {
	const char *rule; /* NULL: every other */
	const char *use;  /* NULL: the certificate's own */
	const char *what;
} remedies[] = {
	{ CERT_RULE_LIST_MISSING, "crl", "Ask for the revocation list of its authority" },
	{ CERT_RULE_LIST_OVERDUE, "crl", "Ask for the next revocation list of its authority" },
	{ CERT_RULE_LIST_UNCHECKED, "issuer",
	  "Ask for the certificate of whoever signs the list, compare its fingerprint by another way" },
	{ NULL, NULL, "Ask for the next one, compare its fingerprint by another way" },
};

/* A new list does not help who is refused for something else as well: the last row that an error has counts. */
static const struct remedy *remedy_for(const struct watch *w, const struct peer *peer, const struct cert *cert,
				       enum cert_use use)
{
	struct findings *reasons = findings_new(w->arena);
	size_t chosen = 0;
	bool any = false;
	if (reasons)
		cert_judge(cert, NULL, 0, use, peer->trust, w->now_us, reasons);
	for (size_t i = 0; reasons && findings_at(reasons, i); i++) {
		const struct rule *rule = findings_at(reasons, i)->rule;
		size_t row = 0;
		if (rule->severity != SEVERITY_ERROR)
			continue;
		while (remedies[row].rule && !same(remedies[row].rule, rule->code))
			row++;
		chosen = row > chosen ? row : chosen;
		any = true;
	}
	return &remedies[any ? chosen : COUNT(remedies) - 1];
}

static enum err_code fill_certificate(const struct watch *w, const struct peer *peer, const struct use *use,
				      const struct cert *cert, struct messaging_credential *item, struct err *err)
{
	char end[TIME_SIZE];
	const char *code = peer->partner.code;
	*item = (struct messaging_credential){ .partner = arena_text(w->arena, code),
					       .use = use->name,
					       .subject = arena_text(w->arena, cert_subject(cert)),
					       .fingerprint = arena_text(w->arena, cert_fingerprint(cert)),
					       .not_before_us = cert_not_before_us(cert),
					       .not_after_us = cert_not_after_us(cert),
					       .state = CREDENTIAL_GOOD };
	const char *doubt = peer_doubt(peer, cert, use->use, w->now_us, w->arena), *what = NULL;
	if (w->now_us < item->not_before_us) {
		item->state = CREDENTIAL_FUTURE;
	} else if (doubt) {
		item->state = CREDENTIAL_REFUSED;
		what = arena_printf(w->arena, "%s; without another one %s", doubt, use->without);
	} else if (item->not_after_us - w->now_us < MESSAGING_RENEW_DAYS * DAY_US) {
		item->state = CREDENTIAL_ENDING;
		what = arena_printf(w->arena, "the certificate of %s (use %s) ends at %s", item->subject, use->name,
				    time_format(item->not_after_us, end));
	}
	const struct remedy *remedy = remedy_for(w, peer, cert, use->use);
	if (what)
		item->advice = arena_printf(w->arena,
					    "Partner %s: %s. %s, then lintas partner certificate %s --use %s --file "
					    "FILE",
					    code, what, remedy->what, code, remedy->use ? remedy->use : use->name);
	bool told = item->advice || same(item->state, CREDENTIAL_GOOD) || same(item->state, CREDENTIAL_FUTURE);
	return item->partner && item->subject && item->fingerprint && told
		       ? OK
		       : fail(err, ERR_MEMORY, "no memory for the certificates of %s", code);
}

bool watch_stands_in(const struct messaging_credential *other, const struct messaging_credential *item)
{
	bool works = same(other->state, CREDENTIAL_GOOD) || same(other->state, CREDENTIAL_ENDING) ||
		     same(other->state, CREDENTIAL_WEAK);
	if (same(item->state, CREDENTIAL_REFUSED))
		return works;
	return other->not_after_us > item->not_after_us &&
	       (works || (same(other->state, CREDENTIAL_FUTURE) && other->not_before_us <= item->not_after_us));
}

/* The list itself is the alarm then, not each certificate that it refuses. */
static bool waits_for_list(const struct watch *w, const struct peer *peer, const struct cert *cert, enum cert_use use)
{
	struct findings *reasons = findings_new(w->arena);
	if (!reasons || cert_judge(cert, NULL, 0, use, peer->trust, w->now_us, reasons))
		return false;
	for (size_t i = 0; findings_at(reasons, i); i++)
		if (!same(findings_at(reasons, i)->rule->code, CERT_RULE_LIST_OVERDUE))
			return false;
	return true;
}

/* A certificate of another kind than the profile's is pinned ahead of a change of profile, or left from before it: it
 * is neither missed nor stands in for one. */
static bool is_alarm(const struct watch *w, const struct peer *peer, const struct use *use,
		     const struct messaging_credential *items, size_t index)
{
	size_t count;
	struct cert *const *certs = certs_of(peer, use, &count);
	if (!items[index].advice || !same(peer->partner.status, "active") ||
	    !profile_takes(peer->profile, use->name, cert_key_kind(certs[index])) ||
	    waits_for_list(w, peer, certs[index], use->use))
		return false;
	for (size_t i = 0; i < count; i++)
		if (i != index && profile_takes(peer->profile, use->name, cert_key_kind(certs[i])) &&
		    watch_stands_in(&items[i], &items[index]))
			return false;
	return true;
}

static enum err_code watch_certificates(struct watch *w, const struct peer *peer, struct err *err)
{
	for (size_t u = 0; u < COUNT(uses); u++) {
		size_t count;
		struct cert *const *certs = certs_of(peer, &uses[u], &count);
		struct messaging_credential *items = &w->items[w->count];
		for (size_t i = 0; i < count; i++)
			TRY(fill_certificate(w, peer, &uses[u], certs[i], &items[i], err));
		for (size_t i = 0; i < count; i++)
			items[i].alarm = is_alarm(w, peer, &uses[u], items, i);
		w->count += count;
	}
	return OK;
}

/* --- Lists --- */

static const char *list_advice(const struct watch *w, const char *code, const struct crl_standing *list)
{
	char next[TIME_SIZE], until[TIME_SIZE];
	const char *grace = "", *then = "what the authority has issued to it is refused";
	time_format(list->next_update_us, next);
	time_format(list->until_us, until);
	if (list->state == CRL_FRESH)
		return NULL;
	if (list->state != CRL_OVERDUE)
		then = "what the authority has issued to it will be refused";
	if (list->until_us > list->next_update_us && list->state != CRL_OVERDUE)
		grace = arena_printf(w->arena, ", and is used until %s ([trust] crl-grace)", until);
	return arena_printf(w->arena,
			    "Partner %s: the revocation list of %s %s to be replaced by %s%s. %s %s. Give the new one: "
			    "lintas partner certificate %s --use crl --file FILE",
			    code, list->issuer, list->state == CRL_DUE ? "is" : "was", next, grace ? grace : "",
			    list->state == CRL_OVERDUE ? "Now" : "Then", then, code);
}

static enum err_code watch_lists(struct watch *w, const struct peer *peer, const struct crl_standings *lists,
				 struct err *err)
{
	static const char *const states[] = { [CRL_FRESH] = CREDENTIAL_GOOD,
					      [CRL_DUE] = CREDENTIAL_ENDING,
					      [CRL_LATE] = CREDENTIAL_LATE,
					      [CRL_OVERDUE] = CREDENTIAL_REFUSED };
	const char *code = arena_text(w->arena, peer->partner.code);
	for (size_t i = 0; i < lists->count; i++) {
		const struct crl_standing *list = &lists->items[i];
		struct messaging_credential *item = &w->items[w->count++];
		*item = (struct messaging_credential){ .partner = code,
						       .use = "crl",
						       .subject = list->issuer,
						       .fingerprint = arena_text(w->arena, list->fingerprint),
						       .not_before_us = list->this_update_us,
						       .not_after_us = list->next_update_us,
						       .state = states[list->state],
						       .advice = list_advice(w, peer->partner.code, list) };
		item->alarm = item->advice && same(peer->partner.status, "active");
		if (!code || !item->fingerprint || (!item->advice && list->state != CRL_FRESH))
			return fail(err, ERR_MEMORY, "no memory for the revocation lists of %s", peer->partner.code);
	}
	return OK;
}

/* --- Agreements --- */

static bool is_withdrawn(const struct watch *w, const struct pact *pact)
{
	return pact->until_us != TIME_NONE && pact->until_us <= w->now_us;
}

static bool carries(const struct pact *pact, bool sends, const char *document)
{
	for (size_t i = 0; i < pact->us->actions_count; i++) {
		const struct cpa_action *action = &pact->us->actions[i];
		if (action->sends == sends &&
		    same(pact_document(&pact->terms, &action->service, action->action), document))
			return true;
	}
	return false;
}

/* Whether nothing is missed that PACT carries while there is OTHER. */
static bool covers(const struct pact *other, const struct pact *pact)
{
	bool all = other->terms.test == pact->terms.test;
	for (size_t i = 0; all && i < pact->us->actions_count; i++) {
		const struct cpa_action *action = &pact->us->actions[i];
		all = carries(other, action->sends, pact_document(&pact->terms, &action->service, action->action));
	}
	return all;
}

/* What is wrong with PACT, by the state that it is in. */
static const char *agreement_trouble(const struct watch *w, const struct pact *pact, const char *state)
{
	static const char weak[] = "rests on SHA-1, which the partner is excepted for: what is signed may be disputed";
	char end[TIME_SIZE];
	if (same(state, CREDENTIAL_WEAK))
		return weak;
	bool over = same(state, CREDENTIAL_REFUSED);
	return arena_printf(w->arena, "%s at %s: %s nothing is sent under it, and what comes is refused%s%s",
			    over ? "ended" : "ends", time_format(pact->cpa->end_us, end), over ? "now" : "then",
			    pact->terms.sha1 ? "; it " : "", pact->terms.sha1 ? weak : "");
}

static enum err_code fill_agreement(const struct watch *w, const struct peer *peer, const struct pact *pact,
				    struct messaging_credential *item, struct err *err)
{
	const struct cpa *cpa = pact->cpa;
	const char *code = peer->partner.code;
	*item = (struct messaging_credential){ .partner = arena_text(w->arena, code),
					       .use = "agreement",
					       .subject = arena_text(w->arena, cpa->id),
					       .not_before_us = cpa->start_us,
					       .not_after_us = cpa->end_us,
					       .state = CREDENTIAL_GOOD };
	if (w->now_us < cpa->start_us)
		item->state = CREDENTIAL_FUTURE;
	else if (w->now_us > cpa->end_us)
		item->state = CREDENTIAL_REFUSED;
	else if (cpa->end_us - w->now_us < MESSAGING_RENEW_DAYS * DAY_US)
		item->state = CREDENTIAL_ENDING;
	else if (pact->terms.sha1)
		item->state = CREDENTIAL_WEAK;
	bool fine = same(item->state, CREDENTIAL_GOOD) || same(item->state, CREDENTIAL_FUTURE);
	const char *trouble = fine ? NULL : agreement_trouble(w, pact, item->state);
	if (trouble)
		item->advice =
			arena_printf(w->arena,
				     "Partner %s: the agreement %s %s. Agree on the next one (lintas partner propose "
				     "%s), then lintas partner import FILE --partner %s",
				     code, cpa->id, trouble, code, code);
	return item->partner && item->subject && (fine || item->advice)
		       ? OK
		       : fail(err, ERR_MEMORY, "no memory for the agreements of %s", code);
}

/* SHA-1 is what an operator has decided: the status goes on saying it, but no task waits for what nobody will do. */
static bool is_agreement_alarm(const struct peer *peer, const struct messaging_credential *items,
			       const struct pact *const *pacts, size_t count, size_t index)
{
	if (!items[index].advice || same(items[index].state, CREDENTIAL_WEAK) || !same(peer->partner.status, "active"))
		return false;
	for (size_t i = 0; i < count; i++)
		if (i != index && watch_stands_in(&items[i], &items[index]) && covers(pacts[i], pacts[index]))
			return false;
	return true;
}

static enum err_code watch_agreements(struct watch *w, const struct peer *peer, struct err *err)
{
	struct messaging_credential *items = &w->items[w->count];
	const struct pact **pacts = arena_array(w->arena, peer->pacts.count + 1, sizeof *pacts);
	size_t count = 0;
	if (!pacts)
		return fail(err, ERR_MEMORY, "no memory for the agreements of %s", peer->partner.code);
	for (size_t i = 0; i < peer->pacts.count; i++)
		if (!is_withdrawn(w, &peer->pacts.items[i]))
			pacts[count++] = &peer->pacts.items[i];
	for (size_t i = 0; i < count; i++)
		TRY(fill_agreement(w, peer, pacts[i], &items[i], err));
	for (size_t i = 0; i < count; i++)
		items[i].alarm = is_agreement_alarm(peer, items, pacts, count, i);
	w->count += count;
	return OK;
}

/* --- All of them --- */

static enum err_code watch_all(struct watch *w, const struct directory *directory, struct err *err)
{
	size_t room = 1;
	struct crl_standings *lists = arena_array(w->arena, directory->count + 1, sizeof *lists);
	if (!lists)
		return fail(err, ERR_MEMORY, "no memory to look at certificates");
	for (size_t i = 0; i < directory->count; i++) {
		const struct peer *peer = &directory->peers[i];
		TRY(trust_lists(peer->trust, w->now_us, w->arena, &lists[i], err));
		room += peer->signing_count + peer->encrypt_count + peer->tls_count + peer->pacts.count +
			lists[i].count;
	}
	w->items = arena_array(w->arena, room, sizeof *w->items);
	if (!w->items)
		return fail(err, ERR_MEMORY, "no memory to look at certificates");
	for (size_t i = 0; i < directory->count; i++) {
		TRY(watch_certificates(w, &directory->peers[i], err));
		TRY(watch_lists(w, &directory->peers[i], &lists[i], err));
		TRY(watch_agreements(w, &directory->peers[i], err));
	}
	return OK;
}

enum err_code messaging_credentials(struct messaging *messaging, struct arena *arena, int64_t now_us,
				    struct messaging_credentials *list, struct err *err)
{
	struct watch watch = { .arena = arena, .now_us = now_us };
	struct directory *directory = directory_get(messaging);
	enum err_code code = watch_all(&watch, directory, err);
	directory_release(directory);
	if (code == OK)
		*list = (struct messaging_credentials){ watch.items, watch.count };
	return code;
}

/* What is told of an alarm holds no time but those of the certificate or list: so it is told once for each of its
 * phases, however often one looks. */
enum err_code watch_tasks(struct arena *arena, const struct messaging_credentials *list, struct task_list *tasks,
			  struct err *err)
{
	struct task_list wanted = { .items = arena_array(arena, list->count + 1, sizeof *wanted.items) };
	for (size_t i = 0; wanted.items && i < list->count; i++) {
		const struct messaging_credential *c = &list->items[i];
		if (!c->alarm)
			continue;
		const char *subject = arena_printf(arena, "%s %s %s", c->partner ? c->partner : "own", c->use,
						   c->fingerprint ? c->fingerprint : c->subject);
		if (!subject)
			return fail(err, ERR_MEMORY, "no memory to look at certificates");
		wanted.items[wanted.count++] = (struct task){ .subject = subject, .text = c->advice };
	}
	*tasks = wanted;
	return wanted.items ? OK : fail(err, ERR_MEMORY, "no memory to look at certificates");
}

void watch_tell(const struct task_list *alarms)
{
	for (size_t i = 0; i < alarms->count; i++)
		LOG(LOG_WARN, "trust.alarm", LOG_TEXT("about", alarms->items[i].subject),
		    LOG_TEXT("why", alarms->items[i].text));
}

/* The log has all alarms whenever one has changed, and once after the start. */
static enum err_code keep_tasks(struct messaging *messaging, int64_t now_us, struct err *err)
{
	struct messaging_credentials theirs;
	struct task_list wanted;
	bool changed = false, first = messaging->watched_us == TIME_NONE;
	arena_auto arena = arena_new(WATCH_ARENA);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory to look at certificates");
	TRY(messaging_credentials(messaging, arena, now_us, &theirs, err));
	TRY(watch_tasks(arena, &theirs, &wanted, err));
	TRY(task_keep(messaging->options.kernel, TASK_TRUST, &wanted, now_us, &changed, err));
	if (changed || first)
		watch_tell(&wanted);
	return watch_own(messaging, arena, now_us, first, err);
}

enum err_code messaging_watch(struct messaging *messaging, int64_t now_us, struct err *err)
{
	bool changed;
	TRY(health_tell(messaging, now_us, &changed, err));
	struct directory *directory = directory_get(messaging);
	int64_t revision = directory->revision;
	directory_release(directory);
	bool seen = !changed && messaging->watched_us != TIME_NONE && messaging->watched_revision == revision &&
		    now_us >= messaging->watched_us && now_us - messaging->watched_us < MINUTE_US;
	if (seen)
		return OK;
	TRY(keep_tasks(messaging, now_us, err));
	TRY(health_tasks(messaging, now_us, err));
	TRY(catch_up_watch(messaging->options.kernel, now_us, err));
	messaging->watched_us = now_us;
	messaging->watched_revision = revision;
	return OK;
}
