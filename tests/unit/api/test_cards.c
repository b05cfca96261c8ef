/* Partners by their cards, through the interface. The cards are written by a second node of another state on the same
 * database; what an import must and must not do follows from docs/onboarding.md and from kernel/party.h. */
#include "world.h"

#include "customs/registry.h"
#include "kernel/activation.h"
#include "kernel/card.h"
#include "kernel/party.h"
#include "kernel/task.h"

#define LA          "/api/v1/partners/LA/card"
#define LA_ENDPOINT "https://asw.la.example:8443/as4"

struct other {
	struct world world;
	struct kernel kernel; /* of LA */
	char *directory;
	struct pki *root;
	struct keys *keys;
	struct messaging *messaging;
	int64_t now_us;
};

static void open_other(struct other *o, const char *endpoint)
{
	struct kernel_fixture *fixture = o->world.fixture;
	struct messaging_options options = messaging_options_of(&o->world);

	messaging_free(o->messaging);
	keys_free(o->keys);
	must(keys_open(o->directory, &o->keys, &fixture->err));
	options.kernel = &o->kernel;
	options.keys = o->keys;
	options.keys_directory = o->directory;
	options.party_id = "LA:gateway";
	options.endpoint = endpoint;
	must(messaging_new(&options, &o->messaging, &fixture->err));
}

static void install(const char *directory, const struct pki *root)
{
	struct key_info info;

	pki_key_install(directory, KEY_USE_SIGN, KEY_P256, root, &info);
	pki_key_install(directory, KEY_USE_DECRYPT, KEY_P256, root, &info);
	pki_key_install(directory, KEY_USE_TLS, KEY_P256, root, &info);
}

static void other_begin(void **state, struct other *o)
{
	*o = (struct other){ .world = begin(state, false), .now_us = FIXTURE_NOW_US };
	o->kernel = o->world.fixture->kernel;
	o->kernel.state = "LA";
	o->directory = pki_directory_new();
	o->root = pki_issue(&(struct pki_spec){ .subject = "/CN=LA root", .authority = true });
	install(o->directory, o->root);
	install(o->world.directory, o->world.root);
	struct kernel_fixture *fixture = o->world.fixture;
	must(keys_reload(o->world.keys, &fixture->err));
	must(messaging_refresh(o->world.messaging, true, &fixture->err));
	open_other(o, LA_ENDPOINT);
}

static void other_end(struct other *o)
{
	messaging_free(o->messaging);
	keys_free(o->keys);
	pki_free(o->root);
	pki_directory_free(o->directory);
	end(&o->world);
}

static const char *card_of(struct other *o)
{
	struct kernel_fixture *fixture = o->world.fixture;
	buf_auto out;

	buf_init(&out, CARD_BYTES_MAX);
	o->now_us += SECOND_US; /* which is its serial number */
	must(messaging_card_write(o->messaging, fixture->arena, &(struct card_offer){ .name = "Lao Customs" },
				  o->now_us, &out, &fixture->err));
	return arena_text(fixture->arena, buf_text(&out));
}

/* As the partner would read it out. */
static const char *fingerprint_of(struct other *o, const char *text)
{
	struct kernel_fixture *fixture = o->world.fixture;
	struct card card;
	const struct card_reading reading = { .text = bytes_of(text),
					      .held_serial = INTEGER_NONE,
					      .now_us = o->now_us };

	must(messaging_card_read(fixture->arena, &reading, &card, findings_new(fixture->arena), &fixture->err));
	return arena_printf(fixture->arena, "%.32s", card.fingerprint);
}

static struct answer import(struct other *o, const char *card, const char *fingerprint)
{
	return call(&o->world, "POST", "/api/v1/cards", &card_import_schema,
		    &(struct card_import_view){ .card = card, .fingerprint = fingerprint });
}

static void imported(struct other *o)
{
	const char *card = card_of(o);
	expect(import(o, card, fingerprint_of(o, card)), 201, "\"state\":\"held\"");
}

struct looked {
	struct arena *arena;
	struct partner partner;
	struct partner_certificate_list certificates;
	struct task_list tasks;
	struct partner_card held;
};

static enum err_code read_all(struct tx *tx, void *arg, struct err *err)
{
	struct looked *l = arg;
	TRY(partner_find(tx, l->arena, "LA", &l->partner, err));
	TRY(partner_certificates(tx, l->arena, "LA", &l->certificates, err));
	TRY(partner_card_find(tx, l->arena, "LA", CARD_HELD, &l->held, err));
	return task_list(tx, l->arena, NULL, NULL, 10, &l->tasks, err);
}

