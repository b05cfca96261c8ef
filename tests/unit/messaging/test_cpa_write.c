/* Writing a CPA. The oracle is the schema of OASIS, in the collection and not in the repository. */
#include "../codec/files.h"
#include "agreement.h"

/* The offers that differ in what is written: TLS or none, certificates or none, synchronous or not. */
static struct cpa_offer variant(size_t number)
{
	struct cpa_offer from = offer();

	from.sync = number % 2 == 1;
	if (number / 2 % 2 == 1)
		from.parties[0].endpoint = "http://127.0.0.1:8888/ebms";
	if (number / 4 % 2 == 1)
		from.parties[1].endpoint = "http://127.0.0.1:8088/ebms";
	if (number / 8 % 2 == 1)
		from.parties[0].tls_client = from.parties[0].tls_server = bytes(NULL, 0);
	return from;
}
enum { VARIANTS = 16 };

static void a_written_cpa_is_valid_by_the_schema_of_oasis(void **state)
{
	struct bytes output, sample = file_collected(world.arena, "asw/ebms2/cpa.https.signed-sha256.sample.xml");
	const char *root = getenv("LINTAS_DATA");
	const char *command =
		arena_printf(world.arena, "xmllint --nonet --noout --schema '%s/asw/ebms2/cpp-cpa-2_0.xsd' -",
			     root ? root : SOURCE_ROOT "/../shared/data");

	(void)state;
	if (!oracle(world.arena, "xmllint --version 2>&1", bytes_of(""), &output)) {
		print_message("SKIPPED: xmllint is not installed\n");
		skip();
	}
	assert_true(oracle(world.arena, command, sample, &output));
	assert_false(oracle(world.arena, command, bytes_of(replaced(good(), "<tns:Start>", "<tns:Start>x", false)),
			    &output));
	for (size_t i = 0; i < VARIANTS; i++) {
		struct cpa_offer from = variant(i);
		if (!oracle(world.arena, command, bytes_of(written(&from)), &output))
			fail_msg("variant %zu is not valid", i);
	}
}

static void a_written_cpa_is_read_and_accepted_at_both_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < VARIANTS; i++) {
		struct cpa_offer from = variant(i);
		const struct cpa *cpa = read_good(written(&from));
		assert_int_equal(findings_count(checked(cpa, &vn_seat)), 0);
		assert_int_equal(findings_count(checked(cpa, &th_seat)), 0);
	}
}

static void one_offer_gives_one_text(void **state)
{
	(void)state;
	assert_string_equal(good(), good());
}

