/* Hostile and wrong messages of ebMS 2 against the gateway: who is told what, and who nothing. TH is the node under
 * test, VN the partner; each test runs with signals in the HTTP response and with each in its own request. */
#include "peer2.h"

#include "base/text.h"
#include "kernel/agreement.h"
#include "keyring.h"
#include "messaging/uris_int.h"
#include "pki.h"

/* --- Who is told what --- */

#define NO_SYNC      1u /* where signals have their own requests */
#define ONLY_SYNC    2u
#define AFTER_HEADER "</eb:MessageHeader>"
#define MUST         " soap:mustUnderstand=\"1\" eb:version=\"2.0\""

static void to_nobody(struct letter2 *l)
{
	l->to = "nobody";
}
static void another_agreement(struct letter2 *l)
{
	l->cpa = "no-such-agreement";
}
static void before_the_agreement(struct letter2 *l)
{
	l->timestamp_us = REGION_START_US - 2 * DAY_US;
}
static void after_the_agreement(struct letter2 *l)
{
	l->timestamp_us = REGION_START_US + 366 * DAY_US;
}
static void another_service(struct letter2 *l)
{
	l->service = "urn:example:service";
}
static void another_action(struct letter2 *l)
{
	l->action = "FORM-Z";
}
static void a_signal_that_there_is_not(struct letter2 *l)
{
	l->service = URI_MSH_SERVICE;
	l->action = "NoSuchSignal";
}
static void another_sender_s_role(struct letter2 *l)
{
	l->from_role = "nobody";
}
static void no_sender_s_role(struct letter2 *l)
{
	l->from_role = NULL;
}
static void another_receiver_s_role(struct letter2 *l)
{
	l->to_role = "issuing-authority";
}
static void the_other_leg(struct letter2 *l)
{
	l->wishes.sync = !l->wishes.sync;
}
static void no_acknowledgment(struct letter2 *l)
{
	l->wishes.ack_wanted = false;
}
static void an_unsigned_acknowledgment(struct letter2 *l)
{
	l->wishes.ack_signed = false;
}
static void duplicates(struct letter2 *l)
{
	l->wishes.once = false;
}
static void no_payload(struct letter2 *l)
{
	l->payload = (struct bytes){ 0 };
}
static void sha1_digests(struct letter2 *l)
{
	l->forgery.digest = NS_DS "sha1";
}
static void another_transform(struct letter2 *l)
{
	l->forgery.transforms = FORGE_ENVELOPED FORGE_C14N;
}
static void a_part_not_signed(struct letter2 *l)
{
	l->forgery.without_parts = true;
}
static void something_else_signed(struct letter2 *l)
{
	l->forgery.references =
		"<ds:Reference URI=\"cid:nobody\"><ds:DigestMethod "
		"Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>"
		"<ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue></ds:Reference>";
}

struct told {
	const char *name, *code;
	void (*spoil)(struct letter2 *letter);
	struct edit before, after;
	unsigned modes;
	bool by_tls; /* its signature does not say who it is; TLS does */
};

/* ebMS 2.0 §4.2.3.4.1 for the codes; what each stands for, and what a gateway in use answers: the reference of
 * ebms-core's tests, and the CPA (CPPA 2.0). */
