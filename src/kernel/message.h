/* Messages: what was exchanged with a partner, whatever the binding. The outbox and the inbox are views of the same
 * rows.
 *
 * Out:  queued -> delivered (a verified receipt is stored) | dead (given up, a task waits for an officer) ; queued <->
 * held ; dead -> queued ; held, dead -> abandoned.  A claim is a lease on a queued row, not a state: whoever dies with
 * a claim loses it when the lease ends. In:   received (stored, receipt given) -> processed | failed (a task waits) ;
 * failed -> received | abandoned.
 *
 * Order is kept inside a conversation: a message is not sent (or processed) while an earlier one of the same
 * conversation and partner is not done; a dead, held or failed one holds what follows it until it is done or abandoned.
 * Across conversations there is no
 * order. */
#ifndef KERNEL_MESSAGE_H
#define KERNEL_MESSAGE_H

#include "kernel/credential.h"

struct message {
	const char *id;           /* ours, UUIDv7 */
	const char *direction;    /* "in", "out" */
	const char *partner;      /* code */
	const char *organisation; /* ours: who sends, or for whom it is */
	const char *message_id;   /* eb:MessageId */
	const char *conversation;
	int64_t position;   /* within the conversation, from 1 */
	const char *ref_to; /* eb:RefToMessageId; NULL */
	const char *service, *action;
	const char *original_sender, *final_recipient; /* "TH:dft", "VN:customs" */
	const char *document;                          /* id of the document it carries; NULL (ping) */
	bool test;
	bool recovered; /* a partner has given it back, and it has had its effect before: nothing is sent on account of
			 * it. Not stored */
	const char *state;
	int64_t created_us;      /* for one that came in: what its sender says */
	int64_t accepted_us;     /* when we stored one that came in: legal clocks start there; TIME_NONE for ours */
	int64_t next_attempt_us; /* when it may be tried, the end of the lease while it is; MESSAGE_PARKED_US:
				  * when those before it in the conversation are done */
	int64_t reached_us;      /* since when the partner may have it without having acknowledged it; TIME_NONE */
	bool claimed;            /* an attempt runs, or its node was lost with it: see next_attempt_us */
	int64_t attempts;        /* since it was queued or received, or since .reached_us: then what left us alone */
	int64_t settled_us;      /* delivered, dead, processed, failed or abandoned; TIME_NONE */
	const char *last_error;  /* NULL */
	const char *digest;      /* SHA-256 over the parts' digests, hexadecimal: what a duplicate must agree in */
};

/* What `lintas partner test` sends is a test whose eb:MessageId ends so. A document in it is judged where it arrives,
 * by form and rules; it is not kept as one, moves none, and is nobody's task. */
#define MESSAGE_LINK_TEST "@lintas-test"
bool message_is_link_test(const struct message *message);

/* Whether, at NOW_US, a document of TYPE can go from the kind SEAT to PARTNER: messaging's, which knows what is agreed
 * with whom. By ebMS 2 tests go under an agreement for trials, and nothing else does. */
struct carrier {
	bool (*carries)(void *arg, const char *partner, const char *type, const char *seat, bool test, int64_t now_us);
	void *arg;
};

/* 9999-12-31T23:59:59Z: never due by itself. */
#define MESSAGE_PARKED_US INT64_C(253402300799000000)

/* A payload. OCTETS are as signed: compressed if .compressed. */
struct message_part {
	const char *content_id;
	const char *mime_type; /* of the plain content */
	const char *charset;   /* NULL if not said */
	bool compressed;
	struct bytes octets;
};
struct message_parts {
	struct message_part *items;
	size_t count;
};

/* Exact bytes that went over the wire, kept as evidence. Each has an entry in the journal that names its record, which
 * speaks of all that belongs to it: SHA-256 over six lines, each ended by LF, "-" for what is not there:
 *   kind received
 *   at 1793588400000000                   (microseconds)
 *   octets <SHA-256 of the octets>
 *   signer <fingerprint of the signer's certificate>
 *   basis <basis id: kernel/credential.h>
 *   parts <message digest>                (of what was sent or received: SHA-256 over the parts' SHA-256s) */
