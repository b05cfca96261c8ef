/* A CPA from its XML. CPPA 2.0 with its schema, cpp-cpa-2_0.xsd (version 2_0b). */
#include <stdio.h>

#include "base/date.h"
#include "base/text.h"
#include "crypto/cert.h"
#include "messaging/cpa_reading_int.h"

/* A real CPA has some ten actions and 100 kB. */
const struct xml_limits cpa_xml_limits = {
	.max_bytes = 1 << 20,
	.max_depth = 32,
	.max_elements = 20000,
	.max_attributes = 32,
	.max_all_attributes = 60000,
	.max_namespaces = 64,
	.max_value_bytes = 4096,
	.without_blanks = true,
};

/* Attributes are qualified (attributeFormDefault in the schema); some write them without a prefix, which cannot be
 * mistaken. That those which we use are there is seen to where they are read. */
#define A(name) "cpa:" name " " name " "
#define XLINK   "xlink:href xlink:type "

// clang-format off
#define CHARACTERISTICS \
	A("isNonRepudiationRequired") A("isNonRepudiationReceiptRequired") A("isConfidential") A("isAuthenticated") \
	A("isTamperProof") A("isAuthorizationRequired") A("isIntelligibleCheckRequired") \
	A("timeToAcknowledgeReceipt") A("timeToAcknowledgeAcceptance") A("timeToPerform") A("retryCount")

/* In CanSend and CanReceive. */
#define BINDING(nested) \
	{ 5, "cpa:ThisPartyActionBinding", 1, 1, A("id") A("action") A("packageId") XLINK, EXTENSIBLE }, \
	{ 6, "cpa:BusinessTransactionCharacteristics", 1, 1, CHARACTERISTICS, ELEMENTS }, \
	{ 6, "cpa:ActionContext", 0, 1, NULL, OPEN }, \
	{ 6, "cpa:ChannelId", 1, CPA_MANY, NULL, TEXT }, \
	{ 5, "cpa:OtherPartyActionBinding", 0, 1, NULL, TEXT }, \
	{ 5, nested, 0, CPA_MANY, NULL, OPEN }

/* In both bindings of DocExchange. */
#define RELIABLE_MESSAGING \
	{ 4, "cpa:ReliableMessaging", 0, 1, NULL, ELEMENTS }, \
	{ 5, "cpa:Retries", 0, 1, NULL, TEXT }, \
	{ 5, "cpa:RetryInterval", 0, 1, NULL, TEXT }, \
	{ 5, "cpa:MessageOrderSemantics", 1, 1, NULL, TEXT }, \
	{ 4, "cpa:PersistDuration", 0, 1, NULL, TEXT }

/* The content models of the schema, but that elements may stand in any order. OPEN is what nothing here follows from.
 * Names beside the rows' own are refused: what we do not know may change what the rest means. */
