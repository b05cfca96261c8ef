/* What nodes tell each other of the link, by each binding: notices, and cards that have changed. TH tells VN. */
#include "region.h"

#include "base/text.h"
#include "customs/document/document.h"
#include "customs/link/link.h"
#include "kernel/card.h"
#include "kernel/journal.h"
#include "keyring.h"
#include "pki.h"

static struct region *region;
static struct region_node *th, *la, *vn;

static const enum region_ebms2 modes[] = { REGION_AS4, REGION_EBMS2_SYNC, REGION_EBMS2_ASYNC };

static void begin(enum region_ebms2 ebms2, struct health_policy health)
{
	region = region_new(&(struct region_options){ .seed = 1, .odds = odds_calm, .ebms2 = ebms2, .health = health });
	th = &region->nodes[TH];
	la = &region->nodes[LA];
	vn = &region->nodes[VN];
}

/* --- What VN knows --- */

struct looking {
	struct link_list links;
	struct link_notice_list notices;
	struct partner_card pending;
	const char *codes; /* of the rules that documents of TH broke */
};

/* "CARD-004 at /serial" */
static const char *with_code(const char *codes, const char *detail)
{
	return arena_printf(region->arena, "%s%s%.*s", codes, *codes ? " " : "", (int)strcspn(detail, " "), detail);
}

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;
	struct document_list documents;
	const struct document_filter refused = { .direction = "in", .partner = "TH", .limit = 100 };

	looking->codes = "";
	TRY(link_list(tx, region->arena, clock_now_us(&vn->clock.clock), &looking->links, err));
	TRY(link_notices(tx, region->arena, false, &looking->notices, err));
	TRY(partner_card_find(tx, region->arena, "TH", CARD_PENDING, &looking->pending, err));
	TRY(document_list(tx, region->arena, &refused, &documents, err));
	for (size_t d = 0; d < documents.count; d++) {
		struct journal_list journal;
		TRY(journal_of(tx, region->arena, documents.items[d].id, 100, &journal, err));
		for (size_t i = 0; i < journal.count; i++)
			if (same(journal.entries[i].event, "finding"))
				looking->codes = with_code(looking->codes, journal.entries[i].detail);
	}
	return OK;
}

static struct looking look(void)
{
	struct looking looking = { 0 };

	region_must(region, db_read(vn->kernel.db, look_run, &looking, &region->err));
	return looking;
}

static struct link link_with_th(void)
{
	struct looking looking = look();

	for (size_t i = 0; i < looking.links.count; i++)
		if (same(looking.links.items[i].partner, "TH"))
			return looking.links.items[i];
	fail_msg("VN has no link with TH");
	return (struct link){ 0 };
}

/* --- Notices --- */

static void announce(const char *kind, int64_t from_us, int64_t until_us)
{
	static const char *const partners[] = { "VN" };
	struct findings *findings = findings_new(region->arena);
	struct notice_result result;
	const struct notice_request request = { .organisation = "customs",
						.kind = kind,
						.text = "another room",
						.from_us = from_us,
						.until_us = until_us,
						.partners = partners,
						.count = 1,
						.actor = { .name = "operator" },
						.now_us = region->now_us };

	region_must(region, notice_send(&th->kernel, region->arena, &request, findings, &result, &region->err));
	assert_int_equal(findings_errors(findings), 0);
	assert_non_null(result.document);
	region_drain(region, HOUR_US);
}

