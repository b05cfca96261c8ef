#include "files.h"

#include "codec/xml.h"

struct fixture {
	struct arena *arena;
	struct xml_doc *doc;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	f->arena = arena_new(64 << 20);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	if (f->doc)
		xml_free(f->doc);
	arena_free(f->arena);
	free(f);
	return 0;
}

static enum err_code parse(struct fixture *f, struct bytes text)
{
	if (f->doc)
		xml_free(f->doc);
	f->doc = NULL;
	memset(&f->err, 0, sizeof(f->err));
	return xml_parse(f->arena, text, &xml_limits_default, &f->doc, &f->err);
}

static const struct xml_node *root_of(struct fixture *f, const char *text)
{
	assert_int_equal(parse(f, bytes_of(text)), OK);
	return xml_root(f->doc);
}

static void assert_refused(struct fixture *f, const char *text, enum err_code code, const char *reason)
{
	assert_int_equal(parse(f, bytes_of(text)), code);
	assert_null(f->doc);
	if (!strstr(f->err.text, reason))
		fail_msg("\"%s\" does not say \"%s\"", f->err.text, reason);
}

static void elements_are_found_by_name_and_namespace(void **state)
{
	const struct xml_node *root = root_of(*state, "<a xmlns='urn:a' xmlns:p='urn:p'>\n <p:b/> t <c xmlns=''/></a>");
	const struct xml_node *b = xml_first(root);
	const struct xml_node *c = xml_next(b);

	assert_true(xml_is(root, "urn:a", "a"));
	assert_true(xml_is(b, "urn:p", "b"));
	assert_true(xml_is(c, "", "c"));
	assert_false(xml_is(c, "urn:a", "c"));
	assert_false(xml_is(NULL, "", "c"));
	assert_null(xml_next(c));
	assert_null(xml_first(c));
	assert_ptr_equal(xml_parent(c), root);
	assert_null(xml_parent(root));
	assert_true(xml_has_stray_text(root));
	assert_false(xml_has_stray_text(b));
}

static void a_walk_visits_the_subtree_in_document_order_and_stays_inside(void **state)
{
	struct fixture *f = *state;
	const struct xml_node *root = root_of(f, "<r><x><a><b/></a><c/><d><e/></d></x><out/></r>");
	const struct xml_node *top = xml_first(root);
	char seen[16] = "";

	for (const struct xml_node *n = top; n; n = xml_walk(top, n))
		strncat(seen, xml_name(n), 1);
	assert_string_equal(seen, "xabcde");
	assert_null(xml_walk(xml_next(top), xml_next(top)));
}

static void text_is_joined_over_comments_and_cdata_sections(void **state)
{
	struct fixture *f = *state;
	const struct xml_node *root = root_of(f, "<r> one<!-- hidden --><![CDATA[ & <two>]]> &#x41;&amp;\n</r>");

	assert_string_equal(xml_text(root), " one & <two> A&\n");
	assert_string_equal(xml_token(f->arena, root), "one & <two> A&");
	assert_string_equal(xml_text(root_of(f, "<r/>")), "");
	assert_null(xml_text(root_of(f, "<r>a<b/></r>")));
	assert_null(xml_token(f->arena, root_of(f, "<r>a<b/></r>")));
}

static bool count_attribute(void *arg, const char *ns, const char *name, const char *value)
{
	(void)ns;
	(void)value;
	strcat(arg, name);
	return name[0] != 'z';
}

static void attributes_are_told_apart_by_namespace(void **state)
{
	struct fixture *f = *state;
	const struct xml_node *root =
		root_of(f, "<r xmlns:p='urn:p' i='1' p:i='2' e='' q='&lt;&quot;&#65;&amp;' z='' never=''/>");
	char names[32] = "";

	assert_string_equal(xml_attribute(root, "", "i"), "1");
	assert_string_equal(xml_attribute(root, "urn:p", "i"), "2");
	assert_string_equal(xml_attribute(root, "", "e"), "");
	assert_string_equal(xml_attribute(root, "", "q"), "<\"A&");
	assert_null(xml_attribute(root, "", "p"));
	assert_null(xml_attribute(root, "urn:q", "i"));
	xml_attributes(root, count_attribute, names);
	assert_string_equal(names, "iieqz");
}

