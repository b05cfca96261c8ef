/* Agreements under which a partner exchanges by ebMS 2, ready to be looked things up in: the CPA, who of its parties we
 * are, and what it leaves open (the terms). */
#ifndef MESSAGING_PACT_INT_H
#define MESSAGING_PACT_INT_H

#include "kernel/agreement.h"
#include "kernel/message.h"
#include "messaging/cpa_int.h"
#include "messaging/ebms2_int.h"
#include "messaging/messaging.h"

struct pact {
	const struct cpa *cpa;
	const struct cpa_party *us, *them;
	struct terms terms;
	int64_t until_us; /* withdrawn; TIME_NONE */
};

/* AGREEMENT as a pact, in ARENA. Whoever put it has checked it; what cannot be read any more is a fault. */
enum err_code pact_read(struct arena *arena, const struct agreement *agreement, const char *party_id,
			const char *party_type, struct pact *pact, struct err *err) MUST_USE;
/* The kind of seat that ROLE is, and the document type that ACTION of SERVICE carries: as the terms say, else the one
 * of that name, else customs, or no type that there is. */
const char *pact_seat(const struct terms *terms, const char *role);
const char *pact_document(const struct terms *terms, const struct ebms_typed *service, const char *action);
/* Whether it is in force. */
bool pact_holds(const struct pact *pact, int64_t at_us);

/* How a message goes to a partner. */
struct ebms2_route {
	const struct pact *pact;
	struct ebms_party from, to;
	const struct ebms_typed *service;
	const char *action;
	const struct cpa_channel *channel; /* of ours, that it is sent by: its wishes and its retries */
	const char *endpoint;
	struct ebms2_wishes wishes;
};
struct pacts {
	struct pact *items;
	size_t count;
};
/* For MESSAGE, whose seat is SEAT: the first pact in force with an action that carries its document type, from that
 * seat to that of the final recipient if there is one, else from any to any. ERR_CONFIG, with what must be agreed, if
 * there is none. A ping goes by the channel of signals. */
enum err_code pact_route(const struct pacts *pacts, const char *partner, const struct message *message,
			 const char *seat, int64_t now_us, struct ebms2_route *route, struct err *err) MUST_USE;

/* How what goes by CHANNEL is sent again: at its interval, as often as it says. */
void pact_retry(const struct cpa_channel *channel, struct retry_policy *retry);
/* By its CPAId; NULL. */
const struct pact *pact_find(const struct pacts *pacts, const char *id);
/* Where the partner takes SIGNAL ("Acknowledgment", "MessageError", …). */
const char *pact_signal_endpoint(const struct pact *pact, const char *signal);

/* What a received MESSAGE is, in the words of the node. All findings at once: parties, roles, service and action as
 * agreed, what it asks for as its channel says, in force, in time. */
struct understood {
	const char *service, *action; /* SERVICE_DOCUMENTS and a document type, or a signal's */
	const char *original_sender, *final_recipient;
	bool test;
};
void pact_understand(const struct pact *pact, const char *partner, const char *state, struct ebms_message *message,
		     int64_t now_us, struct understood *understood);

/* Of the kernel's struct carrier. */
bool pact_carries(void *arg, const char *partner, const char *type, const char *seat, bool test, int64_t now_us);

#endif
