/* What a duty comes to: rates over a base, quantities in their units, currencies at the rate of the day. Exact, until
 * the state's rule rounds. */
#include "customs/tariff/tariff_int.h"

void tariff_step_add(struct steps *steps, const struct tariff_step *step)
{
	if (steps && steps->count < TARIFF_STEPS_MAX)
		steps->items[steps->count++] = *step;
}

static void step(const struct duty_facts *facts, enum tariff_step_kind kind, struct decimal left, struct decimal right,
		 struct decimal result, const char *unit, const char *into)
{
	if (facts->steps)
		tariff_step_add(facts->steps, &(struct tariff_step){ .kind = kind,
								     .what = facts->what,
								     .left = left,
								     .right = right,
								     .result = result,
								     .unit = unit,
								     .into = into,
								     .law = facts->law });
}

/* By halves: the table is sorted by currency. */
static const struct tariff_exchange *rate_on(const struct tariff_snapshot *snapshot, const char *currency, date day)
{
	size_t low = 0, high = snapshot->exchange_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(snapshot->exchange[middle].currency, currency) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < snapshot->exchange_count && same(snapshot->exchange[low].currency, currency); low++) {
		const struct tariff_exchange *rate = &snapshot->exchange[low];
		if ((rate->from == DATE_NONE || rate->from <= day) && (rate->until == DATE_NONE || day <= rate->until))
			return rate;
	}
	return NULL;
}

bool tariff_exchange_known(const struct duty_facts *facts, const char *currency)
{
	return same(currency, facts->snapshot->state->currency) || rate_on(facts->snapshot, currency, facts->day);
}

/* AMOUNT divided by BELOW, which comes last: a quotient that does not end would be rounded before it is multiplied. */
static struct decimal exchange_part(const struct duty_facts *facts, struct decimal above, const struct decimal *below,
				    const char *currency)
{
	const struct tariff_exchange *rate = NULL;
	struct decimal result = above;

	if (!same(currency, facts->snapshot->state->currency)) {
		rate = rate_on(facts->snapshot, currency, facts->day);
		if (!rate)
			return decimal_none();
		result = decimal_mul(above, rate->rate);
	}
	if (below)
		result = decimal_div(result, *below);
	if (rate && facts->steps)
		step(facts, TARIFF_STEP_EXCHANGE, below ? decimal_div(above, *below) : above, rate->rate, result,
		     currency, NULL);
	return result;
}

struct decimal tariff_exchanged(const struct duty_facts *facts, struct decimal amount, const char *currency)
{
	return exchange_part(facts, amount, NULL, currency);
}

/* A quantity of one unit in terms of another: above it and below it, so that division comes last. */
struct measured {
	struct decimal above, below;
};

static const struct quantity *quantity_in(const struct duty_facts *facts, const char *unit, const char *dimension)
{
	const struct quantity *found = NULL;

	for (size_t i = 0; i < facts->quantities_count; i++) {
		if (same(facts->quantities[i].unit, unit))
			return &facts->quantities[i];
		if (!found && same(facts->quantities[i].dimension, dimension))
			found = &facts->quantities[i];
	}
	return found;
}

/* Litres of pure alcohol are the volume at its strength, where nobody has declared them (the strength itself is ASV).
 */
static bool measure_alcohol(const struct duty_facts *facts, const struct tariff_unit *unit, struct measured *measured)
{
	if (same(unit->code, "ASV") && decimal_given(facts->strength)) {
		*measured = (struct measured){ facts->strength, decimal_of(1) };
		return true;
	}
	const struct quantity *volume = same(unit->code, "LPA") ? quantity_in(facts, "LTR", "volume") : NULL;
	if (!volume || !decimal_given(facts->strength))
		return false;
	/* The unit of volume is the cubic metre. */
	struct decimal litres = decimal_shift(decimal_mul(volume->value, volume->factor), 3);
	*measured = (struct measured){ decimal_shift(decimal_mul(litres, facts->strength), -2), decimal_of(1) };
	step(facts, TARIFF_STEP_CONTENT, litres, facts->strength, measured->above, "LTR", unit->code);
	return true;
}

static bool measure_units(const struct duty_facts *facts, const struct duty_node *node, size_t index,
			  struct measured *measured)
{
	const struct tariff_unit *unit = node->units[index];
	const struct quantity *found = quantity_in(facts, unit->code, unit->dimension);

	if (!found)
		return measure_alcohol(facts, unit, measured);
	*measured = (struct measured){ found->value, decimal_of(1) };
	if (same(found->unit, unit->code) || decimal_compare(found->factor, node->factors[index]) == 0)
		return true;
	*measured = (struct measured){ decimal_mul(found->value, found->factor), node->factors[index] };
	if (facts->steps)
		step(facts, TARIFF_STEP_QUANTITY, found->value, decimal_none(),
		     decimal_div(measured->above, measured->below), found->unit, unit->code);
	return true;
}

static struct decimal specific(const struct duty_node *node, struct duty_facts *facts)
{
	struct decimal above = node->number, below = decimal_of(1), quantity = decimal_of(1);
	bool divided = false;

