/* Cards: what they say, and our own. */
#include "base/text.h"
#include "messaging/jws_int.h"
#include "messaging/messaging_int.h"
#include "messaging/profile_int.h"

enum { CARD_DAYS = 365, ROWS_MAX = 200, CERTIFICATE_MAX = 16384, TEXT_MAX = 1024 };

#define CODE_PATTERN "[A-Z]{2}"

static const struct field party_rows[] = {
	FIELD_TEXT(struct card_party, code, .json = "code", .min = 1, .max_length = 2, .pattern = CODE_PATTERN),
	FIELD_TEXT(struct card_party, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct card_party, type, .json = "type", .max_length = TEXT_MAX),
	FIELD_TEXT(struct card_party, name, .json = "name", .min = 1, .max_length = TEXT_MAX),
};
static const struct fields party_fields = FIELDS(struct card_party, party_rows);

static const struct field organisation_rows[] = {
	FIELD_TEXT(struct card_organisation, code, .json = "code", .min = 1),
	FIELD_TEXT(struct card_organisation, seat, .json = "seat", .min = 1),
	FIELD_TEXT(struct card_organisation, name, .json = "name", .min = 1, .max_length = TEXT_MAX),
};
static const struct fields organisation_fields = FIELDS(struct card_organisation, organisation_rows);

static const struct field endpoint_rows[] = {
	FIELD_TEXT(struct card_endpoint, binding, .json = "binding", .min = 1, .pattern = "as4|ebms2"),
	FIELD_TEXT(struct card_endpoint, url, .json = "url", .min = 1, .max_length = TEXT_MAX),
};
static const struct fields endpoint_fields = FIELDS(struct card_endpoint, endpoint_rows);

static const struct field binding_rows[] = {
	FIELD_TEXT(struct card_binding, binding, .json = "binding", .min = 1, .pattern = "as4|ebms2"),
	FIELD_TEXT(struct card_binding, profile, .json = "profile", .min = 1),
};
static const struct fields binding_fields = FIELDS(struct card_binding, binding_rows);

static const struct field certificate_rows[] = {
	FIELD_TEXT(struct card_certificate, use, .json = "use", .min = 1, .pattern = "sign|encrypt|tls"),
	FIELD_TEXT(struct card_certificate, certificate, .json = "certificate", .min = 1,
		   .max_length = CERTIFICATE_MAX),
};
static const struct fields certificate_fields = FIELDS(struct card_certificate, certificate_rows);

static const struct field document_rows[] = {
	FIELD_TEXT(struct card_document, type, .json = "type", .min = 1),
	FIELD_TEXT(struct card_document, version, .json = "version", .min = 1),
	FIELD_FLAG(struct card_document, sends, .json = "sends", .min = 1),
	FIELD_FLAG(struct card_document, receives, .json = "receives", .min = 1),
	FIELD_DAY(struct card_document, from, .json = "from"),
};
static const struct fields document_fields = FIELDS(struct card_document, document_rows);

static const struct field opt_out_rows[] = {
	FIELD_TEXT(struct card_opt_out, document, .json = "document", .min = 1),
	FIELD_TEXT(struct card_opt_out, law, .json = "law", .min = 1, .max_length = TEXT_MAX),
	FIELD_DAY(struct card_opt_out, since, .json = "since", .min = 1),
};
static const struct fields opt_out_fields = FIELDS(struct card_opt_out, opt_out_rows);

