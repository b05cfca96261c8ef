/* What is common to the watch over partners' certificates and over ours. */
#ifndef MESSAGING_WATCH_INT_H
#define MESSAGING_WATCH_INT_H

#include "messaging/messaging_int.h"

/* Whether OTHER, of the same use, does in ITEM's place what that does not any more, or soon will not. */
bool watch_stands_in(const struct messaging_credential *other, const struct messaging_credential *item);
/* The certificates of our active keys as they stand at NOW_US, without a partner. All in ARENA. */
enum err_code watch_own(struct arena *arena, const struct directory *directory, int64_t now_us,
			struct messaging_credentials *list, struct err *err) MUST_USE;

#endif
