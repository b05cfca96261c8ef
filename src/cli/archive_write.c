/* `lintas archive write`: what is older than its term goes into files, before the node deletes it.
 *
 * A volume is written as volume-NNNNNN.part; when all of it is on disk it gets its name, and only then the node is told
 * that it may delete what is in it. Who is interrupted leaves a .part, which the next one removes, or a volume of which
 * the node does not know, which the next one tells it. No volume is ever opened for writing again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "base/uuid.h"
#include "cli/archive_int.h"

#define BUNDLE_ARENA ((size_t)ARCHIVE_BUNDLE_BYTES + ((size_t)64 << 20)) /* an answer, and what it takes to ask */
#define VOLUME_ARENA ((size_t)64 << 20)
enum { SUMS_MAX = 1 << 20, JSON_MAX = 1 << 20, PATH_BYTES = 256 };

static const char readme[] =
	"# An archive of messages\n"
	"\n"
	"Each folder `volume-NNNNNN` was written once and is never changed. No program of Lintas is needed to read it:\n"
	"\n"
	"- `index.jsonl` has a line of JSON for each message: reference, type, partner, dates, and its file.\n"
	"- `NNNN-MESSAGE.tar` is the evidence of one message. `tar -xf` unpacks it; its README.md explains it, and\n"
	"  `sh verify.sh` in it proves it with openssl alone.\n"
	"- `SHA256SUMS` has the digests of these files: `sha256sum -c SHA256SUMS` in the folder.\n"
	"- `volume.json` has the digest of SHA256SUMS (`sums`), and of the `volume.jws` of the volume before (`previous`).\n"
	"- `volume.jws` is volume.json as the node has signed it (RFC 7515, flattened JSON; the certificate is in `x5c`).\n"
	"\n"
	"`lintas archive verify FOLDER` checks all of this, `lintas archive search FOLDER` finds messages.\n";

struct writing {
	struct invocation *in;
	const char *archive; /* id */
	int folder;          /* of the archive */
	int part;            /* of the volume that is being written; -1 */
	int64_t number;      /* of the last volume that is there, or is being written */
	char previous[SHA256_HEX_SIZE];
	size_t messages_max; /* of a volume */
	struct arena *arena; /* of the volume */
	struct archive_item_view *items;
	size_t count;
	int64_t bytes;
	struct buf index, sums;
	int64_t volumes, messages, octets; /* of this run */
};

/* --- Files --- */

static enum err_code write_file(int folder, const char *name, struct bytes content, struct err *err)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(err, ERR_IO, "cannot make %s: %s", name, strerror(errno));
	enum err_code code =
		fd_write(fd, content) ? OK : fail(err, ERR_IO, "cannot write %s: %s", name, strerror(errno));
	if (code == OK && fsync(fd) != 0)
		code = fail(err, ERR_IO, "cannot write %s to the disk: %s", name, strerror(errno));
	if (close(fd) != 0 && code == OK)
		code = fail(err, ERR_IO, "cannot write %s: %s", name, strerror(errno));
	return code;
}

static enum err_code sync_folder(int folder, struct err *err)
{
	return fsync(folder) == 0 ? OK : fail(err, ERR_IO, "cannot write a folder to the disk: %s", strerror(errno));
}

/* A volume that was not finished; it has files and nothing else. */
static enum err_code remove_part(int folder, const char *name, struct err *err)
{
	int fd;
	TRY(archive_open_folder(folder, name, &fd, err));
	DIR *dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return fail(err, ERR_MEMORY, "no memory for a folder");
	}
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (!same(entry->d_name, ".") && !same(entry->d_name, ".."))
			unlinkat(fd, entry->d_name, 0);
	closedir(dir);
	return unlinkat(folder, name, AT_REMOVEDIR) == 0
		       ? OK
		       : fail(err, ERR_IO, "cannot remove %s, a volume that was not finished: %s", name,
			      strerror(errno));
}

/* --- A volume --- */

