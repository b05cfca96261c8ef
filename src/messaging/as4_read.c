/* The header of AS4: eb:Messaging of ebMS 3.0 in SOAP 1.2. */
#include "messaging/as4_int.h"
#include "messaging/signature_int.h"
#include "messaging/uris_int.h"

/* SOAP 1.2: what is in Header and Body has its own readers. */
static const struct grammar envelope_grammar[] = {
	{ 0, "env:Envelope", 1, 1, NULL, ELEMENTS },
	{ 1, "env:Header", 1, 1, NULL, OPEN },
	{ 1, "env:Body", 1, 1, "wsu:Id id", OPEN },
	{ 0 },
};
/* How many units there are is a rule of its own, so that the refusal can say it. */
static const struct grammar messaging_grammar[] = {
	{ 0, "eb:Messaging", 1, 1, "wsu:Id id env:mustUnderstand env:role", ELEMENTS },
	{ 1, "eb:UserMessage", 0, 99, NULL, OPEN },
	{ 1, "eb:SignalMessage", 0, 99, NULL, OPEN },
	{ 0 },
};

static enum err_code read_blocks(struct ebms_message *message, const struct xml_node *header, struct err *err)
{
	(void)err;
	for (const struct xml_node *block = xml_first(header); block; block = xml_next(block)) {
		const struct xml_node **place = grammar_is(block, "eb:Messaging")    ? &message->messaging
						: grammar_is(block, "wsse:Security") ? &message->security
										     : NULL;
		if (!place)
			ebms_found(message, RULE_FOREIGN_HEADER, xml_name(block), NULL);
		else if (*place)
			ebms_found(message, RULE_ENVELOPE, xml_name(block), "Header: a second one");
		else
			*place = block;
	}
	if (!message->messaging)
		ebms_found(message, RULE_ENVELOPE, "missing Messaging", "Header");
	return OK;
}

static enum err_code read_signal(struct ebms_message *message, const struct xml_node *node, struct err *err)
{
	struct ebms_signal *signal = &message->signal;
	TRY(ebms_read_record(message, &ebms_signal_schema, node, signal, err));
	message->kind = signal->pull_request ? KIND_PULL_REQUEST : signal->receipt ? KIND_RECEIPT : KIND_ERROR;
	bool named = signal->info && signal->info->ref_to;
	for (size_t i = 0; i < signal->errors_count; i++) {
		struct ebms_error *error = &signal->errors[i];
		named = named || error->ref_to;
		if (error->description)
			error->description_text = xml_token(message->arena, error->description);
	}
	if (message->kind != KIND_PULL_REQUEST && !named)
		ebms_found(message, RULE_SIGNAL_REF, NULL, NULL);
	int contents = (signal->receipt != NULL) + (signal->pull_request != NULL) + (signal->errors_count > 0);
	if (contents != 1)
		ebms_found(message, RULE_EBMS, "a signal carries one of PullRequest, Receipt and Error", NULL);
	return OK;
}

static enum err_code read_unit(struct ebms_message *message, struct err *err)
{
	if (!grammar_check(messaging_grammar, message->messaging, ebms_rule(RULE_ENVELOPE), message->findings))
		return OK;
	const struct xml_node *unit = xml_first(message->messaging);
	if (!unit || xml_next(unit)) {
		size_t count = 0;
		for (const struct xml_node *n = unit; n; n = xml_next(n))
			count++;
		ebms_found(message, RULE_ONE_UNIT, arena_printf(message->arena, "%zu", count), NULL);
		return OK;
	}
	message->unit_read = true;
	if (grammar_is(unit, "eb:SignalMessage"))
		return read_signal(message, unit, err);
	message->kind = KIND_USER_MESSAGE;
	return ebms_read_record(message, &ebms_user_message_schema, unit, &message->user, err);
}

static const struct grammar receipt_grammar[] = {
	/* ebMS 3.0 core, schema: any elements of other namespaces. phase4 puts its name and version there. */
	{ 0, "eb:Receipt", 1, 1, NULL, EXTENSIBLE },
	{ 1, "ebbp:NonRepudiationInformation", 1, 1, "id ebbp:id", ELEMENTS },
	{ 2, "ebbp:MessagePartNRInformation", 1, 30, "id ebbp:id", ELEMENTS },
	{ 3, "ds:Reference", 1, 1, NULL, OPEN },
	{ 0 },
};

static bool read_receipt(struct ebms_message *receipt, const struct xml_node *references[static REFERENCES_MAX],
			 size_t *count)
{
	const struct xml_node *node = receipt->signal.receipt;
	if (!grammar_check(receipt_grammar, node, ebms_rule(RULE_RECEIPT), receipt->findings))
		return false;
	node = grammar_child(node, "ebbp:NonRepudiationInformation");
	for (const struct xml_node *part = xml_first(node); part && *count < REFERENCES_MAX; part = xml_next(part))
		references[(*count)++] = grammar_child(part, "ds:Reference");
	return true;
}

const struct binding binding_as4 = {
	.name = "as4",
	.encrypts = true,
	.soap_type = MIME_SOAP12,
	.soap_namespace = NS_SOAP12,
	.max_namespaces = 2000,
	.envelope = envelope_grammar,
	.wholes = { "eb:Messaging", "the SOAP body" },
	.header_rule = RULE_EBMS,
	.security_rule = RULE_SECURITY,
	.receipt_rule = RULE_RECEIPT,
	.read_blocks = read_blocks,
	.read_unit = read_unit,
	.read_security = as4_read_security,
	.read_transforms = as4_read_transforms,
	.read_receipt = read_receipt,
	.check_profile = as4_check_profile,
	.transforms_fit = as4_transforms_fit,
	.c14n = URI_EXC_C14N,
	.put_transforms = as4_put_transforms,
	.covers = as4_covers,
	.octets = as4_octets,
	.part_octets = as4_octets_of_part,
	.pack_user = as4_pack_user,
	.pack_receipt = as4_pack_receipt,
	.pack_error = as4_pack_error,
};
