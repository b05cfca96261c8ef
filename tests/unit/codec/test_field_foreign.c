/* XML of others by the paths of a table: what is taken, and what is passed over. */
#include "../unit.h"

#include <string.h>

#include "base/findings.h"
#include "codec/field.h"
#include "codec/xml.h"

struct weight {
	struct decimal value;
	const char *unit;
};
struct line {
	const char *name;
	struct weight *weight;
};
struct paper {
	const char *number, *place, *unit;
	struct line *lines;
	size_t lines_count;
};

static const struct field weight_rows[] = {
	FIELD_DEC(struct weight, value, .json = "value", .xml = "."),
	FIELD_TEXT(struct weight, unit, .json = "unit", .xml = "@unit"),
};
static const struct fields weight = FIELDS(struct weight, weight_rows);
static const struct field line_rows[] = {
	FIELD_TEXT(struct line, name, .json = "name", .xml = "b:Name", .min = 1),
	FIELD_GROUP(struct line, weight, struct weight, weight, .json = "weight", .xml = "b:Weight"),
};
static const struct fields line = FIELDS(struct line, line_rows);
static const struct field paper_rows[] = {
	FIELD_TEXT(struct paper, number, .json = "number", .xml = "a:Head/b:ID", .min = 1, .max_length = 5),
	FIELD_TEXT(struct paper, place, .json = "place", .xml = "a:Head/b:Place/b:Name"),
	FIELD_TEXT(struct paper, unit, .json = "unit", .xml = "a:Head/b:Place/@unit"),
	FIELD_LIST(struct paper, lines, lines_count, struct line, line, .json = "line", .xml = "a:Goods/b:Lines/b:Line",
		   .max = 3),
};
static const struct fields paper = FIELDS(struct paper, paper_rows);
static const struct field_namespace namespaces[] = { { "a", "urn:a" }, { "b", "urn:b" }, { 0 } };
static const struct schema schema = {
	.name = "PAPER", .root = "Paper", .ns = "urn:a", .fields = &paper, .foreign = namespaces
};
static const struct schema second = { .name = "SECOND",
				      .root = "Paper",
				      .ns = "urn:a",
				      .fields = &paper,
				      .foreign = namespaces,
				      .where = "a:Head/b:Status",
				      .is = "2" };

struct reading {
	struct arena *arena;
	struct xml_doc *doc;
	struct paper paper;
	const char *found; /* "CODE PATH" joined by "; " */
};

static struct reading read_paper(const char *inside)
{
	struct reading r = { .arena = arena_new((size_t)1 << 20), .found = "" };
	struct findings *findings = findings_new(r.arena);
	const struct finding *finding;
	struct err err = { 0 };
	const char *text =
		arena_printf(r.arena, "<x:Paper xmlns:x='urn:a' xmlns='urn:b' xmlns:o='urn:o'>%s</x:Paper>", inside);

	assert_int_equal(xml_parse(r.arena, bytes_of(text), &xml_limits_default, &r.doc, &err), OK);
	assert_true(field_read_xml(r.arena, &schema, xml_root(r.doc), NULL, &r.paper, findings));
	for (size_t i = 0; (finding = findings_at(findings, i)); i++)
		r.found = arena_printf(r.arena, "%s%s%s %s", r.found, *r.found ? "; " : "", finding->rule->code,
				       finding->path);
	return r;
}

static void done(struct reading *r)
{
	xml_free(r->doc);
	arena_free(r->arena);
}

static void the_order_is_the_senders_and_what_has_no_row_is_passed_over(void **state)
{
	(void)state;
	struct reading r = read_paper(
		"<x:Goods><Lines><Line o:extra='1'><Weight unit='KGM'> 12.50 </Weight><o:More/><Name>one</Name></Line>"
		"<o:Line/></Lines><Lines><Line><Name>two</Name></Line></Lines></x:Goods>"
		"<o:Signature><o:ID>9</o:ID></o:Signature><x:Head><Other>9</Other><Place unit='u'><Name>here</Name></Place>"
		"<ID>17</ID></x:Head>");

	assert_string_equal(r.found, "");
	assert_string_equal(r.paper.number, "17");
	assert_string_equal(r.paper.place, "here");
	assert_string_equal(r.paper.unit, "u");
	assert_int_equal(r.paper.lines_count, 2);
	assert_string_equal(r.paper.lines[0].name, "one");
	assert_string_equal(r.paper.lines[0].weight->unit, "KGM");
	assert_string_equal(r.paper.lines[1].name, "two");
	assert_null(r.paper.lines[1].weight);
	done(&r);
}

/* A name in another namespace is another name. */
static void a_name_of_another_namespace_is_no_match(void **state)
{
	(void)state;
	struct reading r = read_paper("<Head><ID>17</ID></Head><x:Head><x:ID>18</x:ID></x:Head>");

	assert_string_equal(r.found, "FLD-001 /number");
	done(&r);
}

static void what_is_empty_is_absent(void **state)
{
	(void)state;
	struct reading r = read_paper(
		"<x:Head><ID/><ID>17</ID><Place/></x:Head><x:Goods><Lines><Line> </Line><Line><Name>one</Name>"
		"<Weight unit='KGM'/></Line></Lines></x:Goods>");

	assert_string_equal(r.found, "");
	assert_string_equal(r.paper.number, "17");
	assert_int_equal(r.paper.lines_count, 1);
	assert_null(r.paper.lines[0].weight);
	done(&r);
}

static void every_finding_has_its_place(void **state)
{
	(void)state;
	struct reading r = read_paper(
		"<x:Head><ID>17</ID><ID>18</ID><Place><Name><b>in bold</b></Name></Place></x:Head><x:Goods><Lines>"
		"<Line><Name>1</Name><Weight>much</Weight></Line><Line><Other>1</Other></Line>"
		"<Line><Name>3</Name></Line><Line><Name>4</Name></Line></Lines></x:Goods>");

	assert_string_equal(r.found, "FLD-002 /number; FLD-003 /place/b; FLD-002 /line; FLD-005 /line/0/weight/value; "
				     "FLD-001 /line/1/name");
	done(&r);
}

static void a_number_that_is_too_long_is_not_taken(void **state)
{
	(void)state;
	struct reading r = read_paper("<x:Head><ID>123456</ID></x:Head>");

	assert_string_equal(r.found, "FLD-006 /number");
	assert_null(r.paper.number);
	done(&r);
}

static void a_value_tells_documents_of_one_root_apart(void **state)
{
	(void)state;
	struct reading first = read_paper("<x:Head><ID>1</ID><Status>1</Status></x:Head>");
	struct reading other = read_paper("<x:Head><ID>1</ID><Status> 2\n</Status></x:Head>");

	assert_true(field_is_root(&schema, xml_root(first.doc)));
	assert_false(field_is_root(&second, xml_root(first.doc)));
	assert_true(field_is_root(&second, xml_root(other.doc)));
	assert_false(field_is_root(&schema, xml_first(xml_root(first.doc))));
	done(&first);
	done(&other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_is_the_senders_and_what_has_no_row_is_passed_over),
		cmocka_unit_test(a_name_of_another_namespace_is_no_match),
		cmocka_unit_test(what_is_empty_is_absent),
		cmocka_unit_test(every_finding_has_its_place),
		cmocka_unit_test(a_number_that_is_too_long_is_not_taken),
		cmocka_unit_test(a_value_tells_documents_of_one_root_apart),
	};

	return cmocka_run_group_tests_name("codec/field_foreign", tests, NULL, NULL);
}
