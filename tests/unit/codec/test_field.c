#include "field_sample.h"

#include <pthread.h>

struct reading {
	struct arena *arena;
	struct xml_doc *doc;
	struct findings *findings;
	struct form form;
};

static void read_xml(struct reading *reading, const char *text)
{
	struct err err = { 0 };

	*reading = (struct reading){ .arena = arena_new(1 << 20) };
	reading->findings = findings_new(reading->arena);
	assert_non_null(reading->findings);
	if (xml_parse(reading->arena, bytes_of(text), &xml_limits_default, &reading->doc, &err) != OK)
		fail_msg("%s", err.text);
	assert_true(field_read_xml(reading->arena, &form_schema, xml_root(reading->doc), &codes, &reading->form,
				   reading->findings));
}

static void reading_done(struct reading *reading)
{
	xml_free(reading->doc);
	arena_free(reading->arena);
}

static void assert_decimal(struct decimal value, const char *expected)
{
	char text[DECIMAL_SIZE];

	assert_string_equal(decimal_format(value, text), expected);
}

static void a_document_is_read_into_its_struct(void **state)
{
	(void)state;
	struct reading reading;
	const struct form *form = &reading.form;

	read_xml(&reading, sample_xml);
	assert_string_equal(found(reading.arena, reading.findings), "");
	assert_string_equal(form->version, "1.0");
	assert_string_equal(form->agency, "a \"b\"");
	assert_string_equal(form->number, "D2026-0045678");
	assert_int_equal(form->issued, date_of(2026, 11, 2));
	/* date -u -d 2026-11-02T03:10:04Z +%s */
	assert_true(form->signed_at == INT64_C(1793589004123000));
	assert_true(form->retrospective);
	assert_false(form->exhibition);
	assert_string_equal(form->remarks, "Hải Phòng & <กรุงเทพ>\n\"2nd\"");
	assert_null(form->extension);
	assert_int_equal(form->items_count, 2);
	assert_true(form->items[0].sequence == 1);
	assert_string_equal(form->items[0].commodity, "8703.23");
	assert_string_equal(form->items[0].origin, "TH");
	assert_decimal(form->items[0].mass->value, "12.50");
	assert_string_equal(form->items[0].mass->unit, "KGM");
	assert_null(form->items[1].origin);
	assert_string_equal(form->items[1].mass->unit, "TNE");
	assert_int_equal(form->notes_count, 2);
	assert_string_equal(form->notes[0].language, "en");
	assert_string_equal(form->notes[0].text, "fragile");
	assert_null(form->notes[1].language);
	assert_null(form->notes[1].text);
	reading_done(&reading);
}

static void what_was_read_is_written_as_it_stood(void **state)
{
	(void)state;
	struct reading reading;
	buf_auto out;

	read_xml(&reading, sample_xml);
	buf_init(&out, 1 << 20);
	field_put_xml(&out, &form_schema, &reading.form);
	assert_int_equal(buf_check(&out, "form", NULL), OK);
	assert_string_equal(buf_text(&out), sample_xml);

	buf_clear(&out);
	field_put_xml_children(&out, &form_schema, &reading.form);
	size_t open = strlen(ROOT_OPEN), close = strlen("</f:Form>");
	assert_int_equal(out.size, strlen(sample_xml) - open - close);
	assert_memory_equal(out.data, sample_xml + open, out.size);
	reading_done(&reading);
}

static void indented_and_commented_documents_mean_the_same(void **state)
{
	(void)state;
	struct reading reading;
	buf_auto pretty;
	buf_auto out;

	buf_init(&pretty, 1 << 20);
	for (const char *c = sample_xml; *c; c++) {
		if (c[0] == '>' && c[1] == '<')
			buf_puts(&pretty, ">\n\t<!-- &amp; --> ");
		else if (c[0] == '>' && c[1] >= '0' && c[1] <= '9')
			buf_puts(&pretty, ">\n\t <!-- 7 -->");
		else
			buf_putc(&pretty, *c);
	}
	buf_init(&out, 1 << 20);
	read_xml(&reading, buf_text(&pretty));
	assert_string_equal(found(reading.arena, reading.findings), "");
	field_put_xml(&out, &form_schema, &reading.form);
	assert_string_equal(buf_text(&out), sample_xml);
	reading_done(&reading);
}

