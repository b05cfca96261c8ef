/* A file of reference data: a mapping of records, a NUL, and the CSV that is imported by it, into a database in memory.
 * Nothing of it is seen if there is an error; else each record was put away once. */
#include "edition_trial.h"
#include "fuzz.h"
#include "kernel/mapping.h"

#define ARENA_MAX ((size_t)64 << 20)

static const struct capability *const capabilities[] = { &trial_capability, NULL };
static struct kernel kernel = { .clock = &clock_system, .capabilities = capabilities, .state = "TH" };

static enum err_code make_tables(struct tx *tx, void *arg, struct err *err)
{
	(void)arg;
	for (size_t i = 0; i < COUNT(trial_tables); i++)
		TRY(db_exec(tx, &trial_tables[i], NO_BINDS, NULL, err));
	return OK;
}

static void open_once(void)
{
	struct err err = { 0 };

	if (kernel.db)
		return;
	MUST(db_open(":memory:", NULL, &kernel.db, &err) == OK);
	MUST(db_migrate(kernel.db, kernel_migrations, kernel_migrations_count, false, NULL, NULL, &err) == OK);
	MUST(db_write(kernel.db, make_tables, NULL, &err) == OK);
}

static enum err_code count_run(struct tx *tx, void *arg, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &trial_count, NO_BINDS, &query, err));
	*(int64_t *)arg = db_next(&query) ? db_int(&query, 0) : -1;
	return db_end(&query, err);
}

static int64_t records(void)
{
	struct err err = { 0 };
	int64_t count = -1;

	MUST(db_read(kernel.db, count_run, &count, &err) == OK);
	return count;
}

/* What was staged is gone before the next input. */
static void discard(struct arena *arena, const struct edition *edition)
{
	static const struct actor actor = { .name = "user:fuzz" };
	struct err err = { 0 };
	struct findings *findings = findings_new(arena);
	struct edition discarded;
	unsigned done = 1;

	MUST(findings && edition_decide(&kernel, arena, edition->id, "discard", DATE_NONE, &actor, NULL, 0, &discarded,
					findings, &err) == OK);
	while (done)
		MUST(edition_sweep_step(&kernel, 0, 1000, &done, &err) == OK);
	MUST(records() == 0);
}

static void import(struct arena *arena, const struct mapping *mapping, struct bytes file)
{
	const struct edition_request request = {
		.kind = mapping_kind(mapping),
		.subject = "VN",
		.from = 0,
		.until = DATE_NONE,
		.mapping = mapping,
		.file = file,
		.actor = { .name = "user:fuzz" },
	};
	struct findings *findings = findings_new(arena);
	struct edition edition = { 0 };
	bool repeated = false;
	struct err err = { 0 };

	if (!findings)
		return;
	enum err_code code = edition_import(&kernel, arena, &request, &edition, &repeated, findings, &err);
	MUST(code == OK || code == ERR_MEMORY || code == ERR_LIMIT || code == ERR_SYNTAX || code == ERR_INVALID);
	MUST(!repeated);
	if (code != OK || findings_errors(findings)) {
		MUST(records() == 0);
		return;
	}
	MUST(edition.records == records());
	discard(arena, &edition);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
	size_t length = end ? (size_t)(end - data) : size, behind = end ? size - length - 1 : 0;
	arena_auto arena = arena_new(ARENA_MAX);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	const struct mapping *mapping = NULL;
	struct err err = { 0 };

	open_once();
	if (!findings || mapping_load(arena, &kernel, bytes(data, length), false, &mapping, findings, &err) != OK)
		return 0;
	MUST(mapping || findings_errors(findings) > 0);
	if (mapping)
		import(arena, mapping, bytes(data + size - behind, behind));
	return 0;
}
