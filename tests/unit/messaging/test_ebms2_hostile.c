/* What a hostile peer may write in ebMS 2, and a carrier change: refused, however well it is signed. */
#include "ebms2_world.h"
#include "messaging/uris_int.h"

#include "base/text.h"

static void what_the_forger_signs_and_does_not_change_passes(void **state)
{
	struct wire_copy wire;
	struct opening opening;

	(void)state;
	wrong_pack(NULL, &wire);
	open_wire(&opening, &wire);
	opening_must_pass(&opening);
	opening_done(&opening);
	buf_done(&wire.body);
}

#define TYPE            "urn:oasis:names:tc:ebcore:partyid-type:unregistered"
#define HEADER_START    "<eb:MessageHeader soap:mustUnderstand=\"1\" eb:version=\"2.0\">"
#define NEXT            " soap:actor=\"" URI_SOAP_NEXT "\""
#define MUST            " soap:mustUnderstand=\"1\" eb:version=\"2.0\""
#define AFTER_HEADER    "</eb:MessageHeader>"
#define ORDER           "<eb:MessageOrder" MUST "><eb:SequenceNumber>1</eb:SequenceNumber></eb:MessageOrder>"
#define FIRST_REFERENCE "<eb:Reference xlink:href=\"cid:part-1@th.example\" xlink:type=\"simple\"></eb:Reference>"
#define ACKNOWLEDGMENT(more)                                                                                           \
	"<eb:Acknowledgment" MUST more "><eb:Timestamp>2026-11-22T03:00:00Z</eb:Timestamp>"                            \
	"<eb:RefToMessageId>any@interop</eb:RefToMessageId></eb:Acknowledgment>"
#define ERRORS(more)                                                                                                   \
	"<eb:ErrorList" MUST more " eb:highestSeverity=\"Error\"><eb:Error eb:errorCode=\"Unknown\" "                  \
	"eb:severity=\"Error\"></eb:Error></eb:ErrorList>"

