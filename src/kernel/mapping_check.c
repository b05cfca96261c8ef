/* What is wrong with a mapping file as a whole, once its rows are resolved. */
#include <stdio.h>

#include "base/text.h"
#include "kernel/mapping_load_int.h"

/* Two rows that give the same value without saying which one counts. */
void mapping_check_twice(struct mapping_loader *loader)
{
	const struct mapping *mapping = loader->mapping;
	char number[24];

	for (size_t i = 0; i < mapping->rules_count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct mapping_rule *rule = &mapping->rules[i], *other = &mapping->rules[j];
			if (!rule->field || rule->row->otherwise || rule->row->join || other->field != rule->field ||
			    (rule->number && other->number && rule->number != other->number) ||
			    other->absolute_to.count != rule->absolute_to.count ||
			    !mapping_path_within(&other->absolute_to, &rule->absolute_to))
				continue;
			snprintf(number, sizeof(number), "%zu", j);
			mapping_load_find(loader, MAPPING_TWICE, mapping_load_place(loader, "row", i, "/to"),
					  rule->row->to, number);
			break;
		}
}

/* --- Nothing mandatory is lost --- */

/* Whether a row gives a value at PATH or inside it; RULES of constants alone do not make an optional group. */
static bool given(const struct mapping_loader *loader, const struct mapping_path *path, bool source)
{
	const struct mapping *mapping = loader->mapping;

	for (size_t i = 0; i < mapping->rules_count; i++) {
		const struct mapping_rule *rule = &mapping->rules[i];
		if (rule->field && (!source || rule->row->from) &&
		    (!loader->number || !rule->number || rule->number == loader->number) &&
		    mapping_path_within(&rule->absolute_to, path))
			return true;
	}
	return false;
}

static void check_mandatory(struct mapping_loader *loader, const struct fields *fields, struct mapping_path up);

/* Of a fixed list each item that a row may make; of another one any. */
static void check_inside(struct mapping_loader *loader, const struct fields *fields, struct mapping_path path)
{
	const struct mapping *mapping = loader->mapping;
	const struct mapping_list *list = &mapping->lists[mapping_list_of(mapping, &path)];
	bool read[MAPPING_FIXED_MAX + 1] = { 0 };

	if (!list->fixed || list->absolute_to.count != path.count) {
		check_mandatory(loader, fields, path);
		return;
	}
	for (size_t i = 0; i < mapping->rules_count; i++)
		if (&mapping->lists[mapping->rules[i].list] == list && mapping->rules[i].row->from)
			read[mapping->rules[i].number] = true;
	for (size_t number = 1; number <= list->fixed; number++) {
		loader->number = number;
		if (read[number])
			check_mandatory(loader, fields, path);
	}
	loader->number = 0;
}

/* How a path goes on behind the list that is its step INDEX. */
static const char *item_of(const struct mapping_loader *loader, const struct mapping_path *path, size_t index,
			   char number[static 16])
{
	struct mapping_path head = { path->steps, index + 1 };
	const struct mapping_list *list = &loader->mapping->lists[mapping_list_of(loader->mapping, &head)];

	if (!loader->number || !list->fixed || list->absolute_to.count != head.count)
		return "/*";
	snprintf(number, 16, "/[%u]", (unsigned)loader->number);
	return number;
}

/* Recurses as deep as the table of the schema. */
static void check_mandatory(struct mapping_loader *loader, const struct fields *fields, struct mapping_path up)
{
	struct mapping_step steps[MAPPING_STEPS_MAX];
	struct mapping_path path = { steps, up.count + 1 };
	char text[MAPPING_TEXT_MAX] = "", number[16];

	if (up.count + 1 > MAPPING_STEPS_MAX)
		return;
	for (size_t i = 0; i < up.count; i++)
		steps[i] = up.steps[i];
	for (size_t f = 0; f < fields->count; f++) {
		const struct field *field = &fields->row[f];
		steps[up.count] =
			(struct mapping_step){ .ns = "", .name = field->json, .item = field->kind == FIELD_KIND_LIST };
		if (!field->json || (field->min == 0 && !given(loader, &path, true)))
			continue;
		if (field->fields && given(loader, &path, false)) {
			check_inside(loader, field->fields, path);
			continue;
		}
		if (field->min == 0 || given(loader, &path, false))
			continue;
		size_t size = 0;
		for (size_t i = 0; i < path.count && size < sizeof(text); i++)
			size += (size_t)snprintf(text + size, sizeof(text) - size, "/%s%s", steps[i].name,
						 steps[i].item ? item_of(loader, &path, i, number) : "");
		mapping_find(loader->findings, MAPPING_MANDATORY, "/row", field->law, text,
			     field->label ? field->label : field->json);
	}
}

