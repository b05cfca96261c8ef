/* Hostile and wrong requests against the gateway, and hostile and wrong answers to the sender. TH is the node under
 * test, VN the partner. */
#include "letter.h"
#include "messaging/uris_int.h"

#include "base/text.h"
#include "keyring.h"
#include "pki.h"

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

static struct messaging_counters counters(struct region_node *node)
{
	struct messaging_counters found;

	messaging_counters(node->messaging, &found);
	return found;
}

/* --- Who is turned away --- */

/* WIRE gets a bare 400 for RULE; nothing is written, not even that it was so. */
static void turned_away(const struct wire *wire, const char *rule)
{
	int64_t before = counters(th).strangers, transactions = db_counters(th->kernel.db).transactions;
	struct http_answer answer = letter_post(th, wire);
	struct messaging_strangers list;

	assert_int_equal(answer.status, 400);
	assert_int_equal(answer.body.size, 0);
	assert_string_equal(answer.content_type, "");
	assert_int_equal(counters(th).strangers, before + 1);
	assert_int_equal(db_counters(th->kernel.db).transactions, transactions);
	region_must(region, messaging_strangers(th->messaging, region->arena, 1, &list, &region->err));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].rule, rule);
	assert_string_equal(list.items[0].peer, "192.0.2.1:49152");
}

static void who_is_no_partner_gets_a_bare_400(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);

	turned_away(&(struct wire){ 0 }, "MSG-001");
	turned_away(&(struct wire){ .content_type = "text/plain", .octets = bytes_of("hello") }, "MSG-002");
	letter.from = "MY";
	struct wire wire = letter_pack(region, &letter);
	turned_away(&wire, "MSG-050");
	letter = letter_new(region, 1);
	letter.from_type = "urn:example:another-type";
	wire = letter_pack(region, &letter);
	turned_away(&wire, "MSG-050");
}

/* TH believes DER as USE of VN until UNTIL_US. */
static void believe(const char *use, struct bytes der, int64_t until_us)
{
	region_believe(th, "VN", use, der, until_us);
}

static void believe_keys(const char *name, int64_t until_us)
{
	struct key_list list;

	region_must(region, keystore_list(keyring_directory(name), &list, &region->err));
	believe("sign", cert_der(keyring_find(&list, KEY_USE_SIGN, KEY_P256)), until_us);
	key_list_done(&list);
}

/* RFC 5280 §4.1.2.5, §4.2.1.3. All but the first are pinned, so that nothing else is wrong with them. */
static void a_partner_s_name_with_a_certificate_that_is_not_believed_gets_a_bare_400(void **state)
{
	(void)state;
	static const struct {
		const char *name, *usage;
		int64_t from_us, to_us;
		bool pinned;
	} rows[] = {
		{ "stranger", "critical,digitalSignature", 0, 0, false },
		{ "expired", "critical,digitalSignature", PKI_FROM, REGION_START_US - SECOND_US, true },
		{ "future", "critical,digitalSignature", REGION_START_US + DAY_US, 0, true },
		{ "sealer", "critical,keyEncipherment", 0, 0, true },
		{ "good", "critical,digitalSignature", 0, 0, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct letter letter = letter_new(region, (unsigned)i + 1);
		keyring_special(rows[i].name, rows[i].usage, rows[i].from_us, rows[i].to_us);
		if (rows[i].pinned)
			believe_keys(rows[i].name, TIME_NONE);
		letter.keys = rows[i].name;
		struct wire wire = letter_pack(region, &letter);
		if (same(rows[i].name, "good"))
			assert_int_equal(letter_post(th, &wire).status, 200);
		else
			turned_away(&wire, "MSG-051");
	}
}

/* With one octet changed it is not proved who sent it. */
static void a_changed_octet_of_the_header_gets_a_bare_400(void **state)
{
	(void)state;
	static const struct {
		const char *at, *rule;
	} rows[] = {
		{ "FORM-D<", "MSG-041" },
		{ "TH:customs", "MSG-041" },
	};
	struct letter letter = letter_new(region, 1);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wire wire = letter_pack(region, &letter);
		uint8_t *copy = arena_copy(region->arena, wire.octets.data, wire.octets.size);
		uint8_t *at = memmem(copy, wire.octets.size, rows[i].at, strlen(rows[i].at));
		assert_non_null(at);
		*at = 'X';
		wire.octets.data = copy;
		turned_away(&wire, rows[i].rule);
	}
}

