#include "fixture.h"

#include "base/date.h"
#include "kernel/agreement.h"
#include "kernel/journal.h"
#include "kernel/party.h"

/* One of the calls of agreement.h, in a transaction of its own. */
struct call {
	struct kernel_fixture *fixture;
	struct agreement agreement;
	const char *id, *partner;
	struct agreement_list list;
	struct journal_list journal;
	int64_t revision, at_us;
};

static enum err_code put_run(struct tx *tx, void *arg, struct err *err)
{
	struct call *call = arg;

	return agreement_put(tx, &call->agreement, &fixture_actor, call->fixture->clock.now_us, err);
}

static enum err_code withdraw_run(struct tx *tx, void *arg, struct err *err)
{
	struct call *call = arg;

	return agreement_withdraw(tx, call->id, &fixture_actor, call->fixture->clock.now_us, err);
}

static enum err_code at_run(struct tx *tx, void *arg, struct err *err)
{
	struct call *call = arg;

	return agreement_at(tx, call->fixture->arena, call->id, call->at_us, &call->agreement, err);
}

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct call *call = arg;
	struct arena *arena = call->fixture->arena;

	TRY(agreement_find(tx, arena, call->id, &call->agreement, err));
	TRY(agreement_list(tx, arena, call->partner, &call->list, err));
	TRY(journal_of(tx, arena, call->id, 10, &call->journal, err));
	return partner_revision(tx, &call->revision, err);
}

static enum err_code put(struct kernel_fixture *fixture, const char *partner, const char *id, const char *text)
{
	struct call call = { .fixture = fixture,
			     .agreement = { .partner = partner,
					    .id = id,
					    .text = bytes_of(text),
					    .terms = "{\"sha1\":true}",
					    .until_us = TIME_NONE } };

	return db_write(fixture->kernel.db, put_run, &call, &fixture->err);
}

static enum err_code withdraw(struct kernel_fixture *fixture, const char *id)
{
	struct call call = { .fixture = fixture, .id = id };

	return db_write(fixture->kernel.db, withdraw_run, &call, &fixture->err);
}

/* The agreement ID, those of PARTNER, what the journal says of it, and the revision. */
static struct call look(struct kernel_fixture *fixture, const char *id, const char *partner)
{
	struct call call = { .fixture = fixture, .id = id, .partner = partner };

	must(db_read(fixture->kernel.db, look_run, &call, &fixture->err));
	return call;
}

static void an_agreement_is_kept_byte_for_byte(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *text = "<CPA>\r\n\xc3\xa9 \xff</CPA>";

	must(put(fixture, "VN", "cpa-1", text));
	struct agreement agreement = look(fixture, "cpa-1", NULL).agreement;
	assert_string_equal(agreement.id, "cpa-1");
	assert_string_equal(agreement.partner, "VN");
	assert_true(bytes_same(agreement.text, bytes_of(text)));
	assert_string_equal(agreement.terms, "{\"sha1\":true}");
	assert_true(agreement.added_us == FIXTURE_NOW_US);
	assert_true(agreement.until_us == TIME_NONE);
	assert_null(look(fixture, "cpa-2", NULL).agreement.id);
}

static void the_agreements_of_a_partner_are_listed_or_all_of_them(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(put(fixture, "VN", "cpa-2", "<two/>"));
	must(put(fixture, "MY", "cpa-3", "<three/>"));
	must(put(fixture, "VN", "cpa-1", "<one/>"));
	struct agreement_list vn = look(fixture, "cpa-1", "VN").list, all = look(fixture, "cpa-1", NULL).list;
	assert_int_equal(vn.count, 2);
	assert_string_equal(vn.items[0].id, "cpa-1");
	assert_string_equal(vn.items[1].id, "cpa-2");
	assert_int_equal(all.count, 3);
	assert_string_equal(all.items[2].partner, "MY");
}

