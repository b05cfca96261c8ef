/* Lines of goods through the tariff's assessment, one a call, on one core.
 *
 * usage: tariff LINES SECONDS TRACE
 *
 * A tariff of the size of a national book: 11,414 lines with a most-favoured-nation duty and the preferences of four
 * agreements, which are made up, and VAT. Goods from TH into VN: five options are calculated, and four shown of which
 * no schedule is loaded. Each line is a request of its own, with an arena of its own, as a call over the interface has;
 * it ends after LINES, or SECONDS. TRACE 1: with the arithmetic of each step; 2: and its text.
 *
 * Prints one line of JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "customs/tariff/tariff.h"
#include "kernel/codelist.h"

enum { CODES = 11414, LOOK_EVERY = 1000 };

static struct err err;

static void must(enum err_code code)
{
	if (code == OK)
		return;
	fprintf(stderr, "tariff: %s\n", err.text);
	exit(1);
}

static void code_of(size_t index, char code[static 9])
{
	snprintf(code, 9, "%08zu", 1010000 + index * 8347);
}

static void put(struct tariff_builder *builder, struct findings *findings, const char *code, const char *kind,
		const char *agreement, const char *duty)
{
	const struct tariff_measure measure = { .code = code,
						.kind = kind,
						.agreement = agreement,
						.from = DATE_NONE,
						.until = DATE_NONE,
						.duty = duty,
						.at_least = decimal_none(),
						.at_most = decimal_none(),
						.law = "made up" };

	must(tariff_build_measure(builder, &measure, "", findings, &err));
}

static struct tariff_snapshot *book(struct arena *arena, struct findings *findings)
{
	static const char *const agreements[] = { "ATIGA", "ACFTA", "AANZFTA", "AKFTA" };
	static const char *const duties[] = { "20%", "0%", "5%", "7.5%", "12%", "max(10%, 450 VND/KGM)" };
	const struct tariff_exchange dollar = { "USD", decimal_of(1), decimal_of(25123), DATE_NONE, DATE_NONE, NULL };
	const struct tariff_reference *reference;
	struct tariff_builder *builder;
	struct tariff_snapshot *snapshot;
	char code[9];

	must(tariff_reference_load(arena, codelists(), &reference, &err));
	must(tariff_build(reference, "VN", date_of(2026, 1, 1), date_of(2026, 12, 31), &builder, &err));
	for (size_t i = 0; i < CODES; i++) {
		code_of(i, code);
		put(builder, findings, code, "mfn", NULL, duties[i % COUNT(duties)]);
		for (size_t j = 0; j < COUNT(agreements); j++)
			put(builder, findings, code, "preference", agreements[j], duties[(i + j) % COUNT(duties)]);
	}
	must(tariff_build_exchange(builder, &dollar, &err));
	must(tariff_build_end(builder, &snapshot, findings, &err));
	return snapshot;
}

struct sum {
	int64_t lines, calculated, steps, octets;
	bool print;
	struct buf text;
};

static enum err_code take(void *arg, const struct tariff_result *result, struct err *e)
{
	struct sum *sum = arg;

	(void)e;
	sum->lines++;
	for (size_t i = 0; i < result->options_count; i++)
		sum->calculated += result->options[i].standing == TARIFF_CALCULATED;
	sum->steps += (int64_t)result->steps_count;
	buf_clear(&sum->text);
	for (size_t i = 0; sum->print && i < result->steps_count; i++)
		tariff_step_print(&result->steps[i], &sum->text);
	sum->octets += (int64_t)sum->text.size;
	return OK;
}

static void one(const struct tariff_snapshot *snapshot, size_t index, bool trace, struct sum *sum)
{
	arena_auto arena = arena_new((size_t)1 << 20);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	const struct tariff_quantity weight = { decimal_of(1200), "KGM" };
	struct tariff_total total;
	char code[9];
	const struct tariff_line line = {
		.code = code,
		.origin = "TH",
		.value = decimal_of(10000 + (int64_t)(index % 977)),
		.freight = decimal_of(350),
		.insurance = decimal_of(12),
		.currency = "USD",
		.basis = "FOB",
		.quantities = &weight,
		.quantities_count = 1,
		.strength = decimal_none(),
		.documents = "FORM-D",
	};
	const struct tariff_request request = {
		.destination = "VN", .day = date_of(2026, 11, 2), .trace = trace, .lines = &line, .lines_count = 1
	};

	code_of(index * 7919 % CODES, code);
	if (!findings)
		must(err_set(&err, ERR_MEMORY, "", "no memory"));
	must(tariff_assess(arena, snapshot, &request, take, sum, &total, findings, &err));
	if (findings_count(findings))
		must(err_set(&err, ERR_INVALID, "", "%s", findings_at(findings, 0)->text));
}

/* Pages that the process has in memory now. */
static long resident_kib(void)
{
	long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
		must(err_set(&err, ERR_IO, "", "cannot read /proc/self/statm"));
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Of this process on processors, whoever else has them meanwhile. */
static double cpu_seconds(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / SECOND_US;
}

int main(int argc, char **argv)
{
	int64_t lines, seconds, trace;
	struct rusage used;

	if (argc != 4 || !int64_parse(argv[1], &lines) || !int64_parse(argv[2], &seconds) ||
	    !int64_parse(argv[3], &trace)) {
		fputs("usage: tariff LINES SECONDS TRACE\n", stderr);
		return 2;
	}
	arena_auto arena = arena_new((size_t)8 << 20);
	struct findings *findings = findings_new(arena);
	struct sum sum = { .print = trace > 1 };
	buf_init(&sum.text, (size_t)1 << 20);
	int64_t began_us = clock_monotonic_us();
	struct tariff_snapshot *snapshot = book(arena, findings);
	int64_t built_us = clock_monotonic_us(), now_us = built_us;
	for (size_t i = 0; i < CODES; i++)
		one(snapshot, i, trace > 0, &sum);
	long before_kib = resident_kib();
	sum.lines = sum.calculated = sum.steps = 0;
	int64_t from_us = clock_monotonic_us();
	double from_cpu = cpu_seconds();
	for (size_t i = 0; (int64_t)i < lines; i++) {
		one(snapshot, i, trace > 0, &sum);
		if (i % LOOK_EVERY == 0) {
			now_us = clock_monotonic_us();
			if (now_us - from_us > seconds * SECOND_US)
				break;
		}
	}
	now_us = clock_monotonic_us();
	double cpu = cpu_seconds() - from_cpu;
	getrusage(RUSAGE_SELF, &used);
	printf("{\"lines\": %lld, \"seconds\": %.3f, \"cpu_seconds\": %.3f, \"calculated\": %lld, \"steps\": %lld, "
	       "\"build_seconds\": %.3f, "
	       "\"measures\": %zu, \"before_kib\": %ld, \"after_kib\": %ld, \"peak_kib\": %ld}\n",
	       (long long)sum.lines, (double)(now_us - from_us) / SECOND_US, cpu, (long long)sum.calculated,
	       (long long)sum.steps, (double)(built_us - began_us) / SECOND_US, tariff_snapshot_measures(snapshot),
	       before_kib, resident_kib(), used.ru_maxrss);
	buf_done(&sum.text);
	tariff_snapshot_release(snapshot);
	return 0;
}
