#include "messaging/grammar_int.h"

#include <stdio.h>

#include "messaging/uris_int.h"

enum { GRAMMAR_FINDINGS = 50, GRAMMAR_PLACE = 256 };

/* The prefixes in which our tables speak. */
static const struct {
	const char *prefix, *ns;
} prefixes[] = {
	{ "soap", NS_SOAP11 },   { "eb2", NS_EBMS2 },   { "env", NS_SOAP12 },    { "eb", NS_EBMS3 },
	{ "ebbp", NS_EBBP },     { "wsse", NS_WSSE },   { "wsse11", NS_WSSE11 }, { "wsu", NS_WSU },
	{ "ds", NS_DS },         { "dsig11", NS_DS11 }, { "dsm", NS_DSIG_MORE }, { "xenc", NS_XENC },
	{ "xenc11", NS_XENC11 }, { "ec", NS_EC },       { "cpa", NS_CPA },       { "xlink", NS_XLINK },
	{ "xsi", NS_XSI },
};

/* Splits a name of LENGTH at its colon. Without a prefix the namespace is "". */
static const char *namespace_of(const char *name, size_t length, const char **local)
{
	const char *colon = memchr(name, ':', length);
	*local = colon ? colon + 1 : name;
	for (size_t i = 0; colon && i < COUNT(prefixes); i++)
		if (strlen(prefixes[i].prefix) == (size_t)(colon - name) &&
		    memcmp(prefixes[i].prefix, name, (size_t)(colon - name)) == 0)
			return prefixes[i].ns;
	return "";
}

/* Of a namespace, and of none of ours. */
static bool is_foreign(const struct xml_node *node)
{
	const char *ns = xml_namespace(node);
	for (size_t i = 0; i < COUNT(prefixes); i++)
		if (same(ns, prefixes[i].ns))
			return false;
	return ns && *ns;
}

bool grammar_is(const struct xml_node *node, const char *name)
{
	const char *local;
	const char *ns = namespace_of(name, strlen(name), &local);
	return xml_is(node, ns, local);
}

const struct xml_node *grammar_child(const struct xml_node *node, const char *name)
{
	const struct xml_node *child = node ? xml_first(node) : NULL;
	while (child && !grammar_is(child, name))
		child = xml_next(child);
	return child;
}

const struct xml_node *grammar_again(const struct xml_node *node)
{
	const struct xml_node *next = xml_next(node);
	while (next && !xml_is(next, xml_namespace(node), xml_name(node)))
		next = xml_next(next);
	return next;
}

const char *grammar_attribute(const struct xml_node *node, const char *name)
{
	const char *local;
	const char *ns = namespace_of(name, strlen(name), &local);
	return node ? xml_attribute(node, ns, local) : NULL;
}

struct checking {
	const struct rule *rule;
	struct findings *findings;
	size_t found;
};

/* The element's name with its ancestors up to the header: enough to find it, short enough to print. */
static const char *place(const struct xml_node *node, char buffer[static GRAMMAR_PLACE])
{
	const struct xml_node *chain[4] = { node };
	size_t depth = 1, used = 0;
	while (depth < COUNT(chain) && (chain[depth] = xml_parent(chain[depth - 1])))
		depth++;
	buffer[0] = '\0';
	while (depth-- > 0) {
		int n = snprintf(buffer + used, GRAMMAR_PLACE - used, "/%.48s", xml_name(chain[depth]));
		if (n < 0 || (size_t)n >= GRAMMAR_PLACE - used)
			break;
		used += (size_t)n;
	}
	return buffer;
}

static bool deviation(struct checking *checking, const char *what, const char *name, const struct xml_node *node)
{
	char where[GRAMMAR_PLACE], text[GRAMMAR_PLACE];
	if (checking->found++ < GRAMMAR_FINDINGS) {
		snprintf(text, sizeof text, "%s %.120s", what, name);
		finding_add(checking->findings, checking->rule, "", text, place(node, where));
	}
	return false;
}

