/* Agreements seen from outside: what a CPA and its terms come to at this node, and a CPA that we offer. */
#include "base/text.h"
#include "messaging/messaging_int.h"
#include "messaging/uris_int.h"

/* clang-format off */
enum { RULE_DOCUMENT, RULE_SEAT, RULE_NO_ACTION, RULE_NO_ROLE, RULE_CARRIES_NOTHING, RULE_SEATS, RULE_SHA1, RULE_OWN_KEY, RULE_ENDING,
       RULE_NO_PROFILE, RULE_PROFILES, RULE_PLAIN, RULE_NO_ENDPOINT, RULE_NO_OWN_KEY, RULE_NO_PARTNER_KEY };
const struct rule agree_rules[] = {
	[RULE_DOCUMENT]  = { .code = "AGR-001", .text = "{1} is no document type: give one of {2}" },
	[RULE_SEAT]      = { .code = "AGR-002", .text = "{1} is no kind of seat: give one of {2}" },
	[RULE_NO_ACTION] = { .code = "AGR-003", .text = "the CPA has no action {1}{2}: the terms can only speak of what is in it" },
	[RULE_NO_ROLE]   = { .code = "AGR-004", .text = "the CPA has no role {1}: the terms can only speak of what is in it" },
	[RULE_CARRIES_NOTHING] = { .code = "AGR-005", .severity = SEVERITY_WARNING,
		.text = "action {1} of service {2} carries no document type that this node knows: nothing is sent by it, and what comes by "
			"it fails; the terms can say what it carries (--action TYPE=SERVICE|ACTION)" },
	[RULE_SEATS]     = { .code = "AGR-006", .severity = SEVERITY_WARNING,
		.text = "action {1} goes {2}: the terms can say which seats its roles are (--role ROLE=SEAT)" },
	[RULE_SHA1]      = { .code = "AGR-007", .severity = SEVERITY_WARNING, .law = "FIPS 186-5; NIST SP 800-131A",
		.text = "signatures under this agreement rest on SHA-1, which this partner is excepted for: what it has signed may be disputed; "
			"ask it for a CPA with {1}" },
	[RULE_OWN_KEY]   = { .code = "AGR-008", .severity = SEVERITY_WARNING, .law = "CPPA 2.0, Certificate",
		.text = "our {1} certificate in the CPA, {2}, belongs to no active key of this node: the partner will refuse what it does not "
			"find there; agree on a CPA with that of an active key (lintas key list)" },
	[RULE_ENDING]    = { .code = "AGR-009", .severity = SEVERITY_WARNING, .law = "CPPA 2.0, End",
		.text = "the agreement ends at {1}: agree on the next one with the partner before" },
	[RULE_NO_PROFILE] = { .code = "AGR-010", .law = "CPPA 2.0, HashFunction and SignatureAlgorithm",
		.text = "no security profile signs with {1} over digests by {2}: the CPA's author must take both from one" },
	[RULE_PROFILES]  = { .code = "AGR-011", .law = "CPPA 2.0, SignatureAlgorithm",
		.text = "one channel needs security profile {1} and another {2}: a partner has one, so the CPA's author must choose" },
	[RULE_PLAIN]     = { .code = "AGR-012", .law = "ISO/TS 15000-2, security",
		.text = "{1} is not protected by TLS, by which alone ebMS 2 keeps secret what is sent: it must be https://" },
	[RULE_NO_ENDPOINT] = { .code = "AGR-013", .text = "where {1} takes ebMS 2 is not known: give its URL" },
	[RULE_NO_OWN_KEY] = { .code = "AGR-014",
		.text = "there is no active RSA key for signatures, which ebMS 2 needs: lintas key new --use sign --type rsa-3072" },
	[RULE_NO_PARTNER_KEY] = { .code = "AGR-015",
		.text = "no RSA certificate by which {1} signs is pinned and believed now: lintas partner certificate {1} --use sign --file FILE" },
	{ 0 },
};
/* clang-format on */

