/* /api/v1/partners: whom we exchange with, by which endpoint, and by which certificates.
 *
 * Nothing is written that the messaging could not load: everything that loading checks is checked here first. */
#include "api/partner_int.h"
#include "base/text.h"
#include "kernel/activation.h"
#include "kernel/agreement.h"

/* clang-format off */
enum { RULE_CERTIFICATE, RULE_USE, RULE_NO_CERTIFICATE, RULE_PROFILE, RULE_ENDPOINT, RULE_TOKEN, RULE_STATE, RULE_ANCHOR,
       RULE_CRL, RULE_KEY, RULE_TOO_MANY, RULE_STATUS, RULE_NO_TLS, RULE_NO_TLS_CERTIFICATE, RULE_NOTHING, RULE_CRL_OLDER,
       RULE_CRL_ISSUER, RULE_ISSUER, RULE_UNUSABLE, RULE_OURSELVES, RULE_WEAK,
       RULE_NO_ENDPOINT, RULE_NOT_THEIRS };
const struct rule partner_rules[] = {
	[RULE_CERTIFICATE]    = { .code = "PTN-001", .text = "this is no certificate ({1}): give exactly one as PEM" },
	[RULE_USE]            = { .code = "PTN-002", .text = "{1} is not a use of a certificate: give sign, encrypt, tls, issuer or crl" },
	[RULE_NO_CERTIFICATE] = { .code = "PTN-003", .text = "no certificate for use {1}: add one with a key for profile {2}" },
	[RULE_PROFILE]        = { .code = "PTN-004", .text = "{1} is no security profile: give one of {2}" },
	[RULE_ENDPOINT]       = { .code = "PTN-005", .text = "{1} is no URL of an endpoint: give https://HOST:PORT/as4" },
	[RULE_TOKEN]          = { .code = "PTN-006", .text = "{1} is no way to name a certificate: give bst, ski or issuer-serial" },
	[RULE_STATE]          = { .code = "PTN-007", .text = "the code of a partner is that of its state (ISO 3166 alpha-2), not {1}" },
	[RULE_ANCHOR]         = { .code = "PTN-008", .text = "certificates are pinned: give the partner's own (sign, encrypt, tls) instead of an anchor" },
	[RULE_CRL]            = { .code = "PTN-009", .text = "this list cannot be used ({1}): give the authority's complete revocation list as PEM",
				  .law = "RFC 5280 5" },
	[RULE_KEY]            = { .code = "PTN-010", .text = "its key cannot be used for {1} with {2}: ask the partner for a fitting certificate" },
	[RULE_TOO_MANY]       = { .code = "PTN-011", .text = "there may be {2} for use {1}: withdraw those that are no longer used" },
	[RULE_STATUS]         = { .code = "PTN-012", .text = "{1} is no status of a partner: give active or suspended" },
	[RULE_NO_TLS]         = { .code = "PTN-013", .text = "{1} is not protected by TLS: give the partner's https:// endpoint" },
	[RULE_NO_TLS_CERTIFICATE] = { .code = "PTN-014", .text = "no certificate for use tls: add the one by which the partner's node connects to ours" },
	[RULE_NOTHING]        = { .code = "PTN-015", .text = "nothing to change: give name, endpoint, profile or token" },
	[RULE_CRL_OLDER]      = { .code = "PTN-016", .text = "the list of {1} that is here is newer: give the current one" },
	[RULE_CRL_ISSUER]     = { .code = "PTN-017", .text = "no certificate of {1} has signed this list: add the authority's certificate (use issuer) first",
				  .law = "RFC 5280 6.3.3" },
	[RULE_ISSUER]         = { .code = "PTN-018", .text = "this is no certificate of an authority ({1}): give the one that signs its revocation lists" },
	[RULE_UNUSABLE]       = { .code = "PTN-019", .text = "this certificate cannot be used for {1}: {2}", .law = "RFC 5280 4.2.1.3" },
	[RULE_OURSELVES]      = { .code = "PTN-020", .text = "{1} is this node itself" },
	[RULE_WEAK]           = { .code = "PTN-021", .text = "{1} rests on SHA-1, and no agreement in force excepts {2} from its refusal: agree on ebms2-rsa-sha256, or import their CPA with the exception (lintas partner import FILE --partner {2} --allow-sha1)",
				  .law = "FIPS 186-5" },
	[RULE_NO_ENDPOINT]    = { .code = "PTN-022", .text = "where {1} takes {2} is not known: give --endpoint https://HOST:PORT/as4, or import its card, which says it" },
	[RULE_NOT_THEIRS]     = { .code = "PTN-024", .text = "this certificate cannot be the partner's: {1}" },
	{ 0 },
};
/* clang-format on */

