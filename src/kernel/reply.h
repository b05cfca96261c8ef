/* Replies: signals that answer later, with a request of their own, because the partner does not take them in the answer
 * to its request (ebMS 2.0, syncReplyMode none).
 *
 * A reply is put in the transaction of what it answers, and sent until the partner's server takes it. One that is lost
 * is no harm: the partner sends its message again, and the stored signal is put again. So replies are bounded in time
 * and number, and nobody decides about them. What they are evidence of is kept with their message (struct wire). */
#ifndef KERNEL_REPLY_H
#define KERNEL_REPLY_H

#include "kernel/message.h"

/* Of a partner; beyond it the oldest are dropped, or a partner that sends and takes nothing back would fill the disk.
 * It repeats what it still wants an answer to. */
#define REPLIES_MAX   10000
#define REPLY_TIME_US DAY_US /* given up after so long */

struct reply {
	const char *id; /* UUIDv7; given by reply_put */
	const char *partner;
	const char *ref_to; /* eb:MessageId that it answers */
	const char *kind;   /* "receipt", "error", "pong", "status" */
	const char *content_type;
	struct bytes octets;
	/* Given by reply_put and reply_claim. */
	int64_t attempts, next_attempt_us, created_us;
};

/* Puts REPLY, due now, in the caller's transaction. There is one of a kind to a message of a partner: putting it again
 * makes it due now and new, also while it is being sent. A receipt takes away the error that waited: what the message
 * broke then is mended, and an error after the receipt would undo it at the partner. */
enum err_code reply_put(struct tx *tx, const struct reply *reply, int64_t now_us, struct err *err) MUST_USE;
/* Leases the reply to PARTNER that is due longest until now + LEASE_US. *FOUND false: none is due. What is older than
 * REPLY_TIME_US is dropped instead, with an entry "reply-given-up" in the journal: while we were down, the partner has
 * repeated what it still waits for. When the next one is
 * due outbox_next_us() says, and outbox_resume() frees what a dead process had leased. */
enum err_code reply_claim(struct kernel *kernel, struct arena *arena, const char *partner, int64_t now_us,
			  int64_t lease_us, struct reply *reply, bool *found, struct err *err) MUST_USE;
/* The partner's server took REPLY, as it was claimed. One that was put again meanwhile stays. */
enum err_code reply_done(struct kernel *kernel, const struct reply *reply, struct err *err) MUST_USE;
/* It did not: REPLY, as it was claimed, is due again after 5 s, doubling to 5 min. After REPLY_TIME_US it is dropped,
 * with an entry "reply-given-up" in the journal. Who lost the claim decides nothing. */
enum err_code reply_failed(struct kernel *kernel, const struct reply *reply, const char *reason, int64_t now_us,
			   struct err *err) MUST_USE;
/* REPLY, as it was claimed, is due at NOW_US, as if it had not been tried: the end of this process cut that off. */
enum err_code reply_give_back(struct kernel *kernel, const struct reply *reply, int64_t now_us,
			      struct err *err) MUST_USE;
/* What waits for PARTNER is dropped in the caller's transaction, with one entry "replies-given-up" about the partner:
 * it speaks another binding from now on, and repeats by that what it still wants an answer to. */
enum err_code reply_drop_all(struct tx *tx, const char *partner, int64_t now_us, struct err *err) MUST_USE;

#endif