/* Silence that was announced is not alarming until its end, and is from then on. */
static void an_announced_maintenance_makes_no_alarm_until_its_end(void **state)
{
	const struct health_policy health = { .heartbeat_us = 10 * MINUTE_US, .alarm_us = HOUR_US };

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		begin(modes[i], health);
		region_run(region, 30 * MINUTE_US);
		int64_t from_us = region->now_us + 10 * MINUTE_US;
		from_us -= from_us % 1000; /* as documents have it */
		int64_t until_us = from_us + 6 * HOUR_US;
		announce(LINK_NOTICE_MAINTENANCE, from_us, until_us);
		assert_string_equal(link_with_th().state, LINK_UP);
		assert_int_equal(link_with_th().coming->from_us, from_us);
		region_run(region, from_us - region->now_us);
		/* It takes an hour longer than was said, and two. */
		region_outage(th, 9 * HOUR_US);
		for (; region->now_us < until_us - MINUTE_US; region_run(region, MINUTE_US))
			assert_int_equal(region_open_tasks(vn, TASK_LINK), 0);
		assert_string_equal(link_with_th().state, LINK_MAINTENANCE);
		assert_string_equal(link_with_th().observed, LINK_DOWN);
		region_run(region, 3 * MINUTE_US);
		assert_string_equal(link_with_th().state, LINK_DOWN);
		assert_int_equal(region_open_tasks(vn, TASK_LINK), 1);
		while (region->now_us < th->down_until_us + 5 * MINUTE_US)
			region_run(region, MINUTE_US);
		assert_string_equal(link_with_th().state, LINK_UP);
		assert_int_equal(region_open_tasks(vn, TASK_LINK), 0);
		assert_true(look().notices.items[0].ended_us == until_us);
		region_check_journals(region);
		region_free(region);
	}
}

static void a_node_that_is_back_says_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		begin(modes[i], (struct health_policy){ 0 });
		announce(LINK_NOTICE_OUTAGE, TIME_NONE, region->now_us + DAY_US);
		assert_string_equal(link_with_th().state, LINK_OUTAGE);
		region_run(region, HOUR_US);
		announce(LINK_NOTICE_RESTORED, TIME_NONE, TIME_NONE);
		assert_null(link_with_th().notice);
		assert_string_equal(look().codes, "");
		region_check_journals(region);
		region_free(region);
	}
}

/* --- Cards --- */

/* The card of FROM, as it writes it for PARTNER now. */
static struct bytes card_of(struct region_node *from, const char *partner)
{
	const struct card_offer offer = { .name = from->state, .partner = partner };
	struct buf card;

	buf_init(&card, CARD_BYTES_MAX);
	region_must(region,
		    messaging_card_write(from->messaging, region->arena, &offer, region->now_us, &card, &region->err));
	struct bytes copy = bytes(arena_copy(region->arena, card.data, card.size), card.size);
	buf_done(&card);
	return copy;
}

static void send(struct bytes card)
{
	struct findings *findings = findings_new(region->arena);
	const struct card_update_request request = {
		.partner = "VN", .card = card, .actor = { .name = "system" }, .now_us = region->now_us
	};

	region_must(region, card_update_send(&th->kernel, region->arena, &request, findings, &region->err));
	assert_int_equal(findings_errors(findings), 0);
	region_drain(region, HOUR_US);
}

static void a_card_that_has_changed_waits_for_an_operator(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		begin(modes[i], (struct health_policy){ 0 });
		struct bytes card = card_of(th, "VN");
		send(card);
		struct looking looking = look();
		assert_string_equal(looking.codes, "");
		assert_string_equal(looking.pending.partner, "TH");
		assert_true(bytes_same(looking.pending.octets, card));
		assert_int_equal(region_open_tasks(vn, TASK_CARD), 1);
		/* A newer one takes its place, and is one task. */
		region_run(region, HOUR_US);
		struct bytes newer = card_of(th, "VN");
		send(newer);
		assert_true(bytes_same(look().pending.octets, newer));
		assert_int_equal(region_open_tasks(vn, TASK_CARD), 1);
		region_check_journals(region);
		region_free(region);
	}
}

static enum err_code hold_run(struct tx *tx, void *arg, struct err *err)
{
	static const struct actor operator_ = { .name = "operator" };
	struct partner_card card = *(struct partner_card *)arg;

	card.state = CARD_HELD;
	return partner_card_put(tx, &card, NULL, &operator_, region->now_us, err);
}

