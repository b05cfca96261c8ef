/* One judgement of certificates, for TLS and for signatures. Each check adds its own findings; none hides another's. */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/date.h"
#include "crypto/trust_int.h"

#define SENT_INTERMEDIATES_MAX 8 /* of those that come with a certificate; a longer path is nobody's */
#define PATH_DEPTH_MAX         8
#define SECURITY_BITS          112 /* RSA 2048, SHA-224: NIST SP 800-57 part 1, table 2; what eDelivery AS4 asks for */
#define AUTH_LEVEL             2   /* OpenSSL's name for 112 bits */
#define NAME_LINE              256 /* of a name in a finding */

/* clang-format off */
enum { UNKNOWN, NOT_YET, EXPIRED, REVOKED, WRONG_USE, WEAK, BROKEN, LIST_MISSING, LIST_OVERDUE, LIST_LATE, EXTENSION, LIST_UNCHECKED, VERSION };
const struct rule cert_rules[] = {
	[UNKNOWN]      = { "CRT-001", "the certificate of {1} is neither pinned nor issued by a trusted anchor", "RFC 5280 6.1", SEVERITY_ERROR },
	[NOT_YET]      = { "CRT-002", "the certificate of {1} is not valid before {2}", "RFC 5280 4.1.2.5", SEVERITY_ERROR },
	[EXPIRED]      = { "CRT-003", "the certificate of {1} expired at {2}", "RFC 5280 4.1.2.5", SEVERITY_ERROR },
	[REVOKED]      = { "CRT-004", "the certificate of {1} was revoked at {2}", "RFC 5280 5.3", SEVERITY_ERROR },
	[WRONG_USE]    = { "CRT-005", "the certificate of {1} must not be used for {2}", "RFC 5280 4.2.1.3", SEVERITY_ERROR },
	[WEAK]         = { "CRT-006", "the key of {1} is weaker than RSA with 2048 bits", NULL, SEVERITY_ERROR },
	[BROKEN]       = { "CRT-007", "the path from the certificate of {1} to its anchor is broken: {2}", "RFC 5280 6.1", SEVERITY_ERROR },
	[LIST_MISSING] = { CERT_RULE_LIST_MISSING, "there is no usable revocation list of {2} for the certificate of {1}", "RFC 5280 6.3", SEVERITY_ERROR },
	[LIST_OVERDUE] = { CERT_RULE_LIST_OVERDUE, "the revocation list of {1} was to be replaced by {2}", "RFC 5280 5.1.2.5", SEVERITY_ERROR },
	[LIST_LATE]    = { "CRT-010", "the revocation list of {1} was to be replaced by {2} and is used within the grace", "RFC 5280 5.1.2.5", SEVERITY_WARNING },
	[EXTENSION]    = { "CRT-011", "the certificate of {1} has an extension that is critical and not understood, or malformed", "RFC 5280 4.2", SEVERITY_ERROR },
	[LIST_UNCHECKED] = { CERT_RULE_LIST_UNCHECKED, "the revocation list of {2} for the certificate of {1} cannot be checked: no certificate is known whose key signed it", "RFC 5280 6.3.3", SEVERITY_ERROR },
	[VERSION]      = { "CRT-013", "the certificate of {1} is not of X.509 version 3: nothing in it can say what its key is for", "RFC 5280 4.1.2.1", SEVERITY_ERROR },
	{ 0 },
};
/* clang-format on */

struct judgement {
	const struct cert *cert;
	struct cert *const *sent;
	size_t sent_count;
	enum cert_use use;
	const struct trust *trust;
	int64_t at_us;
	struct findings *findings;
	STACK_OF(X509) * path;          /* from the certificate to what issued it and on; NULL if nothing is known */
	const struct rule *broken_rule; /* why there is no path to an anchor */
	char broken_why[160];
};

static void find_fault(struct judgement *j, int rule, const char *first, const char *second)
{
	finding_add(j->findings, &cert_rules[rule], "", first, second);
}

static void find_time(struct judgement *j, int rule, const char *who, int64_t time_us)
{
	char text[TIME_SIZE];

	find_fault(j, rule, who, time_format(time_us, text));
}

