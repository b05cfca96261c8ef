/* Closed grammars of XML headers as rows, read like an outline: which element may stand below which, how often, with
 * which attributes. One interpreter refuses whatever no row allows, so that the code that reads values afterwards meets
 * only what it knows. */
#ifndef MESSAGING_GRAMMAR_INT_H
#define MESSAGING_GRAMMAR_INT_H

#include "base/findings.h"
#include "codec/xml.h"

enum grammar_content {
	ELEMENTS,   /* what the rows below say, and no text */
	TEXT,       /* text, and no elements */
	OPEN,       /* anything: read elsewhere; so are the attributes, unless the row names some */
	EXTENSIBLE, /* as ELEMENTS, and beside them elements of namespaces of which we know none; nobody reads those */
};

struct grammar {
	int depth;
	const char *name; /* with the prefix of the table in grammar.c, whatever prefix the message uses */
	unsigned min, max;
	const char *attributes; /* names separated by a blank; '!' after one that must be there */
	enum grammar_content content;
};

/* True if NODE, already known to be the element of the first row, is inside as the rows say. All deviations become
 * findings of RULE
 * ({1} what, {2} where), at most 50. GRAMMAR ends with a row without a name. */
bool grammar_check(const struct grammar *grammar, const struct xml_node *node, const struct rule *rule,
		   struct findings *findings);

/* Whether NODE is the element NAME ("ds:Reference"); false for NULL. */
bool grammar_is(const struct xml_node *node, const char *name);
/* The first child element of that name, or NULL; NODE may be NULL. The next sibling of the same name. */
const struct xml_node *grammar_child(const struct xml_node *node, const char *name);
const struct xml_node *grammar_again(const struct xml_node *node);
/* An attribute by name ("wsu:Id", "URI"); NULL if it is absent or NODE is NULL. */
const char *grammar_attribute(const struct xml_node *node, const char *name);

#endif
