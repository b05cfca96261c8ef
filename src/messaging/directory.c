/* Partners and keys as one immutable snapshot. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "messaging/health_int.h"
#include "messaging/jws_int.h"

/* The rows of one partner are only needed until they are read: withdrawn ones are kept for ever, and lists are long. */
enum { DIRECTORY_ARENA = 256 << 20, ROWS_ARENA = 256 << 20 };

static void peer_done(struct peer *peer)
{
	for (size_t k = 0; k < peer->signing_count; k++)
		cert_unref(peer->signing[k]);
	for (size_t k = 0; k < peer->tls_count; k++)
		cert_unref(peer->tls[k]);
	for (size_t k = 0; k < peer->encrypt_count; k++)
		cert_unref(peer->encrypt[k]);
	trust_free(peer->trust);
}

static void directory_free(struct directory *directory)
{
	for (size_t i = 0; directory && i < directory->count; i++)
		peer_done(&directory->peers[i]);
	if (directory) {
		key_list_done(&directory->own);
		arena_free(directory->arena);
		free(directory);
	}
}

void directory_release(struct directory *directory)
{
	if (directory && atomic_fetch_sub(&directory->references, 1) == 1)
		directory_free(directory);
}

struct directory *directory_get(struct messaging *messaging)
{
	pthread_mutex_lock(&messaging->lock);
	struct directory *directory = messaging->directory;
	atomic_fetch_add(&directory->references, 1);
	pthread_mutex_unlock(&messaging->lock);
	return directory;
}

const struct peer *directory_peer(const struct directory *directory, const char *code)
{
	for (size_t i = 0; i < directory->count; i++)
		if (same(directory->peers[i].partner.code, code))
			return &directory->peers[i];
	return NULL;
}

const struct peer *directory_party(const struct directory *directory, const char *party_id, const char *party_type)
{
	for (size_t i = 0; i < directory->count; i++) {
		const struct partner *partner = &directory->peers[i].partner;
		if (same(partner->party_id, party_id) && same(partner->party_type, party_type ? party_type : ""))
			return &directory->peers[i];
	}
	return NULL;
}

bool key_is_current(const struct key_info *key, int64_t now_us)
{
	return key->status == KEY_ACTIVE && key->cert && cert_not_before_us(key->cert) <= now_us &&
	       now_us < cert_not_after_us(key->cert);
}

const struct key_info *directory_key(const struct directory *directory, enum key_use use, enum key_kind kind,
				     int64_t now_us)
{
	const struct key_info *best = NULL;
	for (size_t i = 0; i < directory->own.count; i++) {
		const struct key_info *key = &directory->own.keys[i];
		if (key->use != use || !key_is_current(key, now_us) || cert_key_kind(key->cert) != kind)
			continue;
		if (!best || cert_not_before_us(key->cert) >= cert_not_before_us(best->cert))
			best = key; /* of two that begin together the later key's: they come in that order */
	}
	return best;
}

const struct key_info *directory_signer(const struct directory *directory, const enum key_kind *kind, int64_t now_us)
{
	const struct key_info *best = NULL;
	for (size_t i = 0; i < directory->own.count; i++) {
		const struct key_info *key = &directory->own.keys[i];
		if (key->use == KEY_USE_SIGN && key_is_current(key, now_us) && jws_can_sign(cert_key_kind(key->cert)) &&
		    (!kind || cert_key_kind(key->cert) == *kind) &&
		    (!best || cert_not_before_us(key->cert) < cert_not_before_us(best->cert)))
			best = key;
	}
	return best;
}

/* A partner verifies with the certificate that the agreement names, whatever stands in the message. */
static const struct key_info *key_agreed(const struct directory *directory, const struct cpa_channel *channel,
					 int64_t now_us)
{
	for (size_t i = 0; channel->signing && i < directory->own.count; i++) {
		const struct key_info *key = &directory->own.keys[i];
		if (key->use == KEY_USE_SIGN && key_is_current(key, now_us) &&
		    bytes_same(cert_der(key->cert), channel->signing->der))
			return key;
	}
	return NULL;
}

