/* Terms, legal holds, and what is due for deletion. */
#include "kernel/retention.h"

#include "cli/cli_int.h"
#include "customs/registry.h"
#include "kernel/hold.h"

static const char *day_of(int64_t time_us, char buffer[static DATE_SIZE])
{
	return time_us == TIME_NONE ? "-" : date_format(date_of_time(time_us), buffer);
}

/* --- Holds --- */

enum err_code run_hold_put(struct invocation *in, struct err *err)
{
	static const struct {
		const char *option, *kind;
	} kinds[] = { { "--document", HOLD_DOCUMENT },
		      { "--partner", HOLD_PARTNER },
		      { "--organisation", HOLD_ORGANISATION } };
	const char *until = option_value(in, "--until");
	struct new_hold_view view = { .reason = option_value(in, "--reason"), .until = DATE_NONE };
	int given = 0;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		const char *subject = option_value(in, kinds[i].option);
		if (!subject)
			continue;
		given++;
		view.kind = kinds[i].kind;
		view.subject = subject;
	}
	if (given != 1)
		return fail(err, ERR_USAGE, "say what is held: one of --document, --partner and --organisation");
	if (until && !date_parse(until, &view.until))
		return fail(err, ERR_USAGE, "--until is a day such as 2031-12-31, not %s", until);
	return remote_run_with(in, &new_hold_schema, &view, err);
}

static const struct column hold_columns[] = { { "hold", 36 },  { "kind", 12 },   { "of", 36 }, { "placed", 10 },
					      { "until", 10 }, { "lifted", 10 }, { "by", 12 }, { "reason", 0 } };

static void print_hold_line(FILE *out, const struct hold_view *h)
{
	char placed[DATE_SIZE], until[DATE_SIZE], lifted[DATE_SIZE];

	/* Its last day is the one before the instant at which it ends. */
	ROW(out, hold_columns, h->id, h->kind, h->subject, day_of(h->placed_us, placed),
	    day_of(h->until_us == TIME_NONE ? TIME_NONE : h->until_us - 1, until), day_of(h->lifted_us, lifted),
	    h->placed_by, h->reason);
}

void print_holds(FILE *out, const void *answer)
{
	const struct hold_list_view *list = answer;

	if (list->count)
		print_heads(out, hold_columns, COUNT(hold_columns));
	for (size_t i = 0; i < list->count; i++)
		print_hold_line(out, &list->items[i]);
	if (!list->count)
		fprintf(out, "nothing is held\n");
	if (list->next)
		fprintf(out, "There are more: --before %s\n", list->next);
}

void print_hold(FILE *out, const void *answer)
{
	const struct hold_view *h = answer;

	print_heads(out, hold_columns, COUNT(hold_columns));
	print_hold_line(out, h);
	if (h->others != INTEGER_NONE)
		fprintf(out,
			"%lld other%s of this reference not held (tests, refused ones, what is about it): hold %s by id, if "
			"needed\n",
			(long long)h->others, h->others == 1 ? " is" : "s are", h->others == 1 ? "it" : "them");
	if (h->lifted_by)
		fprintf(out, "Lifted: what it kept is deleted when it is due; lintas retention due\n");
	else
		fprintf(out, "Nothing of it is deleted until lintas hold lift %s\n", h->id);
}

/* --- What is due --- */

void print_retention(FILE *out, const void *answer)
{
	static const struct column columns[] = { { "message", 36 }, { "type", 22 },
						 { "partner", 7 },  { "last", 10 },
						 { "term", 7 },     { "due since", 10 },
						 { "verdict", 12 }, { "reference; why not", 0 } };
	const struct retention_list_view *list = answer;
	char last[DATE_SIZE], due[DATE_SIZE];

	if (list->count)
		print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct retention_view *r = &list->items[i];
		char text[512];
		snprintf(text, sizeof text, "%s%s%s", r->reference ? r->reference : "",
			 r->reference && r->why ? "; " : "", r->why ? r->why : "");
		ROW(out, columns, r->message, r->type, r->partner, day_of(r->last_us, last), r->term,
		    day_of(r->due_us, due), r->verdict, text);
	}
	if (list->next)
		fprintf(out, "There may be more: --after %s\n", list->next);
	else if (!list->count)
		fprintf(out, "nothing is older than its term\n");
}

