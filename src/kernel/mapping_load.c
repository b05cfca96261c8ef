/* A mapping file, read and resolved against the schema that it is of. All that is wrong with it is found at once. */
#include <stdio.h>

#include "base/text.h"
#include "kernel/edition.h"
#include "kernel/mapping_load_int.h"

/* "/row/12/to" */
const char *mapping_load_place(struct mapping_loader *loader, const char *list, size_t index, const char *member)
{
	const char *text = arena_printf(loader->arena, "/%s/%zu%s", list, index, member);

	return text ? text : "";
}

void mapping_load_find(struct mapping_loader *loader, enum mapping_rule_code code, const char *at, const char *first,
		       const char *second)
{
	/* Where a row belongs, and what others leave to it, depends on what was not understood. */
	bool follows = code == MAPPING_NO_LIST || code == MAPPING_BAD_PATH || code == MAPPING_TWICE;

	if (loader->doubtful && follows)
		return;
	mapping_find(loader->findings, code, at, NULL, first, second);
}

/* A path with an item by its number in it, which it loses: *NUMBER, 0 if there is none. */
static bool path_parse_numbered(struct mapping_loader *loader, const char *text, bool xml, const char *at,
				struct mapping_path *path, size_t *number)
{
	size_t errors = findings_errors(loader->findings);

	if (!text || !mapping_path_parse(loader->arena, text, xml, loader->mapping->namespaces,
					 loader->mapping->namespaces_count, at, path, loader->findings))
		return false;
	*number = 0;
	for (size_t i = 0; i < path->count; i++) {
		struct mapping_step *steps;
		if (!path->steps[i].number)
			continue;
		if (*number)
			mapping_load_find(loader, MAPPING_BAD_NUMBER, at, text,
					  "there is one item by its number in a path");
		*number = path->steps[i].number;
		steps = arena_copy(loader->arena, path->steps, MAPPING_STEPS_MAX * sizeof(*steps));
		if (!steps) {
			loader->no_memory = true;
			return false;
		}
		steps[i].number = 0;
		path->steps = steps;
	}
	return findings_errors(loader->findings) == errors;
}

static bool path_parse(struct mapping_loader *loader, const char *text, bool xml, const char *at,
		       struct mapping_path *path)
{
	size_t number = 0;

	if (!path_parse_numbered(loader, text, xml, at, path, &number))
		return false;
	if (number)
		mapping_load_find(loader, MAPPING_BAD_NUMBER, at, text,
				  "an item by its number stands in \"to\" of a row alone");
	return true;
}

/* --- The document's side --- */

/* The field at PATH of what FIELDS describe: *FIELD; *FIXED if every group on the way is mandatory. */
static bool field_at(const struct fields *fields, struct mapping_path path, const struct field **field, bool *fixed)
{
	*field = NULL;
	*fixed = true;
	for (size_t i = 0; i < path.count; i++) {
		const struct field *found = NULL;
		for (size_t f = 0; fields && f < fields->count; f++)
			if (same(fields->row[f].json, path.steps[i].name))
				found = &fields->row[f];
		if (!found || path.steps[i].test || path.steps[i].item != (found->kind == FIELD_KIND_LIST))
			return false;
		if (i + 1 < path.count && found->min == 0)
			*fixed = false;
		*field = found;
		fields = found->fields;
	}
	return *field != NULL;
}

/* The innermost list in which PATH stands, and what is behind it. */
size_t mapping_list_of(const struct mapping *mapping, const struct mapping_path *path)
{
	size_t innermost = 0;

	for (size_t l = 1; l < mapping->lists_count; l++)
		if (mapping->lists[l].absolute_to.count > mapping->lists[innermost].absolute_to.count &&
		    mapping_path_within(path, &mapping->lists[l].absolute_to))
			innermost = l;
	return innermost;
}

static bool has_items(struct mapping_path path)
{
	for (size_t i = 0; i < path.count; i++)
		if (path.steps[i].item)
			return true;
	return false;
}

