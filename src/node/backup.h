/* Backup of a node's directory into one encrypted file, and restore of one into a new directory. */
#ifndef NODE_BACKUP_H
#define NODE_BACKUP_H

#include "kernel/backup.h"
#include "node/node.h"

/* What settings name and a backup has not: it lies elsewhere, is on its way, or is not there. */
struct node_left {
	const char *what; /* "[national] drop = drop", or a file's path */
	const char *why;  /* and what the node does not do without it */
};
enum { NODE_LEFT_OUT_MAX = 256 };
struct node_left_out {
	struct node_left items[NODE_LEFT_OUT_MAX];
	size_t count;
};

struct node_backup {
	const char *file;               /* to be made; there is none of that name yet */
	const struct bytes *recipients; /* certificates */
	size_t recipients_count;
	bool keys; /* the private keys of the key directory, too */
	backup_progress *progress;
	void *progress_arg;
};
/* Backs up the node of DIRECTORY, whether it runs or not. The journal says so, and no file gets its name of which the
 * journal does not know. HEAD and SUMMARY say what is in it, LEFT (empty before) what is not. */
enum err_code node_backup(struct arena *arena, const char *directory, const struct node_backup *backup,
			  struct findings *findings, struct backup_head *head, struct backup_summary *summary,
			  struct node_left_out *left, struct err *err) MUST_USE;

/* Reads and verifies FILE; writes nothing. */
enum err_code node_backup_check(struct arena *arena, const char *file, struct bytes key,
				struct backup_contents *contents, struct err *err) MUST_USE;

struct node_restore {
	const char *file, *directory; /* DIRECTORY is absent or empty */
	struct bytes key;
	const char *database; /* URL, another than the backup's configuration names; NULL: that one */
};
/* Makes DIRECTORY the node that FILE holds. Everything is verified before anything is written, and made beside under
 * the name DIRECTORY.restoring; the last step gives it its name. CONTENTS is ARENA's, which also lives longer. LEFT
 * (empty before): what the node that came back still needs. */
enum err_code node_restore(struct arena *arena, const struct node_restore *restore, struct findings *findings,
			   struct backup_contents *contents, struct node_left_out *left, struct err *err) MUST_USE;

#endif
