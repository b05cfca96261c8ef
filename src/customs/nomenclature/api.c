/* The routes of the nomenclature. */
#include <stdio.h>

#include "base/text.h"
#include "customs/nomenclature/api_int.h"

enum { CHILDREN_MAX = 500, NEAR_MAX = 5, NOTES_SHOWN_MAX = 200 };

/* --- Parameters of their queries --- */

static enum err_code languages(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	(void)tx, (void)call, (void)err;
	for (size_t i = 0; texts_language(i); i++)
		query_word(words, texts_language(i));
	return OK;
}

static enum err_code versions(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	struct nomenclature_version_list list;
	TRY(nomenclature_versions(tx, call->arena, &list, err));
	for (size_t i = 0; i < list.count; i++) {
		query_word(words, list.items[i].code);
		if (starts_with(list.items[i].code, "HS"))
			query_word(words, list.items[i].code + 2);
	}
	return OK;
}

/* clang-format off */
static const struct query_row
	query_as_of = { .name = "as_of", .kind = QUERY_DAY, .summary = "as it was on this day; today if there is none" },
	query_language = { .name = "language", .kind = QUERY_WORD, .summary = "language of texts, where there are texts in it (ISO 639)",
			   .words = languages, .fixed = true, .what = "language of texts" },
	query_below = { .name = "below", .kind = QUERY_TEXT, .summary = "what is below this code; the chapters if there is none" },
	query_levels = { .name = "levels", .kind = QUERY_COUNT, .summary = "so many levels below it; 1 if there is none" },
	query_notes = { .name = "notes", .kind = QUERY_FLAG, .summary = "with the notes that govern the line" },
	query_rules = { .name = "rules", .kind = QUERY_FLAG, .summary = "with the General Interpretative Rules" },
	query_to = { .name = "to", .kind = QUERY_WORD, .summary = "the other version, or the year of one of the HS; the one before it if there is none",
		     .words = versions, .what = "version of the nomenclature",
		     .more = "lintas nomenclature versions shows what there is" },
	query_from_version = { .name = "from", .kind = QUERY_WORD, .summary = "the version that the codes are of",
			       .words = versions, .what = "version of the nomenclature",
			       .more = "lintas nomenclature versions shows what there is" },
	query_all = { .name = "all", .kind = QUERY_FLAG, .summary = "subheadings that take from everywhere are listed, too" };
/* clang-format on */

static date asked_day(const struct call *call)
{
	const char *text = call_query(call, "as_of");
	date day;
	return text && date_parse(text, &day) ? day : date_of_time(call->now_us);
}

/* --- Versions --- */

struct reading_versions {
	struct call *call;
	struct nomenclature_version_list list;
};

static enum err_code read_versions(struct tx *tx, void *arg, struct err *err)
{
	struct reading_versions *reading = arg;
	return nomenclature_versions(tx, reading->call->arena, &reading->list, err);
}

static enum err_code show_version(struct call *call, const struct nomenclature_version *version,
				  struct version_view *view, struct err *err)
{
	date today = date_of_time(call->now_us);
	book_auto book = NULL;
	TRY(book_open(call->kernel, version->code, today, &book, err));
	*view = (struct version_view){
		.code = version->code,
		.title = version->title,
		.base = version->base,
		.law = version->law,
		.from = version->from,
		.until = version->until,
		.digits = version->digits,
		.national = version->national,
		.in_force = version_day(version, today) == today,
		.lines = book ? (int64_t)book->lines_count : 0,
	};
	return OK;
}

static enum err_code versions_list(struct call *call, struct err *err)
{
	struct reading_versions reading = { .call = call };
	TRY(db_read(call->kernel->db, read_versions, &reading, err));
	struct version_list_view view = { .items = arena_array(call->arena, reading.list.count,
							       sizeof(struct version_view)) };
	if (!view.items)
		return fail(err, ERR_MEMORY, "no memory for the versions");
	for (; view.count < reading.list.count; view.count++)
		TRY(show_version(call, &reading.list.items[view.count], &view.items[view.count], err));
	return call_answer(call, &view, err);
}

