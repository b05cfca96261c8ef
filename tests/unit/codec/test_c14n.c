#include "files.h"

#include "base/text.h"
#include "codec/xml.h"

struct fixture {
	struct arena *arena;
	struct buf out;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	f->arena = arena_new(256 << 20);
	buf_init(&f->out, 16 << 20);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	arena_free(f->arena);
	buf_done(&f->out);
	free(f);
	return 0;
}

static struct xml_doc *parsed(struct fixture *f, struct bytes text)
{
	struct xml_doc *doc = NULL;

	if (xml_parse(f->arena, text, &xml_limits_default, &doc, &f->err) != OK)
		fail_msg("%s", f->err.text);
	return doc;
}

static void assert_c14n(struct fixture *f, const struct xml_node *node, const char *prefixes, const char *expected)
{
	buf_clear(&f->out);
	assert_int_equal(xml_c14n_exclusive(node, prefixes, &f->out, &f->err), OK);
	assert_string_equal(buf_text(&f->out), expected);
}

static void assert_document(struct fixture *f, const char *text, const char *expected)
{
	buf_clear(&f->out);
	assert_int_equal(xml_c14n_document(bytes_of(text), &xml_limits_default, &f->out, &f->err), OK);
	assert_string_equal(buf_text(&f->out), expected);
}

/* RFC 3741 (Exclusive XML Canonicalization 1.0) §2.2, both wrappings of the same element. */
static void an_element_is_the_same_in_every_envelope(void **state)
{
	struct fixture *f = *state;
	static const char *const wrapped[] = {
		"<n0:local xmlns:n0=\"foo:bar\" xmlns:n3=\"ftp://example.org\">\n"
		"  <n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\">\n"
		"     <n3:stuff xmlns:n3=\"ftp://example.org\"/>\n"
		"  </n1:elem2>\n"
		"</n0:local>",
		"<n2:pdu xmlns:n1=\"http://example.com\" xmlns:n2=\"http://foo.example\" xml:lang=\"fr\""
		" xml:space=\"retain\">\n"
		"  <n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\">\n"
		"     <n3:stuff xmlns:n3=\"ftp://example.org\"/>\n"
		"  </n1:elem2>\n"
		"</n2:pdu>",
	};
	for (size_t i = 0; i < COUNT(wrapped); i++) {
		xml_doc_auto doc = parsed(f, bytes_of(wrapped[i]));
		assert_c14n(f, xml_first(xml_root(doc)), NULL,
			    "<n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\">\n"
			    "     <n3:stuff xmlns:n3=\"ftp://example.org\"></n3:stuff>\n"
			    "  </n1:elem2>");
	}
}

/* RFC 3741 §3: a prefix of the list is rendered where inclusive canonicalisation would, used or not. */
static void prefixes_of_the_list_are_taken_from_outside_the_element(void **state)
{
	struct fixture *f = *state;
	xml_doc_auto doc = parsed(f, bytes_of("<a xmlns='urn:d' xmlns:x='urn:x' xmlns:y='urn:y'><y:b><c/></y:b></a>"));
	const struct xml_node *b = xml_first(xml_root(doc));

	assert_c14n(f, b, NULL, "<y:b xmlns:y=\"urn:y\"><c xmlns=\"urn:d\"></c></y:b>");
	assert_c14n(f, b, " x\t\n", "<y:b xmlns:x=\"urn:x\" xmlns:y=\"urn:y\"><c xmlns=\"urn:d\"></c></y:b>");
	assert_c14n(f, b, "#default nowhere", "<y:b xmlns=\"urn:d\" xmlns:y=\"urn:y\"><c></c></y:b>");
	assert_c14n(f, b, "xml x", "<y:b xmlns:x=\"urn:x\" xmlns:y=\"urn:y\"><c xmlns=\"urn:d\"></c></y:b>");
	assert_c14n(f, b, "", "<y:b xmlns:y=\"urn:y\"><c xmlns=\"urn:d\"></c></y:b>");
}

