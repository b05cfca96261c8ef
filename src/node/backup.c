#include "node/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "kernel/journal.h"
#include "node/places_int.h"

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
			  struct node_left_out *left, struct err *err)
{
	struct config config;
	struct db *db = NULL;
	TRY(node_read_config(arena, directory, &config, findings, err));
	node_places_check(arena, &config, findings);
	TRY(node_require_right(directory, findings, err));
	struct node_files *files = arena_alloc(arena, sizeof *files);
	if (!files)
		return fail(err, ERR_MEMORY, "no memory for the files of the node");
	*files = (struct node_files){ .arena = arena, .config = &config, .left = left, .keys = backup->keys };
	TRY(node_files_gather(files, err));
	TRY(node_left_out_find(arena, &config, directory, files->items, files->count, left, err));
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
