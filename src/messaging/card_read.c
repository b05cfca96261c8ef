/* Cards of others: what is wrong with one. */
#include "base/text.h"
#include "kernel/capability.h"
#include "messaging/jws_int.h"
#include "messaging/messaging.h"

/* The clocks of two nodes are never the same. */
enum { SKEW_US = 5 * 60 * 1000000 };

/* clang-format off */
enum { RULE_PAYLOAD, RULE_VERSION, RULE_OURSELVES, RULE_OLDER, RULE_EXPIRED, RULE_FUTURE, RULE_PERIOD, RULE_NOT_PINNED, RULE_NOT_ITS_OWN,
       RULE_FINGERPRINT, RULE_SIGNER, RULE_CERTIFICATE, RULE_KEY, RULE_USE_MISSING, RULE_ENDPOINT, RULE_NO_ENDPOINT, RULE_DOCUMENT,
       RULE_PROFILE, RULE_SHORT };
const struct rule card_rules[] = {
	[RULE_PAYLOAD]    = { .code = "CARD-001", .text = "what is signed is no card: {1}" },
	[RULE_VERSION]    = { .code = "CARD-002", .text = "it is a card of version {1}, and this node reads version 1: ask for one of that, or install a newer Lintas" },
	[RULE_OURSELVES]  = { .code = "CARD-003", .text = "this is a card of this node itself, {1}: import that of the partner" },
	[RULE_OLDER]      = { .code = "CARD-004", .text = "the card that is held, or waits, is as new or newer (serial {1}, this one {2}): ask the partner for its current one" },
	[RULE_EXPIRED]    = { .code = "CARD-005", .text = "the card was valid until {1}: ask the partner for its current one" },
	[RULE_FUTURE]     = { .code = "CARD-006", .text = "the card was issued at {1}, which is in the future: the clock of one of the two nodes is wrong" },
	[RULE_PERIOD]     = { .code = "CARD-007", .text = "the card ends ({1}) before it is issued" },
	[RULE_NOT_PINNED] = { .code = "CARD-008",
		.text = "the card is signed by certificate {1}, which is not pinned for this partner: have the partner sign it with a key that is, "
			"or compare fingerprints by phone and pin the certificate first (lintas partner certificate)" },
	[RULE_NOT_ITS_OWN] = { .code = "CARD-009",
		.text = "the certificate that signed the card, {1}, is none of its certificates for use sign: so the card is somebody else's" },
	[RULE_FINGERPRINT] = { .code = "CARD-010",
		.text = "the fingerprint of the signing certificate is {1}, not {2}: do not use this card; have it sent again and compare by phone" },
	[RULE_SIGNER]     = { .code = "CARD-011", .text = "the signing certificate cannot be used: {1}", .law = "RFC 5280 4.2.1.3" },
	[RULE_CERTIFICATE] = { .code = "CARD-012", .text = "this certificate cannot be used for {1}: {2}", .law = "RFC 5280 4.2.1.3" },
	[RULE_KEY]        = { .code = "CARD-013", .text = "the key of this certificate fits none of the card's security profiles for use {1}" },
	[RULE_USE_MISSING] = { .code = "CARD-014", .text = "profile {2} has no certificate for use {1} with a fitting key in the card" },
	[RULE_ENDPOINT]   = { .code = "CARD-015", .text = "{1} is no https URL of an endpoint" },
	[RULE_NO_ENDPOINT] = { .code = "CARD-016", .text = "binding {1} has no endpoint in the card" },
	[RULE_DOCUMENT]   = { .code = "CARD-017", .severity = SEVERITY_WARNING, .text = "{1} is no document type that this node knows: nothing of it can be exchanged" },
	[RULE_PROFILE]    = { .code = "CARD-018", .severity = SEVERITY_WARNING, .text = "{1} is no security profile of binding {2} that this node knows" },
	[RULE_SHORT]      = { .code = "CARD-019", .text = "a fingerprint has at least {1} hexadecimal digits, better all 64; groups may be separated" },
	{ 0 },
};
/* clang-format on */

