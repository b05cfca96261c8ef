/* Editions of reference data (kernel/edition.h) as they are shown, printed, and put in by commands. */
#include "interface/edition.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "codec/mime.h"
#include "interface/command.h"
#include "kernel/edition.h"
#include "kernel/mapping.h"

/* --- As they are shown --- */

static const struct field edition_rows[] = {
	FIELD_TEXT(struct edition_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct edition_view, kind, .json = "kind", .min = 1, .max_length = TEXT_MAX,
		   .label = "kind (of its records)"),
	FIELD_TEXT(struct edition_view, subject, .json = "subject", .min = 1, .max_length = TEXT_MAX,
		   .label = "subject (what it is an edition of)"),
	FIELD_TEXT(struct edition_view, title, .json = "title", .max_length = TEXT_MAX),
	FIELD_TEXT(struct edition_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX),
	FIELD_DAY(struct edition_view, from, .json = "from", .min = 1,
		  .label = "from (the first day on which it counts)"),
	FIELD_DAY(struct edition_view, until, .json = "until", .label = "until (the last day; none: no end)"),
	FIELD_TEXT(struct edition_view, digest, .json = "digest", .min = 1, .max_length = TEXT_MAX,
		   .label = "SHA-256 of its file, hexadecimal"),
	FIELD_INT(struct edition_view, records, .json = "records", .min = 1, .label = "records that were put away"),
	FIELD_INT(struct edition_view, warnings, .json = "warnings", .min = 1,
		  .label = "warnings that were found in its file"),
	FIELD_TEXT(struct edition_view, imported_by, .json = "importedBy", .min = 1, .max_length = TEXT_MAX),
	FIELD_TIME(struct edition_view, imported_us, .json = "imported", .min = 1),
	FIELD_TEXT(struct edition_view, approved_by, .json = "approvedBy", .max_length = TEXT_MAX),
	FIELD_TIME(struct edition_view, approved_us, .json = "approved"),
	FIELD_TEXT(struct edition_view, activated_by, .json = "activatedBy", .max_length = TEXT_MAX),
	FIELD_TIME(struct edition_view, activated_us, .json = "activated"),
	FIELD_TEXT(struct edition_view, withdrawn_by, .json = "withdrawnBy", .max_length = TEXT_MAX),
	FIELD_TIME(struct edition_view, withdrawn_us, .json = "withdrawn"),
	FIELD_FLAG(struct edition_view, repeated, .json = "repeated",
		   .label = "the same file was there already: this is that edition"),
	FIELD_LIST(struct edition_view, findings, findings_count, struct finding_view, finding_fields,
		   .json = "findings", .max = FINDINGS_MAX),
};
enum { EDITION_BELONGINGS = 2 };
static const struct fields whole_edition_fields = FIELDS(struct edition_view, edition_rows);
static const struct fields edition_fields = { .row = edition_rows,
					      .count = COUNT(edition_rows) - EDITION_BELONGINGS,
					      .size = sizeof(struct edition_view) };

const struct schema edition_schema = SCHEMA("edition", whole_edition_fields);
LIST_SCHEMA(edition)

/* --- Printing --- */

static const struct column columns[] = { { "edition", 36 }, { "state", 9 },     { "kind", 22 },
					 { "of", 10 },      { "from", 10 },     { "until", 10 },
					 { "records", -8 }, { "warnings", -8 }, { "title", 0 } };

static void print_line(FILE *out, const struct edition_view *e)
{
	char from[DATE_SIZE], until[DATE_SIZE], records[24], warnings[24];

	snprintf(records, sizeof records, "%lld", (long long)e->records);
	snprintf(warnings, sizeof warnings, "%lld", (long long)e->warnings);
	ROW(out, columns, e->id, e->state, e->kind, e->subject, date_format(e->from, from),
	    e->until == DATE_NONE ? "-" : date_format(e->until, until), records, warnings, e->title);
}

void print_editions(FILE *out, const void *answer)
{
	const struct edition_list_view *list = answer;

	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++)
		print_line(out, &list->items[i]);
	if (!list->count)
		fprintf(out, "there are no editions; lintas edition import puts one in\n");
	print_next(out, list->next, "--before");
}

/* Who did what, and when. */
static void print_step(FILE *out, const char *what, const char *who, int64_t at_us)
{
	char at[TIME_SIZE];

	if (who)
		fprintf(out, "  %-10s %s  %s\n", what, when(at_us, at), who);
}

