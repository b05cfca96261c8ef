/* Lists and what they are filtered by. What is allowed is what docs/capability/machines.md, the fixture's parties and
 * docs/operations.md name. */
#include "world.h"

#include "base/text.h"
#include "customs/registry.h"
#include "kernel/task.h"

static void a_filter_that_nothing_can_have_is_refused_with_what_is_allowed(void **state)
{
	static const struct {
		const char *path, *place, *allowed;
	} rows[] = {
		{ "/api/v1/messages?state=dleivered", "\"/state\"",
		  "there is no state \\\"dleivered\\\": it is one of queued, delivered, dead, held, abandoned, "
		  "received, processed, failed\"" },
		{ "/api/v1/messages?direction=out&state=processed", "\"/state\"",
		  "there is no state \\\"processed\\\": it is one of queued, delivered, dead, held, abandoned\"" },
		{ "/api/v1/messages?direction=in&state=queued", "\"/state\"",
		  "there is no state \\\"queued\\\": it is one of received, processed, failed, abandoned\"" },
		{ "/api/v1/messages?before=garbage", "\"/before\"",
		  "there is no id \\\"garbage\\\": it is one of the ids that lists show\"" },
		{ "/api/v1/messages?direction=both", "\"/direction\"",
		  "there is no direction \\\"both\\\": it is one of in, out\"" },
		{ "/api/v1/messages?partner=XX", "\"/partner\"",
		  "there is no partner \\\"XX\\\": it is one of MY, VN; lintas partner add (POST /api/v1/partners) adds "
		  "one\"" },
		{ "/api/v1/messages?organisation=dtf", "\"/organisation\"",
		  "there is no organisation \\\"dtf\\\": it is one of customs, dft\"" },
		{ "/api/v1/documents?type=FORM-E", "\"/type\"",
		  "there is no document type \\\"FORM-E\\\": it is one of FORM-D, " },
		{ "/api/v1/documents?direction=", "\"/direction\"",
		  "there is no direction \\\"\\\": it is one of in, out\"" },
		{ "/api/v1/documents?partner=vn", "\"/partner\"",
		  "there is no partner \\\"vn\\\": it is one of MY, VN; " },
		{ "/api/v1/documents?organisation=VN", "\"/organisation\"",
		  "there is no organisation \\\"VN\\\": it is one of customs, dft\"" },
		{ "/api/v1/tasks?organisation=XX", "\"/organisation\"",
		  "there is no organisation \\\"XX\\\": it is one of customs, dft\"" },
		{ "/api/v1/events?organisation=XX", "\"/organisation\"",
		  "there is no organisation \\\"XX\\\": it is one of customs, dft\"" },
	};
	struct world world = begin(state, false);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct answer answer = call(&world, "GET", rows[i].path, NULL, NULL);
		expect(answer, 422, "API-004");
		expect(answer, 422, rows[i].place);
		expect(answer, 422, rows[i].allowed);
	}
	end(&world);
}

static void every_value_that_is_allowed_is_taken(void **state)
{
	static const char *const paths[] = {
		"/api/v1/messages?direction=out&state=queued&partner=VN&organisation=customs",
		"/api/v1/messages?direction=in&state=abandoned",
		"/api/v1/messages?direction=out&state=abandoned",
		"/api/v1/messages?state=failed",
		"/api/v1/documents?type=FORM-D&direction=in&partner=MY&organisation=dft",
		"/api/v1/documents?type=ACDD",
		"/api/v1/documents?state=refused&since=2026-11-01&until=2026-11-02",
		"/api/v1/documents?state=remainder-suspended",
		"/api/v1/tasks?organisation=dft",
		"/api/v1/events?organisation=customs",
	};
	struct world world = begin(state, false);

	for (size_t i = 0; i < COUNT(paths); i++)
		expect(call(&world, "GET", paths[i], NULL, NULL), 200, "\"items\"");
	end(&world);
}

static void an_organisation_with_a_mistyped_seat_is_refused(void **state)
{
	struct world world = begin(state, false);
	struct organisation_view view = { .code = "edb", .seat = "issuing", .name = "Board" };

	expect(call(&world, "POST", "/api/v1/organisations", &organisation_schema, &view), 422, "issuing-authority");
	view.seat = "issuing-authority";
	expect(call(&world, "POST", "/api/v1/organisations", &organisation_schema, &view), 201, "\"edb\"");
	end(&world);
}

static void all_wrong_filters_are_told_at_once(void **state)
{
	struct world world = begin(state, false);
	struct answer answer = call(&world, "GET", "/api/v1/messages?state=x&partner=XX&limit=0", NULL, NULL);

	expect(answer, 422, "\"/state\"");
	expect(answer, 422, "\"/partner\"");
	expect(answer, 422, "\"/limit\"");
	end(&world);
}

/* --- Pages --- */

/* The target of a link with the relation "next" (RFC 8288 §3); NULL if there is none. */
static const char *next_of(struct world *world, const struct answer *answer)
{
	const char *link = header_of(answer, "Link");

	if (!link)
		return NULL;
	assert_int_equal(link[0], '<');
	assert_string_equal(strchr(link, '>'), ">; rel=\"next\"");
	return arena_text_of(world->fixture->arena, bytes(link + 1, strcspn(link, ">") - 1));
}

