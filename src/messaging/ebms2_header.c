/* The header of ebMS 2.0 as rows. ISO/TS 15000-2:2021; OASIS ebMS 2.0, schema msg-header-2_0.xsd: attributes stand in
 * its namespace, elements and attributes of other namespaces may stand anywhere and nobody reads them. */
#include "messaging/ebms2_int.h"
#include "messaging/uris_int.h"

enum { ID_LENGTH = 255, TEXT_LENGTH = 1024, IDS_MAX = 16, DESCRIPTIONS_MAX = 16, ERRORS_MAX = 16 };

static const struct field typed_rows[] = {
	FIELD_TEXT(struct ebms_typed, type, .xml = "type", .attribute = true, .max_length = TEXT_LENGTH),
	FIELD_TEXT(struct ebms_typed, value, .xml = "value", .content = true, .min = 1, .max_length = TEXT_LENGTH),
};
static const struct fields typed = FIELDS_OPEN(struct ebms_typed, typed_rows);

static const struct field party_rows[] = {
	FIELD_LIST(struct ebms2_party, id, ids, struct ebms_typed, typed, .xml = "PartyId", .min = 1, .max = IDS_MAX),
	FIELD_TEXT(struct ebms2_party, role, .xml = "Role", .max_length = TEXT_LENGTH),
};
static const struct fields party = FIELDS_OPEN(struct ebms2_party, party_rows);

static const struct field data_rows[] = {
	FIELD_TEXT(struct ebms2_data, message_id, .xml = "MessageId", .min = 1, .max_length = ID_LENGTH),
	FIELD_TIME(struct ebms2_data, timestamp_us, .xml = "Timestamp", .min = 1),
	FIELD_TEXT(struct ebms2_data, ref_to, .xml = "RefToMessageId", .max_length = ID_LENGTH),
	FIELD_TIME(struct ebms2_data, until_us, .xml = "TimeToLive"),
};
static const struct fields data = FIELDS_OPEN(struct ebms2_data, data_rows);

static const struct field header_rows[] = {
	FIELD_TEXT(struct ebms2_header, id, .xml = "id", .attribute = true, .max_length = ID_LENGTH),
	FIELD_TEXT(struct ebms2_header, version, .xml = "version", .attribute = true, .min = 1),
	FIELD_GROUP(struct ebms2_header, from, struct ebms2_party, party, .xml = "From", .min = 1),
	FIELD_GROUP(struct ebms2_header, to, struct ebms2_party, party, .xml = "To", .min = 1),
	FIELD_TEXT(struct ebms2_header, cpa, .xml = "CPAId", .min = 1, .max_length = TEXT_LENGTH),
	FIELD_TEXT(struct ebms2_header, conversation, .xml = "ConversationId", .min = 1, .max_length = ID_LENGTH),
	FIELD_GROUP(struct ebms2_header, service, struct ebms_typed, typed, .xml = "Service", .min = 1),
	FIELD_TEXT(struct ebms2_header, action, .xml = "Action", .min = 1, .max_length = TEXT_LENGTH),
	FIELD_GROUP(struct ebms2_header, data, struct ebms2_data, data, .xml = "MessageData", .min = 1),
	FIELD_NODE(struct ebms2_header, once, .xml = "DuplicateElimination"),
	FIELD_NODE(struct ebms2_header, description, .xml = "Description", .max = DESCRIPTIONS_MAX),
};
static const struct fields header = FIELDS_OPEN(struct ebms2_header, header_rows);

static const struct field acknowledgment_rows[] = {
	FIELD_TEXT(struct ebms2_acknowledgment, id, .xml = "id", .attribute = true, .max_length = ID_LENGTH),
	FIELD_TEXT(struct ebms2_acknowledgment, version, .xml = "version", .attribute = true, .min = 1),
	FIELD_TIME(struct ebms2_acknowledgment, timestamp_us, .xml = "Timestamp", .min = 1),
	FIELD_TEXT(struct ebms2_acknowledgment, ref_to, .xml = "RefToMessageId", .min = 1, .max_length = ID_LENGTH),
	FIELD_NODE(struct ebms2_acknowledgment, from, .xml = "From"),
};
static const struct fields acknowledgment = FIELDS_OPEN(struct ebms2_acknowledgment, acknowledgment_rows);

static const struct field error_rows[] = {
	FIELD_TEXT(struct ebms_error, category, .xml = "codeContext", .attribute = true, .max_length = TEXT_LENGTH),
	FIELD_TEXT(struct ebms_error, code, .xml = "errorCode", .attribute = true, .min = 1),
	FIELD_TEXT(struct ebms_error, origin, .xml = "id", .attribute = true),
	FIELD_TEXT(struct ebms_error, severity, .xml = "severity", .attribute = true, .min = 1),
	FIELD_TEXT(struct ebms_error, detail, .xml = "location", .attribute = true, .max_length = TEXT_LENGTH),
	FIELD_NODE(struct ebms_error, description, .xml = "Description"),
};
static const struct fields error = FIELDS_OPEN(struct ebms_error, error_rows);

static const struct field errors_rows[] = {
	FIELD_TEXT(struct ebms2_errors, highest, .xml = "highestSeverity", .attribute = true, .min = 1),
	FIELD_TEXT(struct ebms2_errors, id, .xml = "id", .attribute = true, .max_length = ID_LENGTH),
	FIELD_TEXT(struct ebms2_errors, version, .xml = "version", .attribute = true, .min = 1),
	FIELD_LIST(struct ebms2_errors, errors, count, struct ebms_error, error, .xml = "Error", .min = 1,
		   .max = ERRORS_MAX),
};
static const struct fields errors = FIELDS_OPEN(struct ebms2_errors, errors_rows);

static const struct field status_rows[] = {
	FIELD_TEXT(struct ebms2_status, id, .xml = "id", .attribute = true, .max_length = ID_LENGTH),
	FIELD_TEXT(struct ebms2_status, status, .xml = "messageStatus", .attribute = true),
	FIELD_TEXT(struct ebms2_status, version, .xml = "version", .attribute = true, .min = 1),
	FIELD_TEXT(struct ebms2_status, ref_to, .xml = "RefToMessageId", .min = 1, .max_length = ID_LENGTH),
	FIELD_TIME(struct ebms2_status, timestamp_us, .xml = "Timestamp"),
};
static const struct fields status = FIELDS_OPEN(struct ebms2_status, status_rows);

#define EBMS2_SCHEMA(root_, table)                                                                                     \
	{                                                                                                              \
		.name = root_, .root = root_, .ns = NS_EBMS2, .prefix = "eb", .qualified = true, .fields = &(table)    \
	}
const struct schema ebms2_header_schema = EBMS2_SCHEMA("MessageHeader", header);
const struct schema ebms2_acknowledgment_schema = EBMS2_SCHEMA("Acknowledgment", acknowledgment);
const struct schema ebms2_errors_schema = EBMS2_SCHEMA("ErrorList", errors);
const struct schema ebms2_status_schema = EBMS2_SCHEMA("StatusRequest", status);
const struct schema ebms2_answer_schema = EBMS2_SCHEMA("StatusResponse", status);