static void resolve_to(struct mapping_loader *loader, struct mapping_rule *rule, const char *at)
{
	struct mapping *mapping = loader->mapping;
	struct mapping_path path;
	const struct field *field = NULL;

	if (!path_parse_numbered(loader, rule->row->to, false, at, &path, &rule->number))
		return;
	if (!field_at(mapping->schema->fields, path, &field, &rule->fixed) || field->fields) {
		mapping_load_find(loader, MAPPING_NO_FIELD, at, rule->row->to, mapping->schema->name);
		return;
	}
	rule->list = mapping_list_of(mapping, &path);
	if (rule->number > mapping->lists[rule->list].fixed)
		mapping_load_find(loader, MAPPING_BAD_NUMBER, at, rule->row->to,
				  "the list must be \"fixed\", with at least as many items");
	rule->absolute_to = path;
	rule->to = mapping_path_behind(path, mapping->lists[rule->list].absolute_to.count);
	/* Inside an item that is there, its mandatory groups are. */
	if (rule->list > 0)
		field_at(mapping->lists[rule->list].field->fields, rule->to, &field, &rule->fixed);
	rule->field = field;
	if (has_items(rule->to))
		mapping_load_find(loader, MAPPING_NO_LIST, at, rule->row->to, NULL);
}

/* --- The source's side: columns --- */

static size_t column(struct mapping_loader *loader, const char *name, bool optional)
{
	struct mapping *mapping = loader->mapping;

	for (size_t c = 0; c < mapping->columns_count; c++)
		if (same(mapping->columns[c], name)) {
			mapping->optional[c] = mapping->optional[c] && optional;
			return c;
		}
	if (mapping->columns_count == CSV_CELLS_MAX) {
		loader->no_memory = true;
		return 0;
	}
	mapping->optional[mapping->columns_count] = optional;
	mapping->columns[mapping->columns_count] = name;
	return mapping->columns_count++;
}

static size_t column_or_none(struct mapping_loader *loader, const char *name)
{
	return name ? column(loader, name, false) : MAPPING_NO_COLUMN;
}

/* The column NAME, or as many as COUNT says, with numbers for its '#'. A file may lack all but the first. */
static const size_t *columns(struct mapping_loader *loader, const char *name, size_t count)
{
	const char *mark = name ? strchr(name, '#') : NULL;
	size_t *all = name ? arena_array(loader->arena, count + 1, sizeof(*all)) : NULL;

	if (name && !all)
		loader->no_memory = true;
	for (size_t n = 0; all && n < (count ? count : 1); n++) {
		const char *text = count && mark ? arena_printf(loader->arena, "%.*s%zu%s", (int)(mark - name), name,
								n + 1, mark + 1)
						 : name;
		if (text)
			all[n] = column(loader, text, n > 0);
		else
			loader->no_memory = true;
	}
	return all;
}

/* --- The source's side: paths --- */

/* PATH from the node of the innermost of LIST and those around it in which it stands. */
static size_t source_list(const struct mapping *mapping, size_t list, const struct mapping_path *path)
{
	while (list > 0 && !mapping_path_within(path, &mapping->lists[list].absolute_from))
		list = mapping->lists[list].up;
	return list;
}

static void resolve_path(struct mapping_loader *loader, struct mapping_rule *rule, const char *text, const char *at,
			 struct mapping_path *path)
{
	const struct mapping *mapping = loader->mapping;
	struct mapping_path absolute;

	if (!text || !path_parse(loader, text, mapping->xml, at, &absolute))
		return;
	/* A row that gives no value stands where its source does. */
	for (size_t l = 1; !rule->field && path == &rule->from && l < mapping->lists_count; l++)
		if (mapping->lists[l].from.count && mapping_path_within(&absolute, &mapping->lists[l].absolute_from))
			rule->list = l;
	size_t list = source_list(mapping, rule->list, &absolute);
	if (!mapping_path_within(&absolute, &mapping->lists[list].absolute_from)) {
		mapping_load_find(loader, MAPPING_BAD_PATH, at, text, "it stands outside what \"each\" names");
		return;
	}
	*path = mapping_path_behind(absolute, mapping->lists[list].absolute_from.count);
	if (path == &rule->from)
		rule->from_list = list;
	else if (path == &rule->given)
		rule->given_list = list;
	else
		rule->missing_list = list;
}

/* --- Lists --- */

