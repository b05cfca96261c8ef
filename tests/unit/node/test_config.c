/* The grammar is the one that config.h promises. */
#include "../unit.h"

#include <stdlib.h>

#include "base/findings.h"
#include "node/config.h"

#define LEAST "[node]\nstate = TH\n[party]\nid = TH:gateway\n"

struct reading {
	struct arena *arena;
	struct findings *findings;
	struct config config;
};

static int setup(void **state)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	assert_non_null(reading);
	reading->arena = arena_new((size_t)1 << 20);
	reading->findings = findings_new(reading->arena);
	assert_non_null(reading->findings);
	*state = reading;
	return 0;
}

static int teardown(void **state)
{
	struct reading *reading = *state;

	arena_free(reading->arena);
	free(reading);
	return 0;
}

static void read_text(struct reading *reading, const char *text)
{
	struct err err = { 0 };

	assert_int_equal(
		config_parse(reading->arena, "/node", bytes_of(text), &reading->config, reading->findings, &err), OK);
}

static void assert_found(const struct reading *reading, size_t index, const char *code, const char *text)
{
	const struct finding *finding = findings_at(reading->findings, index);

	assert_non_null(finding);
	assert_string_equal(finding->rule->code, code);
	assert_non_null(strstr(finding->text, text));
}

/* 255 characters are promised; libinih stopped at 200 and took the rest for another line. */
static void a_long_value_is_read_whole(void **state)
{
	struct reading *reading = *state;
	char value[256];

	memset(value, 'x', sizeof(value) - 1);
	value[255] = '\0';
	memcpy(value, "sqlite:", 7);
	memcpy(value + 190, "a=b;c", 5);
	read_text(reading, arena_printf(reading->arena, LEAST "[database]\nurl = %s\n", value));
	assert_int_equal(findings_count(reading->findings), 0);
	assert_string_equal(reading->config.database, value);
	read_text(reading, arena_printf(reading->arena, LEAST "[database]\nurl = %sx\n", value));
	assert_found(reading, 0, "CFG-002", "[database] url");
}

/* Without one, what SQLite was given was a file wherever the program was started. */
static void a_database_is_told_by_its_scheme(void **state)
{
	static const char *const right[] = { "sqlite:a.db", "postgresql:///lintas", "postgres://db/lintas" };
	static const char *const wrong[] = { "lintas.db",
					     "sqlite:",
					     "SQLITE:a.db",
					     "postgresql:lintas",
					     "mysql://u:tjwdrGb1@db/lintas",
					     "host=db password=tjwdrGb1" };
	struct reading *reading = *state;

	for (size_t i = 0; i < COUNT(right); i++)
		read_text(reading, arena_printf(reading->arena, LEAST "[database]\nurl = %s\n", right[i]));
	assert_int_equal(findings_count(reading->findings), 0);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		read_text(reading, arena_printf(reading->arena, LEAST "[database]\nurl = %s\n", wrong[i]));
		assert_int_equal(findings_count(reading->findings), i + 1);
		assert_found(reading, i, "CFG-015", "is no database: sqlite:PATH");
		assert_null(strstr(findings_at(reading->findings, i)->text, "tjwdrGb1"));
	}
}

/* Findings, `config show` and logs are read by more people than lintas.conf. */
static void a_password_is_not_told_again(void **state)
{
	static const char secret[] = "postgresql://lintas:tjwdrGb1@db/lintas";
	struct reading *reading = *state;
	buf_auto all, value;

	buf_init(&all, 65536);
	buf_init(&value, 4096);
	read_text(reading, arena_printf(reading->arena, LEAST "[database]\nurl = %s\nurl: %s?a=b\n[log]\nlevel = %s\n",
					secret, secret, secret));
	assert_string_equal(reading->config.database, secret);
	assert_int_equal(findings_count(reading->findings), 2);
	for (size_t i = 0; i < 2; i++)
		assert_null(strstr(findings_at(reading->findings, i)->text, "tjwdrGb1"));
	config_put(&all, &reading->config);
	assert_non_null(strstr(buf_text(&all), "\nurl = postgresql://lintas:***@db/lintas\n"));
	assert_null(strstr(buf_text(&all), "tjwdrGb1"));
	for (size_t i = 0; config_setting(i); i++)
		config_put_value(&value, config_setting(i), &reading->config);
	assert_null(strstr(buf_text(&value), "tjwdrGb1"));
}

