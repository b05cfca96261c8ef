/* The engine the other way: rows, from the document to the national form. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "codec/csv.h"
#include "kernel/mapping_int.h"

/* A document on its way out. */
struct writing {
	const struct mapping *mapping;
	struct arena *arena;
	struct findings *findings;
	bool no_memory;
	/* CSV: a cell of each line and column. */
	const char **cells;
	size_t lines;
};

/* The document, or the item of a list, on both sides. */
struct place {
	const struct place *up;
	size_t list;
	struct tree_node *item; /* of the document */
	struct tree_node *node; /* of XML or JSON */
	size_t line, lines;     /* of CSV */
	size_t number;          /* of numbered columns, from 1; 0 */
	bool split;
	size_t part;
};

/* --- One value --- */

/* What stands there would be lost without a word. */
static void find_two(struct writing *writing, const struct place *place, const struct mapping_rule *rule,
		     const char *there, const char *text)
{
	mapping_find_value(writing->arena, writing->findings, MAPPING_TWO_VALUES, rule, place->item, there, text);
}

static void put_cell(struct writing *writing, const struct place *place, const struct mapping_rule *rule,
		     const char *text)
{
	size_t columns = writing->mapping->columns_count;
	size_t column = rule->columns[place->number ? place->number - 1 : 0];

	for (size_t i = 0; i < place->lines; i++) {
		const char **cell = &writing->cells[(place->line + i) * columns + column];
		if (place->split && place->part > 0)
			*cell = arena_printf(writing->arena, "%s%s%s", *cell ? *cell : "",
					     writing->mapping->lists[place->list].split, text);
		else if (!*cell || !**cell)
			*cell = text;
		else if (*text && !same(*cell, text)) {
			find_two(writing, place, rule, *cell, text);
			return;
		}
		writing->no_memory = writing->no_memory || !*cell;
	}
}

/* What is written without quotation marks must be a literal of JSON. */
static enum tree_kind kind_of(struct writing *writing, const struct place *place, const struct mapping_rule *rule,
			      const char *text)
{
	if (!rule->row->number || writing->mapping->xml)
		return TREE_TEXT;
	if (!mapping_json_literal(text))
		mapping_find_value(writing->arena, writing->findings, MAPPING_NOT_NUMBER, rule, place->item, text, ".");
	return TREE_NUMBER;
}

static void put_node(struct writing *writing, const struct place *place, const struct mapping_rule *rule,
		     const char *text)
{
	const struct place *base = place;
	bool further = place->split && place->part > 0;

	while (base->list != rule->from_list && base->up)
		base = base->up;
	if (!*text && !further)
		return;
	struct tree_node *node = mapping_node_make(writing->arena, base->node, rule->from, false);
	if (node && further)
		text = arena_printf(writing->arena, "%s%s%s", node->text, writing->mapping->lists[place->list].split,
				    text);
	if (!node || !text) {
		writing->no_memory = true;
		return;
	}
	if (!further && *node->text && !same(node->text, text))
		find_two(writing, place, rule, node->text, text);
	node->kind = kind_of(writing, place, rule, text);
	node->text = text;
}

static void put(struct writing *writing, const struct place *place, const struct mapping_rule *rule, const char *text)
{
	const char *list = place->split ? writing->mapping->lists[place->list].split : NULL;

	if (list && *list && strstr(text, list))
		mapping_find_value(writing->arena, writing->findings, MAPPING_SEPARATOR_INSIDE, rule, place->item, text,
				   list);
	else if (writing->mapping->csv)
		put_cell(writing, place, rule, text);
	else
		put_node(writing, place, rule, text);
}

/* RULE's value as the national form has it; "" if there is none, NULL with a finding. */
static const char *value_of(struct writing *writing, const struct place *place, const struct mapping_rule *rule)
{
	struct tree_node *node = rule->field ? mapping_node(place->item, rule->to, NULL) : NULL;
	const char *text = node ? node->text : NULL;
	bool flag = rule->field && rule->field->kind == FIELD_KIND_FLAG;

	if (node)
		node->taken = true;
	/* A tick that is not set is written, where there is a code for it. */
	if (!text && flag && rule->table && (place->list == 0 || place->item->first))
		text = "false";
	if (!rule->field)
		text = rule->row->constant;
	if (!text)
		return "";
	if (rule->field && rule->row->constant && !same(text, rule->row->constant)) {
		mapping_find_value(writing->arena, writing->findings, MAPPING_OTHER_VALUE, rule, place->item, text,
				   rule->row->constant);
		return NULL;
	}
	return mapping_value_write(writing->arena, rule, place->item, text, writing->findings);
}