/* The list directly around LIST, which all others before it are. */
static size_t list_around(const struct mapping *mapping, size_t list)
{
	size_t around = 0;

	for (size_t l = 1; l < mapping->lists_count; l++)
		if (l != list &&
		    mapping_path_within(&mapping->lists[list].absolute_to, &mapping->lists[l].absolute_to) &&
		    mapping->lists[l].absolute_to.count > mapping->lists[around].absolute_to.count)
			around = l;
	return around;
}

static bool resolve_list_to(struct mapping_loader *loader, size_t l)
{
	struct mapping *mapping = loader->mapping;
	struct mapping_list *list = &mapping->lists[l];
	const char *at = mapping_load_place(loader, "list", (size_t)(list->row - mapping->file->lists), "/to");
	bool fixed;

	if (!path_parse(loader, list->row->to, false, at, &list->absolute_to))
		return false;
	struct mapping_step *last =
		arena_copy(loader->arena, list->absolute_to.steps, MAPPING_STEPS_MAX * sizeof(*last));
	if (!last || list->absolute_to.count == 0) {
		mapping_load_find(loader, MAPPING_NO_FIELD, at, list->row->to, mapping->schema->name);
		return false;
	}
	last[list->absolute_to.count - 1].item = true;
	list->absolute_to.steps = last;
	if (!field_at(mapping->schema->fields, list->absolute_to, &list->field, &fixed) || !list->field->fields) {
		mapping_load_find(loader, MAPPING_NO_FIELD, at, list->row->to, mapping->schema->name);
		return false;
	}
	for (size_t other = 1; other < l; other++)
		if (mapping_path_within(&mapping->lists[other].absolute_to, &list->absolute_to)) {
			mapping_load_find(loader, MAPPING_MISPLACED, at, list->row->to,
					  "it is named before, or after a list that stands in it");
			return false;
		}
	return true;
}

static void resolve_list_csv(struct mapping_loader *loader, struct mapping_list *list, const char *at)
{
	const struct mapping_repeat *row = list->row;
	const struct mapping_list *up = &loader->mapping->lists[list->up];

	if (row->from)
		mapping_load_find(loader, MAPPING_MISPLACED, at, "from",
				  "CSV repeats by lines, a key, split or numbered");
	if (row->numbered != INTEGER_NONE &&
	    (row->numbered < 1 || row->numbered > MAPPING_NUMBERED_MAX || up->numbered))
		mapping_load_find(loader, MAPPING_MISPLACED, at, "numbered",
				  "it is from 1 to 50, and not inside another one");
	list->numbered = row->numbered != INTEGER_NONE && row->numbered > 0 && row->numbered <= MAPPING_NUMBERED_MAX
				 ? (size_t)row->numbered
				 : up->numbered;
	list->where = row->where ? row->where : row->split || list->numbered ? up->where : NULL;
}

static void resolve_list_tree(struct mapping_loader *loader, struct mapping_list *list, const char *at)
{
	const struct mapping_repeat *row = list->row;
	const struct mapping_list *up = &loader->mapping->lists[list->up];

	list->key = list->where_column = MAPPING_NO_COLUMN;
	list->absolute_from = up->absolute_from;
	if (row->key || row->numbered != INTEGER_NONE || row->where)
		mapping_load_find(loader, MAPPING_MISPLACED, at, "key, numbered or where",
				  "XML and JSON repeat by from, or split");
	if (!row->from || !path_parse(loader, row->from, loader->mapping->xml, at, &list->absolute_from))
		return;
	if (!mapping_path_within(&list->absolute_from, &up->absolute_from)) {
		mapping_load_find(loader, MAPPING_BAD_PATH, at, row->from, "it stands outside the list around it");
		list->absolute_from = up->absolute_from;
	}
	list->from = mapping_path_behind(list->absolute_from, up->absolute_from.count);
}

