/* Files that go: what was received, in the shapes whose folders are there, and receipts whose documents have moved on.
 *
 * The feed of the journal has no gaps, so nothing is left out; how far it is written out is noted behind the files.
 * After a crash in between the same files are written again under the same names. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "kernel/event.h"
#include "national/drop_int.h"

enum { OUTPUT_MAX = 64 << 20 };

struct giving {
	const struct national_drop *drop;
	const char *organisation;
	int root;
	struct arena *arena;
	int64_t sequence;
	struct journal_list entries;
	const char *files[DROP_FEED_MAX * DROP_FILES_MAX]; /* whose receipts were written again */
	size_t files_count;
};

static enum err_code begin(struct tx *tx, void *arg, struct err *err)
{
	const struct giving *giving = arg;

	return drop_cursor_begin(tx, giving->organisation, err);
}

static enum err_code read_feed(struct tx *tx, void *arg, struct err *err)
{
	struct giving *giving = arg;

	TRY(drop_cursor(tx, giving->organisation, &giving->sequence, err));
	if (giving->sequence == INTEGER_NONE)
		return OK;
	return journal_after(tx, giving->arena, giving->sequence, giving->organisation, DROP_FEED_MAX, &giving->entries,
			     err);
}

static enum err_code move_cursor(struct tx *tx, void *arg, struct err *err)
{
	struct giving *giving = arg;

	return drop_cursor_move(tx, giving->organisation, giving->sequence, err);
}

/* --- One document --- */

struct one {
	struct giving *giving;
	struct arena *arena;
	const char *id;
	struct document document;
	struct bytes original;
	struct drop_files files;
	struct drop_file file;
};

static enum err_code find_received(struct tx *tx, void *arg, struct err *err)
{
	struct one *one = arg;

	TRY(document_find(tx, one->arena, one->giving->organisation, one->id, &one->document, err));
	bool in = one->document.id && same(one->document.direction, "in");
	return in ? document_original(tx, one->arena, &one->document, &one->original, err) : OK;
}

/* "FORM-D-0192….csv"; nothing of it is a stranger's choice. */
static const char *name_of(struct arena *arena, const struct document *document, const char *ending)
{
	return arena_printf(arena, "%s%s-%s.%s", document->test ? "test-" : "", document->doctype, document->id,
			    ending);
}

/* What has no place in the national form, or cannot be said in it, stands beside. */
static enum err_code write_beside(struct arena *arena, int folder, const struct document *document,
				  const struct findings *findings, struct err *err)
{
	const char *name = name_of(arena, document, "findings.txt");
	buf_auto text = { 0 };

	buf_init(&text, OUTPUT_MAX);
	for (size_t i = 0; findings_at(findings, i); i++) {
		const struct finding *f = findings_at(findings, i);
		const char *path = finding_path_for_people(arena, f->path);
		buf_printf(&text, "%-9s %s  %s\n", f->rule->code, path ? path : "", f->text);
	}
	TRY(buf_check(&text, "the findings about a document", err));
	return name ? drop_file_write(folder, name, buf_bytes(&text), err)
		    : fail(err, ERR_MEMORY, "no memory for a name");
}

/* In the shape of MAPPING, if there is a folder for it. *GIVEN: so it was. */
static enum err_code give_mapped(struct one *one, int out, const struct national_mapping *mapping, bool *given,
				 struct err *err)
{
	struct arena *arena = one->arena;
	struct findings *findings = findings_new(arena);
	fd_auto folder = drop_folder_open(out, mapping->name, false);
	struct err why = { 0 };
	buf_auto text = { 0 };

	if (folder < 0)
		return OK;
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for a document");
	buf_init(&text, OUTPUT_MAX);
	enum err_code code = national_write(one->giving->drop->kernel, arena, mapping, &one->document, one->original,
					    &text, findings, &why);
	/* Not all of it can be read, or it is larger in this shape than any file may be: as it came. What lies in the
	 * document must not keep back those behind it. */
	if (code == ERR_CONFLICT || code == ERR_LIMIT || code == ERR_INVALID || code == ERR_SYNTAX)
		return OK;
	if (code != OK)
		return fail(err, code, "%s", why.text);
	if (findings_count(findings))
		TRY(write_beside(arena, folder, &one->document, findings, err));
	if (findings_errors(findings))
		return OK;
	const char *name = name_of(arena, &one->document, mapping_format(mapping->in));
	if (!name)
		return fail(err, ERR_MEMORY, "no memory for a name");
	*given = true;
	return drop_file_write(folder, name, buf_bytes(&text), err);
}

