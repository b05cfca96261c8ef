/* Files that come: taken once, whatever happens.
 *
 * What a file is, is its octets under its name. Each of its documents is noted in the transaction that keeps it, and
 * what became of the whole when the last is done; only then it is moved away. A file that is found again, because the
 * node died before it was moved or because somebody put it there again, goes on where it was, and nothing is sent
 * twice. */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "kernel/journal.h"
#include "national/drop_int.h"

enum { RULE_TOO_LARGE, RULE_TOO_MANY, RULE_UNREADABLE };
const struct rule drop_rules[] = {
	[RULE_TOO_LARGE] = { .code = "NAT-002", .text = "the file has more than {1} octets: cut it" },
	[RULE_TOO_MANY] = { .code = "NAT-003",
			    .text = "there are {1} documents in the file, and at most 10000 are taken: cut it" },
	[RULE_UNREADABLE] = { .code = "NAT-004", .text = "{1}" },
	{ 0 },
};

const struct drop_way drop_ways[DROP_WAYS] = {
	{ .name = "in", .prefix = "", .always = true },
	{ .name = "test", .prefix = "test/", .test = true },
};

struct taking {
	const struct national_drop *drop;
	const struct drop_way *way;
	struct arena *arena;
	struct drop_file file;
	bool known; /* it was begun before */
	struct drop_report report;
	size_t room;
	struct actor actor;
	int64_t now_us;
};

static enum err_code find_file(struct tx *tx, void *arg, struct err *err)
{
	struct taking *taking = arg;
	struct drop_file found;

	TRY(drop_file_find(tx, taking->arena, &taking->file, &found, err));
	taking->known = found.id != NULL;
	if (found.id)
		taking->file = found;
	return OK;
}

/* --- Its documents --- */

struct noted {
	struct taking *taking;
	size_t number;
	const char *id;
	struct document document;
};

static enum err_code find_noted(struct tx *tx, void *arg, struct err *err)
{
	struct noted *noted = arg;
	struct arena *arena = noted->taking->arena;

	noted->document = (struct document){ 0 };
	TRY(drop_document_noted(tx, arena, noted->taking->file.id, noted->number, &noted->id, err));
	return noted->id ? document_find(tx, arena, NULL, noted->id, &noted->document, err) : OK;
}

static struct drop_document *next_document(struct taking *taking, size_t number, struct err *err)
{
	if (taking->report.documents_count == taking->room) {
		(void)fail(err, ERR_INTERNAL, "a dropped file has more documents than it had");
		return NULL;
	}
	struct drop_document *next = &taking->report.documents[taking->report.documents_count++];
	*next = (struct drop_document){ .number = (int64_t)number, .since_us = TIME_NONE };
	return next;
}

/* What was kept before the node died is not looked at again. */
static enum err_code skip_noted(void *arg, size_t number, bool *skip, struct err *err)
{
	struct taking *taking = arg;
	struct noted noted = { .taking = taking, .number = number };

	*skip = false;
	if (!taking->known)
		return OK;
	TRY(db_read(taking->drop->kernel->db, find_noted, &noted, err));
	if (!noted.id)
		return OK;
	struct drop_document *next = next_document(taking, number, err);
	if (!next)
		return err->code;
	next->id = noted.id;
	next->reference = noted.document.reference;
	next->message = noted.document.message;
	*skip = true;
	return OK;
}

/* Of nodes with one database and one folder the first that keeps a document of the file takes it. */
static enum err_code begin_file(struct tx *tx, const struct taking *taking, struct err *err)
{
	struct drop_file kept;

	TRY(drop_file_begin(tx, &taking->file, err));
	TRY(drop_file_find(tx, taking->arena, &taking->file, &kept, err));
	return same(kept.id, taking->file.id)
		       ? OK
		       : fail(err, ERR_CONFLICT, "another node takes the file %s", taking->file.name);
}

/* In the transaction that keeps the document. */
static enum err_code note(struct tx *tx, void *arg, size_t number, const struct document_result *result,
			  struct err *err)
{
	struct taking *taking = arg;
	const struct drop_file *file = &taking->file;

	TRY(begin_file(tx, taking, err));
	TRY(drop_document_note(tx, file->id, number, result->id, err));
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = taking->now_us,
						    .actor = taking->actor.name,
						    .organisation = file->organisation,
						    .subject_type = "document",
						    .subject = result->id,
						    .event = "dropped",
						    .detail = arena_printf(taking->arena, "document %zu of the file %s",
									   number, file->id),
						    .content = file->digest },
			   err);
}

static enum err_code take_result(void *arg, const struct national_result *result, struct err *err)
{
	struct taking *taking = arg;
	struct arena *arena = taking->arena;
	struct drop_document *next = next_document(taking, result->number, err);

