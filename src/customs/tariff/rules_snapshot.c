/* The tariff of a state in memory: built once, found by the longest prefix of a code, shared by count. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "customs/tariff/tariff_int.h"

enum {
	COMPARED_MOST = 256, /* measures of one kind that are compared with one another, so that no file costs a day */
	WORDS_FIRST = 1024,
	EXCHANGE_PLACES = 6, /* rates are for a million at the most */
};

/* A text that is kept once, with what was read of it. */
struct word {
	const char *text;
	const struct tariff_duty *duty;
	const struct area *area;
};
struct tariff_builder {
	struct tariff_snapshot *snapshot;
	struct word *words; /* a hash table on the heap */
	size_t words_mask, words_count;
	struct measure *measures; /* on the heap */
	size_t room;
	size_t exchange_room;
};

#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t text_hash(const char *text)
{
	uint64_t hash = FNV_BASIS;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * FNV_PRIME;
	return hash ^ hash >> 29;
}

static uint64_t key_hash(uint64_t key)
{
	key *= UINT64_C(0x9E3779B97F4A7C15);
	return key ^ key >> 32;
}

uint64_t tariff_code_key(const char *code, size_t digits)
{
	uint64_t key = 0;

	for (size_t i = 0; i < digits; i++)
		key |= (uint64_t)(code[i] - '0') << (56 - 4 * i);
	return key << 4 | (uint64_t)(digits + 1);
}

const struct span *tariff_span(const struct tariff_snapshot *snapshot, uint64_t key)
{
	for (size_t at = key_hash(key) & snapshot->spans_mask;; at = (at + 1) & snapshot->spans_mask) {
		const struct span *span = &snapshot->spans[at];
		if (span->key == key)
			return span;
		if (span->key == 0)
			return NULL;
	}
}

/* --- Building --- */

void tariff_build_drop(struct tariff_builder *builder)
{
	if (!builder)
		return;
	tariff_snapshot_release(builder->snapshot);
	free(builder->words);
	free(builder->measures);
	free(builder);
}

/* What the state's taxes are taken of, as sets. */
static bool state_taxes(struct tariff_snapshot *snapshot)
{
	const struct tariff_state *state = snapshot->state;
	struct findings *findings = findings_new(snapshot->arena);
	bool full = false;

	snapshot->taxes = arena_array(snapshot->arena, state->taxes_count, sizeof(*snapshot->taxes));
	if (!findings || !snapshot->taxes)
		return false;
	for (size_t i = 0; i < state->taxes_count && !full; i++) {
		const struct tariff_tax_row *row = &state->taxes[i];
		struct state_tax *tax = &snapshot->taxes[snapshot->taxes_count++];
		*tax = (struct state_tax){ .row = row, .kind = tariff_kind_find(row->kind) };
		tax->value = word_among(row->base, "value");
		tax->duties = word_among(row->base, "duty");
		for (size_t k = 0; tariff_kind_at(k); k++)
			if (word_among(row->base, tariff_kind_at(k)->name))
				tax->kinds |= UINT32_C(1) << k;
		if (row->duty)
			tax->duty = tariff_duty_parse(snapshot->arena, row->duty, "", findings, &full);
	}
	return !full;
}

static void state_rounding(struct tariff_snapshot *snapshot)
{
	static const char *const stages[] = {
		[STAGE_VALUE] = "value",
		[STAGE_LEVY] = "levy",
		[STAGE_LINE] = "line",
		[STAGE_TOTAL] = "total",
	};

	for (size_t i = 0; i < STAGES; i++)
		snapshot->rounding[i].unit = decimal_none();
	for (size_t i = 0; i < snapshot->state->rounding_count; i++) {
		const struct tariff_rounding_row *row = &snapshot->state->rounding[i];
		for (size_t stage = 0; stage < STAGES; stage++)
			if (same(stages[stage], row->stage) &&
			    tariff_rounding_of(row->mode, &snapshot->rounding[stage].mode)) {
				snapshot->rounding[stage].unit = row->unit;
				snapshot->rounding[stage].mode_text = row->mode;
			}
	}
}