static const struct grammar cpa_grammar[] = {
	{ 0, "cpa:CollaborationProtocolAgreement", 1, 1, A("cpaid") A("version") "xsi:schemaLocation", ELEMENTS },
	{ 1, "cpa:Status", 1, 1, A("value"), ELEMENTS },
	{ 1, "cpa:Start", 1, 1, NULL, TEXT },
	{ 1, "cpa:End", 1, 1, NULL, TEXT },
	{ 1, "cpa:ConversationConstraints", 0, 1, NULL, OPEN },
	{ 1, "cpa:PartyInfo", 0, UINT32_MAX, A("partyName") A("defaultMshChannelId") A("defaultMshPackageId"), ELEMENTS },
	{ 2, "cpa:PartyId", 1, CPA_MANY, A("type"), TEXT },
	{ 2, "cpa:PartyRef", 1, CPA_MANY, NULL, OPEN },
	{ 2, "cpa:CollaborationRole", 1, CPA_MANY, NULL, ELEMENTS },
	{ 3, "cpa:ProcessSpecification", 1, 1, NULL, OPEN },
	{ 3, "cpa:Role", 1, 1, A("name") XLINK, ELEMENTS },
	{ 3, "cpa:ApplicationCertificateRef", 0, CPA_MANY, A("certId"), ELEMENTS },
	{ 3, "cpa:ApplicationSecurityDetailsRef", 0, 1, A("securityId"), ELEMENTS },
	{ 3, "cpa:ServiceBinding", 1, 1, NULL, ELEMENTS },
	{ 4, "cpa:Service", 1, 1, A("type"), TEXT },
	{ 4, "cpa:CanSend", 0, CPA_MANY, NULL, ELEMENTS },
	BINDING("cpa:CanReceive"),
	{ 4, "cpa:CanReceive", 0, CPA_MANY, NULL, ELEMENTS },
	BINDING("cpa:CanSend"),
	{ 2, "cpa:Certificate", 0, CPA_MANY, A("certId"), ELEMENTS },
	{ 3, "ds:KeyInfo", 1, 1, NULL, OPEN },
	{ 2, "cpa:SecurityDetails", 0, CPA_MANY, A("securityId"), ELEMENTS },
	{ 3, "cpa:TrustAnchors", 0, 1, NULL, ELEMENTS },
	{ 4, "cpa:AnchorCertificateRef", 1, CPA_MANY, A("certId"), ELEMENTS },
	{ 3, "cpa:SecurityPolicy", 0, 1, NULL, OPEN },
	{ 2, "cpa:DeliveryChannel", 1, CPA_MANY, A("channelId") A("transportId") A("docExchangeId"), ELEMENTS },
	{ 3, "cpa:MessagingCharacteristics", 1, 1, A("syncReplyMode") A("ackRequested") A("ackSignatureRequested")
		A("duplicateElimination") A("actor"), ELEMENTS },
	{ 2, "cpa:Transport", 1, CPA_MANY, A("transportId"), ELEMENTS },
	{ 3, "cpa:TransportSender", 0, 1, NULL, ELEMENTS },
	{ 4, "cpa:TransportProtocol", 1, 1, A("version"), TEXT },
	{ 4, "cpa:AccessAuthentication", 0, CPA_MANY, NULL, TEXT },
	{ 4, "cpa:TransportClientSecurity", 0, 1, NULL, ELEMENTS },
	{ 5, "cpa:TransportSecurityProtocol", 1, 1, A("version"), TEXT },
	{ 5, "cpa:ClientCertificateRef", 0, 1, A("certId"), ELEMENTS },
	{ 5, "cpa:ServerSecurityDetailsRef", 0, 1, A("securityId"), ELEMENTS },
	{ 5, "cpa:EncryptionAlgorithm", 0, CPA_MANY, NULL, OPEN },
	{ 3, "cpa:TransportReceiver", 0, 1, NULL, ELEMENTS },
	{ 4, "cpa:TransportProtocol", 1, 1, A("version"), TEXT },
	{ 4, "cpa:AccessAuthentication", 0, CPA_MANY, NULL, TEXT },
	{ 4, "cpa:Endpoint", 1, CPA_MANY, A("uri") A("type"), ELEMENTS },
	{ 4, "cpa:TransportServerSecurity", 0, 1, NULL, ELEMENTS },
	{ 5, "cpa:TransportSecurityProtocol", 1, 1, A("version"), TEXT },
	{ 5, "cpa:ServerCertificateRef", 1, 1, A("certId"), ELEMENTS },
	{ 5, "cpa:ClientSecurityDetailsRef", 0, 1, A("securityId"), ELEMENTS },
	{ 5, "cpa:EncryptionAlgorithm", 0, CPA_MANY, NULL, OPEN },
	{ 2, "cpa:DocExchange", 1, CPA_MANY, A("docExchangeId"), ELEMENTS },
	{ 3, "cpa:ebXMLSenderBinding", 0, 1, A("version"), ELEMENTS },
	RELIABLE_MESSAGING,
	{ 4, "cpa:SenderNonRepudiation", 0, 1, NULL, ELEMENTS },
	{ 5, "cpa:NonRepudiationProtocol", 1, 1, A("version"), TEXT },
	{ 5, "cpa:HashFunction", 1, 1, NULL, TEXT },
	{ 5, "cpa:SignatureAlgorithm", 1, CPA_MANY, A("oid") A("w3c") A("enumerationType"), TEXT },
	{ 5, "cpa:SigningCertificateRef", 1, 1, A("certId"), ELEMENTS },
	{ 4, "cpa:SenderDigitalEnvelope", 0, 1, NULL, OPEN },
	{ 4, "cpa:NamespaceSupported", 0, CPA_MANY, NULL, OPEN },
	{ 3, "cpa:ebXMLReceiverBinding", 0, 1, A("version"), ELEMENTS },
	RELIABLE_MESSAGING,
	{ 4, "cpa:ReceiverNonRepudiation", 0, 1, NULL, OPEN },
	{ 4, "cpa:ReceiverDigitalEnvelope", 0, 1, NULL, OPEN },
	{ 4, "cpa:NamespaceSupported", 0, CPA_MANY, NULL, OPEN },
	{ 2, "cpa:OverrideMshActionBinding", 0, CPA_MANY, A("action") A("channelId"), ELEMENTS },
	{ 1, "cpa:SimplePart", 1, CPA_MANY, NULL, OPEN },
	{ 1, "cpa:Packaging", 1, CPA_MANY, NULL, OPEN },
	{ 1, "cpa:Signature", 0, 1, NULL, OPEN },
	{ 1, "cpa:Comment", 0, CPA_MANY, NULL, OPEN },
	{ 0 },
};
// clang-format on

