/* The roles as pools of threads. A role is a step function that knows no thread; this is the only place that starts
 * some. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "kernel/edition.h"
#include "kernel/fsm.h"
#include "kernel/journal.h"
#include "kernel/message.h"
#include "node/node_int.h"

enum { ROLE_THREADS_MAX = 400 };
/* Who found nothing to do looks again after this, or when woken. There are many senders, so that one looks in time. */
#define IDLE_US        (SECOND_US / 4)
#define SENDER_IDLE_US SECOND_US
#define FAULT_US       (2 * SECOND_US) /* after a fault */

static enum err_code step_send(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	return messaging_send_step(node->messaging, now_us, done, err);
}

static enum err_code step_process(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	enum { AT_A_TIME = 16 };
	return inbox_step(&node->kernel, now_us, AT_A_TIME, done, err);
}

static enum err_code step_seal(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	enum { AT_A_TIME = 1000 };
	unsigned sealed = 0;
	enum err_code code = journal_seal_step(&node->kernel, now_us, AT_A_TIME, &sealed, err);
	/* A full batch means that more is waiting; a small one is better left to grow. */
	*done = sealed == AT_A_TIME;
	return code;
}

static enum err_code step_tally(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	enum { AT_A_TIME = 10000 };
	bool more = false;
	(void)now_us;
	enum err_code code = message_tally_step(&node->kernel, AT_A_TIME, &more, err);
	*done = more;
	return code;
}

static enum err_code step_timers(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	enum { AT_A_TIME = 100 };
	return fsm_timers_step(&node->kernel, now_us, AT_A_TIME, done, err);
}

static enum err_code step_webhooks(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	return webhooks_step(&node->webhooks, now_us, done, err);
}

static enum err_code delete_kept(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	bool more = false;
	enum err_code code = retention_step(&node->kernel, &actor_system, now_us, &node->retention, done, &more, err);
	*done = more;
	return code;
}

enum err_code roles_step_each(struct node *node, role_step *const *parts, size_t count, int64_t now_us, unsigned *done,
			      struct err *err)
{
	enum err_code first = OK;
	for (size_t i = 0; i < count; i++) {
		struct err why = { 0 };
		unsigned part = 0;
		enum err_code code = parts[i](node, now_us, &part, &why);
		*done += part;
		if (code != OK && first == OK)
			first = fail(err, code, "%s", why.text);
	}
	return first;
}

static enum err_code delete_editions(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	enum { AT_A_TIME = 1000 };
	return edition_sweep_step(&node->kernel, now_us, AT_A_TIME, done, err);
}

static enum err_code step_retention(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	static role_step *const parts[] = { delete_kept, delete_editions };
	return roles_step_each(node, parts, COUNT(parts), now_us, done, err);
}

static enum err_code tell_faults(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	(void)done;
	return api_faults_step(node->api, now_us, err);
}

static enum err_code refresh_partners(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	(void)now_us;
	(void)done;
	return messaging_refresh(node->messaging, false, err);
}

static enum err_code watch_partners(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	(void)done;
	return messaging_watch(node->messaging, now_us, err);
}

static enum err_code exchange_cards(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	(void)done;
	return api_card_step(node->api, now_us, err);
}

static enum err_code step_refresh(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	static role_step *const parts[] = { tell_faults, refresh_partners, watch_partners, exchange_cards };
	return roles_step_each(node, parts, COUNT(parts), now_us, done, err);
}

static enum err_code step_drop(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	return national_drop_step(&node->drop, now_us, done, err);
}

/* What a role waits for, and what it makes work of. By the clock nobody is woken: the sealer's batches are better
 * large, the timers are not in a hurry. */
enum work { WORK_BY_THE_CLOCK, WORK_OUT, WORK_IN, WORKS };