static void every_breakage_is_found_in_its_place(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);

	for (size_t i = 0; i < COUNT(xml_breakages); i++) {
		const struct breakage *breakage = &xml_breakages[i];
		struct reading reading;
		read_xml(&reading, with(arena, sample_xml, breakage->old, breakage->new));
		if (strcmp(found(reading.arena, reading.findings), breakage->found) != 0)
			print_error("%s -> %s\n", breakage->old, breakage->new);
		assert_string_equal(found(reading.arena, reading.findings), breakage->found);
		reading_done(&reading);
	}
}

static void all_that_is_wrong_is_found_at_once(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct reading reading;
	char *text = with(arena, sample_xml, "D2026-0045678", "2026");

	text = with(arena, text, "2026-11-02<", "2 November<");
	text = with(arena, text, "8703.23", "");
	text = with(arena, text, ">3<", ">three<");
	text = with(arena, text, "<f:Note>", "<f:Note colour=\"red\">");
	read_xml(&reading, text);
	assert_string_equal(found(arena, reading.findings),
			    "FLD-007 /number; FLD-005 /issued; FLD-001 /items/0/commodity; "
			    "FLD-005 /items/1/grossMass/value; FLD-011 /notes/1/colour");
	reading_done(&reading);
}

static void the_wrong_document_is_refused_as_a_whole(void **state)
{
	(void)state;
	struct reading reading;

	read_xml(&reading, "<Form><ID>D2026-0045678</ID></Form>");
	assert_string_equal(found(reading.arena, reading.findings), "FLD-003 ");
	assert_null(reading.form.number);
	assert_int_equal(reading.form.issued, DATE_NONE);
	assert_true(reading.form.signed_at == TIME_NONE);
	reading_done(&reading);
}

static void a_wrong_value_is_read_as_absent(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct reading reading;
	char *text = with(arena, sample_xml, "2026-11-02<", "2026-13-02<");

	text = with(arena, text, "04.123Z", "04.123");
	text = with(arena, text, "D2026", "X2026");
	text = with(arena, text, ">1<", ">one<");
	text = with(arena, text, ">12.50<", ">12,50<");
	text = with(arena, text, ">true<", ">TRUE<");
	read_xml(&reading, text);
	assert_int_equal(findings_errors(reading.findings), 6);
	assert_int_equal(reading.form.issued, DATE_NONE);
	assert_true(reading.form.signed_at == TIME_NONE);
	assert_null(reading.form.number);
	assert_false(reading.form.retrospective);
	assert_true(reading.form.items[0].sequence == INTEGER_NONE);
	assert_false(decimal_given(reading.form.items[0].mass->value));
	reading_done(&reading);
}

static void a_finding_says_what_is_wanted_and_by_which_law(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct reading reading;
	const struct finding *finding;
	char *text = with(arena, sample_xml, "D2026-0045678", "D26");

	text = with(arena, text, "2026-11-02<", "2.11.2026<");
	text = with(arena, text, "<f:GrossMassMeasure unitCode=\"KGM\">12.50</f:GrossMassMeasure>", "");
	read_xml(&reading, text);
	finding = findings_at(reading.findings, 0);
	assert_string_equal(finding->law, "OCP rule 10");
	assert_non_null(strstr(finding->text, "\"D26\""));
	assert_non_null(strstr(finding->text, "D[0-9]{4}-[0-9]{7}"));
	finding = findings_at(reading.findings, 1);
	assert_null(finding->law);
	assert_non_null(strstr(finding->text, "\"2.11.2026\""));
	assert_non_null(strstr(finding->text, "2026-11-02"));
	finding = findings_at(reading.findings, 2);
	assert_string_equal(finding->law, "OCP annex 7, box 9");
	assert_non_null(strstr(finding->text, "gross mass"));
	reading_done(&reading);
}

static void a_huge_value_is_shortened_in_its_finding(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct reading reading;
	char *value = arena_alloc(arena, 3 * 10000 + 1);

	for (size_t i = 0; i < 10000; i++)
		memcpy(value + 3 * i, "ก", 3);
	read_xml(&reading, with(arena, sample_xml, "2026-11-02<", arena_printf(arena, "%s<", value)));
	const struct finding *finding = findings_at(reading.findings, 0);
	assert_in_range(strlen(finding->text), 60, 200);
	assert_non_null(strstr(finding->text, "กก...\""));
	reading_done(&reading);
}

