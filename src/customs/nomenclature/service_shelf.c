/* Books that are shared by whoever reads them, and kept for the next one who does.
 *
 * One is known by the ids of its editions, which are unique among all nodes, so that one shelf serves whatever nodes
 * are in this process; when another edition counts, another key is asked for. */
#include <pthread.h>
#include <stdlib.h>

#include "customs/nomenclature/nomenclature_int.h"

enum { SHELVES = 12 }; /* that nobody has open, too: the versions of a few days */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	const struct shared *shared;
	uint64_t used;
} shelves[SHELVES];
static uint64_t turn;

void *shared_new(size_t bytes_max, size_t size)
{
	struct arena *arena = arena_new(bytes_max);
	struct shared *shared = arena ? arena_alloc(arena, size) : NULL;
	atomic_uint *references = shared ? malloc(sizeof(*references)) : NULL;

	if (!references) {
		arena_free(arena);
		return NULL;
	}
	atomic_init(references, 1);
	shared->references = references;
	shared->arena = arena;
	return shared;
}

void shared_close(const struct shared *shared)
{
	while (shared && atomic_fetch_sub(shared->references, 1) == 1) {
		const struct shared *below = shared->below;

		free(shared->references);
		arena_free(shared->arena);
		shared = below;
	}
}

const void *shelf_find(const char *key)
{
	const struct shared *found = NULL;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < COUNT(shelves) && !found; i++)
		if (shelves[i].shared && same(shelves[i].shared->key, key)) {
			shelves[i].used = ++turn;
			found = shelves[i].shared;
			atomic_fetch_add(found->references, 1);
		}
	pthread_mutex_unlock(&lock);
	return found;
}

/* In the place of the one that was not asked for longest. */
void shelf_put(const struct shared *shared)
{
	const struct shared *gone;
	size_t oldest = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < COUNT(shelves); i++)
		if (shelves[i].used < shelves[oldest].used)
			oldest = i;
	gone = shelves[oldest].shared;
	atomic_fetch_add(shared->references, 1);
	shelves[oldest].shared = shared;
	shelves[oldest].used = ++turn;
	pthread_mutex_unlock(&lock);
	shared_close(gone);
}

void *array_with_room(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 1024;
	void *larger;

	if (count < *room)
		return items;
	larger = arena_array(arena, more, size);
	if (!larger)
		return NULL;
	if (count)
		memcpy(larger, items, count * size);
	*room = more;
	return larger;
}
