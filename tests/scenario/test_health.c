/* Links in virtual time: what a node knows of a partner that falls silent while nothing is exchanged with it. The
 * bounds follow from the settings: a heartbeat comes at most a tenth late, and one that is not answered is repeated
 * after a quarter of its interval, until there are three. TH looks at VN. */
#include "region.h"

#include "base/text.h"
#include "kernel/journal.h"
#include "kernel/link.h"
#include "messaging/health_int.h"

#define HEARTBEAT_US (10 * MINUTE_US)
#define ALARM_US     HOUR_US
/* A heartbeat and two repetitions, each a tenth late; and the minutes in which the test looks. */
#define KNOWN_US (HEARTBEAT_US * 11 / 10 + 2 * (HEARTBEAT_US / 4 * 11 / 10) + 2 * MINUTE_US)
#define BACK_US  (HEARTBEAT_US / 4 * 11 / 10 + 2 * MINUTE_US)

static struct region *region;
static struct region_node *th, *vn;

static const struct {
	const char *name;
	enum region_ebms2 ebms2;
} modes[] = {
	{ "AS4", REGION_AS4 },
	{ "ebMS 2, answered at once", REGION_EBMS2_SYNC },
	{ "ebMS 2, answered later", REGION_EBMS2_ASYNC },
};

static void begin(enum region_ebms2 ebms2)
{
	region = region_new(&(struct region_options){
		.seed = 1,
		.odds = odds_calm,
		.ebms2 = ebms2,
		.health = { .heartbeat_us = HEARTBEAT_US, .slow_us = 10 * SECOND_US, .alarm_us = ALARM_US } });
	th = &region->nodes[TH];
	vn = &region->nodes[VN];
}

struct looking {
	struct region_node *node;
	const char *partner;
	struct link_list links;
	struct journal_list journal;
};

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;

	TRY(journal_of(tx, region->arena, looking->partner, 1000, &looking->journal, err));
	return link_list(tx, region->arena, clock_now_us(&looking->node->clock.clock), &looking->links, err);
}

static struct link link_of(struct region_node *node, const char *partner)
{
	struct looking looking = { .node = node, .partner = partner };

	region_must(region, db_read(node->kernel.db, look_run, &looking, &region->err));
	for (size_t i = 0; i < looking.links.count; i++)
		if (same(looking.links.items[i].partner, partner))
			return looking.links.items[i];
	fail_msg("%s has no link with %s", node->state, partner);
	return (struct link){ 0 };
}

static size_t entries(struct region_node *node, const char *partner, const char *event)
{
	struct looking looking = { .node = node, .partner = partner };
	size_t count = 0;

	region_must(region, db_read(node->kernel.db, look_run, &looking, &region->err));
	for (size_t i = 0; i < looking.journal.count; i++)
		count += same(looking.journal.entries[i].event, event);
	return count;
}

/* How long it took until the link is in STATE: at most LIMIT_US. */
static int64_t run_until(const char *state, int64_t limit_us)
{
	int64_t from_us = region->now_us;

	while (!same(link_of(th, "VN").state, state)) {
		if (region->now_us - from_us > limit_us)
			region_fail(region, "after %lld s the link is %s, not %s",
				    (long long)((region->now_us - from_us) / SECOND_US), link_of(th, "VN").state,
				    state);
		region_run(region, MINUTE_US / 2);
	}
	return region->now_us - from_us;
}

static void a_partner_that_falls_silent_is_known_to_be_down_and_to_be_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		begin(modes[i].ebms2);
		run_until(LINK_UP, KNOWN_US);
		assert_int_equal(entries(th, "VN", "link-up"), 1);

		int64_t silent_us = region->now_us;
		region_outage(vn, 3 * HOUR_US);
		run_until(LINK_DOWN, KNOWN_US);
		struct link link = link_of(th, "VN");
		assert_true(link.failures >= LINK_FAILURES);
		assert_non_null(strstr(link.reason, "refuses connections"));
		assert_true(link.since_us >= silent_us && link.since_us <= region->now_us);
		assert_int_equal(entries(th, "VN", "link-down"), 1);
		assert_int_equal(region_open_tasks(th, TASK_LINK), 0);
		region_run(region, ALARM_US + 2 * MINUTE_US);
		assert_int_equal(region_open_tasks(th, TASK_LINK), 1);
		/* A dead partner finds no heap of pings. */
		assert_int_equal(region_messages(th, "out", NULL).count, 0);

		region_run(region, vn->down_until_us - region->now_us);
		run_until(LINK_UP, BACK_US);
		region_run(region, MINUTE_US);
		assert_int_equal(region_open_tasks(th, TASK_LINK), 0);
		assert_int_equal(link_of(th, "VN").failures, 0);
		assert_int_equal(entries(th, "VN", "link-down"), 1);
		assert_int_equal(entries(th, "VN", "link-up"), 2);
		region_check_journals(region);
		region_free(region);
	}
}

