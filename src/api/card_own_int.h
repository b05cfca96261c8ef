/* Cards: our own, and what one of a partner changes beside the partner. */
#ifndef API_CARD_OWN_INT_H
#define API_CARD_OWN_INT_H

#include "api/partner_int.h"
#include "kernel/activation.h"

/* The opt-outs that CARD states, as declared rows of the activation matrix (kernel/activation.h), of the types that
 * this node has. Of the arena of the call. */
enum err_code card_opt_outs_of(const struct partner_call *p, const struct card *card, struct activation_list *list,
			       struct err *err) MUST_USE;
/* They become rows, and those that an older card stated and this one does not end. What cannot be is a finding. */
enum err_code card_opt_outs_apply(struct tx *tx, struct partner_call *p, const struct card *card,
				  struct err *err) MUST_USE;

#endif
