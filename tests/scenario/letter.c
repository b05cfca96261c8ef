#include "letter.h"

#include "codec/mime.h"
#include "keyring.h"
#include "messaging/uris_int.h"
#include "pki.h"

#define PROFILE     "ecdsa-p256" /* of TH and VN */
#define PAYLOAD_CID "payload@letter"

struct letter letter_new(struct region *region, unsigned number)
{
	return (struct letter){
		.keys = "VN",
		.encrypt_for = "TH",
		.from = "VN",
		.from_type = PARTY_TYPE,
		.to = "TH",
		.service = SERVICE_DOCUMENTS,
		.action = "FORM-D",
		.original_sender = "VN:dft",
		.final_recipient = "TH:customs",
		.message_id = arena_printf(region->arena, "letter-%u@vn", number),
		.conversation = arena_printf(region->arena, "conversation-%u", number),
		.timestamp_us = region->now_us,
		.payload = bytes_of(paper_form_d(region, "VN", "TH", number, date_of_time(region->now_us))),
	};
}

/* A keys directory in use; the identity borrows from it. */
struct signer {
	struct keys *keys;
	struct key_list list;
	struct as4_identity identity;
};

static void signer_open(struct region *region, const char *name, struct signer *signer)
{
	const char *directory = keyring_directory(name);

	*signer = (struct signer){ 0 };
	region_must(region, keys_open(directory, &signer->keys, &region->err));
	region_must(region, keystore_list(directory, &signer->list, &region->err));
	signer->identity = (struct as4_identity){ .keys = signer->keys, .token = TOKEN_BST };
	for (size_t i = 0; i < signer->list.count; i++)
		if (signer->list.keys[i].use == KEY_USE_SIGN && signer->list.keys[i].type == KEY_P256)
			signer->identity.key = &signer->list.keys[i];
	assert_non_null(signer->identity.key);
}

static void signer_close(struct signer *signer)
{
	key_list_done(&signer->list);
	keys_free(signer->keys);
}

static struct wire wire_of(struct region *region, struct as4_packed *packed)
{
	struct wire wire = {
		.content_type = arena_text(region->arena, packed->content_type),
		.octets = bytes(arena_copy(region->arena, packed->body.data, packed->body.size), packed->body.size),
	};

	assert_true(wire.content_type && wire.octets.data);
	buf_done(&packed->body);
	return wire;
}

struct wire letter_pack(struct region *region, const struct letter *letter)
{
	struct ebms_typed from_id = { .type = letter->from_type, .value = letter->from };
	struct ebms_typed to_id = { .type = PARTY_TYPE, .value = letter->to };
	struct ebms_typed service = { .value = letter->service };
	struct ebms_party from = { &from_id, letter->from_role ? letter->from_role : URI_ROLE_INITIATOR },
			  to = { &to_id, URI_ROLE_RESPONDER };
	struct ebms_party_info parties = { &from, &to };
	struct ebms_message_info info = { .timestamp_us = letter->timestamp_us, .message_id = letter->message_id };
	struct ebms_agreement agreement = { .value = letter->agreement };
	struct ebms_collaboration collaboration = { .agreement = letter->agreement ? &agreement : NULL,
						    .service = &service,
						    .action = letter->action,
						    .conversation = letter->conversation };
	struct ebms_typed property[2], mime[2] = { { .name = "MimeType", .value = "application/xml" },
						   { .name = "CompressionType", .value = MIME_GZIP } };
	struct ebms_properties properties = { .property = property };
	struct ebms_properties part_properties = { .property = mime, .count = letter->compressed ? 2 : 1 };
	struct ebms_part part = { .href = "cid:" PAYLOAD_CID, .properties = &part_properties };
	struct ebms_payload payload_info = { .part = &part, .count = 1 };
	struct as4_payload payload = { .content_id = PAYLOAD_CID,
				       .mime_type = "application/xml",
				       .compressed = letter->compressed,
				       .octets = letter->payload };
	struct ebms_user_message user = { .info = &info,
					  .parties = &parties,
					  .collaboration = &collaboration,
					  .properties = &properties,
					  .payload = letter->payload.data ? &payload_info : NULL };
	struct as4_packed packed = { 0 };
	struct key_list recipient;
	struct signer signer;

	if (letter->original_sender)
		property[properties.count++] =
			(struct ebms_typed){ .name = "originalSender", .value = letter->original_sender };
	if (letter->final_recipient)
		property[properties.count++] =
			(struct ebms_typed){ .name = "finalRecipient", .value = letter->final_recipient };
	signer_open(region, letter->keys, &signer);
	region_must(region, keystore_list(keyring_directory(letter->encrypt_for), &recipient, &region->err));
	region_must(region, as4_pack_user(region->arena, profile_find(PROFILE), &signer.identity,
					  keyring_find(&recipient, KEY_USE_DECRYPT, KEY_P256), &user, &payload,
					  user.payload ? 1 : 0, &packed, &region->err));
	struct wire wire = wire_of(region, &packed);
	key_list_done(&recipient);
	signer_close(&signer);
	return wire;
}