struct agreeing {
	const struct messaging *messaging;
	const struct directory *directory;
	struct arena *arena;
	const struct agreement_reading *reading;
	const struct terms *terms;
	const struct cpa *cpa;
	const struct cpa_party *us, *them;
	struct agreed *agreed;
	struct findings *findings;
};

static void found(const struct agreeing *a, int rule, const char *path, const char *first, const char *second)
{
	finding_add(a->findings, &agree_rules[rule], path, first, second);
}

/* --- The terms --- */

static bool is_seat(const char *name)
{
	size_t i = 0;
	while (organisation_seat(i) && !same(organisation_seat(i), name))
		i++;
	return organisation_seat(i) != NULL;
}

static const char *seats(struct arena *arena)
{
	const char *list = "";
	for (size_t i = 0; list && organisation_seat(i); i++)
		list = arena_printf(arena, "%s%s%s", list, i ? ", " : "", organisation_seat(i));
	return list;
}

static bool has_action(const struct cpa_party *party, const struct term_action *term)
{
	for (size_t i = 0; i < party->actions_count; i++)
		if (same(party->actions[i].action, term->action) &&
		    (!term->service || same(party->actions[i].service.value, term->service)))
			return true;
	return false;
}

static bool has_role(const struct cpa *cpa, const char *role)
{
	for (size_t p = 0; p < COUNT(cpa->parties); p++)
		for (size_t i = 0; i < cpa->parties[p].actions_count; i++)
			if (same(cpa->parties[p].actions[i].role, role))
				return true;
	return false;
}

static void check_terms(const struct agreeing *a)
{
	const struct kernel *kernel = a->messaging->options.kernel;
	for (size_t i = 0; i < a->terms->actions_count; i++) {
		const struct term_action *term = &a->terms->actions[i];
		if (!doctype_find(kernel, term->document))
			found(a, RULE_DOCUMENT, arena_printf(a->arena, "/terms/actions/%zu/document", i),
			      term->document, doctype_codes(kernel, a->arena));
		/* Whatever one party sends the other receives, or the CPA is refused for that. */
		if (!has_action(&a->cpa->parties[0], term))
			found(a, RULE_NO_ACTION, arena_printf(a->arena, "/terms/actions/%zu/action", i), term->action,
			      term->service ? arena_printf(a->arena, " of service %s", term->service) : "");
	}
	for (size_t i = 0; i < a->terms->roles_count; i++) {
		const struct term_role *term = &a->terms->roles[i];
		if (!is_seat(term->seat))
			found(a, RULE_SEAT, arena_printf(a->arena, "/terms/roles/%zu/seat", i), term->seat,
			      seats(a->arena));
		if (!has_role(a->cpa, term->role))
			found(a, RULE_NO_ROLE, arena_printf(a->arena, "/terms/roles/%zu/role", i), term->role, NULL);
	}
}

/* --- What the parties do --- */

static void check_carried(const struct agreeing *a, const struct agreed_action *action, const struct doctype *doctype)
{
	bool out = same(action->direction, "out");
	const char *from = out ? action->seat : action->other_seat, *to = out ? action->other_seat : action->seat;
	if (!doctype)
		found(a, RULE_CARRIES_NOTHING, "", action->action, action->service);
	else if (!same(from, doctype->from_seat) || !same(to, doctype->to_seat))
		found(a, RULE_SEATS, "", action->action,
		      arena_printf(a->arena, "from %s to %s, but %s from %s to %s", from, to, doctype->code,
				   doctype->from_seat, doctype->to_seat));
}

