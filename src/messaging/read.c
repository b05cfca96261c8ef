/* Stages MIME and HEADER: from bytes to the header of one binding or the other. */
#include <stdlib.h>

#include "base/text.h"
#include "messaging/binding_int.h"

const struct ebms_limits ebms_limits_default = {
	.xml = { .max_bytes = 1 << 20,
		 .max_depth = 32,
		 .max_elements = 4000,
		 .max_attributes = 32,
		 .max_value_bytes = 16384,
		 .max_all_attributes = 8000,
		 .max_namespaces = 2000 },
	.mime = { .max_parts = 26, .max_headers = 16, .max_header_bytes = 2048, .lenient = false },
	.max_payload_bytes = 20 << 20,
	.max_payloads = 25, /* Java's secure validation stops at 30 references, Domibus at 28 payloads */
	.max_ratio = 200,
};

void ebms_init(struct ebms_message *message, struct arena *arena, const struct ebms_limits *limits,
	       struct findings *findings)
{
	*message = (struct ebms_message){ .arena = arena, .limits = limits, .findings = findings };
}

void ebms_done(struct ebms_message *message)
{
	for (size_t i = 0; i < message->parts_count; i++)
		buf_done(&message->parts[i].opened);
	xml_free(message->doc);
	message->doc = NULL;
	message->parts_count = 0;
}

void ebms_found(struct ebms_message *message, enum ebms_rule_name rule, const char *first, const char *second)
{
	message->header_faults += ebms_rule_stage(ebms_rule(rule)) <= STAGE_HEADER;
	finding_add(message->findings, ebms_rule(rule), "", first, second);
}

/* Wrong input is a finding; what stopped us from looking stays a fault. */
static enum err_code judged(struct ebms_message *message, enum ebms_rule_name rule, enum err_code code,
			    const struct err *err)
{
	if (code != ERR_SYNTAX && code != ERR_LIMIT)
		return code;
	ebms_found(message, rule, err->text, NULL);
	return OK;
}

static const struct binding *const bindings[] = { &binding_as4, &binding_ebms2 };

static const struct binding *binding_of_type(const char *soap_type)
{
	for (size_t i = 0; i < COUNT(bindings); i++)
		if (same(bindings[i]->soap_type, soap_type))
			return bindings[i];
	return NULL;
}

static enum err_code read_mime(struct ebms_message *message, const char *content_type, struct bytes body,
			       struct err *err)
{
	const char *type = NULL;
	enum err_code code = mime_media_type(message->arena, content_type, &type, err);
	if (code != OK)
		return judged(message, RULE_MIME, code, err);
	if (same(type, "multipart/related")) {
		code = mime_parse(message->arena, content_type, body, &message->limits->mime, &message->mime, err);
		if (code != OK)
			return judged(message, RULE_MIME, code, err);
		const char *root = message->mime.parts[message->mime.root].content_type;
		message->binding = binding_of_type(root);
		if (!message->binding)
			ebms_found(message, RULE_MEDIA_TYPE, root, NULL);
		return OK;
	}
	message->binding = binding_of_type(type);
	if (!message->binding) {
		ebms_found(message, RULE_MEDIA_TYPE, type, NULL);
		return OK;
	}
	struct mime_part *part = arena_alloc(message->arena, sizeof *part);
	if (!part)
		return fail(err, ERR_MEMORY, "no memory for a message");
	*part = (struct mime_part){
		.content_type = type, .content_type_full = content_type, .encoding = "binary", .body = body
	};
	message->mime = (struct mime_message){ .parts = part, .count = 1 };
	return OK;
}

enum { ID_KINDS = 3 };

/* Identifiers that a signature or an encryption may point to; an element may carry one of each kind. How many different
 * ones NODE has. */
static size_t ids_of(const struct xml_node *node, const char *ids[static ID_KINDS])
{
	static const char *const kinds[ID_KINDS] = { "wsu:Id", "Id", "id" };
	size_t count = 0;
	for (size_t i = 0; i < ID_KINDS; i++) {
		const char *id = grammar_attribute(node, kinds[i]);
		bool known = !id;
		for (size_t k = 0; k < count && !known; k++)
			known = same(ids[k], id);
		if (!known)
			ids[count++] = id;
	}
	return count;
}

