/* The oracle is libxml2's xmllint program, where it is installed. */
#include "field_sample.h"

static char folder[64];

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/lintas-xsd-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	static const char *const names[] = { "schema.xsd", "document.xml" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(path_of(names[i]));
	return rmdir(folder);
}

static void need_xmllint(void)
{
	if (system("xmllint --version >/dev/null 2>&1") != 0)
		skip();
}

static void write_schema_with(const struct schema *schema, const struct code_lists *lists)
{
	buf_auto out;

	buf_init(&out, 1 << 20);
	field_put_xsd(&out, schema, lists);
	assert_int_equal(buf_check(&out, "schema", NULL), OK);
	write_file("schema.xsd", buf_text(&out));
}

static void write_schema(const struct schema *schema)
{
	write_schema_with(schema, NULL);
}

/* xmllint(1): 0 valid, 3 invalid; anything else means that the schema or the document is broken as such. */
static bool is_valid(const char *document)
{
	char command[512];

	write_file("document.xml", document);
	snprintf(command, sizeof(command), "xmllint --noout --schema %s/schema.xsd %s/document.xml >/dev/null 2>&1",
		 folder, folder);
	int status = system(command);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3);
	return WEXITSTATUS(status) == 0;
}

static bool schema_says(const char *text)
{
	static char schema[1 << 16];
	FILE *file = fopen(path_of("schema.xsd"), "r");

	assert_non_null(file);
	size_t size = fread(schema, 1, sizeof(schema) - 1, file);
	assert_int_equal(fclose(file), 0);
	schema[size] = '\0';
	return strstr(schema, text) != NULL;
}

static void what_is_written_is_valid(void **state)
{
	(void)state;
	struct mass mass = { .unit = "KGM", .value = decimal_of(-7) };
	struct item item = { .sequence = INT64_MAX, .commodity = "8703.23", .mass = &mass };
	struct form form = { .version = "\t1 <\"&>\n",
			     .number = "D2026-0045678",
			     .issued = date_of(1, 1, 1),
			     .signed_at = 0,
			     .exhibition = true,
			     .remarks = "\xEF\xBF\xBD\r\n\t\xC2\xA0'",
			     .items = &item,
			     .items_count = 1 };
	buf_auto out;

	need_xmllint();
	write_schema(&form_schema);
	assert_true(is_valid(sample_xml));
	buf_init(&out, 1 << 20);
	field_put_xml(&out, &form_schema, &form);
	assert_true(is_valid(buf_text(&out)));
}

static void what_the_reader_refuses_is_invalid(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);

	need_xmllint();
	write_schema(&form_schema);
	for (size_t i = 0; i < COUNT(xml_breakages); i++) {
		const struct breakage *breakage = &xml_breakages[i];
		if (is_valid(with(arena, sample_xml, breakage->old, breakage->new)) != breakage->beyond_xsd)
			fail_msg("%s -> %s", breakage->old, breakage->new);
	}
	assert_false(is_valid("<Form xmlns=\"urn:example:form\" version=\"1\"/>"));
	assert_false(is_valid("<Form/>"));
}

static void an_extension_may_hold_anything(void **state)
{
	(void)state;
	arena_auto arena = arena_new(1 << 20);

	need_xmllint();
	write_schema(&form_schema);
	assert_true(is_valid(with(arena, sample_xml, "<f:GoodsItem>",
				  "<f:Extension a=\"1\">t<x xmlns=\"urn:x\"/></f:Extension><f:GoodsItem>")));
}

static void a_schema_without_namespace_is_one_too(void **state)
{
	(void)state;
	struct schema schema = form_schema;

	schema.ns = "";
	schema.prefix = "";
	schema.fields = &mass_table;
	schema.root = "Mass";
	need_xmllint();
	write_schema(&schema);
	assert_true(is_valid("<Mass unitCode=\"KGM\">12.50</Mass>"));
	assert_false(is_valid("<Mass unitCode=\"KGM\">twelve</Mass>"));
	assert_false(is_valid("<Mass>12.50</Mass>"));
}

/* Labels and laws come from tables, which may say "<". */
static void what_a_table_says_is_escaped(void **state)
{
	(void)state;
	static const struct field rows[] = { FIELD_CODE(struct mass, unit, .json = "unit", .xml = "Unit", .min = 1,
							.pattern = "[^<&\"]+", .label = "a < b & \"c\"", .law = "<law>",
							.list = "UNIT") };
	static const struct fields table = FIELDS(struct mass, rows);
	const struct schema schema = { .name = "MASS", .root = "Mass", .ns = "urn:a", .prefix = "", .fields = &table };

	need_xmllint();
	write_schema(&schema);
	assert_true(is_valid("<Mass xmlns=\"urn:a\"><Unit> KGM </Unit></Mass>"));
	assert_false(is_valid("<Mass xmlns=\"urn:a\"><Unit>K&lt;M</Unit></Mass>"));
}