struct checking {
	struct arena *arena;
	const struct card_reading *reading;
	const struct jws *jws;
	struct card *card;
	struct findings *findings;
};

static void found(const struct checking *c, int rule, const char *path, const char *first, const char *second)
{
	finding_add(c->findings, &card_rules[rule], path, first, second);
}

static const char *number(const struct checking *c, int64_t value)
{
	return arena_printf(c->arena, "%lld", (long long)value);
}

static const char *time_of(const struct checking *c, int64_t at_us)
{
	char text[TIME_SIZE];
	return arena_text(c->arena, time_format(at_us, text));
}

/* --- Certificates --- */

/* What would be said of it at every message is said now; but one that begins later is how a roll-over is prepared. */
static enum err_code judge(const struct checking *c, const struct cert *cert, enum cert_use use, int rule,
			   const char *path, const char *name, struct err *err)
{
	int64_t now_us = c->reading->now_us;
	int64_t at_us = rule == RULE_SIGNER || now_us > cert_not_before_us(cert) ? now_us : cert_not_before_us(cert);
	struct findings *reasons = findings_new(c->arena);
	struct trust *trust = trust_new(&(struct trust_policy){ 0 });
	enum err_code code =
		trust && reasons ? trust_pin(trust, cert, err) : fail(err, ERR_MEMORY, "no memory for a certificate");
	if (code == OK && !cert_judge(cert, NULL, 0, use, trust, at_us, reasons))
		for (size_t i = 0; findings_at(reasons, i); i++)
			if (findings_at(reasons, i)->rule->severity == SEVERITY_ERROR)
				found(c, rule, path, name ? name : findings_at(reasons, i)->text,
				      name ? findings_at(reasons, i)->text : NULL);
	trust_free(trust);
	return code;
}

enum err_code messaging_card_certificate(struct arena *arena, const struct card_certificate *row, struct cert **cert,
					 struct err *err)
{
	struct bytes der;
	if (!base64_parse(arena, bytes_of(row->certificate), &der))
		return fail(err, ERR_INVALID, "it is not base64");
	return cert_cached(der, cert, err);
}

static bool fits_a_profile(const struct card *card, const char *use, enum key_kind kind)
{
	for (size_t i = 0; i < card->bindings_count; i++)
		if (messaging_key_fits(card->bindings[i].profile, use, kind))
			return true;
	return false;
}

static enum cert_use use_of(const char *name)
{
	return same(name, "encrypt") ? CERT_USE_DECRYPT : same(name, "tls") ? CERT_USE_TLS_CLIENT : CERT_USE_SIGN;
}

static enum err_code check_certificate(const struct checking *c, size_t index, bool *signer, struct err *err)
{
	const struct card_certificate *row = &c->card->certificates[index];
	const char *path = arena_printf(c->arena, "/certificates/%zu/certificate", index);
	struct err why = { 0 };
	cert_auto cert = NULL;
	if (!row->use || !row->certificate)
		return OK; /* and a finding of its row says so */
	enum err_code code = messaging_card_certificate(c->arena, row, &cert, &why);
	if (code == ERR_MEMORY)
		return fail(err, code, "%s", why.text);
	if (code != OK) {
		found(c, RULE_CERTIFICATE, path, row->use, why.text);
		return OK;
	}
	if (same(row->use, "sign") && c->jws->cert && bytes_same(cert_der(cert), cert_der(c->jws->cert)))
		*signer = true;
	if (!fits_a_profile(c->card, row->use, cert_key_kind(cert)))
		found(c, RULE_KEY, path, row->use, NULL);
	return judge(c, cert, use_of(row->use), RULE_CERTIFICATE, path, row->use, err);
}