static void what_stands_beside_the_element_is_not_seen(void **state)
{
	struct fixture *f = *state;
	xml_doc_auto doc = parsed(f, bytes_of("<r>before<a/>between<b>in</b>after<c/></r>"));
	const struct xml_node *a = xml_first(xml_root(doc));

	assert_c14n(f, a, NULL, "<a></a>");
	assert_c14n(f, xml_next(a), NULL, "<b>in</b>");
	/* The document is as it was. */
	assert_c14n(f, xml_root(doc), NULL, "<r>before<a></a>between<b>in</b>after<c></c></r>");
}

/* RFC 3741 §1.1: xmlns="" only where an output ancestor has a default namespace. */
static void an_undeclared_default_namespace_is_said_once(void **state)
{
	struct fixture *f = *state;
	xml_doc_auto doc = parsed(f, bytes_of("<r xmlns='urn:d'><a xmlns=''><b/></a></r>"));

	assert_c14n(f, xml_root(doc), NULL, "<r xmlns=\"urn:d\"><a xmlns=\"\"><b></b></a></r>");
	assert_c14n(f, xml_first(xml_root(doc)), NULL, "<a><b></b></a>");
}

/* Canonical XML 1.0 (RFC 3076) §3.4 without its document type. */
static void characters_are_written_as_in_the_recommendation(void **state)
{
	assert_document(
		*state,
		"<doc>\n"
		"   <text>First line&#x0d;&#10;Second line</text>\n"
		"   <value>&#x32;</value>\n"
		"   <compute><![CDATA[value>\"0\" && value<\"10\" ?\"valid\":\"error\"]]></compute>\n"
		"   <compute expr='value>\"0\" &amp;&amp; value&lt;\"10\" ?\"valid\":\"error\"'>valid</compute>\n"
		"   <norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/>\n"
		"</doc>",
		"<doc>\n"
		"   <text>First line&#xD;\nSecond line</text>\n"
		"   <value>2</value>\n"
		"   <compute>value&gt;\"0\" &amp;&amp; value&lt;\"10\" ?\"valid\":\"error\"</compute>\n"
		"   <compute expr=\"value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; ?&quot;valid&quot;:"
		"&quot;error&quot;\">valid</compute>\n"
		"   <norm attr=\" '    &#xD;&#xA;&#x9;   ' \"></norm>\n"
		"</doc>");
}

/* RFC 3076 §3.3, without document type: order of namespaces and attributes, superfluous declarations (§1.1 of RFC
 * 3741). */
static void attributes_are_sorted_by_namespace_and_name(void **state)
{
	assert_document(
		*state,
		"<e5 xmlns:a='http://www.w3.org' xmlns:b='http://www.ietf.org' attr='I' attr2='all' b:attr='sorted' "
		"a:attr='out'><e6 xmlns:a='http://www.w3.org' xmlns:unused='urn:u' a:x=''/></e5>",
		"<e5 xmlns:a=\"http://www.w3.org\" xmlns:b=\"http://www.ietf.org\" attr=\"I\" attr2=\"all\""
		" b:attr=\"sorted\" a:attr=\"out\"><e6 a:x=\"\"></e6></e5>");
}

static void the_encoding_and_what_surrounds_the_root_leave_no_trace(void **state)
{
	assert_document(*state, "\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- a --><r>x<!-- b -->y</r>\n<!-- c -->\n",
			"<r>xy</r>");
	assert_document(*state, "<?xml version='1.0' encoding='ISO-8859-1'?><r>\xE9</r>", "<r>\xC3\xA9</r>");
}

/* RFC 3076 §1.3: an implementation must report a failure for relative namespace URIs. */
static void a_relative_namespace_is_a_failure_that_leaves_the_buffer_alone(void **state)
{
	struct fixture *f = *state;
	xml_doc_auto doc = parsed(f, bytes_of("<a><b xmlns='relative'/></a>"));

	buf_puts(&f->out, "kept");
	assert_int_equal(xml_c14n_exclusive(xml_root(doc), NULL, &f->out, &f->err), ERR_INVALID);
	assert_non_null(strstr(f->err.text, "<a> cannot be canonicalised"));
	assert_string_equal(buf_text(&f->out), "kept");
}

