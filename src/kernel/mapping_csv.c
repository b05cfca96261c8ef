/* A CSV file as a source: lines that stand together are one document, among them items. */
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/text.h"
#include "kernel/mapping_int.h"

struct line {
	const char **cells; /* trimmed */
	size_t number;
	bool read;
};

/* One document's lines. */
struct lines {
	const size_t *bound; /* by column of the mapping: the cell, or MAPPING_NO_COLUMN */
	struct line *items;
	size_t count;
};

/* --- The kind of source --- */

static const char *cell(const struct lines *lines, size_t line, size_t column)
{
	size_t at = column == MAPPING_NO_COLUMN ? MAPPING_NO_COLUMN : lines->bound[column];

	return at == MAPPING_NO_COLUMN ? "" : lines->items[line].cells[at];
}

static bool meets(const struct lines *lines, size_t line, const struct mapping_condition *condition, size_t column)
{
	return !condition || same(cell(lines, line, column), condition->is);
}

static void find_disagreement(struct mapping_run *run, const struct mapping_context *context,
			      const struct mapping_rule *rule, const char *text, const char *other, size_t line)
{
	const char *second = arena_printf(run->arena, "\"%s\" on line %zu", other, line);

	mapping_find_value(run->arena, run->findings, MAPPING_DISAGREE, rule, context->item, text, second);
}

/* The only text in COLUMN among the context's lines; an empty cell contradicts nothing. */
static struct mapping_text text_of(struct mapping_run *run, const struct mapping_context *context,
				   const struct mapping_rule *rule)
{
	const struct lines *lines = run->source;
	const struct mapping_list *list = &run->mapping->lists[context->list];
	size_t column = rule->columns[context->number ? context->number - 1 : 0];
	struct mapping_text text = { 0 };

	for (size_t i = 0; i < context->lines_count; i++) {
		size_t line = context->lines[i];
		const char *here = cell(lines, line, column);
		if (!*here || !meets(lines, line, list->where, list->where_column))
			continue;
		lines->items[line].read = true;
		if (!text.text)
			text = (struct mapping_text){ .text = here,
						      .line = lines->items[line].number,
						      .column = lines->bound[column] + 1 };
		else if (!context->split && !same(text.text, here)) {
			find_disagreement(run, context, rule, text.text, here, lines->items[line].number);
			break;
		}
	}
	return text;
}

static bool has(struct mapping_run *run, const struct mapping_context *context, size_t list, size_t column,
		struct mapping_path path, struct mapping_seen *seen)
{
	(void)list;
	(void)path;
	(void)seen;
	for (size_t i = 0; i < context->lines_count; i++)
		if (*cell(run->source, context->lines[i], column))
			return true;
	return false;
}

/* Of numbered columns each is an item; those in which nothing stands will be found to be none. */
static size_t numbered_items(struct mapping_run *run, const struct mapping_context *context, size_t list,
			     struct mapping_context *items)
{
	size_t count = run->mapping->lists[list].numbered;

	for (size_t i = 0; i < count; i++) {
		items[i] = *context;
		items[i].number = i + 1;
	}
	return count;
}

/* A line of a list with a key, and the first one that has the same. */
struct keyed {
	const char *key;
	size_t at, first;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *one = a, *other = b;
	int order = strcmp(one->key, other->key);

	return order ? order : (one->at > other->at) - (one->at < other->at);
}

static int by_first(const void *a, const void *b)
{
	const struct keyed *one = a, *other = b;

	if (one->first != other->first)
		return one->first > other->first ? 1 : -1;
	return (one->at > other->at) - (one->at < other->at);
}

/* The context's lines that have a key, those with the same one together, in the order in which keys first stand. */
static size_t sort_keyed(const struct lines *lines, const struct mapping_context *context, size_t key,
			 struct keyed *keyed)
{
	size_t count = 0;

	for (size_t i = 0; i < context->lines_count; i++) {
		const char *value = cell(lines, context->lines[i], key);
		if (*value)
			keyed[count++] = (struct keyed){ .key = value, .at = i };
	}
	if (count == 0)
		return 0;
	qsort(keyed, count, sizeof(*keyed), by_key);
	for (size_t i = 0; i < count; i++)
		keyed[i].first = i > 0 && same(keyed[i].key, keyed[i - 1].key) ? keyed[i - 1].first : keyed[i].at;
	qsort(keyed, count, sizeof(*keyed), by_first);
	return count;
}

