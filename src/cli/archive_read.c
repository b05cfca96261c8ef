/* `lintas archive verify` and `lintas archive search`. One bundle is in memory at a time; whatever stands in the files
 * may have been written by somebody else. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/archive_int.h"

enum { FILES_MAX = 65536, PLACE_MAX = 256, SIGNERS_MAX = 64, SUMS_MAX = 1 << 20, LINE_ARENA = 1 << 20 };
#define INDEX_MAX    ((size_t)ARCHIVE_MESSAGES_MAX * ARCHIVE_LINE_MAX)
#define VOLUME_ARENA (INDEX_MAX + ((size_t)8 << 20))
/* A bundle, and its files unpacked. */
#define BUNDLE_ARENA (2 * (size_t)ARCHIVE_BUNDLE_BYTES + ((size_t)16 << 20))

struct reading {
	struct invocation *in;
	const char *path;
	int folder, volume; /* descriptors; -1 */
	char name[ARCHIVE_VOLUME_NAME];
	char archive[128], previous[SHA256_HEX_SIZE];
	int64_t number, messages, octets;
	int64_t told_us; /* monotonic: when progress was told */
	struct {
		char fingerprint[SHA256_HEX_SIZE];
		char subject[PLACE_MAX];
	} signers[SIGNERS_MAX];
	size_t signers_count;
	struct archive_lines sums, index; /* of the volume */
};

/* What is wrong is told with its place: volume-000002/0003-….tar: … */
static enum err_code at(const struct reading *r, const char *file, enum err_code code, struct err *err)
{
	char text[sizeof err->text];
	if (code == OK)
		return OK;
	snprintf(text, sizeof text, "%s", err->text);
	bool ours = code == ERR_MEMORY || code == ERR_IO;
	return fail(err, ours ? code : ERR_INVALID, "%s%s%s: %s", r->name, file ? "/" : "", file ? file : "", text);
}

static void progress(struct reading *r)
{
	int64_t now_us = clock_monotonic_us();
	if (now_us - r->told_us < SECOND_US)
		return;
	r->told_us = now_us;
	fprintf(stderr, "%s: %lld messages, %lld MB so far\n", r->name, (long long)r->messages,
		(long long)(r->octets >> 20));
}

/* --- Seals, digests, bundles --- */

static const struct tar_file *file_named(const struct tar_file *files, size_t count, size_t skip, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (same(files[i].path + skip, name))
			return &files[i];
	return NULL;
}

/* SHA256SUMS of the evidence names every other file once, in their order, with its digest. */
static enum err_code check_inner_sums(struct arena *arena, const struct tar_file *files, size_t count, size_t skip,
				      struct err *err)
{
	const struct tar_file *sums = file_named(files, count, skip, EVIDENCE_SUMS);
	char digest[SHA256_HEX_SIZE];
	if (!sums)
		return fail(err, ERR_INVALID, "the evidence has no " EVIDENCE_SUMS);
	struct bytes left = sums->content;
	for (size_t i = 0; i < count; i++) {
		if (&files[i] == sums)
			continue;
		sha256_hex(files[i].content, digest);
		const char *line = arena_printf(arena, "%s  %s\n", digest, files[i].path + skip);
		if (!line)
			return fail(err, ERR_MEMORY, "no memory for evidence");
		size_t size = strlen(line);
		if (left.size < size || memcmp(left.data, line, size) != 0)
			return fail(err, ERR_INVALID,
				    "%s in it has another digest than " EVIDENCE_SUMS " says, or none",
				    files[i].path + skip);
		left = bytes(left.data + size, left.size - size);
	}
	return left.size == 0 ? OK : fail(err, ERR_INVALID, EVIDENCE_SUMS " of the evidence names what is not there");
}

static enum err_code check_bundle(struct arena *arena, const struct archive_entry *entry, struct bytes content,
				  struct err *err)
{
	struct tar_file *files = NULL;
	size_t count = 0;
	const char *top = arena_printf(arena, "evidence-%s/", entry->message);
	if (!top)
		return fail(err, ERR_MEMORY, "no memory for evidence");
	TRY(tar_read(arena, content, FILES_MAX, &files, &count, err));
	for (size_t i = 0; i < count; i++)
		if (!starts_with(files[i].path, top))
			return fail(err, ERR_INVALID, "%s in it is not of message %s", files[i].path, entry->message);
	size_t skip = strlen(top);
	TRY(check_inner_sums(arena, files, count, skip, err));
	const struct tar_file *entries = file_named(files, count, skip, "audit/entries.json");
	const struct tar_file *links = file_named(files, count, skip, "audit/links.tsv");
	if (!entries || !links)
		return fail(err, ERR_INVALID, "the evidence has no extract of the journal");
	return messaging_evidence_seals(arena, entries->content, links->content, err);
}

