/* Lists of names separated by spaces, as roles and permissions are written. */
#ifndef KERNEL_USER_INT_H
#define KERNEL_USER_INT_H

#include "kernel/user.h"

/* Moves *WORDS (NULL is empty) behind its next word. False if there is none. */
bool word_next(const char **words, struct bytes *word);
bool word_among(const char *words, const char *word);

/* The roles that stand in A and in B, each once and in the order of the rows; "" if there are none. The arena's, NULL
 * if it is full. */
const char *roles_common(struct arena *arena, const char *a, const char *b);

#endif
