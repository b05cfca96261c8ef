/* The only way to randomness outside crypto/. The system's by default; a simulation seeds its own. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills DATA. Never fails: a system without randomness cannot go on and is stopped. */
void random_bytes(void *data, size_t size);
/* Uniform in [0, BOUND); 0 when BOUND is 0. */
uint64_t random_below(uint64_t bound);

/* From now on this thread's values come from SEED, for repeatable simulations. Not for secrets. */
void random_simulate(uint64_t seed);
void random_real(void);

#endif
