/* What states opt out of, on their cards: a partner's here, and ours there. ATIGA OCP rule 27(2); kernel/activation.h,
 * docs/health.md. */
#include "other.h"

#include "customs/registry.h"
#include "kernel/activation.h"

struct activations {
	struct arena *arena;
	struct activation_list list;
};

static enum err_code activations_run(struct tx *tx, void *arg, struct err *err)
{
	struct activations *rows = arg;
	return activation_list(tx, rows->arena, "LA", &rows->list, err);
}

/* ATIGA OCP rule 27(2): what LA does not send from March on is not taken here from then on; what it does not receive is
 * since long ago not sent to it, which begins today. What it opts out of and this node does not know is nothing to it.
 */
static void opt_outs_of_an_approved_card_stand_in_the_matrix(void **state)
{
	static struct card_document documents[] = {
		{ .type = "ACDD", .version = "1", .sends = false, .receives = true, .from = DATE_NONE },
		{ .type = "FORM-D", .version = "1", .sends = true, .receives = false, .from = DATE_NONE },
	};
	static struct card_opt_out opt_outs[] = {
		{ .document = "ACDD", .law = "notification 7/2026" },
		{ .document = "FORM-D", .law = "notification 1/2025" },
		{ .document = "FORM-Z", .law = "notification 9/2026" },
	};
	struct other o;
	buf_auto card;

	other_begin(state, &o);
	struct kernel_fixture *fixture = o.world.fixture;
	opt_outs[0].since = opt_outs[2].since = date_of(2027, 3, 1);
	opt_outs[1].since = date_of(2025, 1, 1);
	const struct card_offer offer = { .name = "Lao Customs",
					  .documents = documents,
					  .documents_count = COUNT(documents),
					  .opt_outs = { opt_outs, COUNT(opt_outs) } };
	buf_init(&card, CARD_BYTES_MAX);
	o.now_us += SECOND_US;
	must(messaging_card_write(o.messaging, fixture->arena, &offer, o.now_us, &card, &fixture->err));
	expect(import(&o, buf_text(&card), fingerprint_of(&o, buf_text(&card))), 201, "\"state\":\"held\"");

	struct activations rows = { .arena = fixture->arena };
	must(db_read(fixture->kernel.db, activations_run, &rows, &fixture->err));
	size_t found = 0;
	for (size_t i = 0; i < rows.list.count; i++) {
		const struct activation *row = &rows.list.items[i];
		if (!same(row->state, ACTIVATION_OPTED_OUT))
			continue;
		found++;
		bool acdd = same(row->document, "ACDD");
		assert_true(acdd || same(row->document, "FORM-D"));
		assert_string_equal(row->direction, acdd ? "in" : "out");
		assert_string_equal(row->law, opt_outs[acdd ? 0 : 1].law);
		assert_int_equal(row->from_day, acdd ? date_of(2027, 3, 1) : date_of(2026, 11, 2));
	}
	assert_int_equal(found, 2);
	other_end(&o);
}

/* ATIGA OCP rule 27(2): who neither sends nor receives from today on is opted out both ways, whether this node has rows
 * of the type (ACDD, from today) or none, and whether it is the card that adds the partner or one that waited. */
