/* The lost hour: a node is put back to its backup, and gets back from its partners what was exchanged since. The oracle
 * is a copy of its database from just before the loss. */
#include "letter.h"
#include "letter2.h"
#include "region.h"

#include <stdio.h>

#include "kernel/catch_up.h"
#include "kernel/journal.h"

static struct region *region; /* freed even if a test fails in between */
static struct region_node *th, *la, *vn;
static unsigned number;

static int let_go(void **state)
{
	(void)state;
	if (region)
		region_free(region);
	region = NULL;
	return 0;
}

static void begin(enum region_ebms2 ebms2)
{
	let_go(NULL);
	region = region_new(&(struct region_options){ .seed = 1, .odds = odds_calm, .on_disk = true, .ebms2 = ebms2 });
	th = &region->nodes[TH];
	la = &region->nodes[LA];
	vn = &region->nodes[VN];
	number = 0;
}

static const enum region_ebms2 bindings[] = { REGION_AS4, REGION_EBMS2_SYNC, REGION_EBMS2_ASYNC };

static void issue(struct region_node *from, struct region_node *to, unsigned which)
{
	region_submit(from, "dft", paper_form_d(region, from->state, to->state, which, region_today(from)));
}

static void respond(struct region_node *from, struct region_node *to, unsigned which)
{
	region_submit(to, "customs",
		      paper_response(region, from->state, to->state, which, region_today(from), region_today(to)));
}

static void cancel(struct region_node *from, struct region_node *to, unsigned which)
{
	region_submit(
		from, "dft",
		paper_cancellation(region, from->state, to->state, which, region_today(from), region_today(from)));
}

static void ask_again(struct region_node *from, struct region_node *to, unsigned which)
{
	region_submit(
		to, "customs",
		paper_retransmission(region, from->state, to->state, which, region_today(from), region_today(to)));
}

/* An hour of every kind of thing, between TH and both others, in both directions. What was issued an hour ago is
 * answered in this one. */
static void an_hour(void)
{
	struct region_node *others[] = { la, vn };
	unsigned before = number;

	for (size_t i = 0; i < COUNT(others); i++) {
		unsigned first = number;
		issue(th, others[i], first + 1);
		issue(others[i], th, first + 2);
		issue(th, others[i], first + 3);
		issue(others[i], th, first + 4);
		issue(th, others[i], first + 5);
		issue(others[i], th, first + 6);
		issue(la, vn, first + 7);
		number += 10;
		region_run(region, 10 * MINUTE_US);
		respond(th, others[i], first + 1);
		respond(others[i], th, first + 2);
		cancel(th, others[i], first + 3);
		cancel(others[i], th, first + 4);
		region_run(region, 10 * MINUTE_US);
		ask_again(others[i], th, first + 6);
		ask_again(th, others[i], first + 5);
		region_run(region, 5 * MINUTE_US);
		if (before >= 20) {
			respond(th, others[i], first + 5 - 20);
			respond(others[i], th, first + 6 - 20);
		}
		region_run(region, 5 * MINUTE_US);
	}
}

static unsigned catch_up(struct region_node *node, int64_t since_us, const char *partner)
{
	const struct catch_up_order order = { .since_us = since_us,
					      .partner = partner,
					      .actor = { .name = "operator" } };
	unsigned begun = 0;

	region_must(region, catch_up_begin(&node->kernel, &order, region->now_us, &begun, &region->err));
	return begun;
}

struct listing {
	struct catch_up_list list;
};

static enum err_code list_run(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;

	return catch_up_list(tx, region->arena, NULL, 100, &listing->list, err);
}

static struct catch_up state_of(struct region_node *node, const char *partner)
{
	struct listing listing;

	region_must(region, db_read(node->kernel.db, list_run, &listing, &region->err));
	for (size_t i = 0; i < listing.list.count; i++)
		if (same(listing.list.items[i].partner, partner))
			return listing.list.items[i];
	region_fail(region, "%s does not catch up with %s", node->state, partner);
	return (struct catch_up){ 0 };
}

