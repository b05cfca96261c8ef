/* Requests with an Idempotency-Key. What is expected is draft-ietf-httpapi-idempotency-key-header-07, §2.6: the first
 * answer again, 422 for another request with the key, 409 while the first is worked on. */
#include "world.h"

#include <pthread.h>

#include "../customs/samples.h"
#include "base/log.h"
#include "customs/registry.h"
#include "kernel/answer.h"

#define SUBMIT "/api/v1/documents?organisation=dft"

static struct answer submit(struct world *world, const char *path, const char *text, const char *key)
{
	return ask(world, &(struct ask){ .method = "POST",
					 .path = path,
					 .body = bytes_of(text),
					 .headers = { { "Idempotency-Key", key } } });
}

static bool replayed(struct answer answer)
{
	return same(header_of(&answer, "Idempotency-Replayed"), "true");
}

static const char *letter(struct world *world)
{
	return sample(world->fixture->arena, "form-d/good-ordinary.xml");
}

static const char *other_letter(struct world *world)
{
	return with(world->fixture->arena, letter(world), "D2026-0045678", "D2026-0000002");
}

static int64_t documents(struct world *world)
{
	static const struct statement all = { "test.documents", "SELECT count(*) FROM document" };

	return fixture_int(world->fixture, &all, NO_BINDS);
}

static void the_same_request_gets_the_same_answer(void **state)
{
	struct world world = begin(state, false);
	struct answer first = submit(&world, SUBMIT, letter(&world), "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"");

	expect(first, 202, "\"repeated\":false");
	assert_false(replayed(first));
	for (int i = 0; i < 2; i++) {
		struct answer again =
			submit(&world, SUBMIT, letter(&world), "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"");
		expect(again, 202, NULL);
		assert_true(replayed(again));
		assert_string_equal(again.text, first.text);
		assert_string_equal(again.content_type, first.content_type);
		assert_string_equal(header_of(&again, "Location"), header_of(&first, "Location"));
	}
	assert_int_equal(documents(&world), 1);
	end(&world);
}

static void a_key_of_another_request_is_refused(void **state)
{
	struct world world = begin(state, false);

	expect(submit(&world, SUBMIT, letter(&world), "k"), 202, NULL);
	expect(submit(&world, SUBMIT, other_letter(&world), "k"), 422, "\"findings\":[{\"code\":\"API-009\"");
	expect(submit(&world, SUBMIT "&test=true", letter(&world), "k"), 422, "Idempotency-Key k was used");
	expect(submit(&world, SUBMIT, other_letter(&world), "l"), 202, NULL);
	assert_int_equal(documents(&world), 2);
	end(&world);
}

/* Nothing was done, so the mended document may come with the same key. */
static void what_was_refused_leaves_its_key(void **state)
{
	struct world world = begin(state, false);
	const char *broken = sample(world.fixture->arena, "form-d/broken-weights.xml");

	for (int i = 0; i < 2; i++) {
		struct answer refused = submit(&world, SUBMIT, broken, "k");
		expect(refused, 422, "FRM-014");
		assert_false(replayed(refused));
	}
	struct answer mended = submit(&world, SUBMIT, letter(&world), "k");
	expect(mended, 202, NULL);
	assert_false(replayed(mended));
	assert_true(replayed(submit(&world, SUBMIT, letter(&world), "k")));
	expect(submit(&world, SUBMIT, broken, "k"), 422, "API-009");
	end(&world);
}

static void a_request_that_decided_nothing_leaves_its_key(void **state)
{
	static const struct statement hide = { "test.hide", "ALTER TABLE document RENAME TO hidden" };
	static const struct statement show = { "test.show", "ALTER TABLE hidden RENAME TO document" };
	struct world world = begin(state, false);

	expect(submit(&world, "/api/v1/documents?organisation=nobody", letter(&world), "k"), 422, "API-004");
	log_setup(LOG_OFF, NULL);
	fixture_exec(world.fixture, &hide, NO_BINDS);
	expect(submit(&world, SUBMIT, letter(&world), "k"), 500, NULL);
	fixture_exec(world.fixture, &show, NO_BINDS);
	log_setup(LOG_INFO, NULL);
	struct answer answer = submit(&world, SUBMIT, letter(&world), "k");
	expect(answer, 202, "\"repeated\":false");
	assert_false(replayed(answer));
	end(&world);
}

/* As it is while the first is worked on, and after the node died between its work and its answer. */
static void the_same_request_waits_for_the_first_and_then_does_it_once(void **state)
{
	static const struct statement forget = { "test.forget",
						 "UPDATE answer SET status = NULL, body = NULL, until_us = $1" };
	struct world world = begin(state, false);
	struct fake_clock *clock = &world.fixture->clock;

	expect(submit(&world, SUBMIT, letter(&world), "k"), 202, NULL);
	fixture_exec(world.fixture, &forget, BINDS(BIND_INT(clock->now_us + ANSWER_CLAIM_US)));
	struct answer early = submit(&world, SUBMIT, letter(&world), "k");
	expect(early, 409, "is being worked on");
	assert_string_equal(header_of(&early, "Retry-After"), "1");
	clock->now_us += ANSWER_CLAIM_US;
	struct answer late = submit(&world, SUBMIT, letter(&world), "k");
	expect(late, 202, "\"repeated\":true");
	assert_false(replayed(late));
	assert_int_equal(documents(&world), 1);
	end(&world);
}

struct sender {
	struct world *world;
	const char *text;
	int status;
	bool replayed;
};

static void *send_one(void *arg)
{
	struct sender *sender = arg;
	struct http_header header = { "Idempotency-Key", "k" };
	struct http_response response;
	arena_auto arena = arena_new((size_t)64 << 20);
	const struct http_request request = { .arena = arena,
					      .method = "POST",
					      .path = "/api/v1/documents",
					      .raw_path = "/api/v1/documents",
					      .query = "organisation=dft",
					      .body = bytes_of(sender->text),
					      .headers = &header,
					      .headers_count = 1,
					      .peer = "unix",
					      .local = true };

	api_handle(sender->world->api, &request, &response);
	sender->status = response.status;
	for (size_t i = 0; i < COUNT(response.headers) && response.headers[i].name; i++)
		sender->replayed |= same(response.headers[i].name, "Idempotency-Replayed");
	if (response.owned)
		buf_done(response.owned);
	return NULL;
}

static void of_requests_at_the_same_time_one_is_worked_on(void **state)
{
	enum { SENDERS = 6 };
	struct world world = begin(state, false);
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	int worked = 0;

	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ .world = &world, .text = letter(&world) };
		assert_int_equal(pthread_create(&threads[i], NULL, send_one, &senders[i]), 0);
	}
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(senders[i].status == 202 || senders[i].status == 409);
		worked += senders[i].status == 202 && !senders[i].replayed;
	}
	assert_int_equal(worked, 1);
	assert_int_equal(documents(&world), 1);
	end(&world);
}

