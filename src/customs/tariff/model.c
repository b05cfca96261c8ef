/* Field tables: measures, rates of exchange, and the files of data/agreements and data/tariff. */
#include <stdlib.h>

#include "customs/tariff/tariff_int.h"
#include "kernel/codelist.h"

#define WORDS_MAX 400

/* clang-format off */
static const struct field measure_fields[] = {
	FIELD_TEXT(struct tariff_measure, nomenclature,  .json = "nomenclature", .max_length = 16, .label = "Nomenclature"),
	FIELD_TEXT(struct tariff_measure, code,          .json = "code", .max_length = 12, .pattern = "[0-9]*", .label = "Goods"),
	FIELD_TEXT(struct tariff_measure, kind,          .json = "kind", .min = 1, .max_length = 24, .label = "Kind of measure"),
	FIELD_TEXT(struct tariff_measure, agreement,     .json = "agreement", .max_length = 16, .label = "Agreement"),
	FIELD_TEXT(struct tariff_measure, area,          .json = "area", .max_length = WORDS_MAX, .label = "Origins"),
	FIELD_DAY (struct tariff_measure, from,          .json = "from", .label = "First day"),
	FIELD_DAY (struct tariff_measure, until,         .json = "until", .label = "Last day"),
	FIELD_TEXT(struct tariff_measure, duty,          .json = "duty", .max_length = TARIFF_DUTY_MAX, .label = "Duty"),
	FIELD_TEXT(struct tariff_measure, note,          .json = "note", .max_length = 2000, .label = "Note"),
	FIELD_TEXT(struct tariff_measure, documents,     .json = "documents", .max_length = WORDS_MAX, .label = "Documents needed"),
	FIELD_TEXT(struct tariff_measure, end_use,       .json = "endUse", .max_length = 64, .label = "End use"),
	FIELD_TEXT(struct tariff_measure, quota,         .json = "quota", .max_length = 32, .label = "Order number of the quota"),
	FIELD_TEXT(struct tariff_measure, exporter,      .json = "exporter", .max_length = 32, .label = "Additional code of the exporter"),
	FIELD_DEC (struct tariff_measure, at_least,      .json = "atLeast", .label = "From this quantity on"),
	FIELD_DEC (struct tariff_measure, at_most,       .json = "atMost", .label = "Up to this quantity"),
	FIELD_TEXT(struct tariff_measure, quantity_unit, .json = "quantityUnit", .max_length = 3, .label = "Unit of the quantity"),
	FIELD_TEXT(struct tariff_measure, agency,        .json = "agency", .max_length = 200, .label = "Agency"),
	FIELD_TEXT(struct tariff_measure, law,           .json = "law", .max_length = 200, .label = "Legal source"),
};
static const struct fields measure = FIELDS(struct tariff_measure, measure_fields);

/* --- Records of editions --- */

#define OF_MEASURE(member, ...) FIELD_TEXT(struct rate_measure, measure.member, __VA_ARGS__)
static const struct field rate_measure_fields[] = {
	OF_MEASURE(kind,          .json = "kind", .min = 1, .max_length = 24, .label = "Kind of measure"),
	OF_MEASURE(agreement,     .json = "agreement", .max_length = 16, .label = "Agreement"),
	OF_MEASURE(area,          .json = "area", .max_length = WORDS_MAX, .label = "Origins"),
	FIELD_DAY (struct rate_measure, measure.from,  .json = "from", .label = "First day"),
	FIELD_DAY (struct rate_measure, measure.until, .json = "until", .label = "Last day"),
	OF_MEASURE(duty,          .json = "duty", .max_length = TARIFF_DUTY_MAX, .label = "Duty"),
	FIELD_DEC (struct rate_measure, rate,     .json = "rate", .label = "Duty in per cent, in place of an expression"),
	FIELD_DEC (struct rate_measure, amount,   .json = "amount", .label = "Duty for each unit, in place of an expression"),
	FIELD_CODE(struct rate_measure, currency, .json = "currency", .list = "ISO4217", .label = "Currency of the amount"),
	FIELD_TEXT(struct rate_measure, unit,     .json = "unit", .max_length = 3, .label = "Unit of the amount"),
	FIELD_FLAG(struct rate_measure, excluded, .json = "excluded", .label = "The agreement does not cover the goods"),
	OF_MEASURE(note,          .json = "note", .max_length = 2000, .label = "Note"),
	OF_MEASURE(documents,     .json = "documents", .max_length = WORDS_MAX, .label = "Documents needed"),
	OF_MEASURE(end_use,       .json = "endUse", .max_length = 64, .label = "End use"),
	OF_MEASURE(quota,         .json = "quota", .max_length = 32, .label = "Order number of the quota"),
	OF_MEASURE(exporter,      .json = "exporter", .max_length = 32, .label = "Additional code of the exporter"),
	FIELD_DEC (struct rate_measure, measure.at_least, .json = "atLeast", .label = "From this quantity on"),
	FIELD_DEC (struct rate_measure, measure.at_most,  .json = "atMost", .label = "Up to this quantity"),
	OF_MEASURE(quantity_unit, .json = "quantityUnit", .max_length = 3, .label = "Unit of the quantity"),
	OF_MEASURE(agency,        .json = "agency", .max_length = 200, .label = "Agency"),
	OF_MEASURE(law,           .json = "law", .max_length = 200, .label = "Legal source"),
};
static const struct fields rate_measure = FIELDS(struct rate_measure, rate_measure_fields);
static const struct field rate_fields[] = {
	FIELD_TEXT(struct rate_record, nomenclature, .json = "nomenclature", .max_length = 16, .label = "Nomenclature"),
	FIELD_TEXT(struct rate_record, code, .json = "code", .max_length = 12, .pattern = "[0-9]*", .label = "Goods; none: all"),
	FIELD_TEXT(struct rate_record, law,  .json = "law", .max_length = 200, .label = "Legal source of all measures"),
	FIELD_LIST(struct rate_record, measures, measures_count, struct rate_measure, rate_measure, .json = "measure", .max = 200),
};
static const struct fields rate = FIELDS(struct rate_record, rate_fields);

