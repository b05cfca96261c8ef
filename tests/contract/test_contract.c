/* What every capability owes, asked of whatever the registry lists: a new row is tested without new test code.
 *
 * LINTAS_SOURCE names the checkout. Samples are tests/golden/<document type>/good-*.xml and broken-*.xml; beside a
 * broken one its .findings has a line "CODE PATH" for each finding, in any order. They are judged as of 2 November
 * 2026. */
#include "../unit/kernel/fixture.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/xml.h"
#include "customs/document/document.h"
#include "customs/registry.h"
#include "kernel/codelist.h"

#define TODAY     date_of(2026, 11, 2)
#define FILE_MAX  ((size_t)1 << 20)
#define PATH_ROOM 512

static const char *source_root(void)
{
	const char *root = getenv("LINTAS_SOURCE");

	return root ? root : ".";
}

/* --- Walking --- */

typedef void doctype_fn(const struct doctype *doctype, void *arg);
typedef void machine_fn(const struct machine *machine);

static void each_doctype(doctype_fn *visit, void *arg)
{
	for (const struct capability *const *c = customs_capabilities; *c; c++)
		for (const struct doctype *const *d = (*c)->doctypes; d && *d; d++)
			visit(*d, arg);
}

static void each_machine(machine_fn *visit)
{
	for (const struct capability *const *c = customs_capabilities; *c; c++)
		for (const struct machine *const *m = (*c)->machines; m && *m; m++)
			visit(*m);
}

struct names {
	const char *name[2000];
	size_t count;
};

static void once(struct names *names, const char *name)
{
	assert_non_null(name);
	for (size_t i = 0; i < names->count; i++)
		if (same(names->name[i], name))
			fail_msg("\"%s\" is there twice", name);
	assert_true(names->count < COUNT(names->name));
	names->name[names->count++] = name;
}

/* --- Names --- */

static void doctype_names(const struct doctype *doctype, void *arg)
{
	struct names *names = arg;

	once(&names[0], doctype->code);
	if (!doctype->schema->foreign)
		once(&names[1], doctype->schema->ns);
	assert_string_equal(doctype->code, doctype->schema->name);
	assert_non_null(doctype->title);
	assert_non_null(doctype->version);
	assert_non_null(doctype->law);
	assert_non_null(doctype->key);
	assert_non_null(doctype->check);
	/* The machines are in the registry, or nobody could move the case. */
	struct kernel kernel = { .capabilities = customs_capabilities };
	assert_ptr_equal(machine_find(&kernel, doctype->sent_machine->name), doctype->sent_machine);
	assert_ptr_equal(machine_find(&kernel, doctype->received_machine->name), doctype->received_machine);
}

static void every_name_and_code_is_there_once(void **state)
{
	struct names *names = calloc(6, sizeof(*names));

	(void)state;
	assert_non_null(names);
	each_doctype(doctype_names, names);
	for (const struct capability *const *c = customs_capabilities; *c; c++) {
		once(&names[2], (*c)->name);
		for (const struct machine *const *m = (*c)->machines; m && *m; m++)
			once(&names[3], (*m)->name);
		for (size_t i = 0; (*c)->statements && i < (*c)->statements->count; i++)
			once(&names[4], (*c)->statements->row[i]->name);
		for (const struct rule *const *r = (*c)->rules; r && *r; r++)
			for (const struct rule *rule = *r; rule->code; rule++)
				once(&names[5], rule->code);
	}
	free(names);
}

static void one_capability_takes_received_messages(void **state)
{
	unsigned count = 0;

	(void)state;
	for (const struct capability *const *c = customs_capabilities; *c; c++)
		count += (*c)->intake != NULL;
	assert_int_equal(count, 1);
}

/* --- Field tables --- */

/* A path into the XML of others: steps with a prefix of the schema's, the last one perhaps an attribute; or ".". */
static void check_path(const struct schema *schema, const char *path)
{
	unsigned steps = 0;

	if (same(path, "."))
		return;
	for (size_t size; *path; path += size + (path[size] == '/'), steps++) {
		bool known = path[0] == '@' && !strchr(path, '/') && path[1];
		size = strcspn(path, "/");
		for (const struct field_namespace *row = schema->foreign; row->prefix; row++)
			known |= strncmp(path, row->prefix, strlen(row->prefix)) == 0 &&
				 path[strlen(row->prefix)] == ':';
		if (!known || size == 0)
			fail_msg("%s: the path \"%s\" goes nowhere", schema->name, path);
	}
	assert_in_range(steps, 1, 8);
}

