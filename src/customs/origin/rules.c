/* What an e-Form D must satisfy beyond its form. */
#include "customs/origin/origin_int.h"

#include <stdio.h>

#include "customs/document/document.h"

enum form_d_rule {
	PARTY_IMPORTING,
	PARTY_ISSUING,
	EXPORTER_ELSEWHERE,
	PRODUCED_ELSEWHERE,
	DECLARED_LATE,
	CERTIFIED_OTHER_DAY,
	CERTIFICATE_OLD,
	ITEM_OUT_OF_ORDER,
	CRITERION_FORM,
	RVC_RANGE,
	PC_RANGE,
	NO_WEIGHT,
	GROSS_BELOW_NET,
	NOT_POSITIVE,
	QUANTITY_PAIR,
	FOB_PAIR,
	FOB_MISSING,
	FOB_UNASKED,
	RETRO_UNTICKED,
	RETRO_UNFOUNDED,
	RETRO_NO_DEPARTURE,
	RETRO_TOO_LATE,
	TICKED_WITHOUT,
	GIVEN_UNTICKED,
	ORIGINAL_LATER,
	ORIGINAL_EXPIRED,
	ORIGINAL_OWN,
	PC_UNTICKED,
	PC_UNFOUNDED,
	DE_MINIMIS_UNFOUNDED,
	REPLACES_AND_REISSUES,
	REPLACES_ITSELF,
	REISSUED_LATE,
	BEFORE_AGREEMENT,
};

#define ANNEX_7 "ATIGA Annex 7, "
#define OCP     "ATIGA OCP rule "

