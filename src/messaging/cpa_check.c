/* Whether a node can exchange under a CPA. What a channel must be depends on what it is used for: the one of signals
 * alone may be without acknowledgments. */
#include "base/date.h"
#include "base/text.h"
#include "crypto/cert.h"
#include "messaging/cpa_rules_int.h"
#include "messaging/profile_int.h"
#include "messaging/uris_int.h"

struct checking {
	const struct cpa *cpa;
	const struct cpa_seat *seat;
	struct arena *arena;
	struct findings *findings;
};

/* Against ELEMENT of PARTY. Out of memory is a finding, too: see findings.h. */
static void found(struct checking *checking, enum cpa_rule_name rule, const struct cpa_party *party,
		  const char *element, const char *id, const char *first, const char *second)
{
	char name[CPA_LABEL_SIZE], label[CPA_LABEL_SIZE];
	const char *place = arena_printf(checking->arena, "PartyInfo[%s]/%s[%s]", cpa_label(name, party->name), element,
					 cpa_label(label, id));

	finding_add(checking->findings, cpa_rule(rule), place, first, second);
}

/* --- Channels --- */

enum {
	BUSINESS = 1, /* an action names it */
	SENDS = 2,    /* its party signs what it sends: an action, or acknowledgments */
	TAKES = 4,    /* the other party posts to its endpoint: an action, or acknowledgments */
	SIGNALS = 8,
	ANY = BUSINESS | SENDS | TAKES | SIGNALS
};

/* A channel under one of the rows below: what is wrong with it is {1}, NULL if nothing is, and .second is {2}. */
struct look {
	const struct checking *checking;
	const struct cpa_channel *channel;
	const char *second;
};
typedef const char *wrong_fn(struct look *look);

static const char *wrong_acknowledged(struct look *look)
{
	return look->channel->acknowledged == CPA_ALWAYS ? NULL : cpa_when_names[look->channel->acknowledged];
}

static const char *wrong_eliminated(struct look *look)
{
	return look->channel->duplicates_eliminated == CPA_ALWAYS
		       ? NULL
		       : cpa_when_names[look->channel->duplicates_eliminated];
}

static const char *wrong_ack_signed(struct look *look)
{
	return look->channel->ack_signed == CPA_PER_MESSAGE ? cpa_when_names[CPA_PER_MESSAGE] : NULL;
}

static const char *wrong_sync(struct look *look)
{
	return look->channel->sync || same(look->channel->sync_reply_mode, "none") ? NULL
										   : look->channel->sync_reply_mode;
}

static const char *wrong_actor(struct look *look)
{
	return !look->channel->actor || same(look->channel->actor, URI_TO_PARTY_MSH) ? NULL : look->channel->actor;
}

static const char *wrong_envelope(struct look *look)
{
	return look->channel->encrypted ? look->channel->id : NULL;
}

static const char *wrong_endpoint(struct look *look)
{
	if (!look->channel->endpoint)
		return "missing";
	return starts_with(look->channel->endpoint, "https://") || starts_with(look->channel->endpoint, "http://")
		       ? NULL
		       : look->channel->endpoint;
}

static const char *no_signer(struct look *look)
{
	if (!look->channel->signing)
		return "SigningCertificateRef";
	if (!look->channel->signature)
		return "SignatureAlgorithm";
	return look->channel->digest ? NULL : "HashFunction";
}

static const char *not_rsa(struct look *look)
{
	cert_auto cert = NULL;
	struct err err = { 0 };

	if (!look->channel->signing)
		return NULL;
	bool rsa = cert_cached(look->channel->signing->der, &cert, &err) == OK && cert_key_kind(cert) == KEY_KIND_RSA;
	return rsa ? NULL : look->channel->signing->id;
}

static const char *sha1_signature(struct look *look)
{
	look->second = sig_uri(SIG_RSA_SHA256);
	return same(look->channel->signature, sig_uri(SIG_RSA_SHA1)) && !look->checking->seat->sha1
		       ? look->channel->signature
		       : NULL;
}

