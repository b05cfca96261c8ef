#include "codec/tree.h"

#include <jansson.h>
#include <stdio.h>

#include "codec/json.h"
#include "codec/xml.h"

#define XSI "http://www.w3.org/2001/XMLSchema-instance" /* says how a document is checked, nothing of its content */

struct tree_node *tree_add(struct arena *arena, struct tree_node *up, const char *ns, const char *name)
{
	struct tree_node *node = arena_alloc(arena, sizeof(*node));

	if (!node)
		return NULL;
	*node = (struct tree_node){ .name = name, .ns = ns, .kind = TREE_GROUP, .text = "", .up = up };
	if (up && up->last)
		up->last->next = node;
	else if (up)
		up->first = node;
	if (up)
		up->last = node;
	return node;
}

/* --- XML --- */

struct attributes {
	struct arena *arena;
	struct tree_node *up;
	bool full;
};

static bool add_attribute(void *arg, const char *ns, const char *name, const char *value)
{
	struct attributes *attributes = arg;
	struct arena *arena = attributes->arena;

	if (same(ns, XSI))
		return true;
	const char *ns_copy = arena_text(arena, ns), *name_copy = arena_text(arena, name);
	struct tree_node *node = ns_copy && name_copy ? tree_add(arena, attributes->up, ns_copy, name_copy) : NULL;
	const char *text = arena_text(arena, value);

	attributes->full = !node || !text;
	if (attributes->full)
		return false;
	node->attribute = true;
	node->kind = TREE_TEXT;
	node->text = text;
	return true;
}

/* The node of ELEMENT inside UP, without what is inside it. */
static struct tree_node *add_element(struct arena *arena, struct tree_node *up, const struct xml_node *element)
{
	const char *ns = arena_text(arena, xml_namespace(element)), *name = arena_text(arena, xml_name(element));
	struct tree_node *node = ns && name ? tree_add(arena, up, ns, name) : NULL;
	struct attributes attributes = { .arena = arena, .up = node };
	const char *text = xml_text(element);

	if (!node)
		return NULL;
	xml_attributes(element, add_attribute, &attributes);
	if (text) {
		node->kind = TREE_TEXT;
		node->text = arena_text(arena, text);
	} else if (xml_has_stray_text(element)) {
		struct tree_node *stray = tree_add(arena, node, "", "#text");
		attributes.full = attributes.full || !stray;
		if (stray) {
			stray->kind = TREE_TEXT;
			stray->text = "?";
		}
	}
	return attributes.full || !node->text ? NULL : node;
}

enum err_code tree_read_xml(struct arena *arena, struct bytes text, struct tree_node **root, struct err *err)
{
	xml_doc_auto doc = NULL;
	struct tree_node *top = tree_add(arena, NULL, "", ""), *up = top;

	TRY(xml_parse(arena, text, &xml_limits_default, &doc, err));
	/* Down to the first child, else to the next sibling of the nearest element that has one; UP follows. */
	for (const struct xml_node *element = xml_root(doc); element && up;) {
		up = add_element(arena, up, element);
		const struct xml_node *next = xml_first(element);
		for (; up && up != top && !next; up = up->up) {
			next = element == xml_root(doc) ? NULL : xml_next(element);
			element = xml_parent(element);
		}
		element = next;
	}
	if (!up)
		return fail(err, ERR_MEMORY, "no memory left for the XML document");
	*root = top;
	return OK;
}

/* --- JSON --- */

/* One object or list that is being read. */
struct level {
	json_t *value;
	void *at;               /* in an object */
	size_t index;           /* in a list */
	struct tree_node *node; /* its members' or elements' */
	const char *name;       /* of a list: its elements' */
};

struct reading {
	struct arena *arena;
	struct level levels[TREE_DEPTH_MAX];
	size_t depth, nodes;
};

