/* Rules of the e-Form D. Expected values: ATIGA Annex 7 (overleaf notes) and Annex 8 (OCP), 8 September 2021. */
#include "../unit.h"

#include "customs/document/document.h"
#include "customs/origin/origin_int.h"
#include "kernel/codelist.h"

/* OCP rule 14(a): twelve months from the date of issuance. */
static void a_certificate_is_valid_for_twelve_months(void **state)
{
	(void)state;
	assert_int_equal(origin_last_day_of(date_of(2026, 11, 2)), date_of(2027, 11, 2));
	assert_int_equal(origin_last_day_of(date_of(2024, 2, 29)), date_of(2025, 2, 28));
	assert_int_equal(origin_last_day_of(DATE_NONE), DATE_NONE);
}

/* The examples of overleaf note 3. */
static void the_examples_of_note_3_are_criteria(void **state)
{
	struct origin_criterion c;

	(void)state;
	assert_true(origin_criterion_parse("WO", &c) && c.wholly_obtained && c.percent == 0);
	assert_true(origin_criterion_parse("40%", &c) && c.percent == 40 && c.terms == 1);
	assert_true(origin_criterion_parse("CC", &c) && same(c.change, "CC"));
	assert_true(origin_criterion_parse("CTH", &c) && same(c.change, "CTH"));
	assert_true(origin_criterion_parse("CTSH", &c) && same(c.change, "CTSH"));
	assert_true(origin_criterion_parse("SP", &c) && c.process);
	assert_true(origin_criterion_parse("CTSH + 35%", &c) && same(c.change, "CTSH") && c.percent == 35 &&
		    c.terms == 2);
	assert_true(origin_criterion_parse("PC 25%", &c) && c.partial && c.percent == 25);
}

static void what_only_resembles_a_criterion_is_none(void **state)
{
	static const char *const wrong[] = { "",      "wo",          "WO ",       "RVC",     "RVC 40%",  "0%",
					     "101%",  "1000%",       "%",         "4x%",     "CTSH+35%", "CTSH + ",
					     " + CC", "CC + CTH",    "40% + 35%", "SP + SP", "PC",       "PC 25",
					     "PC x%", "PC 25% + CC", "WO + CC" };
	struct origin_criterion c;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		if (origin_criterion_parse(wrong[i], &c))
			fail_msg("\"%s\" was taken for a criterion", wrong[i]);
}

/* A certificate with one item, right in all that these tests do not change. */
struct specimen {
	struct form_d form;
	struct origin_party exporter, consignee;
	struct origin_transport transport;
	struct origin_statement declaration, certification;
	struct form_d_item item;
};

static void specimen_init(struct specimen *s, const char *from, const char *to, const char *criterion)
{
	*s = (struct specimen){
		.exporter = { NULL, "Example Trading Co., Ltd.", "Example Road 1", from },
		.consignee = { NULL, "Example Import Co., Ltd.", "Example Road 2", to },
		.transport = { .departed_on = date_of(2026, 11, 2) },
		.declaration = { from, "Example", date_of(2026, 11, 2), "Example" },
		.certification = { NULL, "Example", date_of(2026, 11, 2), "Example" },
		.item = { .number = 1,
			  .description = "noodles",
			  .commodity = "19023040",
			  .criterion = criterion,
			  .gross_mass = decimal_of(12),
			  .net_mass = decimal_none(),
			  .quantity = decimal_none(),
			  .fob = decimal_none() },
	};
	s->form = (struct form_d){
		.reference = "X-1",
		.issued_on = date_of(2026, 11, 2),
		.issuing_country = from,
		.importing_country = to,
		.exporter = &s->exporter,
		.consignee = &s->consignee,
		.transport = &s->transport,
		.declaration = &s->declaration,
		.certification = &s->certification,
		.items = &s->item,
		.items_count = 1,
	};
}

/* The codes that were found, joined by blanks. */
static const char *judged(const struct specimen *s, date today, struct arena *arena)
{
	struct findings *findings = findings_new(arena);
	const struct finding *finding;
	const char *codes = "";

	form_d_check(&s->form, today, findings);
	for (size_t i = 0; (finding = findings_at(findings, i)); i++)
		codes = arena_printf(arena, "%s%s%s", codes, *codes ? " " : "", finding->rule->code);
	return codes;
}

static void expect(const struct specimen *s, const char *codes)
{
	arena_auto arena = arena_new((size_t)1 << 20);

	assert_string_equal(judged(s, date_of(2026, 11, 2), arena), codes);
}

/* OCP rule 10(1) and (2): prior to or at the time of shipment; else retroactively, no longer than one year from the
 * shipment. */
static void a_certificate_of_the_day_of_shipment_is_not_retroactive(void **state)
{
	struct specimen s;

	(void)state;
	specimen_init(&s, "TH", "VN", "WO");
	expect(&s, "");
	s.transport.departed_on = date_of(2026, 11, 1);
	expect(&s, "FRM-020");
	s.form.issued_retroactively = true;
	expect(&s, "");
	s.transport.departed_on = date_of(2025, 11, 2);
	expect(&s, "");
	s.transport.departed_on = date_of(2025, 11, 1);
	expect(&s, "FRM-023");
}