/* --- Values --- */

/* The place of an attribute's value among COUNT; INSTEAD if it is left out, or is none of them. */
static unsigned choice(struct cpa_reading *reading, const struct xml_node *node, const char *name,
		       const char *const *values, size_t count, unsigned instead)
{
	const char *value = cpa_attribute(node, name);

	for (unsigned i = 0; value && i < count; i++)
		if (same(values[i], value))
			return i;
	if (value)
		cpa_found(reading, CPA_RULE_VALUE, node, value, name);
	return instead;
}

static enum cpa_when when(struct cpa_reading *reading, const struct xml_node *node, const char *name)
{
	return (enum cpa_when)choice(reading, node, name, cpa_when_names, CPA_ALWAYS + 1, CPA_PER_MESSAGE);
}

static bool flag(struct cpa_reading *reading, const struct xml_node *node, const char *name)
{
	static const char *const values[] = { "false", "true", "0", "1" };
	return choice(reading, node, name, values, COUNT(values), 0) % 2 == 1;
}

static int64_t duration(struct cpa_reading *reading, const struct xml_node *node)
{
	const char *text = cpa_token(reading, node);
	int64_t duration_us = 0;

	if (text && *text && !cpa_duration_parse(text, &duration_us))
		cpa_found(reading, CPA_RULE_DURATION, node, text, NULL);
	return duration_us;
}

static int64_t time_of(struct cpa_reading *reading, const struct xml_node *node)
{
	const char *text = cpa_token(reading, node);
	int64_t time_us = TIME_NONE;

	if (text && *text && !time_parse(text, &time_us))
		cpa_found(reading, CPA_RULE_TIME, node, text, NULL);
	return time_us;
}

static int64_t number(struct cpa_reading *reading, const struct xml_node *node)
{
	const char *text = cpa_token(reading, node);
	int64_t value = 0;

	if (!text || !*text || (int64_parse(text, &value) && value >= 0 && value <= CPA_RETRIES_MAX))
		return value;
	cpa_found(reading, CPA_RULE_NUMBER, node, text, "1000");
	return 0;
}

/* Room for the children NAME of NODE. Beyond CPA_MANY, which the grammar has refused, none is looked at. */
static void *list(struct cpa_reading *reading, const struct xml_node *node, const char *name, size_t size,
		  size_t *count)
{
	size_t n = 0;

	for (const struct xml_node *one = grammar_child(node, name); one && n < CPA_MANY; one = grammar_again(one))
		n++;
	void *memory = cpa_room(reading, n, size);
	*count = memory ? n : 0;
	return memory;
}

/* --- Certificates --- */