static struct agreed_action action_of(const struct agreeing *a, const struct cpa_action *action)
{
	static const char *const acknowledgments[] = { [CPA_NEVER] = "unsigned", [CPA_ALWAYS] = "signed" };
	const struct cpa_channel *sender = action->sends ? action->channel : action->other->channel;
	const struct cpa_channel *receiver = action->sends ? action->other->channel : action->channel;
	bool acknowledged = sender->acknowledged == CPA_ALWAYS;
	int64_t interval_us = sender->retry_interval_us ? sender->retry_interval_us : CPA_RETRY_INTERVAL_US;
	return (struct agreed_action){
		.service = action->service.value,
		.service_type = action->service.type,
		.action = action->action,
		.direction = action->sends ? "out" : "in",
		.role = action->role,
		.seat = pact_seat(a->terms, action->role),
		.other_role = action->other->role,
		.other_seat = pact_seat(a->terms, action->other->role),
		.acknowledgment = acknowledged
					  ? acknowledgments[sender->ack_signed == CPA_ALWAYS ? CPA_ALWAYS : CPA_NEVER]
					  : "none",
		.endpoint = receiver->endpoint,
		.sync = sender->sync,
		.retries = sender->retries ? sender->retries : CPA_RETRIES,
		.retry_interval_s = interval_us / SECOND_US,
	};
}

static enum err_code fill_actions(const struct agreeing *a, struct err *err)
{
	struct agreed *agreed = a->agreed;
	agreed->actions = arena_array(a->arena, a->us->actions_count + 1, sizeof *agreed->actions);
	if (!agreed->actions)
		return fail(err, ERR_MEMORY, "no memory for an agreement");
	for (size_t i = 0; i < a->us->actions_count; i++) {
		const struct cpa_action *action = &a->us->actions[i];
		struct agreed_action *row = &agreed->actions[agreed->actions_count++];
		const struct doctype *doctype = doctype_find(a->messaging->options.kernel,
							     pact_document(a->terms, &action->service, action->action));
		*row = action_of(a, action);
		row->document = doctype ? doctype->code : NULL;
		check_carried(a, row, doctype);
	}
	return OK;
}

/* --- What they sign with --- */

static void check_plain(const struct agreeing *a, const char *endpoint)
{
	if (endpoint && !a->messaging->options.allow_plain && starts_with(endpoint, "http://"))
		found(a, RULE_PLAIN, "", endpoint, NULL);
}

static const struct security_profile *profile_of(const struct cpa_channel *channel)
{
	for (size_t i = 0; profile_at(i); i++)
		if (profile_at(i)->binding == &binding_ebms2 &&
		    same(sig_uri(profile_at(i)->signature), channel->signature) &&
		    same(digest_uri(profile_at(i)->digest), channel->digest))
			return profile_at(i);
	return NULL;
}

static void check_profile(const struct agreeing *a, const struct cpa_channel *channel)
{
	const struct security_profile *profile = profile_of(channel);
	struct agreed *agreed = a->agreed;
	if (!channel->signature || !channel->digest)
		return; /* CPA-028 */
	if (!profile)
		found(a, RULE_NO_PROFILE, "", channel->signature, channel->digest);
	else if (agreed->profile && !same(agreed->profile, profile->name))
		found(a, RULE_PROFILES, "", agreed->profile, profile->name);
	else
		agreed->profile = profile->name;
}

static enum err_code add_certificate(const struct agreeing *a, const struct cpa_party *party, const char *use,
				     const struct cpa_certificate *certificate, struct err *err)
{
	const char *side = party == a->us ? "us" : "them";
	struct agreed *agreed = a->agreed;
	cert_auto cert = NULL;
	if (!certificate)
		return OK;
	for (size_t i = 0; i < agreed->certificates_count; i++) {
		const struct agreed_certificate *there = &agreed->certificates[i];
		if (same(there->side, side) && same(there->use, use) && bytes_same(there->der, certificate->der))
			return OK;
	}
	TRY(cert_cached(certificate->der, &cert, err));
	struct agreed_certificate *row = &agreed->certificates[agreed->certificates_count];
	*row = (struct agreed_certificate){ .use = use,
					    .side = side,
					    .subject = arena_text(a->arena, cert_subject(cert)),
					    .fingerprint = arena_text(a->arena, cert_fingerprint(cert)),
					    .not_before_us = cert_not_before_us(cert),
					    .not_after_us = cert_not_after_us(cert),
					    .der = certificate->der };
	if (!row->subject || !row->fingerprint)
		return fail(err, ERR_MEMORY, "no memory for the certificates of an agreement");
	agreed->certificates_count++;
	return OK;
}