static const struct told all_told[] = {
	{ .name = "a party of no agreement", .code = "Inconsistent", .spoil = to_nobody },
	{ .name = "two PartyIds of which one is nobody's",
	  .code = "Inconsistent",
	  .before = { "<eb:From>", "<eb:From><eb:PartyId>urn:example:nobody</eb:PartyId>" } },
	{ .name = "an agreement that there is not", .code = "ValueNotRecognized", .spoil = another_agreement },
	{ .name = "before the agreement", .code = "Inconsistent", .spoil = before_the_agreement },
	{ .name = "after the agreement", .code = "Inconsistent", .spoil = after_the_agreement },
	{ .name = "another service", .code = "ValueNotRecognized", .spoil = another_service },
	{ .name = "another action", .code = "ValueNotRecognized", .spoil = another_action },
	{ .name = "another signal", .code = "ValueNotRecognized", .spoil = a_signal_that_there_is_not },
	{ .name = "another role", .code = "ValueNotRecognized", .spoil = another_sender_s_role },
	{ .name = "no role", .code = "ValueNotRecognized", .spoil = no_sender_s_role },
	{ .name = "another role of ours", .code = "Inconsistent", .spoil = another_receiver_s_role },
	{ .name = "the other leg", .code = "Inconsistent", .spoil = the_other_leg },
	{ .name = "no acknowledgment", .code = "Inconsistent", .spoil = no_acknowledgment },
	{ .name = "an unsigned acknowledgment", .code = "Inconsistent", .spoil = an_unsigned_acknowledgment },
	{ .name = "an acknowledgment by somebody else",
	  .code = "Inconsistent",
	  .before = { URI_TO_PARTY_MSH, "urn:example:actor" } },
	{ .name = "duplicates", .code = "Inconsistent", .spoil = duplicates },
	{ .name = "a next MSH", .code = "NotSupported", .before = { URI_TO_PARTY_MSH, URI_NEXT_MSH } },
	{ .name = "a next MSH, too",
	  .code = "NotSupported",
	  .after = { AFTER_HEADER,
		     AFTER_HEADER "<eb:AckRequested soap:actor=\"" URI_NEXT_MSH "\"" MUST " eb:signed=\"false\"/>" } },
	{ .name = "an order",
	  .code = "NotSupported",
	  .before = { AFTER_HEADER, AFTER_HEADER "<eb:MessageOrder" MUST
						 "><eb:SequenceNumber>0</eb:SequenceNumber></eb:MessageOrder>" },
	  .modes = NO_SYNC },
	{ .name = "too late",
	  .code = "TimeToLiveExpired",
	  .before = { "</eb:MessageData>", "<eb:TimeToLive>2026-01-01T00:00:00Z</eb:TimeToLive></eb:MessageData>" } },
	{ .name = "no payload", .code = "Inconsistent", .spoil = no_payload },
	{ .name = "no manifest",
	  .code = "MimeProblem",
	  .by_tls = true,
	  .before = { "<eb:Manifest eb:version=\"2.0\"><eb:Reference xlink:href=\"cid:payload@letter\" "
		      "xlink:type=\"simple\"></eb:Reference></eb:Manifest>",
		      "" } },
	{ .name = "a part that there is not",
	  .code = "MimeProblem",
	  .by_tls = true,
	  .before = { "xlink:href=\"cid:payload@letter", "xlink:href=\"cid:nobody" } },
	{ .name = "a web page",
	  .code = "MimeProblem",
	  .by_tls = true,
	  .before = { "xlink:href=\"cid:payload@letter", "xlink:href=\"http://127.0.0.1:9/payload" } },
	{ .name = "a part twice",
	  .code = "MimeProblem",
	  .before = { "<eb:Reference ",
		      "<eb:Reference xlink:href=\"cid:payload%40letter\"></eb:Reference><eb:Reference " } },
	{ .name = "a block that must be understood",
	  .code = "OtherXml",
	  .before = { AFTER_HEADER, AFTER_HEADER "<x:x xmlns:x=\"urn:x\" soap:mustUnderstand=\"1\"/>" } },
	{ .name = "something else in the body",
	  .code = "OtherXml",
	  .before = { "</soap:Body>", "<x:x xmlns:x=\"urn:x\"/></soap:Body>" } },
	{ .name = "digests by SHA-1", .code = "SecurityFailure", .spoil = sha1_digests },
	{ .name = "another transform", .code = "SecurityFailure", .by_tls = true, .spoil = another_transform },
	{ .name = "a part that is not signed", .code = "SecurityFailure", .spoil = a_part_not_signed },
	{ .name = "something else is signed",
	  .code = "SecurityFailure",
	  .by_tls = true,
	  .spoil = something_else_signed },
	{ .name = "a changed part", .code = "SecurityFailure", .after = { "EXAMPLE / HO", "EXAMPLE / HA" } },
};

static struct wire told_wire(const struct told *row, struct letter2 *letter)
{
	if (row->spoil)
		row->spoil(letter);
	letter->before[0] = row->before;
	letter->after[0] = row->after;
	return letter2_pack(region, letter);
}