static void print_whole(FILE *out, const struct edition_view *e, size_t most)
{
	arena_auto arena = arena_new(1 << 20);

	print_heads(out, columns, COUNT(columns));
	print_line(out, e);
	print_step(out, "imported", e->imported_by, e->imported_us);
	print_step(out, "approved", e->approved_by, e->approved_us);
	print_step(out, "activated", e->activated_by, e->activated_us);
	print_step(out, "withdrawn", e->withdrawn_by, e->withdrawn_us);
	fprintf(out, "  SHA-256    %s\n", e->digest);
	for (size_t i = 0; arena && i < e->findings_count && i < most; i++)
		print_finding(out, arena, e->findings[i].path, e->findings[i].code, e->findings[i].text,
			      e->findings[i].law);
	if (e->findings_count > most)
		fprintf(out, "  … and %lld more warnings: lintas edition show %s\n",
			(long long)e->warnings - (long long)most, e->id);
	if (e->repeated)
		fprintf(out, "The same file was there already: nothing was done.\n");
	if (same(e->state, "staged"))
		fprintf(out, "It does not count yet: lintas edition approve %s, then lintas edition activate\n", e->id);
	else if (same(e->state, "approved"))
		fprintf(out, "It does not count yet: lintas edition activate %s\n", e->id);
	else if (same(e->state, "active"))
		fprintf(out, "To take it back: lintas edition withdraw %s\n", e->id);
}

void print_edition(FILE *out, const void *answer)
{
	print_whole(out, answer, FINDINGS_MAX);
}

void print_imported_edition(FILE *out, const void *answer)
{
	enum { SHOWN = 10 };
	print_whole(out, answer, SHOWN);
}

/* --- Importing --- */

/* Who waits for longer than a second is told that it goes on. */
struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool over;
	const char *path;
};

static void *tell(void *arg)
{
	struct waiting *waiting = arg;
	int seconds = 0;

	pthread_mutex_lock(&waiting->lock);
	while (!waiting->over) {
		int64_t at_us = clock_now_us(&clock_system) + SECOND_US;
		struct timespec until = { .tv_sec = (time_t)(at_us / SECOND_US),
					  .tv_nsec = (long)(at_us % SECOND_US * 1000) };
		while (!waiting->over && pthread_cond_timedwait(&waiting->ended, &waiting->lock, &until) == 0)
			;
		if (!waiting->over)
			fprintf(stderr, "%s is being read, for %d s now\n", waiting->path, ++seconds);
	}
	pthread_mutex_unlock(&waiting->lock);
	return NULL;
}

static enum err_code run_told(struct invocation *in, struct bytes body, struct err *err)
{
	struct waiting waiting = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, in->arguments[0] };
	pthread_t thread;
	bool told = pthread_create(&thread, NULL, tell, &waiting) == 0;
	enum err_code code = remote_run(in, body, err);

	pthread_mutex_lock(&waiting.lock);
	waiting.over = true;
	pthread_cond_signal(&waiting.ended);
	pthread_mutex_unlock(&waiting.lock);
	if (told)
		pthread_join(thread, NULL);
	return code;
}

enum err_code edition_import_by(struct invocation *in, struct bytes mapping, struct err *err)
{
	enum { HEADERS_MAX = 4096 };
	struct bytes file;
	char boundary[MIME_BOUNDARY_SIZE];
	buf_auto body = { 0 };

	TRY(input_read(in->arena, in->arguments[0], EDITION_FILE_MAX, &file, err));
	if (!mapping.data)
		return run_told(in, file, err);
	buf_init(&body, EDITION_FILE_MAX + MAPPING_FILE_MAX + HEADERS_MAX);
	mime_boundary(boundary);
	mime_put_part(&body, boundary, "application/json", NULL, mapping);
	mime_put_part(&body, boundary, "application/octet-stream", NULL, file);
	mime_put_end(&body, boundary);
	TRY(buf_check(&body, "the file", err));
	return run_told(in, buf_bytes(&body), err);
}

enum err_code run_edition_import(struct invocation *in, struct err *err)
{
	const char *mapping = option_value(in, "--mapping");
	struct bytes text = { 0 };

	if ((mapping != NULL) == (option_value(in, "--map") != NULL))
		return fail(err, ERR_USAGE, "say how the file is read: --map NAME of the node, or --mapping FILE");
	if (mapping)
		TRY(input_read(in->arena, mapping, MAPPING_FILE_MAX, &text, err));
	return edition_import_by(in, text, err);
}
