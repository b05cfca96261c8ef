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

/* What lxml makes of TEXT by SCRIPT, which gives a list of forms `c` for the text `d` and the argument `a`: their
 * sizes, one a line, an empty line, then the forms. */
struct forms {
	const char *sizes, *rest;
};

static struct forms lxml(struct fixture *f, const char *script, const char *argument, struct bytes text)
{
	struct bytes output = { 0 };

	if (!oracle(f->arena,
		    arena_printf(
			    f->arena,
			    "PATH=/usr/bin:$PATH python3 -c '"
			    "import sys; from lxml import etree; a = sys.argv[1]; d = sys.stdin.buffer.read()\n%s\n"
			    "w = sys.stdout.buffer.write; "
			    "w((\"\".join(\"%%d\\n\" %% len(x) for x in c) + \"\\n\").encode()); w(b\"\".join(c))' '%s'",
			    script, argument),
		    text, &output)) {
		print_message("SKIPPED: python3-lxml is not installed\n");
		skip();
	}
	const char *all = arena_text_of(f->arena, output);
	return (struct forms){ all, strstr(all, "\n\n") + 2 };
}

/* The fixture's output is the next of FORMS. */
static void assert_next(const struct fixture *f, struct forms *forms, const char *name, const char *how)
{
	char *end;
	size_t size = strtoul(forms->sizes, &end, 10);

	if (f->out.size != size || memcmp(f->out.data, forms->rest, size) != 0)
		fail_msg("<%s> with \"%s\": \"%s\" is not lxml's \"%.*s\"", name, how, buf_text(&f->out), (int)size,
			 forms->rest);
	forms->sizes = end + 1;
	forms->rest += size;
}

/* lxml copies each element into a document of its own and canonicalises that: another way to the same octets. */
static void assert_like_lxml(struct fixture *f, struct bytes text, const char *prefixes)
{
	struct forms forms = lxml(f,
				  "c = [etree.tostring(e, method=\"c14n\", exclusive=True, with_comments=False, "
				  "with_tail=False, inclusive_ns_prefixes=a.split() or None) "
				  "for e in etree.fromstring(d).iter(\"*\")]",
				  prefixes ? prefixes : "", text);
	xml_doc_auto doc = parsed(f, text);

	for (const struct xml_node *n = xml_root(doc); n; n = xml_walk(xml_root(doc), n)) {
		buf_clear(&f->out);
		assert_int_equal(xml_c14n_exclusive(n, prefixes, &f->out, &f->err), OK);
		assert_next(f, &forms, xml_name(n), prefixes ? prefixes : "");
	}
	assert_string_equal(forms.rest, "");
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

/* --- inclusive --- */

#define DS   "http://www.w3.org/2000/09/xmldsig#"
#define SOAP "http://schemas.xmlsoap.org/soap/envelope/"

static const struct xml_node *by_name(const struct xml_node *top, const char *ns, const char *name)
{
	const struct xml_node *n = top;

	while (n && !xml_is(n, ns, name))
		n = xml_walk(top, n);
	return n;
}

/* ebMS 2.0 §4.1.3: what a reference to the envelope leaves out. */
static bool is_for_the_way(void *asked, const struct xml_node *node)
{
	const char *actor = xml_attribute(node, SOAP, "actor");

	if (asked)
		++*(unsigned *)asked;
	return xml_is(node, DS, "Signature") || same(actor, "urn:oasis:names:tc:ebxml-msg:actor:nextMSH") ||
	       same(actor, "http://schemas.xmlsoap.org/soap/actor/next");
}

static bool is_named_gone(void *asked, const struct xml_node *node)
{
	++*(unsigned *)asked;
	return same(xml_name(node), "gone");
}

static bool is_it(void *it, const struct xml_node *node)
{
	return node == *(const struct xml_node **)it;
}

/* OUTSIDE elements are not inside one that is left out: it is asked about each of them, and twice at most. */
static void assert_kept(struct fixture *f, const char *text, const char *expected, unsigned outside)
{
	xml_doc_auto doc = parsed(f, bytes_of(text));
	unsigned asked = 0;

	buf_clear(&f->out);
	assert_int_equal(xml_c14n_inclusive(doc, is_named_gone, &asked, &f->out, &f->err), OK);
	assert_string_equal(buf_text(&f->out), expected);
	assert_in_range(asked, outside, 2 * outside);
}

static void what_surrounds_a_subtree_that_is_left_out_stays(void **state)
{
	assert_kept(*state, "<r> <gone a='1'>x</gone>\n <b/>\t<gone/></r>", "<r> \n <b></b>\t</r>", 4);
	assert_kept(*state, "<r><gone/><gone><gone/></gone><b><gone/></b>c<gone/></r>", "<r><b></b>c</r>", 6);
	assert_kept(*state, "<r><a><b><gone>x</gone></b></a></r>", "<r><a><b></b></a></r>", 4);
	assert_kept(*state, "<gone>x</gone>", "", 1);
	/* Its declarations are its own. */
	assert_kept(*state, "<r xmlns='urn:d'><gone xmlns='' xmlns:a='urn:a'/><a xmlns:a='urn:a'/></r>",
		    "<r xmlns=\"urn:d\"><a xmlns:a=\"urn:a\"></a></r>", 3);
}

/* However much stands in it: an attacker chooses. */
static void what_is_left_out_is_not_looked_into(void **state)
{
	struct fixture *f = *state;
	buf_auto text = { 0 };

	buf_init(&text, 1 << 20);
	buf_puts(&text, "<r><gone>");
	for (unsigned i = 0; i < 20000; i++)
		buf_puts(&text, "<a><b/></a>");
	buf_puts(&text, "</gone><c/></r>");
	assert_kept(f, buf_text(&text), "<r><c></c></r>", 3);
}

static struct bytes sample(struct fixture *f, const char *name)
{
	return file_read(f->arena, arena_printf(f->arena, "%s/tests/unit/codec/c14n/%s", SOURCE_ROOT, name));
}

static const char *const signed_by_jdk[] = { "prefixed", "default" };

/* By c14n/Canonical.java: after enveloped-signature, the XPath of ebMS 2.0 and Canonical XML. */
static void a_message_for_the_last_node_is_what_the_jdk_digests(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(signed_by_jdk); i++) {
		xml_doc_auto doc = parsed(f, sample(f, arena_printf(f->arena, "%s.xml", signed_by_jdk[i])));
		struct bytes expected = sample(f, arena_printf(f->arena, "%s.document", signed_by_jdk[i]));
		buf_clear(&f->out);
		assert_int_equal(xml_c14n_inclusive(doc, is_for_the_way, NULL, &f->out, &f->err), OK);
		assert_string_equal(buf_text(&f->out), arena_text_of(f->arena, expected));
	}
}

