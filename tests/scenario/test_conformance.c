/* The European Commission's 39 conformance cases for eDelivery AS4 (Common Profile and Four Corner Profile), one row
 * each. What the SMSH generates is read from the octets that it kept as sent, what the RMSH returns from its answer.
 *
 * docs/conformance.md is printed from the rows by --markdown and compared with them. */
#include "play.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "codec/gzip.h"
#include "crypto/digest.h"
#include "keyring.h"

#define EBMS "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"

/* --- Exchange patterns and header --- */

static void a_receipt_comes_back_in_the_http_answer(void)
{
	play_exchange(1);
	play_returns_receipt(play.rmsh, &play.request, &play.answer);
}

static void an_answering_document_names_the_message_it_answers(void)
{
	struct message first = play_exchange(1), second = play_answer_form_d(1);
	view_auto view = play_sent_by(play.rmsh, &second);

	assert_ptr_equal(play.to, play.smsh);
	assert_string_equal(view_text(play.arena, play_user_message(&view), "eb:MessageInfo/eb:RefToMessageId"),
			    first.message_id);
}

static void the_receipt_of_each_leg_comes_back_in_its_http_answer(void)
{
	play_exchange(1);
	play_returns_receipt(play.rmsh, &play.request, &play.answer);
	play_answer_form_d(1);
	assert_ptr_equal(play.to, play.smsh);
	play_returns_receipt(play.smsh, &play.request, &play.answer);
}

static void an_answering_document_stays_in_the_producer_s_conversation(void)
{
	const char *text = paper_form_d(play.region, "TH", "LA", 1, region_today(play.smsh));
	struct message_part part = { .content_id = "form@th",
				     .mime_type = "application/xml",
				     .octets = bytes_of(text) };
	struct message first = play_exchange_parts("conversation 4711 of the producer", &part, 1);
	view_auto sent = play_sent_by(play.smsh, &first);
	struct message second = play_answer_form_d(1);
	view_auto answered = play_sent_by(play.rmsh, &second);
	const char *path = "eb:CollaborationInfo/eb:ConversationId";

	assert_string_equal(view_text(play.arena, play_user_message(&sent), path), "conversation 4711 of the producer");
	assert_string_equal(view_text(play.arena, play_user_message(&answered), path),
			    "conversation 4711 of the producer");
}

static void has_one_party_each(const struct message *message)
{
	view_auto view = play_sent_by(play.smsh, message);
	const struct xml_node *parties = view_at(play_user_message(&view), "eb:PartyInfo");

	assert_int_equal(view_count(parties, "eb:From"), 1);
	assert_int_equal(view_count(parties, "eb:To"), 1);
	assert_int_equal(view_count(view_at(parties, "eb:From"), "eb:PartyId"), 1);
	assert_int_equal(view_count(view_at(parties, "eb:To"), "eb:PartyId"), 1);
}

static void each_message_has_one_origin_and_one_destination(void)
{
	for (unsigned number = 1; number <= 3; number++) {
		struct message message = play_exchange(number);
		has_one_party_each(&message);
	}
	struct message ping = play_ping();
	has_one_party_each(&ping);
}

static void a_ping_goes_to_the_test_service(void)
{
	struct message ping = play_ping();
	view_auto view = play_sent_by(play.smsh, &ping);
	const struct xml_node *collaboration = view_at(play_user_message(&view), "eb:CollaborationInfo");

	assert_string_equal(view_text(play.arena, collaboration, "eb:Service"), EBMS "service");
	assert_string_equal(view_text(play.arena, collaboration, "eb:Action"), EBMS "test");
}

static void a_ping_gets_a_receipt_and_the_consumer_nothing(void)
{
	struct message ping = play_ping();

	play_returns_receipt(play.rmsh, &play.request, &play.answer);
	assert_string_equal(ping.state, "delivered");
	assert_string_equal(region_message(play.rmsh, ping.message_id).state, "processed");
	assert_int_equal(region_documents(play.rmsh, "in").count, 0);
	assert_int_equal(region_open_tasks(play.rmsh, "document-refused"), 0);
}

/* RFC 2387; a message without payload is bare SOAP 1.2. */
static void a_payload_travels_in_multipart_related_and_a_receipt_as_soap(void)
{
	play_exchange(1);
	view_auto view = view_open(play.arena, &play.request);
	const char *type = play.request.content_type;

	assert_string_equal(view.media_type, "multipart/related");
	assert_string_equal(mime_parameter(play.arena, type, "type"), "application/soap+xml");
	assert_non_null(mime_parameter(play.arena, type, "start"));
	assert_string_equal(view.mime.parts[view.mime.root].encoding, "binary");
	assert_true(starts_with(play.answer.content_type, "application/soap+xml"));
	play_returns_receipt(play.rmsh, &play.request, &play.answer);
}

static void the_sender_keeps_the_receipt_and_sends_no_more(void)
{
	struct message message = play_exchange(1);
	unsigned requests = play.region->requests;

	assert_true(bytes_same(region_wire(play.smsh, message.id, WIRE_RECEIPT_RECEIVED), play.answer.body));
	region_run(play.region, 2 * DAY_US);
	assert_int_equal(play.region->requests, requests);
}

