/* To and from the national systems of one state: webhooks tell them what happened.
 *
 * A step knows no thread; node/ runs several of them. docs/webhooks.md is what receivers are told. */
#ifndef NATIONAL_NATIONAL_H
#define NATIONAL_NATIONAL_H

#include "kernel/webhook.h"
#include "net/http.h"

/* --- Webhooks: signed requests by the Standard Webhooks specification 1.0 --- */

struct webhook_sender {
	struct kernel *kernel;
	struct http_client *client;
	struct reach reach;     /* where https:// receivers may be */
	bool allow_plain;       /* http:// to this machine, for trials */
	const char *trust_file; /* PEM of authorities; NULL: the system's */
	int64_t give_up_us;     /* without a request that was taken, until a webhook is paused */
	int64_t failing_most;   /* requests at a time to receivers whose last one was not taken; at least 1 */
};

/* Delivers to one receiver whose turn it is. *DONE: 0 if there is nothing to do. */
enum err_code webhooks_step(const struct webhook_sender *sender, int64_t now_us, unsigned *done,
			    struct err *err) MUST_USE;

/* Findings (WHK-001 …) for a URL or names of events that cannot be. */
void webhook_check(const struct webhook *webhook, bool allow_plain, struct findings *findings);

/* A new secret: "whsec_" and the base64 of 32 random octets. The arena's; NULL without memory. */
const char *webhook_secret_new(struct arena *arena);

extern const struct rule webhook_rules[];

#endif
