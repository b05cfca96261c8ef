/* What lines of goods cost: national books, worked examples, values and taxes of states. */
#include "tariff_play.h"

/* --- The books of Viet Nam and Indonesia --- */

/* Spot lines of the decrees: MFN, ATIGA 2026, ACFTA, AANZFTA. */
static void lines_of_the_vietnamese_book_cost_what_it_says(void **state)
{
	(void)state;
	static const struct {
		const char *code, *mfn, *atiga, *acfta, *aanzfta;
	} rows[] = {
		{ "08051010", "20%", "0%", "0%", "0%" },    { "10063091", "40%", "0%", "0%", "0%" },
		{ "27101221", "10%", "0%", "20%", NULL },   { "22030011", "35%", "0%", "0%", "40%" },
		{ "24022090", "135%", NULL, "50%", "50%" }, { "84713020", "0%", "0%", "0%", "0%" },
	};
	struct bench bench = { .arena = arena_new((size_t)64 << 20), .snapshot = book_of("VN") };

	if (!bench.snapshot) {
		arena_free(bench.arena);
		skip();
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct {
			const char *origin, *agreement, *duty;
		} asked[] = { { "TH", "ATIGA", rows[i].atiga },
			      { "CN", "ACFTA", rows[i].acfta },
			      { "AU", "AANZFTA", rows[i].aanzfta } };
		for (size_t j = 0; j < COUNT(asked); j++) {
			const struct tariff_line line = line_of(rows[i].code, asked[j].origin, "1000", "USD");
			struct answer answer = ask(&bench, "VN", DAY, &line, 1);
			const struct tariff_option *option = option_of(&answer, asked[j].agreement);
			assert_string_equal(option_of(&answer, NULL)->charges[0].duty, rows[i].mfn);
			if (asked[j].duty)
				assert_string_equal(option->charges[0].duty, asked[j].duty);
			else
				assert_string_equal(tariff_standing_text(option->standing), "excluded");
		}
	}
	done(&bench);
}

/* 25,000 VND a dollar; 10 % VAT of value and duty (Law on VAT). 20 % and 5 % of 25,000,000. */
static void every_option_stands_beside_the_others(void **state)
{
	(void)state;
	struct bench bench = { .arena = arena_new((size_t)64 << 20), .snapshot = book_of("VN") };

	if (!bench.snapshot) {
		arena_free(bench.arena);
		skip();
	}
	struct tariff_line line = line_of("03022200", "AU", "1000", "USD");
	line.documents = "FORM-AANZ";
	struct answer answer = ask(&bench, "VN", DAY, &line, 1);
	const struct tariff_option *mfn = option_of(&answer, NULL), *aanzfta = option_of(&answer, "AANZFTA"),
				   *rcep = option_of(&answer, "RCEP");

	assert_int_equal(answer.result.options_count, 3);
	must_be(answer.result.value, "25000000");
	must_be(mfn->duty, "5000000");
	must_be(mfn->payable, "8000000"); /* and 10 % of 30,000,000 */
	must_be(aanzfta->duty, "1250000");
	must_be(aanzfta->payable, "3875000"); /* and 10 % of 26,250,000 */
	assert_string_equal(tariff_standing_text(rcep->standing), "no schedule loaded");
	assert_true(aanzfta->lowest && aanzfta->held && !aanzfta->dearer);
	assert_false(mfn->lowest || rcep->lowest || rcep->held);
	assert_string_equal(aanzfta->proofs[0].name, "Form AANZ");
	assert_int_equal(answer.total.money.minor, 3875000);
	/* Excise is owed by other goods' schedules, which nobody has loaded. */
	assert_true(mfn->open);
	assert_string_equal(tariff_standing_text(mfn->charges[1].standing), "no schedule loaded");
	done(&bench);
}

/* 24 lines of Chapter 22 have 40 % under AANZFTA, and 35 % for everybody. */
static void a_preference_that_is_dearer_than_mfn_is_said_to_be(void **state)
{
	(void)state;
	struct bench bench = { .arena = arena_new((size_t)64 << 20), .snapshot = book_of("VN") };

	if (!bench.snapshot) {
		arena_free(bench.arena);
		skip();
	}
	const struct tariff_line line = line_of("22030011", "NZ", "1000", "USD");
	struct answer answer = ask(&bench, "VN", DAY, &line, 1);

	assert_true(option_of(&answer, "AANZFTA")->dearer);
	assert_true(option_of(&answer, NULL)->lowest);
	done(&bench);
}

struct tally {
	size_t dearer, lines;
};

static enum err_code count_dearer(void *arg, const struct tariff_result *result, struct err *e)
{
	struct tally *tally = arg;

