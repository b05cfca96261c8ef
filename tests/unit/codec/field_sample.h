/* A document that has every kind of field, and ways to break it: shared by the tests of the field tables. */
#ifndef TEST_FIELD_SAMPLE_H
#define TEST_FIELD_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit.h"

#include "base/buf.h"
#include "codec/field.h"
#include "codec/xml.h"

struct mass {
	const char *unit;
	struct decimal value;
};

static const struct field mass_rows[] = {
	FIELD_DEC(struct mass, value, .content = true, .json = "value", .min = 1),
	FIELD_CODE(struct mass, unit, .attribute = true, .json = "unit", .xml = "unitCode", .min = 1, .max_length = 3),
};
static const struct fields mass_table = FIELDS(struct mass, mass_rows);

struct note {
	const char *language;
	const char *text;
};

static const struct field note_rows[] = {
	FIELD_TEXT(struct note, language, .attribute = true, .json = "language", .xml = "lang",
		   .pattern = "[a-z]{2,3}"),
	FIELD_TEXT(struct note, text, .content = true, .json = "text", .max_length = 20),
};
static const struct fields note_table = FIELDS(struct note, note_rows);

struct item {
	int64_t sequence;
	const char *commodity;
	const char *origin;
	struct mass *mass;
};

static const struct field item_rows[] = {
	FIELD_INT(struct item, sequence, .json = "sequence", .xml = "SequenceNumeric", .min = 1),
	FIELD_TEXT(struct item, commodity, .json = "commodity", .xml = "ClassificationID", .min = 1,
		   .pattern = "[0-9]{4}(\\.[0-9]{2}){1,2}"),
	FIELD_CODE(struct item, origin, .json = "origin", .xml = "OriginCountryID", .list = "ISO3166", .max_length = 2),
	FIELD_GROUP(struct item, mass, struct mass, mass_table, .json = "grossMass", .xml = "GrossMassMeasure",
		    .min = 1, .label = "gross mass", .law = "OCP annex 7, box 9"),
};
static const struct fields item_table = FIELDS(struct item, item_rows);

struct form {
	const char *version;
	const char *agency;
	const char *number;
	date issued;
	int64_t signed_at;
	bool retrospective;
	bool exhibition;
	const char *remarks;
	const struct xml_node *extension;
	struct item *items;
	size_t items_count;
	struct note *notes;
	size_t notes_count;
};

static const struct field form_rows[] = {
	FIELD_TEXT(struct form, version, .attribute = true, .json = "version", .xml = "version", .min = 1),
	FIELD_TEXT(struct form, agency, .attribute = true, .json = "agency", .xml = "agency"),
	FIELD_TEXT(struct form, number, .json = "number", .xml = "ID", .min = 1, .pattern = "D[0-9]{4}-[0-9]{7}",
		   .label = "reference number", .law = "OCP rule 10"),
	FIELD_DAY(struct form, issued, .json = "issued", .xml = "IssueDate", .min = 1),
	FIELD_TIME(struct form, signed_at, .json = "signedAt", .xml = "SignedDateTime"),
	FIELD_FLAG(struct form, retrospective, .json = "retrospective", .xml = "RetrospectiveIndicator"),
	FIELD_FLAG(struct form, exhibition, .json = "exhibition", .xml = "ExhibitionIndicator", .min = 1),
	FIELD_TEXT(struct form, remarks, .json = "remarks", .xml = "Remarks", .max_length = 40),
	FIELD_NODE(struct form, extension, .xml = "Extension"),
	FIELD_LIST(struct form, items, items_count, struct item, item_table, .json = "items", .xml = "GoodsItem",
		   .min = 1, .max = 3),
	FIELD_LIST(struct form, notes, notes_count, struct note, note_table, .json = "notes", .xml = "Note", .max = 2),
};
static const struct fields form_table = FIELDS(struct form, form_rows);

static const struct schema form_schema = {
	.name = "FORM", .root = "Form", .ns = "urn:example:form", .prefix = "f", .fields = &form_table
};

