/* gzip (RFC 1952) of parts that fit in memory, with a hard limit on what comes out. */
#ifndef CODEC_GZIP_H
#define CODEC_GZIP_H

#include "base/buf.h"

/* LEVEL 1 (fast) to 12. */
enum err_code gzip_compress(struct bytes plain, int level, struct buf *out, struct err *err) MUST_USE;

/* Appends the content of the gzip members in PACKED (one or more, nothing after them). ERR_LIMIT beyond OUT's maximum
 * or beyond MAX_RATIO times the packed size (small outputs, below 64 KiB, are not judged by ratio); ERR_SYNTAX if it is
 * not gzip, damaged or cut. */
enum err_code gzip_expand(struct bytes packed, unsigned max_ratio, struct buf *out, struct err *err) MUST_USE;

#endif
