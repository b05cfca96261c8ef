#include "codec/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

enum { PATH_BYTES_MAX = 240, TAR_BLOCK = 512, TAR_RECORD = 20 * TAR_BLOCK };

static void reader_free(struct archive **reader)
{
	archive_read_free(*reader);
}
static void writer_free(struct archive **writer)
{
	archive_write_free(*writer);
}
static void entry_free(struct archive_entry **entry)
{
	archive_entry_free(*entry);
}
#define reader_auto __attribute__((cleanup(reader_free), unused)) struct archive *
#define writer_auto __attribute__((cleanup(writer_free), unused)) struct archive *
#define entry_auto  __attribute__((cleanup(entry_free), unused)) struct archive_entry *

/* What names the same file everywhere, inside the folder that is unpacked to. */
static bool path_right(const char *path)
{
	size_t size = path ? strlen(path) : 0;

	if (size == 0 || size > PATH_BYTES_MAX)
		return false;
	for (const char *c = path; *c; c++)
		if (*c < ' ' || *c > '~' || *c == '\\')
			return false;
	for (const char *step = path; step; step = strchr(step, '/')) {
		step += *step == '/' && step != path;
		size_t length = strcspn(step, "/");
		if (length == 0 || (length <= 2 && strspn(step, ".") >= length))
			return false;
	}
	return true;
}

/* --- Writing --- */

static la_ssize_t on_write(struct archive *writer, void *arg, const void *data, size_t size)
{
	struct buf *out = arg;

	buf_put(out, data, size);
	if (out->failed == OK)
		return (la_ssize_t)size;
	archive_set_error(writer, ENOSPC, "the buffer is full");
	return -1;
}

/* The same owner and rights for all, so that the archive says nothing of where it was made. */
static enum err_code put_file(struct archive *writer, const struct tar_file *file, int64_t at_us, struct err *err)
{
	entry_auto entry = archive_entry_new();

	if (!path_right(file->path))
		return fail(err, ERR_INVALID, "\"%s\" is no path for an archive", file->path ? file->path : "");
	if (!entry)
		return fail(err, ERR_MEMORY, "no memory left for an archive");
	archive_entry_set_pathname(entry, file->path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, file->executable ? 0755 : 0644);
	archive_entry_set_size(entry, (la_int64_t)file->content.size);
	archive_entry_set_mtime(entry, at_us / SECOND_US, 0);
	if (archive_write_header(writer, entry) != ARCHIVE_OK ||
	    archive_write_data(writer, file->content.data, file->content.size) != (la_ssize_t)file->content.size)
		return fail(err, ERR_MEMORY, "%s cannot be put into an archive: %s", file->path,
			    archive_error_string(writer));
	return OK;
}

/* At most: the header and the padding of each file, and of the whole. */
static size_t tar_size(const struct tar_file *files, size_t count)
{
	size_t size = 2 * TAR_RECORD;

	for (size_t i = 0; i < count; i++)
		size += files[i].content.size + (size_t)6 * TAR_BLOCK;
	return size;
}

enum err_code tar_put(const struct tar_file *files, size_t count, int64_t at_us, struct buf *out, struct err *err)
{
	writer_auto writer = archive_write_new();

	/* Restricted: a pax header stands only where an older one cannot say it, so that any tar reads it. */
	if (!writer || archive_write_set_format_pax_restricted(writer) != ARCHIVE_OK ||
	    archive_write_open(writer, out, NULL, on_write, NULL) != ARCHIVE_OK)
		return fail(err, ERR_MEMORY, "no memory left for an archive");
	size_t room = tar_size(files, count);
	if (out->size + room <= out->max_bytes)
		buf_reserve(out, room); /* at once: growing by doubling would need twice the memory */
	enum err_code code = OK;
	for (size_t i = 0; i < count && code == OK; i++)
		code = put_file(writer, &files[i], at_us, err);
	bool closed = archive_write_close(writer) == ARCHIVE_OK;
	TRY(buf_check(out, "an archive", err));
	if (code == OK && !closed)
		return fail(err, ERR_MEMORY, "the archive cannot be ended: %s", archive_error_string(writer));
	return code;
}

/* --- Reading --- */

struct reading {
	struct arena *arena;
	struct archive *reader;
	struct bytes archive;
	struct tar_file *files;
	size_t count, room, max;
};

static enum err_code damaged(const struct reading *r, struct err *err)
{
	const char *why = archive_error_string(r->reader);

	if (archive_errno(r->reader) == ENOMEM)
		return fail(err, ERR_MEMORY, "no memory left for an archive");
	return fail(err, ERR_SYNTAX, "this is no archive, or a damaged one: %s", why ? why : "it is cut off");
}

static enum err_code make_room(struct reading *r, struct err *err)
{
	if (r->count == r->max)
		return fail(err, ERR_LIMIT, "the archive holds more than %zu files", r->max);
	if (r->count < r->room)
		return OK;
	size_t room = r->room ? 2 * r->room : 16;
	struct tar_file *files = arena_array(r->arena, room, sizeof *files);
	if (!files)
		return fail(err, ERR_MEMORY, "no memory left for an archive");
	if (r->count)
		memcpy(files, r->files, r->count * sizeof *files);
	r->files = files;
	r->room = room;
	return OK;
}

