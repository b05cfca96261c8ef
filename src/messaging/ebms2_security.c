/* ds:Signature of ebMS 2.0 §4.1.3: over the whole envelope but for itself and what is meant for a next MSH, and over
 * each part as it is. The one template that is agreed is matched, never evaluated: an XPath of a stranger may cost or
 * select anything. */
#include "base/text.h"
#include "messaging/ebms2_int.h"
#include "messaging/signature_int.h"
#include "messaging/uris_int.h"

/* What the engine calls the template, and a part's reference without transforms. */
#define TEMPLATE "enveloped-signature, XPath and C14N of ebMS 2"
#define AS_IS    ""

static const struct grammar signature_grammar[] = {
	/* depth name              min max  attributes   content */
	{ 0, "ds:Signature", 1, 1, "Id", ELEMENTS },
	{ 1, "ds:SignedInfo", 1, 1, "Id", ELEMENTS },
	{ 2, "ds:CanonicalizationMethod", 1, 1, "Algorithm!", ELEMENTS },
	{ 3, "ec:InclusiveNamespaces", 0, 1, "PrefixList!", ELEMENTS },
	{ 2, "ds:SignatureMethod", 1, 1, "Algorithm!", ELEMENTS },
	{ 2, "ds:Reference", 1, REFERENCES_MAX, "URI! Id Type", ELEMENTS },
	{ 3, "ds:Transforms", 0, 1, NULL, ELEMENTS },
	{ 4, "ds:Transform", 1, 3, "Algorithm!", ELEMENTS },
	{ 5, "ds:XPath", 0, 1, NULL, TEXT },
	{ 3, "ds:DigestMethod", 1, 1, "Algorithm!", ELEMENTS },
	{ 3, "ds:DigestValue", 1, 1, NULL, TEXT },
	{ 1, "ds:SignatureValue", 1, 1, "Id", TEXT },
	{ 1, "ds:KeyInfo", 0, 1, NULL, OPEN },
	{ 0 },
};

/* --- The template --- */

/* Tokens of XPath may have white space between them. */
static bool take(const char **at, const char *token)
{
	const char *start = *at + strspn(*at, " \t\r\n");
	size_t size = strlen(token);
	if (strncmp(start, token, size) != 0)
		return false;
	*at = start + size;
	return true;
}

static bool take_all(const char **at, const char *const *tokens)
{
	while (*tokens && take(at, *tokens))
		tokens++;
	return !*tokens;
}

enum { PREFIX_SIZE = 64 };

/* P:actor, with P bound to SOAP 1.1 where the expression stands. */
static bool take_actor(const char **at, const struct xml_node *scope, char prefix[static PREFIX_SIZE])
{
	const char *start = *at + strspn(*at, " \t\r\n");
	size_t size = strcspn(start, ":]=\"' \t\r\n");
	if (size == 0 || size >= PREFIX_SIZE || start[size] != ':')
		return false;
	memcpy(prefix, start, size);
	prefix[size] = '\0';
	*at = start + size + 1;
	return same(xml_namespace_of_prefix(scope, prefix), NS_SOAP11) && strncmp(*at, "actor", 5) == 0 &&
	       take(at, "actor");
}

/* A string in either quotes: one of the actors that may be left out. */
static const char *take_uri(const char **at)
{
	static const char *const actors[] = { URI_NEXT_MSH, URI_NEXT_MSH_OLD, URI_SOAP_NEXT };
	const char *quote = take(at, "\"") ? "\"" : take(at, "'") ? "'" : NULL;
	size_t size = quote ? strcspn(*at, quote) : 0;
	for (size_t i = 0; size && i < COUNT(actors); i++)
		if (strlen(actors[i]) == size && memcmp(actors[i], *at, size) == 0) {
			*at += size;
			return take(at, quote) ? actors[i] : NULL;
		}
	return NULL;
}

/* ancestor-or-self::node()[@P:actor="URI"] */
static const char *take_term(const char **at, const struct xml_node *scope, char prefix[static PREFIX_SIZE])
{
	static const char *const before[] = { "ancestor-or-self", "::", "node", "(", ")", "[", "@", NULL };
	if (!take_all(at, before) || !take_actor(at, scope, prefix) || !take(at, "="))
		return NULL;
	const char *uri = take_uri(at);
	return uri && take(at, "]") ? uri : NULL;
}

/* not(TERM|TERM), one for the next MSH and one for the next SOAP node, in either order (five spellings have been met:
 * other prefixes, blanks and line breaks). */
static bool read_xpath(struct arena *arena, const struct xml_node *xpath, struct ebms_reference *reference)
{
	static const char *const before[] = { "not", "(", NULL };
	char prefixes[2][PREFIX_SIZE];
	const char *at = xpath ? xml_text(xpath) : NULL;
	if (!at || !take_all(&at, before))
		return false;
	const char *first = take_term(&at, xpath, prefixes[0]);
	const char *second = first && take(&at, "|") ? take_term(&at, xpath, prefixes[1]) : NULL;
	if (!second || !take(&at, ")") || at[strspn(at, " \t\r\n")] != '\0')
		return false;
	reference->left_out[0] = first;
	reference->left_out[1] = second;
	reference->prefixes = arena_printf(arena, "%s %s", prefixes[0], prefixes[1]);
	return reference->prefixes && same(first, URI_SOAP_NEXT) != same(second, URI_SOAP_NEXT);
}

