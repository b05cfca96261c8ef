/* Paths: a closed grammar of names and one test, not XPath. */
#include "kernel/mapping_int.h"

/* One path while it is parsed. */
struct parsing {
	bool xml;
	const struct tree_namespace *namespaces;
	size_t namespaces_count;
	const char *why; /* it is no path */
};

/* RFC 6901 3. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		bool escape = from[0] == '~' && (from[1] == '0' || from[1] == '1');
		*to++ = escape ? (from[1] == '1' ? '/' : '~') : *from;
		from += escape;
	}
	*to = '\0';
}

/* What can be the name of an element or attribute (XML 1.0 2.3), and "#text", the text beside elements. */
static bool is_xml_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";

	for (const char *c = name; *c; c++)
		if (!strchr(letters, *c) && !(*c & 0x80) && (c == name || !strchr("0123456789.-", *c)))
			return same(name, "#text");
	return true;
}

/* "@name", "prefix:name" or "name". */
static void parse_name(struct parsing *parsing, char *text, const char **ns, const char **name, bool *attribute)
{
	*ns = "";
	*attribute = parsing->xml && *text == '@';
	text += *attribute;
	*name = text;
	if (*text == '\0')
		parsing->why = "a name is missing";
	if (!parsing->xml) {
		unescape(text);
		return;
	}
	char *colon = strchr(text, ':');
	const char *prefix = colon ? text : "";
	if (colon) {
		*colon = '\0';
		*name = colon + 1;
	}
	if (!is_xml_name(*name))
		parsing->why = "a step is no name of XML";
	for (size_t i = 0; i < parsing->namespaces_count; i++)
		if (same(parsing->namespaces[i].prefix, prefix) && !(*attribute && !colon)) {
			*ns = parsing->namespaces[i].name;
			return;
		}
	if (colon)
		parsing->why = "a prefix is not among the namespaces of the mapping";
}

/* "[name=value]" at the end of SEGMENT, which is cut off. */
static void parse_test(struct parsing *parsing, char *segment, struct mapping_step *step)
{
	char *open = strchr(segment, '['), *equals = open ? strchr(open, '=') : NULL;
	size_t size = strlen(segment);

	if (!open)
		return;
	if (!equals || segment[size - 1] != ']' || step->test) {
		parsing->why = "a test is written [name=value], once a step";
		return;
	}
	segment[size - 1] = *equals = *open = '\0';
	parse_name(parsing, open + 1, &step->test_ns, &step->test, &step->test_attribute);
	step->value = equals + 1;
}

/* "[3]", an item by its number. */
static void parse_number(struct parsing *parsing, const char *segment, struct mapping_step *step)
{
	size_t digits = strspn(segment + 1, "0123456789");
	int64_t number = 0;

	for (size_t i = 1; i <= digits && number <= MAPPING_FIXED_MAX; i++)
		number = 10 * number + (segment[i] - '0');
	step->number = (size_t)number;
	if (digits == 0 || !same(segment + 1 + digits, "]") || number < 1 || number > MAPPING_FIXED_MAX)
		parsing->why = "an item by its number is written [1] to [200]";
}

/* SEGMENT as one more step, or as what is said of the last one. */
static void parse_segment(struct parsing *parsing, char *segment, struct mapping_step *steps, size_t *count)
{
	struct mapping_step step = { 0 };

	if (!parsing->xml && (*segment == '*' || *segment == '[')) {
		if (*count == 0)
			steps[(*count)++] = (struct mapping_step){ .ns = "", .name = "" };
		if (steps[*count - 1].item)
			parsing->why = "a list has one *";
		steps[*count - 1].item = true;
		if (*segment == '[') {
			parse_number(parsing, segment, &steps[*count - 1]);
			return;
		}
		parse_test(parsing, segment, &steps[*count - 1]);
		if (segment[1] != '\0')
			parsing->why = "behind * stands a test, or nothing";
		return;
	}
	if (*count == MAPPING_STEPS_MAX) {
		parsing->why = "it has too many steps";
		return;
	}
	parse_test(parsing, segment, &step);
	if (!parsing->why)
		parse_name(parsing, segment, &step.ns, &step.name, &step.attribute);
	steps[(*count)++] = step;
}

bool mapping_path_parse(struct arena *arena, const char *text, bool xml, const struct tree_namespace *namespaces,
			size_t namespaces_count, const char *place, struct mapping_path *path,
			struct findings *findings)
{
	struct parsing parsing = { xml, namespaces, namespaces_count, NULL };
	struct mapping_step *steps = arena_array(arena, MAPPING_STEPS_MAX, sizeof(*steps));
	size_t count = 0;

