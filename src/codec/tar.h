/* A folder of files as one stream of bytes: POSIX tar (pax interchange format, IEEE Std 1003.1), for answers that are
 * more than one file. */
#ifndef CODEC_TAR_H
#define CODEC_TAR_H

#include "base/arena.h"
#include "base/buf.h"

struct tar_file {
	const char *path; /* relative, printable ASCII, its folders with '/', no "." or ".." */
	struct bytes content;
	bool executable;
};

/* Appends the archive of COUNT files, all with the time AT_US, to OUT. The same files give the same octets. ERR_INVALID
 * for a path that tar_read() would refuse. */
enum err_code tar_put(const struct tar_file *files, size_t count, int64_t at_us, struct buf *out,
		      struct err *err) MUST_USE;

/* Reads an archive of regular files (and folders, which are left out). ERR_SYNTAX if it is damaged or cut, holds
 * anything else, a path that leaves its folder, or a path twice (also as file and as folder); ERR_LIMIT beyond
 * FILES_MAX. Paths and contents are copies in ARENA. */
enum err_code tar_read(struct arena *arena, struct bytes archive, size_t files_max, struct tar_file **files,
		       size_t *count, struct err *err) MUST_USE;

#endif
