/* AS4 (ISO 15000-2): ebMS 3.0 in SOAP 1.2 with WS-Security; AS4 profile 1.0; eDelivery AS4 1.15 and 2.0. The functions
 * of its row. */
#ifndef MESSAGING_AS4_INT_H
#define MESSAGING_AS4_INT_H

#include "messaging/binding_int.h"

enum err_code as4_read_security(struct ebms_message *message, struct err *err) MUST_USE;
void as4_read_transforms(struct ebms_message *message, const struct xml_node *node, struct ebms_reference *reference);

/* The closed profile: exactly the references that must be there, each once, no other transform, no other algorithm,
 * everything encrypted. */
void as4_check_profile(struct ebms_message *message, const struct security_profile *profile);
bool as4_transforms_fit(const struct ebms_reference *reference);
void as4_put_transforms(struct buf *out, const struct ebms_reference *reference);
int as4_covers(const struct ebms_message *message, const char *uri);
enum err_code as4_octets(struct ebms_message *message, const struct ebms_reference *reference, struct buf *out,
			 struct err *err) MUST_USE;
enum err_code as4_octets_of_part(const struct ebms_part *part, const struct ebms_limits *limits, struct buf *room,
				 struct bytes *octets, struct err *err) MUST_USE;

/* The octets that are signed for a part of this media type: WS-Security SwA 1.1 §5.4.2. TYPE NULL: as they are. */
enum err_code as4_part_octets(const char *type, struct bytes octets, const struct ebms_limits *limits, struct buf *out,
			      struct err *err) MUST_USE;

enum err_code as4_pack_user(struct arena *arena, const struct ebms_letter *letter, struct ebms_packed *packed,
			    struct err *err) MUST_USE;
enum err_code as4_pack_receipt(struct arena *arena, const struct ebms_answering *answering, struct ebms_packed *packed,
			       struct err *err) MUST_USE;
enum err_code as4_pack_error(struct arena *arena, const struct ebms_answering *answering,
			     const struct findings *findings, struct ebms_packed *packed, struct err *err) MUST_USE;

#endif
