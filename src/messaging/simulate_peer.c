/* By whom and for whom a played partner speaks: its keys, and what the card, the certificates or the agreement of the
 * receiver say. */
#include "base/text.h"
#include "messaging/simulate_int.h"

/* --- Its own --- */

enum err_code hand_identity(const struct hand *hand, const struct security_profile *profile,
			    struct ebms_identity *identity, struct err *err)
{
	struct ebms_identity found = { .keys = hand->keys, .token = TOKEN_BST };
	for (size_t i = 0; i < hand->list.count; i++) {
		const struct key_info *key = &hand->list.keys[i];
		if (key->use == KEY_USE_SIGN && key->status == KEY_ACTIVE &&
		    cert_key_kind(key->cert) == sig_alg_key(profile->signature))
			found.key = key;
	}
	if (!found.key)
		return fail(err, ERR_KEY, "no active signing key for profile %s: lintas key new, csr and install",
			    profile->name);
	*identity = found;
	return OK;
}

enum err_code hand_open(const char *directory, const struct security_profile *profile, struct hand *hand,
			struct err *err)
{
	struct err why = { 0 };
	TRY(keys_open(directory, &hand->keys, err));
	TRY(keystore_list(directory, &hand->list, err));
	enum err_code code = hand_identity(hand, profile, &hand->identity, &why);
	return code == OK ? OK : fail(err, code, "%s has %s", directory, why.text);
}

void hand_close(struct hand *hand)
{
	keys_free(hand->keys);
	key_list_done(&hand->list);
}

const struct security_profile *simulated_profile(const char *name, struct findings *findings)
{
	const struct security_profile *profile = profile_find(name);
	if (!profile)
		simulate_found(findings, SIM_PROFILE, "", name, NULL);
	return profile;
}

/* --- The receiver's --- */

struct finding_out {
	struct arena *arena;
	const struct simulator_mail *mail;
	const struct security_profile *profile;
	struct addressee *addressee;
	struct findings *findings;
};

/* One more certificate to encrypt for, the newest of those that fit, or to believe. */
static void take(const struct finding_out *f, const char *use, struct cert *cert)
{
	struct addressee *addressee = f->addressee;
	if (same(use, "sign") && addressee->signing_count < PEER_CERTS_MAX) {
		addressee->signing[addressee->signing_count++] = cert_ref(cert);
	} else if (same(use, "encrypt") && profile_takes(f->profile, use, cert_key_kind(cert)) &&
		   (!addressee->encrypt || cert_not_before_us(addressee->encrypt) <= cert_not_before_us(cert))) {
		cert_unref(addressee->encrypt);
		addressee->encrypt = cert_ref(cert);
	}
}

static enum err_code take_file(const struct finding_out *f, const char *use, struct bytes text, struct err *err)
{
	struct err why = { 0 };
	cert_auto cert = NULL;
	if (!text.size)
		return OK;
	enum err_code code = cert_parse(text, &cert, &why);
	if (code == ERR_MEMORY)
		return fail(err, code, "%s", why.text);
	if (code == OK)
		take(f, use, cert);
	else
		simulate_found(f->findings, SIM_CERTIFICATE, "", arena_printf(f->arena, "--%s", use), why.text);
	return OK;
}

static enum err_code take_card(const struct finding_out *f, struct err *err)
{
	struct addressee *addressee = f->addressee;
	const struct simulator_mail *mail = f->mail;
	const struct card_reading reading = { .text = mail->card,
					      .allow_plain = mail->allow_plain,
					      .held_serial = INTEGER_NONE,
					      .now_us = clock_now_us(mail->kernel->clock) };
	struct card card;
	TRY(messaging_card_read(f->arena, &reading, &card, f->findings, err));
	if (findings_errors(f->findings))
		return OK;
	addressee->them = (struct letter_party){ .id = card.party->id, .type = card.party->type };
	addressee->state = card.party->code;
	addressee->url = messaging_card_endpoint(&card, f->profile->binding->name);
	for (size_t i = 0; i < card.certificates_count; i++) {
		cert_auto cert = NULL;
		TRY(messaging_card_certificate(f->arena, &card.certificates[i], &cert, err));
		take(f, card.certificates[i].use, cert);
	}
	return OK;
}

