#include "book.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "codec/csv.h"

enum { LINE_TEXTS = 16, ROWS_MOST = 64000 };

void die(const char *what, const struct err *err)
{
	fprintf(stderr, "%s: %s\n", what, err ? err->text : strerror(errno));
	exit(1);
}

/* --- CSV --- */

static enum err_code read_file(void *arg, void *to, size_t room, size_t *got, struct err *err)
{
	return fd_read(*(int *)arg, to, room, got) ? OK : fail(err, ERR_IO, "cannot read");
}

struct sheet sheet_read(struct arena *arena, const char *folder, const char *name)
{
	static const struct csv_dialect dialect = { .delimiter = ',', .quote = '"' };
	char path[4096];
	struct err err = { .text = "" };
	struct findings *findings = findings_new(arena);
	csv_reader_auto reader = NULL;
	struct sheet sheet = { .rows = arena_array(arena, ROWS_MOST, sizeof(*sheet.rows)) };

	snprintf(path, sizeof(path), "%s%s%s", folder, *folder ? "/" : "", name);
	fd_auto fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path, NULL);
	if (csv_open(&dialect, (struct csv_source){ read_file, &fd }, &reader, &err) != OK)
		die(path, &err);
	for (struct csv_record record;;) {
		if (csv_next(reader, &record, findings, &err) != OK || findings_count(findings))
			die(path, &err);
		if (record.count == 0)
			return sheet;
		if (sheet.count == ROWS_MOST)
			die("too many rows", NULL);
		sheet.width = sheet.count ? sheet.width : record.count;
		const char **row = arena_array(arena, sheet.width, sizeof(*row));
		for (size_t i = 0; i < sheet.width; i++)
			row[i] = arena_text(arena, i < record.count ? record.cells[i].text : "");
		sheet.rows[sheet.count++] = row;
	}
}

size_t column(const struct sheet *sheet, const char *name)
{
	for (size_t i = 0; i < sheet->width; i++)
		if (same(sheet->rows[0][i], name))
			return i;
	fprintf(stderr, "classify: no column %s\n", name);
	exit(1);
}

/* --- the book --- */

/* The texts of a code in a sheet, each ended by "; ". */
static const char *texts_of(struct arena *arena, const struct sheet *sheet, const char *code, size_t digits,
			    const char *text)
{
	size_t at = column(sheet, "code"), of = column(sheet, text);
	const char *all = "";

	for (size_t i = 1; i < sheet->count; i++)
		if (strlen(sheet->rows[i][at]) == digits && strncmp(sheet->rows[i][at], code, digits) == 0)
			all = arena_printf(arena, "%s%s; ", all, sheet->rows[i][of]);
	return all;
}

static void text_put(struct search_line *line, struct search_text *texts, enum search_field field, const char *text)
{
	if (*text && line->count < LINE_TEXTS)
		texts[line->count++] = (struct search_text){ field, bytes_of(text) };
}

/* What was read of the shorter codes of the line before, which most lines share. */
struct above {
	char code[9];
	const char *chapter, *heading, *subheading, *legal_heading, *legal, *alias;
};

static const char *aliases_of(struct arena *arena, const struct sheet *aliases, const char *hs6)
{
	const char *all = "";

	for (size_t i = 1; aliases && i < aliases->count; i++)
		if (same(aliases->rows[i][0], hs6))
			all = arena_printf(arena, "%s%s; ", all, aliases->rows[i][1]);
	return all;
}

static void above_read(struct arena *arena, struct above *above, const struct sheet *wco, const struct sheet *legal,
		       const struct sheet *aliases, const char *code)
{
	if (strncmp(above->code, code, 2) != 0)
		above->chapter = texts_of(arena, wco, code, 2, "description_en");
	if (strncmp(above->code, code, 4) != 0) {
		above->heading = texts_of(arena, wco, code, 4, "description_en");
		above->legal_heading = texts_of(arena, legal, code, 4, "text_en");
	}
	if (strncmp(above->code, code, 6) != 0) {
		char hs6[7];
		snprintf(hs6, sizeof(hs6), "%.6s", code);
		above->subheading = texts_of(arena, wco, code, 6, "description_en");
		above->legal = texts_of(arena, legal, code, 6, "text_en");
		above->alias = aliases_of(arena, aliases, hs6);
	}
	snprintf(above->code, sizeof(above->code), "%.8s", code);
}

