/* Users, their passwords and tokens, as who manages them and they themselves see them. */
#include "people.h"

#include <pthread.h>
#include <time.h>

#include "crypto/password.h"
#include "customs/registry.h"
#include "kernel/journal.h"
#include "kernel/user.h"

static struct answer post_user(struct world *world, const char *secret, const struct new_user_view *view)
{
	return call_with(world, secret, "POST", "/api/v1/users", &new_user_schema, view);
}

static struct answer change(struct world *world, const char *secret, const char *name,
			    const struct user_change_view *view)
{
	return call_with(world, secret, "PATCH", arena_printf(world->fixture->arena, "/api/v1/users/%s", name),
			 &user_change_schema, view);
}

static struct answer set_password(struct world *world, const char *secret, const char *name, const char *password,
				  const char *current)
{
	struct password_view view = { password, current };

	return call_with(world, secret, "POST", arena_printf(world->fixture->arena, "/api/v1/users/%s/password", name),
			 &password_schema, &view);
}

static struct answer make_token(struct world *world, const char *secret, const struct new_token_view *view)
{
	return call_with(world, secret, "POST", "/api/v1/tokens", &new_token_schema, view);
}

static struct answer revoke(struct world *world, const char *secret, const char *id)
{
	return call_with(world, secret, "POST", arena_printf(world->fixture->arena, "/api/v1/tokens/%s/revoke", id),
			 NULL, NULL);
}

/* --- Who manages whom --- */

static void an_administrator_makes_users_of_the_own_organisation_alone(void **state)
{
	struct world world = begin(state, false);
	const char *chief = new_user(&world, "chief", "dft", "administrator");
	struct new_user_view view = { .name = "dara", .title = "Dara", .roles = "officer supervisor" };

	struct answer answer = post_user(&world, chief, &view);
	expect(answer, 201, "\"organisation\":\"dft\"");
	expect(answer, 201, "\"roles\":\"officer supervisor\"");
	view.name = "somchai";
	view.organisation = "customs";
	expect(post_user(&world, chief, &view), 422, "ACC-003");
	view.organisation = "dft";
	view.roles = "officer operator";
	expect(post_user(&world, chief, &view), 422, "USR-004");
	expect(call(&world, "GET", "/api/v1/users/somchai", NULL, NULL), 404, NULL);
	end(&world);
}

static void whoever_is_of_another_organisation_is_not_there(void **state)
{
	struct world world = begin(state, false);
	const char *chief = new_user(&world, "chief", "dft", "administrator");
	struct user_change_view nothing = { .title = "Other" };
	struct new_token_view token = { .user = "somchai", NO_END };

	new_user(&world, "somchai", "customs", "officer");
	new_user(&world, "noc", NULL, "operator");
	struct token_view theirs = token_of(&world, "somchai");
	struct answer list = get_as(&world, chief, "/api/v1/users");
	expect(list, 200, "\"chief\"");
	assert_null(strstr(list.text, "somchai"));
	assert_null(strstr(list.text, "noc"));
	expect(get_as(&world, chief, "/api/v1/users/somchai"), 404, NULL);
	expect(get_as(&world, chief, "/api/v1/users/noc"), 404, NULL);
	expect(change(&world, chief, "somchai", &nothing), 404, NULL);
	expect(set_password(&world, chief, "noc", PASSWORD, NULL), 404, NULL);
	expect(make_token(&world, chief, &token), 404, NULL);
	expect(get_as(&world, chief, "/api/v1/tokens?user=somchai"), 404, NULL);
	expect(revoke(&world, chief, theirs.id), 404, NULL);
	expect(get_as(&world, theirs.secret, "/api/v1/me"), 200, "\"title\":\"somchai\"");
	end(&world);
}

static void an_operator_of_the_node_manages_all(void **state)
{
	struct world world = begin(state, false);
	const char *noc = new_user(&world, "noc", NULL, "operator");
	struct new_user_view view = { .name = "dara", .organisation = "dft", .title = "Dara", .roles = "officer" };
	struct user_change_view auditor = { .roles = "auditor" };

	expect(post_user(&world, noc, &view), 201, "\"dft\"");
	expect(change(&world, noc, "dara", &auditor), 200, "\"roles\":\"auditor\"");
	struct answer answer = get_as(&world, noc, "/api/v1/users?organisation=dft");
	expect(answer, 200, "\"dara\"");
	assert_null(strstr(answer.text, "noc"));
	expect(get_as(&world, noc, "/api/v1/users"), 200, "\"noc\"");
	end(&world);
}

