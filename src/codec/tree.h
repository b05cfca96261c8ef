/* XML and JSON as one plain tree of named values, for readers whose names are data themselves (kernel/mapping.h).
 *
 * An element, an attribute and a member of an object are nodes; a list of JSON is as many nodes of one name, each an
 * .item. Values are text as it was written, a number's too. Documents of a known shape are read by field tables
 * (codec/field.h) instead. */
#ifndef CODEC_TREE_H
#define CODEC_TREE_H

#include "base/arena.h"
#include "base/buf.h"

enum tree_kind {
	TREE_GROUP,  /* has nodes inside, no text */
	TREE_TEXT,   /* a string; all values of XML */
	TREE_NUMBER, /* a number or boolean of JSON, written as it is */
	TREE_NONE,   /* a value that could not be had: not written */
};

struct tree_node {
	const char *name; /* "" for an element of a list that is itself an element of a list */
	const char *ns;   /* "" outside XML */
	enum tree_kind kind;
	bool attribute;
	bool item;        /* of a list in JSON */
	bool taken;       /* for the caller, who wants to know what was never looked at */
	const char *text; /* "" for a group */
	struct tree_node *up, *first, *last, *next;
	const void *from; /* for the caller: where the value comes from; NULL */
	size_t line, column;
};

#define TREE_DEPTH_MAX 64
#define TREE_NODES_MAX ((size_t)1 << 20)
#define TREE_BYTES_MAX ((size_t)32 << 20)

/* A node as the last one inside UP (NULL: alone); NULL without memory. NAME, NS and TEXT are kept, not copied. */
struct tree_node *tree_add(struct arena *arena, struct tree_node *up, const char *ns, const char *name);

/* *ROOT is a nameless group with the document inside: the root element; the members of the object, or the elements of
 * the list. Elements that hold text beside elements get a node "#text" for it. null is no value. A JSON number of more
 * than 15 digits is refused, because nobody says that it can be held exactly (RFC 8259 6). */
enum err_code tree_read_xml(struct arena *arena, struct bytes text, struct tree_node **root, struct err *err) MUST_USE;
enum err_code tree_read_json(struct arena *arena, struct bytes text, struct tree_node **root, struct err *err) MUST_USE;

/* What is inside ROOT as an object, without white space. Nodes of a list stand together. */
void tree_put_json(struct buf *out, const struct tree_node *root);

struct tree_namespace {
	const char *prefix; /* "" for the default namespace */
	const char *name;
};
/* The element inside ROOT, with the namespaces declared there, one element a line. */
void tree_put_xml(struct buf *out, const struct tree_node *root, const struct tree_namespace *namespaces, size_t count);

#endif