static const struct field permit_fields[] = {
	FIELD_TEXT(struct permit_record, nomenclature, .json = "nomenclature", .max_length = 16, .label = "Nomenclature"),
	FIELD_TEXT(struct permit_record, code,      .json = "code", .min = 1, .max_length = 12, .pattern = "[0-9]+", .label = "Goods"),
	FIELD_TEXT(struct permit_record, direction, .json = "direction", .min = 1, .pattern = "import|export|both", .label = "Direction"),
	FIELD_TEXT(struct permit_record, agency,    .json = "agency", .min = 1, .max_length = 200, .label = "Agency"),
	FIELD_TEXT(struct permit_record, note,      .json = "note", .max_length = 4000, .label = "Which of the goods"),
	FIELD_TEXT(struct permit_record, documents, .json = "documents", .max_length = WORDS_MAX, .label = "Documents needed"),
	FIELD_DAY (struct permit_record, from,      .json = "from", .label = "First day"),
	FIELD_DAY (struct permit_record, until,     .json = "until", .label = "Last day"),
	FIELD_TEXT(struct permit_record, law,       .json = "law", .max_length = 200, .label = "Legal source"),
};
static const struct fields permit = FIELDS(struct permit_record, permit_fields);

static const struct field exchange_fields[] = {
	FIELD_CODE(struct tariff_exchange, currency, .json = "currency", .list = "ISO4217", .min = 1, .label = "Currency"),
	FIELD_DEC (struct tariff_exchange, units,    .json = "units", .label = "Units of it (1 if absent)"),
	FIELD_DEC (struct tariff_exchange, rate,     .json = "rate", .min = 1, .label = "are so many of the state's"),
	FIELD_DAY (struct tariff_exchange, from,     .json = "from", .label = "First day"),
	FIELD_DAY (struct tariff_exchange, until,    .json = "until", .label = "Last day"),
	FIELD_TEXT(struct tariff_exchange, law,      .json = "law", .max_length = 200, .label = "Legal source"),
};
static const struct fields exchange_table = FIELDS(struct tariff_exchange, exchange_fields);

/* --- data/agreements/NAME/agreement.json --- */

static const struct field proof_fields[] = {
	FIELD_TEXT(struct tariff_proof, code,   .json = "code", .min = 1, .max_length = 32),
	FIELD_TEXT(struct tariff_proof, name,   .json = "name", .min = 1),
	FIELD_TEXT(struct tariff_proof, source, .json = "source", .min = 1),
};
static const struct fields proof = FIELDS(struct tariff_proof, proof_fields);
static const struct field party_fields[] = {
	FIELD_CODE(struct tariff_party, state,  .json = "state", .list = "ISO3166", .min = 1),
	FIELD_DAY (struct tariff_party, from,   .json = "from", .min = 1),
	FIELD_DAY (struct tariff_party, until,  .json = "until"),
	FIELD_TEXT(struct tariff_party, source, .json = "source", .min = 1),
};
static const struct fields party = FIELDS(struct tariff_party, party_fields);
static const struct field agreement_fields[] = {
	FIELD_TEXT(struct tariff_agreement, code, .json = "code", .min = 1, .max_length = 16, .pattern = "[A-Z0-9]+"),
	FIELD_TEXT(struct tariff_agreement, name, .json = "name", .min = 1),
	FIELD_LIST(struct tariff_agreement, proofs, proofs_count, struct tariff_proof, proof, .json = "proofs", .min = 1, .max = 10),
	FIELD_LIST(struct tariff_agreement, parties, parties_count, struct tariff_party, party, .json = "parties", .min = 2, .max = 100),
	FIELD_TEXT(struct tariff_agreement, note, .json = "note", .max_length = 2000),
};
static const struct fields agreement = FIELDS(struct tariff_agreement, agreement_fields);
static const struct schema agreement_schema = { .name = "agreement", .fields = &agreement };

