/* What in a CPA leads to what: identifiers and references to them, and each action with the other party's. */
#include <stdlib.h>

#include "messaging/cpa_reading_int.h"

/* --- Identifiers --- */

struct id {
	const char *value;
	const struct xml_node *node;
	size_t party; /* 0, 1 or OF_NONE */
	size_t order; /* in the document */
};
enum { OF_NONE = 2 };

struct ids {
	struct id *items; /* NULL while they are counted; then in the order of their values */
	size_t count;
};

static void add_ids(struct ids *ids, const struct xml_node *parent, size_t party)
{
	for (const struct xml_node *one = xml_first(parent); one; one = xml_next(one)) {
		const struct cpa_name *name = cpa_name_of(one);
		const char *value = name && name->id ? cpa_attribute(one, name->attribute) : NULL;
		if (!value)
			continue;
		if (ids->items)
			ids->items[ids->count] = (struct id){ value, one, party, ids->count };
		ids->count++;
	}
}

static void add_all_ids(struct ids *ids, const struct cpa_reading *reading)
{
	ids->count = 0;
	for (size_t i = 0; i < COUNT(reading->parties); i++) {
		const struct xml_node *party = reading->parties[i];
		if (party)
			add_ids(ids, party, i);
		for (const struct xml_node *node = party; node; node = xml_walk(party, node))
			if (grammar_is(node, "cpa:CanSend") || grammar_is(node, "cpa:CanReceive"))
				add_ids(ids, node, i);
	}
	add_ids(ids, reading->root, OF_NONE);
	for (const struct xml_node *one = grammar_child(reading->root, "cpa:Packaging"); one; one = grammar_again(one))
		for (const struct xml_node *in = grammar_child(one, "cpa:CompositeList"); in; in = grammar_again(in))
			add_ids(ids, in, OF_NONE);
}

static int compare_values(const void *a, const void *b)
{
	return strcmp(((const struct id *)a)->value, ((const struct id *)b)->value);
}

static int compare_ids(const void *a, const void *b)
{
	const struct id *one = a, *other = b;
	int order = compare_values(a, b);

	return order ? order : (one->order > other->order) - (one->order < other->order);
}

static void read_ids(struct cpa_reading *reading, struct ids *ids)
{
	add_all_ids(ids, reading);
	ids->items = cpa_room(reading, ids->count, sizeof(*ids->items));
	if (!ids->items) {
		ids->count = 0;
		return;
	}
	add_all_ids(ids, reading);
	qsort(ids->items, ids->count, sizeof(*ids->items), compare_ids);
	for (size_t i = 1; i < ids->count; i++)
		if (same(ids->items[i].value, ids->items[i - 1].value))
			cpa_found(reading, CPA_RULE_ID_TWICE, ids->items[i].node, ids->items[i].value, NULL);
}

/* --- References --- */

/* Where that which is referred to must stand. */
enum scope { THIS_PARTY, OTHER_PARTY, ANYWHERE };

// clang-format off
static const struct reference {
	const char *element;
	const char *attribute; /* NULL: the text */
	const char *to;        /* NULL: any */
	enum scope scope;
	const char *what; /* for people */
} references[] = {
	{ "cpa:PartyInfo", "defaultMshChannelId", "cpa:DeliveryChannel", THIS_PARTY, "a DeliveryChannel of this party" },
	{ "cpa:PartyInfo", "defaultMshPackageId", "cpa:Packaging", ANYWHERE, "a Packaging" },
	{ "cpa:ThisPartyActionBinding", "packageId", "cpa:Packaging", ANYWHERE, "a Packaging" },
	{ "cpa:ChannelId", NULL, "cpa:DeliveryChannel", THIS_PARTY, "a DeliveryChannel of this party" },
	{ "cpa:OtherPartyActionBinding", NULL, "cpa:ThisPartyActionBinding", OTHER_PARTY, "a ThisPartyActionBinding of the other party" },
	{ "cpa:DeliveryChannel", "transportId", "cpa:Transport", THIS_PARTY, "a Transport of this party" },
	{ "cpa:DeliveryChannel", "docExchangeId", "cpa:DocExchange", THIS_PARTY, "a DocExchange of this party" },
	{ "cpa:OverrideMshActionBinding", "channelId", "cpa:DeliveryChannel", THIS_PARTY, "a DeliveryChannel of this party" },
	{ "cpa:ClientCertificateRef", "certId", "cpa:Certificate", THIS_PARTY, "a Certificate of this party" },
	{ "cpa:ServerCertificateRef", "certId", "cpa:Certificate", THIS_PARTY, "a Certificate of this party" },
	{ "cpa:SigningCertificateRef", "certId", "cpa:Certificate", THIS_PARTY, "a Certificate of this party" },
	{ "cpa:EncryptionCertificateRef", "certId", "cpa:Certificate", THIS_PARTY, "a Certificate of this party" },
	{ "cpa:ApplicationCertificateRef", "certId", "cpa:Certificate", THIS_PARTY, "a Certificate of this party" },
	{ "cpa:AnchorCertificateRef", "certId", "cpa:Certificate", ANYWHERE, "a Certificate" },
	{ "cpa:ServerSecurityDetailsRef", "securityId", "cpa:SecurityDetails", ANYWHERE, "SecurityDetails" },
	{ "cpa:ClientSecurityDetailsRef", "securityId", "cpa:SecurityDetails", ANYWHERE, "SecurityDetails" },
	{ "cpa:SigningSecurityDetailsRef", "securityId", "cpa:SecurityDetails", ANYWHERE, "SecurityDetails" },
	{ "cpa:EncryptionSecurityDetailsRef", "securityId", "cpa:SecurityDetails", ANYWHERE, "SecurityDetails" },
	{ "cpa:ApplicationSecurityDetailsRef", "securityId", "cpa:SecurityDetails", ANYWHERE, "SecurityDetails" },
	{ "cpa:Constituent", "idref", NULL, ANYWHERE, "a SimplePart or a Composite" },
};
// clang-format on

