/* The closed profile, and the signature itself. What is not exactly what must be there is refused: no further
 * reference, transform or algorithm, and every reference by the identifier of the very element that is processed
 * (against signature wrapping). */
#include <strings.h>

#include "base/text.h"
#include "messaging/message_int.h"
#include "messaging/grammar_int.h"
#include "messaging/uris_int.h"

static void found(struct ebms_message *message, enum ebms_rule_name rule, const char *first, const char *second)
{
	finding_add(message->findings, ebms_rule(rule), "", first, second);
}

bool ebms_refers_to(const char *uri, const struct xml_node *node)
{
	if (!uri || uri[0] != '#' || !node)
		return false;
	return same(uri + 1, grammar_attribute(node, "wsu:Id")) || same(uri + 1, grammar_attribute(node, "id"));
}

static void check_reference(struct ebms_message *message, const struct ebms_reference *reference, enum digest digest,
			    bool any_digest)
{
	bool attachment = reference->uri && starts_with(reference->uri, "cid:");
	const char *wanted = attachment ? URI_ATTACHMENT_SIGNED : URI_EXC_C14N;
	if (!reference->transform || !same(reference->transform, wanted))
		found(message, RULE_TRANSFORM, reference->transform ? reference->transform : "(several)",
		      reference->uri);
	bool weak = reference->digest_known && reference->digest == DIGEST_SHA1;
	if (!reference->digest_known || weak || (!any_digest && reference->digest != digest))
		found(message, RULE_ALGORITHM, reference->digest_name, reference->uri);
}

/* Counts which of the things that must be signed are, each exactly once. */
static void check_coverage(struct ebms_message *message)
{
	const struct ebms_signature *signature = message->signature;
	size_t messaging = 0, body = 0;
	for (size_t i = 0; i < signature->count; i++) {
		const char *uri = signature->references[i].uri;
		bool known = true;
		if (ebms_refers_to(uri, message->messaging))
			messaging++;
		else if (ebms_refers_to(uri, message->body))
			body++;
		else
			known = ebms_part_of(message, uri) != NULL;
		if (!known)
			found(message, RULE_REFERENCES, "refers to something that is not processed:", uri);
	}
	if (messaging != 1)
		found(message, RULE_REFERENCES, messaging ? "covers twice" : "does not cover", "eb:Messaging");
	if (body != 1)
		found(message, RULE_REFERENCES, body ? "covers twice" : "does not cover", "the SOAP body");
	for (size_t k = 0; k < message->parts_count; k++) {
		size_t count = 0;
		for (size_t i = 0; i < signature->count; i++)
			count += ebms_part_of(message, signature->references[i].uri) == &message->parts[k];
		if (count != 1)
			found(message, RULE_REFERENCES, count ? "covers twice part" : "does not cover part",
			      message->parts[k].content_id);
	}
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
			found(message, RULE_UNENCRYPTED, message->parts[i].content_id, NULL);
	if (!encryption)
		return;
	if (!encryption->wrap_known || (profile && !wrap_fits(&encryption->wrapped, profile)))
		found(message, RULE_ALGORITHM, encryption->algorithm, "the key's encryption");
	for (size_t i = 0; i < encryption->count; i++) {
		const struct ebms_sealed *sealed = &encryption->sealed[i];
		if (!sealed->alg_known || (profile && sealed->alg != profile->content))
			found(message, RULE_ALGORITHM, sealed->algorithm, sealed->uri);
	}
}

/* eDelivery: payloads travel in parts. An error signal may carry a SOAP Fault beside it. */
static void check_body(struct ebms_message *message)
{
	if (!message->body) /* the envelope was refused; the inspector goes on */
		return;
	const struct xml_node *content = xml_first(message->body);
	if (content && !(message->kind == KIND_ERROR && grammar_is(content, "env:Fault") && !xml_next(content)))
		found(message, RULE_BODY, xml_name(content), NULL);
	if (xml_has_stray_text(message->body))
		found(message, RULE_BODY, "text", NULL);
}