static void must_be_done(struct region_node *node, const char *partner)
{
	struct catch_up c = state_of(node, partner);

	if (!same(c.state, "done") || c.wanted + c.refused + c.unavailable != 0 || c.recovered == 0)
		region_fail(region,
			    "the catch-up of %s with %s is %s (%s): %lld wanted, %lld recovered, %lld known, %lld "
			    "refused, %lld unavailable",
			    node->state, partner, c.state, c.reason ? c.reason : "", (long long)c.wanted,
			    (long long)c.recovered, (long long)c.known, (long long)c.refused, (long long)c.unavailable);
}

/* --- All comes back --- */

static void an_hour_is_lost_and_comes_back(enum region_ebms2 ebms2)
{
	begin(ebms2);
	an_hour();
	int64_t since_us = region->now_us;
	const char *backup = region_backup(th);
	an_hour();
	region_drain(region, HOUR_US);
	const char *before_the_loss = region_backup(th);

	region_restore(th, backup);
	size_t left = region_messages(th, NULL, NULL).count;
	assert_int_equal(catch_up(th, since_us, NULL), 2);
	region_drain(region, HOUR_US);
	must_be_done(th, "LA");
	must_be_done(th, "VN");
	assert_true(region_messages(th, NULL, NULL).count > left);
	region_compare(th, before_the_loss);
	region_check(region);

	an_hour();
	region_drain(region, HOUR_US);
	region_check(region);
}

static void what_was_exchanged_in_the_lost_hour_is_again_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bindings); i++)
		an_hour_is_lost_and_comes_back(bindings[i]);
}

/* Restored, and asked, and nothing has come back yet. */
struct lost {
	int64_t since_us;
	const char *backup, *before_the_loss;
};

static struct lost lose_an_hour(enum region_ebms2 ebms2)
{
	struct lost lost;

	begin(ebms2);
	an_hour();
	lost.since_us = region->now_us;
	lost.backup = region_backup(th);
	an_hour();
	region_drain(region, HOUR_US);
	lost.before_the_loss = region_backup(th);
	region_restore(th, lost.backup);
	return lost;
}

/* --- What goes on meanwhile --- */

/* A cancellation comes in the place of which the certificate is not there yet, and a certificate that is nothing to it.
 */
static void what_is_new_waits_for_what_is_lost_and_is_taken_in_after_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bindings); i++) {
		struct lost lost = lose_an_hour(bindings[i]);
		unsigned issued_in_it = number - 10 + 6; /* by VN, and by LA ten before */

		catch_up(th, lost.since_us, NULL);
		cancel(vn, th, issued_in_it);
		cancel(la, th, issued_in_it - 10);
		issue(la, th, number + 1);
		region_drain(region, HOUR_US);
		must_be_done(th, "LA");
		must_be_done(th, "VN");
		region_check(region);
	}
}

static void a_partner_that_is_away_is_waited_for_and_the_others_are_not(void **state)
{
	struct lost lost = lose_an_hour(REGION_AS4);

	(void)state;
	region_outage(vn, 3 * HOUR_US);
	catch_up(th, lost.since_us, NULL);
	region_run(region, HOUR_US);
	must_be_done(th, "LA");
	assert_string_equal(state_of(th, "VN").state, "open");
	issue(th, la, number + 1);
	region_run(region, 5 * MINUTE_US);
	assert_int_equal(region_counts(th, "LA").queued, 0);
	region_drain(region, 4 * HOUR_US);
	must_be_done(th, "VN");
	region_check(region);
}

/* Both sides are started anew from their files in the middle of it, on a network that loses, repeats and reorders. */
static void a_catch_up_that_is_interrupted_goes_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bindings); i++) {
		struct lost lost = lose_an_hour(bindings[i]);
		region->odds = odds_storm;
		catch_up(th, lost.since_us, NULL);
		for (int64_t stop = 1; stop <= 6; stop++) {
			region_run(region, stop * 20 * SECOND_US);
			region_outage(stop % 2 ? th : vn, MINUTE_US);
			region_outage(la, MINUTE_US / 2);
		}
		region->odds = odds_calm;
		region_drain(region, 12 * HOUR_US);
		must_be_done(th, "LA");
		must_be_done(th, "VN");
		region_compare(th, lost.before_the_loss);
		region_check(region);
	}
}

/* Queued at the time of the backup, delivered since: it is not sent a second time, but settled by what the partner has.
 */