/* --- Payloads --- */

static void body_is_empty(const struct view *view)
{
	assert_null(xml_first(view->body));
	assert_false(xml_has_stray_text(view->body));
}

static void an_uncompressed_payload_is_delivered(void)
{
	struct letter letter = letter_to_la(play.region, 1);
	struct wire wire = letter_pack(play.region, &letter);

	play_letter_is_delivered(&letter, &wire, arena_text_of(play.arena, letter.payload));
}

static void the_payload_is_a_part_of_its_own_and_the_body_empty(void)
{
	struct message message = play_exchange(1);
	view_auto view = play_sent_by(play.smsh, &message);

	body_is_empty(&view);
	assert_int_equal(view.mime.count, 2);
	assert_int_equal(view_count(view_at(play_user_message(&view), "eb:PayloadInfo"), "eb:PartInfo"), 1);
	assert_true(play_part_of(&view, 0)->body.size > 0);
	assert_string_equal(play_part_property(&view, 0, "CompressionType"), "application/gzip");
}

static void the_leading_document_is_named_first_and_all_are_parts(void)
{
	struct message_part parts[PLAY_PARTS];

	play_three_parts(parts);
	struct message message = play_exchange_parts(NULL, parts, PLAY_PARTS);
	view_auto view = play_sent_by(play.smsh, &message);
	body_is_empty(&view);
	assert_int_equal(view.mime.count, 1 + PLAY_PARTS);
	assert_string_equal(play_part_of(&view, 0)->content_id, "form@th");
	assert_string_equal(play_part_property(&view, 0, "MimeType"), "application/xml");
	for (size_t i = 0; i < PLAY_PARTS; i++) {
		assert_true(play_part_of(&view, i)->body.size > 0);
		assert_string_equal(play_part_property(&view, i, "CompressionType"), "application/gzip");
	}
}

static void several_payloads_get_a_receipt(void)
{
	struct message_part parts[PLAY_PARTS];

	play_three_parts(parts);
	struct message message = play_exchange_parts(NULL, parts, PLAY_PARTS);
	play_returns_receipt(play.rmsh, &play.request, &play.answer);
	assert_int_equal(play_parts_delivered(&message).count, PLAY_PARTS);
}

static void payloads_are_named_in_the_order_of_the_producer(void)
{
	struct message_part parts[PLAY_PARTS];

	play_three_parts(parts);
	struct message message = play_exchange_parts(NULL, parts, PLAY_PARTS);
	view_auto view = play_sent_by(play.smsh, &message);
	for (size_t i = 0; i < PLAY_PARTS; i++) {
		assert_string_equal(play_part_of(&view, i)->content_id, parts[i].content_id);
		assert_string_equal(play_part_property(&view, i, "MimeType"), parts[i].mime_type);
	}
}

/* ebMS 3.0 core §6.7.1: ExternalPayloadError, a payload "not contained within the ebMS message". */
static void a_hyperlink_to_a_payload_is_refused(void)
{
	struct letter letter = letter_to_la(play.region, 1);

	letter.payload = (struct bytes){ 0 };
	letter.href = "https://th.example/form-d.xml";
	struct wire wire = letter_pack(play.region, &letter);
	play_letter_is_refused(&letter, &wire, "EBMS:0011", "ExternalPayloadError", "Content");
}

/* Says what it is (RFC 1952 §2.3.1) and holds PLAIN. */
static void is_gzip_of(struct bytes packed, struct bytes plain)
{
	buf_auto out;

	assert_true(packed.size > 2 && packed.data[0] == 0x1F && packed.data[1] == 0x8B);
	buf_init(&out, 1 << 20);
	region_must(play.region, gzip_expand(packed, 1000, &out, &play.region->err));
	assert_true(bytes_same(buf_bytes(&out), plain));
}

static void the_payload_is_gzip(void)
{
	struct message message = play_exchange(1);
	view_auto view = play_sent_by(play.smsh, &message);
	struct message_parts parts = play_parts_delivered(&message);
	const char *text = paper_form_d(play.region, "TH", "LA", 1, region_today(play.smsh));

	assert_string_equal(view_attribute(view.security, "xenc:EncryptedData", "MimeType"), "application/gzip");
	assert_int_equal(parts.count, 1);
	is_gzip_of(parts.items[0].octets, bytes_of(text));
}

static void the_compression_is_said_in_a_property(void)
{
	struct message message = play_exchange(1);
	view_auto view = play_sent_by(play.smsh, &message);

	assert_string_equal(play_part_property(&view, 0, "CompressionType"), "application/gzip");
}

/* A text whose property NAME goes over the line as the producer said. */
static void says(const struct message_part *part, const char *name, const char *value)
{
	struct message message = play_exchange_parts(NULL, part, 1);
	view_auto view = play_sent_by(play.smsh, &message);
	struct message_parts parts = play_parts_delivered(&message);
	const char *found = play_part_property(&view, 0, name);

	if (!same(found, value))
		fail_msg("%s is \"%s\", not \"%s\"", name, found ? found : "", value);
	assert_string_equal(play_part_property(&view, 0, "CompressionType"), "application/gzip");
	assert_int_equal(parts.count, 1);
	assert_string_equal(parts.items[0].mime_type, part->mime_type);
	assert_true(same(parts.items[0].charset, part->charset));
	play_part_is(&parts.items[0], part->octets);
}