	if (*text != '/' && *text)
		parsing.why = "a path begins with /";
	for (const char *at = text; !parsing.why && *at == '/';) {
		size_t length = strcspn(at + 1, "/");
		char *segment = arena_text_of(arena, bytes(at + 1, length));
		if (segment && steps)
			parse_segment(&parsing, segment, steps, &count);
		else
			parsing.why = "there is no memory left";
		at += 1 + length;
	}
	for (size_t i = 0; !parsing.why && i + 1 < count; i++)
		if (steps[i].attribute)
			parsing.why = "nothing stands inside an attribute";
	if (parsing.why) {
		mapping_find(findings, MAPPING_BAD_PATH, place, NULL, text, parsing.why);
		return false;
	}
	*path = (struct mapping_path){ steps, count };
	return true;
}

/* --- Comparing --- */

static bool step_same(const struct mapping_step *a, const struct mapping_step *b)
{
	return same(a->ns, b->ns) && same(a->name, b->name) && a->attribute == b->attribute && a->item == b->item &&
	       same(a->test, b->test) && same(a->test_ns, b->test_ns) && same(a->value, b->value) &&
	       a->test_attribute == b->test_attribute;
}

bool mapping_path_within(const struct mapping_path *path, const struct mapping_path *head)
{
	if (path->count < head->count)
		return false;
	for (size_t i = 0; i < head->count; i++)
		if (!step_same(&path->steps[i], &head->steps[i]))
			return false;
	return true;
}

struct mapping_path mapping_path_behind(struct mapping_path path, size_t steps)
{
	return (struct mapping_path){ path.steps + steps, path.count - steps };
}

/* --- In a tree --- */

static bool named(const struct tree_node *node, const char *ns, const char *name, bool attribute)
{
	return node->attribute == attribute && same(node->name, name) && same(node->ns, ns);
}

static struct tree_node *tested(const struct tree_node *node, const struct mapping_step *step)
{
	for (struct tree_node *inside = node->first; inside; inside = inside->next)
		if (named(inside, step->test_ns, step->test, step->test_attribute) && same(inside->text, step->value))
			return inside;
	return NULL;
}

/* NODE or the next of its siblings to which STEP leads. */
static struct tree_node *step_from(struct tree_node *node, const struct mapping_step *step)
{
	for (; node; node = node->next) {
		if (node->item != step->item || !named(node, step->ns, step->name, step->attribute))
			continue;
		struct tree_node *test = step->test ? tested(node, step) : NULL;
		if (test)
			test->taken = true;
		if (test || !step->test)
			return node;
	}
	return NULL;
}

struct tree_node *mapping_node(struct tree_node *node, struct mapping_path path, const struct tree_node *after)
{
	size_t level = after ? path.count - 1 : 0;
	struct tree_node *up = after ? after->up : node, *next = after ? after->next : node->first;

	if (path.count == 0)
		return after ? NULL : node;
	for (;;) {
		next = step_from(next, &path.steps[level]);
		if (next && level == path.count - 1)
			return next;
		if (next) {
			up = next;
			next = next->first;
			level++;
		} else if (level == 0) {
			return NULL;
		} else {
			next = up->next;
			up = up->up;
			level--;
		}
	}
}

/* The last node inside UP to which STEP leads. */
static struct tree_node *last_of(struct tree_node *up, const struct mapping_step *step)
{
	struct tree_node *last = NULL;

	for (struct tree_node *node = step_from(up->first, step); node; node = step_from(node->next, step))
		last = node;
	return last;
}

static struct tree_node *make_step(struct arena *arena, struct tree_node *up, const struct mapping_step *step)
{
	struct tree_node *node = tree_add(arena, up, step->ns, step->name);

	if (!node)
		return NULL;
	node->attribute = step->attribute;
	node->item = step->item;
	if (!step->test)
		return node;
	struct tree_node *test = tree_add(arena, node, step->test_ns, step->test);
	if (!test)
		return NULL;
	test->attribute = step->test_attribute;
	test->kind = TREE_TEXT;
	test->text = step->value;
	return node;
}

struct tree_node *mapping_node_make(struct arena *arena, struct tree_node *node, struct mapping_path path, bool anew)
{
	for (size_t i = 0; node && i < path.count; i++) {
		bool there = !anew || i + 1 < path.count;
		struct tree_node *found = there ? last_of(node, &path.steps[i]) : NULL;
		node = found ? found : make_step(arena, node, &path.steps[i]);
	}
	return node;
}

/* Its place among those of its name; *ALONE if there is no other. */
static size_t place_of(const struct tree_node *node, bool *alone)
{
	size_t place = 0, before = 0;

	for (const struct tree_node *other = node->up->first; other; other = other->next) {
		if (other == node)
			before = place;
		place += named(other, node->ns, node->name, node->attribute);
	}
	*alone = place == 1;
	return before;
}

const char *mapping_node_path(struct arena *arena, const struct tree_node *node)
{
	const char *path = "";

	for (; path && node->up; node = node->up) {
		bool alone;
		size_t place = place_of(node, &alone);
		const char *slash = *node->name ? "/" : "", *at = node->attribute ? "@" : "";
		path = alone && !node->item ? arena_printf(arena, "%s%s%s%s", slash, at, node->name, path)
					    : arena_printf(arena, "%s%s/%zu%s", slash, node->name, place, path);
	}
	return path;
}
