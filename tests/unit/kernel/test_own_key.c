/* The key ceremony in the journal. What happens to the keys is done by the keystore itself, as `lintas key` does it. */
#include "fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "kernel/journal.h"
#include "kernel/own_key.h"
#include "pki.h"

struct ceremony {
	struct kernel_fixture *fixture;
	char *directory;
	struct pki *authority;
};

static const struct actor operator= { .name = "operator" };

static struct ceremony begin(void **state)
{
	return (struct ceremony){
		.fixture = kernel_fixture_of(state),
		.directory = pki_directory_new(),
		.authority = pki_issue(&(struct pki_spec){ .subject = "/CN=root", .authority = true }),
	};
}

static void end(struct ceremony *c)
{
	pki_free(c->authority);
	pki_directory_free(c->directory);
}

static void note(struct ceremony *c)
{
	struct kernel_fixture *fixture = c->fixture;

	must(own_keys_note(&fixture->kernel, c->directory, &operator, fixture->clock.now_us, &fixture->err));
	fixture->clock.now_us += SECOND_US;
}

struct story {
	struct arena *arena;
	const char *id;
	struct journal_list list;
};

static enum err_code story_run(struct tx *tx, void *arg, struct err *err)
{
	struct story *story = arg;

	return journal_of(tx, story->arena, story->id, 100, &story->list, err);
}

/* What the journal has of key ID: its events, each followed by a blank. */
static const char *events_of(struct ceremony *c, const char *id, struct journal_entry *last)
{
	struct kernel_fixture *fixture = c->fixture;
	struct story story = { .arena = fixture->arena, .id = id };
	const char *events = "";

	must(db_read(fixture->kernel.db, story_run, &story, &fixture->err));
	for (size_t i = 0; i < story.list.count; i++) {
		events = arena_printf(fixture->arena, "%s%s ", events, story.list.entries[i].event);
		assert_string_equal(story.list.entries[i].subject_type, "key");
		assert_string_equal(story.list.entries[i].actor, "operator");
		if (last)
			*last = story.list.entries[i];
	}
	return events;
}

static void install(struct ceremony *c, const char *id)
{
	struct kernel_fixture *fixture = c->fixture;
	buf_auto public, pem;

	buf_init(&public, 65536);
	buf_init(&pem, 65536);
	must(keystore_public(c->directory, id, &public, &fixture->err));
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/C=TH/O=Customs/CN=asw",
						      .issuer = c->authority,
						      .key_usage = "critical,digitalSignature",
						      .public_key = buf_bytes(&public) });
	pki_cert_pem(leaf, &pem);
	must(keystore_install(c->directory, id, buf_bytes(&pem), &fixture->err));
}

/* The fingerprint of ID's certificate, as the keystore has it; the arena's. */
static const char *fingerprint_of(struct ceremony *c, const char *id)
{
	struct kernel_fixture *fixture = c->fixture;
	struct key_list list;
	const char *found = NULL;

	must(keystore_list(c->directory, &list, &fixture->err));
	for (size_t i = 0; i < list.count; i++)
		if (same(list.keys[i].id, id))
			found = arena_text(fixture->arena, cert_fingerprint(list.keys[i].cert));
	key_list_done(&list);
	return found;
}

static void each_step_of_the_ceremony_is_an_entry(void **state)
{
	struct ceremony c = begin(state);
	struct kernel_fixture *fixture = c.fixture;
	struct key_info key;
	struct journal_entry last = { 0 };

	must(keystore_new(c.directory, KEY_USE_SIGN, KEY_P256, &key, &fixture->err));
	note(&c);
	assert_string_equal(events_of(&c, "sign-1", &last), "made ");
	assert_string_equal(last.detail, "p256");

	install(&c, "sign-1");
	note(&c);
	assert_string_equal(events_of(&c, "sign-1", &last), "made certificate-installed ");
	const char *fingerprint = fingerprint_of(&c, "sign-1");
	assert_non_null(strstr(last.detail, fingerprint));
	assert_string_equal(last.content, fingerprint);
	assert_non_null(strstr(last.detail, "CN=asw"));
	assert_non_null(
		strstr(last.detail, "2020-01-01T00:00:00.000Z to 2036-01-01T00:00:00.000Z")); /* PKI_FROM, PKI_TO */

	must(keystore_retire(c.directory, "sign-1", &fixture->err));
	note(&c);
	assert_string_equal(events_of(&c, "sign-1", &last), "made certificate-installed retired ");
	end(&c);
}