static void the_buffer_bounds_the_canonical_form(void **state)
{
	struct fixture *f = *state;
	xml_doc_auto doc = parsed(f, bytes_of("<a>some text</a>"));
	buf_auto small = { 0 };

	buf_init(&small, 10);
	assert_int_equal(xml_c14n_exclusive(xml_root(doc), NULL, &small, &f->err), ERR_LIMIT);
}

static void a_long_prefix_list_is_refused(void **state)
{
	struct fixture *f = *state;
	xml_doc_auto doc = parsed(f, bytes_of("<a/>"));
	buf_auto list = { 0 };

	buf_init(&list, 1 << 16);
	for (unsigned i = 0; i < XML_PREFIXES_MAX; i++)
		buf_puts(&list, "p ");
	assert_c14n(f, xml_root(doc), buf_text(&list), "<a></a>");
	buf_puts(&list, "q");
	assert_int_equal(xml_c14n_exclusive(xml_root(doc), buf_text(&list), &f->out, &f->err), ERR_LIMIT);
	for (unsigned i = 0; i < 4096; i++)
		buf_puts(&list, "q");
	assert_int_equal(xml_c14n_exclusive(xml_root(doc), buf_text(&list), &f->out, &f->err), ERR_LIMIT);
}

static void what_we_escape_reads_back_and_is_canonical(void **state)
{
	struct fixture *f = *state;
	static const char value[] = "<\"&'>\t\r\n caf\xC3\xA9 ]]> \xF0\x9F\x9A\xA2";
	buf_auto text = { 0 };

	buf_init(&text, 1000);
	buf_puts(&text, "<r a=\"");
	xml_put_attribute(&text, value);
	buf_puts(&text, "\">");
	xml_put_text(&text, value);
	buf_puts(&text, "</r>");
	assert_int_equal(text.failed, OK);
	xml_doc_auto doc = parsed(f, buf_bytes(&text));
	assert_string_equal(xml_attribute(xml_root(doc), "", "a"), value);
	assert_string_equal(xml_text(xml_root(doc)), value);
	assert_c14n(f, xml_root(doc), NULL, buf_text(&text));
}

/* XML 1.0 §2.2. */
static void characters_that_xml_cannot_carry_fail_the_buffer(void **state)
{
	static const char *const wrong[] = { "\x01", "a\x1F", "\xEF\xBF\xBE", "\xEF\xBF\xBF",
					     "\xFF", "\xC3",  "\xED\xA0\x80" };
	static const char *const right[] = { "", "\x7F", "\xEF\xBF\xBD", "\xEF\xBE\xBF", "\xF4\x8F\xBF\xBF" };

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		buf_auto out = { 0 };
		buf_init(&out, 100);
		xml_put_text(&out, wrong[i]);
		assert_int_equal(out.failed, ERR_SYNTAX);
	}
	for (size_t i = 0; i < COUNT(right); i++) {
		buf_auto out = { 0 };
		buf_init(&out, 100);
		xml_put_attribute(&out, right[i]);
		assert_int_equal(out.failed, OK);
	}
}

/* --- oracles --- */

/* Everything that makes subtrees hard: shadowed, undeclared, unused and repeated prefixes, xml:*, default namespaces.
 */
static const char hard[] =
	"<?xml version='1.0'?>\n<!-- x -->"
	"<s:Env xmlns:s='urn:s' xmlns='urn:d' xmlns:u='urn:u' xmlns:v='urn:v' xml:lang='ms' xmlns:w='urn:w'>\n"
	"<s:Head v:m='1' m='0' u:m='&#9;&lt;'><x xmlns=''><y xmlns='urn:e' v:q=''/><z/></x>"
	"<u:a xmlns:u='urn:u2' xml:space='preserve'><u:b xmlns:u='urn:u' xmlns:w='urn:w'/><w:c/></u:a></s:Head>"
	"t<!-- c --><![CDATA[<&>]]>&#xD;<plain/><s:Body xmlns:k='urn:k'><k:l xmlns:k='urn:k' k:z='' k:a='' b='' a=''/>"
	"</s:Body></s:Env>";

static const char *const collected[] = {
	"as4/positive/TestReceipt12.xml",
	"as4/envelope-only/as4_flame_envelope.as4",
	"as4/negative/receipt_with_invalid_signature.as4",
	"as4/negative/as4-soap-wrong-signed-callback-message.txt",
	"as4/unsigned/ErrorMessageWithFault.xml",
};

