/* From the bytes of a stranger to the payloads: MIME, envelope, encryption, compression. Each row is a good message
 * with one thing done to it, the rule by which it is refused, and how far it came. Expected: ebMS 3.0 core §5.2
 * and 6.7, eDelivery AS4 1.15 §3, XML Encryption 1.1; the numbers of traps are those that other stacks fell into. */
#include "world.h"

#include "base/text.h"
#include "codec/gzip.h"
#include "messaging/uris_int.h"

#define DECLARATION   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define BODY_END      "></env:Body>"
#define MESSAGING_END "</eb:Messaging>"

static const char *boundary_of(const struct wire_copy *wire)
{
	return mime_parameter(world.arena, wire->content_type, "boundary");
}

/* Another part at the end. */
static void part_add(struct wire_copy *wire, const char *type, const char *id, const char *body)
{
	const char *end = arena_printf(world.arena, "\r\n--%s--", boundary_of(wire));
	text_insert(&wire->body, text_at(&wire->body, end),
		    arena_printf(world.arena, "\r\n--%s\r\nContent-Type: %s\r\nContent-ID: <%s>\r\n\r\n%s",
				 boundary_of(wire), type, id, body));
}

/* The last part, cut out. */
static void part_cut(struct wire_copy *wire)
{
	const char *at =
		arena_printf(world.arena, "--%s\r\nContent-Type: application/octet-stream\r\n", boundary_of(wire));
	const char *end = arena_printf(world.arena, "\r\n--%s", boundary_of(wire));
	size_t from = text_at(&wire->body, at);
	struct bytes rest = bytes(wire->body.data + from, wire->body.size - from);
	const uint8_t *to = memmem(rest.data, rest.size, end, strlen(end));

	assert_non_null(to);
	to += 2;
	size_t left = (size_t)(wire->body.data + wire->body.size - to);
	memmove(wire->body.data + from, to, left);
	wire->body.size = from + left;
}

/* --- MIME --- */

static void content_id_twice(struct wire_copy *wire)
{
	part_add(wire, "text/plain", "part-1@th.example", "x");
}
static void part_without_part_info(struct wire_copy *wire)
{
	part_add(wire, "text/plain", "stowaway@th.example", "x");
}
static void part_nested(struct wire_copy *wire)
{
	part_add(wire, "multipart/mixed; boundary=x", "nested@th.example", "--x--");
}
static void start_twice(struct wire_copy *wire)
{
	wire->content_type = arena_printf(world.arena, "%s; start=\"<part-1@th.example>\"", wire->content_type);
}
static void start_elsewhere(struct wire_copy *wire)
{
	wire->content_type = arena_printf(
		world.arena, "multipart/related; boundary=\"%s\"; start=\"<part-1@th.example>\"", boundary_of(wire));
}
static void start_nowhere(struct wire_copy *wire)
{
	wire->content_type =
		arena_printf(world.arena, "multipart/related; boundary=\"%s\"; start=\"<x@y>\"", boundary_of(wire));
}
static void no_content_type(struct wire_copy *wire)
{
	wire->content_type = NULL;
}
static void soap11_type(struct wire_copy *wire)
{
	wire->content_type = "text/xml; charset=UTF-8";
}
static void json_type(struct wire_copy *wire)
{
	wire->content_type = "application/json";
}
static void end_cut(struct wire_copy *wire)
{
	wire->body.size -= 8;
}
static void nothing(struct wire_copy *wire)
{
	wire->body.size = 0;
}

static const struct hostile mime_rows[] = {
	{ "a Content-ID twice", RULE_MIME, READING, .mutate = content_id_twice },
	{ "a part that PayloadInfo does not name", RULE_PARTS, READING, .mutate = part_without_part_info },
	{ "a multipart in the multipart", RULE_MIME, READING, .mutate = part_nested },
	{ "two roots named", RULE_MIME, READING, .mutate = start_twice },
	{ "a payload named as the root", RULE_MEDIA_TYPE, READING, .mutate = start_elsewhere },
	{ "a root that is not there", RULE_MIME, READING, .mutate = start_nowhere },
	{ "a part cut out", RULE_HREF, READING, .mutate = part_cut },
	{ "no Content-Type", RULE_MIME, READING, .mutate = no_content_type },
	{ "the Content-Type of SOAP 1.1", RULE_MEDIA_TYPE, READING, .mutate = soap11_type, .bare = true },
	{ "JSON, as a proxy answers (trap 18)", RULE_MEDIA_TYPE, READING, .mutate = json_type, .bare = true },
	{ "the end cut off", RULE_MIME, READING, .mutate = end_cut },
	{ "an empty multipart", RULE_MIME, READING, .mutate = nothing },
	{ "an empty SOAP message", RULE_XML, READING, .mutate = nothing, .bare = true },
};

static void a_package_that_is_not_the_one_of_as4_is_refused(void **state)
{
	(void)state;
	hostile_run(mime_rows, COUNT(mime_rows));
}

/* --- XML and envelope --- */

static const char laughs[] =
	DECLARATION "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
		    "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>\n";

