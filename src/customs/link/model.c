#include "customs/link/link_int.h"

enum { REFERENCE_LENGTH = 60, TEXT_LENGTH = 500 };

static const struct field notice_rows[] = {
	FIELD_TEXT(struct notice, reference, .json = "reference", .xml = "FunctionalReferenceID", .min = 1,
		   .max_length = REFERENCE_LENGTH, .label = "number of the notice"),
	FIELD_DAY(struct notice, issued_on, .json = "issueDate", .xml = "IssueDate", .min = 1,
		  .label = "date of the notice"),
	FIELD_CODE(struct notice, issuing_country, .json = "issuingCountry", .xml = "IssueCountryID", .min = 1,
		   .list = "ISO3166", .label = "whose node it is"),
	FIELD_CODE(struct notice, receiving_country, .json = "receivingCountry", .xml = "ReceiverCountryID", .min = 1,
		   .list = "ISO3166", .label = "who is told"),
	FIELD_TEXT(struct notice, kind, .json = "kind", .xml = "TypeCode", .min = 1,
		   .pattern = "outage|maintenance|restored", .label = "outage, maintenance or restored"),
	FIELD_TIME(struct notice, from_us, .json = "from", .xml = "StartDateTime", .min = 1,
		   .label = "from when nothing gets through, or does again"),
	FIELD_TIME(struct notice, until_us, .json = "until", .xml = "EndDateTime",
		   .label = "until when at the latest; not of restored"),
	FIELD_TEXT(struct notice, text, .json = "text", .xml = "Content", .min = 1, .max_length = TEXT_LENGTH,
		   .label = "what officers of the partner should know"),
};
static const struct fields notice_fields = FIELDS(struct notice, notice_rows);

const struct schema notice_schema = {
	.name = NOTICE,
	.root = "LinkNotice",
	.ns = "urn:lintas:document:notice:1",
	.prefix = "",
	.fields = &notice_fields,
};
