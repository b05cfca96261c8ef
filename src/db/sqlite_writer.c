/* Group commit: one thread takes all the jobs that wait, and commits once for all of them. While the disk syncs one
 * batch, the next one gathers; nobody waits for company.
 *
 * A job that fails is rolled back alone: the batch is run again without it, then with a savepoint for each job. Not
 * from the start, because a savepoint copies every page that its job touches, and hardly any job fails. */
#include "db/sqlite_int.h"

#include <signal.h>
#include <stdlib.h>

#define BATCH_MAX 64
#define QUEUE_MAX 1024 /* each waiting job is a blocked thread, so this is far more than a node has */

struct job { /* on the stack of the thread that waits for it */
	enum tx_mode mode;
	db_fn *run;
	void *arg;
	struct err *err;
	enum err_code code;
	bool done;
	pthread_cond_t finished;
	struct job *next;
};

struct writer {
	struct db *db;
	struct sqlite_connection *connection;
	pthread_t thread;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t wanted;
	struct job *first, **last;
	bool stopping;
};

static const struct statement begin_batch = { "begin", "BEGIN IMMEDIATE" };
static const struct statement commit_batch = { "commit", "COMMIT" };
static const struct statement rollback_batch = { "rollback", "ROLLBACK" };
static const struct statement job_begin = { "job begin", "SAVEPOINT job" };
static const struct statement job_keep = { "job keep", "RELEASE job" };
static const struct statement job_undo = { "job undo", "ROLLBACK TO job" };

static bool in_transaction(const struct writer *writer)
{
	return !sqlite3_get_autocommit(writer->connection->handle);
}

static void rollback(struct writer *writer)
{
	/* After a full disk or a failed read SQLite has often done it. A rollback that fails leaves a connection on
	 * which the next BEGIN fails, and says so to whoever asked. */
	if (in_transaction(writer))
		(void)!sqlite_run(writer->connection, &rollback_batch, NULL, NULL);
}

/* A deferred foreign key is checked by COMMIT, where it would fail the whole batch: it is a conflict of the job that
 * left it open. */
static enum err_code keys_check(const struct writer *writer, struct err *err)
{
	int open = 0, unused;

	sqlite3_db_status(writer->connection->handle, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &unused, 0);
	return open ? fail(err, ERR_CONFLICT, "a deferred foreign key is violated at the end of the transaction") : OK;
}

typedef bool job_fn(struct writer *writer, struct job *job);

/* False: what the job did cannot be undone alone, so the whole transaction is lost. */
static bool job_run(struct writer *writer, struct job *job)
{
	struct tx tx = { .db = writer->db, .connection = writer->connection, .mode = job->mode };

	job->code = tx_run(&tx, job->run, job->arg, job->err);
	if (job->code == OK)
		job->code = keys_check(writer, job->err);
	return job->code == OK && in_transaction(writer);
}

/* The same in a savepoint. False: the whole transaction is gone, and with it what the jobs before this one did. */
static bool job_run_alone(struct writer *writer, struct job *job)
{
	job->code = sqlite_run(writer->connection, &job_begin, NULL, job->err);
	if (job->code != OK)
		return false;
	(void)job_run(writer, job);
	if (!in_transaction(writer))
		return false;
	if (job->code != OK && sqlite_run(writer->connection, &job_undo, NULL, NULL) != OK)
		return false;

	enum err_code kept = sqlite_run(writer->connection, &job_keep, NULL, job->code == OK ? job->err : NULL);
	if (job->code == OK)
		job->code = kept;
	return kept == OK;
}

static void fail_all(struct job *const *batch, size_t count, const struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (batch[i]->code != OK)
			continue;
		batch[i]->code = err->code;
		if (batch[i]->err)
			*batch[i]->err = *err;
	}
}

static void batch_commit(struct writer *writer, struct job *const *batch, size_t count)
{
	struct err err;
	int64_t kept = 0;
	int rc;

	for (size_t i = 0; i < count; i++)
		kept += batch[i]->code == OK && batch[i]->mode != TX_READ;
	if (kept == 0) {
		rollback(writer);
		return;
	}
	if (sqlite_run(writer->connection, &commit_batch, &rc, &err) == OK) {
		db_count(writer->db, kept);
		return;
	}
	/* When writing or syncing the log fails, its commit frame may be whole all the same; whoever opens the file
	 * next would then take it as committed. A full disk cuts the frame short, and anything else fails before it is
	 * written. */
	if ((rc & 0xFF) == SQLITE_IOERR) {
		char text[sizeof(err.text)];
		memcpy(text, err.text, sizeof(text));
		fail(&err, ERR_COMMIT_UNCERTAIN, "the outcome of a commit is unknown: %.200s", text);
	}
	rollback(writer);
	fail_all(batch, count, &err);
}

