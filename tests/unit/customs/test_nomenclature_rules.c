/* Codes, versions, the tree of a book, rules of files, correlation: what is pure. */
#include "../unit.h"

#include "customs/nomenclature/nomenclature_int.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new((size_t)16 << 20);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const char *codes_of(const struct findings *findings)
{
	const struct finding *finding;
	const char *codes = "";

	for (size_t i = 0; (finding = findings_at(findings, i)); i++)
		codes = arena_printf(arena, "%s%s%s", codes, *codes ? " " : "", finding->rule->code);
	return codes;
}

/* --- Codes --- */

static void a_code_has_2_to_12_digits_with_dots_or_without(void **state)
{
	static const char *const good[][2] = {
		{ "01", "01" },
		{ "8517.62", "851762" },
		{ "85.17.62.53", "85176253" },
		{ "851762531234", "851762531234" },
		{ "8517.62.53.00.10", "851762530010" },
	};
	static const char *const bad[] = { "",      "1",      "8517.6x", "1234567890123", ".8517",
					   "8517.", "85..17", " 8517",   "-8517",         "8517 62" };
	char code[CODE_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(code_parse(good[i][0], code));
		assert_string_equal(code, good[i][1]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(code_parse(bad[i], code));
}

/* As the HS prints headings and subheadings (01.05, 0105.11), and AHTN its lines (0105.11.10). */
static void codes_are_written_as_books_print_them(void **state)
{
	static const char *const forms[][2] = { { "01", "01" },
						{ "0105", "01.05" },
						{ "010511", "0105.11" },
						{ "01051110", "0105.11.10" },
						{ "0105111090", "0105.11.10.90" },
						{ "01051110901", "0105.11.10.90.1" } };
	char text[CODE_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++)
		assert_string_equal(code_format(forms[i][0], text), forms[i][1]);
}

/* The HS groups chapters in 21 sections; chapter 77 is reserved. */
static void a_chapter_is_of_its_section(void **state)
{
	(void)state;
	assert_string_equal(section_of("01"), "I");
	assert_string_equal(section_of("85171300"), "XVI");
	assert_string_equal(section_of("97"), "XXI");
	assert_null(section_of("77"));
	assert_null(section_of("98"));
}

/* --- Versions --- */

static struct nomenclature_version_list shipped(void)
{
	struct nomenclature_version *items = arena_array(arena, 32, sizeof(*items));
	size_t count = 0;

	while (version_shipped(count, &items[count]))
		count++;
	return (struct nomenclature_version_list){ items, count };
}

/* Each edition of the HS begins on 1 January (HS Convention, Article 16). */
static void the_international_versions_come_with_their_days(void **state)
{
	struct nomenclature_version_list list = shipped();
	const struct nomenclature_version *hs = version_among(&list, "HS2022"),
					  *ahtn = version_among(&list, "AHTN2022");

	(void)state;
	assert_int_equal(hs->from, date_of(2022, 1, 1));
	assert_int_equal(hs->until, date_of(2027, 12, 31));
	assert_int_equal(version_among(&list, "HS2028")->from, date_of(2028, 1, 1));
	assert_string_equal(ahtn->base, "HS2022");
	assert_int_equal(ahtn->digits, 8);
	assert_null(version_among(&list, "AHTN2023"));
}

static void a_version_that_has_ended_is_read_on_its_last_day(void **state)
{
	struct nomenclature_version_list list = shipped();

	(void)state;
	assert_int_equal(version_day(version_among(&list, "HS2017"), date_of(2026, 11, 23)), date_of(2021, 12, 31));
	assert_int_equal(version_day(version_among(&list, "HS2028"), date_of(2026, 11, 23)), date_of(2028, 1, 1));
	assert_int_equal(version_day(version_among(&list, "HS2022"), date_of(2026, 11, 23)), date_of(2026, 11, 23));
}

static const char *version_codes(struct nomenclature_version version)
{
	struct nomenclature_version_list list = shipped();
	struct findings *findings = findings_new(arena);

	version_check(&version, &list, findings);
	return codes_of(findings);
}

static void a_national_version_is_built_on_one_that_there_is(void **state)
{
	const struct nomenclature_version good = { .code = "VN2023",
						   .title = "Decree 26/2023/ND-CP",
						   .base = "AHTN2022",
						   .from = date_of(2023, 7, 15),
						   .until = DATE_NONE,
						   .digits = 8 };
	struct nomenclature_version wrong = good;

	(void)state;
	assert_string_equal(version_codes(good), "");
	wrong.code = "AHTN2017";
	assert_string_equal(version_codes(wrong), "NOM-015");
	wrong.code = "HS2022"; /* on which its base is built */
	assert_string_equal(version_codes(wrong), "NOM-015 NOM-016");
	wrong.code = "XX2023"; /* no state of ISO 3166-1 */
	assert_string_equal(version_codes(wrong), "NOM-014");
	wrong = good;
	wrong.base = "AHTN2023";
	assert_string_equal(version_codes(wrong), "NOM-016");
	wrong.base = NULL;
	assert_string_equal(version_codes(wrong), "NOM-016");
	wrong = good;
	wrong.digits = 6;
	assert_string_equal(version_codes(wrong), "NOM-017");
	wrong.digits = 13;
	assert_string_equal(version_codes(wrong), "NOM-017");
	wrong = good;
	wrong.until = date_of(2023, 7, 14);
	assert_string_equal(version_codes(wrong), "NOM-018");
}

static void a_part_of_a_version_is_not_another_version(void **state)
{
	(void)state;
	assert_true(subject_is_of("HS2022", "HS2022"));
	assert_true(subject_is_of("HS2022.gir-en", "HS2022"));
	assert_false(subject_is_of("AHTN2022", "HS2022"));
	assert_false(subject_is_of("HS20222", "HS2022"));
}

/* --- The tree --- */

/* A line of a file. */
struct given {
	const char *code, *kind;
	int64_t dashes;
	const char *text;
	const char *path[6];
};

static const char *drawn;

static void draw(void *arg, const struct book_line *line)
{
	char code[CODE_TEXT_SIZE];
	const char *text = texts_best(line->texts, "en", NULL);

	(void)arg;
	drawn = arena_printf(arena, "%s%.*s%s|%s|%s\n", drawn, line->depth, "        ", code_format(line->code, code),
			     text ? text : "", book_origin_name(line->origin));
}

static const char *tree_of(const struct given *lines, size_t count, const struct book *base)
{
	struct book_tree tree = { .arena = arena, .base = base, .texts = true, .emit = draw };

	drawn = "";
	for (size_t i = 0; i < count; i++) {
		struct nomenclature_texts text = { .en = lines[i].text }, path[COUNT(lines[i].path)] = { 0 };
		struct line_record record = { .code = lines[i].code,
					      .kind = lines[i].kind,
					      .dashes = lines[i].dashes,
					      .text = &text,
					      .path = path };
		char code[CODE_SIZE] = "";

		for (; record.path_count < COUNT(path) && lines[i].path[record.path_count]; record.path_count++)
			path[record.path_count].en = lines[i].path[record.path_count];
		assert_true(!record.code || code_parse(record.code, code));
		book_tree_add(&tree, &record, code);
	}
	assert_false(tree.full);
	return drawn;
}
#define TREE(...) tree_of((const struct given[]){ __VA_ARGS__ }, COUNT(((const struct given[]){ __VA_ARGS__ })), NULL)

/* HS 2022, heading 01.01, as it is printed. */
static void uncoded_groups_stand_above_what_follows_with_more_dashes(void **state)
{
	(void)state;
	assert_string_equal(TREE({ "01", NULL, 0, "LIVE ANIMALS", { 0 } }, { "0101", NULL, 0, "Live horses", { 0 } },
				 { NULL, NULL, 1, "Horses", { 0 } }, { "0101.21", NULL, 2, "Pure-bred", { 0 } },
				 { "0101.29", NULL, 2, "Other", { 0 } }, { "0101.30", NULL, 1, "Asses", { 0 } }),
			    "01|LIVE ANIMALS|file\n"
			    " 01.01|Live horses|file\n"
			    "  |Horses|file\n"
			    "   0101.21|Pure-bred|file\n"
			    "   0101.29|Other|file\n"
			    "  0101.30|Asses|file\n");
}

/* AHTN 2022 as its lines alone: 0102.29.11 is "- - - - Oxen" below "- - - Male cattle". */
static void levels_are_found_again_in_the_path_of_each_line(void **state)
{
	(void)state;
	assert_string_equal(
		TREE({ "01022100", NULL, 2, "Pure-bred", { "Bovine", "Cattle", "Pure-bred" } },
		     { "01022911", NULL, 4, "Oxen", { "Bovine", "Cattle", "Other", "Male cattle", "Oxen" } },
		     { "01022919", NULL, 4, "Other", { "Bovine", "Cattle", "Other", "Male cattle", "Other" } },
		     { "01022990", NULL, 3, "Other", { "Bovine", "Cattle", "Other", "Other" } }),
		"01||made\n"
		" 01.02|Bovine|path\n"
		"  |Cattle|path\n"
		"   0102.21.00|Pure-bred|file\n"
		"   |Other|path\n"
		"    |Male cattle|path\n"
		"     0102.29.11|Oxen|file\n"
		"     0102.29.19|Other|file\n"
		"    0102.29.90|Other|file\n");
}

/* Nobody says that 8703.21.41 is in the same group as 8703.21.11, so nobody is told that it is. */
static void a_level_that_is_lost_is_shown_as_lost_once_a_place(void **state)
{
	(void)state;
	assert_string_equal(
		TREE({ "87032111", NULL, 4, "Go-karts", { "Motor cars", "Spark", "To 1,000 cc", "…", "Go-karts" } },
		     { "87032112", NULL, 4, "ATV", { "Motor cars", "Spark", "To 1,000 cc", "…", "ATV" } },
		     { "87032141", NULL, 4, "Go-karts", { "Motor cars", "Spark", "To 1,000 cc", "…", "Go-karts" } }),
		"87||made\n"
		" 87.03|Motor cars|path\n"
		"  |Spark|path\n"
		"   |To 1,000 cc|path\n"
		"    ||lost\n"
		"     8703.21.11|Go-karts|file\n"
		"     8703.21.12|ATV|file\n"
		"    ||lost\n"
		"     8703.21.41|Go-karts|file\n");
}

static void dashes_that_jump_leave_a_lost_level(void **state)
{
	(void)state;
	assert_string_equal(TREE({ "0101", NULL, 0, "Live horses", { 0 } }, { "0101.21", NULL, 2, "Pure-bred", { 0 } }),
			    "01||made\n"
			    " 01.01|Live horses|file\n"
			    "  ||lost\n"
			    "   0101.21|Pure-bred|file\n");
}

static void without_dashes_the_length_of_the_code_is_the_level(void **state)
{
	(void)state;
	assert_string_equal(TREE({ "01", NULL, INTEGER_NONE, "Animals; live", { 0 } },
				 { "010121", NULL, INTEGER_NONE, "Horses; pure-bred", { 0 } },
				 { "01012110", NULL, INTEGER_NONE, "x", { 0 } }),
			    "01|Animals; live|file\n"
			    " 01.01||made\n"
			    "  0101.21|Horses; pure-bred|file\n"
			    "   0101.21.10|x|file\n");
}

/* Chapter 28 of the file of the EU's nomenclature has the title with the code of its first heading. */
static void the_title_of_a_sub_chapter_is_no_heading(void **state)
{
	(void)state;
	assert_string_equal(TREE({ "28", NULL, 0, "INORGANIC CHEMICALS", { 0 } },
				 { "2801", NULL, 0, "I. CHEMICAL ELEMENTS", { 0 } },
				 { "2801", NULL, 0, "Fluorine, chlorine, bromine and iodine", { 0 } }),
			    "28|INORGANIC CHEMICALS|file\n"
			    " |I. CHEMICAL ELEMENTS|file\n"
			    " 28.01|Fluorine, chlorine, bromine and iodine|file\n");
}

/* --- Rules of files --- */

static const char *checked(const struct edition_kind *kind, const char *subject, const void *const *records,
			   size_t count)
{
	const struct edition edition = {
		.kind = kind->name, .subject = subject, .from = DATE_NONE, .until = DATE_NONE
	};
	struct findings *findings = findings_new(arena);
	struct err err = { 0 };
	void *work = NULL;

	assert_int_equal(kind->begin(arena, &edition, &work, &err), OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(kind->check(work, (int64_t)i + 1, records[i], findings, &err), OK);
	return codes_of(findings);
}
#define CHECKED(kind, subject, ...)                                                                                    \
	checked(&(kind), subject, (const void *const[]){ __VA_ARGS__ }, COUNT(((const void *const[]){ __VA_ARGS__ })))

#define LINE(code_, dashes_, ...)                                                                                      \
	&(struct line_record)                                                                                          \
	{                                                                                                              \
		.code = code_, .dashes = dashes_, .text = &(struct nomenclature_texts){ .en = "x" }, __VA_ARGS__       \
	}

static void what_is_wrong_with_lines_is_found(void **state)
{
	(void)state;
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE("01012100", 1)), "");
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE("1234567890123", 1)), "NOM-001");
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE("0101A100", 1)), "NOM-001");
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE("0101210000", 1)), "NOM-002");
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE("01012100", 1), LINE("0101.21.00", 1)), "NOM-003");
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE("01012900", 1), LINE("01012100", 1)), "NOM-004");
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE(NULL, INTEGER_NONE)), "NOM-006");
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE("01012100", 1, .section = "II")), "NOM-010");
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE("98010000", 0, .section = "XXII")), "");
	assert_string_equal(
		CHECKED(lines_kind, "AHTN2022",
			LINE("01012100", 3, .path = (struct nomenclature_texts[3]){ { .en = "x" } }, .path_count = 3)),
		"NOM-007");
	/* Of another version in the same file: passed over, whatever it is. */
	assert_string_equal(CHECKED(lines_kind, "HS2022", LINE("x", 1, .version = "HS2017")), "");
}

