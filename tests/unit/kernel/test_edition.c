/* Editions of reference data, with a kind of the test's own: one counts from a day on, and is taken back.
 * docs/decisions/0013. */
#include "edition_play.h"

#include <pthread.h>

#include "crypto/digest.h"

/* --- The way of an edition --- */

static void a_file_is_staged_approved_by_another_and_counts_from_its_day(void **state)
{
	struct play play = begin(state);
	static const char file[] = "CODE,LEVEL\n0101,\n0102,\n";
	char digest[SHA256_HEX_SIZE];

	import_text(&play, &trial_rates, file);
	const struct edition staged = play.edition;
	sha256_hex(bytes_of(file), digest);
	assert_string_equal(staged.state, "staged");
	assert_string_equal(staged.digest, digest);
	assert_int_equal(staged.records, 2);
	assert_string_equal(staged.imported_by, "user:nguyen");
	assert_string_equal(staged.title, "Decree 26/2023/ND-CP");
	assert_int_equal(staged.until, DATE_NONE);
	assert_int_equal(fixture_int(play.fixture, &trial_seen, BINDS(BIND_TEXT(staged.id))), 2);
	decide(&play, staged.id, "approve", &nguyen);
	assert_string_equal(codes(&play), "EDN-007; FSM-001");
	decide(&play, staged.id, "activate", &tran);
	assert_string_equal(codes(&play), "EDN-008; FSM-001");
	decide(&play, staged.id, "approve", &tran);
	assert_string_equal(play.edition.approved_by, "user:tran");
	decide(&play, staged.id, "activate", &nguyen);
	assert_string_equal(play.edition.state, "active");
	assert_string_equal(play.edition.activated_by, "user:nguyen");
	assert_int_equal(play.edition.activated_us, FIXTURE_NOW_US);
	decide(&play, staged.id, "activate", &nguyen);
	assert_string_equal(codes(&play), "FSM-001");
	decide(&play, staged.id, "withdraw", &tran);
	assert_string_equal(play.edition.withdrawn_by, "user:tran");
	assert_string_equal(play.edition.state, "withdrawn");
}

static void who_did_what_with_which_file_stands_in_the_journal(void **state)
{
	struct play play = begin(state);
	static const struct {
		const char *event, *actor;
	} rows[] = { { "loading", "user:nguyen" },
		     { "stage", "user:nguyen" },
		     { "approve", "user:tran" },
		     { "activate", "user:nguyen" },
		     { "withdraw", "user:tran" } };

	import_text(&play, &trial_rates, "CODE,LEVEL\n0101,\n");
	const char *id = play.edition.id;
	for (size_t i = 2; i < COUNT(rows); i++)
		decide(&play, id, rows[i].event, i == 3 ? &nguyen : &tran);
	const struct edition *edition = newest(&play);
	assert_int_equal(play.journal.count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct journal_entry *entry = &play.journal.entries[i];
		assert_string_equal(entry->event, rows[i].event);
		assert_string_equal(entry->actor, rows[i].actor);
		assert_string_equal(entry->subject_type, "edition");
		assert_string_equal(entry->content, edition->digest);
		assert_string_equal(entry->detail, "trial.rates VN from 2026-11-02");
	}
}

static void what_is_not_there_or_no_decision_is_a_fault(void **state)
{
	struct play play = begin(state);

	decide_from(&play, "nothing", "approve", &tran, DATE_NONE);
	assert_int_equal(play.code, ERR_NOT_FOUND);
	import_text(&play, &trial_rates, "CODE,LEVEL\n0101,\n");
	decide_from(&play, play.edition.id, "stage", &tran, DATE_NONE);
	assert_int_equal(play.code, ERR_INVALID);
}

static void what_is_discarded_goes_in_the_background_a_piece_at_a_time(void **state)
{
	struct play play = begin(state);
	struct kernel_fixture *fixture = play.fixture;
	const int64_t left[] = { 3, 1, 0, 0 };
	unsigned done;

	import_text(&play, &trial_rates, "CODE,LEVEL\n1,\n2,\n3,\n4,\n5,\n");
	decide(&play, play.edition.id, "discard", &nguyen);
	assert_int_equal(records(&play), 5);
	for (size_t i = 0; i < COUNT(left); i++) {
		must(edition_sweep_step(&fixture->kernel, FIXTURE_NOW_US, 2, &done, &fixture->err));
		assert_int_equal(done, i < 3);
		assert_int_equal(records(&play), left[i]);
	}
	import_text(&play, &trial_rates, "CODE,LEVEL\n1,\n");
	must(edition_sweep_step(&fixture->kernel, FIXTURE_NOW_US, 2, &done, &fixture->err));
	assert_int_equal(done, 0);
	assert_int_equal(records(&play), 1);
}

