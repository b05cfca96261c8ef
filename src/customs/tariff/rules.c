/* What can be wrong with a duty, with a measure, and with what is asked to be assessed. */
#include <stdlib.h>

#include "customs/tariff/tariff_int.h"

#define WTO_II "GATT 1994, Article II:1"
#define CVA    "WTO Customs Valuation Agreement"

const struct rule tariff_duty_rules[] = {
	[DUTY_EMPTY] = { "TRF-001", "there is no duty here; write \"free\" where none is due", NULL, SEVERITY_ERROR },
	[DUTY_NOT_UNDERSTOOD] = { "TRF-002",
				  "character {1}, {2}, is not understood; a duty is written as \"20%\", \"450 IDR/KGM\", "
				  "\"5% + 16 SGD/LTR\" or \"max(10%, 2 USD/KGM)\"",
				  NULL, SEVERITY_ERROR },
	[DUTY_COMMA] = { "TRF-003", "the number \"{2}\" at character {1} has a comma; the decimal mark is a point",
			 NULL, SEVERITY_ERROR },
	[DUTY_NO_NUMBER] = { "TRF-004", "\"{2}\" at character {1} is not a number", NULL, SEVERITY_ERROR },
	[DUTY_NEGATIVE] = { "TRF-005", "the number at character {1} is below zero; a duty is not", WTO_II,
			    SEVERITY_ERROR },
	[DUTY_CURRENCY] = { "TRF-006", "\"{2}\" at character {1} is no currency of ISO 4217", "ISO 4217",
			    SEVERITY_ERROR },
	[DUTY_UNIT] = { "TRF-007",
			"\"{2}\" at character {1} is no unit in which duties are laid down (data/tariff/units.csv)",
			"UN/ECE Rec 20", SEVERITY_ERROR },
	[DUTY_DEEP] = { "TRF-008", "at character {1} alternatives are nested more than {2} deep", NULL,
			SEVERITY_ERROR },
	[DUTY_LONG] = { "TRF-009", "the duty has more than {1}", NULL, SEVERITY_ERROR },
	[DUTY_ALONE] = { "TRF-010", "\"{2}\" at character {1} stands alone, or is no part of a duty", NULL,
			 SEVERITY_ERROR },
	[DUTY_ALTERNATIVES] = { "TRF-011", "\"{2}\" at character {1} needs two alternatives or more", NULL,
				SEVERITY_ERROR },
	[DUTY_NUMBER_LONG] = { "TRF-012",
			       "the number at character {1} has more than 12 digits, or more than 8 of a fraction",
			       NULL, SEVERITY_ERROR },
	{ 0 },
};

const struct rule tariff_measure_rules[] = {
	[MEASURE_NOMENCLATURE] = { "TRF-020", "there is no version \"{1}\" of the nomenclature",
				   "HS Convention, Article 3", SEVERITY_ERROR },
	[MEASURE_CODE] = { "TRF-021", "\"{1}\" is no code of goods: at most 12 digits, without points", NULL,
			   SEVERITY_ERROR },
	[MEASURE_KIND] = { "TRF-022", "there is no kind of measure \"{1}\"", NULL, SEVERITY_ERROR },
	[MEASURE_AGREEMENT] = { "TRF-023",
				"a {1} names an agreement of data/agreements, and nothing else does; it names \"{2}\"",
				"GATT 1994, Article XXIV", SEVERITY_ERROR },
	[MEASURE_AREA] = { "TRF-024", "\"{1}\" is no area: states as \"CN VN\", or all but some as \"-ID -TH\"",
			   "ISO 3166-1", SEVERITY_ERROR },
	[MEASURE_DAYS] = { "TRF-025", "it ends on {2}, before it begins on {1}", NULL, SEVERITY_ERROR },
	[MEASURE_NO_DUTY] = { "TRF-026", "a {1} has a duty, or says in a note why there is none", NULL,
			      SEVERITY_ERROR },
	[MEASURE_AGENCY] = { "TRF-027", "a {1} names the agency that grants it",
			     "WTO Agreement on Import Licensing Procedures, Article 1", SEVERITY_ERROR },
	[MEASURE_QUANTITY] = { "TRF-028",
			       "the quantity that it is for has a unit in which duties are laid down; it has \"{1}\"",
			       "UN/ECE Rec 20", SEVERITY_ERROR },
	[MEASURE_CONTRADICTED] = { "TRF-029",
				   "{1} has two different measures of the kind {2} for the same days: none counts until one is mended",
				   "GATT 1994, Article X:1", SEVERITY_WARNING },
	[MEASURE_OTHER_NOMENCLATURE] = { "TRF-030", "codes are of {1}, the tariff of this state of {2}",
					 "HS Convention, Article 3", SEVERITY_ERROR },
	[EDITION_SUBJECT] = { "TRF-031",
			      "\"{1}\" is no subject of a tariff: a state of data/tariff as \"VN\", or \"VN-\" and a name",
			      NULL, SEVERITY_ERROR },
	[EXCHANGE_RATE] = { "TRF-032", "a rate of exchange is above zero, and for 1, 10, 100 … of the currency",
			    CVA ", Article 9", SEVERITY_ERROR },
	{ 0 },
};