static enum err_code give_received(struct giving *giving, const char *id, struct err *err)
{
	arena_auto arena = arena_new(DROP_ARENA);
	struct one one = { .giving = giving, .arena = arena, .id = id };
	const struct national_mapping *mapping;
	bool given = false;

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a document");
	TRY(db_read(giving->drop->kernel->db, find_received, &one, err));
	if (!one.original.data)
		return OK;
	fd_auto out = drop_folder_open(giving->root, "out", true);
	if (out < 0)
		return fail(err, ERR_IO, "cannot open the folder \"out\" of %s: %s", giving->organisation,
			    strerror(errno));
	for (size_t i = 0; (mapping = national_mapping_at(giving->drop->mappings, i)); i++)
		if (mapping->out && same(mapping_doctype(mapping->in)->code, one.document.doctype))
			TRY(give_mapped(&one, out, mapping, &given, err));
	const char *name = name_of(arena, &one.document, "xml");
	if (!name)
		return fail(err, ERR_MEMORY, "no memory for a name");
	return given ? OK : drop_file_write(out, name, one.original, err);
}

/* --- Events --- */

/* What happens to documents, each a file in the order of the journal, if there is a folder for it. */
static enum err_code give_event(struct giving *giving, const struct journal_entry *entry, struct err *err)
{
	enum { NAME_BYTES = 32, EVENT_MAX = 65536 };
	fd_auto out = drop_folder_open(giving->root, "out", true);
	fd_auto folder = out >= 0 ? drop_folder_open(out, "events", false) : -1;
	const struct event_view event = event_of(entry);
	char name[NAME_BYTES];
	buf_auto text = { 0 };

	if (folder < 0)
		return OK;
	buf_init(&text, EVENT_MAX);
	field_put_json(&text, &event_schema, &event);
	buf_putc(&text, '\n');
	TRY(buf_check(&text, "an event", err));
	snprintf(name, sizeof(name), "%016lld.json", (long long)entry->number);
	return drop_file_write(folder, name, buf_bytes(&text), err);
}

/* --- Receipts --- */

static enum err_code find_files(struct tx *tx, void *arg, struct err *err)
{
	struct one *one = arg;

	return drop_files_of(tx, one->giving->arena, one->id, &one->files, err);
}

static enum err_code find_file(struct tx *tx, void *arg, struct err *err)
{
	struct one *one = arg;

	return drop_file_by_id(tx, one->arena, one->id, &one->file, err);
}

/* Once for all of its documents. */
static enum err_code renew_receipt(struct giving *giving, const char *file, struct err *err)
{
	arena_auto arena = arena_new(DROP_ARENA);
	struct one one = { .giving = giving, .arena = arena, .id = file };

	for (size_t i = 0; i < giving->files_count; i++)
		if (same(giving->files[i], file))
			return OK;
	giving->files[giving->files_count++] = file;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a receipt");
	TRY(db_read(giving->drop->kernel->db, find_file, &one, err));
	if (!one.file.report || !same(one.file.organisation, giving->organisation))
		return OK;
	return drop_receipt_write(giving->drop, arena, giving->root, &one.file, err);
}

/* A document moved on: so do the receipts of the files that it came in. */
static enum err_code renew_receipts(struct giving *giving, const char *document, struct err *err)
{
	struct one one = { .giving = giving, .id = document };

	TRY(db_read(giving->drop->kernel->db, find_files, &one, err));
	for (size_t i = 0; i < one.files.count; i++)
		TRY(renew_receipt(giving, one.files.id[i], err));
	return OK;
}

static enum err_code give_entry(struct giving *giving, const struct journal_entry *entry, struct err *err)
{
	if (!same(entry->subject_type, "document"))
		return OK;
	TRY(give_event(giving, entry, err));
	if (!entry->to_state)
		return OK;
	/* A document that was refused on arrival is no business of a national system: officers have a task for it. */
	if (!entry->from_state && !same(entry->to_state, "refused"))
		TRY(give_received(giving, entry->subject, err));
	return renew_receipts(giving, entry->subject, err);
}

enum err_code drop_give(const struct national_drop *drop, const char *organisation, int root, unsigned *done,
			struct err *err)
{
	arena_auto arena = arena_new(DROP_ARENA);
	struct giving giving = { .drop = drop, .organisation = organisation, .root = root, .arena = arena };

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for the feed");
	TRY(db_read(drop->kernel->db, read_feed, &giving, err));
	if (giving.sequence == INTEGER_NONE)
		return db_write(drop->kernel->db, begin, &giving, err);
	for (size_t i = 0; i < giving.entries.count; i++)
		TRY(give_entry(&giving, &giving.entries.entries[i], err));
	if (giving.entries.count == 0)
		return OK;
	giving.sequence = giving.entries.entries[giving.entries.count - 1].sequence;
	*done += (unsigned)giving.entries.count;
	return db_write(drop->kernel->db, move_cursor, &giving, err);
}