enum err_code identity_for(const struct messaging *messaging, const struct directory *directory,
			   const struct peer *peer, const struct cpa_channel *channel, int64_t now_us,
			   struct ebms_identity *identity, struct err *err)
{
	enum key_kind kind = sig_alg_key(peer->profile->signature);
	const struct key_info *key = channel ? key_agreed(directory, channel, now_us) : NULL;
	if (!key)
		key = directory_signer(directory, &kind, now_us);
	if (!key)
		return fail(
			err, ERR_KEY,
			"no active signing key with a valid certificate fits profile %s (partner %s); see lintas key list",
			peer->profile->name, peer->partner.code);
	*identity = (struct ebms_identity){ .keys = messaging->options.keys, .key = key, .token = peer->token };
	return OK;
}

const struct security_profile *peer_profile_of(const struct peer *peer, const struct ebms_message *message)
{
	const struct ebms_signature *signature = message->signature;
	const struct security_profile *profile = peer->profile;
	if (signature && signature->alg_known &&
	    !(signature->alg == profile->signature && message->binding == profile->binding))
		for (size_t i = 0; (profile = profile_at(i)); i++)
			if (profile->signature == signature->alg && profile->binding == message->binding &&
			    profile->digest != DIGEST_SHA1)
				return profile;
	return peer->profile;
}

void peer_judge(const struct peer *peer, const struct cert *cert, int64_t now_us, struct arena *arena,
		struct findings *findings)
{
	struct findings *reasons = findings_new(arena);
	if (reasons && cert_judge(cert, NULL, 0, CERT_USE_SIGN, peer->trust, now_us, reasons))
		return;
	if (!reasons || !findings_at(reasons, 0))
		finding_add(findings, ebms_rule(RULE_UNTRUSTED), "", "it cannot be judged", NULL);
	for (size_t i = 0; reasons && findings_at(reasons, i); i++) {
		const struct finding *reason = findings_at(reasons, i);
		if (reason->rule->severity == SEVERITY_ERROR)
			finding_add(findings, ebms_rule(RULE_UNTRUSTED), "",
				    arena_printf(arena, "%s (%s)", reason->text, reason->rule->code), NULL);
	}
}

const char *peer_doubt(const struct peer *peer, const struct cert *cert, enum cert_use use, int64_t now_us,
		       struct arena *arena)
{
	const char *text = "";
	struct findings *reasons = findings_new(arena);
	if (reasons && cert_judge(cert, NULL, 0, use, peer->trust, now_us, reasons))
		return NULL;
	for (size_t i = 0; reasons && text && findings_at(reasons, i); i++) {
		const struct finding *reason = findings_at(reasons, i);
		if (reason->rule->severity == SEVERITY_ERROR)
			text = arena_printf(arena, "%s%s%s (%s)", text, *text ? "; " : "", reason->text,
					    reason->rule->code);
	}
	return text && *text ? text : "it cannot be judged";
}

enum err_code peer_encrypt(const struct peer *peer, int64_t now_us, struct arena *arena, const struct cert **cert,
			   struct err *err)
{
	const struct cert *best = NULL, *last = NULL;
	const char *doubt = "it has none for its profile";
	for (size_t i = 0; i < peer->encrypt_count; i++) {
		const struct cert *each = peer->encrypt[i];
		if (!profile_takes(peer->profile, "encrypt", cert_key_kind(each)))
			continue;
		const char *why = peer_doubt(peer, each, CERT_USE_DECRYPT, now_us, arena);
		if (!why && (!best || cert_not_before_us(each) >= cert_not_before_us(best)))
			best = each; /* of two that begin together the one that came last */
		if (why && (!last || cert_not_before_us(each) >= cert_not_before_us(last))) {
			last = each;
			doubt = why;
		}
	}
	if (!best)
		return fail(err, ERR_KEY,
			    "partner %s has no certificate that can be encrypted for: %s; see lintas partner show %s",
			    peer->partner.code, doubt, peer->partner.code);
	*cert = best;
	return OK;
}

/* --- What signatures are believed by --- */

