#include "customs/document/document_int.h"

#include <stdio.h>

const struct rule document_rules[] = {
	[DOCUMENT_FUTURE] = { "DOC-001", "the issue date {1} is later than today, {2} in the east of ASEAN (UTC+9)",
			      NULL, SEVERITY_ERROR },
	[DOCUMENT_ABOUT_LATER] = { "DOC-002",
				   "the document that this one is about is dated {1}, later than this one, {2}", NULL,
				   SEVERITY_ERROR },
	[DOCUMENT_UNREADABLE] = { "DOC-003",
				  "this is neither XML nor JSON that can be read: {1}; a file in a national form is "
				  "read by its mapping, --map NAME or ?map=NAME",
				  NULL, SEVERITY_ERROR },
	[DOCUMENT_UNKNOWN_TYPE] = { "DOC-004", "\"{1}\" is no document type of this node", NULL, SEVERITY_ERROR },
	[DOCUMENT_OTHER_TYPE] = { "DOC-005", "the document says that it is \"{1}\", not \"{2}\"", NULL,
				  SEVERITY_ERROR },
	[DOCUMENT_NO_ORGANISATION] = { "DOC-006", "no organisation of this node is called, or has the seat, \"{1}\"",
				       NULL, SEVERITY_ERROR },
	[DOCUMENT_WRONG_SEAT] = { "DOC-007", "{1} has another seat than \"{2}\", which sends such documents", NULL,
				  SEVERITY_ERROR },
	[DOCUMENT_SEVERAL_SEATS] = { "DOC-016",
				     "several organisations of this node have the seat \"{1}\": name the one that sends",
				     NULL, SEVERITY_ERROR },
	[DOCUMENT_NO_PARTNER] = { "DOC-008", "there is no partner \"{1}\"", NULL, SEVERITY_ERROR },
	[DOCUMENT_PARTNER_SUSPENDED] = { "DOC-009",
					 "exchange with the partner {1} is {2}; lintas partner resume {1} lets it go on",
					 NULL, SEVERITY_ERROR },
	[DOCUMENT_WRONG_ISSUER] = { "DOC-010", "the document is issued by {1}, but {2} sends it", NULL,
				    SEVERITY_ERROR },
	[DOCUMENT_WRONG_COUNTERPART] = { "DOC-011", "the document is meant for {1}, not for {2}", NULL,
					 SEVERITY_ERROR },
	[DOCUMENT_KEY_USED] = { "DOC-012",
				"{1} of {2} is known with other content; what is changed needs a new reference", NULL,
				SEVERITY_ERROR },
	[DOCUMENT_ABOUT_UNKNOWN] = { "DOC-013",
				     "{1} of {2}, which this document is about, was not exchanged with this partner",
				     NULL, SEVERITY_ERROR },
	[DOCUMENT_NO_PART] = { "DOC-014", "the message has {1} parts, a document is one", NULL, SEVERITY_ERROR },
	[DOCUMENT_ONE_STATE] = { "DOC-015", "{1} is on both sides; the document is for another state", NULL,
				 SEVERITY_ERROR },
	[DOCUMENT_NO_TYPE] = { "DOC-017",
			       "JSON does not say which type of document it is: say it (?type= in the request, --type of "
			       "the command), which is one of {1}",
			       NULL, SEVERITY_ERROR },
	[DOCUMENT_OTHER_NAMESPACE] = { "DOC-018",
				       "the namespace of the root element is \"{1}\", where it must be \"{2}\"", NULL,
				       SEVERITY_ERROR },
	[DOCUMENT_OPTED_OUT] = { "DOC-019", "{1}: exchange it on paper", NULL, SEVERITY_ERROR },
	[DOCUMENT_NOT_ACTIVATED] = { "DOC-020", "{1}: exchange it on paper meanwhile, or send it as a test", NULL,
				     SEVERITY_ERROR },
	[DOCUMENT_FOREIGN] = { "DOC-021",
			       "the XML of a {1} is that of {2}, and goes as its issuer made it: give that XML", NULL,
			       SEVERITY_ERROR },
	[DOCUMENT_NOT_SUBMITTED] = { "DOC-022", "a {1} is not submitted: {2} sends it", NULL, SEVERITY_ERROR },
	[DOCUMENT_NO_TRIAL] = { "DOC-023",
				"{1} is exchanged with by ebMS 2, where a test goes under an agreement for trials alone, "
				"and none in force has {2}: agree on a CPA for trials, and both import it with --test "
				"(lintas partner import)",
				"ISO/TS 15000-2, CPAId", SEVERITY_ERROR },
	[PAPER_WRONG_SEAT] = { "PAP-001", "{1} has another seat than \"{2}\", which receives such documents", NULL,
			       SEVERITY_ERROR },
	[PAPER_ACCEPTED_BEFORE] = { "PAP-002", "it was accepted on paper before, on {2}: record {1}",
				    "ATIGA OCP rule 26(1)", SEVERITY_ERROR },
	[PAPER_LINK_IS_UP] = { "PAP-004", "accepted, but the link with {1} is {2}: the electronic one can come",
			       "ATIGA OCP rule 26(1)", SEVERITY_WARNING },
	[PAPER_TWIN_IS_HERE] = { "PAP-003", "the electronic one is here: work on the document {1}",
				 "ATIGA OCP rule 26(1)", SEVERITY_ERROR },
	[CODE_NO_CHAPTER] = { "COD-001", "\"{1}\" is in no chapter of the Harmonized System",
			      "HS Convention, chapters 1 to 97", SEVERITY_ERROR },
	[CODE_NO_QUANTITY] = { "COD-002", "{1}; {2}", "UN/ECE Recommendation 20", SEVERITY_ERROR },
	[CODE_TOO_HEAVY] = { "COD-003", "{1} is more than the gross mass of {2} kilograms; is the unit right?",
			     "UN/ECE Recommendation 20", SEVERITY_WARNING },
	{ 0 },
};