	if (!next)
		return err->code;
	next->reference = arena_text(arena, result->reference);
	next->id = arena_text(arena, result->result.id);
	next->message = arena_text(arena, result->result.message);
	next->repeated = result->result.repeated;
	taking->report.refused += !next->id;
	return drop_report_find(arena, &taking->report, result->findings, &next->findings, &next->findings_count, err);
}

/* --- The file --- */

/* Faults that are the file's own: it will be as wrong the next time. */
static bool is_its_own(enum err_code code)
{
	return code == ERR_SYNTAX || code == ERR_LIMIT || code == ERR_INVALID || code == ERR_MEDIA_TYPE;
}

static enum err_code take_documents(struct taking *taking, const struct national_request *request,
				    struct findings *findings, struct err *err)
{
	size_t errors = findings_errors(findings);

	TRY(national_count(request, &taking->room, findings, err));
	if (taking->room > DROP_DOCUMENTS_MAX)
		finding_add(findings, &drop_rules[RULE_TOO_MANY], "", arena_printf(taking->arena, "%zu", taking->room),
			    NULL);
	if (findings_errors(findings) > errors)
		return OK;
	taking->report.documents = arena_array(taking->arena, taking->room + 1, sizeof(struct drop_document));
	if (!taking->report.documents)
		return fail(err, ERR_MEMORY, "no memory for the documents of a dropped file");
	struct findings *aside = findings_new(taking->arena); /* said when they were counted */
	return aside ? national_submit(request, taking->arena, take_result, aside, err)
		     : fail(err, ERR_MEMORY, "no memory for the documents of a dropped file");
}

static enum err_code end_file(struct tx *tx, void *arg, struct err *err)
{
	struct taking *taking = arg;

	TRY(begin_file(tx, taking, err));
	return drop_file_end(tx, taking->file.id, taking->file.report, err);
}

static enum err_code put_report(struct taking *taking, struct err *err)
{
	buf_auto out = { 0 };

	buf_init(&out, DROP_REPORT_MAX);
	field_put_json(&out, &drop_report_schema, &taking->report);
	TRY(buf_check(&out, "what became of a dropped file", err));
	taking->file.report = arena_text(taking->arena, buf_text(&out));
	if (!taking->file.report)
		return fail(err, ERR_MEMORY, "no memory for what became of a dropped file");
	return db_write(taking->drop->kernel->db, end_file, taking, err);
}

/* TEXT as documents; what became of them is in the database then. */
static enum err_code process(struct taking *taking, struct bytes text, const char *shown, struct err *err)
{
	const struct drop_file *file = &taking->file;
	struct findings *findings = findings_new(taking->arena);
	const char *shape = file->folder + strlen(taking->way->prefix);
	const struct national_mapping *mapping = national_mapping_find(taking->drop->mappings, shape);
	const struct national_request request = {
		.kernel = taking->drop->kernel,
		.mapping = mapping,
		.doctype = !mapping && *shape ? shape : NULL,
		.organisation = file->organisation,
		.text = text,
		.test = taking->way->test,
		.actor = taking->actor,
		.now_us = taking->now_us,
		.also = note,
		.skip = skip_noted,
		.arg = taking,
	};
	struct err why = { 0 };

	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for a dropped file");
	taking->report = (struct drop_report){ .file = shown,
					       .folder = file->folder,
					       .organisation = file->organisation,
					       .id = file->id,
					       .digest = file->digest,
					       .taken_us = file->taken_us };
	if (text.size > taking->drop->max_bytes) {
		finding_add(findings, &drop_rules[RULE_TOO_LARGE], "",
			    arena_printf(taking->arena, "%zu", taking->drop->max_bytes), NULL);
	} else {
		enum err_code code = take_documents(taking, &request, findings, &why);
		if (code != OK && !is_its_own(code))
			return fail(err, code, "%s", why.text);
		if (code != OK)
			finding_add(findings, &drop_rules[RULE_UNREADABLE], "", why.text, NULL);
	}
	taking->report.refused += findings_errors(findings) > 0;
	TRY(drop_report_find(taking->arena, &taking->report, findings, &taking->report.findings,
			     &taking->report.findings_count, err));
	return put_report(taking, err);
}

/* --- Away with it --- */

/* findings.json and findings.txt, beside the file that they are about. */
static enum err_code write_findings(struct taking *taking, int folder, const struct drop_report *report,
				    struct err *err)
{
	buf_auto text = { 0 };

	buf_init(&text, DROP_REPORT_MAX);
	drop_report_tell(taking->arena, &text, report);
	TRY(buf_check(&text, "the findings about a dropped file", err));
	TRY(drop_file_write(folder, "findings.txt", buf_bytes(&text), err));
	buf_putc(&text, '\n');
	return drop_file_write(folder, "findings.json", bytes_of(taking->file.report), err);
}

