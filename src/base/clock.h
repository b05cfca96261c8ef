/* The only way to the time. Roles get `now` as a parameter; a clock is asked where a unit of work begins.
 * A simulated node has its own clock, with its own skew. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*now_us)(const struct clock *clock); /* microseconds since 1970-01-01T00:00:00Z */
};

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US   (60 * MINUTE_US)
#define DAY_US    (24 * HOUR_US)

/* The machine's clock. */
extern const struct clock clock_system;

static inline int64_t clock_now_us(const struct clock *clock)
{
	return clock->now_us(clock);
}

/* Never goes back; for durations only. */
int64_t clock_monotonic_us(void);

#endif
