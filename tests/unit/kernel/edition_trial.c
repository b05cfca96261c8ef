#include "edition_trial.h"

#include <stdio.h>

#include "base/text.h"

/* --- One record --- */

static const struct field text_rows[] = {
	FIELD_TEXT(struct trial_text, language, .json = "language", .min = 1, .max_length = 2),
	FIELD_TEXT(struct trial_text, text, .json = "text", .min = 1, .max_length = 4000),
};
static const struct fields text = FIELDS(struct trial_text, text_rows);
static const struct field measure_rows[] = {
	FIELD_TEXT(struct trial_measure, agreement, .json = "agreement", .min = 1),
	FIELD_DAY(struct trial_measure, from, .json = "from"),
	FIELD_DEC(struct trial_measure, rate, .json = "rate"),
	FIELD_TEXT(struct trial_measure, unit, .json = "unit"),
	FIELD_FLAG(struct trial_measure, excluded, .json = "excluded"),
};
static const struct fields measure = FIELDS(struct trial_measure, measure_rows);
static const struct field rate_rows[] = {
	FIELD_TEXT(struct trial_rate, code, .json = "code", .min = 1, .max_length = 12, .law = "article 1"),
	FIELD_INT(struct trial_rate, level, .json = "level"),
	FIELD_LIST(struct trial_rate, texts, texts_count, struct trial_text, text, .json = "text", .max = 9),
	FIELD_LIST(struct trial_rate, measures, measures_count, struct trial_measure, measure, .json = "measure",
		   .max = 99),
};
static const struct fields rate = FIELDS(struct trial_rate, rate_rows);
static const struct schema schema = { .name = "trial.rates", .fields = &rate };

enum { TWICE, ODD_LEVEL, LAST_IS_FIRST, NOWHERE };
static const struct rule rules[] = {
	[TWICE] = { .code = "TRL-001", .text = "{1} comes twice", .law = "article 2" },
	[ODD_LEVEL] = { .code = "TRL-002", .text = "the level {1} is odd", .severity = SEVERITY_WARNING },
	[LAST_IS_FIRST] = { .code = "TRL-003", .text = "the last is {1}, as the first is" },
	[NOWHERE] = { .code = "TRL-004", .text = "there is no {1}" },
	{ 0 },
};

/* --- SQL --- */

const struct statement trial_tables[2] = {
	{ "trial.table", "CREATE TABLE trial_rate (edition TEXT NOT NULL, number {i64} NOT NULL, code TEXT NOT NULL,"
			 " measures {i64} NOT NULL, PRIMARY KEY (edition, number)) {strict}" },
	{ "trial.whole",
	  "CREATE TABLE trial_whole (edition TEXT NOT NULL PRIMARY KEY, records {i64} NOT NULL) {strict}" },
};
const struct statement trial_count = { "trial.count", "SELECT count(*) FROM trial_rate" };
const struct statement trial_seen = { "trial.seen", "SELECT records FROM trial_whole WHERE edition = $1" };
static const struct statement sql_put = {
	"trial.put", "INSERT INTO trial_rate (edition, number, code, measures) VALUES ($1, $2, $3, $4)"
};
static const struct statement sql_put_whole = { "trial.put_whole",
						"INSERT INTO trial_whole (edition, records) VALUES ($1, $2)" };
static const struct statement sql_drop = { "trial.drop",
					   "DELETE FROM trial_rate WHERE edition = $1 AND number IN (SELECT number FROM"
					   " trial_rate WHERE edition = $1 ORDER BY number LIMIT $2)" };
static const struct statement sql_drop_whole = { "trial.drop_whole", "DELETE FROM trial_whole WHERE edition = $1" };

/* --- The kind --- */

int64_t trial_fails_at;
void (*trial_at_put)(int64_t number);

struct work {
	struct arena *arena;
	const char *first, *last; /* codes */
	int64_t count;
};

static enum err_code admit(struct tx *tx, struct arena *arena, const struct edition *edition, struct findings *findings,
			   struct err *err)
{
	(void)tx, (void)arena, (void)err;
	if (same(edition->subject, "NOWHERE"))
		finding_add(findings, &rules[NOWHERE], "/subject", edition->subject, NULL);
	return OK;
}

static enum err_code begin(struct arena *arena, const struct edition *edition, void **work, struct err *err)
{
	struct work *begun = arena_alloc(arena, sizeof(*begun));

	(void)edition;
	if (!begun)
		return fail(err, ERR_MEMORY, "no memory for the trial");
	begun->arena = arena;
	*work = begun;
	return OK;
}

static enum err_code check(void *arg, int64_t number, const void *record, struct findings *findings, struct err *err)
{
	struct work *work = arg;
	const struct trial_rate *one = record;
	char level[24];

	(void)err;
	if (same(work->last, one->code))
		finding_add(findings, &rules[TWICE], "/code", one->code, NULL);
	snprintf(level, sizeof(level), "%lld", (long long)one->level);
	if (one->level != INTEGER_NONE && one->level % 2)
		finding_add(findings, &rules[ODD_LEVEL], "/level", level, NULL);
	work->last = arena_text(work->arena, one->code);
	work->first = number == 1 ? work->last : work->first;
	work->count = number;
	return OK;
}

static enum err_code put(struct tx *tx, const void *work, const struct edition *edition, int64_t number,
			 const void *record, struct err *err)
{
	const struct trial_rate *one = record;

	(void)work;
	if (trial_at_put)
		trial_at_put(number);
	if (number == trial_fails_at)
		return fail(err, ERR_IO, "the trial fails at record %lld", (long long)number);
	return db_exec(
		tx, &sql_put,
		BINDS(BIND_TEXT(edition->id), BIND_INT(number), BIND_TEXT(one->code), BIND_INT(one->measures_count)),
		NULL, err);
}

static enum err_code whole(void *arg, struct findings *findings, struct err *err)
{
	const struct work *work = arg;

	(void)err;
	if (work->count > 2 && same(work->first, work->last))
		finding_add(findings, &rules[LAST_IS_FIRST], "/records/2/code", work->last, NULL);
	return OK;
}

static enum err_code put_whole(struct tx *tx, const void *arg, const struct edition *edition, struct err *err)
{
	const struct work *work = arg;

	return db_exec(tx, &sql_put_whole, BINDS(BIND_TEXT(edition->id), BIND_INT(work->count)), NULL, err);
}

static enum err_code drop(struct tx *tx, const char *edition, int64_t limit, bool *more, struct err *err)
{
	int64_t changed = 0;

	if (trial_fails_at < 0)
		return fail(err, ERR_IO, "the trial deletes nothing");
	TRY(db_exec(tx, &sql_drop, BINDS(BIND_TEXT(edition), BIND_INT(limit)), &changed, err));
	TRY(db_exec(tx, &sql_drop_whole, BINDS(BIND_TEXT(edition)), NULL, err));
	*more = changed == limit;
	return OK;
}

#define TRIAL                                                                                                          \
	.schema = &schema, .rules = rules, .admit = admit, .begin = begin, .check = check, .put = put, .whole = whole, \
	.put_whole = put_whole, .drop = drop
const struct edition_kind trial_rates = {
	.name = "trial.rates", .title = "rates of a trial", .four_eyes = true, TRIAL
};
const struct edition_kind trial_open = { .name = "trial.open", .title = "rates that one alone puts in", TRIAL };
const struct capability trial_capability = {
	.name = "trial",
	.editions = (const struct edition_kind *const[]){ &trial_rates, &trial_open, NULL },
};
