/* Entity tags and requests that depend on them. What is expected is RFC 9110: 8.8.3.2 (comparison), 13.1.1 (If-Match),
 * 13.1.2 (If-None-Match), 15.4.5 (304). */
#include "world.h"

#include <pthread.h>

#include "kernel/party.h"

#define PARTNER "/api/v1/partners/VN"

static struct answer get(struct world *world, const char *path, const char *name, const char *value)
{
	return ask(world, &(struct ask){ .method = "GET", .path = path, .headers = { { name, value } } });
}

static struct answer patch(struct world *world, const char *body, const char *if_match)
{
	return ask(world, &(struct ask){ .method = "PATCH",
					 .path = PARTNER,
					 .body = bytes_of(body),
					 .headers = { { if_match ? "If-Match" : NULL, if_match } } });
}

static const char *tag_of(struct world *world, const char *path)
{
	struct answer answer = get(world, path, NULL, NULL);
	const char *tag = header_of(&answer, "ETag");

	expect(answer, 200, NULL);
	assert_non_null(tag);
	return tag;
}

/* The partner of the fixture is not one that could be added: so that it can be changed, it gets certificates. */
static enum err_code pin_run(struct tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	const struct {
		const char *use;
		const struct pki *pki;
	} rows[] = { { "sign", world->sign }, { "encrypt", world->encrypt }, { "tls", world->tls } };

	for (size_t i = 0; i < COUNT(rows); i++)
		TRY(partner_certificate_add(
			tx,
			&(struct partner_certificate){ .partner = "VN",
						       .use = rows[i].use,
						       .fingerprint = cert_fingerprint(pki_cert(rows[i].pki)),
						       .der = cert_der(pki_cert(rows[i].pki)),
						       .until_us = TIME_NONE },
			&fixture_actor, FIXTURE_NOW_US, err));
	return OK;
}

static struct world begin_with_partner(void **state)
{
	struct world world = begin(state, true);
	struct kernel_fixture *fixture = world.fixture;

	must(db_write(fixture->kernel.db, pin_run, &world, &fixture->err));
	expect(patch(&world, "{\"endpoint\":\"https://192.0.2.9/as4\",\"profile\":\"ecdsa-p256\",\"token\":\"bst\"}",
		     NULL),
	       200, NULL);
	return world;
}

static void what_the_caller_has_already_is_not_sent_again(void **state)
{
	struct world world = begin_with_partner(state);
	struct arena *arena = world.fixture->arena;
	const char *tag = tag_of(&world, PARTNER);
	const struct {
		const char *known;
		int status;
	} rows[] = {
		{ tag, 304 },
		{ arena_printf(arena, "W/%s", tag), 304 },
		{ arena_printf(arena, "\"a\", W/\"b\" ,%s", tag), 304 },
		{ "*", 304 },
		{ "\"a\", W/\"b\"", 200 },
		{ arena_printf(arena, "\"%s", tag), 200 }, /* an empty tag, then no tag */
		{ arena_text_of(arena, bytes(tag, strlen(tag) - 1)), 200 },
		{ arena_text_of(arena, bytes(tag + 1, strlen(tag) - 2)), 200 },
		{ "", 200 },
	};

	assert_int_equal(tag[0], '"');
	assert_string_equal(tag_of(&world, PARTNER), tag);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct answer answer = get(&world, PARTNER, "If-None-Match", rows[i].known);
		expect(answer, rows[i].status, NULL);
		assert_int_equal(answer.content_type == NULL, rows[i].status == 304); /* so no body is sent (http.h) */
		assert_string_equal(header_of(&answer, "ETag"), tag);
		assert_string_equal(header_of(&answer, "Cache-Control"), "private, no-cache");
	}
	expect(patch(&world, "{\"name\":\"Another\"}", NULL), 200, NULL);
	expect(get(&world, PARTNER, "If-None-Match", tag), 200, "Another");
	assert_string_not_equal(tag_of(&world, PARTNER), tag);
	end(&world);
}

