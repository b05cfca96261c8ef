/* The charges of one option: the duty, what is added to it, and the taxes in the order of the state. */
#include "base/text.h"
#include "customs/tariff/tariff_int.h"

struct decimal assess_round(struct assessment *work, enum stage stage, const char *what, struct decimal amount)
{
	const struct rounding *rounding = &work->snapshot->rounding[stage];

	if (!decimal_given(rounding->unit) || !decimal_given(amount))
		return amount;
	struct decimal rounded = decimal_round_to(amount, rounding->unit, rounding->mode);
	if (work->request->trace)
		tariff_step_add(&work->steps, &(struct tariff_step){ .kind = TARIFF_STEP_ROUND,
								     .what = what,
								     .left = amount,
								     .right = rounding->unit,
								     .result = rounded,
								     .unit = rounding->mode_text });
	return rounded;
}

/* One finding about WHAT (a unit, a currency, a kind), however many options come to it. */
static void say_once(struct assessment *work, enum assessment_rule rule, const char *what, const char *member,
		     const char *first, const char *second)
{
	for (size_t i = 0; i < work->said_count; i++)
		if (same(work->said[i], what))
			return;
	if (work->said_count < COUNT(work->said))
		work->said[work->said_count++] = what;
	assess_finding(work, rule, member, first, second);
}

static bool dutiable(const struct tariff_option *option)
{
	for (size_t i = 0; i < option->charges_count; i++)
		if (decimal_given(option->charges[i].amount) &&
		    decimal_compare(option->charges[i].amount, decimal_of(0)) > 0)
			return true;
	return false;
}

static bool relieved(const struct assessment *work, const struct tariff_option *option, const struct tariff_kind *kind)
{
	return (work->relieved >> tariff_kind_index(kind) & 1) && !(work->relief->undutiable && dutiable(option));
}

static void relieve(struct assessment *work, struct tariff_charge *charge)
{
	const struct tariff_relief_row *relief = work->relief;

	charge->exact = charge->amount = decimal_of(0);
	charge->note = relief->source;
	if (work->request->trace)
		tariff_step_add(&work->steps, &(struct tariff_step){ .kind = TARIFF_STEP_RELIEF,
								     .what = charge->title,
								     .left = charge->base,
								     .right = relief->at_most,
								     .result = charge->amount,
								     .unit = relief->currency });
}

/* Works CHARGE out by DUTY. */
static void calculate(struct assessment *work, const struct tariff_option *option, struct tariff_charge *charge,
		      const struct tariff_duty *duty)
{
	char day[DATE_SIZE];

	charge->duty = duty->text;
	if (relieved(work, option, charge->kind)) {
		relieve(work, charge);
		return;
	}
	work->facts.base = charge->base;
	work->facts.what = charge->title;
	work->facts.law = charge->law;
	work->facts.missing_unit = work->facts.missing_currency = NULL;
	charge->exact = tariff_duty_amount(duty, &work->facts);
	if (work->facts.missing_unit)
		say_once(work, LINE_QUANTITY_MISSING, work->facts.missing_unit, "/quantities", work->facts.missing_unit,
			 duty->text);
	if (work->facts.missing_currency)
		say_once(work, LINE_NO_RATE, work->facts.missing_currency, "", work->facts.missing_currency,
			 date_format(work->request->day, day));
	if (!decimal_given(charge->exact)) {
		if (!work->facts.missing_unit && !work->facts.missing_currency)
			say_once(work, LINE_VALUE_LARGE, duty->text, "", duty->text, NULL);
		charge->standing = TARIFF_INCOMPLETE;
		return;
	}
	charge->amount = assess_round(work, STAGE_LEVY, charge->title, charge->exact);
}

static struct tariff_charge *charge_new(struct assessment *work, struct tariff_option *option,
					const struct tariff_kind *kind, const char *title)
{
	if (work->charges_count == TARIFF_CHARGES_MAX) {
		say_once(work, LINE_MANY_OPTIONS, "charges", "", work->line->code, NULL);
		option->standing = TARIFF_INCOMPLETE;
		return NULL;
	}
	struct tariff_charge *charge = &work->charges[work->charges_count++];
	option->charges_count++;
	*charge = (struct tariff_charge){
		.kind = kind, .title = title, .base = work->value, .exact = decimal_none(), .amount = decimal_none()
	};
	return charge;
}

