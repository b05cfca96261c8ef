/* wsse:Security: a closed grammar as rows, then the values. WS-Security 1.1.1, XML Signature 1.1, XML Encryption 1.1,
 * in the shape that eDelivery AS4 1.15 §3.2.4 and the 2.0 profiles describe. What the rows do not allow is a finding,
 * at which the gateway stops; the rest is read all the same, so that the inspector can say whether a signature in
 * another shape is right. No reader relies on the rows. */
#include "base/text.h"
#include "messaging/as4_int.h"
#include "messaging/signature_int.h"
#include "messaging/uris_int.h"

/* WS-Security X.509 token profile 1.1.1 §3.2. */
static const struct grammar token_grammar[] = {
	/* depth name                      min max  attributes                     content */
	{ 0, "wsse:SecurityTokenReference", 1, 1, "wsu:Id wsse11:TokenType", ELEMENTS },
	{ 1, "wsse:Reference", 0, 1, "URI! ValueType", ELEMENTS },
	{ 1, "wsse:KeyIdentifier", 0, 1, "ValueType! EncodingType", TEXT },
	{ 1, "ds:X509Data", 0, 1, NULL, ELEMENTS },
	{ 2, "ds:X509IssuerSerial", 1, 1, NULL, ELEMENTS },
	{ 3, "ds:X509IssuerName", 1, 1, NULL, TEXT },
	{ 3, "ds:X509SerialNumber", 1, 1, NULL, TEXT },
	{ 0 },
};

/* SecurityTokenReference has its own grammar, above. */
static const struct grammar security_grammar[] = {
	/* depth name                      min max  attributes                     content */
	{ 0, "wsse:Security", 1, 1, "env:mustUnderstand wsu:Id", ELEMENTS },
	{ 1, "wsse:BinarySecurityToken", 0, 4, "wsu:Id! ValueType! EncodingType", TEXT },
	{ 1, "xenc:EncryptedKey", 0, 1, "Id Recipient", ELEMENTS },
	{ 2, "xenc:EncryptionMethod", 1, 1, "Algorithm!", ELEMENTS },
	{ 3, "ds:DigestMethod", 0, 1, "Algorithm!", ELEMENTS },
	{ 3, "xenc11:MGF", 0, 1, "Algorithm!", ELEMENTS },
	{ 2, "ds:KeyInfo", 1, 1, "Id", ELEMENTS },
	{ 3, "wsse:SecurityTokenReference", 0, 1, NULL, OPEN },
	{ 3, "xenc:AgreementMethod", 0, 1, "Algorithm!", ELEMENTS },
	{ 4, "xenc11:KeyDerivationMethod", 1, 1, "Algorithm!", ELEMENTS },
	{ 5, "dsm:HKDFParams", 1, 1, NULL, ELEMENTS },
	{ 6, "dsm:PRF", 0, 1, "Algorithm!", ELEMENTS },
	{ 6, "dsm:Salt", 0, 1, NULL, TEXT },
	{ 6, "dsm:Info", 0, 1, NULL, TEXT },
	{ 6, "dsm:KeyLength", 0, 1, NULL, TEXT },
	{ 4, "xenc:OriginatorKeyInfo", 1, 1, NULL, ELEMENTS },
	{ 5, "dsig11:DEREncodedKeyValue", 0, 1, NULL, TEXT },
	{ 5, "ds:KeyValue", 0, 1, NULL, ELEMENTS },
	{ 6, "dsig11:DEREncodedKeyValue", 0, 1, NULL, TEXT },
	{ 6, "dsig11:ECKeyValue", 0, 1, NULL, ELEMENTS },
	{ 7, "dsig11:NamedCurve", 1, 1, "URI!", ELEMENTS },
	{ 7, "dsig11:PublicKey", 1, 1, NULL, TEXT },
	{ 4, "xenc:RecipientKeyInfo", 0, 1, NULL, OPEN },
	{ 2, "xenc:CipherData", 1, 1, NULL, ELEMENTS },
	{ 3, "xenc:CipherValue", 1, 1, NULL, TEXT },
	{ 2, "xenc:ReferenceList", 1, 1, NULL, ELEMENTS },
	{ 3, "xenc:DataReference", 1, REFERENCES_MAX, "URI!", ELEMENTS },
	{ 1, "xenc:EncryptedData", 0, REFERENCES_MAX, "Id! MimeType Type!", ELEMENTS },
	{ 2, "xenc:EncryptionMethod", 1, 1, "Algorithm!", ELEMENTS },
	{ 2, "ds:KeyInfo", 0, 1, "Id", ELEMENTS },
	{ 3, "wsse:SecurityTokenReference", 1, 1, NULL, OPEN },
	{ 2, "xenc:CipherData", 1, 1, NULL, ELEMENTS },
	{ 3, "xenc:CipherReference", 1, 1, "URI!", ELEMENTS },
	{ 4, "xenc:Transforms", 1, 1, NULL, ELEMENTS },
	{ 5, "ds:Transform", 1, 1, "Algorithm!", ELEMENTS },
	{ 1, "ds:Signature", 0, 1, "Id", ELEMENTS },
	{ 2, "ds:SignedInfo", 1, 1, "Id", ELEMENTS },
	{ 3, "ds:CanonicalizationMethod", 1, 1, "Algorithm!", ELEMENTS },
	{ 4, "ec:InclusiveNamespaces", 0, 1, "PrefixList!", ELEMENTS },
	{ 3, "ds:SignatureMethod", 1, 1, "Algorithm!", ELEMENTS },
	{ 3, "ds:Reference", 1, REFERENCES_MAX, "URI! Id", ELEMENTS },
	{ 4, "ds:Transforms", 1, 1, NULL, ELEMENTS },
	{ 5, "ds:Transform", 1, 2, "Algorithm!", ELEMENTS },
	{ 6, "ec:InclusiveNamespaces", 0, 1, "PrefixList!", ELEMENTS },
	{ 4, "ds:DigestMethod", 1, 1, "Algorithm!", ELEMENTS },
	{ 4, "ds:DigestValue", 1, 1, NULL, TEXT },
	{ 2, "ds:SignatureValue", 1, 1, "Id", TEXT },
	{ 2, "ds:KeyInfo", 1, 1, "Id", ELEMENTS },
	{ 3, "wsse:SecurityTokenReference", 1, 1, NULL, OPEN },
	{ 0 },
};

