/* The engine, with a document type of its own; what is expected is written out here. The shipped mappings and real
 * documents are played by tests/e2e/mapping.py. */
#include "mapping_trial.h"

/* The document JSON becomes EXPECTED, and EXPECTED becomes JSON again. */
static void assert_both_ways(const char *mapping_text, const char *json, const char *expected)
{
	arena_auto arena = arena_new(ARENA);
	const struct mapping *mapping = load(arena, mapping_text, true, "");
	struct findings *findings = findings_new(arena);
	struct mapping_writer *writer;
	struct err err = { 0 };
	buf_auto out;

	buf_init(&out, TEXT_MAX);
	assert_int_equal(mapping_writer_open(mapping, &writer, &err), OK);
	assert_int_equal(mapping_write(writer, arena, bytes_of(quoted(arena, json)), &out, findings, &err), OK);
	mapping_writer_close(writer);
	assert_string_equal(codes_of(arena, findings), "");
	assert_string_equal(quoted(arena, buf_text(&out)), quoted(arena, expected));
	assert_maps(mapping_text, buf_text(&out), arena_printf(arena, "%s\n", json));
}

/* --- Loading --- */

static void what_is_wrong_with_a_mapping_is_found_at_once(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	static const struct {
		const char *rows, *findings;
	} rows[] = {
		{ "{'to':'/reference','from':'A'}", "MAP-009 /row" }, /* the sender is mandatory */
		{ SENDER ",{'to':'/receiver/country','from':'C'}", "MAP-009 /row" },
		{ SENDER ",{'to':'/nothing','from':'C'}", "MAP-003 /row/2/to" },
		{ SENDER ",{'to':'/sender','from':'C'}", "MAP-003 /row/2/to" },
		{ SENDER ",{'to':'/item/*/goods','from':'C'}", "MAP-004 /row/2/to; MAP-009 /row" },
		{ SENDER ",{'to':'/day','from':'D','date':'DD.MM.YY','decimal':','}",
		  "MAP-007 /row/2/date; MAP-008 /row/2" },
		{ SENDER ",{'to':'/reference','from':'B'}", "MAP-005 /row/2/to" },
		{ SENDER ",{'to':'/urgent','from':'B','table':'x'}", "MAP-006 /row/2/table" },
		{ SENDER ",{'from':'B'}", "MAP-008 /row/2" },
		{ SENDER ",{'to':'/day','from':'B','split':';'}", "MAP-008 /row/2" },
		{ "{'to':'sender','from':'B'}", "MAP-002 /row/0/to; MAP-009 /row; MAP-009 /row" },
		{ SENDER ",{'too':'/day'}", "FLD-003 /row/2/too" },
		/* A mistake of form hides none of those elsewhere, and none that follows from it is told. */
		{ SENDER ",{'too':'/day'},{'to':'/nothing','from':'C'}", "FLD-003 /row/2/too; MAP-003 /row/3/to" },
		{ "{'to':'/nothing','from':'B'},{'to':'/day','from':'C','date':'X','part':'x'}",
		  "FLD-012 /row/1/part; MAP-003 /row/0/to" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		load(arena, arena_printf(arena, CSV("'row':[%s]"), rows[i].rows), false, rows[i].findings);
	/* What stands in a list that there is not is not told; what is wrong with other rows is. */
	load(arena,
	     quoted(arena, CSV("'list':[{'to':'/nothing'},{'to':'/item'}],'row':[" SENDER
			       ",{'to':'/nothing/*/goods','from':'G'},{'to':'/day','from':'D','table':'x'}]")),
	     false, "MAP-003 /list/0/to; MAP-003 /row/2/to; MAP-006 /row/3/table");
	/* As iconv(1) lists them; else each file that comes would be refused, and nobody who checks the mapping told.
	 */
	static const char *const charsets[][2] = {
		{ "TIS-620", "" }, { "windows-874", "" }, { "UTF-16LE", "" }, { "Windows874", "MAP-013 /csv/charset" }
	};
	for (size_t i = 0; i < COUNT(charsets); i++)
		load(arena,
		     arena_printf(
			     arena,
			     "{'title':'t','documentType':'TRIAL','format':'csv','csv':{'charset':'%s'},'row':[" SENDER
			     "]}",
			     charsets[i][0]),
		     true, charsets[i][1]);
	load(arena, "{'title':'t','documentType':'OTHER','format':'csv','row':[{'to':'/a'}]}", false,
	     "MAP-001 /documentType");
	load(arena,
	     "{'title':'t','documentType':'TRIAL','format':'xml','row':[{'to':'/reference','from':'/x:A'},"
	     "{'to':'/sender/name','from':'B'}]}",
	     false, "MAP-002 /row/0/from; MAP-002 /row/1/from");
}

static void a_mandatory_value_that_no_row_gives_is_named_with_its_law(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	struct findings *findings = findings_new(arena);
	const struct mapping *mapping;
	struct err err;

	assert_int_equal(mapping_load(arena, &kernel,
				      bytes_of(quoted(arena, CSV("'list':[{'to':'/item'}],'row':["
								 "{'to':'/sender/country','from':'C'},"
								 "{'to':'/item/*/goods','from':'G'}]"))),
				      false, &mapping, findings, &err),
			 OK);
	assert_int_equal(findings_count(findings), 3);
	assert_string_equal(findings_at(findings, 0)->law, "rule 1");
	assert_string_equal(findings_at(findings, 1)->law, "rule 2");
	assert_string_equal(findings_at(findings, 2)->text, "no row gives /item/*/number (number), which is mandatory");
	assert_string_equal(findings_at(findings, 2)->law, "rule 3");
}

static void a_table_that_cannot_be_turned_round_works_one_way(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	static const char text[] = CSV("'row':[" SENDER ",{'to':'/sender/country','from':'C','table':'c'}],"
				       "'table':[{'name':'c','code':[{'from':'A','to':'1'},{'from':'B','to':'1'%s}]}]");

	load(arena, arena_printf(arena, text, ""), false, "");
	load(arena, arena_printf(arena, text, ""), true, "MAP-010 /table/0/code/1");
	load(arena, arena_printf(arena, text, ",'readOnly':true"), true, "");
	load(arena, CSV("'row':[" SENDER ",{'to':'/sender/country','from':'C','if':'D'}]"), true, "MAP-012 /row/2");
}

/* --- Records, and lists whose items rows name --- */

static void a_mapping_is_of_documents_or_of_records(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	const struct mapping *mapping = load(arena, RECORDS("'row':[" SENDER "]"), false, "");

	assert_null(mapping_doctype(mapping));
	assert_ptr_equal(mapping_kind(mapping), &trial_kind);
	assert_string_equal(mapping_subject(mapping), "trial.records");
	mapping = load(arena, CSV("'row':[" SENDER "]"), false, "");
	assert_null(mapping_kind(mapping));
	assert_string_equal(mapping_subject(mapping), "TRIAL");
	load(arena, "{'title':'t','format':'csv','row':[" SENDER "]}", false, "MAP-008");
	load(arena, CSV("'records':'trial.records','row':[" SENDER "]"), false, "MAP-008");
	load(arena, "{'title':'t','records':'trial','format':'csv','row':[" SENDER "]}", false, "MAP-044 /records");
	/* The rules of a mapping of documents are those of one of records. */
	load(arena, RECORDS("'row':[{'to':'/nothing','from':'A'}," SENDER "]"), false, "MAP-003 /row/0/to");
	load(arena, RECORDS("'row':[{'to':'/reference','from':'A'}]"), false, "MAP-009 /row");
}

#define FIXED "'list':[{'to':'/item','fixed':3}],"
#define MASSES                                                                                                         \
	"{'to':'/item/[1]/mass','from':'A'},{'to':'/item/[1]/number','constant':'2022'},"                              \
	"{'to':'/item/[2]/mass','from':'B'},{'to':'/item/[2]/number','constant':'2023'},"                              \
	"{'to':'/item/*/goods','constant':'rice'}"

/* A tariff has a line a code and a column an agreement and year. */
static void an_item_of_a_fixed_list_is_there_if_something_of_it_was_read(void **state)
{
	(void)state;
	static const char mapping[] = RECORDS(FIXED "'row':[" SENDER "," MASSES "]");

	assert_maps(mapping, "REF;FROM;A;B\r\na;x;0;5.5\r\nb;x;;7\r\nc;x; ;\r\n",
		    "{'reference':'a','sender':{'name':'x'},'item':[{'mass':'0','number':2022,'goods':'rice'},"
		    "{'mass':'5.5','number':2023,'goods':'rice'}]}\n"
		    "{'reference':'b','sender':{'name':'x'},'item':[{'mass':'7','number':2023,'goods':'rice'}]}\n"
		    "{'reference':'c','sender':{'name':'x'}}\n");
	/* The first item that is there is the second that rows name: its column is told all the same. */
	assert_maps(mapping, "REF;FROM;A;B\na;x;;much\n",
		    "{'reference':'a','sender':{'name':'x'},'item':[{'number':2023,'goods':'rice'}]}\n"
		    "MAP-027 /item/0/mass at line 2, column 'B'\n");
	/* A column that is of each item makes none. */
	assert_maps(
		RECORDS(FIXED "'row':[" SENDER ",{'to':'/item/*/number','from':'YEAR'},"
			      "{'to':'/item/[3]/mass','from':'A'},{'to':'/item/[1]/mass','from':'B'}]"),
		"REF;FROM;YEAR;A;B\na;x;2022;1;2\nb;x;2022;;\nc;x;;3;\n",
		"{'reference':'a','sender':{'name':'x'},'item':[{'mass':'2','number':2022},{'mass':'1','number':2022}]}\n"
		"{'reference':'b','sender':{'name':'x'}}\n"
		"{'reference':'c','sender':{'name':'x'},'item':[{'mass':'3'}]}\n"
		"FLD-001 /item/0/number at line 4, column 'A'\n");
}

static void a_fixed_list_is_checked_when_it_is_loaded(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	static const struct {
		const char *inside, *findings;
	} rows[] = {
		{ FIXED "'row':[" SENDER ",{'to':'/item/[4]/number','from':'A'}]", "MAP-045 /row/2/to" },
		{ "'list':[{'to':'/item'}],'row':[" SENDER ",{'to':'/item/[1]/number','from':'A'}]",
		  "MAP-045 /row/2/to" },
		{ FIXED "'row':[" SENDER ",{'to':'/item/[0]/number','from':'A'}]", "MAP-002 /row/2/to" },
		{ FIXED "'row':[" SENDER ",{'to':'/item/[1]x/number','from':'A'}]", "MAP-002 /row/2/to" },
		{ "'list':[{'to':'/item','fixed':201}],'row':[" SENDER "]", "MAP-008 /list/0" },
		{ "'list':[{'to':'/item','fixed':2,'key':'K'}],'row':[" SENDER "]", "MAP-008 /list/0" },
		{ "'list':[{'to':'/item','fixed':2},{'to':'/item/*/part'}],'row':[" SENDER "]", "MAP-008 /list/1" },
		{ "'list':[{'to':'/item/[2]','fixed':2}],'row':[" SENDER "]", "MAP-045 /list/0/to" },
		/* What is mandatory is so in each item. */
		{ FIXED "'row':[" SENDER "," MASSES ",{'to':'/item/[3]/mass','from':'C'}]", "MAP-009 /row" },
		/* Two items are not one twice; an item is. */
		{ FIXED "'row':[" SENDER "," MASSES ",{'to':'/item/[2]/mass','from':'C'}]", "MAP-005 /row/7/to" },
		{ FIXED "'row':[" SENDER "," MASSES ",{'to':'/item/*/mass','from':'C'}]", "MAP-005 /row/7/to" },
		{ "'row':[" SENDER ",{'to':'/day','from':'D','only':true}]", "MAP-008 /row/2" },
		{ "'row':[" SENDER ",{'to':'/day','from':'D','except':'x'}]", "MAP-006 /row/2/except" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		load(arena, arena_printf(arena, RECORDS("%s"), rows[i].inside), false, rows[i].findings);
	load(arena, RECORDS(FIXED "'row':[" SENDER "," MASSES "]"), true, "MAP-012 /list/0");
	load(arena,
	     "{'title':'t','records':'trial.records','format':'json','row':[{'to':'/reference','from':'/a/[1]/b'},"
	     "{'to':'/sender/name','from':'/c'}]}",
	     false, "MAP-045 /row/0/from");
}

/* "5 %", "excluded", "-" and nothing: what a column of rates has. */
static void one_column_gives_a_number_with_a_unit_or_a_word(void **state)
{
	(void)state;
	static const char mapping[] =
		RECORDS(FIXED "'row':[" SENDER ",{'to':'/item/*/number','constant':'1'},"
			      "{'to':'/item/[1]/mass','from':'A','suffix':'%','decimal':',','except':'none'},"
			      "{'to':'/urgent','from':'A','table':'word','only':true}],"
			      "'table':[{'name':'none','code':[{'from':'excluded','to':'x'},{'from':'-','to':'x'}]},"
			      "{'name':'word','code':[{'from':'excluded','to':'true'}]}]");

	assert_maps(mapping, "REF;FROM;A\na;x;5,5 %\nb;x;5%\nc;x;excluded\nd;x;-\ne;x;\nf;x;5\ng;x;%\nh;x;Excluded\n",
		    "{'reference':'a','sender':{'name':'x'},'item':[{'mass':'5.5','number':1}]}\n"
		    "{'reference':'b','sender':{'name':'x'},'item':[{'mass':'5','number':1}]}\n"
		    "{'reference':'c','sender':{'name':'x'},'urgent':true}\n"
		    "{'reference':'d','sender':{'name':'x'}}\n"
		    "{'reference':'e','sender':{'name':'x'}}\n"
		    "{'reference':'f','sender':{'name':'x'},'item':[{'number':1}]}\n"
		    "MAP-046 /item/0/mass at line 7, column 'A'\n"
		    "{'reference':'g','sender':{'name':'x'},'item':[{'number':1}]}\n"
		    "MAP-046 /item/0/mass at line 8, column 'A'\n"
		    "{'reference':'h','sender':{'name':'x'},'item':[{'number':1}]}\n"
		    "MAP-046 /item/0/mass at line 9, column 'A'\n");
}

static void a_unit_is_written_behind_its_value(void **state)
{
	(void)state;
	assert_both_ways(CSV("'key':'REF','list':[{'to':'/item'}],'row':[" SENDER
			     ",{'to':'/item/*/number','from':'NO'},"
			     "{'to':'/item/*/mass','from':'A','suffix':'kg'}]"),
			 "{'reference':'A','sender':{'name':'x'},'item':[{'number':1,'mass':'5.5'}]}",
			 "REF;FROM;NO;A\nA;x;1;5.5kg\n");
}

/* --- CSV --- */

static void lines_with_one_key_are_one_document(void **state)
{
	(void)state;
	static const char mapping[] = CSV("'key':'REF','list':[{'to':'/item'}],'row':[" SENDER "," ITEMS "]");

	assert_maps(
		mapping, "REF;FROM;NO;GOODS\nA;x;1;g\nA;x;2;h\nB;y;1;i\n",
		"{'reference':'A','sender':{'name':'x'},'item':[{'number':1,'goods':'g'},{'number':2,'goods':'h'}]}\n"
		"{'reference':'B','sender':{'name':'y'},'item':[{'number':1,'goods':'i'}]}\n");
	/* A header value may stand on the first line alone; two that differ are found. */
	assert_maps(mapping, "REF;FROM;NO;GOODS\nA;x;1;\nA;;2;\n",
		    "{'reference':'A','sender':{'name':'x'},'item':[{'number':1},{'number':2}]}\n");
	assert_maps(mapping, "REF;FROM;NO;GOODS\nA;x;1;\nA;z;2;\n",
		    "{'reference':'A','sender':{'name':'x'},'item':[{'number':1},{'number':2}]}\n"
		    "MAP-023 /sender/name at line 2, column 'FROM'\n");
	/* No document is made of half of its lines. */
	assert_maps(mapping, "REF;FROM;NO;GOODS\nA;x;1;\nB;x;1;\nA;x;2;\n",
		    "MAP-024 'A' comes again on line 4 after other documents: the lines of one document stand "
		    "together\n");
}

static void the_form_of_a_file_is_judged_before_anything_is_made_of_it(void **state)
{
	(void)state;
	static const char mapping[] = CSV("'key':'REF','row':[" SENDER "]");

	assert_maps(mapping, "REF;FROM\nA;x\nB\nC;x;y\n",
		    "MAP-022 line 3 has 1 cells; there are 2 columns\nMAP-022 line 4 has 3 cells; there are 2 "
		    "columns\n");
	assert_maps(mapping, "REF;TO\nA;x\n", "MAP-020 there is no column 'FROM'; there are REF, TO\n");
	assert_maps(mapping, "REF;FROM;REF\nA;x;B\n", "MAP-021 the column 'REF' stands there twice\n");
	assert_maps(mapping, "REF;FROM\n", "MAP-036 there is no document in it\n");
	assert_maps(mapping, "REF;FROM\nA;x\nB;\xA1\n",
		    "CSV-001 line 3, byte 16 of the file: 0xA1 is not UTF-8; a file in a national encoding needs a "
		    "mapping that names it (csv, charset)\n");
}

static void what_no_row_reads_is_told(void **state)
{
	(void)state;
	assert_maps(CSV("'row':[" SENDER "],'ignore':[{'from':'FEE','why':'not ours'}]"),
		    "REF;FROM;FEE;NOTE;NONE\nA;x;1;n;\nB;x;1;;\n",
		    "{'reference':'A','sender':{'name':'x'}}\n{'reference':'B','sender':{'name':'x'}}\n"
		    "MAP-034 no row of the mapping reads NOTE (1 value)\n");
}

static void findings_stand_at_the_line_and_column_of_the_value(void **state)
{
	(void)state;
	assert_maps(
		CSV("'key':'REF','list':[{'to':'/item'}],'row':[" SENDER "," ITEMS
		    ",{'to':'/item/*/mass','from':'KG','decimal':','},{'to':'/day','from':'DAY','date':'DD/MM/YYYY'},"
		    "{'to':'/urgent','from':'URGENT'}]"),
		"REF;FROM;NO;GOODS;KG;DAY;URGENT\nA;;1;g;1.5;31/02/2026;yes\nA;;;h;2,5;;\n",
		"{'reference':'A','item':[{'number':1,'goods':'g'},{'goods':'h','mass':'2.5'}]}\n"
		"MAP-027 /item/0/mass at line 2, column 'KG'\n"
		"MAP-026 /day at line 2, column 'DAY'\n"
		"MAP-028 /urgent at line 2, column 'URGENT'\n"
		"FLD-001 /sender at line 2\n"
		"FLD-001 /item/1/number at line 3, column 'NO'\n");
}

static void items_with_a_key_of_their_own_hold_lines(void **state)
{
	(void)state;
	assert_both_ways(
		CSV("'key':'REF','list':[{'to':'/item','key':'NO'},{'to':'/item/*/part'}],'row':[" SENDER "," ITEMS
		    ",{'to':'/item/*/part/*/code','from':'PART'}]"),
		"{'reference':'A','sender':{'name':'x'},'item':[{'number':1,'part':[{'code':'p'},{'code':'q'}]},"
		"{'number':2,'goods':'g'}]}",
		"REF;FROM;NO;GOODS;PART\nA;x;1;;p\nA;x;1;;q\nA;x;2;g;\n");
}

static void texts_are_split_into_items_and_joined_again(void **state)
{
	(void)state;
	static const char mapping[] = CSV("'list':[{'to':'/item','split':'|'}],'row':[" SENDER "," ITEMS "]");

	assert_both_ways(mapping,
			 "{'reference':'A','sender':{'name':'x'},'item':[{'number':1},{'number':2,'goods':'g'}]}",
			 "REF;FROM;NO;GOODS\nA;x;1|2;|g\n");
	assert_both_ways(mapping, "{'reference':'A','sender':{'name':'x'}}", "REF;FROM;NO;GOODS\nA;x;;\n");
	assert_maps(mapping, "REF;FROM;NO;GOODS\nA;x; 1 | 2 ;a|b|c\n",
		    "{'reference':'A','sender':{'name':'x'},'item':[{'number':1,'goods':'a'},{'number':2,'goods':'b'},"
		    "{'goods':'c'}]}\nMAP-033 /item at line 2\nFLD-001 /item/2/number at line 2, column "
		    "'NO'\n");
}

static void numbered_columns_are_items(void **state)
{
	(void)state;
	assert_both_ways(
		CSV("'list':[{'to':'/item','numbered':2}],'row':[" SENDER
		    ",{'to':'/item/*/number','from':'ITEM # NO'},{'to':'/item/*/goods','from':'ITEM # GOODS'}]"),
		"{'reference':'A','sender':{'name':'x'},'item':[{'number':7},{'number':8,'goods':'g'}]}",
		"REF;FROM;ITEM 1 NO;ITEM 2 NO;ITEM 1 GOODS;ITEM 2 GOODS\nA;x;7;8;;g\n");
}

static void lines_of_several_kinds_without_names_are_read(void **state)
{
	(void)state;
	assert_maps(
		"{'title':'t','documentType':'TRIAL','format':'csv','csv':{'delimiter':'|','quote':'none','headless':true,"
		"'column':[{'name':'KIND'},{'name':'1'},{'name':'2'}]},"
		"'begin':{'column':'KIND','is':'H'},'where':{'column':'KIND','is':'H'},"
		"'list':[{'to':'/item','where':{'column':'KIND','is':'I'}}],"
		"'row':[{'to':'/reference','from':'1'},{'to':'/sender/name','from':'2'},"
		"{'to':'/item/*/number','from':'1'},{'to':'/item/*/goods','from':'2'}]}",
		"H|A|x\nI|1|g\nI|2|\"\nH|B|y\nI|1|\nZ|9|9\n",
		"{'reference':'A','sender':{'name':'x'},'item':[{'number':1,'goods':'g'},{'number':2,'goods':'\\''}]}\n"
		"{'reference':'B','sender':{'name':'y'},'item':[{'number':1}]}\n"
		"MAP-035 line 6 is of no kind that the mapping reads\n");
}

/* --- Values --- */

static void values_are_converted_both_ways(void **state)
{
	(void)state;
	assert_both_ways(
		CSV("'key':'REF','list':[{'to':'/item'}],'row':[" SENDER
		    ",{'to':'/day','from':'DAY','date':'DD/MM/BBBB'},"
		    "{'to':'/urgent','from':'URGENT','table':'tick'},{'to':'/sender/country','from':'C','table':'c'},"
		    "{'to':'/item/*/number','from':'NO'},{'to':'/item/*/mass','from':'KG','decimal':','},"
		    "{'from':'KIND','constant':'T1','required':true}],"
		    "'table':[{'name':'tick','code':[{'from':'J','to':'true'},{'from':'N','to':'false'}]},"
		    "{'name':'c','open':true,'code':[{'from':'THA','to':'TH'}]}]"),
		"{'reference':'A','sender':{'name':'x','country':'TH'},'day':'2026-11-02','urgent':true,"
		"'item':[{'number':1,'mass':'12.50'}]}",
		"REF;FROM;DAY;URGENT;C;NO;KG;KIND\nA;x;02/11/2569;J;THA;1;12,50;T1\n");
}

/* Days as their formats write 2 November 2026. */
static void every_form_of_a_day_is_read_and_written(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	static const char *const forms[][3] = {
		{ "YYYY-MM-DD", "2026-11-02" },
		{ "YYYY/MM/DD", "2026/11/02" },
		{ "YYYYMMDD", "20261102" },
		{ "DD/MM/YYYY", "02/11/2026" },
		{ "DD-MM-YYYY", "02-11-2026" },
		{ "DD.MM.YYYY", "02.11.2026" },
		{ "D/M/YYYY", "2/11/2026", "02/11/2026" },
		{ "DD-MMM-YYYY", "02-Nov-2026", "02-NOV-2026" },
		{ "DD MMM YYYY", "02 Nov 2026" },
		{ "MM/DD/YYYY", "11/02/2026" },
		{ "DD/MM/BBBB", "02/11/2569" },
		{ "BBBBMMDD", "25691102" },
		{ "YYYYMMDDhhmm", "202611020000" },
		{ "YYYYMMDDhhmmss", "20261102000000" },
		{ "YYYYMMDDhhmmssZ", "20261102000000Z", "20261102235900+0700" },
		{ "DD/MM/YYYY hh:mm", "02/11/2026 00:00", "02/11/2026 23:59" },
		{ "YYYY-MM-DD hh:mm:ss", "2026-11-02 00:00:00" },
		{ "RFC 3339", "2026-11-02T00:00:00Z", "2026-11-02T01:00:00+07:00" },
	};

	for (size_t i = 0; i < COUNT(forms); i++) {
		const char *mapping = arena_printf(
			arena, CSV("'row':[" SENDER ",{'to':'/day','from':'DAY','date':'%s'}]"), forms[i][0]);
		static const char json[] = "{'reference':'A','sender':{'name':'x'},'day':'2026-11-02'}";
		assert_both_ways(mapping, json, arena_printf(arena, "REF;FROM;DAY\nA;x;%s\n", forms[i][1]));
		if (forms[i][2])
			assert_maps(mapping, arena_printf(arena, "REF;FROM;DAY\nA;x;%s\n", forms[i][2]),
				    arena_printf(arena, "%s\n", json));
	}
}

static void what_is_not_quite_a_value_is_refused(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	static const struct {
		const char *option, *to, *text, *code;
	} rows[] = {
		{ "'date':'DD/MM/YYYY'", "/day", "2/11/2026", "MAP-026" },
		{ "'date':'DD/MM/YYYY'", "/day", "02/11/20266", "MAP-026" },
		{ "'date':'DD/MM/YYYY'", "/day", "30/02/2026", "MAP-026" },
		{ "'date':'D/M/YYYY'", "/day", "002/11/2026", "MAP-026" },
		{ "'date':'DD-MMM-YYYY'", "/day", "02-Nox-2026", "MAP-026" },
		{ "'date':'DD/MM/YYYY'", "/day", "+2/11/2026", "MAP-026" },
		{ "'date':'YYYYMMDDhhmm'", "/day", "202611022400", "MAP-026" },
		{ "'decimal':','", "/item/*/mass", "1.5", "MAP-027" },
		{ "'decimal':',','thousands':'.'", "/item/*/mass", "1.50", "MAP-027" },
		{ "'decimal':',','thousands':'.'", "/item/*/mass", "12.50,1", "MAP-027" },
		{ "'decimal':',','thousands':'.'", "/item/*/mass", ".500", "MAP-027" },
		{ "'decimal':'.','thousands':','", "/item/*/mass", "1,2345.5", "MAP-027" },
		{ "'required':true", "/sender/country", "", "MAP-029" },
		{ "'constant':'TH'", "/sender/country", "VN", "MAP-030" },
		{ "'split':'/','part':2", "/sender/country", "a/b/c", "" },
		{ "'table':'c'", "/sender/country", "VN", "MAP-025" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *mapping = arena_printf(
			arena,
			CSV("'list':[{'to':'/item'}],'row':[" SENDER ",{'to':'/item/*/number','from':'NO'},"
			    "{'to':'%s','from':'V',%s}],'table':[{'name':'c','code':[{'from':'A','to':'B'}]}]"),
			rows[i].to, rows[i].option);
		struct text_source source = { arena_printf(arena, "REF;FROM;NO;V\nA;x;1;%s\n", rows[i].text), 0 };
		const struct mapping_input input = { { read_text, &source }, rewind_text };
		struct made made = { .arena = arena };
		struct err err;
		buf_init(&made.text, TEXT_MAX);
		assert_int_equal(
			mapping_read(load(arena, mapping, false, ""), &input, take, &made, findings_new(arena), &err),
			OK);
		const char *found = strchr(buf_text(&made.text), '\n') + 1;
		if (!starts_with(found, rows[i].code))
			fail_msg("row %zu: %s", i, found);
		buf_done(&made.text);
	}
	assert_maps(CSV("'list':[{'to':'/item'}],'row':[" SENDER ",{'to':'/item/*/number','from':'NO'},"
			"{'to':'/item/*/mass','from':'KG','decimal':',','thousands':'.'}]"),
		    "REF;FROM;NO;KG\nA;x;1;1.234.567,50\n",
		    "{'reference':'A','sender':{'name':'x'},'item':[{'number':1,'mass':'1234567.50'}]}\n");
}

static void constants_and_defaults_make_no_group_by_themselves(void **state)
{
	(void)state;
	static const char mapping[] = CSV("'row':[" SENDER ",{'to':'/receiver/name','from':'TO'},"
					  "{'to':'/receiver/country','constant':'VN'},"
					  "{'to':'/sender/country','from':'C','default':'TH'}]");

	assert_maps(mapping, "REF;FROM;TO;C\nA;x;;\nB;y;z;MY\n",
		    "{'reference':'A','sender':{'name':'x','country':'TH'}}\n"
		    "{'reference':'B','sender':{'name':'y','country':'MY'},'receiver':{'name':'z','country':'VN'}}\n");
}

static void a_text_of_parts_is_taken_apart_and_put_together(void **state)
{
	(void)state;
	assert_both_ways(CSV("'row':[" SENDER ",{'to':'/receiver/name','from':'TO','split':'/','part':1},"
			     "{'to':'/receiver/country','from':'TO','split':'/','part':2}]"),
			 "{'reference':'A','sender':{'name':'x'},'receiver':{'name':'y','country':'VN'}}",
			 "REF;FROM;TO\nA;x;y/VN\n");
	assert_maps(CSV("'row':[" SENDER ",{'to':'/sender/name','from':'CITY','join':','},"
			"{'to':'/sender/name','from':'ZIP','join':'space'}]"),
		    "REF;FROM;CITY;ZIP\nA;x;y;z\nB;x;;z\n",
		    "{'reference':'A','sender':{'name':'x, y z'}}\n{'reference':'B','sender':{'name':'x z'}}\n");
}

/* --- XML and JSON --- */

#define XML(inside)                                                                                                               \
	"{'title':'t','documentType':'TRIAL','format':'xml','namespace':[{'name':'urn:a'},{'prefix':'b','name':'urn:b'}]," inside \
	"}"

static void elements_and_attributes_are_values(void **state)
{
	(void)state;
	static const char mapping[] =
		XML("'list':[{'to':'/item','from':'/Doc/Item'}],'row':[{'to':'/reference','from':'/Doc/@id'},"
		    "{'to':'/sender/name','from':'/Doc/b:Party[Role=S]/b:Name'},"
		    "{'to':'/receiver/name','from':'/Doc/b:Party[Role=R]/b:Name'},"
		    "{'to':'/item/*/number','from':'/Doc/Item/@no'},{'to':'/item/*/goods','from':'/Doc/Item/Text'}]");

	assert_both_ways(
		mapping,
		"{'reference':'A','sender':{'name':'x & y'},'receiver':{'name':'z'},'item':[{'number':1,'goods':'g'},"
		"{'number':2}]}",
		"<Doc xmlns='urn:a' xmlns:b='urn:b' id='A'>\n"
		"\t<b:Party>\n\t\t<Role>S</Role>\n\t\t<b:Name>x &amp; y</b:Name>\n\t</b:Party>\n"
		"\t<b:Party>\n\t\t<Role>R</Role>\n\t\t<b:Name>z</b:Name>\n\t</b:Party>\n"
		"\t<Item no='1'>\n\t\t<Text>g</Text>\n\t</Item>\n\t<Item no='2'></Item>\n</Doc>\n");
	assert_maps(
		mapping,
		"<Doc xmlns='urn:a' xmlns:b='urn:b' id='A'><b:Party><Role>S</Role><b:Name>x</b:Name><b:Name>y</b:Name>"
		"<b:City>c</b:City></b:Party><Item no='q'/><b:Item no='1'/></Doc>",
		"{'reference':'A','sender':{'name':'x'},'item':[{}]}\n"
		"MAP-031 /sender/name at /Doc/Party/Name[1]\n"
		"MAP-027 /item/0/number at /Doc/Item/@no\n"
		"MAP-034 no row of the mapping reads /Doc/Party/City (1 value)\n"
		"MAP-034 no row of the mapping reads /Doc/Item/@no (1 value)\n");
}

static void members_and_lists_of_json_are_values(void **state)
{
	(void)state;
	static const char mapping[] =
		"{'title':'t','documentType':'TRIAL','format':'json','list':[{'to':'/item','from':'/a/*/goods/*'},"
		"{'to':'/item/*/part','from':'/a/*/goods/*/parts/*'}],"
		"'row':[{'to':'/reference','from':'/id'},{'to':'/sender/name','from':'/a/*/from~1name'},"
		"{'to':'/item/*/number','from':'/a/*/goods/*/no','number':true},"
		"{'to':'/item/*/part/*/code','from':'/a/*/goods/*/parts/*'}]}";

	assert_both_ways(
		mapping,
		"{'reference':'A','sender':{'name':'x'},'item':[{'number':1,'part':[{'code':'p'},{'code':'q'}]},"
		"{'number':2}]}",
		"{'id':'A','a':[{'from/name':'x','goods':[{'no':1,'parts':['p','q']},{'no':2}]}]}\n");
	assert_maps(mapping, "{'id':'A','a':{'from/name':'x'},'b':[true]}",
		    "{'reference':'A'}\nFLD-001 /sender at \n"
		    "MAP-034 no row of the mapping reads /a/from/name (1 value)\n"
		    "MAP-034 no row of the mapping reads /b/* (1 value)\n");
}

static void several_documents_stand_in_one_file(void **state)
{
	(void)state;
	assert_maps("{'title':'t','documentType':'TRIAL','format':'json','each':'/*','row':["
		    "{'to':'/reference','from':'/*/r'},{'to':'/sender/name','from':'/*/s'}]}",
		    "[{'r':'A','s':'x'},{'r':'B','s':'y'}]",
		    "{'reference':'A','sender':{'name':'x'}}\n{'reference':'B','sender':{'name':'y'}}\n");
	assert_maps(XML("'each':'/All/Doc','row':[{'to':'/reference','from':'/All/Doc/R'},"
			"{'to':'/sender/name','from':'/All/Doc/S'}]"),
		    "<All xmlns='urn:a'><Doc><R>A</R><S>x</S></Doc><Doc><R>B</R><S>y</S></Doc></All>",
		    "{'reference':'A','sender':{'name':'x'}}\n{'reference':'B','sender':{'name':'y'}}\n");
}

/* --- To the national form --- */

static void what_the_national_form_cannot_say_is_found(void **state)
{
	(void)state;
	static const struct {
		const char *mapping, *json, *findings;
	} rows[] = {
		{ CSV("'row':[" SENDER "]"), "{'reference':'A','sender':{'name':'x','country':'TH'}}",
		  "MAP-041 /sender/country" },
		{ CSV("'list':[{'to':'/item','split':'|'}],'row':[" SENDER "," ITEMS "]"),
		  "{'reference':'A','sender':{'name':'x'},'item':[{'number':1,'goods':'a|b'}]}",
		  "MAP-038 /item/0/goods" },
		{ CSV("'list':[{'to':'/item','numbered':1}],'row':[" SENDER ",{'to':'/item/*/number','from':'NO #'}]"),
		  "{'reference':'A','sender':{'name':'x'},'item':[{'number':1},{'number':2}]}",
		  "MAP-040 /item; MAP-041 /item/0/number; MAP-041 /item/1/number" },
		{ CSV("'key':'REF','list':[{'to':'/item','key':'NO'}],'row':[" SENDER "," ITEMS "]"),
		  "{'reference':'A','sender':{'name':'x'},'item':[{'number':1},{'number':1}]}", "MAP-042 /item" },
		{ CSV("'row':[" SENDER ",{'to':'/sender/country','constant':'TH'}]"),
		  "{'reference':'A','sender':{'name':'x','country':'VN'}}", "MAP-030 /sender/country" },
		{ CSV("'row':[" SENDER ",{'to':'/sender/country','from':'REF'}]"),
		  "{'reference':'A','sender':{'name':'x','country':'TH'}}", "MAP-043 /sender/country" },
		{ "{'title':'t','documentType':'TRIAL','format':'json','row':[{'to':'/reference','from':'/a','number':true},"
		  "{'to':'/sender/name','from':'/b'}]}",
		  "{'reference':'1,\\'c\\':2','sender':{'name':'x'}}", "MAP-027 /reference" },
		{ CSV("'row':[" SENDER ",{'to':'/day','from':'DAY','date':'BBBBMMDD'}]"),
		  "{'reference':'A','sender':{'name':'x'},'day':'9457-01-01'}", "MAP-026 /day" },
		{ "{'title':'t','documentType':'TRIAL','format':'csv','csv':{'quote':'none'},'row':[" SENDER "]}",
		  "{'reference':'A','sender':{'name':'x,y'}}", "MAP-039" },
		{ "{'title':'t','documentType':'TRIAL','format':'csv','csv':{'charset':'windows-874'},'row':[" SENDER
		  "]}",
		  "{'reference':'A','sender':{'name':'Đ'}}", "MAP-039" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		arena_auto arena = arena_new(ARENA);
		struct findings *findings = findings_new(arena);
		struct mapping_writer *writer;
		struct err err;
		buf_auto out;
		buf_init(&out, TEXT_MAX);
		assert_int_equal(mapping_writer_open(load(arena, rows[i].mapping, true, ""), &writer, &err), OK);
		assert_int_equal(
			mapping_write(writer, arena, bytes_of(quoted(arena, rows[i].json)), &out, findings, &err), OK);
		mapping_writer_close(writer);
		const char *found = codes_of(arena, findings);
		if (!starts_with(found, rows[i].findings))
			fail_msg("row %zu: %s", i, found);
		assert_true(findings_errors(findings) == 0 || out.size == 0);
	}
}

/* Two documents with one key, one behind the other, would be read as one. */
static void two_documents_with_one_key_are_not_written_into_one_file(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	struct findings *findings = findings_new(arena);
	struct mapping_writer *writer;
	struct err err;
	buf_auto out;

	buf_init(&out, TEXT_MAX);
	assert_int_equal(
		mapping_writer_open(load(arena, CSV("'key':'REF','row':[" SENDER "]"), true, ""), &writer, &err), OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(mapping_write(writer, arena,
					       bytes_of(quoted(arena, "{'reference':'A','sender':{'name':'x'}}")), &out,
					       findings, &err),
				 OK);
	mapping_writer_close(writer);
	assert_string_equal(codes_of(arena, findings), "MAP-042");
	assert_string_equal(buf_text(&out), "REF;FROM\nA;x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_with_a_mapping_is_found_at_once),
		cmocka_unit_test(a_mandatory_value_that_no_row_gives_is_named_with_its_law),
		cmocka_unit_test(a_table_that_cannot_be_turned_round_works_one_way),
		cmocka_unit_test(a_mapping_is_of_documents_or_of_records),
		cmocka_unit_test(an_item_of_a_fixed_list_is_there_if_something_of_it_was_read),
		cmocka_unit_test(a_fixed_list_is_checked_when_it_is_loaded),
		cmocka_unit_test(one_column_gives_a_number_with_a_unit_or_a_word),
		cmocka_unit_test(a_unit_is_written_behind_its_value),
		cmocka_unit_test(lines_with_one_key_are_one_document),
		cmocka_unit_test(the_form_of_a_file_is_judged_before_anything_is_made_of_it),
		cmocka_unit_test(what_no_row_reads_is_told),
		cmocka_unit_test(findings_stand_at_the_line_and_column_of_the_value),
		cmocka_unit_test(items_with_a_key_of_their_own_hold_lines),
		cmocka_unit_test(texts_are_split_into_items_and_joined_again),
		cmocka_unit_test(numbered_columns_are_items),
		cmocka_unit_test(lines_of_several_kinds_without_names_are_read),
		cmocka_unit_test(values_are_converted_both_ways),
		cmocka_unit_test(every_form_of_a_day_is_read_and_written),
		cmocka_unit_test(what_is_not_quite_a_value_is_refused),
		cmocka_unit_test(constants_and_defaults_make_no_group_by_themselves),
		cmocka_unit_test(a_text_of_parts_is_taken_apart_and_put_together),
		cmocka_unit_test(elements_and_attributes_are_values),
		cmocka_unit_test(members_and_lists_of_json_are_values),
		cmocka_unit_test(several_documents_stand_in_one_file),
		cmocka_unit_test(what_the_national_form_cannot_say_is_found),
		cmocka_unit_test(two_documents_with_one_key_are_not_written_into_one_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