static bool is_member_state(const struct code_lists *lists, const char *list, const char *code)
{
	static const char *const codes[] = { "BN", "KH", "ID", "LA", "MY", "MM", "PH", "SG", "TH", "TL", "VN" };

	(void)lists;
	for (size_t i = 0; strcmp(list, "ISO3166") == 0 && i < COUNT(codes); i++)
		if (strcmp(codes[i], code) == 0)
			return true;
	return false;
}
static const struct code_lists codes = { .known = is_member_state };

/* Exclusive canonical form, written by hand; xmllint agrees (test_field_xsd.c). */
#define ROOT_OPEN "<f:Form xmlns:f=\"urn:example:form\" agency=\"a &quot;b&quot;\" version=\"1.0\">"
#define ITEM_1                                                                                                         \
	"<f:GoodsItem><f:SequenceNumeric>1</f:SequenceNumeric><f:ClassificationID>8703.23</f:ClassificationID>"        \
	"<f:OriginCountryID>TH</f:OriginCountryID><f:GrossMassMeasure unitCode=\"KGM\">12.50</f:GrossMassMeasure></f:GoodsItem>"
#define ITEM_2                                                                                                         \
	"<f:GoodsItem><f:SequenceNumeric>2</f:SequenceNumeric><f:ClassificationID>1006.30.40</f:ClassificationID>"     \
	"<f:GrossMassMeasure unitCode=\"TNE\">3</f:GrossMassMeasure></f:GoodsItem>"
static const char sample_xml[] = ROOT_OPEN
	"<f:ID>D2026-0045678</f:ID><f:IssueDate>2026-11-02</f:IssueDate>"
	"<f:SignedDateTime>2026-11-02T03:10:04.123Z</f:SignedDateTime>"
	"<f:RetrospectiveIndicator>true</f:RetrospectiveIndicator><f:ExhibitionIndicator>false</f:ExhibitionIndicator>"
	"<f:Remarks>Hải Phòng &amp; &lt;กรุงเทพ&gt;\n\"2nd\"</f:Remarks>" ITEM_1 ITEM_2
	"<f:Note lang=\"en\">fragile</f:Note><f:Note></f:Note></f:Form>";

static const char sample_json[] =
	"{\"version\":\"1.0\",\"agency\":\"a \\\"b\\\"\",\"number\":\"D2026-0045678\",\"issued\":\"2026-11-02\","
	"\"signedAt\":\"2026-11-02T03:10:04.123Z\",\"retrospective\":true,\"exhibition\":false,"
	"\"remarks\":\"Hải Phòng & <กรุงเทพ>\\u000a\\\"2nd\\\"\",\"items\":[{\"sequence\":1,\"commodity\":\"8703.23\","
	"\"origin\":\"TH\",\"grossMass\":{\"value\":\"12.50\",\"unit\":\"KGM\"}},{\"sequence\":2,"
	"\"commodity\":\"1006.30.40\",\"grossMass\":{\"value\":\"3\",\"unit\":\"TNE\"}}],"
	"\"notes\":[{\"language\":\"en\",\"text\":\"fragile\"},{}]}";

/* SAMPLE with the first OLD replaced by NEW. */
static inline char *with(struct arena *arena, const char *sample, const char *old, const char *new)
{
	const char *at = strstr(sample, old);

	assert_non_null(at);
	char *text = arena_printf(arena, "%.*s%s%s", (int)(at - sample), sample, new, at + strlen(old));
	assert_non_null(text);
	return text;
}

/* "FLD-001 /number; FLD-005 /issued" */
static inline const char *found(struct arena *arena, const struct findings *findings)
{
	const char *all = "";

	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i);
		all = arena_printf(arena, "%s%s%s %s", all, i > 0 ? "; " : "", finding->rule->code, finding->path);
		assert_non_null(all);
	}
	return all;
}

/* What is wrong in an XML document: OLD replaced by NEW in the sample, what the reader finds, and whether XSD can say
 * it. */
struct breakage {
	const char *old, *new, *found;
	bool beyond_xsd;
};