static struct message_part form_part(const char *mime_type, const char *charset)
{
	return (struct message_part){
		.content_id = "form@th",
		.mime_type = mime_type,
		.charset = charset,
		.octets = bytes_of(paper_form_d(play.region, "TH", "LA", 1, region_today(play.smsh))),
	};
}

static void the_media_type_is_the_producer_s(void)
{
	const struct message_part parts[] = { form_part("application/xml", NULL),
					      form_part("application/vnd.example+xml", NULL) };

	for (size_t i = 0; i < COUNT(parts); i++)
		says(&parts[i], "MimeType", parts[i].mime_type);
}

/* XML 1.0 §4.3.3: with a byte order mark, which iconv's "UTF-16" writes. Documents of Lintas are UTF-8, so the consumer
 * refuses this one, as any that it cannot read; the message carries what the producer says. */
static void utf_16_is_said_and_kept(void)
{
	struct message_part part = form_part("application/xml", "UTF-16");
	size_t in_left = part.octets.size, room = in_left * 2 + 2, out_left = room;
	char *in = arena_text_of(play.arena, part.octets), *out = arena_alloc(play.arena, room);
	struct bytes octets = bytes(out, 0);
	iconv_t conversion = iconv_open("UTF-16", "UTF-8");

	assert_true(conversion != (iconv_t)-1);
	assert_true(iconv(conversion, &in, &in_left, &out, &out_left) != (size_t)-1);
	assert_int_equal(iconv_close(conversion), 0);
	octets.size = room - out_left;
	part.octets = octets;
	says(&part, "CharacterSet", "UTF-16");
}

static void utf_8_is_said(void)
{
	struct message_part part = form_part("application/xml", "UTF-8");

	says(&part, "CharacterSet", "UTF-8");
}

/* AS4 profile 1.0 §3.1 wants the property and names no error; EBMS:0303 is the one for what cannot be expanded as it
 * should. The same below. */
static void a_compressed_part_without_media_type_is_refused(void)
{
	struct letter letter = letter_to_la(play.region, 1);

	letter.compressed = true;
	letter.payload = play_gzipped(letter.payload);
	letter.mime_type = NULL;
	struct wire wire = letter_pack(play.region, &letter);
	play_letter_is_refused(&letter, &wire, "EBMS:0303", "DecompressionFailure", "Communication");
}

static void a_character_set_that_is_none_is_refused(void)
{
	struct letter letter = letter_to_la(play.region, 1);

	letter.compressed = true;
	letter.payload = play_gzipped(letter.payload);
	letter.charset = "!utf*";
	struct wire wire = letter_pack(play.region, &letter);
	play_letter_is_refused(&letter, &wire, "EBMS:0303", "DecompressionFailure", "Communication");
}

static void a_damaged_payload_is_refused(void)
{
	struct letter letter = letter_to_la(play.region, 1);
	struct bytes packed = play_gzipped(letter.payload);
	uint8_t *damaged = arena_copy(play.arena, packed.data, packed.size);

	damaged[packed.size / 2] ^= 0x10;
	letter.compressed = true;
	letter.payload = bytes(damaged, packed.size);
	struct wire wire = letter_pack(play.region, &letter);
	play_letter_is_refused(&letter, &wire, "EBMS:0303", "DecompressionFailure", "Communication");
}

static void a_compressed_payload_is_delivered_as_it_was(void)
{
	struct message message = play_exchange(1);
	const char *text = paper_form_d(play.region, "TH", "LA", 1, region_today(play.smsh));
	struct message_parts parts = play_parts_delivered(&message);
	struct document_list documents = region_documents(play.rmsh, "in");
	char digest[SHA256_HEX_SIZE];

	assert_true(parts.items[0].compressed);
	play_part_is(&parts.items[0], bytes_of(text));
	sha256_hex(bytes_of(text), digest);
	assert_int_equal(documents.count, 1);
	assert_string_equal(documents.items[0].digest, digest);
}

/* Whether several payloads make a document is the consumer's business, not the message's. */
static void several_payloads_are_delivered_as_they_were(void)
{
	struct message_part parts[PLAY_PARTS];

	play_three_parts(parts);
	struct message message = play_exchange_parts(NULL, parts, PLAY_PARTS);
	struct message_parts delivered = play_parts_delivered(&message);
	assert_int_equal(delivered.count, PLAY_PARTS);
	for (size_t i = 0; i < PLAY_PARTS; i++) {
		assert_string_equal(delivered.items[i].content_id, parts[i].content_id);
		assert_string_equal(delivered.items[i].mime_type, parts[i].mime_type);
		assert_true(delivered.items[i].compressed);
		play_part_is(&delivered.items[i], parts[i].octets);
	}
}

/* --- Security --- */