static bool has_certificate(const struct checking *c, const char *use, const char *profile)
{
	for (size_t i = 0; i < c->card->certificates_count; i++) {
		const struct card_certificate *row = &c->card->certificates[i];
		struct err ignored;
		cert_auto cert = NULL;
		if (same(row->use, use) && row->certificate &&
		    messaging_card_certificate(c->arena, row, &cert, &ignored) == OK &&
		    messaging_key_fits(profile, use, cert_key_kind(cert)))
			return true;
	}
	return false;
}

static enum err_code check_certificates(const struct checking *c, struct err *err)
{
	bool signer = false;
	for (size_t i = 0; i < c->card->certificates_count; i++)
		TRY(check_certificate(c, i, &signer, err));
	if (c->jws->cert && !signer)
		found(c, RULE_NOT_ITS_OWN, "/certificates", c->card->fingerprint, NULL);
	return OK;
}

/* --- What it offers --- */

static void check_bindings(const struct checking *c)
{
	for (size_t i = 0; i < c->card->bindings_count; i++) {
		const struct card_binding *row = &c->card->bindings[i];
		const char *path = arena_printf(c->arena, "/bindings/%zu", i);
		if (!row->binding || !row->profile)
			continue;
		if (!messaging_card_endpoint(c->card, row->binding))
			found(c, RULE_NO_ENDPOINT, path, row->binding, NULL);
		if (!same(messaging_profile_binding(row->profile), row->binding)) {
			found(c, RULE_PROFILE, path, row->profile, row->binding);
			continue;
		}
		if (!has_certificate(c, "sign", row->profile))
			found(c, RULE_USE_MISSING, path, "sign", row->profile);
		if (!same(row->binding, BINDING_EBMS2) && !has_certificate(c, "encrypt", row->profile))
			found(c, RULE_USE_MISSING, path, "encrypt", row->profile);
		if (!c->reading->allow_plain && !has_certificate(c, "tls", row->profile))
			found(c, RULE_USE_MISSING, path, "tls", row->profile);
	}
}

static void check_endpoints(const struct checking *c)
{
	for (size_t i = 0; i < c->card->endpoints_count; i++) {
		const char *url = c->card->endpoints[i].url;
		bool good = !url || http_url_begins(url, "https://") ||
			    (c->reading->allow_plain && http_url_begins(url, "http://"));
		if (!good)
			found(c, RULE_ENDPOINT, arena_printf(c->arena, "/endpoints/%zu/url", i), url, NULL);
	}
}

static void check_documents(const struct checking *c)
{
	for (size_t i = 0; c->reading->kernel && i < c->card->documents_count; i++) {
		const char *type = c->card->documents[i].type;
		if (type && !doctype_find(c->reading->kernel, type))
			found(c, RULE_DOCUMENT, arena_printf(c->arena, "/documents/%zu/type", i), type, NULL);
	}
}

/* --- Whose it is, and when --- */

static void check_times(const struct checking *c)
{
	const struct card *card = c->card;
	int64_t now_us = c->reading->now_us;
	if (card->until_us != TIME_NONE && card->until_us <= now_us)
		found(c, RULE_EXPIRED, "/validUntil", time_of(c, card->until_us), NULL);
	if (card->issued_us == TIME_NONE)
		return;
	if (card->issued_us > now_us + SKEW_US)
		found(c, RULE_FUTURE, "/issuedAt", time_of(c, card->issued_us), NULL);
	if (card->until_us != TIME_NONE && card->until_us <= card->issued_us)
		found(c, RULE_PERIOD, "/validUntil", time_of(c, card->until_us), NULL);
}

static bool is_ours(const struct card_reading *reading, const struct card_party *party)
{
	const char *type = party->type ? party->type : "", *our_type = reading->party_type ? reading->party_type : "";
	if (reading->kernel && party->code && same(party->code, reading->kernel->state))
		return true;
	return reading->party_id && party->id && same(party->id, reading->party_id) && same(type, our_type);
}

