/* The commands of the nomenclature; how people read the answers. */
#include "base/text.h"
#include "codec/json.h"
#include "customs/nomenclature/api_int.h"
#include "interface/edition.h"
#include "kernel/codelist.h"

enum { WIDTH = 100, INDENT = 16 };

static const char *text(const char *value)
{
	return value ? value : "";
}

/* --- Versions --- */

static void print_versions(FILE *out, const void *answer)
{
	static const struct column columns[] = {
		{ "version", 12 }, { "built on", 10 }, { "from", 10 }, { "until", 10 },
		{ "digits", -6 },  { "lines", -7 },    { "", 1 },      { "title", 44 }
	};
	const struct version_list_view *list = answer;
	char from[DATE_SIZE], until[DATE_SIZE], digits[24], lines[24];
	print_heads(out, columns, COUNT(columns));
	for (size_t i = 0; i < list->count; i++) {
		const struct version_view *v = &list->items[i];
		snprintf(digits, sizeof digits, "%lld", (long long)v->digits);
		snprintf(lines, sizeof lines, "%lld", (long long)v->lines);
		ROW(out, columns, v->code, v->base, date_format(v->from, from), date_format(v->until, until), digits,
		    v->lines > 0 ? lines : "-", v->in_force ? "*" : "", v->title);
	}
	fprintf(out, "* in force today. Lines come by lintas nomenclature import.\n");
}

static void print_version(FILE *out, const void *answer)
{
	const struct version_view *v = answer;
	char from[DATE_SIZE], until[DATE_SIZE];
	fprintf(out, "%s  %s\n  built on %s, from %s%s%s, codes of up to %lld digits\n", v->code, v->title,
		text(v->base), date_format(v->from, from), v->until == DATE_NONE ? "" : " to ",
		date_format(v->until, until), (long long)v->digits);
}

/* --- Lines --- */

/* VALUE behind the USED columns of a line, folded between words; what follows is indented by INDENT. */
static void print_hanging(FILE *out, const char *value, int used, int indent)
{
	int at = used;
	for (const char *word = value + strspn(value, " \n"); *word;) {
		size_t bytes = strcspn(word, " \n");
		int width = 0;
		for (size_t i = 0; i < bytes; i++)
			width += ((unsigned char)word[i] & 0xC0) != 0x80;
		bool first = at == used, fold = !first && at + 1 + width > WIDTH;
		if (fold)
			fprintf(out, "\n%*s", indent, "");
		fprintf(out, "%s%.*s", first || fold ? "" : " ", (int)bytes, word);
		at = (fold ? indent : first ? at : at + 1) + width;
		word += bytes;
		word += strspn(word, " \n");
	}
	fputc('\n', out);
}

/* "0102.29.11    - - - - Oxen"; a level that is lost says so. */
static void print_line(FILE *out, const struct line_view *line)
{
	int used = INDENT + 2 * (line->depth > 1 ? (int)line->depth - 1 : 0);
	fprintf(out, "  %-*s", INDENT - 2, text(line->code));
	for (int64_t i = 1; i < line->depth; i++)
		fputs("- ", out);
	if (same(line->origin, "lost"))
		fprintf(out, "… lost in the source: %s%s%s\n", text(line->first),
			same(line->first, line->last) ? "" : " to ",
			same(line->first, line->last) ? "" : text(line->last));
	else if (!line->text)
		fprintf(out, "(no text: %s)\n", line->origin);
	else
		print_hanging(out, line->text, used, used);
}

static void print_note(FILE *out, const struct note_view *note)
{
	fprintf(out, "\n%s%s%s%s%s (%s, %s)%s\n", note->kind, note->number ? " " : "", text(note->number),
		note->place ? " " : "", text(note->place), note->version, note->language,
		note->cut ? ": the source has not all of it" : "");
	if (note->title) {
		fputs("  ", out);
		print_hanging(out, note->title, 2, 2);
	}
	for (const char *at = text(note->text); *at;) {
		size_t length = strcspn(at, "\n");
		arena_auto arena = arena_new((size_t)1 << 18);
		const char *line = arena ? arena_text_of(arena, bytes(at, length)) : NULL;
		fputs("  ", out);
		print_hanging(out, text(line), 2, 2);
		at += length + (at[length] == '\n');
	}
}

