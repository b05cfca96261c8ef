/* The assessment: every option of every line, side by side. */
#include <stdio.h>

#include "base/text.h"
#include "customs/tariff/tariff_int.h"

static const struct measure *measure_at(const struct assessment *work, const struct span *span, size_t index)
{
	return &work->snapshot->measures[span->first + index];
}

static bool holds_any(const struct assessment *work, const struct tariff_agreement *agreement)
{
	for (size_t i = 0; i < agreement->proofs_count; i++)
		if (work->line->documents && word_among(work->line->documents, agreement->proofs[i].code))
			return true;
	return false;
}

static struct tariff_option *option_new(struct assessment *work, const char *kind)
{
	if (work->options_count == TARIFF_OPTIONS_MAX) {
		assess_finding(work, LINE_MANY_OPTIONS, "", work->line->code, NULL);
		return NULL;
	}
	struct tariff_option *option = &work->options[work->options_count++];
	*option = (struct tariff_option){ .kind = kind, .duty = decimal_none(), .payable = decimal_none() };
	return option;
}

/* Fills OPTION from the MEASURE that its schedule has for the goods. */
static void option_by(struct assessment *work, struct tariff_option *option, const struct measure *measure)
{
	bool excluded = measure->duty && measure->duty->nodes->kind == DUTY_EXCLUDED;

	option->documents = measure->conditions ? measure->conditions->documents : NULL;
	option->standing = excluded && !measure->contradicted ? TARIFF_EXCLUDED : TARIFF_CALCULATED;
	if (option->standing == TARIFF_CALCULATED)
		tariff_option_charge(work, option, measure);
}

/* The one measure of a kind for everybody, or of an agreement. */
static void add_scheduled(struct assessment *work, const struct tariff_kind *kind,
			  const struct tariff_agreement *agreement, bool loaded)
{
	struct tariff_option *option = option_new(work, kind->name);
	const struct measure *measure = loaded && option ? tariff_measure_pick(work, kind, agreement, true) : NULL;

	if (!option)
		return;
	option->held = true;
	if (agreement) {
		option->agreement = agreement->code;
		option->proofs = agreement->proofs;
		option->proofs_count = agreement->proofs_count;
		option->held = holds_any(work, agreement);
	}
	/* What only lacks a document is an option all the same, and says so. */
	if (!measure && loaded) {
		measure = tariff_measure_pick(work, kind, agreement, false);
		option->held &= !measure;
	}
	if (measure)
		option_by(work, option, measure);
	else
		option->standing = loaded ? TARIFF_NOT_LISTED : TARIFF_NO_SCHEDULE;
}

/* Whether a measure for fewer goods than SPAN's is for the same quota or use. */
static bool narrowed(const struct assessment *work, size_t spans, const struct measure *measure)
{
	for (size_t i = 0; i < spans; i++)
		for (size_t j = 0; j < work->spans[i]->count; j++) {
			const struct measure *other = measure_at(work, work->spans[i], j);
			const struct conditions *a = measure->conditions, *b = other->conditions;
			if (other->kind == measure->kind && tariff_measure_applies(work, other) &&
			    same(a ? a->quota : NULL, b ? b->quota : NULL) &&
			    same(a ? a->end_use : NULL, b ? b->end_use : NULL))
				return true;
		}
	return false;
}

/* Duties that some may have: inside and outside a quota, for an end use. Each is an option of its own. */
static void add_special(struct assessment *work)
{
	static const char *const kinds = "quota-in quota-out end-use";

	for (size_t i = 0; i < work->spans_count; i++)
		for (size_t j = 0; j < work->spans[i]->count; j++) {
			const struct measure *measure = measure_at(work, work->spans[i], j);
			if (!word_among(kinds, measure->kind->name) || !tariff_measure_applies(work, measure) ||
			    narrowed(work, i, measure))
				continue;
			struct tariff_option *option = option_new(work, measure->kind->name);
			if (!option)
				return;
			const struct conditions *conditions = measure->conditions;
			option->detail =
				conditions ? (conditions->quota ? conditions->quota : conditions->end_use) : NULL;
			option->held = tariff_measure_held(work, measure);
			option_by(work, option, measure);
		}
}

