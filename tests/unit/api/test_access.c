/* Who may ask, for what, and what he sees: two organisations of one node, and the node's operator between them. */
#include "people.h"

#include <stdio.h>
#include <unistd.h>

#include "../customs/node.h"

#include "api/call_int.h"
#include "base/random.h"
#include "customs/document/api_int.h"
#include "kernel/journal.h"
#include "kernel/refusal.h"

/* --- Who --- */

static void whoever_is_unknown_does_not_learn_what_there_is(void **state)
{
	struct world world = begin(state, false);
	struct answer first = ask(&world, &(struct ask){ .method = "GET", .path = "/api/v1/nothing", .remote = true });

	expect(first, 401, "Bearer");
	assert_string_equal(header_of(&first, "WWW-Authenticate"), "Bearer realm=\"lintas\"");
	for (size_t i = 0; api_route_at(i); i++) {
		const struct route *route = api_route_at(i);
		struct answer answer = ask(&world, &(struct ask){ .method = route->method,
								  .path = route->path,
								  .body = bytes_of("{}"),
								  .remote = true });
		expect(answer, 401, NULL);
		assert_string_equal(answer.text, first.text);
		assert_string_equal(header_of(&answer, "WWW-Authenticate"),
				    route->password
					    ? "Bearer realm=\"lintas\", Basic realm=\"lintas\", charset=\"UTF-8\""
					    : "Bearer realm=\"lintas\"");
	}
	expect(ask(&world, &(struct ask){ .method = "DELETE", .path = "/api/v1/me", .remote = true }), 401, NULL);
	expect(ask(&world, &(struct ask){ .method = "GET", .path = "/api/v1/me" }), 200, "operator");
	end(&world);
}

/* RFC 6750 §3.1 */
static void refused(struct world *world, const char *secret)
{
	struct answer answer = get_as(world, secret, "/api/v1/me");

	expect(answer, 401, "has ended");
	assert_string_equal(header_of(&answer, "WWW-Authenticate"), "Bearer realm=\"lintas\", error=\"invalid_token\"");
}

static void a_token_lets_in_until_it_ends(void **state)
{
	struct world world = begin(state, false);
	const char *first = new_user(&world, "dara", "dft", "officer");
	struct token_view second = token_of(&world, "dara"), third = token_of(&world, "dara");
	struct user_change_view disabled = { .status = "disabled" }, active = { .status = "active" };
	char *other = arena_text(world.fixture->arena, first);

	expect(get_as(&world, first, "/api/v1/me"), 200, "\"name\":\"dara\"");
	other[strlen(other) - 1] = other[strlen(other) - 1] == 'A' ? 'E' : 'A';
	refused(&world, other);
	refused(&world, "");

	expect(call(&world, "POST", arena_printf(world.fixture->arena, "/api/v1/tokens/%s/revoke", second.id), NULL,
		    NULL),
	       200, "\"revoked\"");
	refused(&world, second.secret);
	expect(get_as(&world, first, "/api/v1/me"), 200, NULL);

	world.fixture->clock.now_us = third.expires_us - 1;
	expect(get_as(&world, third.secret, "/api/v1/me"), 200, NULL);
	world.fixture->clock.now_us = third.expires_us;
	refused(&world, third.secret);

	struct token_view fourth = token_of(&world, "dara");
	expect(call(&world, "PATCH", "/api/v1/users/dara", &user_change_schema, &disabled), 200, "disabled");
	refused(&world, fourth.secret);
	expect(call(&world, "PATCH", "/api/v1/users/dara", &user_change_schema, &active), 200, NULL);
	refused(&world, fourth.secret);
	end(&world);
}

static void what_a_role_may_not_is_refused_with_the_permission_that_it_takes(void **state)
{
	static const struct {
		const char *name, *method, *path, *permission;
	} rows[] = {
		{ "dara", "GET", "/api/v1/users", "users.read" },
		{ "dara", "GET", "/api/v1/status", "status.read" },
		{ "dara", "POST", "/api/v1/partners/VN/suspend", "partners.change" },
		{ "noc", "GET", "/api/v1/documents", "documents.read" },
		{ "noc", "GET", "/api/v1/messages", "messages.read" },
	};
	struct world world = begin(state, false);
	const char *dara = new_user(&world, "dara", "dft", "officer"), *noc = new_user(&world, "noc", NULL, "monitor");

	for (size_t i = 0; i < COUNT(rows); i++)
		expect(call_with(&world, same(rows[i].name, "noc") ? noc : dara, rows[i].method, rows[i].path, NULL,
				 NULL),
		       403, rows[i].permission);
	expect(get_as(&world, noc, "/api/v1/status"), 200, NULL);
	end(&world);
}

