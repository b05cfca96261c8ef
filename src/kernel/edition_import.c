/* A file becomes an edition: read once for its form and once for its records, which are put away in batches that nobody
 * sees until the last of them, with what is said of the whole, stages the edition. */
#include "kernel/edition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/uuid.h"
#include "codec/tree.h"
#include "crypto/digest.h"
#include "kernel/capability.h"
#include "kernel/edition_int.h"
#include "kernel/mapping.h"
#include "kernel/store_int.h"

enum { PROGRESS_RECORDS = 1000, DROP_ROWS = 1000 };
#define IMPORT_ARENA ((size_t)512 << 20) /* what a kind remembers of one file */
#define BATCH_ARENA  ((size_t)256 << 20)

/* A file on its way in. */
struct importing {
	struct kernel *kernel;
	const struct edition_request *request;
	const struct edition_kind *kind;
	struct arena *arena; /* of the caller */
	struct arena *work_arena, *batch_arena;
	void *work;
	struct findings *errors, *warnings;
	struct edition edition;
	const void *records[EDITION_BATCH];
	size_t count;
	int64_t number;  /* of the last record read */
	uint32_t *lines; /* by record, for what is said of it at the end */
	size_t lines_room;
	/* What a transaction hands out. */
	struct edition same;
	struct findings *found;
	size_t at; /* octets of the file read */
};

/* --- The file --- */

static enum err_code read_octets(void *arg, void *to, size_t room, size_t *got, struct err *err)
{
	struct importing *importing = arg;
	struct bytes file = importing->request->file;
	size_t left = file.size - importing->at;

	(void)err;
	*got = left < room ? left : room;
	if (*got > 0)
		memcpy(to, file.data + importing->at, *got);
	importing->at += *got;
	return OK;
}

static enum err_code rewind_octets(void *arg, struct err *err)
{
	(void)err;
	((struct importing *)arg)->at = 0;
	return OK;
}

/* --- Findings --- */

/* Errors are kept apart, so that a thousand warnings hide none of them. */
static void add_findings(struct importing *importing, const struct findings *from)
{
	const struct finding *f;

	for (size_t i = 0; (f = findings_at(from, i)); i++)
		finding_restate(f->rule->severity == SEVERITY_ERROR ? importing->errors : importing->warnings, f,
				f->path, f->text);
}

/* What was found in DOCUMENT, with its place in the file. */
static enum err_code add_record_findings(struct importing *importing, const struct mapping_document *document,
					 struct err *err)
{
	char prefix[40];
	struct findings *told = findings_new(document->arena);

	if (!told)
		return fail(err, ERR_MEMORY, "no memory left for the findings of a record");
	snprintf(prefix, sizeof(prefix), "/records/%" PRId64, importing->number - 1);
	mapping_tell(document, prefix, told);
	add_findings(importing, told);
	return OK;
}

/* The line of the record that PATH speaks of; 0: none is known. */
static uint32_t line_at(const struct importing *importing, const char *path)
{
	static const char records[] = "/records/";
	char digits[20];
	int64_t index = 0;

	if (!starts_with(path, records))
		return 0;
	const char *from = path + sizeof(records) - 1;
	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(from, "/"), from);
	return int64_parse(digits, &index) && index >= 0 && index < importing->number ? importing->lines[index] : 0;
}

/* What was found in the whole. */
static void add_whole_findings(struct importing *importing, const struct findings *whole)
{
	const struct finding *f;

	for (size_t i = 0; (f = findings_at(whole, i)); i++) {
		uint32_t line = line_at(importing, f->path);
		finding_restate(
			f->rule->severity == SEVERITY_ERROR ? importing->errors : importing->warnings, f, f->path,
			line ? arena_printf(importing->work_arena, "%s; at line %" PRIu32, f->text, line) : f->text);
	}
}

static enum err_code remember_line(struct importing *importing, size_t line, struct err *err)
{
	enum { FIRST_ROOM = 4096 };

	if ((size_t)importing->number > importing->lines_room) {
		size_t room = importing->lines_room ? 2 * importing->lines_room : FIRST_ROOM;
		uint32_t *lines = realloc(importing->lines, room * sizeof(*lines));
		if (!lines)
			return fail(err, ERR_MEMORY, "no memory left for the lines of the file");
		importing->lines = lines;
		importing->lines_room = room;
	}
	importing->lines[importing->number - 1] = (uint32_t)line;
	return OK;
}

