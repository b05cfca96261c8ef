#ifndef NODE_NODE_INT_H
#define NODE_NODE_INT_H

#include "base/fd.h"
#include "node/node.h"

/* Makes the name of PATH durable in its directory. */
enum err_code node_directory_sync(struct arena *arena, const char *path, struct err *err) MUST_USE;
/* Reads the configuration; mistakes are findings and ERR_CONFIG. */
enum err_code node_read_config(struct arena *arena, const char *directory, struct config *config,
			       struct findings *findings, struct err *err) MUST_USE;
/* ERR_CONFIG if FINDINGS of the configuration in DIRECTORY are mistakes. */
enum err_code node_require_right(const char *directory, const struct findings *findings, struct err *err) MUST_USE;
/* A finding for each setting of CONFIG that names what the node has for itself: its database, its private keys. */
void node_places_check(struct arena *arena, const struct config *config, struct findings *findings);
/* Opens what NODE needs beside its configuration and keys. TLS: with which it sends; NULL if it is plain or does not
 * run. */
enum err_code node_assemble(struct arena *arena, struct node *node, const struct http_tls *tls,
			    const struct api_options *api, struct findings *findings, struct err *err) MUST_USE;
/* ERR_CONFIG if the schema of DB is older than this program's. */
enum err_code node_require_migrated(struct db *db, const char *directory, struct err *err) MUST_USE;
/* The limit of open files that CONFIG needs, at least what it is; ERR_CONFIG if that is not allowed. */
struct rlimit;
enum err_code node_descriptors(const struct config *config, struct rlimit *limit, struct err *err) MUST_USE;
/* Files of our newest active TLS key, and whom we trust; ERR_KEY if there is no such key. */
enum err_code node_tls(struct arena *arena, const struct config *config, struct http_tls *tls,
		       struct err *err) MUST_USE;

/* Threads that step the roles of a node. *DONE, 0 before a step: the pieces of work that it did. */
struct roles;
typedef enum err_code role_step(struct node *node, int64_t now_us, unsigned *done, struct err *err);
/* A step of COUNT parts, none of which waits for another: each is run, whatever fails. The first fault. */
enum err_code roles_step_each(struct node *node, role_step *const *parts, size_t count, int64_t now_us, unsigned *done,
			      struct err *err) MUST_USE;
enum err_code roles_start(struct node *node, struct roles **roles, struct err *err) MUST_USE;
/* There may be something to send, or something received: one who waits for it looks now, not in a quarter of a second.
 * Safe from any thread. */
void roles_to_send(void *roles);
void roles_received(void *roles);
void roles_stop(struct roles *roles);

#endif