static enum err_code check_entry(struct reading *r, const struct archive_entry *entry, const char *digest,
				 struct err *err)
{
	char computed[SHA256_HEX_SIZE];
	struct bytes content;
	arena_auto arena = arena_new(BUNDLE_ARENA);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for evidence");
	TRY(archive_read_file(arena, r->volume, entry->file, (size_t)ARCHIVE_BUNDLE_BYTES, &content, err));
	sha256_hex(content, computed);
	if (!same(computed, digest))
		return fail(err, ERR_INVALID, "its digest is not that of " ARCHIVE_SUMS ": it was altered");
	if (!same(computed, entry->sha256) || content.size != (uint64_t)entry->bytes)
		return fail(err, ERR_INVALID, ARCHIVE_INDEX " says another digest or length of it");
	TRY(check_bundle(arena, entry, content, err));
	r->messages++;
	r->octets += entry->bytes;
	return OK;
}

/* --- A volume --- */

/* What is wrong is wrong in the line that was read last. */
static enum err_code in_line(const struct archive_lines *lines, enum err_code code, struct err *err)
{
	char text[sizeof err->text];
	if (code != ERR_SYNTAX)
		return code;
	snprintf(text, sizeof text, "%s", err->text);
	return fail(err, ERR_SYNTAX, "line %lld: %s", (long long)lines->number, text);
}

static enum err_code next_sum(struct reading *r, struct arena *arena, const char **name, const char **digest,
			      struct err *err)
{
	struct bytes line;
	*name = NULL;
	TRY(at(r, ARCHIVE_SUMS, archive_lines_next(&r->sums, &line, err), err));
	if (!line.data)
		return OK;
	return at(r, ARCHIVE_SUMS, in_line(&r->sums, archive_sum_parse(arena, line, name, digest, err), err), err);
}

static enum err_code next_entry(struct reading *r, struct arena *arena, struct archive_entry *entry, bool *found,
				struct err *err)
{
	struct bytes line;
	TRY(at(r, ARCHIVE_INDEX, archive_lines_next(&r->index, &line, err), err));
	*found = line.data != NULL;
	if (!*found)
		return OK;
	return at(r, ARCHIVE_INDEX, in_line(&r->index, archive_entry_parse(arena, line, entry, err), err), err);
}

/* The lines of SHA256SUMS and of the index go together, one file each and in the order of their names, so that none can
 * be named twice; the index itself is the last of the sums. */
static enum err_code check_files(struct reading *r, int64_t *count, struct err *err)
{
	char last[PLACE_MAX] = "";
	for (*count = 0;; (*count)++) {
		arena_auto arena = arena_new(LINE_ARENA);
		const char *name = NULL, *digest = NULL;
		struct archive_entry entry = { 0 };
		bool found = false;
		if (!arena)
			return fail(err, ERR_MEMORY, "no memory for an archive");
		TRY(next_sum(r, arena, &name, &digest, err));
		TRY(next_entry(r, arena, &entry, &found, err));
		if (!found) {
			if (!same(name, ARCHIVE_INDEX))
				return at(r, ARCHIVE_SUMS,
					  fail(err, ERR_INVALID, "it names %s, which is not in the index",
					       name ? name : "nothing"),
					  err);
			break;
		}
		if (!same(name, entry.file))
			return at(r, ARCHIVE_SUMS,
				  fail(err, ERR_INVALID, "line %lld is not that of %s, as in the index",
				       (long long)r->sums.number, entry.file),
				  err);
		if (strcmp(last, name) >= 0)
			return at(r, name, fail(err, ERR_INVALID, "it is named twice, or out of its order"), err);
		snprintf(last, sizeof last, "%s", name);
		TRY(at(r, name, check_entry(r, &entry, digest, err), err));
		progress(r);
	}
	struct bytes line;
	TRY(at(r, ARCHIVE_SUMS, archive_lines_next(&r->sums, &line, err), err));
	return line.data ? at(r, ARCHIVE_SUMS, fail(err, ERR_INVALID, "there are lines behind that of the index"), err)
			 : OK;
}

