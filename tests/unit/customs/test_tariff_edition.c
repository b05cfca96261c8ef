/* National tariffs as they were collected go in unchanged, by mapping files, and cost what the books say. */
#include "../kernel/fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "customs/registry.h"
#include "kernel/edition.h"
#include "kernel/mapping.h"
#include "tariff_books.h"

#define DAY        date_of(2026, 11, 2)
#define FILE_ARENA ((size_t)512 << 20)

static const struct actor nguyen = { .name = "user:nguyen", .organisation = "customs" };
static const struct actor tran = { .name = "user:tran", .organisation = "customs" };

static struct bytes file_at(struct arena *arena, const char *root, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("there is no %s", path);
	fseek(file, 0, SEEK_END);
	size_t size = (size_t)ftell(file);
	rewind(file);
	char *data = arena_alloc(arena, size + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, size, file), size);
	fclose(file);
	return bytes(data, size);
}

struct book {
	const char *kind, *subject, *mapping, *file;
};

static const struct mapping *mapping_of(struct kernel_fixture *fixture, struct arena *arena, const char *name)
{
	const char *source = getenv("LINTAS_SOURCE");
	const struct mapping *mapping = NULL;
	struct findings *findings = findings_new(arena);

	must(mapping_load(arena, &fixture->kernel, file_at(arena, source ? source : ".", name), false, &mapping,
			  findings, &fixture->err));
	if (!mapping)
		fail_msg("%s: %s %s", name, findings_at(findings, 0)->path, findings_at(findings, 0)->text);
	return mapping;
}

/* Stages, approves and activates; what is found is FINDINGS. */
static struct edition put_in(struct kernel_fixture *fixture, struct arena *arena, const struct book *book,
			     struct bytes file, struct findings *findings)
{
	struct edition edition;
	bool repeated;
	const struct edition_request request = {
		.kind = edition_kind_find(&fixture->kernel, book->kind),
		.subject = book->subject,
		.title = "the book",
		.from = date_of(2022, 1, 1),
		.until = DATE_NONE,
		.mapping = mapping_of(fixture, arena, book->mapping),
		.file = file,
		.actor = nguyen,
		.now_us = fixture->clock.now_us,
	};

	assert_non_null(request.kind);
	must(edition_import(&fixture->kernel, arena, &request, &edition, &repeated, findings, &fixture->err));
	if (!edition.id)
		return edition;
	if (request.kind->four_eyes)
		must(edition_decide(&fixture->kernel, arena, edition.id, "approve", DATE_NONE, &tran, NULL,
				    fixture->clock.now_us, &edition, findings, &fixture->err));
	must(edition_decide(&fixture->kernel, arena, edition.id, "activate", DATE_NONE, &tran, NULL,
			    fixture->clock.now_us, &edition, findings, &fixture->err));
	return edition;
}

struct loading {
	struct arena *arena;
	const char *state;
	struct tariff_snapshot *snapshot;
	struct findings *findings;
};

static enum err_code load_run(struct tx *tx, void *arg, struct err *err)
{
	struct loading *loading = arg;

	return tariff_load(tx, loading->arena, books_reference(), loading->state, DAY, &loading->snapshot,
			   loading->findings, err);
}

static struct tariff_snapshot *loaded(struct kernel_fixture *fixture, struct arena *arena, const char *state)
{
	struct loading loading = { .arena = arena, .state = state, .findings = findings_new(arena) };

	must(db_read(fixture->kernel.db, load_run, &loading, &fixture->err));
	if (findings_count(loading.findings))
		fail_msg("%s", findings_at(loading.findings, 0)->text);
	return loading.snapshot;
}

/* --- What lines cost by two tariffs --- */

struct costs {
	char text[1024];
};

static enum err_code write_costs(void *arg, const struct tariff_result *result, struct err *err)
{
	struct costs *costs = arg;
	size_t size = 0;
	char duty[DECIMAL_SIZE];