static struct looked look(struct other *o)
{
	struct kernel_fixture *fixture = o->world.fixture;
	struct looked looked = { .arena = fixture->arena };

	must(db_read(fixture->kernel.db, read_all, &looked, &fixture->err));
	return looked;
}

static void a_card_whose_fingerprint_was_compared_adds_the_partner(void **state)
{
	struct other o;

	other_begin(state, &o);
	imported(&o);
	struct looked l = look(&o);
	assert_string_equal(l.partner.party_id, "LA:gateway");
	assert_string_equal(l.partner.name, "Lao Customs");
	assert_string_equal(l.partner.endpoint, LA_ENDPOINT);
	assert_string_equal(l.partner.profile, "ecdsa-p256");
	assert_string_equal(l.partner.status, "active");
	assert_int_equal(l.certificates.count, 3);
	assert_string_equal(l.held.partner, "LA");
	other_end(&o);
}

static void without_the_right_fingerprint_nothing_is_written(void **state)
{
	struct other o;

	other_begin(state, &o);
	const char *card = card_of(&o);
	expect(import(&o, card, NULL), 422, "CARD-020");
	expect(import(&o, card, "0123 4567"), 422, "CARD-019");
	expect(import(&o, card, "0123456789abcdef"), 422, "CARD-010");
	assert_null(look(&o).partner.code);
	other_end(&o);
}

/* What a stranger's card says stands in it; what it would pin is told beside it. */
static void of_a_partner_that_is_not_there_only_certificates_are_told_as_changes(void **state)
{
	struct other o;

	other_begin(state, &o);
	const char *card = card_of(&o);
	struct answer looked =
		call(&o.world, "POST", "/api/v1/card-check", &card_import_schema,
		     &(struct card_import_view){ .card = card, .fingerprint = fingerprint_of(&o, card) });
	expect(looked, 200, "\"changes\":[{\"what\":\"certificate\"");
	assert_null(strstr(looked.text, "\"what\":\"document\""));
	assert_null(strstr(looked.text, "\"what\":\"endpoint\""));
	other_end(&o);
}

static void our_own_card_is_refused(void **state)
{
	struct other o;

	other_begin(state, &o);
	o.kernel.state = "TH";
	const char *card = card_of(&o);
	expect(import(&o, card, fingerprint_of(&o, card)), 422, "CARD-003");
	other_end(&o);
}

static void two_partners_with_one_certificate_are_refused(void **state)
{
	struct other o;

	other_begin(state, &o);
	imported(&o);
	o.kernel.state = "KH";
	struct messaging_options options = messaging_options_of(&o.world);
	struct kernel_fixture *fixture = o.world.fixture;
	options.kernel = &o.kernel;
	options.keys = o.keys;
	options.keys_directory = o.directory;
	options.party_id = "KH:gateway";
	options.endpoint = "https://kh.example/as4";
	messaging_free(o.messaging);
	must(messaging_new(&options, &o.messaging, &fixture->err));
	const char *card = card_of(&o);
	expect(import(&o, card, fingerprint_of(&o, card)), 422, "CARD-023");
	other_end(&o);
}

static void a_later_card_waits_and_shows_what_it_changes(void **state)
{
	struct other o;

	other_begin(state, &o);
	imported(&o);
	open_other(&o, "https://new.la.example:8443/as4");
	expect(import(&o, card_of(&o), NULL), 201, "\"state\":\"pending\"");
	struct looked l = look(&o);
	assert_string_equal(l.partner.endpoint, LA_ENDPOINT);
	assert_int_equal(l.tasks.count, 1);
	assert_string_equal(l.tasks.items[0].kind, TASK_CARD);
	expect(call(&o.world, "GET", LA, NULL, NULL), 200,
	       "{\"what\":\"endpoint\",\"after\":\"https://new.la.example:8443/as4\"}");
	expect(call(&o.world, "POST", LA "/approve", NULL, NULL), 200, "\"state\":\"held\"");
	l = look(&o);
	assert_string_equal(l.partner.endpoint, "https://new.la.example:8443/as4");
	assert_string_equal(l.tasks.items[0].state, "done");
	expect(call(&o.world, "POST", LA "/approve", NULL, NULL), 404, NULL);
	other_end(&o);
}