/* The names in FOLDER, which stays open, from the first. */
static enum err_code open_names(int folder, DIR **names, struct err *err)
{
	int copy = dup(folder);
	*names = copy >= 0 ? fdopendir(copy) : NULL;
	if (!*names) {
		fd_close(&copy);
		return fail(err, ERR_MEMORY, "no memory for a folder");
	}
	rewinddir(*names);
	return OK;
}

/* As many files as were named, and the four that speak of them: each name was found, so there is no other. */
static enum err_code check_strangers(struct reading *r, int64_t messages, struct err *err)
{
	int64_t count = 0;
	DIR *dir;
	TRY(open_names(r->volume, &dir, err));
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += !same(entry->d_name, ".") && !same(entry->d_name, "..");
	closedir(dir);
	return count == messages + 4
		       ? OK
		       : at(r, NULL,
			    fail(err, ERR_INVALID, "it has %lld files that " ARCHIVE_SUMS " does not name",
				 (long long)(count - messages - 4)),
			    err);
}

static void remember_signer(struct reading *r, const struct archive_volume *volume)
{
	for (size_t i = 0; i < r->signers_count; i++)
		if (same(r->signers[i].fingerprint, volume->fingerprint))
			return;
	if (r->signers_count == SIGNERS_MAX)
		return;
	snprintf(r->signers[r->signers_count].fingerprint, SHA256_HEX_SIZE, "%s", volume->fingerprint);
	snprintf(r->signers[r->signers_count].subject, PLACE_MAX, "%s", volume->signer);
	r->signers_count++;
}

/* --signer: 16 digits or more of the fingerprints of those who may have signed. */
static bool signer_wanted(const struct invocation *in, const char *fingerprint)
{
	const char *wanted;
	size_t i = 0;
	for (; (wanted = option_value_at(in, "--signer", i)); i++)
		if (strlen(wanted) >= 16 && starts_with(fingerprint, wanted))
			return true;
	return i == 0;
}

static enum err_code check_chain(struct reading *r, const struct archive_volume *volume, struct err *err)
{
	const struct archive_manifest *m = &volume->manifest;
	if (m->number != r->number)
		return fail(err, ERR_INVALID, ARCHIVE_SAYS ": it is volume %lld", (long long)m->number);
	if (r->number == 1)
		snprintf(r->archive, sizeof r->archive, "%s", m->archive);
	if (!same(r->archive, m->archive))
		return fail(err, ERR_INVALID, ARCHIVE_SAYS ": it is of another archive, %s", m->archive);
	if (!same(m->previous ? m->previous : "", r->previous))
		return fail(err, ERR_INVALID,
			    ARCHIVE_SAYS ": the volume before it was another one: it was altered, or exchanged");
	if (!signer_wanted(r->in, volume->fingerprint))
		return fail(err, ERR_INVALID, ARCHIVE_SIGNED ": it is signed by %s, %s, who is none of --signer",
			    volume->signer, volume->fingerprint);
	memcpy(r->previous, volume->digest, sizeof r->previous);
	remember_signer(r, volume);
	return OK;
}

/* The index is the last that SHA256SUMS names. */
static enum err_code check_index(struct reading *r, struct arena *arena, struct bytes sums, struct err *err)
{
	char computed[SHA256_HEX_SIZE];
	struct bytes content, line = bytes(sums.data, sums.size ? sums.size - 1 : 0);
	const char *name, *digest;
	for (size_t i = line.size; i > 0; i--)
		if (line.data[i - 1] == '\n') {
			line = bytes(line.data + i, line.size - i);
			break;
		}
	if (archive_sum_parse(arena, line, &name, &digest, err) != OK || !same(name, ARCHIVE_INDEX))
		return fail(err, ERR_INVALID, ARCHIVE_SUMS ": its last line must be that of the index");
	TRY(archive_read_file(arena, r->volume, ARCHIVE_INDEX, INDEX_MAX, &content, err));
	sha256_hex(content, computed);
	return same(computed, digest)
		       ? OK
		       : fail(err, ERR_INVALID, ARCHIVE_INDEX ": it was altered: " ARCHIVE_SUMS " says another digest");
}