void print_retention_run(FILE *out, const void *answer)
{
	const struct retention_run_view *run = answer;

	fprintf(out, "%lld messages and refusals deleted, each with a record in the journal\n",
		(long long)run->deleted);
	fprintf(out, run->more ? "There is more: run it again\n"
			       : "What is left stays for now: lintas retention due says why\n");
}

/* --- Terms --- */

struct term_line {
	const char *type, *organisation, *term, *law;
};
struct term_list {
	struct term_line *items;
	size_t count;
};
static const struct field term_rows[] = {
	FIELD_TEXT(struct term_line, type, .json = "type", .min = 1),
	FIELD_TEXT(struct term_line, organisation, .json = "organisation"),
	FIELD_TEXT(struct term_line, term, .json = "term", .min = 1),
	FIELD_TEXT(struct term_line, law, .json = "law", .max_length = 1000),
};
static const struct fields term_fields = FIELDS(struct term_line, term_rows);
static const struct field list_rows[] = {
	FIELD_LIST(struct term_list, items, count, struct term_line, term_fields, .json = "items", .max = 1000),
};
static const struct fields list_fields = FIELDS(struct term_list, list_rows);
static const struct schema list_schema = { .name = "retentionTerms", .fields = &list_fields };

static struct term_line *next_line(struct invocation *in, struct term_list *list)
{
	enum { ROOM = 512 };
	if (!list->items)
		list->items = arena_array(in->arena, ROOM, sizeof *list->items);
	return list->items && list->count < ROOM ? &list->items[list->count++] : NULL;
}

static enum err_code fill_terms(struct invocation *in, const struct kernel *kernel, struct term_list *list,
				struct err *err)
{
	const struct retention *own = kernel->retention;
	struct retention_term term, least;
	const char *type, *law;
	char text[RETENTION_TERM_SIZE];

	for (size_t i = 0; (type = retention_type_at(kernel, i, &term, &least, &law)); i++) {
		struct retention_answer answer = retention_term_of(kernel, type, NULL);
		struct term_line *line = next_line(in, list);
		if (!line)
			return fail(err, ERR_MEMORY, "no memory for the terms");
		*line = (struct term_line){ type, NULL, arena_text(in->arena, retention_term_format(answer.term, text)),
					    answer.law };
		for (size_t k = 0; k < own->count; k++) {
			const struct retention_rule *rule = &own->rules[k];
			line = same(rule->type, type) && rule->organisation ? next_line(in, list) : NULL;
			if (line)
				*line = (struct term_line){ type, rule->organisation,
							    arena_text(in->arena,
								       retention_term_format(rule->term, text)),
							    "[retention] of lintas.conf" };
		}
	}
	return OK;
}

enum err_code run_retention_terms(struct invocation *in, struct err *err)
{
	static const struct column columns[] = {
		{ "type", 22 }, { "organisation", 12 }, { "kept", 7 }, { "why so long", 0 }
	};
	struct config config;
	struct term_list list = { 0 };
	buf_auto json;

	buf_init(&json, (size_t)1 << 20);
	TRY(right_config(in, &config, err));
	struct kernel kernel = { .capabilities = customs_capabilities, .retention = &config.retention };
	TRY(fill_terms(in, &kernel, &list, err));
	if (in->json) {
		field_put_json(&json, &list_schema, &list);
		TRY(buf_check(&json, "the terms", err));
		printf("%s\n", buf_text(&json));
		return OK;
	}
	print_heads(stdout, columns, COUNT(columns));
	for (size_t i = 0; i < list.count; i++)
		ROW(stdout, columns, list.items[i].type,
		    list.items[i].organisation ? list.items[i].organisation : "all", list.items[i].term,
		    list.items[i].law);
	printf("A term counts from the last thing that happened. Nothing is deleted before it stands in an archive: %s\n",
	       config.retention.archived_first ? "[archive] required = yes" : "no, [archive] required = no");
	return OK;
}