/* --- Batches --- */

/* A time for who sweeps: of the machine, because a file may take longer than a request's moment. */
static enum err_code touch(struct tx *tx, const struct importing *importing, struct err *err)
{
	int64_t changed = 0;

	TRY(db_exec(tx, &sql_edition_touch,
		    BINDS(BIND_TEXT(importing->edition.id), BIND_INT(clock_now_us(importing->kernel->clock))), &changed,
		    err));
	return changed == 1 ? OK
			    : fail(err, ERR_CONFLICT, "the edition %s took too long to read, and was given up",
				   importing->edition.id);
}

static enum err_code put_batch(struct tx *tx, void *arg, struct err *err)
{
	const struct importing *importing = arg;
	int64_t first = importing->number - (int64_t)importing->count + 1;

	TRY(touch(tx, importing, err));
	for (size_t i = 0; i < importing->count; i++)
		TRY(importing->kind->put(tx, importing->work, &importing->edition, first + (int64_t)i,
					 importing->records[i], err));
	return OK;
}

/* Puts the batch away, or forgets it if there is an error already. */
static enum err_code end_batch(struct importing *importing, struct err *err)
{
	if (importing->count > 0 && findings_errors(importing->errors) == 0)
		TRY(db_write(importing->kernel->db, put_batch, importing, err));
	importing->count = 0;
	arena_free(importing->batch_arena);
	importing->batch_arena = arena_new(BATCH_ARENA);
	return importing->batch_arena ? OK : fail(err, ERR_MEMORY, "no memory left for a batch of records");
}

static enum err_code take(void *arg, const struct mapping_document *document, struct err *err)
{
	struct importing *importing = arg;
	const struct edition_request *request = importing->request;
	const struct edition_kind *kind = importing->kind;

	if (importing->number == EDITION_RECORDS_MAX) {
		if (!findings_error_at(importing->errors, "/records"))
			finding_add(importing->errors, &edition_rules[EDITION_TOO_MANY], "/records", "2000000", NULL);
		return OK;
	}
	importing->number++;
	TRY(remember_line(importing, document->tree->line, err));
	void *record = arena_alloc(importing->batch_arena, kind->schema->fields->size);
	if (!record)
		return fail(err, ERR_MEMORY, "no memory left for a record");
	TRY(field_read_json(importing->batch_arena, kind->schema, document->json, importing->kernel->lists, record,
			    document->findings, err));
	if (kind->check && findings_errors(document->findings) == 0)
		TRY(kind->check(importing->work, importing->number, record, document->findings, err));
	if (findings_count(document->findings) > 0)
		TRY(add_record_findings(importing, document, err));
	importing->records[importing->count++] = record;
	if (importing->count == EDITION_BATCH)
		TRY(end_batch(importing, err));
	if (request->progress && importing->number % PROGRESS_RECORDS == 0)
		request->progress(request->progress_arg, importing->number);
	return OK;
}

/* --- Begin and end --- */

static enum err_code find_same(struct tx *tx, struct importing *importing, struct err *err)
{
	const struct edition *edition = &importing->edition;
	db_query_auto query = { 0 };
	struct edition same = { 0 };

	TRY(db_query(tx, &sql_edition_same,
		     BINDS(BIND_TEXT(edition->kind), BIND_TEXT(edition->subject), BIND_TEXT(edition->digest)), &query,
		     err));
	if (db_next(&query))
		same = edition_row(importing->arena, &query);
	TRY(db_end(&query, err));
	importing->same = same;
	return OK;
}

static struct fsm_case case_of(const struct importing *importing, const struct edition_case *about)
{
	return edition_case_of(importing->kernel, importing->work_arena, about, &importing->request->actor,
			       importing->request->now_us, NULL);
}

static enum err_code begin(struct tx *tx, void *arg, struct err *err)
{
	struct importing *importing = arg;
	struct edition *edition = &importing->edition;
	const struct edition_case about = { edition, importing->kind };
	struct findings *found = findings_new(importing->arena);