static void an_opt_out_of_both_directions_never_holds_up_the_card(void **state)
{
	static struct card_document documents[] = {
		{ .type = "FORM-D", .version = "1", .from = DATE_NONE },
		{ .type = "ACDD", .version = "1", .from = DATE_NONE },
	};
	static struct card_opt_out opt_outs[] = {
		{ .document = "FORM-D", .law = "notification 1/2026" },
		{ .document = "ACDD", .law = "notification 7/2026" },
	};
	struct other o;

	other_begin(state, &o);
	struct kernel_fixture *fixture = o.world.fixture;
	opt_outs[0].since = opt_outs[1].since = date_of(2026, 11, 2);
	struct card_offer offer = { .name = "Lao Customs",
				    .documents = documents,
				    .documents_count = COUNT(documents),
				    .opt_outs = { opt_outs, 1 } };
	for (size_t round = 0; round < COUNT(opt_outs); round++) {
		buf_auto card;
		buf_init(&card, CARD_BYTES_MAX);
		o.now_us += SECOND_US;
		offer.opt_outs.count = round + 1;
		must(messaging_card_write(o.messaging, fixture->arena, &offer, o.now_us, &card, &fixture->err));
		expect(import(&o, buf_text(&card), round ? NULL : fingerprint_of(&o, buf_text(&card))), 201, "");
		if (round)
			expect(call(&o.world, "POST", LA "/approve", NULL, NULL), 200, "\"state\":\"held\"");
		else
			expect(call(&o.world, "POST", "/api/v1/partners/LA/activations", &new_activation_schema,
				    &(struct new_activation_view){
					    .document = "ACDD", .state = ACTIVATION_ACTIVE, .from_day = DATE_NONE }),
			       200, "");
	}
	struct activations rows = { .arena = fixture->arena };
	size_t found = 0;
	must(db_read(fixture->kernel.db, activations_run, &rows, &fixture->err));
	for (size_t i = 0; i < rows.list.count; i++)
		found += same(rows.list.items[i].state, ACTIVATION_OPTED_OUT) &&
			 activation_covers(&rows.list.items[i], date_of(2026, 11, 2));
	assert_int_equal(found, 4);
	other_end(&o);
}

#define DECLARATION    "LA declaration 1"
#define LA_ACTIVATIONS "/api/v1/partners/LA/activations"

/* A card by which LA takes no ACDD from us since SINCE; DATE_NONE: it takes part in all. */
static const char *card_with(struct other *o, date since)
{
	struct kernel_fixture *fixture = o->world.fixture;
	struct card_document documents[] = {
		{ .type = "ACDD", .version = "1", .sends = true, .receives = since == DATE_NONE, .from = DATE_NONE },
	};
	struct card_opt_out opt_outs[] = { { .document = "ACDD", .law = DECLARATION, .since = since } };
	const struct card_offer offer = { .name = "Lao Customs",
					  .documents = documents,
					  .documents_count = COUNT(documents),
					  .opt_outs = { opt_outs, since == DATE_NONE ? 0 : 1 } };
	buf_auto card;

	buf_init(&card, CARD_BYTES_MAX);
	o->now_us += SECOND_US;
	must(messaging_card_write(o->messaging, fixture->arena, &offer, o->now_us, &card, &fixture->err));
	return arena_text(fixture->arena, buf_text(&card));
}

static void approved_with(struct other *o, date since, const char *shown)
{
	expect(import(o, card_with(o, since), NULL), 201, shown);
	expect(call(&o->world, "POST", LA "/approve", NULL, NULL), 200, shown);
}

static void decided(struct other *o, const char *partner, const char *state, date from_day)
{
	expect(call(&o->world, "POST",
		    arena_printf(o->world.fixture->arena, "/api/v1/partners/%s/activations", partner),
		    &new_activation_schema,
		    &(struct new_activation_view){ .document = "ACDD",
						   .direction = "out",
						   .state = state,
						   .from_day = from_day,
						   .law = same(state, ACTIVATION_OPTED_OUT) ? "our note 4" : NULL }),
	       200, NULL);
}

struct judging {
	struct arena *arena;
	date day;
	struct activation_verdict verdict;
};

static enum err_code judging_run(struct tx *tx, void *arg, struct err *err)
{
	struct judging *j = arg;
	const struct activation cell = { .partner = "LA", .document = "ACDD", .direction = "out", .version = "1" };
	return activation_judge(tx, j->arena, &cell, false, j->day, &j->verdict, err);
}

static struct activation_verdict sent_on(struct other *o, date day)
{
	struct kernel_fixture *fixture = o->world.fixture;
	struct judging judging = { .arena = fixture->arena, .day = day };

	must(db_read(fixture->kernel.db, judging_run, &judging, &fixture->err));
	return judging.verdict;
}

