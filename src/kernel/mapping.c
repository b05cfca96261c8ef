/* The engine: rows, from the national form to the document. What a source is, its kind says. */
#include <stdio.h>

#include "base/text.h"
#include "kernel/mapping_int.h"

/* clang-format off */
const struct rule mapping_rules[] = {
	[MAPPING_NO_DOCTYPE] = { .code = "MAP-001", .text = "there is no document type {1}; see lintas doctype list" },
	[MAPPING_BAD_PATH] = { .code = "MAP-002", .text = "\"{1}\" cannot be followed: {2}" },
	[MAPPING_NO_FIELD] = { .code = "MAP-003", .text = "{2} has nothing of this kind at {1}; /list/* leads into a list" },
	[MAPPING_NO_LIST] = { .code = "MAP-004", .text = "{1} stands in a list of the document: a row of \"list\" says what is repeated in the source" },
	[MAPPING_TWICE] = { .code = "MAP-005", .text = "row {2}, counted from 0, gives {1} already; a further row says \"otherwise\" or \"join\"" },
	[MAPPING_NO_TABLE] = { .code = "MAP-006", .text = "there is no table {1} in this mapping" },
	[MAPPING_NO_DATE] = { .code = "MAP-007", .text = "{1} is none of {2}" },
	[MAPPING_MISPLACED] = { .code = "MAP-008", .text = "{1}: {2}" },
	[MAPPING_MANDATORY] = { .code = "MAP-009", .text = "no row gives {1} ({2}), which is mandatory" },
	[MAPPING_ONE_WAY] = { .code = "MAP-010", .text = "several codes stand for {1}, so it cannot be written; all but one of them say \"readOnly\" (table {2})" },
	[MAPPING_AMBIGUOUS] = { .code = "MAP-011", .text = "{1} stands for two things (table {2})" },
	[MAPPING_NO_SOURCE] = { .code = "MAP-012", .text = "this mapping works one way only: {1}" },
	[MAPPING_NO_CHARSET] = { .code = "MAP-013", .text = "the charset {1} is not known here; iconv --list shows the names" },
	[MAPPING_COLUMN_MISSING] = { .code = "MAP-020", .text = "there is no column \"{1}\"; there are {2}" },
	[MAPPING_COLUMN_TWICE] = { .code = "MAP-021", .text = "the column \"{1}\" stands there twice" },
	[MAPPING_CELLS] = { .code = "MAP-022", .text = "line {1} has {2}" },
	[MAPPING_DISAGREE] = { .code = "MAP-023", .text = "\"{1}\" here, and {2}; both lines are of the same document or item" },
	[MAPPING_APART] = { .code = "MAP-024", .text = "\"{1}\" comes again on line {2} after other documents: the lines of one document stand together" },
	[MAPPING_NOT_IN_TABLE] = { .code = "MAP-025", .text = "\"{1}\" is not in the table {2} of the mapping" },
	[MAPPING_NOT_DAY] = { .code = "MAP-026", .text = "\"{1}\" is not a day as {2}" },
	[MAPPING_NOT_NUMBER] = { .code = "MAP-027", .text = "\"{1}\" is not a number here; the decimal mark is {2}" },
	[MAPPING_NOT_FLAG] = { .code = "MAP-028", .text = "\"{1}\" is neither true nor false; a table in the mapping says what is" },
	[MAPPING_REQUIRED] = { .code = "MAP-029", .text = "{1} is empty; the mapping requires it" },
	[MAPPING_OTHER_VALUE] = { .code = "MAP-030", .text = "\"{1}\"; this mapping is for \"{2}\" alone" },
	[MAPPING_SEVERAL] = { .code = "MAP-031", .text = "there are several of {1}, and the mapping takes one" },
	[MAPPING_PARTS] = { .code = "MAP-032", .text = "\"{1}\" has not the {2} parts that the mapping takes" },
	[MAPPING_UNEVEN] = { .code = "MAP-033", .text = "{1} has {2}" },
	[MAPPING_UNREAD] = { .code = "MAP-034", .text = "no row of the mapping reads {1} ({2})", .severity = SEVERITY_WARNING },
	[MAPPING_LINE_UNREAD] = { .code = "MAP-035", .text = "line {1} is of no kind that the mapping reads" },
	[MAPPING_EMPTY] = { .code = "MAP-036", .text = "there is no document in it{1}" },
	[MAPPING_TOO_MANY] = { .code = "MAP-037", .text = "more than {1} {2}; cut the file" },
	[MAPPING_SEPARATOR_INSIDE] = { .code = "MAP-038", .text = "\"{1}\" contains \"{2}\", which separates values in the national form" },
	[MAPPING_CANNOT_SAY] = { .code = "MAP-039", .text = "\"{1}\" cannot be written in the charset {2}" },
	[MAPPING_TOO_MANY_ITEMS] = { .code = "MAP-040", .text = "there are {1} items, and the national form has columns for {2}" },
	[MAPPING_LOST] = { .code = "MAP-041", .text = "\"{1}\" has no place in the national form", .severity = SEVERITY_WARNING },
	[MAPPING_SAME_KEY] = { .code = "MAP-042", .text = "two have the key \"{1}\"{2}, and would be read as one" },
	[MAPPING_TWO_VALUES] = { .code = "MAP-043", .text = "\"{1}\" and \"{2}\" would stand in one place of the national form" },
	[MAPPING_NO_KIND] = { .code = "MAP-044", .text = "there are no records {1}; there are {2}" },
	[MAPPING_BAD_NUMBER] = { .code = "MAP-045", .text = "{1}: {2}" },
	[MAPPING_NO_SUFFIX] = { .code = "MAP-046", .text = "\"{1}\" has no \"{2}\" behind its value" },
	{ 0 },
};
/* clang-format on */