const struct rule form_d_rules[] = {
	[PARTY_IMPORTING] = { "FRM-001", "{1} is no Member State that accepts Form D", ANNEX_7 "overleaf note 1",
			      SEVERITY_ERROR },
	[PARTY_ISSUING] = { "FRM-002", "{1} is no Member State that issues Form D", ANNEX_7 "overleaf note 1",
			    SEVERITY_ERROR },
	[EXPORTER_ELSEWHERE] = { "FRM-004", "the exporter is located in {1}, not in the issuing country {2}",
				 OCP "1(f)", SEVERITY_ERROR },
	[PRODUCED_ELSEWHERE] = { "FRM-005",
				 "the goods were produced in {1}, but {2} certifies it without \"Back-to-Back CO\"",
				 ANNEX_7 "box 11", SEVERITY_ERROR },
	[DECLARED_LATE] = { "FRM-006", "the exporter declared on {1}, after the certification on {2}", ANNEX_7 "box 12",
			    SEVERITY_ERROR },
	[CERTIFIED_OTHER_DAY] = { "FRM-007", "certified on {1}, but issued on {2}", ANNEX_7 "box 12", SEVERITY_ERROR },
	[CERTIFICATE_OLD] = { "FRM-008", "the last day to present it was {1}", OCP "11(1)(c) and (e), 14(a)",
			      SEVERITY_WARNING },
	[ITEM_OUT_OF_ORDER] = { "FRM-009", "item {1} stands in the place of item {2}", ANNEX_7 "box 5",
				SEVERITY_ERROR },
	[CRITERION_FORM] = { "FRM-010",
			     "\"{1}\" is no origin criterion (WO, 40%, CC, CTH, CTSH, SP, CTSH + 35%, PC 25%)",
			     ANNEX_7 "overleaf note 3", SEVERITY_ERROR },
	[RVC_RANGE] = { "FRM-011", "a regional value content of {1}% alone confers no origin, 40 to 100 do",
			"ATIGA Article 28(1)(a)(i)", SEVERITY_ERROR },
	[PC_RANGE] = { "FRM-012", "partial cumulation is of 20 to 39%, not of {1}%",
		       "ATIGA Article 30(2) and Annex 6(a)", SEVERITY_ERROR },
	[NO_WEIGHT] = { "FRM-013", "item {1} has neither gross mass nor another quantity", ANNEX_7 "box 9",
			SEVERITY_ERROR },
	[GROSS_BELOW_NET] = { "FRM-014", "gross mass {1} is less than the net mass {2}", ANNEX_7 "box 9",
			      SEVERITY_ERROR },
	[NOT_POSITIVE] = { "FRM-015", "{1} is not more than zero", ANNEX_7 "boxes 7 and 9", SEVERITY_ERROR },
	[QUANTITY_PAIR] = { "FRM-016", "a quantity and its unit belong together", ANNEX_7 "box 9", SEVERITY_ERROR },
	[FOB_PAIR] = { "FRM-017", "a price and its currency belong together", ANNEX_7 "box 9", SEVERITY_ERROR },
	[FOB_MISSING] = { "FRM-018",
			  "the FOB price is needed between {1} and {2} where regional value content is applied",
			  OCP "25; " ANNEX_7 "overleaf note 10", SEVERITY_ERROR },
	[FOB_UNASKED] = { "FRM-019", "the FOB price is shown only where {1} applies", OCP "25", SEVERITY_WARNING },
	[RETRO_UNTICKED] = { "FRM-020", "issued on {1}, after the departure on {2}, without \"Issued Retroactively\"",
			     OCP "10(2)", SEVERITY_ERROR },
	[RETRO_UNFOUNDED] = { "FRM-021", "\"Issued Retroactively\", but issued on {1}, not after the departure on {2}",
			      OCP "10(2)", SEVERITY_ERROR },
	[RETRO_NO_DEPARTURE] = { "FRM-022", "\"Issued Retroactively\" needs the departure date", OCP "10(2)",
				 SEVERITY_ERROR },
	[RETRO_TOO_LATE] = { "FRM-023", "issued on {1}, later than one year from the shipment on {2}", OCP "10(2)",
			     SEVERITY_ERROR },
	[TICKED_WITHOUT] = { "FRM-024", "\"{1}\" is ticked, but {2}", NULL, SEVERITY_ERROR },
	[GIVEN_UNTICKED] = { "FRM-025", "this needs \"{1}\" to be ticked", NULL, SEVERITY_ERROR },
	[ORIGINAL_LATER] = { "FRM-026", "the original proof is dated {1}, later than this one, {2}", OCP "11(1)(a)",
			     SEVERITY_ERROR },
	[ORIGINAL_EXPIRED] = { "FRM-027", "issued on {1}, but the original proof was valid to {2}",
			       OCP "11(1)(c) and (e)", SEVERITY_ERROR },
	[ORIGINAL_OWN] = { "FRM-028", "the original proof is of {1}, which issues this one, too", OCP "1(b)",
			   SEVERITY_ERROR },
	[PC_UNTICKED] = { "FRM-029", "\"{1}\" needs \"Partial Cumulation\" to be ticked", "ATIGA Annex 6(d)",
			  SEVERITY_ERROR },
	[PC_UNFOUNDED] = { "FRM-030", "\"Partial Cumulation\" is ticked, but no item has the criterion PC",
			   ANNEX_7 "overleaf note 16", SEVERITY_ERROR },
	[DE_MINIMIS_UNFOUNDED] = { "FRM-031",
				   "\"De Minimis\" is ticked, but no item has a change in tariff classification",
				   "ATIGA Article 33; " ANNEX_7 "overleaf note 17", SEVERITY_ERROR },
	[REPLACES_AND_REISSUES] = { "FRM-032", "a certificate replaces another one or issues it again, not both",
				    OCP "29(1) and (4)", SEVERITY_ERROR },
	[REPLACES_ITSELF] = { "FRM-033", "{1} is this certificate's own reference: an alteration is a new certificate",
			      OCP "29(4)", SEVERITY_ERROR },
	/* The year bounds the application, whose date the certificate does not tell. */
	[REISSUED_LATE] = { "FRM-034", "issued again on {1}; the exporter must have applied within one year from {2}",
			    OCP "29(1)", SEVERITY_WARNING },
	[BEFORE_AGREEMENT] = { "FRM-035", "issued on {1}, but the agreement is in force since {2}", "ATIGA Article 96",
			       SEVERITY_ERROR },
	{ 0 },
};

static void find(struct findings *findings, enum form_d_rule rule, const char *path, const char *first,
		 const char *second)
{
	finding_add(findings, &form_d_rules[rule], path, first, second);
}

static void find_dates(struct findings *findings, enum form_d_rule rule, const char *path, date first, date second)
{
	char one[DATE_SIZE], two[DATE_SIZE];

	find(findings, rule, path, date_format(first, one), date_format(second, two));
}

