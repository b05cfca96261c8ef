/* What proves entries to somebody who has only a head that was written down: their paths and the links above them.
 * Nothing goes out that does not fit by itself: a damaged journal is told here, not by whoever checks the extract. */
#include <inttypes.h>

#include "crypto/digest.h"
#include "kernel/store_int.h"

#define EXTRACT_ENTRIES_MAX 10000

static enum err_code entries_find(struct tx *tx, struct arena *arena, const char *subject,
				  struct journal_extract *extract, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_journal_sealed, BINDS(BIND_TEXT(subject), BIND_INT(EXTRACT_ENTRIES_MAX + 1)), &query,
		     err));
	while (db_next(&query)) {
		struct journal_entry *entry = arena_alloc(arena, sizeof(*entry));
		extract->paths = list_grow(arena, extract->paths, extract->paths_count, sizeof(*extract->paths));
		if (!entry || !extract->paths)
			return fail(err, ERR_MEMORY, "no memory left for an extract of the journal");
		journal_row(arena, &query, entry);
		extract->paths[extract->paths_count++] = (struct journal_path){ .entry = entry };
	}
	TRY(db_end(&query, err));
	if (extract->paths_count > EXTRACT_ENTRIES_MAX)
		return fail(err, ERR_LIMIT, "the journal has more than %d entries about %s", EXTRACT_ENTRIES_MAX,
			    subject);
	return OK;
}

/* --- Paths --- */

struct sealed {
	struct seal seal;
	struct bytes digests;
	struct journal_tree tree;
};

/* The seal over SEQUENCE with its entries' digests. */
static enum err_code sealed_read(struct tx *tx, struct arena *scratch, int64_t sequence, struct buf *digests,
				 struct sealed *sealed, struct err *err)
{
	db_query_auto query = { 0 };
	struct seal *seal = &sealed->seal;

	TRY(db_query(tx, &sql_seal_over, BINDS(BIND_INT(sequence)), &query, err));
	bool found = db_next(&query);
	if (found)
		seal_row(scratch, &query, seal);
	TRY(db_end(&query, err));
	if (!found || seal->first < 1 || seal->first > sequence || seal->last - seal->first >= SEAL_ENTRIES_MAX)
		return fail(err, ERR_INTERNAL, "no seal of the journal covers entry %" PRId64, sequence);

	TRY(journal_digests(tx, seal->first, seal->last, digests, err));
	if (digests->size != (size_t)(seal->last - seal->first + 1) * SHA256_SIZE)
		return fail(err, ERR_INTERNAL, "entries of the journal under seal %" PRId64 " are missing",
			    seal->number);
	sealed->digests = buf_bytes(digests);
	TRY(journal_tree_build(scratch, sealed->digests, &sealed->tree, err));
	if (!bytes_same(seal->root, bytes(journal_tree_root(&sealed->tree), SHA256_SIZE)))
		return fail(err, ERR_INTERNAL, "seal %" PRId64 " of the journal does not fit its entries",
			    seal->number);
	return OK;
}

static enum err_code path_fill(struct arena *arena, const struct sealed *sealed, struct journal_path *path,
			       struct err *err)
{
	uint8_t digest[SHA256_SIZE];
	const uint8_t *nodes[TREE_LEVELS];
	size_t index = (size_t)(path->entry->sequence - sealed->seal.first);

	TRY(journal_digest(path->entry, digest, err));
	if (memcmp(digest, sealed->digests.data + index * SHA256_SIZE, SHA256_SIZE) != 0)
		return fail(err, ERR_INTERNAL, "entry %" PRId64 " of the journal was altered", path->entry->sequence);
	path->seal = sealed->seal.number;
	path->index = (int64_t)index;
	path->count = sealed->seal.last - sealed->seal.first + 1;
	path->hashes_count = journal_tree_path(&sealed->tree, index, nodes);
	path->hashes = arena_array(arena, path->hashes_count, sizeof(*path->hashes));
	if (!path->hashes)
		return fail(err, ERR_MEMORY, "no memory left for an extract of the journal");
	for (size_t i = 0; i < path->hashes_count; i++)
		hex_of(nodes[i], path->hashes[i]);
	return OK;
}

