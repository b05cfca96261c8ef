#include "fixture.h"

#include "base/date.h"
#include "kernel/party.h"
#include "kernel/task.h"

typedef enum err_code party_fn(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err);
struct call {
	struct kernel_fixture *fixture;
	party_fn *run;
	void *arg;
};

static enum err_code call_run(struct tx *tx, void *arg, struct err *err)
{
	const struct call *call = arg;

	return call->run(tx, call->fixture, call->arg, err);
}

static enum err_code run(struct kernel_fixture *fixture, party_fn *fn, void *arg)
{
	struct call call = { fixture, fn, arg };

	return db_write(fixture->kernel.db, call_run, &call, &fixture->err);
}

static enum err_code add_organisation(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	return organisation_add(tx, arg, &fixture_actor, fixture->clock.now_us, err);
}

static enum err_code organisation_code_bad(struct kernel_fixture *fixture, const char *code)
{
	struct organisation organisation = { code, "customs", "A name" };

	return run(fixture, add_organisation, &organisation);
}

static void the_code_of_an_organisation_has_a_form_and_is_unique(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	assert_int_equal(organisation_code_bad(fixture, "a"), ERR_INVALID);
	assert_int_equal(organisation_code_bad(fixture, "Customs"), ERR_INVALID);
	assert_int_equal(organisation_code_bad(fixture, "cus toms"), ERR_INVALID);
	assert_int_equal(organisation_code_bad(fixture, "a23456789012345678901234567890123"), ERR_INVALID);
	assert_int_equal(organisation_code_bad(fixture, "customs"), ERR_CONFLICT);
	assert_int_equal(organisation_code_bad(fixture, "a2345678901234567890123456789012"), OK);
}

/* The five kinds that party.h and docs/operations.md name. */
static void a_kind_of_seat_that_no_document_knows_is_refused_with_those_that_there_are(void **state)
{
	static const char *const kinds[] = { "customs", "issuing-authority", "plant-health", "transport", "guarantor" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct organisation typo = { "edb", "issuing", "A name" }, none = { "edb", NULL, "A name" };

	assert_int_equal(run(fixture, add_organisation, &typo), ERR_INVALID);
	assert_string_equal(fixture->err.text,
			    "\"issuing\" is no kind of seat: give customs, issuing-authority, plant-health, transport "
			    "or guarantor");
	assert_int_equal(run(fixture, add_organisation, &none), ERR_INVALID);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct organisation organisation = { arena_printf(fixture->arena, "seat-%zu", i), kinds[i], "A name" };
		assert_string_equal(organisation_seat(i), kinds[i]);
		must(run(fixture, add_organisation, &organisation));
	}
	assert_null(organisation_seat(COUNT(kinds)));
}

static enum err_code find_seats(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	struct organisation found, second = { "dft-2", "issuing-authority", "Another" };
	struct err aside;

	(void)arg;
	TRY(organisation_of_seat(tx, fixture->arena, "issuing-authority", &found, err));
	assert_string_equal(found.code, "dft");
	assert_int_equal(organisation_of_seat(tx, fixture->arena, "transport", &found, &aside), ERR_NOT_FOUND);
	TRY(organisation_add(tx, &second, &fixture_actor, fixture->clock.now_us, err));
	assert_int_equal(organisation_of_seat(tx, fixture->arena, "issuing-authority", &found, &aside), ERR_CONFLICT);
	TRY(organisation_find(tx, fixture->arena, "dft-2", &found, err));
	assert_string_equal(found.name, "Another");
	return organisation_find(tx, fixture->arena, "nobody", &found, err) != OK || found.code ? ERR_INTERNAL : OK;
}

static void a_seat_names_an_organisation_only_if_it_is_the_only_one(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(run(fixture, find_seats, NULL));
}

static enum err_code find_partners(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	struct partner partner;
	struct partner_list list;

	(void)arg;
	TRY(partner_list(tx, fixture->arena, &list, err));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].code, "MY");
	TRY(partner_find_party(tx, fixture->arena, "VN:gateway", "urn:lintas:party", &partner, err));
	assert_string_equal(partner.code, "VN");
	assert_string_equal(partner.endpoint, "https://192.0.2.1/as4");
	TRY(partner_find_party(tx, fixture->arena, "VN:gateway", "another type", &partner, err));
	assert_null(partner.code);
	TRY(partner_find(tx, fixture->arena, "SG", &partner, err));
	assert_null(partner.code);
	return OK;
}

static void a_partner_is_found_by_its_party_id_and_type(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(run(fixture, find_partners, NULL));
}

static enum err_code revision_of(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	(void)fixture;
	return partner_revision(tx, arg, err);
}

static int64_t revision(struct kernel_fixture *fixture)
{
	int64_t value = -1;

	must(run(fixture, revision_of, &value));
	return value;
}

