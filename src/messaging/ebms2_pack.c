/* Building messages of ebMS 2.0: the envelope, a signature over what libxml2 makes canonical of it, and the parts as
 * they are. */
#include "base/text.h"
#include "base/uuid.h"
#include "messaging/ebms2_int.h"
#include "messaging/signature_int.h"
#include "messaging/uris_int.h"

/* An acknowledgment repeats references, of which a partner's envelope may be full. */
enum { HEADER_MAX = 4 << 20, PACK_OVERHEAD = 2 << 20, ERRORS_MAX = 16 };

#define ROOT_ID    "soap@lintas"
#define ATTRIBUTES " soap:mustUnderstand=\"1\" eb:version=\"2.0\""
#define TO_PARTY   " soap:actor=\"" URI_TO_PARTY_MSH "\""

/* What the envelope declares, in the order of canonical forms. */
#define SCOPE " xmlns:eb=\"" NS_EBMS2 "\" xmlns:soap=\"" NS_SOAP11 "\" xmlns:xlink=\"" NS_XLINK "\""

/* Up to the place of the signature, and from there on. */
struct envelope {
	struct buf head, tail;
};

static void envelope_done(struct envelope *envelope)
{
	buf_done(&envelope->head);
	buf_done(&envelope->tail);
}
#define envelope_auto __attribute__((cleanup(envelope_done))) struct envelope

/* WISHES NULL: a signal, which has no DuplicateElimination (strict peers refuse it there). */
static void put_start(struct envelope *envelope, const struct ebms2_header *header, const struct ebms2_wishes *wishes)
{
	struct buf *out = &envelope->head;
	buf_init(&envelope->head, HEADER_MAX);
	buf_init(&envelope->tail, HEADER_MAX);
	buf_puts(out, "<soap:Envelope" SCOPE "><soap:Header><eb:MessageHeader" ATTRIBUTES ">");
	field_put_xml_children(out, &ebms2_header_schema, header);
	if (wishes && wishes->once)
		buf_puts(out, "<eb:DuplicateElimination></eb:DuplicateElimination>");
	buf_puts(out, "</eb:MessageHeader>");
	if (wishes && wishes->sync)
		buf_puts(out, "<eb:SyncReply soap:actor=\"" URI_SOAP_NEXT "\"" ATTRIBUTES "></eb:SyncReply>");
	if (wishes && wishes->ack_wanted)
		buf_printf(out, "<eb:AckRequested" TO_PARTY ATTRIBUTES " eb:signed=\"%s\"></eb:AckRequested>",
			   wishes->ack_signed ? "true" : "false");
	buf_puts(&envelope->tail, "</soap:Header><soap:Body>");
}

static enum err_code put_end(struct envelope *envelope, struct err *err)
{
	buf_puts(&envelope->tail, "</soap:Body></soap:Envelope>");
	TRY(buf_check(&envelope->head, "an envelope", err));
	return buf_check(&envelope->tail, "an envelope", err);
}

/* The digest of the envelope: read as who gets it will read it, so that what we sign is by one rule with what we
 * verify. */
static enum err_code add_envelope(struct signing *signing, const struct envelope *envelope, struct err *err)
{
	struct ebms_message message;
	struct ebms_reference reference = ebms2_envelope_reference();
	struct xml_limits limits = ebms_limits_default.xml;
	buf_auto text, octets;
	limits.max_bytes = 2 * HEADER_MAX;
	buf_init(&text, 2 * HEADER_MAX);
	buf_init(&octets, 2 * HEADER_MAX);
	buf_put_bytes(&text, buf_bytes(&envelope->head));
	buf_put_bytes(&text, buf_bytes(&envelope->tail));
	TRY(buf_check(&text, "an envelope", err));
	ebms_init(&message, signing->arena, &ebms_limits_default, NULL);
	enum err_code code = xml_parse(signing->arena, buf_bytes(&text), &limits, &message.doc, err);
	if (code == OK)
		code = ebms2_octets(&message, &reference, &octets, err);
	ebms_done(&message);
	if (code == OK)
		code = signing_add(signing, reference.uri, reference.transform, buf_bytes(&octets), err);
	return code;
}

static enum err_code put_signature(struct buf *out, const struct signing *signing, struct err *err)
{
	const struct ebms_identity *identity = signing->identity;
	buf_auto canonical, value;
	buf_init(&canonical, HEADER_MAX);
	buf_init(&value, 4096);
	/* As inclusive C14N has it: with all that is declared around it. */
	signing_put_info(&canonical, signing, "<ds:SignedInfo xmlns:ds=\"" NS_DS "\"" SCOPE ">");
	TRY(buf_check(&canonical, "SignedInfo", err));
	TRY(keys_sign(identity->keys, identity->key->id, signing->profile->signature, buf_bytes(&canonical), &value,
		      err));
	buf_puts(out, "<ds:Signature xmlns:ds=\"" NS_DS "\">");
	signing_put_info(out, signing, "<ds:SignedInfo>");
	buf_puts(out, "<ds:SignatureValue>");
	base64_put(out, buf_bytes(&value));
	buf_puts(out, "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>");
	base64_put(out, cert_der(identity->key->cert));
	buf_puts(out, "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>");
	return OK;
}

