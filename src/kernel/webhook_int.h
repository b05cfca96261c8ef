#ifndef KERNEL_WEBHOOK_INT_H
#define KERNEL_WEBHOOK_INT_H

#include "kernel/store_int.h"
#include "kernel/webhook.h"

/* The current row of a query of WEBHOOK_COLUMNS. */
struct webhook webhook_row(struct arena *arena, const struct query *query);
/* An entry about WEBHOOK. */
enum err_code webhook_journal(struct tx *tx, const struct webhook *webhook, const char *event, const char *detail,
			      const struct actor *actor, int64_t now_us, struct err *err) MUST_USE;

/* How much of URL says where the receiver is: "https://host:port". */
size_t webhook_origin(const char *url);

#define WEBHOOK_TASK "webhook"

#endif