/* --- What counts --- */

/* An edition of two eyes that counts from DAY to UNTIL; its id. */
static const char *counting(struct play *play, const char *subject, date day, date until)
{
	struct kernel_fixture *fixture = play->fixture;
	static int codes_made;
	const char *text = arena_printf(fixture->arena, "CODE,LEVEL\n%d,\n", ++codes_made);
	struct edition_request request = request_of(play, &trial_open, bytes_of(text));

	request.subject = subject;
	request.from = day;
	request.until = until;
	import_request(play, &request);
	must(play->code);
	const char *id = play->edition.id;
	decide(play, id, "activate", &nguyen);
	assert_string_equal(codes(play), "");
	return id;
}

static enum err_code ask_run(struct tx *tx, void *arg, struct err *err)
{
	struct play *play = arg;
	struct arena *arena = play->fixture->arena;

	TRY(edition_on(tx, arena, "trial.open", play->subject, play->day, &play->edition, err));
	TRY(edition_between(tx, arena, "trial.open", play->day, play->until, &play->list, err));
	return edition_serial(tx, &play->serial, err);
}

/* The id of what counts on DAY; "none". */
static const char *on(struct play *play, const char *subject, date day)
{
	struct kernel_fixture *fixture = play->fixture;

	play->subject = subject;
	play->day = play->until = day;
	must(db_read(fixture->kernel.db, ask_run, play, &fixture->err));
	return play->edition.id ? play->edition.id : "none";
}

/* Its subjects and first days, as what they are behind today: "ID 0; VN -3". */
static const char *between(struct play *play, date from, date until)
{
	struct kernel_fixture *fixture = play->fixture;
	const char *all = "";

	play->subject = "VN";
	play->day = from;
	play->until = until;
	must(db_read(fixture->kernel.db, ask_run, play, &fixture->err));
	for (size_t i = 0; i < play->list.count; i++)
		all = arena_printf(fixture->arena, "%s%s%s %d", all, *all ? "; " : "", play->list.items[i].subject,
				   play->list.items[i].from - TODAY);
	return all;
}

static void the_one_with_the_latest_first_day_counts_and_a_rollback_brings_back_the_one_before(void **state)
{
	struct play play = begin(state);

	assert_string_equal(on(&play, "VN", TODAY), "none");
	const char *old = counting(&play, "VN", TODAY - 10, DATE_NONE);
	const char *now = counting(&play, "VN", TODAY, DATE_NONE), *later = counting(&play, "VN", TODAY, DATE_NONE);
	assert_string_equal(on(&play, "VN", TODAY - 11), "none");
	assert_string_equal(on(&play, "VN", TODAY - 1), old);
	/* Of two with one first day the one that was activated last. */
	assert_string_equal(on(&play, "VN", TODAY), later);
	assert_string_equal(on(&play, "ID", TODAY), "none");
	const int64_t serial = play.serial;
	decide(&play, later, "withdraw", &tran);
	assert_string_equal(on(&play, "VN", TODAY), now);
	assert_true(play.serial > serial);
	decide(&play, now, "withdraw", &tran);
	assert_string_equal(on(&play, "VN", TODAY), old);
}

static void one_that_ends_gives_way_to_the_one_before(void **state)
{
	struct play play = begin(state);
	const char *all = counting(&play, "VN", TODAY - 10, DATE_NONE);
	const char *some = counting(&play, "VN", TODAY, TODAY + 5);

	assert_string_equal(on(&play, "VN", TODAY + 5), some);
	assert_string_equal(on(&play, "VN", TODAY + 6), all);
}

static void those_are_listed_that_count_on_some_day(void **state)
{
	struct play play = begin(state);

	counting(&play, "VN", TODAY - 10, DATE_NONE);
	counting(&play, "VN", TODAY - 5, TODAY - 1);
	counting(&play, "VN", TODAY, DATE_NONE);
	counting(&play, "VN", TODAY, DATE_NONE); /* over the one before, for ever */
	counting(&play, "ID", TODAY + 3, TODAY + 3);
	assert_string_equal(between(&play, TODAY - 20, TODAY - 11), "");
	assert_string_equal(between(&play, TODAY - 5, TODAY - 1), "VN -5");
	assert_string_equal(between(&play, TODAY - 6, TODAY), "VN -10; VN -5; VN 0");
	assert_string_equal(between(&play, TODAY + 1, TODAY + 3), "ID 3; VN 0");
	assert_string_equal(between(&play, TODAY + 4, TODAY + 9), "VN 0");
}

