/* One journal, three uses: the audit (who did what, provably), the timeline of a document or message, and the event
 * feed.
 *
 * An entry is written with its digest in the transaction of what it records. A sealer later gives entries their place:
 * a sequence without gaps, and a chain of hashes over batches (chaining inside every transaction would serialise
 * PostgreSQL on the chain's head). The feed reads sealed entries only, so a cursor never misses one that committed
 * late.
 *
 * Digest of an entry: SHA-256 over its fields in the order of the struct, from id to content (the sequence is the
 * seal's business), each as 8 octets big-endian length and the octets; integers as decimal text; NULL as length 2^64-1.
 * Root of a seal: the Merkle tree hash of RFC 6962 §2.1 over the digests of its entries in the order of the sequence,
 * so that one entry is proved without the others. Seal n: SHA-256 over seal n-1 (32 zero octets for the first), the
 * first and last sequence and the time of the seal (microseconds) as decimal text each followed by LF, and the root. */
#ifndef KERNEL_JOURNAL_H
#define KERNEL_JOURNAL_H

#include "kernel/kernel.h"

struct journal_entry {
	const char *id; /* UUIDv7; given by journal_put */
	int64_t at_us;
	const char *actor;
	const char *organisation;          /* whose it is to see; NULL: the node's operators */
	const char *subject_type;          /* "document", "message", "refusal", "evidence", "partner", "key", … */
	const char *subject;               /* id */
	const char *event;                 /* "issued", "transmitted", "receipt-verified", … */
	const char *from_state, *to_state; /* NULL if no state changed */
	const char *detail;                /* one line for people, without personal data or secrets; NULL */
	const char *law;                   /* NULL */
	const char *content; /* SHA-256 of what it speaks of, hexadecimal: of octets, or a wire's record; NULL */
	int64_t sequence;    /* 0 until sealed */
	int64_t number;      /* in the feed; set by journal_of() and journal_after() */
};

/* Writes ENTRY (its .id and .sequence are ignored). */
enum err_code journal_put(struct tx *tx, const struct journal_entry *entry, struct err *err) MUST_USE;
/* Whether there is an entry of ACTOR's EVENT about SUBJECT with DETAIL (NULL: without one). */
enum err_code journal_has(struct tx *tx, const char *subject, const char *event, const char *actor, const char *detail,
			  bool *has, struct err *err) MUST_USE;

struct journal_list {
	struct journal_entry *entries;
	size_t count;
};
/* The timeline of SUBJECT, oldest first, at most LIMIT. */
enum err_code journal_of(struct tx *tx, struct arena *arena, const char *subject, size_t limit,
			 struct journal_list *list, struct err *err) MUST_USE;
/* Those of them that have DETAIL, oldest first. */
enum err_code journal_said(struct tx *tx, struct arena *arena, const char *subject, const char *detail,
			   struct journal_list *list, struct err *err) MUST_USE;
/* The same of a partner, with what is agreed with it. */
enum err_code journal_of_partner(struct tx *tx, struct arena *arena, const char *partner, size_t limit,
				 struct journal_list *list, struct err *err) MUST_USE;
/* Sealed entries after sequence AFTER. ORGANISATION NULL: all. */
enum err_code journal_after(struct tx *tx, struct arena *arena, int64_t after, const char *organisation, size_t limit,
			    struct journal_list *list, struct err *err) MUST_USE;

/* --- Numbers: what readers of the feed know an entry by. Its sequence, in a journal that was never restored. --- */

/* The journal was put back to what it was at SINCE_US, by a restore: entries sealed since have other numbers than any
 * that were lost. Once for each restore, however often it is said. */
enum err_code journal_turned(struct tx *tx, int64_t since_us, int64_t now_us, struct err *err) MUST_USE;
enum err_code journal_number(struct tx *tx, int64_t sequence, int64_t *number, struct err *err) MUST_USE;
/* The other way. ERR_CONFLICT, with the cursor to go on from, if NUMBER is ahead of the journal, or was given before a
 * restore for what was lost. */
enum err_code journal_number_read(struct tx *tx, int64_t number, int64_t *sequence, struct err *err) MUST_USE;
/* Entries "read", newest first: of SUBJECT, by ACTOR, or of one by the other; NULL: all. ORGANISATION
 * NULL: all. BEFORE: older than the entry with this id; NULL: from the newest. */