static void all_that_is_wrong_with_a_new_user_is_told_at_once(void **state)
{
	static const char *const codes[] = { "ACC-001", "USR-001", "USR-002", "USR-003" };
	struct world world = begin(state, false);
	struct new_user_view view = {
		.name = "X!", .organisation = "dtf", .title = "X", .roles = "officr", .password = "short"
	};
	struct answer answer = call(&world, "POST", "/api/v1/users", &new_user_schema, &view);

	for (size_t i = 0; i < COUNT(codes); i++)
		expect(answer, 422, codes[i]);
	/* NIST SP 800-63B: characters are counted, not octets, and twelve of them do here */
	view = (struct new_user_view){ .name = "dara", .organisation = "dft", .title = "D", .roles = "officer" };
	view.password = "รหัสผ่านยาว"; /* eleven code points */
	expect(call(&world, "POST", "/api/v1/users", &new_user_schema, &view), 422, "ACC-001");
	view.password = "รหัสผ่านยาวๆ";
	expect(call(&world, "POST", "/api/v1/users", &new_user_schema, &view), 201, NULL);
	expect(call(&world, "POST", "/api/v1/users", &new_user_schema, &view), 409, "dara");
	end(&world);
}

static void users_come_in_pages_by_name(void **state)
{
	struct world world = begin(state, false);

	add_user(&world, "ben", "dft", "officer", NULL);
	add_user(&world, "ann", "customs", "officer", NULL);
	struct answer first = call(&world, "GET", "/api/v1/users?limit=1", NULL, NULL);
	expect(first, 200, "\"next\":\"ann\"");
	assert_null(strstr(first.text, "ben"));
	struct answer second = call(&world, "GET", "/api/v1/users?limit=1&after=ann", NULL, NULL);
	expect(second, 200, "\"name\":\"ben\"");
	assert_null(strstr(second.text, "\"name\":\"ann\""));
	end(&world);
}

static void a_change_of_what_was_changed_meanwhile_is_refused(void **state)
{
	struct world world = begin(state, false);
	struct user_change_view other = { .title = "Other" };

	add_user(&world, "dara", "dft", "officer", NULL);
	struct answer read = call(&world, "GET", "/api/v1/users/dara", NULL, NULL);
	struct ask stale = { .method = "PATCH",
			     .path = "/api/v1/users/dara",
			     .body = bytes_of("{\"title\":\"Mine\"}"),
			     .headers = { { "If-Match", header_of(&read, "ETag") } } };
	expect(call(&world, "PATCH", "/api/v1/users/dara", &user_change_schema, &other), 200, NULL);
	expect(ask(&world, &stale), 412, NULL);
	expect(call(&world, "GET", "/api/v1/users/dara", NULL, NULL), 200, "\"Other\"");
	end(&world);
}

/* --- Passwords --- */

static void a_password_is_changed_by_who_knows_it(void **state)
{
	static const char other[] = "another battery horse";
	struct world world = begin(state, false);

	add_user(&world, "dara", "dft", "officer", PASSWORD);
	struct token_view token = token_of(&world, "dara");
	expect(set_password(&world, token.secret, "dara", other, NULL), 422, "ACC-002");
	expect(set_password(&world, token.secret, "dara", other, "not the current one"), 422, "ACC-002");
	expect(set_password(&world, token.secret, "dara", "short", PASSWORD), 422, "ACC-001");
	expect(get_as(&world, token.secret, "/api/v1/me"), 200, NULL);
	expect(set_password(&world, token.secret, "dara", other, PASSWORD), 200, "\"password\":true");
	expect(get_as(&world, token.secret, "/api/v1/me"), 401, NULL);
	expect(log_in(&world, "dara", PASSWORD, "POST", "/api/v1/tokens"), 401, NULL);
	expect(log_in(&world, "dara", other, "POST", "/api/v1/tokens"), 201, NULL);
	end(&world);
}

