#include "messaging/messaging_int.h"
#include "messaging/pact_int.h"

#include "base/text.h"
#include "kernel/capability.h"
#include "kernel/catch_up.h"
#include "kernel/party.h"
#include "messaging/uris_int.h"

/* --- Terms --- */

enum { TERMS_MAX = 256 };

static const struct field action_rows[] = {
	FIELD_TEXT(struct term_action, document, .json = "document", .min = 1),
	FIELD_TEXT(struct term_action, service, .json = "service", .max_length = 1024),
	FIELD_TEXT(struct term_action, action, .json = "action", .min = 1, .max_length = 1024),
};
static const struct fields term_action = FIELDS(struct term_action, action_rows);
static const struct field role_rows[] = {
	FIELD_TEXT(struct term_role, role, .json = "role", .min = 1, .max_length = 1024),
	FIELD_TEXT(struct term_role, seat, .json = "seat", .min = 1),
};
static const struct fields term_role = FIELDS(struct term_role, role_rows);
static const struct field terms_rows[] = {
	FIELD_LIST(struct terms, actions, actions_count, struct term_action, term_action, .json = "actions",
		   .max = TERMS_MAX),
	FIELD_LIST(struct terms, roles, roles_count, struct term_role, term_role, .json = "roles", .max = TERMS_MAX),
	FIELD_FLAG(struct terms, test, .json = "test"),
	FIELD_FLAG(struct terms, sha1, .json = "allowSha1"),
};
const struct fields terms_fields = FIELDS(struct terms, terms_rows);
const struct schema terms_schema = {
	.name = "Terms", .root = "Terms", .ns = "", .prefix = "", .fields = &terms_fields
};

/* A role that is called like a kind of seat is that seat; else, unless the terms say so, customs. */
const char *pact_seat(const struct terms *terms, const char *role)
{
	for (size_t i = 0; i < terms->roles_count; i++)
		if (same(terms->roles[i].role, role))
			return terms->roles[i].seat;
	for (size_t i = 0; organisation_seat(i); i++)
		if (same(organisation_seat(i), role))
			return organisation_seat(i);
	return organisation_seat(0);
}

/* An action that is called like a document type carries it, unless the terms say otherwise. */
const char *pact_document(const struct terms *terms, const struct ebms_typed *service, const char *action)
{
	for (size_t i = 0; i < terms->actions_count; i++) {
		const struct term_action *row = &terms->actions[i];
		if (same(row->action, action) && (!row->service || same(row->service, service->value)))
			return row->document;
	}
	return action;
}

/* --- Reading --- */

enum err_code pact_read(struct arena *arena, const struct agreement *agreement, const char *party_id,
			const char *party_type, struct pact *pact, struct err *err)
{
	struct findings *findings = findings_new(arena);
	struct pact read = { .until_us = agreement->until_us };
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for agreement %s", agreement->id);
	TRY(cpa_read(arena, agreement->text, &read.cpa, findings, err));
	if (agreement->terms)
		TRY(field_read_json(arena, &terms_schema, bytes_of(agreement->terms), NULL, &read.terms, findings,
				    err));
	read.us = read.cpa ? cpa_party_of(read.cpa, party_id, party_type) : NULL;
	if (!read.us || findings_errors(findings))
		return fail(err, ERR_CONFIG, "agreement %s cannot be used: %s", agreement->id,
			    findings_at(findings, 0) ? findings_at(findings, 0)->text : "it is not with this node");
	read.them = cpa_other(read.cpa, read.us);
	*pact = read;
	return OK;
}

bool pact_holds(const struct pact *pact, int64_t at_us)
{
	return pact->cpa->start_us <= at_us && at_us <= pact->cpa->end_us &&
	       (pact->until_us == TIME_NONE || at_us < pact->until_us);
}

enum err_code messaging_agreement_excepts(const struct messaging *messaging, struct arena *arena,
					  const struct agreement *agreement, int64_t now_us, bool *excepts,
					  struct err *err)
{
	struct pact pact;
	struct err why = { 0 };
	enum err_code code = pact_read(arena, agreement, messaging_party(messaging, false),
				       messaging_party(messaging, true), &pact, &why);
	if (code == ERR_MEMORY)
		return fail(err, code, "%s", why.text);
	*excepts = code == OK && pact.terms.sha1 && pact_holds(&pact, now_us);
	return OK;
}