static void check_validity(struct judgement *j)
{
	const char *who = cert_subject(j->cert);

	if (j->at_us < cert_not_before_us(j->cert))
		find_time(j, NOT_YET, who, cert_not_before_us(j->cert));
	/* The second that notAfter names is still within (RFC 5280 §4.1.2.5). */
	if (j->at_us >= cert_not_after_us(j->cert) + SECOND_US)
		find_time(j, EXPIRED, who, cert_not_after_us(j->cert));
}

#define SIGNING (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)

/* What a key of a kind is used for, and the bits of which one must be set if the extension is there. No row: never. */
static const struct use_row {
	enum cert_use use;
	enum key_kind kind;
	uint32_t usage;
	uint32_t extended;
} uses[] = {
	{ CERT_USE_SIGN, KEY_KIND_RSA, SIGNING, 0 },
	{ CERT_USE_SIGN, KEY_KIND_P256, SIGNING, 0 },
	{ CERT_USE_SIGN, KEY_KIND_ED25519, SIGNING, 0 },
	{ CERT_USE_DECRYPT, KEY_KIND_RSA, KU_KEY_ENCIPHERMENT, 0 },
	{ CERT_USE_DECRYPT, KEY_KIND_P256, KU_KEY_AGREEMENT, 0 },
	{ CERT_USE_DECRYPT, KEY_KIND_X25519, KU_KEY_AGREEMENT, 0 },
	{ CERT_USE_TLS_SERVER, KEY_KIND_RSA, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT, XKU_SSL_SERVER },
	{ CERT_USE_TLS_SERVER, KEY_KIND_P256, KU_DIGITAL_SIGNATURE, XKU_SSL_SERVER },
	{ CERT_USE_TLS_SERVER, KEY_KIND_ED25519, KU_DIGITAL_SIGNATURE, XKU_SSL_SERVER },
	{ CERT_USE_TLS_SERVER, KEY_KIND_OTHER, KU_DIGITAL_SIGNATURE, XKU_SSL_SERVER }, /* other curves */
	{ CERT_USE_TLS_CLIENT, KEY_KIND_RSA, KU_DIGITAL_SIGNATURE, XKU_SSL_CLIENT },
	{ CERT_USE_TLS_CLIENT, KEY_KIND_P256, KU_DIGITAL_SIGNATURE, XKU_SSL_CLIENT },
	{ CERT_USE_TLS_CLIENT, KEY_KIND_ED25519, KU_DIGITAL_SIGNATURE, XKU_SSL_CLIENT },
	{ CERT_USE_TLS_CLIENT, KEY_KIND_OTHER, KU_DIGITAL_SIGNATURE, XKU_SSL_CLIENT },
};

static const char *const use_texts[] = {
	[CERT_USE_SIGN] = "signing messages",
	[CERT_USE_DECRYPT] = "encrypting messages to it",
	[CERT_USE_TLS_SERVER] = "a TLS server",
	[CERT_USE_TLS_CLIENT] = "a TLS client",
};

static const struct use_row *use_row(enum cert_use use, enum key_kind kind)
{
	for (size_t i = 0; i < COUNT(uses); i++)
		if (uses[i].use == use && uses[i].kind == kind)
			return &uses[i];
	return NULL;
}

/* Key usage is required of authorities only; its absence from an end entity restricts nothing (RFC 5280 §4.2.1.3), and
 * OpenSSL gives all bits then. So such a certificate is good for what its kind of key can do, pinned or by a path. */
static void check_use(struct judgement *j)
{
	const struct use_row *row = use_row(j->use, cert_key_kind(j->cert));
	X509 *x509 = cert_x509(j->cert);
	bool fits = row && (X509_get_key_usage(x509) & row->usage) != 0 &&
		    (row->extended == 0 || (X509_get_extended_key_usage(x509) & row->extended) != 0);

	if (!fits)
		find_fault(j, WRONG_USE, cert_subject(j->cert), use_texts[j->use]);
}

/* Versions 1 and 2 have no extensions: what would be a leaf of an authority can then not be told from an authority, nor
 * can its use be constrained. An anchor alone may be that old: it is believed for having been put there (§6.1.1 (d)).
 */