static enum err_code volume_begin(struct writing *w, struct err *err)
{
	char name[ARCHIVE_VOLUME_NAME], part[PATH_BYTES];
	if (w->number == ARCHIVE_VOLUMES_MAX)
		return fail(err, ERR_LIMIT, "the archive is full: begin another folder");
	arena_free(w->arena);
	w->arena = arena_new(VOLUME_ARENA);
	w->items = w->arena ? arena_array(w->arena, w->messages_max, sizeof *w->items) : NULL;
	if (!w->items)
		return fail(err, ERR_MEMORY, "no memory for a volume");
	w->count = 0;
	w->bytes = 0;
	buf_init(&w->index, (size_t)ARCHIVE_MESSAGES_MAX * ARCHIVE_LINE_MAX);
	buf_init(&w->sums, SUMS_MAX);
	snprintf(part, sizeof part, "%s" ARCHIVE_PARTIAL, archive_volume_name(w->number + 1, name));
	if (mkdirat(w->folder, part, 0700) != 0)
		return fail(err, ERR_IO, "cannot make the folder %s: %s", part, strerror(errno));
	return archive_open_folder(w->folder, part, &w->part, err);
}

static enum err_code put_file(struct writing *w, const char *name, struct bytes content, struct err *err)
{
	char digest[SHA256_HEX_SIZE];
	sha256_hex(content, digest);
	buf_printf(&w->sums, "%s  %s\n", digest, name);
	return write_file(w->part, name, content, err);
}

static enum err_code call_schema(struct writing *w, struct arena *arena, const char *path, const struct schema *schema,
				 const void *view, struct http_answer *answer, struct err *err)
{
	struct invocation in = *w->in;
	buf_auto json;
	buf_init(&json, JSON_MAX);
	in.arena = arena;
	in.json = false; /* a refusal is told to people */
	field_put_json(&json, schema, view);
	TRY(buf_check(&json, "the call", err));
	return remote_call(&in, "POST", path, buf_bytes(&json), answer, err);
}

static enum err_code note_volume(struct writing *w, struct arena *arena, const struct archive_volume *volume,
				 struct archive_item_view *items, size_t count, struct err *err)
{
	struct http_answer answer = { 0 };
	const struct archive_note_view note = { .archive = w->archive,
						.digest = volume->digest,
						.signer = volume->fingerprint,
						.number = volume->manifest.number,
						.items = items,
						.count = count };
	return call_schema(w, arena, "/api/v1/archive-volumes", &archive_note_schema, &note, &answer, err);
}

static enum err_code sign_volume(struct writing *w, struct bytes *signed_text, struct bytes *says, struct err *err)
{
	char sums[SHA256_HEX_SIZE];
	struct http_answer answer = { 0 };
	buf_auto json;
	buf_init(&json, JSON_MAX);
	sha256_hex(buf_bytes(&w->sums), sums);
	const struct archive_manifest manifest = { .version = ARCHIVE_VERSION,
						   .archive = w->archive,
						   .number = w->number + 1,
						   .messages = (int64_t)w->count,
						   .bytes = w->bytes,
						   .previous = *w->previous ? w->previous : NULL,
						   .sums = sums,
						   .made_us = clock_now_us(&clock_system) };
	field_put_json(&json, &archive_manifest_schema, &manifest);
	TRY(buf_check(&json, "a volume", err));
	TRY(call_schema(w, w->arena, "/api/v1/archive-signature", &archive_manifest_schema, &manifest, &answer, err));
	*says = bytes(arena_copy(w->arena, buf_text(&json), json.size), json.size);
	*signed_text = answer.body;
	return says->data ? OK : fail(err, ERR_MEMORY, "no memory for a volume");
}

