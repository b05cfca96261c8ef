/* Messages and answers as a partner, or somebody who would like to be one, may make them: signed and encrypted well,
 * and wrong in one thing. */
#ifndef SCENARIO_LETTER_H
#define SCENARIO_LETTER_H

#include "messaging/message_int.h"
#include "region.h"

struct letter {
	const char *profile;          /* of the two nodes */
	const char *keys;             /* whose, in the keyring */
	const char *encrypt_for;      /* the same */
	const char *from, *from_type; /* NULL: left out, as all texts below */
	const char *to;
	const char *service, *action;
	const char *from_role, *agreement; /* NULL: the sender's role, none */
	const char *original_sender, *final_recipient;
	const char *tracking; /* property trackingIdentifier */
	const char *message_id, *conversation;
	int64_t timestamp_us;
	struct bytes payload;            /* no .data: no payload */
	const char *href;                /* of the payload, if it is not in the message */
	const char *mime_type, *charset; /* as its properties say */
	const char *signed_as;           /* the media type by which it is signed; NULL: application/xml */
	bool compressed;                 /* it says so */
};

/* What VN's node would send to TH's: an e-Form D with NUMBER. */
struct letter letter_new(struct region *region, unsigned number);

/* From TH's node to LA's, whose profile is the one of RSA keys. */
struct letter letter_to_la(struct region *region, unsigned number);

/* On the wire; the region's arena. */
struct wire letter_pack(struct region *region, const struct letter *letter);
/* The same with its payload in clear: the elements of the encryption are not signed, so whoever knows the payload can
 * take them off. */
struct wire letter_pack_clear(struct region *region, const struct letter *letter);
/* The same with what is signed of the envelope moved inside a new Body that nobody signed, and beside it a header that
 * VN never wrote, with message id FORGED_ID (McIntosh and Austel, 2005): every digest of the signature is right. */
#define FORGED_ID "forged-by-somebody@vn"
struct wire letter_pack_wrapped(struct region *region, const struct letter *letter);
/* A receipt, or an error with the first code of RULE, for LETTER by the keys called SIGNER. */
struct wire letter_receipt(struct region *region, const struct letter *letter, const char *signer);
struct wire letter_error(struct region *region, const struct letter *letter, const char *signer,
			 enum ebms_rule_name rule);

struct http_answer letter_post(struct region_node *node, const struct wire *wire);

/* A signal in ANSWER, read and verified with the certificate of NODE; the test ends if it is none. */
struct signal {
	enum ebms_kind kind;
	const char *ref_to;
	const char *code, *detail; /* of the first error; NULL */
};
struct signal letter_signal(struct region_node *node, const struct http_answer *answer);

#endif
