/* The routes, by subject: one row each, in routes_*.c. What a row says is enforced by the router, printed as OpenAPI,
 * and offered by the command line. */
#include "api/routes_int.h"
#include "base/text.h"

static const struct route *const tables[] = {
	document_routes, national_routes, partner_routes, user_routes, record_routes, node_routes,
};

const struct route *api_route_at(size_t index)
{
	for (size_t i = 0; i < COUNT(tables); i++)
		for (const struct route *route = tables[i]; route->method; route++)
			if (index-- == 0)
				return route;
	return NULL;
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
