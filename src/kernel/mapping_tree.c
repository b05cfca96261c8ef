/* XML and JSON as a source: one file, in which documents and items are nodes. */
#include <stdio.h>

#include "kernel/mapping_int.h"

/* --- The kind of source --- */

static struct tree_node *base_of(const struct mapping_context *context, size_t list)
{
	while (context->list != list && context->up)
		context = context->up;
	return context->node;
}

static struct mapping_text text_of(struct mapping_run *run, const struct mapping_context *context,
				   const struct mapping_rule *rule)
{
	struct tree_node *base = base_of(context, rule->from_list);
	struct mapping_memo *memo = &run->memos[rule - run->mapping->rules];
	struct mapping_text text = { 0 };

	if (memo->base == base)
		return memo->outer;
	memo->base = base;
	memo->outer = text;
	struct tree_node *node = mapping_node(base, rule->from, NULL);
	if (!node || node->kind == TREE_GROUP)
		return text;
	struct tree_node *second = rule->from.count ? mapping_node(base, rule->from, node) : NULL;
	if (second && !second->taken)
		mapping_find_value(run->arena, run->findings, MAPPING_SEVERAL, rule, context->item, rule->row->from,
				   NULL);
	if (second)
		second->taken = true;
	node->taken = true;
	const char *trimmed = mapping_trim(run->arena, node->text);
	run->no_memory = run->no_memory || !trimmed;
	if (trimmed && *trimmed)
		text = (struct mapping_text){ .text = trimmed, .node = node };
	memo->outer = text;
	return text;
}

static bool has(struct mapping_run *run, const struct mapping_context *context, size_t list, size_t column,
		struct mapping_path path, struct mapping_seen *seen)
{
	struct tree_node *base = base_of(context, list);

	(void)run;
	(void)column;
	if (seen->base != base) {
		const struct tree_node *node = mapping_node(base, path, NULL);
		*seen = (struct mapping_seen){ base, node && (node->kind == TREE_GROUP || *node->text) };
	}
	return seen->there;
}

/* A list that is not repeated in the source has one item there. */
static struct mapping_context *items_of(struct mapping_run *run, const struct mapping_context *context, size_t list,
					size_t *count)
{
	struct mapping_path path = run->mapping->lists[list].from;
	struct tree_node *base = context->node, *node;
	size_t found = 0;

	for (node = mapping_node(base, path, NULL); node; node = path.count ? mapping_node(base, path, node) : NULL)
		found++;
	struct mapping_context *items = arena_array(run->arena, found, sizeof(*items));
	node = NULL;
	for (size_t i = 0; items && i < found; i++) {
		node = mapping_node(base, path, node);
		items[i] = *context;
		items[i].node = node;
	}
	*count = items ? found : 0;
	return items;
}

static const struct mapping_source_kind tree_kind = { .text = text_of, .has = has, .items = items_of };

/* --- What was not read --- */

/* Paths in the source that no row reads, each once, with how often. */
struct unread {
	struct arena *arena;
	const char **paths;
	size_t *counts;
	size_t count;
};
enum { UNREAD_MAX = 200, UNREAD_ARENA = 4 << 20, UNREAD_PATH_MAX = 4096 };

/* The names on the way to NODE; PATH is used for each in turn, so that a million of them take no memory. */
static const char *names_of(struct buf *path, const struct tree_node *node)
{
	const struct tree_node *way[TREE_DEPTH_MAX + 2];
	size_t depth = 0;

	buf_clear(path);
	for (; node->up && depth < COUNT(way); node = node->up)
		way[depth++] = node;
	while (depth-- > 0)
		buf_printf(path, "/%s%s%s", way[depth]->attribute ? "@" : "", way[depth]->name,
			   way[depth]->item ? "/*" : "");
	return path->failed ? "(a long name)" : buf_text(path);
}

/* NODE stands at, or below, what the mapping says is not read. */
static bool is_ignored(const struct mapping *mapping, const struct tree_node *node)
{
	const struct tree_node *way[TREE_DEPTH_MAX + 2];
	size_t depth = 0;

	for (; node->up && depth < COUNT(way); node = node->up)
		way[depth++] = node;
	for (size_t i = 0; i < mapping->ignored_count; i++) {
		const struct mapping_path *path = &mapping->ignored[i];
		size_t step = 0;
		while (step < path->count && step < depth &&
		       same(way[depth - 1 - step]->name, path->steps[step].name) &&
		       same(way[depth - 1 - step]->ns, path->steps[step].ns) &&
		       way[depth - 1 - step]->attribute == path->steps[step].attribute)
			step++;
		if (step == path->count)
			return true;
	}
	return false;
}

