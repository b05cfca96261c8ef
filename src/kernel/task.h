/* Tasks: what a person must look at. A dead letter, a failed document, an overdue answer. */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "kernel/kernel.h"

struct task {
	const char *id;
	const char *organisation; /* whose officers; NULL: the node's operators */
	const char *kind;    /* "dead-letter", "document-failed", "abandoned", "clock", "trust", "own-certificate" */
	const char *subject; /* id of the message, document, …; "TH sign FINGERPRINT" */
	const char *text;    /* what happened and what to do next */
	const char *state;   /* "open", "done" */
	int64_t created_us;
	int64_t done_us; /* TIME_NONE */
};
/* What an abandoned document did holds here alone; its subject is the document. */
#define TASK_ABANDONED "abandoned"
struct task_list {
	struct task *items;
	size_t count;
};

/* Opens a task; if one of the same kind and subject is open, that one stays and nothing is added. */
enum err_code task_open(struct tx *tx, const struct task *task, int64_t now_us, struct err *err) MUST_USE;
/* Closes the open tasks of SUBJECT (all kinds if KIND is NULL). */
enum err_code task_close(struct tx *tx, const char *subject, const char *kind, int64_t now_us,
			 struct err *err) MUST_USE;
/* Makes WANTED (of which .subject and .text count) the open tasks of KIND: opens what is missing, closes what is not
 * wanted any more; a task whose text is another now is closed, and opened anew. Writes only if something is
 * *CHANGED. */
enum err_code task_keep(struct kernel *kernel, const char *kind, const struct task_list *wanted, int64_t now_us,
			bool *changed, struct err *err) MUST_USE;
/* The same where several processes on one database each keep tasks of KIND: one that is *OTHERS' to keep is left open,
 * wanted here or not. */
typedef enum err_code task_others_fn(struct tx *tx, void *arg, const struct task *task, bool *others, struct err *err);
enum err_code task_keep_ours(struct kernel *kernel, const char *kind, const struct task_list *wanted,
			     task_others_fn *are_others, void *arg, int64_t now_us, bool *changed,
			     struct err *err) MUST_USE;
/* ORGANISATION NULL: all; open ones first, newest first. AFTER: the task (its .state, as it was then, and .id) that the
 * page before ended with; NULL: from the first. */
enum err_code task_list(struct tx *tx, struct arena *arena, const char *organisation, const struct task *after,
			size_t limit, struct task_list *list, struct err *err) MUST_USE;
/* How many are open; ORGANISATION NULL: of all. */
enum err_code task_count(struct tx *tx, const char *organisation, int64_t *open, struct err *err) MUST_USE;

#endif