static enum err_code find_as4(const struct finding_out *f, struct err *err)
{
	const struct simulator_mail *mail = f->mail;
	struct addressee *addressee = f->addressee;
	if (mail->agreement.size)
		simulate_found(f->findings, SIM_AGREEMENT, "", f->profile->name,
			       "takes no --agreement: leave it out, or give a --profile of ebMS 2");
	if (mail->card.size)
		TRY(take_card(f, err));
	if (mail->to_party)
		addressee->them.id = addressee->state = mail->to_party;
	TRY(take_file(f, "encrypt", mail->encrypt, err));
	if (mail->party_type)
		addressee->them.type = mail->party_type;
	addressee->us = (struct letter_party){ .id = mail->party_id, .type = addressee->them.type };
	if (findings_errors(f->findings))
		return OK;
	if (!addressee->them.id)
		simulate_found(f->findings, SIM_PARTY, "", NULL, NULL);
	if (!addressee->encrypt)
		simulate_found(f->findings, SIM_ENCRYPT, "", f->profile->name, NULL);
	return OK;
}

static const struct cpa_party *party_named(const struct cpa *cpa, const char *id)
{
	for (size_t p = 0; p < COUNT(cpa->parties); p++)
		for (size_t i = 0; i < cpa->parties[p].ids_count; i++)
			if (same(cpa->parties[p].ids[i].value, id))
				return &cpa->parties[p];
	return NULL;
}

/* Whether the document has an action in it, and where that is sent. */
static void find_route(const struct finding_out *f, const struct doctype *doctype)
{
	struct addressee *addressee = f->addressee;
	const struct pacts pacts = { .items = &addressee->pact, .count = 1 };
	const struct message message = { .service = SERVICE_DOCUMENTS, .action = doctype->code };
	struct err why = { 0 };
	if (pact_route(&pacts, "the receiver", &message, doctype->from_seat, clock_now_us(f->mail->kernel->clock),
		       &addressee->route, &why) == OK)
		addressee->url = addressee->route.endpoint;
	else
		simulate_found(f->findings, SIM_ROUTE, "", addressee->pact.cpa->id, doctype->code);
}

/* Whom the agreement names as who signs, where --sign says nothing. */
static enum err_code take_signers(const struct finding_out *f, const struct cpa_party *them, struct err *err)
{
	if (f->addressee->signing_count)
		return OK;
	for (size_t i = 0; i < them->channels_count; i++) {
		cert_auto cert = NULL;
		if (!them->channels[i].signing)
			continue;
		TRY(cert_cached(them->channels[i].signing->der, &cert, err));
		take(f, "sign", cert);
	}
	return OK;
}

static enum err_code find_ebms2(const struct finding_out *f, struct err *err)
{
	const struct simulator_mail *mail = f->mail;
	const struct doctype *doctype = doctype_find(mail->kernel, mail->doctype);
	struct pact *pact = &f->addressee->pact;
	if (mail->card.size || mail->to_party || mail->encrypt.size)
		simulate_found(f->findings, SIM_AGREEMENT, "", f->profile->name,
			       "takes no --card, --to-party or --encrypt: the agreement says for whom it is");
	if (!mail->agreement.size) {
		simulate_found(f->findings, SIM_AGREEMENT, "", f->profile->name,
			       "needs --agreement FILE, the CPA under which it is sent");
		return OK;
	}
	TRY(cpa_read(f->arena, mail->agreement, &pact->cpa, f->findings, err));
	pact->until_us = TIME_NONE;
	if (!pact->cpa)
		return OK;
	pact->us = party_named(pact->cpa, mail->party_id);
	pact->them = pact->us ? cpa_other(pact->cpa, pact->us) : NULL;
	if (!pact->us) {
		simulate_found(f->findings, SIM_NOT_PARTY, "", mail->party_id, pact->cpa->id);
		return OK;
	}
	if (doctype)
		find_route(f, doctype);
	return take_signers(f, pact->them, err);
}

enum err_code addressee_find(struct arena *arena, const struct simulator_mail *mail,
			     const struct security_profile *profile, struct addressee *addressee,
			     struct findings *findings, struct err *err)
{
	const struct finding_out f = {
		.arena = arena, .mail = mail, .profile = profile, .addressee = addressee, .findings = findings
	};
	TRY(take_file(&f, "sign", mail->sign, err));
	TRY(profile->binding == &binding_ebms2 ? find_ebms2(&f, err) : find_as4(&f, err));
	if (mail->url)
		addressee->url = mail->url;
	if (!addressee->url && !findings_errors(findings))
		simulate_found(findings, SIM_URL, "", NULL, NULL);
	return OK;
}

void addressee_done(struct addressee *addressee)
{
	cert_unref(addressee->encrypt);
	for (size_t i = 0; i < addressee->signing_count; i++)
		cert_unref(addressee->signing[i]);
}
