/* The files and folders that settings name: what of them belongs to a backup, and what is not in one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/* Opens NAME in DIRECTORY through no link: ELOOP for one. The key directory alone may be a link, to a disk of its own.
 */
static int open_below(const char *directory, const char *name, int flags)
{
	int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (const char *part = name; fd >= 0; part += strcspn(part, "/") + 1) {
		char one[NAME_MAX + 1];
		struct stat status;
		size_t size = strcspn(part, "/");
		bool last = part[size] == '\0';
		snprintf(one, sizeof one, "%.*s", (int)size, part);
		bool keys = part == name && same(one, "keys");
		int how = (last ? flags : O_PATH | O_DIRECTORY) | (keys ? 0 : O_NOFOLLOW) | O_CLOEXEC;
		if (size > NAME_MAX) { /* cut, it would be another's */
			errno = ENAMETOOLONG;
			fd_close(&fd);
			break;
		}
		int next = openat(fd, one, how);
		/* O_DIRECTORY says of a link that it is no folder. */
		if (next < 0 && fstatat(fd, one, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode))
			errno = ELOOP;
		fd_close(&fd);
		fd = next;
		if (last)
			break;
	}
	return fd;
}

/* Why open_below() failed. */
static const char *below_why(void)
{
	return errno == ELOOP ? "it is a link, and a backup follows none" : strerror(errno);
}

/* Why a backup cannot have INSIDE, for "it"; NULL if it is there. */
static const char *absent_why(const struct config *config, const char *inside)
{
	fd_auto fd = open_below(config->directory, inside, O_RDONLY | O_NONBLOCK);
	if (fd >= 0)
		return NULL;
	if (errno == ELOOP)
		return "a link leads to it, and a backup follows none, so keep a copy of it";
	return errno == ENOENT || errno == ENOTDIR ? "there is none in this directory" : NULL;
}

static enum err_code content_read(struct node_files *files, const char *name, struct bytes *content, struct err *err)
{
	const char *directory = files->config->directory;
	/* O_NONBLOCK: a pipe put in its place must not hold us up. */
	fd_auto fd = open_below(directory, name, O_RDONLY | O_NONBLOCK);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0)
		return fail(err, ERR_IO, "cannot read %s/%s: %s", directory, name, below_why());
	if (!S_ISREG(status.st_mode) || status.st_size > NODE_FILE_MAX)
		return fail(err, ERR_LIMIT, "%s/%s is not a file of at most %d bytes", directory, name, NODE_FILE_MAX);
	size_t size = (size_t)status.st_size, got;
	if (size > BACKUP_FILES_MAX - files->bytes)
		return fail(err, ERR_LIMIT, "the files of the node have more than %zu MB, which no backup holds",
			    BACKUP_FILES_MAX >> 20);
	uint8_t *data = arena_alloc(files->arena, size);
	if (!data)
		return fail(err, ERR_MEMORY, "no memory for %s/%s", directory, name);
	if (!fd_read(fd, data, size, &got))
		return fail(err, ERR_IO, "cannot read %s/%s: %s", directory, name, strerror(errno));
	if (got < size)
		return fail(err, ERR_IO, "cannot read %s/%s: cut short", directory, name);
	files->bytes += size;
	*content = bytes(data, size);
	return OK;
}

static bool has_file(const struct node_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (same(files->items[i].name, name))
			return true;
	return false;
}

/* A private key that was copied, or linked hard, out of the key directory: where it lies does not tell. */
static bool is_secret(const struct node_files *files, struct bytes content)
{
	static const char mark[] = "PRIVATE KEY-----"; /* RFC 7468 10 and 11, and the labels of old with RSA and EC */
	return !files->keys && memmem(content.data, content.size, mark, strlen(mark));
}

static enum err_code keep(struct node_files *files, const char *name, struct bytes content, struct err *err)
{
	if (files->count == NODE_FILES_MAX)
		return fail(err, ERR_LIMIT, "%s has more than %d files to be kept", files->config->directory,
			    NODE_FILES_MAX);
	files->items[files->count++] = (struct backup_file){ name, content };
	return OK;
}

static enum err_code add(struct node_files *files, const char *name, struct err *err)
{
	struct bytes content;
	if (!name)
		return fail(err, ERR_MEMORY, "no memory for the files of the node");
	if (has_file(files, name))
		return OK;
	if (!backup_name_valid(name))
		return fail(err, ERR_INVALID,
			    "%s/%s has a name that a backup does not take: only letters, digits, '.', '_', '-'",
			    files->config->directory, name);
	TRY(content_read(files, name, &content, err));
	if (is_secret(files, content))
		return fail(err, ERR_INVALID,
			    "%s/%s has a private key in it, and the backup is to have none: take it out of there",
			    files->config->directory, name);
	return keep(files, name, content, err);
}

typedef enum err_code entry_fn(struct node_files *files, const char *name, struct err *err);