/* The signature is VN's, and all that it covers is in the message; but what would be processed is not what is signed.
 */
static void a_signed_message_moved_inside_another_gets_a_bare_400(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);
	struct wire wire = letter_pack_wrapped(region, &letter);

	turned_away(&wire, "MSG-017");
	assert_int_equal(counters(th).refused, 0);
	assert_int_equal(region_counts(th, "VN").refused, 0);
	letter.payload = (struct bytes){ 0 };
	letter.service = URI_TEST_SERVICE;
	letter.action = URI_TEST_ACTION;
	wire = letter_pack_wrapped(region, &letter);
	turned_away(&wire, "MSG-017");
}

/* Of findings only the first thousand are kept: what is missing behind them is missing all the same. */
static void a_flood_of_foreign_header_blocks_gets_a_bare_400(void **state)
{
	(void)state;
	buf_auto soap;

	buf_init(&soap, 1 << 20);
	buf_puts(&soap, "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Header>");
	for (int i = 0; i < FINDINGS_MAX + 100; i++)
		buf_puts(&soap, "<x xmlns=\"urn:x\"/>");
	buf_puts(&soap, "</e:Header><e:Body/></e:Envelope>");
	turned_away(&(struct wire){ .content_type = "application/soap+xml", .octets = buf_bytes(&soap) }, "MSG-016");
}

/* Signals are answers; one that is posted is never answered, or two nodes could go on for ever. */
static void a_posted_receipt_or_error_gets_a_bare_400(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);
	struct wire receipt = letter_receipt(region, &letter, "VN");
	struct wire error = letter_error(region, &letter, "VN", RULE_ACTION);

	turned_away(&receipt, "MSG-100");
	turned_away(&error, "MSG-100");
}

static void ten_thousand_strangers_do_not_grow_the_database_and_the_ring_keeps_64(void **state)
{
	(void)state;
	enum { STRANGERS = 10000, LETTERS = 64, KEPT = 64 };
	struct letter letter = letter_new(region, 1);
	struct messaging_strangers list;
	int64_t transactions = db_counters(th->kernel.db).transactions;

	letter.from = "MY";
	struct wire wire = letter_pack(region, &letter);
	for (unsigned i = 0; i < STRANGERS; i++) {
		struct http_answer answer;
		arena_auto arena = arena_new(65536);
		bool last = i >= STRANGERS - LETTERS / 2;
		region->now_us++;
		region_post(th, arena, last ? wire.content_type : "text/plain",
			    last ? wire.octets : bytes_of("GET / HTTP/1.1"), &answer);
		assert_int_equal(answer.status, 400);
		assert_int_equal(answer.body.size, 0);
	}
	assert_int_equal(counters(th).strangers, STRANGERS);
	assert_int_equal(db_counters(th->kernel.db).transactions, transactions);
	region_must(region, messaging_strangers(th->messaging, region->arena, 1000, &list, &region->err));
	assert_int_equal(list.count, KEPT);
	for (size_t i = 0; i < list.count; i++) {
		assert_true(list.items[i].at_us == region->now_us - (int64_t)i);
		assert_string_equal(list.items[i].rule, i < LETTERS / 2 ? "MSG-050" : "MSG-002");
	}
}

/* --- Who gets a signed error --- */

static enum err_code suspend(struct tx *tx, void *arg, struct err *err)
{
	const struct actor actor = { .name = "operator" };
	struct partner partner;

	TRY(partner_find(tx, region->arena, arg, &partner, err));
	partner.status = "suspended";
	return partner_change(tx, &partner, &actor, region->now_us, err);
}

