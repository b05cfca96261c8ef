/* The sender's check of a receipt: it speaks of our message, and repeats what we signed, all of it and nothing else. */
#include "base/text.h"
#include "messaging/ebms2_int.h"
#include "messaging/signature_int.h"

static void found(struct ebms_message *receipt, const char *what, const char *which)
{
	finding_add(receipt->findings, ebms_rule(receipt->binding->receipt_rule), "", what, which);
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

void ebms_check_receipt(struct ebms_message *receipt, const char *ref_to, const struct ebms_reference *references,
			size_t count)
{
	const struct xml_node *repeated[REFERENCES_MAX];
	size_t repeated_count = 0;
	if (receipt->kind != KIND_RECEIPT || !receipt->signal.info || !same(receipt->signal.info->ref_to, ref_to)) {
		found(receipt, "does not speak of message", ref_to);
		return;
	}
	if (!receipt->binding->read_receipt(receipt, repeated, &repeated_count))
		return;
	for (size_t i = 0; i < count; i++) {
		size_t hits = 0;
		for (size_t k = 0; k < repeated_count; k++)
			hits += repeats(receipt->arena, repeated[k], &references[i]);
		if (hits != 1)
			found(receipt, "does not repeat the signed digest of", references[i].uri);
	}
	if (repeated_count != count)
		found(receipt, "repeats", "more or fewer references than were signed");
}

struct ebms_sent ebms_sent_as(const struct ebms_message *message)
{
	return (struct ebms_sent){ .references = message->signature->references,
				   .count = message->signature->count,
				   .ack_signed = !message->ebms2 || message->ebms2->ack_signed };
}

void ebms_check_sent(struct ebms_message *receipt, const char *ref_to, const struct ebms_sent *sent)
{
	if (receipt->kind == KIND_RECEIPT && sent->ack_signed && !receipt->signature)
		ebms_found(receipt, RULE_UNSIGNED, NULL, NULL);
	else
		ebms_check_receipt(receipt, ref_to, sent->references, sent->ack_signed ? sent->count : 0);
}
