/* How the links stand, as the exchanges and heartbeats of this process see it. What is seen is kept in memory, and told
 * to the kernel every few seconds: a message costs nothing but a lock. */
#ifndef MESSAGING_HEALTH_INT_H
#define MESSAGING_HEALTH_INT_H

#include "messaging/messaging_int.h"

struct health *health_new(void); /* NULL: no memory */
void health_free(struct health *health);

/* Something of PARTNER's was believed. */
void health_heard(struct messaging *messaging, const char *partner, int64_t now_us);
/* It answered us, with a receipt or pong DELAY_US after we had sent (TIME_NONE: that is not known), … */
void health_receipt(struct messaging *messaging, const char *partner, int64_t delay_us, int64_t now_us);
/* … or with a signed error about what we had sent. */
void health_answered(struct messaging *messaging, const char *partner, int64_t now_us);
/* It did not, for REASON. */
void health_failed(struct messaging *messaging, const char *partner, const char *reason, int64_t now_us);

/* Pings PEER if a heartbeat is due. A ping stands in no outbox: a partner that is down finds no heap of them. *DONE
 * grows if it was sent, *ANSWERED says whether the partner spoke. */
enum err_code health_beat(struct messaging *messaging, struct directory *directory, const struct peer *peer,
			  int64_t now_us, unsigned *done, bool *answered, struct err *err) MUST_USE;
/* SIGNAL, which came with a request of its own, may be the answer to a heartbeat: *TAKEN then. */
enum err_code health_signal(struct messaging *messaging, const struct peer *peer, const struct ebms_message *signal,
			    int64_t now_us, bool *taken, struct err *err) MUST_USE;

/* Tells what was seen, at most every few seconds. *CHANGED: a link is up, down or slow since, or a notice has ended. */
enum err_code health_tell(struct messaging *messaging, int64_t now_us, bool *changed, struct err *err) MUST_USE;
/* One task for each link that has been down for too long, unless its partner announced it. */
enum err_code health_tasks(struct messaging *messaging, int64_t now_us, struct err *err) MUST_USE;

#endif
