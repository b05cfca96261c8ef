/* Building: the header is written at once in exclusive canonical form, so what is signed is what is sent, and no
 * canonicaliser runs. */
#include "base/text.h"
#include "base/uuid.h"
#include "messaging/as4_int.h"
#include "messaging/signature_int.h"
#include "messaging/uris_int.h"

#define ID_MESSAGING "as4-messaging"
#define ID_BODY      "as4-body"
#define ID_TOKEN     "as4-token"
#define ID_KEY       "as4-key"
#define ID_DATA      "as4-data-"

enum { HEADER_MAX = 1 << 20, PACK_OVERHEAD = 2 << 20 };

/* Namespaces by prefix, then attributes by namespace URI (C14N 1.0 §2.2): wsu's URI sorts before SOAP's. */
static void put_messaging_start(struct buf *out)
{
	buf_puts(out, "<eb:Messaging xmlns:eb=\"" NS_EBMS3 "\" xmlns:env=\"" NS_SOAP12 "\" xmlns:wsu=\"" NS_WSU
		      "\" wsu:Id=\"" ID_MESSAGING "\" env:mustUnderstand=\"true\">");
}

void as4_put_transforms(struct buf *out, const struct ebms_reference *reference)
{
	buf_printf(out, "<ds:Transforms><ds:Transform Algorithm=\"%s\"></ds:Transform></ds:Transforms>",
		   reference->transform);
}

static const char empty_body[] =
	"<env:Body xmlns:env=\"" NS_SOAP12 "\" xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"" ID_BODY "\"></env:Body>";

static enum err_code add_part_reference(struct signing *signing, const struct ebms_payload *payload, struct err *err)
{
	const char *uri = arena_printf(signing->arena, "cid:%s", payload->content_id);
	buf_auto octets;
	buf_init(&octets, payload->octets.size * 2 + PACK_OVERHEAD);
	TRY(as4_part_octets(payload->compressed ? NULL : payload->mime_type, payload->octets, &ebms_limits_default,
			    &octets, err));
	TRY(buf_check(&octets, "the signed octets of a part", err));
	return signing_add(signing, uri, URI_ATTACHMENT_SIGNED, buf_bytes(&octets), err);
}

static void put_token_reference(struct buf *out, enum ebms_token_kind kind, const struct cert *cert)
{
	buf_puts(out, "<wsse:SecurityTokenReference>");
	if (kind == TOKEN_SKI) {
		buf_puts(out, "<wsse:KeyIdentifier EncodingType=\"" URI_BASE64 "\" ValueType=\"" URI_X509_SKI "\">");
		base64_put(out, cert_ski(cert));
		buf_puts(out, "</wsse:KeyIdentifier>");
	} else if (kind == TOKEN_ISSUER_SERIAL) {
		buf_puts(out, "<ds:X509Data xmlns:ds=\"" NS_DS "\"><ds:X509IssuerSerial><ds:X509IssuerName>");
		xml_put_text(out, cert_issuer(cert));
		buf_printf(
			out,
			"</ds:X509IssuerName><ds:X509SerialNumber>%s</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>",
			cert_serial(cert));
	} else {
		buf_puts(out, "<wsse:Reference URI=\"#" ID_TOKEN "\" ValueType=\"" URI_X509V3 "\"></wsse:Reference>");
	}
	buf_puts(out, "</wsse:SecurityTokenReference>");
}