/* RFC 6901 §3: "~" is "~0" and "/" is "~1"; neither is possible in an XML name, so a table's JSON name is used. */
static void paths_are_json_pointers(void **state)
{
	(void)state;
	struct odd {
		const char *text;
	} odd = { .text = NULL };
	static const struct field rows[] = { FIELD_TEXT(struct odd, text, .json = "a/b~c", .min = 1) };
	static const struct fields table = FIELDS(struct odd, rows);
	static const struct schema schema = { .name = "ODD", .root = "Odd", .ns = "", .prefix = "", .fields = &table };
	arena_auto arena = arena_new(1 << 16);
	struct findings *findings = findings_new(arena);

	field_check(&schema, &odd, NULL, findings);
	assert_string_equal(found(arena, findings), "FLD-001 /a~1b~0c");
}

static void an_extension_is_kept_as_it_is(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct reading reading;
	buf_auto out;

	read_xml(&reading,
		 with(arena, sample_xml, "<f:GoodsItem>", "<f:Extension a=\"1\">t<x/></f:Extension><f:GoodsItem>"));
	assert_string_equal(found(arena, reading.findings), "");
	assert_non_null(reading.form.extension);
	assert_string_equal(xml_attribute(reading.form.extension, "", "a"), "1");
	buf_init(&out, 1 << 20);
	field_put_xml(&out, &form_schema, &reading.form);
	assert_string_equal(buf_text(&out), sample_xml);
	reading_done(&reading);
}

static void codes_are_not_looked_up_without_lists(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct findings *findings = findings_new(arena);
	struct form form;
	xml_doc_auto doc = NULL;
	struct err err;

	assert_int_equal(
		xml_parse(arena, bytes_of(with(arena, sample_xml, ">TH<", ">DE<")), &xml_limits_default, &doc, &err),
		OK);
	assert_true(field_read_xml(arena, &form_schema, xml_root(doc), NULL, &form, findings));
	assert_int_equal(findings_count(findings), 0);
	assert_string_equal(form.items[0].origin, "DE");
}

/* Whatever memory there is, the reader says that it was too little, or the document is complete. */
static void out_of_memory_fails_the_reading(void **state)
{
	(void)state;
	struct form form;
	arena_auto tree = arena_new(1 << 20);
	xml_doc_auto doc = NULL;
	struct err err;
	bool complete = false;

	assert_int_equal(xml_parse(tree, bytes_of(sample_xml), &xml_limits_default, &doc, &err), OK);
	for (size_t size = 0; !complete; size += 8) {
		arena_auto arena = arena_new(size);
		arena_auto other = arena_new(1 << 20);
		struct findings *findings = findings_new(other);
		complete = field_read_xml(arena, &form_schema, xml_root(doc), &codes, &form, findings);
		assert_int_equal(findings_count(findings), 0);
		assert_true(size > 100 || !complete);
		assert_true(size < 100000);
		if (complete)
			assert_string_equal(form.notes[0].text, "fragile");
	}
}

static struct mass mass = { .unit = "KGM" };
static struct item item = { .sequence = 1, .commodity = "8703.23", .origin = "TH", .mass = &mass };

static struct form filled(void)
{
	mass.value = decimal_of(7);
	return (struct form){ .version = "1.0",
			      .number = "D2026-0045678",
			      .issued = date_of(2026, 11, 2),
			      .signed_at = TIME_NONE,
			      .items = &item,
			      .items_count = 1 };
}

static const char *checked(struct arena *arena, const struct form *form)
{
	struct findings *findings = findings_new(arena);

	assert_non_null(findings);
	field_check(&form_schema, form, &codes, findings);
	return found(arena, findings);
}

static void a_record_filled_in_c_is_checked_like_a_document(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct form form = filled();

	assert_string_equal(checked(arena, &form), "");
	form.number = "D2026";
	assert_string_equal(checked(arena, &form), "FLD-007 /number");
	form.number = "";
	assert_string_equal(checked(arena, &form), "FLD-001 /number");
	form = filled();
	form.issued = DATE_NONE;
	form.items_count = 0;
	assert_string_equal(checked(arena, &form), "FLD-001 /issued; FLD-001 /items");
	form = filled();
	struct item broken[4] = { item, item, item, item };
	broken[1].mass = NULL;
	broken[2].origin = "DE";
	form.items = broken;
	form.items_count = 4;
	assert_string_equal(checked(arena, &form),
			    "FLD-002 /items; FLD-001 /items/1/grossMass; FLD-008 /items/2/origin");
}

