/* Which measures count, and what is said of measures and lines that are wrong. */
#include "tariff_play.h"

/* --- What is wrong is said, all at once --- */

static void all_that_is_wrong_with_lines_is_said_at_once(void **state)
{
	(void)state;
	struct bench bench = bench_of("VN");
	const struct tariff_quantity nothing = { decimal_of(0), "KGM" }, density = { decimal_of(5), "B34" };

	add_plain(&bench, "10063030", "mfn", "450 VND/KGM");
	add_plain(&bench, "85171300", "mfn", "5%");
	build(&bench);
	struct tariff_line lines[] = {
		line_of("10063030", "TH", "1000000000000000000000000000000", "USD"),
		line_of("10063030", "TH", "1000", "VND"),
		line_of("10063030", "TH", "1000", "EUR"),
		line_of("99999999", "XX", "-1", "ABC"),
		line_of("1006.30", "TH", "1000", "VND"),
		line_of("10063030", "TH", "1000", "VND"),
		line_of("10063030", "TH", "1000", "VND"),
		line_of("85171300", "TH", "1000", "VND"),
	};
	lines[5].quantities = &nothing;
	lines[6].quantities = &density;
	lines[5].quantities_count = lines[6].quantities_count = 1;
	lines[7].basis = "FOB";
	lines[7].strength = number("101");
	struct answer answer = ask(&bench, "VN", DAY, lines, COUNT(lines));

	must_find(&bench, "TRF-044", "/lines/0/value");
	must_find(&bench, "TRF-046", "/lines/0/currency");
	must_find(&bench, "TRF-051", "/lines/1/quantities");
	must_find(&bench, "TRF-046", "/lines/2/currency");
	must_find(&bench, "TRF-041", "/lines/3/code");
	must_find(&bench, "TRF-042", "/lines/3/origin");
	must_find(&bench, "TRF-043", "/lines/3/value");
	must_find(&bench, "TRF-045", "/lines/3/currency");
	must_find(&bench, "TRF-040", "/lines/4/code");
	must_find(&bench, "TRF-049", "/lines/5/quantities/0/value");
	must_find(&bench, "TRF-050", "/lines/6/quantities/0/unit");
	must_find(&bench, "TRF-053", "/lines/7/strength");
	/* Only the one whose quantity is missing has options to show. */
	assert_int_equal(answer.lines, 1);
	assert_int_equal(option_of(&answer, NULL)->standing, TARIFF_INCOMPLETE);

	lines[7].strength = decimal_none();
	ask(&bench, "VN", DAY, &lines[7], 1);
	must_find(&bench, "TRF-048", "/lines/0");
	ask(&bench, "TH", date_of(2031, 1, 1), &lines[1], 1);
	must_find(&bench, "TRF-055", "/day");
	must_find(&bench, "TRF-056", "/destination");
	done(&bench);
}

static void the_rest_of_what_can_be_wrong_is_said_too(void **state)
{
	(void)state;
	struct bench bench = bench_of("VN");
	struct tariff_quantity many[17];
	char use[16];

	add_plain(&bench, "85171300", "mfn", "5%");
	for (int i = 0; i < 40; i++) {
		struct tariff_measure measure = measure_of("85171400", "end-use", "1%");
		snprintf(use, sizeof(use), "use-%d", i);
		measure.end_use = use;
		add(&bench, measure);
	}
	build(&bench);
	struct tariff_line lines[] = { line_of("85171300", "US", "1000", "VND"),
				       line_of("85171300", "US", "1000", "VND"),
				       line_of("85171400", "US", "1000", "VND") };
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct tariff_quantity){ decimal_of(1), "KGM" };
	lines[0].basis = "EXW";
	lines[0].freight = decimal_of(-1);
	lines[1].quantities = many;
	lines[1].quantities_count = COUNT(many);
	struct answer answer = ask(&bench, "VN", DAY, lines, COUNT(lines));
	must_find(&bench, "TRF-047", "/lines/0/basis");
	must_find(&bench, "TRF-058", "/lines/0/freight");
	must_find(&bench, "TRF-052", "/lines/1/quantities");
	must_find(&bench, "TRF-057", "/lines/2");
	assert_int_equal(answer.result.options_count, TARIFF_OPTIONS_MAX);
	done(&bench);
}

