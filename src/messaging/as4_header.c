#include "messaging/ebms_int.h"

#include "messaging/uris_int.h"

enum { EBMS_ID_LENGTH = 255, EBMS_URI_LENGTH = 1024, EBMS_PROPERTIES = 64, EBMS_PARTS = 64, EBMS_ERRORS = 16 };

static const struct field message_info_rows[] = {
	FIELD_TIME(struct ebms_message_info, timestamp_us, .xml = "Timestamp", .min = 1),
	FIELD_TEXT(struct ebms_message_info, message_id, .xml = "MessageId", .min = 1, .max_length = EBMS_ID_LENGTH),
	FIELD_TEXT(struct ebms_message_info, ref_to, .xml = "RefToMessageId", .max_length = EBMS_ID_LENGTH),
};
static const struct fields message_info = FIELDS(struct ebms_message_info, message_info_rows);

static const struct field typed_rows[] = {
	FIELD_TEXT(struct ebms_typed, type, .xml = "type", .attribute = true, .max_length = EBMS_URI_LENGTH),
	FIELD_TEXT(struct ebms_typed, value, .xml = "value", .content = true, .min = 1, .max_length = EBMS_URI_LENGTH),
};
static const struct fields typed = FIELDS(struct ebms_typed, typed_rows);

static const struct field property_rows[] = {
	FIELD_TEXT(struct ebms_typed, name, .xml = "name", .attribute = true, .min = 1, .max_length = EBMS_URI_LENGTH),
	FIELD_TEXT(struct ebms_typed, type, .xml = "type", .attribute = true, .max_length = EBMS_URI_LENGTH),
	FIELD_TEXT(struct ebms_typed, value, .xml = "value", .content = true, .max_length = EBMS_URI_LENGTH),
};
static const struct fields property = FIELDS(struct ebms_typed, property_rows);

/* ebMS allows several PartyIds; eDelivery AS4 1.15 and ebCore use exactly one (TA03). */
static const struct field party_rows[] = {
	FIELD_GROUP(struct ebms_party, id, struct ebms_typed, typed, .xml = "PartyId", .min = 1),
	FIELD_TEXT(struct ebms_party, role, .xml = "Role", .min = 1, .max_length = EBMS_URI_LENGTH),
};
static const struct fields party = FIELDS(struct ebms_party, party_rows);

static const struct field party_info_rows[] = {
	FIELD_GROUP(struct ebms_party_info, from, struct ebms_party, party, .xml = "From", .min = 1),
	FIELD_GROUP(struct ebms_party_info, to, struct ebms_party, party, .xml = "To", .min = 1),
};
static const struct fields party_info = FIELDS(struct ebms_party_info, party_info_rows);

static const struct field agreement_rows[] = {
	FIELD_TEXT(struct ebms_agreement, type, .xml = "type", .attribute = true, .max_length = EBMS_URI_LENGTH),
	FIELD_TEXT(struct ebms_agreement, pmode, .xml = "pmode", .attribute = true, .max_length = EBMS_URI_LENGTH),
	FIELD_TEXT(struct ebms_agreement, value, .xml = "value", .content = true, .max_length = EBMS_URI_LENGTH),
};
static const struct fields agreement = FIELDS(struct ebms_agreement, agreement_rows);

static const struct field collaboration_rows[] = {
	FIELD_GROUP(struct ebms_collaboration, agreement, struct ebms_agreement, agreement, .xml = "AgreementRef"),
	FIELD_GROUP(struct ebms_collaboration, service, struct ebms_typed, typed, .xml = "Service", .min = 1),
	FIELD_TEXT(struct ebms_collaboration, action, .xml = "Action", .min = 1, .max_length = EBMS_URI_LENGTH),
	FIELD_TEXT(struct ebms_collaboration, conversation, .xml = "ConversationId", .min = 1,
		   .max_length = EBMS_ID_LENGTH),
};
static const struct fields collaboration = FIELDS(struct ebms_collaboration, collaboration_rows);

static const struct field message_properties_rows[] = {
	FIELD_LIST(struct ebms_properties, property, count, struct ebms_typed, property, .xml = "Property", .min = 1,
		   .max = EBMS_PROPERTIES),
};
static const struct fields message_properties = FIELDS(struct ebms_properties, message_properties_rows);

