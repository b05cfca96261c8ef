/* One line of what is to be assessed: whether it can be, what it is worth, which measures are for it. */
#include <stdio.h>

#include "base/text.h"
#include "customs/tariff/tariff_int.h"
#include "kernel/codelist.h"

#define LARGEST INT64_C(1000000000000000)

void assess_finding(struct assessment *work, enum assessment_rule rule, const char *member, const char *first,
		    const char *second)
{
	char place[64];

	snprintf(place, sizeof(place), "/lines/%zu%s", work->index, member);
	finding_add(work->findings, &tariff_assessment_rules[rule], place, first, second);
}

static bool above_zero(struct decimal a)
{
	return decimal_given(a) && decimal_compare(a, decimal_of(0)) > 0;
}

static bool too_large(struct decimal a)
{
	return !decimal_given(a) || decimal_compare(a, decimal_of(LARGEST)) > 0;
}

/* --- Form --- */

static bool check_quantities(struct assessment *work)
{
	const struct tariff_line *line = work->line;
	char member[40], most[8];
	bool right = true;

	work->facts.quantities_count = 0;
	if (line->quantities_count > QUANTITIES_MAX) {
		snprintf(most, sizeof(most), "%d", QUANTITIES_MAX);
		assess_finding(work, LINE_QUANTITIES, "/quantities", most, NULL);
		return false;
	}
	for (size_t i = 0; i < line->quantities_count; i++) {
		const struct tariff_quantity *from = &line->quantities[i];
		const struct tariff_unit *unit = tariff_unit_find(from->unit);
		struct quantity *to = &work->quantities[i];
		if (!above_zero(from->value) || too_large(from->value)) {
			snprintf(member, sizeof(member), "/quantities/%zu/value", i);
			assess_finding(work, LINE_QUANTITY, member, NULL, NULL);
			right = false;
		}
		if (!unit) {
			snprintf(member, sizeof(member), "/quantities/%zu/unit", i);
			assess_finding(work, LINE_UNIT, member, from->unit ? from->unit : "", NULL);
			right = false;
			continue;
		}
		*to = (struct quantity){ .unit = unit->code, .dimension = unit->dimension, .value = from->value };
		right &= decimal_parse(unit->factor, &to->factor);
		work->facts.quantities_count = i + 1;
	}
	return right;
}

static bool check_costs(struct assessment *work)
{
	const struct {
		struct decimal amount;
		const char *member;
	} costs[] = { { work->line->freight, "/freight" }, { work->line->insurance, "/insurance" } };
	bool right = true;

	for (size_t i = 0; i < COUNT(costs); i++)
		if (decimal_given(costs[i].amount) && decimal_compare(costs[i].amount, decimal_of(0)) < 0) {
			assess_finding(work, LINE_COST_NEGATIVE, costs[i].member, NULL, NULL);
			right = false;
		}
	return right;
}

static bool check_value(struct assessment *work)
{
	const struct tariff_line *line = work->line;
	bool right = check_costs(work);
	char text[DECIMAL_SIZE], day[DATE_SIZE];

	if (!above_zero(line->value)) {
		assess_finding(work, LINE_VALUE, "/value", NULL, NULL);
		right = false;
	} else if (too_large(line->value)) {
		assess_finding(work, LINE_VALUE_LARGE, "/value", decimal_format(line->value, text), NULL);
		right = false;
	}
	if (!line->currency || !codelist_name("ISO4217", line->currency)) {
		assess_finding(work, LINE_CURRENCY, "/currency", line->currency ? line->currency : "", NULL);
		right = false;
	} else if (!tariff_exchange_known(&work->facts, line->currency)) {
		assess_finding(work, LINE_NO_RATE, "/currency", line->currency, date_format(work->request->day, day));
		right = false;
	}
	if (!line->basis || !word_among("FOB CFR CIF", line->basis)) {
		assess_finding(work, LINE_BASIS, "/basis", line->basis ? line->basis : "", NULL);
		right = false;
	}
	return right;
}