static void put_parts(struct buf *out, const char *boundary, const struct ebms_payload *payloads, size_t count)
{
	for (size_t i = 0; i < count; i++)
		mime_put_part(out, boundary, payloads[i].mime_type, payloads[i].content_id, payloads[i].octets);
	mime_put_end(out, boundary);
}

/* SIGNING NULL: unsigned. The root comes first, whatever "start" says: some take the first part for it. */
static enum err_code finish(struct arena *arena, struct envelope *envelope, struct signing *signing,
			    const struct ebms_payload *payloads, size_t count, struct ebms_packed *packed,
			    struct err *err)
{
	char boundary[MIME_BOUNDARY_SIZE];
	size_t octets = 0;
	if (signing) {
		TRY(put_signature(&envelope->head, signing, err));
		packed->references = signing->references;
		packed->references_count = signing->count;
	}
	buf_put_bytes(&envelope->head, buf_bytes(&envelope->tail));
	TRY(buf_check(&envelope->head, "an envelope", err));
	for (size_t i = 0; i < count; i++)
		octets += payloads[i].octets.size;
	buf_init(&packed->body, envelope->head.size + octets + PACK_OVERHEAD);
	packed->content_type = MIME_SOAP11 "; charset=UTF-8";
	if (count == 0) {
		buf_put_bytes(&packed->body, buf_bytes(&envelope->head));
		return buf_check(&packed->body, "a message", err);
	}
	mime_boundary(boundary);
	mime_put_part(&packed->body, boundary, MIME_SOAP11 "; charset=UTF-8", ROOT_ID, buf_bytes(&envelope->head));
	put_parts(&packed->body, boundary, payloads, count);
	packed->content_type =
		arena_printf(arena,
			     "multipart/related; type=\"" MIME_SOAP11 "\"; boundary=\"%s\"; start=\"<" ROOT_ID
			     ">\"; start-info=\"" MIME_SOAP11 "\"",
			     boundary);
	if (!packed->content_type)
		return fail(err, ERR_MEMORY, "no memory for a message");
	return buf_check(&packed->body, "a message", err);
}

/* --- User messages --- */

static struct ebms2_party party_of(const struct ebms_party *party)
{
	return (struct ebms2_party){ .id = party->id, .ids = party->ids ? party->ids : 1, .role = party->role };
}

static void put_manifest(struct buf *out, const struct ebms_payload *payloads, size_t count)
{
	if (count == 0)
		return;
	buf_puts(out, "<eb:Manifest eb:version=\"2.0\">");
	for (size_t i = 0; i < count; i++) {
		buf_puts(out, "<eb:Reference xlink:href=\"cid:");
		xml_put_attribute(out, payloads[i].content_id);
		buf_puts(out, "\" xlink:type=\"simple\"></eb:Reference>");
	}
	buf_puts(out, "</eb:Manifest>");
}

static enum err_code add_parts(struct signing *signing, const struct ebms_payload *payloads, size_t count,
			       struct err *err)
{
	for (size_t i = 0; i < count; i++)
		TRY(signing_add(signing, arena_printf(signing->arena, "cid:%s", payloads[i].content_id), "",
				payloads[i].octets, err));
	return OK;
}

enum err_code ebms2_pack_user(struct arena *arena, const struct ebms_letter *letter, struct ebms_packed *packed,
			      struct err *err)
{
	const struct ebms_user_message *user = letter->user;
	const struct ebms_collaboration *collaboration = user->collaboration;
	struct ebms2_party from = party_of(user->parties->from), to = party_of(user->parties->to);
	struct ebms2_data data = { .message_id = user->info->message_id,
				   .timestamp_us = user->info->timestamp_us,
				   .ref_to = user->info->ref_to,
				   .until_us = TIME_NONE };
	struct ebms2_header header = { .from = &from,
				       .to = &to,
				       .cpa = collaboration->agreement->value,
				       .conversation = collaboration->conversation,
				       .service = collaboration->service,
				       .action = collaboration->action,
				       .data = &data };
	struct signing signing;
	envelope_auto envelope;
	put_start(&envelope, &header, letter->wishes);
	put_manifest(&envelope.tail, letter->payloads, letter->count);
	TRY(put_end(&envelope, err));
	TRY(signing_init(&signing, arena, letter->profile, letter->identity, letter->count, err));
	TRY(add_envelope(&signing, &envelope, err));
	TRY(add_parts(&signing, letter->payloads, letter->count, err));
	return finish(arena, &envelope, &signing, letter->payloads, letter->count, packed, err);
}

/* --- Signals --- */

