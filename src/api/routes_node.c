/* Routes: the node itself. */
#include "api/routes_int.h"

const struct route node_routes[] = {
	{ .method = "GET",
	  .path = "/api/v1/status",
	  .operation = "getStatus",
	  .summary = "The node and its links at a glance",
	  .permission = "status.read",
	  .handle = status_get,
	  .response = &status_schema },
	{ .method = "POST",
	  .path = "/api/v1/keys/reread",
	  .operation = "rereadKeys",
	  .summary = "Use what the key ceremony has changed",
	  .permission = "keys.change",
	  .handle = keys_reread,
	  .status = 204 },
	/* The text is public; but who has not logged in is told nothing, and makes nothing be printed. */
	{ .method = "GET",
	  .path = "/api/v1/openapi.json",
	  .operation = "getOpenApi",
	  .summary = "This description",
	  .permission = "",
	  .handle = openapi_get,
	  .gives = "application/json" },
	{ 0 },
};