enum wire_kind {
	WIRE_SENT,
	WIRE_RECEIVED,
	WIRE_RECEIPT_SENT,
	WIRE_RECEIPT_RECEIVED,
	WIRE_ERROR_SENT,
	WIRE_ERROR_RECEIVED
};
struct wire {
	enum wire_kind kind;
	int64_t at_us;
	const char *content_type;
	struct bytes octets;
	const char *certificate; /* fingerprint of the signer's certificate; NULL */
	const struct basis
		*basis; /* what the signature was believed by; NULL. As read its .id alone: see wire_basis() */
	/* As read: ours; SHA-256 of the octets, and the record, hexadecimal. */
	const char *id, *digest, *record;
};
struct wire_list {
	struct wire *items;
	size_t count;
};

/* The two lives of a message, for printing; moved by the functions below alone. */
struct machine;
extern const struct machine message_out_machine, message_in_machine;

/* Fills .digest from PARTS (SHA-256 over the concatenated SHA-256 of each part's octets in order), hexadecimal. */
char *message_digest(struct arena *arena, const struct message_parts *parts);
/* SHA-256 of exact bytes, hexadecimal: how documents are named across nodes. */
#define CONTENT_DIGEST_SIZE 65
void content_digest(struct bytes octets, char digest[static CONTENT_DIGEST_SIZE]);

/* --- Out --- */

/* Compresses plain octets of PARTS, in ARENA, where that helps. outbox_put() does it, too; who does it before the
 * transaction begins holds up no other writer. */
enum err_code message_parts_compress(struct arena *arena, struct message_parts *parts, struct err *err) MUST_USE;
/* The other way: plain octets of all PARTS, in ARENA. */
enum err_code message_parts_expand(struct arena *arena, struct message_parts *parts, struct err *err) MUST_USE;
/* Puts a message in the outbox, in the caller's transaction. In: .partner, .organisation, .conversation (NULL: a new
 * one), .ref_to, .service, .action, .original_sender, .final_recipient, .document, .test; parts with plain octets are
 * compressed here when that helps, and expanded for a partner whose binding knows no compression (ebMS 2). Out: .id,
 * .message_id, .conversation, .position, .digest, in the arena. */
enum err_code outbox_put(struct kernel *kernel, struct tx *tx, struct arena *arena, struct message *message,
			 struct message_parts *parts, const struct actor *actor, int64_t now_us,
			 struct err *err) MUST_USE;

/* Leases up to LIMIT due messages of PARTNER until now + LEASE_US. */
struct message_list {
	struct message *items;
	size_t count;
};
enum err_code outbox_claim(struct kernel *kernel, struct arena *arena, const char *partner, int64_t now_us,
			   int64_t lease_us, unsigned limit, struct message_list *list, struct err *err) MUST_USE;
/* At the start of a process: what the process before it on this very instance had in hand is due now, because whoever
 * claimed it is dead, messages and replies. Claims of other machines stay, and so does the back-off of what had
 * failed. */
enum err_code outbox_resume(struct kernel *kernel, int64_t now_us, struct err *err) MUST_USE;
/* Earliest next attempt of a queued message or a reply (kernel/reply.h) of any partner; TIME_NONE if there is none. */
enum err_code outbox_next_us(struct kernel *kernel, int64_t *next_us, struct err *err) MUST_USE;

/* Packs MESSAGE, which is as it was claimed, anew: PARTS take the place of those that are stored, because the partner
 * has changed its binding while it waited. What was sent before is proved by the parts that it was sent with: those
 * stay (message_parts_before()). MESSAGE's .digest is then that of PARTS, in ARENA. ERR_CONFLICT if the claim is lost,
 * or the message is not queued any more. */
enum err_code outbox_repack(struct kernel *kernel, struct arena *arena, struct message *message,
			    const struct message_parts *parts, int64_t now_us, struct err *err) MUST_USE;
/* Answers that settle nothing, and receipts of what was abandoned, are kept up to so many of a kind a message: whoever
 * posts them does not end by himself. */
#define NOTES_KEPT_A_MESSAGE 100
/* What was sent (before it is sent: evidence of every version). */
enum err_code outbox_sending(struct kernel *kernel, const struct message *message, const struct wire *sent,
			     struct err *err) MUST_USE;