static void deep(struct wire_copy *wire)
{
	size_t at = text_at(&wire->body, "</env:Body>");
	for (size_t i = 0; i < 40; i++)
		text_insert(&wire->body, at, "<a>");
	for (size_t i = 0; i < 40; i++)
		text_insert(&wire->body, text_at(&wire->body, "</env:Body>"), "</a>");
}

static const struct hostile envelope_rows[] = {
	{ "a document type declaration", RULE_XML, READING,
	  .edits = { { DECLARATION, DECLARATION "<!DOCTYPE env:Envelope>" } } },
	{ "an external entity", RULE_XML, READING,
	  .edits = { { DECLARATION, DECLARATION "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>" },
		     { ">FORM-D<", ">&f;<" } } },
	{ "a billion laughs", RULE_XML, READING, .edits = { { DECLARATION, laughs }, { ">FORM-D<", ">&d;<" } } },
	{ "a processing instruction", RULE_XML, READING,
	  .edits = { { "<eb:UserMessage>", "<eb:UserMessage><?x y?>" } } },
	{ "a style sheet", RULE_XML, READING,
	  .edits = { { DECLARATION, DECLARATION "<?xml-stylesheet href=\"x\"?>" } } },
	{ "two root elements", RULE_XML, READING,
	  .edits = { { "</env:Envelope>", "</env:Envelope><env:Envelope/>" } } },
	{ "an element that is not closed", RULE_XML, READING, .edits = { { MESSAGING_END, "" } } },
	{ "a prefix that nothing declares", RULE_XML, READING, .edits = { { BODY_END, "><x:y/></env:Body>" } } },
	{ "an attribute twice", RULE_XML, READING,
	  .edits = { { "wsu:Id=\"as4-body\"", "wsu:Id=\"as4-body\" wsu:Id=\"x\"" } } },
	{ "an attribute twice by two prefixes", RULE_XML, READING,
	  .edits = { { "wsu:Id=\"as4-body\"", "wsu:Id=\"as4-body\" xmlns:w=\"" NS_WSU "\" w:Id=\"x\"" } } },
	{ "elements too deep", RULE_XML, READING, .mutate = deep },
	{ "SOAP 1.1", RULE_MEDIA_TYPE, READING,
	  .edits = { { "<env:Envelope xmlns:env=\"" NS_SOAP12 "\">",
		       "<env:Envelope xmlns:env=\"http://schemas.xmlsoap.org/soap/envelope/\">" } } },
	{ "no Header", RULE_ENVELOPE, READING, .edits = { { "<env:Header>", "<x>" }, { "</env:Header>", "</x>" } } },
	{ "text beside the Header", RULE_ENVELOPE, READING, .edits = { { "<env:Header>", "x<env:Header>" } } },
	{ "text in the Body", RULE_BODY, PROFILE, .edits = { { BODY_END, ">text</env:Body>" } } },
	{ "text in the Body as CDATA", RULE_BODY, PROFILE, .edits = { { BODY_END, "><![CDATA[text]]></env:Body>" } } },
	{ "a document in the Body (TA05)", RULE_BODY, PROFILE, .edits = { { BODY_END, "><form></form></env:Body>" } } },
	{ "a fault in the Body of a user message", RULE_BODY, PROFILE,
	  .edits = { { BODY_END, "><env:Fault/></env:Body>" } } },
	{ "a foreign header block", RULE_FOREIGN_HEADER, READING,
	  .edits = { { "</env:Header>", "<x:Trace xmlns:x=\"urn:x\"/></env:Header>" } } },
	{ "a header block that must be understood", RULE_FOREIGN_HEADER, READING,
	  .edits = { { "</env:Header>", "<x:Trace xmlns:x=\"urn:x\" env:mustUnderstand=\"true\"/></env:Header>" } } },
	{ "WS-Addressing", RULE_FOREIGN_HEADER, READING,
	  .edits = { { "<env:Header>",
		       "<env:Header><a:To xmlns:a=\"http://www.w3.org/2005/08/addressing\">x</a:To>" } } },
	{ "ebMS 2", RULE_FOREIGN_HEADER, READING,
	  .edits = { { "<env:Header>", "<env:Header><e:MessageHeader xmlns:e=\"http://www.oasis-open.org/committees/"
				       "ebxml-msg/schema/msg-header-2_0.xsd\"/>" } } },
};

static void an_envelope_that_is_not_the_one_of_as4_is_refused(void **state)
{
	(void)state;
	hostile_run(envelope_rows, COUNT(envelope_rows));
}

/* --- eb:Messaging --- */