void mapping_find(struct findings *findings, enum mapping_rule_code code, const char *path, const char *law,
		  const char *first, const char *second)
{
	finding_add_law(findings, &mapping_rules[code], path, law, first, second);
}

/* Where PATH leads from NODE, or would lead. Of findings that are counted only, nobody asks. */
static const char *path_from(struct arena *arena, const struct findings *findings, const struct tree_node *node,
			     struct mapping_path way)
{
	const char *path = findings_count(findings) < FINDINGS_MAX ? mapping_node_path(arena, node) : NULL;

	for (size_t i = 0; path && i < way.count; i++)
		path = arena_printf(arena, "%s/%s", path, way.steps[i].name);
	return path ? path : "";
}

void mapping_find_list(struct arena *arena, struct findings *findings, enum mapping_rule_code code,
		       const struct mapping_list *list, const struct tree_node *item, const char *first,
		       const char *second)
{
	mapping_find(findings, code, path_from(arena, findings, item, list->to), list->field->law, first, second);
}

void mapping_find_value(struct arena *arena, struct findings *findings, enum mapping_rule_code code,
			const struct mapping_rule *rule, const struct tree_node *item, const char *first,
			const char *second)
{
	const char *named = rule->field ? first : arena_printf(arena, "%s: %s", rule->row->from, first);

	mapping_find(findings, code, path_from(arena, findings, item, rule->to), rule->field ? rule->field->law : NULL,
		     named, second);
}

size_t mapping_list_towards(const struct mapping *mapping, size_t list, size_t inner)
{
	while (inner > 0 && mapping->lists[inner].up != list)
		inner = mapping->lists[inner].up;
	return inner == list ? 0 : inner;
}

/* --- One value --- */

static struct mapping_memo *memo_of(struct mapping_run *run, const struct mapping_rule *rule)
{
	return &run->memos[rule - run->mapping->rules];
}

/* What stands in the source for RULE; for the parts of one text, which follow each other, it is looked for once. */
static struct mapping_text text_of(struct mapping_run *run, const struct mapping_context *context,
				   const struct mapping_rule *rule)
{
	struct mapping_memo *memo = memo_of(run, rule);

	if (context->split && context->part > 0)
		return memo->whole;
	memo->whole = run->kind->text(run, context, rule);
	memo->rest = memo->whole.text;
	return memo->whole;
}

