/* Reading a CPA: what is wrong is a right one with one thing changed. */
#include "agreement.h"

// clang-format off
static const struct mutation mutations[] = {
	/* The schema: what is missing, what is too much, what no enumeration holds. */
	{ "<tns:Status tns:value=\"agreed\"/>", "", false, 1, "CPA-001", "" },
	{ "<tns:Status tns:value=\"agreed\"/>", "<tns:Status/>", false, 1, "CPA-001", "Status" },
	{ "<tns:Status tns:value=\"agreed\"/>", "<tns:Status tns:value=\"perhaps\"/>", false, 1, "CPA-008", "Status" },
	{ "tns:cpaid=\"asw-vn-th-2026\"", "tns:cpaid=\"\"", false, 1, "CPA-001", "" },
	{ "tns:cpaid=", "tns:surprise=\"1\" tns:cpaid=", false, 1, "CPA-001", "" },
	{ "<tns:PartyRef", "<tns:Surprise/><tns:PartyRef", false, 1, "CPA-001", "" },
	{ " tns:partyName=\"TH\"", "", false, 1, "CPA-001", "PartyInfo[2]" },
	{ "TH-0001</tns:PartyId>", "</tns:PartyId>", false, 1, "CPA-001", TH "/PartyId" },
	{ "tns:syncReplyMode=\"none\"", "tns:syncReplyMode=\"now\"", false, 1, "CPA-008",
	  VN "/DeliveryChannel[p1-channel]/MessagingCharacteristics" },
	{ "tns:ackRequested=\"always\"", "tns:ackRequested=\"yes\"", false, 1, "CPA-008",
	  VN "/DeliveryChannel[p1-channel]/MessagingCharacteristics" },
	{ "Required=\"true\" tns:isNonRepudiationReceipt", "Required=\"yes\" tns:isNonRepudiationReceipt", false, 1,
	  "CPA-008", VN "/ThisPartyActionBinding[p1-action-1]/BusinessTransactionCharacteristics" },
	{ "tns:type=\"allPurpose\"", "tns:type=\"mail\"", false, 1, "CPA-008",
	  VN "/Transport[p1-transport]/TransportReceiver/Endpoint" },
	{ "CollaborationProtocolAgreement", "CollaborationProtocolProfile", true, 1, "CPA-003", "" },
	/* Identifiers and what leads to them. */
	{ "tns:id=\"message-parts\"", "tns:id=\"signal-parts\"", false, 1, "CPA-005",
	  "Packaging[message]/Composite[signal-parts]" },
	{ "tns:transportId=\"p1-transport\" tns:docE", "tns:transportId=\"p2-transport\" tns:docE", false, 1, "CPA-006",
	  VN "/DeliveryChannel[p1-channel]" },
	{ "tns:docExchangeId=\"p1-exchange\">\n\t\t\t<tns:M", "tns:docExchangeId=\"p1-nothing\">\n\t\t\t<tns:M", false,
	  1, "CPA-006", VN "/DeliveryChannel[p1-channel]" },
	{ "tns:defaultMshChannelId=\"p2-channel\"", "tns:defaultMshChannelId=\"p1-channel\"", false, 1, "CPA-006", TH },
	{ "tns:defaultMshPackageId=\"signal\"", "tns:defaultMshPackageId=\"signal-parts\"", false, 1, "CPA-006", VN },
	{ "<tns:ChannelId>p1-channel<", "<tns:ChannelId>p1-transport<", false, 1, "CPA-006",
	  VN "/ThisPartyActionBinding[p1-action-1]/ChannelId" },
	{ "<tns:SigningCertificateRef tns:certId=\"p1-signing\"/>",
	  "<tns:SigningCertificateRef tns:certId=\"p2-signing\"/>", false, 1, "CPA-006",
	  VN "/DocExchange[p1-exchange]/ebXMLSenderBinding/SenderNonRepudiation/SigningCertificateRef" },
	{ "<tns:Constituent tns:idref=\"header\"/>", "<tns:Constituent tns:idref=\"p1-channel-2\"/>", false, 1,
	  "CPA-006", "Packaging[signal]/Composite[signal-parts]/Constituent" },
	/* The other party's identifier is one, and not that of the mirror. */
	{ "ActionBinding>p2-action-1<", "ActionBinding>p2-action-2<", false, 1, "CPA-015",
	  VN "/ThisPartyActionBinding[p1-action-1]" },
	{ "ActionBinding>p2-action-1<", "ActionBinding>p1-action-1<", false, 2, "CPA-006",
	  VN "/CollaborationRole[1]/ServiceBinding/CanSend[1]/OtherPartyActionBinding" },
	/* Each end of the two leads to the other, and neither fits any more. */
	{ "tns:action=\"Amend\"", "tns:action=\"Withdraw\"", false, 2, "CPA-015",
	  VN "/ThisPartyActionBinding[p1-action-4]" },
	{ "tns:action=\"Amend\"", "tns:action=\"Submit\"", true, 2, "CPA-014",
	  VN "/ThisPartyActionBinding[p1-action-4]" },
	{ "</tns:OtherPartyActionBinding>\n", "</tns:OtherPartyActionBinding><tns:CanReceive/>\n", false, 1, "CPA-016",
	  VN "/CollaborationRole[1]/ServiceBinding/CanSend[1]/CanReceive" },
	/* Parties. */
	{ ">TH-0001<", ">TH-0001</tns:PartyId><tns:PartyId>urn:asean:customs:vn<", false, 1, "CPA-017", TH },
	/* Values. */
	{ "<tns:Start>2026-11-01T03:00:00.000Z", "<tns:Start>2026-11-31T03:00:00.000Z", false, 1, "CPA-009", "Start" },
	{ "<tns:Start>2026-11-01T03:00:00.000Z", "<tns:Start>2026-11-01T03:00:00", false, 1, "CPA-009", "Start" },
	{ "<tns:End>2026-11-03T03:00:00.000Z", "<tns:End>2026-11-01T03:00:00.000Z", false, 1, "CPA-010", "End" },
	{ "<tns:RetryInterval>PT1M30S", "<tns:RetryInterval>P1M", true, 4, "CPA-011",
	  VN "/DocExchange[p1-exchange]/ebXMLSenderBinding/ReliableMessaging/RetryInterval" },
	{ "<tns:PersistDuration>P1DT1H", "<tns:PersistDuration>P1Y", false, 1, "CPA-011",
	  VN "/DocExchange[p1-exchange]/ebXMLSenderBinding/PersistDuration" },
	{ "<tns:Retries>3", "<tns:Retries>three", true, 4, "CPA-012",
	  VN "/DocExchange[p1-exchange]/ebXMLSenderBinding/ReliableMessaging/Retries" },
	{ "<tns:Retries>3", "<tns:Retries>-3", true, 4, "CPA-012",
	  VN "/DocExchange[p1-exchange]/ebXMLSenderBinding/ReliableMessaging/Retries" },
	{ "<tns:Retries>3", "<tns:Retries>1001", true, 4, "CPA-012",
	  VN "/DocExchange[p1-exchange]/ebXMLSenderBinding/ReliableMessaging/Retries" },
	{ "<tns:Retries>3", "<tns:Retries>4", false, 1, "CPA-019", VN "/DocExchange[p1-exchange]" },
	{ "<ds:X509Certificate>MII", "<ds:X509Certificate>NII", false, 1, "CPA-013", VN "/Certificate[p1-signing]" },
	{ "<ds:X509Certificate>MII", "<ds:X509Certificate>?II", false, 1, "CPA-013", VN "/Certificate[p1-signing]" },
	{ "<ds:X509Data>", "<ds:X509Data/><ds:PGPData>", false, 0, "CPA-002", "" }, /* not well formed */
};
// clang-format on