/* What is said of a list whose items rows name. */
static void resolve_list_fixed(struct mapping_loader *loader, struct mapping_list *list, const char *at)
{
	const struct mapping_repeat *row = list->row;
	bool fixed = row->fixed != INTEGER_NONE;

	if (loader->mapping->lists[list->up].fixed)
		mapping_load_find(loader, MAPPING_MISPLACED, at, row->to, "a list inside one that is \"fixed\"");
	if (fixed && (row->fixed < 1 || row->fixed > MAPPING_FIXED_MAX))
		mapping_load_find(loader, MAPPING_MISPLACED, at, "fixed", "it is from 1 to 200");
	else if (fixed)
		list->fixed = (size_t)row->fixed;
	if (fixed && (row->from || row->key || row->split || row->where || row->numbered != INTEGER_NONE))
		mapping_load_find(loader, MAPPING_MISPLACED, at, "fixed", "rows alone say what its items are");
}

static void resolve_lists(struct mapping_loader *loader)
{
	struct mapping *mapping = loader->mapping;
	const struct mapping_file *file = mapping->file;
	size_t nested[MAPPING_LISTS_MAX] = { 0 };

	mapping->lists_count = 1;
	for (size_t i = 0; i < file->lists_count && mapping->lists_count < MAPPING_LISTS_MAX; i++) {
		struct mapping_list *list = &mapping->lists[mapping->lists_count];
		size_t l = mapping->lists_count;
		const char *at = mapping_load_place(loader, "list", i, "");
		*list = (struct mapping_list){ .row = &file->lists[i] };
		if (!resolve_list_to(loader, l))
			continue;
		list->up = list_around(mapping, l);
		nested[l] = nested[list->up] + 1;
		list->to = mapping_path_behind(list->absolute_to, mapping->lists[list->up].absolute_to.count);
		if (nested[l] > MAPPING_NESTED_MAX || mapping->lists[list->up].split)
			mapping_load_find(loader, MAPPING_MISPLACED, at, list->row->to,
					  "lists are nested too deep, or in a split one");
		list->split = list->row->split ? mapping_separator(list->row->split) : NULL;
		if (mapping->csv)
			resolve_list_csv(loader, list, at);
		else
			resolve_list_tree(loader, list, at);
		resolve_list_fixed(loader, list, at);
		mapping->lists_count++;
	}
}

/* --- Rows --- */

static const struct mapping_table *table_named(const struct mapping_file *file, const char *name)
{
	for (size_t i = 0; i < file->tables_count; i++)
		if (same(file->tables[i].name, name))
			return &file->tables[i];
	return NULL;
}

/* A way in which a row can contradict itself. */
struct row_check {
	bool wrong;
	const char *member, *why;
};

static void report(struct mapping_loader *loader, const char *at, const struct row_check *checks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (checks[i].wrong)
			mapping_load_find(loader, MAPPING_MISPLACED, at, checks[i].member, checks[i].why);
}

/* What members go together. */
static void check_members(struct mapping_loader *loader, const struct mapping_row *row, const char *at)
{
	bool part = row->part != INTEGER_NONE, said = row->constant || row->table;
	const struct row_check checks[] = {
		{ !row->to && !row->from, "a row", "it needs \"to\", \"from\" or both" },
		{ !row->from && !row->constant, "a row without \"from\"", "it needs a \"constant\"" },
		{ !row->to && !said, "a row without \"to\"",
		  "it needs a \"constant\" or a \"table\" of what may stand there; or else it belongs in \"ignore\"" },
		{ row->split && (row->part < 1 || row->part > MAPPING_PARTS_MAX), "split",
		  "it needs a \"part\" from 1 to 20" },
		{ !row->split && part, "part", "it needs \"split\"" },
		{ row->required && !row->from, "required", "it needs \"from\"" },
		{ row->number && same(row->decimal, ","), "number", "a number of JSON has a decimal point" },
		{ row->only && !row->table, "only", "it needs a \"table\"" },
		{ row->except && !row->from, "except", "it needs \"from\"" },
		{ row->suffix && !row->from, "suffix", "it needs \"from\"" },
	};

	report(loader, at, checks, COUNT(checks));
}

