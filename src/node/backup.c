#include "node/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "kernel/journal.h"
#include "node/node_int.h"

enum { FILES_MAX = 1024, FILE_MAX = 1 << 20 };

struct files {
	struct arena *arena;
	const char *directory;
	struct backup_file items[FILES_MAX];
	size_t count;
};

static void directory_done(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}
#define directory_auto __attribute__((cleanup(directory_done), unused)) DIR *

static enum err_code content_read(struct arena *arena, const char *path, struct bytes *content, struct err *err)
{
	/* O_NONBLOCK: a pipe put in its place must not hold us up. */
	fd_auto fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0)
		return fail(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_size > FILE_MAX)
		return fail(err, ERR_LIMIT, "%s is not a file of at most %d bytes", path, FILE_MAX);
	size_t size = (size_t)status.st_size;
	size_t got;
	uint8_t *data = arena_alloc(arena, size);
	if (!data)
		return fail(err, ERR_MEMORY, "no memory for %s", path);
	if (!fd_read(fd, data, size, &got))
		return fail(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	if (got < size)
		return fail(err, ERR_IO, "cannot read %s: cut short", path);
	*content = bytes(data, size);
	return OK;
}

static enum err_code file_add(struct files *files, const char *name, struct err *err)
{
	const char *path = name ? arena_printf(files->arena, "%s/%s", files->directory, name) : NULL;
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for the files of the node");
	if (!backup_name_valid(name))
		return fail(err, ERR_INVALID,
			    "%s has a name that a backup does not take: only letters, digits, '.', '_', '-'", path);
	if (files->count == FILES_MAX)
		return fail(err, ERR_LIMIT, "%s has more than %d files to be kept", files->directory, FILES_MAX);
	struct backup_file *file = &files->items[files->count];
	file->name = name;
	TRY(content_read(files->arena, path, &file->content, err));
	files->count++;
	return OK;
}

typedef enum err_code entry_fn(struct files *files, const char *name, struct err *err);

/* Calls EACH with what the folder NAME of the node's directory holds, "name/entry". */
static enum err_code entries(struct files *files, const char *name, entry_fn *each, struct err *err)
{
	const char *path = arena_printf(files->arena, "%s/%s", files->directory, name);
	directory_auto directory = path ? opendir(path) : NULL;
	if (!directory)
		return fail(err, ERR_IO, "cannot read %s/%s: %s", files->directory, name, strerror(errno));
	const struct dirent *entry;
	while ((errno = 0, entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			TRY(each(files, arena_printf(files->arena, "%s/%s", name, entry->d_name), err));
	return errno ? fail(err, ERR_IO, "cannot read %s: %s", path, strerror(errno)) : OK;
}

static enum err_code key_add(struct files *files, const char *name, struct err *err)
{
	return name ? entries(files, name, file_add, err) : fail(err, ERR_MEMORY, "no memory for the keys");
}

/* The configuration, whom its TLS trusts, and the keys if they are wanted. Not "instance": a restored node is another
 * one. A file elsewhere (an absolute path) belongs to the machine. */
static enum err_code files_gather(struct files *files, const struct config *config, bool keys, struct err *err)
{
	const char *trust = config->trust_file;
	const char *path = config_path(files->arena, config, trust);
	TRY(file_add(files, "lintas.conf", err));
	if (path && trust[0] != '/' && access(path, F_OK) == 0)
		TRY(file_add(files, trust, err));
	return keys ? entries(files, "keys", key_add, err) : OK;
}

struct note {
	const struct backup_head *head;
	const struct backup_summary *summary;
	const struct actor *actor;
	int64_t now_us;
};

static enum err_code note_run(struct tx *tx, void *arg, struct err *err)
{
	const struct note *note = arg;
	char detail[200];
	snprintf(detail, sizeof detail, "%lld rows, seal %lld %s%s", (long long)note->summary->rows,
		 (long long)note->head->seal, note->head->hash ? note->head->hash : "(none)",
		 note->head->keys ? ", with the private keys" : "");
	const struct journal_entry entry = { .at_us = note->now_us,
					     .actor = note->actor->name,
					     .subject_type = "node",
					     .subject = note->head->state,
					     .event = "backed-up",
					     .detail = detail,
					     .content = note->summary->file.digest };
	return journal_put(tx, &entry, err);
}

static enum err_code write_and_note(struct arena *arena, int fd, struct backup_plan *plan,
				    struct backup_summary *summary, struct err *err)
{
	const struct actor actor = { .name = "operator" };
	TRY(backup_write(fd, arena, plan, summary, err));
	if (fsync(fd) != 0)
		return fail(err, ERR_IO, "the backup cannot be made durable: %s", strerror(errno));
	struct note note = { &plan->head, summary, &actor, clock_now_us(plan->clock) };
	return db_write(plan->db, note_run, &note, err);
}

enum err_code node_directory_sync(struct arena *arena, const char *path, struct err *err)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *parent = !path           ? NULL
			     : !slash        ? "."
			     : slash == path ? "/"
					     : arena_text_of(arena, bytes(path, (size_t)(slash - path)));
	fd_auto fd = parent ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0 || fsync(fd) != 0)
		return fail(err, ERR_IO, "the directory of %s cannot be made durable: %s", path, strerror(errno));
	return OK;
}

/* Beside, and named at the end: whatever has the name is whole. A link, because it overwrites nothing. */
static enum err_code file_write(struct arena *arena, const char *path, struct backup_plan *plan,
				struct backup_summary *summary, struct err *err)
{
	const char *beside = arena_printf(arena, "%s.part", path);
	if (!beside)
		return fail(err, ERR_MEMORY, "no memory for a path");
	if (access(path, F_OK) == 0)
		return fail(err, ERR_CONFLICT, "%s is there already, and no backup is overwritten: give another name",
			    path);
	fd_auto fd = open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(err, errno == EEXIST ? ERR_CONFLICT : ERR_IO,
			    "cannot make %s: %s (if an earlier backup was interrupted, remove it)", beside,
			    strerror(errno));
	enum err_code code = write_and_note(arena, fd, plan, summary, err);
	if (code == OK && link(beside, path) != 0)
		code = fail(err, errno == EEXIST ? ERR_CONFLICT : ERR_IO, "cannot make %s: %s", path, strerror(errno));
	unlink(beside);
	return code == OK ? node_directory_sync(arena, path, err) : code;
}

enum err_code node_backup(struct arena *arena, const char *directory, const struct node_backup *backup,
			  struct findings *findings, struct backup_head *head, struct backup_summary *summary,
			  struct err *err)
{
	struct config config;
	struct db *db = NULL;
	TRY(node_read_config(arena, directory, &config, findings, err));
	struct files *files = arena_alloc(arena, sizeof *files);
	if (!files)
		return fail(err, ERR_MEMORY, "no memory for the files of the node");
	*files = (struct files){ .arena = arena, .directory = directory };
	TRY(files_gather(files, &config, backup->keys, err));
	TRY(node_open_database(arena, &config, &db, err));
	struct backup_plan plan = {
		.db = db,
		.head = { .program = LINTAS_VERSION, .state = config.state, .node = config.name, .keys = backup->keys },
		.files = files->items,
		.files_count = files->count,
		.recipients = backup->recipients,
		.recipients_count = backup->recipients_count,
		.progress = backup->progress,
		.progress_arg = backup->progress_arg,
		.clock = &clock_system
	};
	enum err_code code = file_write(arena, backup->file, &plan, summary, err);
	db_close(db);
	*head = plan.head;
	return code;
}