static void user_message_twice(struct wire_copy *wire)
{
	const char *copy = text_copy(&wire->body, "<eb:UserMessage>", "</eb:UserMessage>");
	text_insert(&wire->body, text_at(&wire->body, MESSAGING_END), copy);
}
static void pull_request(struct wire_copy *wire)
{
	text_cut(&wire->body, "<eb:UserMessage>", "</eb:UserMessage>");
	text_insert(
		&wire->body, text_at(&wire->body, MESSAGING_END),
		"<eb:SignalMessage><eb:MessageInfo><eb:Timestamp>2026-11-02T03:00:00Z</eb:Timestamp><eb:MessageId>p@x</eb:MessageId>"
		"</eb:MessageInfo><eb:PullRequest mpc=\"" URI_DEFAULT_MPC "\"></eb:PullRequest></eb:SignalMessage>");
}
static void no_unit(struct wire_copy *wire)
{
	text_cut(&wire->body, "<eb:UserMessage>", "</eb:UserMessage>");
}
static void no_messaging(struct wire_copy *wire)
{
	text_cut(&wire->body, "<eb:Messaging", MESSAGING_END);
}
static void no_party(struct wire_copy *wire)
{
	text_cut(&wire->body, "<eb:From>", "</eb:From>");
}
static void two_party_ids(struct wire_copy *wire)
{
	text_insert(&wire->body, text_at(&wire->body, "<eb:PartyId"),
		    text_copy(&wire->body, "<eb:PartyId", "</eb:PartyId>"));
}

#define SIGNAL(inside)                                                                                                               \
	"<eb:SignalMessage><eb:MessageInfo><eb:Timestamp>2026-11-02T03:00:00Z</eb:Timestamp><eb:MessageId>p@x</eb:MessageId>" inside \
	"</eb:SignalMessage>"

static const char part_info[] = "<eb:PartInfo href=\"cid:stowaway@th.example\"></eb:PartInfo></eb:PayloadInfo>";
static void part_info_added(struct wire_copy *wire)
{
	part_without_part_info(wire);
	text_replace(&wire->body, "</eb:PayloadInfo>", part_info);
}

static void hyperlink(struct letter *letter)
{
	letter->part[1].href = "http://th.example/form.xml";
}
static void no_href(struct letter *letter)
{
	letter->part[1].href = NULL;
}
static void same_href(struct letter *letter)
{
	letter->part[1].href = letter->part[0].href;
}
static void href_of_the_root(struct letter *letter)
{
	letter->part[1].href = "cid:soap@lintas";
}
static void no_mime_type(struct letter *letter)
{
	letter->part_property[1][0].name = "MimeTypo";
}
static void bad_charset(struct letter *letter)
{
	letter->part_property[1][1].value = "!utf*";
}
static void digit_charset(struct letter *letter)
{
	letter->part_property[1][1].value = "8859-1";
}
static void other_compression(struct letter *letter)
{
	letter->part_property[1][2].value = "application/zip";
}

static const struct hostile messaging_rows[] = {
	{ "two user messages", RULE_ONE_UNIT, READING, .mutate = user_message_twice },
	{ "a user message and a signal", RULE_ONE_UNIT, READING,
	  .edits = { { MESSAGING_END, SIGNAL("</eb:MessageInfo><eb:PullRequest/>") MESSAGING_END } } },
	{ "no message unit", RULE_ONE_UNIT, READING, .mutate = no_unit },
	{ "no Messaging", RULE_ENVELOPE, READING, .mutate = no_messaging },
	{ "something else in Messaging", RULE_ENVELOPE, READING,
	  .edits = { { MESSAGING_END, "<x:y xmlns:x=\"urn:x\"/>" MESSAGING_END } } },
	{ "a pull request in place of what was signed", RULE_DIGEST, VERIFYING, .mutate = pull_request, .bare = true },
	{ "a pull request with payloads", RULE_PARTS, READING, .mutate = pull_request },
	{ "nobody it is from", RULE_EBMS, READING, .mutate = no_party },
	{ "two PartyIds (TA03)", RULE_EBMS, READING, .mutate = two_party_ids },
	{ "an empty MessageId", RULE_EBMS, READING, .edits = { { ">0197-1142@th.example<", "><" } } },
	{ "a Timestamp without zone", RULE_EBMS, READING, .edits = { { "Z</eb:Timestamp>", "</eb:Timestamp>" } } },
	{ "elements in another order", RULE_EBMS, READING,
	  .edits = { { "<eb:MessageInfo>", "<eb:MessageInfo><eb:MessageId>first@x</eb:MessageId>" } } },
	{ "an unknown element", RULE_EBMS, READING,
	  .edits = { { "<eb:PartyInfo>", "<eb:Priority>1</eb:Priority><eb:PartyInfo>" } } },
	{ "an unknown attribute", RULE_EBMS, READING,
	  .edits = { { "<eb:UserMessage>", "<eb:UserMessage priority=\"1\">" } } },
	{ "a PartInfo and its part added", RULE_REFERENCES, PROFILE, .mutate = part_info_added },
	{ "a payload on another server (TA08)", RULE_HREF, READING, .shape = hyperlink },
	{ "a payload without href, in the Body", RULE_HREF, READING, .shape = no_href },
	{ "a payload named twice", RULE_PARTS, READING, .shape = same_href },
	{ "the envelope as a payload", RULE_HREF, READING, .shape = href_of_the_root },
	{ "compressed without MimeType (TA24)", RULE_COMPRESSION, EXPANDING, .shape = no_mime_type },
	{ "a CharacterSet with signs (TA29)", RULE_COMPRESSION, EXPANDING, .shape = bad_charset },
	{ "a CharacterSet that begins with a digit", RULE_COMPRESSION, EXPANDING, .shape = digit_charset },
	{ "another compression", RULE_COMPRESSION, EXPANDING, .shape = other_compression },
};