static void read_certificate(struct cpa_reading *reading, const struct xml_node *node,
			     struct cpa_certificate *certificate)
{
	const struct xml_node *info = grammar_child(node, "ds:KeyInfo"), *one = info;
	const char *text;
	cert_auto cert = NULL;
	struct err err = { 0 };

	certificate->id = cpa_needed(reading, node, "certId");
	while (one && !grammar_is(one, "ds:X509Certificate"))
		one = xml_walk(info, one);
	if (!one || !(text = xml_text(one)))
		cpa_found(reading, CPA_RULE_CERTIFICATE, node, "no ds:X509Certificate in its ds:KeyInfo", NULL);
	else if (!base64_parse(reading->arena, bytes_of(text), &certificate->der))
		cpa_found(reading, CPA_RULE_CERTIFICATE, node, "its ds:X509Certificate is not base64", NULL);
	else if (cert_parse(certificate->der, &cert, &err) != OK)
		cpa_found(reading, CPA_RULE_CERTIFICATE, node, err.text, NULL);
}

static const struct cpa_certificate *certificate_of(const struct cpa_party *party, const struct xml_node *reference)
{
	const char *id = cpa_attribute(reference, "certId");

	for (size_t i = 0; id && i < party->certificates_count; i++)
		if (same(party->certificates[i].id, id))
			return &party->certificates[i];
	return NULL;
}

/* --- Channels --- */

/* The purposes of an Endpoint; those first that take requests and signals alike. */
static const char *endpoint_of(struct cpa_reading *reading, const struct xml_node *receiver)
{
	static const char *const types[] = { "allPurpose", "request", "response", "error", "login" };
	const struct xml_node *best = NULL;
	unsigned best_type = COUNT(types);

	for (const struct xml_node *one = grammar_child(receiver, "cpa:Endpoint"); one; one = grammar_again(one)) {
		unsigned type = choice(reading, one, "type", types, COUNT(types), 0);
		if (type < best_type) {
			best = one;
			best_type = type;
		}
	}
	return cpa_needed(reading, best, "uri");
}

static void read_transport(struct cpa_reading *reading, const struct cpa_party *party, const struct xml_node *node,
			   struct cpa_channel *channel)
{
	const struct xml_node *sender = grammar_child(node, "cpa:TransportSender");
	const struct xml_node *receiver = grammar_child(node, "cpa:TransportReceiver");
	const struct xml_node *client = grammar_child(sender, "cpa:TransportClientSecurity");
	const struct xml_node *server = grammar_child(receiver, "cpa:TransportServerSecurity");

	channel->id = cpa_needed(reading, node, "transportId");
	channel->endpoint = endpoint_of(reading, receiver);
	channel->client = certificate_of(party, grammar_child(client, "cpa:ClientCertificateRef"));
	channel->server = certificate_of(party, grammar_child(server, "cpa:ServerCertificateRef"));
}

struct reliability {
	bool said;
	int64_t retries, interval_us, persist_us;
};

static struct reliability read_reliability(struct cpa_reading *reading, const struct xml_node *binding)
{
	const struct xml_node *messaging = grammar_child(binding, "cpa:ReliableMessaging");

	return (struct reliability){
		.said = messaging,
		.retries = number(reading, grammar_child(messaging, "cpa:Retries")),
		.interval_us = duration(reading, grammar_child(messaging, "cpa:RetryInterval")),
		.persist_us = duration(reading, grammar_child(binding, "cpa:PersistDuration")),
	};
}

static void read_exchange(struct cpa_reading *reading, const struct cpa_party *party, const struct xml_node *node,
			  struct cpa_channel *channel)
{
	const struct xml_node *sender = grammar_child(node, "cpa:ebXMLSenderBinding");
	const struct xml_node *receiver = grammar_child(node, "cpa:ebXMLReceiverBinding");
	const struct xml_node *signs = grammar_child(sender, "cpa:SenderNonRepudiation");
	const struct xml_node *algorithm = grammar_child(signs, "cpa:SignatureAlgorithm");
	struct reliability sends = read_reliability(reading, sender), receives = read_reliability(reading, receiver);
	struct reliability used = sends.said ? sends : receives;