/* --- Certificates --- */

bool partner_is_pin(const struct partner_certificate *row)
{
	return same(row->use, "sign") || same(row->use, "encrypt") || same(row->use, "tls");
}

static bool is_certificate(const char *use)
{
	return same(use, "sign") || same(use, "encrypt") || same(use, "tls") || same(use, "issuer");
}

/* What the caller gave was at fault, unless we were. */
static enum err_code finding_or_fault(struct call *call, enum err_code code, int rule, const char *path,
				      const struct err *why, struct err *err)
{
	if (code == ERR_MEMORY) {
		*err = *why;
		return code;
	}
	if (code != OK)
		finding_add(call->findings, &partner_rules[rule], path, why->text, NULL);
	return OK;
}

static enum err_code check_authority(const struct cert *cert, struct err *err)
{
	struct trust *trust = trust_new(&(struct trust_policy){ 0 });
	if (!trust)
		return fail(err, ERR_MEMORY, "no memory for a certificate");
	enum err_code code = trust_issuer(trust, cert, err);
	trust_free(trust);
	return code;
}

static enum err_code take_list(struct call *call, const char *pem, const char *path, struct partner_certificate *row,
			       struct err *err)
{
	struct crl_info *info = arena_alloc(call->arena, sizeof *info);
	struct err why = { 0 };
	if (!info)
		return fail(err, ERR_MEMORY, "no memory for a revocation list");
	enum err_code code = crl_read(call->arena, bytes_of(pem), info, &why);
	if (code == OK) {
		row->der = info->der;
		row->fingerprint = info->fingerprint;
	}
	return finding_or_fault(call, code, RULE_CRL, path, &why, err);
}

/* What would be said of it at every message is said now. One that begins later is fine: that is how a roll-over is
 * prepared. */
static enum err_code check_usable(struct call *call, const struct cert *cert, const char *use, const char *path,
				  struct err *err)
{
	enum cert_use purpose = same(use, "encrypt") ? CERT_USE_DECRYPT
				: same(use, "tls")   ? CERT_USE_TLS_CLIENT
						     : CERT_USE_SIGN;
	int64_t at_us = call->now_us > cert_not_before_us(cert) ? call->now_us : cert_not_before_us(cert);
	struct findings *reasons = findings_new(call->arena);
	struct trust *trust = trust_new(&(struct trust_policy){ 0 });
	enum err_code code =
		trust && reasons ? trust_pin(trust, cert, err) : fail(err, ERR_MEMORY, "no memory for a certificate");
	if (code == OK && !cert_judge(cert, NULL, 0, purpose, trust, at_us, reasons))
		for (size_t i = 0; findings_at(reasons, i); i++)
			if (findings_at(reasons, i)->rule->severity == SEVERITY_ERROR)
				finding_add(call->findings, &partner_rules[RULE_UNUSABLE], path, use,
					    findings_at(reasons, i)->text);
	trust_free(trust);
	return code;
}

enum err_code partner_take_certificate(struct call *call, struct bytes text, const char *path,
				       struct partner_certificate *row, struct err *err)
{
	cert_auto cert = NULL;
	struct err why = { 0 };
	enum err_code code = cert_parse(text, &cert, &why);
	if (code != OK)
		return finding_or_fault(call, code, RULE_CERTIFICATE, path, &why, err);
	if (same(row->use, "issuer"))
		TRY(finding_or_fault(call, check_authority(cert, &why), RULE_ISSUER, path, &why, err));
	else
		TRY(check_usable(call, cert, row->use, path, err));
	struct bytes der = cert_der(cert);
	row->der = bytes(arena_copy(call->arena, der.data, der.size), der.size);
	row->fingerprint = arena_text(call->arena, cert_fingerprint(cert));
	return row->der.data && row->fingerprint ? OK : fail(err, ERR_MEMORY, "no memory for a certificate");
}