static void a_header_that_is_not_the_one_of_ebms_is_refused(void **state)
{
	(void)state;
	hostile_run(messaging_rows, COUNT(messaging_rows));
}

/* --- Encryption --- */

static void encryption_gone(struct wire_copy *wire)
{
	text_cut(&wire->body, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
	while (text_has(&wire->body, "<xenc:EncryptedData"))
		text_cut(&wire->body, "<xenc:EncryptedData", "</xenc:EncryptedData>");
}
static void key_gone(struct wire_copy *wire)
{
	text_cut(&wire->body, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
}
static void key_twice(struct wire_copy *wire)
{
	const char *copy = text_copy(&wire->body, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
	text_insert(&wire->body, text_at(&wire->body, "<xenc:EncryptedKey"), copy);
	text_replace(&wire->body, "Id=\"as4-key\"", "Id=\"other-key\"");
}
static void second_data_gone(struct wire_copy *wire)
{
	text_replace(&wire->body, "<xenc:DataReference URI=\"#as4-data-2\"></xenc:DataReference>", "");
	text_cut(&wire->body, "<xenc:EncryptedData xmlns:xenc=\"" NS_XENC "\" Id=\"as4-data-2\"",
		 "</xenc:EncryptedData>");
}
/* The first part sealed twice, by two elements that both are in the list. */
static void data_twice(struct wire_copy *wire)
{
	const char *copy = text_copy(&wire->body, "<xenc:EncryptedData", "</xenc:EncryptedData>");
	text_insert(&wire->body, text_at(&wire->body, "<xenc:EncryptedData"), copy);
	text_replace(&wire->body, "Id=\"as4-data-1\"", "Id=\"other\"");
	text_replace(&wire->body, "<xenc:ReferenceList>", "<xenc:ReferenceList><xenc:DataReference URI=\"#other\"/>");
}
static void data_twice_same_id(struct wire_copy *wire)
{
	const char *copy = text_copy(&wire->body, "<xenc:EncryptedData", "</xenc:EncryptedData>");
	text_insert(&wire->body, text_at(&wire->body, "<xenc:EncryptedData"), copy);
}
static void tag_flipped(struct wire_copy *wire)
{
	const char *end = arena_printf(world.arena, "\r\n--%s--", boundary_of(wire));
	wire->body.data[text_at(&wire->body, end) - 1] ^= 1;
}
static void wrapped_key_flipped(struct wire_copy *wire)
{
	uint8_t *value = wire->body.data + text_at(&wire->body, "<xenc:CipherValue>") + strlen("<xenc:CipherValue>");
	*value = *value == 'A' ? 'B' : 'A';
}
static void part_emptied(struct wire_copy *wire)
{
	part_cut(wire);
	part_add(wire, "application/octet-stream", "part-1@th.example", "");
}
static void for_somebody_else(struct letter *letter)
{
	letter->recipient = world_recipient(&world.foreign, letter->profile)->cert;
}

#define CIPHER_1 "<xenc:CipherReference URI=\"cid:part-1@th.example\">"

static const struct hostile encryption_rows[] = {
	{ "not encrypted", RULE_UNENCRYPTED, PROFILE, .mutate = encryption_gone },
	{ "one of two parts not encrypted", RULE_UNENCRYPTED, PROFILE, .mutate = second_data_gone },
	{ "EncryptedData without EncryptedKey", RULE_SECURITY, SECURITY, .mutate = key_gone },
	{ "EncryptedKey twice", RULE_SECURITY, SECURITY, .mutate = key_twice },
	{ "EncryptedData for something that is no payload", RULE_SECURITY, SECURITY,
	  .edits = { { CIPHER_1, "<xenc:CipherReference URI=\"cid:nobody\">" } } },
	{ "EncryptedData for the envelope", RULE_SECURITY, SECURITY,
	  .edits = { { CIPHER_1, "<xenc:CipherReference URI=\"cid:soap@lintas\">" } } },
	{ "EncryptedData for another server", RULE_SECURITY, SECURITY,
	  .edits = { { CIPHER_1, "<xenc:CipherReference URI=\"http://x/\">" } } },
	{ "two EncryptedData for one part", RULE_SECURITY, SECURITY, .mutate = data_twice },
	{ "EncryptedData twice", RULE_ID_TWICE, READING, .mutate = data_twice_same_id },
	{ "the second part's EncryptedData for the first", RULE_SECURITY, SECURITY,
	  .edits = { { "<xenc:CipherReference URI=\"cid:part-2@th.example\">", CIPHER_1 } } },
	{ "EncryptedData that the key's list does not name", RULE_SECURITY, SECURITY,
	  .edits = { { "<xenc:DataReference URI=\"#as4-data-2\"></xenc:DataReference>", "" } } },
	{ "a list that names one twice and one not", RULE_SECURITY, SECURITY,
	  .edits = { { "<xenc:DataReference URI=\"#as4-data-2\">", "<xenc:DataReference URI=\"#as4-data-1\">" } } },
	{ "a list that names something else", RULE_SECURITY, SECURITY,
	  .edits = { { "<xenc:ReferenceList>", "<xenc:ReferenceList><xenc:DataReference URI=\"#as4-body\"/>" } } },
	{ "ciphertext in the header", RULE_SECURITY, SECURITY,
	  .edits = { { "<xenc:CipherData><xenc:CipherReference",
		       "<xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue><xenc:CipherReference" } } },
	{ "another Type", RULE_SECURITY, SECURITY,
	  .edits = { { URI_ATTACHMENT_ONLY, URI_SWA "Attachment-Complete" } } },
	{ "another transform of the ciphertext", RULE_SECURITY, SECURITY,
	  .edits = { { URI_ATTACHMENT_SEALED, URI_EXC_C14N } } },
	{ "AES-CBC", RULE_ALGORITHM, PROFILE,
	  .edits = { { "http://www.w3.org/2009/xmlenc11#aes128-gcm",
		       "http://www.w3.org/2001/04/xmlenc#aes128-cbc" } } },
	{ "an unknown key agreement", RULE_ALGORITHM, PROFILE, .edits = { { URI_ECDH_ES, "urn:x" } } },
	{ "an unknown key derivation", RULE_ALGORITHM, PROFILE,
	  .edits = { { URI_HKDF, "http://www.w3.org/2009/xmlenc11#ConcatKDF" } } },
	{ "another key wrap", RULE_ALGORITHM, PROFILE,
	  .edits = { { "http://www.w3.org/2001/04/xmlenc#kw-aes128", "http://www.w3.org/2001/04/xmlenc#kw-aes256" } } },
	{ "a key length that is not the wrap's", RULE_ALGORITHM, PROFILE,
	  .edits = { { "<dsm:KeyLength>16<", "<dsm:KeyLength>32<" } } },
	{ "RSA PKCS#1 v1.5", RULE_ALGORITHM, PROFILE,
	  .edits = { { URI_RSA_OAEP, "http://www.w3.org/2001/04/xmlenc#rsa-1_5" } }, .profile = "edelivery-1.15" },
	{ "OAEP whose MGF is SHA-1 by default (trap 10)", RULE_ALGORITHM, PROFILE,
	  .edits = { { "<xenc11:MGF xmlns:xenc11=\"" NS_XENC11
		       "\" Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"></xenc11:MGF>",
		       "" } },
	  .profile = "edelivery-1.15" },
	{ "AES-256 where AES-128 is agreed", RULE_ALGORITHM, PROFILE,
	  .edits = { { "http://www.w3.org/2009/xmlenc11#aes128-gcm", "http://www.w3.org/2009/xmlenc11#aes256-gcm" } } },
	{ "for another's key, P-256", RULE_DECRYPTION, DECRYPTING, .shape = for_somebody_else },
	{ "for another's key, X25519", RULE_DECRYPTION, DECRYPTING, .shape = for_somebody_else,
	  .profile = "edelivery-2.0" },
	{ "for another's key, RSA", RULE_DECRYPTION, DECRYPTING, .shape = for_somebody_else,
	  .profile = "edelivery-1.15" },
	{ "the GCM tag changed", RULE_DECRYPTION, DECRYPTING, .mutate = tag_flipped },
	{ "the wrapped key changed", RULE_DECRYPTION, DECRYPTING, .mutate = wrapped_key_flipped },
	{ "the wrapped key changed, RSA", RULE_DECRYPTION, DECRYPTING, .mutate = wrapped_key_flipped,
	  .profile = "edelivery-1.15" },
	{ "a part without octets", RULE_DECRYPTION, DECRYPTING, .mutate = part_emptied },
};

static void what_is_not_sealed_as_agreed_is_refused(void **state)
{
	(void)state;
	hostile_run(encryption_rows, COUNT(encryption_rows));
}

/* --- Content --- */

static void gzip_part(struct letter *letter, struct bytes octets)
{
	letter->payloads[1].octets = octets;
}

static void bomb(struct letter *letter)
{
	size_t size = (size_t)8 << 20;
	uint8_t *zeros = arena_alloc(world.arena, size);
	buf_auto packed;

	buf_init(&packed, 1 << 20);
	assert_int_equal(gzip_compress(bytes(zeros, size), 9, &packed, NULL), OK);
	gzip_part(letter, bytes(arena_copy(world.arena, packed.data, packed.size), packed.size));
}
static void gzip_cut(struct letter *letter)
{
	gzip_part(letter, bytes(letter->payloads[1].octets.data, letter->payloads[1].octets.size - 9));
}
static void no_gzip(struct letter *letter)
{
	gzip_part(letter, bytes_of("<form/>"));
}
static void gzip_with_tail(struct letter *letter)
{
	gzip_part(letter, bytes_of(""));
	buf_auto packed;
	buf_init(&packed, 65536);
	assert_int_equal(gzip_compress(bytes_of("<form/>"), 6, &packed, NULL), OK);
	buf_puts(&packed, "<!-- tail -->");
	gzip_part(letter, bytes(arena_copy(world.arena, packed.data, packed.size), packed.size));
}

static const struct hostile content_rows[] = {
	{ "a gzip bomb", RULE_DECOMPRESSION, EXPANDING, .shape = bomb },
	{ "gzip cut short", RULE_DECOMPRESSION, EXPANDING, .shape = gzip_cut },
	{ "said to be gzip, but is not", RULE_DECOMPRESSION, EXPANDING, .shape = no_gzip },
	{ "something after gzip", RULE_DECOMPRESSION, EXPANDING, .shape = gzip_with_tail },
};

static void what_cannot_be_expanded_is_refused(void **state)
{
	(void)state;
	hostile_run(content_rows, COUNT(content_rows));
}

/* Anybody may encrypt for us. SIGNED is what the signer sealed as SIGNED_TYPE; SENT, sealed by somebody else as
 * SENT_TYPE, takes its place; header and signature stay. */
static void must_see_the_exchange(const char *signed_type, const char *signed_text, const char *sent_type,
				  const char *sent_text)
{
	struct letter letter, forged;
	struct wire_copy good, wire;
	struct opening opening;

	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 1, false);
	letter_part(&letter, 0, signed_type, bytes_of(signed_text));
	letter_pack(&letter, &good);
	letter_init(&forged, "ecdsa-p256", TOKEN_BST, 1, false);
	letter_part(&forged, 0, sent_type, bytes_of(sent_text));
	letter_pack(&forged, &wire);
	static const char *const ends[][2] = { { "<eb:Messaging", MESSAGING_END },
					       { "<ds:Signature ", "</ds:Signature>" } };
	for (size_t i = 0; i < COUNT(ends); i++)
		text_replace(&wire.body, text_copy(&wire.body, ends[i][0], ends[i][1]),
			     text_copy(&good.body, ends[i][0], ends[i][1]));
	opening_run(&opening, letter.profile, &ebms_limits_default, wire.content_type, buf_bytes(&wire.body));
	assert_string_equal(opening_rule(&opening), ebms_rule(RULE_DIGEST)->code);
	assert_int_equal(opening.step, PARTS);
	opening_done(&opening);
	buf_done(&good.body);
	buf_done(&wire.body);
}

static void a_part_sealed_anew_with_other_content_is_seen(void **state)
{
	(void)state;
	must_see_the_exchange("application/json", "{\"value\":1}", "application/json", "{\"value\":9}");
}

/* The type beside the ciphertext is not signed; SwA would let "text" have any line ends. */
static void a_part_sealed_anew_under_another_type_is_seen(void **state)
{
	(void)state;
	must_see_the_exchange("application/pdf", "%PDF\r\n1.7\r\n", "text/plain", "%PDF\n1.7\n");
	must_see_the_exchange("application/octet-stream", "<a></a>", "application/xml", "<!-- paid --><a/>");
}

/* --- What must pass though it looks odd --- */

/* Exclusive canonicalisation without comments: the text around a comment is one text, for the signature and for us.
 * Both see the same identifier, and a parser that stopped at the comment would not. */
static void a_comment_inside_an_identifier_hides_nothing(void **state)
{
	struct letter letter;
	struct wire_copy wire;
	struct opening opening;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 1, true);
	letter_pack(&letter, &wire);
	text_replace(&wire.body, ">0197-1142@th.example<", ">0197<!-- x -->-1142@th<!---->.example<");
	opening_run(&opening, letter.profile, &ebms_limits_default, wire.content_type, buf_bytes(&wire.body));
	opening_must_pass(&opening);
	assert_string_equal(opening.message.user.info->message_id, "0197-1142@th.example");
	opening_done(&opening);
	buf_done(&wire.body);
}

/* RFC 2392: "@" and others may be escaped in the URL; the header has them as they are (trap 7). */
static void a_percent_encoded_cid_names_its_part(void **state)
{
	struct letter letter;
	struct wire_copy wire;
	struct opening opening;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 2, true);
	letter.payloads[0].content_id = "part%2d1%40th.example";
	letter.part[0].href = "cid:part%2d1%40th.example";
	letter_pack(&letter, &wire);
	text_replace(&wire.body, "<part%2d1%40th.example>", "<part-1@th.example>");
	opening_run(&opening, letter.profile, &ebms_limits_default, wire.content_type, buf_bytes(&wire.body));
	opening_must_pass(&opening);
	assert_string_equal(opening.message.parts[0].content_id, "part-1@th.example");
	opening_done(&opening);
	buf_done(&wire.body);
}

