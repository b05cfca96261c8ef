/* An extract of the journal held against its own seals, where there is no database. */
#include "base/text.h"
#include "crypto/digest.h"
#include "kernel/store_int.h"

static bool hash_read(const char text[static JOURNAL_HASH_SIZE], uint8_t hash[static SHA256_SIZE])
{
	struct bytes octets;
	arena_auto arena = arena_new(1024);

	if (!arena || !hex_parse(arena, text, &octets) || octets.size != SHA256_SIZE)
		return false;
	memcpy(hash, octets.data, SHA256_SIZE);
	return true;
}

enum err_code journal_link_check(const struct journal_link *link, bool *right, struct err *err)
{
	uint8_t previous[SHA256_SIZE], root[SHA256_SIZE], hash[SHA256_SIZE], made[SHA256_SIZE];

	*right = hash_read(link->previous, previous) && hash_read(link->root, root) && hash_read(link->hash, hash);
	if (!*right)
		return OK;
	TRY(journal_seal_hash(previous, link->first, link->last, link->at_us, root, made, err));
	*right = memcmp(made, hash, SHA256_SIZE) == 0;
	return OK;
}

/* RFC 9162 §2.1.3.2: from the leaf up; FN and SN are its index and the last one, level by level. */
enum err_code journal_path_check(const struct journal_path *path, const char root[static JOURNAL_HASH_SIZE],
				 bool *right, struct err *err)
{
	uint8_t wanted[SHA256_SIZE], hash[SHA256_SIZE], other[SHA256_SIZE], digest[SHA256_SIZE];
	int64_t fn = path->index, sn = path->count - 1;

	*right = false;
	TRY(journal_digest(path->entry, digest, err));
	if (fn < 0 || fn > sn || !hash_read(root, wanted))
		return OK;
	journal_leaf_hash(digest, hash);
	for (size_t i = 0; i < path->hashes_count; i++) {
		if (sn == 0 || !hash_read(path->hashes[i], other))
			return OK;
		if (fn % 2 == 1 || fn == sn) {
			journal_node_hash(other, hash, hash);
			for (; fn != 0 && fn % 2 == 0; fn /= 2)
				sn /= 2;
		} else {
			journal_node_hash(hash, other, hash);
		}
		fn /= 2;
		sn /= 2;
	}
	*right = sn == 0 && memcmp(hash, wanted, SHA256_SIZE) == 0;
	return OK;
}