static void batch_run(struct writer *writer, struct job **batch, size_t count)
{
	job_fn *run_one = job_run;

	/* A failure that loses the transaction (without savepoints any, with them a full disk, a failed read, no
	 * memory) is that of one job: the others run again without it. Each round has one job less. */
	while (count > 0) {
		struct err err;
		size_t run = 0;

		for (size_t i = 0; i < count; i++)
			batch[i]->code = OK;
		if (sqlite_run(writer->connection, &begin_batch, NULL, &err) != OK) {
			fail_all(batch, count, &err);
			return;
		}
		while (run < count && run_one(writer, batch[run]))
			run++;
		if (run == count) {
			batch_commit(writer, batch, count);
			return;
		}
		rollback(writer);
		memmove(&batch[run], &batch[run + 1], (count - run - 1) * sizeof(batch[0]));
		count--;
		run_one = job_run_alone;
	}
}

static size_t batch_take(struct writer *writer, struct job **batch)
{
	size_t count = 0;

	while (writer->first && count < BATCH_MAX) {
		batch[count++] = writer->first;
		writer->first = writer->first->next;
		writer->db->waiting--;
	}
	if (!writer->first)
		writer->last = &writer->first;
	return count;
}

static void *writer_main(void *arg)
{
	struct writer *writer = arg;
	struct job *batch[BATCH_MAX], *running[BATCH_MAX];

	pthread_mutex_lock(&writer->mutex);
	for (;;) {
		while (!writer->first && !writer->stopping)
			pthread_cond_wait(&writer->wanted, &writer->mutex);
		size_t count = batch_take(writer, batch);
		if (count == 0)
			break;
		pthread_mutex_unlock(&writer->mutex);
		memcpy(running, batch, sizeof(batch));
		batch_run(writer, running, count);
		pthread_mutex_lock(&writer->mutex);
		for (size_t i = 0; i < count; i++) {
			batch[i]->done = true;
			pthread_cond_signal(&batch[i]->finished);
		}
	}
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

enum err_code writer_run(struct writer *writer, enum tx_mode mode, db_fn *run, void *arg, struct err *err)
{
	struct job job = { .mode = mode, .run = run, .arg = arg, .err = err };

	pthread_mutex_lock(&writer->mutex);
	if (writer->db->waiting == QUEUE_MAX) {
		pthread_mutex_unlock(&writer->mutex);
		return fail(err, ERR_BUSY, "%d writes to the database are waiting", QUEUE_MAX);
	}
	pthread_cond_init(&job.finished, NULL);
	*writer->last = &job;
	writer->last = &job.next;
	writer->db->waiting++;
	pthread_cond_signal(&writer->wanted);
	while (!job.done)
		pthread_cond_wait(&job.finished, &writer->mutex);
	pthread_mutex_unlock(&writer->mutex);
	pthread_cond_destroy(&job.finished);
	return job.code;
}

/* Signals are for the threads of the node that wait for them. */
static int start_without_signals(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

static void writer_free(struct writer *writer)
{
	pthread_cond_destroy(&writer->wanted);
	pthread_mutex_destroy(&writer->mutex);
	free(writer);
}

enum err_code writer_start(struct db *db, struct sqlite_connection *connection, struct writer **writer, struct err *err)
{
	struct writer *new = calloc(1, sizeof(*new));

	if (!new)
		return fail(err, ERR_MEMORY, "no memory left for the database's writer");
	new->db = db;
	new->connection = connection;
	new->last = &new->first;
	pthread_mutex_init(&new->mutex, NULL);
	pthread_cond_init(&new->wanted, NULL);
	if (start_without_signals(&new->thread, writer_main, new) != 0) {
		writer_free(new);
		return fail(err, ERR_MEMORY, "the database's writer thread cannot be started");
	}
	*writer = new;
	return OK;
}

void writer_stop(struct writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->mutex);
	writer->stopping = true;
	pthread_cond_signal(&writer->wanted);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	writer_free(writer);
}