static const char *two_states(const struct code_lists *lists, const char *list, size_t index)
{
	static const char *const states[] = { "TH", "VN" };

	(void)lists, (void)list;
	return index < COUNT(states) ? states[index] : NULL;
}

static const char *state_name(const struct code_lists *lists, const char *list, const char *code)
{
	(void)lists, (void)list;
	return same(code, "VN") ? "Viet Nam" : NULL;
}

/* What is a name is quoted, so that "issued in is missing" is no riddle; of a short list the codes are told at once. */
static void findings_read_as_sentences(void **state)
{
	(void)state;
	static const struct field text_rows[] = {
		FIELD_TEXT(struct item, commodity, .json = "c", .min = 1, .label = "issued in"),
		FIELD_CODE(struct item, origin, .json = "o", .list = "ISO3166"),
	};
	static const struct field list_rows[] = { FIELD_LIST(struct form, items, items_count, struct item, item_table,
							     .json = "i", .min = 2, .max = 3, .label = "invoices") };
	static const struct fields texts = FIELDS(struct item, text_rows), lists = FIELDS(struct form, list_rows);
	static const struct code_lists few = { .known = is_member_state, .at = two_states, .name = state_name };
	const struct schema of_texts = { .fields = &texts }, of_lists = { .fields = &lists };
	arena_auto arena = arena_new(1 << 20);
	struct findings *findings = findings_new(arena);

	field_check(&of_texts, &(struct item){ .origin = "DE" }, &few, findings);
	field_check(&of_lists, &(struct form){ 0 }, NULL, findings);
	assert_string_equal(findings_at(findings, 0)->text, "\"issued in\" is missing");
	assert_string_equal(findings_at(findings, 1)->text,
			    "\"DE\" is not in the code list ISO3166 (TH; VN: Viet Nam)");
	assert_string_equal(findings_at(findings, 2)->text, "\"invoices\" is missing, at least 2 are needed");
}

static void texts_that_would_not_survive_a_journey_are_found(void **state)
{
	(void)state;
	static const struct {
		const char *text, *found;
	} rows[] = {
		{ "tab\tand\r\nlines", "" },
		{ " x", "FLD-005 /remarks" },
		{ "x\n", "FLD-005 /remarks" },
		{ "a\x01"
		  "b",
		  "FLD-010 /remarks" },
		{ "a\x7F", "FLD-010 /remarks" },
		{ "\xC2\x9F", "FLD-010 /remarks" },
		{ "\xC2\xA0", "" },
		{ "\xED\xA0\x80", "FLD-010 /remarks" },
		{ "\xEF\xBF\xBE", "FLD-010 /remarks" },
		{ "\xEF\xBF\xBD", "" },
		{ "\xFF", "FLD-010 /remarks" },
		{ "0123456789012345678901234567890123456789", "" },
		{ "01234567890123456789012345678901234567890", "FLD-006 /remarks" },
		{ "ภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภภ", "" }, /* 40 characters, 120 bytes */
	};
	arena_auto arena = arena_new(1 << 20);
	struct form form = filled();

	for (size_t i = 0; i < COUNT(rows); i++) {
		form.remarks = rows[i].text;
		assert_string_equal(checked(arena, &form), rows[i].found);
	}
}

static void a_character_that_xml_cannot_carry_fails_the_writing(void **state)
{
	(void)state;
	struct form form = filled();
	buf_auto out;

	buf_init(&out, 1 << 20);
	form.remarks = "a\x01";
	field_put_xml(&out, &form_schema, &form);
	assert_int_equal(buf_check(&out, "form", NULL), ERR_SYNTAX);
}

static void the_default_namespace_and_none_need_no_prefix(void **state)
{
	(void)state;
	struct schema schema = form_schema;
	struct reading reading;
	buf_auto out;

	read_xml(&reading, sample_xml);
	reading.form.items_count = 0;
	reading.form.notes_count = 0;
	reading.form.remarks = NULL;
	schema.prefix = "";
	buf_init(&out, 1 << 20);
	field_put_xml(&out, &schema, &reading.form);
	assert_non_null(strstr(buf_text(&out),
			       "<Form xmlns=\"urn:example:form\" agency=\"a &quot;b&quot;\" version=\"1.0\"><ID>D"));
	schema.ns = "";
	buf_clear(&out);
	field_put_xml(&out, &schema, &reading.form);
	assert_non_null(strstr(buf_text(&out), "<Form agency="));
	reading_done(&reading);
}

