/* The sender's check of a receipt: it speaks of our message, and repeats what we signed, all of it and nothing else. */
#include "base/text.h"
#include "messaging/message_int.h"
#include "messaging/grammar_int.h"
#include "messaging/uris_int.h"

static const struct grammar receipt_grammar[] = {
	/* ebMS 3.0 core, schema: any elements of other namespaces. phase4 puts its name and version there. */
	{ 0, "eb:Receipt", 1, 1, NULL, EXTENSIBLE },
	{ 1, "ebbp:NonRepudiationInformation", 1, 1, "id ebbp:id", ELEMENTS },
	{ 2, "ebbp:MessagePartNRInformation", 1, 30, "id ebbp:id", ELEMENTS },
	{ 3, "ds:Reference", 1, 1, NULL, OPEN },
	{ 0 },
};

static void found(struct ebms_message *receipt, const char *what, const char *which)
{
	finding_add(receipt->findings, ebms_rule(RULE_RECEIPT), "", what, which);
}

/* Whether NODE (ds:Reference in the receipt) repeats REFERENCE: its URI, digest algorithm and digest. */
static bool repeats(struct arena *arena, const struct xml_node *node, const struct ebms_reference *reference)
{
	const struct xml_node *method = grammar_child(node, "ds:DigestMethod");
	const struct xml_node *value = grammar_child(node, "ds:DigestValue");
	const char *text = value ? xml_text(value) : NULL;
	struct bytes digest;
	return method && text && same(grammar_attribute(node, "URI"), reference->uri) &&
	       same(grammar_attribute(method, "Algorithm"), reference->digest_name) &&
	       base64_parse(arena, bytes_of(text), &digest) && bytes_same(digest, reference->value);
}

void as4_check_receipt(struct ebms_message *receipt, const char *ref_to, const struct ebms_reference *references,
		       size_t count)
{
	if (receipt->kind != KIND_RECEIPT || !receipt->signal.info || !same(receipt->signal.info->ref_to, ref_to)) {
		found(receipt, "does not speak of message", ref_to);
		return;
	}
	if (!grammar_check(receipt_grammar, receipt->signal.receipt, ebms_rule(RULE_RECEIPT), receipt->findings))
		return;
	const struct xml_node *information = grammar_child(receipt->signal.receipt, "ebbp:NonRepudiationInformation");
	size_t parts = 0;
	for (const struct xml_node *p = xml_first(information); p; p = xml_next(p))
		parts++;
	for (size_t i = 0; i < count; i++) {
		size_t hits = 0;
		for (const struct xml_node *p = xml_first(information); p; p = xml_next(p))
			hits += repeats(receipt->arena, grammar_child(p, "ds:Reference"), &references[i]);
		if (hits != 1)
			found(receipt, "does not repeat the signed digest of", references[i].uri);
	}
	if (parts != count)
		found(receipt, "repeats", "more or fewer references than were signed");
}
