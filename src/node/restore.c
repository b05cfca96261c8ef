#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "node/places_int.h"

enum { CONFIG_MAX = 1 << 20, PLACES_MAX = 16 };

static enum err_code backup_open(const char *file, int *fd, struct err *err)
{
	*fd = open(file, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot read %s: %s", file, strerror(errno));
	return OK;
}

enum err_code node_backup_check(struct arena *arena, const char *file, struct bytes key,
				struct backup_contents *contents, struct err *err)
{
	fd_auto fd = -1;
	TRY(backup_open(file, &fd, err));
	return backup_read(fd, key, arena, contents, err);
}

/* --- The configuration for another database --- */

/* True for "url = …" in any spelling of blanks. */
static bool is_url(struct bytes line)
{
	size_t at = 0;
	while (at < line.size && (line.data[at] == ' ' || line.data[at] == '\t'))
		at++;
	if (line.size - at < 4 || memcmp(line.data + at, "url", 3) != 0)
		return false;
	for (at += 3; at < line.size && (line.data[at] == ' ' || line.data[at] == '\t');)
		at++;
	return at < line.size && line.data[at] == '=';
}

/* The same text with another database: the old line stays as a comment, and sections may be given in parts. */
static void redirect(struct bytes text, const char *database, struct buf *out)
{
	bool inside = false;
	while (text.size > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.size);
		struct bytes line = bytes(text.data, end ? (size_t)(end - text.data) + 1 : text.size);
		size_t blank = 0;
		while (blank < line.size && (line.data[blank] == ' ' || line.data[blank] == '\t'))
			blank++;
		if (blank < line.size && line.data[blank] == '[')
			inside = line.size - blank >= 10 && memcmp(line.data + blank, "[database]", 10) == 0;
		if (inside && is_url(line))
			buf_puts(out, "; before the restore: ");
		buf_put_bytes(out, line);
		text = bytes(text.data + line.size, text.size - line.size);
	}
	buf_printf(out, "\n[database]\nurl = %s\n", database);
}

/* --- The directory --- */

struct restoring {
	struct arena *arena;
	const struct node_restore *restore;
	const struct backup_contents *contents;
	struct node_left_out *left;
	const char *beside;              /* the directory as long as it is not whole */
	const char *database;            /* its file in there, "lintas.db"; NULL: none */
	const char *folders[PLACES_MAX]; /* that settings name, "drop" */
	size_t folders_count;
	int fd;
};