static void find_number(struct findings *findings, enum form_d_rule rule, const char *path, int64_t first,
			int64_t second)
{
	char one[24], two[24];

	snprintf(one, sizeof(one), "%lld", (long long)first);
	snprintf(two, sizeof(two), "%lld", (long long)second);
	find(findings, rule, path, one, two);
}

/* --- Countries --- */

/* The ten Member States of overleaf note 1, and those of note 10, which ask for FOB prices. Timor-Leste is a member of
 * ASEAN since 2025, but not yet of the ATIGA. */
static const struct {
	const char *code;
	bool fob;
} member_states[] = {
	{ "BN", false }, { "KH", true },  { "ID", true },  { "LA", true },  { "MY", false },
	{ "MM", false }, { "PH", false }, { "SG", false }, { "TH", false }, { "VN", false },
};

static bool member_state(const char *code)
{
	for (size_t i = 0; i < COUNT(member_states); i++)
		if (same(code, member_states[i].code))
			return true;
	return false;
}

static bool asks_for_fob(const char *code)
{
	for (size_t i = 0; i < COUNT(member_states); i++)
		if (same(code, member_states[i].code))
			return member_states[i].fob;
	return false;
}

/* Where the exporter is and where the goods were made, against the state that certifies it. */
static void check_issuer(const struct form_d *form, const char *issuing, struct findings *findings)
{
	const char *produced = form->declaration ? form->declaration->country : NULL;
	const char *exporter = form->exporter ? form->exporter->country : NULL;

	if (!member_state(issuing))
		find(findings, PARTY_ISSUING, "/issuingCountry", issuing, NULL);
	document_check_states(issuing, form->importing_country, "/importingCountry", OCP "1(f) and (g)", findings);
	if (exporter && !same(issuing, exporter))
		find(findings, EXPORTER_ELSEWHERE, "/exporter/country", exporter, issuing);
	if (produced && !form->back_to_back && !same(issuing, produced))
		find(findings, PRODUCED_ELSEWHERE, "/declaration/producedIn", produced, issuing);
}

static void check_countries(const struct form_d *form, struct findings *findings)
{
	if (form->importing_country && !member_state(form->importing_country))
		find(findings, PARTY_IMPORTING, "/importingCountry", form->importing_country, NULL);
	if (form->issuing_country)
		check_issuer(form, form->issuing_country, findings);
}

/* --- Dates --- */

date origin_last_day_of(date issued_on)
{
	return issued_on == DATE_NONE ? DATE_NONE : date_add_months(issued_on, 12);
}

date origin_last_day(const struct form_d *form)
{
	date last = origin_last_day_of(form->issued_on);

	for (size_t i = 0; i < form->originals_count; i++) {
		date original = origin_last_day_of(form->originals[i].issued_on);
		if (original != DATE_NONE && (last == DATE_NONE || original < last))
			last = original;
	}
	return last;
}

static void check_signatures(const struct form_d *form, struct findings *findings)
{
	date declared = form->declaration ? form->declaration->signed_on : DATE_NONE;
	date certified = form->certification ? form->certification->signed_on : DATE_NONE;

	/* Box 12 certifies the declaration of box 11, and its date is the one of issuance (OCP rule 12 says so of
	 * copies). */
	if (declared != DATE_NONE && certified != DATE_NONE && declared > certified)
		find_dates(findings, DECLARED_LATE, "/declaration/date", declared, certified);
	if (certified != DATE_NONE && form->issued_on != DATE_NONE && certified != form->issued_on)
		find_dates(findings, CERTIFIED_OTHER_DAY, "/certification/date", certified, form->issued_on);
}

static void check_shipment(const struct form_d *form, struct findings *findings)
{
	date issued = form->issued_on;
	date departed = form->transport ? form->transport->departed_on : DATE_NONE;

	if (departed == DATE_NONE) {
		if (form->issued_retroactively)
			find(findings, RETRO_NO_DEPARTURE, "/transport/departureDate", NULL, NULL);
		return;
	}
	if (issued == DATE_NONE)
		return;
	if (issued > departed && !form->issued_retroactively)
		find_dates(findings, RETRO_UNTICKED, "/issuedRetroactively", issued, departed);
	if (issued <= departed && form->issued_retroactively)
		find_dates(findings, RETRO_UNFOUNDED, "/issuedRetroactively", issued, departed);
	if (issued > date_add_months(departed, 12))
		find_dates(findings, RETRO_TOO_LATE, "/issueDate", issued, departed);
}