static void what_was_still_to_be_sent_at_the_time_of_the_backup_is_settled_by_its_receipt(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bindings); i++) {
		begin(bindings[i]);
		an_hour();
		region_outage(vn, HOUR_US);
		issue(th, vn, number + 1);
		region_run(region, 10 * MINUTE_US);
		int64_t since_us = region->now_us;
		const char *backup = region_backup(th);
		region_drain(region, 6 * HOUR_US);
		const char *before_the_loss = region_backup(th);
		region_restore(th, backup);
		assert_int_equal(region_counts(th, "VN").queued, 1);
		catch_up(th, since_us, "VN");
		unsigned before = region->requests;
		region_drain(region, 6 * HOUR_US);
		must_be_done(th, "VN");
		region_compare(th, before_the_loss);
		region_check(region);
		assert_true(region->requests > before);
	}
}

/* What both have lost nobody has; submitted again it is exchanged, once. */
static void what_both_sides_have_lost_is_exchanged_when_it_is_submitted_again(void **state)
{
	(void)state;
	begin(REGION_AS4);
	an_hour();
	region_drain(region, HOUR_US);
	int64_t since_us = region->now_us;
	const char *backups[] = { region_backup(th), region_backup(vn) };
	unsigned which = ++number;
	issue(th, vn, which);
	issue(la, th, ++number);
	issue(vn, la, ++number);
	region_drain(region, HOUR_US);
	region_restore(th, backups[0]);
	region_restore(vn, backups[1]);
	catch_up(th, since_us, NULL);
	catch_up(vn, since_us, NULL);
	region_drain(region, HOUR_US);
	must_be_done(th, "LA");
	must_be_done(vn, "LA");
	assert_string_equal(state_of(th, "VN").state, "done");
	assert_int_equal(state_of(th, "VN").recovered, 0);
	assert_int_equal(region_open_tasks(th, "catch-up"), 1); /* what had not been sent is to be submitted again */
	for (size_t i = 0; i < region->submitted_count; i++)
		if (region->submitted[i].node == th && !region_message(th, region->submitted[i].message).id)
			region->submitted[i] = region->submitted[--region->submitted_count];
	issue(th, vn, which);
	region_drain(region, HOUR_US);
	region_check(region);
}

/* --- A partner that is not honest --- */

struct looking {
	const char *subject;
	struct journal_list list;
};

static enum err_code timeline_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;

	return journal_of(tx, region->arena, looking->subject, 1000, &looking->list, err);
}

static size_t told(struct region_node *node, const char *subject, const char *event)
{
	struct looking looking = { .subject = subject };
	size_t count = 0;

	region_must(region, db_read(node->kernel.db, timeline_run, &looking, &region->err));
	for (size_t i = 0; i < looking.list.count; i++)
		count += same(looking.list.entries[i].event, event);
	return count;
}

#define OF_THE_HOUR "message.service = 'urn:lintas:service:documents:1' AND partner = 'TH'"
/* The last one of DIRECTION with TH; what VN changes is in the lost hour. */
#define LAST(direction)                                                                                                \
	"(SELECT id FROM message WHERE " OF_THE_HOUR " AND direction = '" direction "' ORDER BY id DESC LIMIT 1)"
#define FIRST_BUT_ONE(direction)                                                                                       \
	"(SELECT id FROM message WHERE " OF_THE_HOUR " AND direction = '" direction                                    \
	"' ORDER BY id DESC LIMIT 1 OFFSET 1)"
#define WIRE(message, kind) "(SELECT octets FROM wire WHERE message = " message " AND kind = '" kind "' LIMIT 1)"
#define PUT_WIRE(message, kind, octets)                                                                                \
	"UPDATE wire SET octets = " octets " WHERE message = " message " AND kind = '" kind "'"