enum err_code tariff_build(const struct tariff_reference *reference, const char *state, date from, date until,
			   struct tariff_builder **builder, struct err *err)
{
	const struct tariff_state *found = tariff_state_find(reference, state);

	if (!found)
		return fail(err, ERR_NOT_FOUND, "there is no state %s in data/tariff", state);
	struct tariff_builder *made = calloc(1, sizeof(*made));
	struct arena *arena = arena_new(TARIFF_SNAPSHOT_MAX);
	struct tariff_snapshot *snapshot = arena ? arena_alloc(arena, sizeof(*snapshot)) : NULL;
	struct word *words = calloc(WORDS_FIRST, sizeof(*words));
	if (!made || !snapshot || !words) {
		arena_free(arena);
		free(words);
		free(made);
		return fail(err, ERR_MEMORY, "no memory for a tariff");
	}
	*snapshot = (struct tariff_snapshot){
		.arena = arena, .reference = reference, .state = found, .from = from, .until = until
	};
	atomic_init(&snapshot->holders, 1);
	*made = (struct tariff_builder){ .snapshot = snapshot, .words = words, .words_mask = WORDS_FIRST - 1 };
	if (!state_taxes(snapshot)) {
		tariff_build_drop(made);
		return fail(err, ERR_MEMORY, "no memory for a tariff");
	}
	state_rounding(snapshot);
	*builder = made;
	return OK;
}

static struct word *word_place(struct word *words, size_t mask, const char *text)
{
	size_t at = text_hash(text) & mask;

	while (words[at].text && !same(words[at].text, text))
		at = (at + 1) & mask;
	return &words[at];
}

static bool words_grow(struct tariff_builder *builder)
{
	size_t mask = builder->words_mask * 2 + 1;
	struct word *words = calloc(mask + 1, sizeof(*words));

	if (!words)
		return false;
	for (size_t i = 0; i <= builder->words_mask; i++)
		if (builder->words[i].text)
			*word_place(words, mask, builder->words[i].text) = builder->words[i];
	free(builder->words);
	builder->words = words;
	builder->words_mask = mask;
	return true;
}

/* TEXT, kept once; NULL: no memory. */
static struct word *intern(struct tariff_builder *builder, const char *text)
{
	if (builder->words_count * 2 > builder->words_mask && !words_grow(builder))
		return NULL;
	struct word *word = word_place(builder->words, builder->words_mask, text);
	if (!word->text) {
		word->text = arena_text(builder->snapshot->arena, text);
		builder->words_count += word->text != NULL;
	}
	return word->text ? word : NULL;
}

static bool keep_text(struct tariff_builder *builder, const char *from, const char **kept)
{
	const struct word *word = from ? intern(builder, from) : NULL;

	*kept = word ? word->text : NULL;
	return word || !from;
}

/* Read once, however many measures have it. *DUTY is NULL with a finding if TEXT is none. False: no memory. */
static bool keep_duty(struct tariff_builder *builder, const char *text, const char *path,
		      const struct tariff_duty **duty, struct findings *findings)
{
	struct word *word = text ? intern(builder, text) : NULL;
	bool full = false;
	char place[160];

	snprintf(place, sizeof(place), "%.120s/duty", path);
	if (word && !word->duty)
		word->duty = tariff_duty_parse(builder->snapshot->arena, word->text, place, findings, &full);
	*duty = word ? word->duty : NULL;
	return !text || (word && !full);
}

static bool keep_area(struct tariff_builder *builder, const char *text, struct measure *measure)
{
	struct word *word = text ? intern(builder, text) : NULL;

	if (word && !word->area) {
		struct area *area = arena_alloc(builder->snapshot->arena, sizeof(*area));
		if (area && tariff_area_parse(word->text, area))
			word->area = area;
	}
	measure->area = word ? word->area : NULL;
	return !text || (word && word->area);
}