/* XML 1.0 §4.4: a reference is replaced once, and what it gave is not looked at again. */
static void an_ampersand_in_a_value_is_never_read_twice(void **state)
{
	const struct xml_node *root =
		root_of(*state, "<r a='&amp;' b='x&#38;y&amp;amp;' c='&amp;#38;#38;' d='&#38;lt;'/>");

	assert_string_equal(xml_attribute(root, "", "a"), "&");
	assert_string_equal(xml_attribute(root, "", "b"), "x&y&amp;");
	assert_string_equal(xml_attribute(root, "", "c"), "&#38;#38;");
	assert_string_equal(xml_attribute(root, "", "d"), "&lt;");
}

/* Namespaces in XML 1.0 §3 ("xml" needs no declaration) and §6. */
static void the_declaration_nearest_to_a_name_counts(void **state)
{
	const struct xml_node *a =
		root_of(*state, "<p:a xmlns:p='urn:1' xmlns='urn:2' xml:lang='en'><b><p:c xmlns:p='urn:3' "
				"p:x='1'/><p:d p:x='2'/></b></p:a>");
	const struct xml_node *b = xml_first(a), *c = xml_first(b), *d = xml_next(c);

	assert_true(xml_is(a, "urn:1", "a"));
	assert_string_equal(xml_attribute(a, "http://www.w3.org/XML/1998/namespace", "lang"), "en");
	assert_true(xml_is(b, "urn:2", "b"));
	assert_true(xml_is(c, "urn:3", "c"));
	assert_string_equal(xml_attribute(c, "urn:3", "x"), "1");
	assert_true(xml_is(d, "urn:1", "d"));
	assert_string_equal(xml_attribute(d, "urn:1", "x"), "2");
}

/* xml:id 1.0 §4. */
static void an_id_is_a_name_and_stands_once(void **state)
{
	assert_refused(*state, "<a>\n<b xml:id='1 2'/></a>", ERR_SYNTAX, "line 2: xml:id : attribute value 1 2 is not");
	assert_refused(*state, "<a xml:id='x'><b xml:id='x'/></a>", ERR_SYNTAX, "line 1: ID x already defined");
	assert_string_equal(xml_attribute(root_of(*state, "<a xml:id='x'><b id='x'/></a>"),
					  "http://www.w3.org/XML/1998/namespace", "id"),
			    "x");
}

static void blanks_are_left_out_only_where_a_reader_of_values_asks_for_it(void **state)
{
	static const char text[] = "<r> <a>\n</a>\t<b> 1<!-- --> <![CDATA[ ]]>2 </b>&#x20;<c/></r>";
	struct fixture *f = *state;
	struct xml_limits limits = xml_limits_default;
	buf_auto whole = { 0 }, values = { 0 };

	buf_init(&whole, 1024);
	buf_init(&values, 1024);
	assert_int_equal(xml_c14n_document(bytes_of(text), &limits, &whole, &f->err), OK);
	assert_string_equal(buf_text(&whole), "<r> <a>\n</a>\t<b> 1  2 </b> <c></c></r>");
	limits.without_blanks = true;
	assert_int_equal(xml_c14n_document(bytes_of(text), &limits, &values, &f->err), OK);
	assert_string_equal(buf_text(&values), "<r><a></a><b> 1  2 </b><c></c></r>");
}

/* XML 1.0 §2.11 and §3.3.3: line ends become LF, white space in attribute values becomes spaces. */
static void line_ends_and_attribute_values_are_normalised(void **state)
{
	struct fixture *f = *state;
	const struct xml_node *root = root_of(f, "<r a='1\r\n2\t3'>x\r\ny\rz</r>");

	assert_string_equal(xml_attribute(root, "", "a"), "1 2 3");
	assert_string_equal(xml_text(root), "x\ny\nz");
}