static void what_was_done_while_nobody_looked_is_told_at_once(void **state)
{
	struct ceremony c = begin(state);
	struct kernel_fixture *fixture = c.fixture;
	struct key_info key;

	must(keystore_new(c.directory, KEY_USE_SIGN, KEY_P256, &key, &fixture->err));
	must(keystore_new(c.directory, KEY_USE_SIGN, KEY_P256, &key, &fixture->err));
	install(&c, "sign-1");
	must(keystore_retire(c.directory, "sign-1", &fixture->err));
	note(&c);
	assert_string_equal(events_of(&c, "sign-1", NULL), "made certificate-installed retired ");
	assert_string_equal(events_of(&c, "sign-2", NULL), "made ");
	end(&c);
}

static void a_look_that_finds_nothing_new_writes_nothing(void **state)
{
	static const struct statement count = { "test.entries", "SELECT count(*) FROM journal" };
	struct ceremony c = begin(state);
	struct kernel_fixture *fixture = c.fixture;
	struct key_info key;

	must(keystore_new(c.directory, KEY_USE_SIGN, KEY_P256, &key, &fixture->err));
	install(&c, "sign-1");
	note(&c);
	int64_t entries = fixture_int(fixture, &count, NO_BINDS);
	int64_t transactions = db_counters(fixture->kernel.db).transactions;
	note(&c);
	assert_int_equal(fixture_int(fixture, &count, NO_BINDS), entries);
	assert_int_equal(db_counters(fixture->kernel.db).transactions, transactions);
	end(&c);
}

/* An operator moves files by hand, which no command does. */
static void what_no_command_does_is_told_too(void **state)
{
	struct ceremony c = begin(state);
	struct kernel_fixture *fixture = c.fixture;
	struct key_info key;
	const char *status = arena_printf(fixture->arena, "%s/sign-1/status", c.directory);
	FILE *file;

	must(keystore_new(c.directory, KEY_USE_SIGN, KEY_P256, &key, &fixture->err));
	install(&c, "sign-1");
	must(keystore_retire(c.directory, "sign-1", &fixture->err));
	note(&c);
	file = fopen(status, "w");
	assert_non_null(file);
	fputs("active p256\n", file);
	fclose(file);
	note(&c);
	assert_string_equal(events_of(&c, "sign-1", NULL), "made certificate-installed retired reactivated ");

	file = fopen(status, "w");
	assert_non_null(file);
	fputs("nonsense\n", file);
	fclose(file);
	note(&c);
	assert_string_equal(events_of(&c, "sign-1", NULL), "made certificate-installed retired reactivated damaged ");

	assert_int_equal(rename(arena_printf(fixture->arena, "%s/sign-1", c.directory),
				arena_printf(fixture->arena, "%s/.away", c.directory)),
			 0);
	note(&c);
	assert_string_equal(events_of(&c, "sign-1", NULL),
			    "made certificate-installed retired reactivated damaged removed ");
	end(&c);
}

/* Nodes on one database have key directories of their own, in which ids repeat. */
static void instances_are_told_apart(void **state)
{
	struct ceremony c = begin(state);
	struct kernel_fixture *fixture = c.fixture;
	struct key_info key;

	must(keystore_new(c.directory, KEY_USE_SIGN, KEY_P256, &key, &fixture->err));
	note(&c);
	fixture->kernel.instance = "two";
	note(&c);
	fixture->kernel.instance = "one";
	note(&c);
	assert_string_equal(events_of(&c, "sign-1", NULL), "made made ");
	end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_of_the_ceremony_is_an_entry),
		cmocka_unit_test(what_was_done_while_nobody_looked_is_told_at_once),
		cmocka_unit_test(a_look_that_finds_nothing_new_writes_nothing),
		cmocka_unit_test(what_no_command_does_is_told_too),
		cmocka_unit_test(instances_are_told_apart),
	};
	return kernel_run("own keys", tests, COUNT(tests), NULL);
}
