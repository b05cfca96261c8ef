/* The views that other systems read are a contract: docs/views.md says their columns, and this compares it with both
 * databases. A column that is gone, or has another name, type or place, fails here; so does one that nobody explains.
 * LINTAS_SOURCE names the checkout. */
#include "../unit/customs/node.h"

#include <unistd.h>

#include "base/text.h"
#include "kernel/journal.h"

#define DOCS_MAX ((size_t)1 << 17)
#define PREFIX   "lintas_v1_"

/* --- Asking --- */

enum { ROWS_MAX = 64 };
struct rows {
	struct arena *arena;
	struct statement statement;
	const char *value; /* of $1; NULL: there is none */
	const char *text[ROWS_MAX][2];
	size_t count;
};

static enum err_code rows_run(struct tx *tx, void *arg, struct err *err)
{
	struct rows *rows = arg;
	db_query_auto query = { 0 };

	rows->count = 0;
	TRY(db_query(tx, &rows->statement, &(struct bind){ BIND_TEXT_, 0, bytes_of(rows->value) }, rows->value ? 1 : 0,
		     &query, err));
	while (rows->count < ROWS_MAX && db_next(&query)) {
		rows->text[rows->count][0] = db_text(rows->arena, &query, 0);
		rows->text[rows->count++][1] = db_text(rows->arena, &query, 1);
	}
	return db_end(&query, err);
}

/* Rows of two texts. Statements are kept by their address: each has one of its own, as long as the test. */
static struct rows *rows_new(struct arena *arena, const char *sql, const char *value)
{
	struct rows *rows = arena_alloc(arena, sizeof(*rows));

	assert_non_null(rows);
	*rows = (struct rows){ .arena = arena, .statement = { "test.views", sql }, .value = value };
	return rows;
}

static const struct rows *ask(struct kernel_fixture *fixture, const char *sql, const char *value)
{
	struct rows *rows = rows_new(fixture->arena, sql, value);

	must(db_read(fixture->kernel.db, rows_run, rows, &fixture->err));
	return rows;
}

static const char *const views_sql[] = {
	[DB_SQLITE] = "SELECT name, name FROM sqlite_schema WHERE type = 'view' ORDER BY name",
	[DB_POSTGRES] =
		"SELECT CAST(viewname AS TEXT), CAST(viewname AS TEXT) FROM pg_views WHERE schemaname = current_schema()"
		" ORDER BY viewname",
};
static const char *const tables_sql[] = {
	[DB_SQLITE] = "SELECT name, name FROM sqlite_schema WHERE type = 'table'",
	[DB_POSTGRES] =
		"SELECT CAST(tablename AS TEXT), CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()",
};
/* SQLite gives no type for a text that it computes. */
static const char *const columns_sql[] = {
	[DB_SQLITE] = "SELECT name, CASE type WHEN '' THEN 'text' ELSE lower(type) END FROM pragma_table_info($1)",
	[DB_POSTGRES] =
		"SELECT CAST(column_name AS TEXT), CASE data_type WHEN 'bigint' THEN 'integer' ELSE CAST(data_type AS TEXT) END"
		" FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = CAST($1 AS TEXT)"
		" ORDER BY ordinal_position",
};

/* --- What docs/views.md says --- */

