#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/date.h"
#include "kernel/codelist.h"
#include "kernel/party.h"

const struct actor fixture_actor = { .name = "user:somchai", .organisation = "customs" };

struct run {
	enum db_kind kind;
	const struct capability *const *capabilities;
};

void fixture_must(enum err_code code, const struct err *err, const char *file, int line)
{
	if (code == OK)
		return;
	print_error("%s: %s (%s)\n", err_row(code)->name, err->text, err->where ? err->where : "?");
	_fail(file, line);
}

static int64_t fake_now_us(const struct clock *clock)
{
	return ((const struct fake_clock *)(const void *)clock)->now_us;
}

/* --- Statements --- */

struct script {
	const struct statement *statement;
	const struct bind *binds;
	size_t count;
	int64_t value;
};

static enum err_code exec_run(struct tx *tx, void *arg, struct err *err)
{
	const struct script *script = arg;

	return db_exec(tx, script->statement, script->binds, script->count, NULL, err);
}

static enum err_code int_run(struct tx *tx, void *arg, struct err *err)
{
	struct script *script = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, script->statement, script->binds, script->count, &query, err));
	script->value = db_next(&query) ? db_int(&query, 0) : -1;
	return db_end(&query, err);
}

void fixture_exec(struct kernel_fixture *fixture, const struct statement *statement, const struct bind *binds,
		  size_t count)
{
	struct script script = { statement, binds, count, 0 };

	must(db_write(fixture->kernel.db, exec_run, &script, &fixture->err));
}

int64_t fixture_int(struct kernel_fixture *fixture, const struct statement *statement, const struct bind *binds,
		    size_t count)
{
	struct script script = { statement, binds, count, -1 };

	must(db_read(fixture->kernel.db, int_run, &script, &fixture->err));
	return script.value;
}

/* On a database of its own: what is prepared is kept by the statement's address. */
static void schema_script(struct kernel_fixture *fixture, const char *verb, const char *schema, const char *more)
{
	char sql[160];
	struct db *db;

	snprintf(sql, sizeof(sql), "%s %s%s", verb, schema, more);
	const struct statement statement = { "script", sql };
	struct script script = { &statement, NO_BINDS, 0 };
	must(db_open(getenv("LINTAS_TEST_POSTGRES"), NULL, &db, &fixture->err));
	enum err_code code = db_write(db, exec_run, &script, &fixture->err);
	db_close(db);
	must(code);
}

/* Makes SCHEMA anew and empty. */
static void schema_new(struct kernel_fixture *fixture, const char *schema)
{
	schema_script(fixture, "DROP SCHEMA IF EXISTS", schema, " CASCADE");
	schema_script(fixture, "CREATE SCHEMA", schema, "");
}

const char *fixture_beside(struct kernel_fixture *fixture)
{
	const char *url = getenv("LINTAS_TEST_POSTGRES");

	if (!url || !*url)
		return NULL;
	snprintf(fixture->beside, sizeof(fixture->beside), "kernel_%d_beside", (int)getpid());
	schema_new(fixture, fixture->beside);
	return arena_printf(fixture->arena, "%s&options=-csearch_path%%3D%s", url, fixture->beside);
}

/* --- Set-up --- */

static void place_set(struct kernel_fixture *fixture)
{
	const char *url = getenv("LINTAS_TEST_POSTGRES"), *temporary = getenv("TMPDIR");

	if (fixture->kind == DB_SQLITE) {
		snprintf(fixture->directory, sizeof(fixture->directory), "%s/lintas-kernel.XXXXXX",
			 temporary && strlen(temporary) < 40 ? temporary : "/tmp");
		assert_non_null(mkdtemp(fixture->directory));
		snprintf(fixture->url, sizeof(fixture->url), "sqlite:%s/test.db", fixture->directory);
		return;
	}
	fixture->skip = !url || !*url;
	if (fixture->skip)
		return;
	snprintf(fixture->schema, sizeof(fixture->schema), "kernel_%d", (int)getpid());
	schema_new(fixture, fixture->schema);
	snprintf(fixture->url, sizeof(fixture->url), "%s&options=-csearch_path%%3D%s", url, fixture->schema);
}