static enum err_code volume_end(struct writing *w, struct err *err)
{
	char name[ARCHIVE_VOLUME_NAME], part[PATH_BYTES];
	struct bytes text, says;
	struct archive_volume volume;
	TRY(buf_check(&w->index, "the index of a volume", err));
	TRY(put_file(w, ARCHIVE_INDEX, buf_bytes(&w->index), err));
	TRY(buf_check(&w->sums, "the digests of a volume", err));
	TRY(write_file(w->part, ARCHIVE_SUMS, buf_bytes(&w->sums), err));
	TRY(sign_volume(w, &text, &says, err));
	TRY(write_file(w->part, ARCHIVE_SAYS, says, err));
	TRY(write_file(w->part, ARCHIVE_SIGNED, text, err));
	TRY(archive_volume_read(w->arena, w->part, &volume, err)); /* what cannot be read is not kept */
	TRY(sync_folder(w->part, err));
	snprintf(part, sizeof part, "%s" ARCHIVE_PARTIAL, archive_volume_name(w->number + 1, name));
	if (renameat(w->folder, part, w->folder, name) != 0)
		return fail(err, ERR_IO, "cannot rename %s: %s", part, strerror(errno));
	TRY(sync_folder(w->folder, err));
	w->number++;
	memcpy(w->previous, volume.digest, sizeof w->previous);
	TRY(note_volume(w, w->arena, &volume, w->items, w->count, err));
	w->volumes++;
	w->messages += (int64_t)w->count;
	w->octets += w->bytes;
	fd_close(&w->part);
	buf_done(&w->index);
	buf_done(&w->sums);
	return OK;
}

/* --- Messages --- */

static enum err_code put_bundle(struct writing *w, const struct retention_view *r, struct bytes content, int64_t at_us,
				struct err *err)
{
	char digest[SHA256_HEX_SIZE];
	const char *name = arena_printf(w->arena, "%04zu-%s.tar", w->count + 1, r->message);
	if (!name || !archive_name_valid(name))
		return fail(err, ERR_MEMORY, "no memory for the name of a file");
	sha256_hex(content, digest);
	TRY(put_file(w, name, content, err));
	const struct archive_entry entry = { .file = name,
					     .sha256 = digest,
					     .bytes = (int64_t)content.size,
					     .at_us = at_us,
					     .message = r->message,
					     .type = r->type,
					     .document = r->document,
					     .reference = r->reference,
					     .issuer_state = r->issuer_state,
					     .organisation = r->organisation,
					     .partner = r->partner,
					     .direction = r->direction,
					     .issued_on = r->issued_on,
					     .last_us = r->last_us };
	TRY(archive_entry_put(&w->index, &entry, err));
	struct archive_item_view *item = &w->items[w->count];
	*item = (struct archive_item_view){ .message = arena_text(w->arena, r->message),
					    .digest = arena_text(w->arena, digest),
					    .at_us = at_us };
	if (!item->message || !item->digest)
		return fail(err, ERR_MEMORY, "no memory for a volume");
	w->count++;
	w->bytes += (int64_t)content.size;
	return OK;
}

static enum err_code take_message(struct writing *w, const struct retention_view *r, struct err *err)
{
	arena_auto arena = arena_new(BUNDLE_ARENA);
	struct http_answer answer = { 0 };
	struct invocation in = *w->in;
	const char *purpose = option_value(w->in, "--purpose");
	buf_auto path;
	buf_init(&path, PATH_BYTES);
	buf_printf(&path, "/api/v1/messages/%s/evidence%s", r->message, purpose ? "?purpose=" : "");
	percent_put(&path, purpose ? purpose : "", "");
	/* Before it is read: what comes meanwhile is not in it, and keeps the message. */
	int64_t at_us = clock_now_us(&clock_system) / 1000 * 1000;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for evidence");
	TRY(buf_check(&path, "the path of the evidence", err));
	in.arena = arena;
	in.json = false;
	TRY(remote_call(&in, "POST", buf_text(&path), bytes(NULL, 0), &answer, err));
	if (w->part < 0)
		TRY(volume_begin(w, err));
	TRY(put_bundle(w, r, answer.body, at_us, err));
	return w->count == w->messages_max || w->bytes >= ARCHIVE_VOLUME_BYTES ? volume_end(w, err) : OK;
}