/* Whoever has stolen a token guesses as slowly as at the door. */
static void a_wrong_current_password_counts(void **state)
{
	struct world world = begin(state, false);

	add_user(&world, "dara", "dft", "officer", PASSWORD);
	const char *secret = token_of(&world, "dara").secret;
	for (size_t i = 0; i < 5; i++)
		expect(set_password(&world, secret, "dara", PASSWORD, "not the current one"), 422, "ACC-002");
	struct answer answer = set_password(&world, secret, "dara", PASSWORD, PASSWORD);
	expect(answer, 429, NULL);
	assert_string_equal(header_of(&answer, "Retry-After"), "1");
	expect(log_in(&world, "dara", PASSWORD, "POST", "/api/v1/tokens"), 429, NULL);
	end(&world);
}

static void the_password_of_another_is_set_by_who_manages_him(void **state)
{
	struct world world = begin(state, false);
	const char *officer = new_user(&world, "officer", "dft", "officer");
	const char *chief = new_user(&world, "chief", "dft", "administrator");

	add_user(&world, "dara", "dft", "officer", NULL);
	expect(set_password(&world, officer, "dara", PASSWORD, NULL), 403, "users.change");
	expect(set_password(&world, officer, "nobody", PASSWORD, NULL), 403, "users.change");
	expect(set_password(&world, chief, "dara", PASSWORD, NULL), 200, NULL);
	expect(log_in(&world, "dara", PASSWORD, "POST", "/api/v1/tokens"), 201, NULL);
	end(&world);
}

/* --- Tokens --- */

static void a_token_makes_none_for_its_own_user(void **state)
{
	struct world world = begin(state, false);
	const char *dara = new_user(&world, "dara", "dft", "officer");
	struct new_token_view own = { .title = "mine", NO_END }, other = { .user = "erp", .title = "its", NO_END };

	new_user(&world, "erp", "dft", "officer");
	expect(make_token(&world, dara, &own), 403, "log in with name and password");
	expect(make_token(&world, dara, &other), 403, "users.change");
	expect(make_token(&world, new_user(&world, "chief", "dft", "administrator"), &other), 201, "\"erp\"");
	expect(call(&world, "POST", "/api/v1/tokens", &new_token_schema, &own), 422, "ACC-004");
	end(&world);
}

static void a_token_has_a_part_of_the_roles_of_its_user(void **state)
{
	struct world world = begin(state, false);
	struct new_token_view view = { .user = "dara", .title = "reads", .roles = "auditor", NO_END };
	struct user_change_view officer = { .roles = "officer" };

	add_user(&world, "dara", "dft", "officer auditor", NULL);
	struct token_view token = read_token(&world, call(&world, "POST", "/api/v1/tokens", &new_token_schema, &view));
	assert_string_equal(token.roles, "auditor");
	expect(call_with(&world, token.secret, "POST", "/api/v1/documents", NULL, NULL), 403, "documents.submit");
	expect(get_as(&world, token.secret, "/api/v1/documents"), 200, NULL);
	view.roles = "supervisor";
	expect(call(&world, "POST", "/api/v1/tokens", &new_token_schema, &view), 422, "USR-008");
	/* what the user loses, the token loses, too */
	expect(call(&world, "PATCH", "/api/v1/users/dara", &user_change_schema, &officer), 200, NULL);
	expect(get_as(&world, token.secret, "/api/v1/documents"), 403, "documents.read");
	end(&world);
}