const struct basis *basis_of(const struct directory *directory, const struct peer *peer, const struct cert *cert)
{
	for (size_t i = 0; peer && i < peer->signing_count; i++)
		if (same(peer->bases[i].items[0].fingerprint, cert_fingerprint(cert)))
			return &peer->bases[i];
	for (size_t i = 0; !peer && i < directory->own.count; i++)
		if (directory->own_bases[i].id &&
		    same(directory->own_bases[i].items[0].fingerprint, cert_fingerprint(cert)))
			return &directory->own_bases[i];
	return NULL;
}

static enum err_code peer_basis(struct arena *arena, const struct peer *peer, const struct cert *cert,
				struct basis *basis, struct err *err)
{
	struct cert_grounds grounds;
	TRY(cert_grounds(cert, peer->trust, arena, &grounds, err));
	*basis = (struct basis){ .items = arena_array(arena, grounds.count, sizeof *basis->items),
				 .count = grounds.count };
	if (!basis->items)
		return fail(err, ERR_MEMORY, "no memory for partner %s", peer->partner.code);
	for (size_t i = 0; i < grounds.count; i++)
		basis->items[i] = (struct credential){ .kind = grounds.items[i].list ? "crl" : "certificate",
						       .fingerprint = grounds.items[i].fingerprint };
	basis->id = basis_id(arena, basis->items, basis->count);
	return basis->id ? OK : fail(err, ERR_MEMORY, "no memory for partner %s", peer->partner.code);
}

/* When all of its rows are read, because a list may come after the certificate. */
static enum err_code fill_bases(struct directory *directory, struct peer *peer, struct err *err)
{
	peer->bases = arena_array(directory->arena, peer->signing_count + 1, sizeof *peer->bases);
	if (!peer->bases)
		return fail(err, ERR_MEMORY, "no memory for partner %s", peer->partner.code);
	for (size_t i = 0; i < peer->signing_count; i++)
		TRY(peer_basis(directory->arena, peer, peer->signing[i], &peer->bases[i], err));
	return OK;
}

static enum err_code fill_own_bases(struct directory *directory, struct err *err)
{
	struct arena *arena = directory->arena;
	directory->own_bases = arena_array(arena, directory->own.count + 1, sizeof *directory->own_bases);
	for (size_t i = 0; directory->own_bases && i < directory->own.count; i++) {
		const struct cert *cert = directory->own.keys[i].cert;
		struct credential *item = arena_alloc(arena, sizeof *item);
		if (!cert)
			continue;
		if (!item)
			return fail(err, ERR_MEMORY, "no memory for our keys");
		*item = (struct credential){ .kind = "certificate",
					     .fingerprint = cert_fingerprint(cert),
					     .der = cert_der(cert) };
		directory->own_bases[i] = (struct basis){ .id = basis_id(arena, item, 1), .items = item, .count = 1 };
		if (!directory->own_bases[i].id)
			return fail(err, ERR_MEMORY, "no memory for our keys");
	}
	return directory->own_bases ? OK : fail(err, ERR_MEMORY, "no memory for our keys");
}

struct own_credentials {
	const struct directory *directory;
	int64_t now_us;
	bool missing;
};

static enum err_code any_missing(struct tx *tx, void *arg, struct err *err)
{
	struct own_credentials *own = arg;
	const struct directory *directory = own->directory;
	own->missing = false;
	for (size_t i = 0; i < directory->own.count && !own->missing; i++) {
		bool known = true;
		if (directory->own_bases[i].id)
			TRY(credential_known(tx, directory->own_bases[i].items[0].fingerprint, &known, err));
		own->missing = !known;
	}
	return OK;
}

static enum err_code keep_own(struct tx *tx, void *arg, struct err *err)
{
	struct own_credentials *own = arg;
	const struct directory *directory = own->directory;
	for (size_t i = 0; i < directory->own.count; i++)
		if (directory->own_bases[i].id)
			TRY(credential_keep(tx, &directory->own_bases[i].items[0], own->now_us, err));
	return OK;
}

/* Before anything is signed with them: what is kept as evidence names them. Writes only when there is a new one. */
static enum err_code keep_own_credentials(struct kernel *kernel, const struct directory *directory, struct err *err)
{
	struct own_credentials own = { .directory = directory, .now_us = clock_now_us(kernel->clock) };
	TRY(db_read(kernel->db, any_missing, &own, err));
	return own.missing ? db_write(kernel->db, keep_own, &own, err) : OK;
}

