/* The bindings: AS4 (ebMS 3.0) and ebMS 2.0. A message of either is read into the same struct, verified, refused,
 * receipted, kept and sent again by the same engine; a row says what is written otherwise. */
#ifndef MESSAGING_BINDING_INT_H
#define MESSAGING_BINDING_INT_H

#include "messaging/grammar_int.h"
#include "messaging/message_int.h"

/* Rows of .envelope. */
enum { ENVELOPE, HEADER, BODY };
/* How many there may be of .wholes. */
enum { WHOLES_MAX = 2 };
/* Of ebMS 2, and of what cannot be told yet. */
enum { NAMESPACES_MAX = 48 };

struct binding {
	const char *name;        /* as in the partner's record */
	const char *soap_type;   /* media type of the envelope */
	bool encrypts;           /* payloads, beside TLS */
	const char *soap_action; /* HTTP header SOAPAction of a request; NULL: none */
	const char *soap_namespace;
	unsigned max_namespaces; /* declarations in scope: inclusive C14N takes the square of them for each element */
	const struct grammar *envelope; /* rows: Envelope, Header, Body */
	const char *wholes[WHOLES_MAX]; /* what a signature covers beside the parts, for people: the header first */

	/* What deviations of the header, the security elements and a receipt are called. */
	enum ebms_rule_name header_rule, security_rule, receipt_rule;

	/* Stage HEADER: .messaging and .security among the blocks of HEADER; then .kind, .user and .signal. */
	enum err_code (*read_blocks)(struct ebms_message *message, const struct xml_node *header, struct err *err);
	enum err_code (*read_unit)(struct ebms_message *message, struct err *err);
	/* Stage PROFILE: into .signature and .encryption. */
	enum err_code (*read_security)(struct ebms_message *message, struct err *err);
	void (*read_transforms)(struct ebms_message *message, const struct xml_node *node,
				struct ebms_reference *reference);
	/* The ds:References that RECEIPT repeats, at most REFERENCES_MAX. False, and findings, if it has another shape.
	 */
	bool (*read_receipt)(struct ebms_message *receipt, const struct xml_node **references, size_t *count);
	/* All of stage PROFILE; the signature by ebms_check_signature(). PROFILE may be NULL. */
	void (*check_profile)(struct ebms_message *message, const struct security_profile *profile);
	/* Whether REFERENCE has the transforms that it must have. */
	bool (*transforms_fit)(const struct ebms_reference *reference);
	const char *c14n;      /* of SignedInfo, as we write it: URI */
	const char *c14n_also; /* taken as well; NULL */
	void (*put_transforms)(struct buf *out, const struct ebms_reference *reference);

	/* Which of .wholes URI covers; -1: none. */
	int (*covers)(const struct ebms_message *message, const char *uri);
	/* The octets of an element that URI names, wherever it stands. */
	enum err_code (*octets)(struct ebms_message *message, const struct ebms_reference *reference, struct buf *out,
				struct err *err);
	/* What is signed of PART: its own octets, or what ROOM takes of them. NULL: its own, always. */
	enum err_code (*part_octets)(const struct ebms_part *part, const struct ebms_limits *limits, struct buf *room,
				     struct bytes *octets, struct err *err);

	/* A signed message, and the two signals that answer one. */
	enum err_code (*pack_user)(struct arena *arena, const struct ebms_letter *letter, struct ebms_packed *packed,
				   struct err *err);
	enum err_code (*pack_receipt)(struct arena *arena, const struct ebms_answering *answering,
				      struct ebms_packed *packed, struct err *err);
	enum err_code (*pack_error)(struct arena *arena, const struct ebms_answering *answering,
				    const struct findings *findings, struct ebms_packed *packed, struct err *err);
};

extern const struct binding binding_as4, binding_ebms2;

#endif