const struct pact *pact_find(const struct pacts *pacts, const char *id)
{
	for (size_t i = 0; i < pacts->count; i++)
		if (same(pacts->items[i].cpa->id, id))
			return &pacts->items[i];
	return NULL;
}

const char *pact_signal_endpoint(const struct pact *pact, const char *signal)
{
	return cpa_signal_channel(pact->them, signal)->endpoint;
}

/* --- Sending --- */

static struct ebms_party party_as(const struct cpa_party *party, const char *role)
{
	return (struct ebms_party){ .id = party->ids, .ids = party->ids_count, .role = role };
}

static struct ebms2_wishes wishes_of(const struct cpa_channel *channel)
{
	return (struct ebms2_wishes){ .sync = channel->sync,
				      .ack_wanted = channel->acknowledged == CPA_ALWAYS,
				      .ack_signed = channel->ack_signed == CPA_ALWAYS,
				      .once = channel->duplicates_eliminated == CPA_ALWAYS };
}

/* "TH:customs": what follows the colon. */
static const char *seat_of_address(const char *address)
{
	const char *colon = address ? strchr(address, ':') : NULL;
	return colon ? colon + 1 : NULL;
}

/* How well ACTION suits: 0 not at all, then by the seats of its roles. */
static unsigned fitness(const struct pact *pact, const struct cpa_action *action, const char *document,
			const char *from, const char *to)
{
	if (!action->sends || !action->other ||
	    !same(pact_document(&pact->terms, &action->service, action->action), document))
		return 0;
	return 1 + (unsigned)same(pact_seat(&pact->terms, action->role), from) +
	       (unsigned)same(pact_seat(&pact->terms, action->other->role), to);
}

static const struct cpa_action *best_action(const struct pact *pact, const char *document, const char *from,
					    const char *to, unsigned *best)
{
	const struct cpa_action *found = NULL;
	for (size_t i = 0; i < pact->us->actions_count; i++) {
		unsigned fit = fitness(pact, &pact->us->actions[i], document, from, to);
		if (fit > *best) {
			*best = fit;
			found = &pact->us->actions[i];
		}
	}
	return found;
}

static const struct ebms_typed msh_service = { .value = URI_MSH_SERVICE };

static enum err_code ping_route(const struct pact *pact, struct ebms2_route *route)
{
	const struct cpa_channel *channel = cpa_signal_channel(pact->us, "Ping");
	*route = (struct ebms2_route){ .pact = pact,
				       .from = party_as(pact->us, NULL),
				       .to = party_as(pact->them, NULL),
				       .service = &msh_service,
				       .action = "Ping",
				       .channel = channel,
				       .endpoint = pact_signal_endpoint(pact, "Ping"),
				       .wishes = { .sync = channel->sync } };
	return OK;
}

static const struct ebms_typed continuity_service = { .value = SERVICE_CONTINUITY };

/* The first of PARTY's actions that it sends: by its channel go, unnamed by any agreement, the messages by which nodes
 * of this kind catch up. NULL: it sends nothing. */
static const struct cpa_action *first_sent(const struct cpa_party *party)
{
	for (size_t i = 0; i < party->actions_count; i++)
		if (party->actions[i].sends && party->actions[i].other)
			return &party->actions[i];
	return NULL;
}

static bool continuity_route(const struct pact *pact, const struct message *message, struct ebms2_route *route)
{
	const struct cpa_action *action = first_sent(pact->us);
	if (!action || pact->terms.test || !catch_up_is_action(message->service, message->action))
		return false;
	*route = (struct ebms2_route){ .pact = pact,
				       .from = party_as(pact->us, NULL),
				       .to = party_as(pact->them, NULL),
				       .service = &continuity_service,
				       .action = message->action,
				       .channel = action->channel,
				       .endpoint = action->other->channel->endpoint,
				       .wishes = wishes_of(action->channel) };
	return true;
}