static const char *docs(struct arena *arena)
{
	const char *root = getenv("LINTAS_SOURCE");
	FILE *file = fopen(arena_printf(arena, "%s/docs/views.md", root ? root : "."), "rb");
	char *text = arena_alloc(arena, DOCS_MAX);

	assert_non_null(file);
	text[fread(text, 1, DOCS_MAX - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* "| name | type | meaning |" of the section VIEW; *AT moves on. False after the last. */
static bool next_column(struct arena *arena, const char **at, const char **name, const char **type)
{
	if (!starts_with(*at, "| "))
		return false;
	const char *end = strchr(*at + 2, ' '), *second = end + 3, *third = strchr(second, ' ');

	assert_true(starts_with(end, " | ") && starts_with(third, " | "));
	*name = arena_text_of(arena, bytes(*at + 2, (size_t)(end - *at - 2)));
	*type = arena_text_of(arena, bytes(second, (size_t)(third - second)));
	*at = strchr(*at, '\n') + 1;
	return true;
}

static const char *section(struct arena *arena, const char *text, const char *view)
{
	const char *at = strstr(text, arena_printf(arena, "\n## %s\n", view));
	static const char head[] = "| column | type | meaning |\n|---|---|---|\n";

	if (!at || !(at = strstr(at, head)))
		fail_msg("docs/views.md does not explain %s", view);
	return at + strlen(head);
}

static void a_view_has_the_columns_that_its_page_says(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = docs(fixture->arena), *name, *type;
	const struct rows *views = ask(fixture, views_sql[fixture->kind], NULL);
	size_t explained = 0;

	for (const char *at = text; (at = strstr(at, "\n## " PREFIX)); at++)
		explained++;
	assert_int_equal(views->count, explained);
	assert_int_equal(explained, 7);
	for (size_t i = 0; i < views->count; i++) {
		const char *view = views->text[i][0];
		const char *at = section(fixture->arena, text, view);
		const struct rows *columns = ask(fixture, columns_sql[fixture->kind], view);
		size_t count = 0;
		for (; next_column(fixture->arena, &at, &name, &type); count++) {
			if (count == columns->count || !same(columns->text[count][0], name) ||
			    !same(columns->text[count][1], type))
				fail_msg("%s: column %zu is to be %s (%s), and is %s (%s)", view, count + 1, name, type,
					 count < columns->count ? columns->text[count][0] : "not there",
					 count < columns->count ? columns->text[count][1] : "");
		}
		if (count != columns->count)
			fail_msg("%s: docs/views.md does not explain %s", view, columns->text[count][0]);
	}
}

/* --- What is in them --- */

static enum err_code accept_run(struct tx *tx, void *arg, struct err *err)
{
	struct kernel_fixture *fixture = arg;
	struct findings *findings = findings_new(fixture->arena);
	struct paper paper = { .organisation = "customs",
			       .partner = "VN",
			       .doctype = "FORM-D",
			       .reference = "VN-TH 26/02/00006",
			       .issued_on = date_of(2026, 11, 1),
			       .reason = "down" };

	return paper_accept(&fixture->kernel, tx, fixture->arena, &paper, &fixture_actor, fixture->clock.now_us,
			    findings, err);
}

/* A document sent, a paper accepted, its twin received with another date, so that there is a task; and all sealed. */
static void fill(struct kernel_fixture *fixture)
{
	static const struct statement warn = {
		"test.warn", "INSERT INTO document_finding (document, number, code, severity, path, text, law)"
			     " SELECT id, 1, $1, 'warning', '/a', 'in words', NULL FROM document WHERE direction = 'in'"
	};
	unsigned sealed;

	fixture->clock.now_us += 999999; /* microseconds: cut, not rounded */
	assert_string_equal(submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml")).codes, "");
	must(db_write(fixture->kernel.db, accept_run, fixture, &fixture->err));
	arrive(fixture, "m-1@vn", "FORM-D", "TH:customs", sample(fixture->arena, "form-d/good-third-country.xml"));
	fixture_exec(fixture, &warn, BINDS(BIND_TEXT("COD-003")));
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 1000, &sealed, &fixture->err));
}

static void a_view_shows_what_there_is(void **state)
{
	static const struct {
		const char *sql, *first, *second;
	} questions[] = {
		{ "SELECT reference, organisation || ' ' || type || ' ' || direction || ' ' || state FROM lintas_v1_documents"
		  " WHERE paper IS NULL",
		  "D2026-0045678", "dft FORM-D out submitted" },
		{ "SELECT reference, sender || ' ' || issued_on FROM lintas_v1_documents WHERE paper IS NOT NULL",
		  "VN-TH 26/02/00006", "VN:customs 2026-11-02" },
		{ "SELECT action, state FROM lintas_v1_messages WHERE direction = 'out'", "FORM-D", "queued" },
		{ "SELECT kind, state FROM lintas_v1_tasks", "paper-differs", "open" },
		{ "SELECT code, organisation || ' ' || severity || ' ' || path FROM lintas_v1_findings", "COD-003",
		  "customs warning /a" },
		{ "SELECT state, reference FROM lintas_v1_papers", "differing", "VN-TH 26/02/00006" },
		{ "SELECT code, status FROM lintas_v1_partners WHERE code = 'VN'", "VN", "active" },
		{ "SELECT event, organisation FROM lintas_v1_events WHERE event = 'twin-of-paper'", "twin-of-paper",
		  "customs" },
		{ "SELECT created, created FROM lintas_v1_papers, lintas_v1_tasks", "2026-11-02T00:00:00.999Z",
		  "2026-11-02T00:00:00.999Z" },
		{ "SELECT accepted, twin_came FROM lintas_v1_papers", "2026-11-02T00:00:00.999Z",
		  "2026-11-02T00:00:00.999Z" },
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fill(fixture);
	for (size_t i = 0; i < COUNT(questions); i++) {
		const struct rows *rows = ask(fixture, questions[i].sql, NULL);
		assert_int_equal(rows->count, 1);
		assert_string_equal(rows->text[0][0], questions[i].first);
		assert_string_equal(rows->text[0][1], questions[i].second);
	}
}

/* What is not sealed has no place yet: who follows by the sequence would miss what comes before it. */
static void an_event_that_is_not_sealed_is_not_shown(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	unsigned sealed;

	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 1000, &sealed, &fixture->err));
	must(db_write(fixture->kernel.db, accept_run, fixture, &fixture->err));
	assert_int_equal(
		ask(fixture, "SELECT subject, event FROM lintas_v1_events WHERE subject_type = 'paper'", NULL)->count,
		0);
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 1000, &sealed, &fixture->err));
	assert_int_equal(
		ask(fixture, "SELECT subject, event FROM lintas_v1_events WHERE subject_type = 'paper'", NULL)->count,
		1);
}

