#include "codec/gzip.h"

#include <libdeflate.h>

/* Below this size an output is never called a bomb: a form of zeros may well shrink a thousand times. */
#define RATIO_FREE_BYTES ((size_t)64 << 10)
#define MEMBER_BYTES     18 /* header and trailer of a member, RFC 1952 §2.3 */

enum err_code gzip_compress(struct bytes plain, int level, struct buf *out, struct err *err)
{
	TRY(buf_check(out, "compressed part", err));

	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
	if (!compressor)
		return fail(err, ERR_MEMORY, "no memory left to compress at level %d", level);

	/* The bound is for input that does not shrink; a result that fits into OUT is welcome even if the bound does
	 * not. */
	size_t room = libdeflate_gzip_compress_bound(compressor, plain.size);
	if (room > out->max_bytes - out->size)
		room = out->max_bytes - out->size;
	uint8_t *to = buf_reserve(out, room);
	size_t size = to ? libdeflate_gzip_compress(compressor, plain.data, plain.size, to, room) : 0;
	libdeflate_free_compressor(compressor);

	TRY(buf_check(out, "compressed part", err));
	if (size == 0)
		return fail(err, ERR_LIMIT, "the compressed part is larger than %zu bytes", room);
	buf_grown(out, size);
	return OK;
}

/* The uncompressed size modulo 2^32 that the last member claims (RFC 1952 §2.3.1): a hint that saves trials, never
 * trusted. */
static size_t claimed_size(struct bytes packed)
{
	const uint8_t *p = packed.data + packed.size - 4;

	return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

static size_t first_room(struct bytes packed, size_t allowed)
{
	size_t usual = packed.size < SIZE_MAX / 32 ? 32 * packed.size : SIZE_MAX;
	size_t room = claimed_size(packed);

	if (room > usual)
		room = usual;
	if (room < 1024)
		room = 1024;
	return room < allowed ? room : allowed;
}

/* Appends one member, at most ALLOWED bytes, and moves PACKED behind it. */
static enum err_code expand_member(struct libdeflate_decompressor *decompressor, struct bytes *packed, size_t allowed,
				   struct buf *out, struct err *err)
{
	if (packed->size < MEMBER_BYTES)
		return fail(err, ERR_SYNTAX, "the gzip data is cut short or followed by something else");

	size_t room = first_room(*packed, allowed);
	for (;;) {
		uint8_t *to = buf_reserve(out, room);
		if (!to)
			return buf_check(out, "expanded part", err);

		size_t used = 0;
		size_t size = 0;
		enum libdeflate_result result =
			libdeflate_gzip_decompress_ex(decompressor, packed->data, packed->size, to, room, &used, &size);
		if (result == LIBDEFLATE_SUCCESS) {
			buf_grown(out, size);
			*packed = bytes(packed->data + used, packed->size - used);
			return OK;
		}
		if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
			return fail(err, ERR_SYNTAX,
				    "the gzip data is damaged, cut short or followed by something else");
		if (room == allowed)
			return fail(err, ERR_LIMIT, "%zu bytes of gzip data expand to more than the %zu bytes allowed",
				    packed->size, allowed);
		room = room <= allowed / 2 ? 2 * room : allowed;
	}
}

static size_t allowed_size(size_t packed_size, unsigned max_ratio, const struct buf *out)
{
	size_t by_ratio = max_ratio == 0 || packed_size <= SIZE_MAX / max_ratio ? packed_size * max_ratio : SIZE_MAX;
	size_t by_buffer = out->max_bytes - out->size;

	if (by_ratio < RATIO_FREE_BYTES)
		by_ratio = RATIO_FREE_BYTES;
	return by_ratio < by_buffer ? by_ratio : by_buffer;
}

enum err_code gzip_expand(struct bytes packed, unsigned max_ratio, struct buf *out, struct err *err)
{
	size_t before = out->size;
	size_t allowed = allowed_size(packed.size, max_ratio, out);
	enum err_code code;

	TRY(buf_check(out, "expanded part", err));
	struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
	if (!decompressor)
		return fail(err, ERR_MEMORY, "no memory left to expand a part");

	do {
		code = expand_member(decompressor, &packed, allowed - (out->size - before), out, err);
	} while (code == OK && packed.size > 0);
	libdeflate_free_decompressor(decompressor);

	if (code != OK && out->data) {
		out->size = before;
		out->data[before] = '\0';
	}
	return code;
}