/* jansson has read a number as binary floating point; every decimal of 15 digits comes back from that exactly. */
static enum err_code number_text(struct arena *arena, const json_t *value, const char **text, struct err *err)
{
	if (json_is_integer(value)) {
		*text = arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return OK;
	}
	*text = arena_printf(arena, "%.15g", json_real_value(value));
	json_t *again = *text ? json_loads(*text, JSON_DECODE_ANY, NULL) : NULL;
	bool exact = again && json_number_value(again) == json_real_value(value);
	json_decref(again);
	return exact || !*text
		       ? OK
		       : fail(err, ERR_SYNTAX,
			      "a number near %s has more than 15 digits; one that must be exact is a string", *text);
}

static enum err_code set_value(struct arena *arena, struct tree_node *node, const json_t *value, struct err *err)
{
	const char *text = NULL;

	if (json_is_string(value))
		text = arena_text(arena, json_string_value(value));
	else if (json_is_boolean(value))
		text = json_is_true(value) ? "true" : "false";
	else
		TRY(number_text(arena, value, &text, err));
	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for the JSON text");
	node->kind = json_is_string(value) ? TREE_TEXT : TREE_NUMBER;
	node->text = text;
	return OK;
}

static enum err_code push(struct reading *reading, json_t *value, struct tree_node *node, const char *name,
			  struct err *err)
{
	if (reading->depth == TREE_DEPTH_MAX)
		return fail(err, ERR_LIMIT, "JSON is nested deeper than %d levels", TREE_DEPTH_MAX);
	reading->levels[reading->depth++] = (struct level){
		.value = value, .at = json_is_object(value) ? json_object_iter(value) : NULL, .node = node, .name = name
	};
	return OK;
}

/* The next value of LEVEL and its name; NULL after the last. */
static json_t *next_value(struct level *level, const char **name)
{
	if (json_is_array(level->value)) {
		*name = level->name;
		return json_array_get(level->value, level->index++);
	}
	json_t *value = json_object_iter_value(level->at);
	*name = json_object_iter_key(level->at);
	level->at = json_object_iter_next(level->value, level->at);
	return value;
}

/* A member that is a list has no node of its own: its elements stand beside each other, under its name. */
static enum err_code read_value(struct reading *reading, const struct level *level, const char *name, json_t *value,
				struct err *err)
{
	struct arena *arena = reading->arena;
	bool item = json_is_array(level->value);
	const char *copy = item ? name : arena_text(arena, name);

	if (!copy)
		return fail(err, ERR_MEMORY, "no memory left for the JSON text");
	if (json_is_array(value) && !item)
		return push(reading, value, level->node, copy, err);
	if (++reading->nodes > TREE_NODES_MAX)
		return fail(err, ERR_LIMIT, "JSON of more than %zu values", TREE_NODES_MAX);
	struct tree_node *node = tree_add(arena, level->node, "", copy);
	if (!node)
		return fail(err, ERR_MEMORY, "no memory left for the JSON text");
	node->item = item;
	if (json_is_object(value) || json_is_array(value))
		return push(reading, value, node, "", err);
	return set_value(arena, node, value, err);
}

static enum err_code read_values(struct reading *reading, struct err *err)
{
	while (reading->depth > 0) {
		struct level *level = &reading->levels[reading->depth - 1];
		const char *name;
		json_t *value = next_value(level, &name);

		if (!value)
			reading->depth--;
		else if (!json_is_null(value))
			TRY(read_value(reading, level, name, value, err));
	}
	return OK;
}

enum err_code tree_read_json(struct arena *arena, struct bytes text, struct tree_node **root, struct err *err)
{
	json_error_t error;
	struct reading reading = { .arena = arena };
	struct tree_node *top = tree_add(arena, NULL, "", "");

