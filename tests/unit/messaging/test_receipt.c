/* A receipt proves delivery only if it is signed and repeats what we signed: AS4 profile 1.0 §5.1.8. The signature of a
 * changed receipt would fail first; here the rows show that the content alone decides, too, as for a partner that signs
 * what it likes. */
#include "world.h"

#include "messaging/uris_int.h"

struct exchange {
	struct letter letter;
	struct wire_copy sent;
	struct ebms_packed receipt;
};

/* MESSAGE_ID NULL: any. */
static void exchange_of(struct exchange *exchange, const char *profile, size_t parts, const char *message_id)
{
	struct opening opening;

	*exchange = (struct exchange){ 0 };
	letter_init(&exchange->letter, profile, TOKEN_BST, parts, true);
	if (message_id)
		exchange->letter.info.message_id = message_id;
	letter_pack(&exchange->letter, &exchange->sent);
	opening_run(&opening, exchange->letter.profile, &ebms_limits_default, exchange->sent.content_type,
		    buf_bytes(&exchange->sent.body));
	opening_must_pass(&opening);
	struct err err = { 0 };
	const struct ebms_answering answering = { .profile = exchange->letter.profile,
						  .identity = &exchange->letter.identity,
						  .received = &opening.message,
						  .ref_to = opening.message.user.info->message_id,
						  .now_us = PKI_NOW };
	assert_int_equal(ebms_pack_receipt(world.arena, &answering, &exchange->receipt, &err), OK);
	exchange->receipt.body.max_bytes = 8 << 20;
	opening_done(&opening);
}

static void exchange_begin(struct exchange *exchange, const char *profile, size_t parts)
{
	exchange_of(exchange, profile, parts, NULL);
}

static void exchange_end(struct exchange *exchange)
{
	buf_done(&exchange->sent.body);
	buf_done(&exchange->receipt.body);
}

/* What ebms_check_receipt alone says of the receipt as it is now; ebms_read must have accepted it. */
static bool believed(struct exchange *exchange, const char *ref_to)
{
	struct err err = { 0 };
	struct ebms_message message;
	struct findings *findings = findings_new(world.arena);

	ebms_init(&message, world.arena, &ebms_limits_default, findings);
	assert_int_equal(ebms_read(&message, exchange->receipt.content_type, buf_bytes(&exchange->receipt.body), &err),
			 OK);
	assert_int_equal(findings_count(findings), 0);
	assert_int_equal(message.kind, KIND_RECEIPT);
	ebms_check_receipt(&message, ref_to, exchange->sent.references, exchange->sent.references_count);
	for (size_t i = 0; findings_at(findings, i); i++)
		assert_string_equal(findings_at(findings, i)->rule->code, "MSG-100");
	ebms_done(&message);
	return findings_count(findings) == 0;
}

static void the_right_receipt_is_believed_in_every_profile_of_as4(void **state)
{
	(void)state;
	for (size_t p = 0; profile_at(p) && profile_at(p)->binding == &binding_as4; p++) {
		struct exchange exchange;
		struct opening opening;
		exchange_begin(&exchange, profile_at(p)->name, p);
		opening_run(&opening, profile_at(p), &ebms_limits_default, exchange.receipt.content_type,
			    buf_bytes(&exchange.receipt.body));
		opening_must_pass(&opening);
		ebms_check_receipt(&opening.message, exchange.letter.info.message_id, exchange.sent.references,
				   exchange.sent.references_count);
		opening_must_pass(&opening);
		assert_int_equal(findings_count(opening.findings), 0);
		opening_done(&opening);
		exchange_end(&exchange);
	}
}

/* Whoever ends TLS could take the signature off: what was sent says whether it must be there, nothing else. */
static void an_unsigned_receipt_is_none_of_what_asked_for_a_signed_one(void **state)
{
	struct exchange exchange;
	struct opening opening;

	(void)state;
	exchange_begin(&exchange, "edelivery-1.15", 0);
	const struct ebms_sent sent = { .references = exchange.sent.references,
					.count = exchange.sent.references_count,
					.ack_signed = true };
	opening_run(&opening, exchange.letter.profile, &ebms_limits_default, exchange.receipt.content_type,
		    buf_bytes(&exchange.receipt.body));
	ebms_check_sent(&opening.message, exchange.letter.info.message_id, &sent);
	assert_int_equal(findings_count(opening.findings), 0);
	opening.message.signature = NULL;
	ebms_check_sent(&opening.message, exchange.letter.info.message_id, &sent);
	assert_string_equal(opening_rule(&opening), "MSG-030");
	opening_done(&opening);
	exchange_end(&exchange);
}

