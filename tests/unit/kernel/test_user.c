/* Users, their roles and their tokens. What the roles may is the table of roles that kernel/role.c explains. */
#include "fixture.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "kernel/journal.h"
#include "kernel/user.h"

/* What a test says and is told. Each function below is one call in a transaction of its own, a second later than the
 * last. */
struct desk {
	struct kernel_fixture *fixture;
	struct db *db; /* the fixture's, or another connection to the same */
	struct user user;
	const char *hash; /* of the user's password: any text */
	struct token token;
	const char *secret;
	struct findings *findings;
	const char *organisation, *name, *after;
	size_t limit;
	struct user_list users;
	struct token_list tokens;
	struct journal_list story;
};

static const struct actor operator= { .name = "operator" };

static struct desk desk_of(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	return (struct desk){ .fixture = fixture, .db = fixture->kernel.db, .limit = 1000 };
}

static int64_t now_of(const struct desk *desk)
{
	return desk->fixture->clock.now_us;
}

/* What was found: code and place, each pair followed by a blank. */
static const char *found(const struct desk *desk)
{
	const char *text = "";
	const struct finding *f;

	for (size_t i = 0; (f = findings_at(desk->findings, i)) != NULL; i++)
		text = arena_printf(desk->fixture->arena, "%s%s%s ", text, f->rule->code, f->path);
	return text;
}

static enum err_code run(struct desk *desk, db_fn *fn)
{
	desk->fixture->clock.now_us += SECOND_US;
	return db_write(desk->db, fn, desk, &desk->fixture->err);
}

static enum err_code add_run(struct tx *tx, void *arg, struct err *err)
{
	struct desk *desk = arg;

	desk->findings = findings_new(desk->fixture->arena);
	return user_add(tx, desk->fixture->arena, &desk->user, desk->hash, &operator, now_of(desk), desk->findings,
			err);
}

static enum err_code change_run(struct tx *tx, void *arg, struct err *err)
{
	struct desk *desk = arg;

	desk->findings = findings_new(desk->fixture->arena);
	return user_change(tx, desk->fixture->arena, &desk->user, &operator, now_of(desk), desk->findings, err);
}

static enum err_code password_run(struct tx *tx, void *arg, struct err *err)
{
	struct desk *desk = arg;

	return user_set_password(tx, desk->name, desk->hash, &operator, now_of(desk), err);
}

static enum err_code find_run(struct tx *tx, void *arg, struct err *err)
{
	struct desk *desk = arg;

	return user_find(tx, desk->fixture->arena, desk->name, &desk->user, &desk->hash, err);
}

static enum err_code users_run(struct tx *tx, void *arg, struct err *err)
{
	struct desk *desk = arg;

	return user_list(tx, desk->fixture->arena, desk->organisation, desk->after, desk->limit, &desk->users, err);
}

static enum err_code token_run(struct tx *tx, void *arg, struct err *err)
{
	struct desk *desk = arg;

	desk->findings = findings_new(desk->fixture->arena);
	return token_new(tx, desk->fixture->arena, &desk->token, &desk->secret, &operator, now_of(desk), desk->findings,
			 err);
}

static enum err_code revoke_run(struct tx *tx, void *arg, struct err *err)
{
	struct desk *desk = arg;

	return token_revoke(tx, desk->fixture->arena, desk->name, &operator, now_of(desk), err);
}

static enum err_code tokens_run(struct tx *tx, void *arg, struct err *err)
{
	struct desk *desk = arg;

	return token_list(tx, desk->fixture->arena, desk->name, desk->after, desk->limit, &desk->tokens, err);
}

static enum err_code enter_run(struct tx *tx, void *arg, struct err *err)
{
	struct desk *desk = arg;

	return token_user(tx, desk->fixture->arena, desk->secret, now_of(desk), &desk->user, err);
}

static enum err_code story_run(struct tx *tx, void *arg, struct err *err)
{
	struct desk *desk = arg;