static const uint8_t no_gzip[] = { 0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

static void wrong_to(struct letter *letter)
{
	letter->to = "LA";
}
static void wrong_service(struct letter *letter)
{
	letter->service = "urn:example:service";
}
static void wrong_action(struct letter *letter)
{
	letter->action = "FORM-Z";
}
static void no_recipient(struct letter *letter)
{
	letter->final_recipient = NULL;
}
static void no_sender(struct letter *letter)
{
	letter->original_sender = NULL;
}
static void wrong_seat(struct letter *letter)
{
	letter->final_recipient = "TH:nobody";
}
static void wrong_state(struct letter *letter)
{
	letter->final_recipient = "LA:customs";
}
static void no_payload(struct letter *letter)
{
	letter->payload = (struct bytes){ 0 };
}
static void sealed_for_another(struct letter *letter)
{
	letter->encrypt_for = "LA";
}
static void broken_gzip(struct letter *letter)
{
	letter->compressed = true;
	letter->payload = bytes(no_gzip, sizeof(no_gzip));
}
static void plain_as_gzip(struct letter *letter)
{
	letter->compressed = true;
}
static void too_old(struct letter *letter)
{
	letter->timestamp_us -= 61 * DAY_US;
}
static void suspended(struct letter *letter)
{
	char partner[] = "VN";

	(void)letter;
	region_must(region, db_write(th->kernel.db, suspend, partner, &region->err));
	region_must(region, messaging_refresh(th->messaging, false, &region->err));
}

/* WIRE is refused with CODE and RULE in an error that TH signed; the refusal is kept, the message is not. */
static void refused(const struct letter *letter, const struct wire *wire, const char *code, const char *rule)
{
	int64_t before = counters(th).refused, kept = region_counts(th, "VN").refused;
	size_t messages = region_messages(th, "in", NULL).count;
	struct http_answer answer = letter_post(th, wire);
	struct signal signal = letter_signal(th, &answer);

	assert_int_equal(signal.kind, KIND_ERROR);
	assert_string_equal(signal.code, code);
	assert_memory_equal(signal.detail, rule, strlen(rule));
	assert_string_equal(signal.ref_to, letter->message_id);
	assert_int_equal(counters(th).refused, before + 1);
	assert_int_equal(region_counts(th, "VN").refused, kept + 1);
	assert_int_equal(region_messages(th, "in", NULL).count, messages);
	assert_int_equal(counters(th).strangers, 0);
}

static void wrong_role(struct letter *letter)
{
	letter->from_role = URI_ROLE_RESPONDER;
}

static void unknown_agreement(struct letter *letter)
{
	letter->agreement = "an agreement that nobody made";
}

static void ping_with_payload(struct letter *letter)
{
	letter->service = URI_TEST_SERVICE;
	letter->action = URI_TEST_ACTION;
}

/* The codes are those of ebMS 3.0 core §6.7.1 and AS4 profile 1.0 §3.6 for these faults. */
static void a_partner_is_told_by_a_signed_error_what_was_wrong(void **state)
{
	(void)state;
	static const struct {
		void (*spoil)(struct letter *letter);
		const char *code, *rule;
	} rows[] = {
		{ wrong_to, "EBMS:0001", "MSG-080" },      /* ValueNotRecognized */
		{ wrong_service, "EBMS:0010", "MSG-081" }, /* ProcessingModeMismatch */
		{ wrong_action, "EBMS:0010", "MSG-081" },
		{ no_recipient, "EBMS:0003", "MSG-083" }, /* ValueInconsistent */
		{ no_sender, "EBMS:0003", "MSG-083" },
		{ wrong_seat, "EBMS:0001", "MSG-082" },
		{ wrong_state, "EBMS:0001", "MSG-082" },
		{ no_payload, "EBMS:0003", "MSG-084" },
		{ sealed_for_another, "EBMS:0102", "MSG-060" }, /* FailedDecryption */
		{ broken_gzip, "EBMS:0303", "MSG-070" },        /* DecompressionFailure */
		{ plain_as_gzip, "EBMS:0303", "MSG-070" },
		{ too_old, "EBMS:0003", "MSG-091" },
		{ wrong_role, "EBMS:0010", "MSG-085" },
		{ unknown_agreement, "EBMS:0010", "MSG-085" },
		{ ping_with_payload, "EBMS:0003", "MSG-084" },
		{ suspended, "EBMS:0004", "MSG-052" }, /* Other, so that the partner waits; the last: it stays so */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct letter letter = letter_new(region, (unsigned)i + 1);
		rows[i].spoil(&letter);
		struct wire wire = letter_pack(region, &letter);
		refused(&letter, &wire, rows[i].code, rows[i].rule);
	}
	region_settle(region);
	region_check_journals(region);
}

/* PolicyNoncompliance: whoever takes the encryption off on the way does not get it accepted. */
static void a_payload_in_clear_is_refused(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);
	struct wire wire = letter_pack_clear(region, &letter);

	refused(&letter, &wire, "EBMS:0103", "MSG-035");
}

