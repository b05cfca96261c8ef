/* Messages that somebody changed between the signer and us: each a good one with one thing done to it. XML
 * Signature 1.1 §8; McIntosh and Austel, "XML signature element wrapping attacks" (2005). The rule says what was seen,
 * the step how far the message came. */
#include "world.h"

#include "base/text.h"
#include "messaging/uris_int.h"

#define MESSAGING_END "</eb:Messaging>"
#define HEADER_END    "</env:Header>"
#define INFO_END      "</ds:SignedInfo>"
#define EXC_TRANSFORM "<ds:Transform Algorithm=\"" URI_EXC_C14N "\"></ds:Transform>"
#define SHA256_METHOD "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\">"
#define ECDSA_METHOD  "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
#define RSA_METHOD    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define BODY_END      "></env:Body>"

/* --- The signed element somewhere else, another one in its place --- */

static char *messaging_of(struct wire_copy *wire)
{
	const char *copy = text_copy(&wire->body, "<eb:Messaging", MESSAGING_END);
	return arena_text(world.arena, copy);
}

/* A copy of TEXT with the first FROM replaced. */
static const char *with(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	return arena_printf(world.arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void evil_messaging_before(struct wire_copy *wire)
{
	const char *evil = with(with(messaging_of(wire), "as4-messaging", "evil"), "FORM-D", "FORM-E");
	text_insert(&wire->body, text_at(&wire->body, "<eb:Messaging"), evil);
}

static void evil_messaging_after(struct wire_copy *wire)
{
	const char *evil = with(with(messaging_of(wire), "as4-messaging", "evil"), "FORM-D", "FORM-E");
	text_insert(&wire->body, text_at(&wire->body, HEADER_END), evil);
}

static void evil_messaging_same_id(struct wire_copy *wire)
{
	text_insert(&wire->body, text_at(&wire->body, "<eb:Messaging"), with(messaging_of(wire), "FORM-D", "FORM-E"));
}

/* The signed one is hidden, another one stands in its place; the hiding place is WRAPPER. */
static void messaging_hidden(struct wire_copy *wire, const char *id, const char *before, const char *open,
			     const char *close)
{
	const char *original = text_cut(&wire->body, "<eb:Messaging", MESSAGING_END);
	const char *evil = with(with(original, "as4-messaging", id), "FORM-D", "FORM-E");
	text_insert(&wire->body, text_at(&wire->body, HEADER_END), evil);
	text_insert(&wire->body, text_at(&wire->body, before),
		    arena_printf(world.arena, "%s%s%s", open, original, close));
}

static void messaging_in_a_foreign_block(struct wire_copy *wire)
{
	messaging_hidden(wire, "evil", HEADER_END, "<x:Wrapper xmlns:x=\"urn:x\">", "</x:Wrapper>");
}
static void messaging_in_the_body(struct wire_copy *wire)
{
	messaging_hidden(wire, "evil", "</env:Body>", "", "");
}
static void messaging_in_the_body_same_id(struct wire_copy *wire)
{
	messaging_hidden(wire, "as4-messaging", "</env:Body>", "", "");
}
static void messaging_in_security(struct wire_copy *wire)
{
	messaging_hidden(wire, "evil", "</wsse:Security>", "", "");
}
static void messaging_in_a_signature_object(struct wire_copy *wire)
{
	messaging_hidden(wire, "evil", "</ds:Signature>", "<ds:Object>", "</ds:Object>");
}
static void messaging_in_a_token_reference(struct wire_copy *wire)
{
	/* Where the grammar lets anything stand: the inside of EncryptedData's token reference is never used. */
	messaging_hidden(wire, "evil", "<wsse:Reference URI=\"#as4-key\"", "", "");
}

static void body_hidden(struct wire_copy *wire, const char *before, const char *open, const char *close)
{
	const char *original = text_cut(&wire->body, "<env:Body", "</env:Body>");
	const char *evil =
		with(with(original, "as4-body", "evil"), BODY_END, "><x:Order xmlns:x=\"urn:x\"></x:Order></env:Body>");
	text_insert(&wire->body, text_at(&wire->body, "</env:Envelope>"), evil);
	text_insert(&wire->body, text_at(&wire->body, before),
		    arena_printf(world.arena, "%s%s%s", open, original, close));
}
static void body_in_the_header(struct wire_copy *wire)
{
	body_hidden(wire, HEADER_END, "", "");
}
static void body_in_a_foreign_block(struct wire_copy *wire)
{
	body_hidden(wire, HEADER_END, "<x:Wrapper xmlns:x=\"urn:x\">", "</x:Wrapper>");
}
static void body_in_messaging(struct wire_copy *wire)
{
	body_hidden(wire, MESSAGING_END, "", "");
}
static void body_in_security(struct wire_copy *wire)
{
	body_hidden(wire, "</wsse:Security>", "", "");
}
static void body_in_the_body(struct wire_copy *wire)
{
	body_hidden(wire, "</env:Body>", "", "");
}
static void body_twice(struct wire_copy *wire)
{
	const char *original = text_copy(&wire->body, "<env:Body", "</env:Body>");
	text_insert(&wire->body, text_at(&wire->body, "</env:Envelope>"), with(original, "as4-body", "evil"));
}

static void security_twice(struct wire_copy *wire)
{
	const char *copy = text_copy(&wire->body, "<wsse:Security ", "</wsse:Security>");
	text_insert(&wire->body, text_at(&wire->body, HEADER_END), copy);
}

static const struct hostile moved[] = {
	{ "a second Messaging before the signed one", RULE_ENVELOPE, READING, .mutate = evil_messaging_before },
	{ "a second Messaging after the signed one", RULE_ENVELOPE, READING, .mutate = evil_messaging_after },
	{ "a second Messaging with the signed one's id", RULE_ENVELOPE, READING, .mutate = evil_messaging_same_id },
	{ "the signed Messaging in a foreign block", RULE_FOREIGN_HEADER, READING,
	  .mutate = messaging_in_a_foreign_block },
	{ "the signed Messaging in the body", RULE_BODY, PROFILE, .mutate = messaging_in_the_body, .bare = true },
	{ "the signed Messaging in the body, its id twice", RULE_ID_TWICE, READING,
	  .mutate = messaging_in_the_body_same_id },
	{ "the signed Messaging in Security", RULE_SECURITY, SECURITY, .mutate = messaging_in_security },
	{ "the signed Messaging in ds:Object", RULE_SECURITY, SECURITY, .mutate = messaging_in_a_signature_object },
	{ "the signed Messaging in a token reference", RULE_REFERENCES, PROFILE,
	  .mutate = messaging_in_a_token_reference },
	{ "the signed Body in the header", RULE_FOREIGN_HEADER, READING, .mutate = body_in_the_header },
	{ "the signed Body in a foreign block", RULE_FOREIGN_HEADER, READING, .mutate = body_in_a_foreign_block },
	{ "the signed Body in Messaging", RULE_ENVELOPE, READING, .mutate = body_in_messaging },
	{ "the signed Body in Security", RULE_SECURITY, SECURITY, .mutate = body_in_security },
	{ "the signed Body in the body", RULE_BODY, PROFILE, .mutate = body_in_the_body },
	{ "a second Body", RULE_ENVELOPE, READING, .mutate = body_twice },
	{ "Security copied", RULE_ENVELOPE, READING, .mutate = security_twice },
	{ "a second Header", RULE_ENVELOPE, READING,
	  .edits = { { "<env:Body", "<env:Header></env:Header><env:Body" } } },
	{ "the Body before the Header", RULE_BODY, PROFILE,
	  .edits = { { BODY_END, "><env:Header></env:Header></env:Body>" } } },
};

static void a_signed_part_that_stands_elsewhere_is_refused(void **state)
{
	(void)state;
	hostile_run(moved, COUNT(moved));
}

/* Header and body as they were signed, inside a body that nobody signed; another header stands in their place. */
static void all_in_a_new_body(struct wire_copy *wire)
{
	const char *header = text_cut(&wire->body, "<eb:Messaging", MESSAGING_END);
	const char *body = text_cut(&wire->body, "<env:Body", "</env:Body>");
	const char *evil = with(with(header, "as4-messaging", "evil"), "0197-1142", "forged");
	text_insert(&wire->body, text_at(&wire->body, HEADER_END), evil);
	text_insert(&wire->body, text_at(&wire->body, "</env:Envelope>"),
		    arena_printf(world.arena, "<env:Body>%s%s</env:Body>", header, body));
}

/* Signed anew by the same key without a reference to the header, as something else that a partner signs might be. */
static void only_the_body_is_signed(struct wire_copy *wire)
{
	const struct key_info *key = world_signer(&world.own, profile_find("ecdsa-p256"));
	struct ebms_message message;
	struct err err;
	buf_auto info, value, text;

	text_cut(&wire->body, "<ds:Reference URI=\"#as4-messaging\"", "</ds:Reference>");
	ebms_init(&message, world.arena, &ebms_limits_default, findings_new(world.arena));
	assert_int_equal(ebms_read(&message, wire->content_type, buf_bytes(&wire->body), &err), OK);
	assert_int_equal(ebms_read_security(&message, &err), OK);
	buf_init(&info, 65536);
	buf_init(&value, 65536);
	buf_init(&text, 65536);
	assert_int_equal(xml_c14n_exclusive(message.signature->signed_info, NULL, &info, &err), OK);
	assert_int_equal(keys_sign(world.keys, key->id, SIG_ECDSA_P256_SHA256, buf_bytes(&info), &value, &err), OK);
	ebms_done(&message);
	text_cut(&wire->body, "<ds:SignatureValue>", "</ds:SignatureValue>");
	buf_puts(&text, "<ds:SignatureValue>");
	base64_put(&text, buf_bytes(&value));
	buf_puts(&text, "</ds:SignatureValue>");
	text_insert(&wire->body, text_at(&wire->body, INFO_END) + strlen(INFO_END), buf_text(&text));
}

/* Whose message it is the gateway asks also where the profile refuses it, so that a partner with a wrong setting is
 * told: the verification by itself must not take these for the partner's. */
static void what_is_not_processed_proves_nobody(void **state)
{
	static const struct {
		const char *name;
		void (*mutate)(struct wire_copy *wire);
	} rows[] = {
		{ "the signed Messaging in the body", messaging_in_the_body },
		{ "the signed Messaging in a foreign block", messaging_in_a_foreign_block },
		{ "the signed Messaging in a token reference", messaging_in_a_token_reference },
		{ "the signed Body in the body", body_in_the_body },
		{ "the signed Body in a foreign block", body_in_a_foreign_block },
		{ "Messaging and Body in a new body", all_in_a_new_body },
		{ "Messaging not signed", only_the_body_is_signed },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct findings *before = findings_new(world.arena), *verified = findings_new(world.arena);
		struct letter letter;
		struct wire_copy wire;
		struct ebms_message message;
		struct err err;
		cert_auto cert = NULL;
		letter_init(&letter, "ecdsa-p256", TOKEN_BST, 2, true);
		letter_pack(&letter, &wire);
		rows[i].mutate(&wire);
		ebms_init(&message, world.arena, &ebms_limits_default, before);
		assert_int_equal(ebms_read(&message, wire.content_type, buf_bytes(&wire.body), &err), OK);
		assert_true(message.header_read);
		assert_int_equal(ebms_read_security(&message, &err), OK);
		ebms_check_profile(&message, letter.profile);
		assert_true(findings_errors(before) > 0);
		message.findings = verified;
		assert_int_equal(ebms_signer(&message, world.certs, world.certs_count, &cert, &err), OK);
		assert_int_equal(ebms_verify(&message, cert, &err), OK);
		const struct finding *first = findings_at(verified, 0);
		if (!first || first->rule != ebms_rule(RULE_DIGEST))
			fail_msg("%s: %s", rows[i].name, first ? first->rule->code : "is taken for the partner's");
		ebms_done(&message);
		buf_done(&wire.body);
	}
}

/* --- Identifiers --- */

static const struct hostile identifiers[] = {
	{ "two tokens with one id", RULE_ID_TWICE, READING,
	  .edits = { { "<wsse:BinarySecurityToken", "<wsse:BinarySecurityToken ValueType=\"" URI_X509V3
						    "\" wsu:Id=\"as4-token\">AAAA</wsse:BinarySecurityToken>"
						    "<wsse:BinarySecurityToken" } } },
	{ "the Signature's Id is that of the Messaging", RULE_ID_TWICE, READING,
	  .edits = { { "<ds:Signature xmlns", "<ds:Signature Id=\"as4-messaging\" xmlns" } } },
	/* One element with identifiers of two kinds: each counts. */
	{ "the Body's id is the wsu:Id of Messaging", RULE_ID_TWICE, READING,
	  .edits = { { "<env:Body", "<env:Body id=\"as4-messaging\"" } } },
	{ "Messaging's id is the wsu:Id of the Body", RULE_ID_TWICE, READING,
	  .edits = { { "<eb:Messaging", "<eb:Messaging id=\"as4-body\"" } } },
	{ "Messaging with Id instead of wsu:Id", RULE_ENVELOPE, READING,
	  .edits = { { "wsu:Id=\"as4-messaging\"", "Id=\"as4-messaging\"" } } },
	{ "Messaging with xml:id instead of wsu:Id", RULE_ENVELOPE, READING,
	  .edits = { { "wsu:Id=\"as4-messaging\"", "xml:id=\"as4-messaging\"" } } },
	{ "the Body with Id instead of wsu:Id", RULE_ENVELOPE, READING,
	  .edits = { { "wsu:Id=\"as4-body\"", "Id=\"as4-body\"" } } },
	{ "wsu:Id of another namespace", RULE_ENVELOPE, READING,
	  .edits = { { "<env:Body xmlns:env=\"" NS_SOAP12 "\" xmlns:wsu=\"" NS_WSU "\"",
		       "<env:Body xmlns:env=\"" NS_SOAP12 "\" xmlns:wsu=\"urn:x\"" } } },
	{ "Messaging without an identifier", RULE_REFERENCES, PROFILE,
	  .edits = { { "wsu:Id=\"as4-messaging\"", "" } } },
	{ "id instead of wsu:Id is found, but was not signed so", RULE_DIGEST, VERIFYING,
	  .edits = { { "wsu:Id=\"as4-messaging\"", "id=\"as4-messaging\"" } } },
	{ "two identifiers with the same value on one element", RULE_DIGEST, VERIFYING,
	  .edits = { { "<eb:Messaging", "<eb:Messaging id=\"as4-messaging\"" } } },
};

static void identifiers_name_one_element_each(void **state)
{
	(void)state;
	hostile_run(identifiers, COUNT(identifiers));
}

/* --- Something changed --- */

/* Other names for the same things: what a re-serialising intermediary does (reference as4, trap 1). */
static void prefix_changed(struct wire_copy *wire)
{
	char *messaging = messaging_of(wire);
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_puts(&text, messaging);
	text_replace_all(&text, "eb:", "ebms:");
	text_replace(&text, "xmlns:eb=", "xmlns:ebms=");
	text_replace(&wire->body, messaging, buf_text(&text));
	buf_done(&text);
}

static void value_flipped(struct wire_copy *wire)
{
	char *value =
		&((char *)wire->body.data)[text_at(&wire->body, "<ds:SignatureValue>") + strlen("<ds:SignatureValue>")];
	*value = *value == 'A' ? 'B' : 'A';
}

static void digest_flipped(struct wire_copy *wire)
{
	char *value = &((char *)wire->body.data)[text_at(&wire->body, "<ds:DigestValue>") + strlen("<ds:DigestValue>")];
	*value = *value == 'A' ? 'B' : 'A';
}

static void token_of_another(struct wire_copy *wire)
{
	const struct key_info *other = world_key(&world.foreign, KEY_USE_SIGN, KEY_P256);
	const char *mine = text_copy(&wire->body, "wsu:Id=\"as4-token\">", "</wsse:BinarySecurityToken>");
	buf_auto token;

	buf_init(&token, 65536);
	buf_puts(&token, "wsu:Id=\"as4-token\">");
	base64_put(&token, cert_der(other->cert));
	buf_puts(&token, "</wsse:BinarySecurityToken>");
	text_replace(&wire->body, mine, buf_text(&token));
}

static const struct hostile changed[] = {
	{ "a prefix changed after signing", RULE_DIGEST, VERIFYING, .mutate = prefix_changed },
	{ "an attribute changed", RULE_DIGEST, VERIFYING,
	  .edits = { { "partyid-type:unregistered", "partyid-type:registered" } } },
	{ "an attribute added", RULE_DIGEST, VERIFYING,
	  .edits = { { "<eb:UserMessage>", "<eb:UserMessage mpc=\"urn:x\">" } } },
	{ "a text changed", RULE_DIGEST, VERIFYING, .edits = { { "FORM-D", "FORM-E" } } },
	{ "a namespace declared in another place", RULE_DIGEST, VERIFYING,
	  .edits = { { "xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"as4-messaging\"", "wsu:Id=\"as4-messaging\"" },
		     { "<env:Header>", "<env:Header xmlns:wsu=\"urn:y\">" },
		     { "<eb:Messaging", "<eb:Messaging xmlns:wsu=\"" NS_WSU "\" xmlns=\"urn:z\"" },
		     { "<eb:UserMessage>", "<eb:UserMessage> " } } },
	{ "DigestValue changed", RULE_SIGNATURE, VERIFYING, .mutate = digest_flipped },
	{ "DigestValue that is no base64", RULE_SECURITY, SECURITY,
	  .edits = { { "<ds:DigestValue>", "<ds:DigestValue>*" } } },
	{ "SignatureValue changed", RULE_SIGNATURE, VERIFYING, .mutate = value_flipped },
	{ "SignatureValue changed, RSA", RULE_SIGNATURE, VERIFYING, .mutate = value_flipped,
	  .profile = "edelivery-1.15" },
	{ "SignatureValue changed, Ed25519", RULE_SIGNATURE, VERIFYING, .mutate = value_flipped,
	  .profile = "edelivery-2.0" },
	{ "another's certificate as the token", RULE_SIGNATURE, VERIFYING, .mutate = token_of_another },
	{ "a token that is no certificate", RULE_TOKEN, SIGNER,
	  .edits = { { "wsu:Id=\"as4-token\">", "wsu:Id=\"as4-token\">AAAA" } } },
	{ "SignedInfo that cannot be canonicalised", RULE_SIGNATURE, VERIFYING,
	  .edits = { { "<ds:SignedInfo xmlns:ds=\"" NS_DS "\">",
		       "<ds:SignedInfo xmlns:ds=\"" NS_DS "\" xmlns:x=\"relative\">" },
		     { "<ds:CanonicalizationMethod Algorithm=\"" URI_EXC_C14N "\">",
		       "<ds:CanonicalizationMethod Algorithm=\"" URI_EXC_C14N
		       "\"><ec:InclusiveNamespaces xmlns:ec=\"" NS_EC "\" PrefixList=\"x\"/>" } } },
	{ "more prefixes than anybody needs", RULE_SIGNATURE, VERIFYING,
	  .edits = { { "<ds:CanonicalizationMethod Algorithm=\"" URI_EXC_C14N "\">",
		       "<ds:CanonicalizationMethod Algorithm=\"" URI_EXC_C14N
		       "\"><ec:InclusiveNamespaces xmlns:ec=\"" NS_EC
		       "\" PrefixList=\"a b c d e f g h i j k l m n o p q r s t u v w x y z a1 a2 a3 a4 a5 a6 a7 a8 a9\"/>" } } },
	{ "a PrefixList added", RULE_SIGNATURE, VERIFYING,
	  .edits = { { EXC_TRANSFORM,
		       "<ds:Transform Algorithm=\"" URI_EXC_C14N "\"><ec:InclusiveNamespaces xmlns:ec=\"" NS_EC
		       "\" PrefixList=\"#default eb\"/></ds:Transform>" } } },
};

static void what_was_changed_after_signing_is_refused(void **state)
{
	(void)state;
	hostile_run(changed, COUNT(changed));
}

/* --- References and transforms --- */

static void reference_twice(struct wire_copy *wire)
{
	const char *copy = text_copy(&wire->body, "<ds:Reference ", "</ds:Reference>");
	text_insert(&wire->body, text_at(&wire->body, INFO_END), copy);
}
static void body_reference_gone(struct wire_copy *wire)
{
	text_cut(&wire->body, "<ds:Reference URI=\"#as4-body\"", "</ds:Reference>");
}
static void messaging_reference_gone(struct wire_copy *wire)
{
	text_cut(&wire->body, "<ds:Reference URI=\"#as4-messaging\"", "</ds:Reference>");
}
static void part_reference_gone(struct wire_copy *wire)
{
	text_cut(&wire->body, "<ds:Reference URI=\"cid:part-2", "</ds:Reference>");
}
static void references_gone(struct wire_copy *wire)
{
	while (text_has(&wire->body, "<ds:Reference "))
		text_cut(&wire->body, "<ds:Reference ", "</ds:Reference>");
}

/* "cid:a%40b" fits a part named a@b and one named a%40b: it must not stand for both. */
static void ids_alike(struct letter *letter)
{
	static const char *const ids[] = { "a%40b", "a@b" };
	for (size_t i = 0; i < COUNT(ids); i++) {
		letter->payloads[i].content_id = ids[i];
		letter->part[i].href = arena_printf(world.arena, "cid:%s", ids[i]);
	}
}
static void second_of_alike_unsigned(struct wire_copy *wire)
{
	text_cut(&wire->body, "<ds:Reference URI=\"cid:a@b\"", "</ds:Reference>");
}

#define TRANSFORM(inside)                                                                                              \
	{                                                                                                              \
		EXC_TRANSFORM, inside                                                                                  \
	}

static const struct hostile references[] = {
	{ "a Reference twice", RULE_REFERENCES, PROFILE, .mutate = reference_twice },
	{ "the Body not signed", RULE_REFERENCES, PROFILE, .mutate = body_reference_gone },
	{ "Messaging not signed", RULE_REFERENCES, PROFILE, .mutate = messaging_reference_gone },
	{ "a part not signed", RULE_REFERENCES, PROFILE, .mutate = part_reference_gone },
	{ "one of two parts alike not signed", RULE_REFERENCES, PROFILE, .shape = ids_alike,
	  .mutate = second_of_alike_unsigned },
	{ "nothing signed", RULE_SECURITY, SECURITY, .mutate = references_gone },
	{ "a Reference to the whole document", RULE_REFERENCES, PROFILE,
	  .edits = { { "URI=\"#as4-messaging\"", "URI=\"\"" } } },
	{ "a Reference without URI", RULE_SECURITY, SECURITY,
	  .edits = { { "<ds:Reference URI=\"#as4-messaging\"", "<ds:Reference" } } },
	{ "a Reference by XPointer", RULE_REFERENCES, PROFILE,
	  .edits = { { "URI=\"#as4-messaging\"", "URI=\"#xpointer(id('as4-messaging'))\"" } } },
	{ "a Reference to the root", RULE_REFERENCES, PROFILE,
	  .edits = { { "URI=\"#as4-messaging\"", "URI=\"#xpointer(/)\"" } } },
	{ "a Reference to a file", RULE_REFERENCES, PROFILE,
	  .edits = { { "URI=\"#as4-messaging\"", "URI=\"file:///etc/passwd\"" } } },
	{ "a Reference to the token only", RULE_REFERENCES, PROFILE,
	  .edits = { { "URI=\"#as4-body\"", "URI=\"#as4-token\"" } } },
	{ "a Type that makes it a Manifest", RULE_SECURITY, SECURITY,
	  .edits = { { "<ds:Reference URI",
		       "<ds:Reference Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" URI" } } },
	{ "an XPath transform added", RULE_SECURITY, SECURITY,
	  .edits = { TRANSFORM(EXC_TRANSFORM
			       "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>"
			       "false()</ds:XPath></ds:Transform>") } },
	{ "an XPath transform without XPath", RULE_TRANSFORM, PROFILE,
	  .edits = { TRANSFORM(
		  "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"></ds:Transform>") } },
	{ "an XSLT transform added", RULE_SECURITY, SECURITY,
	  .edits = { TRANSFORM("<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><x:stylesheet "
			       "xmlns:x=\"http://www.w3.org/1999/XSL/Transform\"/></ds:Transform>") } },
	{ "an enveloped-signature transform added", RULE_TRANSFORM, PROFILE,
	  .edits = { TRANSFORM("<ds:Transform Algorithm=\"" NS_DS
			       "enveloped-signature\"></ds:Transform>" EXC_TRANSFORM) } },
	{ "the same transform twice", RULE_TRANSFORM, PROFILE, .edits = { TRANSFORM(EXC_TRANSFORM EXC_TRANSFORM) } },
	{ "three transforms", RULE_SECURITY, SECURITY,
	  .edits = { TRANSFORM(EXC_TRANSFORM EXC_TRANSFORM EXC_TRANSFORM) } },
	{ "inclusive canonicalisation", RULE_TRANSFORM, PROFILE,
	  .edits = { TRANSFORM(
		  "<ds:Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"></ds:Transform>") } },
	{ "the canonical form with comments", RULE_TRANSFORM, PROFILE,
	  .edits = { TRANSFORM("<ds:Transform Algorithm=\"" URI_EXC_C14N "WithComments\"></ds:Transform>") } },
	{ "a part canonicalised", RULE_TRANSFORM, PROFILE, .edits = { { URI_ATTACHMENT_SIGNED, URI_EXC_C14N } } },
	{ "a part signed with its headers", RULE_TRANSFORM, PROFILE,
	  .edits = { { URI_ATTACHMENT_SIGNED, URI_SWA "Attachment-Complete-Signature-Transform" } } },
	{ "no transform", RULE_SECURITY, SECURITY, .edits = { TRANSFORM("") } },
};

static void only_the_references_and_transforms_of_the_profile_pass(void **state)
{
	(void)state;
	hostile_run(references, COUNT(references));
}

/* --- Algorithms --- */

static const struct hostile algorithms[] = {
	{ "a SHA-1 digest", RULE_ALGORITHM, PROFILE,
	  .edits = { { SHA256_METHOD, "<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\">" } } },
	/* The inspector takes any algorithm that we know, but none that is broken. */
	{ "a SHA-1 digest, whatever is agreed", RULE_ALGORITHM, PROFILE,
	  .edits = { { SHA256_METHOD, "<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\">" } },
	  .opened_as = "any" },
	{ "an unknown digest", RULE_ALGORITHM, PROFILE,
	  .edits = { { SHA256_METHOD, "<ds:DigestMethod Algorithm=\"urn:x\">" } } },
	{ "SHA-512 where SHA-256 is agreed", RULE_ALGORITHM, PROFILE,
	  .edits = { { SHA256_METHOD, "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha512\">" } } },
	{ "a SHA-1 signature", RULE_ALGORITHM, PROFILE,
	  .edits = { { ECDSA_METHOD, "http://www.w3.org/2000/09/xmldsig#rsa-sha1" } } },
	{ "HMAC, whose key is the certificate", RULE_ALGORITHM, PROFILE,
	  .edits = { { ECDSA_METHOD, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256" } } },
	{ "HMAC cut short", RULE_SECURITY, SECURITY,
	  .edits = { { ECDSA_METHOD "\">",
		       "http://www.w3.org/2000/09/xmldsig#hmac-sha1\"><ds:HMACOutputLength>0</ds:HMACOutputLength>" } } },
	{ "an unknown signature", RULE_ALGORITHM, PROFILE, .edits = { { ECDSA_METHOD, "urn:x" } } },
	{ "an unknown canonical form of SignedInfo", RULE_ALGORITHM, PROFILE, .edits = { { URI_EXC_C14N, "urn:x" } } },
	{ "ECDSA by name with an RSA certificate, RSA agreed", RULE_ALGORITHM, PROFILE,
	  .edits = { { RSA_METHOD, ECDSA_METHOD } }, .profile = "edelivery-1.15", .bare = true },
	{ "ECDSA by name with an RSA certificate, ECDSA agreed", RULE_SIGNATURE, VERIFYING,
	  .edits = { { RSA_METHOD, ECDSA_METHOD } }, .profile = "edelivery-1.15", .opened_as = "ecdsa-p256",
	  .bare = true },
	{ "RSA by name with an EC certificate, RSA agreed", RULE_SIGNATURE, VERIFYING,
	  .edits = { { ECDSA_METHOD, RSA_METHOD } }, .opened_as = "edelivery-1.15", .bare = true },
	{ "EdDSA by name with an EC certificate", RULE_SIGNATURE, VERIFYING,
	  .edits = { { ECDSA_METHOD, "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519" } },
	  .opened_as = "edelivery-2.0", .bare = true },
	{ "signed well, but as another profile says", RULE_ALGORITHM, PROFILE, .opened_as = "edelivery-2.0" },
};

static void only_the_algorithms_of_the_profile_pass(void **state)
{
	(void)state;
	hostile_run(algorithms, COUNT(algorithms));
}

/* --- Tokens --- */

#define TOKEN_URI "<wsse:Reference URI=\"#as4-token\" ValueType=\"" URI_X509V3 "\"></wsse:Reference>"

static void signature_gone(struct wire_copy *wire)
{
	text_cut(&wire->body, "<ds:Signature ", "</ds:Signature>");
}
static void security_gone(struct wire_copy *wire)
{
	text_cut(&wire->body, "<wsse:Security ", "</wsse:Security>");
}
static void signature_twice(struct wire_copy *wire)
{
	text_insert(&wire->body, text_at(&wire->body, "<ds:Signature "),
		    text_copy(&wire->body, "<ds:Signature ", "</ds:Signature>"));
}
static void key_info_gone(struct wire_copy *wire)
{
	text_cut(&wire->body, "<ds:KeyInfo><wsse:Sec", "</ds:KeyInfo>");
}

static const struct hostile tokens[] = {
	{ "no Signature", RULE_UNSIGNED, SECURITY, .mutate = signature_gone },
	{ "no Security", RULE_UNSIGNED, SECURITY, .mutate = security_gone },
	{ "two Signatures", RULE_SECURITY, SECURITY, .mutate = signature_twice },
	{ "no KeyInfo", RULE_SECURITY, SECURITY, .mutate = key_info_gone },
	{ "KeyInfo with two references", RULE_SECURITY, SECURITY, .edits = { { TOKEN_URI, TOKEN_URI TOKEN_URI } } },
	{ "KeyInfo with two kinds of reference", RULE_SECURITY, SECURITY,
	  .edits = { { TOKEN_URI,
		       TOKEN_URI "<wsse:KeyIdentifier ValueType=\"" URI_X509_SKI "\">AAAA</wsse:KeyIdentifier>" } } },
	{ "KeyInfo without a reference", RULE_SECURITY, SECURITY, .edits = { { TOKEN_URI, "" } } },
	{ "KeyInfo with a bare key", RULE_SECURITY, SECURITY,
	  .edits = { { "<ds:KeyInfo><wsse", "<ds:KeyInfo><ds:KeyValue></ds:KeyValue><wsse" } } },
	{ "a token that is not there", RULE_SECURITY, SECURITY,
	  .edits = { { "URI=\"#as4-token\"", "URI=\"#nobody\"" } } },
	{ "a token of another kind", RULE_SECURITY, SECURITY,
	  .edits = { { URI_X509V3 "\" wsu:Id", URI_X509 "PKCS7\" wsu:Id" } } },
	{ "a path that is no list of certificates", RULE_TOKEN, SIGNER,
	  .edits = { { URI_X509V3 "\" wsu:Id", URI_X509 "X509PKIPathv1\" wsu:Id" } } },
	{ "a token elsewhere than in Security", RULE_SECURITY, SECURITY,
	  .edits = { { "URI=\"#as4-token\"", "URI=\"#as4-body\"" } } },
	{ "an unknown key identifier", RULE_TOKEN, SIGNER,
	  .edits = { { TOKEN_URI, "<wsse:KeyIdentifier ValueType=\"" URI_X509_SKI "\">AAAA</wsse:KeyIdentifier>" } } },
	{ "an unknown issuer", RULE_TOKEN, SIGNER,
	  .edits = { { TOKEN_URI,
		       "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1"
		       "</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>" } } },
	{ "five tokens", RULE_SECURITY, SECURITY,
	  .edits = { { "<wsse:BinarySecurityToken",
		       "<wsse:BinarySecurityToken ValueType=\"x\" wsu:Id=\"a\"/><wsse:BinarySecurityToken ValueType=\"x\" wsu:Id=\"b\"/>"
		       "<wsse:BinarySecurityToken ValueType=\"x\" wsu:Id=\"c\"/><wsse:BinarySecurityToken ValueType=\"x\" wsu:Id=\"d\"/>"
		       "<wsse:BinarySecurityToken" } } },
	{ "another element in Security", RULE_SECURITY, SECURITY,
	  .edits = { { "</wsse:Security>", "<wsse:UsernameToken></wsse:UsernameToken></wsse:Security>" } } },
};

static void a_signature_names_its_certificate_in_exactly_one_way(void **state)
{
	(void)state;
	hostile_run(tokens, COUNT(tokens));
}

/* A token that is not the signer's, beside it, changes nothing: only the one that KeyInfo names is looked at. */
static void a_token_that_nothing_names_is_not_used(void **state)
{
	const struct key_info *other = world_key(&world.foreign, KEY_USE_SIGN, KEY_P256);
	struct letter letter;
	struct wire_copy wire;
	struct opening opening;
	buf_auto token;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 1, true);
	letter_pack(&letter, &wire);
	buf_init(&token, 65536);
	buf_puts(&token, "<wsse:BinarySecurityToken ValueType=\"" URI_X509V3 "\" wsu:Id=\"other\">");
	base64_put(&token, cert_der(other->cert));
	buf_puts(&token, "</wsse:BinarySecurityToken>");
	text_insert(&wire.body, text_at(&wire.body, "<wsse:BinarySecurityToken"), buf_text(&token));
	opening_run(&opening, letter.profile, &ebms_limits_default, wire.content_type, buf_bytes(&wire.body));
	opening_must_pass(&opening);
	assert_true(bytes_same(cert_der(opening.cert), cert_der(letter.identity.key->cert)));
	opening_done(&opening);
	buf_done(&wire.body);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_arena_new, world_arena_free)
	const struct CMUnitTest tests[] = {
		TEST(a_signed_part_that_stands_elsewhere_is_refused),
		TEST(what_is_not_processed_proves_nobody),
		TEST(identifiers_name_one_element_each),
		TEST(what_was_changed_after_signing_is_refused),
		TEST(only_the_references_and_transforms_of_the_profile_pass),
		TEST(only_the_algorithms_of_the_profile_pass),
		TEST(a_signature_names_its_certificate_in_exactly_one_way),
		TEST(a_token_that_nothing_names_is_not_used),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
