/* A SOAP Fault: what a partner is told whose message is none that could be answered in its own words. Nothing of it is
 * signed, so it proves nothing; it says to who reads the log of the other end what to mend. */
#include "codec/xml.h"
#include "messaging/receive_int.h"
#include "messaging/uris_int.h"

enum { FAULT_MAX = 65536 };

/* SOAP 1.2 part 1, 5.4; SOAP 1.1, 4.4. "Client" and "Sender": the same message would fail again. */
static const struct {
	const char *content_type, *begin, *end;
} envelopes[] = {
	[FAULT_SOAP11] = { "text/xml; charset=UTF-8",
			   "<soap:Envelope xmlns:soap=\"" NS_SOAP11 "\"><soap:Body><soap:Fault>"
			   "<faultcode>soap:Client</faultcode><faultstring>",
			   "</faultstring></soap:Fault></soap:Body></soap:Envelope>" },
	[FAULT_SOAP12] = { "application/soap+xml; charset=UTF-8",
			   "<env:Envelope xmlns:env=\"" NS_SOAP12 "\"><env:Body><env:Fault><env:Code>"
			   "<env:Value>env:Sender</env:Value></env:Code><env:Reason><env:Text xml:lang=\"en\">",
			   "</env:Text></env:Reason></env:Fault></env:Body></env:Envelope>" },
};

enum err_code soap_fault_pack(enum soap_fault kind, const struct finding *why, struct ebms_packed *packed,
			      struct err *err)
{
	*packed = (struct ebms_packed){ .content_type = envelopes[kind].content_type };
	buf_init(&packed->body, FAULT_MAX);
	buf_puts(&packed->body, envelopes[kind].begin);
	buf_printf(&packed->body, "%s: ", why->rule->code);
	xml_put_text(&packed->body, why->text);
	buf_puts(&packed->body, envelopes[kind].end);
	return buf_check(&packed->body, "a SOAP Fault", err);
}