static void check_signature(struct ebms_message *message, const struct security_profile *profile)
{
	const struct ebms_signature *signature = message->signature;
	if (!same(signature->c14n, URI_EXC_C14N))
		found(message, RULE_ALGORITHM, signature->c14n, "the canonical form of SignedInfo");
	if (!signature->alg_known || (profile && signature->alg != profile->signature))
		found(message, RULE_ALGORITHM, signature->algorithm, "the signature");
	for (size_t i = 0; i < signature->count; i++)
		check_reference(message, &signature->references[i], profile ? profile->digest : DIGEST_SHA256,
				profile == NULL);
	check_coverage(message);
}

void as4_check_profile(struct ebms_message *message, const struct security_profile *profile)
{
	check_body(message);
	if (message->signature)
		check_signature(message, profile);
	check_encryption(message, profile);
}

/* WS-Security 1.1 §7.3. */
static bool names_thumbprint(const struct ebms_token *token, const struct cert *cert)
{
	uint8_t digest[DIGEST_MAX];
	struct err err;
	return digest_of(DIGEST_SHA1, cert_der(cert), digest, &err) == OK &&
	       bytes_same(token->data, bytes(digest, digest_size(DIGEST_SHA1)));
}

bool ebms_token_names(const struct ebms_token *token, const struct cert *cert)
{
	switch (token->kind) {
	case TOKEN_BST:
		return bytes_same(token->data, cert_der(cert));
	case TOKEN_SKI:
		return cert_ski(cert).size > 0 && bytes_same(token->data, cert_ski(cert));
	case TOKEN_ISSUER_SERIAL:
		return same(token->serial, cert_serial(cert)) && token->issuer &&
		       cert_issuer_matches(cert, token->issuer);
	case TOKEN_THUMBPRINT:
		return names_thumbprint(token, cert);
	case TOKEN_NONE:
		break;
	}
	return false;
}