static enum err_code put_signature(struct buf *out, const struct signing *signing, struct err *err)
{
	const struct ebms_identity *identity = signing->identity;
	buf_auto info, value;
	buf_init(&info, HEADER_MAX);
	buf_init(&value, 4096);
	signing_put_info(&info, signing, "<ds:SignedInfo xmlns:ds=\"" NS_DS "\">");
	TRY(buf_check(&info, "SignedInfo", err));
	TRY(keys_sign(identity->keys, identity->key->id, signing->profile->signature, buf_bytes(&info), &value, err));
	if (identity->token == TOKEN_BST) {
		buf_puts(out, "<wsse:BinarySecurityToken EncodingType=\"" URI_BASE64 "\" ValueType=\"" URI_X509V3
			      "\" wsu:Id=\"" ID_TOKEN "\">");
		base64_put(out, cert_der(identity->key->cert));
		buf_puts(out, "</wsse:BinarySecurityToken>");
	}
	buf_puts(out, "<ds:Signature xmlns:ds=\"" NS_DS "\">");
	buf_put_bytes(out, buf_bytes(&info));
	buf_puts(out, "<ds:SignatureValue>");
	base64_put(out, buf_bytes(&value));
	buf_puts(out, "</ds:SignatureValue><ds:KeyInfo>");
	put_token_reference(out, identity->token, identity->key->cert);
	buf_puts(out, "</ds:KeyInfo></ds:Signature>");
	return OK;
}

static void put_agreement(struct buf *out, const struct wrapped_key *wrapped, const struct cert *recipient)
{
	buf_printf(out,
		   "<xenc:AgreementMethod Algorithm=\"%s\"><xenc11:KeyDerivationMethod xmlns:xenc11=\"" NS_XENC11
		   "\" Algorithm=\"" URI_HKDF "\"><dsm:HKDFParams xmlns:dsm=\"" NS_DSIG_MORE
		   "\"><dsm:PRF Algorithm=\"" URI_HMAC_SHA256 "\"></dsm:PRF><dsm:Salt>",
		   wrapped->alg == WRAP_X25519_HKDF_AES ? URI_X25519 : URI_ECDH_ES);
	base64_put(out, wrapped->salt);
	buf_printf(
		out,
		"</dsm:Salt><dsm:KeyLength>%u</dsm:KeyLength></dsm:HKDFParams></xenc11:KeyDerivationMethod><xenc:OriginatorKeyInfo>"
		"<dsig11:DEREncodedKeyValue xmlns:dsig11=\"" NS_DS11 "\">",
		wrapped->kek_bytes);
	base64_put(out, wrapped->originator);
	buf_puts(out, "</dsig11:DEREncodedKeyValue></xenc:OriginatorKeyInfo><xenc:RecipientKeyInfo>");
	put_token_reference(out, cert_ski(recipient).size ? TOKEN_SKI : TOKEN_ISSUER_SERIAL, recipient);
	buf_puts(out, "</xenc:RecipientKeyInfo></xenc:AgreementMethod>");
}

static void put_encrypted_key(struct buf *out, const struct wrapped_key *wrapped, const struct cert *recipient,
			      size_t parts)
{
	buf_puts(out, "<xenc:EncryptedKey xmlns:xenc=\"" NS_XENC "\" Id=\"" ID_KEY "\">");
	if (wrapped->alg == WRAP_RSA_OAEP) {
		buf_printf(out,
			   "<xenc:EncryptionMethod Algorithm=\"" URI_RSA_OAEP "\"><ds:DigestMethod xmlns:ds=\"" NS_DS
			   "\" Algorithm=\"%s\">"
			   "</ds:DigestMethod><xenc11:MGF xmlns:xenc11=\"" NS_XENC11
			   "\" Algorithm=\"%s\"></xenc11:MGF></xenc:EncryptionMethod>"
			   "<ds:KeyInfo xmlns:ds=\"" NS_DS "\">",
			   digest_uri(wrapped->digest), mgf_uri(wrapped->mgf));
		put_token_reference(out, cert_ski(recipient).size ? TOKEN_SKI : TOKEN_ISSUER_SERIAL, recipient);
	} else {
		buf_printf(
			out,
			"<xenc:EncryptionMethod Algorithm=\"%s\"></xenc:EncryptionMethod><ds:KeyInfo xmlns:ds=\"" NS_DS
			"\">",
			key_wrap_uri(wrapped->kek_bytes));
		put_agreement(out, wrapped, recipient);
	}
	buf_puts(out, "</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>");
	base64_put(out, wrapped->wrapped);
	buf_puts(out, "</xenc:CipherValue></xenc:CipherData><xenc:ReferenceList>");
	for (size_t i = 0; i < parts; i++)
		buf_printf(out, "<xenc:DataReference URI=\"#" ID_DATA "%zu\"></xenc:DataReference>", i + 1);
	buf_puts(out, "</xenc:ReferenceList></xenc:EncryptedKey>");
}