/* AS4 profile 1.0 §5.1.8 b: the References themselves, in signed octets. */
static void a_receipt_repeats_every_reference_of_the_message(void **state)
{
	struct exchange exchange;

	(void)state;
	exchange_begin(&exchange, "edelivery-2.0", 2);
	struct buf *receipt = &exchange.receipt.body;
	assert_int_equal(exchange.sent.references_count, 4);
	for (size_t i = 0; i < 4; i++) {
		const char *uri =
			arena_printf(world.arena, "<ds:Reference URI=\"%s\"", exchange.sent.references[i].uri);
		const char *sent = text_copy(&exchange.sent.body, uri, "</ds:Reference>");
		const char *repeated = arena_printf(
			world.arena, "<ds:Reference xmlns:ds=\"" NS_DS "\"%s</ebbp:MessagePartNRInformation>",
			sent + strlen("<ds:Reference"));
		assert_true(text_has(receipt, repeated));
	}
	/* Of the receipt itself Messaging and Body are signed and no part: trap 3. */
	const char *info = text_copy(receipt, "<ds:SignedInfo", "</ds:SignedInfo>");
	assert_null(strstr(info, "cid:"));
	exchange_end(&exchange);
}

#define PART_NR_END "</ebbp:MessagePartNRInformation>"

static void first_reference_gone(struct buf *receipt)
{
	text_cut(receipt, "<ebbp:MessagePartNRInformation>", PART_NR_END);
}
static void all_references_gone(struct buf *receipt)
{
	while (text_has(receipt, "<ebbp:MessagePartNRInformation>"))
		text_cut(receipt, "<ebbp:MessagePartNRInformation>", PART_NR_END);
}
static void reference_added(struct buf *receipt)
{
	const char *first = text_copy(receipt, "<ebbp:MessagePartNRInformation>", PART_NR_END);
	text_insert(receipt, text_at(receipt, "</ebbp:NonRepudiationInformation>"), first);
	text_replace(receipt, "URI=\"#as4-messaging\"", "URI=\"#another\"");
}
static void reference_doubled(struct buf *receipt)
{
	const char *first = text_copy(receipt, "<ebbp:MessagePartNRInformation>", PART_NR_END);
	text_insert(receipt, text_at(receipt, "</ebbp:NonRepudiationInformation>"), first);
}
static void reference_for_another(struct buf *receipt)
{
	const char *first = text_copy(receipt, "<ebbp:MessagePartNRInformation>", PART_NR_END);
	text_cut(receipt, "<ebbp:MessagePartNRInformation>", PART_NR_END);
	text_cut(receipt, "<ebbp:MessagePartNRInformation>", PART_NR_END);
	text_insert(receipt, text_at(receipt, "</ebbp:NonRepudiationInformation>"),
		    arena_printf(world.arena, "%s%s", first, first));
}
static void digest_changed(struct buf *receipt)
{
	char *value = (char *)receipt->data + text_at(receipt, "<ebbp:MessagePartNRInformation>");
	value = strstr(value, "<ds:DigestValue>") + strlen("<ds:DigestValue>");
	*value = *value == 'A' ? 'B' : 'A';
}
static void digest_algorithm_changed(struct buf *receipt)
{
	/* The first in the document are those of the receipt's own SignedInfo. */
	size_t from = text_at(receipt, "<ebbp:MessagePartNRInformation>");
	const char *evil = "http://www.w3.org/2001/04/xmlenc#sha512";
	char *at = strstr((char *)receipt->data + from, "http://www.w3.org/2001/04/xmlenc#sha256");
	memcpy(at, evil, strlen(evil));
}
static void identifiers_for_references(struct buf *receipt)
{
	while (text_has(receipt, "<ebbp:MessagePartNRInformation><ds:Reference")) {
		text_replace(
			receipt, "<ebbp:MessagePartNRInformation><ds:Reference",
			"<ebbp:MessagePartNRInformation><ebbp:MessagePartIdentifier>x</ebbp:MessagePartIdentifier><ds:Reference");
		text_cut(receipt, "</ebbp:MessagePartIdentifier><ds:Reference", "</ds:Reference>");
		text_replace(receipt, "<ebbp:MessagePartIdentifier>x",
			     "<ebbp:MessagePartIdentifier>y</ebbp:MessagePartIdentifier>");
	}
}
static void wrong_namespace(struct buf *receipt)
{
	text_replace(receipt, NS_EBBP, "http://docs.oasis-open.org/ebxml-bp/ebbp-signals");
}
static void ebms_namespace(struct buf *receipt)
{
	text_replace(receipt, "xmlns:ebbp=\"" NS_EBBP, "xmlns:ebbp=\"" NS_EBMS3);
}
static void information_gone(struct buf *receipt)
{
	text_cut(receipt, "<ebbp:NonRepudiationInformation", "</ebbp:NonRepudiationInformation>");
}
static void information_twice(struct buf *receipt)
{
	text_insert(receipt, text_at(receipt, "</eb:Receipt>"),
		    text_copy(receipt, "<ebbp:NonRepudiationInformation", "</ebbp:NonRepudiationInformation>"));
}
static void copy_of_the_message(struct buf *receipt)
{
	information_gone(receipt);
	text_insert(receipt, text_at(receipt, "</eb:Receipt>"), "<eb:UserMessage></eb:UserMessage>");
}
static void element_without_a_namespace(struct buf *receipt)
{
	text_insert(receipt, text_at(receipt, "</eb:Receipt>"), "<version xmlns=\"\">4.4.1</version>");
}
static void signature_inside(struct buf *receipt)
{
	text_insert(receipt, text_at(receipt, "</eb:Receipt>"), "<ds:Signature xmlns:ds=\"" NS_DS "\"/>");
}
static void information_in_another_s_element(struct buf *receipt)
{
	text_insert(receipt, text_at(receipt, "<ebbp:NonRepudiationInformation"), "<x:y xmlns:x=\"urn:x\">");
	text_insert(receipt, text_at(receipt, "</eb:Receipt>"), "</x:y>");
}
static void ref_to_changed(struct buf *receipt)
{
	text_replace(receipt, ">0197-1142@th.example<", ">0197-1143@th.example<");
}