static enum err_code change(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	struct partner partner;

	TRY(partner_find(tx, fixture->arena, "VN", &partner, err));
	partner.status = arg;
	return partner_change(tx, &partner, &fixture_actor, fixture->clock.now_us, err);
}

static enum err_code change_unknown(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	struct partner partner;

	(void)arg;
	TRY(partner_find(tx, fixture->arena, "VN", &partner, err));
	partner.code = "XX";
	partner.party_id = "XX:gateway";
	return partner_change(tx, &partner, &fixture_actor, fixture->clock.now_us, err);
}

static void a_change_of_a_partner_grows_the_revision(void **state)
{
	static char suspended[] = "suspended", unknown[] = "unknown";
	static const struct statement status = { "test.status",
						 "SELECT count(*) FROM partner WHERE status = 'suspended'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	int64_t before = revision(fixture);

	must(run(fixture, change, suspended));
	assert_true(revision(fixture) > before);
	assert_int_equal(fixture_int(fixture, &status, NO_BINDS), 1);
	assert_int_equal(run(fixture, change_unknown, NULL), ERR_NOT_FOUND);
	assert_int_equal(run(fixture, change, unknown), ERR_CONFLICT);
}

static enum err_code add_certificate(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	return partner_certificate_add(tx, arg, &fixture_actor, fixture->clock.now_us, err);
}

static enum err_code list_certificates(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	return partner_certificates(tx, fixture->arena, "VN", arg, err);
}

static void a_certificate_is_withdrawn_by_giving_it_an_end(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct partner_certificate certificate = { "VN", "sign", "00ff", bytes("\x30\x00", 2), 0, TIME_NONE };
	struct partner_certificate_list list;
	int64_t before = revision(fixture);

	must(run(fixture, add_certificate, &certificate));
	must(run(fixture, list_certificates, &list));
	assert_int_equal(list.count, 1);
	assert_true(bytes_same(list.items[0].der, bytes("\x30\x00", 2)));
	assert_true(list.items[0].until_us == TIME_NONE);
	assert_true(revision(fixture) > before);
	certificate.until_us = fixture->clock.now_us;
	must(run(fixture, add_certificate, &certificate));
	must(run(fixture, list_certificates, &list));
	assert_int_equal(list.count, 1);
	assert_true(list.items[0].until_us == fixture->clock.now_us);
	certificate.use = "anything";
	assert_int_equal(run(fixture, add_certificate, &certificate), ERR_CONFLICT);
}

static enum err_code tasks(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	struct task_list list;
	struct task task = { .organisation = "customs", .kind = "clock", .subject = "d1", .text = "look at it" };
	int64_t now_us = fixture->clock.now_us;

	(void)arg;
	TRY(task_open(tx, &task, now_us, err));
	task.text = "look again";
	TRY(task_open(tx, &task, now_us + 1, err));
	TRY(task_list(tx, fixture->arena, "customs", NULL, 10, &list, err));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].text, "look at it");
	assert_true(list.items[0].done_us == TIME_NONE);
	TRY(task_close(tx, "d1", "another", now_us + 2, err));
	TRY(task_list(tx, fixture->arena, "dft", NULL, 10, &list, err));
	assert_int_equal(list.count, 0);
	TRY(task_close(tx, "d1", "clock", now_us + 3, err));
	TRY(task_open(tx, &task, now_us + SECOND_US, err));
	TRY(task_list(tx, fixture->arena, NULL, NULL, 10, &list, err));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].state, "open");
	assert_string_equal(list.items[1].state, "done");
	assert_true(list.items[1].done_us == now_us + 3);
	return OK;
}

static void one_open_task_stands_for_a_subject(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(run(fixture, tasks, NULL));
}

/* Page by page of two: none is left out, although the one with which the first page ended is done meanwhile, and then
 * comes again among those. */
static enum err_code pages_of_tasks(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	static const char *const expected[] = { "d4", "d3", "d2", "d0", "d3", "d1" };
	struct task_list page = { 0 };
	const struct task *last = NULL;
	size_t seen = 0;

	(void)arg;
	for (int i = 0; i < 5; i++) {
		struct task task = { .kind = "clock",
				     .subject = arena_printf(fixture->arena, "d%d", i),
				     .text = "look" };
		TRY(task_open(tx, &task, fixture->clock.now_us + i * SECOND_US, err));
	}
	TRY(task_close(tx, "d1", NULL, fixture->clock.now_us, err));
	do {
		TRY(task_list(tx, fixture->arena, NULL, last, 2, &page, err));
		for (size_t i = 0; i < page.count; i++) {
			assert_true(seen < COUNT(expected));
			assert_string_equal(page.items[i].subject, expected[seen++]);
		}
		if (!last)
			TRY(task_close(tx, "d3", NULL, fixture->clock.now_us, err));
		last = page.count ? &page.items[page.count - 1] : last;
	} while (page.count == 2);
	assert_int_equal(seen, COUNT(expected));
	return OK;
}

