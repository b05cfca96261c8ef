/* A message as it comes, opened as the gateway does it and then as the inspector does, for the targets that make such
 * messages. */
#ifndef FUZZ_OPENING_H
#define FUZZ_OPENING_H

#include "base/bytes.h"

/* FILE: HTTP headers and body. Ends the program if anything passes but what the holder of the key in opening.c wrote.
 */
void opening_run(struct bytes file);

#endif
