/* Roles, as accounts and tokens have them. */
#ifndef KERNEL_USER_INT_H
#define KERNEL_USER_INT_H

#include "kernel/user.h"

/* The roles that stand in A and in B, each once and in the order of the rows; "" if there are none. The arena's, NULL
 * if it is full. */
const char *roles_common(struct arena *arena, const char *a, const char *b);

#endif