/* Lines with the same key are one item. A line without one is of no item. */
static size_t keyed_items(struct mapping_run *run, const struct mapping_context *context, size_t list,
			  struct mapping_context *items)
{
	const struct lines *lines = run->source;
	size_t count = 0;
	size_t *order = arena_array(run->arena, context->lines_count, sizeof(*order));
	struct keyed *keyed = arena_array(run->arena, context->lines_count, sizeof(*keyed));

	if (!order || !keyed) {
		run->no_memory = true;
		return 0;
	}
	size_t with_key = sort_keyed(lines, context, run->mapping->lists[list].key, keyed);
	for (size_t i = 0; i < with_key; i++) {
		order[i] = context->lines[keyed[i].at];
		if (i == 0 || keyed[i].first != keyed[i - 1].first) {
			items[count] = *context;
			items[count].lines = &order[i];
			items[count].lines_count = 0;
			items[count++].line = lines->items[order[i]].number;
		}
		items[count - 1].lines_count++;
	}
	return count;
}

static struct mapping_context *items_of(struct mapping_run *run, const struct mapping_context *context, size_t list,
					size_t *count)
{
	const struct lines *lines = run->source;
	const struct mapping_list *row = &run->mapping->lists[list];
	bool numbered = row->row->numbered != INTEGER_NONE;
	size_t most = numbered ? row->numbered : context->lines_count;
	struct mapping_context *items = arena_array(run->arena, most, sizeof(*items));

	if (!items)
		return NULL;
	if (numbered) {
		*count = numbered_items(run, context, list, items);
	} else if (row->key != MAPPING_NO_COLUMN) {
		*count = keyed_items(run, context, list, items);
	} else {
		for (size_t i = 0; i < most; i++) {
			items[i] = *context;
			items[i].lines = &context->lines[i];
			items[i].lines_count = 1;
			items[i].line = lines->items[context->lines[i]].number;
		}
		*count = most;
	}
	return items;
}

static const struct mapping_source_kind csv_kind = { .text = text_of, .has = has, .items = items_of };

/* --- The file --- */

/* A file on its way through, twice: once to see whether it is right, once to map it. */
struct pass {
	const struct mapping *mapping;
	const struct mapping_input *input;
	struct findings *findings;
	struct arena *arena;  /* of the file */
	const char **columns; /* names in the file */
	size_t *filled;       /* cells of each that are not empty */
	size_t columns_count;
	size_t *bound;
	uint64_t *keys; /* digests of those seen, in a table of open addresses; 0: none */
	size_t keys_room, keys_count;
	uint64_t seed;
	size_t errors; /* that there were before */
	mapping_take_fn *take;
	void *arg;
};

static void find_line(struct findings *findings, enum mapping_rule_code code, size_t line, const char *second)
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", line);
	mapping_find(findings, code, "", NULL, number, second);
}

/* The names of the columns, joined for a finding. */
static const char *all_columns(struct pass *pass)
{
	enum { SHOWN = 40 };
	const char *all = "none";

	for (size_t i = 0; all && i < pass->columns_count && i < SHOWN; i++)
		all = i ? arena_printf(pass->arena, "%s, %s", all, pass->columns[i]) : pass->columns[0];
	return all ? all : "";
}

static void bind_columns(struct pass *pass)
{
	const struct mapping *mapping = pass->mapping;

	for (size_t c = 0; c < mapping->columns_count; c++) {
		pass->bound[c] = MAPPING_NO_COLUMN;
		for (size_t i = 0; i < pass->columns_count; i++) {
			if (!same(pass->columns[i], mapping->columns[c]))
				continue;
			if (pass->bound[c] != MAPPING_NO_COLUMN)
				mapping_find(pass->findings, MAPPING_COLUMN_TWICE, "", NULL, mapping->columns[c], NULL);
			pass->bound[c] = i;
		}
		if (pass->bound[c] == MAPPING_NO_COLUMN && !mapping->optional[c])
			mapping_find(pass->findings, MAPPING_COLUMN_MISSING, "", NULL, mapping->columns[c],
				     all_columns(pass));
	}
}