const struct rule tariff_assessment_rules[] = {
	[LINE_CODE] = { "TRF-040", "\"{1}\" is no code of goods: 6 to 12 digits, without points", NULL,
			SEVERITY_ERROR },
	[LINE_CODE_UNKNOWN] = { "TRF-041", "the tariff of {2} has no goods {1}", NULL, SEVERITY_ERROR },
	[LINE_ORIGIN] = { "TRF-042", "\"{1}\" is no country", "ISO 3166-1", SEVERITY_ERROR },
	[LINE_VALUE] = { "TRF-043", "there is no value above zero", CVA ", Article 1", SEVERITY_ERROR },
	[LINE_VALUE_LARGE] = { "TRF-044",
			       "{1} is more than can be assessed; the most is 10^15, also in the state's currency",
			       NULL, SEVERITY_ERROR },
	[LINE_CURRENCY] = { "TRF-045", "\"{1}\" is no currency", "ISO 4217", SEVERITY_ERROR },
	[LINE_NO_RATE] = { "TRF-046", "there is no rate of exchange for {1} on {2}", CVA ", Article 9",
			   SEVERITY_ERROR },
	[LINE_BASIS] = { "TRF-047", "\"{1}\" is no basis of a value; it is FOB, CFR or CIF", CVA ", Article 8.2",
			 SEVERITY_ERROR },
	[LINE_COSTS_MISSING] = { "TRF-048",
				 "the value is {1}; the {2} is missing, and the state has no rule in its place",
				 CVA ", Article 8.2", SEVERITY_ERROR },
	[LINE_QUANTITY] = { "TRF-049", "a quantity is above zero and at most 10^15", NULL, SEVERITY_ERROR },
	[LINE_UNIT] = { "TRF-050", "\"{1}\" is no unit in which duties are laid down (data/tariff/units.csv)",
			"UN/ECE Rec 20", SEVERITY_ERROR },
	[LINE_QUANTITY_MISSING] = { "TRF-051", "the duty {2} needs a quantity in {1}, or in a unit that converts to it",
				    NULL, SEVERITY_ERROR },
	[LINE_QUANTITIES] = { "TRF-052", "there are more than {1} quantities", NULL, SEVERITY_ERROR },
	[LINE_STRENGTH] = { "TRF-053", "an alcoholic strength is from 0 to 100 per cent by volume", NULL,
			    SEVERITY_ERROR },
	[LINE_QUARANTINED] = { "TRF-054",
			       "{1} has measures of the kind {2} that contradict each other; they are not used",
			       "GATT 1994, Article X:1", SEVERITY_ERROR },
	[REQUEST_DAY] = { "TRF-055", "the tariff that is loaded is for {1}; {2} is not among those days", NULL,
			  SEVERITY_ERROR },
	[REQUEST_STATE] = { "TRF-056", "the tariff that is loaded is that of {1}", NULL, SEVERITY_ERROR },
	[LINE_MANY_OPTIONS] = { "TRF-057", "{1} has more options or charges than are shown at once", NULL,
				SEVERITY_ERROR },
	[LINE_COST_NEGATIVE] = { "TRF-058", "freight and insurance are not below zero", CVA ", Article 8.2",
				 SEVERITY_ERROR },
	{ 0 },
};

