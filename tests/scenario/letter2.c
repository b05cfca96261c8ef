#include "letter2.h"

#include "base/text.h"
#include "keyring.h"
#include "messaging/uris_int.h"

#define WIRE_MAX ((size_t)8 << 20)

struct letter2 letter2_new(struct region *region, unsigned number)
{
	return (struct letter2){
		.keys = "VN",
		.from = "VN",
		.from_type = PARTY_TYPE,
		.to = "TH",
		.from_role = "issuing-authority",
		.to_role = "customs",
		.cpa = "th-vn",
		.service = SERVICE_DOCUMENTS,
		.action = "FORM-D",
		.message_id = arena_printf(region->arena, "letter-%u@vn", number),
		.conversation = arena_printf(region->arena, "conversation-%u", number),
		.timestamp_us = region->now_us,
		.wishes = { .sync = region->options.ebms2 == REGION_EBMS2_SYNC,
			    .ack_wanted = true,
			    .ack_signed = true,
			    .once = true },
		.payload = bytes_of(paper_form_d(region, "VN", "TH", number, date_of_time(region->now_us))),
	};
}

struct letter2 letter2_signal(struct region *region, unsigned number, const char *action)
{
	struct letter2 letter = letter2_new(region, number);

	letter.from_role = letter.to_role = NULL;
	letter.service = URI_MSH_SERVICE;
	letter.action = action;
	letter.wishes = (struct ebms2_wishes){ .sync = letter.wishes.sync };
	letter.payload = (struct bytes){ 0 };
	return letter;
}

/* --- Keys --- */

struct signer2 {
	struct keys *keys;
	struct key_list list;
	const struct key_info *key;
};

static void signer2_open(struct region *region, const char *name, struct signer2 *signer)
{
	const char *directory = keyring_directory(name);

	*signer = (struct signer2){ 0 };
	region_must(region, keys_open(directory, &signer->keys, &region->err));
	region_must(region, keystore_list(directory, &signer->list, &region->err));
	for (size_t i = 0; i < signer->list.count; i++)
		if (signer->list.keys[i].use == KEY_USE_SIGN && signer->list.keys[i].type == KEY_RSA_2048)
			signer->key = &signer->list.keys[i];
	assert_non_null(signer->key);
}

static void signer2_close(struct signer2 *signer)
{
	key_list_done(&signer->list);
	keys_free(signer->keys);
}

static struct ebms_identity identity_of(const struct signer2 *signer)
{
	return (struct ebms_identity){ .keys = signer->keys, .key = signer->key, .token = TOKEN_BST };
}

/* --- Changing --- */

static void edit(struct region *region, struct buf *body, const struct edit *edits)
{
	for (size_t i = 0; i < EDITS_MAX && edits[i].from; i++) {
		const char *from = edits[i].from;
		const uint8_t *at = memmem(body->data, body->size, from, strlen(from));
		if (!at)
			region_fail(region, "the message has no \"%s\"", from);
		size_t before = (size_t)(at - body->data), behind = before + strlen(from);
		size_t size = body->size - behind;
		const void *rest = arena_copy(region->arena, body->data + behind, size);
		body->size = before;
		buf_puts(body, edits[i].to);
		buf_put(body, rest, size);
		assert_int_equal(body->failed, OK);
	}
}

static void unsign(struct region *region, struct buf *body)
{
	static const char end[] = "</ds:Signature>";
	const uint8_t *from = memmem(body->data, body->size, "<ds:Signature ", 14);
	const uint8_t *to = memmem(body->data, body->size, end, strlen(end));

	if (!from) /* the message did not ask for one */
		return;
	assert_non_null(to);
	const char *cut = arena_text_of(region->arena, bytes(from, (size_t)(to - from) + strlen(end)));
	const struct edit edits[EDITS_MAX] = { { cut, "" } };
	edit(region, body, edits);
}