static void a_partner_is_told_by_a_signed_error_what_was_wrong(void **state)
{
	bool sync = region->options.ebms2 == REGION_EBMS2_SYNC;
	unsigned wrong = 0;
	pki_auto tls = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=tls",
						     .issuer = keyring_authority(),
						     .key_usage = "critical,digitalSignature",
						     .extended_key_usage = "clientAuth" });

	(void)state;
	region_believe(th, "VN", "tls", cert_der(pki_cert(tls)), TIME_NONE);
	for (size_t i = 0; i < COUNT(all_told); i++) {
		const struct told *row = &all_told[i];
		if (sync ? row->modes & NO_SYNC : row->modes & ONLY_SYNC)
			continue;
		struct letter2 letter = letter2_new(region, (unsigned)i + 1);
		struct wire wire = told_wire(row, &letter);
		region->client_certificate = row->by_tls ? cert_der(pki_cert(tls)) : (struct bytes){ 0 };
		int64_t kept = region_counts(th, "VN").refused;
		struct http_answer answer = answer_to(&wire);
		if (!answer.status) {
			print_error("%s: nobody is told\n", row->name);
			wrong++;
			continue;
		}
		struct signal signal = letter_signal(th, &answer);
		if (signal.kind != KIND_ERROR || !same(signal.code, row->code) ||
		    !same(signal.ref_to, letter.message_id) || region_counts(th, "VN").refused != kept + 1) {
			print_error("%s: kind %d, %s, about %s\n", row->name, signal.kind, signal.code, signal.ref_to);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(region_messages(th, "in", NULL).count, 0);
	assert_int_equal(counters(th).strangers, 0);
	region_check_journals(region);
}

/* SOAP 1.1 §4.4. A Fault, and an answer, gets none: only the status. */
static void whom_tls_has_named_is_told_by_a_fault_what_is_no_message(void **state)
{
	static const char xml[] = "text/xml; charset=UTF-8";
	static const struct {
		const char *type, *text, *rule; /* NULL: nothing is told */
	} rows[] = {
		{ "text/plain", "hello", "MSG-002" },
		{ xml, "<cut", "MSG-" },
		{ xml, "<soap:Envelope xmlns:soap=\"" NS_SOAP11 "\"><soap:Body/></soap:Envelope>", "MSG-" },
		{ xml,
		  "<soap:Envelope xmlns:soap=\"" NS_SOAP11
		  "\"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode>"
		  "<faultstring>no</faultstring></soap:Fault></soap:Body></soap:Envelope>",
		  NULL },
	};
	pki_auto tls = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=tls",
						     .issuer = keyring_authority(),
						     .key_usage = "critical,digitalSignature",
						     .extended_key_usage = "clientAuth" });

	(void)state;
	region_believe(th, "VN", "tls", cert_der(pki_cert(tls)), TIME_NONE);
	for (int named = 1; named >= 0; named--)
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct wire wire = { .content_type = rows[i].type, .octets = bytes_of(rows[i].text) };
			region->client_certificate = named ? cert_der(pki_cert(tls)) : (struct bytes){ 0 };
			struct http_answer answer = letter_post(th, &wire);
			const char *text = arena_text_of(region->arena, answer.body);
			assert_int_equal(answer.status, 400);
			if (!named || !rows[i].rule) {
				assert_int_equal(answer.body.size, 0);
				continue;
			}
			assert_string_equal(answer.content_type, xml);
			assert_non_null(strstr(text, arena_printf(region->arena,
								  "<faultcode>soap:Client</faultcode><faultstring>%s",
								  rows[i].rule)));
			assert_true(ends_with(text, "</faultstring></soap:Fault></soap:Body></soap:Envelope>"));
		}
	region->client_certificate = (struct bytes){ 0 };
	assert_int_equal(region_counts(th, "VN").refused, COUNT(rows));
}

static void by_nobody(struct letter2 *l)
{
	l->from = "nobody";
}
static void by_another_type(struct letter2 *l)
{
	l->from_type = "urn:example:type";
}
static void by_la_s_keys(struct letter2 *l)
{
	l->keys = "LA";
}
static void by_nobody_s_keys(struct letter2 *l)
{
	l->keys = "stranger";
}
static void not_signed(struct letter2 *l)
{
	l->is_unsigned = true;
}
static void without_certificate(struct letter2 *l)
{
	l->forgery.key_info = "<ds:KeyName>VN</ds:KeyName>";
}