static size_t received_from_th(void)
{
	struct message_list list = region_messages(vn, "in", NULL);
	size_t count = 0;

	for (size_t i = 0; i < list.count; i++)
		count += same(list.items[i].partner, "TH");
	return count;
}

static void what_is_exchanged_is_as_good_as_a_heartbeat(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		begin(modes[i].ebms2);
		region_run(region, HEARTBEAT_US);
		size_t pings = received_from_th();
		unsigned before = region->requests;
		for (unsigned n = 1; n <= 12; n++) {
			region_submit(th, "dft", paper_form_d(region, "TH", "VN", n, region_today(th)));
			region_run(region, HEARTBEAT_US / 2);
		}
		assert_true(region->requests > before);
		struct link link = link_of(th, "VN");
		assert_string_equal(link.state, LINK_UP);
		assert_true(link.receipt_us > region->now_us - HEARTBEAT_US);
		assert_true(link.median_ms != INTEGER_NONE && link.p99_ms >= link.median_ms);
		/* An hour without a single ping: VN has the twelve documents alone. */
		assert_int_equal(received_from_th(), pings + 12);
		region_free(region);
	}
}

/* Traffic tells sooner: three attempts of the outbox, at 0, 5 and 15 s with the default back-off, are enough. */
static void a_document_that_finds_nobody_tells_within_a_minute(void **state)
{
	(void)state;
	begin(REGION_AS4);
	run_until(LINK_UP, KNOWN_US);
	region_outage(vn, HOUR_US);
	region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, region_today(th)));
	assert_true(run_until(LINK_DOWN, 2 * MINUTE_US) <= MINUTE_US);
	region_drain(region, DAY_US);
	assert_string_equal(link_of(th, "VN").state, LINK_UP);
	region_check_journals(region);
	region_free(region);
}

/* VN cannot reach TH, and says so by nothing that TH sees but its silence; TH reaches VN. */
static void to_be_heard_is_not_to_be_answered(void **state)
{
	(void)state;
	begin(REGION_AS4);
	run_until(LINK_UP, KNOWN_US);
	int64_t heard_us = link_of(th, "VN").heard_us;
	region_run(region, 2 * HEARTBEAT_US);
	assert_true(link_of(th, "VN").heard_us > heard_us);
	assert_int_equal(entries(th, "VN", "link-up"), 1);
	region_free(region);
}

/* As a round trip that a hundred seconds of delay make slow, by the median of the last five. */
static void a_partner_whose_answers_take_long_is_slow(void **state)
{
	(void)state;
	begin(REGION_AS4);
	run_until(LINK_UP, KNOWN_US);
	region->odds.delay_us = 60 * SECOND_US;
	run_until(LINK_SLOW, 8 * HEARTBEAT_US);
	region->odds.delay_us = 0;
	run_until(LINK_UP, 8 * HEARTBEAT_US);
	assert_int_equal(entries(th, "VN", "link-slow"), 1);
	assert_int_equal(entries(th, "VN", "link-down"), 0);
	region_free(region);
}

/* "ก" has three octets in UTF-8: whatever the bound, with one of three beginnings it lies within a letter. */
static void what_a_partner_says_in_another_script_is_not_cut_within_a_letter(void **state)
{
	char reason[3 * 200 + 3] = "x";

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		memset(reason, 'x', shift);
		for (size_t at = shift; at + 3 < sizeof(reason); at += 3)
			memcpy(reason + at, "\xE0\xB8\x81", 4);
		begin(REGION_AS4);
		run_until(LINK_UP, KNOWN_US);
		for (int64_t i = 0; i < LINK_FAILURES; i++)
			health_failed(th->messaging, "VN", reason, region->now_us);
		region_run(region, MINUTE_US / 4);
		struct link link = link_of(th, "VN");
		assert_string_equal(link.observed, LINK_DOWN);
		assert_true(utf8_valid(bytes_of(link.reason)));
		assert_true(starts_with(reason, link.reason) && strlen(link.reason) > 200);
		region_free(region);
	}
}

/* VN's answers, each with another signature than VN's: the certificate is believed, the octets are not its. */
static bool forge_answers(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
			  struct http_answer *answer)
{
	(void)arg;
	if (to != vn)
		return false;
	region_post(to, arena, call->headers[0].value, call->body, answer);
	char *text = arena_text_of(arena, answer->body);
	char *value = text ? strstr(text, "SignatureValue>") : NULL;

	if (value) {
		value += strlen("SignatureValue>");
		*value = *value == 'A' ? 'B' : 'A';
		answer->body = bytes_of(text);
	}
	return true;
}

static void who_forges_a_partner_s_answers_does_not_keep_its_link_up(void **state)
{
	(void)state;
	begin(REGION_AS4);
	run_until(LINK_UP, KNOWN_US);
	region->intercept = forge_answers;
	region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, region_today(th)));
	run_until(LINK_DOWN, 5 * MINUTE_US);
	assert_non_null(strstr(link_of(th, "VN").reason, "no valid receipt"));
	region->intercept = NULL;
	run_until(LINK_UP, HOUR_US);
	region_drain(region, DAY_US);
	region_free(region);
}