	if (sends.said && receives.said &&
	    (sends.retries != receives.retries || sends.interval_us != receives.interval_us))
		cpa_found(reading, CPA_RULE_BINDINGS, node, NULL, NULL);
	channel->id = cpa_needed(reading, node, "docExchangeId");
	channel->retries = (unsigned)used.retries;
	channel->retry_interval_us = used.interval_us;
	channel->persist_us = receives.persist_us ? receives.persist_us : sends.persist_us;
	/* The text may be a name that the parties gave it; the attribute is XML Signature's. */
	channel->signature = cpa_attribute(algorithm, "w3c");
	if (!channel->signature)
		channel->signature = cpa_token(reading, algorithm);
	channel->digest = cpa_token(reading, grammar_child(signs, "cpa:HashFunction"));
	channel->signing = certificate_of(party, grammar_child(signs, "cpa:SigningCertificateRef"));
	channel->encrypted = grammar_child(sender, "cpa:SenderDigitalEnvelope") ||
			     grammar_child(receiver, "cpa:ReceiverDigitalEnvelope");
}

/* What channels are put together from, each read once however many name it. */
struct halves {
	struct cpa_channel *transports, *exchanges;
	size_t transports_count, exchanges_count;
};

static struct cpa_channel half_of(const struct cpa_channel *halves, size_t count, const char *id)
{
	for (size_t i = 0; id && i < count; i++)
		if (same(halves[i].id, id))
			return halves[i];
	return (struct cpa_channel){ 0 };
}

static void read_channel(struct cpa_reading *reading, const struct xml_node *node, const struct halves *halves,
			 struct cpa_channel *channel)
{
	static const char *const modes[] = { "none", "mshSignalsOnly", "responseOnly", "signalsAndResponse",
					     "signalsOnly" };
	static const char *const actors[] = { "urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH",
					      "urn:oasis:names:tc:ebxml-msg:actor:nextMSH" };
	const struct xml_node *characteristics = grammar_child(node, "cpa:MessagingCharacteristics");
	const struct cpa_channel transport =
		half_of(halves->transports, halves->transports_count, cpa_attribute(node, "transportId"));

	*channel = half_of(halves->exchanges, halves->exchanges_count, cpa_attribute(node, "docExchangeId"));
	channel->id = cpa_needed(reading, node, "channelId");
	channel->endpoint = transport.endpoint;
	channel->client = transport.client;
	channel->server = transport.server;
	channel->sync_reply_mode = modes[choice(reading, characteristics, "syncReplyMode", modes, COUNT(modes), 0)];
	channel->sync = same(channel->sync_reply_mode, "mshSignalsOnly");
	channel->acknowledged = when(reading, characteristics, "ackRequested");
	channel->ack_signed = when(reading, characteristics, "ackSignatureRequested");
	channel->duplicates_eliminated = when(reading, characteristics, "duplicateElimination");
	if (cpa_attribute(characteristics, "actor"))
		channel->actor = actors[choice(reading, characteristics, "actor", actors, COUNT(actors), 0)];
}

static void read_channels(struct cpa_reading *reading, const struct xml_node *node, struct cpa_party *party)
{
	struct halves halves;
	const struct xml_node *one = grammar_child(node, "cpa:Transport");

	halves.transports = list(reading, node, "cpa:Transport", sizeof(*halves.transports), &halves.transports_count);
	for (size_t i = 0; i < halves.transports_count; i++, one = grammar_again(one))
		read_transport(reading, party, one, &halves.transports[i]);

	halves.exchanges = list(reading, node, "cpa:DocExchange", sizeof(*halves.exchanges), &halves.exchanges_count);
	one = grammar_child(node, "cpa:DocExchange");
	for (size_t i = 0; i < halves.exchanges_count; i++, one = grammar_again(one))
		read_exchange(reading, party, one, &halves.exchanges[i]);

	party->channels = list(reading, node, "cpa:DeliveryChannel", sizeof(*party->channels), &party->channels_count);
	one = grammar_child(node, "cpa:DeliveryChannel");
	for (size_t i = 0; i < party->channels_count; i++, one = grammar_again(one))
		read_channel(reading, one, &halves, &party->channels[i]);
}

