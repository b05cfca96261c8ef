/* A CPA of our own: one channel for each party, the same for actions and signals. What other software reads in several
 * places says the same in all of them (ReliableMessaging is taken from the receiver's binding by some). */
#include <stdio.h>

#include "base/date.h"
#include "base/text.h"
#include "messaging/cpa_rules_int.h"
#include "messaging/profile_int.h"
#include "messaging/uris_int.h"

struct writing {
	const struct cpa_offer *offer;
	struct buf *out;
};

/* TEXT with a value, escaped, for each "%". Identifiers begin with the number of their party. */
static void put(const struct writing *writing, const char *text, const char *const values[])
{
	for (; *text; text++)
		if (*text == '%')
			xml_put_attribute(writing->out, *values++);
		else
			buf_putc(writing->out, *text);
}
#define PUT(writing, text, ...) put(writing, text, (const char *const[]){ __VA_ARGS__, NULL })

static const char *const numbers[] = { "1", "2" };

static bool said(const char *text)
{
	return text && *text;
}

static bool secured(const char *endpoint)
{
	return starts_with(endpoint, "https://");
}

/* --- Actions --- */

static const char *role_of(const struct cpa_offer_action *action, unsigned party)
{
	return action->from == party ? action->from_role : action->to_role;
}

static bool same_role(const struct cpa_offer_action *one, const struct cpa_offer_action *other, unsigned party)
{
	return same(one->service, other->service) && same(role_of(one, party), role_of(other, party));
}

static void put_action(const struct writing *writing, const struct cpa_offer_action *action, size_t index,
		       unsigned party)
{
	const struct cpa_offer_party *from = &writing->offer->parties[action->from];
	bool tls = secured(writing->offer->parties[1 - action->from].endpoint);
	const char *element = action->from == party ? "CanSend" : "CanReceive";
	char number[24];

	snprintf(number, sizeof(number), "%zu", index + 1);
	PUT(writing,
	    "\t\t\t\t<tns:%>\n"
	    "\t\t\t\t\t<tns:ThisPartyActionBinding tns:id=\"p%-action-%\" tns:action=\"%\" tns:packageId=\"message\">\n"
	    "\t\t\t\t\t\t<tns:BusinessTransactionCharacteristics tns:isNonRepudiationRequired=\"true\""
	    " tns:isNonRepudiationReceiptRequired=\"true\" tns:isConfidential=\"%\" tns:isAuthenticated=\"%\""
	    " tns:isTamperProof=\"%\" tns:isAuthorizationRequired=\"true\"/>\n"
	    "\t\t\t\t\t\t<tns:ChannelId>p%-channel</tns:ChannelId>\n"
	    "\t\t\t\t\t</tns:ThisPartyActionBinding>\n"
	    "\t\t\t\t\t<tns:OtherPartyActionBinding>p%-action-%</tns:OtherPartyActionBinding>\n"
	    "\t\t\t\t</tns:%>\n",
	    element, numbers[party], number, action->action, tls ? "transient" : "none",
	    tls && from->tls_client.size > 0 ? "transient-and-persistent" : "persistent",
	    tls ? "transient-and-persistent" : "persistent", numbers[party], numbers[1 - party], number, element);
}

/* The schema has one service in each CollaborationRole, and there what is sent before what is received. */
static void put_role(const struct writing *writing, size_t first, unsigned party)
{
	const struct cpa_offer_action *actions = writing->offer->actions;
	const struct cpa_offer_action *one = &actions[first];

	PUT(writing,
	    "\t\t<tns:CollaborationRole>\n"
	    "\t\t\t<tns:ProcessSpecification tns:name=\"%\" tns:version=\"1.0\" xlink:type=\"simple\" xlink:href=\"%\"/>\n"
	    "\t\t\t<tns:Role tns:name=\"%\" xlink:type=\"simple\" xlink:href=\"%\"/>\n"
	    "\t\t\t<tns:ServiceBinding>\n"
	    "\t\t\t\t<tns:Service>%</tns:Service>\n",
	    one->service, one->service, role_of(one, party), one->service, one->service);
	for (unsigned sender = 0; sender < 2; sender++)
		for (size_t i = first; i < writing->offer->actions_count; i++)
			if (same_role(&actions[i], one, party) && (actions[i].from == party) == (sender == 0))
				put_action(writing, &actions[i], i, party);
	buf_puts(writing->out, "\t\t\t</tns:ServiceBinding>\n"
			       "\t\t</tns:CollaborationRole>\n");
}