	if (!found)
		return fail(err, ERR_MEMORY, "no memory left to read an edition");
	importing->found = found;
	if (edition->from == DATE_NONE && importing->kind->first_day)
		TRY(importing->kind->first_day(tx, importing->arena, edition, &edition->from, err));
	TRY(edition_admit(tx, importing->arena, importing->kind, edition, found, err));
	TRY(find_same(tx, importing, err));
	if (findings_errors(found) || importing->same.id)
		return OK;
	TRY(db_exec(tx, &sql_edition_put,
		    BINDS(BIND_TEXT(edition->id), BIND_TEXT(edition->kind), BIND_TEXT(edition->subject),
			  BIND_TEXT(edition->title), BIND_TEXT(edition->state), BIND_INT(edition->from),
			  edition->until == DATE_NONE ? BIND_NULL : BIND_INT(edition->until),
			  BIND_TEXT(edition->digest), BIND_TEXT(edition->imported_by), BIND_INT(edition->imported_us),
			  BIND_INT(clock_now_us(importing->kernel->clock))),
		    NULL, err));
	const struct fsm_case fsm_case = case_of(importing, &about);
	return fsm_case.detail ? fsm_open(tx, &edition_machine, &fsm_case, err)
			       : fail(err, ERR_MEMORY, "no memory left to read an edition");
}

static enum err_code put_warnings(struct tx *tx, const struct importing *importing, struct err *err)
{
	const struct finding *f;

	for (size_t i = 0; (f = findings_at(importing->warnings, i)); i++) {
		const char *place = finding_path_for_people(importing->work_arena, f->path);
		if (!place)
			return fail(err, ERR_MEMORY, "no memory left for the warnings of an edition");
		TRY(db_exec(tx, &sql_edition_warning_put,
			    BINDS(BIND_TEXT(importing->edition.id), BIND_INT(i + 1), BIND_TEXT(f->rule->code),
				  BIND_TEXT(place), BIND_TEXT(f->text), BIND_TEXT(f->law)),
			    NULL, err));
	}
	return OK;
}

/* Of two who read the same file at once the second finds the first here. */
static enum err_code stage(struct tx *tx, void *arg, struct err *err)
{
	struct importing *importing = arg;
	const struct edition_case about = { &importing->edition, importing->kind };
	struct findings *aside = findings_new(importing->work_arena);
	const struct fsm_case fsm_case = case_of(importing, &about);

	if (!aside || !fsm_case.detail)
		return fail(err, ERR_MEMORY, "no memory left to stage an edition");
	TRY(db_exec(tx, &sql_counter_grow, BINDS(BIND_TEXT("edition-stage")), NULL, err));
	TRY(find_same(tx, importing, err));
	if (importing->same.id)
		return OK;
	TRY(touch(tx, importing, err));
	if (importing->kind->put_whole)
		TRY(importing->kind->put_whole(tx, importing->work, &importing->edition, err));
	TRY(put_warnings(tx, importing, err));
	TRY(db_exec(tx, &sql_edition_count,
		    BINDS(BIND_TEXT(importing->edition.id), BIND_INT(importing->number),
			  BIND_INT(findings_count(importing->warnings))),
		    NULL, err));
	TRY(fsm_fire(tx, &edition_machine, &fsm_case, EDITION_STAGE, NULL, aside, err));
	return edition_get(tx, importing->arena, importing->edition.id, &importing->edition, err);
}

/* --- The whole --- */

static enum err_code read_file(struct importing *importing, struct err *err)
{
	const struct edition_kind *kind = importing->kind;
	const struct mapping_input input = { { read_octets, importing }, rewind_octets };
	struct findings *of_file = findings_new(importing->work_arena), *whole = findings_new(importing->work_arena);

	if (!of_file || !whole)
		return fail(err, ERR_MEMORY, "no memory left to read an edition");
	if (kind->begin)
		TRY(kind->begin(importing->work_arena, &importing->edition, &importing->work, err));
	TRY(end_batch(importing, err));
	TRY(mapping_read(importing->request->mapping, &input, take, importing, of_file, err));
	add_findings(importing, of_file);
	TRY(end_batch(importing, err));
	if (kind->whole && findings_errors(importing->errors) == 0)
		TRY(kind->whole(importing->work, whole, err));
	add_whole_findings(importing, whole);
	return findings_errors(importing->errors) ? OK : db_write(importing->kernel->db, stage, importing, err);
}