/* What has a meaning for the kind of value. */
static void check_value(struct mapping_loader *loader, const struct mapping_rule *rule, const char *at)
{
	const struct mapping_row *row = rule->row;
	enum field_kind kind = rule->field ? rule->field->kind : FIELD_KIND_NODE;
	bool number = kind == FIELD_KIND_DECIMAL || kind == FIELD_KIND_INTEGER;
	bool text = kind == FIELD_KIND_TEXT || kind == FIELD_KIND_CODE;
	const struct row_check checks[] = {
		{ row->date && kind != FIELD_KIND_DAY, "date", "the value is no day" },
		{ row->decimal && !number, "decimal", "the value is no number" },
		{ row->thousands && !number, "thousands", "the value is no number" },
		{ row->join && !text, "join", "the value is no text" },
		{ row->thousands && same(row->thousands, row->decimal ? row->decimal : "."), "thousands",
		  "it is the decimal mark, too" },
		{ row->preset && row->constant, "default", "there is a \"constant\"" },
	};

	report(loader, at, checks, COUNT(checks));
}

/* The rows that take parts of the same text. */
static size_t parts_of(const struct mapping_file *file, const struct mapping_row *row)
{
	int64_t parts = 0;

	for (size_t i = 0; row->split && i < file->rows_count; i++)
		if (same(file->rows[i].from, row->from) && same(file->rows[i].split, row->split) &&
		    file->rows[i].part > parts)
			parts = file->rows[i].part;
	return parts > 0 ? (size_t)parts : 0;
}

static void resolve_row(struct mapping_loader *loader, size_t index)
{
	struct mapping *mapping = loader->mapping;
	struct mapping_rule *rule = &mapping->rules[index];
	const struct mapping_row *row = &mapping->file->rows[index];

	*rule = (struct mapping_rule){ .row = row,
				       .table = row->table ? table_named(mapping->file, row->table) : NULL,
				       .except = row->except ? table_named(mapping->file, row->except) : NULL,
				       .date = row->date ? mapping_date_format(row->date) : NULL,
				       .given_column = MAPPING_NO_COLUMN,
				       .missing_column = MAPPING_NO_COLUMN,
				       .parts = parts_of(mapping->file, row) };
	if (row->to)
		resolve_to(loader, rule, mapping_load_place(loader, "row", index, "/to"));
	if (row->table && !rule->table)
		mapping_load_find(loader, MAPPING_NO_TABLE, mapping_load_place(loader, "row", index, "/table"),
				  row->table, NULL);
	if (row->except && !rule->except)
		mapping_load_find(loader, MAPPING_NO_TABLE, mapping_load_place(loader, "row", index, "/except"),
				  row->except, NULL);
	if (row->date && !rule->date)
		mapping_load_find(loader, MAPPING_NO_DATE, mapping_load_place(loader, "row", index, "/date"), row->date,
				  mapping_date_formats(loader->arena));
	check_members(loader, row, mapping_load_place(loader, "row", index, ""));
	check_value(loader, rule, mapping_load_place(loader, "row", index, ""));
	if (mapping->csv) {
		size_t numbered = mapping->lists[rule->list].numbered;
		if (numbered && row->from && !strchr(row->from, '#'))
			mapping_load_find(
				loader, MAPPING_MISPLACED, mapping_load_place(loader, "row", index, "/from"), row->from,
				"a # in it stands for the number; without one all items would be the same column");
		rule->columns = columns(loader, row->from, numbered);
		rule->given_column = column_or_none(loader, row->given);
		rule->missing_column = column_or_none(loader, row->missing);
		return;
	}
	resolve_path(loader, rule, row->from, mapping_load_place(loader, "row", index, "/from"), &rule->from);
	resolve_path(loader, rule, row->given, mapping_load_place(loader, "row", index, "/if"), &rule->given);
	resolve_path(loader, rule, row->missing, mapping_load_place(loader, "row", index, "/unless"), &rule->missing);
}

/* --- The whole --- */

