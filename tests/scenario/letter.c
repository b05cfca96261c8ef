#include "letter.h"

#include "codec/mime.h"
#include "keyring.h"
#include "messaging/uris_int.h"
#include "pki.h"

#define PAYLOAD_CID "payload@letter"

struct letter letter_new(struct region *region, unsigned number)
{
	return (struct letter){
		.profile = "ecdsa-p256",
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
		.mime_type = "application/xml",
	};
}

struct letter letter_to_la(struct region *region, unsigned number)
{
	struct letter letter = letter_new(region, number);

	letter.profile = "edelivery-1.15";
	letter.keys = letter.from = "TH";
	letter.encrypt_for = letter.to = "LA";
	letter.original_sender = "TH:dft";
	letter.final_recipient = "LA:customs";
	letter.payload = bytes_of(paper_form_d(region, "TH", "LA", number, date_of_time(region->now_us)));
	return letter;
}

/* A keys directory in use; the identity borrows from it. */
struct signer {
	struct keys *keys;
	struct key_list list;
	struct ebms_identity identity;
};

/* The key in LIST that PROFILE takes for USE. */
static const struct key_info *key_for(const struct key_list *list, const char *profile, enum key_use use)
{
	const char *name = use == KEY_USE_SIGN ? "sign" : "encrypt";
	const struct key_info *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct key_info *key = &list->keys[i];
		if (key->use == use && key->cert && messaging_key_fits(profile, name, cert_key_kind(key->cert)))
			found = key;
	}
	assert_non_null(found);
	return found;
}

static void signer_open(struct region *region, const char *name, const char *profile, struct signer *signer)
{
	const char *directory = keyring_directory(name);

	*signer = (struct signer){ 0 };
	region_must(region, keys_open(directory, &signer->keys, &region->err));
	region_must(region, keystore_list(directory, &signer->list, &region->err));
	signer->identity = (struct ebms_identity){ .keys = signer->keys,
						   .key = key_for(&signer->list, profile, KEY_USE_SIGN),
						   .token = TOKEN_BST };
}

static void signer_close(struct signer *signer)
{
	key_list_done(&signer->list);
	keys_free(signer->keys);
}

static struct wire wire_of(struct region *region, struct ebms_packed *packed)
{
	struct wire wire = {
		.content_type = arena_text(region->arena, packed->content_type),
		.octets = bytes(arena_copy(region->arena, packed->body.data, packed->body.size), packed->body.size),
	};

	assert_true(wire.content_type && wire.octets.data);
	buf_done(&packed->body);
	return wire;
}

/* ROWS that have a value, in PROPERTY. */
static struct ebms_properties properties_of(const struct ebms_typed *rows, size_t count, struct ebms_typed *property)
{
	struct ebms_properties properties = { .property = property };

	for (size_t i = 0; i < count; i++)
		if (rows[i].value)
			property[properties.count++] = rows[i];
	return properties;
}

