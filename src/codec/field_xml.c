#include "codec/field_int.h"
#include "codec/xml.h"

/* --- Reading --- */

/* The row of ELEMENT, looked for from the row FROM on; the number of rows if it has none. */
static size_t element_row(const struct field_context *context, const struct fields *fields,
			  const struct xml_node *element, size_t from)
{
	for (size_t i = 0; i < fields->count; i++) {
		size_t at = from + i < fields->count ? from + i : from + i - fields->count;
		const struct field *row = &fields->row[at];
		if (field_is_element(row) && xml_is(element, context->schema->ns, row->xml))
			return at;
	}
	return fields->count;
}

/* Of another namespace, as "##other" of XSD 1.0 says it: none is not another one. */
static bool is_foreign(const struct field_context *context, const char *ns)
{
	return ns[0] != '\0' && !same(ns, context->schema->ns);
}

/* ELEMENT, or the first behind it that FIELDS does not leave out. */
static const struct xml_node *from_here(const struct field_context *context, const struct fields *fields,
					const struct xml_node *element)
{
	while (fields->open && element && is_foreign(context, xml_namespace(element)))
		element = xml_next(element);
	return element;
}

static const struct xml_node *next_element(const struct field_context *context, const struct fields *fields,
					   const struct xml_node *element)
{
	return from_here(context, fields, xml_next(element));
}

/* How many elements of ROW follow each other from FIRST, which is one, on; *AFTER is the element behind them. */
static size_t run_length(const struct field_context *context, const struct fields *fields, const struct field *row,
			 const struct xml_node *first, const struct xml_node **after)
{
	size_t count = 0;

	do {
		count++;
		first = next_element(context, fields, first);
	} while (xml_is(first, context->schema->ns, row->xml));
	*after = first;
	return count;
}

/* The value of the attribute that a row calls NAME; NULL if absent. */
static const char *attribute_value(const struct field_context *context, const struct xml_node *node, const char *name)
{
	const struct schema *schema = context->schema;
	const char *value = schema->qualified ? xml_attribute(node, schema->ns, name) : NULL;

	return value ? value : xml_attribute(node, "", name);
}

struct attribute_visit {
	struct field_context *context;
	const struct xml_node *node;
	const struct fields *fields; /* NULL: no attribute is expected */
	bool open;
	const struct field_path *path;
};

/* True if an attribute of NS is where attribute_value() finds NAME. */
static bool is_in_place(const struct attribute_visit *visit, const char *ns, const char *name)
{
	const struct schema *schema = visit->context->schema;

	if (schema->qualified && xml_attribute(visit->node, schema->ns, name))
		return same(ns, schema->ns);
	return ns[0] == '\0';
}

static bool visit_attribute(void *arg, const char *ns, const char *name, const char *value)
{
	const struct attribute_visit *visit = arg;
	size_t count = visit->fields && is_in_place(visit, ns, name) ? visit->fields->count : 0;

	(void)value;
	if (visit->open && is_foreign(visit->context, ns))
		return true;
	for (size_t i = 0; i < count; i++) {
		const struct field *row = &visit->fields->row[i];
		if (row->attribute && same(row->xml, name))
			return true;
	}
	field_find_stranger(visit->context, FIELD_UNEXPECTED_ATTRIBUTE, visit->path, name);
	return true;
}

static void refuse_attributes(struct attribute_visit visit)
{
	xml_attributes(visit.node, visit_attribute, &visit);
}

static void refuse_elements(struct field_context *context, const struct xml_node *node, const struct field_path *path)
{
	for (const struct xml_node *child = xml_first(node); child; child = xml_next(child))
		field_find_stranger(context, FIELD_UNEXPECTED, path, xml_name(child));
}

/* An empty value is an absent one. */
static void read_text(struct field_context *context, const struct field *row, const struct field_path *path,
		      const char *text, void *record)
{
	if (*text)
		field_take(context, row, path, text, field_member_of(row, record));
	else
		field_count(context, row, path, 0);
}

/* The text of NODE, to which no element belongs, into the field ROW. */
static void read_content(struct field_context *context, const struct field *row, const struct field_path *path,
			 const struct xml_node *node, void *record)
{
	if (xml_first(node)) {
		refuse_elements(context, node, row->content ? path->up : path);
		return;
	}
	const char *text = xml_token(context->arena, node);
	if (text)
		read_text(context, row, path, text, record);
	else
		context->no_memory = true;
}

