#include "forge.h"

#include "base/text.h"
#include "messaging/signature_int.h"
#include "messaging/uris_int.h"

#define TEXT_MAX ((size_t)4 << 20)

static const char *after(const char *text, const char *what)
{
	const char *at = strstr(text, what);

	if (!at)
		fail_msg("the message has no \"%s\"", what);
	return at + strlen(what);
}

/* The references to parts, of the signature that is being replaced. */
static const char *old_parts(struct arena *arena, const char *signature)
{
	const char *first = strstr(signature, "<ds:Reference URI=\"cid:"), *end = strstr(signature, "</ds:SignedInfo>");

	if (!first || first > end)
		return "";
	return arena_text_of(arena, bytes(first, (size_t)(end - first)));
}

static struct xml_doc *parsed(struct arena *arena, const char *text)
{
	struct xml_limits limits = ebms_limits_default.xml;
	struct xml_doc *doc = NULL;
	struct err err = { 0 };

	limits.max_depth = 4096;
	limits.max_elements = limits.max_all_attributes = 100000;
	limits.max_namespaces = limits.max_attributes = 5000;
	if (xml_parse(arena, bytes_of(text), &limits, &doc, &err) != OK)
		fail_msg("a forged envelope is no XML: %s", err.text);
	return doc;
}

static const char *in_base64(struct arena *arena, struct bytes octets)
{
	buf_auto text;

	buf_init(&text, TEXT_MAX);
	base64_put(&text, octets);
	return arena_text_of(arena, buf_bytes(&text));
}

/* Of ENVELOPE, which has no signature, by the right template. */
static const char *envelope_digest(const struct forgery *forgery, const char *envelope, enum digest alg)
{
	uint8_t digest[DIGEST_MAX];
	struct ebms_message message;
	struct ebms_reference reference = ebms2_envelope_reference();
	struct err err = { 0 };
	buf_auto octets;

	buf_init(&octets, TEXT_MAX);
	ebms_init(&message, forgery->arena, &ebms_limits_default, NULL);
	message.doc = parsed(forgery->arena, envelope);
	if (ebms2_octets(&message, &reference, &octets, &err) != OK)
		fail_msg("a forged envelope has no canonical form: %s", err.text);
	ebms_done(&message);
	assert_int_equal(digest_of(alg, buf_bytes(&octets), digest, &err), OK);
	return in_base64(forgery->arena, bytes(digest, digest_size(alg)));
}

static const char *reference_to_envelope(const struct forgery *f, const char *envelope, const char *digest_name)
{
	static const char right[] = FORGE_ENVELOPED FORGE_XPATH(FORGE_LITERAL) FORGE_C14N;
	enum digest alg = DIGEST_SHA256;

	if (f->without_envelope)
		return "";
	if (!digest_find(digest_name, &alg))
		alg = DIGEST_SHA256;
	return arena_printf(f->arena,
			    "<ds:Reference URI=\"\"><ds:Transforms>%s</ds:Transforms><ds:DigestMethod Algorithm=\"%s\">"
			    "</ds:DigestMethod><ds:DigestValue>%s</ds:DigestValue></ds:Reference>",
			    f->transforms ? f->transforms : right, digest_name, envelope_digest(f, envelope, alg));
}

static const char *signed_info(const struct forgery *f, const char *envelope, const char *parts)
{
	const char *digest = f->digest ? f->digest : digest_uri(DIGEST_SHA256);

	return arena_printf(f->arena,
			    "<ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"%s\"></ds:CanonicalizationMethod>"
			    "<ds:SignatureMethod Algorithm=\"%s\"></ds:SignatureMethod>%s%s%s</ds:SignedInfo>",
			    f->c14n ? f->c14n : URI_C14N, f->method ? f->method : sig_uri(SIG_RSA_SHA256),
			    reference_to_envelope(f, envelope, digest), f->without_parts ? "" : parts,
			    f->references ? f->references : "");
}

/* The value over ds:SignedInfo of ENVELOPE. */
static const char *value_of(const struct forgery *f, const char *envelope)
{
	struct xml_doc *doc = parsed(f->arena, envelope);
	const struct xml_node *top = xml_root(doc), *n = top;
	enum sig_alg alg = SIG_RSA_SHA256;
	struct err err = { 0 };
	buf_auto octets, value;

	buf_init(&octets, TEXT_MAX);
	buf_init(&value, TEXT_MAX);
	while (n && !grammar_is(n, "ds:SignedInfo"))
		n = xml_walk(top, n);
	assert_non_null(n);
	enum err_code code = same(f->c14n, URI_EXC_C14N) ? xml_c14n_exclusive(n, NULL, &octets, &err)
							 : xml_c14n_inclusive_element(n, &octets, &err);
	assert_int_equal(code, OK);
	if (f->method && !sig_find(f->method, &alg))
		alg = SIG_RSA_SHA256;
	if (keys_sign(f->keys, f->key->id, alg, buf_bytes(&octets), &value, &err) != OK)
		fail_msg("not signed: %s", err.text);
	xml_free(doc);
	return in_base64(f->arena, buf_bytes(&value));
}

static const char *with_signature(const struct forgery *f, const char *const envelope[2], const char *info,
				  const char *value)
{
	const char *keys =
		f->key_info ? f->key_info
			    : arena_printf(f->arena,
					   "<ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>",
					   in_base64(f->arena, cert_der(f->key->cert)));

	return arena_printf(f->arena,
			    "%s<ds:Signature xmlns:ds=\"" NS_DS "\">%s<ds:SignatureValue>%s</ds:SignatureValue>%s%s%s"
			    "</ds:Signature>%s",
			    envelope[0], info, value, *keys ? "<ds:KeyInfo>" : "", keys, *keys ? "</ds:KeyInfo>" : "",
			    envelope[1]);
}

void forge_sign(const struct forgery *f, struct buf *body)
{
	const char *text = arena_text_of(f->arena, buf_bytes(body));
	const char *begin = strstr(text, "<soap:Envelope"), *end = after(text, "</soap:Envelope>");
	const char *old = strstr(text, "<ds:Signature "), *old_end = after(text, "</ds:Signature>");

	assert_true(begin && old && old > begin && old_end < end);
	/* The parts, which may hold any octet, come behind the envelope. */
	size_t rest_at = (size_t)(end - text), rest_size = body->size - rest_at;
	const void *rest = arena_copy(f->arena, body->data + rest_at, rest_size);
	const char *const envelope[2] = { arena_text_of(f->arena, bytes(begin, (size_t)(old - begin))),
					  arena_text_of(f->arena, bytes(old_end, (size_t)(end - old_end))) };
	const char *info =
		signed_info(f, arena_printf(f->arena, "%s%s", envelope[0], envelope[1]), old_parts(f->arena, old));
	const char *value = value_of(f, with_signature(f, envelope, info, ""));

	body->size = (size_t)(begin - text);
	buf_puts(body, with_signature(f, envelope, info, value));
	buf_put(body, rest, rest_size);
	assert_int_equal(body->failed, OK);
}
