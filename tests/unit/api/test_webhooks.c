/* /api/v1/webhooks and the event stream, as organisations use them. What is sent is tested from outside (tests/e2e). */
#include "people.h"
#include "world.h"

#include "base/text.h"
#include "customs/registry.h"
#include "kernel/journal.h"

static struct new_webhook_view receiver_of(const char *url)
{
	return (struct new_webhook_view){ .url = url, .after = INTEGER_NONE };
}

static const char *id_in(struct world *world, struct answer answer)
{
	const char *found = strstr(answer.text, "\"id\":\"");

	assert_non_null(found);
	found += 6;
	return arena_text_of(world->fixture->arena, bytes(found, strcspn(found, "\"")));
}

static const char *path_of(struct world *world, const char *id, const char *what)
{
	return arena_printf(world->fixture->arena, "/api/v1/webhooks/%s%s", id, what);
}

static void a_secret_is_told_when_it_is_made_and_never_again(void **state)
{
	struct world world = begin(state, false);
	struct new_webhook_view view = receiver_of("https://erp.example/lintas");
	struct webhook_rotation_view rotation = { .overlap_s = INTEGER_NONE };

	struct answer added = call(&world, "POST", "/api/v1/webhooks", &new_webhook_schema, &view);
	expect(added, 201, "\"secret\":\"whsec_");
	const char *id = id_in(&world, added);
	static const char *const quiet[] = { "", "/deliveries" };
	for (size_t i = 0; i < COUNT(quiet); i++) {
		struct answer shown = call(&world, "GET", path_of(&world, id, quiet[i]), NULL, NULL);
		expect(shown, 200, NULL);
		assert_null(strstr(shown.text, "whsec_"));
	}
	assert_null(strstr(call(&world, "GET", "/api/v1/webhooks", NULL, NULL).text, "whsec_"));
	struct answer rotated =
		call(&world, "POST", path_of(&world, id, "/rotate"), &webhook_rotation_schema, &rotation);
	expect(rotated, 200, "\"secret\":\"whsec_");
	expect(rotated, 200, "\"key\":2");
	expect(rotated, 200, "\"previousSecretUntil\"");
	assert_string_not_equal(strstr(rotated.text, "whsec_"), strstr(added.text, "whsec_"));
	end(&world);
}

static void what_cannot_be_is_refused_with_findings(void **state)
{
	static const struct {
		const char *body, *finding;
	} rows[] = {
		{ "{\"url\":\"http://erp.example/\"}", "WHK-002" },
		{ "{\"url\":\"erp.example\"}", "WHK-001" },
		{ "{\"url\":\"https://u:p@erp.example/\"}", "WHK-003" },
		{ "{\"url\":\"https://erp.example/\",\"events\":\"A B\"}", "WHK-004" },
		{ "{\"url\":\"https://erp.example/\",\"after\":-1}", "WHK-008" },
	};
	struct world world = begin(state, false);

	for (size_t i = 0; i < COUNT(rows); i++)
		expect(ask(&world, &(struct ask){ .method = "POST",
						  .path = "/api/v1/webhooks",
						  .body = bytes_of(rows[i].body) }),
		       422, rows[i].finding);
	struct new_webhook_view view = receiver_of("https://erp.example/");
	view.organisation = "nobody";
	expect(call(&world, "POST", "/api/v1/webhooks", &new_webhook_schema, &view), 404, "nobody");
	view = receiver_of("https://erp.example/");
	view.after = 1000000;
	expect(call(&world, "POST", "/api/v1/webhooks", &new_webhook_schema, &view), 409,
	       "is ahead of what this node has told");
	end(&world);
}