/* Calls EACH with what the folder NAME of the node's directory holds, "name/entry". */
static enum err_code entries(struct node_files *files, const char *name, entry_fn *each, struct err *err)
{
	const char *home = files->config->directory;
	fd_auto fd = open_below(home, name, O_RDONLY | O_DIRECTORY);
	directory_auto directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory)
		return fail(err, ERR_IO, "cannot read %s/%s: %s", home, name, below_why());
	fd = -1; /* DIRECTORY has it */
	const struct dirent *entry;
	while ((errno = 0, entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			TRY(each(files, arena_printf(files->arena, "%s/%s", name, entry->d_name), err));
	return errno ? fail(err, ERR_IO, "cannot read %s/%s: %s", home, name, strerror(errno)) : OK;
}

static enum err_code key_add(struct node_files *files, const char *name, struct err *err)
{
	return name ? entries(files, name, add, err) : fail(err, ERR_MEMORY, "no memory for the keys");
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

static bool lies_in(const char *inside, const char *place)
{
	size_t size = strlen(place);
	return starts_with(inside, place) && (inside[size] == '\0' || inside[size] == '/');
}

/* What INSIDE is, if the node itself has it there: it is in a backup in another way, or not at all. Else NULL. */
static const char *own_place(struct arena *arena, const struct config *config, const char *inside)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	const char *file = db_url_file(config->database);
	if (lies_in(inside, "keys"))
		return "in the folder of the private keys";
	if (same(inside, "instance"))
		return "the identity of this instance";
	file = file ? config_inside(arena, config->directory, file) : NULL;
	for (size_t i = 0; file && i < COUNT(suffixes); i++)
		if (starts_with(inside, file) && same(inside + strlen(file), suffixes[i]))
			return "the database";
	return NULL;
}

const struct rule place_rules[] = {
	{ .code = "CFG-027", .text = "{1} is {2}: give it a file or folder of its own" },
	{ 0 },
};

void node_places_check(struct arena *arena, const struct config *config, struct findings *findings)
{
	const struct setting *setting;
	for (size_t i = 0; (setting = config_setting(i)); i++) {
		const char *value = config_named(setting, config);
		const char *inside = value ? config_inside(arena, config->directory, value) : NULL;
		const char *own = inside ? own_place(arena, config, inside) : NULL;
		if (own)
			finding_add(findings, &place_rules[0], "",
				    arena_printf(arena, "[%s] %s = %s", setting->section, setting->name, value), own);
	}
}

/* Why the backup does not take PATH, the entry NAME of a folder; NULL if it does. */
static const char *refused_why(struct node_files *files, const char *name, const char *path)
{
	struct stat status;
	bool there = lstat(path, &status) == 0;
	if (there && S_ISLNK(status.st_mode))
		return "it is a link, and a backup follows none";
	if (!there || !S_ISREG(status.st_mode) || status.st_size > NODE_FILE_MAX)
		return "it is not a file of at most 1 MB";
	if (!backup_name_valid(name))
		return "its name has other characters than letters, digits, '.', '_', '-'";
	return own_place(files->arena, files->config, name) ? "the node has it for itself" : NULL;
}

/* Of a folder. What somebody else put beside the node's files must not stop the backup: it is told. */
static enum err_code place_add(struct node_files *files, const char *name, struct err *err)
{
	const char *path = name ? arena_printf(files->arena, "%s/%s", files->config->directory, name) : NULL;
	struct bytes content = bytes(NULL, 0);
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for the files of the node");
	if (has_file(files, name))
		return OK;
	const char *why = refused_why(files, name, path);
	if (!why)
		TRY(content_read(files, name, &content, err));
	if (!why && is_secret(files, content))
		why = "it has a private key in it";
	return why ? leave_out(files->left, files->config, path, why, err) : keep(files, name, content, err);
}

/* The configuration, what its settings name inside of the directory, and the keys if they are wanted. Not "instance": a
 * restored node is another one. */
enum err_code node_files_gather(struct node_files *files, struct err *err)
{
	const struct config *config = files->config;
	const struct setting *setting;
	TRY(add(files, "lintas.conf", err));
	for (size_t i = 0; (setting = config_setting(i)); i++) {
		const char *value = config_named(setting, config);
		const char *inside = value ? config_inside(files->arena, config->directory, value) : NULL;
		if (!inside || setting->names == NAMES_SPOOL || absent_why(config, inside))
			continue;
		if (setting->names == NAMES_FOLDER)
			TRY(entries(files, inside, place_add, err));
		else
			TRY(add(files, inside, err));
	}
	return files->keys ? entries(files, "keys", key_add, err) : OK;
}

/* Whether one of FILES is INSIDE, or lies in it. */
static bool has(const struct backup_file *files, size_t count, const char *inside)
{
	for (size_t i = 0; i < count; i++)
		if (lies_in(files[i].name, inside))
			return true;
	return false;
}

/* Why SETTING's place is not in the backup, and what is not done without it. INSIDE: NULL if it lies elsewhere. */
static const char *left_why(struct arena *arena, const struct config *config, const struct setting *setting,
			    const char *inside, const char *path)
{
	const char *absent = inside ? absent_why(config, inside) : NULL;
	const char *without = setting->without ? setting->without : "lintas serve does not start";
	if (inside && setting->names == NAMES_SPOOL)
		return "files on their way are not kept; each organisation that drops some needs its folder in it";
	if (inside)
		return arena_printf(arena, "%s; without it %s", absent ? absent : "there is none in this directory",
				    without);
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
		const char *why = left_why(arena, config, setting, inside, path);
		TRY(leave_out(left, config, arena_printf(arena, "[%s] %s = %s", setting->section, setting->name, value),
			      why, err));
	}
	return OK;
}
