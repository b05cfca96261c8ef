/* Cards: our own, and what one of a partner changes beside the partner. */
#ifndef API_CARD_OWN_INT_H
#define API_CARD_OWN_INT_H

#include "api/partner_int.h"

/* The opt-outs that CARD states become rows of the activation matrix: from their day, or from today if that is over.
 * One that is there already stays. What cannot be is a finding. */
enum err_code card_opt_outs_apply(struct tx *tx, struct partner_call *p, const struct card *card,
				  struct err *err) MUST_USE;

#endif
