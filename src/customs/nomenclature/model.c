#include "customs/nomenclature/api_int.h"

#define HS "HS Convention, Article 3"

enum { LINE_MAX = 4000, NOTE_MAX = 1 << 16, CODES_MAX = 4000 };

/* Names of the rows are the languages of ISO 639; the order is that in which a text is looked for when neither the
 * language asked for nor English is there. */
#define LANGUAGE(member, name)                                                                                         \
	FIELD_TEXT(struct nomenclature_texts, member, .json = #member, .max_length = LINE_MAX, .label = "in " name)
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
	FIELD_TEXT(struct note_record, title, .json = "title", .max_length = LINE_MAX, .label = "title"),
	FIELD_TEXT(struct note_record, text, .json = "text", .max_length = NOTE_MAX, .label = "text"),
	FIELD_TEXT(struct note_record, source, .json = "source", .max_length = LINE_MAX, .label = "who proposed it"),
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

/* --- Views --- */

/* clang-format off */
static const struct field version_rows[] = {
	FIELD_TEXT(struct version_view, code, .json = "code", .label = "version"),
	FIELD_TEXT(struct version_view, title, .json = "title", .min = 1, .label = "title"),
	FIELD_TEXT(struct version_view, base, .json = "base", .label = "version that it is built on"),
	FIELD_DAY(struct version_view, from, .json = "from", .min = 1, .label = "in force from this day"),
	FIELD_DAY(struct version_view, until, .json = "until", .label = "to this day"),
	FIELD_INT(struct version_view, digits, .json = "digits", .min = 1, .label = "digits of its longest codes"),
	FIELD_TEXT(struct version_view, law, .json = "law", .label = "instrument"),
	FIELD_FLAG(struct version_view, national, .json = "national", .label = "added at this node"),
	FIELD_FLAG(struct version_view, in_force, .json = "inForce", .label = "in force today"),
	FIELD_INT(struct version_view, lines, .json = "lines", .label = "lines of its book"),
};
static const struct fields version_fields = FIELDS(struct version_view, version_rows);
const struct schema version_schema = SCHEMA("nomenclatureVersion", version_fields);
static const struct field version_list_rows[] = {
	FIELD_LIST(struct version_list_view, items, count, struct version_view, version_fields, .json = "items", .max = PAGE_MAX),
	FIELD_TEXT(struct version_list_view, next, .json = "next", .label = "cursor of the next page"),
};
static const struct fields version_list_fields = FIELDS(struct version_list_view, version_list_rows);
const struct schema version_list_schema = SCHEMA("nomenclatureVersionList", version_list_fields);

static const struct field line_view_rows[] = {
	FIELD_TEXT(struct line_view, code, .json = "code", .label = "code; a group has none"),
	FIELD_INT(struct line_view, depth, .json = "depth", .min = 1, .label = "0 chapter, 1 heading, then one a dash"),
	FIELD_TEXT(struct line_view, text, .json = "text", .max_length = TEXT_MAX, .label = "text"),
	FIELD_TEXT(struct line_view, language, .json = "language", .label = "language of the text, ISO 639"),
	FIELD_TEXT(struct line_view, origin, .json = "origin", .min = 1, .label = "file, headings, path, base, made or lost"),
	FIELD_TEXT(struct line_view, unit, .json = "unit", .label = "unit of quantity"),
	FIELD_INT(struct line_view, below, .json = "below", .label = "lines below it"),
	FIELD_TEXT(struct line_view, first, .json = "first", .label = "of a group: the first code below it"),
	FIELD_TEXT(struct line_view, last, .json = "last", .label = "of a group: the last code below it"),
};
static const struct fields line_view_fields = FIELDS(struct line_view, line_view_rows);
static const struct field line_list_rows[] = {
	FIELD_LIST(struct line_list_view, items, count, struct line_view, line_view_fields, .json = "items", .max = PAGE_MAX),
	FIELD_TEXT(struct line_list_view, next, .json = "next", .label = "cursor of the next page"),
};
static const struct fields line_list_fields = FIELDS(struct line_list_view, line_list_rows);
const struct schema line_list_schema = SCHEMA("nomenclatureLineList", line_list_fields);

static const struct field note_view_rows[] = {
	FIELD_TEXT(struct note_view, kind, .json = "kind", .min = 1, .label = "kind"),
	FIELD_TEXT(struct note_view, place, .json = "place", .label = "what it is about"),
	FIELD_TEXT(struct note_view, number, .json = "number", .label = "number"),
	FIELD_TEXT(struct note_view, language, .json = "language", .min = 1, .label = "language, ISO 639"),
	FIELD_TEXT(struct note_view, title, .json = "title", .max_length = TEXT_MAX, .label = "title"),
	FIELD_TEXT(struct note_view, text, .json = "text", .max_length = TEXT_MAX, .label = "text"),
	FIELD_TEXT(struct note_view, version, .json = "version", .min = 1, .label = "version whose note it is"),
	FIELD_TEXT(struct note_view, source, .json = "source", .max_length = TEXT_MAX, .label = "who proposed it"),
	FIELD_FLAG(struct note_view, cut, .json = "cut", .label = "not all of it is here"),
};
static const struct fields note_view_fields = FIELDS(struct note_view, note_view_rows);

static const struct field correlated_rows[] = {
	FIELD_TEXT(struct correlated_view, code, .json = "code", .min = 1, .label = "code"),
	FIELD_TEXT(struct correlated_view, text, .json = "text", .max_length = TEXT_MAX, .label = "text"),
	FIELD_INT(struct correlated_view, of, .json = "of", .min = 1, .label = "how many codes go into it"),
	FIELD_INT(struct correlated_view, collapsed, .json = "collapsed", .label = "stands for as many subheadings"),
	FIELD_FLAG(struct correlated_view, inferred, .json = "inferred", .label = "no table says so: the subheading of the HS does"),
	FIELD_FLAG(struct correlated_view, missing, .json = "missing", .label = "the version has no such line"),
};
static const struct fields correlated_fields = FIELDS(struct correlated_view, correlated_rows);
static const struct field correlation_view_rows[] = {
	FIELD_TEXT(struct correlation_view, from_version, .json = "fromVersion", .min = 1, .label = "version"),
	FIELD_TEXT(struct correlation_view, from_code, .json = "fromCode", .min = 1, .label = "code"),
	FIELD_TEXT(struct correlation_view, to_version, .json = "toVersion", .min = 1, .label = "other version"),
	FIELD_TEXT(struct correlation_view, relationship, .json = "relationship", .label = "1:1, 1:n, n:1 or n:n"),
	FIELD_TEXT(struct correlation_view, apart, .json = "apart", .label = "the same without what is collapsed"),
	FIELD_TEXT(struct correlation_view, through, .json = "through", .label = "a version between the two"),
	FIELD_FLAG(struct correlation_view, person, .json = "person", .label = "a person decides"),
	FIELD_TEXT(struct correlation_view, why, .json = "why", .label = "why"),
	FIELD_LIST(struct correlation_view, items, count, struct correlated_view, correlated_fields, .json = "items", .max = 10000),
};
static const struct fields correlation_view_fields = FIELDS(struct correlation_view, correlation_view_rows);
const struct schema correlation_view_schema = SCHEMA("nomenclatureCorrelation", correlation_view_fields);

static const struct field book_line_rows[] = {
	FIELD_TEXT(struct book_line_view, version, .json = "version", .min = 1, .label = "version"),
	FIELD_TEXT(struct book_line_view, version_title, .json = "versionTitle", .label = "its title"),
	FIELD_DAY(struct book_line_view, from, .json = "from", .min = 1, .label = "in force from this day"),
	FIELD_DAY(struct book_line_view, until, .json = "until", .label = "to this day"),
	FIELD_FLAG(struct book_line_view, in_force, .json = "inForce", .label = "in force on the day that was asked for"),
	FIELD_DAY(struct book_line_view, day, .json = "day", .min = 1, .label = "day as of which it is read"),
	FIELD_TEXT(struct book_line_view, edition, .json = "edition", .min = 1, .label = "edition that the lines are from"),
	FIELD_TEXT(struct book_line_view, edition_title, .json = "editionTitle", .label = "its title"),
	FIELD_DAY(struct book_line_view, edition_from, .json = "editionFrom", .label = "it counts from this day"),
	FIELD_TEXT(struct book_line_view, base, .json = "base", .label = "version below it whose lines are here"),
	FIELD_TEXT(struct book_line_view, code, .json = "code", .min = 1, .label = "code"),
	FIELD_TEXT(struct book_line_view, text, .json = "text", .max_length = TEXT_MAX, .label = "text"),
	FIELD_TEXT(struct book_line_view, language, .json = "language", .label = "language of the text, ISO 639"),
	FIELD_TEXT(struct book_line_view, section, .json = "section", .label = "section"),
	FIELD_TEXT(struct book_line_view, section_title, .json = "sectionTitle", .max_length = TEXT_MAX, .label = "its title"),
	FIELD_TEXT(struct book_line_view, origin, .json = "origin", .min = 1, .label = "file, headings, path, base, made or lost"),
	FIELD_TEXT(struct book_line_view, unit, .json = "unit", .label = "unit of quantity"),
	FIELD_TEXT(struct book_line_view, unit_basis, .json = "unitBasis", .label = "where the unit is from"),
	FIELD_FLAG(struct book_line_view, national, .json = "national", .label = "a line of one state's own"),
	FIELD_LIST(struct book_line_view, path, path_count, struct line_view, line_view_fields, .json = "path", .max = BOOK_DEPTH_MAX),
	FIELD_LIST(struct book_line_view, children, children_count, struct line_view, line_view_fields, .json = "children", .max = PAGE_MAX),
	FIELD_LIST(struct book_line_view, siblings, siblings_count, struct line_view, line_view_fields, .json = "siblings", .max = PAGE_MAX),
	FIELD_LIST(struct book_line_view, notes, notes_count, struct note_view, note_view_fields, .json = "notes", .max = PAGE_MAX),
	FIELD_LIST(struct book_line_view, changes, changes_count, struct correlation_view, correlation_view_fields, .json = "changes", .max = 10),
};
static const struct fields book_line_fields = FIELDS(struct book_line_view, book_line_rows);
const struct schema book_line_schema = SCHEMA("nomenclatureLine", book_line_fields);
/* clang-format on */
