/* `lintas evidence export`: the folder that the node answers with, written where it is asked for. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/archive_int.h"

enum { FILES_MAX = 65536 };

static const struct field summary_rows[] = {
	FIELD_TEXT(struct folder_summary, folder, .json = "folder"),
	FIELD_INT(struct folder_summary, files, .json = "files"),
	FIELD_INT(struct folder_summary, octets, .json = "octets"),
	FIELD_TEXT(struct folder_summary, verify, .json = "verify"),
};
static const struct fields summary_fields = FIELDS(struct folder_summary, summary_rows);
static const struct schema summary_schema = {
	.name = "evidenceExport", .ns = "", .prefix = "", .fields = &summary_fields
};

/* What lies in a folder already would not be told from the evidence afterwards. */
static enum err_code check_empty(const char *folder, struct err *err)
{
	DIR *dir = opendir(folder);
	if (!dir && errno == ENOENT)
		return OK;
	if (!dir)
		return fail(err, ERR_IO, "cannot look into %s: %s", folder, strerror(errno));
	bool empty = true;
	for (const struct dirent *entry; empty && (entry = readdir(dir));)
		empty = same(entry->d_name, ".") || same(entry->d_name, "..");
	closedir(dir);
	return empty ? OK
		     : fail(err, ERR_CONFLICT, "%s is not empty; name another folder by --to, or remove it", folder);
}

static enum err_code make_folder(const char *path, struct err *err)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return fail(err, ERR_IO, "cannot make the folder %s: %s", path, strerror(errno));
	return OK;
}

/* The folders above the file PATH, below the first AFTER octets. */
static enum err_code make_folders(struct arena *arena, const char *path, size_t after, struct err *err)
{
	for (const char *at = strchr(path + after, '/'); at; at = strchr(at + 1, '/')) {
		const char *folder = arena_text_of(arena, bytes(path, (size_t)(at - path)));
		if (!folder)
			return fail(err, ERR_MEMORY, "no memory for a path");
		TRY(make_folder(folder, err));
	}
	return OK;
}

static enum err_code write_file(const char *path, const struct tar_file *file, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file->executable ? 0777 : 0666);
	bool written = fd >= 0 && fd_write(fd, file->content);
	if (written && close(fd) == 0)
		return OK;
	if (!written)
		fd_close(&fd);
	return fail(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
}

/* All files of the archive lie in one folder, whose name gives way to what was asked for. */
enum err_code folder_write(struct arena *arena, const struct tar_file *files, size_t count,
			   struct folder_summary *summary, struct err *err)
{
	size_t top = count ? strcspn(files[0].path, "/") : 0;
	if (!top || !files[0].path[top])
		return fail(err, ERR_INTERNAL, "the node's answer is no folder: is it of another version?");
	if (!summary->folder)
		summary->folder = arena_text_of(arena, bytes(files[0].path, top));
	if (!summary->folder)
		return fail(err, ERR_MEMORY, "no memory for a path");
	TRY(check_empty(summary->folder, err));
	TRY(make_folder(summary->folder, err));
	for (size_t i = 0; i < count; i++) {
		if (strncmp(files[i].path, files[0].path, top + 1) != 0)
			return fail(err, ERR_INTERNAL, "the node's answer is no folder: is it of another version?");
		const char *path = arena_printf(arena, "%s/%s", summary->folder, files[i].path + top + 1);
		if (!path)
			return fail(err, ERR_MEMORY, "no memory for a path");
		TRY(make_folders(arena, path, strlen(summary->folder) + 1, err));
		TRY(write_file(path, &files[i], err));
		summary->files++;
		summary->octets += (int64_t)files[i].content.size;
	}
	summary->verify =
		arena_printf(arena, "sh %s/verify.sh && python3 %s/derive.py", summary->folder, summary->folder);
	return summary->verify ? OK : fail(err, ERR_MEMORY, "no memory for the answer");
}

static enum err_code print_summary(const struct invocation *in, const struct folder_summary *summary, struct err *err)
{
	if (!in->json) {
		printf("%s: %lld files, %lld octets\n"
		       "Its README.md explains it. On any machine with openssl, and with Python and lxml:\n  %s\n",
		       summary->folder, (long long)summary->files, (long long)summary->octets, summary->verify);
		return OK;
	}
	return json_put(&summary_schema, summary, err);
}

enum err_code run_evidence_export(struct invocation *in, struct err *err)
{
	struct http_answer answer = { 0 };
	struct tar_file *files = NULL;
	size_t count = 0;
	struct folder_summary summary = { .folder = option_value(in, "--to") };
	if (summary.folder)
		TRY(check_empty(summary.folder, err));
	TRY(remote_answer(in, bytes(NULL, 0), &answer, err));
	TRY(tar_read(in->arena, answer.body, FILES_MAX, &files, &count, err));
	TRY(folder_write(in->arena, files, count, &summary, err));
	return print_summary(in, &summary, err);
}