	return journal_of(tx, desk->fixture->arena, desk->name, 1000, &desk->story, err);
}

/* --- In one line each --- */

static void add(struct desk *desk, const char *name, const char *organisation, const char *roles)
{
	struct kernel_fixture *fixture = desk->fixture;

	desk->user =
		(struct user){ .name = name, .organisation = organisation, .title = "Nguyen Van An", .roles = roles };
	desk->hash = NULL;
	must(run(desk, add_run));
	assert_string_equal(found(desk), "");
}

static void change(struct desk *desk, struct user user)
{
	struct kernel_fixture *fixture = desk->fixture;

	desk->user = user;
	must(run(desk, change_run));
}

static struct user find(struct desk *desk, const char *name)
{
	struct kernel_fixture *fixture = desk->fixture;

	desk->name = name;
	must(run(desk, find_run));
	return desk->user;
}

/* A token of USER for an hour. */
static const char *issue(struct desk *desk, const char *user, const char *roles)
{
	struct kernel_fixture *fixture = desk->fixture;

	desk->token = (struct token){
		.user = user, .title = "ERP of the export desk", .roles = roles, .expires_us = now_of(desk) + HOUR_US
	};
	must(run(desk, token_run));
	return desk->secret;
}

/* With which roles SECRET lets somebody in; NULL if it does not. */
static const char *entered(struct desk *desk, const char *secret)
{
	struct kernel_fixture *fixture = desk->fixture;

	desk->secret = secret;
	must(run(desk, enter_run));
	return desk->user.name ? desk->user.roles : NULL;
}

static size_t listed(struct desk *desk, const char *user, const char *before, size_t limit)
{
	struct kernel_fixture *fixture = desk->fixture;

	desk->name = user;
	desk->after = before;
	desk->limit = limit;
	must(run(desk, tokens_run));
	return desk->tokens.count;
}

/* What the journal has of SUBJECT: events with their detail in brackets, each followed by a blank. */
static const char *story(struct desk *desk, const char *type, const char *subject, const char *organisation)
{
	struct kernel_fixture *fixture = desk->fixture;
	const char *text = "";

	desk->name = subject;
	must(run(desk, story_run));
	for (size_t i = 0; i < desk->story.count; i++) {
		const struct journal_entry *e = &desk->story.entries[i];
		assert_string_equal(e->subject_type, type);
		assert_string_equal(e->actor, "operator");
		assert_true(same(e->organisation, organisation));
		text = arena_printf(fixture->arena, e->detail ? "%s%s(%s) " : "%s%s ", text, e->event, e->detail);
	}
	return text;
}

/* --- Roles --- */

static void each_role_has_permissions_that_there_are_and_each_permission_a_role(void **state)
{
	const struct permission *permission;
	const struct role *role;

	(void)state;
	for (size_t i = 0; (permission = permission_at(i)) != NULL; i++) {
		size_t roles = 0;
		for (size_t j = 0; (role = role_at(j)) != NULL; j++)
			roles += roles_permit(role->name, permission->name);
		assert_true(roles > 0);
	}
	for (size_t j = 0; (role = role_at(j)) != NULL; j++) {
		size_t words = 1, permitted = 0;
		for (const char *c = role->permissions; *c; c++)
			words += *c == ' ';
		for (size_t i = 0; (permission = permission_at(i)) != NULL; i++)
			permitted += roles_permit(role->name, permission->name);
		assert_int_equal(permitted, words);
		assert_ptr_equal(role_find(role->name), role);
	}
	assert_null(role_find("somebody"));
	assert_null(role_find(NULL));
}

