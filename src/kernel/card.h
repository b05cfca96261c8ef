/* Cards of partners: what a partner says of itself, signed, as it was signed. Messaging reads them; here it is kept
 * which one is held, and which one waits for an operator. */
#ifndef KERNEL_CARD_H
#define KERNEL_CARD_H

#include "base/findings.h"
#include "kernel/kernel.h"

#define CARD_HELD     "held"
#define CARD_PENDING  "pending"
#define CARD_REJECTED "rejected"
#define CARD_REPLACED "replaced" /* another one came after it */

/* A card that waits: an operator has to approve or reject it. Its subject is the partner. */
#define TASK_CARD "card"

struct partner_card {
	const char *partner;
	int64_t serial;
	struct bytes octets;
	const char *state; /* one of the four above */
	int64_t at_us;     /* since when it has that state */
	const char *by;    /* by whose decision */
};

/* The card of PARTNER in STATE ("held", "pending"); .partner is NULL if there is none. */
enum err_code partner_card_find(struct tx *tx, struct arena *arena, const char *partner, const char *state,
				struct partner_card *card, struct err *err) MUST_USE;
/* Puts CARD (.partner, .serial, .octets, .state) in place of the one in that state. One that becomes pending opens a
 * task with TASK_TEXT; any other state ends the wait of what is pending. Journalled with the digest of the octets. */
enum err_code partner_card_put(struct tx *tx, const struct partner_card *card, const char *task_text,
			       const struct actor *actor, int64_t now_us, struct err *err) MUST_USE;

/* Judges cards that partners send, and keeps as pending what can be approved: messaging's, which reads cards. In the
 * transaction of whoever received it; findings refuse the card. */
struct card_desk {
	enum err_code (*take)(const struct card_desk *desk, struct tx *tx, struct arena *arena, const char *partner,
			      struct bytes octets, const struct actor *actor, int64_t now_us, struct findings *findings,
			      struct err *err);
};

/* The digest of what INSTANCE has told partners of itself; NULL: nothing yet. */
enum err_code own_card_find(struct tx *tx, struct arena *arena, const char *instance, const char **digest,
			    struct err *err) MUST_USE;
enum err_code own_card_set(struct tx *tx, const char *instance, const char *digest, int64_t now_us,
			   struct err *err) MUST_USE;

#endif
