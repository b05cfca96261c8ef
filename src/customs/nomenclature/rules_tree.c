/* The tree of a book. A file gives lines in order, each with its dashes; what is above a line is what was last given
 * with fewer. Files lose levels, so each line is placed by all that is known of what should be above it: the lines
 * themselves, the headings of a file beside them, the path that the file repeats, the version that this one is built
 * on. What nobody knows is a level that is lost, and says so. */
#include "base/text.h"
#include "customs/nomenclature/nomenclature_int.h"

#define LOST "…"

bool texts_keep(struct arena *arena, struct nomenclature_texts *kept, const struct nomenclature_texts *texts)
{
	/* All members are texts (texts_fields). */
	for (size_t i = 0; i < sizeof(*kept) / sizeof(char *); i++) {
		const char **to = (const char **)kept + i, *text = ((const char *const *)texts)[i];

		if (same(*to, text))
			continue;
		*to = arena_text(arena, text);
		if (text && !*to)
			return false;
	}
	return true;
}

/* What should stand at one level above a line. */
struct want {
	char code[CODE_SIZE]; /* "": not known, or none */
	const struct nomenclature_texts *headings, *path, *base;
	const void *source; /* the line of the headings or of the base */
	const char *unit;
};

unsigned book_tree_depth(const char *code)
{
	size_t length = strlen(code);

	return length <= 2 ? 0 : length <= 4 ? 1 : (unsigned)(length - 2) / 2;
}

static bool stands_for(const char *longer, const char *code)
{
	size_t length = strlen(code);

	return strncmp(longer, code, length) == 0 && strspn(longer + length, "0") == strlen(longer + length);
}

bool line_is_title(const struct line_record *record, const char *code)
{
	const char *text = texts_best(record->text, NULL, NULL);
	size_t roman = text ? strspn(text, "IVX") : 0;

	return strlen(code) == 4 && roman > 0 && text[roman] == '.' && text[roman + 1] == ' ';
}

