/* The closed profile, and the signature itself. What is not exactly what must be there is refused: no further
 * reference, transform or algorithm, and every reference by the identifier of the very element that is processed
 * (against signature wrapping). */
#include "base/text.h"
#include "messaging/binding_int.h"
#include "messaging/uris_int.h"

/* For people: the empty URI is a whole. */
static const char *name_of(const struct ebms_message *message, const struct ebms_reference *reference)
{
	return same(reference->uri, "") ? message->binding->wholes[0] : reference->uri;
}

static void check_reference(struct ebms_message *message, const struct ebms_reference *reference, enum digest digest,
			    bool any_digest)
{
	if (!message->binding->transforms_fit(reference))
		ebms_found(message, RULE_TRANSFORM, reference->transform ? reference->transform : "(another)",
			   name_of(message, reference));
	bool weak =
		reference->digest_known && reference->digest == DIGEST_SHA1 && (any_digest || digest != DIGEST_SHA1);
	if (!reference->digest_known || weak || (!any_digest && reference->digest != digest))
		ebms_found(message, RULE_ALGORITHM, reference->digest_name, name_of(message, reference));
}

/* Counts which of the things that must be signed are, each exactly once. */
static void check_coverage(struct ebms_message *message)
{
	const struct ebms_signature *signature = message->signature;
	const struct binding *binding = message->binding;
	size_t covered[WHOLES_MAX] = { 0 };
	for (size_t i = 0; i < signature->count; i++) {
		const char *uri = signature->references[i].uri;
		int whole = binding->covers(message, uri);
		if (whole >= 0)
			covered[whole]++;
		else if (!ebms_part_of(message, uri))
			ebms_found(message, RULE_REFERENCES, "refers to something that is not processed:", uri);
	}
	for (size_t w = 0; w < WHOLES_MAX && binding->wholes[w]; w++)
		if (covered[w] != 1)
			ebms_found(message, RULE_REFERENCES, covered[w] ? "covers twice" : "does not cover",
				   binding->wholes[w]);
	for (size_t k = 0; k < message->parts_count; k++) {
		size_t count = 0;
		for (size_t i = 0; i < signature->count; i++)
			count += ebms_part_of(message, signature->references[i].uri) == &message->parts[k];
		if (count != 1)
			ebms_found(message, RULE_REFERENCES, count ? "covers twice part" : "does not cover part",
				   message->parts[k].content_id);
	}
}

bool ebms_c14n_fits(const struct ebms_message *message)
{
	const char *uri = message->signature->c14n;
	const struct binding *binding = message->binding;
	return uri && (same(uri, binding->c14n) || same(uri, binding->c14n_also));
}

void ebms_check_signature(struct ebms_message *message, const struct security_profile *profile)
{
	const struct ebms_signature *signature = message->signature;
	if (!signature)
		return;
	if (!ebms_c14n_fits(message))
		ebms_found(message, RULE_ALGORITHM, signature->c14n, "the canonical form of SignedInfo");
	if (!signature->alg_known || (profile && signature->alg != profile->signature))
		ebms_found(message, RULE_ALGORITHM, signature->algorithm, "the signature");
	for (size_t i = 0; i < signature->count; i++)
		check_reference(message, &signature->references[i], profile ? profile->digest : DIGEST_SHA256,
				profile == NULL);
	check_coverage(message);
}

/* What cannot be told is looked at as AS4: the inspector goes on where the gateway has stopped. */
static const struct binding *binding_of(const struct ebms_message *message)
{
	return message->binding ? message->binding : &binding_as4;
}

void ebms_check_profile(struct ebms_message *message, const struct security_profile *profile)
{
	if (profile && profile->binding != binding_of(message))
		ebms_found(message, RULE_BINDING, binding_of(message)->name, profile->binding->name);
	binding_of(message)->check_profile(message, profile);
}

enum err_code ebms_read_security(struct ebms_message *message, struct err *err)
{
	return binding_of(message)->read_security(message, err);
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
		ebms_found(message, RULE_TOKEN, "it is not embedded and no known certificate has this identifier",
			   NULL);
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
	ebms_found(message, RULE_TOKEN, why.text, NULL);
	return OK;
}