static void put_roles(const struct writing *writing, unsigned party)
{
	const struct cpa_offer_action *actions = writing->offer->actions;

	for (size_t i = 0; i < writing->offer->actions_count; i++) {
		size_t first = 0;
		while (!same_role(&actions[first], &actions[i], party))
			first++;
		if (first == i)
			put_role(writing, i, party);
	}
}

/* --- Channels --- */

static void put_certificate(const struct writing *writing, unsigned party, const char *purpose, struct bytes der)
{
	if (der.size == 0)
		return;
	PUT(writing,
	    "\t\t<tns:Certificate tns:certId=\"p%-%\">\n"
	    "\t\t\t<ds:KeyInfo><ds:X509Data><ds:X509Certificate>",
	    numbers[party], purpose);
	base64_put(writing->out, der);
	buf_puts(writing->out, "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\n"
			       "\t\t</tns:Certificate>\n");
}

static void put_transport(const struct writing *writing, unsigned party)
{
	const struct cpa_offer_party *own = &writing->offer->parties[party];
	const char *number = numbers[party];

	PUT(writing,
	    "\t\t<tns:Transport tns:transportId=\"p%-transport\">\n"
	    "\t\t\t<tns:TransportSender>\n"
	    "\t\t\t\t<tns:TransportProtocol tns:version=\"1.1\">HTTP</tns:TransportProtocol>\n",
	    number);
	if (secured(writing->offer->parties[1 - party].endpoint)) {
		buf_puts(writing->out, "\t\t\t\t<tns:TransportClientSecurity>\n"
				       "\t\t\t\t\t<tns:TransportSecurityProtocol tns:version=\"1.2\">TLS"
				       "</tns:TransportSecurityProtocol>\n");
		if (own->tls_client.size > 0)
			PUT(writing, "\t\t\t\t\t<tns:ClientCertificateRef tns:certId=\"p%-tls-client\"/>\n", number);
		buf_puts(writing->out, "\t\t\t\t</tns:TransportClientSecurity>\n");
	}
	PUT(writing,
	    "\t\t\t</tns:TransportSender>\n"
	    "\t\t\t<tns:TransportReceiver>\n"
	    "\t\t\t\t<tns:TransportProtocol tns:version=\"1.1\">HTTP</tns:TransportProtocol>\n"
	    "\t\t\t\t<tns:Endpoint tns:uri=\"%\" tns:type=\"allPurpose\"/>\n",
	    own->endpoint);
	if (secured(own->endpoint) && own->tls_server.size > 0)
		PUT(writing,
		    "\t\t\t\t<tns:TransportServerSecurity>\n"
		    "\t\t\t\t\t<tns:TransportSecurityProtocol tns:version=\"1.2\">TLS"
		    "</tns:TransportSecurityProtocol>\n"
		    "\t\t\t\t\t<tns:ServerCertificateRef tns:certId=\"p%-tls-server\"/>\n"
		    "\t\t\t\t</tns:TransportServerSecurity>\n",
		    number);
	buf_puts(writing->out, "\t\t\t</tns:TransportReceiver>\n"
			       "\t\t</tns:Transport>\n");
}

static void put_binding(const struct writing *writing, unsigned party, bool sender)
{
	const char *side = sender ? "Sender" : "Receiver";
	char retries[24], interval[CPA_DURATION_SIZE], persist[CPA_DURATION_SIZE];

	snprintf(retries, sizeof(retries), "%u", writing->offer->retries);
	PUT(writing,
	    "\t\t\t<tns:ebXML%Binding tns:version=\"2.0\">\n"
	    "\t\t\t\t<tns:ReliableMessaging>\n"
	    "\t\t\t\t\t<tns:Retries>%</tns:Retries>\n"
	    "\t\t\t\t\t<tns:RetryInterval>%</tns:RetryInterval>\n"
	    "\t\t\t\t\t<tns:MessageOrderSemantics>NotGuaranteed</tns:MessageOrderSemantics>\n"
	    "\t\t\t\t</tns:ReliableMessaging>\n"
	    "\t\t\t\t<tns:PersistDuration>%</tns:PersistDuration>\n"
	    "\t\t\t\t<tns:%NonRepudiation>\n"
	    "\t\t\t\t\t<tns:NonRepudiationProtocol>%</tns:NonRepudiationProtocol>\n"
	    "\t\t\t\t\t<tns:HashFunction>%</tns:HashFunction>\n"
	    "\t\t\t\t\t<tns:SignatureAlgorithm>%</tns:SignatureAlgorithm>\n",
	    side, retries, cpa_duration_format(writing->offer->retry_interval_us, interval),
	    cpa_duration_format(writing->offer->persist_us, persist), side, NS_DS, digest_uri(DIGEST_SHA256),
	    sig_uri(SIG_RSA_SHA256));
	if (sender)
		PUT(writing, "\t\t\t\t\t<tns:SigningCertificateRef tns:certId=\"p%-signing\"/>\n", numbers[party]);
	PUT(writing,
	    "\t\t\t\t</tns:%NonRepudiation>\n"
	    "\t\t\t</tns:ebXML%Binding>\n",
	    side, side);
}