	(void)err;
	for (size_t i = 0; i < result->options_count; i++) {
		const struct tariff_option *option = &result->options[i];
		if (same(option->kind, "end-use") || same(option->agreement, "EVFTA"))
			continue; /* the short way of the other tests does not read them */
		size += (size_t)snprintf(costs->text + size, sizeof(costs->text) - size, "%s %s %s %s; ", option->kind,
					 option->agreement ? option->agreement : "-",
					 tariff_standing_text(option->standing),
					 decimal_given(option->duty) ? decimal_format(option->duty, duty) : "-");
	}
	return OK;
}

static const char *costs_of(struct tariff_snapshot *snapshot, const char *state, const char *code, const char *origin,
			    struct costs *costs)
{
	arena_auto arena = arena_new((size_t)4 << 20);
	struct findings *findings = findings_new(arena);
	const struct tariff_quantity quantities[] = { { decimal_of(1000), "KGM" },
						      { decimal_of(1000), "LTR" },
						      { decimal_of(60), "MIN" } };
	const struct tariff_line line = {
		.code = code,
		.origin = origin,
		.value = decimal_of(1000000),
		.currency = same(state, "VN") ? "VND" : "IDR",
		.basis = "CIF",
		.freight = decimal_none(),
		.insurance = decimal_none(),
		.strength = decimal_none(),
		.quantities = quantities,
		.quantities_count = COUNT(quantities),
	};
	const struct tariff_request request = { .destination = state, .day = DAY, .lines = &line, .lines_count = 1 };
	struct tariff_total total;
	struct err err;

	costs->text[0] = '\0';
	if (tariff_assess(arena, snapshot, &request, write_costs, costs, &total, findings, &err) != OK)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < findings_count(findings); i++)
		fail_msg("%s: %s", code, findings_at(findings, i)->text);
	return costs->text;
}

/* Every SOME-th code of the book FILE costs the same by what was imported and by what was read directly. */
static void must_cost_the_same(struct tariff_snapshot *imported, const char *state, struct bytes file, size_t some)
{
	struct tariff_snapshot *direct = book_of(state);
	const char *at = (const char *)file.data, *end = at + file.size;
	static const char *const origins[] = { "TH", "CN", "AU", "US" };
	struct costs a, b;
	size_t lines = 0, compared = 0;

	for (at = memchr(at, '\n', (size_t)(end - at)); at && at + 9 < end;
	     at = memchr(at + 1, '\n', (size_t)(end - at - 1))) {
		char code[9];
		snprintf(code, sizeof(code), "%.8s", at + 1);
		if (lines++ % some)
			continue;
		const char *origin = origins[lines % COUNT(origins)];
		costs_of(imported, state, code, origin, &a);
		assert_string_equal(a.text, costs_of(direct, state, code, origin, &b));
		compared++;
	}
	assert_true(compared > 300);
	tariff_snapshot_release(direct);
}

static const char *data_root(void)
{
	const char *data = getenv("LINTAS_DATA");

	if (!data)
		skip();
	return data;
}

static void the_books_of_viet_nam_go_in_as_they_are(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *data = data_root();
	arena_auto arena = arena_new(FILE_ARENA);
	struct findings *findings = findings_new(arena);
	const struct book rates = { "tariff.rates", "VN", "data/mapping/vn-tariff.json", "tariff/duty_vn.csv" };
	const struct book uses = { "tariff.rates", "VN-CHAPTER98", "data/mapping/vn-tariff-chapter-98.json",
				   "tariff/duty_vn_ch98.csv" };
	struct bytes file = file_at(arena, data, rates.file);

	struct edition edition = put_in(fixture, arena, &rates, file, findings);
	if (!edition.id || findings_count(findings))
		fail_msg("%s: %s", findings_at(findings, 0)->path, findings_at(findings, 0)->text);
	assert_int_equal(edition.records, 11414);
	edition = put_in(fixture, arena, &uses, file_at(arena, data, uses.file), findings);
	if (!edition.id || findings_count(findings))
		fail_msg("%s: %s", findings_at(findings, 0)->path, findings_at(findings, 0)->text);
	assert_int_equal(edition.records, 460);

	struct tariff_snapshot *snapshot = loaded(fixture, arena, "VN");
	must_cost_the_same(snapshot, "VN", file, 29);
	tariff_snapshot_release(snapshot);
}

