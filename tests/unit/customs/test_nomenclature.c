/* Books of the nomenclature, from files to what is read of them: on each database, and with the real files where there
 * are any (LINTAS_DATA). */
#include "node.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "customs/nomenclature/nomenclature_int.h"
#include "kernel/mapping.h"

static const char *read_whole(struct kernel_fixture *fixture, const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *text;

	if (!file)
		fail_msg("%s cannot be read", path);
	fseek(file, 0, SEEK_END);
	*size = (size_t)ftell(file);
	rewind(file);
	text = arena_alloc(fixture->arena, *size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, *size, file), *size);
	fclose(file);
	return text;
}

static const struct mapping *mapping_named(struct kernel_fixture *fixture, const char *name)
{
	struct findings *findings = findings_new(fixture->arena);
	const struct mapping *mapping;
	size_t size;
	const char *text = read_whole(
		fixture, arena_printf(fixture->arena, "%s/data/nomenclature/%s.json", getenv("LINTAS_SOURCE"), name),
		&size);

	must(mapping_load(fixture->arena, &fixture->kernel, bytes(text, size), false, &mapping, findings,
			  &fixture->err));
	if (!mapping)
		fail_msg("%s: %s at %s", name, findings_at(findings, 0)->text, findings_at(findings, 0)->path);
	return mapping;
}

static struct edition import(struct kernel_fixture *fixture, const struct edition_kind *kind, const char *subject,
			     const char *from, const char *map, struct bytes file, struct findings *findings)
{
	struct edition_request request = { .kind = kind,
					   .subject = subject,
					   .title = "a test",
					   .until = DATE_NONE,
					   .mapping = mapping_named(fixture, map),
					   .file = file,
					   .actor = fixture_actor,
					   .now_us = fixture->clock.now_us };
	struct edition edition = { 0 };
	bool repeated = false;

	assert_true(date_parse(from, &request.from));
	must(edition_import(&fixture->kernel, fixture->arena, &request, &edition, &repeated, findings, &fixture->err));
	return edition;
}

/* It counts at once. */
static struct edition activated(struct kernel_fixture *fixture, const struct edition_kind *kind, const char *subject,
				const char *from, const char *map, struct bytes file)
{
	struct findings *findings = findings_new(fixture->arena);
	struct edition edition = import(fixture, kind, subject, from, map, file, findings);

	if (!edition.id)
		fail_msg("%s %s: %s at %s", kind->name, subject, findings_at(findings, 0)->text,
			 findings_at(findings, 0)->path);
	must(edition_decide(&fixture->kernel, fixture->arena, edition.id, "activate", DATE_NONE, &fixture_actor, NULL,
			    fixture->clock.now_us, &edition, findings, &fixture->err));
	assert_string_equal(edition.state, "active");
	return edition;
}

static const struct book *open_on(struct kernel_fixture *fixture, const char *version, const char *as_of)
{
	const struct book *book = NULL;
	date day;

	assert_true(date_parse(as_of, &day));
	must(book_open(&fixture->kernel, version, day, &book, &fixture->err));
	return book;
}

/* "01 > Bovine > …", by texts, of the line of CODE. */
static const char *path_in(struct kernel_fixture *fixture, const struct book *book, const char *code,
			   const char *language)
{
	uint32_t line = book_find(book, code);

	return line == BOOK_NONE ? NULL : book_path_text(book, line, language, fixture->arena);
}

static const char hs_lines[] = "code,line_kind,dash_level,level,text_en\n"
			       "01,line,0,2,LIVE ANIMALS\n"
			       "0102,line,0,4,Live bovine animals\n"
			       "010221,group,1,5,Cattle\n"
			       "010221,line,2,6,Pure-bred breeding animals\n"
			       "010229,line,2,6,Other\n"
			       "0103,line,0,4,Live swine\n";
static const char ahtn_head[] =
	"code,hs6,heading,chapter,dash_level,desc_en,desc_id,desc_vi,path_en,missing_levels,id_national_ch98\n";