static void read_attributes(struct field_context *context, const struct fields *fields, const struct xml_node *node,
			    const struct field_path *up, void *record)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct field *row = &fields->row[i];
		if (!row->attribute)
			continue;
		struct field_path path = { .up = up, .name = field_path_name(row) };
		const char *value = attribute_value(context, node, row->xml);
		const char *text = value ? arena_text_of(context->arena, field_trim(bytes_of(value))) : "";
		if (text)
			read_text(context, row, &path, text, record);
		else
			context->no_memory = true;
	}
	refuse_attributes((struct attribute_visit){ context, node, fields, fields->open, up });
}

static void read_record(struct field_context *context, const struct fields *fields, const struct xml_node *node,
			const struct field_path *path, void *record);

/* COUNT elements from FIRST on into the field ROW of FIELDS. */
static void read_run(struct field_context *context, const struct fields *fields, const struct field *row,
		     const struct field_path *path, const struct xml_node *first, size_t count, void *record)
{
	count = field_count(context, row, path, count);
	if (row->kind == FIELD_KIND_NODE) {
		*(const struct xml_node **)field_member_of(row, record) = first;
		return;
	}
	if (!row->fields) {
		refuse_attributes((struct attribute_visit){ context, first, NULL, fields->open, path });
		read_content(context, row, path, first, record);
		return;
	}

	char *items = field_items_new(context, row, count, record);
	for (size_t i = 0; items && i < count; i++, first = next_element(context, fields, first)) {
		struct field_path item = { .up = path, .index = i };
		read_record(context, row->fields, first, row->kind == FIELD_KIND_LIST ? &item : path,
			    items + i * row->fields->size);
	}
}

/* A run that stands too late is read all the same, so that what is wrong inside it is found as well; a second run of
 * the same row is not. */
static void read_elements(struct field_context *context, const struct fields *fields, const struct xml_node *node,
			  const struct field_path *up, void *record)
{
	bool seen[FIELD_ROWS_MAX] = { false };
	size_t last = 0;
	const struct xml_node *after;

	for (const struct xml_node *child = from_here(context, fields, xml_first(node)); child; child = after) {
		size_t at = element_row(context, fields, child, seen[last] ? last + 1 : last);
		if (at == fields->count) {
			field_find_stranger(context, FIELD_UNEXPECTED, up, xml_name(child));
			after = next_element(context, fields, child);
			continue;
		}
		const struct field *row = &fields->row[at];
		struct field_path path = { .up = up, .name = field_path_name(row) };
		size_t count = run_length(context, fields, row, child, &after);
		if (at < last || seen[at])
			field_find(context, FIELD_OUT_OF_ORDER, row, &path, field_label(row), NULL);
		else
			last = at;
		if (!seen[at])
			read_run(context, fields, row, &path, child, count, record);
		seen[at] = true;
	}

	for (size_t i = 0; i < fields->count; i++) {
		const struct field *row = &fields->row[i];
		struct field_path path = { .up = up, .name = field_path_name(row) };
		if (field_is_element(row) && !seen[i])
			field_count(context, row, &path, 0);
	}
}

/* Recurses as deep as the table. */
static void read_record(struct field_context *context, const struct fields *fields, const struct xml_node *node,
			const struct field_path *path, void *record)
{
	const struct field *content = field_content(fields);

	read_attributes(context, fields, node, path, record);
	if (content) {
		struct field_path inside = { .up = path, .name = field_path_name(content) };
		read_content(context, content, &inside, node, record);
		return;
	}
	if (xml_has_stray_text(node))
		field_find(context, FIELD_STRAY_TEXT, NULL, path, "", NULL);
	read_elements(context, fields, node, path, record);
}