/* lxml copies each element into a document of its own and canonicalises that: another way to the same octets. It writes
 * the sizes of all elements' canonical forms, one a line, an empty line, then the forms. */
static void assert_like_lxml(struct fixture *f, struct bytes text, const char *prefixes)
{
	static const char script[] =
		"import sys; from lxml import etree; "
		"p = sys.argv[1].split() or None; "
		"r = etree.fromstring(sys.stdin.buffer.read()); "
		"c = [etree.tostring(e, method=\"c14n\", exclusive=True, with_comments=False, with_tail=False, "
		"inclusive_ns_prefixes=p) for e in r.iter(\"*\")]; "
		"w = sys.stdout.buffer.write; "
		"w((\"\".join(\"%d\\n\" % len(x) for x in c) + \"\\n\").encode()); w(b\"\".join(c))";
	struct bytes expected = { 0 };

	if (!oracle(f->arena,
		    arena_printf(f->arena, "PATH=/usr/bin:$PATH python3 -c '%s' '%s'", script,
				 prefixes ? prefixes : ""),
		    text, &expected)) {
		print_message("SKIPPED: python3-lxml is not installed\n");
		skip();
	}

	xml_doc_auto doc = parsed(f, text);
	const char *sizes = arena_text_of(f->arena, expected);
	const char *forms = strstr(sizes, "\n\n") + 2;
	for (const struct xml_node *n = xml_root(doc); n; n = xml_walk(xml_root(doc), n)) {
		char *end;
		size_t size = strtoul(sizes, &end, 10);
		buf_clear(&f->out);
		assert_int_equal(xml_c14n_exclusive(n, prefixes, &f->out, &f->err), OK);
		if (f->out.size != size || memcmp(f->out.data, forms, size) != 0)
			fail_msg("<%s> with \"%s\": \"%s\" is not lxml's \"%.*s\"", xml_name(n),
				 prefixes ? prefixes : "", buf_text(&f->out), (int)size, forms);
		sizes = end + 1;
		forms += size;
	}
	assert_string_equal(forms, "");
}

static void every_subtree_is_canonicalised_as_by_lxml(void **state)
{
	static const char *const lists[] = { NULL, "u", "v w nowhere", "xml s u v w k" };

	for (size_t i = 0; i < COUNT(lists); i++)
		assert_like_lxml(*state, bytes_of(hard), lists[i]);
}

static void every_subtree_of_real_messages_is_canonicalised_as_by_lxml(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(collected); i++) {
		struct bytes text = file_collected(f->arena, collected[i]);
		assert_like_lxml(f, text, NULL);
		assert_like_lxml(f, text, "wsu env xsd wsse");
	}
}

/* Python's own canonicaliser (C14N 2.0, which is exclusive) shares no code with libxml2. */
static void a_document_is_canonicalised_as_by_another_implementation(void **state)
{
	struct fixture *f = *state;
	struct bytes expected = { 0 };

	if (!oracle(f->arena,
		    "python3 -c 'import sys; from xml.etree.ElementTree import canonicalize as c; "
		    "sys.stdout.buffer.write(c(sys.stdin.buffer.read().decode()).encode())'",
		    bytes_of(hard), &expected)) {
		print_message("SKIPPED: python3 is not installed\n");
		skip();
	}
	assert_document(f, hard, arena_text_of(f->arena, expected));
}

static void a_document_is_canonicalised_as_by_xmllint(void **state)
{
	struct fixture *f = *state;
	struct bytes expected = { 0 };
	/* xmllint writes comments, too. */
	static const char text[] =
		"<a xmlns:b='urn:b' xmlns='urn:a' z='' b:y=''>&gt;<b:c xmlns:d='urn:d'/>\r\n<d xmlns=''/></a>";

	if (!oracle(f->arena, "xmllint --exc-c14n -", bytes_of(text), &expected)) {
		print_message("SKIPPED: xmllint is not installed\n");
		skip();
	}
	assert_document(f, text, arena_text_of(f->arena, expected));
}

/* --- digests that other products signed --- */