/* The text of which RULE gives the first part. */
static const char *parts_of(struct writing *writing, const struct place *place, const struct mapping_rule *first)
{
	const char *separator = mapping_separator(first->row->split), *all = "";
	bool some = false;

	for (size_t part = 1; all && part <= first->parts; part++) {
		const char *text = "";
		for (size_t r = 0; r < writing->mapping->rules_count; r++) {
			const struct mapping_rule *rule = &writing->mapping->rules[r];
			if (rule->row->part != (int64_t)part || !same(rule->row->from, first->row->from) ||
			    rule->row->otherwise)
				continue;
			text = value_of(writing, place, rule);
			if (text && strstr(text, separator))
				mapping_find_value(writing->arena, writing->findings, MAPPING_SEPARATOR_INSIDE, rule,
						   place->item, text, first->row->split);
			break;
		}
		if (!text)
			return NULL;
		some = some || *text;
		all = part == 1 ? text : arena_printf(writing->arena, "%s%s%s", all, separator, text);
	}
	writing->no_memory = writing->no_memory || !all;
	return some ? all : "";
}

/* Whether the row's condition holds in what was written so far. */
static bool applies(const struct writing *writing, const struct place *place, const struct mapping_rule *rule)
{
	const struct place *base = place;

	if (!rule->row->given)
		return true;
	if (writing->mapping->csv) {
		const char *cell = writing->cells[place->line * writing->mapping->columns_count + rule->given_column];
		return cell && *cell;
	}
	while (base->list != rule->given_list && base->up)
		base = base->up;
	return mapping_node(base->node, rule->given, NULL) != NULL;
}

static void write_value(struct writing *writing, const struct place *place, const struct mapping_rule *rule)
{
	const struct mapping_row *row = rule->row;

	/* Joined text goes where its first part came from; of several sources the first is written. */
	if (row->join || row->otherwise || (row->split && row->part != 1) || !applies(writing, place, rule))
		return;
	const char *text = row->split ? parts_of(writing, place, rule) : value_of(writing, place, rule);
	if (text && row->from)
		put(writing, place, rule, text);
}

/* --- Items --- */

static size_t items_count(struct tree_node *item, struct mapping_path path)
{
	size_t count = 0;

	for (struct tree_node *node = mapping_node(item, path, NULL); node; node = mapping_node(item, path, node))
		count++;
	return count;
}

/* Lines of CSV that ITEM of LIST takes: those of the longest list that has lines of its own. Recurses as deep as lists
 * are nested in the mapping. */
static size_t lines_of(const struct mapping *mapping, struct tree_node *item, size_t list)
{
	size_t most = 1;

	for (size_t inner = 1; inner < mapping->lists_count; inner++) {
		const struct mapping_list *row = &mapping->lists[inner];
		size_t lines = 0;
		if (row->up != list || row->split || row->row->numbered != INTEGER_NONE)
			continue;
		for (struct tree_node *node = mapping_node(item, row->to, NULL); node;
		     node = mapping_node(item, row->to, node))
			lines += lines_of(mapping, node, inner);
		most = lines > most ? lines : most;
	}
	return most;
}

static void write_item(struct writing *writing, const struct place *place);