static struct card own_card(struct other *o)
{
	struct kernel_fixture *fixture = o->world.fixture;
	struct answer own = call(&o->world, "GET", "/api/v1/card", NULL, NULL);
	const struct card_reading reading = { .text = bytes_of(own.text),
					      .held_serial = INTEGER_NONE,
					      .now_us = FIXTURE_NOW_US };
	struct card read;

	must(messaging_card_read(fixture->arena, &reading, &read, findings_new(fixture->arena), &fixture->err));
	return read;
}

/* ATIGA OCP rule 27(2): a state declares for itself alone. */
static void what_a_partner_declares_is_never_on_our_own_card(void **state)
{
	struct other o;

	other_begin(state, &o);
	const char *card = card_with(&o, date_of(2026, 11, 1));
	expect(import(&o, card, fingerprint_of(&o, card)), 201, NULL);
	decided(&o, "MY", ACTIVATION_OPTED_OUT, DATE_NONE);
	decided(&o, "VN", ACTIVATION_OPTED_OUT, DATE_NONE);
	assert_true(sent_on(&o, date_of(2026, 11, 2)).opted_out);
	assert_string_equal(own_card(&o).party->code, "TH");
	assert_int_equal(own_card(&o).opt_outs_count, 0);
	decided(&o, "LA", ACTIVATION_OPTED_OUT, DATE_NONE); /* now it is ours too */
	const struct card read = own_card(&o);
	assert_int_equal(read.opt_outs_count, 1);
	assert_string_equal(read.opt_outs[0].law, "our note 4");
	other_end(&o);
}

/* ATIGA OCP rule 27(2): the declaration is the state's, whoever its partners are. Who is merely new ends nothing that
 * the others rely on; a decision does, and says so. */
static void a_new_partner_begins_with_what_the_state_has_opted_out_of(void **state)
{
	struct other o;

	other_begin(state, &o);
	decided(&o, "MY", ACTIVATION_OPTED_OUT, DATE_NONE);
	decided(&o, "VN", ACTIVATION_OPTED_OUT, DATE_NONE);
	const struct card before = own_card(&o);
	assert_int_equal(before.opt_outs_count, 1);
	const char *card = card_with(&o, DATE_NONE);
	struct answer added = import(&o, card, fingerprint_of(&o, card));
	expect(added, 201, "\"code\":\"ACT-010\"");
	expect(added, 201, "ACDD (our note 4) is opted out with LA, too");
	const struct card after = own_card(&o);
	assert_int_equal(after.opt_outs_count, 1);
	assert_int_equal(after.opt_outs[0].since, before.opt_outs[0].since);
	assert_string_equal(after.opt_outs[0].law, "our note 4");
	assert_true(sent_on(&o, date_of(2026, 11, 2)).opted_out);
	o.world.fixture->clock.now_us += DAY_US;
	const struct new_activation_view both_go = { .document = "ACDD",
						     .state = ACTIVATION_ACTIVE,
						     .from_day = DATE_NONE };
	struct answer begun = call(&o.world, "POST", LA_ACTIVATIONS, &new_activation_schema, &both_go);
	expect(begun, 200, "\"card\":\"withdraws\"");
	assert_int_equal(own_card(&o).opt_outs_count, 0);
	assert_false(sent_on(&o, date_of(2026, 11, 3)).refused);
	other_end(&o);
}

