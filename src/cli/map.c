/* `lintas doctype map`: the files of a national system as documents, and back, by a mapping file. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "cli/cli_int.h"
#include "customs/document/document.h"
#include "customs/registry.h"
#include "kernel/codelist.h"
#include "kernel/mapping.h"

enum { OUTPUT_MAX = 64 << 20, FOLDER_FILES_MAX = 100000 };

/* What one command does. */
struct mapping_job {
	struct invocation *in;
	const struct mapping *mapping;
	struct kernel kernel;
	const char *source, *folder; /* NULL: standard output */
	date today;
	size_t documents, refused;
	struct buf pending; /* XML for standard output, until it is known to be the only one */
};

static size_t print_mapped(struct mapping_job *job, const struct mapping_document *document)
{
	size_t shown = 0;
	for (size_t i = 0; findings_at(document->findings, i); i++) {
		const struct finding *f = findings_at(document->findings, i);
		const char *place = mapping_place(document, f);
		if (!place)
			continue;
		if (!shown++)
			fprintf(stderr, "%s, document %zu:\n", job->source, job->documents);
		print_finding(stderr, document->arena, f->path, f->rule->code, f->text, f->law);
		if (*place)
			fprintf(stderr, "      at %s\n", place);
	}
	return shown;
}

/* A name for a file that says which document it is, and is none of anybody's own choice. */
static const char *file_name(struct arena *arena, const struct mapping_job *job, const char *reference)
{
	const char *ending = job->in->json ? "json" : "xml";
	char *name = arena_printf(arena, "%s/%06zu-%s.%s", job->folder, job->documents, reference, ending);
	for (char *c = name ? name + strlen(job->folder) + 1 : NULL; c && *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", *c))
			*c = '_';
	return name;
}

static enum err_code write_file(const char *path, const struct buf *content, struct err *err)
{
	FILE *file = fopen(path, "wxe");
	bool written = file && fwrite(content->data, 1, content->size, file) == content->size;
	bool closed = file && fclose(file) == 0;
	return written && closed ? OK : fail(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
}

/* A document that is right, to where it was asked for. */
static enum err_code give(struct mapping_job *job, struct arena *arena, const struct doctype *doctype,
			  const void *record, struct err *err)
{
	struct document_key key;
	buf_auto out;
	buf_init(&out, OUTPUT_MAX);
	if (job->in->json)
		field_put_json(&out, doctype->schema, record);
	else
		field_put_xml(&out, doctype->schema, record);
	buf_putc(&out, '\n');
	TRY(buf_check(&out, "a document", err));
	if (job->folder) {
		doctype->key(arena, record, &key);
		const char *path = file_name(arena, job, key.reference);
		return path ? write_file(path, &out, err) : fail(err, ERR_MEMORY, "no memory for a path");
	}
	if (job->in->json) {
		fwrite(out.data, 1, out.size, stdout);
		return OK;
	}
	if (job->pending.size)
		return fail(
			err, ERR_USAGE,
			"there are several documents in %s: --to FOLDER writes each into a file, --json each on a line",
			job->source);
	buf_put_bytes(&job->pending, buf_bytes(&out));
	return buf_check(&job->pending, "a document", err);
}

static enum err_code take(void *arg, const struct mapping_document *document, struct err *err)
{
	struct mapping_job *job = arg;
	const struct doctype *doctype = NULL;
	const void *record = NULL;
	job->documents++;
	TRY(document_check(&job->kernel, document->arena, mapping_doctype(job->mapping)->code, document->json,
			   job->today, &doctype, &record, document->findings, err));
	print_mapped(job, document);
	if (findings_errors(document->findings)) {
		job->refused++;
		return OK;
	}
	return give(job, document->arena, doctype, record, err);
}

/* --- From the national form --- */

static enum err_code read_octets(void *arg, void *to, size_t room, size_t *got, struct err *err)
{
	ssize_t n = read(*(int *)arg, to, room);
	if (n < 0)
		return fail(err, ERR_IO, "cannot read the file: %s", strerror(errno));
	*got = (size_t)n;
	return OK;
}

static enum err_code rewind_octets(void *arg, struct err *err)
{
	return lseek(*(int *)arg, 0, SEEK_SET) == 0
		       ? OK
		       : fail(err, ERR_IO, "cannot read the file again: %s", strerror(errno));
}

/* A file that can be read twice: what comes from a pipe is kept in one without a name. */
static enum err_code open_source(const char *path, int *fd, struct err *err)
{
	int from = same(path, "-") ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot read %s: %s", path, strerror(errno));
	*fd = from;
	if (lseek(from, 0, SEEK_CUR) == 0)
		return OK;
	char name[] = "/tmp/lintas-map-XXXXXX", chunk[65536];
	int kept = mkstemp(name);
	ssize_t n = 0;
	if (kept >= 0)
		unlink(name);
	while (kept >= 0 && (n = read(from, chunk, sizeof chunk)) > 0)
		if (!fd_write(kept, bytes(chunk, (size_t)n)))
			break;
	if (kept < 0 || n != 0 || lseek(kept, 0, SEEK_SET) != 0) {
		int failed = errno;
		if (kept >= 0)
			close(kept);
		return fail(err, ERR_IO, "cannot keep what %s gives: %s", path, strerror(failed));
	}
	if (from != STDIN_FILENO)
		close(from);
	*fd = kept;
	return OK;
}

static enum err_code map_file(struct mapping_job *job, struct err *err)
{
	int fd;
	TRY(open_source(job->source, &fd, err));
	const struct mapping_input input = { .source = { read_octets, &fd }, .rewind = rewind_octets };
	if (job->folder && mkdir(job->folder, 0777) != 0 && errno != EEXIST)
		return fail(err, ERR_IO, "cannot make the folder %s: %s", job->folder, strerror(errno));
	enum err_code code = mapping_read(job->mapping, &input, take, job, job->in->findings, err);
	if (fd != STDIN_FILENO)
		close(fd);
	if (code != OK)
		return code;
	if (job->pending.size)
		fwrite(job->pending.data, 1, job->pending.size, stdout);
	if (job->documents != 1 || job->refused)
		fprintf(stderr, "%s: %zu document%s, %zu refused\n", job->source, job->documents,
			job->documents == 1 ? "" : "s", job->refused);
	if (job->refused || findings_errors(job->in->findings))
		return fail(err, ERR_INVALID, "%s is not mapped as a whole: see above", job->source);
	return OK;
}

/* --- To the national form --- */

/* Errors of form among FINDINGS: what a document says may have become wrong since it was received (it expired), and it
 * is mapped all the same; what could not be read is not. */
static size_t form_errors(const struct findings *findings)
{
	size_t errors = 0;
	for (size_t i = 0; findings_at(findings, i); i++)
		errors += starts_with(findings_at(findings, i)->rule->code, "FLD-");
	return errors;
}

/* The document in PATH, appended to OUT. */
static enum err_code unmap_file(struct mapping_job *job, struct mapping_writer *writer, const char *path,
				struct buf *out, struct err *err)
{
	arena_auto arena = arena_new(MAPPING_DOCUMENT_ARENA);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	const struct doctype *wanted = mapping_doctype(job->mapping), *doctype = NULL;
	const void *record = NULL;
	struct bytes text;
	buf_auto json = { 0 };
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for %s", path);
	buf_init(&json, OUTPUT_MAX);
	TRY(input_read(arena, path, DOCUMENT_MAX_BYTES, &text, err));
	TRY(document_check(&job->kernel, arena, document_first(text) == '{' ? wanted->code : NULL, text, job->today,
			   &doctype, &record, findings, err));
	if (record && doctype != wanted)
		return fail(err, ERR_INVALID, "%s is a %s, and the mapping is for %s", path, doctype->code,
			    wanted->code);
	bool readable = record && !form_errors(findings);
	size_t errors = findings_errors(findings);
	if (readable) {
		field_put_json(&json, doctype->schema, record);
		TRY(buf_check(&json, "a document", err));
		TRY(mapping_write(writer, arena, buf_bytes(&json), out, findings, err));
	}
	job->documents++;
	job->refused += !readable || findings_errors(findings) > errors;
	if (findings_count(findings))
		fprintf(stderr, "%s:\n", path);
	print_findings(stderr, findings);
	return OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The documents in the folder PATH, in the order of their names. */
static enum err_code list_folder(struct arena *arena, const char *path, DIR *dir, const char ***names, size_t *count,
				 struct err *err)
{
	const char **found = arena_array(arena, FOLDER_FILES_MAX, sizeof *found);
	size_t n = 0;
	for (const struct dirent *entry; found && (entry = readdir(dir)) && n < FOLDER_FILES_MAX;)
		if (entry->d_name[0] != '.' && (ends_with(entry->d_name, ".xml") || ends_with(entry->d_name, ".json")))
			if (!(found[n++] = arena_printf(arena, "%s/%s", path, entry->d_name)))
				return fail(err, ERR_MEMORY, "no memory for the names in %s", path);
	if (!found)
		return fail(err, ERR_MEMORY, "no memory for the names in %s", path);
	qsort(found, n, sizeof *found, by_name);
	*names = found;
	*count = n;
	return OK;
}

static enum err_code unmap(struct mapping_job *job, struct err *err)
{
	struct mapping_writer *writer;
	const char **names = &job->source;
	size_t count = 1;
	buf_auto out;
	buf_init(&out, OUTPUT_MAX);
	DIR *dir = same(job->source, "-") ? NULL : opendir(job->source);
	if (dir) {
		enum err_code code = list_folder(job->in->arena, job->source, dir, &names, &count, err);
		closedir(dir);
		TRY(code);
	}
	if (count != 1 && !same(mapping_format(job->mapping), "csv"))
		return fail(err, ERR_USAGE, "%s has %zu documents; to %s they are mapped one at a time", job->source,
			    count, mapping_format(job->mapping));
	TRY(mapping_writer_open(job->mapping, &writer, err));
	enum err_code code = OK;
	for (size_t i = 0; i < count && code == OK; i++) {
		buf_clear(&out);
		code = unmap_file(job, writer, names[i], &out, err);
		fwrite(out.data, 1, out.size, stdout);
	}
	mapping_writer_close(writer);
	TRY(code);
	if (job->refused)
		return fail(err, ERR_INVALID, "%zu of %zu documents were not written: see above", job->refused,
			    job->documents);
	return OK;
}

enum err_code run_doctype_map(struct invocation *in, struct err *err)
{
	const char *path = option_value(in, "--mapping");
	bool reverse = option_value(in, "--reverse") != NULL;
	struct bytes text;
	struct mapping_job job = {
		.in = in,
		.kernel = { .clock = &clock_system, .capabilities = customs_capabilities, .lists = codelists() },
		.source = in->arguments_count ? in->arguments[0] : NULL,
		.folder = option_value(in, "--to"),
		.today = document_today(clock_now_us(&clock_system)),
	};
	TRY(input_read(in->arena, path, MAPPING_FILE_MAX, &text, err));
	TRY(mapping_load(in->arena, &job.kernel, text, reverse, &job.mapping, in->findings, err));
	if (!job.mapping)
		return fail(err, ERR_INVALID, "%s is not used: see above", path);
	if (!job.source) {
		printf("%s is a right mapping of %s and %s\n", path, mapping_format(job.mapping),
		       mapping_subject(job.mapping));
		return OK;
	}
	if (!mapping_doctype(job.mapping))
		return fail(err, ERR_USAGE, "%s is of %s: lintas edition import reads such a file", path,
			    mapping_subject(job.mapping));
	if (reverse)
		return unmap(&job, err);
	buf_init(&job.pending, OUTPUT_MAX);
	enum err_code code = map_file(&job, err);
	buf_done(&job.pending);
	return code;
}

void print_drops(FILE *out, const void *answer)
{
	const struct drop_list_view *list = answer;
	for (size_t i = 0; i < list->count; i++) {
		const struct drop_view *d = &list->items[i];
		fprintf(out, "%-20s %lld taken, %lld waiting\n", d->organisation, (long long)d->taken,
			(long long)d->waiting);
		for (size_t k = 0; k < d->entries_count; k++)
			fprintf(out, "  %s: %s\n", d->entries[k].path, d->entries[k].why);
	}
	if (!list->count)
		fprintf(out, "There are no drop folders; docs/drop.md says how to make one\n");
}