/* Whether PARTY signs, or at least posts, what goes by CHANNEL: what it sends, and acknowledgments. */
static bool speaks_by(const struct cpa_party *party, const struct cpa_channel *channel, bool signing)
{
	bool answers = cpa_signal_channel(party, "Acknowledgment") == channel;
	for (size_t i = 0; i < party->actions_count; i++) {
		const struct cpa_action *action = &party->actions[i];
		if (action->sends ? action->channel == channel
				  : answers && (!signing || action->other->channel->ack_signed == CPA_ALWAYS))
			return true;
	}
	return false;
}

static enum err_code look_at_channels(const struct agreeing *a, const struct cpa_party *party, struct err *err)
{
	for (size_t i = 0; i < party->channels_count; i++) {
		const struct cpa_channel *channel = &party->channels[i];
		check_plain(a, channel->endpoint);
		if (speaks_by(party, channel, true)) {
			check_profile(a, channel);
			TRY(add_certificate(a, party, "sign", channel->signing, err));
		}
		if (speaks_by(party, channel, false))
			TRY(add_certificate(a, party, "tls", channel->client, err));
	}
	return OK;
}

static bool is_own(const struct agreeing *a, const struct agreed_certificate *certificate)
{
	enum key_use use = same(certificate->use, "tls") ? KEY_USE_TLS : KEY_USE_SIGN;
	for (size_t i = 0; i < a->directory->own.count; i++) {
		const struct key_info *key = &a->directory->own.keys[i];
		if (key->use == use && key->status == KEY_ACTIVE && key->cert &&
		    bytes_same(cert_der(key->cert), certificate->der))
			return true;
	}
	return false;
}

static void check_own(const struct agreeing *a)
{
	for (size_t i = 0; i < a->agreed->certificates_count; i++) {
		const struct agreed_certificate *c = &a->agreed->certificates[i];
		bool looked_at = same(c->use, "sign") || !a->messaging->options.allow_plain;
		if (same(c->side, "us") && looked_at && !is_own(a, c))
			found(a, RULE_OWN_KEY, "", c->use,
			      arena_printf(a->arena, "%s (sha-256 %s)", c->subject, c->fingerprint));
	}
}

static enum err_code fill_certificates(const struct agreeing *a, struct err *err)
{
	size_t room = 2 * (a->us->certificates_count + a->them->certificates_count);
	a->agreed->certificates = arena_array(a->arena, room + 1, sizeof *a->agreed->certificates);
	if (!a->agreed->certificates)
		return fail(err, ERR_MEMORY, "no memory for the certificates of an agreement");
	TRY(look_at_channels(a, a->us, err));
	TRY(look_at_channels(a, a->them, err));
	check_own(a);
	const struct security_profile *profile = profile_find(a->agreed->profile);
	a->agreed->sha1 = profile && profile->digest == DIGEST_SHA1;
	if (a->agreed->sha1 && a->terms->sha1)
		found(a, RULE_SHA1, "", sig_uri(SIG_RSA_SHA256), NULL);
	return OK;
}

/* --- The whole --- */

static struct agreed_party *party_view(const struct agreeing *a, const struct cpa_party *party, const char *id,
				       const char *type)
{
	struct agreed_party *view = arena_alloc(a->arena, sizeof *view);
	const struct cpa_party *known = id ? cpa_party_of(a->cpa, id, type) : NULL;
	if (!view)
		return NULL;
	*view = (struct agreed_party){ .id = known == party ? id : party->ids[0].value,
				       .type = known == party ? type : party->ids[0].type,
				       .name = party->name,
				       .endpoint = cpa_signal_channel(party, "Acknowledgment")->endpoint };
	for (size_t i = 0; i < party->actions_count; i++)
		if (!party->actions[i].sends) {
			view->endpoint = party->actions[i].channel->endpoint;
			break;
		}
	return view;
}