/* The next part of the text that MEMO holds; NULL behind the last. */
static const char *next_part(struct mapping_run *run, struct mapping_memo *memo, const char *separator)
{
	const char *from = memo->rest, *end = from ? strstr(from, separator) : NULL;

	if (!from)
		return NULL;
	memo->rest = end ? end + strlen(separator) : NULL;
	const char *copy = end ? arena_text_of(run->arena, bytes(from, (size_t)(end - from))) : from;
	const char *part = copy ? mapping_trim(run->arena, copy) : NULL;
	run->no_memory = run->no_memory || !part;
	return part;
}

/* The part of TEXT that is the item's, if the list is split, and the row's, if its text is. */
static const char *part_of(struct mapping_run *run, const struct mapping_context *context,
			   const struct mapping_rule *rule, const char *text)
{
	char parts[24];

	if (context->split)
		text = next_part(run, memo_of(run, rule), run->mapping->lists[context->list].split);
	if (!text || !*text || !rule->row->split)
		return text && *text ? text : NULL;
	const char *separator = mapping_separator(rule->row->split);
	if (mapping_parts(text, separator) == rule->parts)
		return mapping_part(run->arena, text, separator, (size_t)rule->row->part - 1);
	snprintf(parts, sizeof(parts), "%zu", rule->parts);
	if (rule->row->part == 1)
		mapping_find_value(run->arena, run->findings, MAPPING_PARTS, rule, context->item, text, parts);
	return NULL;
}

/* A value of JSON that is no string. */
static bool is_number(const struct field *field)
{
	return field->kind == FIELD_KIND_INTEGER || field->kind == FIELD_KIND_FLAG;
}

static void set_value(struct mapping_run *run, const struct mapping_context *context, const struct mapping_rule *rule,
		      const char *text, const struct mapping_text *from)
{
	struct tree_node *node = mapping_node_make(run->arena, context->item, rule->to, false);
	const char *join = rule->row->join ? mapping_separator(rule->row->join) : NULL;

	if (!node) {
		run->no_memory = true;
		return;
	}
	if (text && join && node->kind == TREE_TEXT) {
		const char *blank = strchr(",;:.", *join) && !join[1] ? " " : "";
		text = arena_printf(run->arena, "%s%s%s%s", node->text, join, blank, text);
		run->no_memory = run->no_memory || !text;
	}
	node->kind = !text ? TREE_NONE : is_number(rule->field) ? TREE_NUMBER : TREE_TEXT;
	node->text = text ? text : "";
	node->from = from ? from->node : NULL;
	node->line = from ? from->line : 0;
	node->column = from ? from->column : 0;
}

static bool applies(struct mapping_run *run, const struct mapping_context *context, const struct mapping_rule *rule)
{
	const struct mapping_row *row = rule->row;
	struct mapping_memo *memo = memo_of(run, rule);

	if (row->given &&
	    !run->kind->has(run, context, rule->given_list, rule->given_column, rule->given, &memo->given))
		return false;
	return !row->missing ||
	       !run->kind->has(run, context, rule->missing_list, rule->missing_column, rule->missing, &memo->missing);
}

/* Whether TEXT is no value of RULE, because another row takes what it says. */
static bool is_none(const struct mapping_rule *rule, const char *text)
{
	return (rule->row->only && rule->table && !mapping_table_has(rule->table, text)) ||
	       (rule->except && mapping_table_has(rule->except, text));
}

static void read_value(struct mapping_run *run, const struct mapping_context *context, const struct mapping_rule *rule)
{
	struct mapping_text found = text_of(run, context, rule);
	const char *text = found.text ? part_of(run, context, rule, found.text) : NULL;

	if (!text || !applies(run, context, rule) || is_none(rule, text))
		return;
	if (rule->row->otherwise && mapping_node(context->item, rule->to, NULL))
		return;
	const char *value = mapping_value_read(run->arena, rule, context->item, text, run->findings);
	if (value && rule->row->constant && !same(value, rule->row->constant)) {
		mapping_find_value(run->arena, run->findings, MAPPING_OTHER_VALUE, rule, context->item, text,
				   rule->row->constant);
		value = NULL;
	}
	if (rule->field)
		set_value(run, context, rule, value, &found);
}

