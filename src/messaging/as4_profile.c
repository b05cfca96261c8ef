/* The profile of AS4: what of the envelope a signature covers and by which octets, and what is encrypted. eDelivery AS4
 * 1.15 and 2.0. */
#include <strings.h>

#include "base/text.h"
#include "messaging/as4_int.h"
#include "messaging/uris_int.h"

int as4_covers(const struct ebms_message *message, const char *uri)
{
	return ebms_refers_to(uri, message->messaging) ? 0 : ebms_refers_to(uri, message->body) ? 1 : -1;
}

bool as4_transforms_fit(const struct ebms_reference *reference)
{
	bool attachment = reference->uri && starts_with(reference->uri, "cid:");
	return same(reference->transform, attachment ? URI_ATTACHMENT_SIGNED : URI_EXC_C14N);
}

static bool wrap_fits(const struct wrapped_key *wrapped, const struct security_profile *profile)
{
	if (wrapped->alg != profile->wrap)
		return false;
	if (wrapped->alg == WRAP_RSA_OAEP)
		return wrapped->digest == profile->wrap_digest && wrapped->mgf == profile->wrap_mgf;
	return wrapped->kek_bytes == profile->kek_bytes;
}

static void check_encryption(struct ebms_message *message, const struct security_profile *profile)
{
	const struct ebms_encryption *encryption = message->encryption;
	for (size_t i = 0; i < message->parts_count; i++)
		if (!message->parts[i].sealed)
			ebms_found(message, RULE_UNENCRYPTED, message->parts[i].content_id, NULL);
	if (!encryption)
		return;
	if (!encryption->wrap_known || (profile && !wrap_fits(&encryption->wrapped, profile)))
		ebms_found(message, RULE_ALGORITHM, encryption->algorithm, "the key's encryption");
	for (size_t i = 0; i < encryption->count; i++) {
		const struct ebms_sealed *sealed = &encryption->sealed[i];
		if (!sealed->alg_known || (profile && sealed->alg != profile->content))
			ebms_found(message, RULE_ALGORITHM, sealed->algorithm, sealed->uri);
	}
}

/* eDelivery: payloads travel in parts. An error signal may carry a SOAP Fault beside it. */
static void check_body(struct ebms_message *message)
{
	if (!message->body) /* the envelope was refused; the inspector goes on */
		return;
	const struct xml_node *content = xml_first(message->body);
	if (content && !(message->kind == KIND_ERROR && grammar_is(content, "env:Fault") && !xml_next(content)))
		ebms_found(message, RULE_BODY, xml_name(content), NULL);
	if (xml_has_stray_text(message->body))
		ebms_found(message, RULE_BODY, "text", NULL);
}

void as4_check_profile(struct ebms_message *message, const struct security_profile *profile)
{
	check_body(message);
	ebms_check_signature(message, profile);
	check_encryption(message, profile);
}

enum part_class { PART_AS_IS, PART_XML, PART_TEXT };

/* Of a media type as it stands in a header or a property, with parameters or without. NULL: as it is. */
static enum part_class class_of(const char *type)
{
	size_t size = type ? strcspn(type, "; \t") : 0;
	if ((size == 8 && strncasecmp(type, "text/xml", size) == 0) ||
	    (size == 15 && strncasecmp(type, "application/xml", size) == 0) ||
	    (size > 4 && strncasecmp(type + size - 4, "+xml", 4) == 0))
		return PART_XML;
	return size > 5 && strncasecmp(type, "text/", 5) == 0 ? PART_TEXT : PART_AS_IS;
}

/* The media type that says how a part was signed. EncryptedData/@MimeType and the part's own header are not signed, the
 * part's properties in eb:Messaging are: otherwise whoever knows the content could pass a document with other line ends
 * than the signed one by calling it text. */
static const char *signed_type(const struct ebms_part *part)
{
	if (part->compressed)
		return NULL;
	return part->mime_type ? part->mime_type : part->type;
}

/* WS-Security SwA 1.1 §5.4.2: XML parts are canonicalised, other text gets CRLF line ends, anything else is taken as it
 * is. */
enum err_code as4_part_octets(const char *type, struct bytes octets, const struct ebms_limits *limits, struct buf *out,
			      struct err *err)
{
	enum part_class class = class_of(type);
	if (class == PART_XML) {
		struct xml_limits xml = limits->xml;
		xml.max_bytes = limits->max_payload_bytes;
		xml.max_elements = 1000000;
		xml.max_all_attributes = 1000000;
		return xml_c14n_document(octets, &xml, out, err);
	}
	if (class == PART_AS_IS) {
		buf_put_bytes(out, octets);
		return OK;
	}
	for (size_t i = 0; i < octets.size; i++) {
		if (octets.data[i] == '\n' && (i == 0 || octets.data[i - 1] != '\r'))
			buf_putc(out, '\r');
		buf_putc(out, (char)octets.data[i]);
	}
	return OK;
}

/* What is signed as it is needs no copy. */
enum err_code as4_octets_of_part(const struct ebms_part *part, const struct ebms_limits *limits, struct buf *room,
				 struct bytes *octets, struct err *err)
{
	const char *type = signed_type(part);
	*octets = part->octets;
	if (class_of(type) == PART_AS_IS)
		return OK;
	TRY(as4_part_octets(type, part->octets, limits, room, err));
	*octets = buf_bytes(room);
	return OK;
}

enum err_code as4_octets(struct ebms_message *message, const struct ebms_reference *reference, struct buf *out,
			 struct err *err)
{
	const struct xml_node *element = ebms_element_of(message, reference->uri);
	return element ? xml_c14n_exclusive(element, reference->prefixes, out, err) : OK;
}
