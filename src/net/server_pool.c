#include "server_pool_int.h"

#include <stdlib.h>

#include "base/clock.h"

/* With the lock held; NULL if there is none. */
static struct job *take(struct pool *pool)
{
	struct job_queue *queue = pool->first.head ? &pool->first : &pool->others;
	struct job *job = queue->head;

	if (!job)
		return NULL;
	queue->head = job->next;
	if (!queue->head)
		queue->tail = NULL;
	pool->waiting--;
	job->next = NULL;
	if (pool->ending && pool->waiting == 0)
		pthread_cond_broadcast(&pool->work);
	return job;
}

static void *work_loop(void *arg)
{
	struct pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct job *job = take(pool);
		if (job) {
			pool->idle--;
			pthread_mutex_unlock(&pool->lock);
			pool->run(job);
			pthread_mutex_lock(&pool->lock);
			pool->idle++;
		} else if (pool->ending && pool->waiting == 0) {
			break; /* not before: a place may have been reserved for a job that is still to come */
		} else {
			pthread_cond_wait(&pool->work, &pool->lock);
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void drop_nothing(struct job *job)
{
	(void)job;
}

enum err_code pool_start(struct pool *pool, unsigned threads, size_t max_waiting, pool_run *run, struct err *err)
{
	*pool = (struct pool){ .max_waiting = max_waiting, .run = run };
	pool->threads = calloc(threads, sizeof(*pool->threads));
	if (!pool->threads)
		return fail(err, ERR_MEMORY, "no memory for %u worker threads", threads);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);

	for (unsigned i = 0; i < threads; i++) {
		if (pthread_create(&pool->threads[i], NULL, work_loop, pool) != 0) {
			pool_stop(pool, drop_nothing);
			pool_done(pool);
			return fail(err, ERR_MEMORY,
				    "only %u of %u worker threads could be started: is the limit of processes reached?",
				    i, threads);
		}
		pthread_mutex_lock(&pool->lock);
		pool->threads_count++;
		pool->idle++;
		pthread_mutex_unlock(&pool->lock);
	}
	return OK;
}

bool pool_reserve(struct pool *pool, bool beyond)
{
	pthread_mutex_lock(&pool->lock);
	bool room = !pool->ending && (beyond || pool->waiting < pool->max_waiting + pool->idle);
	if (room)
		pool->waiting++;
	pthread_mutex_unlock(&pool->lock);
	return room;
}

void pool_push(struct pool *pool, struct job *job)
{
	struct job_queue *queue = job->first ? &pool->first : &pool->others;

	pthread_mutex_lock(&pool->lock);
	job->next = NULL;
	job->since_us = clock_monotonic_us();
	if (queue->tail)
		queue->tail->next = job;
	else
		queue->head = job;
	queue->tail = job;
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}

size_t pool_waiting(struct pool *pool, int64_t *oldest_us, size_t *idle)
{
	pthread_mutex_lock(&pool->lock);
	const struct job *first = pool->first.head, *other = pool->others.head;
	const struct job *oldest = !other || (first && first->since_us < other->since_us) ? first : other;
	size_t waiting = pool->waiting;
	*oldest_us = oldest ? oldest->since_us : 0;
	*idle = pool->idle;
	pthread_mutex_unlock(&pool->lock);
	return waiting;
}

void pool_stop(struct pool *pool, pool_run *drop)
{
	struct job *job;

	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	while ((job = take(pool)) != NULL) {
		pthread_mutex_unlock(&pool->lock);
		drop(job);
		pthread_mutex_lock(&pool->lock);
	}
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);

	for (unsigned i = 0; i < pool->threads_count; i++)
		pthread_join(pool->threads[i], NULL);
}

void pool_done(struct pool *pool)
{
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	pool->threads = NULL;
}
