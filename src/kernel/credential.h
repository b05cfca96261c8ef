/* Certificates and revocation lists by which signatures were judged. Each is kept once and for ever, whatever becomes
 * of the partner or the key, so that evidence can show what was known when something was accepted. */
#ifndef KERNEL_CREDENTIAL_H
#define KERNEL_CREDENTIAL_H

#include "kernel/kernel.h"

struct credential {
	const char *kind;        /* "certificate", "crl" */
	const char *fingerprint; /* SHA-256 of the DER, hexadecimal */
	struct bytes der;
};

/* What one signature was believed by: the signer's certificate first, then whoever vouches for it, and lists. */
struct basis {
	const char *id; /* basis_id() of the items: what signatures that were judged alike have in common */
	struct credential *items;
	size_t count;
};

/* SHA-256 over the fingerprints in order, hexadecimal; NULL out of memory. */
char *basis_id(struct arena *arena, const struct credential *items, size_t count);

/* Keeps CREDENTIAL, unless it is there. */
enum err_code credential_keep(struct tx *tx, const struct credential *credential, int64_t now_us,
			      struct err *err) MUST_USE;
/* Whether the credential with FINGERPRINT is kept. */
enum err_code credential_known(struct tx *tx, const char *fingerprint, bool *known, struct err *err) MUST_USE;
/* By the id of a basis, with the DER of each item; .count is 0 if there is none. */
enum err_code basis_find(struct tx *tx, struct arena *arena, const char *id, struct basis *basis,
			 struct err *err) MUST_USE;

#endif
