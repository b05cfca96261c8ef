/* How answers are printed for people; scripts take --json. */
#include "base/text.h"
#include "interface/command.h"

const char *when(int64_t time_us, char buffer[static TIME_SIZE])
{
	if (time_us == TIME_NONE)
		return "-";
	time_format(time_us, buffer);
	buffer[10] = ' '; /* "2026-11-02 03:10:04.123Z": the T is for machines */
	return buffer;
}

void print_next(FILE *out, const char *next, const char *option)
{
	if (next)
		fprintf(out, "More: %s %s\n", option, next);
}

/* --- Lists: cells in columns --- */

/* Blanks are owed until something follows them: no line ends with one. */
static void print_cell(FILE *out, const struct column *column, const char *cell, int *owed)
{
	enum { GAP = 2 };
	int width = column->width < 0 ? -column->width : column->width, length = (int)utf8_length(cell);
	int rest = width > length ? width - length : 0;
	*owed += column->width < 0 ? rest : 0;
	if (*cell) {
		fprintf(out, "%*s%s", *owed, "", cell);
		*owed = 0;
	} else {
		*owed += column->width < 0 ? length : 0;
	}
	*owed += GAP + (column->width < 0 ? 0 : rest);
}

void print_cells(FILE *out, const struct column *columns, size_t count, const char *const *cells)
{
	int owed = 0;
	for (size_t i = 0; i < count; i++)
		print_cell(out, &columns[i], cells[i] ? cells[i] : "", &owed);
	fprintf(out, "\n");
}

void print_heads(FILE *out, const struct column *columns, size_t count)
{
	int owed = 0;
	for (size_t i = 0; i < count; i++)
		print_cell(out, &columns[i], columns[i].head, &owed);
	fprintf(out, "\n");
}

void print_folded(FILE *out, const char *value, int indent)
{
	enum { PAGE_WIDTH = 100 };
	int at = 0;
	for (const char *word = value; *word; word += strspn(word, " ")) {
		size_t size = strcspn(word, " ");
		int length = 0; /* characters: the first bytes of their UTF-8 sequences */
		for (size_t i = 0; i < size; i++)
			length += ((unsigned char)word[i] & 0xC0) != 0x80;
		bool fold = at > indent && at + 1 + length > PAGE_WIDTH;
		if (at == 0 || fold)
			fprintf(out, "%s%*s", fold ? "\n" : "", indent, "");
		else
			fprintf(out, " ");
		at = (at == 0 || fold ? indent : at + 1) + length;
		fprintf(out, "%.*s", (int)size, word);
		word += size;
	}
	fprintf(out, "\n");
}

/* What a finding says, after where it is: "/goodsItem[1]/unit  COD-002  …". Without a place it begins with the code. */
void print_finding(FILE *out, struct arena *arena, const char *pointer, const char *code, const char *text,
		   const char *law)
{
	const char *path = arena ? finding_path_for_people(arena, pointer ? pointer : "") : pointer;
	if (path && *path)
		fprintf(out, "  %-28s", path);
	fprintf(out, "  %-8s %s%s%s%s\n", code, text, law ? " (" : "", law ? law : "", law ? ")" : "");
}

void print_findings(FILE *out, const struct findings *findings)
{
	enum { PATHS_ARENA = 1 << 20 };
	arena_auto arena = arena_new(PATHS_ARENA);
	for (size_t i = 0; findings_at(findings, i); i++) {
		const struct finding *f = findings_at(findings, i);
		print_finding(out, arena, f->path, f->rule->code, f->text, f->law);
	}
}
