#include "../unit.h"

#include "kernel/codelist.h"

static bool known(const char *list, const char *code)
{
	const struct code_lists *lists = codelists();

	return lists->known(lists, list, code);
}

/* ISO 3166-1: 249 codes are officially assigned. The ends of the table are where a search goes wrong. */
static void countries_are_those_of_iso_3166(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < 26 * 26; i++)
		found += known("ISO3166", (char[]){ letters[i / 26], letters[i % 26], '\0' });
	assert_int_equal(found, 249);
	assert_true(known("ISO3166", "AD"));
	assert_true(known("ISO3166", "ZW"));
	assert_true(known("ISO3166", "TL"));
	assert_false(known("ISO3166", "UK")); /* reserved, not assigned */
	assert_false(known("ISO3166", "vn"));
	assert_false(known("ISO3166", ""));
	assert_false(known("ISO3166", NULL));
}

static void asean_has_eleven_members(void **state)
{
	static const char *const members[] = { "BN", "KH", "ID", "LA", "MY", "MM", "PH", "SG", "TH", "TL", "VN" };

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++)
		assert_true(known("ASEAN", members[i]) && known("ISO3166", members[i]));
	assert_false(known("ASEAN", "PG"));
}

/* UN/ECE Rec 20: a tonne is TNE; B34, which is seen for it, is a density. */
static void units_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(codelist_name("REC20", "TNE"), "tonne (metric ton)");
	assert_string_equal(codelist_name("REC20", "B34"), "kilogram per cubic decimetre");
	assert_string_equal(codelist_name("REC20", "H87"), "piece");
	assert_null(codelist_name("REC20", "TON"));
	assert_null(codelist_name("AHTN", "84713020"));
}

static void currencies_packages_modes_and_functions_are_known(void **state)
{
	static const struct {
		const char *list, *good, *bad;
	} rows[] = {
		{ "ISO4217", "THB", "BAHT" }, { "ISO4217", "VND", "ITL" },    { "REC21", "CT", "QQ" },
		{ "REC21", "PX", "P" },       { "REC19", "1", "11" },         { "REC19", "9", "A" },
		{ "UNTDID1225", "9", "999" }, { "ORIGIN_STATUS", "45", "1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(codelist_exists(rows[i].list));
		assert_true(known(rows[i].list, rows[i].good));
		assert_false(known(rows[i].list, rows[i].bad));
	}
}

static void some_lists_are_a_form(void **state)
{
	static const struct {
		const char *list, *code;
		bool known;
	} rows[] = {
		{ "AHTN", "84713020", true }, { "AHTN", "8471302", false },   { "AHTN", "8471.30.20", false },
		{ "HS", "847130", true },     { "HS", "847130200000", true }, { "HS", "8471302000001", false },
		{ "HS", "84713", false },     { "HS", "84713a", false },      { "LOCODE", "THBKK", true },
		{ "LOCODE", "VNSG2", true },  { "LOCODE", "THBK", false },    { "LOCODE", "THBK1", false },
		{ "LOCODE", "T1BKK", false }, { "LOCODE", "thbkk", false },   { "LOCODE", "THBKKK", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(known(rows[i].list, rows[i].code), rows[i].known);
	assert_true(codelist_exists("LOCODE"));
	assert_false(codelist_exists("ISO9999"));
	assert_false(known("ISO9999", "TH"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(countries_are_those_of_iso_3166),
		cmocka_unit_test(asean_has_eleven_members),
		cmocka_unit_test(units_have_their_names),
		cmocka_unit_test(currencies_packages_modes_and_functions_are_known),
		cmocka_unit_test(some_lists_are_a_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
