/* What a signal makes of a message of ours, whether it came in the answer to it or with a request of its own. */
#ifndef MESSAGING_SETTLE_INT_H
#define MESSAGING_SETTLE_INT_H

#include "messaging/messaging_int.h"

struct settling {
	struct messaging *messaging;
	struct arena *arena;
	const struct directory *directory;
	const struct peer *peer;
	const struct message *message;
	const struct retry_policy *retry;
	struct ebms_message *signal; /* read and, if it is signed, verified; its findings say what is wrong with it */
	const struct cert *cert;     /* the signer's; NULL: unsigned */
	bool verified;               /* the signature is the signer's, who is believed */
	const char *content_type;    /* as it came, with OCTETS */
	struct bytes octets;
	int64_t sent_us; /* when the partner was given it first, or now if it answers at once; TIME_NONE */
	int64_t now_us;
};

/* An attempt failed for REASON. SAID: the signal is what the partner said about it, and is kept. */
enum err_code settle_failed(const struct settling *settling, enum outbox_failure failure, bool said, const char *reason,
			    struct err *err) MUST_USE;
/* By the signal: an error about the message fails the attempt, a receipt of it as it was SENT or the answer to a ping
 * delivers. Else findings say why it is neither. */
enum err_code settle_by_signal(const struct settling *settling, const struct ebms_sent *sent, struct err *err) MUST_USE;

#endif