static const struct cert *cert_of(struct region_node *node, enum key_use use, struct key_list *list)
{
	region_must(play.region, keystore_list(keyring_directory(node->state), list, &play.region->err));
	return keyring_find(list, use, KEY_RSA_2048);
}

/* The only reference of the signature to URI. */
static const struct xml_node *reference_to(const struct view *view, const char *uri)
{
	const struct xml_node *signed_info = view_at(view->security, "ds:Signature/ds:SignedInfo"), *found = NULL;
	const struct xml_node *reference;

	for (size_t i = 0; (reference = view_child(signed_info, "ds:Reference", i)); i++)
		if (same(xml_attribute(reference, "", "URI"), uri)) {
			assert_null(found);
			found = reference;
		}
	if (!found)
		fail_msg("%s is not signed", uri);
	assert_string_equal(view_attribute(found, "ds:DigestMethod", "Algorithm"),
			    "http://www.w3.org/2001/04/xmlenc#sha256");
	return found;
}

static void header_body_and_parts_are_signed_with_the_sender_s_certificate(void)
{
	struct message_part parts[PLAY_PARTS];
	struct key_list list;

	play_three_parts(parts);
	struct message message = play_exchange_parts(NULL, parts, PLAY_PARTS);
	view_auto view = play_sent_by(play.smsh, &message);
	const struct xml_node *signed_info = view_at(view.security, "ds:Signature/ds:SignedInfo");
	const char *token = view_attribute(view.security, "wsse:BinarySecurityToken", "wsu:Id");

	assert_string_equal(view_attribute(signed_info, "ds:SignatureMethod", "Algorithm"),
			    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
	assert_int_equal(view_count(signed_info, "ds:Reference"), 2 + PLAY_PARTS);
	reference_to(&view, arena_printf(play.arena, "#%s", view_attribute(view.messaging, "", "wsu:Id")));
	reference_to(&view, arena_printf(play.arena, "#%s", view_attribute(view.body, "", "wsu:Id")));
	for (size_t i = 0; i < PLAY_PARTS; i++)
		reference_to(&view, xml_attribute(play_part_info(&view, i), "", "href"));
	assert_string_equal(view_attribute(view.security,
					   "ds:Signature/ds:KeyInfo/wsse:SecurityTokenReference/wsse:Reference", "URI"),
			    arena_printf(play.arena, "#%s", token));
	const struct cert *cert = cert_of(play.smsh, KEY_USE_SIGN, &list);
	assert_true(bytes_same(view_base64(play.arena, view.security, "wsse:BinarySecurityToken"), cert_der(cert)));
	key_list_done(&list);
}

static void parts_are_encrypted_for_the_receiver_s_certificate(void)
{
	struct message message = play_exchange(1);
	view_auto view = play_sent_by(play.smsh, &message);
	struct key_list list;
	const char *to = "xenc:EncryptedKey/ds:KeyInfo/wsse:SecurityTokenReference/wsse:KeyIdentifier";

	assert_int_equal(view_count(view.security, "xenc:EncryptedData"), 1);
	assert_string_equal(view_attribute(view.security, "xenc:EncryptedData/xenc:EncryptionMethod", "Algorithm"),
			    "http://www.w3.org/2009/xmlenc11#aes128-gcm");
	assert_string_equal(
		view_attribute(view.security, "xenc:EncryptedData/xenc:CipherData/xenc:CipherReference", "URI"),
		xml_attribute(play_part_info(&view, 0), "", "href"));
	assert_string_equal(play_part_of(&view, 0)->content_type, "application/octet-stream");
	const struct cert *cert = cert_of(play.rmsh, KEY_USE_DECRYPT, &list);
	assert_true(bytes_same(view_base64(play.arena, view.security, to), cert_ski(cert)));
	key_list_done(&list);
}

static struct letter compressed_letter(const char **plain)
{
	struct letter letter = letter_to_la(play.region, 1);

	*plain = arena_text_of(play.arena, letter.payload);
	letter.compressed = true;
	letter.payload = play_gzipped(letter.payload);
	return letter;
}

static void what_is_compressed_then_signed_gets_a_receipt(void)
{
	const char *plain;
	struct letter letter = compressed_letter(&plain);
	struct wire wire = letter_pack(play.region, &letter);
	view_auto view = view_open(play.arena, &wire);
	uint8_t digest[SHA256_SIZE];

	sha256(letter.payload, digest);
	assert_true(bytes_same(view_base64(play.arena,
					   reference_to(&view, xml_attribute(play_part_info(&view, 0), "", "href")),
					   "ds:DigestValue"),
			       bytes(digest, sizeof(digest))));
	play_letter_is_delivered(&letter, &wire, plain);
}

/* The octets as the receiver decrypted them are the compressed ones. */
static void what_is_compressed_then_encrypted_gets_a_receipt(void)
{
	const char *plain;
	struct letter letter = compressed_letter(&plain);
	struct wire wire = letter_pack(play.region, &letter);

	play_letter_is_delivered(&letter, &wire, plain);
	struct message received = region_message(play.rmsh, letter.message_id);
	assert_true(bytes_same(play_parts_delivered(&received).items[0].octets, letter.payload));
}

static void what_is_compressed_signed_and_encrypted_gets_a_receipt(void)
{
	const char *plain;
	struct letter letter = compressed_letter(&plain);
	struct wire wire = letter_pack(play.region, &letter);
	view_auto view = view_open(play.arena, &wire);

	assert_non_null(view_find(view.security, "ds:Signature"));
	assert_string_equal(view_attribute(view.security, "xenc:EncryptedData", "MimeType"), "application/gzip");
	play_letter_is_delivered(&letter, &wire, plain);
}

/* WIRE with the octets from FROM, SIZE of them, replaced by TO. */
static struct wire spliced(const struct wire *wire, const uint8_t *from, size_t size, struct bytes to)
{
	size_t before = (size_t)(from - wire->octets.data), all = wire->octets.size - size + to.size;
	uint8_t *copy = arena_alloc(play.arena, all);

	memcpy(copy, wire->octets.data, before);
	memcpy(copy + before, to.data, to.size);
	memcpy(copy + before + to.size, from + size, wire->octets.size - before - size);
	return (struct wire){ .content_type = wire->content_type, .octets = bytes(copy, all) };
}

static struct bytes signature_in(const struct wire *wire)
{
	static const char first[] = "<ds:Signature ", last[] = "</ds:Signature>";
	const uint8_t *begin = memmem(wire->octets.data, wire->octets.size, first, strlen(first));
	const uint8_t *end = memmem(wire->octets.data, wire->octets.size, last, strlen(last));

	assert_true(begin && end);
	return bytes(begin, (size_t)(end - begin) + strlen(last));
}

/* The encryption is that of the compressed payload, the signature that of the plain one; the header is the same.
 *
 * The case speaks of a "WS-Security SOAP Fault". ebMS 3.0 core §6.6 leaves it to the receiver whether there is a Fault
 * beside the eb:Error (it "may" generate one), §6.7.2 gives the failures of security their eb:Errors, and eDelivery
 * AS4 reports errors as signals in the answer (P-Mode ErrorHandling.Report.AsResponse). So the signed error signal is
 * what the sender can rely on; a Fault would add nothing, and it cannot be believed where it is not signed. */
static void what_is_signed_then_compressed_is_refused(void)
{
	const char *plain;
	struct letter packed = compressed_letter(&plain), signed_plain = packed;
	struct wire right = letter_pack(play.region, &packed);

	signed_plain.payload = bytes_of(plain);
	struct wire other = letter_pack(play.region, &signed_plain);
	struct bytes signature = signature_in(&right);
	struct wire wire = spliced(&right, signature.data, signature.size, signature_in(&other));
	play_letter_is_refused(&packed, &wire, "EBMS:0101", "FailedAuthentication", "Processing");
	play_letter_is_delivered(&packed, &right, plain); /* nothing else was wrong */
}

/* As above. What is expanded would be the ciphertext, but nothing is expanded that could not be opened. */
static void what_is_encrypted_then_compressed_is_refused(void)
{
	struct letter letter = letter_to_la(play.region, 1);

	letter.compressed = true;
	struct wire right = letter_pack(play.region, &letter);
	view_auto view = view_open(play.arena, &right);
	struct bytes sealed = play_part_of(&view, 0)->body;
	struct wire wire = spliced(&right, sealed.data, sealed.size, play_gzipped(sealed));
	play_letter_is_refused(&letter, &wire, "EBMS:0102", "FailedDecryption", "Processing");
}

/* --- Reliability --- */

static void without_a_receipt_the_message_is_sent_again(void)
{
	play_lose_receipts(true);
	struct message message = play_submit(1);
	region_run(play.region, HOUR_US);
	message = region_message(play.smsh, message.id);
	assert_string_equal(message.state, "queued");
	assert_true(message.attempts >= 2);
	assert_int_equal(play.region->answers_lost, message.attempts);
	/* AS4 profile 1.0 §3.2: the same message, not another with the same content. */
	assert_int_equal(region_messages(play.rmsh, "in", NULL).count, 1);
	assert_non_null(region_message(play.rmsh, message.message_id).id);
}

static void a_late_receipt_ends_the_retries_and_one_message_is_delivered(void)
{
	struct messaging_counters counters;

	play_lose_receipts(true);
	struct message message = play_submit(1);
	region_run(play.region, HOUR_US);
	play_lose_receipts(false);
	region_drain(play.region, DAY_US);
	play_returns_receipt(play.rmsh, &play.request, &play.answer);
	assert_string_equal(region_message(play.smsh, message.id).state, "delivered");
	messaging_counters(play.rmsh->messaging, &counters);
	assert_int_equal(counters.accepted, 1);
	assert_true(counters.duplicates >= 2);
	assert_int_equal(region_documents(play.rmsh, "in").count, 1);
	unsigned requests = play.region->requests;
	region_run(play.region, 2 * DAY_US);
	assert_int_equal(play.region->requests, requests);
}

static enum err_code tasks_run(struct tx *tx, void *arg, struct err *err)
{
	return task_list(tx, play.arena, "dft", NULL, 10, arg, err);
}

/* The report is a task of the organisation that submitted. */
static void a_missing_receipt_is_reported_to_the_producer(void)
{
	struct task_list tasks;

	play_lose_receipts(true);
	struct message message = play_submit(1);
	region_run(play.region, retry_policy_default.give_up_us + DAY_US);
	assert_string_equal(region_message(play.smsh, message.id).state, "dead");
	region_must(play.region, db_read(play.smsh->kernel.db, tasks_run, &tasks, &play.region->err));
	assert_int_equal(tasks.count, 1);
	assert_string_equal(tasks.items[0].subject, message.id);
	if (!strstr(tasks.items[0].text, "EBMS:0301 MissingReceipt"))
		fail_msg("the task does not name EBMS:0301 MissingReceipt: %s", tasks.items[0].text);
}

/* --- Four corners --- */

static void the_seats_behind_the_nodes_are_message_properties(void)
{
	struct message message = play_exchange(1);
	view_auto view = play_sent_by(play.smsh, &message);
	const struct xml_node *properties = view_at(play_user_message(&view), "eb:MessageProperties");
	struct message received = region_message(play.rmsh, message.message_id);

	assert_int_equal(view_count(properties, "eb:Property"), 2);
	assert_string_equal(view_property(play.arena, properties, "originalSender"), "TH:dft");
	assert_string_equal(view_property(play.arena, properties, "finalRecipient"), "LA:customs");
	assert_string_equal(received.original_sender, "TH:dft");
	assert_string_equal(received.final_recipient, "LA:customs");
	assert_string_equal(received.organisation, "customs");
}

static void a_tracking_identifier_is_accepted_and_kept(void)
{
	struct letter letter = letter_to_la(play.region, 1);
	const char *plain = arena_text_of(play.arena, letter.payload);

	letter.tracking = "track-4711";
	struct wire wire = letter_pack(play.region, &letter);
	play_letter_is_delivered(&letter, &wire, plain);
	struct bytes kept = region_wire(play.rmsh, region_message(play.rmsh, letter.message_id).id, WIRE_RECEIVED);
	wire.octets = kept;
	view_auto view = view_open(play.arena, &wire);
	const struct xml_node *properties = view_at(play_user_message(&view), "eb:MessageProperties");
	assert_string_equal(view_property(play.arena, properties, "trackingIdentifier"), "track-4711");
}

static void the_parties_are_the_nodes(void)
{
	struct message message = play_exchange(1);
	view_auto view = play_sent_by(play.smsh, &message);
	const struct xml_node *parties = view_at(play_user_message(&view), "eb:PartyInfo");
	const char *from = view_text(play.arena, parties, "eb:From/eb:PartyId");
	const char *to = view_text(play.arena, parties, "eb:To/eb:PartyId");

	assert_string_equal(from, "TH");
	assert_string_equal(to, "LA");
	assert_string_not_equal(from, message.original_sender);
	assert_string_not_equal(to, message.final_recipient);
}

/* --- The table --- */

/* A row with a reason does not apply; what can be shown of it all the same is played. */
static const struct row {
	const char *id, *level, *what, *reason, *test;
	void (*play)(void);
} rows[] = {
/* clang-format off */
#define PASSES(id, level, what, play)                { id, level, what, NULL, #play, play }
#define DOES_NOT_APPLY(id, level, what, play, reason) { id, level, what, reason, #play, play }
	PASSES("AS4_CP_TA01_TC01", "Mandatory", "One-Way/Push: receipt in the HTTP answer 2xx", a_receipt_comes_back_in_the_http_answer),
	DOES_NOT_APPLY("AS4_CP_TA02_TC01", "Mandatory", "Two-Way/Push-and-Push: RefToMessageId of the second leg", an_answering_document_names_the_message_it_answers,
		"there is no Two-Way P-Mode: an answer is a One-Way/Push message of its own, which names the message that it answers"),
	PASSES("AS4_CP_TA03_TC01", "Mandatory", "one party each in From and To", each_message_has_one_origin_and_one_destination),
	PASSES("AS4_CP_TA04_TC01", "Mandatory", "uncompressed payloads are accepted", an_uncompressed_payload_is_delivered),
	PASSES("AS4_CP_TA05_TC01", "Mandatory", "payload in a MIME part, empty SOAP body", the_payload_is_a_part_of_its_own_and_the_body_empty),
	PASSES("AS4_CP_TA06_TC01", "Mandatory", "several payloads, the leading document named first", the_leading_document_is_named_first_and_all_are_parts),
	PASSES("AS4_CP_TA07_TC01", "Mandatory", "several payloads: receipt", several_payloads_get_a_receipt),
	PASSES("AS4_CP_TA08_TC01", "Mandatory", "payload by hyperlink: ebMS error (EBMS:0011)", a_hyperlink_to_a_payload_is_refused),
	PASSES("AS4_CP_TA09_TC01", "Mandatory", "no receipt: sent again", without_a_receipt_the_message_is_sent_again),
	PASSES("AS4_CP_TA10_TC01", "Mandatory", "receipt before the time is out: no more retries, delivered once", a_late_receipt_ends_the_retries_and_one_message_is_delivered),
	PASSES("AS4_CP_TA12_TC01", "Mandatory", "signature: algorithms, certificate, header, body and parts", header_body_and_parts_are_signed_with_the_sender_s_certificate),
	PASSES("AS4_CP_TA13_TC01", "Mandatory", "encryption: algorithm, certificate", parts_are_encrypted_for_the_receiver_s_certificate),
	PASSES("AS4_CP_TA14_TC01", "Mandatory", "receipt in the HTTP answer 2xx, there and back (as two One-Way exchanges)", the_receipt_of_each_leg_comes_back_in_its_http_answer),
	PASSES("AS4_CP_TA15_TC01", "Mandatory", "time is out: EBMS:0301 reported to the producer", a_missing_receipt_is_reported_to_the_producer),
	PASSES("AS4_CP_TA16_TC01", "Mandatory", "ping: Service and Action of the test service", a_ping_goes_to_the_test_service),
	PASSES("AS4_CP_TA17_TC01", "Mandatory", "ping: receipt, nothing for the consumer", a_ping_gets_a_receipt_and_the_consumer_nothing),
	DOES_NOT_APPLY("AS4_CP_TA19_TC01", "Mandatory", "Two-Way/Push-and-Push: ConversationId of both legs", an_answering_document_stays_in_the_producer_s_conversation,
		"there is no Two-Way P-Mode: an answer is a One-Way/Push message of its own, in the conversation of the message that it answers"),
	PASSES("AS4_CP_TA21_TC01", "Mandatory", "message format: multipart/related with payload, receipt", a_payload_travels_in_multipart_related_and_a_receipt_as_soap),
	PASSES("AS4_CP_TA22_TC01", "Mandatory", "message format: the sender accepts the receipt", the_sender_keeps_the_receipt_and_sends_no_more),
	PASSES("AS4_CP_TA23_TC01", "Mandatory", "payload compressed by gzip", the_payload_is_gzip),
	PASSES("AS4_CP_TA24_TC01", "Mandatory", "property CompressionType", the_compression_is_said_in_a_property),
	PASSES("AS4_CP_TA25_TC01", "Mandatory", "property MimeType as the producer says", the_media_type_is_the_producer_s),
	PASSES("AS4_CP_TA26_TC01", "Preferred", "no property MimeType: ebMS error (EBMS:0303)", a_compressed_part_without_media_type_is_refused),
	PASSES("AS4_CP_TA27_TC01", "Preferred", "property CharacterSet UTF-16 as the producer says", utf_16_is_said_and_kept),
	PASSES("AS4_CP_TA28_TC01", "Preferred", "property CharacterSet UTF-8 as the producer says", utf_8_is_said),
	PASSES("AS4_CP_TA29_TC01", "Preferred", "CharacterSet that is no encoding name: ebMS error (EBMS:0303)", a_character_set_that_is_none_is_refused),
	PASSES("AS4_CP_TA30_TC01", "Mandatory", "damaged compressed payload: EBMS:0303", a_damaged_payload_is_refused),
	DOES_NOT_APPLY("AS4_CP_TA31_TC01", "Preferred", "damaged compressed payload: EBMS:0303, and the consumer is notified", a_damaged_payload_is_refused,
		"back-end notification: a message that is refused belongs to no organisation yet; the node's operators see it in its journal and counters. The EBMS:0303 is given"),
	PASSES("AS4_CP_TA32_TC01", "Mandatory", "compressed payload delivered decompressed", a_compressed_payload_is_delivered_as_it_was),
	PASSES("AS4_CP_TA33_TC01", "Mandatory", "several compressed payloads delivered decompressed", several_payloads_are_delivered_as_they_were),
	PASSES("AS4_CP_TA34_TC01", "Mandatory", "compressed, then signed: receipt", what_is_compressed_then_signed_gets_a_receipt),
	PASSES("AS4_CP_TA35_TC01", "Mandatory", "signed, then compressed: refused (signed error signal EBMS:0101)", what_is_signed_then_compressed_is_refused),
	PASSES("AS4_CP_TA36_TC01", "Mandatory", "compressed, then encrypted: receipt", what_is_compressed_then_encrypted_gets_a_receipt),
	PASSES("AS4_CP_TA37_TC01", "Mandatory", "encrypted, then compressed: refused (signed error signal EBMS:0102)", what_is_encrypted_then_compressed_is_refused),
	PASSES("AS4_CP_TA38_TC01", "Mandatory", "compressed, signed and encrypted: receipt", what_is_compressed_signed_and_encrypted_gets_a_receipt),
	PASSES("AS4_CP_TA45_TC01", "Mandatory", "payloads named in the producer's order", payloads_are_named_in_the_order_of_the_producer),
	PASSES("AS4_4CT_TA01_TC01", "Mandatory", "properties originalSender and finalRecipient", the_seats_behind_the_nodes_are_message_properties),
	PASSES("AS4_4CT_TA02_TC01", "Permitted", "property trackingIdentifier accepted and kept (our producers set none)", a_tracking_identifier_is_accepted_and_kept),
	PASSES("AS4_4CT_TA03_TC01", "Mandatory", "From and To are the nodes, not producer and consumer", the_parties_are_the_nodes),
	/* clang-format on */
};

static size_t passed; /* of the rows that apply */

static void a_case_goes_as_its_row_says(void **state)
{
	const struct row *row = *state;

	row->play();
	passed += row->reason == NULL;
}

static size_t rows_left_out(void)
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT(rows); i++)
		count += rows[i].reason != NULL;
	return count;
}

