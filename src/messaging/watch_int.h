/* What is common to the watch over partners' certificates and over ours. */
#ifndef MESSAGING_WATCH_INT_H
#define MESSAGING_WATCH_INT_H

#include "kernel/task.h"
#include "messaging/messaging_int.h"

/* Whether OTHER, of the same use, does in ITEM's place what that does not any more, or soon will not. */
bool watch_stands_in(const struct messaging_credential *other, const struct messaging_credential *item);
/* The alarms among LIST as tasks, in ARENA; those of ours are about "own USE FINGERPRINT". */
enum err_code watch_tasks(struct arena *arena, const struct messaging_credentials *list, struct task_list *tasks,
			  struct err *err) MUST_USE;
void watch_tell(const struct task_list *alarms);
/* Keeps one open task for each certificate of our active keys that ends or has ended, without another one of its use
 * and kind. TELL: the log has them, changed or not. */
enum err_code watch_own(struct messaging *messaging, struct arena *arena, int64_t now_us, bool tell,
			struct err *err) MUST_USE;

#endif