static void a_password_makes_a_token_and_nothing_else(void **state)
{
	struct world world = begin(state, false);

	add_user(&world, "dara", "dft", "officer", PASSWORD);
	for (size_t i = 0; api_route_at(i); i++)
		if (!api_route_at(i)->password)
			expect(log_in(&world, "dara", PASSWORD, api_route_at(i)->method, api_route_at(i)->path), 403,
			       "POST /api/v1/tokens");
	struct answer answer = log_in(&world, "dara", PASSWORD, "POST", "/api/v1/tokens");
	struct token_view token = read_token(&world, answer);
	assert_string_equal(header_of(&answer, "Cache-Control"), "no-store");
	assert_string_equal(token.roles, "officer");
	assert_true(token.expires_us == FIXTURE_NOW_US + 12 * HOUR_US);
	expect(get_as(&world, token.secret, "/api/v1/documents"), 200, NULL);
	expect(log_in(&world, "dara", " " PASSWORD "\n", "POST", "/api/v1/tokens"), 201, NULL);

	expect(log_in(&world, "nobody", PASSWORD, "POST", "/api/v1/tokens"), 401, NULL);
	add_user(&world, "erp", "dft", "officer", NULL);
	expect(log_in(&world, "erp", "", "POST", "/api/v1/tokens"), 401, NULL);
	end(&world);
}

/* --- Guessing --- */

static struct answer guess_from(struct world *world, const char *peer, const char *name)
{
	return log_in_from(world, peer, name, "wrong horse battery", "POST", "/api/v1/tokens");
}

/* Each from an address of its own, so that it is the name that waits. */
static struct answer guess(struct world *world, const char *name)
{
	static unsigned site;

	site++;
	return guess_from(world, arena_printf(world->fixture->arena, "[2001:db8:0:%x::1]:4711", site), name);
}

/* A browser that is asked for Basic again would show a window of its own. */
static void who_logs_in_wrongly_is_told_so_but_not_what_is_wrong(void **state)
{
	static const char *const names[] = { "dara", "gone", "erp", "nobody" };
	struct world world = begin(state, false);
	struct user_change_view disabled = { .status = "disabled" };

	add_user(&world, "dara", "dft", "officer", PASSWORD);
	add_user(&world, "gone", "dft", "officer", "wrong horse battery");
	add_user(&world, "erp", "dft", "officer", NULL);
	expect(call(&world, "PATCH", "/api/v1/users/gone", &user_change_schema, &disabled), 200, NULL);
	struct answer first = guess(&world, "dara");
	for (size_t i = 0; i < COUNT(names); i++) {
		struct answer answer = guess(&world, names[i]);
		expect(answer, 401, "\"name or password is wrong\"");
		assert_string_equal(answer.text, first.text);
		assert_string_equal(header_of(&answer, "WWW-Authenticate"), "Bearer realm=\"lintas\"");
	}
	expect(ask(&world, &(struct ask){ .method = "POST",
					  .path = "/api/v1/tokens",
					  .body = bytes_of("{}"),
					  .remote = true,
					  .headers = { { "Authorization", "Basic ZGFyYQ==" } } }),
	       401, "NAME:PASSWORD");
	end(&world);
}

static void must_wait(struct world *world, const char *name, const char *seconds)
{
	struct answer answer = log_in(world, name, PASSWORD, "POST", "/api/v1/tokens");

	expect(answer, 429, "too many");
	assert_string_equal(header_of(&answer, "Retry-After"), seconds);
}

static void who_guesses_waits_longer_each_time(void **state)
{
	static const int64_t waits[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900 };
	random_simulate(1); /* two names share a row by chance: not these */
	struct world world = begin(state, false);
	int64_t *now_us = &world.fixture->clock.now_us;

	add_user(&world, "dara", "dft", "officer", PASSWORD);
	add_user(&world, "somchai", "customs", "officer", PASSWORD);
	for (size_t i = 0; i < 4; i++)
		expect(guess(&world, "dara"), 401, NULL);
	for (size_t i = 0; i < COUNT(waits); i++) {
		expect(guess(&world, "dara"), 401, NULL);
		must_wait(&world, "dara", arena_printf(world.fixture->arena, "%lld", (long long)waits[i]));
		*now_us += waits[i] * SECOND_US - 1;
		must_wait(&world, "dara", "1");
		*now_us += 1;
	}
	expect(log_in(&world, "somchai", PASSWORD, "POST", "/api/v1/tokens"), 201, NULL);
	expect(log_in(&world, "dara", PASSWORD, "POST", "/api/v1/tokens"), 201, NULL);
	for (size_t i = 0; i < 4; i++)
		expect(guess(&world, "dara"), 401, NULL);
	expect(log_in(&world, "dara", PASSWORD, "POST", "/api/v1/tokens"), 201, NULL);
	random_real();
	end(&world);
}

