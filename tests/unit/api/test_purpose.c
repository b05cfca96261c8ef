/* For what documents are read: said, checked, journalled. */
#include "people.h"

#include "../customs/node.h"
#include "customs/registry.h"

#define PURPOSES "clearance, risk-analysis,audit"

struct reading {
	struct world world;
	const char *dara, *path; /* a token; "/api/v1/documents/ID" */
	const char *timeline;
};

static struct reading begin_reading(void **state, bool required)
{
	struct reading r = { .world = begin(state, false) };
	struct arena *arena = r.world.fixture->arena;

	serve_with(&r.world, (struct api_options){ .purposes = PURPOSES, .purpose_required = required });
	assert_string_equal(submit(r.world.fixture, "dft", sample(arena, "form-d/good-ordinary.xml")).codes, "");
	const char *id = document_called(r.world.fixture, "D2026-0045678").id;
	r.dara = new_user(&r.world, "dara", "dft", "officer");
	r.path = arena_printf(arena, "/api/v1/documents/%s", id);
	r.timeline = arena_printf(arena, "/api/v1/timeline/%s", id);
	return r;
}

static struct answer get_part(struct reading *r, const char *part)
{
	return get_as(&r->world, r->dara, arena_printf(r->world.fixture->arena, "%s%s", r->path, part));
}

/* How many entries "read" of USER have DETAIL. */
static int reads(struct reading *r, const char *user, const char *detail)
{
	static const struct statement counted = {
		"test.reads", "SELECT count(*) FROM journal WHERE event = 'read' AND subject_type = 'document'"
			      " AND organisation = 'dft' AND actor = $1 AND detail = $2"
	};

	return (int)fixture_int(r->world.fixture, &counted, BINDS(BIND_TEXT(user), BIND_TEXT(detail)));
}

static void who_reads_says_for_what_and_stands_in_the_timeline_once_for_each_purpose(void **state)
{
	struct reading r = begin_reading(state, false);

	for (int i = 0; i < 2; i++) {
		expect(get_part(&r, "/content?purpose=risk-analysis"), 200, "D2026-0045678");
		expect(get_part(&r, "/original?purpose=risk-analysis"), 200, NULL);
		expect(get_part(&r, "?purpose=audit"), 200, "D2026-0045678");
	}
	assert_int_equal(reads(&r, "user:dara", "purpose: risk-analysis"), 1);
	assert_int_equal(reads(&r, "user:dara", "purpose: audit"), 1);
	assert_int_equal(reads(&r, "user:dara", "purpose: not stated"), 0);
	expect(get_as(&r.world, r.dara, r.timeline), 200, "\"detail\":\"purpose: risk-analysis\"");
	end(&r.world);
}

static void who_does_not_say_for_what_is_journalled_as_that(void **state)
{
	struct reading r = begin_reading(state, false);

	expect(get_part(&r, ""), 200, NULL); /* as much as a list shows */
	assert_int_equal(reads(&r, "user:dara", "purpose: not stated"), 0);
	expect(get_part(&r, "/original"), 200, NULL);
	expect(get_part(&r, "/content"), 200, NULL);
	assert_int_equal(reads(&r, "user:dara", "purpose: not stated"), 1);
	expect(call(&r.world, "GET", arena_printf(r.world.fixture->arena, "%s/content?purpose=audit", r.path), NULL,
		    NULL),
	       200, NULL);
	assert_int_equal(reads(&r, "operator", "purpose: audit"), 1);
	end(&r.world);
}

static void a_purpose_is_one_of_those_that_are_configured(void **state)
{
	struct reading r = begin_reading(state, false);

	struct answer refused = get_part(&r, "/content?purpose=curiosity");
	expect(refused, 422, "there is no purpose \\\"curiosity\\\"");
	expect(refused, 422, "clearance, risk-analysis, audit");
	expect(get_part(&r, "/content?purpose="), 422, "API-004");
	expect(get_part(&r, "/content?purpose=audit&purpose=clearance"), 422, "API-007");
	expect(get_as(&r.world, r.dara, "/api/v1/documents?purpose=audit"), 422, "API-006");
	assert_int_equal(reads(&r, "user:dara", "purpose: curiosity"), 0);
	end(&r.world);
}

