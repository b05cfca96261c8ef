/* Lines of a script on standard input, and what they cost on standard output: for tariff_oracle.py, which works them
 * out by itself. Cells are separated by tabs; an empty one is nothing.
 *
 *   S state first-day last-day                         begins a tariff
 *   X currency units rate
 *   M code kind agreement area first-day last-day duty
 *   L code origin value currency basis freight insurance strength day quantities    "75:LTR;3:KGM"
 *
 * Answers: "L value", then "O kind agreement standing lowest dearer duty payable" and "C kind standing base amount" of
 * each, then "F code" of each finding, then ".". */
#include <stdio.h>
#include <stdlib.h>

#include "tariff_books.h"

#define CELLS 12
#define ROOM  4096

static struct err err;

static void must(enum err_code code)
{
	if (code == OK)
		return;
	fprintf(stderr, "tariff_lines: %s\n", err.text);
	exit(1);
}

static const char *given(const char *cell)
{
	return cell && *cell ? cell : NULL;
}

static struct decimal number(const char *cell)
{
	struct decimal value = decimal_none();

	if (given(cell) && !decimal_parse(cell, &value))
		must(err_set(&err, ERR_INVALID, "", "not a number: %s", cell));
	return value;
}

static date day(const char *cell)
{
	date value = DATE_NONE;

	if (given(cell) && !date_parse(cell, &value))
		must(err_set(&err, ERR_INVALID, "", "not a day: %s", cell));
	return value;
}

static size_t split(char *text, char separator, char *cells[static CELLS])
{
	size_t count = 0;

	text[strcspn(text, "\r\n")] = '\0';
	cells[count++] = text;
	for (char *c = text; *c && count < CELLS; c++)
		if (*c == separator) {
			*c = '\0';
			cells[count++] = c + 1;
		}
	for (size_t i = count; i < CELLS; i++)
		cells[i] = NULL;
	return count;
}

static const char *text_of(struct decimal value, char buffer[static DECIMAL_SIZE])
{
	return decimal_given(value) ? decimal_format(value, buffer) : "-";
}

static enum err_code print_result(void *arg, const struct tariff_result *result, struct err *e)
{
	char a[DECIMAL_SIZE], b[DECIMAL_SIZE];

	(void)arg;
	(void)e;
	printf("L\t%s\n", text_of(result->value, a));
	for (size_t i = 0; i < result->options_count; i++) {
		const struct tariff_option *option = &result->options[i];
		printf("O\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n", option->kind, option->agreement ? option->agreement : "-",
		       tariff_standing_text(option->standing), option->lowest, option->dearer, text_of(option->duty, a),
		       text_of(option->payable, b));
		for (size_t j = 0; j < option->charges_count; j++) {
			const struct tariff_charge *charge = &option->charges[j];
			printf("C\t%s\t%s\t%s\t%s\n", charge->kind->name, tariff_standing_text(charge->standing),
			       text_of(charge->base, a), text_of(charge->amount, b));
		}
	}
	return OK;
}

static void assess(const struct tariff_snapshot *snapshot, const char *state, char *cells[static CELLS])
{
	arena_auto arena = arena_new((size_t)8 << 20);
	struct findings *findings = findings_new(arena);
	struct tariff_quantity quantities[CELLS];
	char *each[CELLS], *pair[CELLS];
	struct tariff_total total;
	struct tariff_line line = {
		.code = cells[1],
		.origin = cells[2],
		.value = number(cells[3]),
		.currency = cells[4],
		.basis = cells[5],
		.freight = number(cells[6]),
		.insurance = number(cells[7]),
		.strength = number(cells[8]),
		.quantities = quantities,
	};
	const struct tariff_request request = {
		.destination = state, .day = day(cells[9]), .trace = true, .lines = &line, .lines_count = 1
	};

	for (size_t i = 0, count = given(cells[10]) ? split(cells[10], ';', each) : 0; i < count; i++) {
		split(each[i], ':', pair);
		quantities[line.quantities_count++] = (struct tariff_quantity){ number(pair[0]), pair[1] };
	}
	must(tariff_assess(arena, snapshot, &request, print_result, NULL, &total, findings, &err));
	for (size_t i = 0; i < findings_count(findings); i++)
		printf("F\t%s\n", findings_at(findings, i)->rule->code);
	puts(".");
}

static void put_measure(struct tariff_builder *builder, char *cells[static CELLS], struct findings *findings)
{
	const struct tariff_measure measure = {
		.code = cells[1],
		.kind = cells[2],
		.agreement = given(cells[3]),
		.area = given(cells[4]),
		.from = day(cells[5]),
		.until = day(cells[6]),
		.duty = cells[7],
		.at_least = decimal_none(),
		.at_most = decimal_none(),
	};

	must(tariff_build_measure(builder, &measure, "", findings, &err));
}

int main(void)
{
	struct tariff_builder *builder = NULL;
	struct tariff_snapshot *snapshot = NULL;
	arena_auto arena = arena_new((size_t)8 << 20);
	struct findings *findings = findings_new(arena);
	char line[ROOM], state[3] = "", *cells[CELLS];

	while (fgets(line, sizeof(line), stdin)) {
		split(line, '\t', cells);
		if (*line == 'S') {
			tariff_snapshot_release(snapshot);
			snapshot = NULL;
			snprintf(state, sizeof(state), "%s", cells[1]);
			must(tariff_build(books_reference(), state, day(cells[2]), day(cells[3]), &builder, &err));
		} else if (*line == 'X') {
			const struct tariff_exchange rate = { cells[1],  number(cells[2]), number(cells[3]),
							      DATE_NONE, DATE_NONE,        NULL };
			must(tariff_build_exchange(builder, &rate, &err));
		} else if (*line == 'M') {
			put_measure(builder, cells, findings);
		} else if (*line == 'L') {
			if (!snapshot)
				must(tariff_build_end(builder, &snapshot, findings, &err));
			assess(snapshot, state, cells);
		}
	}
	tariff_snapshot_release(snapshot);
	for (size_t i = 0; i < findings_count(findings); i++)
		fprintf(stderr, "%s %s\n", findings_at(findings, i)->rule->code, findings_at(findings, i)->text);
	return findings_count(findings) ? 1 : 0;
}