	for (size_t i = 0; i < DUTY_UNITS && node->units[i]; i++) {
		struct measured measured;
		if (!measure_units(facts, node, i, &measured)) {
			if (!facts->missing_unit)
				facts->missing_unit = node->units[i]->code;
			return decimal_none();
		}
		above = decimal_mul(above, measured.above);
		if (decimal_compare(measured.below, decimal_of(1)) != 0) {
			below = decimal_mul(below, measured.below);
			divided = true;
		}
		if (facts->steps)
			quantity = decimal_mul(quantity, decimal_div(measured.above, measured.below));
	}
	if (facts->steps)
		step(facts, TARIFF_STEP_SPECIFIC, quantity, node->number, divided ? decimal_div(above, below) : above,
		     node->units[0]->code, node->currency);
	if (!facts->missing_currency && !tariff_exchange_known(facts, node->currency))
		facts->missing_currency = node->currency;
	return exchange_part(facts, above, divided ? &below : NULL, node->currency);
}

static struct decimal percent(const struct duty_node *node, const struct duty_facts *facts)
{
	struct decimal result = decimal_shift(decimal_mul(facts->base, node->number), -2);

	step(facts, TARIFF_STEP_PERCENT, facts->base, node->number, result, NULL, NULL);
	return result;
}

static struct decimal node_amount(const struct duty_node *nodes, const struct duty_node *node,
				  struct duty_facts *facts);

static struct decimal combine(const struct duty_node *nodes, const struct duty_node *node, struct duty_facts *facts)
{
	static const enum tariff_step_kind kinds[] = {
		[DUTY_SUM] = TARIFF_STEP_ADD,
		[DUTY_MAX] = TARIFF_STEP_MAX,
		[DUTY_MIN] = TARIFF_STEP_MIN,
	};
	struct decimal result = node_amount(nodes, &nodes[node->first], facts);

	for (size_t at = nodes[node->first].next; at; at = nodes[at].next) {
		struct decimal left = result, right = node_amount(nodes, &nodes[at], facts);
		if (!decimal_given(left) || !decimal_given(right)) {
			result = decimal_none();
			continue;
		}
		int order = decimal_compare(right, left);
		if (node->kind == DUTY_SUM)
			result = decimal_add(left, right);
		else if (node->kind == DUTY_MAX ? order > 0 : order < 0)
			result = right;
		step(facts, kinds[node->kind], left, right, result, NULL, NULL);
	}
	return result;
}

static struct decimal node_amount(const struct duty_node *nodes, const struct duty_node *node, struct duty_facts *facts)
{
	switch (node->kind) {
	case DUTY_FREE:
		return decimal_of(0);
	case DUTY_EXCLUDED:
		return decimal_none();
	case DUTY_PERCENT:
		return percent(node, facts);
	case DUTY_SPECIFIC:
		return specific(node, facts);
	case DUTY_SUM:
	case DUTY_MAX:
	case DUTY_MIN:
		return combine(nodes, node, facts);
	}
	return decimal_none();
}

struct decimal tariff_duty_amount(const struct tariff_duty *duty, struct duty_facts *facts)
{
	return node_amount(duty->nodes, duty->nodes, facts);
}

/* --- What a step says --- */

void tariff_step_print(const struct tariff_step *one, struct buf *out)
{
	char left[DECIMAL_SIZE], right[DECIMAL_SIZE], result[DECIMAL_SIZE];

	decimal_format(decimal_trim(one->left), left);
	decimal_format(decimal_trim(one->right), right);
	decimal_format(decimal_trim(one->result), result);
	buf_printf(out, "%s: ", one->what);
	switch (one->kind) {
	case TARIFF_STEP_EXCHANGE:
		buf_printf(out, "%s %s × %s = %s", left, one->unit, right, result);
		break;
	case TARIFF_STEP_ADD:
		buf_printf(out, "%s + %s = %s", left, right, result);
		break;
	case TARIFF_STEP_SUBTRACT:
		buf_printf(out, "%s - %s = %s", left, right, result);
		break;
	case TARIFF_STEP_PERCENT:
		buf_printf(out, "%s × %s %% = %s", left, right, result);
		break;
	case TARIFF_STEP_QUANTITY:
		buf_printf(out, "%s %s = %s %s", left, one->unit, result, one->into);
		break;
	case TARIFF_STEP_CONTENT:
		buf_printf(out, "%s %s × %s %% = %s %s", left, one->unit, right, result, one->into);
		break;
	case TARIFF_STEP_SPECIFIC:
		buf_printf(out, "%s %s × %s %s = %s %s", left, one->unit, right, one->into, result, one->into);
		break;
	case TARIFF_STEP_MAX:
	case TARIFF_STEP_MIN:
		buf_printf(out, "the %s of %s and %s = %s", one->kind == TARIFF_STEP_MAX ? "greater" : "lesser", left,
			   right, result);
		break;
	case TARIFF_STEP_ROUND:
		buf_printf(out, "%s rounded %s to %s = %s", left, one->unit, right, result);
		break;
	case TARIFF_STEP_RELIEF:
		buf_printf(out, "%s relieved: the value of all is at most %s %s = %s", left, right, one->unit, result);
		break;
	}
	if (one->law)
		buf_printf(out, " (%s)", one->law);
}