static void what_is_wrong_with_a_cpa_is_said_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mutations); i++) {
		struct findings *findings = findings_new(world.arena);
		const struct mutation *m = &mutations[i];
		read_bytes(bytes_of(replaced(good(), m->from, m->to, m->all)), findings);
		assert_first(findings, m);
	}
}

static void all_that_is_wrong_is_said_at_once(void **state)
{
	struct findings *findings = findings_new(world.arena);
	const char *text = replaced(good(), "<tns:Start>", "<tns:Start>from ", false);
	const char *codes[] = { "CPA-009", "CPA-006", "CPA-012", "CPA-013" };

	(void)state;
	text = replaced(text, "<tns:Retries>3", "<tns:Retries>x", false);
	text = replaced(text, "<ds:X509Certificate>MII", "<ds:X509Certificate>NII", false);
	text = replaced(text, "<tns:ChannelId>p1-channel", "<tns:ChannelId>p9-channel", false);
	read_bytes(bytes_of(text), findings);
	assert_int_equal(findings_errors(findings), COUNT(codes));
	for (size_t i = 0; i < COUNT(codes); i++) {
		size_t found = 0;
		for (size_t k = 0; k < findings_count(findings); k++)
			found += same(findings_at(findings, k)->rule->code, codes[i]);
		assert_int_equal(found, 1);
	}
}