/* From and To change places, without roles; agreement and conversation stay. */
static enum err_code start_signal(struct arena *arena, const struct ebms_answering *answering, const char *action,
				  struct envelope *envelope, struct err *err)
{
	char uuid[UUID_SIZE];
	const struct ebms_user_message *user = answering->frame;
	struct ebms2_party from = party_of(user->parties->to), to = party_of(user->parties->from);
	struct ebms_typed service = { .value = URI_MSH_SERVICE };
	uuid_new(uuid, answering->now_us);
	struct ebms2_data data = { .message_id = arena_printf(arena, "%s@lintas", uuid),
				   .timestamp_us = answering->now_us,
				   .ref_to = answering->ref_to,
				   .until_us = TIME_NONE };
	struct ebms2_header header = { .from = &from,
				       .to = &to,
				       .cpa = user->collaboration->agreement->value,
				       .conversation = user->collaboration->conversation,
				       .service = &service,
				       .action = action,
				       .data = &data };
	if (!data.message_id)
		return fail(err, ERR_MEMORY, "no memory for a signal");
	from.role = to.role = NULL;
	put_start(envelope, &header, NULL);
	return OK;
}

static enum err_code finish_signal(struct arena *arena, const struct ebms_answering *answering,
				   struct envelope *envelope, bool sign, struct ebms_packed *packed, struct err *err)
{
	struct signing signing;
	TRY(put_end(envelope, err));
	if (sign) {
		TRY(signing_init(&signing, arena, answering->profile, answering->identity, 0, err));
		TRY(add_envelope(&signing, envelope, err));
	}
	return finish(arena, envelope, sign ? &signing : NULL, NULL, 0, packed, err);
}

/* §6.3.2: signed if that was asked for, and then with the references of the received signature, as they stood, with the
 * namespaces that they use: of others a partner may have declared more than an acknowledgment has room for. */
enum err_code ebms2_pack_receipt(struct arena *arena, const struct ebms_answering *answering,
				 struct ebms_packed *packed, struct err *err)
{
	const struct ebms_signature *signature = answering->received->signature;
	bool sign = answering->received->ebms2->ack_signed;
	char now[TIME_SIZE];
	envelope_auto envelope = { 0 };
	TRY(start_signal(arena, answering, "Acknowledgment", &envelope, err));
	time_format(answering->now_us, now);
	buf_printf(&envelope.head,
		   "<eb:Acknowledgment" TO_PARTY ATTRIBUTES "><eb:Timestamp>%s</eb:Timestamp><eb:RefToMessageId>", now);
	xml_put_text(&envelope.head, answering->ref_to);
	buf_puts(&envelope.head, "</eb:RefToMessageId>");
	for (size_t i = 0; sign && signature && i < signature->count; i++)
		TRY(xml_c14n_exclusive(signature->references[i].node, signature->references[i].prefixes, &envelope.head,
				       err));
	buf_puts(&envelope.head, "</eb:Acknowledgment>");
	return finish_signal(arena, answering, &envelope, sign, packed, err);
}

static void put_error(struct buf *out, const struct finding *finding)
{
	const struct ebms_error_row *row = ebms_error_row(ebms_rule_ebms(finding->rule));
	buf_printf(out, "<eb:Error eb:errorCode=\"%s\" eb:severity=\"Error\"><eb:Description xml:lang=\"en\">",
		   row->code2);
	xml_put_text(out, finding->text);
	buf_printf(out, " (%s", finding->rule->code);
	ebms_put_law(out, ", ", finding->law, true);
	buf_puts(out, ")</eb:Description></eb:Error>");
}

enum err_code ebms2_pack_error(struct arena *arena, const struct ebms_answering *answering,
			       const struct findings *findings, struct ebms_packed *packed, struct err *err)
{
	envelope_auto envelope = { 0 };
	TRY(start_signal(arena, answering, "MessageError", &envelope, err));
	buf_puts(&envelope.head, "<eb:ErrorList" ATTRIBUTES " eb:highestSeverity=\"Error\">");
	for (size_t i = 0; i < ERRORS_MAX && findings_at(findings, i); i++)
		put_error(&envelope.head, findings_at(findings, i));
	buf_puts(&envelope.head, "</eb:ErrorList>");
	return finish_signal(arena, answering, &envelope, true, packed, err);
}

enum err_code ebms2_pack_pong(struct arena *arena, const struct ebms_answering *answering, struct ebms_packed *packed,
			      struct err *err)
{
	envelope_auto envelope = { 0 };
	TRY(start_signal(arena, answering, "Pong", &envelope, err));
	return finish_signal(arena, answering, &envelope, true, packed, err);
}

enum err_code ebms2_pack_status(struct arena *arena, const struct ebms_answering *answering,
				const struct ebms2_status *status, struct ebms_packed *packed, struct err *err)
{
	envelope_auto envelope = { 0 };
	TRY(start_signal(arena, answering, "StatusResponse", &envelope, err));
	buf_printf(&envelope.tail, "<eb:StatusResponse eb:messageStatus=\"%s\" eb:version=\"2.0\">", status->status);
	field_put_xml_children(&envelope.tail, &ebms2_answer_schema, status);
	buf_puts(&envelope.tail, "</eb:StatusResponse>");
	return finish_signal(arena, answering, &envelope, true, packed, err);
}