/* Rows of what a measure can be. Groups say what the assessment does with it. */
static const struct tariff_kind kinds[] = {
	/* clang-format off */
	{ "mfn",            "most-favoured-nation duty",           TARIFF_DUTY,     false },
	{ "preference",     "preferential duty",                   TARIFF_DUTY,     false },
	{ "quota-in",       "duty inside the tariff quota",        TARIFF_DUTY,     false },
	{ "quota-out",      "duty outside the tariff quota",       TARIFF_DUTY,     false },
	{ "end-use",        "duty for one end use",                TARIFF_DUTY,     false },
	{ "anti-dumping",   "anti-dumping duty",                   TARIFF_ADDED,    false },
	{ "countervailing", "countervailing duty",                 TARIFF_ADDED,    false },
	{ "safeguard",      "safeguard duty",                      TARIFF_ADDED,    false },
	{ "excise",         "excise",                              TARIFF_TAX,      false },
	{ "luxury",         "luxury tax",                          TARIFF_TAX,      false },
	{ "environment",    "environment tax",                     TARIFF_TAX,      false },
	{ "levy",           "levy",                                TARIFF_TAX,      false },
	{ "vat",            "value added tax",                     TARIFF_TAX,      false },
	{ "income",         "income tax, prepaid",                 TARIFF_TAX,      false },
	{ "export",         "export duty",                         TARIFF_OUTGOING, true },
	{ "export-preference", "preferential export duty",         TARIFF_OUTGOING, true },
	{ "prohibition",    "import prohibition",                  TARIFF_CONTROL,  false },
	{ "licence",        "import licence",                      TARIFF_CONTROL,  false },
	{ "permit",         "import permit",                       TARIFF_CONTROL,  false },
	{ "export-prohibition", "export prohibition",              TARIFF_CONTROL,  true },
	{ "export-permit",  "export permit",                       TARIFF_CONTROL,  true },
	/* clang-format on */
};
_Static_assert(COUNT(kinds) <= KINDS_MAX, "a snapshot has a bit for each");

const struct tariff_kind *tariff_kind_at(size_t index)
{
	return index < COUNT(kinds) ? &kinds[index] : NULL;
}

const struct tariff_kind *tariff_kind_find(const char *name)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (same(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

size_t tariff_kind_index(const struct tariff_kind *kind)
{
	return (size_t)(kind - kinds);
}

static int unit_order(const void *code, const void *unit)
{
	return strcmp(code, ((const struct tariff_unit *)unit)->code);
}

const struct tariff_unit *tariff_unit_find(const char *code)
{
	return code ? bsearch(code, tariff_units, tariff_units_count, sizeof(*tariff_units), unit_order) : NULL;
}

bool tariff_code_possible(const char *code)
{
	size_t digits = code ? strlen(code) : 0;

	return digits >= 6 && digits <= CODE_DIGITS_MAX && strspn(code, "0123456789") == digits;
}

const char *tariff_standing_text(enum tariff_standing standing)
{
	static const char *const texts[] = {
		[TARIFF_CALCULATED] = "calculated",
		[TARIFF_NO_SCHEDULE] = "no schedule loaded",
		[TARIFF_NOT_LISTED] = "not in the schedule",
		[TARIFF_EXCLUDED] = "excluded",
		[TARIFF_INCOMPLETE] = "a fact is missing",
		[TARIFF_QUARANTINED] = "quarantined: its measures contradict each other",
		[TARIFF_IN_WORDS] = "only in words",
	};

	return texts[standing];
}