/* The names in the first line, or in the mapping. */
static enum err_code read_columns(struct pass *pass, struct csv_reader *reader, struct err *err)
{
	const struct mapping_csv *csv = pass->mapping->file->csv;
	struct csv_record record = { 0 };
	bool headless = csv && csv->headless;

	if (!headless)
		TRY(csv_next(reader, &record, pass->findings, err));
	pass->columns_count = headless ? csv->columns_count : record.count;
	pass->columns = arena_array(pass->arena, pass->columns_count, sizeof(*pass->columns));
	pass->filled = arena_array(pass->arena, pass->columns_count, sizeof(*pass->filled));
	pass->bound = arena_array(pass->arena, pass->mapping->columns_count, sizeof(*pass->bound));
	if (!pass->columns || !pass->filled || !pass->bound)
		return fail(err, ERR_MEMORY, "no memory left for the columns");
	for (size_t i = 0; i < pass->columns_count; i++) {
		const char *name = headless ? csv->columns[i].name : arena_text(pass->arena, record.cells[i].text);
		pass->columns[i] = name ? mapping_trim(pass->arena, name) : NULL;
		if (!pass->columns[i])
			return fail(err, ERR_MEMORY, "no memory left for the columns");
	}
	return OK;
}

static uint64_t digest_of(uint64_t seed, struct bytes text)
{
	/* FNV-1a; the seed keeps strangers from choosing what collides. */
	uint64_t digest = seed ^ UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.size; i++)
		digest = (digest ^ text.data[i]) * UINT64_C(0x100000001b3);
	digest ^= digest >> 29;
	return digest ? digest : 1;
}

static size_t slot_of(const struct pass *pass, uint64_t digest)
{
	size_t at = (size_t)digest & (pass->keys_room - 1);

	while (pass->keys[at] && pass->keys[at] != digest)
		at = (at + 1) & (pass->keys_room - 1);
	return at;
}

/* True if KEY was there before. */
static enum err_code remember(struct pass *pass, struct bytes key, bool *known, struct err *err)
{
	enum { FIRST_ROOM = 1024 };
	uint64_t digest = digest_of(pass->seed, key);

	if (2 * pass->keys_count >= pass->keys_room) {
		struct pass wider = *pass;
		wider.keys_room = pass->keys_room ? 2 * pass->keys_room : FIRST_ROOM;
		wider.keys = calloc(wider.keys_room, sizeof(*wider.keys));
		if (!wider.keys)
			return fail(err, ERR_MEMORY, "no memory left for the keys of the file");
		for (size_t i = 0; i < pass->keys_room; i++)
			if (pass->keys[i])
				wider.keys[slot_of(&wider, pass->keys[i])] = pass->keys[i];
		free(pass->keys);
		*pass = wider;
	}
	size_t at = slot_of(pass, digest);
	*known = pass->keys[at] == digest;
	pass->keys_count += !*known;
	pass->keys[at] = digest;
	return OK;
}

/* The cell in COLUMN of the mapping, without blanks around it. */
static struct bytes cell_of(const struct pass *pass, const struct csv_record *record, size_t column)
{
	const char *text = record->cells[pass->bound[column]].text;

	text += strspn(text, " \t\r\n");
	size_t size = strlen(text);
	while (size > 0 && strchr(" \t\r\n", text[size - 1]))
		size--;
	return bytes(text, size);
}

/* What tells documents apart. */
static struct bytes key_of(const struct pass *pass, const struct csv_record *record)
{
	size_t key = pass->mapping->key;

	return key == MAPPING_NO_COLUMN ? bytes("", 0) : cell_of(pass, record, key);
}

/* Whether RECORD with KEY begins a document, behind one with the key BEFORE. */
static bool begins(const struct pass *pass, const struct csv_record *record, struct bytes key, struct bytes before)
{
	const struct mapping *mapping = pass->mapping;

	if (mapping->begin != MAPPING_NO_COLUMN)
		return bytes_same(cell_of(pass, record, mapping->begin), bytes_of(mapping->file->begin->is));
	return mapping->key == MAPPING_NO_COLUMN || !bytes_same(key, before);
}

