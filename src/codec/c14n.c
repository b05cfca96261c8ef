#include <libxml/c14n.h>
#include <libxml/xmlIO.h>

#include "base/text.h"
#include "codec/xml.h"
#include "codec/xml_int.h"

/* The PrefixList of a signature comes from outside, and libxml2 looks up each prefix at each element. */
#define PREFIX_LIST_BYTES 2048

struct prefixes {
	char text[PREFIX_LIST_BYTES];
	xmlChar *list[XML_PREFIXES_MAX + 1]; /* NULL after the last */
};

static enum err_code split_prefixes(const char *text, struct prefixes *prefixes, struct err *err)
{
	static const char spaces[] = " \t\r\n";
	size_t count = 0;
	size_t size = strlen(text);

	if (size >= sizeof(prefixes->text))
		return fail(err, ERR_LIMIT, "the PrefixList has %zu bytes, at most %zu are allowed", size,
			    sizeof(prefixes->text) - 1);
	memcpy(prefixes->text, text, size + 1);

	for (char *at = prefixes->text + strspn(prefixes->text, spaces); *at; at += strspn(at, spaces)) {
		if (count == XML_PREFIXES_MAX)
			return fail(err, ERR_LIMIT, "the PrefixList has more than %d prefixes", XML_PREFIXES_MAX);
		prefixes->list[count++] = (xmlChar *)at;
		at += strcspn(at, spaces);
		if (*at)
			*at++ = '\0';
	}
	prefixes->list[count] = NULL;
	return OK;
}

static int on_write(void *arg, const char *data, int size)
{
	struct buf *out = arg;

	buf_put(out, data, (size_t)size);
	return out->failed == OK ? size : -1;
}

/* What libxml2 is asked for. */
struct form {
	int mode;
	xmlChar **prefixes;              /* of exclusive canonicalisation; NULL */
	xmlC14NIsVisibleCallback wanted; /* NULL: every node is */
	void *arg;
};

/* TOP is all that is seen of DOC. */
static int canonicalise(const xmlDoc *doc, xmlNode *top, const struct form *form, xmlOutputBuffer *sink)
{
	xmlDoc shown = *doc;

	shown.children = top;
	shown.last = top;
	int result = xmlC14NExecute(&shown, form->wanted, form->arg, form->mode, form->prefixes, 0, sink);
	/* A look-up of the prefix "xml" creates its declaration in the document on first use. */
	if (shown.oldNs != doc->oldNs)
		xmlFreeNsList(shown.oldNs);
	return result;
}

static enum err_code put_form(const xmlDoc *doc, xmlNode *top, const struct form *form, struct buf *out,
			      struct err *err)
{
	const char *name = (const char *)top->name;
	size_t before = out->size;

	struct xml_errors errors;
	xml_errors_begin(&errors);
	xmlOutputBuffer *sink = xmlOutputBufferCreateIO(on_write, NULL, out, NULL);
	int result = sink ? canonicalise(doc, top, form, sink) : -1;
	if (sink && xmlOutputBufferClose(sink) < 0)
		result = -1;
	xml_errors_end(&errors);

	TRY(buf_check(out, "canonical form", err));
	/* libxml2 goes on after some failed allocations, so what it reported counts as well as what it returned. */
	if (result >= 0 && errors.code == OK)
		return OK;
	if (out->data) {
		out->size = before;
		out->data[before] = '\0';
	}
	if (!sink || errors.code == ERR_MEMORY)
		return fail(err, ERR_MEMORY, "no memory left to canonicalise <%s>", name);
	return fail(err, ERR_INVALID, "<%s> cannot be canonicalised: %s", name, errors.text);
}

/* libxml2 walks the whole document and asks for each node whether it is wanted, which for six signed parts of a message
 * means six walks over all of it. It is shown a document instead whose only child is a copy of the wanted element's
 * head: the head's parent, attributes, declarations and children are the real ones, so that namespaces in scope are
 * found as ever, but nothing beside the element is. The real tree is neither changed nor copied. */
static enum err_code put_element(const struct xml_node *node, const struct form *form, struct buf *out, struct err *err)
{
	xmlNode head = *xml_inner(node);

	head.prev = NULL;
	head.next = NULL;
	return put_form(head.doc, &head, form, out, err);
}

enum err_code xml_c14n_exclusive(const struct xml_node *node, const char *prefixes, struct buf *out, struct err *err)
{
	struct prefixes split;

	if (prefixes)
		TRY(split_prefixes(prefixes, &split, err));
	return put_element(node,
			   &(struct form){ .mode = XML_C14N_EXCLUSIVE_1_0, .prefixes = prefixes ? split.list : NULL },
			   out, err);
}