static const char ahtn_lines[] =
	"01022100,010221,0102,01,2,Pure-bred,Bibit,Thuan chung,Live bovine animals > Cattle > Pure-bred,0,0\n"
	"01022911,010229,0102,01,4,Oxen,Oxen,Bo thien,Live bovine animals > Cattle > Other > Male cattle > Oxen,0,0\n";

static const char *both(struct kernel_fixture *fixture, const char *a, const char *b)
{
	return arena_printf(fixture->arena, "%s%s", a, b);
}

/* The AHTN is the HS with two more digits: chapter, heading, subheading are the HS's. */
static void a_book_stands_on_the_version_below(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct book *book;
	const struct book_line *line;

	activated(fixture, &lines_kind, "HS2022", "2022-01-01", "hs2022-legal", bytes_of(hs_lines));
	activated(fixture, &lines_kind, "AHTN2022", "2022-01-01", "ahtn2022-lines",
		  bytes_of(both(fixture, ahtn_head, ahtn_lines)));
	book = open_on(fixture, "AHTN2022", "2026-11-02");
	assert_non_null(book);
	assert_string_equal(path_in(fixture, book, "01022911", "en"),
			    "Live bovine animals > Cattle > Other > Male cattle > Oxen");
	assert_string_equal(path_in(fixture, book, "01022911", "vi"),
			    "Live bovine animals > Cattle > Other > Male cattle > Bo thien");
	line = &book->lines[book_find(book, "010229")];
	assert_int_equal(line->origin, BOOK_PATH);
	assert_int_equal(line->depth, 3);
	assert_string_equal(book->lines[line->parent].code, "");
	assert_string_equal(book->lines[book_find(book, "01")].texts->en, "LIVE ANIMALS");
	assert_int_equal(book->lines[book_find(book, "01")].origin, BOOK_BASE);
	/* 0102.21.00 is what stands for 0102.21. */
	assert_string_equal(book->lines[book_find(book, "010221")].code, "01022100");
	assert_int_equal(book_find(book, "010230"), BOOK_NONE);
	book_close(book);
}

static void headings_of_a_file_beside_it_are_its_own_words(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct book *book;

	activated(fixture, &lines_kind, "HS2022", "2022-01-01", "hs2022-legal", bytes_of(hs_lines));
	activated(fixture, &headings_kind, "AHTN2022", "2022-01-01", "ahtn2022-headings",
		  bytes_of("code,level,dash_level,desc_en,desc_id\n"
			   "0102,4,0,Live bovine animals.,Binatang hidup jenis lembu.\n"
			   "010229,6,2,Other,Lain-lain\n"));
	activated(fixture, &lines_kind, "AHTN2022", "2022-01-01", "ahtn2022-lines",
		  bytes_of(both(fixture, ahtn_head, ahtn_lines)));
	book = open_on(fixture, "AHTN2022", "2026-11-02");
	assert_string_equal(path_in(fixture, book, "01022911", "id"),
			    "Binatang hidup jenis lembu. > Cattle > Lain-lain > Male cattle > Oxen");
	assert_int_equal(book->lines[book_find(book, "0102")].origin, BOOK_HEADINGS);
	book_close(book);
}

static void a_book_is_as_it_was_on_the_day_that_is_asked_for(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct book *before, *after, *held;
	struct edition second;

	activated(fixture, &lines_kind, "HS2022", "2022-01-01", "hs2022-legal", bytes_of(hs_lines));
	held = open_on(fixture, "HS2022", "2026-11-02");
	second = activated(fixture, &lines_kind, "HS2022", "2026-01-01", "hs2022-legal",
			   bytes_of("code,line_kind,dash_level,level,text_en\n01,line,0,2,ANIMALS; LIVE\n"));
	before = open_on(fixture, "HS2022", "2025-12-31");
	after = open_on(fixture, "HS2022", "2026-11-02");
	assert_string_equal(before->lines[0].texts->en, "LIVE ANIMALS");
	assert_string_equal(after->lines[0].texts->en, "ANIMALS; LIVE");
	/* Who holds a book is not told another one. */
	assert_string_equal(held->lines[0].texts->en, "LIVE ANIMALS");
	assert_ptr_equal(held, before);
	book_close(after);
	must(edition_decide(&fixture->kernel, fixture->arena, second.id, "withdraw", DATE_NONE, &fixture_actor, "wrong",
			    fixture->clock.now_us, &second, findings_new(fixture->arena), &fixture->err));
	after = open_on(fixture, "HS2022", "2026-11-02");
	assert_string_equal(after->lines[0].texts->en, "LIVE ANIMALS");
	book_close(before);
	book_close(after);
	book_close(held);
	assert_null(open_on(fixture, "HS2017", "2026-11-02"));
	assert_null(open_on(fixture, "HS1066", "2026-11-02"));
}