/* --- data/tariff/STATE/state.json --- */

static const struct field tax_fields[] = {
	FIELD_TEXT(struct tariff_tax_row, kind,   .json = "kind", .min = 1, .max_length = 24),
	FIELD_TEXT(struct tariff_tax_row, title,  .json = "title", .min = 1),
	FIELD_TEXT(struct tariff_tax_row, base,   .json = "base", .min = 1, .max_length = WORDS_MAX),
	FIELD_TEXT(struct tariff_tax_row, duty,   .json = "duty", .max_length = TARIFF_DUTY_MAX),
	FIELD_DAY (struct tariff_tax_row, from,   .json = "from"),
	FIELD_DAY (struct tariff_tax_row, until,  .json = "until"),
	FIELD_TEXT(struct tariff_tax_row, law,    .json = "law"),
	FIELD_TEXT(struct tariff_tax_row, source, .json = "source", .min = 1),
};
static const struct fields tax = FIELDS(struct tariff_tax_row, tax_fields);
static const struct field rounding_fields[] = {
	FIELD_TEXT(struct tariff_rounding_row, stage,  .json = "stage", .min = 1, .pattern = "value|levy|line|total"),
	FIELD_DEC (struct tariff_rounding_row, unit,   .json = "unit", .min = 1),
	FIELD_TEXT(struct tariff_rounding_row, mode,   .json = "mode", .min = 1, .pattern = "half-up|half-even|up|down"),
	FIELD_TEXT(struct tariff_rounding_row, source, .json = "source", .min = 1),
};
static const struct fields rounding = FIELDS(struct tariff_rounding_row, rounding_fields);
static const struct field relief_fields[] = {
	FIELD_DEC (struct tariff_relief_row, at_most,  .json = "atMost", .min = 1),
	FIELD_CODE(struct tariff_relief_row, currency, .json = "currency", .list = "ISO4217", .min = 1),
	FIELD_TEXT(struct tariff_relief_row, basis,    .json = "basis", .min = 1, .pattern = "FOB|CIF"),
	FIELD_TEXT(struct tariff_relief_row, relieves, .json = "relieves", .min = 1, .max_length = WORDS_MAX),
	FIELD_FLAG(struct tariff_relief_row, undutiable, .json = "undutiable"),
	FIELD_DAY (struct tariff_relief_row, from,     .json = "from"),
	FIELD_DAY (struct tariff_relief_row, until,    .json = "until"),
	FIELD_TEXT(struct tariff_relief_row, source,   .json = "source", .min = 1),
};
static const struct fields relief = FIELDS(struct tariff_relief_row, relief_fields);
static const struct field state_fields[] = {
	FIELD_CODE(struct tariff_state, state,             .json = "state", .list = "ISO3166", .min = 1),
	FIELD_CODE(struct tariff_state, currency,          .json = "currency", .list = "ISO4217", .min = 1),
	FIELD_TEXT(struct tariff_state, nomenclature,      .json = "nomenclature", .min = 1, .max_length = 16),
	FIELD_TEXT(struct tariff_state, basis,             .json = "basis", .min = 1, .pattern = "FOB|CIF"),
	FIELD_DEC (struct tariff_state, landing_percent,   .json = "landingPercent"),
	FIELD_DEC (struct tariff_state, freight_percent,   .json = "freightPercent"),
	FIELD_DEC (struct tariff_state, insurance_percent, .json = "insurancePercent"),
	FIELD_TEXT(struct tariff_state, source,            .json = "source", .min = 1, .max_length = 2000),
	FIELD_LIST(struct tariff_state, taxes, taxes_count, struct tariff_tax_row, tax, .json = "taxes", .max = 20),
	FIELD_LIST(struct tariff_state, rounding, rounding_count, struct tariff_rounding_row, rounding, .json = "rounding", .max = 4),
	FIELD_LIST(struct tariff_state, relief, relief_count, struct tariff_relief_row, relief, .json = "relief", .max = 10),
};
static const struct fields state = FIELDS(struct tariff_state, state_fields);
static const struct schema state_schema = { .name = "state", .fields = &state };
/* clang-format on */

const struct schema tariff_measure_schema = { .name = "measure", .fields = &measure };
const struct schema tariff_rate_schema = { .name = "tariff.rates", .fields = &rate };
const struct schema tariff_permit_schema = { .name = "tariff.permits", .fields = &permit };
const struct schema tariff_exchange_schema = { .name = "tariff.exchange", .fields = &exchange_table };

