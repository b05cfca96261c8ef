/* The header of ebMS 2.0: its blocks, what kind of message they make, and the fields that engine and AS4 share. */
#include "base/text.h"
#include "messaging/ebms2_int.h"
#include "messaging/signature_int.h"
#include "messaging/uris_int.h"

/* SOAP 1.1; ebMS 2.0 §2.3. Public samples and gateways say where their schemas are. */
static const struct grammar envelope_grammar[] = {
	{ 0, "soap:Envelope", 1, 1, "xsi:schemaLocation", ELEMENTS },
	{ 1, "soap:Header", 0, 1, "xsi:schemaLocation", OPEN }, /* a Fault has none */
	{ 1, "soap:Body", 1, 1, "xsi:schemaLocation eb2:id", OPEN },
	{ 0 },
};
static const struct grammar manifest_grammar[] = {
	{ 0, "eb2:Manifest", 1, 1, "eb2:version version eb2:id xsi:schemaLocation", EXTENSIBLE },
	{ 1, "eb2:Reference", 1, 64, "xlink:type xlink:href! xlink:role eb2:id xsi:schemaLocation", EXTENSIBLE },
	{ 2, "eb2:Schema", 0, 16, NULL, OPEN },
	{ 2, "eb2:Description", 0, 16, NULL, OPEN },
	{ 0 },
};

struct found_blocks {
	const struct xml_node *header, *signature, *sync, *order, *ack_wanted, *acknowledgment, *errors;
	const struct xml_node *manifest, *status_request, *status_response, *fault;
};

/* How often a block may stand, and where the first is kept. ebMS 2.0 §4.1.1: of several signatures the first is the
 * MSH's. */
struct block {
	const char *name;
	unsigned max;
	size_t offset;
};
enum { SIGNATURES_MAX = 4, ACTORS_MAX = 2, MANIFEST_MAX = 64 };
static const struct block header_blocks[] = {
	{ "eb2:MessageHeader", 1, offsetof(struct found_blocks, header) },
	{ "ds:Signature", SIGNATURES_MAX, offsetof(struct found_blocks, signature) },
	{ "eb2:SyncReply", 1, offsetof(struct found_blocks, sync) },
	{ "eb2:MessageOrder", 1, offsetof(struct found_blocks, order) },
	{ "eb2:AckRequested", ACTORS_MAX, offsetof(struct found_blocks, ack_wanted) },
	{ "eb2:Acknowledgment", 1, offsetof(struct found_blocks, acknowledgment) },
	{ "eb2:ErrorList", 1, offsetof(struct found_blocks, errors) },
	{ 0 },
};
static const struct block body_blocks[] = {
	{ "eb2:Manifest", 1, offsetof(struct found_blocks, manifest) },
	{ "eb2:StatusRequest", 1, offsetof(struct found_blocks, status_request) },
	{ "eb2:StatusResponse", 1, offsetof(struct found_blocks, status_response) },
	{ "soap:Fault", 1, offsetof(struct found_blocks, fault) },
	{ 0 },
};

static const struct block *block_of(const struct block *rows, const struct xml_node *node)
{
	while (rows->name && !grammar_is(node, rows->name))
		rows++;
	return rows->name ? rows : NULL;
}

/* SOAP 1.1 §4.2.3: only what must be understood may stop us; what nobody here reads is signed all the same. */
static bool may_be_skipped(const struct xml_node *node)
{
	const char *must = grammar_attribute(node, "soap:mustUnderstand");
	return !must || same(must, "0") || same(must, "false");
}

static void refused(struct ebms_message *message, const char *why)
{
	ebms_found(message, RULE_HEADER2, why, NULL);
}

/* §2.3.8: of another version nobody here knows what it says. */
static void check_version(struct ebms_message *message, const struct xml_node *node)
{
	const char *version = grammar_attribute(node, "eb2:version");
	version = version ? version : grammar_attribute(node, "version");
	if (version && !same(version, "2.0"))
		refused(message, arena_printf(message->arena, "%s: version %s is not 2.0", xml_name(node), version));
}

static void find_blocks(struct ebms_message *message, const struct block *rows, const struct xml_node *parent,
			struct found_blocks *found)
{
	unsigned counts[COUNT(header_blocks)] = { 0 };
	for (const struct xml_node *node = xml_first(parent); node; node = xml_next(node)) {
		const struct block *row = block_of(rows, node);
		if (!row && rows == body_blocks)
			ebms_found(message, RULE_BODY, xml_name(node), NULL);
		else if (!row && !may_be_skipped(node))
			ebms_found(message, RULE_FOREIGN_HEADER, xml_name(node), NULL);
		if (!row)
			continue;
		check_version(message, node);
		const struct xml_node **place = (const struct xml_node **)((char *)found + row->offset);
		if (counts[row - rows]++ == row->max)
			ebms_found(message, RULE_ENVELOPE, xml_name(node), "one more than there may be");
		if (!*place)
			*place = node;
	}
	if (xml_has_stray_text(parent))
		ebms_found(message, RULE_ENVELOPE, "unexpected text", xml_name(parent));
}