/* --- qualified attributes and open tables, as ebMS 2.0 has them --- */

struct line {
	const char *text;
};

struct header {
	const char *version;
	const char *id;
	const char *cpa;
	struct note *party;
	struct line *lines;
	size_t lines_count;
	const struct xml_node *kept;
};

static const struct field line_rows[] = { FIELD_TEXT(struct line, text, .json = "text", .xml = "Text") };
static const struct fields line_table = FIELDS(struct line, line_rows);
static const struct fields open_note_table = FIELDS_OPEN(struct note, note_rows);
static const struct field header_rows[] = {
	FIELD_TEXT(struct header, version, .attribute = true, .json = "version", .xml = "version", .min = 1),
	FIELD_TEXT(struct header, id, .attribute = true, .json = "id", .xml = "id"),
	FIELD_TEXT(struct header, cpa, .json = "cpa", .xml = "CPAId", .min = 1),
	FIELD_GROUP(struct header, party, struct note, open_note_table, .json = "party", .xml = "PartyId"),
	FIELD_LIST(struct header, lines, lines_count, struct line, line_table, .json = "lines", .xml = "Line",
		   .max = 3),
	FIELD_NODE(struct header, kept, .xml = "Any"),
};
static const struct fields open_header = FIELDS_OPEN(struct header, header_rows);
static const struct fields closed_header = FIELDS(struct header, header_rows);
static const struct schema header_schema = {
	.name = "HEADER", .root = "Header", .ns = "urn:eb", .prefix = "eb", .fields = &open_header, .qualified = true
};

#define IN_HEADER(inside)                                                                                              \
	"<eb:Header xmlns:eb='urn:eb' xmlns:s='urn:s' eb:version='2.0' s:mustUnderstand='1'>" inside "</eb:Header>"

static struct header header_read(struct arena *arena, const struct schema *schema, const char *text,
				 const char *expected_findings)
{
	struct header header;
	struct findings *findings = findings_new(arena);
	struct xml_doc *doc = NULL;
	struct err err;

	if (xml_parse(arena, bytes_of(text), &xml_limits_default, &doc, &err) != OK)
		fail_msg("%s", err.text);
	assert_true(field_read_xml(arena, schema, xml_root(doc), NULL, &header, findings));
	xml_free(doc);
	if (!same(found(arena, findings), expected_findings))
		fail_msg("%s: \"%s\" instead of \"%s\"", text, found(arena, findings), expected_findings);
	return header;
}

static void a_qualified_attribute_is_read_with_and_without_its_namespace(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct header header;

	header = header_read(arena, &header_schema,
			     "<Header xmlns='urn:eb' xmlns:p='urn:eb' p:version=' 2.0 ' id='a'><CPAId>c</CPAId>"
			     "<PartyId p:lang='th'>x</PartyId></Header>",
			     "");
	assert_string_equal(header.version, "2.0");
	assert_string_equal(header.id, "a");
	assert_string_equal(header.party->language, "th");
	/* One that is given both ways is given twice: the stranger is the one without. */
	header = header_read(arena, &header_schema,
			     "<p:Header version='1.0' xmlns:p='urn:eb' p:version='2.0'><p:CPAId>c</p:CPAId></p:Header>",
			     "FLD-011 /version");
	assert_string_equal(header.version, "2.0");
	/* Another namespace is another attribute. */
	header_read(arena, &header_schema,
		    "<p:Header xmlns:q='urn:q' q:version='1.0' xmlns:p='urn:eb'><p:CPAId>c</p:CPAId></p:Header>",
		    "FLD-001 /version");
	/* Where attributes are not qualified, none is. */
	struct schema bare = header_schema;
	bare.qualified = false;
	header_read(arena, &bare, "<p:Header xmlns:p='urn:eb' p:version='2.0'><p:CPAId>c</p:CPAId></p:Header>",
		    "FLD-001 /version; FLD-011 /version");
}