static void a_page_of_tasks_follows_the_one_before(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(run(fixture, pages_of_tasks, NULL));
}

static enum err_code all_tasks(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	return task_list(tx, fixture->arena, NULL, NULL, 10, arg, err);
}

/* What ROWS want is kept; CHANGED says whether that needed a change, OPEN and DONE how many there are then. */
static void keep(struct kernel_fixture *fixture, struct task *rows, size_t count, bool changed, size_t open,
		 size_t done)
{
	const struct task_list wanted = { rows, count };
	struct task_list list;
	bool was_changed = !changed;
	size_t found = 0;
	int64_t transactions = db_counters(fixture->kernel.db).transactions;

	must(task_keep(&fixture->kernel, "trust", &wanted, fixture->clock.now_us, &was_changed, &fixture->err));
	assert_int_equal(was_changed, changed);
	assert_int_equal(db_counters(fixture->kernel.db).transactions > transactions, changed); /* writes */
	must(run(fixture, all_tasks, &list));
	for (size_t i = 0; i < list.count; i++)
		found += same(list.items[i].state, "open");
	assert_int_equal(found, open);
	assert_int_equal(list.count - found, done);
}

static void the_tasks_that_are_kept_are_those_that_are_wanted(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct task rows[] = { { .subject = "VN crl", .text = "is due" }, { .subject = "MY sign", .text = "ends" } };

	keep(fixture, rows, 0, false, 0, 0);
	keep(fixture, rows, 2, true, 2, 0);
	keep(fixture, rows, 2, false, 2, 0);
	rows[0].text = "is overdue";
	keep(fixture, rows, 2, true, 2, 1);
	keep(fixture, rows, 1, true, 1, 2);
	keep(fixture, rows, 0, true, 0, 3);
}

static enum err_code pin(struct tx *tx, struct kernel_fixture *fixture, void *arg, struct err *err)
{
	return partner_certificate_add(tx, arg, &fixture_actor, fixture->clock.now_us, err);
}

static enum err_code pinned(struct kernel_fixture *fixture, const char *partner, const char *use, int64_t until_us)
{
	struct partner_certificate row = { .partner = partner,
					   .use = use,
					   .fingerprint = "c0ffee",
					   .der = bytes_of("a certificate"),
					   .until_us = until_us };

	fixture->err = (struct err){ 0 };
	return run(fixture, pin, &row);
}

/* Who speaks by it would be both, and each could open what is encrypted for the other. */
static void a_certificate_is_pinned_for_one_partner_only(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static const char *const uses[] = { "sign", "encrypt", "tls" };

	must(pinned(fixture, "VN", "sign", TIME_NONE));
	must(pinned(fixture, "VN", "tls", TIME_NONE));
	for (size_t i = 0; i < COUNT(uses); i++) {
		assert_int_equal(pinned(fixture, "MY", uses[i], TIME_NONE), ERR_CONFLICT);
		assert_non_null(strstr(fixture->err.text, "partner VN"));
	}
	must(pinned(fixture, "MY", "issuer", TIME_NONE)); /* authorities are shared */
	must(pinned(fixture, "VN", "sign", fixture->clock.now_us));
	assert_int_equal(pinned(fixture, "MY", "sign", TIME_NONE), ERR_CONFLICT); /* it is VN's for TLS still */
	must(pinned(fixture, "VN", "tls", fixture->clock.now_us));
	must(pinned(fixture, "MY", "sign", TIME_NONE));
	assert_int_equal(pinned(fixture, "VN", "tls", TIME_NONE), ERR_CONFLICT);
	must(pinned(fixture, "VN", "tls", fixture->clock.now_us)); /* withdrawn again: that is no conflict */
}

static void every_statement_prepares(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(db_prepare_all(fixture->kernel.db, &kernel_statements, &fixture->err));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_of_an_organisation_has_a_form_and_is_unique),
		cmocka_unit_test(a_kind_of_seat_that_no_document_knows_is_refused_with_those_that_there_are),
		cmocka_unit_test(a_seat_names_an_organisation_only_if_it_is_the_only_one),
		cmocka_unit_test(a_partner_is_found_by_its_party_id_and_type),
		cmocka_unit_test(a_change_of_a_partner_grows_the_revision),
		cmocka_unit_test(a_certificate_is_withdrawn_by_giving_it_an_end),
		cmocka_unit_test(one_open_task_stands_for_a_subject),
		cmocka_unit_test(a_page_of_tasks_follows_the_one_before),
		cmocka_unit_test(the_tasks_that_are_kept_are_those_that_are_wanted),
		cmocka_unit_test(a_certificate_is_pinned_for_one_partner_only),
		cmocka_unit_test(every_statement_prepares),
	};
	return kernel_run("party", tests, COUNT(tests), NULL);
}