/* Reads what is to be added; without DER if it cannot be. */
static enum err_code take_addition(struct call *call, const struct certificate_view *view, const char *path,
				   const char *partner, struct partner_certificate *row, struct err *err)
{
	*row = (struct partner_certificate){
		.partner = partner, .use = view->use, .added_us = call->now_us, .until_us = TIME_NONE
	};
	if (same(view->use, "anchor"))
		finding_add(call->findings, &partner_rules[RULE_ANCHOR], path, NULL, NULL);
	else if (!is_certificate(view->use) && !same(view->use, "crl"))
		finding_add(call->findings, &partner_rules[RULE_USE], path, view->use, NULL);
	else if (!view->pem)
		finding_add(call->findings, &partner_rules[RULE_CERTIFICATE], path, "pem is missing", NULL);
	else
		return same(view->use, "crl") ? take_list(call, view->pem, path, row, err)
					      : partner_take_certificate(call, bytes_of(view->pem), path, row, err);
	return OK;
}

/* Whether ROW's key can be used with PROFILE (NULL: with any). */
static bool key_fits(const struct partner_certificate *row, const char *profile)
{
	cert_auto cert = NULL;
	struct err ignored;
	return cert_parse(row->der, &cert, &ignored) == OK &&
	       messaging_key_fits(profile, row->use, cert_key_kind(cert));
}

bool partner_has_key(const struct partner_certificate_list *list, const char *use, const char *profile, int64_t now_us)
{
	for (size_t i = 0; i < list->count; i++)
		if (same(list->items[i].use, use) && partner_certificate_live(&list->items[i], now_us) &&
		    (!profile || key_fits(&list->items[i], profile)))
			return true;
	return false;
}

/* The authority among LIST that has signed the list CRL; the caller unrefs. NULL if there is none. */
static struct cert *authority_of(const struct partner_certificate_list *list, struct bytes crl, int64_t now_us)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct partner_certificate *row = &list->items[i];
		cert_auto cert = NULL;
		struct err ignored;
		if (same(row->use, "issuer") && partner_certificate_live(row, now_us) &&
		    cert_parse(row->der, &cert, &ignored) == OK && crl_signed_by(crl, cert))
			return cert_ref(cert);
	}
	return NULL;
}

static bool same_row(const struct partner_certificate *a, const struct partner_certificate *b)
{
	return same(a->use, b->use) && same(a->fingerprint, b->fingerprint);
}

/* How many of ROW's use there would be in LIST with it. */
static size_t count_use(const struct partner_certificate_list *list, const struct partner_certificate *row,
			int64_t now_us)
{
	size_t count = 1;
	for (size_t i = 0; i < list->count; i++)
		count += same(list->items[i].use, row->use) && partner_certificate_live(&list->items[i], now_us) &&
			 !same_row(&list->items[i], row);
	return count;
}

static size_t count_lists(const struct partner_certificate_list *list, int64_t now_us)
{
	size_t count = 0;
	for (size_t i = 0; i < list->count; i++)
		count += same(list->items[i].use, "crl") && partner_certificate_live(&list->items[i], now_us);
	return count;
}

static void check_lists(struct partner_call *p, const struct partner_certificate_list *list, const char *path)
{
	if (count_lists(list, p->call->now_us) > MESSAGING_CERTIFICATES_MAX)
		finding_add(p->findings, &partner_rules[RULE_TOO_MANY], path, "crl",
			    arena_printf(p->call->arena, "%d", MESSAGING_CERTIFICATES_MAX));
}

/* A key of another profile may be pinned ahead of a change to that. */
enum err_code partner_check_addition(struct partner_call *p, const struct partner_certificate_list *list,
				     const struct partner_certificate *row, const char *profile, const char *path,
				     struct err *err)
{
	struct call *call = p->call;
	if (!row->der.data)
		return OK;
	bool list_of_revoked = same(row->use, "crl");
	if (!list_of_revoked && !same(row->use, "issuer") && !key_fits(row, profile))
		finding_add(p->findings, &partner_rules[RULE_KEY], path, row->use,
			    profile ? arena_printf(call->arena, "profile %s", profile) : "any profile");
	if (!list_of_revoked && count_use(list, row, call->now_us) > MESSAGING_CERTIFICATES_MAX)
		finding_add(p->findings, &partner_rules[RULE_TOO_MANY], path, row->use,
			    arena_printf(call->arena, "%d", MESSAGING_CERTIFICATES_MAX));
	if (!list_of_revoked)
		return OK;
	struct crl_info info;
	TRY(crl_read(call->arena, row->der, &info, err));
	cert_auto authority = authority_of(list, row->der, call->now_us);
	if (!authority)
		finding_add(p->findings, &partner_rules[RULE_CRL_ISSUER], path, info.issuer, NULL);
	return OK;
}