enum err_code ebms_signer(struct ebms_message *message, struct cert *const *known, size_t count, struct cert **cert,
			 struct err *err)
{
	const struct ebms_token *token = &message->signature->token;
	*cert = NULL;
	for (size_t i = 0; i < count; i++)
		if (ebms_token_names(token, known[i])) {
			*cert = cert_ref(known[i]);
			return OK;
		}
	if (token->kind != TOKEN_BST) {
		found(message, RULE_TOKEN, "it is not embedded and no known certificate has this identifier", NULL);
		return OK;
	}
	struct err why = { 0 };
	enum err_code code = cert_cached(token->data, cert, &why);
	if (code == OK)
		return OK;
	if (code == ERR_MEMORY) {
		*err = why;
		return code;
	}
	found(message, RULE_TOKEN, why.text, NULL);
	return OK;
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

const struct xml_node *ebms_element_of(const struct ebms_message *message, const char *uri)
{
	const struct xml_node *top = xml_root(message->doc);
	if (ebms_refers_to(uri, message->messaging))
		return message->messaging;
	if (ebms_refers_to(uri, message->body))
		return message->body;
	for (const struct xml_node *n = top; uri && uri[0] == '#' && n; n = xml_walk(top, n))
		if (ebms_refers_to(uri, n) || same(uri + 1, grammar_attribute(n, "Id")))
			return n;
	return NULL;
}

enum err_code ebms_reference_octets(struct ebms_message *message, const struct ebms_reference *reference,
				   struct buf *octets, struct err *err)
{
	const struct ebms_part *part = ebms_part_of(message, reference->uri);
	const struct xml_node *element = part ? NULL : ebms_element_of(message, reference->uri);
	if (part)
		TRY(as4_part_octets(signed_type(part), part->octets, message->limits, octets, err));
	else if (element)
		TRY(xml_c14n_exclusive(element, reference->prefixes, octets, err));
	return buf_check(octets, "the octets of a reference", err);
}

/* Whether CODE says that the input has no canonical form: a relative namespace, prefixes beyond the limit. Wrong input,
 * not a fault of ours. */
static bool not_canonical(enum err_code code)
{
	return code == ERR_SYNTAX || code == ERR_LIMIT || code == ERR_INVALID;
}

enum err_code ebms_reference_digest(struct ebms_message *message, const struct ebms_reference *reference,
				   uint8_t digest[static DIGEST_MAX], bool *computed, struct err *err)
{
	buf_auto octets;
	buf_init(&octets, message->limits->max_payload_bytes * 2 + message->limits->xml.max_bytes * 2);
	const struct ebms_part *part = ebms_part_of(message, reference->uri);
	struct bytes data = part ? part->octets : (struct bytes){ 0 };
	/* Parts whose octets are signed as they are need no copy. */
	if (!part || class_of(signed_type(part)) != PART_AS_IS) {
		struct err why = { 0 };
		enum err_code code = ebms_reference_octets(message, reference, &octets, &why);
		*computed = code == OK;
		if (not_canonical(code))
			return OK;
		if (code != OK) {
			*err = why;
			return code;
		}
		data = buf_bytes(&octets);
	}
	*computed = true;
	return digest_of(reference->digest, data, digest, err);
}

static enum err_code check_digest(struct ebms_message *message, const struct ebms_reference *reference, struct err *err)
{
	uint8_t digest[DIGEST_MAX];
	bool computed;
	TRY(ebms_reference_digest(message, reference, digest, &computed, err));
	if (!computed || !bytes_same(bytes(digest, digest_size(reference->digest)), reference->value))
		found(message, RULE_DIGEST, reference->uri, NULL);
	return OK;
}

enum err_code ebms_verify_value(struct ebms_message *message, const struct cert *cert, bool *right, struct err *err)
{
	const struct ebms_signature *signature = message->signature;
	bool good = false;
	buf_auto octets;
	buf_init(&octets, message->limits->xml.max_bytes * 2);
	if (!signature->alg_known || !same(signature->c14n, URI_EXC_C14N)) {
		found(message, RULE_ALGORITHM, signature->alg_known ? signature->c14n : signature->algorithm,
		      "the signature");
		*right = false;
		return OK;
	}
	struct err why = { 0 };
	enum err_code code = xml_c14n_exclusive(signature->signed_info, signature->prefixes, &octets, &why);
	if (code == OK)
		code = buf_check(&octets, "SignedInfo", &why);
	if (code != OK && !not_canonical(code)) {
		*err = why;
		return code;
	}
	if (code == OK && sig_alg_key(signature->alg) == cert_key_kind(cert))
		TRY(signature_verify(signature->alg, cert, buf_bytes(&octets), signature->value, &good, err));
	if (!good)
		found(message, RULE_SIGNATURE, cert_subject(cert), NULL);
	*right = good;
	return OK;
}

/* The signature value first: then only what the holder of the key wrote costs us canonicalisation and digests. What is
 * not processed may say anything: an element that was moved elsewhere and still has its digest (McIntosh and Austel,
 * "XML signature element wrapping attacks", 2005) proves nothing, and without eb:Messaging nobody is proved to speak.
 */
enum err_code ebms_verify(struct ebms_message *message, const struct cert *cert, struct err *err)
{
	const struct ebms_signature *signature = message->signature;
	bool good, speaks = false;
	TRY(ebms_verify_value(message, cert, &good, err));
	if (!good)
		return OK;
	for (size_t i = 0; i < signature->count; i++) {
		const struct ebms_reference *reference = &signature->references[i];
		bool header = ebms_refers_to(reference->uri, message->messaging);
		if (ebms_part_of(message, reference->uri))
			continue;
		if (!header && !ebms_refers_to(reference->uri, message->body))
			found(message, RULE_DIGEST, reference->uri, NULL);
		else if (reference->digest_known)
			TRY(check_digest(message, reference, err));
		speaks = speaks || (header && reference->digest_known);
	}
	if (!speaks)
		found(message, RULE_DIGEST, "eb:Messaging", NULL);
	return OK;
}

/* Part by part: one that no reference covers is never taken as good. */
enum err_code ebms_verify_parts(struct ebms_message *message, struct err *err)
{
	const struct ebms_signature *signature = message->signature;
	for (size_t k = 0; k < message->parts_count; k++) {
		const struct ebms_part *part = &message->parts[k];
		bool checked = !part->octets.data; /* closed: a finding of ebms_decrypt says so */
		for (size_t i = 0; i < signature->count && part->octets.data; i++) {
			const struct ebms_reference *reference = &signature->references[i];
			if (ebms_part_of(message, reference->uri) != part || !reference->digest_known)
				continue;
			TRY(check_digest(message, reference, err));
			checked = true;
		}
		if (!checked)
			found(message, RULE_DIGEST, part->content_id, NULL);
	}
	return OK;
}