static void the_book_of_indonesia_goes_in_as_it_is(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *data = data_root();
	arena_auto arena = arena_new(FILE_ARENA);
	struct findings *findings = findings_new(arena);
	const struct book rates = { "tariff.rates", "ID", "data/mapping/id-tariff.json", "tariff/duty_id.csv" };
	struct bytes file = file_at(arena, data, rates.file);

	struct edition edition = put_in(fixture, arena, &rates, file, findings);
	if (!edition.id || findings_count(findings))
		fail_msg("%s: %s", findings_at(findings, 0)->path, findings_at(findings, 0)->text);
	assert_int_equal(edition.records, 11552);
	struct tariff_snapshot *snapshot = loaded(fixture, arena, "ID");
	must_cost_the_same(snapshot, "ID", file, 29);
	/* Rp 450 a kilogram. */
	struct costs costs;
	assert_string_equal(costs_of(snapshot, "ID", "10063030", "US", &costs), "mfn - calculated 450000; ");
	tariff_snapshot_release(snapshot);
}

static enum err_code count_controls(void *arg, const struct tariff_result *result, struct err *err)
{
	size_t *count = arg;

	(void)err;
	*count += result->controls_count;
	for (size_t i = 0; i < result->controls_count; i++)
		assert_non_null(result->controls[i].agency);
	return OK;
}

/* 2801.10.00: chlorine, of which the military industry department grants import (in the list on line 2). */
static void the_thai_list_of_permits_stands_beside_what_goods_cost(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const char *data = data_root();
	arena_auto arena = arena_new(FILE_ARENA);
	struct findings *findings = findings_new(arena);
	const struct book permits = { "tariff.permits", "TH", "data/mapping/th-permits.json",
				      "tariff/th_permit_goods.csv" };

	struct edition edition = put_in(fixture, arena, &permits, file_at(arena, data, permits.file), findings);
	if (!edition.id)
		fail_msg("%s: %s", findings_at(findings, 0)->path, findings_at(findings, 0)->text);
	assert_int_equal(edition.records, 11220);
	struct tariff_snapshot *snapshot = loaded(fixture, arena, "TH");
	const struct tariff_line line = {
		.code = "28011000",
		.origin = "VN",
		.value = decimal_of(1000),
		.currency = "THB",
		.basis = "CIF",
		.freight = decimal_none(),
		.insurance = decimal_none(),
		.strength = decimal_none(),
	};
	struct tariff_request request = { .destination = "TH", .day = DAY, .lines = &line, .lines_count = 1 };
	struct tariff_total total;
	size_t count = 0;
	must(tariff_assess(arena, snapshot, &request, count_controls, &count, &total, findings, &fixture->err));
	assert_true(count > 0);
	assert_int_equal(tariff_snapshot_measures(snapshot), 6178 + 1753 + 2 * 3289);
	tariff_snapshot_release(snapshot);
}

/* --- Small files --- */

#define SIMPLE                                                                                                         \
	"title\":\"t\",\"records\":\"tariff.rates\",\"format\":\"csv\",\"list\":[{\"to\":\"/measure\",\"fixed\":1}],"  \
	"\"row\":[{\"to\":\"/code\",\"from\":\"CODE\"},{\"to\":\"/measure/[1]/kind\",\"from\":\"KIND\"},"              \
	"{\"to\":\"/measure/[1]/agreement\",\"from\":\"AGREEMENT\"},{\"to\":\"/measure/[1]/duty\",\"from\":\"DUTY\"}]}"

static struct edition put_text(struct kernel_fixture *fixture, const char *subject, const char *kind,
			       const char *mapping, const char *text, struct findings *findings)
{
	const struct mapping *read = NULL;
	struct edition edition;
	bool repeated;

	must(mapping_load(fixture->arena, &fixture->kernel, bytes_of(mapping), false, &read, findings, &fixture->err));
	if (!read)
		fail_msg("%s", findings_at(findings, 0)->text);
	const struct edition_request request = {
		.kind = edition_kind_find(&fixture->kernel, kind),
		.subject = subject,
		.from = date_of(2026, 1, 1),
		.until = DATE_NONE,
		.mapping = read,
		.file = bytes_of(text),
		.actor = nguyen,
		.now_us = fixture->clock.now_us,
	};
	must(edition_import(&fixture->kernel, fixture->arena, &request, &edition, &repeated, findings, &fixture->err));
	return edition;
}