/* Each on VN's side, of the last message that TH had sent it, or it had sent TH; one message is then not believed. */
static const struct {
	const char *what, *sql;
} lies[] = {
	{ "another payload of ours",
	  "UPDATE message_part SET octets = CAST(octets || x'20' AS BLOB) WHERE message = " LAST("in") },
	{ "another payload of its own",
	  "UPDATE message_part SET octets = CAST(octets || x'20' AS BLOB) WHERE message = " LAST("out") },
	{ "an envelope of ours with another message id",
	  PUT_WIRE(LAST("in"), "received",
		   "CAST(replace(CAST(" WIRE(LAST("in"), "received") " AS TEXT), '-', '_') AS BLOB)") },
	{ "what it has signed itself as ours", PUT_WIRE(LAST("in"), "received", WIRE(LAST("out"), "sent")) },
	{ "another one of ours for it", PUT_WIRE(LAST("in"), "received", WIRE(FIRST_BUT_ONE("in"), "received")) },
	{ "its receipt for another", PUT_WIRE(LAST("in"), "receipt-sent", WIRE(FIRST_BUT_ONE("in"), "receipt-sent")) },
	{ "our receipt for another",
	  PUT_WIRE(LAST("out"), "receipt-received", WIRE(FIRST_BUT_ONE("out"), "receipt-received")) },
	{ "a receipt that it has signed itself as ours",
	  PUT_WIRE(LAST("out"), "receipt-received", WIRE(LAST("in"), "receipt-sent")) },
	{ "no receipt", "DELETE FROM wire WHERE message = " LAST("in") " AND kind = 'receipt-sent'" },
	{ "what it has from LA as ours",
	  "UPDATE message SET partner = 'TH' WHERE id = (SELECT id FROM message WHERE direction = 'in' AND partner = 'LA'"
	  " AND service = 'urn:lintas:service:documents:1' ORDER BY id DESC LIMIT 1)" },
	{ "what it has sent LA as sent to us",
	  "UPDATE message SET partner = 'TH' WHERE id = (SELECT id FROM message WHERE direction = 'out' AND partner = 'LA'"
	  " AND service = 'urn:lintas:service:documents:1' ORDER BY id DESC LIMIT 1)" },
};

static void what_is_not_proved_is_refused_and_the_rest_is_recovered(void **state)
{
	struct lost lost = lose_an_hour(REGION_AS4);

	(void)state;
	issue(vn, la, number + 1);
	region_drain(region, HOUR_US);
	const char *honest = region_backup(vn), *begun = region_backup(th);
	for (size_t i = 0; i < COUNT(lies); i++) {
		region_restore(vn, honest);
		region_restore(th, begun);
		region_sql(vn, lies[i].sql);
		catch_up(th, lost.since_us, "VN");
		region_drain(region, HOUR_US);
		struct catch_up c = state_of(th, "VN");
		if (!same(c.state, "done") || c.refused != 1 || c.recovered < 8)
			region_fail(region, "%s: %s, %lld refused, %lld recovered", lies[i].what, c.state,
				    (long long)c.refused, (long long)c.recovered);
		assert_int_equal(told(th, c.id, "catch-up-not-believed"), 1);
		assert_int_equal(region_open_tasks(th, "catch-up"), 2);
	}
	region_check_journals(region);
}

static const char *blob_of(struct bytes octets)
{
	char *text = arena_alloc(region->arena, 2 * octets.size + 4), *at = text;

	assert_non_null(text);
	at += snprintf(at, 3, "x'");
	for (size_t i = 0; i < octets.size; i++)
		at += snprintf(at, 3, "%02x", octets.data[i]);
	snprintf(at, 2, "'");
	return text;
}

/* In the place of the last message that it had sent TH. */
static void invented(const struct letter2 *letter, const struct wire *sent, const struct wire *acknowledgment)
{
	struct message_part part = { .octets = letter->payload };
	const char *digest = message_digest(region->arena, &(struct message_parts){ &part, 1 });

	region_sql(vn, arena_printf(region->arena,
				    "UPDATE message SET message_id = '%s', digest = '%s' WHERE id = " LAST("out"),
				    letter->message_id, digest));
	region_sql(vn, arena_printf(region->arena,
				    "UPDATE message_part SET octets = %s, compressed = 0, content_id = 'payload@letter'"
				    " WHERE message = " LAST("out"),
				    blob_of(letter->payload)));
	region_sql(vn, arena_printf(region->arena,
				    "UPDATE wire SET content_type = '%s', octets = %s WHERE message = " LAST(
					    "out") " AND kind = 'sent'",
				    sent->content_type, blob_of(sent->octets)));
	region_sql(vn, arena_printf(region->arena,
				    "UPDATE wire SET content_type = '%s', octets = %s WHERE message = " LAST(
					    "out") " AND kind = 'receipt-received'",
				    acknowledgment->content_type, blob_of(acknowledgment->octets)));
}