static enum err_code read_page(struct writing *w, struct arena *arena, const char *after,
			       struct retention_list_view *page, struct err *err)
{
	struct invocation in = *w->in;
	struct http_answer answer = { 0 };
	const char *until = option_value(w->in, "--until");
	const char *path = arena_printf(arena, "/api/v1/retention?limit=100%s%s%s%s", until ? "&at=" : "",
					until ? until : "", after ? "&after=" : "", after ? after : "");
	in.arena = arena;
	in.json = false;
	TRY(remote_call(&in, "GET", path, bytes(NULL, 0), &answer, err));
	return remote_read(&in, &retention_list_schema, &answer, page, err);
}

/* What is held, or referred to, goes into the archive, too: it needs not be asked for again when it may be deleted. */
static enum err_code write_all(struct writing *w, struct err *err)
{
	char after[UUID_SIZE] = "";
	bool more = true;
	while (more) {
		arena_auto arena = arena_new((size_t)64 << 20);
		struct retention_list_view page = { 0 };
		if (!arena)
			return fail(err, ERR_MEMORY, "no memory for an archive");
		TRY(read_page(w, arena, *after ? after : NULL, &page, err));
		for (size_t i = 0; i < page.count; i++)
			if (page.items[i].settled && page.items[i].archived_us == TIME_NONE &&
			    !same(page.items[i].type, RETENTION_PING))
				TRY(take_message(w, &page.items[i], err));
		more = page.next != NULL;
		if (more && strlen(page.next) >= sizeof after)
			return fail(err, ERR_INTERNAL,
				    "the node's answer is not understood: is it of another version?");
		if (more)
			memcpy(after, page.next, strlen(page.next) + 1);
	}
	return w->part >= 0 ? volume_end(w, err) : OK;
}

/* --- The archive --- */

static enum err_code read_items(struct arena *arena, int folder, struct archive_item_view *items, size_t room,
				size_t *count, struct err *err)
{
	struct archive_lines *lines = arena_alloc(arena, sizeof *lines);
	struct bytes line;
	if (!lines)
		return fail(err, ERR_MEMORY, "no memory for an index");
	*lines = (struct archive_lines){ .file = NULL };
	TRY(archive_lines_open(folder, ARCHIVE_INDEX, lines, err));
	enum err_code code = archive_lines_next(lines, &line, err);
	for (*count = 0; code == OK && line.data && *count < room;) {
		struct archive_entry entry;
		code = archive_entry_parse(arena, line, &entry, err);
		if (code == OK)
			items[(*count)++] = (struct archive_item_view){ entry.message, entry.sha256, entry.at_us };
		if (code == OK)
			code = archive_lines_next(lines, &line, err);
	}
	archive_lines_close(lines);
	return code;
}

/* The last volume: of the same archive; and whoever wrote it may not have come to tell the node. */
static enum err_code continue_after(struct writing *w, struct err *err)
{
	char name[ARCHIVE_VOLUME_NAME];
	int folder;
	size_t count = 0;
	struct archive_volume volume;
	arena_auto arena = arena_new(VOLUME_ARENA);
	struct archive_item_view *items = arena ? arena_array(arena, ARCHIVE_MESSAGES_MAX, sizeof *items) : NULL;
	if (!items)
		return fail(err, ERR_MEMORY, "no memory for a volume");
	TRY(archive_open_folder(w->folder, archive_volume_name(w->number, name), &folder, err));
	enum err_code code = archive_volume_read(arena, folder, &volume, err);
	if (code == OK)
		code = read_items(arena, folder, items, ARCHIVE_MESSAGES_MAX, &count, err);
	close(folder);
	TRY(code);
	if (volume.manifest.number != w->number)
		return fail(err, ERR_CONFLICT, "%s says that it is volume %lld: lintas archive verify", name,
			    (long long)volume.manifest.number);
	/* The node will delete what it is told of: so nothing of it may be missing, or be another's. */
	TRY(archive_volume_check(w->in, w->folder, &volume, err));
	w->archive = arena_text(w->in->arena, volume.manifest.archive);
	memcpy(w->previous, volume.digest, sizeof w->previous);
	if (!w->archive)
		return fail(err, ERR_MEMORY, "no memory for an archive");
	return count ? note_volume(w, arena, &volume, items, count, err) : OK;
}

