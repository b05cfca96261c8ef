#ifndef NATIONAL_WEBHOOK_INT_H
#define NATIONAL_WEBHOOK_INT_H

#include "national/national.h"

#define WEBHOOK_SECRET_PREFIX "whsec_"

/* Appends the signature of BODY by SECRET to OUT, behind a space if there is one already. */
enum err_code webhook_sign(struct arena *arena, const char *secret, const char *id, const char *seconds,
			   struct bytes body, struct buf *out, struct err *err) MUST_USE;

#endif