/* Two, neither more nor less; the one that is cut out takes along what the other's actions lead to. */
static void a_cpa_is_between_two_parties(void **state)
{
	struct findings *findings = findings_new(world.arena);
	const char *text = good(), *second = strstr(text, "\t<tns:PartyInfo tns:partyName=\"TH\"");
	const char *after = strstr(text, "\t<tns:SimplePart");
	const char *alone = arena_printf(world.arena, "%.*s%s", (int)(second - text), text, after);
	const char *three = arena_printf(world.arena, "%.*s%s", (int)(after - text), text, second);

	(void)state;
	read_bytes(bytes_of(alone), findings);
	assert_string_equal(findings_at(findings, 0)->rule->code, "CPA-004");
	findings = findings_new(world.arena);
	read_bytes(bytes_of(three), findings);
	assert_string_equal(findings_at(findings, 0)->rule->code, "CPA-004");
}

/* One who signs with the other's certificate cannot be told from the other. The public samples do. */
static void one_certificate_of_both_parties_is_warned_of(void **state)
{
	struct findings *findings = findings_new(world.arena);
	struct cpa_offer from = offer();

	(void)state;
	from.parties[1].signing = from.parties[0].signing;
	assert_non_null(read_bytes(bytes_of(written(&from)), findings));
	assert_int_equal(findings_count(findings), 1);
	assert_string_equal(findings_at(findings, 0)->rule->code, "CPA-018");
	assert_string_equal(findings_at(findings, 0)->path, TH "/Certificate[p2-signing]");
}

static void more_than_anybody_has_is_refused(void **state)
{
	static const char *const elements[] = {
		("<tns:DeliveryChannel tns:channelId=\"more-%d\" tns:transportId=\"p1-transport\""
		 " tns:docExchangeId=\"p1-exchange\"><tns:MessagingCharacteristics/></tns:DeliveryChannel>"),
		"<tns:PartyId>urn:x:%d</tns:PartyId>",
		"<tns:Transport tns:transportId=\"more-%d\"/>",
	};

	(void)state;
	for (size_t e = 0; e < COUNT(elements); e++)
		for (int extra = 255; extra <= 256; extra++) { /* beside the one that is there */
			struct findings *findings = findings_new(world.arena);
			buf_auto more = { 0 };
			buf_init(&more, CPA_MAX);
			for (int i = 0; i < extra; i++) {
				char number[8];
				snprintf(number, sizeof(number), "%d", i);
				buf_puts(&more, replaced(elements[e], "%d", number, false));
			}
			buf_puts(&more, "<tns:PartyRef ");
			read_bytes(bytes_of(replaced(good(), "<tns:PartyRef ", buf_text(&more), false)), findings);
			assert_int_equal(findings_errors(findings), extra == 256);
		}
}