static void a_byte_order_mark_and_utf_16_are_read(void **state)
{
	struct fixture *f = *state;
	static const char utf16le[] = "\xFF\xFE<\0r\0>\0\xE9\0<\0/\0r\0>\0";

	assert_string_equal(xml_text(root_of(f, "\xEF\xBB\xBF<r>\xC3\xA9</r>")), "\xC3\xA9");
	assert_int_equal(parse(f, bytes(utf16le, sizeof(utf16le) - 1)), OK);
	assert_string_equal(xml_text(xml_root(f->doc)), "\xC3\xA9");
}

static void a_document_type_is_refused_before_anything_in_it_is_read(void **state)
{
	assert_refused(*state, "<!DOCTYPE r>\n<r/>", ERR_SYNTAX, "line 1: a document type declaration");
	assert_refused(*state, "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r>&x;</r>", ERR_SYNTAX,
		       "a document type declaration");
	assert_refused(*state, "\n\n<!DOCTYPE r SYSTEM 'http://192.0.2.1/x.dtd'><r/>", ERR_SYNTAX,
		       "line 3: a document type declaration");
	assert_refused(*state,
		       "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]><l>&c;</l>",
		       ERR_SYNTAX, "a document type declaration");
}

static void a_processing_instruction_is_refused_wherever_it_stands(void **state)
{
	assert_refused(*state, "<?xml-stylesheet href='x'?><r/>", ERR_SYNTAX, "a processing instruction");
	assert_refused(*state, "<r>\n<?php x?></r>", ERR_SYNTAX, "line 2: a processing instruction");
	assert_refused(*state, "<r/><?after?>", ERR_SYNTAX, "a processing instruction");
}

static void what_is_not_well_formed_is_refused_with_its_line(void **state)
{
	assert_refused(*state, "", ERR_SYNTAX, "empty");
	assert_refused(*state, "plain", ERR_SYNTAX, "line 1");
	assert_refused(*state, "<r>\n<a>\n</b></r>", ERR_SYNTAX, "line 3");
	assert_refused(*state, "<r/><r/>", ERR_SYNTAX, "line 1");
	assert_refused(*state, "<r><a></r>", ERR_SYNTAX, "line 1");
	assert_refused(*state, "<r>cut", ERR_SYNTAX, "line 1");
	assert_refused(*state, "<r a='1' a='2'/>", ERR_SYNTAX, "line 1");
	assert_refused(*state, "<r>&unknown;</r>", ERR_SYNTAX, "unknown");
	assert_refused(*state, "<r>\xFF</r>", ERR_SYNTAX, "line 1");
	assert_refused(*state, "<r>&#0;</r>", ERR_SYNTAX, "line 1");
	assert_refused(*state, "<?xml version='1.0' encoding='no-such'?><r/>", ERR_SYNTAX, "no-such");
}

/* Namespaces in XML 1.0 §5. */
static void a_prefix_without_declaration_is_refused(void **state)
{
	assert_refused(*state, "<p:r/>", ERR_SYNTAX, "p");
	assert_refused(*state, "<r p:a=''/>", ERR_SYNTAX, "p");
}

static void repeat(struct buf *out, const char *text, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		buf_puts(out, text);
}

static void elements_may_be_nested_to_the_limit_and_no_deeper(void **state)
{
	for (unsigned more = 0; more < 2; more++) {
		buf_auto text = { 0 };
		unsigned depth = xml_limits_default.max_depth + more;
		buf_init(&text, 1 << 20);
		repeat(&text, "<a>", depth);
		repeat(&text, "</a>", depth);
		if (more)
			assert_refused(*state, buf_text(&text), ERR_LIMIT, "nested deeper than 64");
		else
			assert_int_equal(parse(*state, buf_bytes(&text)), OK);
	}
}

static void a_text_lives_as_long_as_the_arena_of_its_document(void **state)
{
	struct fixture *f = *state;
	const struct xml_node *root = root_of(f, "<r><a>one</a><a> two </a></r>");
	const char *whole = xml_token(f->arena, xml_first(root));
	const char *trimmed = xml_token(f->arena, xml_next(xml_first(root)));

	assert_ptr_equal(whole, xml_text(xml_first(root)));
	xml_free(f->doc);
	f->doc = NULL;
	assert_string_equal(whole, "one");
	assert_string_equal(trimmed, "two");
}