/* "3 cells, and there are 5 columns" */
static void find_cells(struct pass *pass, const struct csv_record *record)
{
	char text[64];

	snprintf(text, sizeof(text), "%zu cells; there are %zu columns", record->count, pass->columns_count);
	find_line(pass->findings, MAPPING_CELLS, record->line, text);
}

static enum err_code look_at_record(struct pass *pass, const struct csv_record *record, struct buf *before, bool *first,
				    struct err *err)
{
	bool known = false;
	char number[24];

	if (record->count != pass->columns_count) {
		find_cells(pass, record);
		return OK;
	}
	for (size_t i = 0; i < record->count; i++)
		pass->filled[i] += *record->cells[i].text != '\0';
	struct bytes key = key_of(pass, record);
	bool begun = *first || begins(pass, record, key, buf_bytes(before));
	*first = false;
	if (!begun || pass->mapping->key == MAPPING_NO_COLUMN)
		return OK;
	TRY(remember(pass, key, &known, err));
	snprintf(number, sizeof(number), "%zu", record->line);
	buf_clear(before);
	buf_put_bytes(before, key);
	if (known)
		mapping_find(pass->findings, MAPPING_APART, "", NULL, buf_text(before), number);
	return buf_check(before, "a key", err);
}

static enum err_code look(struct pass *pass, struct csv_reader *reader, struct err *err)
{
	buf_auto before;
	bool first = true;
	struct csv_record record;

	buf_init(&before, CSV_RECORD_MAX);
	TRY(read_columns(pass, reader, err));
	if (findings_errors(pass->findings) == pass->errors && pass->columns_count == 0)
		mapping_find(pass->findings, MAPPING_EMPTY, "", NULL, "", NULL);
	if (findings_errors(pass->findings) == pass->errors)
		bind_columns(pass);
	if (findings_errors(pass->findings) > pass->errors)
		return OK;
	do {
		TRY(csv_next(reader, &record, pass->findings, err));
		if (record.count > 0)
			TRY(look_at_record(pass, &record, &before, &first, err));
		if (pass->keys_count > MAPPING_DOCUMENTS_MAX) {
			mapping_find(pass->findings, MAPPING_TOO_MANY, "", NULL, "1048576", "documents");
			return OK;
		}
	} while (record.count > 0);
	if (first && findings_errors(pass->findings) == pass->errors)
		mapping_find(pass->findings, MAPPING_EMPTY, "", NULL, "", NULL);
	return OK;
}

static bool is_read(const struct pass *pass, size_t column)
{
	const struct mapping_file *file = pass->mapping->file;

	for (size_t c = 0; c < pass->mapping->columns_count; c++)
		if (pass->bound[c] == column)
			return true;
	for (size_t i = 0; i < file->ignored_count; i++)
		if (same(file->ignored[i].from, pass->columns[column]))
			return true;
	return false;
}

static void find_unread(struct pass *pass)
{
	char text[48];

	for (size_t i = 0; i < pass->columns_count; i++) {
		if (pass->filled[i] == 0 || is_read(pass, i))
			continue;
		snprintf(text, sizeof(text), "%zu value%s", pass->filled[i], pass->filled[i] == 1 ? "" : "s");
		mapping_find(pass->findings, MAPPING_UNREAD, "", NULL, pass->columns[i], text);
	}
}

/* The lines of one document, as they gather. */
struct group {
	struct arena *arena;
	struct line *lines;
	size_t *order;
	size_t count, room;
	struct bytes key;
};

static void group_done(struct group *group)
{
	arena_free(group->arena);
}