enum err_code pact_route(const struct pacts *pacts, const char *partner, const struct message *message,
			 const char *seat, int64_t now_us, struct ebms2_route *route, struct err *err)
{
	unsigned best = 0;
	const struct cpa_action *action = NULL;
	const struct pact *pact = NULL;
	bool any = false;
	for (size_t i = 0; i < pacts->count; i++) {
		const struct pact *each = &pacts->items[i];
		const struct cpa_action *found = NULL;
		if (!pact_holds(each, now_us))
			continue;
		any = true;
		if (ebms_is_ping(message->service, message->action))
			return ping_route(each, route);
		if (continuity_route(each, message, route))
			return OK;
		if (each->terms.test == message->test)
			found = best_action(each, message->action, seat, seat_of_address(message->final_recipient),
					    &best);
		if (found) {
			action = found;
			pact = each;
		}
	}
	if (!any)
		return fail(
			err, ERR_CONFIG,
			"no agreement with %s is in force: lintas partner import FILE --partner %s takes one in; if "
			"%s has gone to AS4, lintas partner change %s --profile edelivery-1.15",
			partner, partner, partner, partner);
	if (!action)
		return fail(err, ERR_CONFIG,
			    "no agreement in force with %s has an action for %s%s; see lintas partner show %s", partner,
			    message->action, message->test ? " as a trial" : "", partner);
	*route = (struct ebms2_route){ .pact = pact,
				       .from = party_as(pact->us, action->role),
				       .to = party_as(pact->them, action->other->role),
				       .service = &action->service,
				       .action = action->action,
				       .channel = action->channel,
				       .endpoint = action->other->channel->endpoint,
				       .wishes = wishes_of(action->channel) };
	return OK;
}

void pact_retry(const struct cpa_channel *channel, struct retry_policy *retry)
{
	int64_t interval_us = channel->retry_interval_us ? channel->retry_interval_us : CPA_RETRY_INTERVAL_US;
	int64_t retries = channel->retries ? channel->retries : CPA_RETRIES;
	retry->first_us = retry->max_us = interval_us;
	retry->tries = retries + 1;
}

/* --- Receiving --- */

static void found(struct ebms_message *message, const char *what, const char *value)
{
	finding_add(message->findings, ebms_rule(RULE_NOT_AGREED), "", what, value ? value : "(absent)");
}

static void check_parties(struct ebms_message *message, const struct ebms_party *party, const struct cpa_party *agreed,
			  const char *what)
{
	for (size_t i = 0; i < party->ids; i++) {
		bool known = false;
		for (size_t k = 0; k < agreed->ids_count && !known; k++)
			known = cpa_same(&party->id[i], &agreed->ids[k]);
		if (!known)
			found(message, what, party->id[i].value);
	}
}

static void check_flag(struct ebms_message *message, bool asked, enum cpa_when agreed, const char *what)
{
	if (agreed != CPA_PER_MESSAGE && asked != (agreed == CPA_ALWAYS))
		found(message, what, asked ? "asked for" : "not asked for");
}

/* What the message asks for must be what its sender's channel says: whoever waits for an answer on the other leg waits
 * for ever. */
static void check_wishes(struct ebms_message *message, const struct cpa_channel *channel)
{
	const struct ebms2_blocks *blocks = message->ebms2;
	if (blocks->sync != channel->sync)
		found(message, "a synchronous answer (SyncReply)", blocks->sync ? "asked for" : "not asked for");
	check_flag(message, blocks->ack_wanted, channel->acknowledged, "an acknowledgment (AckRequested)");
	if (blocks->ack_wanted)
		check_flag(message, blocks->ack_signed, channel->ack_signed, "a signed acknowledgment");
	check_flag(message, blocks->header.once != NULL, channel->duplicates_eliminated, "DuplicateElimination");
}

static void check_features(struct ebms_message *message, int64_t now_us)
{
	const struct ebms2_blocks *blocks = message->ebms2;
	char until[TIME_SIZE];
	if (blocks->ordered)
		ebms_found(message, RULE_NOT_SUPPORTED, "MessageOrder", "");
	if (blocks->next_msh)
		ebms_found(message, RULE_NOT_SUPPORTED, "an acknowledgment by a next MSH", " (multi-hop)");
	if (blocks->header.data->until_us != TIME_NONE && blocks->header.data->until_us < now_us) {
		time_format(blocks->header.data->until_us, until);
		ebms_found(message, RULE_EXPIRED, until, NULL);
	}
}