static void check_version(struct judgement *j)
{
	if (X509_get_version(cert_x509(j->cert)) != X509_VERSION_3)
		find_fault(j, VERSION, cert_subject(j->cert), NULL);
}

static void check_strength(struct judgement *j)
{
	EVP_PKEY *key = cert_key(j->cert);

	if (!key || EVP_PKEY_get_security_bits(key) < SECURITY_BITS)
		find_fault(j, WEAK, cert_subject(j->cert), NULL);
}

static void check_extensions(struct judgement *j)
{
	if ((X509_get_extension_flags(cert_x509(j->cert)) & (EXFLAG_CRITICAL | EXFLAG_INVALID)) != 0)
		find_fault(j, EXTENSION, cert_subject(j->cert), NULL);
}

/* --- The path --- */

/* What is known of who signed CERT; NULL: it is not pinned. */
static struct signer *pinned(const struct trust *trust, const struct cert *cert)
{
	for (size_t i = 0; i < trust->pin_count; i++)
		if (memcmp(trust->pins[i], cert_digest(cert), SHA256_SIZE) == 0)
			return &trust->signers->of_pins[i];
	return NULL;
}

/* What means that no anchor was reached, rather than that something on the way is wrong. */
static bool means_unknown(int error)
{
	static const int errors[] = {
		X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
		X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
		X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
		X509_V_ERR_CERT_UNTRUSTED,
		X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
	};

	for (size_t i = 0; i < COUNT(errors); i++)
		if (errors[i] == error)
			return true;
	return false;
}

/* What the other checks say of the certificate itself, and to the second that RFC 5280 means. */
static bool is_checked_elsewhere(int error, int depth)
{
	return depth == 0 && (error == X509_V_ERR_CERT_NOT_YET_VALID || error == X509_V_ERR_CERT_HAS_EXPIRED ||
			      error == X509_V_ERR_EE_KEY_TOO_SMALL || error == X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION);
}

static int on_path_error(int good, X509_STORE_CTX *ctx)
{
	struct judgement *j = X509_STORE_CTX_get_app_data(ctx);
	int error = X509_STORE_CTX_get_error(ctx);

	if (good)
		return 1;
	if (is_checked_elsewhere(error, X509_STORE_CTX_get_error_depth(ctx))) {
		/* An error left standing would later be taken for the reason why there is no anchor, and be forgiven
		 * again. */
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	j->broken_rule = &cert_rules[means_unknown(error) ? UNKNOWN : BROKEN];
	snprintf(j->broken_why, sizeof(j->broken_why), "%s (step %d)", X509_verify_cert_error_string(error),
		 X509_STORE_CTX_get_error_depth(ctx));
	return 0;
}

/* Own intermediates and those that came along. NULL out of memory. The certificates stay their owners'. */
static STACK_OF(X509) * gather(const struct judgement *j)
{
	STACK_OF(X509) *all = sk_X509_dup(j->trust->intermediates);

	for (size_t i = 0; all && i < j->sent_count && i < SENT_INTERMEDIATES_MAX; i++) {
		if (sk_X509_push(all, cert_x509(j->sent[i])) == 0) {
			sk_X509_free(all);
			return NULL;
		}
	}
	return all;
}

static bool set_up_path(struct judgement *j, X509_STORE_CTX *ctx, STACK_OF(X509) * untrusted)
{
	X509_VERIFY_PARAM *param;

	if (X509_STORE_CTX_init(ctx, j->trust->store, cert_x509(j->cert), untrusted) != 1)
		return false;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)(j->at_us / SECOND_US));
	X509_VERIFY_PARAM_set_depth(param, PATH_DEPTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_STORE_CTX_set_verify_cb(ctx, on_path_error);
	return X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY) == 1 && X509_STORE_CTX_set_app_data(ctx, j) == 1;
}

/* What forgiving an error could have cost, asked once more without OpenSSL's state. */
static bool ends_at_anchor(const struct judgement *j, STACK_OF(X509) * path)
{
	const X509 *last = sk_X509_value(path, sk_X509_num(path) - 1);

	for (int i = 0; last && i < sk_X509_num(j->trust->anchors); i++)
		if (X509_cmp(sk_X509_value(j->trust->anchors, i), last) == 0)
			return true;
	return false;
}