static void comments_and_blanks_are_no_part_of_a_value(void **state)
{
	struct reading *reading = *state;

	read_text(reading,
		  "\xEF\xBB\xBF# first\r\n" LEAST "  ; second\r\n[node] ; third\r\n\tname\t=  A node;x  ; fourth\r\n");
	assert_int_equal(findings_count(reading->findings), 0);
	assert_string_equal(reading->config.state, "TH");
	assert_string_equal(reading->config.name, "A node;x");
}

static void every_line_that_is_no_setting_is_found_by_its_number(void **state)
{
	struct reading *reading = *state;

	read_text(reading, LEAST "no equals\n[open\nname = \xFF\n");
	assert_int_equal(findings_count(reading->findings), 3);
	assert_found(reading, 0, "CFG-006", "line 5 ");
	assert_found(reading, 1, "CFG-006", "line 6 ");
	assert_found(reading, 2, "CFG-006", "line 7 ");
}

static void what_is_missing_unknown_or_given_twice_is_found_at_once(void **state)
{
	struct reading *reading = *state;

	read_text(reading, "[node]\nstate = TH\nstate = VN\ncolour = red\n[log]\nlevel =\n");
	assert_int_equal(findings_count(reading->findings), 5);
	assert_found(reading, 0, "CFG-004", "[node] state");
	assert_found(reading, 1, "CFG-001", "[node] colour");
	assert_found(reading, 2, "CFG-002", "[log] level");
	assert_found(reading, 3, "CFG-003", "[party] id");
	assert_found(reading, 4, "CFG-002", "[log] level");
}

/* ATIGA OCP rule 31(2): three years at least; what it allows is taken, for one organisation too. */
static void a_term_is_that_of_a_document_type_and_as_long_as_the_law_says(void **state)
{
	struct reading *reading = *state;
	const struct retention *retention = &reading->config.retention;

	read_text(reading, LEAST "[retention]\nFORM-D = 3y\nFORM-D@dft = 10y30d\nMESSAGE = 60d\nREFUSAL = 1d\n"
				 "[archive]\nrequired = no\n");
	assert_int_equal(findings_count(reading->findings), 0);
	assert_int_equal(retention->count, 4);
	assert_string_equal(retention->rules[1].organisation, "dft");
	assert_int_equal(retention->rules[1].term.years, 10);
	assert_int_equal(retention->rules[1].term.days, 30);
	assert_false(retention->archived_first);
	read_text(reading, LEAST "[retention]\nFORM-D = 1094d\nNOTHING = 5y\nACDD = 5\nACDD@ = 5y\nMESSAGE = 59d\n"
				 "ACDD@x = 5y\nACDD@x = 6y\n");
	assert_int_equal(findings_count(reading->findings), 6);
	assert_found(reading, 0, "CFG-011", "[retention] FORM-D = 1094d is shorter than the law allows");
	assert_found(reading, 1, "CFG-010", "[retention] NOTHING = 5y is no term");
	assert_found(reading, 2, "CFG-010", "[retention] ACDD = 5 is no term");
	assert_found(reading, 3, "CFG-010", "[retention] ACDD@ = 5y is no term");
	assert_found(reading, 4, "CFG-004", "[retention] ACDD@x");
	assert_found(reading, 5, "CFG-012", "[retention] MESSAGE = 59d");
	assert_true(retention->archived_first);
}

/* Codes in the journal, not sentences: those may name whom they are about. */
static void purposes_are_codes(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "clearance", true },
		{ "a, b,c-1", true },
		{ "the case of Mr X", false },
		{ "Clearance", false },
		{ "a,", false },
		{ "a,,b", false },
		{ "a;b", false },
		{ "abcdefghijklmnopqrstuvwxyz-1234567", false },
		{ "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,1,2,3,4,5,6,7", false },
	};
	struct reading *reading = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t before = findings_count(reading->findings);
		read_text(reading, arena_printf(reading->arena, LEAST "[interface]\npurposes = %s\n", rows[i].text));
		if ((findings_count(reading->findings) == before) != rows[i].good)
			fail_msg("purposes = %s", rows[i].text);
	}
}