static enum err_code folders_make(struct restoring *r, const char *path, struct err *err)
{
	for (const char *slash = strchr(path + strlen(r->beside) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		const char *folder = arena_text_of(r->arena, bytes(path, (size_t)(slash - path)));
		if (!folder || (mkdir(folder, 0700) != 0 && errno != EEXIST))
			return fail(err, ERR_IO, "cannot make a folder of %s: %s", path, strerror(errno));
	}
	return OK;
}

static enum err_code content_write(struct restoring *r, const char *name, struct bytes content, struct err *err)
{
	const char *path = arena_printf(r->arena, "%s/%s", r->beside, name);
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for a path");
	TRY(folders_make(r, path, err));
	fd_auto fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || !fd_write(fd, content) || fsync(fd) != 0)
		return fail(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	return OK;
}

static enum err_code files_write(struct restoring *r, struct err *err)
{
	const struct backup_contents *contents = r->contents;
	const char *keys = arena_printf(r->arena, "%s/keys", r->beside);
	bool configured = false;
	buf_auto text;
	buf_init(&text, CONFIG_MAX + 4096);
	for (size_t i = 0; i < contents->files_count; i++) {
		struct bytes content = contents->files[i].content;
		bool config = same(contents->files[i].name, "lintas.conf");
		configured = configured || config;
		if (config && r->restore->database) {
			redirect(content, r->restore->database, &text);
			TRY(buf_check(&text, "the configuration", err));
			content = buf_bytes(&text);
		}
		TRY(content_write(r, contents->files[i].name, content, err));
	}
	if (!configured)
		return fail(err, ERR_SYNTAX, "the backup has no lintas.conf: it is of no node");
	if (!keys || (mkdir(keys, 0700) != 0 && errno != EEXIST))
		return fail(err, ERR_IO, "cannot make the key directory: %s", strerror(errno));
	return OK;
}

static enum err_code database_fill(struct restoring *r, const struct config *config, struct err *err)
{
	const struct actor actor = { .name = "operator" };
	char recovery[37];
	struct db *db = NULL;
	TRY(node_open_database(r->arena, config, &db, err));
	enum err_code code = backup_restore(db, r->fd, r->restore->key, r->arena, r->contents, &actor,
					    clock_now_us(&clock_system), recovery, err);
	db_close(db);
	return code;
}

/* Inside alone: what is elsewhere may be another node's, and is swept away with what fails here. */
static enum err_code database_place(struct restoring *r, const struct config *config, struct err *err)
{
	const char *name = db_url_file(config->database);
	if (!name)
		return OK;
	const char *path = arena_printf(r->arena, "%s/%s", r->beside, name);
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for a path");
	if (!backup_name_valid(name))
		return fail(err, ERR_USAGE,
			    "the database %s is outside of the directory: give --database sqlite:lintas.db", name);
	r->database = name;
	return folders_make(r, path, err);
}

/* The folders that settings name: an empty one has no file in the backup that would make it. */
static enum err_code folders_place(struct restoring *r, const struct config *config, struct err *err)
{
	const struct setting *setting;
	for (size_t i = 0; (setting = config_setting(i)); i++) {
		const char *value = config_named(setting, config);
		bool folder = value && (setting->names == NAMES_FOLDER || setting->names == NAMES_SPOOL);
		const char *inside = folder ? config_inside(r->arena, r->restore->directory, value) : NULL;
		if (!inside)
			continue;
		if (r->folders_count == PLACES_MAX)
			return fail(err, ERR_LIMIT, "the settings name more than %d folders", PLACES_MAX);
		r->folders[r->folders_count++] = inside;
		const char *path = arena_printf(r->arena, "%s/%s/", r->beside, inside);
		if (!path)
			return fail(err, ERR_MEMORY, "no memory for a path");
		TRY(folders_make(r, path, err));
	}
	return OK;
}

static enum err_code fill(struct restoring *r, struct findings *findings, struct err *err)
{
	struct config config;
	TRY(files_write(r, err));
	TRY(node_read_config(r->arena, r->beside, &config, findings, err));
	TRY(folders_place(r, &config, err));
	TRY(node_left_out_find(r->arena, &config, r->restore->directory, r->contents->files, r->contents->files_count,
			       r->left, err));
	TRY(database_place(r, &config, err));
	TRY(database_fill(r, &config, err));
	return node_directory_sync(r->arena, arena_printf(r->arena, "%s/lintas.conf", r->beside), err);
}

/* NAME in the directory, and the folders that are empty without it. */
static void sweep_one(const struct restoring *r, const char *name, const char *suffix)
{
	char *path = arena_printf(r->arena, "%s/%s%s", r->beside, name, suffix);
	if (!path)
		return;
	unlink(path);
	for (char *slash; (slash = strrchr(path, '/')) && slash > path + strlen(r->beside);) {
		*slash = '\0';
		rmdir(path);
	}
}

/* What a failed restore leaves is of no use, and holds secrets. */
static void sweep(const struct restoring *r)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	for (size_t i = 0; r->database && i < COUNT(suffixes); i++)
		sweep_one(r, r->database, suffixes[i]);
	for (size_t i = 0; i < r->contents->files_count; i++)
		sweep_one(r, r->contents->files[i].name, "");
	for (size_t i = 0; i < r->folders_count; i++)
		sweep_one(r, r->folders[i], "/.");
	const char *keys = arena_printf(r->arena, "%s/keys", r->beside);
	if (keys)
		rmdir(keys);
	rmdir(r->beside);
}

static enum err_code require_absent(const char *directory, struct err *err)
{
	/* Of a directory that holds something rmdir() takes nothing. */
	if (rmdir(directory) == 0 || errno == ENOENT)
		return OK;
	if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR)
		return fail(
			err, ERR_CONFLICT,
			"%s is not empty, and nothing in it is overwritten: give another directory, or move it away",
			directory);
	return fail(err, ERR_IO, "%s cannot be used: %s", directory, strerror(errno));
}

static const char *without_slash(struct arena *arena, const char *path)
{
	size_t size = strlen(path);
	while (size > 1 && path[size - 1] == '/')
		size--;
	return arena_text_of(arena, bytes(path, size));
}

enum err_code node_restore(struct arena *arena, const struct node_restore *restore, struct findings *findings,
			   struct backup_contents *contents, struct node_left_out *left, struct err *err)
{
	struct node_restore given = *restore;
	if (given.database)
		TRY(config_database_require("--database", given.database, findings, err));
	fd_auto fd = -1;
	given.directory = without_slash(arena, restore->directory);
	struct restoring r = { .arena = arena, .restore = &given, .contents = contents, .left = left };
	r.beside = given.directory ? arena_printf(arena, "%s.restoring", given.directory) : NULL;
	if (!r.beside)
		return fail(err, ERR_MEMORY, "no memory for a path");
	TRY(backup_open(given.file, &fd, err));
	r.fd = fd;
	TRY(backup_read(fd, given.key, arena, contents, err));
	TRY(require_absent(given.directory, err));
	if (mkdir(r.beside, 0700) != 0)
		return fail(err, errno == EEXIST ? ERR_CONFLICT : ERR_IO,
			    "cannot make %s: %s (if an earlier restore was interrupted, remove it)", r.beside,
			    strerror(errno));
	enum err_code code = fill(&r, findings, err);
	if (code != OK) {
		if (code != ERR_COMMIT_UNCERTAIN) /* then the database may be full, and this is its node */
			sweep(&r);
		return code;
	}
	if (rename(r.beside, given.directory) != 0)
		return fail(err, ERR_IO, "everything is restored, but %s cannot be named %s: %s; do that by hand",
			    r.beside, given.directory, strerror(errno));
	return node_directory_sync(arena, given.directory, err);
}