/* --- Who may read them: the recipes of docs/views.md, word for word but for the names --- */

static void run(struct kernel_fixture *fixture, const char *sql)
{
	struct statement *statement = arena_alloc(fixture->arena, sizeof(*statement));

	assert_non_null(statement);
	*statement = (struct statement){ "test.recipe", sql };
	fixture_exec(fixture, statement, NO_BINDS);
}

/* The statements of the NUMBERth ```sql block. */
static void run_recipe(struct kernel_fixture *fixture, const char *text, size_t number, const char *role,
		       const char *as)
{
	for (size_t i = 0; i <= number; i++) {
		text = strstr(text, "```sql\n");
		assert_non_null(text);
		text += strlen("```sql\n");
	}
	const char *block = arena_text_of(fixture->arena, bytes(text, (size_t)(strstr(text, "```") - text)));
	block = with(fixture->arena, with(fixture->arena, block, role, as), "public", fixture->schema);
	for (const char *end; (end = strstr(block, ";\n")); block = end + 2)
		run(fixture, arena_text_of(fixture->arena, bytes(block, (size_t)(end - block))));
}

static struct db *open_as(struct kernel_fixture *fixture, const char *role)
{
	struct db *db;

	must(db_open(with(fixture->arena, fixture->url, "user=lintas", arena_printf(fixture->arena, "user=%s", role)),
		     NULL, &db, &fixture->err));
	return db;
}

static void must_be_denied(struct kernel_fixture *fixture, struct db *db, const char *sql)
{
	struct rows *rows = rows_new(fixture->arena, sql, NULL);
	struct err err = { 0 };
	enum err_code code = db_read(db, rows_run, rows, &err);

	if (code == OK || !strstr(err.text, "permission denied"))
		fail_msg("%s: %s", sql, code == OK ? "it was read" : err.text);
}

static void forget(struct kernel_fixture *fixture, const char *role)
{
	run(fixture, arena_printf(fixture->arena, "DROP OWNED BY %s", role));
	run(fixture, arena_printf(fixture->arena, "DROP ROLE %s", role));
}

static void a_reader_reads_the_views_and_nothing_else(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *role = arena_printf(fixture->arena, "lintas_reader_%d", (int)getpid());

	if (fixture->kind != DB_POSTGRES)
		skip(); /* SQLite has no accounts */
	fill(fixture);
	run_recipe(fixture, docs(fixture->arena), 0, "lintas_reader", role);
	struct db *db = open_as(fixture, role);
	const struct rows *views = ask(fixture, views_sql[fixture->kind], NULL);
	for (size_t i = 0; i < views->count; i++) {
		struct rows *rows = rows_new(
			fixture->arena,
			arena_printf(fixture->arena, "SELECT CAST(count(*) AS TEXT), CAST(count(*) AS TEXT) FROM %s",
				     views->text[i][0]),
			NULL);
		must(db_read(db, rows_run, rows, &fixture->err));
		assert_string_not_equal(rows->text[0][0], "0");
	}
	const struct rows *tables = ask(fixture, tables_sql[fixture->kind], NULL);
	assert_true(tables->count > 25);
	for (size_t i = 0; i < tables->count; i++)
		must_be_denied(fixture, db,
			       arena_printf(fixture->arena, "SELECT 'a', 'b' FROM %s LIMIT 1", tables->text[i][0]));
	db_close(db);
	forget(fixture, role);
}

static void a_reader_of_one_organisation_reads_what_that_keeps(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *role = arena_printf(fixture->arena, "customs_reader_%d", (int)getpid());

	if (fixture->kind != DB_POSTGRES)
		skip(); /* SQLite has no accounts */
	fill(fixture);
	run_recipe(fixture, docs(fixture->arena), 1, "customs_reader", role);
	struct db *db = open_as(fixture, role);
	struct rows *rows = rows_new(fixture->arena, "SELECT organisation, direction FROM customs_documents", NULL);
	must(db_read(db, rows_run, rows, &fixture->err));
	assert_int_equal(rows->count, 1);
	assert_string_equal(rows->text[0][0], "customs");
	must_be_denied(fixture, db, "SELECT id, id FROM lintas_v1_documents");
	must_be_denied(fixture, db, "SELECT id, id FROM document");
	db_close(db);
	forget(fixture, role);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_view_has_the_columns_that_its_page_says),
		cmocka_unit_test(a_view_shows_what_there_is),
		cmocka_unit_test(an_event_that_is_not_sealed_is_not_shown),
		cmocka_unit_test(a_reader_reads_the_views_and_nothing_else),
		cmocka_unit_test(a_reader_of_one_organisation_reads_what_that_keeps),
	};

	return kernel_run("contract/views", tests, COUNT(tests), customs_capabilities);
}