static void a_code_whose_measures_contradict_is_quarantined_alone(void **state)
{
	(void)state;
	struct bench bench = bench_of("VN");

	add_plain(&bench, "85171300", "mfn", "5%");
	add_plain(&bench, "85171300", "mfn", "7%");
	add_plain(&bench, "85171400", "mfn", "5%");
	add_plain(&bench, "85171400", "mfn", "5.0%");
	add_preference(&bench, "85171300", "ATIGA", "free");
	build(&bench);
	must_find(&bench, "TRF-029", "");
	assert_int_equal(findings_count(bench.findings), 1);
	struct tariff_line line = line_of("85171300", "TH", "1000", "VND");
	struct answer answer = ask(&bench, "VN", DAY, &line, 1);
	must_find(&bench, "TRF-054", "/lines/0/code");
	assert_int_equal(option_of(&answer, NULL)->standing, TARIFF_QUARANTINED);
	assert_int_equal(option_of(&answer, "ATIGA")->standing, TARIFF_CALCULATED);
	line.code = "85171400";
	answer = ask(&bench, "VN", DAY, &line, 1);
	assert_int_equal(findings_count(bench.findings), 0);
	assert_int_equal(option_of(&answer, NULL)->standing, TARIFF_CALCULATED);
	done(&bench);
}

static void a_measure_that_cannot_be_is_refused(void **state)
{
	(void)state;
	static const struct {
		struct tariff_measure measure;
		const char *code, *path;
	} rows[] = {
		{ { .code = "22", .kind = "mfn", .duty = "5%", .nomenclature = "AHTN2023" },
		  "TRF-020",
		  "/measure/nomenclature" },
		{ { .code = "22", .kind = "mfn", .duty = "5%", .nomenclature = "AHTN2017" }, "TRF-030", "/measure" },
		{ { .code = "22.03", .kind = "mfn", .duty = "5%" }, "TRF-021", "/measure/code" },
		{ { .code = "22", .kind = "toll", .duty = "5%" }, "TRF-022", "/measure/kind" },
		{ { .code = "22", .kind = "preference", .duty = "5%" }, "TRF-023", "/measure/agreement" },
		{ { .code = "22", .kind = "preference", .duty = "5%", .agreement = "NAFTA" },
		  "TRF-023",
		  "/measure/agreement" },
		{ { .code = "22", .kind = "vat", .duty = "5%", .agreement = "ATIGA" },
		  "TRF-023",
		  "/measure/agreement" },
		{ { .code = "22", .kind = "mfn", .duty = "5%", .area = "CN -TH" }, "TRF-024", "/measure/area" },
		{ { .code = "22", .kind = "mfn", .duty = "5%", .area = "EU" }, "TRF-024", "/measure/area" },
		{ { .code = "22", .kind = "mfn", .duty = "5%", .from = 20000, .until = 19999 },
		  "TRF-025",
		  "/measure/until" },
		{ { .code = "22", .kind = "mfn" }, "TRF-026", "/measure/duty" },
		{ { .code = "22", .kind = "permit" }, "TRF-027", "/measure/agency" },
		{ { .code = "22", .kind = "mfn", .duty = "5,5%" }, "TRF-003", "/measure/duty" },
	};
	struct bench bench = bench_of("VN");

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tariff_measure measure = rows[i].measure;
		bench.findings = findings_new(bench.arena);
		measure.at_least = measure.at_most = decimal_none();
		if (!measure.from)
			measure.from = measure.until = DATE_NONE;
		add(&bench, measure);
		must_find(&bench, rows[i].code, rows[i].path);
		assert_int_equal(findings_count(bench.findings), 1);
		if (!same(rows[i].code, "TRF-030")) {
			bench.findings = findings_new(bench.arena);
			tariff_measure_check(bench.arena, books_reference(), &measure, "/measure", bench.findings);
			must_find(&bench, rows[i].code, rows[i].path);
		}
	}
	struct tariff_measure measure = measure_of("22", "mfn", "5%");
	measure.at_least = decimal_of(1);
	measure.quantity_unit = "B34";
	add(&bench, measure);
	must_find(&bench, "TRF-028", "/measure/quantityUnit");
	build(&bench);
	assert_int_equal(tariff_snapshot_measures(bench.snapshot), 0);
	done(&bench);
}