static void days_and_subjects_that_cannot_be_are_found(void **state)
{
	struct play play = begin(state);
	struct kernel_fixture *fixture = play.fixture;
	struct edition_request request = request_of(&play, &trial_open, bytes_of("CODE,LEVEL\n1,\n"));

	request.until = TODAY - 1;
	import_request(&play, &request);
	must(play.code);
	assert_nothing(&play, "EDN-002");
	request.until = TODAY + 9;
	request.from = DATE_NONE;
	request.subject = "";
	import_request(&play, &request);
	assert_nothing(&play, "EDN-001; EDN-003");
	request.from = TODAY;
	request.subject = "NOWHERE";
	import_request(&play, &request);
	assert_nothing(&play, "TRL-004");
	request.kind = &trial_rates;
	import_request(&play, &request);
	assert_nothing(&play, "EDN-006");
	request.kind = &trial_open;
	request.subject = "VN";
	import_request(&play, &request);
	assert_string_equal(codes(&play), "");
	const char *id = play.edition.id;
	decide_from(&play, id, "activate", &nguyen, TODAY + 10);
	assert_string_equal(codes(&play), "EDN-002");
	decide_from(&play, id, "activate", &nguyen, TODAY + 9);
	assert_int_equal(play.edition.from, TODAY + 9);
	assert_string_equal(on(&play, "VN", TODAY + 8), "none");
	assert_string_equal(on(&play, "VN", TODAY + 9), id);
}

/* --- Twice --- */

static void the_same_file_is_the_same_edition_until_it_is_discarded(void **state)
{
	struct play play = begin(state);

	import_text(&play, &trial_rates, "CODE,LEVEL\n1,\n");
	const char *id = play.edition.id;
	assert_false(play.repeated);
	import_text(&play, &trial_rates, "CODE,LEVEL\n1,\n");
	assert_true(play.repeated);
	assert_string_equal(play.edition.id, id);
	assert_int_equal(records(&play), 1);
	import_text(&play, &trial_rates, "CODE,LEVEL\n2,\n");
	assert_false(play.repeated);
	decide(&play, id, "discard", &nguyen);
	import_text(&play, &trial_rates, "CODE,LEVEL\n1,\n");
	assert_false(play.repeated);
	assert_string_not_equal(play.edition.id, id);
}

struct racer {
	pthread_t thread;
	struct kernel_fixture *fixture;
	struct edition_request request;
	struct edition edition;
	struct arena *arena;
	bool repeated;
	enum err_code code;
	struct err err;
};

static void *race(void *arg)
{
	struct racer *racer = arg;

	racer->code = edition_import(&racer->fixture->kernel, racer->arena, &racer->request, &racer->edition,
				     &racer->repeated, findings_new(racer->arena), &racer->err);
	return NULL;
}

static void of_two_who_read_one_file_at_once_one_stages_it(void **state)
{
	struct play play = begin(state);
	struct racer racers[2] = { 0 };
	const char *text = many(play.fixture, 5 * EDITION_BATCH);

	for (size_t i = 0; i < COUNT(racers); i++) {
		racers[i].fixture = play.fixture;
		racers[i].arena = arena_new(16 << 20);
		racers[i].request = request_of(&play, &trial_rates, bytes_of(text));
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(racers); i++) {
		pthread_join(racers[i].thread, NULL);
		assert_string_equal(racers[i].err.text, "");
		assert_int_equal(racers[i].code, OK);
	}
	assert_int_equal(racers[0].repeated + racers[1].repeated, 1);
	assert_string_equal(racers[0].edition.id, racers[1].edition.id);
	assert_int_equal(records(&play), 5 * EDITION_BATCH);
	for (size_t i = 0; i < COUNT(racers); i++)
		arena_free(racers[i].arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_staged_approved_by_another_and_counts_from_its_day),
		cmocka_unit_test(who_did_what_with_which_file_stands_in_the_journal),
		cmocka_unit_test(what_is_not_there_or_no_decision_is_a_fault),
		cmocka_unit_test(what_is_discarded_goes_in_the_background_a_piece_at_a_time),
		cmocka_unit_test(the_one_with_the_latest_first_day_counts_and_a_rollback_brings_back_the_one_before),
		cmocka_unit_test(one_that_ends_gives_way_to_the_one_before),
		cmocka_unit_test(those_are_listed_that_count_on_some_day),
		cmocka_unit_test(days_and_subjects_that_cannot_be_are_found),
		cmocka_unit_test(the_same_file_is_the_same_edition_until_it_is_discarded),
		cmocka_unit_test(of_two_who_read_one_file_at_once_one_stages_it),
	};
	static const struct capability *const capabilities[] = { &trial_capability, NULL };

	return kernel_run("edition", tests, COUNT(tests), capabilities);
}
