/* Threads that run jobs, and a bounded queue before them. */
#ifndef NET_SERVER_POOL_INT_H
#define NET_SERVER_POOL_INT_H

#include <pthread.h>

#include "base/bytes.h"
#include "base/err.h"

/* The head of whatever is run. */
struct job {
	struct job *next;
};

typedef void pool_run(struct job *job);

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job *first, *last;
	size_t waiting, max_waiting; /* waiting: in the queue, or with a place reserved in it */
	pthread_t *threads;
	unsigned threads_count, idle;
	bool ending;
	pool_run *run;
};

enum err_code pool_start(struct pool *pool, unsigned threads, size_t max_waiting, pool_run *run,
			 struct err *err) MUST_USE;
/* A place in the queue for a pool_push that follows; false if it is full. Jobs that an idle thread is about to take do
 * not count. */
bool pool_reserve(struct pool *pool);
void pool_push(struct pool *pool, struct job *job);
/* Jobs in the queue, and places reserved in it, now. */
size_t pool_waiting(struct pool *pool);
/* Refuses reservations, gives waiting jobs to DROP, waits for those that run and for those whose place is reserved,
 * ends the threads. */
void pool_stop(struct pool *pool, pool_run *drop);
/* When nobody can reserve any more. */
void pool_done(struct pool *pool);

#endif