/* --- What is shown --- */

/* One that cannot be read is shown by what is known of it: it must be possible to find and withdraw it. */
static enum err_code show_row(struct call *call, const struct partner_certificate *row, struct certificate_view *view,
			      struct err *err)
{
	struct crl_info info;
	cert_auto cert = NULL;
	struct err why = { 0 };
	*view = (struct certificate_view){ .use = row->use,
					   .fingerprint = row->fingerprint,
					   .not_before_us = TIME_NONE,
					   .not_after_us = TIME_NONE,
					   .withdrawn_us = row->until_us };
	enum err_code code = same(row->use, "crl") ? crl_read(call->arena, row->der, &info, &why)
						   : cert_parse(row->der, &cert, &why);
	if (code == OK && cert) {
		view->subject = arena_text(call->arena, cert_subject(cert));
		view->not_before_us = cert_not_before_us(cert);
		view->not_after_us = cert_not_after_us(cert);
	} else if (code == OK) {
		view->subject = info.issuer;
		view->not_before_us = info.this_update_us;
		view->not_after_us = info.next_update_us;
	} else {
		view->subject = arena_text(call->arena, why.text);
	}
	return view->subject ? OK : fail(err, ERR_MEMORY, "no memory for a certificate");
}

static struct partner_view view_of(const struct partner *p)
{
	return (struct partner_view){ .code = p->code,
				      .name = p->name,
				      .party_id = p->party_id,
				      .party_type = p->party_type,
				      .endpoint = p->endpoint,
				      .profile = p->profile,
				      .token = p->token,
				      .status = p->status };
}

/* PARTNER with its certificates. */
static enum err_code show_whole(const struct partner_call *p, struct partner_view *partner, struct err *err)
{
	enum { SHOWN_MAX = 1000 };
	struct call *call = p->call;
	struct partner_view view = view_of(&p->partner);
	view.certificates = arena_array(call->arena, p->kept.count + 1, sizeof *view.certificates);
	if (!view.certificates)
		return fail(err, ERR_MEMORY, "no memory for a partner");
	for (size_t i = 0; i < p->kept.count && view.certificates_count < SHOWN_MAX; i++) {
		const struct partner_certificate *row = &p->kept.items[i];
		/* A replaced list says nothing any more; there is one a day or a week. */
		if (!same(row->use, "crl") || partner_certificate_live(row, call->now_us))
			TRY(show_row(call, row, &view.certificates[view.certificates_count++], err));
	}
	*partner = view;
	return OK;
}

/* --- Partners --- */

static const char *profiles(struct arena *arena)
{
	const char *list = "";
	for (size_t i = 0; list && messaging_profile_at(i); i++)
		list = arena_printf(arena, "%s%s%s", list, i ? ", " : "", messaging_profile_at(i));
	return list;
}

static void check_endpoint(struct partner_call *p, const char *endpoint)
{
	bool agreed = same(p->partner.binding, BINDING_EBMS2) && !*endpoint;
	if (http_url_begins(endpoint, "http://") && !p->call->asked->api->options.plain)
		finding_add(p->findings, &partner_rules[RULE_NO_TLS], "/endpoint", endpoint, NULL);
	else if (!agreed && !*endpoint)
		finding_add(p->findings, &partner_rules[RULE_NO_ENDPOINT], "/endpoint", p->partner.code,
			    p->partner.binding ? p->partner.binding : "messages");
	else if (!agreed && !http_url_begins(endpoint, "https://") && !http_url_begins(endpoint, "http://"))
		finding_add(p->findings, &partner_rules[RULE_ENDPOINT], "/endpoint", endpoint, NULL);
}

