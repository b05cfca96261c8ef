/* X.509 certificates: decoded once, judged in one place for TLS and for message signatures alike.
 *
 * Decoding costs more than verifying an RSA signature (OpenSSL 3.0), so cert_cached() remembers by the bytes.
 * Certificates are immutable and reference counted; they may be shared between threads. */
#ifndef CRYPTO_CERT_H
#define CRYPTO_CERT_H

#include "base/arena.h"
#include "base/findings.h"
#include "crypto/digest.h"

struct cert;

enum key_kind { KEY_KIND_RSA, KEY_KIND_P256, KEY_KIND_ED25519, KEY_KIND_X25519, KEY_KIND_OTHER };

/* DER, or PEM with exactly one certificate. The caller unrefs. */
enum err_code cert_parse(struct bytes text, struct cert **cert, struct err *err) MUST_USE;
/* The same for DER through a bounded process-wide cache. The caller unrefs. */
enum err_code cert_cached(struct bytes der, struct cert **cert, struct err *err) MUST_USE;
struct cert *cert_ref(struct cert *cert);
void cert_unref(struct cert *cert);
static inline void cert_unref_(struct cert **cert)
{
	cert_unref(*cert);
}
#define cert_auto __attribute__((cleanup(cert_unref_), unused)) struct cert *

/* Whether CERT is one of the certificates in TEXT (PEM, one after another), or has been issued and signed by one: then
 * TLS that trusts TEXT has a path to it. */
enum err_code cert_issued_among(const struct cert *cert, struct bytes text, bool *issued, struct err *err) MUST_USE;

/* Properties; all belong to the certificate. */
struct bytes cert_der(const struct cert *cert);
const char *cert_fingerprint(const struct cert *cert); /* SHA-256 of the DER, 64 lower-case hex digits */
const char *cert_subject(const struct cert *cert);     /* RFC 2253 text, for people only: never compared */
const char *cert_issuer(const struct cert *cert);
const char *cert_serial(const struct cert *cert); /* decimal, as in ds:X509SerialNumber */
struct bytes cert_ski(const struct cert *cert);   /* value of the SubjectKeyIdentifier extension; empty if absent */
enum key_kind cert_key_kind(const struct cert *cert);
unsigned cert_key_bits(const struct cert *cert);
bool cert_same_key(const struct cert *cert, const struct cert *other);
int64_t cert_not_before_us(const struct cert *cert);
int64_t cert_not_after_us(const struct cert *cert);

/* True if TEXT (RFC 2253 / 4514, as in ds:X509IssuerName) names the issuer. Compared as DER after parsing attribute by
 * attribute, because stacks differ in blanks, escapes and the names of newer attributes (2.5.4.97 as OID or
 * organizationIdentifier). */
bool cert_issuer_matches(const struct cert *cert, const char *text);

/* --- Trust ---
 *
 * What one partner (or one purpose) is believed by: certificates pinned as such, and anchors with what they issued.
 * Revocation lists apply to both. Immutable once built. */
enum cert_use { CERT_USE_SIGN, CERT_USE_DECRYPT, CERT_USE_TLS_SERVER, CERT_USE_TLS_CLIENT };

struct trust;

struct trust_policy {
	bool require_crl;     /* a missing revocation list refuses */
	int64_t crl_grace_us; /* how long after nextUpdate a list is still used, with a warning; 0 refuses at once */
};

struct trust *trust_new(const struct trust_policy *policy); /* NULL out of memory */
void trust_free(struct trust *trust);
enum err_code trust_pin(struct trust *trust, const struct cert *cert, struct err *err) MUST_USE;
enum err_code trust_anchor(struct trust *trust, const struct cert *anchor, struct err *err) MUST_USE;
enum err_code trust_intermediate(struct trust *trust, const struct cert *cert, struct err *err) MUST_USE;
/* Signs revocation lists, and nothing else is believed of it: what lets a list be used for a pinned certificate whose
 * issuer is no anchor. */
enum err_code trust_issuer(struct trust *trust, const struct cert *cert, struct err *err) MUST_USE;
/* PEM or DER; its signature is checked when it is used. If none of an issuer's lists was signed by a certificate that
 * is known (its path's, or trust_issuer's), what that issuer issued is refused: CRT-012. */
enum err_code trust_crl(struct trust *trust, struct bytes text, struct err *err) MUST_USE;

/* A revocation list by itself, read and checked as trust_crl() does. Texts and DER are ARENA's. */
struct crl_info {
	const char *issuer; /* for people, as cert_subject() */
	struct bytes der;
	char fingerprint[SHA256_HEX_SIZE]; /* SHA-256 of the DER */
	int64_t this_update_us, next_update_us;
};
enum err_code crl_read(struct arena *arena, struct bytes text, struct crl_info *info, struct err *err) MUST_USE;
/* True if AUTHORITY has signed the list DER and is named as its issuer. */
bool crl_signed_by(struct bytes der, const struct cert *authority);

/* How a list stands: fresh; in the last tenth of the time from its thisUpdate to its nextUpdate, when its successor is
 * wanted; after it, but within the policy's grace; after that, when it refuses all that its issuer has issued. */
enum crl_state { CRL_FRESH, CRL_DUE, CRL_LATE, CRL_OVERDUE };
struct crl_standing {
	const char *issuer; /* for people */
	char fingerprint[SHA256_HEX_SIZE];
	int64_t this_update_us, next_update_us;
	int64_t until_us; /* the end of the grace */
	enum crl_state state;
};
struct crl_standings {
	struct crl_standing *items; /* ARENA's */
	size_t count;
};
/* Of each authority that trust_issuer() named, the list that counts at AT_US: the one that it issued last. */
enum err_code trust_lists(const struct trust *trust, int64_t at_us, struct arena *arena, struct crl_standings *lists,
			  struct err *err) MUST_USE;

/* Rules CRT-001 …: unknown, not yet valid, expired, revoked, wrong use, weak key, broken path, revocation list missing,
 * overdue or not to be checked, X.509 version. */
extern const struct rule cert_rules[];
#define CERT_RULE_LIST_MISSING   "CRT-008"
#define CERT_RULE_LIST_OVERDUE   "CRT-009"
#define CERT_RULE_LIST_UNCHECKED "CRT-012"

/* Judges CERT for USE at AT_US. INTERMEDIATES: further certificates that came with it. True if it may be believed; else
 * FINDINGS say why (all reasons that can be known). An overdue list within the grace is a warning. */
bool cert_judge(const struct cert *cert, struct cert *const *intermediates, size_t count, enum cert_use use,
		const struct trust *trust, int64_t at_us, struct findings *findings);

/* What cert_judge() decides by for CERT: CERT itself, the certificates above it that TRUST knows (its path, or who
 * signs its issuer's lists), and the lists of its issuer. For evidence: kept with what was accepted. */
struct cert_ground {
	bool list;                         /* a revocation list, else a certificate */
	char fingerprint[SHA256_HEX_SIZE]; /* SHA-256 of the DER */
};
struct cert_grounds {
	struct cert_ground *items; /* CERT first; ARENA's */
	size_t count;
};
enum err_code cert_grounds(const struct cert *cert, const struct trust *trust, struct arena *arena,
			   struct cert_grounds *grounds, struct err *err) MUST_USE;

#endif
