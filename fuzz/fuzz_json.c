/* A body in JSON, read as everything that the interface takes or gives, and as every type of document: whatever is read
 * is written, and read the same again. */
#include "api/api.h"
#include "customs/registry.h"
#include "fuzz.h"

#define ARENA_MAX   ((size_t)64 << 20)
#define WRITTEN_MAX ((size_t)16 << 20)

/* NULL without memory. */
static void *read_as(struct arena *arena, const struct schema *schema, struct bytes text, size_t *count)
{
	struct findings *findings = findings_new(arena);
	void *record = arena_alloc(arena, schema->fields->size);
	struct err err = { 0 };

	*count = 0;
	if (!findings || !record)
		return NULL;
	enum err_code code = field_read_json(arena, schema, text, NULL, record, findings, &err);
	MUST(code == OK || code == ERR_SYNTAX || code == ERR_MEMORY);
	*count = findings_count(findings);
	return code == OK ? record : NULL;
}

static void try(const struct schema *schema, struct bytes text)
{
	arena_auto arena = arena_new(ARENA_MAX);
	buf_auto once = { 0 }, twice = { 0 };
	size_t found, found_again;
	const void *record = arena ? read_as(arena, schema, text, &found) : NULL;

	if (!record)
		return;
	buf_init(&once, WRITTEN_MAX);
	buf_init(&twice, WRITTEN_MAX);
	field_put_json(&once, schema, record);
	MUST(once.failed == OK || once.failed == ERR_MEMORY);
	const void *again = read_as(arena, schema, buf_bytes(&once), &found_again);
	if (once.failed != OK || !again)
		return;
	/* What was wrong was left out, so that something may be missing now; what was right stays right. */
	MUST(found > 0 || found_again == 0);
	field_put_json(&twice, schema, again);
	MUST(twice.failed == ERR_MEMORY || bytes_same(buf_bytes(&once), buf_bytes(&twice)));
}

/* Each once; the rows name many of them several times. */
static struct {
	const struct schema *item[200];
	size_t count;
} schemas;

static void add(const struct schema *schema)
{
	for (size_t i = 0; i < schemas.count; i++)
		if (schemas.item[i] == schema)
			return;
	MUST(schemas.count < COUNT(schemas.item));
	if (schema)
		schemas.item[schemas.count++] = schema;
}

static void add_all(void)
{
	for (size_t i = 0; api_route_at(i); i++) {
		add(api_route_at(i)->request);
		add(api_route_at(i)->response);
	}
	add(&problem_schema);
	for (const struct capability *const *c = customs_capabilities; *c; c++)
		for (const struct doctype *const *d = (*c)->doctypes; d && *d; d++)
			add((*d)->schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (schemas.count == 0)
		add_all();
	for (size_t i = 0; i < schemas.count; i++)
		try(schemas.item[i], bytes(data, size));
	return 0;
}