static void check_party(const struct checking *c)
{
	const struct card_reading *reading = c->reading;
	const struct card *card = c->card;
	bool older = reading->held_serial != INTEGER_NONE && card->serial <= reading->held_serial;
	if (card->party && is_ours(reading, card->party))
		found(c, RULE_OURSELVES, "/party", card->party->id ? card->party->id : card->party->code, NULL);
	if (card->version != INTEGER_NONE && card->version != CARD_VERSION)
		found(c, RULE_VERSION, "/version", number(c, card->version), NULL);
	if (older && card->serial != INTEGER_NONE)
		found(c, RULE_OLDER, "/serial", number(c, reading->held_serial), number(c, card->serial));
}

/* --- Who signed it --- */

/* TOLD without what people put between groups: in lower case, digits alone; NULL if anything else is in it. */
static const char *digits_of(struct arena *arena, const char *told)
{
	char *digits = arena_alloc(arena, strlen(told) + 1);
	size_t count = 0;
	for (const char *at = told; digits && *at; at++) {
		char lower = *at >= 'A' && *at <= 'F' ? (char)(*at - 'A' + 'a') : *at;
		if (strchr(" \n:-", lower))
			continue;
		if (!strchr("0123456789abcdef", lower))
			return NULL;
		digits[count++] = lower;
	}
	return digits;
}

static void check_fingerprint(const struct checking *c)
{
	const char *told = c->reading->fingerprint;
	const char *digits = told ? digits_of(c->arena, told) : NULL;
	size_t count = digits ? strlen(digits) : 0;
	if (told && (count < CARD_FINGERPRINT_MIN || count > CARD_FINGERPRINT))
		found(c, RULE_SHORT, "/fingerprint", arena_printf(c->arena, "%d", CARD_FINGERPRINT_MIN), NULL);
	else if (told && c->card->fingerprint && !starts_with(c->card->fingerprint, digits))
		found(c, RULE_FINGERPRINT, "/fingerprint", c->card->fingerprint, told);
}

static bool is_pinned(const struct card_reading *reading, const char *fingerprint)
{
	for (size_t i = 0; i < reading->pinned_count; i++)
		if (same(reading->pinned[i], fingerprint))
			return true;
	return !reading->pinned;
}

static enum err_code check_signer(const struct checking *c, struct err *err)
{
	const struct cert *cert = c->jws->cert;
	if (!cert)
		return OK; /* JWS-007 */
	c->card->signer = arena_text(c->arena, cert_subject(cert));
	c->card->fingerprint = arena_text(c->arena, cert_fingerprint(cert));
	if (!c->card->signer || !c->card->fingerprint)
		return fail(err, ERR_MEMORY, "no memory for a card");
	if (!is_pinned(c->reading, c->card->fingerprint))
		found(c, RULE_NOT_PINNED, "", c->card->fingerprint, NULL);
	check_fingerprint(c);
	return judge(c, cert, CERT_USE_SIGN, RULE_SIGNER, "", NULL, err);
}

static enum err_code read_payload(const struct checking *c, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = field_read_json(c->arena, &card_schema, c->jws->payload, NULL, c->card, c->findings, &why);
	if (code == ERR_MEMORY)
		return fail(err, code, "%s", why.text);
	if (code != OK)
		found(c, RULE_PAYLOAD, "/payload", why.text, NULL);
	TRY(check_signer(c, err));
	if (code != OK)
		return OK;
	check_party(c);
	check_times(c);
	check_endpoints(c);
	check_bindings(c);
	check_documents(c);
	return check_certificates(c, err);
}

enum err_code messaging_card_read(struct arena *arena, const struct card_reading *reading, struct card *card,
				  struct findings *findings, struct err *err)
{
	struct card read = { 0 };
	struct jws jws = { 0 };
	struct checking c = { .arena = arena, .reading = reading, .jws = &jws, .card = &read, .findings = findings };
	TRY(jws_read(arena, reading->text, CARD_TYPE, &jws, findings, err));
	enum err_code code = jws.payload.data ? read_payload(&c, err) : check_signer(&c, err);
	cert_unref(jws.cert);
	if (code != OK)
		return code;
	*card = read;
	return OK;
}
