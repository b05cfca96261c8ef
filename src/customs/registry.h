/* The capabilities of this program, in the order in which one may use another. */
#ifndef CUSTOMS_REGISTRY_H
#define CUSTOMS_REGISTRY_H

#include "kernel/capability.h"

extern const struct capability *const customs_capabilities[]; /* NULL-terminated */

#endif
