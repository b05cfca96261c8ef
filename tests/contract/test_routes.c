/* What every route owes, asked of whatever the rows list. */
#include "../unit/unit.h"

#include "api/api.h"
#include "base/bytes.h"
#include "base/text.h"
#include "customs/registry.h"
#include "kernel/user.h"

static bool some_role_has(const char *permission)
{
	for (size_t i = 0; role_at(i); i++)
		if (roles_permit(role_at(i)->name, permission))
			return true;
	return false;
}

static const struct permission *permission_called(const char *name)
{
	for (size_t i = 0; permission_at(i); i++)
		if (same(permission_at(i)->name, name))
			return permission_at(i);
	return NULL;
}

/* "" is for what belongs to whoever has logged in. */
static void every_route_takes_a_permission_that_some_role_has(void **state)
{
	(void)state;
	for (size_t i = 0; api_route_at(i); i++) {
		const struct route *route = api_route_at(i);
		assert_non_null(route->permission);
		if (*route->permission && !permission_called(route->permission))
			fail_msg("%s takes %s, which is no permission", route->operation, route->permission);
		if (*route->permission && !some_role_has(route->permission))
			fail_msg("no role has %s, which %s takes", route->permission, route->operation);
	}
}

static void every_permission_opens_a_route(void **state)
{
	(void)state;
	for (size_t i = 0; permission_at(i); i++) {
		bool opens = false;
		for (size_t k = 0; api_route_at(k); k++)
			opens = opens || same(api_route_at(k)->permission, permission_at(i)->name);
		if (!opens)
			fail_msg("%s opens no route", permission_at(i)->name);
	}
}

/* Who runs the node may not read what organisations keep: kernel/user.h. */
static void no_role_of_the_node_opens_a_document(void **state)
{
	(void)state;
	for (size_t i = 0; permission_at(i); i++)
		for (size_t k = 0; role_at(k); k++)
			if (role_at(k)->node && (starts_with(permission_at(i)->name, "documents.") ||
						 starts_with(permission_at(i)->name, "evidence.")))
				assert_false(roles_permit(role_at(k)->name, permission_at(i)->name));
}

static void a_password_opens_one_route(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t i = 0; api_route_at(i); i++)
		count += api_route_at(i)->password;
	assert_int_equal(count, 1);
}

static void the_routes_of_every_capability_are_routes_of_the_node(void **state)
{
	size_t brought = 0;

	(void)state;
	for (const struct capability *const *c = customs_capabilities; *c; c++)
		for (const struct route *route = (*c)->routes; route && route->method; route++) {
			bool found = false;
			for (size_t i = 0; api_route_at(i); i++)
				found = found || api_route_at(i) == route;
			if (!found)
				fail_msg("%s of %s is not served", route->operation, (*c)->name);
			brought++;
		}
	assert_true(brought > 0);
}

/* Two of one name could not both be asked for; a word without words would be refused whatever it is. */
static void every_parameter_is_told_apart_and_says_what_it_takes(void **state)
{
	(void)state;
	for (size_t i = 0; api_route_at(i); i++) {
		const struct route *route = api_route_at(i);
		for (const struct query_row *const *row = route->query; row && *row; row++) {
			for (const struct query_row *const *other = route->query; other < row; other++)
				if (same((*other)->name, (*row)->name))
					fail_msg("%s takes two parameters %s", route->operation, (*row)->name);
			if ((*row)->kind == QUERY_WORD && (!(*row)->what || !(*row)->words == !(*row)->among))
				fail_msg("%s of %s: .what, and .words or .among", (*row)->name, route->operation);
			assert_non_null((*row)->summary);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_takes_a_permission_that_some_role_has),
		cmocka_unit_test(every_permission_opens_a_route),
		cmocka_unit_test(no_role_of_the_node_opens_a_document),
		cmocka_unit_test(a_password_opens_one_route),
		cmocka_unit_test(the_routes_of_every_capability_are_routes_of_the_node),
		cmocka_unit_test(every_parameter_is_told_apart_and_says_what_it_takes),
	};
	return cmocka_run_group_tests_name("contract, routes", tests, NULL, NULL);
}
