#include "db/driver_int.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

struct pool {
	struct db *db;
	pool_open_fn *open;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t given;
	unsigned max, opened, idle_count;
	void *idle[];
};

struct pool *pool_new(struct db *db, unsigned max, pool_open_fn *open)
{
	struct pool *pool = calloc(1, sizeof(*pool) + max * sizeof(pool->idle[0]));
	pthread_condattr_t attributes;

	if (!pool)
		return NULL;
	pool->db = db;
	pool->open = open;
	pool->max = max;
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->given, &attributes);
	pthread_condattr_destroy(&attributes);
	return pool;
}

static struct timespec deadline_after(int64_t wait_us)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(wait_us / 1000000);
	at.tv_nsec += (long)(wait_us % 1000000 * 1000);
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

enum err_code pool_take(struct pool *pool, void **connection, struct err *err)
{
	struct timespec deadline = deadline_after(pool->db->options.busy_timeout_us);
	int waited = 0;

	pthread_mutex_lock(&pool->mutex);
	while (pool->idle_count == 0 && pool->opened == pool->max && waited != ETIMEDOUT)
		waited = pthread_cond_timedwait(&pool->given, &pool->mutex, &deadline);
	if (pool->idle_count > 0) {
		*connection = pool->idle[--pool->idle_count];
		pthread_mutex_unlock(&pool->mutex);
		return OK;
	}
	if (pool->opened == pool->max) {
		pthread_mutex_unlock(&pool->mutex);
		return fail(err, ERR_BUSY, "all %u database connections are in use", pool->max);
	}
	pool->opened++;
	pthread_mutex_unlock(&pool->mutex);

	enum err_code code = pool->open(pool->db, connection, err);
	if (code != OK)
		pool_give(pool, NULL);
	return code;
}

void pool_give(struct pool *pool, void *connection)
{
	pthread_mutex_lock(&pool->mutex);
	if (connection)
		pool->idle[pool->idle_count++] = connection;
	else
		pool->opened--;
	pthread_cond_signal(&pool->given);
	pthread_mutex_unlock(&pool->mutex);
}

void pool_free(struct pool *pool, void (*close)(void *connection))
{
	if (!pool)
		return;
	while (pool->idle_count > 0)
		close(pool->idle[--pool->idle_count]);
	pthread_cond_destroy(&pool->given);
	pthread_mutex_destroy(&pool->mutex);
	free(pool);
}
