/* What writing and opening envelopes share: OpenSSL reads from and writes to functions of ours. */
#ifndef CRYPTO_ENVELOPE_INT_H
#define CRYPTO_ENVELOPE_INT_H

#include <openssl/cms.h>

#include "crypto/crypto_int.h"
#include "crypto/envelope.h"

static inline void cms_done_(CMS_ContentInfo **cms)
{
	CMS_ContentInfo_free(*cms);
}
#define cms_auto __attribute__((cleanup(cms_done_), unused)) CMS_ContentInfo *

/* One end of a pipe through OpenSSL, which has no place for our reasons: the first failure stays in here. */
struct envelope_port {
	enum err_code (*write)(struct envelope_port *port, struct bytes piece, struct err *err);
	enum err_code (*read)(struct envelope_port *port, uint8_t *into, size_t room, size_t *got, struct err *err);
	void *own;
	enum err_code code;
	struct err err;
};
BIO *envelope_bio(struct envelope_port *port); /* NULL out of memory */

#endif