static const struct {
	const char *name;
	void (*change)(struct buf *receipt);
} wrong_receipts[] = {
	{ "for another message", ref_to_changed },
	{ "a reference is missing", first_reference_gone },
	{ "all references are missing", all_references_gone },
	{ "a reference too many", reference_added },
	{ "a reference twice", reference_doubled },
	{ "a reference twice in place of another", reference_for_another },
	{ "another digest", digest_changed },
	{ "another digest algorithm", digest_algorithm_changed },
	{ "MessagePartIdentifier in place of Reference", identifiers_for_references },
	{ "another namespace of the same words (trap 27)", wrong_namespace },
	{ "the namespace of ebMS", ebms_namespace },
	{ "no non-repudiation information", information_gone },
	{ "non-repudiation information twice", information_twice },
	{ "a reception awareness receipt with a UserMessage", copy_of_the_message },
	{ "an element without a namespace", element_without_a_namespace },
	{ "an element that we know from elsewhere", signature_inside },
	{ "non-repudiation information inside an element of another namespace", information_in_another_s_element },
};

static void a_receipt_that_does_not_repeat_what_we_signed_is_not_believed(void **state)
{
	struct exchange exchange;
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong_receipts); i++) {
		exchange_begin(&exchange, "ecdsa-p256", 1);
		assert_true(believed(&exchange, "0197-1142@th.example"));
		wrong_receipts[i].change(&exchange.receipt.body);
		if (believed(&exchange, "0197-1142@th.example")) {
			print_error("believed: %s\n", wrong_receipts[i].name);
			wrong++;
		}
		exchange_end(&exchange);
	}
	assert_int_equal(wrong, 0);
}

/* ebms-header-3_0-200704.xsd, type Receipt: any elements of other namespaces. This one is what phase4 4.4.1 writes. */
static void elements_of_other_namespaces_beside_the_information_are_left_alone(void **state)
{
	struct exchange exchange;

	(void)state;
	exchange_begin(&exchange, "edelivery-1.15", 1);
	text_insert(
		&exchange.receipt.body, text_at(&exchange.receipt.body, "</eb:Receipt>"),
		"<phase4 xmlns=\"urn:fdc:com.helger.phase4:ns:info\" xmlns:ns1=\"urn:fdc:com.helger.phase4:ns:info\""
		" ns1:timestamp=\"2026-03-20T11:54:29Z\" ns1:version=\"4.4.1\"/>");
	assert_true(believed(&exchange, "0197-1142@th.example"));
	exchange_end(&exchange);
}