/* Article 28(1)(a)(i): not less than forty percent. Annex 6(a) and Article 30(2): twenty percent at least, less than
 * forty. */
static void percentages_have_their_limits(void **state)
{
	static const struct {
		const char *criterion;
		bool partial;
		const char *codes;
	} rows[] = {
		{ "39%", false, "FRM-011" }, { "40%", false, "" },          { "100%", false, "" },
		{ "CTH + 1%", false, "" },   { "PC 19%", true, "FRM-012" }, { "PC 20%", true, "" },
		{ "PC 39%", true, "" },      { "PC 40%", true, "FRM-012" }, { "PC 25%", false, "FRM-029" },
		{ "CC", true, "FRM-030" },
	};
	struct specimen s;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		specimen_init(&s, "TH", "VN", rows[i].criterion);
		s.form.partial_cumulation = rows[i].partial;
		expect(&s, rows[i].codes);
	}
}

/* Rule 25 and overleaf note 10: exported from and imported by KH, ID and LA, where RVC is applied. */
static void the_fob_price_is_asked_for_by_three_states(void **state)
{
	static const struct {
		const char *from, *to, *criterion;
		bool fob;
		const char *codes;
	} rows[] = {
		{ "ID", "KH", "40%", false, "FRM-018" },
		{ "ID", "KH", "40%", true, "" },
		{ "LA", "ID", "CTSH + 35%", false, "FRM-018" },
		{ "ID", "KH", "CTH", false, "" },
		{ "ID", "KH", "CTH", true, "FRM-019" },
		{ "TH", "VN", "40%", true, "FRM-019" },
		{ "TH", "KH", "40%", true, "" },
		{ "TH", "KH", "40%", false, "" },
		{ "KH", "KH", "40%", false, "DOC-015" }, /* between no two states: rule 1(f) and (g) alone */
	};
	struct specimen s;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		specimen_init(&s, rows[i].from, rows[i].to, rows[i].criterion);
		s.item.fob = rows[i].fob ? decimal_of(100) : decimal_none();
		s.item.currency = rows[i].fob ? "USD" : NULL;
		expect(&s, rows[i].codes);
	}
}

/* Rule 29(1): the exporter applies within one year from the date of issuance of the original; the date of the re-issue
 * does not tell when. */
static void a_reissue_after_a_year_is_warned_about(void **state)
{
	arena_auto arena = arena_new((size_t)1 << 20);
	struct findings *findings = findings_new(arena);
	struct origin_reference original = { "X-0", date_of(2025, 11, 2), NULL };
	struct specimen s;

	(void)state;
	specimen_init(&s, "TH", "VN", "WO");
	s.form.reissues = &original;
	expect(&s, "");
	original.issued_on = date_of(2025, 11, 1);
	expect(&s, "FRM-034");
	form_d_check(&s.form, date_of(2026, 11, 2), findings);
	assert_int_equal(findings_errors(findings), 0);
}

/* Rule 11(1)(c): within the validity period of the original. */
static void a_back_to_back_certificate_comes_while_the_original_is_valid(void **state)
{
	struct origin_reference original = { "MY-0", date_of(2025, 11, 2), "MY" };
	struct specimen s;

	(void)state;
	specimen_init(&s, "SG", "VN", "CTH");
	s.declaration.country = "MY";
	s.form.back_to_back = true;
	s.form.originals = &original;
	s.form.originals_count = 1;
	expect(&s, "");
	original.issued_on = date_of(2025, 11, 1);
	expect(&s, "FRM-008 FRM-027"); /* nor can it be presented any more */
}

/* Rule 11(1)(c), and (e) for several: presented within the validity of the original, of the one that expires first. */
static void a_back_to_back_certificate_is_presented_while_the_originals_are_valid(void **state)
{
	arena_auto arena = arena_new((size_t)1 << 20);
	struct origin_reference originals[] = { { "MY-0", date_of(2026, 6, 30), "MY" },
						{ "MY-1", date_of(2026, 3, 15), "MY" },
						{ "MY-2", DATE_NONE, "MY" } };
	struct specimen s;

	(void)state;
	specimen_init(&s, "SG", "VN", "CTH");
	s.declaration.country = "MY";
	s.form.back_to_back = true;
	s.form.originals = originals;
	s.form.originals_count = 1;
	assert_string_equal(judged(&s, date_of(2027, 6, 30), arena), "");
	assert_string_equal(judged(&s, date_of(2027, 7, 1), arena), "FRM-008");
	s.form.originals_count = 3;
	assert_string_equal(judged(&s, date_of(2027, 3, 15), arena), "");
	assert_string_equal(judged(&s, date_of(2027, 3, 16), arena), "FRM-008");
}

