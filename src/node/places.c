/* The files and folders that settings name: what of them belongs to a backup, and what is not in one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "node/places_int.h"

static void directory_done(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}
#define directory_auto __attribute__((cleanup(directory_done), unused)) DIR *

static enum err_code content_read(struct node_files *files, const char *path, int flags, struct bytes *content,
				  struct err *err)
{
	/* O_NONBLOCK: a pipe put in its place must not hold us up. */
	fd_auto fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0)
		return fail(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_size > NODE_FILE_MAX)
		return fail(err, ERR_LIMIT, "%s is not a file of at most %d bytes", path, NODE_FILE_MAX);
	size_t size = (size_t)status.st_size, got;
	if (size > BACKUP_FILES_MAX - files->bytes)
		return fail(err, ERR_LIMIT, "the files of the node have more than %zu MB, which no backup holds",
			    BACKUP_FILES_MAX >> 20);
	uint8_t *data = arena_alloc(files->arena, size);
	if (!data)
		return fail(err, ERR_MEMORY, "no memory for %s", path);
	if (!fd_read(fd, data, size, &got))
		return fail(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	if (got < size)
		return fail(err, ERR_IO, "cannot read %s: cut short", path);
	files->bytes += size;
	*content = bytes(data, size);
	return OK;
}

static enum err_code add(struct node_files *files, const char *name, int flags, struct err *err)
{
	const char *path = name ? arena_printf(files->arena, "%s/%s", files->config->directory, name) : NULL;
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for the files of the node");
	if (!backup_name_valid(name))
		return fail(err, ERR_INVALID,
			    "%s has a name that a backup does not take: only letters, digits, '.', '_', '-'", path);
	if (files->count == NODE_FILES_MAX)
		return fail(err, ERR_LIMIT, "%s has more than %d files to be kept", files->config->directory,
			    NODE_FILES_MAX);
	struct backup_file *file = &files->items[files->count];
	file->name = name;
	TRY(content_read(files, path, flags, &file->content, err));
	files->count++;
	return OK;
}

typedef enum err_code entry_fn(struct node_files *files, const char *name, struct err *err);

/* Calls EACH with what the folder NAME of the node's directory holds, "name/entry". */
static enum err_code entries(struct node_files *files, const char *name, entry_fn *each, struct err *err)
{
	const char *path = arena_printf(files->arena, "%s/%s", files->config->directory, name);
	directory_auto directory = path ? opendir(path) : NULL;
	if (!directory)
		return fail(err, ERR_IO, "cannot read %s/%s: %s", files->config->directory, name, strerror(errno));
	const struct dirent *entry;
	while ((errno = 0, entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			TRY(each(files, arena_printf(files->arena, "%s/%s", name, entry->d_name), err));
	return errno ? fail(err, ERR_IO, "cannot read %s: %s", path, strerror(errno)) : OK;
}

static enum err_code key_file_add(struct node_files *files, const char *name, struct err *err)
{
	return add(files, name, O_NOFOLLOW, err);
}

static enum err_code key_add(struct node_files *files, const char *name, struct err *err)
{
	return name ? entries(files, name, key_file_add, err) : fail(err, ERR_MEMORY, "no memory for the keys");
}

static enum err_code leave_out(struct node_left_out *left, const struct config *config, const char *what,
			       const char *why, struct err *err)
{
	if (!what || !why)
		return fail(err, ERR_MEMORY, "no memory for what is not in the backup of %s", config->directory);
	if (left->count == NODE_LEFT_OUT_MAX)
		return fail(err, ERR_LIMIT, "%s has more than %d things that no backup holds", config->directory,
			    NODE_LEFT_OUT_MAX);
	left->items[left->count++] = (struct node_left){ what, why };
	return OK;
}

/* Of a folder. What somebody else put beside the node's files must not stop the backup: it is told. */
static enum err_code place_add(struct node_files *files, const char *name, struct err *err)
{
	const char *path = name ? arena_printf(files->arena, "%s/%s", files->config->directory, name) : NULL;
	struct stat status;
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for the files of the node");
	bool taken = stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= NODE_FILE_MAX;
	if (taken && backup_name_valid(name))
		return add(files, name, 0, err);
	return leave_out(files->left, files->config, path,
			 taken ? "its name has other characters than letters, digits, '.', '_', '-'"
			       : "it is not a file of at most 1 MB",
			 err);
}

/* The configuration, what its settings name inside of the directory, and the keys if they are wanted. Not "instance": a
 * restored node is another one. */
enum err_code node_files_gather(struct node_files *files, bool keys, struct err *err)
{
	const struct config *config = files->config;
	const struct setting *setting;
	TRY(add(files, "lintas.conf", O_NOFOLLOW, err));
	for (size_t i = 0; (setting = config_setting(i)); i++) {
		const char *value = config_named(setting, config);
		const char *inside = value ? config_inside(files->arena, config->directory, value) : NULL;
		const char *path = inside ? arena_printf(files->arena, "%s/%s", config->directory, inside) : NULL;
		if (!path || setting->names == NAMES_SPOOL || access(path, F_OK) != 0)
			continue;
		if (setting->names == NAMES_FOLDER)
			TRY(entries(files, inside, place_add, err));
		else
			TRY(add(files, inside, 0, err));
	}
	return keys ? entries(files, "keys", key_add, err) : OK;
}

/* Whether one of FILES is INSIDE, or lies in it. */
static bool has(const struct backup_file *files, size_t count, const char *inside)
{
	size_t size = strlen(inside);
	for (size_t i = 0; i < count; i++)
		if (strncmp(files[i].name, inside, size) == 0 &&
		    (files[i].name[size] == '\0' || files[i].name[size] == '/'))
			return true;
	return false;
}

/* Why SETTING's place is not in the backup, and what is not done without it. INSIDE: NULL if it lies elsewhere. */
static const char *left_why(struct arena *arena, const struct setting *setting, const char *inside, const char *path)
{
	const char *without = setting->without ? setting->without : "lintas serve does not start";
	if (inside && setting->names == NAMES_SPOOL)
		return "files on their way are not kept; each organisation that drops some needs its folder in it";
	if (inside)
		return arena_printf(arena, "there is none in this directory; without it %s", without);
	return arena_printf(arena, "it lies outside of the directory, so keep a copy of it%s; without it %s",
			    access(path, F_OK) != 0 ? "; it is not on this machine" : "", without);
}

enum err_code node_left_out_find(struct arena *arena, const struct config *config, const char *home,
				 const struct backup_file *files, size_t count, struct node_left_out *left,
				 struct err *err)
{
	const struct setting *setting;
	for (size_t i = 0; (setting = config_setting(i)); i++) {
		const char *value = config_named(setting, config);
		const char *inside = value ? config_inside(arena, home, value) : NULL;
		if (!value || (inside && setting->names != NAMES_SPOOL && has(files, count, inside)))
			continue;
		const char *path = config_path(arena, config, value);
		if (!path)
			return fail(err, ERR_MEMORY, "no memory for a path");
		const char *why = left_why(arena, setting, inside, path);
		TRY(leave_out(left, config, arena_printf(arena, "[%s] %s = %s", setting->section, setting->name, value),
			      why, err));
	}
	return OK;
}