bool field_read_xml(struct arena *arena, const struct schema *schema, const struct xml_node *node,
		    const struct code_lists *lists, void *record, struct findings *findings)
{
	struct field_context context = { .arena = arena, .schema = schema, .lists = lists, .findings = findings };

	field_clear(schema->fields, record);
	if (field_is_root(schema, node) && schema->foreign)
		field_read_foreign(&context, schema->fields, node, NULL, record);
	else if (field_is_root(schema, node))
		read_record(&context, schema->fields, node, NULL, record);
	else
		field_find(&context, FIELD_UNEXPECTED, NULL, NULL, xml_name(node), NULL);
	return !context.no_memory;
}

/* --- Writing ---
 *
 * Exclusive XML Canonicalization 1.0: attributes sorted by name (all of a schema are in one namespace), no
 * empty-element tags, the namespace declared once. */

static void put_name(struct buf *out, const struct schema *schema, const char *name)
{
	if (schema->prefix[0]) {
		buf_puts(out, schema->prefix);
		buf_putc(out, ':');
	}
	buf_puts(out, name);
}

static void put_attribute_name(struct buf *out, const struct schema *schema, const char *name)
{
	if (schema->qualified)
		put_name(out, schema, name);
	else
		buf_puts(out, name);
}

/* The attribute row whose name comes next after AFTER (NULL: the first); tables have few, so they are not sorted
 * beforehand. */
static const struct field *next_attribute(const struct fields *fields, const char *after)
{
	const struct field *next = NULL;

	for (size_t i = 0; i < fields->count; i++) {
		const struct field *row = &fields->row[i];
		if (!row->attribute || (after && strcmp(row->xml, after) <= 0))
			continue;
		if (!next || strcmp(row->xml, next->xml) < 0)
			next = row;
	}
	return next;
}

static void put_attributes(struct buf *out, const struct schema *schema, const struct fields *fields,
			   const void *record)
{
	char scratch[FIELD_VALUE_SIZE];

	for (const struct field *row = next_attribute(fields, NULL); row; row = next_attribute(fields, row->xml)) {
		const char *value = field_text(row, record, scratch);
		if (!value)
			continue;
		buf_putc(out, ' ');
		put_attribute_name(out, schema, row->xml);
		buf_puts(out, "=\"");
		xml_put_attribute(out, value);
		buf_putc(out, '"');
	}
}

static void put_inside(struct buf *out, const struct schema *schema, const struct fields *fields, const void *record);

static void put_end(struct buf *out, const struct schema *schema, const char *name)
{
	buf_puts(out, "</");
	put_name(out, schema, name);
	buf_putc(out, '>');
}

static void put_items(struct buf *out, const struct schema *schema, const struct field *row, const void *record)
{
	size_t count;
	const char *items = field_items(row, record, &count);

	for (size_t i = 0; i < count; i++) {
		const void *item = items + i * row->fields->size;
		buf_putc(out, '<');
		put_name(out, schema, row->xml);
		put_attributes(out, schema, row->fields, item);
		buf_putc(out, '>');
		put_inside(out, schema, row->fields, item);
		put_end(out, schema, row->xml);
	}
}

static void put_inside(struct buf *out, const struct schema *schema, const struct fields *fields, const void *record)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct field *row = &fields->row[i];
		char scratch[FIELD_VALUE_SIZE];
		const char *value =
			row->attribute || (!row->xml && !row->content) ? NULL : field_text(row, record, scratch);
		if (field_is_element(row) && row->fields) {
			put_items(out, schema, row, record);
		} else if (value && row->content) {
			xml_put_text(out, value);
		} else if (value) {
			buf_putc(out, '<');
			put_name(out, schema, row->xml);
			buf_putc(out, '>');
			xml_put_text(out, value);
			put_end(out, schema, row->xml);
		}
	}
}

void field_put_xml_children(struct buf *out, const struct schema *schema, const void *record)
{
	put_inside(out, schema, schema->fields, record);
}

void field_put_xml(struct buf *out, const struct schema *schema, const void *record)
{
	buf_putc(out, '<');
	put_name(out, schema, schema->root);
	if (schema->ns[0]) {
		buf_printf(out, schema->prefix[0] ? " xmlns:%s=\"" : " xmlns%s=\"", schema->prefix);
		xml_put_attribute(out, schema->ns);
		buf_putc(out, '"');
	}
	put_attributes(out, schema, schema->fields, record);
	buf_putc(out, '>');
	put_inside(out, schema, schema->fields, record);
	put_end(out, schema, schema->root);
}
