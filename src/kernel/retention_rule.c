/* Terms: what a type is kept for, by the operator's rules or by the defaults of the document types. */
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "kernel/capability.h"
#include "kernel/retention.h"

static const struct other_type {
	const char *name;
	struct keeping keeping;
} others[] = {
	{ RETENTION_MESSAGE,
	  { .years = 1,
	    .law = "no public text says it: a year of what never became a document is enough to explain it" } },
	{ RETENTION_PING,
	  { .days = 90,
	    .law = "no public text says it: what a link was like for three months explains it; they prove nothing else, "
		   "and there may be one every ten minutes" } },
	{ RETENTION_REFUSAL,
	  { .years = 1,
	    .law = "no public text says it: a refused message was never exchanged; a year is longer than "
		   "any inquiry into one" } },
};
static const struct keeping nothing_known = {
	.years = 5, .law = "no public text says it; as long as certificates of origin are kept"
};

static const struct keeping *default_of(const struct kernel *kernel, const char *type)
{
	for (size_t i = 0; i < COUNT(others); i++)
		if (same(others[i].name, type))
			return &others[i].keeping;
	const struct doctype *doctype = type ? doctype_find(kernel, type) : NULL;
	return doctype && doctype->keeping.law ? &doctype->keeping : &nothing_known;
}

static struct retention_term term_of(const struct keeping *keeping)
{
	return (struct retention_term){ keeping->years, keeping->days };
}

struct retention_answer retention_term_of(const struct kernel *kernel, const char *type, const char *organisation)
{
	const struct retention *retention = kernel->retention;
	const struct retention_rule *best = NULL;
	const struct keeping *keeping = default_of(kernel, type);

	for (size_t i = 0; retention && i < retention->count; i++) {
		const struct retention_rule *rule = &retention->rules[i];
		if (same(rule->type, type) &&
		    (rule->organisation ? same(rule->organisation, organisation) : best == NULL))
			best = rule;
	}
	if (best)
		return (struct retention_answer){ best->term, "[retention] of lintas.conf" };
	return (struct retention_answer){ term_of(keeping), keeping->law };
}

static const char *type_at(const struct kernel *kernel, size_t index)
{
	const struct doctype *doctype = doctype_at(kernel, index);
	size_t other = index - doctype_count(kernel);

	return doctype ? doctype->code : other < COUNT(others) ? others[other].name : NULL;
}

const char *retention_type_at(const struct kernel *kernel, size_t index, struct retention_term *term,
			      struct retention_term *least, const char **law)
{
	const char *type = type_at(kernel, index);

	if (!type)
		return NULL;
	const struct keeping *keeping = default_of(kernel, type);
	*term = term_of(keeping);
	*least = (struct retention_term){ .years = keeping->least_years };
	*law = keeping->law;
	return type;
}

/* A law's years are calendar years; the day that is only in leap years ends with February. */
int64_t retention_end_us(int64_t from_us, struct retention_term term)
{
	date day = date_of_time(from_us);

	return (int64_t)(date_add_months(day, 12 * term.years) - day + term.days) * DAY_US + from_us;
}

static bool take_number(const char **text, char unit, int *number)
{
	enum { DIGITS_MAX = 5 };
	char digits[DIGITS_MAX + 1] = "";
	size_t size = strspn(*text, "0123456789");
	int64_t value = 0;

	if (size == 0 || size > DIGITS_MAX || (*text)[size] != unit)
		return false;
	memcpy(digits, *text, size);
	if (!int64_parse(digits, &value))
		return false;
	*text += size + 1;
	*number = (int)value;
	return true;
}

bool retention_term_parse(const char *text, struct retention_term *term)
{
	struct retention_term parsed = { 0 };
	bool years = take_number(&text, 'y', &parsed.years);
	bool days = take_number(&text, 'd', &parsed.days);

	if ((!years && !days) || *text || parsed.years + parsed.days == 0 || parsed.years > RETENTION_YEARS_MAX ||
	    parsed.days > 366 * RETENTION_YEARS_MAX)
		return false;
	*term = parsed;
	return true;
}

const char *retention_term_format(struct retention_term term, char text[static RETENTION_TERM_SIZE])
{
	char years[RETENTION_TERM_SIZE / 2] = "", days[RETENTION_TERM_SIZE / 2] = "";

	if (term.years)
		snprintf(years, sizeof(years), "%dy", term.years);
	if (term.days)
		snprintf(days, sizeof(days), "%dd", term.days);
	snprintf(text, RETENTION_TERM_SIZE, "%s%s", years, days);
	return text;
}