static void an_answer_is_kept_for_a_day(void **state)
{
	struct world world = begin(state, false);
	struct fake_clock *clock = &world.fixture->clock;

	expect(submit(&world, SUBMIT, letter(&world), "k"), 202, NULL);
	clock->now_us += DAY_US - 1;
	assert_true(replayed(submit(&world, SUBMIT, letter(&world), "k")));
	clock->now_us += 1;
	struct answer later = submit(&world, SUBMIT, letter(&world), "k");
	expect(later, 202, "\"repeated\":true");
	assert_false(replayed(later));
	end(&world);
}

static void what_is_no_key_is_refused(void **state)
{
	char longest[257];
	struct world world = begin(state, false);

	memset(longest, 'k', sizeof(longest) - 1);
	longest[256] = '\0';
	const char *const wrong[] = { "", "a b", "a\x7f", "\xc3\xa4", longest };
	for (size_t i = 0; i < COUNT(wrong); i++)
		expect(submit(&world, SUBMIT, letter(&world), wrong[i]), 400, "visible ASCII");
	assert_int_equal(documents(&world), 0);
	expect(submit(&world, SUBMIT, letter(&world), longest + 1), 202, NULL);
	end(&world);
}

/* Who sends a key relies on it. */
static void what_is_not_repeatable_takes_no_key(void **state)
{
	struct world world = begin(state, false);

	expect(submit(&world, "/api/v1/partners/VN/suspend", "", "k"), 400, "suspendPartner takes no Idempotency-Key");
	expect(ask(&world, &(struct ask){ .method = "GET",
					  .path = "/api/v1/partners",
					  .headers = { { "Idempotency-Key", "k" } } }),
	       200, NULL);
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_request_gets_the_same_answer),
		cmocka_unit_test(a_key_of_another_request_is_refused),
		cmocka_unit_test(what_was_refused_leaves_its_key),
		cmocka_unit_test(a_request_that_decided_nothing_leaves_its_key),
		cmocka_unit_test(the_same_request_waits_for_the_first_and_then_does_it_once),
		cmocka_unit_test(of_requests_at_the_same_time_one_is_worked_on),
		cmocka_unit_test(an_answer_is_kept_for_a_day),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(what_is_not_repeatable_takes_no_key),
	};
	return kernel_run("repeat", tests, COUNT(tests), customs_capabilities);
}