/* By c14n/Canonical.java. */
static void a_signed_info_is_what_the_jdk_signs(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(signed_by_jdk); i++) {
		xml_doc_auto doc = parsed(f, sample(f, arena_printf(f->arena, "%s.xml", signed_by_jdk[i])));
		struct bytes expected = sample(f, arena_printf(f->arena, "%s.signed-info", signed_by_jdk[i]));
		buf_clear(&f->out);
		assert_int_equal(xml_c14n_inclusive_element(by_name(xml_root(doc), DS, "SignedInfo"), &f->out, &f->err),
				 OK);
		assert_string_equal(buf_text(&f->out), arena_text_of(f->arena, expected));
	}
}

/* XML 1.0 §2.11. */
static void line_ends_of_the_wire_make_no_difference(void **state)
{
	struct fixture *f = *state;
	struct bytes text = sample(f, "prefixed.xml");
	buf_auto crlf = { 0 };

	buf_init(&crlf, 1 << 20);
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '\n')
			buf_putc(&crlf, '\r');
		buf_putc(&crlf, (char)text.data[i]);
	}
	xml_doc_auto doc = parsed(f, buf_bytes(&crlf));
	assert_int_equal(xml_c14n_inclusive(doc, is_for_the_way, NULL, &f->out, &f->err), OK);
	assert_string_equal(buf_text(&f->out), arena_text_of(f->arena, sample(f, "prefixed.document")));
}

/* RFC 3076 §2.4: the nearest occurrence of each, also of ancestors above the parent; the JDK takes the farthest, and
 * so is not asked here. */
static void an_element_takes_over_the_nearest_xml_attributes(void **state)
{
	struct fixture *f = *state;
	xml_doc_auto doc = parsed(
		f,
		bytes_of(
			"<a xml:lang='ms' xml:space='preserve' lang='x' xmlns:b='urn:b'><c xml:lang='th' xmlns='urn:c'>"
			"<d xml:space='default'><e/></d><e/></c></a>"));
	const struct xml_node *d = xml_first(xml_first(xml_root(doc)));

	assert_int_equal(xml_c14n_inclusive_element(d, &f->out, &f->err), OK);
	assert_string_equal(buf_text(&f->out),
			    "<d xmlns=\"urn:c\" xmlns:b=\"urn:b\" xml:lang=\"th\" xml:space=\"default\">"
			    "<e></e></d>");
	buf_clear(&f->out);
	assert_int_equal(xml_c14n_inclusive_element(xml_next(d), &f->out, &f->err), OK);
	assert_string_equal(buf_text(&f->out),
			    "<e xmlns=\"urn:c\" xmlns:b=\"urn:b\" xml:lang=\"th\" xml:space=\"preserve\"></e>");
	/* The root is the same as an element and as a document. */
	buf_clear(&f->out);
	assert_int_equal(xml_c14n_inclusive_element(xml_root(doc), &f->out, &f->err), OK);
	const char *root = arena_text_of(f->arena, buf_bytes(&f->out));
	buf_clear(&f->out);
	assert_int_equal(xml_c14n_inclusive(doc, NULL, NULL, &f->out, &f->err), OK);
	assert_string_equal(buf_text(&f->out), root);
}

