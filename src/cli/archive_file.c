/* The files of an archive, read from the outside: nothing in them is believed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "cli/archive_int.h"

#define VOLUME_PREFIX "volume-"
enum { VOLUME_DIGITS = 6 };

const char *archive_volume_name(int64_t number, char name[static ARCHIVE_VOLUME_NAME])
{
	snprintf(name, ARCHIVE_VOLUME_NAME, VOLUME_PREFIX "%06lld", (long long)(number % (ARCHIVE_VOLUMES_MAX + 1)));
	return name;
}

int64_t archive_volume_number(const char *name)
{
	const char *digits = name + strlen(VOLUME_PREFIX);
	int64_t number = 0;
	if (!starts_with(name, VOLUME_PREFIX) || strlen(digits) != VOLUME_DIGITS ||
	    strspn(digits, "0123456789") != VOLUME_DIGITS)
		return 0;
	digits += strspn(digits, "0");
	return int64_parse(digits, &number) ? number : 0;
}

enum err_code archive_open_folder(int at, const char *path, int *fd, struct err *err)
{
	int opened = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (opened < 0)
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot open the folder %s: %s", path,
			    strerror(errno));
	*fd = opened;
	return OK;
}

/* Neither a link out of the archive nor a pipe that never ends. */
static enum err_code open_file(int folder, const char *name, int *fd, int64_t *size, struct err *err)
{
	struct stat status;
	int opened = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (opened < 0)
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYNTAX, "%s cannot be opened: %s", name,
			    strerror(errno));
	if (fstat(opened, &status) != 0 || !S_ISREG(status.st_mode)) {
		close(opened);
		return fail(err, ERR_SYNTAX, "%s is no ordinary file", name);
	}
	*fd = opened;
	*size = status.st_size;
	return OK;
}

enum err_code archive_read_file(struct arena *arena, int folder, const char *name, size_t max_bytes,
				struct bytes *content, struct err *err)
{
	fd_auto fd = -1;
	int64_t size;
	size_t got;
	TRY(open_file(folder, name, &fd, &size, err));
	if (size < 0 || (uint64_t)size > max_bytes)
		return fail(err, ERR_LIMIT, "%s is longer than the %zu octets that it may have", name, max_bytes);
	uint8_t *octets = arena_alloc(arena, (size_t)size + 1);
	if (!octets)
		return fail(err, ERR_MEMORY, "no memory for %s", name);
	if (!fd_read(fd, octets, (size_t)size, &got))
		return fail(err, ERR_IO, "cannot read %s: %s", name, strerror(errno));
	if (got < (size_t)size)
		return fail(err, ERR_IO, "cannot read %s: it became shorter", name);
	*content = bytes(octets, got);
	return OK;
}

/* --- Lines --- */

enum err_code archive_lines_open(int folder, const char *name, struct archive_lines *lines, struct err *err)
{
	int fd;
	int64_t size;
	TRY(open_file(folder, name, &fd, &size, err));
	lines->number = 0;
	lines->file = fdopen(fd, "r");
	if (!lines->file) {
		close(fd);
		return fail(err, ERR_MEMORY, "no memory for %s", name);
	}
	return OK;
}

enum err_code archive_lines_next(struct archive_lines *lines, struct bytes *line, struct err *err)
{
	size_t size = 0;
	int c;
	lines->number++;
	while ((c = getc_unlocked(lines->file)) != EOF && c != '\n') {
		if (size == ARCHIVE_LINE_MAX)
			return fail(err, ERR_SYNTAX, "line %lld is longer than %d octets", (long long)lines->number,
				    ARCHIVE_LINE_MAX);
		lines->line[size++] = (uint8_t)c;
	}
	if (c == EOF && ferror(lines->file))
		return fail(err, ERR_IO, "line %lld cannot be read", (long long)lines->number);
	if (c == EOF && size > 0)
		return fail(err, ERR_SYNTAX, "line %lld is cut off", (long long)lines->number);
	*line = bytes(c == EOF ? NULL : lines->line, size);
	return OK;
}

void archive_lines_close(struct archive_lines *lines)
{
	if (lines->file)
		fclose(lines->file);
	lines->file = NULL;
}

/* --- What a volume says of itself --- */

static enum err_code read_manifest(struct arena *arena, struct bytes text, struct archive_manifest *manifest,
				   struct err *err)
{
	struct findings *findings = findings_new(arena);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for a volume");
	TRY(field_read_json(arena, &archive_manifest_schema, text, NULL, manifest, findings, err));
	const struct finding *first = findings_at(findings, 0);
	if (first)
		return fail(err, ERR_INVALID, ARCHIVE_SAYS ": %s: %s", first->path, first->text);
	if (manifest->version != ARCHIVE_VERSION)
		return fail(err, ERR_INVALID, ARCHIVE_SAYS ": its version %lld is not known here: take a newer Lintas",
			    (long long)manifest->version);
	if (manifest->messages < 1 || manifest->messages > ARCHIVE_MESSAGES_MAX)
		return fail(err, ERR_INVALID, ARCHIVE_SAYS ": a volume has 1 to %d messages", ARCHIVE_MESSAGES_MAX);
	return OK;
}

enum err_code archive_volume_read(struct arena *arena, int folder, struct archive_volume *volume, struct err *err)
{
	struct bytes text, says;
	struct messaging_signed read = { .verified = false };
	struct archive_volume found = { 0 };
	struct findings *findings = findings_new(arena);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for a volume");
	TRY(archive_read_file(arena, folder, ARCHIVE_SIGNED, ARCHIVE_SIGNED_MAX, &text, err));
	TRY(archive_read_file(arena, folder, ARCHIVE_SAYS, ARCHIVE_SIGNED_MAX, &says, err));
	if (messaging_signed_read(arena, text, ARCHIVE_TYPE, &read, findings, err) == ERR_MEMORY)
		return err->code;
	const struct finding *first = findings_at(findings, 0);
	if (first || !read.verified)
		return fail(err, ERR_INVALID, ARCHIVE_SIGNED ": %s", first ? first->text : "it is no signed JSON");
	if (!bytes_same(read.payload, says))
		return fail(err, ERR_INVALID, ARCHIVE_SAYS ": it is not what " ARCHIVE_SIGNED " has signed");
	TRY(read_manifest(arena, read.payload, &found.manifest, err));
	found.signer = read.signer;
	found.fingerprint = read.fingerprint;
	sha256_hex(text, found.digest);
	*volume = found;
	return OK;
}
