/* What one measure must be: rules about it alone. */
#include <stdio.h>

#include "base/text.h"
#include "customs/tariff/tariff_int.h"
#include "kernel/codelist.h"

/* Versions of the HS, each five years but the last, and of the ASEAN nomenclature made from them. */
static bool nomenclature_known(const char *name)
{
	return word_among("HS2007 HS2012 HS2017 HS2022 HS2028 AHTN2007 AHTN2012 AHTN2017 AHTN2022 AHTN2028", name);
}

static size_t state_bit(const char *code)
{
	return (size_t)(code[0] - 'A') * 26 + (size_t)(code[1] - 'A');
}

bool tariff_area_has(const struct area *area, const char *state)
{
	if (!area || area->all)
		return true;
	size_t bit = state_bit(state);
	return ((area->states[bit / 8] >> bit % 8 & 1) != 0) != area->except;
}

bool tariff_area_parse(const char *text, struct area *area)
{
	struct bytes word;
	char code[4];
	size_t count = 0;

	*area = (struct area){ .text = text };
	for (const char *rest = text; word_next(&rest, &word); count++) {
		bool except = word.size == 3 && word.data[0] == '-';
		if (word.size != (except ? 3U : 2U))
			return false;
		snprintf(code, sizeof(code), "%.2s", (const char *)word.data + except);
		if (!codelist_name("ISO3166", code) || (count > 0 && except != area->except))
			return false;
		area->except = except;
		size_t bit = state_bit(code);
		area->states[bit / 8] = (uint8_t)(area->states[bit / 8] | 1U << bit % 8);
	}
	area->all = count == 0;
	return true;
}

static const char *below(char buffer[static 160], const char *path, const char *member)
{
	snprintf(buffer, 160, "%.120s/%s", path, member);
	return buffer;
}

static void check_kind(const struct tariff_reference *reference, const struct tariff_measure *measure, const char *path,
		       struct findings *findings)
{
	const struct tariff_kind *kind = tariff_kind_find(measure->kind);
	char place[160];

	if (!kind) {
		finding_add(findings, &tariff_measure_rules[MEASURE_KIND], below(place, path, "kind"), measure->kind,
			    NULL);
		return;
	}
	bool preference = same(kind->name, "preference") || same(kind->name, "export-preference");
	if (preference != (measure->agreement != NULL) ||
	    (preference && !tariff_agreement_find(reference, measure->agreement)))
		finding_add(findings, &tariff_measure_rules[MEASURE_AGREEMENT], below(place, path, "agreement"),
			    kind->title, measure->agreement ? measure->agreement : "none");
	if (kind->group != TARIFF_CONTROL && !measure->duty && !measure->note)
		finding_add(findings, &tariff_measure_rules[MEASURE_NO_DUTY], below(place, path, "duty"), kind->title,
			    NULL);
	if (word_among("licence permit export-permit", kind->name) && !measure->agency)
		finding_add(findings, &tariff_measure_rules[MEASURE_AGENCY], below(place, path, "agency"), kind->title,
			    NULL);
}

void tariff_measure_check_form(const struct tariff_reference *reference, const struct tariff_measure *measure,
			       const char *path, struct findings *findings)
{
	char place[160], from[DATE_SIZE], until[DATE_SIZE];
	const char *code = measure->code ? measure->code : "";
	struct area area;

	if (measure->nomenclature && !nomenclature_known(measure->nomenclature))
		finding_add(findings, &tariff_measure_rules[MEASURE_NOMENCLATURE], below(place, path, "nomenclature"),
			    measure->nomenclature, NULL);
	if (strlen(code) > CODE_DIGITS_MAX || strspn(code, "0123456789") != strlen(code))
		finding_add(findings, &tariff_measure_rules[MEASURE_CODE], below(place, path, "code"), code, NULL);
	check_kind(reference, measure, path, findings);
	if (measure->area && !tariff_area_parse(measure->area, &area))
		finding_add(findings, &tariff_measure_rules[MEASURE_AREA], below(place, path, "area"), measure->area,
			    NULL);
	if (measure->from != DATE_NONE && measure->until != DATE_NONE && measure->until < measure->from)
		finding_add(findings, &tariff_measure_rules[MEASURE_DAYS], below(place, path, "until"),
			    date_format(measure->from, from), date_format(measure->until, until));
	if ((decimal_given(measure->at_least) || decimal_given(measure->at_most)) &&
	    !tariff_unit_find(measure->quantity_unit))
		finding_add(findings, &tariff_measure_rules[MEASURE_QUANTITY], below(place, path, "quantityUnit"),
			    measure->quantity_unit ? measure->quantity_unit : "none", NULL);
}

void tariff_measure_check(struct arena *arena, const struct tariff_reference *reference,
			  const struct tariff_measure *measure, const char *path, struct findings *findings)
{
	char place[160];
	bool full = false;

	tariff_measure_check_form(reference, measure, path, findings);
	if (measure->duty)
		(void)tariff_duty_parse(arena, measure->duty, below(place, path, "duty"), findings, &full);
}