static void where_it_is_required_nothing_is_shown_to_who_does_not_say_it(void **state)
{
	static const char *const parts[] = { "", "/content", "/original" };
	struct reading r = begin_reading(state, true);

	for (size_t i = 0; i < COUNT(parts); i++) {
		struct answer refused = get_part(&r, parts[i]);
		expect(refused, 422, "\"code\":\"API-014\",\"path\":\"/purpose\"");
		assert_null(strstr(refused.text, "D2026-0045678"));
		expect(call(&r.world, "GET", arena_printf(r.world.fixture->arena, "%s%s", r.path, parts[i]), NULL,
			    NULL),
		       422, "API-014"); /* the operator no less */
		expect(get_part(&r, arena_printf(r.world.fixture->arena, "%s?purpose=clearance", parts[i])), 200, NULL);
	}
	assert_int_equal(reads(&r, "user:dara", "purpose: clearance"), 1);
	assert_int_equal(reads(&r, "user:dara", "purpose: not stated"), 0);
	expect(get_as(&r.world, r.dara, "/api/v1/documents"), 200, NULL);
	end(&r.world);
}

/* The whole document is in what proves how it came: rule 31(4) does not ask by which route it is read. */
static void evidence_read(void **state, bool required)
{
	struct reading r = begin_reading(state, required);
	struct arena *arena = r.world.fixture->arena;
	const char *boss = new_user(&r.world, "boss", "dft", "auditor");
	struct document document = document_called(r.world.fixture, "D2026-0045678");
	const char *path = arena_printf(arena, "/api/v1/messages/%s/evidence", document.message);
	struct answer said = call_with(&r.world, boss, "POST", path, NULL, NULL);

	if (required)
		expect(said, 422, "\"code\":\"API-014\",\"path\":\"/purpose\"");
	else
		expect(said, 200, NULL);
	assert_int_equal(reads(&r, "user:boss", "purpose: not stated"), !required);
	expect(call_with(&r.world, boss, "POST", arena_printf(arena, "%s?purpose=curiosity", path), NULL, NULL), 422,
	       NULL);
	expect(call_with(&r.world, boss, "POST", arena_printf(arena, "%s?purpose=audit", path), NULL, NULL), 200, NULL);
	assert_int_equal(reads(&r, "user:boss", "purpose: audit"), 1);
	expect(get_as(&r.world, boss, arena_printf(arena, "/api/v1/audit/reads?document=%s", document.id)), 200,
	       "\"detail\":\"purpose: audit\"");
	end(&r.world);
}

static void evidence_is_a_read_of_its_document(void **state)
{
	evidence_read(state, false);
}

static void evidence_is_kept_from_who_does_not_say_for_what_where_that_is_required(void **state)
{
	evidence_read(state, true);
}

static void fill_disk(struct reading *r)
{
	struct kernel_fixture *fixture = r->world.fixture;

	db_close(fixture->kernel.db);
	must(db_open(fixture->url, &(struct db_options){ .reserve_bytes = INT64_MAX }, &fixture->kernel.db,
		     &fixture->err));
}