static void resolve_csv(struct mapping_loader *loader)
{
	struct mapping *mapping = loader->mapping;
	const struct mapping_file *file = mapping->file;
	static const struct mapping_csv plain = { 0 };
	const struct mapping_csv *csv = file->csv ? file->csv : &plain;

	mapping->dialect = (struct csv_dialect){
		.delimiter = csv->delimiter ? mapping_separator(csv->delimiter)[0] : ',',
		.quote = same(csv->quote, "none") ? '\0'
			 : csv->quote             ? csv->quote[0]
						  : '"',
		.lf = same(csv->line_end, "lf"),
		.charset = csv->charset,
	};
	mapping->formulas = same(csv->formulas, "keep");
	mapping->columns = arena_array(loader->arena, CSV_CELLS_MAX, sizeof(*mapping->columns));
	mapping->optional = arena_array(loader->arena, CSV_CELLS_MAX, sizeof(*mapping->optional));
	if (!mapping->columns || !mapping->optional) {
		loader->no_memory = true;
		return;
	}
	if (csv->charset && !csv_charset_known(csv->charset))
		mapping_load_find(loader, MAPPING_NO_CHARSET, "/csv/charset", csv->charset, NULL);
	if (csv->headless && csv->columns_count == 0)
		mapping_load_find(loader, MAPPING_MISPLACED, "/csv/headless", "headless",
				  "then \"column\" names the columns");
	for (size_t i = 0; i < csv->columns_count; i++)
		column(loader, csv->columns[i].name, false);
	mapping->lists[0] = (struct mapping_list){ .where = file->where };
}

/* What tells lines apart. Behind the rows, in whose order columns are written. */
static void resolve_keys(struct mapping_loader *loader)
{
	struct mapping *mapping = loader->mapping;
	const struct mapping_file *file = mapping->file;

	mapping->key = column_or_none(loader, file->key);
	mapping->begin = column_or_none(loader, file->begin ? file->begin->column : NULL);
	for (size_t l = 0; l < mapping->lists_count; l++) {
		struct mapping_list *list = &mapping->lists[l];
		list->key = column_or_none(loader, list->row ? list->row->key : NULL);
		list->where_column = column_or_none(loader, list->where ? list->where->column : NULL);
	}
}

static void resolve_tree(struct mapping_loader *loader)
{
	struct mapping *mapping = loader->mapping;
	const struct mapping_file *file = mapping->file;
	struct mapping_path *ignored = arena_array(loader->arena, file->ignored_count + 1, sizeof(*ignored));

	mapping->lists[0] = (struct mapping_list){ .key = MAPPING_NO_COLUMN, .where_column = MAPPING_NO_COLUMN };
	if (file->csv || file->key || file->begin || file->where)
		mapping_load_find(loader, MAPPING_MISPLACED, "", "csv, key, begin or where", "the format is not csv");
	if (file->each)
		path_parse(loader, file->each, mapping->xml, "/each", &mapping->lists[0].absolute_from);
	for (size_t i = 0; ignored && i < file->ignored_count; i++)
		if (path_parse(loader, file->ignored[i].from, mapping->xml,
			       mapping_load_place(loader, "ignore", i, "/from"), &ignored[mapping->ignored_count]))
			mapping->ignored_count++;
	mapping->ignored = ignored;
}

static void resolve(struct mapping_loader *loader)
{
	struct mapping *mapping = loader->mapping;
	const struct mapping_file *file = mapping->file;

	for (size_t i = 0; i < file->namespaces_count; i++)
		if (!file->namespaces[i].prefix)
			file->namespaces[i].prefix = "";
	mapping->namespaces = file->namespaces;
	mapping->namespaces_count = file->namespaces_count;
	if (mapping->csv)
		resolve_csv(loader);
	else
		resolve_tree(loader);
	size_t errors = findings_errors(loader->findings);
	if (!loader->no_memory)
		resolve_lists(loader);
	/* Without its lists nothing can be said of the rows together, but of each alone. */
	loader->doubtful = loader->doubtful || findings_errors(loader->findings) > errors;
	if (loader->no_memory)
		return;
	mapping->rules_count = file->rows_count;
	for (size_t i = 0; i < file->rows_count; i++)
		resolve_row(loader, i);
	if (loader->doubtful) {
		mapping_check_tables(loader);
		return;
	}
	if (mapping->csv)
		resolve_keys(loader);
	mapping_check_twice(loader);
	mapping_check_mandatory(loader);
	mapping_check_tables(loader);
	if (loader->reverse)
		mapping_check_reverse(loader);
}

/* Whether FORM has a finding in the row, list or table in which PATH stands: "/row/12". */
static bool told_of(const struct findings *form, const char *path)
{
	size_t first = *path == '/' ? 1 + strcspn(path + 1, "/") : 0;
	size_t size = path[first] == '/' ? first + 1 + strcspn(path + first + 1, "/") : first;
	const struct finding *f;

	for (size_t i = 0; (f = findings_at(form, i)); i++)
		if (strncmp(f->path, path, size) == 0 && (f->path[size] == '\0' || f->path[size] == '/'))
			return true;
	return false;
}

