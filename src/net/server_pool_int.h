/* Threads that run jobs, and a bounded queue before them: two, one of which is taken from first. */
#ifndef NET_SERVER_POOL_INT_H
#define NET_SERVER_POOL_INT_H

#include <pthread.h>

#include "base/bytes.h"
#include "base/err.h"

/* The head of whatever is run. */
struct job {
	struct job *next;
	int64_t since_us; /* monotonic: when it was pushed */
	bool first;       /* taken before those that are not */
};
struct job_queue {
	struct job *head, *tail;
};

typedef void pool_run(struct job *job);

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job_queue first, others;
	size_t waiting, max_waiting; /* waiting: in the queue, or with a place reserved in it */
	pthread_t *threads;
	unsigned threads_count, idle;
	bool ending;
	pool_run *run;
};

enum err_code pool_start(struct pool *pool, unsigned threads, size_t max_waiting, pool_run *run,
			 struct err *err) MUST_USE;
/* A place in the queue for a pool_push that follows; false if it is full, unless BEYOND it. Jobs that an idle thread is
 * about to take do not count. */
bool pool_reserve(struct pool *pool, bool beyond);
void pool_push(struct pool *pool, struct job *job);
/* Jobs in the queue, and places reserved in it, now; *OLDEST_US: since when the one that has waited longest does,
 * monotonic, 0 if none does; *IDLE: threads that are about to take one. */
size_t pool_waiting(struct pool *pool, int64_t *oldest_us, size_t *idle);
/* Refuses reservations, gives waiting jobs to DROP, waits for those that run and for those whose place is reserved,
 * ends the threads. */
void pool_stop(struct pool *pool, pool_run *drop);
/* When nobody can reserve any more. */
void pool_done(struct pool *pool);

#endif