/* How many items there are on PATH and the pages that it leads to; MEMBER stands once in each. */
static size_t count_all(struct world *world, const char *path, const char *member, size_t pages)
{
	size_t count = 0, seen = 0;

	for (; path; seen++) {
		struct answer answer = call(world, "GET", path, NULL, NULL);
		expect(answer, 200, NULL);
		for (const char *at = answer.text; (at = strstr(at, member)); at++)
			count++;
		path = next_of(world, &answer);
		if (path)
			expect(answer, 200, "\"next\"");
		assert_true(seen < pages);
	}
	assert_int_equal(seen, pages);
	return count;
}

static enum err_code put_tasks(struct tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	struct task task = { .organisation = "dft", .kind = "clock", .text = "look" };

	for (int i = 0; i < 5; i++) {
		task.subject = arena_printf(world->fixture->arena, "s%d", i);
		TRY(task_open(tx, &task, FIXTURE_NOW_US + i, err));
	}
	task.subject = "another's";
	task.organisation = "customs";
	TRY(task_open(tx, &task, FIXTURE_NOW_US, err));
	return task_close(tx, "s3", NULL, FIXTURE_NOW_US, err);
}

static void a_page_leads_to_the_next_with_the_same_filters(void **state)
{
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;

	for (int i = 0; i < 4; i++)
		fixture_put(fixture, i == 2 ? "MY" : "VN", NULL, NULL);
	must(db_write(fixture->kernel.db, put_tasks, &world, &fixture->err));
	assert_int_equal(count_all(&world, "/api/v1/messages?limit=2&partner=VN&direction=out", "\"messageId\"", 2), 3);
	assert_int_equal(count_all(&world, "/api/v1/messages?limit=100", "\"messageId\"", 1), 4);
	assert_int_equal(count_all(&world, "/api/v1/tasks?organisation=dft&limit=2", "\"kind\"", 3), 5);
	assert_int_equal(count_all(&world, "/api/v1/tasks?limit=1", "\"kind\"", 7), 6);
	end(&world);
}

static void what_stands_in_a_filter_stands_escaped_in_the_link(void **state)
{
	struct world world = begin(state, false);
	static const struct statement put = {
		"test.document",
		"INSERT INTO document (id, organisation, doctype, version, direction, partner, reference, digest, message,"
		" part, conversation, test, created_us, machine, refused) VALUES ($1, 'dft', 'FORM-D', '1', 'out', 'VN', $2,"
		" 'ab', $3, 1, 'c', 0, 1, 'form-d.sent', 1)"
	};

	for (int i = 0; i < 2; i++) {
		struct message message = fixture_put(world.fixture, "VN", NULL, NULL);
		const char *id = arena_printf(world.fixture->arena, "01a20141-91cf-76e4-9ecc-8952159bc56%d", i);
		fixture_exec(world.fixture, &put, BINDS(BIND_TEXT(id), BIND_TEXT("a&b=>é"), BIND_TEXT(message.id)));
	}
	struct answer first = call(&world, "GET", "/api/v1/documents?limit=1&reference=a%26b%3D%3e%C3%A9", NULL, NULL);
	expect(first, 200, "bc561");
	const char *next = next_of(&world, &first);
	assert_non_null(strstr(next, "reference=a%26b%3D%3E%C3%A9"));
	expect(call(&world, "GET", next, NULL, NULL), 200, "bc560");
	end(&world);
}

static void a_cursor_of_tasks_is_what_a_page_gave(void **state)
{
	static const char *const wrong[] = { "done:", "done:x", "x", "open:01a20141-91cf-76e4-9ecc-8952159bc560" };
	struct world world = begin(state, false);

	for (size_t i = 0; i < COUNT(wrong); i++)
		expect(call(&world, "GET", arena_printf(world.fixture->arena, "/api/v1/tasks?before=%s", wrong[i]),
			    NULL, NULL),
		       422, "API-004");
	expect(call(&world, "GET", "/api/v1/messages?before=done:01a20141-91cf-76e4-9ecc-8952159bc560", NULL, NULL),
	       422, "API-004");
	end(&world);
}

/* "certificates":[] would say that there are none. */
static void a_list_of_partners_says_nothing_of_their_certificates(void **state)
{
	struct world world = begin(state, false);
	struct answer answer = call(&world, "GET", "/api/v1/partners", NULL, NULL);

	expect(answer, 200, "\"VN\"");
	assert_null(strstr(answer.text, "\"certificates\""));
	expect(call(&world, "GET", "/api/v1/partners/VN", NULL, NULL), 200, "\"certificates\"");
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_that_nothing_can_have_is_refused_with_what_is_allowed),
		cmocka_unit_test(every_value_that_is_allowed_is_taken),
		cmocka_unit_test(an_organisation_with_a_mistyped_seat_is_refused),
		cmocka_unit_test(all_wrong_filters_are_told_at_once),
		cmocka_unit_test(a_page_leads_to_the_next_with_the_same_filters),
		cmocka_unit_test(what_stands_in_a_filter_stands_escaped_in_the_link),
		cmocka_unit_test(a_cursor_of_tasks_is_what_a_page_gave),
		cmocka_unit_test(a_list_of_partners_says_nothing_of_their_certificates),
	};
	return kernel_run("lists", tests, COUNT(tests), customs_capabilities);
}
