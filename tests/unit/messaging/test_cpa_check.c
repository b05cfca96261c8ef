/* Whether a node can exchange under a CPA: right ones with one thing changed, and two public ones of the collection. */
#include "../codec/files.h"
#include "agreement.h"

#define VN_CHANNEL VN "/DeliveryChannel[p1-channel]"

// clang-format off
static const struct mutation unacceptable[] = {
	{ "tns:value=\"agreed\"", "tns:value=\"proposed\"", false, 1, "CPA-022", "Status" },
	{ "isNonRepudiationRequired=\"true\"", "isNonRepudiationRequired=\"0\"", false, 1, "CPA-025",
	  VN "/ThisPartyActionBinding[p1-action-1]" },
	{ "tns:isNonRepudiationRequired=\"true\"", "", false, 1, "CPA-025", VN "/ThisPartyActionBinding[p1-action-1]" },
	{ "isConfidential=\"transient\"", "isConfidential=\"persistent\"", false, 1, "CPA-026",
	  VN "/ThisPartyActionBinding[p1-action-1]" },
	{ "isConfidential=\"transient\"", "isConfidential=\"transient-and-persistent\"", false, 1, "CPA-026",
	  VN "/ThisPartyActionBinding[p1-action-1]" },
	{ "</tns:SenderNonRepudiation>", "</tns:SenderNonRepudiation><tns:SenderDigitalEnvelope/>", false, 1, "CPA-027",
	  VN_CHANNEL },
	{ "</tns:ReceiverNonRepudiation>", "</tns:ReceiverNonRepudiation><tns:ReceiverDigitalEnvelope/>", false, 1,
	  "CPA-027", VN_CHANNEL },
	{ ">http://www.w3.org/2001/04/xmldsig-more#rsa-sha256<", ">http://www.w3.org/2000/09/xmldsig#rsa-sha1<", false,
	  1, "CPA-030", VN_CHANNEL },
	{ ">http://www.w3.org/2001/04/xmlenc#sha256<", ">http://www.w3.org/2000/09/xmldsig#sha1<", false, 1, "CPA-030",
	  VN_CHANNEL },
	{ ">http://www.w3.org/2001/04/xmldsig-more#rsa-sha256<", ">http://www.w3.org/2000/09/xmldsig#dsa-sha1<", false,
	  1, "CPA-031", VN_CHANNEL },
	{ ">http://www.w3.org/2001/04/xmldsig-more#rsa-sha256<", ">RSA-SHA256<", false, 1, "CPA-031", VN_CHANNEL },
	{ ">http://www.w3.org/2001/04/xmlenc#sha256<", ">http://www.w3.org/2001/04/xmldsig-more#md5<", false, 1,
	  "CPA-031", VN_CHANNEL },
	{ "ackRequested=\"always\"", "ackRequested=\"never\"", false, 1, "CPA-032", VN_CHANNEL },
	{ " tns:ackRequested=\"always\"", "", false, 1, "CPA-032", VN_CHANNEL },
	{ "duplicateElimination=\"always\"", "duplicateElimination=\"perMessage\"", false, 1, "CPA-033", VN_CHANNEL },
	{ "ackSignatureRequested=\"always\"", "ackSignatureRequested=\"perMessage\"", false, 1, "CPA-034", VN_CHANNEL },
	{ "ackSignatureRequested=\"always\"", "ackSignatureRequested=\"never\"", true, 0, NULL, NULL },
	{ "syncReplyMode=\"none\"", "syncReplyMode=\"responseOnly\"", false, 1, "CPA-035", VN_CHANNEL },
	{ "syncReplyMode=\"none\"", "syncReplyMode=\"signalsOnly\"", true, 2, "CPA-035", VN_CHANNEL },
	{ "syncReplyMode=\"none\"", "syncReplyMode=\"mshSignalsOnly\"", true, 0, NULL, NULL },
	/* Four actions. */
	{ "syncReplyMode=\"none\"", "syncReplyMode=\"mshSignalsOnly\"", false, 4, "CPA-036",
	  VN "/ThisPartyActionBinding[p1-action-1]" },
	{ "actor:toPartyMSH", "actor:nextMSH", false, 1, "CPA-037", VN_CHANNEL },
	{ " tns:actor=\"urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH\"", "", true, 0, NULL, NULL },
	{ "https://vn.example/", "mailto:vn.example/", false, 1, "CPA-038", VN_CHANNEL },
	{ "<tns:Retries>3</tns:Retries>", "", true, 2, "CPA-039", VN_CHANNEL },
	{ "<tns:RetryInterval>PT1M30S</tns:RetryInterval>", "", true, 2, "CPA-039", VN_CHANNEL },
	/* Four sendings, 90 seconds apart. */
	{ "<tns:PersistDuration>P1DT1H", "<tns:PersistDuration>PT6M", true, 0, NULL, NULL },
	{ "<tns:PersistDuration>P1DT1H", "<tns:PersistDuration>PT5M59S", true, 2, "CPA-040", VN_CHANNEL },
};
// clang-format on