static void check_table(const struct schema *schema, const struct fields *fields, unsigned depth)
{
	struct names *names = calloc(2, sizeof(*names));

	assert_non_null(names);
	assert_true(depth < 10);
	for (size_t i = 0; i < fields->count; i++) {
		const struct field *row = &fields->row[i];
		once(&names[0], row->json);
		once(&names[1], row->xml);
		if (!row->label || (row->max && row->max < row->min))
			fail_msg("the row \"%s\" has no label or allows nothing", row->json);
		if (row->list && !codelist_exists(row->list))
			fail_msg("the row \"%s\" names the list \"%s\", which does not exist", row->json, row->list);
		if (schema->foreign)
			check_path(schema, row->xml);
		if (row->fields)
			check_table(schema, row->fields, depth + 1);
	}
	free(names);
}

static void check_schema(const struct doctype *doctype, void *arg)
{
	(void)arg;
	check_table(doctype->schema, doctype->schema->fields, 0);
	if (doctype->schema->where)
		check_path(doctype->schema, doctype->schema->where);
}

static void every_code_list_exists_and_every_row_has_a_name(void **state)
{
	(void)state;
	each_doctype(check_schema, NULL);
}

/* --- Machines --- */

static bool is_final(const struct machine *machine, const char *state)
{
	for (const char *const *final = machine->final; *final; final++)
		if (same(*final, state))
			return true;
	return false;
}

static size_t rows_from(const struct machine *machine, const char *state, const char *event)
{
	size_t count = 0;

	for (const struct fsm_row *row = machine->rows; row->from; row++)
		count += same(row->from, state) && (!event || same(row->event, event));
	return count;
}

static void reach(const struct machine *machine, struct names *reached)
{
	once(reached, machine->initial);
	for (size_t i = 0; i < reached->count; i++)
		for (const struct fsm_row *row = machine->rows; row->from; row++) {
			bool known = false;
			if (!same(row->from, reached->name[i]))
				continue;
			for (size_t j = 0; j < reached->count; j++)
				known |= same(reached->name[j], row->to);
			if (!known)
				once(reached, row->to);
		}
}

static bool holds(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (same(names->name[i], name))
			return true;
	return false;
}

static void machine_states(const struct machine *machine)
{
	struct names *reached = calloc(1, sizeof(*reached));

	assert_non_null(reached);
	reach(machine, reached);
	for (size_t i = 0; i < reached->count; i++) {
		bool final = is_final(machine, reached->name[i]);
		if (!final && rows_from(machine, reached->name[i], NULL) == 0)
			fail_msg("%s: \"%s\" is a dead end", machine->name, reached->name[i]);
		if (final && rows_from(machine, reached->name[i], NULL) > 0)
			fail_msg("%s: \"%s\" is final, but can be left", machine->name, reached->name[i]);
	}
	for (const struct fsm_row *row = machine->rows; row->from; row++)
		if (!holds(reached, row->from))
			fail_msg("%s: \"%s\" cannot be reached", machine->name, row->from);
	for (const char *const *final = machine->final; *final; final++)
		if (!holds(reached, *final))
			fail_msg("%s: the final state \"%s\" cannot be reached", machine->name, *final);
	free(reached);
}

static void every_state_can_be_reached_and_only_final_ones_are_ends(void **state)
{
	(void)state;
	each_machine(machine_states);
}

static void machine_rows(const struct machine *machine)
{
	for (const struct fsm_row *row = machine->rows; row->from; row++) {
		for (const struct fsm_row *earlier = machine->rows; earlier < row; earlier++)
			if (same(earlier->from, row->from) && same(earlier->event, row->event) && !earlier->guard)
				fail_msg("%s: the row %s/%s is shadowed", machine->name, row->from, row->event);
		if (row->timer && rows_from(machine, row->to, row->timer->event) == 0)
			fail_msg("%s: the clock %s fires \"%s\", which \"%s\" does not know", machine->name,
				 row->timer->name, row->timer->event, row->to);
	}
}

