#include <stdio.h>

#include "base/text.h"
#include "customs/nomenclature/nomenclature_int.h"
#include "kernel/codelist.h"

#define HS "HS Convention, Article 3(1)"

const struct rule nomenclature_rules[] = {
	[NOM_NO_CODE] = { "NOM-001", "\"{1}\" is no code: 2 to 12 digits, with or without dots between them", HS,
			  SEVERITY_ERROR },
	[NOM_TOO_LONG] = { "NOM-002", "{1} has more digits than the {2} of a code of this version", HS,
			   SEVERITY_ERROR },
	[NOM_TWICE] = { "NOM-003", "{1} has been given before", NULL, SEVERITY_ERROR },
	[NOM_DISORDER] = { "NOM-004", "{1} stands behind {2}: lines come in the order of the book", NULL,
			   SEVERITY_ERROR },
	[NOM_NO_TEXT] = { "NOM-005", "the line has no text in any language", HS, SEVERITY_ERROR },
	[NOM_GROUP_DASHES] = { "NOM-006", "a line without a code is a group, and needs its dash level", NULL,
			       SEVERITY_ERROR },
	[NOM_PATH_DASHES] = { "NOM-007", "the line has {1} dashes, and its path {2} levels below the heading", NULL,
			      SEVERITY_ERROR },
	[NOM_LOST] = { "NOM-008", "the level with {1} dashes above {2} is lost in this file", NULL, SEVERITY_WARNING },
	[NOM_MADE] = { "NOM-009", "{1} has no line, but there are lines below it: it is made, without a text", NULL,
		       SEVERITY_WARNING },
	[NOM_SECTION] = { "NOM-010", "chapter {1} is of section {2}", "HS Convention, Annex", SEVERITY_ERROR },
	[NOM_NO_VERSION] = { "NOM-011", "there is no version \"{1}\" of the nomenclature; lintas nomenclature versions",
			     NULL, SEVERITY_ERROR },
	[NOM_OTHER_DAYS] = { "NOM-012", "{1} is in force {2}: an edition of it cannot count outside", NULL,
			     SEVERITY_ERROR },
	[NOM_NO_SUBJECT] = { "NOM-013",
			     "\"{1}\" names no part of a version: VERSION, or VERSION.PART with small letters, digits and -",
			     NULL, SEVERITY_ERROR },
	[NOM_VERSION_FORM] = { "NOM-014",
			       "\"{1}\" is no name of a national version: the state's two letters and a year, \"VN2023\"",
			       "ISO 3166-1", SEVERITY_ERROR },
	[NOM_VERSION_SHIPPED] = { "NOM-015", "{1} is an international version, which comes with the program", NULL,
				  SEVERITY_ERROR },
	[NOM_NO_BASE] = { "NOM-016",
			  "a national version is built on one that there is; \"{1}\" is none, or is built on it",
			  "AHTN Protocol, Article 4", SEVERITY_ERROR },
	[NOM_BASE_DIGITS] = { "NOM-017", "codes have {1} to 12 digits, those of the version below and more, not {2}",
			      "AHTN Protocol, Article 4", SEVERITY_ERROR },
	[NOM_VERSION_DAYS] = { "NOM-018", "a version has a first day, and its last one, {1}, is not before it", NULL,
			       SEVERITY_ERROR },
	[NOM_PLACE] = { "NOM-019", "there is no {1} \"{2}\"", HS, SEVERITY_ERROR },
	[NOM_NO_PLACE] = { "NOM-020", "a note of this kind says what it is about", NULL, SEVERITY_ERROR },
	[NOM_SAME_VERSION] = { "NOM-021", "both codes are of {1}", NULL, SEVERITY_ERROR },
	[NOM_UNKNOWN_CODE] = { "NOM-022", "{2} has no line {1}", NULL, SEVERITY_ERROR },
	[NOM_NO_TABLE] = { "NOM-023", "no correlation table here says what of {1} is what of {2}", NULL,
			   SEVERITY_ERROR },
	[NOM_SHORT] = { "NOM-024", "{1} is no subheading: correlation is of 6 digits and more", NULL, SEVERITY_ERROR },
	{ 0 },
};

