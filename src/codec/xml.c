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

/* Watches one parse and stops it as soon as a limit is passed, so that a bomb costs no more than the limits allow. */
struct watch {
	xmlParserCtxt *parser;
	const struct xml_limits *limits;
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
	watch_of(parser)->handed_event = watch_of(parser)->handed;
	xmlSAX2Characters(parser, text, size);
}

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
	unsigned all = (unsigned)count + (unsigned)ns_count;

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

	if (watch->refused != OK)
		xmlStopParser(arg);
	else
		xmlSAX2StartElementNs(arg, name, prefix, uri, ns_count, ns, count, defaulted, attributes);
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct watch *watch = watch_of(arg);

	watch->handed_event = watch->handed;
	watch->depth--;
	xmlSAX2EndElementNs(arg, name, prefix, uri);
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

enum err_code xml_parse(struct bytes text, const struct xml_limits *limits, struct xml_doc **doc, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (text.size == 0)
		return fail(err, ERR_SYNTAX, "the XML document is empty");
	if (text.size > limits->max_bytes)
		return fail(err, ERR_LIMIT, "the XML document has %zu bytes, at most %zu are allowed", text.size,
			    limits->max_bytes);
	pthread_once(&once, init_libxml2);

	struct watch watch = { .limits = limits, .rest = text };
	struct xml_errors errors;
	xml_errors_begin(&errors);
	watch.parser = xmlNewParserCtxt();
	if (!watch.parser) {
		xml_errors_end(&errors);
		return fail(err, ERR_MEMORY, "no memory left for an XML parser");
	}
	watch_parser(&watch);

	/* NOCDATA: a CDATA section is text like any other, as in canonical form. Never NOENT, DTDLOAD, HUGE or RECOVER.
	 */
	xmlDoc *parsed = xmlCtxtReadIO(watch.parser, on_read, NULL, &watch, NULL, NULL,
				       XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT);
	xml_errors_end(&errors);

	enum err_code code = judge(&watch, &errors, parsed, err);
	xmlFreeParserCtxt(watch.parser);
	if (code == OK)
		*doc = (struct xml_doc *)parsed;
	else
		xmlFreeDoc(parsed);
	return code;
}

void xml_free(struct xml_doc *doc)
{
	xmlFreeDoc((xmlDoc *)doc);
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
	return node && same(xml_name(node), name) && same(xml_namespace(node), ns);
}

/* Without entities a value is one text node, or none if it is empty. */
static const char *value_of(const xmlAttr *attribute)
{
	const xmlNode *text = attribute->children;

	return text && text->content ? (const char *)text->content : "";
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

static char *own_text(struct arena *arena, const struct xml_node *node)
{
	size_t size = 0;

	for (const xmlNode *child = xml_inner(node)->children; child; child = child->next) {
		if (child->type == XML_ELEMENT_NODE)
			return NULL;
		size += child->content ? strlen((const char *)child->content) : 0;
	}

	char *text = arena_alloc(arena, size + 1);
	char *end = text;
	for (const xmlNode *child = xml_inner(node)->children; text && child; child = child->next)
		if (child->content)
			end = stpcpy(end, (const char *)child->content);
	return text;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

const char *xml_text(struct arena *arena, const struct xml_node *node)
{
	return own_text(arena, node);
}

const char *xml_token(struct arena *arena, const struct xml_node *node)
{
	char *text = own_text(arena, node);

	if (!text)
		return NULL;
	size_t size = strlen(text);
	while (size > 0 && is_space(text[size - 1]))
		text[--size] = '\0';
	while (is_space(*text))
		text++;
	return text;
}

bool xml_has_stray_text(const struct xml_node *node)
{
	for (const xmlNode *child = xml_inner(node)->children; child; child = child->next) {
		if (child->type != XML_TEXT_NODE || !child->content)
			continue;
		for (const xmlChar *c = child->content; *c; c++)
			if (!is_space((char)*c))
				return true;
	}
	return false;
}