/* In the place of the text from BEGIN to END stands base64 of OCTETS between BEFORE and AFTER. */
static void put_octets(struct wire_copy *wire, const char *begin, const char *end, const char *before,
		       struct bytes octets, const char *after)
{
	buf_auto text;

	buf_init(&text, 65536);
	buf_puts(&text, before);
	base64_put(&text, octets);
	buf_puts(&text, after);
	text_replace(&wire->body, text_copy(&wire->body, begin, end), buf_text(&text));
}

/* WS-Security X.509 token profile 1.1.1 §3.1: a SEQUENCE of certificates (X.690), the signer's last, as Domibus and
 * WSS4J can be told to send. */
static void a_path_of_certificates_names_its_last(void **state)
{
	struct letter letter;
	struct wire_copy wire;
	struct opening opening;
	uint8_t path[8192] = { 0x30, 0x82 };

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 1, true);
	letter_pack(&letter, &wire);
	struct bytes root = cert_der(pki_cert(world.root)), leaf = cert_der(letter.identity.key->cert);
	size_t size = root.size + leaf.size;
	path[2] = (uint8_t)(size >> 8);
	path[3] = (uint8_t)size;
	memcpy(path + 4, root.data, root.size);
	memcpy(path + 4 + root.size, leaf.data, leaf.size);
	put_octets(&wire, "ValueType=\"" URI_X509V3 "\" wsu:Id", "</wsse:BinarySecurityToken>",
		   "ValueType=\"" URI_X509_PATH "\" wsu:Id=\"as4-token\">", bytes(path, 4 + size),
		   "</wsse:BinarySecurityToken>");
	opening_run(&opening, letter.profile, &ebms_limits_default, wire.content_type, buf_bytes(&wire.body));
	opening_must_pass(&opening);
	assert_string_equal(cert_fingerprint(opening.cert), cert_fingerprint(letter.identity.key->cert));
	opening_done(&opening);
	buf_done(&wire.body);
}