static enum err_code parties_run(struct tx *tx, void *arg, struct err *err)
{
	static const struct organisation organisations[] = {
		{ "customs", "customs", "Customs Department" },
		{ "dft", "issuing-authority", "Department of Foreign Trade" },
	};
	static const char *const partners[] = { "VN", "MY" };
	struct kernel_fixture *fixture = arg;

	for (size_t i = 0; i < COUNT(organisations); i++)
		TRY(organisation_add(tx, &organisations[i], &fixture_actor, FIXTURE_NOW_US, err));
	for (size_t i = 0; i < COUNT(partners); i++) {
		struct partner partner = {
			.code = partners[i],
			.name = arena_printf(fixture->arena, "Customs of %s", partners[i]),
			.party_id = arena_printf(fixture->arena, "%s:gateway", partners[i]),
			.party_type = "urn:lintas:party",
			.endpoint = "https://192.0.2.1/as4",
			.profile = "edelivery-2.0",
			.token = "bst",
			.status = "active",
		};
		TRY(partner_add(tx, &partner, &fixture_actor, FIXTURE_NOW_US, err));
	}
	return OK;
}

static int setup(void **state)
{
	static const struct capability *const none[] = { NULL };
	const struct run *run = *state;
	struct kernel_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	*state = fixture;
	fixture->kind = run->kind;
	fixture->clock = (struct fake_clock){ { fake_now_us }, FIXTURE_NOW_US };
	fixture->arena = arena_new((size_t)64 << 20);
	assert_non_null(fixture->arena);
	place_set(fixture);
	if (fixture->skip)
		return 0;
	fixture->kernel = (struct kernel){
		.clock = &fixture->clock.clock,
		.lists = codelists(),
		.capabilities = run->capabilities ? run->capabilities : none,
		.state = "TH",
		.instance = "one",
	};
	must(db_open(fixture->url, NULL, &fixture->kernel.db, &fixture->err));
	must(db_migrate(fixture->kernel.db, kernel_migrations, kernel_migrations_count, false, NULL, NULL,
			&fixture->err));
	must(db_write(fixture->kernel.db, parties_run, fixture, &fixture->err));
	return 0;
}

static int teardown(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	struct kernel_fixture *fixture = *state;
	char path[128];

	db_close(fixture->kernel.db);
	arena_free(fixture->arena);
	for (size_t i = 0; i < COUNT(suffixes) && fixture->directory[0]; i++) {
		snprintf(path, sizeof(path), "%s/test.db%s", fixture->directory, suffixes[i]);
		unlink(path);
	}
	if (fixture->directory[0])
		rmdir(fixture->directory);
	if (fixture->schema[0])
		schema_script(fixture, "DROP SCHEMA", fixture->schema, " CASCADE");
	if (fixture->beside[0])
		schema_script(fixture, "DROP SCHEMA", fixture->beside, " CASCADE");
	free(fixture);
	return 0;
}

struct kernel_fixture *kernel_fixture_of(void **state)
{
	struct kernel_fixture *fixture = *state;

	if (fixture->skip)
		skip();
	return fixture;
}

int kernel_run(const char *name, const struct CMUnitTest *tests, size_t count,
	       const struct capability *const *capabilities)
{
	static const char *const databases[] = { [DB_SQLITE] = "SQLite", [DB_POSTGRES] = "PostgreSQL" };
	int failed = 0;

	for (size_t kind = 0; kind < COUNT(databases); kind++) {
		struct run run = { (enum db_kind)kind, capabilities };
		struct CMUnitTest *copy = calloc(count, sizeof(*copy));
		char group[80];

		assert_non_null(copy);
		for (size_t i = 0; i < count; i++)
			copy[i] = (struct CMUnitTest){ tests[i].name, tests[i].test_func, setup, teardown, &run };
		snprintf(group, sizeof(group), "%s on %s", name, databases[kind]);
		failed += _cmocka_run_group_tests(group, copy, count, NULL, NULL);
		free(copy);
	}
	return failed;
}

/* --- Messages --- */

struct put {
	struct kernel_fixture *fixture;
	struct message message;
};

static enum err_code put_run(struct tx *tx, void *arg, struct err *err)
{
	struct put *put = arg;
	struct kernel_fixture *fixture = put->fixture;
	struct message_part part = { .content_id = "doc",
				     .mime_type = "application/xml",
				     .octets = bytes_of("<doc/>") };
	struct message_parts parts = { &part, 1 };
	struct message message = put->message;