static const struct xml_node *binary_token(struct ebms_message *message, const char *uri)
{
	const struct xml_node *token = grammar_child(message->security, "wsse:BinarySecurityToken");
	while (token && !(uri && uri[0] == '#' && same(uri + 1, grammar_attribute(token, "wsu:Id"))))
		token = grammar_again(token);
	return token;
}

/* X.690 §8.1: cuts the first element off REST; *ELEMENT with its header, *CONTENT without. False if it is cut or has a
 * length that no certificate has. */
static bool der_next(struct bytes *rest, struct bytes *element, struct bytes *content)
{
	enum { SEQUENCE = 0x30, LONG = 0x80, LENGTH_OCTETS_MAX = 3 };
	if (rest->size < 2 || rest->data[0] != SEQUENCE)
		return false;
	size_t header = 2, length = rest->data[1];
	if (length & LONG) {
		size_t count = length & ~(size_t)LONG;
		if (count == 0 || count > LENGTH_OCTETS_MAX || rest->size < header + count)
			return false;
		for (length = 0; count > 0; count--)
			length = length << 8 | rest->data[header++];
	}
	if (length > rest->size - header)
		return false;
	*content = bytes(rest->data + header, length);
	*element = bytes(rest->data, header + length);
	*rest = bytes(rest->data + header + length, rest->size - header - length);
	return true;
}

/* X.509 token profile §3.1: an X509PKIPathv1 is a SEQUENCE of certificates, that of the signer last. Empty if it is
 * none. */
static struct bytes last_of_path(struct bytes path)
{
	struct bytes whole, rest, leaf = { 0 }, ignored;
	if (!der_next(&path, &whole, &rest) || path.size)
		return (struct bytes){ 0 };
	while (rest.size)
		if (!der_next(&rest, &leaf, &ignored))
			return (struct bytes){ 0 };
	return leaf;
}

