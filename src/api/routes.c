/* The routes: one row each, by subject in routes_*.c, and in the api.c of the capabilities. What a row says is enforced
 * by the router, printed as OpenAPI, and offered by the command line. */
#include "api/routes_int.h"
#include "base/text.h"
#include "customs/registry.h"

static const struct route *const tables[] = {
	message_routes, national_routes, partner_routes, user_routes, record_routes, reference_routes, node_routes,
};

static const struct route *nth(const struct route *table, size_t *index)
{
	for (const struct route *route = table; route && route->method; route++)
		if ((*index)-- == 0)
			return route;
	return NULL;
}

const struct route *api_route_at(size_t index)
{
	const struct route *route = NULL;
	for (const struct capability *const *c = customs_capabilities; !route && *c; c++)
		route = nth((*c)->routes, &index);
	for (size_t i = 0; !route && i < COUNT(tables); i++)
		route = nth(tables[i], &index);
	return route;
}

bool route_pages(const struct route *route)
{
	for (const struct query_row *const *row = route->query; row && *row; row++)
		if ((*row)->cursor)
			return true;
	return false;
}

const struct route *route_of_made(const struct route *route)
{
	const struct route *shows;
	size_t size = strlen(route->path);
	if (!same(route->method, "POST") || !route->response)
		return NULL;
	for (size_t i = 0; (shows = api_route_at(i)); i++)
		if (same(shows->method, "GET") && strncmp(shows->path, route->path, size) == 0 &&
		    starts_with(shows->path + size, "/{") && !strchr(shows->path + size + 1, '/'))
			return shows;
	return NULL;
}