static void nobody_of_the_node_reads_what_organisations_keep(void **state)
{
	const struct role *role;

	(void)state;
	for (size_t i = 0; (role = role_at(i)) != NULL; i++) {
		assert_false(role->node && roles_permit(role->name, "documents.read"));
		assert_false(role->node && roles_permit(role->name, "documents.submit"));
		assert_false(role->node && roles_permit(role->name, "documents.handle"));
		assert_false(role->node && roles_permit(role->name, "evidence.export"));
		/* And what is of the node alone is for nobody else. */
		assert_false(!role->node && roles_permit(role->name, "status.read"));
		assert_false(!role->node && roles_permit(role->name, "partners.change"));
		assert_false(!role->node && roles_permit(role->name, "organisations.change"));
		assert_false(!role->node && roles_permit(role->name, "keys.change"));
	}
}

static void an_auditor_changes_nothing(void **state)
{
	const struct permission *permission;

	(void)state;
	assert_false(roles_permit("auditor", "audit.read")); /* it is of the whole node */
	assert_true(roles_permit("auditor", "evidence.export"));
	for (size_t i = 0; (permission = permission_at(i)) != NULL; i++)
		if (!ends_with(permission->name, ".read") && !ends_with(permission->name, ".export"))
			assert_false(roles_permit("auditor", permission->name));
}

static void roles_add_up_and_names_count_only_whole(void **state)
{
	(void)state;
	assert_true(roles_permit("officer", "documents.submit"));
	assert_false(roles_permit("officer", "messages.decide"));
	assert_true(roles_permit("supervisor", "documents.submit"));
	assert_true(roles_permit("supervisor", "messages.decide"));
	assert_false(roles_permit("officer", "users.change"));
	assert_true(roles_permit("officer administrator", "users.change"));
	assert_true(roles_permit("administrator officer", "users.change"));
	assert_true(roles_permit("nobody  administrator", "users.change"));
	assert_false(roles_permit("office", "documents.read"));
	assert_false(roles_permit("officers", "documents.read"));
	assert_false(roles_permit("officer", "documents"));
	assert_false(roles_permit("officer", "documents.read documents.submit"));
	assert_false(roles_permit("officer", ""));
	assert_false(roles_permit("", "documents.read"));
	assert_false(roles_permit(NULL, "documents.read"));
}

/* --- Users --- */

static void a_user_is_found_as_added(void **state)
{
	struct desk desk = desk_of(state);
	struct kernel_fixture *fixture = desk.fixture;
	int64_t since_us = now_of(&desk) + SECOND_US;

	desk.user = (struct user){ .name = "nguyen",
				   .organisation = "customs",
				   .title = "Nguyễn Văn An",
				   .roles = "auditor officer auditor" };
	desk.hash = "a hash";
	must(run(&desk, add_run));
	struct user user = find(&desk, "nguyen");
	assert_string_equal(user.name, "nguyen");
	assert_string_equal(user.organisation, "customs");
	assert_string_equal(user.title, "Nguyễn Văn An");
	assert_string_equal(user.roles, "officer auditor"); /* once each, in the order of the table */
	assert_string_equal(user.status, "active");
	assert_true(user.password);
	assert_string_equal(desk.hash, "a hash");
	assert_true(user.created_us == since_us);
	assert_null(find(&desk, "nobody").name);
	assert_null(desk.hash);
}

static void all_that_is_wrong_with_a_user_is_found_at_once(void **state)
{
	struct desk desk = desk_of(state);
	struct kernel_fixture *fixture = desk.fixture;

	desk.user =
		(struct user){ .name = "No One", .organisation = "nowhere", .roles = "operator boss", .status = "" };
	must(run(&desk, add_run));
	assert_string_equal(
		found(&desk),
		"USR-001/name USR-006/title USR-007/status USR-002/organisation USR-004/roles USR-003/roles ");
	desk.user = (struct user){ 0 };
	must(run(&desk, add_run));
	assert_string_equal(found(&desk), "USR-001/name USR-006/title USR-005/roles ");
	assert_null(find(&desk, "No One").name);
}