/* --- The collection --- */

static void every_case_of_the_collection_has_a_row(void **state)
{
	const char *root = getenv("LINTAS_DATA"), *source = getenv("LINTAS_SOURCE");
	char path[512], line[4096];
	size_t lines = 0;

	(void)state;
	if (root)
		snprintf(path, sizeof(path), "%s/as4/ec-conformance-assertions.tsv", root);
	else
		snprintf(path, sizeof(path), "%s/../shared/data/as4/ec-conformance-assertions.tsv",
			 source ? source : ".");
	FILE *file = fopen(path, "r");
	if (!file) {
		print_message("SKIPPED: %s is not there (set LINTAS_DATA to the folder of the collection)\n", path);
		skip();
	}
	assert_non_null(fgets(line, sizeof(line), file)); /* the names of the columns */
	while (fgets(line, sizeof(line), file)) {
		char *rest = line;
		const char *id = strsep(&rest, "\t"), *target = strsep(&rest, "\t"), *level = strsep(&rest, "\t");
		size_t i = 0;
		assert_true(target && level);
		while (i < COUNT(rows) && !same(rows[i].id, id))
			i++;
		if (i == COUNT(rows))
			fail_msg("%s has no row", id);
		assert_string_equal(rows[i].level, level);
		lines++;
	}
	fclose(file);
	assert_int_equal(lines, COUNT(rows));
}

