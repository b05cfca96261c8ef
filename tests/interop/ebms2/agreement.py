"""Agreements (CPPA 2.0) between two parties for the scenarios: written here, not by the node under test."""
import dataclasses, pathlib, re

from envelopes import TO_PARTY

CPPA = "http://www.oasis-open.org/committees/ebxml-cppa/schema/cpp-cpa-2_0.xsd"
SHA256, RSA_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


@dataclasses.dataclass
class Party:
    """ID and TYPE: of its PartyId. SIGN, TLS: certificates, files in PEM."""
    name: str
    id: str
    type: str
    endpoint: str
    sign: pathlib.Path
    tls: pathlib.Path


@dataclasses.dataclass
class Flow:
    """One action, one way: the party called SENDER sends it."""
    sender: str
    from_role: str
    to_role: str
    action: str


@dataclasses.dataclass
class Agreement:
    """RELIABLE: acknowledged, duplicates eliminated, sent again; else best effort.
    SECURITY: "plain", "signed" or "encrypted" (signed, and each payload in an envelope beside TLS)."""
    id: str
    parties: tuple
    service: str
    flows: tuple
    service_type: str | None = None
    reliable: bool = True
    security: str = "signed"
    ack_signed: bool = True
    sync: bool = False
    retries: int = 5
    interval: str = "PT2S"
    persist: str = "PT1H"
    status: str = "agreed"
    start: str = "2026-01-01T00:00:00Z"
    end: str = "2036-01-01T00:00:00Z"
    signature: str = RSA_SHA256
    digest: str = SHA256

    @property
    def signed(self):
        return self.security != "plain"

    def party(self, name):
        return next(p for p in self.parties if p.name == name)

    def other(self, name):
        return next(p for p in self.parties if p.name != name)

    def flow(self, sender):
        """The first that SENDER sends."""
        return next(f for f in self.flows if f.sender == sender)

    def text(self):
        one, two = self.parties
        service_type = f' tns:type="{self.service_type}"' if self.service_type else ""
        service = f"<tns:Service{service_type}>{self.service}</tns:Service>"
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<tns:CollaborationProtocolAgreement xmlns:tns="{CPPA}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" \
xmlns:xlink="http://www.w3.org/1999/xlink" tns:cpaid="{self.id}" tns:version="2_0b">
  <tns:Status tns:value="{self.status}"/>
  <tns:Start>{self.start}</tns:Start>
  <tns:End>{self.end}</tns:End>
{self.party_info(one, two, service)}{self.party_info(two, one, service)}\
  <tns:SimplePart tns:id="Envelope" tns:mimetype="text/xml"/>
  <tns:SimplePart tns:id="Payload" tns:mimetype="application/xml"/>
  <tns:Packaging tns:id="SignalPackage">
    <tns:ProcessingCapabilities tns:parse="true" tns:generate="true"/>
    <tns:CompositeList><tns:Composite tns:id="Signal" tns:mimetype="multipart/related"><tns:Constituent tns:idref="Envelope"/>\
</tns:Composite></tns:CompositeList>
  </tns:Packaging>
  <tns:Packaging tns:id="MessagePackage">
    <tns:ProcessingCapabilities tns:parse="true" tns:generate="true"/>
    <tns:CompositeList><tns:Composite tns:id="Message" tns:mimetype="multipart/related"><tns:Constituent tns:idref="Envelope"/>\
<tns:Constituent tns:idref="Payload"/></tns:Composite></tns:CompositeList>
  </tns:Packaging>
</tns:CollaborationProtocolAgreement>
"""

    def party_info(self, party, other, service):
        n = party.name
        roles = {}
        for number, flow in enumerate(self.flows):
            sends = flow.sender == n
            roles.setdefault(flow.from_role if sends else flow.to_role, []).append((not sends, self.binding(number, flow, n, other.name)))
        collaborations = "".join(self.collaboration(role, service, "".join(b for _, b in sorted(bindings)))
                                 for role, bindings in roles.items())
        certificates = "".join(certificate(f"{n}-{use}", file) for use, file in (("sign", party.sign), ("tls", party.tls)))
        return f"""\
  <tns:PartyInfo tns:partyName="{n}" tns:defaultMshChannelId="{n}-channel" tns:defaultMshPackageId="SignalPackage">
    <tns:PartyId tns:type="{party.type}">{party.id}</tns:PartyId>
    <tns:PartyRef xlink:href=""/>
{collaborations}{certificates}\
    <tns:SecurityDetails tns:securityId="{n}-trust">
      <tns:TrustAnchors><tns:AnchorCertificateRef tns:certId="{n}-sign"/><tns:AnchorCertificateRef tns:certId="{n}-tls"/>\
</tns:TrustAnchors>
    </tns:SecurityDetails>
    <tns:DeliveryChannel tns:channelId="{n}-channel" tns:transportId="{n}-transport" tns:docExchangeId="{n}-exchange">
      <tns:MessagingCharacteristics tns:syncReplyMode="{'mshSignalsOnly' if self.sync else 'none'}" \
tns:ackRequested="{always(self.reliable)}" tns:actor="{TO_PARTY}" tns:ackSignatureRequested="{always(self.reliable and self.ack_signed)}" \
tns:duplicateElimination="{always(self.reliable)}"/>
    </tns:DeliveryChannel>
{self.transport(party)}{self.exchange(party)}\
  </tns:PartyInfo>
