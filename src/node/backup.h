/* Backup of a node's directory into one encrypted file, and restore of one into a new directory. */
#ifndef NODE_BACKUP_H
#define NODE_BACKUP_H

#include "kernel/backup.h"
#include "node/node.h"

struct node_backup {
	const char *file;               /* to be made; there is none of that name yet */
	const struct bytes *recipients; /* certificates */
	size_t recipients_count;
	bool keys; /* the private keys of the key directory, too */
	backup_progress *progress;
	void *progress_arg;
};
/* Backs up the node of DIRECTORY, whether it runs or not. The journal says so, and no file gets its name of which the
 * journal does not know. HEAD and SUMMARY say what is in it. */
enum err_code node_backup(struct arena *arena, const char *directory, const struct node_backup *backup,
			  struct findings *findings, struct backup_head *head, struct backup_summary *summary,
			  struct err *err) MUST_USE;

/* Reads and verifies FILE; writes nothing. */
enum err_code node_backup_check(struct arena *arena, const char *file, struct bytes key,
				struct backup_contents *contents, struct err *err) MUST_USE;

struct node_restore {
	const char *file, *directory; /* DIRECTORY is absent or empty */
	struct bytes key;
	const char *database; /* URL, another than the backup's configuration names; NULL: that one */
};
/* Makes DIRECTORY the node that FILE holds. Everything is verified before anything is written, and made beside under
 * the name DIRECTORY.restoring; the last step gives it its name. CONTENTS is ARENA's, which also lives longer. */
enum err_code node_restore(struct arena *arena, const struct node_restore *restore, struct findings *findings,
			   struct backup_contents *contents, struct err *err) MUST_USE;

#endif