static void add_controls(struct assessment *work)
{
	for (size_t i = 0; i < work->spans_count; i++)
		for (size_t j = 0; j < work->spans[i]->count; j++) {
			const struct measure *measure = measure_at(work, work->spans[i], j);
			if (measure->kind->group != TARIFF_CONTROL ||
			    measure->kind->exports != work->request->exports || !tariff_measure_applies(work, measure))
				continue;
			if (work->controls_count == TARIFF_CONTROLS_MAX) {
				assess_finding(work, LINE_MANY_OPTIONS, "", work->line->code, NULL);
				return;
			}
			const char *documents = measure->conditions ? measure->conditions->documents : NULL;
			work->controls[work->controls_count++] = (struct tariff_control){
				.kind = measure->kind,
				.agency = measure->agency,
				.documents = documents,
				.note = measure->note,
				.law = measure->law,
				.held = documents && tariff_measure_held(work, measure),
			};
		}
}

static void add_options(struct assessment *work)
{
	const struct tariff_snapshot *snapshot = work->snapshot;
	const struct tariff_request *request = work->request;
	bool out = request->exports;
	const struct tariff_kind *general = tariff_kind_find(out ? "export" : "mfn");
	const struct tariff_kind *preferential = tariff_kind_find(out ? "export-preference" : "preference");
	uint32_t loaded = out ? snapshot->agreements_outgoing : snapshot->agreements_loaded;

	work->options_count = work->charges_count = work->controls_count = 0;
	add_scheduled(work, general, NULL, snapshot->kinds_loaded >> tariff_kind_index(general) & 1);
	for (size_t i = 0; i < snapshot->reference->agreements_count; i++) {
		const struct tariff_agreement *agreement = &snapshot->reference->agreements[i];
		if (tariff_agreement_between(agreement, work->line->origin, snapshot->state->state, request->day))
			add_scheduled(work, preferential, agreement, loaded >> i & 1);
	}
	if (!out)
		add_special(work);
	add_controls(work);
}

/* NULL: none is calculated. */
static const struct tariff_option *mark(struct assessment *work)
{
	struct tariff_option *lowest = NULL;
	const struct tariff_option *general = &work->options[0];

	for (size_t i = 0; i < work->options_count; i++) {
		struct tariff_option *option = &work->options[i];
		if (option->standing != TARIFF_CALCULATED)
			continue;
		if (!lowest || decimal_compare(option->payable, lowest->payable) < 0)
			lowest = option;
		option->dearer = option->agreement && general->standing == TARIFF_CALCULATED &&
				 decimal_compare(option->payable, general->payable) > 0;
	}
	if (lowest)
		lowest->lowest = true;
	return lowest;
}

static void begin_line(struct assessment *work, size_t index)
{
	work->index = index;
	work->line = &work->request->lines[index];
	work->steps.count = 0;
	work->said_count = 0;
}

static enum err_code assess_line(struct assessment *work, tariff_take_fn *take, void *arg, struct tariff_total *total,
				 struct err *err)
{
	work->facts.steps = work->request->trace ? &work->steps : NULL;
	work->value = assess_value(work, NULL);
	if (!decimal_given(work->value))
		return OK;
	add_options(work);
	const struct tariff_option *lowest = work->options_count ? mark(work) : NULL;
	const struct tariff_result result = {
		.line = work->index,
		.value = work->value,
		.currency = work->snapshot->state->currency,
		.options = work->options,
		.options_count = work->options_count,
		.controls = work->controls,
		.controls_count = work->controls_count,
		.steps = work->steps.items,
		.steps_count = work->steps.count,
	};
	total->lines++;
	total->value = decimal_add(total->value, work->value);
	if (lowest)
		total->payable = decimal_add(total->payable, lowest->payable);
	total->open |= !lowest || lowest->open;
	return take(arg, &result, err);
}

/* --- All lines together --- */

static bool check_request(struct assessment *work)
{
	const struct tariff_snapshot *snapshot = work->snapshot;
	const struct tariff_request *request = work->request;
	char days[2 * DATE_SIZE + 8], from[DATE_SIZE], until[DATE_SIZE], day[DATE_SIZE];
	bool right = true;

	if (!same(request->destination, snapshot->state->state)) {
		finding_add(work->findings, &tariff_assessment_rules[REQUEST_STATE], "/destination",
			    snapshot->state->state, NULL);
		right = false;
	}
	if (request->day < snapshot->from || request->day > snapshot->until) {
		snprintf(days, sizeof(days), "%s to %s", date_format(snapshot->from, from),
			 date_format(snapshot->until, until));
		finding_add(work->findings, &tariff_assessment_rules[REQUEST_DAY], "/day", days,
			    date_format(request->day, day));
		right = false;
	}
	return right;
}

