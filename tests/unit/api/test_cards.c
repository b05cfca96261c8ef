/* Partners by their cards, through the interface. The cards are written by a second node of another state on the same
 * database; what an import must and must not do follows from docs/onboarding.md and from kernel/party.h. */
#include "other.h"

#include <stdio.h>

#include "customs/registry.h"
#include "kernel/activation.h"
#include "kernel/card.h"
#include "kernel/party.h"
#include "kernel/task.h"

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

static enum err_code on_ebms2(struct tx *tx, void *arg, struct err *err)
{
	struct arena *arena = arg;
	struct partner partner;
	TRY(partner_find(tx, arena, "LA", &partner, err));
	partner.binding = BINDING_EBMS2;
	partner.profile = "ebms2-rsa-sha256";
	partner.endpoint = "";
	return partner_change(tx, &partner, &fixture_actor, FIXTURE_NOW_US, err);
}

/* Whoever leaves ebMS 2 has said on its card where it takes AS4. */
static void who_leaves_ebms2_is_reached_where_its_card_says(void **state)
{
	struct other o;

	other_begin(state, &o);
	imported(&o);
	struct kernel_fixture *fixture = o.world.fixture;
	must(db_write(fixture->kernel.db, on_ebms2, fixture->arena, &fixture->err));
	assert_string_equal(look(&o).partner.endpoint, "");
	expect(call(&o.world, "PATCH", "/api/v1/partners/LA", &partner_change_schema,
		    &(struct partner_change_view){ .profile = "ecdsa-p256" }),
	       200, "\"endpoint\":\"" LA_ENDPOINT "\"");
	other_end(&o);
}

static void trust_file(struct other *o, const char *path, const struct pki *root)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(pem_of(&o->world, root), file) >= 0);
	assert_int_equal(fclose(file), 0);
	serve_with(&o->world, (struct api_options){ .trust_file = path });
}

/* A partner whose card is held, and to whom no connection comes about: its authority is missing here. A connection is
 * believed by the file of [gateway] trust-file alone (docs/operations.md). */
static void a_card_whose_tls_authority_is_not_in_the_trust_file_says_so(void **state)
{
	struct other o;

	other_begin(state, &o);
	const char *path = arena_printf(o.world.fixture->arena, "%s/partners-tls.pem", o.directory);
	trust_file(&o, path, o.world.root);
	const char *card = card_of(&o);
	struct answer answer = import(&o, card, fingerprint_of(&o, card));
	expect(answer, 201, "\"state\":\"held\"");
	expect(answer, 201, "\"code\":\"PTN-023\"");
	expect(answer, 201, path);
	trust_file(&o, path, o.root);
	assert_null(strstr(call(&o.world, "GET", LA, NULL, NULL).text, "PTN-023"));
	assert_int_equal(remove(path), 0);
	expect(call(&o.world, "GET", LA, NULL, NULL), 200, "\"code\":\"PTN-023\"");
	other_end(&o);
}

/* --- With document types --- */

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
		cmocka_unit_test(when_our_card_changes_each_active_partner_gets_it_once),
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_leaves_ebms2_is_reached_where_its_card_says),
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
		cmocka_unit_test(a_card_whose_tls_authority_is_not_in_the_trust_file_says_so),
	};
	return kernel_run("cards", tests, COUNT(tests), NULL) +
	       kernel_run("cards and document types", with_types, COUNT(with_types), customs_capabilities);
}
