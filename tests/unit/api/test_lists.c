/* Lists and what they are filtered by. What is allowed is what docs/capability/machines.md, the fixture's parties and
 * docs/operations.md name. */
#include "world.h"

#include "customs/registry.h"

static void a_filter_that_nothing_can_have_is_refused_with_what_is_allowed(void **state)
{
	static const struct {
		const char *path, *place, *allowed;
	} rows[] = {
		{ "/api/v1/messages?state=dleivered", "\"/state\"",
		  "dleivered is none of queued, delivered, dead, held, abandoned, received, processed, failed\"" },
		{ "/api/v1/messages?direction=out&state=processed", "\"/state\"",
		  "processed is none of queued, delivered, dead, held, abandoned\"" },
		{ "/api/v1/messages?direction=in&state=queued", "\"/state\"",
		  "queued is none of received, processed, failed, abandoned\"" },
		{ "/api/v1/messages?before=garbage", "\"/before\"", "garbage is none of the ids that lists show\"" },
		{ "/api/v1/messages?direction=both", "\"/direction\"", "both is none of in, out\"" },
		{ "/api/v1/messages?partner=XX", "\"/partner\"", "XX is none of MY, VN\"" },
		{ "/api/v1/messages?organisation=dtf", "\"/organisation\"", "dtf is none of customs, dft\"" },
		{ "/api/v1/documents?type=FORM-E", "\"/type\"", "FORM-E is none of FORM-D, " },
		{ "/api/v1/documents?direction=", "\"/direction\"", " is none of in, out\"" },
		{ "/api/v1/documents?partner=vn", "\"/partner\"", "vn is none of MY, VN\"" },
		{ "/api/v1/documents?organisation=VN", "\"/organisation\"", "VN is none of customs, dft\"" },
		{ "/api/v1/tasks?organisation=XX", "\"/organisation\"", "XX is none of customs, dft\"" },
		{ "/api/v1/events?organisation=XX", "\"/organisation\"", "XX is none of customs, dft\"" },
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_that_nothing_can_have_is_refused_with_what_is_allowed),
		cmocka_unit_test(every_value_that_is_allowed_is_taken),
		cmocka_unit_test(an_organisation_with_a_mistyped_seat_is_refused),
		cmocka_unit_test(all_wrong_filters_are_told_at_once),
	};
	return kernel_run("lists", tests, COUNT(tests), customs_capabilities);
}
