/* Status and metrics: what docs/operations.md says that they show. The days are those of a calendar: from 2026-11-02,
 * the fixture's now, to 2036-01-01, when the certificates of tests end, are 3347 (Python's datetime). */
#include "world.h"

#include "kernel/task.h"

#include <stdio.h>

#include "kernel/party.h"

static struct status_view status(struct world *world)
{
	struct kernel_fixture *fixture = world->fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct answer answer = call(world, "GET", "/api/v1/status", NULL, NULL);
	struct status_view view;

	expect(answer, 200, NULL);
	must(field_read_json(fixture->arena, &status_schema, bytes_of(answer.text), NULL, &view, findings,
			     &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	return view;
}

static void expect_line(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no \"%s\" in:\n%s", line, text);
}

static void a_suspended_partner_is_shown(void **state)
{
	struct world world = begin(state, true);

	assert_string_equal(status(&world).partners[1].status, "active");
	expect(call(&world, "POST", "/api/v1/partners/MY/suspend", NULL, NULL), 200, NULL);
	struct status_view view = status(&world);
	assert_string_equal(view.partners[0].partner, "MY");
	assert_string_equal(view.partners[0].status, "suspended");
	assert_string_equal(view.partners[1].status, "active");
	expect_line(metrics(&world), "\nlintas_partner_suspended{partner=\"MY\"} 1\n");
	expect_line(metrics(&world), "\nlintas_partner_suspended{partner=\"VN\"} 0\n");
	end(&world);
}

static void keys_are_shown_with_the_days_that_they_have_left(void **state)
{
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;
	struct key_info key;

	assert_int_equal(status(&world).keys_count, 0);
	pki_key_install(world.directory, KEY_USE_SIGN, KEY_P256, world.root, &key);
	must(keystore_new(world.directory, KEY_USE_DECRYPT, KEY_P256, &key, &fixture->err));
	pki_key_install(world.directory, KEY_USE_TLS, KEY_P256, world.root, &key);
	must(keystore_retire(world.directory, "tls-1", &fixture->err));
	struct status_view view = status(&world);
	assert_int_equal(view.keys_count, 2); /* what is retired needs nobody's care */
	assert_string_equal(view.keys[0].id, "sign-1");
	assert_string_equal(view.keys[0].type, "p256");
	assert_string_equal(view.keys[0].status, "active");
	assert_int_equal(view.keys[0].days_left, 3347);
	assert_string_equal(view.keys[1].use, "decrypt");
	assert_string_equal(view.keys[1].status, "pending");
	assert_int_equal(view.keys[1].days_left, INTEGER_NONE);
	const char *text = metrics(&world);
	expect_line(text, "\nlintas_key_days_left{use=\"sign\",key=\"sign-1\"} 3347\n");
	assert_null(strstr(text, "decrypt-1"));
	fixture->clock.now_us = PKI_TO + 1;
	assert_int_equal(status(&world).keys[0].days_left, -1);
	end(&world);
}

static void a_key_directory_that_cannot_be_read_is_told_and_hides_nothing_else(void **state)
{
	struct world world = begin(state, false);
	struct arena *arena = world.fixture->arena;
	const char *away = arena_printf(arena, "%s.away", world.directory);

	assert_int_equal(rename(world.directory, away), 0);
	struct status_view view = status(&world);
	assert_non_null(view.keys_fault);
	assert_int_equal(view.partners_count, 2);
	assert_int_equal(rename(away, world.directory), 0);
	assert_null(status(&world).keys_fault);
	end(&world);
}

static enum err_code put_rows(struct tx *tx, void *arg, struct err *err)
{
	const struct partner_certificate *rows = arg;