static enum ebms_token_kind token_of(const char *name)
{
	return same(name, "ski") ? TOKEN_SKI : same(name, "issuer-serial") ? TOKEN_ISSUER_SERIAL : TOKEN_BST;
}

static const enum key_kind wrap_kinds[] = {
	[WRAP_RSA_OAEP] = KEY_KIND_RSA,
	[WRAP_X25519_HKDF_AES] = KEY_KIND_X25519,
	[WRAP_P256_HKDF_AES] = KEY_KIND_P256,
};

bool profile_takes(const struct security_profile *profile, const char *use, enum key_kind kind)
{
	if (same(use, "sign"))
		return sig_alg_key(profile->signature) == kind;
	if (same(use, "encrypt"))
		return profile->binding->encrypts && wrap_kinds[profile->wrap] == kind;
	return kind != KEY_KIND_X25519; /* which cannot sign, and in TLS a certificate must */
}

bool messaging_key_fits(const char *profile, const char *use, enum key_kind kind)
{
	for (size_t i = 0; profile_at(i); i++)
		if ((!profile || same(profile_at(i)->name, profile)) && profile_takes(profile_at(i), use, kind))
			return true;
	return false;
}

/* What ends at AT_US makes the snapshot another one then, though nobody changed a row. */
static void limit_snapshot(struct directory *directory, int64_t at_us, int64_t now_us)
{
	if (at_us <= now_us && at_us > directory->from_us)
		directory->from_us = at_us;
	else if (at_us > now_us && at_us < directory->until_us)
		directory->until_us = at_us;
}

static enum err_code pin(struct peer *peer, struct cert **pinned, size_t *count, struct cert *cert, const char *use,
			 struct err *err)
{
	if (*count == PEER_CERTS_MAX)
		return fail(err, ERR_LIMIT, "more than %d certificates for use %s", PEER_CERTS_MAX, use);
	TRY(trust_pin(peer->trust, cert, err));
	pinned[(*count)++] = cert_ref(cert);
	return OK;
}

static enum err_code load_certificate(struct directory *directory, struct peer *peer,
				      const struct partner_certificate *row, int64_t now_us, struct err *err)
{
	if (row->until_us != TIME_NONE)
		limit_snapshot(directory, row->until_us, now_us);
	if (row->until_us != TIME_NONE && row->until_us <= now_us)
		return OK;
	if (same(row->use, "crl"))
		return trust_crl(peer->trust, row->der, err);
	cert_auto cert = NULL;
	TRY(cert_parse(row->der, &cert, err));
	/* Certificates are pinned: what an authority has issued is not believed for that, only its revocation lists. */
	if (same(row->use, "issuer"))
		return trust_issuer(peer->trust, cert, err);
	if (same(row->use, "sign"))
		return pin(peer, peer->signing, &peer->signing_count, cert, row->use, err);
	if (same(row->use, "tls"))
		return pin(peer, peer->tls, &peer->tls_count, cert, row->use, err);
	return pin(peer, peer->encrypt, &peer->encrypt_count, cert, row->use, err);
}

static enum err_code fill_peer(struct directory *directory, struct peer *peer, const struct trust_policy *policy,
			       const struct partner_certificate_list *rows, int64_t now_us, struct err *err)
{
	if (!peer->profile)
		return fail(err, ERR_CONFIG, "there is no security profile \"%s\"", peer->partner.profile);
	peer->trust = trust_new(policy);
	if (!peer->trust)
		return fail(err, ERR_MEMORY, "no memory for partner %s", peer->partner.code);
	for (size_t i = 0; i < rows->count; i++)
		TRY(load_certificate(directory, peer, &rows->items[i], now_us, err));
	return fill_bases(directory, peer, err);
}

struct loading {
	struct directory *directory;
	const char *party_id, *party_type; /* ours */
	const struct trust_policy *policy;
	int64_t now_us;
};