/* AES-GCM: a changed octet does not open. */
static void a_changed_octet_of_the_payload_is_refused(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);
	struct wire wire = letter_pack(region, &letter);
	uint8_t *copy = arena_copy(region->arena, wire.octets.data, wire.octets.size);

	copy[wire.octets.size - 100] ^= 1;
	wire.octets.data = copy;
	refused(&letter, &wire, "EBMS:0102", "MSG-060");
}

/* --- Duplicates --- */

static struct bytes receipt_for(const struct letter *letter, const struct wire *wire)
{
	struct http_answer answer = letter_post(th, wire);
	struct signal signal = letter_signal(th, &answer);

	assert_int_equal(signal.kind, KIND_RECEIPT);
	assert_string_equal(signal.ref_to, letter->message_id);
	return answer.body;
}

/* AS4 profile 1.0 §3.2. Also when it was encrypted and signed anew, when it has been processed, and when identifiers
 * as old as this one are not taken any more. */
static void the_same_message_again_gets_the_stored_receipt_and_is_processed_once(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);
	struct wire first = letter_pack(region, &letter), anew = letter_pack(region, &letter);
	struct bytes receipt = receipt_for(&letter, &first);

	assert_false(bytes_same(first.octets, anew.octets));
	assert_true(bytes_same(receipt_for(&letter, &first), receipt));
	region_settle(region);
	assert_true(bytes_same(receipt_for(&letter, &anew), receipt));
	region->now_us += 61 * DAY_US;
	assert_true(bytes_same(receipt_for(&letter, &first), receipt));
	region_settle(region);
	assert_int_equal(counters(th).accepted, 1);
	assert_int_equal(counters(th).duplicates, 3);
	assert_int_equal(region_messages(th, "in", "processed").count, 1);
	assert_int_equal(region_documents(th, "in").count, 1);
	assert_true(bytes_same(region_wire(th, region_message(th, letter.message_id).id, WIRE_RECEIPT_SENT), receipt));
}

static void the_same_id_with_other_content_is_refused(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1), other = letter_new(region, 2);
	struct wire first = letter_pack(region, &letter);
	struct bytes receipt = receipt_for(&letter, &first);

	other.message_id = letter.message_id;
	struct wire wire = letter_pack(region, &other);
	refused(&other, &wire, "EBMS:0003", "MSG-090");
	region_settle(region);
	assert_true(bytes_same(receipt_for(&letter, &first), receipt));
	assert_int_equal(region_documents(th, "in").count, 1);
}

/* --- Certificates that come and go --- */

static void both_certificates_are_accepted_during_a_roll_over(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1), next = letter_new(region, 2);

	next.keys = "VN-next";
	struct wire wire = letter_pack(region, &next);
	turned_away(&wire, "MSG-051");
	believe_keys("VN-next", TIME_NONE);
	receipt_for(&next, &wire);
	wire = letter_pack(region, &letter);
	receipt_for(&letter, &wire);
}

static void a_withdrawn_certificate_is_not_accepted_any_more(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);

	believe_keys("VN", region->now_us);
	struct wire wire = letter_pack(region, &letter);
	turned_away(&wire, "MSG-051");
}

/* Nobody has to do anything when the day comes. */
static void a_certificate_that_will_be_withdrawn_is_accepted_until_then(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1), late = letter_new(region, 2);

	believe_keys("VN", region->now_us + DAY_US);
	region_run(region, DAY_US - HOUR_US);
	struct wire wire = letter_pack(region, &letter);
	receipt_for(&letter, &wire);
	region_run(region, 2 * HOUR_US);
	wire = letter_pack(region, &late);
	turned_away(&wire, "MSG-051");
	/* A clock that was wrong does not withdraw it for good. */
	th->clock.skew_us = -DAY_US;
	region_settle(region);
	receipt_for(&late, &wire);
}

