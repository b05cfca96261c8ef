/* Answers to requests that came with a key of the caller's choice, kept so that what comes twice is done once
 * (draft-ietf-httpapi-idempotency-key-header-07).
 *
 * A request takes its key before it is worked on, and leaves its answer under it. Bounded: an actor's oldest keys make
 * room for new ones, and what is over is swept by whoever takes a key next. */
#ifndef KERNEL_ANSWER_H
#define KERNEL_ANSWER_H

#include "crypto/digest.h"
#include "kernel/kernel.h"

#define ANSWER_KEYS_MAX   10000 /* of one actor */
#define ANSWER_BODY_BYTES 8192  /* a longer answer is not kept */
/* So long a request may be worked on. Who died over it left its key, which then is anybody's. */
#define ANSWER_CLAIM_US (2 * MINUTE_US)

struct answer_key {
	const char *actor, *key;
	uint8_t request[SHA256_SIZE]; /* of all that makes the request what it is */
	int64_t claimed_us;
};
struct kept_answer {
	int status;
	const char *content_type;
	struct bytes body;
};

enum answer_state {
	ANSWER_NEW,       /* the key is ours now: answer_keep or answer_drop */
	ANSWER_UNDER_WAY, /* the same request is being worked on */
	ANSWER_OTHER,     /* the key was another request's */
	ANSWER_KEPT,      /* *ANSWER is what was answered */
};
/* At .claimed_us. */
enum err_code answer_claim(struct tx *tx, struct arena *arena, const struct answer_key *key, enum answer_state *state,
			   struct kept_answer *answer, struct err *err) MUST_USE;
/* ANSWER is that of the key until UNTIL_US. .body: at most ANSWER_BODY_BYTES. */
enum err_code answer_keep(struct tx *tx, const struct answer_key *key, const struct kept_answer *answer,
			  int64_t until_us, struct err *err) MUST_USE;
/* Nothing was decided: the key is free again. */
enum err_code answer_drop(struct tx *tx, const struct answer_key *key, struct err *err) MUST_USE;

#endif