static enum err_code version_put(struct call *call, struct err *err)
{
	struct version_view view;
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	const struct nomenclature_version version = {
		.code = call->parameters[0],
		.title = view.title,
		.base = view.base,
		.from = view.from,
		.until = view.until,
		.digits = view.digits,
		.national = true,
	};
	TRY(nomenclature_version_put(call->kernel, call->arena, &version, &call->actor, call->findings, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(show_version(call, &version, &view, err));
	return call_answer(call, &view, err);
}

/* --- Lines --- */

/* What a group is, its codes say best where its text is lost. */
static void show_range(struct arena *arena, const struct book *book, uint32_t index, struct line_view *view)
{
	char code[CODE_TEXT_SIZE];
	for (uint32_t i = index + 1; i < book->lines[index].end; i++)
		if (*book->lines[i].code) {
			view->last = arena_text(arena, code_format(book->lines[i].code, code));
			view->first = view->first ? view->first : view->last;
		}
}

static void show_line(struct arena *arena, const struct book *book, uint32_t index, const char *language,
		      struct line_view *view)
{
	const struct book_line *line = &book->lines[index];
	char code[CODE_TEXT_SIZE];
	*view = (struct line_view){
		.code = *line->code ? arena_text(arena, code_format(line->code, code)) : NULL,
		.depth = line->depth,
		.origin = book_origin_name(line->origin),
		.unit = arena_text(arena, line->unit),
		.below = line->end - index - 1,
	};
	view->text = arena_text(arena, texts_best(line->texts, language, &view->language));
	if (!view->code)
		show_range(arena, book, index, view);
}

/* Lines that have PARENT (BOOK_NONE: the chapters), and LEVELS - 1 levels below them, before UNTIL. */
static enum err_code show_below(struct call *call, const struct book *book, uint32_t parent, int64_t levels,
				struct line_view **views, size_t *count, struct err *err)
{
	uint32_t first = parent == BOOK_NONE ? 0 : parent + 1;
	uint32_t end = parent == BOOK_NONE ? book->lines_count : book->lines[parent].end;
	int depth = parent == BOOK_NONE ? 0 : book->lines[parent].depth + 1;
	struct line_view *all = arena_array(call->arena, CHILDREN_MAX, sizeof(*all));
	size_t shown = 0;
	if (!all)
		return fail(err, ERR_MEMORY, "no memory for the lines");
	for (uint32_t i = first; i < end && shown < CHILDREN_MAX; i++)
		if (book->lines[i].depth < depth + levels)
			show_line(call->arena, book, i, call_query(call, "language"), &all[shown++]);
	*views = all;
	*count = shown;
	return OK;
}

/* What became of CODE, of the version before; nothing if that cannot be said: it only stands beside what was not found.
 */
static void look_before(struct call *call, const char *before, const char *version, const char *code,
			struct correlation *found)
{
	struct findings *findings = findings_new(call->arena);
	correlator_auto correlator = NULL;
	struct err err;
	enum err_code done =
		findings ? correlator_open(call->kernel, before, version, asked_day(call), &correlator, findings, &err)
			 : ERR_MEMORY;
	if (done == OK && correlator)
		done = correlator_look(correlator, call->arena, code, NULL, false, found, findings, &err);
	if (done != OK || findings_errors(findings))
		*found = (struct correlation){ 0 };
}

/* "; AHTN2017 had it, and it became 8517.13, 8517.14": of a code that is not there. */
static const char *elsewhere(struct call *call, const struct nomenclature_version_list *list, const char *version,
			     const char *code)
{
	struct correlation found = { 0 };
	const char *before, *after, *text = "";
	char formatted[CODE_TEXT_SIZE];
	version_neighbours(list, version, &before, &after);
	if (before)
		look_before(call, before, version, code, &found);
	for (size_t i = 0; text && i < found.count && i < NEAR_MAX; i++)
		if (!found.items[i].collapsed)
			text = arena_printf(call->arena, "%s%s %s", text, *text ? "," : "",
					    code_format(found.items[i].code, formatted));
	if (!text || !*text)
		return "";
	return arena_printf(call->arena, "; %s had it, and it became%s%s", before, text,
			    found.items[0].inferred ? " (inferred)" : "");
}

static enum err_code not_there(struct call *call, const struct book *book, const struct nomenclature_version_list *list,
			       const char *code, struct err *err)
{
	uint32_t near[NEAR_MAX];
	size_t count = book_near(book, code, near, NEAR_MAX);
	const char *codes = "";
	char formatted[CODE_TEXT_SIZE];
	for (size_t i = 0; codes && i < count; i++)
		codes = arena_printf(call->arena, "%s%s %s", codes, i ? "," : "; near it are",
				     code_format(book->lines[near[i]].code, formatted));
	const char *successors = elsewhere(call, list, book->version.code, code);
	return fail(err, ERR_NOT_FOUND, "%s has no line %s%s%s", book->version.code, code_format(code, formatted),
		    codes ? codes : "", successors ? successors : "");
}

struct asked_line {
	struct nomenclature_version_list versions;
	const struct book *book;
	char code[CODE_SIZE];
};

/* The book that the path names; the caller closes it. */
static enum err_code open_asked(struct call *call, struct asked_line *asked, struct err *err)
{
	struct reading_versions reading = { .call = call };
	const char *version = call->parameters[0];
	TRY(db_read(call->kernel->db, read_versions, &reading, err));
	asked->versions = reading.list;
	version = same(version, "current") ? version_current(&reading.list, call->kernel->state, asked_day(call))
					   : version_named(call->arena, version);
	if (!version_among(&reading.list, version))
		return fail(
			err, ERR_NOT_FOUND,
			"there is no version %s of the nomenclature; lintas nomenclature versions shows what there is",
			call->parameters[0]);
	TRY(book_open(call->kernel, version, asked_day(call), &asked->book, err));
	if (!asked->book)
		return fail(err, ERR_NOT_FOUND,
			    "no edition of the lines of %s counts here on that day; "
			    "lintas nomenclature import brings one",
			    version);
	return OK;
}

static const char *title_of_section(struct arena *arena, const struct book *book, const char *section)
{
	for (; section && book; book = book->base)
		for (uint32_t i = 0; i < book->notes_count; i++)
			if (same(book->notes[i].kind, "section") && same(book->notes[i].place, section) &&
			    book->notes[i].title)
				return arena_text(arena, book->notes[i].title);
	return NULL;
}

static void show_note(struct arena *arena, const struct book_note *note, struct note_view *view)
{
	*view = (struct note_view){
		.kind = arena_text(arena, note->kind),
		.place = arena_text(arena, note->place ? note->place : note->codes),
		.number = arena_text(arena, note->number),
		.language = arena_text(arena, note->language),
		.title = arena_text(arena, note->title),
		.text = arena_text(arena, note->text),
		.version = arena_text(arena, note->version),
		.source = arena_text(arena, note->source),
		.cut = note->cut,
	};
}

static bool is_asked_note(const struct book_note *note, const char *kind, const char *code, const char *language)
{
	return (!kind || same(note->kind, kind)) && same(note->language, language) && note->text &&
	       note_governs(note, code);
}

/* Whether a note of KIND, in BOOK or those below it, speaks LANGUAGE. */
static bool is_said_in(const struct book *book, const char *kind, const char *code, const char *language)
{
	for (; book; book = book->base)
		for (uint32_t i = 0; i < book->notes_count; i++)
			if (is_asked_note(&book->notes[i], kind, code, language))
				return true;
	return false;
}

/* Of the line's version and of those below it: in the language asked for, each kind that is not in it in English. */
static enum err_code show_notes(struct call *call, const struct book *book, const char *code,
				struct book_line_view *view, struct err *err)
{
	const char *language = call_query(call, "language");
	const struct book *whole = book;
	bool rules = call_flag(call, "rules"), notes = call_flag(call, "notes");
	language = language ? language : "en";
	view->notes = arena_array(call->arena, NOTES_SHOWN_MAX, sizeof(*view->notes));
	if (!view->notes)
		return fail(err, ERR_MEMORY, "no memory for the notes");
	for (; book; book = book->base)
		for (uint32_t i = 0; i < book->notes_count && view->notes_count < NOTES_SHOWN_MAX; i++) {
			const struct book_note *note = &book->notes[i];
			if (!(same(note->kind, "gir") ? rules : notes))
				continue;
			if (is_asked_note(note, NULL, code, language) ||
			    (is_asked_note(note, NULL, code, "en") && !is_said_in(whole, note->kind, code, language)))
				show_note(call->arena, note, &view->notes[view->notes_count++]);
		}
	return OK;
}

static enum err_code show_correlation(struct call *call, const struct correlation *found, struct correlation_view *view,
				      struct err *err)
{
	char code[CODE_TEXT_SIZE];
	*view = (struct correlation_view){
		.from_version = found->from_version,
		.from_code = arena_text(call->arena, code_format(found->from_code, code)),
		.to_version = found->to_version,
		.relationship = *found->relationship ? found->relationship : NULL,
		.apart = *found->relationship_rest ? found->relationship_rest : NULL,
		.through = found->through,
		.person = found->person,
		.why = found->why,
		.items = arena_array(call->arena, found->count, sizeof(*view->items)),
	};
	if (!view->items)
		return fail(err, ERR_MEMORY, "no memory for a correlation");
	for (; view->count < found->count; view->count++) {
		const struct correlated *item = &found->items[view->count];
		view->items[view->count] = (struct correlated_view){
			.code = arena_text(call->arena, code_format(item->code, code)),
			.text = item->text,
			.of = item->of,
			.collapsed = item->collapsed ? item->collapsed : INTEGER_NONE,
			.inferred = item->inferred,
			.missing = item->missing,
		};
	}
	return OK;
}

/* What it was in the version before, and what it becomes in the next, as far as tables say. */
static enum err_code show_changes(struct call *call, const struct asked_line *asked, const char *code,
				  struct book_line_view *view, struct err *err)
{
	const char *neighbours[2];
	version_neighbours(&asked->versions, asked->book->version.code, &neighbours[0], &neighbours[1]);
	view->changes = arena_array(call->arena, COUNT(neighbours), sizeof(*view->changes));
	if (!view->changes)
		return fail(err, ERR_MEMORY, "no memory for the changes of a line");
	for (size_t i = 0; i < COUNT(neighbours) && strlen(code) >= 6; i++) {
		struct findings *findings = findings_new(call->arena);
		correlator_auto correlator = NULL;
		struct correlation found = { 0 };
		if (!neighbours[i] || !findings)
			continue;
		TRY(correlator_open(call->kernel, asked->book->version.code, neighbours[i], asked_day(call),
				    &correlator, findings, err));
		if (correlator)
			TRY(correlator_look(correlator, call->arena, code, call_query(call, "language"), false, &found,
					    findings, err));
		if (found.count)
			TRY(show_correlation(call, &found, &view->changes[view->changes_count++], err));
	}
	return OK;
}

static void describe(struct call *call, const struct book *book, const struct book_line *line,
		     struct book_line_view *view)
{
	struct arena *arena = call->arena;
	char code[CODE_TEXT_SIZE];
	*view = (struct book_line_view){
		.version = arena_text(arena, book->version.code),
		.version_title = arena_text(arena, book->version.title),
		.from = book->version.from,
		.until = book->version.until,
		.in_force = book->day == asked_day(call),
		.day = book->day,
		.edition = arena_text(arena, book->edition),
		.edition_title = arena_text(arena, book->edition_title),
		.edition_from = book->edition_from,
		.base = book->base ? arena_text(arena, book->base->version.code) : NULL,
		.code = arena_text(arena, code_format(line->code, code)),
		.section = section_of(line->code),
		.section_title = title_of_section(arena, book, section_of(line->code)),
		.origin = book_origin_name(line->origin),
		.unit = arena_text(arena, line->unit),
		.unit_basis = arena_text(arena, line->unit_basis),
		.national = line->national,
	};
	view->text = arena_text(arena, texts_best(line->texts, call_query(call, "language"), &view->language));
}

static enum err_code show_book_line(struct call *call, const struct asked_line *asked, uint32_t index,
				    struct book_line_view *view, struct err *err)
{
	const struct book *book = asked->book;
	const struct book_line *line = &book->lines[index];
	uint32_t path[BOOK_DEPTH_MAX];
	describe(call, book, line, view);
	unsigned depth = book_path(book, index, path);
	view->path = arena_array(call->arena, depth, sizeof(*view->path));
	if (!view->path)
		return fail(err, ERR_MEMORY, "no memory for the path of a line");
	for (unsigned i = 0; i < depth; i++)
		show_line(call->arena, book, path[i], call_query(call, "language"), &view->path[view->path_count++]);
	TRY(show_below(call, book, index, 1, &view->children, &view->children_count, err));
	if (line->depth > 0 && !view->children_count)
		TRY(show_below(call, book, line->parent, 1, &view->siblings, &view->siblings_count, err));
	TRY(show_notes(call, book, line->code, view, err));
	return show_changes(call, asked, line->code, view, err);
}

static enum err_code find_line(struct call *call, struct asked_line *asked, const char *code, uint32_t *line,
			       struct err *err)
{
	if (!code_parse(code, asked->code)) {
		finding_add(call->findings, &nomenclature_rules[NOM_NO_CODE], "/code", code, NULL);
		return OK;
	}
	TRY(open_asked(call, asked, err));
	*line = book_find(asked->book, asked->code);
	return *line == BOOK_NONE ? not_there(call, asked->book, &asked->versions, asked->code, err) : OK;
}

static enum err_code line_get(struct call *call, struct err *err)
{
	struct asked_line asked = { 0 };
	struct book_line_view view;
	uint32_t line = BOOK_NONE;
	enum err_code code = find_line(call, &asked, call->parameters[1], &line, err);
	if (code == OK && !findings_errors(call->findings))
		code = show_book_line(call, &asked, line, &view, err);
	if (code == OK && !findings_errors(call->findings))
		code = call_answer(call, &view, err);
	book_close(asked.book);
	return code;
}

static enum err_code lines_list(struct call *call, struct err *err)
{
	struct asked_line asked = { 0 };
	struct line_list_view view = { 0 };
	uint32_t line = BOOK_NONE;
	int64_t levels = 1;
	const char *below = call_query(call, "below"), *given = call_query(call, "levels");
	enum err_code code;
	if (given && !int64_parse(given, &levels))
		levels = 1;
	code = below ? find_line(call, &asked, below, &line, err) : open_asked(call, &asked, err);
	if (code == OK && !findings_errors(call->findings))
		code = show_below(call, asked.book, line, levels, &view.items, &view.count, err);
	if (code == OK && !findings_errors(call->findings))
		code = call_answer(call, &view, err);
	book_close(asked.book);
	return code;
}

/* --- Correlation --- */

/* The version that is asked for, or the one before FROM. */
static enum err_code other_version(struct call *call, const char *from, const char **to, struct err *err)
{
	struct reading_versions reading = { .call = call };
	const char *before, *after;
	*to = call_query(call, "to");
	if (*to)
		return OK;
	TRY(db_read(call->kernel->db, read_versions, &reading, err));
	version_neighbours(&reading.list, version_named(call->arena, from), &before, &after);
	*to = before ? before : after ? after : ""; /* which is none: a finding */
	return OK;
}

/* "2022:8517.62". */
static enum err_code correlation_get(struct call *call, struct err *err)
{
	const char *asked = call->parameters[0], *colon = strchr(asked, ':'), *to;
	struct correlation found = { 0 };
	struct correlation_view view;
	correlator_auto correlator = NULL;
	if (!colon)
		return fail(err, ERR_NOT_FOUND, "a correlation is asked for as VERSION:CODE, such as 2022:8517.62");
	const char *from = arena_text_of(call->arena, bytes(asked, (size_t)(colon - asked)));
	if (!from)
		return fail(err, ERR_MEMORY, "no memory for a correlation");
	TRY(other_version(call, from, &to, err));
	TRY(correlator_open(call->kernel, from, to, asked_day(call), &correlator, call->findings, err));
	if (!correlator)
		return OK;
	TRY(correlator_look(correlator, call->arena, colon + 1, call_query(call, "language"), call_flag(call, "all"),
			    &found, call->findings, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(show_correlation(call, &found, &view, err));
	return call_answer(call, &view, err);
}

/* --- Whole lists --- */

enum { LIST_ROW_BYTES_MAX = 1 << 20 };

static enum err_code read_body(void *arg, void *to, size_t room, size_t *got, struct err *err)
{
	struct bytes *left = arg;
	(void)err;
	*got = room < left->size ? room : left->size;
	if (*got)
		memcpy(to, left->data, *got);
	*left = bytes(left->data + *got, left->size - *got);
	return OK;
}

/* "851713|851714|8549(6)". */
static const char *codes_text(struct arena *arena, const struct correlation *found)
{
	const char *all = "";
	for (size_t i = 0; all && i < found->count; i++) {
		const struct correlated *item = &found->items[i];
		all = arena_printf(arena, "%s%s%s%s", all, i ? "|" : "", item->code,
				   item->collapsed ? arena_printf(arena, "(%lld)", (long long)item->collapsed) : "");
	}
	return all;
}

/* One line of the answer: what became of CODE, and whether a person needs to look at it. */
static enum err_code put_correlated(struct call *call, const struct correlator *correlator, const char *code,
				    struct csv_writer *writer, struct err *err)
{
	arena_auto arena = arena_new(LIST_ROW_BYTES_MAX);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	struct correlation found = { .relationship = "", .relationship_rest = "", .person = true };
	bool inferred = false;
	size_t bad;
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for a line of a correlation");
	TRY(correlator_look(correlator, arena, code, NULL, false, &found, findings, err));
	if (findings_errors(findings))
		found.why = findings_at(findings, 0)->text;
	for (size_t i = 0; i < found.count; i++)
		inferred = inferred || found.items[i].inferred;
	const char *codes = codes_text(arena, &found);
	const char *const cells[] = {
		code,          found.relationship,         found.relationship_rest,     codes,
		found.through, inferred ? "inferred" : "", found.person ? "yes" : "no", found.why
	};
	if (!codes || !csv_put(writer, call->out, cells, COUNT(cells), &bad))
		return fail(err, ERR_MEMORY, "no memory for a line of a correlation");
	return buf_check(call->out, "a correlation", err);
}

/* Which column has the codes: the one called "code", or the first. */
static size_t code_column(const struct csv_record *head)
{
	for (size_t i = 0; i < head->count; i++)
		if (same_ignoring_case(head->cells[i].text, "code"))
			return i;
	return 0;
}

static enum err_code put_list(struct call *call, const struct correlator *correlator, struct csv_reader *reader,
			      struct csv_writer *writer, struct err *err)
{
	static const char *const head[] = { "code",    "relationship", "apart",  "to",
					    "through", "inferred",     "person", "why" };
	struct csv_record record;
	size_t bad, column;
	TRY(csv_next(reader, &record, call->findings, err));
	column = code_column(&record);
	if (!csv_put(writer, call->out, head, COUNT(head), &bad))
		return fail(err, ERR_MEMORY, "no memory for a correlation");
	do {
		TRY(csv_next(reader, &record, call->findings, err));
		if (record.count > column)
			TRY(put_correlated(call, correlator, record.cells[column].text, writer, err));
	} while (record.count > 0);
	return OK;
}

static enum err_code correlations_list(struct call *call, struct err *err)
{
	const struct csv_dialect dialect = { .delimiter = ',', .quote = '"', .lf = true };
	struct bytes left = call->body;
	const char *from = call_query(call, "from"), *to = call_query(call, "to");
	correlator_auto correlator = NULL;
	csv_reader_auto reader = NULL;
	struct csv_writer *writer = NULL;
	enum err_code code;
	/* What is not said is no version either: a finding. */
	TRY(correlator_open(call->kernel, from ? from : "", to ? to : "", asked_day(call), &correlator, call->findings,
			    err));
	if (!correlator)
		return OK;
	TRY(csv_open(&dialect, (struct csv_source){ .read = read_body, .arg = &left }, &reader, err));
	TRY(csv_writer_open(&dialect, &writer, err));
	call->content_type = "text/csv";
	code = put_list(call, correlator, reader, writer, err);
	csv_writer_close(writer);
	return code;
}

/* --- Rows --- */

const struct route nomenclature_routes[] = {
	{ .method = "GET",
	  .path = "/api/v1/nomenclature/versions",
	  .operation = "listNomenclatureVersions",
	  .summary = "Versions of the nomenclature, international and national, and whether their lines are here",
	  .permission = "reference.read",
	  .handle = versions_list,
	  .response = &version_list_schema },
	{ .method = "PUT",
	  .path = "/api/v1/nomenclature/versions/{version}",
	  .operation = "putNomenclatureVersion",
	  .summary = "Add a national version, or change it",
	  .permission = "reference.import",
	  .handle = version_put,
	  .request = &version_schema,
	  .response = &version_schema },
	{ .method = "GET",
	  .path = "/api/v1/nomenclature/{version}/lines",
	  .operation = "listNomenclatureLines",
	  .summary = "Lines of a version (current: the one in force here) below a code, in the order of the book",
	  .permission = "reference.read",
	  .handle = lines_list,
	  .response = &line_list_schema,
	  .query = QUERY(&query_below, &query_levels, &query_as_of, &query_language) },
	{ .method = "GET",
	  .path = "/api/v1/nomenclature/{version}/lines/{line}",
	  .operation = "getNomenclatureLine",
	  .summary = "One line: every level above it, what is below it or beside it, its notes, its unit, its changes",
	  .permission = "reference.read",
	  .handle = line_get,
	  .response = &book_line_schema,
	  .query = QUERY(&query_as_of, &query_language, &query_notes, &query_rules) },
	{ .method = "POST",
	  .path = "/api/v1/nomenclature/correlations",
	  .operation = "correlateNomenclature",
	  .summary =
		  "A whole list: CSV with a column code, answered with what became of each, and whether a person is needed",
	  .permission = "reference.read",
	  .handle = correlations_list,
	  .takes = "text/csv",
	  .gives = "text/csv",
	  .query = QUERY(&query_from_version, &query_to, &query_as_of) },
	{ .method = "GET",
	  .path = "/api/v1/nomenclature/correlations/{correlated}",
	  .operation = "getNomenclatureCorrelation",
	  .summary = "What became of VERSION:CODE in another version",
	  .permission = "reference.read",
	  .handle = correlation_get,
	  .response = &correlation_view_schema,
	  .query = QUERY(&query_to, &query_as_of, &query_language, &query_all) },
	{ 0 },
};