static struct message put_certificate(unsigned number)
{
	struct document_result sent =
		region_submit(th, "dft", paper_form_d(region, "TH", "VN", number, region_today(th)));

	return region_message(th, sent.message);
}

/* VN does not have the key of the new one: that it cannot open what is sent shows that it was used. */
static void a_new_certificate_is_encrypted_for_from_the_day_on_which_it_begins(void **state)
{
	(void)state;
	pki_auto next = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=next",
						      .issuer = keyring_authority(),
						      .key_usage = "critical,keyAgreement",
						      .not_before_us = REGION_START_US + DAY_US });

	believe("encrypt", cert_der(pki_cert(next)), TIME_NONE);
	struct message today = put_certificate(1);
	region_run(region, DAY_US + HOUR_US);
	assert_string_equal(region_message(th, today.id).state, "delivered");
	struct message tomorrow = put_certificate(2);
	region_settle(region);
	/* It waits, because its bytes change when the certificate does. */
	assert_string_equal(region_message(th, tomorrow.id).state, "queued");
	assert_non_null(strstr(region_message(th, tomorrow.id).last_error, "EBMS:0102"));
	believe("encrypt", cert_der(pki_cert(next)), region->now_us);
	region_run(region, HOUR_US);
	assert_string_equal(region_message(th, tomorrow.id).state, "delivered");
}

/* Pinned ahead of a change of profile, and newer than the one in use. */
static void a_certificate_of_another_kind_than_the_profile_s_is_not_encrypted_for(void **state)
{
	(void)state;
	pki_auto other = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=other",
						       .key = "rsa-2048",
						       .issuer = keyring_authority(),
						       .key_usage = "critical,keyEncipherment",
						       .not_before_us = REGION_START_US - DAY_US });

	believe("encrypt", cert_der(pki_cert(other)), TIME_NONE);
	struct message message = put_certificate(1);
	region_settle(region);
	assert_string_equal(region_message(th, message.id).state, "delivered");
}

/* RFC 5280 §5. The list is believed because the partner's authority, which signed it, is known. */
static void a_revoked_certificate_is_not_accepted_any_more(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1), later = letter_new(region, 2);
	struct key_list list;
	int64_t serial = 0;
	buf_auto crl;

	region_must(region, keystore_list(keyring_directory("VN"), &list, &region->err));
	assert_true(int64_parse(cert_serial(keyring_find(&list, KEY_USE_SIGN, KEY_P256)), &serial));
	key_list_done(&list);
	believe("issuer", cert_der(pki_cert(keyring_authority())), TIME_NONE);
	struct wire wire = letter_pack(region, &letter);
	receipt_for(&letter, &wire);

	buf_init(&crl, 65536);
	pki_crl_pem(&(struct pki_list){ .signer = keyring_authority(),
					.serials = (const long[]){ (long)serial },
					.count = 1,
					.revoked_us = region->now_us - SECOND_US,
					.this_update_us = region->now_us - SECOND_US,
					.next_update_us = region->now_us + 7 * DAY_US },
		    &crl);
	believe("crl", buf_bytes(&crl), TIME_NONE);
	wire = letter_pack(region, &later);
	turned_away(&wire, "MSG-051");
}

/* --- What the sender makes of answers --- */

struct reply {
	struct wire wire;
	int status;
	unsigned asked;
};

static bool answer_instead(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
			   struct http_answer *answer)
{
	struct reply *reply = arg;

	(void)to, (void)call;
	reply->asked++;
	*answer = (struct http_answer){
		.status = reply->status,
		.content_type = arena_text(arena, reply->wire.content_type ? reply->wire.content_type : ""),
		.body = bytes(arena_copy(arena, reply->wire.octets.size ? reply->wire.octets.data : no_gzip,
					 reply->wire.octets.size),
			      reply->wire.octets.size),
	};
	return true;
}