static void no_row_is_shadowed_and_no_clock_fires_in_vain(void **state)
{
	(void)state;
	each_machine(machine_rows);
}

/* --- Samples --- */

static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(FILE_MAX + 1);

	assert_non_null(text);
	if (!file)
		fail_msg("cannot open %s", path);
	*size = fread(text, 1, FILE_MAX, file);
	text[*size] = '\0';
	fclose(file);
	return text;
}

typedef void sample_fn(const struct doctype *doctype, const char *path, void *arg);

static void golden_directory(char path[static PATH_ROOM], const struct doctype *doctype)
{
	snprintf(path, PATH_ROOM, "%s/tests/golden/%s", source_root(), doctype->code);
	for (char *c = strrchr(path, '/'); *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

/* Visits the .xml samples that begin with PREFIX. Returns how many there are. */
static size_t each_sample(const struct doctype *doctype, const char *prefix, sample_fn *visit, void *arg)
{
	char path[PATH_ROOM], sample[2 * PATH_ROOM];
	size_t count = 0;

	golden_directory(path, doctype);
	DIR *directory = opendir(path);
	if (!directory)
		fail_msg("%s has no samples in %s", doctype->code, path);
	for (struct dirent *entry; (entry = readdir(directory));) {
		const char *end = strrchr(entry->d_name, '.');
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || !end || strcmp(end, ".xml") != 0)
			continue;
		snprintf(sample, sizeof(sample), "%s/%s", path, entry->d_name);
		visit(doctype, sample, arg);
		count++;
	}
	closedir(directory);
	return count;
}

static struct kernel the_kernel(void)
{
	return (struct kernel){ .lists = codelists(), .capabilities = customs_capabilities, .state = "TH" };
}

/* "CODE PATH" a line. */
static void put_findings(struct buf *out, const struct findings *findings)
{
	const struct finding *finding;

	for (size_t i = 0; (finding = findings_at(findings, i)); i++)
		buf_printf(out, "%s %s\n", finding->rule->code, finding->path);
}

static const void *judge(struct arena *arena, const struct doctype *doctype, const char *path,
			 struct findings *findings)
{
	struct kernel kernel = the_kernel();
	struct err err = { 0 };
	const struct doctype *found;
	const void *record;
	size_t size;
	char *text = read_file(path, &size);
	enum err_code code = document_check(&kernel, arena, doctype->code, bytes(text, size), TODAY, &found, &record,
					    findings, &err);

	free(text);
	if (code != OK)
		fail_msg("%s: %s", path, err.text);
	return record;
}

/* What canonicalisation makes of a sample: nothing but the white space between elements goes. */
static void squeeze(struct buf *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		const char *next = c + 1 + strspn(c + 1, " \n");
		buf_putc(out, *c);
		if (*c == '>' && (*next == '<' || !*next))
			c = next - 1;
	}
}

static void must_be_written_as(const char *path, const struct buf *written, const struct buf *sample)
{
	const char *ours = buf_text(written), *theirs = buf_text(sample);
	int same_to = 0;

	while (ours[same_to] && ours[same_to] == theirs[same_to])
		same_to++;
	int from = same_to > 40 ? same_to - 40 : 0;
	if (ours[same_to] != theirs[same_to])
		fail_msg("%s has \"%.80s\" where the program writes \"%.80s\"", path, theirs + from, ours + from);
}

/* The summary of what others wrote survives JSON; its XML is theirs, and never written. */
static void summary_survives(struct arena *arena, const struct doctype *doctype, const void *record)
{
	void *copy = arena_alloc(arena, doctype->schema->fields->size);
	struct findings *findings = findings_new(arena);
	struct err err = { 0 };
	buf_auto json, again;

	buf_init(&json, FILE_MAX);
	buf_init(&again, FILE_MAX);
	field_put_json(&json, doctype->schema, record);
	assert_int_equal(field_read_json(arena, doctype->schema, buf_bytes(&json), codelists(), copy, findings, &err),
			 OK);
	assert_int_equal(findings_count(findings), 0);
	field_put_json(&again, doctype->schema, copy);
	assert_string_equal(buf_text(&again), buf_text(&json));
}