/* The verified receipt: stores it, settles the message, journals, and moves the document's case (event "delivered"). A
 * second receipt of a delivered message changes nothing. */
enum err_code outbox_delivered(struct kernel *kernel, const struct message *message, const struct wire *receipt,
			       int64_t now_us, struct err *err) MUST_USE;
struct retry_policy {
	int64_t first_us, max_us; /* back-off doubles from the one to the other */
	int64_t give_up_us;       /* a message is dead when it waits for so long, since it was queued last */
	/* … or when it was sent so often since the partner may have it: sent more often than agreed it might be taken
	 * twice. Counted, not timed: while we are down nothing is sent. 0: no bound */
	int64_t tries;
	const char *given_up; /* what the binding calls that ("EBMS:0301 MissingReceipt"); NULL: nothing */
};
extern const struct retry_policy retry_policy_default; /* 5 s, 30 min, 21 days */
enum outbox_failure {
	FAILED_ON_THE_WAY, /* the partner does not have it: it was not connected, or it says so */
	FAILED_UNSENT,     /* it did not leave us, which is no try */
	FAILED_AT_PARTNER, /* it went out, and no answer says that the partner does not have it */
	FAILED_FOR_GOOD    /* refused */
};
/* An attempt failed. FAILED_FOR_GOOD, or POLICY says that it is enough: dead, with a task. Else queued again after
 * back-off with jitter, or, once the partner may have it, after POLICY's .first_us. ANSWER (may be NULL) is stored.
 * MESSAGE is as it was claimed: who lost the claim decides nothing. POLICY may be NULL. */
enum err_code outbox_failed(struct kernel *kernel, const struct message *message, const struct retry_policy *policy,
			    enum outbox_failure failure, const char *reason, const struct wire *answer, int64_t now_us,
			    struct err *err) MUST_USE;
/* The partner's server took a transmission, and its acknowledgment comes later with a request of its own: sent again
 * after POLICY's .first_us, always the same interval, until it comes or .tries are over. It may have come already,
 * while the answer was under way: then nothing changes. */
enum err_code outbox_waiting(struct kernel *kernel, const struct message *message, const struct retry_policy *policy,
			     int64_t now_us, struct err *err) MUST_USE;
/* MESSAGE, as it was claimed, is due at NOW_US, as if it had not been tried: the end of this process cut the attempt
 * off. Who lost the claim decides nothing. */
enum err_code outbox_give_back(struct kernel *kernel, const struct message *message, int64_t now_us,
			       struct err *err) MUST_USE;
/* Whether .tries are over for MESSAGE, as it was claimed, and the interval after the last one: outbox_failed() instead
 * of sending it once more. */
bool outbox_unanswered(const struct message *message, const struct retry_policy *policy);

/* An officer decides: "hold" (queued -> held), "release" (held -> queued), "retry" (dead -> queued; queued: now),
 * "abandon" (dead, held -> abandoned: what follows it goes on). Of a message that came in: "retry" (failed -> received;
 * received: now), "abandon" (failed -> abandoned). What is queued by it begins anew: attempts, the time that it may
 * wait, and since when the partner may have it. ERR_NOT_FOUND if there is no such message. */
enum err_code outbox_decide(struct kernel *kernel, const char *message, const char *event, const struct actor *actor,
			    int64_t now_us, struct findings *findings, struct err *err) MUST_USE;

/* --- In --- */

enum inbox_outcome { INBOX_ACCEPTED, INBOX_DUPLICATE, INBOX_ALTERED, INBOX_TOO_OLD };

/* Stores a checked message with its receipt in one durable step. DUPLICATE: the same id and the same content, however
 * it is packed; *RECEIPT is then the stored one that answers it (arena's). If none does, because it comes by another
 * binding than before, DELIVERY's own is given and stored with it, up to VERSIONS_KEPT of them a message; beyond that
 * the first one. ALTERED: the same id with other content; TOO_OLD: created before now - WINDOW_US; both store nothing
 * but a journal entry, of which at most REFUSALS_KEPT_A_DAY a day and partner. */