static void put_party(const struct writing *writing, unsigned party)
{
	const struct cpa_offer_party *own = &writing->offer->parties[party];
	const char *number = numbers[party];

	PUT(writing,
	    "\t<tns:PartyInfo tns:partyName=\"%\" tns:defaultMshChannelId=\"p%-channel\""
	    " tns:defaultMshPackageId=\"signal\">\n"
	    "\t\t<tns:PartyId",
	    own->name, number);
	if (said(own->party_type))
		PUT(writing, " tns:type=\"%\"", own->party_type);
	PUT(writing,
	    ">%</tns:PartyId>\n"
	    "\t\t<tns:PartyRef xlink:type=\"simple\" xlink:href=\"\"/>\n",
	    own->party_id);
	put_roles(writing, party);
	put_certificate(writing, party, "signing", own->signing);
	put_certificate(writing, party, "tls-client", own->tls_client);
	put_certificate(writing, party, "tls-server", own->tls_server);
	PUT(writing,
	    "\t\t<tns:DeliveryChannel tns:channelId=\"p%-channel\" tns:transportId=\"p%-transport\""
	    " tns:docExchangeId=\"p%-exchange\">\n"
	    "\t\t\t<tns:MessagingCharacteristics tns:syncReplyMode=\"%\" tns:ackRequested=\"always\""
	    " tns:ackSignatureRequested=\"always\" tns:duplicateElimination=\"always\" tns:actor=\"%\"/>\n"
	    "\t\t</tns:DeliveryChannel>\n",
	    number, number, number, writing->offer->sync ? "mshSignalsOnly" : "none", URI_TO_PARTY_MSH);
	put_transport(writing, party);
	PUT(writing, "\t\t<tns:DocExchange tns:docExchangeId=\"p%-exchange\">\n", number);
	put_binding(writing, party, true);
	put_binding(writing, party, false);
	buf_puts(writing->out, "\t\t</tns:DocExchange>\n"
			       "\t</tns:PartyInfo>\n");
}

/* --- The whole --- */

/* By ebMS 2.0 a PartyId and a Service are URIs unless a type says what else they are. */
static bool named(const char *value, const char *type)
{
	return said(value) && (said(type) || strchr(value, ':'));
}

static enum err_code check_party(const struct cpa_offer_party *party, struct err *err)
{
	if (!said(party->name))
		return fail(err, ERR_INVALID, "a party of the CPA has no name");
	if (!named(party->party_id, party->party_type))
		return fail(err, ERR_INVALID, "party \"%s\" of the CPA needs a PartyId that is a URI or has a type",
			    party->name);
	if (!party->endpoint || (!secured(party->endpoint) && !starts_with(party->endpoint, "http://")))
		return fail(err, ERR_INVALID, "party \"%s\" of the CPA needs an endpoint with https:// or http://",
			    party->name);
	if (party->signing.size == 0)
		return fail(err, ERR_INVALID, "party \"%s\" of the CPA needs a signing certificate", party->name);
	return OK;
}

/* One party could not tell them apart: neither by what it sends nor by what it receives. */
static bool same_action(const struct cpa_offer_action *one, const struct cpa_offer_action *other)
{
	return one->from == other->from && same(one->action, other->action) &&
	       (same_role(one, other, 0) || same_role(one, other, 1));
}

static enum err_code check_actions(const struct cpa_offer *offer, struct err *err)
{
	if (offer->actions_count == 0 || offer->actions_count > CPA_MANY)
		return fail(err, ERR_INVALID, "a CPA needs 1 to %d actions, not %zu", CPA_MANY, offer->actions_count);
	for (size_t i = 0; i < offer->actions_count; i++) {
		const struct cpa_offer_action *one = &offer->actions[i];
		size_t first = 0;
		if (!named(one->service, NULL) || !said(one->action) || !said(one->from_role) || !said(one->to_role) ||
		    one->from > 1)
			return fail(
				err, ERR_INVALID,
				"action %zu of the CPA needs a service that is a URI, a name, two roles and a sender",
				i + 1);
		while (!same_action(&offer->actions[first], one))
			first++;
		if (first < i)
			return fail(err, ERR_INVALID, "action \"%s\" of the CPA is offered twice", one->action);
	}
	return OK;
}