static void redelivery_says_from_where(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *says;
	} rows[] = {
		{ "{\"after\":0}", 200, "\"cursor\":0" },
		{ "{\"event\":1}", 200, "\"redelivering\":1" },
		{ "{\"event\":1}", 409, "waiting to be delivered again" },
		{ "{}", 422, "WHK-007" },
		{ "{\"after\":0,\"event\":1}", 422, "WHK-007" },
		{ "{\"after\":-1}", 422, "WHK-008" },
		{ "{\"event\":0}", 422, "WHK-008" },
		{ "{\"after\":1000000}", 409, "is ahead of what this node has told" },
		{ "{\"event\":1000000}", 409, "is ahead of what this node has told" },
	};
	struct world world = begin(state, false);
	struct new_webhook_view view = receiver_of("https://erp.example/");
	unsigned sealed;

	const char *id = id_in(&world, call(&world, "POST", "/api/v1/webhooks", &new_webhook_schema, &view));
	assert_int_equal(journal_seal_step(&world.fixture->kernel, FIXTURE_NOW_US, 1000, &sealed, &world.fixture->err),
			 OK);
	for (size_t i = 0; i < COUNT(rows); i++)
		expect(ask(&world, &(struct ask){ .method = "POST",
						  .path = path_of(&world, id, "/redeliver"),
						  .body = bytes_of(rows[i].body) }),
		       rows[i].status, rows[i].says);
	end(&world);
}

static void what_is_removed_is_shown_once_more_and_is_gone(void **state)
{
	struct world world = begin(state, false);
	struct new_webhook_view view = receiver_of("https://erp.example/");

	const char *id = id_in(&world, call(&world, "POST", "/api/v1/webhooks", &new_webhook_schema, &view));
	expect(call(&world, "POST", path_of(&world, id, "/pause"), NULL, NULL), 200, "\"state\":\"paused\"");
	expect(call(&world, "POST", path_of(&world, id, "/resume"), NULL, NULL), 200, "\"state\":\"active\"");
	expect(call(&world, "DELETE", path_of(&world, id, ""), NULL, NULL), 200, id);
	expect(call(&world, "GET", path_of(&world, id, ""), NULL, NULL), 404, NULL);
	expect(call(&world, "DELETE", path_of(&world, id, ""), NULL, NULL), 404, NULL);
	end(&world);
}

/* The digest that is asked for is that of the stream, of the same events. */
static void a_digest_is_of_the_events_between_two_cursors(void **state)
{
	struct world world = begin(state, false);
	unsigned sealed;

	assert_int_equal(journal_seal_step(&world.fixture->kernel, FIXTURE_NOW_US, 1000, &sealed, &world.fixture->err),
			 OK);
	assert_true(sealed >= 3);
	struct answer whole = call(&world, "GET", "/api/v1/events/digest", NULL, NULL);
	expect(whole, 200,
	       arena_printf(world.fixture->arena, "\"after\":0,\"until\":%u,\"count\":%u,", sealed, sealed));
	struct answer stream = call(&world, "GET", "/api/v1/events/stream", NULL, NULL);
	assert_string_equal(stream.content_type, "text/event-stream");
	expect(stream, 200, "id: 1\ndata: {");
	expect(stream, 200, arena_printf(world.fixture->arena, "event: digest\ndata: %s\n\n", whole.text));
	expect(call(&world, "GET", "/api/v1/events/digest?after=1&until=2", NULL, NULL), 200,
	       "\"after\":1,\"until\":2,\"count\":1,");
	expect(call(&world, "GET", "/api/v1/events/digest?after=2&until=1", NULL, NULL), 200, "\"count\":0,");
	expect(call(&world, "GET", "/api/v1/events/digest?after=x", NULL, NULL), 422, "API-003");
	expect(ask(&world, &(struct ask){ .method = "GET",
					  .path = "/api/v1/events/stream?after=0",
					  .headers = { { "Last-Event-ID", "1" } } }),
	       200, "id: 2\n");
	expect(ask(&world, &(struct ask){ .method = "GET",
					  .path = "/api/v1/events/stream",
					  .headers = { { "Last-Event-ID", "-1" } } }),
	       400, "Last-Event-ID");
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_told_when_it_is_made_and_never_again),
		cmocka_unit_test(what_cannot_be_is_refused_with_findings),
		cmocka_unit_test(redelivery_says_from_where),
		cmocka_unit_test(what_is_removed_is_shown_once_more_and_is_gone),
		cmocka_unit_test(a_digest_is_of_the_events_between_two_cursors),
	};
	return kernel_run("webhooks", tests, COUNT(tests), customs_capabilities);
}
