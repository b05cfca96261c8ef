#include "tariff_books.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/csv.h"
#include "kernel/codelist.h"

#define MUST(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

static struct err err;

const struct tariff_reference *books_reference(void)
{
	static const struct tariff_reference *reference;

	if (!reference) {
		struct arena *arena = arena_new((size_t)4 << 20); /* to the end of the program */
		MUST(arena && tariff_reference_load(arena, codelists(), &reference, &err) == OK);
	}
	return reference;
}

/* A column of a book that says one measure of the line. */
struct column {
	const char *name, *kind, *agreement;
	int from, until; /* years; 0: open */
	const char *suffix;
};
static const struct column vn_columns[] = {
	{ "mfn", "mfn", NULL, 0, 0, "%" },
	{ "mfn_out_of_quota", "quota-out", NULL, 0, 0, "%" },
	{ "export_duty", "export", NULL, 0, 0, "%" },
	{ "atiga_2022", "preference", "ATIGA", 2022, 2022, "%" },
	{ "atiga_2023", "preference", "ATIGA", 2023, 2023, "%" },
	{ "atiga_2024", "preference", "ATIGA", 2024, 2024, "%" },
	{ "atiga_2025", "preference", "ATIGA", 2025, 2025, "%" },
	{ "atiga_2026", "preference", "ATIGA", 2026, 2026, "%" },
	{ "atiga_2027", "preference", "ATIGA", 2027, 2027, "%" },
	{ "acfta_2022_2027", "preference", "ACFTA", 2022, 2027, "%" },
	{ "aanzfta_2022_2027", "preference", "AANZFTA", 2022, 2027, "%" },
	{ 0 },
};
static const struct column id_columns[] = {
	{ "mfn_pct", "mfn", NULL, 0, 0, "%" },
	{ "mfn_specific_idr", "mfn", NULL, 0, 0, " IDR/" },
	{ "vat_pct", "vat", NULL, 0, 0, "%" },
	{ "luxury_tax_text", "luxury", NULL, 0, 0, NULL },
	{ 0 },
};

static enum err_code read_file(void *arg, void *to, size_t room, size_t *got, struct err *e)
{
	(void)e;
	*got = fread(to, 1, room, arg);
	return OK;
}

/* What the specific rates of the Indonesian book are in Rec 20. */
static const char *unit_of(const char *word)
{
	return same(word, "kg") ? "KGM" : same(word, "liter") ? "LTR" : "MIN";
}

static void add_cell(struct tariff_builder *builder, const struct column *column, const char *code, const char *cell,
		     const char *unit, struct findings *findings)
{
	char duty[64];
	bool excluded = same(cell, "excluded");
	struct tariff_measure measure = {
		.nomenclature = "AHTN2022",
		.code = code,
		.kind = column->kind,
		.agreement = column->agreement,
		.from = column->from ? date_of(column->from, 1, 1) : DATE_NONE,
		.until = column->until ? date_of(column->until, 12, 31) : DATE_NONE,
		.at_least = decimal_none(),
		.at_most = decimal_none(),
		.law = "the national book",
	};

	if (column->suffix) {
		snprintf(duty, sizeof(duty), "%s%s%s", cell, excluded ? "" : column->suffix,
			 same(column->suffix, "%") ? "" : unit_of(unit));
		measure.duty = duty;
	} else {
		measure.note = cell;
	}
	MUST(tariff_build_measure(builder, &measure, "", findings, &err) == OK);
}

static void add_book(struct tariff_builder *builder, const char *path, const struct column *columns,
		     struct findings *findings)
{
	FILE *file = fopen(path, "r");
	MUST(file);
	const struct csv_dialect dialect = { .delimiter = ',', .quote = '"' };
	csv_reader_auto reader = NULL;
	MUST(csv_open(&dialect, (struct csv_source){ read_file, file }, &reader, &err) == OK);
	struct csv_record record;
	size_t places[COUNT(vn_columns)] = { 0 }, unit = 0;

	MUST(csv_next(reader, &record, findings, &err) == OK);
	for (size_t i = 0; i < record.count; i++) {
		for (size_t c = 0; columns[c].name; c++)
			if (same(columns[c].name, record.cells[i].text))
				places[c] = i;
		if (same("specific_unit", record.cells[i].text))
			unit = i;
	}
	while (csv_next(reader, &record, findings, &err) == OK && record.count)
		for (size_t c = 0; columns[c].name; c++)
			if (*record.cells[places[c]].text)
				add_cell(builder, &columns[c], record.cells[0].text, record.cells[places[c]].text,
					 record.cells[unit].text, findings);
	fclose(file);
}

struct tariff_snapshot *book_of(const char *state)
{
	const char *data = getenv("LINTAS_DATA");
	bool vn = same(state, "VN");
	char path[512];
	struct tariff_builder *builder;
	struct tariff_snapshot *snapshot;
	struct tariff_exchange rates[] = {
		{ .currency = "USD", .units = decimal_of(1), .from = DATE_NONE, .until = DATE_NONE },
		{ .currency = "SGD", .units = decimal_of(1), .from = DATE_NONE, .until = DATE_NONE },
	};
	arena_auto arena = arena_new((size_t)1 << 20);
	struct findings *findings = arena ? findings_new(arena) : NULL;

	if (!data)
		return NULL;
	MUST(findings);
	snprintf(path, sizeof(path), "%s/tariff/%s", data, vn ? "duty_vn.csv" : "duty_id.csv");
	MUST(tariff_build(books_reference(), state, date_of(2022, 1, 1), date_of(2027, 12, 31), &builder, &err) == OK);
	add_book(builder, path, vn ? vn_columns : id_columns, findings);
	rates[0].rate = decimal_of(vn ? 25000 : 16000);
	rates[1].rate = decimal_of(vn ? 19000 : 12000);
	for (size_t i = 0; i < COUNT(rates); i++)
		MUST(tariff_build_exchange(builder, &rates[i], &err) == OK);
	MUST(tariff_build_end(builder, &snapshot, findings, &err) == OK);
	if (findings_count(findings))
		fprintf(stderr, "%s: %s %s\n", path, findings_at(findings, 0)->path, findings_at(findings, 0)->text);
	MUST(findings_count(findings) == 0);
	return snapshot;
}