static void good_sample(const struct doctype *doctype, const char *path, void *arg)
{
	arena_auto arena = arena_new((size_t)8 << 20);
	struct findings *findings = findings_new(arena);
	struct err err = { 0 };
	const void *record = judge(arena, doctype, path, findings);
	buf_auto expected = { 0 }, xml = { 0 }, json = { 0 }, again = { 0 }, listed;
	size_t size;
	char *text = read_file(path, &size);

	(void)arg;
	buf_init(&listed, FILE_MAX);
	put_findings(&listed, findings);
	if (findings_count(findings) > 0)
		fail_msg("%s: %s", path, buf_text(&listed));

	if (doctype->schema->foreign) {
		summary_survives(arena, doctype, record);
		free(text);
		return;
	}
	buf_init(&expected, FILE_MAX);
	squeeze(&expected, text);
	buf_init(&xml, FILE_MAX);
	field_put_xml(&xml, doctype->schema, record);
	must_be_written_as(path, &xml, &expected);

	void *copy = arena_alloc(arena, doctype->schema->fields->size);
	buf_init(&json, FILE_MAX);
	field_put_json(&json, doctype->schema, record);
	assert_int_equal(field_read_json(arena, doctype->schema, buf_bytes(&json), codelists(), copy, findings, &err),
			 OK);
	assert_int_equal(findings_count(findings), 0);
	buf_init(&again, FILE_MAX);
	field_put_xml(&again, doctype->schema, copy);
	must_be_written_as(path, &again, &expected);
	free(text);
}

static void good_samples(const struct doctype *doctype, void *arg)
{
	if (each_sample(doctype, "good-", good_sample, arg) == 0)
		fail_msg("%s has no good sample", doctype->code);
}

/* A day far from those of the golden samples: nothing in a sample may hang on when it was made. */
static void link_sample(const struct doctype *doctype, const char *from, const char *to)
{
	arena_auto arena = arena_new((size_t)16 << 20);
	struct kernel kernel = the_kernel();
	struct findings *findings = findings_new(arena);
	struct err err = { 0 };
	struct document_key key;
	const struct doctype *found;
	const void *record;
	date today = date_of(2031, 3, 9);
	const struct sample_names names = { from, to, today * DAY_US + 8 * HOUR_US };
	const char *text = doctype_sample(arena, doctype, &names);

	assert_non_null(text);
	assert_null(strchr(text, '@'));
	kernel.state = to;
	assert_int_equal(
		document_check(&kernel, arena, doctype->code, bytes_of(text), today, &found, &record, findings, &err),
		OK);
	if (findings_count(findings))
		fail_msg("the sample of %s from %s to %s: %s at %s", doctype->code, from, to,
			 findings_at(findings, 0)->text, findings_at(findings, 0)->path);
	doctype->key(arena, record, &key);
	assert_string_equal(key.issuer_state, from);
	assert_string_equal(key.counterpart, to);
	assert_string_equal(key.reference, arena_printf(arena, "LINTAS-TEST-%s-20310309T080000.000", from));
	assert_int_equal(key.issued_on, today);
}

static void link_samples(const struct doctype *doctype, void *arg)
{
	(void)arg;
	if (!doctype->sample || !*doctype->sample)
		fail_msg("%s has no sample by which a link is tested", doctype->code);
	link_sample(doctype, "TH", "VN");
	link_sample(doctype, "VN", "TH");
}

static void every_type_has_a_sample_from_any_state_to_any_other_on_any_day(void **state)
{
	(void)state;
	each_doctype(link_samples, NULL);
}

static void every_good_sample_passes_and_survives_xml_and_json(void **state)
{
	(void)state;
	each_doctype(good_samples, NULL);
}

static int by_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The lines of TEXT in the order of their octets, so that two lists are equal if these texts are. TEXT is cut up. */
static void put_sorted(struct buf *out, char *text)
{
	char *lines[200];
	size_t count = 0;

	for (char *line = text; *line;) {
		char *end = strchr(line, '\n');
		if (!end)
			fail_msg("the last line of a list of findings does not end: %s", line);
		*end = '\0';
		assert_true(count < COUNT(lines));
		lines[count++] = line;
		line = end + 1;
	}
	qsort(lines, count, sizeof(*lines), by_text);
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s\n", lines[i]);
}

