/* The index of an archive, or its SHA256SUMS, from whoever had the files: line by line, as they are read. What is read
 * names nothing outside its volume, and is the same when it is written and read again. */
#include "base/text.h"
#include "fuzz.h"
#include "kernel/archive.h"

#define ARENA_MAX ((size_t)4 << 20)

static void check_entry(struct arena *arena, struct bytes line)
{
	struct archive_entry entry, again;
	struct err err = { 0 };
	buf_auto once, twice;

	buf_init(&once, 2 * ARCHIVE_LINE_MAX + 1024);
	buf_init(&twice, 2 * ARCHIVE_LINE_MAX + 1024);
	enum err_code code = archive_entry_parse(arena, line, &entry, &err);
	MUST(code == OK || code == ERR_SYNTAX || code == ERR_MEMORY);
	MUST(code == OK || err.text[0]);
	if (code != OK)
		return;
	MUST(archive_name_valid(entry.file) && archive_name_valid(entry.message) && entry.type && entry.partner);
	MUST(!strchr(entry.file, '/') && entry.file[0] != '.' && strlen(entry.sha256) == 64);
	MUST(entry.bytes >= 0 && entry.bytes <= ARCHIVE_BUNDLE_BYTES);
	if (archive_entry_put(&once, &entry, &err) != OK || once.size > ARCHIVE_LINE_MAX)
		return;
	MUST(archive_entry_parse(arena, bytes(once.data, once.size - 1), &again, &err) == OK);
	MUST(archive_entry_put(&twice, &again, &err) == OK);
	MUST(bytes_same(buf_bytes(&once), buf_bytes(&twice)));
}

static void check_sum(struct arena *arena, struct bytes line)
{
	const char *name = NULL, *digest = NULL;
	struct err err = { 0 };

	if (archive_sum_parse(arena, line, &name, &digest, &err) != OK)
		return;
	MUST(archive_name_valid(name) && strlen(digest) == 64 && strlen(name) + 66 == line.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (struct bytes left = bytes(data, size); left.size > 0;) {
		const uint8_t *end = memchr(left.data, '\n', left.size);
		size_t length = end ? (size_t)(end - left.data) : left.size;
		arena_auto arena = arena_new(ARENA_MAX);
		if (!arena)
			return 0;
		check_entry(arena, bytes(left.data, length));
		check_sum(arena, bytes(left.data, length));
		length += end != NULL;
		left = bytes(left.data + length, left.size - length);
	}
	return 0;
}
