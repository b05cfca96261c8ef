/* What an outsider chose: as many items as fit, formulas, names that are none. */
#include "mapping_trial.h"

/* OWASP, CSV injection: a description that a partner wrote is opened in a spreadsheet by an officer. */
static void no_cell_is_a_formula_and_none_is_changed_on_the_way(void **state)
{
	(void)state;
	static const struct {
		const char *value, *cell;
	} rows[] = {
		{ "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0" },
		{ "+66 2 123", "'+66 2 123" },
		{ "-BOLTS", "'-BOLTS" },
		{ "@SUM(1)", "'@SUM(1)" },
		{ "＝1+1", "'＝1+1" },
		{ "'=1", "''=1" },
		{ "-5.25", "-5.25" },
		{ "'s-Hertogenbosch", "'s-Hertogenbosch" },
		{ "a=b", "a=b" },
		{ "-", "'-" },
	};
	static const char guarded[] =
		"{'title':'t','documentType':'TRIAL','format':'csv','csv':{'lineEnd':'lf'},'row':[" SENDER "]}";
	static const char kept[] =
		"{'title':'t','documentType':'TRIAL','format':'csv','csv':{'lineEnd':'lf','formulas':'keep'},'row':[" SENDER
		"]}";

	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		arena_auto arena = arena_new(ARENA);
		struct findings *findings = findings_new(arena);
		bool keep = i >= COUNT(rows);
		const char *value = rows[i % COUNT(rows)].value, *cell = keep ? value : rows[i % COUNT(rows)].cell;
		const char *json = arena_printf(arena, "{\"reference\":\"A\",\"sender\":{\"name\":\"%s\"}}", value);
		const struct mapping *mapping = load(arena, keep ? kept : guarded, true, "");
		struct mapping_writer *writer;
		struct err err = { 0 };
		buf_auto out;
		buf_init(&out, TEXT_MAX);
		assert_int_equal(mapping_writer_open(mapping, &writer, &err), OK);
		assert_int_equal(mapping_write(writer, arena, bytes_of(json), &out, findings, &err), OK);
		mapping_writer_close(writer);
		assert_string_equal(codes_of(arena, findings), "");
		assert_string_equal(buf_text(&out), arena_printf(arena, "REF,FROM\nA,%s\n", cell));
		struct text_source source = { buf_text(&out), 0 };
		const struct mapping_input input = { { read_text, &source }, rewind_text };
		struct made made = { .arena = arena };
		buf_init(&made.text, TEXT_MAX);
		assert_int_equal(mapping_read(mapping, &input, take, &made, findings, &err), OK);
		assert_string_equal(buf_text(&made.text), arena_printf(arena, "%s\n", json));
		buf_done(&made.text);
	}
}

/* An optional column of a numbered list that is the key, too: without it lines could not be told apart. */
static void a_file_that_lacks_the_key_is_refused(void **state)
{
	(void)state;
	static const char mapping[] = CSV("'key':'NO 2','list':[{'to':'/item','numbered':3}],'row':[" SENDER
					  ",{'to':'/item/*/number','from':'NO #'}]");

	assert_maps(mapping, "REF;FROM;NO 1\nA;x;1\n",
		    "MAP-020 there is no column 'NO 2'; there are REF, FROM, NO 1\n");
	assert_maps(mapping, "REF;FROM;NO 1;NO 2\nA;x;1;2\n",
		    "{'reference':'A','sender':{'name':'x'},'item':[{'number':1},{'number':2}]}\n");
}

/* COUNT lines, or parts, or elements, each by FORMAT with its number twice. */
static const char *many(struct arena *arena, const char *head, const char *first, const char *second, size_t count,
			const char *tail)
{
	buf_auto text;
	buf_init(&text, (size_t)8 << 20);
	buf_puts(&text, head);
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s%zu%s", first, i, second);
	buf_puts(&text, tail);
	return arena_text(arena, buf_text(&text));
}

static size_t findings_of(struct arena *arena, const char *mapping_text, const char *text, size_t *documents)
{
	struct text_source source = { text, 0 };
	const struct mapping_input input = { { read_text, &source }, rewind_text };
	struct findings *findings = findings_new(arena);
	struct made made = { .arena = arena };
	struct err err = { 0 };

	buf_init(&made.text, (size_t)16 << 20);
	assert_int_equal(mapping_read(load(arena, mapping_text, false, ""), &input, take, &made, findings, &err), OK);
	*documents = 0;
	for (const char *c = buf_text(&made.text); (c = strstr(c, "\"reference\":\"A\"")); c++)
		++*documents;
	buf_done(&made.text);
	return findings_errors(findings);
}