static enum err_code check_sums(struct reading *r, struct arena *arena, const struct archive_volume *volume,
				struct err *err)
{
	char digest[SHA256_HEX_SIZE];
	struct bytes content;
	TRY(archive_read_file(arena, r->volume, ARCHIVE_SUMS, SUMS_MAX, &content, err));
	sha256_hex(content, digest);
	if (!same(digest, volume->manifest.sums))
		return fail(err, ERR_INVALID,
			    ARCHIVE_SUMS ": it was altered: the signed " ARCHIVE_SAYS " says another digest");
	return check_index(r, arena, content, err);
}

static enum err_code check_open_volume(struct reading *r, struct err *err)
{
	struct archive_volume volume;
	int64_t messages = 0, octets = r->octets;
	arena_auto arena = arena_new(VOLUME_ARENA);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a volume");
	TRY(at(r, NULL, archive_volume_read(arena, r->volume, &volume, err), err));
	TRY(at(r, NULL, check_chain(r, &volume, err), err));
	TRY(at(r, NULL, check_sums(r, arena, &volume, err), err));
	TRY(at(r, NULL, archive_lines_open(r->volume, ARCHIVE_SUMS, &r->sums, err), err));
	TRY(at(r, NULL, archive_lines_open(r->volume, ARCHIVE_INDEX, &r->index, err), err));
	TRY(check_files(r, &messages, err));
	if (messages != volume.manifest.messages || r->octets - octets != volume.manifest.bytes)
		return at(r, ARCHIVE_SAYS, fail(err, ERR_INVALID, "it has other messages than it says"), err);
	return check_strangers(r, messages, err);
}

static void close_volume(struct reading *r)
{
	archive_lines_close(&r->sums);
	archive_lines_close(&r->index);
	fd_close(&r->volume);
}

/* *MORE false: there is no volume of the next number. */
static enum err_code open_next(struct reading *r, bool *more, struct err *err)
{
	r->number++;
	enum err_code code = archive_open_folder(r->folder, archive_volume_name(r->number, r->name), &r->volume, err);
	*more = code == OK;
	return code == ERR_NOT_FOUND ? OK : code;
}

/* What it says of the volume before it is believed here. */
enum err_code archive_volume_check(struct invocation *in, int folder, const struct archive_volume *volume,
				   struct err *err)
{
	const struct archive_manifest *m = &volume->manifest;
	bool there = false;
	struct reading *r = arena_alloc(in->arena, sizeof *r);
	if (!r)
		return fail(err, ERR_MEMORY, "no memory for an archive");
	*r = (struct reading){ .in = in, .folder = folder, .volume = -1, .number = m->number - 1 };
	r->told_us = clock_monotonic_us();
	snprintf(r->archive, sizeof r->archive, "%s", m->archive);
	snprintf(r->previous, sizeof r->previous, "%s", m->previous ? m->previous : "");
	enum err_code code = open_next(r, &there, err);
	if (code == OK)
		code = there ? check_open_volume(r, err) : fail(err, ERR_NOT_FOUND, "%s is gone", r->name);
	close_volume(r);
	return code;
}

/* --- Verifying --- */

/* Behind a gap nothing would be looked at. */
static enum err_code check_names(struct reading *r, struct err *err)
{
	char part[PLACE_MAX];
	DIR *dir;
	TRY(open_names(r->folder, &dir, err));
	enum err_code code = OK;
	for (const struct dirent *entry; code == OK && (entry = readdir(dir));) {
		const char *name = entry->d_name;
		int64_t number = archive_volume_number(name);
		snprintf(part, sizeof part, "%s" ARCHIVE_PARTIAL, r->name);
		if (same(name, ".") || same(name, "..") || same(name, ARCHIVE_README) || same(name, part))
			continue;
		if (number > r->number)
			code = fail(err, ERR_INVALID, "%s is missing, but there is %s", r->name, name);
		else if (number == 0)
			code = fail(err, ERR_INVALID, "%s does not belong to an archive", name);
	}
	closedir(dir);
	return code;
}

static enum err_code verify(struct reading *r, struct err *err)
{
	bool more = true;
	TRY(archive_open_folder(AT_FDCWD, r->path, &r->folder, err));
	r->told_us = clock_monotonic_us();
	while (more) {
		TRY(open_next(r, &more, err));
		if (more)
			TRY(check_open_volume(r, err));
		close_volume(r);
	}
	TRY(check_names(r, err));
	r->number--;
	return r->number ? OK : fail(err, ERR_NOT_FOUND, "%s is no archive: it has no volume-000001", r->path);
}