/* It came over the wire while the operator looked at the one before. */
static void only_the_card_that_was_looked_at_is_decided(void **state)
{
	struct other o;

	other_begin(state, &o);
	imported(&o);
	open_other(&o, "https://new.la.example:8443/as4");
	expect(import(&o, card_of(&o), NULL), 201, "\"state\":\"pending\"");
	const char *seen = arena_printf(o.world.fixture->arena, "serial=%lld", (long long)(o.now_us / 1000));
	open_other(&o, "https://strange.la.example:8443/as4");
	expect(import(&o, card_of(&o), NULL), 201, "\"state\":\"pending\"");
	const char *now = arena_printf(o.world.fixture->arena, "serial=%lld", (long long)(o.now_us / 1000));
	assert_string_not_equal(seen, now);
	const char *const verbs[] = { "approve", "reject" };
	for (size_t i = 0; i < COUNT(verbs); i++)
		expect(call(&o.world, "POST", arena_printf(o.world.fixture->arena, LA "/%s?%s", verbs[i], seen), NULL,
			    NULL),
		       409, "look at it again");
	assert_string_equal(look(&o).partner.endpoint, LA_ENDPOINT);
	expect(call(&o.world, "POST", arena_printf(o.world.fixture->arena, LA "/approve?%s", now), NULL, NULL), 200,
	       "\"state\":\"held\"");
	other_end(&o);
}

/* The old key signs the card in which the new one is: so a roll-over needs no phone. */
static void a_roll_over_overlaps(void **state)
{
	struct other o;
	struct key_info new;

	other_begin(state, &o);
	imported(&o);
	pki_key_install(o.directory, KEY_USE_SIGN, KEY_P256, o.root, &new);
	open_other(&o, LA_ENDPOINT);
	expect(import(&o, card_of(&o), NULL), 201, "\"state\":\"pending\"");
	expect(call(&o.world, "POST", LA "/approve", NULL, NULL), 200, NULL);
	assert_int_equal(look(&o).certificates.count, 4);

	struct kernel_fixture *fixture = o.world.fixture;
	must(keystore_retire(o.directory, "sign-1", &fixture->err));
	open_other(&o, LA_ENDPOINT);
	expect(import(&o, card_of(&o), NULL), 201, "\"state\":\"pending\"");
	expect(call(&o.world, "POST", LA "/approve", NULL, NULL), 200, NULL);
	struct looked l = look(&o);
	size_t ending = 0;
	assert_int_equal(l.certificates.count, 4);
	for (size_t i = 0; i < l.certificates.count; i++)
		if (l.certificates.items[i].until_us != TIME_NONE) {
			assert_true(l.certificates.items[i].until_us == FIXTURE_NOW_US + 7 * DAY_US);
			ending++;
		}
	assert_int_equal(ending, 1);
	other_end(&o);
}

static void a_card_by_a_key_that_is_not_pinned_is_refused(void **state)
{
	struct other o;
	struct key_info new;

	other_begin(state, &o);
	imported(&o);
	struct kernel_fixture *fixture = o.world.fixture;
	pki_key_install(o.directory, KEY_USE_SIGN, KEY_P256, o.root, &new);
	must(keystore_retire(o.directory, "sign-1", &fixture->err));
	open_other(&o, LA_ENDPOINT);
	const char *card = card_of(&o);
	expect(import(&o, card, fingerprint_of(&o, card)), 422, "CARD-008");
	other_end(&o);
}

static void the_same_card_or_an_older_one_is_refused(void **state)
{
	struct other o;

	other_begin(state, &o);
	const char *older = card_of(&o), *card = card_of(&o);
	expect(import(&o, card, fingerprint_of(&o, card)), 201, NULL);
	expect(import(&o, card, NULL), 422, "CARD-004");
	expect(import(&o, older, NULL), 422, "CARD-004");
	other_end(&o);
}

