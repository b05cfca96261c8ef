#include "messaging/cpa_reading_int.h"

#include <stdio.h>

#include "base/buf.h"
#include "messaging/uris_int.h"

enum { CPA_TEXT_BYTES = 1024 };

const char *cpa_attribute(const struct xml_node *node, const char *name)
{
	const char *value = node ? xml_attribute(node, NS_CPA, name) : NULL;
	return value || !node ? value : xml_attribute(node, "", name);
}

const struct xml_node *cpa_next_action(const struct xml_node *party, const struct xml_node *node)
{
	while ((node = xml_walk(party, node))) {
		const struct xml_node *binding = xml_parent(node), *role = xml_parent(binding);
		if ((grammar_is(node, "cpa:CanSend") || grammar_is(node, "cpa:CanReceive")) && role &&
		    xml_parent(role) == party)
			return node;
	}
	return NULL;
}

/* --- Places --- */

static const struct cpa_name names[] = {
	{ "cpa:PartyInfo", "partyName", false },
	{ "cpa:ThisPartyActionBinding", "id", true },
	{ "cpa:Certificate", "certId", true },
	{ "cpa:SecurityDetails", "securityId", true },
	{ "cpa:DeliveryChannel", "channelId", true },
	{ "cpa:Transport", "transportId", true },
	{ "cpa:DocExchange", "docExchangeId", true },
	{ "cpa:SimplePart", "id", true },
	{ "cpa:Packaging", "id", true },
	{ "cpa:Composite", "id", true },
	{ "cpa:Encapsulation", "id", true },
	{ "cpa:OverrideMshActionBinding", "action", false },
};

const struct cpa_name *cpa_name_of(const struct xml_node *node)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (grammar_is(node, names[i].element))
			return &names[i];
	return NULL;
}

/* "[dc1]" or, among others of its name, "[2]"; "" for an only one. */
static void put_label(struct buf *out, const struct xml_node *node)
{
	const struct cpa_name *name = cpa_name_of(node);
	const char *value = name ? cpa_attribute(node, name->attribute) : NULL;
	const struct xml_node *first = xml_parent(node) ? xml_first(xml_parent(node)) : node;
	char label[CPA_LABEL_SIZE];
	size_t before = 0;

	for (const struct xml_node *one = first; one != node && !value; one = xml_next(one))
		before += xml_is(one, xml_namespace(node), xml_name(node));
	if (value)
		buf_printf(out, "[%s]", cpa_label(label, value));
	else if (before > 0 || grammar_again(node))
		buf_printf(out, "[%zu]", before + 1);
}

/* The party, the innermost element with an identifier, and what is below that. */
static const char *place_of(struct cpa_reading *reading, const struct xml_node *node)
{
	const struct xml_node *chain[8];
	size_t depth = 0;
	buf_auto out = { 0 };

	for (const struct xml_node *at = node; at && at != reading->root && depth < COUNT(chain) - 1;
	     at = xml_parent(at)) {
		const struct cpa_name *name = cpa_name_of(at);
		chain[depth++] = at;
		if (!name || !name->id)
			continue;
		while (xml_parent(at) && xml_parent(at) != reading->root)
			at = xml_parent(at);
		if (at != chain[depth - 1])
			chain[depth++] = at;
		break;
	}
	buf_init(&out, 8192);
	while (depth-- > 0) {
		char label[CPA_LABEL_SIZE];
		buf_printf(&out, "%s%s", out.size ? "/" : "", cpa_label(label, xml_name(chain[depth])));
		put_label(&out, chain[depth]);
	}
	return arena_text(reading->arena, buf_text(&out));
}

/* The place costs more than the finding: those that nobody keeps have none. Out of memory is counted by the findings.
 */
void cpa_found(struct cpa_reading *reading, enum cpa_rule_name rule, const struct xml_node *node, const char *first,
	       const char *second)
{
	bool kept = findings_count(reading->findings) < FINDINGS_MAX;
	const char *place = kept ? place_of(reading, node) : "";

	if (!place)
		reading->no_memory = true;
	else
		finding_add(reading->findings, cpa_rule(rule), place, first, second);
}

/* --- Values --- */

void *cpa_room(struct cpa_reading *reading, size_t count, size_t size)
{
	void *memory = arena_array(reading->arena, count, size);

	reading->no_memory = reading->no_memory || !memory;
	return memory;
}

const char *cpa_needed(struct cpa_reading *reading, const struct xml_node *node, const char *name)
{
	const char *value = cpa_attribute(node, name);
	char what[64];

	if (node && (!value || !*value)) {
		snprintf(what, sizeof(what), "missing attribute %s", name);
		cpa_found(reading, CPA_RULE_GRAMMAR, node, what, xml_name(node));
		return NULL;
	}
	if (value && strlen(value) > CPA_TEXT_BYTES)
		cpa_found(reading, CPA_RULE_TOO_MANY, node, "1024", "bytes");
	return value;
}

const char *cpa_text(struct cpa_reading *reading, const struct xml_node *node)
{
	if (!node || !xml_text(node))
		return NULL;
	const char *text = xml_token(reading->arena, node);
	reading->no_memory = reading->no_memory || !text;
	return text;
}

const char *cpa_token(struct cpa_reading *reading, const struct xml_node *node)
{
	const char *text = cpa_text(reading, node);

	if (text && !*text)
		cpa_found(reading, CPA_RULE_GRAMMAR, node, "no text", xml_name(node));
	else if (text && strlen(text) > CPA_TEXT_BYTES)
		cpa_found(reading, CPA_RULE_TOO_MANY, node, "1024", "bytes");
	return text;
}