/* Who keeps trying names keeps nobody else from logging in. The addresses of one IPv6 site are one (RFC 6177). */
static void who_tries_one_name_after_another_waits_whatever_the_name(void **state)
{
	static const char *const sites[] = { "198.51.100.1:9", "[2001:db8:1:2:3:4:5:6]:9" };
	random_simulate(1);
	struct world world = begin(state, false);
	struct arena *arena = world.fixture->arena;

	add_user(&world, "dara", "dft", "officer", PASSWORD);
	for (size_t k = 0; k < COUNT(sites); k++) {
		for (unsigned i = 1; i <= 20; i++) {
			const char *peer = k == 0 ? arena_printf(arena, "198.51.100.1:%u", i)
						  : arena_printf(arena, "[2001:db8:1:2::%x]:443", i);
			expect(guess_from(&world, peer, arena_printf(arena, "name-%zu-%u", k, i)), 401, NULL);
		}
		expect(log_in_from(&world, sites[k], "dara", PASSWORD, "POST", "/api/v1/tokens"), 429, "too many");
		expect(log_in(&world, "dara", PASSWORD, "POST", "/api/v1/tokens"), 201, NULL);
	}
	world.fixture->clock.now_us += SECOND_US;
	expect(log_in_from(&world, sites[0], "dara", PASSWORD, "POST", "/api/v1/tokens"), 201, NULL);
	random_real();
	end(&world);
}

static void whether_there_is_such_a_user_is_not_told_by_waiting(void **state)
{
	random_simulate(1);
	struct world world = begin(state, false);

	for (size_t i = 0; i < 5; i++)
		expect(guess(&world, "nobody"), 401, NULL);
	must_wait(&world, "nobody", "1");
	world.fixture->clock.now_us -= DAY_US; /* a clock that was set back makes nobody wait for a day */
	must_wait(&world, "nobody", "900");
	random_real();
	end(&world);
}

static size_t times(const char *text, const char *word)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, word)); at++)
		count++;
	return count;
}

static void who_manages_users_sees_in_the_journal_that_a_name_is_guessed_at(void **state)
{
	random_simulate(1);
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;
	const char *boss = new_user(&world, "boss", "dft", "administrator auditor officer");
	unsigned sealed;

	add_user(&world, "dara", "dft", "officer", PASSWORD);
	for (size_t i = 0; i < 4; i++)
		guess(&world, "dara");
	assert_int_equal(times(get_as(&world, boss, "/api/v1/timeline/dara").text, "log-in-refused"), 0);
	guess(&world, "dara");
	for (size_t i = 0; i < 3; i++)
		must_wait(&world, "dara", "1");
	for (size_t i = 0; i < 6; i++)
		guess(&world, "nobody");
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 1000, &sealed, &fixture->err));
	struct answer events = call(&world, "GET", "/api/v1/events", NULL, NULL);
	assert_int_equal(times(events.text, "log-in-refused"), 1);
	expect(events, 200,
	       "\"actor\":\"stranger\",\"organisation\":\"dft\",\"subjectType\":\"user\",\"subject\":\"dara\","
	       "\"event\":\"log-in-refused\",\"detail\":\"5 wrong passwords in a row; none is looked at for 1 s\"");
	expect(get_as(&world, boss, "/api/v1/events"), 200, "log-in-refused");

	fixture->clock.now_us += SECOND_US;
	guess(&world, "dara");
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, 1000, &sealed, &fixture->err));
	expect(call(&world, "GET", "/api/v1/events", NULL, NULL), 200, "6 wrong passwords in a row");
	random_real();
	end(&world);
}

static void refused_log_ins_and_requests_are_counted(void **state)
{
	random_simulate(1);
	struct world world = begin(state, false);
	const char *dara = new_user(&world, "dara", "dft", "officer");

	assert_non_null(strstr(metrics(&world), "\nlintas_logins_failed_total 0\n"));
	assert_non_null(strstr(metrics(&world), "\nlintas_requests_denied_total 0\n"));
	expect(get_as(&world, dara, "/api/v1/users"), 403, NULL);
	expect(ask(&world, &(struct ask){ .method = "GET", .path = "/api/v1/me", .remote = true }), 401, NULL);
	for (size_t i = 0; i < 5; i++)
		expect(guess(&world, "nobody"), 401, NULL);
	must_wait(&world, "nobody", "1");
	assert_non_null(strstr(metrics(&world), "\nlintas_logins_failed_total 6\n"));
	assert_non_null(strstr(metrics(&world), "\nlintas_requests_denied_total 7\n"));
	random_real();
	end(&world);
}