static void broken_sample(const struct doctype *doctype, const char *path, void *arg)
{
	arena_auto arena = arena_new((size_t)8 << 20);
	struct findings *findings = findings_new(arena);
	buf_auto found, sorted, expected_sorted;
	char expected_path[2 * PATH_ROOM];
	size_t size;

	(void)arg;
	judge(arena, doctype, path, findings);
	buf_init(&found, FILE_MAX);
	put_findings(&found, findings);
	buf_init(&sorted, FILE_MAX);
	put_sorted(&sorted, arena_text(arena, buf_text(&found)));
	snprintf(expected_path, sizeof(expected_path), "%.*s.findings", (int)(strlen(path) - strlen(".xml")), path);
	char *expected = read_file(expected_path, &size);
	buf_init(&expected_sorted, FILE_MAX);
	put_sorted(&expected_sorted, expected);
	free(expected);
	if (!same(buf_text(&sorted), buf_text(&expected_sorted)))
		fail_msg("%s: expected\n%sbut found\n%s", path, buf_text(&expected_sorted), buf_text(&sorted));
	assert_true(findings_errors(findings) > 0);
}

static void broken_samples(const struct doctype *doctype, void *arg)
{
	if (each_sample(doctype, "broken-", broken_sample, arg) == 0)
		fail_msg("%s has no broken sample", doctype->code);
}

static void every_broken_sample_has_all_its_findings_at_once(void **state)
{
	(void)state;
	each_doctype(broken_samples, NULL);
}

/* --- Rules --- */

/* What really was found in the samples, which every_broken_sample_… compares with what was expected. */
struct tried {
	const struct rule *rule[200];
	size_t count;
};

static void collect(const struct doctype *doctype, const char *path, void *arg)
{
	arena_auto arena = arena_new((size_t)8 << 20);
	struct findings *findings = findings_new(arena);
	struct tried *tried = arg;
	const struct finding *finding;

	judge(arena, doctype, path, findings);
	for (size_t i = 0; (finding = findings_at(findings, i)); i++) {
		bool known = false;
		for (size_t j = 0; j < tried->count; j++)
			known |= tried->rule[j] == finding->rule;
		assert_true(known || tried->count < COUNT(tried->rule));
		if (!known)
			tried->rule[tried->count++] = finding->rule;
	}
}

static void collect_all(const struct doctype *doctype, void *arg)
{
	each_sample(doctype, "broken-", collect, arg);
}

/* Rules that need a node, or two documents: the unit test of tests/unit/customs that shows each. */
static const struct unit_test {
	const char *code, *file, *test;
} unit_tests[] = {
#include "rule_tests.def"
};

/* The test is there, is run, and its own text asserts the code. */
static void check_unit_test(const struct unit_test *row)
{
	arena_auto arena = arena_new((size_t)1 << 16);
	char path[PATH_ROOM];
	size_t size;

	snprintf(path, sizeof(path), "%s/tests/unit/customs/%s", source_root(), row->file);
	char *text = read_file(path, &size);
	char *begin = strstr(text, arena_printf(arena, "\nstatic void %s(void **state)\n{\n", row->test));
	bool runs = strstr(text, arena_printf(arena, "cmocka_unit_test(%s)", row->test)) != NULL;
	char *end = begin ? strstr(begin, "\n}\n") : NULL;
	if (end)
		*end = '\0';
	bool asserts = end && strstr(begin, arena_printf(arena, "\"%s\"", row->code));
	free(text);
	if (!runs || !asserts)
		fail_msg("%s has no test %s that is run and asserts %s", row->file, row->test, row->code);
}

static bool is_tried(const struct tried *tried, const struct rule *rule)
{
	for (size_t i = 0; i < tried->count; i++)
		if (tried->rule[i] == rule)
			return true;
	for (size_t i = 0; i < COUNT(unit_tests); i++)
		if (same(unit_tests[i].code, rule->code))
			return true;
	return false;
}