static const char *wire_type(const struct ebms_payload *payload)
{
	return payload->compressed ? MIME_GZIP : payload->mime_type;
}

static void put_encrypted_data(struct buf *out, const struct security_profile *profile,
			       const struct ebms_payload *payloads, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "<xenc:EncryptedData xmlns:xenc=\"" NS_XENC "\" Id=\"" ID_DATA "%zu\" MimeType=\"",
			   i + 1);
		xml_put_attribute(out, wire_type(&payloads[i]));
		buf_printf(
			out,
			"\" Type=\"" URI_ATTACHMENT_ONLY
			"\"><xenc:EncryptionMethod Algorithm=\"%s\"></xenc:EncryptionMethod>"
			"<ds:KeyInfo xmlns:ds=\"" NS_DS "\"><wsse:SecurityTokenReference xmlns:wsse11=\"" NS_WSSE11
			"\" wsse11:TokenType=\"" URI_ENCRYPTED_KEY_TOKEN "\"><wsse:Reference URI=\"#" ID_KEY
			"\"></wsse:Reference>"
			"</wsse:SecurityTokenReference></ds:KeyInfo><xenc:CipherData><xenc:CipherReference URI=\"cid:",
			content_uri(profile->content));
		xml_put_attribute(out, payloads[i].content_id);
		buf_puts(
			out,
			"\"><xenc:Transforms><ds:Transform xmlns:ds=\"" NS_DS "\" Algorithm=\"" URI_ATTACHMENT_SEALED
			"\"></ds:Transform></xenc:Transforms></xenc:CipherReference></xenc:CipherData></xenc:EncryptedData>");
	}
}

/* ENCRYPTION holds the finished xenc elements, or nothing. Order of the strict layout: a token before its use. */
static enum err_code put_envelope(struct buf *out, const struct signing *signing, const struct buf *messaging,
				  const struct buf *encryption, struct err *err)
{
	buf_puts(out,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<env:Envelope xmlns:env=\"" NS_SOAP12 "\"><env:Header>");
	buf_puts(out,
		 "<wsse:Security xmlns:wsse=\"" NS_WSSE "\" xmlns:wsu=\"" NS_WSU "\" env:mustUnderstand=\"true\">");
	if (encryption)
		buf_put_bytes(out, buf_bytes(encryption));
	TRY(put_signature(out, signing, err));
	buf_puts(out, "</wsse:Security>");
	buf_put_bytes(out, buf_bytes(messaging));
	buf_puts(out, "</env:Header>");
	buf_puts(out, empty_body);
	buf_puts(out, "</env:Envelope>");
	return OK;
}

static enum err_code sign_envelope(struct signing *signing, struct arena *arena, const struct security_profile *profile,
				   const struct ebms_identity *identity, size_t parts, const struct buf *messaging,
				   struct err *err)
{
	TRY(signing_init(signing, arena, profile, identity, parts, err));
	TRY(buf_check(messaging, "eb:Messaging", err));
	TRY(signing_add(signing, "#" ID_MESSAGING, URI_EXC_C14N, buf_bytes(messaging), err));
	return signing_add(signing, "#" ID_BODY, URI_EXC_C14N, bytes_of(empty_body), err);
}

/* A message of one SOAP part: signals, and user messages without payload. */
static enum err_code pack_soap(const struct signing *signing, const struct buf *messaging, struct ebms_packed *packed,
			       struct err *err)
{
	buf_init(&packed->body, HEADER_MAX + PACK_OVERHEAD);
	TRY(put_envelope(&packed->body, signing, messaging, NULL, err));
	packed->content_type = MIME_SOAP12 "; charset=UTF-8";
	packed->references = signing->references;
	packed->references_count = signing->count;
	return buf_check(&packed->body, "a message", err);
}