	(void)e;
	tally->lines++;
	for (size_t i = 0; i < result->options_count; i++)
		tally->dearer += result->options[i].dearer;
	return OK;
}

/* Counted in the book: 363 lines of ACFTA, 108 of AANZFTA, one of ATIGA are dearer than MFN (in 2026); goods of a
 * member of ASEAN may come under each of them. All lines in one request. */
static void all_lines_of_a_book_are_assessed_at_once(void **state)
{
	(void)state;
	static const struct {
		const char *origin;
		size_t dearer;
	} rows[] = { { "CN", 363 }, { "AU", 108 }, { "TH", 472 } };
	const char *data = getenv("LINTAS_DATA");
	struct tariff_snapshot *snapshot = book_of("VN");
	static char codes[12000][9];
	static struct tariff_line lines[12000];
	char path[512], text[1024];
	size_t count = 0;

	if (!snapshot)
		skip();
	snprintf(path, sizeof(path), "%s/tariff/duty_vn.csv", data);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(text, sizeof(text), file) && count < COUNT(lines))
		if (text[0] != 'c') {
			snprintf(codes[count], sizeof(codes[count]), "%.8s", text);
			count++;
		}
	fclose(file);
	assert_int_equal(count, 11414);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tally tally = { 0 };
		struct tariff_total total;
		arena_auto arena = arena_new((size_t)16 << 20);
		struct findings *findings = findings_new(arena);
		for (size_t j = 0; j < count; j++)
			lines[j] = line_of(codes[j], rows[i].origin, "1000", "USD");
		const struct tariff_request request = {
			.destination = "VN", .day = DAY, .lines = lines, .lines_count = count
		};
		must(tariff_assess(arena, snapshot, &request, count_dearer, &tally, &total, findings, &err));
		assert_int_equal(findings_count(findings), 0);
		assert_int_equal(tally.lines, 11414);
		assert_int_equal(tally.dearer, rows[i].dearer);
	}
	tariff_snapshot_release(snapshot);
}

/* PMK 26/2022: Rp 450 a kilogram of rice; beer Rp 14,000 a litre; film Rp 21,450 a minute. Each levy goes up to the
 * next Rp 1,000 (data/tariff/id). */
static void indonesian_specific_rates_are_by_quantity(void **state)
{
	(void)state;
	static const struct {
		const char *code, *quantity, *unit, *duty;
	} rows[] = {
		{ "10063030", "1000", "KGM", "450000" }, { "10063030", "1", "TNE", "450000" },
		{ "22030011", "50", "LTR", "700000" },   { "22030011", "0.5", "HLT", "700000" },
		{ "37061090", "2", "HUR", "2574000" },   { "17011200", "1.25", "KGM", "1000" },
	};
	struct bench bench = { .arena = arena_new((size_t)64 << 20), .snapshot = book_of("ID") };

	if (!bench.snapshot) {
		arena_free(bench.arena);
		skip();
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct tariff_quantity quantity = { number(rows[i].quantity), rows[i].unit };
		struct tariff_line line = line_of(rows[i].code, "US", "1000", "USD");
		line.quantities = &quantity;
		line.quantities_count = 1;
		struct answer answer = ask(&bench, "ID", DAY, &line, 1);
		must_be(option_of(&answer, NULL)->charges[0].amount, rows[i].duty);
	}
	done(&bench);
}

/* 8703.24.44 has "40*); 50*); 60*)…": conditions that only an officer can judge. */
static void what_is_only_in_words_is_a_note_and_no_rate(void **state)
{
	(void)state;
	struct bench bench = { .arena = arena_new((size_t)64 << 20), .snapshot = book_of("ID") };
	bool seen = false;

	if (!bench.snapshot) {
		arena_free(bench.arena);
		skip();
	}
	const struct tariff_line line = line_of("87032444", "JP", "1000000", "IDR");
	struct answer answer = ask(&bench, "ID", DAY, &line, 1);
	const struct tariff_option *mfn = option_of(&answer, NULL);
	for (size_t i = 0; i < mfn->charges_count; i++)
		if (same(mfn->charges[i].kind->name, "luxury")) {
			seen = true;
			assert_int_equal(mfn->charges[i].standing, TARIFF_IN_WORDS);
			assert_non_null(strstr(mfn->charges[i].note, "*)"));
			assert_false(decimal_given(mfn->charges[i].amount));
		}
	assert_true(seen);
	assert_true(mfn->open);
	done(&bench);
}

/* --- Singapore --- */

/* Singapore Customs, "Duties and dutiable goods", worked examples: stout 75 l at 5 % vol, customs duty S$16 and excise
 * S$60 a litre of alcohol: S$285; concentrate 0.2 kg at S$113: S$22.60; tobacco stems 100 kg at S$446: S$44,600. */
