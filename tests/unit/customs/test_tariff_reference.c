/* Agreements and states as data. */
#include "../unit.h"

#include "kernel/codelist.h"
#include "tariff_books.h"

static void an_agreement_is_between_its_parties_from_their_days_on(void **state)
{
	(void)state;
	static const struct {
		const char *agreement, *origin, *destination;
		int year;
		bool between;
	} rows[] = {
		{ "ATIGA", "TH", "VN", 2026, true },   { "ATIGA", "TL", "VN", 2026, false },
		{ "ATIGA", "VN", "VN", 2026, false },  { "ACFTA", "CN", "ID", 2026, true },
		{ "RCEP", "ID", "JP", 2022, false },   { "RCEP", "ID", "JP", 2026, true },
		{ "AJCEP", "JP", "TH", 2026, true },   { "AIFTA", "IN", "MY", 2026, true },
		{ "AKFTA", "KR", "SG", 2026, true },   { "AHKFTA", "HK", "PH", 2026, true },
		{ "AANZFTA", "NZ", "TH", 2026, true }, { "AANZFTA", "NZ", "AU", 2009, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct tariff_agreement *agreement = NULL;
		for (size_t j = 0; (agreement = tariff_agreement_at(books_reference(), j)); j++)
			if (same(agreement->code, rows[i].agreement))
				break;
		assert_non_null(agreement);
		assert_int_equal(tariff_agreement_between(agreement, rows[i].origin, rows[i].destination,
							  date_of(rows[i].year, 6, 1)),
				 rows[i].between);
	}
}

static void every_member_of_asean_is_a_state_with_its_data(void **state)
{
	(void)state;
	const char *code;

	for (size_t i = 0; (code = codelists()->at(codelists(), "ASEAN", i)); i++)
		assert_non_null(tariff_state_find(books_reference(), code));
	assert_null(tariff_state_find(books_reference(), "FR"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agreement_is_between_its_parties_from_their_days_on),
		cmocka_unit_test(every_member_of_asean_is_a_state_with_its_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
