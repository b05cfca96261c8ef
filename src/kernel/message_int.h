/* What outbox and inbox share. */
#ifndef KERNEL_MESSAGE_INT_H
#define KERNEL_MESSAGE_INT_H

#include "kernel/fsm.h"
#include "kernel/message.h"
#include "kernel/store_int.h"
#include "kernel/task.h"

#define MESSAGE_DELIVERED "delivered"
#define MESSAGE_GIVEN_UP  "given-up"
#define MESSAGE_PROCESSED "processed"
#define MESSAGE_FAILED    "failed"
#define MESSAGE_RETRY     "retry"
#define MESSAGE_ABANDON   "abandon"

#define TASK_DEAD_LETTER     "dead-letter"
#define TASK_DOCUMENT_FAILED "document-failed"

/* Of a part's plain octets to its compressed ones. What text in business documents reaches is about 20; a bomb needs
 * far more. */
#define PART_MAX_RATIO 200

#define ID_END "z" /* sorts after every id, which is hexadecimal */

/* Inserts MESSAGE and its parts with the next position of its conversation. *INSERTED false: nothing was written,
 * because its message id is known. MESSAGE's .position is set. */
enum err_code message_insert(struct tx *tx, struct message *message, const struct message_parts *parts,
			     const char *state, int64_t now_us, bool *inserted, struct err *err) MUST_USE;
enum err_code message_parts_put(struct tx *tx, const char *message, const struct message_parts *parts,
				struct err *err) MUST_USE;
/* The same at the place that MESSAGE has already: .position and .next_attempt_us. */
enum err_code message_insert_at(struct tx *tx, const struct message *message, const struct message_parts *parts,
				const char *state, int64_t now_us, bool *inserted, struct err *err) MUST_USE;
/* Who takes MESSAGE in; NULL: nobody. */
const struct intake *intake_of(const struct kernel *kernel, const struct message *message);
/* outbox_delivered() in the caller's transaction; RECEIPT as wire_digested() made it. */
enum err_code message_delivered(struct tx *tx, struct kernel *kernel, const struct message *message,
				const struct wire *receipt, int64_t now_us, struct err *err) MUST_USE;
/* WIRE, as wire_digested() made it, with an entry of its own, unless it is there. */
enum err_code message_wire_note(struct tx *tx, const struct message *message, const struct wire *wire, int64_t now_us,
				struct err *err) MUST_USE;
/* WIRE with its digest and record, which are computed before a transaction begins: it may be long. PARTS: digest of its
 * message. */
struct wire_room {
	char digest[CONTENT_DIGEST_SIZE], record[CONTENT_DIGEST_SIZE];
};
struct wire wire_digested(const struct wire *wire, const char *parts, struct wire_room *room);
/* A wire made by wire_digested(). The caller writes an entry of the journal whose content is its record. */
enum err_code wire_insert(struct tx *tx, const char *message, const char *partner, const struct wire *wire,
			  char id[static 37], int64_t now_us, struct err *err) MUST_USE;
/* The entry of a wire of MESSAGE that no transition speaks of; its event is the name of the wire's kind. */
enum err_code wire_journal(struct tx *tx, const struct message *message, const struct wire *wire, const char *detail,
			   int64_t now_us, struct err *err) MUST_USE;
enum err_code basis_keep(struct tx *tx, const struct basis *basis, struct err *err) MUST_USE;
struct wire wire_row(struct arena *arena, const struct query *query);
/* The current row of a query whose columns begin with MESSAGE_COLUMNS, which are so many. */
#define MESSAGE_COLUMNS_COUNT 24
struct message message_row(struct arena *arena, const struct query *query);

/* Whether the stored message ID has, part by part, the plain content of PARTS. */
enum err_code repeated_content(struct kernel *kernel, const char *id, const struct message_parts *parts, bool *is_same,
			       struct err *err) MUST_USE;
/* A message that we have, and that came again as DELIVERY, whose wires are made by wire_digested(). */
struct repetition {
	const struct inbox_delivery *delivery;
	const char *id; /* of the message that we have */
	bool repacked;  /* the parts are not packed as those that we have */
	struct wire received, given;
	int64_t now_us;
};
/* The receipt that it gets: see inbox_accept(). */
enum err_code repeated_receipt(struct tx *tx, struct arena *arena, const struct repetition *repetition,
			       struct wire *receipt, struct err *err) MUST_USE;

/* The case of MESSAGE in its machine. */
struct fsm_case message_case(struct kernel *kernel, struct arena *arena, const struct message *message,
			     const struct actor *actor, int64_t now_us, const char *detail);
/* Fires EVENT; what the machine refuses is not done, and *TO (may be NULL) is then NULL. */
enum err_code message_fire(struct tx *tx, const struct fsm_case *fsm_case, const struct machine *machine,
			   const char *event, const char **to, struct err *err) MUST_USE;
/* MESSAGE is done: what follows it in the conversation need not wait longer. */
enum err_code message_wake(struct tx *tx, const struct message *message, int64_t now_us, struct err *err) MUST_USE;
/* Once a minute, among all nodes of a database: wakes what is parked behind nothing. Nothing should be, but for what an
 * older version or a hand in the database left; and it would wait for ever. */
enum err_code message_sweep(struct kernel *kernel, int64_t now_us, struct err *err) MUST_USE;
/* When to try again after ATTEMPTS failures: doubling from first to max; jitter, so that partners that come back are
 * not all tried at once, takes up to half of it away. */
int64_t message_back_off_us(const struct retry_policy *policy, int64_t attempts);
/* The first 400 octets at most of REASON, cut between characters. */
char *message_reason(struct arena *arena, const char *reason);

#endif