/* XML Signature 1.1 §4.5.2.3.1: as WSS4J writes an ephemeral EC key. The point is the last 65 octets of RFC 5480's
 * SubjectPublicKeyInfo. One that is not on the curve opens nothing, one of another size is none. */
static void an_ephemeral_key_may_be_a_point_of_the_named_curve(void **state)
{
	enum { POINT = 65 };
	static const char begin[] = "<dsig11:DEREncodedKeyValue", end[] = "</dsig11:DEREncodedKeyValue>";
	static const struct {
		size_t size;
		uint8_t flip;
		enum step step;
	} rows[] = { { POINT, 0, PASSED }, { POINT, 1, DECRYPTING }, { POINT - 1, 0, SECURITY } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct letter letter;
		struct wire_copy wire;
		struct opening opening;
		struct bytes spki;
		letter_init(&letter, "ecdsa-p256", TOKEN_BST, 1, true);
		letter_pack(&letter, &wire);
		const char *element = text_copy(&wire.body, begin, end);
		const char *value = strchr(element, '>') + 1;
		assert_true(base64_parse(world.arena, bytes(value, strlen(value) - strlen(end)), &spki));
		uint8_t *point = arena_copy(world.arena, spki.data + spki.size - POINT, POINT);
		point[POINT - 1] ^= rows[i].flip;
		put_octets(&wire, begin, end,
			   "<ds:KeyValue><dsig11:ECKeyValue xmlns:dsig11=\"" NS_DS11
			   "\"><dsig11:NamedCurve URI=\"urn:oid:1.2.840.10045.3.1.7\"/><dsig11:PublicKey>",
			   bytes(point, rows[i].size), "</dsig11:PublicKey></dsig11:ECKeyValue></ds:KeyValue>");
		opening_run(&opening, letter.profile, &ebms_limits_default, wire.content_type, buf_bytes(&wire.body));
		if (opening.step != rows[i].step)
			fail_msg("row %zu: step %d, %s", i, opening.step, opening_rule(&opening));
		opening_done(&opening);
		buf_done(&wire.body);
	}
}

