/* Rows of commands and rows of routes fit each other, whoever brings them. */
#include "../unit.h"

#include "base/text.h"
#include "cli/cli_int.h"

/* Whether PATH of a command, "/api/v1/papers/{}?open=true", is PATTERN of a route, "/api/v1/papers/{paper}". */
static bool is_of(const char *path, const char *pattern)
{
	while (*path && *path != '?') {
		bool named = *path == '{';
		if (*path != *pattern)
			return false;
		path += named ? 2 : 1;
		pattern += named ? strcspn(pattern, "}") + 1 : 1;
	}
	return !*pattern;
}

static const struct route *route_of(const struct command *command)
{
	for (size_t i = 0; api_route_at(i); i++)
		if (same(api_route_at(i)->method, command->method) && is_of(command->path, api_route_at(i)->path))
			return api_route_at(i);
	return NULL;
}

static bool takes(const struct route *route, const char *name)
{
	for (const struct query_row *const *row = route->query; row && *row; row++)
		if (same((*row)->name, name))
			return true;
	return false;
}

static void every_command_that_calls_names_a_route_and_parameters_that_it_takes(void **state)
{
	const struct command *c;
	size_t calls = 0;

	(void)state;
	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		if (!c->path)
			continue;
		const struct route *route = route_of(c);
		if (!route)
			fail_msg("%s: there is no route %s %s", c->words, c->method, c->path);
		for (const struct option *o = c->options; route && o && o->name; o++)
			if (o->query && !takes(route, o->query))
				fail_msg("%s %s: %s takes no %s", c->words, o->name, route->operation, o->query);
		if (route && route->response != c->answer)
			fail_msg("%s reads another answer than %s gives", c->words, route->operation);
		calls++;
	}
	assert_true(calls > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_that_calls_names_a_route_and_parameters_that_it_takes),
	};
	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
