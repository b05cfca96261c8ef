/* A growing buffer on the heap that states its maximum.
 *
 * Appending never fails on the spot: the first append that does not fit marks the buffer, later ones do nothing, and
 * buf_check() says once whether all went in. The bytes stay NUL-terminated (the NUL is not counted). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/bytes.h"
#include "base/err.h"

struct buf {
	uint8_t *data; /* NULL while empty */
	size_t size;
	size_t room;
	size_t max_bytes;
	enum err_code failed; /* OK, ERR_LIMIT or ERR_MEMORY */
};

void buf_init(struct buf *buf, size_t max_bytes);
void buf_done(struct buf *buf);  /* frees; the buffer may be initialised again */
void buf_clear(struct buf *buf); /* empties, keeps the memory and the maximum */

void buf_put(struct buf *buf, const void *data, size_t size);
void buf_put_bytes(struct buf *buf, struct bytes bytes);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF(2, 3);

/* Makes room for SIZE more bytes and returns where they go, or NULL; buf_grown() then says how many were used. */
uint8_t *buf_reserve(struct buf *buf, size_t size);
void buf_grown(struct buf *buf, size_t size);

/* OK, or a failure that names WHAT ("receipt") and the maximum. */
enum err_code buf_check(const struct buf *buf, const char *what, struct err *err) MUST_USE;

static inline struct bytes buf_bytes(const struct buf *buf)
{
	return bytes(buf->data, buf->size);
}
/* The content as text; "" while empty. */
static inline const char *buf_text(const struct buf *buf)
{
	return buf->data ? (const char *)buf->data : "";
}

#define buf_auto __attribute__((cleanup(buf_done), unused)) struct buf

#endif
