/* Files of others: each is looked at, opened and moved by its name inside an open folder, so that no link leads out of
 * it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/uuid.h"
#include "national/drop_int.h"

enum { FOLDER_MODE = 0770, FILE_MODE = 0640 };

int drop_folder_open(int folder, const char *name, bool make)
{
	if (make && mkdirat(folder, name, FOLDER_MODE) != 0 && errno != EEXIST)
		return -1;
	return openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int64_t us_of(struct timespec time)
{
	return (int64_t)time.tv_sec * SECOND_US + time.tv_nsec / 1000;
}

/* Programs that copy files write them under such names, and give them the right one when they are whole. */
static bool is_temporary(const char *name)
{
	static const char *const endings[] = { ".part", ".filepart", ".tmp", "~" };

	for (size_t i = 0; i < COUNT(endings); i++)
		if (ends_with(name, endings[i]))
			return true;
	return *name == '.';
}

const char *drop_entry_look(const struct national_drop *drop, int folder, const char *name, int64_t now_us,
			    struct drop_entry *entry)
{
	struct stat stat;

	*entry = (struct drop_entry){ .name = name };
	if (is_temporary(name))
		return "";
	if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? "" : "it cannot be looked at: give this program the right to";
	if (S_ISLNK(stat.st_mode))
		return "it is a symbolic link: put the file itself here";
	if (S_ISDIR(stat.st_mode))
		return "it is a folder; inside \"in\" folders are named like mappings and document types, and hold files";
	if (!S_ISREG(stat.st_mode))
		return "it is no file";
	if (stat.st_nlink > 1)
		return "it has another name (hard link), by which it could still change: copy it here instead";
	if (faccessat(folder, name, R_OK, AT_EACCESS) != 0)
		return "it cannot be read: give this program the right to";
	/* The time of its last change of any kind, a new name among them, is not for its writer to set. */
	int64_t modified_us = us_of(stat.st_mtim), changed_us = us_of(stat.st_ctim);
	int64_t last_us = changed_us > modified_us ? changed_us : modified_us;
	entry->changed = stat.st_ctim;
	/* One that is of tomorrow by a clock that was wrong is not kept waiting until then. */
	entry->ready = now_us - last_us >= drop->settle_us || last_us > now_us + HOUR_US;
	return NULL;
}

static int by_age(const void *a, const void *b)
{
	const struct drop_entry *one = a, *other = b;
	int64_t x = us_of(one->changed), y = us_of(other->changed);

	return x != y ? (x > y ? 1 : -1) : strcmp(one->name, other->name);
}

static enum err_code list_ready(const struct national_drop *drop, struct arena *arena, DIR *entries, int64_t now_us,
				struct drop_entry *found, size_t *count, struct err *err)
{
	const struct dirent *entry;

	for (size_t looked = 0; looked < DROP_LOOK_MAX && *count < DROP_SORT_MAX && (entry = readdir(entries));
	     looked++) {
		struct drop_entry *next = &found[*count];
		if (drop_entry_look(drop, dirfd(entries), entry->d_name, now_us, next) || !next->ready)
			continue;
		next->name = arena_text(arena, entry->d_name);
		if (!next->name)
			return fail(err, ERR_MEMORY, "no memory for the names in a drop folder");
		++*count;
	}
	return OK;
}

enum err_code drop_folder_ready(const struct national_drop *drop, struct arena *arena, int folder, int64_t now_us,
				struct drop_entry **entries, size_t *count, struct err *err)
{
	struct drop_entry *found = arena_array(arena, DROP_SORT_MAX, sizeof(*found));
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again >= 0 ? fdopendir(again) : NULL;
	size_t ready = 0;

	if (!dir || !found) {
		int failed = errno;
		if (dir)
			closedir(dir);
		else if (again >= 0)
			close(again);
		return found ? fail(err, ERR_IO, "cannot read a drop folder: %s", strerror(failed))
			     : fail(err, ERR_MEMORY, "no memory for the names in a drop folder");
	}
	enum err_code code = list_ready(drop, arena, dir, now_us, found, &ready, err);
	closedir(dir);
	if (code != OK)
		return code;
	if (ready > 0)
		qsort(found, ready, sizeof(*found), by_age);
	*entries = found;
	*count = ready;
	return OK;
}