static const char *sha1_digest(struct look *look)
{
	look->second = digest_uri(DIGEST_SHA256);
	return same(look->channel->digest, digest_uri(DIGEST_SHA1)) && !look->checking->seat->sha1
		       ? look->channel->digest
		       : NULL;
}

static const char *wrong_signature(struct look *look)
{
	look->second = sig_uri(SIG_RSA_SHA256);
	return same(look->channel->signature, look->second) || same(look->channel->signature, sig_uri(SIG_RSA_SHA1))
		       ? NULL
		       : look->channel->signature;
}

static const char *wrong_digest(struct look *look)
{
	look->second = digest_uri(DIGEST_SHA256);
	return same(look->channel->digest, look->second) || same(look->channel->digest, digest_uri(DIGEST_SHA1))
		       ? NULL
		       : look->channel->digest;
}

static int64_t interval_of(const struct cpa_channel *channel)
{
	return channel->retry_interval_us ? channel->retry_interval_us : CPA_RETRY_INTERVAL_US;
}

static unsigned retries_of(const struct cpa_channel *channel)
{
	return channel->retries ? channel->retries : CPA_RETRIES;
}

static const char *no_retries(struct look *look)
{
	look->second = arena_printf(look->checking->arena, "%u", retries_of(look->channel));
	return look->channel->retries ? NULL : "Retries";
}

static const char *no_interval(struct look *look)
{
	char text[CPA_DURATION_SIZE];

	look->second = arena_text(look->checking->arena, cpa_duration_format(interval_of(look->channel), text));
	return look->channel->retry_interval_us ? NULL : "RetryInterval";
}

/* What is sent last leaves after all intervals; the acknowledgment is awaited for one more. */
static const char *forgets(struct look *look)
{
	char text[CPA_DURATION_SIZE];
	int64_t needed_us = (retries_of(look->channel) + INT64_C(1)) * interval_of(look->channel);

	if (look->channel->persist_us == 0 || look->channel->persist_us >= needed_us)
		return NULL;
	look->second = arena_text(look->checking->arena, cpa_duration_format(needed_us, text));
	return arena_text(look->checking->arena, cpa_duration_format(look->channel->persist_us, text));
}

static const struct channel_row {
	enum cpa_rule_name rule;
	unsigned uses; /* any of these */
	wrong_fn *wrong;
} channel_rows[] = {
	{ CPA_RULE_NO_SIGNER, SENDS, no_signer },
	{ CPA_RULE_NOT_RSA, SENDS, not_rsa },
	{ CPA_RULE_SHA1, ANY, sha1_signature },
	{ CPA_RULE_SHA1, ANY, sha1_digest },
	{ CPA_RULE_ALGORITHM, ANY, wrong_signature },
	{ CPA_RULE_ALGORITHM, ANY, wrong_digest },
	{ CPA_RULE_ACK, BUSINESS, wrong_acknowledged },
	{ CPA_RULE_DUPLICATES, BUSINESS, wrong_eliminated },
	{ CPA_RULE_ACK_SIGNED, BUSINESS, wrong_ack_signed },
	{ CPA_RULE_SYNC, ANY, wrong_sync },
	{ CPA_RULE_ACTOR, ANY, wrong_actor },
	{ CPA_RULE_ENVELOPE, BUSINESS, wrong_envelope },
	{ CPA_RULE_ENDPOINT, TAKES, wrong_endpoint },
	{ CPA_RULE_SCHEDULE, BUSINESS, no_retries },
	{ CPA_RULE_SCHEDULE, BUSINESS, no_interval },
	{ CPA_RULE_PERSIST, BUSINESS, forgets },
};

static void check_channel(struct checking *checking, const struct cpa_party *party, const struct cpa_channel *channel,
			  unsigned uses)
{
	for (size_t i = 0; i < COUNT(channel_rows); i++) {
		struct look look = { .checking = checking, .channel = channel };
		const char *first = channel_rows[i].uses & uses ? channel_rows[i].wrong(&look) : NULL;
		if (first)
			found(checking, channel_rows[i].rule, party, "DeliveryChannel", channel->id, first,
			      look.second);
	}
}