/* Canonical XML 1.0 §2.4: an element whose parent is left out takes over the xml: attributes of its ancestors. libxml2
 * asks about the parent to know. */
static int is_not(void *left_out, xmlNode *node, xmlNode *parent)
{
	(void)parent;
	return node != left_out;
}

enum err_code xml_c14n_inclusive_element(const struct xml_node *node, struct buf *out, struct err *err)
{
	return put_element(node,
			   &(struct form){ .mode = XML_C14N_1_0, .wanted = is_not, .arg = xml_inner(node)->parent },
			   out, err);
}

/* libxml2's walk: it asks about each element in document order, then about its namespaces and attributes, then about
 * what is inside; and again about the parent of each that is wanted. So the one subtree that is being left out, and
 * what comes behind it, is all that must be known. */
struct walk {
	xml_skip_fn *skip;
	void *arg;
	bool skipping;
	const xmlNode *behind; /* where SKIPPING ends; NULL: with the document */
};

static const xmlNode *node_behind(const xmlNode *node)
{
	while (node && !node->next)
		node = node->parent;
	return node ? node->next : NULL;
}

static int is_kept(void *arg, xmlNode *node, xmlNode *parent)
{
	struct walk *walk = arg;

	(void)parent;
	if (walk->skipping && node == walk->behind)
		walk->skipping = false;
	if (!walk->skipping && node->type == XML_ELEMENT_NODE && walk->skip(walk->arg, (const struct xml_node *)node)) {
		walk->skipping = true;
		walk->behind = node_behind(node);
	}
	return !walk->skipping;
}

enum err_code xml_c14n_inclusive(const struct xml_doc *doc, xml_skip_fn *skip, void *arg, struct buf *out,
				 struct err *err)
{
	const xmlDoc *inner = (const xmlDoc *)doc;
	struct walk walk = { .skip = skip, .arg = arg };

	return put_form(inner, inner->children,
			&(struct form){ .mode = XML_C14N_1_0, .wanted = skip ? is_kept : NULL, .arg = &walk }, out,
			err);
}

/* No comments, no processing instructions, no DTD: the canonical document is the canonical root element. */
enum err_code xml_c14n_document(struct bytes text, const struct xml_limits *limits, struct buf *out, struct err *err)
{
	arena_auto arena = arena_new(SIZE_MAX); /* the limits bound it */
	xml_doc_auto doc = NULL;

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the XML document");
	TRY(xml_parse(arena, text, limits, &doc, err));
	return xml_c14n_exclusive(xml_root(doc), NULL, out, err);
}

/* --- escapes, Canonical XML 1.0 §2.3 --- */

#define ESCAPES_SIZE 64 /* all escaped characters are below '@' */

static const char *const text_escapes[ESCAPES_SIZE] = {
	['&'] = "&amp;",
	['<'] = "&lt;",
	['>'] = "&gt;",
	['\r'] = "&#xD;",
};

static const char *const attribute_escapes[ESCAPES_SIZE] = {
	['&'] = "&amp;", ['<'] = "&lt;", ['"'] = "&quot;", ['\t'] = "&#x9;", ['\n'] = "&#xA;", ['\r'] = "&#xD;",
};

/* XML 1.0 §2.2: of the control characters only tab and line ends, and neither U+FFFE nor U+FFFF. */
static bool xml_can_carry(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	if (ascii_printable(bytes_of(text)))
		return true;
	if (!utf8_valid(bytes_of(text)))
		return false;
	for (; *c; c++) {
		if (*c < ' ' && *c != '\t' && *c != '\n' && *c != '\r')
			return false;
		if (*c == 0xEF && c[1] == 0xBF && c[2] >= 0xBE)
			return false;
	}
	return true;
}

static void put_escaped(struct buf *out, const char *text, const char *const *escapes)
{
	if (!xml_can_carry(text)) {
		if (out->failed == OK)
			out->failed = ERR_SYNTAX;
		return;
	}

	const char *run = text;
	for (const char *at = text; *at; at++) {
		unsigned char c = (unsigned char)*at;
		if (c >= ESCAPES_SIZE || !escapes[c])
			continue;
		buf_put(out, run, (size_t)(at - run));
		buf_puts(out, escapes[c]);
		run = at + 1;
	}
	buf_puts(out, run);
}

void xml_put_text(struct buf *out, const char *text)
{
	put_escaped(out, text, text_escapes);
}

void xml_put_attribute(struct buf *out, const char *value)
{
	put_escaped(out, value, attribute_escapes);
}