static void the_examples_of_singapore_customs_come_out(void **state)
{
	(void)state;
	struct bench bench = bench_of("SG");

	add_plain(&bench, "", "mfn", "free");
	add_plain(&bench, "22030091", "mfn", "16 SGD/LPA");
	add_plain(&bench, "22030091", "excise", "60 SGD/LPA");
	add_plain(&bench, "21069069", "excise", "113 SGD/KGM");
	add_plain(&bench, "24013010", "excise", "446 SGD/KGM");
	/* So that the goods are in the tariff. */
	add_plain(&bench, "21069069", "mfn", "free");
	add_plain(&bench, "24013010", "mfn", "free");
	build(&bench);
	const struct tariff_quantity quantities[] = { { number("75"), "LTR" },
						      { number("0.2"), "KGM" },
						      { number("100"), "KGM" } };
	struct tariff_line lines[] = { line_of("22030091", "IE", "1000", "SGD"),
				       line_of("21069069", "US", "1000", "SGD"),
				       line_of("24013010", "US", "1000", "SGD") };
	static const char *const expected[] = { "285", "22.60", "44600" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		lines[i].quantities = &quantities[i];
		lines[i].quantities_count = 1;
		lines[i].strength = i == 0 ? number("5") : decimal_none();
		struct answer answer = ask(&bench, "SG", DAY, &lines[i], 1);
		const struct tariff_option *mfn = option_of(&answer, NULL);
		must_be(decimal_add(mfn->charges[0].amount, mfn->charges[1].amount), expected[i]);
	}
	/* GST: 9 % of 1,285. */
	struct answer answer = ask(&bench, "SG", DAY, &lines[0], 1);
	const struct tariff_option *mfn = option_of(&answer, NULL);
	must_be(mfn->charges[2].amount, "115.65");
	must_be(mfn->payable, "400.65");
	assert_int_equal(answer.total.money.minor, 40065);
	/* The arithmetic, as people are shown it. */
	buf_auto text = { 0 };
	buf_init(&text, 65536);
	for (size_t i = mfn->first_step; i < mfn->first_step + mfn->steps_count; i++) {
		tariff_step_print(&answer.result.steps[i], &text);
		buf_putc(&text, '\n');
	}
	assert_non_null(strstr(buf_text(&text), "75 LTR × 5 % = 3.75 LPA\n"));
	assert_non_null(strstr(buf_text(&text), "3.75 LPA × 60 SGD = 225 SGD\n"));
	assert_non_null(strstr(buf_text(&text), "GST: 1285 × 9 % = 115.65"));
	done(&bench);
}

/* --- States --- */

/* ID: freight 10 % of FOB, insurance 0.5 % of FOB and freight; MM: 0.5 % for landing (data/tariff). */
static void a_value_becomes_that_of_the_state(void **state)
{
	(void)state;
	static const struct {
		const char *state, *basis, *freight, *insurance, *value;
	} rows[] = {
		{ "ID", "FOB", NULL, NULL, "1105500" },      { "ID", "FOB", "50000", "1000", "1051000" },
		{ "ID", "CFR", NULL, NULL, "1005000" },      { "ID", "CIF", NULL, NULL, "1000000" },
		{ "MM", "FOB", "50000", "1000", "1056255" }, { "VN", "FOB", "50000", "1000", "1051000" },
		{ "VN", "CFR", "50000", "1000", "1001000" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bench bench = bench_of(rows[i].state);
		add_plain(&bench, "85171300", "mfn", "5%");
		build(&bench);
		struct tariff_line line = line_of("85171300", "US", "1000000",
						  tariff_state_find(books_reference(), rows[i].state)->currency);
		line.basis = rows[i].basis;
		line.freight = number(rows[i].freight);
		line.insurance = number(rows[i].insurance);
		struct answer answer = ask(&bench, rows[i].state, DAY, &line, 1);
		must_be(answer.result.value, rows[i].value);
		done(&bench);
	}
}

/* Cambodia: FOB up to USD 50 is free of duty and tax (customs.gov.kh); the consignment counts, not the line. */
static void a_consignment_of_low_value_is_relieved(void **state)
{
	(void)state;
	struct bench bench = bench_of("KH");
	const struct tariff_exchange dollar = { "USD", decimal_of(1), decimal_of(4000), DATE_NONE, DATE_NONE, NULL };

	add_plain(&bench, "85171300", "mfn", "15%");
	must(tariff_build_exchange(bench.builder, &dollar, &err));
	build(&bench);
	const struct tariff_line lines[] = { line_of("85171300", "US", "30", "USD"),
					     line_of("85171300", "US", "20", "USD"),
					     line_of("85171300", "US", "0.01", "USD") };
	struct answer answer = ask(&bench, "KH", DAY, lines, 2);
	must_be(answer.total.payable, "0");
	answer = ask(&bench, "KH", DAY, lines, 3);
	/* 30: 120,000 at 15 % and 10 % of 138,000; 20: 80,000; 0.01: 40 at 15 %, and 4.6. */
	must_be(answer.total.payable, "53011");
	done(&bench);
}

/* Singapore: up to SGD 400 goods without duty are free of GST; with duty they are not. */
static void relief_of_goods_without_duty_is_not_for_others(void **state)
{
	(void)state;
	struct bench bench = bench_of("SG");

	add_plain(&bench, "85171300", "mfn", "free");
	add_plain(&bench, "22083000", "mfn", "10%");
	build(&bench);
	const struct tariff_line lines[] = { line_of("85171300", "US", "400", "SGD"),
					     line_of("22083000", "US", "400", "SGD"),
					     line_of("85171300", "US", "401", "SGD") };
	static const char *const payable[] = { "0", "79.60", "36.09" }; /* 40 and 9 % of 440; 9 % of 401 */

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct answer answer = ask(&bench, "SG", DAY, &lines[i], 1);
		must_be(answer.total.payable, payable[i]);
	}
	done(&bench);
}

