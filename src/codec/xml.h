/* XML documents from outside, read-only: parsed with limits, without DTD, entities or network; and canonicalisation.
 *
 * A document type declaration, a processing instruction or anything beyond the limits is refused (ERR_SYNTAX,
 * ERR_LIMIT) while it is being read; the error names the line. Comments are allowed and never seen: xml_text() joins
 * the text around them, as canonicalisation without comments does. UTF-8, with or without a byte order mark, and what
 * libxml2 converts (UTF-16 …); names and values are always UTF-8. Different threads may use different documents at the
 * same time. */
#ifndef CODEC_XML_H
#define CODEC_XML_H

#include "base/arena.h"
#include "base/buf.h"

struct xml_limits {
	size_t max_bytes;
	unsigned max_depth; /* of elements */
	unsigned max_elements;
	unsigned max_attributes;     /* of one element, namespace declarations among them */
	unsigned max_all_attributes; /* of the document, likewise; an attribute costs 250 bytes of memory */
	unsigned max_namespaces;     /* declarations in scope at once; looking up a prefix takes that many steps */
	size_t max_value_bytes;      /* of one attribute value or name; a whole start tag may have twice that */
	/* No limit: text of white space alone is left out, for readers of values. Never where a signature counts it. */
	bool without_blanks;
};
/* For messages and documents of up to some MB; a caller may copy and tighten. */
extern const struct xml_limits xml_limits_default;

struct xml_doc;
struct xml_node; /* an element; lives as long as its document */

/* The tree lies in ARENA, also what was read of a document that is refused: *DOC is freed before it. */
enum err_code xml_parse(struct arena *arena, struct bytes text, const struct xml_limits *limits, struct xml_doc **doc,
			struct err *err) MUST_USE;
void xml_free(struct xml_doc *doc);
static inline void xml_free_(struct xml_doc **doc)
{
	xml_free(*doc);
}
#define xml_doc_auto __attribute__((cleanup(xml_free_), unused)) struct xml_doc *

const struct xml_node *xml_root(const struct xml_doc *doc);
/* First child element, next sibling element, parent element; NULL if there is none. */
const struct xml_node *xml_first(const struct xml_node *node);
const struct xml_node *xml_next(const struct xml_node *node);
const struct xml_node *xml_parent(const struct xml_node *node);
/* The next element in document order inside TOP (TOP itself is the start), without recursion. */
const struct xml_node *xml_walk(const struct xml_node *top, const struct xml_node *node);

const char *xml_name(const struct xml_node *node);                          /* local name */
const char *xml_namespace(const struct xml_node *node);                     /* "" if it has none */
bool xml_is(const struct xml_node *node, const char *ns, const char *name); /* false for NULL */

/* The namespace that PREFIX stands for where NODE stands; NULL if for none. */
const char *xml_namespace_of_prefix(const struct xml_node *node, const char *prefix);

/* Attribute values; NS "" for attributes without a prefix. NULL if absent. */
const char *xml_attribute(const struct xml_node *node, const char *ns, const char *name);
/* Visits the attributes (not namespace declarations); false from VISIT stops. */
typedef bool xml_attribute_fn(void *arg, const char *ns, const char *name, const char *value);
void xml_attributes(const struct xml_node *node, xml_attribute_fn *visit, void *arg);

/* The element's own text, comments skipped; "" if empty. NULL if it has element children. The tree's: it lives as long
 * as the arena that the document was parsed in, not copied because a document may be all text. */
const char *xml_text(const struct xml_node *node);
/* The same with leading and trailing white space removed; where there is some, a copy in ARENA. Also NULL if there is
 * no memory. */
const char *xml_token(struct arena *arena, const struct xml_node *node);
/* True if there is text other than white space directly inside NODE, beside elements. */
bool xml_has_stray_text(const struct xml_node *node);

/* Exclusive XML Canonicalization 1.0 without comments of NODE and what is in it, appended to OUT (which is as before on
 * failure). PREFIXES: the InclusiveNamespaces PrefixList, a white-space separated list of at most XML_PREFIXES_MAX, or
 * NULL. ERR_INVALID if it cannot be canonicalised (a relative namespace URI). */
#define XML_PREFIXES_MAX 32
enum err_code xml_c14n_exclusive(const struct xml_node *node, const char *prefixes, struct buf *out,
				 struct err *err) MUST_USE;
/* The same of a whole document given as text (the transform of XML attachments). */
enum err_code xml_c14n_document(struct bytes text, const struct xml_limits *limits, struct buf *out,
				struct err *err) MUST_USE;

/* Canonical XML 1.0 without comments (http://www.w3.org/TR/2001/REC-xml-c14n-20010315), appended to OUT likewise. Its
 * cost grows with the square of the namespace declarations in scope: documents of strangers want .max_namespaces low.
 *
 * Of the whole document but the subtrees whose element SKIP says true of; it is not asked about what is inside one, and
 * answers always alike. What surrounds them, white space too, stays. SKIP may be NULL. */
typedef bool xml_skip_fn(void *arg, const struct xml_node *node);
enum err_code xml_c14n_inclusive(const struct xml_doc *doc, xml_skip_fn *skip, void *arg, struct buf *out,
				 struct err *err) MUST_USE;
/* Of NODE and what is in it, as part of its document (a ds:SignedInfo): with the namespaces in scope and the xml:
 * attributes of the elements that it is in. */
enum err_code xml_c14n_inclusive_element(const struct xml_node *node, struct buf *out, struct err *err) MUST_USE;

/* Canonical escapes of text and attribute values. Characters that XML 1.0 cannot carry fail the buffer with ERR_SYNTAX.
 */
void xml_put_text(struct buf *out, const char *text);
void xml_put_attribute(struct buf *out, const char *value);

#endif
