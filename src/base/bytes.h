/* A borrowed run of bytes. Who owns the memory is said by whoever hands it out. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data;
	size_t size;
};

static inline struct bytes bytes(const void *data, size_t size)
{
	return (struct bytes){ .data = data, .size = size };
}

/* The bytes of a NUL-terminated text, without the NUL. */
static inline struct bytes bytes_of(const char *text)
{
	return bytes(text, text ? strlen(text) : 0);
}

static inline bool bytes_same(struct bytes a, struct bytes b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Equal texts; NULL equals only NULL. */
static inline bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
