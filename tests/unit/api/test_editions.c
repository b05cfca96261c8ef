/* Reference data over the interface: put in with a mapping of one's own or of the node, looked at, approved by another,
 * made to count, taken back. */
#include "people.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "edition_trial.h"
#include "interface/edition.h"
#include "kernel/edition.h"
#include "national/national.h"

#define MAPPING                                                                                                          \
	"{\"title\":\"t\",\"records\":\"trial.rates\",\"format\":\"csv\",\"row\":[{\"to\":\"/code\",\"from\":\"CODE\"}," \
	"{\"to\":\"/level\",\"from\":\"LEVEL\"}]}"
#define OPEN_MAPPING                                                                                                    \
	"{\"title\":\"t\",\"records\":\"trial.open\",\"format\":\"csv\",\"row\":[{\"to\":\"/code\",\"from\":\"CODE\"}," \
	"{\"to\":\"/level\",\"from\":\"LEVEL\"}]}"
#define PART(type, text) "--b\r\nContent-Type: " type "\r\n\r\n" text "\r\n"
#define TWO_PARTS(file)  PART("application/json", MAPPING) PART("text/csv", file) "--b--\r\n"
#define POST             "/api/v1/editions"
#define VN               POST "?subject=VN&from=2026-12-01"

struct editing {
	struct world world;
	const char *dara, *sok, *officer; /* two supervisors, and an officer: tokens */
};

static struct editing begin_editing(void **state)
{
	struct editing e = { .world = begin(state, false) };

	trial_fails_at = 0;
	for (size_t i = 0; i < COUNT(trial_tables); i++)
		fixture_exec(e.world.fixture, &trial_tables[i], NO_BINDS);
	e.dara = new_user(&e.world, "dara", "customs", "supervisor");
	e.sok = new_user(&e.world, "sok", "customs", "supervisor");
	e.officer = new_user(&e.world, "vanna", "customs", "officer");
	return e;
}

static struct answer send(struct editing *e, const char *secret, const char *path, const char *type, const char *body)
{
	struct ask asked = { .method = "POST",
			     .path = path,
			     .body = bytes_of(body),
			     .remote = true,
			     .headers = {
				     { "Authorization", arena_printf(e->world.fixture->arena, "Bearer %s", secret) },
				     { "Content-Type", type } } };

	if (!type)
		asked.headers[1] = (struct http_header){ 0 };
	return ask(&e->world, &asked);
}

static struct edition_view read_edition(struct editing *e, struct answer answer, int status)
{
	struct kernel_fixture *fixture = e->world.fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct edition_view view;