static bool keep_conditions(struct tariff_builder *builder, const struct tariff_measure *from, struct measure *measure)
{
	bool quantity = decimal_given(from->at_least) || decimal_given(from->at_most);

	if (!from->documents && !from->end_use && !from->quota && !from->exporter && !quantity)
		return true;
	struct conditions *conditions = arena_alloc(builder->snapshot->arena, sizeof(*conditions));
	if (!conditions)
		return false;
	*conditions = (struct conditions){ .at_least = from->at_least, .at_most = from->at_most };
	if (quantity) {
		conditions->unit = tariff_unit_find(from->quantity_unit);
		if (!decimal_parse(conditions->unit->factor, &conditions->factor))
			return false;
	}
	measure->conditions = conditions;
	return keep_text(builder, from->documents, &conditions->documents) &&
	       keep_text(builder, from->end_use, &conditions->end_use) &&
	       keep_text(builder, from->quota, &conditions->quota) &&
	       keep_text(builder, from->exporter, &conditions->exporter);
}

static struct measure *measure_new(struct tariff_builder *builder)
{
	struct tariff_snapshot *snapshot = builder->snapshot;

	if (snapshot->measures_count == builder->room) {
		size_t room = builder->room ? builder->room * 2 : 1024;
		struct measure *more = room <= TARIFF_SNAPSHOT_MAX / sizeof(*more)
					       ? realloc(builder->measures, room * sizeof(*more))
					       : NULL;
		if (!more)
			return NULL;
		builder->measures = more;
		builder->room = room;
	}
	return &builder->measures[snapshot->measures_count];
}

/* Fills the words of MEASURE. False: no memory. */
static bool keep_words(struct tariff_builder *builder, const struct tariff_measure *from, struct measure *measure)
{
	return keep_text(builder, from->note, &measure->note) && keep_text(builder, from->agency, &measure->agency) &&
	       keep_text(builder, from->law, &measure->law) && keep_area(builder, from->area, measure) &&
	       keep_conditions(builder, from, measure);
}

/* What is loaded at all, so that what is not in it can be told from what nobody has loaded. */
static void note_loaded(struct tariff_snapshot *snapshot, const struct measure *measure)
{
	snapshot->lengths |= 1U << ((measure->key & 15) - 1);
	snapshot->kinds_loaded |= UINT32_C(1) << tariff_kind_index(measure->kind);
	if (!measure->agreement)
		return;
	uint32_t bit = UINT32_C(1) << tariff_agreement_index(snapshot->reference, measure->agreement);
	if (measure->kind->group == TARIFF_OUTGOING)
		snapshot->agreements_outgoing |= bit;
	else
		snapshot->agreements_loaded |= bit;
}

static bool in_days(const struct tariff_snapshot *snapshot, const struct tariff_measure *measure)
{
	return (measure->until == DATE_NONE || measure->until >= snapshot->from) &&
	       (measure->from == DATE_NONE || measure->from <= snapshot->until);
}

enum err_code tariff_build_measure(struct tariff_builder *builder, const struct tariff_measure *from, const char *path,
				   struct findings *findings, struct err *err)
{
	struct tariff_snapshot *snapshot = builder->snapshot;
	const char *code = from->code ? from->code : "";
	size_t errors = findings_errors(findings);
	struct measure *measure = measure_new(builder);
	const struct tariff_duty *duty = NULL;

	tariff_measure_check_form(snapshot->reference, from, path, findings);
	if (!measure || !keep_duty(builder, from->duty, path, &duty, findings))
		return fail(err, ERR_MEMORY, "the tariff of %s needs more memory than it may have",
			    snapshot->state->state);
	if (findings_errors(findings) == errors && from->nomenclature &&
	    !same(from->nomenclature, snapshot->state->nomenclature))
		finding_add(findings, &tariff_measure_rules[MEASURE_OTHER_NOMENCLATURE], path, from->nomenclature,
			    snapshot->state->nomenclature);
	if (findings_errors(findings) > errors || !in_days(snapshot, from))
		return OK;
	*measure = (struct measure){
		.key = tariff_code_key(code, strlen(code)),
		.from = from->from,
		.until = from->until == DATE_NONE ? INT32_MAX : from->until,
		.kind = tariff_kind_find(from->kind),
		.agreement = from->agreement ? tariff_agreement_find(snapshot->reference, from->agreement) : NULL,
		.duty = duty,
	};
	if (!keep_words(builder, from, measure))
		return fail(err, ERR_MEMORY, "the tariff of %s needs more memory than it may have",
			    snapshot->state->state);
	snapshot->measures_count++;
	note_loaded(snapshot, measure);
	return OK;
}

