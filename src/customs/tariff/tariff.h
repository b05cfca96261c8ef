/* What goods cost at the border, and what they need: rates of duty as they are laid down, measures, agreements and
 * states as dated data, and the assessment of a line with every option side by side.
 *
 * Pure but for loading: no clock, no network. Amounts are exact decimals until the state's rounding rule is reached (a
 * quotient that does not end, as of a price for a dozen, has 34 digits); no binary floating point anywhere. What no
 * public text fixes (rounding, defaults of freight) is data of the state with its source beside it (data/tariff), never
 * code. */
#ifndef TARIFF_H
#define TARIFF_H

#include "base/buf.h"
#include "base/date.h"
#include "base/findings.h"
#include "base/money.h"
#include "kernel/capability.h"

extern const struct capability tariff_capability;
extern const struct rule tariff_duty_rules[], tariff_measure_rules[], tariff_assessment_rules[];

/* --- Duty expressions ---
 *
 *   duty        = "free" | "excluded" | sum
 *   sum         = part { "+" part }
 *   part        = number "%"                        of the base (a customs value)
 *               | number currency "/" unit { "/" unit }   for each unit; of several, for each of their product
 *               | ( "max" | "min" ) "(" sum "," sum { "," sum } ")"
 *
 * "20%", "450 IDR/KGM", "5% + 16 SGD/LTR", "max(10%, 1.20 USD/KGM)", "88 SGD/LPA" (a litre of pure alcohol). Currencies
 * are ISO 4217, units those of data/tariff/units.csv. Small and capital letters, blanks, "per" for "/", brackets around
 * a sum and zeros at the ends of a number may differ in what is read; what is written is one form. "excluded" is no
 * rate: the schedule says that the agreement does not cover the goods. */
struct tariff_duty;

#define TARIFF_DUTY_MAX   512 /* octets of an expression */
#define TARIFF_DUTY_PARTS 64  /* nodes of its tree */
#define TARIFF_DUTY_DEPTH 8   /* of alternatives within alternatives */

/* NULL, and a finding with its place in the text, if TEXT is none; NULL without one if the arena is full, which *FULL
 * says. The arena's. */
const struct tariff_duty *tariff_duty_parse(struct arena *arena, const char *text, const char *path,
					    struct findings *findings, bool *full);
void tariff_duty_format(const struct tariff_duty *duty, struct buf *out);

/* --- Units --- */

/* The unit of data/tariff/units.csv, or NULL. */
const struct tariff_unit *tariff_unit_find(const char *code);

/* --- Measures --- */

/* What a tariff says of some goods. Texts may be NULL where nothing is said. */
struct tariff_measure {
	const char *nomenclature; /* "AHTN2022" */
	const char *code;         /* the goods: as many digits as are meant, "22", "22030011"; "" is all goods */
	const char *kind;         /* a row of tariff_kind_at(): "mfn", "preference", "vat" … */
	const char *agreement;    /* of a preference: "ATIGA" */
	const char *area;         /* origins: "CN" or "CN VN", or all but those: "-ID -TH"; NULL: all */
	date from, until;         /* both inclusive; DATE_NONE: open */
	const char *duty;         /* an expression; NULL of a control, or where there is only a note */
	const char *note;         /* what is said in words: conditions that no rate can hold */
	const char *documents;    /* codes of documents that are needed, "C400 L100" */
	const char *end_use;      /* only for this use */
	const char *quota;        /* order number */
	const char *exporter;     /* additional code of the exporter, of an anti-dumping duty */
	struct decimal at_least, at_most; /* of the quantity; decimal_none() */
	const char *quantity_unit;
	const char *agency; /* who grants the licence or permit */
	const char *law;
};
extern const struct schema tariff_measure_schema;

/* What a kind of measure is. */
enum tariff_group {
	TARIFF_DUTY,     /* customs duty: one of them is paid */
	TARIFF_ADDED,    /* trade remedies: beside whatever duty is paid (GATT VI, XIX) */
	TARIFF_TAX,      /* inland taxes and levies at import, in the order of the state */
	TARIFF_OUTGOING, /* at export */
	TARIFF_CONTROL,  /* no amount: prohibited, or with a paper of an agency */
};
struct tariff_kind {
	const char *name, *title;
	enum tariff_group group;
	bool exports; /* of controls: also at export */
};
/* NULL after the last. */
const struct tariff_kind *tariff_kind_at(size_t index);
const struct tariff_kind *tariff_kind_find(const char *name);

/* Form and sense of one measure; findings at PATH and below. ARENA for what is read of it. */
struct tariff_reference;
void tariff_measure_check(struct arena *arena, const struct tariff_reference *reference,
			  const struct tariff_measure *measure, const char *path, struct findings *findings);

/* --- Agreements and states: data/agreements, data/tariff --- */

