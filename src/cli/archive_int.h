/* Archives in files, as commands write, verify and search them: kernel/archive.h says what is in them. */
#ifndef CLI_ARCHIVE_INT_H
#define CLI_ARCHIVE_INT_H

#include <stdio.h>

#include "cli/cli_int.h"
#include "codec/tar.h"
#include "crypto/digest.h"
#include "kernel/archive.h"
#include "kernel/retention.h"

#define ARCHIVE_INDEX   "index.jsonl"
#define ARCHIVE_SUMS    "SHA256SUMS"
#define ARCHIVE_SAYS    "volume.json"
#define ARCHIVE_SIGNED  "volume.jws"
#define ARCHIVE_README  "README.md"
#define ARCHIVE_PARTIAL ".part" /* a volume while it is written */

enum { ARCHIVE_SIGNED_MAX = 65536, ARCHIVE_VOLUME_NAME = 24 };

/* "volume-000001" */
const char *archive_volume_name(int64_t number, char name[static ARCHIVE_VOLUME_NAME]);
/* The number of a volume of this name; 0 if it is none. */
int64_t archive_volume_number(const char *name);

/* Opens the folder PATH below AT (AT_FDCWD); a link is refused. */
enum err_code archive_open_folder(int at, const char *path, int *fd, struct err *err) MUST_USE;
/* A regular file below FOLDER, whole, in ARENA: ERR_LIMIT beyond MAX_BYTES, ERR_SYNTAX if it is no regular file. */
enum err_code archive_read_file(struct arena *arena, int folder, const char *name, size_t max_bytes,
				struct bytes *content, struct err *err) MUST_USE;

/* A file of lines, read one at a time. */
struct archive_lines {
	FILE *file;
	int64_t number; /* of the line that was read last */
	uint8_t line[ARCHIVE_LINE_MAX + 1];
};
enum err_code archive_lines_open(int folder, const char *name, struct archive_lines *lines, struct err *err) MUST_USE;
/* *LINE without its line feed, good until the next call; .data NULL after the last. ERR_SYNTAX if a line is too long or
 * the last is cut off. */
enum err_code archive_lines_next(struct archive_lines *lines, struct bytes *line, struct err *err) MUST_USE;
void archive_lines_close(struct archive_lines *lines);

/* What a volume says of itself, from its signed file: that is what counts. */
struct archive_volume {
	struct archive_manifest manifest;
	const char *signer, *fingerprint;
	char digest[SHA256_HEX_SIZE]; /* of volume.jws */
};
/* ERR_INVALID if it is not signed by the certificate in it, or volume.json differs. */
enum err_code archive_volume_read(struct arena *arena, int folder, struct archive_volume *volume,
				  struct err *err) MUST_USE;

/* All of VOLUME, as it stands below FOLDER, is what was signed: `lintas archive verify` of it alone. ERR_INVALID. */
enum err_code archive_volume_check(struct invocation *in, int folder, const struct archive_volume *volume,
				   struct err *err) MUST_USE;

/* The files of an answer or archive that is one folder, written to FOLDER, or to one of their own name if it is NULL;
 * *WHERE is its path. */
struct folder_summary {
	const char *folder, *verify;
	int64_t files, octets;
};
enum err_code folder_write(struct arena *arena, const struct tar_file *files, size_t count,
			   struct folder_summary *summary, struct err *err) MUST_USE;

#endif