#define NEXT " soap:actor=\"" URI_SOAP_NEXT "\""
static const struct told all_strangers[] = {
	{ .name = "somebody else's name", .spoil = by_nobody },
	{ .name = "another type of name", .spoil = by_another_type },
	{ .name = "another partner's signature", .spoil = by_la_s_keys },
	{ .name = "a stranger's signature", .spoil = by_nobody_s_keys },
	{ .name = "no signature", .spoil = not_signed },
	{ .name = "no certificate", .spoil = without_certificate },
	{ .name = "another version", .before = { "eb:version=\"2.0\"", "eb:version=\"2.1\"" } },
	{ .name = "no MessageId", .before = { "<eb:MessageId>", "<eb:MessageId/><eb:MessageId>" } },
	{ .name = "a changed header", .after = { "FORM-D<", "FORM-E<" } },
	{ .name = "a DTD", .after = { "<soap:Envelope ", "<!DOCTYPE x><soap:Envelope " } },
	{ .name = "two headers", .before = { AFTER_HEADER, AFTER_HEADER "<eb:MessageHeader/>" } },
	{ .name = "an unsigned Acknowledgment",
	  .after = { AFTER_HEADER,
		     AFTER_HEADER "<eb:Acknowledgment" NEXT MUST "><eb:Timestamp>2026-11-02T03:00:00Z"
				  "</eb:Timestamp><eb:RefToMessageId>x@y</eb:RefToMessageId></eb:Acknowledgment>" } },
	{ .name = "an unsigned header", .after = { "<eb:MessageHeader", "<eb:MessageHeader" NEXT } },
	{ .name = "an unsigned Manifest", .after = { "<eb:Manifest ", "<eb:Manifest" NEXT " " } },
	{ .name = "an unsigned body", .after = { "<soap:Body>", "<soap:Body" NEXT ">" } },
};

static void a_stranger_gets_a_bare_400(void **state)
{
	(void)state;
	turned_away("text", &(struct wire){ .content_type = "text/xml", .octets = bytes_of("hello") });
	turned_away("a fault", &(struct wire){ .content_type = "text/xml",
					       .octets = bytes_of("<e:Envelope xmlns:e=\"" NS_SOAP11
								  "\"><e:Body><e:Fault/></e:Body></e:Envelope>") });
	for (size_t i = 0; i < COUNT(all_strangers); i++) {
		struct letter2 letter = letter2_new(region, (unsigned)i + 1);
		struct wire wire = told_wire(&all_strangers[i], &letter);
		turned_away(all_strangers[i].name, &wire);
	}
	struct caught caught = { 0 };
	settle_caught(&caught);
	assert_int_equal(caught.count, 0);
}

/* --- Duplicates --- */

/* ebMS 2.0 §6.5.5: the first stored response, unchanged. */
static void the_same_message_again_gets_the_stored_acknowledgment(void **state)
{
	(void)state;
	struct letter2 letter = letter2_new(region, 1), other = letter2_new(region, 2);
	struct wire wire = letter2_pack(region, &letter);
	struct bytes first = receipt_to(&letter, &wire);

	region->now_us += HOUR_US;
	assert_true(bytes_same(receipt_to(&letter, &wire), first));
	region->now_us += 61 * DAY_US;
	assert_true(bytes_same(receipt_to(&letter, &wire), first));
	assert_int_equal(counters(th).accepted, 1);
	assert_int_equal(counters(th).duplicates, 2);
	assert_int_equal(region_documents(th, "in").count, 1);

	other.message_id = letter.message_id;
	other.timestamp_us = region->now_us;
	wire = letter2_pack(region, &other);
	struct signal signal = signal_to(&wire);
	assert_int_equal(signal.kind, KIND_ERROR);
	assert_string_equal(signal.code, "Inconsistent");
	assert_int_equal(region_documents(th, "in").count, 1);
}

/* --- The services of a message handler --- */

static const char *status_for(unsigned number, const char *about)
{
	struct letter2 letter = letter2_signal(region, number, "StatusRequest");

	letter.before[0] =
		(struct edit){ "<soap:Body>",
			       arena_printf(region->arena,
					    "<soap:Body><eb:StatusRequest eb:version=\"2.0\"><eb:RefToMessageId>%s"
					    "</eb:RefToMessageId></eb:StatusRequest>",
					    about) };
	struct wire wire = letter2_pack(region, &letter);
	struct http_answer answer = answer_to(&wire);
	struct findings *findings = findings_new(region->arena);
	struct ebms_message message;

	assert_int_equal(answer.status, 200);
	ebms_init(&message, region->arena, &ebms_limits_default, findings);
	region_must(region, ebms_read(&message, answer.content_type, answer.body, &region->err));
	assert_int_equal(findings_count(findings), 0);
	assert_int_equal(message.kind, KIND_STATUS_RESPONSE);
	assert_string_equal(message.ebms2->status.ref_to, about);
	assert_string_equal(message.signal.info->ref_to, letter.message_id);
	const char *status = arena_text(region->arena, message.ebms2->status.status);
	/* §8.1.2.1: of what is not recognized there is no time. */
	assert_int_equal(message.ebms2->status.timestamp_us == TIME_NONE, same(status, "NotRecognized"));
	ebms_done(&message);
	return status;
}