static void a_name_of_more_than_1024_bytes_is_refused(void **state)
{
	char name[1026] = { 0 };

	(void)state;
	for (size_t size = 1024; size <= 1025; size++) {
		struct findings *findings = findings_new(world.arena);
		memset(name, 'x', size);
		read_bytes(bytes_of(replaced(good(), ">TH-0001<", arena_printf(world.arena, ">%s<", name), false)),
			   findings);
		assert_int_equal(findings_count(findings), size > 1024);
		if (size > 1024) {
			assert_string_equal(findings_at(findings, 0)->rule->code, "CPA-007");
			assert_string_equal(findings_at(findings, 0)->path, TH "/PartyId");
		}
	}
}

/* 256 actions in one ServiceBinding, and one more in another: each is few enough, both are not. */
static void more_than_256_actions_of_a_party_are_refused(void **state)
{
	struct cpa_offer_action many[CPA_MANY + 1];
	struct findings *findings = findings_new(world.arena);
	struct cpa_offer from = offer();

	(void)state;
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct cpa_offer_action){ "urn:asean:asw:form-d", arena_printf(world.arena, "Action%zu", i),
						     "Exporter", "Importer", 0 };
	from.actions = many;
	from.actions_count = CPA_MANY;
	const char *text = written(&from);
	assert_int_equal(read_good(text)->parties[0].actions_count, CPA_MANY);
	const char *role = strstr(good(), "\t\t<tns:CollaborationRole>");
	const char *rest = strstr(role, "\t\t<tns:Certificate");
	const char *more = arena_printf(world.arena, "%.*s\t\t<tns:Certificate", (int)(rest - role), role);
	read_bytes(bytes_of(replaced(text, "\t\t<tns:Certificate", more, false)), findings);
	bool said = false;
	for (size_t i = 0; i < findings_count(findings) && findings_at(findings, i); i++)
		said = said || (same(findings_at(findings, i)->rule->code, "CPA-007") &&
				same(findings_at(findings, i)->path, VN));
	assert_true(said);
}

/* --- Reading what is unusual --- */

static void attributes_without_a_prefix_are_read(void **state)
{
	const char *text = replaced(good(), " tns:", " ", true);
	const struct cpa *cpa = read_good(text);

	(void)state;
	assert_string_equal(cpa->id, "asw-vn-th-2026");
	assert_int_equal(findings_count(checked(cpa, &vn_seat)), 0);
}

/* "1.0", "2.0" and "2_0b" are met. */
static void versions_are_not_judged(void **state)
{
	const char *text = replaced(good(), "tns:version=\"2_0b\"", "tns:version=\"1.0\"", false);

	(void)state;
	read_good(replaced(text, "Binding tns:version=\"2.0\"", "Binding tns:version=\"7\"", true));
}

static void an_action_may_lack_the_identifier_of_its_mirror(void **state)
{
	const char *text =
		replaced(good(), "<tns:OtherPartyActionBinding>p2-action-1</tns:OtherPartyActionBinding>", "", false);
	const struct cpa *cpa = read_good(text);
	const struct ebms_typed service = { .value = "urn:asean:asw:form-d" };
	const struct cpa_action *action = cpa_action_of(&cpa->parties[0], true, "Exporter", &service, "Submit");

	(void)state;
	assert_string_equal(action->other->id, "p2-action-1");
}

/* Software takes the first, or the one that suits, so the two ends could differ in what is signed and acknowledged. */
static void an_action_by_two_channels_is_refused(void **state)
{
	const char *text =
		replaced(good(), "<tns:ChannelId>p1-channel</tns:ChannelId>",
			 "<tns:ChannelId>p1-channel</tns:ChannelId><tns:ChannelId>p1-slow</tns:ChannelId>", false);
	static const struct mutation two = { "ChannelId", "two of them", false,
					     1,           "CPA-014",     VN "/ThisPartyActionBinding[p1-action-1]" };
	struct findings *findings = findings_new(world.arena);

	(void)state;
	text = replaced(text, "<tns:DeliveryChannel ",
			"<tns:DeliveryChannel tns:channelId=\"p1-slow\" tns:transportId=\"p1-transport\""
			" tns:docExchangeId=\"p1-exchange\"><tns:MessagingCharacteristics/></tns:DeliveryChannel>"
			"<tns:DeliveryChannel ",
			false);
	read_bytes(bytes_of(text), findings);
	assert_first(findings, &two);
}

