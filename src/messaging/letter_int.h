/* A message of ours in the words of either binding: what stands in the outbox, or is made for a trial, becomes what is
 * signed and sent. */
#ifndef MESSAGING_LETTER_INT_H
#define MESSAGING_LETTER_INT_H

#include "kernel/message.h"
#include "messaging/pact_int.h"

struct letter_party {
	const char *id, *type; /* .type "" or NULL: without one */
};
struct letter {
	struct arena *arena; /* of what the message says */
	const struct security_profile *profile;
	const struct ebms_identity *identity;
	const struct cert *recipient; /* as in struct ebms_letter */
	const struct message *message;
	struct message_parts parts;
	struct letter_party from, to;    /* AS4: whose nodes they are */
	const struct ebms2_route *route; /* ebMS 2: parties, roles, service and action as agreed; NULL: AS4 */
};
/* PACKED by the binding of the profile, and what its receipt must speak of: SENT's references are PACKED's. */
enum err_code letter_seal(const struct letter *letter, struct ebms_packed *packed, struct ebms_sent *sent,
			  struct err *err) MUST_USE;

#endif
