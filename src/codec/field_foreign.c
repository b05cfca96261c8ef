/* XML that others define: a row's path says where its value stands. What has no row is passed over.
 *
 * Recurses as deep as the table; inside the document it walks. */
#include "codec/field_int.h"
#include "codec/xml.h"

#define STEPS_MAX 8

struct path {
	struct step {
		const char *ns;
		struct bytes name;
	} step[STEPS_MAX];
	size_t count;
	const char *attribute; /* NULL: the element's text */
};

/* The elements that PATH leads to from FROM, in the order of the document. */
struct walk {
	const struct path *path;
	const struct xml_node *from;
	const struct xml_node *at[STEPS_MAX];
	bool begun;
};

static const char *namespace_of(const struct schema *schema, struct bytes prefix)
{
	for (const struct field_namespace *row = schema->foreign; row->prefix; row++)
		if (bytes_same(bytes_of(row->prefix), prefix))
			return row->ns;
	return "";
}

/* Of a path in a table, which is right: the contract test reads every one. */
static void parse_path(const struct schema *schema, const char *text, struct path *path)
{
	*path = (struct path){ 0 };
	for (size_t size; *text && *text != '.'; text += size + (text[size] == '/')) {
		size = strcspn(text, "/");
		size_t prefix = strcspn(text, ":");
		if (*text == '@') {
			path->attribute = text + 1;
			return;
		}
		if (path->count == STEPS_MAX || prefix > size)
			return;
		path->step[path->count++] = (struct step){
			.ns = namespace_of(schema, bytes(text, prefix)),
			.name = bytes(text + prefix + 1, size - prefix - 1),
		};
	}
}

/* ELEMENT, or the first behind it that is STEP's. */
static const struct xml_node *from_here(const struct step *step, const struct xml_node *element)
{
	while (element &&
	       !(bytes_same(bytes_of(xml_name(element)), step->name) && xml_is(element, step->ns, xml_name(element))))
		element = xml_next(element);
	return element;
}

static const struct xml_node *walk_next(struct walk *walk)
{
	bool begun = walk->begun;

	walk->begun = true;
	if (walk->path->count == 0)
		return begun ? NULL : walk->from;

	size_t level = begun ? walk->path->count - 1 : 0;
	const struct xml_node *element = begun ? xml_next(walk->at[level]) : xml_first(walk->from);
	for (;;) {
		walk->at[level] = from_here(&walk->path->step[level], element);
		if (walk->at[level] && level + 1 == walk->path->count)
			return walk->at[level];
		if (!walk->at[level] && level == 0)
			return NULL;
		if (walk->at[level])
			element = xml_first(walk->at[level++]);
		else
			element = xml_next(walk->at[--level]);
	}
}

/* "" if there is none; NULL without memory. */
static const char *text_of(struct field_context *context, const struct path *path, const struct xml_node *node)
{
	if (!path->attribute)
		return xml_token(context->arena, node);
	const char *value = xml_attribute(node, "", path->attribute);
	return value ? arena_text_of(context->arena, field_trim(bytes_of(value))) : "";
}

/* Elements where a text should be are strangers there. */
static bool has_elements(struct field_context *context, const struct path *path, const struct field_path *place,
			 const struct xml_node *node)
{
	const struct xml_node *child = path->attribute ? NULL : xml_first(node);

	if (child)
		field_find_stranger(context, FIELD_UNEXPECTED, place, xml_name(child));
	return child != NULL;
}

static void read_value(struct field_context *context, const struct field *row, const struct field_path *place,
		       struct walk *walk, void *record)
{
	const char *first = NULL;
	size_t count = 0;

	for (const struct xml_node *node; (node = walk_next(walk));) {
		if (has_elements(context, walk->path, place, node))
			return;
		const char *text = text_of(context, walk->path, node);
		if (!text) {
			context->no_memory = true;
			return;
		}
		if (*text && count++ == 0)
			first = text;
	}
	field_count(context, row, place, count);
	if (first)
		field_take(context, row, place, first, field_member_of(row, record));
}

/* Senders write every element of a form, also where they have nothing to say. */
static const struct xml_node *next_filled(struct walk *walk)
{
	const struct xml_node *node;

	while ((node = walk_next(walk)) && !xml_first(node) && !xml_has_stray_text(node))
		;
	return node;
}

static void read_items(struct field_context *context, const struct field *row, const struct field_path *place,
		       struct walk *walk, void *record)
{
	struct walk counting = *walk;
	size_t count = 0;

	while (next_filled(&counting))
		count++;
	count = field_count(context, row, place, count);
	if (count == 0)
		return;
	char *items = field_items_new(context, row, count, record);
	for (size_t i = 0; items && i < count; i++) {
		struct field_path item = { .up = place, .index = i };
		field_read_foreign(context, row->fields, next_filled(walk),
				   row->kind == FIELD_KIND_LIST ? &item : place, items + i * row->fields->size);
	}
}

void field_read_foreign(struct field_context *context, const struct fields *fields, const struct xml_node *node,
			const struct field_path *up, void *record)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct field *row = &fields->row[i];
		struct field_path place = { .up = up, .name = field_path_name(row) };
		struct path path;

		parse_path(context->schema, row->xml, &path);
		struct walk walk = { .path = &path, .from = node };
		if (row->fields)
			read_items(context, row, &place, &walk, record);
		else
			read_value(context, row, &place, &walk, record);
	}
}

bool field_is_root(const struct schema *schema, const struct xml_node *node)
{
	struct path path;

	if (!xml_is(node, schema->ns, schema->root))
		return false;
	if (!schema->where)
		return true;
	parse_path(schema, schema->where, &path);
	/* Empty ones are passed over as they are when the value is read: what a document is taken for, it says. */
	struct walk walk = { .path = &path, .from = node };
	for (const struct xml_node *found; (found = walk_next(&walk));) {
		const char *text = xml_text(found);
		struct bytes said = text ? field_trim(bytes_of(text)) : bytes(NULL, 0);
		if (said.size > 0)
			return bytes_same(said, bytes_of(schema->is));
	}
	return false;
}