/* What else is wrong with a file that breaks its form: of rows, lists and tables whose own form is right. */
static enum err_code resolve_in_doubt(struct mapping_loader *loader, struct err *err)
{
	struct findings *form = loader->findings, *more = findings_new(loader->arena);
	const struct finding *f;

	if (!more)
		return fail(err, ERR_MEMORY, "no memory left for the mapping");
	loader->findings = more;
	loader->doubtful = true;
	resolve(loader);
	for (size_t i = 0; (f = findings_at(more, i)); i++)
		if (!told_of(form, f->path))
			finding_restate(form, f, f->path, f->text);
	loader->findings = form;
	return OK;
}

/* The schema that the file is of; NULL with a finding. */
static void find_schema(struct mapping_loader *loader, const struct kernel *kernel)
{
	struct mapping *mapping = loader->mapping;
	const struct mapping_file *file = mapping->file;

	if (!file->doctype == !file->records) {
		mapping_load_find(loader, MAPPING_MISPLACED, "", "documentType, records", "the file is of one of them");
		return;
	}
	mapping->doctype = file->doctype ? doctype_find(kernel, file->doctype) : NULL;
	mapping->kind = file->records ? edition_kind_find(kernel, file->records) : NULL;
	if (file->doctype && !mapping->doctype)
		mapping_load_find(loader, MAPPING_NO_DOCTYPE, "/documentType", file->doctype, NULL);
	if (file->records && !mapping->kind)
		mapping_load_find(loader, MAPPING_NO_KIND, "/records", file->records,
				  edition_kind_names(kernel, loader->arena));
	mapping->schema = mapping->doctype ? mapping->doctype->schema : mapping->kind ? mapping->kind->schema : NULL;
}

enum err_code mapping_load(struct arena *arena, const struct kernel *kernel, struct bytes text, bool reverse,
			   const struct mapping **mapping, struct findings *findings, struct err *err)
{
	struct mapping_file *file = arena_alloc(arena, sizeof(*file));
	struct mapping *loaded = arena_alloc(arena, sizeof(*loaded));
	struct mapping_loader loader = { .arena = arena, .mapping = loaded, .findings = findings, .reverse = reverse };
	size_t errors = findings_errors(findings);

	if (!file || !loaded)
		return fail(err, ERR_MEMORY, "no memory left for the mapping");
	TRY(field_read_json(arena, &mapping_schema, text, NULL, file, findings, err));
	bool broken = findings_errors(findings) > errors;
	*mapping = NULL;
	if (broken && (!file->format || (!file->doctype && !file->records)))
		return OK;
	loaded->file = file;
	loaded->csv = same(file->format, "csv");
	loaded->xml = same(file->format, "xml");
	loaded->rules = arena_array(arena, file->rows_count + 1, sizeof(*loaded->rules));
	loaded->lists = arena_array(arena, MAPPING_LISTS_MAX, sizeof(*loaded->lists));
	if (!loaded->rules || !loaded->lists)
		return fail(err, ERR_MEMORY, "no memory left for the mapping");
	find_schema(&loader, kernel);
	if (loaded->schema && broken)
		TRY(resolve_in_doubt(&loader, err));
	else if (loaded->schema)
		resolve(&loader);
	if (loader.no_memory)
		return fail(err, ERR_LIMIT, "the mapping names more than %d columns, or there is no memory left",
			    CSV_CELLS_MAX);
	if (findings_errors(findings) == errors)
		*mapping = loaded;
	return OK;
}

const struct doctype *mapping_doctype(const struct mapping *mapping)
{
	return mapping->doctype;
}

const struct edition_kind *mapping_kind(const struct mapping *mapping)
{
	return mapping->kind;
}

const char *mapping_subject(const struct mapping *mapping)
{
	return mapping->doctype ? mapping->doctype->code : mapping->kind->name;
}

const char *mapping_format(const struct mapping *mapping)
{
	return mapping->file->format;
}

const char *mapping_charset(const struct mapping *mapping)
{
	return mapping->dialect.charset;
}
