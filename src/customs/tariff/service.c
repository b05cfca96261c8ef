/* Tariffs as editions: the kinds of reference data that make one, and the one that counts, in memory. */
#include "base/text.h"
#include "customs/tariff/tariff_int.h"
#include "kernel/codelist.h"
#include "kernel/edition.h"

/* --- Records into measures --- */

/* The expression that a record's numbers make; .duty where it has one. NULL: none. */
static const char *duty_of(struct arena *arena, const struct rate_measure *from)
{
	char rate[DECIMAL_SIZE], amount[DECIMAL_SIZE];
	bool percent = decimal_given(from->rate), specific = decimal_given(from->amount);

	if (from->measure.duty || from->excluded)
		return from->measure.duty ? from->measure.duty : "excluded";
	if (!percent && !specific)
		return NULL;
	decimal_format(from->rate, rate);
	decimal_format(from->amount, amount);
	/* What is missing beside an amount is found when the expression is read. */
	return arena_printf(arena, "%s%s%s%s%s%s%s%s", rate, percent ? "%" : "", percent && specific ? " + " : "",
			    amount, specific ? " " : "", from->currency && specific ? from->currency : "",
			    specific ? "/" : "", from->unit && specific ? from->unit : "");
}

static struct tariff_measure measure_of_rate(struct arena *arena, const struct rate_record *record, size_t index)
{
	struct tariff_measure measure = record->measures[index].measure;

	measure.nomenclature = record->nomenclature;
	measure.code = record->code;
	measure.duty = duty_of(arena, &record->measures[index]);
	if (!measure.law)
		measure.law = record->law;
	return measure;
}

/* A paper that goods need, at import (INDEX 0) or export (1); false if not there. */
static bool measure_of_permit(const struct permit_record *record, size_t index, struct tariff_measure *measure)
{
	if (same(record->direction, index == 0 ? "export" : "import"))
		return false;
	*measure = (struct tariff_measure){
		.nomenclature = record->nomenclature,
		.code = record->code,
		.kind = index == 0 ? "permit" : "export-permit",
		.from = record->from,
		.until = record->until,
		.note = record->note,
		.documents = record->documents,
		.at_least = decimal_none(),
		.at_most = decimal_none(),
		.agency = record->agency,
		.law = record->law,
	};
	return true;
}

/* --- The kinds --- */

struct reading {
	const struct tariff_reference *reference;
};

static bool subject_of(const struct tariff_reference *reference, const char *subject)
{
	char state[3] = "";

	if (strlen(subject) < 2 || (subject[2] && (subject[2] != '-' || !subject[3])))
		return false;
	memcpy(state, subject, 2);
	return tariff_state_find(reference, state);
}

static enum err_code admit(struct tx *tx, struct arena *arena, const struct edition *edition, struct findings *findings,
			   struct err *err)
{
	const struct tariff_reference *reference;

	(void)tx;
	TRY(tariff_reference_load(arena, codelists(), &reference, err));
	if (!subject_of(reference, edition->subject))
		finding_add(findings, &tariff_measure_rules[EDITION_SUBJECT], "/subject", edition->subject, NULL);
	return OK;
}

static enum err_code begin(struct arena *arena, const struct edition *edition, void **work, struct err *err)
{
	struct reading *reading = arena_alloc(arena, sizeof(*reading));

	(void)edition;
	if (!reading)
		return fail(err, ERR_MEMORY, "no memory for a tariff");
	TRY(tariff_reference_load(arena, codelists(), &reading->reference, err));
	*work = reading;
	return OK;
}

/* Of one record, while it is judged or put away. */
enum { RECORD_ARENA = 1 << 20 };

static enum err_code check_rate(void *work, int64_t number, const void *record, struct findings *findings,
				struct err *err)
{
	const struct reading *reading = work;
	const struct rate_record *one = record;
	arena_auto arena = arena_new(RECORD_ARENA);

	(void)number;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a record of a tariff");
	for (size_t i = 0; i < one->measures_count; i++) {
		const struct tariff_measure measure = measure_of_rate(arena, one, i);
		const char *path = arena_printf(arena, "/measure/%zu", i);
		if (!path)
			return fail(err, ERR_MEMORY, "no memory for a record of a tariff");
		tariff_measure_check(arena, reading->reference, &measure, path, findings);
	}
	return OK;
}

static enum err_code put_rate(struct tx *tx, const void *work, const struct edition *edition, int64_t number,
			      const void *record, struct err *err)
{
	const struct rate_record *one = record;
	arena_auto arena = arena_new(RECORD_ARENA);

	(void)work;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a record of a tariff");
	for (size_t i = 0; i < one->measures_count; i++) {
		const struct tariff_measure measure = measure_of_rate(arena, one, i);
		TRY(store_put_measure(tx, edition->id, number, (int64_t)i, &measure, err));
	}
	return OK;
}