static void relieve_kinds(struct assessment *work, const struct tariff_relief_row *relief)
{
	const struct tariff_kind *kind;

	work->relief = relief;
	for (size_t i = 0; (kind = tariff_kind_at(i)); i++) {
		bool group = (kind->group == TARIFF_DUTY && word_among(relief->relieves, "duty")) ||
			     (kind->group == TARIFF_ADDED && word_among(relief->relieves, "added")) ||
			     (kind->group == TARIFF_TAX && word_among(relief->relieves, "tax"));
		if (group || word_among(relief->relieves, kind->name))
			work->relieved |= UINT32_C(1) << i;
	}
}

/* Consignments of low value are freed of some charges: what they are worth together decides. */
static void relieve(struct assessment *work, struct decimal cif, struct decimal fob)
{
	const struct tariff_state *state = work->snapshot->state;
	date day = work->request->day;

	for (size_t i = 0; i < state->relief_count; i++) {
		const struct tariff_relief_row *relief = &state->relief[i];
		if ((relief->from != DATE_NONE && day < relief->from) ||
		    (relief->until != DATE_NONE && day > relief->until))
			continue;
		struct decimal most = tariff_exchanged(&work->facts, relief->at_most, relief->currency);
		struct decimal value = same(relief->basis, "FOB") ? fob : cif;
		if (decimal_given(most) && decimal_given(value) && decimal_compare(value, most) <= 0)
			relieve_kinds(work, relief);
	}
}

/* Looks at every line before the first is assessed. RIGHT has a flag for each. */
static void look(struct assessment *work, bool *right)
{
	struct decimal cif = decimal_of(0), fob = decimal_of(0);
	bool sums = work->snapshot->state->relief_count > 0 && !work->request->exports;
	bool known = true;

	for (size_t i = 0; i < work->request->lines_count; i++) {
		struct decimal line_fob = decimal_none();
		begin_line(work, i);
		right[i] = assess_check(work);
		known &= right[i];
		if (!right[i] || !sums)
			continue;
		struct decimal value = assess_value(work, &line_fob);
		cif = decimal_add(cif, value);
		fob = decimal_add(fob, line_fob);
		right[i] = decimal_given(value);
		known &= right[i];
	}
	if (sums && known)
		relieve(work, cif, fob);
}

enum err_code tariff_assess(struct arena *arena, const struct tariff_snapshot *snapshot,
			    const struct tariff_request *request, tariff_take_fn *take, void *arg,
			    struct tariff_total *total, struct findings *findings, struct err *err)
{
	struct assessment *work = arena_alloc(arena, sizeof(*work));
	bool *right = arena_array(arena, request->lines_count, sizeof(*right));
	struct tariff_step *steps = request->trace ? arena_array(arena, TARIFF_STEPS_MAX, sizeof(*steps)) : NULL;
	struct tariff_total sum = { .value = decimal_of(0), .payable = decimal_of(0) };

	if (!work || !right || (request->trace && !steps))
		return fail(err, ERR_MEMORY, "no memory left for an assessment");
	/* Member by member: the arena's memory is zero, and there is much of it. */
	work->snapshot = snapshot;
	work->request = request;
	work->findings = findings;
	work->steps.items = steps;
	work->facts = (struct duty_facts){
		.snapshot = snapshot, .day = request->day, .quantities = work->quantities, .strength = decimal_none()
	};
	if (!check_request(work))
		return OK;
	look(work, right);
	for (size_t i = 0; i < request->lines_count; i++) {
		if (!right[i])
			continue;
		begin_line(work, i);
		if (request->lines_count > 1 && !assess_check(work))
			continue;
		TRY(assess_line(work, take, arg, &sum, err));
	}
	work->steps.count = 0;
	sum.payable = assess_round(work, STAGE_TOTAL, "total", sum.payable);
	if (!money_of(sum.payable, snapshot->state->currency, &sum.money) && sum.lines > 0)
		finding_add(findings, &tariff_assessment_rules[LINE_VALUE_LARGE], "/lines", "the sum", NULL);
	*total = sum;
	return OK;
}