	expect(answer, status, NULL);
	must(field_read_json(fixture->arena, &edition_schema, bytes_of(answer.text), NULL, &view, findings,
			     &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	return view;
}

static const char *path_of(struct editing *e, const char *id, const char *behind)
{
	return arena_printf(e->world.fixture->arena, POST "/%s%s", id, behind);
}

#define RELATED "multipart/related; boundary=b"

static void a_file_comes_with_its_mapping_and_counts_when_another_has_approved_it(void **state)
{
	struct editing e = begin_editing(state);
	struct answer made = send(&e, e.dara, VN "&title=Decree%2026", RELATED, TWO_PARTS("CODE,LEVEL\n1,2\n2,3\n"));
	const struct edition_view v = read_edition(&e, made, 201);

	assert_string_equal(header_of(&made, "Location"), path_of(&e, v.id, ""));
	assert_string_equal(v.state, "staged");
	assert_string_equal(v.title, "Decree 26");
	assert_string_equal(v.imported_by, "user:dara");
	assert_int_equal(v.records, 2);
	assert_int_equal(v.findings_count, 1);
	assert_string_equal(v.findings[0].path, "/records[2]/level");
	assert_string_equal(v.findings[0].text, "the level 3 is odd; at line 3, column \"LEVEL\"");
	expect(send(&e, e.dara, path_of(&e, v.id, "/approve"), NULL, ""), 422, "EDN-007");
	expect(send(&e, e.sok, path_of(&e, v.id, "/approve"), NULL, ""), 200, "\"approvedBy\":\"user:sok\"");
	expect(send(&e, e.sok, path_of(&e, v.id, "/activate?from=2027-01-01&reason=Decree%20delayed"), NULL, ""), 200,
	       "\"from\":\"2027-01-01\"");
	expect(get_as(&e.world, e.officer, POST "?state=active&kind=trial.rates&subject=VN"), 200, v.id);
	expect(get_as(&e.world, e.officer, POST "?state=staged"), 200, "\"items\":[]");
	expect(get_as(&e.world, e.officer, path_of(&e, v.id, "")), 200, "TRL-002");
	expect(send(&e, e.dara, path_of(&e, v.id, "/withdraw"), NULL, ""), 200, "\"state\":\"withdrawn\"");
	expect(send(&e, e.dara, path_of(&e, v.id, "/discard"), NULL, ""), 422, "FSM-001");
	end(&e.world);
}

static void all_that_is_wrong_with_a_file_is_in_the_problem_with_its_lines(void **state)
{
	struct editing e = begin_editing(state);
	struct answer answer = send(&e, e.dara, VN, RELATED, TWO_PARTS("CODE,LEVEL\n1,x\n,2\n3,3\n"));

	expect(answer, 422, "; at line 2, column \\\"LEVEL\\\"");
	expect(answer, 422, "\"path\":\"/records/1/code\"");
	expect(answer, 422, "TRL-002");
	expect(get_as(&e.world, e.dara, POST), 200, "\"state\":\"failed\"");
	expect(send(&e, e.dara, POST "?subject=VN", RELATED, TWO_PARTS("CODE,LEVEL\n1,\n")), 422, "EDN-003");
	expect(send(&e, e.dara, POST "?from=2026-12-01", RELATED, TWO_PARTS("CODE,LEVEL\n1,\n")), 422, "EDN-001");
	end(&e.world);
}

/* Who may do both does both in one call; but of what takes four eyes two persons are needed all the same. */
static void it_counts_at_once_if_that_is_asked_for_and_allowed(void **state)
{
	struct editing e = begin_editing(state);
	const char *const path = VN "&activate=true", *const body = TWO_PARTS("CODE,LEVEL\n1,2\n");
	const char *const open =
		PART("application/json", OPEN_MAPPING) PART("text/csv", "CODE,LEVEL\n1,2\n") "--b--\r\n";

	expect(send(&e, e.dara, path, RELATED, body), 422, "approve");
	assert_string_equal(read_edition(&e, send(&e, e.dara, path, RELATED, open), 201).state, "active");
	expect(send(&e, e.officer, path, RELATED, open), 403, "reference.import");
	end(&e.world);
}

static void the_same_file_again_is_the_same_edition(void **state)
{
	struct editing e = begin_editing(state);
	const struct edition_view one =
		read_edition(&e, send(&e, e.dara, VN, RELATED, TWO_PARTS("CODE,LEVEL\n1,\n")), 201);
	/* Two parts are understood by how they begin, too. */
	const struct edition_view two = read_edition(&e, send(&e, e.sok, VN, NULL, TWO_PARTS("CODE,LEVEL\n1,\n")), 200);

	assert_false(one.repeated);
	assert_true(two.repeated);
	assert_string_equal(one.id, two.id);
	end(&e.world);
}

static void who_may_read_may_not_import_and_nobody_is_let_in_without_a_permission(void **state)
{
	struct editing e = begin_editing(state);
	const char *monitor = new_user(&e.world, "mon", NULL, "monitor");

	expect(send(&e, e.officer, VN, RELATED, TWO_PARTS("CODE,LEVEL\n1,\n")), 403, "reference.import");
	expect(send(&e, e.officer, path_of(&e, "x", "/approve"), NULL, ""), 403, "reference.approve");
	expect(get_as(&e.world, monitor, POST), 403, "reference.read");
	expect(get_as(&e.world, e.officer, path_of(&e, "x", "")), 404, "there is no edition x");
	expect(send(&e, e.dara, path_of(&e, "x", "/approve"), NULL, ""), 404, "there is no edition x");
	end(&e.world);
}

static void how_the_file_is_read_is_said_once(void **state)
{
	struct editing e = begin_editing(state);

	expect(send(&e, e.dara, VN, "text/csv", "CODE,LEVEL\n1,\n"), 422, "API-061");
	expect(send(&e, e.dara, VN, RELATED, PART("application/json", MAPPING) "--b--\r\n"), 422, "API-062");
	expect(send(&e, e.dara, VN "&map=none", "text/csv", "CODE,LEVEL\n1,\n"), 422, "map");
	expect(send(&e, e.dara, VN "&kind=trial.open", RELATED, TWO_PARTS("CODE,LEVEL\n1,\n")), 422, "EDN-006");
	expect(send(&e, e.dara, VN "&kind=other", RELATED, TWO_PARTS("CODE,LEVEL\n1,\n")), 422, "kind");
	expect(send(&e, e.dara, VN, "multipart/mixed; boundary=b", TWO_PARTS("CODE,LEVEL\n1,\n")), 415, NULL);
	expect(send(&e, e.dara, VN, RELATED, PART("application/json", "{}") PART("text/csv", "A\n1\n") "--b--\r\n"),
	       422, "FLD-001");
	end(&e.world);
}

static void a_mapping_of_the_node_is_called_by_its_name(void **state)
{
	struct editing e = begin_editing(state);
	struct kernel_fixture *fixture = e.world.fixture;
	char folder[] = "/tmp/lintas-mappings-XXXXXX";
	struct findings *findings = findings_new(fixture->arena);
	struct national_mappings *mappings = NULL;

	assert_non_null(mkdtemp(folder));
	const char *path = arena_printf(fixture->arena, "%s/decree.json", folder);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(MAPPING, file) >= 0 && fclose(file) == 0);
	must(national_mappings_load(&fixture->kernel, folder, &mappings, findings, &fixture->err));
	assert_non_null(mappings);
	unlink(path);
	rmdir(folder);
	/* Documents are not taken by it. */
	assert_null(national_mapping_find(mappings, "decree"));
	assert_null(national_mapping_at(mappings, 0));
	serve_with(&e.world, (struct api_options){ .mappings = mappings });
	expect(send(&e, e.dara, VN "&map=decree", "text/csv", "CODE,LEVEL\n1,\n"), 201, "\"records\":1");
	expect(send(&e, e.dara, VN "&map=decree", RELATED, TWO_PARTS("CODE,LEVEL\n1,\n")), 422, "API-063");
	end(&e.world);
	national_mappings_free(mappings);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_comes_with_its_mapping_and_counts_when_another_has_approved_it),
		cmocka_unit_test(all_that_is_wrong_with_a_file_is_in_the_problem_with_its_lines),
		cmocka_unit_test(it_counts_at_once_if_that_is_asked_for_and_allowed),
		cmocka_unit_test(the_same_file_again_is_the_same_edition),
		cmocka_unit_test(who_may_read_may_not_import_and_nobody_is_let_in_without_a_permission),
		cmocka_unit_test(how_the_file_is_read_is_said_once),
		cmocka_unit_test(a_mapping_of_the_node_is_called_by_its_name),
	};
	static const struct capability *const capabilities[] = { &trial_capability, NULL };

	return kernel_run("api_editions", tests, COUNT(tests), capabilities);
}
