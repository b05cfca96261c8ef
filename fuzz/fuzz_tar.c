/* An archive as it comes from a node; what was read is written, and read the same again. */
#include "codec/tar.h"
#include "fuzz.h"

enum { FILES_MAX = 64, ARENA_BYTES = 32 << 20, ARCHIVE_BYTES = 32 << 20 };

static void same_again(struct arena *arena, const struct tar_file *files, size_t count)
{
	struct err err;
	buf_auto archive;
	struct tar_file *again;
	size_t again_count;

	buf_init(&archive, ARCHIVE_BYTES);
	if (tar_put(files, count, 0, &archive, &err) != OK ||
	    tar_read(arena, buf_bytes(&archive), FILES_MAX, &again, &again_count, &err) != OK) {
		MUST(err.code == ERR_MEMORY || err.code == ERR_LIMIT);
		return;
	}
	MUST(again_count == count);
	for (size_t i = 0; i < count; i++)
		MUST(same(again[i].path, files[i].path) && bytes_same(again[i].content, files[i].content) &&
		     again[i].executable == files[i].executable);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena_auto arena = arena_new(ARENA_BYTES);
	struct err err;
	struct tar_file *files;
	size_t count, total = 0;

	if (!arena || tar_read(arena, bytes(data, size), FILES_MAX, &files, &count, &err) != OK)
		return 0;
	MUST(count <= FILES_MAX);
	for (size_t i = 0; i < count; i++) {
		MUST(files[i].path[0] != '/' && !strstr(files[i].path, ".."));
		total += files[i].content.size;
	}
	MUST(total <= size);
	same_again(arena, files, count);
	return 0;
}
