/* Signed JSON: the flattened JSON serialisation of JWS (RFC 7515 §7.2.2) with the signer's certificate in it, so that
 * nothing has to be canonicalised and any JOSE library verifies it. */
#ifndef MESSAGING_JWS_INT_H
#define MESSAGING_JWS_INT_H

#include "codec/field.h"
#include "crypto/keys.h"

struct jws {
	struct bytes payload; /* not trusted unless .verified */
	struct cert *cert;    /* the signer's; NULL: a finding says why. The caller unrefs */
	bool verified;        /* its key has signed the payload; whether it is believed is another question */
};

/* Appends PAYLOAD as signed by KEY, whose certificate goes with it. TYPE: of the media, without "application/". */
enum err_code jws_put(struct keys *keys, const struct key_info *key, const char *type, struct bytes payload,
		      struct buf *out, struct err *err) MUST_USE;
/* Whether keys of KIND can sign so. */
bool jws_can_sign(enum key_kind kind);

/* Reads TEXT and verifies it as far as that goes; what is wrong with it is in FINDINGS (JWS-001 …), all at once. */
enum err_code jws_read(struct arena *arena, struct bytes text, const char *type, struct jws *jws,
		       struct findings *findings, struct err *err) MUST_USE;

#endif