static bool flag(const struct xml_node *node, const char *qualified, const char *plain)
{
	const char *value = grammar_attribute(node, qualified);
	value = value ? value : grammar_attribute(node, plain);
	return same(value, "true") || same(value, "1");
}

/* Whether NODE is for somebody on the way, which the signature leaves out. */
static bool is_for_next(const struct xml_node *node)
{
	const char *actor = grammar_attribute(node, "soap:actor");
	return same(actor, URI_NEXT_MSH) || same(actor, URI_NEXT_MSH_OLD) || same(actor, URI_SOAP_NEXT);
}

static bool is_ours(const struct xml_node *node)
{
	const char *ns = xml_namespace(node);
	return same(ns, NS_EBMS2) || same(ns, NS_SOAP11) || same(ns, NS_DS);
}

/* Whoever has a signed message can add to it what the signature leaves out. So that nothing of it is believed, of what
 * anybody here reads only a wish for a synchronous answer may be marked so, and what a next MSH is asked, which we are
 * not. */
static void check_unsigned(struct ebms_message *message, const struct xml_node *header)
{
	const struct xml_node *top = xml_root(message->doc);
	for (const struct xml_node *n = top; n; n = xml_walk(top, n)) {
		bool known = xml_parent(n) == header &&
			     (grammar_is(n, "eb2:SyncReply") || grammar_is(n, "eb2:AckRequested"));
		if (is_for_next(n) && is_ours(n) && !known)
			refused(message,
				arena_printf(message->arena, "%s is marked as for a next node, unsigned", xml_name(n)));
	}
}

static void read_actors(struct ebms_message *message, const struct found_blocks *found, struct ebms2_blocks *blocks)
{
	blocks->sync = found->sync != NULL;
	blocks->ordered = found->order != NULL;
	if (found->sync && !same(grammar_attribute(found->sync, "soap:actor"), URI_SOAP_NEXT))
		refused(message, "eb:SyncReply: its actor is not " URI_SOAP_NEXT);
	for (const struct xml_node *n = found->ack_wanted; n; n = grammar_again(n)) {
		const char *actor = grammar_attribute(n, "soap:actor");
		if (is_for_next(n)) {
			blocks->next_msh = true;
			continue;
		}
		if (actor && !same(actor, URI_TO_PARTY_MSH))
			ebms_found(message, RULE_NOT_AGREED, "the actor of AckRequested", actor);
		if (blocks->ack_wanted)
			refused(message, "two AckRequested for one actor");
		blocks->ack_wanted = true;
		blocks->ack_signed = flag(n, "eb2:signed", "signed");
	}
	blocks->acknowledgment = found->acknowledgment;
}

/* The element that the reader calls .messaging is the one that says who speaks; what else there is hangs on it. */
static enum err_code read_blocks(struct ebms_message *message, const struct xml_node *header, struct err *err)
{
	struct ebms2_blocks *blocks = arena_alloc(message->arena, sizeof *blocks);
	struct found_blocks found = { 0 };
	if (!blocks)
		return fail(err, ERR_MEMORY, "no memory for a message");
	*blocks = (struct ebms2_blocks){ 0 };
	if (header)
		find_blocks(message, header_blocks, header, &found);
	find_blocks(message, body_blocks, message->body, &found);
	check_unsigned(message, header);
	read_actors(message, &found, blocks);
	blocks->errors = found.errors;
	blocks->manifest = found.manifest;
	blocks->status_request = found.status_request;
	blocks->status_response = found.status_response;
	message->messaging = found.header;
	message->security = found.signature;
	message->fault = found.fault;
	message->ebms2 = blocks;
	if (!found.header)
		ebms_found(message, RULE_ENVELOPE, "missing MessageHeader", "Header");
	return OK;
}

/* --- The message header --- */

/* ebMS 2.0 §3.1.1.1, 3.1.4: what has no type is a URI. */
static void check_uri(struct ebms_message *message, const struct ebms_typed *typed, const char *what)
{
	if (typed && typed->value && !typed->type && !strchr(typed->value, ':'))
		refused(message,
			arena_printf(message->arena, "%s \"%s\" has no type and is no URI", what, typed->value));
}

static void check_header(struct ebms_message *message, const struct ebms2_header *header)
{
	for (size_t i = 0; header->from && i < header->from->ids; i++)
		check_uri(message, &header->from->id[i], "From: PartyId");
	for (size_t i = 0; header->to && i < header->to->ids; i++)
		check_uri(message, &header->to->id[i], "To: PartyId");
	check_uri(message, header->service, "Service");
}