struct wire letter_pack_clear(struct region *region, const struct letter *letter)
{
	static const char first[] = "<xenc:EncryptedKey", last[] = "</xenc:EncryptedData>";
	static const char boundary[] = "in-clear";
	struct wire sealed = letter_pack(region, letter);
	const char *text = arena_text_of(region->arena, sealed.octets);
	const char *envelope = strstr(text, "<?xml"), *from = strstr(text, first), *to = strstr(text, last);
	struct as4_packed packed = { .content_type = "multipart/related; type=\"" MIME_SOAP12
						     "\"; boundary=\"in-clear\"; start=\"<soap@lintas>\"" };
	buf_auto soap;

	assert_true(envelope && from && to);
	buf_init(&soap, (size_t)1 << 20);
	buf_put(&soap, envelope, (size_t)(from - envelope));
	const char *rest = to + strlen(last), *end = strstr(rest, "</env:Envelope>");
	assert_non_null(end);
	buf_put(&soap, rest, (size_t)(end - rest) + strlen("</env:Envelope>"));
	buf_init(&packed.body, (size_t)1 << 20);
	mime_put_part(&packed.body, boundary, MIME_SOAP12 "; charset=UTF-8", "soap@lintas", buf_bytes(&soap));
	mime_put_part(&packed.body, boundary, "application/xml", PAYLOAD_CID, letter->payload);
	mime_put_end(&packed.body, boundary);
	return wire_of(region, &packed);
}

/* LETTER as its receiver reads it. */
static void letter_read(struct region *region, const struct wire *wire, struct as4_message *message,
			struct findings *findings)
{
	as4_init(message, region->arena, &as4_limits_default, findings);
	region_must(region, as4_read(message, wire->content_type, wire->octets, &region->err));
	region_must(region, as4_read_security(message, &region->err));
	if (findings_at(findings, 0))
		region_fail(region, "cannot read a message: %s", findings_at(findings, 0)->text);
}

struct wire letter_receipt(struct region *region, const struct letter *letter, const char *name)
{
	struct wire wire = letter_pack(region, letter);
	struct as4_packed packed = { 0 };
	struct as4_message message;
	struct signer signer;

	letter_read(region, &wire, &message, findings_new(region->arena));
	signer_open(region, name, &signer);
	region_must(region, as4_pack_receipt(region->arena, profile_find(PROFILE), &signer.identity, &message,
					     region->now_us, &packed, &region->err));
	struct wire receipt = wire_of(region, &packed);
	signer_close(&signer);
	as4_done(&message);
	return receipt;
}

struct wire letter_error(struct region *region, const struct letter *letter, const char *name, enum as4_rule_name rule)
{
	struct findings *findings = findings_new(region->arena);
	struct as4_packed packed = { 0 };
	struct signer signer;

	finding_add(findings, as4_rule(rule), "", "this", "that");
	signer_open(region, name, &signer);
	region_must(region, as4_pack_error(region->arena, profile_find(PROFILE), &signer.identity, letter->message_id,
					   findings, region->now_us, &packed, &region->err));
	struct wire error = wire_of(region, &packed);
	signer_close(&signer);
	return error;
}

struct http_answer letter_post(struct region_node *node, const struct wire *wire)
{
	struct http_answer answer;

	region_post(node, node->region->arena, wire->content_type, wire->octets, &answer);
	return answer;
}

struct signal letter_signal(struct region_node *node, const struct http_answer *answer)
{
	struct region *region = node->region;
	struct findings *findings = findings_new(region->arena);
	struct wire wire = { .content_type = answer->content_type, .octets = answer->body };
	struct signal signal = { 0 };
	struct as4_message message;
	struct signer known;
	cert_auto cert = NULL;

	if (answer->status != 200)
		region_fail(region, "HTTP status %d instead of a signal", answer->status);
	letter_read(region, &wire, &message, findings);
	signer_open(region, node->state, &known);
	region_must(region, as4_signer(&message, &known.identity.key->cert, 1, &cert, &region->err));
	assert_non_null(cert);
	assert_string_equal(cert_fingerprint(cert), cert_fingerprint(known.identity.key->cert));
	region_must(region, as4_verify(&message, cert, &region->err));
	assert_int_equal(findings_count(findings), 0);
	signal.kind = message.kind;
	signal.ref_to = arena_text(region->arena, message.signal.info->ref_to);
	if (message.signal.errors_count > 0) {
		signal.code = arena_text(region->arena, message.signal.errors[0].code);
		signal.detail = arena_text(region->arena, message.signal.errors[0].detail);
	}
	signer_close(&known);
	as4_done(&message);
	return signal;
}
