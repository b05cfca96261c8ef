#include "search/search.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "search/rank_int.h"

/* What a search holds while it runs, so that nothing is freed under it. Counted in two halves, so that taking it is one
 * addition and never waits: the engine's word holds which one is current and how often it was taken, the snapshot how
 * often it was given back. When another becomes current, the first half is added to the second; who brings that to 0
 * frees it. */
enum { SNAPSHOTS = 64, TAKEN_BITS = 48 };

struct base {
	struct search_segment *segment;
	atomic_uint holders; /* snapshots */
};

struct snapshot {
	struct base *base;            /* NULL: nothing was built yet */
	struct search_segment *delta; /* NULL: nothing was added since */
	atomic_llong balance;
	atomic_bool used;
};

struct search_engine {
	atomic_ullong current; /* which of snapshots, and how often it was taken */
	struct snapshot snapshots[SNAPSHOTS];
	pthread_mutex_t writing;
	struct arena *added_arena; /* of the precedents that delta holds */
	struct search_precedent *added;
	size_t added_count;
};

static unsigned which(unsigned long long word)
{
	return (unsigned)(word >> TAKEN_BITS);
}

/* --- snapshots --- */

static void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot->base && atomic_fetch_sub(&snapshot->base->holders, 1) == 1) {
		search_segment_free(snapshot->base->segment);
		free(snapshot->base);
	}
	search_segment_free(snapshot->delta);
	snapshot->base = NULL;
	snapshot->delta = NULL;
	atomic_store(&snapshot->used, false);
}

static struct snapshot *take(struct search_engine *engine)
{
	return &engine->snapshots[which(atomic_fetch_add(&engine->current, 1))];
}

static void give_back(struct snapshot *snapshot)
{
	if (atomic_fetch_sub(&snapshot->balance, 1) == 1)
		snapshot_free(snapshot);
}

/* The writer's: makes BASE and DELTA current. False, and nothing has changed, if all snapshots are held. */
static bool publish(struct search_engine *engine, struct base *base, struct search_segment *delta)
{
	unsigned free_one = 0;

	while (free_one < SNAPSHOTS && atomic_load(&engine->snapshots[free_one].used))
		free_one++;
	if (free_one == SNAPSHOTS)
		return false;
	struct snapshot *next = &engine->snapshots[free_one];
	next->base = base;
	next->delta = delta;
	if (base)
		atomic_fetch_add(&base->holders, 1);
	atomic_store(&next->balance, 0);
	atomic_store(&next->used, true);
	unsigned long long old = atomic_exchange(&engine->current, (unsigned long long)free_one << TAKEN_BITS);
	struct snapshot *before = &engine->snapshots[which(old)];
	long long taken = (long long)(old & ((1ULL << TAKEN_BITS) - 1));
	if (atomic_fetch_add(&before->balance, taken) + taken == 0)
		snapshot_free(before);
	return true;
}

/* --- the engine --- */

enum err_code search_engine_new(struct search_engine **engine, struct err *err)
{
	struct search_engine *made = calloc(1, sizeof(*made));

	if (!made)
		return fail(err, ERR_MEMORY, "no memory for a search");
	made->added = calloc(SEARCH_DELTA_MAX, sizeof(*made->added));
	made->added_arena = arena_new(SEARCH_SEGMENT_MAX);
	if (!made->added || !made->added_arena) {
		free(made->added);
		arena_free(made->added_arena);
		free(made);
		return fail(err, ERR_MEMORY, "no memory for a search");
	}
	pthread_mutex_init(&made->writing, NULL);
	atomic_store(&made->snapshots[0].used, true); /* the empty one is current */
	*engine = made;
	return OK;
}

void search_engine_free(struct search_engine *engine)
{
	if (!engine)
		return;
	snapshot_free(&engine->snapshots[which(atomic_load(&engine->current))]);
	pthread_mutex_destroy(&engine->writing);
	arena_free(engine->added_arena);
	free(engine->added);
	free(engine);
}

enum err_code search_engine_swap(struct search_engine *engine, struct search_segment *segment, struct err *err)
{
	struct base *base = malloc(sizeof(*base));
	struct arena *arena = arena_new(SEARCH_SEGMENT_MAX);