/* Or an approval of what was looked at would be one of what the partner has long changed. */
static void an_older_card_does_not_take_the_place_of_one_that_waits(void **state)
{
	struct other o;

	other_begin(state, &o);
	imported(&o);
	open_other(&o, "https://old.la.example:8443/as4");
	const char *older = card_of(&o);
	open_other(&o, "https://new.la.example:8443/as4");
	const char *card = card_of(&o);
	expect(import(&o, card, NULL), 201, "\"state\":\"pending\"");
	expect(import(&o, older, NULL), 422, "CARD-004");
	expect(import(&o, card, NULL), 201, "\"state\":\"pending\""); /* it is that one */
	expect(call(&o.world, "POST", LA "/approve", NULL, NULL), 200, "\"state\":\"held\"");
	assert_string_equal(look(&o).partner.endpoint, "https://new.la.example:8443/as4");
	other_end(&o);
}

static void a_rejected_card_changes_nothing_and_the_next_one_can_come(void **state)
{
	struct other o;

	other_begin(state, &o);
	imported(&o);
	open_other(&o, "https://new.la.example:8443/as4");
	expect(import(&o, card_of(&o), NULL), 201, NULL);
	struct answer rejected = call(&o.world, "POST", LA "/reject", NULL, NULL);
	expect(rejected, 200, "\"state\":\"rejected\"");
	assert_null(strstr(rejected.text, "\"before\"")); /* nothing is gone: the partner is as it was */
	assert_null(strstr(rejected.text, "\"after\""));
	struct looked l = look(&o);
	assert_string_equal(l.partner.endpoint, LA_ENDPOINT);
	assert_string_equal(l.tasks.items[0].state, "done");
	expect(import(&o, card_of(&o), NULL), 201, "\"state\":\"pending\"");
	other_end(&o);
}

static void a_look_at_a_card_says_what_is_wrong_and_writes_nothing(void **state)
{
	struct other o;

	other_begin(state, &o);
	expect(call(&o.world, "POST", "/api/v1/card-check", &card_import_schema,
		    &(struct card_import_view){ .card = card_of(&o) }),
	       200, "\"partner\":\"LA\"");
	expect(call(&o.world, "POST", "/api/v1/card-check", &card_import_schema,
		    &(struct card_import_view){ .card = "{}" }),
	       200, "FLD-");
	assert_null(look(&o).partner.code);
	other_end(&o);
}