static void check_validity(const struct form_d *form, date today, struct findings *findings)
{
	date last = origin_last_day(form), in_force = date_of(2010, 5, 17);

	document_check_issued(form->issued_on, "/issueDate", today, findings);
	if (form->issued_on != DATE_NONE && form->issued_on < in_force)
		find_dates(findings, BEFORE_AGREEMENT, "/issueDate", form->issued_on, in_force);
	if (last != DATE_NONE && today > last)
		find_dates(findings, CERTIFICATE_OLD, "/issueDate", last, DATE_NONE);
}

/* --- Box 13 --- */

static bool has_invoicer(const struct form_d *form)
{
	return form->invoicer != NULL;
}

static bool has_exhibition(const struct form_d *form)
{
	return form->exhibition != NULL;
}

static bool has_originals(const struct form_d *form)
{
	return form->originals_count > 0;
}

/* A tick and what must be given with it, and only with it. */
static const struct tick {
	size_t offset; /* of the flag */
	bool (*given)(const struct form_d *form);
	const char *label, *flag_path, *path, *missing, *law;
} ticks[] = {
	{ offsetof(struct form_d, third_country_invoicing), has_invoicer, "Third Country Invoicing",
	  "/thirdCountryInvoicing", "/thirdCountryInvoicer", "the company that issued the invoice is not named",
	  OCP "23(2); " ANNEX_7 "overleaf note 11" },
	{ offsetof(struct form_d, exhibited), has_exhibition, "Exhibition", "/exhibited", "/exhibition",
	  "the exhibition is not named", OCP "22(2); " ANNEX_7 "overleaf note 13" },
	{ offsetof(struct form_d, back_to_back), has_originals, "Back-to-Back CO", "/backToBack", "/originalProof",
	  "no original proof of origin is named", OCP "11(1)(i); " ANNEX_7 "overleaf note 12" },
};

static void check_ticks(const struct form_d *form, struct findings *findings)
{
	for (size_t i = 0; i < COUNT(ticks); i++) {
		const struct tick *tick = &ticks[i];
		bool ticked = *(const bool *)((const char *)form + tick->offset);
		bool given = tick->given(form);
		if (ticked && !given)
			finding_add_law(findings, &form_d_rules[TICKED_WITHOUT], tick->flag_path, tick->law,
					tick->label, tick->missing);
		if (given && !ticked)
			finding_add_law(findings, &form_d_rules[GIVEN_UNTICKED], tick->path, tick->law, tick->label,
					NULL);
	}
}

static void check_originals(const struct form_d *form, struct findings *findings)
{
	char place[DOCUMENT_PLACE_SIZE];

	for (size_t i = 0; i < form->originals_count; i++) {
		const struct origin_reference *original = &form->originals[i];
		const char *path = document_place(place, "originalProof", i, "issueDate");
		if (form->issued_on != DATE_NONE && original->issued_on != DATE_NONE) {
			if (original->issued_on > form->issued_on)
				find_dates(findings, ORIGINAL_LATER, path, original->issued_on, form->issued_on);
			if (form->issued_on > origin_last_day_of(original->issued_on))
				find_dates(findings, ORIGINAL_EXPIRED, path, form->issued_on,
					   origin_last_day_of(original->issued_on));
		}
		if (form->issuing_country && same(original->country, form->issuing_country))
			find(findings, ORIGINAL_OWN, document_place(place, "originalProof", i, "country"),
			     original->country, NULL);
	}
}

/* --- Box 8 --- */