/* What is written to the log while DO_IT runs. */
static const char *logged(struct world *world, void (*do_it)(struct world *world))
{
	enum { LOGGED_MAX = 65536 };
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	char *text = arena_alloc(world->fixture->arena, LOGGED_MAX);

	assert_non_null(file);
	assert_non_null(text);
	dup2(fileno(file), STDERR_FILENO);
	do_it(world);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	text[fread(text, 1, LOGGED_MAX - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void guess_many(struct world *world)
{
	for (size_t i = 0; i < 4; i++) {
		guess(world, "dara");
		guess(world, "my-pass-phrase");
		guess(world, "another");
	}
}

/* People type their password where the name belongs. */
static void a_refused_log_in_is_logged_once_a_minute_and_without_what_may_be_a_password(void **state)
{
	random_simulate(1);
	struct world world = begin(state, false);

	add_user(&world, "dara", "dft", "officer", PASSWORD);
	const char *text = logged(&world, guess_many);
	assert_int_equal(times(text, "api.login-refused"), 2);
	assert_int_equal(times(text, "\"user\":\"dara\""), 1);
	assert_int_equal(times(text, "\"peer\":\"[2001:db8:0:"), 2);
	assert_int_equal(times(text, "horse") + times(text, "phrase"), 0);
	world.fixture->clock.now_us += MINUTE_US;
	text = logged(&world, guess_many);
	assert_int_equal(times(text, "api.login-refused"), 2);
	assert_int_equal(times(text, "\"refused\":4"), 1); /* three before and this one */
	assert_int_equal(times(text, "\"refused\":8"), 1);
	random_real();
	end(&world);
}

/* Each would hold a thread of the server while it waits for the others. */
static void while_many_log_in_tokens_go_on(void **state)
{
	struct world world = begin(state, false);

	add_user(&world, "dara", "dft", "officer", PASSWORD);
	const char *secret = token_of(&world, "dara").secret;
	world.api->guard.verifying = 4;
	struct answer answer = log_in(&world, "dara", PASSWORD, "POST", "/api/v1/tokens");
	expect(answer, 429, "logging in");
	assert_string_equal(header_of(&answer, "Retry-After"), "1");
	expect(get_as(&world, secret, "/api/v1/me"), 200, NULL);
	world.api->guard.verifying = 3;
	for (size_t i = 0; i < 6; i++)
		expect(log_in(&world, "dara", PASSWORD, "POST", "/api/v1/tokens"), 201, NULL);
	end(&world);
}

/* --- What is whose --- */

#define DFT_FORM_D     "D2026-0045678"
#define CUSTOMS_FORM_D "VN-TH-26-02-00006"
#define CUSTOMS_ANSWER "TH-RSP-1"

/* Customs' answer to what it received. */
static const char response_to_vn[] =
	"<CustomsResponse xmlns=\"urn:lintas:document:customs-response:1\"><FunctionalReferenceID>" CUSTOMS_ANSWER
	"</FunctionalReferenceID><IssueDate>2026-11-02</IssueDate><IssueCountryID>TH</IssueCountryID>"
	"<ReferencedCertificateOfOrigin><ID>" CUSTOMS_FORM_D "</ID><IssueDate>2026-11-02</IssueDate>"
	"<IssueCountryID>VN</IssueCountryID></ReferencedCertificateOfOrigin><StatusCode>45</StatusCode>"
	"<StatusReasonText>Example reason</StatusReasonText></CustomsResponse>";

/* A message to ORGANISATION, as the gateway takes it in. */
static void take_in(struct world *world, const char *organisation, const char *message_id, const char *action,
		    const char *text)
{
	struct kernel_fixture *fixture = world->fixture;
	struct inbox_delivery delivery = fixture_delivery(fixture, "VN", message_id, message_id, text);

	delivery.message.action = action;
	delivery.message.organisation = organisation;
	delivery.message.service = DOCUMENT_SERVICE;
	delivery.message.final_recipient = arena_printf(fixture->arena, "TH:%s", organisation);
	assert_int_equal(fixture_accept(fixture, &delivery, NULL), INBOX_ACCEPTED);
}

/* The same, and what follows from it. */
static void receive(struct world *world, const char *organisation, const char *message_id, const char *action,
		    const char *text)
{
	struct kernel_fixture *fixture = world->fixture;
	unsigned done;

	take_in(world, organisation, message_id, action, text);
	must(inbox_step(&fixture->kernel, fixture->clock.now_us, 10, &done, &fixture->err));
	assert_int_equal(done, 1);
}

static enum err_code tasks_run(struct tx *tx, void *arg, struct err *err)
{
	struct kernel_fixture *fixture = arg;
	struct document_list list;

	TRY(document_list(tx, fixture->arena, &(struct document_filter){ .limit = 100 }, &list, err));
	for (size_t i = 0; i < list.count; i++)
		TRY(task_open(tx,
			      &(struct task){ .organisation = list.items[i].organisation,
					      .kind = "document-refused",
					      .subject = list.items[i].id,
					      .text = "look" },
			      fixture->clock.now_us, err));
	return OK;
}

/* Each organisation sends and receives one document, has a task about each, and a message that nobody has looked into
 * yet. */
static struct world begin_two(void **state)
{
	enum { SEAL_MAX = 1000 }; /* the feed shows what is sealed */
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;
	struct arena *arena = fixture->arena;
	unsigned sealed;

	assert_string_equal(submit(fixture, "dft", sample(arena, "form-d/good-ordinary.xml")).codes, "");
	receive(&world, "dft", "m-1@vn", "CUSTOMS-RESPONSE", sample(arena, "customs-response/good-partly.xml"));
	receive(&world, "customs", "m-2@vn", "FORM-D",
		with(arena, sample(arena, "form-d/good-third-country.xml"), "VN-TH 26/02/00006", CUSTOMS_FORM_D));
	assert_string_equal(submit(fixture, "customs", response_to_vn).codes, "");
	take_in(&world, "dft", "m-3@vn", "CUSTOMS-RESPONSE", "<doc/>");
	take_in(&world, "customs", "m-4@vn", "FORM-D", "<doc/>");
	must(db_write(fixture->kernel.db, tasks_run, fixture, &fixture->err));
	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, SEAL_MAX, &sealed, &fixture->err));
	return world;
}

/* What names things of one organisation, in answers and to ask by. */
struct things {
	const char *items[60];
	size_t count;
};

static void add_thing(struct things *things, const char *name)
{
	assert_non_null(name);
	assert_true(things->count < COUNT(things->items));
	things->items[things->count++] = name;
}

static void *read_list(struct world *world, const char *path, const struct schema *schema)
{
	struct kernel_fixture *fixture = world->fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct answer answer = call(world, "GET", path, NULL, NULL);
	void *list = arena_alloc(fixture->arena, schema->fields->size);

	expect(answer, 200, NULL);
	must(field_read_json(fixture->arena, schema, bytes_of(answer.text), NULL, list, findings, &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	return list;
}

static struct things things_of(struct world *world, const char *organisation)
{
	struct arena *arena = world->fixture->arena;
	struct things things = { 0 };
	const struct document_list_view *documents_ = read_list(
		world, arena_printf(arena, "/api/v1/documents?organisation=%s", organisation), &document_list_schema);
	const struct message_list_view *messages = read_list(
		world, arena_printf(arena, "/api/v1/messages?organisation=%s", organisation), &message_list_schema);
	const struct task_list_view *tasks =
		read_list(world, arena_printf(arena, "/api/v1/tasks?organisation=%s", organisation), &task_list_schema);

	assert_int_equal(documents_->count, 2);
	assert_int_equal(messages->count, 3);
	assert_int_equal(tasks->count, 2);
	for (size_t i = 0; i < 2; i++) {
		add_thing(&things, documents_->items[i].id);
		add_thing(&things, documents_->items[i].reference);
		add_thing(&things, documents_->items[i].digest);
		add_thing(&things, tasks->items[i].id);
	}
	for (size_t i = 0; i < messages->count; i++) {
		add_thing(&things, messages->items[i].id);
		add_thing(&things, messages->items[i].message_id);
		add_thing(&things, messages->items[i].conversation);
	}
	return things;
}

static const char *encoded(struct arena *arena, const char *name)
{
	buf_auto out;

	buf_init(&out, 1024);
	for (const char *c = name; *c; c++)
		buf_printf(&out, "%%%02X", (unsigned char)*c);
	return arena_text(arena, buf_text(&out));
}

/* PATTERN with every parameter replaced by NAME. */
static const char *filled(struct arena *arena, const char *pattern, const char *name)
{
	const char *path = pattern;

	for (const char *open; (open = strchr(path, '{'));)
		path = arena_printf(arena, "%.*s%s%s", (int)(open - path), path, encoded(arena, name),
				    strchr(open, '}') + 1);
	return path;
}

/* The answer to ASK names nothing of THINGS but what was asked for. */
static struct answer expect_nothing_of(struct world *world, const struct things *things, const struct ask *ask_,
				       const char *name)
{
	struct answer answer = ask(world, ask_);

	for (size_t i = 0; i < things->count; i++)
		if (!(name && strstr(name, things->items[i])) && strstr(answer.text, things->items[i]))
			fail_msg("%s %s tells %s: %s", ask_->method, ask_->path, things->items[i], answer.text);
	return answer;
}

static void ask_every_route(struct world *world, const char *secret, const struct things *theirs)
{
	struct arena *arena = world->fixture->arena;
	const char *bearer = arena_printf(arena, "Bearer %s", secret);

	for (size_t i = 0; api_route_at(i); i++) {
		const struct route *route = api_route_at(i);
		bool named = strchr(route->path, '{'),
		     may = !*route->permission || roles_permit(ORGANISATION_ALL, route->permission);
		for (size_t k = 0; k < (named ? theirs->count : 1); k++) {
			const char *name = named ? theirs->items[k] : NULL;
			struct answer answer =
				expect_nothing_of(world, theirs,
						  &(struct ask){ .method = route->method,
								 .path = filled(arena, route->path, name),
								 .body = bytes_of("{}"),
								 .remote = true,
								 .headers = { { "Authorization", bearer } } },
						  name);
			if (!may)
				expect(answer, 403, route->permission);
			else if (named) { /* unless already the body is refused, or the name as one of reference data */
				bool early = route->request || same(route->permission, "reference.read");
				expect(answer, early && answer.status == 422 ? 422 : 404, NULL);
			}
		}
	}
}

static void no_route_tells_what_another_organisation_keeps(void **state)
{
	struct world world = begin_two(state);
	const char *dara = new_user(&world, "dara", "dft", ORGANISATION_ALL);
	const char *somchai = new_user(&world, "somchai", "customs", ORGANISATION_ALL);
	struct things dft = things_of(&world, "dft"), customs = things_of(&world, "customs");

	ask_every_route(&world, dara, &customs);
	ask_every_route(&world, somchai, &dft);
	end(&world);
}

/* Or the test before would prove nothing. */
static void what_the_own_organisation_keeps_is_shown(void **state)
{
	static const char *const lists[] = { "/api/v1/documents", "/api/v1/messages", "/api/v1/tasks",
					     "/api/v1/events" };
	static const char *const ones[] = { "/api/v1/documents/{document}", "/api/v1/documents/{document}/original",
					    "/api/v1/documents/{document}/content", "/api/v1/messages/{message}",
					    "/api/v1/timeline/{subject}" };
	struct world world = begin_two(state);
	struct arena *arena = world.fixture->arena;
	const char *somchai = new_user(&world, "somchai", "customs", ORGANISATION_ALL);
	struct document document = document_called(world.fixture, CUSTOMS_FORM_D);
	struct message message = fixture_message(world.fixture, "m-2@vn");

	for (size_t i = 0; i < COUNT(lists); i++)
		expect(get_as(&world, somchai, lists[i]), 200, document.id);
	for (size_t i = 0; i < COUNT(ones); i++)
		expect(get_as(&world, somchai, filled(arena, ones[i], document.id)), 200, NULL);
	expect(get_as(&world, somchai, filled(arena, "/api/v1/messages/{message}", "m-2@vn")), 200, message.id);
	expect(get_as(&world, somchai, filled(arena, "/api/v1/timeline/{subject}", CUSTOMS_ANSWER)), 200, "submitted");
	expect(get_as(&world, somchai, filled(arena, "/api/v1/documents/{document}", CUSTOMS_FORM_D)), 200,
	       document.id);
	expect(call_with(&world, somchai, "POST", arena_printf(arena, "/api/v1/messages/%s/evidence", message.id), NULL,
			 NULL),
	       200, NULL);
	end(&world);
}

static void another_organisation_is_none_to_filter_by(void **state)
{
	struct world world = begin_two(state);
	struct arena *arena = world.fixture->arena;
	const char *dara = new_user(&world, "dara", "dft", ORGANISATION_ALL);
	size_t count = 0;

	for (size_t i = 0; api_route_at(i); i++) {
		const struct route *route = api_route_at(i);
		if (!route_takes(route, &query_organisation))
			continue;
		const char *path = arena_printf(arena, "%s?organisation=", route->path);
		struct answer answer =
			call_with(&world, dara, route->method, arena_printf(arena, "%scustoms", path), NULL, NULL);
		expect(answer, 422, "there is no organisation \\\"customs\\\": it is one of dft\"");
		if (same(route->method, "GET"))
			expect(get_as(&world, dara, arena_printf(arena, "%sdft", path)), 200, NULL);
		count++;
	}
	assert_true(count > 0);
	expect(get_as(&world, dara, "/api/v1/documents?reference=" CUSTOMS_ANSWER), 200, "\"items\":[]");
	expect(get_as(&world, dara, "/api/v1/documents?reference=" DFT_FORM_D), 200, DFT_FORM_D);
	end(&world);
}

/* Partners address messages; what is in them decides who reads them. */
static void a_message_that_was_sent_to_the_wrong_seat_is_read_by_who_keeps_its_document(void **state)
{
	struct world world = begin(state, false);
	struct arena *arena = world.fixture->arena;
	const char *dara = new_user(&world, "dara", "dft", ORGANISATION_ALL);
	const char *somchai = new_user(&world, "somchai", "customs", ORGANISATION_ALL);

	receive(&world, "dft", "m-3@vn", "FORM-D", sample(arena, "form-d/good-third-country.xml"));
	expect(get_as(&world, dara, "/api/v1/messages/m-3@vn"), 404, NULL);
	expect(call_with(&world, dara, "POST", "/api/v1/messages/m-3@vn/evidence", NULL, NULL), 404, NULL);
	expect(get_as(&world, somchai, "/api/v1/messages/m-3@vn"), 200, "m-3@vn");
	expect(get_as(&world, somchai, "/api/v1/messages"), 200, "m-3@vn");
	assert_null(strstr(get_as(&world, dara, "/api/v1/messages").text, "m-3@vn"));
	end(&world);
}

/* Who runs the node decides about messages, and reads none of what is in them. */
static void a_node_operator_sees_messages_but_no_documents(void **state)
{
	static const char *const inside[] = { "<CertificateOfOrigin", "<CustomsResponse", "Example Trading" };
	struct world world = begin_two(state);
	struct arena *arena = world.fixture->arena;
	const char *bearer = arena_printf(arena, "Bearer %s", new_user(&world, "noc", NULL, "operator monitor"));
	struct things names = things_of(&world, "customs"), contents = { 0 };
	size_t shown = 0;

	for (size_t i = 0; i < COUNT(inside); i++)
		add_thing(&contents, inside[i]);
	for (size_t i = 0; api_route_at(i); i++) {
		const struct route *route = api_route_at(i);
		bool named = strchr(route->path, '{'), document = starts_with(route->permission, "documents.") ||
								  same(route->permission, "evidence.export");
		for (size_t k = 0; k < (named ? names.count : 1); k++) {
			struct answer answer =
				expect_nothing_of(&world, &contents,
						  &(struct ask){ .method = route->method,
								 .path = filled(arena, route->path, names.items[k]),
								 .body = bytes_of("{}"),
								 .remote = true,
								 .headers = { { "Authorization", bearer } } },
						  NULL);
			if (document)
				expect(answer, 403, route->permission);
			shown += same(route->operation, "getMessage") && answer.status == 200;
		}
	}
	assert_true(shown >= 4); /* by the ids of two messages, and of the two documents in them */
	end(&world);
}

static void the_journal_names_who_did_it(void **state)
{
	struct world world = begin(state, false);
	const char *dara = new_user(&world, "dara", "dft", "officer");
	struct answer answer =
		ask(&world, &(struct ask){ .method = "POST",
					   .path = "/api/v1/documents",
					   .body = bytes_of(sample(world.fixture->arena, "form-d/good-ordinary.xml")),
					   .remote = true,
					   .headers = { { "Authorization",
							  arena_printf(world.fixture->arena, "Bearer %s", dara) } } });

	expect(answer, 202, NULL);
	answer = get_as(&world, dara, "/api/v1/timeline/" DFT_FORM_D);
	expect(answer, 200, "\"actor\":\"user:dara\",\"organisation\":\"dft\"");
	assert_null(strstr(answer.text, "\"operator\""));
	end(&world);
}

struct refusals {
	struct arena *arena;
	struct refusal_list *list;
};

static enum err_code list_refusals(struct tx *tx, void *arg, struct err *err)
{
	struct refusals *refusals = arg;

	return refusal_list(tx, refusals->arena, NULL, NULL, 1, refusals->list, err);
}

/* What traders declare is theirs: who looked at it can be asked. Once, for a program that follows the feed reads what
 * it names. */
static void who_reads_a_document_is_in_the_journal_once(void **state)
{
	struct world world = begin_two(state);
	struct arena *arena = world.fixture->arena;
	const char *somchai = new_user(&world, "somchai", "customs", "officer");
	const char *dara = new_user(&world, "dara", "dft", "officer");
	struct document document = document_called(world.fixture, CUSTOMS_FORM_D);
	const char *original = filled(arena, "/api/v1/documents/{document}/original", document.id);
	const char *timeline = filled(arena, "/api/v1/timeline/{subject}", document.id);

	expect(get_as(&world, somchai, filled(arena, "/api/v1/documents/{document}", document.id)), 200, NULL);
	expect(get_as(&world, dara, original), 404, NULL);
	assert_int_equal(times(get_as(&world, somchai, timeline).text, "\"event\":\"read\""), 0);
	for (int i = 0; i < 2; i++)
		expect(get_as(&world, somchai, original), 200, NULL);
	expect(get_as(&world, somchai, filled(arena, "/api/v1/documents/{document}/content", document.id)), 200, NULL);
	struct answer answer = get_as(&world, somchai, timeline);
	assert_int_equal(times(answer.text, "\"event\":\"read\""), 1);
	expect(answer, 200, "\"actor\":\"user:somchai\",\"organisation\":\"customs\",\"subjectType\":\"document\"");
	end(&world);
}

/* Its bytes may hold a document in clear: that nobody encrypted it may be why it was refused. */
static void a_refused_message_is_read_by_investigators_alone_and_that_is_journalled(void **state)
{
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;
	struct wire received = fixture_wire(fixture, WIRE_RECEIVED, "garbage");
	struct refusal_list list;

	must(inbox_refused(&fixture->kernel, "VN", "m1@vn",
			   &(struct refused_for){ .rule = "MSG-011", .text = "as it is" }, &received, NULL,
			   fixture->clock.now_us, &fixture->err));
	must(db_read(fixture->kernel.db, list_refusals, &(struct refusals){ fixture->arena, &list }, &fixture->err));
	const char *path = arena_printf(fixture->arena, "/api/v1/refusals/%s/received", list.items[0].id);
	static const char *const others[] = { "monitor", "operator" };
	for (size_t i = 0; i < COUNT(others); i++) {
		const char *secret = new_user(&world, others[i], NULL, others[i]);
		expect(get_as(&world, secret, path), 403, "refusals.read");
	}
	const char *secret = new_user(&world, "lan", NULL, "investigator");
	expect(get_as(&world, secret, "/api/v1/documents"), 403, NULL);
	expect(get_as(&world, secret, path), 200, "garbage");
	expect(call(&world, "GET", arena_printf(fixture->arena, "/api/v1/timeline/%s", list.items[0].id), NULL, NULL),
	       200, "\"actor\":\"user:lan\",\"subjectType\":\"refusal\"");
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_is_unknown_does_not_learn_what_there_is),
		cmocka_unit_test(a_token_lets_in_until_it_ends),
		cmocka_unit_test(what_a_role_may_not_is_refused_with_the_permission_that_it_takes),
		cmocka_unit_test(a_password_makes_a_token_and_nothing_else),
		cmocka_unit_test(who_logs_in_wrongly_is_told_so_but_not_what_is_wrong),
		cmocka_unit_test(who_guesses_waits_longer_each_time),
		cmocka_unit_test(who_tries_one_name_after_another_waits_whatever_the_name),
		cmocka_unit_test(whether_there_is_such_a_user_is_not_told_by_waiting),
		cmocka_unit_test(who_manages_users_sees_in_the_journal_that_a_name_is_guessed_at),
		cmocka_unit_test(refused_log_ins_and_requests_are_counted),
		cmocka_unit_test(who_reads_a_document_is_in_the_journal_once),
		cmocka_unit_test(a_refused_message_is_read_by_investigators_alone_and_that_is_journalled),
		cmocka_unit_test(a_refused_log_in_is_logged_once_a_minute_and_without_what_may_be_a_password),
		cmocka_unit_test(while_many_log_in_tokens_go_on),
		cmocka_unit_test(no_route_tells_what_another_organisation_keeps),
		cmocka_unit_test(what_the_own_organisation_keeps_is_shown),
		cmocka_unit_test(another_organisation_is_none_to_filter_by),
		cmocka_unit_test(a_message_that_was_sent_to_the_wrong_seat_is_read_by_who_keeps_its_document),
		cmocka_unit_test(a_node_operator_sees_messages_but_no_documents),
		cmocka_unit_test(the_journal_names_who_did_it),
	};
	return kernel_run("access", tests, COUNT(tests), customs_capabilities);
}
