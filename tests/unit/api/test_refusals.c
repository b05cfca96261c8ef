/* What was refused of partners, as an operator sees it who has to say which side is wrong. */
#include "world.h"

#include "customs/registry.h"
#include "kernel/refusal.h"

static const char package[] = "--b\r\n\r\ngarbage\r\n--b--\r\n";

static void refuse(struct world *world, const char *partner, const char *message_id, const char *rule)
{
	struct kernel_fixture *fixture = world->fixture;
	const struct wire received = { .kind = WIRE_RECEIVED,
				       .at_us = FIXTURE_NOW_US,
				       .content_type = "multipart/related; boundary=b",
				       .octets = bytes_of(package) };
	const struct wire error = { .kind = WIRE_ERROR_SENT,
				    .at_us = FIXTURE_NOW_US,
				    .content_type = "application/soap+xml",
				    .octets = bytes_of("<error/>") };

	must(inbox_refused(&fixture->kernel, partner, message_id,
			   &(struct refused_for){ .rule = rule, .text = "part 1 has garbage" }, &received, &error,
			   fixture->clock.now_us, &fixture->err));
	fixture->clock.now_us += SECOND_US;
}

static struct refusal_list_view listed(struct world *world, const char *query)
{
	struct kernel_fixture *fixture = world->fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct refusal_list_view view;
	struct answer answer =
		call(world, "GET", arena_printf(fixture->arena, "/api/v1/refusals%s", query), NULL, NULL);

	expect(answer, 200, NULL);
	must(field_read_json(fixture->arena, &refusal_list_schema, bytes_of(answer.text), NULL, &view, findings,
			     &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	return view;
}

static struct answer octets(struct world *world, const char *id, const char *which)
{
	return call(world, "GET", arena_printf(world->fixture->arena, "/api/v1/refusals/%s/%s", id, which), NULL, NULL);
}

static void refusals_are_listed_newest_first_and_by_partner(void **state)
{
	struct world world = begin(state, false);

	assert_int_equal(listed(&world, "").count, 0);
	refuse(&world, "VN", "m1@vn", "MSG-031");
	refuse(&world, "MY", NULL, "MSG-002");
	refuse(&world, "VN", "m2@vn", "MSG-053");

	struct refusal_list_view all = listed(&world, "");
	assert_int_equal(all.count, 3);
	assert_string_equal(all.items[0].message_id, "m2@vn");
	assert_string_equal(all.items[0].rule, "MSG-053");
	assert_string_equal(all.items[0].text, "part 1 has garbage");
	assert_int_equal(all.items[0].at_us, FIXTURE_NOW_US + 2 * SECOND_US);
	assert_int_equal(all.items[0].received_bytes, sizeof(package) - 1);
	assert_int_equal(all.items[0].error_bytes, strlen("<error/>"));
	assert_string_equal(all.items[1].partner, "MY");
	assert_null(all.items[1].message_id);

	struct refusal_list_view of_one = listed(&world, "?partner=VN&limit=1");
	assert_int_equal(of_one.count, 1);
	assert_string_equal(of_one.items[0].id, all.items[0].id);
	of_one = listed(&world, arena_printf(world.fixture->arena, "?partner=VN&before=%s", of_one.next));
	assert_int_equal(of_one.count, 1);
	assert_string_equal(of_one.items[0].message_id, "m1@vn");
	end(&world);
}

/* RFC 9112 2.1: header, empty line, body: what `lintas as4 inspect` reads. */
static void what_was_refused_is_given_as_it_came(void **state)
{
	struct world world = begin(state, false);

	refuse(&world, "VN", "m1@vn", "MSG-031");
	const char *id = listed(&world, "").items[0].id;
	struct answer received = octets(&world, id, "received"), error = octets(&world, id, "error");
	expect(received, 200, NULL);
	assert_string_equal(received.content_type, "application/octet-stream");
	assert_string_equal(
		received.text,
		arena_printf(world.fixture->arena, "Content-Type: multipart/related; boundary=b\r\n\r\n%s", package));
	expect(error, 200, NULL);
	assert_string_equal(error.text, "Content-Type: application/soap+xml\r\n\r\n<error/>");
	expect(octets(&world, "0192f3c4-0000-7000-8000-000000000000", "received"), 404, "lintas refusal list");
	end(&world);
}

static void bytes_that_are_not_kept_are_said_to_be_absent(void **state)
{
	static const struct statement used = { "test.used", "UPDATE refusal_day SET bytes = $1" };
	struct world world = begin(state, false);

	refuse(&world, "VN", "m1@vn", "MSG-031");
	fixture_exec(world.fixture, &used, BINDS(BIND_INT(REFUSAL_BYTES_KEPT_A_DAY)));
	refuse(&world, "VN", "m2@vn", "MSG-031");
	struct refusal_list_view all = listed(&world, "");
	assert_int_equal(all.items[0].received_bytes, INTEGER_NONE);
	assert_int_equal(all.items[0].error_bytes, INTEGER_NONE);
	expect(octets(&world, all.items[0].id, "received"), 404, "kept");
	expect(octets(&world, all.items[1].id, "received"), 200, NULL);
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_are_listed_newest_first_and_by_partner),
		cmocka_unit_test(what_was_refused_is_given_as_it_came),
		cmocka_unit_test(bytes_that_are_not_kept_are_said_to_be_absent),
	};
	return kernel_run("refusals", tests, COUNT(tests), customs_capabilities);
}