/* Ours was active before, from a day to come. */
static void an_opt_out_ends_with_the_card_that_lacks_it_and_both_are_shown_before(void **state)
{
	struct other o;

	other_begin(state, &o);
	imported(&o);
	decided(&o, "LA", ACTIVATION_ACTIVE, date_of(2026, 12, 1));
	approved_with(&o, date_of(2026, 11, 1), "{\"what\":\"opted out\",\"after\":\"ACDD out (" DECLARATION ")\"}");
	assert_true(sent_on(&o, date_of(2026, 11, 2)).opted_out);
	assert_true(sent_on(&o, date_of(2026, 12, 1)).opted_out);
	struct answer looked = call(&o.world, "GET", LA, NULL, NULL);
	assert_null(strstr(looked.text, "opted out")); /* it is so already */
	approved_with(&o, DATE_NONE, "{\"what\":\"opted out\",\"before\":\"ACDD out (" DECLARATION ")\"}");
	assert_true(sent_on(&o, date_of(2026, 11, 2)).refused);
	assert_false(sent_on(&o, date_of(2026, 11, 2)).opted_out);
	assert_false(sent_on(&o, date_of(2026, 12, 1)).refused);
	/* One that is to come is taken back. */
	approved_with(&o, date_of(2027, 3, 1),
		      "{\"what\":\"opted out\",\"after\":\"ACDD out from 2027-03-01 (" DECLARATION ")\"}");
	assert_true(sent_on(&o, date_of(2027, 3, 1)).opted_out);
	approved_with(&o, DATE_NONE, "\"before\":\"ACDD out from 2027-03-01 (" DECLARATION ")\"");
	assert_false(sent_on(&o, date_of(2027, 3, 1)).refused);
	other_end(&o);
}

/* Neither before the card nor after it, whether the partner says it again or not. */
static void no_plan_of_ours_sends_against_what_a_partner_declared(void **state)
{
	struct other o;

	other_begin(state, &o);
	const char *card = card_with(&o, date_of(2026, 11, 1));
	expect(import(&o, card, fingerprint_of(&o, card)), 201, NULL);
	decided(&o, "LA", ACTIVATION_ACTIVE, date_of(2026, 12, 1));
	assert_true(sent_on(&o, date_of(2026, 12, 1)).opted_out);
	expect(call(&o.world, "GET", "/api/v1/partners/LA/activations", NULL, NULL), 200,
	       "\"direction\":\"out\",\"version\":\"1\",\"state\":\"opted-out\",\"now\":true,\"declared\":true");
	approved_with(&o, date_of(2026, 11, 1), NULL);
	assert_true(sent_on(&o, date_of(2026, 12, 1)).opted_out);
	assert_string_equal(sent_on(&o, date_of(2026, 12, 1)).law, DECLARATION);
	/* Ours that ends is no reason to leave out theirs. */
	decided(&o, "LA", ACTIVATION_NOT_YET, date_of(2026, 12, 1));
	decided(&o, "LA", ACTIVATION_OPTED_OUT, DATE_NONE);
	decided(&o, "LA", ACTIVATION_ACTIVE, date_of(2027, 1, 1));
	approved_with(&o, date_of(2026, 11, 1), NULL);
	assert_true(sent_on(&o, date_of(2027, 1, 1)).opted_out);
	/* Both cover today: theirs counts. */
	expect(call(&o.world, "GET", "/api/v1/partners/LA/activations", NULL, NULL), 200,
	       "\"state\":\"opted-out\",\"now\":true,\"declared\":true,\"from\":\"2026-11-02\",\"law\":\"" DECLARATION);
	expect(call(&o.world, "GET", "/api/v1/partners/LA/activations", NULL, NULL), 200,
	       "\"state\":\"opted-out\",\"now\":false,\"declared\":false");
	approved_with(&o, DATE_NONE, NULL);
	assert_true(sent_on(&o, date_of(2026, 12, 31)).opted_out);
	assert_false(sent_on(&o, date_of(2027, 1, 1)).refused);
	other_end(&o);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(opt_outs_of_an_approved_card_stand_in_the_matrix),
		cmocka_unit_test(an_opt_out_of_both_directions_never_holds_up_the_card),
		cmocka_unit_test(what_a_partner_declares_is_never_on_our_own_card),
		cmocka_unit_test(a_new_partner_begins_with_what_the_state_has_opted_out_of),
		cmocka_unit_test(an_opt_out_ends_with_the_card_that_lacks_it_and_both_are_shown_before),
		cmocka_unit_test(no_plan_of_ours_sends_against_what_a_partner_declared),
	};
	return kernel_run("opt-outs of cards", tests, COUNT(tests), customs_capabilities);
}