/* The schema lets a binding name one twice. */
static void what_a_channel_does_not_say_has_the_default_of_the_schema(void **state)
{
	const char *text =
		replaced(good(), "<tns:ChannelId>p1-channel</tns:ChannelId>",
			 "<tns:ChannelId> p1-slow\n</tns:ChannelId><tns:ChannelId>p1-slow</tns:ChannelId>", false);
	const struct ebms_typed service = { .value = "urn:asean:asw:form-d" };

	(void)state;
	text = replaced(text, "<tns:DeliveryChannel ",
			"<tns:DeliveryChannel tns:channelId=\"p1-slow\" tns:transportId=\"p1-transport\""
			" tns:docExchangeId=\"p1-exchange\"><tns:MessagingCharacteristics/></tns:DeliveryChannel>"
			"<tns:DeliveryChannel ",
			false);
	const struct cpa *cpa = read_good(text);
	const struct cpa_action *action = cpa_action_of(&cpa->parties[0], true, "Exporter", &service, "Submit");
	assert_string_equal(action->channel->id, "p1-slow");
	assert_string_equal(action->channel->sync_reply_mode, "none");
	assert_int_equal(action->channel->acknowledged, CPA_PER_MESSAGE);
	assert_int_equal(action->channel->ack_signed, CPA_PER_MESSAGE);
	assert_int_equal(action->channel->duplicates_eliminated, CPA_PER_MESSAGE);
	assert_null(action->channel->actor);
}

static void of_several_endpoints_the_one_for_all_purposes_is_used(void **state)
{
	const char *const endpoint = "<tns:Endpoint tns:uri=\"https://th.example/ebms\" tns:type=\"allPurpose\"/>";
	const char *others = "<tns:Endpoint tns:uri=\"https://th.example/errors\" tns:type=\"error\"/>"
			     "<tns:Endpoint tns:uri=\"https://th.example/requests\" tns:type=\"request\"/>";
	const char *untyped = arena_printf(world.arena, "%s<tns:Endpoint tns:uri=\"https://th.example/all\"/>", others);
	const struct cpa *cpa = read_good(replaced(good(), endpoint, others, false));

	(void)state;
	assert_string_equal(cpa->parties[1].default_channel->endpoint, "https://th.example/requests");
	cpa = read_good(replaced(good(), endpoint, untyped, false));
	assert_string_equal(cpa->parties[1].default_channel->endpoint, "https://th.example/all");
}

static void a_signal_goes_by_the_channel_that_overrides_the_default(void **state)
{
	const char *text = replaced(good(), "\t</tns:PartyInfo>",
				    "<tns:OverrideMshActionBinding tns:action=\"Acknowledgment\""
				    " tns:channelId=\"p1-acks\"/>\t</tns:PartyInfo>",
				    false);

	(void)state;
	text = replaced(text, "<tns:DeliveryChannel ",
			"<tns:DeliveryChannel tns:channelId=\"p1-acks\" tns:transportId=\"p1-transport\""
			" tns:docExchangeId=\"p1-exchange\"><tns:MessagingCharacteristics/></tns:DeliveryChannel>"
			"<tns:DeliveryChannel ",
			false);
	const struct cpa *cpa = read_good(text);
	const struct cpa_party *party = &cpa->parties[0];
	assert_string_equal(cpa_signal_channel(party, "Acknowledgment")->id, "p1-acks");
	assert_string_equal(cpa_signal_channel(party, "Ping")->id, "p1-channel");
	assert_ptr_equal(cpa_signal_channel(&cpa->parties[1], "Acknowledgment"), cpa->parties[1].default_channel);
}

