/* Retention, legal holds and archives, as they are asked for and shown. */
#include "api/api.h"
#include "kernel/archive.h"

static const struct field hold_rows[] = {
	FIELD_TEXT(struct hold_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct hold_view, kind, .json = "kind", .min = 1, .max_length = TEXT_MAX,
		   .label = "document, partner or organisation"),
	FIELD_TEXT(struct hold_view, subject, .json = "subject", .min = 1, .max_length = TEXT_MAX,
		   .label = "id of the document, code of the partner or organisation"),
	FIELD_TEXT(struct hold_view, organisation, .json = "organisation", .max_length = TEXT_MAX,
		   .label = "whose hold it is; none: the node's"),
	FIELD_TEXT(struct hold_view, reason, .json = "reason", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct hold_view, placed_by, .json = "placedBy", .min = 1, .max_length = TEXT_MAX),
	FIELD_TIME(struct hold_view, placed_us, .json = "placed", .min = 1),
	FIELD_TIME(struct hold_view, until_us, .json = "until", .label = "it ends by itself then"),
	FIELD_TEXT(struct hold_view, lifted_by, .json = "liftedBy", .max_length = TEXT_MAX),
	FIELD_TIME(struct hold_view, lifted_us, .json = "lifted"),
	FIELD_INT(
		struct hold_view, others, .json = "others",
		.label =
			"how many documents of the same reference are not held by it, when it was placed by reference"),
	FIELD_FLAG(struct hold_view, counts, .json = "counts", .min = 1, .label = "now"),
};
static const struct fields hold_fields = FIELDS(struct hold_view, hold_rows);

static const struct field new_hold_rows[] = {
	FIELD_TEXT(struct new_hold_view, kind, .json = "kind", .min = 1, .pattern = "document|partner|organisation",
		   .label = "document (with what is about it), partner or organisation"),
	FIELD_TEXT(struct new_hold_view, subject, .json = "subject", .min = 1, .max_length = 1000,
		   .label = "document (id or reference), or code of a partner or organisation"),
	FIELD_TEXT(struct new_hold_view, reason, .json = "reason", .min = 1, .max_length = 1000,
		   .label = "reason (who asked for it, and why)"),
	FIELD_DAY(struct new_hold_view, until, .json = "until",
		  .label = "until (its last day, UTC; none: until lifted)"),
};
static const struct fields new_hold_fields = FIELDS(struct new_hold_view, new_hold_rows);

static const struct field retention_rows[] = {
	FIELD_TEXT(struct retention_view, message, .json = "message", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct retention_view, type, .json = "type", .min = 1, .max_length = TEXT_MAX,
		   .label = "document type, or MESSAGE"),
	FIELD_TEXT(struct retention_view, document, .json = "document", .max_length = TEXT_MAX),
	FIELD_TEXT(struct retention_view, organisation, .json = "organisation", .max_length = TEXT_MAX),
	FIELD_TEXT(struct retention_view, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct retention_view, direction, .json = "direction", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct retention_view, reference, .json = "reference", .max_length = TEXT_MAX),
	FIELD_TEXT(struct retention_view, issuer_state, .json = "issuerState", .max_length = TEXT_MAX),
	FIELD_DAY(struct retention_view, issued_on, .json = "issuedOn"),
	FIELD_TIME(struct retention_view, last_us, .json = "last", .min = 1, .label = "the term counts from here"),
	FIELD_TEXT(struct retention_view, term, .json = "term", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct retention_view, law, .json = "law", .max_length = TEXT_MAX),
	FIELD_TIME(struct retention_view, due_us, .json = "due", .min = 1),
	FIELD_TIME(struct retention_view, archived_us, .json = "archived", .label = "all of it is in an archive since"),
	FIELD_FLAG(struct retention_view, settled, .json = "settled", .min = 1,
		   .label = "message and case are at their ends"),
	FIELD_TEXT(struct retention_view, verdict, .json = "verdict", .min = 1, .max_length = TEXT_MAX,
		   .label = "due, unsettled, open, referred, held or not-archived"),
	FIELD_TEXT(struct retention_view, why, .json = "why", .max_length = TEXT_MAX),
};
static const struct fields retention_fields = FIELDS(struct retention_view, retention_rows);

static const struct field retention_run_rows[] = {
	FIELD_INT(struct retention_run_view, deleted, .json = "deleted", .min = 1, .label = "messages and refusals"),
	FIELD_FLAG(struct retention_run_view, more, .json = "more", .min = 1, .label = "there is more: ask again"),
};
static const struct fields retention_run_fields = FIELDS(struct retention_run_view, retention_run_rows);

static const struct field archive_item_rows[] = {
	FIELD_TEXT(struct archive_item_view, message, .json = "message", .min = 1, .max_length = 100),
	FIELD_TEXT(struct archive_item_view, digest, .json = "digest", .min = 1, .pattern = "[0-9a-f]{64}",
		   .label = "SHA-256 of its evidence as a tar archive"),
	FIELD_TIME(struct archive_item_view, at_us, .json = "at", .min = 1, .label = "no later than it was read"),
};
static const struct fields archive_item_fields = FIELDS(struct archive_item_view, archive_item_rows);
static const struct field archive_note_rows[] = {
	FIELD_TEXT(struct archive_note_view, archive, .json = "archive", .min = 1, .max_length = 100),
	FIELD_TEXT(struct archive_note_view, digest, .json = "digest", .min = 1, .pattern = "[0-9a-f]{64}",
		   .label = "SHA-256 of volume.jws"),
	FIELD_TEXT(struct archive_note_view, signer, .json = "signer", .min = 1, .pattern = "[0-9a-f]{64}",
		   .label = "fingerprint of the certificate that signed it"),
	FIELD_INT(struct archive_note_view, number, .json = "number", .min = 1),
	FIELD_LIST(struct archive_note_view, items, count, struct archive_item_view, archive_item_fields,
		   .json = "items", .min = 1, .max = ARCHIVE_MESSAGES_MAX),
};
static const struct fields archive_note_fields = FIELDS(struct archive_note_view, archive_note_rows);

const struct schema hold_schema = SCHEMA("hold", hold_fields);
const struct schema new_hold_schema = SCHEMA("newHold", new_hold_fields);
const struct schema retention_run_schema = SCHEMA("retentionRun", retention_run_fields);
const struct schema archive_note_schema = SCHEMA("archiveNote", archive_note_fields);

LIST_SCHEMA(hold)
LIST_SCHEMA(retention)