/* Each of these took as long as its items, squared: minutes under a sanitizer, where the test has seconds. */
static void as_many_items_as_there_may_be_take_no_longer_than_their_number(void **state)
{
	(void)state;
	enum { ITEMS_MOST = 19999 };
	arena_auto arena = arena_new(4 * (size_t)ARENA);
	size_t documents;

	assert_int_equal(findings_of(arena,
				     CSV("'key':'REF','list':[{'to':'/item','key':'NO'}],'row':[" SENDER "," ITEMS "]"),
				     many(arena, "REF;FROM;NO;GOODS\n", "A;x;", ";g\n", ITEMS_MOST, ""), &documents),
			 0);
	assert_int_equal(documents, 1);
	assert_int_equal(findings_of(arena, CSV("'list':[{'to':'/item','split':'|'}],'row':[" SENDER "," ITEMS "]"),
				     many(arena, "REF;FROM;NO;GOODS\nA;x;", "", "|", ITEMS_MOST, "7;\n"), &documents),
			 0);
	assert_int_equal(documents, 1);
	static const char json[] =
		"{'title':'t','documentType':'TRIAL','format':'json','list':[{'to':'/item','from':'/i/*'}],'row':["
		"{'to':'/reference','from':'/r'},{'to':'/sender/name','from':'/s'},{'to':'/item/*/number','from':'/i/*/n'},"
		"{'to':'/item/*/goods','from':'/g','if':'/h'}]}";
	assert_int_equal(findings_of(arena, json,
				     many(arena, quoted(arena, "{'r':'A','s':'x','i':["), "{\"n\":", "},", ITEMS_MOST,
					  quoted(arena, "{'n':1}],'g':'g','h':1}")),
				     &documents),
			 0);
	assert_int_equal(documents, 1);
}

static void more_items_than_there_may_be_are_a_finding(void **state)
{
	(void)state;
	arena_auto arena = arena_new(4 * (size_t)ARENA);

	const char *text = many(arena, "REF;FROM;NO;GOODS\nA;x;", "", "|", 20000, "7;\n");
	assert_maps(CSV("'list':[{'to':'/item','split':'|'}],'row':[" SENDER "," ITEMS "]"), text,
		    "{'reference':'A','sender':{'name':'x'}}\nMAP-037 /item at line 2\n");
}

/* What no row reads was kept in memory, each path for itself, until there was none. */
static void a_million_values_that_no_row_reads_are_one_warning(void **state)
{
	(void)state;
	arena_auto arena = arena_new(4 * (size_t)ARENA);
	size_t documents;
	static const char json[] = "{'title':'t','documentType':'TRIAL','format':'json','row':["
				   "{'to':'/reference','from':'/r'},{'to':'/sender/name','from':'/s'}]}";

	const char *text = many(arena, quoted(arena, "{'r':'A','s':'x','unread-and-with-a-rather-long-name':["), "",
				",", 400000, "1]}");
	assert_int_equal(findings_of(arena, json, text, &documents), 0);
	assert_int_equal(documents, 1);
}

static void names_that_xml_does_not_have_are_no_steps(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);

	load(arena,
	     "{'title':'t','documentType':'TRIAL','format':'xml','row':[{'to':'/reference','from':'/a/b c'},"
	     "{'to':'/sender/name','from':'/a/<b>'}]}",
	     false, "MAP-002 /row/0/from; MAP-002 /row/1/from");
	load(arena,
	     "{'title':'t','documentType':'TRIAL','format':'xml','row':[{'to':'/reference','from':'/a/#text'},"
	     "{'to':'/sender/name','from':'/a/b'}]}",
	     true, "MAP-012 /row/0/from");
	load(arena, CSV("'list':[{'to':'/item','numbered':2}],'row':[" SENDER ",{'to':'/item/*/number','from':'NO'}]"),
	     false, "MAP-008 /row/2/from");
}

/* Excel's "Unicode text": the mark of the octets' order stands once, at the begin, whatever was refused before. */
static void a_refused_document_takes_no_byte_order_mark_with_it(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	struct findings *findings = findings_new(arena);
	const struct mapping *mapping = load(arena,
					     "{'title':'t','documentType':'TRIAL','format':'csv',"
					     "'csv':{'charset':'UTF-16','quote':'none'},'row':[" SENDER "]}",
					     true, "");
	static const char *const documents[] = { "{'reference':'A','sender':{'name':'x,y'}}",
						 "{'reference':'B','sender':{'name':'Ð'}}",
						 "{'reference':'C','sender':{'name':'ก'}}" };
	/* Written by Python: codecs.encode("REF,FROM\r\nB,Ð\r\nC,ก\r\n", "utf-16") */
	static const char expected[] = "\xff\xfe"
				       "R\0E\0F\0,\0F\0R\0O\0M\0\r\0\n\0B\0,\0\xd0\0\r\0\n\0C\0,\0\x01\x0e\r\0\n\0";
	struct mapping_writer *writer;
	struct err err;
	buf_auto out;

	buf_init(&out, TEXT_MAX);
	assert_int_equal(mapping_writer_open(mapping, &writer, &err), OK);
	for (size_t i = 0; i < COUNT(documents); i++)
		assert_int_equal(
			mapping_write(writer, arena, bytes_of(quoted(arena, documents[i])), &out, findings, &err), OK);
	mapping_writer_close(writer);
	assert_string_equal(codes_of(arena, findings), "MAP-039");
	assert_int_equal(out.size, sizeof(expected) - 1);
	assert_memory_equal(out.data, expected, out.size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_cell_is_a_formula_and_none_is_changed_on_the_way),
		cmocka_unit_test(a_file_that_lacks_the_key_is_refused),
		cmocka_unit_test(as_many_items_as_there_may_be_take_no_longer_than_their_number),
		cmocka_unit_test(more_items_than_there_may_be_are_a_finding),
		cmocka_unit_test(a_million_values_that_no_row_reads_are_one_warning),
		cmocka_unit_test(names_that_xml_does_not_have_are_no_steps),
		cmocka_unit_test(a_refused_document_takes_no_byte_order_mark_with_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