static void a_state_has_its_book_under_the_ahtn(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct nomenclature_version version = { .code = "VN2023",
						.title = "Decree 26/2023/ND-CP",
						.base = "AHTN2022",
						.from = date_of(2023, 7, 15),
						.until = DATE_NONE,
						.digits = 10 };
	struct findings *findings = findings_new(fixture->arena);
	const struct book *book;

	assert_null(import(fixture, &lines_kind, "VN2023", "2023-07-15", "ahtn2022-lines",
			   bytes_of(both(fixture, ahtn_head, ahtn_lines)), findings)
			    .id);
	assert_string_equal(codes_of(fixture->arena, findings), "NOM-011");
	findings = findings_new(fixture->arena);
	must(nomenclature_version_put(&fixture->kernel, fixture->arena, &version, &fixture_actor, findings,
				      &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	assert_null(import(fixture, &lines_kind, "VN2023", "2023-07-14", "ahtn2022-lines",
			   bytes_of(both(fixture, ahtn_head, ahtn_lines)), findings)
			    .id);
	assert_string_equal(codes_of(fixture->arena, findings), "NOM-012");
	activated(fixture, &lines_kind, "HS2022", "2022-01-01", "hs2022-legal", bytes_of(hs_lines));
	activated(fixture, &lines_kind, "AHTN2022", "2022-01-01", "ahtn2022-lines",
		  bytes_of(both(fixture, ahtn_head, ahtn_lines)));
	activated(fixture, &lines_kind, "VN2023", "2023-07-15", "ahtn2022-lines",
		  bytes_of(both(fixture, ahtn_head, "0102291190,010229,0102,01,5,Old oxen,,Bo gia,,0,0\n")));
	book = open_on(fixture, "VN2023", "2026-11-02");
	assert_string_equal(path_in(fixture, book, "0102291190", "vi"),
			    "Live bovine animals > Cattle > Other > Male cattle > Bo thien > Bo gia");
	assert_string_equal(book->base->version.code, "AHTN2022");
	assert_string_equal(book->base->base->version.code, "HS2022");
	book_close(book);
}

static void a_unit_is_that_of_the_subheading(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct book *book;
	const struct book_line *line;

	activated(fixture, &lines_kind, "HS2022", "2022-01-01", "hs2022-legal", bytes_of(hs_lines));
	activated(fixture, &units_kind, "HS2022.stand-in", "2022-01-01", "units-surrogate",
		  bytes_of("hs6,unit_au,unit_us,rec20_suggest,basis\n010229,No,No.,NMB,au\n"));
	activated(fixture, &lines_kind, "AHTN2022", "2022-01-01", "ahtn2022-lines",
		  bytes_of(both(fixture, ahtn_head, ahtn_lines)));
	book = open_on(fixture, "AHTN2022", "2026-11-02");
	line = &book->lines[book_find(book, "01022911")];
	assert_string_equal(line->unit, "NAR");
	assert_string_equal(line->unit_basis, "stand-in: tariff of Australia");
	assert_null(book->lines[book_find(book, "01022100")].unit);
	book_close(book);
}

/* --- Correlation --- */

static const char hs_rows[] = "from_version,from_code,to_version,to_code,relationship\n"
			      "2022,010221,2017,010221,1:1\n"
			      "2022,010229,2017,010229,1:n\n"
			      "2022,010229,2017,010231,1:n\n";

static struct correlator *between(struct kernel_fixture *fixture, const char *from, const char *to, const char **codes)
{
	struct findings *findings = findings_new(fixture->arena);
	struct correlator *correlator = NULL;

	must(correlator_open(&fixture->kernel, from, to, date_of(2026, 11, 2), &correlator, findings, &fixture->err));
	*codes = codes_of(fixture->arena, findings);
	assert_true((correlator != NULL) == same(*codes, ""));
	return correlator;
}

static void what_cannot_be_correlated_is_said(void **state)
{
	static const struct {
		const char *code, *finding;
	} asked[] = { { "0102.21", "" }, { "0102", "NOM-024" }, { "0102.2x", "NOM-001" }, { "0103.10", "NOM-022" } };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *codes;

	activated(fixture, &correlation_kind, "UNSD", "2022-01-01", "hs-correlation", bytes_of(hs_rows));
	activated(fixture, &lines_kind, "HS2022", "2022-01-01", "hs2022-legal", bytes_of(hs_lines));
	assert_null(between(fixture, "2022", "1066", &codes));
	assert_string_equal(codes, "NOM-011");
	assert_null(between(fixture, "2022", "HS2022", &codes));
	assert_string_equal(codes, "NOM-021");
	assert_null(between(fixture, "2022", "2012", &codes));
	assert_string_equal(codes, "NOM-023");
	correlator_auto correlator = between(fixture, "2022", "2017", &codes);
	assert_string_equal(codes, "");
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct findings *findings = findings_new(fixture->arena);
		struct correlation found = { 0 };

		/* 0103.10 is in no file here: heading 01.03 has no subheadings. */
		must(correlator_look(correlator, fixture->arena, asked[i].code, NULL, false, &found, findings,
				     &fixture->err));
		assert_string_equal(codes_of(fixture->arena, findings), asked[i].finding);
	}
}

/* No correlation of the AHTN was found as data: its codes follow those of the HS, and say so. */
static void codes_of_eight_digits_follow_their_subheading_and_are_marked(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct findings *findings = findings_new(fixture->arena);
	struct correlation found = { 0 };
	const char *codes;

	activated(fixture, &correlation_kind, "UNSD", "2022-01-01", "hs-correlation", bytes_of(hs_rows));
	activated(fixture, &lines_kind, "AHTN2017", "2017-01-01", "ahtn2022-lines",
		  bytes_of(both(fixture, ahtn_head, ahtn_lines)));
	correlator_auto correlator = between(fixture, "AHTN2022", "AHTN2017", &codes);
	assert_non_null(correlator);
	must(correlator_look(correlator, fixture->arena, "0102.29.11", "vi", false, &found, findings, &fixture->err));
	assert_int_equal(found.count, 2);
	assert_string_equal(found.items[0].code, "01022911");
	assert_string_equal(found.items[0].text, "Bo thien");
	assert_true(found.items[0].inferred && !found.items[0].missing);
	assert_string_equal(found.items[1].code, "01023111");
	assert_true(found.items[1].inferred && found.items[1].missing);
	assert_true(found.person);
	/* One subheading, one code: nothing is to be decided, and what it rests on is said. */
	must(correlator_look(correlator, fixture->arena, "0102.21.00", NULL, false, &found, findings, &fixture->err));
	assert_string_equal(found.items[0].code, "01022100");
	assert_true(found.items[0].inferred && !found.person);
	assert_int_equal(findings_count(findings), 0);
}

/* --- The real files --- */

static const char *data_file(struct kernel_fixture *fixture, const char *name)
{
	const char *data = getenv("LINTAS_DATA");

	if (!data) {
		print_message("skipped: LINTAS_DATA does not say where the real files are\n");
		skip();
	}
	return arena_printf(fixture->arena, "%s/tariff/%s.csv", data, name);
}

static struct edition real(struct kernel_fixture *fixture, const struct edition_kind *kind, const char *subject,
			   const char *map, const char *name)
{
	size_t size;
	const char *text = read_whole(fixture, data_file(fixture, name), &size);

	return activated(fixture, kind, subject, "2022-01-01", map, bytes(text, size));
}

/* 11,414 lines of the AHTN and 138 of Indonesia's own, under 5,612 subheadings (PROVENANCE.md of the data). */
static void ahtn_2022_is_a_whole_tree(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct book *book;
	uint32_t lines = 0, national = 0, orphans = 0;

	real(fixture, &lines_kind, "HS2022", "hs2022-legal", "hs2022_legal_text_en");
	real(fixture, &headings_kind, "AHTN2022", "ahtn2022-headings", "ahtn2022_headings");
	real(fixture, &lines_kind, "AHTN2022", "ahtn2022-lines", "ahtn2022");
	book = open_on(fixture, "AHTN2022", "2026-11-02");
	for (uint32_t i = 0; i < book->lines_count; i++) {
		const struct book_line *line = &book->lines[i];

		lines += line->origin == BOOK_FILE && !line->national;
		national += line->national;
		orphans += line->depth > 0 && book->lines[line->parent].depth + 1 != line->depth;
		assert_true(line->end > i && line->end <= book->lines_count);
	}
	assert_int_equal(lines, 11414);
	assert_int_equal(national, 138);
	assert_int_equal(orphans, 0);
	/* Each as its source prints it: 0102.29.11, 1006.30.40 (Singapore Customs), 8517.13.00; 8703.21.11 has lost a
	 * level. */
	assert_string_equal(path_in(fixture, book, "01022911", "en"),
			    "Live bovine animals. > Cattle > Other > Male cattle > Oxen");
	assert_string_equal(path_in(fixture, book, "10063040", "vi"),
			    "Rice. > Semi-milled or wholly milled rice, "
			    "whether or not polished or glazed > Gạo Hom Mali");
	assert_non_null(strstr(path_in(fixture, book, "87032111", "en"), " cc > … > Go-karts"));
	assert_string_equal(book->lines[book_find(book, "851713")].code, "85171300");
	assert_string_equal(book->lines[book_find(book, "0409")].code, "04090000");
	print_message("%u lines, %zu bytes\n", book->lines_count, arena_used(book->shared.arena));
	book_close(book);
}

/* 5,205 + 5,387 + 5,612 subheadings in one file (PROVENANCE.md of the data). */
static void a_file_of_several_versions_fills_each(void **state)
{
	static const struct {
		const char *version, *from;
		int subheadings;
	} versions[] = { { "HS2012", "2012-01-01", 5205 }, { "HS2017", "2017-01-01", 5387 } };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	size_t size;
	const char *text = read_whole(fixture, data_file(fixture, "hs_nomenclature"), &size);

	for (size_t i = 0; i < COUNT(versions); i++) {
		const struct book *book;
		int subheadings = 0;

		activated(fixture, &lines_kind, versions[i].version, versions[i].from, "hs-comtrade",
			  bytes(text, size));
		book = open_on(fixture, versions[i].version, "2026-11-02");
		for (uint32_t j = 0; j < book->lines_count; j++)
			subheadings += strlen(book->lines[j].code) == 6;
		assert_int_equal(subheadings, versions[i].subheadings);
		book_close(book);
	}
}

static void notes_go_in_as_they_are(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct book *book;
	int gir = 0, sen = 0, cut = 0;

	real(fixture, &lines_kind, "HS2022", "hs2022-legal", "hs2022_legal_text_en");
	real(fixture, &notes_kind, "HS2022.gir-en", "gir", "gir_en");
	real(fixture, &notes_kind, "HS2022.sections-en", "section-notes", "hs2022_section_notes_en");
	real(fixture, &notes_kind, "HS2022.notes-en", "legal-notes", "hs2022_legal_notes_en_us");
	real(fixture, &notes_kind, "HS2022.notes-vi", "notes-vi", "hs2022_legal_notes_vi");
	real(fixture, &notes_kind, "HS2022.sen-en", "sen", "sen_ahtn2022_partial");
	book = open_on(fixture, "HS2022", "2026-11-02");
	for (uint32_t i = 0; i < book->notes_count; i++) {
		gir += same(book->notes[i].kind, "gir");
		sen += same(book->notes[i].kind, "sen");
		cut += book->notes[i].cut;
	}
	assert_int_equal(book->notes_count, 6 + 21 + 139 + 109 + 57);
	assert_int_equal(gir, 6);
	assert_int_equal(sen, 57);
	assert_int_equal(cut, 35);
	book_close(book);
}

/* Counts rows "2022,CODE,2017,…,RELATIONSHIP" of FILE whose code has no other row, and checks each. */
static int check_rows(struct kernel_fixture *fixture, const struct correlator *correlator, const char *file,
		      size_t size)
{
	struct findings *findings = findings_new(fixture->arena);
	char code[CODE_SIZE] = "", next[CODE_SIZE], relationship[8], last[8] = "";
	int alone = 0, rows = 0;

	for (const char *line = file; line && line < file + size;
	     line = memchr(line, '\n', (size_t)(file + size - line))) {
		arena_auto arena = arena_new((size_t)1 << 20);
		struct correlation found = { 0 };

		line += *line == '\n';
		if (!starts_with(line, "2022,") || strncmp(line + 11, ",2017,", 6) != 0)
			continue;
		snprintf(next, sizeof(next), "%.6s", line + 5);
		snprintf(relationship, sizeof(relationship), "%.3s", line + 24);
		if (!same(code, next) && rows == 1) {
			must(correlator_look(correlator, arena, code, NULL, true, &found, findings, &fixture->err));
			assert_string_equal(found.relationship, last);
			alone++;
		}
		rows = same(code, next) ? rows + 1 : 1;
		memcpy(code, next, sizeof(code));
		memcpy(last, relationship, sizeof(last));
	}
	assert_int_equal(findings_count(findings), 0);
	return alone;
}

/* The table says for each pair of subheadings what they are to each other; we compute it from the pairs. */
static void the_relationship_is_the_one_that_the_table_says(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct findings *findings = findings_new(fixture->arena);
	correlator_auto correlator = NULL;
	struct correlation found = { 0 };
	const char *text;
	size_t size;

	real(fixture, &correlation_kind, "UNSD", "hs-correlation", "hs_correlation");
	must(correlator_open(&fixture->kernel, "2022", "2017", date_of(2026, 11, 2), &correlator, findings,
			     &fixture->err));
	assert_non_null(correlator);
	must(correlator_look(correlator, fixture->arena, "0101.21", NULL, false, &found, findings, &fixture->err));
	assert_string_equal(found.relationship, "1:1");
	assert_string_equal(found.items[0].code, "010121");
	assert_false(found.person);
	must(correlator_look(correlator, fixture->arena, "8549.21", NULL, false, &found, findings, &fixture->err));
	assert_string_equal(found.relationship, "n:n");
	assert_true(found.person);
	assert_true(found.count < 10);
	must(correlator_look(correlator, fixture->arena, "8549.21", NULL, true, &found, findings, &fixture->err));
	assert_int_equal(found.count, 1019);
	text = read_whole(fixture, data_file(fixture, "hs_correlation"), &size);
	assert_true(check_rows(fixture, correlator, text, size) > 5000);
	assert_int_equal(findings_count(findings), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_book_stands_on_the_version_below),
		cmocka_unit_test(headings_of_a_file_beside_it_are_its_own_words),
		cmocka_unit_test(a_book_is_as_it_was_on_the_day_that_is_asked_for),
		cmocka_unit_test(a_state_has_its_book_under_the_ahtn),
		cmocka_unit_test(a_unit_is_that_of_the_subheading),
		cmocka_unit_test(what_cannot_be_correlated_is_said),
		cmocka_unit_test(codes_of_eight_digits_follow_their_subheading_and_are_marked),
		cmocka_unit_test(ahtn_2022_is_a_whole_tree),
		cmocka_unit_test(a_file_of_several_versions_fills_each),
		cmocka_unit_test(notes_go_in_as_they_are),
		cmocka_unit_test(the_relationship_is_the_one_that_the_table_says),
	};

	return kernel_run("customs_nomenclature", tests, COUNT(tests), customs_capabilities);
}
