#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_ROOM 256

void buf_init(struct buf *buf, size_t max_bytes)
{
	/* One byte more is always allocated, for the NUL. */
	*buf = (struct buf){ .max_bytes = max_bytes < SIZE_MAX ? max_bytes : SIZE_MAX - 1 };
}

void buf_done(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ 0 };
}

void buf_clear(struct buf *buf)
{
	buf->size = 0;
	buf->failed = OK;
	if (buf->data)
		buf->data[0] = '\0';
}

static size_t next_room(const struct buf *buf, size_t needed)
{
	size_t room = FIRST_ROOM;

	if (buf->room > 0)
		room = buf->room <= buf->max_bytes / 2 ? buf->room * 2 : buf->max_bytes;
	if (room < needed)
		room = needed;
	return room < buf->max_bytes ? room : buf->max_bytes;
}

uint8_t *buf_reserve(struct buf *buf, size_t size)
{
	if (buf->failed != OK)
		return NULL;
	if (size > buf->max_bytes - buf->size) {
		buf->failed = ERR_LIMIT;
		return NULL;
	}
	if (!buf->data || size > buf->room - buf->size) {
		size_t room = next_room(buf, buf->size + size);
		uint8_t *data = realloc(buf->data, room + 1);
		if (!data) {
			buf->failed = ERR_MEMORY;
			return NULL;
		}
		data[buf->size] = '\0';
		buf->data = data;
		buf->room = room;
	}
	return buf->data + buf->size;
}

void buf_grown(struct buf *buf, size_t size)
{
	assert(size <= buf->room - buf->size);
	buf->size += size;
	if (buf->data)
		buf->data[buf->size] = '\0';
}

void buf_put(struct buf *buf, const void *data, size_t size)
{
	if (size == 0)
		return;

	uint8_t *to = buf_reserve(buf, size);
	if (!to)
		return;
	memcpy(to, data, size);
	buf_grown(buf, size);
}

void buf_put_bytes(struct buf *buf, struct bytes bytes)
{
	buf_put(buf, bytes.data, bytes.size);
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_put(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char c)
{
	buf_put(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size < 0) { /* longer than INT_MAX (EOVERFLOW) */
		if (buf->failed == OK)
			buf->failed = ERR_LIMIT;
		return;
	}

	uint8_t *to = buf_reserve(buf, (size_t)size);
	if (!to)
		return;
	va_start(args, format);
	vsnprintf((char *)to, (size_t)size + 1, format, args);
	va_end(args);
	buf_grown(buf, (size_t)size);
}

enum err_code buf_check(const struct buf *buf, const char *what, struct err *err)
{
	if (buf->failed == OK)
		return OK;
	if (buf->failed == ERR_MEMORY)
		return fail(err, ERR_MEMORY, "no memory left for the %s (%zu bytes so far, at most %zu)", what,
			    buf->size, buf->max_bytes);
	if (buf->failed != ERR_LIMIT)
		return fail(err, buf->failed, "the %s holds characters that it cannot carry", what);
	return fail(err, buf->failed, "the %s is larger than %zu bytes", what, buf->max_bytes);
}