void partner_check(struct partner_call *p)
{
	const struct partner *partner = &p->partner;
	if (!messaging_profile_known(partner->profile))
		finding_add(p->findings, &partner_rules[RULE_PROFILE], "/profile", partner->profile,
			    profiles(p->call->arena));
	check_endpoint(p, partner->endpoint);
	if (!same(partner->token, "bst") && !same(partner->token, "ski") && !same(partner->token, "issuer-serial"))
		finding_add(p->findings, &partner_rules[RULE_TOKEN], "/token", partner->token, NULL);
	if (!same(partner->status, "active") && !same(partner->status, "suspended"))
		finding_add(p->findings, &partner_rules[RULE_STATUS], "/status", partner->status, NULL);
	if (same(partner->code, p->call->kernel->state))
		finding_add(p->findings, &partner_rules[RULE_OURSELVES], "/code", partner->code, NULL);
	if (!p->call->kernel->lists->known(p->call->kernel->lists, "ISO3166", partner->code))
		finding_add(p->findings, &partner_rules[RULE_STATE], "/code", partner->code, NULL);
}

void partner_found_weak(struct partner_call *p)
{
	finding_add(p->findings, &partner_rules[RULE_WEAK], "/profile", p->partner.profile, p->code);
}

/* What is signed with SHA-1 may be disputed: a person excepts a partner, by its agreement and in the journal. */
static enum err_code check_weak(struct tx *tx, struct partner_call *p, struct err *err)
{
	const struct call *call = p->call;
	struct agreement_list list;
	bool excepted = false;
	if (!messaging_profile_is_weak(p->partner.profile))
		return OK;
	TRY(agreement_list(tx, call->arena, p->code, &list, err));
	for (size_t i = 0; i < list.count && !excepted; i++)
		TRY(messaging_agreement_excepts(call->asked->api->options.messaging, call->arena, &list.items[i],
						call->now_us, &excepted, err));
	if (!excepted)
		partner_found_weak(p);
	return OK;
}

/* One certificate for each use in LIST, with a key for PROFILE (NULL: with any). */
static void need_uses(struct partner_call *p, const struct partner_certificate_list *list, const char *profile)
{
	static const char *const uses[] = { "sign", "encrypt" };
	/* By ebMS 2 nothing is encrypted beside TLS. */
	for (size_t i = 0; i < COUNT(uses) - same(p->partner.binding, BINDING_EBMS2); i++)
		if (!partner_has_key(list, uses[i], profile, p->call->now_us))
			finding_add(p->findings, &partner_rules[RULE_NO_CERTIFICATE], "/certificates", uses[i],
				    p->partner.profile);
}

void partner_need_tls(struct partner_call *p, const struct partner_certificate_list *list)
{
	if (!p->call->asked->api->options.plain && !partner_has_key(list, "tls", NULL, p->call->now_us))
		finding_add(p->findings, &partner_rules[RULE_NO_TLS_CERTIFICATE], "/certificates", NULL, NULL);
}

enum err_code partner_read(struct tx *tx, struct partner_call *p, struct err *err)
{
	TRY(partner_find(tx, p->call->arena, p->code, &p->partner, err));
	if (!p->partner.code)
		return fail(err, ERR_NOT_FOUND,
			    "there is no partner %s; lintas partner list (GET /api/v1/partners) shows who there is",
			    p->code);
	return partner_certificates(tx, p->call->arena, p->code, &p->kept, err);
}

static enum err_code begin_change(struct tx *tx, struct partner_call *p, struct err *err)
{
	p->findings = findings_new(p->call->arena);
	if (!p->findings)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	return partner_read(tx, p, err);
}

enum err_code partner_refuse(const struct partner_call *p, struct err *err)
{
	return findings_errors(p->findings) ? fail(err, ERR_INVALID, "partner %s stays as it is", p->code) : OK;
}

enum err_code partner_write(struct partner_call *p, db_fn *write, struct err *err)
{
	struct err why = { 0 };
	p->findings = NULL;
	enum err_code code = db_write(p->call->kernel->db, write, p, err);
	if (p->findings)
		findings_append(p->call->findings, p->findings);
	if (code != OK)
		return code;
	code = messaging_refresh(p->call->asked->api->options.messaging, false, &why);
	if (code != OK)
		return fail(err, code, "partner %s is changed, but the node does not use it yet: %s", p->code,
			    why.text);
	return OK;
}

/* Answers with the partner, as it is then. */
static enum err_code change(struct partner_call *p, db_fn *write, struct err *err)
{
	TRY(partner_write(p, write, err));
	p->call->parameters[0] = p->code;
	return partners_get(p->call, err);
}