	for (size_t i = 0; rows[i].partner; i++)
		TRY(partner_certificate_add(tx, &rows[i], &fixture_actor, FIXTURE_NOW_US, err));
	return OK;
}

/* RFC 5280 §5.1.2.5: the list of a week is overdue a second after its nextUpdate; 31 days are from 2026-11-02 to
 * 2026-12-03. */
static void what_a_partner_is_believed_by_is_shown_with_its_end(void **state)
{
	struct world world = begin(state, true);
	struct kernel_fixture *fixture = world.fixture;
	const int64_t month_us = FIXTURE_NOW_US + 31 * DAY_US, week_us = FIXTURE_NOW_US + 7 * DAY_US;
	pki_auto brief =
		pki_issue(&(struct pki_spec){ .subject = "/CN=brief", .issuer = world.root, .not_after_us = month_us });
	struct crl_info list;
	buf_auto pem;

	buf_init(&pem, 65536);
	pki_crl_pem(
		&(struct pki_list){ .signer = world.root, .this_update_us = FIXTURE_NOW_US, .next_update_us = week_us },
		&pem);
	must(crl_read(fixture->arena, buf_bytes(&pem), &list, &fixture->err));
#define ROW(use_, fingerprint_, der_)                                                                                  \
	{                                                                                                              \
		.partner = "VN", .use = (use_), .fingerprint = (fingerprint_), .der = (der_), .until_us = TIME_NONE    \
	}
	struct partner_certificate rows[] = {
		ROW("sign", cert_fingerprint(pki_cert(brief)), cert_der(pki_cert(brief))),
		ROW("encrypt", cert_fingerprint(pki_cert(world.encrypt)), cert_der(pki_cert(world.encrypt))),
		ROW("issuer", cert_fingerprint(pki_cert(world.root)), cert_der(pki_cert(world.root))),
		ROW("crl", list.fingerprint, list.der),
		{ 0 },
	};
	must(db_write(fixture->kernel.db, put_rows, rows, &fixture->err));
	must(messaging_refresh(world.messaging, false, &fixture->err));

	struct status_view view = status(&world);
	const struct partner_status_view *vn = &view.partners[1];
	assert_int_equal(view.partners[0].credentials_count, 0);
	assert_int_equal(vn->credentials_count, 3);
	assert_string_equal(vn->credentials[0].use, "sign");
	assert_string_equal(vn->credentials[0].subject, "CN=brief");
	assert_string_equal(vn->credentials[0].state, "ending");
	assert_int_equal(vn->credentials[0].days_left, 31);
	assert_string_equal(vn->credentials[1].use, "encrypt");
	assert_string_equal(vn->credentials[1].state, "good");
	assert_int_equal(vn->credentials[1].days_left, 3347);
	assert_null(vn->credentials[1].advice);
	assert_string_equal(vn->credentials[2].use, "crl");
	assert_string_equal(vn->credentials[2].state, "good");
	assert_true(vn->credentials[2].not_after_us == week_us);
	expect_line(metrics(&world), arena_printf(fixture->arena,
						  "\nlintas_certificate_not_after_seconds{partner=\"VN\",use=\"crl\","
						  "fingerprint=\"%s\"} %lld\n",
						  list.fingerprint, (long long)(week_us / SECOND_US)));
	expect_line(metrics(&world), "\nlintas_trust_alarms{partner=\"MY\",state=\"refused\"} 0\n");

	fixture->clock.now_us = week_us + SECOND_US;
	view = status(&world);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(view.partners[1].credentials[i].state, "refused");
	assert_true(view.partners[1].credentials[2].alarm);
	/* The list is the alarm, not each certificate that it refuses. */
	expect_line(metrics(&world), "\nlintas_trust_alarms{partner=\"VN\",state=\"refused\"} 1\n");
	end(&world);
}

static void free_disk_is_shown_beside_the_reserve(void **state)
{
	struct world world = begin(state, false);
	struct status_view view = status(&world);

	assert_true(view.disk_free_bytes > 0);
	assert_int_equal(view.disk_reserve_bytes, 4096);
	expect_line(metrics(&world), "\nlintas_disk_free_bytes ");
	expect_line(metrics(&world), "\nlintas_disk_reserve_bytes 4096\n");
	end(&world);
}

static void the_ceremony_is_journalled_when_the_node_is_told(void **state)
{
	struct world world = begin(state, false);
	struct key_info key;

	expect(call(&world, "GET", "/api/v1/timeline/sign-1", NULL, NULL), 404, NULL);
	pki_key_install(world.directory, KEY_USE_SIGN, KEY_P256, world.root, &key);
	expect(call(&world, "POST", "/api/v1/keys/reread", NULL, NULL), 204, NULL);
	struct answer answer = call(&world, "GET", "/api/v1/timeline/sign-1", NULL, NULL);
	expect(answer, 200, "\"certificate-installed\"");
	expect(answer, 200, "\"operator\"");
	end(&world);
}

struct tasks {
	struct arena *arena;
	struct task_list list;
};

static enum err_code tasks_run(struct tx *tx, void *arg, struct err *err)
{
	struct tasks *tasks = arg;