struct signer_line {
	const char *subject, *fingerprint;
};
struct verified {
	const char *folder, *archive, *head;
	int64_t volumes, messages, octets;
	struct signer_line *signers;
	size_t signers_count;
};
static const struct field signer_rows[] = {
	FIELD_TEXT(struct signer_line, subject, .json = "subject"),
	FIELD_TEXT(struct signer_line, fingerprint, .json = "fingerprint"),
};
static const struct fields signer_fields = FIELDS(struct signer_line, signer_rows);
static const struct field verified_rows[] = {
	FIELD_TEXT(struct verified, folder, .json = "folder"),
	FIELD_TEXT(struct verified, archive, .json = "archive"),
	FIELD_INT(struct verified, volumes, .json = "volumes"),
	FIELD_INT(struct verified, messages, .json = "messages"),
	FIELD_INT(struct verified, octets, .json = "octets"),
	FIELD_TEXT(struct verified, head, .json = "head"),
	FIELD_LIST(struct verified, signers, signers_count, struct signer_line, signer_fields, .json = "signers",
		   .max = SIGNERS_MAX),
};
static const struct fields verified_fields = FIELDS(struct verified, verified_rows);
static const struct schema verified_schema = { .name = "archiveVerified", .fields = &verified_fields };

static enum err_code print_verified(const struct reading *r, struct err *err)
{
	struct signer_line signers[SIGNERS_MAX];
	for (size_t i = 0; i < r->signers_count; i++)
		signers[i] = (struct signer_line){ r->signers[i].subject, r->signers[i].fingerprint };
	if (r->in->json)
		return json_put(&verified_schema,
				&(struct verified){ r->path, r->archive, r->previous, r->number, r->messages, r->octets,
						    signers, r->signers_count },
				err);
	printf("%s: every digest, seal and signature is right, and none is missing\nvolumes: %lld, messages: %lld, "
	       "octets: %lld\n",
	       r->path, (long long)r->number, (long long)r->messages, (long long)r->octets);
	for (size_t i = 0; i < r->signers_count; i++)
		printf("signed by %s\n  fingerprint %s\n", signers[i].subject, signers[i].fingerprint);
	printf("head %s\nWrite the head down elsewhere: it proves all volumes. Whether the signer is the node, its card "
	       "says; --signer FINGERPRINT checks it.\n",
	       r->previous);
	return OK;
}

static void reading_done(struct reading *r)
{
	close_volume(r);
	fd_close(&r->folder);
}

enum err_code run_archive_verify(struct invocation *in, struct err *err)
{
	struct reading *r = arena_alloc(in->arena, sizeof *r);
	if (!r)
		return fail(err, ERR_MEMORY, "no memory for an archive");
	*r = (struct reading){ .in = in, .path = in->arguments[0], .folder = -1, .volume = -1 };
	enum err_code code = verify(r, err);
	reading_done(r);
	return code == OK ? print_verified(r, err) : code;
}

/* --- Searching --- */

struct wanted {
	const char *reference, *partner, *type, *message;
	date from, until;
	const char *extract;
	int64_t found;
};

static bool text_fits(const char *wanted, const char *value)
{
	return !wanted || same(wanted, value);
}

static bool fits(const struct wanted *w, const struct archive_entry *entry)
{
	date day = entry->issued_on != DATE_NONE ? entry->issued_on : date_of_time(entry->last_us);
	return text_fits(w->reference, entry->reference) && text_fits(w->partner, entry->partner) &&
	       text_fits(w->type, entry->type) &&
	       (text_fits(w->message, entry->message) || text_fits(w->message, entry->document)) &&
	       (w->from == DATE_NONE || day >= w->from) && (w->until == DATE_NONE || day <= w->until);
}

