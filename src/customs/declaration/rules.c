#include "customs/declaration/declaration_int.h"

#include <stdio.h>

enum acdd_rule {
	DEPARTED_LONG_AGO,
	DEPARTS_TOO_LATE,
	SEQUENCE,
	QUANTITY,
	ERRORS_OF_ACCEPTED,
	REJECTED_WITHOUT_ERRORS,
};

#define ELEMENT(letter) "ACDD element (" letter ")"

const struct rule acdd_rules[] = {
	[DEPARTED_LONG_AGO] = { "ACD-002", "the departure on {1} is more than a year before the declaration on {2}",
				ELEMENT("g"), SEVERITY_ERROR },
	[DEPARTS_TOO_LATE] = { "ACD-003", "the departure on {1} is more than a year after the declaration on {2}",
			       ELEMENT("g"), SEVERITY_ERROR },
	[SEQUENCE] = { "ACD-004", "item {1} stands in the place of item {2}", ELEMENT("n"), SEVERITY_ERROR },
	[QUANTITY] = { "ACD-005", "{1} is not more than zero", ELEMENT("i"), SEVERITY_ERROR },
	[ERRORS_OF_ACCEPTED] = { "ACR-001", "an accepted declaration has no errors", NULL, SEVERITY_ERROR },
	[REJECTED_WITHOUT_ERRORS] = { "ACR-002", "a rejection says at least one error", NULL, SEVERITY_ERROR },
	{ 0 },
};

static void find(struct findings *findings, enum acdd_rule rule, const char *path, const char *first,
		 const char *second)
{
	finding_add(findings, &acdd_rules[rule], path, first, second);
}

/* A year off is a mistyped year: no shipment waits so long, and no text sets another bound. */
static void check_departure(const struct acdd *acdd, struct findings *findings)
{
	char departs[DATE_SIZE], declared[DATE_SIZE];

	if (acdd->departs_on == DATE_NONE || acdd->declared_on == DATE_NONE)
		return;
	date_format(acdd->departs_on, departs);
	date_format(acdd->declared_on, declared);
	if (acdd->departs_on < date_add_months(acdd->declared_on, -12))
		find(findings, DEPARTED_LONG_AGO, "/departureDate", departs, declared);
	if (acdd->departs_on > date_add_months(acdd->declared_on, 12))
		find(findings, DEPARTS_TOO_LATE, "/departureDate", departs, declared);
}

static void check_item(const struct acdd_item *item, size_t index, struct findings *findings)
{
	char place[DOCUMENT_PLACE_SIZE], number[DECIMAL_SIZE], expected[24];

	if (item->sequence != INTEGER_NONE && item->sequence != (int64_t)index + 1) {
		snprintf(number, sizeof(number), "%lld", (long long)item->sequence);
		snprintf(expected, sizeof(expected), "%zu", index + 1);
		find(findings, SEQUENCE, document_place(place, "goodsItem", index, "sequence"), number, expected);
	}
	document_check_commodity(item->commodity, document_place(place, "goodsItem", index, "commodityCode"), findings);
	if (decimal_given(item->quantity) && decimal_compare(item->quantity, decimal_of(0)) <= 0)
		find(findings, QUANTITY, document_place(place, "goodsItem", index, "quantity"),
		     decimal_format(item->quantity, number), NULL);
	document_check_unit(item->unit, document_place(place, "goodsItem", index, "unit"), findings);
}

void acdd_check(const void *record, date today, struct findings *findings)
{
	const struct acdd *acdd = record;

	document_check_issued(acdd->declared_on, "/declarationDate", today, findings);
	document_check_states(acdd->exporting_country, acdd->importing_country, "/importingCountry", NULL, findings);
	check_departure(acdd, findings);
	for (size_t i = 0; i < acdd->items_count; i++)
		check_item(&acdd->items[i], i, findings);
}

void acdd_response_check(const void *record, date today, struct findings *findings)
{
	const struct acdd_response *response = record;

	document_check_issued(response->issued_on, "/issueDate", today, findings);
	if (same(response->function, "01") && response->errors_count > 0)
		find(findings, ERRORS_OF_ACCEPTED, "/error", NULL, NULL);
	if (same(response->function, "03") && response->errors_count == 0)
		find(findings, REJECTED_WITHOUT_ERRORS, "/error", NULL, NULL);
	if (!response->about)
		return;
	document_check_about(response->issued_on, response->about->declared_on, "/about/declarationDate", findings);
	document_check_states(response->issuing_country, response->about->country, "/about/exportingCountry", NULL,
			      findings);
}

void acdd_cancellation_check(const void *record, date today, struct findings *findings)
{
	const struct acdd_cancellation *cancellation = record;

	document_check_issued(cancellation->issued_on, "/issueDate", today, findings);
	document_check_states(cancellation->exporting_country, cancellation->importing_country, "/importingCountry",
			      NULL, findings);
	if (cancellation->about)
		document_check_about(cancellation->issued_on, cancellation->about->declared_on,
				     "/about/declarationDate", findings);
}