static enum err_code put_sealed_parts(struct buf *out, const char *boundary, const struct security_profile *profile,
				      const uint8_t *key, const struct ebms_payload *payloads, size_t count,
				      struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		buf_auto sealed;
		buf_init(&sealed, payloads[i].octets.size + 64);
		TRY(content_encrypt(profile->content, key, payloads[i].octets, &sealed, err));
		TRY(buf_check(&sealed, "an encrypted part", err));
		mime_put_part(out, boundary, "application/octet-stream", payloads[i].content_id, buf_bytes(&sealed));
	}
	return OK;
}

static enum err_code pack_mime(const struct signing *signing, const struct cert *recipient, const struct buf *messaging,
			       const struct ebms_payload *payloads, size_t count, const uint8_t *key,
			       struct ebms_packed *packed, struct err *err)
{
	const struct security_profile *profile = signing->profile;
	struct wrapped_key wrapped = { .alg = profile->wrap,
				       .digest = profile->wrap_digest,
				       .mgf = profile->wrap_mgf,
				       .kek_bytes = profile->kek_bytes };
	char boundary[MIME_BOUNDARY_SIZE];
	size_t octets = 0;
	buf_auto encryption, envelope;
	buf_init(&encryption, HEADER_MAX);
	buf_init(&envelope, HEADER_MAX + PACK_OVERHEAD);
	TRY(key_wrap(signing->arena, recipient, bytes(key, content_key_size(profile->content)), &wrapped, err));
	put_encrypted_key(&encryption, &wrapped, recipient, count);
	put_encrypted_data(&encryption, profile, payloads, count);
	TRY(buf_check(&encryption, "the encryption header", err));
	TRY(put_envelope(&envelope, signing, messaging, &encryption, err));
	TRY(buf_check(&envelope, "a message", err));

	for (size_t i = 0; i < count; i++)
		octets += payloads[i].octets.size;
	buf_init(&packed->body, octets + envelope.size + PACK_OVERHEAD);
	mime_boundary(boundary);
	mime_put_part(&packed->body, boundary, MIME_SOAP12 "; charset=UTF-8", "soap@lintas", buf_bytes(&envelope));
	TRY(put_sealed_parts(&packed->body, boundary, profile, key, payloads, count, err));
	mime_put_end(&packed->body, boundary);
	packed->content_type =
		arena_printf(signing->arena,
			     "multipart/related; type=\"" MIME_SOAP12 "\"; boundary=\"%s\"; start=\"<soap@lintas>\"; "
			     "start-info=\"" MIME_SOAP12 "\"",
			     boundary);
	packed->references = signing->references;
	packed->references_count = signing->count;
	if (!packed->content_type)
		return fail(err, ERR_MEMORY, "no memory for a message");
	return buf_check(&packed->body, "a message", err);
}

enum err_code as4_pack_user(struct arena *arena, const struct ebms_letter *letter, struct ebms_packed *packed,
			    struct err *err)
{
	const struct security_profile *profile = letter->profile;
	size_t count = letter->count;
	struct signing signing;
	buf_auto messaging;
	buf_init(&messaging, HEADER_MAX);
	put_messaging_start(&messaging);
	buf_puts(&messaging, "<eb:UserMessage>");
	field_put_xml_children(&messaging, &ebms_user_message_schema, letter->user);
	buf_puts(&messaging, "</eb:UserMessage></eb:Messaging>");
	TRY(sign_envelope(&signing, arena, profile, letter->identity, count, &messaging, err));
	for (size_t i = 0; i < count; i++)
		TRY(add_part_reference(&signing, &letter->payloads[i], err));
	if (count == 0)
		return pack_soap(&signing, &messaging, packed, err);

	uint8_t key[CONTENT_KEY_MAX];
	TRY(content_key_new(profile->content, key, err));
	enum err_code code =
		pack_mime(&signing, letter->recipient, &messaging, letter->payloads, count, key, packed, err);
	content_key_forget(key);
	return code;
}

