#include "messaging/letter_int.h"

#include "messaging/messaging_int.h"
#include "messaging/uris_int.h"

enum { PART_PROPERTIES_MAX = 3 };

struct header {
	struct ebms_message_info info;
	struct ebms_typed from_id, to_id, service;
	struct ebms_party from, to;
	struct ebms_party_info parties;
	struct ebms_agreement agreement;
	struct ebms_collaboration collaboration;
	struct ebms_typed property[4];
	struct ebms_properties properties;
	struct ebms_payload_info payload;
	struct ebms_user_message user;
};

static enum err_code fill_parts(const struct letter *l, struct header *header, struct ebms_payload **payloads,
				struct err *err)
{
	size_t count = l->parts.count;
	struct ebms_part_info *parts = arena_array(l->arena, count + 1, sizeof *parts);
	struct ebms_properties *properties = arena_array(l->arena, count + 1, sizeof *properties);
	struct ebms_typed *property = arena_array(l->arena, (count + 1) * PART_PROPERTIES_MAX, sizeof *property);
	struct ebms_payload *payload = arena_array(l->arena, count + 1, sizeof *payload);
	if (!parts || !properties || !property || !payload)
		return fail(err, ERR_MEMORY, "no memory for message %s", l->message->id);
	for (size_t i = 0; i < count; i++) {
		const struct message_part *part = &l->parts.items[i];
		struct ebms_typed *p = &property[i * PART_PROPERTIES_MAX];
		size_t n = 0;
		p[n++] = (struct ebms_typed){ .name = "MimeType", .value = part->mime_type };
		if (part->charset)
			p[n++] = (struct ebms_typed){ .name = "CharacterSet", .value = part->charset };
		if (part->compressed)
			p[n++] = (struct ebms_typed){ .name = "CompressionType", .value = MIME_GZIP };
		properties[i] = (struct ebms_properties){ .property = p, .count = n };
		parts[i] = (struct ebms_part_info){ .href = arena_printf(l->arena, "cid:%s", part->content_id),
						    .properties = &properties[i] };
		payload[i] = (struct ebms_payload){ .content_id = part->content_id,
						    .mime_type = part->mime_type,
						    .charset = part->charset,
						    .compressed = part->compressed,
						    .octets = part->octets };
	}
	header->payload = (struct ebms_payload_info){ .part = parts, .count = count };
	*payloads = payload;
	return OK;
}

static struct ebms_typed typed(const struct letter_party *party)
{
	return (struct ebms_typed){ .type = party->type && party->type[0] ? party->type : NULL, .value = party->id };
}

/* Two-corner, with originalSender and finalRecipient always set (eDelivery AS4 1.15 §5): agencies stay addressable
 * behind the nodes. */
static void address_as4(const struct letter *l, struct header *h)
{
	const struct message *m = l->message;
	size_t n = 0;
	h->from_id = typed(&l->from);
	h->to_id = typed(&l->to);
	h->from = (struct ebms_party){ .id = &h->from_id, .role = URI_ROLE_INITIATOR };
	h->to = (struct ebms_party){ .id = &h->to_id, .role = URI_ROLE_RESPONDER };
	h->service = (struct ebms_typed){ .value = m->service };
	h->collaboration.action = m->action;
	h->property[n++] = (struct ebms_typed){ .name = "originalSender", .value = m->original_sender };
	h->property[n++] = (struct ebms_typed){ .name = "finalRecipient", .value = m->final_recipient };
	if (m->test)
		h->property[n++] = (struct ebms_typed){ .name = "test", .value = "true" };
	h->properties = (struct ebms_properties){ .property = h->property, .count = n };
}

/* ebMS 2.0 has no properties: the roles of the agreement keep agencies apart. */
static void address_ebms2(const struct letter *l, struct header *h)
{
	const struct ebms2_route *route = l->route;
	h->from = route->from;
	h->to = route->to;
	h->service = *route->service;
	h->agreement = (struct ebms_agreement){ .value = route->pact->cpa->id };
	h->collaboration.action = route->action;
	h->collaboration.agreement = &h->agreement;
}

static void fill_header(const struct letter *l, struct header *h)
{
	const struct message *m = l->message;
	h->info = (struct ebms_message_info){ .timestamp_us = m->created_us,
					      .message_id = m->message_id,
					      .ref_to = m->ref_to };
	h->parties = (struct ebms_party_info){ .from = &h->from, .to = &h->to };
	h->collaboration = (struct ebms_collaboration){ .service = &h->service, .conversation = m->conversation };
	if (l->route)
		address_ebms2(l, h);
	else
		address_as4(l, h);
	h->user = (struct ebms_user_message){ .info = &h->info,
					      .parties = &h->parties,
					      .collaboration = &h->collaboration,
					      .properties = h->properties.count ? &h->properties : NULL,
					      .payload = h->payload.count ? &h->payload : NULL };
}

enum err_code letter_seal(const struct letter *l, struct ebms_packed *packed, struct ebms_sent *sent, struct err *err)
{
	struct header header = { 0 };
	struct ebms_payload *payloads = NULL;
	TRY(fill_parts(l, &header, &payloads, err));
	fill_header(l, &header);
	struct ebms_letter letter = { .profile = l->profile,
				      .identity = l->identity,
				      .recipient = l->recipient,
				      .user = &header.user,
				      .payloads = payloads,
				      .count = l->parts.count,
				      .wishes = l->route ? &l->route->wishes : NULL };
	TRY(ebms_pack_user(l->arena, &letter, packed, err));
	*sent = (struct ebms_sent){ .references = packed->references,
				    .count = packed->references_count,
				    .ack_signed = !l->route || l->route->wishes.ack_signed };
	return OK;
}