static void every_rule_is_tried(void **state)
{
	struct tried tried = { 0 };

	(void)state;
	each_doctype(collect_all, &tried);
	for (size_t i = 0; i < COUNT(unit_tests); i++)
		check_unit_test(&unit_tests[i]);
	for (const struct capability *const *c = customs_capabilities; *c; c++)
		for (const struct rule *const *r = (*c)->rules; r && *r; r++)
			for (const struct rule *rule = *r; rule->code; rule++)
				if (!is_tried(&tried, rule))
					fail_msg("nothing tries the rule %s", rule->code);
}

/* --- XSD, by libxml2's validator as an independent reader of the schema --- */

struct validation {
	char xsd[64];
};

static bool validates(const struct validation *validation, const char *path)
{
	char command[3 * PATH_ROOM];

	snprintf(command, sizeof(command), "xmllint --nonet --noout --schema '%s' '%s' >/dev/null 2>&1",
		 validation->xsd, path);
	return system(command) == 0; /* test paths are ours */
}

static void xsd_accepts(const struct doctype *doctype, const char *path, void *arg)
{
	(void)doctype;
	if (!validates(arg, path))
		fail_msg("the printed schema refuses %s", path);
}

/* What a schema can say: occurrence, order, form. Long code lists and rules it cannot. */
static void xsd_refuses(const struct doctype *doctype, const char *path, void *arg)
{
	arena_auto arena = arena_new((size_t)8 << 20);
	struct findings *findings = findings_new(arena);
	const struct finding *finding;
	bool structure = false;

	judge(arena, doctype, path, findings);
	for (size_t i = 0; (finding = findings_at(findings, i)); i++)
		structure |= same(finding->rule->code, "FLD-001") || same(finding->rule->code, "FLD-003") ||
			     same(finding->rule->code, "FLD-005");
	if (structure && validates(arg, path))
		fail_msg("the printed schema accepts %s", path);
}

static void xsd_of(const struct doctype *doctype, void *arg)
{
	struct validation validation = { "/tmp/lintas-contract-XXXXXX" };
	buf_auto xsd = { 0 };

	(void)arg;
	if (doctype->schema->foreign)
		return; /* others publish it */
	int file = mkstemp(validation.xsd);
	assert_true(file >= 0);
	buf_init(&xsd, FILE_MAX);
	field_put_xsd(&xsd, doctype->schema, codelists());
	assert_int_equal(write(file, xsd.data, xsd.size), (ssize_t)xsd.size);
	close(file);
	each_sample(doctype, "good-", xsd_accepts, &validation);
	each_sample(doctype, "broken-", xsd_refuses, &validation);
	unlink(validation.xsd);
}

static void the_printed_schemas_accept_and_refuse_the_same(void **state)
{
	(void)state;
	if (system("xmllint --version >/dev/null 2>&1") != 0)
		skip(); /* the oracle is not installed */
	each_doctype(xsd_of, NULL);
}

/* --- Statements --- */

static void every_statement_prepares(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	must(db_prepare_all(fixture->kernel.db, &kernel_statements, &fixture->err));
	for (const struct capability *const *c = customs_capabilities; *c; c++)
		if ((*c)->statements)
			must(db_prepare_all(fixture->kernel.db, (*c)->statements, &fixture->err));
}

int main(void)
{
	static const struct CMUnitTest rows[] = {
		cmocka_unit_test(every_name_and_code_is_there_once),
		cmocka_unit_test(one_capability_takes_received_messages),
		cmocka_unit_test(every_code_list_exists_and_every_row_has_a_name),
		cmocka_unit_test(every_state_can_be_reached_and_only_final_ones_are_ends),
		cmocka_unit_test(no_row_is_shadowed_and_no_clock_fires_in_vain),
		cmocka_unit_test(every_good_sample_passes_and_survives_xml_and_json),
		cmocka_unit_test(every_type_has_a_sample_from_any_state_to_any_other_on_any_day),
		cmocka_unit_test(every_broken_sample_has_all_its_findings_at_once),
		cmocka_unit_test(every_rule_is_tried),
		cmocka_unit_test(the_printed_schemas_accept_and_refuse_the_same),
	};
	static const struct CMUnitTest statements[] = { cmocka_unit_test(every_statement_prepares) };

	return cmocka_run_group_tests_name("contract", rows, NULL, NULL) +
	       kernel_run("contract, statements", statements, COUNT(statements), customs_capabilities);
}
