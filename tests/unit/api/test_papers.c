/* Papers through the interface: who accepts and closes them, and who sees them. An officer works for one organisation,
 * and sees what that one keeps (docs/interface.md). */
#include "people.h"

#include "base/clock.h"
#include "customs/document/api_int.h"
#include "customs/registry.h"

static struct new_paper_view the_paper(const char *organisation)
{
	return (struct new_paper_view){ .organisation = organisation,
					.partner = "VN",
					.doctype = "FORM-D",
					.reference = "VN-1",
					.issued_on = date_of(2026, 11, 1),
					.reason = "the gateway of VN is down" };
}

static struct answer accept_as(struct world *world, const char *secret, const char *organisation)
{
	struct new_paper_view view = the_paper(organisation);

	return call_with(world, secret, "POST", "/api/v1/papers", &new_paper_schema, &view);
}

static struct answer close_as(struct world *world, const char *secret, const char *id)
{
	struct paper_close_view view = { .reason = "it will not come" };

	return call_with(world, secret, "POST", arena_printf(world->fixture->arena, "/api/v1/papers/%s/close", id),
			 &paper_close_schema, &view);
}

static const char *id_of(struct world *world, struct answer answer)
{
	struct kernel_fixture *fixture = world->fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct paper_view view;

	must(field_read_json(fixture->arena, &paper_schema, bytes_of(answer.text), NULL, &view, findings,
			     &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	return view.id;
}

static void an_officer_accepts_for_his_own_organisation_alone(void **state)
{
	struct world world = begin(state, false);
	const char *officer = new_user(&world, "nguyen", "customs", "officer");
	const char *stranger = new_user(&world, "dft-1", "dft", "officer");

	expect(accept_as(&world, stranger, "customs"), 403, "you work for dft");
	expect(accept_as(&world, stranger, NULL), 422, "PAP-001"); /* his own issues certificates */
	struct answer answer = accept_as(&world, officer, NULL);
	expect(answer, 201, "\"acceptedBy\":\"user:nguyen\"");
	expect(answer, 201, "\"organisation\":\"customs\"");
	expect(answer, 201, "\"ageDays\":0");
	end(&world);
}

static void another_organisation_neither_sees_nor_closes_it(void **state)
{
	struct world world = begin(state, false);
	const char *officer = new_user(&world, "nguyen", "customs", "officer");
	const char *auditor = new_user(&world, "audit", "customs", "auditor");
	const char *stranger = new_user(&world, "dft-1", "dft", "officer");
	const char *id = id_of(&world, accept_as(&world, officer, NULL));
	const char *path = arena_printf(world.fixture->arena, "/api/v1/papers/%s", id);

	expect(get_as(&world, stranger, path), 404, NULL);
	expect(get_as(&world, stranger, "/api/v1/papers"), 200, "\"items\":[]");
	expect(close_as(&world, stranger, id), 404, NULL);
	expect(get_as(&world, auditor, path), 200, id);
	expect(close_as(&world, auditor, id), 403, NULL);
	expect(close_as(&world, officer, id), 200, "\"closed\"");
	expect(close_as(&world, officer, id), 422, "FSM-001");
	end(&world);
}

/* Officers know the reference that stands on the paper, not our id. */
static void a_paper_is_found_by_its_reference_and_says_why_it_was_closed(void **state)
{
	struct world world = begin(state, false);
	const char *officer = new_user(&world, "nguyen", "customs", "officer");
	const char *stranger = new_user(&world, "dft-1", "dft", "officer");
	const char *id = id_of(&world, accept_as(&world, officer, NULL));
	const char *reference = the_paper(NULL).reference;
	const char *path = arena_printf(world.fixture->arena, "/api/v1/papers/%s", reference);
	const char *timeline = arena_printf(world.fixture->arena, "/api/v1/timeline/%s", reference);

	expect(get_as(&world, officer, path), 200, id);
	expect(get_as(&world, stranger, path), 404, NULL);
	expect(get_as(&world, stranger, timeline), 404, NULL);
	expect(close_as(&world, officer, reference), 200, "\"closedBecause\":\"it will not come\"");
	expect(get_as(&world, officer, path), 200, "\"closedBecause\":\"it will not come\"");
	expect(get_as(&world, officer, timeline), 200, "\"closed\"");
	end(&world);
}

/* As long as it waits; the fixture's day is 2 November 2026. */
static void the_list_tells_the_age(void **state)
{
	struct world world = begin(state, false);
	const char *officer = new_user(&world, "nguyen", "customs", "officer");

	expect(accept_as(&world, officer, NULL), 201, NULL);
	world.fixture->clock.now_us += 22 * DAY_US - 1;
	expect(call(&world, "GET", "/api/v1/papers?open=true&partner=VN", NULL, NULL), 200, "\"ageDays\":21");
	expect(call(&world, "GET", "/api/v1/papers?partner=MY", NULL, NULL), 200, "\"items\":[]");
	expect(call(&world, "GET", "/api/v1/papers?open=perhaps", NULL, NULL), 422, "API-002");
	end(&world);
}

/* A client that lost the answer asks again with its key, and accepts nothing twice. */
static void the_same_request_again_is_the_same_paper(void **state)
{
	static const char body[] =
		"{\"partner\":\"VN\",\"type\":\"FORM-D\",\"reference\":\"VN-1\",\"issuedOn\":\"2026-11-01\","
		"\"organisation\":\"customs\",\"reason\":\"down\"}";
	struct world world = begin(state, false);
	const struct ask again = { .method = "POST",
				   .path = "/api/v1/papers",
				   .body = bytes_of(body),
				   .headers = { { "Content-Type", "application/json" },
						{ "Idempotency-Key", "\"p1\"" } } };
	struct answer first = ask(&world, &again), second = ask(&world, &again);

	expect(first, 201, NULL);
	expect(second, 201, first.text);
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_officer_accepts_for_his_own_organisation_alone),
		cmocka_unit_test(another_organisation_neither_sees_nor_closes_it),
		cmocka_unit_test(a_paper_is_found_by_its_reference_and_says_why_it_was_closed),
		cmocka_unit_test(the_list_tells_the_age),
		cmocka_unit_test(the_same_request_again_is_the_same_paper),
	};

	return kernel_run("api/papers", tests, COUNT(tests), customs_capabilities);
}