static void a_new_text_replaces_the_one_before_which_is_kept(void **state)
{
	static const struct statement kept = { "test.kept",
					       "SELECT count(*) FROM agreement WHERE text = CAST($1 AS {blob})" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(put(fixture, "VN", "cpa-1", "<one/>"));
	fixture->clock.now_us += DAY_US;
	must(put(fixture, "VN", "cpa-1", "<two/>"));
	struct call now = look(fixture, "cpa-1", "VN");
	assert_int_equal(now.list.count, 1);
	assert_true(bytes_same(now.list.items[0].text, bytes_of("<two/>")));
	assert_true(bytes_same(now.agreement.text, bytes_of("<two/>")));
	assert_true(now.agreement.added_us == fixture->clock.now_us);
	assert_int_equal(fixture_int(fixture, &kept, BINDS(BIND_BLOB(bytes_of("<one/>")))), 1);
}

static struct agreement at(struct kernel_fixture *fixture, const char *id, int64_t at_us)
{
	struct call call = { .fixture = fixture, .id = id, .at_us = at_us };

	must(db_read(fixture->kernel.db, at_run, &call, &fixture->err));
	return call.agreement;
}

static void what_counted_at_a_time_is_found_whatever_came_later(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	int64_t first_us = fixture->clock.now_us, second_us = first_us + DAY_US;

	must(put(fixture, "VN", "cpa-1", "<one/>"));
	fixture->clock.now_us = second_us;
	must(put(fixture, "VN", "cpa-1", "<two/>"));
	must(withdraw(fixture, "cpa-1"));
	assert_null(at(fixture, "cpa-1", first_us - 1).id);
	assert_null(at(fixture, "cpa-2", second_us).id);
	assert_true(bytes_same(at(fixture, "cpa-1", first_us).text, bytes_of("<one/>")));
	assert_true(bytes_same(at(fixture, "cpa-1", second_us - 1).text, bytes_of("<one/>")));
	assert_true(bytes_same(at(fixture, "cpa-1", second_us).text, bytes_of("<two/>")));
	assert_true(at(fixture, "cpa-1", second_us).until_us == second_us);
}

/* SHA-256 by coreutils: printf '<one/>' | sha256sum */
static void the_journal_names_each_version_by_its_digest(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static const char *const events[] = { "added", "replaced", "withdrawn" };

	must(put(fixture, "VN", "cpa-1", "<one/>"));
	fixture->clock.now_us += SECOND_US;
	must(put(fixture, "VN", "cpa-1", "<two/>"));
	fixture->clock.now_us += SECOND_US;
	must(withdraw(fixture, "cpa-1"));
	struct journal_list journal = look(fixture, "cpa-1", NULL).journal;
	assert_int_equal(journal.count, COUNT(events));
	for (size_t i = 0; i < COUNT(events); i++) {
		assert_string_equal(journal.entries[i].subject_type, "agreement");
		assert_string_equal(journal.entries[i].event, events[i]);
		assert_string_equal(journal.entries[i].detail, "cpa-1 with VN");
		assert_string_equal(journal.entries[i].actor, fixture_actor.name);
	}
	assert_string_equal(journal.entries[0].content,
			    "e4b90b5280cb1cb8a3784cb35a7811e6bf221cf3c0a16aa81e8a1be237618efc");
	assert_string_not_equal(journal.entries[0].content, journal.entries[1].content);
	assert_string_equal(journal.entries[2].content, journal.entries[1].content);
}

static void a_withdrawn_agreement_keeps_its_end_until_it_is_put_again(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	int64_t end_us = fixture->clock.now_us + DAY_US;

	must(put(fixture, "VN", "cpa-1", "<one/>"));
	fixture->clock.now_us = end_us;
	must(withdraw(fixture, "cpa-1"));
	fixture->clock.now_us += DAY_US;
	must(withdraw(fixture, "cpa-1"));
	struct call now = look(fixture, "cpa-1", "VN");
	assert_true(now.agreement.until_us == end_us);
	assert_true(now.list.items[0].until_us == end_us);
	assert_int_equal(now.journal.count, 2);
	must(put(fixture, "VN", "cpa-1", "<one/>"));
	assert_true(look(fixture, "cpa-1", NULL).agreement.until_us == TIME_NONE);
}

static void what_cannot_be_agreed_is_refused(void **state)
{
	static const struct statement agreements = { "test.agreements", "SELECT count(*) FROM agreement" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(put(fixture, "VN", "cpa-1", "<one/>"));
	int64_t revision = look(fixture, "cpa-1", NULL).revision;
	assert_int_equal(put(fixture, "MY", "cpa-1", "<one/>"), ERR_CONFLICT);
	assert_non_null(strstr(fixture->err.text, "with VN"));
	assert_int_equal(put(fixture, "XX", "cpa-2", "<one/>"), ERR_NOT_FOUND);
	assert_int_equal(withdraw(fixture, "cpa-2"), ERR_NOT_FOUND);
	/* Also when it is over: what was exchanged under it is VN's. */
	must(withdraw(fixture, "cpa-1"));
	assert_int_equal(put(fixture, "MY", "cpa-1", "<one/>"), ERR_CONFLICT);
	assert_int_equal(fixture_int(fixture, &agreements, NO_BINDS), 1);
	assert_true(look(fixture, "cpa-1", NULL).revision > revision);
}

static void each_change_of_an_agreement_grows_the_revision(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	int64_t revisions[4] = { look(fixture, "cpa-1", NULL).revision };

	must(put(fixture, "VN", "cpa-1", "<one/>"));
	revisions[1] = look(fixture, "cpa-1", NULL).revision;
	must(put(fixture, "VN", "cpa-1", "<two/>"));
	revisions[2] = look(fixture, "cpa-1", NULL).revision;
	must(withdraw(fixture, "cpa-1"));
	revisions[3] = look(fixture, "cpa-1", NULL).revision;
	for (size_t i = 1; i < COUNT(revisions); i++)
		assert_true(revisions[i] > revisions[i - 1]);
	must(withdraw(fixture, "cpa-1")); /* nothing changes */
	assert_true(look(fixture, "cpa-1", NULL).revision == revisions[3]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agreement_is_kept_byte_for_byte),
		cmocka_unit_test(the_agreements_of_a_partner_are_listed_or_all_of_them),
		cmocka_unit_test(a_new_text_replaces_the_one_before_which_is_kept),
		cmocka_unit_test(what_counted_at_a_time_is_found_whatever_came_later),
		cmocka_unit_test(the_journal_names_each_version_by_its_digest),
		cmocka_unit_test(a_withdrawn_agreement_keeps_its_end_until_it_is_put_again),
		cmocka_unit_test(what_cannot_be_agreed_is_refused),
		cmocka_unit_test(each_change_of_an_agreement_grows_the_revision),
	};
	return kernel_run("agreement", tests, COUNT(tests), NULL);
}