bool tariff_exchange_check(const struct tariff_exchange *exchange)
{
	struct decimal units = decimal_given(exchange->units) ? exchange->units : decimal_of(1);

	for (int i = 0; i < EXCHANGE_PLACES && decimal_compare(units, decimal_of(1)) > 0; i++)
		units = decimal_shift(units, -1);
	return decimal_compare(units, decimal_of(1)) == 0 && decimal_compare(exchange->rate, decimal_of(0)) > 0;
}

enum err_code tariff_build_exchange(struct tariff_builder *builder, const struct tariff_exchange *from, struct err *err)
{
	struct tariff_snapshot *snapshot = builder->snapshot;

	if (snapshot->exchange_count == builder->exchange_room) {
		size_t room = builder->exchange_room ? builder->exchange_room * 2 : 64;
		struct tariff_exchange *more = arena_array(snapshot->arena, room, sizeof(*more));
		if (!more)
			return fail(err, ERR_MEMORY, "no memory for a rate of exchange");
		if (snapshot->exchange_count)
			memcpy(more, snapshot->exchange, snapshot->exchange_count * sizeof(*more));
		snapshot->exchange = more;
		builder->exchange_room = room;
	}
	struct tariff_exchange *kept = &snapshot->exchange[snapshot->exchange_count];
	*kept = *from;
	if (!tariff_exchange_check(from))
		return fail(err, ERR_INVALID, "a rate of exchange of %s is above zero, and for 1, 10, 100 … of it",
			    from->currency);
	/* For one of it: exact, because what it was given for is a power of ten. */
	for (struct decimal units = from->units; decimal_given(units) && decimal_compare(units, decimal_of(1)) > 0;
	     units = decimal_shift(units, -1))
		kept->rate = decimal_shift(kept->rate, -1);
	kept->units = decimal_of(1);
	if (!keep_text(builder, from->currency, &kept->currency) || !keep_text(builder, from->law, &kept->law))
		return fail(err, ERR_MEMORY, "no memory for a rate of exchange");
	snapshot->exchange_count++;
	return OK;
}

/* --- The order, and what contradicts what --- */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* By goods, kind and agreement; then what is for fewer comes first, and of the rest the newest. */
static int measure_order(const void *one, const void *other)
{
	const struct measure *a = one, *b = other;
	int order = compare(a->key, b->key);

	if (order == 0)
		order = compare((uintptr_t)a->kind, (uintptr_t)b->kind);
	if (order == 0)
		order = compare((uintptr_t)a->agreement, (uintptr_t)b->agreement);
	if (order == 0)
		order = (a->conditions == NULL) - (b->conditions == NULL);
	if (order == 0)
		order = (a->area == NULL) - (b->area == NULL);
	return order != 0 ? order : (a->from < b->from) - (a->from > b->from);
}

static int exchange_order(const void *one, const void *other)
{
	const struct tariff_exchange *a = one, *b = other;
	int order = strcmp(a->currency, b->currency);

	return order != 0 ? order : (a->from < b->from) - (a->from > b->from);
}

static bool areas_meet(const struct area *a, const struct area *b)
{
	if (a == b || !a || !b || a->all || b->all)
		return a == b || (a && b);
	for (size_t i = 0; i < sizeof(a->states); i++) {
		unsigned left = a->except ? ~(unsigned)a->states[i] & 0xff : a->states[i];
		unsigned right = b->except ? ~(unsigned)b->states[i] & 0xff : b->states[i];
		if (left & right)
			return true;
	}
	return false;
}