/* One that cannot be read any more leaves the others as they are. */
static enum err_code load_pacts(struct tx *tx, const struct loading *loading, struct arena *arena, struct peer *peer,
				struct err *err)
{
	struct agreement_list rows;
	TRY(agreement_list(tx, arena, peer->partner.code, &rows, err));
	struct pact *pacts = arena_array(loading->directory->arena, rows.count + 1, sizeof *pacts);
	if (!pacts)
		return fail(err, ERR_MEMORY, "no memory for partner %s", peer->partner.code);
	peer->pacts = (struct pacts){ .items = pacts };
	for (size_t i = 0; i < rows.count; i++) {
		struct err why = { 0 };
		enum err_code code = pact_read(loading->directory->arena, &rows.items[i], loading->party_id,
					       loading->party_type, &pacts[peer->pacts.count], &why);
		if (code == ERR_MEMORY)
			return fail(err, code, "%s", why.text);
		if (code == OK)
			peer->pacts.count++;
		else
			LOG(LOG_ERROR, "agreement.left-out", LOG_TEXT("partner", peer->partner.code), LOG_ERR(&why));
	}
	return OK;
}

/* A partner that cannot be loaded must not take the others along: it is left out, and the log says why. */
static enum err_code load_peer(struct tx *tx, const struct loading *loading, const struct partner *partner,
			       struct err *err)
{
	struct directory *directory = loading->directory;
	struct peer *peer = &directory->peers[directory->count];
	struct partner_certificate_list rows;
	struct err why = { 0 };
	arena_auto arena = arena_new(ROWS_ARENA);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for partner %s", partner->code);
	TRY(partner_certificates(tx, arena, partner->code, &rows, err));
	*peer = (struct peer){ .partner = *partner,
			       .profile = profile_find(partner->profile),
			       .token = token_of(partner->token) };
	enum err_code code = fill_peer(directory, peer, loading->policy, &rows, loading->now_us, &why);
	if (code == OK && peer->profile->binding == &binding_ebms2)
		code = load_pacts(tx, loading, arena, peer, &why);
	if (code == OK) {
		directory->count++;
		return OK;
	}
	peer_done(peer);
	if (code == ERR_MEMORY) {
		*err = why;
		return code;
	}
	LOG(LOG_ERROR, "partner.left-out", LOG_TEXT("partner", partner->code), LOG_ERR(&why));
	return OK;
}

static enum err_code load_directory(struct tx *tx, void *arg, struct err *err)
{
	struct loading *loading = arg;
	struct directory *directory = loading->directory;
	struct partner_list partners;
	while (directory->count) /* of a run before this one, which the database had repeated */
		peer_done(&directory->peers[--directory->count]);
	TRY(partner_revision(tx, &directory->revision, err));
	TRY(partner_list(tx, directory->arena, &partners, err));
	directory->peers = arena_array(directory->arena, partners.count + 1, sizeof *directory->peers);
	if (!directory->peers)
		return fail(err, ERR_MEMORY, "no memory for the partners");
	for (size_t i = 0; i < partners.count && i < PEERS_MAX; i++)
		TRY(load_peer(tx, loading, &partners.items[i], err));
	for (size_t i = PEERS_MAX; i < partners.count; i++)
		LOG(LOG_ERROR, "partner.left-out", LOG_TEXT("partner", partners.items[i].code),
		    LOG_TEXT("error", "there are too many partners"), LOG_INT("max", PEERS_MAX));
	return OK;
}

static enum err_code read_revision(struct tx *tx, void *arg, struct err *err)
{
	return partner_revision(tx, arg, err);
}

static enum err_code directory_load(struct messaging *messaging, struct directory **loaded, struct err *err)
{
	struct kernel *kernel = messaging->options.kernel;
	struct directory *directory = calloc(1, sizeof *directory);
	if (directory)
		directory->arena = arena_new(DIRECTORY_ARENA);
	if (!directory || !directory->arena) {
		free(directory);
		return fail(err, ERR_MEMORY, "no memory for the partners");
	}
	atomic_init(&directory->references, 1);
	directory->from_us = INT64_MIN;
	directory->until_us = INT64_MAX;
	struct loading loading = { .directory = directory,
				   .party_id = messaging->options.party_id,
				   .party_type = messaging->options.party_type,
				   .policy = &messaging->options.trust,
				   .now_us = clock_now_us(kernel->clock) };
	enum err_code code = db_read(kernel->db, load_directory, &loading, err);
	if (code == OK)
		code = keystore_list(messaging->options.keys_directory, &directory->own, err);
	if (code == OK)
		code = fill_own_bases(directory, err);
	if (code == OK)
		code = keep_own_credentials(kernel, directory, err);
	if (code != OK) {
		directory_free(directory);
		return code;
	}
	*loaded = directory;
	return OK;
}