static void print_correlation_items(FILE *out, const struct correlation_view *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct correlated_view *item = &c->items[i];
		fprintf(out, "    %-*s", INDENT - 4, item->code);
		if (item->collapsed != INTEGER_NONE)
			fprintf(out, "(%lld subheading%s, taking from up to %lld: --all lists them)\n",
				(long long)item->collapsed, item->collapsed == 1 ? "" : "s", (long long)item->of);
		else if (item->text)
			print_hanging(out, item->text, INDENT, INDENT);
		else
			fprintf(out, "%s\n",
				item->missing    ? "(no such line there)"
				: item->inferred ? "(inferred)"
						 : "");
		if (item->inferred && item->text)
			fprintf(out, "%*sinferred: the subheading of the HS, with the same national digits\n", INDENT,
				"");
	}
}

static void print_change(FILE *out, const struct correlation_view *c)
{
	bool unchanged = c->count == 1 && same(c->items[0].code, c->from_code) && !c->items[0].missing;
	fprintf(out, "  in %s: %s%s%s%s\n", c->to_version, unchanged ? "the same code" : text(c->apart),
		unchanged && c->items[0].inferred ? ", inferred" : "", c->why && !unchanged ? "; " : "",
		unchanged ? "" : text(c->why));
	if (!unchanged)
		print_correlation_items(out, c);
}

static void print_head(FILE *out, const struct book_line_view *l)
{
	char from[DATE_SIZE], until[DATE_SIZE];
	fprintf(out, "%s  %s  in force from %s%s%s%s\n", l->version, l->code, date_format(l->from, from),
		l->until == DATE_NONE ? "" : " to ", date_format(l->until, until),
		l->in_force ? "" : ": NOT IN FORCE on the day that is asked for");
	if (l->section) {
		fprintf(out, "  Section %-6s", l->section);
		print_hanging(out, text(l->section_title), INDENT, INDENT);
	}
	for (size_t i = 0; i < l->path_count; i++)
		print_line(out, &l->path[i]);
	if (l->unit)
		fprintf(out, "  unit          %s%s%s%s\n", l->unit, l->unit_basis ? " (" : "", text(l->unit_basis),
			l->unit_basis ? ")" : "");
	if (l->national)
		fprintf(out, "  national      a line of one state's own, not of the AHTN\n");
}

static void print_around(FILE *out, const struct book_line_view *l)
{
	if (l->children_count)
		fprintf(out, "Below it:\n");
	for (size_t i = 0; i < l->children_count; i++)
		print_line(out, &l->children[i]);
	if (l->siblings_count > 1)
		fprintf(out, "Beside it:\n");
	for (size_t i = 0; i < l->siblings_count; i++)
		if (!same(l->siblings[i].code, l->code))
			print_line(out, &l->siblings[i]);
}

static void print_book_line(FILE *out, const void *answer)
{
	const struct book_line_view *l = answer;
	char day[DATE_SIZE];
	print_head(out, l);
	print_around(out, l);
	if (l->changes_count)
		fprintf(out, "Other versions:\n");
	for (size_t i = 0; i < l->changes_count; i++)
		print_change(out, &l->changes[i]);
	for (size_t i = 0; i < l->notes_count; i++)
		print_note(out, &l->notes[i]);
	fprintf(out, "From the edition %s%s%s, as of %s\n", l->edition, l->edition_title ? ", " : "",
		text(l->edition_title), date_format(l->day, day));
}

static void print_lines(FILE *out, const void *answer)
{
	const struct line_list_view *list = answer;
	for (size_t i = 0; i < list->count; i++)
		print_line(out, &list->items[i]);
	if (!list->count)
		fprintf(out, "nothing is below it\n");
}

/* --- Correlation --- */

static void print_correlation(FILE *out, const void *answer)
{
	const struct correlation_view *c = answer;
	fprintf(out, "%s %s -> %s", c->from_version, c->from_code, c->to_version);
	if (c->relationship)
		fprintf(out, "  %s", c->relationship);
	if (c->apart && !same(c->apart, c->relationship))
		fprintf(out, ", %s apart from what is collapsed", c->apart);
	fprintf(out, "%s%s\n", c->through ? ", through " : "", text(c->through));
	print_correlation_items(out, c);
	if (c->person)
		fprintf(out, "A person decides: %s\n", text(c->why));
}

/* --- Rows --- */