/* ebMS 2.0 §2.3, §3.1, §3.2; the list is that of tests/interop/ebms2/envelopes.py and more. All are signed well. */
static void what_the_header_must_not_say_is_refused_however_well_it_is_signed(void **state)
{
	static const struct wrong rows[] = {
		{ "another version", RULE_HEADER2, READING,
		  .before = { { "eb:version=\"2.0\"", "eb:version=\"2.1\"" } } },
		{ "no version", RULE_HEADER2, READING, .before = { { HEADER_START, "<eb:MessageHeader>" } } },
		{ "a PartyId that is no URI", RULE_HEADER2, READING,
		  .before = { { " eb:type=\"" TYPE "\">TH", ">TH" } } },
		{ "another PartyId that is no URI", RULE_HEADER2, READING,
		  .before = { { " eb:type=\"" TYPE "\">VN", ">VN" } } },
		{ "a service that is no URI", RULE_HEADER2, READING,
		  .before = { { "urn:asean:asw:documents", "documents" } } },
		{ "an empty CPAId", RULE_HEADER2, READING, .before = { { "vn-th-1", "" } } },
		{ "a CPAId in an element", RULE_HEADER2, READING, .before = { { "vn-th-1", "<eb:x>vn-th-1</eb:x>" } } },
		{ "an action around an unsigned element", RULE_HEADER2, READING,
		  .before = { { "FORM-D<", "FORM<x:x xmlns:x=\"urn:x\"" NEXT ">-X</x:x>-D<" } } },
		{ "no MessageId", RULE_HEADER2, READING,
		  .before = { { "<eb:MessageId>0197-1142@th.example</eb:MessageId>", "" } } },
		{ "two MessageIds", RULE_HEADER2, READING,
		  .before = { { "<eb:MessageId>", "<eb:MessageId>a@b</eb:MessageId><eb:MessageId>" } } },
		{ "no timestamp", RULE_HEADER2, READING,
		  .before = { { "<eb:Timestamp>", "<eb:Timestamp>yesterday" } } },
		{ "two headers", RULE_ENVELOPE, READING,
		  .before = { { HEADER_START, HEADER_START AFTER_HEADER HEADER_START } } },
		{ "two bodies", RULE_ENVELOPE, READING,
		  .before = { { "<soap:Body>", "<soap:Body></soap:Body><soap:Body>" } } },
		{ "two headers of SOAP", RULE_ENVELOPE, READING,
		  .before = { { "<soap:Header>", "<soap:Header></soap:Header><soap:Header>" } } },
		{ "something after the body", RULE_ENVELOPE, READING,
		  .before = { { "</soap:Envelope>", "<x:x xmlns:x=\"urn:x\"/></soap:Envelope>" } } },
		{ "two manifests", RULE_ENVELOPE, READING,
		  .before = { { "<eb:Manifest ",
				"<eb:Manifest eb:version=\"2.0\">" FIRST_REFERENCE "</eb:Manifest><eb:Manifest " } } },
		{ "three AckRequested", RULE_ENVELOPE, READING,
		  .before = { { "<eb:AckRequested", "<eb:AckRequested/><eb:AckRequested/><eb:AckRequested" } } },
		{ "two AckRequested for one actor", RULE_HEADER2, READING,
		  .before = { { "<eb:AckRequested", "<eb:AckRequested" MUST " soap:actor=\"" URI_TO_PARTY_MSH
						    "\" eb:signed=\"false\"/><eb:AckRequested" } } },
		{ "AckRequested by somebody else", RULE_NOT_AGREED, READING,
		  .before = { { URI_TO_PARTY_MSH, "urn:example:actor" } } },
		{ "something else in the body", RULE_BODY, READING,
		  .before = { { "</soap:Body>", "<x:x xmlns:x=\"urn:x\"/></soap:Body>" } } },
		{ "a header that must be understood", RULE_FOREIGN_HEADER, READING,
		  .before = { { AFTER_HEADER, AFTER_HEADER "<x:x xmlns:x=\"urn:x\" soap:mustUnderstand=\"1\"/>" } } },
		{ "text in the header", RULE_ENVELOPE, READING, .before = { { AFTER_HEADER, AFTER_HEADER "text" } } },
		{ "text in the manifest", RULE_ENVELOPE, READING,
		  .before = { { FIRST_REFERENCE, "text" FIRST_REFERENCE } } },
		{ "a manifest without references", RULE_ENVELOPE, READING, .bare = true,
		  .before = { { "<soap:Body>", "<soap:Body><eb:Manifest eb:version=\"2.0\"></eb:Manifest>" } } },
		{ "an attribute of the manifest", RULE_ENVELOPE, READING,
		  .before = { { "<eb:Manifest ", "<eb:Manifest x=\"y\" " } } },
		{ "MessageOrder and SyncReply", RULE_HEADER2, READING,
		  .before = { { AFTER_HEADER, AFTER_HEADER ORDER } } },
		{ "SyncReply of another actor", RULE_HEADER2, READING,
		  .before = { { "<eb:SyncReply soap:actor=\"" URI_SOAP_NEXT "\"",
				"<eb:SyncReply soap:actor=\"urn:x\"" } } },
		{ "an acknowledgment with a manifest", RULE_HEADER2, READING,
		  .before = { { AFTER_HEADER, AFTER_HEADER ACKNOWLEDGMENT("") } } },
		{ "errors with a manifest", RULE_HEADER2, READING,
		  .before = { { AFTER_HEADER, AFTER_HEADER ERRORS("") } } },
		{ "an acknowledgment with errors", RULE_HEADER2, READING,
		  .before = { { AFTER_HEADER, AFTER_HEADER ACKNOWLEDGMENT("") ERRORS("") } }, .bare = true },
		{ "two acknowledgments", RULE_ENVELOPE, READING,
		  .before = { { AFTER_HEADER, AFTER_HEADER ACKNOWLEDGMENT("") ACKNOWLEDGMENT("") } }, .bare = true },
		{ "errors about nothing", RULE_SIGNAL_REF, READING,
		  .before = { { AFTER_HEADER, AFTER_HEADER ERRORS("") } }, .bare = true },
	};

	(void)state;
	wrong_run(rows, COUNT(rows));
}