static struct ebms_token read_binary(struct ebms_message *message, const char *uri)
{
	const struct xml_node *binary = binary_token(message, uri);
	const char *type = grammar_attribute(binary, "ValueType");
	struct ebms_token token = { .kind = TOKEN_BST };
	if (binary)
		token.data = security_octets(message, binary);
	if (same(type, URI_X509_PATH))
		token.data = last_of_path(token.data);
	else if (!same(type, URI_X509V3))
		security_found(message, "no X.509 token", "BinarySecurityToken");
	return token;
}

static struct ebms_token read_key_identifier(struct ebms_message *message, const struct xml_node *key_id)
{
	const char *type = grammar_attribute(key_id, "ValueType");
	struct ebms_token token = { .kind = TOKEN_SKI, .data = security_octets(message, key_id) };
	if (same(type, URI_THUMBPRINT))
		token.kind = TOKEN_THUMBPRINT;
	if (!same(type, URI_X509_SKI))
		security_found(message, "a key identifier other than the subject key identifier", "KeyIdentifier");
	return token;
}

/* WS-Security X.509 token profile §3.2: by embedded token, by key identifier, or by issuer and serial number. Exactly
 * one of them. */
static void read_token(struct ebms_message *message, const struct xml_node *reference, struct ebms_token *token)
{
	const struct xml_node *direct = grammar_child(reference, "wsse:Reference");
	const struct xml_node *key_id = grammar_child(reference, "wsse:KeyIdentifier");
	const struct xml_node *x509 = grammar_child(grammar_child(reference, "ds:X509Data"), "ds:X509IssuerSerial");
	if ((direct != NULL) + (key_id != NULL) + (x509 != NULL) != 1)
		security_found(message, "not exactly one reference to a certificate", "SecurityTokenReference");
	if (direct)
		*token = read_binary(message, grammar_attribute(direct, "URI"));
	else if (key_id)
		*token = read_key_identifier(message, key_id);
	else if (x509)
		*token = (struct ebms_token){ .kind = TOKEN_ISSUER_SERIAL,
					      .issuer = security_text(message, x509, "ds:X509IssuerName"),
					      .serial = security_text(message, x509, "ds:X509SerialNumber") };
}

/* REFERENCE may be NULL: that it must be there is a row's matter. */
static void read_token_reference(struct ebms_message *message, const struct xml_node *reference,
				 struct ebms_token *token)
{
	if (!reference)
		return;
	grammar_check(token_grammar, reference, ebms_rule(RULE_SECURITY), message->findings);
	read_token(message, reference, token);
}

/* The certificate itself, as XML Signature has it without WS-Security, is not of the profile. */
static void read_key_info(struct ebms_message *message, const struct xml_node *key_info)
{
	read_token_reference(message, grammar_child(key_info, "wsse:SecurityTokenReference"),
			     &message->signature->token);
	signature_read_certificate(message, key_info);
}

void as4_read_transforms(struct ebms_message *message, const struct xml_node *node, struct ebms_reference *reference)
{
	const struct xml_node *transform = grammar_child(node, "ds:Transform");
	(void)message;
	if (!transform || grammar_again(transform))
		return;
	reference->transform = security_algorithm(transform);
	reference->prefixes = signature_prefixes(transform);
}

/* RSA-OAEP: what is absent is SHA-1, in XML Encryption 1.1 §5.5.2 for the digest and for MGF1 alike. */
static bool read_transport(const struct xml_node *method, struct wrapped_key *wrapped)
{
	const struct xml_node *digest = grammar_child(method, "ds:DigestMethod");
	const struct xml_node *mgf = grammar_child(method, "xenc11:MGF");
	wrapped->alg = WRAP_RSA_OAEP;
	wrapped->digest = wrapped->mgf = DIGEST_SHA1;
	return (!digest || digest_find(security_algorithm(digest), &wrapped->digest)) &&
	       (!mgf || mgf_find(security_algorithm(mgf), &wrapped->mgf));
}

/* XML Signature 1.1 §4.5.2.3: the point of a named curve, as WSS4J writes an ephemeral EC key. As SubjectPublicKeyInfo
 * (RFC 5480 §2), as which others come; whether the point is one is judged with those. */