enum err_code partner_need_room(struct tx *tx, struct partner_call *p, struct err *err)
{
	TRY(partner_list(tx, p->call->arena, &p->list, err));
	return p->list.count < MESSAGING_PARTNERS_MAX
		       ? OK
		       : fail(err, ERR_LIMIT, "there are %d partners already", MESSAGING_PARTNERS_MAX);
}

static enum err_code add_certificate(struct tx *tx, struct partner_call *p, const struct partner_certificate *row,
				     const char *path, struct err *err)
{
	const struct call *call = p->call;
	struct err why = { 0 };
	enum err_code code = partner_is_pin(row) ? partner_certificate_check(tx, row, call->now_us, &why) : OK;
	if (code == ERR_CONFLICT)
		finding_add(p->findings, &partner_rules[RULE_NOT_THEIRS], path, why.text, NULL);
	else if (code != OK)
		return fail(err, code, "%s", why.text);
	return code == OK ? partner_certificate_add(tx, row, &call->actor, call->now_us, err) : OK;
}

static enum err_code write_partner(struct tx *tx, void *arg, struct err *err)
{
	struct partner_call *p = arg;
	struct call *call = p->call;
	struct partner there = { 0 };
	TRY(partner_need_room(tx, p, err));
	TRY(partner_find(tx, call->arena, p->code, &there, err));
	if (there.code)
		return fail(
			err, ERR_CONFLICT,
			"there is a partner %s already; lintas partner change (PATCH /api/v1/partners/%s) changes it",
			p->code, p->code);
	TRY(partner_find_party(tx, call->arena, p->partner.party_id, p->partner.party_type, &there, err));
	if (there.code)
		return fail(err, ERR_CONFLICT, "%s is the party of partner %s already", p->partner.party_id,
			    there.code);
	p->findings = findings_new(call->arena);
	if (!p->findings)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	TRY(partner_add(tx, &p->partner, &call->actor, call->now_us, err));
	TRY(activation_inherit(tx, call->arena, p->code, &call->actor, call->now_us, p->findings, err));
	for (size_t i = 0; i < p->added_count; i++)
		TRY(add_certificate(tx, p, &p->added[i], arena_printf(call->arena, "/certificates/%zu", i), err));
	return partner_refuse(p, err);
}

static enum err_code check_new(struct partner_call *p, const struct partner_view *view, struct err *err)
{
	struct call *call = p->call;
	const char *profile = messaging_profile_known(p->partner.profile) ? p->partner.profile : NULL;
	const struct partner_certificate_list all = { p->added, p->added_count };
	p->findings = call->findings;
	partner_check(p);
	/* There is no agreement before there is a partner. */
	if (messaging_profile_is_weak(profile))
		partner_found_weak(p);
	for (size_t i = 0; i < p->added_count; i++)
		TRY(take_addition(call, &view->certificates[i], arena_printf(call->arena, "/certificates/%zu", i),
				  p->code, &p->added[i], err));
	for (size_t i = 0; i < p->added_count; i++)
		TRY(partner_check_addition(p, &all, &p->added[i], profile,
					   arena_printf(call->arena, "/certificates/%zu", i), err));
	need_uses(p, &all, NULL);
	check_lists(p, &all, "/certificates");
	partner_need_tls(p, &all);
	return OK;
}

/* "" in the record: as the agreement says. */
static const char *endpoint_of(const char *given)
{
	return !given || same(given, "as-agreed") ? "" : given;
}

enum err_code partners_add(struct call *call, struct err *err)
{
	struct partner_view view;
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	struct partner_call p = { .call = call, .code = view.code, .added_count = view.certificates_count };
	p.partner = (struct partner){ .code = view.code,
				      .name = view.name,
				      .party_id = view.party_id,
				      .endpoint = endpoint_of(view.endpoint),
				      .party_type = view.party_type ? view.party_type : "",
				      .profile = view.profile,
				      .binding = messaging_profile_binding(view.profile),
				      .token = view.token ? view.token : "bst",
				      .status = view.status ? view.status : "active" };
	p.added = arena_array(call->arena, p.added_count + 1, sizeof *p.added);
	if (!p.added)
		return fail(err, ERR_MEMORY, "no memory for a partner");
	TRY(check_new(&p, &view, err));
	if (findings_errors(call->findings))
		return OK;
	return change(&p, write_partner, err);
}