static void lists_have_tags_and_problems_have_none(void **state)
{
	struct world world = begin_with_partner(state);
	const char *tag = tag_of(&world, "/api/v1/partners");

	expect(get(&world, "/api/v1/partners", "If-None-Match", tag), 304, NULL);
	struct answer answer = get(&world, "/api/v1/partners/PH", "If-None-Match", "*");
	expect(answer, 404, NULL);
	assert_null(header_of(&answer, "ETag"));
	end(&world);
}

static void a_change_of_what_is_not_there_any_more_is_refused(void **state)
{
	struct world world = begin_with_partner(state);
	struct arena *arena = world.fixture->arena;
	const char *tag = tag_of(&world, PARTNER);

	struct answer changed = patch(&world, "{\"name\":\"One\"}", tag);
	expect(changed, 200, "\"One\"");
	const char *next = header_of(&changed, "ETag");
	assert_string_equal(next, tag_of(&world, PARTNER));
	expect(patch(&world, "{\"name\":\"Two\"}", tag), 412, "urn:lintas:problem:precondition-failed");
	expect(patch(&world, "{\"name\":\"Two\"}", arena_printf(arena, "W/%s", next)), 412, NULL); /* strong */
	expect(patch(&world, "{\"name\":\"Two\"}", "none"), 412, NULL);
	assert_string_equal(tag_of(&world, PARTNER), next);
	expect(patch(&world, "{\"name\":\"Two\"}", arena_printf(arena, "\"a\", %s", next)), 200, "\"Two\"");
	expect(patch(&world, "{\"name\":\"Three\"}", "*"), 200, "\"Three\"");
	end(&world);
}

static void a_condition_that_nobody_looks_at_is_not_taken_as_met(void **state)
{
	struct world world = begin_with_partner(state);
	const char *tag = tag_of(&world, PARTNER);

	expect(ask(&world,
		   &(struct ask){ .method = "POST", .path = PARTNER "/suspend", .headers = { { "If-Match", tag } } }),
	       412, NULL);
	expect(get(&world, PARTNER, NULL, NULL), 200, "\"active\"");
	expect(get(&world, PARTNER, "If-Match", tag), 200, NULL);
	expect(get(&world, PARTNER, "If-Match", "\"another\""), 412, NULL);
	end(&world);
}

/* --- At the same time --- */

struct racer {
	struct world *world;
	const char *tag, *name;
	int status;
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	struct http_header header = { "If-Match", racer->tag };
	struct http_response response;
	arena_auto arena = arena_new((size_t)64 << 20);
	const struct http_request request = { .arena = arena,
					      .method = "PATCH",
					      .path = PARTNER,
					      .raw_path = PARTNER,
					      .query = "",
					      .body = bytes_of(arena_printf(arena, "{\"name\":\"%s\"}", racer->name)),
					      .headers = &header,
					      .headers_count = 1,
					      .peer = "unix",
					      .local = true };

	api_handle(racer->world->api, &request, &response);
	racer->status = response.status;
	if (response.owned)
		buf_done(response.owned);
	return NULL;
}

static void of_changes_to_one_version_one_is_made(void **state)
{
	enum { RACERS = 4, ROUNDS = 5 };
	struct world world = begin_with_partner(state);

	for (int round = 0; round < ROUNDS; round++) {
		const char *tag = tag_of(&world, PARTNER);
		struct racer racers[RACERS];
		pthread_t threads[RACERS];
		int made = 0;
		for (int i = 0; i < RACERS; i++) {
			racers[i] = (struct racer){ .world = &world,
						    .tag = tag,
						    .name = arena_printf(world.fixture->arena, "%d-%d", round, i) };
			assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
		}
		for (int i = 0; i < RACERS; i++) {
			pthread_join(threads[i], NULL);
			assert_true(racers[i].status == 200 || racers[i].status == 412);
			made += racers[i].status == 200;
		}
		assert_int_equal(made, 1);
	}
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_caller_has_already_is_not_sent_again),
		cmocka_unit_test(lists_have_tags_and_problems_have_none),
		cmocka_unit_test(a_change_of_what_is_not_there_any_more_is_refused),
		cmocka_unit_test(a_condition_that_nobody_looks_at_is_not_taken_as_met),
		cmocka_unit_test(of_changes_to_one_version_one_is_made),
	};
	return kernel_run("conditions", tests, COUNT(tests), NULL);
}