/* A charge by MEASURE; an option with one that nobody can work out has no amount. */
static void charge_by(struct assessment *work, struct tariff_option *option, struct tariff_charge *charge,
		      const struct measure *measure)
{
	charge->law = measure->law;
	charge->note = measure->note;
	if (measure->contradicted) {
		charge->standing = TARIFF_QUARANTINED;
		say_once(work, LINE_QUARANTINED, measure->kind->name, "/code", work->line->code, measure->kind->name);
	} else if (!measure->duty) {
		charge->standing = TARIFF_IN_WORDS;
		option->open = true;
		return;
	} else {
		calculate(work, option, charge, measure->duty);
	}
	if (charge->standing != TARIFF_CALCULATED)
		option->standing = charge->standing;
}

static void charge_tax(struct assessment *work, struct tariff_option *option, const struct state_tax *tax)
{
	const struct measure *measure = tariff_measure_pick(work, tax->kind, NULL, true);
	bool loaded = work->snapshot->kinds_loaded >> tariff_kind_index(tax->kind) & 1;
	struct decimal base = tax->value ? work->value : decimal_of(0);

	if (!measure && loaded)
		return; /* the schedule has this tax, and not for these goods */
	for (size_t i = 0; i < option->charges_count; i++) {
		const struct tariff_charge *before = &option->charges[i];
		bool counts = before->kind->group == TARIFF_TAX ? tax->kinds >> tariff_kind_index(before->kind) & 1
								: tax->duties;
		if (counts && decimal_given(before->amount))
			base = decimal_add(base, before->amount);
	}
	struct tariff_charge *charge = charge_new(work, option, tax->kind, tax->row->title);
	if (!charge)
		return;
	charge->base = base;
	if (measure) {
		charge_by(work, option, charge, measure);
	} else if (tax->duty) {
		charge->law = tax->row->law ? tax->row->law : tax->row->source;
		calculate(work, option, charge, tax->duty);
		if (charge->standing != TARIFF_CALCULATED)
			option->standing = charge->standing;
	} else {
		charge->standing = TARIFF_NO_SCHEDULE;
		option->open = true;
	}
}

static bool tax_counts(const struct tariff_tax_row *row, date day)
{
	return (row->from == DATE_NONE || row->from <= day) && (row->until == DATE_NONE || day <= row->until);
}

static void add_up(struct assessment *work, struct tariff_option *option)
{
	option->duty = option->payable = decimal_of(0);
	for (size_t i = 0; i < option->charges_count; i++) {
		const struct tariff_charge *charge = &option->charges[i];
		if (!decimal_given(charge->amount))
			continue;
		option->payable = decimal_add(option->payable, charge->amount);
		if (charge->kind->group != TARIFF_TAX)
			option->duty = decimal_add(option->duty, charge->amount);
	}
	option->payable = assess_round(work, STAGE_LINE, "line", option->payable);
	if (!decimal_given(option->payable) && option->standing == TARIFF_CALCULATED) {
		option->standing = TARIFF_INCOMPLETE;
		say_once(work, LINE_VALUE_LARGE, "the sum", "", "the sum", NULL);
	}
}

void tariff_option_charge(struct assessment *work, struct tariff_option *option, const struct measure *measure)
{
	const struct tariff_kind *kind;

	option->charges = &work->charges[work->charges_count];
	option->first_step = work->steps.count;
	struct tariff_charge *duty = charge_new(work, option, measure->kind, measure->kind->title);
	if (!duty)
		return;
	charge_by(work, option, duty, measure);
	if (duty->standing == TARIFF_IN_WORDS)
		option->standing = TARIFF_IN_WORDS;
	/* Trade remedies are paid whatever preference there is: the agreements keep the rights of the WTO (ATIGA 86,
	 * 87). */
	for (size_t i = 0; !work->request->exports && (kind = tariff_kind_at(i)); i++) {
		const struct measure *added =
			kind->group == TARIFF_ADDED ? tariff_measure_pick(work, kind, NULL, true) : NULL;
		struct tariff_charge *charge = added ? charge_new(work, option, kind, kind->title) : NULL;
		if (charge)
			charge_by(work, option, charge, added);
	}
	for (size_t i = 0; !work->request->exports && i < work->snapshot->taxes_count; i++)
		if (tax_counts(work->snapshot->taxes[i].row, work->request->day))
			charge_tax(work, option, &work->snapshot->taxes[i]);
	add_up(work, option);
	option->steps_count = work->steps.count - option->first_step;
}