/* What we write beside a file is not to be overwritten by it. */
static bool is_of_findings(const char *name)
{
	return same(name, "findings.txt") || same(name, "findings.json");
}

static enum err_code move_away(struct taking *taking, int root, int in, const char *name, const struct stat *stat,
			       struct err *err)
{
	struct drop_report report;

	TRY(drop_report_read(taking->arena, taking->file.report, &report, err));
	fd_auto all = drop_folder_open(root, report.refused ? "refused" : "done", true);
	fd_auto own = all >= 0 ? drop_folder_open(all, taking->file.id, true) : -1;
	if (own < 0)
		return fail(err, errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_IO,
			    "cannot make a folder for a file of %s: %s", taking->file.organisation, strerror(errno));
	if (fsync(all) != 0)
		return fail(err, ERR_IO, "cannot synchronise a drop folder: %s", strerror(errno));
	if (report.refused)
		TRY(write_findings(taking, own, &report, err));
	TRY(drop_receipt_write(taking->drop, taking->arena, root, &taking->file, err));
	return drop_file_move(in, name, own, report.refused && is_of_findings(name) ? "file" : name, stat, err);
}

static enum err_code take_file(const struct national_drop *drop, const struct drop_way *way,
			       const struct drop_file *place, int root, int in, const char *name, int64_t now_us,
			       bool *taken, struct err *err)
{
	arena_auto arena = arena_new(DROP_ARENA);
	struct taking taking = { .drop = drop, .way = way, .arena = arena, .file = *place, .now_us = now_us };
	char digest[SHA256_HEX_SIZE], id[UUID_SIZE];
	struct bytes text = { 0 };
	struct stat stat;
	bool changes;
	buf_auto encoded = { 0 };

	buf_init(&encoded, DROP_TEXT_MAX);
	percent_put(&encoded, name, "");
	*taken = false;
	if (!arena || encoded.failed)
		return fail(err, ERR_MEMORY, "no memory for a dropped file");
	TRY(drop_file_read(arena, in, name, drop->max_bytes, &text, &stat, &changes, err));
	if (changes)
		return OK;
	sha256_hex(text, digest);
	uuid_new(id, now_us);
	taking.file.id = id;
	taking.file.name = buf_text(&encoded);
	taking.file.digest = digest;
	taking.file.taken_us = now_us;
	taking.actor = (struct actor){ .name = arena_printf(arena, "drop:%s", place->organisation),
				       .organisation = place->organisation };
	const char *shown = drop_name_shown(arena, name);
	if (!taking.actor.name || !shown)
		return fail(err, ERR_MEMORY, "no memory for a dropped file");
	TRY(db_read(drop->kernel->db, find_file, &taking, err));
	if (!taking.file.report)
		TRY(process(&taking, text, shown, err));
	TRY(move_away(&taking, root, in, name, &stat, err));
	*taken = true;
	return OK;
}

/* Faults that the next file would meet, too. Others are met once by each file that has them, and keep none back. */
static bool is_everybodys(enum err_code code)
{
	return code != OK && code != ERR_MEMORY && code != ERR_IO;
}

/* The folder NAME inside WAY's, "" for that one; -1 if there is none. */
static int open_in(int root, const struct drop_way *way, const char *name)
{
	int top = drop_folder_open(root, way->name, way->always);

	if (top < 0 || !*name)
		return top;
	int in = drop_folder_open(top, name, false);
	fd_close(&top);
	return in;
}

enum err_code drop_take_folder(const struct national_drop *drop, const char *organisation, int root,
			       const struct drop_way *way, const char *name, int64_t now_us, unsigned *done,
			       struct err *err)
{
	arena_auto arena = arena_new(DROP_ARENA);
	struct drop_file place = { .organisation = organisation };
	fd_auto in = open_in(root, way, name);
	struct drop_entry *entries = NULL;
	size_t count = 0;
	enum err_code first = OK;

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a drop folder");
	if (in < 0)
		return *name || (!way->always && errno == ENOENT)
			       ? OK
			       : fail(err, ERR_IO, "cannot open the folder \"%s\" of %s: %s", way->name, organisation,
				      strerror(errno));
	place.folder = arena_printf(arena, "%s%s", way->prefix, name);
	if (!place.folder)
		return fail(err, ERR_MEMORY, "no memory for a drop folder");
	TRY(drop_folder_ready(drop, arena, in, now_us, &entries, &count, err));
	for (size_t i = 0, good = 0; i < count && good < DROP_TAKE_MAX && !is_everybodys(first); i++) {
		struct err why = { 0 };
		bool taken = false;
		enum err_code code = take_file(drop, way, &place, root, in, entries[i].name, now_us, &taken, &why);
		good += code == OK;
		*done += taken;
		if (code != OK && (first == OK || is_everybodys(code))) {
			first = code;
			*err = why;
		}
	}
	return first;
}