/* clang-format off */
#define AS_OF    { "--as-of", "DAY", "as it was on this day", "as_of", false }
#define LANGUAGE { "--language", "CODE", "texts in this language, where there are any (ISO 639)", "language", false }
static const struct option
	show_options[] = {
		{ "--notes", NULL, "with the section, chapter and subheading notes and SEN that govern it", "notes", false },
		{ "--rules", NULL, "with the General Interpretative Rules", "rules", false },
		LANGUAGE, AS_OF, { 0 } },
	browse_options[] = {
		{ "--below", "CODE", "what is below this code; without it the chapters", "below", false },
		{ "--levels", "NUMBER", "so many levels of it (1)", "levels", false },
		LANGUAGE, AS_OF, { 0 } },
	correlate_options[] = {
		{ "--to", "VERSION", "the other version; the one before it", "to", false },
		{ "--all", NULL, "list subheadings that take from everywhere, too", "all", false },
		LANGUAGE, AS_OF, { 0 } },
	list_options[] = {
		{ "--from", "VERSION", "the version that the codes are of", "from", true },
		{ "--to", "VERSION", "the other version", "to", true },
		AS_OF, { 0 } },
	import_options[] = {
		{ "--version", "SUBJECT", "the version, or a part of one (HS2022.notes-en), or the name of a table", "subject", true },
		{ "--mapping", "FILE", "mapping file by which it is read (data/nomenclature)", NULL, false },
		{ "--map", "NAME", "or a mapping of the node", "map", false },
		{ "--language", "CODE=COLUMN,…", "or, for lines: the columns of texts, by language", NULL, false },
		{ "--code", "COLUMN", "with --language: the column of the code (code)", NULL, false },
		{ "--dashes", "COLUMN", "with --language: the column of the dash level", NULL, false },
		{ "--title", "TEXT", "what people call it: the decree", "title", false },
		{ "--from", "DAY", "first day on which it counts; without it the version's", "from", false },
		{ "--until", "DAY", "last day on which it counts", "until", false },
		{ "--activate", NULL, "it counts at once, if nothing is wrong", "activate", false },
		{ 0 } },
	version_options[] = {
		{ "--base", "VERSION", "the version that it is built on", NULL, true },
		{ "--title", "TEXT", "what people call it: the decree", NULL, true },
		{ "--from", "DAY", "in force from this day", NULL, true },
		{ "--until", "DAY", "to this day", NULL, false },
		{ "--digits", "NUMBER", "digits of its longest codes (8)", NULL, false },
		{ 0 } };
/* clang-format on */

static enum err_code option_day(struct invocation *in, const char *name, date *day, struct err *err)
{
	const char *value = option_value(in, name);
	if (value && !date_parse(value, day))
		return fail(err, ERR_USAGE, "%s %s is no day: 2026-11-02", name, value);
	return OK;
}

static enum err_code run_version(struct invocation *in, struct err *err)
{
	const char *digits = option_value(in, "--digits");
	struct version_view view = { .title = option_value(in, "--title"),
				     .base = option_value(in, "--base"),
				     .from = DATE_NONE,
				     .until = DATE_NONE,
				     .digits = 8,
				     .lines = INTEGER_NONE };
	TRY(option_day(in, "--from", &view.from, err));
	TRY(option_day(in, "--until", &view.until, err));
	if (digits && !int64_parse(digits, &view.digits))
		return fail(err, ERR_USAGE, "--digits %s is no number", digits);
	return remote_run_with(in, &version_schema, &view, err);
}

/* --- Files --- */

static void put_row(struct json_writer *json, const char *to, const char *from)
{
	json_open(json, NULL, '{');
	json_put_text(json, "to", to);
	json_put_text(json, "from", from);
	json_close(json, '}');
}

/* Rows of "en=desc_en,vi=desc_vi". */
static enum err_code put_languages(struct invocation *in, struct json_writer *json, const char *pairs, struct err *err)
{
	for (const char *at = pairs; *at;) {
		size_t length = strcspn(at, ","), name = strcspn(at, "=");
		const char *language = arena_text_of(in->arena, bytes(at, name < length ? name : length));
		const char *column =
			name < length ? arena_text_of(in->arena, bytes(at + name + 1, length - name - 1)) : NULL;
		const char *to = language ? arena_printf(in->arena, "/text/%s", language) : NULL;
		if (!column || !*column)
			return fail(err, ERR_USAGE, "--language %s: give LANGUAGE=COLUMN, several with commas between",
				    pairs);
		if (!codelist_name("ISO639", language))
			return fail(err, ERR_USAGE, "ISO 639 has no language \"%s\"", language);
		put_row(json, to, column);
		at += length + (at[length] == ',');
	}
	return OK;
}