/* RFC 2392 §2: the URL is the escaped Content-ID. Escapes are of octets; "%" alone stands for itself. */
static void a_cid_matches_escaped_or_as_it_is(void **state)
{
	static const struct {
		const char *uri, *id;
		bool matches;
	} rows[] = {
		{ "cid:a@b", "a@b", true },       { "cid:a%40b", "a@b", true },
		{ "cid:a%40b", "a%40b", true },   { "cid:a%4", "a%4", true },
		{ "cid:a%zz", "a%zz", true },     { "cid:%C3%a9", "\xc3\xa9", true },
		{ "cid:a%2540b", "a%40b", true }, { "cid:a%2540b", "a@b", false },
		{ "cid:a@b", "a@bc", false },     { "cid:a@bc", "a@b", false },
		{ "cid:a%00b", "a", false },      { "CID:a@b", "a@b", false },
		{ "a@b", "a@b", false },          { "cid:", "", true },
		{ "#a@b", "a@b", false },         { "cid:A@b", "a@b", false },
		{ "cid:a@b%", "a@b%", true },     { NULL, "a@b", false },
		{ "cid:a@b", NULL, false },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (ebms_cid_matches(rows[i].uri, rows[i].id) != rows[i].matches)
			fail_msg("%s and %s", rows[i].uri, rows[i].id);
}

static void the_order_of_parts_is_that_of_payload_info(void **state)
{
	struct letter letter;
	struct wire_copy wire;
	struct opening opening;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 2, true);
	struct ebms_part_info first = letter.part[0];
	letter.part[0] = letter.part[1];
	letter.part[1] = first;
	letter_pack(&letter, &wire);
	opening_run(&opening, letter.profile, &ebms_limits_default, wire.content_type, buf_bytes(&wire.body));
	opening_must_pass(&opening);
	assert_string_equal(opening.message.parts[0].content_id, "part-2@th.example"); /* TA45: the leading document */
	opening_done(&opening);
	buf_done(&wire.body);
}