/* Where the card that is held says that its partner takes BINDING; "" if there is none, or it does not say so. */
static enum err_code endpoint_held(struct tx *tx, const struct partner_call *p, const char *binding,
				   const char **endpoint, struct err *err)
{
	struct arena *arena = p->call->arena;
	struct partner_card held;
	struct card card = { 0 };
	struct findings *ignored = findings_new(arena);
	*endpoint = "";
	if (!ignored)
		return fail(err, ERR_MEMORY, "no memory for a card");
	TRY(partner_card_find(tx, arena, p->code, CARD_HELD, &held, err));
	if (!held.partner)
		return OK;
	const struct card_reading reading = { .text = held.octets,
					      .held_serial = INTEGER_NONE,
					      .now_us = p->call->now_us };
	TRY(messaging_card_read(arena, &reading, &card, ignored, err));
	const char *said = messaging_card_endpoint(&card, binding);
	*endpoint = said ? said : "";
	return OK;
}

/* Another binding has other endpoints: that of the one before must not stand for those of an agreement. What the
 * partner's card says, which an operator has approved, does; by ebMS 2 the agreement goes before. */
static enum err_code change_profile(struct tx *tx, struct partner_call *p, const struct partner_change_view *c,
				    struct err *err)
{
	const char *binding = messaging_profile_binding(c->profile);
	p->partner.profile = c->profile;
	if (!binding || same(binding, p->partner.binding))
		return OK;
	p->partner.binding = binding;
	p->partner.endpoint = "";
	if (same(binding, BINDING_EBMS2) || c->endpoint)
		return OK;
	return endpoint_held(tx, p, binding, &p->partner.endpoint, err);
}

static enum err_code write_changes(struct tx *tx, void *arg, struct err *err)
{
	struct partner_call *p = arg;
	const struct partner_change_view *c = p->changes;
	struct partner_view before;
	TRY(begin_change(tx, p, err));
	TRY(show_whole(p, &before, err));
	TRY(call_precondition(p->call, &before, err));
	p->partner.name = c->name ? c->name : p->partner.name;
	if (c->profile)
		TRY(change_profile(tx, p, c, err));
	p->partner.endpoint = c->endpoint ? endpoint_of(c->endpoint) : p->partner.endpoint;
	p->partner.token = c->token ? c->token : p->partner.token;
	partner_check(p);
	if (c->profile && messaging_profile_known(c->profile)) {
		need_uses(p, &p->kept, c->profile);
		TRY(check_weak(tx, p, err));
	}
	TRY(partner_refuse(p, err));
	return partner_change(tx, &p->partner, &p->call->actor, p->call->now_us, err);
}

enum err_code partners_change(struct call *call, struct err *err)
{
	struct partner_change_view view;
	struct partner_call p = { .call = call, .code = call->parameters[0], .changes = &view };
	TRY(call_read(call, &view, err));
	if (!findings_errors(call->findings) && !view.name && !view.endpoint && !view.profile && !view.token)
		finding_add(call->findings, &partner_rules[RULE_NOTHING], "", NULL, NULL);
	return findings_errors(call->findings) ? OK : change(&p, write_changes, err);
}

static enum err_code write_status(struct tx *tx, void *arg, struct err *err)
{
	struct partner_call *p = arg;
	TRY(begin_change(tx, p, err));
	if (same(p->partner.status, p->status))
		return fail(err, ERR_CONFLICT, "partner %s is %s already", p->code, p->status);
	p->partner.status = p->status;
	return partner_change(tx, &p->partner, &p->call->actor, p->call->now_us, err);
}

enum err_code partners_suspend(struct call *call, struct err *err)
{
	struct partner_call p = { .call = call, .code = call->parameters[0], .status = "suspended" };
	return change(&p, write_status, err);
}

enum err_code partners_resume(struct call *call, struct err *err)
{
	struct partner_call p = { .call = call, .code = call->parameters[0], .status = "active" };
	return change(&p, write_status, err);
}

/* --- Certificates of a partner that is there --- */

static enum err_code withdraw_row(struct tx *tx, const struct partner_call *p, const struct partner_certificate *row,
				  struct err *err)
{
	struct partner_certificate withdrawn = *row;
	withdrawn.until_us = p->call->now_us;
	return partner_certificate_add(tx, &withdrawn, &p->call->actor, p->call->now_us, err);
}