static void an_open_table_leaves_out_what_is_of_other_namespaces(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);
	struct header header = header_read(
		arena, &header_schema,
		IN_HEADER("<s:a/><eb:CPAId s:a='1'>c</eb:CPAId><s:CPAId>d</s:CPAId> <eb:PartyId s:b='1' eb:lang='th'>"
			  "x</eb:PartyId><eb:Line><eb:Text>1</eb:Text></eb:Line><s:a><eb:Line/></s:a><s:b/>"
			  "<eb:Line><eb:Text>2</eb:Text></eb:Line><s:c>t</s:c><eb:Any s:x='1'><s:y/></eb:Any><s:z/>"),
		"");

	assert_string_equal(header.version, "2.0");
	assert_string_equal(header.cpa, "c");
	assert_string_equal(header.party->text, "x");
	assert_int_equal(header.lines_count, 2);
	assert_string_equal(header.lines[0].text, "1");
	assert_string_equal(header.lines[1].text, "2");
	assert_non_null(header.kept);
}

/* ##other of XSD: neither the schema's own namespace nor none. */
static void an_open_table_is_strict_about_its_own(void **state)
{
	(void)state;
	static const struct {
		const char *text, *found;
	} rows[] = {
		{ IN_HEADER("<eb:CPAId>c</eb:CPAId><eb:Colour/>"), "FLD-003 /Colour" },
		{ IN_HEADER("<eb:CPAId>c</eb:CPAId><Colour/>"), "FLD-003 /Colour" },
		{ IN_HEADER("<eb:Line/><s:a/><eb:CPAId>c</eb:CPAId>"), "FLD-004 /cpa" },
		{ IN_HEADER("<eb:CPAId eb:x='1'>c</eb:CPAId>"), "FLD-011 /cpa/x" },
		{ IN_HEADER("<eb:CPAId x='1'>c</eb:CPAId>"), "FLD-011 /cpa/x" },
		{ IN_HEADER("<eb:CPAId>c<s:x/></eb:CPAId>"), "FLD-003 /cpa/x" }, /* would cut the value */
		{ IN_HEADER("<eb:CPAId>c</eb:CPAId>t<s:x/>"), "FLD-009 " },
		{ IN_HEADER("<eb:CPAId>c</eb:CPAId><eb:Line/><s:x/><eb:Line/><eb:Line/><eb:Line/>"), "FLD-002 /lines" },
		{ IN_HEADER("<eb:CPAId>c</eb:CPAId><eb:Line><s:x/></eb:Line>"), "FLD-003 /lines/0/x" }, /* not open */
		{ IN_HEADER("<eb:CPAId>c</eb:CPAId><eb:Line s:x='1'/>"), "FLD-011 /lines/0/x" },
	};
	arena_auto arena = arena_new(1 << 20);

	for (size_t i = 0; i < COUNT(rows); i++)
		header_read(arena, &header_schema, rows[i].text, rows[i].found);
	struct schema closed = header_schema;
	closed.fields = &closed_header;
	header_read(arena, &closed, IN_HEADER("<s:a/><eb:CPAId s:a='1'>c</eb:CPAId>"),
		    "FLD-011 /mustUnderstand; FLD-003 /a; FLD-011 /cpa/a");
}

static void qualified_attributes_are_written_with_the_prefix(void **state)
{
	(void)state;
	struct note party = { .language = "th", .text = "x" };
	const struct header header = { .version = "2.0", .id = "a", .cpa = "c", .party = &party };
	buf_auto out;

	buf_init(&out, 1 << 20);
	field_put_xml(&out, &header_schema, &header);
	assert_string_equal(buf_text(&out),
			    "<eb:Header xmlns:eb=\"urn:eb\" eb:id=\"a\" eb:version=\"2.0\">"
			    "<eb:CPAId>c</eb:CPAId><eb:PartyId eb:lang=\"th\">x</eb:PartyId></eb:Header>");
	/* Canonical, exclusive and inclusive alike: what reads it back writes the same. */
	arena_auto arena = arena_new(1 << 20);
	struct xml_doc *doc = NULL;
	struct err err;
	assert_int_equal(xml_parse(arena, buf_bytes(&out), &xml_limits_default, &doc, &err), OK);
	buf_auto canonical;
	buf_init(&canonical, 1 << 20);
	assert_int_equal(xml_c14n_inclusive(doc, NULL, NULL, &canonical, &err), OK);
	assert_string_equal(buf_text(&canonical), buf_text(&out));
	buf_clear(&canonical);
	assert_int_equal(xml_c14n_exclusive(xml_root(doc), NULL, &canonical, &err), OK);
	assert_string_equal(buf_text(&canonical), buf_text(&out));
	xml_free(doc);
}