/* The paths of those entries from *NEXT on that are under one seal, with the next after them in *NEXT. */
static enum err_code seal_extract(struct tx *tx, struct arena *arena, struct journal_extract *extract, size_t *next,
				  struct err *err)
{
	struct sealed sealed = { 0 };
	buf_auto digests;
	arena_auto scratch = arena_new(TREE_ARENA_BYTES);

	buf_init(&digests, SEAL_ENTRIES_MAX * (size_t)SHA256_SIZE);
	if (!scratch)
		return fail(err, ERR_MEMORY, "no memory left for an extract of the journal");
	TRY(sealed_read(tx, scratch, extract->paths[*next].entry->sequence, &digests, &sealed, err));
	while (*next < extract->paths_count && extract->paths[*next].entry->sequence != 0 &&
	       extract->paths[*next].entry->sequence <= sealed.seal.last)
		TRY(path_fill(arena, &sealed, &extract->paths[(*next)++], err));
	return OK;
}

/* --- Links --- */

static enum err_code link_fill(struct arena *arena, const struct query *query, struct journal_link *link,
			       struct err *err)
{
	struct seal seal;

	seal_row(arena, query, &seal);
	if (!seal.previous.data || !seal.root.data || !seal.hash.data)
		return fail(err, ERR_MEMORY, "no memory left for an extract of the journal");
	if (seal.previous.size != SHA256_SIZE || seal.root.size != SHA256_SIZE || seal.hash.size != SHA256_SIZE)
		return fail(err, ERR_INTERNAL, "seal %" PRId64 " of the journal is damaged", seal.number);
	*link = (struct journal_link){
		.number = seal.number, .first = seal.first, .last = seal.last, .at_us = seal.at_us
	};
	hex_of(seal.previous.data, link->previous);
	hex_of(seal.root.data, link->root);
	hex_of(seal.hash.data, link->hash);
	return OK;
}

static enum err_code links_read(struct tx *tx, struct arena *arena, int64_t first, size_t links_max,
				struct journal_extract *extract, struct err *err)
{
	db_query_auto query = { 0 };
	bool more;

	/* One more than wanted tells whether the chain goes on. */
	TRY(db_query(tx, &sql_seal_after, BINDS(BIND_INT(first - 1), BIND_INT((int64_t)links_max + 1)), &query, err));
	while ((more = db_next(&query)) && extract->links_count < links_max) {
		extract->links = list_grow(arena, extract->links, extract->links_count, sizeof(*extract->links));
		if (!extract->links)
			return fail(err, ERR_MEMORY, "no memory left for an extract of the journal");
		TRY(link_fill(arena, &query, &extract->links[extract->links_count++], err));
	}
	TRY(db_end(&query, err));
	extract->to_head = !more;
	return OK;
}

/* The seals of entries beyond a chain that was cut: each proves its entries, though not that it follows. */
static enum err_code later_links(struct tx *tx, struct arena *arena, struct journal_extract *extract, struct err *err)
{
	for (size_t i = 0; i < extract->paths_count; i++) {
		int64_t seal = extract->paths[i].seal;
		struct journal_extract one = { 0 };
		if (seal == 0 || (extract->links_count > 0 && seal <= extract->links[extract->links_count - 1].number))
			continue;
		TRY(links_read(tx, arena, seal, 1, &one, err));
		extract->links = list_grow(arena, extract->links, extract->links_count, sizeof(*extract->links));
		if (!extract->links)
			return fail(err, ERR_MEMORY, "no memory left for an extract of the journal");
		if (one.links_count != 1)
			return fail(err, ERR_INTERNAL, "seal %" PRId64 " of the journal is missing", seal);
		extract->links[extract->links_count++] = one.links[0];
		extract->to_head = one.to_head;
	}
	return OK;
}

enum err_code journal_extract(struct tx *tx, struct arena *arena, const char *subject, size_t links_max,
			      struct journal_extract *extract, struct err *err)
{
	struct journal_extract made = { 0 };
	size_t next = 0;

	TRY(entries_find(tx, arena, subject, &made, err));
	while (next < made.paths_count && made.paths[next].entry->sequence != 0)
		TRY(seal_extract(tx, arena, &made, &next, err));
	if (next > 0)
		TRY(links_read(tx, arena, made.paths[0].seal, links_max, &made, err));
	TRY(later_links(tx, arena, &made, err));
	*extract = made;
	return OK;
}