static enum err_code take_file(struct reading *r, struct archive_entry *entry, const char *path, struct err *err)
{
	la_int64_t size = archive_entry_size(entry);

	TRY(make_room(r, err));
	/* Holes would let a small archive unpack to a great one; no tar of ours has some. */
	if (!archive_entry_size_is_set(entry) || size < 0 || (uint64_t)size > r->archive.size ||
	    archive_entry_sparse_count(entry) > 0)
		return fail(err, ERR_SYNTAX, "%s in the archive says a size that cannot be", path);
	struct tar_file *file = &r->files[r->count];
	uint8_t *content = arena_alloc(r->arena, (size_t)size + 1);
	*file = (struct tar_file){ .path = arena_text(r->arena, path),
				   .content = bytes(content, (size_t)size),
				   .executable = (archive_entry_perm(entry) & 0100) != 0 };
	if (!content || !file->path)
		return fail(err, ERR_MEMORY, "no memory left for an archive");
	if (archive_read_data(r->reader, content, (size_t)size) != size)
		return damaged(r, err);
	r->count++;
	return OK;
}

static enum err_code take_entry(struct reading *r, struct archive_entry *entry, struct err *err)
{
	char path[PATH_BYTES_MAX + 2];
	const char *name = archive_entry_pathname(entry);
	size_t size = name ? strlen(name) : 0;
	bool folder = archive_entry_filetype(entry) == AE_IFDIR;

	if (size == 0 || size >= sizeof path)
		return fail(err, ERR_SYNTAX, "the archive holds a path that is empty, too long or no text");
	memcpy(path, name, size + 1);
	if (folder && path[size - 1] == '/')
		path[size - 1] = '\0';
	if (!path_right(path))
		return fail(err, ERR_SYNTAX, "the archive holds a path that must not be");
	if (folder)
		return OK;
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) || archive_entry_symlink(entry))
		return fail(err, ERR_SYNTAX, "%s in the archive is no ordinary file", path);
	return take_file(r, entry, path, err);
}

/* '/' first, so that a folder's files stand right after a file of the folder's name. */
static int path_compare(const void *a, const void *b)
{
	const char *one = *(const char *const *)a, *other = *(const char *const *)b;

	while (*one && *one == *other) {
		one++;
		other++;
	}
	return (*one == '/' ? 1 : *one) - (*other == '/' ? 1 : *other);
}

static enum err_code check_paths(const struct reading *r, struct err *err)
{
	const char **paths = arena_array(r->arena, r->count + 1, sizeof *paths);

	if (!paths)
		return fail(err, ERR_MEMORY, "no memory left for an archive");
	for (size_t i = 0; i < r->count; i++)
		paths[i] = r->files[i].path;
	qsort(paths, r->count, sizeof *paths, path_compare);
	for (size_t i = 1; i < r->count; i++) {
		size_t length = strlen(paths[i - 1]);
		if (strncmp(paths[i - 1], paths[i], length) == 0 && (!paths[i][length] || paths[i][length] == '/'))
			return fail(err, ERR_SYNTAX, "%s is twice in the archive", paths[i - 1]);
	}
	return OK;
}

/* Two blocks of zeros, and nothing but zeros after them (IEEE Std 1003.1, pax, ustar Interchange Format): without them
 * an archive that was cut between two files would pass. */
static bool ended(struct bytes archive, la_int64_t used)
{
	if (archive.size < 2 * TAR_BLOCK || archive.size % TAR_BLOCK != 0 || used < 0)
		return false;
	size_t from = archive.size - 2 * TAR_BLOCK;
	if ((uint64_t)used < from)
		from = (size_t)used;
	for (size_t i = from; i < archive.size; i++)
		if (archive.data[i] != 0)
			return false;
	return true;
}

static enum err_code read_entries(struct reading *r, struct err *err)
{
	struct archive_entry *entry;
	int result;

	while ((result = archive_read_next_header(r->reader, &entry)) == ARCHIVE_OK)
		TRY(take_entry(r, entry, err));
	if (result != ARCHIVE_EOF || !ended(r->archive, archive_filter_bytes(r->reader, 0)))
		return damaged(r, err);
	return check_paths(r, err);
}

enum err_code tar_read(struct arena *arena, struct bytes archive, size_t files_max, struct tar_file **files,
		       size_t *count, struct err *err)
{
	reader_auto reader = archive_read_new();
	struct reading r = { .arena = arena, .reader = reader, .archive = archive, .max = files_max };

	/* No filters: what is compressed is refused. */
	if (!reader || archive_read_support_format_tar(reader) != ARCHIVE_OK)
		return fail(err, ERR_MEMORY, "no memory left for an archive");
	if (archive_read_open_memory(reader, archive.data, archive.size) != ARCHIVE_OK)
		return damaged(&r, err);
	TRY(read_entries(&r, err));
	*files = r.files;
	*count = r.count;
	return OK;
}