/* Constants and defaults, which make no optional group by themselves; and what is required. */
static void complete_value(struct mapping_run *run, const struct mapping_context *context,
			   const struct mapping_rule *rule)
{
	const struct mapping_row *row = rule->row;
	struct mapping_path group = { rule->to.steps, rule->to.count ? rule->to.count - 1 : 0 };
	const char *text = row->from ? row->preset : row->constant;

	if ((!text && !row->required) || (rule->field && mapping_node(context->item, rule->to, NULL)))
		return;
	if (row->required && !text_of(run, context, rule).text)
		mapping_find_value(run->arena, run->findings, MAPPING_REQUIRED, rule, context->item, row->from, NULL);
	if (!text || !rule->field || !applies(run, context, rule))
		return;
	if (rule->fixed || mapping_node(context->item, group, NULL))
		set_value(run, context, rule, text, NULL);
}

/* --- Items and documents --- */

/* How many items a split list has in CONTEXT: all texts have as many parts, or none. */
static size_t split_count(struct mapping_run *run, const struct mapping_context *context, size_t list)
{
	const struct mapping *mapping = run->mapping;
	char parts[96];
	size_t count = 0;

	for (size_t r = 0; r < mapping->rules_count; r++) {
		const struct mapping_rule *rule = &mapping->rules[r];
		if (rule->list != list || !rule->row->from)
			continue;
		const char *text = run->kind->text(run, context, rule).text;
		size_t here = text ? mapping_parts(text, mapping->lists[list].split) : 0;
		if (here > 0 && count > 0 && here != count) {
			snprintf(parts, sizeof(parts), "%zu parts; what stands beside it has %zu", here, count);
			mapping_find_list(run->arena, run->findings, MAPPING_UNEVEN, &mapping->lists[list],
					  context->item, rule->row->from, parts);
		}
		count = here > count ? here : count;
	}
	return count;
}

static struct mapping_context *split_items(struct mapping_run *run, const struct mapping_context *context, size_t list,
					   size_t *count)
{
	size_t parts = split_count(run, context, list);
	struct mapping_context *items = arena_array(run->arena, parts, sizeof(*items));

	*count = items ? parts : 0;
	for (size_t i = 0; i < *count; i++) {
		items[i] = *context;
		items[i].split = true;
		items[i].part = i;
	}
	return items;
}

/* Of a fixed list each number is an item; those for which nothing stands there will be found to be none. */
static struct mapping_context *fixed_items(struct mapping_run *run, const struct mapping_context *context, size_t list,
					   size_t *count)
{
	size_t fixed = run->mapping->lists[list].fixed;
	struct mapping_context *items = arena_array(run->arena, fixed, sizeof(*items));

	*count = items ? fixed : 0;
	for (size_t i = 0; i < *count; i++) {
		items[i] = *context;
		items[i].fixed = i + 1;
	}
	return items;
}

static void fill(struct mapping_run *run, const struct mapping_context *context);

/* Takes the last node inside UP away again: BEFORE was the last one until it came. */
static void drop_last(struct tree_node *up, struct tree_node *before)
{
	up->last = before;
	*(before ? &before->next : &up->first) = NULL;
}

/* Fills ITEM, as one more node at STEP inside UP. One that nothing was read for is none. */
static void fill_item(struct mapping_run *run, struct mapping_context *item, struct tree_node *up,
		      struct mapping_path step)
{
	struct tree_node *before = up->last;

	item->item = mapping_node_make(run->arena, up, step, true);
	if (!item->item) {
		run->no_memory = true;
		return;
	}
	item->item->from = item->node;
	item->item->line = item->line;
	fill(run, item);
	if (!item->item->first)
		drop_last(up, before);
}