/* The mapping that the options are in short: a column for the code, and one for each language. */
static enum err_code columns_mapping(struct invocation *in, const char **mapping, struct err *err)
{
	enum { MAPPING_BYTES_MAX = 1 << 16 };
	const char *code = option_value(in, "--code"), *dashes = option_value(in, "--dashes");
	const char *languages = option_value(in, "--language");
	buf_auto text;
	struct json_writer json = { .out = &text };
	buf_init(&text, MAPPING_BYTES_MAX);
	json_open(&json, NULL, '{');
	json_put_text(&json, "title", "columns that the command names");
	json_put_text(&json, "records", "nomenclature.lines");
	json_put_text(&json, "format", "csv");
	json_open(&json, "row", '[');
	put_row(&json, "/code", code ? code : "code");
	if (dashes)
		put_row(&json, "/dashLevel", dashes);
	TRY(put_languages(in, &json, languages, err));
	json_close(&json, ']');
	json_close(&json, '}');
	TRY(buf_check(&text, "a mapping", err));
	*mapping = arena_text(in->arena, buf_text(&text));
	return *mapping ? OK : fail(err, ERR_MEMORY, "no memory for a mapping");
}

static enum err_code run_import(struct invocation *in, struct err *err)
{
	const char *mapping;

	if (!option_value(in, "--language"))
		return run_edition_import(in, err);
	TRY(columns_mapping(in, &mapping, err));
	return edition_import_by(in, bytes_of(mapping), err);
}

const struct command nomenclature_commands[] = {
	{ .words = "nomenclature versions",
	  .summary = "versions of the nomenclature, their days, and which have lines here",
	  .example = "lintas nomenclature versions",
	  .method = "GET",
	  .path = "/api/v1/nomenclature/versions",
	  .answer = &version_list_schema,
	  .print = print_versions },
	{ .words = "nomenclature import",
	  .arguments = "FILE",
	  .summary = "read a file of lines, notes, units or correlation into a new edition",
	  .options = import_options,
	  .example =
		  "lintas nomenclature import ahtn2022.csv --version AHTN2022 --mapping data/nomenclature/ahtn2022-lines.json --activate\n"
		  "lintas nomenclature import book.csv --version VN2023 --language en=desc_en,vi=desc_vi --dashes level",
	  .run = run_import,
	  .method = "POST",
	  .path = "/api/v1/editions",
	  .answer = &edition_schema,
	  .print = print_imported_edition },
	{ .words = "nomenclature version",
	  .arguments = "VERSION",
	  .summary = "add a national version, or change it",
	  .options = version_options,
	  .example =
		  "lintas nomenclature version VN2023 --base AHTN2022 --from 2023-07-15 --title \"Decree 26/2023/ND-CP\"",
	  .run = run_version,
	  .method = "PUT",
	  .path = "/api/v1/nomenclature/versions/{}",
	  .answer = &version_schema,
	  .print = print_version },
	{ .words = "nomenclature show",
	  .arguments = "VERSION CODE",
	  .summary = "one line with every level above it, its unit, what is beside it, and what it was and becomes",
	  .options = show_options,
	  .example = "lintas nomenclature show current 8517.13\n"
		     "lintas nomenclature show AHTN2022 01022911 --language vi --notes",
	  .method = "GET",
	  .path = "/api/v1/nomenclature/{}/lines/{}",
	  .answer = &book_line_schema,
	  .print = print_book_line },
	{ .words = "nomenclature browse",
	  .arguments = "VERSION",
	  .summary = "lines in the order of the book: chapters, or what is below a code",
	  .options = browse_options,
	  .example = "lintas nomenclature browse current --below 8517 --levels 2",
	  .method = "GET",
	  .path = "/api/v1/nomenclature/{}/lines",
	  .answer = &line_list_schema,
	  .print = print_lines },
	{ .words = "nomenclature correlate-list",
	  .text_alone = true,
	  .arguments = "FILE",
	  .summary = "what became of each code of a CSV file, as CSV to standard output, and which need a person",
	  .options = list_options,
	  .example = "lintas nomenclature correlate-list codes.csv --from AHTN2022 --to AHTN2017 > became.csv",
	  .run = remote_run_file,
	  .method = "POST",
	  .path = "/api/v1/nomenclature/correlations" },
	{ .words = "nomenclature correlate",
	  .arguments = "VERSION:CODE",
	  .summary = "what became of a code in another version",
	  .options = correlate_options,
	  .example = "lintas nomenclature correlate 2022:8517.62 --to 2017",
	  .method = "GET",
	  .path = "/api/v1/nomenclature/correlations/{}",
	  .answer = &correlation_view_schema,
	  .print = print_correlation },
	{ 0 },
};