static struct ebms_party *party_of(struct arena *arena, const struct ebms2_party *party)
{
	struct ebms_party *copy = arena_alloc(arena, sizeof *copy);
	if (copy)
		*copy = (struct ebms_party){ .id = party->id, .ids = party->ids, .role = party->role };
	return copy;
}

/* As AS4 has it, so that who sends, receives, keeps and shows messages knows one header. */
static enum err_code share_header(struct ebms_message *message, const struct ebms2_header *header, struct err *err)
{
	struct arena *arena = message->arena;
	struct ebms_message_info *info = arena_alloc(arena, sizeof *info);
	struct ebms_party_info *parties = arena_alloc(arena, sizeof *parties);
	struct ebms_collaboration *collaboration = arena_alloc(arena, sizeof *collaboration);
	struct ebms_agreement *agreement = arena_alloc(arena, sizeof *agreement);
	if (!info || !parties || !collaboration || !agreement)
		return fail(err, ERR_MEMORY, "no memory for a message");
	*info = (struct ebms_message_info){ .timestamp_us = header->data->timestamp_us,
					    .message_id = header->data->message_id,
					    .ref_to = header->data->ref_to };
	*parties = (struct ebms_party_info){ .from = party_of(arena, header->from), .to = party_of(arena, header->to) };
	*agreement = (struct ebms_agreement){ .value = header->cpa };
	*collaboration = (struct ebms_collaboration){ .agreement = agreement,
						      .service = header->service,
						      .action = header->action,
						      .conversation = header->conversation };
	if (!parties->from || !parties->to)
		return fail(err, ERR_MEMORY, "no memory for a message");
	message->user = (struct ebms_user_message){ .info = info, .parties = parties, .collaboration = collaboration };
	message->signal.info = info;
	return OK;
}

/* --- What kind of message it is --- */

static enum err_code read_acknowledgment(struct ebms_message *message, struct err *err)
{
	const struct ebms2_blocks *blocks = message->ebms2;
	struct ebms2_acknowledgment acknowledgment;
	TRY(ebms_read_record(message, &ebms2_acknowledgment_schema, blocks->acknowledgment, &acknowledgment, err));
	message->signal.receipt = blocks->acknowledgment;
	/* What is acknowledged stands twice; §6.3.2.3 makes the acknowledgment's own the one that counts. */
	if (acknowledgment.ref_to)
		message->signal.info->ref_to = acknowledgment.ref_to;
	return OK;
}

static enum err_code read_errors(struct ebms_message *message, struct err *err)
{
	struct ebms2_errors errors;
	TRY(ebms_read_record(message, &ebms2_errors_schema, message->ebms2->errors, &errors, err));
	for (size_t i = 0; i < errors.count; i++) {
		struct ebms_error *error = &errors.errors[i];
		error->ref_to = message->signal.info->ref_to;
		if (error->description)
			error->description_text = xml_token(message->arena, error->description);
	}
	message->signal.errors = errors.errors;
	message->signal.errors_count = errors.count;
	if (!message->signal.info->ref_to)
		ebms_found(message, RULE_SIGNAL_REF, NULL, NULL);
	return OK;
}

static enum err_code read_manifest(struct ebms_message *message, const struct xml_node *manifest, struct err *err)
{
	struct ebms_payload_info *payload = arena_alloc(message->arena, sizeof *payload);
	struct ebms_part_info *parts = arena_array(message->arena, MANIFEST_MAX, sizeof *parts);
	if (!payload || !parts)
		return fail(err, ERR_MEMORY, "no memory for a message");
	message->user.payload = payload;
	*payload = (struct ebms_payload_info){ .part = parts };
	if (!grammar_check(manifest_grammar, manifest, ebms_rule(RULE_ENVELOPE), message->findings)) {
		message->header_faults++;
		return OK;
	}
	const struct xml_node *n = grammar_child(manifest, "eb2:Reference");
	for (; n && payload->count < MANIFEST_MAX; n = grammar_again(n))
		parts[payload->count++] = (struct ebms_part_info){ .href = grammar_attribute(n, "xlink:href") };
	return OK;
}

static enum err_code read_status(struct ebms_message *message, const struct xml_node *node, const struct schema *schema,
				 struct ebms2_status *status, struct err *err)
{
	if (node)
		return ebms_read_record(message, schema, node, status, err);
	refused(message, arena_printf(message->arena, "there is no eb:%s in the body", schema->root));
	return OK;
}

/* Signals of the service by their action; §8.1, §8.2. */
static const struct {
	const char *action;
	enum ebms_kind kind;
} services[] = {
	{ "Acknowledgment", KIND_RECEIPT },
	{ "MessageError", KIND_ERROR },
	{ "Ping", KIND_PING },
	{ "Pong", KIND_PONG },
	{ "StatusRequest", KIND_STATUS_REQUEST },
	{ "StatusResponse", KIND_STATUS_RESPONSE },
};