static const struct field card_rows[] = {
	FIELD_INT(struct card, version, .json = "version", .min = 1),
	FIELD_INT(struct card, serial, .json = "serial", .min = 1),
	FIELD_TIME(struct card, issued_us, .json = "issuedAt", .min = 1),
	FIELD_TIME(struct card, until_us, .json = "validUntil", .min = 1),
	FIELD_GROUP(struct card, party, struct card_party, party_fields, .json = "party", .min = 1),
	FIELD_LIST(struct card, organisations, organisations_count, struct card_organisation, organisation_fields,
		   .json = "organisations", .max = ROWS_MAX),
	FIELD_LIST(struct card, endpoints, endpoints_count, struct card_endpoint, endpoint_fields, .json = "endpoints",
		   .min = 1, .max = ROWS_MAX),
	FIELD_LIST(struct card, bindings, bindings_count, struct card_binding, binding_fields, .json = "bindings",
		   .min = 1, .max = ROWS_MAX),
	FIELD_LIST(struct card, certificates, certificates_count, struct card_certificate, certificate_fields,
		   .json = "certificates", .min = 1, .max = 3 * MESSAGING_CERTIFICATES_MAX),
	FIELD_LIST(struct card, documents, documents_count, struct card_document, document_fields, .json = "documents",
		   .max = ROWS_MAX),
	FIELD_LIST(struct card, opt_outs, opt_outs_count, struct card_opt_out, opt_out_fields, .json = "optOuts",
		   .law = "ATIGA OCP rule 27(2)", .max = ROWS_MAX),
};
const struct fields card_fields = FIELDS(struct card, card_rows);
const struct schema card_schema = { .name = "Card", .fields = &card_fields };

/* --- Our own --- */

struct writing {
	struct messaging *messaging;
	const struct directory *directory;
	struct arena *arena;
	int64_t now_us;
	struct card card;
};

static bool can(const struct directory *directory, const struct security_profile *profile, int64_t now_us)
{
	static const struct {
		enum key_use use;
		const char *name;
	} uses[] = { { KEY_USE_SIGN, "sign" }, { KEY_USE_DECRYPT, "encrypt" } };
	if (profile->digest == DIGEST_SHA1)
		return false; /* it is excepted for one partner, and offered to nobody */
	for (size_t u = 0; u < COUNT(uses); u++) {
		bool has = uses[u].use == KEY_USE_DECRYPT && !profile->binding->encrypts;
		for (size_t i = 0; !has && i < directory->own.count; i++) {
			const struct key_info *key = &directory->own.keys[i];
			has = key->use == uses[u].use && key_is_current(key, now_us) &&
			      profile_takes(profile, uses[u].name, cert_key_kind(key->cert));
		}
		if (!has)
			return false;
	}
	return true;
}

const char *messaging_card_endpoint(const struct card *card, const char *binding)
{
	for (size_t i = 0; i < card->endpoints_count; i++)
		if (same(card->endpoints[i].binding, binding))
			return card->endpoints[i].url;
	return NULL;
}

/* One address takes both bindings: a message says itself what it is. */
static enum err_code fill_bindings(struct writing *w, struct err *err)
{
	struct card *card = &w->card;
	card->bindings = arena_array(w->arena, ROWS_MAX, sizeof *card->bindings);
	card->endpoints = arena_array(w->arena, ROWS_MAX, sizeof *card->endpoints);
	if (!card->bindings || !card->endpoints)
		return fail(err, ERR_MEMORY, "no memory for a card");
	for (size_t i = 0; profile_at(i) && i < ROWS_MAX; i++) {
		const struct security_profile *profile = profile_at(i);
		const char *binding = profile->binding->name;
		if (!can(w->directory, profile, w->now_us))
			continue;
		card->bindings[card->bindings_count++] = (struct card_binding){ binding, profile->name };
		if (!messaging_card_endpoint(card, binding))
			card->endpoints[card->endpoints_count++] =
				(struct card_endpoint){ binding, w->messaging->options.endpoint };
	}
	return card->bindings_count
		       ? OK
		       : fail(err, ERR_CONFLICT,
			      "no security profile has both its active keys (sign, decrypt), so there is nothing to "
			      "offer; see lintas key list");
}

static const char *use_name(enum key_use use)
{
	return use == KEY_USE_DECRYPT ? "encrypt" : key_use_name(use);
}