/* As the XSD of ebMS 2.0 is. */
static void a_schema_can_be_qualified_and_open(void **state)
{
	(void)state;
	static const struct field rows[] = {
		FIELD_TEXT(struct note, language, .attribute = true, .json = "language", .xml = "lang", .min = 1),
		FIELD_TEXT(struct note, text, .json = "text", .xml = "Text", .min = 1),
	};
	static const struct fields open_note = FIELDS_OPEN(struct note, rows);
	static const struct fields open_mass = FIELDS_OPEN(struct mass, mass_rows);
	struct schema schema = {
		.name = "N", .root = "N", .ns = "urn:n", .prefix = "n", .fields = &open_note, .qualified = true
	};

	need_xmllint();
	write_schema(&schema);
	assert_true(is_valid("<n:N xmlns:n='urn:n' n:lang='th'><n:Text>x</n:Text></n:N>"));
	assert_true(is_valid("<n:N xmlns:n='urn:n' xmlns:s='urn:s' n:lang='th' s:x='1'><n:Text>x</n:Text>"
			     "<s:a><s:b/></s:a><s:c/></n:N>"));
	assert_false(is_valid("<n:N xmlns:n='urn:n' lang='th'><n:Text>x</n:Text></n:N>")); /* a tolerance of ours */
	assert_false(is_valid("<n:N xmlns:n='urn:n' n:lang='th' n:x='1'><n:Text>x</n:Text></n:N>"));
	assert_false(is_valid("<n:N xmlns:n='urn:n' n:lang='th'><n:Text>x</n:Text><n:a/></n:N>"));
	assert_false(is_valid("<n:N xmlns:n='urn:n' n:lang='th'><n:Text>x</n:Text><a/></n:N>"));
	schema.fields = &open_mass;
	write_schema(&schema);
	assert_true(is_valid("<n:N xmlns:n='urn:n' xmlns:s='urn:s' n:unitCode='KGM' s:x='1'>7</n:N>"));
}

static const char *state_at(const struct code_lists *lists, const char *list, size_t index)
{
	static const char *const states[] = { "TH", "VN" };

	(void)lists;
	return same(list, "ISO3166") && index < COUNT(states) ? states[index] : NULL;
}

static const char *state_name(const struct code_lists *lists, const char *list, const char *code)
{
	(void)lists, (void)list;
	return same(code, "TH") ? "Thailand <&>" : NULL;
}

static void a_short_code_list_is_enumerated(void **state)
{
	(void)state;
	static const struct code_lists lists = { .at = state_at, .name = state_name };
	arena_auto arena = arena_new(1 << 20);

	need_xmllint();
	write_schema_with(&form_schema, &lists);
	assert_true(is_valid(sample_xml));
	assert_true(is_valid(with(arena, sample_xml, ">TH<", "> VN <")));
	assert_false(is_valid(with(arena, sample_xml, ">TH<", ">DE<")));
	assert_true(schema_says("<xs:enumeration value=\"TH\"><xs:annotation><xs:documentation>Thailand &lt;&amp;&gt;"
				"</xs:documentation></xs:annotation></xs:enumeration>"));
	assert_true(schema_says("<xs:enumeration value=\"VN\"/>"));
}

/* Findings name a place by its JSON names, whatever was sent: an element, an attribute, and the text beside it. */
static void every_field_tells_its_json_name(void **state)
{
	(void)state;
	static const char *const names[] = { "items", "grossMass", "unit", "value", "version", "number", "language" };

	write_schema(&form_schema);
	for (size_t i = 0; i < COUNT(names); i++) {
		char note[128];
		snprintf(note, sizeof(note), "<xs:documentation>JSON: %s</xs:documentation>", names[i]);
		if (!schema_says(note))
			fail_msg("the schema does not name %s", names[i]);
	}
	need_xmllint();
	assert_true(is_valid(sample_xml));
}

/* Exclusive XML Canonicalization 1.0 of what we wrote is what we wrote, byte for byte. */
static void what_is_written_is_canonical(void **state)
{
	(void)state;
	struct mass mass = { .unit = "KGM", .value = decimal_of(1) };
	struct item item = { .sequence = 1, .commodity = "8703.23", .mass = &mass };
	struct form form = { .version = "\t1 <\"&>'\r\n",
			     .agency = "กรม\"",
			     .number = "D2026-0045678",
			     .issued = 0,
			     .signed_at = TIME_NONE,
			     .remarks = "a\r\nb\tc]]>&amp;\"'",
			     .items = &item,
			     .items_count = 1 };
	static const char *const prefixes[] = { "f", "" };
	char command[256];

	need_xmllint();
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		struct schema schema = form_schema;
		static char canonical[1 << 16];
		buf_auto out;
		schema.prefix = prefixes[i];
		buf_init(&out, sizeof(canonical));
		field_put_xml(&out, &schema, &form);
		assert_int_equal(buf_check(&out, "form", NULL), OK);
		write_file("document.xml", buf_text(&out));
		snprintf(command, sizeof(command), "xmllint --exc-c14n %s", path_of("document.xml"));
		FILE *oracle = popen(command, "r");
		assert_non_null(oracle);
		size_t size = fread(canonical, 1, sizeof(canonical) - 1, oracle);
		assert_int_equal(pclose(oracle), 0);
		canonical[size] = '\0';
		assert_string_equal(buf_text(&out), canonical);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_valid, begin, end),
		cmocka_unit_test_setup_teardown(what_the_reader_refuses_is_invalid, begin, end),
		cmocka_unit_test_setup_teardown(an_extension_may_hold_anything, begin, end),
		cmocka_unit_test_setup_teardown(a_schema_without_namespace_is_one_too, begin, end),
		cmocka_unit_test_setup_teardown(what_a_table_says_is_escaped, begin, end),
		cmocka_unit_test_setup_teardown(a_schema_can_be_qualified_and_open, begin, end),
		cmocka_unit_test_setup_teardown(a_short_code_list_is_enumerated, begin, end),
		cmocka_unit_test_setup_teardown(every_field_tells_its_json_name, begin, end),
		cmocka_unit_test_setup_teardown(what_is_written_is_canonical, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