/* What each channel of PARTY is used for. */
static void uses_of(const struct cpa_party *party, unsigned uses[static CPA_MANY])
{
	const struct cpa_channel *acknowledgments = cpa_signal_channel(party, "Acknowledgment");

	uses[party->default_channel - party->channels] |= SIGNALS;
	for (size_t i = 0; i < party->overrides_count; i++)
		uses[party->overrides[i].channel - party->channels] |= SIGNALS;
	for (size_t i = 0; i < party->actions_count; i++) {
		const struct cpa_action *action = &party->actions[i];
		uses[action->channel - party->channels] |= BUSINESS | (action->sends ? SENDS : TAKES);
		if (action->sends && !action->channel->sync)
			uses[acknowledgments - party->channels] |= TAKES;
		if (!action->sends && action->other->channel->ack_signed == CPA_ALWAYS)
			uses[acknowledgments - party->channels] |= SENDS;
	}
}

static void check_party(struct checking *checking, const struct cpa_party *party)
{
	unsigned uses[CPA_MANY] = { 0 };

	uses_of(party, uses);
	for (size_t i = 0; i < party->channels_count; i++)
		check_channel(checking, party, &party->channels[i], uses[i]);
	for (size_t i = 0; i < party->actions_count; i++) {
		const struct cpa_action *action = &party->actions[i];
		const char *element = "ThisPartyActionBinding";
		if (!action->must_sign)
			found(checking, CPA_RULE_UNSIGNED, party, element, action->id, action->action, NULL);
		if (action->confidential_persistent)
			found(checking, CPA_RULE_CONFIDENTIAL, party, element, action->id, action->action, NULL);
		if (action->sends && action->channel->sync != action->other->channel->sync)
			found(checking, CPA_RULE_SYNC_DIFFERS, party, element, action->id,
			      action->channel->sync_reply_mode, action->action);
	}
}

/* --- The whole --- */

static const char *id_text(struct checking *checking, const char *id, const char *type)
{
	return type && *type ? arena_printf(checking->arena, "%s of type %s", id, type) : id;
}

static void check_parties(struct checking *checking)
{
	const struct cpa_seat *seat = checking->seat;
	const struct cpa_party *ours = cpa_party_of(checking->cpa, seat->party_id, seat->party_type);
	const struct cpa_party *theirs = cpa_party_of(checking->cpa, seat->partner_id, seat->partner_type);

	if (!ours)
		finding_add(checking->findings, cpa_rule(CPA_RULE_NOT_OURS), "",
			    id_text(checking, seat->party_id, seat->party_type), NULL);
	if (!theirs || theirs == ours)
		finding_add(checking->findings, cpa_rule(CPA_RULE_NOT_PARTNER), "",
			    id_text(checking, seat->partner_id, seat->partner_type), NULL);
}

void cpa_check(const struct cpa *cpa, const struct cpa_seat *seat, struct arena *arena, struct findings *findings)
{
	struct checking checking = { .cpa = cpa, .seat = seat, .arena = arena, .findings = findings };
	char time[TIME_SIZE];

	check_parties(&checking);
	if (same(cpa->status, "proposed"))
		finding_add(findings, cpa_rule(CPA_RULE_PROPOSED), "Status", NULL, NULL);
	/* Both ends are inside: CPPA 2.0, Start and End. */
	if (seat->now_us > cpa->end_us)
		finding_add(findings, cpa_rule(CPA_RULE_ENDED), "End", time_format(cpa->end_us, time), NULL);
	if (seat->now_us < cpa->start_us)
		finding_add(findings, cpa_rule(CPA_RULE_NOT_BEGUN), "Start", time_format(cpa->start_us, time), NULL);
	for (size_t i = 0; i < COUNT(cpa->parties); i++)
		check_party(&checking, &cpa->parties[i]);
}