/* --- docs/conformance.md --- */

static void put_markdown(struct buf *out)
{
	buf_puts(
		out,
		"# AS4 conformance\n\n"
		"Printed by `test_scenario_conformance --markdown`, a program of tests/scenario, and compared with it by the\n"
		"same program.\n\n"
		"The European Commission tests eDelivery AS4 products by 39 cases: 36 of the Common Profile, 3 of the Four\n"
		"Corner Profile. Each is played here between two nodes; where it wants a wrong message, that message is made\n"
		"and signed well. None of them is about the discovery of partners (SMP, BDXL), which Lintas does not have:\n"
		"partners are entered by hand, with their certificates.\n\n"
		"TA35 and TA37 speak of a WS-Security SOAP Fault. Lintas answers with a signed ebMS error signal instead:\n"
		"ebMS 3.0 core §6.6 leaves the Fault to the receiver, §6.7.2 has the errors for failures of security, and\n"
		"eDelivery AS4 1.15 reports errors in the HTTP answer.\n\n");
	buf_printf(out, "%zu cases: %zu pass, %zu do not apply.\n\n", COUNT(rows), COUNT(rows) - rows_left_out(),
		   rows_left_out());
	buf_puts(out, "| case | level | what | result | test |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < COUNT(rows); i++)
		buf_printf(out, "| %s | %s | %s | %s%s | `%s` |\n", rows[i].id, rows[i].level, rows[i].what,
			   rows[i].reason ? "does not apply: " : "passes", rows[i].reason ? rows[i].reason : "",
			   rows[i].test);
}

static void the_documentation_says_what_the_rows_say(void **state)
{
	const char *source = getenv("LINTAS_SOURCE");
	char path[512];
	buf_auto printed, kept;

	(void)state;
	buf_init(&printed, 1 << 20);
	buf_init(&kept, 1 << 20);
	put_markdown(&printed);
	snprintf(path, sizeof(path), "%s/docs/conformance.md", source ? source : ".");
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	uint8_t *to = buf_reserve(&kept, 1 << 19);
	assert_non_null(to);
	buf_grown(&kept, fread(to, 1, 1 << 19, file));
	fclose(file);
	if (!same(buf_text(&kept), buf_text(&printed)))
		fail_msg("%s is not what the rows say; print it with --markdown", path);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[COUNT(rows) + 2];
	size_t count = 0;
	buf_auto markdown;

	buf_init(&markdown, 1 << 20);
	if (argc == 2 && same(argv[1], "--markdown")) {
		put_markdown(&markdown);
		return fputs(buf_text(&markdown), stdout) < 0;
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		tests[count++] = (struct CMUnitTest){ rows[i].id, a_case_goes_as_its_row_says, play_begin, play_end,
						      (void *)(uintptr_t)&rows[i] };
		if (rows[i].reason)
			print_message("%s does not apply: %s\n", rows[i].id, rows[i].reason);
	}
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_case_of_the_collection_has_a_row);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(the_documentation_says_what_the_rows_say);
	int failed = _cmocka_run_group_tests("conformance", tests, count, NULL, NULL);
	print_message("%zu cases: %zu pass, %zu do not apply\n", COUNT(rows), passed, rows_left_out());
	return failed;
}