/* Nothing of it is left. What cannot be deleted now goes in the background. */
static void give_up(struct importing *importing, const char *reason)
{
	struct err aside = { 0 };
	bool more = true;

	if (edition_fail(importing->kernel, importing->work_arena, &importing->edition, &importing->request->actor,
			 importing->request->now_us, reason, &aside) != OK)
		return;
	while (more)
		if (edition_drop(importing->kernel, importing->kind, importing->edition.id, DROP_ROWS, &more, &aside) !=
		    OK)
			return;
}

/* Reads the file of an edition that was begun. */
static enum err_code run(struct importing *importing, struct err *err)
{
	char reason[64];
	enum err_code code = read_file(importing, err);

	if (code != OK) {
		give_up(importing, "it could not be read to its end");
		return code;
	}
	if (findings_errors(importing->errors)) {
		snprintf(reason, sizeof(reason), "%zu errors", findings_errors(importing->errors));
		give_up(importing, reason);
	} else if (importing->same.id) {
		give_up(importing, "the same file was staged meanwhile");
	}
	return OK;
}

/* What is known of the request before the database is asked. */
static void check_request(const struct edition_request *request, struct findings *findings)
{
	char size[24], most[24];

	if (mapping_kind(request->mapping) != request->kind)
		finding_add(findings, &edition_rules[EDITION_OTHER_MAPPING], "/map", mapping_subject(request->mapping),
			    request->kind->name);
	if (request->file.size <= EDITION_FILE_MAX)
		return;
	snprintf(size, sizeof(size), "%zu", request->file.size);
	snprintf(most, sizeof(most), "%zu", EDITION_FILE_MAX);
	finding_add(findings, &edition_rules[EDITION_TOO_LARGE], "", size, most);
}

static enum err_code import(struct importing *importing, struct findings *findings, struct err *err)
{
	const struct edition_request *request = importing->request;
	char id[UUID_SIZE], digest[SHA256_HEX_SIZE];

	check_request(request, findings);
	if (findings_errors(findings))
		return OK;
	importing->errors = findings_new(importing->arena);
	importing->warnings = findings_new(importing->arena);
	id_new(id, request->now_us);
	sha256_hex(request->file, digest);
	importing->edition = (struct edition){ .id = arena_text(importing->arena, id),
					       .kind = request->kind->name,
					       .subject = request->subject,
					       .title = request->title,
					       .state = edition_machine.initial,
					       .from = request->from,
					       .until = request->until,
					       .digest = arena_text(importing->arena, digest),
					       .imported_by = request->actor.name,
					       .imported_us = request->now_us };
	if (!importing->errors || !importing->warnings || !importing->edition.id || !importing->edition.digest)
		return fail(err, ERR_MEMORY, "no memory left to read an edition");
	TRY(db_write(importing->kernel->db, begin, importing, err));
	findings_append(findings, importing->found);
	if (findings_errors(importing->found) || importing->same.id)
		return OK;
	TRY(run(importing, err));
	findings_append(findings, importing->errors);
	findings_append(findings, importing->warnings);
	return OK;
}

enum err_code edition_import(struct kernel *kernel, struct arena *arena, const struct edition_request *request,
			     struct edition *edition, bool *repeated, struct findings *findings, struct err *err)
{
	struct importing importing = { .kernel = kernel, .request = request, .kind = request->kind, .arena = arena };
	size_t errors = findings_errors(findings);

	importing.work_arena = arena_new(IMPORT_ARENA);
	enum err_code code = importing.work_arena ? import(&importing, findings, err)
						  : fail(err, ERR_MEMORY, "no memory left to read an edition");
	free(importing.lines);
	arena_free(importing.batch_arena);
	arena_free(importing.work_arena);
	if (code != OK)
		return code;
	*repeated = importing.same.id != NULL;
	*edition = findings_errors(findings) > errors ? (struct edition){ 0 }
		   : *repeated                        ? importing.same
						      : importing.edition;
	return OK;
}
