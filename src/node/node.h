/* A running node: the database, the keys process, the messaging, and the threads that step them. */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "api/api.h"
#include "national/national.h"
#include "node/config.h"

/* What a command needs that works on a node's directory without running it. */
struct node {
	struct config config;
	struct kernel kernel;
	struct keys *keys;
	struct http_client *client;
	struct messaging *messaging;
	struct webhook_sender webhooks;
	struct api *api;
	struct retention_walk retention; /* of the role of that name */
	struct national_mappings *mappings;
	struct national_drop drop;
	int lock; /* descriptor of the lock file, or -1 */
};

/* Makes DIRECTORY a node: configuration, empty key directory, migrated database, the seat of customs. */
struct node_init {
	const char *directory, *state, *name, *database;
	int64_t port;
	bool plain;
};
enum err_code node_create(struct arena *arena, const struct node_init *init, struct findings *findings,
			  struct err *err) MUST_USE;

/* Opens the node in this process, keys included: for commands while it is stopped. Takes the node's lock: ERR_BUSY if a
 * node runs on it. */
enum err_code node_open(struct arena *arena, const char *directory, struct node *node, struct findings *findings,
			struct err *err) MUST_USE;
void node_close(struct node *node);

/* Takes the directory's lock; it is held until the descriptor is closed. ERR_BUSY if a node runs on it. */
enum err_code node_lock(struct arena *arena, const char *directory, int *lock, struct err *err) MUST_USE;

/* Opens the database alone (`lintas db`); does not migrate. */
enum err_code node_open_database(struct arena *arena, const struct config *config, struct db **db,
				 struct err *err) MUST_USE;

/* All that node_serve() would not start without, as errors; and what it would start without, as warnings. Takes no
 * lock: the node may run. A transient fault, once all else was looked at, if a database does not answer. */
enum err_code node_check(struct arena *arena, const struct config *config, struct findings *findings,
			 struct err *err) MUST_USE;

/* What is wrong with CERT for TLS of this node: it does not name the host of [gateway] url. NULL: nothing, or no url is
 * set; else ARENA's, also out of memory. */
const char *node_tls_doubt(struct arena *arena, const struct config *config, const struct cert *cert);

/* Runs the node until SIGTERM or SIGINT. */
enum err_code node_serve(struct arena *arena, const char *directory, struct findings *findings,
			 struct err *err) MUST_USE;

#endif