static bool same_conditions(const struct conditions *a, const struct conditions *b)
{
	if (!a || !b)
		return a == b;
	return a->documents == b->documents && a->end_use == b->end_use && a->quota == b->quota &&
	       a->exporter == b->exporter && a->unit == b->unit &&
	       decimal_given(a->at_least) == decimal_given(b->at_least) &&
	       decimal_given(a->at_most) == decimal_given(b->at_most) &&
	       decimal_compare(a->at_least, b->at_least) == 0 && decimal_compare(a->at_most, b->at_most) == 0;
}

static bool contradict(const struct measure *a, const struct measure *b)
{
	const char *left = a->duty ? a->duty->text : a->note, *right = b->duty ? b->duty->text : b->note;

	return a->from <= b->until && b->from <= a->until && areas_meet(a->area, b->area) &&
	       same_conditions(a->conditions, b->conditions) && !same(left, right);
}

static void mark_contradictions(struct measure *measures, size_t count, struct findings *findings)
{
	char code[CODE_DIGITS_MAX + 1];

	for (size_t i = 0; i < count; i++) {
		struct measure *a = &measures[i];
		for (size_t j = i + 1; j < count && j <= i + COMPARED_MOST; j++) {
			struct measure *b = &measures[j];
			if (a->key != b->key || a->kind != b->kind || a->agreement != b->agreement)
				break;
			if (a->kind->group == TARIFF_CONTROL || !contradict(a, b))
				continue;
			size_t digits = (size_t)(a->key & 15) - 1;
			for (size_t k = 0; k < digits; k++)
				code[k] = (char)('0' + (a->key >> (60 - 4 * k) & 15));
			code[digits] = '\0';
			if (!a->contradicted)
				finding_add(findings, &tariff_measure_rules[MEASURE_CONTRADICTED], "",
					    digits ? code : "all goods", a->kind->name);
			a->contradicted = b->contradicted = true;
		}
	}
}

static bool index_spans(struct tariff_snapshot *snapshot)
{
	size_t size = 16;

	while (size < snapshot->measures_count * 2 + 1)
		size *= 2;
	snapshot->spans = arena_array(snapshot->arena, size, sizeof(*snapshot->spans));
	snapshot->spans_mask = size - 1;
	if (!snapshot->spans)
		return false;
	for (size_t i = 0, next; i < snapshot->measures_count; i = next) {
		uint64_t key = snapshot->measures[i].key;
		size_t at = key_hash(key) & snapshot->spans_mask;
		for (next = i; next < snapshot->measures_count && snapshot->measures[next].key == key;)
			next++;
		while (snapshot->spans[at].key)
			at = (at + 1) & snapshot->spans_mask;
		snapshot->spans[at] = (struct span){ .key = key, .first = (uint32_t)i, .count = (uint32_t)(next - i) };
	}
	return true;
}

enum err_code tariff_build_end(struct tariff_builder *builder, struct tariff_snapshot **made, struct findings *findings,
			       struct err *err)
{
	struct tariff_snapshot *snapshot = builder->snapshot;
	size_t count = snapshot->measures_count;
	struct measure *kept = arena_array(snapshot->arena, count ? count : 1, sizeof(*kept));

	if (count) {
		qsort(builder->measures, count, sizeof(*kept), measure_order);
		mark_contradictions(builder->measures, count, findings);
	}
	if (snapshot->exchange_count)
		qsort(snapshot->exchange, snapshot->exchange_count, sizeof(*snapshot->exchange), exchange_order);
	if (kept && count)
		memcpy(kept, builder->measures, count * sizeof(*kept));
	snapshot->measures = kept;
	bool indexed = kept && index_spans(snapshot);
	if (indexed)
		*made = tariff_snapshot_hold(snapshot);
	tariff_build_drop(builder);
	return indexed ? OK : fail(err, ERR_MEMORY, "no memory for a tariff");
}

struct tariff_snapshot *tariff_snapshot_hold(struct tariff_snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->holders, 1);
	return snapshot;
}

void tariff_snapshot_release(struct tariff_snapshot *snapshot)
{
	if (snapshot && atomic_fetch_sub(&snapshot->holders, 1) == 1)
		arena_free(snapshot->arena);
}

size_t tariff_snapshot_measures(const struct tariff_snapshot *snapshot)
{
	return snapshot->measures_count;
}