/* Rule 14(a) again: on the last day it is valid, a day later there is a warning, which stops nothing. */
static void an_old_certificate_is_warned_about(void **state)
{
	arena_auto arena = arena_new((size_t)1 << 20);
	struct findings *findings = findings_new(arena);
	struct specimen s;

	(void)state;
	specimen_init(&s, "TH", "VN", "WO");
	assert_string_equal(judged(&s, date_of(2027, 11, 2), arena), "");
	form_d_check(&s.form, date_of(2027, 11, 3), findings);
	assert_int_equal(findings_count(findings), 1);
	assert_int_equal(findings_errors(findings), 0);
	assert_string_equal(findings_at(findings, 0)->rule->code, "FRM-008");
}

/* Overleaf note 9 and rule 16(3): items stand and fall alone. */
static void the_status_of_the_whole_follows_from_the_items(void **state)
{
	struct customs_response_item items[3] = { { .status = "14" }, { .status = "14" }, { .status = "8" } };

	(void)state;
	assert_null(origin_status_of_items(items, 0));
	assert_string_equal(origin_status_of_items(items, 3), "14");
	assert_string_equal(origin_status_of_items(items + 2, 1), "8");
	items[1].status = "15";
	assert_string_equal(origin_status_of_items(items, 3), "15");
	items[1].status = "45";
	assert_string_equal(origin_status_of_items(items, 3), "45");
	items[0].status = "40";
	assert_string_equal(origin_status_of_items(items, 3), "40");
}

/* Rec 20: B34 is kilogram per cubic decimetre, TNE is tonne. */
static void a_density_is_no_quantity(void **state)
{
	arena_auto arena = arena_new((size_t)1 << 20);
	struct findings *findings = findings_new(arena);

	(void)state;
	document_check_unit("TNE", "/unit", findings);
	document_check_unit(NULL, "/unit", findings);
	assert_int_equal(findings_count(findings), 0);
	document_check_unit("B34", "/unit", findings);
	assert_string_equal(findings_at(findings, 0)->text,
			    "\"B34\" is kilogram per cubic decimetre; tonnes are \"TNE\"");
}

static struct decimal number(const char *text)
{
	struct decimal value;

	assert_true(decimal_parse(text, &value));
	return value;
}

/* Rec 20: KGM is kilogram, TNE 1000 of them. What is shown is what the document says, digit for digit. */
static void a_quantity_above_the_gross_mass_is_shown_as_it_was_given(void **state)
{
	arena_auto arena = arena_new((size_t)1 << 20);
	struct findings *findings = findings_new(arena);

	(void)state;
	document_check_mass(number("432.50"), "KGM", number("432.5"), "/quantity", findings);
	document_check_mass(number("0.4325"), "TNE", number("432.50"), "/quantity", findings);
	assert_int_equal(findings_count(findings), 0);
	document_check_mass(number("432.50"), "KGM", number("432.4"), "/quantity", findings);
	document_check_mass(number("432.50"), "TNE", number("432.50"), "/quantity", findings);
	assert_string_equal(findings_at(findings, 0)->text,
			    "432.50 KGM is more than the gross mass of 432.4 kilograms; is the unit right?");
	assert_string_equal(findings_at(findings, 1)->text,
			    "432.50 TNE is more than the gross mass of 432.50 kilograms; is the unit right?");
}

/* OCP rule 30(2) and (3): used, in whole or in part; suspended, under examination, refused. */
static void every_status_of_the_code_list_moves_a_certificate(void **state)
{
	const struct code_lists *lists = codelists();
	const char *code;
	size_t count = 0;

	(void)state;
	for (; (code = lists->at(lists, "ORIGIN_STATUS", count)); count++)
		if (!origin_event_of(code))
			fail_msg("a response with the status %s moves nothing", code);
	assert_int_equal(count, 5);
	assert_null(origin_event_of("1"));
	assert_null(origin_event_of(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_is_valid_for_twelve_months),
		cmocka_unit_test(the_examples_of_note_3_are_criteria),
		cmocka_unit_test(what_only_resembles_a_criterion_is_none),
		cmocka_unit_test(a_certificate_of_the_day_of_shipment_is_not_retroactive),
		cmocka_unit_test(percentages_have_their_limits),
		cmocka_unit_test(the_fob_price_is_asked_for_by_three_states),
		cmocka_unit_test(a_reissue_after_a_year_is_warned_about),
		cmocka_unit_test(a_back_to_back_certificate_comes_while_the_original_is_valid),
		cmocka_unit_test(a_back_to_back_certificate_is_presented_while_the_originals_are_valid),
		cmocka_unit_test(an_old_certificate_is_warned_about),
		cmocka_unit_test(the_status_of_the_whole_follows_from_the_items),
		cmocka_unit_test(a_density_is_no_quantity),
		cmocka_unit_test(a_quantity_above_the_gross_mass_is_shown_as_it_was_given),
		cmocka_unit_test(every_status_of_the_code_list_moves_a_certificate),
	};

	return cmocka_run_group_tests_name("customs/origin", tests, NULL, NULL);
}