/* ebMS 2.0 §3.2: the manifest names every part of the message, once, and nothing else. */
static void a_manifest_that_is_not_of_the_parts_is_refused(void **state)
{
	static const struct wrong rows[] = {
		{ "a manifest that names a web page", RULE_HREF, READING,
		  .before = { { "xlink:href=\"cid:part-1@th.example", "xlink:href=\"http://127.0.0.1:9/payload" } } },
		{ "a manifest that names no part", RULE_HREF, READING,
		  .before = { { "xlink:href=\"cid:part-1@th.example", "xlink:href=\"cid:nobody" } } },
		{ "a part that is named twice", RULE_PARTS, READING,
		  .before = { { FIRST_REFERENCE, FIRST_REFERENCE FIRST_REFERENCE } } },
		{ "a part that is named twice in two spellings", RULE_PARTS, READING,
		  .before = { { FIRST_REFERENCE, FIRST_REFERENCE
				"<eb:Reference xlink:href=\"cid:%70art-1%40th.example\"></eb:Reference>" } } },
		{ "a part that is not named", RULE_PARTS, READING, .before = { { FIRST_REFERENCE, "" } } },
		{ "parts and no manifest", RULE_PARTS, READING,
		  .before = { { "<eb:Manifest eb:version=\"2.0\">" FIRST_REFERENCE, "" },
			      { "<eb:Reference xlink:href=\"cid:part-2@th.example\" xlink:type=\"simple\"></eb:Reference></eb:Manifest>",
				"" } } },
	};

	(void)state;
	wrong_run(rows, COUNT(rows));
}

/* What is of the next SOAP node or MSH is not in the digest: whoever carries a message can put it in. */
#define MARKED(name_, from_, to_)                                                                                      \
	{                                                                                                              \
		name_, RULE_HEADER2, READING, .after = { { from_, to_ } }                                              \
	}
static void nothing_that_is_read_may_be_marked_as_for_a_next_node(void **state)
{
	static const struct wrong rows[] = {
		MARKED("the header", "<eb:MessageHeader", "<eb:MessageHeader" NEXT),
		MARKED("From", "<eb:From>", "<eb:From" NEXT ">"),
		MARKED("PartyId", "<eb:PartyId", "<eb:PartyId" NEXT),
		MARKED("CPAId", "<eb:CPAId>", "<eb:CPAId" NEXT ">"),
		MARKED("Action", "<eb:Action>", "<eb:Action" NEXT ">"),
		MARKED("RefToMessageId", "</eb:Timestamp>",
		       "</eb:Timestamp><eb:RefToMessageId" NEXT ">x@y</eb:RefToMessageId>"),
		MARKED("TimeToLive", "</eb:Timestamp>",
		       "</eb:Timestamp><eb:TimeToLive" NEXT ">2026-01-01T00:00:00Z</eb:TimeToLive>"),
		MARKED("DuplicateElimination", "<eb:DuplicateElimination>", "<eb:DuplicateElimination" NEXT ">"),
		MARKED("Description", AFTER_HEADER, "<eb:Description" NEXT ">x</eb:Description>" AFTER_HEADER),
		MARKED("MessageOrder", AFTER_HEADER, AFTER_HEADER "<eb:MessageOrder" NEXT "/>"),
		MARKED("Acknowledgment", AFTER_HEADER, AFTER_HEADER ACKNOWLEDGMENT(NEXT)),
		MARKED("ErrorList", AFTER_HEADER, AFTER_HEADER ERRORS(NEXT)),
		MARKED("ErrorList, for the next MSH", AFTER_HEADER,
		       AFTER_HEADER ERRORS(" soap:actor=\"" URI_NEXT_MSH "\"")),
		MARKED("ErrorList, for the next MSH of old", AFTER_HEADER,
		       AFTER_HEADER ERRORS(" soap:actor=\"" URI_NEXT_MSH_OLD "\"")),
		MARKED("ErrorList, by another prefix", AFTER_HEADER,
		       AFTER_HEADER ERRORS(" xmlns:s=\"" NS_SOAP11 "\" s:actor=\"" URI_SOAP_NEXT "\"")),
		MARKED("ErrorList, with an entity", AFTER_HEADER,
		       AFTER_HEADER ERRORS(" soap:actor=\"http://schemas.xmlsoap.org/soap/actor/nex&#116;\"")),
		MARKED("Reference", "<eb:Reference xlink:href=\"cid:part-1",
		       "<eb:Reference" NEXT " xlink:href=\"cid:part-1"),
		MARKED("Fault", "</soap:Body>", "<soap:Fault" NEXT "/></soap:Body>"),
		MARKED("StatusRequest", "</soap:Body>", "<eb:StatusRequest" NEXT "/></soap:Body>"),
		MARKED("Signature", "<ds:Signature ", "<ds:Signature" NEXT " "),
		MARKED("SignedInfo", "<ds:SignedInfo>", "<ds:SignedInfo" NEXT ">"),
		MARKED("a second Signature", "<ds:Signature ",
		       "<ds:Signature xmlns:ds=\"" NS_DS "\"" NEXT "/><ds:Signature "),
		MARKED("Body", "<soap:Body>", "<soap:Body" NEXT ">"),
	};
	/* These are refused before it is asked who is marked how: by the grammar of the envelope. */
	static const struct wrong refused_before[] = {
		{ "the header of SOAP", RULE_ENVELOPE, READING,
		  .after = { { "<soap:Header>", "<soap:Header" NEXT ">" } } },
		{ "the envelope", RULE_ENVELOPE, READING,
		  .after = { { "<soap:Envelope ", "<soap:Envelope" NEXT " " } } },
		{ "a second body", RULE_ENVELOPE, READING,
		  .after = { { "<soap:Body>", "<soap:Body" NEXT "></soap:Body><soap:Body>" } } },
		{ "a second header", RULE_ENVELOPE, READING,
		  .after = { { "<eb:MessageHeader", "<eb:MessageHeader" NEXT "/><eb:MessageHeader" } } },
		{ "a second manifest", RULE_ENVELOPE, READING,
		  .after = { { "<eb:Manifest ", "<eb:Manifest" NEXT "/><eb:Manifest " } } },
	};
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wrong row = rows[i];
		/* The grammar of the body does not know the attribute, and speaks first. */
		if (same(row.name, "Body"))
			row.rule = RULE_ENVELOPE;
		bad += !wrong_is_refused(&row);
		world_arena_free(NULL);
		assert_int_equal(world_arena_new(NULL), 0);
	}
	assert_int_equal(bad, 0);
	wrong_run(refused_before, COUNT(refused_before));
}