static void our_own_card_is_told_with_what_the_node_knows(void **state)
{
	struct other o;
	struct card card;

	other_begin(state, &o);
	struct kernel_fixture *fixture = o.world.fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct answer answer = call(&o.world, "GET", "/api/v1/card", NULL, NULL);
	expect(answer, 200, NULL);
	assert_string_equal(answer.content_type, "application/jose+json");
	const struct card_reading reading = { .text = bytes_of(answer.text),
					      .held_serial = INTEGER_NONE,
					      .now_us = FIXTURE_NOW_US };
	must(messaging_card_read(fixture->arena, &reading, &card, findings, &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	assert_string_equal(card.party->code, "TH");
	assert_string_equal(card.party->id, WORLD_PARTY);
	assert_string_equal(card.endpoints[0].url, WORLD_ENDPOINT);
	assert_int_equal(card.organisations_count, 2);
	assert_int_equal(card.certificates_count, 3);
	other_end(&o);
}

static void a_node_that_does_not_know_its_url_has_no_card(void **state)
{
	struct other o;
	buf_auto out;

	other_begin(state, &o);
	struct kernel_fixture *fixture = o.world.fixture;
	buf_init(&out, CARD_BYTES_MAX);
	open_other(&o, NULL);
	assert_int_equal(messaging_card_write(o.messaging, fixture->arena, &(struct card_offer){ .name = "LA" },
					      o.now_us, &out, &fixture->err),
			 ERR_CONFLICT);
	assert_non_null(strstr(fixture->err.text, "url"));
	other_end(&o);
}

/* --- With document types --- */

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

#define DECLARATION "LA declaration 1"

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
	struct answer own = call(&o.world, "GET", "/api/v1/card", NULL, NULL);
	struct kernel_fixture *fixture = o.world.fixture;
	struct card read;
	const struct card_reading reading = { .text = bytes_of(own.text),
					      .held_serial = INTEGER_NONE,
					      .now_us = FIXTURE_NOW_US };
	must(messaging_card_read(fixture->arena, &reading, &read, findings_new(fixture->arena), &fixture->err));
	assert_string_equal(read.party->code, "TH");
	assert_int_equal(read.opt_outs_count, 0);
	decided(&o, "LA", ACTIVATION_OPTED_OUT, DATE_NONE); /* now it is ours too */
	own = call(&o.world, "GET", "/api/v1/card", NULL, NULL);
	must(messaging_card_read(fixture->arena,
				 &(struct card_reading){ .text = bytes_of(own.text),
							 .held_serial = INTEGER_NONE,
							 .now_us = FIXTURE_NOW_US },
				 &read, findings_new(fixture->arena), &fixture->err));
	assert_int_equal(read.opt_outs_count, 1);
	assert_string_equal(read.opt_outs[0].law, "our note 4");
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

struct messages {
	struct arena *arena;
	struct message_list list;
};

static enum err_code messages_run(struct tx *tx, void *arg, struct err *err)
{
	struct messages *listed = arg;
	return message_list(tx, listed->arena, &(struct message_filter){ .direction = "out", .limit = 100 },
			    &listed->list, err);
}

static size_t cards_sent(struct other *o, int64_t now_us)
{
	struct kernel_fixture *fixture = o->world.fixture;
	struct messages listed = { .arena = fixture->arena };
	size_t count = 0;

	must(api_card_step(o->world.api, now_us, &fixture->err));
	must(db_read(fixture->kernel.db, messages_run, &listed, &fixture->err));
	for (size_t i = 0; i < listed.list.count; i++)
		count += same(listed.list.items[i].action, "CARD");
	return count;
}

/* Of MY, VN and LA one is suspended. What the first look sees they have from an operator. */
static void when_our_card_changes_each_active_partner_gets_it_once(void **state)
{
	struct other o;

	other_begin(state, &o);
	imported(&o);
	expect(call(&o.world, "POST", "/api/v1/partners/MY/suspend", NULL, NULL), 200, NULL);
	int64_t now_us = FIXTURE_NOW_US;
	assert_int_equal(cards_sent(&o, now_us), 0);
	assert_int_equal(cards_sent(&o, now_us + MINUTE_US), 0);
	expect(call(&o.world, "POST", "/api/v1/organisations", &organisation_schema,
		    &(struct organisation_view){ .code = "ppd", .seat = "plant-health", .name = "Plant protection" }),
	       201, NULL);
	assert_int_equal(cards_sent(&o, now_us + MINUTE_US + SECOND_US), 0); /* it does not look all the time */
	assert_int_equal(cards_sent(&o, now_us + 2 * MINUTE_US), 2);
	assert_int_equal(cards_sent(&o, now_us + 3 * MINUTE_US), 2);
	other_end(&o);
}

int main(void)
{
	static const struct CMUnitTest with_types[] = {
		cmocka_unit_test(only_the_card_that_was_looked_at_is_decided),
		cmocka_unit_test(opt_outs_of_an_approved_card_stand_in_the_matrix),
		cmocka_unit_test(an_opt_out_of_both_directions_never_holds_up_the_card),
		cmocka_unit_test(what_a_partner_declares_is_never_on_our_own_card),
		cmocka_unit_test(an_opt_out_ends_with_the_card_that_lacks_it_and_both_are_shown_before),
		cmocka_unit_test(no_plan_of_ours_sends_against_what_a_partner_declared),
		cmocka_unit_test(when_our_card_changes_each_active_partner_gets_it_once),
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_whose_fingerprint_was_compared_adds_the_partner),
		cmocka_unit_test(without_the_right_fingerprint_nothing_is_written),
		cmocka_unit_test(of_a_partner_that_is_not_there_only_certificates_are_told_as_changes),
		cmocka_unit_test(our_own_card_is_refused),
		cmocka_unit_test(two_partners_with_one_certificate_are_refused),
		cmocka_unit_test(a_later_card_waits_and_shows_what_it_changes),
		cmocka_unit_test(a_roll_over_overlaps),
		cmocka_unit_test(a_card_by_a_key_that_is_not_pinned_is_refused),
		cmocka_unit_test(the_same_card_or_an_older_one_is_refused),
		cmocka_unit_test(an_older_card_does_not_take_the_place_of_one_that_waits),
		cmocka_unit_test(a_rejected_card_changes_nothing_and_the_next_one_can_come),
		cmocka_unit_test(a_look_at_a_card_says_what_is_wrong_and_writes_nothing),
		cmocka_unit_test(our_own_card_is_told_with_what_the_node_knows),
		cmocka_unit_test(a_node_that_does_not_know_its_url_has_no_card),
	};
	return kernel_run("cards", tests, COUNT(tests), NULL) +
	       kernel_run("cards and document types", with_types, COUNT(with_types), customs_capabilities);
}