/* The items of LIST that CONTEXT has. */
static void fill_list(struct mapping_run *run, const struct mapping_context *context, size_t list)
{
	const struct mapping_list *row = &run->mapping->lists[list];
	struct mapping_path group = { row->to.steps, row->to.count - 1 };
	struct tree_node *before = context->item->last;
	size_t count = 0;
	struct mapping_context *items = row->split   ? split_items(run, context, list, &count)
					: row->fixed ? fixed_items(run, context, list, &count)
						     : run->kind->items(run, context, list, &count);
	struct tree_node *up = mapping_node_make(run->arena, context->item, group, false);

	run->no_memory = run->no_memory || !items || !up;
	if (count > MAPPING_ITEMS_MAX) {
		mapping_find_list(run->arena, run->findings, MAPPING_TOO_MANY, row, context->item, "20000",
				  "items of one list");
		count = 0;
	}
	for (size_t i = 0; i < count && !run->no_memory; i++) {
		items[i].up = context;
		items[i].list = list;
		fill_item(run, &items[i], up, mapping_path_behind(row->to, group.count));
	}
	/* Nor is a group that was made for it. */
	if (!run->no_memory && group.count == 1 && !up->first && context->item->last != before)
		drop_last(context->item, before);
}

/* Reads what the rows of NUMBER say of CONTEXT, in their order. */
static void fill_read(struct mapping_run *run, const struct mapping_context *context, size_t number)
{
	const struct mapping *mapping = run->mapping;
	bool done[MAPPING_LISTS_MAX] = { 0 };

	for (size_t r = 0; r < mapping->rules_count && !run->no_memory; r++) {
		const struct mapping_rule *rule = &mapping->rules[r];
		if (context->fixed && rule->number != number)
			continue;
		size_t inner = mapping_list_towards(mapping, context->list, rule->list);
		if (rule->list == context->list && rule->row->from)
			read_value(run, context, rule);
		else if (inner > 0 && !done[inner])
			fill_list(run, context, inner);
		done[inner] = true;
	}
}

/* The item of a fixed list stands where its first value does. */
static void place_item(struct tree_node *item)
{
	if (!item->first->line)
		return;
	item->line = item->first->line;
	item->column = item->first->column;
}

/* Recurses as deep as lists are nested in the mapping. What is of each item of a fixed list makes none. */
static void fill(struct mapping_run *run, const struct mapping_context *context)
{
	const struct mapping *mapping = run->mapping;

	fill_read(run, context, context->fixed);
	if (context->list > 0 && !context->item->first)
		return;
	if (context->fixed) {
		place_item(context->item);
		fill_read(run, context, 0);
	}
	for (size_t r = 0; r < mapping->rules_count && !run->no_memory; r++)
		if (mapping->rules[r].list == context->list &&
		    (!mapping->rules[r].number || mapping->rules[r].number == context->fixed))
			complete_value(run, context, &mapping->rules[r]);
}

enum err_code mapping_hand_over(struct mapping_run *run, struct mapping_context *context, const char *const *columns,
				size_t columns_count, mapping_take_fn *take, void *arg, struct err *err)
{
	buf_auto json;

	buf_init(&json, MAPPING_DOCUMENT_MAX);
	context->item = tree_add(run->arena, NULL, "", "");
	if (!context->item)
		return fail(err, ERR_MEMORY, "no memory left for a document");
	run->memos = arena_array(run->arena, run->mapping->rules_count, sizeof(*run->memos));
	if (!run->memos)
		return fail(err, ERR_MEMORY, "no memory left for a document");
	context->item->from = context->node;
	context->item->line = context->line;
	fill(run, context);
	if (run->no_memory)
		return fail(err, ERR_MEMORY, "no memory left for a document");
	tree_put_json(&json, context->item);
	TRY(buf_check(&json, "a document", err));
	return take(arg,
		    &(struct mapping_document){ .arena = run->arena,
						.json = buf_bytes(&json),
						.findings = run->findings,
						.mapping = run->mapping,
						.tree = context->item,
						.columns = columns,
						.columns_count = columns_count },
		    err);
}

enum err_code mapping_read(const struct mapping *mapping, const struct mapping_input *input, mapping_take_fn *take,
			   void *arg, struct findings *findings, struct err *err)
{
	return mapping->csv ? mapping_read_csv(mapping, input, take, arg, findings, err)
			    : mapping_read_tree(mapping, input, take, arg, findings, err);
}

