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

/* --- Card --- */

enum { CARD_LENGTH = 1400000 /* base64 of the greatest card */ };

static const struct field card_rows[] = {
	FIELD_TEXT(struct card_update, reference, .json = "reference", .xml = "FunctionalReferenceID", .min = 1,
		   .max_length = REFERENCE_LENGTH, .label = "number of the card"),
	FIELD_DAY(struct card_update, issued_on, .json = "issueDate", .xml = "IssueDate", .min = 1,
		  .label = "date of the card"),
	FIELD_CODE(struct card_update, issuing_country, .json = "issuingCountry", .xml = "IssueCountryID", .min = 1,
		   .list = "ISO3166", .label = "whose card it is"),
	FIELD_CODE(struct card_update, receiving_country, .json = "receivingCountry", .xml = "ReceiverCountryID",
		   .min = 1, .list = "ISO3166", .label = "who is told"),
	FIELD_TEXT(struct card_update, card, .json = "card", .xml = "SignedCard", .min = 1, .max_length = CARD_LENGTH,
		   .label = "the signed card (RFC 7515), base64"),
};
static const struct fields card_fields = FIELDS(struct card_update, card_rows);

const struct schema card_update_schema = {
	.name = CARD,
	.root = "NodeCard",
	.ns = "urn:lintas:document:card:1",
	.prefix = "",
	.fields = &card_fields,
};
