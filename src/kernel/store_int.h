/* The statements of the kernel, and what several of its files read and write. */
#ifndef KERNEL_STORE_INT_H
#define KERNEL_STORE_INT_H

#include "db/db.h"
#include "kernel/journal.h"
#include "kernel/message.h"

#define STATEMENT(name, text) extern const struct statement sql_##name;
#include "kernel/statements.def"
#undef STATEMENT

/* A UUIDv7 that sorts after those that this thread made before in the same millisecond. */
void id_new(char id[static 37], int64_t now_us);

/* Room for one more item after COUNT of SIZE bytes: ITEMS itself, or a copy twice as large. NULL when ARENA is full. */
void *list_grow(struct arena *arena, void *items, size_t count, size_t size);

/* The current row of a query whose columns begin with JOURNAL_COLUMNS. */
void journal_row(struct arena *arena, const struct query *query, struct journal_entry *entry);
/* Sets .number of each. */
enum err_code journal_numbers(struct tx *tx, struct journal_list *list, struct err *err) MUST_USE;
/* ENTRY tells of a change of a partner, or of what belongs to it: directories of partners are read anew. */
enum err_code partner_journal(struct tx *tx, const struct journal_entry *entry, struct err *err) MUST_USE;
/* The digest that journal.h describes. */
enum err_code journal_digest(const struct journal_entry *entry, uint8_t digest[static 32], struct err *err) MUST_USE;
/* Appends the digests of the entries FIRST to LAST, which must be whole. */
enum err_code journal_digests(struct tx *tx, int64_t first, int64_t last, struct buf *digests,
			      struct err *err) MUST_USE;

#define SEAL_ENTRIES_MAX 10000 /* bounds what a verification holds in memory */

struct seal {
	int64_t number, first, last, at_us;
	struct bytes previous, root, hash;
};
/* The current row of a query of SEAL_COLUMNS. */
void seal_row(struct arena *arena, const struct query *query, struct seal *seal);
/* Seal n from seal n-1, its time and its root. */
enum err_code journal_seal_hash(const uint8_t previous[static 32], int64_t first, int64_t last, int64_t at_us,
				const uint8_t root[static 32], uint8_t hash[static 32], struct err *err) MUST_USE;

/* The Merkle tree of a seal (RFC 6962 §2.1), level by level from the leaves. */
#define TREE_LEVELS 15 /* 2^14 leaves and fewer */
struct journal_tree {
	uint8_t (*nodes)[32]; /* the arena's */
	size_t start[TREE_LEVELS], count[TREE_LEVELS], levels;
};
#define TREE_ARENA_BYTES ((size_t)1 << 20) /* enough for a seal */
/* DIGESTS: of the entries, 1 to SEAL_ENTRIES_MAX, one behind the other. */
enum err_code journal_tree_build(struct arena *arena, struct bytes digests, struct journal_tree *tree,
				 struct err *err) MUST_USE;
const uint8_t *journal_tree_root(const struct journal_tree *tree);
/* The audit path of leaf INDEX, lowest first; returns its length. */
size_t journal_tree_path(const struct journal_tree *tree, size_t index, const uint8_t *path[static TREE_LEVELS]);
/* Of one leaf, the digest of an entry; of a node, whose HASH may be one of the two. */
void journal_leaf_hash(const uint8_t *digest, uint8_t hash[static 32]);
void journal_node_hash(const uint8_t left[static 32], const uint8_t right[static 32], uint8_t hash[static 32]);
/* The root alone. */
enum err_code journal_root(struct bytes digests, uint8_t root[static 32], struct err *err) MUST_USE;

#endif