/* The measures of the code and of what it begins with. */
static void find_spans(struct assessment *work)
{
	const struct tariff_snapshot *snapshot = work->snapshot;

	work->spans_count = 0;
	for (size_t digits = strlen(work->line->code) + 1; digits-- > 0;) {
		const struct span *span = NULL;
		if (snapshot->lengths >> digits & 1)
			span = tariff_span(snapshot, tariff_code_key(work->line->code, digits));
		if (span)
			work->spans[work->spans_count++] = span;
	}
}

static bool check_code(struct assessment *work)
{
	const struct tariff_snapshot *snapshot = work->snapshot;
	const char *code = work->line->code;
	bool listed = snapshot->kinds_loaded >> tariff_kind_index(tariff_kind_find("mfn")) & 1;

	work->spans_count = 0;
	if (!tariff_code_possible(code)) {
		assess_finding(work, LINE_CODE, "/code", code ? code : "", NULL);
		return false;
	}
	find_spans(work);
	/* What is for all goods makes no code one of the tariff. */
	if (listed && (work->spans_count == 0 || (work->spans[0]->key & 15) == 1)) {
		assess_finding(work, LINE_CODE_UNKNOWN, "/code", code, snapshot->state->state);
		return false;
	}
	return true;
}

bool assess_check(struct assessment *work)
{
	const struct tariff_line *line = work->line;
	bool right = check_code(work);

	right &= check_value(work);
	right &= check_quantities(work);
	if (!line->origin || !codelist_name("ISO3166", line->origin)) {
		assess_finding(work, LINE_ORIGIN, "/origin", line->origin ? line->origin : "", NULL);
		right = false;
	}
	if (decimal_given(line->strength) && (decimal_compare(line->strength, decimal_of(0)) < 0 ||
					      decimal_compare(line->strength, decimal_of(100)) > 0)) {
		assess_finding(work, LINE_STRENGTH, "/strength", NULL, NULL);
		right = false;
	}
	work->facts.strength = line->strength;
	return right;
}

/* --- Value --- */

static struct decimal traced(struct assessment *work, enum tariff_step_kind kind, const char *what, struct decimal left,
			     struct decimal right, struct decimal result)
{
	if (work->facts.steps)
		tariff_step_add(work->facts.steps,
				&(struct tariff_step){
					.kind = kind, .what = what, .left = left, .right = right, .result = result });
	return result;
}

/* A declared cost, or what the state takes for it: PERCENT of BASE. */
static struct decimal cost(struct assessment *work, const char *what, struct decimal declared, struct decimal base,
			   struct decimal of_base)
{
	if (decimal_given(declared))
		return declared;
	if (!decimal_given(of_base)) {
		assess_finding(work, LINE_COSTS_MISSING, "", work->line->basis, what);
		return decimal_none();
	}
	return traced(work, TARIFF_STEP_PERCENT, what, base, of_base, decimal_shift(decimal_mul(base, of_base), -2));
}

static struct decimal to_cif(struct assessment *work)
{
	const struct tariff_line *line = work->line;
	const struct tariff_state *state = work->snapshot->state;
	struct decimal value = line->value;

	if (same(line->basis, "FOB")) {
		struct decimal freight = cost(work, "freight", line->freight, value, state->freight_percent);
		value = traced(work, TARIFF_STEP_ADD, "value with freight", value, freight,
			       decimal_add(value, freight));
	}
	if (!same(line->basis, "CIF") && decimal_given(value)) {
		struct decimal insurance = cost(work, "insurance", line->insurance, value, state->insurance_percent);
		value = traced(work, TARIFF_STEP_ADD, "CIF value", value, insurance, decimal_add(value, insurance));
	}
	return value;
}

/* STRICT: with a finding if a cost that is in the value is not known. */
static struct decimal to_fob(struct assessment *work, bool strict)
{
	const struct tariff_line *line = work->line;
	const struct {
		const char *what;
		struct decimal amount;
		bool in;
	} costs[] = { { "freight", line->freight, !same(line->basis, "FOB") },
		      { "insurance", line->insurance, same(line->basis, "CIF") } };
	struct decimal value = line->value;

	for (size_t i = 0; i < COUNT(costs); i++) {
		if (!costs[i].in)
			continue;
		if (decimal_given(costs[i].amount))
			value = strict ? traced(work, TARIFF_STEP_SUBTRACT, costs[i].what, value, costs[i].amount,
						decimal_sub(value, costs[i].amount))
				       : decimal_sub(value, costs[i].amount);
		else if (strict)
			value = cost(work, costs[i].what, costs[i].amount, value, decimal_none());
		if (!decimal_given(value))
			break;
	}
	return value;
}