/* j->path to an anchor, or j->broken_rule. */
static void build_path(struct judgement *j, STACK_OF(X509) * untrusted)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	j->broken_rule = &cert_rules[BROKEN]; /* unless all goes well, also out of memory */
	if (ctx && set_up_path(j, ctx, untrusted) && X509_verify_cert(ctx) == 1 &&
	    ends_at_anchor(j, X509_STORE_CTX_get0_chain(ctx))) {
		j->path = X509_STORE_CTX_get1_chain(ctx);
		j->broken_rule = j->path ? NULL : &cert_rules[BROKEN];
	}
	X509_STORE_CTX_free(ctx);
}

/* True if ISSUER's key verifies WHAT, now or when that was found before. KNOWN NULL: nothing is remembered. */
static bool signed_by(const struct trust *trust, struct signer *known, bool (*verify)(void *what, EVP_PKEY *key),
		      void *what, X509 *issuer)
{
	struct signer signer = { .known = true };
	pthread_mutex_t *lock = &trust->signers->lock;

	if (!known)
		return verify(what, X509_get0_pubkey(issuer));
	if (X509_digest(issuer, EVP_sha256(), signer.digest, NULL) != 1)
		return false;
	pthread_mutex_lock(lock);
	bool found = known->known && memcmp(known->digest, signer.digest, SHA256_SIZE) == 0;
	pthread_mutex_unlock(lock);
	if (found)
		return true;

	if (!verify(what, X509_get0_pubkey(issuer)))
		return false;
	pthread_mutex_lock(lock);
	*known = signer;
	pthread_mutex_unlock(lock);
	return true;
}

static bool cert_verifies(void *x509, EVP_PKEY *key)
{
	return X509_verify(x509, key) == 1;
}

static X509 *issuer_among(const struct judgement *j, STACK_OF(X509) * candidates)
{
	X509 *x509 = cert_x509(j->cert);
	struct signer *known = pinned(j->trust, j->cert);

	for (int i = 0; i < sk_X509_num(candidates); i++) {
		X509 *candidate = sk_X509_value(candidates, i);
		if (X509_check_issued(candidate, x509) == X509_V_OK &&
		    signed_by(j->trust, known, cert_verifies, x509, candidate))
			return candidate;
	}
	return NULL;
}

/* Without a path to an anchor the issuer may still be known, and with it a list that revokes. */
static void find_issuer(struct judgement *j, STACK_OF(X509) * untrusted)
{
	X509 *x509 = cert_x509(j->cert);
	X509 *issuer = issuer_among(j, j->trust->anchors);

	if (!issuer)
		issuer = issuer_among(j, j->trust->issuers);
	if (!issuer)
		issuer = issuer_among(j, untrusted);
	j->path = sk_X509_new_null();
	if (!j->path || X509_add_cert(j->path, x509, X509_ADD_FLAG_UP_REF) != 1 ||
	    (issuer && X509_add_cert(j->path, issuer, X509_ADD_FLAG_UP_REF) != 1))
		find_fault(j, BROKEN, cert_subject(j->cert), "no memory left");
}

static void check_path(struct judgement *j)
{
	STACK_OF(X509) *untrusted = gather(j);

	if (!untrusted) {
		find_fault(j, BROKEN, cert_subject(j->cert), "no memory left");
		return;
	}
	if (!pinned(j->trust, j->cert)) {
		build_path(j, untrusted);
		if (j->broken_rule)
			finding_add(j->findings, j->broken_rule, "", cert_subject(j->cert), j->broken_why);
	}
	if (!j->path)
		find_issuer(j, untrusted);
	sk_X509_free(untrusted);
}

STACK_OF(X509) * trust_path(const struct cert *cert, const struct trust *trust)
{
	arena_auto arena = arena_new((size_t)1 << 16);
	struct judgement j = {
		.cert = cert,
		.trust = trust,
		.at_us = cert_not_before_us(cert),
		.findings = arena ? findings_new(arena) : NULL, /* why it is not believed is not asked here */
	};

	if (j.findings)
		check_path(&j);
	ERR_clear_error();
	return j.path;
}