enum err_code messaging_refresh(struct messaging *messaging, bool force, struct err *err)
{
	if (!force) {
		int64_t revision = 0, now_us = clock_now_us(messaging->options.kernel->clock);
		TRY(db_read(messaging->options.kernel->db, read_revision, &revision, err));
		pthread_mutex_lock(&messaging->lock);
		const struct directory *now = messaging->directory;
		bool current = now->revision == revision && now->from_us <= now_us && now_us < now->until_us;
		pthread_mutex_unlock(&messaging->lock);
		if (current)
			return OK;
	}
	struct directory *directory = NULL;
	if (force)
		TRY(keys_reload(messaging->options.keys, err));
	TRY(directory_load(messaging, &directory, err));
	pthread_mutex_lock(&messaging->lock);
	struct directory *old = messaging->directory;
	messaging->directory = directory;
	pthread_mutex_unlock(&messaging->lock);
	directory_release(old);
	return OK;
}

enum err_code messaging_new(const struct messaging_options *options, struct messaging **messaging, struct err *err)
{
	struct messaging *new = calloc(1, sizeof *new);
	if (!new)
		return fail(err, ERR_MEMORY, "no memory for the messaging");
	new->options = *options;
	new->limits = ebms_limits_default;
	new->limits.max_payload_bytes = options->max_payload_bytes;
	/* AS4 profile 1.0 §3.2: who gives up waiting for a receipt tells its producer so. */
	const struct ebms_error_row *missing = ebms_error_row(EBMS_MISSING_RECEIPT);
	snprintf(new->given_up, sizeof new->given_up, "%s %s", missing->code, missing->short_description);
	new->options.retry.given_up = new->given_up;
	new->watched_us = TIME_NONE;
	new->health = health_new();
	pthread_mutex_init(&new->lock, NULL);
	enum err_code code =
		new->health ? messaging_refresh(new, true, err) : fail(err, ERR_MEMORY, "no memory for the messaging");
	if (code != OK) {
		messaging_free(new);
		return code;
	}
	new->card_desk.take = card_take;
	options->kernel->card_desk = &new->card_desk;
	new->carrier = (struct carrier){ pact_carries, new };
	options->kernel->carrier = &new->carrier;
	new->continuity = (struct continuity){ continuity_intake, new };
	options->kernel->continuity = &new->continuity.intake;
	*messaging = new;
	return OK;
}

void messaging_free(struct messaging *messaging)
{
	if (!messaging)
		return;
	if (messaging->options.kernel->continuity == &messaging->continuity.intake)
		messaging->options.kernel->continuity = NULL;
	directory_release(messaging->directory);
	pthread_mutex_destroy(&messaging->lock);
	health_free(messaging->health);
	if (messaging->options.kernel->card_desk == &messaging->card_desk)
		messaging->options.kernel->card_desk = NULL;
	if (messaging->options.kernel->carrier == &messaging->carrier)
		messaging->options.kernel->carrier = NULL;
	free(messaging);
}

void messaging_counters(struct messaging *messaging, struct messaging_counters *counters)
{
	*counters = (struct messaging_counters){
		.accepted = messaging->accepted,
		.duplicates = messaging->duplicates,
		.refused = messaging->refused,
		.strangers = messaging->strangers_total,
		.delivered = messaging->delivered,
		.failed_attempts = messaging->failed_attempts,
	};
}

bool messaging_profile_known(const char *name)
{
	return profile_find(name) != NULL;
}

bool messaging_profile_is_weak(const char *name)
{
	const struct security_profile *profile = name ? profile_find(name) : NULL;
	return profile && profile->digest == DIGEST_SHA1;
}

const char *messaging_profile_at(size_t index)
{
	return profile_at(index) ? profile_at(index)->name : NULL;
}
