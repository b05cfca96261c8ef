/* Making a tariff of a few measures, and asking what lines cost by it; for several programs of tests. */
#ifndef TARIFF_PLAY_H
#define TARIFF_PLAY_H

#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "tariff_books.h"

#define DAY date_of(2026, 11, 2)

__attribute__((unused)) static struct err err;
#define must(call)                                                                                                     \
	do {                                                                                                           \
		if ((call) != OK)                                                                                      \
			fail_msg("%s", err.text);                                                                      \
	} while (0)

__attribute__((unused)) static struct decimal number(const char *text)
{
	struct decimal value = decimal_none();

	if (text && !decimal_parse(text, &value))
		fail_msg("not a number: %s", text);
	return value;
}

__attribute__((unused)) static void must_be(struct decimal value, const char *expected)
{
	if (!decimal_given(value) || decimal_compare(value, number(expected)) != 0) {
		char text[DECIMAL_SIZE];
		fail_msg("%s, not %s", decimal_format(value, text), expected);
	}
}

/* --- Making a tariff --- */

struct bench {
	struct arena *arena;
	struct findings *findings;
	struct tariff_builder *builder;
	struct tariff_snapshot *snapshot;
};

__attribute__((unused)) static struct bench bench_of(const char *state)
{
	struct bench bench = { .arena = arena_new((size_t)8 << 20) };

	assert_non_null(bench.arena);
	bench.findings = findings_new(bench.arena);
	must(tariff_build(books_reference(), state, date_of(2022, 1, 1), date_of(2027, 12, 31), &bench.builder, &err));
	return bench;
}

__attribute__((unused)) static struct tariff_measure measure_of(const char *code, const char *kind, const char *duty)
{
	return (struct tariff_measure){ .code = code,
					.kind = kind,
					.duty = duty,
					.from = DATE_NONE,
					.until = DATE_NONE,
					.at_least = decimal_none(),
					.at_most = decimal_none() };
}

__attribute__((unused)) static void add(struct bench *bench, struct tariff_measure measure)
{
	must(tariff_build_measure(bench->builder, &measure, "/measure", bench->findings, &err));
}

__attribute__((unused)) static void add_plain(struct bench *bench, const char *code, const char *kind, const char *duty)
{
	add(bench, measure_of(code, kind, duty));
}

__attribute__((unused)) static void add_preference(struct bench *bench, const char *code, const char *agreement,
						   const char *duty)
{
	struct tariff_measure measure = measure_of(code, "preference", duty);

	measure.agreement = agreement;
	add(bench, measure);
}

__attribute__((unused)) static void build(struct bench *bench)
{
	must(tariff_build_end(bench->builder, &bench->snapshot, bench->findings, &err));
}

__attribute__((unused)) static void done(struct bench *bench)
{
	tariff_snapshot_release(bench->snapshot);
	arena_free(bench->arena);
}

/* --- Asking it --- */

struct answer {
	struct arena *arena;
	struct tariff_result result;
	struct tariff_total total;
	size_t lines;
};

__attribute__((unused)) static enum err_code keep(void *arg, const struct tariff_result *result, struct err *e)
{
	struct answer *answer = arg;
	struct tariff_option *options =
		arena_copy(answer->arena, result->options, result->options_count * sizeof(*options));

	(void)e;
	answer->result = *result;
	answer->result.options = options;
	for (size_t i = 0; i < result->options_count; i++)
		if (options[i].charges)
			options[i].charges = arena_copy(answer->arena, options[i].charges,
							options[i].charges_count * sizeof(struct tariff_charge));
	answer->result.controls =
		arena_copy(answer->arena, result->controls, result->controls_count * sizeof(*result->controls));
	answer->result.steps = arena_copy(answer->arena, result->steps, result->steps_count * sizeof(*result->steps));
	answer->lines++;
	return OK;
}

__attribute__((unused)) static struct answer ask(struct bench *bench, const char *state, date day,
						 const struct tariff_line *lines, size_t count)
{
	struct answer answer = { .arena = bench->arena };
	const struct tariff_request request = {
		.destination = state, .day = day, .trace = true, .lines = lines, .lines_count = count
	};

	bench->findings = findings_new(bench->arena);
	must(tariff_assess(bench->arena, bench->snapshot, &request, keep, &answer, &answer.total, bench->findings,
			   &err));
	return answer;
}

__attribute__((unused)) static struct tariff_line line_of(const char *code, const char *origin, const char *value,
							  const char *currency)
{
	return (struct tariff_line){ .code = code,
				     .origin = origin,
				     .value = number(value),
				     .currency = currency,
				     .basis = "CIF",
				     .freight = decimal_none(),
				     .insurance = decimal_none(),
				     .strength = decimal_none() };
}

__attribute__((unused)) static const struct tariff_option *option_of(const struct answer *answer, const char *agreement)
{
	for (size_t i = 0; i < answer->result.options_count; i++)
		if (same(answer->result.options[i].agreement, agreement))
			return &answer->result.options[i];
	fail_msg("there is no option %s", agreement ? agreement : "mfn");
	return NULL;
}

__attribute__((unused)) static void must_find(const struct bench *bench, const char *code, const char *path)
{
	for (size_t i = 0; i < findings_count(bench->findings); i++)
		if (same(findings_at(bench->findings, i)->rule->code, code) &&
		    (!path || same(findings_at(bench->findings, i)->path, path)))
			return;
	for (size_t i = 0; i < findings_count(bench->findings); i++)
		print_error("%s %s %s\n", findings_at(bench->findings, i)->rule->code,
			    findings_at(bench->findings, i)->path, findings_at(bench->findings, i)->text);
	fail_msg("no %s at %s", code, path ? path : "any place");
}

#endif