bool ebms_refers_to(const char *uri, const struct xml_node *node)
{
	if (!uri || uri[0] != '#' || !node)
		return false;
	return same(uri + 1, grammar_attribute(node, "wsu:Id")) || same(uri + 1, grammar_attribute(node, "id"));
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

/* The octets that a reference's digest is over: the part's own, or what ROOM takes of them. */
static enum err_code octets_of(struct ebms_message *message, const struct ebms_reference *reference, struct buf *room,
			       struct bytes *octets, struct err *err)
{
	const struct ebms_part *part = ebms_part_of(message, reference->uri);
	const struct binding *binding = message->binding;
	if (part && binding->part_octets) {
		TRY(binding->part_octets(part, message->limits, room, octets, err));
	} else if (part) {
		*octets = part->octets;
	} else {
		TRY(binding->octets(message, reference, room, err));
		*octets = buf_bytes(room);
	}
	return buf_check(room, "the octets of a reference", err);
}

enum err_code ebms_reference_octets(struct ebms_message *message, const struct ebms_reference *reference,
				    struct buf *octets, struct err *err)
{
	struct bytes found;
	TRY(octets_of(message, reference, octets, &found, err));
	if (found.data != octets->data)
		buf_put_bytes(octets, found);
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
	struct bytes octets;
	struct err why = { 0 };
	buf_auto room;
	buf_init(&room, message->limits->max_payload_bytes * 2 + message->limits->xml.max_bytes * 2);
	enum err_code code = octets_of(message, reference, &room, &octets, &why);
	*computed = code == OK;
	if (not_canonical(code))
		return OK;
	if (code != OK) {
		*err = why;
		return code;
	}
	return digest_of(reference->digest, octets, digest, err);
}

static enum err_code check_digest(struct ebms_message *message, const struct ebms_reference *reference, struct err *err)
{
	uint8_t digest[DIGEST_MAX];
	bool computed;
	TRY(ebms_reference_digest(message, reference, digest, &computed, err));
	if (!computed || !bytes_same(bytes(digest, digest_size(reference->digest)), reference->value))
		ebms_found(message, RULE_DIGEST, name_of(message, reference), NULL);
	return OK;
}

enum err_code ebms_signed_info(const struct ebms_signature *signature, struct buf *octets, struct err *err)
{
	if (same(signature->c14n, URI_C14N))
		TRY(xml_c14n_inclusive_element(signature->signed_info, octets, err));
	else
		TRY(xml_c14n_exclusive(signature->signed_info, signature->prefixes, octets, err));
	return buf_check(octets, "SignedInfo", err);
}

enum err_code ebms_verify_value(struct ebms_message *message, const struct cert *cert, bool *right, struct err *err)
{
	const struct ebms_signature *signature = message->signature;
	bool good = false;
	buf_auto octets;
	buf_init(&octets, message->limits->xml.max_bytes * 2);
	if (!signature->alg_known || !ebms_c14n_fits(message)) {
		ebms_found(message, RULE_ALGORITHM, signature->alg_known ? signature->c14n : signature->algorithm,
			   "the signature");
		*right = false;
		return OK;
	}
	struct err why = { 0 };
	enum err_code code = ebms_signed_info(signature, &octets, &why);
	if (code != OK && !not_canonical(code)) {
		*err = why;
		return code;
	}
	if (code == OK && sig_alg_key(signature->alg) == cert_key_kind(cert))
		TRY(signature_verify(signature->alg, cert, buf_bytes(&octets), signature->value, &good, err));
	if (!good)
		ebms_found(message, RULE_SIGNATURE, cert_subject(cert), NULL);
	*right = good;
	return OK;
}

/* The signature value first: then only what the holder of the key wrote costs us canonicalisation and digests. What is
 * not processed may say anything: an element that was moved elsewhere and still has its digest (McIntosh and Austel,
 * "XML signature element wrapping attacks", 2005) proves nothing, and without the header nobody is proved to speak.
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
		int whole = message->binding->covers(message, reference->uri);
		if (ebms_part_of(message, reference->uri))
			continue;
		if (whole < 0)
			ebms_found(message, RULE_DIGEST, reference->uri, NULL);
		else if (reference->digest_known)
			TRY(check_digest(message, reference, err));
		speaks = speaks || (whole == 0 && reference->digest_known);
	}
	if (!speaks)
		ebms_found(message, RULE_DIGEST, message->binding->wholes[0], NULL);
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
			ebms_found(message, RULE_DIGEST, part->content_id, NULL);
	}
	return OK;
}