static bool leads(const struct ids *ids, const struct reference *reference, const char *value, size_t party)
{
	const struct id key = { .value = value };
	const struct id *id =
		ids->count > 0 ? bsearch(&key, ids->items, ids->count, sizeof(key), compare_values) : NULL;

	if (!id || (reference->to && !grammar_is(id->node, reference->to)))
		return false;
	if (reference->scope == ANYWHERE)
		return true;
	return party != OF_NONE && id->party != OF_NONE && (id->party == party) == (reference->scope == THIS_PARTY);
}

static void check_reference(struct cpa_reading *reading, const struct ids *ids, const struct xml_node *node,
			    size_t party)
{
	for (size_t i = 0; i < COUNT(references); i++) {
		const struct reference *reference = &references[i];
		if (!grammar_is(node, reference->element))
			continue;
		const char *value = reference->attribute ? cpa_needed(reading, node, reference->attribute)
							 : cpa_token(reading, node);
		if (value && *value && !leads(ids, reference, value, party))
			cpa_found(reading, CPA_RULE_REFERENCE, node, value, reference->what);
	}
}

void cpa_check_references(struct cpa_reading *reading)
{
	struct ids ids = { 0 };

	read_ids(reading, &ids);
	for (const struct xml_node *top = xml_first(reading->root); top; top = xml_next(top)) {
		size_t party = 0;
		while (party < OF_NONE && reading->parties[party] != top)
			party++;
		for (const struct xml_node *node = top; node; node = xml_walk(top, node))
			check_reference(reading, &ids, node, party);
	}
}

/* --- The two parties --- */

/* The schema allows several, and does not say which one counts: software differs, and so would the two ends in what is
 * signed, acknowledged and sent again. */
static bool names_another_channel(struct cpa_reading *reading, const struct xml_node *binding)
{
	const struct xml_node *first = grammar_child(binding, "cpa:ChannelId");

	for (const struct xml_node *one = first; (one = grammar_again(one));)
		if (!same(cpa_text(reading, one), cpa_text(reading, first)))
			return true;
	return false;
}

static void check_twice(struct cpa_reading *reading, size_t p)
{
	const struct cpa_party *party = &reading->cpa->parties[p];

	for (size_t i = 0; i < party->actions_count; i++) {
		const struct cpa_action *action = &party->actions[i];
		const struct cpa_action *first =
			cpa_action_of(party, action->sends, action->role, &action->service, action->action);
		const struct xml_node *binding = grammar_child(reading->actions[p][i], "cpa:ThisPartyActionBinding");
		if ((first && first != action) || names_another_channel(reading, binding))
			cpa_found(reading, CPA_RULE_ACTION_TWICE, binding, action->action, action->service.value);
	}
}

static bool mirrors(const struct cpa_action *one, const struct cpa_action *other)
{
	return one->sends != other->sends && same(one->action, other->action) &&
	       cpa_same(&one->service, &other->service);
}

/* An identifier says which it is; without one it is the first that fits. */
static const struct cpa_action *mirror_of(const struct cpa_action *action, const char *id,
					  const struct cpa_party *party)
{
	for (size_t i = 0; i < party->actions_count; i++)
		if ((!id || same(party->actions[i].id, id)) && mirrors(action, &party->actions[i]))
			return &party->actions[i];
	return NULL;
}

static void join_actions(struct cpa_reading *reading, size_t p)
{
	struct cpa_party *party = &reading->cpa->parties[p];

	for (size_t i = 0; i < party->actions_count; i++) {
		struct cpa_action *action = &party->actions[i];
		const struct xml_node *node = reading->actions[p][i];
		const char *id = cpa_text(reading, grammar_child(node, "cpa:OtherPartyActionBinding"));
		action->other = mirror_of(action, id, cpa_other(reading->cpa, party));
		if (!action->other)
			cpa_found(reading, CPA_RULE_MIRROR, grammar_child(node, "cpa:ThisPartyActionBinding"),
				  action->action, action->service.value);
	}
}

static void check_same_ids(struct cpa_reading *reading)
{
	const struct cpa_party *one = &reading->cpa->parties[0], *other = &reading->cpa->parties[1];

	for (size_t i = 0; i < one->ids_count; i++)
		for (size_t k = 0; k < other->ids_count; k++)
			if (one->ids[i].value && cpa_same(&one->ids[i], &other->ids[k]))
				cpa_found(reading, CPA_RULE_SAME_PARTY, reading->parties[1], one->ids[i].value, NULL);
}

static void check_same_certificates(struct cpa_reading *reading)
{
	const struct cpa_party *one = &reading->cpa->parties[0], *other = &reading->cpa->parties[1];
	const struct xml_node *node = grammar_child(reading->parties[1], "cpa:Certificate");

	for (size_t i = 0; i < other->certificates_count; i++, node = grammar_again(node)) {
		size_t k = 0;
		while (k < one->certificates_count && !bytes_same(one->certificates[k].der, other->certificates[i].der))
			k++;
		if (k < one->certificates_count && one->certificates[k].der.size > 0)
			cpa_found(reading, CPA_RULE_SAME_CERTIFICATE, node, one->certificates[k].id, NULL);
	}
}

void cpa_join(struct cpa_reading *reading)
{
	for (size_t i = 0; i < COUNT(reading->parties); i++) {
		check_twice(reading, i);
		join_actions(reading, i);
	}
	check_same_ids(reading);
	check_same_certificates(reading);
}
