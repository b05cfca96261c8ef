/* A message as it comes, opened as the gateway does it and then as the inspector does, for the targets that make such
 * messages. */
#ifndef FUZZ_OPENING_H
#define FUZZ_OPENING_H

#include "messaging/message_int.h"
#include "messaging/messaging.h"

#define OPENING_PAYLOAD_MAX ((size_t)1 << 20) /* a run must be short */

struct opening {
	struct cert *signer; /* who alone wrote what may pass */
	const char *profile; /* for the inspector; NULL: any */
	int64_t at_us;
	/* As the gateway: stops at the first stage that finds something. Ends the program if anything passes but what
	 * the holder of the key wrote. */
	enum err_code (*gateway)(struct ebms_message *message, const char *type, struct bytes body, struct err *err);
	void (*verified)(const struct inspection *report); /* of what the inspector believes; NULL */
};
/* FILE: HTTP headers and body. */
void opening_run(const struct opening *opening, struct bytes file);
/* By AS4, with the key in opening_as4.c. */
void opening_run_as4(struct bytes file);

#endif
