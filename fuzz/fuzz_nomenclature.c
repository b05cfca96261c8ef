/* Lines of a book, one a line: dashes (a digit, or '-' for none), code, and behind '>' the levels of its path. Whatever
 * they are, each line of the tree is one level below the line above it. */
#include "base/text.h"
#include "customs/nomenclature/nomenclature_int.h"
#include "fuzz.h"

#define ARENA_MAX ((size_t)32 << 20)

struct seen {
	uint32_t count;
	unsigned char depth[1 << 16];
};

static void see(void *arg, const struct book_line *line)
{
	struct seen *seen = arg;

	MUST(line->depth < BOOK_DEPTH_MAX && line->texts && line->code);
	MUST((line->parent == BOOK_NONE) == (line->depth == 0));
	MUST(line->parent == BOOK_NONE || line->parent < seen->count);
	MUST(line->parent == BOOK_NONE || seen->count >= COUNT(seen->depth) ||
	     seen->depth[line->parent] + 1 == line->depth);
	if (seen->count < COUNT(seen->depth))
		seen->depth[seen->count] = line->depth;
	seen->count++;
}

/* Takes the next of TEXT up to MARK, or all of it. */
static const char *take(struct arena *arena, struct bytes *text, char mark)
{
	const uint8_t *at = text->size ? memchr(text->data, mark, text->size) : NULL;
	size_t length = at ? (size_t)(at - text->data) : text->size;
	const char *taken = arena_text_of(arena, bytes(text->data, length));

	*text = bytes(text->data + length + (at != NULL), text->size - length - (at != NULL));
	return taken;
}

static void add(struct arena *arena, struct book_tree *tree, void *work, struct findings *findings, const char *line)
{
	struct nomenclature_texts text = { .en = "x" }, path[BOOK_DEPTH_MAX] = { 0 };
	struct line_record record = { .dashes = INTEGER_NONE, .text = &text, .path = path };
	struct bytes rest = bytes_of(line);
	char code[CODE_SIZE] = "";
	struct err err;

	if (*line >= '0' && *line <= '9')
		record.dashes = *line - '0';
	if (*line)
		rest = bytes(rest.data + 1, rest.size - 1);
	record.code = take(arena, &rest, '>');
	record.code = record.code && *record.code ? record.code : NULL;
	for (; rest.size && record.path_count < BOOK_DEPTH_MAX; record.path_count++)
		path[record.path_count].en = take(arena, &rest, '>');
	MUST(lines_check(work, 1, &record, findings, &err) == OK || err.code == ERR_MEMORY);
	if (record.code && !code_parse(record.code, code))
		return;
	if (*code || record.dashes != INTEGER_NONE)
		book_tree_add(tree, &record, code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seen seen;
	const struct edition edition = { .kind = "nomenclature.lines", .subject = "HS2022" };
	arena_auto arena = arena_new(ARENA_MAX);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	struct bytes text = bytes(data, size);
	struct book_tree tree = { .arena = arena, .texts = true, .emit = see, .arg = &seen };
	struct err err;
	void *work;

	seen.count = 0;
	if (!findings || memchr(data, '\0', size) || lines_begin(arena, &edition, &work, &err) != OK)
		return 0;
	while (text.size) {
		const char *line = take(arena, &text, '\n');

		if (!line)
			return 0;
		add(arena, &tree, work, findings, line);
	}
	return 0;
}