static const char *key_cell(const struct writing *writing, size_t line, size_t key)
{
	const char *cell = writing->cells[line * writing->mapping->columns_count + key];

	return cell ? cell : "";
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Items with the key of another one, or none, would be lost when they are read. */
static void check_keys(struct writing *writing, const struct place *around, const struct mapping_list *list,
		       const char **keys, size_t count)
{
	if (count > 0)
		qsort(keys, count, sizeof(*keys), by_text);
	for (size_t i = 0; i < count; i++)
		if (!*keys[i] || (i > 0 && same(keys[i], keys[i - 1])))
			mapping_find_list(writing->arena, writing->findings, MAPPING_SAME_KEY, list, around->item,
					  keys[i], "");
}

/* How many items the national form has room for. */
static size_t room_for(const struct mapping *mapping, const struct mapping_list *list, size_t count)
{
	if (mapping->csv && list->row->numbered != INTEGER_NONE)
		return (size_t)list->row->numbered;
	/* In XML and JSON a list that is not repeated has one item. */
	return list->split || mapping->csv || list->from.count ? count : 1;
}

/* The INDEXth item of LIST in PLACE, behind the one before it. *KEY: its key, if it has one. */
static void write_next(struct writing *writing, const struct place *place, const struct mapping_list *list,
		       size_t index, struct place *item, const char **key)
{
	const struct mapping *mapping = writing->mapping;
	bool numbered = list->row->numbered != INTEGER_NONE, lines = mapping->csv && !list->split && !numbered;

	item->item = mapping_node(place->item, list->to, item->item);
	item->number = numbered ? index + 1 : place->number;
	item->split = list->split != NULL;
	item->part = index;
	if (lines)
		item->lines = lines_of(mapping, item->item, item->list);
	if (list->from.count && !list->split)
		item->node = mapping_node_make(writing->arena, place->node, list->from, true);
	writing->no_memory = writing->no_memory || (!mapping->csv && !item->node);
	if (writing->no_memory)
		return;
	write_item(writing, item);
	if (key)
		*key = key_cell(writing, item->line, list->key);
	item->line += lines ? item->lines : 0;
}

static void write_list(struct writing *writing, const struct place *place, size_t l)
{
	const struct mapping_list *list = &writing->mapping->lists[l];
	size_t count = items_count(place->item, list->to), room = room_for(writing->mapping, list, count);
	struct place item = *place;
	char counts[2][24];

	if (count > room) {
		snprintf(counts[0], sizeof(counts[0]), "%zu", count);
		snprintf(counts[1], sizeof(counts[1]), "%zu", room);
		mapping_find_list(writing->arena, writing->findings, MAPPING_TOO_MANY_ITEMS, list, place->item,
				  counts[0], counts[1]);
		return;
	}
	bool keyed = writing->mapping->csv && !list->split && list->key != MAPPING_NO_COLUMN &&
		     list->row->numbered == INTEGER_NONE;
	const char **keys = keyed ? arena_array(writing->arena, count, sizeof(*keys)) : NULL;
	writing->no_memory = writing->no_memory || (keyed && !keys);
	item.up = place;
	item.list = l;
	item.item = NULL;
	for (size_t i = 0; i < count && !writing->no_memory; i++)
		write_next(writing, place, list, i, &item, keys ? &keys[i] : NULL);
	if (keys && !writing->no_memory)
		check_keys(writing, place, list, keys, count);
}

/* Recurses as deep as lists are nested in the mapping. In the order of the rows. */
static void write_item(struct writing *writing, const struct place *place)
{
	const struct mapping *mapping = writing->mapping;
	bool done[MAPPING_LISTS_MAX] = { 0 };

	for (size_t r = 0; r < mapping->rules_count && !writing->no_memory; r++) {
		const struct mapping_rule *rule = &mapping->rules[r];
		size_t inner = mapping_list_towards(mapping, place->list, rule->list);
		if (rule->list == place->list)
			write_value(writing, place, rule);
		else if (inner > 0 && !done[inner])
			write_list(writing, place, inner);
		done[inner] = true;
	}
}

/* Nothing but separators. */
static bool only_separators(const char *text, const char *separator)
{
	while (starts_with(text, separator))
		text += strlen(separator);
	return *text == '\0';
}

/* Of texts in which all parts are empty nothing is left. */
static void drop_empty_parts(struct writing *writing)
{
	const struct mapping *mapping = writing->mapping;

	for (size_t r = 0; r < mapping->rules_count && mapping->csv; r++) {
		const struct mapping_rule *rule = &mapping->rules[r];
		const char *split = mapping->lists[rule->list].split;
		size_t most = mapping->lists[rule->list].numbered;
		for (size_t n = 0; split && rule->columns && n < (most ? most : 1); n++)
			for (size_t line = 0; line < writing->lines; line++) {
				const char **cell = &writing->cells[line * mapping->columns_count + rule->columns[n]];
				if (*cell && only_separators(*cell, split))
					*cell = NULL;
			}
	}
}

static void find_lost(struct writing *writing, struct tree_node *document)
{
	struct tree_node *node = document;

	while (node) {
		if (node->kind != TREE_GROUP && !node->taken && *node->text)
			mapping_find(writing->findings, MAPPING_LOST, mapping_node_path(writing->arena, node), NULL,
				     node->text, NULL);
		if (node->first) {
			node = node->first;
			continue;
		}
		while (node && !node->next)
			node = node->up;
		node = node ? node->next : NULL;
	}
}

/* --- The forms --- */

static void put_line(struct mapping_writer *writer, struct buf *out, const char *const *cells,
		     struct findings *findings)
{
	const struct mapping *mapping = writer->mapping;
	size_t bad;

	if (!csv_put(writer->csv, out, cells, mapping->columns_count, &bad))
		mapping_find(findings, MAPPING_CANNOT_SAY, "", NULL, cells[bad],
			     mapping->dialect.charset ? mapping->dialect.charset : "UTF-8, without quotation marks");
}

/* No cell is a formula, unless the mapping wants them as they are. */
static enum err_code guard_cells(struct writing *writing, struct err *err)
{
	size_t count = writing->mapping->formulas ? 0 : writing->lines * writing->mapping->columns_count;

	for (size_t i = 0; i < count; i++) {
		const char **cell = &writing->cells[i];
		if (*cell && !(*cell = mapping_formula_guard(writing->arena, *cell)))
			return fail(err, ERR_MEMORY, "no memory left for the lines of one document");
	}
	return OK;
}

/* The line of names, and those of the document. */
static void put_lines(struct mapping_writer *writer, const struct writing *writing, struct buf *out)
{
	const struct mapping *mapping = writer->mapping;
	size_t errors = findings_errors(writing->findings);

	if (!writer->begun && !(mapping->file->csv && mapping->file->csv->headless))
		put_line(writer, out, mapping->columns, writing->findings);
	for (size_t i = 0; i < writing->lines; i++)
		put_line(writer, out, writing->cells + i * mapping->columns_count, writing->findings);
	writer->begun = writer->begun || findings_errors(writing->findings) == errors;
}

static enum err_code write_csv(struct mapping_writer *writer, struct writing *writing, struct tree_node *document,
			       struct buf *out, struct err *err)
{
	const struct mapping *mapping = writer->mapping;
	size_t errors = findings_errors(writing->findings);
	struct place place = { .item = document, .lines = lines_of(mapping, document, 0) };

	if (place.lines > MAPPING_LINES_MAX) {
		mapping_find(writing->findings, MAPPING_TOO_MANY, "", NULL, "20000", "lines of one document");
		return OK;
	}
	writing->lines = place.lines;
	writing->cells = arena_array(writing->arena, place.lines * mapping->columns_count, sizeof(*writing->cells));
	if (!writing->cells)
		return fail(err, ERR_MEMORY, "no memory left for the lines of one document");
	write_item(writing, &place);
	drop_empty_parts(writing);
	find_lost(writing, document);
	if (writing->no_memory || findings_errors(writing->findings) > errors)
		return OK;
	TRY(guard_cells(writing, err));
	const char *key = mapping->key == MAPPING_NO_COLUMN ? NULL : key_cell(writing, 0, mapping->key);
	if (key && writer->begun && same(key, buf_text(&writer->key))) {
		mapping_find(writing->findings, MAPPING_SAME_KEY, "", NULL, key, ", one behind the other");
		return OK;
	}
	buf_clear(&writer->key);
	buf_puts(&writer->key, key ? key : "");
	TRY(buf_check(&writer->key, "a key", err));
	put_lines(writer, writing, out);
	return OK;
}

static enum err_code write_tree(struct mapping_writer *writer, struct writing *writing, struct tree_node *document,
				struct buf *out, struct err *err)
{
	const struct mapping *mapping = writer->mapping;
	struct mapping_path each = mapping->lists[0].absolute_from;
	struct tree_node *root = tree_add(writing->arena, NULL, "", "");
	struct place place = { .item = document };

	place.node = root ? mapping_node_make(writing->arena, root, each, false) : NULL;
	if (!place.node)
		return fail(err, ERR_MEMORY, "no memory left for the national form");
	write_item(writing, &place);
	find_lost(writing, document);
	if (mapping->xml)
		tree_put_xml(out, root, mapping->namespaces, mapping->namespaces_count);
	else
		tree_put_json(out, root);
	buf_puts(out, mapping->xml ? "" : "\n");
	return OK;
}

enum err_code mapping_writer_open(const struct mapping *mapping, struct mapping_writer **writer, struct err *err)
{
	struct mapping_writer *opened = calloc(1, sizeof(*opened));

	if (!opened)
		return fail(err, ERR_MEMORY, "no memory left to write the national form");
	opened->mapping = mapping;
	buf_init(&opened->key, CSV_RECORD_MAX);
	enum err_code code = mapping->csv ? csv_writer_open(&mapping->dialect, &opened->csv, err) : OK;
	if (code == OK)
		*writer = opened;
	else
		free(opened);
	return code;
}

void mapping_writer_close(struct mapping_writer *writer)
{
	if (!writer)
		return;
	csv_writer_close(writer->csv);
	buf_done(&writer->key);
	free(writer);
}

enum err_code mapping_write(struct mapping_writer *writer, struct arena *arena, struct bytes json, struct buf *out,
			    struct findings *findings, struct err *err)
{
	struct writing writing = { .mapping = writer->mapping, .arena = arena, .findings = findings };
	size_t before = out->size, errors = findings_errors(findings);
	struct tree_node *document = NULL;

	TRY(tree_read_json(arena, json, &document, err));
	TRY(writer->mapping->csv ? write_csv(writer, &writing, document, out, err)
				 : write_tree(writer, &writing, document, out, err));
	if (writing.no_memory)
		return fail(err, ERR_MEMORY, "no memory left for the national form");
	TRY(buf_check(out, "the national form", err));
	if (findings_errors(findings) > errors && out->data) {
		out->size = before;
		out->data[before] = '\0';
	}
	/* A charset whose first octets are a mark of their order has written it; it is taken back with the rest. */
	if (writer->csv && !writer->begun) {
		struct csv_writer *anew = NULL;
		TRY(csv_writer_open(&writer->mapping->dialect, &anew, err));
		csv_writer_close(writer->csv);
		writer->csv = anew;
	}
	return OK;
}