/* --- Revocation --- */

static bool list_verifies(void *crl, EVP_PKEY *key)
{
	return X509_CRL_verify(crl, key) == 1;
}

static bool list_signed_by(const struct trust *trust, size_t index, X509 *issuer)
{
	return (X509_get_key_usage(issuer) & KU_CRL_SIGN) != 0 &&
	       signed_by(trust, &trust->signers->of_lists[index], list_verifies, trust->lists[index].crl, issuer);
}

/* By ISSUER (NULL: not known), or by who was named as a signer of lists and has the name that the list gives. */
static bool list_checked(const struct trust *trust, size_t index, X509 *issuer)
{
	const X509_NAME *name = X509_CRL_get_issuer(trust->lists[index].crl);

	if (issuer && list_signed_by(trust, index, issuer))
		return true;
	for (int i = 0; i < sk_X509_num(trust->issuers); i++) {
		X509 *other = sk_X509_value(trust->issuers, i);
		if (X509_NAME_cmp(X509_get_subject_name(other), name) == 0 && list_signed_by(trust, index, other))
			return true;
	}
	return false;
}

/* The beginning of the name, for a finding. Only then: to write a name costs more than to judge by a list. */
static const char *name_line(const X509_NAME *name, char text[static NAME_LINE])
{
	bio_auto out = BIO_new(BIO_s_mem());
	struct bytes line = { 0 };

	if (out && X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) >= 0)
		line = bio_bytes(out);
	size_t length = line.size < NAME_LINE ? line.size : NAME_LINE - 1;
	if (length > 0)
		memcpy(text, line.data, length);
	text[length] = '\0';
	return text;
}

/* Also from an overdue list, and from one made after AT_US: its issuer has said it, and from when. */
static void check_listed(struct judgement *j, const struct list *list, X509 *x509)
{
	char who[NAME_LINE];
	X509_REVOKED *entry = NULL;

	if (X509_CRL_get0_by_cert(list->crl, &entry, x509) != 1)
		return;
	int64_t revoked_us = asn1_time_us(X509_REVOKED_get0_revocationDate(entry));
	if (revoked_us <= j->at_us) /* TIME_NONE is before all times */
		find_time(j, REVOKED, name_line(X509_get_subject_name(x509), who), revoked_us);
}

static enum crl_state list_state(const struct trust *trust, const struct list *list, int64_t at_us)
{
	int64_t period_us = list->next_update_us - list->this_update_us;

	if (at_us > list->next_update_us + trust->policy.crl_grace_us)
		return CRL_OVERDUE;
	if (at_us > list->next_update_us)
		return CRL_LATE;
	return at_us >= list->next_update_us - period_us / 10 ? CRL_DUE : CRL_FRESH;
}

static void check_freshness(struct judgement *j, const struct list *list, X509 *x509)
{
	char who[NAME_LINE], by[NAME_LINE];
	const X509_NAME *issuer = X509_get_issuer_name(x509);

	if (!list) {
		if (j->trust->policy.require_crl)
			find_fault(j, LIST_MISSING, name_line(X509_get_subject_name(x509), who), name_line(issuer, by));
		return;
	}
	enum crl_state state = list_state(j->trust, list, j->at_us);
	if (state == CRL_OVERDUE)
		find_time(j, LIST_OVERDUE, name_line(issuer, by), list->next_update_us);
	else if (state == CRL_LATE)
		find_time(j, LIST_LATE, name_line(issuer, by), list->next_update_us);
}

/* Issued last (RFC 5280 §5.1.2.4); which of two is to be replaced later says nothing of that. */
static bool is_fresher(const struct list *list, const struct list *than)
{
	return !than || list->this_update_us > than->this_update_us ||
	       (list->this_update_us == than->this_update_us && list->next_update_us > than->next_update_us);
}

/* Among all lists of LIST's issuer that can be checked at AT_US. */
static bool is_freshest(const struct trust *trust, size_t index, int64_t at_us)
{
	const struct list *list = &trust->lists[index];

	for (size_t i = 0; i < trust->list_count; i++) {
		const struct list *other = &trust->lists[i];
		if (i != index && other->this_update_us <= at_us && is_fresher(other, list) &&
		    X509_NAME_cmp(X509_CRL_get_issuer(other->crl), X509_CRL_get_issuer(list->crl)) == 0 &&
		    list_checked(trust, i, NULL))
			return false;
	}
	return list->this_update_us <= at_us && list_checked(trust, index, NULL);
}