static const struct cpa_channel *channel_of(const struct cpa_party *party, const char *id)
{
	for (size_t i = 0; id && i < party->channels_count; i++)
		if (same(party->channels[i].id, id))
			return &party->channels[i];
	return NULL;
}

/* --- Actions --- */

static void read_action(struct cpa_reading *reading, const struct cpa_party *party, const struct xml_node *node,
			struct cpa_action *action)
{
	static const char *const levels[] = { "none", "transient", "persistent", "transient-and-persistent" };
	const struct xml_node *binding = grammar_child(node, "cpa:ThisPartyActionBinding");
	const struct xml_node *characteristics = grammar_child(binding, "cpa:BusinessTransactionCharacteristics");
	const struct xml_node *service = grammar_child(xml_parent(node), "cpa:Service");

	action->role = cpa_attribute(grammar_child(xml_parent(xml_parent(node)), "cpa:Role"), "name");
	action->service.type = cpa_attribute(service, "type");
	action->service.value = cpa_text(reading, service);
	action->action = cpa_needed(reading, binding, "action");
	action->id = cpa_needed(reading, binding, "id");
	action->sends = grammar_is(node, "cpa:CanSend");
	action->must_sign = flag(reading, characteristics, "isNonRepudiationRequired");
	action->confidential_persistent =
		choice(reading, characteristics, "isConfidential", levels, COUNT(levels), 0) >= 2;
	/* That there are no others is checked with what leads where. */
	action->channel = channel_of(party, cpa_text(reading, grammar_child(binding, "cpa:ChannelId")));
	for (const struct xml_node *one = xml_first(node); one; one = xml_next(one))
		if (grammar_is(one, "cpa:CanSend") || grammar_is(one, "cpa:CanReceive"))
			cpa_found(reading, CPA_RULE_NESTED, one, xml_name(one), xml_name(node));
}

static void read_actions(struct cpa_reading *reading, size_t p)
{
	const struct xml_node *party_node = reading->parties[p], *node = party_node;
	struct cpa_party *party = &reading->cpa->parties[p];
	size_t count = 0;

	for (const struct xml_node *role = grammar_child(party_node, "cpa:CollaborationRole"); role;
	     role = grammar_again(role)) {
		cpa_needed(reading, grammar_child(role, "cpa:Role"), "name");
		cpa_token(reading, grammar_child(grammar_child(role, "cpa:ServiceBinding"), "cpa:Service"));
	}
	while (count <= CPA_MANY && (node = cpa_next_action(party_node, node)))
		count++;
	if (count > CPA_MANY) {
		cpa_found(reading, CPA_RULE_TOO_MANY, party_node, "256", "actions");
		count = CPA_MANY;
	}
	party->actions = cpa_room(reading, count, sizeof(*party->actions));
	reading->actions[p] = cpa_room(reading, count, sizeof(*reading->actions[p]));
	if (!party->actions || !reading->actions[p])
		return;
	for (node = party_node; party->actions_count < count; party->actions_count++) {
		node = cpa_next_action(party_node, node);
		reading->actions[p][party->actions_count] = node;
		read_action(reading, party, node, &party->actions[party->actions_count]);
	}
}

/* --- The whole --- */

static void read_party(struct cpa_reading *reading, size_t p)
{
	const struct xml_node *node = reading->parties[p], *one = grammar_child(node, "cpa:PartyId");
	struct cpa_party *party = &reading->cpa->parties[p];

	party->name = cpa_needed(reading, node, "partyName");
	party->ids = list(reading, node, "cpa:PartyId", sizeof(*party->ids), &party->ids_count);
	for (size_t i = 0; i < party->ids_count; i++, one = grammar_again(one)) {
		party->ids[i].type = cpa_attribute(one, "type");
		party->ids[i].value = cpa_token(reading, one);
	}
	party->certificates =
		list(reading, node, "cpa:Certificate", sizeof(*party->certificates), &party->certificates_count);
	one = grammar_child(node, "cpa:Certificate");
	for (size_t i = 0; i < party->certificates_count; i++, one = grammar_again(one))
		read_certificate(reading, one, &party->certificates[i]);
	read_channels(reading, node, party);
	read_actions(reading, p);
	party->default_channel = channel_of(party, cpa_attribute(node, "defaultMshChannelId"));
	party->overrides =
		list(reading, node, "cpa:OverrideMshActionBinding", sizeof(*party->overrides), &party->overrides_count);
	one = grammar_child(node, "cpa:OverrideMshActionBinding");
	for (size_t i = 0; i < party->overrides_count; i++, one = grammar_again(one)) {
		party->overrides[i].action = cpa_needed(reading, one, "action");
		party->overrides[i].channel = channel_of(party, cpa_attribute(one, "channelId"));
	}
}