static enum err_code extract(struct reading *r, const struct wanted *w, const struct archive_entry *entry,
			     struct err *err)
{
	struct bytes content;
	struct tar_file *files;
	size_t count;
	struct folder_summary summary = { 0 };
	char digest[SHA256_HEX_SIZE];
	arena_auto arena = arena_new(BUNDLE_ARENA);
	summary.folder = arena ? arena_printf(arena, "%s/evidence-%s", w->extract, entry->message) : NULL;
	if (!summary.folder)
		return fail(err, ERR_MEMORY, "no memory for evidence");
	TRY(at(r, entry->file,
	       archive_read_file(arena, r->volume, entry->file, (size_t)ARCHIVE_BUNDLE_BYTES, &content, err), err));
	sha256_hex(content, digest);
	if (!same(digest, entry->sha256))
		return at(r, entry->file, fail(err, ERR_INVALID, "it was altered: lintas archive verify"), err);
	TRY(at(r, entry->file, tar_read(arena, content, FILES_MAX, &files, &count, err), err));
	if (mkdir(w->extract, 0777) != 0 && errno != EEXIST)
		return fail(err, ERR_IO, "cannot make the folder %s: %s", w->extract, strerror(errno));
	TRY(folder_write(arena, files, count, &summary, err));
	if (!r->in->json)
		printf("  %s\n", summary.verify);
	return OK;
}

static enum err_code show_found(struct reading *r, struct wanted *w, const struct archive_entry *entry, struct err *err)
{
	static const struct column columns[] = { { "issued", 10 }, { "type", 22 },      { "partner", 7 },
						 { "dir", 3 },     { "reference", 22 }, { "bundle", 0 } };
	char day[DATE_SIZE], where[PLACE_MAX * 2];
	snprintf(where, sizeof where, "%s/%s/%s", r->path, r->name, entry->file);
	if (r->in->json)
		return json_put(&archive_entry_schema, entry, err);
	if (w->found == 1)
		print_heads(stdout, columns, COUNT(columns));
	ROW(stdout, columns, entry->issued_on == DATE_NONE ? "-" : date_format(entry->issued_on, day), entry->type,
	    entry->partner, entry->direction, entry->reference, where);
	return OK;
}

static enum err_code search_volume(struct reading *r, struct wanted *w, struct err *err)
{
	bool found = true;
	TRY(at(r, NULL, archive_lines_open(r->volume, ARCHIVE_INDEX, &r->index, err), err));
	while (found) {
		struct archive_entry entry = { 0 };
		arena_auto arena = arena_new(LINE_ARENA);
		if (!arena)
			return fail(err, ERR_MEMORY, "no memory for an index");
		TRY(next_entry(r, arena, &entry, &found, err));
		if (!found || !fits(w, &entry))
			continue;
		w->found++;
		TRY(show_found(r, w, &entry, err));
		if (w->extract)
			TRY(extract(r, w, &entry, err));
	}
	return OK;
}

static enum err_code take_day(struct invocation *in, const char *option, date *day, struct err *err)
{
	const char *text = option_value(in, option);
	*day = DATE_NONE;
	return !text || date_parse(text, day)
		       ? OK
		       : fail(err, ERR_USAGE, "%s is a day such as 2026-11-02, not %s", option, text);
}

static enum err_code search(struct reading *r, struct err *err)
{
	struct invocation *in = r->in;
	bool more = true;
	struct wanted w = { .reference = option_value(in, "--reference"),
			    .partner = option_value(in, "--partner"),
			    .type = option_value(in, "--type"),
			    .message = option_value(in, "--message"),
			    .extract = option_value(in, "--extract") };
	TRY(take_day(in, "--from", &w.from, err));
	TRY(take_day(in, "--until", &w.until, err));
	TRY(archive_open_folder(AT_FDCWD, r->path, &r->folder, err));
	while (more) {
		TRY(open_next(r, &more, err));
		if (more)
			TRY(search_volume(r, &w, err));
		close_volume(r);
	}
	if (r->number == 1)
		return fail(err, ERR_NOT_FOUND, "%s is no archive: it has no volume-000001", r->path);
	if (!w.found && !in->json)
		printf("nothing in %lld volumes fits\n", (long long)(r->number - 1));
	return OK;
}

enum err_code run_archive_search(struct invocation *in, struct err *err)
{
	struct reading *r = arena_alloc(in->arena, sizeof *r);
	if (!r)
		return fail(err, ERR_MEMORY, "no memory for an archive");
	*r = (struct reading){ .in = in, .path = in->arguments[0], .folder = -1, .volume = -1 };
	enum err_code code = search(r, err);
	reading_done(r);
	return code;
}