/* CPPA 2.0, SignatureAlgorithm: the text may be a name of its own, the attribute is XML Signature's. */
static void the_algorithm_is_the_one_in_the_terms_of_xml_signature(void **state)
{
	const char *text = replaced(
		good(), "<tns:SignatureAlgorithm>http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
		"<tns:SignatureAlgorithm tns:w3c=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\">RSA", true);

	(void)state;
	assert_int_equal(findings_count(checked(read_good(text), &vn_seat)), 0);
}

static void a_cpa_in_utf_16_is_read(void **state)
{
	const char *text = replaced(good(), "encoding=\"UTF-8\"", "encoding=\"UTF-16\"", false);
	size_t size = strlen(text);
	uint8_t *wide = arena_array(world.arena, size + 1, 2);
	struct findings *findings = findings_new(world.arena);

	(void)state;
	wide[0] = 0xff;
	wide[1] = 0xfe;
	for (size_t i = 0; i < size; i++)
		wide[2 * i + 2] = (uint8_t)text[i];
	const struct cpa *cpa = read_bytes(bytes(wide, 2 * size + 2), findings);
	assert_int_equal(findings_count(findings), 0);
	assert_string_equal(cpa->parties[0].name, "Customs & Excise, \"VN\"");
}

static void assert_no_xml(struct bytes text, const char *why)
{
	struct findings *findings = findings_new(world.arena);

	assert_null(read_bytes(text, findings));
	assert_int_equal(findings_count(findings), 1);
	assert_string_equal(findings_at(findings, 0)->rule->code, "CPA-002");
	if (!strstr(findings_at(findings, 0)->text, why))
		fail_msg("%s: %s expected", findings_at(findings, 0)->text, why);
}

static void what_is_no_xml_for_strangers_is_refused(void **state)
{
	const char *text = good();
	char *large = arena_alloc(world.arena, (2 << 20) + 1);

	(void)state;
	memset(large, ' ', 2 << 20);
	memcpy(large, text, strlen(text));
	assert_no_xml(bytes_of(large), "at most 1048576");
	assert_no_xml(bytes_of(replaced(text, "?>\n", "?>\n<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>\n",
					false)),
		      "document type");
	assert_no_xml(bytes(text, strlen(text) / 2), "");
	assert_no_xml(bytes_of(""), "");
}

static void no_memory_is_a_fault_and_no_finding(void **state)
{
	const char *text = good();
	const struct cpa *cpa = NULL;
	size_t faults = 0;

	(void)state;
	for (size_t room = 1 << 10; room < ARENA_MAX && !cpa; room += room / 4) {
		arena_auto small = arena_new(room);
		struct findings *findings = findings_new(world.arena);
		struct err err = { 0 };
		const struct cpa *read = NULL;
		enum err_code code = cpa_read(small, bytes_of(text), &read, findings, &err);
		if (code == OK) {
			assert_non_null(read);
			cpa = read_good(text);
			continue;
		}
		assert_int_equal(code, ERR_MEMORY);
		assert_null(read);
		faults++;
	}
	assert_non_null(cpa);
	assert_true(faults > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_wrong_with_a_cpa_is_said_with_its_place),
		TEST(all_that_is_wrong_is_said_at_once),
		TEST(a_cpa_is_between_two_parties),
		TEST(one_certificate_of_both_parties_is_warned_of),
		TEST(more_than_anybody_has_is_refused),
		TEST(a_name_of_more_than_1024_bytes_is_refused),
		TEST(more_than_256_actions_of_a_party_are_refused),
		TEST(attributes_without_a_prefix_are_read),
		TEST(versions_are_not_judged),
		TEST(an_action_may_lack_the_identifier_of_its_mirror),
		TEST(an_action_by_two_channels_is_refused),
		TEST(what_a_channel_does_not_say_has_the_default_of_the_schema),
		TEST(of_several_endpoints_the_one_for_all_purposes_is_used),
		TEST(a_signal_goes_by_the_channel_that_overrides_the_default),
		TEST(the_algorithm_is_the_one_in_the_terms_of_xml_signature),
		TEST(a_cpa_in_utf_16_is_read),
		TEST(what_is_no_xml_for_strangers_is_refused),
		TEST(no_memory_is_a_fault_and_no_finding),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