/* Visits the names of an attribute list: the next one after *REST, its LENGTH without the mark, and whether it MUST be
 * there. */
static const char *next_attribute(const char **rest, size_t *length, bool *must)
{
	const char *name = *rest + strspn(*rest, " ");
	*length = strcspn(name, " !");
	*must = name[*length] == '!';
	*rest = name + *length + *must;
	return *length ? name : NULL;
}

struct attribute_check {
	struct checking *checking;
	const struct grammar *row;
	const struct xml_node *node;
	bool good;
};

static bool attribute_known(void *arg, const char *ns, const char *name, const char *value)
{
	struct attribute_check *check = arg;
	const char *rest = check->row->attributes, *known, *local;
	size_t length;
	bool must;
	(void)value;
	while (rest && (known = next_attribute(&rest, &length, &must))) {
		const char *known_ns = namespace_of(known, length, &local);
		size_t local_length = length - (size_t)(local - known);
		if (same(ns, known_ns) && strlen(name) == local_length && memcmp(name, local, local_length) == 0)
			return true;
	}
	check->good = deviation(check->checking, "unexpected attribute", name, check->node);
	return true;
}

static bool check_attributes(struct checking *checking, const struct grammar *row, const struct xml_node *node)
{
	struct attribute_check check = { .checking = checking, .row = row, .node = node, .good = true };
	const char *rest = row->attributes, *name;
	size_t length;
	bool must;
	xml_attributes(node, attribute_known, &check);
	while (rest && (name = next_attribute(&rest, &length, &must))) {
		char copy[64];
		snprintf(copy, sizeof copy, "%.*s", (int)length, name);
		if (must && !grammar_attribute(node, copy))
			check.good = deviation(checking, "missing attribute", copy, node);
	}
	return check.good;
}

/* The row after ROW that is a child of PARENT; the first one if ROW is PARENT itself. NULL after the last. */
static const struct grammar *next_child_row(const struct grammar *parent, const struct grammar *row)
{
	for (row++; row->name && row->depth > parent->depth; row++)
		if (row->depth == parent->depth + 1)
			return row;
	return NULL;
}

static const struct grammar *row_of(const struct grammar *parent, const struct xml_node *node)
{
	const struct grammar *row = next_child_row(parent, parent);
	while (row && !grammar_is(node, row->name))
		row = next_child_row(parent, row);
	return row;
}

static bool check_counts(struct checking *checking, const struct grammar *parent, const struct xml_node *node)
{
	bool good = true;
	for (const struct grammar *row = next_child_row(parent, parent); row; row = next_child_row(parent, row)) {
		unsigned count = 0;
		for (const struct xml_node *child = xml_first(node); child; child = xml_next(child))
			count += grammar_is(child, row->name);
		if (count < row->min)
			good = deviation(checking, "missing", row->name, node);
		if (count > row->max)
			good = deviation(checking, "too many", row->name, node);
	}
	return good;
}

/* Recursion follows the rows, whose depth is fixed, not the input. */
static bool check_node(struct checking *checking, const struct grammar *row, const struct xml_node *node)
{
	if (row->content == OPEN)
		return !row->attributes || check_attributes(checking, row, node);
	bool attributes = check_attributes(checking, row, node);
	bool good = check_counts(checking, row, node) && attributes;
	if (row->content != TEXT && xml_has_stray_text(node))
		good = deviation(checking, "unexpected text in", xml_name(node), node);
	for (const struct xml_node *child = xml_first(node); child; child = xml_next(child)) {
		const struct grammar *child_row = row_of(row, child);
		if (!child_row && row->content == EXTENSIBLE && is_foreign(child))
			continue;
		bool fits = child_row ? check_node(checking, child_row, child)
				      : deviation(checking, "unexpected", xml_name(child), node);
		good = good && fits;
	}
	return good;
}

bool grammar_check(const struct grammar *grammar, const struct xml_node *node, const struct rule *rule,
		   struct findings *findings)
{
	struct checking checking = { .rule = rule, .findings = findings };
	return check_node(&checking, grammar, node);
}