/* A message that TH never got, and an acknowledgment without a signature, which anybody can make. The agreement asks
 * for a signed one; that the message does not is the partner's saying. */
static void an_acknowledgment_that_is_not_signed_proves_nothing_if_a_signed_one_was_agreed(void **state)
{
	struct lost lost = lose_an_hour(REGION_EBMS2_SYNC);
	struct letter2 letter = letter2_new(region, ++number);
	const struct answer2 answer = { .keys = "TH", .kind = KIND_RECEIPT, .is_unsigned = true };

	(void)state;
	letter.wishes.ack_signed = false;
	const struct wire sent = letter2_pack(region, &letter), acknowledgment = answer2_pack(region, &answer, &sent);
	invented(&letter, &sent, &acknowledgment);
	catch_up(th, lost.since_us, "VN");
	region_drain(region, HOUR_US);
	struct catch_up c = state_of(th, "VN");
	if (!same(c.state, "done") || c.refused != 1 || c.recovered < 8)
		region_fail(region, "%s, %lld refused, %lld recovered", c.state, (long long)c.refused,
			    (long long)c.recovered);
	assert_int_equal(told(th, c.id, "catch-up-not-believed"), 1);
	region_check_journals(region);
}

/* --- A partner that has much, or not everything any more --- */

/* Versions that were sent before, each as large as a return may well be: a fetch is answered in parts. */
static void what_does_not_fit_into_one_answer_is_asked_for_until_it_is_there(void **state)
{
	(void)state;
	begin(REGION_AS4);
	an_hour();
	int64_t since_us = region->now_us;
	const char *backup = region_backup(th);
	for (unsigned i = 0; i < 20; i++)
		issue(vn, th, ++number);
	region_drain(region, HOUR_US);
	region_restore(th, backup);
	region_sql(vn,
		   "INSERT INTO wire SELECT '00000000' || substr(id, 9), message, partner, kind, at_us, content_type,"
		   " zeroblob(5500000), digest, record, certificate, basis FROM wire WHERE kind = 'sent' AND message IN"
		   " (SELECT id FROM message WHERE " OF_THE_HOUR " AND direction = 'out' ORDER BY id DESC LIMIT 20)");
	catch_up(th, since_us, "VN");
	region_drain(region, HOUR_US);
	must_be_done(th, "VN");
	assert_int_equal(state_of(th, "VN").recovered, 20);
	region_check_journals(region);
}

static void what_the_partner_has_deleted_by_rule_is_named_and_not_called_a_lie(void **state)
{
	struct lost lost = lose_an_hour(REGION_AS4);

	(void)state;
	region_sql(vn, "DELETE FROM wire WHERE message = " LAST("out"));
	region_sql(vn, "DELETE FROM message_part WHERE message = " LAST("out"));
	region_sql(vn, "UPDATE message SET deleted_us = 1 WHERE id = " LAST("out"));
	catch_up(th, lost.since_us, "VN");
	region_drain(region, HOUR_US);
	struct catch_up c = state_of(th, "VN");
	assert_string_equal(c.state, "done");
	assert_int_equal(c.unavailable, 1);
	assert_int_equal(c.refused, 0);
	assert_int_equal(told(th, c.id, "catch-up-unavailable"), 1);
	assert_int_equal(told(th, c.id, "catch-up-not-believed"), 0);
	region_check_journals(region);
}

/* --- A partner that cannot --- */

/* As a gateway of others answers a service that it does not know: a signed error that is final. */
static bool answer_with_an_error(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
				 struct http_answer *answer)
{
	struct message_list waiting = region_messages(th, "out", "queued");

	(void)arg, (void)arena, (void)call;
	for (size_t i = 0; to == la && i < waiting.count; i++)
		if (same(waiting.items[i].action, CATCH_UP_REQUEST) && same(waiting.items[i].partner, "LA")) {
			struct letter letter = letter_to_la(region, 1);
			letter.message_id = waiting.items[i].message_id;
			struct wire error = letter_error(region, &letter, "LA", RULE_ACTION);
			*answer = (struct http_answer){ .status = 200,
							.content_type = error.content_type,
							.body = error.octets };
			return true;
		}
	return false;
}