struct wire letter_pack(struct region *region, const struct letter *letter)
{
	struct ebms_typed from_id = { .type = letter->from_type, .value = letter->from };
	struct ebms_typed to_id = { .type = PARTY_TYPE, .value = letter->to };
	struct ebms_typed service = { .value = letter->service };
	struct ebms_party from = { .id = &from_id, .role = letter->from_role ? letter->from_role : URI_ROLE_INITIATOR },
			  to = { .id = &to_id, .role = URI_ROLE_RESPONDER };
	struct ebms_party_info parties = { &from, &to };
	struct ebms_message_info info = { .timestamp_us = letter->timestamp_us, .message_id = letter->message_id };
	struct ebms_agreement agreement = { .value = letter->agreement };
	struct ebms_collaboration collaboration = { .agreement = letter->agreement ? &agreement : NULL,
						    .service = &service,
						    .action = letter->action,
						    .conversation = letter->conversation };
	const struct ebms_typed about[] = { { .name = "originalSender", .value = letter->original_sender },
					    { .name = "finalRecipient", .value = letter->final_recipient },
					    { .name = "trackingIdentifier", .value = letter->tracking } };
	const struct ebms_typed about_part[] = { { .name = "MimeType", .value = letter->mime_type },
						 { .name = "CharacterSet", .value = letter->charset },
						 { .name = "CompressionType",
						   .value = letter->compressed ? MIME_GZIP : NULL } };
	struct ebms_typed property[COUNT(about)], part_property[COUNT(about_part)];
	struct ebms_properties properties = properties_of(about, COUNT(about), property);
	struct ebms_properties part_properties = properties_of(about_part, COUNT(about_part), part_property);
	struct ebms_part_info part = { .href = letter->href ? letter->href : "cid:" PAYLOAD_CID,
				       .properties = part_properties.count ? &part_properties : NULL };
	struct ebms_payload_info payload_info = { .part = &part, .count = 1 };
	struct ebms_payload payload = { .content_id = PAYLOAD_CID,
					.mime_type = letter->signed_as ? letter->signed_as : "application/xml",
					.compressed = letter->compressed,
					.octets = letter->payload };
	struct ebms_user_message user = { .info = &info,
					  .parties = &parties,
					  .collaboration = &collaboration,
					  .properties = &properties,
					  .payload = letter->payload.data || letter->href ? &payload_info : NULL };
	struct ebms_packed packed = { 0 };
	struct key_list recipient;
	struct signer signer;

	signer_open(region, letter->keys, letter->profile, &signer);
	region_must(region, keystore_list(keyring_directory(letter->encrypt_for), &recipient, &region->err));
	const struct ebms_letter packing = { .profile = profile_find(letter->profile),
					     .identity = &signer.identity,
					     .recipient = key_for(&recipient, letter->profile, KEY_USE_DECRYPT)->cert,
					     .user = &user,
					     .payloads = &payload,
					     .count = letter->payload.data ? 1 : 0 };
	region_must(region, ebms_pack_user(region->arena, &packing, &packed, &region->err));
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
	struct ebms_packed packed = { .content_type = "multipart/related; type=\"" MIME_SOAP12
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

/* The octets of WIRE from FROM to the end of TO. */
static struct bytes span_of(const struct wire *wire, const char *from, const char *to)
{
	const uint8_t *first = memmem(wire->octets.data, wire->octets.size, from, strlen(from));
	const uint8_t *last = memmem(wire->octets.data, wire->octets.size, to, strlen(to));