#define VERSIONS_KEPT 3 /* compressed, plain, and once more by the first binding */
struct inbox_delivery {
	struct message message; /* .id given by the call; .created_us is the sender's timestamp */
	struct message_parts parts;
	struct wire received, receipt;
	/* Whether RECEIPT, which was given before, answers this delivery: its sender looks for what it signed last.
	 * NULL: any does. */
	enum err_code (*answered)(void *arg, const struct wire *receipt, bool *answered, struct err *err);
	void *arg;
	int64_t window_us;
	/* The receipt goes out later, with a request of its own: of what is accepted, and of a duplicate the stored
	 * one, it is put as a reply (kernel/reply.h) in the same step. */
	bool reply_later;
};
enum err_code inbox_accept(struct kernel *kernel, struct arena *arena, struct inbox_delivery *delivery, int64_t now_us,
			   enum inbox_outcome *outcome, struct wire *receipt, struct err *err) MUST_USE;
struct refused_for {
	const char *rule, *text; /* what was broken, and in words how: these may repeat what the message says */
	/* The error goes out later, with a request of its own: it is put as a reply in the same step, however many
	 * refusals were kept that day. Not without a message id, because an error must name what it is about (ebMS 2.0
	 * §3.1.6.3). */
	bool later;
};
/* A refusal of a known partner's message: the bytes, our signed error, and why. Bounded a day and partner: beyond
 * REFUSAL_BYTES_KEPT_A_DAY without bytes, beyond REFUSALS_KEPT_A_DAY only counted. ERROR may be NULL. */
#define REFUSALS_KEPT_A_DAY      1000
#define REFUSAL_BYTES_KEPT_A_DAY (INT64_C(64) << 20)
enum err_code inbox_refused(struct kernel *kernel, const char *partner, const char *message_id,
			    const struct refused_for *why, const struct wire *received, const struct wire *error,
			    int64_t now_us, struct err *err) MUST_USE;

/* Processes up to LIMIT received messages: hands each to its document type's on_receive in a transaction of its own.
 * Partners share LIMIT, the one that has waited longest first, so that none of them can keep another's messages from
 * being looked at. */
enum err_code inbox_step(struct kernel *kernel, int64_t now_us, unsigned limit, unsigned *done,
			 struct err *err) MUST_USE;
/* Who turns a received message into a document: the capability whose row has .intake (the document capability). In two
 * steps, because reading takes longest and shall hold up no other writer of the database. A finding refuses the
 * document, not the message: the message is processed, and the refusal is the capability's business. A fault leaves the
 * message received and is tried again; a fault that is not transient makes it failed, with a task. */
struct intake {
	/* What PARTS say, judged by itself, without the database. *READ, in ARENA, is handed to .process. */
	enum err_code (*read)(struct kernel *kernel, struct arena *arena, const struct message *message,
			      const struct message_parts *parts, int64_t now_us, const void **read, struct err *err);
	/* What follows from it here, in one transaction. It may run again for the same READ. */
	enum err_code (*process)(struct kernel *kernel, struct tx *tx, struct arena *arena,
				 const struct message *message, const void *read, int64_t now_us,
				 struct findings *findings, struct err *err);
	/* The document that MESSAGE, which we had sent and which a partner has given back, carried: made anew as it was
	 * when it was submitted, at NOW_US. *DOCUMENT: the id that it had, NULL if that is not known; its id now, NULL
	 * if FINDINGS say why there is none. */
	enum err_code (*reinstate)(struct kernel *kernel, struct tx *tx, struct arena *arena,
				   const struct message *message, const void *read, int64_t now_us,
				   const char **document, struct findings *findings, struct err *err);
};

/* DOCUMENT is what was made of the received MESSAGE, and ORGANISATION keeps both, whichever seat it was sent to. */
enum err_code message_became(struct tx *tx, const char *message, const char *document, const char *organisation,
			     struct err *err) MUST_USE;

/* --- Reading --- */
struct message_filter {
	const char *direction, *partner, *organisation, *state; /* NULL: any */
	const char *before;                                     /* id: older than this one (paging); NULL */
	size_t limit;
};
enum err_code message_list(struct tx *tx, struct arena *arena, const struct message_filter *filter,
			   struct message_list *list, struct err *err) MUST_USE;
