/* How often one token may ask: a token bucket each, kept as the moment at which it is full again (the virtual
 * scheduling of ITU-T I.371, annex A). What it says of itself: draft-ietf-httpapi-ratelimit-headers-10. */
#include <stdlib.h>
#include <string.h>

#include "api/call_int.h"
#include "crypto/digest.h"

/* A place is given up only when those beside it are taken, and then that of the token that has used least: it loses a
 * little of what it has used, so nobody is ever slowed by others. */
enum { METER_SETS = 512, METER_WAYS = 8, METER_KEY = 16 };

struct meter {
	pthread_mutex_t lock;
	int64_t refused;
	struct metered {
		uint8_t token[METER_KEY]; /* of its SHA-256 */
		int64_t full_us;
	} rows[METER_SETS][METER_WAYS];
};

struct meter *meter_new(void)
{
	struct meter *meter = calloc(1, sizeof *meter);
	if (meter)
		pthread_mutex_init(&meter->lock, NULL);
	return meter;
}

void meter_free(struct meter *meter)
{
	if (!meter)
		return;
	pthread_mutex_destroy(&meter->lock);
	free(meter);
}

int64_t meter_refused(struct meter *meter)
{
	pthread_mutex_lock(&meter->lock);
	int64_t refused = meter->refused;
	pthread_mutex_unlock(&meter->lock);
	return refused;
}

/* The row of the token with DIGEST, with the lock held. */
static struct metered *row_of(struct meter *meter, const uint8_t digest[static SHA256_SIZE])
{
	struct metered *rows = meter->rows[(digest[METER_KEY] << 8 | digest[METER_KEY + 1]) % METER_SETS];
	struct metered *least = rows;
	for (size_t i = 0; i < METER_WAYS; i++) {
		if (memcmp(rows[i].token, digest, METER_KEY) == 0)
			return &rows[i];
		least = rows[i].full_us < least->full_us ? &rows[i] : least;
	}
	memcpy(least->token, digest, METER_KEY);
	least->full_us = 0;
	return least;
}

static int64_t seconds_up(int64_t us)
{
	return (us + SECOND_US - 1) / SECOND_US;
}

struct rate meter_take(struct meter *meter, const char *token, int64_t per_minute, int64_t burst, int64_t now_us)
{
	int64_t interval_us = MINUTE_US / per_minute, whole_us = burst * interval_us;
	uint8_t digest[SHA256_SIZE];
	sha256(bytes_of(token), digest);
	pthread_mutex_lock(&meter->lock);
	struct metered *row = row_of(meter, digest);
	/* A clock that was set back makes nobody wait longer than an empty bucket does. */
	int64_t used_us = row->full_us - now_us < whole_us ? row->full_us - now_us : whole_us;
	used_us = used_us > 0 ? used_us : 0;
	bool taken = used_us + interval_us <= whole_us;
	if (taken)
		used_us += interval_us;
	else
		meter->refused++;
	row->full_us = now_us + used_us;
	pthread_mutex_unlock(&meter->lock);
	return (struct rate){ .taken = taken,
			      .window_s = seconds_up(whole_us),
			      .left = (whole_us - used_us) / interval_us,
			      .full_s = seconds_up(used_us),
			      .next_s = taken ? 0 : seconds_up(used_us + interval_us - whole_us) };
}

/* Of each token and not of each user: what one program of an organisation does wrong is that program's alone. Over the
 * administration socket nobody is counted, nor is a log-in, which has its own limit (call_password). */
enum err_code call_meter(struct call *call, struct err *err)
{
	const struct api_options *options = &call->asked->api->options;
	struct arena *arena = call->arena;
	if (!call->asked->token || !options->requests_per_minute)
		return OK;
	const struct rate rate = meter_take(call->asked->api->meter, call->asked->token, options->requests_per_minute,
					    options->burst, call->now_us);
	TRY(call_header(
		call, "RateLimit-Policy",
		arena_printf(arena, "\"token\";q=%lld;w=%lld", (long long)options->burst, (long long)rate.window_s),
		err));
	TRY(call_header(call, "RateLimit",
			arena_printf(arena, "\"token\";r=%lld;t=%lld", (long long)rate.left, (long long)rate.full_s),
			err));
	if (rate.taken)
		return OK;
	TRY(call_header(call, "Retry-After", arena_printf(arena, "%lld", (long long)rate.next_s), err));
	return fail(err, ERR_TOO_MANY,
		    "this token may ask %lld times a minute, and %lld times at once: ask again in %lld s",
		    (long long)options->requests_per_minute, (long long)options->burst, (long long)rate.next_s);
}