/* PostgreSQL's disk is another machine's. */
static void on_a_full_disk_who_reads_is_in_the_log_or_reads_nothing_where_a_purpose_is_required(void **state)
{
	static const char *const parts[] = { "?purpose=audit", "/content?purpose=audit", "/original?purpose=audit" };

	if (kernel_fixture_of(state)->kind != DB_SQLITE)
		return;
	struct reading r = begin_reading(state, true);
	expect(get_part(&r, parts[1]), 200, NULL); /* journalled: it needs no other entry */
	fill_disk(&r);
	for (size_t i = 0; i < COUNT(parts); i++)
		expect(get_part(&r, parts[i]), 200, "D2026-0045678");
	for (size_t i = 0; i < COUNT(parts); i++) {
		struct answer refused = call(
			&r.world, "GET", arena_printf(r.world.fixture->arena, "%s%s", r.path, parts[i]), NULL, NULL);
		expect(refused, 503, "purpose-required");
		assert_null(strstr(refused.text, "D2026-0045678"));
	}
	serve_with(&r.world, (struct api_options){ .purposes = PURPOSES });
	expect(call(&r.world, "GET", arena_printf(r.world.fixture->arena, "%s%s", r.path, parts[1]), NULL, NULL), 200,
	       "D2026-0045678");
	end(&r.world);
}

static int occurrences(const char *text, const char *word)
{
	int count = 0;

	for (const char *at = text; (at = strstr(at, word)); at++)
		count++;
	return count;
}

static void who_read_what_can_be_asked_by_document_and_by_user(void **state)
{
	struct reading r = begin_reading(state, false);
	struct arena *arena = r.world.fixture->arena;
	const char *boss = new_user(&r.world, "boss", "dft", "auditor");
	const char *other = new_user(&r.world, "other", "customs", "auditor");

	expect(get_part(&r, "/content?purpose=clearance"), 200, NULL);
	r.world.fixture->clock.now_us += SECOND_US;
	expect(get_part(&r, "/content?purpose=audit"), 200, NULL);
	expect(get_as(&r.world, boss, arena_printf(arena, "%s/original", r.path)), 200, NULL);

	struct answer of = get_as(&r.world, boss, "/api/v1/audit/reads?document=D2026-0045678");
	expect(of, 200, "purpose: not stated");
	assert_int_equal(occurrences(of.text, "\"event\":\"read\""), 3);
	struct answer by = get_as(&r.world, boss, "/api/v1/audit/reads?user=dara&limit=1");
	expect(by, 200, "purpose: audit"); /* the newest */
	assert_int_equal(occurrences(by.text, "\"event\":\"read\""), 1);
	const char *link = header_of(&by, "Link");
	assert_non_null(link);
	struct answer next = get_as(&r.world, boss, arena_text_of(arena, bytes(link + 1, strcspn(link, ">") - 1)));
	expect(next, 200, "purpose: clearance");
	assert_null(strstr(next.text, "purpose: audit"));
	assert_int_equal(
		occurrences(get_as(&r.world, boss, "/api/v1/audit/reads?user=dara&document=D2026-0045678").text,
			    "\"actor\":\"user:dara\""),
		2);

	assert_int_equal(occurrences(get_as(&r.world, boss, "/api/v1/audit/reads").text, "\"event\":\"read\""), 3);
	expect(get_as(&r.world, other, "/api/v1/audit/reads?document=D2026-0045678"), 404, NULL);
	assert_null(strstr(get_as(&r.world, other, "/api/v1/audit/reads?user=dara").text, "read\""));
	end(&r.world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_reads_says_for_what_and_stands_in_the_timeline_once_for_each_purpose),
		cmocka_unit_test(who_does_not_say_for_what_is_journalled_as_that),
		cmocka_unit_test(a_purpose_is_one_of_those_that_are_configured),
		cmocka_unit_test(who_read_what_can_be_asked_by_document_and_by_user),
		cmocka_unit_test(evidence_is_a_read_of_its_document),
		cmocka_unit_test(evidence_is_kept_from_who_does_not_say_for_what_where_that_is_required),
		cmocka_unit_test(on_a_full_disk_who_reads_is_in_the_log_or_reads_nothing_where_a_purpose_is_required),
		cmocka_unit_test(where_it_is_required_nothing_is_shown_to_who_does_not_say_it),
	};
	return kernel_run("purpose", tests, COUNT(tests), customs_capabilities);
}
