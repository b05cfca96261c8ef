/* Collaboration protocol agreements (CPPA 2.0, ISO/TS 15000-1): what two parties have agreed for their exchange by
 * ebMS 2. Read into structs once; whoever sends or receives looks things up in them and never in the XML.
 *
 * A CPA is an outsider's file: cpa_read() is strict in what it uses and skips what it does not. Pure: no clock, no
 * database. */
#ifndef MESSAGING_CPA_INT_H
#define MESSAGING_CPA_INT_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/findings.h"
#include "codec/xml.h"
#include "messaging/ebms_int.h"

extern const struct xml_limits cpa_xml_limits;

/* Of each kind in one party, at most; looking one up takes that many steps. */
enum { CPA_MANY = 256 };
/* What is used where a CPA does not say how often, and how far apart: in the public samples it says this. */
enum { CPA_RETRIES = 5 };
#define CPA_RETRY_INTERVAL_US (5 * MINUTE_US)

/* CPPA 2.0, MessagingCharacteristics. */
enum cpa_when { CPA_PER_MESSAGE, CPA_NEVER, CPA_ALWAYS };

struct cpa_certificate {
	const char *id;   /* certId */
	struct bytes der; /* the first X509Certificate of its KeyInfo */
};

/* A delivery channel with the transport and the document exchange that it names. */
struct cpa_channel {
	const char *id;
	const char *sync_reply_mode; /* as written; "none" if absent */
	bool sync; /* signals come in the HTTP response (mshSignalsOnly); else each with its own POST */
	enum cpa_when acknowledged, ack_signed, duplicates_eliminated;
	const char *actor;                     /* of the acknowledgment; NULL: toPartyMSH */
	const char *endpoint;                  /* URL of the party's receiver; NULL: it has none */
	unsigned retries;                      /* after the first sending; 0: not said */
	int64_t retry_interval_us;             /* 0: not said */
	int64_t persist_us;                    /* how long this party, receiving, keeps identifiers; 0: not said */
	const char *signature;                 /* URI of the algorithm with which this party signs; NULL: not said */
	const char *digest;                    /* URI */
	const struct cpa_certificate *signing; /* with which this party signs; NULL */
	const struct cpa_certificate *client, *server; /* of its TLS; NULL: not said */
	bool encrypted; /* it demands payload encryption beside TLS (a digital envelope) */
};

/* What one party can send or receive. */
struct cpa_action {
	const char *role;
	struct ebms_typed service;
	const char *action;
	const char *id;                    /* of ThisPartyActionBinding */
	bool sends;                        /* CanSend; else CanReceive */
	bool must_sign;                    /* isNonRepudiationRequired */
	bool confidential_persistent;      /* isConfidential persistent or transient-and-persistent */
	const struct cpa_channel *channel; /* the first ChannelId */
	const struct cpa_action *other;    /* the other party's mirror; NULL: there is none */
};

struct cpa_override { /* OverrideMshActionBinding: a signal on a channel of its own */
	const char *action;
	const struct cpa_channel *channel;
};

struct cpa_party {
	const char *name;
	struct ebms_typed *ids; /* PartyId+ */
	size_t ids_count;
	const struct cpa_channel *default_channel; /* of signals */
	struct cpa_override *overrides;
	size_t overrides_count;
	struct cpa_action *actions;
	size_t actions_count;
	struct cpa_channel *channels;
	size_t channels_count;
	struct cpa_certificate *certificates;
	size_t certificates_count;
};

struct cpa {
	const char *id;     /* cpaid */
	const char *status; /* "proposed", "agreed", "signed" */
	int64_t start_us, end_us;
	struct cpa_party parties[2];
};

/* TEXT as a CPA, all of it in ARENA (of 32 MB, for the largest there may be). All that is wrong with it as a document
 * becomes findings at once, each with its place ("PartyInfo[Logius]/DeliveryChannel[dc1]"): what CPPA 2.0 does not
 * describe, links that lead nowhere, two delivery channels for one action, an action without its mirror, a certificate
 * that cannot be read, Start not before End, … *CPA is NULL if one of them is an error; there may be warnings beside
 * it. Faults: out of memory. */
enum err_code cpa_read(struct arena *arena, struct bytes text, const struct cpa **cpa, struct findings *findings,
		       struct err *err) MUST_USE;

/* Whether a node can exchange under CPA: findings of what it does not offer or must not accept. */
struct cpa_seat {
	const char *party_id, *party_type;     /* ours */
	const char *partner_id, *partner_type; /* theirs */
	bool sha1;                             /* the operator has excepted this partner from the refusal of SHA-1 */
	int64_t now_us;
};
/* Refused: neither party is ours, or the other is not the partner; status "proposed"; ended (or it begins later: a
 * warning); an action that is not signed; SHA-1 unless excepted, and any algorithm or key other than RSA with SHA-256;
 * acknowledgments or elimination of duplicates that are not "always" for business actions; ackSignatureRequested
 * "perMessage"; syncReplyMode other than none and mshSignalsOnly (other than the other party's: a warning); actor
 * nextMSH; payload encryption; no endpoint, or one that is neither https nor http. Warnings: no retries or no interval,
 * with what is then used; identifiers that are forgotten before the last retry. */
void cpa_check(const struct cpa *cpa, const struct cpa_seat *seat, struct arena *arena, struct findings *findings);

/* The party with this PartyId; NULL. PARTY_TYPE "" or NULL: without a type. */
const struct cpa_party *cpa_party_of(const struct cpa *cpa, const char *party_id, const char *party_type);
const struct cpa_party *cpa_other(const struct cpa *cpa, const struct cpa_party *party);
/* What PARTY does (SENDS or receives) under this role, service and action; NULL if that is not agreed. */
const struct cpa_action *cpa_action_of(const struct cpa_party *party, bool sends, const char *role,
				       const struct ebms_typed *service, const char *action);
/* The channel on which PARTY takes the signal ACTION ("Acknowledgment", "Ping", …). Never NULL after cpa_read(). */
const struct cpa_channel *cpa_signal_channel(const struct cpa_party *party, const char *action);
/* Whether the two are one value: types and values. An absent type is an empty one. */
bool cpa_same(const struct ebms_typed *one, const struct ebms_typed *other);

/* --- Our own --- */

struct cpa_offer_party {
	const char *name, *party_id, *party_type, *endpoint;
	struct bytes signing, tls_client, tls_server; /* certificates as DER; empty TLS ones are left out */
};
struct cpa_offer_action { /* one document, one way */
	const char *service, *action;
	const char *from_role, *to_role;
	unsigned from; /* the party (0 or 1) that sends it */
};
struct cpa_offer {
	const char *id;
	const char *status; /* "agreed", "proposed" */
	int64_t start_us, end_us;
	int64_t retry_interval_us, persist_us;
	unsigned retries;
	bool sync;
	struct cpa_offer_party parties[2];
	const struct cpa_offer_action *actions;
	size_t actions_count;
};
/* The CPA as XML text that is valid by the OASIS schema, that cpa_read() takes and cpa_check() accepts at both ends, if
 * the certificates are those of RSA keys: appended to OUT, the same for the same offer. ERR_INVALID if no such CPA can
 * be made of it: a PartyId without a type or a service that is no URI, no retries, identifiers kept for less than they
 * take, … */
enum err_code cpa_write(const struct cpa_offer *offer, struct buf *out, struct err *err) MUST_USE;

#endif