static void attempt_fails(const struct message *message, struct wire wire, int status, const char *why)
{
	struct reply reply = { .wire = wire, .status = status };
	struct message after;

	region->intercept = answer_instead;
	region->intercept_arg = &reply;
	region_settle(region);
	region->intercept = NULL;
	after = region_message(th, message->id);
	assert_int_equal(reply.asked, 1);
	assert_string_equal(after.state, "queued");
	assert_int_equal(after.attempts, 1);
	assert_true(after.next_attempt_us > region->now_us);
	assert_non_null(after.last_error);
	if (!strstr(after.last_error, why))
		fail_msg("\"%s\" does not say \"%s\"", after.last_error, why);
	region_drain(region, HOUR_US);
	assert_string_equal(region_message(th, message->id).state, "delivered");
}

static void an_answer_without_a_signal_is_no_receipt(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *type, *body, *why;
	} rows[] = {
		{ 200, "", "", "HTTP status 200 without a signal" },
		{ 202, "", "", "HTTP status 202 without a signal" },
		{ 200, "text/html", "<html><body>It works</body></html>", "MSG-002" },
		{ 200, "application/json", "{\"status\":\"accepted\"}", "MSG-002" },
		{ 200, "application/soap+xml", "<html><body>It works</body></html>", "MSG-01" },
		{ 500, "text/html", "<html/>", "HTTP status 500" },
		{ 302, "text/html", "<html/>", "HTTP status 302" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct message message = put_certificate((unsigned)i + 1);
		attempt_fails(&message, (struct wire){ .content_type = rows[i].type, .octets = bytes_of(rows[i].body) },
			      rows[i].status, rows[i].why);
	}
	region_check(region);
}

/* The letter as VN's gateway would have got it. */
static struct letter letter_of(const struct message *message, const char *payload)
{
	struct letter letter = letter_new(region, 99);

	letter.keys = letter.from = "TH";
	letter.encrypt_for = letter.to = "VN";
	letter.message_id = message->message_id;
	letter.conversation = message->conversation;
	letter.original_sender = message->original_sender;
	letter.final_recipient = message->final_recipient;
	letter.timestamp_us = message->created_us;
	letter.payload = bytes_of(payload);
	return letter;
}

/* AS4 profile 1.0 §5.1.8: the receipt names the message and repeats the digests of what was received. */
static void a_receipt_for_something_else_is_none(void **state)
{
	(void)state;
	struct message first = put_certificate(1);

	region_drain(region, HOUR_US);
	struct wire other = { .content_type = "application/soap+xml",
			      .octets = region_wire(th, first.id, WIRE_RECEIPT_RECEIVED) };
	struct message second = put_certificate(2);
	attempt_fails(&second, other, 200, "MSG-100");

	struct message third = put_certificate(3);
	struct letter letter = letter_of(&third, "<another/>");
	attempt_fails(&third, letter_receipt(region, &letter, "VN"), 200, "MSG-100");
	region_check(region);
}

/* What a stranger says settles nothing, neither way. */
static void a_signal_that_the_partner_did_not_sign_settles_nothing(void **state)
{
	(void)state;
	struct message first = put_certificate(1);
	struct letter letter = letter_of(&first, "<another/>");

	attempt_fails(&first, letter_receipt(region, &letter, "LA"), 200, "MSG-051");
	struct message second = put_certificate(2);
	letter = letter_of(&second, "<another/>");
	attempt_fails(&second, letter_error(region, &letter, "LA", RULE_ACTION), 200, "MSG-051");
	assert_int_equal(region_open_tasks(th, "dead-letter"), 0);
	region_check(region);
}

static enum err_code put_for_nobody(struct tx *tx, void *arg, struct err *err)
{
	const struct actor actor = { .name = "user:officer", .organisation = "dft" };
	struct message_part part = { .content_id = "a@th",
				     .mime_type = "application/xml",
				     .octets = bytes_of("<nothing/>") };
	struct message *message = arg;

	*message = (struct message){ .partner = "VN",
				     .organisation = "dft",
				     .service = SERVICE_DOCUMENTS,
				     .action = "FORM-D",
				     .original_sender = "TH:dft",
				     .final_recipient = "VN:nobody" };
	return outbox_put(&th->kernel, tx, region->arena, message, &(struct message_parts){ &part, 1 }, &actor,
			  region->now_us, err);
}

