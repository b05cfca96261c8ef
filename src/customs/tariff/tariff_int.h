/* Inside tariff/: what is embedded, the tree of a duty, the snapshot's form. */
#ifndef TARIFF_INT_H
#define TARIFF_INT_H

#include "customs/tariff/tariff.h"

/* --- Rules (rules.c) --- */

enum duty_rule {
	DUTY_EMPTY,
	DUTY_NOT_UNDERSTOOD,
	DUTY_COMMA,
	DUTY_NO_NUMBER,
	DUTY_NEGATIVE,
	DUTY_CURRENCY,
	DUTY_UNIT,
	DUTY_DEEP,
	DUTY_LONG,
	DUTY_ALONE,
	DUTY_ALTERNATIVES,
	DUTY_NUMBER_LONG,
};
enum measure_rule {
	MEASURE_NOMENCLATURE,
	MEASURE_CODE,
	MEASURE_KIND,
	MEASURE_AGREEMENT,
	MEASURE_AREA,
	MEASURE_DAYS,
	MEASURE_NO_DUTY,
	MEASURE_AGENCY,
	MEASURE_QUANTITY,
	MEASURE_CONTRADICTED,
	MEASURE_OTHER_NOMENCLATURE,
	EDITION_SUBJECT,
	EXCHANGE_RATE,
};
enum assessment_rule {
	LINE_CODE,
	LINE_CODE_UNKNOWN,
	LINE_ORIGIN,
	LINE_VALUE,
	LINE_VALUE_LARGE,
	LINE_CURRENCY,
	LINE_NO_RATE,
	LINE_BASIS,
	LINE_COSTS_MISSING,
	LINE_QUANTITY,
	LINE_UNIT,
	LINE_QUANTITY_MISSING,
	LINE_QUANTITIES,
	LINE_STRENGTH,
	LINE_QUARANTINED,
	REQUEST_DAY,
	REQUEST_STATE,
	LINE_MANY_OPTIONS,
	LINE_COST_NEGATIVE,
};

/* --- What tools/embed.py makes of data/ --- */

struct tariff_unit {
	const char *code, *dimension, *factor, *name; /* .factor: one in the unit of its dimension */
};
extern const struct tariff_unit tariff_units[]; /* by code */
extern const size_t tariff_units_count;

struct tariff_bundle {
	const char *kind, *name, *text; /* "agreements", "atiga" */
};
extern const struct tariff_bundle tariff_bundles[]; /* ended by a row without a kind */

/* --- Duties (rules_duty.c) --- */

enum duty_kind { DUTY_FREE, DUTY_EXCLUDED, DUTY_PERCENT, DUTY_SPECIFIC, DUTY_SUM, DUTY_MAX, DUTY_MIN };

#define DUTY_UNITS 2 /* of one specific part: per cent of volume and hectolitre */

struct duty_node {
	enum duty_kind kind;
	struct decimal number;
	char currency[CURRENCY_SIZE];
	const struct tariff_unit *units[DUTY_UNITS];
	struct decimal factors[DUTY_UNITS];
	size_t first, next; /* the first part of this one, and the next beside it; 0: none */
};
struct tariff_duty {
	const struct duty_node *nodes; /* the first is the whole */
	size_t count;
	const char *text; /* as it is written */
};

/* --- Evaluation (rules_value.c) --- */

struct quantity {
	const char *unit, *dimension;
	struct decimal value, factor;
};
#define QUANTITIES_MAX 16

/* What a duty is worked out from. */
struct duty_facts {
	const struct tariff_snapshot *snapshot;
	date day;
	struct decimal base;
	const struct quantity *quantities;
	size_t quantities_count;
	struct decimal strength;
	const char *what; /* of steps */
	const char *law;
	struct steps *steps; /* NULL: no trace */
	/* What is missing first: a unit, or a currency without a rate. */
	const char *missing_unit, *missing_currency;
};
struct steps {
	struct tariff_step *items;
	size_t count;
};
void tariff_step_add(struct steps *steps, const struct tariff_step *step);
/* None if something is missing. */
struct decimal tariff_duty_amount(const struct tariff_duty *duty, struct duty_facts *facts);
/* AMOUNT of CURRENCY in the state's; none if there is no rate on the day. */
bool tariff_exchange_known(const struct duty_facts *facts, const char *currency);
struct decimal tariff_exchanged(const struct duty_facts *facts, struct decimal amount, const char *currency);