/* Of an edition of several, the rows of 2022. */
static struct sheet edition(struct arena *arena, const struct sheet *all)
{
	struct sheet only = { .rows = arena_array(arena, all->count, sizeof(*only.rows)), .width = all->width };

	for (size_t i = 0; i < all->count; i++)
		if (i == 0 || same(all->rows[i][0], "2022"))
			only.rows[only.count++] = all->rows[i];
	return only;
}

static const char *groups_between(struct arena *arena, const char *path)
{
	const char *first = strstr(path, " > ");
	const char *last = first;

	for (const char *next = first; next; next = strstr(next + 3, " > "))
		last = next;
	return first && last > first ? arena_printf(arena, "%.*s", (int)(last - first - 3), first + 3) : "";
}

static void synonyms_read(struct arena *arena, struct book *book, const char *path)
{
	struct sheet sheet = sheet_read(arena, "", path);
	struct search_synonym *synonyms = arena_array(arena, sheet.count, sizeof(*synonyms));

	for (size_t i = 1; i < sheet.count; i++)
		synonyms[i - 1] = (struct search_synonym){ sheet.rows[i][0], sheet.rows[i][1] };
	book->source.synonyms = synonyms;
	book->source.synonym_count = sheet.count - 1;
}

struct book book_read(struct arena *arena, const char *data, const char *synonyms, bool with_aliases)
{
	struct sheet all = sheet_read(arena, data, "hs_nomenclature.csv"),
		     legal = sheet_read(arena, data, "hs2022_legal_text_en.csv");
	struct sheet ahtn = sheet_read(arena, data, "ahtn2022.csv"), wco = edition(arena, &all), aliases = { 0 };
	struct search_line *lines = arena_array(arena, ahtn.count, sizeof(*lines));
	struct book book = { .english = arena_array(arena, ahtn.count, sizeof(char *)) };
	struct above above = { .code = "" };

	if (with_aliases)
		aliases = sheet_read(arena, data, "train_synthetic_hs6_examples.csv");
	book.vietnamese = arena_array(arena, ahtn.count, sizeof(char *));
	size_t code = column(&ahtn, "code"), en = column(&ahtn, "desc_en"), id = column(&ahtn, "desc_id"),
	       vi = column(&ahtn, "desc_vi");
	size_t path = column(&ahtn, "path_en"), national = column(&ahtn, "id_national_ch98"), count = 0;
	for (size_t i = 1; i < ahtn.count; i++) {
		const char **row = ahtn.rows[i];
		struct search_text *texts = arena_array(arena, LINE_TEXTS, sizeof(*texts));
		struct search_line *line = &lines[count];
		if (same(row[national], "1"))
			continue;
		above_read(arena, &above, &wco, &legal, &aliases, row[code]);
		*line = (struct search_line){ .code = row[code], .texts = texts };
		text_put(line, texts, SEARCH_OWN, row[en]);
		text_put(line, texts, SEARCH_OWN, row[id]);
		text_put(line, texts, SEARCH_OWN, row[vi]);
		text_put(line, texts, SEARCH_SUBHEADING, above.subheading);
		text_put(line, texts, SEARCH_SUBHEADING, above.legal);
		text_put(line, texts, SEARCH_ANCESTORS, groups_between(arena, row[path]));
		text_put(line, texts, SEARCH_HEADING, above.heading);
		text_put(line, texts, SEARCH_HEADING, above.legal_heading);
		text_put(line, texts, SEARCH_CHAPTER, above.chapter);
		text_put(line, texts, SEARCH_NOTES, above.alias);
		book.english[count] =
			arena_printf(arena, "%s %s %s %s", row[en], above.subheading, above.legal, above.alias);
		book.vietnamese[count++] = row[vi];
	}
	book.source.lines = lines;
	book.source.line_count = count;
	synonyms_read(arena, &book, synonyms);
	return book;
}
