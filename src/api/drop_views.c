/* What lies in the drop folders, as it is shown. */
#include "api/api.h"

static const struct field drop_entry_rows[] = {
	FIELD_TEXT(struct drop_entry_view, path, .json = "path", .min = 1, .max_length = TEXT_MAX,
		   .label = "what lies there"),
	FIELD_TEXT(struct drop_entry_view, why, .json = "why", .min = 1, .max_length = TEXT_MAX,
		   .label = "why it is not taken"),
};
static const struct fields drop_entry_fields = FIELDS(struct drop_entry_view, drop_entry_rows);
static const struct field drop_rows[] = {
	FIELD_TEXT(struct drop_view, organisation, .json = "organisation", .min = 1, .max_length = TEXT_MAX),
	FIELD_INT(struct drop_view, taken, .json = "taken", .min = 1, .label = "files that were taken, ever"),
	FIELD_INT(struct drop_view, waiting, .json = "waiting", .min = 1, .label = "files that will be taken"),
	FIELD_LIST(struct drop_view, entries, entries_count, struct drop_entry_view, drop_entry_fields,
		   .json = "entries", .max = PAGE_MAX, .label = "what is not taken"),
};
static const struct fields drop_fields = FIELDS(struct drop_view, drop_rows);

LIST_SCHEMA(drop)