static const struct upper_line *upper_find(const struct book_tree *tree, const char *code)
{
	size_t low = 0, high = tree->upper_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(tree->upper[middle].code, code);

		if (order == 0)
			return &tree->upper[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static unsigned depth_of_dashes(int64_t dashes, const char *code)
{
	if (dashes == INTEGER_NONE)
		return book_tree_depth(code);
	if (strlen(code) == 2)
		return 0;
	return dashes + 1 < BOOK_DEPTH_MAX ? (unsigned)dashes + 1 : BOOK_DEPTH_MAX - 1;
}

static unsigned depth_of(const struct book_tree *tree, const struct line_record *record, const char *code)
{
	uint32_t base;

	if (record->dashes == INTEGER_NONE && tree->base && *code && (base = book_find(tree->base, code)) != BOOK_NONE)
		return tree->base->lines[base].depth;
	return depth_of_dashes(record->dashes, code);
}

/* The version below: the longest beginning of the code that it has, and all that is above it. */
static void want_base(const struct book_tree *tree, const struct line_record *record, const char *code, unsigned depth,
		      struct want want[static BOOK_DEPTH_MAX])
{
	const struct book *base = tree->base;
	uint32_t at = BOOK_NONE;
	char prefix[CODE_SIZE];

	if (!base)
		return;
	memcpy(prefix, code, CODE_SIZE);
	for (size_t length = strlen(prefix); length >= 2 && at == BOOK_NONE; length--) {
		prefix[length] = '\0';
		at = book_find(base, prefix);
		/* A line that stands for a shorter code is not above that code. */
		if (at != BOOK_NONE && strlen(base->lines[at].code) > length)
			at = base->lines[at].depth < depth ? at : BOOK_NONE;
	}
	for (; at != BOOK_NONE; at = base->lines[at].parent) {
		const struct book_line *line = &base->lines[at];

		/* Where it does not know its levels it cannot say which of ours a subheading is. */
		if (line->depth >= depth || (line->depth > 1 && !base->dashed && record->dashes != INTEGER_NONE))
			continue;
		struct want *level = &want[line->depth];
		memcpy(level->code, line->code, strlen(line->code) + 1);
		level->base = line->texts;
		level->source = line;
	}
}

static void want_code(struct want *want, const char *code, size_t length)
{
	memcpy(want->code, code, length);
	want->code[length] = '\0';
}

static bool wanted(const struct want *want, unsigned depth, const char *code, size_t length)
{
	for (unsigned i = 0; i < depth; i++)
		if (strlen(want[i].code) == length && strncmp(want[i].code, code, length) == 0)
			return true;
	return false;
}

/* Chapter, heading, subheading, and the codes of longer ones: from the headings, or because there must be one. */
static void want_codes(const struct book_tree *tree, const struct line_record *record, const char *code, unsigned depth,
		       struct want want[static BOOK_DEPTH_MAX])
{
	char prefix[CODE_SIZE];

	for (size_t length = 2; length < strlen(code); length += 2) {
		memcpy(prefix, code, length);
		prefix[length] = '\0';
		const struct upper_line *upper = upper_find(tree, prefix);
		unsigned at = upper ? depth_of_dashes(upper->dashes, prefix) : book_tree_depth(prefix);

		if (at >= depth)
			continue;
		if (upper) {
			want_code(&want[at], code, length);
			want[at].headings = upper->texts;
			want[at].source = upper;
			want[at].unit = upper->unit;
		} else if (!wanted(want, depth, code, length) && !*want[at].code &&
			   (length <= 4 ||
			    (!tree->base && record->path_count == 0 && record->dashes == INTEGER_NONE))) {
			want_code(&want[at], code, length);
		}
	}
}

/* The path is kept in the tree, because lines of the file have it in common. */
static void want_path(struct book_tree *tree, const struct line_record *record, unsigned depth,
		      struct want want[static BOOK_DEPTH_MAX])
{
	for (size_t i = 0; i + 1 < record->path_count && i + 1 < depth; i++) {
		const char *text = texts_best(&record->path[i], NULL, NULL);

		tree->full = tree->full || !texts_keep(tree->arena, &tree->path[i], &record->path[i]);
		if (text && !same(text, LOST))
			want[i + 1].path = &tree->path[i];
	}
}

/* The same words, whatever mark ends them. */
static bool same_words(const char *a, const char *b)
{
	size_t one = a ? strlen(a) : 0, two = b ? strlen(b) : 0;

	while (one > 0 && strchr(".:; ", a[one - 1]))
		one--;
	while (two > 0 && strchr(".:; ", b[two - 1]))
		two--;
	return one == two && (one == 0 || strncmp(a, b, one) == 0);
}

/* No language has other words in B than in A. */
static bool same_texts(const struct nomenclature_texts *a, const struct nomenclature_texts *b)
{
	const char *language;

	for (size_t i = 0; (language = texts_language(i)); i++) {
		const char *one = texts_in(a, language), *two = texts_in(b, language);

		if (one && two && !same_words(one, two))
			return false;
	}
	return true;
}

/* Whether what stands open is what is wanted above CODE. */
static bool stays(const struct book_level *open, const struct want *want, const char *code)
{
	if (open->origin == BOOK_FILE) {
		if (*open->code)
			return strncmp(code, open->code, strlen(open->code)) == 0;
		return !want->path || same_texts(open->texts, want->path);
	}
	if (*want->code || *open->code)
		return strcmp(open->code, want->code) == 0;
	if (want->path)
		return open->texts && same_texts(open->texts, want->path);
	if (want->source)
		return open->source == want->source;
	/* Whether lines below a level that is lost belong together, only their digits can say. */
	return open->origin == BOOK_LOST && strncmp(open->place, code, 7) == 0;
}

static const struct nomenclature_texts no_texts;

/* What is known of the text in each language; this book's own words first. */
static const struct nomenclature_texts *merged(struct book_tree *tree, const struct want *want)
{
	const struct nomenclature_texts *from[] = { want->headings, want->path, want->base };
	struct nomenclature_texts *all;

	if (!from[0] && !from[1])
		return from[2] ? from[2] : &no_texts;
	all = arena_alloc(tree->arena, sizeof(*all));
	for (size_t i = 0; all && i < COUNT(from); i++)
		for (size_t j = 0; from[i] && j < sizeof(*all) / sizeof(char *); j++) {
			const char **to = (const char **)all + j;

			*to = *to ? *to : ((const char *const *)from[i])[j];
		}
	tree->full = tree->full || !all;
	return all ? all : &no_texts;
}

static enum book_origin origin_of(const struct want *want)
{
	return want->headings ? BOOK_HEADINGS
	       : want->path   ? BOOK_PATH
	       : want->base   ? BOOK_BASE
	       : *want->code  ? BOOK_MADE
			      : BOOK_LOST;
}

/* Everything deeper than DEPTH ends, and a line stands there. */
static void put(struct book_tree *tree, unsigned depth, const struct book_line *line, const char *place,
		const void *source)
{
	struct book_level *open = &tree->open[depth];

	*open = (struct book_level){
		.origin = line->origin,
		.texts = line->texts,
		.source = source,
		.index = tree->count,
	};
	memcpy(open->code, line->code, strlen(line->code) + 1);
	memcpy(open->place, place, strlen(place) + 1);
	tree->depth = depth + 1;
	tree->count++;
	tree->emit(tree->arg, line);
}

static const char *kept(struct book_tree *tree, const char *code)
{
	const char *copy = *code ? arena_text(tree->arena, code) : "";

	tree->full = tree->full || !copy;
	return copy ? copy : "";
}

static void put_above(struct book_tree *tree, const char *code, unsigned depth, const struct want *want)
{
	bool same_branch = true;

	for (unsigned i = 0; i < depth; i++) {
		same_branch = same_branch && i < tree->depth && stays(&tree->open[i], &want[i], code);
		if (same_branch)
			continue;
		const struct book_line line = {
			.code = kept(tree, want[i].code),
			.parent = i ? tree->open[i - 1].index : BOOK_NONE,
			.depth = (unsigned char)i,
			.origin = (unsigned char)origin_of(&want[i]),
			.texts = merged(tree, &want[i]),
			.unit = want[i].unit,
		};
		put(tree, i, &line, code, want[i].source);
	}
}

static const struct nomenclature_texts *texts_of(struct book_tree *tree, const struct line_record *record, bool group)
{
	struct nomenclature_texts *texts;

	if (!record->text || (!tree->texts && !group))
		return &no_texts;
	texts = arena_alloc(tree->arena, sizeof(*texts));
	if (texts && texts_keep(tree->arena, texts, record->text))
		return texts;
	tree->full = true;
	return &no_texts;
}

void book_tree_add(struct book_tree *tree, const struct line_record *record, const char *code)
{
	struct want want[BOOK_DEPTH_MAX] = { 0 };
	bool group = same(record->kind, "group") || line_is_title(record, code);
	unsigned depth = depth_of(tree, record, group ? "" : code);

	/* A group has only what is open above it; its code, where a file gives one, is that of the next line. */
	if (*code) {
		want_base(tree, record, code, depth, want);
		want_codes(tree, record, code, depth, want);
		want_path(tree, record, depth, want);
		put_above(tree, code, depth, want);
	} else {
		if (depth > tree->depth)
			depth = tree->depth;
	}
	const struct book_line line = {
		.code = group ? "" : kept(tree, code),
		.parent = depth ? tree->open[depth - 1].index : BOOK_NONE,
		.depth = (unsigned char)depth,
		.origin = BOOK_FILE,
		.national = record->national,
		.unit = arena_text(tree->arena, record->unit),
		.texts = texts_of(tree, record, group),
	};
	put(tree, depth, &line, code, NULL);
	if (*code)
		memcpy(tree->last, code, strlen(code) + 1);
}

/* --- Reading a book --- */

static uint32_t first_not_before(const struct book *book, const char *code)
{
	uint32_t low = 0, high = book->coded_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(book->lines[book->by_code[middle]].code, code) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t book_find(const struct book *book, const char *code)
{
	uint32_t at = first_not_before(book, code);

	if (at == book->coded_count || !stands_for(book->lines[book->by_code[at]].code, code))
		return BOOK_NONE;
	return book->by_code[at];
}

uint32_t book_prefix(const struct book *book, const char *prefix, uint32_t *first)
{
	uint32_t at = first_not_before(book, prefix), count = 0;

	*first = at;
	while (at + count < book->coded_count && starts_with(book->lines[book->by_code[at + count]].code, prefix))
		count++;
	return count;
}

unsigned book_path(const struct book *book, uint32_t line, uint32_t path[static BOOK_DEPTH_MAX])
{
	unsigned depth = 0;

	for (uint32_t at = line; at != BOOK_NONE; at = book->lines[at].parent)
		depth++;
	for (unsigned i = depth; i > 0; i--, line = book->lines[line].parent)
		path[i - 1] = line;
	return depth;
}

const char *book_path_text(const struct book *book, uint32_t line, const char *language, struct arena *arena)
{
	uint32_t path[BOOK_DEPTH_MAX];
	unsigned depth = book_path(book, line, path);
	const char *all = depth == 1 ? texts_best(book->lines[line].texts, language, NULL) : NULL;

	for (unsigned i = 0; i < depth && depth > 1; i++) {
		const struct book_line *above = &book->lines[path[i]];
		const char *text = texts_best(above->texts, language, NULL);

		if (above->depth == 0)
			continue;
		all = arena_printf(arena, "%s%s%s", all ? all : "", all ? " > " : "", text ? text : LOST);
		if (!all)
			return NULL;
	}
	return all ? all : arena_text(arena, LOST);
}

uint32_t book_sibling(const struct book *book, uint32_t line)
{
	uint32_t next = book->lines[line].end;

	return next < book->lines_count && book->lines[next].parent == book->lines[line].parent ? next : BOOK_NONE;
}

const char *book_origin_name(enum book_origin origin)
{
	static const char *const names[] = { "file", "headings", "path", "base", "made", "lost" };

	return names[origin];
}
