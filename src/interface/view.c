#include "interface/view.h"

static const struct field finding_rows[] = {
	FIELD_TEXT(struct finding_view, code, .json = "code", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct finding_view, path, .json = "path", .max_length = TEXT_MAX,
		   .label = "JSON Pointer (RFC 6901) into the body; /NAME of a query parameter"),
	FIELD_TEXT(struct finding_view, text, .json = "text", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct finding_view, law, .json = "law", .max_length = TEXT_MAX),
	FIELD_TEXT(struct finding_view, severity, .json = "severity", .min = 1, .max_length = TEXT_MAX),
};
const struct fields finding_fields = FIELDS(struct finding_view, finding_rows);