/* A complete list replaces those before it of the same authority (RFC 5280 5); an older one must not come back. */
static enum err_code replace_lists(struct tx *tx, struct partner_call *p, const struct partner_certificate *new,
				   struct err *err)
{
	struct crl_info mine, other;
	cert_auto authority = authority_of(&p->kept, new->der, p->call->now_us);
	TRY(crl_read(p->call->arena, new->der, &mine, err));
	for (size_t i = 0; authority && i < p->kept.count; i++) {
		const struct partner_certificate *row = &p->kept.items[i];
		if (!same(row->use, "crl") || !partner_certificate_live(row, p->call->now_us) || same_row(row, new) ||
		    !crl_signed_by(row->der, authority))
			continue;
		TRY(crl_read(p->call->arena, row->der, &other, err));
		if (other.this_update_us > mine.this_update_us)
			finding_add(p->findings, &partner_rules[RULE_CRL_OLDER], "/pem", mine.issuer, NULL);
		else
			TRY(withdraw_row(tx, p, row, err));
	}
	return OK;
}

static enum err_code write_certificate(struct tx *tx, void *arg, struct err *err)
{
	struct partner_call *p = arg;
	struct call *call = p->call;
	TRY(begin_change(tx, p, err));
	TRY(partner_check_addition(p, &p->kept, p->added, NULL, "/pem", err));
	if (same(p->added->use, "crl"))
		TRY(replace_lists(tx, p, p->added, err));
	TRY(partner_refuse(p, err));
	TRY(add_certificate(tx, p, p->added, "/pem", err));
	TRY(partner_certificates(tx, call->arena, p->code, &p->kept, err));
	check_lists(p, &p->kept, "/pem");
	return partner_refuse(p, err);
}

enum err_code partners_certify(struct call *call, struct err *err)
{
	struct certificate_view view;
	struct partner_certificate row;
	struct partner_call p = { .call = call, .code = call->parameters[0], .added = &row, .added_count = 1 };
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(take_addition(call, &view, "/pem", p.code, &row, err));
	return findings_errors(call->findings) ? OK : change(&p, write_certificate, err);
}

static enum err_code write_withdrawal(struct tx *tx, void *arg, struct err *err)
{
	struct partner_call *p = arg;
	size_t found = 0, withdrawn = 0;
	TRY(begin_change(tx, p, err));
	for (size_t i = 0; i < p->kept.count; i++) {
		const struct partner_certificate *row = &p->kept.items[i];
		if (!same_ignoring_case(row->fingerprint, p->fingerprint))
			continue;
		found++;
		if (!partner_certificate_live(row, p->call->now_us))
			continue;
		TRY(withdraw_row(tx, p, row, err));
		withdrawn++;
	}
	if (!found)
		return fail(
			err, ERR_NOT_FOUND,
			"partner %s has no certificate %s; lintas partner show %s (GET /api/v1/partners/%s) shows those that it has",
			p->code, p->fingerprint, p->code, p->code);
	return withdrawn ? OK : fail(err, ERR_CONFLICT, "certificate %s is withdrawn already", p->fingerprint);
}

enum err_code partners_withdraw(struct call *call, struct err *err)
{
	struct partner_call p = { .call = call, .code = call->parameters[0], .fingerprint = call->parameters[1] };
	return change(&p, write_withdrawal, err);
}

/* --- Answers --- */

static enum err_code read_partner(struct tx *tx, void *arg, struct err *err)
{
	return partner_read(tx, arg, err);
}

enum err_code partners_get(struct call *call, struct err *err)
{
	struct partner_call p = { .call = call, .code = call->parameters[0] };
	struct partner_view view;
	TRY(db_read(call->kernel->db, read_partner, &p, err));
	TRY(show_whole(&p, &view, err));
	return call_answer(call, &view, err);
}

static enum err_code read_partners(struct tx *tx, void *arg, struct err *err)
{
	struct partner_call *p = arg;
	return partner_list(tx, p->call->arena, &p->list, err);
}

static void show_partner(const void *item, void *view)
{
	*(struct partner_view *)view = view_of(item);
}

/* One page: there are MESSAGING_PARTNERS_MAX of them and fewer. */
enum err_code partners_list(struct call *call, struct err *err)
{
	struct partner_call p = { .call = call };
	TRY(db_read(call->kernel->db, read_partners, &p, err));
	return call_answer_page(call, PAGE(p.list, partner_view, show_partner, NULL), err);
}
