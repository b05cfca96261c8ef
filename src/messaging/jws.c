#include "messaging/jws_int.h"

#include "base/text.h"
#include "codec/tree.h"

enum { JWS_PART_MAX = 1 << 20, JWS_SIGNATURE_MAX = 1024, JWS_CHAIN_MAX = 8 };

/* clang-format off */
enum { RULE_FORM, RULE_BASE64, RULE_HEADER, RULE_TYPE, RULE_ALGORITHM, RULE_KEY, RULE_CERTIFICATE, RULE_SIGNATURE, RULE_CRITICAL };
const struct rule jws_rules[] = {
	[RULE_FORM]      = { .code = "JWS-001", .law = "RFC 7515 7.2.2",
		.text = "this is no signed JSON ({1}): it is an object of payload, protected and signature" },
	[RULE_BASE64]    = { .code = "JWS-002", .law = "RFC 7515 2", .text = "{1} is not in base64url without padding: it was changed on the way" },
	[RULE_HEADER]    = { .code = "JWS-003", .law = "RFC 7515 4", .text = "the protected header is not JSON ({1})" },
	[RULE_TYPE]      = { .code = "JWS-004", .law = "RFC 7515 4.1.9", .text = "it is of type {1}, not {2}" },
	[RULE_ALGORITHM] = { .code = "JWS-005", .law = "RFC 7518 3.1", .text = "it is signed by {1}: the signer must take RS256, ES256 or EdDSA" },
	[RULE_KEY]       = { .code = "JWS-006", .law = "RFC 7518 3.1", .text = "the key of the signing certificate is not one for {1}" },
	[RULE_CERTIFICATE] = { .code = "JWS-007", .law = "RFC 7515 4.1.6", .text = "the signing certificate (x5c) cannot be had: {1}" },
	[RULE_SIGNATURE] = { .code = "JWS-008", .law = "RFC 7515 5.2",
		.text = "the signature is wrong: it was changed, or signed by another key than that of its certificate; have it sent again" },
	[RULE_CRITICAL]  = { .code = "JWS-009", .law = "RFC 7515 4.1.11", .text = "it needs an extension (crit) that is not understood here" },
	{ 0 },
};

static const struct algorithm {
	const char *name;
	enum sig_alg alg;
} algorithms[] = {
	{ "RS256", SIG_RSA_SHA256 },        /* RFC 7518 3.3 */
	{ "ES256", SIG_ECDSA_P256_SHA256 }, /* 3.4: r and s, one behind the other, as signatures of XML have them */
	{ "EdDSA", SIG_ED25519 },           /* RFC 8037 3.1 */
};
/* clang-format on */

struct envelope {
	const char *protected, *payload, *signature;
};
static const struct field envelope_fields[] = {
	FIELD_TEXT(struct envelope, payload, .json = "payload", .min = 1, .max_length = JWS_PART_MAX),
	FIELD_TEXT(struct envelope, protected, .json = "protected", .min = 1, .max_length = JWS_PART_MAX),
	FIELD_TEXT(struct envelope, signature, .json = "signature", .min = 1, .max_length = JWS_SIGNATURE_MAX),
};
static const struct fields envelope_table = FIELDS(struct envelope, envelope_fields);
static const struct schema envelope_schema = { .name = "JWS", .fields = &envelope_table };

static const struct algorithm *algorithm_for(enum key_kind kind)
{
	for (size_t i = 0; i < COUNT(algorithms); i++)
		if (sig_alg_key(algorithms[i].alg) == kind)
			return &algorithms[i];
	return NULL;
}

static const struct algorithm *algorithm_find(const char *name)
{
	for (size_t i = 0; i < COUNT(algorithms); i++)
		if (same(algorithms[i].name, name))
			return &algorithms[i];
	return NULL;
}

bool jws_can_sign(enum key_kind kind)
{
	return algorithm_for(kind) != NULL;
}

/* --- Writing --- */

static void put_header(struct buf *out, const char *algorithm, const char *type, const struct cert *cert)
{
	buf_auto json;
	buf_init(&json, JWS_PART_MAX);
	buf_printf(&json, "{\"alg\":\"%s\",\"typ\":\"%s\",\"x5c\":[\"", algorithm, type);
	base64_put(&json, cert_der(cert));
	buf_puts(&json, "\"]}");
	base64url_put(out, buf_bytes(&json));
	if (json.failed)
		out->failed = json.failed;
}

enum err_code jws_put(struct keys *keys, const struct key_info *key, const char *type, struct bytes payload,
		      struct buf *out, struct err *err)
{
	const struct algorithm *algorithm = algorithm_for(cert_key_kind(key->cert));
	buf_auto protected, encoded, input, value, signature;
	buf_init(&protected, JWS_PART_MAX);
	buf_init(&encoded, JWS_PART_MAX);
	buf_init(&input, 2 * (size_t)JWS_PART_MAX + 1);
	buf_init(&value, JWS_SIGNATURE_MAX);
	buf_init(&signature, JWS_SIGNATURE_MAX);
	if (!algorithm)
		return fail(err, ERR_KEY, "key %s cannot sign JSON: RSA, P-256 and Ed25519 keys can", key->id);
	put_header(&protected, algorithm->name, type, key->cert);
	base64url_put(&encoded, payload);
	TRY(buf_check(&protected, "the header of a signature", err));
	TRY(buf_check(&encoded, "what is to be signed", err));
	buf_printf(&input, "%s.%s", buf_text(&protected), buf_text(&encoded));
	TRY(buf_check(&input, "what is to be signed", err));
	TRY(keys_sign(keys, key->id, algorithm->alg, buf_bytes(&input), &value, err));
	base64url_put(&signature, buf_bytes(&value));
	TRY(buf_check(&signature, "a signature", err));
	field_put_json(out, &envelope_schema,
		       &(struct envelope){ .payload = buf_text(&encoded),
					   .protected = buf_text(&protected),
					   .signature = buf_text(&signature) });
	return buf_check(out, "signed JSON", err);
}

