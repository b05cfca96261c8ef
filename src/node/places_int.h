/* The files of a node, as a backup takes them. */
#ifndef NODE_PLACES_INT_H
#define NODE_PLACES_INT_H

#include "node/backup.h"
#include "node/node_int.h"

enum { NODE_FILES_MAX = 1024, NODE_FILE_MAX = 1 << 20 };

struct node_files {
	struct arena *arena;
	const struct config *config;
	struct node_left_out *left; /* what in a folder that a setting names is not taken */
	bool keys;                  /* the private keys, too; else no file that has one */
	struct backup_file items[NODE_FILES_MAX];
	size_t count, bytes;
};
/* Reads into FILES what belongs to a backup, each file once, and nothing to which a link leads. ERR_LIMIT beyond
 * NODE_FILES_MAX, and BACKUP_FILES_MAX octets. The settings passed node_places_check(). */
enum err_code node_files_gather(struct node_files *files, struct err *err) MUST_USE;
/* Adds to LEFT what settings of CONFIG name and FILES have not. HOME: what its directory is called, or will be. */
enum err_code node_left_out_find(struct arena *arena, const struct config *config, const char *home,
				 const struct backup_file *files, size_t count, struct node_left_out *left,
				 struct err *err) MUST_USE;

#endif