static enum err_code check_permit(void *work, int64_t number, const void *record, struct findings *findings,
				  struct err *err)
{
	const struct reading *reading = work;
	arena_auto arena = arena_new(RECORD_ARENA);
	struct tariff_measure measure;

	(void)number;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a record of a tariff");
	for (size_t i = 0; i < 2; i++)
		if (measure_of_permit(record, i, &measure)) {
			tariff_measure_check(arena, reading->reference, &measure, "", findings);
			break; /* of both directions it says the same */
		}
	return OK;
}

static enum err_code put_permit(struct tx *tx, const void *work, const struct edition *edition, int64_t number,
				const void *record, struct err *err)
{
	struct tariff_measure measure;

	(void)work;
	for (size_t i = 0; i < 2; i++)
		if (measure_of_permit(record, i, &measure))
			TRY(store_put_measure(tx, edition->id, number, (int64_t)i, &measure, err));
	return OK;
}

static enum err_code check_exchange(void *work, int64_t number, const void *record, struct findings *findings,
				    struct err *err)
{
	const struct tariff_exchange *rate = record;
	char from[DATE_SIZE], until[DATE_SIZE];

	(void)work, (void)number, (void)err;
	if (!tariff_exchange_check(rate))
		finding_add(findings, &tariff_measure_rules[EXCHANGE_RATE], "/rate", NULL, NULL);
	if (rate->from != DATE_NONE && rate->until != DATE_NONE && rate->until < rate->from)
		finding_add(findings, &tariff_measure_rules[MEASURE_DAYS], "/until", date_format(rate->from, from),
			    date_format(rate->until, until));
	return OK;
}

static enum err_code put_exchange(struct tx *tx, const void *work, const struct edition *edition, int64_t number,
				  const void *record, struct err *err)
{
	(void)work;
	return store_put_exchange(tx, edition->id, number, record, err);
}

const struct edition_kind tariff_rates_kind = {
	.name = "tariff.rates",
	.title = "rates of a tariff",
	.schema = &tariff_rate_schema,
	.rules = tariff_measure_rules,
	.four_eyes = true,
	.admit = admit,
	.begin = begin,
	.check = check_rate,
	.put = put_rate,
	.drop = store_drop_measures,
};
const struct edition_kind tariff_permits_kind = {
	.name = "tariff.permits",
	.title = "goods that need a paper of an agency",
	.schema = &tariff_permit_schema,
	.rules = tariff_measure_rules,
	.four_eyes = true,
	.admit = admit,
	.begin = begin,
	.check = check_permit,
	.put = put_permit,
	.drop = store_drop_measures,
};
const struct edition_kind tariff_exchange_kind = {
	.name = "tariff.exchange",
	.title = "rates of exchange for customs",
	.schema = &tariff_exchange_schema,
	.rules = tariff_measure_rules,
	.admit = admit,
	.check = check_exchange,
	.put = put_exchange,
	.drop = store_drop_exchange,
};

/* --- What counts --- */

static enum err_code load_editions(struct tx *tx, struct arena *arena, const struct edition_kind *kind,
				   const char *state, date day, struct tariff_builder *builder,
				   struct findings *findings, struct err *err)
{
	struct edition_list list;
	const char *last = NULL;

	TRY(edition_between(tx, arena, kind->name, day, day, &list, err));
	for (size_t i = 0; i < list.count; i++) {
		const char *subject = list.items[i].subject;
		struct edition edition;
		if (strncmp(subject, state, 2) != 0 || same(subject, last))
			continue;
		last = subject;
		TRY(edition_on(tx, arena, kind->name, subject, day, &edition, err));
		if (!edition.id)
			continue;
		if (kind == &tariff_exchange_kind)
			TRY(store_load_exchange(tx, edition.id, builder, err));
		else
			TRY(store_load_measures(tx, edition.id, builder, findings, err));
	}
	return OK;
}

enum err_code tariff_load(struct tx *tx, struct arena *arena, const struct tariff_reference *reference,
			  const char *state, date day, struct tariff_snapshot **snapshot, struct findings *findings,
			  struct err *err)
{
	static const struct edition_kind *const kinds[] = { &tariff_rates_kind, &tariff_permits_kind,
							    &tariff_exchange_kind };
	struct tariff_builder *builder;

	TRY(tariff_build(reference, state, day, day, &builder, err));
	for (size_t i = 0; i < COUNT(kinds); i++) {
		enum err_code code = load_editions(tx, arena, kinds[i], state, day, builder, findings, err);
		if (code != OK) {
			tariff_build_drop(builder);
			return code;
		}
	}
	return tariff_build_end(builder, snapshot, findings, err);
}
