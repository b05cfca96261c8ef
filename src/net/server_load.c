#include "server_load_int.h"

#include "base/clock.h"

void load_init(struct load *load, const struct http_server_options *options)
{
	*load = (struct load){ .classes = options->classes,
			       .count = options->classes ? options->classes_count : 0,
			       .classify = options->classify,
			       .longest_wait_us = options->longest_wait_us,
			       .max_waiting = (int64_t)options->max_queue };
}

/* The queue tells of many who come at once, its oldest of few whose work takes long. */
int64_t load_percent(const struct load *load, struct pool *pool)
{
	int64_t oldest_us;
	size_t idle, waiting = pool_waiting(pool, &oldest_us, &idle);
	if (waiting <= idle)
		return 0;
	int64_t full = (int64_t)(waiting - idle) * 100 / load->max_waiting;
	int64_t late = oldest_us ? (clock_monotonic_us() - oldest_us) * 100 / load->longest_wait_us : 0;
	return late > full ? late : full;
}

const struct http_class *load_class(const struct load *load, struct pool *pool, void *arg,
				    const struct http_request *request, bool whole)
{
	if (!load->count || load_percent(load, pool) == 0)
		return NULL;
	size_t index = load->classify(arg, request, whole);
	return index < load->count ? &load->classes[index] : NULL;
}

bool load_refuses(struct load *load, struct pool *pool, const struct http_class *class)
{
	if (class->first || !class->refused_at || load_percent(load, pool) < class->refused_at)
		return false;
	atomic_fetch_add(&load->refused[class - load->classes], 1);
	return true;
}