static int id_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An identifier that stands twice lets an attacker have one element checked and another one used. */
static enum err_code check_ids(struct ebms_message *message, struct err *err)
{
	const struct xml_node *top = xml_root(message->doc);
	size_t count = 0;
	const char *own[ID_KINDS];
	for (const struct xml_node *n = top; n; n = xml_walk(top, n))
		count += ids_of(n, own);
	const char **ids = arena_array(message->arena, count + ID_KINDS, sizeof *ids);
	if (!ids)
		return fail(err, ERR_MEMORY, "no memory for a message");
	count = 0;
	for (const struct xml_node *n = top; n; n = xml_walk(top, n))
		count += ids_of(n, ids + count);
	qsort(ids, count, sizeof *ids, id_compare);
	for (size_t i = 1; i < count; i++)
		if (same(ids[i - 1], ids[i]))
			ebms_found(message, RULE_ID_TWICE, ids[i], NULL);
	return OK;
}

/* What calls itself otherwise is refused; by its envelope it can still be shown. NULL if by none. */
static const struct binding *binding_of_envelope(const struct xml_node *envelope)
{
	for (size_t i = 0; i < COUNT(bindings); i++)
		if (grammar_is(envelope, bindings[i]->envelope[ENVELOPE].name))
			return bindings[i];
	return NULL;
}

static enum err_code read_blocks(struct ebms_message *message, const struct xml_node *envelope, struct err *err)
{
	const struct binding *binding = binding_of_envelope(envelope);
	if (binding && message->binding && binding != message->binding)
		ebms_found(message, RULE_MEDIA_TYPE, message->binding->soap_type, NULL);
	message->binding = binding ? binding : &binding_as4;
	if (!binding) {
		ebms_found(message, RULE_ENVELOPE,
			   arena_printf(message->arena, "{%s}%s", xml_namespace(envelope), xml_name(envelope)),
			   arena_printf(message->arena, "the place of {%s}Envelope", message->binding->soap_namespace));
		return OK;
	}
	if (!grammar_check(binding->envelope, envelope, ebms_rule(RULE_ENVELOPE), message->findings))
		return OK;
	message->body = grammar_child(envelope, binding->envelope[BODY].name);
	TRY(binding->read_blocks(message, grammar_child(envelope, binding->envelope[HEADER].name), err));
	return check_ids(message, err);
}

static enum err_code read_envelope(struct ebms_message *message, struct err *err)
{
	struct bytes soap = { 0 };
	struct err why = { 0 };
	enum err_code code = mime_body(message->arena, &message->mime.parts[message->mime.root], &soap, &why);
	struct xml_limits limits = message->limits->xml;
	unsigned namespaces = message->binding ? message->binding->max_namespaces : NAMESPACES_MAX;
	limits.max_namespaces = namespaces < limits.max_namespaces ? namespaces : limits.max_namespaces;
	if (code == OK)
		code = xml_parse(message->arena, soap, &limits, &message->doc, &why);
	if (code != OK) {
		if (judged(message, RULE_XML, code, &why) == OK)
			return OK;
		*err = why;
		return code;
	}
	return read_blocks(message, xml_root(message->doc), err);
}

/* Findings of the field engine speak of struct members; partners need one rule of ours that says where. */
enum err_code ebms_read_record(struct ebms_message *message, const struct schema *schema, const struct xml_node *node,
			       void *record, struct err *err)
{
	struct findings *inner = findings_new(message->arena);
	if (!inner || !field_read_xml(message->arena, schema, node, NULL, record, inner))
		return fail(err, ERR_MEMORY, "no memory for a message");
	for (size_t i = 0; findings_at(inner, i); i++) {
		const struct finding *f = findings_at(inner, i);
		ebms_found(message, message->binding->header_rule,
			   arena_printf(message->arena, "%s: %s", f->path, f->text), NULL);
	}
	return OK;
}