struct decimal assess_value(struct assessment *work, struct decimal *fob)
{
	const struct tariff_state *state = work->snapshot->state;
	const struct tariff_line *line = work->line;

	work->facts.what = "customs value";
	work->facts.law = NULL;
	bool by_fob = work->request->exports || same(state->basis, "FOB");
	struct decimal declared = by_fob ? to_fob(work, true) : to_cif(work);
	if (!decimal_given(declared))
		return declared; /* the finding is there */
	struct decimal value = tariff_exchanged(&work->facts, declared, line->currency);
	if (!by_fob && decimal_given(state->landing_percent))
		value = traced(work, TARIFF_STEP_ADD, "value with landing", value, state->landing_percent,
			       decimal_add(value, decimal_shift(decimal_mul(value, state->landing_percent), -2)));
	value = assess_round(work, STAGE_VALUE, "customs value", value);
	if (too_large(value) || !above_zero(value)) {
		char text[DECIMAL_SIZE];
		assess_finding(work, too_large(value) ? LINE_VALUE_LARGE : LINE_VALUE, "/value",
			       decimal_format(line->value, text), NULL);
		return decimal_none();
	}
	if (fob) {
		struct steps *steps = work->facts.steps;
		work->facts.steps = NULL;
		*fob = tariff_exchanged(&work->facts, to_fob(work, false), line->currency);
		work->facts.steps = steps;
	}
	return value;
}

/* --- Measures --- */

static bool in_range(const struct assessment *work, const struct conditions *conditions)
{
	if (!conditions->unit)
		return true;
	for (size_t i = 0; i < work->facts.quantities_count; i++) {
		const struct quantity *quantity = &work->quantities[i];
		if (!same(quantity->dimension, conditions->unit->dimension))
			continue;
		struct decimal amount = decimal_mul(quantity->value, quantity->factor);
		struct decimal least = decimal_mul(conditions->at_least, conditions->factor);
		struct decimal most = decimal_mul(conditions->at_most, conditions->factor);
		return (!decimal_given(least) || decimal_compare(amount, least) >= 0) &&
		       (!decimal_given(most) || decimal_compare(amount, most) <= 0);
	}
	return false;
}

bool tariff_measure_applies(const struct assessment *work, const struct measure *measure)
{
	const struct conditions *conditions = measure->conditions;
	date day = work->request->day;

	if (day < measure->from || day > measure->until || !tariff_area_has(measure->area, work->line->origin))
		return false;
	return !conditions || ((!conditions->exporter || same(conditions->exporter, work->line->exporter)) &&
			       in_range(work, conditions));
}

static bool use_fits(const struct assessment *work, const struct measure *measure)
{
	const char *use = measure->conditions ? measure->conditions->end_use : NULL;

	return !use || same(use, work->line->end_use);
}

bool tariff_measure_held(const struct assessment *work, const struct measure *measure)
{
	const struct conditions *conditions = measure->conditions;
	const char *needed = conditions ? conditions->documents : NULL;
	char code[64];
	struct bytes word;

	if (!use_fits(work, measure))
		return false;
	while (needed && word_next(&needed, &word)) {
		snprintf(code, sizeof(code), "%.*s", (int)(word.size < sizeof(code) ? word.size : 0),
			 (const char *)word.data);
		if (!work->line->documents || !word_among(work->line->documents, code))
			return false;
	}
	return true;
}

const struct measure *tariff_measure_pick(const struct assessment *work, const struct tariff_kind *kind,
					  const struct tariff_agreement *agreement, bool held)
{
	for (size_t i = 0; i < work->spans_count; i++) {
		const struct span *span = work->spans[i];
		for (size_t j = 0; j < span->count; j++) {
			const struct measure *measure = &work->snapshot->measures[span->first + j];
			if (measure->kind == kind && measure->agreement == agreement &&
			    tariff_measure_applies(work, measure) &&
			    (held ? tariff_measure_held(work, measure) : use_fits(work, measure)))
				return measure;
		}
	}
	return NULL;
}
