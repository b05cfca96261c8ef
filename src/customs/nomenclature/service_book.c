/* Books: which editions count on a day, read once into memory, and shared while they count. */
#include <stdlib.h>

#include "base/text.h"
#include "customs/nomenclature/nomenclature_int.h"

enum {
	BOOK_BYTES_MAX = 256 << 20, /* of one book; AHTN 2022 in three languages takes a twentieth of it */
	BASES_MAX = 4,              /* national book, AHTN, HS */
};

void book_close(const struct book *book)
{
	if (book)
		shared_close(&book->shared);
}

/* --- What a book is made of --- */

struct parts {
	struct nomenclature_version version;
	date day;
	struct edition lines, headings;
	struct edition_list notes, units; /* of this version alone */
	struct parts *base;               /* NULL */
	const char *key;
};

static enum err_code of_version(struct tx *tx, struct arena *arena, const char *kind, const struct parts *parts,
				struct edition_list *list, struct err *err)
{
	struct edition_list all;
	size_t count = 0;

	TRY(edition_between(tx, arena, kind, parts->day, parts->day, &all, err));
	for (size_t i = 0; i < all.count; i++)
		if (subject_is_of(all.items[i].subject, parts->version.code))
			all.items[count++] = all.items[i];
	*list = (struct edition_list){ .items = all.items, .count = count };
	return OK;
}

static void key_add(struct arena *arena, struct parts *parts, const struct edition_list *list)
{
	for (size_t i = 0; parts->key && i < list->count; i++)
		parts->key = arena_printf(arena, "%s %s", parts->key, list->items[i].id);
}

static enum err_code find_parts(struct tx *tx, struct arena *arena, const char *code, date as_of, int depth,
				struct parts *parts, struct err *err)
{
	char from[DATE_SIZE];

	*parts = (struct parts){ 0 };
	TRY(nomenclature_version_find(tx, arena, code, &parts->version, err));
	if (!parts->version.code || depth == BASES_MAX)
		return OK;
	parts->day = version_day(&parts->version, as_of);
	TRY(edition_on(tx, arena, lines_kind.name, parts->version.code, parts->day, &parts->lines, err));
	TRY(edition_on(tx, arena, headings_kind.name, parts->version.code, parts->day, &parts->headings, err));
	TRY(of_version(tx, arena, notes_kind.name, parts, &parts->notes, err));
	TRY(of_version(tx, arena, units_kind.name, parts, &parts->units, err));
	/* What is said of a national version may change. */
	parts->key = arena_printf(arena, "%s %s %s %s %s", parts->version.code, date_format(parts->version.from, from),
				  parts->version.title, parts->lines.id ? parts->lines.id : "-",
				  parts->headings.id ? parts->headings.id : "-");
	key_add(arena, parts, &parts->notes);
	key_add(arena, parts, &parts->units);
	if (parts->version.base && parts->key) {
		parts->base = arena_alloc(arena, sizeof(*parts->base));
		if (!parts->base)
			return fail(err, ERR_MEMORY, "no memory for the parts of a book");
		/* The base as it was on the day that is asked for, also where the national one began later. */
		TRY(find_parts(tx, arena, parts->version.base, parts->day, depth + 1, parts->base, err));
		parts->key = arena_printf(arena, "%s / %s", parts->key, parts->base->key ? parts->base->key : "-");
	}
	return parts->key ? OK : fail(err, ERR_MEMORY, "no memory for the parts of a book");
}

/* --- Reading --- */

struct loading {
	struct arena *arena; /* the book's */
	struct book *book;
	struct book_line *lines;
	size_t room;
	struct upper_line *upper;
	size_t upper_count, upper_room;
	struct book_note *notes;
	size_t notes_count, notes_room;
	struct unit_record *units;
	size_t units_count, units_room;
	struct book_tree tree;
	const struct edition *edition; /* that is being read */
	bool full;
};

#define NO_ROOM(err) fail(err, ERR_MEMORY, "a book of the nomenclature takes more than %d bytes", BOOK_BYTES_MAX)