/* --- Codes --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool code_parse(const char *text, char digits[static CODE_SIZE])
{
	char code[CODE_SIZE];
	size_t length = 0;

	for (const char *at = text; *at; at++) {
		if (*at == '.' && at != text && is_digit(at[-1]) && is_digit(at[1]))
			continue;
		if (!is_digit(*at) || length == CODE_DIGITS_MAX)
			return false;
		code[length++] = *at;
	}
	if (length < 2)
		return false;
	code[length] = '\0';
	memcpy(digits, code, length + 1);
	return true;
}

const char *code_format(const char *digits, char text[static CODE_TEXT_SIZE])
{
	size_t length = strlen(digits), at = 0;

	/* "85.17", but "8517.62". */
	for (size_t i = 0; i < length; i++) {
		if ((i == 2 && length <= 4) || (i >= 4 && i % 2 == 0))
			text[at++] = '.';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

/* Sections as the HS has had them since 1988; 77 is reserved, 98 and 99 are for the parties' own use. */
static const struct {
	const char *section, *first, *last;
} sections[] = {
	{ "I", "01", "05" },    { "II", "06", "14" },   { "III", "15", "15" },   { "IV", "16", "24" },
	{ "V", "25", "27" },    { "VI", "28", "38" },   { "VII", "39", "40" },   { "VIII", "41", "43" },
	{ "IX", "44", "46" },   { "X", "47", "49" },    { "XI", "50", "63" },    { "XII", "64", "67" },
	{ "XIII", "68", "70" }, { "XIV", "71", "71" },  { "XV", "72", "76" },    { "XV", "78", "83" },
	{ "XVI", "84", "85" },  { "XVII", "86", "89" }, { "XVIII", "90", "92" }, { "XIX", "93", "93" },
	{ "XX", "94", "96" },   { "XXI", "97", "97" },
};

const char *section_of(const char *code)
{
	for (size_t i = 0; strlen(code) >= 2 && i < COUNT(sections); i++)
		if (strncmp(code, sections[i].first, 2) >= 0 && strncmp(code, sections[i].last, 2) <= 0)
			return sections[i].section;
	return NULL;
}

bool section_known(const char *section)
{
	for (size_t i = 0; i < COUNT(sections); i++)
		if (same(sections[i].section, section))
			return true;
	return false;
}

/* --- Versions --- */

bool version_shipped(size_t index, struct nomenclature_version *version)
{
	const struct versions_row *row = &nomenclature_versions_rows[index];
	struct nomenclature_version shipped = { .from = DATE_NONE, .until = DATE_NONE };

	if (index >= nomenclature_versions_rows_count)
		return false;
	shipped.code = row->code;
	shipped.title = row->title;
	shipped.base = row->base;
	shipped.law = row->law;
	if (!date_parse(row->from, &shipped.from) || (row->until && !date_parse(row->until, &shipped.until)) ||
	    !int64_parse(row->digits, &shipped.digits))
		return false;
	*version = shipped;
	return true;
}

const struct nomenclature_version *version_among(const struct nomenclature_version_list *versions, const char *code)
{
	for (size_t i = 0; i < versions->count; i++)
		if (same(versions->items[i].code, code))
			return &versions->items[i];
	return NULL;
}

const struct nomenclature_version *version_root(const struct nomenclature_version_list *versions, const char *code)
{
	const struct nomenclature_version *version = version_among(versions, code);

	for (size_t i = 0; version && version->base && i < versions->count; i++)
		version = version_among(versions, version->base);
	return version;
}

date version_day(const struct nomenclature_version *version, date as_of)
{
	if (as_of < version->from)
		return version->from;
	return version->until != DATE_NONE && as_of > version->until ? version->until : as_of;
}

const char *version_named(struct arena *arena, const char *text)
{
	return strlen(text) == 4 && strspn(text, "0123456789") == 4 ? arena_printf(arena, "HS%s", text) : text;
}

bool subject_is_of(const char *subject, const char *version)
{
	size_t length = strlen(version);

	return strncmp(subject, version, length) == 0 && (subject[length] == '\0' || subject[length] == '.');
}

bool is_national_name(const char *code)
{
	char state[3] = "";

	if (!code || strlen(code) < 6 || strlen(code) > 12)
		return false;
	memcpy(state, code, 2);
	return codelist_name("ISO3166", state) && strspn(code + 2, "0123456789") >= 4 &&
	       strspn(code + 2, "0123456789-") == strlen(code + 2);
}

/* Whether VERSION is found below BASE. */
static bool is_below(const struct nomenclature_version_list *versions, const char *base, const char *version)
{
	for (size_t i = 0; base && i <= versions->count; i++) {
		if (same(base, version))
			return true;
		const struct nomenclature_version *next = version_among(versions, base);
		base = next ? next->base : NULL;
	}
	return false;
}

void version_check(const struct nomenclature_version *version, const struct nomenclature_version_list *versions,
		   struct findings *findings)
{
	const struct nomenclature_version *known = version_among(versions, version->code);
	const struct nomenclature_version *base = version->base ? version_among(versions, version->base) : NULL;
	char least[32], digits[32], day[DATE_SIZE];

	if (known && !known->national)
		finding_add(findings, &nomenclature_rules[NOM_VERSION_SHIPPED], "/code", version->code, NULL);
	else if (!is_national_name(version->code))
		finding_add(findings, &nomenclature_rules[NOM_VERSION_FORM], "/code", version->code, NULL);
	if (!base || is_below(versions, version->base, version->code))
		finding_add(findings, &nomenclature_rules[NOM_NO_BASE], "/base", version->base ? version->base : "",
			    NULL);
	else if (version->digits < base->digits || version->digits > CODE_DIGITS_MAX) {
		snprintf(least, sizeof(least), "%lld", (long long)base->digits);
		snprintf(digits, sizeof(digits), "%lld", (long long)version->digits);
		finding_add(findings, &nomenclature_rules[NOM_BASE_DIGITS], "/digits", least, digits);
	}
	if (version->from == DATE_NONE || (version->until != DATE_NONE && version->until < version->from))
		finding_add(findings, &nomenclature_rules[NOM_VERSION_DAYS], "/from", date_format(version->until, day),
			    NULL);
}