static int hex_value(char c)
{
	const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Whether TEXT, percent-decoded, is ID. */
static bool decoded_same(const char *text, const char *id)
{
	while (*text && *id) {
		char c = *text;
		int high = c == '%' ? hex_value(text[1]) : -1;
		int low = high >= 0 ? hex_value(text[2]) : -1;
		if (low >= 0) {
			c = (char)(high * 16 + low);
			text += 2;
		}
		if (c != *id)
			return false;
		text++;
		id++;
	}
	return !*text && !*id;
}

static bool cid_exact(const char *uri, const char *content_id)
{
	return uri && content_id && starts_with(uri, "cid:") && same(uri + 4, content_id);
}

bool ebms_cid_matches(const char *uri, const char *content_id)
{
	return cid_exact(uri, content_id) ||
	       (uri && content_id && starts_with(uri, "cid:") && decoded_same(uri + 4, content_id));
}

/* "cid:a%40b" may name "a%40b" and "a@b"; the part that is named letter by letter is meant, everywhere the same one. */
struct ebms_part *ebms_part_of(struct ebms_message *message, const char *uri)
{
	struct ebms_part *decoded = NULL;
	for (size_t i = 0; i < message->parts_count; i++) {
		if (cid_exact(uri, message->parts[i].content_id))
			return &message->parts[i];
		if (!decoded && ebms_cid_matches(uri, message->parts[i].content_id))
			decoded = &message->parts[i];
	}
	return decoded;
}

static const struct mime_part *part_named(struct ebms_message *message, const char *href)
{
	const struct mime_part *decoded = NULL;
	for (size_t i = 0; i < message->mime.count; i++) {
		const struct mime_part *part = &message->mime.parts[i];
		if (i == message->mime.root)
			continue;
		if (cid_exact(href, part->content_id))
			return part;
		if (!decoded && ebms_cid_matches(href, part->content_id))
			decoded = part;
	}
	return decoded;
}

/* Whether they are as the profile wants is a matter of expansion: ebms_expand(). */
static void read_part_properties(struct ebms_part *part, const struct ebms_properties *properties)
{
	part->compression = ebms_property(properties, "CompressionType");
	part->compressed = part->compression != NULL;
	part->mime_type = ebms_property(properties, "MimeType");
	part->charset = ebms_property(properties, "CharacterSet");
}

static enum err_code read_parts(struct ebms_message *message, struct err *err)
{
	const struct ebms_payload_info *payload = message->kind == KIND_USER_MESSAGE ? message->user.payload : NULL;
	size_t count = payload ? payload->count : 0;
	if (count > message->limits->max_payloads) {
		ebms_found(message, RULE_PARTS, arena_printf(message->arena, "%zu", count),
			   "is one more than this node takes");
		return OK;
	}
	message->parts = arena_array(message->arena, count + 1, sizeof *message->parts);
	if (!message->parts)
		return fail(err, ERR_MEMORY, "no memory for a message");
	for (size_t i = 0; i < count; i++) {
		const char *href = payload->part[i].href;
		const struct mime_part *mime = part_named(message, href);
		if (!mime) {
			ebms_found(message, RULE_HREF, href ? href : "without href", NULL);
			continue;
		}
		for (size_t k = 0; k < message->parts_count; k++)
			if (message->parts[k].mime == mime)
				ebms_found(message, RULE_PARTS, mime->content_id, "is named twice in eb:PayloadInfo");
		struct ebms_part *part = &message->parts[message->parts_count++];
		*part = (struct ebms_part){ .content_id = mime->content_id, .type = mime->content_type, .mime = mime };
		buf_init(&part->opened, mime->body.size);
		read_part_properties(part, payload->part[i].properties);
	}
	if (message->mime.count - 1 > count)
		ebms_found(message, RULE_PARTS, arena_printf(message->arena, "count %zu", message->mime.count - 1),
			   "is more than eb:PayloadInfo names");
	return OK;
}

enum err_code ebms_read(struct ebms_message *message, const char *content_type, struct bytes body, struct err *err)
{
	TRY(read_mime(message, content_type ? content_type : "", body, err));
	if (!message->mime.count)
		return OK;
	TRY(read_envelope(message, err));
	if (!message->messaging || !message->body)
		return OK;
	TRY(message->binding->read_unit(message, err));
	message->header_read = message->unit_read && message->header_faults == 0;
	return read_parts(message, err);
}