static void a_partner_that_knows_nothing_of_it_is_named_and_holds_nothing_up(void **state)
{
	struct lost lost = lose_an_hour(REGION_AS4);

	(void)state;
	region->intercept = answer_with_an_error;
	catch_up(th, lost.since_us, NULL);
	region_run(region, 10 * MINUTE_US);
	region->intercept = NULL;
	must_be_done(th, "VN");
	struct catch_up c = state_of(th, "LA");
	assert_string_equal(c.state, "refused");
	assert_non_null(c.reason);
	assert_true(region_open_tasks(th, "catch-up") >= 2);
	issue(th, la, number + 1);
	issue(la, th, number + 2);
	region_run(region, 10 * MINUTE_US);
	assert_int_equal(region_counts(th, "LA").queued, 0);
	assert_int_equal(region_messages(th, "in", "received").count, 0);
}

/* --- What may be asked --- */

static void nobody_asks_for_more_than_a_week_nor_is_given_it(void **state)
{
	unsigned begun;

	(void)state;
	begin(REGION_AS4);
	struct catch_up_order order = { .since_us = region->now_us - 8 * DAY_US, .actor = { .name = "operator" } };
	assert_int_equal(catch_up_begin(&th->kernel, &order, region->now_us, &begun, &region->err), ERR_INVALID);
	order.since_us = region->now_us - HOUR_US;
	order.partner = "XX";
	assert_int_equal(catch_up_begin(&th->kernel, &order, region->now_us, &begun, &region->err), ERR_NOT_FOUND);
	/* A clock that is two days slow does not know. */
	th->clock.skew_us = -2 * DAY_US;
	order = (struct catch_up_order){ .since_us = region->now_us - 8 * DAY_US,
					 .partner = "LA",
					 .actor = { .name = "operator" } };
	region_must(region, catch_up_begin(&th->kernel, &order, region->now_us - 2 * DAY_US, &begun, &region->err));
	assert_int_equal(catch_up_begin(&th->kernel, &order, region->now_us - 2 * DAY_US, &begun, &region->err),
			 ERR_CONFLICT);
	region_drain(region, HOUR_US);
	assert_string_equal(state_of(th, "LA").state, "refused");
	assert_int_equal(told(la, state_of(th, "LA").id, "catch-up-denied"), 1);
}

static void an_operator_ends_it_and_what_waits_goes_on(void **state)
{
	struct lost lost = lose_an_hour(REGION_AS4);
	const struct actor operator_ = { .name = "operator" };

	(void)state;
	catch_up(th, lost.since_us, NULL);
	region_outage(vn, 6 * HOUR_US);
	region_run(region, MINUTE_US);
	region_must(region, catch_up_end(&th->kernel, "VN", &operator_, region->now_us, &region->err));
	assert_int_equal(catch_up_end(&th->kernel, "VN", &operator_, region->now_us, &region->err), ERR_NOT_FOUND);
	region_drain(region, 7 * HOUR_US);
	assert_string_equal(state_of(th, "VN").state, "ended");
	assert_int_equal(state_of(th, "VN").recovered, 0);
}

/* --- The feed --- */

struct reading {
	int64_t cursor, sequence;
};

static enum err_code head_run(struct tx *tx, void *arg, struct err *err)
{
	struct reading *reading = arg;
	struct journal_list list;

	TRY(journal_after(tx, region->arena, 0, NULL, 100000, &list, err));
	reading->cursor = list.entries[list.count - 1].number;
	return OK;
}

static enum err_code read_run(struct tx *tx, void *arg, struct err *err)
{
	struct reading *reading = arg;

	return journal_number_read(tx, reading->cursor, &reading->sequence, err);
}

static int64_t head_of(struct region_node *node)
{
	struct reading reading;

	region_must(region, db_read(node->kernel.db, head_run, &reading, &region->err));
	return reading.cursor;
}

static enum err_code read_at(struct region_node *node, int64_t cursor)
{
	struct reading reading = { .cursor = cursor };

	return db_read(node->kernel.db, read_run, &reading, &region->err);
}

