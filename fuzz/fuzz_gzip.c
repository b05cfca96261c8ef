/* A compressed part from a stranger: never more comes out than is allowed, and what does can be packed again. */
#include "codec/gzip.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	buf_auto plain = { 0 };
	buf_auto packed = { 0 };
	buf_auto again = { 0 };
	struct err err;
	size_t allowed = 20 * size > 64 << 10 ? 20 * size : 64 << 10;

	buf_init(&plain, 1 << 20);
	buf_init(&packed, 2 << 20);
	buf_init(&again, 1 << 20);
	if (gzip_expand(bytes(data, size), 20, &plain, &err) != OK) {
		MUST(plain.size == 0);
		return 0;
	}
	MUST(plain.size <= allowed);
	MUST(gzip_compress(buf_bytes(&plain), 1, &packed, &err) == OK);
	MUST(gzip_expand(buf_bytes(&packed), 2000, &again, &err) == OK);
	MUST(bytes_same(buf_bytes(&plain), buf_bytes(&again)));
	return 0;
}