/* --- Reading --- */

struct reading {
	struct arena *arena;
	struct envelope envelope;
	struct jws *jws;
	const struct algorithm *algorithm;
	struct bytes signature;
	struct findings *findings;
};

static void found(const struct reading *r, int rule, const char *path, const char *first, const char *second)
{
	finding_add(r->findings, &jws_rules[rule], path, first, second);
}

static bool decode(const struct reading *r, const char *text, const char *name, struct bytes *data)
{
	if (!text)
		return false; /* and the table's finding says so */
	if (base64url_parse(r->arena, bytes_of(text), data))
		return true;
	found(r, RULE_BASE64, arena_printf(r->arena, "/%s", name), name, NULL);
	return false;
}

static const struct tree_node *member(const struct tree_node *root, const char *name)
{
	for (const struct tree_node *node = root->first; node; node = node->next)
		if (same(node->name, name))
			return node;
	return NULL;
}

static const char *text_of(const struct tree_node *node)
{
	return node && node->kind == TREE_TEXT && !node->item ? node->text : "(absent)";
}

/* The first is the signer's (RFC 7515 4.1.6); those after it are its chain, which pins make needless. */
static enum err_code take_certificate(const struct reading *r, const struct tree_node *node, struct err *err)
{
	struct bytes der;
	struct err why = { .text = "it is not base64" };
	enum err_code code = ERR_INVALID;
	if (!node || !node->item)
		(void)fail(&why, ERR_INVALID, "there is none");
	else if (base64_parse(r->arena, bytes_of(node->text), &der))
		code = cert_cached(der, &r->jws->cert, &why);
	if (code == ERR_MEMORY)
		*err = why;
	else if (code != OK)
		found(r, RULE_CERTIFICATE, "/protected/x5c", why.text, NULL);
	return code == ERR_MEMORY ? code : OK;
}

static enum err_code read_header(struct reading *r, struct bytes header, const char *type, struct err *err)
{
	struct tree_node *root;
	struct err why = { 0 };
	enum err_code code = tree_read_json(r->arena, header, &root, &why);
	if (code == ERR_MEMORY)
		return fail(err, code, "%s", why.text);
	if (code != OK) {
		found(r, RULE_HEADER, "/protected", why.text, NULL);
		return OK;
	}
	const char *algorithm = text_of(member(root, "alg"));
	r->algorithm = algorithm_find(algorithm);
	if (!r->algorithm)
		found(r, RULE_ALGORITHM, "/protected/alg", algorithm, NULL);
	if (!same(text_of(member(root, "typ")), type))
		found(r, RULE_TYPE, "/protected/typ", text_of(member(root, "typ")), type);
	if (member(root, "crit"))
		found(r, RULE_CRITICAL, "/protected/crit", NULL, NULL);
	TRY(take_certificate(r, member(root, "x5c"), err));
	if (r->algorithm && r->jws->cert && cert_key_kind(r->jws->cert) != sig_alg_key(r->algorithm->alg)) {
		found(r, RULE_KEY, "/protected/alg", r->algorithm->name, NULL);
		r->algorithm = NULL;
	}
	return OK;
}

static enum err_code verify(const struct reading *r, struct err *err)
{
	const char *input = arena_printf(r->arena, "%s.%s", r->envelope.protected, r->envelope.payload);
	if (!input)
		return fail(err, ERR_MEMORY, "no memory for a signature");
	TRY(signature_verify(r->algorithm->alg, r->jws->cert, bytes_of(input), r->signature, &r->jws->verified, err));
	if (!r->jws->verified)
		found(r, RULE_SIGNATURE, "/signature", NULL, NULL);
	return OK;
}

static enum err_code read_envelope(struct reading *r, struct bytes text, const char *type, struct err *err)
{
	struct bytes header;
	struct err why = { 0 };
	enum err_code code = field_read_json(r->arena, &envelope_schema, text, NULL, &r->envelope, r->findings, &why);
	if (code == ERR_MEMORY)
		return fail(err, code, "%s", why.text);
	if (code != OK) {
		found(r, RULE_FORM, "", why.text, NULL);
		return OK;
	}
	(void)decode(r, r->envelope.payload, "payload", &r->jws->payload);
	bool is_signed = decode(r, r->envelope.signature, "signature", &r->signature);
	if (decode(r, r->envelope.protected, "protected", &header))
		TRY(read_header(r, header, type, err));
	return is_signed && r->envelope.payload && r->algorithm && r->jws->cert ? verify(r, err) : OK;
}

enum err_code jws_read(struct arena *arena, struct bytes text, const char *type, struct jws *jws,
		       struct findings *findings, struct err *err)
{
	struct jws read = { 0 };
	struct reading r = { .arena = arena, .jws = &read, .findings = findings };
	enum err_code code = read_envelope(&r, text, type, err);
	if (code != OK) {
		cert_unref(read.cert);
		return code;
	}
	*jws = read;
	return OK;
}