static void a_receipt_for_another_message_is_not_believed(void **state)
{
	struct exchange exchange;

	(void)state;
	exchange_begin(&exchange, "ecdsa-p256", 1);
	assert_false(believed(&exchange, "0197-1143@th.example"));
	exchange.sent.references_count--; /* we had signed less than it repeats */
	assert_false(believed(&exchange, "0197-1142@th.example"));
	exchange_end(&exchange);
}

/* ebMS 3.0 core §5.2.2.1: an RFC 2822 identifier, without the angle brackets around it. Peers send these, or nothing
 * like it; they find the receipt by the identifier that they wrote, so that it is neither refused nor mended (as RFC
 * 4130 §5.3.3 has it for AS2: "don't strip or add angle brackets"). */
static void an_identifier_is_taken_and_repeated_as_it_was_written(void **state)
{
	static const struct {
		const char *id, *in_xml, *another;
	} rows[] = {
		{ "<0197-1142@th.example>", "&lt;0197-1142@th.example&gt;", "0197-1142@th.example" },
		{ "0197-1142@th.example", "0197-1142@th.example", "<0197-1142@th.example>" },
		{ "0197c0de-1142", "0197c0de-1142", "0197c0de-1142@th.example" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange exchange;
		exchange_of(&exchange, "ecdsa-p256", 1, rows[i].id);
		assert_true(text_has(
			&exchange.receipt.body,
			arena_printf(world.arena, "<eb:RefToMessageId>%s</eb:RefToMessageId>", rows[i].in_xml)));
		assert_true(believed(&exchange, rows[i].id));
		assert_false(believed(&exchange, rows[i].another));
		exchange_end(&exchange);
	}
}

static void an_error_or_a_user_message_is_no_receipt(void **state)
{
	struct exchange exchange;
	struct opening opening;

	(void)state;
	exchange_begin(&exchange, "ecdsa-p256", 0);
	opening_run(&opening, exchange.letter.profile, &ebms_limits_default, exchange.sent.content_type,
		    buf_bytes(&exchange.sent.body));
	opening_must_pass(&opening);
	ebms_check_receipt(&opening.message, exchange.letter.info.message_id, exchange.sent.references,
			   exchange.sent.references_count);
	assert_string_equal(opening_rule(&opening), "MSG-100");
	assert_string_equal(ebms_error_row(ebms_rule_ebms(ebms_rule(RULE_RECEIPT)))->code, "EBMS:0302");
	opening_done(&opening);
	exchange_end(&exchange);
}

/* A receipt that was changed on the way is seen before its content is looked at. */
static void a_receipt_changed_after_signing_does_not_verify(void **state)
{
	struct exchange exchange;
	struct opening opening;

	(void)state;
	exchange_begin(&exchange, "edelivery-1.15", 0);
	ref_to_changed(&exchange.receipt.body);
	opening_run(&opening, exchange.letter.profile, &ebms_limits_default, exchange.receipt.content_type,
		    buf_bytes(&exchange.receipt.body));
	assert_int_equal(opening.step, VERIFYING);
	assert_string_equal(opening_rule(&opening), "MSG-041");
	opening_done(&opening);
	exchange_end(&exchange);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_arena_new, world_arena_free)
	const struct CMUnitTest tests[] = {
		TEST(the_right_receipt_is_believed_in_every_profile_of_as4),
		TEST(an_unsigned_receipt_is_none_of_what_asked_for_a_signed_one),
		TEST(a_receipt_repeats_every_reference_of_the_message),
		TEST(a_receipt_that_does_not_repeat_what_we_signed_is_not_believed),
		TEST(elements_of_other_namespaces_beside_the_information_are_left_alone),
		TEST(a_receipt_for_another_message_is_not_believed),
		TEST(an_identifier_is_taken_and_repeated_as_it_was_written),
		TEST(an_error_or_a_user_message_is_no_receipt),
		TEST(a_receipt_changed_after_signing_does_not_verify),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
