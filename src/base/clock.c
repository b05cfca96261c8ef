#include "base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec now;

	/* Fails only for an unknown clock or a bad pointer (clock_gettime(2)). */
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

static int64_t system_now_us(const struct clock *clock)
{
	(void)clock;
	return read_us(CLOCK_REALTIME);
}

const struct clock clock_system = { .now_us = system_now_us };

int64_t clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}