static void a_document_that_its_arena_cannot_hold_is_out_of_memory(void **state)
{
	struct fixture *f = *state;
	enum err_code code = ERR_MEMORY;

	for (size_t size = 0; code == ERR_MEMORY; size += 8) {
		arena_auto arena = arena_new(size);
		xml_doc_auto doc = NULL;
		assert_non_null(arena);
		code = xml_parse(arena, bytes_of("<a xmlns='urn:x' y='z'>one<b/></a>"), &xml_limits_default, &doc,
				 &f->err);
		assert_true(code == OK || (code == ERR_MEMORY && !doc));
		assert_true(code == ERR_MEMORY || size > 0);
	}
	assert_int_equal(code, OK);
}

static void elements_are_counted(void **state)
{
	struct fixture *f = *state;
	struct xml_limits limits = xml_limits_default;
	limits.max_elements = 3;

	assert_int_equal(xml_parse(f->arena, bytes_of("<a><b/><c/></a>"), &limits, &f->doc, &f->err), OK);
	xml_free(f->doc);
	f->doc = NULL;
	assert_int_equal(xml_parse(f->arena, bytes_of("<a><b/>\n<c/><d/></a>"), &limits, &f->doc, &f->err), ERR_LIMIT);
	assert_null(f->doc);
	assert_non_null(strstr(f->err.text, "line 2: more than 3 elements"));
}

static void attributes_are_counted_by_element_and_by_document(void **state)
{
	struct fixture *f = *state;
	struct xml_limits limits = xml_limits_default;
	limits.max_attributes = 2;
	limits.max_all_attributes = 3;

	assert_int_equal(xml_parse(f->arena, bytes_of("<a x='' xmlns='urn:x' y=''/>"), &limits, &f->doc, &f->err),
			 ERR_LIMIT);
	assert_non_null(strstr(f->err.text, "more than 2 attributes in one element"));
	assert_int_equal(xml_parse(f->arena, bytes_of("<a x='' y=''><b x='' y=''/></a>"), &limits, &f->doc, &f->err),
			 ERR_LIMIT);
	assert_non_null(strstr(f->err.text, "more than 3 attributes"));
	assert_int_equal(xml_parse(f->arena, bytes_of("<a x='' y=''><b x=''/></a>"), &limits, &f->doc, &f->err), OK);
}

static void namespaces_in_scope_are_counted(void **state)
{
	struct fixture *f = *state;
	struct xml_limits limits = xml_limits_default;
	limits.max_namespaces = 2;

	assert_int_equal(xml_parse(f->arena,
				   bytes_of("<a xmlns:a='urn:a'><b xmlns:b='urn:b'><c xmlns:c='urn:c'/></b></a>"),
				   &limits, &f->doc, &f->err),
			 ERR_LIMIT);
	assert_non_null(strstr(f->err.text, "more than 2 namespace declarations in scope"));
	assert_int_equal(xml_parse(f->arena,
				   bytes_of("<a xmlns:a='urn:a'><b xmlns:b='urn:b'/><c xmlns:c='urn:c'/></a>"), &limits,
				   &f->doc, &f->err),
			 OK);
}

static void a_long_value_and_a_long_name_are_refused(void **state)
{
	struct fixture *f = *state;
	struct xml_limits limits = xml_limits_default;
	limits.max_value_bytes = 8;

	assert_int_equal(xml_parse(f->arena, bytes_of("<a x='12345678'/>"), &limits, &f->doc, &f->err), OK);
	xml_free(f->doc);
	f->doc = NULL;
	static const char *const wrong[] = { "<a x='123456789'/>", "<a x23456789=''/>", "<a23456789/>",
					     "<p:a xmlns:p='urn:56789'/>" };
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(xml_parse(f->arena, bytes_of(wrong[i]), &limits, &f->doc, &f->err), ERR_LIMIT);
		assert_non_null(strstr(f->err.text, "longer than 8 bytes"));
	}
}

