/* Oracle: Python's json and xml.etree, for what is written; what is expected of readers is written out here. */
#include "files.h"

#include "codec/json.h"
#include "codec/tree.h"

enum { OUT_MAX = 1 << 20, ARENA = 64 << 20 };

static struct tree_node *read_json(struct arena *arena, const char *text, enum err_code expected)
{
	struct tree_node *root = NULL;
	struct err err = { 0 };

	assert_int_equal(tree_read_json(arena, bytes_of(text), &root, &err), expected);
	assert_true(expected == OK ? root != NULL : root == NULL);
	return root;
}

static void assert_written_again(const char *text, const char *expected)
{
	arena_auto arena = arena_new(ARENA);
	buf_auto out;

	buf_init(&out, OUT_MAX);
	tree_put_json(&out, read_json(arena, text, OK));
	assert_string_equal(buf_text(&out), expected);
}

static void json_is_read_and_written_the_same(void **state)
{
	(void)state;
	static const char *const same_again[] = {
		"{}",
		"{\"a\":\"1\",\"b\":2,\"c\":true,\"d\":{\"e\":\"ก\"}}",
		"{\"a\":[1,2,{\"b\":\"c\"}],\"d\":\"e\"}",
		"{\"a\":[1],\"b\":[2]}",
		"{\"a\":-0.5,\"b\":123456789012345,\"c\":\"\\\"\\u000a\"}",
	};

	for (size_t i = 0; i < COUNT(same_again); i++)
		assert_written_again(same_again[i], same_again[i]);
	assert_written_again("{\"a\":null,\"b\":[],\"c\":1}", "{\"c\":1}"); /* nothing is no value */
}

static void elements_of_a_list_stand_side_by_side(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	const struct tree_node *root = read_json(arena, "{\"a\":[\"x\",[\"y\"]],\"b\":\"z\"}", OK);
	const struct tree_node *a = root->first;

	assert_true(a->item && same(a->name, "a") && same(a->text, "x"));
	assert_true(a->next->item && same(a->next->name, "a") && a->next->kind == TREE_GROUP);
	assert_true(a->next->first->item && same(a->next->first->name, "") && same(a->next->first->text, "y"));
	assert_true(!a->next->next->item && same(a->next->next->name, "b"));
	root = read_json(arena, "[{\"a\":\"x\"}]", OK);
	assert_true(root->first->item && same(root->first->name, "") && same(root->first->first->text, "x"));
}

/* What would need a hundred times its size is refused before it is read: JSON_VALUES_MAX is 1,048,576. */
static void json_of_too_many_values_is_refused_at_once(void **state)
{
	(void)state;
	enum { MOST = 1 << 20 };
	buf_auto out;

	for (int more = 0; more < 2; more++) {
		buf_init(&out, 4 * MOST);
		buf_putc(&out, '[');
		for (int i = 0; i < MOST - 2 + more; i++)
			buf_puts(&out, "0,");
		buf_puts(&out, "0]");
		assert_true(json_is_bounded(buf_bytes(&out)) == !more);
		buf_done(&out);
	}
	assert_true(json_is_bounded(bytes_of("[\"an unclosed string \\")));
	buf_init(&out, 4 * MOST);
	buf_puts(&out, "[\"\\\"");
	for (int i = 0; i < MOST; i++)
		buf_putc(&out, ',');
	buf_puts(&out, "\"]");
	assert_true(json_is_bounded(buf_bytes(&out))); /* commas of a string */
}

/* RFC 8259 6: a double holds 15 digits for sure. */
static void numbers_keep_their_digits_or_are_refused(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);

	assert_string_equal(read_json(arena, "{\"a\":0.1}", OK)->first->text, "0.1");
	assert_string_equal(read_json(arena, "{\"a\":432.5}", OK)->first->text, "432.5");
	assert_string_equal(read_json(arena, "{\"a\":9007199254740993}", OK)->first->text, "9007199254740993");
	read_json(arena, "{\"a\":0.12345678901234567}", ERR_SYNTAX);
}

