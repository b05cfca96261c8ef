/* A mapping file, a NUL, and a file of a national system that is mapped by it. What becomes of it is JSON, which, where
 * the mapping works both ways, becomes the national form again. */
#include "customs/registry.h"
#include "fuzz.h"
#include "kernel/mapping.h"

#define ARENA_MAX   ((size_t)64 << 20)
#define WRITTEN_MAX ((size_t)16 << 20)

static const struct kernel kernel = { .capabilities = customs_capabilities, .state = "TH" };

struct text_source {
	struct bytes text;
	size_t at;
};

static enum err_code read_text(void *arg, void *to, size_t room, size_t *got, struct err *err)
{
	struct text_source *source = arg;
	size_t left = source->text.size - source->at;

	(void)err;
	*got = left < room ? left : room;
	if (*got)
		memcpy(to, source->text.data + source->at, *got);
	source->at += *got;
	return OK;
}

static enum err_code rewind_text(void *arg, struct err *err)
{
	(void)err;
	((struct text_source *)arg)->at = 0;
	return OK;
}

static enum err_code take(void *arg, const struct mapping_document *document, struct err *err)
{
	struct mapping_writer *writer = *(struct mapping_writer **)arg;
	const struct schema *schema = mapping_doctype(document->mapping)->schema;
	void *record = arena_alloc(document->arena, schema->fields->size);
	struct findings *findings = findings_new(document->arena);
	struct err why = { 0 };
	buf_auto out = { 0 };

	if (!record || !findings)
		return fail(err, ERR_MEMORY, "no memory");
	enum err_code code =
		field_read_json(document->arena, schema, document->json, NULL, record, document->findings, &why);
	MUST(code == OK || code == ERR_MEMORY);
	for (size_t i = 0; findings_at(document->findings, i); i++)
		mapping_place(document, findings_at(document->findings, i));
	buf_init(&out, WRITTEN_MAX);
	if (writer && code == OK && findings_errors(document->findings) == 0) {
		code = mapping_write(writer, document->arena, document->json, &out, findings, &why);
		MUST(code == OK || code == ERR_MEMORY || code == ERR_LIMIT || code == ERR_SYNTAX);
		MUST(code != OK || findings_errors(findings) == 0 || out.size == 0);
	}
	return OK;
}

/* MAPPING is right one way at least. */
static void map(struct arena *arena, const struct mapping *mapping, struct bytes mapping_text, struct bytes text)
{
	struct text_source source = { text, 0 };
	const struct mapping_input input = { { read_text, &source }, rewind_text };
	const struct mapping *both_ways = NULL;
	struct mapping_writer *writer = NULL;
	struct findings *findings = findings_new(arena), *aside = findings_new(arena);
	struct err err = { 0 };

	if (!findings || !aside || mapping_load(arena, &kernel, mapping_text, true, &both_ways, aside, &err) != OK)
		return;
	if (both_ways && mapping_writer_open(both_ways, &writer, &err) != OK)
		return;
	enum err_code code = mapping_read(mapping, &input, take, &writer, findings, &err);
	MUST(code == OK || code == ERR_MEMORY || code == ERR_LIMIT || code == ERR_SYNTAX || code == ERR_INVALID);
	mapping_writer_close(writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
	size_t length = end ? (size_t)(end - data) : size, behind = end ? size - length - 1 : 0;
	arena_auto arena = arena_new(ARENA_MAX);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	const struct mapping *mapping = NULL;
	struct err err = { 0 };

	if (!findings || mapping_load(arena, &kernel, bytes(data, length), false, &mapping, findings, &err) != OK)
		return 0;
	MUST(mapping || findings_errors(findings) > 0);
	if (mapping)
		map(arena, mapping, bytes(data, length), bytes(data + size - behind, behind));
	return 0;
}