/* libxml2 2.9 compares each attribute with all others: 10 MB of them in one tag would keep it busy for minutes. */
static void a_tag_of_a_million_attributes_is_refused_while_it_is_read(void **state)
{
	struct fixture *f = *state;
	buf_auto text = { 0 };
	buf_init(&text, 16 << 20);
	buf_puts(&text, "<a");
	for (unsigned i = 0; i < 1000000; i++)
		buf_printf(&text, " a%u=''", i);
	buf_puts(&text, "/>");
	assert_refused(f, buf_text(&text), ERR_LIMIT, "a tag is longer than");
}

static void long_text_comments_and_cdata_are_no_long_tags(void **state)
{
	struct fixture *f = *state;
	buf_auto text = { 0 };
	buf_init(&text, 16 << 20);
	repeat(&text, " ", 300000);
	buf_puts(&text, "<a><!--");
	repeat(&text, "comment ", 50000);
	buf_puts(&text, "--><b x='y'/><![CDATA[");
	repeat(&text, "section ", 50000);
	buf_puts(&text, "]]><b x='y'/>");
	repeat(&text, "caf\xC3\xA9 \r\n", 50000);
	repeat(&text, "<!---->", 50000);
	buf_puts(&text, "<b x='y'/></a>\n");
	repeat(&text, " ", 300000);
	assert_int_equal(parse(f, buf_bytes(&text)), OK);
}

/* libxml2's XML_MAX_TEXT_LENGTH. */
static void a_text_of_ten_million_bytes_is_the_longest(void **state)
{
	for (size_t more = 0; more < 2; more++) {
		struct fixture *f = *state;
		buf_auto text = { 0 };
		buf_init(&text, 16 << 20);
		buf_puts(&text, "<a>");
		repeat(&text, "0123456789", 600000);
		buf_puts(&text, "<!-- -->");
		repeat(&text, "0123456789", 400000);
		repeat(&text, "x", (unsigned)more);
		buf_puts(&text, "</a>");
		if (more)
			assert_refused(f, buf_text(&text), ERR_LIMIT, "a text is longer than 10000000 bytes");
		else
			assert_int_equal(parse(f, buf_bytes(&text)), OK);
	}
}

static void a_document_beyond_the_size_is_not_even_parsed(void **state)
{
	struct fixture *f = *state;
	struct xml_limits limits = xml_limits_default;
	limits.max_bytes = 4;

	assert_int_equal(xml_parse(f->arena, bytes_of("<a/>"), &limits, &f->doc, &f->err), OK);
	xml_free(f->doc);
	f->doc = NULL;
	assert_int_equal(xml_parse(f->arena, bytes_of("<ab/>"), &limits, &f->doc, &f->err), ERR_LIMIT);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		ROW(elements_are_found_by_name_and_namespace),
		ROW(a_walk_visits_the_subtree_in_document_order_and_stays_inside),
		ROW(text_is_joined_over_comments_and_cdata_sections),
		ROW(attributes_are_told_apart_by_namespace),
		ROW(an_ampersand_in_a_value_is_never_read_twice),
		ROW(the_declaration_nearest_to_a_name_counts),
		ROW(an_id_is_a_name_and_stands_once),
		ROW(blanks_are_left_out_only_where_a_reader_of_values_asks_for_it),
		ROW(line_ends_and_attribute_values_are_normalised),
		ROW(a_byte_order_mark_and_utf_16_are_read),
		ROW(a_document_type_is_refused_before_anything_in_it_is_read),
		ROW(a_processing_instruction_is_refused_wherever_it_stands),
		ROW(what_is_not_well_formed_is_refused_with_its_line),
		ROW(a_prefix_without_declaration_is_refused),
		ROW(elements_may_be_nested_to_the_limit_and_no_deeper),
		ROW(a_text_lives_as_long_as_the_arena_of_its_document),
		ROW(a_document_that_its_arena_cannot_hold_is_out_of_memory),
		ROW(elements_are_counted),
		ROW(attributes_are_counted_by_element_and_by_document),
		ROW(namespaces_in_scope_are_counted),
		ROW(a_long_value_and_a_long_name_are_refused),
		ROW(a_tag_of_a_million_attributes_is_refused_while_it_is_read),
		ROW(long_text_comments_and_cdata_are_no_long_tags),
		ROW(a_text_of_ten_million_bytes_is_the_longest),
		ROW(a_document_beyond_the_size_is_not_even_parsed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