struct role {
	const char *name;
	role_step *step;
	size_t threads_offset; /* setting that says how many; 0: one */
	int64_t idle_us;
	enum work takes, makes;
};
static const struct role role_rows[] = {
	{ "sender", step_send, offsetof(struct config, senders), SENDER_IDLE_US, WORK_OUT, WORK_BY_THE_CLOCK },
	{ "processor", step_process, offsetof(struct config, processors), IDLE_US, WORK_IN, WORK_OUT },
	{ "sealer", step_seal, 0, SECOND_US, WORK_BY_THE_CLOCK, WORK_BY_THE_CLOCK },
	{ "tally", step_tally, 0, 2 * SECOND_US, WORK_BY_THE_CLOCK, WORK_BY_THE_CLOCK },
	{ "timers", step_timers, 0, SECOND_US, WORK_BY_THE_CLOCK, WORK_OUT },
	{ "webhooks", step_webhooks, offsetof(struct config, webhook_senders), SECOND_US, WORK_BY_THE_CLOCK,
	  WORK_BY_THE_CLOCK },
	{ "retention", step_retention, 0, 10 * SECOND_US, WORK_BY_THE_CLOCK, WORK_BY_THE_CLOCK },
	{ "refresh", step_refresh, 0, SECOND_US, WORK_BY_THE_CLOCK, WORK_BY_THE_CLOCK },
	{ "drop", step_drop, 0, SECOND_US, WORK_BY_THE_CLOCK, WORK_OUT },
};

struct bell {
	pthread_cond_t rung;
	uint64_t count; /* so that a ring between looking and waiting is not lost */
};

struct roles {
	struct node *node;
	pthread_mutex_t lock; /* guards what follows */
	struct bell bells[WORKS];
	bool stopping;
	pthread_t threads[ROLE_THREADS_MAX];
	size_t count;
};
struct role_thread {
	struct roles *roles;
	const struct role *role;
};

/* A thread for each piece: all of them would look, and most in vain. */
static void ring(struct roles *roles, enum work work, unsigned pieces)
{
	if (work == WORK_BY_THE_CLOCK)
		return;
	pthread_mutex_lock(&roles->lock);
	struct bell *bell = &roles->bells[work];
	bell->count++;
	for (unsigned i = 0; i < pieces; i++)
		pthread_cond_signal(&bell->rung);
	pthread_mutex_unlock(&roles->lock);
}

void roles_to_send(void *roles)
{
	ring(roles, WORK_OUT, 1);
}

void roles_received(void *roles)
{
	ring(roles, WORK_IN, 1);
}

/* Waits PAUSE_US, or until there is WORK since *SEEN. False when it is time to stop. */
static bool rest(struct roles *roles, enum work work, uint64_t *seen, int64_t pause_us)
{
	struct bell *bell = &roles->bells[work];
	struct timespec until;
	int64_t at_us = clock_monotonic_us() + pause_us;
	until.tv_sec = (time_t)(at_us / SECOND_US);
	until.tv_nsec = (long)(at_us % SECOND_US * 1000);
	pthread_mutex_lock(&roles->lock);
	while (!roles->stopping && bell->count == *seen)
		if (pthread_cond_timedwait(&bell->rung, &roles->lock, &until) != 0)
			break;
	*seen = bell->count;
	bool go_on = !roles->stopping;
	pthread_mutex_unlock(&roles->lock);
	return go_on;
}

static bool goes_on(struct roles *roles)
{
	pthread_mutex_lock(&roles->lock);
	bool go_on = !roles->stopping;
	pthread_mutex_unlock(&roles->lock);
	return go_on;
}

enum { COMPLAINTS_MAX = 5 };
/* What one thread has complained of within a minute. */
struct complaints {
	int64_t since_us; /* monotonic */
	unsigned told;
	struct err last; /* code OK: the last step was a good one */
};

/* But for figures, which change while the fault stays: so many bytes are free. */
static bool same_fault(const struct err *one, const struct err *other)
{
	const char *figures = "0123456789", *a = one->text, *b = other->text;
	for (;; a++, b++) {
		a += strspn(a, figures);
		b += strspn(b, figures);
		if (*a != *b)
			return false;
		if (*a == '\0')
			return one->code == other->code;
	}
}

/* A fault that lasts is told once a minute, and so are at most a few that take turns: a disk is not filled by saying
 * that it is full. */