static struct bytes spki_of_point(struct ebms_message *message, const struct xml_node *value)
{
	static const uint8_t p256[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
					0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };
	enum { POINT_BYTES = 65 };
	struct bytes point = security_octets(message, grammar_child(value, "dsig11:PublicKey"));
	uint8_t *spki = arena_array(message->arena, sizeof p256 + POINT_BYTES, 1);
	if (!same(grammar_attribute(grammar_child(value, "dsig11:NamedCurve"), "URI"), URI_CURVE_P256) ||
	    point.size != POINT_BYTES || !spki) {
		security_found(message, "a point that is none of P-256", "OriginatorKeyInfo");
		return (struct bytes){ 0 };
	}
	memcpy(spki, p256, sizeof p256);
	memcpy(spki + sizeof p256, point.data, POINT_BYTES);
	return bytes(spki, sizeof p256 + POINT_BYTES);
}

static struct bytes read_originator(struct ebms_message *message, const struct xml_node *originator)
{
	const struct xml_node *value = grammar_child(originator, "ds:KeyValue");
	const struct xml_node *point = grammar_child(value, "dsig11:ECKeyValue");
	return point ? spki_of_point(message, point)
		     : security_octets(message, grammar_child(value ? value : originator, "dsig11:DEREncodedKeyValue"));
}

static bool read_agreement(struct ebms_message *message, const struct xml_node *agreement, const char *wrap_uri,
			   struct wrapped_key *wrapped)
{
	const struct xml_node *derivation = grammar_child(agreement, "xenc11:KeyDerivationMethod");
	const struct xml_node *params = grammar_child(derivation, "dsm:HKDFParams");
	const struct xml_node *prf = grammar_child(params, "dsm:PRF");
	const struct xml_node *salt = grammar_child(params, "dsm:Salt");
	const struct xml_node *info = grammar_child(params, "dsm:Info");
	const char *length = security_text(message, params, "dsm:KeyLength");
	int64_t bytes_or_bits = 0;
	if (same(security_algorithm(agreement), URI_X25519))
		wrapped->alg = WRAP_X25519_HKDF_AES;
	else if (same(security_algorithm(agreement), URI_ECDH_ES))
		wrapped->alg = WRAP_P256_HKDF_AES;
	else
		return false;
	if (!same(security_algorithm(derivation), URI_HKDF) ||
	    (prf && !same(security_algorithm(prf), URI_HMAC_SHA256)) || !key_wrap_find(wrap_uri, &wrapped->kek_bytes))
		return false;
	/* The length, where it is said, must be that of the key wrap: stacks write it in octets or in bits. */
	if (length && (!int64_parse(length, &bytes_or_bits) || (bytes_or_bits != (int64_t)wrapped->kek_bytes &&
								bytes_or_bits != (int64_t)wrapped->kek_bytes * 8)))
		return false;
	if (salt)
		wrapped->salt = security_octets(message, salt);
	if (info)
		wrapped->info = security_octets(message, info);
	wrapped->originator = read_originator(message, grammar_child(agreement, "xenc:OriginatorKeyInfo"));
	return true;
}

static void read_sealed(struct ebms_message *message, const struct xml_node *node, struct ebms_sealed *sealed)
{
	const struct xml_node *cipher = grammar_child(grammar_child(node, "xenc:CipherData"), "xenc:CipherReference");
	const struct xml_node *transform = grammar_child(grammar_child(cipher, "xenc:Transforms"), "ds:Transform");
	sealed->id = grammar_attribute(node, "Id");
	sealed->mime_type = grammar_attribute(node, "MimeType");
	sealed->uri = grammar_attribute(cipher, "URI");
	sealed->algorithm = security_algorithm(grammar_child(node, "xenc:EncryptionMethod"));
	sealed->alg_known = content_find(sealed->algorithm, &sealed->alg);
	if (!same(grammar_attribute(node, "Type"), URI_ATTACHMENT_ONLY))
		security_found(message, "a Type other than Attachment-Content-Only", "EncryptedData");
	if (!same(security_algorithm(transform), URI_ATTACHMENT_SEALED))
		security_found(message, "a transform other than Attachment-Ciphertext-Transform", "CipherReference");
}

