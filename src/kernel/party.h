/* Who takes part: our organisations (seats at this node) and our partners (other nodes). */
#ifndef KERNEL_PARTY_H
#define KERNEL_PARTY_H

#include "kernel/kernel.h"

/* A seat at this node. Users, documents and visibility belong to it. */
struct organisation {
	const char *code; /* "customs", "dft"; unique in the node; [a-z0-9-]{2,32} */
	const char *seat; /* its kind: one of organisation_seat() */
	const char *name; /* "Department of Foreign Trade" */
};
struct organisation_list {
	struct organisation *items;
	size_t count;
};
/* The kinds of seat, "customs" first; NULL after the last. */
const char *organisation_seat(size_t index);
/* ERR_INVALID for a code or a seat that there cannot be, ERR_CONFLICT for a code that there is. */
enum err_code organisation_add(struct tx *tx, const struct organisation *organisation, const struct actor *actor,
			       int64_t now_us, struct err *err) MUST_USE;
enum err_code organisation_list(struct tx *tx, struct arena *arena, struct organisation_list *list,
				struct err *err) MUST_USE;
/* By code; *ORGANISATION.code is NULL if there is none. */
enum err_code organisation_find(struct tx *tx, struct arena *arena, const char *code, struct organisation *organisation,
				struct err *err) MUST_USE;
/* The only organisation with SEAT; ERR_NOT_FOUND if there is none, ERR_CONFLICT if there are several (then one must be
 * named). */
enum err_code organisation_of_seat(struct tx *tx, struct arena *arena, const char *seat,
				   struct organisation *organisation, struct err *err) MUST_USE;

/* Another node, and how we speak with it. */
struct partner {
	const char *code; /* "TH": the member state, or another short name; unique */
	const char *name;
	const char *party_id, *party_type; /* as in eb:PartyId */
	const char *endpoint;              /* URL */
	const char *profile;               /* security profile: "edelivery-1.15", "edelivery-2.0", "ecdsa-p256" */
	const char *token;                 /* how we name our certificate: "bst", "ski", "issuer-serial" */
	const char *status;                /* "active", "suspended" */
	const char *binding;               /* "as4", "ebms2"; NULL when it is written: "as4" */
};
struct partner_list {
	struct partner *items;
	size_t count;
};

/* A partner's certificate: pinned leaf or authority that issues its certificates. */
struct partner_certificate {
	const char *partner;
	const char *use;         /* "sign", "encrypt", "tls" (pinned); "issuer" of lists, "crl" */
	const char *fingerprint; /* SHA-256 of the DER, hexadecimal */
	struct bytes der;
	int64_t added_us;
	int64_t until_us; /* withdrawn from then on; TIME_NONE */
};
/* It is there, and not withdrawn by NOW_US. */
bool partner_certificate_live(const struct partner_certificate *certificate, int64_t now_us);
struct partner_certificate_list {
	struct partner_certificate *items;
	size_t count;
};

enum err_code partner_add(struct tx *tx, const struct partner *partner, const struct actor *actor, int64_t now_us,
			  struct err *err) MUST_USE;
/* Everything but the code; ERR_NOT_FOUND if there is no such partner. */
enum err_code partner_change(struct tx *tx, const struct partner *partner, const struct actor *actor, int64_t now_us,
			     struct err *err) MUST_USE;
enum err_code partner_list(struct tx *tx, struct arena *arena, struct partner_list *list, struct err *err) MUST_USE;
/* .code is NULL if there is none. */
enum err_code partner_find(struct tx *tx, struct arena *arena, const char *code, struct partner *partner,
			   struct err *err) MUST_USE;
enum err_code partner_find_party(struct tx *tx, struct arena *arena, const char *party_id, const char *party_type,
				 struct partner *partner, struct err *err) MUST_USE;
/* Adding a known one again changes only its .until_us: that is how one is withdrawn. Its DER is kept for ever as a
 * credential (kernel/credential.h). ERR_CONFLICT if its key is pinned (sign, encrypt, tls) for another partner: who
 * speaks by it would be both, and what is encrypted for the one the other could open. Issuers and lists may be shared.
 */
enum err_code partner_certificate_add(struct tx *tx, const struct partner_certificate *certificate,
				      const struct actor *actor, int64_t now_us, struct err *err) MUST_USE;
/* ERR_CONFLICT if the key of CERTIFICATE is pinned for another partner, or the certificate is this node's own. */
enum err_code partner_certificate_check(struct tx *tx, const struct partner_certificate *certificate, int64_t now_us,
					struct err *err) MUST_USE;
enum err_code partner_certificates(struct tx *tx, struct arena *arena, const char *partner,
				   struct partner_certificate_list *list, struct err *err) MUST_USE;
/* Grows with every change of partners, their certificates or agreements: a snapshot with the same value is current. */
enum err_code partner_revision(struct tx *tx, int64_t *revision, struct err *err) MUST_USE;

#endif