static void check_dates(const struct agreeing *a)
{
	char end[TIME_SIZE];
	int64_t left_us = a->cpa->end_us - a->reading->now_us;
	if (left_us >= 0 && left_us < MESSAGING_RENEW_DAYS * DAY_US)
		found(a, RULE_ENDING, "", time_format(a->cpa->end_us, end), NULL);
}

static void check_cpa(const struct agreeing *a)
{
	const struct messaging_options *options = &a->messaging->options;
	const struct agreement_reading *reading = a->reading;
	struct cpa_seat seat = { .party_id = options->party_id,
				 .party_type = options->party_type,
				 .partner_id = reading->partner_id,
				 .partner_type = reading->partner_type,
				 .sha1 = a->terms->sha1,
				 .now_us = reading->now_us };
	if (!reading->partner_id) {
		const struct cpa_party *other = a->us ? a->them : &a->cpa->parties[1];
		seat.partner_id = other->ids[0].value;
		seat.partner_type = other->ids[0].type;
	}
	cpa_check(a->cpa, &seat, a->arena, a->findings);
	check_dates(a);
	check_terms(a);
}

static enum err_code agree(struct agreeing *a, struct err *err)
{
	const struct messaging_options *options = &a->messaging->options;
	a->us = cpa_party_of(a->cpa, options->party_id, options->party_type);
	a->them = a->us ? cpa_other(a->cpa, a->us) : NULL;
	*a->agreed = (struct agreed){
		.id = a->cpa->id, .status = a->cpa->status, .start_us = a->cpa->start_us, .end_us = a->cpa->end_us
	};
	check_cpa(a);
	if (!a->us)
		return OK;
	a->agreed->us = party_view(a, a->us, options->party_id, options->party_type);
	a->agreed->them = party_view(a, a->them, a->reading->partner_id, a->reading->partner_type);
	if (!a->agreed->us || !a->agreed->them)
		return fail(err, ERR_MEMORY, "no memory for an agreement");
	TRY(fill_actions(a, err));
	return fill_certificates(a, err);
}

enum err_code messaging_agreement_read(struct messaging *messaging, struct arena *arena,
				       const struct agreement_reading *reading, struct agreed *agreed,
				       struct findings *findings, struct err *err)
{
	static const struct terms no_terms;
	struct agreed view = { .start_us = TIME_NONE, .end_us = TIME_NONE };
	struct agreeing a = { .messaging = messaging,
			      .arena = arena,
			      .reading = reading,
			      .terms = reading->terms ? reading->terms : &no_terms,
			      .agreed = &view,
			      .findings = findings };
	TRY(cpa_read(arena, reading->text, &a.cpa, findings, err));
	if (a.cpa) {
		struct directory *directory = directory_get(messaging);
		a.directory = directory;
		enum err_code code = agree(&a, err);
		directory_release(directory);
		if (code != OK)
			return code;
	}
	*agreed = view;
	return OK;
}

/* --- Our own --- */

struct offering {
	const struct messaging *messaging;
	const struct directory *directory;
	const struct peer *peer;
	const struct agreement_offer *wanted;
	struct arena *arena;
	struct findings *findings;
	int64_t now_us;
	struct cpa_offer offer;
	struct cpa_offer_action *actions;
};

/* Whether TYPES, words separated by a space, has TYPE; NULL has all. */
static bool among(const char *types, const char *type)
{
	return !types || word_among(types, type);
}

static enum err_code check_documents(const struct offering *o, struct err *err)
{
	const struct kernel *kernel = o->messaging->options.kernel;
	const char *types = o->wanted->documents;
	struct bytes word;
	while (word_next(&types, &word)) {
		const char *type = arena_text_of(o->arena, word);
		if (!type)
			return fail(err, ERR_MEMORY, "no memory for a CPA");
		if (!doctype_find(kernel, type))
			finding_add(o->findings, &agree_rules[RULE_DOCUMENT], "/documents", type,
				    doctype_codes(kernel, o->arena));
	}
	return OK;
}