/* --- Reference data (model.c) --- */

struct tariff_reference {
	struct tariff_agreement *agreements;
	size_t agreements_count;
	struct tariff_state *states;
	size_t states_count;
};
bool tariff_rounding_of(const char *mode, enum decimal_rounding *rounding);

/* --- Measures (rules_measure.c) --- */

/* As tariff_measure_check(), but for the duty. */
void tariff_measure_check_form(const struct tariff_reference *reference, const struct tariff_measure *measure,
			       const char *path, struct findings *findings);

/* --- Snapshots (rules_snapshot.c) --- */

#define CODE_DIGITS_MAX 12
/* The number of kinds, and so the bits of a set of them. */
#define KINDS_MAX 24

/* Digits in four bits each from the left, the count in the last four: a key for hashing. 0 of what is no code. */
uint64_t tariff_code_key(const char *code, size_t digits);

struct area {
	const char *text;
	bool all, except;
	uint8_t states[(26 * 26 + 7) / 8];
};
/* False if TEXT is no area. */
bool tariff_area_parse(const char *text, struct area *area);
bool tariff_area_has(const struct area *area, const char *state);

struct conditions {
	const char *documents, *end_use, *quota, *exporter;
	struct decimal at_least, at_most;
	const struct tariff_unit *unit;
	struct decimal factor;
};

struct measure {
	uint64_t key;
	date from, until;
	const struct tariff_kind *kind;
	const struct tariff_agreement *agreement;
	const struct area *area;             /* NULL: all */
	const struct conditions *conditions; /* NULL: none */
	const struct tariff_duty *duty;      /* NULL: none */
	const char *note, *agency, *law;
	bool contradicted; /* by another one of the same goods, kind and days */
};
struct span {
	uint64_t key; /* 0: free */
	uint32_t first, count;
};

/* What the state's file says, read. */
struct state_tax {
	const struct tariff_tax_row *row;
	const struct tariff_kind *kind;
	const struct tariff_duty *duty; /* where the schedule has nothing of the kind; NULL */
	uint32_t kinds;                 /* taxes that its base has, bits by index */
	bool value, duties;             /* whether it has these */
};
enum stage { STAGE_VALUE, STAGE_LEVY, STAGE_LINE, STAGE_TOTAL, STAGES };
struct rounding {
	struct decimal unit; /* none: nothing is rounded at this stage */
	enum decimal_rounding mode;
	const char *mode_text;
};

struct tariff_snapshot {
	struct arena *arena;
	_Atomic int holders;
	const struct tariff_reference *reference;
	const struct tariff_state *state;
	date from, until;
	struct measure *measures; /* by key, kind, agreement */
	size_t measures_count;
	struct span *spans; /* a hash table */
	size_t spans_mask;
	struct tariff_exchange *exchange; /* by currency, the newest first; each for one unit of it */
	size_t exchange_count;
	uint32_t kinds_loaded; /* bits by index of the kind */
	uint32_t agreements_loaded, agreements_outgoing;
	struct state_tax *taxes;
	size_t taxes_count;
	struct rounding rounding[STAGES];
	unsigned lengths; /* bits of the lengths that codes have */
};
_Static_assert(KINDS_MAX <= 32, "kinds_loaded has a bit for each kind");

/* Whether it is above zero, and for 1, 10, 100 … units. */
bool tariff_exchange_check(const struct tariff_exchange *exchange);
const struct span *tariff_span(const struct tariff_snapshot *snapshot, uint64_t key);
size_t tariff_kind_index(const struct tariff_kind *kind);
size_t tariff_agreement_index(const struct tariff_reference *reference, const struct tariff_agreement *agreement);
const struct tariff_agreement *tariff_agreement_find(const struct tariff_reference *reference, const char *code);

/* --- Assessment (rules_assess.c, rules_line.c, rules_tax.c) --- */

#define SPANS_MAX (CODE_DIGITS_MAX + 1)