static void check_continuity(const struct pact *pact, struct ebms_message *message, struct understood *understood,
			     const char *partner, const char *state)
{
	const struct cpa_action *action = first_sent(pact->them);
	if (action)
		check_wishes(message, action->channel);
	*understood = (struct understood){ .service = SERVICE_CONTINUITY,
					   .action = message->user.collaboration->action,
					   .original_sender = arena_printf(message->arena, "%s:customs", partner),
					   .final_recipient = arena_printf(message->arena, "%s:customs", state) };
}

static void check_business(const struct pact *pact, struct ebms_message *message, struct understood *understood,
			   const char *partner, const char *state)
{
	const struct ebms_collaboration *collaboration = message->user.collaboration;
	const char *from = message->user.parties->from->role, *to = message->user.parties->to->role;
	const struct cpa_action *action =
		cpa_action_of(pact->them, true, from, collaboration->service, collaboration->action);
	if (!action) {
		ebms_found(message, RULE_ACTION, collaboration->service->value,
			   arena_printf(message->arena, "%s, from role %s", collaboration->action,
					from ? from : "(none)"));
		return;
	}
	if (!action->other || !same(action->other->role, to))
		found(message, "the role of the receiver", to);
	check_wishes(message, action->channel);
	if (message->parts_count == 0)
		ebms_found(message, RULE_PAYLOADS, collaboration->action, "at least one payload");
	*understood = (struct understood){
		.service = SERVICE_DOCUMENTS,
		.action = pact_document(&pact->terms, collaboration->service, collaboration->action),
		.original_sender = arena_printf(message->arena, "%s:%s", partner, pact_seat(&pact->terms, from)),
		.final_recipient = arena_printf(message->arena, "%s:%s", state, pact_seat(&pact->terms, to)),
		.test = pact->terms.test,
	};
}

/* An answer to what was sent under it may come when it is over: the partner has that, or will not take it. */
static bool is_answer(const struct ebms_message *message)
{
	return message->kind == KIND_RECEIPT || message->kind == KIND_ERROR || message->kind == KIND_PONG ||
	       message->kind == KIND_STATUS_RESPONSE;
}

/* In force when it was written; and what is withdrawn since counts no more, whatever time a message names. */
static void check_time(struct ebms_message *message, const struct pact *pact, int64_t now_us)
{
	char at[TIME_SIZE];
	int64_t sent_us = message->user.info->timestamp_us;
	bool withdrawn = pact->until_us != TIME_NONE && pact->until_us <= now_us;
	if (is_answer(message) || (pact_holds(pact, sent_us) && !withdrawn))
		return;
	time_format(sent_us, at);
	found(message, "the time of an agreement that is not in force", at);
}

void pact_understand(const struct pact *pact, const char *partner, const char *state, struct ebms_message *message,
		     int64_t now_us, struct understood *understood)
{
	*understood = (struct understood){ 0 };
	check_parties(message, message->user.parties->from, pact->them, "the sender (From)");
	check_parties(message, message->user.parties->to, pact->us, "the receiver (To)");
	check_time(message, pact, now_us);
	check_features(message, now_us);
	const struct ebms_collaboration *collaboration = message->user.collaboration;
	if (message->kind != KIND_USER_MESSAGE)
		return;
	if (catch_up_is_action(collaboration->service->value, collaboration->action))
		check_continuity(pact, message, understood, partner, state);
	else
		check_business(pact, message, understood, partner, state);
}

static bool carries(struct messaging *messaging, const char *partner, const char *type, const char *seat, bool test,
		    int64_t now_us)
{
	struct directory *directory = directory_get(messaging);
	const struct peer *peer = directory_peer(directory, partner);
	const struct message message = { .service = SERVICE_DOCUMENTS, .action = type, .test = test };
	struct ebms2_route route;
	struct err unused;
	bool does = peer && (peer->profile->binding != &binding_ebms2 ||
			     pact_route(&peer->pacts, partner, &message, seat, now_us, &route, &unused) == OK);
	directory_release(directory);
	return does;
}

bool messaging_carries(struct messaging *messaging, const char *partner, const char *type, const char *seat,
		       int64_t now_us)
{
	return carries(messaging, partner, type, seat, false, now_us);
}

bool pact_carries(void *arg, const char *partner, const char *type, const char *seat, bool test, int64_t now_us)
{
	return carries(arg, partner, type, seat, test, now_us);
}