/* Every EncryptedData must be named once by the key's reference list, and nothing else. */
static void check_reference_list(struct ebms_message *message, const struct xml_node *key,
				 const struct ebms_encryption *encryption)
{
	const struct xml_node *list = grammar_child(key, "xenc:ReferenceList");
	const struct xml_node *first = grammar_child(list, "xenc:DataReference");
	size_t references;
	if (!security_count(message, first, &references))
		return;
	for (size_t i = 0; i < encryption->count; i++) {
		size_t hits = 0;
		for (const struct xml_node *r = first; r; r = grammar_again(r)) {
			const char *uri = grammar_attribute(r, "URI");
			hits += uri && uri[0] == '#' && same(uri + 1, encryption->sealed[i].id);
		}
		if (hits != 1)
			security_found(message, "an EncryptedData without or with two references", "ReferenceList");
	}
	if (references != encryption->count)
		security_found(message, "a reference to no EncryptedData", "ReferenceList");
}

static enum err_code read_encryption(struct ebms_message *message, const struct xml_node *key, struct err *err)
{
	const struct xml_node *first = grammar_child(message->security, "xenc:EncryptedData");
	size_t count;
	if (!security_count(message, first, &count))
		return OK;
	struct ebms_encryption *encryption = arena_alloc(message->arena, sizeof *encryption);
	struct ebms_sealed *sealed = arena_array(message->arena, count + 1, sizeof *sealed);
	if (!encryption || !sealed)
		return fail(err, ERR_MEMORY, "no memory for an encryption header");

	encryption->sealed = sealed;
	encryption->count = count;
	for (const struct xml_node *d = first; d; d = grammar_again(d))
		read_sealed(message, d, sealed++);
	const struct xml_node *method = grammar_child(key, "xenc:EncryptionMethod");
	const struct xml_node *key_info = grammar_child(key, "ds:KeyInfo");
	const struct xml_node *agreement = grammar_child(key_info, "xenc:AgreementMethod");
	const struct xml_node *recipient =
		grammar_child(agreement ? grammar_child(agreement, "xenc:RecipientKeyInfo") : key_info,
			      "wsse:SecurityTokenReference");
	encryption->algorithm = agreement ? security_algorithm(agreement) : security_algorithm(method);
	if (agreement)
		encryption->wrap_known =
			read_agreement(message, agreement, security_algorithm(method), &encryption->wrapped);
	else if (same(encryption->algorithm, URI_RSA_OAEP) || same(encryption->algorithm, URI_RSA_OAEP_MGF1P))
		encryption->wrap_known = read_transport(method, &encryption->wrapped);
	/* Whose key it is for is a hint only: some stacks point to the sender's own token (our keys are tried in turn).
	 */
	read_token_reference(message, recipient, &encryption->recipient);
	encryption->wrapped.wrapped =
		security_octets(message, grammar_child(grammar_child(key, "xenc:CipherData"), "xenc:CipherValue"));
	check_reference_list(message, key, encryption);
	message->encryption = encryption;
	return OK;
}

/* Each sealed part is one of the payloads, and no payload is sealed twice. */
static void match_sealed(struct ebms_message *message)
{
	for (size_t i = 0; message->encryption && i < message->encryption->count; i++) {
		const struct ebms_sealed *sealed = &message->encryption->sealed[i];
		struct ebms_part *part = ebms_part_of(message, sealed->uri);
		if (!part || part->sealed) {
			security_found(message, "ciphertext that is no payload, or twice", "EncryptedData");
			continue;
		}
		part->sealed = sealed;
		if (sealed->mime_type)
			part->type = sealed->mime_type;
	}
}

enum err_code as4_read_security(struct ebms_message *message, struct err *err)
{
	const struct xml_node *signature = grammar_child(message->security, "ds:Signature");
	if (!signature)
		finding_add(message->findings, ebms_rule(RULE_UNSIGNED), "", NULL, NULL);
	if (message->security)
		grammar_check(security_grammar, message->security, ebms_rule(RULE_SECURITY), message->findings);
	if (grammar_child(signature, "ds:SignedInfo"))
		TRY(signature_read(message, signature, err));
	if (message->signature)
		read_key_info(message, grammar_child(signature, "ds:KeyInfo"));
	const struct xml_node *key = grammar_child(message->security, "xenc:EncryptedKey");
	if (key)
		TRY(read_encryption(message, key, err));
	else if (grammar_child(message->security, "xenc:EncryptedData"))
		security_found(message, "EncryptedData without EncryptedKey", "Security");
	match_sealed(message);
	return OK;
}