	assert_true(first && last && last > first);
	return bytes(first, (size_t)(last - first) + strlen(to));
}

/* TEXT with the first FROM, which must be there, replaced. */
static const char *replaced(struct region *region, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	return arena_printf(region->arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

struct wire letter_pack_wrapped(struct region *region, const struct letter *letter)
{
	struct wire wire = letter_pack(region, letter);
	struct bytes header = span_of(&wire, "<eb:Messaging", "</eb:Messaging>");
	struct bytes body = span_of(&wire, "<env:Body", "</env:Body>");
	const uint8_t *after_header = header.data + header.size, *after_body = body.data + body.size;
	const char *forged = replaced(region, arena_text_of(region->arena, header), "as4-messaging", "forged");
	struct ebms_packed packed = { .content_type = wire.content_type };

	forged = replaced(region, forged, letter->message_id, FORGED_ID);
	buf_init(&packed.body, (size_t)1 << 20);
	buf_put(&packed.body, wire.octets.data, (size_t)(header.data - wire.octets.data));
	buf_puts(&packed.body, forged);
	buf_put(&packed.body, after_header, (size_t)(body.data - after_header));
	buf_puts(&packed.body, "<env:Body xmlns:env=\"" NS_SOAP12 "\">");
	buf_put_bytes(&packed.body, header);
	buf_put_bytes(&packed.body, body);
	buf_puts(&packed.body, "</env:Body>");
	buf_put(&packed.body, after_body, (size_t)(wire.octets.data + wire.octets.size - after_body));
	return wire_of(region, &packed);
}

/* LETTER as its receiver reads it. An error about what could not be read names no message; nothing else may be wrong.
 */
static void letter_read(struct region *region, const struct wire *wire, struct ebms_message *message,
			struct findings *findings)
{
	ebms_init(message, region->arena, &ebms_limits_default, findings);
	region_must(region, ebms_read(message, wire->content_type, wire->octets, &region->err));
	region_must(region, ebms_read_security(message, &region->err));
	for (size_t i = 0; i < findings_count(findings); i++)
		if (findings_at(findings, i)->rule != ebms_rule(RULE_SIGNAL_REF) || message->kind != KIND_ERROR)
			region_fail(region, "cannot read a message: %s", findings_at(findings, i)->text);
}

struct wire letter_receipt(struct region *region, const struct letter *letter, const char *name)
{
	struct wire wire = letter_pack(region, letter);
	struct ebms_packed packed = { 0 };
	struct ebms_message message;
	struct signer signer;

	letter_read(region, &wire, &message, findings_new(region->arena));
	signer_open(region, name, letter->profile, &signer);
	const struct ebms_answering answering = { .profile = profile_find(letter->profile),
						  .identity = &signer.identity,
						  .received = &message,
						  .ref_to = letter->message_id,
						  .now_us = region->now_us };
	region_must(region, ebms_pack_receipt(region->arena, &answering, &packed, &region->err));
	struct wire receipt = wire_of(region, &packed);
	signer_close(&signer);
	ebms_done(&message);
	return receipt;
}

struct wire letter_error(struct region *region, const struct letter *letter, const char *name, enum ebms_rule_name rule)
{
	struct findings *findings = findings_new(region->arena);
	struct ebms_packed packed = { 0 };
	struct signer signer;

	finding_add(findings, ebms_rule(rule), "", "this", "that");
	signer_open(region, name, letter->profile, &signer);
	const struct ebms_answering answering = { .profile = profile_find(letter->profile),
						  .identity = &signer.identity,
						  .ref_to = letter->message_id,
						  .now_us = region->now_us };
	region_must(region, ebms_pack_error(region->arena, &answering, findings, &packed, &region->err));
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

/* The profile by which MESSAGE is signed. */
static const char *profile_of(const struct ebms_message *message)
{
	for (size_t i = 0; profile_at(i); i++)
		if (message->signature && message->signature->alg == profile_at(i)->signature)
			return profile_at(i)->name;
	fail_msg("a signal is not signed by any profile");
	return NULL;
}

struct signal letter_signal(struct region_node *node, const struct http_answer *answer)
{
	struct region *region = node->region;
	struct findings *findings = findings_new(region->arena);
	struct wire wire = { .content_type = answer->content_type, .octets = answer->body };
	struct signal signal = { 0 };
	struct ebms_message message;
	struct signer known;
	cert_auto cert = NULL;

	if (answer->status != 200)
		region_fail(region, "HTTP status %d instead of a signal", answer->status);
	letter_read(region, &wire, &message, findings);
	size_t read = findings_count(findings);
	signer_open(region, node->state, profile_of(&message), &known);
	region_must(region, ebms_signer(&message, &known.identity.key->cert, 1, &cert, &region->err));
	assert_non_null(cert);
	assert_string_equal(cert_fingerprint(cert), cert_fingerprint(known.identity.key->cert));
	region_must(region, ebms_verify(&message, cert, &region->err));
	assert_int_equal(findings_count(findings), read);
	signal.kind = message.kind;
	signal.ref_to = arena_text(region->arena, message.signal.info->ref_to);
	if (message.signal.errors_count > 0) {
		signal.code = arena_text(region->arena, message.signal.errors[0].code);
		signal.detail = arena_text(region->arena, message.signal.errors[0].detail);
	}
	signer_close(&known);
	ebms_done(&message);
	return signal;
}
