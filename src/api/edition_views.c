/* Editions of reference data, as they are shown. */
#include "api/api.h"
#include "kernel/edition.h"

static const struct field edition_rows[] = {
	FIELD_TEXT(struct edition_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct edition_view, kind, .json = "kind", .min = 1, .max_length = TEXT_MAX,
		   .label = "kind (of its records)"),
	FIELD_TEXT(struct edition_view, subject, .json = "subject", .min = 1, .max_length = TEXT_MAX,
		   .label = "subject (what it is an edition of)"),
	FIELD_TEXT(struct edition_view, title, .json = "title", .max_length = TEXT_MAX),
	FIELD_TEXT(struct edition_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX),
	FIELD_DAY(struct edition_view, from, .json = "from", .min = 1,
		  .label = "from (the first day on which it counts)"),
	FIELD_DAY(struct edition_view, until, .json = "until", .label = "until (the last day; none: no end)"),
	FIELD_TEXT(struct edition_view, digest, .json = "digest", .min = 1, .max_length = TEXT_MAX,
		   .label = "SHA-256 of its file, hexadecimal"),
	FIELD_INT(struct edition_view, records, .json = "records", .min = 1, .label = "records that were put away"),
	FIELD_INT(struct edition_view, warnings, .json = "warnings", .min = 1,
		  .label = "warnings that were found in its file"),
	FIELD_TEXT(struct edition_view, imported_by, .json = "importedBy", .min = 1, .max_length = TEXT_MAX),
	FIELD_TIME(struct edition_view, imported_us, .json = "imported", .min = 1),
	FIELD_TEXT(struct edition_view, approved_by, .json = "approvedBy", .max_length = TEXT_MAX),
	FIELD_TIME(struct edition_view, approved_us, .json = "approved"),
	FIELD_TEXT(struct edition_view, activated_by, .json = "activatedBy", .max_length = TEXT_MAX),
	FIELD_TIME(struct edition_view, activated_us, .json = "activated"),
	FIELD_TEXT(struct edition_view, withdrawn_by, .json = "withdrawnBy", .max_length = TEXT_MAX),
	FIELD_TIME(struct edition_view, withdrawn_us, .json = "withdrawn"),
	FIELD_FLAG(struct edition_view, repeated, .json = "repeated",
		   .label = "the same file was there already: this is that edition"),
	FIELD_LIST(struct edition_view, findings, findings_count, struct finding_view, finding_fields,
		   .json = "findings", .max = FINDINGS_MAX),
};
enum { EDITION_BELONGINGS = 2 };
static const struct fields whole_edition_fields = FIELDS(struct edition_view, edition_rows);
static const struct fields edition_fields = { .row = edition_rows,
					      .count = COUNT(edition_rows) - EDITION_BELONGINGS,
					      .size = sizeof(struct edition_view) };

const struct schema edition_schema = SCHEMA("edition", whole_edition_fields);
LIST_SCHEMA(edition)
