/* What every search is measured against: BM25 as in the textbook (k1 1.2, b 0.75) over whole words, folded as the
 * engine folds them, and nothing else; a code is as good as its best document. */
#ifndef BENCH_PLAIN_H
#define BENCH_PLAIN_H

#include <stddef.h>

#include "base/bytes.h"

struct plain;

struct plain *plain_new(void);
void plain_free(struct plain *plain);
/* CODE stays the caller's and must outlive PLAIN. */
void plain_add(struct plain *plain, const char *code, struct bytes text);
/* The codes of the best documents, each once as its first DIGITS, the best first: how many of MOST there are. */
size_t plain_run(struct plain *plain, struct bytes text, size_t digits, size_t most, const char **codes);

#endif