struct tariff_proof {
	const char *code, *name; /* "FORM-D" */
	const char *source;
};
struct tariff_party {
	const char *state; /* ISO 3166 alpha-2 */
	date from, until;
	const char *source;
};
struct tariff_agreement {
	const char *code, *name;
	struct tariff_proof *proofs;
	size_t proofs_count;
	struct tariff_party *parties;
	size_t parties_count;
	const char *note;
};

struct tariff_tax_row {
	const char *kind; /* "excise", "vat" … */
	const char *title;
	const char *base; /* of what it is taken: "value", "duty", and kinds above it, with blanks between */
	const char *duty; /* where the schedule has no measures of this kind; NULL: it is only in the schedule */
	date from, until;
	const char *law, *source;
};
struct tariff_rounding_row {
	const char *stage;   /* "value", "levy", "line", "total" */
	struct decimal unit; /* of the state's currency: 1000, 0.01 */
	const char *mode;    /* "half-up", "half-even", "up", "down" */
	const char *source;
};
struct tariff_relief_row {
	struct decimal at_most;       /* of all lines together */
	const char *currency, *basis; /* "FOB", "CIF" */
	const char *relieves;         /* groups and kinds: "duty vat" */
	bool undutiable;              /* only goods for which nothing is due before it: no duty, no excise */
	date from, until;
	const char *source;
};
struct tariff_state {
	const char *state, *currency, *nomenclature, *basis; /* "CIF" or "FOB" */
	struct decimal landing_percent;                      /* of CIF, added to it; decimal_none() */
	struct decimal freight_percent, insurance_percent; /* of FOB, and of FOB and freight, where none is declared */
	const char *source;
	struct tariff_tax_row *taxes;
	size_t taxes_count;
	struct tariff_rounding_row *rounding;
	size_t rounding_count;
	struct tariff_relief_row *relief;
	size_t relief_count;
};

/* All of them, read once into ARENA, which outlives every snapshot made with it. ERR_INVALID: a file of ours is wrong.
 */
enum err_code tariff_reference_load(struct arena *arena, const struct code_lists *lists,
				    const struct tariff_reference **reference, struct err *err) MUST_USE;
/* NULL after the last. */
const struct tariff_agreement *tariff_agreement_at(const struct tariff_reference *reference, size_t index);
const struct tariff_state *tariff_state_find(const struct tariff_reference *reference, const char *state);
/* Whether both are parties on DAY. */
bool tariff_agreement_between(const struct tariff_agreement *agreement, const char *origin, const char *destination,
			      date day);

/* --- Snapshots --- */

/* The tariff of one state on some days, in memory. Immutable; freed when the last who holds it has let it go. */
struct tariff_snapshot;
struct tariff_exchange {
	const char *currency;
	struct decimal units, rate; /* so many of .currency (1, 10, 100 …; none: 1) are .rate of the state's */
	date from, until;
	const char *law;
};
extern const struct schema tariff_exchange_schema;

#define TARIFF_SNAPSHOT_MAX ((size_t)256 << 20)

struct tariff_builder;
/* For days from FROM to UNTIL, both inclusive. */
enum err_code tariff_build(const struct tariff_reference *reference, const char *state, date from, date until,
			   struct tariff_builder **builder, struct err *err) MUST_USE;
/* Everything is copied. With an error in FINDINGS the measure is left out. */
enum err_code tariff_build_measure(struct tariff_builder *builder, const struct tariff_measure *measure,
				   const char *path, struct findings *findings, struct err *err) MUST_USE;
enum err_code tariff_build_exchange(struct tariff_builder *builder, const struct tariff_exchange *exchange,
				    struct err *err) MUST_USE;
/* Ends BUILDER. A code with measures that contradict each other is a warning, and is not assessed by them. */
enum err_code tariff_build_end(struct tariff_builder *builder, struct tariff_snapshot **snapshot,
			       struct findings *findings, struct err *err) MUST_USE;
void tariff_build_drop(struct tariff_builder *builder); /* NULL is fine */
struct tariff_snapshot *tariff_snapshot_hold(struct tariff_snapshot *snapshot);
void tariff_snapshot_release(struct tariff_snapshot *snapshot); /* NULL is fine */
size_t tariff_snapshot_measures(const struct tariff_snapshot *snapshot);

/* The tariff of STATE on DAY out of the editions that count: "tariff.rates" and "tariff.permits" of the subjects "VN"
 * and "VN-…", "tariff.exchange" of "VN". Measures that contradict each other are warnings in FINDINGS. */
enum err_code tariff_load(struct tx *tx, struct arena *arena, const struct tariff_reference *reference,
			  const char *state, date day, struct tariff_snapshot **snapshot, struct findings *findings,
			  struct err *err) MUST_USE;

/* --- Assessment --- */