static void what_is_no_json_or_too_deep_is_refused(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	buf_auto deep;

	read_json(arena, "", ERR_SYNTAX);
	read_json(arena, "\"a\"", ERR_SYNTAX);
	read_json(arena, "{\"a\":1,\"a\":2}", ERR_SYNTAX);
	buf_init(&deep, 1 << 16);
	for (int i = 0; i <= TREE_DEPTH_MAX; i++)
		buf_putc(&deep, '[');
	for (int i = 0; i <= TREE_DEPTH_MAX; i++)
		buf_putc(&deep, ']');
	read_json(arena, buf_text(&deep), ERR_LIMIT);
}

static const char sample[] = "<a:A xmlns:a=\"urn:a\" xmlns=\"urn:b\" x=\"1\">"
			     "<B a:y=\"2\">b</B><B><C/><!-- c --> d &amp; </B>text</a:A>";

static void xml_is_read_with_attributes_and_namespaces(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	struct tree_node *root;
	struct err err;

	assert_int_equal(tree_read_xml(arena, bytes_of(sample), &root, &err), OK);
	const struct tree_node *a = root->first, *x = a->first, *stray = x->next, *b = stray->next, *b2 = b->next;
	assert_true(same(a->name, "A") && same(a->ns, "urn:a") && !a->next && a->kind == TREE_GROUP);
	assert_true(x->attribute && same(x->name, "x") && same(x->ns, "") && same(x->text, "1"));
	assert_true(same(stray->name, "#text")); /* text beside elements is not passed over in silence */
	assert_true(same(b->name, "B") && same(b->ns, "urn:b") && same(b->text, "b"));
	assert_true(b->first->attribute && same(b->first->ns, "urn:a") && same(b->first->text, "2"));
	assert_true(same(b2->first->name, "#text") && same(b2->first->next->name, "C") && !b2->next);
}

#define PYTHON_CANON                                                                                                   \
	"python3 -c 'import sys,xml.etree.ElementTree as E\n"                                                          \
	"sys.stdout.write(E.canonicalize(sys.stdin.buffer.read().decode(),strip_text=True,rewrite_prefixes=True))'"

static void python_reads_the_xml_that_is_written(void **state)
{
	(void)state;
	arena_auto arena = arena_new(ARENA);
	static const char plain[] = "<a:A xmlns:a=\"urn:a\" xmlns=\"urn:b\" x=\"1&lt;\"><B a:y=\"2\">b &amp; c</B>"
				    "<B><C/></B></a:A>";
	const struct tree_namespace namespaces[] = { { "", "urn:b" }, { "a", "urn:a" } };
	struct tree_node *root;
	struct bytes one = { 0 }, other = { 0 };
	struct err err;
	buf_auto out;

	buf_init(&out, OUT_MAX);
	assert_int_equal(tree_read_xml(arena, bytes_of(plain), &root, &err), OK);
	tree_put_xml(&out, root, namespaces, COUNT(namespaces));
	if (!oracle(arena, PYTHON_CANON, bytes_of(plain), &one)) {
		print_message("SKIPPED: python3 is not installed\n");
		skip();
	}
	assert_true(oracle(arena, PYTHON_CANON, buf_bytes(&out), &other));
	assert_true(bytes_same(one, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_read_and_written_the_same),
		cmocka_unit_test(elements_of_a_list_stand_side_by_side),
		cmocka_unit_test(json_of_too_many_values_is_refused_at_once),
		cmocka_unit_test(numbers_keep_their_digits_or_are_refused),
		cmocka_unit_test(what_is_no_json_or_too_deep_is_refused),
		cmocka_unit_test(xml_is_read_with_attributes_and_namespaces),
		cmocka_unit_test(python_reads_the_xml_that_is_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