#define DS       "http://www.w3.org/2000/09/xmldsig#"
#define EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define WSU      "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

static const struct xml_node *by_name(const struct xml_node *top, const char *ns, const char *name)
{
	const struct xml_node *n = top;

	while (n && !xml_is(n, ns, name))
		n = xml_walk(top, n);
	return n;
}

static const struct xml_node *by_id(const struct xml_node *top, const char *id)
{
	const struct xml_node *n = top;

	while (n && !same(xml_attribute(n, WSU, "Id"), id) && !same(xml_attribute(n, "", "id"), id))
		n = xml_walk(top, n);
	return n;
}

static unsigned check_references(struct fixture *f, const struct xml_node *root)
{
	unsigned count = 0;

	for (const struct xml_node *r = root; r; r = xml_walk(root, r)) {
		const char *uri = xml_attribute(r, "", "URI");
		if (!xml_is(r, DS, "Reference") || !uri || uri[0] != '#')
			continue;
		const struct xml_node *list = by_name(r, EXC_C14N, "InclusiveNamespaces");
		const struct xml_node *target = by_id(root, uri + 1);
		struct bytes expected = { 0 };
		struct bytes digest = { 0 };
		if (!target) /* the references that a receipt repeats */
			continue;
		buf_clear(&f->out);
		assert_int_equal(xml_c14n_exclusive(target, list ? xml_attribute(list, "", "PrefixList") : NULL,
						    &f->out, &f->err),
				 OK);
		if (!oracle(f->arena, "openssl dgst -sha256 -binary", buf_bytes(&f->out), &digest)) {
			print_message("SKIPPED: the openssl program is not installed\n");
			skip();
		}
		assert_true(base64_parse(f->arena, bytes_of(xml_text(by_name(r, DS, "DigestValue"))), &expected));
		if (!bytes_same(digest, expected))
			fail_msg("the digest of %s differs from the signed one", uri);
		count++;
	}
	return count;
}

static void the_digests_that_other_products_signed_come_out(void **state)
{
	struct fixture *f = *state;
	static const char *const signed_files[] = { "as4/positive/TestReceipt12.xml",
						    "as4/positive/governikus.as4in",
						    "as4/positive/dataport1-mustunderstand.as4in",
						    "as4/positive/as4-multihop-message.as4",
						    "as4/envelope-only/phase4-dump-raw.as4out",
						    "as4/envelope-only/rssbus_message.as4" };

	for (size_t i = 0; i < COUNT(signed_files); i++) {
		/* The envelope, wherever it stands in the file. */
		const char *file = arena_text_of(f->arena, file_collected(f->arena, signed_files[i]));
		const char *end = strstr(file, ":Envelope>");
		const char *start = strstr(file, ":Envelope ");
		assert_true(start && end && start < end);
		while (*start != '<')
			start--;
		xml_doc_auto doc = parsed(f, bytes(start, (size_t)(end - start) + strlen(":Envelope>")));
		assert_true(check_references(f, xml_root(doc)) >= 1);
	}
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		ROW(an_element_is_the_same_in_every_envelope),
		ROW(prefixes_of_the_list_are_taken_from_outside_the_element),
		ROW(what_stands_beside_the_element_is_not_seen),
		ROW(an_undeclared_default_namespace_is_said_once),
		ROW(characters_are_written_as_in_the_recommendation),
		ROW(attributes_are_sorted_by_namespace_and_name),
		ROW(the_encoding_and_what_surrounds_the_root_leave_no_trace),
		ROW(a_relative_namespace_is_a_failure_that_leaves_the_buffer_alone),
		ROW(the_buffer_bounds_the_canonical_form),
		ROW(a_long_prefix_list_is_refused),
		ROW(what_we_escape_reads_back_and_is_canonical),
		ROW(characters_that_xml_cannot_carry_fail_the_buffer),
		ROW(every_subtree_is_canonicalised_as_by_lxml),
		ROW(every_subtree_of_real_messages_is_canonicalised_as_by_lxml),
		ROW(a_document_is_canonicalised_as_by_another_implementation),
		ROW(a_document_is_canonicalised_as_by_xmllint),
		ROW(the_digests_that_other_products_signed_come_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