static void read_head(struct cpa_reading *reading)
{
	static const char *const statuses[] = { "proposed", "agreed", "signed" };
	const struct xml_node *status = grammar_child(reading->root, "cpa:Status");
	const struct xml_node *end = grammar_child(reading->root, "cpa:End");
	struct cpa *cpa = reading->cpa;
	char from[TIME_SIZE], to[TIME_SIZE];

	cpa->id = cpa_needed(reading, reading->root, "cpaid");
	cpa_needed(reading, status, "value");
	cpa->status = statuses[choice(reading, status, "value", statuses, COUNT(statuses), 0)];
	cpa->start_us = time_of(reading, grammar_child(reading->root, "cpa:Start"));
	cpa->end_us = time_of(reading, end);
	if (cpa->start_us != TIME_NONE && cpa->end_us != TIME_NONE && cpa->start_us >= cpa->end_us)
		cpa_found(reading, CPA_RULE_LIFETIME, end, time_format(cpa->start_us, from),
			  time_format(cpa->end_us, to));
}

static void read_parties(struct cpa_reading *reading)
{
	const struct xml_node *one = grammar_child(reading->root, "cpa:PartyInfo");
	char number_text[24];
	size_t count = 0;

	for (; one; one = grammar_again(one), count++)
		if (count < COUNT(reading->parties))
			reading->parties[count] = one;
	if (count != COUNT(reading->parties)) {
		snprintf(number_text, sizeof(number_text), "%zu", count);
		cpa_found(reading, CPA_RULE_PARTIES, reading->root, number_text, NULL);
	}
	cpa_check_references(reading);
	for (size_t i = 0; i < COUNT(reading->parties) && reading->parties[i]; i++)
		read_party(reading, i);
	if (count >= COUNT(reading->parties))
		cpa_join(reading);
}

static void read_document(struct cpa_reading *reading, const struct xml_node *root)
{
	char label[CPA_LABEL_SIZE];

	reading->root = root;
	if (!grammar_is(root, cpa_grammar->name)) {
		cpa_found(reading, CPA_RULE_ROOT, root, cpa_label(label, xml_name(root)), NULL);
		return;
	}
	grammar_check(cpa_grammar, root, cpa_rule(CPA_RULE_GRAMMAR), reading->findings);
	read_head(reading);
	read_parties(reading);
}

enum err_code cpa_read(struct arena *arena, struct bytes text, const struct cpa **cpa, struct findings *findings,
		       struct err *err)
{
	struct cpa_reading reading = { .arena = arena, .findings = findings };
	size_t before = findings_errors(findings);
	xml_doc_auto doc = NULL;
	struct err why = { 0 };

	reading.cpa = arena_alloc(arena, sizeof(*reading.cpa));
	enum err_code code = reading.cpa ? xml_parse(arena, text, &cpa_xml_limits, &doc, &why) : ERR_MEMORY;
	if (code == OK)
		read_document(&reading, xml_root(doc));
	else if (code != ERR_MEMORY)
		finding_add(findings, cpa_rule(CPA_RULE_XML), "", why.text, NULL);
	if (code == ERR_MEMORY || reading.no_memory)
		return fail(err, ERR_MEMORY, "no memory to read the CPA");
	*cpa = findings_errors(findings) == before ? reading.cpa : NULL;
	return OK;
}