static bool take_percent(const char *text, size_t size, int *percent)
{
	int value = 0;

	if (size < 2 || size > 4 || text[size - 1] != '%')
		return false;
	for (size_t i = 0; i + 1 < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*percent = value;
	return value > 0 && value <= 100;
}

/* One term of a combination; each kind may stand once. */
static bool take_term(const char *text, size_t size, struct origin_criterion *criterion)
{
	static const char *const changes[] = { "CC", "CTH", "CTSH" };

	for (size_t i = 0; i < COUNT(changes); i++) {
		if (size != strlen(changes[i]) || memcmp(text, changes[i], size) != 0)
			continue;
		if (criterion->change)
			return false;
		criterion->change = changes[i];
		return true;
	}
	if (size == 2 && memcmp(text, "SP", 2) == 0) {
		if (criterion->process)
			return false;
		criterion->process = true;
		return true;
	}
	return criterion->percent == 0 && take_percent(text, size, &criterion->percent);
}

bool origin_criterion_parse(const char *text, struct origin_criterion *criterion)
{
	struct origin_criterion read = { .terms = 1 };

	if (strcmp(text, "WO") == 0) {
		read.wholly_obtained = true;
	} else if (strncmp(text, "PC ", 3) == 0) {
		read.partial = true;
		if (!take_percent(text + 3, strlen(text + 3), &read.percent))
			return false;
	} else {
		const char *plus;
		for (read.terms = 1; (plus = strstr(text, " + ")); text = plus + 3, read.terms++)
			if (!take_term(text, (size_t)(plus - text), &read))
				return false;
		if (!take_term(text, strlen(text), &read))
			return false;
	}
	*criterion = read;
	return true;
}

static void check_criterion(const struct form_d *form, const struct form_d_item *item, size_t index,
			    const struct origin_criterion *criterion, struct findings *findings)
{
	char place[DOCUMENT_PLACE_SIZE];
	const char *path = document_place(place, "goodsItem", index, "originCriterion");

	if (criterion->partial) {
		if (criterion->percent < 20 || criterion->percent > 39)
			find_number(findings, PC_RANGE, path, criterion->percent, 0);
		if (!form->partial_cumulation)
			find(findings, PC_UNTICKED, path, item->criterion, NULL);
	} else if (criterion->percent > 0 && criterion->terms == 1 && criterion->percent < 40) {
		find_number(findings, RVC_RANGE, path, criterion->percent, 0);
	}
}

/* Overleaf note 10 says "exported from and imported by": between two of the three it is certain that the price must be
 * given; with one of them, states read the note either way, so neither its presence nor its absence is found fault
 * with. That one state is on both sides has its own finding. */
static void check_fob(const struct form_d *form, const struct form_d_item *item, size_t index,
		      const struct origin_criterion *criterion, struct findings *findings)
{
	char place[DOCUMENT_PLACE_SIZE], currency[DOCUMENT_PLACE_SIZE];
	const char *path = document_place(place, "goodsItem", index, "fobPrice");
	bool from = asks_for_fob(form->issuing_country), to = asks_for_fob(form->importing_country);
	bool between = from && to && !same(form->issuing_country, form->importing_country);
	bool given = decimal_given(item->fob);

	bool unread = findings_error_at(findings, path);
	if (document_half_given(given, path, item->currency != NULL,
				document_place(currency, "goodsItem", index, "currency"), findings))
		find(findings, FOB_PAIR, path, NULL, NULL);
	if (!criterion)
		return;
	if (criterion->percent > 0 && between && !given && !unread)
		find(findings, FOB_MISSING, path, form->issuing_country, form->importing_country);
	if (given && criterion->percent == 0)
		find(findings, FOB_UNASKED, path, "regional value content", NULL);
	else if (given && !from && !to)
		find(findings, FOB_UNASKED, path, "the note for Cambodia, Indonesia and Lao PDR", NULL);
}

/* --- Boxes 5 to 9 --- */

static void check_positive(struct decimal value, const char *path, struct findings *findings)
{
	char text[DECIMAL_SIZE];

	if (decimal_given(value) && decimal_compare(value, decimal_of(0)) <= 0)
		find(findings, NOT_POSITIVE, path, decimal_format(value, text), NULL);
}

static void check_amounts(const struct form_d_item *item, size_t index, struct findings *findings)
{
	char place[DOCUMENT_PLACE_SIZE], other[DOCUMENT_PLACE_SIZE], gross[DECIMAL_SIZE], net[DECIMAL_SIZE];

	check_positive(item->gross_mass, document_place(place, "goodsItem", index, "grossMass"), findings);
	check_positive(item->net_mass, document_place(place, "goodsItem", index, "netMass"), findings);
	check_positive(item->quantity, document_place(place, "goodsItem", index, "quantity"), findings);
	check_positive(item->fob, document_place(place, "goodsItem", index, "fobPrice"), findings);

	if (decimal_given(item->gross_mass) && decimal_given(item->net_mass) &&
	    decimal_compare(item->gross_mass, item->net_mass) < 0)
		find(findings, GROSS_BELOW_NET, document_place(place, "goodsItem", index, "grossMass"),
		     decimal_format(item->gross_mass, gross), decimal_format(item->net_mass, net));
	if (!decimal_given(item->gross_mass) && !decimal_given(item->quantity) &&
	    !findings_error_at(findings, document_place(place, "goodsItem", index, "grossMass")) &&
	    !findings_error_at(findings, document_place(other, "goodsItem", index, "quantity")))
		find_number(findings, NO_WEIGHT, document_place(place, "goodsItem", index, ""), (int64_t)index + 1, 0);
	if (document_half_given(decimal_given(item->quantity), document_place(place, "goodsItem", index, "quantity"),
				item->unit != NULL, document_place(other, "goodsItem", index, "unit"), findings))
		find(findings, QUANTITY_PAIR, place, NULL, NULL);
	document_check_unit(item->unit, document_place(place, "goodsItem", index, "unit"), findings);
	document_check_mass(item->quantity, item->unit, item->gross_mass,
			    document_place(place, "goodsItem", index, "quantity"), findings);
}

static void check_packages(const struct form_d_item *item, size_t index, struct findings *findings)
{
	char place[DOCUMENT_PLACE_SIZE], member[48];

	for (size_t i = 0; i < item->packages_count; i++) {
		int64_t count = item->packages[i].count;
		if (count == INTEGER_NONE || count > 0)
			continue;
		snprintf(member, sizeof(member), "package/%zu/count", i);
		find_number(findings, NOT_POSITIVE, document_place(place, "goodsItem", index, member), count, 0);
	}
}

/* What the criteria of all items say together. */
struct criteria {
	bool partial, change, unread;
};

static void check_item(const struct form_d *form, size_t index, struct criteria *criteria, struct findings *findings)
{
	const struct form_d_item *item = &form->items[index];
	struct origin_criterion criterion = { 0 };
	bool read = item->criterion && origin_criterion_parse(item->criterion, &criterion);
	char place[DOCUMENT_PLACE_SIZE];

	if (item->number != INTEGER_NONE && item->number != (int64_t)index + 1)
		find_number(findings, ITEM_OUT_OF_ORDER, document_place(place, "goodsItem", index, "number"),
			    item->number, (int64_t)index + 1);
	document_check_commodity(item->commodity, document_place(place, "goodsItem", index, "commodityCode"), findings);
	if (read)
		check_criterion(form, item, index, &criterion, findings);
	else if (item->criterion)
		find(findings, CRITERION_FORM, document_place(place, "goodsItem", index, "originCriterion"),
		     item->criterion, NULL);
	check_fob(form, item, index, read ? &criterion : NULL, findings);
	check_amounts(item, index, findings);
	check_packages(item, index, findings);
	criteria->partial |= criterion.partial;
	criteria->change |= criterion.change != NULL;
	criteria->unread |= !read;
}

static void check_items(const struct form_d *form, struct findings *findings)
{
	struct criteria criteria = { 0 };

	for (size_t i = 0; i < form->items_count; i++)
		check_item(form, i, &criteria, findings);
	/* An unread criterion has its own finding; what it would have been is not guessed. */
	if (form->partial_cumulation && !criteria.partial && !criteria.unread)
		find(findings, PC_UNFOUNDED, "/partialCumulation", NULL, NULL);
	if (form->de_minimis && !criteria.change && !criteria.unread)
		find(findings, DE_MINIMIS_UNFOUNDED, "/deMinimis", NULL, NULL);
}

/* --- Replacement and re-issue --- */

static void check_succession(const struct form_d *form, struct findings *findings)
{
	const struct origin_reference *old = form->replaces, *again = form->reissues;

	if (old && again)
		find(findings, REPLACES_AND_REISSUES, "/reissues", NULL, NULL);
	if (old && same(old->reference, form->reference))
		find(findings, REPLACES_ITSELF, "/replaces/reference", old->reference, NULL);
	if (old)
		document_check_about(form->issued_on, old->issued_on, "/replaces/issueDate", findings);
	if (!again)
		return;
	document_check_about(form->issued_on, again->issued_on, "/reissues/issueDate", findings);
	if (form->issued_on != DATE_NONE && again->issued_on != DATE_NONE &&
	    form->issued_on > date_add_months(again->issued_on, 12))
		find_dates(findings, REISSUED_LATE, "/issueDate", form->issued_on, again->issued_on);
}

void form_d_check(const void *record, date today, struct findings *findings)
{
	const struct form_d *form = record;

	check_validity(form, today, findings);
	check_countries(form, findings);
	check_ticks(form, findings);
	check_shipment(form, findings);
	check_originals(form, findings);
	check_succession(form, findings);
	check_items(form, findings);
	check_signatures(form, findings);
}

/* --- Messages about certificates --- */

enum message_rule {
	REASON_MISSING,
	STATUS_NOT_OF_ITEMS,
	RESPONSE_ITEM_ORDER,
	RESPONSE_QUANTITY,
	RESPONSE_LATE,
	RESPONSE_NO_ITEM,
	RESPONSE_NOT_WHOLE,
	REQUEST_WITHDRAWN,
};

const struct rule origin_message_rules[] = {
	[REASON_MISSING] = { "RSP-002", "a rejection needs its reasons", OCP "30(3)(a)", SEVERITY_ERROR },
	[STATUS_NOT_OF_ITEMS] = { "RSP-003", "status {1} does not follow from the items, which give {2}",
				  ANNEX_7 "overleaf note 9", SEVERITY_ERROR },
	[RESPONSE_ITEM_ORDER] = { "RSP-004", "item {1} stands after item {2}", ANNEX_7 "overleaf note 9",
				  SEVERITY_ERROR },
	[RESPONSE_QUANTITY] = { "RSP-005", "a quantity is more than zero and has its unit", OCP "30(2)",
				SEVERITY_ERROR },
	[RESPONSE_LATE] = { "RSP-006", "the certificate was valid to {1}, this is of {2}", OCP "30(2)",
			    SEVERITY_WARNING },
	[RESPONSE_NO_ITEM] = { "RSP-007", "the certificate has no item {1}", ANNEX_7 "overleaf note 9",
			       SEVERITY_ERROR },
	[RESPONSE_NOT_WHOLE] = { "RSP-009",
				 "status {1} is of the whole certificate, but only some of its {2} items are here",
				 OCP "16(3)", SEVERITY_ERROR },
	[REQUEST_WITHDRAWN] = { "RTR-002", "{1} is {2} and is not sent again", OCP "29(4)", SEVERITY_ERROR },
	{ 0 },
};

static void find_message(struct findings *findings, enum message_rule rule, const char *path, const char *first,
			 const char *second)
{
	finding_add(findings, &origin_message_rules[rule], path, first, second);
}

const char *origin_status_of_items(const struct customs_response_item *items, size_t count)
{
	/* The first that any item has decides; if none of them does, all are refused or used up. */
	static const char *const open[] = { "40", "45", "15" };
	bool used = false;

	for (size_t i = 0; i < COUNT(open); i++)
		for (size_t j = 0; j < count; j++)
			if (same(items[j].status, open[i]))
				return open[i];
	for (size_t i = 0; i < count; i++)
		used |= same(items[i].status, "14");
	return count == 0 ? NULL : used ? "14" : "8";
}

static void check_reason(const char *status, const char *reason, const char *path, struct findings *findings)
{
	if (same(status, "8") && !reason)
		find_message(findings, REASON_MISSING, path, NULL, NULL);
}

static void check_response_item(const struct customs_response *response, size_t index, struct findings *findings)
{
	const struct customs_response_item *item = &response->items[index];
	const struct customs_response_item *before = index > 0 ? item - 1 : NULL;
	char place[DOCUMENT_PLACE_SIZE], unit[DOCUMENT_PLACE_SIZE], number[24], previous[24];
	bool given = decimal_given(item->quantity);

	if (before && item->number != INTEGER_NONE && before->number != INTEGER_NONE &&
	    item->number <= before->number) {
		snprintf(number, sizeof(number), "%lld", (long long)item->number);
		snprintf(previous, sizeof(previous), "%lld", (long long)before->number);
		find_message(findings, RESPONSE_ITEM_ORDER, document_place(place, "goodsItem", index, "number"), number,
			     previous);
	}
	if (document_half_given(given, document_place(place, "goodsItem", index, "quantity"), item->unit != NULL,
				document_place(unit, "goodsItem", index, "unit"), findings) ||
	    (given && decimal_compare(item->quantity, decimal_of(0)) <= 0))
		find_message(findings, RESPONSE_QUANTITY, place, NULL, NULL);
	document_check_unit(item->unit, document_place(place, "goodsItem", index, "unit"), findings);
	check_reason(item->status, item->reason, document_place(place, "goodsItem", index, "reason"), findings);
}

void customs_response_check(const void *record, date today, struct findings *findings)
{
	const struct customs_response *response = record;
	/* Where items have reasons, the whole needs none of its own. */
	const char *reason = response->reason;
	if (!reason && response->items_count > 0)
		reason = response->items[0].reason;
	bool known = response->status;

	check_reason(response->status, reason, "/reason", findings);
	document_check_issued(response->issued_on, "/issueDate", today, findings);
	for (size_t i = 0; i < response->items_count; i++) {
		check_response_item(response, i, findings);
		known &= response->items[i].status != NULL;
	}

	/* Items that are used up, and others that are not mentioned, make a certificate that is used in part. */
	const char *all = origin_status_of_items(response->items, response->items_count);
	if (known && all && !same(all, response->status) && !(same(all, "14") && same(response->status, "15")))
		find_message(findings, STATUS_NOT_OF_ITEMS, "/status", response->status, all);
	if (!response->certificate)
		return;
	document_check_about(response->issued_on, response->certificate->issued_on, "/certificate/issueDate", findings);
	document_check_states(response->issuing_country, response->certificate->country, "/certificate/country",
			      OCP "30(2)", findings);
}

/* Rule 30(2) bounds the utilisation status; a rejection has its sixty days instead (30(3)(a)). */
static void check_in_time(const struct customs_response *response, const struct form_d *form, struct findings *findings)
{
	char valid[DATE_SIZE], issued[DATE_SIZE];
	date last = origin_last_day(form);

	if (!same(response->status, "8") && last != DATE_NONE && response->issued_on > last)
		find_message(findings, RESPONSE_LATE, "/issueDate", date_format(last, valid),
			     date_format(response->issued_on, issued));
}

void customs_response_check_against(const struct customs_response *response, const struct form_d *form,
				    struct findings *findings)
{
	char place[DOCUMENT_PLACE_SIZE], number[24];
	bool closing = same(response->status, "14") || same(response->status, "8");

	check_in_time(response, form, findings);
	if (closing && response->items_count > 0 && response->items_count < form->items_count) {
		snprintf(number, sizeof(number), "%zu", form->items_count);
		find_message(findings, RESPONSE_NOT_WHOLE, "/status", response->status, number);
	}

	for (size_t i = 0; i < response->items_count; i++) {
		/* Items are numbered from 1 without gaps (FRM-009). */
		int64_t wanted = response->items[i].number;
		if (wanted >= 1 && (size_t)wanted <= form->items_count)
			continue;
		snprintf(number, sizeof(number), "%lld", (long long)wanted);
		find_message(findings, RESPONSE_NO_ITEM, document_place(place, "goodsItem", i, "number"), number, NULL);
	}
}

void origin_cancellation_check(const void *record, date today, struct findings *findings)
{
	const struct origin_cancellation *cancellation = record;

	document_check_issued(cancellation->issued_on, "/issueDate", today, findings);
	if (cancellation->certificate)
		document_check_about(cancellation->issued_on, cancellation->certificate->issued_on,
				     "/certificate/issueDate", findings);
	document_check_states(cancellation->issuing_country, cancellation->importing_country, "/importingCountry",
			      OCP "1(f) and (g)", findings);
}

void retransmission_check(const void *record, date today, struct findings *findings)
{
	const struct retransmission_request *request = record;
	const struct origin_reference *certificate = request->certificate;

	document_check_issued(request->issued_on, "/issueDate", today, findings);
	if (!certificate)
		return;
	document_check_about(request->issued_on, certificate->issued_on, "/certificate/issueDate", findings);
	document_check_states(request->issuing_country, certificate->country, "/certificate/country", OCP "29(3)",
			      findings);
}

void origin_find_withdrawn(const struct document *certificate, struct findings *findings)
{
	find_message(findings, REQUEST_WITHDRAWN, "/certificate", certificate->reference, certificate->state);
}
