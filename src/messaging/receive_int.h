/* A request of a partner, on its way through the gateway. */
#ifndef MESSAGING_RECEIVE_INT_H
#define MESSAGING_RECEIVE_INT_H

#include "kernel/activation.h"
#include "messaging/messaging_int.h"

struct receiving {
	struct messaging *messaging;
	const struct http_request *request;
	struct http_response *response;
	struct arena *arena;
	struct directory *directory;
	struct findings *findings;
	struct ebms_message message;
	const struct peer *tls_peer;      /* whose TLS client certificate it was; NULL */
	const struct peer *peer;          /* who the message says it is from; NULL */
	const struct peer *authenticated; /* who it is proved to be from: by signature or TLS; NULL: a stranger */
	struct cert *cert;                /* the signer's */
	int64_t now_us;
	const struct pact *pact; /* ebMS 2: by which it says it is; NULL */
	struct understood understood;
	const char *organisation; /* ours, for whom it is */
	struct activation_verdict activation;
	unsigned news; /* MESSAGING_TO_PROCESS, MESSAGING_TO_SEND */
};

/* ebMS 2: the answer goes out later, with a request of its own. */
bool receiving_answers_later(const struct receiving *r);
/* 204: taken, and nothing is said. */
void receiving_accept(struct receiving *r);
/* PACKED's bytes move to the request, whose server frees them after sending. */
enum err_code receiving_answer(struct receiving *r, const char *content_type, struct buf *body,
			       struct err *err) MUST_USE;
struct ebms_answering receiving_answering(struct receiving *r, const struct peer *peer,
					  const struct ebms_identity *identity);
/* With which SIGNAL to PEER is signed: as our channel for it says. */
enum err_code receiving_identity(struct receiving *r, const struct peer *peer, const char *signal,
				 struct ebms_identity *identity, struct err *err) MUST_USE;

/* A signal of ebMS 2 that came with a request of its own: it settles what it is about, or asks for an answer. */
enum err_code receiving_signal(struct receiving *r, struct err *err) MUST_USE;

/* A Fault of SOAP 1.1 (ebMS 2) or 1.2 (AS4) that says WHY, unsigned. The caller's buf_done of .body. */
enum soap_fault { FAULT_SOAP11, FAULT_SOAP12 };
enum err_code soap_fault_pack(enum soap_fault kind, const struct finding *why, struct ebms_packed *packed,
			      struct err *err) MUST_USE;

#endif
