#include "kernel/codelist.h"

#include <stdlib.h>

#include "kernel/codelist_int.h"

/* --- Lists that are a form: too long or too often changed to be enumerated here --- */

static bool digits(const char *code, size_t min, size_t max)
{
	size_t length = strlen(code);

	return length >= min && length <= max && strspn(code, "0123456789") == length;
}

/* ASEAN Harmonised Tariff Nomenclature: the six digits of the HS and two of ASEAN. */
static bool ahtn_form(const char *code)
{
	return digits(code, 8, 8);
}

/* The subheading of the Harmonised System, with what a state adds to it. */
static bool hs_form(const char *code)
{
	return digits(code, 6, 12);
}

/* UN/ECE Recommendation 16: the country, and three letters or digits 2 to 9. */
static bool locode_form(const char *code)
{
	return strlen(code) == 5 && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") >= 2 &&
	       strspn(code + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789") == 3;
}

static const struct {
	const char *list;
	bool (*fits)(const char *code);
} forms[] = {
	{ "AHTN", ahtn_form },
	{ "HS", hs_form },
	{ "LOCODE", locode_form },
};

/* --- Lists that are enumerated --- */

static const struct code_table *table_find(const char *list)
{
	for (size_t i = 0; i < kernel_code_tables_count; i++)
		if (same(kernel_code_tables[i].list, list))
			return &kernel_code_tables[i];
	return NULL;
}

static int code_order(const void *code, const void *row)
{
	return strcmp(code, ((const struct code_row *)row)->code);
}

static const struct code_row *row_find(const char *list, const char *code)
{
	const struct code_table *table = table_find(list);

	return table && code ? bsearch(code, table->rows, table->count, sizeof(*table->rows), code_order) : NULL;
}

static bool known(const struct code_lists *lists, const char *list, const char *code)
{
	(void)lists;
	for (size_t i = 0; i < COUNT(forms); i++)
		if (same(forms[i].list, list))
			return code && forms[i].fits(code);
	return row_find(list, code) != NULL;
}

static const char *at(const struct code_lists *lists, const char *list, size_t index)
{
	const struct code_table *table = table_find(list);

	(void)lists;
	return table && index < table->count ? table->rows[index].code : NULL;
}

static const char *name(const struct code_lists *lists, const char *list, const char *code)
{
	(void)lists;
	return codelist_name(list, code);
}

const struct code_lists *codelists(void)
{
	static const struct code_lists lists = { .known = known, .at = at, .name = name };

	return &lists;
}

const char *codelist_name(const char *list, const char *code)
{
	const struct code_row *row = row_find(list, code);

	return row ? row->name : NULL;
}

bool codelist_exists(const char *list)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		if (same(forms[i].list, list))
			return true;
	return table_find(list) != NULL;
}