	if (!base || !arena) {
		free(base);
		arena_free(arena);
		return fail(err, ERR_MEMORY, "no memory for a search");
	}
	base->segment = segment;
	atomic_init(&base->holders, 0);
	pthread_mutex_lock(&engine->writing);
	bool done = publish(engine, base, NULL);
	if (done) {
		struct arena *old = engine->added_arena;
		engine->added_arena = arena;
		engine->added_count = 0;
		arena = old;
	}
	pthread_mutex_unlock(&engine->writing);
	arena_free(arena);
	if (done)
		return OK;
	free(base);
	return fail(err, ERR_BUSY, "searches still hold %d older states of the index", SNAPSHOTS);
}

/* Copies behind those that were added before; they count when the caller says so. */
static enum err_code added_copy(struct search_engine *engine, const struct search_precedent *precedents, size_t count,
				struct err *err)
{
	struct arena *arena = engine->added_arena;

	for (size_t i = 0; i < count; i++) {
		struct search_precedent *copy = &engine->added[engine->added_count + i];
		size_t size = precedents[i].text.size < SEARCH_TEXT_MAX ? precedents[i].text.size : SEARCH_TEXT_MAX;
		*copy = (struct search_precedent){
			.id = arena_text(arena, precedents[i].id),
			.code = arena_text(arena, precedents[i].code),
			.owner = arena_text(arena, precedents[i].owner),
			.text = bytes(arena_copy(arena, precedents[i].text.data, size), size),
		};
		if (!copy->id || !copy->code || (precedents[i].owner && !copy->owner) || !copy->text.data)
			return fail(err, ERR_MEMORY, "no memory for a precedent");
	}
	return OK;
}

static enum err_code add(struct search_engine *engine, const struct search_precedent *precedents, size_t count,
			 struct err *err)
{
	struct search_segment *delta = NULL;

	if (count > SEARCH_DELTA_MAX - engine->added_count)
		return fail(err, ERR_LIMIT, "%zu precedents were added since the index was built: build it anew",
			    engine->added_count);
	TRY(added_copy(engine, precedents, count, err));
	struct search_source source = { .precedents = engine->added, .precedent_count = engine->added_count + count };
	TRY(search_segment_build(&source, &delta, err));
	/* Only a writer changes what is current, and there is one: it needs not be taken. */
	struct base *base = engine->snapshots[which(atomic_load(&engine->current))].base;
	if (!publish(engine, base, delta)) {
		search_segment_free(delta);
		return fail(err, ERR_BUSY, "searches still hold %d older states of the index", SNAPSHOTS);
	}
	engine->added_count += count;
	return OK;
}

enum err_code search_engine_add(struct search_engine *engine, const struct search_precedent *precedents, size_t count,
				struct err *err)
{
	pthread_mutex_lock(&engine->writing);
	enum err_code code = add(engine, precedents, count, err);
	pthread_mutex_unlock(&engine->writing);
	return code;
}

/* --- a search --- */

static enum err_code run(const struct snapshot *snapshot, const struct search_query *query, struct arena *arena,
			 struct search_result *result, struct err *err)
{
	struct view view = { .count = 0 };
	word_reader_auto reader = NULL;
	struct ask *ask = arena_alloc(arena, sizeof(*ask));

	if (!ask)
		return fail(err, ERR_MEMORY, "no memory for a query");
	if (snapshot->base)
		view.segments[view.count++] = snapshot->base->segment;
	if (snapshot->delta)
		view.segments[view.count++] = snapshot->delta;
	TRY(word_reader_new(&reader, err));
	TRY(ask_read(&view, query, reader, arena, ask, err));
	if (view.count == 0 || ask->word_count == 0) {
		*result = (struct search_result){ .count = 0 };
		return OK;
	}
	return rank(&view, query, ask, arena, result, err);
}

enum err_code search_run(struct search_engine *engine, const struct search_query *query, struct arena *arena,
			 struct search_result *result, struct err *err)
{
	if (query->digits < 2 || query->digits > 8)
		return fail(err, ERR_INVALID, "codes have 2 to 8 digits here, not %d", query->digits);
	struct snapshot *snapshot = take(engine);
	enum err_code code = run(snapshot, query, arena, result, err);
	give_back(snapshot);
	return code;
}
