#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif

#ifdef UNDER_ASAN
#include <sanitizer/asan_interface.h>
#define RED_ZONE             16
#define POISON(data, size)   ASAN_POISON_MEMORY_REGION(data, size)
#define UNPOISON(data, size) ASAN_UNPOISON_MEMORY_REGION(data, size)
#else
#define RED_ZONE             0
#define POISON(data, size)   ((void)(data), (void)(size))
#define UNPOISON(data, size) ((void)(data), (void)(size))
#endif

#define FIRST_CHUNK_BYTES 2048
#define LAST_CHUNK_BYTES  65536

struct chunk {
	struct chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) uint8_t data[];
};

struct arena {
	struct chunk *chunks; /* the first one is being filled */
	size_t next_chunk_bytes;
	size_t max_bytes;
	size_t used;
};

struct arena *arena_new(size_t max_bytes)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		return NULL;
	arena->max_bytes = max_bytes;
	arena->next_chunk_bytes = FIRST_CHUNK_BYTES;
	return arena;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		UNPOISON(chunk->data, chunk->size);
		free(chunk);
	}
	free(arena);
}

/* Memory is zeroed once, here: nothing of a chunk is handed out twice. */
static struct chunk *chunk_new(size_t size)
{
	struct chunk *chunk = size <= SIZE_MAX - sizeof(*chunk) ? calloc(1, sizeof(*chunk) + size) : NULL;

	if (!chunk)
		return NULL;
	chunk->size = size;
	POISON(chunk->data, size);
	return chunk;
}

static void *chunk_take(struct chunk *chunk, size_t size, size_t step)
{
	uint8_t *data = chunk->data + chunk->used;

	chunk->used += step;
	UNPOISON(data, size);
	return data;
}

/* A chunk with STEP bytes free. What is large gets its own, behind the one being filled, whose rest is not wasted. */
static struct chunk *chunk_for(struct arena *arena, size_t step)
{
	struct chunk *first = arena->chunks;

	if (first && first->size - first->used >= step)
		return first;

	bool own = step > arena->next_chunk_bytes / 4;
	struct chunk *chunk = chunk_new(own ? step : arena->next_chunk_bytes);
	if (!chunk)
		return NULL;
	if (own && first) {
		chunk->next = first->next;
		first->next = chunk;
		return chunk;
	}
	chunk->next = first;
	arena->chunks = chunk;
	if (!own && arena->next_chunk_bytes < LAST_CHUNK_BYTES)
		arena->next_chunk_bytes *= 2;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);

	if (size > arena->max_bytes - arena->used || size > SIZE_MAX - align - RED_ZONE)
		return NULL;

	size_t step = (size + align - 1) / align * align + RED_ZONE;
	struct chunk *chunk = chunk_for(arena, step);
	if (!chunk)
		return NULL;
	arena->used += size;
	return chunk_take(chunk, size, step);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return arena_alloc(arena, total);
}

void *arena_copy(struct arena *arena, const void *from, size_t size)
{
	void *copy = arena_alloc(arena, size);

	if (copy && size > 0)
		memcpy(copy, from, size);
	return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
	return text ? arena_copy(arena, text, strlen(text) + 1) : NULL;
}

char *arena_text_of(struct arena *arena, struct bytes bytes)
{
	if (!bytes.data && bytes.size > 0)
		return NULL;

	char *text = bytes.size < SIZE_MAX ? arena_alloc(arena, bytes.size + 1) : NULL;
	if (text && bytes.size > 0)
		memcpy(text, bytes.data, bytes.size);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size < 0)
		return NULL;

	char *text = arena_alloc(arena, (size_t)size + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)size + 1, format, args);
	va_end(args);
	return text;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}