static void note_unread(struct unread *unread, const char *path)
{
	for (size_t i = 0; i < unread->count; i++)
		if (same(unread->paths[i], path)) {
			unread->counts[i]++;
			return;
		}
	size_t at = unread->count < UNREAD_MAX ? unread->count++ : UNREAD_MAX - 1;
	unread->paths[at] = unread->counts[at] ? "(more)" : arena_text(unread->arena, path);
	unread->counts[at]++;
}

/* The next node in document order. */
static struct tree_node *next_of(struct tree_node *node)
{
	if (node->first)
		return node->first;
	while (node && !node->next)
		node = node->up;
	return node ? node->next : NULL;
}

static enum err_code find_unread(const struct mapping *mapping, struct tree_node *root, struct findings *findings,
				 struct err *err)
{
	arena_auto arena = arena_new(UNREAD_ARENA);
	struct unread unread = { .arena = arena };
	buf_auto path;
	char text[32];

	buf_init(&path, UNREAD_PATH_MAX);

	unread.paths = arena ? arena_array(arena, UNREAD_MAX, sizeof(*unread.paths)) : NULL;
	unread.counts = arena ? arena_array(arena, UNREAD_MAX, sizeof(*unread.counts)) : NULL;
	if (!unread.counts)
		return fail(err, ERR_MEMORY, "no memory left to see what was not read");
	for (struct tree_node *node = root; node; node = next_of(node)) {
		if (node->kind == TREE_GROUP || node->taken || !*node->text || is_ignored(mapping, node))
			continue;
		note_unread(&unread, names_of(&path, node));
	}
	for (size_t i = 0; i < unread.count; i++) {
		snprintf(text, sizeof(text), "%zu value%s", unread.counts[i], unread.counts[i] == 1 ? "" : "s");
		mapping_find(findings, MAPPING_UNREAD, "", NULL, unread.paths[i], text);
	}
	return OK;
}

/* --- The file --- */

static enum err_code read_all(const struct mapping_input *input, struct buf *text, struct err *err)
{
	enum { CHUNK = 65536 };
	size_t got;

	do {
		uint8_t *to = buf_reserve(text, CHUNK);
		TRY(buf_check(text, "the file", err));
		TRY(input->source.read(input->source.arg, to, CHUNK, &got, err));
		buf_grown(text, got);
	} while (got > 0);
	return OK;
}

static enum err_code map_node(const struct mapping *mapping, struct tree_node *node, mapping_take_fn *take, void *arg,
			      struct err *err)
{
	arena_auto arena = arena_new(MAPPING_DOCUMENT_ARENA);
	struct mapping_run run = {
		.mapping = mapping, .kind = &tree_kind, .arena = arena, .findings = arena ? findings_new(arena) : NULL
	};
	struct mapping_context context = { .node = node };

	if (!run.findings)
		return fail(err, ERR_MEMORY, "no memory left for a document");
	return mapping_hand_over(&run, &context, NULL, 0, take, arg, err);
}

enum err_code mapping_read_tree(const struct mapping *mapping, const struct mapping_input *input, mapping_take_fn *take,
				void *arg, struct findings *findings, struct err *err)
{
	arena_auto arena = arena_new(MAPPING_DOCUMENT_ARENA);
	struct mapping_path each = mapping->lists[0].absolute_from;
	struct tree_node *root = NULL;
	buf_auto text = { 0 };
	size_t count = 0;

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the file");
	buf_init(&text, TREE_BYTES_MAX);
	TRY(read_all(input, &text, err));
	TRY(mapping->xml ? tree_read_xml(arena, buf_bytes(&text), &root, err)
			 : tree_read_json(arena, buf_bytes(&text), &root, err));
	for (struct tree_node *node = mapping_node(root, each, NULL); node;
	     node = each.count ? mapping_node(root, each, node) : NULL) {
		TRY(map_node(mapping, node, take, arg, err));
		count++;
	}
	if (count == 0)
		mapping_find(findings, MAPPING_EMPTY, "", NULL, mapping->file->each ? " at the path of \"each\"" : "",
			     NULL);
	return find_unread(mapping, root, findings, err);
}
