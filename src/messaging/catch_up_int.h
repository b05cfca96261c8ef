/* What a partner gives back to a node that was restored: whether it is what it is said to be. */
#ifndef MESSAGING_CATCH_UP_INT_H
#define MESSAGING_CATCH_UP_INT_H

#include "kernel/catch_up.h"
#include "messaging/messaging_int.h"

/* PARTS: what came behind NOTE, plain: the octets of its wires, then the payloads as signed. All in ARENA, also when
 * DIRECTORY is gone. */
struct catch_up_proof {
	struct messaging *messaging;
	const struct directory *directory;
	const struct peer *peer;
	struct arena *arena;
	const struct catch_up_note *note;
	const struct bytes *parts;
	size_t parts_count;
	int64_t now_us;
};
/* By the signatures on it, of which one is ours: the message's if we had sent it, else the receipt's. */
enum err_code catch_up_prove(const struct catch_up_proof *proof, struct catch_up_evidence *evidence,
			     struct err *err) MUST_USE;

#endif