/* One request, line after line; the last line's is written over by the next. */
struct assessment {
	const struct tariff_snapshot *snapshot;
	const struct tariff_request *request;
	struct findings *findings;
	const struct tariff_line *line;
	size_t index;
	uint32_t relieved; /* kinds that the low value frees */
	const struct tariff_relief_row *relief;
	struct quantity quantities[QUANTITIES_MAX];
	struct duty_facts facts;
	struct decimal value;
	const struct span *spans[SPANS_MAX]; /* of the code and its prefixes, the longest first */
	size_t spans_count;
	struct tariff_option options[TARIFF_OPTIONS_MAX];
	size_t options_count;
	struct tariff_charge charges[TARIFF_CHARGES_MAX];
	size_t charges_count;
	struct tariff_control controls[TARIFF_CONTROLS_MAX];
	size_t controls_count;
	struct steps steps;
	const char *said[16]; /* what there is already a finding about: units, currencies, kinds */
	size_t said_count;
};

/* A finding about the line; MEMBER "/currency", "". */
void assess_finding(struct assessment *work, enum assessment_rule rule, const char *member, const char *first,
		    const char *second);
struct decimal assess_round(struct assessment *work, enum stage stage, const char *what, struct decimal amount);
/* False, with findings, if LINE cannot be assessed. */
bool assess_check(struct assessment *work);
/* What the line is worth to the state's customs; none, with a finding, if that cannot be known. *FOB: without freight
 * and insurance, as far as they are known. */
struct decimal assess_value(struct assessment *work, struct decimal *fob);

/* Whether it counts for the line at all, and whether what it asks for is held. */
bool tariff_measure_applies(const struct assessment *work, const struct measure *measure);
bool tariff_measure_held(const struct assessment *work, const struct measure *measure);
/* The measure of the longest prefix that counts; NULL. HELD: whose documents the line has. */
const struct measure *tariff_measure_pick(const struct assessment *work, const struct tariff_kind *kind,
					  const struct tariff_agreement *agreement, bool held);

/* Charges of an option whose duty is MEASURE: it, what is added to it, and the taxes. */
void tariff_option_charge(struct assessment *work, struct tariff_option *option, const struct measure *measure);

/* Whether CODE can be one of goods. By its form alone, until the nomenclature is asked. */
bool tariff_code_possible(const char *code);

/* --- Records of editions (model.c) and how they are kept (store.c) --- */

/* One measure as books write it: .duty, or what one is made of. */
struct rate_measure {
	struct tariff_measure measure;
	struct decimal rate, amount; /* per cent; of .currency for one .unit */
	const char *currency, *unit;
	bool excluded;
};
/* One line of a book. */
struct rate_record {
	const char *nomenclature, *code, *law;
	struct rate_measure *measures;
	size_t measures_count;
};
/* One line of a list of goods that need a paper. */
struct permit_record {
	const char *nomenclature, *code, *direction, *agency, *note, *documents, *law;
	date from, until;
};
extern const struct schema tariff_rate_schema, tariff_permit_schema;

enum err_code store_put_measure(struct tx *tx, const char *edition, int64_t number, int64_t item,
				const struct tariff_measure *measure, struct err *err) MUST_USE;
enum err_code store_put_exchange(struct tx *tx, const char *edition, int64_t number, const struct tariff_exchange *rate,
				 struct err *err) MUST_USE;
enum err_code store_drop_measures(struct tx *tx, const char *edition, int64_t limit, bool *more,
				  struct err *err) MUST_USE;
enum err_code store_drop_exchange(struct tx *tx, const char *edition, int64_t limit, bool *more,
				  struct err *err) MUST_USE;
/* What EDITION keeps goes into BUILDER, a row at a time. */
enum err_code store_load_measures(struct tx *tx, const char *edition, struct tariff_builder *builder,
				  struct findings *findings, struct err *err) MUST_USE;
enum err_code store_load_exchange(struct tx *tx, const char *edition, struct tariff_builder *builder,
				  struct err *err) MUST_USE;
extern const struct statements tariff_statements;
extern const struct edition_kind tariff_rates_kind, tariff_permits_kind, tariff_exchange_kind;

#endif
