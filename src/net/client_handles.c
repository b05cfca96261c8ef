#include <stdio.h>

#include "base/clock.h"
#include "client_int.h"

/* Servers close idle connections, ours after 30 s: a handle that lies longer holds a dead one. */
#define KEEP_US (60 * SECOND_US)

void handles_init(struct handles *handles)
{
	*handles = (struct handles){ 0 };
	pthread_mutex_init(&handles->lock, NULL);
}

void handles_done(struct handles *handles)
{
	for (size_t i = 0; i < COUNT(handles->idle); i++)
		curl_easy_cleanup(handles->idle[i].curl);
	pthread_mutex_destroy(&handles->lock);
}

/* What lay in PLACE; closing it may wait for the network, so the caller does it without the lock. */
static CURL *vacate(struct idle_handle *place)
{
	CURL *curl = place->curl;

	place->curl = NULL;
	return curl;
}

/* One that has lain too long, so that each call clears one away. */
static CURL *take_expired(struct handles *handles, int64_t now_us)
{
	for (size_t i = 0; i < COUNT(handles->idle); i++)
		if (handles->idle[i].curl && handles->idle[i].since_us < now_us - KEEP_US)
			return vacate(&handles->idle[i]);
	return NULL;
}

/* The one used last has the best chance of a live connection. */
static CURL *take_same(struct handles *handles, const char *origin)
{
	struct idle_handle *best = NULL;

	for (size_t i = 0; i < COUNT(handles->idle); i++) {
		struct idle_handle *place = &handles->idle[i];
		if (place->curl && same(place->origin, origin) && (!best || place->since_us > best->since_us))
			best = place;
	}
	return best ? vacate(best) : NULL;
}

CURL *handles_take(struct handles *handles, const char *origin)
{
	pthread_mutex_lock(&handles->lock);
	CURL *expired = take_expired(handles, clock_monotonic_us());
	CURL *curl = take_same(handles, origin);
	pthread_mutex_unlock(&handles->lock);

	curl_easy_cleanup(expired);
	return curl ? curl : curl_easy_init();
}

static struct idle_handle *free_or_oldest(struct handles *handles)
{
	struct idle_handle *oldest = &handles->idle[0];

	for (size_t i = 0; i < COUNT(handles->idle); i++) {
		struct idle_handle *place = &handles->idle[i];
		if (!place->curl)
			return place;
		if (place->since_us < oldest->since_us)
			oldest = place;
	}
	return oldest;
}

void handles_put(struct handles *handles, const char *origin, CURL *curl)
{
	/* Forgets the options, which point into the caller's call; keeps connection, TLS session and name cache. */
	curl_easy_reset(curl);
	pthread_mutex_lock(&handles->lock);
	struct idle_handle *place = free_or_oldest(handles);
	CURL *old = vacate(place);
	place->curl = curl;
	place->since_us = clock_monotonic_us();
	snprintf(place->origin, sizeof(place->origin), "%s", origin);
	pthread_mutex_unlock(&handles->lock);
	curl_easy_cleanup(old);
}