static void a_pull_request_is_known_as_one(void **state)
{
	struct letter letter;
	struct wire_copy wire;
	struct opening opening;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 0, true);
	letter_pack(&letter, &wire);
	pull_request(&wire);
	opening_run(&opening, letter.profile, &ebms_limits_default, wire.content_type, buf_bytes(&wire.body));
	assert_int_equal(opening.message.kind, KIND_PULL_REQUEST);
	opening_done(&opening);
	buf_done(&wire.body);
}

/* --- Out of memory --- */

/* However little memory there is: a fault or a finding, never a message that passed unchecked. */
static void a_full_arena_never_lets_a_changed_message_pass(void **state)
{
	struct letter letter;
	struct wire_copy wire;

	(void)state;
	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 2, true);
	letter_pack(&letter, &wire);
	text_replace(&wire.body, "FORM-D", "FORM-E");
	size_t faults = 0;
	for (size_t size = 256; size < 65536; size += size / 4) {
		arena_auto small = arena_new(size);
		struct err err = { 0 };
		struct ebms_message message;
		struct findings *findings = findings_new(small);
		if (!findings)
			continue;
		ebms_init(&message, small, &ebms_limits_default, findings);
		enum err_code code = ebms_read(&message, wire.content_type, buf_bytes(&wire.body), &err);
		if (code == OK && findings_count(findings) == 0)
			code = ebms_read_security(&message, &err);
		if (code == OK && findings_count(findings) == 0)
			ebms_check_profile(&message, letter.profile);
		if (code == OK && findings_count(findings) == 0)
			code = ebms_verify(&message, letter.identity.key->cert, &err);
		assert_true(code == ERR_MEMORY || (code == OK && findings_count(findings) > 0));
		faults += code != OK;
		ebms_done(&message);
	}
	assert_true(faults > 0);
	buf_done(&wire.body);
}

/* A letter with COUNT of TEXT before the first of its name, read as far as its security. The message is done with, what
 * is told of it is in the arena. */
static struct ebms_message crowded(const char *name, const char *text, unsigned count)
{
	struct letter letter;
	struct wire_copy wire;
	struct ebms_message message;
	struct err err;
	buf_auto many;

	letter_init(&letter, "ecdsa-p256", TOKEN_BST, 2, true);
	letter_pack(&letter, &wire);
	buf_init(&many, 1 << 20);
	for (unsigned i = 0; i < count; i++)
		buf_puts(&many, text);
	text_insert(&wire.body, text_at(&wire.body, name), buf_text(&many));
	ebms_init(&message, world.arena, &ebms_limits_default, findings_new(world.arena));
	assert_int_equal(ebms_read(&message, wire.content_type, buf_bytes(&wire.body), &err), OK);
	assert_int_equal(ebms_read_security(&message, &err), OK);
	ebms_done(&message);
	buf_done(&wire.body);
	return message;
}

/* Nobody is proved to speak yet, and each would be looked for among the others: beyond 30 they are not read at all. */
static void a_flood_of_references_is_not_read(void **state)
{
	enum { FULL = 30, SEALED = 2, SIGNED = 4, FLOOD = 1900 };
	static const char sealed[] = "<xenc:EncryptedData xmlns:xenc=\"" NS_XENC "\"/>";
	static const char named[] = "<xenc:DataReference URI=\"#x\"/>";
	static const char reference[] = "<ds:Reference URI=\"#x\"/>";

	(void)state;
	assert_int_equal(crowded("<xenc:EncryptedData", sealed, FULL - SEALED).encryption->count, FULL);
	assert_null(crowded("<xenc:EncryptedData", sealed, FULL - SEALED + 1).encryption);
	assert_int_equal(crowded("<ds:Reference", reference, FULL - SIGNED).signature->count, FULL);
	assert_null(crowded("<ds:Reference", reference, FULL - SIGNED + 1).signature);
	/* What is not read has nothing wrong of its own. */
	assert_true(findings_errors(crowded("<xenc:EncryptedData", sealed, FLOOD).findings) < 100);
	assert_true(findings_errors(crowded("<xenc:DataReference", named, FLOOD).findings) < 100);
	assert_true(findings_errors(crowded("<ds:Reference", reference, FLOOD).findings) < 100);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_arena_new, world_arena_free)
	const struct CMUnitTest tests[] = {
		TEST(a_package_that_is_not_the_one_of_as4_is_refused),
		TEST(an_envelope_that_is_not_the_one_of_as4_is_refused),
		TEST(a_header_that_is_not_the_one_of_ebms_is_refused),
		TEST(what_is_not_sealed_as_agreed_is_refused),
		TEST(what_cannot_be_expanded_is_refused),
		TEST(a_part_sealed_anew_with_other_content_is_seen),
		TEST(a_part_sealed_anew_under_another_type_is_seen),
		TEST(a_comment_inside_an_identifier_hides_nothing),
		TEST(a_percent_encoded_cid_names_its_part),
		TEST(a_path_of_certificates_names_its_last),
		TEST(an_ephemeral_key_may_be_a_point_of_the_named_curve),
		TEST(a_cid_matches_escaped_or_as_it_is),
		TEST(the_order_of_parts_is_that_of_payload_info),
		TEST(a_pull_request_is_known_as_one),
		TEST(a_full_arena_never_lets_a_changed_message_pass),
		TEST(a_flood_of_references_is_not_read),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
