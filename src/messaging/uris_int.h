/* Namespaces and identifiers of the standards that AS4 and ebMS 2 stand on. */
#ifndef MESSAGING_URIS_INT_H
#define MESSAGING_URIS_INT_H

#define NS_SOAP12    "http://www.w3.org/2003/05/soap-envelope"
#define NS_SOAP11    "http://schemas.xmlsoap.org/soap/envelope/"
#define NS_EBMS2     "http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd"
#define NS_EBMS3     "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"
#define NS_EBBP      "http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0"
#define NS_WSSE      "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define NS_WSSE11    "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
#define NS_WSU       "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define NS_DS        "http://www.w3.org/2000/09/xmldsig#"
#define NS_DS11      "http://www.w3.org/2009/xmldsig11#"
#define NS_DSIG_MORE "http://www.w3.org/2021/04/xmldsig-more#"
#define NS_XENC      "http://www.w3.org/2001/04/xmlenc#"
#define NS_XENC11    "http://www.w3.org/2009/xmlenc11#"
#define NS_EC        "http://www.w3.org/2001/10/xml-exc-c14n#"
#define NS_CPA       "http://www.oasis-open.org/committees/ebxml-cppa/schema/cpp-cpa-2_0.xsd"
#define NS_XLINK     "http://www.w3.org/1999/xlink"
#define NS_XSI       "http://www.w3.org/2001/XMLSchema-instance"

#define URI_C14N                "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define URI_ENVELOPED           "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define URI_XPATH               "http://www.w3.org/TR/1999/REC-xpath-19991116"
#define URI_EXC_C14N            "http://www.w3.org/2001/10/xml-exc-c14n#"
#define URI_SWA                 "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#"
#define URI_ATTACHMENT_SIGNED   URI_SWA "Attachment-Content-Signature-Transform"
#define URI_ATTACHMENT_SEALED   URI_SWA "Attachment-Ciphertext-Transform"
#define URI_ATTACHMENT_ONLY     URI_SWA "Attachment-Content-Only"
#define URI_BASE64              "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
#define URI_X509                "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#"
#define URI_X509V3              URI_X509 "X509v3"
#define URI_X509_PATH           URI_X509 "X509PKIPathv1"
#define URI_X509_SKI            URI_X509 "X509SubjectKeyIdentifier"
#define URI_THUMBPRINT          "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"
#define URI_CURVE_P256          "urn:oid:1.2.840.10045.3.1.7"
#define URI_ENCRYPTED_KEY_TOKEN "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#EncryptedKey"

#define URI_CORE           "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"
#define URI_ROLE_INITIATOR URI_CORE "initiator"
#define URI_ROLE_RESPONDER URI_CORE "responder"
#define URI_DEFAULT_MPC    URI_CORE "defaultMPC"
#define URI_TEST_SERVICE   URI_CORE "service"
#define URI_TEST_ACTION    URI_CORE "test"

/* ebMS 2.0 (ISO/TS 15000-2). */
#define URI_MSH_SERVICE  "urn:oasis:names:tc:ebxml-msg:service"
#define URI_TO_PARTY_MSH "urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH"
#define URI_NEXT_MSH     "urn:oasis:names:tc:ebxml-msg:actor:nextMSH"
#define URI_NEXT_MSH_OLD "urn:oasis:names:tc:ebxml-msg:service:nextMSH" /* of early texts, still met */
#define URI_SOAP_NEXT    "http://schemas.xmlsoap.org/soap/actor/next"

#define MIME_SOAP11 "text/xml"
#define MIME_SOAP12 "application/soap+xml"
#define MIME_GZIP   "application/gzip"

#endif