/* --- Where it stands in the source --- */

/* The node of TREE at POINTER, or the last one on the way; *WHOLE if it is all the way. */
static const struct tree_node *node_at(const struct tree_node *tree, const char *pointer, bool *whole)
{
	const struct tree_node *at = tree;

	*whole = true;
	while (*pointer == '/') {
		size_t length = strcspn(pointer + 1, "/");
		const struct tree_node *next = at->first;
		const char *behind = pointer + 1 + length;
		while (next && (strlen(next->name) != length || memcmp(next->name, pointer + 1, length) != 0))
			next = next->next;
		if (next && next->item && *behind == '/') {
			struct bytes digits = bytes(behind + 1, strcspn(behind + 1, "/"));
			size_t index = 0;
			for (size_t i = 0; i < digits.size && i < 9; i++)
				index = index * 10 + (size_t)(digits.data[i] - '0');
			for (; next && index > 0; index--)
				next = next->next && same(next->next->name, next->name) ? next->next : NULL;
			behind += 1 + digits.size;
		}
		if (!next) {
			*whole = false;
			return at;
		}
		at = next;
		pointer = behind;
	}
	return at;
}

/* The row that gives what stands at POINTER, without the places in lists. */
static const struct mapping_rule *rule_at(const struct mapping *mapping, const char *pointer)
{
	for (size_t r = 0; r < mapping->rules_count; r++) {
		const struct mapping_rule *rule = &mapping->rules[r];
		const char *at = pointer;
		size_t i = 0;
		for (; rule->field && i < rule->absolute_to.count && *at == '/'; i++) {
			size_t length = strcspn(at + 1, "/");
			const char *name = rule->absolute_to.steps[i].name;
			if (strlen(name) != length || memcmp(name, at + 1, length) != 0)
				break;
			at += 1 + length;
			if (rule->absolute_to.steps[i].item && *at == '/')
				at += 1 + strcspn(at + 1, "/");
		}
		if (rule->field && rule->row->from && i == rule->absolute_to.count && *at == '\0')
			return rule;
	}
	return NULL;
}

/* NODE's place in an XML or JSON source; MISSING: what is not there, or NULL. */
static const char *source_path(struct arena *arena, const struct tree_node *node, const char *missing)
{
	const char *path = finding_path_for_people(arena, mapping_node_path(arena, node));

	return path && missing ? arena_printf(arena, "%s, no %s", path, missing) : path;
}

/* NODE, or the nearest one around it of which it is known where it comes from. */
static const struct tree_node *placed(const struct tree_node *node)
{
	while (node->up && !node->line && !node->from)
		node = node->up;
	return node;
}

const char *mapping_place(const struct mapping_document *document, const struct finding *finding)
{
	bool whole;
	const struct tree_node *node = node_at(document->tree, finding->path, &whole);
	const struct mapping_rule *rule = rule_at(document->mapping, finding->path);
	const char *name = rule ? rule->row->from : NULL;

	/* What could not be mapped was said already: that it is missing now is no news. */
	if (whole && node->kind == TREE_NONE && !starts_with(finding->rule->code, "MAP-"))
		return NULL;
	node = whole ? node : placed(node);
	if (node->from)
		return source_path(document->arena, node->from, whole ? NULL : name);
	if (!node->line)
		return "";
	/* The item of a fixed list has that of its first value. */
	if (node->column > 0 && node->column <= document->columns_count)
		name = document->columns[node->column - 1];
	return name ? arena_printf(document->arena, "line %zu, column \"%s\"", node->line, name)
		    : arena_printf(document->arena, "line %zu", node->line);
}

void mapping_tell(const struct mapping_document *document, const char *prefix, struct findings *findings)
{
	struct arena *arena = document->arena;

	for (size_t i = 0; findings_at(document->findings, i); i++) {
		const struct finding *f = findings_at(document->findings, i);
		const char *place = mapping_place(document, f);
		if (place)
			finding_restate(findings, f, *prefix ? arena_printf(arena, "%s%s", prefix, f->path) : f->path,
					*place ? arena_printf(arena, "%s; at %s", f->text, place) : f->text);
	}
}