struct tariff_quantity {
	struct decimal value;
	const char *unit;
};
struct tariff_line {
	const char *code;
	const char *origin;                       /* of an export, where the goods go */
	struct decimal value, freight, insurance; /* decimal_none() of the latter: not declared */
	const char *currency;                     /* of all three */
	const char *basis;                        /* what .value is: "FOB", "CFR" (with freight), "CIF" */
	const struct tariff_quantity *quantities;
	size_t quantities_count;
	struct decimal strength; /* per cent by volume; decimal_none() */
	const char *documents;   /* codes that are held, "FORM-D C400"; NULL: none */
	const char *end_use, *exporter;
};
struct tariff_request {
	const char *destination;
	date day;
	bool exports; /* the goods leave .destination: export duty and controls alone */
	bool trace;
	const struct tariff_line *lines;
	size_t lines_count;
};

enum tariff_standing {
	TARIFF_CALCULATED,
	TARIFF_NO_SCHEDULE, /* nothing of the kind is loaded: nobody guesses */
	TARIFF_NOT_LISTED,  /* the schedule says nothing of these goods */
	TARIFF_EXCLUDED,
	TARIFF_INCOMPLETE,  /* a fact is missing; there is a finding */
	TARIFF_QUARANTINED, /* its measures contradict each other; there is a finding */
	TARIFF_IN_WORDS,    /* only a note, no rate: an officer decides */
};
/* "calculated", "no schedule loaded" … */
const char *tariff_standing_text(enum tariff_standing standing);

/* One amount of an option: the duty, a tax. */
struct tariff_charge {
	const struct tariff_kind *kind;
	const char *title;
	enum tariff_standing standing;
	struct decimal base, exact, amount; /* what it is taken of; as calculated; as the state rounds it */
	const char *duty;                   /* the expression, in its one form */
	const char *law, *note;
};
struct tariff_option {
	const char *kind;      /* "mfn", "preference", "quota-in" … */
	const char *agreement; /* "ATIGA"; NULL */
	const char *detail;    /* the quota's number or the end use; NULL */
	enum tariff_standing standing;
	const struct tariff_proof *proofs; /* any one of them; the documents of the measure are .documents */
	size_t proofs_count;
	const char *documents;
	bool held;   /* the line has what is needed */
	bool lowest; /* of all that are calculated; of equals the one that needs nothing */
	bool dearer; /* a preference that costs more than MFN */
	const struct tariff_charge *charges;
	size_t charges_count;
	size_t first_step, steps_count; /* of the line's .steps; with .trace only */
	struct decimal duty, payable;   /* customs duties; all together */
	bool open;                      /* some charge is in words or has no schedule: more may come */
};
struct tariff_control {
	const struct tariff_kind *kind;
	const char *agency, *documents, *note, *law;
	bool held;
};

enum tariff_step_kind {
	TARIFF_STEP_EXCHANGE, /* left, of .unit, at right */
	TARIFF_STEP_ADD,      /* left + right */
	TARIFF_STEP_SUBTRACT,
	TARIFF_STEP_PERCENT,  /* left × right % */
	TARIFF_STEP_QUANTITY, /* left of .unit is result of .into */
	TARIFF_STEP_CONTENT,  /* left of .unit at right % is result of .into */
	TARIFF_STEP_SPECIFIC, /* left × right for each .unit */
	TARIFF_STEP_MAX,
	TARIFF_STEP_MIN,
	TARIFF_STEP_ROUND, /* left to result, in units of right, by .unit (the mode) */
	TARIFF_STEP_RELIEF,
};
struct tariff_step {
	enum tariff_step_kind kind;
	const char *what; /* "customs value", "VAT" */
	struct decimal left, right, result;
	const char *unit, *into, *law;
};
/* "VAT: 1200000 × 10 % = 120000" */
void tariff_step_print(const struct tariff_step *step, struct buf *out);

#define TARIFF_OPTIONS_MAX  32
#define TARIFF_CHARGES_MAX  256 /* of all options */
#define TARIFF_CONTROLS_MAX 64
#define TARIFF_STEPS_MAX    1024

/* All of it is valid during the call only. */
struct tariff_result {
	size_t line; /* index */
	struct decimal value;
	const char *currency;
	const struct tariff_option *options;
	size_t options_count;
	const struct tariff_control *controls;
	size_t controls_count;
	const struct tariff_step *steps; /* of the value first, then of each option */
	size_t steps_count;
};
typedef enum err_code tariff_take_fn(void *arg, const struct tariff_result *result, struct err *err);

/* What is payable where each line takes its lowest option, rounded as the state rounds a total. */
struct tariff_total {
	size_t lines; /* that were assessed */
	struct decimal value, payable;
	struct money money;
	bool open;
};

/* Hands a result to TAKE for each line that has no error of form; a failure of TAKE ends it. What is wrong or missing
 * is in FINDINGS, all at once, with paths "/lines/0/quantities". SNAPSHOT is of the destination. */
enum err_code tariff_assess(struct arena *arena, const struct tariff_snapshot *snapshot,
			    const struct tariff_request *request, tariff_take_fn *take, void *arg,
			    struct tariff_total *total, struct findings *findings, struct err *err) MUST_USE;

#endif
