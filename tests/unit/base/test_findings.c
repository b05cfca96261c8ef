#include "../unit.h"

#include <stdio.h>

#include "base/findings.h"

static const struct rule gross_mass = { "FRM-014", "gross mass {1} is less than the net mass {2}", "OCP annex 7, box 9",
					SEVERITY_ERROR };
static const struct rule late = { "ORG-040", "issued {1} days late; {1} are noted, {3} is not an argument", NULL,
				  SEVERITY_WARNING };

static void a_finding_has_rule_path_text_and_law(void **state)
{
	(void)state;
	arena_auto arena = arena_new(100000);
	struct findings *findings = findings_new(arena);
	char path[] = "/goodsItem/2/grossMass";

	finding_add(findings, &gross_mass, path, "12.5", "13.0");
	path[1] = 'X';
	const struct finding *finding = findings_at(findings, 0);
	assert_ptr_equal(finding->rule, &gross_mass);
	assert_string_equal(finding->path, "/goodsItem/2/grossMass");
	assert_string_equal(finding->text, "gross mass 12.5 is less than the net mass 13.0");
	assert_string_equal(finding->law, "OCP annex 7, box 9");
	assert_null(findings_at(findings, 1));
}

static void arguments_are_put_as_they_are(void **state)
{
	(void)state;
	arena_auto arena = arena_new(100000);
	struct findings *findings = findings_new(arena);

	finding_add(findings, &late, "", "{2}", NULL);
	finding_add(findings, &gross_mass, "", NULL, "%s");
	assert_string_equal(findings_at(findings, 0)->text,
			    "issued {2} days late; {2} are noted, {3} is not an argument");
	assert_string_equal(findings_at(findings, 1)->text, "gross mass  is less than the net mass %s");
	assert_null(findings_at(findings, 0)->law);
}

static void the_law_may_be_known_only_at_run_time(void **state)
{
	(void)state;
	arena_auto arena = arena_new(100000);
	struct findings *findings = findings_new(arena);
	char law[] = "AKFTA rule 9";

	finding_add_law(findings, &gross_mass, "", law, "1", "2");
	law[0] = 'X';
	assert_string_equal(findings_at(findings, 0)->law, "AKFTA rule 9");
}

static void warnings_are_counted_but_are_no_errors(void **state)
{
	(void)state;
	arena_auto arena = arena_new(100000);
	struct findings *findings = findings_new(arena);

	assert_int_equal(findings_count(findings), 0);
	finding_add(findings, &late, "", "1", NULL);
	finding_add(findings, &gross_mass, "", "1", "2");
	assert_int_equal(findings_count(findings), 2);
	assert_int_equal(findings_errors(findings), 1);
}

static void beyond_the_maximum_findings_are_counted_only(void **state)
{
	(void)state;
	arena_auto arena = arena_new(10 << 20);
	struct findings *findings = findings_new(arena);
	char number[16];

	for (int i = 0; i < FINDINGS_MAX + 5; i++) {
		snprintf(number, sizeof(number), "%d", i);
		finding_add(findings, &gross_mass, number, number, "x");
	}
	assert_int_equal(findings_count(findings), FINDINGS_MAX + 5);
	assert_int_equal(findings_errors(findings), FINDINGS_MAX + 5);
	for (int i = 0; i < FINDINGS_MAX; i++) {
		snprintf(number, sizeof(number), "%d", i);
		assert_string_equal(findings_at(findings, (size_t)i)->path, number);
	}
	assert_null(findings_at(findings, FINDINGS_MAX));
}

static void a_finding_lost_for_lack_of_memory_is_an_error(void **state)
{
	(void)state;
	arena_auto arena = arena_new(5000);
	struct findings *findings = findings_new(arena);

	assert_non_null(findings);
	for (int i = 0; i < 200; i++)
		finding_add(findings, &late, "/a/b/c", "1", NULL);
	assert_int_equal(findings_count(findings), 200);
	assert_true(findings_errors(findings) > 0);

	size_t kept = 0;
	while (findings_at(findings, kept))
		kept++;
	assert_int_equal(kept + findings_errors(findings), 200);
}

static void a_list_takes_over_what_another_one_holds(void **state)
{
	(void)state;
	arena_auto arena = arena_new(10000);
	arena_auto small = arena_new(3000);
	struct findings *findings = findings_new(arena), *full = findings_new(small);

	{
		arena_auto passing = arena_new(10000);
		struct findings *from = findings_new(passing);
		finding_add(findings, &gross_mass, "/a", "1", "2");
		finding_add(from, &gross_mass, "/b", "{1}", "4");
		finding_add_law(from, &late, "/c", "law", "5", NULL);
		findings_append(findings, from);
		for (int i = 0; i < 30; i++)
			findings_append(full, from);
	}
	assert_int_equal(findings_count(findings), 3);
	assert_string_equal(findings_at(findings, 0)->path, "/a");
	assert_string_equal(findings_at(findings, 1)->path, "/b");
	assert_non_null(strstr(findings_at(findings, 1)->text, "{1}")); /* arguments are not read again */
	assert_string_equal(findings_at(findings, 2)->law, "law");
	assert_int_equal(findings_count(full), 60); /* though not all could be kept */
	assert_null(findings_at(full, 59));
	assert_true(findings_errors(full) > 0);
}

static void a_full_arena_has_no_room_for_a_list(void **state)
{
	(void)state;
	arena_auto arena = arena_new(16);

	assert_null(findings_new(arena));
}

static void people_count_from_one(void **state)
{
	(void)state;
	static const struct {
		const char *path, *people;
	} rows[] = {
		{ "", "" },
		{ "/goodsItem/2/grossMass", "/goodsItem[3]/grossMass" },
		{ "/0", "[1]" },
		{ "/a/9/9", "/a[10][10]" },
		{ "/a/99/b/", "/a[100]/b/" },
		{ "/a/02", "/a/02" }, /* RFC 6901 §4: no leading zeros in an index */
		{ "/a/-1/-", "/a/-1/-" },
		{ "/a/2b", "/a/2b" },
		{ "/a/99999999999999999999", "/a/99999999999999999999" },
		{ "/a/9223372036854775807", "/a/9223372036854775807" },
		{ "no pointer", "no pointer" },
	};
	arena_auto arena = arena_new(10000);

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(finding_path_for_people(arena, rows[i].path), rows[i].people);

	arena_auto full = arena_new(3);
	assert_null(finding_path_for_people(full, "/a/1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_has_rule_path_text_and_law),
		cmocka_unit_test(arguments_are_put_as_they_are),
		cmocka_unit_test(the_law_may_be_known_only_at_run_time),
		cmocka_unit_test(warnings_are_counted_but_are_no_errors),
		cmocka_unit_test(beyond_the_maximum_findings_are_counted_only),
		cmocka_unit_test(a_finding_lost_for_lack_of_memory_is_an_error),
		cmocka_unit_test(a_list_takes_over_what_another_one_holds),
		cmocka_unit_test(a_full_arena_has_no_room_for_a_list),
		cmocka_unit_test(people_count_from_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