/* eb:MessageInfo of a signal. */
static enum err_code put_signal_start(struct buf *out, struct arena *arena, const char *ref_to, int64_t now_us,
				      struct err *err)
{
	char uuid[UUID_SIZE];
	uuid_new(uuid, now_us);
	struct ebms_message_info info = { .timestamp_us = now_us,
					  .message_id = arena_printf(arena, "%s@lintas", uuid),
					  .ref_to = ref_to };
	struct ebms_signal signal = { .info = &info };
	if (!info.message_id)
		return fail(err, ERR_MEMORY, "no memory for a signal");
	put_messaging_start(out);
	buf_puts(out, "<eb:SignalMessage>");
	field_put_xml_children(out, &ebms_signal_schema, &signal);
	return OK;
}

static enum err_code pack_signal(struct arena *arena, const struct ebms_answering *answering, struct buf *messaging,
				 struct ebms_packed *packed, struct err *err)
{
	struct signing signing;
	buf_puts(messaging, "</eb:SignalMessage></eb:Messaging>");
	TRY(sign_envelope(&signing, arena, answering->profile, answering->identity, 0, messaging, err));
	return pack_soap(&signing, messaging, packed, err);
}

/* AS4 profile 1.0 §5.1.8: the references of the received SignedInfo, copied, each in a MessagePartNRInformation. */
enum err_code as4_pack_receipt(struct arena *arena, const struct ebms_answering *answering, struct ebms_packed *packed,
			       struct err *err)
{
	const struct ebms_signature *signature = answering->received->signature;
	buf_auto messaging;
	buf_init(&messaging, HEADER_MAX);
	TRY(put_signal_start(&messaging, arena, answering->ref_to, answering->now_us, err));
	buf_puts(&messaging, "<eb:Receipt><ebbp:NonRepudiationInformation xmlns:ebbp=\"" NS_EBBP "\">");
	for (size_t i = 0; i < signature->count; i++) {
		buf_puts(&messaging, "<ebbp:MessagePartNRInformation>");
		TRY(xml_c14n_exclusive(signature->references[i].node, NULL, &messaging, err));
		buf_puts(&messaging, "</ebbp:MessagePartNRInformation>");
	}
	buf_puts(&messaging, "</ebbp:NonRepudiationInformation></eb:Receipt>");
	return pack_signal(arena, answering, &messaging, packed, err);
}

static void put_error(struct buf *out, const char *ref_to, const struct finding *finding)
{
	const struct ebms_error_row *row = ebms_error_row(ebms_rule_ebms(finding->rule));
	/* Attributes without a namespace sort by name. */
	buf_printf(out, "<eb:Error category=\"%s\" errorCode=\"%s\" origin=\"ebMS\"", row->category, row->code);
	if (ref_to) {
		buf_puts(out, " refToMessageInError=\"");
		xml_put_attribute(out, ref_to);
		buf_puts(out, "\"");
	}
	buf_printf(out, " severity=\"%s\" shortDescription=\"%s\"><eb:Description xml:lang=\"en\">", row->severity,
		   row->short_description);
	xml_put_text(out, finding->text);
	buf_puts(out, "</eb:Description><eb:ErrorDetail>");
	xml_put_text(out, finding->rule->code);
	ebms_put_law(out, " ", finding->law, false);
	buf_puts(out, "</eb:ErrorDetail></eb:Error>");
}

enum err_code as4_pack_error(struct arena *arena, const struct ebms_answering *answering,
			     const struct findings *findings, struct ebms_packed *packed, struct err *err)
{
	enum { ERRORS_MAX = 16 };
	buf_auto messaging;
	buf_init(&messaging, HEADER_MAX);
	TRY(put_signal_start(&messaging, arena, answering->ref_to, answering->now_us, err));
	for (size_t i = 0; i < ERRORS_MAX && findings_at(findings, i); i++)
		put_error(&messaging, answering->ref_to, findings_at(findings, i));
	return pack_signal(arena, answering, &messaging, packed, err);
}