static void what_a_node_does_not_offer_is_said_with_who_must_change_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(unacceptable); i++) {
		const struct mutation *m = &unacceptable[i];
		const struct cpa *cpa = read_good(replaced(good(), m->from, m->to, m->all));
		const struct findings *findings = checked(cpa, &vn_seat);
		if (m->code)
			assert_first(findings, m);
		else if (findings_count(findings) > 0)
			fail_msg("%s -> %s: %s", m->from, m->to, findings_at(findings, 0)->text);
		/* What is wrong is wrong for the other end, too. */
		assert_int_equal(findings_count(checked(cpa, &th_seat)), m->count);
	}
}

static void a_party_that_takes_messages_has_an_endpoint(void **state)
{
	const char *text = replaced(good(), "<tns:TransportReceiver>", "<!--", false);
	const struct findings *findings;

	(void)state;
	findings = checked(read_good(replaced(text, "</tns:TransportReceiver>", "-->", false)), &vn_seat);
	assert_int_equal(findings_count(findings), 1);
	assert_string_equal(findings_at(findings, 0)->rule->code, "CPA-038");
	assert_string_equal(findings_at(findings, 0)->path, VN_CHANNEL);
}

/* Only who takes something needs an address: not a party that sends, and is acknowledged in the HTTP response. */
static void a_party_that_only_sends_needs_no_endpoint_if_acknowledgments_are_synchronous(void **state)
{
	struct cpa_offer from = offer();

	(void)state;
	from.actions_count = 1;
	for (int sync = 0; sync < 2; sync++) {
		from.sync = sync;
		const char *text = replaced(written(&from), "<tns:TransportReceiver>", "<!--", false);
		text = replaced(text, "</tns:TransportReceiver>", "-->", false);
		assert_int_equal(findings_errors(checked(read_good(text), &vn_seat)), sync ? 0 : 1);
	}
}

static void a_party_that_signs_has_a_certificate(void **state)
{
	const char *text = replaced(good(), "<tns:SenderNonRepudiation>", "<!--", false);
	const struct findings *findings;

	(void)state;
	findings = checked(read_good(replaced(text, "</tns:SenderNonRepudiation>", "-->", false)), &vn_seat);
	assert_int_equal(findings_count(findings), 1);
	assert_string_equal(findings_at(findings, 0)->rule->code, "CPA-028");
	assert_string_equal(findings_at(findings, 0)->path, VN_CHANNEL);
}

static void who_signs_with_rsa_has_a_key_of_rsa(void **state)
{
	struct cpa_offer from = offer();
	const struct findings *findings;

	(void)state;
	from.parties[0].signing = cert_der(pki_cert(world.p256));
	findings = checked(read_good(written(&from)), &th_seat);
	assert_int_equal(findings_count(findings), 1);
	assert_string_equal(findings_at(findings, 0)->rule->code, "CPA-029");
	assert_string_equal(findings_at(findings, 0)->path, VN_CHANNEL);
}

static void sha_1_is_accepted_where_the_operator_has_excepted_the_partner(void **state)
{
	const char *text = replaced(good(), ">http://www.w3.org/2001/04/xmldsig-more#rsa-sha256<",
				    ">http://www.w3.org/2000/09/xmldsig#rsa-sha1<", true);
	struct cpa_seat seat = vn_seat;

	(void)state;
	text = replaced(text, ">http://www.w3.org/2001/04/xmlenc#sha256<", ">http://www.w3.org/2000/09/xmldsig#sha1<",
			true);
	assert_int_equal(findings_errors(checked(read_good(text), &seat)), 4);
	assert_non_null(strstr(findings_at(checked(read_good(text), &seat), 0)->text, "--allow-sha1"));
	seat.sha1 = true;
	assert_int_equal(findings_count(checked(read_good(text), &seat)), 0);
}

static void assert_one(const struct cpa_seat *seat, const char *code)
{
	const struct findings *findings = checked(read_good(good()), seat);

	assert_int_equal(findings_count(findings), 1);
	assert_string_equal(findings_at(findings, 0)->rule->code, code);
}