/* CODE is among what VN found, and nothing waits. */
static void must_be_refused(const char *code)
{
	struct looking looking = look();

	if (!strstr(looking.codes, code))
		fail_msg("%s is not among what was found: %s", code, looking.codes);
	assert_null(looking.pending.partner);
	assert_int_equal(region_open_tasks(vn, TASK_CARD), 0);
	assert_int_equal(region_open_tasks(vn, "document-refused"), 1);
	region_check_journals(region);
	region_free(region);
}

static void one_that_is_not_newer_than_what_is_held_is_refused(void **state)
{
	(void)state;
	begin(REGION_AS4, (struct health_policy){ 0 });
	struct bytes old = card_of(th, "VN");
	region_run(region, HOUR_US);
	send(card_of(th, "VN"));
	struct partner_card pending = look().pending;
	region_must(region, db_write(vn->kernel.db, hold_run, &pending, &region->err));
	send(old);
	must_be_refused("CARD-004");
}

static void one_that_is_older_than_what_waits_is_refused(void **state)
{
	(void)state;
	begin(REGION_AS4, (struct health_policy){ 0 });
	struct bytes old = card_of(th, "VN");
	region_run(region, HOUR_US);
	struct bytes newer = card_of(th, "VN");
	send(newer);
	send(old);
	struct looking looking = look();
	assert_non_null(strstr(looking.codes, "CARD-004"));
	assert_true(bytes_same(looking.pending.octets, newer));
	region_check_journals(region);
	region_free(region);
}

static void one_of_the_receiver_itself_is_refused(void **state)
{
	(void)state;
	begin(REGION_AS4, (struct health_policy){ 0 });
	send(card_of(vn, "TH"));
	must_be_refused("CARD-003");
}

/* TH passes on LA's, whose key is not pinned for TH. */
static void one_of_a_third_state_is_refused(void **state)
{
	(void)state;
	begin(REGION_AS4, (struct health_policy){ 0 });
	send(card_of(la, "VN"));
	struct looking looking = look();
	assert_non_null(strstr(looking.codes, "CARD-021"));
	must_be_refused("CARD-008");
}

/* The octet is in the middle of the payload, which the signature covers. */
static void one_that_was_altered_is_refused(void **state)
{
	(void)state;
	begin(REGION_AS4, (struct health_policy){ 0 });
	struct bytes card = card_of(th, "VN");
	uint8_t *altered = arena_copy(region->arena, card.data, card.size);
	char *payload = memmem(altered, card.size, "\"payload\"", 9);
	assert_non_null(payload);
	char *at = payload + 2000;
	*at = *at == 'A' ? 'B' : 'A';
	send(bytes(altered, card.size));
	must_be_refused("JWS-");
}

/* VN believes one of TH's other keys to be LA's. */
static void one_with_a_certificate_of_another_partner_is_refused(void **state)
{
	(void)state;
	begin(REGION_AS4, (struct health_policy){ 0 });
	struct card card;
	struct findings *ignored = findings_new(region->arena);
	const struct card_reading reading = {
		.text = card_of(th, "VN"), .held_serial = INTEGER_NONE, .allow_plain = true, .now_us = region->now_us
	};
	region_must(region, messaging_card_read(region->arena, &reading, &card, ignored, &region->err));
	size_t last = card.certificates_count;
	for (size_t i = 0; i < card.certificates_count; i++) {
		cert_auto cert = NULL;
		region_must(region,
			    messaging_card_certificate(region->arena, &card.certificates[i], &cert, &region->err));
		if (same(card.certificates[i].use, "sign") && !same(cert_fingerprint(cert), card.fingerprint))
			last = i;
	}
	assert_true(last < card.certificates_count);
	cert_auto other = NULL;
	region_must(region, messaging_card_certificate(region->arena, &card.certificates[last], &other, &region->err));
	region_believe(vn, "LA", "sign", cert_der(other), TIME_NONE);
	send(reading.text);
	must_be_refused("CARD-023");
}

/* --- A new signing key --- */

static struct card read_card(struct bytes text)
{
	struct card card;
	struct findings *findings = findings_new(region->arena);
	const struct card_reading reading = {
		.text = text, .held_serial = INTEGER_NONE, .allow_plain = true, .now_us = region->now_us
	};