"""

    @staticmethod
    def collaboration(role, service, bindings):
        """What a party does in one role: all that it sends, then all that it receives."""
        return f"""\
    <tns:CollaborationRole>
      <tns:ProcessSpecification tns:name="documents" tns:version="1" xlink:href="urn:example:documents" tns:uuid="urn:example:documents"/>
      <tns:Role tns:name="{role}" xlink:href="urn:example:roles"/>
      <tns:ServiceBinding>
        {service}
{bindings}\
      </tns:ServiceBinding>
    </tns:CollaborationRole>
"""

    def binding(self, number, flow, name, other):
        can = "CanSend" if flow.sender == name else "CanReceive"
        security = "transient" if party_tls(self) else "none"
        confidential = "transient-and-persistent" if self.security == "encrypted" else security
        return f"""\
        <tns:{can}>
          <tns:ThisPartyActionBinding tns:id="{name}-{number}" tns:action="{flow.action}" tns:packageId="MessagePackage">
            <tns:BusinessTransactionCharacteristics tns:isNonRepudiationRequired="{str(self.signed).lower()}" \
tns:isNonRepudiationReceiptRequired="false" tns:isConfidential="{confidential}" tns:isAuthenticated="{security}" \
tns:isTamperProof="{security}" tns:isAuthorizationRequired="false"/>
            <tns:ChannelId>{name}-channel</tns:ChannelId>
          </tns:ThisPartyActionBinding>
          <tns:OtherPartyActionBinding>{other}-{number}</tns:OtherPartyActionBinding>
        </tns:{can}>
"""

    def transport(self, party):
        protocol, client, server = '<tns:TransportProtocol tns:version="1.1">HTTP</tns:TransportProtocol>', "", ""
        if party.endpoint.startswith("https:"):
            tls = '<tns:TransportSecurityProtocol tns:version="1.2">TLS</tns:TransportSecurityProtocol>'
            client = (f'\n        <tns:TransportClientSecurity>{tls}<tns:ClientCertificateRef tns:certId="{party.name}-tls"/>'
                      f'<tns:ServerSecurityDetailsRef tns:securityId="{party.name}-trust"/></tns:TransportClientSecurity>')
            server = (f'\n        <tns:TransportServerSecurity>{tls}<tns:ServerCertificateRef tns:certId="{party.name}-tls"/>'
                      f'<tns:ClientSecurityDetailsRef tns:securityId="{party.name}-trust"/></tns:TransportServerSecurity>')
        return f"""\
    <tns:Transport tns:transportId="{party.name}-transport">
      <tns:TransportSender>
        {protocol}{client}
      </tns:TransportSender>
      <tns:TransportReceiver>
        {protocol}
        <tns:Endpoint tns:uri="{party.endpoint}" tns:type="allPurpose"/>{server}
      </tns:TransportReceiver>
    </tns:Transport>
"""

    def exchange(self, party):
        reliable = f"""
        <tns:ReliableMessaging><tns:Retries>{self.retries}</tns:Retries><tns:RetryInterval>{self.interval}</tns:RetryInterval>\
<tns:MessageOrderSemantics>NotGuaranteed</tns:MessageOrderSemantics></tns:ReliableMessaging>
        <tns:PersistDuration>{self.persist}</tns:PersistDuration>""" if self.reliable else ""
        protocol = (f"<tns:NonRepudiationProtocol>http://www.w3.org/2000/09/xmldsig#</tns:NonRepudiationProtocol>"
                    f"<tns:HashFunction>{self.digest}</tns:HashFunction><tns:SignatureAlgorithm>{self.signature}</tns:SignatureAlgorithm>")
        sender = receiver = ""
        if self.signed:
            sender = (f"\n        <tns:SenderNonRepudiation>{protocol}"
                      f'<tns:SigningCertificateRef tns:certId="{party.name}-sign"/></tns:SenderNonRepudiation>')
            receiver = (f"\n        <tns:ReceiverNonRepudiation>{protocol}"
                        f'<tns:SigningSecurityDetailsRef tns:securityId="{party.name}-trust"/></tns:ReceiverNonRepudiation>')
        if self.security == "encrypted":
            envelope = ('<tns:DigitalEnvelopeProtocol tns:version="1.0">http://www.w3.org/2001/04/xmlenc#</tns:DigitalEnvelopeProtocol>'
                        "<tns:EncryptionAlgorithm>http://www.w3.org/2001/04/xmlenc#aes256-cbc</tns:EncryptionAlgorithm>")
            sender += (f"\n        <tns:SenderDigitalEnvelope>{envelope}"
                       f'<tns:EncryptionSecurityDetailsRef tns:securityId="{party.name}-trust"/></tns:SenderDigitalEnvelope>')
            receiver += (f"\n        <tns:ReceiverDigitalEnvelope>{envelope}"
                         f'<tns:EncryptionCertificateRef tns:certId="{party.name}-sign"/></tns:ReceiverDigitalEnvelope>')
        return f"""\
    <tns:DocExchange tns:docExchangeId="{party.name}-exchange">
      <tns:ebXMLSenderBinding tns:version="2.0">{reliable}{sender}
      </tns:ebXMLSenderBinding>
      <tns:ebXMLReceiverBinding tns:version="2.0">{reliable}{receiver}
      </tns:ebXMLReceiverBinding>
    </tns:DocExchange>
"""


def party_tls(agreement):
    return agreement.parties[0].endpoint.startswith("https:")


def always(yes):
    return "always" if yes else "never"


def certificate(name, pem):
    der = re.search("-----BEGIN CERTIFICATE-----(.*?)-----END", pem.read_text(), re.S)[1].strip()
    return f"""\
    <tns:Certificate tns:certId="{name}">
      <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
    </tns:Certificate>
"""