	TRY(outbox_put(&fixture->kernel, tx, fixture->arena, &message, &parts, &fixture_actor, fixture->clock.now_us,
		       err));
	put->message = message;
	return OK;
}

struct message fixture_put(struct kernel_fixture *fixture, const char *partner, const char *conversation,
			   const char *document)
{
	struct put put = {
		.fixture = fixture,
		.message = {
			.partner = partner,
			.organisation = "customs",
			.conversation = conversation,
			.service = "asw",
			.action = "FORM-D",
			.original_sender = "TH:customs",
			.final_recipient = "VN:customs",
			.document = document,
		},
	};
	must(db_write(fixture->kernel.db, put_run, &put, &fixture->err));
	return put.message;
}

struct wire fixture_wire(const struct kernel_fixture *fixture, enum wire_kind kind, const char *text)
{
	return (struct wire){
		.kind = kind,
		.at_us = fixture->clock.now_us,
		.content_type = "application/soap+xml",
		.octets = bytes_of(text),
		.certificate = "aa",
	};
}

struct inbox_delivery fixture_delivery(struct kernel_fixture *fixture, const char *partner, const char *message_id,
				       const char *conversation, const char *text)
{
	struct message_part *part = arena_alloc(fixture->arena, sizeof(*part));

	assert_non_null(part);
	*part = (struct message_part){ .content_id = "doc", .mime_type = "application/xml", .octets = bytes_of(text) };
	return (struct inbox_delivery){
		.message = {
			.partner = partner,
			.organisation = "customs",
			.message_id = message_id,
			.conversation = conversation,
			.service = "asw",
			.action = "FORM-D",
			.original_sender = "VN:customs",
			.final_recipient = "TH:customs",
			.created_us = fixture->clock.now_us,
		},
		.parts = { part, 1 },
		.received = fixture_wire(fixture, WIRE_RECEIVED, text),
		.receipt = fixture_wire(fixture, WIRE_RECEIPT_SENT,
					arena_printf(fixture->arena, "<receipt of=\"%s\" at=\"%lld\"/>", message_id,
						     (long long)fixture->clock.now_us)),
		.window_us = 30 * DAY_US,
	};
}

enum inbox_outcome fixture_accept(struct kernel_fixture *fixture, struct inbox_delivery *delivery, struct wire *receipt)
{
	enum inbox_outcome outcome;
	struct wire unused;

	must(inbox_accept(&fixture->kernel, fixture->arena, delivery, fixture->clock.now_us, &outcome,
			  receipt ? receipt : &unused, &fixture->err));
	return outcome;
}

void fixture_copies(struct kernel_fixture *fixture, const char *id, int count, bool own_conversation)
{
	static const struct statement copy = {
		"test.copies",
		"WITH RECURSIVE n (i) AS (SELECT CAST(1 AS {i64}) UNION ALL SELECT i + 1 FROM n WHERE i < $2)"
		" INSERT INTO message (id, direction, partner, organisation, message_id, conversation, position, service,"
		" action, test, state, created_us, queued_us, next_attempt_us, attempts, digest, accepted_us)"
		" SELECT 'copy-' || i, direction, partner, organisation, message_id || i,"
		" CASE WHEN CAST($3 AS {i64}) = 1 THEN conversation || i ELSE conversation END, position + i, service,"
		" action, test, state, created_us, queued_us, next_attempt_us, attempts, digest, accepted_us"
		" FROM message, n WHERE message.id = $1"
	};

	fixture_exec(fixture, &copy, BINDS(BIND_TEXT(id), BIND_INT(count), BIND_INT(own_conversation)));
}

struct find {
	struct arena *arena;
	const char *id;
	struct message message;
};

static enum err_code find_run(struct tx *tx, void *arg, struct err *err)
{
	struct find *find = arg;

	return message_find(tx, find->arena, find->id, &find->message, err);
}

struct message fixture_message(struct kernel_fixture *fixture, const char *id)
{
	struct find find = { .arena = fixture->arena, .id = id };

	must(db_read(fixture->kernel.db, find_run, &find, &fixture->err));
	assert_non_null(find.message.id);
	return find.message;
}