static void a_signed_error_about_the_message_itself_makes_it_a_dead_letter_with_a_task(void **state)
{
	(void)state;
	struct message message;

	region_must(region, db_write(th->kernel.db, put_for_nobody, &message, &region->err));
	region_settle(region);
	message = region_message(th, message.id);
	assert_string_equal(message.state, "dead");
	assert_non_null(strstr(message.last_error, "EBMS:0001"));
	assert_int_equal(region_open_tasks(th, "dead-letter"), 1);
	assert_int_equal(counters(vn).refused, 1);
	assert_true(bytes_same(region_wire(th, message.id, WIRE_SENT), bytes(region->last.body, region->last.size)));
	assert_true(region_wire(th, message.id, WIRE_ERROR_RECEIVED).size > 0);
	region_run(region, DAY_US);
	assert_int_equal(region->requests, 1);
}

/* A signed error that was mixed up on the way, or kept and played back, says nothing of this message. */
static void an_error_about_another_message_settles_nothing(void **state)
{
	(void)state;
	struct message first = put_certificate(1);
	struct letter letter = letter_of(&first, "<another/>");

	letter.message_id = "somebody@else";
	attempt_fails(&first, letter_error(region, &letter, "VN", RULE_ACTION), 200, "MSG-100");
	assert_int_equal(region_open_tasks(th, "dead-letter"), 0);
}

/* AS4 profile 1.0 §3.2: a retry is the same message, and weeks of retries must not fill the disk with copies of it. */
static void a_retry_sends_the_same_bytes(void **state)
{
	(void)state;
	struct message message = put_certificate(1);
	size_t sent = 0;

	region_outage(vn, DAY_US);
	region_run(region, DAY_US / 2);
	assert_true(region_message(th, message.id).attempts > 10);
	region_drain(region, 2 * DAY_US);
	struct wire_list wires = region_wires(th, message.id);
	for (size_t i = 0; i < wires.count; i++)
		sent += wires.items[i].kind == WIRE_SENT;
	assert_int_equal(sent, 1);
	assert_true(bytes_same(region_wire(th, message.id, WIRE_SENT), bytes(region->last.body, region->last.size)));
	region_check(region);
}

#define GATEWAY_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GATEWAY_TEST(who_is_no_partner_gets_a_bare_400),
		GATEWAY_TEST(a_partner_s_name_with_a_certificate_that_is_not_believed_gets_a_bare_400),
		GATEWAY_TEST(a_changed_octet_of_the_header_gets_a_bare_400),
		GATEWAY_TEST(a_signed_message_moved_inside_another_gets_a_bare_400),
		GATEWAY_TEST(a_flood_of_foreign_header_blocks_gets_a_bare_400),
		GATEWAY_TEST(a_posted_receipt_or_error_gets_a_bare_400),
		GATEWAY_TEST(ten_thousand_strangers_do_not_grow_the_database_and_the_ring_keeps_64),
		GATEWAY_TEST(a_partner_is_told_by_a_signed_error_what_was_wrong),
		GATEWAY_TEST(a_payload_in_clear_is_refused),
		GATEWAY_TEST(a_changed_octet_of_the_payload_is_refused),
		GATEWAY_TEST(the_same_message_again_gets_the_stored_receipt_and_is_processed_once),
		GATEWAY_TEST(the_same_id_with_other_content_is_refused),
		GATEWAY_TEST(both_certificates_are_accepted_during_a_roll_over),
		GATEWAY_TEST(a_withdrawn_certificate_is_not_accepted_any_more),
		GATEWAY_TEST(a_certificate_that_will_be_withdrawn_is_accepted_until_then),
		GATEWAY_TEST(a_new_certificate_is_encrypted_for_from_the_day_on_which_it_begins),
		GATEWAY_TEST(a_certificate_of_another_kind_than_the_profile_s_is_not_encrypted_for),
		GATEWAY_TEST(a_revoked_certificate_is_not_accepted_any_more),
		GATEWAY_TEST(an_answer_without_a_signal_is_no_receipt),
		GATEWAY_TEST(a_receipt_for_something_else_is_none),
		GATEWAY_TEST(a_signal_that_the_partner_did_not_sign_settles_nothing),
		GATEWAY_TEST(an_error_about_another_message_settles_nothing),
		GATEWAY_TEST(a_retry_sends_the_same_bytes),
		GATEWAY_TEST(a_signed_error_about_the_message_itself_makes_it_a_dead_letter_with_a_task),
	};

	return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