/* --- The end of our own process --- */

/* How far the exchange has come that is cut off; after it the node is there again. */
static enum http_stage cut_off_at;
static unsigned cut_offs;

static enum err_code cut_off_once(struct http_client *client, struct arena *arena, const struct http_call *call,
				  struct http_answer *answer, struct err *err)
{
	(void)arena, (void)answer;
	if (call->failed_at)
		*call->failed_at = cut_off_at;
	client->call = region_call;
	cut_offs++;
	return fail(err, ERR_BUSY, "this node is stopping and gave up waiting for %s", call->url);
}

static void cut_off(struct region_node *node, enum http_stage stage)
{
	cut_off_at = stage;
	cut_offs = 0;
	node->line.client.call = cut_off_once;
}

/* No time passes, so whatever waits for a back-off stays. */
static void the_end_of_our_process_is_no_attempt_and_no_fault_of_the_partner(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		begin(modes[i].ebms2);
		run_until(LINK_UP, KNOWN_US);
		struct document_result sent =
			region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, region_today(th)));
		cut_off(th, HTTP_EXCHANGE);
		region_settle(region);
		assert_int_equal(cut_offs, 1);
		struct message after = region_message(th, sent.message);
		assert_string_equal(after.state, "delivered");
		assert_int_equal(after.attempts, 1);
		assert_null(after.last_error);
		struct messaging_counters counted;
		messaging_counters(th->messaging, &counted);
		assert_int_equal(counted.failed_attempts, 0);
		assert_int_equal(link_of(th, "VN").failures, 0);
		region_free(region);
	}
}

/* By AS4 what may have arrived is sent again like the rest; by ebMS 2 as often as agreed, after the agreed interval
 * (ebMS 2.0 §6.5.4). */
static void what_may_have_arrived_before_the_end_counts_by_ebms_2(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		bool counts = modes[i].ebms2 != REGION_AS4;
		begin(modes[i].ebms2);
		run_until(LINK_UP, KNOWN_US);
		struct document_result sent =
			region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, region_today(th)));
		cut_off(th, HTTP_ANSWER);
		region_settle(region);
		struct message after = region_message(th, sent.message);
		assert_string_equal(after.state, counts ? "queued" : "delivered");
		assert_int_equal(after.attempts, 1);
		assert_true((after.reached_us != TIME_NONE) == counts);
		assert_null(after.last_error);
		region_run(region, 2 * MINUTE_US);
		after = region_message(th, sent.message);
		assert_string_equal(after.state, "delivered");
		assert_int_equal(after.attempts, counts ? 2 : 1);
		assert_int_equal(link_of(th, "VN").failures, 0);
		region_free(region);
	}
}

static void a_reply_that_our_end_cuts_off_goes_at_once_again(void **state)
{
	(void)state;
	begin(REGION_EBMS2_ASYNC);
	struct document_result sent = region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, region_today(th)));
	cut_off(vn, HTTP_ANSWER);
	region_settle(region);
	assert_int_equal(cut_offs, 1);
	assert_string_equal(region_message(th, sent.message).state, "delivered");
	region_free(region);
}

static void a_ping_that_our_end_cuts_off_is_no_silence(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		begin(modes[i].ebms2);
		run_until(LINK_UP, KNOWN_US);
		cut_off(th, HTTP_EXCHANGE);
		for (int minutes = 0; cut_offs == 0 && minutes < 15; minutes++)
			region_run(region, MINUTE_US);
		assert_int_equal(cut_offs, 1);
		region_run(region, 10 * SECOND_US); /* what was seen is told every few seconds */
		assert_int_equal(link_of(th, "VN").failures, 0);
		assert_string_equal(link_of(th, "VN").state, LINK_UP);
		region_free(region);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partner_that_falls_silent_is_known_to_be_down_and_to_be_back),
		cmocka_unit_test(what_is_exchanged_is_as_good_as_a_heartbeat),
		cmocka_unit_test(a_document_that_finds_nobody_tells_within_a_minute),
		cmocka_unit_test(to_be_heard_is_not_to_be_answered),
		cmocka_unit_test(a_partner_whose_answers_take_long_is_slow),
		cmocka_unit_test(who_forges_a_partner_s_answers_does_not_keep_its_link_up),
		cmocka_unit_test(the_end_of_our_process_is_no_attempt_and_no_fault_of_the_partner),
		cmocka_unit_test(what_may_have_arrived_before_the_end_counts_by_ebms_2),
		cmocka_unit_test(a_reply_that_our_end_cuts_off_goes_at_once_again),
		cmocka_unit_test(a_ping_that_our_end_cuts_off_is_no_silence),
		cmocka_unit_test(what_a_partner_says_in_another_script_is_not_cut_within_a_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