/* §8.1. What another partner sent is none of VN's business, also where it has the same identifier. */
static void the_status_of_a_message_is_told_to_who_sent_it(void **state)
{
	struct letter2 letter = letter2_new(region, 1);
	struct wire wire = letter2_pack(region, &letter);
	struct letter of_la = letter_to_la(region, 2);
	struct caught caught = { 0 };

	(void)state;
	of_la.keys = of_la.from = "LA";
	of_la.encrypt_for = of_la.to = "TH";
	of_la.original_sender = "LA:dft";
	of_la.final_recipient = "TH:customs";
	of_la.payload = bytes_of(paper_form_d(region, "LA", "TH", 2, date_of_time(region->now_us)));
	of_la.message_id = "of-la@la";
	struct wire la_wire = letter_pack(region, &of_la);
	assert_int_equal(letter_post(th, &la_wire).status, 200);
	of_la.message_id = letter.message_id;
	of_la.timestamp_us -= HOUR_US;
	la_wire = letter_pack(region, &of_la);
	assert_int_equal(letter_post(th, &la_wire).status, 200);

	assert_string_equal(status_for(10, letter.message_id), "NotRecognized");
	letter_post(th, &wire);
	settle_caught(&caught);
	assert_string_equal(status_for(11, "of-la@la"), "NotRecognized");
	assert_string_equal(status_for(12, "nobody@nowhere"), "NotRecognized");
	assert_string_equal(status_for(13, letter.message_id), "Processed");
	struct message ours = waiting(3);
	assert_string_equal(status_for(14, ours.message_id), "NotRecognized");
}

static void a_ping_is_answered_and_leaves_nothing(void **state)
{
	struct letter2 letter = letter2_signal(region, 1, "Ping");
	struct wire wire = letter2_pack(region, &letter);
	struct signal signal = signal_to(&wire);

	(void)state;
	assert_int_equal(signal.kind, KIND_PONG);
	assert_string_equal(signal.ref_to, letter.message_id);
	assert_int_equal(region_messages(th, "in", NULL).count, 0);
	/* With something to take in it is refused. */
	letter = letter2_signal(region, 2, "Ping");
	letter.payload = bytes_of("<x/>");
	wire = letter2_pack(region, &letter);
	letter_post(th, &wire);
	assert_int_equal(region_messages(th, "in", NULL).count, 0);
}

static void a_lost_acknowledgment_comes_again_with_the_message(void **state)
{
	struct letter2 letter = letter2_new(region, 1);
	struct wire wire = letter2_pack(region, &letter);
	struct caught lost = { .status = 500 };

	(void)state;
	assert_int_equal(letter_post(th, &wire).status, region->options.ebms2 == REGION_EBMS2_SYNC ? 200 : 204);
	settle_caught(&lost);
	receipt_to(&letter, &wire);
	assert_int_equal(counters(th).accepted, 1);
}

/* --- Agreements --- */

/* The CPAId of an agreement with somebody else is none with VN. */
static void an_agreement_of_another_partner_is_none(void **state)
{
	struct letter2 letter = letter2_new(region, 1);

	(void)state;
	agree(th, "LA", "th-la", everywhere(agreed(th), "\"th-vn\"", "\"th-la\""));
	letter.cpa = "th-la";
	struct wire wire = letter2_pack(region, &letter);
	struct signal signal = signal_to(&wire);
	assert_int_equal(signal.kind, KIND_ERROR);
	assert_string_equal(signal.code, "ValueNotRecognized");
}

static enum err_code withdraw(struct tx *tx, void *arg, struct err *err)
{
	const struct actor actor = { .name = "operator" };

	(void)arg;
	return agreement_withdraw(tx, "th-vn", &actor, region->now_us, err);
}

