/* The Merkle hash tree of RFC 6962 §2.1. The RFC defines it from the root: split at the largest power of two below the
 * number of leaves. From the leaves the same tree is made by pairing neighbours; a node that is left over at the end of
 * a level goes up as it is. */
#include "crypto/digest.h"
#include "kernel/store_int.h"

_Static_assert(SEAL_ENTRIES_MAX <= 1 << (TREE_LEVELS - 1), "the levels suffice for the greatest seal");

/* The first octet tells leaves and nodes apart, or a node could be passed off as a leaf (RFC 6962 §2.1). */
enum { LEAF = 0, NODE = 1 };

void journal_leaf_hash(const uint8_t *digest, uint8_t hash[static SHA256_SIZE])
{
	uint8_t octets[1 + SHA256_SIZE] = { LEAF };

	memcpy(octets + 1, digest, SHA256_SIZE);
	sha256(bytes(octets, sizeof(octets)), hash);
}

void journal_node_hash(const uint8_t left[static SHA256_SIZE], const uint8_t right[static SHA256_SIZE],
		       uint8_t hash[static SHA256_SIZE])
{
	uint8_t octets[1 + 2 * SHA256_SIZE] = { NODE };

	memcpy(octets + 1, left, SHA256_SIZE);
	memcpy(octets + 1 + SHA256_SIZE, right, SHA256_SIZE);
	sha256(bytes(octets, sizeof(octets)), hash);
}

static void level_add(struct journal_tree *tree)
{
	size_t start = tree->start[tree->levels - 1], count = tree->count[tree->levels - 1];
	uint8_t(*below)[SHA256_SIZE] = tree->nodes + start, (*above)[SHA256_SIZE] = below + count;

	for (size_t i = 0; i + 1 < count; i += 2)
		journal_node_hash(below[i], below[i + 1], above[i / 2]);
	if (count % 2 == 1)
		memcpy(above[count / 2], below[count - 1], SHA256_SIZE);
	tree->start[tree->levels] = start + count;
	tree->count[tree->levels] = (count + 1) / 2;
	tree->levels++;
}

enum err_code journal_tree_build(struct arena *arena, struct bytes digests, struct journal_tree *tree, struct err *err)
{
	size_t count = digests.size / SHA256_SIZE;
	struct journal_tree built = { .count = { count }, .levels = 1 };

	if (count < 1 || count > SEAL_ENTRIES_MAX || digests.size % SHA256_SIZE != 0)
		return fail(err, ERR_INTERNAL, "a seal of %zu octets of digests is none", digests.size);
	/* Each level has half of the one below it, rounded up. */
	built.nodes = arena_array(arena, 2 * count + TREE_LEVELS, SHA256_SIZE);
	if (!built.nodes)
		return fail(err, ERR_MEMORY, "no memory left for the tree of a seal");
	for (size_t i = 0; i < count; i++)
		journal_leaf_hash(digests.data + i * SHA256_SIZE, built.nodes[i]);
	while (built.count[built.levels - 1] > 1)
		level_add(&built);
	*tree = built;
	return OK;
}

const uint8_t *journal_tree_root(const struct journal_tree *tree)
{
	return tree->nodes[tree->start[tree->levels - 1]];
}

size_t journal_tree_path(const struct journal_tree *tree, size_t index, const uint8_t *path[static TREE_LEVELS])
{
	size_t length = 0;

	for (size_t level = 0; level + 1 < tree->levels; level++, index /= 2) {
		size_t sibling = index ^ 1;
		if (sibling < tree->count[level]) /* a node that went up as it is has none */
			path[length++] = tree->nodes[tree->start[level] + sibling];
	}
	return length;
}

enum err_code journal_root(struct bytes digests, uint8_t root[static 32], struct err *err)
{
	struct journal_tree tree;
	arena_auto arena = arena_new(TREE_ARENA_BYTES);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the tree of a seal");
	TRY(journal_tree_build(arena, digests, &tree, err));
	memcpy(root, journal_tree_root(&tree), SHA256_SIZE);
	return OK;
}