	if (!top)
		return fail(err, ERR_MEMORY, "no memory left for the JSON text");
	if (text.size > TREE_BYTES_MAX)
		return fail(err, ERR_LIMIT, "JSON of more than %zu bytes", TREE_BYTES_MAX);
	if (!json_is_bounded(text))
		return fail(err, ERR_LIMIT, "JSON of more than %zu values", JSON_VALUES_MAX);
	json_t *json = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return fail(err, json_error_code(&error) == json_error_out_of_memory ? ERR_MEMORY : ERR_SYNTAX,
			    "not JSON at line %d, column %d: %s", error.line, error.column, error.text);
	enum err_code code = push(&reading, json, top, "", err);
	if (code == OK)
		code = read_values(&reading, err);
	json_decref(json);
	if (code == OK)
		*root = top;
	return code;
}

/* --- Writing: trees that are written are as deep as their makers' tables --- */

static void put_json_value(struct buf *out, const struct tree_node *node)
{
	if (node->kind == TREE_GROUP)
		tree_put_json(out, node);
	else if (node->kind == TREE_NUMBER)
		buf_puts(out, node->text);
	else
		json_quote(out, node->text);
}

void tree_put_json(struct buf *out, const struct tree_node *root)
{
	bool some = false;

	buf_putc(out, '{');
	for (const struct tree_node *node = root->first; node; node = node->next) {
		bool goes_on = node->next && node->item && node->next->item && same(node->next->name, node->name);
		if (node->kind == TREE_NONE)
			continue;
		if (some)
			buf_putc(out, ',');
		some = true;
		json_quote(out, node->name);
		buf_puts(out, node->item ? ":[" : ":");
		put_json_value(out, node);
		for (; goes_on; goes_on = node->next && node->next->item && same(node->next->name, node->name)) {
			node = node->next;
			buf_putc(out, ',');
			put_json_value(out, node);
		}
		buf_puts(out, node->item ? "]" : "");
	}
	buf_putc(out, '}');
}

static void put_name(struct buf *out, const struct tree_node *node, const struct tree_namespace *namespaces,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (*node->ns && *namespaces[i].prefix && same(namespaces[i].name, node->ns)) {
			buf_printf(out, "%s:", namespaces[i].prefix);
			break;
		} else if (same(namespaces[i].name, node->ns)) {
			break;
		}
	buf_puts(out, node->name);
}

static void put_start(struct buf *out, const struct tree_node *node, const struct tree_namespace *namespaces,
		      size_t count, bool outermost)
{
	buf_putc(out, '<');
	put_name(out, node, namespaces, count);
	for (size_t i = 0; outermost && i < count; i++) {
		buf_printf(out, " xmlns%s%s=\"", *namespaces[i].prefix ? ":" : "", namespaces[i].prefix);
		xml_put_attribute(out, namespaces[i].name);
		buf_putc(out, '"');
	}
	for (const struct tree_node *a = node->first; a; a = a->next) {
		if (!a->attribute)
			continue;
		buf_putc(out, ' ');
		put_name(out, a, namespaces, count);
		buf_puts(out, "=\"");
		xml_put_attribute(out, a->text);
		buf_putc(out, '"');
	}
	buf_putc(out, '>');
}

static void put_element(struct buf *out, const struct tree_node *node, const struct tree_namespace *namespaces,
			size_t count, int depth)
{
	bool inside = false;

	for (int i = 0; i < depth; i++)
		buf_putc(out, '\t');
	put_start(out, node, namespaces, count, depth == 0);
	xml_put_text(out, node->text);
	for (const struct tree_node *child = node->first; child; child = child->next) {
		if (child->attribute || child->kind == TREE_NONE)
			continue;
		buf_puts(out, inside ? "" : "\n");
		inside = true;
		put_element(out, child, namespaces, count, depth + 1);
	}
	for (int i = 0; inside && i < depth; i++)
		buf_putc(out, '\t');
	buf_puts(out, "</");
	put_name(out, node, namespaces, count);
	buf_puts(out, ">\n");
}

void tree_put_xml(struct buf *out, const struct tree_node *root, const struct tree_namespace *namespaces, size_t count)
{
	if (root->first)
		put_element(out, root->first, namespaces, count, 0);
}