void mapping_check_mandatory(struct mapping_loader *loader)
{
	check_mandatory(loader, loader->mapping->schema->fields, (struct mapping_path){ 0 });
}

/* --- Both ways --- */

void mapping_check_tables(struct mapping_loader *loader)
{
	const struct mapping_file *file = loader->mapping->file;

	for (size_t t = 0; t < file->tables_count; t++) {
		const struct mapping_table *table = &file->tables[t];
		for (size_t i = 0; i < table->codes_count; i++)
			for (size_t j = 0; j < i; j++) {
				const struct mapping_code *a = &table->codes[j], *b = &table->codes[i];
				const char *at = arena_printf(loader->arena, "/table/%zu/code/%zu", t, i);
				if (same(a->from, b->from))
					mapping_load_find(loader, MAPPING_AMBIGUOUS, at, b->from, table->name);
				if (loader->reverse && same(a->to, b->to) && !a->read_only && !b->read_only)
					mapping_load_find(loader, MAPPING_ONE_WAY, at, b->to, table->name);
			}
	}
}

static bool is_written(const struct mapping *mapping, size_t column)
{
	for (size_t r = 0; r < mapping->rules_count; r++)
		if (mapping->rules[r].columns && mapping->rules[r].columns[0] == column)
			return true;
	return column == MAPPING_NO_COLUMN;
}

/* Whether an item of LIST may take several lines, because it has items on lines of their own. */
static bool takes_lines(const struct mapping *mapping, size_t list)
{
	for (size_t inner = 1; inner < mapping->lists_count; inner++)
		if (mapping->lists[inner].up == list && !mapping->lists[inner].split &&
		    !mapping->lists[inner].numbered && !mapping->lists[inner].fixed)
			return true;
	return false;
}

static void check_lines(struct mapping_loader *loader, size_t l)
{
	const struct mapping *mapping = loader->mapping;
	const struct mapping_list *list = &mapping->lists[l];
	const char *at = l > 0 ? mapping_load_place(loader, "list", l - 1, "") : "";

	if (list->where)
		mapping_load_find(loader, MAPPING_NO_SOURCE, at, "lines of several kinds are read, not written", NULL);
	if (!is_written(mapping, l > 0 ? list->key : mapping->key))
		mapping_load_find(loader, MAPPING_NO_SOURCE, at, "no row writes the key", NULL);
	if (l > 0 && takes_lines(mapping, l) && list->key == MAPPING_NO_COLUMN)
		mapping_load_find(loader, MAPPING_NO_SOURCE, at,
				  "an item on several lines needs a \"key\" to be read again", NULL);
	if (l == 0 && mapping->lists_count > 1 && takes_lines(mapping, 0) && mapping->key == MAPPING_NO_COLUMN)
		mapping_load_find(loader, MAPPING_NO_SOURCE, at,
				  "a document on several lines needs a \"key\" to be read again", NULL);
}

void mapping_check_reverse(struct mapping_loader *loader)
{
	const struct mapping *mapping = loader->mapping;

	for (size_t i = 0; i < mapping->rules_count; i++) {
		const struct mapping_row *row = mapping->rules[i].row;
		if (row->missing || (row->given && row->to))
			mapping_load_find(loader, MAPPING_NO_SOURCE, mapping_load_place(loader, "row", i, ""),
					  "\"if\" and \"unless\" look at the source", NULL);
		if (row->only || row->except)
			mapping_load_find(loader, MAPPING_NO_SOURCE, mapping_load_place(loader, "row", i, ""),
					  "several values are read from one text", NULL);
		if (mapping->xml && row->from && ends_with(row->from, "/#text"))
			mapping_load_find(loader, MAPPING_NO_SOURCE, mapping_load_place(loader, "row", i, "/from"),
					  "text beside elements is read, not written", NULL);
	}
	for (size_t l = 1; l < mapping->lists_count; l++)
		if (mapping->lists[l].fixed)
			mapping_load_find(loader, MAPPING_NO_SOURCE, mapping_load_place(loader, "list", l - 1, ""),
					  "what item of a fixed list is which is read, not written", NULL);
	for (size_t l = 0; mapping->csv && l < mapping->lists_count; l++)
		check_lines(loader, l);
}