	region_must(region, messaging_card_read(region->arena, &reading, &card, findings, &region->err));
	assert_int_equal(findings_errors(findings), 0);
	return card;
}

/* As the operator of VN does who approves it. */
static void approve(struct bytes text)
{
	struct card card = read_card(text);
	struct partner_card pending = look().pending;

	assert_true(bytes_same(pending.octets, text));
	for (size_t i = 0; i < card.certificates_count; i++) {
		cert_auto cert = NULL;
		region_must(region,
			    messaging_card_certificate(region->arena, &card.certificates[i], &cert, &region->err));
		region_believe(vn, "TH", card.certificates[i].use, cert_der(cert), TIME_NONE);
	}
	region_must(region, db_write(vn->kernel.db, hold_run, &pending, &region->err));
}

/* Another one like it of TH; returns its id and that of the older one, which signs for VN. */
static void install_another(const char **older, const char **newer)
{
	const char *fingerprint = read_card(card_of(th, "VN")).fingerprint;
	struct key_list list;
	struct key_info info;

	*older = NULL;
	region_must(region, keystore_list(th->keys_directory, &list, &region->err));
	for (size_t i = 0; i < list.count; i++)
		if (list.keys[i].cert && same(cert_fingerprint(list.keys[i].cert), fingerprint)) {
			*older = arena_text(region->arena, list.keys[i].id);
			pki_key_install(th->keys_directory, KEY_USE_SIGN, list.keys[i].type, keyring_authority(),
					&info);
		}
	key_list_done(&list);
	assert_non_null(*older);
	*newer = arena_text(region->arena, info.id);
	region_must(region, messaging_refresh(th->messaging, true, &region->err));
}

static unsigned certificates_sent;

/* Delivered at once: VN believes who signed it. */
static void must_get_through(void)
{
	struct document_result sent =
		region_submit(th, "dft", paper_form_d(region, "TH", "VN", ++certificates_sent, region_today(th)));

	region_settle(region);
	assert_string_equal(region_message(th, sent.message).state, "delivered");
	assert_int_equal(region_message(th, sent.message).attempts, 1);
}

/* VN takes its time to approve. Nothing that TH sends meanwhile is refused, and its card arrives. */
static void a_new_key_signs_when_the_one_before_it_is_retired(void **state)
{
	const char *older, *newer;

	(void)state;
	certificates_sent = 0;
	begin(REGION_AS4, (struct health_policy){ 0 });
	must_get_through();
	install_another(&older, &newer);
	must_get_through();
	struct bytes card = card_of(th, "VN");
	send(card);
	assert_string_equal(look().codes, "");
	region_run(region, 3 * DAY_US);
	must_get_through();
	approve(card);
	must_get_through();
	region_must(region, keystore_retire(th->keys_directory, older, &region->err));
	region_must(region, messaging_refresh(th->messaging, true, &region->err));
	must_get_through();
	/* The card without the older one is signed by the new one, which VN knows by the card before. */
	struct card last = read_card(card_of(th, "VN"));
	assert_string_not_equal(last.fingerprint, read_card(card).fingerprint);
	send(card_of(th, "VN"));
	assert_string_equal(look().codes, "");
	assert_non_null(look().pending.partner);
	region_check_journals(region);
	region_free(region);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_announced_maintenance_makes_no_alarm_until_its_end),
		cmocka_unit_test(a_node_that_is_back_says_so),
		cmocka_unit_test(a_card_that_has_changed_waits_for_an_operator),
		cmocka_unit_test(one_that_is_not_newer_than_what_is_held_is_refused),
		cmocka_unit_test(one_that_is_older_than_what_waits_is_refused),
		cmocka_unit_test(one_of_the_receiver_itself_is_refused),
		cmocka_unit_test(one_of_a_third_state_is_refused),
		cmocka_unit_test(one_that_was_altered_is_refused),
		cmocka_unit_test(one_with_a_certificate_of_another_partner_is_refused),
		cmocka_unit_test(a_new_key_signs_when_the_one_before_it_is_retired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