/* The same with the subtree cut out of the text by hand, and of the tree by lxml. */
static void what_is_left_out_might_as_well_not_be_there(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "<r xmlns:b='urn:b' xmlns='urn:a' xml:lang='ms' z='' b:y=''>&gt;<gone xmlns=''>"
				   "<b:x/></gone> <b:c xmlns:d='urn:d' d:e='&#13;'/>\r\n<d xmlns=''/><b:gone/></r>";
	static const char cut[] = "<r xmlns:b='urn:b' xmlns='urn:a' xml:lang='ms' z='' b:y=''>&gt;"
				  " <b:c xmlns:d='urn:d' d:e='&#13;'/>\r\n<d xmlns=''/></r>";
	struct bytes expected = { 0 };

	if (!oracle(f->arena, "xmllint --c14n -", bytes_of(cut), &expected)) {
		print_message("SKIPPED: xmllint is not installed\n");
		skip();
	}
	assert_kept(f, text, arena_text_of(f->arena, expected), 5);
}

static void every_subtree_is_left_out_as_by_lxml(void **state)
{
	struct fixture *f = *state;
	struct forms forms = lxml(f,
				  "c = []\n"
				  "for i in range(1, len(list(etree.fromstring(d).iter(\"*\")))):\n"
				  "  r = etree.fromstring(d); e = list(r.iter(\"*\"))[i]; p = e.getparent()\n"
				  "  q = e.getprevious(); t = e.tail or \"\"\n"
				  "  if q is None: p.text = (p.text or \"\") + t\n"
				  "  else: q.tail = (q.tail or \"\") + t\n"
				  "  p.remove(e)\n"
				  "  c.append(etree.tostring(r, method=\"c14n\", with_comments=False))",
				  "", bytes_of(hard));
	xml_doc_auto doc = parsed(f, bytes_of(hard));
	const struct xml_node *root = xml_root(doc);

	for (const struct xml_node *n = xml_walk(root, root); n; n = xml_walk(root, n)) {
		buf_clear(&f->out);
		assert_int_equal(xml_c14n_inclusive(doc, is_it, &n, &f->out, &f->err), OK);
		assert_next(f, &forms, xml_name(n), "left out");
	}
	assert_string_equal(forms.rest, "");
}

static void an_inclusive_form_fails_like_an_exclusive_one(void **state)
{
	struct fixture *f = *state;
	xml_doc_auto doc = parsed(f, bytes_of("<a><b xmlns:x='relative'/>some text</a>"));
	xml_doc_auto good = parsed(f, bytes_of("<a>some text</a>"));
	buf_auto small = { 0 };

	buf_init(&small, 10);
	buf_puts(&f->out, "kept");
	assert_int_equal(xml_c14n_inclusive(doc, NULL, NULL, &f->out, &f->err), ERR_INVALID);
	assert_non_null(strstr(f->err.text, "<a> cannot be canonicalised"));
	assert_int_equal(xml_c14n_inclusive_element(xml_first(xml_root(doc)), &f->out, &f->err), ERR_INVALID);
	assert_non_null(strstr(f->err.text, "<b> cannot be canonicalised"));
	assert_string_equal(buf_text(&f->out), "kept");
	assert_int_equal(xml_c14n_inclusive(good, NULL, NULL, &small, &f->err), ERR_LIMIT);
}

/* --- digests that other products signed --- */

#define EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define WSU      "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

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
		ROW(what_surrounds_a_subtree_that_is_left_out_stays),
		ROW(what_is_left_out_is_not_looked_into),
		ROW(a_message_for_the_last_node_is_what_the_jdk_digests),
		ROW(a_signed_info_is_what_the_jdk_signs),
		ROW(line_ends_of_the_wire_make_no_difference),
		ROW(an_element_takes_over_the_nearest_xml_attributes),
		ROW(what_is_left_out_might_as_well_not_be_there),
		ROW(every_subtree_is_left_out_as_by_lxml),
		ROW(an_inclusive_form_fails_like_an_exclusive_one),
		ROW(the_digests_that_other_products_signed_come_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