static const struct field part_rows[] = {
	FIELD_TEXT(struct ebms_part_info, href, .xml = "href", .attribute = true, .max_length = EBMS_URI_LENGTH),
	FIELD_NODE(struct ebms_part_info, schema, .xml = "Schema"),
	FIELD_NODE(struct ebms_part_info, description, .xml = "Description"),
	FIELD_GROUP(struct ebms_part_info, properties, struct ebms_properties, message_properties,
		    .xml = "PartProperties"),
};
static const struct fields part = FIELDS(struct ebms_part_info, part_rows);

static const struct field payload_rows[] = {
	FIELD_LIST(struct ebms_payload_info, part, count, struct ebms_part_info, part, .xml = "PartInfo", .min = 1,
		   .max = EBMS_PARTS),
};
static const struct fields payload = FIELDS(struct ebms_payload_info, payload_rows);

static const struct field user_message_rows[] = {
	FIELD_TEXT(struct ebms_user_message, mpc, .xml = "mpc", .attribute = true, .max_length = EBMS_URI_LENGTH),
	FIELD_GROUP(struct ebms_user_message, info, struct ebms_message_info, message_info, .xml = "MessageInfo",
		    .min = 1),
	FIELD_GROUP(struct ebms_user_message, parties, struct ebms_party_info, party_info, .xml = "PartyInfo",
		    .min = 1),
	FIELD_GROUP(struct ebms_user_message, collaboration, struct ebms_collaboration, collaboration,
		    .xml = "CollaborationInfo", .min = 1),
	FIELD_GROUP(struct ebms_user_message, properties, struct ebms_properties, message_properties,
		    .xml = "MessageProperties"),
	FIELD_GROUP(struct ebms_user_message, payload, struct ebms_payload_info, payload, .xml = "PayloadInfo"),
};
static const struct fields user_message = FIELDS(struct ebms_user_message, user_message_rows);

const struct schema ebms_user_message_schema = {
	.name = "UserMessage", .root = "UserMessage", .ns = NS_EBMS3, .prefix = "eb", .fields = &user_message
};

static const struct field error_rows[] = {
	FIELD_TEXT(struct ebms_error, category, .xml = "category", .attribute = true),
	FIELD_TEXT(struct ebms_error, code, .xml = "errorCode", .attribute = true, .min = 1),
	FIELD_TEXT(struct ebms_error, origin, .xml = "origin", .attribute = true),
	FIELD_TEXT(struct ebms_error, ref_to, .xml = "refToMessageInError", .attribute = true),
	FIELD_TEXT(struct ebms_error, severity, .xml = "severity", .attribute = true, .min = 1),
	FIELD_TEXT(struct ebms_error, short_description, .xml = "shortDescription", .attribute = true),
	FIELD_NODE(struct ebms_error, description, .xml = "Description"),
	FIELD_TEXT(struct ebms_error, detail, .xml = "ErrorDetail", .max_length = 65536),
};
static const struct fields error = FIELDS(struct ebms_error, error_rows);

static const struct field signal_rows[] = {
	FIELD_GROUP(struct ebms_signal, info, struct ebms_message_info, message_info, .xml = "MessageInfo", .min = 1),
	FIELD_NODE(struct ebms_signal, pull_request, .xml = "PullRequest"),
	FIELD_NODE(struct ebms_signal, receipt, .xml = "Receipt"),
	FIELD_LIST(struct ebms_signal, errors, errors_count, struct ebms_error, error, .xml = "Error",
		   .max = EBMS_ERRORS),
};
static const struct fields signal = FIELDS(struct ebms_signal, signal_rows);

const struct schema ebms_signal_schema = {
	.name = "SignalMessage", .root = "SignalMessage", .ns = NS_EBMS3, .prefix = "eb", .fields = &signal
};

const char *ebms_property(const struct ebms_properties *properties, const char *name)
{
	for (size_t i = 0; properties && i < properties->count; i++)
		if (same(properties->property[i].name, name))
			return properties->property[i].value;
	return NULL;
}