/* PACKED, signed by SIGNER, as a test wants it. */
static struct wire finished(struct region *region, struct ebms_packed *packed, const struct edit *before,
			    const struct edit *after, const struct forgery *forgery, bool is_unsigned,
			    const struct signer2 *signer)
{
	struct forgery forging = *forgery;

	packed->body.max_bytes = WIRE_MAX;
	edit(region, &packed->body, before);
	forging.arena = region->arena;
	forging.keys = signer->keys;
	forging.key = signer->key;
	if (is_unsigned)
		unsign(region, &packed->body);
	else
		forge_sign(&forging, &packed->body);
	edit(region, &packed->body, after);
	struct wire wire = {
		.content_type = arena_text(region->arena, packed->content_type),
		.octets = bytes(arena_copy(region->arena, packed->body.data, packed->body.size), packed->body.size),
	};
	assert_true(wire.content_type && wire.octets.data);
	buf_done(&packed->body);
	return wire;
}

/* --- Messages --- */

struct wire letter2_pack(struct region *region, const struct letter2 *letter)
{
	struct ebms_typed from_id = { .type = letter->from_type, .value = letter->from };
	struct ebms_typed to_id = { .type = PARTY_TYPE, .value = letter->to };
	struct ebms_typed service = { .value = letter->service };
	struct ebms_party from = { .id = &from_id, .role = letter->from_role },
			  to = { .id = &to_id, .role = letter->to_role };
	struct ebms_party_info parties = { &from, &to };
	struct ebms_message_info info = { .timestamp_us = letter->timestamp_us,
					  .message_id = letter->message_id,
					  .ref_to = letter->ref_to };
	struct ebms_agreement agreement = { .value = letter->cpa };
	struct ebms_collaboration collaboration = { .agreement = &agreement,
						    .service = &service,
						    .action = letter->action,
						    .conversation = letter->conversation };
	struct ebms_user_message user = { .info = &info, .parties = &parties, .collaboration = &collaboration };
	struct ebms_payload payload = { .content_id = "payload@letter",
					.mime_type = "application/xml",
					.octets = letter->payload };
	struct ebms_packed packed = { 0 };
	struct signer2 signer;

	signer2_open(region, letter->keys, &signer);
	struct ebms_identity identity = identity_of(&signer);
	const struct ebms_letter packing = { .profile = profile_find("ebms2-rsa-sha256"),
					     .identity = &identity,
					     .user = &user,
					     .payloads = &payload,
					     .count = letter->payload.data ? 1 : 0,
					     .wishes = &letter->wishes };
	region_must(region, ebms_pack_user(region->arena, &packing, &packed, &region->err));
	struct wire wire = finished(region, &packed, letter->before, letter->after, &letter->forgery,
				    letter->is_unsigned, &signer);
	signer2_close(&signer);
	return wire;
}

/* --- Signals --- */

struct wire answer2_pack(struct region *region, const struct answer2 *answer, const struct wire *sent)
{
	struct findings *findings = findings_new(region->arena), *errors = findings_new(region->arena);
	struct ebms_packed packed = { 0 };
	struct ebms_message message;
	struct signer2 signer;

	ebms_init(&message, region->arena, &ebms_limits_default, findings);
	region_must(region, ebms_read(&message, sent->content_type, sent->octets, &region->err));
	region_must(region, ebms_read_security(&message, &region->err));
	assert_int_equal(findings_count(findings), 0);
	signer2_open(region, answer->keys, &signer);
	struct ebms_identity identity = identity_of(&signer);
	const struct ebms_answering answering = { .profile = profile_find("ebms2-rsa-sha256"),
						  .identity = &identity,
						  .received = &message,
						  .ref_to = message.user.info->message_id,
						  .frame = &message.user,
						  .now_us = region->now_us };
	finding_add(errors, ebms_rule(answer->rule), "", "this", "that");
	region_must(region, answer->kind == KIND_RECEIPT
				    ? ebms_pack_receipt(region->arena, &answering, &packed, &region->err)
				    : ebms_pack_error(region->arena, &answering, errors, &packed, &region->err));
	struct wire wire = finished(region, &packed, answer->before, answer->after, &(struct forgery){ 0 },
				    answer->is_unsigned, &signer);
	signer2_close(&signer);
	ebms_done(&message);
	return wire;
}