static void a_cpa_is_for_its_parties_and_its_time(void **state)
{
	struct cpa_offer from = offer();
	struct cpa_seat seat = vn_seat;

	(void)state;
	seat.party_id = "urn:asean:customs:my";
	assert_one(&seat, "CPA-020");
	seat = vn_seat;
	seat.partner_type = NULL;
	assert_one(&seat, "CPA-021");
	seat = vn_seat;
	seat.partner_id = seat.party_id;
	seat.partner_type = NULL;
	assert_one(&seat, "CPA-021");
	/* CPPA 2.0: from Start to End, both inside. */
	seat = vn_seat;
	seat.now_us = from.start_us;
	assert_int_equal(findings_count(checked(read_good(good()), &seat)), 0);
	seat.now_us = from.end_us;
	assert_int_equal(findings_count(checked(read_good(good()), &seat)), 0);
	seat.now_us = from.end_us + 1;
	assert_one(&seat, "CPA-023");
	seat.now_us = from.start_us - 1;
	assert_one(&seat, "CPA-024");
	assert_int_equal(findings_errors(checked(read_good(good()), &seat)), 0);
}

/* --- Public CPAs --- */

static const struct cpa_seat overheid = { .party_id = "00000000000000000001",
					  .party_type = "urn:osb:oin",
					  .partner_id = "00000000000000000000",
					  .partner_type = "urn:osb:oin",
					  .now_us = PKI_NOW };

static const struct cpa *collected(const char *name)
{
	struct findings *findings = findings_new(world.arena);
	const struct cpa *cpa =
		read_bytes(file_collected(world.arena, arena_printf(world.arena, "asw/ebms2/%s", name)), findings);

	if (!cpa)
		show(findings);
	assert_non_null(cpa);
	/* Both parties have the same four certificates. */
	assert_int_equal(findings_count(findings), 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(findings_at(findings, i)->rule->code, "CPA-018");
	return cpa;
}

/* Values as they stand in the file. */
static void a_public_cpa_is_read_and_accepted(void **state)
{
	const struct cpa *cpa = collected("cpa.https.signed-sha256.sample.xml");
	const struct cpa_party *digipoort = cpa_party_of(cpa, "00000000000000000000", "urn:osb:oin");
	const struct ebms_typed service = { .type = "urn:osb:services", .value = "osb:afleveren:1.1$1.0" };
	const struct findings *findings = checked(cpa, &overheid);
	const struct cpa_action *action;

	(void)state;
	assert_string_equal(cpa->id, "cpaStubEBF.rm.https.signed-sha256");
	assert_string_equal(digipoort->name, "Logius");
	assert_string_equal(digipoort->default_channel->id, "DIGIPOORT_defaultDeliveryChannel_ProfileBestEffortSigned");
	assert_int_equal(digipoort->default_channel->acknowledged, CPA_NEVER);
	action = cpa_action_of(digipoort, true, "DIGIPOORT", &service, "afleveren");
	assert_non_null(action);
	assert_string_equal(action->other->id, "OVERHEID_R_Afleveren");
	assert_string_equal(action->other->role, "OVERHEID");
	assert_string_equal(action->other->channel->endpoint, "https://localhost:8088/ebms");
	assert_int_equal(action->channel->retries, 5);
	assert_int_equal(action->channel->retry_interval_us, 5 * MINUTE_US);
	assert_int_equal(action->channel->persist_us, 30 * MINUTE_US);
	assert_int_equal(action->channel->ack_signed, CPA_NEVER);
	assert_true(action->must_sign);
	assert_string_equal(action->channel->client->id, "DIGIPOORT_ClientCert");
	show(findings);
	assert_int_equal(findings_count(findings), 0);
}

/* Everything in it is SHA-1, of two channels of two parties; and identifiers are kept for 25 minutes while six sendings
 * take 30. */
static void a_public_cpa_with_sha_1_needs_the_operator_s_word(void **state)
{
	const struct cpa *cpa = collected("cpa.https.signed.ackSigned.sample.xml");
	struct cpa_seat seat = overheid;
	const struct findings *findings = checked(cpa, &seat);

	(void)state;
	assert_int_equal(findings_errors(findings), 8);
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct rule *rule = findings_at(findings, i)->rule;
		assert_string_equal(rule->code, rule->severity == SEVERITY_ERROR ? "CPA-030" : "CPA-040");
	}
	seat.sha1 = true;
	findings = checked(cpa, &seat);
	assert_int_equal(findings_errors(findings), 0);
	assert_int_equal(findings_count(findings), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_node_does_not_offer_is_said_with_who_must_change_it),
		TEST(a_party_that_takes_messages_has_an_endpoint),
		TEST(a_party_that_only_sends_needs_no_endpoint_if_acknowledgments_are_synchronous),
		TEST(a_party_that_signs_has_a_certificate),
		TEST(who_signs_with_rsa_has_a_key_of_rsa),
		TEST(sha_1_is_accepted_where_the_operator_has_excepted_the_partner),
		TEST(a_cpa_is_for_its_parties_and_its_time),
		TEST(a_public_cpa_is_read_and_accepted),
		TEST(a_public_cpa_with_sha_1_needs_the_operator_s_word),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