/* By our id or by eb:MessageId; .id is NULL if there is none. */
enum err_code message_find(struct tx *tx, struct arena *arena, const char *id, struct message *message,
			   struct err *err) MUST_USE;
/* What we sent to PARTNER, or took from it, with this eb:MessageId, whoever else has used it; .id is NULL if there is
 * none. */
enum err_code message_find_out(struct tx *tx, struct arena *arena, const char *partner, const char *message_id,
			       struct message *message, struct err *err) MUST_USE;
enum err_code message_find_in(struct tx *tx, struct arena *arena, const char *partner, const char *message_id,
			      struct message *message, struct err *err) MUST_USE;
enum err_code message_parts_of(struct tx *tx, struct arena *arena, const char *id, struct message_parts *parts,
			       struct err *err) MUST_USE;
/* What the message was sent with before it was packed anew, PACKING 1 first; .count is 0 if there is none. */
enum err_code message_parts_before(struct tx *tx, struct arena *arena, const char *id, int64_t packing,
				   struct message_parts *parts, struct err *err) MUST_USE;
enum err_code message_wires(struct tx *tx, struct arena *arena, const char *id, struct wire_list *list,
			    struct err *err) MUST_USE;
const char *wire_kind_name(enum wire_kind kind); /* "sent", "received", "receipt-sent", … */
/* The record of WIRE, whose .digest is known, with PARTS the digest of its message (NULL: none). */
void wire_record(const struct wire *wire, const char *parts, char record[static CONTENT_DIGEST_SIZE]);
/* What the signature of the stored WIRE was believed by; .count is 0 if that was not kept. */
enum err_code wire_basis(struct tx *tx, struct arena *arena, const struct wire *wire, struct basis *basis,
			 struct err *err) MUST_USE;
/* The plain content of PART: its octets, or what they expand to (at most MAX_BYTES); arena's. */
enum err_code message_part_plain(struct arena *arena, const struct message_part *part, size_t max_bytes,
				 struct bytes *plain, struct err *err) MUST_USE;

/* What belongs to a message, without the octets: for people. */
struct part_head {
	const char *content_id, *mime_type;
	bool compressed;
	int64_t bytes; /* as signed: compressed if it is */
	char digest[CONTENT_DIGEST_SIZE];
};
struct wire_head {
	const char *kind; /* as wire_kind_name() */
	int64_t at_us, bytes;
	const char *digest;
	const char *certificate; /* fingerprint of the signer's; NULL */
	struct bytes signer;     /* the certificate's DER, if it is kept */
};
struct message_look {
	struct part_head *parts;
	size_t parts_count;
	struct wire_head *wires; /* oldest first */
	size_t wires_count;
};
enum err_code message_look(struct tx *tx, struct arena *arena, const char *id, struct message_look *look,
			   struct err *err) MUST_USE;

/* What the document of MESSAGE, a dead, held or abandoned one of ours, did here alone (struct keeper). NULL: nothing.
 */
enum err_code message_effect(struct tx *tx, const struct kernel *kernel, struct arena *arena,
			     const struct message *message, const char **effect, struct err *err) MUST_USE;

/* One row a partner. */
struct exchange_counts {
	const char *partner, *status; /* its code; "active", "suspended" */
	int64_t queued, held, dead, delivered, received, processed, failed, refused;
	int64_t abandoned;        /* both ways */
	int64_t oldest_queued_us; /* TIME_NONE */
	int64_t last_receipt_us;  /* TIME_NONE */
};
struct exchange_counts_list {
	struct exchange_counts *items;
	size_t count;
};
/* Takes as long as there are open messages and ones done since the last step below, not as there are messages. */
enum err_code message_counts(struct tx *tx, struct arena *arena, struct exchange_counts_list *list,
			     struct err *err) MUST_USE;
/* Every few seconds: adds what is done to the tallies, by up to LIMIT entries of the journal. *MORE: there are further
 * ones. */
enum err_code message_tally_step(struct kernel *kernel, unsigned limit, bool *more, struct err *err) MUST_USE;

#endif
