/* What became of a code, from the rows of correlation tables. A table of one direction says both. */
#include <stdlib.h>

#include "customs/nomenclature/nomenclature_int.h"

static int pair_order(const char *a_version, const char *b_version, const char *code, const char *x, const char *y,
		      const char *z)
{
	int order = strcmp(a_version, x);

	order = order ? order : strcmp(b_version, y);
	return order ? order : strcmp(code, z);
}

/* Rows seen from one side: of CODE in VERSION, what is in OTHER. */
struct side {
	const struct pair *rows;
	bool back; /* the rows are from OTHER to VERSION */
	size_t count;
};

static const char *partner(const struct side *side, size_t i)
{
	return side->back ? side->rows[i].from : side->rows[i].to;
}

static int row_order(const struct pair *row, bool back, const char *version, const char *other, const char *code)
{
	return back ? pair_order(row->to_version, row->from_version, row->to, version, other, code)
		    : pair_order(row->from_version, row->to_version, row->from, version, other, code);
}

static size_t lower(const struct pair *rows, size_t count, bool back, const char *version, const char *other,
		    const char *code)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (row_order(&rows[middle], back, version, other, code) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool table_is(const struct correlation_book *rows, bool back, const char *version, const char *other)
{
	const struct pair *sorted = back ? rows->back : rows->forth;
	size_t at = lower(sorted, rows->count, back, version, other, "");

	return at < rows->count && same(back ? sorted[at].to_version : sorted[at].from_version, version) &&
	       same(back ? sorted[at].from_version : sorted[at].to_version, other);
}

bool correlation_about(const struct correlation_book *rows, const char *from_version, const char *to_version)
{
	return table_is(rows, false, from_version, to_version) || table_is(rows, true, from_version, to_version);
}

static struct side side_of(const struct correlation_book *rows, const char *version, const char *code,
			   const char *other)
{
	bool back = !table_is(rows, false, version, other);
	const struct pair *sorted = back ? rows->back : rows->forth;
	size_t at = lower(sorted, rows->count, back, version, other, code), count = 0;

	while (at + count < rows->count && row_order(&sorted[at + count], back, version, other, code) == 0)
		count++;
	return (struct side){ .rows = sorted + at, .back = back, .count = count };
}

/* --- Reach: of a code, what is in another version, by a table or through a version between --- */

struct question {
	const struct correlation_book *rows;
	struct arena *arena;
	const char *middle; /* NULL: none */
};
struct reach {
	const char **codes;
	size_t count;
};

static bool reach_has(const struct reach *reach, const char *code)
{
	for (size_t i = 0; i < reach->count; i++)
		if (same(reach->codes[i], code))
			return true;
	return false;
}

static bool reach_direct(const struct question *question, const char *version, const char *code, const char *other,
			 struct reach *reach)
{
	struct side side = side_of(question->rows, version, code, other);

	reach->codes = arena_array(question->arena, side.count, sizeof(*reach->codes));
	for (size_t i = 0; reach->codes && i < side.count; i++)
		reach->codes[reach->count++] = partner(&side, i);
	return reach->codes != NULL;
}

/* What takes from everywhere would, as a step, lead everywhere. */
static bool reach_through(const struct question *question, const char *version, const char *code, const char *other,
			  struct reach *reach)
{
	struct side steps = side_of(question->rows, version, code, question->middle);
	size_t most = 0;

	for (size_t i = 0; i < steps.count; i++)
		most += side_of(question->rows, question->middle, partner(&steps, i), other).count;
	reach->codes = arena_array(question->arena, most, sizeof(*reach->codes));
	for (size_t i = 0; reach->codes && i < steps.count; i++) {
		const char *step = partner(&steps, i);
		struct side next = side_of(question->rows, question->middle, step, other);

		if (steps.count > 1 &&
		    side_of(question->rows, question->middle, step, version).count >= CORRELATION_COLLAPSES)
			continue;
		for (size_t j = 0; j < next.count; j++)
			if (!reach_has(reach, partner(&next, j)))
				reach->codes[reach->count++] = partner(&next, j);
	}
	return reach->codes != NULL;
}

static bool reach_of(const struct question *question, const char *version, const char *code, const char *other,
		     struct reach *reach)
{
	*reach = (struct reach){ 0 };
	return question->middle ? reach_through(question, version, code, other, reach)
				: reach_direct(question, version, code, other, reach);
}

static const char *relationship_of(size_t targets, size_t most_sources)
{
	if (targets == 0)
		return "";
	if (targets == 1)
		return most_sources <= 1 ? "1:1" : "n:1";
	return most_sources <= 1 ? "1:n" : "n:n";
}

struct counted {
	size_t targets, sources; /* .sources: the most that one of the targets has */
};

static void count(struct counted *counted, size_t sources)
{
	counted->targets++;
	counted->sources = sources > counted->sources ? sources : counted->sources;
}

/* How many go into TARGET, and how many of them go nowhere else than most do. */
static bool sources_of(const struct question *question, const char *from_version, const char *target,
		       const char *to_version, size_t *sources, size_t *plain)
{
	struct reach reach, there;

	if (!reach_of(question, to_version, target, from_version, &reach))
		return false;
	*sources = reach.count;
	*plain = 0;
	/* A collecting target is collapsed: nobody asks which of its sources are. */
	for (size_t i = 0; reach.count < CORRELATION_COLLAPSES && i < reach.count; i++) {
		if (!question->middle)
			there.count = side_of(question->rows, from_version, reach.codes[i], to_version).count;
		else if (!reach_of(question, from_version, reach.codes[i], to_version, &there))
			return false;
		*plain += there.count < CORRELATION_COLLAPSES;
	}
	return true;
}

/* The item that stands for all with the first DIGITS of CODE. */
static struct correlated *collapsed_at(struct correlation *correlation, struct arena *arena, const char *code,
				       size_t digits)
{
	struct correlated *item;

	for (size_t i = 0; i < correlation->count; i++)
		if (correlation->items[i].collapsed && strncmp(correlation->items[i].code, code, digits) == 0)
			return &correlation->items[i];
	item = &correlation->items[correlation->count];
	item->code = arena_text_of(arena, bytes(code, digits));
	if (item->code)
		correlation->count++;
	return item->code ? item : NULL;
}

static void say_who_decides(struct correlation *correlation, const struct counted *rest, bool collecting)
{
	if (collecting)
		correlation->why = "it takes goods from many headings: the goods decide";
	else if (rest->targets == 0 && correlation->count > 0)
		correlation->why = "only collecting subheadings follow it";
	else if (rest->targets > 1)
		correlation->why = "several codes follow it: the goods decide";
	correlation->person = correlation->why != NULL;
}

bool correlation_look(const struct correlation_book *rows, struct arena *arena, const char *from_version,
		      const char *code, const char *middle, const char *to_version, bool all,
		      struct correlation *correlation)
{
	const struct question question = { .rows = rows, .arena = arena, .middle = middle };
	struct counted whole = { 0 }, rest = { 0 };
	struct reach targets;

	if (!reach_of(&question, from_version, code, to_version, &targets))
		return false;
	bool collecting = targets.count >= CORRELATION_COLLAPSES;
	correlation->items = arena_array(arena, targets.count, sizeof(*correlation->items));
	correlation->count = 0;
	for (size_t i = 0; correlation->items && i < targets.count; i++) {
		const char *target = targets.codes[i];
		struct correlated *item = &correlation->items[correlation->count];
		size_t sources = 0, plain = 0;

		if (!sources_of(&question, from_version, target, to_version, &sources, &plain))
			return false;
		bool apart = collecting || sources >= CORRELATION_COLLAPSES;
		count(&whole, sources);
		if (!apart)
			count(&rest, plain);
		if (apart && !all) {
			item = collapsed_at(correlation, arena, target, collecting ? 2 : 4);
			if (!item)
				return false;
			item->collapsed++;
		} else {
			item->code = arena_text(arena, target);
			if (!item->code)
				return false;
			correlation->count++;
		}
		item->of = (int64_t)sources > item->of ? (int64_t)sources : item->of;
	}
	correlation->relationship = relationship_of(whole.targets, whole.sources);
	correlation->relationship_rest = relationship_of(rest.targets, rest.sources);
	say_who_decides(correlation, &rest, collecting);
	return correlation->items != NULL;
}

/* --- Sorting --- */

static int by_from(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = row_order(x, false, y->from_version, y->to_version, y->from);

	return order ? order : strcmp(x->to, y->to);
}

static int by_to(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = row_order(x, true, y->to_version, y->from_version, y->to);

	return order ? order : strcmp(x->from, y->from);
}

bool correlation_sort(struct correlation_book *book, struct arena *arena, struct pair *rows, size_t count)
{
	struct pair *back = arena_array(arena, count, sizeof(*back));

	if (!back)
		return false;
	if (count) {
		memcpy(back, rows, count * sizeof(*rows));
		qsort(rows, count, sizeof(*rows), by_from);
		qsort(back, count, sizeof(*back), by_to);
	}
	book->forth = rows;
	book->back = back;
	book->count = count;
	return true;
}