static void complain(struct complaints *complaints, const char *role, const struct err *err)
{
	int64_t now_us = clock_monotonic_us();
	if (now_us - complaints->since_us >= MINUTE_US)
		*complaints = (struct complaints){ .since_us = now_us };
	if (complaints->told == COMPLAINTS_MAX || same_fault(&complaints->last, err))
		return;
	complaints->told++;
	complaints->last = *err;
	LOG(LOG_ERROR, "role.failed", LOG_TEXT("role", role), LOG_ERR(err));
}

/* Who reads of a fault wants to know that it is over. */
static void recover(struct complaints *complaints, const char *role)
{
	if (complaints->last.code == OK)
		return;
	complaints->last = (struct err){ .code = OK };
	LOG(LOG_INFO, "role.recovered", LOG_TEXT("role", role));
}

static void *run(void *arg)
{
	struct role_thread thread = *(struct role_thread *)arg;
	struct roles *roles = thread.roles;
	struct complaints complaints = { .told = 0 };
	uint64_t seen = 0, never = 0; /* the clock's bell is not rung */
	bool go_on = true, failing = false;
	free(arg);
	while (go_on) {
		struct err err = { 0 };
		unsigned done = 0;
		enum err_code code =
			thread.role->step(roles->node, clock_now_us(roles->node->kernel.clock), &done, &err);
		if (code != OK) {
			complain(&complaints, thread.role->name, &err);
			if (!failing)
				api_role_failed(roles->node->api, thread.role->name, &err);
			failing = true;
			go_on = rest(roles, WORK_BY_THE_CLOCK, &never, FAULT_US);
			continue;
		}
		recover(&complaints, thread.role->name);
		if (failing)
			api_role_recovered(roles->node->api, thread.role->name);
		failing = false;
		if (done == 0) {
			go_on = rest(roles, thread.role->takes, &seen, thread.role->idle_us);
		} else { /* a processed document puts its answer in the outbox */
			ring(roles, thread.role->makes, done);
			go_on = goes_on(roles);
		}
	}
	return NULL;
}

static enum err_code start_one(struct roles *roles, const struct role *role, struct err *err)
{
	struct role_thread *thread = malloc(sizeof *thread);
	if (!thread || roles->count == ROLE_THREADS_MAX) {
		free(thread);
		return fail(err, ERR_MEMORY, "no memory for a %s", role->name);
	}
	*thread = (struct role_thread){ .roles = roles, .role = role };
	if (pthread_create(&roles->threads[roles->count], NULL, run, thread) != 0) {
		free(thread);
		return fail(err, ERR_IO, "cannot start a %s thread", role->name);
	}
	roles->count++;
	return OK;
}

enum err_code roles_start(struct node *node, struct roles **started, struct err *err)
{
	struct roles *roles = calloc(1, sizeof *roles);
	pthread_condattr_t monotonic;
	if (!roles)
		return fail(err, ERR_MEMORY, "no memory for the roles");
	roles->node = node;
	pthread_mutex_init(&roles->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	for (size_t i = 0; i < WORKS; i++)
		pthread_cond_init(&roles->bells[i].rung, &monotonic);
	pthread_condattr_destroy(&monotonic);
	enum err_code code = OK;
	for (size_t i = 0; i < COUNT(role_rows) && code == OK; i++) {
		int64_t threads = 1;
		if (role_rows[i].threads_offset)
			memcpy(&threads, (const char *)&node->config + role_rows[i].threads_offset, sizeof threads);
		for (int64_t k = 0; k < threads && code == OK; k++)
			code = start_one(roles, &role_rows[i], err);
	}
	if (code != OK) {
		roles_stop(roles);
		return code;
	}
	*started = roles;
	return OK;
}

void roles_stop(struct roles *roles)
{
	if (!roles)
		return;
	pthread_mutex_lock(&roles->lock);
	roles->stopping = true;
	for (size_t i = 0; i < WORKS; i++)
		pthread_cond_broadcast(&roles->bells[i].rung);
	pthread_mutex_unlock(&roles->lock);
	for (size_t i = 0; i < roles->count; i++)
		pthread_join(roles->threads[i], NULL);
	for (size_t i = 0; i < WORKS; i++)
		pthread_cond_destroy(&roles->bells[i].rung);
	pthread_mutex_destroy(&roles->lock);
	free(roles);
}
