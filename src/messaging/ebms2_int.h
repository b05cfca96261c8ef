/* ebMS 2.0 (ISO/TS 15000-2): eb:MessageHeader and its companions in SOAP 1.1 with attachments, signed as a whole. What
 * of it engine and sender do not know from AS4. */
#ifndef MESSAGING_EBMS2_INT_H
#define MESSAGING_EBMS2_INT_H

#include "messaging/binding_int.h"

struct ebms2_data { /* eb:MessageData */
	const char *message_id, *ref_to;
	int64_t timestamp_us, until_us; /* .until_us: eb:TimeToLive; TIME_NONE */
};
struct ebms2_party {
	struct ebms_typed *id;
	size_t ids;
	const char *role;
};
struct ebms2_header { /* eb:MessageHeader */
	const char *version, *id;
	struct ebms2_party *from, *to;
	const char *cpa, *conversation;
	struct ebms_typed *service;
	const char *action;
	struct ebms2_data *data;
	const struct xml_node *once;        /* eb:DuplicateElimination */
	const struct xml_node *description; /* nothing follows from it */
};
struct ebms2_acknowledgment {
	const char *version, *id;
	int64_t timestamp_us;
	const char *ref_to;
	const struct xml_node *from;
};
struct ebms2_status {                      /* eb:StatusRequest, eb:StatusResponse */
	const char *version, *id, *status; /* .status: of a response alone */
	const char *ref_to;
	int64_t timestamp_us;
};
struct ebms2_errors {
	const char *version, *id, *highest;
	struct ebms_error *errors;
	size_t count;
};
extern const struct schema ebms2_header_schema, ebms2_acknowledgment_schema, ebms2_errors_schema, ebms2_status_schema,
	ebms2_answer_schema;

/* What stands in Header and Body beside the message header. */
struct ebms2_blocks {
	struct ebms2_header header;
	bool sync;                   /* eb:SyncReply: signals are wanted in the HTTP response */
	bool ordered;                /* eb:MessageOrder */
	bool ack_wanted, ack_signed; /* eb:AckRequested, its signed */
	bool next_msh;               /* something is asked of, or said by, a next MSH */
	const struct xml_node *acknowledgment, *errors, *manifest, *status_request, *status_response;
	struct ebms2_status status;
};

/* What a message asks of its receiver, by the agreement's channel. */
struct ebms2_wishes {
	bool sync, ack_wanted, ack_signed, once;
};

enum err_code ebms2_read_security(struct ebms_message *message, struct err *err) MUST_USE;
void ebms2_read_transforms(struct ebms_message *message, const struct xml_node *node, struct ebms_reference *reference);
void ebms2_check_profile(struct ebms_message *message, const struct security_profile *profile);
bool ebms2_transforms_fit(const struct ebms_reference *reference);
void ebms2_put_transforms(struct buf *out, const struct ebms_reference *reference);
int ebms2_covers(const struct ebms_message *message, const char *uri);
enum err_code ebms2_octets(struct ebms_message *message, const struct ebms_reference *reference, struct buf *out,
			   struct err *err) MUST_USE;
/* Of our own signature: the one over the envelope, without its digest; its transform, and that of a part. */
struct ebms_reference ebms2_envelope_reference(void);
enum err_code ebms2_pack_user(struct arena *arena, const struct ebms_letter *letter, struct ebms_packed *packed,
			      struct err *err) MUST_USE;
enum err_code ebms2_pack_receipt(struct arena *arena, const struct ebms_answering *answering,
				 struct ebms_packed *packed, struct err *err) MUST_USE;
enum err_code ebms2_pack_error(struct arena *arena, const struct ebms_answering *answering,
			       const struct findings *findings, struct ebms_packed *packed, struct err *err) MUST_USE;
/* Signals that gateways do not sign, and acknowledgments if that is agreed: TLS says who sent them. */
bool ebms2_may_be_unsigned(const struct ebms_message *message, bool ack_signed);
/* eb:Pong, or eb:StatusResponse with STATUS. */
enum err_code ebms2_pack_pong(struct arena *arena, const struct ebms_answering *answering, struct ebms_packed *packed,
			      struct err *err) MUST_USE;
enum err_code ebms2_pack_status(struct arena *arena, const struct ebms_answering *answering,
				const struct ebms2_status *status, struct ebms_packed *packed,
				struct err *err) MUST_USE;

#endif