/* The registry says from which kind of seat to which a document goes; either state may be the sender. */
static enum err_code offer_documents(struct offering *o, struct err *err)
{
	enum { WAYS = 2 };
	const struct kernel *kernel = o->messaging->options.kernel;
	const struct doctype *doctype;
	o->actions = arena_array(o->arena, CPA_MANY, sizeof *o->actions);
	if (!o->actions)
		return fail(err, ERR_MEMORY, "no memory for a CPA");
	for (size_t i = 0; (doctype = doctype_at(kernel, i)); i++)
		for (unsigned from = 0; from < WAYS && among(o->wanted->documents, doctype->code); from++) {
			if (o->offer.actions_count == CPA_MANY)
				return fail(err, ERR_LIMIT, "a CPA has at most %d actions: name the documents",
					    CPA_MANY);
			o->actions[o->offer.actions_count++] =
				(struct cpa_offer_action){ .service = SERVICE_DOCUMENTS,
							   .action = doctype->code,
							   .from_role = doctype->from_seat,
							   .to_role = doctype->to_seat,
							   .from = from };
		}
	o->offer.actions = o->actions;
	return OK;
}

static struct bytes own_certificate(const struct offering *o, enum key_use use)
{
	static const enum key_kind kinds[] = { KEY_KIND_RSA, KEY_KIND_P256, KEY_KIND_ED25519 };
	for (size_t i = 0; i < (use == KEY_USE_SIGN ? 1 : COUNT(kinds)); i++) { /* ebMS 2 signs with RSA alone */
		const struct key_info *key = directory_key(o->directory, use, kinds[i], o->now_us);
		if (key)
			return cert_der(key->cert);
	}
	return bytes(NULL, 0);
}

/* Of those that are believed now the one that began last. */
static struct bytes their_certificate(const struct offering *o, struct cert *const *certs, size_t count,
				      enum cert_use use)
{
	const struct cert *best = NULL;
	for (size_t i = 0; i < count; i++)
		if ((use != CERT_USE_SIGN || cert_key_kind(certs[i]) == KEY_KIND_RSA) &&
		    !peer_doubt(o->peer, certs[i], use, o->now_us, o->arena) &&
		    (!best || cert_not_before_us(certs[i]) >= cert_not_before_us(best)))
			best = certs[i];
	return best ? cert_der(best) : bytes(NULL, 0);
}

static const char *their_endpoint(const struct offering *o)
{
	const struct peer *peer = o->peer;
	if (o->wanted->partner_endpoint || peer->profile->binding != &binding_ebms2)
		return o->wanted->partner_endpoint;
	for (size_t i = 0; !peer->partner.endpoint[0] && i < peer->pacts.count; i++)
		if (pact_holds(&peer->pacts.items[i], o->now_us))
			return pact_signal_endpoint(&peer->pacts.items[i], "Acknowledgment");
	return peer->partner.endpoint[0] ? peer->partner.endpoint : NULL;
}

static void check_endpoint(const struct offering *o, const char *endpoint, const char *path, const char *whose)
{
	if (!endpoint)
		finding_add(o->findings, &agree_rules[RULE_NO_ENDPOINT], path, whose, NULL);
	else if (starts_with(endpoint, "http://") && !o->messaging->options.allow_plain)
		finding_add(o->findings, &agree_rules[RULE_PLAIN], path, endpoint, NULL);
}

