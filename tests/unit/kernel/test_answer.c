/* Answers kept under a key of the caller's: what is expected is draft-ietf-httpapi-idempotency-key-header-07, §2.6
 * (replay, another payload, still under way), and the bounds of kernel/answer.h. */
#include "fixture.h"

#include "kernel/answer.h"

#define KEPT_US HOUR_US

struct claiming {
	struct arena *arena;
	struct answer_key key;
	enum answer_state state;
	struct kept_answer answer;
	int64_t until_us;
};

static struct claiming claiming_of(struct kernel_fixture *fixture, const char *actor, const char *key,
				   const char *request)
{
	struct claiming claiming = { .arena = fixture->arena,
				     .key = { .actor = actor, .key = key, .claimed_us = fixture->clock.now_us } };

	sha256(bytes_of(request), claiming.key.request);
	return claiming;
}

static enum err_code run_claim(struct tx *tx, void *arg, struct err *err)
{
	struct claiming *claiming = arg;

	return answer_claim(tx, claiming->arena, &claiming->key, &claiming->state, &claiming->answer, err);
}

static enum err_code run_keep(struct tx *tx, void *arg, struct err *err)
{
	const struct claiming *claiming = arg;

	return answer_keep(tx, &claiming->key, &claiming->answer, claiming->until_us, err);
}

static enum err_code run_drop(struct tx *tx, void *arg, struct err *err)
{
	const struct claiming *claiming = arg;

	return answer_drop(tx, &claiming->key, err);
}

static struct claiming claim(struct kernel_fixture *fixture, const char *actor, const char *key, const char *request)
{
	struct claiming claiming = claiming_of(fixture, actor, key, request);

	must(db_write(fixture->kernel.db, run_claim, &claiming, &fixture->err));
	return claiming;
}

static void keep(struct kernel_fixture *fixture, struct claiming *claiming, const char *body)
{
	claiming->answer = (struct kept_answer){ 202, "application/json", bytes_of(body) };
	claiming->until_us = fixture->clock.now_us + KEPT_US;
	must(db_write(fixture->kernel.db, run_keep, claiming, &fixture->err));
}

static int64_t count(struct kernel_fixture *fixture)
{
	static const struct statement all = { "test.answers", "SELECT count(*) FROM answer" };

	return fixture_int(fixture, &all, NO_BINDS);
}

static void what_was_answered_is_answered_again(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct claiming first = claim(fixture, "user:a", "k1", "POST /x");

	assert_int_equal(first.state, ANSWER_NEW);
	assert_int_equal(claim(fixture, "user:a", "k1", "POST /x").state, ANSWER_UNDER_WAY);
	assert_int_equal(claim(fixture, "user:a", "k1", "POST /y").state, ANSWER_OTHER);
	keep(fixture, &first, "{\"id\":1}");
	struct claiming again = claim(fixture, "user:a", "k1", "POST /x");
	assert_int_equal(again.state, ANSWER_KEPT);
	assert_int_equal(again.answer.status, 202);
	assert_string_equal(again.answer.content_type, "application/json");
	assert_true(bytes_same(again.answer.body, bytes_of("{\"id\":1}")));
	assert_int_equal(claim(fixture, "user:a", "k1", "POST /y").state, ANSWER_OTHER);
}

static void a_key_is_its_actors_own(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct claiming first = claim(fixture, "user:a", "k1", "POST /x");

	keep(fixture, &first, "{}");
	assert_int_equal(claim(fixture, "user:b", "k1", "POST /y").state, ANSWER_NEW);
}

static void a_key_under_which_nothing_was_decided_is_free(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct claiming first = claim(fixture, "user:a", "k1", "POST /x");

	must(db_write(fixture->kernel.db, run_drop, &first, &fixture->err));
	assert_int_equal(claim(fixture, "user:a", "k1", "POST /y").state, ANSWER_NEW);
}

/* Who died over a request left its key. Should it live after all, its answer is not that of the key any more. */
static void a_claim_that_nobody_settled_is_anybodys_after_a_while(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct claiming dead = claim(fixture, "user:a", "k1", "POST /x");

	fixture->clock.now_us += ANSWER_CLAIM_US - 1;
	assert_int_equal(claim(fixture, "user:a", "k1", "POST /x").state, ANSWER_UNDER_WAY);
	fixture->clock.now_us += 1;
	struct claiming second = claim(fixture, "user:a", "k1", "POST /x");
	assert_int_equal(second.state, ANSWER_NEW);
	keep(fixture, &dead, "{\"of\":\"the dead\"}");
	must(db_write(fixture->kernel.db, run_drop, &dead, &fixture->err));
	assert_int_equal(claim(fixture, "user:a", "k1", "POST /x").state, ANSWER_UNDER_WAY);
	keep(fixture, &second, "{}");
	assert_int_equal(claim(fixture, "user:a", "k1", "POST /x").state, ANSWER_KEPT);
}

static void answers_are_swept_when_their_time_is_over(void **state)
{
	enum { KEYS = 30 };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	for (int i = 0; i < KEYS; i++) {
		struct claiming one = claim(fixture, "user:a", arena_printf(fixture->arena, "k%d", i), "POST /x");
		keep(fixture, &one, "{}");
	}
	fixture->clock.now_us += KEPT_US - 1;
	assert_int_equal(claim(fixture, "user:a", "k0", "POST /x").state, ANSWER_KEPT);
	assert_int_equal(count(fixture), KEYS);
	fixture->clock.now_us += 1;
	assert_int_equal(claim(fixture, "user:a", "k29", "POST /other").state, ANSWER_NEW);
	assert_int_equal(claim(fixture, "user:b", "k", "POST /x").state, ANSWER_NEW);
	assert_int_equal(count(fixture), 2);
}

static void the_oldest_keys_of_an_actor_make_room(void **state)
{
	static const struct statement fill = {
		"test.fill",
		"WITH RECURSIVE counted (n) AS (SELECT CAST(1 AS {i64}) UNION ALL SELECT n + 1 FROM counted WHERE n < $1)"
		" INSERT INTO answer (actor, request_key, number, request, claimed_us, until_us, status)"
		" SELECT 'user:a', 'k' || CAST(n AS TEXT), n, $2, $3, $3 + CAST($4 AS {i64}), 202 FROM counted"
	};
	static const struct statement oldest = { "test.oldest",
						 "SELECT min(number) FROM answer WHERE actor = 'user:a'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fixture_exec(fixture, &fill,
		     BINDS(BIND_INT(ANSWER_KEYS_MAX), BIND_BLOB(bytes("x", 1)), BIND_INT(fixture->clock.now_us),
			   BIND_INT(KEPT_US)));
	assert_int_equal(claim(fixture, "user:b", "k1", "POST /x").state, ANSWER_NEW);
	assert_int_equal(fixture_int(fixture, &oldest, NO_BINDS), 1);
	assert_int_equal(claim(fixture, "user:a", "new", "POST /x").state, ANSWER_NEW);
	assert_int_equal(fixture_int(fixture, &oldest, NO_BINDS), 2);
	assert_int_equal(count(fixture), ANSWER_KEYS_MAX + 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_answered_is_answered_again),
		cmocka_unit_test(a_key_is_its_actors_own),
		cmocka_unit_test(a_key_under_which_nothing_was_decided_is_free),
		cmocka_unit_test(a_claim_that_nobody_settled_is_anybodys_after_a_while),
		cmocka_unit_test(answers_are_swept_when_their_time_is_over),
		cmocka_unit_test(the_oldest_keys_of_an_actor_make_room),
	};
	return kernel_run("answers", tests, COUNT(tests), NULL);
}