static bool fits_what_is_offered(const struct card *card, const struct key_info *key)
{
	for (size_t i = 0; i < card->bindings_count; i++)
		if (messaging_key_fits(card->bindings[i].profile, use_name(key->use), cert_key_kind(key->cert)))
			return true;
	return false;
}

/* All active ones, those that begin later too: so partners have them before they are used. One that no profile of the
 * card takes (its other key is still to come) would have the whole card refused. */
static enum err_code fill_certificates(struct writing *w, struct err *err)
{
	struct card *card = &w->card;
	card->certificates = arena_array(w->arena, w->directory->own.count + 1, sizeof *card->certificates);
	if (!card->certificates)
		return fail(err, ERR_MEMORY, "no memory for a card");
	for (size_t i = 0; i < w->directory->own.count; i++) {
		const struct key_info *key = &w->directory->own.keys[i];
		buf_auto text;
		buf_init(&text, CERTIFICATE_MAX);
		if (key->status != KEY_ACTIVE || !key->cert || cert_not_after_us(key->cert) <= w->now_us ||
		    !fits_what_is_offered(card, key))
			continue;
		base64_put(&text, cert_der(key->cert));
		TRY(buf_check(&text, "a certificate in a card", err));
		const char *copy = arena_text(w->arena, buf_text(&text));
		if (!copy)
			return fail(err, ERR_MEMORY, "no memory for a card");
		card->certificates[card->certificates_count++] = (struct card_certificate){ use_name(key->use), copy };
	}
	return OK;
}

static enum err_code fill_documents(struct writing *w, const struct card_offer *offer, struct err *err)
{
	const struct kernel *kernel = w->messaging->options.kernel;
	const struct doctype *doctype;
	struct card *card = &w->card;
	card->opt_outs = offer->opt_outs.items;
	card->opt_outs_count = offer->opt_outs.count;
	card->documents = offer->documents;
	card->documents_count = offer->documents_count;
	if (offer->documents)
		return OK;
	card->documents = arena_array(w->arena, ROWS_MAX, sizeof *card->documents);
	if (!card->documents)
		return fail(err, ERR_MEMORY, "no memory for a card");
	for (size_t i = 0; (doctype = doctype_at(kernel, i)) && card->documents_count < ROWS_MAX; i++)
		card->documents[card->documents_count++] = (struct card_document){ .type = doctype->code,
										   .version = doctype->version,
										   .sends = true,
										   .receives = true,
										   .from = DATE_NONE };
	return OK;
}

static enum err_code read_organisations(struct tx *tx, void *arg, struct err *err)
{
	struct writing *w = arg;
	struct organisation_list list;
	TRY(organisation_list(tx, w->arena, &list, err));
	if (list.count > ROWS_MAX)
		return fail(err, ERR_LIMIT, "a card has at most %d organisations", ROWS_MAX);
	w->card.organisations = arena_array(w->arena, list.count + 1, sizeof *w->card.organisations);
	if (!w->card.organisations)
		return fail(err, ERR_MEMORY, "no memory for a card");
	for (w->card.organisations_count = 0; w->card.organisations_count < list.count; w->card.organisations_count++) {
		const struct organisation *o = &list.items[w->card.organisations_count];
		w->card.organisations[w->card.organisations_count] =
			(struct card_organisation){ o->code, o->seat, o->name };
	}
	return OK;
}

/* For one partner: of the kind by which it believes our messages. Where no card is signed with that kind, any. */
static const struct key_info *signing_key_for(const struct writing *w, const char *partner)
{
	const struct peer *peer = partner ? directory_peer(w->directory, partner) : NULL;
	struct ebms_identity identity;
	struct err unused;
	if (!peer || identity_for(w->messaging, w->directory, peer, NULL, w->now_us, &identity, &unused) != OK ||
	    !jws_can_sign(cert_key_kind(identity.key->cert)))
		return directory_signer(w->directory, NULL, w->now_us);
	enum key_kind kind = cert_key_kind(identity.key->cert);
	return directory_signer(w->directory, &kind, w->now_us);
}