static enum err_code check_offer(const struct cpa_offer *offer, struct err *err)
{
	if (!said(offer->id) || !said(offer->status) || offer->start_us >= offer->end_us)
		return fail(err, ERR_INVALID, "a CPA needs an identifier, a status, and an end after its start");
	if (offer->retries == 0 || offer->retries > CPA_RETRIES_MAX || offer->retry_interval_us <= 0 ||
	    offer->retry_interval_us > CPA_DURATION_MAX_US || offer->persist_us > CPA_DURATION_MAX_US ||
	    offer->persist_us < (offer->retries + INT64_C(1)) * offer->retry_interval_us)
		return fail(err, ERR_INVALID,
			    "a CPA needs 1 to %d retries, and identifiers kept for longer than all of them take",
			    CPA_RETRIES_MAX);
	TRY(check_party(&offer->parties[0], err));
	TRY(check_party(&offer->parties[1], err));
	if (same(offer->parties[0].party_id, offer->parties[1].party_id))
		return fail(err, ERR_INVALID, "both parties of the CPA are %s", offer->parties[0].party_id);
	return check_actions(offer, err);
}

enum err_code cpa_write(const struct cpa_offer *offer, struct buf *out, struct err *err)
{
	const struct writing writing = { .offer = offer, .out = out };
	char start[TIME_SIZE], end[TIME_SIZE];

	TRY(check_offer(offer, err));
	PUT(&writing,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<tns:CollaborationProtocolAgreement xmlns:tns=\"%\" xmlns:xlink=\"%\" xmlns:ds=\"%\" tns:cpaid=\"%\""
	    " tns:version=\"2_0b\">\n"
	    "\t<tns:Status tns:value=\"%\"/>\n"
	    "\t<tns:Start>%</tns:Start>\n"
	    "\t<tns:End>%</tns:End>\n",
	    NS_CPA, NS_XLINK, NS_DS, offer->id, offer->status, time_format(offer->start_us, start),
	    time_format(offer->end_us, end));
	put_party(&writing, 0);
	put_party(&writing, 1);
	PUT(&writing,
	    "\t<tns:SimplePart tns:id=\"header\" tns:mimetype=\"%\">\n"
	    "\t\t<tns:NamespaceSupported tns:location=\"%\" tns:version=\"2.0\">%</tns:NamespaceSupported>\n"
	    "\t</tns:SimplePart>\n"
	    "\t<tns:SimplePart tns:id=\"document\" tns:mimetype=\"application/xml\"/>\n"
	    "\t<tns:Packaging tns:id=\"signal\">\n"
	    "\t\t<tns:ProcessingCapabilities tns:parse=\"true\" tns:generate=\"true\"/>\n"
	    "\t\t<tns:CompositeList>\n"
	    "\t\t\t<tns:Composite tns:id=\"signal-parts\" tns:mimetype=\"multipart/related\""
	    " tns:mimeparameters=\"type=text/xml\">\n"
	    "\t\t\t\t<tns:Constituent tns:idref=\"header\"/>\n"
	    "\t\t\t</tns:Composite>\n"
	    "\t\t</tns:CompositeList>\n"
	    "\t</tns:Packaging>\n"
	    "\t<tns:Packaging tns:id=\"message\">\n"
	    "\t\t<tns:ProcessingCapabilities tns:parse=\"true\" tns:generate=\"true\"/>\n"
	    "\t\t<tns:CompositeList>\n"
	    "\t\t\t<tns:Composite tns:id=\"message-parts\" tns:mimetype=\"multipart/related\""
	    " tns:mimeparameters=\"type=text/xml\">\n"
	    "\t\t\t\t<tns:Constituent tns:idref=\"header\"/>\n"
	    "\t\t\t\t<tns:Constituent tns:idref=\"document\"/>\n"
	    "\t\t\t</tns:Composite>\n"
	    "\t\t</tns:CompositeList>\n"
	    "\t</tns:Packaging>\n"
	    "</tns:CollaborationProtocolAgreement>\n",
	    MIME_SOAP11, NS_EBMS2, NS_EBMS2);
	return buf_check(out, "CPA", err);
}
