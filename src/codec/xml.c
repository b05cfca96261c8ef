#include "codec/xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "codec/xml_int.h"

const struct xml_limits xml_limits_default = {
	.max_bytes = 16 << 20,
	.max_depth = 64,
	.max_elements = 250000,
	.max_attributes = 64,
	.max_all_attributes = 250000,
	.max_namespaces = 256,
	.max_value_bytes = 16 << 10,
};

/* --- libxml2's errors --- */

/* libxml2 ends its messages with a line end and copies names of the document into them. */
static void copy_message(char *to, size_t room, const char *message)
{
	size_t n = 0;

	for (; message[n] != '\0' && n + 1 < room; n++)
		to[n] = (unsigned char)message[n] < ' ' ? ' ' : message[n];
	while (n > 0 && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

static void on_error(void *arg, xmlError *error)
{
	struct xml_errors *errors = arg;

	if (errors->code != OK || error->level == XML_ERR_WARNING)
		return;
	errors->code = error->code == XML_ERR_NO_MEMORY ? ERR_MEMORY : ERR_SYNTAX;
	errors->line = error->line;
	copy_message(errors->text, sizeof(errors->text), error->message ? error->message : "unknown error");
}

void xml_errors_begin(struct xml_errors *errors)
{
	*errors = (struct xml_errors){ .saved_handler = xmlStructuredError, .saved_arg = xmlStructuredErrorContext };
	xmlSetStructuredErrorFunc(errors, on_error);
}

void xml_errors_end(const struct xml_errors *errors)
{
	xmlSetStructuredErrorFunc(errors->saved_arg, errors->saved_handler);
}

/* --- parsing --- */

/* Watches one parse and stops it as soon as a limit is passed, so that a bomb costs no more than the limits allow; and
 * builds the tree. */
struct watch {
	xmlParserCtxt *parser;
	const struct xml_limits *limits;
	struct xml_errors *errors;
	struct arena *arena; /* of the nodes, which the limits bound */
	xmlNode *root;
	xmlNode *open;       /* the element whose content is being read; NULL outside the root */
	struct buf text;     /* since the last tag, not in the tree yet */
	struct bytes rest;   /* not handed to the parser yet */
	size_t handed;       /* bytes handed to it */
	size_t handed_event; /* how many they were at the last event */
	unsigned depth;
	unsigned elements;
	unsigned attributes;
	enum err_code refused;
	int line;
	char why[200];
};

static struct watch *watch_of(void *parser)
{
	return ((xmlParserCtxt *)parser)->_private;
}

/* Records why the document is refused; the first reason stays. */
PRINTF(3, 4) static void refuse(struct watch *watch, enum err_code code, const char *format, ...)
{
	va_list args;

	if (watch->refused != OK)
		return;
	watch->refused = code;
	watch->line = watch->parser->input ? watch->parser->input->line : 0;
	va_start(args, format);
	vsnprintf(watch->why, sizeof(watch->why), format, args);
	va_end(args);
}

/* Hands out the document piece by piece. libxml2 2.9 compares each attribute of a tag with all others before it reports
 * the element, so a tag of one megabyte takes a minute: its length is limited here, where it is still being read. */
static int on_read(void *arg, char *buffer, int room)
{
	struct watch *watch = arg;
	xmlParserInputState state = watch->parser->instate;
	size_t max_tag = 2 * watch->limits->max_value_bytes;

	/* In a comment, a CDATA section or outside the root element nothing is compared, and no event may come for
	 * long. */
	if (state != XML_PARSER_CONTENT && state != XML_PARSER_ATTRIBUTE_VALUE)
		watch->handed_event = watch->handed;
	if (watch->handed - watch->handed_event > max_tag)
		refuse(watch, ERR_LIMIT, "a tag is longer than %zu bytes", max_tag);
	if (watch->refused != OK)
		return -1; /* xmlStopParser here would free the input that is being read */

	size_t size = watch->rest.size < (size_t)room ? watch->rest.size : (size_t)room;
	if (size > 0)
		memcpy(buffer, watch->rest.data, size);
	watch->rest = bytes(watch->rest.data + size, watch->rest.size - size);
	watch->handed += size;
	return (int)size;
}

static void on_doctype(void *parser, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
	(void)name;
	(void)public_id;
	(void)system_id;
	refuse(watch_of(parser), ERR_SYNTAX, "a document type declaration is not allowed");
	xmlStopParser(parser);
}

static void on_instruction(void *parser, const xmlChar *target, const xmlChar *data)
{
	(void)target;
	(void)data;
	refuse(watch_of(parser), ERR_SYNTAX, "a processing instruction is not allowed");
	xmlStopParser(parser);
}

/* Comments are left out of the tree: nobody looks at them, and empty ones would cost twenty times their size. */
static void on_comment(void *parser, const xmlChar *text)
{
	(void)text;
	watch_of(parser)->handed_event = watch_of(parser)->handed;
}

static void on_text(void *parser, const xmlChar *text, int size)
{
	struct watch *watch = watch_of(parser);

	watch->handed_event = watch->handed;
	buf_put(&watch->text, text, (size_t)size);
}

/* --- building the tree ---
 *
 * These are libxml2's nodes, as its canonicalisation wants them, but all of a document lie in one arena: its own
 * builder allocates and frees every node and text by itself, which costs as much as the parsing. Names, prefixes and
 * URIs are the dictionary's, where the same text has the same address. */

struct text {
	xmlNode node;
	xmlChar content[];
};

struct attribute {
	xmlAttr node;
	xmlNode text; /* its only child */
	xmlChar value[];
};

static void *tree_alloc(struct watch *watch, size_t size)
{
	void *data = arena_alloc(watch->arena, size);

	if (!data)
		refuse(watch, ERR_MEMORY, "no memory");
	return data;
}

/* The document learns of its root when all is read: libxml2 frees the tree of one that is not well formed. */
static void add_node(struct watch *watch, xmlNode *node, xmlElementType type)
{
	xmlNode *parent = watch->open;

	node->type = type;
	node->doc = watch->parser->myDoc;
	node->parent = parent ? parent : (xmlNode *)watch->parser->myDoc;
	if (!parent) {
		watch->root = node;
		return;
	}
	node->prev = parent->last;
	*(parent->last ? &parent->last->next : &parent->children) = node;
	parent->last = node;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_blank(const char *text)
{
	while (is_space(*text))
		text++;
	return *text == '\0';
}

/* What was read since the last tag is one node, however many comments and sections it was cut by. */
static void add_text(struct watch *watch)
{
	struct text *text;
	struct buf *read = &watch->text;

	if (watch->limits->without_blanks && read->failed == OK && is_blank(buf_text(read)))
		buf_clear(read);
	if (read->failed == ERR_LIMIT)
		refuse(watch, ERR_LIMIT, "a text is longer than %zu bytes", read->max_bytes);
	else if (read->failed != OK)
		refuse(watch, read->failed, "no memory");
	if (watch->refused != OK || read->size == 0 || !(text = tree_alloc(watch, sizeof(*text) + read->size + 1)))
		return;
	memcpy(text->content, read->data, read->size);
	text->node.content = text->content;
	add_node(watch, &text->node, XML_TEXT_NODE);
	buf_clear(read);
}

/* The declaration in scope at ELEMENT; of "xml", which needs none, the document's. */
static xmlNs *find_namespace(xmlNode *element, const xmlChar *prefix)
{
	for (xmlNode *node = element; node->type == XML_ELEMENT_NODE; node = node->parent)
		for (xmlNs *ns = node->nsDef; ns; ns = ns->next)
			if (ns->prefix == prefix)
				return ns;
	return xmlSearchNs(element->doc, element, prefix);
}

static void add_namespaces(struct watch *watch, xmlNode *element, int count, const xmlChar **ns)
{
	xmlNs **end = &element->nsDef;

	for (; count > 0; count--, ns += 2, end = &(*end)->next) {
		*end = tree_alloc(watch, sizeof(**end));
		if (!*end)
			return;
		(*end)->type = XML_NAMESPACE_DECL;
		(*end)->prefix = ns[0];
		(*end)->href = ns[1];
	}
}

/* libxml2's builder refuses an xml:id that is no name or is given twice, and so do we. */
static void check_id(const struct watch *watch, xmlAttr *attribute, const xmlChar *value, int size)
{
	char text[256];

	if (xmlValidateNCName(attribute->children->content, 1) != 0) {
		snprintf(text, sizeof(text), "xml:id : attribute value %.*s is not an NCName", size,
			 (const char *)value);
		on_error(watch->errors, &(xmlError){ .code = XML_DTD_XMLID_VALUE,
						     .level = XML_ERR_ERROR,
						     .line = watch->parser->input->line,
						     .message = text });
	}
	xmlAddID(&watch->parser->vctxt, attribute->doc, attribute->children->content, attribute);
}

/* Entities being kept, libxml2 hands out an ampersand as "&#38;", and nothing else by reference. */
static void copy_value(xmlChar *to, const xmlChar *from, const xmlChar *end)
{
	static const char ampersand[] = "&#38;";
	const size_t size = sizeof(ampersand) - 1;

	while (from < end) {
		*to++ = *from;
		from += (size_t)(end - from) >= size && memcmp(from, ampersand, size) == 0 ? size : 1;
	}
}

static xmlAttr *new_attribute(struct watch *watch, xmlNode *element, const xmlChar **given)
{
	struct attribute *new = tree_alloc(watch, sizeof(*new) + (size_t)(given[4] - given[3]) + 1);

	if (!new)
		return NULL;
	copy_value(new->value, given[3], given[4]);
	new->text = (xmlNode){
		.type = XML_TEXT_NODE, .parent = (xmlNode *)&new->node, .doc = element->doc, .content = new->value
	};
	new->node = (xmlAttr){ .type = XML_ATTRIBUTE_NODE,
			       .name = given[0],
			       .children = &new->text,
			       .last = &new->text,
			       .parent = element,
			       .doc = element->doc,
			       .ns = given[2] ? find_namespace(element, given[1]) : NULL };
	if (given[1] == watch->parser->str_xml && same((const char *)given[0], "id"))
		check_id(watch, &new->node, given[3], (int)(given[4] - given[3]));
	return &new->node;
}

static void add_attributes(struct watch *watch, xmlNode *element, int count, const xmlChar **attributes)
{
	xmlAttr *last = NULL;

	for (; count > 0; count--, attributes += 5) {
		xmlAttr *attribute = new_attribute(watch, element, attributes);
		if (!attribute)
			return;
		attribute->prev = last;
		*(last ? &last->next : &element->properties) = attribute;
		last = attribute;
	}
}

/* --- limits --- */

/* In SAX2 an attribute is five pointers: local name, prefix, URI, begin and end of the value. A namespace is two:
 * prefix, URI. */
static size_t longest_value(const xmlChar *name, int ns_count, const xmlChar **ns, int count,
			    const xmlChar **attributes)
{
	size_t longest = strlen((const char *)name);

	for (int i = 0; i < 2 * ns_count; i++) {
		size_t size = ns[i] ? strlen((const char *)ns[i]) : 0;
		longest = size > longest ? size : longest;
	}
	for (int i = 0; i < count; i++) {
		const xmlChar **a = attributes + 5 * i;
		size_t name_size = strlen((const char *)a[0]);
		size_t size = (size_t)(a[4] - a[3]);
		longest = name_size > longest ? name_size : longest;
		longest = size > longest ? size : longest;
	}
	return longest;
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int ns_count,
		     const xmlChar **ns, int count, int defaulted, const xmlChar **attributes)
{
	struct watch *watch = watch_of(arg);
	const struct xml_limits *limits = watch->limits;
	xmlNode *element;
	unsigned all = (unsigned)count + (unsigned)ns_count;

	(void)defaulted; /* by a document type, which is refused */
	watch->handed_event = watch->handed;
	watch->depth++;
	watch->elements++;
	watch->attributes += all; /* no overflow: a tag's length is limited, and the sum is checked at each tag */
	if (watch->depth > limits->max_depth)
		refuse(watch, ERR_LIMIT, "elements are nested deeper than %u", limits->max_depth);
	else if (watch->elements > limits->max_elements)
		refuse(watch, ERR_LIMIT, "more than %u elements", limits->max_elements);
	else if (all > limits->max_attributes)
		refuse(watch, ERR_LIMIT, "more than %u attributes in one element", limits->max_attributes);
	else if (watch->attributes > limits->max_all_attributes)
		refuse(watch, ERR_LIMIT, "more than %u attributes", limits->max_all_attributes);
	else if (watch->parser->nsNr / 2 > (int)limits->max_namespaces)
		refuse(watch, ERR_LIMIT, "more than %u namespace declarations in scope", limits->max_namespaces);
	else if (longest_value(name, ns_count, ns, count, attributes) > limits->max_value_bytes)
		refuse(watch, ERR_LIMIT, "a name or attribute value is longer than %zu bytes", limits->max_value_bytes);

	add_text(watch);
	if (watch->refused == OK && (element = tree_alloc(watch, sizeof(*element)))) {
		element->name = name;
		add_node(watch, element, XML_ELEMENT_NODE);
		add_namespaces(watch, element, ns_count, ns);
		element->ns = uri ? find_namespace(element, prefix) : NULL;
		add_attributes(watch, element, count, attributes);
		watch->open = element;
	}
	if (watch->refused != OK)
		xmlStopParser(arg);
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct watch *watch = watch_of(arg);

	(void)name;
	(void)prefix;
	(void)uri;
	watch->handed_event = watch->handed;
	watch->depth--;
	add_text(watch);
	watch->open = watch->depth > 0 ? watch->open->parent : NULL;
	if (watch->refused != OK)
		xmlStopParser(arg);
}

static void watch_parser(struct watch *watch)
{
	xmlSAXHandler *sax = watch->parser->sax;

	watch->parser->_private = watch;
	sax->internalSubset = on_doctype;
	sax->processingInstruction = on_instruction;
	sax->comment = on_comment;
	sax->characters = on_text;
	sax->ignorableWhitespace = on_text;
	sax->startElementNs = on_start;
	sax->endElementNs = on_end;
}

static void init_libxml2(void)
{
	xmlInitParser();
}

/* What libxml2 said about the document, or what we said, which came first. */
static enum err_code judge(const struct watch *watch, const struct xml_errors *errors, const xmlDoc *parsed,
			   struct err *err)
{
	if (watch->refused == ERR_MEMORY)
		return fail(err, ERR_MEMORY, "no memory left for the XML document");
	if (watch->refused != OK)
		return fail(err, watch->refused, "line %d: %s", watch->line, watch->why);
	if (errors->code == ERR_MEMORY)
		return fail(err, ERR_MEMORY, "no memory left for the XML document");
	if (errors->code != OK && errors->line > 0)
		return fail(err, errors->code, "line %d: %s", errors->line, errors->text);
	if (errors->code != OK)
		return fail(err, errors->code, "not XML: %s", errors->text);
	/* A prefix without a declaration leaves the document "well formed" in libxml2's eyes. */
	if (!parsed || !watch->parser->wellFormed || !watch->parser->nsWellFormed)
		return fail(err, ERR_SYNTAX, "the XML document is not well formed");
	return OK;
}

enum err_code xml_parse(struct arena *arena, struct bytes text, const struct xml_limits *limits, struct xml_doc **doc,
			struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (text.size == 0)
		return fail(err, ERR_SYNTAX, "the XML document is empty");
	if (text.size > limits->max_bytes)
		return fail(err, ERR_LIMIT, "the XML document has %zu bytes, at most %zu are allowed", text.size,
			    limits->max_bytes);
	pthread_once(&once, init_libxml2);

	struct watch watch = { .limits = limits, .rest = text, .arena = arena };
	struct xml_errors errors;
	xml_errors_begin(&errors);
	watch.errors = &errors;
	watch.parser = xmlNewParserCtxt();
	if (!watch.parser) {
		xml_errors_end(&errors);
		return fail(err, ERR_MEMORY, "no memory left for an XML parser");
	}
	watch_parser(&watch);
	buf_init(&watch.text, XML_MAX_TEXT_LENGTH);

	/* NOCDATA: a CDATA section is text like any other, as in canonical form. Never NOENT, DTDLOAD, HUGE or RECOVER.
	 */
	xmlDoc *parsed =
		xmlCtxtReadIO(watch.parser, on_read, NULL, &watch, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOCDATA);
	xml_errors_end(&errors);
	buf_done(&watch.text);

	enum err_code code = judge(&watch, &errors, parsed, err);
	xmlFreeParserCtxt(watch.parser);
	if (code == OK) {
		parsed->children = parsed->last = watch.root;
		*doc = (struct xml_doc *)parsed;
	} else {
		xmlFreeDoc(parsed);
	}
	return code;
}

void xml_free(struct xml_doc *doc)
{
	xmlDoc *inner = (xmlDoc *)doc;

	if (!inner)
		return;
	inner->children = inner->last = NULL; /* the arena's */
	xmlFreeDoc(inner);
}

/* --- the tree --- */

static const struct xml_node *outer(const xmlNode *node)
{
	return (const struct xml_node *)node;
}

static const xmlNode *element_from(const xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

const struct xml_node *xml_root(const struct xml_doc *doc)
{
	return outer(element_from(((const xmlDoc *)doc)->children));
}

const struct xml_node *xml_first(const struct xml_node *node)
{
	return outer(element_from(xml_inner(node)->children));
}

const struct xml_node *xml_next(const struct xml_node *node)
{
	return outer(element_from(xml_inner(node)->next));
}

const struct xml_node *xml_parent(const struct xml_node *node)
{
	const xmlNode *parent = xml_inner(node)->parent;

	return parent && parent->type == XML_ELEMENT_NODE ? outer(parent) : NULL;
}

const struct xml_node *xml_walk(const struct xml_node *top, const struct xml_node *node)
{
	const struct xml_node *next = xml_first(node);

	while (!next && node && node != top) {
		next = xml_next(node);
		node = xml_parent(node);
	}
	return next;
}

const char *xml_name(const struct xml_node *node)
{
	return (const char *)xml_inner(node)->name;
}

static const char *uri_of(const xmlNs *ns)
{
	return ns && ns->href ? (const char *)ns->href : "";
}

const char *xml_namespace(const struct xml_node *node)
{
	return uri_of(xml_inner(node)->ns);
}

bool xml_is(const struct xml_node *node, const char *ns, const char *name)
{
	/* Most that are asked about differ in the first letter. */
	return node && xml_name(node)[0] == name[0] && same(xml_name(node), name) && same(xml_namespace(node), ns);
}

/* Without entities a value is one text node, or none if it is empty. */
static const char *value_of(const xmlAttr *attribute)
{
	const xmlNode *text = attribute->children;

	return text && text->content ? (const char *)text->content : "";
}

const char *xml_namespace_of_prefix(const struct xml_node *node, const char *prefix)
{
	for (const xmlNode *at = xml_inner(node); at && at->type == XML_ELEMENT_NODE; at = at->parent)
		for (const xmlNs *ns = at->nsDef; ns; ns = ns->next)
			if (same((const char *)ns->prefix, prefix))
				return (const char *)ns->href;
	return NULL;
}

const char *xml_attribute(const struct xml_node *node, const char *ns, const char *name)
{
	for (const xmlAttr *a = xml_inner(node)->properties; a; a = a->next)
		if (same((const char *)a->name, name) && same(uri_of(a->ns), ns))
			return value_of(a);
	return NULL;
}

void xml_attributes(const struct xml_node *node, xml_attribute_fn *visit, void *arg)
{
	for (const xmlAttr *a = xml_inner(node)->properties; a; a = a->next)
		if (!visit(arg, uri_of(a->ns), (const char *)a->name, value_of(a)))
			return;
}

/* Text is one node between two tags. */
const char *xml_text(const struct xml_node *node)
{
	const xmlNode *child = xml_inner(node)->children;

	if (!child)
		return "";
	return child->type == XML_TEXT_NODE && !child->next ? (const char *)child->content : NULL;
}

const char *xml_token(struct arena *arena, const struct xml_node *node)
{
	const char *text = xml_text(node);

	if (!text)
		return NULL;
	while (is_space(*text))
		text++;
	size_t all = strlen(text), size = all;
	while (size > 0 && is_space(text[size - 1]))
		size--;
	return size == all ? text : arena_text_of(arena, bytes(text, size));
}

bool xml_has_stray_text(const struct xml_node *node)
{
	for (const xmlNode *child = xml_inner(node)->children; child; child = child->next)
		if (child->type == XML_TEXT_NODE && !is_blank((const char *)child->content))
			return true;
	return false;
}