static bool describe_standing(const struct trust *trust, const struct list *list, int64_t at_us, struct arena *arena,
			      struct crl_standing *item)
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	*item = (struct crl_standing){ .issuer = list_issuer(arena, list),
				       .this_update_us = list->this_update_us,
				       .next_update_us = list->next_update_us,
				       .until_us = list->next_update_us + trust->policy.crl_grace_us,
				       .state = list_state(trust, list, at_us) };
	if (!item->issuer || X509_CRL_digest(list->crl, EVP_sha256(), digest, NULL) != 1)
		return false;
	hex_of(digest, item->fingerprint);
	return true;
}

enum err_code trust_lists(const struct trust *trust, int64_t at_us, struct arena *arena, struct crl_standings *lists,
			  struct err *err)
{
	struct crl_standings found = { arena_array(arena, trust->list_count + 1, sizeof(*found.items)), 0 };
	bool good = found.items != NULL;

	for (size_t i = 0; good && i < trust->list_count; i++)
		if (is_freshest(trust, i, at_us))
			good = describe_standing(trust, &trust->lists[i], at_us, arena, &found.items[found.count++]);
	ERR_clear_error();
	if (!good)
		return fail(err, ERR_MEMORY, "no memory left for the revocation lists");
	*lists = found;
	return OK;
}

/* ISSUER NULL: not known. A list that nobody can check beside one that can is somebody else's; one that stands alone
 * may be the one that revokes, so it is not passed over. */
static void check_revocation_of(struct judgement *j, X509 *x509, X509 *issuer)
{
	char who[NAME_LINE], by[NAME_LINE];
	const X509_NAME *issuer_name = X509_get_issuer_name(x509);
	const struct list *freshest = NULL;
	bool unchecked = false, checked = false;

	for (size_t i = 0; i < j->trust->list_count; i++) {
		const struct list *list = &j->trust->lists[i];
		if (X509_NAME_cmp(X509_CRL_get_issuer(list->crl), issuer_name) != 0)
			continue;
		if (!list_checked(j->trust, i, issuer)) {
			unchecked = true;
			continue;
		}
		checked = true;
		check_listed(j, list, x509);
		if (list->this_update_us <= j->at_us && is_fresher(list, freshest))
			freshest = list;
	}
	if (unchecked && !checked)
		find_fault(j, LIST_UNCHECKED, name_line(X509_get_subject_name(x509), who), name_line(issuer_name, by));
	else
		check_freshness(j, freshest, x509);
}

/* An anchor, and a pinned certificate that signs itself, are withdrawn by whoever put them there, not by a list. */
static void check_revocation(struct judgement *j)
{
	for (int i = 0; i < sk_X509_num(j->path); i++) {
		X509 *x509 = sk_X509_value(j->path, i);
		X509 *issuer = i + 1 < sk_X509_num(j->path) ? sk_X509_value(j->path, i + 1) : NULL;
		bool known_issuer_only = i > 0 && !issuer;
		if (!known_issuer_only && X509_self_signed(x509, 1) != 1)
			check_revocation_of(j, x509, issuer);
	}
}

bool cert_judge(const struct cert *cert, struct cert *const *intermediates, size_t count, enum cert_use use,
		const struct trust *trust, int64_t at_us, struct findings *findings)
{
	static void (*const checks[])(struct judgement *) = { check_path,      check_validity, check_version,
							      check_use,       check_strength, check_extensions,
							      check_revocation };
	size_t before = findings_errors(findings);
	struct judgement j = {
		.cert = cert,
		.sent = intermediates,
		.sent_count = count,
		.use = use,
		.trust = trust,
		.at_us = at_us,
		.findings = findings,
	};

	for (size_t i = 0; i < COUNT(checks); i++)
		checks[i](&j);
	sk_X509_pop_free(j.path, X509_free);
	ERR_clear_error();
	return findings_errors(findings) == before;
}