static enum err_code open_archive(struct writing *w, const char *path, struct err *err)
{
	char name[ARCHIVE_VOLUME_NAME], part[PATH_BYTES], id[UUID_SIZE];
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail(err, ERR_IO, "cannot make the folder %s: %s", path, strerror(errno));
	TRY(archive_open_folder(AT_FDCWD, path, &w->folder, err));
	if (flock(w->folder, LOCK_EX | LOCK_NB) != 0)
		return fail(err, ERR_BUSY, "somebody else writes to %s now", path);
	while (faccessat(w->folder, archive_volume_name(w->number + 1, name), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		w->number++;
	snprintf(part, sizeof part, "%s" ARCHIVE_PARTIAL, archive_volume_name(w->number + 1, name));
	if (faccessat(w->folder, part, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		TRY(remove_part(w->folder, part, err));
	if (faccessat(w->folder, ARCHIVE_README, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		TRY(write_file(w->folder, ARCHIVE_README, bytes_of(readme), err));
	if (w->number > 0)
		return continue_after(w, err);
	uuid_new(id, clock_now_us(&clock_system));
	w->archive = arena_text(w->in->arena, id);
	return w->archive ? OK : fail(err, ERR_MEMORY, "no memory for an archive");
}

static enum err_code write_archive(struct writing *w, const char *path, struct err *err)
{
	date day;
	int64_t most = ARCHIVE_MESSAGES_MAX;
	const char *until = option_value(w->in, "--until"), *messages = option_value(w->in, "--messages");
	if (until && !date_parse(until, &day))
		return fail(err, ERR_USAGE, "--until is a day such as 2031-12-31, not %s", until);
	if (messages && (!int64_parse(messages, &most) || most < 1 || most > ARCHIVE_MESSAGES_MAX))
		return fail(err, ERR_USAGE, "--messages is a number from 1 to %d, not %s", ARCHIVE_MESSAGES_MAX,
			    messages);
	w->messages_max = (size_t)most;
	TRY(open_archive(w, path, err));
	return write_all(w, err);
}

struct written {
	const char *folder;
	int64_t volumes, messages, octets;
};
static const struct field written_rows[] = {
	FIELD_TEXT(struct written, folder, .json = "folder"),
	FIELD_INT(struct written, volumes, .json = "volumes"),
	FIELD_INT(struct written, messages, .json = "messages"),
	FIELD_INT(struct written, octets, .json = "octets"),
};
static const struct fields written_fields = FIELDS(struct written, written_rows);
static const struct schema written_schema = { .name = "archiveWritten", .fields = &written_fields };

enum err_code run_archive_write(struct invocation *in, struct err *err)
{
	struct writing w = { .in = in, .folder = -1, .part = -1 };
	const char *path = in->arguments[0];
	enum err_code code = write_archive(&w, path, err);
	fd_close(&w.part);
	fd_close(&w.folder);
	buf_done(&w.index);
	buf_done(&w.sums);
	arena_free(w.arena);
	TRY(code);
	if (in->json)
		return json_put(&written_schema, &(struct written){ path, w.volumes, w.messages, w.octets }, err);
	printf("%s: volumes written: %lld, messages: %lld, octets: %lld\n", path, (long long)w.volumes,
	       (long long)w.messages, (long long)w.octets);
	if (w.volumes)
		printf("What is in them may be deleted once its term is over. Keep a copy elsewhere, then:\n"
		       "  lintas archive verify %s\n",
		       path);
	return OK;
}