/* The zone of Timor-Leste and eastern Indonesia, UTC+9. */
#define EASTERNMOST_US (9 * HOUR_US)

date document_today(int64_t now_us)
{
	return date_of_time(now_us + EASTERNMOST_US);
}

void document_check_issued(date issued_on, const char *path, date today, struct findings *findings)
{
	char issued[DATE_SIZE], now[DATE_SIZE];

	if (issued_on != DATE_NONE && issued_on > today)
		finding_add(findings, &document_rules[DOCUMENT_FUTURE], path, date_format(issued_on, issued),
			    date_format(today, now));
}

void document_check_about(date issued_on, date about_on, const char *path, struct findings *findings)
{
	char issued[DATE_SIZE], about[DATE_SIZE];

	if (issued_on != DATE_NONE && about_on != DATE_NONE && about_on > issued_on)
		finding_add(findings, &document_rules[DOCUMENT_ABOUT_LATER], path, date_format(about_on, about),
			    date_format(issued_on, issued));
}

void document_check_states(const char *one, const char *other, const char *path, const char *law,
			   struct findings *findings)
{
	if (one && same(one, other))
		finding_add_law(findings, &document_rules[DOCUMENT_ONE_STATE], path, law, other, NULL);
}

bool document_half_given(bool one, const char *one_path, bool other, const char *other_path,
			 const struct findings *findings)
{
	return one != other && !findings_error_at(findings, one ? other_path : one_path);
}

const char *document_place(char place[static DOCUMENT_PLACE_SIZE], const char *list, size_t index, const char *member)
{
	snprintf(place, DOCUMENT_PLACE_SIZE, "/%s/%zu%s%s", list, index, *member ? "/" : "", member);
	return place;
}

/* Chapter 77 is kept free; 98 and 99 are for national use. */
void document_check_commodity(const char *code, const char *path, struct findings *findings)
{
	int chapter;

	if (!code || code[0] < '0' || code[0] > '9' || code[1] < '0' || code[1] > '9')
		return; /* form */
	chapter = (code[0] - '0') * 10 + (code[1] - '0');
	if (chapter == 0 || chapter == 77 || chapter > 97)
		finding_add(findings, &document_rules[CODE_NO_CHAPTER], path, code, NULL);
}

/* Codes of Rec 20 that are no quantity of goods, but were seen in the place of one. A notice of Viet Nam's customs of
 * 2020 on e-Form D shows B34 for tonnes. */
static const struct mistaken_unit {
	const char *code, *is, *instead;
} mistaken_units[] = {
	{ "B34", "\"B34\" is kilogram per cubic decimetre", "tonnes are \"TNE\"" },
	{ "KMQ", "\"KMQ\" is kilogram per cubic metre", "kilograms are \"KGM\", cubic metres \"MTQ\"" },
	{ "GM", "\"GM\" is gram per square metre", "grams are \"GRM\"" },
	{ "P1", "\"P1\" is percent", "pieces are \"H87\"" },
};

void document_check_unit(const char *unit, const char *path, struct findings *findings)
{
	for (size_t i = 0; i < COUNT(mistaken_units); i++)
		if (same(unit, mistaken_units[i].code))
			finding_add(findings, &document_rules[CODE_NO_QUANTITY], path, mistaken_units[i].is,
				    mistaken_units[i].instead);
}

/* Grams of one unit of mass (Rec 20). */
static const struct mass_unit {
	const char *code;
	int64_t grams;
} mass_units[] = {
	{ "GRM", 1 },
	{ "KGM", 1000 },
	{ "DTN", 100000 },
	{ "TNE", 1000000 },
};

void document_check_mass(struct decimal quantity, const char *unit, struct decimal gross_kg, const char *path,
			 struct findings *findings)
{
	char gross[DECIMAL_SIZE], text[DECIMAL_SIZE], given[DECIMAL_SIZE + 8];
	struct decimal thousandth;

	if (!decimal_given(quantity) || !decimal_given(gross_kg) || !decimal_parse("0.001", &thousandth))
		return;
	for (size_t i = 0; i < COUNT(mass_units); i++) {
		if (!same(unit, mass_units[i].code))
			continue;
		struct decimal mass = decimal_mul(decimal_mul(quantity, decimal_of(mass_units[i].grams)), thousandth);
		if (!decimal_given(mass) || decimal_compare(mass, gross_kg) <= 0)
			continue;
		snprintf(given, sizeof(given), "%s %s", decimal_format(quantity, text), mass_units[i].code);
		finding_add(findings, &document_rules[CODE_TOO_HEAVY], path, given, decimal_format(gross_kg, gross));
	}
}
