/* Files for tests: the collected real messages (not part of the repository) and the output of oracle programs. */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit.h"

#include "base/arena.h"
#include "base/buf.h"

static inline struct bytes file_read(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	buf_auto content = { 0 };
	buf_init(&content, 8 << 20);
	char piece[4096];
	for (size_t n; (n = fread(piece, 1, sizeof(piece), file)) > 0;)
		buf_put(&content, piece, n);
	assert_int_equal(ferror(file), 0);
	fclose(file);
	assert_int_equal(content.failed, OK);
	const void *copy = arena_copy(arena, content.data, content.size);
	assert_non_null(copy);
	return bytes(copy, content.size);
}

/* A collected file by its name below the data folder; skips the test, saying so, if the collection is not there. */
static inline struct bytes file_collected(struct arena *arena, const char *name)
{
	const char *root = getenv("LINTAS_DATA");
	const char *path = arena_printf(arena, "%s/%s", root ? root : SOURCE_ROOT "/../shared/data", name);

	assert_non_null(path);
	if (access(path, R_OK) != 0) {
		print_message("SKIPPED: %s is not there (set LINTAS_DATA to the folder of the collection)\n", path);
		skip();
	}
	return file_read(arena, path);
}

/* What COMMAND (arguments already quoted) prints when INPUT is its standard input. False if it fails or is not
 * installed. */
static inline bool oracle(struct arena *arena, const char *command, struct bytes input, struct bytes *output)
{
	char in[] = "/tmp/lintas-oracle-XXXXXX";
	int fd = mkstemp(in);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, input.data, input.size), (ssize_t)input.size);
	close(fd);

	const char *line = arena_printf(arena, "%s <%s >%s.out 2>/dev/null", command, in, in);
	const char *out = arena_printf(arena, "%s.out", in);
	bool done = system(line) == 0;
	if (done)
		*output = file_read(arena, out);
	unlink(in);
	unlink(out);
	return done;
}

static inline void assert_bytes(struct bytes actual, const char *expected)
{
	assert_int_equal(actual.size, strlen(expected));
	assert_memory_equal(actual.data, expected, actual.size);
}

#endif