static void what_is_missing_is_a_warning(void **state)
{
	(void)state;
	/* HS is built on nothing: chapter and heading are made. */
	assert_string_equal(CHECKED(lines_kind, "HS2022", LINE("0101", INTEGER_NONE)), "NOM-009");
	assert_string_equal(CHECKED(lines_kind, "HS2022", LINE("010121", INTEGER_NONE)), "NOM-009 NOM-009");
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE("01012100", 2)), "NOM-008");
	assert_string_equal(CHECKED(lines_kind, "AHTN2022", LINE("01012100", 2), LINE("01012900", 2)),
			    "NOM-008 NOM-008");
}

static const char *subject_codes(const char *subject, bool parts, date from)
{
	struct nomenclature_version_list list = shipped();
	const struct edition edition = { .subject = subject, .from = from };
	struct findings *findings = findings_new(arena);

	subject_check(&edition, version_among(&list, "HS2022"), parts, findings);
	return codes_of(findings);
}

static void an_edition_is_of_a_version_or_of_a_part_of_one(void **state)
{
	(void)state;
	assert_string_equal(subject_codes("HS2022", false, date_of(2022, 1, 1)), "");
	assert_string_equal(subject_codes("HS2022.notes-vi", true, date_of(2023, 1, 1)), "");
	assert_string_equal(subject_codes("HS2022.notes-vi", false, date_of(2023, 1, 1)), "NOM-013");
	assert_string_equal(subject_codes("HS2022.Notes", true, date_of(2023, 1, 1)), "NOM-013");
	assert_string_equal(subject_codes("HS2022", false, date_of(2021, 12, 31)), "NOM-012");
	assert_string_equal(subject_codes("HS2022", false, date_of(2028, 1, 1)), "NOM-012");
}