static const struct breakage xml_breakages[] = {
	{ "<f:ID>D2026-0045678</f:ID>", "", "FLD-001 /number", false },
	{ "<f:ID>D2026-0045678</f:ID>", "<f:ID></f:ID>", "FLD-001 /number", false },
	{ " version=\"1.0\"", "", "FLD-001 /version", false },
	{ " unitCode=\"KGM\"", "", "FLD-001 /items/0/grossMass/unit", false },
	{ ">12.50<", "><", "FLD-001 /items/0/grossMass/value", false },
	{ ITEM_1 ITEM_2, "", "FLD-001 /items", false },
	{ "</f:ID>", "</f:ID><f:ID>D2026-0045678</f:ID>", "FLD-002 /number", false },
	{ ITEM_1, ITEM_1 ITEM_1 ITEM_1, "FLD-002 /items", false },
	{ "<f:IssueDate>", "<f:Colour>red</f:Colour><f:IssueDate>", "FLD-003 /Colour", false },
	{ "<f:Remarks>", "<Remarks xmlns=\"urn:example:other\">x</Remarks><f:Remarks>", "FLD-003 /Remarks", false },
	{ ">8703.23<", "><f:b>8703.23</f:b><", "FLD-003 /items/0/commodity/b", false },
	{ ">12.50<", "><f:b>12.50</f:b><", "FLD-003 /items/0/grossMass/b", false },
	{ "<f:ID>D2026-0045678</f:ID><f:IssueDate>2026-11-02</f:IssueDate>",
	  "<f:IssueDate>2026-11-02</f:IssueDate><f:ID>D2026-0045678</f:ID>", "FLD-004 /number", false },
	{ "2026-11-02<", "2026-02-29<", "FLD-005 /issued", false },
	{ "2026-11-02<", "2026-11-02Z<", "FLD-005 /issued", false },
	{ "04.123Z", "04.123", "FLD-005 /signedAt", false },
	{ "04.123Z", "04.1234567890Z", "FLD-005 /signedAt", false },
	{ "true", "yes", "FLD-005 /retrospective", false },
	{ ">1<", ">+1<", "FLD-005 /items/0/sequence", false },
	{ ">1<", ">9223372036854775808<", "FLD-005 /items/0/sequence", false },
	{ ">12.50<", ">1.25E1<", "FLD-005 /items/0/grossMass/value", false },
	{ ">12.50<", ">.5<", "FLD-005 /items/0/grossMass/value", false },
	{ "\"2nd\"", "01234567890123456789", "FLD-006 /remarks", false },
	{ "KGM", "KGMS", "FLD-006 /items/0/grossMass/unit", false },
	{ ">8703.23<", ">8703.230<", "FLD-007 /items/0/commodity", false },
	{ "lang=\"en\"", "lang=\"EN\"", "FLD-007 /notes/0/language", false },
	{ ">TH<", ">DE<", "FLD-008 /items/0/origin", true },
	{ "<f:IssueDate>", "now<f:IssueDate>", "FLD-009 ", false },
	{ "</f:OriginCountryID>", "</f:OriginCountryID>x", "FLD-009 /items/0", false },
	{ "\"2nd\"", "&#x85;", "FLD-010 /remarks", false },
	{ "<f:ID>", "<f:ID id=\"x\">", "FLD-011 /number/id", false },
	{ " agency=", " f:version=\"2.0\" agency=", "FLD-011 /version", false },
	{ "</f:ID>", "</f:ID><f:Colour></f:Colour><f:ID>D2026-0045678</f:ID>", "FLD-003 /Colour; FLD-004 /number",
	  false },
	{ ">1<", ">-9223372036854775808<", "FLD-005 /items/0/sequence", true }, /* our word for absent */
	{ ">12.50<", ">12345678901234567890123456789012345<", "FLD-005 /items/0/grossMass/value", false },
	{ "unitCode", "id=\"x\" unitCode", "FLD-011 /items/0/grossMass/id", false },
	{ "<f:GoodsItem>", "<f:GoodsItem f:id=\"x\">", "FLD-011 /items/0/id", false },
};

#endif