struct journal_reads {
	const char *subject, *actor, *organisation, *before;
	size_t limit;
};
enum err_code journal_read_by(struct tx *tx, struct arena *arena, const struct journal_reads *asked,
			      struct journal_list *list, struct err *err) MUST_USE;

/* Seals up to LIMIT entries. *SEALED: how many; 0 when there is nothing to do. */
enum err_code journal_seal_step(struct kernel *kernel, int64_t now_us, unsigned limit, unsigned *sealed,
				struct err *err) MUST_USE;

/* --- Proofs for others --- */

#define JOURNAL_HASH_SIZE 65 /* SHA-256 in hexadecimal */

/* That one entry is under a seal: RFC 6962 §2.1.1, the audit path from leaf INDEX of COUNT to the seal's root, lowest
 * first. */
struct journal_path {
	const struct journal_entry *entry;
	int64_t seal; /* number; 0: not sealed yet, and then there is no path */
	int64_t index, count;
	char (*hashes)[JOURNAL_HASH_SIZE];
	size_t hashes_count;
};
/* A seal as a link of the chain. */
struct journal_link {
	int64_t number, first, last, at_us;
	char previous[JOURNAL_HASH_SIZE], root[JOURNAL_HASH_SIZE], hash[JOURNAL_HASH_SIZE];
};
/* The entries about SUBJECT, each with its path, and the links from the first seal that they need to the head, of which
 * at most LINKS_MAX; of the chain beyond only the seals that entries need, so that each entry can be proved by the hash
 * of a seal, and who wrote down a later head asks again with a longer chain. At most 10000 entries, or ERR_LIMIT;
 * ERR_INTERNAL if one of them, or a seal over them, was altered. */
struct journal_extract {
	struct journal_path *paths; /* in the order of the sequence; what is not sealed yet comes last */
	size_t paths_count;
	struct journal_link *links;
	size_t links_count;
	bool to_head; /* the last link is the head; false if nothing is sealed */
};
enum err_code journal_extract(struct tx *tx, struct arena *arena, const char *subject, size_t links_max,
			      struct journal_extract *extract, struct err *err) MUST_USE;

/* For who has an extract and no database. LINK's hash is that of its numbers, time, root and the hash before it. */
enum err_code journal_link_check(const struct journal_link *link, bool *right, struct err *err) MUST_USE;
/* PATH's entry is under ROOT, hexadecimal (RFC 9162 §2.1.3.2). */
enum err_code journal_path_check(const struct journal_path *path, const char root[static JOURNAL_HASH_SIZE],
				 bool *right, struct err *err) MUST_USE;

struct journal_proof {
	int64_t entries, seals, unsealed;
	int64_t deletions;       /* entries, sealed or not, by which a message or a refusal was deleted by rule */
	int64_t broken_sequence; /* first entry or seal that does not fit; 0 if all fit */
	char head[65];           /* the last seal, hexadecimal; "" if none: write it down outside the node */
	char reason[160];
	int64_t known_seal, known_at_us; /* the seal that has the head asked for, and its time; 0: none */
};
/* Recomputes every digest and seal. OK with .broken_sequence 0 means: nothing was altered, removed or inserted before
 * the head. */
enum err_code journal_verify(struct kernel *kernel, struct journal_proof *proof, struct err *err) MUST_USE;
/* The same for who wrote down KNOWN, an earlier head: if no seal has it, the journal is broken after its last one, for
 * whoever owns the database could make a whole chain anew. */
enum err_code journal_verify_known(struct kernel *kernel, const uint8_t known[static 32], struct journal_proof *proof,
				   struct err *err) MUST_USE;

/* Whether the evidence is what the journal speaks of: the octets of every wire have the digest that an entry about
 * their message (or refusal) names, and no octets that an entry about a message names are gone, unless the journal says
 * that the message was deleted by rule (kernel/retention.h). Reads every stored octet. The entries themselves are
 * proved by journal_verify() alone. */
struct evidence_proof {
	int64_t wires;
	int64_t deleted; /* octets that the journal names, of messages that were deleted by rule */
	char broken[40]; /* id of the first wire that does not fit, or of the message whose wire is gone; "": all fit */
	char reason[160];
};
enum err_code evidence_verify(struct kernel *kernel, struct evidence_proof *proof, struct err *err) MUST_USE;

#endif