static void what_is_wrong_with_notes_is_found(void **state)
{
	const struct note_record good = {
		.kind = "chapter", .place = "01", .language = "en", .text = "1. This chapter"
	};
	struct note_record wrong = good;

	(void)state;
	assert_string_equal(CHECKED(notes_kind, "HS2022.en", &good), "");
	assert_string_equal(CHECKED(notes_kind, "HS2022.en", &good, &good), "NOM-003");
	wrong.place = "0101";
	assert_string_equal(CHECKED(notes_kind, "HS2022.en", &wrong), "NOM-019");
	wrong.place = NULL;
	assert_string_equal(CHECKED(notes_kind, "HS2022.en", &wrong), "NOM-020");
	wrong = good;
	wrong.kind = "section";
	wrong.place = "XXX";
	assert_string_equal(CHECKED(notes_kind, "HS2022.en", &wrong), "NOM-019");
	wrong = good;
	wrong.kind = "sen";
	wrong.codes = "01022911|0102x";
	assert_string_equal(CHECKED(notes_kind, "AHTN2022.sen", &wrong), "NOM-001");
	wrong = good;
	wrong.text = NULL;
	assert_string_equal(CHECKED(notes_kind, "HS2022.en", &wrong), "NOM-005");
}

static void what_is_wrong_with_a_correlation_is_found(void **state)
{
	const struct correlation_record good = { "HS2022", "8517.13", "HS2017", "8517.12", "n:1" };
	struct correlation_record wrong = good;

	(void)state;
	assert_string_equal(CHECKED(correlation_kind, "HS", &good), "");
	assert_string_equal(CHECKED(correlation_kind, "HS", &good, &good), "NOM-003");
	wrong.to_version = "HS2022";
	assert_string_equal(CHECKED(correlation_kind, "HS", &wrong), "NOM-021");
	wrong.to_version = "HS1066";
	assert_string_equal(CHECKED(correlation_kind, "HS", &wrong), "NOM-011");
	wrong = good;
	wrong.from_code = "8517-13";
	assert_string_equal(CHECKED(correlation_kind, "HS", &wrong), "NOM-001");
}