/* --- Which measure counts --- */

static void the_longest_prefix_counts(void **state)
{
	(void)state;
	struct bench bench = bench_of("VN");

	add_plain(&bench, "", "vat", "10%");
	add_plain(&bench, "22", "mfn", "50%");
	add_plain(&bench, "2203", "mfn", "40%");
	add_plain(&bench, "22030011", "mfn", "35%");
	add_plain(&bench, "22030011", "vat", "8%");
	build(&bench);
	static const struct {
		const char *code, *mfn, *vat;
	} rows[] = { { "22030011", "35%", "8%" }, { "22030019", "40%", "10%" }, { "22041000", "50%", "10%" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct tariff_line line = line_of(rows[i].code, "US", "1000", "VND");
		struct answer answer = ask(&bench, "VN", DAY, &line, 1);
		const struct tariff_option *mfn = option_of(&answer, NULL);
		assert_string_equal(mfn->charges[0].duty, rows[i].mfn);
		assert_string_equal(mfn->charges[mfn->charges_count - 1].duty, rows[i].vat);
	}
	done(&bench);
}

static void staged_rates_begin_and_end_with_their_year(void **state)
{
	(void)state;
	struct bench bench = bench_of("VN");
	static const char *const duties[] = { "20%", "10%", "free" };

	for (int i = 0; i < 3; i++) {
		struct tariff_measure measure = measure_of("85171300", "preference", duties[i]);
		measure.agreement = "RCEP";
		measure.area = "JP KR";
		measure.from = date_of(2024 + i, 1, 1);
		measure.until = date_of(2024 + i, 12, 31);
		add(&bench, measure);
	}
	add_plain(&bench, "85171300", "mfn", "30%");
	build(&bench);
	static const struct {
		int year, month, day;
		const char *duty;
	} rows[] = { { 2024, 1, 1, "20%" }, { 2024, 12, 31, "20%" }, { 2025, 1, 1, "10%" }, { 2026, 12, 31, "free" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct tariff_line line = line_of("85171300", "JP", "1000", "VND");
		struct answer answer = ask(&bench, "VN", date_of(rows[i].year, rows[i].month, rows[i].day), &line, 1);
		assert_string_equal(option_of(&answer, "RCEP")->charges[0].duty, rows[i].duty);
	}
	/* Of China the schedule of these states says nothing; in 2027 it says nothing of anybody. */
	const struct tariff_line lines[] = { line_of("85171300", "CN", "1000", "VND"),
					     line_of("85171300", "JP", "1000", "VND") };
	struct answer answer = ask(&bench, "VN", DAY, &lines[0], 1);
	assert_string_equal(tariff_standing_text(option_of(&answer, "RCEP")->standing), "not in the schedule");
	answer = ask(&bench, "VN", date_of(2027, 1, 1), &lines[1], 1);
	assert_string_equal(tariff_standing_text(option_of(&answer, "RCEP")->standing), "not in the schedule");
	done(&bench);
}

/* ATIGA Articles 86 and 87 keep the rights of the WTO: a preference does not remove an anti-dumping duty. */
static void trade_remedies_are_added_to_every_option(void **state)
{
	(void)state;
	struct bench bench = bench_of("VN");
	struct tariff_measure measure = measure_of("7210", "anti-dumping", "20%");

	measure.area = "CN";
	add(&bench, measure);
	measure.exporter = "A001";
	measure.duty = "5%";
	add(&bench, measure);
	add_plain(&bench, "72101110", "mfn", "10%");
	add_preference(&bench, "72101110", "ACFTA", "free");
	build(&bench);
	struct tariff_line line = line_of("72101110", "CN", "1000", "VND");
	struct answer answer = ask(&bench, "VN", DAY, &line, 1);
	must_be(option_of(&answer, NULL)->duty, "300");
	must_be(option_of(&answer, "ACFTA")->duty, "200");
	must_be(option_of(&answer, "ACFTA")->payable, "320"); /* 10 % VAT of 1,200 */
	line.exporter = "A001";
	answer = ask(&bench, "VN", DAY, &line, 1);
	must_be(option_of(&answer, "ACFTA")->duty, "50");
	line.origin = "KR";
	answer = ask(&bench, "VN", DAY, &line, 1);
	must_be(option_of(&answer, NULL)->duty, "100");
	done(&bench);
}

/* A rate that some paper opens is shown without it, too: then it is not held, and another one counts where there is
 * one. */
static void what_only_lacks_a_document_is_an_option_all_the_same(void **state)
{
	(void)state;
	struct bench bench = bench_of("VN");
	struct tariff_measure mfn = measure_of("10063030", "mfn", "10%"),
			      atiga = measure_of("10063030", "preference", "free");

	mfn.documents = atiga.documents = "C990";
	atiga.agreement = "ATIGA";
	add_plain(&bench, "10063030", "mfn", "40%");
	add(&bench, mfn);
	add(&bench, atiga);
	build(&bench);
	struct tariff_line line = line_of("10063030", "TH", "1000", "VND");
	line.documents = "FORM-D";
	struct answer answer = ask(&bench, "VN", DAY, &line, 1);
	must_be(option_of(&answer, NULL)->duty, "400");
	must_be(option_of(&answer, "ATIGA")->duty, "0");
	assert_string_equal(option_of(&answer, "ATIGA")->documents, "C990");
	assert_false(option_of(&answer, "ATIGA")->held);
	line.documents = "C990 FORM-D";
	answer = ask(&bench, "VN", DAY, &line, 1);
	must_be(option_of(&answer, NULL)->duty, "100");
	assert_true(option_of(&answer, "ATIGA")->held);
	done(&bench);
}

static void quotas_uses_and_controls_are_shown_beside(void **state)
{
	(void)state;
	struct bench bench = bench_of("VN");
	struct tariff_measure quota = measure_of("10063030", "quota-in", "5%"),
			      use = measure_of("10063030", "end-use", "free"),
			      permit = measure_of("1006", "permit", NULL),
			      ban = measure_of("10063030", "prohibition", NULL);

	quota.quota = "090001";
	quota.documents = "C990";
	use.end_use = "98040000";
	permit.agency = "Ministry of Agriculture";
	permit.documents = "C678";
	ban.area = "KP";
	add_plain(&bench, "10063030", "mfn", "40%");
	add(&bench, quota);
	add(&bench, use);
	add(&bench, permit);
	add(&bench, ban);
	build(&bench);
	struct tariff_line line = line_of("10063030", "US", "1000", "VND");
	line.documents = "C678 C990";
	struct answer answer = ask(&bench, "VN", DAY, &line, 1);

	assert_int_equal(answer.result.options_count, 3);
	for (size_t i = 1; i < 3; i++) {
		const struct tariff_option *option = &answer.result.options[i];
		bool in_quota = same(option->kind, "quota-in");
		assert_string_equal(option->detail, in_quota ? "090001" : "98040000");
		must_be(option->duty, in_quota ? "50" : "0");
		assert_int_equal(option->held, in_quota);
	}
	assert_int_equal(answer.result.controls_count, 1);
	assert_string_equal(answer.result.controls[0].agency, "Ministry of Agriculture");
	assert_true(answer.result.controls[0].held);
	line.origin = "KP";
	answer = ask(&bench, "VN", DAY, &line, 1);
	assert_int_equal(answer.result.controls_count, 2);
	done(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_wrong_with_lines_is_said_at_once),
		cmocka_unit_test(the_rest_of_what_can_be_wrong_is_said_too),
		cmocka_unit_test(a_code_whose_measures_contradict_is_quarantined_alone),
		cmocka_unit_test(a_measure_that_cannot_be_is_refused),
		cmocka_unit_test(the_longest_prefix_counts),
		cmocka_unit_test(staged_rates_begin_and_end_with_their_year),
		cmocka_unit_test(trade_remedies_are_added_to_every_option),
		cmocka_unit_test(what_only_lacks_a_document_is_an_option_all_the_same),
		cmocka_unit_test(quotas_uses_and_controls_are_shown_beside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