static bool found(const struct findings *findings, const char *code, const char *path)
{
	for (size_t i = 0; i < findings_count(findings); i++)
		if (same(findings_at(findings, i)->rule->code, code) && same(findings_at(findings, i)->path, path))
			return true;
	return false;
}

static void a_tariff_with_mistakes_is_refused_with_all_of_them(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct findings *findings = findings_new(fixture->arena);
	struct edition edition =
		put_text(fixture, "VN", "tariff.rates", "{\"" SIMPLE,
			 "CODE,KIND,AGREEMENT,DUTY\n01012100,mfn,,\"5,5%\"\n01012900,preference,NAFTA,5%\n"
			 "01013010,toll,,5%\n01013090,mfn,,5% + 450 VND/B34\n",
			 findings);

	assert_null(edition.id);
	assert_true(found(findings, "TRF-003", "/records/0/measure/0/duty"));
	assert_true(found(findings, "TRF-023", "/records/1/measure/0/agreement"));
	assert_true(found(findings, "TRF-022", "/records/2/measure/0/kind"));
	assert_true(found(findings, "TRF-007", "/records/3/measure/0/duty"));

	findings = findings_new(fixture->arena);
	edition = put_text(fixture, "FR", "tariff.rates", "{\"" SIMPLE, "CODE,KIND,AGREEMENT,DUTY\n01012100,mfn,,5%\n",
			   findings);
	assert_null(edition.id);
	assert_true(found(findings, "TRF-031", "/subject"));
}

static void rates_of_exchange_are_an_edition_too(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	static const char mapping[] =
		"{\"title\":\"t\",\"records\":\"tariff.exchange\",\"format\":\"csv\",\"row\":["
		"{\"to\":\"/currency\",\"from\":\"C\"},{\"to\":\"/units\",\"from\":\"U\"},{\"to\":\"/rate\",\"from\":\"R\"}]}";
	struct findings *findings = findings_new(fixture->arena);
	struct edition edition =
		put_text(fixture, "VN", "tariff.exchange", mapping, "C,U,R\nUSD,1,25000\nJPY,100,16512.5\n", findings);

	assert_non_null(edition.id);
	must(edition_decide(&fixture->kernel, fixture->arena, edition.id, "activate", DATE_NONE, &nguyen, NULL,
			    fixture->clock.now_us, &edition, findings, &fixture->err));
	struct tariff_snapshot *snapshot = loaded(fixture, fixture->arena, "VN");
	const struct tariff_line line = { .code = "01012100",
					  .origin = "JP",
					  .value = decimal_of(200),
					  .currency = "JPY",
					  .basis = "CIF",
					  .freight = decimal_none(),
					  .insurance = decimal_none(),
					  .strength = decimal_none() };
	const struct tariff_request request = { .destination = "VN", .day = DAY, .lines = &line, .lines_count = 1 };
	struct tariff_total total;
	size_t count = 0;
	must(tariff_assess(fixture->arena, snapshot, &request, count_controls, &count, &total, findings,
			   &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	assert_int_equal(decimal_compare(total.value, decimal_of(33025)), 0);
	tariff_snapshot_release(snapshot);

	edition = put_text(fixture, "VN", "tariff.exchange", mapping, "C,U,R\nUSD,7,25000\nEUR,1,0\n", findings);
	assert_null(edition.id);
	assert_true(found(findings, "TRF-032", "/records/0/rate"));
	assert_true(found(findings, "TRF-032", "/records/1/rate"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_books_of_viet_nam_go_in_as_they_are),
		cmocka_unit_test(the_book_of_indonesia_goes_in_as_it_is),
		cmocka_unit_test(the_thai_list_of_permits_stands_beside_what_goods_cost),
		cmocka_unit_test(a_tariff_with_mistakes_is_refused_with_all_of_them),
		cmocka_unit_test(rates_of_exchange_are_an_edition_too),
	};

	return kernel_run("customs_tariff_edition", tests, COUNT(tests), customs_capabilities);
}