/* --- What governs a line, and what is beside it --- */

/* SEN of the AHTN name the codes that they govern; a chapter's note governs the chapter. */
static void a_note_governs_what_it_is_about(void **state)
{
	const struct book_note chapter = { .kind = "chapter", .place = "01" },
			       section = { .kind = "section", .place = "I" };
	const struct book_note sen = { .kind = "sen", .place = "01", .codes = "01022911|0105.11.10" },
			       gir = { .kind = "gir" };
	const struct book_note heading = { .kind = "heading", .place = "0102" };

	(void)state;
	assert_true(note_governs(&chapter, "01022911") && !note_governs(&chapter, "0201"));
	assert_true(note_governs(&section, "0511") && !note_governs(&section, "0601"));
	assert_true(note_governs(&sen, "01022911") && note_governs(&sen, "01051110"));
	assert_true(!note_governs(&sen, "010229") && !note_governs(&sen, "01022919"));
	assert_true(note_governs(&heading, "010221") && !note_governs(&heading, "0101"));
	assert_true(note_governs(&gir, "97"));
}

static void a_version_has_those_of_its_own_kind_beside_it(void **state)
{
	struct nomenclature_version_list list = shipped();
	const char *before, *after;

	(void)state;
	version_neighbours(&list, "HS2022", &before, &after);
	assert_string_equal(before, "HS2017");
	assert_string_equal(after, "HS2028");
	version_neighbours(&list, "AHTN2012", &before, &after);
	assert_null(before);
	assert_string_equal(after, "AHTN2017");
}