static void a_token_ends_when_it_is_said_and_within_a_year(void **state)
{
	static const struct {
		int64_t in_s, at_us, ends_us;
		const char *code;
	} rows[] = {
		{ INTEGER_NONE, TIME_NONE, FIXTURE_NOW_US + 90 * DAY_US, NULL },
		{ 60, TIME_NONE, FIXTURE_NOW_US + MINUTE_US, NULL },
		{ INTEGER_NONE, FIXTURE_NOW_US + DAY_US, FIXTURE_NOW_US + DAY_US, NULL },
		{ 366 * INT64_C(86400), TIME_NONE, FIXTURE_NOW_US + 366 * DAY_US, NULL },
		{ 366 * INT64_C(86400) + 1, TIME_NONE, 0, "ACC-006" },
		{ INT64_MAX, TIME_NONE, 0, "ACC-006" },
		{ 0, TIME_NONE, 0, "ACC-006" },
		{ -1, TIME_NONE, 0, "ACC-006" },
		{ INTEGER_NONE, FIXTURE_NOW_US, 0, "ACC-006" },
		{ INTEGER_NONE, FIXTURE_NOW_US + 367 * DAY_US, 0, "ACC-006" },
		{ 60, FIXTURE_NOW_US + DAY_US, 0, "ACC-005" },
	};
	struct world world = begin(state, false);

	add_user(&world, "erp", "dft", "officer", NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct new_token_view view = {
			.user = "erp", .title = "t", .expires_in_s = rows[i].in_s, .expires_us = rows[i].at_us
		};
		struct answer answer = call(&world, "POST", "/api/v1/tokens", &new_token_schema, &view);
		if (rows[i].code)
			expect(answer, 422, rows[i].code);
		else
			assert_true(read_token(&world, answer).expires_us == rows[i].ends_us);
	}
	end(&world);
}

static void one_sees_and_ends_the_own_tokens(void **state)
{
	struct world world = begin(state, false);

	new_user(&world, "erp", "dft", "officer");
	new_user(&world, "dara", "dft", "officer");
	struct token_view mine = token_of(&world, "dara"), second = token_of(&world, "dara"),
			  theirs = token_of(&world, "erp");
	struct answer list = get_as(&world, mine.secret, "/api/v1/tokens");
	expect(list, 200, mine.id);
	expect(list, 200, second.id);
	assert_null(strstr(list.text, theirs.id));
	assert_null(strstr(list.text, "lintas_"));
	expect(get_as(&world, mine.secret, "/api/v1/tokens?user=erp"), 403, "users.read");
	expect(revoke(&world, mine.secret, theirs.id), 404, NULL);
	expect(revoke(&world, mine.secret, second.id), 200, "\"revoked\"");
	expect(get_as(&world, second.secret, "/api/v1/me"), 401, NULL);
	expect(revoke(&world, mine.secret, mine.id), 200, "\"revoked\"");
	expect(get_as(&world, mine.secret, "/api/v1/me"), 401, NULL);
	end(&world);
}

/* --- Who am I, and what was done --- */

static void one_learns_who_one_is_and_what_one_may(void **state)
{
	struct world world = begin(state, false);
	struct answer me = get_as(&world, new_user(&world, "chief", "dft", "administrator"), "/api/v1/me");

	expect(me, 200, "\"name\":\"chief\",\"organisation\":\"dft\",\"title\":\"chief\",\"roles\":\"administrator\"");
	expect(me, 200, "users.read users.change");
	assert_null(strstr(me.text, "documents.read"));
	struct answer operator= call(&world, "GET", "/api/v1/me", NULL, NULL);
	for (size_t i = 0; permission_at(i); i++)
		expect(operator, 200, permission_at(i)->name);
	struct answer roles = call(&world, "GET", "/api/v1/roles", NULL, NULL);
	for (size_t i = 0; role_at(i); i++)
		expect(roles, 200, arena_printf(world.fixture->arena, "\"name\":\"%s\"", role_at(i)->name));
	end(&world);
}

static void the_journal_tells_who_was_let_in_by_whom(void **state)
{
	struct world world = begin(state, false);
	const char *chief = new_user(&world, "chief", "dft", "administrator");
	struct new_user_view view = { .name = "dara", .title = "Dara", .roles = "officer", .password = PASSWORD };
	struct user_change_view disabled = { .status = "disabled" };

	expect(post_user(&world, chief, &view), 201, NULL);
	expect(change(&world, chief, "dara", &disabled), 200, NULL);
	struct answer answer = call(&world, "GET", "/api/v1/timeline/dara", NULL, NULL);
	expect(answer, 200, "\"actor\":\"user:chief\"");
	expect(answer, 200, "\"event\":\"added\"");
	expect(answer, 200, "\"event\":\"disabled\"");
	assert_null(strstr(answer.text, PASSWORD));
	end(&world);
}

/* --- A race --- */