/* --- One file --- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       us_of(a->st_mtim) == us_of(b->st_mtim);
}

enum err_code drop_file_read(struct arena *arena, int folder, const char *name, size_t max, struct bytes *text,
			     struct stat *file, bool *changes, struct err *err)
{
	/* Not waiting for a writer, should it have become a pipe meanwhile. */
	fd_auto fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat after;

	*changes = true;
	if (fd < 0)
		return errno == ENOENT || errno == ELOOP
			       ? OK
			       : fail(err, ERR_IO, "cannot open a dropped file: %s", strerror(errno));
	if (fstat(fd, file) != 0)
		return fail(err, ERR_IO, "cannot look at a dropped file: %s", strerror(errno));
	if (!S_ISREG(file->st_mode) || file->st_nlink != 1)
		return OK;
	size_t room = file->st_size < (off_t)max ? (size_t)file->st_size + 1 : max + 1;
	uint8_t *to = arena_alloc(arena, room);
	size_t size;
	if (!to)
		return fail(err, ERR_MEMORY, "no memory for a dropped file");
	if (!fd_read(fd, to, room, &size))
		return fail(err, ERR_IO, "cannot read a dropped file: %s", strerror(errno));
	*text = bytes(to, size);
	if (fstat(fd, &after) != 0)
		return fail(err, ERR_IO, "cannot look at a dropped file: %s", strerror(errno));
	bool whole = text->size == (size_t)file->st_size || text->size == max + 1;
	*changes = !same_file(file, &after) || us_of(file->st_ctim) != us_of(after.st_ctim) || !whole;
	return OK;
}

static enum err_code write_all(int fd, struct bytes content, struct err *err)
{
	if (!fd_write(fd, content))
		return fail(err, errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_IO,
			    "cannot write into a drop folder: %s", strerror(errno));
	if (fsync(fd) != 0)
		return fail(err, ERR_IO, "cannot synchronise a file of a drop folder: %s", strerror(errno));
	return OK;
}

enum err_code drop_file_write(int folder, const char *name, struct bytes content, struct err *err)
{
	char aside[UUID_SIZE + 1] = ".";

	uuid_new(aside + 1, clock_now_us(&clock_system));
	int fd = openat(folder, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return fail(err, errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_IO,
			    "cannot make a file in a drop folder: %s", strerror(errno));
	enum err_code code = write_all(fd, content, err);
	if (close(fd) != 0 && code == OK)
		code = fail(err, ERR_IO, "cannot write into a drop folder: %s", strerror(errno));
	if (code == OK && (renameat(folder, aside, folder, name) != 0 || fsync(folder) != 0))
		code = fail(err, ERR_IO, "cannot name a file in a drop folder: %s", strerror(errno));
	if (code != OK)
		unlinkat(folder, aside, 0);
	return code;
}

enum err_code drop_file_move(int from, const char *name, int to, const char *kept, const struct stat *file,
			     struct err *err)
{
	struct stat now;

	if (fstatat(from, name, &now, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? OK : fail(err, ERR_IO, "cannot look at a dropped file: %s", strerror(errno));
	if (!same_file(&now, file))
		return OK;
	if (renameat(from, name, to, kept) != 0)
		return fail(err, ERR_IO, "cannot move a dropped file away: %s", strerror(errno));
	/* Put in its place between looking and moving: that one was not taken, and goes back. */
	if (fstatat(to, kept, &now, AT_SYMLINK_NOFOLLOW) == 0 && !same_file(&now, file))
		if (renameat2(to, kept, from, name, RENAME_NOREPLACE) != 0)
			return fail(err, ERR_IO, "cannot put a file back into a drop folder: %s", strerror(errno));
	if (fsync(to) != 0 || fsync(from) != 0)
		return fail(err, ERR_IO, "cannot synchronise a drop folder: %s", strerror(errno));
	return OK;
}

/* Marks and overrides of direction would show a name as another one (Unicode Technical Report 36, 2.4). */
static bool misleads(const char *name)
{
	static const char *const marks[] = { "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
					     "\u2066", "\u2067", "\u2068", "\u2069" };

	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return true;
	for (size_t i = 0; i < COUNT(marks); i++)
		if (strstr(name, marks[i]))
			return true;
	return false;
}

const char *drop_name_shown(struct arena *arena, const char *name)
{
	buf_auto out = { 0 };

	if (utf8_valid(bytes_of(name)) && !misleads(name))
		return arena_text(arena, name);
	buf_init(&out, DROP_TEXT_MAX);
	percent_put(&out, name, " ");
	return out.failed ? NULL : arena_text(arena, buf_text(&out));
}