static void the_version_in_force_is_the_states_own_or_the_ahtn(void **state)
{
	struct nomenclature_version_list list = shipped();

	(void)state;
	assert_string_equal(version_current(&list, "VN", date_of(2026, 11, 2)), "AHTN2022");
	assert_string_equal(version_current(&list, "VN", date_of(2020, 1, 1)), "AHTN2017");
	assert_null(version_current(&list, "VN", date_of(2001, 1, 1)));
	list.items[list.count++] = (struct nomenclature_version){
		.code = "VN2023", .base = "AHTN2022", .from = date_of(2023, 7, 15), .until = DATE_NONE
	};
	assert_string_equal(version_current(&list, "VN", date_of(2026, 11, 2)), "VN2023");
	assert_string_equal(version_current(&list, "VN", date_of(2023, 7, 14)), "AHTN2022");
	assert_string_equal(version_current(&list, "TH", date_of(2026, 11, 2)), "AHTN2022");
}

/* --- Correlation --- */

static struct correlation_book rows_of(struct pair *rows, size_t count)
{
	struct correlation_book book = { 0 };

	assert_true(correlation_sort(&book, arena, rows, count));
	return book;
}

static const char *looked(const struct correlation_book *rows, const char *from, const char *code, const char *middle,
			  const char *to)
{
	struct correlation correlation = { 0 };
	const char *all;

	assert_true(correlation_look(rows, arena, from, code, middle, to, false, &correlation));
	all = arena_printf(arena, "%s %s:", correlation.relationship, correlation.relationship_rest);
	for (size_t i = 0; i < correlation.count; i++)
		all = arena_printf(arena, "%s %s%s", all, correlation.items[i].code,
				   correlation.items[i].collapsed
					   ? arena_printf(arena, "(%d)", (int)correlation.items[i].collapsed)
					   : "");
	return correlation.person ? arena_printf(arena, "%s !", all) : all;
}

static void the_relationship_follows_from_the_rows_in_both_directions(void **state)
{
	struct pair pairs[] = {
		{ "HS2022", "010121", "HS2017", "010121" }, { "HS2022", "851713", "HS2017", "851712" },
		{ "HS2022", "851714", "HS2017", "851712" }, { "HS2022", "300212", "HS2017", "300211" },
		{ "HS2022", "300212", "HS2017", "300212" }, { "HS2022", "300213", "HS2017", "300212" }
	};
	struct correlation_book rows = rows_of(pairs, COUNT(pairs));

	(void)state;
	assert_string_equal(looked(&rows, "HS2022", "010121", NULL, "HS2017"), "1:1 1:1: 010121");
	assert_string_equal(looked(&rows, "HS2022", "851713", NULL, "HS2017"), "n:1 n:1: 851712");
	assert_string_equal(looked(&rows, "HS2017", "851712", NULL, "HS2022"), "1:n 1:n: 851713 851714 !");
	assert_string_equal(looked(&rows, "HS2022", "300212", NULL, "HS2017"), "n:n n:n: 300211 300212 !");
	assert_string_equal(looked(&rows, "HS2022", "999999", NULL, "HS2017"), " :");
	assert_false(correlation_about(&rows, "HS2022", "HS2012"));
}