static void what_costs_least_to_repeat_is_refused_first(void **state)
{
	struct reading *reading = *state;

	read_text(reading, LEAST "[overload]\nrefuse-lists = 60\n");
	assert_int_equal(findings_count(reading->findings), 1);
	assert_found(reading, 0, "CFG-014", "refuse-lists");
}

/* bind(2): one socket an address and port; 0.0.0.0 and :: are every address. Port 0: the interface is off. */
static void gateway_and_interface_do_not_share_a_port(void **state)
{
	static const struct {
		const char *text;
		bool meet;
	} rows[] = {
		{ "[interface]\nport = 8443\n", true },
		{ "[interface]\nport = 8444\n", false },
		{ "[interface]\nport = 0\n", false },
		{ "[gateway]\naddress = 192.0.2.1\n[interface]\nport = 8443\n", false },
		{ "[gateway]\naddress = 127.0.0.1\n[interface]\nport = 8443\n", true },
		{ "[gateway]\naddress = 192.0.2.1\n[interface]\naddress = ::\nport = 8443\n", true },
	};
	struct reading *reading = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		reading->findings = findings_new(reading->arena);
		read_text(reading, arena_printf(reading->arena, LEAST "%s", rows[i].text));
		assert_int_equal(findings_count(reading->findings), rows[i].meet);
		if (rows[i].meet)
			assert_found(reading, 0, "CFG-009", "[interface] port and [gateway] port are both 8443");
	}
}

/* What lies in the directory belongs to its backup, however it is written; a way out of it does not. */
static void a_path_inside_of_the_directory_is_known_as_one(void **state)
{
	static const struct {
		const char *value, *inside;
	} rows[] = {
		{ "mappings", "mappings" },
		{ "./deep//mappings/", "deep/mappings" },
		{ "/tmp/a-node/x.pem", "x.pem" },
		{ "/tmp/a-node", NULL },
		{ "/tmp/a-node-2/x.pem", NULL },
		{ "/etc/x.pem", NULL },
		{ "../x.pem", NULL },
		{ "deep/../../x.pem", NULL },
		{ "/tmp/a-node/../x.pem", NULL },
		{ "..x", "..x" },
		{ ".", NULL },
	};
	struct reading *reading = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *inside = config_inside(reading->arena, "/tmp/a-node", rows[i].value);
		if (!same(inside, rows[i].inside))
			fail_msg("%s: %s", rows[i].value, inside ? inside : "(outside)");
	}
}

static void a_setting_names_a_place_only_where_it_is_of_use(void **state)
{
	struct reading *reading = *state;
	const struct setting *setting;
	size_t named = 0, of_plain = 0;

	read_text(reading, LEAST "[webhooks]\ntrust-file = system\n[national]\ndrop = here\n");
	for (size_t i = 0; (setting = config_setting(i)); i++)
		named += config_named(setting, &reading->config) != NULL;
	reading->config.plain = true;
	for (size_t i = 0; (setting = config_setting(i)); i++)
		of_plain += config_named(setting, &reading->config) != NULL;
	assert_int_equal(named, 2); /* whom TLS trusts, and the drop folder */
	assert_int_equal(of_plain, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_database_is_told_by_its_scheme, setup, teardown),
		cmocka_unit_test_setup_teardown(a_password_is_not_told_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_value_is_read_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(comments_and_blanks_are_no_part_of_a_value, setup, teardown),
		cmocka_unit_test_setup_teardown(every_line_that_is_no_setting_is_found_by_its_number, setup, teardown),
		cmocka_unit_test_setup_teardown(a_term_is_that_of_a_document_type_and_as_long_as_the_law_says, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_path_inside_of_the_directory_is_known_as_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_setting_names_a_place_only_where_it_is_of_use, setup, teardown),
		cmocka_unit_test_setup_teardown(purposes_are_codes, setup, teardown),
		cmocka_unit_test_setup_teardown(what_costs_least_to_repeat_is_refused_first, setup, teardown),
		cmocka_unit_test_setup_teardown(gateway_and_interface_do_not_share_a_port, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_missing_unknown_or_given_twice_is_found_at_once, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
