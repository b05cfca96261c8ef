#include "db/driver_int.h"

/* Statements are static rows, often neighbours in one table: the multiplication (2^64 / golden ratio) spreads them. */
static struct cache_slot *set_of(struct cache *cache, const struct statement *statement)
{
	uint64_t hash = (uint64_t)(uintptr_t)statement * UINT64_C(0x9E3779B97F4A7C15);

	return &cache->slot[(hash >> 32) % CACHE_SETS * CACHE_WAYS];
}

struct cache_slot *cache_find(struct cache *cache, const struct statement *statement)
{
	struct cache_slot *set = set_of(cache, statement);

	for (size_t way = 0; way < CACHE_WAYS; way++) {
		if (set[way].statement == statement) {
			set[way].used = ++cache->tick;
			return &set[way];
		}
	}
	return NULL;
}

struct cache_slot *cache_room(struct cache *cache, const struct statement *statement)
{
	struct cache_slot *set = set_of(cache, statement), *oldest = NULL;

	for (size_t way = 0; way < CACHE_WAYS; way++) {
		if (!set[way].statement)
			return &set[way];
		if (!set[way].busy && (!oldest || set[way].used < oldest->used))
			oldest = &set[way];
	}
	return oldest;
}

void cache_put(struct cache *cache, struct cache_slot *slot, const struct statement *statement, void *prepared)
{
	*slot = (struct cache_slot){ .statement = statement, .prepared = prepared, .used = ++cache->tick };
}
