/* Editions of reference data: put in, shown, decided on. */
#include "kernel/edition.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli_int.h"
#include "codec/mime.h"
#include "kernel/mapping.h"

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

void print_edition(FILE *out, const void *answer)
{
	const struct edition_view *e = answer;
	arena_auto arena = arena_new(1 << 20);

	print_heads(out, columns, COUNT(columns));
	print_line(out, e);
	print_step(out, "imported", e->imported_by, e->imported_us);
	print_step(out, "approved", e->approved_by, e->approved_us);
	print_step(out, "activated", e->activated_by, e->activated_us);
	print_step(out, "withdrawn", e->withdrawn_by, e->withdrawn_us);
	fprintf(out, "  SHA-256    %s\n", e->digest);
	for (size_t i = 0; arena && i < e->findings_count; i++)
		print_finding(out, arena, e->findings[i].path, e->findings[i].code, e->findings[i].text,
			      e->findings[i].law);
	if (e->repeated)
		fprintf(out, "The same file was there already: nothing was done.\n");
	if (same(e->state, "staged"))
		fprintf(out, "It does not count yet: lintas edition approve %s, then lintas edition activate\n", e->id);
	else if (same(e->state, "approved"))
		fprintf(out, "It does not count yet: lintas edition activate %s\n", e->id);
	else if (same(e->state, "active"))
		fprintf(out, "To take it back: lintas edition withdraw %s\n", e->id);
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

enum err_code run_edition_import(struct invocation *in, struct err *err)
{
	enum { HEADERS_MAX = 4096 };
	const char *mapping = option_value(in, "--mapping");
	struct bytes file, rows;
	char boundary[MIME_BOUNDARY_SIZE];
	buf_auto body = { 0 };

	if ((mapping != NULL) == (option_value(in, "--map") != NULL))
		return fail(err, ERR_USAGE, "say how the file is read: --map NAME of the node, or --mapping FILE");
	TRY(input_read(in->arena, in->arguments[0], EDITION_FILE_MAX, &file, err));
	if (!mapping)
		return run_told(in, file, err);
	TRY(input_read(in->arena, mapping, MAPPING_FILE_MAX, &rows, err));
	buf_init(&body, EDITION_FILE_MAX + MAPPING_FILE_MAX + HEADERS_MAX);
	mime_boundary(boundary);
	mime_put_part(&body, boundary, "application/json", NULL, rows);
	mime_put_part(&body, boundary, "application/octet-stream", NULL, file);
	mime_put_end(&body, boundary);
	TRY(buf_check(&body, "the file", err));
	return run_told(in, buf_bytes(&body), err);
}
