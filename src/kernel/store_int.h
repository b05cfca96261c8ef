/* The statements of the kernel, and what several of its files read and write. */
#ifndef KERNEL_STORE_INT_H
#define KERNEL_STORE_INT_H

#include "db/db.h"
#include "kernel/journal.h"
#include "kernel/message.h"

#define STATEMENT(name, text) extern const struct statement sql_##name;
#include "kernel/statements.def"
#undef STATEMENT

/* A UUIDv7 that sorts after those that this thread made before in the same millisecond. */
void id_new(char id[static 37], int64_t now_us);

/* Room for one more item after COUNT of SIZE bytes: ITEMS itself, or a copy twice as large. NULL when ARENA is full. */
void *list_grow(struct arena *arena, void *items, size_t count, size_t size);

/* The current row of a query whose columns begin with JOURNAL_COLUMNS. */
void journal_row(struct arena *arena, const struct query *query, struct journal_entry *entry);
/* The digest that journal.h describes. */
enum err_code journal_digest(const struct journal_entry *entry, uint8_t digest[static 32], struct err *err) MUST_USE;
/* Seal number n from seal n-1, its time and the digests of its entries. */
enum err_code journal_seal_hash(const uint8_t previous[static 32], int64_t first, int64_t last, int64_t at_us,
				struct bytes digests, uint8_t hash[static 32], struct err *err) MUST_USE;

#define SEAL_ENTRIES_MAX 10000 /* bounds what a verification holds in memory */

#endif