static void offer_parties(struct offering *o)
{
	const struct messaging_options *options = &o->messaging->options;
	const struct partner *partner = &o->peer->partner;
	struct cpa_offer_party *us = &o->offer.parties[0], *them = &o->offer.parties[1];
	*us = (struct cpa_offer_party){ .name = o->wanted->name,
					.party_id = options->party_id,
					.party_type = options->party_type,
					.endpoint = o->wanted->endpoint,
					.signing = own_certificate(o, KEY_USE_SIGN),
					.tls_client = own_certificate(o, KEY_USE_TLS),
					.tls_server = own_certificate(o, KEY_USE_TLS) };
	*them = (struct cpa_offer_party){
		.name = partner->name,
		.party_id = partner->party_id,
		.party_type = partner->party_type,
		.endpoint = their_endpoint(o),
		.signing = their_certificate(o, o->peer->signing, o->peer->signing_count, CERT_USE_SIGN),
		.tls_client = their_certificate(o, o->peer->tls, o->peer->tls_count, CERT_USE_TLS_CLIENT)
	};
	check_endpoint(o, us->endpoint, "/endpoint", "this node");
	check_endpoint(o, them->endpoint, "/partnerEndpoint", partner->code);
	if (!us->signing.size)
		finding_add(o->findings, &agree_rules[RULE_NO_OWN_KEY], "", NULL, NULL);
	if (!them->signing.size)
		finding_add(o->findings, &agree_rules[RULE_NO_PARTNER_KEY], "", partner->code, NULL);
}

static int64_t given(int64_t value, int64_t otherwise)
{
	return value == INTEGER_NONE ? otherwise : value;
}

/* Beyond what cpa_write() takes anything is too much; so nothing overflows. */
static int64_t in_us(int64_t seconds)
{
	const int64_t most = INT64_MAX / SECOND_US;
	return (seconds > most ? most : seconds < 0 ? 0 : seconds) * SECOND_US;
}

static enum err_code offer(struct offering *o, struct buf *out, struct err *err)
{
	/* A gateway that is down over night gets everything; identifiers are kept for a long weekend more. */
	enum { RETRIES = 96, INTERVAL_S = 15 * 60, PERSIST_S = 5 * 24 * 3600 };
	const struct agreement_offer *wanted = o->wanted;
	char day[DATE_SIZE];
	int64_t retries = given(wanted->retries, RETRIES);
	o->offer = (struct cpa_offer){ .id = wanted->id,
				       .status = wanted->agreed ? "agreed" : "proposed",
				       .start_us = wanted->start_us,
				       .end_us = wanted->end_us,
				       .sync = wanted->sync,
				       .retries = retries < 0 || retries > UINT32_MAX ? 0 : (unsigned)retries,
				       .retry_interval_us = in_us(given(wanted->retry_interval_s, INTERVAL_S)),
				       .persist_us = in_us(given(wanted->persist_s, PERSIST_S)) };
	if (!wanted->id)
		o->offer.id = arena_printf(o->arena, "%s-%s-%s", o->messaging->options.kernel->state,
					   o->peer->partner.code, date_format(date_of_time(wanted->start_us), day));
	if (!o->offer.id)
		return fail(err, ERR_MEMORY, "no memory for a CPA");
	offer_parties(o);
	TRY(check_documents(o, err));
	TRY(offer_documents(o, err));
	return findings_errors(o->findings) ? OK : cpa_write(&o->offer, out, err);
}

enum err_code messaging_agreement_write(struct messaging *messaging, struct arena *arena,
					const struct agreement_offer *wanted, int64_t now_us, struct buf *out,
					struct findings *findings, struct err *err)
{
	struct directory *directory = directory_get(messaging);
	struct offering o = { .messaging = messaging,
			      .directory = directory,
			      .peer = directory_peer(directory, wanted->partner),
			      .wanted = wanted,
			      .arena = arena,
			      .findings = findings,
			      .now_us = now_us };
	enum err_code code = o.peer ? offer(&o, out, err)
				    : fail(err, ERR_NOT_FOUND, "there is no partner %s; lintas partner add adds one",
					   wanted->partner);
	directory_release(directory);
	return code;
}

const char *messaging_profile_binding(const char *name)
{
	const struct security_profile *profile = profile_find(name);
	return profile ? profile->binding->name : NULL;
}