/* A header block of somebody else, for somebody on the way, may be added and taken off; what it says is nobody's here.
 */
static void a_foreign_block_for_a_next_node_changes_nothing(void **state)
{
	static const struct wrong row = { .after = { { AFTER_HEADER, AFTER_HEADER "<x:x xmlns:x=\"urn:x\"" NEXT
										  "><eb:ErrorList/></x:x>" } } };
	struct wire_copy wire;
	struct opening opening;

	(void)state;
	wrong_pack(&row, &wire);
	open_wire(&opening, &wire);
	opening_must_pass(&opening);
	assert_int_equal(opening.message.kind, KIND_USER_MESSAGE);
	opening_done(&opening);
	buf_done(&wire.body);
}

/* --- The signature --- */

#define TRANSFORMS(name_, rule_, transforms_)                                                                          \
	{                                                                                                              \
		name_, rule_, PROFILE, .forgery = {.transforms = (transforms_) }                                       \
	}
#define LITERAL(name_, literal_)                                                                                       \
	TRANSFORMS("XPath: " name_, RULE_TRANSFORM, FORGE_ENVELOPED FORGE_XPATH(literal_) FORGE_C14N)
#define NEXT_MSH_TERM FORGE_TERM("soap", URI_NEXT_MSH)
#define NEXT_TERM     FORGE_TERM("soap", URI_SOAP_NEXT)