/* What stands in it decides before what it is called: an acknowledgment of another service is one as well. */
static enum ebms_kind kind_of(const struct ebms_message *message)
{
	const struct ebms2_blocks *blocks = message->ebms2;
	if (blocks->acknowledgment)
		return KIND_RECEIPT;
	if (blocks->errors)
		return KIND_ERROR;
	if (same(blocks->header.service->value, URI_MSH_SERVICE))
		for (size_t i = 0; i < COUNT(services); i++)
			if (same(services[i].action, blocks->header.action))
				return services[i].kind;
	return KIND_USER_MESSAGE;
}

/* §2.3, §4.2, §6.3: what may not stand together. Payloads of signals are found with the parts. */
static void check_together(struct ebms_message *message)
{
	const struct ebms2_blocks *blocks = message->ebms2;
	if (blocks->manifest && message->kind != KIND_USER_MESSAGE)
		refused(message, "a signal with a Manifest: signals stand alone here");
	if (blocks->acknowledgment && blocks->errors)
		refused(message, "an Acknowledgment with an ErrorList");
	if (blocks->sync && blocks->ordered)
		refused(message, "a MessageOrder with a SyncReply");
}

static enum err_code read_kind(struct ebms_message *message, struct ebms2_blocks *blocks, struct err *err)
{
	switch (message->kind) {
	case KIND_RECEIPT:
		if (blocks->acknowledgment)
			return read_acknowledgment(message, err);
		refused(message, "there is no eb:Acknowledgment");
		return OK;
	case KIND_ERROR:
		if (blocks->errors)
			return read_errors(message, err);
		refused(message, "there is no eb:ErrorList");
		return OK;
	case KIND_STATUS_REQUEST:
		return read_status(message, blocks->status_request, &ebms2_status_schema, &blocks->status, err);
	case KIND_STATUS_RESPONSE:
		return read_status(message, blocks->status_response, &ebms2_answer_schema, &blocks->status, err);
	case KIND_PONG:
		if (!message->signal.info->ref_to)
			ebms_found(message, RULE_SIGNAL_REF, NULL, NULL);
		return OK;
	case KIND_USER_MESSAGE:
		return blocks->manifest ? read_manifest(message, blocks->manifest, err) : OK;
	case KIND_PING:
	case KIND_PULL_REQUEST:
		break;
	}
	return OK;
}

static enum err_code read_unit(struct ebms_message *message, struct err *err)
{
	struct ebms2_blocks *blocks = arena_copy(message->arena, message->ebms2, sizeof *blocks);
	size_t before = message->header_faults;
	if (!blocks)
		return fail(err, ERR_MEMORY, "no memory for a message");
	TRY(ebms_read_record(message, &ebms2_header_schema, message->messaging, &blocks->header, err));
	message->ebms2 = blocks;
	/* A header that lacks a field has none to share; one with a wrong value is answered. */
	if (message->header_faults != before)
		return OK;
	check_header(message, &blocks->header);
	TRY(share_header(message, &blocks->header, err));
	message->kind = kind_of(message);
	message->unit_read = true;
	check_together(message);
	return read_kind(message, blocks, err);
}

/* §6.3.2: the references of the signature that is acknowledged. */
static bool read_receipt(struct ebms_message *receipt, const struct xml_node **references, size_t *count)
{
	const struct xml_node *n = grammar_child(receipt->signal.receipt, "ds:Reference");
	for (; n && *count < REFERENCES_MAX; n = grammar_again(n))
		references[(*count)++] = n;
	return true;
}

const struct binding binding_ebms2 = {
	.name = "ebms2",
	.soap_type = MIME_SOAP11,
	.soap_action = "\"ebXML\"",
	.soap_namespace = NS_SOAP11,
	.max_namespaces = NAMESPACES_MAX,
	.envelope = envelope_grammar,
	.wholes = { "the envelope" },
	.header_rule = RULE_HEADER2,
	.security_rule = RULE_SIGNATURE2,
	.receipt_rule = RULE_ACKNOWLEDGMENT,
	.read_blocks = read_blocks,
	.read_unit = read_unit,
	.read_security = ebms2_read_security,
	.read_transforms = ebms2_read_transforms,
	.read_receipt = read_receipt,
	.check_profile = ebms2_check_profile,
	.transforms_fit = ebms2_transforms_fit,
	.c14n = URI_C14N,
	.c14n_also = URI_EXC_C14N,
	.put_transforms = ebms2_put_transforms,
	.covers = ebms2_covers,
	.octets = ebms2_octets,
	.pack_user = ebms2_pack_user,
	.pack_receipt = ebms2_pack_receipt,
	.pack_error = ebms2_pack_error,
};
