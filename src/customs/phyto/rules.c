/* What a phytosanitary certificate must say beyond form. ISPM 12 is the model; Annex 1 for export, Annex 2 for
 * re-export. */
#include "customs/phyto/phyto_int.h"

#include <stdio.h>

enum phyto_rule {
	PHYTO_NO_SUCH_DAY,
	PHYTO_NO_QUANTITY,
	PHYTO_NO_BOTANICAL_NAME,
	PHYTO_NO_UNIT,
	PHYTO_NO_ORIGINAL,
	PHYTO_REPLACED_UNDATED,
};

#define MAPPING "ISPM 12, Appendix 1 (IPPC ePhyto mapping)"

const struct rule phyto_rules[] = {
	[PHYTO_NO_SUCH_DAY] = { "PHY-001", "there is no day {1}", "ISPM 12, Annexes 1 and 2, end of the certificate",
				SEVERITY_ERROR },
	[PHYTO_NO_QUANTITY] = { "PHY-002",
				"the item declares no quantity: neither weight, volume, packages nor another one (OQV)",
				"ISPM 12, Annexes 1 and 2, section I", SEVERITY_ERROR },
	[PHYTO_NO_BOTANICAL_NAME] = { "PHY-003", "the item has no botanical name of the plants",
				      "ISPM 12, Annexes 1 and 2, section I", SEVERITY_WARNING },
	[PHYTO_NO_UNIT] = { "PHY-004", "{1} has no unit", MAPPING, SEVERITY_WARNING },
	[PHYTO_NO_ORIGINAL] = { "PHY-005",
				"a certificate for re-export names the certificate that the consignment came with (RPCRF)",
				"ISPM 12, Annex 2", SEVERITY_ERROR },
	[PHYTO_REPLACED_UNDATED] = { "PHY-006",
				     "it replaces {1}, but does not say of which day that was (ADRD): nothing is done to it",
				     MAPPING, SEVERITY_WARNING },
	{ 0 },
};

date phyto_day(const char *issued_at)
{
	char text[DATE_SIZE];
	date day = DATE_NONE;

	if (issued_at && strlen(issued_at) >= DATE_SIZE - 1) {
		memcpy(text, issued_at, DATE_SIZE - 1);
		text[DATE_SIZE - 1] = '\0';
		date_parse(text, &day);
	}
	return day;
}

const char *phyto_note_of(const struct phyto_note *notes, size_t count, const char *subject)
{
	for (size_t i = 0; i < count; i++)
		if (same(notes[i].subject, subject) && notes[i].contents_count > 0)
			return notes[i].contents[0].text;
	return NULL;
}

static void check_measures(const struct phyto_item *item, size_t index, struct findings *findings)
{
	const struct {
		const char *name, *value, *unit;
		const struct phyto_measure *measure;
	} measures[] = {
		{ "netWeight", "netWeight/value", "netWeight/unit", item->net_weight },
		{ "grossWeight", "grossWeight/value", "grossWeight/unit", item->gross_weight },
		{ "netVolume", "netVolume/value", "netVolume/unit", item->net_volume },
		{ "grossVolume", "grossVolume/value", "grossVolume/unit", item->gross_volume },
	};
	bool any = phyto_note_of(item->notes, item->notes_count, NOTE_OTHER_QUANTITY) != NULL;
	char place[DOCUMENT_PLACE_SIZE], unit[DOCUMENT_PLACE_SIZE], value[DECIMAL_SIZE];

	for (size_t i = 0; i < item->packages_count; i++) {
		char member[48];
		snprintf(member, sizeof(member), "package/%zu/quantity", i);
		any |= decimal_given(item->packages[i].quantity) ||
		       findings_error_at(findings, document_place(place, "item", index, member));
	}
	for (size_t i = 0; i < COUNT(measures); i++) {
		const struct phyto_measure *measure = measures[i].measure;
		any |= findings_error_at(findings, document_place(place, "item", index, measures[i].value));
		if (!measure || !decimal_given(measure->value))
			continue;
		document_place(place, "item", index, measures[i].name);
		if (measure->unit)
			document_check_unit(measure->unit, place, findings);
		else if (!findings_error_at(findings, document_place(unit, "item", index, measures[i].unit)))
			finding_add(findings, &phyto_rules[PHYTO_NO_UNIT], place, decimal_format(measure->value, value),
				    NULL);
	}
	if (!any)
		finding_add(findings, &phyto_rules[PHYTO_NO_QUANTITY], document_place(place, "item", index, ""), NULL,
			    NULL);
}

static bool names_original(const struct phyto *phyto)
{
	for (size_t i = 0; i < phyto->items_count; i++)
		if (phyto_note_of(phyto->items[i].notes, phyto->items[i].notes_count, NOTE_ORIGINAL_NUMBER))
			return true;
	return false;
}

void phyto_check(const void *record, date today, struct findings *findings)
{
	const struct phyto *phyto = record;
	date issued_on = phyto_day(phyto->issued_at);
	const char *replaced = phyto_note_of(phyto->notes, phyto->notes_count, NOTE_REPLACED_NUMBER);
	char place[DOCUMENT_PLACE_SIZE];

	if (phyto->issued_at && issued_on == DATE_NONE)
		finding_add(findings, &phyto_rules[PHYTO_NO_SUCH_DAY], "/issuedAt", phyto->issued_at, NULL);
	document_check_issued(issued_on, "/issuedAt", today, findings);
	document_check_states(phyto->exporting_country, phyto->importing_country, "/importingCountry", MAPPING,
			      findings);
	if (same(phyto->type, PHYTO_REEXPORT) && !names_original(phyto))
		finding_add(findings, &phyto_rules[PHYTO_NO_ORIGINAL], "/item", NULL, NULL);
	if (replaced && phyto_day(phyto_note_of(phyto->notes, phyto->notes_count, NOTE_REPLACED_DAY)) == DATE_NONE)
		finding_add(findings, &phyto_rules[PHYTO_REPLACED_UNDATED], "/note", replaced, NULL);
	for (size_t i = 0; i < phyto->items_count; i++) {
		check_measures(&phyto->items[i], i, findings);
		if (phyto->items[i].species_count == 0)
			finding_add(findings, &phyto_rules[PHYTO_NO_BOTANICAL_NAME],
				    document_place(place, "item", i, "scientificName"), NULL, NULL);
	}
}
