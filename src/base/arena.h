/* Memory of one unit of work (request, message, job, command), bounded, freed at once.
 *
 * A function that takes an arena returns memory of that arena; nobody frees it. When the bound is reached allocations
 * return NULL and the unit of work fails with ERR_MEMORY; the node goes on. Under AddressSanitizer every allocation is
 * poisoned around, so that overruns inside an arena are seen. Not thread safe: one arena, one thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

struct arena;

/* A new arena that hands out at most MAX_BYTES. NULL if the system has no memory. */
struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena *arena); /* NULL is fine */

/* Zeroed memory aligned for any type; SIZE 0 gives a valid pointer. NULL beyond the bound. */
void *arena_alloc(struct arena *arena, size_t size) MUST_USE;
/* COUNT × SIZE with an overflow check. */
void *arena_array(struct arena *arena, size_t count, size_t size) MUST_USE;
void *arena_copy(struct arena *arena, const void *from, size_t size) MUST_USE;

/* NUL-terminated copies. A NULL text gives NULL. */
char *arena_text(struct arena *arena, const char *text) MUST_USE;
char *arena_text_of(struct arena *arena, struct bytes bytes) MUST_USE;
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF(2, 3) MUST_USE;

/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

static inline void arena_free_(struct arena **arena)
{
	arena_free(*arena);
}
#define arena_auto __attribute__((cleanup(arena_free_), unused)) struct arena *

#endif