static void a_name_and_a_title_have_a_form(void **state)
{
	static const struct {
		const char *name, *title, *findings;
	} rows[] = {
		{ "a", "A", "USR-001/name " },
		{ "", "A", "USR-001/name " },
		{ "Ab", "A", "USR-001/name " },
		{ ".ab", "A", "USR-001/name " },
		{ "-ab", "A", "USR-001/name " },
		{ "_ab", "A", "USR-001/name " },
		{ "a b", "A", "USR-001/name " },
		{ "a\xC3\xA9", "A", "USR-001/name " },
		{ "a2345678901234567890123456789012345678901234567890123456789012345", "A", "USR-001/name " },
		{ "a234567890123456789012345678901234567890123456789012345678901234", "A", "" },
		{ "0._-", "A", "" },
		{ "ab", "A", "" },
		{ "b1", "", "USR-006/title " },
		{ "b1", "two\nlines", "USR-006/title " },
		{ "b1", "del\x7F", "USR-006/title " },
		{ "b1", "\xFF", "USR-006/title " },
	};
	struct desk desk = desk_of(state);
	struct kernel_fixture *fixture = desk.fixture;

	for (size_t i = 0; i < COUNT(rows); i++) {
		desk.user = (struct user){
			.name = rows[i].name, .organisation = "customs", .title = rows[i].title, .roles = "officer"
		};
		must(run(&desk, add_run));
		assert_string_equal(found(&desk), rows[i].findings);
	}
	char title[3 * 201 + 1] = "";
	for (size_t i = 0; i < 201; i++)
		memcpy(title + 3 * i, "\xE0\xB8\x81", 4); /* KO KAI: a character of three octets */
	desk.user = (struct user){ .name = "b1", .organisation = "customs", .title = title, .roles = "officer" };
	must(run(&desk, add_run));
	assert_string_equal(found(&desk), "USR-006/title ");
	title[3 * 200] = '\0';
	must(run(&desk, add_run));
	assert_string_equal(found(&desk), "");
}

static void a_role_is_of_the_node_or_of_an_organisation(void **state)
{
	struct desk desk = desk_of(state);
	const struct role *role;

	for (size_t i = 0; (role = role_at(i)) != NULL; i++)
		for (int node = 0; node < 2; node++) {
			struct kernel_fixture *fixture = desk.fixture;
			desk.user = (struct user){ .name = arena_printf(fixture->arena, "u%zu-%d", i, node),
						   .organisation = node ? NULL : "dft",
						   .title = "A",
						   .roles = role->name };
			must(run(&desk, add_run));
			assert_string_equal(found(&desk), role->node == node ? "" : "USR-004/roles ");
		}
}

static void a_name_is_given_once_in_the_node(void **state)
{
	struct desk desk = desk_of(state);

	add(&desk, "nguyen", "customs", "officer");
	desk.user = (struct user){ .name = "nguyen", .organisation = "dft", .title = "A", .roles = "officer" };
	assert_int_equal(run(&desk, add_run), ERR_CONFLICT);
	assert_string_equal(find(&desk, "nguyen").organisation, "customs");
}

static void users_are_listed_by_name_in_pages(void **state)
{
	struct desk desk = desk_of(state);
	struct kernel_fixture *fixture = desk.fixture;

	add(&desk, "carla", "customs", "officer");
	add(&desk, "anna", "customs", "officer");
	add(&desk, "boris", "dft", "officer");
	add(&desk, "dara", NULL, "operator");
	must(run(&desk, users_run));
	assert_int_equal(desk.users.count, 4);
	assert_string_equal(desk.users.items[0].name, "anna");
	assert_string_equal(desk.users.items[3].name, "dara");
	assert_null(desk.users.items[3].organisation);

	desk.limit = 2;
	desk.after = "anna";
	must(run(&desk, users_run));
	assert_int_equal(desk.users.count, 2);
	assert_string_equal(desk.users.items[0].name, "boris");
	desk.organisation = "customs";
	must(run(&desk, users_run));
	assert_int_equal(desk.users.count, 1);
	assert_string_equal(desk.users.items[0].name, "carla");
	assert_false(desk.users.items[0].password);
}