	return task_list(tx, tasks->arena, NULL, NULL, 100, &tasks->list, err);
}

/* What the watch makes of it AT: the open task; NULL: none. COUNT there were in all. */
static const struct task *own_task(struct world *world, int64_t at_us, size_t count)
{
	struct kernel_fixture *fixture = world->fixture;
	struct tasks tasks = { .arena = fixture->arena };
	const struct task *open = NULL;

	fixture->clock.now_us = at_us;
	must(messaging_refresh(world->messaging, true, &fixture->err));
	must(messaging_watch(world->messaging, at_us, &fixture->err));
	must(db_read(fixture->kernel.db, tasks_run, &tasks, &fixture->err));
	assert_int_equal(tasks.list.count, count);
	for (size_t i = 0; i < tasks.list.count; i++)
		if (same(tasks.list.items[i].state, "open")) {
			assert_null(open);
			open = &tasks.list.items[i];
		}
	return open;
}

/* A key that signs, with a certificate until then. */
static void install_until(struct world *world, int64_t until_us)
{
	struct kernel_fixture *fixture = world->fixture;
	struct key_info info;
	buf_auto public_pem;
	buf_auto pem;

	buf_init(&public_pem, 65536);
	buf_init(&pem, 65536);
	must(keystore_new(world->directory, KEY_USE_SIGN, KEY_P256, &info, &fixture->err));
	must(keystore_public(world->directory, info.id, &public_pem, &fixture->err));
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/C=TH/CN=gateway",
						      .issuer = world->root,
						      .key_usage = "critical,digitalSignature",
						      .not_after_us = until_us,
						      .public_key = buf_bytes(&public_pem) });
	pki_cert_pem(leaf, &pem);
	must(keystore_install(world->directory, info.id, buf_bytes(&pem), &fixture->err));
}

/* docs/operations.md: sixty days before, as for partners' certificates. */
static void a_certificate_of_ours_that_ends_is_one_task_until_the_next_is_there(void **state)
{
	struct world world = begin(state, false);
	int64_t now_us = world.fixture->clock.now_us, until_us = now_us + 61 * DAY_US;

	install_until(&world, until_us);
	assert_null(own_task(&world, now_us, 0));
	const struct task *task = own_task(&world, now_us + DAY_US + SECOND_US, 1);
	assert_non_null(task);
	assert_null(task->organisation); /* the operators' */
	assert_string_equal(task->kind, "own-certificate");
	assert_non_null(strstr(task->text, "the certificate of CN=gateway,C=TH (use sign) ends at 2027-01-02T"));
	assert_non_null(strstr(task->text, "lintas key new --use sign --type p256"));
	assert_non_null(own_task(&world, now_us + 5 * DAY_US, 1));
	/* Over is another task. */
	task = own_task(&world, until_us + SECOND_US, 2);
	assert_non_null(strstr(task->text, "expired at 2027-01-02T"));
	install_until(&world, PKI_TO);
	assert_null(own_task(&world, until_us + 2 * MINUTE_US, 2));
	end(&world);
}

/* Two instances on one database, each with keys of its own: what the other one has is for it to see to. */
static void a_task_of_another_instance_s_key_is_left_to_it(void **state)
{
	static const struct statement put_key = {
		"test.own-key", "INSERT INTO own_key (instance, id, usage, type, status, fingerprint, seen_us)"
				" VALUES ('another', 'sign-1', 'sign', 'p256', 'active', $1, 0)"
	};
	static const struct statement drop = { "test.own-key-drop", "DELETE FROM own_key WHERE fingerprint = $1" };
	static const struct statement put_task = {
		"test.task", "INSERT INTO task (id, kind, subject, text, state, created_us)"
			     " VALUES ('1', 'own-certificate', 'own sign ' || $1, 'a text', 'open', 0)"
	};
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;
	int64_t now_us = fixture->clock.now_us;

	fixture_exec(fixture, &put_key, BINDS(BIND_TEXT("f00d")));
	fixture_exec(fixture, &put_task, BINDS(BIND_TEXT("f00d")));
	assert_non_null(own_task(&world, now_us, 1));
	fixture_exec(fixture, &drop, BINDS(BIND_TEXT("f00d")));
	assert_null(own_task(&world, now_us + 2 * MINUTE_US, 1));
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_suspended_partner_is_shown),
		cmocka_unit_test(keys_are_shown_with_the_days_that_they_have_left),
		cmocka_unit_test(a_key_directory_that_cannot_be_read_is_told_and_hides_nothing_else),
		cmocka_unit_test(what_a_partner_is_believed_by_is_shown_with_its_end),
		cmocka_unit_test(free_disk_is_shown_beside_the_reserve),
		cmocka_unit_test(the_ceremony_is_journalled_when_the_node_is_told),
		cmocka_unit_test(a_certificate_of_ours_that_ends_is_one_task_until_the_next_is_there),
		cmocka_unit_test(a_task_of_another_instance_s_key_is_left_to_it),
	};
	return kernel_run("status", tests, COUNT(tests), NULL);
}
