#include "messaging/signature_int.h"

#include "base/text.h"

bool security_found(struct ebms_message *message, const char *what, const char *where)
{
	finding_add(message->findings, ebms_rule(message->binding->security_rule), "", what, where);
	return false;
}

const char *security_algorithm(const struct xml_node *node)
{
	return grammar_attribute(node, "Algorithm");
}

struct bytes security_octets(struct ebms_message *message, const struct xml_node *node)
{
	struct bytes data = { 0 };
	const char *text = node ? xml_text(node) : NULL;
	if (!text || !base64_parse(message->arena, bytes_of(text), &data) || data.size == 0)
		security_found(message, "no base64 value", node ? xml_name(node) : "Security");
	return data;
}

bool security_count(struct ebms_message *message, const struct xml_node *first, size_t *count)
{
	*count = 0;
	for (const struct xml_node *n = first; n && *count <= REFERENCES_MAX; n = grammar_again(n))
		++*count;
	return *count <= REFERENCES_MAX || security_found(message, "too many", xml_name(first));
}

const char *security_text(struct ebms_message *message, const struct xml_node *parent, const char *name)
{
	const struct xml_node *node = grammar_child(parent, name);
	return node ? xml_token(message->arena, node) : NULL;
}

const char *signature_prefixes(const struct xml_node *node)
{
	const struct xml_node *inclusive = grammar_child(node, "ec:InclusiveNamespaces");
	return inclusive ? grammar_attribute(inclusive, "PrefixList") : NULL;
}

static void read_reference(struct ebms_message *message, const struct xml_node *node, struct ebms_reference *reference)
{
	reference->node = node;
	reference->uri = grammar_attribute(node, "URI");
	message->binding->read_transforms(message, grammar_child(node, "ds:Transforms"), reference);
	reference->digest_name = security_algorithm(grammar_child(node, "ds:DigestMethod"));
	reference->digest_known = digest_find(reference->digest_name, &reference->digest);
	reference->value = security_octets(message, grammar_child(node, "ds:DigestValue"));
}

enum err_code signature_read(struct ebms_message *message, const struct xml_node *node, struct err *err)
{
	const struct xml_node *info = grammar_child(node, "ds:SignedInfo"),
			      *first = grammar_child(info, "ds:Reference");
	size_t count;
	if (!security_count(message, first, &count))
		return OK;
	struct ebms_signature *signature = arena_alloc(message->arena, sizeof *signature);
	struct ebms_reference *reference = arena_array(message->arena, count + 1, sizeof *reference);
	if (!signature || !reference)
		return fail(err, ERR_MEMORY, "no memory for a signature");

	signature->references = reference;
	signature->count = count;
	for (const struct xml_node *r = first; r; r = grammar_again(r))
		read_reference(message, r, reference++);
	const struct xml_node *c14n = grammar_child(info, "ds:CanonicalizationMethod");
	signature->signed_info = info;
	signature->c14n = security_algorithm(c14n);
	signature->prefixes = signature_prefixes(c14n);
	signature->algorithm = security_algorithm(grammar_child(info, "ds:SignatureMethod"));
	signature->alg_known = sig_find(signature->algorithm, &signature->alg);
	signature->value = security_octets(message, grammar_child(node, "ds:SignatureValue"));
	message->signature = signature;
	return OK;
}

void signature_read_certificate(struct ebms_message *message, const struct xml_node *key_info)
{
	struct ebms_token *token = &message->signature->token;
	for (const struct xml_node *n = key_info; n && token->kind == TOKEN_NONE; n = xml_walk(key_info, n))
		if (grammar_is(n, "ds:X509Certificate"))
			*token = (struct ebms_token){ .kind = TOKEN_BST, .data = security_octets(message, n) };
}

/* --- Writing --- */

enum err_code signing_init(struct signing *signing, struct arena *arena, const struct security_profile *profile,
			   const struct ebms_identity *identity, size_t parts, struct err *err)
{
	*signing = (struct signing){ .arena = arena, .profile = profile, .identity = identity };
	signing->references = arena_array(arena, parts + WHOLES_MAX, sizeof *signing->references);
	return signing->references ? OK : fail(err, ERR_MEMORY, "no memory for a signature");
}

enum err_code signing_add(struct signing *signing, const char *uri, const char *transform, struct bytes octets,
			  struct err *err)
{
	uint8_t digest[DIGEST_MAX];
	enum digest alg = signing->profile->digest;
	TRY(digest_of(alg, octets, digest, err));
	uint8_t *copy = arena_copy(signing->arena, digest, digest_size(alg));
	if (!copy || !uri)
		return fail(err, ERR_MEMORY, "no memory for a signature");
	signing->references[signing->count++] = (struct ebms_reference){
		.uri = uri,
		.transform = transform,
		.digest = alg,
		.digest_known = true,
		.digest_name = digest_uri(alg),
		.value = bytes(copy, digest_size(alg)),
	};
	return OK;
}

void signing_put_info(struct buf *out, const struct signing *signing, const char *start)
{
	const struct binding *binding = signing->profile->binding;
	buf_printf(out,
		   "%s<ds:CanonicalizationMethod Algorithm=\"%s\"></ds:CanonicalizationMethod>"
		   "<ds:SignatureMethod Algorithm=\"%s\"></ds:SignatureMethod>",
		   start, binding->c14n, sig_uri(signing->profile->signature));
	for (size_t i = 0; i < signing->count; i++) {
		const struct ebms_reference *r = &signing->references[i];
		buf_puts(out, "<ds:Reference URI=\"");
		xml_put_attribute(out, r->uri);
		buf_puts(out, "\">");
		binding->put_transforms(out, r);
		buf_printf(out, "<ds:DigestMethod Algorithm=\"%s\"></ds:DigestMethod><ds:DigestValue>", r->digest_name);
		base64_put(out, r->value);
		buf_puts(out, "</ds:DigestValue></ds:Reference>");
	}
	buf_puts(out, "</ds:SignedInfo>");
}

enum err_code ebms_pack_user(struct arena *arena, const struct ebms_letter *letter, struct ebms_packed *packed,
			     struct err *err)
{
	return letter->profile->binding->pack_user(arena, letter, packed, err);
}

enum err_code ebms_pack_receipt(struct arena *arena, const struct ebms_answering *answering, struct ebms_packed *packed,
				struct err *err)
{
	return answering->profile->binding->pack_receipt(arena, answering, packed, err);
}

enum err_code ebms_pack_error(struct arena *arena, const struct ebms_answering *answering,
			      const struct findings *findings, struct ebms_packed *packed, struct err *err)
{
	return answering->profile->binding->pack_error(arena, answering, findings, packed, err);
}