/* ebMS 2.0 §4.1.3: three transforms, of which the second is one literal; XML Signature's others are not agreed. */
static void transforms_that_are_not_agreed_are_refused(void **state)
{
	static const struct wrong rows[] = {
		LITERAL("nothing is signed", "false()"),
		LITERAL("everything", "true()"),
		LITERAL("empty", ""),
		LITERAL("the header alone", "ancestor-or-self::soap:Header"),
		LITERAL("one actor alone", "not(" NEXT_MSH_TERM ")"),
		LITERAL("the next node alone", "not(" NEXT_TERM ")"),
		LITERAL("one actor twice", "not(" NEXT_TERM "|" NEXT_TERM ")"),
		LITERAL("two of the next MSH", "not(" NEXT_MSH_TERM "|" FORGE_TERM("soap", URI_NEXT_MSH_OLD) ")"),
		LITERAL("another actor", "not(" NEXT_MSH_TERM "|" FORGE_TERM("soap", "http://example.org/actor") ")"),
		LITERAL("an empty actor", "not(" NEXT_MSH_TERM "|" FORGE_TERM("soap", "") ")"),
		LITERAL("three actors", "not(" NEXT_MSH_TERM "|" NEXT_TERM "|" FORGE_TERM("soap", "urn:x") ")"),
		LITERAL("without not", NEXT_MSH_TERM "|" NEXT_TERM),
		LITERAL("not not", "not(not(" NEXT_MSH_TERM "|" NEXT_TERM "))"),
		LITERAL("something behind", FORGE_LITERAL " and true()"),
		LITERAL("something before", "true() and " FORGE_LITERAL),
		LITERAL("or", "not(" NEXT_MSH_TERM " or " NEXT_TERM ")"),
		LITERAL("a function", "not(count(/descendant::node()) = 0 or " NEXT_MSH_TERM "|" NEXT_TERM ")"),
		LITERAL("another axis",
			"not(descendant-or-self::node()[@soap:actor=\"" URI_NEXT_MSH "\"]|" NEXT_TERM ")"),
		LITERAL("any element", "not(ancestor-or-self::*[@soap:actor=\"" URI_NEXT_MSH "\"]|" NEXT_TERM ")"),
		LITERAL("no prefix", "not(ancestor-or-self::node()[@actor=\"" URI_NEXT_MSH "\"]|" NEXT_TERM ")"),
		LITERAL("an unknown prefix", "not(" FORGE_TERM("s", URI_NEXT_MSH) "|" NEXT_TERM ")"),
		LITERAL("a prefix of another namespace", "not(" FORGE_TERM("eb", URI_NEXT_MSH) "|" NEXT_TERM ")"),
		LITERAL("another attribute",
			"not(ancestor-or-self::node()[@soap:actors=\"" URI_NEXT_MSH "\"]|" NEXT_TERM ")"),
		LITERAL("not equal", "not(ancestor-or-self::node()[@soap:actor!=\"" URI_NEXT_MSH "\"]|" NEXT_TERM ")"),
		LITERAL("quotes that differ",
			"not(ancestor-or-self::node()[@soap:actor=\"" URI_NEXT_MSH "']|" NEXT_TERM ")"),
		LITERAL("a prefix that is too long",
			"not(ancestor-or-self::node()[@"
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			":actor=\"" URI_NEXT_MSH "\"]|" NEXT_TERM ")"),
		LITERAL("cut off", "not(" NEXT_MSH_TERM "|ancestor-or-self::node()[@soap:actor=\"" URI_SOAP_NEXT),
		{ "an element in the XPath", RULE_SIGNATURE2, SECURITY,
		  .forgery = { .transforms = FORGE_ENVELOPED FORGE_XPATH("<ds:X xmlns:ds=\"" NS_DS "\"/>" FORGE_LITERAL)
				       FORGE_C14N } },
		TRANSFORMS("no enveloped-signature", RULE_TRANSFORM, FORGE_XPATH(FORGE_LITERAL) FORGE_C14N),
		TRANSFORMS("no XPath", RULE_TRANSFORM, FORGE_ENVELOPED FORGE_C14N),
		TRANSFORMS("no C14N", RULE_TRANSFORM, FORGE_ENVELOPED FORGE_XPATH(FORGE_LITERAL)),
		TRANSFORMS("another order", RULE_TRANSFORM, FORGE_XPATH(FORGE_LITERAL) FORGE_ENVELOPED FORGE_C14N),
		TRANSFORMS("exclusive C14N", RULE_TRANSFORM,
			   FORGE_ENVELOPED FORGE_XPATH(FORGE_LITERAL) "<ds:Transform Algorithm=\"" URI_EXC_C14N "\"/>"),
		TRANSFORMS("C14N with comments", RULE_TRANSFORM,
			   FORGE_ENVELOPED FORGE_XPATH(FORGE_LITERAL) "<ds:Transform Algorithm=\"" URI_C14N
								      "#WithComments\"/>"),
		TRANSFORMS("XSLT", RULE_TRANSFORM,
			   FORGE_ENVELOPED
			   "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>" FORGE_C14N),
		TRANSFORMS("the XPath filter 2.0", RULE_TRANSFORM,
			   FORGE_ENVELOPED
			   "<ds:Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"/>" FORGE_C14N),
		TRANSFORMS("base64", RULE_TRANSFORM,
			   FORGE_ENVELOPED FORGE_XPATH(FORGE_LITERAL) "<ds:Transform Algorithm=\"" NS_DS "base64\"/>"),
		{ "two literals", RULE_SIGNATURE2, SECURITY,
		  .forgery = { .transforms = FORGE_ENVELOPED
			       "<ds:Transform Algorithm=\"" URI_XPATH "\"><ds:XPath>" FORGE_LITERAL
			       "</ds:XPath><ds:XPath>false()</ds:XPath></ds:Transform>" FORGE_C14N } },
		{ "four transforms", RULE_SIGNATURE2, SECURITY,
		  .forgery = { .transforms = FORGE_ENVELOPED FORGE_XPATH(FORGE_LITERAL) FORGE_C14N FORGE_C14N } },
		{ "no transforms at all", RULE_SIGNATURE2, SECURITY, .forgery = { .transforms = "" } },
	};

	(void)state;
	wrong_run(rows, COUNT(rows));
}

/* The spellings that were met, and white space wherever XPath 1.0 §3.7 lets it stand. */
static void the_literal_is_taken_in_any_white_space_and_order(void **state)
{
	static const char *const literals[] = {
		"not(" NEXT_TERM "|" NEXT_MSH_TERM ")",
		" not ( " NEXT_MSH_TERM "\n\t| " NEXT_TERM " )\r\n ",
		"not(ancestor-or-self :: node ( ) [ @ soap:actor = '" URI_NEXT_MSH "' ] | ancestor-or-self::node()"
		"[@soap:actor='" URI_SOAP_NEXT "'])",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(literals); i++) {
		const char *transforms = arena_printf(world.arena,
						      "%s<ds:Transform Algorithm=\"" URI_XPATH
						      "\"><ds:XPath>%s</ds:XPath></ds:Transform>%s",
						      FORGE_ENVELOPED, literals[i], FORGE_C14N);
		struct wrong row = { .forgery = { .transforms = transforms } };
		struct wire_copy wire;
		struct opening opening;
		wrong_pack(&row, &wire);
		open_wire(&opening, &wire);
		opening_must_pass(&opening);
		opening_done(&opening);
		buf_done(&wire.body);
	}
}

#define DIGEST_OF(text)                                                                                                  \
	"<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue>" text \
	"</ds:DigestValue>"
#define ANY_DIGEST        DIGEST_OF("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
#define REFERENCE_TO(uri) "<ds:Reference URI=\"" uri "\">" ANY_DIGEST "</ds:Reference>"
#define TO_ENVELOPE                                                                                                    \
	"<ds:Reference URI=\"\"><ds:Transforms>" FORGE_ENVELOPED FORGE_XPATH(FORGE_LITERAL) FORGE_C14N                 \
		"</ds:Transforms>" ANY_DIGEST "</ds:Reference>"

static void what_is_signed_is_the_envelope_and_every_part_each_once(void **state)
{
	static const struct wrong rows[] = {
		{ "the envelope is not", RULE_REFERENCES, PROFILE, .forgery = { .without_envelope = true } },
		{ "nothing is", RULE_SIGNATURE2, SECURITY,
		  .forgery = { .without_envelope = true, .without_parts = true } },
		{ "the envelope twice", RULE_REFERENCES, PROFILE, .forgery = { .references = TO_ENVELOPE } },
		{ "the envelope once more, as it is", RULE_TRANSFORM, PROFILE,
		  .forgery = { .references = REFERENCE_TO("") } },
		{ "the parts are not", RULE_REFERENCES, PROFILE, .forgery = { .without_parts = true } },
		{ "a part twice", RULE_REFERENCES, PROFILE,
		  .forgery = { .references = REFERENCE_TO("cid:part-1@th.example") } },
		{ "a part twice in two spellings", RULE_REFERENCES, PROFILE,
		  .forgery = { .references = REFERENCE_TO("cid:%70art-1%40th.example") } },
		{ "a part that there is not", RULE_REFERENCES, PROFILE,
		  .forgery = { .references = REFERENCE_TO("cid:nobody") } },
		{ "a web page", RULE_TRANSFORM, PROFILE,
		  .forgery = { .references = REFERENCE_TO("http://127.0.0.1:9/x") } },
		{ "a file", RULE_TRANSFORM, PROFILE, .forgery = { .references = REFERENCE_TO("file:///etc/passwd") } },
		{ "an element", RULE_TRANSFORM, PROFILE, .forgery = { .references = REFERENCE_TO("#header") } },
		{ "the root by XPointer", RULE_TRANSFORM, PROFILE,
		  .forgery = { .references = REFERENCE_TO("#xpointer(/)") } },
		{ "a part by a transform", RULE_TRANSFORM, PROFILE,
		  .forgery = { .without_parts = true,
			       .references = "<ds:Reference URI=\"cid:part-1@th.example\"><ds:Transforms>" FORGE_C14N
					     "</ds:Transforms>" ANY_DIGEST "</ds:Reference>" } },
		{ "no URI", RULE_SIGNATURE2, SECURITY,
		  .forgery = { .references = "<ds:Reference>" ANY_DIGEST "</ds:Reference>" } },
		{ "no digest", RULE_SIGNATURE2, SECURITY,
		  .forgery = { .references = "<ds:Reference URI=\"cid:x\"></ds:Reference>" } },
		{ "an empty digest", RULE_SIGNATURE2, SECURITY,
		  .forgery = { .references = "<ds:Reference URI=\"cid:x\">" DIGEST_OF("") "</ds:Reference>" } },
		{ "a digest that is no base64", RULE_SIGNATURE2, SECURITY,
		  .forgery = { .references = "<ds:Reference URI=\"cid:x\">" DIGEST_OF("!") "</ds:Reference>" } },
		{ "an object", RULE_SIGNATURE2, SECURITY,
		  .after = { { "</ds:Signature>", "<ds:Object/></ds:Signature>" } } },
		{ "an unknown attribute", RULE_SIGNATURE2, SECURITY,
		  .after = { { "<ds:SignedInfo>", "<ds:SignedInfo x=\"y\">" } } },
		{ "no value", RULE_SIGNATURE2, SECURITY,
		  .after = { { "<ds:SignatureValue>", "<ds:SignatureValue>!" } } },
	};

	(void)state;
	wrong_run(rows, COUNT(rows));
}

/* RFC 6931, XML Signature 1.1: by name; the agreed ones are rsa-sha256 and sha256. */
static void algorithms_that_are_not_agreed_are_refused(void **state)
{
	static const struct wrong rows[] = {
		{ "digests by SHA-1", RULE_ALGORITHM, PROFILE, .forgery = { .digest = NS_DS "sha1" } },
		{ "digests by SHA-512", RULE_ALGORITHM, PROFILE,
		  .forgery = { .digest = "http://www.w3.org/2001/04/xmlenc#sha512" } },
		{ "digests by nobody's", RULE_ALGORITHM, PROFILE, .forgery = { .digest = "urn:x" } },
		{ "RSA with SHA-1", RULE_ALGORITHM, PROFILE, .forgery = { .method = NS_DS "rsa-sha1" } },
		{ "RSA with SHA-512", RULE_ALGORITHM, PROFILE,
		  .forgery = { .method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" } },
		{ "HMAC", RULE_ALGORITHM, PROFILE, .forgery = { .method = NS_DS "hmac-sha1" } },
		{ "C14N with comments", RULE_ALGORITHM, PROFILE, .forgery = { .c14n = URI_C14N "#WithComments" } },
		{ "C14N 1.1", RULE_ALGORITHM, PROFILE, .forgery = { .c14n = "http://www.w3.org/2006/12/xml-c14n11" } },
		{ "KeyInfo without a certificate", RULE_TOKEN, SIGNER,
		  .forgery = { .key_info = "<ds:KeyName>VN</ds:KeyName>" } },
		{ "no KeyInfo", RULE_TOKEN, SIGNER, .forgery = { .key_info = "" } },
		{ "a certificate that is none", RULE_TOKEN, SIGNER,
		  .forgery = { .key_info =
				       "<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>" } },
		{ "not signed", RULE_UNSIGNED, SECURITY, .as_it_is = true,
		  .before = { { "<ds:Signature ", "<!-- <ds:Signature " },
			      { "</ds:Signature>", "</ds:Signature> -->" } } },
	};

	(void)state;
	wrong_run(rows, COUNT(rows));
}

/* The certificate in KeyInfo is ours, the value is by another key. */
static void the_name_of_a_partner_over_the_signature_of_a_stranger_is_refused(void **state)
{
	struct wrong row = { .name = "a stranger's value", .rule = RULE_SIGNATURE, .step = VERIFYING };
	buf_auto info;

	(void)state;
	buf_init(&info, 65536);
	buf_puts(&info, "<ds:X509Data><ds:X509Certificate>");
	base64_put(&info, cert_der(world_key(&world.own, KEY_USE_SIGN, KEY_RSA_2048)->cert));
	buf_puts(&info, "</ds:X509Certificate></ds:X509Data>");
	row.forgery = (struct forgery){ .keys = world.foreign_keys,
					.key = world_key(&world.foreign, KEY_USE_SIGN, KEY_RSA_2048),
					.key_info = arena_text_of(world.arena, buf_bytes(&info)) };
	wrong_run(&row, 1);
}

static void what_is_changed_after_signing_is_refused(void **state)
{
	static const struct wrong rows[] = {
		{ "the action", RULE_DIGEST, VERIFYING, .after = { { "FORM-D<", "FORM-E<" } } },
		{ "white space in the header", RULE_DIGEST, VERIFYING,
		  .after = { { AFTER_HEADER, " " AFTER_HEADER } } },
		{ "a foreign block", RULE_DIGEST, VERIFYING,
		  .after = { { AFTER_HEADER, AFTER_HEADER "<x:x xmlns:x=\"urn:x\"/>" } } },
		{ "a foreign block for somebody else", RULE_DIGEST, VERIFYING,
		  .after = { { AFTER_HEADER, AFTER_HEADER "<x:x xmlns:x=\"urn:x\" soap:actor=\"urn:y\"/>" } } },
		{ "a second signature", RULE_DIGEST, VERIFYING,
		  .after = { { "</soap:Header>", "<ds:Signature xmlns:ds=\"" NS_DS "\"/></soap:Header>" } } },
		{ "a first signature", RULE_SIGNATURE2, SECURITY,
		  .after = { { "<ds:Signature ", "<ds:Signature xmlns:ds=\"" NS_DS "\"/><ds:Signature " } } },
		{ "an acknowledgment is asked for otherwise", RULE_DIGEST, VERIFYING,
		  .after = { { "eb:signed=\"true\"", "eb:signed=\"false\"" } } },
		{ "ds:SignedInfo", RULE_SIGNATURE, VERIFYING,
		  .after = { { "<ds:SignedInfo>", "<ds:SignedInfo Id=\"x\">" } } },
		{ "a namespace that is declared", RULE_SIGNATURE, VERIFYING,
		  .after = { { "<soap:Envelope ", "<soap:Envelope xmlns:x=\"urn:x\" " } } },
		{ "the picture", RULE_DIGEST, PARTS, .after = { { "\x89PNG", "\x89PNX" } } },
	};

	(void)state;
	wrong_run(rows, COUNT(rows));
}

static const char *repeated(unsigned times, const char *text)
{
	buf_auto out;

	buf_init(&out, (size_t)1 << 20);
	for (unsigned i = 0; i < times; i++)
		buf_puts(&out, text);
	return arena_text_of(world.arena, buf_bytes(&out));
}

static void more_references_than_anybody_reads_are_refused(void **state)
{
	(void)state;
	struct wrong row = { .name = "references", .rule = RULE_SIGNATURE2, .step = SECURITY };

	row.forgery.references = repeated(40, REFERENCE_TO("cid:x"));
	wrong_run(&row, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_arena_new, world_arena_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_forger_signs_and_does_not_change_passes),
		TEST(what_the_header_must_not_say_is_refused_however_well_it_is_signed),
		TEST(a_manifest_that_is_not_of_the_parts_is_refused),
		TEST(nothing_that_is_read_may_be_marked_as_for_a_next_node),
		TEST(a_foreign_block_for_a_next_node_changes_nothing),
		TEST(transforms_that_are_not_agreed_are_refused),
		TEST(the_literal_is_taken_in_any_white_space_and_order),
		TEST(what_is_signed_is_the_envelope_and_every_part_each_once),
		TEST(algorithms_that_are_not_agreed_are_refused),
		TEST(the_name_of_a_partner_over_the_signature_of_a_stranger_is_refused),
		TEST(what_is_changed_after_signing_is_refused),
		TEST(more_references_than_anybody_reads_are_refused),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