struct one {
	const char *text;
};

/* Whether TEXT passes PATTERN. */
static bool passes(const char *pattern, const char *text)
{
	const struct field row = FIELD_TEXT(struct one, text, .json = "text", .pattern = pattern);
	const struct fields table = { .row = &row, .count = 1, .size = sizeof(struct one) };
	const struct schema schema = { .name = "ONE", .root = "One", .ns = "", .prefix = "", .fields = &table };
	struct one one = { .text = text };
	arena_auto arena = arena_new(1 << 16);
	struct findings *findings = findings_new(arena);

	if (!findings)
		return false;
	field_check(&schema, &one, NULL, findings);
	return findings_count(findings) == 0;
}

static void a_pattern_speaks_of_the_whole_text_in_characters(void **state)
{
	(void)state;
	assert_true(passes("a|bc", "bc"));
	assert_false(passes("a|bc", "ab"));
	assert_false(passes("a|bc", "abc"));
	assert_false(passes("[a-z]+", "aBc"));
	assert_true(passes(".{3}", "ກຂຄ"));
	assert_false(passes(".{3}", "ກຂ"));
}

static void a_broken_pattern_passes_nothing(void **state)
{
	(void)state;
	assert_false(passes("(", "("));
	assert_false(passes("(", "("));
	assert_false(passes("[z-a]", "z"));
}

/* More patterns than are kept, from several threads at once. */
static void *match_many(void *failures)
{
	for (int i = 0; i < 1300; i++) {
		char pattern[32], text[32], other[32];
		snprintf(pattern, sizeof(pattern), "x{1}%dy", i);
		snprintf(text, sizeof(text), "x%dy", i);
		snprintf(other, sizeof(other), "x%dy", i + 1);
		if (!passes(pattern, text) || passes(pattern, other))
			++*(int *)failures;
	}
	return NULL;
}

static void patterns_are_shared_by_threads_and_their_number_is_bounded(void **state)
{
	(void)state;
	pthread_t threads[4];
	int failures[4] = { 0 };

	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, match_many, &failures[i]), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(failures[i], 0);
	}
}

static void every_rule_has_a_code_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; field_rules[i].code; i++) {
		char code[32];
		snprintf(code, sizeof(code), "FLD-%03zu", i + 1);
		assert_string_equal(field_rules[i].code, code);
		assert_true(strlen(field_rules[i].text) > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_read_into_its_struct),
		cmocka_unit_test(what_was_read_is_written_as_it_stood),
		cmocka_unit_test(indented_and_commented_documents_mean_the_same),
		cmocka_unit_test(every_breakage_is_found_in_its_place),
		cmocka_unit_test(all_that_is_wrong_is_found_at_once),
		cmocka_unit_test(the_wrong_document_is_refused_as_a_whole),
		cmocka_unit_test(a_wrong_value_is_read_as_absent),
		cmocka_unit_test(a_finding_says_what_is_wanted_and_by_which_law),
		cmocka_unit_test(a_huge_value_is_shortened_in_its_finding),
		cmocka_unit_test(paths_are_json_pointers),
		cmocka_unit_test(an_extension_is_kept_as_it_is),
		cmocka_unit_test(codes_are_not_looked_up_without_lists),
		cmocka_unit_test(out_of_memory_fails_the_reading),
		cmocka_unit_test(a_record_filled_in_c_is_checked_like_a_document),
		cmocka_unit_test(findings_read_as_sentences),
		cmocka_unit_test(texts_that_would_not_survive_a_journey_are_found),
		cmocka_unit_test(a_character_that_xml_cannot_carry_fails_the_writing),
		cmocka_unit_test(the_default_namespace_and_none_need_no_prefix),
		cmocka_unit_test(a_qualified_attribute_is_read_with_and_without_its_namespace),
		cmocka_unit_test(an_open_table_leaves_out_what_is_of_other_namespaces),
		cmocka_unit_test(an_open_table_is_strict_about_its_own),
		cmocka_unit_test(qualified_attributes_are_written_with_the_prefix),
		cmocka_unit_test(a_pattern_speaks_of_the_whole_text_in_characters),
		cmocka_unit_test(a_broken_pattern_passes_nothing),
		cmocka_unit_test(patterns_are_shared_by_threads_and_their_number_is_bounded),
		cmocka_unit_test(every_rule_has_a_code_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