struct setting {
	struct db *db;
	const char *hash;
	long after_us;
	struct err err;
	enum err_code code;
};

static enum err_code set_run(struct tx *tx, void *arg, struct err *err)
{
	const struct setting *setting = arg;
	const struct actor actor = { .name = "operator" };

	return user_set_password(tx, "dara", setting->hash, &actor, FIXTURE_NOW_US, err);
}

static void *set_later(void *arg)
{
	struct setting *setting = arg;

	nanosleep(&(struct timespec){ .tv_nsec = setting->after_us * 1000 }, NULL);
	setting->code = db_write(setting->db, set_run, setting, &setting->err);
	return NULL;
}

/* Looking at a password takes 20 ms: in each of them another may be set. */
static void a_log_in_during_which_the_password_is_set_anew_leaves_no_token(void **state)
{
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;
	struct setting setting = { .db = fixture->kernel.db };
	const char *old, *new;
	pthread_t thread;

	must(password_hash(fixture->arena, PASSWORD, &old, &fixture->err));
	must(password_hash(fixture->arena, "another good password", &new, &fixture->err));
	add_user(&world, "dara", "dft", "officer", NULL);
	for (setting.after_us = 0; setting.after_us <= 30000; setting.after_us += 2000) {
		setting.hash = old;
		must(db_write(fixture->kernel.db, set_run, &setting, &fixture->err));
		setting.hash = new;
		assert_int_equal(pthread_create(&thread, NULL, set_later, &setting), 0);
		struct answer answer = log_in(&world, "dara", PASSWORD, "POST", "/api/v1/tokens");
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(setting.code, OK);
		if (answer.status == 201)
			expect(get_as(&world, read_token(&world, answer).secret, "/api/v1/me"), 401, NULL);
		else
			expect(answer, 401, NULL);
	}
	end(&world);
}

/* What an administrator gives himself he gives by another user, whom the journal names. */
static void nobody_changes_his_own_roles(void **state)
{
	struct world world = begin(state, false);
	const char *dara = new_user(&world, "dara", "dft", "administrator");
	const char *noc = new_user(&world, "noc", NULL, "operator");
	struct user_change_view more = { .roles = "administrator officer" },
				title = { .title = "Dara", .roles = "administrator" };
	struct user_change_view both = { .roles = "operator investigator" };

	expect(change(&world, dara, "dara", &more), 422, "\"code\":\"ACC-007\",\"path\":\"/roles\"");
	expect(change(&world, noc, "noc", &both), 422, "ACC-007");
	expect(call(&world, "GET", "/api/v1/users/dara", NULL, NULL), 200, "\"roles\":\"administrator\"");
	expect(change(&world, dara, "dara", &title), 200, "\"title\":\"Dara\"");
	expect(change(&world, noc, "dara", &more), 200, "officer");
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_changes_his_own_roles),
		cmocka_unit_test(an_administrator_makes_users_of_the_own_organisation_alone),
		cmocka_unit_test(whoever_is_of_another_organisation_is_not_there),
		cmocka_unit_test(an_operator_of_the_node_manages_all),
		cmocka_unit_test(all_that_is_wrong_with_a_new_user_is_told_at_once),
		cmocka_unit_test(users_come_in_pages_by_name),
		cmocka_unit_test(a_change_of_what_was_changed_meanwhile_is_refused),
		cmocka_unit_test(a_password_is_changed_by_who_knows_it),
		cmocka_unit_test(a_wrong_current_password_counts),
		cmocka_unit_test(the_password_of_another_is_set_by_who_manages_him),
		cmocka_unit_test(a_token_makes_none_for_its_own_user),
		cmocka_unit_test(a_token_has_a_part_of_the_roles_of_its_user),
		cmocka_unit_test(a_token_ends_when_it_is_said_and_within_a_year),
		cmocka_unit_test(one_sees_and_ends_the_own_tokens),
		cmocka_unit_test(one_learns_who_one_is_and_what_one_may),
		cmocka_unit_test(the_journal_tells_who_was_let_in_by_whom),
		cmocka_unit_test(a_log_in_during_which_the_password_is_set_anew_leaves_no_token),
	};
	return kernel_run("users", tests, COUNT(tests), customs_capabilities);
}