void ebms2_read_transforms(struct ebms_message *message, const struct xml_node *node, struct ebms_reference *reference)
{
	static const char *const algorithms[] = { URI_ENVELOPED, URI_XPATH, URI_C14N };
	const struct xml_node *transform = grammar_child(node, "ds:Transform"), *xpath = NULL;
	size_t fitting = 0;
	if (!node) {
		reference->transform = AS_IS;
		return;
	}
	for (; transform && fitting < COUNT(algorithms); transform = grammar_again(transform), fitting++) {
		if (!same(security_algorithm(transform), algorithms[fitting]))
			break;
		if (same(algorithms[fitting], URI_XPATH))
			xpath = grammar_child(transform, "ds:XPath");
	}
	if (fitting == COUNT(algorithms) && !transform && read_xpath(message->arena, xpath, reference))
		reference->transform = TEMPLATE;
}

bool ebms2_transforms_fit(const struct ebms_reference *reference)
{
	bool attachment = reference->uri && starts_with(reference->uri, "cid:");
	return same(reference->transform, attachment ? AS_IS : TEMPLATE);
}

void ebms2_put_transforms(struct buf *out, const struct ebms_reference *reference)
{
	if (same(reference->transform, AS_IS))
		return;
	/* The prefix is the one that the envelope declares: see ebms2_pack.c. */
	buf_puts(out,
		 "<ds:Transforms><ds:Transform Algorithm=\"" URI_ENVELOPED "\"></ds:Transform>"
		 "<ds:Transform Algorithm=\"" URI_XPATH "\"><ds:XPath>"
		 "not(ancestor-or-self::node()[@soap:actor=\"" URI_NEXT_MSH "\"]"
		 "|ancestor-or-self::node()[@soap:actor=\"" URI_SOAP_NEXT "\"])"
		 "</ds:XPath></ds:Transform><ds:Transform Algorithm=\"" URI_C14N "\"></ds:Transform></ds:Transforms>");
}

/* --- What is signed --- */

int ebms2_covers(const struct ebms_message *message, const char *uri)
{
	(void)message;
	return same(uri, "") ? 0 : -1;
}

struct leaving_out {
	const struct xml_node *signature;
	const char *const *actors;
};

static bool is_left_out(void *arg, const struct xml_node *node)
{
	const struct leaving_out *out = arg;
	const char *actor = xml_attribute(node, NS_SOAP11, "actor");
	return node == out->signature || (actor && (same(actor, out->actors[0]) || same(actor, out->actors[1])));
}

enum err_code ebms2_octets(struct ebms_message *message, const struct ebms_reference *reference, struct buf *out,
			   struct err *err)
{
	struct leaving_out leaving = { .signature = message->security, .actors = reference->left_out };
	if (!same(reference->uri, "") || !same(reference->transform, TEMPLATE))
		return fail(err, ERR_INVALID, "a reference without the transforms of ebMS 2 has no octets");
	return xml_c14n_inclusive(message->doc, is_left_out, &leaving, out, err);
}

struct ebms_reference ebms2_envelope_reference(void)
{
	return (struct ebms_reference){ .uri = "", .transform = TEMPLATE, .left_out = { URI_NEXT_MSH, URI_SOAP_NEXT } };
}

/* --- Reading --- */

/* Certificates come from the agreement; KeyInfo only says which of them it was. */
static void read_key_info(struct ebms_message *message, const struct xml_node *key_info)
{
	const struct xml_node *serial = grammar_child(grammar_child(key_info, "ds:X509Data"), "ds:X509IssuerSerial");
	signature_read_certificate(message, key_info);
	if (message->signature->token.kind == TOKEN_NONE && serial)
		message->signature->token =
			(struct ebms_token){ .kind = TOKEN_ISSUER_SERIAL,
					     .issuer = security_text(message, serial, "ds:X509IssuerName"),
					     .serial = security_text(message, serial, "ds:X509SerialNumber") };
}

/* What may come unsigned is the agreement's matter: acknowledgments, and signals of which nothing depends. */
enum err_code ebms2_read_security(struct ebms_message *message, struct err *err)
{
	const struct xml_node *signature = message->security;
	if (!signature && message->kind == KIND_USER_MESSAGE)
		ebms_found(message, RULE_UNSIGNED, NULL, NULL);
	if (!signature)
		return OK;
	grammar_check(signature_grammar, signature, ebms_rule(RULE_SIGNATURE2), message->findings);
	if (grammar_child(signature, "ds:SignedInfo"))
		TRY(signature_read(message, signature, err));
	if (message->signature)
		read_key_info(message, grammar_child(signature, "ds:KeyInfo"));
	return OK;
}

bool ebms2_may_be_unsigned(const struct ebms_message *message, bool ack_signed)
{
	if (message->binding != &binding_ebms2 || message->kind == KIND_USER_MESSAGE)
		return false;
	return message->kind != KIND_RECEIPT || !ack_signed;
}

void ebms2_check_profile(struct ebms_message *message, const struct security_profile *profile)
{
	ebms_check_signature(message, profile);
}