static void a_change_touches_what_is_given_and_the_journal_tells_it(void **state)
{
	struct desk desk = desk_of(state);

	add(&desk, "nguyen", "customs", "officer");
	change(&desk, (struct user){ .name = "nguyen", .title = "Another" });
	struct user user = find(&desk, "nguyen");
	assert_string_equal(user.title, "Another");
	assert_string_equal(user.roles, "officer");
	change(&desk, (struct user){ .name = "nguyen", .roles = "auditor supervisor" });
	change(&desk, (struct user){ .name = "nguyen", .title = "Third", .roles = "officer", .status = "active" });
	user = find(&desk, "nguyen");
	assert_string_equal(user.title, "Third");
	assert_string_equal(user.roles, "officer");
	assert_string_equal(user.status, "active");
	/* The same again is no change. */
	change(&desk, (struct user){ .name = "nguyen", .title = "Third", .roles = "officer officer" });
	assert_string_equal(story(&desk, "user", "nguyen", "customs"),
			    "added(officer) changed(title) changed(roles: supervisor auditor, were: officer)"
			    " changed(title, roles: officer, were: supervisor auditor) ");
}

static void what_is_wrong_with_a_change_is_found_and_nothing_changes(void **state)
{
	struct desk desk = desk_of(state);

	add(&desk, "nguyen", "customs", "officer");
	change(&desk, (struct user){ .name = "nguyen", .title = "", .roles = "monitor boss", .status = "away" });
	assert_string_equal(found(&desk), "USR-006/title USR-007/status USR-004/roles USR-003/roles ");
	change(&desk, (struct user){ .name = "nguyen", .title = "Another", .roles = " " });
	assert_string_equal(found(&desk), "USR-005/roles ");
	assert_string_equal(find(&desk, "nguyen").title, "Nguyen Van An");
	assert_string_equal(story(&desk, "user", "nguyen", "customs"), "added(officer) ");

	desk.user = (struct user){ .name = "nobody", .title = "A" };
	assert_int_equal(run(&desk, change_run), ERR_NOT_FOUND);
	desk.name = "nobody";
	assert_int_equal(run(&desk, password_run), ERR_NOT_FOUND);
}

/* A later version may have other roles than the one that wrote the row. */
static void a_user_whose_role_is_no_more_can_still_be_disabled(void **state)
{
	static const struct statement old = { "test.old", "UPDATE account SET roles = 'clerk' WHERE name = 'nguyen'" };
	struct desk desk = desk_of(state);

	add(&desk, "nguyen", "customs", "officer");
	const char *secret = issue(&desk, "nguyen", NULL);
	fixture_exec(desk.fixture, &old, NO_BINDS);
	assert_string_equal(entered(&desk, secret), "");
	change(&desk, (struct user){ .name = "nguyen", .status = "disabled" });
	assert_string_equal(found(&desk), "");
	assert_string_equal(find(&desk, "nguyen").status, "disabled");
	assert_null(entered(&desk, secret));
}

static void who_is_disabled_comes_back_without_the_old_tokens(void **state)
{
	struct desk desk = desk_of(state);
	struct kernel_fixture *fixture = desk.fixture;

	add(&desk, "nguyen", "customs", "officer");
	add(&desk, "other", "customs", "officer");
	const char *secret = issue(&desk, "nguyen", NULL), *id = desk.token.id;
	const char *other = issue(&desk, "other", NULL);
	change(&desk, (struct user){ .name = "nguyen", .status = "disabled" });
	assert_null(entered(&desk, secret));
	assert_string_equal(entered(&desk, other), "officer");
	desk.token = (struct token){ .user = "nguyen", .title = "A", .expires_us = now_of(&desk) + HOUR_US };
	must(run(&desk, token_run));
	assert_string_equal(found(&desk), "USR-009/user ");

	change(&desk, (struct user){ .name = "nguyen", .status = "active" });
	assert_null(entered(&desk, secret));
	assert_string_equal(entered(&desk, issue(&desk, "nguyen", NULL)), "officer");
	assert_string_equal(story(&desk, "user", "nguyen", "customs"), "added(officer) disabled enabled ");
	assert_true(ends_with(story(&desk, "token", id, "customs"), " revoked(of nguyen) "));
}