static void a_reader_of_the_feed_is_told_that_its_cursor_was_lost_however_late_it_comes(void **state)
{
	(void)state;
	begin(REGION_AS4);
	an_hour();
	region_drain(region, HOUR_US);
	int64_t since_us = region->now_us, before = head_of(th);
	const char *backup = region_backup(th);
	an_hour();
	int64_t lost = head_of(th);
	assert_true(lost > before);
	assert_int_equal(read_at(th, lost), OK);
	region_restore(th, backup);
	catch_up(th, since_us, NULL);
	assert_int_equal(read_at(th, lost), ERR_CONFLICT);
	assert_non_null(strstr(region->err.text, "restored from a backup"));
	assert_int_equal(read_at(th, before), OK);
	region_drain(region, HOUR_US);
	an_hour();
	an_hour();
	assert_int_equal(read_at(th, lost), ERR_CONFLICT);
	assert_int_equal(read_at(th, before), OK);
	assert_int_equal(read_at(th, head_of(th)), OK);
	assert_int_equal(read_at(th, head_of(th) + 1), ERR_CONFLICT);
}

static enum err_code put_no_note(struct tx *tx, void *arg, struct err *err)
{
	struct message *message = arg;
	const struct actor actor = { .name = "operator" };
	struct message_part part = { .content_id = "note",
				     .mime_type = "application/json",
				     .octets = bytes_of("{\"id\":") };
	struct message_parts parts = { .items = &part, .count = 1 };

	*message = (struct message){ .partner = "TH",
				     .organisation = "customs",
				     .service = SERVICE_CONTINUITY,
				     .action = CATCH_UP_REQUEST,
				     .original_sender = "LA:customs",
				     .final_recipient = "TH:customs" };
	return outbox_put(&la->kernel, tx, region->arena, message, &parts, &actor, region->now_us, err);
}

/* What is no JSON is said so: it is nothing that is missing in a note. */
static void what_is_no_note_is_called_that_and_holds_nothing_up(void **state)
{
	struct message message;
	struct looking looking = { 0 };
	const char *detail = "";

	(void)state;
	begin(REGION_AS4);
	region_must(region, db_write(la->kernel.db, put_no_note, &message, &region->err));
	region_settle(region);
	assert_string_equal(region_message(la, message.id).state, "delivered");
	struct message_list received = region_messages(th, "in", "processed");
	assert_int_equal(received.count, 1);
	looking.subject = received.items[0].id;
	region_must(region, db_read(th->kernel.db, timeline_run, &looking, &region->err));
	for (size_t i = 0; i < looking.list.count; i++)
		if (same(looking.list.entries[i].event, "processed"))
			detail = looking.list.entries[i].detail;
	assert_string_equal(detail, "1 findings, first CUP-001");
	issue(la, th, 1);
	region_drain(region, HOUR_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_was_exchanged_in_the_lost_hour_is_again_as_it_was, let_go),
		cmocka_unit_test_teardown(what_is_new_waits_for_what_is_lost_and_is_taken_in_after_it, let_go),
		cmocka_unit_test_teardown(a_partner_that_is_away_is_waited_for_and_the_others_are_not, let_go),
		cmocka_unit_test_teardown(a_catch_up_that_is_interrupted_goes_on, let_go),
		cmocka_unit_test_teardown(what_was_still_to_be_sent_at_the_time_of_the_backup_is_settled_by_its_receipt,
					  let_go),
		cmocka_unit_test_teardown(what_both_sides_have_lost_is_exchanged_when_it_is_submitted_again, let_go),
		cmocka_unit_test_teardown(what_is_not_proved_is_refused_and_the_rest_is_recovered, let_go),
		cmocka_unit_test_teardown(
			an_acknowledgment_that_is_not_signed_proves_nothing_if_a_signed_one_was_agreed, let_go),
		cmocka_unit_test_teardown(what_does_not_fit_into_one_answer_is_asked_for_until_it_is_there, let_go),
		cmocka_unit_test_teardown(what_the_partner_has_deleted_by_rule_is_named_and_not_called_a_lie, let_go),
		cmocka_unit_test_teardown(a_partner_that_knows_nothing_of_it_is_named_and_holds_nothing_up, let_go),
		cmocka_unit_test_teardown(nobody_asks_for_more_than_a_week_nor_is_given_it, let_go),
		cmocka_unit_test_teardown(an_operator_ends_it_and_what_waits_goes_on, let_go),
		cmocka_unit_test_teardown(what_is_no_note_is_called_that_and_holds_nothing_up, let_go),
		cmocka_unit_test_teardown(a_reader_of_the_feed_is_told_that_its_cursor_was_lost_however_late_it_comes,
					  let_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