static void two_versions_without_a_table_are_joined_by_one_between(void **state)
{
	struct pair pairs[] = { { "HS2022", "851713", "HS2017", "851712" },
				{ "HS2022", "851714", "HS2017", "851712" },
				{ "HS2017", "851712", "HS2012", "851712" },
				{ "HS2017", "851762", "HS2012", "851762" } };
	struct correlation_book rows = rows_of(pairs, COUNT(pairs));

	(void)state;
	assert_string_equal(looked(&rows, "HS2022", "851713", "HS2017", "HS2012"), "n:1 n:1: 851712");
	assert_string_equal(looked(&rows, "HS2012", "851712", "HS2017", "HS2022"), "1:n 1:n: 851713 851714 !");
}

/* HS 2022 made 8549 for waste that was classified where the goods were: each of its subheadings has a thousand
 * sources, which is of no use to who asks about one of them. */
static void subheadings_that_take_from_everywhere_are_collapsed(void **state)
{
	enum { EACH = 150 };
	struct pair *pairs = arena_array(arena, 3 * EACH, sizeof(*pairs));
	size_t count = 0;

	(void)state;
	for (int i = 0; i < EACH; i++) {
		const char *old = arena_printf(arena, "84%04d", i);

		pairs[count++] = (struct pair){ "HS2022", old, "HS2017", old };
		pairs[count++] = (struct pair){ "HS2022", "854921", "HS2017", old };
		pairs[count++] = (struct pair){ "HS2022", "854929", "HS2017", old };
	}
	struct correlation_book rows = rows_of(pairs, count);
	assert_string_equal(looked(&rows, "HS2017", "840007", NULL, "HS2022"), "n:n 1:1: 840007 8549(2)");
	assert_string_equal(looked(&rows, "HS2022", "840007", NULL, "HS2017"), "n:1 1:1: 840007");
	assert_string_equal(looked(&rows, "HS2022", "854921", NULL, "HS2017"), "n:n : 84(150) !");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_has_2_to_12_digits_with_dots_or_without),
		cmocka_unit_test(codes_are_written_as_books_print_them),
		cmocka_unit_test(a_chapter_is_of_its_section),
		cmocka_unit_test(the_international_versions_come_with_their_days),
		cmocka_unit_test(a_version_that_has_ended_is_read_on_its_last_day),
		cmocka_unit_test(a_national_version_is_built_on_one_that_there_is),
		cmocka_unit_test(a_part_of_a_version_is_not_another_version),
		cmocka_unit_test(uncoded_groups_stand_above_what_follows_with_more_dashes),
		cmocka_unit_test(levels_are_found_again_in_the_path_of_each_line),
		cmocka_unit_test(a_level_that_is_lost_is_shown_as_lost_once_a_place),
		cmocka_unit_test(dashes_that_jump_leave_a_lost_level),
		cmocka_unit_test(without_dashes_the_length_of_the_code_is_the_level),
		cmocka_unit_test(the_title_of_a_sub_chapter_is_no_heading),
		cmocka_unit_test(what_is_wrong_with_lines_is_found),
		cmocka_unit_test(what_is_missing_is_a_warning),
		cmocka_unit_test(an_edition_is_of_a_version_or_of_a_part_of_one),
		cmocka_unit_test(what_is_wrong_with_notes_is_found),
		cmocka_unit_test(what_is_wrong_with_a_correlation_is_found),
		cmocka_unit_test(a_note_governs_what_it_is_about),
		cmocka_unit_test(a_version_has_those_of_its_own_kind_beside_it),
		cmocka_unit_test(the_version_in_force_is_the_states_own_or_the_ahtn),
		cmocka_unit_test(the_relationship_follows_from_the_rows_in_both_directions),
		cmocka_unit_test(two_versions_without_a_table_are_joined_by_one_between),
		cmocka_unit_test(subheadings_that_take_from_everywhere_are_collapsed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