static void a_new_password_ends_the_tokens_and_stays_out_of_the_journal(void **state)
{
	struct desk desk = desk_of(state);
	struct kernel_fixture *fixture = desk.fixture;

	add(&desk, "dara", NULL, "operator");
	const char *secret = issue(&desk, "dara", NULL);
	assert_false(find(&desk, "dara").password);
	desk.hash = "a hash";
	must(run(&desk, password_run));
	assert_true(find(&desk, "dara").password);
	assert_string_equal(desk.hash, "a hash");
	assert_null(entered(&desk, secret));
	assert_string_equal(story(&desk, "user", "dara", NULL), "added(operator) password-set ");
}

/* --- Tokens --- */

static void a_token_lets_in_with_the_roles_that_it_and_its_user_have(void **state)
{
	struct desk desk = desk_of(state);

	add(&desk, "nguyen", "customs", "officer auditor");
	const char *whole = issue(&desk, "nguyen", NULL), *part = issue(&desk, "nguyen", "auditor");
	assert_string_equal(desk.token.roles, "auditor");
	assert_string_equal(entered(&desk, whole), "officer auditor");
	assert_string_equal(entered(&desk, part), "auditor");
	assert_string_equal(desk.user.name, "nguyen");
	assert_string_equal(desk.user.organisation, "customs");

	change(&desk, (struct user){ .name = "nguyen", .roles = "supervisor auditor" });
	assert_string_equal(entered(&desk, whole), "auditor");
	change(&desk, (struct user){ .name = "nguyen", .roles = "supervisor" });
	assert_string_equal(entered(&desk, part), "");
	change(&desk, (struct user){ .name = "nguyen", .roles = "officer" });
	assert_string_equal(entered(&desk, whole), "officer");
}