static enum err_code group_add(struct group *group, const struct pass *pass, const struct csv_record *record,
			       struct err *err)
{
	if (group->count == group->room) {
		size_t room = group->room ? 2 * group->room : 16;
		struct line *lines = arena_array(group->arena, room, sizeof(*lines));
		size_t *order = arena_array(group->arena, room, sizeof(*order));
		if (!lines || !order)
			return fail(err, ERR_MEMORY, "no memory left for the lines of one document");
		if (group->count)
			memcpy(lines, group->lines, group->count * sizeof(*lines));
		for (size_t i = 0; i < room; i++)
			order[i] = i;
		group->lines = lines;
		group->order = order;
		group->room = room;
	}
	struct line *line = &group->lines[group->count];
	*line = (struct line){ .cells = arena_array(group->arena, record->count, sizeof(*line->cells)),
			       .number = record->line };
	for (size_t i = 0; line->cells && i < record->count; i++) {
		const char *text = *record->cells[i].text ? arena_text(group->arena, record->cells[i].text) : "";
		text = text ? mapping_trim(group->arena, text) : NULL;
		if (!text)
			return fail(err, ERR_MEMORY, "no memory left for the lines of one document");
		line->cells[i] = pass->mapping->formulas ? text : mapping_formula_open(text);
	}
	if (!line->cells)
		return fail(err, ERR_MEMORY, "no memory left for the lines of one document");
	struct bytes key = key_of(pass, record);
	if (group->count++ == 0)
		group->key = bytes(arena_copy(group->arena, key.data, key.size), key.size);
	return OK;
}

static enum err_code map_group(struct pass *pass, struct group *group, struct err *err)
{
	struct lines lines = { pass->bound, group->lines, group->count };
	struct mapping_context context = { .lines = group->order,
					   .lines_count = group->count,
					   .line = group->lines[0].number };
	struct mapping_run run = { .mapping = pass->mapping,
				   .kind = &csv_kind,
				   .source = &lines,
				   .arena = group->arena,
				   .findings = findings_new(group->arena) };

	if (!run.findings)
		return fail(err, ERR_MEMORY, "no memory left for a document");
	TRY(mapping_hand_over(&run, &context, pass->columns, pass->columns_count, pass->take, pass->arg, err));
	for (size_t i = 0; i < group->count; i++)
		if (!group->lines[i].read)
			find_line(pass->findings, MAPPING_LINE_UNREAD, group->lines[i].number, NULL);
	return OK;
}

static enum err_code map(struct pass *pass, struct csv_reader *reader, struct err *err)
{
	__attribute__((cleanup(group_done))) struct group group = { .arena = arena_new(MAPPING_DOCUMENT_ARENA) };
	struct csv_record record;

	if (!pass->mapping->file->csv || !pass->mapping->file->csv->headless)
		TRY(csv_next(reader, &record, pass->findings, err));
	do {
		TRY(csv_next(reader, &record, pass->findings, err));
		bool over =
			group.count > 0 && (!record.count || begins(pass, &record, key_of(pass, &record), group.key));
		if (over) {
			TRY(map_group(pass, &group, err));
			arena_free(group.arena);
			group = (struct group){ .arena = arena_new(MAPPING_DOCUMENT_ARENA) };
		}
		if (!group.arena)
			return fail(err, ERR_MEMORY, "no memory left for a document");
		if (group.count == MAPPING_LINES_MAX) {
			mapping_find(pass->findings, MAPPING_TOO_MANY, "", NULL, "20000", "lines of one document");
			return OK;
		}
		if (record.count)
			TRY(group_add(&group, pass, &record, err));
	} while (record.count > 0);
	return OK;
}

enum err_code mapping_read_csv(const struct mapping *mapping, const struct mapping_input *input, mapping_take_fn *take,
			       void *arg, struct findings *findings, struct err *err)
{
	enum { FILE_ARENA = 4 << 20 };
	arena_auto arena = arena_new(FILE_ARENA);
	struct pass pass = { .mapping = mapping,
			     .input = input,
			     .findings = findings,
			     .arena = arena,
			     .errors = findings_errors(findings),
			     .take = take,
			     .arg = arg };
	csv_reader_auto reader = NULL;
	csv_reader_auto again = NULL;

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the file");
	random_bytes(&pass.seed, sizeof(pass.seed));
	TRY(csv_open(&mapping->dialect, input->source, &reader, err));
	enum err_code code = look(&pass, reader, err);
	free(pass.keys);
	if (code != OK || findings_errors(findings) > pass.errors)
		return code;
	find_unread(&pass);
	TRY(input->rewind(input->source.arg, err));
	TRY(csv_open(&mapping->dialect, input->source, &again, err));
	return map(&pass, again, err);
}