/* --- Reading what is embedded --- */

bool tariff_rounding_of(const char *mode, enum decimal_rounding *found)
{
	static const char *const modes[] = {
		[DECIMAL_HALF_UP] = "half-up",
		[DECIMAL_HALF_EVEN] = "half-even",
		[DECIMAL_UP] = "up",
		[DECIMAL_DOWN] = "down",
	};

	for (size_t i = 0; i < COUNT(modes); i++)
		if (same(modes[i], mode)) {
			*found = (enum decimal_rounding)i;
			return true;
		}
	return false;
}

static enum err_code read_bundle(struct arena *arena, const struct tariff_bundle *bundle, const struct schema *schema,
				 const struct code_lists *lists, void *record, struct err *err)
{
	struct findings *findings = findings_new(arena);

	if (!findings)
		return fail(err, ERR_MEMORY, "no memory left for data/%s/%s", bundle->kind, bundle->name);
	TRY(field_read_json(arena, schema, bytes_of(bundle->text), lists, record, findings, err));
	const struct finding *first = findings_at(findings, 0);
	if (first)
		return fail(err, ERR_INVALID, "data/%s/%s: %s: %s", bundle->kind, bundle->name, first->path,
			    first->text);
	return OK;
}

static enum err_code check_state(struct arena *arena, const struct tariff_state *read, struct err *err)
{
	struct findings *findings = findings_new(arena);
	bool full = !findings;

	for (size_t i = 0; i < read->taxes_count && !full; i++) {
		const struct tariff_kind *kind = tariff_kind_find(read->taxes[i].kind);
		if (!kind || kind->group != TARIFF_TAX)
			return fail(err, ERR_INVALID, "data/tariff: %s has no tax \"%s\"", read->state,
				    read->taxes[i].kind);
		if (read->taxes[i].duty && !tariff_duty_parse(arena, read->taxes[i].duty, "/duty", findings, &full) &&
		    !full)
			return fail(err, ERR_INVALID, "data/tariff: %s: %s", read->state,
				    findings_at(findings, 0)->text);
	}
	return full ? fail(err, ERR_MEMORY, "no memory left for the tariff's reference data") : OK;
}

enum err_code tariff_reference_load(struct arena *arena, const struct code_lists *lists,
				    const struct tariff_reference **reference, struct err *err)
{
	struct tariff_reference *made = arena_alloc(arena, sizeof(*made));
	size_t count = 0;

	while (tariff_bundles[count].kind)
		count++;
	if (made) {
		made->agreements = arena_array(arena, count, sizeof(*made->agreements));
		made->states = arena_array(arena, count, sizeof(*made->states));
	}
	if (!made || !made->agreements || !made->states)
		return fail(err, ERR_MEMORY, "no memory left for the tariff's reference data");
	for (const struct tariff_bundle *bundle = tariff_bundles; bundle->kind; bundle++) {
		if (same(bundle->kind, "agreements")) {
			TRY(read_bundle(arena, bundle, &agreement_schema, lists,
					&made->agreements[made->agreements_count++], err));
			continue;
		}
		struct tariff_state *read = &made->states[made->states_count++];
		TRY(read_bundle(arena, bundle, &state_schema, lists, read, err));
		TRY(check_state(arena, read, err));
	}
	*reference = made;
	return OK;
}

const struct tariff_agreement *tariff_agreement_at(const struct tariff_reference *reference, size_t index)
{
	return index < reference->agreements_count ? &reference->agreements[index] : NULL;
}

const struct tariff_agreement *tariff_agreement_find(const struct tariff_reference *reference, const char *code)
{
	for (size_t i = 0; i < reference->agreements_count; i++)
		if (same(reference->agreements[i].code, code))
			return &reference->agreements[i];
	return NULL;
}

size_t tariff_agreement_index(const struct tariff_reference *reference, const struct tariff_agreement *one)
{
	return (size_t)(one - reference->agreements);
}

const struct tariff_state *tariff_state_find(const struct tariff_reference *reference, const char *code)
{
	for (size_t i = 0; i < reference->states_count; i++)
		if (same(reference->states[i].state, code))
			return &reference->states[i];
	return NULL;
}

static bool is_party(const struct tariff_agreement *one, const char *code, date day)
{
	for (size_t i = 0; i < one->parties_count; i++) {
		const struct tariff_party *row = &one->parties[i];
		if (same(row->state, code) && row->from <= day && (row->until == DATE_NONE || day <= row->until))
			return true;
	}
	return false;
}

bool tariff_agreement_between(const struct tariff_agreement *one, const char *origin, const char *destination, date day)
{
	return !same(origin, destination) && is_party(one, origin, day) && is_party(one, destination, day);
}