static void only_the_digest_of_a_secret_is_kept(void **state)
{
	static const struct statement kept = { "test.kept", "SELECT count(*) FROM token WHERE digest = $1" };
	struct desk desk = desk_of(state);
	uint8_t digest[SHA256_SIZE];

	add(&desk, "nguyen", "customs", "officer");
	const char *secret = issue(&desk, "nguyen", NULL), *id = desk.token.id;
	/* 256 bits in base64url without padding: 43 digits. */
	assert_true(starts_with(secret, "lintas_"));
	assert_int_equal(strlen(secret), 7 + 43);
	assert_int_equal(strspn(secret + 7, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
	assert_string_not_equal(secret, issue(&desk, "nguyen", NULL));

	sha256(bytes_of(secret), digest);
	assert_int_equal(fixture_int(desk.fixture, &kept, BINDS(BIND_BLOB(bytes(digest, sizeof(digest))))), 1);
	const char *made = story(&desk, "token", id, "customs");
	/* The user was added a second after FIXTURE_NOW_US, and the token asked for until an hour after that. */
	assert_string_equal(made, "made(of nguyen: officer, until 2026-11-02T01:00:01.000Z) ");
}

static void all_that_is_wrong_with_a_token_is_found_at_once(void **state)
{
	struct desk desk = desk_of(state);
	struct kernel_fixture *fixture = desk.fixture;

	add(&desk, "nguyen", "customs", "officer");
	change(&desk, (struct user){ .name = "nguyen", .status = "disabled" });
	desk.token =
		(struct token){ .user = "nguyen", .roles = "officer auditor boss", .expires_us = now_of(&desk) + 1 };
	desk.secret = "untouched";
	must(run(&desk, token_run));
	assert_string_equal(found(&desk), "USR-006/title USR-008/roles USR-008/roles USR-009/user ");
	assert_null(desk.token.id);
	assert_string_equal(desk.secret, "untouched");
	desk.token.roles = "";
	must(run(&desk, token_run));
	assert_string_equal(found(&desk), "USR-006/title USR-005/roles USR-009/user ");
	assert_int_equal(listed(&desk, "nguyen", NULL, 10), 0);
	desk.token.user = "nobody";
	assert_int_equal(run(&desk, token_run), ERR_NOT_FOUND);
}

static void a_token_ends_with_its_hour_or_when_it_is_revoked(void **state)
{
	struct desk desk = desk_of(state);
	struct kernel_fixture *fixture = desk.fixture;

	add(&desk, "nguyen", "customs", "officer");
	const char *first = issue(&desk, "nguyen", NULL), *id = desk.token.id;
	const char *second = issue(&desk, "nguyen", NULL);
	int64_t until_us = desk.token.expires_us;
	desk.name = id;
	must(run(&desk, revoke_run));
	int64_t revoked_us = now_of(&desk);
	assert_null(entered(&desk, first));
	assert_string_equal(entered(&desk, second), "officer");
	desk.name = id;
	must(run(&desk, revoke_run)); /* again: nothing, and no entry */
	assert_true(ends_with(story(&desk, "token", id, "customs"), "Z) revoked(of nguyen) "));
	assert_int_equal(desk.story.count, 2);
	assert_int_equal(listed(&desk, "nguyen", NULL, 10), 2);
	assert_true(desk.tokens.items[0].revoked_us == TIME_NONE);
	assert_true(desk.tokens.items[1].revoked_us == revoked_us);

	fixture->clock.now_us = until_us - 1 - SECOND_US;
	assert_string_equal(entered(&desk, second), "officer");
	fixture->clock.now_us = until_us - SECOND_US;
	assert_null(entered(&desk, second));
	assert_null(entered(&desk, "lintas_"));
	assert_null(entered(&desk, ""));
	desk.name = "nothing";
	assert_int_equal(run(&desk, revoke_run), ERR_NOT_FOUND);
}

static void tokens_are_listed_newest_first_in_pages(void **state)
{
	struct desk desk = desk_of(state);

	add(&desk, "nguyen", "customs", "officer");
	add(&desk, "boris", "dft", "officer");
	issue(&desk, "nguyen", NULL);
	const char *first = desk.token.id;
	issue(&desk, "boris", NULL);
	const char *second = desk.token.id;
	issue(&desk, "nguyen", NULL);
	const char *third = desk.token.id;

	assert_int_equal(listed(&desk, NULL, NULL, 10), 3);
	assert_string_equal(desk.tokens.items[0].id, third);
	assert_string_equal(desk.tokens.items[1].id, second);
	assert_string_equal(desk.tokens.items[2].id, first);
	assert_string_equal(desk.tokens.items[1].user, "boris");
	assert_string_equal(desk.tokens.items[1].title, "ERP of the export desk");
	assert_string_equal(desk.tokens.items[1].roles, "officer");
	assert_true(desk.tokens.items[1].expires_us == desk.tokens.items[1].created_us + HOUR_US - SECOND_US);

	assert_int_equal(listed(&desk, NULL, third, 1), 1);
	assert_string_equal(desk.tokens.items[0].id, second);
	assert_int_equal(listed(&desk, "nguyen", NULL, 10), 2);
}

static void a_user_has_at_most_a_hundred_tokens_that_live(void **state)
{
	struct desk desk = desk_of(state);
	struct kernel_fixture *fixture = desk.fixture;

	add(&desk, "nguyen", "customs", "officer");
	for (int i = 0; i < 100; i++) {
		issue(&desk, "nguyen", NULL);
		assert_string_equal(found(&desk), "");
	}
	desk.name = desk.token.id;
	issue(&desk, "nguyen", NULL);
	assert_string_equal(found(&desk), "USR-010 ");
	assert_int_equal(listed(&desk, "nguyen", NULL, 1000), 100);

	/* One that is revoked makes room; it is swept when the next is made. */
	desk.name = desk.tokens.items[99].id;
	must(run(&desk, revoke_run));
	assert_int_equal(listed(&desk, "nguyen", NULL, 1000), 100);
	issue(&desk, "nguyen", NULL);
	assert_string_equal(found(&desk), "");
	assert_int_equal(listed(&desk, "nguyen", NULL, 1000), 100);

	fixture->clock.now_us += HOUR_US;
	const char *secret = issue(&desk, "nguyen", NULL);
	assert_int_equal(listed(&desk, "nguyen", NULL, 1000), 1);
	assert_string_equal(entered(&desk, secret), "officer");
}

/* --- Two at the same time, as PostgreSQL lets them --- */

struct race {
	struct desk *desk; /* of the other connection */
	const char *secret;
	int runs;
};

static enum err_code race_run(struct tx *tx, void *arg, struct err *err)
{
	struct race *race = arg;
	struct desk *other = race->desk;
	struct user user;

	/* Now this transaction has its snapshot, in which there is no token yet. */
	TRY(user_find(tx, other->fixture->arena, "nguyen", &user, NULL, err));
	if (race->runs++ == 0)
		race->secret = issue(other, "nguyen", NULL);
	return user_set_password(tx, "nguyen", "a hash", &operator, now_of(other), err);
}

static void a_token_made_meanwhile_does_not_outlive_a_new_password(void **state)
{
	struct desk desk = desk_of(state), other = desk;
	struct kernel_fixture *fixture = desk.fixture;
	struct race race = { .desk = &other };

	if (fixture->kind == DB_SQLITE)
		return; /* one writes after the other */
	add(&desk, "nguyen", "customs", "officer");
	must(db_open(fixture->url, NULL, &other.db, &fixture->err));
	must(db_write(fixture->kernel.db, race_run, &race, &fixture->err));
	db_close(other.db);
	assert_non_null(race.secret);
	assert_null(entered(&desk, race.secret));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_role_has_permissions_that_there_are_and_each_permission_a_role),
		cmocka_unit_test(nobody_of_the_node_reads_what_organisations_keep),
		cmocka_unit_test(an_auditor_changes_nothing),
		cmocka_unit_test(roles_add_up_and_names_count_only_whole),
		cmocka_unit_test(a_user_is_found_as_added),
		cmocka_unit_test(all_that_is_wrong_with_a_user_is_found_at_once),
		cmocka_unit_test(a_name_and_a_title_have_a_form),
		cmocka_unit_test(a_role_is_of_the_node_or_of_an_organisation),
		cmocka_unit_test(a_name_is_given_once_in_the_node),
		cmocka_unit_test(users_are_listed_by_name_in_pages),
		cmocka_unit_test(a_change_touches_what_is_given_and_the_journal_tells_it),
		cmocka_unit_test(what_is_wrong_with_a_change_is_found_and_nothing_changes),
		cmocka_unit_test(a_user_whose_role_is_no_more_can_still_be_disabled),
		cmocka_unit_test(who_is_disabled_comes_back_without_the_old_tokens),
		cmocka_unit_test(a_new_password_ends_the_tokens_and_stays_out_of_the_journal),
		cmocka_unit_test(a_token_lets_in_with_the_roles_that_it_and_its_user_have),
		cmocka_unit_test(only_the_digest_of_a_secret_is_kept),
		cmocka_unit_test(all_that_is_wrong_with_a_token_is_found_at_once),
		cmocka_unit_test(a_token_ends_with_its_hour_or_when_it_is_revoked),
		cmocka_unit_test(tokens_are_listed_newest_first_in_pages),
		cmocka_unit_test(a_user_has_at_most_a_hundred_tokens_that_live),
		cmocka_unit_test(a_token_made_meanwhile_does_not_outlive_a_new_password),
	};
	return kernel_run("user", tests, COUNT(tests), NULL);
}