static void take_line(void *arg, const struct book_line *line)
{
	struct loading *loading = arg;
	struct book *book = loading->book;
	struct book_line *lines =
		array_with_room(loading->arena, loading->lines, book->lines_count, &loading->room, sizeof(*lines));

	loading->full = loading->full || !lines;
	if (!lines)
		return;
	lines[book->lines_count] = *line;
	book->lines_count++;
	lines[book->lines_count - 1].end = book->lines_count;
	book->coded_count += *line->code != '\0';
	loading->lines = lines;
}

static enum err_code read_line(void *arg, int64_t number, const void *given, struct arena *scratch, struct err *err)
{
	struct loading *loading = arg;
	const struct line_record *record = given;
	char code[CODE_SIZE] = "";

	(void)number;
	(void)scratch;
	if (record->code && !code_parse(record->code, code))
		return fail(err, ERR_INTERNAL, "edition %s has the code %s", loading->edition->id, record->code);
	loading->book->dashed = loading->book->dashed || (record->dashes != INTEGER_NONE && record->dashes > 0);
	book_tree_add(&loading->tree, record, code);
	return loading->full || loading->tree.full ? NO_ROOM(err) : OK;
}

static enum err_code read_heading(void *arg, int64_t number, const void *given, struct arena *scratch, struct err *err)
{
	struct loading *loading = arg;
	const struct line_record *record = given;
	struct nomenclature_texts *texts = arena_alloc(loading->arena, sizeof(*texts));
	char code[CODE_SIZE];

	(void)number;
	(void)scratch;
	if (!record->code || !code_parse(record->code, code) || same(record->kind, "group"))
		return OK;
	loading->upper = array_with_room(loading->arena, loading->upper, loading->upper_count, &loading->upper_room,
					 sizeof(*loading->upper));
	if (!loading->upper || !texts || (record->text && !texts_keep(loading->arena, texts, record->text)))
		return NO_ROOM(err);
	struct upper_line *upper = &loading->upper[loading->upper_count++];
	*upper = (struct upper_line){ .code = arena_text(loading->arena, code),
				      .dashes = record->dashes,
				      .texts = texts,
				      .unit = arena_text(loading->arena, record->unit) };
	return upper->code ? OK : NO_ROOM(err);
}

static const char *place_of(struct arena *arena, const struct note_record *note)
{
	char digits[CODE_SIZE];

	if (!note->place || !code_parse(note->place, digits))
		return arena_text(arena, note->place);
	return same(note->kind, "section") ? section_of(digits) : arena_text(arena, digits);
}

static enum err_code read_note(void *arg, int64_t number, const void *given, struct arena *scratch, struct err *err)
{
	struct loading *loading = arg;
	struct arena *arena = loading->arena;
	const struct note_record *record = given;

	(void)number;
	(void)scratch;
	loading->notes = array_with_room(arena, loading->notes, loading->notes_count, &loading->notes_room,
					 sizeof(*loading->notes));
	if (!loading->notes)
		return NO_ROOM(err);
	loading->notes[loading->notes_count++] = (struct book_note){
		.kind = arena_text(arena, record->kind),
		.place = place_of(arena, record),
		.codes = arena_text(arena, record->codes),
		.number = arena_text(arena, record->number),
		.language = arena_text(arena, record->language),
		.title = arena_text(arena, record->title),
		.text = arena_text(arena, record->text),
		.source = arena_text(arena, record->source),
		.version = loading->book->version.code,
		.cut = record->cut,
	};
	return OK;
}

static enum err_code read_unit(void *arg, int64_t number, const void *given, struct arena *scratch, struct err *err)
{
	struct loading *loading = arg;
	const struct unit_record *record = given;
	char code[CODE_SIZE];

	(void)number;
	(void)scratch;
	if (!code_parse(record->code, code))
		return OK;
	loading->units = array_with_room(loading->arena, loading->units, loading->units_count, &loading->units_room,
					 sizeof(*loading->units));
	if (!loading->units)
		return NO_ROOM(err);
	loading->units[loading->units_count++] = (struct unit_record){
		.code = arena_text(loading->arena, code),
		.unit = arena_text(loading->arena, record->unit),
		.basis = arena_text(loading->arena, record->basis),
	};
	return OK;
}

