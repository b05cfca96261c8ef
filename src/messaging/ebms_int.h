/* The ebMS 3.0 header (eb:Messaging) as structs. OASIS ebMS 3.0 core §5.2; eDelivery AS4 1.15 §3. */
#ifndef MESSAGING_EBMS_INT_H
#define MESSAGING_EBMS_INT_H

#include "codec/field.h"

struct ebms_message_info {
	int64_t timestamp_us;
	const char *message_id, *ref_to;
};
struct ebms_typed { /* text with a @type, also @name */
	const char *type, *name, *value;
};
struct ebms_party {
	struct ebms_typed *id; /* the first, … */
	size_t ids;            /* … of so many, in ebMS 2; 0: the only one */
	const char *role;
};
struct ebms_party_info {
	struct ebms_party *from, *to;
};
struct ebms_agreement {
	const char *type, *pmode, *value;
};
struct ebms_collaboration {
	struct ebms_agreement *agreement;
	struct ebms_typed *service;
	const char *action, *conversation;
};
struct ebms_properties {
	struct ebms_typed *property;
	size_t count;
};
struct ebms_part_info {
	const char *href;
	const struct xml_node *schema, *description; /* allowed; nothing follows from them */
	struct ebms_properties *properties;
};
struct ebms_payload_info {
	struct ebms_part_info *part;
	size_t count;
};
struct ebms_user_message {
	const char *mpc;
	struct ebms_message_info *info;
	struct ebms_party_info *parties;
	struct ebms_collaboration *collaboration;
	struct ebms_properties *properties;
	struct ebms_payload_info *payload;
};

struct ebms_error {
	const char *code, *severity, *category, *origin, *short_description, *ref_to;
	const struct xml_node *description; /* eb:Description, with xml:lang */
	const char *description_text;       /* filled after reading */
	const char *detail;
};
struct ebms_signal {
	struct ebms_message_info *info;
	const struct xml_node *pull_request;
	const struct xml_node *receipt;
	struct ebms_error *errors;
	size_t errors_count;
};

extern const struct schema ebms_user_message_schema, ebms_signal_schema;

/* The value of a property by name; NULL if it is not there. */
const char *ebms_property(const struct ebms_properties *properties, const char *name);

#endif