/* Viet Nam taxes exports at their FOB value; the preference is for goods that go to a party. */
static void goods_that_leave_have_export_duty_alone(void **state)
{
	(void)state;
	struct bench bench = bench_of("VN");
	struct tariff_measure preference = measure_of("26011110", "export-preference", "20%");
	struct tariff_measure permit = measure_of("26", "export-permit", NULL),
			      other = measure_of("26", "permit", NULL);

	preference.agreement = "EVFTA";
	permit.agency = other.agency = "Ministry of Industry and Trade";
	add_plain(&bench, "26011110", "mfn", "5%");
	add_plain(&bench, "26011110", "export", "40%");
	add(&bench, preference);
	add(&bench, permit);
	add(&bench, other);
	build(&bench);
	struct tariff_line line = line_of("26011110", "DE", "1100", "VND");
	struct answer answer = { .arena = bench.arena };
	line.freight = decimal_of(90);
	line.insurance = decimal_of(10);
	const struct tariff_request request = {
		.destination = "VN", .day = DAY, .exports = true, .lines = &line, .lines_count = 1
	};

	must(tariff_assess(bench.arena, bench.snapshot, &request, keep, &answer, &answer.total, bench.findings, &err));
	must_be(answer.result.value, "1000");
	assert_int_equal(answer.result.options_count, 2);
	must_be(option_of(&answer, NULL)->payable, "400");
	must_be(option_of(&answer, "EVFTA")->payable, "200");
	assert_int_equal(answer.result.controls_count, 1);
	assert_string_equal(answer.result.controls[0].kind->name, "export-permit");
	done(&bench);
}

/* TH: 7 % to 30 September 2026, 10 % by statute from 1 October on. */
static void a_tax_changes_on_its_day(void **state)
{
	(void)state;
	struct bench bench = bench_of("TH");

	add_plain(&bench, "85171300", "mfn", "free");
	build(&bench);
	const struct tariff_line line = line_of("85171300", "US", "1000", "THB");
	struct answer answer = ask(&bench, "TH", date_of(2026, 9, 30), &line, 1);
	must_be(option_of(&answer, NULL)->payable, "70");
	answer = ask(&bench, "TH", date_of(2026, 10, 1), &line, 1);
	must_be(option_of(&answer, NULL)->payable, "100");
	done(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_vietnamese_book_cost_what_it_says),
		cmocka_unit_test(every_option_stands_beside_the_others),
		cmocka_unit_test(a_preference_that_is_dearer_than_mfn_is_said_to_be),
		cmocka_unit_test(all_lines_of_a_book_are_assessed_at_once),
		cmocka_unit_test(indonesian_specific_rates_are_by_quantity),
		cmocka_unit_test(what_is_only_in_words_is_a_note_and_no_rate),
		cmocka_unit_test(the_examples_of_singapore_customs_come_out),
		cmocka_unit_test(a_value_becomes_that_of_the_state),
		cmocka_unit_test(a_consignment_of_low_value_is_relieved),
		cmocka_unit_test(relief_of_goods_without_duty_is_not_for_others),
		cmocka_unit_test(goods_that_leave_have_export_duty_alone),
		cmocka_unit_test(a_tax_changes_on_its_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
