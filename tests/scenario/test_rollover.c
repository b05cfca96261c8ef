/* Two partners move from one security profile to another, one after the other, with messages under way. What is sent
 * between the two changes waits; nothing is lost, doubled or given up. TH sends, VN receives. */
#include "base/text.h"
#include "keyring.h"
#include "letter.h"

static struct region *region; /* freed even if a test fails in between */
static struct region_node *th, *vn;

static int begin(void **state)
{
	(void)state;
	region = region_new(&(struct region_options){ .seed = 1, .odds = odds_calm });
	th = &region->nodes[TH];
	vn = &region->nodes[VN];
	return 0;
}

static int end(void **state)
{
	(void)state;
	region_free(region);
	return 0;
}

/* NODE believes the keys of PEER for the next profile beside those in use. */
static void prepare(struct region_node *node, struct region_node *peer)
{
	struct key_list list;

	region_must(region, keystore_list(peer->keys_directory, &list, &region->err));
	region_believe(node, peer->state, "sign", cert_der(keyring_find(&list, KEY_USE_SIGN, KEY_ED25519)), TIME_NONE);
	region_believe(node, peer->state, "encrypt", cert_der(keyring_find(&list, KEY_USE_DECRYPT, KEY_X25519)),
		       TIME_NONE);
	key_list_done(&list);
}

struct changing {
	struct region_node *node, *peer;
	const char *profile;
};

static enum err_code change_profile(struct tx *tx, void *arg, struct err *err)
{
	const struct changing *changing = arg;
	const struct actor operator_ = { .name = "operator" };
	struct partner partner;

	TRY(partner_find(tx, region->arena, changing->peer->state, &partner, err));
	partner.profile = changing->profile;
	return partner_change(tx, &partner, &operator_, clock_now_us(&changing->node->clock.clock), err);
}

static void change(struct region_node *node, struct region_node *peer, const char *profile)
{
	struct changing changing = { .node = node, .peer = peer, .profile = profile };

	region_must(region, db_write(node->kernel.db, change_profile, &changing, &region->err));
	region_must(region, messaging_refresh(node->messaging, false, &region->err));
}

static struct message put_certificate(unsigned number)
{
	struct document_result sent =
		region_submit(th, "dft", paper_form_d(region, "TH", "VN", number, region_today(th)));

	return region_message(th, sent.message);
}

static struct messaging_counters counters(struct region_node *node)
{
	struct messaging_counters found;

	messaging_counters(node->messaging, &found);
	return found;
}

/* Whoever changes first: what is sent meanwhile is refused by a known partner, whose answer the sender cannot take for
 * one either, so it tries again, and signs and encrypts anew once both have changed. */
static void a_message_between_two_changes_of_profile_waits(struct region_node *first, struct region_node *second)
{
	prepare(th, vn);
	prepare(vn, th);
	struct message before = put_certificate(1);
	region_settle(region);
	assert_string_equal(region_message(th, before.id).state, "delivered");

	change(first, first == th ? vn : th, "edelivery-2.0");
	int64_t strangers = counters(vn).strangers;
	struct message between = put_certificate(2);
	region_run(region, HOUR_US);
	assert_string_equal(region_message(th, between.id).state, "queued");
	assert_true(region_message(th, between.id).attempts > 1);
	assert_true(counters(vn).refused > 0);
	assert_int_equal(counters(vn).strangers, strangers);
	assert_int_equal(region_documents(vn, "in").count, 1);

	change(second, second == th ? vn : th, "edelivery-2.0");
	region_drain(region, DAY_US);
	assert_string_equal(region_message(th, between.id).state, "delivered");
	assert_int_equal(region_documents(vn, "in").count, 2);
	assert_int_equal(region_messages(th, "out", "dead").count, 0);
	region_check(region);
}

static void what_is_sent_after_the_receiver_has_changed_waits_for_the_sender(void **state)
{
	(void)state;
	a_message_between_two_changes_of_profile_waits(vn, th);
}

static void what_is_sent_before_the_receiver_has_changed_waits_for_it(void **state)
{
	(void)state;
	a_message_between_two_changes_of_profile_waits(th, vn);
}

static bool lose_answer(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
			struct http_answer *answer)
{
	(void)arg;
	region_post(to, arena, call->headers[0].value, call->body, answer);
	assert_int_equal(answer->status, 200);
	region_note_answer(to, answer->body);
	*answer = (struct http_answer){ .status = 502, .content_type = "" };
	return true;
}

/* AS4 profile 1.0 §3.2: the repetition gets the receipt of the first acceptance, which was signed as agreed then. */
static void a_receipt_from_before_the_change_settles_the_message(void **state)
{
	(void)state;
	prepare(th, vn);
	prepare(vn, th);
	region->intercept = lose_answer;
	struct message message = put_certificate(1);
	region_settle(region);
	region->intercept = NULL;
	assert_string_equal(region_message(th, message.id).state, "queued");
	assert_int_equal(region_documents(vn, "in").count, 1);
	change(th, vn, "edelivery-2.0");
	change(vn, th, "edelivery-2.0");
	region_drain(region, DAY_US);
	assert_string_equal(region_message(th, message.id).state, "delivered");
	assert_true(counters(vn).duplicates > 0);
	assert_int_equal(region_documents(vn, "in").count, 1);
	region_check(region);
}

#define ROLLOVER_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ROLLOVER_TEST(what_is_sent_after_the_receiver_has_changed_waits_for_the_sender),
		ROLLOVER_TEST(what_is_sent_before_the_receiver_has_changed_waits_for_it),
		ROLLOVER_TEST(a_receipt_from_before_the_change_settles_the_message),
	};

	return cmocka_run_group_tests_name("rollover", tests, NULL, NULL);
}
