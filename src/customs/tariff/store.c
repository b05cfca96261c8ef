#include "customs/tariff/tariff_int.h"
#include "db/db.h"

/* clang-format off */
static const struct statement sql_put_measure = { "tariff.put-measure",
	"INSERT INTO tariff_measure (edition, number, item, nomenclature, code, kind, agreement, area, from_day, until_day, duty, note, documents,"
	" end_use, quota, exporter, at_least, at_most, quantity_unit, agency, law)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)" };
static const struct statement sql_measures = { "tariff.measures",
	"SELECT nomenclature, code, kind, agreement, area, from_day, until_day, duty, note, documents, end_use, quota, exporter, at_least, at_most,"
	" quantity_unit, agency, law FROM tariff_measure WHERE edition = $1 ORDER BY number, item" };
static const struct statement sql_drop_measures = { "tariff.drop-measures",
	"DELETE FROM tariff_measure WHERE edition = $1 AND number IN"
	" (SELECT DISTINCT number FROM tariff_measure WHERE edition = $1 ORDER BY number LIMIT $2)" };
static const struct statement sql_put_exchange = { "tariff.put-exchange",
	"INSERT INTO tariff_exchange (edition, number, currency, units, rate, from_day, until_day, law) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)" };
static const struct statement sql_exchange = { "tariff.exchange",
	"SELECT currency, units, rate, from_day, until_day, law FROM tariff_exchange WHERE edition = $1 ORDER BY number" };
static const struct statement sql_drop_exchange = { "tariff.drop-exchange",
	"DELETE FROM tariff_exchange WHERE edition = $1 AND number IN"
	" (SELECT number FROM tariff_exchange WHERE edition = $1 ORDER BY number LIMIT $2)" };
/* clang-format on */

static const struct statement *const rows[] = { &sql_put_measure,  &sql_measures, &sql_drop_measures,
						&sql_put_exchange, &sql_exchange, &sql_drop_exchange };
const struct statements tariff_statements = { rows, COUNT(rows) };

static struct bind day_bind(date day)
{
	return day == DATE_NONE ? BIND_NULL : BIND_INT(day);
}

static const char *text_or_null(struct decimal value, char buffer[static DECIMAL_SIZE])
{
	return decimal_given(value) ? decimal_format(value, buffer) : NULL;
}

enum err_code store_put_measure(struct tx *tx, const char *edition, int64_t number, int64_t item,
				const struct tariff_measure *measure, struct err *err)
{
	char least[DECIMAL_SIZE], most[DECIMAL_SIZE];

	return db_exec(tx, &sql_put_measure,
		       BINDS(BIND_TEXT(edition), BIND_INT(number), BIND_INT(item), BIND_TEXT(measure->nomenclature),
			     BIND_TEXT(measure->code ? measure->code : ""), BIND_TEXT(measure->kind),
			     BIND_TEXT(measure->agreement), BIND_TEXT(measure->area), day_bind(measure->from),
			     day_bind(measure->until), BIND_TEXT(measure->duty), BIND_TEXT(measure->note),
			     BIND_TEXT(measure->documents), BIND_TEXT(measure->end_use), BIND_TEXT(measure->quota),
			     BIND_TEXT(measure->exporter), BIND_TEXT(text_or_null(measure->at_least, least)),
			     BIND_TEXT(text_or_null(measure->at_most, most)), BIND_TEXT(measure->quantity_unit),
			     BIND_TEXT(measure->agency), BIND_TEXT(measure->law)),
		       NULL, err);
}

enum err_code store_put_exchange(struct tx *tx, const char *edition, int64_t number, const struct tariff_exchange *rate,
				 struct err *err)
{
	char units[DECIMAL_SIZE], price[DECIMAL_SIZE];

	return db_exec(tx, &sql_put_exchange,
		       BINDS(BIND_TEXT(edition), BIND_INT(number), BIND_TEXT(rate->currency),
			     BIND_TEXT(text_or_null(rate->units, units)), BIND_TEXT(text_or_null(rate->rate, price)),
			     day_bind(rate->from), day_bind(rate->until), BIND_TEXT(rate->law)),
		       NULL, err);
}

static enum err_code drop(struct tx *tx, const struct statement *statement, const char *edition, int64_t limit,
			  bool *more, struct err *err)
{
	int64_t changed = 0;

	TRY(db_exec(tx, statement, BINDS(BIND_TEXT(edition), BIND_INT(limit)), &changed, err));
	*more = changed >= limit;
	return OK;
}

enum err_code store_drop_measures(struct tx *tx, const char *edition, int64_t limit, bool *more, struct err *err)
{
	return drop(tx, &sql_drop_measures, edition, limit, more, err);
}

enum err_code store_drop_exchange(struct tx *tx, const char *edition, int64_t limit, bool *more, struct err *err)
{
	return drop(tx, &sql_drop_exchange, edition, limit, more, err);
}

/* --- Loading --- */

enum { ROW_ARENA = 1 << 18 };

static date day_at(const struct query *query, int column)
{
	return db_null(query, column) ? DATE_NONE : (date)db_int(query, column);
}

static struct decimal decimal_at(struct arena *arena, const struct query *query, int column)
{
	const char *text = db_text(arena, query, column);
	struct decimal value = decimal_none();

	if (text && !decimal_parse(text, &value))
		value = decimal_none();
	return value;
}

/* A row lives in an arena of its own: the builder keeps each text once. */
static enum err_code load_measure(const struct query *query, struct tariff_builder *builder, struct findings *findings,
				  struct err *err)
{
	arena_auto arena = arena_new(ROW_ARENA);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a measure");
	const struct tariff_measure measure = {
		.nomenclature = db_text(arena, query, 0),
		.code = db_text(arena, query, 1),
		.kind = db_text(arena, query, 2),
		.agreement = db_text(arena, query, 3),
		.area = db_text(arena, query, 4),
		.from = day_at(query, 5),
		.until = day_at(query, 6),
		.duty = db_text(arena, query, 7),
		.note = db_text(arena, query, 8),
		.documents = db_text(arena, query, 9),
		.end_use = db_text(arena, query, 10),
		.quota = db_text(arena, query, 11),
		.exporter = db_text(arena, query, 12),
		.at_least = decimal_at(arena, query, 13),
		.at_most = decimal_at(arena, query, 14),
		.quantity_unit = db_text(arena, query, 15),
		.agency = db_text(arena, query, 16),
		.law = db_text(arena, query, 17),
	};
	return tariff_build_measure(builder, &measure, "", findings, err);
}

enum err_code store_load_measures(struct tx *tx, const char *edition, struct tariff_builder *builder,
				  struct findings *findings, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_measures, BINDS(BIND_TEXT(edition)), &query, err));
	while (db_next(&query))
		TRY(load_measure(&query, builder, findings, err));
	return db_end(&query, err);
}

static enum err_code load_exchange(const struct query *query, struct tariff_builder *builder, struct err *err)
{
	arena_auto arena = arena_new(ROW_ARENA);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a rate of exchange");
	const struct tariff_exchange rate = {
		.currency = db_text(arena, query, 0),
		.units = decimal_at(arena, query, 1),
		.rate = decimal_at(arena, query, 2),
		.from = day_at(query, 3),
		.until = day_at(query, 4),
		.law = db_text(arena, query, 5),
	};
	return tariff_build_exchange(builder, &rate, err);
}

enum err_code store_load_exchange(struct tx *tx, const char *edition, struct tariff_builder *builder, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_exchange, BINDS(BIND_TEXT(edition)), &query, err));
	while (db_next(&query))
		TRY(load_exchange(&query, builder, err));
	return db_end(&query, err);
}
