/* What we refused of known partners: the message's exact bytes and our signed error, as far as they are kept (see
 * inbox_refused()), for whoever has to say which side is wrong. */
#ifndef KERNEL_REFUSAL_H
#define KERNEL_REFUSAL_H

#include "kernel/message.h"

struct refusal {
	const char *id; /* UUIDv7 */
	const char *partner;
	const char *message_id;  /* eb:MessageId; NULL if it could not be read */
	const char *rule, *text; /* what was broken, and how in words; .text NULL: from before that was kept */
	int64_t at_us;
	int64_t received_bytes, error_bytes; /* codec/field.h INTEGER_NONE: not kept */
};
struct refusal_list {
	struct refusal *items;
	size_t count;
};
/* Newest first. PARTNER NULL: of all. BEFORE: older than this id (paging); NULL. */
enum err_code refusal_list(struct tx *tx, struct arena *arena, const char *partner, const char *before, size_t limit,
			   struct refusal_list *list, struct err *err) MUST_USE;
/* What came (WIRE_RECEIVED) or what we answered (WIRE_ERROR_SENT). .id is NULL if there is no such refusal, or its
 * bytes are not kept. */
enum err_code refusal_wire(struct tx *tx, struct arena *arena, const char *id, enum wire_kind kind, struct wire *wire,
			   struct err *err) MUST_USE;

#endif