static enum err_code read_all(struct tx *tx, struct loading *loading, const struct edition_list *list,
			      const struct schema *schema, size_t bytes, record_fn *each, struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		loading->edition = &list->items[i];
		TRY(store_records(tx, list->items[i].id, schema, bytes, each, loading, err));
	}
	return OK;
}

/* --- What follows from the lines --- */

/* By code; of the same record, of which there may be several sources, the first stays first. */
static int unit_order(const void *a, const void *b)
{
	return strcmp(((const struct unit_record *)a)->code, ((const struct unit_record *)b)->code);
}

static int upper_order(const void *a, const void *b)
{
	return strcmp(((const struct upper_line *)a)->code, ((const struct upper_line *)b)->code);
}

static void end_lines(struct book *book, struct book_line *lines)
{
	for (uint32_t i = book->lines_count; i > 0; i--) {
		struct book_line *line = &lines[i - 1];

		if (line->parent != BOOK_NONE && lines[line->parent].end < line->end)
			lines[line->parent].end = line->end;
	}
}

struct coded {
	const char *code;
	uint32_t line;
};

static int coded_order(const void *a, const void *b)
{
	const struct coded *x = a, *y = b;
	int order = strcmp(x->code, y->code);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static enum err_code index_lines(struct loading *loading, struct err *err)
{
	struct book *book = loading->book;
	struct coded *coded = arena_array(loading->arena, book->coded_count, sizeof(*coded));
	uint32_t *by_code = arena_array(loading->arena, book->coded_count, sizeof(*by_code)), count = 0;

	if (!coded || !by_code)
		return NO_ROOM(err);
	for (uint32_t i = 0; i < book->lines_count; i++)
		if (*book->lines[i].code)
			coded[count++] = (struct coded){ book->lines[i].code, i };
	qsort(coded, count, sizeof(*coded), coded_order);
	for (uint32_t i = 0; i < count; i++)
		by_code[i] = coded[i].line;
	book->by_code = by_code;
	return OK;
}

static const struct unit_record *unit_find(const struct loading *loading, const char *code)
{
	const struct unit_record key = { .code = code };

	return loading->units_count ? bsearch(&key, loading->units, loading->units_count, sizeof(key), unit_order)
				    : NULL;
}

/* A line's own, that of its subheading, or what the base or the line above has. */
static void set_units(const struct loading *loading, struct book_line *lines)
{
	const struct book *book = loading->book;

	for (uint32_t i = 0; i < book->lines_count; i++) {
		struct book_line *line = &lines[i];
		char code[CODE_SIZE];
		const struct unit_record *unit = NULL;
		uint32_t base = BOOK_NONE;

		memcpy(code, line->code, strlen(line->code) + 1);
		for (size_t length = strlen(code); !line->unit && !unit && length >= 4; length--) {
			code[length] = '\0';
			unit = unit_find(loading, code);
			base = base == BOOK_NONE && book->base ? book_find(book->base, code) : base;
		}
		if (unit) {
			line->unit = unit->unit;
			line->unit_basis = unit->basis;
		} else if (!line->unit && base != BOOK_NONE && book->base->lines[base].unit) {
			line->unit = book->base->lines[base].unit;
			line->unit_basis = book->base->lines[base].unit_basis;
		} else if (!line->unit && line->parent != BOOK_NONE) {
			line->unit = lines[line->parent].unit;
			line->unit_basis = lines[line->parent].unit_basis;
		}
	}
}

static enum err_code load_lines(struct tx *tx, const struct parts *parts, struct loading *loading, struct err *err)
{
	struct book *book = loading->book;
	struct edition headings = parts->headings, lines = parts->lines;

	loading->tree = (struct book_tree){ .arena = loading->arena,
					    .version = &book->version,
					    .base = book->base,
					    .texts = true,
					    .emit = take_line,
					    .arg = loading };
	if (headings.id)
		TRY(read_all(tx, loading, &(struct edition_list){ &headings, 1 }, &line_schema,
			     sizeof(struct line_record), read_heading, err));
	if (loading->upper_count)
		qsort(loading->upper, loading->upper_count, sizeof(*loading->upper), upper_order);
	loading->tree.upper = loading->upper;
	loading->tree.upper_count = loading->upper_count;
	TRY(read_all(tx, loading, &(struct edition_list){ &lines, 1 }, &line_schema, sizeof(struct line_record),
		     read_line, err));
	end_lines(book, loading->lines);
	book->lines = loading->lines;
	return index_lines(loading, err);
}

static enum err_code open_parts(struct tx *tx, const struct parts *parts, const struct book **book, struct err *err);

static bool describe(struct book *book, const struct parts *parts)
{
	struct arena *arena = book->shared.arena;

	book->version = parts->version;
	book->version.code = arena_text(arena, parts->version.code);
	book->version.title = arena_text(arena, parts->version.title);
	book->version.base = arena_text(arena, parts->version.base);
	book->version.law = arena_text(arena, parts->version.law);
	book->day = parts->day;
	book->edition = arena_text(arena, parts->lines.id);
	book->edition_title = arena_text(arena, parts->lines.title);
	book->edition_from = parts->lines.from;
	book->shared.key = arena_text(arena, parts->key);
	return book->version.code && book->version.title && book->edition && book->shared.key;
}

static enum err_code load_into(struct tx *tx, const struct parts *parts, struct book *book, struct err *err)
{
	struct loading loading = { .arena = book->shared.arena, .book = book };

	if (!describe(book, parts))
		return NO_ROOM(err);
	if (parts->base)
		TRY(open_parts(tx, parts->base, &book->base, err));
	book->shared.below = book->base ? &book->base->shared : NULL;
	TRY(load_lines(tx, parts, &loading, err));
	TRY(read_all(tx, &loading, &parts->notes, &note_schema, sizeof(struct note_record), read_note, err));
	TRY(read_all(tx, &loading, &parts->units, &unit_schema, sizeof(struct unit_record), read_unit, err));
	if (loading.units_count)
		qsort(loading.units, loading.units_count, sizeof(*loading.units), unit_order);
	set_units(&loading, loading.lines);
	book->notes = loading.notes;
	book->notes_count = (uint32_t)loading.notes_count;
	return OK;
}

static enum err_code load(struct tx *tx, const struct parts *parts, const struct book **made, struct err *err)
{
	struct book *book = shared_new(BOOK_BYTES_MAX, sizeof(*book));
	enum err_code code;

	if (!book)
		return NO_ROOM(err);
	code = load_into(tx, parts, book, err);
	if (code == OK)
		*made = book;
	else
		book_close(book);
	return code;
}

static enum err_code open_parts(struct tx *tx, const struct parts *parts, const struct book **book, struct err *err)
{
	const struct book *found;

	if (!parts->lines.id)
		return OK;
	found = shelf_find(parts->key);
	if (!found) {
		TRY(load(tx, parts, &found, err));
		shelf_put(&found->shared);
	}
	*book = found;
	return OK;
}

struct opening {
	const char *version;
	date as_of;
	const struct book *book;
};

static enum err_code open_book(struct tx *tx, void *arg, struct err *err)
{
	enum { PARTS_BYTES_MAX = 16 << 20 };
	struct opening *opening = arg;
	arena_auto arena = arena_new(PARTS_BYTES_MAX);
	struct parts parts;

	/* It may run again. */
	book_close(opening->book);
	opening->book = NULL;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for the parts of a book");
	TRY(find_parts(tx, arena, opening->version, opening->as_of, 0, &parts, err));
	return open_parts(tx, &parts, &opening->book, err);
}

enum err_code book_open(struct kernel *kernel, const char *version, date as_of, const struct book **book,
			struct err *err)
{
	struct opening opening = { .version = version, .as_of = as_of };
	enum err_code code = db_read(kernel->db, open_book, &opening, err);

	if (code == OK)
		*book = opening.book;
	else
		book_close(opening.book);
	return code;
}