/* From then on, whatever time a message says that it was written; what answers ours may come all the same. */
static void what_is_withdrawn_is_agreed_no_more_and_what_was_sent_under_it_may_be_acknowledged(void **state)
{
	struct message message = waiting(1);
	struct letter2 letter = letter2_new(region, 2);
	const struct answer2 answer = { .keys = "VN", .kind = KIND_RECEIPT };
	char none;

	(void)state;
	region->now_us += HOUR_US;
	region_must(region, db_write(th->kernel.db, withdraw, &none, &region->err));
	region_must(region, messaging_refresh(th->messaging, false, &region->err));
	region->now_us += HOUR_US;
	struct wire wire = letter2_pack(region, &letter);
	struct signal signal = signal_to(&wire);
	assert_int_equal(signal.kind, KIND_ERROR);
	assert_string_equal(signal.code, "Inconsistent");
	struct wire sent = sent_of(&message);
	wire = answer2_pack(region, &answer, &sent);
	assert_int_equal(letter_post(th, &wire).status, 204);
	assert_string_equal(region_message(th, message.id).state, "delivered");
}

static enum err_code suspend(struct tx *tx, void *arg, struct err *err)
{
	const struct actor actor = { .name = "operator" };
	struct partner partner;

	(void)arg;
	TRY(partner_find(tx, region->arena, "VN", &partner, err));
	partner.status = "suspended";
	return partner_change(tx, &partner, &actor, region->now_us, err);
}

static void change(db_fn *run)
{
	char none;

	region_must(region, db_write(th->kernel.db, run, &none, &region->err));
	region_must(region, messaging_refresh(th->messaging, false, &region->err));
}

/* §6.5.5: what was accepted is, whatever has expired or been agreed since; its sender would take a refusal for its
 * fate. With a suspended partner nothing is exchanged. */
static void what_was_accepted_gets_its_acknowledgment_again_whatever_is_agreed_since(void **state)
{
	char until[TIME_SIZE];
	struct letter2 letter = letter2_new(region, 1), altered = letter2_new(region, 2);

	(void)state;
	time_format(region->now_us + HOUR_US, until);
	letter.before[0] = (struct edit){ "</eb:MessageData>",
					  arena_printf(region->arena,
						       "<eb:TimeToLive>%s</eb:TimeToLive></eb:MessageData>", until) };
	struct wire wire = letter2_pack(region, &letter);
	struct bytes first = receipt_to(&letter, &wire);
	region->now_us += 2 * HOUR_US;
	assert_true(bytes_same(receipt_to(&letter, &wire), first));
	agree(th, "VN", "th-vn", everywhere(agreed(th), "FORM-D", "FORM-Z"));
	assert_true(bytes_same(receipt_to(&letter, &wire), first));
	change(withdraw);
	region->now_us += HOUR_US;
	assert_true(bytes_same(receipt_to(&letter, &wire), first));
	assert_int_equal(counters(th).accepted, 1);
	assert_int_equal(counters(th).duplicates, 3);

	altered.message_id = letter.message_id;
	struct wire other = letter2_pack(region, &altered);
	assert_string_equal(signal_to(&other).code, "Inconsistent");
	change(suspend);
	struct http_answer answer = letter_post(th, &wire);
	struct caught caught = { 0 };
	settle_caught(&caught);
	assert_int_equal(caught.count, 0);
	assert_int_equal(answer.status, region->options.ebms2 == REGION_EBMS2_SYNC ? 200 : 204);
	if (answer.status == 200)
		assert_int_equal(letter_signal(th, &answer).kind, KIND_ERROR);
	assert_int_equal(counters(th).duplicates, 3);
	assert_int_equal(region_documents(th, "in").count, 1);
}

#define BOTH(test)                                                                                                     \
	{ #test " (sync)", test, peer2_begin_sync, peer2_end, NULL },                                                  \
	{                                                                                                              \
#test " (async)", test, peer2_begin_async, peer2_end, NULL                                             \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		BOTH(a_partner_is_told_by_a_signed_error_what_was_wrong),
		BOTH(whom_tls_has_named_is_told_by_a_fault_what_is_no_message),
		BOTH(a_stranger_gets_a_bare_400),
		BOTH(the_same_message_again_gets_the_stored_acknowledgment),
		BOTH(the_status_of_a_message_is_told_to_who_sent_it),
		BOTH(a_ping_is_answered_and_leaves_nothing),
		BOTH(a_lost_acknowledgment_comes_again_with_the_message),
		BOTH(what_is_withdrawn_is_agreed_no_more_and_what_was_sent_under_it_may_be_acknowledged),
		BOTH(what_was_accepted_gets_its_acknowledgment_again_whatever_is_agreed_since),
		BOTH(an_agreement_of_another_partner_is_none),
	};

	return cmocka_run_group_tests_name("ebms2", tests, NULL, NULL);
}
