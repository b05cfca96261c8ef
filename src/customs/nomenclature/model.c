#include "customs/nomenclature/nomenclature_int.h"

#define HS "HS Convention, Article 3"

enum { TEXT_MAX = 4000, NOTE_MAX = 1 << 16, CODES_MAX = 4000 };

/* Names of the rows are the languages of ISO 639; the order is that in which a text is looked for when neither the
 * language asked for nor English is there. */
#define LANGUAGE(member, name)                                                                                         \
	FIELD_TEXT(struct nomenclature_texts, member, .json = #member, .max_length = TEXT_MAX, .label = "in " name)
static const struct field texts_fields[] = {
	LANGUAGE(en, "English"),    LANGUAGE(id, "Indonesian"), LANGUAGE(km, "Khmer"),  LANGUAGE(lo, "Lao"),
	LANGUAGE(ms, "Malay"),      LANGUAGE(my, "Burmese"),    LANGUAGE(th, "Thai"),   LANGUAGE(vi, "Vietnamese"),
	LANGUAGE(fil, "Filipino"),  LANGUAGE(tl, "Tagalog"),    LANGUAGE(ta, "Tamil"),  LANGUAGE(zh, "Chinese"),
	LANGUAGE(pt, "Portuguese"), LANGUAGE(tet, "Tetum"),     LANGUAGE(ar, "Arabic"), LANGUAGE(de, "German"),
	LANGUAGE(es, "Spanish"),    LANGUAGE(fr, "French"),     LANGUAGE(hi, "Hindi"),  LANGUAGE(ja, "Japanese"),
	LANGUAGE(ko, "Korean"),     LANGUAGE(ru, "Russian"),
};
static const struct fields texts_table = FIELDS(struct nomenclature_texts, texts_fields);
const struct schema nomenclature_texts_schema = { .name = "nomenclature.texts", .fields = &texts_table };

/* The code is a text here: what is wrong with it is told by a rule that says what a code is. */
#define CODE(s, member, name, ...) FIELD_TEXT(s, member, .json = name, .max_length = 32, __VA_ARGS__)

/* clang-format off */
static const struct field line_fields[] = {
	FIELD_TEXT(struct line_record, version, .json = "version", .max_length = 16, .label = "version, in a file of several"),
	CODE(struct line_record, code, "code", .label = "code", .law = HS),
	FIELD_TEXT(struct line_record, kind, .json = "kind", .pattern = "line|group", .label = "line, or group without a code"),
	FIELD_INT(struct line_record, dashes, .json = "dashLevel", .pattern = "[0-9]|1[0-3]", .label = "dashes before the text"),
	FIELD_GROUP(struct line_record, text, struct nomenclature_texts, texts_table, .json = "text", .label = "text", .law = HS),
	FIELD_LIST(struct line_record, path, path_count, struct nomenclature_texts, texts_table, .json = "path", .max = BOOK_DEPTH_MAX,
		   .label = "texts from the heading to the line"),
	FIELD_CODE(struct line_record, unit, .json = "unit", .list = "REC20", .label = "unit of quantity", .law = "UN/ECE Recommendation 20"),
	FIELD_TEXT(struct line_record, section, .json = "section", .pattern = "X{0,2}(IX|IV|V?I{0,3})", .label = "section"),
	FIELD_FLAG(struct line_record, national, .json = "national", .label = "a line of one state's own"),
};
static const struct fields line_table = FIELDS(struct line_record, line_fields);

static const struct field note_fields[] = {
	FIELD_TEXT(struct note_record, kind, .json = "kind", .min = 1, .pattern = "gir|section|chapter|heading|subheading|additional|sen",
		   .label = "kind", .law = HS),
	FIELD_TEXT(struct note_record, place, .json = "place", .max_length = 32, .label = "section, chapter or code that it is about"),
	FIELD_TEXT(struct note_record, codes, .json = "codes", .max_length = CODES_MAX, .label = "codes that it governs, between |"),
	FIELD_TEXT(struct note_record, number, .json = "number", .max_length = 16, .label = "number of a rule"),
	FIELD_CODE(struct note_record, language, .json = "language", .min = 1, .list = "ISO639", .label = "language", .law = "ISO 639"),
	FIELD_TEXT(struct note_record, title, .json = "title", .max_length = TEXT_MAX, .label = "title"),
	FIELD_TEXT(struct note_record, text, .json = "text", .max_length = NOTE_MAX, .label = "text"),
	FIELD_TEXT(struct note_record, source, .json = "source", .max_length = TEXT_MAX, .label = "who proposed it"),
	FIELD_FLAG(struct note_record, cut, .json = "cut", .label = "the source has not all of it"),
};
static const struct fields note_table = FIELDS(struct note_record, note_fields);

static const struct field correlation_fields[] = {
	FIELD_TEXT(struct correlation_record, from_version, .json = "fromVersion", .min = 1, .max_length = 16, .label = "version"),
	CODE(struct correlation_record, from_code, "fromCode", .min = 1, .label = "code"),
	FIELD_TEXT(struct correlation_record, to_version, .json = "toVersion", .min = 1, .max_length = 16, .label = "other version"),
	CODE(struct correlation_record, to_code, "toCode", .min = 1, .label = "code there"),
	FIELD_TEXT(struct correlation_record, relationship, .json = "relationship", .pattern = "1:1|1:n|n:1|n:n",
		   .label = "relationship, as the table says"),
};
static const struct fields correlation_table = FIELDS(struct correlation_record, correlation_fields);

static const struct field unit_fields[] = {
	CODE(struct unit_record, code, "code", .min = 1, .label = "code"),
	FIELD_CODE(struct unit_record, unit, .json = "unit", .min = 1, .list = "REC20", .label = "unit of quantity", .law = "UN/ECE Recommendation 20"),
	FIELD_TEXT(struct unit_record, basis, .json = "basis", .max_length = 200, .label = "where the unit is from"),
};
static const struct fields unit_table = FIELDS(struct unit_record, unit_fields);
/* clang-format on */

const struct schema line_schema = { .name = "nomenclature.lines", .fields = &line_table };
const struct schema note_schema = { .name = "nomenclature.notes", .fields = &note_table };
const struct schema correlation_schema = { .name = "nomenclature.correlation", .fields = &correlation_table };
const struct schema unit_schema = { .name = "nomenclature.units", .fields = &unit_table };

static const char *text_at(const struct nomenclature_texts *texts, const struct field *row)
{
	const char *text;

	memcpy(&text, (const char *)texts + row->offset, sizeof(text));
	return text;
}

const char *texts_in(const struct nomenclature_texts *texts, const char *language)
{
	for (size_t i = 0; texts && i < COUNT(texts_fields); i++)
		if (same(texts_fields[i].json, language))
			return text_at(texts, &texts_fields[i]);
	return NULL;
}

const char *texts_best(const struct nomenclature_texts *texts, const char *language, const char **in)
{
	const char *text = language ? texts_in(texts, language) : NULL;

	for (size_t i = 0; texts && !text && i < COUNT(texts_fields); i++) {
		text = text_at(texts, &texts_fields[i]);
		language = texts_fields[i].json;
	}
	if (in && text)
		*in = language;
	return text;
}

const char *texts_language(size_t index)
{
	return index < COUNT(texts_fields) ? texts_fields[index].json : NULL;
}