static void assert_channel(const struct cpa_channel *channel, const struct cpa_offer_party *party)
{
	assert_string_equal(channel->endpoint, party->endpoint);
	assert_string_equal(channel->sync_reply_mode, "none");
	assert_false(channel->sync);
	assert_int_equal(channel->acknowledged, CPA_ALWAYS);
	assert_int_equal(channel->ack_signed, CPA_ALWAYS);
	assert_int_equal(channel->duplicates_eliminated, CPA_ALWAYS);
	assert_string_equal(channel->actor, "urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH");
	assert_int_equal(channel->retries, 3);
	assert_int_equal(channel->retry_interval_us, 90 * SECOND_US);
	assert_int_equal(channel->persist_us, 25 * HOUR_US);
	assert_string_equal(channel->signature, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
	assert_string_equal(channel->digest, "http://www.w3.org/2001/04/xmlenc#sha256");
	assert_true(bytes_same(channel->signing->der, party->signing));
	assert_false(channel->encrypted);
	if (party->tls_client.size > 0) {
		assert_true(bytes_same(channel->client->der, party->tls_client));
		assert_true(bytes_same(channel->server->der, party->tls_server));
	} else {
		assert_null(channel->client);
		assert_null(channel->server);
	}
}

static void what_was_offered_is_what_is_read(void **state)
{
	struct cpa_offer from = offer();
	const struct cpa *cpa = read_good(written(&from));

	(void)state;
	assert_string_equal(cpa->id, "asw-vn-th-2026");
	assert_string_equal(cpa->status, "agreed");
	assert_int_equal(cpa->start_us, from.start_us);
	assert_int_equal(cpa->end_us, from.end_us);
	for (size_t p = 0; p < 2; p++) {
		const struct cpa_party *party = &cpa->parties[p];
		assert_string_equal(party->name, from.parties[p].name);
		assert_int_equal(party->ids_count, 1);
		assert_ptr_equal(cpa_party_of(cpa, from.parties[p].party_id, from.parties[p].party_type), party);
		assert_ptr_equal(cpa_other(cpa, party), &cpa->parties[1 - p]);
		assert_int_equal(party->actions_count, ACTIONS);
		assert_channel(party->default_channel, &from.parties[p]);
		for (size_t i = 0; i < ACTIONS; i++) {
			bool sends = actions[i].from == p;
			const struct ebms_typed service = { .value = actions[i].service };
			const struct cpa_action *action =
				cpa_action_of(party, sends, sends ? actions[i].from_role : actions[i].to_role, &service,
					      actions[i].action);
			assert_non_null(action);
			assert_true(action->must_sign);
			assert_false(action->confidential_persistent);
			assert_ptr_equal(action->channel, party->default_channel);
			assert_ptr_equal(action->other->other, action);
			assert_string_equal(action->other->role, sends ? actions[i].to_role : actions[i].from_role);
		}
	}
}

/* Some software reads Retries and RetryInterval from the receiver's binding, some from the sender's. */
static void both_bindings_say_the_same_of_reliable_messaging(void **state)
{
	const char *text = good();
	const char *said = "<tns:ReliableMessaging>\n"
			   "\t\t\t\t\t<tns:Retries>3</tns:Retries>\n"
			   "\t\t\t\t\t<tns:RetryInterval>PT1M30S</tns:RetryInterval>\n"
			   "\t\t\t\t\t<tns:MessageOrderSemantics>NotGuaranteed</tns:MessageOrderSemantics>\n"
			   "\t\t\t\t</tns:ReliableMessaging>\n"
			   "\t\t\t\t<tns:PersistDuration>P1DT1H</tns:PersistDuration>";
	size_t count = 0;

	(void)state;
	for (const char *at = text; (at = strstr(at, said)); at++)
		count++;
	assert_int_equal(count, 4); /* two bindings of two parties */
}

static void an_offer_that_makes_no_cpa_is_refused(void **state)
{
	struct cpa_offer_action twice[] = { actions[0], actions[0] }, fork[] = { actions[0], actions[0] };
	struct cpa_offer_action roleless = actions[0], nameless = actions[0];
	struct cpa_offer bad[14];
	buf_auto out = { 0 };
	struct err err = { 0 };

	(void)state;
	roleless.from_role = "";
	nameless.service = "form-d"; /* neither a URI nor typed: ebMS 2.0, Service */
	for (size_t i = 0; i < COUNT(bad); i++)
		bad[i] = offer();
	bad[0].id = "";
	bad[1].end_us = bad[1].start_us;
	bad[2].retries = 0;
	bad[3].persist_us = 4 * 90 * SECOND_US - 1; /* four sendings, 90 seconds apart */
	bad[4].parties[0].endpoint = "mailto:customs@vn.example";
	bad[5].parties[1].party_type = NULL; /* "TH-0001" is no URI: ebMS 2.0, PartyId */
	bad[6].parties[1].signing = bytes(NULL, 0);
	bad[7].actions_count = 0;
	bad[8].actions = twice;
	bad[8].actions_count = 2;
	bad[9].actions = &roleless;
	bad[10].actions = &nameless;
	bad[9].actions_count = bad[10].actions_count = 1;
	bad[11].parties[0].name = NULL;
	fork[1].to_role = "Agent"; /* who sends it says the same both times */
	bad[12].actions = fork;
	bad[12].actions_count = 2;
	bad[13].parties[1].party_id = bad[13].parties[0].party_id;
	buf_init(&out, CPA_MAX);
	for (size_t i = 0; i < COUNT(bad); i++) {
		err = (struct err){ 0 };
		if (cpa_write(&bad[i], &out, &err) != ERR_INVALID || err.text[0] == '\0')
			fail_msg("offer %zu is written", i);
		assert_int_equal(out.size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_written_cpa_is_valid_by_the_schema_of_oasis),
		TEST(a_written_cpa_is_read_and_accepted_at_both_ends),
		TEST(one_offer_gives_one_text),
		TEST(what_was_offered_is_what_is_read),
		TEST(both_bindings_say_the_same_of_reliable_messaging),
		TEST(an_offer_that_makes_no_cpa_is_refused),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
