#include "base/random.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* A simulated node runs all its steps on one thread; other threads keep the system's randomness. */
static _Thread_local struct {
	bool on;
	uint64_t state;
} simulation;

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014). */
static uint64_t simulated_next(void)
{
	uint64_t z = simulation.state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* Little-endian on every machine, so that a seed repeats the same run everywhere. */
static void simulated_bytes(uint8_t *to, size_t size)
{
	uint64_t word = 0;

	for (size_t i = 0; i < size; i++) {
		word = i % 8 == 0 ? simulated_next() : word >> 8;
		to[i] = (uint8_t)(word & 0xFF);
	}
}

static void system_bytes(uint8_t *to, size_t size)
{
	while (size > 0) {
		ssize_t got = getrandom(to, size, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			/* Identifiers and nonces that repeat are worse than a node that is down. */
			fputs("the system gives no randomness (getrandom)\n", stderr);
			abort();
		}
		to += got;
		size -= (size_t)got;
	}
}

void random_bytes(void *data, size_t size)
{
	if (simulation.on)
		simulated_bytes(data, size);
	else
		system_bytes(data, size);
}

static uint64_t random_word(void)
{
	uint64_t word;

	if (simulation.on)
		return simulated_next();
	system_bytes((uint8_t *)&word, sizeof(word));
	return word;
}

uint64_t random_below(uint64_t bound)
{
	if (bound == 0)
		return 0;

	/* Words below 2^64 mod BOUND would make small results more likely: they are drawn again. */
	uint64_t uneven = -bound % bound;
	uint64_t word;
	do
		word = random_word();
	while (word < uneven);
	return word % bound;
}

void random_simulate(uint64_t seed)
{
	simulation.on = true;
	simulation.state = seed;
}

void random_real(void)
{
	simulation.on = false;
}