/* All but its serial number and times. */
static enum err_code fill(struct writing *w, const struct card_offer *offer, struct card_party *party, struct err *err)
{
	const struct messaging_options *options = &w->messaging->options;
	*party = (struct card_party){ options->kernel->state, options->party_id, options->party_type, offer->name };
	if (!options->endpoint)
		return fail(
			err, ERR_CONFLICT,
			"it is not known where partners reach this node: set url in section [gateway] of lintas.conf "
			"(https://HOST:PORT/as4)");
	w->card.version = CARD_VERSION;
	w->card.party = party;
	TRY(fill_bindings(w, err));
	TRY(fill_certificates(w, err));
	TRY(fill_documents(w, offer, err));
	return db_read(options->kernel->db, read_organisations, w, err);
}

static enum err_code write_card(struct writing *w, const struct card_offer *offer, struct buf *out, struct err *err)
{
	const struct key_info *key = signing_key_for(w, offer->partner);
	struct card_party party;
	int64_t until_us = w->now_us + CARD_DAYS * DAY_US;
	buf_auto payload;
	buf_init(&payload, CARD_BYTES_MAX / 2);
	TRY(fill(w, offer, &party, err));
	if (!key)
		return fail(
			err, ERR_CONFLICT,
			"no active signing key has a valid certificate, so a card cannot be signed; see lintas key list");
	w->card.serial = w->now_us / 1000;
	w->card.issued_us = w->now_us;
	w->card.until_us = until_us < cert_not_after_us(key->cert) ? until_us : cert_not_after_us(key->cert);
	field_put_json(&payload, &card_schema, &w->card);
	TRY(buf_check(&payload, "a card", err));
	return jws_put(w->messaging->options.keys, key, CARD_TYPE, buf_bytes(&payload), out, err);
}

enum err_code messaging_card_write(struct messaging *messaging, struct arena *arena, const struct card_offer *offer,
				   int64_t now_us, struct buf *out, struct err *err)
{
	struct directory *directory = directory_get(messaging);
	struct writing w = { .messaging = messaging, .directory = directory, .arena = arena, .now_us = now_us };
	enum err_code code = write_card(&w, offer, out, err);
	directory_release(directory);
	return code;
}

static enum err_code digest_card(struct writing *w, const struct card_offer *offer,
				 char digest[static CONTENT_DIGEST_SIZE], struct err *err)
{
	struct card_party party;
	buf_auto payload;
	buf_init(&payload, CARD_BYTES_MAX / 2);
	TRY(fill(w, offer, &party, err));
	w->card.serial = w->card.issued_us = w->card.until_us = 0;
	field_put_json(&payload, &card_schema, &w->card);
	TRY(buf_check(&payload, "a card", err));
	content_digest(buf_bytes(&payload), digest);
	return OK;
}

enum err_code messaging_card_digest(struct messaging *messaging, struct arena *arena, const struct card_offer *offer,
				    int64_t now_us, char digest[static CONTENT_DIGEST_SIZE], struct err *err)
{
	struct directory *directory = directory_get(messaging);
	struct writing w = { .messaging = messaging, .directory = directory, .arena = arena, .now_us = now_us };
	enum err_code code = digest_card(&w, offer, digest, err);
	directory_release(directory);
	return code;
}

const char *messaging_card_profile(struct messaging *messaging, const struct card *card, int64_t now_us)
{
	struct directory *directory = directory_get(messaging);
	const char *best = NULL;
	for (size_t p = 0; !best && profile_at(p); p++)
		for (size_t i = 0; !best && i < card->bindings_count; i++)
			if (same(card->bindings[i].profile, profile_at(p)->name) &&
			    can(directory, profile_at(p), now_us))
				best = profile_at(p)->name;
	directory_release(directory);
	return best;
}

const char *messaging_party(const struct messaging *messaging, bool type)
{
	return type ? messaging->options.party_type : messaging->options.party_id;
}
